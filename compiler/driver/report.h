// Where and how the commands speak: diagnostics, errors of the environment and
// timings, in the format and colour that were asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compiler/driver/options.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/timings.h"
#include "runtime/base/output.h"
#include "runtime/base/result.h"

namespace scx::driver {

// Diagnostics of one compilation. Text goes to standard error; JSON to
// standard output, or to standard error when `output_taken` (the result itself
// goes to standard output).
void report_diagnostics(const Options& options, const Compilation& compilation, bool output_taken);

// The phases for a command whose own result goes to standard output: runs them and reports what is wrong. The
// exit code if there can be no result. `told`: what is wrong, for a command that is not about warnings only
// errors.
enum class Told : uint8_t { kAll, kErrors };
std::optional<int> run_for_result(const Options& options, const std::string& file, Phase last,
                                  Compilation& compilation, Timings& timings, Told told = Told::kAll);
// The same where they ran before: `ran` is what run_phases() said.
std::optional<int> report_for_result(const Options& options, const Result<void>& ran,
                                     Compilation& compilation, Told told = Told::kAll);

// "error: …", with help; for errors that are not about a place in a policy.
void report_error(const Options& options, const Error& error);

// On standard error, if asked for.
void report_timings(const Options& options, const Timings& timings);

// Whether text on this stream is coloured. NO_COLOR (https://no-color.org)
// counts for `auto` when it is set and not empty.
bool use_color(Color color, int fd);

}  // namespace scx::driver
