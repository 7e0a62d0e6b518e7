// From the model to the text of a BPF scheduler: one self-contained C file
// that holds what the policy uses and nothing else, composed from the
// hand-written templates (bpf_templates/) and small generated parts. The
// driver calls it; the backend compiles the text.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/classifier.h"
#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"

namespace scx::codegen {

// DSQs, counters and masks exist for each domain and cache: more are no policy that a person wrote.
inline constexpr uint32_t kMaxDomains = 1024;

// The hand-written files by name ("dispatch.bpf.c"). Embedded in the program;
// from a directory for who works on them.
class Templates {
 public:
  static const Templates& embedded();
  // Every file of `directory` that is also embedded; the others stay embedded. An empty name changes nothing.
  // Errors: a directory or file that cannot be read.
  static Result<Templates> load(const std::string& directory);

  // Precondition: there is a template of that name.
  [[nodiscard]] std::string_view text(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> files_;
};

// The scheduler, without its manifest. `#line` directives lead from the policy's
// lines back to "NAME.bpf.c", NAME being the stem of the main policy file. `classifier` is what
// automata::build_classifier made of `policy`. The same arguments give the same bytes. Preconditions: sema
// accepted the policy; at most kMaxDomains domains.
std::string emit(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
                 const Templates& templates = Templates::embedded());

// The classifier alone: the tables of its automata, a function for each
// predicate that a layer uses, and `classify`. These bytes are in emit()'s text
// and in emit_host()'s.
std::string emit_classifier(const model::Policy& policy, const abi::Classifier& classifier,
                            const Sources& sources);

// The places that its tests of affinities compare with, in the order of their numbers.
std::vector<abi::Place> places(const model::Policy& policy, const abi::Classifier& classifier);

// The classifier for this machine's CPU, self-contained; its entry points are
// scx_classify and scx_test (bpf_templates/host_task.h). It keeps no state.
std::string emit_host(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
                      const Templates& templates = Templates::embedded());

// The sets of CPUs beyond those of domains that the emitted text reads.
abi::RowLayout rows_of(const model::Policy& policy);

// Calls in the emitted `text` that a kernel between 6.16 and 7.3 refuses, when
// loading or only when running: "pol_tick calls scx_bpf_dsq_insert, which …".
std::vector<std::string> forbidden_calls(std::string_view text);

}  // namespace scx::codegen
