// The manifest of a policy's text, as far as explanations read it.
#pragma once

#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "compiler/automata/build.h"
#include "runtime/abi/manifest.h"
#include "tests/unit/sema/compile.h"

namespace scx::explain {

inline abi::Manifest manifest_of(std::string_view body) {
  test::Compiled compiled = test::compile_body(body);
  abi::Manifest out;
  EXPECT_TRUE(compiled.policy && !compiled.diagnostics.has_errors()) << compiled.rendered();
  if (!compiled.policy) return out;
  const model::Policy& policy = *compiled.policy;
  out.policy = policy.name;
  out.classifier = automata::build_classifier(policy, compiled.sources, compiled.diagnostics);
  for (const model::Cell& cell : policy.cells)
    out.cells.push_back({cell,
                         cell.name,
                         cell.kind,
                         cell.max,
                         cell.first_slot,
                         cell.first_domain,
                         static_cast<uint32_t>(cell.layers.size()),
                         {},
                         {}});
  for (uint32_t id = 0; id < policy.domains.size(); ++id)
    out.domains.push_back({policy.layer(id),
                           policy.cells[policy.domains[id].cell].name,
                           policy.domains[id].slot,
                           policy.layer(id).name,
                           {},
                           {}});
  return out;
}

}  // namespace scx::explain
