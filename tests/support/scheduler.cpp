#include "tests/support/scheduler.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/guest_task.h"

namespace scx::testing {
namespace {

using Clock = std::chrono::steady_clock;

bool wait_until(std::chrono::seconds limit, const std::function<bool()>& done) {
  const auto end = Clock::now() + limit;
  while (!done()) {
    if (Clock::now() >= end) return false;
    ::usleep(20000);
  }
  return true;
}

// Whole lines only: the last one may still be in the writing. What happened to cells stands between them.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t from = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; from = end + 1, end = text.find('\n', from)) {
    const std::string line = text.substr(from, end - from);
    if (line.find("\"type\":\"event\"") == std::string::npos) lines.push_back(line);
  }
  return lines;
}

// read_text drops the newline that ends the last line, which is what tells a whole line.
std::string read_whole(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string sched_ext_state() { return read_text("/sys/kernel/sched_ext/state"); }

bool wait_for_sched_ext(std::string_view state, std::chrono::seconds limit) {
  return wait_until(limit, [&] { return sched_ext_state() == state; });
}

Scheduler::Scheduler(const std::string& object, const std::vector<std::string>& arguments) {
  std::string pattern = "/tmp/scx-run.XXXXXX";
  // Nothing else would do: the folder is removed with all that is in it.
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::perror("guest support: no folder for the output of scx-run");
    std::abort();
  }
  directory_ = pattern;
  std::vector<std::string> words = {"scx-run", object, "--stats", "json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::fflush(nullptr);
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto redirect = [&](const char* name, int fd) {
    const int file = ::open((directory_ + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0) ::dup2(file, fd);
  };
  redirect("/stdout", STDOUT_FILENO);
  redirect("/stderr", STDERR_FILENO);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

Scheduler::~Scheduler() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

bool Scheduler::wait_enabled(std::chrono::seconds limit) {
  return wait_until(limit, [&] { return sched_ext_state() == "enabled" || !running(); }) && running();
}

nlohmann::json Scheduler::stats() const {
  const std::vector<std::string> lines = lines_of(output());
  if (lines.empty()) return nullptr;
  return nlohmann::json::parse(lines.back(), nullptr, false);
}

nlohmann::json Scheduler::fresh_stats(std::chrono::seconds limit) const {
  const size_t before = lines_of(output()).size();
  wait_until(limit, [&] { return lines_of(output()).size() > before; });
  return stats();
}

std::string Scheduler::output() const { return read_whole(directory_ + "/stdout"); }
std::string Scheduler::errors() const { return read_whole(directory_ + "/stderr"); }

bool Scheduler::running() { return !wait(std::chrono::seconds(0)).has_value(); }

std::optional<int> Scheduler::wait(std::chrono::seconds limit) {
  wait_until(limit, [&] {
    if (code_) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  });
  return code_;
}

int Scheduler::stop() {
  if (!code_) ::kill(pid_, SIGINT);
  if (!wait(std::chrono::seconds(30))) kill();
  return *code_;
}

void Scheduler::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  (void)wait(std::chrono::seconds(10));
  if (!code_) code_ = 128 + SIGKILL;
}

}  // namespace scx::testing
