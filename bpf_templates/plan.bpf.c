/* plan.bpf.c: who is at home where. The loader writes `plan`; apply_plan turns
 * it into masks and per-CPU sets and publishes them while tasks run. Hotplug
 * does not wait for the loader: a CPU that goes takes itself out of the counts,
 * so that nothing queues for it, and one that comes serves guests until the
 * next plan.
 */

static __always_inline bool planned(u32 domain, u32 cpu)
{
	u32 key = domain * plan_words + cpu / 64;
	u64 *word = bpf_map_lookup_elem(&plan, &key);

	return word && *word >> (cpu % 64) & 1;
}

/* The domain's mask in one LLC, or everywhere (llc == nr_llcs). Returns the number of CPUs, or -ENOMEM. */
static __noinline s32 publish_home(u32 domain, u32 llc)
{
	u32 key = domain, i, weight;
	struct home *home;

	guard_cpumask(mask);
	if (!mask)
		return -ENOMEM;
	bpf_for(i, 0, nr_cpu_ids) {
		u32 cpu = i;
		struct scx_cpu *place = bpf_map_lookup_elem(&cpus, &cpu);

		if (!place || !planned(domain, cpu) || (llc != nr_llcs && place->llc != llc))
			continue;
		bpf_cpumask_set_cpu(cpu, mask);
	}
	if (llc == nr_llcs) {
		home = bpf_map_lookup_elem(&domain_homes, &key);
	} else {
		key = domain * nr_llcs + llc;
		home = bpf_map_lookup_elem(&homes, &key);
	}
	if (!home)
		return -EINVAL;
	weight = bpf_cpumask_weight((const struct cpumask *)mask);
	publish_cpumask(&home->mask, mask);
	return weight;
}

static __always_inline s32 publish_domain(u32 domain)
{
	struct llc_ctx *llc;
	u32 i, rank;
	s32 n;

	if (domain >= NR_DOMAINS)
		return -EINVAL;
	n = publish_home(domain, nr_llcs);
	if (n < 0)
		return n;
	bpf_for(i, 0, nr_llcs) {
		u32 id = i;

		n = publish_home(domain, id);
		if (n < 0)
			return n;
		llc = llc_ctx(id);
		if (!llc)
			return -EINVAL;
		llc->queue[domain].cpus = n;
	}
	bpf_for(i, 0, nr_llcs) {
		u32 id = i;

		llc = llc_ctx(id);
		if (!llc)
			return -EINVAL;
		bpf_for(rank, 0, nr_llcs) {
			u32 target = near_llc(id, rank);
			struct llc_ctx *there = llc_ctx(target);

			if (there && there->queue[domain].cpus) {
				llc->queue[domain].target = target;
				break;
			}
		}
	}
	return 0;
}

//% if protected
/* The CPUs that take guests: all but those at home in a protected domain, unless others share them. */
static s32 publish_unprotected(void)
{
	u32 i, k;
	struct marks *m = the_marks();

	guard_cpumask(mask);
	if (!mask)
		return -ENOMEM;
	bpf_for(i, 0, nr_cpu_ids) {
		u32 cpu = i;
		struct cpu_ctx *c = cpu_ctx(cpu);
		bool closed = false;

		if (!c)
			continue;
		bpf_for(k, 0, NR_DOMAINS) {
			u32 domain = k;

			if (domain < NR_DOMAINS && domains[domain].is_protected && c->members == 1ULL << domain)
				closed = true;
		}
		c->closed = closed;
		if (!closed)
			bpf_cpumask_set_cpu(cpu, mask);
	}
	if (!m)
		return -EINVAL;
	publish_cpumask(&m->unprotected, mask);
	return 0;
}

//% end
SEC("syscall")
s32 apply_plan(void *unused)
{
	u32 i, k;
	s32 error;

	bpf_for(i, 0, NR_DOMAINS) {
		error = publish_domain(i);
		if (error)
			return error;
	}
	bpf_for(i, 0, nr_cpu_ids) {
		u32 cpu = i;
		struct scx_cpu *place = bpf_map_lookup_elem(&cpus, &cpu);
		struct cpu_ctx *c = cpu_ctx(cpu);
		u64 members = 0;

		if (!place || !c)
			continue;
		bpf_for(k, 0, NR_DOMAINS) {
			if (planned(k, cpu))
				members |= 1ULL << k;
		}
		c->llc = place->llc;
		c->members = members;
		/* What a former plan left in a queue waits for no wake-up. */
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	}
//% if protected
	return publish_unprotected();
//% end
//% if not protected
	return 0;
//% end
}

SEC("struct_ops.s/cpu_online")
void PROG(pol_cpu_online, s32 cpu)
{
	struct cpu_ctx *c = cpu_ctx(cpu);

	/* It is nobody's home before the next plan. */
	if (c)
		c->offline = false;
}

//% if before_7_3
/*
 * A CPU that goes offline asks for no work any more, so tasks that wait in a
 * queue and only it may run would stay there and hold up the way offline. On
 * its local queue the kernel finds them and gives them another CPU. From 7.3 on
 * the kernel does that by itself.
 */
static __noinline void hand_back(s32 cpu, u64 dsq)
{
	struct task_struct *p;

	guard_rcu();
	for_each_queued(p, dsq) {
		if (scx_bpf_task_cpu(p) == cpu)
			move_queued(p, SCX_DSQ_LOCAL_ON | cpu);
	}
}

//% end
SEC("struct_ops.s/cpu_offline")
void PROG(pol_cpu_offline, s32 cpu)
{
	struct cpu_ctx *c = cpu_ctx(cpu);
	struct llc_ctx *llc;
	u32 i;

	if (!c)
		return;
	llc = llc_ctx(c->llc);
	bpf_for(i, 0, NR_DOMAINS) {
		u32 domain = i;

		if (domain >= NR_DOMAINS || !llc)
			break;
		if (at_home(c, domain) && llc->queue[domain].cpus)
			llc->queue[domain].cpus--;
	}
	c->members = 0;
	c->offline = true;
//% if before_7_3
	hand_back(cpu, cpu_dsq(cpu));
	bpf_for(i, 0, NR_DOMAINS * nr_llcs)
		hand_back(cpu, domain_dsq(i / nr_llcs, i % nr_llcs));
//% end
}
