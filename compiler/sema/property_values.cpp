#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/properties.h"
#include "runtime/base/file.h"

// Operands that only one or two properties of layers take.
namespace scx::sema {

using diag::Kind;

std::optional<abi::UtilRange> PropertyReader::util(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto* range = std::get_if<ast::Range>(operand->term);
  if (range == nullptr || !range->low || !range->high) {
    values_.wrong_type(*operand, use.subject(), "a range with both bounds, in `%`");
    return std::nullopt;
  }
  const auto low = values_.share(*range->low, *operand, use.subject());
  const auto high = values_.share(*range->high, *operand, use.subject());
  if (!low || !high) return std::nullopt;
  if (*low >= *high) {
    values_
        .report(Kind::kEmptyRange, *operand,
                fmt::format("`{}%..{}%` leaves no room between its bounds", *low, *high))
        .note("a layer shrinks below the first and grows above the second: between them it stays")
        .help(fmt::format("for instance `{}`", use.row.example));
    return std::nullopt;
  }
  return abi::UtilRange{*low, *high};
}

std::optional<model::Ranges> PropertyReader::ids(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto top = static_cast<int64_t>(use.row.high);
  bool sound = true;
  model::Ranges ranges;
  const auto number = [&](const ast::Number& written) -> int64_t {
    const auto value = values_.integer(written, *operand, use.subject());
    sound = sound && value.has_value();
    return value.value_or(0);
  };
  // A number or a range, alone or in a set; false for anything else.
  const auto add = [&](const auto& written) {
    if (const auto* one = std::get_if<ast::Number>(&written)) {
      const int64_t id = number(*one);
      ranges.push_back({id, id});
      return true;
    }
    const auto* range = std::get_if<ast::Range>(&written);
    if (range == nullptr) return false;
    if (range->low && range->high) {
      const int64_t low = number(*range->low);
      ranges.push_back({low, number(*range->high)});
    } else {
      // Without an end it would name places that no machine has.
      sound = false;
      values_.wrong_type(*operand, use.subject(), "ranges with both bounds");
    }
    return true;
  };
  if (const auto* set = std::get_if<ast::Set>(operand->term)) {
    for (const auto& member : set->members) {
      if (add(member)) continue;
      sound = false;
      values_.wrong_type(*operand, use.subject(), "ids and ranges of ids");
    }
  } else if (!add(*operand->term)) {
    values_.wrong_type(*operand, use.subject(), "ids: a number, a range or a set");
    return std::nullopt;
  }
  if (!sound) return std::nullopt;
  for (const abi::IntRange& range : ranges) {
    if (range.low > range.high) {
      values_
          .report(Kind::kEmptyRange, *operand,
                  fmt::format("the range {}..{} is empty", range.low, range.high))
          .help(fmt::format("write `{}..{}`, the lower bound first", range.high, range.low));
      return std::nullopt;
    }
    if (range.low >= 0 && range.high <= top) continue;
    values_
        .report(Kind::kOutOfRange, *operand,
                fmt::format("`{}` is out of range for `{}`", range.low < 0 ? range.low : range.high,
                            use.row.words))
        .note(std::string(use.row.source))
        .help(fmt::format("the range is 0 to {}", top));
    return std::nullopt;
  }
  return model::normalise(std::move(ranges));
}

std::optional<uint64_t> PropertyReader::whole_microseconds(const PropertyUse& use) {
  constexpr uint64_t kMicrosecond = 1000;
  const auto value = duration(use);
  if (!value || *value % kMicrosecond == 0) return value;
  const uint64_t below = *value / kMicrosecond;
  values_
      .report(
          Kind::kWrongUnit, *only_operand(use),
          fmt::format("`{}` takes whole microseconds, here {}", use.row.words, model::duration_text(*value)))
      .note("the kernel counts it in microseconds")
      .help(fmt::format("write `{} {}us;` or `{} {}us;`", use.row.words, below, use.row.words, below + 1));
  return std::nullopt;
}

std::optional<uint32_t> PropertyReader::yield(const PropertyUse& use) {
  static const std::vector<std::string_view> words = {"give-up", "ignore"};
  const auto& terms = use.written.terms;
  const auto* written = terms.size() > use.next ? std::get_if<ast::Word>(&terms[use.next]) : nullptr;
  if (written != nullptr && !values_.is_constant(written->text)) {
    const auto index = word(use, words);
    if (!index) return std::nullopt;
    return *index == 0 ? abi::kYieldAll : 0;
  }
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto part = values_.thousandths(*operand, use.subject());
  if (!part || *part <= abi::kYieldAll) return part;
  values_
      .report(Kind::kOutOfRange, *operand,
              fmt::format("{} is out of range for `yield`", describe(*operand->term)))
      .note(std::string(use.row.source))
      .help("from 0, which is `ignore`, to 1, which is `give-up`");
  return std::nullopt;
}

std::optional<std::string> PropertyReader::text(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  if (const auto* string = std::get_if<ast::String>(operand->term))
    return values_.text(*string, *operand, use.subject());
  values_.wrong_type(*operand, use.subject(), "a string");
  return std::nullopt;
}

std::vector<std::string> PropertyReader::device_paths(const PropertyUse& use) {
  constexpr size_t kLongest = 255;  // of what the manifest carries as a name
  if (!no_block(use)) return {};
  const auto& terms = use.written.terms;
  if (terms.size() == use.next || terms.size() > use.next + use.row.high) {
    const bool missing = terms.size() == use.next;
    diagnostics_
        .report(missing ? Kind::kMissingOperand : Kind::kUnexpectedOperand,
                missing ? use.name_span() : ast::span_of(terms[use.next + use.row.high]),
                "`{}` takes 1 to {} paths", use.row.words, use.row.high)
        .note(std::string(use.row.source))
        .help(fmt::format("for instance `{};`", use.row.example));
    return {};
  }
  std::vector<std::string> out;
  for (size_t i = use.next; i < terms.size(); ++i) {
    const auto operand = values_.resolve(terms[i]);
    if (!operand) return {};
    const auto* string = std::get_if<ast::String>(operand->term);
    if (string != nullptr && string->value.starts_with('/') && string->value.size() <= kLongest) {
      out.push_back(string->value);
      continue;
    }
    if (string == nullptr)
      values_.wrong_type(*operand, use.subject(), "paths in quotes");
    else
      values_
          .report(Kind::kUnknownValue, *operand,
                  fmt::format("{} is no path of a device node", quoted(string->value)))
          .help(fmt::format("paths begin with `/` and have at most {} bytes: `{};`", kLongest,
                            use.row.example));
    return {};
  }
  return out;
}

}  // namespace scx::sema
