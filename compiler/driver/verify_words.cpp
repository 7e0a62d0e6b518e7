#include "compiler/driver/verify_words.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::driver {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// What scx-run exits with when the kernel has said no, or could not be asked.
constexpr int kRefused = 3;

std::string text_in(const json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? found->get<std::string>() : "";
}

// Nothing: not there, or no whole number.
std::optional<uint64_t> number_in(const json& from, const char* key) {
  const auto found = from.find(key);
  if (found == from.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

// One program's figures; nothing if they have another form.
std::optional<ProgramCost> cost_in(const json& program) {
  if (!program.is_object()) return std::nullopt;
  ProgramCost cost;
  cost.name = text_in(program, "name");
  for (const auto& [key, into] : {std::pair{"instructions", &ProgramCost::instructions},
                                  {"verified_instructions", &ProgramCost::processed},
                                  {"total_states", &ProgramCost::states},
                                  {"peak_states", &ProgramCost::peak_states},
                                  {"stack_bytes", &ProgramCost::stack_bytes},
                                  {"verify_us", &ProgramCost::microseconds}}) {
    const auto number = number_in(program, key);
    if (!number && program.contains(key)) return std::nullopt;
    cost.*into = number.value_or(0);
  }
  if (cost.name.empty()) return std::nullopt;
  return cost;
}

}  // namespace

std::optional<int> exit_code_in(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return code;
}

Error refusal_in(const std::string& said) {
  constexpr std::string_view kStart = "scx-run: error[";
  constexpr std::string_view kHelp = "\n  help: ";
  const size_t start = said.rfind(kStart);
  const size_t close = start == std::string::npos ? start : said.find("]: ", start);
  if (close == std::string::npos)
    return refusal("no-answer", fmt::format("scx-run failed: {}", printable(said)));
  Error error;
  error.reason = said.substr(start + kStart.size(), close - start - kStart.size());
  const size_t help = said.find(kHelp, close);
  error.message = said.substr(close + 3, help == std::string::npos ? help : help - close - 3);
  if (help != std::string::npos) error.help = said.substr(help + kHelp.size());
  for (std::string* text : {&error.message, &error.help})
    while (!text->empty() && text->back() == '\n') text->pop_back();
  return error;
}

bool is_verdict(const Error& refusal, int exit_code) {
  if (exit_code != kRefused) return false;
  // man scx-run: those of the kernel for the object.
  for (const char* reason : {"kernel-too-old", "no-sched-ext", "no-btf", "corrupt-btf", "broken-btf",
                             "missing-kernel-function", "verifier-refused", "load-refused"})
    if (refusal.reason == reason) return true;
  return false;
}

Result<void> read_document(const std::string& text, Verdict& answer) {
  const Error unknown =
      make_error("`scx-run` answers in a form that this scxc does not know: install them together");
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || text_in(document, "schema") != "scx-run.dry-run" ||
      number_in(document, "version") != 1U || text_in(document, "kernel").empty())
    return unknown;
  const auto programs = document.find("programs");
  if (programs == document.end() || !programs->is_array()) return unknown;
  answer.kernel = text_in(document, "kernel");
  for (const json& program : *programs) {
    std::optional<ProgramCost> cost = cost_in(program);
    if (!cost) return unknown;
    answer.programs.push_back(*std::move(cost));
  }
  return {};
}

Result<void> keep_log(const std::string& log_file, const Verdict& answer, const std::string& folder) {
  std::error_code error;
  if (folder.empty() || !fs::exists(log_file, error)) return {};
  fs::create_directories(folder, error);
  SCX_TRY(const std::string log, read_file(log_file));
  // Whatever an object says its policy is called, the file stands in the folder.
  std::string name = fmt::format("{}@{}.log", answer.policy, answer.kernel);
  std::replace(name.begin(), name.end(), '/', '_');
  return write_file_atomically(folder + "/" + name, log);
}

}  // namespace scx::driver
