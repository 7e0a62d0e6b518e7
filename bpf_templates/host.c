/* host.c: the entry points of the host's build of the classifier. */

static void copy_comm(u64 *words, const char *text)
{
	u8 *bytes = (u8 *)words;
	u32 i;

	words[0] = words[1] = 0;
	for (i = 0; i < 15 && text[i]; i++)
		bytes[i] = text[i];
}

//% if cells
/* The tests of the task's cgroup, and the cell that begins deepest on the way to it. */
static void enter_cgroup(struct subject *s, const char *path)
{
	struct scan scan[CGROUP_AUTOMATA] = {};
	const char *byte;

	s->slot = 0;
	for (byte = path; *byte; byte++) {
		u32 claimed;

		cgroup_step(scan, *byte);
		if (byte != path && byte[1] && byte[1] != '/')
			continue;
		cgroup_end(scan, s->cgroup_match);
		claimed = claimed_cell(s);
		if (claimed)
			s->slot = claimed;
	}
}

//% end
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
//% if cells
	enter_cgroup(s, task->cgroup);
//% end
//% if cgroup and not cells
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
