// `scxc FILE`: a policy to an object, to C text, or to the dump of a phase.
#include <filesystem>

#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"
#include "compiler/model/model.h"
#include "compiler/syntax/syntax.h"
#include "runtime/base/file.h"

namespace scx::driver {

namespace {

namespace fs = std::filesystem;

// How far the phases must run for what was asked.
Phase last_phase(const Options& options) {
  switch (options.dump) {
    case Dump::kTokens:
    case Dump::kAst:
      return Phase::kSyntax;
    case Dump::kModel:
      return Phase::kSema;
    case Dump::kC:
      return Phase::kCodegen;
    case Dump::kNone:
    case Dump::kObject:
    case Dump::kManifest:
      return Phase::kBackend;
  }
  return Phase::kBackend;
}

std::string dump_text(const Options& options, const Compilation& compilation) {
  std::string text;
  switch (options.dump) {
    case Dump::kNone:
      break;
    case Dump::kTokens:
      return syntax::dump_tokens(FileId{}, compilation.sources);
    case Dump::kAst:
      for (const ast::File& file : compilation.program.files) text += ast::dump(file, compilation.sources);
      return text;
    case Dump::kModel:
      return model::dump(*compilation.policy);
    case Dump::kC:
      return compilation.c_text;
    case Dump::kObject:
      return compilation.object_dump;
    case Dump::kManifest:
      return compilation.manifest;
  }
  return text;
}

std::string default_output(const Options& options) {
  return stem_of(options.files.front()) + (options.emit == Emit::kC ? ".bpf.c" : ".bpf.o");
}

// Whether writing to `output` would destroy a text that the compilation reads.
bool is_an_input(const std::string& output, const Sources& sources) {
  if (output == "-") return false;
  for (size_t i = 0; i < sources.size(); ++i) {
    std::error_code error;
    if (fs::equivalent(output, sources.display_path(static_cast<FileId>(i)), error) && !error) return true;
  }
  return false;
}

}  // namespace

int compile(const Options& options) {
  const std::string output = options.output.empty() ? default_output(options) : options.output;
  const bool output_taken = options.dump != Dump::kNone || output == "-";
  Compilation compilation;
  Timings timings;
  const Result<void> ran =
      run_phases(options, options.files.front(), last_phase(options), compilation, timings);
  report_diagnostics(options, compilation, output_taken);
  if (!ran) {
    report_error(options, ran.error());
    return kExitEnvironment;
  }
  // Tokens and tree are shown for a wrong policy too: that is when one wants to see them.
  const bool early = options.dump == Dump::kTokens || options.dump == Dump::kAst;
  if (compilation.diagnostics.has_errors()) {
    if (early) print_out(dump_text(options, compilation));
    report_timings(options, timings);
    return kExitErrors;
  }
  if (options.dump != Dump::kNone) {
    print_out(dump_text(options, compilation));
  } else if (is_an_input(output, compilation.sources)) {
    report_error(options, make_error("the output {} is an input of this compilation", scx::quoted(output)));
    return kExitUsage;
  } else {
    const Result<void> written = timings.measure("write", [&] {
      return write_file_atomically(
          output, options.emit == Emit::kC ? c_with_manifest(compilation) : compilation.object);
    });
    if (!written) {
      report_error(options, written.error());
      return kExitEnvironment;
    }
  }
  report_timings(options, timings);
  return kExitOk;
}

}  // namespace scx::driver
