#include "compiler/driver/pipeline.h"

#include <algorithm>
#include <filesystem>

#include "compiler/analysis/cleanup.h"
#include "compiler/analysis/machine_check.h"
#include "compiler/automata/build.h"
#include "compiler/backend/compile_bpf.h"
#include "compiler/backend/object.h"
#include "compiler/codegen/codegen.h"
#include "compiler/driver/manifest.h"
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

bool holds(Span outer, Span inner) {
  return outer.file == inner.file && outer.begin <= inner.begin && inner.begin <= outer.end;
}

// The innermost statement around `place` in a block, or the innermost layer or declaration if it is in none.
Span part_around(const ast::Block& block, Span whole, Span place) {
  for (const ast::Property& property : block.properties) {
    if (!holds(property.span, place)) continue;
    return property.block ? part_around(*property.block, property.span, place) : property.span;
  }
  for (const ast::Layer& layer : block.layers)
    if (holds(layer.span, place)) return part_around(layer.body, layer.span, place);
  return whole;
}

Span part_around(const ast::Item& item, Span place) {
  return std::visit(
      [&](const auto& node) {
        if constexpr (requires { node.body; }) return part_around(node.body, node.span, place);
        return node.span;
      },
      item);
}

// Whether a diagnostic of sema says something that the syntax errors do not:
// not one about a part of the text that was not read whole, nor one about
// something missing that may be what could not be read.
bool is_independent(const diag::Diagnostic& diagnostic, const ast::Program& program,
                    const diag::Diagnostics& syntax_errors) {
  using diag::Kind;
  if (diag::info(diagnostic.kind).severity != diag::Severity::kError) return false;
  const auto& errors = syntax_errors.all();
  if (std::all_of(errors.begin(), errors.end(), [](const auto& error) { return error.repaired; }))
    return true;
  switch (diagnostic.kind) {
    case Kind::kMissingPolicy:
    case Kind::kUnknownAttribute:
    case Kind::kUndefinedConstant:
    case Kind::kUndefinedReference:
    case Kind::kUnknownTarget:
      return false;
    default:
      break;
  }
  const auto is_read_whole = [&](Span place) {
    for (const ast::File& file : program.files) {
      for (const ast::Item& item : file.items) {
        if (!holds(ast::span_of(item), place)) continue;
        const Span part = part_around(item, place);
        if (std::any_of(errors.begin(), errors.end(),
                        [&](const auto& error) { return !error.repaired && holds(part, error.span); }))
          return false;
      }
    }
    return true;
  };
  return is_read_whole(diagnostic.span) &&
         std::all_of(diagnostic.labels.begin(), diagnostic.labels.end(),
                     [&](const diag::Label& label) { return is_read_whole(label.span); });
}

// Sema runs over what could be read of a text with syntax errors, so that one
// run tells all mistakes of a file, without those that only follow from others.
std::optional<model::Policy> analyse(Compilation& result) {
  if (!result.diagnostics.has_errors()) {
    std::optional<model::Policy> policy = sema::analyse(result.program, result.sources, result.diagnostics);
    if (policy) analysis::check_cleanup(*policy, result.diagnostics);
    return policy;
  }
  diag::Diagnostics found;
  sema::analyse(result.program, result.sources, found);
  std::vector<const diag::Diagnostic*> kept;
  for (const diag::Diagnostic& diagnostic : found.all()) {
    if (is_independent(diagnostic, result.program, result.diagnostics)) kept.push_back(&diagnostic);
  }
  for (const diag::Diagnostic* diagnostic : kept) {
    result.diagnostics.add(*diagnostic);
  }
  return std::nullopt;
}

Result<void> compile_object(const std::string& file, Compilation& result, Timings& timings) {
  backend::BpfInput input;
  const bool is_stdin = file == "-";
  input.name = (is_stdin ? "stdin" : std::filesystem::path(file).stem().string()) + ".bpf.c";
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

Result<void> run_phases(const Options& options, const std::string& file, Phase last, Compilation& result,
                        Timings& timings) {
  const auto stop = [&](Phase phase) { return phase == last || result.diagnostics.has_errors(); };
  SCX_TRY(result.program, timings.measure("syntax", [&] {
    return syntax::parse_program(file, options.include_dirs, result.sources, result.diagnostics);
  }));
  SCX_TRY_VOID(check_names(result.sources));
  if (last == Phase::kSyntax) return {};
  result.policy = timings.measure("sema", [&] { return analyse(result); });
  if (stop(Phase::kSema) || !result.policy) return {};
  result.classifier = timings.measure("automata", [&] {
    return automata::build_classifier(*result.policy, result.sources, result.diagnostics);
  });
  if (result.diagnostics.has_errors()) return {};
  analysis::check_machines(*result.policy, *result.classifier, result.diagnostics);
  if (stop(Phase::kAutomata)) return {};
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
