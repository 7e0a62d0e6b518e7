#include <fmt/format.h>

#include "compiler/sema/names.h"
#include "compiler/sema/tables.h"

namespace scx::sema {
namespace {

using diag::Kind;

class Resolver {
 public:
  Resolver(const Declarations& declarations, diag::Diagnostics& diagnostics)
      : declarations_(declarations), diagnostics_(diagnostics) {}

  Constants run() {
    for (const ast::Let* let : declarations_.lets) resolve(*let);
    return std::move(out_);
  }

 private:
  const ast::Term* resolve(const ast::Let& let) {
    if (const auto* done = out_.find(let.name.text)) return done->value;
    path_.push_back(&let);
    const ast::Term* value = evaluate(let);
    path_.pop_back();
    out_.by_name.insert_or_assign(let.name.text, Constants::Constant{&let, value});
    return value;
  }

  const ast::Term* evaluate(const ast::Let& let) {
    if (let.value.empty()) {
      diagnostics_
          .report(Kind::kMissingOperand, let.name.span, "the constant `{}` has no value", let.name.text)
          .help(fmt::format("write one, for instance `let {} = 5ms;`", let.name.text));
      return nullptr;
    }
    if (let.value.size() > 1) {
      diagnostics_
          .report(Kind::kUnexpectedOperand, ast::span_of(let.value[1]),
                  "the constant `{}` has more than one value", let.name.text)
          .help("a constant is one number, string, range or set; a test gets a name with `match`");
      return nullptr;
    }
    const ast::Term& term = let.value[0];
    if (std::holds_alternative<ast::Operator>(term) || std::holds_alternative<ast::Star>(term)) {
      diagnostics_.report(Kind::kWrongType, ast::span_of(term),
                          "a constant is a number, a string, a range or a set");
      return nullptr;
    }
    const auto* word = std::get_if<ast::Word>(&term);
    return word == nullptr ? &term : follow(let, *word);
  }

  // The value of the constant that another one names.
  const ast::Term* follow(const ast::Let& let, const ast::Word& word) {
    const ast::Let* target = declarations_.find_let(word.text);
    if (target == nullptr) {
      report_undefined(let, word);
      return nullptr;
    }
    for (size_t i = 0; i < path_.size(); ++i) {
      if (path_[i] != target) continue;
      auto report = diagnostics_.report(Kind::kCyclicDefinition, word.span,
                                        "the constant `{}` is defined by itself", target->name.text);
      for (size_t j = i; j < path_.size(); ++j)
        report.label(path_[j]->name.span, fmt::format("`{}` is defined here", path_[j]->name.text));
      return nullptr;
    }
    return resolve(*target);
  }

  void report_undefined(const ast::Let& let, const ast::Word& word) {
    if (const auto matcher = declarations_.find_matcher(word.text)) {
      diagnostics_.report(Kind::kWrongNameKind, word.span, "`{}` is a matcher, not a constant", word.text)
          .label(declarations_.matchers[*matcher]->name.span, "defined here")
          .help(fmt::format("another name for a matcher is a matcher: `match {} = {};`", let.name.text,
                            word.text));
      return;
    }
    std::vector<std::string_view> names;
    for (const ast::Let* other : declarations_.lets)
      if (other != &let) names.push_back(other->name.text);
    diagnostics_.report(Kind::kUndefinedConstant, word.span, "undefined constant `{}`", word.text)
        .help(
            did_you_mean(word.text, names, "text stands in double quotes, a test gets a name with `match`"));
  }

  const Declarations& declarations_;
  diag::Diagnostics& diagnostics_;
  Constants out_;
  std::vector<const ast::Let*> path_;
};

}  // namespace

const Constants::Constant* Constants::find(std::string_view name) const {
  const auto it = by_name.find(name);
  return it == by_name.end() ? nullptr : &it->second;
}

Constants resolve_constants(const Declarations& declarations, diag::Diagnostics& diagnostics) {
  return Resolver(declarations, diagnostics).run();
}

}  // namespace scx::sema
