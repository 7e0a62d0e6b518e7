// What scx-run says when scxc verify has it load an object: its error, its exit
// code, its document of figures. None of it is trusted: an older scx-run, or
// another program of that name, may stand on PATH. Used by verify_load.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/driver/verify.h"
#include "runtime/base/result.h"

namespace scx::driver {

// The shell's "0\n"; nothing if it is no number.
std::optional<int> exit_code_in(std::string_view text);

// "scx-run: error[REASON]: MESSAGE…\n  help: HELP"; of other text reason "no-answer".
Error refusal_in(const std::string& said);

// Whether the kernel has said no. All else (no privileges, an object of another scx-run's form, a crash) says
// nothing about the kernel.
bool is_verdict(const Error& refusal, int exit_code);

// The document of `scx-run --dry-run --stats json`, into `answer`.
Result<void> read_document(const std::string& text, Verdict& answer);

// Copies the verifier's log into `folder`, under the policy's name and the kernel's. Nothing to do without a
// log or a folder.
Result<void> keep_log(const std::string& log_file, const Verdict& answer, const std::string& folder);

}  // namespace scx::driver
