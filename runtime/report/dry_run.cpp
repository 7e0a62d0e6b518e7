#include "runtime/report/dry_run.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace scx::report {

std::string text(const DryRun& result) {
  size_t width = 7;
  ProgramCost sum;
  sum.name = "total";
  for (const ProgramCost& p : result.programs) {
    width = std::max(width, p.name.size());
    sum.instructions += p.instructions;
    sum.verified_instructions += p.verified_instructions;
    sum.verify_us += p.verify_us;
    sum.total_states += p.total_states;
    sum.stack_bytes = std::max(sum.stack_bytes, p.stack_bytes);
  }
  std::string out =
      fmt::format("policy {} ({}) loads on {} in {:.1f} ms; nothing was attached\n{}", result.policy,
                  result.fingerprint, result.kernel, static_cast<double>(result.load_us) / 1000, result.plan);
  for (const Family& family : result.families)
    out += fmt::format("  cells {}: one for each of its cgroups, at most {} at a time\n", family.name,
                       family.max);
  out += fmt::format("{:<{}}  {:>8}  {:>9}  {:>7}  {:>10}  {:>6}\n", "PROGRAM", width, "INSNS", "VERIFIED",
                     "STATES", "VERIFY US", "STACK");
  auto row = [&](const ProgramCost& p) {
    out += fmt::format("{:<{}}  {:>8}  {:>9}  {:>7}  {:>10}  {:>6}\n", p.name, width, p.instructions,
                       p.verified_instructions, p.total_states, p.verify_us, p.stack_bytes);
  };
  for (const ProgramCost& p : result.programs) row(p);
  row(sum);
  out += fmt::format("maps take {:.1f} KiB of kernel memory\n", static_cast<double>(result.map_bytes) / 1024);
  return out;
}

std::string json(const DryRun& result) {
  nlohmann::ordered_json document;
  document["schema"] = "scx-run.dry-run";
  document["version"] = kDryRunVersion;
  document["policy"] = result.policy;
  document["fingerprint"] = result.fingerprint;
  document["kernel"] = result.kernel;
  document["load_us"] = result.load_us;
  document["map_bytes"] = result.map_bytes;
  document["families"] = nlohmann::ordered_json::array();
  for (const Family& family : result.families)
    document["families"].push_back({{"cells", family.name}, {"max", family.max}});
  document["programs"] = nlohmann::ordered_json::array();
  for (const ProgramCost& p : result.programs)
    document["programs"].push_back({{"name", p.name},
                                    {"section", p.section},
                                    {"instructions", p.instructions},
                                    {"verified_instructions", p.verified_instructions},
                                    {"verify_us", p.verify_us},
                                    {"stack_bytes", p.stack_bytes},
                                    {"total_states", p.total_states},
                                    {"peak_states", p.peak_states}});
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace scx::report
