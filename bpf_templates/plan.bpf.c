/* plan.bpf.c: who is at home where. The loader writes rows of `plan` and entries
 * of `cpus`; apply_row turns a row into masks while tasks run, and apply_cpu has
 * a CPU look at its entry. So a change costs what it changes. Hotplug does not
 * wait for the loader: a CPU that goes takes itself out of the counts, so that
 * nothing queues for it, and one that comes serves nobody until the next plan.
 */

/* The CPUs of an LLC, found once. */
static __always_inline const struct cpumask *llc_cpus(u32 id)
{
	struct llc_ctx *llc = llc_ctx(id);
	u32 i;

	if (!llc)
		return NULL;
	if (!llc->mask) {
		guard_cpumask(mask);
		if (!mask)
			return NULL;
		bpf_for(i, 0, nr_cpu_ids) {
			struct cpu_entry *e = cpu_entry(i);

			if (e && e->place.llc == id)
				bpf_cpumask_set_cpu(i, mask);
		}
		publish_cpumask(&llc->mask, mask);
	}
	return (const struct cpumask *)llc->mask;
}

/* The part of the domain's home in one LLC. Its number of CPUs, or a negative errno. */
static __noinline s32 publish_llc_home(u64 domain, u32 id)
{
	const struct cpumask *home = home_mask(domain), *cpus = llc_cpus(id);
	u32 key = domain * nr_llcs + id;
	struct mask *part = bpf_map_lookup_elem(&homes, &key);
	s32 weight;

	if (!home || !cpus || !part)
		return -EINVAL;
	guard_cpumask(mask);
	if (!mask)
		return -ENOMEM;
	bpf_cpumask_and(mask, home, cpus);
	weight = bpf_cpumask_weight((const struct cpumask *)mask);
	publish_cpumask(&part->cpus, mask);
	return weight;
}

/*
 * Tasks in the domain's queue of an LLC that the CPUs which serve it may not all
 * run: they were queued for another home. They run once where they may, and
 * ops.enqueue finds their place.
 */
static __noinline void sweep(u64 domain, u32 id)
{
	const struct cpumask *home = llc_home_mask(domain, id);
	struct task_struct *p;
	u32 weight, cpu;

	if (!home)
		return;
	weight = bpf_cpumask_weight(home);
	for_each_queued(p, domain_dsq(domain, id)) {
		if (weight && bpf_cpumask_subset(home, p->cpus_ptr))
			continue;
		cpu = bpf_cpumask_any_and_distribute(home, p->cpus_ptr);
		if (cpu >= nr_cpu_ids)
			cpu = bpf_cpumask_any_and_distribute(p->cpus_ptr, p->cpus_ptr);
		if (cpu < nr_cpu_ids)
			move_queued(p, SCX_DSQ_LOCAL_ON | cpu);
	}
}

/* The home's part in each LLC, and where the tasks of each LLC queue. */
static __always_inline s32 publish_domain(u64 domain)
{
	struct llc_ctx *llc;
	u32 i, rank;
	s32 n;

	if (domain >= NR_DOMAINS)
		return 0;
	bpf_for(i, 0, nr_llcs) {
		u32 id = i;

		n = publish_llc_home(domain, id);
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
	/* Not before the masks are there: nobody is queued by the former ones any more, but for those on their way. */
	bpf_for(i, 0, nr_llcs) {
		u32 id = i;

		sweep(domain, id);
	}
	return 0;
}

SEC("syscall")
s32 apply_row(struct scx_apply_row *args)
{
	u32 row = args->row;
	void *bits = bpf_map_lookup_elem(&plan, &row);
	struct mask *to = bpf_map_lookup_elem(&masks, &row);
	s32 error;

	if (!bits || !to)
		return -EINVAL;
	guard_rcu();
	guard_cpumask(mask);
	if (!mask)
		return -ENOMEM;
	error = bpf_cpumask_populate((struct cpumask *)mask, bits, row_words * 8);
	if (error)
		return error;
	publish_cpumask(&to->cpus, mask);
	return publish_domain(row);
}

SEC("syscall")
s32 apply_cpu(struct scx_apply_cpu *args)
{
	s32 cpu = args->cpu;
	struct cpu_entry *e = cpu_entry(cpu);
	struct cpu_ctx *c = cpu_ctx(cpu);

	if (!e || !c)
		return -EINVAL;
	c->llc = e->place.llc;
	/* What runs there may have become a foreigner, and what a former plan left in a queue waits for no wake-up. */
	scx_bpf_kick_cpu(cpu, SCX_KICK_PREEMPT);
	return 0;
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
	struct cpu_entry *e = cpu_entry(cpu);
	struct cpu_ctx *c = cpu_ctx(cpu);
	struct llc_ctx *llc;
	u32 i;

	if (!c || !e)
		return;
	llc = llc_ctx(c->llc);
	bpf_for(i, 0, NR_DOMAINS) {
		u64 domain = i;

		if (domain >= NR_DOMAINS || !llc)
			break;
		if (contains(&e->home, domain) && llc->queue[domain].cpus)
			llc->queue[domain].cpus--;
	}
	for_each_word(i) {
		u32 w = i;

		if (w >= DOMAIN_WORDS)
			break;
		e->home.word[w] = 0;
		e->guests.word[w] = 0;
	}
	c->offline = true;
//% if before_7_3
	hand_back(cpu, cpu_dsq(cpu));
	bpf_for(i, 0, NR_DOMAINS * nr_llcs)
		hand_back(cpu, domain_dsq(i / nr_llcs, i % nr_llcs));
//% end
}
