#include "tests/golden/transcript.h"

#include <algorithm>
#include <fstream>
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
    append_stream(transcript.text, "output", outcome.out);
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
