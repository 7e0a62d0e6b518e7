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

}  // namespace

abi::Manifest make_manifest(const model::Policy& policy, const abi::Classifier& classifier,
                            const backend::Object& object, const Sources& sources) {
  abi::Manifest manifest;
  manifest.compiler = compiler_name();
  manifest.policy = policy.name;
  manifest.fingerprint = model::fingerprint(policy);
  manifest.min_kernel = model::to_string(policy.min_kernel);
  manifest.watchdog_ns = policy.watchdog_ns;
  manifest.classifier = classifier;
  for (const model::Cell& cell : policy.cells)
    manifest.cells.push_back({cell, cell.name, cell.kind, cell.max, cell.first_slot, cell.first_domain,
                              static_cast<uint32_t>(cell.layers.size()), location(cell.span, sources)});
  manifest.places = codegen::places(policy, classifier);
  manifest.gpu_devices = policy.gpu_devices;
  for (uint32_t id = 0; id < policy.domains.size(); ++id) {
    const model::Layer& layer = policy.layer(id);
    const model::Domain& domain = policy.domains[id];
    manifest.domains.push_back(
        {layer, policy.cells[domain.cell].name, domain.slot, layer.name, location(layer.span, sources)});
  }
  manifest.rows = codegen::rows_of(policy);
  for (const backend::KernelSymbol& symbol : object.kernel_symbols) {
    if (symbol.function) manifest.kernel_functions.push_back({symbol.name, symbol.weak});
  }
  return manifest;
}

}  // namespace scx::driver
