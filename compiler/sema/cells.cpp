#include "compiler/sema/cells.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/phrase.h"
#include "compiler/sema/predicates.h"
#include "compiler/sema/properties.h"

namespace scx::sema {

using abi::CellKind;
using diag::Kind;

namespace {

constexpr std::string_view kStaticExample = "cgroup under \"/db.slice\"";
constexpr std::string_view kFamilyExample = "for cgroup under \"/tenants/*\"";

// The head of a declaration, without its block.
Span head_of(const ast::Cell& cell) {
  Span out = cell.name.span;
  out.begin = cell.span.begin;
  for (const ast::Term& term : cell.family_terms) out = join(out, ast::span_of(term));
  return out;
}

CellKind kind_of(const ast::Cell& cell) {
  if (cell.kind == ast::Cell::Kind::kRoot) return CellKind::kRoot;
  return cell.kind == ast::Cell::Kind::kFamily ? CellKind::kFamily : CellKind::kStatic;
}

// Which cells a property does not apply to.
std::string_view kind_text(CellKind kind) {
  switch (kind) {
    case CellKind::kRoot:
      return "the root cell";
    case CellKind::kStatic:
      return "a cell that is no family";
    case CellKind::kFamily:
      break;
  }
  return "a family of cells";
}

class CellReader {
 public:
  CellReader(const Declarations& declarations, const Constants& constants, Matchers& matchers,
             diag::Diagnostics& diagnostics)
      : declarations_(declarations),
        matchers_(matchers),
        diagnostics_(diagnostics),
        properties_(constants, diagnostics),
        predicates_(declarations, constants, diagnostics) {}

  LoweredCell read_root() {
    LoweredCell out;
    out.cell.name = "root";
    const ast::Cell* written = declarations_.cells[0].written;
    out.cell.span = written != nullptr                ? head_of(*written)
                    : declarations_.policy != nullptr ? declarations_.policy->name.span
                                                      : Span{declarations_.main, 0, 0};
    if (written != nullptr) read_block(*written, out);
    return out;
  }

  LoweredCell read(const ast::Cell& written) {
    LoweredCell out;
    out.cell.name = written.name.text;
    out.cell.kind = kind_of(written);
    out.cell.span = head_of(written);
    out.claimed = true;
    if (out.cell.kind == CellKind::kFamily) read_family(written, out);
    read_block(written, out);
    if (out.cell.kind == CellKind::kFamily && !out.place(Property::kMax))
      diagnostics_
          .report(Kind::kIncompleteCell, written.name.span, "the family `{}` has no `max`", written.name.text)
          .note(
              "its cells come and go with their cgroups; what they need is set apart when the policy is "
              "loaded")
          .help("say how many there are at most at a time: `max 64;`");
    if (out.begins.empty() && out.claimed) report_no_cgroup(written, out);
    finish_claim(out);
    return out;
  }

 private:
  void report_no_cgroup(const ast::Cell& written, LoweredCell& out) {
    out.claimed = false;
    const bool family = out.cell.kind == CellKind::kFamily;
    diagnostics_
        .report(Kind::kIncompleteCell, written.name.span, "the {} `{}` has no cgroup",
                family ? "family" : "cell", written.name.text)
        .help(family ? fmt::format("say which cgroups have a cell each: `cells {} {} {{ … }}`",
                                   written.name.text, kFamilyExample)
                     : fmt::format("say whose tasks are in it: `{};`", kStaticExample));
  }

  // `for cgroup under PATTERN` with any number of `except under PATTERN`.
  void read_family(const ast::Cell& written, LoweredCell& out) {
    if (written.family_terms.empty()) return;
    Phrase phrase(written.family_terms, 0, written.name.span, "cells",
                  "cells t for cgroup under \"/tenants/*\"", diagnostics_);
    const bool begins = phrase.expect("for") && phrase.expect("cgroup") &&
                        read_pattern(phrase, /*exception=*/false, out.begins);
    out.claimed = begins;
    while (out.claimed && !phrase.at_end())
      out.claimed = phrase.expect("except") && read_pattern(phrase, /*exception=*/true, out.exceptions);
  }

  void read_cgroup(const PropertyUse& use, LoweredCell& out) {
    const auto& terms = use.written.terms;
    const auto* word = terms.size() > use.next ? std::get_if<ast::Word>(&terms[use.next]) : nullptr;
    const bool bare = terms.size() > use.next && (word == nullptr || word->text != "under");
    if (use.written.block != nullptr || bare) {
      auto report = diagnostics_.report(Kind::kOperatorMismatch, use.written.span,
                                        "a cell takes cgroups with all that is below them");
      report.help(fmt::format("write `{};`", kStaticExample));
      if (bare && std::holds_alternative<ast::String>(terms[use.next])) {
        const Span path = ast::span_of(terms[use.next]);
        report.suggest({path.file, path.begin, path.begin}, "under ");
      }
      out.claimed = false;
      return;
    }
    Phrase phrase(use, diagnostics_);
    const size_t before = out.begins.size();
    if (!read_pattern(phrase, /*exception=*/false, out.begins) || !phrase.end()) {
      out.claimed = false;
      return;
    }
    for (size_t i = 0; i < before; ++i) {
      if (out.begins[i].predicate != out.begins.back().predicate) continue;
      diagnostics_.report(Kind::kRepeatedProperty, out.begins.back().span, "the cell names this cgroup twice")
          .at("again")
          .label(out.begins[i].span, "first here")
          .help("keep one of them");
      out.begins.pop_back();
      return;
    }
  }

  // `under PATTERN`, or the pattern alone where it can mean nothing else.
  bool read_pattern(Phrase& phrase, bool exception, std::vector<ClaimPattern>& out) {
    const ast::Word* under = phrase.word();
    const Span start = under != nullptr ? under->span : Span{};
    const bool has_under = phrase.take("under");
    if (!has_under && under != nullptr && is_other_operator(*under)) return false;
    const ast::Term* term = phrase.term();
    if (term == nullptr) return false;
    const Span place = ast::span_of(*term);
    // As a test of a matcher, so that paths are checked alike.
    const std::vector<ast::Term> test = {ast::Word{"cgroup", place}, ast::Word{"under", place}, *term};
    auto leaf = predicates_.read(test, place);
    if (!leaf) return false;
    model::StringTest& string = *leaf->predicate.string;
    using Op = model::StringTest::Op;
    // A cell begins at the cgroup itself; what is below it is in the cell for that reason.
    if (!exception || !has_under) string.op = has_wildcard(string.text) ? Op::kGlob : Op::kExact;
    const Span span = has_under && exception ? join(start, place) : place;
    leaf->predicate.span = span;
    out.push_back({matchers_.intern(std::move(leaf->predicate)), span});
    return true;
  }

  bool is_other_operator(const ast::Word& word) {
    for (const OperatorRow& row : word_operators()) {
      if (row.word != word.text) continue;
      diagnostics_
          .report(Kind::kOperatorMismatch, word.span, "`{}` cannot say where a cell begins", word.text)
          .help("a path or a glob can: `cgroup under \"/tenants/*\"`");
      return true;
    }
    return false;
  }

  static model::Expression test_of(const ClaimPattern& pattern) {
    return {model::Expression::Kind::kTest, pattern.predicate, {}};
  }

  static void finish_claim(LoweredCell& out) {
    using ExpressionKind = model::Expression::Kind;
    if (!out.claimed) return;
    model::Expression claim = test_of(out.begins[0]);
    if (out.begins.size() > 1) {
      claim = {ExpressionKind::kOr, 0, {}};
      for (const ClaimPattern& pattern : out.begins) claim.operands.push_back(test_of(pattern));
    }
    if (!out.exceptions.empty()) {
      model::Expression both{ExpressionKind::kAnd, 0, {}};
      both.operands.push_back(std::move(claim));
      for (const ClaimPattern& pattern : out.exceptions)
        both.operands.push_back({ExpressionKind::kNot, 0, {test_of(pattern)}});
      claim = std::move(both);
    }
    out.cell.claim = std::move(claim);
  }

  void read_block(const ast::Cell& written, LoweredCell& out) {
    properties_.read(written.body, Place::kCell, [&](const PropertyUse& use) {
      out.written.emplace(use.row.property, use.name_span());
      if ((use.row.kinds & kind_bit(out.cell.kind)) == 0) return report_without_effect(use, out);
      read_property(use, out);
    });
  }

  void report_without_effect(const PropertyUse& use, LoweredCell& out) {
    if (use.row.property == Property::kCgroup) out.claimed = false;
    diagnostics_
        .report(Kind::kPropertyWithoutEffect, use.name_span(), "`{}` has no effect in {}", use.row.words,
                kind_text(out.cell.kind))
        .note(std::string(use.row.why_not_kinds))
        .help("leave it out");
  }

  void read_property(const PropertyUse& use, LoweredCell& out) {
    model::Cell& cell = out.cell;
    switch (use.row.property) {
      case Property::kCgroup:
        return read_cgroup(use, out);
      case Property::kMax:
        cell.max = static_cast<uint32_t>(properties_.integer(use).value_or(cell.max));
        return;
      case Property::kCpus:
        return read_cpus(use, out);
      case Property::kWeight:
        return read_weight(use, out);
      case Property::kMin:
        cell.min = properties_.cpu_count(use).value_or(cell.min);
        return;
      case Property::kNodes:
        cell.nodes = properties_.ids(use).value_or(cell.nodes);
        return;
      case Property::kLlcs:
        cell.llcs = properties_.ids(use).value_or(cell.llcs);
        return;
      case Property::kAlign:
        cell.align = word_of<abi::Alignment>(use, 4).value_or(cell.align);
        return;
      case Property::kBorrow:
        cell.borrow = properties_.borrow(use).value_or(cell.borrow);
        return;
      case Property::kLend:
        if (const auto index = properties_.word(use, {"none", "all"})) cell.lends = *index == 1;
        return;
      case Property::kRebalance:
        return read_rebalance(use, cell);
      case Property::kAffinity:
        return read_affinity(use, cell);
      case Property::kShare:
        return read_share(use, out);
      case Property::kOverflow:
        if (const auto overflow = word_of<abi::Overflow>(use, 2)) cell.overflow = overflow;
        return;
      default:
        return;
    }
  }

  void read_affinity(const PropertyUse& use, model::Cell& cell) {
    cell.affinity = word_of<abi::CellAffinity>(use, 2).value_or(cell.affinity);
    if (cell.affinity == abi::CellAffinity::kReject)
      diagnostics_.report(Kind::kNotImplemented, use.written.span, "`affinity reject` is not implemented yet")
          .help("tasks that ask for a part of the cell's CPUs get a bounded share of them");
  }

  // The enumerator, one of the first `count`, whose spelling stands there.
  template <typename Enum>
  std::optional<Enum> word_of(const PropertyUse& use, size_t count) {
    std::vector<std::string_view> words;
    for (size_t i = 0; i < count; ++i) words.push_back(abi::spelling(static_cast<Enum>(i)));
    const auto index = properties_.word(use, words);
    return index ? std::optional(static_cast<Enum>(*index)) : std::nullopt;
  }

  void read_cpus(const PropertyUse& use, LoweredCell& out) {
    const auto operand = properties_.cell_cpus(use);
    if (!operand) return;
    if (out.cell.kind == CellKind::kRoot && operand->source != abi::CellCpus::kAmount) {
      diagnostics_
          .report(Kind::kPropertyOutOfPlace, operand->place, "the root cell takes an amount of CPUs only")
          .note("it owns what no other cell owns, wherever that is, and has no cpuset")
          .help("for instance `cpus 8..;`");
      return;
    }
    out.cell.source = operand->source;
    out.cell.cpus = operand->amount;
    out.cell.cpu_list = operand->list;
    if (!operand->weight) return;
    if (const auto place = out.place(Property::kWeight)) return report_two_weights(use.name_span(), *place);
    out.cell.weight = *operand->weight;
    out.else_weight = use.name_span();
  }

  void read_weight(const PropertyUse& use, LoweredCell& out) {
    const auto weight = properties_.integer(use);
    if (!weight) return;
    if (out.else_weight) return report_two_weights(use.name_span(), *out.else_weight);
    out.cell.weight = static_cast<uint32_t>(*weight);
  }

  void report_two_weights(Span second, Span first) {
    diagnostics_.report(Kind::kRepeatedProperty, second, "the cell has two weights")
        .at("again")
        .label(first, "first here")
        .help(
            "a cell has one weight: write `cpus from cpuset;` and `weight N;`, or `cpus from cpuset else "
            "weight N;`");
  }

  void read_rebalance(const PropertyUse& use, model::Cell& cell) {
    if (use.written.terms.size() > use.next || use.written.block == nullptr) {
      const bool extra = use.written.terms.size() > use.next;
      diagnostics_
          .report(extra ? Kind::kUnexpectedOperand : Kind::kMissingOperand,
                  extra ? ast::span_of(use.written.terms[use.next]) : use.name_span(),
                  "`rebalance` takes a block")
          .help(
              "for instance `rebalance { threshold 20%; every 5s; }`; in `rebalance { }` all have their "
              "defaults");
      return;
    }
    abi::Rebalance out;
    properties_.read(*use.written.block, Place::kRebalance, [&](const PropertyUse& inner) {
      if (inner.row.property == Property::kThreshold)
        out.threshold = properties_.percent(inner).value_or(out.threshold);
      if (inner.row.property == Property::kEvery)
        out.every_ns = properties_.duration(inner).value_or(out.every_ns);
      if (inner.row.property == Property::kSmoothing)
        out.smoothing = properties_.fraction(inner).value_or(out.smoothing);
      if (inner.row.property == Property::kCooldown)
        out.cooldown_ns = properties_.duration(inner).value_or(out.cooldown_ns);
    });
    cell.rebalance = out;
  }

  void read_share(const PropertyUse& use, LoweredCell& out) {
    const ast::Word* name = properties_.share_with(use);
    if (name == nullptr) return;
    const auto index = declarations_.find_cell(name->text);
    if (!index) {
      std::vector<std::string_view> names = declarations_.cell_names();
      std::erase(names, out.cell.name);
      diagnostics_.report(Kind::kUndefinedReference, name->span, "there is no cell `{}`", name->text)
          .hint(did_you_mean(name->text, names, "cells: " + list_words(names)));
      return;
    }
    const ast::Cell* other = declarations_.cells[*index].written;
    if (other != nullptr && other->kind == ast::Cell::Kind::kFamily && name->text != out.cell.name) {
      diagnostics_
          .report(Kind::kSharesWithFamily, name->span, "`{}` is a family: which of its cells is not said",
                  name->text)
          .label(other->name.span, "the family")
          .help("a family may share with one cell: write `share with` there");
      return;
    }
    out.shares_with = index;
    out.cell.share_with = name->text;
  }

  const Declarations& declarations_;
  Matchers& matchers_;
  diag::Diagnostics& diagnostics_;
  PropertyReader properties_;
  PredicateReader predicates_;
};

}  // namespace

std::vector<LoweredCell> lower_cells(const Declarations& declarations, const Constants& constants,
                                     Matchers& matchers, diag::Diagnostics& diagnostics) {
  CellReader reader(declarations, constants, matchers, diagnostics);
  std::vector<LoweredCell> out;
  out.push_back(reader.read_root());
  for (size_t i = 1; i < declarations.cells.size(); ++i)
    out.push_back(reader.read(*declarations.cells[i].written));
  return out;
}

}  // namespace scx::sema
