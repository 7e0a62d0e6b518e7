// The second engine of `scxc test`: the emitted classifier, compiled for this
// machine. It turns the facts of a task into the structure that the C text
// reads. The test command builds one for each policy with tests.
#pragma once

#include <memory>
#include <vector>

#include "compiler/analysis/policy_tests.h"
#include "compiler/backend/host_classifier.h"
#include "compiler/driver/options.h"
#include "compiler/driver/pipeline.h"
#include "runtime/base/result.h"

namespace scx::driver {

class HostEngine {
 public:
  // Precondition: `compilation` has policy and classifier. Errors are faults of scxc.
  static Result<HostEngine> compile(const Options& options, const Compilation& compilation);

  // Shares what it needs; may outlive this object.
  [[nodiscard]] analysis::Engine engine() const;

 private:
  struct Code {
    backend::HostFunction function;
    // Ids of the users and groups that predicates name, in the order of the emitted text.
    std::vector<long long> ids;
  };
  std::shared_ptr<const Code> code_;
};

}  // namespace scx::driver
