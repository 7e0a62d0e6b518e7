#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "compiler/sema/phrase.h"
#include "compiler/sema/properties.h"

// Operands that only properties of cells take.
namespace scx::sema {

using diag::Kind;

namespace {

// A CPU number at the front of the text, which it leaves; nothing if there is none.
std::optional<int64_t> take_number(std::string_view& text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value >= kMaxCpus) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

// The kernel's form of a list: numbers and ranges between commas.
std::optional<model::Ranges> parse_cpu_list(std::string_view text) {
  model::Ranges out;
  for (;;) {
    const auto low = take_number(text);
    if (!low) return std::nullopt;
    auto high = low;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      high = take_number(text);
    }
    if (!high || *high < *low) return std::nullopt;
    out.push_back({*low, *high});
    if (text.empty()) return model::normalise(std::move(out));
    if (!text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace

std::optional<model::Ranges> PropertyReader::cpu_list(const ast::Term& term, const Subject& subject) {
  const auto operand = values_.resolve(term);
  if (!operand) return std::nullopt;
  const auto* string = std::get_if<ast::String>(operand->term);
  if (string == nullptr) {
    values_.wrong_type(*operand, subject, "a string");
    return std::nullopt;
  }
  const auto text = values_.text(*string, *operand, subject);
  if (!text) return std::nullopt;
  auto list = parse_cpu_list(*text);
  if (!list)
    values_.report(Kind::kBadCpuList, *operand, fmt::format("`{}` is no list of CPUs", *text))
        .note("numbers from 0 to 8191 and ranges of them, with commas between, as the kernel writes them")
        .help(fmt::format("for instance `{}`", subject.example));
  return list;
}

std::optional<CellCpusOperand> PropertyReader::cell_cpus(const PropertyUse& use) {
  constexpr std::string_view kListExample = "cpus list \"0-3,8\"";
  constexpr std::string_view kCpusetExample = "cpus from cpuset else weight 100";
  if (!no_block(use)) return std::nullopt;
  const auto& terms = use.written.terms;
  const auto* first = terms.size() > use.next ? std::get_if<ast::Word>(&terms[use.next]) : nullptr;
  CellCpusOperand out;
  if (first == nullptr || values_.is_constant(first->text)) {
    const auto range = cpu_range(use);
    if (!range) return std::nullopt;
    out.amount = *range;
    out.place = use.written.span;
    return out;
  }
  const bool from = first->text == "from";
  if (!from && first->text != "list") {
    diagnostics_.report(Kind::kUnknownValue, first->span, "unknown word `{}` in `cpus`", first->text)
        .hint(did_you_mean(first->text, {"list", "from"},
                           fmt::format("an amount is `{}`, certain CPUs `{}`, those of a cpuset `{}`",
                                       use.row.example, kListExample, kCpusetExample)));
    return std::nullopt;
  }
  Phrase phrase(terms, use.next + 1, use.name_span(), use.row.words, from ? kCpusetExample : kListExample,
                diagnostics_);
  out.place = join(use.name_span(), first->span);
  if (!from) {
    out.source = abi::CellCpus::kList;
    const ast::Term* term = phrase.term();
    if (term == nullptr || !phrase.end()) return std::nullopt;
    auto list = cpu_list(*term, {"cpus list", kListExample});
    if (!list) return std::nullopt;
    out.list = std::move(*list);
    return out;
  }
  out.source = abi::CellCpus::kCpuset;
  if (!phrase.expect("cpuset")) return std::nullopt;
  if (phrase.at_end()) return out;
  if (!phrase.expect("else") || !phrase.expect("weight")) return std::nullopt;
  const ast::Term* term = phrase.term();
  if (term == nullptr || !phrase.end()) return std::nullopt;
  const auto operand = values_.resolve(*term);
  const auto weight = operand ? values_.integer(*operand, {"weight", kCpusetExample}) : std::nullopt;
  const PropertyRow* row = find_property({ast::Word{"weight", {}}}, Place::kCell);
  if (!weight || !within({*row, use.written, use.next}, *operand, static_cast<uint64_t>(*weight), ""))
    return std::nullopt;
  out.weight = static_cast<uint32_t>(*weight);
  return out;
}

bool PropertyReader::within(const PropertyUse& use, const Operand& operand, uint64_t value,
                            std::string_view range) {
  if (value >= use.row.low && value <= use.row.high) return true;
  values_
      .report(Kind::kOutOfRange, operand,
              fmt::format("`{}` is out of range for `{}`", as_written(std::get<ast::Number>(*operand.term)),
                          use.row.words))
      .note(std::string(use.row.source))
      .help(range.empty() ? fmt::format("the range is {} to {}", use.row.low, use.row.high)
                          : fmt::format("the range is {}", range));
  return false;
}

std::optional<abi::CpuAmount> PropertyReader::cpu_count(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto* number = std::get_if<ast::Number>(operand->term);
  if (number == nullptr || number->unit == "%") {
    values_.wrong_type(*operand, use.subject(), "a number of CPUs or cores");
    return std::nullopt;
  }
  const auto amount = values_.cpu_amount(*number, *operand, use.subject());
  return amount && within(use, *operand, amount->value, "") ? amount : std::nullopt;
}

std::optional<std::optional<abi::Borrow>> PropertyReader::borrow(const PropertyUse& use) {
  if (!no_block(use)) return std::nullopt;
  Phrase phrase(use, diagnostics_);
  const auto what = phrase.choose({"none", "idle"});
  if (!what) return std::nullopt;
  if (*what == 0) return phrase.end() ? std::optional(std::optional<abi::Borrow>()) : std::nullopt;
  if (phrase.at_end()) return std::optional(abi::Borrow{});
  if (!phrase.expect("return") || !phrase.expect("within")) return std::nullopt;
  const ast::Term* term = phrase.term();
  if (term == nullptr || !phrase.end()) return std::nullopt;
  const auto operand = values_.resolve(*term);
  const auto time = operand ? values_.duration(*operand, use.subject()) : std::nullopt;
  if (!time || !within(use, *operand, *time, "100us to 1s")) return std::nullopt;
  return std::optional(abi::Borrow{*time});
}

const ast::Word* PropertyReader::share_with(const PropertyUse& use) {
  if (!no_block(use)) return nullptr;
  Phrase phrase(use, diagnostics_);
  if (!phrase.expect("with")) return nullptr;
  const ast::Term* term = phrase.term();
  if (term == nullptr) return nullptr;
  const auto* name = std::get_if<ast::Word>(term);
  if (name == nullptr) {
    diagnostics_
        .report(Kind::kWrongType, ast::span_of(*term), "`share with` takes the name of a cell, not {}",
                describe(*term))
        .help(fmt::format("for instance `{}`", use.row.example));
    return nullptr;
  }
  return phrase.expect("by") && phrase.expect("weight") && phrase.end() ? name : nullptr;
}

std::optional<uint32_t> PropertyReader::percent(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto* number = std::get_if<ast::Number>(operand->term);
  if (number != nullptr) return values_.share(*number, *operand, use.subject());
  values_.wrong_type(*operand, use.subject(), "a share in `%`");
  return std::nullopt;
}

std::optional<uint32_t> PropertyReader::fraction(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto part = values_.thousandths(*operand, use.subject());
  if (!part || !within(use, *operand, *part, "0.001 to 1")) return std::nullopt;
  return part;
}

}  // namespace scx::sema
