#include <optional>
#include <set>
#include <string>

#include "compiler/analysis/lint/rules.h"

namespace scx::analysis::lint {
namespace {

using abi::Expression;

class Terms {
 public:
  Terms(const Subject& subject, diag::Diagnostics& diagnostics)
      : subject_(subject), diagnostics_(diagnostics) {}

  // One report an expression, with a note for each further term.
  void check(const Expression& expression, Span span) {
    found_.clear();
    place_.reset();
    whole_ = &expression;
    span_ = span;
    find(expression);
    if (found_.empty()) return;
    auto report =
        diagnostics_.report(diag::Kind::kRedundantTerm, place_.value_or(span), "{}", found_.front());
    for (size_t i = 1; i < found_.size(); ++i) report.note(found_[i]);
    report.help(help_);
  }

 private:
  void find(const Expression& expression) {
    for (const Expression& operand : expression.operands) find(operand);
    if (expression.kind != Expression::Kind::kAnd && expression.kind != Expression::Kind::kOr) return;
    // One at a time: without one of two equal terms the other is needed.
    for (size_t i = 0; i < expression.operands.size(); ++i)
      if (is_redundant(expression, i)) return add(expression, i);
  }

  // No task makes the term decide: of an `or` one that only it lets in, of an `and` one that only it keeps
  // out.
  bool is_redundant(const Expression& expression, size_t index) {
    const bool is_or = expression.kind == Expression::Kind::kOr;
    std::vector<Goal> goals;
    for (size_t i = 0; i < expression.operands.size(); ++i)
      goals.push_back({&expression.operands[i], (i == index) == is_or});
    return subject_.search.find(goals, std::nullopt).answer == Answer::kNone;
  }

  void add(const Expression& expression, size_t index) {
    const std::string term = to_string(subject_.policy, expression.operands[index]);
    const std::string whole = to_string(subject_.policy, expression);
    if (!said_.insert(term + " in " + whole).second) return;
    const bool never =
        subject_.search.find({{&expression.operands[index], true}}, std::nullopt).answer == Answer::kNone;
    if (was_told(expression.operands[index])) return;
    if (found_.empty()) place_ = place_of(expression.operands[index]);
    if (expression.operands[index].kind == Expression::Kind::kTest)
      told_.insert(expression.operands[index].predicate);
    const bool is_or = expression.kind == Expression::Kind::kOr;
    if (found_.empty())
      help_ = never   ? "take it out, or mend it so that a task can satisfy it"
              : is_or ? "take it out; if it was meant to let in fewer tasks, join it with `and`"
                      : "take it out; if it was meant to let in more tasks, join it with `or`";
    found_.push_back(fmt::format("`{}` is not needed in `{}`: {}", term, whole,
                                 never   ? "no task satisfies it"
                                 : is_or ? "each task that satisfies it satisfies another test there, too"
                                         : "each task that satisfies the other tests satisfies it, too"));
  }

  [[nodiscard]] bool is_here(Span span) const {
    return span.file == span_.file && span.begin >= span_.begin && span.end <= span_.end;
  }

  // A matcher is part of the expression wherever it is named; what was told of the matcher itself is not told
  // again.
  [[nodiscard]] bool was_told(const Expression& term) const {
    return term.kind == Expression::Kind::kTest && told_.contains(term.predicate) &&
           !is_here(subject_.policy.predicates[term.predicate].span);
  }

  // A test's place is that of its first use: certain if it is here, and the only one here.
  [[nodiscard]] std::optional<Span> place_of(const Expression& term) const {
    if (term.kind != Expression::Kind::kTest || uses(*whole_, term.predicate) != 1) return std::nullopt;
    const Span span = subject_.policy.predicates[term.predicate].span;
    return is_here(span) ? std::optional(span) : std::nullopt;
  }

  static size_t uses(const Expression& expression, uint32_t predicate) {
    size_t out = expression.kind == Expression::Kind::kTest && expression.predicate == predicate ? 1 : 0;
    for (const Expression& operand : expression.operands) out += uses(operand, predicate);
    return out;
  }

  const Subject& subject_;
  diag::Diagnostics& diagnostics_;
  const Expression* whole_ = nullptr;
  Span span_;  // of the whole
  std::vector<std::string> found_;
  std::optional<Span> place_;  // of the first found
  std::string help_;           // for it
  std::set<std::string> said_;
  std::set<uint32_t> told_;  // predicates
};

}  // namespace

void redundant_term(const Subject& subject, diag::Diagnostics& diagnostics) {
  Terms terms(subject, diagnostics);
  for (const model::Matcher& matcher : subject.policy.matchers)
    terms.check(matcher.expression, matcher.match_span);
  for (const model::Cell& cell : subject.policy.cells)
    for (const model::Layer& layer : cell.layers) terms.check(layer.match, layer.match_span);
}

}  // namespace scx::analysis::lint
