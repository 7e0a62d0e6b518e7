/* ops.bpf.c: start, life of a task, and the table of operations. */

SEC("struct_ops.s/init")
s32 PROG(pol_init)
{
	u32 i, k;
	s32 error;

	bpf_for(i, 0, nr_cpu_ids) {
		struct cpu_entry *e = cpu_entry(i);

		error = scx_bpf_create_dsq(cpu_dsq(i), e ? (s32)e->place.node : -1);
		if (error)
			return error;
	}
	bpf_for(i, 0, nr_llcs) {
		u32 key = i * nr_llcs; /* of the nearest one, which is itself */
		struct scx_near *self = bpf_map_lookup_elem(&near, &key);
		struct llc_ctx *llc = llc_ctx(i);

		if (!self || !llc)
			return -EINVAL;
		llc->node = self->node;
		bpf_for(k, 0, NR_DOMAINS) {
			error = scx_bpf_create_dsq(domain_dsq(k, i), self->node);
			if (error)
				return error;
		}
	}
//% if guests or preempt
	return create_marks();
//% end
//% if not guests and not preempt
	return 0;
//% end
}

/* Its domain is decided later: here a new task has neither name nor cgroup. */
SEC("struct_ops.s/init_task")
s32 PROG(pol_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct task_ctx *t = bpf_task_storage_get(&tasks, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!t)
		return -ENOMEM;
	t->head.domain = ROOT_DOMAIN;
	t->charged_at = scx_bpf_now();
	/* Relative to no clock yet: neither lead nor lag. */
	p->scx.dsq_vtime = 0;
	return 0;
}

SEC("struct_ops/exit_task")
void PROG(pol_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	struct task_ctx *t = task_ctx(p);

//% if cells
	/* Another cell in its slot never counted it. */
	if (t && slot_generation(t->slot) != t->generation)
		return;
//% end
	if (t && t->head.classified)
		count(domain_of(t), SCX_STAT_LEFT);
}

SEC(".struct_ops.link")
struct sched_ext_ops pol_ops = {
	.select_cpu = (void *)pol_select_cpu,
	.enqueue = (void *)pol_enqueue,
	.dispatch = (void *)pol_dispatch,
//% if tick
	.tick = (void *)pol_tick,
//% end
//% if yield
	.yield = (void *)pol_yield,
//% end
	.running = (void *)pol_running,
	.stopping = (void *)pol_stopping,
	.quiescent = (void *)pol_quiescent,
	.update_idle = (void *)pol_update_idle,
//% if set_weight
	.set_weight = (void *)pol_set_weight,
//% end
//% if affinity
	.set_cpumask = (void *)pol_set_cpumask,
//% end
	.init_task = (void *)pol_init_task,
	.exit_task = (void *)pol_exit_task,
	.dump = (void *)pol_dump,
	.dump_cpu = (void *)pol_dump_cpu,
	.dump_task = (void *)pol_dump_task,
	.cpu_online = (void *)pol_cpu_online,
	.cpu_offline = (void *)pol_cpu_offline,
	.init = (void *)pol_init,
	.exit = (void *)pol_exit,
	.flags = SCX_OPS_KEEP_BUILTIN_IDLE | SCX_OPS_ENQ_LAST | SCX_OPS_ALLOW_QUEUED_WAKEUP,
	.timeout_ms = WATCHDOG_MS,
	.exit_dump_len = sizeof(((struct scx_exit_report *)0)->dump),
	.name = OPS_NAME,
};

char _license[] SEC("license") = "GPL";
