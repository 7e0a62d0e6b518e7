// Publishes plans to a loaded object: what differs from the one before, in an
// order in which no domain is ever without a CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"
#include "runtime/load/bpf_object.h"
#include "runtime/load/feed.h"
#include "runtime/plan/plan.h"
#include "runtime/topology/topology.h"

namespace scx::load {

class PlanWriter {
 public:
  // Of the topology only where CPUs are. Reasons: "feed-mismatch", "load-refused".
  Result<void> push(const Object& object, const abi::Manifest& manifest, const topology::Topology& topology,
                    const plan::Plan& plan);
  // To be called a moment after each push: takes tasks along that were on their way into a queue meanwhile.
  Result<void> settle(const Object& object);
  // The next push publishes everything: the BPF side has changed its own part, as it does at hotplug.
  void forget() { certain_ = false; }
  // Whether the BPF side has the plan that was pushed last and nothing else.
  [[nodiscard]] bool is_certain() const { return certain_; }

 private:
  Feed fed_;                         // what the BPF side was told last
  bool certain_ = false;             // that it has `fed_` and nothing else
  std::vector<uint32_t> unsettled_;  // rows that changed with it
};

}  // namespace scx::load
