// What is said when scheduler and reference classifier agree, and when not.
#include "runtime/explain/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/explain/manifest.h"

namespace scx::explain {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

LiveTask task(const std::string& comm, int nice = 0, const std::string& cgroup = "/") {
  LiveTask out;
  out.facts.comm = out.facts.leader_comm = comm;
  out.facts.nice = nice;
  out.facts.cgroup = cgroup;
  out.state = 'R';
  return out;
}

KernelTask in(uint32_t domain) {
  KernelTask out;
  out.domain = domain;
  out.classified = true;
  return out;
}

constexpr const char* kThree =
    "layer web open { match comm \"nginx*\"; } layer low open { match nice > 5; } layer rest open { match *; "
    "}";

TEST(Comparison, Agrees) {
  const abi::Manifest manifest = manifest_of(kThree);
  const Comparison same = compare(manifest, task("nginx"), {}, {}, in(0));
  EXPECT_EQ(same.agreement, Agreement::kAgree);
  EXPECT_THAT(same.notes, IsEmpty());
  EXPECT_EQ(compare(manifest, task("x"), {}, {}, in(2)).agreement, Agreement::kAgree);
}

TEST(Comparison, ANewNameThatDoesNotHoldAnyMore) {
  const abi::Manifest manifest = manifest_of(kThree);
  const Comparison out = compare(manifest, task("bash"), {}, {}, in(0));
  EXPECT_EQ(out.agreement, Agreement::kDiffer);
  EXPECT_EQ(taker(manifest, out.reference).layer, "rest");
  EXPECT_THAT(out.notes, Contains(HasSubstr("does not hold now: it has \"bash\"")));
}

TEST(Comparison, AnEarlierLayerThatTakesItNow) {
  const Comparison out = compare(manifest_of(kThree), task("nginx", 9), {}, {}, in(1));
  EXPECT_EQ(out.agreement, Agreement::kDiffer);
  EXPECT_THAT(out.notes, Contains(HasSubstr("comm \"nginx*\"")));
  EXPECT_THAT(out.notes, Contains(HasSubstr("holds now")));
}

TEST(Comparison, ReasonsOfTheKernelsNotes) {
  const abi::Manifest manifest = manifest_of(kThree);
  LiveTask asleep = task("bash");
  asleep.state = 'S';
  asleep.cgroup = 7;
  KernelTask kernel = in(0);
  kernel.marked = true;
  kernel.cgroup = 8;
  const Comparison out = compare(manifest, asleep, {}, {}, kernel);
  EXPECT_THAT(out.notes, Contains(HasSubstr("looks again when the task next asks")));
  EXPECT_THAT(out.notes, Contains(HasSubstr("another cgroup")));
  EXPECT_THAT(out.notes, Contains(HasSubstr("state S")));
  kernel.cgroup = 7;
  EXPECT_THAT(compare(manifest, asleep, {}, {}, kernel).notes, Not(Contains(HasSubstr("another cgroup"))));
  EXPECT_THAT(compare(manifest, task("bash"), {}, {}, in(0)).notes, Contains(HasSubstr("ask again")));
}

TEST(Comparison, NamesCountAsTheyWereWhenLoaded) {
  const abi::Manifest manifest =
      manifest_of("layer alice open { match uid \"alice\"; } layer rest open { match *; }");
  LiveTask now = task("x");
  now.facts.uid = 1000;
  const classify::NameIds then{{{"alice", 500}}, {}}, today{{{"alice", 1000}}, {}};
  EXPECT_EQ(compare(manifest, now, then, today, in(1)).agreement, Agreement::kAgree);
  const Comparison out = compare(manifest, now, then, today, in(0));
  EXPECT_EQ(out.agreement, Agreement::kDiffer);
  EXPECT_THAT(out.notes, Contains(HasSubstr("another id now")));
  EXPECT_THAT(compare(manifest, now, then, then, in(0)).notes, Not(Contains(HasSubstr("another id now"))));
}

TEST(Comparison, GpuUseIsWhatTheSchedulerSaw) {
  const abi::Manifest manifest =
      manifest_of("layer gpu open { match gpu process for 5m; } layer rest open { match *; }");
  KernelTask kernel = in(0);
  kernel.tests = {KernelTask::Test{true, "opened one 3s ago"}};
  const Comparison member = compare(manifest, task("x"), {}, {}, kernel);
  EXPECT_EQ(member.agreement, Agreement::kAgree);
  EXPECT_THAT(task_text(manifest, member.reference), HasSubstr("it has opened one 3s ago"));
  kernel.tests = {KernelTask::Test{false, "opened one 301s ago"}};
  const Comparison ended = compare(manifest, task("x"), {}, {}, kernel);
  EXPECT_EQ(ended.agreement, Agreement::kDiffer);
  EXPECT_THAT(ended.notes, Contains(HasSubstr("membership with a duration")));
  EXPECT_THAT(ended.notes, Contains(HasSubstr("it has opened one 301s ago")));
}

constexpr const char* kTenants =
    "cells tenants for cgroup under \"/t/*\" { max 2; overflow root; layer low open { match nice > 0; } "
    "layer all "
    "open { match *; } }\n"
    "layer spill open { match cgroup under \"/t\" and nice > 5; } layer rest open { match *; }";

TEST(Comparison, EverySlotOfAFamilyIsItsCell) {
  const abi::Manifest manifest = manifest_of(kTenants);
  ASSERT_EQ(manifest.domains.size(), 6U);
  for (const uint32_t domain : {2U, 4U})
    EXPECT_EQ(compare(manifest, task("x", 3, "/t/a"), {}, {}, in(domain)).agreement, Agreement::kAgree);
  EXPECT_EQ(compare(manifest, task("x", 3, "/t/a"), {}, {}, in(5)).agreement, Agreement::kDiffer);
}

TEST(Comparison, AnotherCgroupsSlotIsNotItsCell) {
  const abi::Manifest manifest = manifest_of(kTenants);
  const LiveTask inside = task("x", 3, "/t/a/deeper");
  KernelTask first = in(2), second = in(4);
  first.slots = second.slots = {0U, 1U};
  EXPECT_EQ(compare(manifest, inside, {}, {}, first).agreement, Agreement::kAgree);
  const Comparison other = compare(manifest, inside, {}, {}, second);
  EXPECT_EQ(other.agreement, Agreement::kDiffer);
  EXPECT_THAT(other.notes,
              Contains(HasSubstr("slot 2 is another cgroup's cell: that of \"/t/a\" is slot 1")));
  second.slots = {0U, 0U};
  EXPECT_THAT(compare(manifest, inside, {}, {}, second).notes,
              Contains(HasSubstr("slot 2 is another cgroup's cell: none runs for \"/t/a\" now")));
  // What the family refused is root's as before.
  KernelTask refused = in(1);
  refused.slots = {0U, 0U};
  EXPECT_EQ(compare(manifest, inside, {}, {}, refused).agreement, Agreement::kAgree);
}

TEST(Comparison, ASlotThatCannotBeAskedIsDoubted) {
  const abi::Manifest manifest = manifest_of(kTenants);
  LiveTask moved = task("x", 3, "/t/a");
  moved.cgroup = 7;
  KernelTask kernel = in(4);
  kernel.cgroup = 8;
  const Comparison out = compare(manifest, moved, {}, {}, kernel);
  EXPECT_EQ(out.agreement, Agreement::kAgree);
  EXPECT_THAT(out.notes, Contains(HasSubstr("whether slot 2 is the cell of this one cannot be told")));
  kernel.cgroup = 7;
  EXPECT_THAT(compare(manifest, moved, {}, {}, kernel).notes, IsEmpty());
}

TEST(Comparison, WhatAFullFamilyRefusesIsInTheCellAbove) {
  const abi::Manifest manifest = manifest_of(kTenants);
  const Comparison refused = compare(manifest, task("x", 9, "/t/a"), {}, {}, in(0));
  EXPECT_EQ(refused.agreement, Agreement::kAgree);
  EXPECT_THAT(refused.notes, Contains(HasSubstr("no cell of `tenants` runs for \"/t/a\"")));
  EXPECT_EQ(taker(manifest, refused.reference).layer, "spill");
  EXPECT_EQ(compare(manifest, task("x", 9, "/t/a"), {}, {}, in(1)).agreement, Agreement::kDiffer);
  // Outside of the family nothing is refused.
  EXPECT_EQ(compare(manifest, task("x", 9, "/u"), {}, {}, in(2)).agreement, Agreement::kDiffer);
}

TEST(Comparison, NotYet) {
  const abi::Manifest manifest = manifest_of(kThree);
  const Comparison fresh = compare(manifest, task("nginx"), {}, {}, {});
  EXPECT_EQ(fresh.agreement, Agreement::kNotYet);
  EXPECT_THAT(fresh.notes, Contains(HasSubstr("not seen it ask for a CPU")));
  LiveTask real_time = task("nginx");
  real_time.scheduler = 1;
  const Comparison other = compare(manifest, real_time, {}, {}, in(2));
  EXPECT_EQ(other.agreement, Agreement::kNotYet);
  EXPECT_THAT(other.notes, Contains(HasSubstr("real-time")));
}

}  // namespace
}  // namespace scx::explain
