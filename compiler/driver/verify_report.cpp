// How `scxc verify` says what it found: for people, as JSON, and as a table of
// Markdown for a README.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "compiler/driver/verify.h"
#include "compiler/driver/verify_budget.h"
#include "runtime/base/file.h"

namespace scx::driver {
namespace {

using nlohmann::ordered_json;

// Words of one kernel's answer, and of its place in the policy.
std::string place_text(const audit::Lack& lack) {
  if (lack.where) return fmt::format("{}:{} needs it", lack.where->file, lack.where->line);
  return lack.program.empty() ? "every scheduler needs it"
                              : fmt::format("program `{}` needs it", lack.program);
}

class Painter {
 public:
  explicit Painter(bool color) : color_(color) {}
  [[nodiscard]] std::string good(const std::string& text) const { return painted("32", text); }
  [[nodiscard]] std::string bad(const std::string& text) const { return painted("1;31", text); }

 private:
  [[nodiscard]] std::string painted(const char* code, const std::string& text) const {
    return color_ ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
  }
  bool color_;
};

std::string indented(const std::string& text, std::string_view indent) {
  std::string out(indent);
  for (const char c : printable(text)) {
    out += c;
    if (c == '\n') out += indent;
  }
  return out + "\n";
}

std::string figures(const ProgramCost& cost) {
  return fmt::format("{:>9}  {:>9}  {:>8}  {:>6}  {:>7.1f}", grouped(cost.instructions),
                     grouped(cost.processed), grouped(cost.states), cost.stack_bytes,
                     static_cast<double>(cost.microseconds) / 1000);
}

// All that is in the way of one policy on one kernel.
std::string details(const Verdict& answer) {
  std::string out = fmt::format("  {} [{}]\n", printable(answer.kernel), answer.refusal.reason);
  if (answer.lacks.empty()) {
    out += indented(answer.refusal.message, "    ");
    if (!answer.refusal.help.empty()) out += indented("help: " + answer.refusal.help, "    ");
    return out;
  }
  std::string help;
  for (const audit::Lack& lack : answer.lacks) {
    if (!help.empty() && lack.help != help) out += indented("help: " + help, "    ");
    help = lack.help;
    // Of the kernel as a whole there is nothing more to say.
    const bool whole = lack.kind <= audit::Lack::Kind::kBroken && !lack.where;
    out += indented(lack.message + (whole ? "" : "; " + place_text(lack)), "    ");
  }
  return out + indented("help: " + help, "    ");
}

std::string policy_text(const std::vector<const Verdict*>& answers, bool programs, const Painter& painter) {
  size_t width = 6;
  bool loaded = false;
  for (const Verdict* answer : answers) {
    width = std::max(width, answer->kernel.size());
    loaded = loaded || (answer->takes && answer->by == Verdict::By::kLoading);
    if (programs)
      for (const ProgramCost& program : answer->programs) width = std::max(width, program.name.size() + 2);
  }
  std::string out = fmt::format("policy {} ({})\n  {:<{}}  ANSWER", answers.front()->policy,
                                printable(answers.front()->file), "KERNEL", width);
  if (loaded)
    out +=
        fmt::format("  {:>9}  {:>9}  {:>8}  {:>6}  {:>7}", "INSNS", "VERIFIED", "STATES", "STACK", "TIME MS");
  out += "\n";
  std::string below;
  for (const Verdict* answer : answers) {
    const char* word = !answer->takes ? "no    " : answer->by == Verdict::By::kBtf ? "fits  " : "loads ";
    out += fmt::format("  {:<{}}  {}", printable(answer->kernel), width,
                       answer->takes ? painter.good(word) : painter.bad(word));
    if (!answer->programs.empty()) out += "  " + figures(total(answer->programs));
    while (out.back() == ' ') out.pop_back();
    out += "\n";
    if (programs)
      for (const ProgramCost& program : answer->programs)
        out += fmt::format("    {:<{}}          {}\n", printable(program.name), width - 2, figures(program));
    if (!answer->takes) below += details(*answer);
  }
  return out + below;
}

// Whether loading said the same of that kernel, with figures.
bool is_repeated(const Verdict& asked, const std::vector<Verdict>& verdicts) {
  return asked.by == Verdict::By::kBtf && asked.takes &&
         std::any_of(verdicts.begin(), verdicts.end(), [&](const Verdict& other) {
           return other.by == Verdict::By::kLoading && other.takes && other.file == asked.file &&
                  other.kernel == asked.kernel;
         });
}

// Verdicts policy by policy, in the order of the first of each.
std::vector<std::vector<const Verdict*>> by_policy(const std::vector<Verdict>& answers) {
  std::vector<std::vector<const Verdict*>> groups;
  for (const Verdict& answer : answers) {
    const auto group = std::find_if(groups.begin(), groups.end(),
                                    [&](const auto& g) { return g.front()->file == answer.file; });
    if (group == groups.end())
      groups.push_back({&answer});
    else
      group->push_back(&answer);
  }
  return groups;
}

ordered_json to_value(const ProgramCost& cost) {
  return {{"instructions", cost.instructions},
          {"processed", cost.processed},
          {"states", cost.states},
          {"peak_states", cost.peak_states},
          {"stack_bytes", cost.stack_bytes},
          {"verify_us", cost.microseconds}};
}

ordered_json to_value(const audit::Lack& lack) {
  ordered_json out = {{"reason", audit::reason(lack.kind)}, {"what", lack.what}, {"message", lack.message}};
  if (!lack.program.empty()) out["program"] = lack.program;
  if (lack.where) out["where"] = {{"file", lack.where->file}, {"line", lack.where->line}};
  out["help"] = lack.help;
  return out;
}

ordered_json to_value(const Verdict& answer) {
  ordered_json out = {{"file", answer.file},
                      {"policy", answer.policy},
                      {"kernel", answer.kernel},
                      {"by", answer.by == Verdict::By::kBtf ? "btf" : "loading"},
                      {"takes", answer.takes}};
  if (!answer.takes)
    out["refusal"] = {{"reason", answer.refusal.reason},
                      {"message", answer.refusal.message},
                      {"help", answer.refusal.help}};
  if (!answer.lacks.empty()) {
    out["lacks"] = ordered_json::array();
    for (const audit::Lack& lack : answer.lacks) out["lacks"].push_back(to_value(lack));
  }
  if (!answer.programs.empty()) {
    out["total"] = to_value(total(answer.programs));
    out["programs"] = ordered_json::array();
    for (const ProgramCost& program : answer.programs) {
      ordered_json one = {{"name", program.name}};
      one.update(to_value(program));
      out["programs"].push_back(std::move(one));
    }
  }
  return out;
}

// "6.18.15+deb13-cloud-amd64" -> "6.18.15": a heading.
std::string short_kernel(const std::string& kernel) {
  return printable(audit::series_of(kernel).major == 0 ? kernel
                                                       : kernel.substr(0, kernel.find_first_of("+-")));
}

std::string cell_text(const Verdict& answer) {
  if (!answer.takes) return fmt::format("no: {}", answer.refusal.reason);
  return answer.by == Verdict::By::kBtf ? "yes" : grouped(total(answer.programs).processed);
}

// Text that ends no cell and begins nothing.
std::string in_cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '`' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

// As code: between more backticks than it has in a row; only `|` needs more, even there (GFM tables).
std::string code_cell(const std::string& text) {
  std::string shown;
  size_t ticks = 0;
  size_t longest = 0;
  for (const char c : printable(text)) {
    ticks = c == '`' ? ticks + 1 : 0;
    longest = std::max(longest, ticks);
    if (c == '|') shown += '\\';
    shown += c == '\n' ? ' ' : c;
  }
  const std::string fence(longest + 1, '`');
  const char* space = longest == 0 ? "" : " ";
  return fmt::format("{}{}{}{}{}", fence, space, shown, space, fence);
}

}  // namespace

ProgramCost total(const std::vector<ProgramCost>& programs) {
  ProgramCost sum;
  sum.name = "total";
  for (const ProgramCost& program : programs) {
    sum.instructions += program.instructions;
    sum.processed += program.processed;
    sum.states += program.states;
    sum.peak_states = std::max(sum.peak_states, program.peak_states);
    sum.stack_bytes = std::max(sum.stack_bytes, program.stack_bytes);
    sum.microseconds += program.microseconds;
  }
  return sum;
}

Agreement agreement(const std::vector<Verdict>& answers) {
  Agreement out;
  for (const Verdict& loaded : answers) {
    if (loaded.by != Verdict::By::kLoading) continue;
    for (const Verdict& asked : answers) {
      if (asked.by != Verdict::By::kBtf || asked.file != loaded.file || asked.kernel != loaded.kernel)
        continue;
      ++out.compared;
      if (asked.takes != loaded.takes)
        out.disagreements.push_back(fmt::format("policy `{}` on {}: BTF says {}, loading says {}",
                                                loaded.policy, loaded.kernel,
                                                asked.takes ? "yes" : "no: " + asked.refusal.message,
                                                loaded.takes ? "yes" : "no: " + loaded.refusal.message));
    }
  }
  return out;
}

std::string verify_text(const std::vector<Verdict>& answers, bool programs, bool color) {
  std::string out;
  for (auto& group : by_policy(answers)) {
    if (!out.empty()) out += "\n";
    std::erase_if(group, [&](const Verdict* one) { return is_repeated(*one, answers); });
    out += policy_text(group, programs, Painter(color));
  }
  return out;
}

std::string verify_json(const std::vector<Verdict>& answers, const std::vector<std::string>& exceeded) {
  ordered_json document = {{"schema", "scxc.verify"}, {"version", 1}, {"answers", ordered_json::array()}};
  for (const Verdict& answer : answers) document["answers"].push_back(to_value(answer));
  document["over_budget"] = exceeded;
  const Agreement agreed = agreement(answers);
  document["compared"] = agreed.compared;
  document["disagreements"] = agreed.disagreements;
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string verify_markdown(const std::vector<Verdict>& answers) {
  std::vector<std::string> kernels;
  for (const Verdict& answer : answers)
    if (std::find(kernels.begin(), kernels.end(), answer.kernel) == kernels.end())
      kernels.push_back(answer.kernel);
  std::string out = "| policy |";
  std::string rule = "|---|";
  for (const std::string& kernel : kernels) {
    out += fmt::format(" {} |", in_cell(short_kernel(kernel)));
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const auto& group : by_policy(answers)) {
    out += fmt::format("| {} |", code_cell(group.front()->file));
    for (const std::string& kernel : kernels) {
      // Where a kernel was asked both ways its figures count.
      const Verdict* best = nullptr;
      for (const Verdict* answer : group)
        if (answer->kernel == kernel && (best == nullptr || answer->by == Verdict::By::kLoading))
          best = answer;
      out += best == nullptr ? " – |" : fmt::format(" {} |", cell_text(*best));
    }
    out += "\n";
  }
  return out;
}

}  // namespace scx::driver
