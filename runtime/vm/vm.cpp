#include "runtime/vm/vm.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/output.h"
#include "runtime/base/refusal.h"
#include "runtime/vm/cache.h"
#include "runtime/vm/child.h"
#include "runtime/vm/results.h"

namespace scx::vm {
namespace {

using Clock = std::chrono::steady_clock;

// How often output is passed on and limits are looked at.
constexpr std::chrono::milliseconds kTick{50};
// What a guest gets to end in after `kill` or `stop`: results and power off take 1-2 s under emulation.
constexpr std::chrono::seconds kGrace{20};
constexpr size_t kTailLines = 40;
// The guest's init prints this right before the job.
constexpr std::string_view kJobStarts = "scx-vm: job starts";

// A file that QEMU writes and we follow.
class Follower {
 public:
  explicit Follower(std::string path) : path_(std::move(path)) {}
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() {
    if (fd_ >= 0) ::close(fd_);
  }
  // What has come since the last call.
  std::string_view more() {
    if (fd_ < 0) fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    const size_t before = text_.size();
    char chunk[16384];
    for (;;) {
      const ssize_t got = fd_ < 0 ? 0 : ::read(fd_, chunk, sizeof chunk);
      if (got <= 0) break;
      text_.append(chunk, static_cast<size_t>(got));
    }
    return std::string_view(text_).substr(before);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string path_;
  int fd_ = -1;
  std::string text_;
};

// A comma ends a value among QEMU's options, unless it is doubled.
std::string option_value(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == ',' ? std::string(",,") : std::string(1, c);
  return out;
}

std::string shell_quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The job as a script: it leaves its process id for the init and becomes the command.
std::string job_script(const VmSpec& spec) {
  std::string script = "echo $$ >/scx/job.pid\ncd /\n";
  for (const std::string& variable : spec.environment) {
    const size_t equals = variable.find('=');
    script +=
        fmt::format("export {}={}\n", variable.substr(0, equals), shell_quoted(variable.substr(equals + 1)));
  }
  script += "exec";
  for (const std::string& word : spec.command) script += " " + shell_quoted(word);
  return script + "\n";
}

// The console without the firmware's and the terminal's control sequences.
std::string plain_text(std::string_view console) {
  std::string out;
  for (size_t i = 0; i < console.size(); ++i) {
    if (console[i] == '\x1b') {
      ++i;
      if (i < console.size() && console[i] == '[') {
        while (i + 1 < console.size() && (console[i + 1] < '@' || console[i + 1] > '~')) ++i;
        ++i;
      }
    } else if (console[i] != '\r') {
      out += console[i];
    }
  }
  return out;
}

std::vector<std::string> qemu_arguments(const VmSpec& spec, const Qemu& qemu, bool kvm,
                                        const TemporaryFolder& work, int control) {
  std::vector<std::string> arguments = {
      qemu.program, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel",
      spec.kernel.image, "-initrd", work.file("initramfs"), "-append",
      // Emulation pays for page-table isolation with a flush of all translations at each system call, and a
      // test machine keeps no secrets from itself. Its TSC is one clock for all CPUs, and comparing it with
      // others can stand still in 7.3: before a real clock is in use the comparison waits for another CPU
      // with interrupts off, by jiffies that it counts itself, while that CPU waits for it to change the
      // clock (watchdog_wait_seq() in kernel/time/clocksource.c against stop_machine()). The console has the
      // kernel's log up to the job.
      fmt::format("console=ttyS0 panic=-1 loglevel=7 {}{}", kvm ? "" : "mitigations=off tsc=reliable ",
                  spec.kernel_arguments),
      "-serial", "file:" + work.file("console"), "-device", "virtio-serial-pci", "-chardev",
      "file,id=output,path=" + option_value(work.file("output")), "-device",
      "virtserialport,chardev=output,name=scx.output", "-chardev",
      "file,id=result,path=" + option_value(work.file("result")), "-device",
      "virtserialport,chardev=result,name=scx.result", "-chardev",
      fmt::format("socket,id=control,fd={}", control), "-device",
      "virtserialport,chardev=control,name=scx.control"};
  const auto append = [&](const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
  };
  append(accelerator_arguments(kvm, spec.deterministic));
  append(topology_arguments(spec.topology, spec.memory_mib));
  append(spec.qemu_arguments);
  return arguments;
}

enum class Ending : uint8_t { kByItself, kBootLimit, kTimeLimit, kStopped };

// Watches one QEMU process until it ends, and makes it end.
class Watch {
 public:
  Watch(const VmSpec& spec, const TemporaryFolder& work, Child child, int control, Clock::time_point end)
      : spec_(spec),
        child_(std::move(child)),
        control_(control),
        output_(work.file("output")),
        console_(work.file("console")),
        start_(Clock::now()),
        end_(end) {}

  Ending until_the_end() {
    while (!child_.wait_for(kTick)) {
      follow();
      const auto now = Clock::now();
      if (ending_ == Ending::kByItself && now >= end_) {
        ask(Ending::kTimeLimit, "kill\n");
      } else if (ending_ == Ending::kByItself && !job_started() && now - start_ >= spec_.boot_limit) {
        ask(Ending::kBootLimit, "");
      } else if (ending_ == Ending::kByItself && spec_.stop_requested && spec_.stop_requested()) {
        ask(Ending::kStopped, "stop\n");
      } else if (deadline_ && now >= *deadline_) {
        child_.kill();
      }
    }
    follow();
    return ending_;
  }

  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }
  [[nodiscard]] double boot_seconds() const { return boot_seconds_; }
  [[nodiscard]] bool job_started() const { return boot_seconds_ > 0; }
  [[nodiscard]] const std::string& output() const { return output_.text(); }
  [[nodiscard]] std::string console() const { return plain_text(console_.text()); }

 private:
  void follow() {
    console_.more();
    if (!job_started() && console_.text().find(kJobStarts) != std::string::npos) boot_seconds_ = seconds();
    const std::string_view news = output_.more();
    if (!news.empty() && spec_.on_output) spec_.on_output(news);
  }

  // A guest whose job runs is asked, and has the time to send its results; any other is ended at once.
  void ask(Ending ending, std::string_view word) {
    ending_ = ending;
    const bool asked =
        job_started() && ::send(control_, word.data(), word.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
    deadline_ = Clock::now() + (asked ? kGrace : std::chrono::seconds(0));
  }

  const VmSpec& spec_;
  Child child_;
  int control_;
  Follower output_;
  Follower console_;
  Clock::time_point start_;
  Clock::time_point end_;
  Ending ending_ = Ending::kByItself;
  std::optional<Clock::time_point> deadline_;
  double boot_seconds_ = 0;
};

// Where a kernel that died was: its complaint and the functions on its stack, short enough to survive in a
// log that keeps only its end. Empty if it did not die.
std::string place_of_death(std::string_view console) {
  std::istringstream lines{std::string(console)};
  std::string found;
  size_t count = 0;
  for (std::string line; count < kTailLines && std::getline(lines, line);) {
    const auto has = [&](const char* part) { return line.find(part) != std::string::npos; };
    const bool is_complaint = has("kernel BUG at ") || has("Oops: ") || has("Kernel panic ");
    const bool is_place = has("RIP: ") || (has("+0x") && !has(" ? "));
    if (!is_complaint && (count == 0 || !is_place)) continue;
    found += line + '\n';
    ++count;
  }
  return found;
}

Error with_console(std::string message, const Watch& watch, const std::string& qemu_log, std::string reason) {
  if (!qemu_log.empty()) message += "\nQEMU said:\n" + qemu_log;
  message += "\nthe console's last lines:\n" + last_lines(watch.console(), kTailLines);
  const std::string place = place_of_death(watch.console());
  if (!place.empty()) message += "\nthe kernel died:\n" + place;
  return refusal(std::move(reason), std::move(message));
}

Result<VmResult> judge(const VmSpec& spec, const Watch& watch, Ending ending, const TemporaryFolder& work,
                       bool kvm) {
  const Result<std::string> qemu_said = read_file(work.file("qemu"));
  const std::string qemu_log = qemu_said.ok() ? *qemu_said : "";
  Result<GuestResults> unpacked = GuestResults{};
  if (std::filesystem::exists(work.file("result")))
    unpacked = unpack_results(work.file("result"), spec.results_dir);
  if (ending == Ending::kTimeLimit) {
    const std::string what =
        watch.job_started() ? "the job in the virtual machine" : "the virtual machine's boot";
    return with_console(fmt::format("{} exceeded its limit of {} s", what, spec.time_limit.count()), watch,
                        qemu_log, "time-limit");
  }
  if (ending == Ending::kBootLimit) {
    return with_console(
        fmt::format("Linux {} was not there after {} s", spec.kernel.release, spec.boot_limit.count()), watch,
        qemu_log, "boot-stuck");
  }
  // After the limits, which may have cut the results short.
  SCX_TRY(GuestResults sent, std::move(unpacked));
  if (!sent.exit_code) {
    if (ending == Ending::kStopped)
      return refusal("stopped", "the virtual machine was stopped before its job");
    return with_console(watch.job_started() ? fmt::format("the {} virtual machine ended before its job",
                                                          kvm ? "KVM" : "emulated")
                                            : fmt::format("Linux {} did not boot", spec.kernel.release),
                        watch, qemu_log, "boot-failed");
  }
  VmResult result;
  result.exit_code = *sent.exit_code;
  result.results_dir = spec.results_dir;
  result.output = watch.output();
  result.console = watch.console();
  result.dmesg = std::move(sent.dmesg);
  result.boot_seconds = watch.boot_seconds();
  result.total_seconds = watch.seconds();
  result.kvm = kvm;
  return result;
}

// From QEMU's start to its end, which comes at `end` at the latest.
Result<VmResult> boot(const VmSpec& spec, const Qemu& qemu, bool kvm, const TemporaryFolder& work,
                      Clock::time_point end) {
  for (const char* left : {"console", "output", "result", "qemu"}) ::unlink(work.file(left).c_str());
  int control[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) {
    return make_error("cannot make a socket pair: {}", std::strerror(errno));
  }
  const int log = ::open(work.file("qemu").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  auto child = Child::start(qemu_arguments(spec, qemu, kvm, work, control[1]),
                            {{control[1], control[1]}, {log, STDOUT_FILENO}, {log, STDERR_FILENO}});
  ::close(control[1]);
  ::close(log);
  if (!child) {
    ::close(control[0]);
    return std::move(child).error();
  }
  Watch watch(spec, work, std::move(*child), control[0], end);
  const Ending ending = watch.until_the_end();
  ::close(control[0]);
  return judge(spec, watch, ending, work, kvm);
}

volatile std::sig_atomic_t signalled = 0;

void say_waiting() { say("scx-vm: another virtual machine runs; waiting for its end\n"); }

}  // namespace

std::function<bool()> stop_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { signalled = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // nohup ignores this one, and means it.
  struct sigaction before{};
  if (::sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
    ::sigaction(SIGHUP, &action, nullptr);
  return [] { return signalled != 0; };
}

std::string last_lines(std::string_view text, size_t count) {
  size_t from = text.size();
  size_t lines = 0;
  while (from > 0 && !(text[from - 1] == '\n' && from != text.size() && ++lines == count)) --from;
  return std::string(text.substr(from));
}

Result<VmResult> run_vm(const VmSpec& spec) {
  Accelerator accelerator = spec.accelerator;
  if (accelerator == Accelerator::kAutomatic) {
    SCX_TRY(accelerator, wanted_accelerator());
  }
  SCX_TRY(const Qemu qemu, find_qemu());
  SCX_TRY(const std::string cache, cache_directory());
  SCX_TRY(const TemporaryFolder work, TemporaryFolder::make("scx-vm"));
  SCX_TRY_VOID(write_initramfs(work.file("initramfs"), spec.files, job_script(spec)));
  SCX_TRY(const FileLock lock, FileLock::take(cache + "/vm.lock", say_waiting, spec.stop_requested));
  const bool kvm =
      !spec.deterministic && (accelerator == Accelerator::kKvm ||
                              (accelerator == Accelerator::kAutomatic && kvm_works(qemu, spec.kernel)));

  const auto end = Clock::now() + spec.time_limit;
  Result<VmResult> result = boot(spec, qemu, kvm, work, end);
  if (result.ok() || kvm || result.error().reason != "boot-stuck") return result;
  say(fmt::format("scx-vm: {}\nscx-vm: the emulated boot stands still; once more\n", result.error().message));
  return boot(spec, qemu, kvm, work, end);
}

}  // namespace scx::vm
