/* kernel.h: the kernel as this scheduler sees it. CO-RE types with the fields
 * in use and no others, BPF helpers, kernel functions and the macros that turn
 * a function into a program. Only what the rest of the text refers to is
 * emitted; offsets and flag values come from the running kernel's BTF.
 */

//% each
typedef unsigned char u8;
typedef unsigned short u16;
typedef signed int s32;
typedef unsigned int u32;
typedef signed long long s64;
typedef unsigned long long u64;
typedef _Bool bool;

//% each
#define true 1
#define false 0
#define NULL ((void *)0)
#define ENOENT 2
#define ENOMEM 12
#define EINVAL 22
#define SEC(name) __attribute__((section(name), used))
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define __ksym __attribute__((section(".ksyms")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __cleanup(drop) __attribute__((cleanup(drop)))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))
#define hide(x) asm volatile("" : "+r"(x))
#define mask_with(x, mask) asm volatile("%0 &= %1" : "+r"(x) : "i"(mask))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The value that the running kernel gives to an enumerator: some moved between releases. */
#define ENUM(type, name) __builtin_preserve_enum_value(*(enum type *)name, 1)

/* Weak kernel functions have a null address where the kernel lacks them; the verifier drops the dead branch. */
#define kernel_has(function) (!!(function))

/* PROG(name, args…): a program whose context is an array of u64 arguments. */
#define PROG_ARGS_0()
#define PROG_ARGS_1(a) (void *)ctx[0]
#define PROG_ARGS_2(a, b) (void *)ctx[0], (void *)ctx[1]
#define PROG_ARGS_3(a, b, c) (void *)ctx[0], (void *)ctx[1], (void *)ctx[2]
#define PROG_ARGS_4(a, b, c, d) (void *)ctx[0], (void *)ctx[1], (void *)ctx[2], (void *)ctx[3]
#define PROG_COUNT_(_0, _1, _2, _3, _4, n, ...) n
#define PROG_COUNT(...) PROG_COUNT_(_, ##__VA_ARGS__, 4, 3, 2, 1, 0)
#define PROG_JOIN_(a, b) a##b
#define PROG_JOIN(a, b) PROG_JOIN_(a, b)
#define PROG(name, ...)                                                                                 \
	name(u64 *ctx);                                                                                 \
	static __always_inline typeof(name(0)) name##_body(__VA_ARGS__);                                \
	typeof(name(0)) name(u64 *ctx)                                                                  \
	{                                                                                               \
		_Pragma("clang diagnostic push")                                                        \
		_Pragma("clang diagnostic ignored \"-Wint-conversion\"")                                \
		return name##_body(PROG_JOIN(PROG_ARGS_, PROG_COUNT(__VA_ARGS__))(__VA_ARGS__));        \
		_Pragma("clang diagnostic pop")                                                         \
	}                                                                                               \
	static __always_inline typeof(name(0)) name##_body(__VA_ARGS__)

enum bpf_map_type {
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
	BPF_MAP_TYPE_CGRP_STORAGE = 32,
};

//% each
#define BPF_F_NO_PREALLOC 1
#define BPF_LOCAL_STORAGE_GET_F_CREATE 1
#define PF_KTHREAD 0x00200000

enum scx_dsq_id {
	SCX_DSQ_LOCAL = 1ULL << 63 | 2,
	SCX_DSQ_LOCAL_ON = 3ULL << 62,
};

enum scx_kick {
	SCX_KICK_IDLE = 1,
	SCX_KICK_PREEMPT = 2,
};

/* Values here are placeholders, see ENUM. */
enum scx_enq_flags {
	SCX_ENQ_WAKEUP = 1,
	SCX_ENQ_PREEMPT = 1ULL << 32,
};

enum scx_wake_flags {
	SCX_WAKE_SYNC = 16,
};

enum scx_ent_flags {
	SCX_TASK_QUEUED = 1,
};

enum scx_ops_flags {
	SCX_OPS_KEEP_BUILTIN_IDLE = 1 << 0,
	SCX_OPS_ENQ_LAST = 1 << 1,
	SCX_OPS_ALLOW_QUEUED_WAKEUP = 1 << 5,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct cpumask {
	unsigned long bits[1];
};

struct bpf_cpumask {
	struct cpumask cpumask;
};

//% members
struct sched_ext_entity {
	u64 slice;
	u64 dsq_vtime;
	u32 weight;
	u32 flags;
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

//% members
struct cred {
	kuid_t euid;
	kgid_t egid;
};

//% members
struct kernfs_node {
	const char *name;
	u64 id;
};

//% members
struct inode {
	u32 i_rdev;
};

struct file;

struct cgroup;

//% members
struct cgroup_root {
	int hierarchy_id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

//% members
struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	int level;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

//% members
struct task_struct {
	char comm[16];
	unsigned int flags;
	int static_prio;
	unsigned int policy;
	int pid;
	int tgid;
	int nr_cpus_allowed;
	const struct cpumask *cpus_ptr;
	struct cpumask cpus_mask;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	const struct cred *cred;
	struct css_set *cgroups;
	struct sched_ext_entity scx;
};

enum scx_exit_kind {
	SCX_EXIT_NONE = 0,
};

struct scx_exit_info {
	enum scx_exit_kind kind;
	s64 exit_code;
	const char *reason;
	const char *msg;
	const char *dump;
};

struct scx_init_task_args {
	bool fork;
};

struct scx_exit_task_args {
	bool cancelled;
};

struct scx_dump_ctx {
	u64 at_ns;
};

#pragma clang attribute pop

/* Packed arguments: not relocated, kernels that lack the function lack the type. */
struct scx_bpf_select_cpu_and_args {
	s32 prev_cpu;
	u64 wake_flags;
	u64 flags;
};

struct scx_bpf_dsq_insert_vtime_args {
	u64 dsq_id;
	u64 slice;
	u64 vtime;
	u64 enq_flags;
};

struct bpf_spin_lock {
	u32 val;
};

struct bpf_iter_num {
	u64 opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_css {
	u64 opaque[3];
} __attribute__((aligned(8)));

struct bpf_iter_scx_dsq {
	u64 opaque[6];
} __attribute__((aligned(8)));

/* Members that the running kernel lacks must stay zero; libbpf matches the others by name. */
//% members
struct sched_ext_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev_cpu, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*dispatch)(s32 cpu, struct task_struct *prev);
	void (*tick)(struct task_struct *p);
	bool (*yield)(struct task_struct *from, struct task_struct *to);
	void (*running)(struct task_struct *p);
	void (*stopping)(struct task_struct *p, bool runnable);
	void (*quiescent)(struct task_struct *p, u64 deq_flags);
	void (*update_idle)(s32 cpu, bool idle);
	void (*set_weight)(struct task_struct *p, u32 weight);
	void (*set_cpumask)(struct task_struct *p, const struct cpumask *allowed);
	s32 (*init_task)(struct task_struct *p, struct scx_init_task_args *args);
	void (*exit_task)(struct task_struct *p, struct scx_exit_task_args *args);
	void (*dump)(struct scx_dump_ctx *ctx);
	void (*dump_cpu)(struct scx_dump_ctx *ctx, s32 cpu, bool idle);
	void (*dump_task)(struct scx_dump_ctx *ctx, struct task_struct *p);
	void (*cpu_online)(s32 cpu);
	void (*cpu_offline)(s32 cpu);
	s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	u64 flags;
	u32 timeout_ms;
	u32 exit_dump_len;
	char name[128];
};

//% each
static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static struct task_struct *(*const bpf_get_current_task_btf)(void) = (void *)158;
static long (*const bpf_probe_read_kernel_str)(void *to, u32 size, const void *from) = (void *)115;
static void *(*const bpf_task_storage_get)(void *map, struct task_struct *p, void *value, u64 flags) = (void *)156;
static void *(*const bpf_map_lookup_percpu_elem)(void *map, const void *key, u32 cpu) = (void *)195;
static void *(*const bpf_cgrp_storage_get)(void *map, struct cgroup *cgrp, void *value, u64 flags) = (void *)210;
static void *(*const bpf_ringbuf_reserve)(void *ringbuf, u64 size, u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *data, u64 flags) = (void *)132;
static long (*const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static long (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static void *(*const bpf_kptr_xchg)(void *kptr, void *object) = (void *)194;

//% each
extern s32 scx_bpf_create_dsq(u64 dsq, s32 node) __ksym;
extern s32 scx_bpf_dsq_nr_queued(u64 dsq) __ksym;
extern void scx_bpf_dsq_insert(struct task_struct *p, u64 dsq, u64 slice, u64 enq_flags) __ksym __weak;
extern bool scx_bpf_dsq_insert___v2___compat(struct task_struct *p, u64 dsq, u64 slice, u64 enq_flags) __ksym __weak;
extern void scx_bpf_dsq_insert_vtime(struct task_struct *p, u64 dsq, u64 slice, u64 vtime, u64 enq_flags) __ksym
	__weak;
extern bool __scx_bpf_dsq_insert_vtime(struct task_struct *p, struct scx_bpf_dsq_insert_vtime_args *args) __ksym
	__weak;
extern bool scx_bpf_dsq_move_to_local(u64 dsq) __ksym __weak;
extern bool scx_bpf_dsq_move_to_local___v2___compat(u64 dsq, u64 enq_flags) __ksym __weak;
extern bool scx_bpf_dsq_move(struct bpf_iter_scx_dsq *it, struct task_struct *p, u64 dsq, u64 enq_flags) __ksym __weak;
extern struct task_struct *scx_bpf_dsq_peek(u64 dsq) __ksym __weak;
extern s32 scx_bpf_select_cpu_and(struct task_struct *p, s32 prev_cpu, u64 wake_flags, const struct cpumask *allowed,
				  u64 flags) __ksym __weak;
extern s32 __scx_bpf_select_cpu_and(struct task_struct *p, const struct cpumask *allowed,
				    struct scx_bpf_select_cpu_and_args *args) __ksym __weak;
extern s32 scx_bpf_pick_idle_cpu(const struct cpumask *allowed, u64 flags) __ksym;
extern void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
extern bool scx_bpf_task_set_slice(struct task_struct *p, u64 slice) __ksym __weak;
extern bool scx_bpf_task_running(const struct task_struct *p) __ksym;
extern s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym;
extern u64 scx_bpf_now(void) __ksym;
extern void scx_bpf_error_bstr(char *format, u64 *data, u32 data__sz) __ksym;
extern void scx_bpf_dump_bstr(char *format, u64 *data, u32 data__sz) __ksym;
extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __ksym;
extern bool bpf_cpumask_test_and_clear_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_and(struct bpf_cpumask *to, const struct cpumask *a, const struct cpumask *b) __ksym;
extern int bpf_cpumask_populate(struct cpumask *mask, void *src, u64 src__sz) __ksym;
extern u32 bpf_cpumask_weight(const struct cpumask *mask) __ksym;
extern bool bpf_cpumask_subset(const struct cpumask *part, const struct cpumask *whole) __ksym;
extern bool bpf_cpumask_intersects(const struct cpumask *a, const struct cpumask *b) __ksym;
extern u32 bpf_cpumask_any_and_distribute(const struct cpumask *a, const struct cpumask *b) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern const struct cpumask *scx_bpf_get_idle_cpumask(void) __ksym;
extern void scx_bpf_put_idle_cpumask(const struct cpumask *mask) __ksym;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgrp) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start, unsigned int flags) __ksym;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __ksym;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __ksym;
extern int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, u64 dsq, u64 flags) __ksym __weak;
extern struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym __weak;
extern void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym __weak;
