#include "tests/golden/transcript.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "tests/support/process.h"

namespace scx::golden {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kCommandMark = "# golden: ";

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> commands_of(const fs::path& input) {
  std::vector<std::string> own;
  for (const std::string& line : lines_of(input)) {
    if (line.rfind(kCommandMark, 0) == 0) own.push_back(line.substr(kCommandMark.size()));
  }
  return own.empty() ? lines_of(input.parent_path() / "COMMANDS") : own;
}

// Words at spaces; no quoting.
std::vector<std::string> words_of(const std::string& command, const fs::path& input,
                                  const std::string& scxc) {
  std::istringstream stream(command);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    if (word == "{}") word = input.filename().string();
    if (words.empty() && word == "scxc") word = scxc;
    words.push_back(word);
  }
  return words;
}

// Lines of the hand-written templates: what the compiler copies, not what it makes.
const std::set<std::string>& template_lines() {
  static const std::set<std::string> lines = [] {
    std::set<std::string> all;
    for (const fs::directory_entry& file :
         fs::directory_iterator(fs::path(SCX_SOURCE_DIR) / "bpf_templates")) {
      if (!file.is_regular_file()) continue;
      for (std::string& line : lines_of(file.path())) all.insert(std::move(line));
    }
    for (std::string& line : lines_of(fs::path(SCX_SOURCE_DIR) / "runtime/abi/feed.h"))
      all.insert(std::move(line));
    return all;
  }();
  return lines;
}

// C text with each run of template lines as one line, so that a change of a
// template does not change every transcript. A line too short to tell (a brace)
// belongs to what stands before it.
std::string without_templates(const std::string& text) {
  std::istringstream stream(text);
  const std::regex back_to_c(R"re(#line \d+ "(.*\.c)")re");
  std::string result;
  bool copied = false;
  for (std::string line; std::getline(stream, line);) {
    const bool tells = line.find_first_not_of(" \t{};") != std::string::npos;
    const bool was_copied = copied;
    if (tells) copied = template_lines().count(line) != 0;
    line = std::regex_replace(line, back_to_c, "#line N \"$1\"");
    if (!copied) result += line + "\n";
    if (copied && !was_copied) result += "[templates]\n";
  }
  return result;
}

// An object's dump without sizes and instruction counts, which change with every template.
std::string without_sizes(const std::string& text) {
  return std::regex_replace(text, std::regex(" +\\d+\n"), "\n");
}

void append_stream(std::string& text, const char* title, const std::string& content) {
  if (content.empty()) return;
  text += fmt::format("[{}]\n{}", title, content);
  if (content.back() != '\n') text += "\n[no newline at the end]\n";
}

}  // namespace

fs::path Case::transcript_path() const {
  fs::path path = input;
  return path.replace_extension(".golden");
}

std::string Case::name() const {
  return input.parent_path().filename().string() + "/" + input.stem().string();
}

void PrintTo(const Case& golden, std::ostream* stream) { *stream << golden.name(); }

std::vector<Case> find_cases(const fs::path& root) {
  std::vector<Case> cases;
  for (const fs::directory_entry& folder : fs::directory_iterator(root)) {
    if (!folder.is_directory()) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
      if (file.path().extension() == ".scx") cases.push_back({file.path(), commands_of(file.path())});
    }
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.input < b.input; });
  return cases;
}

Transcript record(const Case& golden, const std::string& scxc) {
  Transcript transcript;
  for (const std::string& command : golden.commands) {
    const auto outcome =
        scx::testing::run(words_of(command, golden.input, scxc), golden.input.parent_path().string());
    transcript.text += fmt::format("$ {}\n", command);
    std::string out = outcome.out;
    if (command.find("=c") != std::string::npos) out = without_templates(out);
    if (command.find("=object") != std::string::npos) out = without_sizes(out);
    append_stream(transcript.text, "output", out);
    append_stream(transcript.text, "error", outcome.error);
    transcript.text += fmt::format("[exit {}]\n", outcome.exit_code);
    transcript.exit_codes.push_back(outcome.exit_code);
    transcript.cpu_seconds = std::max(transcript.cpu_seconds, outcome.cpu_seconds);
  }
  return transcript;
}

std::string first_difference(const std::string& expected, const std::string& got) {
  std::istringstream a(expected);
  std::istringstream b(got);
  std::string line_a;
  std::string line_b;
  for (int number = 1;; ++number) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) return "no line differs";
    if (more_a != more_b || line_a != line_b) {
      return fmt::format("line {}\n  expected: {}\n  got:      {}", number, more_a ? line_a : "(end)",
                         more_b ? line_b : "(end)");
    }
  }
}

}  // namespace scx::golden
