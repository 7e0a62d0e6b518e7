/* What the classifier can read of a task, when it runs on the host. Included by
 * whoever calls scx_classify and scx_test, and embedded into the text that defines them.
 */
#ifndef SCX_HOST_TASK_H
#define SCX_HOST_TASK_H

#ifdef __cplusplus
extern "C" {
#endif

struct scx_host_task {
  const char *cgroup; /* path in the default hierarchy, "/" for the root */
  const char *comm;   /* at most 15 bytes count */
  const char *leader_comm;
  long long pid, tgid, ppid;
  long long uid, gid;
  long long nice;
  long long sched; /* the kernel's numbers */
  unsigned kthread, leader;
  /* Ids of the users and groups that the policy names, -1 for one that does
   * not exist: by predicate, then in the predicate's order. */
  const long long *ids;
  /* The one node and last-level cache that its online CPUs are in, or -1. */
  long long affinity_node, affinity_llc;
  unsigned affinity_full, affinity_pinned;
  /* The GPU that it, or its process, has opened; -1: none. */
  long long gpu_thread, gpu_process;
};

/* The domain of the task, or ~0u if no layer matches. */
unsigned scx_classify(const struct scx_host_task *task);
/* The value of one predicate, 0 or 1, or ~0u for one that no layer uses. */
unsigned scx_test(const struct scx_host_task *task, unsigned predicate);

#ifdef __cplusplus
}
#endif
#endif
