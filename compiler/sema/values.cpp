#include "compiler/sema/values.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/model/model.h"
#include "runtime/base/file.h"

namespace scx::sema {
namespace {

using diag::Kind;

// Where a number inside an operand stands: in place if it was written there, else at the constant's use.
Span place_of(const ast::Number& number, const Operand& operand) {
  return operand.let == nullptr ? number.span : operand.span;
}

enum class Shape : uint8_t { kInteger, kDecimal, kVersion };

Shape shape_of(const ast::Number& number) {
  const auto dots = std::count(number.text.begin(), number.text.end(), '.');
  return dots == 0 ? Shape::kInteger : dots == 1 ? Shape::kDecimal : Shape::kVersion;
}

// Saturates: whatever is beyond an int64 is beyond every range of the language.
int64_t parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  int64_t value = 0;
  for (const char c : text.substr(negative ? 1 : 0)) {
    if (c < '0' || c > '9') continue;
    if (value > (INT64_MAX - 9) / 10) return negative ? INT64_MIN : INT64_MAX;
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

// `text` times `scale`, rounded down; saturates. Precondition: no minus, at most one dot.
uint64_t scale_decimal(std::string_view text, uint64_t scale) {
  const size_t dot = std::min(text.find('.'), text.size());
  const auto whole = static_cast<unsigned __int128>(parse_integer(text.substr(0, dot)));
  unsigned __int128 value = whole * scale;
  uint64_t place = scale;
  for (const char c : text.substr(std::min(dot + 1, text.size()))) {
    // Digits below a nanosecond do not count.
    value += static_cast<unsigned __int128>(place) * static_cast<unsigned>(c - '0') / 10;
    place /= 10;
  }
  return value > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(value);
}

}  // namespace

std::string as_written(const ast::Number& number) {
  return number.text + (number.unit == "core" ? " core" : number.unit);
}

std::string describe(const ast::Term& term) {
  struct Visitor {
    std::string operator()(const ast::Word& word) { return fmt::format("the word `{}`", word.text); }
    std::string operator()(const ast::Number& number) {
      return fmt::format("the number `{}`", as_written(number));
    }
    std::string operator()(const ast::String&) { return "a string"; }
    std::string operator()(const ast::Range&) { return "a range"; }
    std::string operator()(const ast::Set&) { return "a set"; }
    std::string operator()(const ast::Operator&) { return "a comparison"; }
    std::string operator()(const ast::Star&) { return "`*`"; }
  };
  return std::visit(Visitor{}, term);
}

std::optional<Operand> ValueReader::resolve(const ast::Term& term) const {
  if (const auto* word = std::get_if<ast::Word>(&term)) {
    if (const Constants::Constant* constant = constants_.find(word->text)) {
      if (constant->value == nullptr) return std::nullopt;
      return Operand{constant->value, word->span, constant->let};
    }
  }
  return Operand{&term, ast::span_of(term), nullptr};
}

diag::Builder ValueReader::report(Kind kind, const Operand& operand, std::string message) {
  diag::Builder builder = diagnostics_.add(kind, operand.span, std::move(message));
  if (operand.let != nullptr)
    builder.label(operand.let->name.span, fmt::format("the constant `{}`", operand.let->name.text));
  return builder;
}

diag::Builder ValueReader::report_value(Kind kind, const Operand& operand, std::string message) {
  if (operand.let == nullptr) return report(kind, operand, std::move(message));
  return diagnostics_.add(kind, ast::span_of(*operand.term), std::move(message))
      .label(operand.span, fmt::format("`{}` is used here", operand.let->name.text));
}

void ValueReader::wrong_type(const Operand& operand, const Subject& subject, std::string_view wanted) {
  const auto* word = std::get_if<ast::Word>(operand.term);
  if (word != nullptr) {
    // A word that is no keyword here can only be meant as a constant.
    const std::vector<std::string_view> names = constants_.names();
    report(Kind::kUndefinedConstant, operand, fmt::format("undefined constant `{}`", word->text))
        .at(fmt::format("`{}` takes {}", subject.words, wanted))
        .hint(did_you_mean(word->text, names, fmt::format("for instance `{}`", subject.example)));
    return;
  }
  const bool several = wanted == "a string" && std::holds_alternative<ast::Set>(*operand.term);
  report(Kind::kWrongType, operand,
         fmt::format("`{}` takes {}, not {}", subject.words, wanted, describe(*operand.term)))
      .help(several ? fmt::format("several are `{0} \"...\" or {0} \"...\"`", subject.words)
                    : fmt::format("for instance `{}`", subject.example));
}

void ValueReader::wrong_unit(const ast::Number& number, const Operand& operand, const Subject& subject,
                             std::string_view wanted, std::initializer_list<UnitRow::Of> fitting) {
  std::vector<std::string_view> fit;
  for (const UnitRow& row : units())
    if (std::find(fitting.begin(), fitting.end(), row.of) != fitting.end()) fit.push_back(row.word);
  const Operand at{operand.term, place_of(number, operand), operand.let};
  const std::string help = fit.empty() ? fmt::format("for instance `{}`", subject.example)
                                       : fmt::format("units that fit: {}", list_words(fit));
  if (number.unit.empty()) {
    report(Kind::kWrongUnit, at,
           fmt::format("the number `{}` has no unit, `{}` takes {}", number.text, subject.words, wanted))
        .at("without a unit")
        .help(help);
    return;
  }
  if (find_unit(number.unit) == nullptr) {
    diag::Hint hint = did_you_mean(number.unit, fit, help);
    if (!hint.word.empty()) hint.word.insert(0, number.text);
    report(Kind::kWrongUnit, at,
           fmt::format("unknown unit `{}`, `{}` takes {}", number.unit, subject.words, wanted))
        .hint(std::move(hint));
    return;
  }
  report(Kind::kWrongUnit, at,
         fmt::format("wrong unit `{}`, `{}` takes {}", number.unit, subject.words, wanted))
      .help(help);
}

std::optional<uint64_t> ValueReader::duration(const Operand& operand, const Subject& subject) {
  const auto* number = std::get_if<ast::Number>(operand.term);
  if (number == nullptr || shape_of(*number) == Shape::kVersion) {
    wrong_type(operand, subject, "a duration");
    return std::nullopt;
  }
  const UnitRow* unit = find_unit(number->unit);
  if (unit == nullptr || unit->of != UnitRow::Of::kDuration) {
    wrong_unit(*number, operand, subject, "a duration", {UnitRow::Of::kDuration});
    return std::nullopt;
  }
  if (number->text.starts_with('-')) {
    report(Kind::kOutOfRange, operand, fmt::format("`{}` is a negative duration", as_written(*number)))
        .help(fmt::format("for instance `{}`", subject.example));
    return std::nullopt;
  }
  return scale_decimal(number->text, unit->scale);
}

std::optional<int64_t> ValueReader::integer(const ast::Number& number, const Operand& operand,
                                            const Subject& subject) {
  if (!number.unit.empty()) {
    wrong_unit(number, operand, subject, "a whole number without a unit", {});
    return std::nullopt;
  }
  if (shape_of(number) != Shape::kInteger) {
    const Operand at{operand.term, place_of(number, operand), operand.let};
    report(Kind::kWrongType, at,
           fmt::format("`{}` takes a whole number, not `{}`", subject.words, number.text))
        .help(fmt::format("for instance `{}`", subject.example));
    return std::nullopt;
  }
  return parse_integer(number.text);
}

std::optional<int64_t> ValueReader::integer(const Operand& operand, const Subject& subject) {
  const auto* number = std::get_if<ast::Number>(operand.term);
  if (number == nullptr) {
    wrong_type(operand, subject, "a whole number");
    return std::nullopt;
  }
  return integer(*number, operand, subject);
}

std::optional<std::string> ValueReader::text(const ast::String& string, const Operand& operand,
                                             const Subject& subject) {
  const Operand at{operand.term, operand.let == nullptr ? string.span : operand.span, operand.let};
  if (string.value.empty()) {
    report(Kind::kEmptyString, at, fmt::format("an empty string for `{}`", subject.words))
        .help(fmt::format("for instance `{}`", subject.example));
    return std::nullopt;
  }
  return string.value;
}

std::optional<uint32_t> ValueReader::share(const ast::Number& number, const Operand& operand,
                                           const Subject& subject) {
  const Operand at{operand.term, place_of(number, operand), operand.let};
  if (number.unit != "%") {
    wrong_unit(number, operand, subject, "a share in `%`", {UnitRow::Of::kShare});
    return std::nullopt;
  }
  const int64_t value = shape_of(number) == Shape::kInteger ? parse_integer(number.text) : 0;
  if (value >= 1 && value <= 100) return static_cast<uint32_t>(value);
  report(Kind::kOutOfRange, at,
         fmt::format("`{}` is out of range for `{}`", as_written(number), subject.words))
      .help("whole percents from 1% to 100%");
  return std::nullopt;
}

std::optional<uint32_t> ValueReader::thousandths(const Operand& operand, const Subject& subject) {
  const auto* number = std::get_if<ast::Number>(operand.term);
  if (number == nullptr || shape_of(*number) == Shape::kVersion) {
    wrong_type(operand, subject, "a number");
    return std::nullopt;
  }
  if (!number->unit.empty()) {
    wrong_unit(*number, operand, subject, "a number without a unit", {});
    return std::nullopt;
  }
  if (!number->text.starts_with('-'))
    return static_cast<uint32_t>(std::min<uint64_t>(scale_decimal(number->text, 1000), UINT32_MAX));
  report(Kind::kOutOfRange, operand, fmt::format("`{}` is negative", as_written(*number)))
      .help(fmt::format("for instance `{}`", subject.example));
  return std::nullopt;
}

std::optional<abi::CpuAmount> ValueReader::cpu_amount(const ast::Number& number, const Operand& operand,
                                                      const Subject& subject) {
  using Unit = abi::CpuAmount::Unit;
  const Operand at{operand.term, place_of(number, operand), operand.let};
  Unit unit = Unit::kCpus;
  if (number.unit == "%") {
    unit = Unit::kPercent;
  } else if (number.unit == "core") {
    unit = Unit::kCores;
  } else if (!number.unit.empty()) {
    wrong_unit(number, operand, subject, "a count of CPUs, `core` or a share in `%`",
               {UnitRow::Of::kShare, UnitRow::Of::kCore});
    return std::nullopt;
  }
  if (shape_of(number) != Shape::kInteger) {
    report(Kind::kWrongType, at,
           fmt::format("an amount of CPUs is a whole number, not `{}`", as_written(number)))
        .help(fmt::format("for instance `{}`", subject.example));
    return std::nullopt;
  }
  const int64_t value = parse_integer(number.text);
  const int64_t limit = unit == Unit::kPercent ? 100 : kMaxCpus;
  if (value < 0 || value > limit) {
    auto builder = report(Kind::kOutOfRange, at,
                          fmt::format("`{}` is out of range for `{}`", as_written(number), subject.words))
                       .help(fmt::format("the range is 0 to {}{}", limit, unit == Unit::kPercent ? "%" : ""));
    builder.note(unit == Unit::kPercent ? "a share is of the CPUs that the cell owns, 100% are all of them"
                                        : "no kernel has more than 8192 CPUs (`NR_CPUS`)");
    return std::nullopt;
  }
  return abi::CpuAmount{unit, static_cast<uint32_t>(value)};
}

std::optional<abi::CpuRange> ValueReader::cpu_range(const Operand& operand, const Subject& subject) {
  abi::CpuRange out;
  if (const auto* number = std::get_if<ast::Number>(operand.term)) {
    const auto amount = cpu_amount(*number, operand, subject);
    if (!amount) return std::nullopt;
    out = {*amount, *amount};
  } else if (const auto* range = std::get_if<ast::Range>(operand.term)) {
    bool sound = true;
    for (const auto& [written, amount] :
         {std::pair{&range->low, &out.floor}, std::pair{&range->high, &out.ceiling}}) {
      if (!*written) continue;
      const auto read = cpu_amount(**written, operand, subject);
      if (read) *amount = *read;
      sound = sound && read.has_value();
    }
    if (!sound) return std::nullopt;
    // `..0` must not trip over the default floor of one CPU.
    if (!range->low && out.ceiling.value == 0) out.floor = out.ceiling;
  } else if (std::holds_alternative<ast::Set>(*operand.term) ||
             std::holds_alternative<ast::String>(*operand.term)) {
    // Written as other tools list CPUs.
    report(Kind::kWrongType, operand,
           fmt::format("`{}` takes an amount of CPUs, not {}", subject.words, describe(*operand.term)))
        .help(fmt::format("amounts are counts, never ids: `{}`", subject.example));
    return std::nullopt;
  } else {
    wrong_type(operand, subject, "an amount or a range of amounts of CPUs");
    return std::nullopt;
  }
  if (out.ceiling.value == 0) {
    report(Kind::kOutOfRange, operand, "a ceiling of no CPU at all")
        .at("it could never own a CPU")
        .help("at least 1; a layer without CPUs of its own is `open`");
    return std::nullopt;
  }
  if (out.floor.unit == out.ceiling.unit && out.floor.value > out.ceiling.value) {
    report(Kind::kEmptyRange, operand,
           fmt::format("the floor of `{}` is above its ceiling", model::to_string(out)))
        .help(fmt::format("write `{}`, the lower bound first",
                          model::to_string(abi::CpuRange{out.ceiling, out.floor})));
    return std::nullopt;
  }
  return out;
}

std::optional<model::KernelVersion> ValueReader::kernel(const ast::Number& number) {
  const auto& series = kernel_series();
  const std::string known = fmt::format("known series: {} to {}", model::to_string(series.front()),
                                        model::to_string(series.back()));
  if (!number.unit.empty() || shape_of(number) != Shape::kDecimal || number.text.starts_with('-')) {
    diagnostics_
        .report(Kind::kUnsupportedKernel, number.span, "`{}{}` is not a kernel series", number.text,
                number.unit)
        .help("a series has two numbers, for instance `kernel >= 6.16`");
    return std::nullopt;
  }
  const size_t dot = number.text.find('.');
  const auto part = [](std::string_view text) {
    return static_cast<uint32_t>(std::min<int64_t>(parse_integer(text), UINT32_MAX));
  };
  const model::KernelVersion version{part(std::string_view(number.text).substr(0, dot)),
                                     part(std::string_view(number.text).substr(dot + 1))};
  if (std::find(series.begin(), series.end(), version) != series.end()) return version;
  if (version < series.front()) {
    diagnostics_.report(Kind::kUnsupportedKernel, number.span, "kernel {} is not supported", number.text)
        .note(fmt::format("schedulers are tested on {} and later", model::to_string(series.front())))
        .help(fmt::format("write `kernel >= {}`", model::to_string(series.front())));
  } else {
    diagnostics_.report(Kind::kUnsupportedKernel, number.span, "kernel {} is not known", number.text)
        .help(known);
  }
  return std::nullopt;
}

}  // namespace scx::sema
