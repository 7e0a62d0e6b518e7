// What is measured on a kernel: printed and left in /results, judged by nobody.
// Not part of the checks: the label bench asks for these.
#include <filesystem>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/support/process.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

// Instructions after load, instructions that the verifier walked, and how long the load took it.
TEST(Bench, ProgramSizes) {
  std::filesystem::create_directories("/results/programs");
  // A policy counts this one as a GPU; it needs no driver.
  ::mknod("/gpu-absent", S_IFCHR | 0600, ::makedev(507, 3));
  for (const std::string& name : compiled_policies()) {
    const Outcome outcome = run({"scx-run", object_path(name), "--dry-run", "--stats", "json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    write_text("/results/programs/" + name + ".json", outcome.out);
    const nlohmann::json document = nlohmann::json::parse(outcome.out, nullptr, false);
    if (!document.is_object()) continue;
    uint64_t instructions = 0, verified = 0;
    for (const auto& program : document.value("programs", nlohmann::json::array())) {
      instructions += program.at("instructions").get<uint64_t>();
      verified += program.at("verified_instructions").get<uint64_t>();
    }
    fmt::print("{:<16} {:>8} instructions {:>9} verified {:>8.1f} KiB of maps {:>8.0f} ms\n", name,
               instructions, verified, document.value("map_bytes", 0.0) / 1024,
               document.value("load_us", 0.0) / 1000);
  }
}

// One program of the running scheduler: what the kernel says of its runs.
struct Runs {
  std::string name;
  uint64_t count = 0;
  uint64_t nanoseconds = 0;
};

std::vector<Runs> runs_of_programs() {
  std::vector<Runs> all;
  for (uint32_t id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
    const int fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0) continue;
    bpf_prog_info info{};
    uint32_t size = sizeof info;
    if (bpf_prog_get_info_by_fd(fd, &info, &size) == 0 && info.run_cnt != 0)
      all.push_back({info.name, info.run_cnt, info.run_time_ns});
    ::close(fd);
  }
  return all;
}

// With `--deterministic` a nanosecond of the guest is an instruction, those of kernel functions included.
TEST(Bench, InstructionsPerCall) {
  if (!is_deterministic()) GTEST_SKIP() << "runs with --deterministic";
  for (const char* policy : {"four-layers", "four-cells"}) {
    const Cgroup tenant("/tenants/a");
    Loaded scheduler(policy);
    std::vector<Task> tasks;
    for (int i = 0; i < 3; ++i) tasks.emplace_back(TaskSpec{.cgroup = tenant.path()});
    for (int i = 0; i < 4; ++i) tasks.emplace_back(TaskSpec{.cgroup = tenant.path(), .work = kInteractive});
    const int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
    ASSERT_GE(stats, 0);
    let_run(1000);
    const std::vector<Runs> runs = runs_of_programs();
    ::close(stats);
    for (const Runs& one : runs)
      fmt::print("{:<16} {:<16} {:>7} calls {:>7} instructions each\n", policy, one.name, one.count,
                 one.nanoseconds / one.count);
  }
}

}  // namespace
}  // namespace scx::testing
