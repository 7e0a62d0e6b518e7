// One leaf test of a match expression: an attribute, its operator and its
// operands become a model::Predicate. Called by matchers.cpp for every
// predicate that is not the name of a matcher.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/model/model.h"
#include "compiler/sema/names.h"
#include "compiler/sema/values.h"

namespace scx::sema {

// Whether the text of a glob, or of `under`, stands for more than itself.
bool has_wildcard(std::string_view text);

struct LeafTest {
  model::Predicate predicate;
  bool negated = false;  // the test as written is `not predicate`
  bool always = false;   // every value satisfies it
};

class PredicateReader {
 public:
  PredicateReader(const Declarations& declarations, const Constants& constants,
                  diag::Diagnostics& diagnostics)
      : declarations_(declarations), diagnostics_(diagnostics), values_(constants, diagnostics) {}

  // Reports and returns nothing if the test is wrong. Precondition: `terms` begin with a Word.
  std::optional<LeafTest> read(const std::vector<ast::Term>& terms, Span span);

  // Checks a path of the cgroup hierarchy as a whole value (also of a test's task).
  bool check_path(const std::string& path, const Operand& operand);

  // One of the words of `sched` (also of a test's task).
  std::optional<int64_t> read_sched_word(const ast::Word& word);

 private:
  using Terms = std::vector<ast::Term>;
  struct Test {  // a test behind its attribute's words
    const AttributeRow& row;
    const Terms& terms;
    size_t next;  // the first term behind the attribute
    Span span;
    [[nodiscard]] Subject subject() const { return {row.words, row.example}; }
  };

  void report_unknown(const Terms& terms);
  void report_form(const AttributeRow& row, const Terms& terms, Span span);
  bool expect_end(const Test& test, size_t count);
  std::optional<LeafTest> read_text(const Test& test);
  std::optional<LeafTest> read_text_operand(const Test& test, size_t index, model::StringTest::Op op);
  void report_no_text(const Test& test, size_t index, const Operand& operand);
  bool check_comm(const model::StringTest& string, const Operand& operand, const AttributeRow& row);
  bool check_path_test(const model::StringTest& string, const Operand& operand);
  bool check_pattern(const model::StringTest& string, const ast::String& written, const Operand& operand,
                     abi::Attribute attribute);
  void warn_of_alternatives(const model::StringTest& string, const Operand& operand, const Subject& subject);
  void warn_of_slice(const model::StringTest& string, const Operand& operand, const Test& test, size_t index);
  std::optional<LeafTest> read_integer(const Test& test);
  bool read_members(const Test& test, const Operand& operand, LeafTest& out);
  void report_word_member(const Test& test, const Operand& operand, const ast::Word& word);
  bool read_range(const Test& test, const Operand& operand, const ast::Range& range, LeafTest& out);
  std::optional<int64_t> read_value(const Test& test, const Operand& operand, const ast::Number& number);
  bool compare(const Test& test, ast::Comparison comparison, LeafTest& out);
  std::optional<LeafTest> read_sched(const Test& test);
  bool read_sched_set(const Test& test, const Operand& operand, const ast::Set& set, LeafTest& out);
  bool expect_members(const Test& test, const Operand& operand, const ast::Set& set);
  std::optional<LeafTest> read_places(const Test& test);
  std::optional<Operand> operand_at(const Test& test, size_t at, std::string_view word);
  std::optional<uint64_t> read_lifetime(const Test& test, size_t at);
  std::optional<LeafTest> read_gpu(const Test& test);
  std::optional<LeafTest> read_flag(const Test& test);

  const Declarations& declarations_;
  diag::Diagnostics& diagnostics_;
  ValueReader values_;
};

}  // namespace scx::sema
