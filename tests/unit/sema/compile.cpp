#include "tests/unit/sema/compile.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/automata/build.h"
#include "compiler/diagnostics/render.h"
#include "compiler/sema/analyse.h"
#include "compiler/syntax/syntax.h"
#include "runtime/base/file.h"

namespace scx::test {

std::vector<std::string> Compiled::summary() const {
  std::vector<std::string> out;
  for (const diag::Diagnostic* d : diagnostics.sorted())
    out.push_back(fmt::format("{} `{}`", diag::info(d->kind).code, sources.text(d->span)));
  return out;
}

bool Compiled::has(std::string_view code) const {
  for (const diag::Diagnostic& d : diagnostics.all())
    if (diag::info(d.kind).code == code) return true;
  return false;
}

const diag::Diagnostic& Compiled::find(std::string_view code) const {
  for (const diag::Diagnostic& d : diagnostics.all())
    if (diag::info(d.kind).code == code) return d;
  ADD_FAILURE() << "no " << code << " in\n" << rendered();
  static const diag::Diagnostic none{};
  return none;
}

std::string Compiled::rendered() const { return diag::render_terminal(diagnostics, sources, false); }

Classified::Classified(Compiled from) : compiled(std::move(from)) {
  if (sound())
    classifier = automata::build_classifier(*compiled.policy, compiled.sources, compiled.diagnostics);
}

Classified::Classified(std::string text) : Classified(compile(std::move(text))) {}

Compiled compile(std::string text) {
  Compiled out;
  const FileId file = out.sources.add("test.scx", "test.scx", std::move(text));
  out.program.files.push_back(syntax::parse(file, out.sources, out.diagnostics));
  out.policy = sema::analyse(out.program, out.sources, out.diagnostics);
  return out;
}

Compiled compile_body(std::string_view text) { return compile(fmt::format("policy test {{ }}\n{}", text)); }

Compiled compile_files(std::string_view text) {
  std::string folder = (std::filesystem::temp_directory_path() / "scx-sema-XXXXXX").string();
  EXPECT_NE(::mkdtemp(folder.data()), nullptr);
  constexpr std::string_view kMark = "# file: ";
  std::string main;
  while (text.starts_with(kMark)) {
    const size_t line_end = text.find('\n');
    const std::string name(text.substr(kMark.size(), line_end - kMark.size()));
    const size_t end = std::min(text.find(kMark, line_end), text.size());
    const auto written =
        write_file_atomically(folder + "/" + name, text.substr(line_end + 1, end - line_end - 1));
    EXPECT_TRUE(written.ok());
    if (main.empty()) main = folder + "/" + name;
    text.remove_prefix(end);
  }
  Compiled out;
  auto program = syntax::parse_program(main, {}, out.sources, out.diagnostics);
  EXPECT_TRUE(program.ok());
  if (program) out.program = std::move(*program);
  out.policy = sema::analyse(out.program, out.sources, out.diagnostics);
  std::filesystem::remove_all(folder);
  return out;
}

}  // namespace scx::test
