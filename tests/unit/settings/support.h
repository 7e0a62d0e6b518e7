// A machine of files: CPUs with their resume latency below a folder of the
// test, and the journal's folder beside them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "runtime/settings/files.h"
#include "runtime/settings/recover.h"
#include "runtime/settings/setting.h"

namespace scx::settings {

// In memory where that can be, as /run is: each change is synced.
inline TemporaryFolder folder_in_memory() {
  if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
  return std::move(TemporaryFolder::make("settings").value());
}

class Machine {
 public:
  explicit Machine(uint32_t cpus) : folder_(folder_in_memory()) {
    for (uint32_t cpu = 0; cpu < cpus; ++cpu) {
      std::filesystem::create_directories(std::filesystem::path(file_of(cpu)).parent_path());
      set(cpu, "0");
    }
  }
  [[nodiscard]] Places places() const { return {folder_.path(), folder_.file("run")}; }
  [[nodiscard]] std::string file_of(uint32_t cpu) const {
    return folder_.path() + path_of({Kind::kResumeLatency, cpu});
  }
  [[nodiscard]] std::string journal() const { return folder_.file("run") + "/settings.journal"; }
  // Without its newline; empty if there is no file.
  [[nodiscard]] std::string get(uint32_t cpu) const {
    Result<std::string> text = read_file(file_of(cpu));
    if (!text.ok()) return "";
    while (!text->empty() && text->back() == '\n') text->pop_back();
    return *text;
  }
  void set(uint32_t cpu, const std::string& value) const {
    ASSERT_TRUE(write_file_atomically(file_of(cpu), value + "\n").ok());
  }
  void remove(uint32_t cpu) const { std::filesystem::remove(file_of(cpu)); }
  [[nodiscard]] std::vector<std::string> all(uint32_t cpus) const {
    std::vector<std::string> values;
    for (uint32_t cpu = 0; cpu < cpus; ++cpu) values.push_back(get(cpu));
    return values;
  }

 private:
  TemporaryFolder folder_;
};

inline Wanted latency(uint32_t cpu, const std::string& value) { return {{Kind::kResumeLatency, cpu}, value}; }

}  // namespace scx::settings
