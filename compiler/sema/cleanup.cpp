#include "compiler/sema/cleanup.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/tables.h"
#include "compiler/sema/values.h"
#include "runtime/base/check.h"
#include "runtime/base/closest.h"

namespace scx::sema {
namespace {

using diag::Kind;
using model::CleanupAction;
using model::Event;
using model::Resource;
using model::Scope;
using To = CleanupAction::To;
using Verb = CleanupAction::Verb;

// A statement of an `on` block: its words, then what it takes.
struct Form {
  std::string_view words;
  Verb verb;
  std::vector<Resource> resources;
  std::vector<To> targets;   // besides a cell's name; none: no target is taken
  std::string_view example;  // one right use, for help
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {"return cpus to",
       Verb::kReturnCpus,
       {Resource::kCpus},
       {To::kRoot, To::kDonors, To::kSiblings},
       "return cpus to root"},
      {"drain tasks to",
       Verb::kDrainTasks,
       {Resource::kTasks},
       {To::kParent, To::kRoot},
       "drain tasks to parent"},
      {"forget", Verb::kForget, {Resource::kTaskState, Resource::kGpuMembership}, {}, "forget"},
      {"keep stats", Verb::kKeepStats, {Resource::kStats}, {}, "keep stats 5m"},
      {"restore irq", Verb::kRestore, {Resource::kInterrupts}, {}, "restore irq"},
      {"restore idle", Verb::kRestore, {Resource::kIdleLatency}, {}, "restore idle"},
      {"restore perf", Verb::kRestore, {Resource::kPerfLevel}, {}, "restore perf"},
      {"exit", Verb::kExit, {Resource::kScheduler}, {}, "exit"},
      {"restart", Verb::kRestart, {Resource::kScheduler}, {}, "restart"},
  };
  return all;
}

// The words that `terms` begin with, at most `count`.
std::string leading_words(const std::vector<ast::Term>& terms, size_t count) {
  std::string text;
  for (size_t i = 0; i < std::min(count, terms.size()); ++i) {
    const auto* word = std::get_if<ast::Word>(&terms[i]);
    if (word == nullptr) break;
    text += (i == 0 ? "" : " ") + word->text;
  }
  return text;
}

const Form* find_form(const std::vector<ast::Term>& terms) {
  for (const Form& form : forms())
    if (leading_words(terms, count_words(form.words)) == form.words) return &form;
  return nullptr;
}

const std::vector<std::string_view>& event_words() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> found;
    for (size_t i = 0; i < model::kWritableEvents; ++i)
      found.push_back(model::spelling(static_cast<Event>(i)));
    return found;
  }();
  return words;
}

// Of the others `check_implemented` in compiler/analysis says that they come later.
bool is_implemented(const Form& form) {
  return std::any_of(form.resources.begin(), form.resources.end(),
                     [&](Resource resource) { return model::row_of(resource).standard.verb == form.verb; });
}

std::string_view first_word(const Form& form) { return form.words.substr(0, form.words.find(' ')); }

std::vector<std::string_view> example_list(std::string_view first) {
  std::vector<std::string_view> found;
  for (const Form& form : forms())
    if (is_implemented(form) && (first.empty() || first_word(form) == first)) found.push_back(form.example);
  return found;
}

template <typename T>
bool contains(const std::vector<T>& all, T one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// One cleanup block: a scope with a name.
struct Block {
  Scope scope = Scope::kPolicy;
  std::string_view cell = "root";
  std::string_view layer;
};

std::string_view describe_block(Scope scope) {
  return scope == Scope::kPolicy ? "the policy's cleanup"
         : scope == Scope::kCell ? "the cleanup of a cell"
                                 : "the cleanup of a layer";
}

class CleanupReader {
 public:
  CleanupReader(const Constants& constants, std::vector<std::string_view> cells,
                diag::Diagnostics& diagnostics)
      : diagnostics_(diagnostics), values_(constants, diagnostics), cells_(std::move(cells)) {}

  void read(const ast::Block& body, Span span, const Block& block) {
    first_ = out_.size();
    report_layers(body);
    if (body.properties.empty() && body.layers.empty())
      diagnostics_.report(Kind::kMissingOperand, span, "the cleanup block says nothing")
          .help("leave it out: every resource has its default way back");
    for (const ast::Property& property : body.properties) {
      if (property.terms.empty()) continue;  // a syntax error
      if (const auto* on = std::get_if<ast::Word>(&property.terms[0]); on != nullptr && on->text == "on")
        read_event(property, block);
      else
        report_outside(property);
    }
  }

  // The `cleanup` properties of a cell's or a layer's block.
  void read_properties(const ast::Block& body, const Block& block) {
    for (const ast::Property& property : body.properties) {
      if (leading_words(property.terms, 1) != "cleanup") continue;
      const Span name = ast::span_of(property.terms[0]);
      if (property.terms.size() > 1)
        diagnostics_
            .report(Kind::kUnexpectedOperand, ast::span_of(property.terms[1]),
                    "`cleanup` takes a block only, here {}", describe(property.terms[1]))
            .help("write `cleanup { on EVENT { … } }`");
      else if (property.block == nullptr)
        diagnostics_.report(Kind::kMissingOperand, name, "`cleanup` has no block")
            .help("write `cleanup { on EVENT { … } }`");
      else
        return read(*property.block, name, block);
    }
  }

  std::vector<WrittenCleanup> take() { return std::move(out_); }

 private:
  void report_layers(const ast::Block& body) {
    for (const ast::Layer& layer : body.layers)
      diagnostics_.report(Kind::kPropertyOutOfPlace, layer.name.span, "a layer inside a cleanup block")
          .help("layers stand at the top level of the file or in a cell");
  }

  void report_outside(const ast::Property& property) {
    const Span span = ast::span_of(property.terms[0]);
    if (const Form* form = find_form(property.terms); form != nullptr) {
      diagnostics_.report(Kind::kPropertyOutOfPlace, span, "`{}` stands outside every event", form->example)
          .help(fmt::format("say when: `on {} {{ {}; }}`",
                            model::spelling(model::row_of(form->resources[0]).events[0]), form->example));
      return;
    }
    const std::string word = leading_words(property.terms, 1);
    diagnostics_
        .report(Kind::kUnknownProperty, span, "{} in a cleanup block",
                word.empty() ? describe(property.terms[0]) : fmt::format("unknown word `{}`", word))
        .help("write `on EVENT { ACTION; … }`, with one of " + list_words(event_words(), "or"));
  }

  void read_event(const ast::Property& property, const Block& block) {
    const std::optional<Event> event = event_of(property);
    if (!event) return;
    if (property.block == nullptr) {
      diagnostics_
          .report(Kind::kMissingOperand, property.span, "`on {}` has no block", model::spelling(*event))
          .help(fmt::format("write `on {} {{ ACTION; … }}`", model::spelling(*event)));
      return;
    }
    report_layers(*property.block);
    if (property.block->properties.empty() && property.block->layers.empty())
      diagnostics_
          .report(Kind::kMissingOperand, property.span, "`on {}` does nothing", model::spelling(*event))
          .help("leave it out: every resource has its default way back");
    for (const ast::Property& statement : property.block->properties)
      if (!statement.terms.empty()) read_statement(statement, *event, block);
  }

  std::optional<Event> event_of(const ast::Property& property) {
    const auto& terms = property.terms;
    if (terms.size() == 1) {
      diagnostics_.report(Kind::kMissingOperand, ast::span_of(terms[0]), "`on` names no event")
          .help("events are " + list_words(event_words()));
      return std::nullopt;
    }
    const std::vector<ast::Term> named(terms.begin() + 1, terms.end());
    const std::string text = leading_words(named, named.size());
    for (size_t i = 0; i < event_words().size(); ++i)
      if (text == event_words()[i] && named.size() == count_words(text)) return static_cast<Event>(i);
    diagnostics_
        .report(Kind::kUnknownEvent, join(ast::span_of(terms[1]), ast::span_of(terms.back())),
                "no event is called {}", text.empty() ? describe(terms[1]) : fmt::format("`{}`", text))
        .hint(did_you_mean(text, event_words(), "events are " + list_words(event_words())));
    return std::nullopt;
  }

  void read_statement(const ast::Property& statement, Event event, const Block& block) {
    const Form* form = find_form(statement.terms);
    if (form == nullptr) return report_unknown(statement);
    if (!may_stand(statement, *form, event, block)) return;
    WrittenCleanup out{block.scope, block.cell, block.layer, {}, event, {form->verb}, {}, statement.span};
    if (!read_operand(statement, *form, out)) return;
    for (const Resource resource : form->resources) {
      if (!contains(model::row_of(resource).events, event)) continue;
      out.resource = resource;
      add(out);
    }
  }

  // The action that begins with `first`, to the target that the statement ends with; empty if it names none.
  std::string with_target(const ast::Property& statement, std::string_view first) const {
    const auto* last = std::get_if<ast::Word>(&statement.terms.back());
    if (last == nullptr) return "";
    for (const Form& form : forms()) {
      if (form.targets.empty() || first_word(form) != first) continue;
      const bool is_target = contains(cells_, std::string_view(last->text)) ||
                             std::any_of(form.targets.begin(), form.targets.end(),
                                         [&](To to) { return model::spelling(to) == last->text; });
      if (is_target) return fmt::format("{} {}", form.words, last->text);
    }
    return "";
  }

  void report_unknown(const ast::Property& statement) {
    const Span span = statement.terms.size() > 1
                          ? join(ast::span_of(statement.terms[0]), ast::span_of(statement.terms.back()))
                          : ast::span_of(statement.terms[0]);
    const std::string first = leading_words(statement.terms, 1);
    const std::string written = leading_words(statement.terms, statement.terms.size());
    auto report =
        diagnostics_.report(Kind::kUnknownAction, span, "no action is called {}",
                            written.empty() ? describe(statement.terms[0]) : fmt::format("`{}`", written));
    if (const std::string meant = with_target(statement, first); !meant.empty()) {
      report.help(fmt::format("write `{}`", meant)).suggest(span, meant);
      return;
    }
    const std::vector<std::string_view> near = example_list(first.empty() ? "-" : first);
    if (!near.empty()) {
      report.help("write " + list_words(near, "or"));
      return;
    }
    std::vector<std::string_view> firsts;
    for (const Form& form : forms()) firsts.push_back(first_word(form));
    const std::string_view guess = closest(first, firsts);
    const std::vector<std::string_view> meant = example_list(guess);
    report.help(guess.empty()   ? "actions are " + list_words(meant)
                : meant.empty() ? fmt::format("did you mean `{}`, which is not implemented yet?", guess)
                                : "did you mean " + list_words(meant, "or") + "?");
  }

  bool may_stand(const ast::Property& statement, const Form& form, Event event, const Block& block) {
    const model::CleanupRow& row = model::row_of(form.resources[0]);
    if (!contains(row.scopes, block.scope)) {
      std::vector<std::string_view> fitting;
      for (const Scope scope : row.scopes) fitting.push_back(describe_block(scope));
      diagnostics_
          .report(Kind::kActionOutOfScope, statement.span, "`{}` cannot stand in {}", form.words,
                  describe_block(block.scope))
          .note(fmt::format("{} belong{} to the {}", row.name, row.name.ends_with('s') ? "" : "s", row.owner))
          .help(fmt::format("it belongs in {}", fmt::join(fitting, " or in ")));
      return false;
    }
    const bool runs = std::any_of(form.resources.begin(), form.resources.end(), [&](Resource resource) {
      return contains(model::row_of(resource).events, event);
    });
    if (runs) return true;
    std::vector<std::string_view> fitting;
    for (const Resource resource : form.resources)
      for (const Event e : model::row_of(resource).events)
        if (!contains(fitting, model::spelling(e))) fitting.push_back(model::spelling(e));
    diagnostics_
        .report(Kind::kActionOfOtherEvent, statement.span, "`on {}` cannot run `{}`", model::spelling(event),
                form.words)
        .help(fmt::format("it runs on {}", list_words(fitting, "or")));
    return false;
  }

  bool read_operand(const ast::Property& statement, const Form& form, WrittenCleanup& out) {
    const auto& terms = statement.terms;
    const size_t next = count_words(form.words);
    const size_t wanted = form.verb == Verb::kKeepStats || !form.targets.empty() ? 1 : 0;
    if (statement.block != nullptr) {
      diagnostics_.report(Kind::kUnexpectedOperand, statement.block->span, "`{}` takes no block", form.words)
          .help(fmt::format("write `{};`", form.example));
      return false;
    }
    if (terms.size() < next + wanted) {
      diagnostics_.report(Kind::kMissingOperand, statement.span, "`{}` has no operand", form.words)
          .help(fmt::format("write `{};`", form.example));
      return false;
    }
    if (terms.size() > next + wanted) {
      diagnostics_
          .report(Kind::kUnexpectedOperand, ast::span_of(terms[next + wanted]), "{} behind `{}`",
                  describe(terms[next + wanted]), form.words)
          .help(fmt::format("for instance `{};`", form.example));
      return false;
    }
    if (form.verb == Verb::kKeepStats) return read_duration(terms[next], form, out);
    return wanted == 0 || read_target(terms[next], form, out);
  }

  bool read_duration(const ast::Term& term, const Form& form, WrittenCleanup& out) {
    constexpr uint64_t kSecond = 1'000'000'000;
    constexpr uint64_t kLongest = abi::kMaxKeepStatsNs;
    const auto operand = values_.resolve(term);
    if (!operand) return false;
    const auto value = values_.duration(*operand, {form.words, form.example});
    if (!value) return false;
    out.action.keep_ns = *value;
    if (*value >= kSecond && *value <= kLongest) return true;
    values_
        .report(Kind::kOutOfRange, *operand,
                fmt::format("{} is out of range for `keep stats`", model::duration_text(*value)))
        .note("figures are reported once a second or slower, and those of ended cells take memory")
        .help(fmt::format("the range is {} to {}", model::duration_text(kSecond),
                          model::duration_text(kLongest)));
    return false;
  }

  bool read_target(const ast::Term& term, const Form& form, WrittenCleanup& out) {
    const auto* word = std::get_if<ast::Word>(&term);
    if (word == nullptr) {
      diagnostics_
          .report(Kind::kWrongType, ast::span_of(term), "`{}` takes the name of a cell, not {}", form.words,
                  describe(term))
          .help(fmt::format("for instance `{};`", form.example));
      return false;
    }
    std::vector<std::string_view> known;
    for (const To to : form.targets) {
      known.push_back(model::spelling(to));
      if (word->text != known.back()) continue;
      out.action.to = to;
      return true;
    }
    out.action.to = To::kCell;
    out.target = word->text;
    if (contains(cells_, out.target)) return true;
    known.insert(known.end(), cells_.begin(), cells_.end());
    diagnostics_.report(Kind::kUnknownTarget, word->span, "`{}` is no cell of this policy", word->text)
        .hint(did_you_mean(word->text, known, "targets are " + list_words(known)));
    return false;
  }

  // One action for a resource on an event, in one block.
  void add(const WrittenCleanup& written) {
    for (size_t i = first_; i < out_.size(); ++i) {
      const WrittenCleanup& earlier = out_[i];
      if (earlier.resource != written.resource || earlier.event != written.event) continue;
      diagnostics_
          .report(Kind::kRepeatedAction, written.span, "two actions for {} on {}",
                  model::row_of(written.resource).name, model::spelling(written.event))
          .label(earlier.span, "the first one")
          .help("keep one of them");
      return;
    }
    out_.push_back(written);
  }

  diag::Diagnostics& diagnostics_;
  ValueReader values_;
  std::vector<std::string_view> cells_;
  std::vector<WrittenCleanup> out_;
  size_t first_ = 0;  // of the block that is being read
};

std::vector<std::string_view> target_names(const Declarations& declarations) {
  std::vector<std::string_view> names;
  for (size_t i = 1; i < declarations.cells.size(); ++i)
    names.push_back(declarations.cells[i].written->name.text);
  return names;
}

}  // namespace

std::vector<WrittenCleanup> read_cleanup(const Declarations& declarations, const Constants& constants,
                                         diag::Diagnostics& diagnostics) {
  CleanupReader reader(constants, target_names(declarations), diagnostics);
  if (declarations.cleanup != nullptr) reader.read(declarations.cleanup->body, declarations.cleanup_head, {});
  for (const CellDeclaration& cell : declarations.cells) {
    const std::string_view name =
        cell.written == nullptr ? "root" : std::string_view(cell.written->name.text);
    if (cell.written != nullptr) reader.read_properties(cell.written->body, {Scope::kCell, name, {}});
    for (const ast::Layer* layer : cell.layers)
      reader.read_properties(layer->body, {Scope::kLayer, name, layer->name.text});
  }
  return reader.take();
}

}  // namespace scx::sema
