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

// Of the layer, of its cell, and of the machine if it matters to the layer.
bool is_about(const plan::Note& note, const abi::Cell& cell, const abi::Domain& layer) {
  if (note.kind == plan::Note::Kind::kNoGpuNear) return layer.near_gpus;
  const bool names_cell = std::find(note.cells.begin(), note.cells.end(), cell.name) != note.cells.end();
  if (!note.layer.empty()) return names_cell && note.layer == layer.layer;
  return names_cell && cell.kind != abi::CellKind::kRoot;
}

// What it says in words, and what it says it of; numbers where there are any.
nlohmann::json note_json(const plan::Note& note) {
  nlohmann::json out = {
      {"code", plan::code_of(note.kind)}, {"text", plan::text_of(note)}, {"cells", note.cells}};
  if (!note.layer.empty()) out["layer"] = note.layer;
  if (!note.host.empty()) out["host"] = note.host;
  if (note.unit != plan::Alignment::kNone) out["unit"] = abi::spelling(note.unit);
  if (note.floor != 0) out["cpus"] = {{"floor", note.floor}, {"kept", note.kept}, {"online", note.online}};
  if (note.kind == plan::Note::Kind::kCellWithoutCpus) out["cpus"]["allowed"] = note.allowed;
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
  for (const plan::Note& note : plan.notes)
    if (is_about(note, cell, asked)) out.notes.push_back(note);
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
  for (const plan::Note& note : plan.notes) out += fmt::format("    note: {}\n", plan::text_of(note));
  return out;
}

nlohmann::json host_plan_json(const HostPlan& plan) {
  nlohmann::json notes = nlohmann::json::array();
  for (const plan::Note& note : plan.notes) notes.push_back(note_json(note));
  return {{"machine", plan.machine},
          {"owned", topology::cpu_list(plan.domain.owned)},
          {"home", topology::cpu_list(plan.domain.home)},
          {"floor", plan.domain.floor},
          {"ceiling", plan.domain.ceiling},
          {"nodes", plan.nodes},
          {"llcs", plan.llcs},
          {"beside", plan.beside},
          {"notes", std::move(notes)}};
}

std::string where_text(const std::vector<uint32_t>& cpus, const topology::Topology& machine) {
  std::vector<uint32_t> nodes, llcs;
  find_places(cpus, machine, nodes, llcs);
  return places_text(nodes, llcs);
}

}  // namespace scx::explain
