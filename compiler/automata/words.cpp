#include "compiler/automata/words.h"

namespace scx::automata {
namespace {

// The literal text of a glob that has no metacharacter but perhaps one `*` at
// its end; `open` tells of that `*`.
std::optional<std::string> literal_glob(std::string_view glob, bool& open) {
  std::string out;
  open = false;
  for (size_t i = 0; i < glob.size(); ++i) {
    switch (glob[i]) {
      case '*':
        if (i + 1 != glob.size()) return std::nullopt;
        open = true;
        break;
      case '?':
      case '[':
        return std::nullopt;
      case '\\':
        if (++i == glob.size()) return std::nullopt;
        [[fallthrough]];
      default:
        out.push_back(glob[i]);
    }
  }
  return out;
}

WordTest compare(std::string_view bytes) {
  WordTest out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto shift = 8 * (i % 8);
    out.mask[i / 8] |= uint64_t{0xff} << shift;
    out.value[i / 8] |= uint64_t{static_cast<unsigned char>(bytes[i])} << shift;
  }
  return out;
}

}  // namespace

std::optional<WordTest> word_test(const model::Predicate& predicate) {
  using Op = model::StringTest::Op;
  if (!predicate.string || predicate.attribute == abi::Attribute::kCgroup) return std::nullopt;
  std::string text = predicate.string->text;
  bool open = predicate.string->op == Op::kPrefix;
  if (predicate.string->op == Op::kGlob) {
    std::optional<std::string> literal = literal_glob(text, open);
    if (!literal) return std::nullopt;
    text = *std::move(literal);
  } else if (predicate.string->op != Op::kExact && predicate.string->op != Op::kPrefix) {
    return std::nullopt;
  }
  if (text.size() > abi::kCommBytes || text.find('\0') != std::string::npos) return std::nullopt;
  if (!open) text.push_back('\0');
  return compare(text);
}

}  // namespace scx::automata
