#include "compiler/sema/claims.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/path_sets.h"
#include "compiler/sema/predicates.h"
#include "runtime/base/file.h"

namespace scx::sema {

using abi::CellKind;
using diag::Kind;

namespace {

using Set = PathSets::Set;

// What comes before the first wildcard: values of two patterns differ there or not at all.
std::string_view fixed_part(std::string_view glob) { return glob.substr(0, glob.find_first_of("*?[\\")); }

// The answer to whether two patterns meet; `known` is false when it takes too many states.
struct Meeting {
  std::optional<std::string> path;
  bool known = true;
};

class ClaimChecker {
 public:
  ClaimChecker(const std::vector<LoweredCell>& cells, const std::vector<model::Predicate>& predicates,
               diag::Diagnostics& diagnostics)
      : cells_(cells), predicates_(predicates), diagnostics_(diagnostics), sets_(predicates) {}

  void run() {
    if (cells_.size() < 2) return;
    for (const LoweredCell& cell : cells_)
      if (cell.claimed) check_alone(cell);
    for (size_t i = 1; i < cells_.size(); ++i)
      for (size_t k = 1; k < i; ++k)
        if (cells_[i].claimed && cells_[k].claimed) check_pair(cells_[k], cells_[i]);
    for (size_t i = 0; i < cells_.size(); ++i)
      for (const LoweredLayer& layer : cells_[i].layers)
        if (layer.matched && reads_cgroup(predicates_, layer.layer.match))
          i == 0 ? check_root_layer(layer) : check_layer(cells_[i], layer);
  }

 private:
  [[nodiscard]] const model::StringTest& test(const ClaimPattern& pattern) const {
    return *predicates_[pattern.predicate].string;
  }
  [[nodiscard]] bool is_path(const ClaimPattern& pattern) const {
    return test(pattern).op == model::StringTest::Op::kExact;
  }
  // Nothing when it cannot be said.
  std::optional<bool> accepts(const ClaimPattern& pattern, const std::string& path) {
    if (is_path(pattern)) return test(pattern).text == path;
    const Set& set = sets_.of(pattern.predicate);
    return set ? std::optional(automata::accepts(*set, path)) : std::nullopt;
  }
  std::optional<bool> excepts(const LoweredCell& cell, const std::string& path) {
    for (const ClaimPattern& exception : cell.exceptions)
      if (const auto accepted = accepts(exception, path); accepted != false) return accepted;
    return false;
  }
  // Whether the cell begins there by this pattern.
  std::optional<bool> begins(const LoweredCell& cell, const ClaimPattern& pattern, const std::string& path) {
    const auto accepted = accepts(pattern, path);
    if (accepted != true) return accepted;
    const auto excepted = excepts(cell, path);
    return excepted ? std::optional(!*excepted) : std::nullopt;
  }

  // An exception that no pattern of the family meets.
  void check_exceptions(const LoweredCell& cell) {
    for (const ClaimPattern& exception : cell.exceptions) {
      const bool is_idle =
          std::all_of(cell.begins.begin(), cell.begins.end(), [&](const ClaimPattern& pattern) {
            const Set both = sets_.intersect(sets_.of(pattern.predicate), sets_.of(exception.predicate));
            return both && automata::is_empty(*both);
          });
      if (is_idle)
        diagnostics_
            .report(Kind::kIdleException, exception.span, "the family `{}` has no cell at {} to except",
                    cell.cell.name, quoted(test(exception).text))
            .label(cell.begins.front().span, "its cells begin here")
            .help("an exception is one of the cgroups at which the family's cells would begin");
    }
  }

  void check_alone(const LoweredCell& cell) {
    check_exceptions(cell);
    for (const ClaimPattern& pattern : cell.begins) {
      if (begins(cell, pattern, "/") == true) report_root_cgroup(cell, pattern);
      if (is_path(pattern) ? excepts(cell, test(pattern).text) == true : is_swallowed(cell, pattern))
        report_empty(cell, pattern);
      if (cell.cell.kind == CellKind::kFamily && is_path(pattern) && cell.exceptions.empty())
        diagnostics_
            .report(Kind::kFamilyOfOne, pattern.span, "the family `{}` has one cell at most", cell.cell.name)
            .at("one cgroup")
            .help(fmt::format(
                "for a cell for each cgroup in it write {}; for one cell write `cell {} {{ cgroup "
                "under {}; }}`",
                quoted(test(pattern).text + (test(pattern).text == "/" ? "*" : "/*")), cell.cell.name,
                quoted(test(pattern).text)));
    }
  }

  bool is_swallowed(const LoweredCell& cell, const ClaimPattern& pattern) {
    Set left = sets_.of(pattern.predicate);
    for (const ClaimPattern& exception : cell.exceptions)
      left = sets_.subtract(left, sets_.of(exception.predicate));
    return left && automata::is_empty(*left);
  }

  void report_root_cgroup(const LoweredCell& cell, const ClaimPattern& pattern) {
    diagnostics_
        .report(Kind::kClaimsRootCgroup, pattern.span, "the cell `{}` begins at the root cgroup",
                cell.cell.name)
        .at("every task is in it")
        .note("the root cell is whose cgroup no other cell claims: it would have no task")
        .help(
            "properties of the root cell stand in `root cell { … }`; a glob begins with a name, as `/*` "
            "does");
  }

  void report_empty(const LoweredCell& cell, const ClaimPattern& pattern) {
    if (cell.exceptions.empty()) {
      diagnostics_.report(Kind::kEmptyFamily, pattern.span, "no cgroup has such a path");
      return;
    }
    diagnostics_
        .report(Kind::kEmptyFamily, cell.exceptions.back().span, "the exceptions of `{}` leave it no cgroup",
                cell.cell.name)
        .at("excepts")
        .label(pattern.span, "all of these")
        .help("except less than the pattern has");
  }

  void check_pair(const LoweredCell& first, const LoweredCell& second) {
    for (const ClaimPattern& a : first.begins)
      for (const ClaimPattern& b : second.begins) {
        const Meeting meeting = meet(first, a, second, b);
        if (meeting.path) return report_overlap(first, a, second, b, *meeting.path);
        if (!meeting.known) report_unknown(first, a, second, b);
      }
  }

  Meeting meet(const LoweredCell& first, const ClaimPattern& a, const LoweredCell& second,
               const ClaimPattern& b) {
    if (is_path(a) && is_path(b) && a.predicate != b.predicate) return {};
    if (is_path(a) || is_path(b)) {
      const std::string& path = test(is_path(a) ? a : b).text;
      const auto one = begins(first, a, path), other = begins(second, b, path);
      if (one == false || other == false) return {};
      return {one && other ? std::optional(path) : std::nullopt, one && other};
    }
    const std::string_view left = fixed_part(test(a).text), right = fixed_part(test(b).text);
    if (!left.starts_with(right) && !right.starts_with(left)) return {};
    Set common = sets_.intersect(sets_.of(a.predicate), sets_.of(b.predicate));
    for (const LoweredCell* cell : {&first, &second})
      for (const ClaimPattern& exception : cell->exceptions)
        if (!common || !automata::is_empty(*common))
          common = sets_.subtract(common, sets_.of(exception.predicate));
    if (!common) return {std::nullopt, false};
    return {automata::witness(*common), true};
  }

  void report_overlap(const LoweredCell& first, const ClaimPattern& a, const LoweredCell& second,
                      const ClaimPattern& b, const std::string& path) {
    const bool families = second.cell.kind == CellKind::kFamily || first.cell.kind == CellKind::kFamily;
    const LoweredCell& family = second.cell.kind == CellKind::kFamily ? second : first;
    diagnostics_
        .report(Kind::kClaimsOverlap, b.span, "the cells `{}` and `{}` both claim the cgroup {}",
                first.cell.name, second.cell.name, quoted(path))
        .at(fmt::format("claimed by `{}`", second.cell.name))
        .label(a.span, fmt::format("claimed by `{}`", first.cell.name))
        .help(families ? fmt::format("leave it to the other one: `cells {} … except under {}`",
                                     family.cell.name, quoted(path))
                       : std::string("name the cgroup in one of them; a cell may begin below another one's"));
  }

  void report_unknown(const LoweredCell& first, const ClaimPattern& a, const LoweredCell& second,
                      const ClaimPattern& b) {
    if (reported_unknown_) return;
    reported_unknown_ = true;
    diagnostics_
        .report(Kind::kUndecidedClaims, b.span,
                "whether the cells `{}` and `{}` claim the same cgroup is not known", first.cell.name,
                second.cell.name)
        .at("too many states together")
        .label(a.span, "with this")
        .note("of two cells that claim a cgroup the first in the file has it; further pairs may be undecided")
        .help("begin the patterns with different names, or use fewer `?` and `[…]`");
  }

  // Where cells that begin in a cell's patterns have all tasks; nothing if that takes too many states.
  Set area(const LoweredCell& cell) {
    Set out;
    for (const ClaimPattern& pattern : cell.begins)
      out = &pattern == &cell.begins.front() ? sets_.under(pattern.predicate)
                                             : sets_.unite(out, sets_.under(pattern.predicate));
    for (const ClaimPattern& exception : cell.exceptions)
      out = sets_.subtract(out, sets_.under(exception.predicate));
    return out;
  }

  // A layer of root whose tasks are all in other cells.
  void check_root_layer(const LoweredLayer& layer) {
    Set rest = sets_.of(layer.layer.match);
    if (!rest || automata::is_empty(*rest)) return;
    std::vector<const LoweredCell*> owners;
    for (size_t i = 1; i < cells_.size(); ++i) {
      if (!cells_[i].claimed) continue;
      const Set claimed = area(cells_[i]);
      const Set met = sets_.intersect(rest, claimed);
      if (!met) return;
      if (automata::is_empty(*met)) continue;
      owners.push_back(&cells_[i]);
      rest = sets_.subtract(rest, claimed);
      if (!rest) return;
      if (automata::is_empty(*rest)) return report_layer_elsewhere(layer, owners);
    }
  }

  void report_layer_elsewhere(const LoweredLayer& layer, const std::vector<const LoweredCell*>& owners) {
    std::vector<std::string_view> names;
    for (const LoweredCell* cell : owners) names.push_back(cell->cell.name);
    auto report = diagnostics_.report(
        Kind::kLayerOfAnotherCell, layer.layer.match_span,
        "the layer `{}` of the root cell takes no task: its cgroups are in {} {}", layer.layer.name,
        names.size() == 1 ? "the cell" : "the cells", list_words(names));
    report.at("takes none of root's");
    for (const LoweredCell* cell : owners)
      report.label(cell->begins.front().span, fmt::format("`{}` begins here", cell->cell.name));
    report.help(
        fmt::format("layers of a cell stand in its block: move `{}` into `{}`", layer.layer.name, names[0]));
  }

  // A layer of a cell that matches none of the cell's cgroups.
  void check_layer(const LoweredCell& cell, const LoweredLayer& layer) {
    if (!cell.claimed) return;
    const Set match = sets_.of(layer.layer.match);
    if (!match || automata::is_empty(*match)) return;
    for (const ClaimPattern& pattern : cell.begins) {
      const Set met = sets_.intersect(match, sets_.under(pattern.predicate));
      if (!met || !automata::is_empty(*met)) return;
    }
    diagnostics_
        .report(Kind::kLayerOfAnotherCell, layer.layer.match_span,
                "the layer `{}` takes no task: it matches no cgroup of its cell `{}`", layer.layer.name,
                cell.cell.name)
        .at("other cgroups")
        .label(cell.begins.front().span, "the cell has what is below")
        .help("paths in a match begin at the root of the hierarchy, in cells, too");
  }

  const std::vector<LoweredCell>& cells_;
  const std::vector<model::Predicate>& predicates_;
  diag::Diagnostics& diagnostics_;
  PathSets sets_;
  bool reported_unknown_ = false;
};

}  // namespace

void check_claims(const std::vector<LoweredCell>& cells, const std::vector<model::Predicate>& predicates,
                  diag::Diagnostics& diagnostics) {
  ClaimChecker(cells, predicates, diagnostics).run();
}

}  // namespace scx::sema
