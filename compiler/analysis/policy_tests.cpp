#include "compiler/analysis/policy_tests.h"

#include <algorithm>
#include <set>
#include <utility>

#include "compiler/automata/build.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

// Ids of Debian's base-passwd that other systems share.
constexpr int64_t kRootId = 0;
constexpr int64_t kNobodyId = 65534;
// systemd gives out ids up to 0x7fffffff at most (https://systemd.io/UIDS-GIDS); these lie above.
constexpr int64_t kFirstInventedId = 0x80000000;

std::map<std::string, int64_t> number(const std::set<std::string>& names) {
  std::map<std::string, int64_t> out;
  int64_t next = kFirstInventedId;
  for (const std::string& name : names) {
    if (name == "root") {
      out[name] = kRootId;
    } else if (name == "nobody" || name == "nogroup") {
      out[name] = kNobodyId;
    } else {
      out[name] = next++;
    }
  }
  return out;
}

int64_t resolve(const std::string& name, const std::map<std::string, int64_t>& table, int64_t otherwise) {
  const auto found = table.find(name);
  return name.empty() || found == table.end() ? otherwise : found->second;
}

std::string describe(const classify::TaskFacts& facts, const classify::NameIds& ids) {
  std::string out;
  for (size_t i = 0; i < abi::kAttributeCount; ++i) {
    const auto attribute = static_cast<abi::Attribute>(i);
    out +=
        fmt::format("{}{} {}", i == 0 ? "" : ", ", spelling(attribute), spelled_value(facts, attribute, ids));
  }
  return out;
}

// Runs the tests of one policy.
class Runner {
 public:
  Runner(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
         const std::optional<Engine>& engine)
      : policy_(policy),
        classifier_(classifier),
        sources_(sources),
        engine_(engine),
        ids_(test_name_ids(policy)) {}

  TestResult run(const model::Test& test) {
    facts_ = test_facts(test.task, ids_);
    verdict_ = classify::classify(classifier_, facts_, ids_);
    TestResult out;
    out.name = test.name;
    out.where = automata::locate(sources_, test.span);
    out.error = compare_engines();
    for (const model::Expectation& expectation : test.expectations)
      out.expectations.push_back(expectation.kind == model::Expectation::Kind::kLayer
                                     ? check_layer(expectation)
                                     : check_match(expectation));
    return out;
  }

 private:
  [[nodiscard]] std::string name(uint32_t domain) const {
    if (domain >= policy_.domains.size()) return "no layer";
    return fmt::format("layer `{}` in `{}`", policy_.layer(domain).name,
                       policy_.cells[policy_.domains[domain].cell].name);
  }

  [[nodiscard]] std::optional<Error> compare_engines() const {
    if (!engine_) return std::nullopt;
    const Result<uint32_t> emitted = (*engine_)(facts_);
    if (!emitted.ok()) return emitted.error();
    if (*emitted == verdict_.domain) return std::nullopt;
    Error error = make_error("the reference classifier says {}, the emitted one says {}, for the task {}",
                             name(verdict_.domain), name(*emitted), describe(facts_, ids_));
    error.help = "this is a bug of the compiler, please report it with the policy";
    error.reason = "engines-disagree";
    return error;
  }

  void explain(const abi::Expression& expression, std::vector<DecidingPredicate>& out) const {
    for (const uint32_t index : classify::deciding(expression, verdict_.predicates)) {
      const bool known =
          std::any_of(out.begin(), out.end(), [&](const auto& d) { return d.predicate == index; });
      if (known) continue;
      out.push_back({index, verdict_.predicates[index].value,
                     spelled_value(facts_, classifier_.predicates[index].attribute, ids_)});
    }
  }

  [[nodiscard]] std::string why_in_cell() const {
    const classify::CellPlace place = classify::place_of(classifier_, facts_.cgroup);
    const std::string cgroup = scx::quoted(facts_.cgroup);
    if (place.cell == 0) return fmt::format("no cell begins at the task's cgroup {} or above it", cgroup);
    return fmt::format("the task's cgroup {} is in the cell `{}`, which begins at {}", cgroup,
                       policy_.cells[place.cell].name, scx::quoted(std::string(place.begins)));
  }

  [[nodiscard]] ExpectationResult check_layer(const model::Expectation& expectation) const {
    ExpectationResult out;
    out.where = automata::locate(sources_, expectation.span);
    out.expected = (expectation.negated ? "not " : "") + name(expectation.domain);
    out.got = name(verdict_.domain);
    out.passed = (verdict_.domain == expectation.domain) != expectation.negated;
    const uint32_t cell = policy_.domains[expectation.domain].cell;
    const std::vector<abi::DomainMatch>& layers = classifier_.cells[verdict_.cell].layers;
    if (cell != verdict_.cell) {
      out.cell = why_in_cell();
      return out;
    }
    for (const abi::DomainMatch& match : layers)
      if (match.domain == expectation.domain) explain(match.match, out.deciding);
    if (verdict_.match < layers.size()) explain(layers[verdict_.match].match, out.deciding);
    return out;
  }

  [[nodiscard]] ExpectationResult check_match(const model::Expectation& expectation) const {
    const model::Matcher& matcher = policy_.matchers[expectation.matcher];
    const bool matches = classify::evaluate(matcher.expression, verdict_.predicates);
    const auto say = [&](bool value) {
      return fmt::format("{}match of `{}`", value ? "a " : "no ", matcher.name);
    };
    ExpectationResult out;
    out.where = automata::locate(sources_, expectation.span);
    out.expected = say(!expectation.negated);
    out.got = say(matches);
    out.passed = matches != expectation.negated;
    explain(matcher.expression, out.deciding);
    return out;
  }

  const model::Policy& policy_;
  const abi::Classifier& classifier_;
  const Sources& sources_;
  const std::optional<Engine>& engine_;
  classify::NameIds ids_;
  classify::TaskFacts facts_;
  classify::Verdict verdict_;
};

}  // namespace

classify::NameIds test_name_ids(const model::Policy& policy) {
  std::set<std::string> users, groups;
  for (const model::Predicate& predicate : policy.predicates)
    (predicate.attribute == abi::Attribute::kGid ? groups : users)
        .insert(predicate.names.begin(), predicate.names.end());
  for (const model::Test& test : policy.tests) {
    if (!test.task.uid_name.empty()) users.insert(test.task.uid_name);
    if (!test.task.gid_name.empty()) groups.insert(test.task.gid_name);
  }
  return {number(users), number(groups)};
}

classify::TaskFacts test_facts(const model::TestTask& task, const classify::NameIds& ids) {
  classify::TaskFacts out = task;
  // A leader is its own leader.
  if (task.leader && task.leader_comm.empty()) out.leader_comm = task.comm;
  out.uid = resolve(task.uid_name, ids.users, task.uid);
  out.gid = resolve(task.gid_name, ids.groups, task.gid);
  return out;
}

bool TestResult::passed() const {
  return !error &&
         std::all_of(expectations.begin(), expectations.end(), [](const auto& e) { return e.passed; });
}

size_t PolicyTestReport::failed() const {
  return static_cast<size_t>(
      std::count_if(tests.begin(), tests.end(), [](const auto& t) { return !t.passed(); }));
}

PolicyTestReport run_policy_tests(const model::Policy& policy, const abi::Classifier& classifier,
                                  const Sources& sources, const std::optional<Engine>& engine) {
  PolicyTestReport out;
  out.engines = engine ? 2 : 1;
  Runner runner(policy, classifier, sources, engine);
  for (const model::Test& test : policy.tests) out.tests.push_back(runner.run(test));
  return out;
}

}  // namespace scx::analysis
