//% if cgroup
/* cgroup.bpf.c: what the policy's path automata say of each cgroup. A path never
 * changes, so this is found once per cgroup: the state that the parent's path
 * left, moved on by "/" and the name. Sources are cgroup_mkdir, one scan when
 * loading, and the first task that is seen in a cgroup that neither told of.
 */

struct cgroup_ctx {
	struct scan path[CGROUP_AUTOMATA]; /* after the path, as the beginning of a child's */
	u64 match[CGROUP_AUTOMATA];
	u64 valid;
//% if cells
	u32 assigned; /* the slot of the cell that begins here, or 0 */
	u32 generation; /* of that slot then: another one means that the cell has ended */
	u64 resolved; /* the slot that it belongs to, and above it when that was found: assignments + 1 */
//% end
};

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cgroup_ctx);
} cgroups SEC(".maps");

/* Rises with every migration, see is_stale. */
u64 cgroup_moves;
//% if cells

/* Rises when a cgroup is given a slot or loses it. */
u64 assignments;
//% end

/* Writes the state of one cgroup from its parent's, which is NULL for the root. */
static __always_inline void extend_path(struct cgroup_ctx *c, const struct cgroup_ctx *parent, const char *name)
{
	struct scan scan[CGROUP_AUTOMATA] = {};
	char text[256];
	u32 i;

	/* The root is "/", its children "/a": as a beginning, the root's path is empty. */
	if (parent)
		__builtin_memcpy(scan, parent->path, sizeof(scan));
	cgroup_step(scan, '/');
	if (parent) {
		bpf_probe_read_kernel_str(text, sizeof(text), name);
		bpf_for(i, 0, sizeof(text)) {
			u8 byte = text[i & 255];

			if (!byte)
				break;
			cgroup_step(scan, byte);
		}
		__builtin_memcpy(c->path, scan, sizeof(scan));
	}
	cgroup_end(scan, c->match);
	WRITE_ONCE(c->valid, 1);
}

/* The state of a cgroup, found now if it was not known. NULL: no memory. Needs RCU. */
static __noinline struct cgroup_ctx *classify_cgroup(struct cgroup *cgrp)
{
	struct cgroup_ctx *c = bpf_cgrp_storage_get(&cgroups, cgrp, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct cgroup_ctx *parent = NULL;
	u32 level, levels;

	if (!c || READ_ONCE(c->valid))
		return c;
	levels = cgrp->level + 1;
	bpf_for(level, 0, levels) {
		guard_cgroup_ancestor(ancestor, cgrp, level);
		if (!ancestor)
			return NULL;
		c = bpf_cgrp_storage_get(&cgroups, ancestor, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!c)
			return NULL;
		if (!READ_ONCE(c->valid))
			extend_path(c, parent, ancestor->kn->name);
		parent = c;
	}
	return parent;
}

/* Whether it is one of version 2: paths, controllers and cells are of that hierarchy, whose number is 0. */
static __always_inline bool is_default_hierarchy(struct cgroup *cgrp)
{
	return cgrp->root->hierarchy_id == 0;
}
//% if cells

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} events SEC(".maps");

/* Events for which there was no room: the loader looks at every cgroup then. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} events_lost SEC(".maps");

static __always_inline void lose_event(void)
{
	u32 key = 0;
	u64 *lost = bpf_map_lookup_elem(&events_lost, &key);

	if (lost)
		__sync_fetch_and_add(lost, 1);
}

/* Without a path, which is most of it. */
#define BRIEF_EVENT __builtin_offsetof(struct scx_event, path)

static __always_inline void tell(u32 kind, u64 cgroup, u32 slot)
{
	guard_event(event, BRIEF_EVENT);
	if (!event) {
		lose_event();
		return;
	}
	event->cgroup = cgroup;
	event->kind = kind;
	event->slot = slot;
}

static __always_inline void tell_began(struct cgroup *cgrp, const struct cgroup_ctx *c, const char *path)
{
	struct subject subject = { .cgroup_match = c->match };
	u32 claimed = claimed_cell(&subject);

	if (!claimed)
		return;
	guard_event(event, sizeof(*event));
	if (!event) {
		lose_event();
		return;
	}
	event->cgroup = cgrp->kn->id;
	event->kind = SCX_EVENT_CGROUP_BEGAN;
	event->slot = claimed;
	bpf_probe_read_kernel_str(event->path, sizeof(event->path), path);
}

/* The slot of the cell that begins deepest on the way to the cgroup; 0 is root. */
static __noinline u32 slot_of_cgroup(struct cgroup *cgrp, struct cgroup_ctx *c)
{
	u64 now = READ_ONCE(assignments) + 1, known = READ_ONCE(c->resolved);
	u32 level, levels, slot = 0;

	if (likely(known >> 16 == now))
		return known & 0xffff;
	levels = cgrp->level + 1;
	bpf_for(level, 0, levels) {
		struct cgroup_ctx *above;

		guard_cgroup_ancestor(ancestor, cgrp, level);
		if (!ancestor)
			break;
		above = bpf_cgrp_storage_get(&cgroups, ancestor, NULL, 0);
		if (above && above->assigned && slot_generation(above->assigned) == above->generation)
			slot = above->assigned;
	}
	WRITE_ONCE(c->resolved, now << 16 | slot);
	return slot;
}
//% end

SEC("tp_btf/cgroup_mkdir")
s32 PROG(pol_cgroup_mkdir, struct cgroup *cgrp, const char *path)
{
//% if cells
	struct cgroup_ctx *c;
//% end

	if (!is_default_hierarchy(cgrp))
		return 0;
//% if cells
	c = classify_cgroup(cgrp);
	if (c)
		tell_began(cgrp, c, path);
//% end
//% if not cells
	classify_cgroup(cgrp);
//% end
	return 0;
}
//% if cells

SEC("tp_btf/cgroup_rmdir")
s32 PROG(pol_cgroup_rmdir, struct cgroup *cgrp, const char *path)
{
	struct cgroup_ctx *c = bpf_cgrp_storage_get(&cgroups, cgrp, NULL, 0);
	struct subject subject = {};
	u32 claimed;

	if (!c)
		return 0;
	/* Also one that has no cell yet: the loader may have it in mind. */
	subject.cgroup_match = c->match;
	claimed = claimed_cell(&subject);
	if (claimed)
		tell(SCX_EVENT_CGROUP_ENDED, cgrp->kn->id, claimed);
	return 0;
}

/* After the write: the file has its new content when the loader reads it. */
SEC("fexit/cpuset_write_resmask")
s32 PROG(pol_cpuset_write)
{
	guard_preemption();
	tell(SCX_EVENT_CPUSET, 0, 0);
	return 0;
}

/* Cgroups look for their cell again, then tasks at their cgroup. */
static __always_inline void announce_assignment(void)
{
	__sync_fetch_and_add(&assignments, 1);
	__sync_fetch_and_add(&cgroup_moves, 1);
}

SEC("syscall")
s32 assign_cgroup(struct scx_assign_cgroup *args)
{
	u32 slot = args->slot;
	struct cgroup_ctx *c;

	guard_rcu();
	guard_cgroup_id(cgrp, args->cgroup);
	if (!cgrp)
		return -ENOENT;
	c = classify_cgroup(cgrp);
	if (!c)
		return -ENOMEM;
	c->generation = slot_generation(slot);
	c->assigned = slot < NR_SLOTS ? slot : 0;
	announce_assignment();
	return 0;
}

SEC("syscall")
s32 open_slot(struct scx_open_slot *args)
{
	u32 number = args->slot, domain, k;
	struct slot *slot = bpf_map_lookup_elem(&slots, &number);

	if (!slot)
		return -EINVAL;
	bpf_for(k, 0, nr_llcs) {
		u32 id = k;
		struct llc_ctx *llc = llc_ctx(id);

		if (!llc)
			return -EINVAL;
		bpf_for(domain, 0, NR_DOMAINS) {
			u32 d = domain;

			if (d >= NR_DOMAINS || domains[d].slot != number)
				continue;
			llc->queue[d].clock = 0;
			llc->queue[d].service = llc->service;
		}
	}
	__sync_fetch_and_add(&slot->generation, 1);
	return 0;
}

/* Not by its cgroups: one that is gone cannot be asked for any more, and still has tasks. */
SEC("syscall")
s32 close_slot(struct scx_open_slot *args)
{
	u32 number = args->slot;
	struct slot *slot = bpf_map_lookup_elem(&slots, &number);

	if (!slot)
		return -EINVAL;
	__sync_fetch_and_add(&slot->generation, 1);
	announce_assignment();
	return 0;
}

SEC("syscall")
s32 count_queued(struct scx_count_queued *args)
{
	u32 number = args->slot, domain, k;
	s32 queued = 0;

	bpf_for(k, 0, nr_llcs) {
		u32 id = k;
		struct llc_ctx *llc = llc_ctx(id);

		if (!llc)
			break;
		bpf_for(domain, 0, NR_DOMAINS) {
			u32 d = domain;

			if (d < NR_DOMAINS && domains[d].slot == number)
				queued += READ_ONCE(llc->queue[d].queued);
		}
	}
	return queued;
}
//% end

SEC("syscall")
s32 scan_cgroups(void *unused)
{
	struct cgroup_subsys_state *css;

	guard_rcu();
	guard_cgroup_id(root, 1);
	if (!root)
		return -EINVAL;
	for_each_css(css, &root->self) {
		/* css->cgroup is a plain pointer to 6.16; by its id it comes back as a reference. */
		guard_cgroup_id(cgrp, css->cgroup->kn->id);
		if (cgrp && !classify_cgroup(cgrp))
			return -ENOMEM;
	}
	return 0;
}
//% end
