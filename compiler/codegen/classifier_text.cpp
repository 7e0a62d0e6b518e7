#include "compiler/codegen/classifier_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/automata/words.h"
#include "compiler/codegen/codegen.h"
#include "compiler/codegen/gpu.h"
#include "compiler/codegen/places.h"

namespace scx::codegen {

using abi::Attribute;

namespace {

// The attribute as part of a C name.
std::string symbol(Attribute attribute) {
  std::string name(abi::spelling(attribute));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

constexpr int64_t kMaxPid = 4194304;  // PID_MAX_LIMIT: include/linux/threads.h

// The values that the attribute can have at all: bounds beyond them are not tested.
abi::IntRange values(Attribute attribute) {
  switch (attribute) {
    case Attribute::kNice:
      return {-20, 19};
    case Attribute::kPid:
    case Attribute::kTgid:
    case Attribute::kPpid:
      return {0, kMaxPid};
    case Attribute::kUid:
    case Attribute::kGid:
      return {0, std::numeric_limits<uint32_t>::max() - 1};  // the last one is (uid_t)-1, nobody's
    default:
      return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}

// Items after tabs, `per_line` on each line, with commas.
std::string item_lines(const std::vector<std::string>& items, size_t per_line) {
  std::string out;
  for (size_t i = 0; i < items.size(); i++) {
    out += i % per_line == 0 ? "\t" : " ";
    out += items[i] + ",";
    if (i + 1 == items.size() || (i + 1) % per_line == 0) out += '\n';
  }
  return out;
}

// `[4 ... 17] = 1` for every run of equal values other than 0; `index` prints a place.
std::vector<std::string> run_items(std::span<const uint8_t> values, std::string (*index)(size_t)) {
  std::vector<std::string> items;
  for (size_t begin = 0, end = 0; begin < values.size(); begin = end) {
    while (end < values.size() && values[end] == values[begin]) end++;
    if (values[begin] == 0) continue;
    const std::string where =
        end - begin == 1 ? index(begin) : fmt::format("{} ... {}", index(begin), index(end - 1));
    items.push_back(fmt::format("[{}] = {}", where, values[begin]));
  }
  return items;
}

std::string number(size_t value) { return std::to_string(value); }

// A character that the reader of our own text does not take for a quote, a brace or a comment; else its code.
std::string byte(size_t value) {
  const char c = static_cast<char>(value);
  const bool plain =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
      (value < 0x80 && c != 0 && std::string_view("-_./@:+").find(c) != std::string_view::npos);
  return plain ? fmt::format("'{}'", c) : fmt::format("0x{:02x}", value);
}

// `[19] = 0x10` for every state that is not 0.
std::vector<std::string> bit_items(const std::vector<uint64_t>& bits) {
  std::vector<std::string> items;
  for (size_t state = 0; state < bits.size(); state++) {
    if (bits[state] != 0) items.push_back(fmt::format("[{}] = 0x{:x}", state, bits[state]));
  }
  return items;
}

std::string table(std::string_view declaration, const std::string& body) {
  return fmt::format("static const volatile {} = {{\n{}}};\n\n", declaration, body);
}

// The functions of all automata over one attribute.
struct AttributeCode {
  std::string tables;
  std::string step;  // statements
  std::string end;
};

void add_automaton(const abi::Automaton& automaton, uint32_t slot, AttributeCode& code) {
  // Rows and columns are padded to powers of two, so a mask is the bounds check
  // that the verifier wants; `volatile` keeps clang from proving it away from
  // the table's contents.
  const uint32_t rows = std::bit_ceil(automaton.state_count());
  const uint32_t columns = std::bit_ceil(automaton.class_count);
  const std::string name = fmt::format("{}_{}", symbol(automaton.attribute), slot);

  std::vector<std::string> next;
  for (uint32_t state = 0; state < automaton.state_count(); state++) {
    std::vector<uint8_t> line;
    for (uint32_t c = 0; c < automaton.class_count; c++) {
      line.push_back(static_cast<uint8_t>(automaton.next[state * automaton.class_count + c]));
    }
    const std::vector<std::string> items = run_items(line, number);
    next.push_back(items.empty() ? "{ 0 }" : fmt::format("{{ {} }}", fmt::join(items, ", ")));
  }
  const std::vector<std::string> entered = bit_items(automaton.entered), final = bit_items(automaton.final);

  code.tables +=
      table(fmt::format("u8 {}_class[256]", name), item_lines(run_items(automaton.class_of, byte), 8));
  code.tables += table(fmt::format("u8 {}_next[{}][{}]", name, rows, columns), item_lines(next, 1));
  code.step += fmt::format("\tscan[{0}].state = {1}_next[scan[{0}].state & {2}][{1}_class[byte] & {3}];\n",
                           slot, name, rows - 1, columns - 1);
  if (!entered.empty()) {
    code.tables += table(fmt::format("u64 {}_entered[{}]", name, rows), item_lines(entered, 8));
    code.step +=
        fmt::format("\tscan[{0}].bits |= {1}_entered[scan[{0}].state & {2}];\n", slot, name, rows - 1);
  }
  std::string end = fmt::format("scan[{}].bits", slot);
  if (!final.empty()) {
    code.tables += table(fmt::format("u64 {}_final[{}]", name, rows), item_lines(final, 8));
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
  if (is_flag(predicate.attribute)) {
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
  std::vector<std::string> differences;
  for (size_t word = 0; word < 2; word++) {
    if (words->mask[word] == 0) continue;
    std::string difference =
        fmt::format("subject_{}(s, {}) ^ 0x{:x}", symbol(predicate.attribute), word, words->value[word]);
    if (~words->mask[word] != 0) difference = fmt::format("({}) & 0x{:x}", difference, words->mask[word]);
    differences.push_back(std::move(difference));
  }
  if (differences.empty()) return "true";
  if (differences.size() == 1) return fmt::format("is_zero({})", differences[0]);
  return fmt::format("is_zero(({}) | ({}))", differences[0], differences[1]);
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

std::string test_text(const model::Policy& policy, const abi::Classifier& classifier, const Usage& usage,
                      size_t index) {
  const abi::Predicate& predicate = classifier.predicates[index];
  if (is_place(predicate.attribute)) return place_test(predicate, places_of(classifier, usage));
  if (is_gpu(predicate.attribute)) return gpu_test(predicate, gpu_tests_of(classifier, usage));
  return without_outer_parentheses(is_string(predicate.attribute)
                                       ? string_test(policy, classifier, usage, index)
                                       : integer_test(classifier, index));
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

// A function that gives the first layer that matches, counted from `base`.
std::string layer_choice(const abi::CellMatch& cell, std::string_view name, uint32_t base) {
  std::string out = fmt::format("static __always_inline u32 {}(const struct subject *s)\n{{\n", name);
  for (const abi::DomainMatch& layer : cell.layers) {
    const uint32_t result = layer.domain - base;
    out += line_directive(layer.where);
    if (layer.match.kind == abi::Expression::Kind::kAll)
      return out + fmt::format("\treturn {};\n}}\n", result);
    out += fmt::format("\tif ({}) return {};\n", condition(layer.match), result);
  }
  return out + "\treturn ~0u;\n}\n";
}

std::string cell_directive(const model::Cell& cell, const Sources& sources) {
  return line_directive(
      {sources.logical_path(cell.span.file), sources.position(cell.span.file, cell.span.begin).line, 1});
}

// `classify`: the domain of a task. With cells, of the slot that the subject names, and `claimed_cell`.
std::string decision(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources) {
  if (policy.cells.size() == 1)
    return "/* The domain of a task: the first layer that matches. */\n" +
           cell_directive(policy.cells[0], sources) + layer_choice(classifier.cells[0], "classify", 0);
  std::string out, choice, claims;
  for (size_t i = 0; i < policy.cells.size(); ++i) {
    const model::Cell& cell = policy.cells[i];
    const auto layers = static_cast<uint32_t>(cell.layers.size());
    std::string layer = "0";
    if (layers > 1) {
      layer = fmt::format("layer_of_cell_{}(s)", i);
      out += fmt::format("/* The layer of a task of cell {}: the first that matches. */\n", cell.name) +
             cell_directive(cell, sources) +
             layer_choice(classifier.cells[i], fmt::format("layer_of_cell_{}", i), cell.first_domain) + "\n";
    }
    std::string domain = fmt::format("{} + {}", cell.first_domain, layer);
    if (cell.max > 1) {
      domain =
          fmt::format("{} + (s->slot - {}) * {} + {}", cell.first_domain, cell.first_slot, layers, layer);
    }
    const std::string line = cell_directive(cell, sources);
    if (i == 0) {
      choice += line + fmt::format("\treturn {};\n", domain);
    } else {
      choice = line + fmt::format("\tif (s->slot >= {}) return {};\n", cell.first_slot, domain) + choice;
      claims +=
          line + fmt::format("\tif ({}) return {};\n", condition(classifier.cells[i].claim), cell.first_slot);
    }
  }
  return out +
         "/* The domain of a task in the cell `slot`. */\n"
         "static __always_inline u32 classify(const struct subject *s)\n{\n" +
         choice +
         "}\n\n"
         "/* The cell that begins at the subject's cgroup, by its first slot; 0: none does. */\n"
         "static __always_inline u32 claimed_cell(const struct subject *s)\n{\n" +
         claims + "\treturn 0;\n}\n";
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
    const std::string test = test_text(policy, classifier, usage, i);
    out += fmt::format("/* {} */\n", comment_safe(predicate.text));
    out += line_directive(predicate.where);
    out += fmt::format("static __always_inline bool test_{}(const struct subject *s) {{ return {}; }}\n\n", i,
                       test);
  }
  return out + decision(policy, classifier, sources);
}

std::string emit_classifier(const model::Policy& policy, const abi::Classifier& classifier,
                            const Sources& sources) {
  return classifier_text(policy, classifier, usage_of(policy, classifier), sources);
}

}  // namespace scx::codegen
