// What `scxc diff` says: by examples, and over pairs of random policies, where
// every example task is checked by both reference classifiers and no random task
// may move unannounced.
#include "compiler/analysis/policy_diff.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/analysis/policy_tests.h"
#include "tests/support/policy_maker.h"
#include "tests/unit/sema/compile.h"

namespace scx::analysis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Side : test::Classified {
  using test::Classified::Classified;
  [[nodiscard]] PolicySide side() const { return {&*compiled.policy, &classifier}; }
  [[nodiscard]] DiffSubject subject() const { return {side(), &compiled.sources}; }
};

std::string diff(const std::string& old_text, const std::string& new_text) {
  const Side olds(old_text), news(new_text);
  if (!olds.sound() || !news.sound()) return olds.compiled.rendered() + news.compiled.rendered();
  return to_text(diff_policies(olds.side(), news.side()), olds.subject(), news.subject(), false);
}

const std::string kBegin = "policy p { }\n";
const std::string kRest = "layer rest open { match *; }\n";

TEST(PolicyDiff, OtherWordsAreNoDifference) {
  EXPECT_THAT(diff(kBegin + "layer a open { match comm \"x\" and nice < 0; }" + kRest,
                   kBegin +
                       "# other\nmatch m = nice -20..-1 and comm \"x\";\nlayer a open { match not not m; "
                       "weight 100; }" +
                       kRest),
              HasSubstr("mean the same"));
  // Layers that have no task in common may change places.
  EXPECT_THAT(diff(kBegin + "layer a open { match nice < 0; } layer b open { match nice > 0; }" + kRest,
                   kBegin + "layer b open { match nice > 0; } layer a open { match nice < 0; }" + kRest),
              HasSubstr("mean the same"));
}

TEST(PolicyDiff, TheOrderOfLayersThatOverlapMatters) {
  const std::string found =
      diff(kBegin + "layer a open { match nice < 0; } layer b open { match comm \"x*\"; }" + kRest,
           kBegin + "layer b open { match comm \"x*\"; } layer a open { match nice < 0; }" + kRest);
  EXPECT_THAT(found, HasSubstr("task { comm \"x\"; nice -1; }"));
  EXPECT_THAT(found, HasSubstr("- layer `a` in `root`"));
  EXPECT_THAT(found, HasSubstr("+ layer `b` in `root`"));
  EXPECT_THAT(found, HasSubstr(": 1 move\n"));
}

TEST(PolicyDiff, ARenameIsNoMove) {
  // Proved by the tasks, not by what is written.
  const std::string found = diff(kBegin + "layer a open { match nice < 0 or nice > 5; }" + kRest,
                                 kBegin + "layer b open { match not nice 0..5; }" + kRest);
  EXPECT_THAT(
      found,
      HasSubstr("layer `a` in `root` (test.scx:2) is now layer `b` in `root` (test.scx:2): the same tasks"));
  EXPECT_THAT(found, HasSubstr(": 1 renamed\n"));
  // Written alike, but another layer takes some of its tasks.
  const std::string narrowed =
      diff(kBegin + "layer a open { match nice < 0; }" + kRest,
           kBegin + "layer c open { match comm \"x\"; } layer b open { match nice < 0; }" + kRest);
  EXPECT_THAT(narrowed, HasSubstr("is now layer `b` in `root` (test.scx:2): the same match"));
  EXPECT_THAT(narrowed, HasSubstr("1 renamed, 1 new, 2 moves"));
  // Fewer tasks are another layer.
  EXPECT_THAT(diff(kBegin + "layer a open { match nice < 0; }" + kRest,
                   kBegin + "layer b open { match nice < -1; }" + kRest),
              HasSubstr("1 removed, 1 new, 2 moves"));
}

TEST(PolicyDiff, CellsAreFollowed) {
  const std::string with_cell = kBegin + "cell db { cgroup under \"/db\"; }" + kRest;
  EXPECT_THAT(diff(with_cell, kBegin + "cell data { cgroup under \"/db\"; }" + kRest),
              HasSubstr("is now cell `data` (test.scx:2): the same cgroups"));
  const std::string added = diff(kBegin + kRest, with_cell);
  EXPECT_THAT(added, HasSubstr("+ cell `db`"));
  EXPECT_THAT(added, HasSubstr("task { cgroup \"/db\"; }"));
  EXPECT_THAT(added, HasSubstr("+ layer `default` in `db` (added by the compiler)"));
  // A cell within another one, in both policies.
  const std::string deep =
      kBegin + "cell db { cgroup under \"/db\"; } cell log { cgroup under \"/db/log\"; }" + kRest;
  EXPECT_THAT(diff(with_cell, deep), HasSubstr("task { cgroup \"/db/log\"; }"));
  EXPECT_THAT(diff(deep, deep), HasSubstr("mean the same"));
}

TEST(PolicyDiff, WhatFullFamiliesRefuseIsToldApart) {
  const auto policy = [](const char* match) {
    return kBegin + "cells t for cgroup under \"/t/*\" { max 2; }\nlayer a open { match " + match + "; }\n" +
           kRest;
  };
  const std::string found =
      diff(policy("cgroup under \"/t\" and nice < 0"), policy("cgroup == \"/t\" and nice < 0"));
  EXPECT_THAT(found, HasSubstr("and where a family of cells is full and refuses the cgroup\n  - layer `a` in "
                               "`root` (test.scx:3): cgroup under \"/t\" and nice < 0\n      task { cgroup "
                               "\"/t/0\"; nice -1; }"));
  EXPECT_THAT(found, HasSubstr(": 1 move\n"));
}

TEST(PolicyDiff, SettingsAreInTheLanguagesWords) {
  const std::string found = diff(
      "policy p { slice 20ms; }\nlayer a confined { match nice < 0; cpus 2..; preempt; }\nlayer rest open { "
      "match *; slice 4ms; }",
      "policy p { slice 10ms; }\nlayer a grouped { match nice < 0; cpus 4..50%; weight 300; }\nlayer rest "
      "open { match *; slice 4ms; }\n");
  for (const char* line : {"- slice 20ms", "+ slice 10ms", "- cpus 2..100%", "+ cpus 4..50%", "- weight 100",
                           "+ weight 300", "- preempt", "- confined", "+ grouped"})
    EXPECT_THAT(found, HasSubstr(line));
  // What follows from the policy's slice is told once.
  EXPECT_THAT(found, HasSubstr(": 5 settings\n"));
}

TEST(PolicyDiff, CleanupIsASetting) {
  const auto policy = [](const char* cleanup) {
    return kBegin + "cell outer { cgroup under \"/a\"; }\ncell inner { cgroup under \"/a/b\"; " + cleanup +
           " }\n" + kRest;
  };
  const std::string found = diff(policy(""), policy("cleanup { on cell end { drain tasks to root; } }"));
  EXPECT_THAT(found, HasSubstr("on cell end { drain tasks to root; }"));
  EXPECT_THAT(found, Not(HasSubstr("task {")));
}

TEST(PolicyDiff, UsesOfSeveralGpusAreNotDecided) {
  const std::string found = diff(
      kBegin + "layer a open { match gpu process device 1; }" + kRest,
      kBegin + "layer b open { match gpu process device 2; } layer a open { match gpu process device 1; }" +
          kRest);
  EXPECT_THAT(found,
              HasSubstr("not decided: whether tasks go\n  from layer `a` in `root` to layer `b` in `root`"));
}

// The same policy as somebody else would write it: a comment and a line end behind each statement.
std::string reformatted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == ';') out += "   # as before\n";
  }
  return out;
}

// A random change of a policy: layers swapped, one dropped, one of another policy in its place.
std::string changed(const std::string& text, const std::string& other, uint32_t seed) {
  std::mt19937 random(seed);
  const auto lines = [](const std::string& all) {
    std::vector<std::string> out;
    for (size_t at = 0; at < all.size();) {
      const size_t end = all.find('\n', at);
      out.push_back(all.substr(at, end - at));
      at = end + 1;
    }
    return out;
  };
  const auto is_layer = [](const std::string& line) { return line.rfind("layer l", 0) == 0; };
  std::vector<std::string> all = lines(text), others = lines(other);
  std::vector<size_t> layers;
  for (size_t i = 0; i < all.size(); ++i)
    if (is_layer(all[i])) layers.push_back(i);
  if (layers.size() < 2) return text;
  const auto any = [&] { return layers[random() % layers.size()]; };
  if (random() % 2 == 0) std::swap(all[any()], all[any()]);
  if (random() % 3 == 0) all[any()].clear();
  if (random() % 2 == 0)
    for (const std::string& line : others)
      if (is_layer(line)) {
        std::string& target = all[any()];
        target = "layer m" + line.substr(line.find(' ', 6));
        break;
      }
  if (random() % 3 == 0) {
    std::string& renamed = all[any()];
    if (!renamed.empty()) renamed = "layer n" + renamed.substr(renamed.find(' ', 6));
  }
  std::string out;
  for (const std::string& line : all) out += line + "\n";
  return out;
}

uint32_t pairs() {
  const char* wanted = std::getenv("SCX_DIFF_POLICIES");
  return wanted != nullptr ? static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10)) : 200;
}

LayerPlace place_of(const classify::Verdict& verdict) { return {verdict.cell, verdict.match}; }

// What a difference says of a task that goes from one place to the other.
bool is_told(const PolicyDiff& found, const model::Policy& old_policy, const model::Policy& new_policy,
             LayerPlace from, LayerPlace to) {
  if (std::any_of(found.moves.begin(), found.moves.end(),
                  [&](const Move& move) { return move.from == from && move.to == to; }))
    return true;
  std::string cell = old_policy.cells[from.cell].name,
              layer = old_policy.cells[from.cell].layers[from.layer].name;
  for (const Rename& rename : found.renames) {
    if (rename.old_cell != from.cell) continue;
    cell = new_policy.cells[rename.new_cell].name;
    if (rename.old_layer == from.layer)
      layer = new_policy.cells[rename.new_cell].layers[*rename.new_layer].name;
  }
  return new_policy.cells[to.cell].name == cell && new_policy.cells[to.cell].layers[to.layer].name == layer;
}

TEST(PolicyDiff, AgreesWithRandomTasks) {
  uint32_t used = 0, moves = 0, undecided = 0, same = 0, renamed = 0, tasks = 0, moved_tasks = 0;
  for (uint32_t seed = 1; seed <= pairs(); ++seed) {
    const bool cells = seed % 3 == 0;
    const int layers = cells ? 3 : 6;
    const std::string old_text = testing::PolicyMaker(seed, cells).make(layers, 40);
    const std::string other = testing::PolicyMaker(seed + 100'000, cells).make(layers, 0);
    // Where the cells differ, whole policies.
    const std::string new_text = cells && seed % 2 == 0
                                     ? testing::PolicyMaker(seed + 200'000, true).make(layers, 0)
                                     : changed(old_text, other, seed);
    const Side olds(old_text), news(new_text);
    if (!olds.sound() || !news.sound()) continue;
    ++used;
    ASSERT_TRUE(diff_policies(olds.side(), olds.side()).is_empty()) << old_text;
    const Side again(reformatted(old_text));
    ASSERT_TRUE(again.sound()) << again.compiled.rendered();
    ASSERT_TRUE(diff_policies(olds.side(), again.side()).is_empty()) << old_text;
    const PolicyDiff found = diff_policies(olds.side(), news.side());
    same += found.is_empty() ? 1 : 0;
    renamed += static_cast<uint32_t>(found.renames.size());
    for (const Move& move : found.moves) {
      ++moves;
      undecided += move.is_decided ? 0 : 1;
      if (!move.is_decided || move.needs_full) continue;
      const TaskFinding& task = move.task;
      ASSERT_EQ(place_of(classify::classify(olds.classifier, task.task, task.ids)), move.from) << old_text;
      ASSERT_EQ(place_of(classify::classify(news.classifier, task.task, task.ids)), move.to) << new_text;
    }
    // Ids of all names that either knows.
    classify::NameIds ids = test_name_ids(*olds.compiled.policy);
    ids.users.insert(
        {{"alice", 0x80000100}, {"bob", 0x80000101}, {"carol", 0x80000102}, {"root", 0}, {"nobody", 65534}});
    ids.groups.insert({"staff", 0x80000103});
    for (const model::Test& test : olds.compiled.policy->tests) {
      const classify::TaskFacts facts = test_facts(test.task, ids);
      const LayerPlace from = place_of(classify::classify(olds.classifier, facts, ids));
      const LayerPlace to = place_of(classify::classify(news.classifier, facts, ids));
      ASSERT_TRUE(is_told(found, *olds.compiled.policy, *news.compiled.policy, from, to))
          << "seed " << seed << ", " << test.name << "\n"
          << old_text << "\n"
          << new_text;
      ++tasks;
      moved_tasks += from != to ? 1 : 0;
    }
  }
  std::printf(
      "%u pairs, %u without a difference: %u moves, %u undecided, %u renamed; %u tasks, %u at another "
      "place\n",
      used, same, moves, undecided, renamed, tasks, moved_tasks);
  EXPECT_GT(used, pairs() / 5);
  EXPECT_GT(moves, used);
  EXPECT_GT(moved_tasks, used);
  EXPECT_GT(renamed, 0U);
  EXPECT_LT(undecided, moves / 20 + 1);
}

// So many layers as a policy has in practice at most, with overlaps.
std::string large(uint32_t seed, bool overlapping) {
  std::mt19937 random(seed);
  std::string out = kBegin;
  for (int i = 0; i < 200; ++i) {
    const uint32_t a = random() % 150, b = random() % 40;
    out += overlapping
               ? fmt::format(
                     "layer l{} open {{ match comm contains \"{}\" and nice {}..{} or cgroup under "
                     "\"/s/{}\"; }}\n",
                     i, static_cast<char>('a' + a % 26), -20 + static_cast<int>(b % 20),
                     static_cast<int>(b % 19), a)
               : fmt::format("layer l{} open {{ match cgroup under \"/s/{}-{}\" and comm \"w{}*\"; }}\n", i,
                             i, a % 3, b);
  }
  return out + kRest;
}

TEST(PolicyDiff, TwoHundredLayersTakeSeconds) {
  for (const bool overlapping : {false, true}) {
    const Side olds(large(1, overlapping)), news(large(2, overlapping));
    ASSERT_TRUE(olds.sound() && news.sound()) << olds.compiled.rendered() << news.compiled.rendered();
    const auto begin = std::chrono::steady_clock::now();
    const PolicyDiff found = diff_policies(olds.side(), news.side());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const auto undecided = std::count_if(found.moves.begin(), found.moves.end(),
                                         [](const Move& move) { return !move.is_decided; });
    std::printf("%s: %zu moves, %td of them undecided, %zu renamed, %.2f s\n",
                overlapping ? "overlapping" : "apart", found.moves.size(), undecided, found.renames.size(),
                took.count());
    EXPECT_FALSE(found.moves.empty());
    // A bound against quadratic surprises, not a measurement: builds with sanitizers take ten times as long.
    EXPECT_LT(took.count(), 60);
    const auto again = std::chrono::steady_clock::now();
    EXPECT_TRUE(diff_policies(olds.side(), olds.side()).is_empty());
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - again).count(), 20);
  }
}

// Matches of several attributes, of which most have tasks in common: what costs most.
std::string mixed(uint32_t seed) {
  std::mt19937 random(seed);
  const auto letter = [&] { return static_cast<char>('a' + random() % 26); };
  std::string out = kBegin;
  for (int i = 0; i < 250; ++i) {
    const int low = -20 + static_cast<int>(random() % 20);
    std::string match = fmt::format("nice {}..{}", low, low + static_cast<int>(random() % 20));
    if (random() % 2 == 0) match += fmt::format(" and comm contains \"{}\"", letter());
    if (random() % 2 == 0) match = fmt::format("({} or uid {{{}, {}}})", match, random() % 50, random() % 50);
    if (random() % 2 == 0) match += fmt::format(" and not cgroup under \"/s/{}\"", letter());
    if (random() % 3 == 0) match += fmt::format(" and ppid {}..", random() % 90);
    out += fmt::format("layer l{} open {{ match {}; }}\n", i, match);
  }
  return out + kRest;
}

TEST(PolicyDiff, WhatCostsTooMuchIsNotDecided) {
  const Side olds(mixed(1)), news(mixed(2));
  ASSERT_TRUE(olds.sound() && news.sound()) << olds.compiled.rendered() << news.compiled.rendered();
  const auto begin = std::chrono::steady_clock::now();
  const PolicyDiff found = diff_policies(olds.side(), news.side());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto undecided = std::count_if(found.moves.begin(), found.moves.end(),
                                       [](const Move& move) { return !move.is_decided; });
  std::printf("%zu moves, %td of them undecided, %.2f s\n", found.moves.size(), undecided, took.count());
  EXPECT_GT(undecided, 0);
  // Beyond the bound nothing is collected any more, apart from what the last pair asks.
  EXPECT_GT(found.goals, kMaxGoals);
  EXPECT_LE(found.goals, kMaxGoals + olds.compiled.policy->cells.front().layers.size() +
                             news.compiled.policy->cells.front().layers.size() + 2);
  EXPECT_LT(took.count(), 60);
}

}  // namespace
}  // namespace scx::analysis
