// Properties of cells and of layers sized by use, over generated machines, policies and histories.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/plan/generate.h"
#include "tests/unit/plan/support.h"

namespace scx::plan {
namespace {

using abi::CpuAmount;
using abi::LayerKind;
using std::mt19937;

struct World {
  topology::Topology topology;
  std::vector<CellRequest> cells;
  Demand demand;
};

struct Options {
  bool places = true;      // lists, masks, nodes, caches, alignment
  bool few_floors = true;  // floors that usually fit
};

std::vector<uint32_t> some(mt19937& random, uint32_t limit) {
  std::vector<uint32_t> result;
  for (uint32_t k = 0; k <= random() % 3; ++k) result.push_back(random() % limit);
  return result;
}

std::vector<uint32_t> some_cpus(mt19937& random, const topology::Topology& t) {
  const uint32_t share = 1 + random() % 4;
  const uint32_t run = 1 + random() % 8;
  const uint32_t offset = random() % 1000;
  std::vector<uint32_t> result;
  for (size_t i = 0; i < t.cpus.size(); ++i)
    if ((i / run + offset) % share == 0) result.push_back(t.cpus[i].id);
  return result;
}

LayerRequest any_layer(mt19937& random, const topology::Topology& t, uint32_t domain,
                       const Options& options) {
  LayerRequest layer;
  layer.domain = domain;
  layer.name = fmt::format("l{}", domain);
  layer.kind = static_cast<LayerKind>(random() % 3);
  layer.cpus.floor = {CpuAmount::Unit::kCpus,
                      1 + static_cast<uint32_t>(random() % (options.few_floors ? 2 : 6))};
  layer.cpus.ceiling = {CpuAmount::Unit::kPercent, 1 + static_cast<uint32_t>(random() % 100)};
  layer.weight = 1 + random() % 10000;
  layer.util.low = 1 + random() % 60;
  layer.util.high = layer.util.low + 1 + random() % 40;
  layer.protects = random() % 3 == 0;
  layer.grow = static_cast<GrowOrder>(random() % 5);
  if (options.places && random() % 4 == 0) layer.required.nodes = some(random, t.node_count);
  if (options.places && random() % 4 == 0) layer.required.llcs = some(random, t.llc_count);
  if (random() % 4 == 0) layer.near.nodes = some(random, t.node_count);
  return layer;
}

CellRequest any_cell(mt19937& random, const topology::Topology& t, uint32_t id, uint32_t& domain,
                     const Options& options) {
  CellRequest request = cell(id, 1 + random() % 10000);
  request.layers.clear();
  for (uint32_t k = 0; k <= random() % 4; ++k)
    request.layers.push_back(any_layer(random, t, domain++, options));
  request.claim.kind = static_cast<CellClaim::Kind>(random() % (options.places && id != kRootCell ? 3 : 2));
  request.claim.amount = {
      {CpuAmount::Unit::kCpus, 1 + static_cast<uint32_t>(random() % (options.few_floors ? 2 : 9))},
      {CpuAmount::Unit::kPercent, 1 + static_cast<uint32_t>(random() % 100)}};
  if (request.claim.kind == CellClaim::Kind::kList) request.claim.list = some_cpus(random, t);
  if (random() % 2 == 0) request.overflow = random() % 2 == 0 ? Overflow::kRoot : Overflow::kShare;
  if (random() % 3 == 0) request.rebalance = (random() % 40) / 100.0;
  if (!options.places) return request;
  if (random() % 4 == 0) request.allowed = some_cpus(random, t);
  if (random() % 6 == 0) request.required.nodes = some(random, t.node_count);
  if (random() % 3 == 0) request.align = static_cast<Alignment>(random() % 4);
  if (id > 1 && random() % 8 == 0) request.share_with = random() % id;
  return request;
}

Demand any_demand(mt19937& random, uint32_t domains, size_t cpus) {
  Demand demand;
  for (uint32_t d = 0; d < domains; ++d) {
    if (random() % 5 == 0)
      demand.cpus.emplace_back(std::nullopt);
    else
      demand.cpus.emplace_back(static_cast<double>(random() % 1000) / 1000.0 *
                               static_cast<double>(random() % (1 + cpus / 4)));
  }
  return demand;
}

World any_world(mt19937& random, const Options& options = {}, uint32_t most_cells = 8) {
  World w;
  w.topology = any_machine(128);
  uint32_t domain = 0;
  const uint32_t cells = 1 + random() % most_cells;
  for (uint32_t id = 0; id < cells; ++id)
    w.cells.push_back(any_cell(random, w.topology, id, domain, options));
  w.demand = any_demand(random, domain, w.topology.cpus.size());
  return w;
}

Result<Plan> planned(const World& w, const Plan* previous = nullptr) {
  return plan(w.topology, w.cells, w.demand, previous);
}

mt19937 any_random() { return mt19937(*rc::gen::noShrink(rc::gen::arbitrary<uint32_t>())); }

// A plan with a history: at load, then after changes of use, of online CPUs and of the cells that exist.
struct History {
  World world;
  Plan plan;
};
std::optional<History> any_history(mt19937& random, const Options& options = {}) {
  World w = any_world(random, options);
  const std::vector<CellRequest> all = w.cells;
  auto p = planned(w);
  if (!p.ok()) return std::nullopt;
  for (uint32_t round = 0; round < random() % 4; ++round) {
    for (uint32_t k = 0; k < random() % 5; ++k) {
      auto& cpu = w.topology.cpus[random() % w.topology.cpus.size()];
      cpu.online = !cpu.online;
    }
    w.topology.cpus[0].online = true;
    w.demand = any_demand(random, static_cast<uint32_t>(w.demand.cpus.size()), w.topology.cpus.size());
    w.cells.assign(all.begin(), all.begin() + 1);
    for (size_t c = 1; c < all.size(); ++c)
      if (random() % 4 != 0) w.cells.push_back(all[c]);
    auto next = planned(w, &*p);
    if (!next.ok()) RC_FAIL(next.error().message);  // only loading can fail
    p = std::move(next);
  }
  return History{std::move(w), *std::move(p)};
}

bool inside(const topology::Topology& t, uint32_t id, const Places& places) {
  const topology::Cpu* cpu = nullptr;
  for (const auto& c : t.cpus)
    if (c.id == id) cpu = &c;
  auto has = [](const std::vector<uint32_t>& set, uint32_t v) {
    return set.empty() || std::find(set.begin(), set.end(), v) != set.end();
  };
  return cpu != nullptr && has(places.nodes, cpu->node) && has(places.llcs, cpu->llc);
}
bool has_id(const std::vector<uint32_t>& set, uint32_t v) {
  return std::find(set.begin(), set.end(), v) != set.end();
}

RC_GTEST_PROP(PlanCells, EveryCpuHasOneCellAndOneOwner, ()) {
  mt19937 random = any_random();
  const auto h = any_history(random);
  RC_PRE(h.has_value());
  const std::string fault = fault_of(h->world.topology, h->world.cells, h->plan);
  if (!fault.empty()) RC_FAIL(fault + "\n" + explain(h->plan, h->world.topology));
}

RC_GTEST_PROP(PlanCells, NobodyOwnsWhatItMayNot, ()) {
  mt19937 random = any_random();
  const auto h = any_history(random);
  RC_PRE(h.has_value());
  for (const CellRequest& c : h->world.cells) {
    const CellPlan& row = *h->plan.find_cell(c.id);
    if (c.share_with.has_value() && c.id != kRootCell) RC_ASSERT(row.owned.empty());
    for (uint32_t id : row.owned) {
      if (c.id == kRootCell) break;
      RC_ASSERT(inside(h->world.topology, id, c.required));
      // In parentheses: RapidCheck's own `||` evaluates both sides.
      RC_ASSERT((!c.allowed.has_value() || has_id(*c.allowed, id)));
      RC_ASSERT((c.claim.kind != CellClaim::Kind::kList || has_id(c.claim.list, id)));
    }
    for (const LayerRequest& l : c.layers)
      for (uint32_t id : h->plan.find(l.domain)->owned) RC_ASSERT(inside(h->world.topology, id, l.required));
  }
}

RC_GTEST_PROP(PlanCells, FloorsAndCeilingsHoldUnlessANoteSaysSo, ()) {
  mt19937 random = any_random();
  const auto h = any_history(random);
  RC_PRE(h.has_value());
  for (const DomainPlan& d : h->plan.domains)
    if (!d.owned.empty()) RC_ASSERT(d.owned.size() <= d.ceiling);
  RC_PRE(h->plan.notes.empty());
  for (const CellPlan& c : h->plan.cells) RC_ASSERT(c.owned.size() >= c.floor);
  for (const DomainPlan& d : h->plan.domains) RC_ASSERT(d.owned.size() >= d.floor);
}

RC_GTEST_PROP(PlanCells, ConstantDemandMovesNothingAfterOneCall, ()) {
  mt19937 random = any_random();
  const auto h = any_history(random);
  RC_PRE(h.has_value());
  const auto again = planned(h->world, &h->plan);
  RC_ASSERT(again.ok());
  if (!(*again == h->plan))
    RC_FAIL(explain(h->plan, h->world.topology) + "then\n" + explain(*again, h->world.topology));
}

RC_GTEST_PROP(PlanCells, OrderOfInputsDoesNotMatter, ()) {
  mt19937 random = any_random();
  const auto h = any_history(random);
  RC_PRE(h.has_value());
  World shuffled = h->world;
  std::shuffle(shuffled.topology.cpus.begin(), shuffled.topology.cpus.end(), random);
  std::shuffle(shuffled.cells.begin(), shuffled.cells.end(), random);
  for (CellRequest& c : shuffled.cells) {
    std::shuffle(c.layers.begin(), c.layers.end(), random);
    std::shuffle(c.claim.list.begin(), c.claim.list.end(), random);
    if (c.allowed.has_value()) std::shuffle(c.allowed->begin(), c.allowed->end(), random);
  }
  for (const Plan* previous : {static_cast<const Plan*>(nullptr), &h->plan}) {
    const auto expected = planned(h->world, previous);
    const auto actual = planned(shuffled, previous);
    RC_ASSERT(expected.ok() == actual.ok());
    if (actual.ok()) RC_ASSERT(*actual == *expected);
  }
}

// Without places each cell, layer and pool keeps as many of its CPUs as it has at all.
RC_GTEST_PROP(PlanCells, WithoutPlacesOnlyNumbersMoveCpus, ()) {
  mt19937 random = any_random();
  auto h = any_history(random, {.places = false});
  RC_PRE(h.has_value());
  h->world.demand = any_demand(random, static_cast<uint32_t>(h->world.demand.cpus.size()), 64);
  const auto after = planned(h->world, &h->plan);
  RC_ASSERT(after.ok());
  auto kept = [](const std::vector<uint32_t>& had, const std::vector<uint32_t>& has) {
    std::vector<uint32_t> common;
    std::set_intersection(had.begin(), had.end(), has.begin(), has.end(), std::back_inserter(common));
    return common.size();
  };
  for (const CellPlan& c : h->plan.cells) {
    const CellPlan& now = *after->find_cell(c.id);
    RC_ASSERT(kept(c.owned, now.owned) == std::min(c.owned.size(), now.owned.size()));
    if (c.owned != now.owned) continue;
    RC_ASSERT(kept(c.pool, now.pool) == std::min(c.pool.size(), now.pool.size()));
    for (const DomainPlan& d : h->plan.domains)
      if (d.cell_id == c.id && d.kind != LayerKind::kOpen) {
        const auto& has = after->find(d.domain)->owned;
        RC_ASSERT(kept(d.owned, has) == std::min(d.owned.size(), has.size()));
      }
  }
}

RC_GTEST_PROP(PlanCells, ProtectedCpusAreNobodyElsesHome, ()) {
  mt19937 random = any_random();
  const auto h = any_history(random, {.places = true, .few_floors = false});
  RC_PRE(h.has_value());
  for (const DomainPlan& d : h->plan.domains) {
    const CellRequest& c = *std::find_if(h->world.cells.begin(), h->world.cells.end(),
                                         [&](const CellRequest& r) { return r.id == d.cell_id; });
    // Sharing the allowed set with its owners in time is what that word means.
    if (c.overflow == Overflow::kShare && h->plan.find_cell(c.id)->owned.empty()) continue;
    const CellPlan& host = *h->plan.find_cell(h->plan.find_cell(c.id)->runs_in);
    const bool all_protected = std::all_of(host.owned.begin(), host.owned.end(),
                                           [&](uint32_t id) { return has_id(h->plan.protected_, id); });
    if (d.owned.empty() && !all_protected)
      for (uint32_t id : d.home) RC_ASSERT(!has_id(h->plan.protected_, id));
    // Within a cell there is always a place for a layer without CPUs.
    if (d.owned.empty() && host.id == c.id) RC_ASSERT(!all_protected);
  }
}

// Sizes follow need: a layer below both its need and its ceiling means that the cell is full, but for what
// the open layers keep and what the layer may not own.
RC_GTEST_PROP(PlanCells, NeedIsMetWhileThereIsRoom, ()) {
  mt19937 random = any_random();
  const auto h = any_history(random, {.places = false});
  RC_PRE(h.has_value());
  for (const CellRequest& c : h->world.cells) {
    const CellPlan& row = *h->plan.find_cell(c.id);
    double open_need = 1;
    for (const LayerRequest& l : c.layers)
      if (l.kind == LayerKind::kOpen) open_need += h->world.demand.cpus[l.domain].value_or(1e9) / 0.8;
    for (const LayerRequest& l : c.layers) {
      const DomainPlan& d = *h->plan.find(l.domain);
      if (d.owned.empty() || l.kind == LayerKind::kOpen) continue;
      const double need = h->world.demand.cpus[l.domain].value_or(1e9) * 100 / l.util.high - 1e-6;
      if (static_cast<double>(d.owned.size()) < need && d.owned.size() < d.ceiling)
        if (static_cast<double>(row.pool.size()) > open_need + 1)
          RC_FAIL(fmt::format("{} needs {}, open {}\n", l.name, need, open_need) +
                  explain(h->plan, h->world.topology));
    }
  }
}

// The bound is on steps, not on time: 256 domains on 4,096 CPUs, and 64 cells of four layers with cpusets.
TEST(PlanWork, LargestMachine) {
  const topology::Topology t = machine("8n2s8l16c2t");
  mt19937 random(11);
  std::vector<LayerRequest> layers;
  for (uint32_t d = 0; d < 256; ++d) {
    layers.push_back(d == 255 ? open(d) : confined(d, at_least(1 + d % 7), 1 + random() % 10000));
    layers.back().grow = static_cast<GrowOrder>(d % 5);
  }
  const std::vector<CellRequest> one{{kRootCell, "root", layers}};
  std::vector<CellRequest> many;
  std::vector<CellRequest> listed_cells;
  for (uint32_t id = 0; id < 64; ++id) {
    CellRequest c = cell(id, 50 + id);
    c.layers.assign(layers.begin() + id * 4, layers.begin() + id * 4 + 4);
    for (LayerRequest& l : c.layers) l.cpus = at_least(1);
    c.rebalance = 0.2;
    c.overflow = Overflow::kRoot;
    many.push_back(c);
    if (id != kRootCell) c.claim = {CellClaim::Kind::kList, {}, ids(id * 60, id * 60 + 99)};
    listed_cells.push_back(c);
  }
  const Demand demand = any_demand(random, 256, 200);
  topology::Topology less = t;
  for (size_t i = 0; i < less.cpus.size(); i += 3) less.cpus[i].online = false;
  for (const auto& cells : {one, many, listed_cells}) {
    Work load;
    const auto p = plan(t, cells, {}, nullptr, &load);
    ASSERT_TRUE(p.ok()) << p.error().message;
    EXPECT_EQ(fault_of(t, cells, *p), "");
    Work by_use;
    const auto q = plan(t, cells, demand, &*p, &by_use);
    EXPECT_EQ(fault_of(t, cells, *q), "");
    Work hotplug;
    const auto r = plan(less, cells, demand, &*q, &hotplug);
    EXPECT_EQ(fault_of(less, cells, *r), "");
    // 4,096 CPUs times 256 claimants would be 1,048,576.
    EXPECT_LT(load.steps, 1'000'000U);
    EXPECT_LT(by_use.steps, 1'000'000U);
    EXPECT_LT(hotplug.steps, 1'000'000U);
  }
}

}  // namespace
}  // namespace scx::plan
