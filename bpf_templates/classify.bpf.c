/* classify.bpf.c: which domain a task is in. Decided when it is first queued
 * and again after an event that changed what the policy reads of it: events
 * only mark the task, it is classified when it next asks for a CPU.
 */

//% if leader_comm
/* Rises with every renamed leader, see is_stale. */
u32 leader_renames;

//% end
/* The domain that the task was last classified into. */
static __always_inline u64 domain_of(const struct task_ctx *t)
{
//% if multi
	u64 domain = t->head.domain;

	return domain < NR_DOMAINS ? domain : ROOT_DOMAIN;
//% end
//% if not multi
	return 0;
//% end
}
//% if cgroup

//% if cells
/* Another cell took over its cgroup. */
static __always_inline bool cell_changed(struct cgroup *cgrp, struct task_ctx *t)
{
	struct cgroup_ctx *c = bpf_cgrp_storage_get(&cgroups, cgrp, NULL, 0);

	return !c || slot_of_cgroup(cgrp, c) != t->slot || slot_generation(t->slot) != t->generation;
}

//% end
/* Of a process that moves, only the leader is reported: all tasks compare when anything has moved. */
static __always_inline bool cgroup_changed(struct task_struct *p, struct task_ctx *t)
{
	u64 moves = READ_ONCE(cgroup_moves);

	if (likely(t->moves_seen == moves))
		return false;
	if (p->cgroups->dfl_cgrp->kn->id != t->cgroup_id)
		return true;
//% if cells
	if (cell_changed(p->cgroups->dfl_cgrp, t))
		return true;
//% end
	t->moves_seen = moves;
	return false;
}
//% end
//% if leader_comm

/* A leader's new name concerns all threads of its process. */
static __always_inline bool leader_renamed(struct task_struct *p, struct task_ctx *t)
{
	u32 renames = READ_ONCE(leader_renames);
	struct task_ctx *leader;

	if (likely(t->renames_seen == renames))
		return false;
	leader = task_ctx(p->group_leader);
	if (leader && leader->renames != t->leader_renames)
		return true;
	t->renames_seen = renames;
	return false;
}
//% end

/* Whether p was not classified yet, or something changed that the classifier reads. */
static __noinline bool is_stale(struct task_struct *p, struct task_ctx *t)
{
	if (!t->head.classified || t->flags & TASK_STALE)
		return true;
//% if cgroup
	if (cgroup_changed(p, t))
		return true;
//% end
//% if leader_comm
	if (leader_renamed(p, t))
		return true;
//% end
//% if places
	if (affinity_changed(p, t))
		return true;
//% end
//% if gpu_process or gpu_ttl
	if (gpu_changed(p, t))
		return true;
//% end
//% if ppid
	/* Nothing tells when a process gets another parent. */
	if (p->real_parent->tgid != t->ppid)
		return true;
//% end
	return false;
}
//% if comm

/* A name as the kernel pads it, whoever wrote it. */
static __always_inline void read_comm(u64 *words, const void *from)
{
	words[0] = words[1] = 0;
	bpf_probe_read_kernel_str(words, 16, from);
}
//% end
//% if leader_comm

/* The leader's name, from where task_rename keeps it, or from the leader. */
static __always_inline void read_leader_comm(struct task_struct *p, struct task_ctx *t, u64 *words)
{
	struct task_ctx *leader = task_ctx(p->group_leader);

	t->renames_seen = READ_ONCE(leader_renames);
	if (leader)
		t->leader_renames = READ_ONCE(leader->renames);
	if (leader && leader->flags & TASK_NAMED) {
		words[0] = leader->comm[0];
		words[1] = leader->comm[1];
	} else {
		read_comm(words, p->group_leader->comm);
	}
}
//% end
//% if cgroup

/* The tests of p's cgroup, or NULL without memory. */
static __always_inline const u64 *read_cgroup(struct task_struct *p, struct task_ctx *t)
{
	struct cgroup *cgrp = p->cgroups->dfl_cgrp;
	struct cgroup_ctx *c;

	t->moves_seen = READ_ONCE(cgroup_moves);
	t->cgroup_id = cgrp->kn->id;
	c = classify_cgroup(cgrp);
//% if cells
	if (c) {
		t->slot = slot_of_cgroup(cgrp, c);
		t->generation = slot_generation(t->slot);
	}
//% end
	return c ? c->match : NULL;
}
//% end
//% if multi

/* The domain of p by the policy's tests. NR_DOMAINS: not now, for want of memory. */
static __always_inline u32 decide(struct task_struct *p, struct task_ctx *t)
{
	struct subject subject = { .p = p };
	u64 domain;

//% if task_comm
	if (!(t->flags & TASK_NAMED)) {
		read_comm(t->comm, p->comm);
		__sync_fetch_and_or(&t->flags, TASK_NAMED);
	}
	subject.comm = t->comm;
//% end
//% if comm_automata
	match_comm((const u8 *)t->comm, subject.comm_match);
//% end
//% if leader_comm
	read_leader_comm(p, t, subject.leader_comm);
//% end
//% if leader_comm_automata
	match_leader_comm((const u8 *)subject.leader_comm, subject.leader_comm_match);
//% end
//% if cgroup
	subject.cgroup_match = read_cgroup(p, t);
	if (!subject.cgroup_match)
		return NR_DOMAINS;
//% end
//% if cells
	subject.slot = t->slot;
//% end
//% if ppid
	t->ppid = p->real_parent->tgid;
//% end
//% if places
	t->places_seen = READ_ONCE(place_changes);
//% end
//% if gpu
	subject.gpu = remember_gpu(p, t);
//% end
//% if affinity
	t->affinity = read_affinity(p);
	subject.affinity = t->affinity;
//% end
	domain = classify(&subject);
	return domain < NR_DOMAINS ? domain : ROOT_DOMAIN;
}
//% end

/*
 * The value of the clock that p's vtime is relative to. A domain's clock is one
 * per LLC, so it must be read before the domain changes.
 */
static __always_inline u64 clock_of(struct task_ctx *t, u64 domain)
{
	struct cpu_ctx *cpu;
	struct llc_ctx *llc;

	if (!t->clock)
		return 0;
	if (t->clock & CPU_CLOCK) {
		cpu = cpu_ctx(t->clock & ~CPU_CLOCK);
		return cpu ? cpu->own_clock : 0;
	}
	llc = llc_ctx(t->clock - 1);
	return llc ? llc->queue[domain].clock : 0;
}

/* Classifies p. Not static: the verifier walks it once and not for every caller. */
__noinline u32 pol_classify(struct task_struct *p __arg_trusted)
{
	struct task_ctx *t = task_ctx(p);
	u32 from, to = 0;
//% if cells
	bool stranger;
//% end

	if (!t)
		return ROOT_DOMAIN;
	from = domain_of(t);
//% if cells
	/* Another cell runs in its slot by now: clocks and counters there are not p's. */
	stranger = slot_generation(t->slot) != t->generation;
//% end
	/* Before anything is read: what changes meanwhile marks it again. */
	__sync_fetch_and_and(&t->flags, ~TASK_STALE);
//% if multi
	to = decide(p, t);
	if (to >= NR_DOMAINS) {
		__sync_fetch_and_or(&t->flags, TASK_STALE);
		return from;
	}
//% end
	if (t->head.classified) {
//% if cells
		if (to == from && !stranger)
			return to;
		leave_queue(t, from);
		if (!stranger)
			count(from, SCX_STAT_LEFT);
//% end
//% if not cells
		if (to == from)
			return to;
		leave_queue(t, from);
		count(from, SCX_STAT_LEFT);
//% end
	}
	count(to, SCX_STAT_ENTERED);
	/* Its lead or lag goes with it: by how much, bounded_vtime() limits. */
//% if cells
	p->scx.dsq_vtime = stranger ? 0 : p->scx.dsq_vtime - clock_of(t, from);
//% end
//% if not cells
	p->scx.dsq_vtime -= clock_of(t, from);
//% end
	t->clock = 0;
	t->head.domain = to;
	t->head.classified = 1;
	return to;
}

/* The domain that p is in now. */
static __always_inline u64 current_domain(struct task_struct *p, struct task_ctx *t)
{
	if (unlikely(is_stale(p, t)))
		pol_classify(p);
	return domain_of(t);
}
