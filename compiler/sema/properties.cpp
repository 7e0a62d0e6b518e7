#include "compiler/sema/properties.h"

#include <algorithm>
#include <map>
#include <span>

#include <fmt/format.h>

#include "runtime/base/closest.h"

namespace scx::sema {

using diag::Kind;

namespace {

std::vector<std::string_view> implemented(Place place) {
  std::vector<std::string_view> words;
  for (const PropertyRow& row : properties())
    if (row.place == place && row.property != Property::kNone) words.push_back(row.words);
  return words;
}

// How properties that begin with the word and go on are written.
std::vector<std::string_view> forms_of(std::string_view word, Place place) {
  std::vector<std::string_view> forms;
  for (const PropertyRow& row : properties())
    if (row.place == place && row.property != Property::kNone && row.words.size() > word.size() &&
        row.words.starts_with(word) && row.words[word.size()] == ' ')
      forms.push_back(row.example);
  return forms;
}

// Help for an unknown property: a close one of this place, of another place,
// or one of a later version.
diag::Hint guess_property(std::string_view word, Place place) {
  const std::vector<std::string_view> words = implemented(place);
  if (const std::string_view guess = closest(word, words); !guess.empty())
    return {fmt::format("did you mean `{}`?", guess), std::string(guess)};
  std::vector<std::string_view> elsewhere;
  for (const PropertyRow& row : properties()) elsewhere.push_back(row.words);
  const std::string_view guess = closest(word, elsewhere);
  if (guess.empty()) return {fmt::format("properties of {}: {}", describe(place), list_words(words)), ""};
  for (const PropertyRow& row : properties())
    if (row.words == guess && row.property != Property::kNone)
      return {fmt::format("did you mean `{}`, which belongs in {}?", guess, describe(row.place)), ""};
  return {fmt::format("did you mean `{}`, which is not implemented yet?", guess), ""};
}

// The kernel series that was written in another form than `>= 6.16`; empty if there is none.
std::string written_series(const PropertyUse& use) {
  std::string series;
  for (const ast::Term& term : std::span(use.written.terms).subspan(use.next)) {
    const auto* number = std::get_if<ast::Number>(&term);
    const auto* string = std::get_if<ast::String>(&term);
    if (number == nullptr && string == nullptr) continue;
    const std::string& text = number != nullptr ? number->text : string->value;
    const bool is_series = std::count(text.begin(), text.end(), '.') == 1 &&
                           text.find_first_not_of("0123456789.") == std::string::npos;
    if (!is_series || !series.empty()) return "";
    series = text;
  }
  return series;
}

}  // namespace

Span PropertyUse::name_span() const {
  return join(ast::span_of(written.terms[0]), ast::span_of(written.terms[next - 1]));
}

void PropertyReader::read(const ast::Block& block, Place place,
                          const std::function<void(const PropertyUse&)>& use) {
  std::map<std::string_view, Span> seen;
  for (const ast::Property& property : block.properties) {
    if (property.terms.empty() || !std::holds_alternative<ast::Word>(property.terms[0]))
      continue;  // a syntax error
    const PropertyRow* row = find_property(property.terms, place);
    if (row == nullptr) {
      report_unknown(property, block, place);
      continue;
    }
    const PropertyUse found{*row, property, count_words(row->words)};
    if (row->property == Property::kNone) {
      diagnostics_.report(Kind::kNotImplemented, found.name_span(), "`{}` is not implemented yet", row->words)
          .help(fmt::format("properties of {} in this version: {}", describe(place),
                            list_words(implemented(place))));
      continue;
    }
    const auto [first, fresh] = seen.emplace(row->words, found.name_span());
    const bool repeats = row->property == Property::kExpect || row->property == Property::kCgroup;
    if (!fresh && !repeats) {
      diagnostics_
          .report(Kind::kRepeatedProperty, found.name_span(), "`{}` stands twice in {}", row->words,
                  describe(place))
          .at("again")
          .label(first->second, "first here")
          .help(row->property == Property::kMatch ? "join the expressions with `or`" : "keep one of them");
      continue;
    }
    use(found);
  }
  if (place == Place::kCell) return;  // their names and contents are read elsewhere
  for (const ast::Layer& layer : block.layers)
    diagnostics_.report(Kind::kPropertyOutOfPlace, layer.name.span, "a layer inside {}", describe(place))
        .help("layers stand at the top level of the file or in a cell");
}

void PropertyReader::report_unknown(const ast::Property& property, const ast::Block& block, Place place) {
  const auto& word = std::get<ast::Word>(property.terms[0]);
  std::vector<Place> others(std::begin(kPlaces), std::end(kPlaces));
  // What a cell lacks its layers may have.
  if (place == Place::kCell) others.insert(others.begin(), Place::kLayer);
  for (const Place other : others) {
    const PropertyRow* row = other == place ? nullptr : find_property(property.terms, other);
    if (row == nullptr) continue;
    diagnostics_
        .report(Kind::kPropertyOutOfPlace, word.span, "`{}` cannot stand in {}", row->words, describe(place))
        .help(row->property == Property::kNone ? std::string("and it is not implemented yet")
                                               : fmt::format("it belongs in {}", describe(other)));
    return;
  }
  const auto& declarations = declaration_words();
  if (std::find(declarations.begin(), declarations.end(), word.text) != declarations.end()) {
    diagnostics_
        .report(Kind::kPropertyOutOfPlace, word.span, "`{}` cannot stand in {}", word.text, describe(place))
        .help("it is a declaration: it stands at the top level of the file");
    return;
  }
  if (const std::vector<std::string_view> forms = forms_of(word.text, place); !forms.empty()) {
    diagnostics_
        .report(Kind::kUnknownProperty, ast::span_of(property.terms.back()), "not a form of `{}`", word.text)
        .help("write " + list_words(forms, "or"));
    return;
  }
  if (place == Place::kCell && property.block != nullptr && property.terms.size() > 1 &&
      !closest(word.text, {"layer"}).empty()) {
    diagnostics_.report(Kind::kUnknownDeclaration, word.span, "unknown declaration `{}` in a cell", word.text)
        .hint(did_you_mean(word.text, {"layer"}, ""));
    return;
  }
  auto report = diagnostics_.report(Kind::kUnknownProperty, word.span, "unknown property `{}` of {}",
                                    word.text, describe(place));
  if (place != Place::kLayer || !is_attribute_word(word.text)) {
    report.hint(guess_property(word.text, place));
    return;
  }
  report.help("a test stands behind `match`");
  // A second `match` would be one too many; how the two are to be joined nobody knows.
  if (std::none_of(block.properties.begin(), block.properties.end(),
                   [](const ast::Property& other) { return other.match.has_value(); }))
    report.suggest({word.span.file, word.span.begin, word.span.begin}, "match ");
}

bool PropertyReader::no_block(const PropertyUse& use) {
  if (use.written.block == nullptr) return true;
  diagnostics_.report(Kind::kUnexpectedOperand, use.written.block->span, "`{}` takes no block", use.row.words)
      .help(fmt::format("write `{};`", use.row.example));
  return false;
}

const ast::Term* PropertyReader::only_term(const PropertyUse& use) {
  const auto& terms = use.written.terms;
  if (!no_block(use)) return nullptr;
  if (terms.size() == use.next) {
    diagnostics_.report(Kind::kMissingOperand, use.name_span(), "`{}` has no operand", use.row.words)
        .help(fmt::format("write `{};`", use.row.example));
    return nullptr;
  }
  if (terms.size() > use.next + 1) {
    diagnostics_
        .report(Kind::kUnexpectedOperand, ast::span_of(terms[use.next + 1]),
                "`{}` takes one operand, here follows {}", use.row.words, describe(terms[use.next + 1]))
        .help(fmt::format("for instance `{};`", use.row.example));
    return nullptr;
  }
  return &terms[use.next];
}

std::optional<Operand> PropertyReader::only_operand(const PropertyUse& use) {
  const ast::Term* term = only_term(use);
  return term == nullptr ? std::nullopt : values_.resolve(*term);
}

bool PropertyReader::flag(const PropertyUse& use) {
  if (!no_block(use)) return false;
  if (use.written.terms.size() == use.next) return true;
  const ast::Term& extra = use.written.terms[use.next];
  diagnostics_
      .report(Kind::kUnexpectedOperand, ast::span_of(extra), "`{}` is a flag and takes no operand, here {}",
              use.row.words, describe(extra))
      .help(fmt::format("write `{};`, or leave it out", use.row.words));
  return false;
}

std::optional<uint64_t> PropertyReader::duration(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto value = values_.duration(*operand, use.subject());
  if (!value || (*value >= use.row.low && *value <= use.row.high)) return value;
  values_
      .report(Kind::kOutOfRange, *operand,
              fmt::format("`{}` is out of range for `{}`", as_written(std::get<ast::Number>(*operand->term)),
                          use.row.words))
      .note(std::string(use.row.source))
      .help(fmt::format("the range is {} to {}", model::duration_text(use.row.low),
                        model::duration_text(use.row.high)));
  return std::nullopt;
}

std::optional<uint64_t> PropertyReader::integer(const PropertyUse& use) {
  const auto operand = only_operand(use);
  if (!operand) return std::nullopt;
  const auto value = values_.integer(*operand, use.subject());
  if (!value) return std::nullopt;
  if (*value >= 0 && static_cast<uint64_t>(*value) >= use.row.low &&
      static_cast<uint64_t>(*value) <= use.row.high)
    return static_cast<uint64_t>(*value);
  values_
      .report(Kind::kOutOfRange, *operand,
              fmt::format("`{}` is out of range for `{}`", as_written(std::get<ast::Number>(*operand->term)),
                          use.row.words))
      .note(std::string(use.row.source))
      .help(fmt::format("the range is {} to {}", use.row.low, use.row.high));
  return std::nullopt;
}

std::optional<abi::CpuRange> PropertyReader::cpu_range(const PropertyUse& use) {
  const auto& terms = use.written.terms;
  if (terms.size() > use.next)
    if (const auto* word = std::get_if<ast::Word>(&terms[use.next]);
        word != nullptr && (word->text == "list" || word->text == "from")) {
      diagnostics_
          .report(Kind::kPropertyOutOfPlace, join(use.name_span(), word->span),
                  "`cpus {}` cannot stand in {}", word->text, describe(use.row.place))
          .help(fmt::format("it belongs in a cell; here stands an amount: `{}`", use.row.example));
      return std::nullopt;
    }
  const auto operand = only_operand(use);
  return operand ? values_.cpu_range(*operand, use.subject()) : std::nullopt;
}

void PropertyReader::help_kernel(diag::Builder report, const PropertyUse& use) {
  const std::string series = written_series(use);
  if (series.empty()) {
    report.help(fmt::format("write `{};`", use.row.example));
    return;
  }
  const auto& terms = use.written.terms;
  report.help(fmt::format("write `kernel >= {};`", series))
      .suggest(join(ast::span_of(terms[use.next]), ast::span_of(terms.back())), ">= " + series);
}

std::optional<model::KernelVersion> PropertyReader::kernel(const PropertyUse& use) {
  const auto& terms = use.written.terms;
  if (!no_block(use)) return std::nullopt;
  const auto* comparison = terms.size() > use.next ? std::get_if<ast::Operator>(&terms[use.next]) : nullptr;
  const auto* number = terms.size() > use.next + 1 ? std::get_if<ast::Number>(&terms[use.next + 1]) : nullptr;
  if (comparison != nullptr && comparison->comparison != ast::Comparison::kGreaterEqual) {
    auto report = diagnostics_.report(Kind::kOperatorMismatch, comparison->span, "`kernel` takes `>=` only");
    report.note("it drops code for older kernels; a kernel that is too new does not exist for a policy");
    help_kernel(report, use);
    return std::nullopt;
  }
  if (comparison == nullptr || number == nullptr || terms.size() > use.next + 2) {
    const bool missing = terms.size() <= use.next + 1 && (terms.size() == use.next || comparison != nullptr);
    const Span span = missing ? use.name_span() : ast::span_of(terms.back());
    help_kernel(diagnostics_.report(missing ? Kind::kMissingOperand : Kind::kWrongType, span,
                                    "`kernel` takes `>=` and a kernel series"),
                use);
    return std::nullopt;
  }
  return values_.kernel(*number);
}

std::optional<size_t> PropertyReader::word(const PropertyUse& use,
                                           const std::vector<std::string_view>& words) {
  const ast::Term* term = only_term(use);
  if (term == nullptr) return std::nullopt;
  const auto* written = std::get_if<ast::Word>(term);
  if (written == nullptr) {
    diagnostics_
        .report(Kind::kWrongType, ast::span_of(*term), "`{}` takes a word, not {}", use.row.words,
                describe(*term))
        .help("one of " + list_words(words));
    return std::nullopt;
  }
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i] == written->text) return i;
  diagnostics_
      .report(Kind::kUnknownValue, written->span, "unknown word `{}` for `{}`", written->text, use.row.words)
      .hint(did_you_mean(written->text, words, "one of " + list_words(words)));
  return std::nullopt;
}

}  // namespace scx::sema
