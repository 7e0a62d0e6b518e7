// Ownership: ways back of cells that come and go, on models made here.
#include "compiler/analysis/cleanup.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "compiler/sema/cleanup.h"

namespace scx::analysis {
namespace {

using model::CleanupAction;
using model::Event;
using model::Resource;
using model::Scope;
using sema::WrittenCleanup;
using testing::ElementsAre;
using testing::IsEmpty;
using To = CleanupAction::To;
using Verb = CleanupAction::Verb;

// A policy with a root cell of one layer, and cells to add.
class Model {
 public:
  Model() {
    policy_.name = "test";
    add("root", abi::CellKind::kRoot, {}, 1);
  }

  model::Cell& add(std::string name, abi::CellKind kind, const std::vector<std::string>& paths,
                   uint32_t max) {
    model::Cell cell;
    cell.name = std::move(name);
    cell.kind = kind;
    cell.max = max;
    cell.span = next_span();
    cell.claim = claim(paths);
    model::Layer layer;
    layer.name = "rest";
    cell.layers.push_back(layer);
    policy_.cells.push_back(std::move(cell));
    return policy_.cells.back();
  }
  model::Cell& add_static(std::string name, const std::vector<std::string>& paths) {
    return add(std::move(name), abi::CellKind::kStatic, paths, 1);
  }
  model::Cell& add_family(std::string name, const std::string& pattern, uint32_t max = 8) {
    return add(std::move(name), abi::CellKind::kFamily, {pattern}, max);
  }

  void write(std::string_view cell, Event event, Resource resource, CleanupAction action,
             std::string_view target = {}) {
    const Scope scope = cell.empty() ? Scope::kPolicy : Scope::kCell;
    written_.push_back(
        {scope, cell.empty() ? "root" : cell, {}, resource, event, action, target, next_span()});
  }
  void write_layer(std::string_view cell, Event event, Resource resource, CleanupAction action) {
    written_.push_back({Scope::kLayer, cell, "rest", resource, event, action, {}, next_span()});
  }
  void returns(std::string_view cell, Event event, To to, std::string_view target = {}) {
    write(cell, event, Resource::kCpus, {Verb::kReturnCpus, to}, target);
  }
  void drains(std::string_view cell, Event event, To to, std::string_view target = {}) {
    write(cell, event, Resource::kTasks, {Verb::kDrainTasks, to}, target);
  }

  const model::Policy& finish() {
    policy_.number_domains();
    diag::Diagnostics ignored;
    sema::complete_cleanup(written_, policy_, ignored);
    return policy_;
  }

  // "CODE: message" of each diagnostic.
  std::vector<std::string> check() {
    diag::Diagnostics diagnostics;
    check_cleanup(finish(), diagnostics);
    std::vector<std::string> out;
    for (const diag::Diagnostic& d : diagnostics.all())
      out.push_back(fmt::format("{}: {}", diag::info(d.kind).code, d.message));
    return out;
  }

 private:
  Span next_span() {
    const uint32_t at = 10 * ++spans_;
    return {FileId{}, at, at + 1};
  }

  model::Expression claim(const std::vector<std::string>& paths) {
    std::vector<model::Expression> tests;
    for (const std::string& path : paths) {
      model::Predicate predicate;
      predicate.attribute = abi::Attribute::kCgroup;
      predicate.string = model::StringTest{model::StringTest::Op::kUnder, path};
      tests.push_back({model::Expression::Kind::kTest, static_cast<uint32_t>(policy_.predicates.size()), {}});
      policy_.predicates.push_back(std::move(predicate));
    }
    if (tests.size() == 1) return tests[0];
    return {model::Expression::Kind::kOr, 0, std::move(tests)};
  }

  model::Policy policy_;
  std::vector<WrittenCleanup> written_;
  uint32_t spans_ = 0;
};

TEST(Ownership, DefaultsAreSound) {
  Model m;
  m.add_static("db", {"/db"}).source = abi::CellCpus::kCpuset;
  m.add_family("tenants", "/tenants/*").borrow = abi::Borrow{};
  EXPECT_THAT(m.check(), IsEmpty());
}

TEST(Ownership, TheTableHoldsWhatIsThere) {
  Model m;
  m.add_static("db", {"/db"});
  std::vector<std::string> lines;
  for (const model::CleanupRule& rule : m.finish().cleanup)
    lines.push_back(fmt::format("{} {}: {}", rule.cell, spelling(rule.event), to_string(m.finish(), rule)));
  EXPECT_THAT(lines, ElementsAre("0 task exit: forget", "0 stall: exit", "0 cpu offline: exit",
                                 "1 cgroup exit: return cpus to root", "1 cpuset change: return cpus to root",
                                 "1 cell end: return cpus to root", "1 cpu offline: return cpus to root",
                                 "1 cell end: drop", "1 cgroup exit: drain tasks to parent",
                                 "1 cell end: drain tasks to parent", "1 cell end: drop"));
}

TEST(Ownership, ALayerReplacesWhatItsCellSays) {
  Model m;
  m.add_static("db", {"/db"});
  m.drains("db", Event::kCellEnd, To::kRoot);
  m.drains("db", Event::kCgroupExit, To::kRoot);
  m.write_layer("db", Event::kCgroupExit, Resource::kTasks, {Verb::kDrainTasks, To::kParent});
  std::map<Event, To> drains;
  for (const model::CleanupRule& rule : m.finish().cleanup)
    if (rule.resource == Resource::kTasks) drains[rule.event] = rule.action.to;
  EXPECT_EQ(drains.at(Event::kCgroupExit), To::kParent);
  EXPECT_EQ(drains.at(Event::kCellEnd), To::kRoot);
}

TEST(Ownership, AnEnclosingCellIsSureToBeThere) {
  Model m;
  m.add_static("db", {"/db", "/more/db"});
  m.add_static("shard", {"/db/a/b", "/more/db/c"});
  m.add_family("shards", "/db/*");
  const model::Policy& policy = m.finish();
  EXPECT_TRUE(encloses(policy, 0, 1)) << "root is always there";
  EXPECT_TRUE(encloses(policy, 1, 2));
  EXPECT_TRUE(encloses(policy, 1, 3));
  EXPECT_FALSE(encloses(policy, 2, 1));
  EXPECT_FALSE(encloses(policy, 1, 1));
  EXPECT_FALSE(encloses(policy, 3, 2)) << "none of a family need be there";
}

TEST(Ownership, NamesEncloseByWholeComponents) {
  Model m;
  m.add_static("db", {"/db"});
  m.add_static("db2", {"/db2/x"});
  m.add_static("globbed", {"/*/x"});
  m.add_static("inner", {"/db/x/y"});
  m.add_static("everything", {"/"});
  const model::Policy& policy = m.finish();
  EXPECT_FALSE(encloses(policy, 1, 2));
  EXPECT_FALSE(encloses(policy, 3, 4)) << "which cgroup the glob has found is not known";
  EXPECT_FALSE(encloses(policy, 1, 3));
  EXPECT_TRUE(encloses(policy, 5, 1));
}

TEST(Ownership, ACellThatMayBeGoneTakesNothing) {
  Model m;
  m.add_static("db", {"/db"});
  m.add_static("shop", {"/shop"});
  m.add_family("tenants", "/tenants/*");
  m.drains("shop", Event::kCgroupExit, To::kCell, "db");
  m.returns("shop", Event::kCellEnd, To::kCell, "tenants");
  EXPECT_THAT(m.check(), ElementsAre("E0708: the cell `tenants` may be gone when `shop` gives back",
                                     "E0708: the cell `db` may be gone when `shop` gives back"));
}

TEST(Ownership, WhatEndsWithItTakesNothing) {
  Model m;
  m.add_static("db", {"/db"});
  m.add_static("shard", {"/db/shard"});
  m.drains("db", Event::kCgroupExit, To::kCell, "shard");
  EXPECT_THAT(m.check(), ElementsAre("E0708: the cell `shard` may be gone when `db` gives back"));
}

TEST(Ownership, CirclesAreReportedOnce) {
  Model m;
  m.add_static("a", {"/a"});
  m.add_static("b", {"/b"});
  m.add_static("c", {"/c"});
  m.drains("a", Event::kCgroupExit, To::kCell, "b");
  m.drains("b", Event::kCellEnd, To::kCell, "c");
  m.drains("c", Event::kCgroupExit, To::kCell, "a");
  EXPECT_THAT(m.check(), ElementsAre("E0709: `a` gives back to itself by way of others"));
}

TEST(Ownership, ACellDoesNotGiveBackToItself) {
  Model m;
  m.add_static("a", {"/a"});
  m.returns("a", Event::kCellEnd, To::kCell, "a");
  EXPECT_THAT(m.check(), ElementsAre("E0709: the cell `a` would give back to itself"));
}

TEST(Ownership, SiblingsAreOfAFamily) {
  Model m;
  m.add_static("db", {"/db"});
  m.add_family("one", "/one/*", 1);
  m.returns("db", Event::kCellEnd, To::kSiblings);
  m.returns("one", Event::kCellEnd, To::kSiblings);
  EXPECT_THAT(m.check(), ElementsAre("E0710: the cell `db` has no siblings to take its CPUs",
                                     "E0710: the cell `one` has no siblings to take its CPUs"));
}

TEST(Ownership, EventsThatCannotCome) {
  Model m;
  m.add_static("db", {"/db"});
  m.returns("db", Event::kCpusetClear, To::kRoot);
  m.returns("root", Event::kCpuOffline, To::kRoot);
  m.write_layer("root", Event::kCellEnd, Resource::kTasks, {Verb::kDrainTasks, To::kRoot});
  m.write("", Event::kMemberExpire, Resource::kGpuMembership, {Verb::kForget});
  EXPECT_THAT(m.check(), ElementsAre("E0707: `member expire` cannot happen to a task of this policy",
                                     "E0707: the root cell returns no CPUs",
                                     "E0707: `cell end` cannot happen to the root cell",
                                     "E0707: `cpuset clear` cannot happen to the cell `db`"));
}

TEST(Ownership, ACpusetThatIsFollowedCanBeCleared) {
  Model m;
  m.add_static("db", {"/db"}).source = abi::CellCpus::kCpuset;
  m.returns("db", Event::kCpusetClear, To::kRoot);
  EXPECT_THAT(m.check(), IsEmpty());
}

TEST(Ownership, RestoringWhatIsNotChangedIsANote) {
  Model m;
  m.write("", Event::kUnload, Resource::kPerfLevel, {Verb::kRestore});
  EXPECT_THAT(m.check(), ElementsAre("N0711: the policy does not change the perf level of any CPU"));
}

TEST(Ownership, WhatTheLoaderDoesNotDoIsRefusedByName) {
  Model m;
  m.add_static("db", {"/db"});
  m.add_family("shards", "/db/*");
  m.returns("shards", Event::kCgroupExit, To::kDonors);
  m.returns("shards", Event::kCellEnd, To::kSiblings);
  m.returns("shards", Event::kCpusetChange, To::kCell, "db");
  m.drains("shards", Event::kCgroupExit, To::kCell, "db");
  m.drains("shards", Event::kCellEnd, To::kRoot);
  m.write("db", Event::kCellEnd, Resource::kStats, {Verb::kKeepStats, To::kNone, 0, 1'000'000'000});
  m.write("", Event::kStall, Resource::kScheduler, {Verb::kRestart});
  EXPECT_THAT(m.check(),
              testing::UnorderedElementsAre("E0113: `return cpus to donors` is not implemented yet",
                                            "E0113: `return cpus to siblings` is not implemented yet",
                                            "E0113: `return cpus to db` is not implemented yet",
                                            "E0113: `keep stats 1s` is not implemented yet",
                                            "E0113: `restart` is not implemented yet"));
}

TEST(Ownership, TheLayersOfACellDrainToOnePlace) {
  Model m;
  model::Cell& db = m.add_static("db", {"/db"});
  db.layers.push_back(db.layers[0]);
  db.layers[1].name = "others";
  m.write_layer("db", Event::kCellEnd, Resource::kTasks, {Verb::kDrainTasks, To::kRoot});
  EXPECT_THAT(m.check(), ElementsAre("E0113: layers of one cell that drain to different places are not "
                                     "implemented yet"));
}

TEST(Ownership, LosingTheLastCgroupIsAnEnd) {
  Model m;
  m.add_static("db", {"/db"});
  m.drains("db", Event::kCellEnd, To::kRoot);
  m.returns("db", Event::kCellEnd, To::kDonors);
  m.returns("db", Event::kCgroupExit, To::kRoot);
  std::vector<std::string> lines;
  for (const model::CleanupRule& rule : m.finish().cleanup)
    if (rule.written)
      lines.push_back(fmt::format("{}: {}", spelling(rule.event), to_string(m.finish(), rule)));
  EXPECT_THAT(lines, ElementsAre("cgroup exit: return cpus to root", "cell end: return cpus to donors",
                                 "cgroup exit: drain tasks to root", "cell end: drain tasks to root"));
}

TEST(Ownership, ACellThatSharesReturnsNoCpus) {
  Model m;
  m.add_static("db", {"/db"});
  m.add_static("shop", {"/shop"}).share_with = "db";
  m.returns("shop", Event::kCellEnd, To::kRoot);
  EXPECT_THAT(m.check(), ElementsAre("E0707: the cell `shop` returns no CPUs"));
}

// What a layer asks of GPUs.
model::Expression gpu_test(model::Policy& policy, uint64_t for_ns) {
  model::Predicate predicate;
  predicate.attribute = abi::Attribute::kGpuProcess;
  predicate.for_ns = for_ns;
  policy.predicates.push_back(predicate);
  return {model::Expression::Kind::kTest, static_cast<uint32_t>(policy.predicates.size() - 1), {}};
}

TEST(Ownership, GpuMembershipIsHeldByTasksOfPoliciesThatAskForIt) {
  model::Policy policy;
  policy.cells.emplace_back().layers.emplace_back();
  model::Layer& layer = policy.cells[0].layers[0];
  EXPECT_FALSE(holds(policy, Scope::kPolicy, 0, Resource::kGpuMembership));
  layer.match = gpu_test(policy, 0);
  EXPECT_TRUE(holds(policy, Scope::kPolicy, 0, Resource::kGpuMembership));
  EXPECT_FALSE(can_happen(policy, 0, Event::kMemberExpire));
  layer.match = {model::Expression::Kind::kNot, 0, {gpu_test(policy, 5)}};
  EXPECT_TRUE(can_happen(policy, 0, Event::kMemberExpire));
}

TEST(Ownership, IdleLatencyIsHeldWhereALayerBoundsIt) {
  model::Policy policy;
  policy.cells.emplace_back().layers.emplace_back();
  EXPECT_FALSE(holds(policy, Scope::kPolicy, 0, Resource::kIdleLatency));
  policy.cells[0].layers[0].resume_latency_ns = 20'000;
  EXPECT_TRUE(holds(policy, Scope::kPolicy, 0, Resource::kIdleLatency));
}

// Whatever is written, there is one rule for each thing held and each event that takes it.
model::Policy random_policy(Model& m) {
  static const std::vector<std::string> paths = {"/a", "/a/b", "/a/*", "/b", "/*/c", "/a/b/c"};
  static const std::vector<std::string_view> names = {"c0", "c1", "c2", "c3"};
  const auto count = *rc::gen::inRange<size_t>(0, names.size() + 1);
  for (size_t i = 0; i < count; ++i) {
    const std::string path = *rc::gen::elementOf(paths);
    model::Cell& cell = *rc::gen::arbitrary<bool>()
                            ? m.add_family(std::string(names[i]), path, *rc::gen::inRange(1U, 4U))
                            : m.add_static(std::string(names[i]), {path});
    if (*rc::gen::arbitrary<bool>()) cell.source = abi::CellCpus::kCpuset;
    if (*rc::gen::arbitrary<bool>()) cell.borrow = abi::Borrow{};
  }
  static const std::vector<To> returns = {To::kRoot, To::kDonors, To::kSiblings, To::kCell};
  static const std::vector<To> drains = {To::kRoot, To::kParent, To::kCell};
  std::set<std::tuple<size_t, Resource, Event>> said;
  for (size_t k = 0; count > 0 && k < 8; ++k) {
    const auto cell = *rc::gen::inRange<size_t>(0, count);
    const bool cpus = *rc::gen::arbitrary<bool>();
    const Resource resource = cpus ? Resource::kCpus : Resource::kTasks;
    const Event event = *rc::gen::elementOf(model::row_of(resource).events);
    if (!said.emplace(cell, resource, event).second) continue;
    const To to = *rc::gen::elementOf(cpus ? returns : drains);
    m.write(names[cell], event, resource, {cpus ? Verb::kReturnCpus : Verb::kDrainTasks, to},
            to == To::kCell ? names[*rc::gen::inRange<size_t>(0, count)] : std::string_view());
  }
  return m.finish();
}

TEST(OwnershipProperty, OneRuleForEachThingHeldAndEachEvent) {
  EXPECT_TRUE(rc::check([] {
    Model m;
    const model::Policy policy = random_policy(m);
    std::map<std::tuple<Scope, uint32_t, uint32_t, Resource, Event>, int> rules;
    for (const model::CleanupRule& rule : policy.cleanup)
      ++rules[{rule.scope, rule.cell, rule.layer, rule.resource, rule.event}];
    for (const auto& [key, count] : rules) RC_ASSERT(count == 1);
    for (uint32_t c = 0; c < policy.cells.size(); ++c)
      for (const model::CleanupRow& row : model::cleanup_rows())
        for (const Event event : row.events)
          for (const Scope scope : {Scope::kPolicy, Scope::kCell, Scope::kLayer})
            if ((scope != Scope::kPolicy || c == 0) && model::holds(policy, scope, c, row.resource) &&
                model::can_happen(policy, c, event))
              RC_ASSERT(rules.count({scope, c, 0, row.resource, event}) == 1);
  }));
}

// A way back to a cell that is not sure to be there is reported, and no other.
TEST(OwnershipProperty, ReportedIsExactlyWhatMayBeGone) {
  EXPECT_TRUE(rc::check([] {
    Model m;
    const model::Policy policy = random_policy(m);
    const bool gone =
        std::any_of(policy.cleanup.begin(), policy.cleanup.end(), [&](const model::CleanupRule& rule) {
          return rule.action.to == To::kCell && !encloses(policy, rule.action.cell, rule.cell);
        });
    std::set<std::string> codes;
    for (const std::string& line : m.check()) codes.insert(line.substr(0, 5));
    const bool reported = codes.count("E0708") + codes.count("E0709") > 0;
    // An event that cannot happen is reported first.
    RC_ASSERT((gone ? reported || codes.count("E0707") > 0 : !reported));
    // Two cells do not enclose each other: what passes ends at root.
    for (uint32_t a = 1; a < policy.cells.size(); ++a)
      for (uint32_t b = 1; b < policy.cells.size(); ++b)
        RC_ASSERT((!encloses(policy, a, b) || !encloses(policy, b, a)));
  }));
}

}  // namespace
}  // namespace scx::analysis
