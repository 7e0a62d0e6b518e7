#include "compiler/automata/build.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "compiler/automata/dfa.h"
#include "compiler/automata/words.h"
#include "runtime/base/check.h"

namespace scx::automata {
namespace {

void mark_tests(const abi::Expression& expression, std::vector<bool>& used) {
  if (expression.kind == abi::Expression::Kind::kTest) used[expression.predicate] = true;
  for (const abi::Expression& operand : expression.operands) mark_tests(operand, used);
}

uint32_t depth(const abi::Expression& expression) {
  uint32_t deepest = 0;
  for (const abi::Expression& operand : expression.operands) deepest = std::max(deepest, depth(operand));
  return deepest + 1;
}

// A string predicate on its way into an automaton. Those with equal group keys may share one.
struct Candidate {
  uint32_t predicate = 0;
  bool unused = false;  // by every layer
  abi::Attribute attribute = abi::Attribute::kComm;
  bool words = false;     // needs no automaton in BPF
  bool searches = false;  // may begin anywhere in the value
  Pattern pattern;

  [[nodiscard]] auto group() const { return std::tuple(unused, attribute, words); }
  // Tied patterns first: they share the states of common beginnings, while
  // searching ones multiply with whatever they are put together with.
  [[nodiscard]] auto order() const { return std::tuple(unused, attribute, words, searches, predicate); }
};

std::vector<Candidate> candidates(const model::Policy& policy) {
  const std::vector<bool> used = used_by_layers(policy);
  std::vector<Candidate> out;
  for (uint32_t i = 0; i < policy.predicates.size(); ++i) {
    const model::Predicate& predicate = policy.predicates[i];
    if (!predicate.string) continue;
    Parsed<Pattern> parsed = parse_test(*predicate.string, predicate.attribute);
    auto* pattern = std::get_if<Pattern>(&parsed);
    SCX_CHECK(pattern != nullptr, "sema accepts no malformed pattern");
    const bool tied = !pattern->parts.empty() && pattern->parts.front().kind == Pattern::Kind::kBegin;
    out.push_back(
        {i, !used[i], predicate.attribute, word_test(predicate).has_value(), !tied, std::move(*pattern)});
  }
  std::sort(out.begin(), out.end(),
            [](const Candidate& a, const Candidate& b) { return a.order() < b.order(); });
  return out;
}

// The automaton of the longest run of candidates from the front that one can
// hold, and the length of that run; 0 when the first alone is too large. `guess`
// is tried first: neighbours are alike.
std::pair<abi::Automaton, size_t> longest_fit(std::span<const Candidate> run, size_t guess) {
  std::vector<Pattern> patterns;
  for (const Candidate& candidate : run.first(std::min<size_t>(run.size(), abi::kMaxAutomatonBits)))
    patterns.push_back(candidate.pattern);
  std::pair<abi::Automaton, size_t> best{{}, 0};
  // Runs grow by steps of four until one fails, then by halves: a build that
  // fails costs most, and few do. Beside a guess that was right one step is enough.
  size_t fails = patterns.size() + 1;
  for (size_t length = std::clamp<size_t>(guess, 1, patterns.size()); best.second + 1 < fails;) {
    if (auto automaton = compile(std::span(patterns).first(length), run.front().attribute)) {
      best = {*std::move(automaton), length};
    } else {
      fails = length;
    }
    const bool grows = fails > patterns.size();
    const bool guessed = grows && length == guess && guess > 1;
    length = guessed ? best.second + 1
             : grows ? std::min(best.second * 4, patterns.size())
                     : (best.second + fails) / 2;
  }
  return best;
}

// What makes a pattern of this kind large can be left out.
std::string_view how_to_shrink(const model::StringTest& test) {
  using Op = model::StringTest::Op;
  const bool has_wildcard = test.text.find_first_of("*?[") != std::string::npos;
  switch (test.op) {
    case Op::kRegex:
      return "tie it to the start of the value with `^`, count less, or name the bytes that `.` stands for";
    case Op::kGlob:
    case Op::kUnder:
      return has_wildcard ? "let it begin with text that is fixed, or use fewer `?` and `[...]` behind a `*`"
                          : "each byte of the text takes a state: let `*` stand for some of it";
    default:
      return "each byte of the text takes a state: compare with less of it";
  }
}

void report_too_large(const model::Predicate& predicate, diag::Diagnostics& diagnostics) {
  diagnostics
      .report(diag::Kind::kAutomatonTooLarge, predicate.span,
              "the pattern does not fit into an automaton of {} states", abi::kMaxAutomatonStates)
      .at("too large")
      .help(std::string(how_to_shrink(*predicate.string)));
}

void check_depth(const model::Layer& layer, diag::Diagnostics& diagnostics) {
  if (depth(layer.match) <= abi::kMaxExpressionDepth) return;
  diagnostics
      .report(diag::Kind::kExpressionTooLarge, layer.match_span, "match expression nests more than {} deep",
              abi::kMaxExpressionDepth)
      .help("join tests with `and` or `or` in one level instead of nesting them");
}

void pack(const model::Policy& policy, abi::Classifier& classifier, diag::Diagnostics& diagnostics) {
  const std::vector<Candidate> all = candidates(policy);
  size_t length_before = 1;
  for (std::span<const Candidate> rest(all); !rest.empty();) {
    const auto group_end = std::find_if(
        rest.begin(), rest.end(), [&](const Candidate& c) { return c.group() != rest.front().group(); });
    auto [automaton, length] =
        longest_fit(rest.first(static_cast<size_t>(group_end - rest.begin())), length_before);
    length_before = std::max<size_t>(length, 1);
    if (length == 0) {
      report_too_large(policy.predicates[rest.front().predicate], diagnostics);
      rest = rest.subspan(1);
      continue;
    }
    for (uint32_t bit = 0; bit < length; ++bit) {
      abi::Predicate& predicate = classifier.predicates[rest[bit].predicate];
      predicate.automaton = static_cast<uint32_t>(classifier.automata.size());
      predicate.bit = bit;
    }
    if (classifier.automata.size() == abi::kMaxAutomata) {
      diagnostics
          .report(diag::Kind::kTooManyPatterns, policy.predicates[rest.front().predicate].span,
                  "the patterns of the policy need more than {} automata", abi::kMaxAutomata)
          .at("the first that has no place")
          .help(
              "patterns that are tied to the start of the value share automata, those that begin with `*` "
              "hardly do");
      return;
    }
    classifier.automata.push_back(std::move(automaton));
    rest = rest.subspan(length);
  }
}

}  // namespace

abi::Location locate(const Sources& sources, Span span) {
  if (static_cast<size_t>(span.file) >= sources.size()) return {};
  const LineColumn place = sources.position(span.file, span.begin);
  return {sources.logical_path(span.file), place.line, place.column};
}

std::vector<bool> used_by_layers(const model::Policy& policy) {
  std::vector<bool> used(policy.predicates.size(), false);
  for (const model::Cell& cell : policy.cells) {
    mark_tests(cell.claim, used);
    for (const model::Layer& layer : cell.layers) mark_tests(layer.match, used);
  }
  return used;
}

abi::Classifier build_classifier(const model::Policy& policy, const Sources& sources,
                                 diag::Diagnostics& diagnostics) {
  abi::Classifier out;
  for (const model::Predicate& predicate : policy.predicates) {
    abi::Predicate lowered;
    lowered.attribute = predicate.attribute;
    lowered.ranges = predicate.ranges;
    lowered.names = predicate.names;
    lowered.negated_names = predicate.negated_names;
    lowered.device = predicate.device;
    lowered.for_ns = predicate.for_ns;
    if (static_cast<size_t>(predicate.span.file) < sources.size())
      lowered.text = sources.text(predicate.span);
    lowered.where = locate(sources, predicate.span);
    out.predicates.push_back(std::move(lowered));
  }
  for (const model::Cell& cell : policy.cells) {
    out.cells.push_back({cell.claim, {}});
    for (uint32_t k = 0; k < cell.layers.size(); ++k) {
      const model::Layer& layer = cell.layers[k];
      check_depth(layer, diagnostics);
      out.cells.back().layers.push_back(
          {cell.first_domain + k, layer.match, locate(sources, layer.match_span)});
    }
  }
  pack(policy, out, diagnostics);
  return out;
}

}  // namespace scx::automata
