#include "runtime/explain/comparison.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/file.h"

namespace scx::explain {
namespace {

using abi::Attribute;

// A domain as its cell's declaration and the position of its layer there.
struct Position {
  uint32_t cell = 0;
  uint32_t layer = 0;
  bool operator==(const Position&) const = default;
};

Position position_of(const abi::Manifest& manifest, uint32_t domain) {
  const abi::Cell& cell = abi::cell_of_slot(manifest.cells, manifest.domains[domain].slot);
  return {static_cast<uint32_t>(&cell - manifest.cells.data()),
          (domain - cell.first_domain) % std::max(cell.layer_count, 1U)};
}

const abi::Predicate& predicate(const abi::Manifest& manifest, uint32_t index) {
  return manifest.classifier.predicates[index];
}

// The tests that say now that the kernel's layer is not the one, or that an earlier one is.
std::vector<uint32_t> deciding_now(const abi::Manifest& manifest, const classify::Verdict& verdict,
                                   Position kernel) {
  const auto& layers = manifest.classifier.cells[kernel.cell].layers;
  const abi::Expression& theirs = layers[kernel.layer].match;
  if (!classify::evaluate(theirs, verdict.predicates)) return classify::deciding(theirs, verdict.predicates);
  if (verdict.cell == kernel.cell && verdict.match < kernel.layer)
    return classify::deciding(layers[verdict.match].match, verdict.predicates);
  return {};
}

std::string test_text(const abi::Manifest& manifest, uint32_t index, const TaskReport& report) {
  const abi::Predicate& test = predicate(manifest, index);
  return fmt::format("{} ({}) {} now: it has {}", test.text, place_text(test.where),
                     report.verdict.predicates[index].value ? "holds" : "does not hold",
                     read_by(manifest, report, index));
}

bool same_ids(const classify::NameIds& a, const classify::NameIds& b, const abi::Predicate& test) {
  const auto& left = test.attribute == Attribute::kGid ? a.groups : a.users;
  const auto& right = test.attribute == Attribute::kGid ? b.groups : b.users;
  return std::all_of(test.names.begin(), test.names.end(), [&](const std::string& name) {
    const auto l = left.find(name);
    const auto r = right.find(name);
    return (l == left.end()) == (r == right.end()) && (l == left.end() || l->second == r->second);
  });
}

bool is_affinity(Attribute a) {
  return abi::is_place(a) || a == Attribute::kAffinityFull || a == Attribute::kAffinityPinned;
}

// What the deciding tests have in common with things that change behind the scheduler's back.
void add_reasons_of_tests(const abi::Manifest& manifest, const std::vector<uint32_t>& tests,
                          const classify::NameIds& ids, const classify::NameIds& ids_now,
                          const TaskReport& report, std::vector<std::string>& out) {
  bool places = false, expires = false;
  for (const uint32_t index : tests) {
    const abi::Predicate& test = predicate(manifest, index);
    out.push_back(test_text(manifest, index, report));
    if (!same_ids(ids, ids_now, test))
      out.push_back(
          fmt::format("{}: the name has another id now than when the policy was loaded, which is what counts",
                      test.text));
    places = places || is_affinity(test.attribute);
    expires = expires || test.for_ns != 0;
  }
  if (places)
    out.emplace_back("its affinity, its cpuset or the machine's online CPUs may have changed a moment ago");
  if (expires) out.emplace_back("a membership with a duration may have ended or begun a moment ago");
}

bool is_awake(char state) { return state == 'R'; }

void add_reasons(const abi::Manifest& manifest, const LiveTask& task, const KernelTask& kernel,
                 std::vector<std::string>& out) {
  if (kernel.marked)
    out.emplace_back(
        "the scheduler knows that something changed: it looks again when the task next asks for a CPU");
  if (kernel.cgroup && task.cgroup != 0 && *kernel.cgroup != task.cgroup)
    out.emplace_back("it has moved to another cgroup since the scheduler last looked");
  if (!is_awake(task.state))
    out.push_back(fmt::format("it does not run (state {}): what changed counts when it next asks for a CPU",
                              task.state));
  if (manifest.cells.size() > 1)
    out.emplace_back("a cell may have begun or ended at its cgroup a moment ago");
  if (out.empty()) out.emplace_back("it may have changed a moment ago: ask again");
}

// The reference's verdict where the kernel's cell is one above its own: then its own does not run.
std::optional<classify::Verdict> verdict_above(const abi::Manifest& manifest, const TaskReport& reference,
                                               uint32_t cell) {
  std::vector<classify::CellPlace> places =
      classify::places_of(manifest.classifier, reference.task.facts.cgroup);
  places.pop_back();
  const bool above = std::any_of(places.begin(), places.end(),
                                 [&](const classify::CellPlace& place) { return place.cell == cell; });
  if (!above || cell == reference.verdict.cell) return std::nullopt;
  return classify::choose(manifest.classifier, cell, reference.verdict.predicates);
}

// The reference's report, with what only the scheduler knows.
TaskReport reference_of(const abi::Manifest& manifest, const LiveTask& task, const classify::NameIds& ids,
                        const KernelTask& kernel) {
  TaskReport out = report_on(manifest, {task.facts, ids});
  std::vector<classify::Evaluation> values =
      classify::evaluate_predicates(manifest.classifier, task.facts, ids);
  for (size_t i = 0; i < values.size() && i < kernel.tests.size(); ++i)
    if (kernel.tests[i]) {
      values[i].value = kernel.tests[i]->value;
      out.shown.resize(values.size());
      out.shown[i] = kernel.tests[i]->read;
    }
  out.verdict = classify::choose(manifest.classifier, out.verdict.cell, std::move(values));
  return out;
}

// What is wrong with the slot in which the scheduler has a task of that cell: the cells of a family are many,
// and each has the layers of the others. Nothing if it is right, or cannot be known.
std::optional<std::string> wrong_slot(const abi::Manifest& manifest, const LiveTask& task,
                                      const KernelTask& kernel, uint32_t cell) {
  const uint32_t has = manifest.domains[kernel.domain].slot;
  const std::vector<classify::CellPlace> places = classify::places_of(manifest.classifier, task.facts.cgroup);
  std::optional<std::string> out;
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].cell != cell) continue;
    if (i >= kernel.slots.size() || !kernel.slots[i] || *kernel.slots[i] == has) return std::nullopt;
    const std::string begins = quoted(std::string(places[i].begins));
    out = *kernel.slots[i] == 0
              ? fmt::format("slot {} is another cgroup's cell: none runs for {} now", has, begins)
              : fmt::format("slot {} is another cgroup's cell: that of {} is slot {}", has, begins,
                            *kernel.slots[i]);
  }
  return out;
}

// Where that could not be asked, the cgroup says a little.
void doubt_slot(const abi::Manifest& manifest, const LiveTask& task, const KernelTask& kernel, uint32_t cell,
                std::vector<std::string>& out) {
  const bool asked = std::all_of(kernel.slots.begin(), kernel.slots.end(),
                                 [](const auto& slot) { return slot.has_value(); });
  const bool moved = kernel.cgroup && task.cgroup != 0 && *kernel.cgroup != task.cgroup;
  if (manifest.cells[cell].kind == abi::CellKind::kFamily && moved && (kernel.slots.empty() || !asked))
    out.push_back(
        fmt::format("it was in another cgroup when the scheduler last looked: whether slot {} is the cell of "
                    "this one cannot be told",
                    manifest.domains[kernel.domain].slot));
}

void say_not_yet(const LiveTask& task, std::vector<std::string>& out) {
  if (is_fair(task.scheduler))
    out.emplace_back("the scheduler has not seen it ask for a CPU yet: it has no layer until then");
  else
    out.push_back(
        fmt::format("it is a real-time or deadline task (scheduling policy {}): those are not sched_ext's",
                    task.scheduler));
}

}  // namespace

Comparison compare(const abi::Manifest& manifest, const LiveTask& task, const classify::NameIds& ids,
                   const classify::NameIds& ids_now, const KernelTask& kernel) {
  Comparison out;
  out.reference = reference_of(manifest, task, ids, kernel);
  if (!kernel.classified || !is_fair(task.scheduler)) {
    say_not_yet(task, out.notes);
    return out;
  }
  const Position theirs = position_of(manifest, kernel.domain);
  const classify::Verdict& verdict = out.reference.verdict;
  const std::optional<std::string> wrong = wrong_slot(manifest, task, kernel, theirs.cell);
  if (!wrong && theirs == Position{verdict.cell, verdict.match}) {
    out.agreement = Agreement::kAgree;
    doubt_slot(manifest, task, kernel, theirs.cell, out.notes);
    return out;
  }
  if (const auto above = verdict_above(manifest, out.reference, theirs.cell);
      !wrong && above && above->match == theirs.layer) {
    out.agreement = Agreement::kAgree;
    out.notes.push_back(fmt::format(
        "no cell of `{}` runs for {}: its tasks are in the cell above, and there the layers agree",
        manifest.cells[verdict.cell].name, quoted(out.reference.begins)));
    out.reference.verdict = *above;
    return out;
  }
  out.agreement = Agreement::kDiffer;
  add_reasons_of_tests(manifest, deciding_now(manifest, verdict, theirs), ids, ids_now, out.reference,
                       out.notes);
  std::vector<std::string> reasons;
  if (wrong) reasons.push_back(*wrong);
  add_reasons(manifest, task, kernel, reasons);
  out.notes.insert(out.notes.end(), reasons.begin(), reasons.end());
  return out;
}

std::string_view spelling(Agreement agreement) {
  switch (agreement) {
    case Agreement::kAgree:
      return "agree";
    case Agreement::kDiffer:
      return "differ";
    case Agreement::kNotYet:
      return "not yet";
  }
  return "";
}

}  // namespace scx::explain
