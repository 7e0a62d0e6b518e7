/* dispatch.bpf.c: what a CPU runs next. First its own queue while that had no
 * more than its share; then the domains that are at home here, the one with the
 * least service for its weight first; then guests. The task that ran until now
 * competes with those that wait, or weights would not hold between two of them.
 */

/* Whether prev goes on before the first task that waits in its queue. */
static __noinline bool prev_goes_on(struct task_struct *prev, u64 domain, u64 dsq)
{
	u64 vtime = prev->scx.dsq_vtime;

//% if fifo
	if (domains[domain].fifo && scx_bpf_dsq_nr_queued(dsq))
		return false;
//% end
	if (!before(vtime, dsq_first_vtime(dsq, vtime + 1)))
		return false;
	prev->scx.slice = domains[domain].slice;
	return true;
}

/* The LLC that this dispatch compares with ours: another one each time. */
static __always_inline u32 next_llc(struct cpu_ctx *c)
{
	u32 rank = c->looked_at + 1;

	if (rank >= nr_llcs)
		rank = 1;
	c->looked_at = rank;
	return near_llc(c->llc, rank);
}

/*
 * Whether the domain's queue in LLC `other` is longer than the one in `here`, by
 * a task for each of its CPUs, or has no CPU any more that serves it. On another
 * node by twice as much: memory stays behind there.
 */
static __always_inline bool is_longer(u64 domain, u32 other, u32 id, struct llc_ctx *here)
{
	struct llc_ctx *there;
	struct queue *a, *b;
	u64 theirs, ours;

	if (nr_llcs < 2 || other == id)
		return false;
	there = llc_ctx(other);
	if (!there)
		return false;
	a = &there->queue[domain];
	b = &here->queue[domain];
	theirs = READ_ONCE(a->queued);
	ours = READ_ONCE(b->queued) + b->cpus;
	if (there->node != here->node)
		ours *= 2;
	return theirs && theirs * b->cpus >= ours * a->cpus;
}

/* A task came from the domain's queue in LLC `from` to a CPU of LLC `to`. */
static __noinline void count_crossing(u64 domain, u32 from, u32 to)
{
	struct llc_ctx *there = llc_ctx(from), *here = llc_ctx(to);

	if (from == to)
		return;
	count(domain, SCX_STAT_CROSS_LLC);
	if (there && here && there->node != here->node)
		count(domain, SCX_STAT_CROSS_NODE);
}

/*
 * The domain of `set` that wants a CPU in the LLC and had the least service for
 * its weight; NR_DOMAINS if none wants one. prev, of domain `prev_domain`, counts
 * as one who waits.
 */
static __always_inline u32 least_served(struct llc_ctx *llc, const struct domain_set *set, u32 prev_domain)
{
//% if multi
	u64 best = NR_DOMAINS, least = 0;
	u32 w, i;

	for_each_word(w) {
		u64 word = w < DOMAIN_WORDS ? set->word[w] : 0;

		bpf_for(i, 0, 64) {
			struct queue *queue;
			u64 domain;

			if (!word)
				break;
			domain = w * 64 + lowest_bit(word);
			word &= word - 1;
			if (domain >= NR_DOMAINS)
				break;
			queue = &llc->queue[domain];
			if (!queue->queued && domain != prev_domain)
				continue;
			if (best == NR_DOMAINS || before(queue->service, least)) {
				best = domain;
				/* No copy of the register: 6.18's verifier loses its way among copies in a loop. */
				mask_with(best, DOMAIN_MASK);
				least = queue->service;
			}
		}
	}
	if (best < NR_DOMAINS) {
		/* Whoever is that far behind was alone until now, or had its time as a guest: no more is made up for. */
		if (before(least, llc->service - SERVICE_LAG_NS))
			llc->queue[best].service = llc->service - SERVICE_LAG_NS;
		else if (before(llc->service, least))
			llc->service = least;
	}
	return best;
//% end
//% if not multi
	return set->word[0] && (llc->queue[0].queued || prev_domain == 0) ? 0 : NR_DOMAINS;
//% end
}

/*
 * Takes a task of one of the domains in `set` from their queues in an LLC, or
 * lets prev, of domain `prev_domain` (NR_DOMAINS: of none that may go on), go on.
 * `other` is an LLC whose longer queue is served first. The domain that has the
 * CPU then, or NR_DOMAINS. Not static: the verifier walks its loops once and not
 * for every caller.
 */
__noinline u32 pol_take(u32 id, const struct domain_set *set, struct task_struct *prev __arg_trusted __arg_nullable,
			u32 prev_domain, u32 other)
{
	struct llc_ctx *llc = llc_ctx(id);
	struct domain_set left;
	u32 attempt;

	if (!llc || !set)
		return NR_DOMAINS;
	left = *set;
	bpf_for(attempt, 0, MAX_ATTEMPTS) {
		u64 domain = least_served(llc, &left, prev_domain);
		bool is_prev;
		u64 dsq;

		if (domain >= NR_DOMAINS)
			return NR_DOMAINS;
		is_prev = domain == prev_domain;
		hide(is_prev); /* or clang indexes by prev_domain, whose bounds the verifier does not know */
		if (is_longer(domain, other, id, llc) && dsq_move_to_local(domain_dsq(domain, other))) {
			count_crossing(domain, other, id);
			return domain;
		}
		/* A guest's fellows wait where its domain is at home. */
		dsq = domain_dsq(domain, is_prev ? llc->queue[domain].target : id);
		if (is_prev && prev && prev_goes_on(prev, domain, dsq))
			return domain;
		if (dsq_move_to_local(dsq))
			return domain;
		/* Counted but not inserted yet, or for other CPUs only. */
		left.word[domain / 64] &= ~(1ULL << domain % 64);
	}
	return NR_DOMAINS;
}

/* The same for every LLC, ours first, the others from near to far. True if the CPU has a task. */
static __noinline bool take(struct cpu_ctx *c, const struct domain_set *set, struct task_struct *prev, u32 prev_domain)
{
	u32 rank, domain;

	if (!set)
		return false;
	domain = pol_take(c->llc, set, prev, prev_domain, nr_llcs > 1 ? next_llc(c) : c->llc);
	if (domain < NR_DOMAINS)
		return true;
	bpf_for(rank, 1, nr_llcs) {
		u32 id = near_llc(c->llc, rank);

		domain = pol_take(id, set, NULL, NR_DOMAINS, id);
		if (domain < NR_DOMAINS) {
			count_crossing(domain, id, c->llc);
			return true;
		}
	}
	return false;
}

/* The CPU's own queue: tasks that may not run on all of their domain's CPUs. */
static __always_inline bool take_own(s32 cpu, struct task_struct *prev, u32 prev_domain)
{
	if (prev && prev_domain < NR_DOMAINS && prev_goes_on(prev, prev_domain, cpu_dsq(cpu)))
		return true;
	return dsq_move_to_local(cpu_dsq(cpu));
}

/*
 * Makes prev's vtime one of the clock by which its fellows wait: it may come from
 * the queue of another LLC. Returns `domain`, as whose task it competes here.
 */
static __always_inline u32 compares(struct task_struct *prev, struct task_ctx *t, u64 domain, u32 id)
{
	struct llc_ctx *llc = llc_ctx(id);
	u32 target;

	if (!llc || domain >= NR_DOMAINS)
		return NR_DOMAINS;
	target = llc->queue[domain].target;
	if (t->clock != target + 1)
		join_queue(prev, t, domain, target);
	return domain;
}

SEC("struct_ops/dispatch")
void PROG(pol_dispatch, s32 cpu, struct task_struct *prev)
{
	u32 shared = NR_DOMAINS, own = NR_DOMAINS; /* as whose task prev may go on here, from which queue */
	struct cpu_entry *e = cpu_entry(cpu);
	struct cpu_ctx *c = cpu_ctx(cpu);
	struct task_ctx *t = NULL;

	if (!c || !e)
		return;
	if (prev && prev->scx.flags & SCX_TASK_QUEUED && (t = task_ctx(prev))) {
		u64 domain = domain_of(t);

		charge(prev, t, domain, cpu, c);
		/* One that may be in another domain now goes through ops.enqueue. */
		if (is_stale(prev, t))
			domain = NR_DOMAINS;
		if (t->flags & TASK_OWN)
			own = domain;
		else
			shared = compares(prev, t, domain, c->llc);
	}

	if (c->own_lead <= 0 && take_own(cpu, prev, own))
		return;
	if (take(c, &e->home, prev, shared))
		return;
	if (c->own_lead > 0 && take_own(cpu, prev, own))
		return;
//% if guests
	/* A guest does not go on while a CPU at home is idle: ops.enqueue sends it there. */
	if (shared < NR_DOMAINS && home_is_idle(prev, shared))
		shared = NR_DOMAINS;
	if (take(c, &e->guests, prev, shared))
		return;
//% end
	/*
	 * The CPU goes idle. If prev is runnable it is queued on the way, for this
	 * CPU perhaps: by us, or by the kernel past us (exiting tasks, and those that
	 * must not migrate), and kernels before 7 do not look again by themselves.
	 */
	if (t)
		scx_bpf_kick_cpu(cpu, 0);
}
