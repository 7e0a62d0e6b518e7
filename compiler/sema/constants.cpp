#include <algorithm>

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
    for (const std::string_view name : declarations_.refused)
      out_.by_name.emplace(name, Constants::Constant{});  // uses are silent
    return std::move(out_);
  }

 private:
  // Follows names from constant to constant; a loop, because a chain may be as
  // long as the file. All of the chain have the value at its end.
  void resolve(const ast::Let& first) {
    path_.clear();
    const ast::Let* let = &first;
    const ast::Term* value = nullptr;
    while (let != nullptr) {
      if (const auto* done = out_.find(let->name.text)) {
        if (done->let == nullptr) report_cycle(*let);
        value = done->value;
        break;
      }
      out_.by_name.insert_or_assign(let->name.text, Constants::Constant{});  // without `let`: on the path
      path_.push_back(let);
      value = evaluate(*let);
      const auto* word = value == nullptr ? nullptr : std::get_if<ast::Word>(value);
      if (word == nullptr) break;
      value = nullptr;
      let = follow(*let, *word);
    }
    for (const ast::Let* on_path : path_)
      out_.by_name.insert_or_assign(on_path->name.text, Constants::Constant{on_path, value});
  }

  void report_cycle(const ast::Let& target) {
    constexpr size_t kMostLabels = 8;
    const auto first = std::find(path_.begin(), path_.end(), &target);
    auto report = diagnostics_.report(Kind::kCyclicDefinition, ast::span_of(path_.back()->value[0]),
                                      "the constant `{}` is defined by itself", target.name.text);
    for (auto it = first; it != path_.end() && it - first < static_cast<ptrdiff_t>(kMostLabels); ++it)
      report.label((*it)->name.span, fmt::format("`{}` is defined here", (*it)->name.text));
  }

  // The value as written, maybe a Word; nothing after a report.
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
    return &term;
  }

  // The constant that another one names.
  const ast::Let* follow(const ast::Let& let, const ast::Word& word) {
    const ast::Let* target = declarations_.find_let(word.text);
    if (target == nullptr && !declarations_.refused.contains(word.text)) report_undefined(let, word);
    return target;
  }

  void report_undefined(const ast::Let& let, const ast::Word& word) {
    if (const auto matcher = declarations_.find_matcher(word.text)) {
      diagnostics_.report(Kind::kWrongNameKind, word.span, "`{}` is a matcher, not a constant", word.text)
          .label(declarations_.matchers[*matcher]->name.span, "defined here")
          .help(fmt::format("another name for a matcher is a matcher: `match {} = {};`", let.name.text,
                            word.text));
      return;
    }
    std::vector<std::string_view> names = declarations_.let_names();
    std::erase(names, let.name.text);
    diagnostics_.report(Kind::kUndefinedConstant, word.span, "undefined constant `{}`", word.text)
        .hint(
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

std::vector<std::string_view> Constants::names() const {
  std::vector<std::string_view> out;
  if (by_name.size() <= kMostCandidates)
    for (const auto& [name, constant] : by_name) out.push_back(name);
  return out;
}

Constants resolve_constants(const Declarations& declarations, diag::Diagnostics& diagnostics) {
  return Resolver(declarations, diagnostics).run();
}

}  // namespace scx::sema
