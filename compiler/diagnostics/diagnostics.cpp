#include "compiler/diagnostics/diagnostics.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "runtime/base/check.h"

namespace scx::diag {

std::string_view spelling(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kNote:
      break;
  }
  return "note";
}

const std::vector<KindInfo>& all_kinds() {
  static const std::vector<KindInfo> kinds = {
#define SCX_DIAGNOSTIC(name, code, severity, category, title) \
  {#name, code, Severity::severity, category, title},
#include "compiler/diagnostics/kinds.def"
#undef SCX_DIAGNOSTIC
  };
  return kinds;
}

const KindInfo& info(Kind kind) {
  const auto index = static_cast<size_t>(kind);
  SCX_CHECK(index < all_kinds().size(), "the kind is a row of kinds.def");
  return all_kinds()[index];
}

std::string rule_name(const KindInfo& kind) {
  std::string out;
  for (const char c : kind.name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out += '-';
    out += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::optional<Kind> kind_named(std::string_view word) {
  for (size_t i = 0; i < all_kinds().size(); ++i)
    if (all_kinds()[i].code == word || rule_name(all_kinds()[i]) == word) return static_cast<Kind>(i);
  return std::nullopt;
}

Builder Diagnostics::add(Kind kind, Span span, std::string message) {
  Diagnostic diagnostic{};
  diagnostic.kind = kind;
  diagnostic.span = span;
  diagnostic.message = std::move(message);
  diagnostic.severity = info(kind).severity;
  return add(std::move(diagnostic));
}

Builder Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::kError) ++errors_;
  diagnostics_.push_back(std::move(diagnostic));
  return Builder(diagnostics_.back());
}

std::vector<const Diagnostic*> Diagnostics::sorted() const {
  struct Entry {
    std::tuple<uint32_t, uint32_t, uint32_t, uint16_t> place;
    size_t order;  // of two equal ones the first reported stays
    const Diagnostic* diagnostic;
  };
  std::vector<Entry> entries;
  for (const Diagnostic& d : diagnostics_)
    entries.push_back(
        {{static_cast<uint32_t>(d.span.file), d.span.begin, d.span.end, static_cast<uint16_t>(d.kind)},
         entries.size(),
         &d});
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.place, a.order) < std::tie(b.place, b.order);
  });
  std::vector<const Diagnostic*> out;
  for (size_t i = 0; i < entries.size(); ++i)
    if (i == 0 || entries[i].place != entries[i - 1].place) out.push_back(entries[i].diagnostic);
  return out;
}

Diagnostics limit_errors(const Diagnostics& all, size_t limit) {
  if (limit == 0) return all;
  struct Tally {
    size_t listed = 0;
    size_t left_out = 0;
    Span first_left_out;
  };
  std::map<FileId, Tally> tallies;
  Diagnostics out;
  for (const Diagnostic* diagnostic : all.sorted()) {
    // That reading ended early is no mistake of its own and always told.
    const bool counts = diagnostic->severity == Severity::kError && diagnostic->kind != Kind::kTooManyErrors;
    Tally& tally = tallies[diagnostic->span.file];
    if (!counts || tally.listed < limit) {
      tally.listed += counts ? 1 : 0;
      out.add(*diagnostic);
    } else if (tally.left_out++ == 0) {
      tally.first_left_out = diagnostic->span;
    }
  }
  for (const auto& [file, tally] : tallies) {
    if (tally.left_out == 0) continue;
    out.report(Kind::kTooManyErrors, tally.first_left_out, "{} more error{} in this file", tally.left_out,
               tally.left_out == 1 ? "" : "s")
        .at("the first that is not listed")
        .help("`--error-limit=0` lists all");
  }
  return out;
}

}  // namespace scx::diag
