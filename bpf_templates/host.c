/* host.c: the entry points of the host's build of the classifier. */

static void copy_comm(u64 *words, const char *text)
{
	u8 *bytes = (u8 *)words;
	u32 i;

	words[0] = words[1] = 0;
	for (i = 0; i < 15 && text[i]; i++)
		bytes[i] = text[i];
}

static void fill(struct subject *s, const struct scx_host_task *task)
{
	s->task = task;
	copy_comm(s->comm, task->comm);
	copy_comm(s->leader_comm, task->leader_comm);
//% if comm_automata
	match_comm((const u8 *)s->comm, s->comm_match);
//% end
//% if leader_comm_automata
	match_leader_comm((const u8 *)s->leader_comm, s->leader_comm_match);
//% end
//% if cgroup
	{
		struct scan scan[CGROUP_AUTOMATA] = {};
		const char *byte;

		for (byte = task->cgroup; *byte; byte++)
			cgroup_step(scan, *byte);
		cgroup_end(scan, s->cgroup_match);
	}
//% end
}

unsigned scx_classify(const struct scx_host_task *task)
{
	struct subject subject;

	fill(&subject, task);
	return classify(&subject);
}

unsigned scx_test(const struct scx_host_task *task, unsigned predicate)
{
	struct subject subject;

	if (predicate >= sizeof(tests) / sizeof(tests[0]) || !tests[predicate])
		return ~0u;
	fill(&subject, task);
	return tests[predicate](&subject);
}
