/* report.bpf.c: why the scheduler ended, and its state in the policy's terms
 * for the kernel's dump.
 */

#define dump(format, ...)                                                  \
	({                                                                 \
		static char __format[] = format;                           \
		u64 __data[] = { __VA_ARGS__ };                            \
		scx_bpf_dump_bstr(__format, __data, sizeof(__data));       \
	})

//% if cells
static __always_inline const char *layer_name(u64 domain)
{
	u32 layer = domains[domain].layer;

	return layer_names[layer < NR_LAYERS ? layer : 0];
}
//% end
//% if not cells
#define layer_name(domain) layer_names[domain]
//% end

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scx_exit_report);
} exit_info SEC(".maps");

SEC("struct_ops/dump")
void PROG(pol_dump, struct scx_dump_ctx *unused)
{
	u32 i, k;

	bpf_for(i, 0, NR_DOMAINS) {
		u64 domain = i;

		if (domain >= NR_DOMAINS)
			break;
		bpf_for(k, 0, nr_llcs) {
			u32 id = k;
			struct llc_ctx *llc = llc_ctx(id);

			if (!llc)
				break;
			if (!llc->queue[domain].cpus && !llc->queue[domain].queued)
				continue;
//% if cells
			dump("cell %u, layer %s, llc %u: %u home CPUs, %u queued\n", domains[domain].slot,
			     (u64)layer_name(domain), id, llc->queue[domain].cpus, llc->queue[domain].queued);
//% end
//% if not cells
			dump("layer %s, llc %u: %u home CPUs, %u queued\n", (u64)layer_name(domain), id,
			     llc->queue[domain].cpus, llc->queue[domain].queued);
//% end
		}
	}
}

SEC("struct_ops/dump_cpu")
void PROG(pol_dump_cpu, struct scx_dump_ctx *unused, s32 cpu, bool idle)
{
	struct cpu_entry *e = cpu_entry(cpu);
	struct cpu_ctx *c = cpu_ctx(cpu);
	u32 w;

	if (!c || !e || idle)
		return;
	dump("cell %u, own queue %d tasks, ahead by %lld ns, home of layers", e->place.slot,
	     scx_bpf_dsq_nr_queued(cpu_dsq(cpu)), c->own_lead);
	for_each_word(w) {
		u32 i = w;

		if (i < DOMAIN_WORDS && e->home.word[i])
			dump(" %u+0x%llx", i * 64, e->home.word[i]);
	}
}

SEC("struct_ops/dump_task")
void PROG(pol_dump_task, struct scx_dump_ctx *unused, struct task_struct *p)
{
	struct task_ctx *t = task_ctx(p);

	if (t && t->head.classified)
		dump("layer %s%s", (u64)layer_name(domain_of(t)),
		     (u64)(t->flags & TASK_OWN ? ", on its CPU's own queue" : ""));
}

SEC("struct_ops/exit")
void PROG(pol_exit, struct scx_exit_info *info)
{
	u32 key = 0;
	struct scx_exit_report *report = bpf_map_lookup_elem(&exit_info, &key);

	if (!report)
		return;
	report->kind = info->kind;
	report->exit_code = info->exit_code;
	bpf_probe_read_kernel_str(report->reason, sizeof(report->reason), info->reason);
	bpf_probe_read_kernel_str(report->message, sizeof(report->message), info->msg);
	bpf_probe_read_kernel_str(report->dump, sizeof(report->dump), info->dump);
}
