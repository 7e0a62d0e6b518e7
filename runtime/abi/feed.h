/* What the BPF side and the loader share: plain C, embedded into the emitted
 * text and included by scx-run, so both read one definition. The loader fills
 * maps and scalars and the BPF side reads them; statistics flow back.
 * All fixed widths, no padding, host byte order. Sizes come from the machine.
 *
 * Order at start: open; set the rodata scalars and the map sizes; load; write
 * `cpus`, `near` and `plan`; run `apply_plan`; attach the tracing programs;
 * run `scan_cgroups` if the object has it; attach the one struct_ops map.
 * At a new plan (hotplug, later demand): write `plan`, run `apply_plan`.
 *
 * Rodata scalars set after open and before load:
 *   u32 nr_cpu_ids, nr_llcs, plan_words (u64 words per domain in `plan`),
 *   u32 id_<predicate>_<k>: id of name k of manifest predicate `predicate`;
 * and read-only for the loader: u32 feed_version, the SCX_FEED_VERSION that the object was built with.
 *
 * Map sizes (max_entries) set before load:
 *   cpus: nr_cpu_ids            plan: domains * plan_words
 *   near: nr_llcs * nr_llcs     llcs: nr_llcs     homes: domains * nr_llcs
 */
//% if host
/* Not in the emitted text: */
#ifndef SCX_FEED_H
#define SCX_FEED_H

#include <stdint.h>
typedef uint32_t u32;
typedef uint64_t u64;
//% end

/* Raised with every change of this file. */
#define SCX_FEED_VERSION 1

/* Map `cpus` (ARRAY, one entry a possible CPU id), written once before attaching. */
struct scx_cpu {
  u32 llc;  /* dense index of the last-level cache, below nr_llcs */
  u32 node; /* the kernel's number of the NUMA node */
};

/* Map `near` (ARRAY of u32): entry l * nr_llcs + k is the LLC that is k-th
 * nearest to LLC l, itself first: where idle CPUs look for work. Written once. */

/* Map `plan` (ARRAY of u64, word w of domain d at d * plan_words + w, bit b =
 * CPU w * 64 + b): the home CPUs of each domain, offline ones left out. A
 * confined or grouped layer's home are the CPUs it owns; an open layer's, and
 * that of a layer left without CPUs, the CPUs that nobody owns (or, if there are
 * none, those that it must share). A CPU in several homes is shared among them
 * by weight; tasks of other domains run on it only while none of them wants it.
 * No domain's home may be empty. After writing it the loader runs the SYSCALL
 * program `apply_plan`, which publishes it; it returns 0 or a negative errno. */

//% if places
/* Map `place_words` (ARRAY of u64, word w of place p at p * plan_words + w; the
 * manifest lists the places): the online CPUs that are not in the place; of the
 * place `online`, which is all of them, those that are. After writing it, before
 * attaching and at every hotplug, the loader runs the SYSCALL program
 * `apply_places`; it returns 0 or a negative errno. */

//% end
//% if gpu
/* Which devices are GPUs: rodata arrays that the loader sets, the first 0 ends them.
 *   u32 gpu_majors[SCX_GPU_MAJORS]: numbers of drivers
 *   u32 gpu_nodes[SCX_GPU_NODES]: single nodes (major << 20 | minor), as the policy lists them
 * Once the tracing programs are attached, the loader runs the SYSCALL program
 * `mark_gpu` with a struct scx_gpu_user for each process and each GPU that it has
 * open already. */
#define SCX_DRM_MAJOR 226 /* DRM_MAJOR: include/drm/drm_drv.h; minor N is cardN, 128 + N its render node */
#define SCX_GPU_MAJORS 16
#define SCX_GPU_NODES 16
#define SCX_NO_GPU 0xffffffff
struct scx_gpu_user {
  u32 pid;
  u32 number; /* of the GPU: of DRM the card's, else the minor */
};

//% end
/* SYSCALL program `scan_cgroups` (only in policies that match cgroup paths):
 * classifies every cgroup that exists; returns 0 or a negative errno. */

/* Map `tasks` (TASK_STORAGE; a look-up takes a pidfd): every value begins so. */
struct scx_task_head {
  u32 domain;
  u32 classified; /* 0 until the task was first queued: `domain` says nothing yet */
};

/* Map `stats` (PERCPU_ARRAY, one entry a domain). Counters only ever grow. */
enum scx_stat {
  SCX_STAT_RUNS,         /* times a task of the domain got a CPU */
  SCX_STAT_RUNTIME,      /* ns of CPU time used */
  SCX_STAT_RUNTIME_HOME, /* ns of it on the domain's home CPUs */
  SCX_STAT_WAIT,         /* ns between becoming queued and running, summed over runs */
  SCX_STAT_IDLE_PICK,    /* placed on an idle CPU at wake-up */
  SCX_STAT_QUEUED,       /* put into a queue */
  SCX_STAT_FORCED,       /* runs on a CPU of another domain because affinity left no choice */
  SCX_STAT_PREEMPTED,    /* times it preempted another domain's task */
  SCX_STAT_CROSS_LLC,    /* tasks taken from a queue of another LLC */
  SCX_STAT_ENTERED,      /* tasks that were classified into the domain */
  SCX_STAT_LEFT,         /* tasks that left it: reclassified or ended */
  SCX_STAT_COUNT
};
struct scx_stats {
  u64 count[SCX_STAT_COUNT];
};

/* Map `exit_info` (ARRAY, 1 entry), written by ops.exit. */
struct scx_exit_report {
  u64 exit_code;
  u32 kind;
  u32 pad;
  char reason[128];
  char message[1024];
  char dump[32768];
};
//% if host

#endif
//% end
