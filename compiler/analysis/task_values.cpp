#include "compiler/analysis/task_values.h"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/base/check.h"

namespace scx::analysis {
namespace {

using abi::Attribute;
using model::Ranges;

// SCHED_EXT itself (include/uapi/linux/sched.h).
constexpr int64_t kSchedExt = 7;

// Users and groups of this name have id 0 everywhere.
constexpr std::string_view kRoot = "root";

// What stands for numbers in a test, whoever has the names.
Ranges fixed_ids(const abi::Predicate& predicate) {
  Ranges ids = predicate.ranges;
  if (std::count(predicate.names.begin(), predicate.names.end(), kRoot) != 0) ids.push_back({0, 0});
  return model::normalise(std::move(ids));
}

// The number that is nearest to `wanted`. Precondition: there is one.
int64_t nearest(const Ranges& ranges, int64_t wanted) {
  int64_t best = ranges.front().low;
  for (const abi::IntRange& range : ranges) {
    const int64_t candidate = std::clamp(wanted, range.low, range.high);
    if (std::abs(candidate - wanted) < std::abs(best - wanted)) best = candidate;
  }
  return best;
}

Ranges all_numbers(Attribute attribute) {
  // Of the kernel's classes only these come to sched_ext.
  if (attribute == Attribute::kSched)
    return {{abi::kSchedNormal, abi::kSchedNormal},
            {abi::kSchedBatch, abi::kSchedBatch},
            {abi::kSchedIdle, abi::kSchedIdle},
            {kSchedExt, kSchedExt}};
  return {model::numbers_of(attribute)};
}

Ranges without(const Ranges& ranges, const Ranges& removed) {
  Ranges out;
  for (const abi::IntRange& range : ranges) {
    const Ranges rest = model::complement(removed, range.low, range.high);
    out.insert(out.end(), rest.begin(), rest.end());
  }
  return model::normalise(std::move(out));
}

Ranges at_least(const Ranges& ranges, int64_t low) {
  return model::intersect(ranges, {{low, INT64_MAX - 1}});
}

}  // namespace

Group group_of(Attribute attribute) {
  switch (attribute) {
    case Attribute::kCgroup:
      return Group::kPath;
    case Attribute::kComm:
    case Attribute::kLeaderComm:
      return Group::kNames;
    case Attribute::kPid:
    case Attribute::kTgid:
    case Attribute::kLeader:
      return Group::kIds;
    case Attribute::kAffinityNode:
    case Attribute::kAffinityLlc:
    case Attribute::kAffinityFull:
    case Attribute::kAffinityPinned:
      return Group::kPlaces;
    case Attribute::kGpuThread:
    case Attribute::kGpuProcess:
    case Attribute::kKthread:
      return Group::kGpu;
    default:
      return Group::kNumber;
  }
}

TaskValues::TaskValues(const abi::Classifier& classifier, StringSearch& strings, bool leader,
                       const World& world)
    : classifier_(classifier), strings_(strings), leader_(leader), world_(world) {
  task_.leader = leader;
  if (!leader) task_.pid = 2;
  if (has_bound(&Bounds::machines)) settle_at({});
  if (has_bound(&Bounds::ids)) {
    ids_ = world.tests->ids;
    return;
  }
  bind(Attribute::kUid, 0, "");
  bind(Attribute::kGid, 0, "");
}

Answer TaskValues::settle(Attribute attribute, const std::vector<Literal>& literals) {
  switch (group_of(attribute)) {
    case Group::kPath:
      return settle_path(of(attribute, literals));
    case Group::kNames:
      return settle_names(of(Attribute::kComm, literals), of(Attribute::kLeaderComm, literals));
    case Group::kIds:
      return settle_ids(of(Attribute::kPid, literals), of(Attribute::kTgid, literals),
                        of(Attribute::kLeader, literals));
    case Group::kPlaces:
      return settle_places(literals);
    case Group::kGpu:
      return settle_gpu(of(Attribute::kGpuThread, literals), of(Attribute::kGpuProcess, literals),
                        of(Attribute::kKthread, literals));
    case Group::kNumber:
      return settle_number(attribute, of(attribute, literals));
  }
  SCX_CHECK(false, "a group without a way to settle it");
}

TaskValues::Chosen TaskValues::of(Attribute attribute, const std::vector<Literal>& literals) const {
  Chosen out;
  for (const Literal& literal : literals)
    if (test(literal).attribute == attribute) out.push_back(literal);
  return out;
}

StringNeeds TaskValues::needs(const Chosen& chosen) const {
  StringNeeds out;
  for (const Literal& literal : chosen)
    (literal.holds ? out.accepted : out.refused).push_back(literal.predicate);
  std::sort(out.accepted.begin(), out.accepted.end());
  std::sort(out.refused.begin(), out.refused.end());
  return out;
}

Answer TaskValues::settle_path(const Chosen& path) {
  StringNeeds wanted = needs(path);
  wanted.cells = world_.cells;
  wanted.families_full = world_.families_full;
  const StringFinding& found = strings_.find(Attribute::kCgroup, wanted);
  if (found.answer == Answer::kFound) task_.cgroup = found.value;
  return found.answer;
}

Answer TaskValues::settle_names(const Chosen& comm, const Chosen& leader_comm) {
  if (leader_) {
    Chosen both = comm;
    both.insert(both.end(), leader_comm.begin(), leader_comm.end());
    const StringFinding& found = strings_.find(Attribute::kComm, needs(both));
    if (found.answer == Answer::kFound) task_.comm = task_.leader_comm = found.value;
    return found.answer;
  }
  const StringFinding& own = strings_.find(Attribute::kComm, needs(comm));
  if (own.answer != Answer::kFound) return own.answer;
  const StringFinding& leaders = strings_.find(Attribute::kComm, needs(leader_comm));
  if (leaders.answer != Answer::kFound) return leaders.answer;
  task_.comm = own.value;
  task_.leader_comm = leaders.value;
  return Answer::kFound;
}

Answer TaskValues::settle_ids(const Chosen& pid, const Chosen& tgid, const Chosen& leader) {
  for (const Literal& literal : leader) {
    const bool says_leader = test(literal).ranges == Ranges{{1, 1}};
    if (says_leader == literal.holds ? !leader_ : leader_) return Answer::kNone;
  }
  const std::optional<Left> pids = left_of(Attribute::kPid, pid);
  const std::optional<Left> tgids = left_of(Attribute::kTgid, tgid);
  if (!pids || !tgids) return Answer::kNone;
  if (leader_) {
    const Ranges common = model::intersect(pids->values, tgids->values);
    if (common.empty()) return Answer::kNone;
    task_.pid = task_.tgid = nearest(common, 1);
    return Answer::kFound;
  }
  int64_t process = nearest(tgids->values, 1);
  Ranges others = without(pids->values, {{process, process}});
  if (others.empty()) {
    // The only thread left has the number of the process chosen: another process, then.
    const int64_t thread = pids->values.front().low;
    const Ranges processes = without(tgids->values, {{thread, thread}});
    if (processes.empty()) return Answer::kNone;
    process = nearest(processes, 1);
    others = pids->values;
  }
  task_.tgid = process;
  task_.pid = nearest(others, process + 1);
  return Answer::kFound;
}

Answer TaskValues::settle_places(const std::vector<Literal>& literals) {
  if (has_bound(&Bounds::machines)) return settle_at(literals);
  const std::optional<Left> node = left_of(Attribute::kAffinityNode, of(Attribute::kAffinityNode, literals));
  const std::optional<Left> llc = left_of(Attribute::kAffinityLlc, of(Attribute::kAffinityLlc, literals));
  const std::optional<Left> full = left_of(Attribute::kAffinityFull, of(Attribute::kAffinityFull, literals));
  const std::optional<Left> pinned =
      left_of(Attribute::kAffinityPinned, of(Attribute::kAffinityPinned, literals));
  if (!node || !llc || !full || !pinned) return Answer::kNone;
  // A single CPU lies in a cache, and a cache in a node.
  const bool one_cpu = nearest(pinned->values, 0) == 1;
  const Ranges llcs = one_cpu ? at_least(llc->values, 0) : llc->values;
  if (llcs.empty()) return Answer::kNone;
  const int64_t cache = nearest(llcs, -1);
  const Ranges nodes = cache >= 0 ? at_least(node->values, 0) : node->values;
  if (nodes.empty()) return Answer::kNone;
  task_.affinity_llc = cache;
  task_.affinity_node = nearest(nodes, -1);
  task_.affinity_pinned = one_cpu;
  task_.affinity_full = nearest(full->values, 1) == 1;
  return Answer::kFound;
}

// At the first place of the tests' that does.
Answer TaskValues::settle_at(const std::vector<Literal>& literals) {
  for (const Placement& place : world_.tests->placements) {
    classify::TaskFacts facts = task_;
    facts.affinity_node = place.node;
    facts.affinity_llc = place.llc;
    facts.affinity_full = place.full;
    facts.affinity_pinned = place.pinned;
    const bool met = std::all_of(literals.begin(), literals.end(), [&](const Literal& literal) {
      return group_of(test(literal).attribute) != Group::kPlaces ||
             classify::holds(classifier_, test(literal), facts, ids_) == literal.holds;
    });
    if (!met) continue;
    task_ = facts;
    return Answer::kFound;
  }
  return Answer::kNone;
}

Answer TaskValues::settle_gpu(const Chosen& thread, const Chosen& process, const Chosen& kthread) {
  const std::optional<Left> kinds = left_of(Attribute::kKthread, kthread);
  if (!kinds) return Answer::kNone;
  const bool is_kthread = nearest(kinds->values, 0) == 1;
  Chosen all = thread;
  all.insert(all.end(), process.begin(), process.end());
  if (is_kthread && std::any_of(all.begin(), all.end(), [](const Literal& literal) { return literal.holds; }))
    return Answer::kNone;
  // An open that one test sees and a wider one, of any device or a longer time, does not.
  const auto covers = [&](const Literal& wide, const Literal& narrow) {
    const abi::Predicate& w = test(wide);
    const abi::Predicate& n = test(narrow);
    return (!w.device || w.device == n.device) &&
           (w.for_ns == 0 || (n.for_ns != 0 && n.for_ns <= w.for_ns)) &&
           (w.attribute == n.attribute || w.attribute == Attribute::kGpuProcess);
  };
  for (const Literal& seen : all)
    for (const Literal& unseen : all)
      if (seen.holds && !unseen.holds && covers(unseen, seen)) return Answer::kNone;
  // There is such a task; one that opened a single device can be told.
  std::set<int64_t> devices = {0};
  std::set<uint64_t> ages = {0};
  for (const Literal& literal : all) {
    if (test(literal).device) devices.insert({*test(literal).device, int64_t{*test(literal).device} + 1});
    if (test(literal).for_ns != 0 && !has_bound(&Bounds::ages))
      ages.insert({test(literal).for_ns, test(literal).for_ns + 1});
  }
  std::vector<std::pair<int64_t, int64_t>> candidates = {{-1, -1}};
  for (const int64_t device : devices) candidates.emplace_back(-1, device);
  for (const int64_t device : devices) candidates.emplace_back(device, device);
  classify::TaskFacts facts = task_;
  for (const auto& [of_thread, of_process] : candidates) {
    for (const uint64_t age : ages) {
      facts.gpu_thread = of_thread;
      facts.gpu_process = of_process;
      facts.gpu_age_ns = age;
      const bool met = std::all_of(all.begin(), all.end(), [&](const Literal& literal) {
        return classify::holds(classifier_, test(literal), facts, ids_) == literal.holds;
      });
      if (!met) continue;
      task_ = facts;
      task_.kthread = is_kthread;
      return Answer::kFound;
    }
  }
  // A test says no more than what was tried.
  return has_bound(&Bounds::ages) ? Answer::kNone : Answer::kUndecided;
}

Answer TaskValues::settle_number(Attribute attribute, const Chosen& chosen) {
  const std::optional<Left> left = left_of(attribute, chosen);
  if (!left) return may_share_an_id(attribute, chosen) ? Answer::kUndecided : Answer::kNone;
  const int64_t value = nearest(left->values, 0);
  switch (attribute) {
    case Attribute::kPpid:
      task_.ppid = value;
      break;
    case Attribute::kUid:
      task_.uid = value;
      break;
    case Attribute::kGid:
      task_.gid = value;
      break;
    case Attribute::kNice:
      task_.nice = value;
      break;
    case Attribute::kSched:
      task_.sched = value;
      break;
    default:
      SCX_CHECK(false, "not a number by itself");
  }
  if (attribute != Attribute::kUid && attribute != Attribute::kGid) return Answer::kFound;
  if (!has_bound(&Bounds::ids)) bind(attribute, value, left->name);
  return Answer::kFound;
}

Ranges TaskValues::open_numbers(Attribute attribute) const {
  Ranges out = all_numbers(attribute);
  // sched_ext's own class has no word.
  if (attribute == Attribute::kSched && has_bound(&Bounds::classes))
    out = without(out, {{kSchedExt, kSchedExt}});
  return out;
}

// Names have the ids of tests.
std::optional<TaskValues::Left> TaskValues::left_in_tests(Attribute attribute, const Chosen& chosen) const {
  const auto& table = attribute == Attribute::kGid ? ids_.groups : ids_.users;
  Ranges left = open_numbers(attribute);
  for (const Literal& literal : chosen) {
    const abi::Predicate& predicate = test(literal);
    Ranges named;
    for (const std::string& name : predicate.names)
      if (const auto id = table.find(name); id != table.end()) named.push_back({id->second, id->second});
    if (!predicate.negated_names) named.insert(named.end(), predicate.ranges.begin(), predicate.ranges.end());
    named = model::normalise(std::move(named));
    left = literal.holds != predicate.negated_names ? model::intersect(left, named) : without(left, named);
  }
  if (left.empty()) return std::nullopt;
  return Left{std::move(left), ""};
}

// Names other than root's may have any id, each its own: whoever has one of them may have whatever number.
std::optional<TaskValues::Left> TaskValues::left_of(Attribute attribute, const Chosen& chosen) const {
  if (has_bound(&Bounds::ids)) return left_in_tests(attribute, chosen);
  Ranges open = open_numbers(attribute);
  std::set<std::string> strangers = {std::string(kRoot)};
  std::vector<const abi::Predicate*> wanted;
  std::vector<std::string> candidates = {""};  // the one name that the task has; empty: none
  for (const Literal& literal : chosen) {
    const abi::Predicate& predicate = test(literal);
    if (literal.holds == predicate.negated_names) {
      open = without(open, fixed_ids(predicate));
      strangers.insert(predicate.names.begin(), predicate.names.end());
    } else {
      wanted.push_back(&predicate);
      candidates.insert(candidates.end(), predicate.names.begin(), predicate.names.end());
    }
  }
  for (const std::string& name : candidates) {
    if (strangers.contains(name)) continue;
    Ranges left = open;
    for (const abi::Predicate* predicate : wanted)
      if (std::count(predicate->names.begin(), predicate->names.end(), name) == 0)
        left = model::intersect(left, fixed_ids(*predicate));
    // Id 0 is root's.
    if (!name.empty()) left = without(left, {{0, 0}});
    if (!left.empty()) return Left{std::move(left), name};
  }
  return std::nullopt;
}

// Two names may be of one user or group, root's beside others: then a task may have both. Which do is known
// only where the policy is loaded, so such a task is no witness, and there is no proof that there is none.
bool TaskValues::may_share_an_id(Attribute attribute, const Chosen& chosen) const {
  if (has_bound(&Bounds::ids)) return false;
  std::set<std::string> strangers = {std::string(kRoot)};
  for (const Literal& literal : chosen)
    if (literal.holds == test(literal).negated_names)
      strangers.insert(test(literal).names.begin(), test(literal).names.end());
  Ranges left = open_numbers(attribute);
  for (const Literal& literal : chosen) {
    const abi::Predicate& predicate = test(literal);
    if (literal.holds == predicate.negated_names) {
      left = without(left, fixed_ids(predicate));
      continue;
    }
    const bool may_be_named = std::any_of(predicate.names.begin(), predicate.names.end(),
                                          [&](const std::string& name) { return !strangers.contains(name); });
    if (!may_be_named) left = model::intersect(left, fixed_ids(predicate));
  }
  return !left.empty();
}

// The task has the name's id; every other name is somebody else's, -1.
void TaskValues::bind(Attribute attribute, int64_t id, const std::string& name) {
  auto& table = attribute == Attribute::kGid ? ids_.groups : ids_.users;
  for (const abi::Predicate& predicate : classifier_.predicates) {
    if (predicate.attribute != attribute) continue;
    for (const std::string& other : predicate.names)
      table[other] = other == kRoot ? 0 : other == name ? id : -1;
  }
}

}  // namespace scx::analysis
