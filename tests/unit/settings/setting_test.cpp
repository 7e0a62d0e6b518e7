// Paths and values: what we know, and nothing else.
#include "runtime/settings/setting.h"

#include <gtest/gtest.h>

#include "runtime/settings/wanted.h"

namespace scx::settings {
namespace {

TEST(Setting, APathAndBack) {
  for (const uint32_t cpu : {0U, 3U, 8191U}) {
    const Setting setting{Kind::kResumeLatency, cpu};
    EXPECT_EQ(setting_at(path_of(setting)), setting);
  }
  EXPECT_EQ(path_of({Kind::kResumeLatency, 3}),
            "/sys/devices/system/cpu/cpu3/power/pm_qos_resume_latency_us");
}

TEST(Setting, OtherPathsAreNone) {
  const std::string before = "/sys/devices/system/cpu/cpu";
  const std::string after = "/power/pm_qos_resume_latency_us";
  for (const std::string& path :
       {std::string("/etc/passwd"), std::string(), before, after, before + after, before + "03" + after,
        before + "-1" + after, before + "+1" + after, before + "1 " + after, before + "65536" + after,
        before + "99999999999999999999" + after, before + "1/../../../../../etc" + after,
        before + "1" + after + "/", "/tmp" + before + "1" + after, before + "1/../cpu2" + after,
        before + "1x" + after, before + "1/power/control"})
    EXPECT_FALSE(setting_at(path).has_value()) << path;
}

TEST(Setting, Values) {
  for (const char* value : {"0", "20", "n/a", "2147483646"})
    EXPECT_TRUE(is_value(Kind::kResumeLatency, value));
  for (const char* value : {"", "-1", "2147483647", "20us", "020", "n/a ", "N/A", "0x10", "1\n"})
    EXPECT_FALSE(is_value(Kind::kResumeLatency, value)) << value;
}

TEST(Setting, TheKernelsZeroIsNoBound) {
  EXPECT_EQ(resume_latency_value(0), "n/a");
  EXPECT_EQ(resume_latency_value(20'000), "20");
  EXPECT_EQ(describe(Kind::kResumeLatency, std::string("0")), "without bound");
  EXPECT_EQ(describe(Kind::kResumeLatency, std::string("n/a")), "0us");
  EXPECT_EQ(describe(Kind::kResumeLatency, std::string("20")), "20us");
  EXPECT_EQ(describe(Kind::kResumeLatency, std::vector<uint32_t>{3, 1, 2, 7}),
            "resume latency of CPUs 1-3,7");
}

TEST(Wanted, FollowsWhatLayersOwn) {
  std::vector<abi::Domain> domains(3);
  EXPECT_FALSE(changes_settings(domains));
  domains[0].resume_latency_ns = 20'000;
  domains[1].resume_latency_ns = 0;
  EXPECT_TRUE(changes_settings(domains));
  plan::Plan plan;
  plan.domains.resize(3);
  for (uint32_t i = 0; i < 3; ++i) plan.domains[i].domain = i;
  plan.domains[0].owned = {4, 5};
  plan.domains[1].owned = {};
  plan.domains[1].home = {0, 1};
  plan.domains[2].owned = {6};
  EXPECT_EQ(wanted(plan, domains),
            (std::vector<Wanted>{{{Kind::kResumeLatency, 4}, "20"}, {{Kind::kResumeLatency, 5}, "20"}}));
  plan.domains[1].owned = {0};
  EXPECT_EQ(wanted(plan, domains).back(), (Wanted{{Kind::kResumeLatency, 0}, "n/a"}));
}

}  // namespace
}  // namespace scx::settings
