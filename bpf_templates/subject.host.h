/* subject.host.h: the task that is classified, read from a plain structure. The
 * classifier below is the text that runs in the kernel, byte for byte.
 */

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef _Bool bool;
#define true 1
#define false 0
#define __always_inline inline __attribute__((always_inline))
#define bpf_for(i, start, end) for ((i) = (start); (i) < (u32)(end); (i)++)

struct scan {
	u64 bits;
	u64 state;
};

struct subject {
	const struct scx_host_task *task;
	u64 comm[2];
	u64 leader_comm[2];
	u64 comm_match[COMM_AUTOMATA + 1];
	u64 leader_comm_match[LEADER_COMM_AUTOMATA + 1];
	u64 cgroup_match[CGROUP_AUTOMATA + 1];
	u32 slot; /* the cell that it is in */
};

#define subject_pid(s) ((s)->task->pid)
#define subject_tgid(s) ((s)->task->tgid)
#define subject_ppid(s) ((s)->task->ppid)
#define subject_uid(s) ((s)->task->uid)
#define subject_gid(s) ((s)->task->gid)
#define subject_nice(s) ((s)->task->nice)
#define subject_sched(s) ((s)->task->sched)
#define subject_kthread(s) (!!(s)->task->kthread)
#define subject_leader(s) (!!(s)->task->leader)
#define subject_comm(s, word) ((s)->comm[word])
#define is_zero(difference) (!(difference))
#define subject_leader_comm(s, word) ((s)->leader_comm[word])
#define subject_within_node(s, id, place) ((s)->task->affinity_node == (id))
#define subject_within_llc(s, id, place) ((s)->task->affinity_llc == (id))
#define subject_affinity_full(s) (!!(s)->task->affinity_full)
#define subject_affinity_pinned(s) (!!(s)->task->affinity_pinned)
#define subject_gpu_thread(s, device, test) \
	((s)->task->gpu_thread >= 0 && ((device) < 0 || (s)->task->gpu_thread == (device)))
#define subject_gpu_process(s, device, test) \
	((s)->task->gpu_process >= 0 && ((device) < 0 || (s)->task->gpu_process == (device)))
#define subject_match(s, attribute, automaton) ((s)->attribute##_match[automaton])
#define subject_id(s, name, slot) ((s)->task->ids[slot])
#define NAMED_ID(name) struct scx_host_task
