/* What the BPF side and the loader share: plain C, embedded into the emitted
 * text and included by scx-run, so both read one definition. The loader fills
 * these maps and scalars and the BPF side reads them; statistics flow back.
 * All fixed widths, no padding, host byte order. Sizes come from the machine.
 */
#ifndef SCX_FEED_H
#define SCX_FEED_H

#ifndef __bpf__
#include <stdint.h>
typedef uint32_t u32;
typedef uint64_t u64;
#endif

/* Raised with every change of this file; the object carries it in the rodata variable `feed_version`. */
#define SCX_FEED_VERSION 1

/* No domain owns this CPU: it belongs to the pool that open layers share. */
#define SCX_POOL (~0u)

/* Map `cpus` (ARRAY, one entry a possible CPU id, max_entries set before load).
 * The topology part is written once, before attaching; `owner` with every plan. */
struct scx_cpu {
  u32 llc;    /* dense index of the last-level cache */
  u32 node;   /* dense index of the NUMA node */
  u32 online; /* kept by the BPF side after attach */
  u32 owner;  /* domain id or SCX_POOL */
};

/* Map `plan` (ARRAY of u64, max_entries = domains * words, word w of domain d
 * at d * words + w, bit b = CPU w * 64 + b): the CPUs that are each domain's
 * home (owned CPUs, or the pool for open layers and layers left without CPUs).
 * After writing it the loader runs the SYSCALL program `apply_plan`, which
 * publishes the masks to the running scheduler; it returns 0 or -errno. */

/* Rodata scalars the loader sets after open and before load:
 *   nr_cpu_ids, nr_llcs, nr_nodes, plan_words (u64 words per domain in `plan`),
 *   uid/gid constants named by the manifest's predicates: `id_<predicate>_<k>`. */

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

#endif
