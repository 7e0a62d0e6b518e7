#include "compiler/driver/objections.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/base/file.h"

namespace scx::driver {
namespace {

// A policy behind `--btf` reads as one of its words.
std::string contradiction_of_verify(const Options& all) {
  const VerifyOptions& options = all.verify;
  if (options.programs && all.format == Format::kMarkdown)
    return "`--programs` goes with text and JSON: the table of `--format markdown` has no room for them";
  for (const std::string& word : options.btf)
    if (word.ends_with(".scx") || word.ends_with(".bpf.o"))
      return fmt::format("{} stands behind `--btf`, where its words are: policies come before",
                         scx::quoted(word));
  if (!options.host && options.vm.empty() && !options.asks_btf)
    return "which kernels? `--host`, `--vm=SERIES,...` or `--btf [FILE...]`";
  const bool loads = options.host || !options.vm.empty();
  if (!loads && !options.budget.empty()) return "`--budget` needs `--host` or `--vm`: BTF has no figures";
  if (!loads && !options.write_budget.empty())
    return "`--write-budget` needs `--host` or `--vm`: BTF has no figures";
  if (!loads && !options.logs.empty()) return "`--logs` needs `--host` or `--vm`: BTF has no log";
  if (!loads && options.programs) return "`--programs` needs `--host` or `--vm`: BTF has no figures";
  if (!options.budget.empty() && !options.write_budget.empty())
    return "`--budget` compares with the bounds that `--write-budget` would raise: one of them";
  return "";
}

// An option that only means something where phases run, and here none do.
std::string option_of_phases(const Options& options, std::string_view why) {
  const char* option = options.timings                                ? "--timings"
                       : !options.include_dirs.empty()                ? "-I"
                       : options.error_limit != Options().error_limit ? "--error-limit"
                                                                      : nullptr;
  return option == nullptr ? "" : fmt::format("{}: `{}` does not go with it", why, option);
}

// What does not fit together in the line of each command, beyond what CLI11 checks; empty if all does.
std::string contradiction_of_compile(const Options& options) {
  if (options.dump != Dump::kNone && !options.output.empty())
    return "`--dump` writes no file, `-o` cannot go with it";
  if (options.dump != Dump::kNone && options.emit == Emit::kC)
    return "`--dump` and `--emit` exclude each other";
  return "";
}

std::string contradiction_of_lint(const Options& options) {
  const bool from_stdin = std::count(options.files.begin(), options.files.end(), "-") > 0;
  if (options.fix && from_stdin) return "`--fix` writes files, and `-` is none";
  if (options.fix_guesses && !options.fix) return "`--fix-guesses` goes with `--fix`";
  if (!options.list_rules && !options.schema) return "";
  if (options.list_rules && options.schema) return "`--rules` and `--schema` exclude each other";
  if (!options.files.empty()) return "`--rules` and `--schema` go without a policy";
  if (options.fix || options.fail_on || !options.config.empty() || !options.hosts.empty())
    return "`--rules` and `--schema` look at no policy: no other option of `lint` goes with them";
  if (options.format != Format::kText && options.format != Format::kJson) return "`--rules` is text or JSON";
  return option_of_phases(options, "`--rules` and `--schema` look at no policy");
}

std::string contradiction_of_test(const Options& options) {
  if (options.generate && options.coverage)
    return "`--generate` runs no tests, `--coverage` cannot go with it";
  if (options.generate && options.files.size() > 1) return "one policy at a time";
  return "";
}

std::string contradiction_of_explain(const Options& options) {
  if (!options.task.empty() && options.pid) return "`--task` and `--pid` exclude each other";
  if (options.cleanup && options.explains_task()) return "`--cleanup` goes without a task";
  if (!options.layer.empty() && (options.cleanup || options.explains_task()))
    return "`--layer` goes without a task and without `--cleanup`";
  if (!options.host.empty() && options.layer.empty() && !options.explains_task())
    return "`--host` needs `--task`, `--pid` or `--layer`";
  if (!options.task.empty() && options.files.size() > 1 &&
      options.files.back().find('=') != std::string::npos)
    return "the words of `--task` are joined by commas: `--task comm=nginx,nice=-5`";
  if ((options.explains_task() || !options.layer.empty()) && options.files.size() > 1)
    return "one policy at a time";
  if (options.explains_policy()) return "";
  if (options.files.size() > 1) return "one code at a time";
  if (options.format != Format::kText)
    return "`--format json` needs `--task`, `--pid`, `--layer` or `--cleanup`";
  return option_of_phases(options, "`scxc explain CODE` prints a page");
}

std::string contradiction(const Options& options) {
  switch (options.command) {
    case Command::kCompile:
      return contradiction_of_compile(options);
    case Command::kLint:
      return contradiction_of_lint(options);
    case Command::kTest:
      return contradiction_of_test(options);
    case Command::kExplain:
      return contradiction_of_explain(options);
    case Command::kVerify:
      return contradiction_of_verify(options);
    case Command::kDiff:
      return options.files.size() == 2 ? "" : "`scxc diff` compares two policies: OLD NEW";
    case Command::kCheck:
    case Command::kFmt:
    case Command::kCompletion:
      break;
  }
  return "";
}

// Commands that say something of policies need one.
bool needs_policy(const Options& options) {
  switch (options.command) {
    case Command::kCompletion:
      return false;
    case Command::kLint:
      return !options.list_rules && !options.schema;
    case Command::kExplain:
      return options.explains_policy();
    default:
      return true;
  }
}

}  // namespace

std::string objection(const Options& options) {
  if (needs_policy(options) && options.files.empty()) return "no policy given";
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) return "`-` is standard input, once";
  return contradiction(options);
}

}  // namespace scx::driver
