// What a wake-up waits for under full load, where guest time counts
// instructions: elsewhere an emulated CPU that the host does not run for a while
// is most of what is seen. Runs with --deterministic only.
#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/vm/guest/cell_fixture.h"

namespace scx::testing {
namespace {

class Latency : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_deterministic()) GTEST_SKIP() << "runs with --deterministic";
  }

  // The average wait of a task that sleeps most of the time.
  static double wait_us(const Task& task) {
    let_run(200);
    const TaskTime before = task_time(task.pid());
    let_run(500);
    const TaskTime after = task_time(task.pid());
    const uint64_t runs = std::max<uint64_t>(1, after.slices - before.slices);
    return std::chrono::duration<double, std::micro>(after.waited - before.waited).count() /
           static_cast<double>(runs);
  }
};

// `prompt` promises CPUs back within 2 ms, `patient` at the end of a slice of 20 ms. Beside them, for the
// record, the kernel's own scheduler with the same tasks.
TEST_F(Latency, AnOwnerHasItsCpuBackFromAPromptBorrower) {
  const Cgroup prompt("/prompt.slice"), patient("/patient.slice");
  const auto wait = [](const Cgroup& borrower, const Cgroup& owner, const std::function<void()>& loaded) {
    const std::vector<Task> load = hogs(8, borrower.path());
    loaded();
    return wait_us(Task({.cgroup = owner.path(), .work = kInteractive}));
  };
  const double kernel = wait(prompt, patient, [] { let_run(200); });
  Loaded scheduler("lenders");
  ASSERT_TRUE(until_running(scheduler, "prompt"));
  ASSERT_TRUE(until_running(scheduler, "patient"));
  const auto borrows = [&](const char* cell) {
    bool any = false;
    for (int tries = 0; tries < 20 && !any; ++tries)
      any = scheduler->fresh_stats(std::chrono::seconds(200)).at("cells").at(cell).at("cpus_borrowed") > 1.0;
    EXPECT_TRUE(any) << cell;
  };
  const double from_prompt = wait(prompt, patient, [&] { borrows("prompt"); });
  const double from_patient = wait(patient, prompt, [&] { borrows("patient"); });
  fmt::print(
      "an owner waits {:.0f} us for prompt borrowers, {:.0f} us for patient ones, {:.0f} us under the "
      "kernel's own scheduler\n",
      from_prompt, from_patient, kernel);
  EXPECT_LT(from_prompt, 2000);
  EXPECT_LT(from_prompt * 2, from_patient);
}

// A tenant's latency layer beside its own batch work and a neighbour's, against the kernel's own scheduler
// with the same tasks in the same boot.
TEST_F(Latency, OfATenantsLayerBesideBatchWork) {
  const Cgroup a("/tenants/a"), b("/tenants/b");
  const auto wait = [&] {
    const std::vector<Task> own = hogs(6, a.path()), neighbours = hogs(6, b.path());
    return wait_us(Task({.cgroup = a.path(), .nice = -5, .work = kInteractive}));
  };
  const double kernel = wait();
  Loaded scheduler("tenants");
  ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/a"));
  ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/b"));
  const double ours = wait();
  fmt::print("a wake-up of the latency layer waits {:.0f} us, under the kernel's own scheduler {:.0f} us\n",
             ours, kernel);
  EXPECT_LT(ours, kernel * 1.5);
}

}  // namespace
}  // namespace scx::testing
