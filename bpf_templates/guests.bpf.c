/* guests.bpf.c: CPUs in the hands of others. A grouped or open domain's task
 * runs as a guest on a CPU that is not its home while nobody at home there
 * waits, in its cell or, if that borrows, in one that lends; `lent` knows those
 * CPUs, so an owner that wakes finds one to take back. `weak` knows CPUs whose
 * task may be preempted by `preempt` domains. Bits are hints: whoever acts on
 * one claims it by clearing it.
 */
//% if guests or preempt

/* Hidden, or the loader would map them into its memory, where no kernel pointer may be. */
#define mark_mask SEC(".data.marks") __attribute__((visibility("hidden"), aligned(8)))
//% if guests
struct bpf_cpumask __kptr *lent_cpus mark_mask;
//% end
//% if preempt
struct bpf_cpumask __kptr *weak_cpus mark_mask;
//% end

static __always_inline s32 create_marks(void)
{
//% if guests
	guard_cpumask(lent);
	if (!lent)
		return -ENOMEM;
	publish_cpumask(&lent_cpus, lent);
//% end
//% if preempt
	guard_cpumask(weak);
	if (!weak)
		return -ENOMEM;
	publish_cpumask(&weak_cpus, weak);
//% end
	return 0;
}

/* A home CPU that is marked: where p ran last, as its data is there and mostly the wake-up came there, else any. */
static __noinline u32 last_or_any(struct task_struct *p, const struct cpumask *home, const struct cpumask *marked)
{
	u32 cpu = scx_bpf_task_cpu(p);

	if (bpf_cpumask_test_cpu(cpu, home) && bpf_cpumask_test_cpu(cpu, marked))
		return cpu;
	return bpf_cpumask_any_and_distribute(home, marked);
}
//% end
//% if guests

//% if roams
/* Where p may be a guest in its own cell. NULL before the first plan. */
static __always_inline const struct cpumask *guest_cpus(struct task_struct *p, u64 domain)
{
//% if guest_mask and cells
	return row_mask(NR_DOMAINS + domains[domain].slot);
//% end
//% if guest_mask and not cells
	return row_mask(NR_DOMAINS);
//% end
//% if not guest_mask
	return p->cpus_ptr;
//% end
}
//% end

/* An idle CPU where p of the domain may be a guest, claimed; negative if there is none. */
static __noinline s32 claim_as_guest(struct task_struct *p, s32 prev_cpu, u64 wake_flags, u64 domain)
{
	const struct cpumask *open;
	s32 cpu = -1;

	/* Not beside the waker: its CPU may be another's, who waits for it. */
	wake_flags &= ~SCX_WAKE_SYNC;
//% if roams
	if (domains[domain].roams) {
		open = guest_cpus(p, domain);
		if (open)
			cpu = claim_idle(p, prev_cpu, wake_flags, open);
	}
//% end
//% if borrow
	if (cpu < 0 && domains[domain].borrows) {
		open = row_mask(LENT_ROW);
		if (open)
			cpu = claim_idle(p, prev_cpu, wake_flags, open);
	}
//% end
	return cpu;
}

/* The same for a task that is queued already: any such CPU, not claimed for p. */
static __always_inline s32 pick_for_guest(struct task_struct *p, u64 domain)
{
	const struct cpumask *open;
	s32 cpu = -1;

//% if roams
	if (domains[domain].roams && (open = guest_cpus(p, domain)))
		cpu = scx_bpf_pick_idle_cpu(open, 0);
//% end
//% if borrow
	if (cpu < 0 && domains[domain].borrows && (open = row_mask(LENT_ROW)))
		cpu = scx_bpf_pick_idle_cpu(open, 0);
//% end
	return cpu;
}

/* Whether p, a guest elsewhere, should come home: it may run on all CPUs there, and one is idle. */
static __always_inline bool home_is_idle(struct task_struct *p, u64 domain)
{
	const struct cpumask *home = home_mask(domain);
	guard_idle_mask(idle);

	return p && home && bpf_cpumask_intersects(home, idle) && bpf_cpumask_subset(home, p->cpus_ptr);
}

/* The CPU runs a guest from now on. */
static __always_inline void lend(struct cpu_ctx *c, s32 cpu)
{
	struct bpf_cpumask *lent = lent_cpus;

	c->guest = 1;
	if (lent)
		bpf_cpumask_set_cpu(cpu, lent);
}

/* The CPU's task stops, guest or not. */
static __always_inline void unlend(struct cpu_ctx *c, s32 cpu)
{
	struct bpf_cpumask *lent;

	if (!c->guest)
		return;
	c->guest = 0;
	lent = lent_cpus;
	if (lent)
		bpf_cpumask_clear_cpu(cpu, lent);
}

/* Throws a guest out of one of these home CPUs, if there is one. */
static __always_inline bool reclaim(struct task_struct *p, const struct cpumask *home)
{
	struct bpf_cpumask *lent = lent_cpus;
	u32 cpu;

	if (!lent)
		return false;
	cpu = last_or_any(p, home, (const struct cpumask *)lent);
	if (cpu >= nr_cpu_ids || !bpf_cpumask_test_and_clear_cpu(cpu, lent))
		return false;
	scx_bpf_kick_cpu(cpu, SCX_KICK_PREEMPT);
	return true;
}
//% end
//% if preempt

/* The CPU runs a task of that domain from now on. Tested first: most switches change nothing, and the mask is shared. */
static __always_inline void mark_weak(s32 cpu, u64 domain)
{
	struct bpf_cpumask *weak = weak_cpus;

	if (!weak)
		return;
	if (domains[domain].preempt) {
		if (bpf_cpumask_test_cpu(cpu, (const struct cpumask *)weak))
			bpf_cpumask_clear_cpu(cpu, weak);
	} else if (!bpf_cpumask_test_cpu(cpu, (const struct cpumask *)weak)) {
		bpf_cpumask_set_cpu(cpu, weak);
	}
}

/* The CPU runs nothing that could be preempted. */
static __always_inline void mark_idle(s32 cpu)
{
	struct bpf_cpumask *weak = weak_cpus;

	if (weak && bpf_cpumask_test_cpu(cpu, (const struct cpumask *)weak))
		bpf_cpumask_clear_cpu(cpu, weak);
}

/*
 * Runs p at once in place of a task that may be preempted, on a home CPU. Only
 * while its domain has not had more than its weight: preempting is for being
 * quick, not for having more.
 */
static __always_inline bool preempt_one(struct task_struct *p, u64 domain, struct llc_ctx *llc,
					const struct cpumask *home, u64 enq_flags)
{
	struct bpf_cpumask *weak = weak_cpus;
	u64 slice = domains[domain].slice;
	u32 cpu;

	if (!weak)
		return false;
//% if multi
	if (before(llc->service + slice, llc->queue[domain].service))
		return false;
//% end
	cpu = last_or_any(p, home, (const struct cpumask *)weak);
	if (cpu >= nr_cpu_ids || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr) ||
	    !bpf_cpumask_test_and_clear_cpu(cpu, weak))
		return false;
	dsq_insert(p, SCX_DSQ_LOCAL_ON | cpu, slice, enq_flags | ENUM(scx_enq_flags, SCX_ENQ_PREEMPT));
	count(domain, SCX_STAT_PREEMPTED);
	return true;
}
//% end
