#include "runtime/cells/registry.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/cells/names.h"

namespace scx::cells {
namespace {

using Cpus = std::vector<uint32_t>;

bool includes(const Cpus& all, const Cpus& part) {
  return std::includes(all.begin(), all.end(), part.begin(), part.end());
}

bool overlap(const Cpus& a, const Cpus& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](uint32_t cpu) { return std::binary_search(b.begin(), b.end(), cpu); });
}

Cpus united(const Cpus& a, const Cpus& b) {
  Cpus out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

// Where the tasks of these cgroups may run, if that is less than what is online.
std::optional<Cpus> effective_of(const std::vector<const Cpuset*>& cpusets, const Cpus& online) {
  Cpus all;
  for (const Cpuset* cpuset : cpusets) {
    if (!cpuset->effective.has_value() || cpuset->effective->empty()) return std::nullopt;
    all = united(all, *cpuset->effective);
  }
  if (cpusets.empty() || includes(all, online)) return std::nullopt;
  return all;
}

// The CPUs that these cgroups ask for, if every one of them asks for less than the machine. A cpuset outside
// of what the cgroups above allow is one that the kernel does not heed.
std::optional<Cpus> own_of(const std::vector<const Cpuset*>& cpusets, const Cpus& online) {
  Cpus all;
  for (const Cpuset* cpuset : cpusets) {
    if (!cpuset->own.has_value() || cpuset->own->empty() || includes(*cpuset->own, online))
      return std::nullopt;
    if (cpuset->effective.has_value() && !overlap(*cpuset->own, *cpuset->effective)) return std::nullopt;
    all = united(all, *cpuset->own);
  }
  if (cpusets.empty()) return std::nullopt;
  return all;
}

bool is_below(std::string_view path, std::string_view above) {
  return path.starts_with(above) &&
         (path.size() == above.size() || above.ends_with('/') || path[above.size()] == '/');
}

}  // namespace

Registry::Registry(std::vector<abi::Cell> cells, std::vector<abi::Domain> domains)
    : declared_(std::move(cells)), domains_(std::move(domains)), slots_(abi::slot_count(declared_)) {
  SCX_CHECK(!slots_.empty() && declared_.front().kind == abi::CellKind::kRoot, "root is the first cell");
  for (uint32_t d = 0; d < declared_.size(); ++d)
    for (uint32_t k = 0; k < declared_[d].max; ++k) slots_[declared_[d].first_slot + k].declared = d;
  slots_.front() = {SlotState::kRunning, 0, 1, declared_.front().name, declared_.front().name, {}, {}, {}};
}

std::optional<uint32_t> Registry::declared_by(uint32_t first_slot) const {
  if (first_slot == plan::kRootCell || first_slot >= slots_.size()) return std::nullopt;
  const uint32_t declared = slots_[first_slot].declared;
  if (declared_[declared].first_slot != first_slot) return std::nullopt;
  return declared;
}

void Registry::began(Cgroup cgroup) {
  const std::optional<uint32_t> declared = declared_by(cgroup.first_slot);
  if (!declared.has_value() || cgroups_.contains(cgroup.id)) return;
  // A path is one cgroup's at a time: the former one has ended, whether or not somebody said so.
  if (const auto former = by_path_.find(cgroup.path); former != by_path_.end()) ended(former->second);
  by_path_[cgroup.path] = cgroup.id;
  Known known;
  known.cgroup = std::move(cgroup);
  known.declared = *declared;
  known.order = next_order_++;
  const uint64_t id = known.cgroup.id;
  cgroups_.emplace(id, std::move(known));
}

void Registry::ended(uint64_t id) {
  const auto it = cgroups_.find(id);
  if (it == cgroups_.end()) return;
  if (it->second.slot.has_value()) leave(it->second);
  by_path_.erase(it->second.cgroup.path);
  cgroups_.erase(it);
}

void Registry::cpuset(uint64_t id, Cpuset cpuset) {
  if (const auto it = cgroups_.find(id); it != cgroups_.end()) it->second.cgroup.cpuset = std::move(cpuset);
}

void Registry::exist(Census census) {
  std::set<uint64_t> found;
  for (const Cgroup& cgroup : census.found) found.insert(cgroup.id);
  std::vector<uint64_t> gone;
  for (const auto& entry : cgroups_) {
    const Known& known = entry.second;
    const bool hidden = std::any_of(census.unread.begin(), census.unread.end(), [&](const std::string& path) {
      return is_below(known.cgroup.path, path);
    });
    if (!found.contains(entry.first) && !hidden) gone.push_back(entry.first);
  }
  for (const uint64_t id : gone) ended(id);
  for (Cgroup& cgroup : census.found) {
    if (const auto it = cgroups_.find(cgroup.id); it == cgroups_.end())
      began(std::move(cgroup));
    else if (it->second.cgroup.cpuset = std::move(cgroup.cpuset); it->second.not_found && !it->second.told)
      refused_late_.push_back(it->first);
  }
}

void Registry::not_found(uint64_t id) {
  const auto it = cgroups_.find(id);
  if (it == cgroups_.end()) return;
  it->second.not_found = true;
  if (!it->second.slot.has_value()) return;
  leave(it->second);
  it->second.slot.reset();
}

// Takes the cgroup out of its cell. With the last one goes what says where the cell drains to.
void Registry::leave(const Known& known) {
  Slot& slot = slots_[*known.slot];
  std::erase(slot.cgroups, known.cgroup.id);
  if (slot.cgroups.empty()) slot.drains_to = drain_of(known);
}

Registry::Tenure Registry::drain_of(const Known& known) const {
  const abi::Cell& declared = declared_[known.declared];
  const uint32_t domain = declared.first_domain + (*known.slot - declared.first_slot) * declared.layer_count;
  const abi::TaskDrain& drain = domains_[domain].cleanup.on_cgroup_exit;  // that of every layer
  switch (drain.to) {
    case abi::TaskDrain::To::kParent:
      return enclosing(known);
    case abi::TaskDrain::To::kCell: {
      const uint32_t slot = declared_[drain.cell].first_slot;
      return {slot, slots_[slot].generation};
    }
    case abi::TaskDrain::To::kRoot:
      break;
  }
  return {plan::kRootCell, slots_[plan::kRootCell].generation};
}

// The cell that begins deepest above the cgroup.
Registry::Tenure Registry::enclosing(const Known& known) const {
  std::string_view path = known.cgroup.path;
  while (path.size() > 1 && path.starts_with('/')) {
    path = path.substr(0, std::max<size_t>(path.rfind('/'), 1));
    const auto above = by_path_.find(path);
    if (above == by_path_.end()) continue;
    const std::optional<uint32_t> slot = cgroups_.at(above->second).slot;
    if (slot.has_value() && *slot != *known.slot) return {*slot, slots_[*slot].generation};
  }
  return {plan::kRootCell, slots_[plan::kRootCell].generation};
}

void Registry::queued(uint32_t number, uint32_t tasks, Time now) {
  if (number >= slots_.size() || slots_[number].state != SlotState::kDraining) return;
  Slot& slot = slots_[number];
  if (tasks != 0) {
    slot.empty_since.reset();
    return;
  }
  if (!slot.empty_since.has_value()) slot.empty_since = now;
  if (now - *slot.empty_since < kDrainTime) return;
  events_.push_back({EventKind::kDrained, now, number, slot.name});
  slot.state = SlotState::kFree;
  slot.empty_since.reset();
}

std::vector<Action> Registry::settle(Time now) {
  std::vector<Action> actions = close_abandoned(now);
  std::vector<Known*> waiting;
  for (auto& [id, known] : cgroups_)
    if (!known.slot.has_value() && !known.not_found) waiting.push_back(&known);
  std::sort(waiting.begin(), waiting.end(),
            [](const Known* a, const Known* b) { return a->order < b->order; });
  std::vector<Action> assignments;
  for (Known* known : waiting) place(*known, now, actions, assignments);
  actions.insert(actions.end(), assignments.begin(), assignments.end());
  for (const uint64_t id : std::exchange(refused_late_, {}))
    if (const auto it = cgroups_.find(id); it != cgroups_.end()) refuse(it->second, now);
  return actions;
}

// Slots without a cgroup drain from now on.
std::vector<Action> Registry::close_abandoned(Time now) {
  std::vector<Action> actions;
  for (uint32_t number = 1; number < slots_.size(); ++number) {
    Slot& slot = slots_[number];
    if (slot.state != SlotState::kRunning || !slot.cgroups.empty()) continue;
    slot.state = SlotState::kDraining;
    events_.push_back({EventKind::kEnded, now, number, slot.name});
    actions.push_back({Action::Kind::kCloseSlot, number});
  }
  return actions;
}

// Gives the cgroup a slot if there is one.
void Registry::place(Known& known, Time now, std::vector<Action>& openings,
                     std::vector<Action>& assignments) {
  const std::optional<uint32_t> number = slot_for(known);
  if (!number.has_value()) {
    // While a cell drains, its slot will soon be free.
    if (!any_draining(known.declared)) refuse(known, now);
    return;
  }
  Slot& slot = slots_[*number];
  if (slot.state == SlotState::kFree) {
    const abi::Cell& declared = declared_[known.declared];
    slot.state = SlotState::kRunning;
    ++slot.generation;
    slot.name = cell_name(declared, known.cgroup.path);
    slot.short_name = short_cell_name(declared, known.cgroup.path);
    events_.push_back({EventKind::kCreated, now, *number, slot.name, known.cgroup.path});
    openings.push_back({Action::Kind::kOpenSlot, *number});
  }
  slot.cgroups.push_back(known.cgroup.id);
  known.slot = number;
  known.told = false;
  assignments.push_back({Action::Kind::kAssignCgroup, *number, known.cgroup.id});
}

std::optional<uint32_t> Registry::slot_for(const Known& known) const {
  const abi::Cell& declared = declared_[known.declared];
  const bool is_family = declared.kind == abi::CellKind::kFamily;
  for (uint32_t number = declared.first_slot; number < declared.first_slot + declared.max; ++number) {
    const SlotState state = slots_[number].state;
    if (state == SlotState::kFree || (state == SlotState::kRunning && !is_family)) return number;
  }
  return std::nullopt;
}

bool Registry::any_draining(uint32_t declared) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return slot.declared == declared && slot.state == SlotState::kDraining;
  });
}

void Registry::refuse(Known& known, Time now) {
  if (known.told) return;
  known.told = true;
  const abi::Cell& declared = declared_[known.declared];
  std::string why = fmt::format("all of its {} cells are taken", declared.max);
  if (declared.max == 1) why = "its cell is taken";
  if (known.not_found) why = "the kernel does not find the cgroup";
  events_.push_back(
      {EventKind::kRefused, now, declared.first_slot, declared.name, known.cgroup.path, std::move(why)});
}

std::vector<Event> Registry::take_events() { return std::exchange(events_, {}); }

std::vector<plan::CellRequest> Registry::requests(const Cpus& online) const {
  std::vector<plan::CellRequest> requests;
  for (uint32_t number = 0; number < slots_.size(); ++number) {
    if (slots_[number].state == SlotState::kRunning) requests.push_back(running(number, online));
    if (slots_[number].state == SlotState::kDraining) requests.push_back(drained(number));
  }
  return requests;
}

plan::CellRequest Registry::running(uint32_t number, const Cpus& online) const {
  const Slot& slot = slots_[number];
  const abi::Cell& declared = declared_[slot.declared];
  plan::CellRequest request = plan::request_of(declared, number, domains_);
  request.name = slot.name;
  std::vector<const Cpuset*> cpusets;
  for (const uint64_t id : slot.cgroups) cpusets.push_back(&cgroups_.at(id).cgroup.cpuset);
  request.allowed = effective_of(cpusets, online);
  if (declared.source == abi::CellCpus::kCpuset)
    if (std::optional<Cpus> own = own_of(cpusets, online))
      request.claim = {plan::CellClaim::Kind::kList, {}, *std::move(own)};
  if (declared.share_with.has_value())
    request.share_with = running_slot(*declared.share_with).value_or(plan::kRootCell);
  return request;
}

// A cell that ends owns nothing and asks for nothing; its domains are at home where those of the cell are
// that it drains to.
plan::CellRequest Registry::drained(uint32_t number) const {
  const plan::CellRequest whole = plan::request_of(declared_[slots_[number].declared], number, domains_);
  const Tenure& to = slots_[number].drains_to;
  const Slot& host = slots_[to.slot];
  plan::CellRequest request;
  request.id = number;
  request.name = slots_[number].name;
  const bool there = host.state == SlotState::kRunning && host.generation == to.generation;
  request.share_with = there ? to.slot : plan::kRootCell;
  for (const plan::LayerRequest& layer : whole.layers)
    request.layers.push_back({layer.domain, layer.name, layer.kind, {}, layer.weight});
  return request;
}

std::optional<uint32_t> Registry::running_slot(const std::string& name) const {
  for (const abi::Cell& cell : declared_)
    if (cell.name == name && cell.kind == abi::CellKind::kStatic &&
        slots_[cell.first_slot].state == SlotState::kRunning)
      return cell.first_slot;
  return std::nullopt;
}

std::vector<CellView> Registry::cells() const {
  std::vector<CellView> views;
  for (uint32_t number = 0; number < slots_.size(); ++number) {
    const Slot& slot = slots_[number];
    if (slot.state == SlotState::kFree) continue;
    CellView view{number, slot.state, slot.generation, slot.name, slot.short_name, {}};
    for (const uint64_t id : slot.cgroups) view.cgroups.push_back(cgroups_.at(id).cgroup.path);
    views.push_back(std::move(view));
  }
  return views;
}

std::optional<uint32_t> Registry::slot_of(uint64_t id) const {
  const auto it = cgroups_.find(id);
  return it == cgroups_.end() ? std::nullopt : it->second.slot;
}

std::vector<Cgroup> Registry::cgroups() const {
  std::vector<Cgroup> all;
  for (const auto& [id, known] : cgroups_) all.push_back(known.cgroup);
  return all;
}

std::vector<uint32_t> Registry::draining() const {
  std::vector<uint32_t> numbers;
  for (uint32_t number = 0; number < slots_.size(); ++number)
    if (slots_[number].state == SlotState::kDraining) numbers.push_back(number);
  return numbers;
}

}  // namespace scx::cells
