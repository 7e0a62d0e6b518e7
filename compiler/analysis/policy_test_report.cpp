#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/analysis/coverage.h"
#include "compiler/analysis/policy_tests.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

using nlohmann::json;

std::string place(const abi::Location& where) {
  return where.file.empty() ? std::string("(built in)") : fmt::format("{}:{}", where.file, where.line);
}

void write_failure(const ExpectationResult& result, const abi::Classifier& classifier, std::string& out) {
  out += fmt::format("      {}: expected {}, got {}\n", place(result.where), result.expected, result.got);
  if (!result.cell.empty()) out += fmt::format("        {}\n", result.cell);
  for (const DecidingPredicate& deciding : result.deciding) {
    const abi::Predicate& predicate = classifier.predicates[deciding.predicate];
    out += fmt::format("        `{}` is {} ({}): the task has {} {}\n", predicate.text, deciding.value,
                       place(predicate.where), spelling(predicate.attribute), deciding.task_value);
  }
}

json to_value(const abi::Location& where) {
  return {{"file", where.file}, {"line", where.line}, {"column", where.column}};
}

json to_value(const DecidingPredicate& deciding, const abi::Classifier& classifier) {
  const abi::Predicate& predicate = classifier.predicates[deciding.predicate];
  return {{"text", predicate.text},
          {"value", deciding.value},
          {"attribute", spelling(predicate.attribute)},
          {"task", deciding.task_value},
          {"where", to_value(predicate.where)}};
}

json to_value(const TestResult& test, const abi::Classifier& classifier) {
  json expectations = json::array();
  for (const ExpectationResult& result : test.expectations) {
    json deciding = json::array();
    for (const DecidingPredicate& predicate : result.deciding)
      deciding.push_back(to_value(predicate, classifier));
    expectations.push_back({{"passed", result.passed},
                            {"expected", result.expected},
                            {"got", result.got},
                            {"deciding", std::move(deciding)},
                            {"where", to_value(result.where)}});
    if (!result.cell.empty()) expectations.back()["cell"] = result.cell;
  }
  json out = {{"name", test.name},
              {"passed", test.passed()},
              {"where", to_value(test.where)},
              {"expectations", std::move(expectations)}};
  if (test.error) out["error"] = {{"message", test.error->message}, {"reason", test.error->reason}};
  return out;
}

}  // namespace

std::string to_text(const PolicyTestReport& report, const abi::Classifier& classifier) {
  std::string out;
  for (const TestResult& test : report.tests) {
    out += fmt::format("{} {} ({})\n", test.passed() ? "ok  " : "FAIL", scx::quoted(test.name),
                       place(test.where));
    if (test.error) {
      out += fmt::format("      internal error: {}\n", test.error->message);
      if (!test.error->help.empty()) out += fmt::format("      help: {}\n", test.error->help);
    }
    for (const ExpectationResult& result : test.expectations)
      if (!result.passed) write_failure(result, classifier, out);
  }
  const size_t failed = report.failed();
  out += fmt::format("{} {}: {} passed, {} failed ({})\n", report.tests.size(),
                     report.tests.size() == 1 ? "test" : "tests", report.tests.size() - failed, failed,
                     report.engines == 2 ? "reference and emitted classifier" : "reference classifier");
  return out;
}

std::string to_json(const PolicyTestReport& report, const abi::Classifier& classifier,
                    const Coverage* coverage) {
  json tests = json::array();
  for (const TestResult& test : report.tests) tests.push_back(to_value(test, classifier));
  json document = {{"version", 1},
                   {"engines", report.engines},
                   {"passed", report.tests.size() - report.failed()},
                   {"failed", report.failed()},
                   {"tests", std::move(tests)}};
  if (coverage != nullptr) document["coverage"] = to_value(*coverage);
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace scx::analysis
