// Pass `check_cells`: what cells ask of each other and of the machine.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/cells.h"

namespace scx::sema {

using abi::CellKind;
using diag::Kind;

namespace {

class CellChecker {
 public:
  CellChecker(const std::vector<LoweredCell>& cells, diag::Diagnostics& diagnostics)
      : cells_(cells), diagnostics_(diagnostics), is_read_whole_(!diagnostics.has_errors()) {}

  void run() {
    if (cells_.size() == 1) {
      check_lone_root();
    } else {
      for (size_t i = 0; i < cells_.size(); ++i) {
        check_sharing(i);
        check_sizes(cells_[i], i);
        check_lending(i);
      }
    }
    check_lists();
    for (const LoweredCell& cell : cells_) check_floors_of_layers(cell);
    check_floors();
    check_domains();
  }

 private:
  // One use of a property of the cell that changes nothing, for the reason in `why`. Not told where something
  // is wrong: that may be what would need it.
  void without_effect(const LoweredCell& cell, Property property, std::string_view words,
                      const std::string& why, std::optional<Span> because = std::nullopt,
                      std::string_view because_text = "") {
    const auto place = cell.place(property);
    if (!place || !is_read_whole_) return;
    auto report = diagnostics_.report(Kind::kPropertyWithoutEffect, *place,
                                      "`{}` has no effect in the cell `{}`", words, cell.cell.name);
    if (because) report.label(*because, std::string(because_text));
    report.note(why).help("leave it out");
  }

  void check_lone_root() {
    const LoweredCell& root = cells_[0];
    for (const auto& [property, span] : root.written) {
      // Errors of their own.
      if (property == Property::kCgroup || property == Property::kMax || property == Property::kShare)
        continue;
      diagnostics_
          .report(Kind::kUnusedCellProperty, span,
                  "the root cell has all CPUs without this, it is the only cell")
          .help("leave it out, or give CPUs to other cells with `cell` or `cells`");
    }
  }

  void check_sharing(size_t index) {
    const LoweredCell& cell = cells_[index];
    if (!cell.shares_with) return;
    report_circle(index);
    constexpr std::pair<Property, std::string_view> kOwn[] = {
        {Property::kCpus, "cpus"},           {Property::kMin, "min"},     {Property::kNodes, "nodes"},
        {Property::kLlcs, "llcs"},           {Property::kAlign, "align"}, {Property::kLend, "lend"},
        {Property::kRebalance, "rebalance"},
    };
    const Span share = *cell.place(Property::kShare);
    for (const auto& [property, words] : kOwn)
      without_effect(cell, property, words, "a cell that shares with another one owns no CPUs", share,
                     "it shares here");
    if (cell.cell.kind == CellKind::kStatic)
      without_effect(cell, Property::kOverflow, "overflow",
                     "a cell that shares with another one cannot be left without CPUs", share,
                     "it shares here");
  }

  // Reported once a circle, at the cell in it that comes first.
  void report_circle(size_t index) {
    std::vector<size_t> path = {index};
    for (auto next = cells_[index].shares_with; next; next = cells_[path.back()].shares_with) {
      if (*next == index) break;
      if (*next < index || path.size() > cells_.size()) return;
      if (!cells_[*next].shares_with) return;
      path.push_back(*next);
    }
    auto report = diagnostics_.report(Kind::kCyclicDefinition, *cells_[index].place(Property::kShare),
                                      "the cell `{}` shares with {}", cells_[index].cell.name,
                                      path.size() == 1 ? "itself" : "cells that share with it");
    for (size_t i = 1; i < path.size(); ++i)
      report.label(*cells_[path[i]].place(Property::kShare),
                   fmt::format("`{}` shares here", cells_[path[i]].cell.name));
    report.help("one of them owns the CPUs that the others share");
  }

  void check_sizes(const LoweredCell& cell, size_t index) {
    if (cell.shares_with) return;
    const model::Cell& c = cell.cell;
    const auto cpus = cell.place(Property::kCpus);
    if (c.source == abi::CellCpus::kList) {
      const std::string why = "the list says already which CPUs the cell has";
      without_effect(cell, Property::kNodes, "nodes", why, cpus, "the list");
      without_effect(cell, Property::kLlcs, "llcs", why, cpus, "the list");
      without_effect(cell, Property::kRebalance, "rebalance", why, cpus, "the list");
    }
    if (c.source != abi::CellCpus::kAmount) return;
    const abi::CpuRange& range = c.cpus;
    if (range.floor == range.ceiling) {
      without_effect(cell, Property::kRebalance, "rebalance", "the cell has a fixed number of CPUs", cpus,
                     "the number");
      const bool shared = std::any_of(cells_.begin(), cells_.end(),
                                      [&](const LoweredCell& other) { return other.shares_with == index; });
      if (!shared)
        without_effect(cell, Property::kWeight, "weight",
                       "the cell has a fixed number of CPUs, whatever others want", cpus, "the number");
    }
    if (!cell.place(Property::kMin)) return;
    const bool same_unit = c.min.unit == range.floor.unit;
    if (same_unit && c.min.value <= range.floor.value)
      without_effect(cell, Property::kMin, "min",
                     fmt::format("`cpus {}` has a floor of its own", model::to_string(range)), cpus,
                     "the floor");
    if (c.min.unit == range.ceiling.unit && c.min.value > range.ceiling.value)
      diagnostics_
          .report(Kind::kEmptyRange, *cell.place(Property::kMin), "`min` is above the ceiling of `cpus {}`",
                  model::to_string(range))
          .label(*cpus, "the ceiling")
          .help("write both bounds into `cpus`");
  }

  // Whether the cell at `index` finds another one whose property is so.
  template <typename Condition>
  [[nodiscard]] bool some_other(size_t index, Condition condition) const {
    for (size_t i = 0; i < cells_.size(); ++i)
      if ((i != index || cells_[i].cell.max > 1) && condition(cells_[i])) return true;
    return false;
  }

  void check_lending(size_t index) {
    const LoweredCell& cell = cells_[index];
    const auto lends = [](const LoweredCell& c) { return c.cell.lends && !c.shares_with; };
    const auto borrows = [](const LoweredCell& c) { return c.cell.borrow.has_value(); };
    if (cell.cell.borrow && !some_other(index, lends))
      without_effect(cell, Property::kBorrow, "borrow", "no other cell lends");
    if (!cell.cell.lends && !cell.shares_with && !some_other(index, borrows))
      diagnostics_
          .report(Kind::kUnusedCellProperty, *cell.place(Property::kLend),
                  "`lend none`, and no other cell borrows")
          .help("leave it out; with `borrow idle` another cell would use its idle CPUs");
  }

  // Counts are known to fit only on a machine; shares of it add up anywhere. Cells with `overflow` may go
  // without.
  void check_floors() {
    uint64_t percent = 0;
    std::vector<const LoweredCell*> asking;
    for (const LoweredCell& cell : cells_) {
      const bool shares = cell.cell.source == abi::CellCpus::kAmount &&
                          cell.cell.cpus.floor.unit == abi::CpuAmount::Unit::kPercent;
      if (!shares || cell.cell.overflow || cell.shares_with) continue;
      percent += uint64_t{cell.cell.cpus.floor.value} * cell.cell.max;
      asking.push_back(&cell);
    }
    if (percent <= 100) return;
    auto report = diagnostics_.report(Kind::kFloorsExceedMachine, *asking.back()->place(Property::kCpus),
                                      "the floors of the cells are {}% of the machine's CPUs", percent);
    for (const LoweredCell* cell : asking) {
      std::string text = fmt::format("`{}` asks for {}%", cell->cell.name, cell->cell.cpus.floor.value);
      if (cell->cell.max > 1) text += fmt::format(" in each of {} cells", cell->cell.max);
      if (cell == asking.back())
        report.at(text);
      else
        report.label(*cell->place(Property::kCpus), text);
    }
    report.help("lower them to 100% together, or say with `overflow` what a cell does that is left without");
  }

  // The CPUs that the cell has at most, if that is known whatever the machine.
  static std::optional<uint64_t> most_cpus(const abi::CellSettings& cell, uint32_t cells) {
    if (cell.source == abi::CellCpus::kAmount && cell.cpus.ceiling.unit == abi::CpuAmount::Unit::kCpus)
      return cell.cpus.ceiling.value;
    if (cell.source != abi::CellCpus::kList || cells > 1) return std::nullopt;
    uint64_t count = 0;
    for (const abi::IntRange& range : cell.cpu_list)
      count += static_cast<uint64_t>(range.high - range.low) + 1;
    return count;
  }

  void check_floors_of_layers(const LoweredCell& cell) {
    const std::optional<uint64_t> most = most_cpus(cell.cell, cell.cell.max);
    if (!most || cell.shares_with) return;
    uint64_t sum = 0;
    const LoweredLayer* last = nullptr;
    for (const LoweredLayer& layer : cell.layers) {
      const abi::CpuAmount& floor = layer.layer.cpus.floor;
      if (layer.layer.kind == abi::LayerKind::kOpen || floor.unit != abi::CpuAmount::Unit::kCpus) continue;
      sum += floor.value;
      last = &layer;
    }
    if (sum <= *most) return;
    const bool is_written = last->cpus_span.begin != last->cpus_span.end;
    auto report = diagnostics_.report(
        Kind::kFloorsExceedCell, is_written ? last->cpus_span : last->layer.span,
        "the layers of the cell `{}` keep {} CPUs at least, it has at most {}", cell.cell.name, sum, *most);
    if (const auto place = cell.place(Property::kCpus))
      report.label(*place, fmt::format("at most {} CPUs", *most));
    report.help("lower what the layers' `cpus` begin with, or give the cell more");
  }

  // The first CPU that both list.
  static std::optional<int64_t> common(const std::vector<abi::IntRange>& a,
                                       const std::vector<abi::IntRange>& b) {
    std::optional<int64_t> first;
    for (const abi::IntRange& one : a)
      for (const abi::IntRange& other : b)
        if (const int64_t low = std::max(one.low, other.low); low <= std::min(one.high, other.high))
          first = std::min(first.value_or(low), low);
    return first;
  }

  void check_lists() {
    for (size_t i = 0; i < cells_.size(); ++i)
      for (size_t k = 0; k < i; ++k) {
        const std::optional<int64_t> cpu = common(cells_[i].cell.cpu_list, cells_[k].cell.cpu_list);
        if (!cpu) continue;
        diagnostics_
            .report(Kind::kListsOverlap, *cells_[i].place(Property::kCpus),
                    "CPU {} is in the lists of `{}` and `{}`", *cpu, cells_[k].cell.name, cells_[i].cell.name)
            .label(*cells_[k].place(Property::kCpus), fmt::format("the list of `{}`", cells_[k].cell.name))
            .help("a CPU has one owner: take it out of one list, or let one cell `share with` the other");
        return;
      }
  }

  void check_domains() {
    uint64_t domains = 0;
    for (const LoweredCell& cell : cells_) {
      const uint64_t own = uint64_t{cell.cell.max} * cell.layers.size();
      domains += own;
      if (domains <= kMaxDomains) continue;
      diagnostics_
          .report(Kind::kTooManyDomains, cell.place(Property::kMax).value_or(cell.cell.span),
                  "{} layers in all cells together, the limit is {}", domains, kMaxDomains)
          .at(fmt::format("{} of them in `{}`, {} for each cell", own, cell.cell.name, cell.layers.size()))
          .note("each layer of each cell has queues and counters of its own for every last-level cache")
          .help("lower the `max` of families, or write fewer layers in them");
      return;
    }
  }

  const std::vector<LoweredCell>& cells_;
  diag::Diagnostics& diagnostics_;
  bool is_read_whole_;
};

}  // namespace

void check_cells(const std::vector<LoweredCell>& cells, diag::Diagnostics& diagnostics) {
  CellChecker(cells, diagnostics).run();
}

}  // namespace scx::sema
