// The examples compiled with the real scxc: what the objects hold, that they
// do not depend on the place, and that the C text gives the same programs.
#include "compiler/backend/object.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "runtime/abi/manifest.h"
#include "runtime/base/file.h"
#include "tests/support/process.h"

namespace scx {
namespace {

namespace fs = std::filesystem;
using scx::testing::run;
using ::testing::HasSubstr;

const std::string kScxc = std::string(SCX_BIN_DIR) + "/scxc";
const fs::path kExamples = fs::path(SCX_SOURCE_DIR) / "examples";

std::vector<std::string> example_names() {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(kExamples)) {
    if (file.path().extension() == ".scx") names.push_back(file.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "scx-object-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::string must_read(const std::string& path) {
  auto bytes = read_file(path);
  EXPECT_TRUE(bytes.ok()) << (bytes.ok() ? "" : bytes.error().message);
  return bytes.ok() ? *bytes : "";
}

class Examples : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto outcome = run({kScxc, (kExamples / GetParam()).string(), "-o", folder_.file("out.bpf.o")});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
    bytes_ = must_read(folder_.file("out.bpf.o"));
    auto object = backend::read_object(bytes_);
    ASSERT_TRUE(object.ok()) << object.error().message;
    object_ = *object;
  }
  abi::Manifest manifest() {
    auto text = backend::section_bytes(bytes_, abi::kManifestSection);
    EXPECT_TRUE(text.ok()) << text.error().message;
    auto parsed = abi::manifest_from_json(*text);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    return parsed.ok() ? *parsed : abi::Manifest{};
  }
  Folder folder_;
  std::string bytes_;
  backend::Object object_;
};

TEST_P(Examples, IsFitToLoad) {
  const auto fit = backend::check_object(object_);
  EXPECT_TRUE(fit.ok()) << fit.error().message;
  for (const backend::ObjectSection& section : object_.sections) {
    EXPECT_THAT(section.name, ::testing::Not(HasSubstr("debug"))) << "DWARF left";
  }
  EXPECT_FALSE(object_.lines.empty());
  const std::set<std::string> maps(object_.maps.begin(), object_.maps.end());
  for (const char* map : {"cpus", "plan", "stats", "exit_info"}) EXPECT_EQ(maps.count(map), 1U) << map;
}

TEST_P(Examples, ManifestTellsWhatTheObjectNeeds) {
  const abi::Manifest found = manifest();
  EXPECT_EQ(found.version, abi::kManifestVersion);
  EXPECT_FALSE(found.policy.empty());
  ASSERT_FALSE(found.domains.empty());
  EXPECT_EQ(found.cells.size(), found.classifier.cells.size());
  std::vector<std::string> listed;
  for (const abi::KernelFunction& function : found.kernel_functions) listed.push_back(function.name);
  std::vector<std::string> needed;
  for (const backend::KernelSymbol& symbol : object_.kernel_symbols) {
    if (symbol.function) needed.push_back(symbol.name);
  }
  EXPECT_EQ(listed, needed);
  for (const abi::Domain& domain : found.domains) {
    if (!domain.where.file.empty()) EXPECT_EQ(domain.where.file.front() == '/', false) << domain.where.file;
  }
}

// Every line of the policy that the object names carries that line's text.
TEST_P(Examples, LineInformationQuotesThePolicy) {
  std::map<std::string, std::vector<std::string>> texts;
  bool any = false;
  for (const backend::BtfLine& line : object_.lines) {
    EXPECT_FALSE(line.file.empty());
    EXPECT_NE(line.file.front(), '/') << line.file;
    if (fs::path(line.file).extension() != ".scx") continue;
    auto& text = texts[line.file];
    if (text.empty()) {
      std::ifstream stream(kExamples / line.file);
      for (std::string each; std::getline(stream, each);) text.push_back(each);
    }
    ASSERT_LE(line.line, text.size());
    ASSERT_GE(line.line, 1U);
    EXPECT_EQ(line.text, text[line.line - 1]);
    any = true;
  }
  // A policy that tests nothing has no instruction of its own.
  EXPECT_EQ(any, !manifest().classifier.predicates.empty());
}

// A copy elsewhere, another working directory, a relative path, files of the
// same names around: nothing changes a byte.
TEST_P(Examples, IsTheSameFromAnyDirectory) {
  Folder other;
  fs::create_directories(other.file("deep/er"));
  fs::copy(kExamples, other.file("deep/er"),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  std::ofstream(other.file(GetParam())) << "not this text\n";
  const auto outcome = run({kScxc, "deep/er/" + GetParam(), "-o", "x.o"}, other.path());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_TRUE(must_read(other.file("x.o")) == bytes_);
  const auto inside = run({kScxc, GetParam()}, other.file("deep/er"));
  ASSERT_EQ(inside.exit_code, 0) << inside.error;
  const std::string default_name = fs::path(GetParam()).stem().string() + ".bpf.o";
  EXPECT_TRUE(must_read(other.file("deep/er/" + default_name)) == bytes_);
}

// --emit=c through stock clang gives an equivalent object: the same programs,
// maps, kernel functions and data. Instructions differ: scxc runs fewer passes
// than stock -O2 (compiler/backend/pipeline.h).
TEST_P(Examples, StockClangGivesAnEquivalentObject) {
  const auto emitted = run({kScxc, (kExamples / GetParam()).string(), "--emit=c", "-o", folder_.file("x.c")});
  ASSERT_EQ(emitted.exit_code, 0) << emitted.error;
  const auto clang = run({"clang-19", "-target", "bpfel", "-O2", "-g", "-mcpu=v3", "-c", "x.c", "-o", "x.o"},
                         folder_.path());
  ASSERT_EQ(clang.exit_code, 0) << clang.error;
  const std::string stock_bytes = must_read(folder_.file("x.o"));
  auto stock = backend::read_object(stock_bytes);
  ASSERT_TRUE(stock.ok()) << stock.error().message;
  EXPECT_EQ(stock->kernel_symbols, object_.kernel_symbols);
  EXPECT_EQ(stock->maps, object_.maps);
  ASSERT_EQ(stock->programs.size(), object_.programs.size());
  const std::set<std::string> sections = {std::string(abi::kManifestSection), ".rodata", "license"};
  for (size_t i = 0; i < object_.programs.size(); ++i) {
    EXPECT_EQ(stock->programs[i].name, object_.programs[i].name);
    EXPECT_EQ(stock->programs[i].section, object_.programs[i].section);
  }
  for (const std::string& section : sections) {
    if (!object_.has_section(section)) continue;
    auto ours = backend::section_bytes(bytes_, section);
    auto theirs = backend::section_bytes(stock_bytes, section);
    ASSERT_TRUE(ours.ok() && theirs.ok()) << section;
    EXPECT_TRUE(*ours == *theirs) << "section " << section << " differs";
  }
}

INSTANTIATE_TEST_SUITE_P(, Examples, ::testing::ValuesIn(example_names()), [](const auto& info) {
  std::string name = fs::path(info.param).stem().string();
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

// A policy's text to an object's facts.
class Features : public ::testing::Test {
 protected:
  backend::Object compile(const std::string& policy) {
    std::ofstream(folder_.file("p.scx")) << policy;
    const auto outcome = run({kScxc, "p.scx", "-o", "p.o"}, folder_.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    auto object = backend::read_object(must_read(folder_.file("p.o")));
    EXPECT_TRUE(object.ok());
    return object.ok() ? *object : backend::Object{};
  }
  static bool has_section_with(const backend::Object& object, const std::string& part) {
    return std::any_of(object.sections.begin(), object.sections.end(),
                       [&](const auto& s) { return s.name.find(part) != std::string::npos; });
  }
  Folder folder_;
};

constexpr const char* kPlain = "policy p { }\nlayer all open { match *; }\n";

TEST_F(Features, HooksAreThereOnlyForAttributesThatThePolicyReads) {
  const backend::Object plain = compile(kPlain);
  EXPECT_FALSE(has_section_with(plain, "task_rename"));
  EXPECT_FALSE(has_section_with(plain, "commit_creds"));
  EXPECT_FALSE(has_section_with(plain, "cgroup_attach_task"));
  const backend::Object comm =
      compile("policy p { }\nlayer a open { match comm \"x*\"; }\nlayer all open { match *; }\n");
  EXPECT_TRUE(has_section_with(comm, "task_rename"));
  EXPECT_FALSE(has_section_with(comm, "cgroup_attach_task"));
  const backend::Object cgroup =
      compile("policy p { }\nlayer a open { match cgroup under \"/a\"; }\nlayer all open { match *; }\n");
  EXPECT_TRUE(has_section_with(cgroup, "cgroup_attach_task"));
  EXPECT_FALSE(has_section_with(cgroup, "task_rename"));
}

TEST_F(Features, APlainPolicyIsTheSmallest) {
  const auto instructions = [](const backend::Object& object) {
    uint32_t sum = 0;
    for (const backend::ObjectProgram& program : object.programs) sum += program.instructions;
    return sum;
  };
  const uint32_t plain = instructions(compile(kPlain));
  const uint32_t rich = instructions(
      compile("policy p { }\nlayer a confined { match comm \"*x*y\" and uid 5; cpus 1..2; preempt; }\n"
              "layer b open { match cgroup under \"/a/*/b\"; order fifo; }\nlayer all open { match *; }\n"));
  EXPECT_LT(plain, rich);
}

// Everything at once: no call that some kernel refuses is in the emitted text.
TEST_F(Features, NoKernelRefusesACall) {
  const std::string templates = std::string(SCX_SOURCE_DIR) + "/bpf_templates";
  for (const std::string& name : example_names()) {
    const auto outcome = run({kScxc, (kExamples / name).string(), "--templates", templates, "--dump=c"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  }
}

// The output appears whole or not at all.
TEST_F(Features, AFailedCompilationTouchesNothing) {
  std::ofstream(folder_.file("p.scx")) << "policy p { }\nlayer all opened { match *; }\n";
  std::ofstream(folder_.file("p.o")) << "older";
  EXPECT_EQ(run({kScxc, "p.scx", "-o", "p.o"}, folder_.path()).exit_code, 1);
  EXPECT_EQ(must_read(folder_.file("p.o")), "older");
  EXPECT_EQ(run({kScxc, "p.scx", "-o", "new.o"}, folder_.path()).exit_code, 1);
  EXPECT_FALSE(fs::exists(folder_.file("new.o")));
  EXPECT_EQ(run({kScxc, "p.scx"}, folder_.path()).exit_code, 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator{}), 2);
}

TEST_F(Features, TheInputIsNotOverwritten) {
  std::ofstream(folder_.file("p.scx")) << kPlain;
  fs::create_hard_link(folder_.file("p.scx"), folder_.file("same.o"));
  for (const char* output : {"p.scx", "./p.scx", "same.o"}) {
    const auto outcome = run({kScxc, "p.scx", "-o", output}, folder_.path());
    EXPECT_EQ(outcome.exit_code, 2) << output;
    EXPECT_THAT(outcome.error, HasSubstr("is an input"));
    EXPECT_EQ(must_read(folder_.file("p.scx")), kPlain);
  }
}

TEST_F(Features, AnUnwritableOutputIsTheEnvironments) {
  std::ofstream(folder_.file("p.scx")) << kPlain;
  const auto outcome = run({kScxc, "p.scx", "-o", "no/such/folder/p.o"}, folder_.path());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.error, HasSubstr("error: cannot write"));
  const auto full = run({kScxc, "p.scx", "-o", "/dev/full"}, folder_.path());
  EXPECT_EQ(full.exit_code, 3);
}

// A name reaches the emitted C; none of them can become part of it.
TEST_F(Features, FileNamesAreNoCode) {
  for (const char* name : {"-x.scx", "a b.scx", "%s.scx", "@r.scx", "noext", "\xc3\xbcml.scx", "a;b'c.scx"}) {
    std::ofstream(folder_.file(name)) << kPlain;
    const auto outcome = run({kScxc, "-o", "out.o", "--", name}, folder_.path());
    EXPECT_EQ(outcome.exit_code, 0) << name << ": " << outcome.error;
  }
  for (const char* name : {"q\"; int evil; \".scx", "back\\slash.scx", "new\nline.scx"}) {
    std::ofstream(folder_.file(name)) << kPlain;
    const auto outcome = run({kScxc, name, "-o", "evil.o"}, folder_.path());
    EXPECT_EQ(outcome.exit_code, 3) << name;
    EXPECT_THAT(outcome.error, HasSubstr("cannot stand in C text"));
    EXPECT_FALSE(fs::exists(folder_.file("evil.o")));
  }
}

// A template that does not compile is our fault and says so; where the fault
// shows in what a line of the policy became, that line is named.
TEST_F(Features, ABrokenTemplateNamesThePolicyLine) {
  std::ofstream(folder_.file("p.scx"))
      << "policy p { }\n\nlayer a open { match nice < -3; }\nlayer b open { match *; }\n";
  fs::create_directories(folder_.file("templates"));
  std::string text = must_read(std::string(SCX_SOURCE_DIR) + "/bpf_templates/subject.bpf.h");
  const size_t accessor = text.find("subject_nice(");
  ASSERT_NE(accessor, std::string::npos);
  text.replace(accessor, 12, "subject_gone");
  std::ofstream(folder_.file("templates/subject.bpf.h")) << text;
  const auto outcome = run({kScxc, "p.scx", "-o", "p.o", "--templates", "templates"}, folder_.path());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.error, HasSubstr("internal error"));
  EXPECT_THAT(outcome.error, HasSubstr("(from p.scx:3)"));
}

TEST_F(Features, ABrokenTemplateLeavesNoFile) {
  std::ofstream(folder_.file("p.scx")) << kPlain;
  fs::create_directories(folder_.file("templates"));
  const fs::path own = fs::path(SCX_SOURCE_DIR) / "bpf_templates";
  for (const auto& file : fs::directory_iterator(own)) {
    if (file.is_regular_file()) fs::copy(file.path(), folder_.file("templates"));
  }
  size_t broken = 0;
  for (const auto& file : fs::directory_iterator(folder_.file("templates"))) {
    std::string text = must_read(file.path().string());
    const size_t body = text.find("\n{\n");
    if (body == std::string::npos) continue;
    text.insert(body + 3, "\tthis_is_not_declared();\n");
    std::ofstream(file.path()) << text;
    ++broken;
  }
  ASSERT_GT(broken, 0U);
  const auto outcome = run({kScxc, "p.scx", "-o", "p.o", "--templates", "templates"}, folder_.path());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.error, HasSubstr("internal error"));
  EXPECT_THAT(outcome.error, HasSubstr("this_is_not_declared"));
  EXPECT_FALSE(fs::exists(folder_.file("p.o")));
}

}  // namespace
}  // namespace scx
