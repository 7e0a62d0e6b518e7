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
};

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cgroup_ctx);
} cgroups SEC(".maps");

/* Rises with every migration, see is_stale. */
u64 cgroup_moves;

/* Writes the state of one cgroup from its parent's, which is NULL for the root. */
static __always_inline void extend_path(struct cgroup_ctx *c, const struct cgroup_ctx *parent, const char *name)
{
	struct scan scan[CGROUP_AUTOMATA] = {};
	char text[256] = {};
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

SEC("tp_btf/cgroup_mkdir")
s32 PROG(pol_cgroup_mkdir, struct cgroup *cgrp, const char *path)
{
	classify_cgroup(cgrp);
	return 0;
}

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
