// `scxc lint FILE…`: what every command says of a policy, and the rules of
// analysis/lint, for people and for the tools of CI; with `--fix`, the policies
// without what can be mended.
#include <algorithm>
#include <deque>

#include <unistd.h>

#include "compiler/analysis/lint/rules.h"
#include "compiler/diagnostics/render.h"
#include "compiler/diagnostics/words.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/lint_settings.h"
#include "compiler/driver/machine_fit.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/report.h"
#include "compiler/driver/version.h"
#include "compiler/findings/fixes.h"
#include "runtime/base/file.h"

namespace scx::driver {
namespace {

// Mending one thing shows another; so often at most.
constexpr int kMostRounds = 16;

struct Linted {
  PolicyFile file;
  diag::Severity fail_on = diag::Severity::kWarning;
  Compilation compilation;
  std::string trouble;       // it could not be looked at
  diag::Diagnostics listed;  // what is said of it
  size_t fixes = 0;          // made
  // What was meant was guessed: what then seems to have no effect may show that the guess is wrong.
  bool has_guessed_words = false;
};

// Looks at the policy anew.
void look_at(const Options& options, const std::vector<NamedMachine>& machines,
             const findings::Settings& settings, Linted& policy, Timings& timings) {
  policy.compilation = Compilation{};
  policy.trouble.clear();
  Compilation& compilation = policy.compilation;
  const Result<void> ran = run_phases(options, policy.file.name, Phase::kAutomata, compilation, timings);
  if (!ran) {
    policy.trouble = ran.error().message;
    return;
  }
  const bool is_sound = !compilation.diagnostics.has_errors();
  check_fit(machines, compilation);
  if (is_sound)
    timings.measure("rules", [&] {
      analysis::lint::run_rules(*compilation.policy, *compilation.classifier, compilation.diagnostics);
    });
  heed_allowances(compilation, is_sound);
  if (!policy.has_guessed_words)
    compilation.diagnostics =
        findings::with_removals(compilation.diagnostics, compilation.program, compilation.sources);
  compilation.diagnostics = findings::at_levels(compilation.diagnostics, settings);
}

// Writes the texts, and tells what stood in the files before.
Result<std::map<std::string, std::string>> write_texts(const findings::Fixed& fixed, const Sources& sources) {
  std::map<std::string, std::string> before;
  for (const auto& [file, text] : fixed.texts) {
    SCX_TRY_VOID(write_file_atomically(sources.display_path(file), text));
    before[sources.display_path(file)] = std::string(sources.text(file));
  }
  return before;
}

// Makes fixes until there are none: safe ones first, whatever else they bring to light, then guesses, which
// are taken back if they leave more errors than there were.
Result<void> fix(const Options& options, const std::vector<NamedMachine>& machines,
                 const findings::Settings& settings, Linted& policy, Timings& timings) {
  for (int round = 0; round < kMostRounds && policy.trouble.empty(); ++round) {
    const diag::Diagnostics& found = policy.compilation.diagnostics;
    const Sources& sources = policy.compilation.sources;
    findings::Fixed fixed = findings::apply_fixes(found, sources, false);
    const bool guessed = fixed.count == 0 && options.fix_guesses;
    if (guessed) fixed = findings::apply_fixes(found, sources, true);
    const size_t errors = found.error_count();
    SCX_TRY(const auto before, write_texts(fixed, sources));
    if (before.empty()) return {};
    policy.has_guessed_words = policy.has_guessed_words || (guessed && fixed.writes_words);
    look_at(options, machines, settings, policy, timings);
    if (!guessed || (policy.trouble.empty() && policy.compilation.diagnostics.error_count() <= errors)) {
      policy.fixes += fixed.count;
      continue;
    }
    for (const auto& [path, text] : before) SCX_TRY_VOID(write_file_atomically(path, text));
    look_at(options, machines, settings, policy, timings);
    return {};
  }
  return {};
}

// What was said of all policies, in the format that was asked for.
std::string rendered(const Options& options, const std::vector<diag::Checked>& checked) {
  switch (options.format) {
    case Format::kSarif:
      return diag::render_sarif(checked, SCX_VERSION);
    case Format::kGithub:
      return diag::render_github(checked);
    case Format::kJunit:
      return diag::render_junit(checked);
    case Format::kText:
    case Format::kJson:
    case Format::kMarkdown:
      break;
  }
  std::string out;
  const bool color = use_color(options.color, STDOUT_FILENO);
  for (const diag::Checked& one : checked)
    out += options.format == Format::kJson ? diag::render_json(*one.diagnostics, *one.sources)
                                           : diag::render_terminal(*one.diagnostics, *one.sources, color);
  return out;
}

// "3 policies: 1 error, 2 warnings, 0 notes"
std::string summary(const std::deque<Linted>& policies) {
  size_t counts[3] = {}, allowed = 0, fixes = 0;
  for (const Linted& policy : policies) {
    for (const diag::Diagnostic* one : policy.compilation.diagnostics.sorted())
      ++counts[static_cast<size_t>(one->severity)];
    allowed += policy.compilation.allowed.sorted().size();
    fixes += policy.fixes;
  }
  std::string out = fmt::format("{}: {}, {}, {}", diag::count_of(policies.size(), "policy", "policies"),
                                diag::count_of(counts[0], "error", "errors"),
                                diag::count_of(counts[1], "warning", "warnings"),
                                diag::count_of(counts[2], "note", "notes"));
  if (allowed > 0) out += fmt::format("; {} allowed", allowed);
  if (fixes > 0) out += fmt::format("; {} mended", fixes);
  return out + "\n";
}

bool has_findings(const Linted& policy) {
  const auto& all = policy.compilation.diagnostics.all();
  return std::any_of(all.begin(), all.end(),
                     [&](const diag::Diagnostic& one) { return one.severity <= policy.fail_on; });
}

// What the settings pass over is asked only what its parts are.
void pass_over(const Options& options, const PolicyFile& file, Parts& parts, Timings& timings) {
  Compilation compilation;
  if (run_phases(options, file.name, Phase::kSyntax, compilation, timings).ok())
    parts.add_includes(compilation);
}

// Looks at all policies, and mends them if that was asked for. `parts` comes to know those that are none by
// themselves. An error is one of the settings.
Result<int> look_at_all(const Options& options, const std::vector<PolicyFile>& files,
                        const std::vector<NamedMachine>& machines, std::deque<Linted>& policies, Parts& parts,
                        Timings& timings) {
  LintSettings all_settings(options);
  int exit_code = kExitOk;
  for (const PolicyFile& file : files) {
    SCX_TRY(const LintSettings::Of* of, all_settings.of(file.name));
    if (file.is_found && is_excluded(*of, file.name)) {
      pass_over(options, file, parts, timings);
      continue;
    }
    const findings::Settings& settings = of->settings;
    Linted& policy = policies.emplace_back();
    policy.file = file;
    policy.fail_on = options.fail_on.value_or(settings.fail_on.value_or(diag::Severity::kWarning));
    look_at(options, machines, settings, policy, timings);
    const Result<void> fixed =
        options.fix ? fix(options, machines, settings, policy, timings) : Result<void>{};
    if (!fixed) {
      report_error(options, fixed.error());
      exit_code = kExitEnvironment;
    }
    parts.add(file, policy.compilation);
  }
  return exit_code;
}

}  // namespace

int lint(const Options& options) {
  const Result<std::vector<PolicyFile>> files = policy_files(options.files);
  if (!files) {
    report_error(options, files.error());
    return kExitEnvironment;
  }
  const Result<std::vector<NamedMachine>> machines = read_machines(options.hosts);
  if (!machines) {
    report_error(options, machines.error());
    return kExitUsage;
  }
  Timings timings;
  std::deque<Linted> policies;
  Parts parts;
  const Result<int> looked = look_at_all(options, *files, *machines, policies, parts, timings);
  if (!looked) {
    report_error(options, looked.error());
    return kExitEnvironment;
  }
  std::erase_if(policies, [&](const Linted& policy) { return parts.contains(policy.file); });
  int exit_code = *looked;
  std::vector<diag::Checked> checked;
  for (Linted& policy : policies) {
    if (!policy.trouble.empty()) exit_code = kExitEnvironment;
    if (has_findings(policy)) exit_code = std::max(exit_code, kExitErrors);
    policy.listed = diag::limit_errors(policy.compilation.diagnostics, options.error_limit);
    checked.push_back({policy.file.name, policy.trouble, &policy.listed, &policy.compilation.allowed,
                       &policy.compilation.sources, policy.fail_on});
  }
  print_out(rendered(options, checked));
  for (const Linted& policy : policies)
    if (!policy.trouble.empty()) print_error(fmt::format("error: {}\n", policy.trouble));
  if (options.format == Format::kText) print_error(summary(policies));
  report_timings(options, timings);
  return exit_code;
}

}  // namespace scx::driver
