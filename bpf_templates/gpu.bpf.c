//% if gpu
/* gpu.bpf.c: who has opened a GPU. A thread is a member from its first open of a
 * device node that succeeds; so is its process, and with the descriptor what it
 * forks, until the child executes another program. The time of the last open is
 * kept for each device that the policy names (slot 0: any), of the process in
 * its first thread's storage, which ends with the task. Slots and tests are the
 * compiler's tables, gpu_devices and gpu_tests.
 */

//% if gpu_process
/* Rises when a process becomes a member, see gpu_changed. */
u32 gpu_changes;

/* When the process last opened a GPU in the slot, or the one that it was forked from had; 0: never. */
static __always_inline u64 last_open(const struct task_ctx *leader, u32 slot)
{
	u64 own = READ_ONCE(leader->gpu_process[slot]), inherited = READ_ONCE(leader->gpu_inherited[slot]);

	return own > inherited ? own : inherited;
}

//% end
/* When p last opened what the test asks for; 0: never. */
static __always_inline u64 opened_at(const struct task_ctx *t, const struct task_ctx *leader, u32 slot, bool process)
{
	if (slot >= GPU_SLOTS)
		return 0;
//% if gpu_process
	if (process)
		return leader ? last_open(leader, slot) : 0;
//% end
//% if gpu_thread
	return READ_ONCE(t->gpu_thread[slot]);
//% end
//% if not gpu_thread
	return 0;
//% end
}

/* The policy's tests that hold of p, a bit each, and in `t` until when that stays so. */
static __noinline u64 read_gpu(struct task_struct *p, struct task_ctx *t)
{
	const struct task_ctx *leader = NULL;
	u64 bits = 0;
	u32 i;
//% if gpu_ttl
	u64 now = scx_bpf_now(), until = ~0ULL;
//% end

//% if gpu_process
	leader = task_ctx(p->group_leader);
//% end
	bpf_for(i, 0, NR_GPU_TESTS) {
		u32 k = i;
		u64 opened;

		if (k >= NR_GPU_TESTS)
			break;
		opened = opened_at(t, leader, gpu_tests[k].slot, gpu_tests[k].process);
		if (!opened)
			continue;
//% if gpu_ttl
		if (gpu_tests[k].ttl) {
			u64 end = opened + gpu_tests[k].ttl;

			if (end <= now)
				continue;
			if (end < until)
				until = end;
		}
//% end
		bits |= 1ULL << (k & 63);
	}
//% if gpu_ttl
	t->gpu_until = until;
//% end
	return bits;
}

//% if gpu_process or gpu_ttl
/* Whether a membership may have ended, or the process of p may have become a member. */
static __always_inline bool gpu_changed(struct task_struct *p, struct task_ctx *t)
{
//% if gpu_process
	u32 changes = READ_ONCE(gpu_changes);
	struct task_ctx *leader;
//% end

//% if gpu_ttl
	if (t->gpu_until != ~0ULL && t->gpu_until <= scx_bpf_now())
		return true;
//% end
//% if gpu_process
	if (likely(t->gpu_seen == changes))
		return false;
	leader = task_ctx(p->group_leader);
	if (leader && READ_ONCE(leader->gpu_joins) != t->leader_joins)
		return true;
	t->gpu_seen = changes;
//% end
	return false;
}

//% end
/* The tests that hold of p, with what tells later that they may not any more. */
static __always_inline u64 remember_gpu(struct task_struct *p, struct task_ctx *t)
{
//% if gpu_process
	struct task_ctx *leader = task_ctx(p->group_leader);

	t->gpu_seen = READ_ONCE(gpu_changes);
	if (leader)
		t->leader_joins = READ_ONCE(leader->gpu_joins);
//% end
	return read_gpu(p, t);
}
//% end
