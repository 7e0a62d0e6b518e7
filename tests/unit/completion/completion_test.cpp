// What the tab key proposes, asked of a real bash: the script is loaded, and its
// function called as bash calls it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/completion/description.h"
#include "tests/support/process.h"

namespace scx::completion {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr const char* kAsk = R"(source ./script
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_a_tool
printf '%s\n' "${COMPREPLY[@]}")";

// A program with an option of each kind.
class Proposals : public ::testing::Test {
 protected:
  Proposals() {
    app_.add_option("object")->type_name("");
    app_.add_option("--form", text_)->type_name("text|json");
    app_.add_option("-o,--output", text_)->type_name("FILE");
    app_.add_option("-I", text_)->type_name("DIR");
    app_.add_option("--machine", text_)->type_name("MACHINE");
    app_.add_option("--limit", text_)->type_name("N");
    app_.add_option("--inner", text_)->group("");
    app_.add_flag("--quick", flag_);
    app_.add_flag("--vm{default}", text_)->type_name("SERIES");
    CLI::App* look = app_.add_subcommand("look", "");
    look->add_option("--form", text_)->type_name("text|sarif");
    app_.add_subcommand("of-process", "");
    app_.add_subcommand("hidden", "")->group("");
    const Known types = {{"MACHINE", {.words = {"live"}, .files = {"*.xml"}}},
                         {"SERIES", {.words = {"6.18", "7.3"}}}};
    const Known operands = {{"", {.files = {"*.scx", "*.bpf.o"}}},
                            {"look", {.files = {"*.scx"}}},
                            {"of-process", {.processes = true}}};
    program_ = describe(app_, types, operands);
    for (const char* name : {"a.scx", "two words.scx", "b.bpf.o", "c.xml", "notes"})
      std::ofstream(folder_->file(name)) << "x";
    std::filesystem::create_directory(folder_->file("folder"));
    EXPECT_TRUE(write_file_atomically(folder_->file("script"), script(program_, "bash")).ok());
  }

  // For a line whose last word is being written; `=` is a word of its own, as bash has it.
  std::vector<std::string> after(const std::vector<std::string>& words) {
    std::vector<std::string> command = {"bash", "-c", kAsk, "bash", "a-tool"};
    command.insert(command.end(), words.begin(), words.end());
    const scx::testing::Outcome outcome = scx::testing::run(command, folder_->path());
    EXPECT_EQ(outcome.error, "");
    std::vector<std::string> out;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) out.push_back(line);
    return out;
  }

  Result<TemporaryFolder> folder_ = TemporaryFolder::make("completion-test");
  CLI::App app_{"", "a-tool"};
  Program program_;
  std::string text_;
  bool flag_ = false;
};

TEST_F(Proposals, WordsOfAnOption) {
  EXPECT_THAT(after({"--form", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(after({"--form", "js"}), ElementsAre("json"));
  EXPECT_THAT(after({"--form", "="}), ElementsAre("text", "json"));
  EXPECT_THAT(after({"--form", "=", "j"}), ElementsAre("json"));
  EXPECT_THAT(after({"look", "a.scx", "--form", ""}), ElementsAre("text", "sarif")) << "each command its own";
}

TEST_F(Proposals, FilesAndFolders) {
  EXPECT_THAT(after({"look", ""}), UnorderedElementsAre("a.scx", "two words.scx", "folder"));
  EXPECT_THAT(after({"look", "a"}), ElementsAre("a.scx"));
  EXPECT_THAT(after({"-I", ""}), ElementsAre("folder"));
  EXPECT_THAT(after({"--machine", ""}), UnorderedElementsAre("live", "c.xml", "folder"));
  for (const char* option : {"-o", "--output"})
    EXPECT_THAT(after({option, ""}), UnorderedElementsAre("a.scx", "two words.scx", "b.bpf.o", "c.xml",
                                                          "notes", "folder", "script"));
}

TEST_F(Proposals, CommandsAndTheirOptions) {
  EXPECT_THAT(after({""}),
              UnorderedElementsAre("look", "of-process", "a.scx", "two words.scx", "b.bpf.o", "folder"));
  EXPECT_THAT(after({"lo"}), ElementsAre("look"));
  EXPECT_THAT(after({"a.scx", "lo"}), IsEmpty()) << "a command comes first";
  EXPECT_THAT(after({"--"}), UnorderedElementsAre("--form", "--output", "--machine", "--limit", "--quick",
                                                  "--vm", "--help"));
  EXPECT_THAT(after({"look", "--f"}), ElementsAre("--form"));
  EXPECT_THAT(after({"look", "--o"}), IsEmpty());
}

TEST_F(Proposals, NothingWhereAnythingMayStand) {
  EXPECT_THAT(after({"--limit", ""}), IsEmpty());
  EXPECT_THAT(after({"--quick", "b"}), ElementsAre("b.bpf.o")) << "a flag takes nothing";
}

TEST_F(Proposals, ValuesThatMustTouchTheirOption) {
  EXPECT_THAT(after({"--vm", "=", ""}), ElementsAre("6.18", "7.3"));
  EXPECT_THAT(after({"--vm", "="}), ElementsAre("6.18", "7.3"));
  EXPECT_THAT(after({"--vm", "b"}), ElementsAre("b.bpf.o"));
}

TEST_F(Proposals, Processes) {
  const std::string self = std::to_string(::getpid());
  EXPECT_THAT(after({"of-process", self.substr(0, 1)}), Contains(self));
}

TEST_F(Proposals, OfOtherShells) {
  const std::string zsh = script(program_, "zsh"), fish = script(program_, "fish");
  EXPECT_THAT(zsh, HasSubstr("\" --form\")\n      compadd -- text json; return ;;"));
  EXPECT_THAT(zsh, HasSubstr("\"look --form\")\n      compadd -- text sarif; return ;;"));
  EXPECT_THAT(zsh, HasSubstr("_files -g '*.scx'; _files -g '*.bpf.o'"));
  EXPECT_THAT(fish, HasSubstr("-n '__fish_seen_subcommand_from look' -l form -x -a 'text sarif'\n"));
  EXPECT_THAT(fish, HasSubstr("-n 'not __fish_seen_subcommand_from look of-process' -l output -s o -r -F\n"));
  EXPECT_THAT(fish,
              HasSubstr("-n '__fish_seen_subcommand_from look' -x -a '(__fish_complete_suffix .scx)'\n"));
  for (const std::string& text : {zsh, fish, script(program_, "bash")}) {
    EXPECT_THAT(text, Not(HasSubstr("inner")));
    EXPECT_THAT(text, Not(HasSubstr("hidden")));
  }
  EXPECT_EQ(script(program_, "tcsh"), "");
}

}  // namespace
}  // namespace scx::completion
