#include "compiler/driver/manifest.h"

#include "compiler/codegen/codegen.h"
#include "compiler/driver/version.h"
#include "compiler/sema/tables.h"

namespace scx::driver {

static_assert(sema::kMaxDomains == codegen::kMaxDomains, "what sema accepts can be generated");

namespace {

abi::Location location(Span span, const Sources& sources) {
  const LineColumn at = sources.position(span.file, span.begin);
  return {sources.logical_path(span.file), at.line, at.column};
}

using Action = model::CleanupAction;

abi::CpuReturn cpu_return(const Action& action) {
  using To = abi::CpuReturn::To;
  switch (action.to) {
    case Action::To::kDonors:
      return {To::kDonors};
    case Action::To::kSiblings:
      return {To::kSiblings};
    case Action::To::kCell:
      return {To::kCell, action.cell};
    default:
      return {To::kRoot};
  }
}

abi::TaskDrain task_drain(const Action& action) {
  using To = abi::TaskDrain::To;
  switch (action.to) {
    case Action::To::kRoot:
      return {To::kRoot};
    case Action::To::kCell:
      return {To::kCell, action.cell};
    default:
      return {To::kParent};
  }
}

// Of the model's events those of a cell come first, in this order.
static_assert(static_cast<size_t>(model::Event::kCpuOffline) ==
              static_cast<size_t>(abi::CellEvent::kCpuOffline));

void add_to_domain(const model::CleanupRule& rule, abi::DomainCleanup& out) {
  if (rule.action.verb == Action::Verb::kKeepStats) out.keep_stats_ns = rule.action.keep_ns;
  if (rule.resource != model::Resource::kTasks) return;
  (rule.event == model::Event::kCgroupExit ? out.on_cgroup_exit : out.on_cell_end) = task_drain(rule.action);
}

// What the loader does not do by default.
void add_cleanup(const model::Policy& policy, abi::Manifest& out) {
  for (const model::CleanupRule& rule : policy.cleanup) {
    if (rule.is_default()) continue;
    const model::Cell& cell = policy.cells[rule.cell];
    if (rule.resource == model::Resource::kScheduler)
      (rule.event == model::Event::kStall ? out.cleanup.on_stall : out.cleanup.on_cpu_offline) =
          abi::EndAction::kRestart;
    else if (rule.resource == model::Resource::kCpus)
      out.cells[rule.cell].cleanup.cpus[static_cast<size_t>(rule.event)] = cpu_return(rule.action);
    else if (rule.scope == model::Scope::kCell)
      out.cells[rule.cell].cleanup.keep_stats_ns = rule.action.keep_ns;
    else if (rule.scope == model::Scope::kLayer)
      for (uint32_t slot = 0; slot < cell.max; ++slot)
        add_to_domain(rule, out.domains[cell.first_domain + slot * cell.layers.size() + rule.layer].cleanup);
  }
}

}  // namespace

abi::Manifest manifest_of_policy(const model::Policy& policy, const abi::Classifier& classifier,
                                 const Sources& sources) {
  abi::Manifest manifest;
  manifest.compiler = compiler_name();
  manifest.policy = policy.name;
  manifest.fingerprint = model::fingerprint(policy);
  manifest.min_kernel = model::to_string(policy.min_kernel);
  if (policy.min_kernel_span.begin != policy.min_kernel_span.end)
    manifest.min_kernel_where = location(policy.min_kernel_span, sources);
  manifest.watchdog_ns = policy.watchdog_ns;
  manifest.classifier = classifier;
  for (const model::Cell& cell : policy.cells)
    manifest.cells.push_back({cell,
                              cell.name,
                              cell.kind,
                              cell.max,
                              cell.first_slot,
                              cell.first_domain,
                              static_cast<uint32_t>(cell.layers.size()),
                              location(cell.span, sources),
                              {}});
  manifest.places = codegen::places(policy, classifier);
  manifest.gpu_devices = policy.gpu_devices;
  for (uint32_t id = 0; id < policy.domains.size(); ++id) {
    const model::Layer& layer = policy.layer(id);
    const model::Domain& domain = policy.domains[id];
    manifest.domains.push_back(
        {layer, policy.cells[domain.cell].name, domain.slot, layer.name, location(layer.span, sources), {}});
  }
  add_cleanup(policy, manifest);
  manifest.rows = codegen::rows_of(policy);
  return manifest;
}

abi::Manifest make_manifest(const model::Policy& policy, const abi::Classifier& classifier,
                            const backend::Object& object, const Sources& sources) {
  abi::Manifest manifest = manifest_of_policy(policy, classifier, sources);
  for (const backend::KernelSymbol& symbol : object.kernel_symbols) {
    if (symbol.function) manifest.kernel_functions.push_back({symbol.name, symbol.weak});
  }
  return manifest;
}

}  // namespace scx::driver
