// The record of a running scheduler: whole, trusted by nobody, and only as long
// as its scx-run runs.
#include "runtime/running/record.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/running/maps.h"
#include "runtime/running/thread.h"
#include "runtime/settings/store.h"

namespace scx::running {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class RecordTest : public ::testing::Test {
 protected:
  static Record ours() {
    Record out;
    out.owner = *settings::this_process();
    out.maps = {41, 42, 43, 44};
    out.ids.users = {{"al\"ice\n", 1000}};
    out.ids.groups = {{"staff", 50}};
    out.manifest.policy = "edge";
    out.manifest.compiler = "scxc";
    out.manifest.fingerprint = "00";
    out.manifest.min_kernel = "6.16";
    abi::Cell root;
    root.name = "root";
    root.layer_count = 1;
    out.manifest.cells = {root};
    abi::Domain domain;
    domain.cell = "root";
    domain.layer = "all";
    domain.slice_ns = 1;
    out.manifest.domains = {domain};
    out.manifest.classifier.cells = {{{}, {{0, {}, {}}}}};
    return out;
  }
  std::string folder() const { return folder_.file("run"); }
  std::string file() const { return folder() + "/running.json"; }
  TemporaryFolder folder_ = *TemporaryFolder::make("scx-record");
};

TEST_F(RecordTest, SurvivesTheFile) {
  const Record record = ours();
  const Result<Record> read = parse_record(to_json(record));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->owner, record.owner);
  EXPECT_EQ(read->maps, record.maps);
  EXPECT_EQ(read->ids.users, record.ids.users);
  EXPECT_EQ(read->ids.groups, record.ids.groups);
  EXPECT_EQ(read->manifest, record.manifest);
}

TEST_F(RecordTest, LastsAsLongAsItsProcess) {
  EXPECT_FALSE(find_record(folder())->has_value()) << "no folder";
  ASSERT_TRUE(publish(ours(), folder()).ok());
  struct stat facts{};
  ASSERT_EQ(::stat(file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600);
  const Result<std::optional<Record>> found = find_record(folder());
  ASSERT_TRUE(found.ok() && found->has_value()) << (found.ok() ? "" : found.error().message);
  EXPECT_EQ((*found)->manifest.policy, "edge");
  EXPECT_FALSE(discard_stale(folder()));
  withdraw(folder());
  EXPECT_TRUE(fs::is_empty(folder()));
  withdraw(folder());
}

TEST_F(RecordTest, OfAKilledProcessCountsForNothing) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(publish(ours(), folder()).ok() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(fs::exists(file()));
  ASSERT_TRUE(find_record(folder()).ok());
  EXPECT_FALSE(find_record(folder())->has_value());
  withdraw(folder());
  EXPECT_TRUE(fs::exists(file())) << "it is another one's";
  EXPECT_TRUE(discard_stale(folder()));
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_FALSE(discard_stale(folder()));
}

TEST_F(RecordTest, WhatOthersCanWriteIsRefused) {
  ASSERT_TRUE(publish(ours(), folder()).ok());
  ASSERT_EQ(::chmod(file().c_str(), 0666), 0);
  EXPECT_EQ(find_record(folder()).error().reason, "unsafe-journal");
  ASSERT_EQ(::chmod(file().c_str(), 0600), 0);
  ASSERT_EQ(::chmod(folder().c_str(), 0777), 0);
  EXPECT_EQ(find_record(folder()).error().reason, "unsafe-journal");
  EXPECT_EQ(publish(ours(), folder()).error().reason, "unsafe-journal");
}

TEST_F(RecordTest, NothingInItIsTrusted) {
  const std::string text = to_json(ours());
  const nlohmann::json whole = nlohmann::json::parse(text);
  for (const char* member : {"schema", "version", "owner", "maps", "users", "groups", "manifest"}) {
    nlohmann::json without = whole, wrong = whole;
    without.erase(member);
    EXPECT_EQ(parse_record(without.dump()).error().reason, "corrupt-record") << member;
    wrong[member] = nlohmann::json::array({"x"});
    EXPECT_EQ(parse_record(wrong.dump()).error().reason, "corrupt-record") << member;
  }
  nlohmann::json out_of_bounds = whole;
  out_of_bounds["manifest"]["classifier"]["cells"][0]["layers"][0]["domain"] = 7;
  EXPECT_EQ(parse_record(out_of_bounds.dump()).error().reason, "corrupt-record");
  for (const char* broken : {"", "null", "[]", "{", "{}", "7"})
    EXPECT_EQ(parse_record(broken).error().reason, "corrupt-record") << broken;
  for (size_t length = 0; length < text.size() - 1; length += 7)
    EXPECT_FALSE(parse_record(text.substr(0, length)).ok());
}

TEST_F(RecordTest, DeepNestingIsRefusedBeforeAnythingWalksIt) {
  const std::string text = to_json(ours());
  const std::string deep(400'000, '[');
  const std::string closed(400'000, ']');
  const size_t at = text.find("\"manifest\":") + std::string("\"manifest\":").size();
  EXPECT_EQ(parse_record(text.substr(0, at) + deep + closed + "}").error().reason, "corrupt-record");
  std::string objects;
  for (int i = 0; i < 400'000; ++i) objects += "{\"operands\":[";
  EXPECT_EQ(parse_record(text.substr(0, at) + objects).error().reason, "corrupt-record");
}

TEST_F(RecordTest, DeepestExpressionSurvives) {
  Record record = ours();
  abi::Expression expression;
  for (uint32_t i = 1; i < abi::kMaxExpressionDepth; ++i)
    expression = {abi::Expression::Kind::kNot, 0, {std::move(expression)}};
  record.manifest.classifier.cells[0].layers[0].match = std::move(expression);
  const Result<Record> read = parse_record(to_json(record));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->manifest, record.manifest);
}

TEST_F(RecordTest, WhatCannotBeReadIsKept) {
  ASSERT_TRUE(publish(ours(), folder()).ok());
  for (const char* text : {"{}", "not JSON", "{\"owner\": {\"pid\": \"x\"}}"}) {
    ASSERT_TRUE(settings::Store::open(folder())->put("running.json", text).ok());
    EXPECT_FALSE(discard_stale(folder())) << text;
    EXPECT_EQ(*read_file(file()), text);
  }
}

// Whatever is between looking and taking away: the fresh one is there in the end.
TEST_F(RecordTest, AFreshOneIsNeverDiscarded) {
  Record dead = ours();
  dead.owner.start += 1;
  const Record fresh = ours();
  std::atomic<bool> over = false;
  ASSERT_TRUE(publish(dead, folder()).ok());
  std::thread discarder([&] {
    while (!over) (void)discard_stale(folder());
  });
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(publish(dead, folder()).ok());
    ASSERT_TRUE(publish(fresh, folder()).ok());
    // It may be aside for a moment.
    bool found = false;
    for (int look = 0; look < 1000 && !found; ++look) {
      found = find_record(folder()).ok() && find_record(folder())->has_value();
      if (!found) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(found) << i;
  }
  over = true;
  discarder.join();
}

TEST(Thread, LivesUntilItHasEnded) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const Result<Thread> thread = Thread::open(child);
  if (!thread.ok()) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    GTEST_SKIP() << thread.error().message;  // pidfds of threads are Linux 6.9's
  }
  EXPECT_TRUE(thread->lives());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(thread->lives());
  EXPECT_EQ(Thread::open(child).error().reason, "no-task");
}

// As compiler/codegen numbers them.
TEST(GpuSlots, AreThoseOfTestsThatSomethingAsks) {
  abi::Classifier classifier;
  for (const uint32_t device : {7U, 5U, 9U, 7U}) {
    abi::Predicate test;
    test.attribute = abi::Attribute::kGpuProcess;
    test.device = device;
    classifier.predicates.push_back(test);
  }
  const auto asks = [](uint32_t predicate) {
    return abi::Expression{abi::Expression::Kind::kTest, predicate, {}};
  };
  classifier.cells = {{{}, {{0, asks(0), {}}, {1, asks(3), {}}, {2, asks(1), {}}, {3, {}, {}}}}};
  EXPECT_THAT(gpu_slots(classifier), ElementsAre(5, 7));
}

// What maps.cpp reads by name, and the one flag whose value it knows.
TEST(Maps, ReadWhatTheTemplatesHave) {
  const std::string state = *read_file(SCX_SOURCE_DIR "/bpf_templates/state.h");
  for (const char* text :
       {"TASK_STALE = 1 << 0,", "\tu32 flags;", "\tu32 queue; /* LLC index + 1", "\tu64 cgroup_id;",
        "\tu64 gpu_thread[GPU_SLOTS];", "\tu64 gpu_process[GPU_SLOTS];", "\tu64 gpu_inherited[GPU_SLOTS];",
        "} tasks SEC(\".maps\");", "} plan SEC(\".maps\");",
        "\tu32 generation; /* rises with every cell that begins in it */", "} slots SEC(\".maps\");"})
    EXPECT_THAT(state, ::testing::HasSubstr(text));
  const std::string cgroup = *read_file(SCX_SOURCE_DIR "/bpf_templates/cgroup.bpf.c");
  for (const char* text : {"\tu32 assigned; /* the slot of the cell that begins here, or 0 */",
                           "\tu32 generation; /* of that slot then", "} cgroups SEC(\".maps\");"})
    EXPECT_THAT(cgroup, ::testing::HasSubstr(text));
}

TEST(Maps, ThatAreNotThereAreNoScheduler) {
  const Result<Maps> none = Maps::open({4'000'000'000U, 4'000'000'001U});
  ASSERT_FALSE(none.ok());
  EXPECT_FALSE(none.error().message.empty());
}

}  // namespace
}  // namespace scx::running
