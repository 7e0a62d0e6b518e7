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
    find(expression);
    if (found_.empty()) return;
    auto report = diagnostics_.report(diag::Kind::kRedundantTerm, span, "{}", found_.front());
    for (size_t i = 1; i < found_.size(); ++i) report.note(found_[i]);
    report.help("take it out, or write what was meant");
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
    // A matcher is read again wherever it is named.
    if (!said_.insert(term + " in " + whole).second) return;
    const bool never =
        subject_.search.find({{&expression.operands[index], true}}, std::nullopt).answer == Answer::kNone;
    const bool is_or = expression.kind == Expression::Kind::kOr;
    found_.push_back(fmt::format("`{}` changes nothing in `{}`: {}", term, whole,
                                 never   ? "it never holds"
                                 : is_or ? "the other terms let in all that it does"
                                         : "the other terms keep out all that it does"));
  }

  const Subject& subject_;
  diag::Diagnostics& diagnostics_;
  std::vector<std::string> found_;
  std::set<std::string> said_;
};

}  // namespace

void redundant_term(const Subject& subject, diag::Diagnostics& diagnostics) {
  Terms terms(subject, diagnostics);
  for (const model::Matcher& matcher : subject.policy.matchers) terms.check(matcher.expression, matcher.span);
  for (const model::Cell& cell : subject.policy.cells)
    for (const model::Layer& layer : cell.layers) terms.check(layer.match, layer.match_span);
}

}  // namespace scx::analysis::lint
