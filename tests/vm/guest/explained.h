// `scx-run explain PID` in a check: what the running scheduler and the reference
// classifier say of one thread.
#pragma once

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {

struct Explained {
  int exit_code = -1;
  nlohmann::json document;  // null after an error
  std::string error;
};

inline Explained explain(pid_t tid) {
  const Outcome outcome = run({"scx-run", "explain", std::to_string(tid), "--format", "json"});
  return {outcome.exit_code, nlohmann::json::parse(outcome.out, nullptr, false), outcome.error};
}

// Both have the thread in that layer.
inline void expect_explained(pid_t tid, const std::string& layer, const std::string& cell = "root") {
  const Explained explained = explain(tid);
  EXPECT_EQ(explained.exit_code, 0) << layer << ": " << explained.document << explained.error;
  if (!explained.document.is_object()) return;
  EXPECT_EQ(explained.document.at("comparison"), "agree") << explained.document;
  EXPECT_EQ(explained.document.at("reference").at("layer"), layer) << explained.document;
  EXPECT_EQ(explained.document.at("reference").at("cell"), cell) << explained.document;
  if (!explained.document.at("scheduler").is_object()) return;
  EXPECT_EQ(explained.document.at("scheduler").at("layer"), layer) << explained.document;
  EXPECT_EQ(explained.document.at("scheduler").at("cell"), cell) << explained.document;
}

// Waits, some seconds at most, until both do.
inline bool until_explained(pid_t tid, const std::string& layer) {
  for (int tries = 0; tries < 20; ++tries) {
    const Explained explained = explain(tid);
    if (explained.exit_code == 0 && explained.document.at("scheduler").is_object() &&
        explained.document.at("scheduler").at("layer") == layer)
      return true;
    ::usleep(100'000);
  }
  return false;
}

// A thread of the process that is not its first one; 0 if there is none.
inline pid_t other_thread(pid_t pid) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task"))
    if (const pid_t tid = std::stoi(entry.path().filename()); tid != pid) return tid;
  return 0;
}

}  // namespace scx::testing
