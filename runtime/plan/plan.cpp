#include "runtime/plan/plan.h"

#include <algorithm>
#include <map>

#include "runtime/plan/cells.h"
#include "runtime/plan/layers.h"
#include "runtime/plan/machine.h"

namespace scx::plan {
namespace {

Error bad_request(std::string message) { return Error{std::move(message), "", "bad-request"}; }

// In rising ids; an error for an id twice, no root, or a domain twice.
Result<std::vector<const CellRequest*>> sorted_cells(const std::vector<CellRequest>& cells) {
  std::vector<const CellRequest*> sorted;
  std::vector<uint32_t> domains;
  for (const CellRequest& cell : cells) {
    sorted.push_back(&cell);
    for (const LayerRequest& layer : cell.layers) domains.push_back(layer.domain);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const CellRequest* a, const CellRequest* b) { return a->id < b->id; });
  for (size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i]->id == sorted[i - 1]->id)
      return bad_request(
          fmt::format("cells `{}` and `{}` have the same id", sorted[i - 1]->name, sorted[i]->name));
  if (sorted.empty() || sorted.front()->id != kRootCell) return bad_request("there is no root cell");
  if (sorted.front()->claim.kind == CellClaim::Kind::kList || sorted.front()->share_with.has_value())
    return bad_request("the root cell owns what is left: it has no list of CPUs and shares no other cell's");
  std::sort(domains.begin(), domains.end());
  if (auto twice = std::adjacent_find(domains.begin(), domains.end()); twice != domains.end())
    return bad_request(fmt::format("domain {} is asked for twice", *twice));
  return sorted;
}

Result<void> check(const topology::Topology& topology, const std::vector<const CellRequest*>& cells) {
  for (const CellRequest* cell : cells) {
    const std::string whose = fmt::format("cell `{}`", cell->name);
    if (auto r = check_places(topology, cell->required, whose); !r.ok()) return r;
    if (cell->claim.kind == CellClaim::Kind::kList)
      if (auto r = check_cpus(topology, cell->claim.list, whose); !r.ok()) return r;
    for (const LayerRequest& layer : cell->layers) {
      const std::string layer_name = fmt::format("layer `{}`", layer.name);
      if (auto r = check_places(topology, layer.required, layer_name); !r.ok()) return r;
      if (auto r = check_places(topology, layer.near, layer_name); !r.ok()) return r;
    }
  }
  return {};
}

bool wants_gpus(const std::vector<CellRequest>& cells) {
  return std::any_of(cells.begin(), cells.end(), [](const CellRequest& cell) {
    return std::any_of(cell.layers.begin(), cell.layers.end(),
                       [](const LayerRequest& layer) { return layer.near_gpus; });
  });
}

// The cell whose CPUs a sharing cell runs on: the end of its chain, or root if a cell of the chain is not
// there.
Result<uint32_t> host_of(const std::map<uint32_t, const CellRequest*>& by_id, const CellRequest& cell,
                         std::vector<Note>& notes) {
  const CellRequest* at = &cell;
  for (size_t hops = 0; at->share_with.has_value(); ++hops) {
    if (hops > by_id.size()) return bad_request(fmt::format("cell `{}` shares CPUs in a circle", cell.name));
    auto next = by_id.find(*at->share_with);
    if (next == by_id.end()) {
      notes.push_back({.kind = Note::Kind::kCellHostAbsent, .cells = {cell.name}, .host = at->name});
      return kRootCell;
    }
    at = next->second;
  }
  return at->id;
}

// Who had each CPU of the machine.
struct Past {
  std::vector<uint32_t> cell;     // kNoCell for a CPU that was not there
  std::vector<uint32_t> owner;    // a domain, or kPool
  std::vector<uint8_t> precious;  // a layer owned it
};

Past past_of(const Plan* previous, const Machine& machine) {
  Past past;
  for (const topology::Cpu& cpu : machine.cpus) {
    uint32_t cell = kNoCell;
    uint32_t owner = kPool;
    if (previous != nullptr && cpu.id < previous->owner.size() &&
        std::binary_search(previous->online.begin(), previous->online.end(), cpu.id)) {
      cell = cpu.id < previous->cell.size() ? previous->cell[cpu.id] : kRootCell;
      owner = previous->owner[cpu.id];
    }
    past.cell.push_back(cell);
    past.owner.push_back(owner);
    past.precious.push_back(owner != kPool ? 1 : 0);
  }
  return past;
}

std::vector<uint32_t> in_mask(const topology::Topology& topology, const Machine& machine,
                              const std::vector<uint32_t>& ids, const Places& required,
                              const std::optional<std::vector<uint32_t>>& allowed) {
  Mask mask = required_mask(topology, machine, required);
  if (allowed.has_value()) keep_ids(machine, *allowed, mask);
  keep_ids(machine, ids, mask);
  std::vector<uint32_t> result;
  for (uint32_t i = 0; i < mask.size(); ++i)
    if (mask[i] != 0) result.push_back(machine.cpus[i].id);
  return result;
}

const std::vector<uint32_t>& first_filled(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  return a.empty() ? b : a;
}

// One plan() call: what its steps share.
class Planner {
 public:
  Planner(const topology::Topology& topology, const Demand& demand, const Plan* previous, Work& work)
      : topology_(topology),
        demand_(demand),
        previous_(previous),
        work_(work),
        machine_(whole_machine(topology)),
        past_(past_of(previous, machine_)) {}

  Result<Plan> run(const std::vector<const CellRequest*>& cells) {
    if (machine_.cpus.empty()) return make_error("the topology has no online CPU");
    uint32_t id_limit = 0;
    for (const topology::Cpu& cpu : topology_.cpus) id_limit = std::max(id_limit, cpu.id + 1);
    plan_.owner.assign(id_limit, kPool);
    plan_.cell.assign(id_limit, kNoCell);
    for (const topology::Cpu& cpu : machine_.cpus) plan_.online.push_back(cpu.id);
    SCX_TRY(const CellPlans owning, assign_cells(cells));
    for (uint32_t c = 0; c < owning.seats.size(); ++c)
      if (Result<void> r = plan_inside(owning, c); !r.ok()) return std::move(r).error();
    for (const CellRequest* cell : cells)
      if (plan_.cells[index_.at(cell->id)].owned.empty()) add_guests(*cell);
    finish();
    return std::move(plan_);
  }

 private:
  Result<CellPlans> assign_cells(const std::vector<const CellRequest*>& cells) {
    std::map<uint32_t, const CellRequest*> by_id;
    for (const CellRequest* cell : cells) by_id.emplace(cell->id, cell);
    std::vector<const CellRequest*> owners;
    for (const CellRequest* cell : cells) {
      CellPlan row;
      row.id = cell->id;
      row.name = cell->name;
      SCX_TRY(row.runs_in, host_of(by_id, *cell, plan_.notes));
      if (!cell->share_with.has_value()) owners.push_back(cell);
      index_[cell->id] = plan_.cells.size();
      plan_.cells.push_back(std::move(row));
    }
    Result<CellPlans> owning = plan_cells(topology_, machine_, owners, demand_, previous_ == nullptr,
                                          past_.cell, past_.precious, work_);
    if (!owning.ok()) return owning;
    for (uint32_t c = 0; c < owning->seats.size(); ++c)
      plan_.cells[index_.at(owning->seats[c].request->id)].floor = owning->seats[c].floor;
    cpus_of_seat_.resize(owning->seats.size());
    for (uint32_t i = 0; i < owning->seat.size(); ++i) {
      const uint32_t id = machine_.cpus[i].id;
      CellPlan& row = plan_.cells[index_.at(owning->seats[owning->seat[i]].request->id)];
      row.owned.push_back(id);
      plan_.cell[id] = row.id;
      cpus_of_seat_[owning->seat[i]].push_back(i);
    }
    plan_.notes.insert(plan_.notes.end(), owning->notes.begin(), owning->notes.end());
    return owning;
  }

  // The layers of a cell that has CPUs.
  Result<void> plan_inside(const CellPlans& owning, uint32_t c) {
    const CellRequest& cell = *owning.seats[c].request;
    CellPlan& row = plan_.cells[index_.at(cell.id)];
    if (row.owned.empty()) return {};
    Before before;
    before.any = previous_ != nullptr;
    for (uint32_t i : cpus_of_seat_[c])
      before.owner.push_back(past_.cell[i] == cell.id ? past_.owner[i] : kElsewhere);
    Result<LayerPlans> inside =
        plan_layers(topology_, cell, part_of(machine_, cpus_of_seat_[c]), demand_, before, work_);
    if (!inside.ok()) return std::move(inside).error();
    row.pool = std::move(inside->pool);
    std::vector<uint32_t>& unprotected = unprotected_[cell.id];
    unprotected = std::move(inside->unprotected);
    for (DomainPlan& domain : inside->domains) {
      for (uint32_t id : domain.owned) plan_.owner[id] = domain.domain;
      domain.home = domain.owned;
      if (domain.home.empty()) domain.home = shared_home(cell, domain, row);
      if (domain.protects)
        plan_.protected_.insert(plan_.protected_.end(), domain.owned.begin(), domain.owned.end());
      plan_.domains.push_back(std::move(domain));
    }
    plan_.notes.insert(plan_.notes.end(), inside->notes.begin(), inside->notes.end());
    return {};
  }

  // The pool, else the unprotected CPUs, else all: of `row`, and in the layer's own places if there are any.
  std::vector<uint32_t> shared_home(const CellRequest& cell, const DomainPlan& domain, const CellPlan& row) {
    const std::vector<uint32_t>& unprotected = unprotected_[row.id];
    const std::vector<uint32_t>& home = first_filled(row.pool, first_filled(unprotected, row.owned));
    for (const LayerRequest& layer : cell.layers)
      if (layer.domain == domain.domain && !layer.required.empty())
        return first_filled(in_mask(topology_, machine_, home, layer.required, std::nullopt), home);
    return home;
  }

  // The layers of a cell without CPUs of its own: at home on those of another.
  void add_guests(const CellRequest& cell) {
    CellPlan& row = plan_.cells[index_.at(cell.id)];
    // A cell that shares one without CPUs shares what that one does.
    if (plan_.cells[index_.at(row.runs_in)].owned.empty()) row.runs_in = kRootCell;
    const CellPlan& host = plan_.cells[index_.at(row.runs_in)];
    std::vector<uint32_t> limited;
    if (cell.overflow == Overflow::kShare && !cell.share_with.has_value()) {
      std::optional<std::vector<uint32_t>> allowed = cell.allowed;
      if (cell.claim.kind == CellClaim::Kind::kList) allowed = cell.claim.list;
      limited = in_mask(topology_, machine_, unprotected_[kRootCell], cell.required, allowed);
      if (limited.empty()) limited = in_mask(topology_, machine_, plan_.online, cell.required, allowed);
    }
    for (const LayerRequest& layer : cell.layers) {
      DomainPlan domain = domain_plan(cell, layer);
      domain.home = limited.empty() ? shared_home(cell, domain, host) : limited;
      plan_.domains.push_back(std::move(domain));
    }
  }

  void finish() {
    std::sort(plan_.domains.begin(), plan_.domains.end(),
              [](const DomainPlan& a, const DomainPlan& b) { return a.domain < b.domain; });
    std::sort(plan_.protected_.begin(), plan_.protected_.end());
    for (const CellPlan& row : plan_.cells)
      plan_.pool.insert(plan_.pool.end(), row.pool.begin(), row.pool.end());
    std::sort(plan_.pool.begin(), plan_.pool.end());
  }

  const topology::Topology& topology_;
  const Demand& demand_;
  const Plan* previous_;
  Work& work_;
  Machine machine_;
  Past past_;
  Plan plan_;
  std::map<uint32_t, size_t> index_;                       // of plan_.cells, by id
  std::vector<std::vector<uint32_t>> cpus_of_seat_;        // positions, rising
  std::map<uint32_t, std::vector<uint32_t>> unprotected_;  // by cell id
};

}  // namespace

const DomainPlan* Plan::find(uint32_t domain) const {
  auto it = std::lower_bound(domains.begin(), domains.end(), domain,
                             [](const DomainPlan& d, uint32_t id) { return d.domain < id; });
  return it != domains.end() && it->domain == domain ? &*it : nullptr;
}

const CellPlan* Plan::find_cell(uint32_t id) const {
  auto it = std::lower_bound(cells.begin(), cells.end(), id,
                             [](const CellPlan& c, uint32_t v) { return c.id < v; });
  return it != cells.end() && it->id == id ? &*it : nullptr;
}

Result<Plan> plan(const topology::Topology& topology, const std::vector<CellRequest>& cells,
                  const Demand& demand, const Plan* previous, Work* work) {
  SCX_TRY(const std::vector<const CellRequest*> sorted, sorted_cells(cells));
  if (Result<void> r = check(topology, sorted); !r.ok()) return std::move(r).error();
  Work own;
  Result<Plan> made = Planner(topology, demand, previous, work == nullptr ? own : *work).run(sorted);
  if (made.ok() && topology.gpu_llcs.empty() && wants_gpus(cells))
    made->notes.push_back({.kind = Note::Kind::kNoGpuNear});
  return made;
}

}  // namespace scx::plan
