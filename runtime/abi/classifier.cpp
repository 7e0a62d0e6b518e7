#include "runtime/abi/classifier.h"

#include "runtime/base/check.h"

namespace scx::abi {

std::string_view spelling(Attribute attribute) {
  switch (attribute) {
    case Attribute::kCgroup:
      return "cgroup";
    case Attribute::kComm:
      return "comm";
    case Attribute::kLeaderComm:
      return "leader comm";
    case Attribute::kPid:
      return "pid";
    case Attribute::kTgid:
      return "tgid";
    case Attribute::kPpid:
      return "ppid";
    case Attribute::kUid:
      return "uid";
    case Attribute::kGid:
      return "gid";
    case Attribute::kNice:
      return "nice";
    case Attribute::kSched:
      return "sched";
    case Attribute::kKthread:
      return "kthread";
    case Attribute::kLeader:
      return "leader";
    case Attribute::kAffinityNode:
      return "affinity within node";
    case Attribute::kAffinityLlc:
      return "affinity within llc";
    case Attribute::kAffinityFull:
      return "affinity full";
    case Attribute::kAffinityPinned:
      return "affinity pinned";
    case Attribute::kGpuThread:
      return "gpu thread";
    case Attribute::kGpuProcess:
      return "gpu process";
  }
  SCX_CHECK(false, "unknown attribute");
}

std::string sched_word(int64_t policy) {
  if (policy == kSchedNormal) return "normal";
  if (policy == kSchedBatch) return "batch";
  return policy == kSchedIdle ? "idle" : std::to_string(policy);
}

}  // namespace scx::abi
