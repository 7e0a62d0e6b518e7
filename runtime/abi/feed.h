/* What the BPF side and the loader share: plain C, embedded into the emitted
 * text and included by scx-run, so both read one definition. The loader fills
 * maps and scalars and the BPF side reads them; statistics flow back.
 * All fixed widths, no padding, host byte order. Sizes come from the machine.
 *
 * Order at start: open; set the rodata scalars and the map sizes; load; write
 * `cpus`, `near` and `plan`; run `apply_row` for every row; attach the tracing
 * programs; run `scan_cgroups` if the object has it; attach the one struct_ops
 * map. At a new plan (hotplug, demand, cells): write the rows of `plan` and the
 * entries of `cpus` that changed, run `apply_row` for those rows, then
 * `apply_cpu` for those CPUs.
 *
 * Rodata scalars set after open and before load:
 *   u32 nr_cpu_ids, nr_llcs, row_words (u64 words of a row in `plan`),
 *   u32 id_<predicate>_<k>: id of name k of manifest predicate `predicate`;
 * and read-only for the loader: u32 feed_version, the SCX_FEED_VERSION that the object was built with.
 *
 * Map sizes set before load:
 *   cpus: nr_cpu_ids entries    plan: rows entries of row_words * 8 bytes    masks: rows entries
 *   near: nr_llcs * nr_llcs     llcs: nr_llcs     homes: domains * nr_llcs
 */
//% if host
/* Not in the emitted text: */
#ifndef SCX_FEED_H
#define SCX_FEED_H

#include <stdint.h>
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
//% end

/* Raised with every change of this file. */
#define SCX_FEED_VERSION 2

/* Map `cpus` (ARRAY, one entry a possible CPU id): this head, then two sets of
 * domains of domain_words u64 words each (domain_words = domains / 64, rounded
 * up; bit d % 64 of word d / 64 is domain d). First the domains that are at home
 * on the CPU: they share it by weight. Then its guests: they may use it while
 * none of the former wants it. The BPF side empties both when the CPU goes
 * offline. */
struct scx_cpu {
  u32 llc;  /* dense index of the last-level cache, below nr_llcs */
  u32 node; /* the kernel's number of the NUMA node */
  u32 slot; /* the cell that owns it */
  u32 pad;
};

/* Map `near`: entry l * nr_llcs + k is the LLC that is k-th nearest to LLC l,
 * itself first: where idle CPUs look for work. Written once. */
struct scx_near {
  u32 llc;
  s32 node; /* the kernel's number of its NUMA node */
};

/* Map `plan` (ARRAY, a row of row_words u64 each, bit b of word w = CPU
 * w * 64 + b): sets of CPUs, offline ones left out. Rows:
 *   0 … domains - 1           the home CPUs of each domain. A confined or grouped
 *                             layer's home are the CPUs it owns; an open layer's,
 *                             and that of a layer left without CPUs, those of its
 *                             cell that nobody owns. A CPU in several homes is
 *                             shared by weight. Only a domain of a slot where no
 *                             cell runs may have an empty home.
 *   then, if the manifest's rows.cells is not 0, one a slot: the CPUs of the cell
 *                             that take guests of the cell's other layers
 *   then, if rows.lent is 1:  the CPUs that take guests of cells that borrow */

/* SYSCALL programs; the context is the structure, the result 0 or a negative errno. */

/* `apply_row`: publishes a row of `plan`. Once more a moment later: a task may have been on its way into a
 * queue by what the row was before. */
struct scx_apply_row {
  u32 row;
};
/* `apply_cpu`: has the CPU look at its new entry of `cpus`. */
struct scx_apply_cpu {
  u32 cpu;
};
/* `open_slot` and `close_slot` (only with cells): a cell begins to run in the slot, with clean clocks; it
 * ends, and the tasks of its cgroups are again in the cell of what is above them. */
struct scx_open_slot {
  u32 slot;
};
/* `assign_cgroup` (only with cells): the cgroup and what is below it are in the slot from now on. -ENOENT:
 * there is no such cgroup. */
struct scx_assign_cgroup {
  u64 cgroup;
  u32 slot;
  u32 pad;
};
/* `count_queued` (only with cells): how many tasks of the slot's domains wait in queues; a count, no errno.
 */
struct scx_count_queued {
  u32 slot;
};
/* `scan_cgroups` (only in policies that match cgroup paths; no context): classifies every cgroup that exists.
 */

/* Map `events` (RINGBUF, only with cells): what the loader must know of. */
enum scx_event_kind {
  SCX_EVENT_CGROUP_BEGAN, /* a cgroup at which a cell may begin; slot: the first of its declaration */
  SCX_EVENT_CGROUP_ENDED, /* such a cgroup is gone */
  SCX_EVENT_CPUSET        /* some cgroup's cpuset was written */
};
struct scx_event {
  u64 cgroup;
  u32 kind;
  u32 slot;
  char path[4096]; /* of a cgroup that began, in the default hierarchy */
};
//% if places
/* Map `place_words` (ARRAY of u64, word w of place p at p * row_words + w; the
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
  SCX_STAT_CROSS_NODE,   /* those of them that came from another NUMA node */
  SCX_STAT_BORROWED,     /* runs on a CPU of another cell that lends */
  SCX_STAT_BORROWED_NS,  /* ns of CPU time on such CPUs */
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
