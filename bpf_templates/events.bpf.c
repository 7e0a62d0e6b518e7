//% if marks_tasks
/* events.bpf.c: changes of what the policy reads of a task. An event program
 * marks the task and makes it ask for a CPU again; it does not classify.
 */

/*
 * The task's domain may be another. A running task is sent through ops.enqueue:
 * on another CPU by a kick, and if it is the current one by an expired slice. A
 * kick at oneself would preempt this very program, and the kernel then keeps the
 * task where it is, with a new slice. Where slices cannot be set from here, the
 * next tick sees the mark.
 */
static __always_inline void mark_stale(struct task_struct *p)
{
	struct task_ctx *t = task_ctx(p);

	if (!t)
		return;
	__sync_fetch_and_or(&t->flags, TASK_STALE);
	if (p == bpf_get_current_task_btf()) {
		if (kernel_has(scx_bpf_task_set_slice))
			scx_bpf_task_set_slice(p, 0);
	} else if (scx_bpf_task_running(p)) {
		scx_bpf_kick_cpu(scx_bpf_task_cpu(p), SCX_KICK_PREEMPT);
	}
}
//% if comm

/* Fires before the name is in the task: the argument is the new one. */
SEC("tp_btf/task_rename")
s32 PROG(pol_task_rename, struct task_struct *p, const char *comm)
{
	struct task_ctx *t = task_ctx(p);

	if (!t)
		return 0;
	read_comm(t->comm, comm);
	__sync_fetch_and_or(&t->flags, TASK_NAMED);
//% if leader_comm
	if (p->pid == p->tgid) {
		__sync_fetch_and_add(&t->renames, 1);
		__sync_fetch_and_add(&leader_renames, 1);
	}
//% end
	mark_stale(p);
	return 0;
}
//% end
//% if cgroup

/* Once per process, with its leader; the other threads compare when the count has risen. */
SEC("tp_btf/cgroup_attach_task")
s32 PROG(pol_cgroup_attach_task, struct cgroup *to, const char *path, struct task_struct *leader, bool threadgroup)
{
	__sync_fetch_and_add(&cgroup_moves, 1);
	mark_stale(leader);
	return 0;
}
//% end
//% if ids

/* The new credentials are in place, the task is the current one. */
SEC("fexit/commit_creds")
s32 PROG(pol_commit_creds, void *credentials, int error)
{
	guard_preemption();
	mark_stale(bpf_get_current_task_btf());
	return 0;
}
//% end
//% if set_weight

/* Comes with every change of the nice value and of the scheduling policy. */
SEC("struct_ops/set_weight")
void PROG(pol_set_weight, struct task_struct *p, u32 weight)
{
	mark_stale(p);
}
//% end
//% if affinity

/*
 * Comes with every change of the affinity, and also when a task that must not
 * migrate for a moment is switched out and when it may again: only what the
 * policy can tell apart is a change.
 */
SEC("struct_ops/set_cpumask")
void PROG(pol_set_cpumask, struct task_struct *p, const struct cpumask *allowed)
{
	struct task_ctx *t = task_ctx(p);

	if (t && read_affinity(p) != t->affinity)
		mark_stale(p);
}
//% end
//% end
