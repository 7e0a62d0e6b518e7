// Diagnostics: what the compiler tells the author of a policy. A phase reports
// them to a Diagnostics collection and goes on; nothing here prints. Renderers
// (terminal, later json, sarif, github) read the finished collection.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/support/source.h"

namespace scx::diag {

enum class Severity : uint8_t { kError, kWarning, kNote };
// "error", "warning", "note".
std::string_view spelling(Severity severity);

enum class Kind : uint16_t {
#define SCX_DIAGNOSTIC(name, code, severity, category, title) k##name,
#include "compiler/diagnostics/kinds.def"
#undef SCX_DIAGNOSTIC
};

// The row of kinds.def.
struct KindInfo {
  std::string_view name;
  std::string_view code;
  Severity severity;
  std::string_view category;
  std::string_view title;
};
const KindInfo& info(Kind kind);
const std::vector<KindInfo>& all_kinds();

// The name by which people call a kind beside its code: `order-decides`.
std::string rule_name(const KindInfo& kind);
// The kind that `word` is the code or the rule name of.
std::optional<Kind> kind_named(std::string_view word);

// A second place that explains the first.
struct Label {
  Span span;
  std::string text;
};

// A replacement of text. A safe one is what the author meant, or changes nothing of what the policy means:
// a tool may apply it without asking. The others are guesses.
struct Fix {
  Span span;
  std::string replacement;
  bool safe = true;
};

// What may have been meant: the sentence that asks, and the word that stands for the misspelt one; empty
// where nothing is near, `help` says something else then.
struct Hint {
  std::string help;
  std::string word;
};

// Wording: lower case, no final period, code in backticks, what was found;
// the label says it shortly at the place; help comes last.
struct Diagnostic {
  Kind kind;
  Span span;
  std::string message;
  std::string label;          // under the caret of `span`; may be empty
  std::vector<Label> labels;  // other places
  std::vector<std::string> notes;
  std::string help;
  std::vector<Fix> fixes;
  // Reading went on as if the text were right: what else is found around the place stands.
  bool repaired = false;
  // As of the kind, until the settings of `scxc lint` say otherwise.
  Severity severity = Severity::kError;
  // Why a comment of the policy allows it; empty if none does.
  std::string allowed;
};

// Adds detail to a diagnostic that has been reported:
//   diagnostics.report(Kind::kUnknownName, span, "unknown matcher `{}`", name)
//       .label(other, "defined here").help("did you mean `{}`?", guess);
class Builder {
 public:
  explicit Builder(Diagnostic& diagnostic) : diagnostic_(diagnostic) {}
  Builder& at(std::string text) {
    diagnostic_.label = std::move(text);
    return *this;
  }
  Builder& label(Span span, std::string text) {
    diagnostic_.labels.push_back({span, std::move(text)});
    return *this;
  }
  Builder& note(std::string text) {
    diagnostic_.notes.push_back(std::move(text));
    return *this;
  }
  Builder& help(std::string text) {
    diagnostic_.help = std::move(text);
    return *this;
  }
  Builder& fix(Span span, std::string replacement) {
    diagnostic_.fixes.push_back({span, std::move(replacement)});
    return *this;
  }
  // What may have been meant, of which nothing is known for sure.
  Builder& suggest(Span span, std::string replacement) {
    diagnostic_.fixes.push_back({span, std::move(replacement), false});
    return *this;
  }
  // For a diagnostic whose span is the misspelt word.
  Builder& hint(Hint hint) {
    if (!hint.word.empty()) suggest(diagnostic_.span, std::move(hint.word));
    return help(std::move(hint.help));
  }
  Builder& repaired() {
    diagnostic_.repaired = true;
    return *this;
  }

 private:
  Diagnostic& diagnostic_;
};

// The diagnostics of one compilation, in order of report. Builders stay valid
// while the collection lives.
class Diagnostics {
 public:
  template <typename... Args>
  Builder report(Kind kind, Span span, fmt::format_string<Args...> format, Args&&... args) {
    return add(kind, span, fmt::format(format, std::forward<Args>(args)...));
  }
  Builder add(Kind kind, Span span, std::string message);
  // With its severity as it is.
  Builder add(Diagnostic diagnostic);

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] size_t error_count() const { return errors_; }
  // Sorted by file and place, duplicates (same kind and span) dropped.
  [[nodiscard]] std::vector<const Diagnostic*> sorted() const;
  [[nodiscard]] const std::deque<Diagnostic>& all() const { return diagnostics_; }

 private:
  std::deque<Diagnostic> diagnostics_;
  size_t errors_ = 0;
};

// `all` without the errors of each file behind its first `limit`, in whose place
// stands one of kTooManyErrors with their number. 0 keeps all.
Diagnostics limit_errors(const Diagnostics& all, size_t limit);

}  // namespace scx::diag
