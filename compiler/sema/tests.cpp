#include "compiler/sema/tests.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "compiler/sema/predicates.h"
#include "compiler/sema/properties.h"
#include "compiler/sema/tables.h"
#include "compiler/sema/test_hosts.h"

namespace scx::sema {

using abi::Attribute;
using diag::Kind;

namespace {

class TestReader {
 public:
  TestReader(const Declarations& declarations, const Constants& constants,
             const std::vector<LoweredCell>& cells, const std::string& folder, diag::Diagnostics& diagnostics)
      : declarations_(declarations),
        cells_(cells),
        diagnostics_(diagnostics),
        values_(constants, diagnostics),
        properties_(constants, diagnostics),
        predicates_(declarations, constants, diagnostics),
        hosts_(folder, diagnostics) {}

  model::Test read(const ast::Test& written) {
    model::Test out;
    out.name = written.name.value;
    out.span = written.name.span;
    if (out.name.empty())
      diagnostics_.report(Kind::kEmptyString, written.name.span, "a test without a name")
          .help("say what it shows: `test \"nginx in web.slice\" { … }`");
    bool has_task = false;
    bool has_expectation = false;
    cpus_ = {};
    Span host_span;
    properties_.read(written.body, Place::kTest, [&](const PropertyUse& use) {
      if (use.row.property == Property::kTask) {
        has_task = true;
        read_task(use, out.task);
      } else if (use.row.property == Property::kHost) {
        host_span = use.written.span;
        out.host = properties_.text(use).value_or("");
      } else {
        has_expectation = true;
        read_expectation(use, out);
      }
    });
    if (!has_task || !has_expectation)
      diagnostics_
          .report(Kind::kIncompleteTest, written.name.span, "the test has no {}",
                  has_task ? "`expect`" : "`task`")
          .help(has_task ? "say what to expect: `expect layer web in root;`"
                         : "describe a task: `task { comm \"nginx\"; }`");
    place_task(host_span, out);
    return out;
  }

 private:
  // The CPUs that a task may use, as written.
  struct WrittenCpus {
    std::optional<Span> span;
    std::optional<model::Ranges> cpus;  // nothing: all of them, or a wrong list
  };

  void place_task(Span host_span, model::Test& out) {
    if (!out.host.empty()) {
      const topology::Topology* host = hosts_.find(out.host, host_span);
      if (host != nullptr) hosts_.place(*host, cpus_.cpus, cpus_.span.value_or(host_span), out.task);
    } else if (cpus_.cpus && host_span == Span{}) {
      diagnostics_
          .report(Kind::kTestNeedsHost, *cpus_.span, "`affinity` of a test's task needs a machine with CPUs")
          .help("name one in the test: `host \"2n4c2t\";`, or a file that `lstopo` wrote");
    }
  }

  // `affinity "0-3";`
  void read_affinity(const ast::Property& property, size_t next) {
    const auto* string =
        property.terms.size() == next + 1 ? std::get_if<ast::String>(&property.terms[next]) : nullptr;
    if (cpus_.span) {
      diagnostics_.report(Kind::kRepeatedProperty, property.span, "`affinity` stands twice in a test's task")
          .at("again")
          .label(*cpus_.span, "first here");
      return;
    }
    cpus_.span = property.span;
    if (string != nullptr && property.block == nullptr) cpus_.cpus = read_cpu_list(string->value);
    if (cpus_.cpus) return;
    diagnostics_
        .report(Kind::kWrongType, string != nullptr ? string->span : property.span,
                "`affinity` of a test's task is a list of CPUs")
        .help("for instance `affinity \"0-3,8\"`; a task without it may use every CPU");
  }

  // Attributes of a task that were written, with their places.
  using Written = std::array<std::optional<Span>, abi::kAttributeCount>;

  void read_task(const PropertyUse& use, model::TestTask& task) {
    if (use.written.block == nullptr || use.written.terms.size() > use.next) {
      const bool extra = use.written.terms.size() > use.next;
      diagnostics_
          .report(extra ? Kind::kUnexpectedOperand : Kind::kMissingOperand,
                  extra ? ast::span_of(use.written.terms[use.next]) : use.name_span(),
                  "`task` takes a block of attributes")
          .help("write `task { comm \"nginx\"; nice -5; }`");
      return;
    }
    Written written;
    for (const ast::Property& property : use.written.block->properties)
      read_attribute(property, task, written);
    for (const ast::Layer& layer : use.written.block->layers)
      diagnostics_.report(Kind::kPropertyOutOfPlace, layer.name.span, "a layer inside a test's task");
    complete(task, written);
  }

  void read_attribute(const ast::Property& property, model::TestTask& task, Written& written) {
    if (property.terms.empty()) return;
    // `not leader`: a flag that is off.
    const auto* first = std::get_if<ast::Word>(&property.terms[0]);
    const bool off = first != nullptr && first->text == "not";
    std::vector<ast::Term> terms(property.terms.begin() + (off ? 1 : 0), property.terms.end());
    const auto* word = terms.empty() ? nullptr : std::get_if<ast::Word>(&terms[0]);
    if (word == nullptr) {
      if (off)
        diagnostics_.report(Kind::kMissingOperand, property.span, "`not` of nothing")
            .help("flags can be off: `not leader`, `not kthread`");
      return;
    }
    if (word->text == "affinity") return read_affinity(property, off ? 2 : 1);
    const AttributeRow* row = find_attribute(terms);
    if (row == nullptr || !row->attribute) return report_attribute(*word, row);
    const Span span = property.span;
    auto& earlier = written[static_cast<size_t>(*row->attribute)];
    if (earlier) {
      diagnostics_.report(Kind::kRepeatedProperty, span, "`{}` stands twice in a test's task", row->words)
          .at("again")
          .label(*earlier, "first here");
      return;
    }
    earlier = span;
    terms.erase(terms.begin(), terms.begin() + static_cast<ptrdiff_t>(count_words(row->words)));
    read_value(*row, terms, off, property, task);
  }

  void report_attribute(const ast::Word& word, const AttributeRow* row) {
    const auto& words = attribute_words();
    if (row != nullptr) {
      diagnostics_
          .report(Kind::kNotImplemented, word.span, "the attribute `{}` is not implemented yet", row->words)
          .help("attributes of this version: " + list_words(words));
      return;
    }
    diagnostics_.report(Kind::kUnknownAttribute, word.span, "unknown attribute `{}` of a task", word.text)
        .hint(did_you_mean(word.text, words, "attributes: " + list_words(words)));
  }

  void read_value(const AttributeRow& row, const std::vector<ast::Term>& terms, bool off,
                  const ast::Property& property, model::TestTask& task) {
    if (row.type == ValueType::kFlag) {
      if (!terms.empty() || property.block != nullptr) {
        diagnostics_
            .report(Kind::kUnexpectedOperand, terms.empty() ? property.block->span : ast::span_of(terms[0]),
                    "`{}` is a flag and takes no operand", row.words)
            .help(fmt::format("write `{0};` or `not {0};`", row.words));
        return;
      }
      (*row.attribute == Attribute::kKthread ? task.kthread : task.leader) = !off;
      return;
    }
    if (row.type == ValueType::kGpu) return read_gpu(row, terms, off, property, task);
    if (off || terms.size() != 1 || property.block != nullptr) {
      const bool missing = !off && terms.empty() && property.block == nullptr;
      diagnostics_
          .report(missing ? Kind::kMissingOperand : Kind::kUnexpectedOperand,
                  terms.size() > 1 ? ast::span_of(terms[1]) : property.span, "`{}` of a task is one value",
                  row.words)
          .help(fmt::format("an attribute and its value, for instance `{}`", example_of(row)));
      return;
    }
    if (row.type == ValueType::kPolicyWord) return read_sched(terms[0], task);
    const auto operand = values_.resolve(terms[0]);
    if (!operand) return;
    const Subject shown{row.words, example_of(row)};
    const auto* string = std::get_if<ast::String>(operand->term);
    if (is_text(row.type)) {
      if (string == nullptr)
        values_.wrong_type(*operand, shown, "a string");
      else
        read_text(row, *string, *operand, task);
    } else if (is_identity(row.type) && string != nullptr) {
      if (const auto name = values_.text(*string, *operand, shown))
        (row.type == ValueType::kUser ? task.uid_name : task.gid_name) = *name;
    } else {
      read_integer(row, *operand, task);
    }
  }

  // `gpu process;`, which is device 0, or `gpu process device 1;`.
  void read_gpu(const AttributeRow& row, const std::vector<ast::Term>& terms, bool off,
                const ast::Property& property, model::TestTask& task) {
    int64_t& device = *row.attribute == Attribute::kGpuThread ? task.gpu_thread : task.gpu_process;
    if (property.block == nullptr && terms.empty()) {
      device = off ? -1 : 0;
      return;
    }
    const auto* word = terms.size() == 2 ? std::get_if<ast::Word>(&terms[0]) : nullptr;
    if (off || property.block != nullptr || word == nullptr || word->text != "device") {
      diagnostics_
          .report(Kind::kUnexpectedOperand, terms.empty() ? property.span : ast::span_of(terms[0]),
                  "`{}` of a task has no operand, or a device", row.words)
          .help(fmt::format("write `{0};`, `{0} device 1;` or `not {0};`", row.words));
      return;
    }
    const Subject shown{row.words, "gpu process device 1"};
    const auto operand = values_.resolve(terms[1]);
    const auto value = operand ? values_.integer(*operand, shown) : std::nullopt;
    if (!value) return;
    if (*value >= row.low && *value <= row.high)
      device = *value;
    else
      report_range(row, *operand, *value);
  }

  void report_range(const AttributeRow& row, const Operand& operand, int64_t value) {
    values_.report(Kind::kOutOfRange, operand, fmt::format("`{}` is out of range for `{}`", value, row.words))
        .note(std::string(row.source))
        .help(fmt::format("the range is {} to {}", row.low, row.high));
  }

  static std::string_view example_of(const AttributeRow& row) {
    switch (row.type) {
      case ValueType::kPath:
        return "cgroup \"/web.slice\"";
      case ValueType::kComm:
        return "comm \"nginx\"";
      case ValueType::kUser:
      case ValueType::kGroup:
        return "uid 1000";
      default:
        return "nice -5";
    }
  }

  void read_text(const AttributeRow& row, const ast::String& string, const Operand& operand,
                 model::TestTask& task) {
    // A comm may be empty (prctl takes an empty name), a path may not.
    if (row.type == ValueType::kPath || !string.value.empty())
      if (!values_.text(string, operand, {row.words, example_of(row)})) return;
    if (row.type == ValueType::kPath) {
      if (predicates_.check_path(string.value, operand)) task.cgroup = string.value;
      return;
    }
    if (string.value.size() > abi::kCommBytes) {
      values_
          .report(Kind::kCommTooLong, operand,
                  fmt::format("{} bytes for `{}` of a task", string.value.size(), row.words))
          .note(
              "the kernel keeps the first 15 bytes of a thread's name (`TASK_COMM_LEN` is 16, with a final "
              "zero)");
      return;
    }
    (*row.attribute == Attribute::kComm ? task.comm : task.leader_comm) = string.value;
  }

  void read_sched(const ast::Term& term, model::TestTask& task) {
    std::vector<std::string_view> words;
    for (const SchedRow& row : sched_words()) words.push_back(row.word);
    const auto* word = std::get_if<ast::Word>(&term);
    if (word == nullptr) {
      diagnostics_
          .report(Kind::kWrongType, ast::span_of(term), "`sched` takes a word, not {}", describe(term))
          .help("one of " + list_words(words));
      return;
    }
    if (const auto value = predicates_.read_sched_word(*word)) task.sched = *value;
  }

  void read_integer(const AttributeRow& row, const Operand& operand, model::TestTask& task) {
    const auto value = values_.integer(operand, {row.words, example_of(row)});
    if (!value) return;
    if (*value < row.low || *value > row.high) return report_range(row, operand, *value);
    switch (*row.attribute) {
      case Attribute::kPid:
        task.pid = *value;
        return;
      case Attribute::kTgid:
        task.tgid = *value;
        return;
      case Attribute::kPpid:
        task.ppid = *value;
        return;
      case Attribute::kUid:
        task.uid = *value;
        return;
      case Attribute::kGid:
        task.gid = *value;
        return;
      case Attribute::kNice:
        task.nice = *value;
        return;
      default:
        return;
    }
  }

  // What a thread has opened, its process has.
  void complete_gpu(model::TestTask& task, const Written& written) {
    if (task.gpu_thread < 0 || task.gpu_process == task.gpu_thread) return;
    const auto process = written[static_cast<size_t>(Attribute::kGpuProcess)];
    if (process)
      diagnostics_
          .report(Kind::kImpossibleTask, *process,
                  "a task that cannot exist: its process has not opened what the thread has")
          .label(*written[static_cast<size_t>(Attribute::kGpuThread)], "against this")
          .help("leave `gpu process` out: it follows from `gpu thread`");
    task.gpu_process = task.gpu_thread;
  }

  // Fills what was not written so that the task can exist: a leader's pid is
  // its process's id and its comm the leader's comm.
  void complete(model::TestTask& task, const Written& written) {
    complete_gpu(task, written);
    const auto place = [&](Attribute attribute) { return written[static_cast<size_t>(attribute)]; };
    const auto leader = place(Attribute::kLeader);
    const auto pid = place(Attribute::kPid);
    const auto tgid = place(Attribute::kTgid);
    const auto leader_comm = place(Attribute::kLeaderComm);
    if (!leader) {
      const bool other_id = pid && tgid && task.pid != task.tgid;
      task.leader = !other_id && !(leader_comm && task.leader_comm != task.comm);
    }
    if (!leader_comm) task.leader_comm = task.comm;
    if (task.leader) {
      if (!pid) task.pid = task.tgid;
      if (!tgid) task.tgid = task.pid;
    } else if (!(pid && tgid)) {
      if (!pid)
        task.pid = task.tgid + 1;
      else
        task.tgid = task.pid == 1 ? 2 : task.pid - 1;
    }
    if ((task.pid == task.tgid) == task.leader && (!task.leader || task.comm == task.leader_comm)) return;
    const Span span = leader ? *leader : pid ? *pid : tgid ? *tgid : *leader_comm;
    auto report = diagnostics_.report(Kind::kImpossibleTask, span, "a task that cannot exist: {}",
                                      task.leader ? "a leader that is not its process's first thread"
                                                  : "no leader, but `pid` and `tgid` are equal");
    report.note("a leader's `pid` is its `tgid`, and its `comm` is the `leader comm`");
    for (const Attribute attribute :
         {Attribute::kPid, Attribute::kTgid, Attribute::kLeaderComm, Attribute::kLeader})
      if (const auto at = place(attribute); at && *at != span) report.label(*at, "against this");
  }

  void read_expectation(const PropertyUse& use, model::Test& out) {
    const auto& terms = use.written.terms;
    if (use.written.block != nullptr) {
      diagnostics_.report(Kind::kUnexpectedOperand, use.written.block->span, "`expect` takes no block");
      return;
    }
    size_t at = use.next;
    const auto next_word = [&]() -> const ast::Word* {
      return at < terms.size() ? std::get_if<ast::Word>(&terms[at]) : nullptr;
    };
    const auto take = [&](std::string_view text) {
      const ast::Word* word = next_word();
      if (word == nullptr || word->text != text) return false;
      ++at;
      return true;
    };
    model::Expectation expectation;
    expectation.span = use.written.span;
    expectation.negated = take("not");
    bool sound = false;
    if (!expectation.negated && take("layer")) {
      const ast::Word* layer = next_word();
      if (layer != nullptr) ++at;
      const bool has_in = layer != nullptr && take("in");
      const ast::Word* cell = next_word();
      if (cell != nullptr) ++at;
      if (layer == nullptr || !has_in || cell == nullptr) return report_shape(use, at);
      sound = find_domain(*layer, *cell, expectation);
    } else if (take("match")) {
      const ast::Word* matcher = next_word();
      if (matcher == nullptr) return report_shape(use, at);
      ++at;
      expectation.kind = model::Expectation::Kind::kMatch;
      sound = find_matcher(*matcher, expectation);
    } else if (const ast::Word* word = next_word(); word != nullptr && word->text == "cpus") {
      diagnostics_.report(Kind::kNotImplemented, word->span, "`expect cpus` is not implemented yet")
          .help("expect a layer or a matcher: `expect layer web in root;`");
      return;
    } else {
      return report_shape(use, at);
    }
    if (at < terms.size()) return report_shape(use, at);
    if (sound) out.expectations.push_back(expectation);
  }

  // Reports the first term that is not what an expectation has there.
  void report_shape(const PropertyUse& use, size_t at) {
    const auto& terms = use.written.terms;
    const bool missing = at >= terms.size();
    diagnostics_
        .report(missing ? Kind::kMissingOperand : Kind::kUnexpectedOperand,
                missing ? use.written.span : ast::span_of(terms[at]), "{}",
                missing ? std::string("an incomplete `expect`")
                        : fmt::format("{} does not belong in `expect`", describe(terms[at])))
        .help("forms: `expect layer LAYER in CELL;`, `expect match MATCHER;`, `expect not match MATCHER;`");
  }

  bool find_domain(const ast::Word& layer, const ast::Word& cell, model::Expectation& expectation) {
    const auto index = declarations_.find_cell(cell.text);
    if (!index) {
      const std::vector<std::string_view> cells = declarations_.cell_names();
      diagnostics_.report(Kind::kUndefinedReference, cell.span, "there is no cell `{}`", cell.text)
          .hint(did_you_mean(cell.text, cells,
                             cells.size() == 1 ? "layers at the top level are in the cell `root`"
                                               : "cells: " + list_words(cells)));
      return false;
    }
    uint32_t first = 0;
    for (size_t i = 0; i < *index; ++i)
      first += cells_[i].cell.max * static_cast<uint32_t>(cells_[i].layers.size());
    std::vector<std::string_view> names;  // few: the limit on layers is reported before
    for (const LoweredLayer& known : cells_[*index].layers) {
      expectation.domain = first + static_cast<uint32_t>(names.size());
      names.push_back(known.layer.name);
      if (names.back() == layer.text) return true;
    }
    report_layer(layer, cell, *index, names);
    return false;
  }

  void report_layer(const ast::Word& layer, const ast::Word& cell, size_t index,
                    const std::vector<std::string_view>& names) {
    std::string elsewhere;
    for (size_t i = 0; i < cells_.size() && elsewhere.empty(); ++i)
      for (const LoweredLayer& known : cells_[i].layers)
        if (i != index && known.layer.name == layer.text) elsewhere = cells_[i].cell.name;
    diagnostics_
        .report(Kind::kUndefinedReference, layer.span, "there is no layer `{}`{}", layer.text,
                cells_.size() == 1 ? "" : fmt::format(" in the cell `{}`", cell.text))
        .hint(!elsewhere.empty()
                  ? diag::Hint{fmt::format("the cell `{}` has one of this name", elsewhere), ""}
                  : did_you_mean(layer.text, names, "layers: " + list_words(names)));
  }

  bool find_matcher(const ast::Word& word, model::Expectation& expectation) {
    if (const auto index = declarations_.find_matcher(word.text)) {
      expectation.matcher = static_cast<uint32_t>(*index);
      return true;
    }
    if (declarations_.refused.contains(word.text)) return false;
    const std::vector<std::string_view> names = declarations_.matcher_names();
    diagnostics_.report(Kind::kUndefinedReference, word.span, "there is no matcher `{}`", word.text)
        .hint(did_you_mean(word.text, names,
                           is_attribute_word(word.text)
                               ? "an expectation takes the name of a matcher: give the test a "
                                 "name with `match NAME = …;`"
                               : "define it with `match NAME = …;`"));
    return false;
  }

  const Declarations& declarations_;
  const std::vector<LoweredCell>& cells_;
  diag::Diagnostics& diagnostics_;
  ValueReader values_;
  PropertyReader properties_;
  PredicateReader predicates_;
  TestHosts hosts_;
  WrittenCpus cpus_;  // of the test that is being read
};

}  // namespace

std::vector<model::Test> lower_tests(const Declarations& declarations, const Constants& constants,
                                     const std::vector<LoweredCell>& cells, const std::string& folder,
                                     diag::Diagnostics& diagnostics) {
  TestReader reader(declarations, constants, cells, folder, diagnostics);
  std::vector<model::Test> out;
  for (const ast::Test* test : declarations.tests) out.push_back(reader.read(*test));
  return out;
}

}  // namespace scx::sema
