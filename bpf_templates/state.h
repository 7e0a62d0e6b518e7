/* state.h: what the scheduler remembers, of tasks, CPUs, last-level caches and
 * domains, and how that is looked up. A domain is one layer of one cell; its
 * number indexes every table. The task's own state is written under its
 * runqueue lock, the rest by single stores and atomic additions.
 *
 * A domain is a u64 wherever it is in a register: clang spills a u32 into half a
 * stack slot, and the verifier forgets bounds there.
 */

/* A task is at most this far ahead of its queue's clock, divided among those that wait: nobody waits for ever. */
#define MAX_AHEAD_NS 2000000000ULL

/* How far a CPU's own queue may get ahead of its share, and how much of it that it did not use it may save up. */
#define OWN_LEAD_MAX_NS 1000000000LL
#define OWN_LEAD_MIN_NS 20000000LL

/* Queues that one dispatch tries: the first choice is empty only in a race. */
#define MAX_ATTEMPTS 3

#define CPU_CLOCK (1U << 31)

/* Sets of domains are arrays of words. */
#define DOMAIN_WORDS ((NR_DOMAINS + 63) / 64)
//% if wide
#define for_each_word(w) bpf_for(w, 0, DOMAIN_WORDS)
#define DOMAIN_MASK 1023 /* NR_DOMAINS is at most as much */
//% end
//% if not wide
#define for_each_word(w) for ((w) = 0; (w) < DOMAIN_WORDS; (w)++)
#define DOMAIN_MASK 63
//% end

//% each
const volatile u32 feed_version = SCX_FEED_VERSION;
const volatile u32 nr_cpu_ids = 1;
const volatile u32 nr_llcs = 1;
const volatile u32 row_words = 1;

enum task_flag {
	/* An attribute changed that the classifier reads: the domain may be another. */
	TASK_STALE = 1 << 0,
	/* Last queued on a CPU's own queue, see place.bpf.c. */
	TASK_OWN = 1 << 1,
	/* `comm` holds the name; until then it is in the task. */
	TASK_NAMED = 1 << 2,
};

struct task_ctx {
	struct scx_task_head head;
	u64 charged_at; /* runtime is charged up to here */
	u64 queued_at;
	u32 flags;
	u32 queue; /* LLC index + 1 of the domain queue that counts it, or 0 */
//% if min_run
	u64 started_at;
//% end
	u32 clock; /* what dsq_vtime is relative to: LLC index + 1, CPU_CLOCK | cpu, or 0 for nothing: a lag */
//% if comm
	u64 comm[2]; /* zero padded; task_rename tells a new name before the task has it */
//% end
//% if leader_comm
	u32 renames; /* how often this task was */
	u32 leader_renames; /* how often its leader had been when its name was read */
	u32 renames_seen; /* leader_renames when it was last compared */
//% end
//% if cgroup
	u64 cgroup_id; /* of the cgroup it was classified by */
	u64 moves_seen; /* cgroup_moves when it was last compared */
//% end
//% if cells
	u32 slot; /* the cell it was classified into */
	u32 generation; /* of that slot then */
//% end
//% if ppid
	s64 ppid; /* of the parent it was classified by */
//% end
//% if affinity
	u64 affinity; /* what held of its CPUs when it was classified, see read_affinity */
//% end
//% if places
	u32 places_seen; /* place_changes when it was last compared */
//% end
//% if gpu_thread
	u64 gpu_thread[GPU_SLOTS]; /* when this thread last opened a device, 0: never */
//% end
//% if gpu_process
	/* Of the process that it is the first thread of: */
	u64 gpu_process[GPU_SLOTS]; /* when it last opened a device */
	u64 gpu_inherited[GPU_SLOTS]; /* the same of the process that it was forked from */
	u32 gpu_joins; /* how often the process became a member */
	/* Of this thread: */
	u32 leader_joins; /* gpu_joins of its process when it was classified */
	u32 gpu_seen; /* gpu_changes when it was last compared */
//% end
//% if gpu_ttl
	u64 gpu_until; /* when a test that holds stops holding, at the earliest */
//% end
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ctx);
} tasks SEC(".maps");

static __always_inline struct task_ctx *task_ctx(struct task_struct *p)
{
	return bpf_task_storage_get(&tasks, p, NULL, 0);
}

struct cpu_ctx {
	/* Time the CPU's own queue had beyond its share of the CPU, weighted: it is served while this is <= 0. */
	s64 own_lead;
	u64 own_clock; /* the vtime that its own queue has reached */
	u32 llc;
	bool offline; /* on its way: it must not kick any more, its interrupts end */
//% if guests
	u32 guest; /* runs a task of a domain that is not at home here */
//% end
	u32 looked_at; /* rank in `near` of the LLC whose queues it compared last */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_ctx);
} cpu_state SEC(".maps");

static __always_inline struct cpu_ctx *cpu_ctx(s32 cpu)
{
	u32 key = 0;

	return bpf_map_lookup_percpu_elem(&cpu_state, &key, cpu);
}

struct domain_set {
	u64 word[DOMAIN_WORDS];
};

/* What the loader says of a CPU. */
struct cpu_entry {
	struct scx_cpu place;
	struct domain_set home; /* the domains whose home it is */
	struct domain_set guests; /* those that may use it while no domain at home wants it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* nr_cpu_ids */
	__type(key, u32);
	__type(value, struct cpu_entry);
} cpus SEC(".maps");

static __always_inline struct cpu_entry *cpu_entry(s32 cpu)
{
	return bpf_map_lookup_elem(&cpus, &cpu);
}

static __always_inline bool contains(const struct domain_set *set, u64 domain)
{
	return set->word[domain / 64] >> domain % 64 & 1;
}
//% if multi

/* De Bruijn's sequence of 64 bits: its product with a single bit has that bit's number in the highest six. */
#define DE_BRUIJN 0x03f79d71b4cb0a89ULL
static const volatile u8 bit_numbers[64] = {
	0,  1,	48, 2,	57, 49, 28, 3,	61, 58, 50, 42, 38, 29, 17, 4,	62, 55, 59, 36, 53, 51,
	43, 22, 45, 39, 33, 30, 24, 18, 12, 5,	63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
	44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,	13, 8,	7,  6,
};

/*
 * The number of the lowest bit; BPF has no instruction for it, and branches would
 * each double the verifier's work. Hidden, or clang -O2 knows the idiom and puts
 * a table of its own beside this one.
 */
static __always_inline u32 lowest_bit(u64 word)
{
	u64 product = (word & -word) * DE_BRUIJN;

	hide(product);
	return bit_numbers[product >> 58];
}
//% end

/* A domain's queue in one LLC. */
struct queue {
	u64 clock; /* the vtime that the queue's tasks have reached */
//% if multi
	u64 service; /* CPU time that the domain had in this LLC, divided by its weight */
//% end
	u32 queued; /* tasks in it; counted before the insertion, so never too low */
	u32 cpus; /* home CPUs of the domain in this LLC */
	u32 target; /* the nearest LLC with home CPUs: where its tasks queue */
};

struct llc_ctx {
	struct bpf_cpumask __kptr *mask; /* its CPUs, made by the first apply_row */
	s32 node;
//% if multi
	u64 service; /* the most that a domain had when it was chosen */
//% end
	struct queue queue[NR_DOMAINS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* nr_llcs */
	__type(key, u32);
	__type(value, struct llc_ctx);
} llcs SEC(".maps");

static __always_inline struct llc_ctx *llc_ctx(u32 llc)
{
	return bpf_map_lookup_elem(&llcs, &llc);
}

/* A set of CPUs. Masks are replaced as a whole by apply_row and read under RCU. */
struct mask {
	struct bpf_cpumask __kptr *cpus;
};

/* Rows of `plan`: homes of domains, then where guests and borrowers may run. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_DOMAINS); /* rows */
	__type(key, u32);
	__type(value, struct mask);
} masks SEC(".maps");

/* The part of a domain's home in one LLC: domain * nr_llcs + LLC. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_DOMAINS); /* domains * nr_llcs */
	__type(key, u32);
	__type(value, struct mask);
} homes SEC(".maps");

static __always_inline const struct cpumask *row_mask(u32 row)
{
	struct mask *mask = bpf_map_lookup_elem(&masks, &row);

	return mask ? (const struct cpumask *)mask->cpus : NULL;
}

static __always_inline const struct cpumask *home_mask(u64 domain)
{
	return row_mask(domain);
}

static __always_inline const struct cpumask *llc_home_mask(u64 domain, u32 llc)
{
	u32 key = domain * nr_llcs + llc;
	struct mask *mask = bpf_map_lookup_elem(&homes, &key);

	return mask ? (const struct cpumask *)mask->cpus : NULL;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_DOMAINS); /* rows */
	__uint(key_size, 4);
	__uint(value_size, 8); /* row_words * 8 */
} plan SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* nr_llcs * nr_llcs */
	__type(key, u32);
	__type(value, struct scx_near);
} near SEC(".maps");

static __always_inline u32 near_llc(u32 llc, u32 rank)
{
	u32 key = llc * nr_llcs + rank;
	struct scx_near *found = bpf_map_lookup_elem(&near, &key);

	return found ? found->llc : llc;
}

//% if cells

/* A place where a cell may run. */
struct slot {
	u32 generation; /* rises with every cell that begins in it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_SLOTS);
	__type(key, u32);
	__type(value, struct slot);
} slots SEC(".maps");

static __always_inline u32 slot_generation(u32 slot)
{
	struct slot *s = bpf_map_lookup_elem(&slots, &slot);

	return s ? READ_ONCE(s->generation) : 0;
}
//% end

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_DOMAINS);
	__type(key, u32);
	__type(value, struct scx_stats);
} stats SEC(".maps");

static __always_inline struct scx_stats *stats_of(u64 domain)
{
	u32 key = domain;

	return bpf_map_lookup_elem(&stats, &key);
}

/* One more of what is counted by events; time goes to stats_of() at once, with all that a switch counts. */
static __noinline void count(u64 domain, enum scx_stat stat)
{
	struct scx_stats *s = stats_of(domain);

	if (s && stat < SCX_STAT_COUNT)
		s->count[stat]++;
}

/* DSQ ids. The kernel's own have bit 63; slot 0 of the high half is the CPUs'. */
static __always_inline u64 domain_dsq(u64 domain, u32 llc)
{
	return (u64)(domain + 1) << 32 | llc;
}

static __always_inline u64 cpu_dsq(s32 cpu)
{
	return cpu;
}

static __always_inline bool before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

/* A broken invariant: ends the scheduler, the kernel's own takes over. */
static __noinline void fail(const char *what)
{
	static char format[] = "%s";
	u64 data[] = { (u64)what };

	scx_bpf_error_bstr(format, data, sizeof(data));
}

/* The queue that counts p counts it no more. */
static __noinline void leave_queue(struct task_ctx *t, u64 domain)
{
	struct llc_ctx *llc;

	if (!t->queue)
		return;
	llc = llc_ctx(t->queue - 1);
	if (llc)
		__sync_fetch_and_sub(&llc->queue[domain].queued, 1);
	t->queue = 0;
}
