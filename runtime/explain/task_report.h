// Why a task goes where it goes, from the manifest's data: each layer that was
// asked, each test with what it read, the layer that takes the task and where
// that runs. `scxc explain FILE --task` and `scx-run explain PID` print it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/abi/manifest.h"
#include "runtime/classify/classify.h"

namespace scx::explain {

// A task, and the ids of the names that the policy's tests ask for.
struct AskedTask {
  classify::TaskFacts facts;
  classify::NameIds ids;
};

struct TaskReport {
  AskedTask task;
  classify::Verdict verdict;
  std::string begins;  // the cgroup at which its cell begins; empty for root
  // By predicate, instead of what the facts say: what the test read. May be shorter.
  std::vector<std::string> shown = {};
};

// By the reference classifier.
TaskReport report_on(const abi::Manifest& manifest, AskedTask task);

// The declared layer that took the task: its domain in the first slot of its cell.
const abi::Domain& taker(const abi::Manifest& manifest, const TaskReport& report);

// What a predicate reads of the task, in words.
std::string read_by(const abi::Manifest& manifest, const TaskReport& report, uint32_t predicate);

// For people. The task and its cell with the reason; each layer up to the one that takes it with every test
// of its match, the value that the test read and its line; that layer's properties and CPU rule.
std::string task_text(const abi::Manifest& manifest, const TaskReport& report);
// One object with the same members whoever prints it; the caller adds `version`.
nlohmann::json task_json(const abi::Manifest& manifest, const TaskReport& report);

// "web.scx:12"; layers that nobody wrote have no place.
std::string place_text(const abi::Location& where);
nlohmann::json place_json(const abi::Location& where);
// A document on one line, also of bytes that are no UTF-8; ends in a newline.
std::string json_line(const nlohmann::json& document);

}  // namespace scx::explain
