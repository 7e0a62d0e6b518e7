// Real tasks for every layer of a policy, in the guest of --vm only.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/cli/commands.h"
#include "runtime/cli/witness.h"
#include "runtime/explain/proc_task.h"
#include "runtime/load/object_file.h"

namespace scx::cli {
namespace {

bool enter_cgroup(const std::string& path) {
  std::string folder = "/sys/fs/cgroup";
  for (size_t at = 1; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    folder += "/" + path.substr(at, end - at);
    ::mkdir(folder.c_str(), 0755);
    at = end + 1;
  }
  const int procs = ::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  const bool entered = procs >= 0 && ::write(procs, "0", 1) == 1;
  if (procs >= 0) ::close(procs);
  return entered;
}

// Computes for `busy_us` out of `period_us`, for ever.
[[noreturn]] void work(long busy_us, long period_us) {
  volatile uint64_t sink = 0;
  for (;;) {
    timespec start{};
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &start);
    do {
      for (int i = 0; i < 1000; ++i) sink = sink + static_cast<uint64_t>(i);
      ::clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1'000'000 + (now.tv_nsec - start.tv_nsec) / 1000 < busy_us);
    if (period_us > busy_us) ::usleep(static_cast<useconds_t>(period_us - busy_us));
  }
}

void start_task(const classify::TaskFacts& facts, long busy_us, long period_us) {
  if (::fork() != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sched_param none{};
  bool ready = facts.cgroup == "/" || enter_cgroup(facts.cgroup);
  ready = (facts.sched == 0 || ::sched_setscheduler(0, static_cast<int>(facts.sched), &none) == 0) && ready;
  ready = ::setpriority(PRIO_PROCESS, 0, static_cast<int>(facts.nice)) == 0 && ready;
  ready = ::setgroups(0, nullptr) == 0 && ::setgid(static_cast<gid_t>(facts.gid)) == 0 && ready;
  ready = ::setuid(static_cast<uid_t>(facts.uid)) == 0 && ready;
  ready = ::prctl(PR_SET_NAME, facts.comm.c_str()) == 0 && ready;
  if (!ready) std::_Exit(1);
  work(busy_us, period_us);
}

}  // namespace

int run_guest_load(const Options& options) {
  // It makes cgroups and keeps CPUs busy: nothing for a machine that people use.
  if (std::getenv("SCX_RUN_GUEST") == nullptr)
    return fail({"`guest-load` runs in the virtual machine of `--vm` only", "", "usage"}, kExitUsage);
  Result<load::ObjectFile> object = load::read_object(options.object);
  if (!object.ok()) return fail(object.error(), kExitRefused);
  const abi::Classifier& classifier = object->manifest.classifier;
  constexpr size_t kMostLayers = 16;  // a small guest, and its clock is emulated
  std::vector<Witness> witnesses = find_witnesses(classifier, explain::resolve_names(classifier));
  if (witnesses.size() > kMostLayers) witnesses.resize(kMostLayers);
  for (const Witness& witness : witnesses) {
    start_task(witness.facts, 1'000'000, 0);  // never sleeps
    start_task(witness.facts, 500, 10'000);   // a server between requests
  }
  while (::wait(nullptr) > 0) continue;
  return kExitOrderly;
}

}  // namespace scx::cli
