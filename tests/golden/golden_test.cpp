// Every golden input against its transcript, the rules for names, and the
// coverage of diagnostic kinds. SCX_UPDATE=1 writes the transcripts instead.
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "compiler/diagnostics/diagnostics.h"
#include "runtime/base/file.h"
#include "tests/golden/transcript.h"
#include "tests/support/process.h"

namespace scx::golden {
namespace {

namespace fs = std::filesystem;
const fs::path kRoot = fs::path(SCX_SOURCE_DIR) / "tests/golden";
const std::string kScxc = std::string(SCX_BIN_DIR) + "/scxc";

bool updating() {
  const char* value = std::getenv("SCX_UPDATE");
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

class Golden : public ::testing::TestWithParam<Case> {};

TEST_P(Golden, Transcript) {
  const Case& golden = GetParam();
  ASSERT_FALSE(golden.commands.empty()) << "no `# golden:` line and no COMMANDS in the folder";
  const Transcript transcript = record(golden, kScxc);
  for (const int code : transcript.exit_codes) {
    EXPECT_LT(code, 128) << "ended by a signal";
    EXPECT_EQ(code != 0, golden.expects_failure())
        << "exit " << code << ": the name must begin with fail_ just then";
  }
  EXPECT_LT(transcript.cpu_seconds, 1.0);
  EXPECT_THAT(transcript.text, ::testing::Not(::testing::HasSubstr(SCX_SOURCE_DIR)))
      << "a path of this machine";
  const std::string path = golden.transcript_path().string();
  if (updating()) {
    const auto written = write_file_atomically(path, transcript.text);
    ASSERT_TRUE(written.ok()) << written.error().message;
    return;
  }
  const auto expected = read_file(path);
  ASSERT_TRUE(expected.ok()) << expected.error().message << "; SCX_UPDATE=1 writes it";
  EXPECT_TRUE(*expected == transcript.text)
      << first_difference(*expected, transcript.text) << "\nSCX_UPDATE=1 accepts what is printed now";
}

INSTANTIATE_TEST_SUITE_P(, Golden, ::testing::ValuesIn(find_cases(kRoot)), [](const auto& info) {
  std::string name = info.param.name();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

// Codes that the transcripts show in brackets, with one that shows it.
std::map<std::string, std::string> shown_codes() {
  std::map<std::string, std::string> shown;
  const std::regex bracketed(R"(\[([EWN]\d{4})\])");
  for (const Case& golden : find_cases(kRoot)) {
    const auto text = read_file(golden.transcript_path().string());
    if (!text.ok()) continue;
    for (std::sregex_iterator it(text->begin(), text->end(), bracketed), end; it != end; ++it) {
      shown.emplace((*it)[1], golden.name());
    }
  }
  return shown;
}

// uncovered.txt: "CODE reason" a line.
std::map<std::string, std::string> excused_codes() {
  std::map<std::string, std::string> excused;
  std::ifstream stream(kRoot / "uncovered.txt");
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.front() == '#') continue;
    const size_t space = line.find(' ');
    excused[line.substr(0, space)] = space == std::string::npos ? "" : line.substr(space + 1);
  }
  return excused;
}

TEST(DiagnosticKinds, EachIsShownByATranscript) {
  if (updating()) GTEST_SKIP() << "the transcripts are being written";
  const auto shown = shown_codes();
  const auto excused = excused_codes();
  for (const diag::KindInfo& kind : diag::all_kinds()) {
    const std::string code(kind.code);
    const auto excuse = excused.find(code);
    if (excuse == excused.end()) {
      EXPECT_TRUE(shown.count(code) != 0) << code << " (" << kind.title << ") is triggered by no golden";
    } else {
      EXPECT_FALSE(excuse->second.empty()) << code << " stands in uncovered.txt without a reason";
      EXPECT_EQ(shown.count(code), 0U) << code << " stands in uncovered.txt and is covered";
    }
  }
}

TEST(DiagnosticKinds, ExceptionsExist) {
  std::set<std::string> known;
  for (const diag::KindInfo& kind : diag::all_kinds()) known.emplace(kind.code);
  for (const auto& [code, reason] : excused_codes())
    EXPECT_EQ(known.count(code), 1U) << code << " is no code";
}

// The kinds in uncovered.txt whose inputs are too large to keep are made here.
class LargeInput : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "scx-golden-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::string check() { return scx::testing::run({kScxc, "check", "p.scx"}, folder_.string()).error; }
  static constexpr const char* kRest = "policy p { }\nlayer rest open { match *; }\n";

 private:
  fs::path folder_;
};

TEST_F(LargeInput, FileTooLarge) {
  write("p.scx", kRest + std::string((1U << 20U) + 1, '\n'));
  EXPECT_THAT(check(), ::testing::HasSubstr("error[E0016]"));
}

TEST_F(LargeInput, TooManyErrors) {
  std::string text = kRest;
  for (int i = 0; i < 150; ++i) text += "@\n";
  write("p.scx", text);
  EXPECT_THAT(check(), ::testing::HasSubstr("error[E0017]"));
}

TEST_F(LargeInput, TooManyPatterns) {
  std::string text = "policy p { }\nlayer many open { match nice 3";
  for (int i = 0; i < 2000; ++i) text += fmt::format(" or cgroup under \"/*{}*\"", i);
  write("p.scx", text + "; }\nlayer rest open { match *; }\n");
  EXPECT_THAT(check(),
              ::testing::HasSubstr("error[E0408]: the patterns of the policy need more than 128 automata"));
}

TEST_F(LargeInput, TooManyIncludes) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    write(fmt::format("part{}.scx", i), "");
    text += fmt::format("include \"part{}.scx\";\n", i);
  }
  write("p.scx", text + kRest);
  EXPECT_THAT(check(), ::testing::HasSubstr("error[E0021]"));
}

// What completes is documented.
TEST(ManPage, NamesEveryCommandAndOption) {
  const auto page = read_file(std::string(SCX_SOURCE_DIR) + "/compiler/driver/man/scxc.1");
  ASSERT_TRUE(page.ok()) << page.error().message;
  std::string plain;  // without the escapes of roff
  for (const char c : *page) {
    if (c != '\\') plain += c;
  }
  std::istringstream words(scx::testing::run({kScxc, "completion", "fish"}).out);
  int options = 0;
  for (std::string word; words >> word;) {
    if (word != "-l") continue;
    words >> word;
    EXPECT_THAT(plain, ::testing::HasSubstr("--" + word));
    ++options;
  }
  EXPECT_GT(options, 5);
}

// A transcript whose input is gone would never be looked at again.
TEST(Goldens, NoneIsStray) {
  std::set<fs::path> expected;
  for (const Case& golden : find_cases(kRoot)) expected.insert(golden.transcript_path());
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(kRoot)) {
    if (file.path().extension() == ".golden") EXPECT_EQ(expected.count(file.path()), 1U) << file.path();
  }
}

// 50 hand-made wrong policies at least, each told with a code and a place.
TEST(Goldens, WrongPoliciesAreToldWithCodeAndPlace) {
  if (updating()) GTEST_SKIP() << "the transcripts are being written";
  const std::regex told(R"(error\[E\d{4}\][^\n]*\n *--> [^\n]*:\d+:\d+)");
  int wrong = 0;
  for (const Case& golden : find_cases(kRoot)) {
    const std::string folder = golden.input.parent_path().filename().string();
    if (!golden.expects_failure() ||
        (folder != "syntax" && folder != "sema" && folder != "limits" && folder != "analysis"))
      continue;
    const auto text = read_file(golden.transcript_path().string());
    if (!text.ok()) continue;
    EXPECT_TRUE(std::regex_search(*text, told)) << golden.name();
    ++wrong;
  }
  EXPECT_GE(wrong, 50);
}

}  // namespace
}  // namespace scx::golden
