/* guests.bpf.c: CPUs in the hands of others. A grouped or open domain's task
 * runs as a guest on a CPU that is not its home while nobody at home there
 * waits; `lent` knows those CPUs, so an owner that wakes finds one to take back.
 * `weak` knows CPUs whose task may be preempted by `preempt` domains. Bits are
 * hints: whoever acts on one claims it by clearing it. `unprotected` is no hint:
 * apply_plan replaces it as a whole.
 */
//% if guests or preempt

struct marks {
//% if guests
	struct bpf_cpumask __kptr *lent;
//% end
//% if preempt
	struct bpf_cpumask __kptr *weak;
//% end
//% if protected
	struct bpf_cpumask __kptr *unprotected;
//% end
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct marks);
} marks SEC(".maps");

static __always_inline struct marks *the_marks(void)
{
	u32 key = 0;

	return bpf_map_lookup_elem(&marks, &key);
}

static __always_inline s32 create_marks(void)
{
	struct marks *m = the_marks();

	if (!m)
		return -EINVAL;
//% if guests
	guard_cpumask(lent);
	if (!lent)
		return -ENOMEM;
	publish_cpumask(&m->lent, lent);
//% end
//% if preempt
	guard_cpumask(weak);
	if (!weak)
		return -ENOMEM;
	publish_cpumask(&m->weak, weak);
//% end
	return 0;
}
//% end
//% if guests

/* Where p may be a guest: everywhere, but for CPUs that take none. NULL before the first plan. */
static __always_inline const struct cpumask *guest_cpus(struct task_struct *p)
{
//% if protected
	struct marks *m = the_marks();

	return m ? (const struct cpumask *)m->unprotected : NULL;
//% end
//% if not protected
	return p->cpus_ptr;
//% end
}

/* The domains whose tasks may be guests on the CPU. */
static __always_inline u64 guest_domains(const struct cpu_ctx *c)
{
//% if protected
	if (c->closed)
		return 0;
//% end
	return ROAMING & ~c->members;
}

static __always_inline struct bpf_cpumask *lent_cpus(void)
{
	struct marks *m = the_marks();

	return m ? m->lent : NULL;
}

/* The CPU runs a guest from now on. */
static __always_inline void lend(struct cpu_ctx *c, s32 cpu)
{
	struct bpf_cpumask *lent = lent_cpus();

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
	lent = lent_cpus();
	if (lent)
		bpf_cpumask_clear_cpu(cpu, lent);
}

/* Throws a guest out of one of the domain's home CPUs, if there is one. */
static __always_inline bool reclaim(u32 domain)
{
	const struct cpumask *home = home_mask(domain);
	struct bpf_cpumask *lent = lent_cpus();
	u32 cpu;

	if (!home || !lent)
		return false;
	cpu = bpf_cpumask_any_and_distribute(home, (const struct cpumask *)lent);
	if (cpu >= nr_cpu_ids || !bpf_cpumask_test_and_clear_cpu(cpu, lent))
		return false;
	scx_bpf_kick_cpu(cpu, SCX_KICK_PREEMPT);
	return true;
}
//% end
//% if preempt

static __always_inline struct bpf_cpumask *weak_cpus(void)
{
	struct marks *m = the_marks();

	return m ? m->weak : NULL;
}

/* The CPU runs a task of that domain from now on. Tested first: most switches change nothing, and the mask is shared. */
static __always_inline void mark_weak(s32 cpu, u32 domain)
{
	struct bpf_cpumask *weak = weak_cpus();

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
	struct bpf_cpumask *weak = weak_cpus();

	if (weak && bpf_cpumask_test_cpu(cpu, (const struct cpumask *)weak))
		bpf_cpumask_clear_cpu(cpu, weak);
}

/*
 * Runs p at once in place of a task that may be preempted, on a home CPU. Only
 * while its domain has not had more than its weight: preempting is for being
 * quick, not for having more.
 */
static __always_inline bool preempt_one(struct task_struct *p, u32 domain, struct llc_ctx *llc, u64 enq_flags)
{
	const struct cpumask *home = home_mask(domain);
	struct bpf_cpumask *weak = weak_cpus();
	u64 slice = domains[domain].slice;
	u32 cpu;

	if (!home || !weak)
		return false;
//% if multi
	if (before(llc->service + slice, llc->queue[domain].service))
		return false;
//% end
	/* Where it ran last, its data is and the wake-up came; else anywhere. */
	cpu = scx_bpf_task_cpu(p);
	if (!bpf_cpumask_test_cpu(cpu, home) || !bpf_cpumask_test_cpu(cpu, (const struct cpumask *)weak))
		cpu = bpf_cpumask_any_and_distribute(home, (const struct cpumask *)weak);
	if (cpu >= nr_cpu_ids || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr) ||
	    !bpf_cpumask_test_and_clear_cpu(cpu, weak))
		return false;
	dsq_insert(p, SCX_DSQ_LOCAL_ON | cpu, slice, enq_flags | ENUM(scx_enq_flags, SCX_ENQ_PREEMPT));
	count(domain, SCX_STAT_PREEMPTED, 1);
	return true;
}
//% end
