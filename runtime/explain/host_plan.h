// The CPUs that a domain has on one machine, by the planner that scx-run uses.
// Pure: the caller reads the machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"
#include "runtime/plan/plan.h"
#include "runtime/topology/topology.h"

namespace scx::explain {

struct HostPlan {
  std::string machine;  // in one line
  plan::DomainPlan domain;
  std::vector<uint32_t> nodes;  // the kernel's numbers, rising
  std::vector<uint32_t> llcs;
  std::vector<std::string> beside;  // `CELL/LAYER` of other domains at home on some of its CPUs
  std::vector<plan::Note> notes;    // of the planner, but those about other layers and cells
  bool family = false;              // one cell of the family runs, and no other family's
};

// As scx-run plans it at load, while every cell with a name runs and all layers want CPUs. Reasons: those of
// plan(). Precondition: `domain` is one of the manifest's.
Result<HostPlan> plan_on_host(const abi::Manifest& manifest, uint32_t domain,
                              const topology::Topology& machine);

std::string host_plan_text(const HostPlan& plan);
nlohmann::json host_plan_json(const HostPlan& plan);

// "node 0, LLC 0"; also of the CPUs that the kernel has now. In the kernel's numbers of nodes.
std::string where_text(const std::vector<uint32_t>& cpus, const topology::Topology& machine);

}  // namespace scx::explain
