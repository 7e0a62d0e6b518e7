// Random policies and tasks that meet in them, from a seed: small alphabets, so
// that tests hold as often as not. Used by the property tests of classifiers and
// analyses.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace scx::testing {

class PolicyMaker {
 public:
  explicit PolicyMaker(uint32_t seed, bool cells = false) : random_(seed), cells_(cells) {}

  // `layers` and a last one that takes the rest, `tests` that each describe a task and expect what may be
  // wrong.
  std::string make(int layers, int tests) {
    std::string out = "language 1;\npolicy p { slice 10ms; }\n";
    if (cells_) out += cells();
    for (int i = 0; i < layers; ++i) out += fmt::format("layer l{} open {{ match {}; }}\n", i, expression());
    out += "layer rest open { match *; }\n";
    for (int i = 0; i < tests; ++i)
      out += fmt::format("test \"t{}\" {{ host \"2n2l2c\"; task {{ {} }} expect layer rest in root; }}\n", i,
                         task());
    return out;
  }

 private:
  size_t below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }
  bool coin() { return below(2) == 0; }
  std::string pick(const std::vector<std::string>& words) { return words[below(words.size())]; }
  std::string letters(size_t least, size_t most) {
    std::string out;
    for (size_t i = 0, size = least + below(most - least + 1); i < size; ++i) out += pick({"a", "b", "c"});
    return out;
  }
  std::string path(size_t least) {
    std::string out;
    for (size_t i = 0, size = least + below(cells_ ? 5 : 3); i < size; ++i) out += "/" + letters(1, 2);
    return out.empty() ? "/" : out;
  }

  // Cells beside and below each other, none at another one's cgroup.
  std::string cells() {
    const std::string family = pick({"/b/*", "/b*", "/b/**", "/b/*/[ab]*"});
    const std::string except = pick({"", " except under \"/b/a\"", " except \"/b/?b\"",
                                     " except under \"/b/c\" except under \"/b/*/b\""});
    std::string out = fmt::format("cell one {{ cgroup under \"{}\"; {}}}\n",
                                  pick({"/a", "/ab", "/a/b", "/a/[bc]"}), inner_layers());
    out += fmt::format("cells many for cgroup under \"{}\"{} {{ max {}; {}}}\n", family, except, 1 + below(5),
                       inner_layers());
    if (coin())
      out += fmt::format("cell two {{ cgroup under \"/c\"; cgroup under \"/c/ab\"; {}}}\n", inner_layers());
    if (coin()) out += fmt::format("cells deep for cgroup \"/c/*/a\" {{ max 3; {}}}\n", inner_layers());
    if (!family.ends_with("]*") && family != "/b/**" && coin())
      out += fmt::format("cell below {{ cgroup under \"/b/a/c\"; {}}}\n", inner_layers());
    return out;
  }
  std::string inner_layers() {
    std::string out;
    for (size_t i = 0, size = below(4); i < size; ++i)
      out += fmt::format("layer m{} open {{ match {}; }} ", i, expression());
    return out;
  }

  std::string comm_test() {
    const std::string a = letters(1, 3), b = letters(1, 3);
    switch (below(8)) {
      case 0:
        return fmt::format("== \"{}\"", letters(1, 15));
      case 1:
        return fmt::format("prefix \"{}\"", a);
      case 2:
        return fmt::format("suffix \"{}\"", a);
      case 3:
        return fmt::format("contains \"{}\"", a);
      case 4:
        return fmt::format("\"{}*\"", a);
      case 5:
        return fmt::format("\"*{}?{}*\"", a, b);
      case 6:
        return fmt::format("matches \"^{}[ab]*{}$\"", a, b);
      default:
        return fmt::format("matches \"({}|{}).{{1,2}}a\"", a, b);
    }
  }
  std::string cgroup_test() {
    // Beside cells only what holds for some cgroups of every cell and not for others: else the layer would be
    // an error.
    switch (cells_ ? 4 + below(2) : below(7)) {
      case 0:
        return fmt::format("== \"{}\"", path(0));
      case 1:
        return fmt::format("under \"{}\"", path(1));
      case 2:
        return fmt::format("under \"{}/*\"", path(1));
      case 3:
        return fmt::format("\"/*/{}*\"", letters(1, 2));
      case 4:
        return fmt::format("\"/**/{}\"", letters(1, 2));
      case 5:
        return fmt::format("suffix \"{}\"", letters(1, 2));
      default:
        return fmt::format("matches \"{}/.*{}\"", letters(1, 1), letters(1, 1));
    }
  }
  // The test of one attribute; `kind` says which, so that two of an expression differ.
  std::string test(size_t kind) {
    switch (kind) {
      case 0:
        return "comm " + comm_test();
      case 1:
        return "leader comm " + comm_test();
      case 2:
        return "cgroup " + cgroup_test();
      case 3:
        return fmt::format("nice {}..{}", -20 + static_cast<int>(below(20)), below(20));
      case 4:
        return fmt::format("pid {{{}, {}..{}}}", 1 + below(4), 6 + below(3), 10 + below(9));
      case 5:
        return pick(
            {"uid \"root\"", "uid != \"alice\"", "uid {\"alice\", \"bob\"}", "uid 5..9", "uid \"nobody\""});
      case 6:
        return pick({"gid \"staff\"", "gid != 7", "gid 0..8"});
      case 7:
        return pick({"sched batch", "sched idle", "sched normal"});
      case 8:
        return pick({"kthread", "not leader", "leader"});
      case 9:
        return fmt::format("tgid {}..", 2 + below(19));
      case 10:
        return pick({"affinity within node 0", "affinity within node {1, 2}", "affinity within llc 1",
                     "affinity full", "affinity pinned"});
      case 11:
        return pick({"gpu thread", "gpu process", "gpu thread device 1", "gpu process device 2 for 1m"});
      default:
        return fmt::format("ppid ..{}", below(20));
    }
  }
  std::string expression() {
    const size_t a = below(13), b = (a + 1 + below(5)) % 13, c = (b + 1 + below(4)) % 13;
    const std::string first = test(a), second = test(b);
    if (c == a) return fmt::format("{} and not ({})", first, second);
    switch (below(4)) {
      case 0:
        return fmt::format("{} and ({} or {})", first, second, test(c));
      case 1:
        return fmt::format("({} or not ({})) and {}", first, second, test(c));
      case 2:
        return fmt::format("{} or {} and not ({})", first, second, test(c));
      default:
        return fmt::format("not ({} or {}) and {}", first, second, test(c));
    }
  }
  std::string task() {
    const bool leader = coin();
    const size_t pid = 1 + below(20);
    std::string out = fmt::format("comm \"{}\"; cgroup \"{}\"; nice {}; sched {};", letters(0, 15), path(0),
                                  -20 + static_cast<int>(below(40)), pick({"normal", "batch", "idle"}));
    out += fmt::format(" pid {}; tgid {}; ppid {};", pid, leader ? pid : pid + 1, below(20));
    out += fmt::format(" uid {}; gid {};", pick({"0", "5", "65534", "\"alice\"", "\"bob\"", "\"carol\""}),
                       pick({"0", "7", "\"staff\""}));
    if (!leader) out += fmt::format(" leader comm \"{}\"; not leader;", letters(0, 15));
    // No kernel thread opens a device.
    const bool kthread = below(4) == 0 && leader;
    if (kthread) out += " kthread;";
    if (!kthread)
      out += pick(
          {"", "", " gpu process;", " gpu thread device 1;", " gpu process device 2;", " not gpu thread;"});
    if (coin())
      out += fmt::format(" affinity \"{}\";", pick({"0-1", "2", "0-3", "4,6", "1,5-7", "7", "0-7"}));
    return out;
  }

  std::mt19937 random_;
  bool cells_;
};

}  // namespace scx::testing
