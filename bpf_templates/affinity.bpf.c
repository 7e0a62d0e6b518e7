//% if affinity
/* affinity.bpf.c: where the CPUs are that a task may use. The policy names
 * places (a node, a last-level cache, all CPUs), the loader says which CPUs they
 * have, anew after each hotplug. What holds of a task is a bit for each place;
 * only another set of bits makes it ask for its domain again.
 */
//% if places

struct place {
	struct bpf_cpumask __kptr *mask;
};

/* Of each place the online CPUs that are not in it; of all CPUs those that are online. Read under RCU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_PLACES);
	__type(key, u32);
	__type(value, struct place);
} places SEC(".maps");

/* The same as the loader writes it: place * row_words + word. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_PLACES); /* places * row_words */
	__type(key, u32);
	__type(value, u64);
} place_words SEC(".maps");

/* Rises when places have other CPUs, see affinity_changed. */
u32 place_changes;
//% end

/*
 * What holds of the CPUs that p may use: not those of p->cpus_ptr, which is the
 * current CPU alone while something keeps p from migrating.
 */
static __noinline u64 read_affinity(struct task_struct *p)
{
	u64 bits = (u64)(p->nr_cpus_allowed == 1) << PINNED_BIT;
//% if places
	const struct cpumask *allowed = &p->cpus_mask;
	u32 i;

	bpf_for(i, 0, NR_PLACES) {
		u32 key = i;
		struct place *place = bpf_map_lookup_elem(&places, &key);
		const struct cpumask *mask = place ? (const struct cpumask *)place->mask : NULL;
		bool holds;

		if (!mask)
			continue;
//% if within and affinity_full
		if (key == ONLINE_PLACE)
			holds = bpf_cpumask_subset(mask, allowed);
		else
			holds = !bpf_cpumask_intersects(mask, allowed);
//% end
//% if within and not affinity_full
		holds = !bpf_cpumask_intersects(mask, allowed);
//% end
//% if not within
		holds = bpf_cpumask_subset(mask, allowed);
//% end
		bits |= (u64)holds << (key & 63);
	}
//% end
	return bits;
}
//% if places

/* After a hotplug every task compares. */
static __always_inline bool affinity_changed(struct task_struct *p, struct task_ctx *t)
{
	u32 changes = READ_ONCE(place_changes);

	if (likely(t->places_seen == changes))
		return false;
	if (read_affinity(p) != t->affinity)
		return true;
	t->places_seen = changes;
	return false;
}

static __noinline s32 publish_place(u32 index)
{
	struct place *place;
	u32 i;

	guard_cpumask(mask);
	if (!mask)
		return -ENOMEM;
	bpf_for(i, 0, nr_cpu_ids) {
		u32 cpu = i;
		u32 key = index * row_words + cpu / 64;
		u64 *word = bpf_map_lookup_elem(&place_words, &key);

		if (word && *word >> (cpu % 64) & 1)
			bpf_cpumask_set_cpu(cpu, mask);
	}
	place = bpf_map_lookup_elem(&places, &index);
	if (!place)
		return -EINVAL;
	publish_cpumask(&place->mask, mask);
	return 0;
}

SEC("syscall")
s32 apply_places(void *unused)
{
	u32 i;
	s32 error;

	bpf_for(i, 0, NR_PLACES) {
		error = publish_place(i);
		if (error)
			return error;
	}
	__sync_fetch_and_add(&place_changes, 1);
	return 0;
}
//% end
//% end
