#include "compiler/analysis/test_meaning.h"

#include <vector>

#include <fmt/format.h>

#include "runtime/base/check.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

using abi::Attribute;
using Op = model::StringTest::Op;

std::string string_meaning(const std::string& whose, const model::StringTest& test, bool path) {
  const std::string text = quoted(test.text);
  switch (test.op) {
    case Op::kExact:
      return fmt::format("{} is {}", whose, text);
    case Op::kUnder:
      if (test.text.find_first_of("*?[") != std::string::npos)
        return fmt::format("{} fits the pattern {} (`*` stops at `/`), or is below such a one", whose, text);
      return fmt::format("{} is {} or below it", whose, text);
    case Op::kPrefix:
      return fmt::format("{} begins with {}", whose, text);
    case Op::kSuffix:
      return fmt::format("{} ends with {}", whose, text);
    case Op::kContains:
      return fmt::format("{} has {} in it", whose, text);
    case Op::kGlob:
      return fmt::format("{} fits the pattern {}{}", whose, text,
                         path ? " as a whole (`*` stops at `/`, `**` does not)" : " as a whole");
    case Op::kRegex:
      return fmt::format("{} has a part that fits the regular expression {}", whose, text);
  }
  SCX_CHECK(false, "the operator is an enumerator");
}

std::string one_of(const std::vector<std::string>& members) {
  std::string out;
  for (size_t i = 0; i < members.size(); ++i)
    out += (i == 0 ? "" : i + 1 == members.size() ? " or " : ", ") + members[i];
  return out;
}

std::string numbers(const model::Predicate& predicate) {
  std::vector<std::string> members;
  for (const abi::IntRange& range : predicate.ranges) {
    if (predicate.attribute == Attribute::kSched)
      for (int64_t value = range.low; value <= range.high; ++value) members.push_back(abi::sched_word(value));
    else
      members.push_back(range.low == range.high ? std::to_string(range.low)
                                                : fmt::format("from {} to {}", range.low, range.high));
  }
  for (const std::string& name : predicate.names) members.push_back("that of " + quoted(name));
  return (predicate.negated_names ? "neither of these: " : "") + one_of(members);
}

std::string gpu_meaning(const model::Predicate& predicate) {
  return fmt::format(
      "{} opened {}{}", predicate.attribute == Attribute::kGpuThread ? "it" : "some thread of its process",
      predicate.device ? fmt::format("the GPU {}", *predicate.device) : "a GPU",
      predicate.for_ns != 0 ? fmt::format(" in the last {}", model::duration_text(predicate.for_ns)) : "");
}

// Of a flag, which holds or must not hold.
std::string flag_meaning(const model::Predicate& predicate, const char* yes, const char* no) {
  return predicate.ranges == std::vector<abi::IntRange>{{0, 0}} ? no : yes;
}

}  // namespace

std::string meaning(const model::Predicate& predicate) {
  switch (predicate.attribute) {
    case Attribute::kCgroup:
      return string_meaning("the path of its cgroup", *predicate.string, true);
    case Attribute::kComm:
      return string_meaning("its name", *predicate.string, false);
    case Attribute::kLeaderComm:
      return string_meaning("the name of its process's first thread", *predicate.string, false);
    case Attribute::kPid:
      return "its thread id is " + numbers(predicate);
    case Attribute::kTgid:
      return "its process id is " + numbers(predicate);
    case Attribute::kPpid:
      return "the process id of its parent is " + numbers(predicate);
    case Attribute::kUid:
      return "its effective user id is " + numbers(predicate);
    case Attribute::kGid:
      return "its effective group id is " + numbers(predicate);
    case Attribute::kNice:
      return "its nice value is " + numbers(predicate);
    case Attribute::kSched:
      return "its scheduling policy is " + numbers(predicate);
    case Attribute::kKthread:
      return flag_meaning(predicate, "it is a kernel thread", "it is no kernel thread");
    case Attribute::kLeader:
      return flag_meaning(predicate, "it is the first thread of its process",
                          "it is not the first thread of its process");
    case Attribute::kAffinityNode:
      return "every CPU that it may use is on one node, which is " + numbers(predicate);
    case Attribute::kAffinityLlc:
      return "every CPU that it may use has one last-level cache, which is " + numbers(predicate);
    case Attribute::kAffinityFull:
      return flag_meaning(predicate, "it may use every CPU", "it may not use every CPU");
    case Attribute::kAffinityPinned:
      return flag_meaning(predicate, "it may use one CPU only", "it may use more than one CPU");
    case Attribute::kGpuThread:
    case Attribute::kGpuProcess:
      return gpu_meaning(predicate);
  }
  SCX_CHECK(false, "the attribute is an enumerator");
}

}  // namespace scx::analysis
