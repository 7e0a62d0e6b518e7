// Policies for the tests of code generation, and what becomes of them. Every
// test goes the whole way from policy text, so nothing here is made up.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "compiler/automata/build.h"
#include "compiler/codegen/codegen.h"
#include "compiler/sema/analyse.h"
#include "compiler/syntax/syntax.h"

namespace scx::codegen::testing {

inline const std::string kOneLayer = "language 1;\npolicy one { slice 10ms; }\nlayer all open { match *; }\n";

// Every kind, order, attribute and event.
inline const std::string kRich = R"(language 1;
policy rich-one { slice 20ms; watchdog 10s; }
match web = comm "web*" or leader comm == "webd" or comm == "fifteen-letters";
match part = cgroup under "/web.slice" and comm contains "srv";
layer conf confined { match web or part; cpus 2..2; slice 5ms; }
layer grp grouped { match comm suffix "-grp" or cgroup "/g/*/x" or leader comm contains "x"; cpus 2..2; preempt; order fifo; }
layer low open {
  match uid 1000..2000 or gid != "nogroup" and gid {5, 7..9} or uid "nobody" or nice > 4 or comm "low*"
        or affinity within node {0, 2} and not affinity within llc 1 or affinity pinned and not affinity full
        or gpu process device 3 for 5m or gpu thread and not gpu thread device 1
        or sched batch or (ppid 1 and comm "child*") or not (pid 1..100 or tgid 2) and leader and kthread;
  weight 100;
}
layer rest open { match *; weight 300; }
)";

// Layers that share the machine and nothing else: no owner, no event.
inline const std::string kOpenOnly = R"(language 1;
policy open-only { slice 5ms; }
layer threads open { match kthread; weight 200; }
layer rest open { match *; }
)";

struct Compiled {
  Sources sources;
  diag::Diagnostics diagnostics;
  model::Policy policy;
  abi::Classifier classifier;
  std::string text;
};

inline std::filesystem::path scratch() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  const auto path = std::filesystem::path(::testing::TempDir()) /
                    ("codegen-" + std::string(info->test_suite_name()) + "-" + info->name());
  std::filesystem::create_directories(path);
  return path;
}

inline std::string write(const std::string& name, const std::string& text) {
  const std::string path = (scratch() / name).string();
  std::ofstream(path) << text;
  return path;
}

// Precondition: the policy is right.
inline Compiled compile_policy(const std::string& policy_text) {
  Compiled compiled;
  const std::string path = write("policy.scx", policy_text);
  auto program = syntax::parse_program(path, {}, compiled.sources, compiled.diagnostics);
  EXPECT_TRUE(program.ok());
  auto policy = sema::analyse(*program, compiled.sources, compiled.diagnostics);
  EXPECT_TRUE(policy.has_value() && !compiled.diagnostics.has_errors()) << policy_text;
  if (!policy) std::abort();
  compiled.policy = *std::move(policy);
  compiled.classifier = automata::build_classifier(compiled.policy, compiled.sources, compiled.diagnostics);
  compiled.text = emit(compiled.policy, compiled.classifier, compiled.sources);
  return compiled;
}

}  // namespace scx::codegen::testing
