#include "compiler/automata/pattern.h"

#include <fmt/format.h>

#include "runtime/base/check.h"

namespace scx::automata {

Pattern byte_of(ByteSet set) {
  Pattern out;
  out.kind = Pattern::Kind::kSet;
  out.set = set;
  return out;
}

Pattern concat(std::vector<Pattern> parts) {
  Pattern out;
  out.parts = std::move(parts);
  return out;
}

Pattern literal(std::string_view bytes) {
  Pattern out;
  for (const unsigned char byte : bytes) out.parts.push_back(byte_of(ByteSet().set(byte)));
  return out;
}

Pattern alternate(std::vector<Pattern> parts) {
  Pattern out;
  out.kind = Pattern::Kind::kAlternate;
  out.parts = std::move(parts);
  return out;
}

Pattern repeat(Pattern part, uint32_t min, uint32_t max) {
  Pattern out;
  out.kind = Pattern::Kind::kRepeat;
  out.parts.push_back(std::move(part));
  out.min = min;
  out.max = max;
  return out;
}

Pattern begin() {
  Pattern out;
  out.kind = Pattern::Kind::kBegin;
  return out;
}

Pattern end() {
  Pattern out;
  out.kind = Pattern::Kind::kEnd;
  return out;
}

namespace {

// `under "/a"`: the path itself or the path, a slash and more.
Parsed<Pattern> parse_under(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty()) return concat({});  // the root of the hierarchy: everything
  Parsed<Pattern> parsed = parse_glob(text, abi::Attribute::kCgroup);
  auto* pattern = std::get_if<Pattern>(&parsed);
  if (pattern == nullptr) return parsed;
  if (pattern->parts.back().kind == Pattern::Kind::kEnd) {
    pattern->parts.back() = alternate({end(), literal("/")});
  }
  return parsed;
}

std::optional<PatternError> absolute(std::string_view text) {
  if (text.starts_with('/')) return std::nullopt;
  return PatternError{0, "a cgroup path starts with `/`", fmt::format("write `\"/{}\"`", text)};
}

std::optional<PatternError> too_long_for_comm(const model::StringTest& test) {
  using Op = model::StringTest::Op;
  const bool fixed =
      test.op == Op::kExact || test.op == Op::kPrefix || test.op == Op::kSuffix || test.op == Op::kContains;
  if (!fixed || test.text.size() <= abi::kCommBytes) return std::nullopt;
  return PatternError{static_cast<uint32_t>(abi::kCommBytes),
                      fmt::format("{} bytes long, but the kernel cuts every comm to {} bytes",
                                  test.text.size(), abi::kCommBytes),
                      test.op == Op::kExact || test.op == Op::kPrefix
                          ? fmt::format("the kernel shows `{}`", test.text.substr(0, abi::kCommBytes))
                          : "no task can match"};
}

}  // namespace

Parsed<Pattern> parse_test(const model::StringTest& test, abi::Attribute attribute) {
  switch (test.op) {
    case model::StringTest::Op::kExact:
      return concat({begin(), literal(test.text), end()});
    case model::StringTest::Op::kUnder:
      return parse_under(test.text);
    case model::StringTest::Op::kPrefix:
      return concat({begin(), literal(test.text)});
    case model::StringTest::Op::kSuffix:
      return concat({literal(test.text), end()});
    case model::StringTest::Op::kContains:
      return literal(test.text);
    case model::StringTest::Op::kGlob:
      return parse_glob(test.text, attribute);
    case model::StringTest::Op::kRegex:
      return parse_regex(test.text);
  }
  SCX_CHECK(false, "unknown string test");
}

std::optional<PatternError> check_string(const model::StringTest& test, abi::Attribute attribute) {
  using Op = model::StringTest::Op;
  if (attribute == abi::Attribute::kCgroup) {
    // A path also has no slash at its end, except the root's.
    const std::string_view text = test.text;
    const bool whole = test.op == Op::kExact || test.op == Op::kUnder || test.op == Op::kPrefix;
    if (whole && (test.op != Op::kPrefix || !text.empty()))
      if (auto error = absolute(text)) return error;
    if (test.op == Op::kGlob && !text.starts_with("**"))
      if (auto error = absolute(text)) return error;
    if ((test.op == Op::kExact || test.op == Op::kGlob) && text.size() > 1 && text.ends_with('/') &&
        !text.ends_with("\\/"))
      return PatternError{static_cast<uint32_t>(text.size() - 1), "a cgroup path has no `/` at its end",
                          fmt::format("write `\"{}\"`", text.substr(0, text.size() - 1))};
  } else if (auto error = too_long_for_comm(test)) {
    return error;
  }
  Parsed<Pattern> parsed = parse_test(test, attribute);
  if (auto* error = std::get_if<PatternError>(&parsed)) return std::move(*error);
  return std::nullopt;
}

}  // namespace scx::automata
