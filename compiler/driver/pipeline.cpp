#include "compiler/driver/pipeline.h"

#include <algorithm>
#include <filesystem>

#include "compiler/analysis/cleanup.h"
#include "compiler/analysis/machine_check.h"
#include "compiler/analysis/reachability.h"
#include "compiler/automata/build.h"
#include "compiler/backend/compile_bpf.h"
#include "compiler/backend/object.h"
#include "compiler/codegen/codegen.h"
#include "compiler/driver/follow_ons.h"
#include "compiler/driver/manifest.h"
#include "compiler/findings/allowances.h"
#include "compiler/sema/analyse.h"
#include "compiler/syntax/syntax.h"
#include "runtime/base/file.h"

namespace scx::driver {

namespace {

// A fault of scxc, told with everything that its author needs.
Error internal_error(const std::string& what, const Error& error) {
  return Error{fmt::format("internal error: {}", what), error.message, "internal"};
}

// File names stand in `#line` directives and comments of the emitted C and in
// the object's line information: one that ends a string or a comment is refused.
Result<void> check_names(const Sources& sources) {
  for (size_t i = 0; i < sources.size(); ++i) {
    const std::string& name = sources.logical_path(static_cast<FileId>(i));
    const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
      return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (plain && name.find("*/") == std::string::npos) continue;
    Error error = make_error("the file name {} cannot stand in C text", scx::quoted(name));
    error.help = "rename it without quotes, backslashes, control characters and `*/`";
    return error;
  }
  return {};
}

// Sema runs over what could be read of a text with syntax errors, so that one
// run tells all mistakes of a file, without those that only follow from others.
std::optional<model::Policy> analyse(const ast::Program& program, const Sources& sources,
                                     diag::Diagnostics& diagnostics) {
  const bool is_read_whole = !diagnostics.has_errors();
  diag::Diagnostics found;
  std::optional<model::Policy> policy = sema::analyse(program, sources, found);
  if (is_read_whole && policy) analysis::check_cleanup(*policy, found);
  for (const diag::Diagnostic* diagnostic : without_follow_ons(found, diagnostics, program))
    diagnostics.add(*diagnostic);
  return is_read_whole ? std::move(policy) : std::nullopt;
}

// Where something seemed to be forgotten, the reading with fewer errors is the one that was meant; a correct
// file has one without any.
void understand(Compilation& result) {
  diag::Diagnostics diagnostics;
  std::optional<ast::Program> literal =
      syntax::parse_at_its_word(result.program, result.sources, result.diagnostics, diagnostics);
  result.policy = analyse(result.program, result.sources, result.diagnostics);
  if (!literal) return;
  std::optional<model::Policy> policy = analyse(*literal, result.sources, diagnostics);
  if (diagnostics.error_count() >= result.diagnostics.error_count()) return;
  result.program = *std::move(literal);
  result.diagnostics = std::move(diagnostics);
  result.policy = std::move(policy);
}

Result<void> compile_object(const std::string& file, Compilation& result, Timings& timings) {
  backend::BpfInput input;
  input.name = stem_of(file) + ".bpf.c";
  input.text = result.c_text;
  for (size_t i = 0; i < result.sources.size(); ++i) {
    const auto id = static_cast<FileId>(i);
    input.sources.push_back({result.sources.logical_path(id), result.sources.text(id)});
  }
  Result<std::string> object = timings.measure("clang", [&] { return backend::compile_bpf(input); });
  if (!object) return internal_error("the emitted C does not compile", object.error());

  return timings.measure("object", [&]() -> Result<void> {
    SCX_TRY(const backend::Object read, backend::read_object(*object));
    if (Result<void> fit = backend::check_object(read); !fit) {
      return internal_error("the object is not fit to load", fit.error());
    }
    result.manifest = abi::to_json(make_manifest(*result.policy, *result.classifier, read, result.sources));
    SCX_TRY(result.object, backend::add_section(*object, abi::kManifestSection, result.manifest));
    SCX_TRY(const backend::Object whole, backend::read_object(result.object));
    result.object_dump = backend::dump(whole);
    return {};
  });
}

}  // namespace

std::string stem_of(const std::string& file) {
  return file == "-" ? "stdin" : std::filesystem::path(file).stem().string();
}

Result<void> run_phases(const Options& options, const std::string& file, Phase last, Compilation& result,
                        Timings& timings) {
  const auto stop = [&](Phase phase) { return phase == last || result.diagnostics.has_errors(); };
  SCX_TRY(result.program, timings.measure("syntax", [&] {
    return syntax::parse_program(file, options.include_dirs, result.sources, result.diagnostics);
  }));
  if (last == Phase::kSyntax) return {};
  timings.measure("sema", [&] { understand(result); });
  if (stop(Phase::kSema) || !result.policy) return {};
  result.classifier = timings.measure("automata", [&] {
    return automata::build_classifier(*result.policy, result.sources, result.diagnostics);
  });
  if (result.diagnostics.has_errors()) return {};
  timings.measure("analysis", [&] {
    analysis::check_machines(*result.policy, *result.classifier, result.diagnostics);
    analysis::check_reachability(*result.policy, *result.classifier, result.diagnostics);
  });
  if (result.diagnostics.has_errors()) return {};
  if (stop(Phase::kAutomata)) return {};
  SCX_TRY_VOID(check_names(result.sources));
  SCX_TRY_VOID(timings.measure("codegen", [&]() -> Result<void> {
    SCX_TRY(const codegen::Templates templates, codegen::Templates::load(options.templates));
    result.c_text = codegen::emit(*result.policy, *result.classifier, result.sources, templates);
    // The embedded templates are checked by tests; those of a folder are being worked on.
    if (options.templates.empty()) return {};
    const std::vector<std::string> forbidden = codegen::forbidden_calls(result.c_text);
    if (forbidden.empty()) return {};
    return internal_error("the emitted C calls what a kernel refuses",
                          make_error("{}", fmt::join(forbidden, "\n")));
  }));
  if (stop(Phase::kCodegen)) return {};
  return compile_object(file, result, timings);
}

void heed_allowances(Compilation& compilation, bool all_rules_ran) {
  std::vector<findings::Allowance> allowances;
  for (const ast::File& file : compilation.program.files) {
    if (compilation.sources.text(file.id).find(findings::kAllowanceMark) == std::string_view::npos) continue;
    for (findings::Allowance& one :
         findings::read_allowances(file, file.comments, compilation.sources, compilation.diagnostics))
      allowances.push_back(std::move(one));
  }
  if (allowances.empty()) return;
  findings::Told told = findings::heed(compilation.diagnostics, allowances, all_rules_ran);
  compilation.diagnostics = std::move(told.told);
  compilation.allowed = std::move(told.allowed);
}

namespace {

// `text` as it stands between the quotes of an assembler string inside a C string.
std::string doubly_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"') {
      out += "\\\\\\\"";
    } else if (c == '\\') {
      out += "\\\\\\\\";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\\\{:03o}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string c_with_manifest(const Compilation& compilation) {
  std::string text = compilation.c_text;
  text += "\n/* The manifest: what scx-run reads of this object. */\n";
  text += fmt::format("__asm__(\".pushsection {},\\\"\\\",@progbits\\n\"\n", abi::kManifestSection);
  std::string_view rest = compilation.manifest;
  while (!rest.empty()) {
    const size_t length = std::min(rest.find('\n'), rest.size() - 1) + 1;
    text += fmt::format("        \".ascii \\\"{}\\\"\\n\"\n", doubly_escaped(rest.substr(0, length)));
    rest.remove_prefix(length);
  }
  return text + "        \".popsection\\n\");\n";
}

}  // namespace scx::driver
