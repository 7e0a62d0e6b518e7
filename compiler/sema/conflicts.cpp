#include "compiler/sema/conflicts.h"

#include <array>
#include <string_view>

#include "compiler/model/ranges.h"
#include "compiler/sema/tables.h"

namespace scx::sema {
namespace {

using model::Predicate;
using model::StringTest;

bool is_plain_integer(const Predicate& predicate) {
  // Tests of GPU use differ in the device: none says what another does.
  return !predicate.string && predicate.names.empty() && !is_gpu(predicate.attribute);
}

model::Ranges values_of(const Literal& literal, const Predicate& predicate) {
  if (!literal.negated) return predicate.ranges;
  const AttributeRow& row = row_of(predicate.attribute);
  return model::complement(predicate.ranges, row.low, row.high);
}

// Whether the fixed text satisfies the test; a test that needs an automaton counts as satisfied.
bool may_satisfy(std::string_view text, const StringTest& test) {
  switch (test.op) {
    case StringTest::Op::kExact:
      return text == test.text;
    case StringTest::Op::kPrefix:
      return text.starts_with(test.text);
    case StringTest::Op::kSuffix:
      return text.ends_with(test.text);
    case StringTest::Op::kContains:
      return text.find(test.text) != std::string_view::npos;
    case StringTest::Op::kUnder:
      if (has_wildcard(test.text) || test.text == "/") return true;
      return text == test.text || text.starts_with(test.text + "/");
    case StringTest::Op::kGlob:
      return has_wildcard(test.text) || text == test.text;
    case StringTest::Op::kRegex:
      return true;
  }
  return true;
}

// What every value that satisfies the test begins with.
std::string_view fixed_start(const StringTest& test) {
  switch (test.op) {
    case StringTest::Op::kExact:
    case StringTest::Op::kPrefix:
      return test.text;
    case StringTest::Op::kUnder:
    case StringTest::Op::kGlob:
      return std::string_view(test.text).substr(0, test.text.find_first_of("*?[\\"));
    default:
      return {};
  }
}

bool exclude(const StringTest& a, const StringTest& b) {
  if (a.op == StringTest::Op::kExact && !may_satisfy(a.text, b)) return true;
  if (b.op == StringTest::Op::kExact && !may_satisfy(b.text, a)) return true;
  if (a.op == StringTest::Op::kUnder && b.op == StringTest::Op::kUnder && !has_wildcard(a.text + b.text))
    return !may_satisfy(a.text, b) && !may_satisfy(b.text, a);
  const std::string_view start_a = fixed_start(a);
  const std::string_view start_b = fixed_start(b);
  return !start_a.starts_with(start_b) && !start_b.starts_with(start_a);
}

bool opposite(const Literal& a, const Literal& b) {
  return a.predicate == b.predicate && a.negated != b.negated;
}

using Pair = std::optional<std::pair<Literal, Literal>>;

// Folds the ranges of plain integer tests per attribute; the pair is the first
// and the last test of the fold that reached `done`.
template <typename Combine, typename Done>
Pair fold_ranges(const std::vector<Literal>& literals, const std::vector<Predicate>& predicates,
                 Combine combine, Done done) {
  struct Seen {
    bool any = false;
    model::Ranges values;
    Literal last;
  };
  std::array<Seen, abi::kAttributeCount> seen;
  for (const Literal& literal : literals) {
    const Predicate& predicate = predicates[literal.predicate];
    if (!is_plain_integer(predicate)) continue;
    Seen& s = seen[static_cast<size_t>(predicate.attribute)];
    const model::Ranges values = values_of(literal, predicate);
    const model::Ranges before = s.values;
    s.values = s.any ? combine(s.values, values) : values;
    // A lone test that is always or never true has been reported as such.
    if (s.any && done(s.values, row_of(predicate.attribute))) return std::pair{s.last, literal};
    if (!s.any || s.values != before) s.last = literal;
    s.any = true;
  }
  return std::nullopt;
}

Pair find_opposites(const std::vector<Literal>& literals) {
  for (size_t i = 0; i < literals.size(); ++i)
    for (size_t j = i + 1; j < literals.size(); ++j)
      if (opposite(literals[i], literals[j])) return std::pair{literals[i], literals[j]};
  return std::nullopt;
}

// The search is quadratic; nobody writes longer lists by hand.
constexpr size_t kMaxLiterals = 256;

}  // namespace

Pair find_contradiction(const std::vector<Literal>& literals, const std::vector<Predicate>& predicates) {
  if (literals.size() > kMaxLiterals) return std::nullopt;
  if (const Pair pair = find_opposites(literals)) return pair;
  for (size_t i = 0; i < literals.size(); ++i) {
    const Predicate& a = predicates[literals[i].predicate];
    if (!a.string || literals[i].negated) continue;
    for (size_t j = i + 1; j < literals.size(); ++j) {
      const Predicate& b = predicates[literals[j].predicate];
      if (a.attribute != b.attribute || literals[j].negated) continue;
      if (exclude(*a.string, *b.string)) return std::pair{literals[i], literals[j]};
    }
  }
  return fold_ranges(literals, predicates, model::intersect,
                     [](const model::Ranges& values, const AttributeRow&) { return values.empty(); });
}

Pair find_tautology(const std::vector<Literal>& literals, const std::vector<Predicate>& predicates) {
  if (literals.size() > kMaxLiterals) return std::nullopt;
  if (const Pair pair = find_opposites(literals)) return pair;
  return fold_ranges(literals, predicates, model::unite,
                     [](const model::Ranges& values, const AttributeRow& row) {
                       return values == model::Ranges{{row.low, row.high}};
                     });
}

}  // namespace scx::sema
