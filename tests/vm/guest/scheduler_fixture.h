// A loaded scheduler and the figures of its layers, for the checks of this
// folder: starts scx-run with one compiled policy, fails the check when it does
// not come up, and compares figures over a window of real work.
#pragma once

#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/guest_task.h"
#include "tests/support/scheduler.h"
#include "tests/vm/guest/guest.h"

namespace scx::testing {

class Loaded {
 public:
  explicit Loaded(const std::string& policy) : scheduler_(object_path(policy), {"--interval", "500ms"}) {
    EXPECT_TRUE(scheduler_.wait_enabled()) << scheduler_.errors();
  }
  // An orderly end is part of every check that loads a scheduler.
  ~Loaded() {
    if (ended_) return;
    EXPECT_EQ(sched_ext_state(), "enabled") << scheduler_.errors();
    EXPECT_EQ(scheduler_.stop(), 0) << scheduler_.errors();
    EXPECT_EQ(sched_ext_state(), "disabled");
  }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  Scheduler& operator*() { return scheduler_; }
  Scheduler* operator->() { return &scheduler_; }
  // The check ends the scheduler in its own way.
  void released() { ended_ = true; }

  // Figures of one layer of the root cell, from statistics that begin after the call.
  nlohmann::json layer(const std::string& name) {
    const nlohmann::json stats = scheduler_.fresh_stats();
    EXPECT_TRUE(stats.contains("cells")) << scheduler_.output() << scheduler_.errors();
    return stats.is_object() ? stats.at("cells").at("root").at("layers").at(name) : nlohmann::json();
  }
  uint64_t total(const std::string& layer_name, const std::string& counter) {
    return layer(layer_name).at("total").at(counter).get<uint64_t>();
  }
  // Waits, by the statistics' clock, until `holds` is true of the layer; at most 20 documents.
  bool until(const std::string& layer_name, const std::function<bool(const nlohmann::json&)>& holds) {
    for (int tries = 0; tries < 20; ++tries) {
      if (holds(layer(layer_name))) return true;
    }
    return false;
  }
  // Whether exactly `tasks` tasks come to be counted in the layer.
  bool counts(const std::string& layer_name, uint64_t tasks) {
    return until(layer_name, [&](const nlohmann::json& figures) { return figures.at("tasks") == tasks; });
  }

 private:
  Scheduler scheduler_;
  bool ended_ = false;
};

// So many tasks that are alike.
inline std::vector<Task> hogs(size_t count, const TaskSpec& spec) {
  std::vector<Task> tasks;
  for (size_t i = 0; i < count; ++i) tasks.emplace_back(spec);
  return tasks;
}

inline void write_text(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

// CPU hotplug; returns when the kernel is done.
inline void set_online(unsigned cpu, bool online) {
  write_text("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/online", online ? "1" : "0");
}

inline void let_run(unsigned milliseconds) { ::usleep(milliseconds * 1000); }

}  // namespace scx::testing
