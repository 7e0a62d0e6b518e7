// `scx-run explain PID`: what it says when there is something to say beside
// agreement, and what it leaves behind. That it agrees is looked at where tasks
// are classified.
#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/vm/guest/explained.h"

namespace scx::testing {
namespace {

using ::testing::HasSubstr;

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
