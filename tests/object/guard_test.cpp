// The rule of scoped guards, on the emitted C: a function that takes or gives
// back a kernel resource is called in the guards' definitions and nowhere else,
// so a path that leaks cannot be written.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "tests/support/process.h"

namespace scx {
namespace {

namespace fs = std::filesystem;

// Pairs of the kernel's functions; what the templates do not use costs nothing here.
const std::vector<std::string> kTakeAndGive = {"bpf_rcu_read_lock",
                                               "bpf_rcu_read_unlock",
                                               "bpf_preempt_disable",
                                               "bpf_preempt_enable",
                                               "bpf_local_irq_save",
                                               "bpf_local_irq_restore",
                                               "bpf_cpumask_create",
                                               "bpf_cpumask_acquire",
                                               "bpf_cpumask_release",
                                               "scx_bpf_get_idle_cpumask",
                                               "scx_bpf_get_idle_smtmask",
                                               "scx_bpf_get_online_cpumask",
                                               "scx_bpf_get_possible_cpumask",
                                               "scx_bpf_put_idle_cpumask",
                                               "scx_bpf_put_cpumask",
                                               "scx_bpf_task_cgroup",
                                               "bpf_cgroup_acquire",
                                               "bpf_cgroup_ancestor",
                                               "bpf_cgroup_from_id",
                                               "bpf_cgroup_release",
                                               "bpf_task_acquire",
                                               "bpf_task_from_pid",
                                               "bpf_task_release",
                                               "bpf_spin_lock",
                                               "bpf_spin_unlock",
                                               "bpf_kptr_xchg",
                                               "bpf_obj_drop",
                                               "bpf_iter_num_new",
                                               "bpf_iter_num_destroy",
                                               "bpf_iter_css_new",
                                               "bpf_iter_css_destroy",
                                               "bpf_iter_scx_dsq_new",
                                               "bpf_iter_scx_dsq_destroy"};

std::string trimmed(const std::string& line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return line.substr(begin, line.find_last_not_of(" \t\\") - begin + 1);
}

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.insert(trimmed(line));
  return lines;
}

// Lines with a call of one of the functions that are no line of guards.h and declare nothing.
std::vector<std::string> naked_calls(const std::string& c_text, const std::set<std::string>& guards) {
  std::string names;
  for (const std::string& name : kTakeAndGive) names += (names.empty() ? "" : "|") + name;
  const std::regex call("\\b(" + names + ")\\s*\\(");
  const std::regex declaration("\\b(extern|__ksym)\\b|\\(\\*\\s*(" + names + ")\\)|= \\(void \\*\\)\\d+");
  std::vector<std::string> found;
  std::istringstream stream(c_text);
  bool comment = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.find("/*") != std::string::npos) comment = true;
    const bool in_comment = comment;
    if (line.find("*/") != std::string::npos) comment = false;
    if (in_comment || !std::regex_search(line, call) || std::regex_search(line, declaration)) continue;
    if (guards.count(trimmed(line)) == 0) found.push_back(line);
  }
  return found;
}

TEST(Guards, NoTakeOrGiveOutsideTheirDefinitions) {
  const auto guards = read_file(std::string(SCX_SOURCE_DIR) + "/bpf_templates/guards.h");
  ASSERT_TRUE(guards.ok());
  const auto guard_lines = lines_of(*guards);
  int examples = 0;
  for (const auto& file : fs::directory_iterator(fs::path(SCX_SOURCE_DIR) / "examples")) {
    if (file.path().extension() != ".scx") continue;
    const auto emitted =
        scx::testing::run({std::string(SCX_BIN_DIR) + "/scxc", file.path().string(), "--dump=c"});
    ASSERT_EQ(emitted.exit_code, 0) << emitted.error;
    for (const std::string& line : naked_calls(emitted.out, guard_lines)) {
      ADD_FAILURE() << file.path().filename() << ": outside a guard: " << trimmed(line);
    }
    ++examples;
  }
  EXPECT_GT(examples, 0);
}

// The test sees what it should see.
TEST(Guards, TheRuleFindsANakedCall) {
  EXPECT_EQ(naked_calls("\tbpf_rcu_read_lock();\n", {}).size(), 1U);
  EXPECT_EQ(naked_calls("\tbpf_rcu_read_lock();\n", {"bpf_rcu_read_lock();"}).size(), 0U);
  EXPECT_EQ(naked_calls("void bpf_rcu_read_lock(void) __ksym;\n", {}).size(), 0U);
  EXPECT_EQ(naked_calls("/* bpf_rcu_read_lock() is for\n * others: bpf_task_release(p) */\n", {}).size(), 0U);
}

}  // namespace
}  // namespace scx
