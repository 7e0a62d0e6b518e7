#include "runtime/cli/witness.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string>

namespace scx::cli {
namespace {

// Letters first, so that examples look like names; then what remains of printable ASCII.
const std::string& alphabet() {
  static const std::string all = [] {
    std::string text = "abcdefghijklmnopqrstuvwxyz0123456789-./_ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (char c = ' '; c <= '~'; ++c)
      if (text.find(c) == std::string::npos) text += c;
    return text;
  }();
  return all;
}

// Values worth trying for one attribute: a default, and what each predicate names.
struct Candidates {
  std::vector<std::string> cgroups{"/", "/scx-load"};
  std::vector<std::string> comms{"worker"};
  std::vector<int64_t> nices{0};
  std::vector<int64_t> scheds{abi::kSchedNormal};
  std::vector<int64_t> uids{0};
  std::vector<int64_t> gids{0};
};

template <typename T>
void add(std::vector<T>& values, T value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(std::move(value));
}

void add_range_ends(std::vector<int64_t>& values, const abi::Predicate& predicate, int64_t low,
                    int64_t high) {
  for (const abi::IntRange& range : predicate.ranges) {
    if (range.high < low || range.low > high) continue;
    add(values, std::clamp(range.low, low, high));
    add(values, std::clamp(range.high, low, high));
  }
}

bool is_path(const std::string& text) {
  return text.starts_with('/') && (text.size() == 1 || !text.ends_with('/')) && text.find("//") == text.npos;
}

// What each test of a cgroup asks for, alone and below the cgroups at which cells begin.
void add_cgroups(std::vector<std::string>& paths, const abi::Classifier& classifier) {
  constexpr size_t kLongestPath = 64;
  constexpr size_t kMostPaths = 1000;
  std::vector<std::string> texts;
  for (const abi::Predicate& predicate : classifier.predicates)
    if (predicate.attribute == abi::Attribute::kCgroup)
      add(texts, shortest_match(classifier.automata[predicate.automaton], predicate.bit, kLongestPath));
  for (const std::string& text : texts)
    for (const char* before : {"", "/"})
      if (is_path(before + text)) add(paths, before + text);
  const std::vector<std::string> alone = paths;
  for (const std::string& path : alone) {
    if (!classify::claim_of(classifier, path)) continue;
    for (const std::string& text : texts)
      for (const char* between : {"", "/", "/a"}) {
        std::string below = path + between + text;
        if (is_path(below) && below.size() <= kLongestPath && paths.size() < kMostPaths)
          add(paths, std::move(below));
      }
  }
}

Candidates find_candidates(const abi::Classifier& classifier, const classify::NameIds& ids) {
  constexpr int64_t kMostId = 65533;  // 65534 is nobody's overflow id; higher ones need user namespaces
  Candidates found;
  add_cgroups(found.cgroups, classifier);
  for (const abi::Predicate& predicate : classifier.predicates) {
    switch (predicate.attribute) {
      case abi::Attribute::kComm:
      case abi::Attribute::kLeaderComm:
        if (std::string comm =
                shortest_match(classifier.automata[predicate.automaton], predicate.bit, abi::kCommBytes);
            !comm.empty())
          add(found.comms, comm);
        break;
      case abi::Attribute::kNice:
        add_range_ends(found.nices, predicate, -20, 19);
        break;
      case abi::Attribute::kSched:
        add_range_ends(found.scheds, predicate, abi::kSchedNormal, abi::kSchedIdle);
        break;
      case abi::Attribute::kUid:
        add_range_ends(found.uids, predicate, 0, kMostId);
        for (const std::string& name : predicate.names)
          if (auto it = ids.users.find(name); it != ids.users.end()) add(found.uids, it->second);
        break;
      case abi::Attribute::kGid:
        add_range_ends(found.gids, predicate, 0, kMostId);
        for (const std::string& name : predicate.names)
          if (auto it = ids.groups.find(name); it != ids.groups.end()) add(found.gids, it->second);
        break;
      default:
        break;
    }
  }
  return found;
}

}  // namespace

std::string shortest_match(const abi::Automaton& automaton, uint32_t bit, size_t most) {
  const uint64_t mask = uint64_t{1} << bit;
  // A state, and whether the bit was set on the way.
  struct Node {
    uint32_t state;
    bool hit;
    std::string text;
  };
  std::deque<Node> queue{{0, (automaton.entered[0] & mask) != 0, ""}};
  std::set<std::pair<uint32_t, bool>> seen;
  while (!queue.empty()) {
    Node node = std::move(queue.front());
    queue.pop_front();
    if (!node.text.empty() && (node.hit || (automaton.final[node.state] & mask) != 0)) return node.text;
    if (node.text.size() >= most) continue;
    for (char c : alphabet()) {
      const uint8_t cls = automaton.class_of[static_cast<unsigned char>(c)];
      const uint32_t next = automaton.next[size_t{node.state} * automaton.class_count + cls];
      const bool hit = node.hit || (automaton.entered[next] & mask) != 0;
      if (seen.emplace(next, hit).second) queue.push_back({next, hit, node.text + c});
    }
  }
  return "";
}

std::vector<Witness> find_witnesses(const abi::Classifier& classifier, const classify::NameIds& ids) {
  const Candidates all = find_candidates(classifier, ids);
  size_t layers = 0;
  for (const abi::CellMatch& cell : classifier.cells) layers += cell.layers.size();
  constexpr size_t kMostTries = 200'000;
  std::vector<Witness> witnesses;
  std::set<uint32_t> reached;
  size_t tries = 0;
  // Odometer over all combinations; the defaults come first, so examples deviate as little as they must.
  for (int64_t gid : all.gids)
    for (int64_t uid : all.uids)
      for (int64_t sched : all.scheds)
        for (int64_t nice : all.nices)
          for (const std::string& cgroup : all.cgroups)
            for (const std::string& comm : all.comms) {
              if (++tries > kMostTries || reached.size() == layers) return witnesses;
              classify::TaskFacts facts;
              facts.cgroup = cgroup;
              facts.comm = facts.leader_comm = comm;
              facts.pid = facts.tgid = 1000;
              facts.nice = nice;
              facts.sched = sched;
              facts.uid = uid;
              facts.gid = gid;
              const uint32_t domain = classify::classify(classifier, facts, ids).domain;
              if (domain != classify::kNoDomain && reached.insert(domain).second)
                witnesses.push_back({domain, facts});
            }
  return witnesses;
}

}  // namespace scx::cli
