#include "compiler/codegen/classifier_text.h"

#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/automata/words.h"
#include "compiler/codegen/codegen.h"

namespace scx::codegen {

using abi::Attribute;

namespace {

// The attribute as part of a C name.
std::string symbol(Attribute attribute) {
  std::string name(abi::spelling(attribute));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// The values that the attribute can have at all: bounds beyond them are not tested.
abi::IntRange values(Attribute attribute) {
  switch (attribute) {
    case Attribute::kNice:
      return {-20, 19};
    case Attribute::kPid:
    case Attribute::kTgid:
    case Attribute::kPpid:
      return {0, std::numeric_limits<int32_t>::max()};
    case Attribute::kUid:
    case Attribute::kGid:
      return {0, std::numeric_limits<uint32_t>::max()};
    default:
      return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}

template <typename T>
std::string table(std::string_view type, std::string_view name, const std::vector<T>& values,
                  size_t per_line) {
  std::string out = fmt::format("static const volatile {} {}[{}] = {{\n", type, name, values.size());
  for (size_t i = 0; i < values.size(); i += per_line) {
    out += '\t';
    for (size_t k = i; k < values.size() && k < i + per_line; k++) {
      if (k > i) out += ' ';
      out += sizeof(T) == 8 ? fmt::format("0x{:x},", values[k]) : fmt::format("{},", values[k]);
    }
    out += '\n';
  }
  return out + "};\n";
}

// The functions of all automata over one attribute.
struct AttributeCode {
  std::string tables;
  std::string step;  // statements
  std::string end;
};

bool any(const std::vector<uint64_t>& bits) {
  return std::any_of(bits.begin(), bits.end(), [](uint64_t b) { return b != 0; });
}

void add_automaton(const abi::Automaton& automaton, uint32_t slot, AttributeCode& code) {
  // Rows and columns are padded to powers of two, so a mask is the bounds check
  // that the verifier wants; `volatile` keeps clang from proving it away from
  // the table's contents.
  const uint32_t rows = std::bit_ceil(automaton.state_count());
  const uint32_t columns = std::bit_ceil(automaton.class_count);
  const std::string name = fmt::format("{}_{}", symbol(automaton.attribute), slot);

  std::vector<uint8_t> classes(automaton.class_of.begin(), automaton.class_of.end());
  std::vector<uint8_t> next(static_cast<size_t>(rows) * columns);
  for (uint32_t state = 0; state < automaton.state_count(); state++) {
    for (uint32_t c = 0; c < automaton.class_count; c++) {
      next[state * columns + c] = static_cast<uint8_t>(automaton.next[state * automaton.class_count + c]);
    }
  }
  std::vector<uint64_t> entered = automaton.entered, final = automaton.final;
  entered.resize(rows);
  final.resize(rows);

  code.tables += table("u8", name + "_class", classes, 32) + "\n";
  code.tables += table("u8", name + "_next", next, std::min(columns, 32u)) + "\n";
  code.step +=
      fmt::format("\tscan[{0}].state = {1}_next[(scan[{0}].state & {2}) * {3} + ({1}_class[byte] & {4})];\n",
                  slot, name, rows - 1, columns, columns - 1);
  if (any(entered)) {
    code.tables += table("u64", name + "_entered", entered, 8) + "\n";
    code.step +=
        fmt::format("\tscan[{0}].bits |= {1}_entered[scan[{0}].state & {2}];\n", slot, name, rows - 1);
  }
  std::string end = fmt::format("scan[{}].bits", slot);
  if (any(final)) {
    code.tables += table("u64", name + "_final", final, 8) + "\n";
    end += fmt::format(" | {}_final[scan[{}].state & {}]", name, slot, rows - 1);
  }
  code.end += fmt::format("\tmatch[{}] = {};\n", slot, end);
}

std::string attribute_functions(const abi::Classifier& classifier, const Usage& usage, Attribute attribute) {
  AttributeCode code;
  for (size_t i = 0; i < classifier.automata.size(); i++) {
    if (usage.automata[i] && classifier.automata[i].attribute == attribute) {
      add_automaton(classifier.automata[i], usage.automaton_slot[i], code);
    }
  }
  if (code.step.empty()) return "";
  const std::string name = symbol(attribute);
  std::string out = code.tables;
  out += fmt::format("/* Reads one byte of a {}. */\n", spelling(attribute));
  out += fmt::format("static __always_inline void {}_step(struct scan *scan, u8 byte)\n{{\n{}}}\n\n", name,
                     code.step);
  out += fmt::format("/* A bit for each test of a {} that holds, when all of it is read. */\n",
                     spelling(attribute));
  out += fmt::format("static __always_inline void {}_end(const struct scan *scan, u64 *match)\n{{\n{}}}\n\n",
                     name, code.end);
  if (attribute == Attribute::kCgroup) return out;
  out += fmt::format(
      "static __always_inline void match_{0}(const u8 *text, u64 *match)\n"
      "{{\n"
      "\tstruct scan scan[{1}_AUTOMATA] = {{}};\n"
      "\tu32 i;\n\n"
      "\tbpf_for(i, 0, 15) {{\n"
      "\t\tu8 byte = text[i & 15];\n\n"
      "\t\tif (!byte)\n"
      "\t\t\tbreak;\n"
      "\t\t{0}_step(scan, byte);\n"
      "\t}}\n"
      "\t{0}_end(scan, match);\n"
      "}}\n\n",
      name, attribute == Attribute::kComm ? "COMM" : "LEADER_COMM");
  return out;
}

std::string one_of(std::vector<std::string> terms, std::string_view operation) {
  if (terms.size() == 1) return terms[0];
  return fmt::format("({})", fmt::join(terms, fmt::format(" {} ", operation)));
}

std::string in_range(const std::string& value, const abi::IntRange& range, const abi::IntRange& possible) {
  if (range.low == range.high) return fmt::format("{} == {}", value, range.low);
  std::vector<std::string> bounds;
  if (range.low > possible.low) bounds.push_back(fmt::format("{} >= {}", value, range.low));
  if (range.high < possible.high) bounds.push_back(fmt::format("{} <= {}", value, range.high));
  return bounds.empty() ? "true" : one_of(bounds, "&&");
}

// Slot of the first name of predicate `index` among the names of all predicates.
size_t first_name(const abi::Classifier& classifier, size_t index) {
  size_t slot = 0;
  for (size_t i = 0; i < index; i++) slot += classifier.predicates[i].names.size();
  return slot;
}

std::string integer_test(const abi::Classifier& classifier, size_t index) {
  const abi::Predicate& predicate = classifier.predicates[index];
  const std::string value = fmt::format("subject_{}(s)", symbol(predicate.attribute));
  if (predicate.attribute == Attribute::kKthread || predicate.attribute == Attribute::kLeader) {
    const bool wanted = !predicate.ranges.empty() && predicate.ranges.front().high != 0;
    return (wanted ? "" : "!") + value;
  }
  std::vector<std::string> terms;
  for (const abi::IntRange& range : predicate.ranges) {
    terms.push_back(in_range(value, range, values(predicate.attribute)));
  }
  std::vector<std::string> named;
  for (size_t k = 0; k < predicate.names.size(); k++) {
    named.push_back(
        fmt::format("{} == subject_id(s, id_{}_{}, {})", value, index, k, first_name(classifier, index) + k));
  }
  if (predicate.negated_names && !named.empty()) {
    terms.push_back(fmt::format("!({})", fmt::join(named, " || ")));
  } else {
    terms.insert(terms.end(), named.begin(), named.end());
  }
  return terms.empty() ? "false" : one_of(terms, "||");
}

std::string string_test(const model::Policy& policy, const abi::Classifier& classifier, const Usage& usage,
                        size_t index) {
  const abi::Predicate& predicate = classifier.predicates[index];
  const std::optional<automata::WordTest> words = automata::word_test(policy.predicates[index]);
  if (!words) {
    return fmt::format("subject_match(s, {}, {}) >> {} & 1", symbol(predicate.attribute),
                       usage.automaton_slot[predicate.automaton], predicate.bit);
  }
  std::vector<std::string> terms;
  for (size_t word = 0; word < 2; word++) {
    if (words->mask[word] == 0) continue;
    const std::string value = fmt::format("subject_{}(s, {})", symbol(predicate.attribute), word);
    terms.push_back(~words->mask[word] == 0 ? fmt::format("{} == 0x{:x}", value, words->value[word])
                                            : fmt::format("({} & 0x{:x}) == 0x{:x}", value, words->mask[word],
                                                          words->value[word]));
  }
  return terms.empty() ? "true" : one_of(terms, "&&");
}

// `test_0(s) && !(test_1(s) || test_2(s))`; parentheses where operators mix.
std::string condition(const abi::Expression& expression, bool nested = false) {
  using Kind = abi::Expression::Kind;
  switch (expression.kind) {
    case Kind::kAll:
      return "true";
    case Kind::kTest:
      return fmt::format("test_{}(s)", expression.predicate);
    case Kind::kNot:
      return "!" + condition(expression.operands[0], true);
    case Kind::kAnd:
    case Kind::kOr:
      break;
  }
  std::vector<std::string> operands;
  for (const abi::Expression& operand : expression.operands) operands.push_back(condition(operand, true));
  const std::string joined =
      fmt::format("{}", fmt::join(operands, expression.kind == Kind::kAnd ? " && " : " || "));
  return nested ? "(" + joined + ")" : joined;
}

// A test stands alone in its function: parentheses around all of it say nothing.
std::string without_outer_parentheses(std::string text) {
  if (!text.starts_with('(') || !text.ends_with(')')) return text;
  int depth = 0;
  for (size_t i = 0; i + 1 < text.size(); i++) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth == 0) return text;
  }
  return text.substr(1, text.size() - 2);
}

std::string line_directive(const abi::Location& where) {
  return fmt::format("#line {} \"{}\"\n", where.line, where.file);
}

// A comment must not be ended by what a policy says.
std::string comment_safe(std::string text) {
  for (size_t at = 0; (at = text.find("*/", at)) != std::string::npos; at += 3) text.insert(at + 1, " ");
  for (size_t at = 0; (at = text.find("/*", at)) != std::string::npos; at += 3) text.insert(at + 1, " ");
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

}  // namespace

std::string automata_counts(const abi::Classifier& classifier, const Usage& usage) {
  return fmt::format(
      "//% each\n#define CGROUP_AUTOMATA {}\n#define COMM_AUTOMATA {}\n#define LEADER_COMM_AUTOMATA {}\n",
      automata_of(classifier, usage, Attribute::kCgroup), automata_of(classifier, usage, Attribute::kComm),
      automata_of(classifier, usage, Attribute::kLeaderComm));
}

std::string classifier_text(const model::Policy& policy, const abi::Classifier& classifier,
                            const Usage& usage, const Sources& sources) {
  if (policy.domains.size() < 2) return "";
  std::string out;
  for (const Attribute attribute : {Attribute::kCgroup, Attribute::kComm, Attribute::kLeaderComm}) {
    out += attribute_functions(classifier, usage, attribute);
  }
  for (size_t i = 0; i < classifier.predicates.size(); i++) {
    if (!usage.predicates[i]) continue;
    for (size_t k = 0; k < classifier.predicates[i].names.size(); k++) {
      out += fmt::format("NAMED_ID(id_{}_{}); /* {} */\n\n", i, k,
                         comment_safe(classifier.predicates[i].names[k]));
    }
  }
  for (size_t i = 0; i < classifier.predicates.size(); i++) {
    if (!usage.predicates[i]) continue;
    const abi::Predicate& predicate = classifier.predicates[i];
    const std::string test = without_outer_parentheses(abi::is_string(predicate.attribute)
                                                           ? string_test(policy, classifier, usage, i)
                                                           : integer_test(classifier, i));
    out += fmt::format("/* {} */\n", comment_safe(predicate.text));
    out += line_directive(predicate.where);
    out += fmt::format("static __always_inline bool test_{}(const struct subject *s) {{ return {}; }}\n\n", i,
                       test);
  }
  const FileId main_file = policy.cells.front().span.file;
  out += "/* The domain of a task: the first layer that matches. */\n";
  out += line_directive({sources.logical_path(main_file),
                         sources.position(main_file, policy.cells.front().span.begin).line, 1});
  out += "static __always_inline u32 classify(const struct subject *s)\n{\n";
  bool decided = false;
  for (const abi::DomainMatch& domain : classifier.domains) {
    out += line_directive(domain.where);
    if (domain.match.kind == abi::Expression::Kind::kAll) {
      out += fmt::format("\treturn {};\n", domain.domain);
      decided = true;
      break;
    }
    out += fmt::format("\tif ({}) return {};\n", condition(domain.match), domain.domain);
  }
  if (!decided) out += "\treturn ~0u;\n";
  return out + "}\n";
}

std::string emit_classifier(const model::Policy& policy, const abi::Classifier& classifier,
                            const Sources& sources) {
  return classifier_text(policy, classifier, usage_of(policy, classifier), sources);
}

}  // namespace scx::codegen
