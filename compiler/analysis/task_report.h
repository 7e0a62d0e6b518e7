// Why a task goes where it goes: `scxc explain FILE --task …`. The driver gives
// the task, imagined or read from /proc.
#pragma once

#include <string>

#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"
#include "runtime/classify/classify.h"

namespace scx::analysis {

// A task, and the ids of the names that the policy's tests ask for.
struct AskedTask {
  classify::TaskFacts facts;
  classify::NameIds ids;
};

// For people: the task, its cell and why, each layer that was asked with every test of its match, the value
// that the test read and its line, and the layer that takes the task with its properties. Plain text.
std::string task_report_text(const model::Policy& policy, const abi::Classifier& classifier,
                             const AskedTask& task);
// The same for tools: one JSON object, `version` 1, ends in a newline.
std::string task_report_json(const model::Policy& policy, const abi::Classifier& classifier,
                             const AskedTask& task);

}  // namespace scx::analysis
