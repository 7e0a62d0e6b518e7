#include "compiler/analysis/lint/rules.h"

namespace scx::analysis::lint {

void run_rules(const model::Policy& policy, const abi::Classifier& classifier,
               diag::Diagnostics& diagnostics) {
  TaskSearch search(policy, classifier);
  const Subject subject{policy, classifier, search};
  order_decides(subject, diagnostics);
  redundant_term(subject, diagnostics);
  untested_layer(subject, diagnostics);
  nodes_of_tasks(subject, diagnostics);
}

}  // namespace scx::analysis::lint
