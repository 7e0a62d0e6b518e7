// `scxc lint FILE…`: what every command says of a policy, and the rules of
// analysis/lint, for people and for the tools of CI.
#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>

#include <unistd.h>

#include "compiler/analysis/lint/rules.h"
#include "compiler/diagnostics/render.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"
#include "compiler/driver/version.h"
#include "runtime/base/file.h"

namespace scx::driver {
namespace {

namespace fs = std::filesystem;

struct Linted {
  std::string file;
  bool is_found = false;  // in a folder, not named by the user
  Compilation compilation;
  std::string trouble;       // it could not be looked at
  diag::Diagnostics listed;  // what is said of it
};

// The policies that the words stand for: a folder for all below it, sorted.
Result<std::deque<Linted>> policies_of(const std::vector<std::string>& words) {
  std::deque<Linted> out;
  for (const std::string& word : words) {
    std::error_code code;
    if (!fs::is_directory(word, code)) {
      out.emplace_back().file = word;
      continue;
    }
    std::vector<std::string> found;
    auto entry = fs::recursive_directory_iterator(word, code);
    for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
      if (std::error_code broken; entry->path().extension() == ".scx" && entry->is_regular_file(broken))
        found.push_back(entry->path().string());
    if (code) return make_error("cannot read the folder {}: {}", scx::quoted(word), code.message());
    if (found.empty()) return make_error("no policy (`*.scx`) in the folder {}", scx::quoted(word));
    std::sort(found.begin(), found.end());
    for (const std::string& file : found) {
      out.emplace_back().file = file;
      out.back().is_found = true;
    }
  }
  return out;
}

// Whether the file is a policy by itself, right or wrong, and no fragment.
bool has_policy_block(const Linted& policy) {
  const auto& all = policy.compilation.diagnostics.all();
  return std::none_of(all.begin(), all.end(),
                      [](const diag::Diagnostic& one) { return one.kind == diag::Kind::kMissingPolicy; });
}

// Takes out fragments that were found in a folder and are included by a policy: they are looked at as parts
// of it.
void drop_parts(std::deque<Linted>& policies) {
  const auto place = [](const std::string& path) {
    std::error_code ignored;
    return fs::weakly_canonical(path, ignored).string();
  };
  std::set<std::string> parts;
  for (const Linted& policy : policies)
    for (size_t i = has_policy_block(policy) ? 1 : policy.compilation.sources.size();
         i < policy.compilation.sources.size(); ++i)
      parts.insert(place(policy.compilation.sources.display_path(static_cast<FileId>(i))));
  std::erase_if(policies, [&](const Linted& policy) {
    return policy.is_found && !has_policy_block(policy) && parts.contains(place(policy.file));
  });
}

// What was said of all policies, in the format that was asked for.
std::string rendered(const Options& options, const std::vector<diag::Checked>& checked) {
  switch (options.format) {
    case Format::kSarif:
      return diag::render_sarif(checked, SCX_VERSION);
    case Format::kGithub:
      return diag::render_github(checked);
    case Format::kJunit:
      return diag::render_junit(checked, options.fail_on);
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

std::string count_of(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// "3 policies: 1 error, 2 warnings, 0 notes"
std::string summary(const std::vector<diag::Checked>& checked) {
  size_t counts[3] = {};
  for (const diag::Checked& one : checked)
    for (const diag::Diagnostic* diagnostic : one.diagnostics->sorted())
      ++counts[static_cast<size_t>(info(diagnostic->kind).severity)];
  return fmt::format("{} {}: {}, {}, {}\n", checked.size(), checked.size() == 1 ? "policy" : "policies",
                     count_of(counts[0], "error"), count_of(counts[1], "warning"),
                     count_of(counts[2], "note"));
}

bool has_findings(const diag::Diagnostics& diagnostics, diag::Severity from) {
  return std::any_of(diagnostics.all().begin(), diagnostics.all().end(),
                     [&](const diag::Diagnostic& one) { return info(one.kind).severity <= from; });
}

}  // namespace

int lint(const Options& options) {
  Result<std::deque<Linted>> policies = policies_of(options.files);
  if (!policies) {
    report_error(options, policies.error());
    return kExitEnvironment;
  }
  Timings timings;
  int exit_code = kExitOk;
  for (Linted& policy : *policies) {
    Compilation& compilation = policy.compilation;
    const Result<void> ran = run_phases(options, policy.file, Phase::kAutomata, compilation, timings);
    if (!ran) {
      report_error(options, ran.error());
      policy.trouble = ran.error().message;
      exit_code = kExitEnvironment;
    } else if (!compilation.diagnostics.has_errors()) {
      timings.measure("rules", [&] {
        analysis::lint::run_rules(*compilation.policy, *compilation.classifier, compilation.diagnostics);
      });
    }
  }
  drop_parts(*policies);
  std::vector<diag::Checked> checked;
  for (Linted& policy : *policies) {
    if (has_findings(policy.compilation.diagnostics, options.fail_on))
      exit_code = std::max(exit_code, kExitErrors);
    policy.listed = diag::limit_errors(policy.compilation.diagnostics, options.error_limit);
    checked.push_back({policy.file, policy.trouble, &policy.listed, &policy.compilation.sources});
  }
  print_out(rendered(options, checked));
  if (options.format == Format::kText) print_error(summary(checked));
  report_timings(options, timings);
  return exit_code;
}

}  // namespace scx::driver
