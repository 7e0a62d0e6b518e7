/* place.bpf.c: where a task goes that wants to run. To an idle CPU if there is
 * one; else into its domain's queue of the LLC, where every home CPU finds it.
 * A task that may not run on all home CPUs of that LLC would be in the way
 * there: it goes to the own queue of one CPU, which gives that queue a bounded
 * share. So do tasks whose affinity leaves them no home CPU, and kernel threads
 * bound to a CPU.
 */

/* p is about to run on, or to queue for, the domain's CPUs of an LLC. */
static __noinline u64 join_queue(struct task_struct *p, struct task_ctx *t, u64 domain, u32 id)
{
	struct llc_ctx *llc = llc_ctx(id);
	struct queue *queue;

	if (t->flags & TASK_OWN)
		__sync_fetch_and_and(&t->flags, ~TASK_OWN);
	if (!llc)
		return 0;
	queue = &llc->queue[domain];
//% if multi
	/* A domain that wanted no CPU cannot save service up. */
	if (!queue->queued && before(queue->service, llc->service - domains[domain].slice))
		queue->service = llc->service - domains[domain].slice;
//% end
	return bounded_vtime(p, t, queue->clock, id + 1, queue->queued);
}

/* The same for the own queue of a CPU. */
static __noinline u64 join_own(struct task_struct *p, struct task_ctx *t, s32 cpu, struct cpu_ctx *c)
{
	u32 queued = scx_bpf_dsq_nr_queued(cpu_dsq(cpu));

	if (!(t->flags & TASK_OWN))
		__sync_fetch_and_or(&t->flags, TASK_OWN);
	return bounded_vtime(p, t, c->own_clock, CPU_CLOCK | cpu, queued);
}

/* p runs at once on an idle CPU that was claimed for it. */
static __always_inline s32 run_idle(struct task_struct *p, struct task_ctx *t, u64 domain, s32 cpu, bool own)
{
	struct cpu_ctx *c = cpu_ctx(cpu);

	if (c && own)
		join_own(p, t, cpu, c);
	else if (c)
		join_queue(p, t, domain, c->llc);
	count(domain, SCX_STAT_IDLE_PICK);
	dsq_insert(p, SCX_DSQ_LOCAL, domains[domain].slice, 0);
	return cpu;
}

SEC("struct_ops/select_cpu")
s32 PROG(pol_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct task_ctx *t = task_ctx(p);
	const struct cpumask *home;
	u64 domain;
	s32 cpu;

	if (!t)
		return prev_cpu;
	domain = current_domain(p, t);
	home = home_mask(domain);
	if (!home)
		return prev_cpu;

	cpu = claim_idle(p, prev_cpu, wake_flags, home);
//% if guests
	if (cpu < 0)
		cpu = claim_as_guest(p, prev_cpu, wake_flags, domain);
//% end
	if (cpu >= 0)
		return run_idle(p, t, domain, cpu, false);
//% if owned
	if (bpf_cpumask_test_cpu(prev_cpu, home))
		return prev_cpu;
	cpu = bpf_cpumask_any_and_distribute(home, p->cpus_ptr);
	if (cpu < nr_cpu_ids)
		return cpu;
	/* Its affinity leaves it no home CPU: it may run where it is allowed, in the bounded share. */
	cpu = claim_idle(p, prev_cpu, 0, p->cpus_ptr);
	if (cpu >= 0)
		return run_idle(p, t, domain, cpu, true);
//% end
	return prev_cpu;
}

/* Wakes a CPU for a task that was queued for the domain: one at home in the queue's LLC, at home, or as a guest. */
static __always_inline void kick_for(struct task_struct *p, u64 domain, const struct cpumask *queue_home,
				     const struct cpumask *home)
{
	s32 cpu = scx_bpf_pick_idle_cpu(queue_home, 0);

	if (cpu < 0 && nr_llcs > 1)
		cpu = scx_bpf_pick_idle_cpu(home, 0);
//% if guests
	if (cpu < 0) {
		if (reclaim(p, home))
			return;
		cpu = pick_for_guest(p, domain);
	}
//% end
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

/*
 * p is the next to run on `to`, which is idle or whose guest makes room: from the
 * local queue, which the kernel empties of a CPU on its way offline. Our queues
 * it does not know.
 */
static __always_inline void send_to(struct task_struct *p, struct task_ctx *t, u64 domain, s32 to, bool own,
				    u64 enq_flags)
{
	struct cpu_ctx *c = cpu_ctx(to);

	if (c && own)
		join_own(p, t, to, c);
	else if (c)
		join_queue(p, t, domain, c->llc);
	dsq_insert(p, SCX_DSQ_LOCAL_ON | to, domains[domain].slice, enq_flags);
//% if guests
	if (c && c->guest)
		scx_bpf_kick_cpu(to, SCX_KICK_PREEMPT);
//% end
}

/* Puts p into the own queue of its CPU, or lets it run elsewhere at once. */
static __always_inline void enqueue_own(struct task_struct *p, struct task_ctx *t, u64 domain, s32 cpu,
					struct cpu_ctx *c, const struct cpumask *home, u64 enq_flags)
{
	u64 slice = domains[domain].slice;
	u64 kick = SCX_KICK_IDLE;
	u64 vtime;
	s32 to;
//% if owned
	bool forced;
//% end

//% if owned
	forced = !bpf_cpumask_intersects(home, p->cpus_ptr);
	to = claim_idle(p, cpu, 0, forced ? p->cpus_ptr : home);
	/* One that was a guest here goes home, idle or not. */
	if (to < 0 && !forced && !bpf_cpumask_test_cpu(cpu, home))
		to = bpf_cpumask_any_and_distribute(home, p->cpus_ptr);
//% end
//% if not owned
	to = claim_idle(p, cpu, 0, home);
//% end
	if (to >= 0 && to < nr_cpu_ids) {
		send_to(p, t, domain, to, true, enq_flags);
		return;
	}

	vtime = join_own(p, t, cpu, c);
	count(domain, SCX_STAT_QUEUED);
	/* What the kernel binds to this CPU serves everybody here: at once, unless it had more than its share. */
	if (p->flags & PF_KTHREAD && p->nr_cpus_allowed == 1 && c->own_lead <= 0) {
		dsq_insert(p, SCX_DSQ_LOCAL, slice, enq_flags | ENUM(scx_enq_flags, SCX_ENQ_PREEMPT));
		return;
	}
	dsq_insert_vtime(p, cpu_dsq(cpu), slice, vtime, enq_flags);
//% if guests
	if (c->guest)
		kick = SCX_KICK_PREEMPT;
//% end
	scx_bpf_kick_cpu(cpu, kick);
}

//% if guests
/* One that was a guest on `cpu` runs at home from now on if a CPU is idle there. */
static __always_inline bool guest_goes_home(struct task_struct *p, struct task_ctx *t, u64 domain, s32 cpu,
					    const struct cpumask *home, u64 enq_flags)
{
	s32 to = bpf_cpumask_test_cpu(cpu, home) ? -1 : claim_idle(p, cpu, 0, home);

	if (to >= 0)
		send_to(p, t, domain, to, false, enq_flags);
	return to >= 0;
}

//% end
SEC("struct_ops/enqueue")
void PROG(pol_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct task_ctx *t = task_ctx(p);
	s32 cpu = scx_bpf_task_cpu(p);
	struct cpu_ctx *c = cpu_ctx(cpu);
	const struct cpumask *home, *queue_home;
	struct llc_ctx *llc;
	u64 domain;
	u32 id;
	u64 vtime;

	if (!t || !c)
		goto lost;
	domain = current_domain(p, t);
	leave_queue(t, domain);
	t->queued_at = scx_bpf_now();
	home = home_mask(domain);
	llc = llc_ctx(c->llc);
	if (!home || !llc)
		goto lost;
	id = llc->queue[domain].target;
	llc = llc_ctx(id);
	if (!llc)
		goto lost;

	/* Without CPUs, because the last one has just gone offline, nobody would look into the queue. */
	queue_home = llc_home_mask(domain, id);
	if (!queue_home || !llc->queue[domain].cpus || !bpf_cpumask_subset(queue_home, p->cpus_ptr)) {
		enqueue_own(p, t, domain, cpu, c, home, enq_flags);
		return;
	}

//% if guests
	if (guest_goes_home(p, t, domain, cpu, home, enq_flags))
		return;
//% end
	vtime = join_queue(p, t, domain, id);
//% if preempt
	if (enq_flags & ENUM(scx_enq_flags, SCX_ENQ_WAKEUP) && domains[domain].preempt &&
	    preempt_one(p, domain, llc, home, enq_flags))
		return;
//% end
	/* Counted before anybody looks for an idle CPU, see update_idle. */
	__sync_fetch_and_add(&llc->queue[domain].queued, 1);
	t->queue = id + 1;
	count(domain, SCX_STAT_QUEUED);
//% if fifo and vtime
	if (domains[domain].fifo)
		dsq_insert(p, domain_dsq(domain, id), domains[domain].slice, enq_flags);
	else
		dsq_insert_vtime(p, domain_dsq(domain, id), domains[domain].slice, vtime, enq_flags);
//% end
//% if fifo and not vtime
	dsq_insert(p, domain_dsq(domain, id), domains[domain].slice, enq_flags);
//% end
//% if vtime and not fifo
	dsq_insert_vtime(p, domain_dsq(domain, id), domains[domain].slice, vtime, enq_flags);
//% end
	kick_for(p, domain, queue_home, home);
	return;

lost:
	fail("enqueue: no state for a task, a CPU, an LLC or a layer");
}
