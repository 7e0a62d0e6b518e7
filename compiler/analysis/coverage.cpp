#include "compiler/analysis/coverage.h"

#include <algorithm>

#include "compiler/analysis/policy_tests.h"
#include "compiler/analysis/task_text.h"
#include "compiler/analysis/test_finder.h"
#include "compiler/automata/build.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

// `host "2n2c"; task { … }`: the machine only where the task's place on it is no usual one.
std::string words_of(const TestTaskFinding& found) {
  const bool is_usual = found.found.place.cpus.empty() && found.found.place.node < 0;
  return is_usual ? task_block_text(found.found) : task_text(found.found);
}

// `find` looks for a task that would show it.
template <typename Find>
Shown shown(bool is_seen, const Find& find) {
  Shown out;
  out.is_seen = is_seen;
  if (is_seen) return out;
  const TestTaskFinding found = find();
  out.can_be = found.answer != Answer::kNone;
  if (found.answer == Answer::kFound)
    out.task = words_of(found);
  else
    out.why_not = found.why_not;
  return out;
}

}  // namespace

Seen::Seen(const model::Policy& policy)
    : domains(policy.domains.size()),
      matcher_yes(policy.matchers.size()),
      matcher_no(policy.matchers.size()),
      yes(policy.predicates.size()),
      no(policy.predicates.size()) {}

void Seen::add(const model::Policy& policy, const classify::Verdict& verdict) {
  if (verdict.domain < domains.size()) domains[verdict.domain] = true;
  for (size_t i = 0; i < verdict.predicates.size(); ++i)
    if (verdict.predicates[i].evaluated) (verdict.predicates[i].value ? yes : no)[i] = true;
  for (size_t i = 0; i < policy.matchers.size(); ++i)
    (classify::evaluate(policy.matchers[i].expression, verdict.predicates) ? matcher_yes : matcher_no)[i] =
        true;
}

Seen seen_by_tests(const model::Policy& policy, const abi::Classifier& classifier) {
  const classify::NameIds ids = test_name_ids(policy);
  Seen out(policy);
  for (const model::Test& test : policy.tests)
    out.add(policy, classify::classify(classifier, test_facts(test.task, ids), ids));
  return out;
}

std::vector<bool> asked_by_layers(const model::Policy& policy) {
  std::vector<bool> out(policy.predicates.size());
  for (const model::Cell& cell : policy.cells)
    for (const model::Layer& layer : cell.layers)
      for (const uint32_t predicate : classify::predicates_of(layer.match)) out[predicate] = true;
  return out;
}

Coverage cover(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources) {
  const Seen seen = seen_by_tests(policy, classifier);
  TestFinder finder(policy, classifier);
  Coverage out;
  for (uint32_t c = 0; c < policy.cells.size(); ++c) {
    for (uint32_t i = 0; i < policy.cells[c].layers.size(); ++i) {
      const model::Layer& layer = policy.cells[c].layers[i];
      out.layers.push_back(
          {layer.name, policy.cells[c].name,
           layer.implicit ? abi::Location{} : classifier.cells[c].layers[i].where,
           shown(seen.domains[policy.cells[c].first_domain + i], [&] { return finder.of_layer(c, i); })});
    }
  }
  for (uint32_t i = 0; i < policy.matchers.size(); ++i)
    out.matchers.push_back({policy.matchers[i].name, automata::locate(sources, policy.matchers[i].span),
                            shown(seen.matcher_yes[i], [&] { return finder.of_matcher(i, true); }),
                            shown(seen.matcher_no[i], [&] { return finder.of_matcher(i, false); })});
  const std::vector<bool> asked = asked_by_layers(policy);
  for (uint32_t i = 0; i < asked.size(); ++i)
    if (asked[i])
      out.predicates.push_back({classifier.predicates[i].text, classifier.predicates[i].where,
                                shown(seen.yes[i], [&] { return finder.of_predicate(i, true); }),
                                shown(seen.no[i], [&] { return finder.of_predicate(i, false); })});
  return out;
}

Coverage::Share Coverage::of_layers() const {
  Share out;
  for (const LayerCoverage& layer : layers) {
    out.seen += layer.shown.is_seen ? 1 : 0;
    out.all += layer.shown.is_seen || layer.shown.can_be ? 1 : 0;
  }
  return out;
}

Coverage::Share Coverage::of(const std::vector<BothValues>& values) {
  Share out;
  for (const BothValues& both : values)
    for (const Shown* one : {&both.yes, &both.no}) {
      out.seen += one->is_seen ? 1 : 0;
      out.all += one->is_seen || one->can_be ? 1 : 0;
    }
  return out;
}

}  // namespace scx::analysis
