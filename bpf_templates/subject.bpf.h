/* subject.bpf.h: the task that is classified, read from the kernel. The
 * classifier below reads tasks through these names only, so the same text also
 * compiles for the host, with subject.host.h instead of this file.
 */

/* Where an automaton stands after the bytes that it has read. */
struct scan {
	u64 bits;
	u64 state;
};

struct subject {
	struct task_struct *p;
//% if comm
	const u64 *comm;
//% end
//% if leader_comm
	u64 leader_comm[2];
//% end
//% if comm_automata
	u64 comm_match[COMM_AUTOMATA];
//% end
//% if leader_comm_automata
	u64 leader_comm_match[LEADER_COMM_AUTOMATA];
//% end
//% if cgroup
	const u64 *cgroup_match;
//% end
//% if cells
	u32 slot; /* the cell that it is in */
//% end
//% if affinity
	u64 affinity;
//% end
//% if gpu
	u64 gpu;
//% end
};

/* Of what holds of an affinity: whether it is a single CPU, beside a bit for each place. */
#define PINNED_BIT 63

//% each
#define subject_pid(s) ((s64)(s)->p->pid)
#define subject_tgid(s) ((s64)(s)->p->tgid)
#define subject_ppid(s) ((s64)(s)->p->real_parent->tgid)
#define subject_uid(s) ((s64)(s)->p->cred->euid.val)
#define subject_gid(s) ((s64)(s)->p->cred->egid.val)
#define subject_nice(s) ((s64)(s)->p->static_prio - 120)
#define subject_sched(s) ((s64)(s)->p->policy)
#define subject_kthread(s) (!!((s)->p->flags & PF_KTHREAD))
#define subject_leader(s) ((s)->p->pid == (s)->p->tgid)
#define subject_comm(s, word) ((s)->comm[word])
#define is_zero(difference) ({ u64 left = difference; hide(left); !left; }) /* one branch that tells nothing else */
#define subject_leader_comm(s, word) ((s)->leader_comm[word])
#define subject_within_node(s, id, place) ((s)->affinity >> (place) & 1)
#define subject_within_llc(s, id, place) ((s)->affinity >> (place) & 1)
#define subject_affinity_full(s) ((s)->affinity >> ONLINE_PLACE & 1)
#define subject_affinity_pinned(s) ((s)->affinity >> PINNED_BIT & 1)
#define subject_gpu_thread(s, device, test) ((s)->gpu >> (test) & 1)
#define subject_gpu_process(s, device, test) ((s)->gpu >> (test) & 1)
#define subject_match(s, attribute, automaton) ((s)->attribute##_match[automaton])

/* The id of a user or group that the policy names: constant `name`, the loader sets it. */
#define subject_id(s, name, slot) ((s64)(name))

#define NAMED_ID(name) const volatile u32 name = ~0u
