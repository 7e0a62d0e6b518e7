#include "compiler/driver/pipeline.h"

#include <filesystem>

#include "compiler/automata/build.h"
#include "compiler/backend/compile_bpf.h"
#include "compiler/backend/object.h"
#include "compiler/codegen/codegen.h"
#include "compiler/driver/manifest.h"
#include "compiler/sema/sema.h"
#include "compiler/syntax/parse.h"

namespace scx::driver {

namespace {

// A fault of scxc, told with everything that its author needs.
Error internal_error(const std::string& what, const Error& error) {
  return Error{fmt::format("internal error: {}", what), error.message, "internal"};
}

Result<void> compile_object(const std::string& file, Compilation& result, Timings& timings) {
  backend::BpfInput input;
  input.name = std::filesystem::path(file).stem().string() + ".bpf.c";
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
  result.program = timings.measure("syntax", [&] {
    return syntax::parse_program(file, options.include_dirs, result.sources, result.diagnostics);
  });
  if (stop(Phase::kSyntax)) return {};
  result.policy =
      timings.measure("sema", [&] { return sema::analyse(result.program, result.sources, result.diagnostics); });
  if (stop(Phase::kSema) || !result.policy) return {};
  result.classifier = timings.measure(
      "automata", [&] { return automata::build_classifier(*result.policy, result.sources, result.diagnostics); });
  if (stop(Phase::kAutomata)) return {};
  SCX_TRY_VOID(timings.measure("codegen", [&]() -> Result<void> {
    SCX_TRY(const codegen::Templates templates, codegen::Templates::load(options.templates));
    result.c_text = codegen::emit(*result.policy, *result.classifier, result.sources, templates);
    return {};
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
