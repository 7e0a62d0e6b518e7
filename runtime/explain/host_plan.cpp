#include "runtime/explain/host_plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/base/check.h"

namespace scx::explain {
namespace {

void sort_once(std::vector<uint32_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void find_places(const std::vector<uint32_t>& cpus, const topology::Topology& machine,
                 std::vector<uint32_t>& nodes, std::vector<uint32_t>& llcs) {
  for (const uint32_t id : cpus)
    if (const topology::Cpu* cpu = machine.find(id)) {
      nodes.push_back(machine.node_ids[cpu->node]);
      llcs.push_back(cpu->llc);
    }
  sort_once(nodes);
  sort_once(llcs);
}

std::string places_text(const std::vector<uint32_t>& nodes, const std::vector<uint32_t>& llcs) {
  return fmt::format("{} {}, {} {}", nodes.size() == 1 ? "node" : "nodes", topology::cpu_list(nodes),
                     llcs.size() == 1 ? "LLC" : "LLCs", topology::cpu_list(llcs));
}

bool overlap(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](uint32_t id) { return std::binary_search(b.begin(), b.end(), id); });
}

// The planner's notes name who they are about; those of the asked layer, of its cell and of nobody by name.
std::vector<std::string> notes_about(const std::vector<std::string>& notes, const abi::Cell& cell,
                                     const abi::Domain& layer) {
  const bool root = cell.kind == abi::CellKind::kRoot;
  const std::string of_layer = root ? fmt::format("layer `{}` ", layer.layer)
                                    : fmt::format("layer `{}` of cell `{}` ", layer.layer, cell.name);
  std::vector<std::string> out;
  for (const std::string& note : notes) {
    bool about = true;
    if (note.starts_with("`place near gpu`"))
      about = layer.near_gpus;
    else if (note.starts_with("layer "))
      about = note.starts_with(of_layer);
    else if (note.starts_with("cell"))  // or several, in a list
      about = !root && note.find("`" + cell.name + "`") != std::string::npos;
    if (about) out.push_back(note);
  }
  return out;
}

}  // namespace

Result<HostPlan> plan_on_host(const abi::Manifest& manifest, uint32_t domain,
                              const topology::Topology& machine) {
  std::vector<plan::CellRequest> requests = plan::static_requests(manifest.cells, manifest.domains);
  const abi::Domain& asked = manifest.domains.at(domain);
  const abi::Cell& cell = abi::cell_of_slot(manifest.cells, asked.slot);
  HostPlan out;
  out.family = cell.kind == abi::CellKind::kFamily;
  if (out.family) {
    plan::CellRequest& request = requests.emplace_back(plan::request_of(cell, asked.slot, manifest.domains));
    if (cell.share_with) {
      request.share_with = plan::kRootCell;
      for (const abi::Cell& host : manifest.cells)
        if (host.name == *cell.share_with && host.kind == abi::CellKind::kStatic)
          request.share_with = host.first_slot;
    }
  }
  SCX_TRY(const plan::Plan plan, plan::plan(machine, requests, {}, nullptr));
  const plan::DomainPlan* found = plan.find(domain);
  SCX_CHECK(found != nullptr, "what was asked for is planned");
  out.machine = topology::summary(machine);
  out.domain = *found;
  find_places(found->home, machine, out.nodes, out.llcs);
  for (const plan::DomainPlan& other : plan.domains)
    if (other.domain != domain && overlap(other.home, found->home))
      out.beside.push_back(other.cell + "/" + other.layer);
  out.notes = notes_about(plan.notes, cell, asked);
  return out;
}

std::string host_plan_text(const HostPlan& plan) {
  std::string out = fmt::format("on a machine of {}, at load{}:\n", plan.machine,
                                plan.family ? ", with one cell of the family" : "");
  const plan::DomainPlan& domain = plan.domain;
  if (domain.owned.empty())
    out += fmt::format("    shares {} ({}), {}\n", domain.home.size(), topology::cpu_list(domain.home),
                       places_text(plan.nodes, plan.llcs));
  else
    out += fmt::format("    owns {} ({}), {}; floor {}, ceiling {}\n", domain.owned.size(),
                       topology::cpu_list(domain.owned), places_text(plan.nodes, plan.llcs), domain.floor,
                       domain.ceiling);
  if (!plan.beside.empty()) out += fmt::format("    also at home there: {}\n", fmt::join(plan.beside, ", "));
  for (const std::string& note : plan.notes) out += fmt::format("    note: {}\n", note);
  return out;
}

nlohmann::json host_plan_json(const HostPlan& plan) {
  return {{"machine", plan.machine},
          {"owned", topology::cpu_list(plan.domain.owned)},
          {"home", topology::cpu_list(plan.domain.home)},
          {"floor", plan.domain.floor},
          {"ceiling", plan.domain.ceiling},
          {"nodes", plan.nodes},
          {"llcs", plan.llcs},
          {"beside", plan.beside},
          {"notes", plan.notes}};
}

std::string where_text(const std::vector<uint32_t>& cpus, const topology::Topology& machine) {
  std::vector<uint32_t> nodes, llcs;
  find_places(cpus, machine, nodes, llcs);
  return places_text(nodes, llcs);
}

}  // namespace scx::explain
