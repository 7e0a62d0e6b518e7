// The syntax tree: what the policy says, unresolved, a span on everything.
// syntax/ builds it, sema/ reads it, the formatter will print it. Declarations
// have types of their own; the inside of a block is uniform (a property is its
// words and operands), so that an unknown property is a question of meaning
// with a did-you-mean, never a syntax error.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/support/source.h"

namespace scx::ast {

struct Word {
  std::string text;
  Span span;
};

// A number as written: `text` holds the digits (sign and decimals included),
// `unit` what touches it ("ms", "%", "GiB/s", "core", empty for none).
struct Number {
  std::string text;
  std::string unit;
  Span span;
};

// A string's value after escapes.
struct String {
  std::string value;
  Span span;
};

// a..b, a.., ..b
struct Range {
  std::optional<Number> low;
  std::optional<Number> high;
  Span span;
};

// {1, 2, 5..9}, {idle, batch}
struct Set {
  std::vector<std::variant<Word, Number, Range, String>> members;
  Span span;
};

enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
std::string_view spelling(Comparison comparison);
struct Operator {
  Comparison comparison;
  Span span;
};

struct Star {
  Span span;
};

// What a property or a predicate is made of, in order.
using Term = std::variant<Word, Number, String, Range, Set, Operator, Star>;
Span span_of(const Term& term);

// A match expression. kPredicate: an attribute with its operator and operands,
// or a single word that names a matcher; `child of X` is kChildOf with one operand.
struct Expression {
  enum class Kind : uint8_t { kAll, kPredicate, kNot, kAnd, kOr, kParenthesized, kChildOf };
  Kind kind = Kind::kAll;
  std::vector<Term> terms;           // kPredicate
  std::vector<Expression> operands;  // kNot, kParenthesized, kChildOf: 1; kAnd, kOr: 2 or more
  Span span;
};

struct Block;

// `terms ;`, `terms { … }` or `match EXPR ;`: one statement of a block.
struct Property {
  std::vector<Term> terms;  // at least one; the first is a Word, for `match` too
  std::optional<Expression> match;
  std::unique_ptr<Block> block;
  Span span;
};

// { … } of properties and of layers (in cells).
struct Layer;
struct Block {
  std::vector<Property> properties;
  std::vector<Layer> layers;
  Span span;  // with the braces
};

struct LanguageVersion {
  Number version;
  Span span;
};
struct Include {
  String path;
  Span span;
};
struct PolicyBlock {  // policy NAME { … }
  Word name;
  Block body;
  Span span;
};
struct Let {  // let NAME = TERM ;
  Word name;
  std::vector<Term> value;
  Span span;
};
struct Matcher {  // match NAME = EXPR ;
  Word name;
  Expression expression;
  Span span;
};
struct Layer {  // layer NAME KIND { … }, layers NAME KIND for cgroup PATTERN … { … }
  Word name;
  Word kind;
  bool family = false;
  std::vector<Term> family_terms;  // after KIND, for a family
  Block body;
  Span span;
};
struct Cell {  // cell NAME { … }, cells NAME for cgroup PATTERN … { … }, root cell { … }
  enum class Kind : uint8_t { kStatic, kFamily, kRoot };
  Kind kind = Kind::kStatic;
  Word name;                       // "root" for the root cell
  std::vector<Term> family_terms;  // after NAME, for a family
  Block body;
  Span span;
};
struct Cleanup {  // cleanup { on EVENT { … } }
  Block body;
  Span span;
};
struct Test {  // test "NAME" { task { … } expect …; }
  String name;
  Block body;
  Span span;
};
// A declaration whose first word is none of the above, kept for sema's did-you-mean.
struct Unknown {
  Property content;
  Span span;
};

using Item =
    std::variant<LanguageVersion, Include, PolicyBlock, Let, Matcher, Layer, Cell, Cleanup, Test, Unknown>;

Span span_of(const Item& item);

// One file. Included files are trees of their own, in `Program`.
struct File {
  FileId id{};
  std::vector<Item> items;
  std::vector<Span> comments;  // each from its `#` to the end of its line
};

// The files of one compilation, each once: the main file first, then what it
// includes, in the order in which the includes are met (depth first).
struct Program {
  std::vector<File> files;
};

// The tree as text, one node a line with its line:column, children indented:
// for --dump=ast and goldens. `sources` holds the file.
std::string dump(const File& file, const Sources& sources);
std::string dump(const Expression& expression, const Sources& sources);

}  // namespace scx::ast
