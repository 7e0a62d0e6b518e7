// The attributes of one imagined task, changed step by step until a set of
// tests comes out as wanted: each group of attributes that depend on each other
// is settled on its own. Used by task_search.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/analysis/string_search.h"
#include "compiler/model/ranges.h"
#include "runtime/abi/classifier.h"
#include "runtime/classify/classify.h"

namespace scx::analysis {

// A predicate and the value that it is to have.
struct Literal {
  uint32_t predicate = 0;
  bool holds = true;
};

// Attributes that depend on each other.
enum class Group : uint8_t {
  kPath,    // cgroup
  kNames,   // comm, leader comm: one and the same for a leader
  kIds,     // pid, tgid, leader
  kNumber,  // one attribute by itself
  kPlaces,  // affinity
  kGpu,     // GPU use, which kernel threads have none of, and kthread
};
Group group_of(abi::Attribute attribute);

// Where a task of a test may be: on these CPUs of the machine that its `host` describes.
struct Placement {
  std::string host;  // empty: none is named
  std::string cpus;  // as in `affinity`; empty: all
  int64_t node = -1, llc = -1;
  bool full = true, pinned = false;
};

// What there is for `test` blocks to say: names have these ids, every GPU was opened just now, and a task is
// at one of these places; the first that will do is taken.
struct TestWorld {
  classify::NameIds ids;
  std::vector<Placement> placements;
};

// What `test` blocks are bound to; without one of these their tasks are as free in it as any others.
struct Bounds {
  bool ids = true;       // those of TestWorld
  bool machines = true;  // only its placements
  bool ages = true;      // GPUs opened just now
  bool classes = true;   // scheduling classes that have a word
};

// Where the task is looked for.
struct World {
  CellNeeds cells;
  bool families_full = false;
  const TestWorld* tests = nullptr;  // only what a `test` block can say
  Bounds bounds = {};                // with `tests`: what of that holds
};

class TaskValues {
 public:
  // A leader or another thread, with the defaults of a `test` block. The references outlive it.
  TaskValues(const abi::Classifier& classifier, StringSearch& strings, bool leader, const World& world);

  // Gives the attributes of `attribute`'s group values for which every literal
  // of that group comes out as wanted; of the others nothing changes. Without an
  // answer nothing changes at all.
  Answer settle(abi::Attribute attribute, const std::vector<Literal>& literals);

  [[nodiscard]] const classify::TaskFacts& task() const { return task_; }
  [[nodiscard]] const classify::NameIds& ids() const { return ids_; }

 private:
  using Chosen = std::vector<Literal>;
  // What is left for a number, and the name whose id it has, if any.
  struct Left {
    model::Ranges values;
    std::string name;
  };

  [[nodiscard]] const abi::Predicate& test(const Literal& literal) const {
    return classifier_.predicates[literal.predicate];
  }
  // Whether the task is bound as those of tests are.
  [[nodiscard]] bool has_bound(bool Bounds::* bound) const {
    return world_.tests != nullptr && world_.bounds.*bound;
  }
  [[nodiscard]] model::Ranges open_numbers(abi::Attribute attribute) const;
  [[nodiscard]] Chosen of(abi::Attribute attribute, const std::vector<Literal>& literals) const;
  [[nodiscard]] StringNeeds needs(const Chosen& chosen) const;
  Answer settle_path(const Chosen& path);
  Answer settle_names(const Chosen& comm, const Chosen& leader_comm);
  Answer settle_ids(const Chosen& pid, const Chosen& tgid, const Chosen& leader);
  Answer settle_places(const std::vector<Literal>& literals);
  Answer settle_at(const std::vector<Literal>& literals);
  Answer settle_gpu(const Chosen& thread, const Chosen& process, const Chosen& kthread);
  Answer settle_number(abi::Attribute attribute, const Chosen& chosen);
  [[nodiscard]] std::optional<Left> left_of(abi::Attribute attribute, const Chosen& chosen) const;
  [[nodiscard]] std::optional<Left> left_in_tests(abi::Attribute attribute, const Chosen& chosen) const;
  [[nodiscard]] bool may_share_an_id(abi::Attribute attribute, const Chosen& chosen) const;
  void bind(abi::Attribute attribute, int64_t id, const std::string& name);

  const abi::Classifier& classifier_;
  StringSearch& strings_;
  bool leader_;
  const World& world_;
  classify::TaskFacts task_;
  classify::NameIds ids_;
};

}  // namespace scx::analysis
