// `scx-run explain PID`: what it says when there is something to say beside
// agreement, and what it leaves behind. That it agrees is looked at where tasks
// are classified.
#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/vm/guest/cell_fixture.h"
#include "tests/vm/guest/explained.h"

namespace scx::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSubsetOf;

constexpr const char* kRecord = "/run/scx/running.json";
// Classified once, and no more for as long as the check lasts.
constexpr Work kAsleep{200, 600'000'000};

TEST(Explain, ATaskThatChangedInItsSleepDiffers) {
  Loaded scheduler("classes");
  Task task({.comm = "plain", .work = kAsleep});
  expect_explained(task.pid(), "rest");
  task.set_nice(5);
  const Explained changed = explain(task.pid());
  EXPECT_EQ(changed.exit_code, 1) << changed.document;
  EXPECT_EQ(changed.document.at("comparison"), "differ");
  EXPECT_EQ(changed.document.at("scheduler").at("layer"), "rest");
  EXPECT_EQ(changed.document.at("scheduler").at("marked"), true) << changed.document;
  EXPECT_EQ(changed.document.at("reference").at("layer"), "by_nice");
  const Outcome text = run({"scx-run", "explain", std::to_string(task.pid())});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.out, HasSubstr("the scheduler has it in the layer `rest` of `root`"));
  EXPECT_THAT(text.out, HasSubstr("nice 3..5 (classes.scx:11) holds now: it has 5"));
  EXPECT_THAT(text.out, HasSubstr("it does not run (state S)"));
  EXPECT_THAT(text.out, HasSubstr("taken by `by_nice` (classes.scx:11)"));
}

TEST(Explain, TasksThatAreNotSchedExtsAndNoTasks) {
  Loaded scheduler("classes");
  const Task real_time({.comm = "named-fifo", .policy = SCHED_FIFO, .work = kInteractive});
  const Explained other = explain(real_time.pid());
  EXPECT_EQ(other.exit_code, 0) << other.error;
  EXPECT_EQ(other.document.at("comparison"), "not yet");
  EXPECT_THAT(other.document.at("notes").dump(), HasSubstr("real-time"));
  const Explained none = explain(4'000'000);
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.error, HasSubstr("error[no-task]"));
}

// The cells of a family have the same name and the same layers: cgroup, slot and CPUs tell them apart.
void expect_in_cell_of(Loaded& scheduler, const Task& task, const std::string& cgroup) {
  ASSERT_TRUE(until_explained(task.pid(), "bulk")) << cgroup;
  expect_explained(task.pid(), "bulk", "tenants");
  const nlohmann::json document = explain(task.pid()).document;
  const nlohmann::json cell = scheduler->fresh_stats().at("cells").at("tenants:" + cgroup);
  EXPECT_EQ(document.at("reference").at("cell_begins"), cgroup) << document;
  EXPECT_EQ(document.at("scheduler").at("slot"), cell.at("slot")) << document;
  const std::vector<unsigned> home = parse_cpu_list(document.at("scheduler").at("home").get<std::string>());
  EXPECT_FALSE(home.empty()) << document;
  EXPECT_THAT(home, IsSubsetOf(parse_cpu_list(cell.at("cpus").get<std::string>()))) << document << cell;
}

TEST(Explain, TwoCellsOfAFamilyAreToldApart) {
  const Cgroup a("/tenants/a"), b("/tenants/b");
  Loaded scheduler("tenants");
  ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/a"));
  ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/b"));
  const Task in_a({.cgroup = a.path(), .work = kAsleep});
  Task in_b({.cgroup = b.path(), .work = kAsleep});
  expect_in_cell_of(scheduler, in_a, a.path());
  expect_in_cell_of(scheduler, in_b, b.path());
  const auto slot_of = [](const Task& task) { return explain(task.pid()).document["scheduler"]["slot"]; };
  const nlohmann::json slot_a = slot_of(in_a), slot_b = slot_of(in_b);
  EXPECT_NE(slot_a, slot_b);
  // In its sleep to the other cell: its layer is called the same there, and yet it is the wrong one.
  in_b.move_to(a.path());
  const Explained moved = explain(in_b.pid());
  EXPECT_EQ(moved.exit_code, 1) << moved.document;
  EXPECT_EQ(moved.document["comparison"], "differ");
  EXPECT_THAT(moved.document["notes"].dump(),
              HasSubstr("slot " + slot_b.dump() + " is another cgroup's cell"));
  EXPECT_THAT(moved.document["notes"].dump(), HasSubstr("is slot " + slot_a.dump()));
}

TEST(Explain, NothingIsLeftWhenTheSchedulerHasGone) {
  const Explained before = explain(::getpid());
  EXPECT_EQ(before.exit_code, 3);
  EXPECT_THAT(before.error, HasSubstr("error[no-scheduler]"));
  {
    Loaded scheduler("classes");
    EXPECT_EQ(explain(::getpid()).exit_code, 0);
    EXPECT_TRUE(std::filesystem::exists(kRecord));
  }
  EXPECT_FALSE(std::filesystem::exists(kRecord));
  Loaded killed("classes");
  EXPECT_EQ(explain(::getpid()).exit_code, 0);
  killed->kill();
  killed.released();
  ASSERT_TRUE(wait_for_sched_ext("disabled"));
  const Explained after = explain(::getpid());
  EXPECT_EQ(after.exit_code, 3);
  EXPECT_THAT(after.error, HasSubstr("error[no-scheduler]"));
  EXPECT_EQ(run({"scx-run", "--recover"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(kRecord));
}

}  // namespace
}  // namespace scx::testing
