#include "compiler/diagnostics/diagnostics.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "runtime/base/check.h"

namespace scx::diag {

const std::vector<KindInfo>& all_kinds() {
  static const std::vector<KindInfo> kinds = {
#define SCX_DIAGNOSTIC(name, code, severity, title) {#name, code, Severity::severity, title},
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

Builder Diagnostics::add(Kind kind, Span span, std::string message) {
  return add(Diagnostic{kind, span, std::move(message), {}, {}, {}, {}, {}});
}

Builder Diagnostics::add(Diagnostic diagnostic) {
  if (info(diagnostic.kind).severity == Severity::kError) ++errors_;
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
    const bool counts =
        info(diagnostic->kind).severity == Severity::kError && diagnostic->kind != Kind::kTooManyErrors;
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

namespace {

// Optimal string alignment distance: Levenshtein plus swapped neighbours, which
// are the most common slip of the keyboard.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_previous(b.size() + 1);
  std::vector<size_t> previous(b.size() + 1);
  std::vector<size_t> current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        current[j] = std::min(current[j], before_previous[j - 2] + 1);
    }
    std::swap(before_previous, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  // Nobody means a word of the language by more text than this, and the distance is quadratic.
  constexpr size_t kLongest = 64;
  if (word.empty() || word.size() > kLongest) return {};
  const size_t limit = std::max<size_t>(1, word.size() / 3);
  std::string_view best;
  size_t best_distance = limit + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongest || candidate == word) continue;
    if (std::max(candidate.size(), word.size()) - std::min(candidate.size(), word.size()) > limit) continue;
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace scx::diag
