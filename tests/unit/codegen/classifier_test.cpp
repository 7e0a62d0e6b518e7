// The emitted classifier, compiled for this machine, against the reference: the
// same tasks, every domain and every predicate that a layer uses.
#include <random>

#include <dlfcn.h>
#include <gmock/gmock.h>

#include "bpf_templates/host_task.h"
#include "runtime/classify/classify.h"
#include "tests/unit/codegen/policies.h"

namespace scx::codegen {
namespace {

using testing::compile_policy;
using testing::Compiled;
using ::testing::HasSubstr;

TEST(Classifier, IsTheSameTextInTheKernelAndOnTheHost) {
  const Compiled compiled = compile_policy(testing::kRich);
  const std::string classifier = emit_classifier(compiled.policy, compiled.classifier, compiled.sources);
  ASSERT_FALSE(classifier.empty());
  EXPECT_THAT(compiled.text, HasSubstr(classifier));
  EXPECT_THAT(emit_host(compiled.policy, compiled.classifier, compiled.sources), HasSubstr(classifier));
}

TEST(Classifier, ShortFixedNamesAreWordComparisons) {
  const Compiled compiled = compile_policy(
      "language 1;\npolicy p { slice 1ms; }\nlayer a open { match comm \"ab*\" or comm == \"xy\"; }\n"
      "layer b open { match *; }\n");
  const std::string classifier = emit_classifier(compiled.policy, compiled.classifier, compiled.sources);
  EXPECT_THAT(classifier, HasSubstr("is_zero((subject_comm(s, 0) ^ 0x6261) & 0xffff)"));
  EXPECT_THAT(classifier, HasSubstr("is_zero((subject_comm(s, 0) ^ 0x7978) & 0xffffff)"));
  EXPECT_THAT(classifier, ::testing::Not(HasSubstr("_next[")));
}

TEST(Classifier, WhatAPolicySaysEndsNoComment) {
  const Compiled compiled = compile_policy(
      "language 1;\npolicy p { slice 1ms; }\nlayer a open { match comm \"*/x/*\"; }\nlayer b open { match *; "
      "}\n");
  EXPECT_EQ(emit_classifier(compiled.policy, compiled.classifier, compiled.sources).find("*/x"),
            std::string::npos);
}

// The host's build, as a shared object of stock clang.
class Host {
 public:
  explicit Host(const Compiled& compiled) {
#ifdef SCX_STOCK_CLANG
    const std::string path =
        testing::write("host.c", emit_host(compiled.policy, compiled.classifier, compiled.sources));
    const std::string command = std::string(SCX_STOCK_CLANG) +
                                " -O1 -shared -fPIC -Wall -Wno-unused-function -Werror " + path + " -o " +
                                path + ".so";
    EXPECT_EQ(std::system(command.c_str()), 0);
    handle_ = dlopen((path + ".so").c_str(), RTLD_NOW);
    EXPECT_NE(handle_, nullptr);
    if (handle_ == nullptr) return;
    classify = reinterpret_cast<decltype(classify)>(dlsym(handle_, "scx_classify"));
    test = reinterpret_cast<decltype(test)>(dlsym(handle_, "scx_test"));
#else
    (void)compiled;
#endif
  }
  ~Host() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  unsigned (*classify)(const scx_host_task*) = nullptr;
  unsigned (*test)(const scx_host_task*, unsigned) = nullptr;

 private:
  void* handle_ = nullptr;
};

classify::TaskFacts random_facts(std::mt19937& random) {
  const auto pick = [&](const auto& values) {
    return values[std::uniform_int_distribution<size_t>(0, values.size() - 1)(random)];
  };
  static const std::vector<std::string> comms = {
      "web", "webd", "webs-grp", "x-grp", "mysrv", "low1", "child", "", "fifteen-letters", "fifteen-letter",
      "srv", "-grp", "a",        "xx",    "w"};
  static const std::vector<std::string> paths = {"/",        "/web.slice", "/web.slice/a/b", "/web.slicer",
                                                 "/g",       "/g/a/x",     "/g/a/b/x",       "/g/x",
                                                 "/g/a/x/y", "/web"};
  static const std::vector<int64_t> numbers = {0,   1,   2,   5,    6,    7,    9,     10,
                                               100, 101, 999, 1000, 2000, 2001, 65534, 70001};
  classify::TaskFacts facts;
  facts.comm = pick(comms);
  facts.leader_comm = pick(comms);
  facts.cgroup = pick(paths);
  facts.pid = pick(numbers);
  facts.tgid = pick(numbers);
  facts.ppid = pick(numbers);
  facts.uid = pick(numbers);
  facts.gid = pick(numbers);
  facts.nice = std::uniform_int_distribution<int64_t>(-20, 19)(random);
  facts.sched = pick(std::vector<int64_t>{abi::kSchedNormal, abi::kSchedBatch, abi::kSchedIdle});
  facts.kthread = random() % 2 != 0;
  facts.leader = random() % 2 != 0;
  facts.affinity_node = std::uniform_int_distribution<int64_t>(-1, 3)(random);
  facts.affinity_llc = std::uniform_int_distribution<int64_t>(-1, 3)(random);
  facts.gpu_thread = std::uniform_int_distribution<int64_t>(-1, 3)(random);
  facts.gpu_process = std::uniform_int_distribution<int64_t>(-1, 3)(random);
  facts.affinity_full = random() % 2 != 0;
  facts.affinity_pinned = random() % 2 != 0;
  return facts;
}

TEST(Classifier, AgreesWithTheReference) {
#ifndef SCX_STOCK_CLANG
  GTEST_SKIP() << "no clang-19";
#endif
  const Compiled compiled = compile_policy(testing::kRich);
  const Host host(compiled);
  ASSERT_NE(host.classify, nullptr);
  classify::NameIds ids;
  ids.users["nobody"] = 65534;  // there is no group `nogroup`
  std::vector<long long> slots;
  for (const abi::Predicate& predicate : compiled.classifier.predicates) {
    for (const std::string& name : predicate.names)
      slots.push_back(ids.users.contains(name) ? ids.users[name] : -1);
  }
  std::mt19937 random(7);
  std::set<uint32_t> seen;
  for (int i = 0; i < 20000; i++) {
    const classify::TaskFacts facts = random_facts(random);
    const scx_host_task task = {facts.cgroup.c_str(),
                                facts.comm.c_str(),
                                facts.leader_comm.c_str(),
                                facts.pid,
                                facts.tgid,
                                facts.ppid,
                                facts.uid,
                                facts.gid,
                                facts.nice,
                                facts.sched,
                                facts.kthread,
                                facts.leader,
                                slots.data(),
                                facts.affinity_node,
                                facts.affinity_llc,
                                facts.affinity_full,
                                facts.affinity_pinned,
                                facts.gpu_thread,
                                facts.gpu_process};
    const classify::Verdict verdict = classify::classify(compiled.classifier, facts, ids);
    ASSERT_EQ(host.classify(&task), verdict.domain)
        << facts.comm << " " << facts.leader_comm << " " << facts.cgroup << " uid " << facts.uid;
    seen.insert(verdict.domain);
    for (unsigned k = 0; k < compiled.classifier.predicates.size(); k++) {
      const unsigned value = host.test(&task, k);
      if (value != ~0u) {
        ASSERT_EQ(value != 0, verdict.predicates[k].value) << compiled.classifier.predicates[k].text;
      }
    }
  }
  EXPECT_EQ(seen.size(), compiled.policy.domains.size());
}

}  // namespace
}  // namespace scx::codegen
