// The picture of the architecture as a rule: which folder may include which,
// and who may include the heavy libraries. It reads the #include lines.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace scx {
namespace {

namespace fs = std::filesystem;
const fs::path kRoot = SCX_SOURCE_DIR;

struct Include {
  std::string file;    // "compiler/sema/analyse.cpp"
  std::string folder;  // "compiler/sema"
  std::string what;    // "compiler/model/model.h" or "llvm/IR/Module.h"
};

std::string folder_of(const std::string& path) {
  const size_t first = path.find('/');
  if (first == std::string::npos) return "";
  const size_t second = path.find('/', first + 1);
  return path.substr(0, second == std::string::npos ? first : second);
}

std::vector<Include> includes_below(const char* top) {
  const std::regex line_pattern(R"re(^\s*#\s*include\s*["<]([^">]+)[">])re");
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".h" && extension != ".cpp") continue;
    const std::string file = entry.path().lexically_relative(kRoot).generic_string();
    std::ifstream stream(entry.path());
    std::smatch found;
    for (std::string line; std::getline(stream, line);) {
      if (std::regex_search(line, found, line_pattern)) includes.push_back({file, folder_of(file), found[1]});
    }
  }
  return includes;
}

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

// Each folder of compiler/ with the folders it may include besides itself.
// What a row allows, it allows directly: no row follows from another.
const std::map<std::string, std::set<std::string>> kAllowed = {
    {"support", {}},
    {"diagnostics", {"support"}},
    {"ast", {"support", "diagnostics"}},
    {"syntax", {"support", "diagnostics", "ast"}},
    {"findings", {"support", "diagnostics", "ast"}},
    {"model", {"support"}},
    {"automata", {"support", "diagnostics", "model"}},
    {"sema", {"support", "diagnostics", "ast", "model", "automata"}},
    {"analysis", {"support", "diagnostics", "model", "automata"}},
    {"format", {"support", "diagnostics", "syntax"}},
    {"codegen", {"support", "diagnostics", "model", "automata"}},
    {"backend", {}},
};
const std::set<std::string> kPureRuntime = {"runtime/base",    "runtime/completion", "runtime/abi",
                                            "runtime/plan",    "runtime/classify",   "runtime/explain",
                                            "runtime/topology"};

// `scxc verify` asks kernels, and nothing else of the compiler does.
constexpr const char* kVerify = "compiler/driver/verify";
const std::set<std::string> kForVerify = {"runtime/audit", "runtime/load", "runtime/vm"};

TEST(Dependencies, CompilerFoldersPointOneWay) {
  for (const Include& include : includes_below("compiler")) {
    if (!starts_with(include.what, "compiler/")) continue;
    const std::string from = include.folder.substr(include.folder.find('/') + 1);
    const std::string to = folder_of(include.what).substr(9);
    if (from == "driver" || from == to) continue;
    const auto row = kAllowed.find(from);
    ASSERT_NE(row, kAllowed.end()) << include.file << ": folder without a row in this test";
    EXPECT_EQ(row->second.count(to), 1U) << include.file << " includes " << include.what;
  }
}

TEST(Dependencies, CompilerUsesOnlyThePurePartsOfTheRuntime) {
  for (const Include& include : includes_below("compiler")) {
    if (!starts_with(include.what, "runtime/")) continue;
    if (starts_with(include.file, kVerify) && kForVerify.count(folder_of(include.what)) != 0) continue;
    EXPECT_EQ(kPureRuntime.count(folder_of(include.what)), 1U)
        << include.file << " includes " << include.what;
  }
}

TEST(Dependencies, ThePurePartsOfTheRuntimeUseOnlyThemselves) {
  for (const Include& include : includes_below("runtime")) {
    if (kPureRuntime.count(include.folder) == 0 || !starts_with(include.what, "runtime/")) continue;
    EXPECT_EQ(kPureRuntime.count(folder_of(include.what)), 1U)
        << include.file << " includes " << include.what;
  }
}

TEST(Dependencies, TheRuntimeNeverSeesTheCompiler) {
  for (const Include& include : includes_below("runtime")) {
    EXPECT_FALSE(starts_with(include.what, "compiler/")) << include.file << " includes " << include.what;
  }
}

TEST(Dependencies, HeavyLibrariesHaveOneUser) {
  for (const char* top : {"compiler", "runtime"}) {
    for (const Include& include : includes_below(top)) {
      if (starts_with(include.what, "antlr4") || starts_with(include.what, "ScxLexer") ||
          starts_with(include.what, "ScxParser")) {
        EXPECT_EQ(include.folder, "compiler/syntax") << include.file << " includes " << include.what;
      }
      if (starts_with(include.what, "llvm/") || starts_with(include.what, "clang/")) {
        EXPECT_EQ(include.folder, "compiler/backend") << include.file << " includes " << include.what;
      }
      if (starts_with(include.what, "CLI/")) {
        EXPECT_TRUE(include.folder == "compiler/driver" || include.folder == "runtime/cli" ||
                    include.folder == "runtime/completion")
            << include.file << " includes " << include.what;
      }
    }
  }
}

}  // namespace
}  // namespace scx
