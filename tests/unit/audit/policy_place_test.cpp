#include "runtime/audit/policy_place.h"

#include <filesystem>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "runtime/base/file.h"

namespace scx::audit {
namespace {

// A policy that uses everything that a row may name.
abi::Manifest everything() {
  abi::Manifest manifest;
  for (size_t a = 0; a < abi::kAttributeCount; ++a) {
    abi::Predicate predicate;
    predicate.attribute = static_cast<abi::Attribute>(a);
    predicate.where = {"all.scx", static_cast<uint32_t>(a + 1), 1};
    manifest.classifier.predicates.push_back(predicate);
  }
  abi::Cell cell;
  cell.kind = abi::CellKind::kStatic;
  cell.where = {"all.scx", 100, 1};
  manifest.cells = {{}, cell};
  abi::Domain domain;
  domain.yield_loss = 0;
  domain.where = {"all.scx", 200, 1};
  manifest.domains = {domain};
  return manifest;
}

// Tracing programs are there for one thing of the language each, so each has a line to name.
TEST(PolicyPlace, EveryAttachPointOfTheTemplatesHasOne) {
  const std::regex section("SEC\\(\"(tp_btf|fentry|fexit)/([a-z_]+)\"\\)");
  std::set<std::string> names;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(SCX_SOURCE_DIR) + "/bpf_templates")) {
    const auto text = read_file(file.path());
    ASSERT_TRUE(text.ok());
    for (std::sregex_iterator at(text->begin(), text->end(), section), end; at != end; ++at)
      names.insert((*at)[2]);
  }
  EXPECT_GE(names.size(), 8U);
  const abi::Manifest manifest = everything();
  for (const std::string& name : names) EXPECT_TRUE(policy_place(name, manifest).has_value()) << name;
}

TEST(PolicyPlace, IsOfTheFirstLineThatAsksForIt) {
  const abi::Manifest manifest = everything();
  EXPECT_EQ(policy_place("commit_creds", manifest)->line, static_cast<uint32_t>(abi::Attribute::kUid) + 1);
  EXPECT_EQ(policy_place("cgroup_rmdir", manifest)->line, 100U);
  EXPECT_EQ(policy_place("yield", manifest)->line, 200U);
}

TEST(PolicyPlace, IsNoneWhereThePolicyDoesNotUseIt) {
  EXPECT_FALSE(policy_place("commit_creds", abi::Manifest{}).has_value());
  EXPECT_FALSE(policy_place("scx_bpf_kick_cpu", everything()).has_value());
}

}  // namespace
}  // namespace scx::audit
