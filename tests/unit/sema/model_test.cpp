// The model of a sound policy: its dump, its JSON, its fingerprint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/sema/compile.h"

namespace scx::test {
namespace {

constexpr std::string_view kPolicy = R"(language 1;
policy edge { slice 10ms; watchdog 20s; kernel >= 6.18; }
let server = "nginx*";
match nginx = cgroup under "/web.slice" and comm server;
layer web confined {
    match nginx or (nice < -5 and not kthread);
    cpus 2..25%;
    weight 200;
    preempt;
}
layer batch grouped { match uid {0, "nobody"} or sched batch; cpus 4 core..; order fifo; slice 1.5ms; }
test "nginx in web.slice" {
    task { comm "nginx: worker"; leader comm "nginx"; cgroup "/web.slice/nginx.service"; nice -3; uid "www"; }
    expect layer web in root;
    expect match nginx;
    expect not match nginx;
}
)";

TEST(Model, Dump) {
  const Compiled result = compile(std::string(kPolicy));
  ASSERT_TRUE(result.policy.has_value()) << result.rendered();
  EXPECT_EQ(model::dump(*result.policy), R"(policy edge
  slice 10ms
  watchdog 20s
  kernel >= 6.18
predicate 0 cgroup under "/web.slice"
predicate 1 comm "nginx*"
predicate 2 nice -20..-6
predicate 3 kthread
predicate 4 uid {0, "nobody"}
predicate 5 sched batch
match nginx = cgroup under "/web.slice" and comm "nginx*"
cell root
  domain 0 layer web confined
    match (cgroup under "/web.slice" and comm "nginx*") or (nice -20..-6 and not kthread)
    cpus 2..25%
    slice 10ms
    weight 200
    order vtime
    preempt
  domain 1 layer batch grouped
    match uid {0, "nobody"} or sched batch
    cpus 4 core..100%
    slice 1500us
    weight 100
    order fifo
  domain 2 layer default open implicit
    match *
    slice 10ms
    weight 100
    order vtime
test "nginx in web.slice"
  task cgroup "/web.slice/nginx.service" comm "nginx: worker" leader comm "nginx" pid 2 tgid 1 ppid 0 uid "www" gid 0 nice -3 sched normal
  expect layer web in root
  expect match nginx
  expect not match nginx
)");
}

TEST(Model, Json) {
  const Compiled result = compile(std::string(kPolicy));
  ASSERT_TRUE(result.policy.has_value());
  const auto json = nlohmann::json::parse(model::to_json(*result.policy));
  EXPECT_EQ(json["policy"], "edge");
  EXPECT_EQ(json["slice_ns"], 10'000'000);
  EXPECT_EQ(json["min_kernel"], "6.18");
  EXPECT_EQ(json["predicates"][2]["ranges"], nlohmann::json::parse("[[-20, -6]]"));
  const auto& layers = json["cells"][0]["layers"];
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[1]["slice_ns"], 1'500'000);
  EXPECT_EQ(layers[2]["implicit"], true);
  EXPECT_EQ(layers[0]["match"], nlohmann::json::parse(R"({"or": [{"and": [{"test": 0}, {"test": 1}]},
                                                               {"and": [{"test": 2}, {"not": {"test": 3}}]}]})"));
}

TEST(Model, ReadsOnlyWhatLayersUse) {
  const Compiled result = compile_body("match unused = uid 0; layer x open { match nice < 0; }");
  ASSERT_TRUE(result.policy.has_value());
  EXPECT_TRUE(result.policy->reads(abi::Attribute::kNice));
  EXPECT_FALSE(result.policy->reads(abi::Attribute::kUid));
  EXPECT_FALSE(result.policy->reads(abi::Attribute::kComm));
}

TEST(Model, LayersKnowTheirPlaces) {
  const Compiled result = compile_body("layer web confined { match nice < 0; cpus 2; }");
  ASSERT_TRUE(result.policy.has_value());
  EXPECT_EQ(result.sources.text(result.policy->layer(0).span), "layer web confined");
  EXPECT_EQ(result.sources.text(result.policy->layer(0).match_span), "nice < 0");
}

std::string fingerprint(std::string_view text) {
  const Compiled result = compile(std::string(text));
  EXPECT_TRUE(result.policy.has_value()) << result.rendered();
  return result.policy ? model::fingerprint(*result.policy) : "";
}

TEST(Fingerprint, IsOverTheMeaning) {
  const std::string first =
      fingerprint("policy p { } layer x open { match nice < 0 and comm \"a\" or uid 5; }");
  EXPECT_EQ(first.size(), 32u);
  // Order, names, defaults, comments, spelling of ranges, unused matchers and tests do not count.
  EXPECT_EQ(first, fingerprint("language 1; # c\npolicy p { slice 20ms; }\nlet name = \"a\";\n"
                               "match b = comm name and not not nice ..-1; match unused = gid 4;\n"
                               "layer x open { match uid 5..5 or b; weight 100; }\n"
                               "layer default open { match *; }\n"
                               "test \"t\" { task { } expect layer default in root; }"));
}

TEST(Fingerprint, DiffersWhereTheMeaningDoes) {
  const std::string base = fingerprint("policy p { } layer x grouped { match nice < 0; }");
  for (const std::string_view other :
       {"policy q { } layer x grouped { match nice < 0; }",
        "policy p { slice 5ms; } layer x grouped { match nice < 0; }",
        "policy p { watchdog 5s; } layer x grouped { match nice < 0; }",
        "policy p { kernel >= 6.18; } layer x grouped { match nice < 0; }",
        "policy p { } layer y grouped { match nice < 0; }",
        "policy p { } layer x confined { match nice < 0; }",
        "policy p { } layer x grouped { match nice < 1; }",
        "policy p { } layer x grouped { match not nice < 0; }",
        "policy p { } layer x grouped { match nice < 0; cpus 2; }",
        "policy p { } layer x grouped { match nice < 0; weight 99; }",
        "policy p { } layer x grouped { match nice < 0; order fifo; }",
        "policy p { } layer x grouped { match nice < 0; preempt; }",
        "policy p { } layer x grouped { match nice < 0; slice 5ms; }",
        "policy p { } layer x grouped { match nice < 0; } layer y open { match comm \"a\"; }"})
    EXPECT_NE(base, fingerprint(other)) << other;
}

TEST(Defaults, OfAPolicyThatSaysNothing) {
  const Compiled result = compile("policy bare { }");
  ASSERT_TRUE(result.policy.has_value()) << result.rendered();
  EXPECT_THAT(result.summary(), testing::ElementsAre("N0601 `bare`"));
  EXPECT_EQ(result.policy->slice_ns, 20'000'000u);
  EXPECT_EQ(result.policy->watchdog_ns, 30'000'000'000u);
  EXPECT_EQ(result.policy->min_kernel, (model::KernelVersion{6, 16}));
  ASSERT_EQ(result.policy->domains.size(), 1u);
  EXPECT_EQ(result.policy->layer(0).name, "default");
  EXPECT_TRUE(result.policy->layer(0).implicit);
}

TEST(Defaults, TheImplicitLayerAvoidsATakenName) {
  const Compiled result = compile_body("layer default open { match nice 0; }");
  ASSERT_TRUE(result.policy.has_value());
  EXPECT_EQ(result.policy->layer(1).name, "default-2");
}

TEST(Defaults, CpusOfOwningLayers) {
  const auto cpus = [](std::string_view property) {
    const Compiled result = compile_body(fmt::format("layer x confined {{ match nice 0; {} }}", property));
    EXPECT_TRUE(result.policy.has_value()) << result.rendered();
    return result.policy ? model::to_string(result.policy->layer(0).cpus) : "";
  };
  EXPECT_EQ(cpus(""), "1..100%");
  EXPECT_EQ(cpus("cpus 4;"), "4..4");
  EXPECT_EQ(cpus("cpus 4..;"), "4..100%");
  EXPECT_EQ(cpus("cpus ..50%;"), "1..50%");
  EXPECT_EQ(cpus("cpus 0..2;"), "0..2");
  EXPECT_EQ(cpus("cpus 1 core..50%;"), "1 core..50%");
}

TEST(TestTasks, AreCompletedSoThatTheyCanExist) {
  const auto task = [](std::string_view attributes) {
    const Compiled result = compile_body(fmt::format(
        "layer x open {{ match *; }} test \"t\" {{ task {{ {} }} expect layer x in root; }}", attributes));
    EXPECT_TRUE(result.policy.has_value()) << result.rendered();
    return result.policy ? result.policy->tests[0].task : model::TestTask{};
  };
  EXPECT_TRUE(task("").leader);
  EXPECT_EQ(task("pid 7;").tgid, 7);
  EXPECT_EQ(task("tgid 7;").pid, 7);
  EXPECT_EQ(task("comm \"a\";").leader_comm, "a");
  EXPECT_FALSE(task("pid 7; tgid 8;").leader);
  EXPECT_FALSE(task("comm \"a\"; leader comm \"b\";").leader);
  const model::TestTask thread = task("not leader; pid 7;");
  EXPECT_NE(thread.pid, thread.tgid);
  EXPECT_TRUE(task("kthread;").kthread);
  EXPECT_EQ(task("sched idle;").sched, abi::kSchedIdle);
}

TEST(TestTasks, AreOnTheTestsHost) {
  const auto task = [](std::string_view host, std::string_view attributes) {
    const Compiled result = compile_body(fmt::format(
        "layer x open {{ match *; }} test \"t\" {{ task {{ {} }} host \"{}\"; expect layer x in root; }}",
        attributes, host));
    EXPECT_TRUE(result.policy.has_value()) << result.rendered();
    return result.policy ? result.policy->tests[0].task : model::TestTask{};
  };
  const model::TestTask all = task("2n2l2c", "");
  EXPECT_EQ(all.affinity_node, -1);
  EXPECT_EQ(all.affinity_llc, -1);
  EXPECT_TRUE(all.affinity_full);
  EXPECT_FALSE(all.affinity_pinned);
  const model::TestTask second = task("2n2l2c", "affinity \"4,6\";");
  EXPECT_EQ(second.affinity_node, 1);
  EXPECT_EQ(second.affinity_llc, -1);
  EXPECT_FALSE(second.affinity_full);
  const model::TestTask one = task("2n2l2c", "affinity \"7\";");
  EXPECT_EQ(one.affinity_llc, 3);
  EXPECT_TRUE(one.affinity_pinned);
  EXPECT_TRUE(task("2c", "affinity \"0-1\";").affinity_full);
}

TEST(TestTasks, UseWhatTheyHaveOpened) {
  const auto task = [](std::string_view attributes) {
    const Compiled result = compile_body(fmt::format(
        "layer x open {{ match *; }} test \"t\" {{ task {{ {} }} expect layer x in root; }}", attributes));
    EXPECT_TRUE(result.policy.has_value()) << result.rendered();
    return result.policy ? result.policy->tests[0].task : model::TestTask{};
  };
  EXPECT_EQ(task("").gpu_process, -1);
  EXPECT_EQ(task("gpu process;").gpu_process, 0);
  EXPECT_EQ(task("gpu process;").gpu_thread, -1);
  EXPECT_EQ(task("gpu thread device 2;").gpu_process, 2);
  EXPECT_EQ(task("not gpu thread; gpu process device 1;").gpu_process, 1);
}

}  // namespace
}  // namespace scx::test
