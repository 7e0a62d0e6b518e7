/* guards.h: scoped guards. A kernel resource is taken and given back here and
 * nowhere else: each is a variable whose destructor runs on every way out of
 * its scope, so a path that leaks cannot be written. RCU does not nest on 6.x:
 * one guard at the entry of a sleepable program, helpers expect it held; the
 * other programs run under RCU already.
 */

/* bpf_for(i, start, end): i = start … end - 1, verified once however long it is. */
#define bpf_for(i, start, end)                                                                          \
	for (struct bpf_iter_num __it __cleanup(bpf_iter_num_destroy),                                  \
	     *__new __attribute__((unused)) =                                                           \
		     (bpf_iter_num_new(&__it, (start), (end)), (void)bpf_iter_num_destroy, (void *)0);  \
	     ({                                                                                         \
		     int *__next = bpf_iter_num_next(&__it);                                            \
		     __next && ((i) = *__next, 1);                                                      \
	     });)

static __always_inline void rcu_drop(int *unused)
{
	bpf_rcu_read_unlock();
}

/* RCU is held to the end of the scope. */
#define guard_rcu() int __rcu __cleanup(rcu_drop) __attribute__((unused)) = (bpf_rcu_read_lock(), 0)

static __always_inline void preemption_drop(int *unused)
{
	bpf_preempt_enable();
}

/*
 * This CPU is not preempted to the end of the scope. First in every program behind
 * a kernel function: while one is preempted, the kernel runs that program for
 * nobody else on the CPU, and their events are lost.
 */
#define guard_preemption()                                                                              \
	int __preemption __cleanup(preemption_drop) __attribute__((unused)) = (bpf_preempt_disable(), 0)

static __always_inline void lock_drop(struct bpf_spin_lock **lock)
{
	bpf_spin_unlock(*lock);
}

/* Taken, then armed. Arithmetic only in this scope: the verifier wants no call under a lock. */
#define guard_lock(lock)                                                                                \
	bpf_spin_lock(lock);                                                                            \
	struct bpf_spin_lock *__lock __cleanup(lock_drop) = (lock)

static __always_inline void idle_mask_drop(const struct cpumask **mask)
{
	scx_bpf_put_idle_cpumask(*mask);
}

/* The kernel's mask of idle CPUs. */
#define guard_idle_mask(name) const struct cpumask *name __cleanup(idle_mask_drop) = scx_bpf_get_idle_cpumask()

static __always_inline void task_drop(struct task_struct **p)
{
	if (*p)
		bpf_task_release(*p);
}

/* A reference to the task of that pid, or NULL. */
#define guard_task_pid(name, pid) struct task_struct *name __cleanup(task_drop) = bpf_task_from_pid(pid)

static __always_inline void cpumask_drop(struct bpf_cpumask **mask)
{
	if (*mask)
		bpf_cpumask_release(*mask);
}

/* A new empty mask, or NULL. */
#define guard_cpumask(name) struct bpf_cpumask *name __cleanup(cpumask_drop) = bpf_cpumask_create()

/* Puts the guarded mask into the map's pointer; the guard then owns, and drops, what was there. */
#define publish_cpumask(slot, name) ((name) = bpf_kptr_xchg((slot), (name)))

static __always_inline void cgroup_drop(struct cgroup **cgrp)
{
	if (*cgrp)
		bpf_cgroup_release(*cgrp);
}

/* A reference to the cgroup of that id, or NULL. */
#define guard_cgroup_id(name, id) struct cgroup *name __cleanup(cgroup_drop) = bpf_cgroup_from_id(id)

/* A reference to the ancestor at that level, or NULL. */
#define guard_cgroup_ancestor(name, cgrp, level) \
	struct cgroup *name __cleanup(cgroup_drop) = bpf_cgroup_ancestor(cgrp, level)

static __always_inline void event_send(struct scx_event **event)
{
	if (*event)
		bpf_ringbuf_submit(*event, 0);
}

/* Room for an event, sent at the end of the scope, or NULL. */
#define guard_event(name, size) \
	struct scx_event *name __cleanup(event_send) = bpf_ringbuf_reserve(&events, size, 0)

#define BPF_CGROUP_ITER_DESCENDANTS_PRE 2

/* Every css below `root`, parents first. Needs RCU. */
#define for_each_css(css, root)                                                                         \
	for (struct bpf_iter_css __it __cleanup(bpf_iter_css_destroy),                                  \
	     *__new __attribute__((unused)) =                                                           \
		     (bpf_iter_css_new(&__it, (root), BPF_CGROUP_ITER_DESCENDANTS_PRE),                 \
		      (void)bpf_iter_css_destroy, (void *)0);                                           \
	     ((css) = bpf_iter_css_next(&__it));)

/* Every task queued on a DSQ, in its order. Needs RCU. */
#define for_each_queued(p, dsq)                                                                         \
	for (struct bpf_iter_scx_dsq __it __cleanup(bpf_iter_scx_dsq_destroy),                          \
	     *__new __attribute__((unused)) = (bpf_iter_scx_dsq_new(&__it, (dsq), 0),                   \
					       (void)bpf_iter_scx_dsq_destroy, (void *)0);              \
	     ((p) = bpf_iter_scx_dsq_next(&__it));)

/* Inside for_each_queued: moves p to another DSQ. */
#define move_queued(p, dsq) scx_bpf_dsq_move(&__it, (p), (dsq), 0)
