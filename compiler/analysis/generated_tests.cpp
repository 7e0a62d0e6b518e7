#include "compiler/analysis/generated_tests.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/analysis/coverage.h"
#include "compiler/analysis/machine_check.h"
#include "compiler/analysis/policy_tests.h"
#include "compiler/analysis/task_text.h"
#include "compiler/analysis/test_finder.h"
#include "compiler/analysis/test_text.h"
#include "runtime/base/check.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

// As a string of the language. Precondition: `text` is UTF-8 without control characters.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

class Generator {
 public:
  Generator(const model::Policy& policy, const abi::Classifier& classifier)
      : policy_(policy),
        classifier_(classifier),
        ids_(test_name_ids(policy)),
        finder_(policy, classifier),
        seen_(seen_by_tests(policy, classifier)),
        one_test_(policy) {
    for (const model::Test& test : policy.tests) {
      names_.insert(test.name);
      const uint32_t domain = classify::classify(classifier, test_facts(test.task, ids_), ids_).domain;
      // A test that fails shows nothing.
      for (const model::Expectation& expectation : test.expectations)
        if (expectation.kind == model::Expectation::Kind::kLayer && !expectation.negated &&
            expectation.domain == domain)
          expected_.insert(domain);
    }
    one_test_.tests.assign(1, {});
  }

  GeneratedTests run() {
    for (uint32_t cell = 0; cell < policy_.cells.size(); ++cell)
      for (uint32_t layer = 0; layer < policy_.cells[cell].layers.size(); ++layer)
        if (!expected_.contains(policy_.cells[cell].first_domain + layer))
          add(finder_.of_layer(cell, layer), "", layer_name(cell, layer));
    const std::vector<bool> asked = asked_by_layers(policy_);
    for (uint32_t i = 0; i < asked.size(); ++i)
      for (const bool value : {true, false})
        if (asked[i] && !(value ? seen_.yes : seen_.no)[i]) {
          const std::string what = fmt::format("`{}` is {}", one_line(classifier_.predicates[i].text), value);
          add(finder_.of_predicate(i, value), what, what);
        }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string layer_name(uint32_t cell, uint32_t layer) const {
    return fmt::format("layer `{}` in `{}`", policy_.cells[cell].layers[layer].name,
                       policy_.cells[cell].name);
  }

  // `shows`: what a test's name says beside where its task goes. `what`: what it is for.
  void add(TestTaskFinding found, const std::string& shows, const std::string& what) {
    if (found.answer != Answer::kFound) {
      out_.unsayable.push_back({what, found.why_not});
      return;
    }
    model::Test& test = one_test_.tests.front();
    test.task = {found.found.task, {}, {}};
    const classify::Verdict verdict = classify::classify(classifier_, test_facts(test.task, ids_), ids_);
    SCX_CHECK(verdict.domain < policy_.domains.size(), "the last layer of a cell takes every task");
    test.expectations = {{model::Expectation::Kind::kLayer, verdict.domain, 0, false, {}}};
    if (is_same_everywhere()) found.found.place = {};
    expected_.insert(verdict.domain);
    seen_.add(policy_, verdict);
    write(found, verdict, shows);
  }

  // Whether the test says the same on each machine, without a host.
  bool is_same_everywhere() {
    diag::Diagnostics found;
    check_machines(one_test_, classifier_, found);
    const model::TestTask& task = one_test_.tests.front().task;
    return !found.has_errors() && task.affinity_full && !task.affinity_pinned;
  }

  void write(const TestTaskFinding& found, const classify::Verdict& verdict, const std::string& shows) {
    const model::Cell& cell = policy_.cells[verdict.cell];
    const std::string& layer = cell.layers[verdict.match].name;
    std::string name =
        fmt::format("{} goes to {}{}{}", description(found), layer,
                    verdict.cell == 0 ? "" : " of " + cell.name, shows.empty() ? "" : ": " + shows);
    // They read better than quotes that are escaped below.
    std::replace(name.begin(), name.end(), '"', '\'');
    const std::string plain = name;
    for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{} ({})", plain, i);
    GeneratedTest out{name, layer, cell.name, ""};
    out.text = fmt::format("test {} {{\n", literal(name));
    if (!found.found.place.host.empty())
      out.text += fmt::format("    host {};\n", quoted(found.found.place.host));
    out.text += fmt::format("    {}\n    expect layer {} in {};\n}}\n", task_block_text(found.found), layer,
                            cell.name);
    out_.tests.push_back(std::move(out));
  }

  const model::Policy& policy_;
  const abi::Classifier& classifier_;
  const classify::NameIds ids_;
  TestFinder finder_;
  Seen seen_;
  std::set<uint32_t> expected_;  // domains
  std::set<std::string> names_;
  model::Policy one_test_;  // the policy with the test at hand alone
  GeneratedTests out_;
};

}  // namespace

GeneratedTests generate_tests(const model::Policy& policy, const abi::Classifier& classifier) {
  return Generator(policy, classifier).run();
}

std::string to_text(const GeneratedTests& generated) {
  std::string out;
  for (const GeneratedTest& test : generated.tests) out += "\n" + test.text;
  if (!generated.unsayable.empty()) out += "\n# No test shows these:\n";
  for (const Unsayable& one : generated.unsayable) out += fmt::format("#   {}: {}\n", one.what, one.why);
  return out;
}

std::string to_json(const GeneratedTests& generated) {
  using nlohmann::json;
  json tests = json::array(), unsayable = json::array();
  for (const GeneratedTest& test : generated.tests)
    tests.push_back({{"name", test.name}, {"cell", test.cell}, {"layer", test.layer}, {"text", test.text}});
  for (const Unsayable& one : generated.unsayable)
    unsayable.push_back({{"what", one.what}, {"why", one.why}});
  const json document = {{"version", 1}, {"tests", std::move(tests)}, {"unsayable", std::move(unsayable)}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace scx::analysis
