// Reads operands: numbers with units, ranges, sets and words become typed
// values, and what does not fit is reported with the units and types that do.
// Matchers, properties and test tasks all read their operands here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/sema/names.h"
#include "compiler/sema/tables.h"
#include "runtime/abi/manifest.h"

namespace scx::sema {

// A term where it is used; `let` is the constant that stood there.
struct Operand {
  const ast::Term* term = nullptr;
  Span span;
  const ast::Let* let = nullptr;
};

// What the value belongs to, for messages: "`nice`", with a right use.
struct Subject {
  std::string_view words;
  std::string_view example;
};

// A number with its unit: `60s`, `4 core`.
std::string as_written(const ast::Number& number);

// "a number", "the word `x`".
std::string describe(const ast::Term& term);

class ValueReader {
 public:
  ValueReader(const Constants& constants, diag::Diagnostics& diagnostics)
      : constants_(constants), diagnostics_(diagnostics) {}

  // Replaces the name of a constant by its value. Nothing, silently, for a
  // constant whose definition is wrong. Other words stay words.
  [[nodiscard]] std::optional<Operand> resolve(const ast::Term& term) const;

  // Each reports and returns nothing if the operand does not fit. Bounds are closed.
  std::optional<uint64_t> duration(const Operand& operand, const Subject& subject);  // ns
  std::optional<int64_t> integer(const Operand& operand, const Subject& subject);
  std::optional<int64_t> integer(const ast::Number& number, const Operand& operand, const Subject& subject);
  // Percent, 1 to 100.
  std::optional<uint32_t> share(const ast::Number& number, const Operand& operand, const Subject& subject);
  // A plain decimal number, not negative, in thousandths.
  std::optional<uint32_t> thousandths(const Operand& operand, const Subject& subject);
  std::optional<abi::CpuAmount> cpu_amount(const ast::Number& number, const Operand& operand,
                                           const Subject& subject);
  std::optional<abi::CpuRange> cpu_range(const Operand& operand, const Subject& subject);
  std::optional<model::KernelVersion> kernel(const ast::Number& number);
  // A string that is not empty; the parser lets no zero byte through.
  std::optional<std::string> text(const ast::String& string, const Operand& operand, const Subject& subject);

  // Whether the word names a constant.
  [[nodiscard]] bool is_constant(std::string_view word) const { return constants_.find(word) != nullptr; }

  // "`x` takes W, not a string".
  void wrong_type(const Operand& operand, const Subject& subject, std::string_view wanted);
  // The report's builder with the constant's definition labelled.
  diag::Builder report(diag::Kind kind, const Operand& operand, std::string message);
  // Where the value stands: that of a constant is wrong once, however often it is used.
  diag::Builder report_value(diag::Kind kind, const Operand& operand, std::string message);

 private:
  void wrong_unit(const ast::Number& number, const Operand& operand, const Subject& subject,
                  std::string_view wanted, std::initializer_list<UnitRow::Of> fitting);

  const Constants& constants_;
  diag::Diagnostics& diagnostics_;
};

}  // namespace scx::sema
