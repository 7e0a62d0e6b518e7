/* account.bpf.c: who had how much CPU. Virtual time orders a domain's tasks
 * by their weights, each queue with its own clock; service orders domains that
 * share CPUs by theirs, per LLC; own_lead balances a CPU's own queue against
 * the shared ones. Callers hold the task's runqueue lock.
 */

/*
 * p's vtime on a queue's clock: at most one slice behind it, however long p
 * slept, and not so far ahead that a crowd of others would keep it waiting for
 * ever. From another clock it brings its lead or lag along.
 */
static __noinline u64 bounded_vtime(struct task_struct *p, struct task_ctx *t, u64 clock, u32 clock_id, u32 queued)
{
	u64 domain = domain_of(t), slice = domains[domain].slice;
	u64 vtime = p->scx.dsq_vtime;

	if (t->clock != clock_id) {
		vtime += clock - clock_of(t, domain);
		t->clock = clock_id;
	}
	if (before(vtime, clock - slice))
		vtime = clock - slice;
	else if (before(clock + MAX_AHEAD_NS / (queued + 1), vtime))
		vtime = clock + MAX_AHEAD_NS / (queued + 1);
	p->scx.dsq_vtime = vtime;
	return vtime;
}

/* Whether a task of one of the domains in `set` waits in the LLC. */
static __noinline bool has_work(u32 id, const struct domain_set *set)
{
	struct llc_ctx *llc = llc_ctx(id);
//% if multi
	u32 w, i;
//% end

	if (!llc || !set)
		return false;
//% if multi
	for_each_word(w) {
		u64 word = w < DOMAIN_WORDS ? set->word[w] : 0;

		bpf_for(i, 0, 64) {
			u64 domain;

			if (!word)
				break;
			domain = w * 64 + lowest_bit(word);
			word &= word - 1;
			if (domain < NR_DOMAINS && READ_ONCE(llc->queue[domain].queued))
				return true;
		}
	}
	return false;
//% end
//% if not multi
	return set->word[0] && READ_ONCE(llc->queue[0].queued);
//% end
}
//% if owned

/* Whether the CPU's task must leave it: no guest stays while somebody at home waits. */
static __always_inline bool must_leave(s32 cpu, struct cpu_ctx *c, struct task_ctx *t)
{
	struct cpu_entry *e = cpu_entry(cpu);
	u64 domain = domain_of(t);

	if (!e || contains(&e->home, domain) || t->flags & TASK_OWN)
		return false;
//% if guests
	if (!contains(&e->guests, domain))
		return true;
//% end
//% if guests and patient
	/* A borrower that was promised the rest of its slice. */
	if (domains[domain].patient && e->place.slot != domains[domain].slot)
		return false;
//% end
//% if guests
	return has_work(c->llc, &e->home);
//% end
//% if not guests
	return true;
//% end
}
//% end

//% if multi
/* Whether no other domain is in the set, and this one is. */
static __always_inline bool is_alone(const struct domain_set *set, u64 domain)
{
	u64 others = 0;
	u32 w;

	for_each_word(w) {
		u32 i = w;

		if (i < DOMAIN_WORDS)
			others |= set->word[i] ^ (i == domain / 64 ? 1ULL << domain % 64 : 0);
	}
	return !others;
}

//% end
/* What `used` ns on the CPU move: p's vtime, the CPU's own queue, the domain's service. */
static __always_inline void bill(struct task_struct *p, struct task_ctx *t, u64 domain, s32 cpu,
				 const struct cpu_entry *e, struct cpu_ctx *c, u64 used)
{
	u64 weight = p->scx.weight;
	s64 lead = c->own_lead;

	if (t->flags & TASK_OWN) {
		/* What waits with it is taken to weigh as much: a crowd has the share of a crowd. */
		u64 share = weight * (1 + scx_bpf_dsq_nr_queued(cpu_dsq(cpu)));

//% if multi
		/* Tasks of several domains meet in a CPU's own queue. */
		p->scx.dsq_vtime += used * 100 * 100 / (weight * domains[domain].weight);
//% end
//% if not multi
		p->scx.dsq_vtime += used * 100 / weight;
//% end
		/* 100 at most: pinning tasks is no way to more than half of a CPU. */
		lead += used * 100 / (share < 100 ? share : 100);
	} else {
		p->scx.dsq_vtime += used * 100 / weight;
		lead -= used;
//% if multi
		/* Where a domain is alone at home nobody competes with it. What runs from the own queue is bounded there. */
		if (!is_alone(&e->home, domain)) {
			struct llc_ctx *llc = llc_ctx(c->llc);

			if (llc)
				__sync_fetch_and_add(&llc->queue[domain].service, used * 100 / domains[domain].weight);
		}
//% end
	}
	if (lead > OWN_LEAD_MAX_NS)
		lead = OWN_LEAD_MAX_NS;
	if (lead < -OWN_LEAD_MIN_NS)
		lead = -OWN_LEAD_MIN_NS;
	c->own_lead = lead;
}

//% if borrow
/* Whether it runs on a CPU that its cell borrows; a task without another choice does not. */
static __always_inline bool is_borrowed(const struct cpu_entry *e, const struct task_ctx *t, u64 domain)
{
	return !(t->flags & TASK_OWN) && e->place.slot != domains[domain].slot && contains(&e->guests, domain);
}

//% end
/* Charges p for the time since it was last charged, while it is on a CPU. */
static __noinline void charge(struct task_struct *p, struct task_ctx *t, u64 domain, s32 cpu, struct cpu_ctx *c)
{
	struct cpu_entry *e = cpu_entry(cpu);
	struct scx_stats *s = stats_of(domain);
	u64 now = scx_bpf_now();
	u64 used = now - t->charged_at;

	/* Clocks of CPUs may differ a little. */
	if (!e || !c || !s || before(now, t->charged_at))
		return;
	t->charged_at = now;
	s->count[SCX_STAT_RUNTIME] += used;
	if (contains(&e->home, domain))
		s->count[SCX_STAT_RUNTIME_HOME] += used;
//% if borrow
	else if (is_borrowed(e, t, domain))
		s->count[SCX_STAT_BORROWED_NS] += used;
//% end
	bill(p, t, domain, cpu, e, c, used);
}

//% if owned
/* A task begins to run: away from home it is counted, and its CPU can be taken back. */
static __always_inline void note_place(struct task_ctx *t, u64 domain, s32 cpu, struct cpu_ctx *c, struct scx_stats *s)
{
	struct cpu_entry *e = cpu_entry(cpu);

	if (!e || contains(&e->home, domain))
		return;
	if (t->flags & TASK_OWN) {
		s->count[SCX_STAT_FORCED]++;
		return;
	}
//% if borrow
	if (is_borrowed(e, t, domain))
		s->count[SCX_STAT_BORROWED]++;
//% end
//% if patient
	if (domains[domain].patient && e->place.slot != domains[domain].slot)
		return;
//% end
//% if guests
	lend(c, cpu);
//% end
}

//% end
SEC("struct_ops/running")
void PROG(pol_running, struct task_struct *p)
{
	struct task_ctx *t = task_ctx(p);
	s32 cpu = scx_bpf_task_cpu(p);
	struct cpu_ctx *c = cpu_ctx(cpu);
	struct scx_stats *s;
	struct llc_ctx *llc;
	u64 now = scx_bpf_now();
	u64 domain;

	if (!t || !c)
		return;
	domain = domain_of(t);
	s = stats_of(domain);
	if (!s)
		return;
	leave_queue(t, domain);
	if (t->queued_at) {
		/* Clocks of CPUs may differ a little. */
		if (before(t->queued_at, now))
			s->count[SCX_STAT_WAIT] += now - t->queued_at;
		t->queued_at = 0;
	}
	t->charged_at = now;
//% if min_run
	t->started_at = now;
//% end
	s->count[SCX_STAT_RUNS]++;

	if (t->flags & TASK_OWN) {
		if (before(c->own_clock, p->scx.dsq_vtime))
			c->own_clock = p->scx.dsq_vtime;
	} else if (t->clock && (llc = llc_ctx(t->clock - 1))) {
		if (before(llc->queue[domain].clock, p->scx.dsq_vtime))
			llc->queue[domain].clock = p->scx.dsq_vtime;
	}
//% if owned
	note_place(t, domain, cpu, c, s);
//% end
//% if preempt
	mark_weak(cpu, domain);
//% end
	/*
	 * It changed while it was queued and runs by its old domain now, or it was
	 * running when the scheduler came: the next tick sends it through
	 * ops.enqueue. A kick would be sooner, and for a task inside a BPF program,
	 * which the kernel queues past ops.enqueue, it would come again and again
	 * before the task has moved by one instruction.
	 */
	if (t->flags & TASK_STALE || !t->head.classified)
		p->scx.slice = 0;
}

SEC("struct_ops/stopping")
void PROG(pol_stopping, struct task_struct *p, bool runnable)
{
	struct task_ctx *t = task_ctx(p);
	s32 cpu = scx_bpf_task_cpu(p);
	struct cpu_ctx *c = cpu_ctx(cpu);
	u64 domain;
//% if min_run
	struct cpu_entry *e;
	u64 ran;
//% end

	if (!t || !c)
		return;
	domain = domain_of(t);
	charge(p, t, domain, cpu, c);
//% if min_run
	ran = t->charged_at - t->started_at;
	e = cpu_entry(cpu);
	if (e && ran < domains[domain].min_run)
		bill(p, t, domain, cpu, e, c, domains[domain].min_run - ran);
//% end
//% if guests
	unlend(c, cpu);
//% end
//% if preempt
	/* Put off with time left: by a class above ours, which nobody of ours preempts. */
	if (runnable && p->scx.slice)
		mark_idle(cpu);
//% end
}

/* No longer runnable, or taken from its queue to be put into another: it does not wait any more. */
SEC("struct_ops/quiescent")
void PROG(pol_quiescent, struct task_struct *p, u64 deq_flags)
{
	struct task_ctx *t = task_ctx(p);

	if (t)
		leave_queue(t, domain_of(t));
}
//% if yield

/* Its slice is what it has left: at 0 the next one runs. */
SEC("struct_ops/yield")
bool PROG(pol_yield, struct task_struct *from, struct task_struct *to)
{
	struct task_ctx *t = task_ctx(from);
	u64 loss;

	/* The kernel gives nothing to a chosen task by itself: neither do we. */
	if (!t || to)
		return false;
	loss = domains[domain_of(t)].yield_loss;
	from->scx.slice -= loss < from->scx.slice ? loss : from->scx.slice;
	return false;
}
//% end
//% if tick

/* The only place where a running task can be told to go on every kernel: an expired slice means dispatch. */
SEC("struct_ops/tick")
void PROG(pol_tick, struct task_struct *p)
{
	struct task_ctx *t = task_ctx(p);
//% if owned
	s32 cpu = scx_bpf_task_cpu(p);
	struct cpu_ctx *c = cpu_ctx(cpu);
//% end

	if (!t)
		return;
//% if tick_charge
	/* The loader sizes by use more often than a slice ends. */
	if (c)
		charge(p, t, domain_of(t), cpu, c);
//% end
//% if owned
	/* Owners kick guests when they wake; this is for a guest that came in between, or that a plan made one. */
	if (c && must_leave(cpu, c, t))
		p->scx.slice = 0;
//% end
//% if dynamic
	if (is_stale(p, t))
		p->scx.slice = 0;
//% end
}
//% end

/*
 * The CPU has gone idle. A task that was queued after dispatch had looked, and
 * before the CPU was known as idle, woke nobody: the one who queued it and we
 * each announce first and look then. In our LLC only: a task that waits in
 * another has CPUs there, which take it when a slice ends.
 */
SEC("struct_ops/update_idle")
void PROG(pol_update_idle, s32 cpu, bool idle)
{
	struct cpu_ctx *c = cpu_ctx(cpu);
	struct cpu_entry *e;

	if (!idle || !c)
		return;
	/*
	 * A CPU on its way offline puts its last task, slice used up, on its local
	 * queue by SCX_OPS_ENQ_LAST's path and goes idle beside it: nobody else
	 * would look again.
	 */
	if (scx_bpf_dsq_nr_queued(SCX_DSQ_LOCAL_ON | cpu) > 0) {
		scx_bpf_kick_cpu(cpu, 0);
		return;
	}
	if (c->offline)
		return;
//% if preempt
	mark_idle(cpu);
//% end
	e = cpu_entry(cpu);
	if (!e)
		return;
//% if guests
	if (has_work(c->llc, &e->home) || has_work(c->llc, &e->guests))
//% end
//% if not guests
	if (has_work(c->llc, &e->home))
//% end
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}
