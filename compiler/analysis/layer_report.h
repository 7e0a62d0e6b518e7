// What there is to know about one layer: which tasks it takes and which it does
// not get, with examples that the reference classifier confirms, and the
// properties that hold. `scxc explain FILE --layer NAME`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "compiler/analysis/task_search.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/classifier.h"
#include "runtime/base/result.h"

namespace scx::analysis {

// A declared layer; both are indexes into the model.
struct LayerId {
  uint32_t cell = 0;
  uint32_t layer = 0;
};

// `NAME`, or `CELL/NAME` where several cells have one of that name. Errors are the user's, reason
// "bad-layer".
Result<LayerId> find_layer(const model::Policy& policy, std::string_view words);

// Another layer of the cell, and a task that both match: kNone if there is none, of tasks that get there.
struct Rival {
  uint32_t layer = 0;
  TaskFinding task;
  bool only_refused = false;  // `task` is of a cgroup that a full family refused, as are all that both match
};

struct Property {
  std::string name;
  std::string value;
  // Where it is written; `policy` says it for the layers that do not.
  enum class From : uint8_t { kDefault, kLayer, kPolicy };
  From from = From::kDefault;
  Span span = {};
};

struct LayerReport {
  LayerId id;
  TaskFinding reached;         // the simplest task that it gets
  bool only_refused = false;   // `reached` is one that a full family refused
  std::vector<Rival> earlier;  // each layer before it: a task that it takes and this one would match
  // Each layer behind it with a match of its own: a task that this one takes and that one would have got.
  std::vector<Rival> later;
  std::vector<Property> properties;
};

LayerReport report_on_layer(const model::Policy& policy, const abi::Classifier& classifier, LayerId id);

// For people, plain text; the CPUs are the caller's to add.
std::string layer_text(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
                       const LayerReport& report);
// One object; the caller adds `version`.
nlohmann::json layer_json(const model::Policy& policy, const abi::Classifier& classifier,
                          const Sources& sources, const LayerReport& report);

}  // namespace scx::analysis
