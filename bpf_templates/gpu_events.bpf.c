//% if gpu
/* gpu_events.bpf.c: opens of GPU devices, and what processes hand down. The
 * loader says which devices are GPUs, and once who had one open before.
 */

/* From the loader: majors of GPU drivers, and single nodes as the policy lists them. */
const volatile u32 gpu_majors[SCX_GPU_MAJORS];
const volatile u32 gpu_nodes[SCX_GPU_NODES];

/* The number of the GPU with that dev_t; SCX_NO_GPU if it is none. */
static __always_inline u32 gpu_number(u32 device)
{
	u32 major = device >> 20, minor = device & 0xfffff;
	u32 i;

	bpf_for(i, 0, SCX_GPU_MAJORS) {
		u32 k = i;

		if (k >= SCX_GPU_MAJORS || !gpu_majors[k])
			break;
		if (gpu_majors[k] == major)
			/* cardN, and the render node N + 128 of the same device. */
			return major == SCX_DRM_MAJOR ? minor % 64 : minor;
	}
	bpf_for(i, 0, SCX_GPU_NODES) {
		u32 k = i;

		if (k >= SCX_GPU_NODES || !gpu_nodes[k])
			break;
		if (gpu_nodes[k] == device)
			return minor;
	}
	return SCX_NO_GPU;
}

/* Notes an open in a slot. Whether a test may say something else now. */
static __always_inline bool note_open(u64 *opened, u64 now)
{
	u64 before = READ_ONCE(*opened);

	WRITE_ONCE(*opened, now);
//% if gpu_ttl
	return !before || now - before >= GPU_SHORTEST_TTL;
//% end
//% if not gpu_ttl
	return !before;
//% end
}

/* p has opened a GPU. Needs RCU. */
static __noinline void gpu_opened(struct task_struct *p, u32 number)
{
	struct task_ctx *t = bpf_task_storage_get(&tasks, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
//% if gpu_process
	struct task_ctx *leader =
		bpf_task_storage_get(&tasks, p->group_leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	bool joins = false;
//% end
	u64 now = scx_bpf_now();
	bool changes = false;
	u32 i;

	if (!t)
		return;
	bpf_for(i, 0, GPU_SLOTS) {
		u32 slot = i;

		if (slot >= GPU_SLOTS)
			break;
		if (slot && gpu_devices[slot] != number)
			continue;
//% if gpu_thread
		if (note_open(&t->gpu_thread[slot], now))
			changes = true;
//% end
//% if gpu_process
		if (leader && note_open(&leader->gpu_process[slot], now))
			joins = true;
//% end
	}
//% if gpu_process
	if (joins) {
		changes = true;
		__sync_fetch_and_add(&leader->gpu_joins, 1);
		__sync_fetch_and_add(&gpu_changes, 1);
	}
//% end
	if (changes)
		mark_stale(p);
}

/* Every open of a character device comes here; a failed one makes nobody a member. */
SEC("fexit/chrdev_open")
s32 PROG(pol_chrdev_open, struct inode *inode, struct file *file, s32 error)
{
	u32 number;

	guard_preemption();
	number = gpu_number(inode->i_rdev);
	if (likely(number == SCX_NO_GPU) || error)
		return 0;
	gpu_opened(bpf_get_current_task_btf(), number);
	return 0;
}

SEC("syscall")
s32 mark_gpu(struct scx_gpu_user *user)
{
	guard_task_pid(p, user->pid);
	if (!p)
		return 0;
	guard_rcu();
	gpu_opened(p, user->number);
	return 0;
}
//% if gpu_process

/* A child has the descriptors of its parent: its process takes over the membership. Threads share it anyway. */
SEC("tp_btf/sched_process_fork")
s32 PROG(pol_process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct task_ctx *from = task_ctx(parent->group_leader);
	struct task_ctx *to;
	u32 i;

	if (!from || parent->tgid == child->tgid || !(from->gpu_process[0] | from->gpu_inherited[0]))
		return 0;
	to = bpf_task_storage_get(&tasks, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!to)
		return 0;
	bpf_for(i, 0, GPU_SLOTS) {
		u32 slot = i;

		if (slot >= GPU_SLOTS)
			break;
		to->gpu_inherited[slot] = last_open(from, slot);
	}
	return 0;
}

/*
 * Another program: what was only inherited ends, what the process opened itself
 * stays. It may not be the first thread that goes on: that one is replaced by p.
 */
SEC("tp_btf/sched_prepare_exec")
s32 PROG(pol_prepare_exec, struct task_struct *p, void *binary)
{
	struct task_ctx *t = task_ctx(p), *leader = task_ctx(p->group_leader);
	bool ends;
	u32 i;

	if (!t || !leader || !(leader->gpu_process[0] | leader->gpu_inherited[0]))
		return 0;
	ends = leader->gpu_inherited[0];
	bpf_for(i, 0, GPU_SLOTS) {
		u32 slot = i;

		if (slot >= GPU_SLOTS)
			break;
		t->gpu_process[slot] = leader->gpu_process[slot];
		/* Whoever still looks at the first thread sees the same. */
		t->gpu_inherited[slot] = leader->gpu_inherited[slot] = 0;
	}
	if (ends)
		mark_stale(p);
	return 0;
}
//% end
//% end
