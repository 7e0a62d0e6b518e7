/* compat.h: kernel functions whose form differs between kernels, behind one
 * name each. libbpf cuts an extern's name at its last `___`, so the kernel's
 * `…___v2` is declared as `…___v2___compat`.
 */

static __noinline void dsq_insert(struct task_struct *p, u64 dsq, u64 slice, u64 enq_flags)
{
//% if before_6_19
	if (!kernel_has(scx_bpf_dsq_insert___v2___compat)) {
		scx_bpf_dsq_insert(p, dsq, slice, enq_flags);
		return;
	}
//% end
	scx_bpf_dsq_insert___v2___compat(p, dsq, slice, enq_flags);
}

static __noinline void dsq_insert_vtime(struct task_struct *p, u64 dsq, u64 slice, u64 vtime, u64 enq_flags)
{
	struct scx_bpf_dsq_insert_vtime_args args = {
		.dsq_id = dsq,
		.slice = slice,
		.vtime = vtime,
		.enq_flags = enq_flags,
	};

//% if before_6_19
	if (!kernel_has(__scx_bpf_dsq_insert_vtime)) {
		scx_bpf_dsq_insert_vtime(p, dsq, slice, vtime, enq_flags);
		return;
	}
//% end
	__scx_bpf_dsq_insert_vtime(p, &args);
}

/* Only from ops.dispatch: the first task of the DSQ that may run here goes to the CPU. */
static __noinline bool dsq_move_to_local(u64 dsq)
{
//% if before_7_1
	if (!kernel_has(scx_bpf_dsq_move_to_local___v2___compat))
		return scx_bpf_dsq_move_to_local(dsq);
//% end
	return scx_bpf_dsq_move_to_local___v2___compat(dsq, 0);
}

/* An idle CPU of `allowed` for p, claimed, aware of SMT, LLC and node; negative if there is none. */
static __noinline s32 claim_idle(struct task_struct *p, s32 prev_cpu, u64 wake_flags, const struct cpumask *allowed)
{
	struct scx_bpf_select_cpu_and_args args = {
		.prev_cpu = prev_cpu,
		.wake_flags = wake_flags,
	};

//% if before_6_19
	if (!kernel_has(__scx_bpf_select_cpu_and))
		return scx_bpf_select_cpu_and(p, prev_cpu, wake_flags, allowed, 0);
//% end
	return __scx_bpf_select_cpu_and(p, allowed, &args);
}

/* The vtime of the first task of a DSQ, or `fallback` if it is empty. */
static __always_inline u64 dsq_first_vtime(u64 dsq, u64 fallback)
{
	struct task_struct *p;

//% if before_7_1
	/* 6.19 and 7.0 have scx_bpf_dsq_peek(), which may miss a task there: not before what came with 7.1. */
	if (!kernel_has(scx_bpf_dsq_move_to_local___v2___compat)) {
		for_each_queued(p, dsq)
			return p->scx.dsq_vtime;
		return fallback;
	}
//% end
	p = scx_bpf_dsq_peek(dsq);
	return p ? p->scx.dsq_vtime : fallback;
}
