// `scxc test --coverage`: what the tests of a policy reach, on the reference
// classifier: layers, and of each matcher and each test of an attribute both
// values. What no test can reach does not count.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/classifier.h"
#include "runtime/classify/classify.h"

namespace scx::analysis {

// Whether some test has shown it; if not, how one could, or why none can.
struct Shown {
  bool is_seen = false;
  bool can_be = true;  // false: it does not count
  std::string task;    // not seen: a task that would show it, if one was found
  std::string why_not;
};

// Of a matcher or of a test of an attribute.
struct BothValues {
  std::string text;
  abi::Location where;
  Shown yes, no;
};

struct LayerCoverage {
  std::string layer, cell;
  abi::Location where;  // of its match; no file: added by the compiler
  Shown shown;
};

struct Coverage {
  std::vector<LayerCoverage> layers;
  std::vector<BothValues> matchers;
  std::vector<BothValues> predicates;  // those that layers ask; seen while one asked
  // Of what counts; 100 if nothing does.
  struct Share {
    size_t seen = 0, all = 0;
    [[nodiscard]] size_t percent() const { return all == 0 ? 100 : seen * 100 / all; }
  };
  [[nodiscard]] Share of_layers() const;
  static Share of(const std::vector<BothValues>& values);
};

// What the tests see: by domain of a cell's first slot, by predicate while some layer asked it.
struct Seen {
  std::vector<bool> domains;
  std::vector<bool> matcher_yes, matcher_no;
  std::vector<bool> yes, no;
  // Of nothing yet.
  explicit Seen(const model::Policy& policy);
  void add(const model::Policy& policy, const classify::Verdict& verdict);
};
Seen seen_by_tests(const model::Policy& policy, const abi::Classifier& classifier);

// For each predicate whether some layer asks it.
std::vector<bool> asked_by_layers(const model::Policy& policy);

// Preconditions: sema accepted the policy; `classifier` was built from it.
Coverage cover(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources);

// For people: a line each and shares in percent, with colours if wanted.
std::string to_text(const Coverage& coverage, bool color);
// For tools.
nlohmann::json to_value(const Coverage& coverage);

}  // namespace scx::analysis
