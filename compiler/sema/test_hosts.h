// The machines that tests name with `host`, and where a test's task is on one:
// from a list of CPUs to the node and the cache that hold all of them. Used by
// the pass lower_tests; each machine is read once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/model/ranges.h"
#include "compiler/support/source.h"
#include "runtime/topology/topology.h"

namespace scx::sema {

class TestHosts {
 public:
  // `folder`: the main policy file's, for relative paths.
  TestHosts(std::string folder, diag::Diagnostics& diagnostics)
      : folder_(std::move(folder)), diagnostics_(diagnostics) {}

  // A topology file or a description. Reports and returns null if it cannot be read.
  const topology::Topology* find(const std::string& source, Span span);

  // Fills in the affinity. `cpus`: those that the task may use; nothing: all. Reports a CPU that the host
  // lacks.
  void place(const topology::Topology& host, const std::optional<model::Ranges>& cpus, Span span,
             model::TestTask& task);

 private:
  Result<topology::Topology> read(const std::string& source) const;

  std::string folder_;
  diag::Diagnostics& diagnostics_;
  std::map<std::string, std::optional<topology::Topology>> known_;
};

// `0-3,8` in normal form; nothing if it is no list of CPUs that a machine can have.
std::optional<model::Ranges> read_cpu_list(std::string_view text);

}  // namespace scx::sema
