// Walks the properties of a block against the table: finds the row, reports
// what is unknown, not implemented, repeated or out of place, and hands sound
// ones on. Used for the policy block, layers, cells and tests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/model/ranges.h"
#include "compiler/sema/names.h"
#include "compiler/sema/tables.h"
#include "compiler/sema/values.h"

namespace scx::sema {

// The operands of one property.
struct PropertyUse {
  const PropertyRow& row;
  const ast::Property& written;
  size_t next;  // the first term behind the property's words
  [[nodiscard]] Span name_span() const;
  [[nodiscard]] Subject subject() const { return {row.words, row.example}; }
};

// `cpus` of a cell.
struct CellCpusOperand {
  abi::CellCpus source = abi::CellCpus::kAmount;
  abi::CpuRange amount;            // kAmount
  model::Ranges list;              // kList
  std::optional<uint32_t> weight;  // kCpuset: of `else weight N`
  Span place;                      // of what says the source
};

class PropertyReader {
 public:
  PropertyReader(const Constants& constants, diag::Diagnostics& diagnostics)
      : diagnostics_(diagnostics), values_(constants, diagnostics) {}

  // Calls `use` for every property of the block that is known, implemented and
  // stands where it may. A repeated one is reported and left out, except `expect` and `cgroup`.
  void read(const ast::Block& block, Place place, const std::function<void(const PropertyUse&)>& use);

  // Operands; each reports and returns nothing if they do not fit the row.
  bool flag(const PropertyUse& use);
  std::optional<uint64_t> duration(const PropertyUse& use);
  // In nanoseconds too.
  std::optional<uint64_t> whole_microseconds(const PropertyUse& use);
  std::optional<uint64_t> integer(const PropertyUse& use);
  std::optional<abi::CpuRange> cpu_range(const PropertyUse& use);
  std::optional<abi::UtilRange> util(const PropertyUse& use);
  // Numbers, ranges and sets of ids, in normal form.
  std::optional<model::Ranges> ids(const PropertyUse& use);
  // Thousandths of a slice: `give-up`, `ignore`, or a number from 0 to 1.
  std::optional<uint32_t> yield(const PropertyUse& use);
  std::optional<model::KernelVersion> kernel(const PropertyUse& use);
  // Paths of device nodes, one string each; empty after a report.
  std::vector<std::string> device_paths(const PropertyUse& use);
  // A string that is not empty.
  std::optional<std::string> text(const PropertyUse& use);
  // The index in `words` of the word that stands there.
  std::optional<size_t> word(const PropertyUse& use, const std::vector<std::string_view>& words);

  // Operands of cells.
  std::optional<CellCpusOperand> cell_cpus(const PropertyUse& use);
  // CPUs or cores.
  std::optional<abi::CpuAmount> cpu_count(const PropertyUse& use);
  // `none` is a value without a Borrow.
  std::optional<std::optional<abi::Borrow>> borrow(const PropertyUse& use);
  // The name of the cell in `share with CELL by weight`.
  const ast::Word* share_with(const PropertyUse& use);
  std::optional<uint32_t> percent(const PropertyUse& use);
  // A number from 0.001 to 1, in thousandths.
  std::optional<uint32_t> fraction(const PropertyUse& use);

 private:
  // One of `block`.
  void report_unknown(const ast::Property& property, const ast::Block& block, Place place);
  // The only term behind the property's words; `block` and more terms are reported.
  const ast::Term* only_term(const PropertyUse& use);
  // The same with a constant's name replaced by its value.
  std::optional<Operand> only_operand(const PropertyUse& use);
  bool no_block(const PropertyUse& use);
  // How `kernel` is written, with the series that stands there.
  static void help_kernel(diag::Builder report, const PropertyUse& use);
  std::optional<model::Ranges> cpu_list(const ast::Term& term, const Subject& subject);
  // Reports a value beyond the row's range.
  bool within(const PropertyUse& use, const Operand& operand, uint64_t value, std::string_view range);

  diag::Diagnostics& diagnostics_;
  ValueReader values_;
};

}  // namespace scx::sema
