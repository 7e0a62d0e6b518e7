// Includes: which files are read, which are refused and where that is told.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "tests/unit/syntax/parsed.h"

namespace scx::syntax {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Program : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "scx-program-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string write(const std::string& name, std::string_view text) {
    fs::create_directories((root_ / name).parent_path());
    EXPECT_TRUE(write_file_atomically((root_ / name).string(), text).ok());
    return (root_ / name).string();
  }
  // "logical path: errors", the logical paths of what was read are in files_.
  std::vector<std::string> load(const std::string& path, const std::vector<std::string>& include_dirs = {}) {
    Sources sources;
    diag::Diagnostics diagnostics;
    const auto program = parse_program(path, include_dirs, sources, diagnostics);
    EXPECT_TRUE(program.ok()) << (program.ok() ? "" : program.error().message);
    files_.clear();
    displayed_.clear();
    if (program.ok())
      for (const ast::File& file : program->files) {
        files_.push_back(sources.logical_path(file.id));
        displayed_.push_back(sources.display_path(file.id));
      }
    std::vector<std::string> out;
    for (const diag::Diagnostic* d : diagnostics.sorted()) {
      const LineColumn at = sources.position(d->span.file, d->span.begin);
      out.push_back(fmt::format("{}:{}:{} {} {}", sources.logical_path(d->span.file), at.line, at.column,
                                diag::info(d->kind).code, d->message));
    }
    return out;
  }

  fs::path root_;
  std::vector<std::string> files_;
  std::vector<std::string> displayed_;
};

TEST_F(Program, ADashIsStandardInputWhoseIncludesAreOfTheCurrentFolder) {
  write("part.scx", "match part = uid 3;\n");
  const std::string main = write("main.scx", "language 1;\ninclude \"part.scx\";\npolicy p { }\n");
  const fs::path before = fs::current_path();
  fs::current_path(root_);
  ASSERT_NE(std::freopen(main.c_str(), "r", stdin), nullptr);
  EXPECT_THAT(load("-"), IsEmpty());
  fs::current_path(before);
  EXPECT_THAT(files_, ElementsAre("stdin", "part.scx"));
  EXPECT_THAT(displayed_.front(), "<stdin>");
}

TEST_F(Program, IncludesAreReadOnceRelativeToTheirFile) {
  const std::string main =
      write("p/main.scx", "include \"lib/a.scx\";\ninclude \"b.scx\";\nlayer x open { match *; }");
  write("p/lib/a.scx", "include \"../b.scx\";\ninclude \"c.scx\";\nlet a = 1;");
  write("p/lib/c.scx", "let c = 1;");
  write("p/b.scx", "let b = 1;");
  EXPECT_THAT(load(main), IsEmpty());
  EXPECT_THAT(files_, ElementsAre("main.scx", "lib/a.scx", "b.scx", "lib/c.scx"));
  EXPECT_EQ(displayed_.at(2), (root_ / "p/b.scx").string());
}

TEST_F(Program, PathsAreShownAsTheUserWroteThem) {
  write("p/main.scx", "include \"lib/a.scx\";");
  write("p/lib/a.scx", "let a = 1;");
  const fs::path before = fs::current_path();
  fs::current_path(root_ / "p");
  EXPECT_THAT(load("main.scx"), IsEmpty());
  fs::current_path(before);
  EXPECT_THAT(displayed_, ElementsAre("main.scx", "lib/a.scx"));
}

TEST_F(Program, ErrorsOfIncludedFilesAreToldThere) {
  const std::string main = write("main.scx", "include \"a.scx\";\nlet x 5;");
  write("a.scx", "\nlet y 6;");
  EXPECT_THAT(load(main), ElementsAre("main.scx:2:7 E0001 unexpected `5` in `let`",
                                      "a.scx:2:7 E0001 unexpected `6` in `let`"));
}

TEST_F(Program, CyclesNameTheChain) {
  const std::string main = write("main.scx", "include \"a.scx\";");
  write("a.scx", "include \"b.scx\";");
  write("b.scx", "\n include \"a.scx\";\ninclude \"b.scx\";");
  const std::string a = (root_ / "a.scx").string();
  const std::string b = (root_ / "b.scx").string();
  EXPECT_THAT(
      load(main),
      ElementsAre(fmt::format("b.scx:2:10 E0019 include cycle: `{0}` includes `{1}` includes `{0}`", a, b),
                  fmt::format("b.scx:3:9 E0019 include cycle: `{0}` includes `{0}`", b)));
}

TEST_F(Program, MissingAndUnreadableFiles) {
  const std::string main =
      write("main.scx", "include \"none.scx\";\ninclude \"\";\ninclude \"dir\";\ninclude \"a\\nb\";");
  fs::create_directories(root_ / "dir");
  const auto errors = load(main);
  ASSERT_EQ(errors.size(), 4U);
  EXPECT_EQ(errors[0], "main.scx:1:9 E0018 no file \"none.scx\"");
  EXPECT_EQ(errors[1], "main.scx:2:9 E0018 include of an empty path");
  EXPECT_THAT(errors[2], HasSubstr("main.scx:3:9 E0018 cannot include"));
  EXPECT_EQ(errors[3], "main.scx:4:9 E0018 no file \"a\\x0ab\"");
}

TEST_F(Program, NothingFromOutsideThePolicysFolder) {
  const std::string main = write("p/main.scx", "include \"../common/site.scx\";");
  write("common/site.scx", "let a = 1;");
  EXPECT_THAT(load(main),
              ElementsAre("main.scx:1:9 E0020 \"../common/site.scx\" lies outside of the policy's folder"));
  EXPECT_THAT(files_, ElementsAre("main.scx"));
  EXPECT_THAT(load(main, {(root_ / "common").string()}), IsEmpty());
  EXPECT_THAT(files_, ElementsAre("main.scx", "<include>/site.scx"));

  // A link in the folder that leads outside is outside.
  const std::string linked = write("p/linked.scx", "include \"link.scx\";");
  fs::create_symlink("../common/site.scx", root_ / "p/link.scx");
  EXPECT_THAT(load(linked), ElementsAre(HasSubstr("E0020")));
  // So is a folder whose name only begins like the policy's.
  write("p2/x.scx", "let a = 1;");
  const std::string sibling = write("p/sibling.scx", "include \"../p2/x.scx\";\ninclude \"/etc/passwd\";");
  EXPECT_THAT(load(sibling), ElementsAre(HasSubstr("1:9 E0020"), HasSubstr("2:9 E0020")));
}

TEST_F(Program, IncludeFoldersAreSearched) {
  const std::string main = write("p/main.scx", "include \"site.scx\";\ninclude \"own.scx\";");
  write("common/site.scx", "include \"more.scx\";");
  write("common/more.scx", "let a = 1;");
  write("common/own.scx", "let b = 2;");
  write("p/own.scx", "let b = 1;");
  EXPECT_THAT(load(main, {(root_ / "common").string(), "/no/such/folder"}), IsEmpty());
  EXPECT_THAT(files_, ElementsAre("main.scx", "<include>/site.scx", "<include>/more.scx", "own.scx"));
}

TEST_F(Program, TooManyFiles) {
  std::string all;
  for (int i = 0; i < 300; ++i) {
    all += fmt::format("include \"f{}.scx\";\n", i);
    write(fmt::format("f{}.scx", i), "");
  }
  const auto errors = load(write("main.scx", all));
  EXPECT_EQ(errors.size(), 300 - (kMaxFiles - 1));
  EXPECT_THAT(errors.front(), HasSubstr("E0021 more than 256 files in one policy"));
  for (int i = 0; i < 300; ++i) write(fmt::format("f{}.scx", i), fmt::format("include \"f{}.scx\";", i + 1));
  EXPECT_THAT(load(write("deep.scx", "include \"f0.scx\";")),
              ElementsAre(HasSubstr("E0021 more than 32 files included within each other")));
}

TEST_F(Program, AMainFileThatCannotBeReadIsAnError) {
  Sources sources;
  diag::Diagnostics diagnostics;
  for (const std::string& path : {(root_ / "none.scx").string(), root_.string(), std::string()}) {
    const auto program = parse_program(path, {}, sources, diagnostics);
    ASSERT_FALSE(program.ok()) << path;
    EXPECT_THAT(program.error().message, HasSubstr("cannot read"));
  }
  EXPECT_FALSE(diagnostics.has_errors());
}

}  // namespace
}  // namespace scx::syntax
