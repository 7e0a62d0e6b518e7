// `scxc verify FILE…`: whether kernels take a scheduler, for real or from their
// BTF, what loading it costs, and whether that is within a budget.
#include "compiler/driver/verify.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <unistd.h>

#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"
#include "compiler/driver/verify_budget.h"
#include "runtime/base/file.h"

namespace scx::driver {
namespace {

// Whether the file begins as objects do. What is no file can be read once only, and is a policy.
bool is_object(const std::string& file) {
  std::error_code error;
  if (file == "-" || !std::filesystem::is_regular_file(file, error)) return false;
  constexpr std::string_view kMagic =
      "\x7f"
      "ELF";
  std::string begin(kMagic.size(), '\0');
  std::ifstream(file, std::ios::binary).read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == kMagic;
}

// Reads objects, compiles policies; the exit code if one of them is not fit to be asked about. All are looked
// at.
int read_subjects(const Options& options, std::vector<Subject>& subjects) {
  int worst = kExitOk;
  Timings timings;
  for (const std::string& file : options.files) {
    const bool is_policy = !is_object(file);
    Compilation compilation;
    if (is_policy)
      if (const auto code = run_for_result(options, file, Phase::kBackend, compilation, timings)) {
        worst = std::max(worst, *code);
        continue;
      }
    Result<load::ObjectFile> object =
        is_policy ? load::parse_object(file, std::move(compilation.object)) : load::read_object(file);
    if (!object) {
      report_error(options, object.error());
      worst = kExitEnvironment;
      continue;
    }
    subjects.push_back({file, *std::move(object)});
  }
  report_timings(options, timings);
  return worst;
}

// Budgets and logs go by the policy's name.
Result<void> check_names(const std::vector<Subject>& subjects) {
  std::set<std::string> names;
  for (const Subject& subject : subjects)
    if (!names.insert(subject.object.manifest.policy).second)
      return Error{fmt::format("two policies are called `{}`: budgets and logs know them by their names",
                               subject.object.manifest.policy),
                   "rename one of them", "usage"};
  return {};
}

struct Asked {
  std::vector<Verdict> answers;
  int exit_code = kExitOk;
  bool stopped = false;  // by the user: nobody else is asked
};

void take_error(const Options& options, const Error& error, Asked& asked) {
  report_error(options, error);
  asked.exit_code = std::max(asked.exit_code, error.reason == "bad-series" ? kExitUsage : kExitEnvironment);
  asked.stopped = asked.stopped || error.reason == "stopped";
}

void take(std::vector<Verdict> some, Asked& asked) {
  for (Verdict& answer : some) {
    if (!answer.takes) asked.exit_code = std::max(asked.exit_code, kExitErrors);
    asked.answers.push_back(std::move(answer));
  }
}

Asked ask_all(const std::vector<Subject>& subjects, const Options& options) {
  Asked asked;
  if (options.verify.asks_btf) {
    BtfAnswers some = ask_btf(subjects, options);
    for (const Error& error : some.errors) take_error(options, error, asked);
    take(std::move(some.answers), asked);
  }
  const auto take_loaded = [&](Result<std::vector<Verdict>> some) {
    if (some)
      take(*std::move(some), asked);
    else
      take_error(options, some.error(), asked);
  };
  if (options.verify.host) take_loaded(load_here(subjects, options));
  for (const std::string& series : options.verify.vm)
    if (!asked.stopped) take_loaded(load_in_vm(subjects, series, options));
  return asked;
}

// Policies that were not asked about keep their bounds.
Result<void> write_budget(const std::string& path, const std::vector<Verdict>& answers) {
  Budget budget;
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    SCX_TRY(const std::string text, read_file(path));
    SCX_TRY(budget, budget_from_json(path, text));
  }
  for (auto& [policy, bounds] : budget_of(answers)) budget[policy] = std::move(bounds);
  return write_file_atomically(path, to_json(budget));
}

void print_answers(const Options& options, const std::vector<Verdict>& answers,
                   const std::vector<std::string>& over) {
  const Agreement agreed = agreement(answers);
  switch (options.format) {
    case Format::kJson:
      print_out(verify_json(answers, over));
      return;
    case Format::kMarkdown:
      print_out(verify_markdown(answers));
      break;
    default:
      print_out(verify_text(answers, options.verify.programs, use_color(options.color, STDOUT_FILENO)));
  }
  for (const std::string& text : over) print_error(fmt::format("over budget: {}\n", printable(text)));
  if (agreed.compared == 0) return;
  for (const std::string& text : agreed.disagreements)
    print_error(fmt::format("disagreement: {}\n", printable(text)));
  print_error(fmt::format("{} of {} answers from BTF are what loading says\n",
                          agreed.compared - agreed.disagreements.size(), agreed.compared));
}

int fail(const Options& options, const Error& error) {
  report_error(options, error);
  return error.reason == "usage" ? kExitUsage : kExitEnvironment;
}

}  // namespace

int verify(const Options& options) {
  Budget budget;
  if (!options.verify.budget.empty()) {
    // Before minutes are spent on figures.
    const Result<std::string> text = read_file(options.verify.budget);
    if (!text) return fail(options, text.error());
    Result<Budget> read = budget_from_json(options.verify.budget, *text);
    if (!read) return fail(options, read.error());
    budget = *std::move(read);
  }
  std::vector<Subject> subjects;
  if (const int wrong = read_subjects(options, subjects); wrong != kExitOk) return wrong;
  if (!options.verify.budget.empty() || !options.verify.write_budget.empty() || !options.verify.logs.empty())
    if (const Result<void> fit = check_names(subjects); !fit) return fail(options, fit.error());

  Asked asked = ask_all(subjects, options);
  std::vector<std::string> over;
  if (!options.verify.budget.empty()) over = beyond(budget, asked.answers, options.verify.budget);
  if (!asked.answers.empty()) print_answers(options, asked.answers, over);
  if (!over.empty() || !agreement(asked.answers).disagreements.empty())
    asked.exit_code = std::max(asked.exit_code, kExitErrors);
  if (!options.verify.write_budget.empty() && asked.exit_code < kExitUsage)
    if (const Result<void> written = write_budget(options.verify.write_budget, asked.answers); !written)
      return fail(options, written.error());
  return asked.exit_code;
}

}  // namespace scx::driver
