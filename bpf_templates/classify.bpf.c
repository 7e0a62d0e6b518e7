/* classify.bpf.c: which domain a task is in. Decided when it is first queued
 * and again after an event that changed what the policy reads of it: events
 * only mark the task, it is classified when it next asks for a CPU.
 */

//% if leader_comm
/* Rises with every renamed leader, see is_stale. */
u32 leader_renames;

//% end
/* The domain that the task was last classified into. */
static __always_inline u32 domain_of(const struct task_ctx *t)
{
//% if multi
	u32 domain = t->head.domain;

	return domain < NR_DOMAINS ? domain : NR_DOMAINS - 1;
//% end
//% if not multi
	return 0;
//% end
}
//% if dynamic

/* Whether something changed that the classifier reads. */
static __always_inline bool is_stale(struct task_struct *p, struct task_ctx *t)
{
	if (unlikely(!t->head.classified))
		return true;
//% if cgroup
	u64 moves = READ_ONCE(cgroup_moves);

	/* Of a process that moves, only the leader is reported. */
	if (t->moves_seen != moves) {
		if (p->cgroups->dfl_cgrp->kn->id != t->cgroup_id)
			return true;
		t->moves_seen = moves;
	}
//% end
//% if leader_comm
	u32 renames = READ_ONCE(leader_renames);

	if (t->rename_seen != renames) {
		struct task_ctx *leader = task_ctx(p->group_leader);

		if (leader && leader->renames != t->leader_renames)
			return true;
		t->rename_seen = renames;
	}
//% end
//% if ppid
	/* Nothing tells when a process gets another parent. */
	if (p->real_parent->tgid != t->ppid)
		return true;
//% end
	return t->flags & TASK_STALE;
}
//% end
//% if comm

/* A name as the kernel pads it, whoever wrote it. */
static __always_inline void read_comm(u64 *words, const void *from)
{
	words[0] = words[1] = 0;
	bpf_probe_read_kernel_str(words, 16, from);
}
//% end

/* Classifies p. */
static __noinline u32 reclassify(struct task_struct *p, struct task_ctx *t)
{
//% if multi
	struct subject subject = { .p = p };
//% end
	u32 from = domain_of(t), to;

	/* Before anything is read: what changes meanwhile marks it again. */
	__sync_fetch_and_and(&t->flags, ~TASK_STALE);
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
	{
		struct task_ctx *leader = task_ctx(p->group_leader);

		t->rename_seen = READ_ONCE(leader_renames);
		if (leader)
			t->leader_renames = READ_ONCE(leader->renames);
		if (leader && leader->flags & TASK_NAMED) {
			subject.leader_comm[0] = leader->comm[0];
			subject.leader_comm[1] = leader->comm[1];
		} else {
			read_comm(subject.leader_comm, p->group_leader->comm);
		}
	}
//% end
//% if leader_comm_automata
	match_leader_comm((const u8 *)subject.leader_comm, subject.leader_comm_match);
//% end
//% if cgroup
	{
		struct cgroup *cgrp = p->cgroups->dfl_cgrp;
		struct cgroup_ctx *c;

		t->moves_seen = READ_ONCE(cgroup_moves);
		t->cgroup_id = cgrp->kn->id;
		c = classify_cgroup(cgrp);
		if (!c) {
			fail("no memory for the state of a cgroup");
			return from;
		}
		subject.cgroup_match = c->match;
	}
//% end
//% if ppid
	t->ppid = p->real_parent->tgid;
//% end

//% if multi
	to = classify(&subject);
	if (to >= NR_DOMAINS)
		to = NR_DOMAINS - 1;
//% end
//% if not multi
	to = 0;
//% end
	if (t->head.classified) {
		if (to == from)
			return to;
		leave_queue(t, from);
		count(from, SCX_STAT_LEFT, 1);
	}
	count(to, SCX_STAT_ENTERED, 1);
	t->clock = 0;
	t->head.domain = to;
	t->head.classified = 1;
	return to;
}

/* The domain that p is in now. */
static __always_inline u32 current_domain(struct task_struct *p, struct task_ctx *t)
{
//% if dynamic
	if (unlikely(is_stale(p, t)))
		return reclassify(p, t);
//% end
//% if not dynamic
	if (unlikely(!t->head.classified))
		return reclassify(p, t);
//% end
	return domain_of(t);
}
