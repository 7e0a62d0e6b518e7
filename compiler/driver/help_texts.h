// What stands below the options in the help of scxc and of each command. Read by command_line.cpp.
#pragma once

namespace scx::driver {

inline constexpr const char* kMainExamples = R"(Commands:
  scxc FILE              compile a policy (the default)
  scxc check FILE...     report errors, warnings and notes
  scxc lint FILE...      the same and rules of good policies, for CI
  scxc fmt FILE...       lay policies out in the one way
  scxc test FILE...      run the tests that a policy carries
  scxc diff OLD NEW      which tasks a change moves, and what else it changes
  scxc explain CODE      what a diagnostic means and how to resolve it
  scxc explain FILE --task WORDS, scxc explain FILE --pid PID
                         which layer a task goes to, and why
  scxc explain FILE --layer NAME
                         what a layer takes, what others leave it, what it has
  scxc explain --cleanup FILE...
                         what each scope gives back, when and to whom
  scxc verify FILE...    whether kernels take the scheduler, and what loading it costs
  scxc completion SHELL  completion for bash, zsh or fish
`scxc COMMAND --help` tells more.

Examples:
  scxc web.scx                    writes web.bpf.o
  scxc web.scx -o sched.bpf.o
  scxc web.scx --emit=c -o -      the C text on standard output
  scxc web.scx --dump=model
  scxc check - <web.scx           `-` is standard input

Exit codes: 0 done, 1 the policy has errors or a failed test, 2 usage, 3 environment
)";
inline constexpr const char* kCheckExamples = R"(Examples:
  scxc check web.scx
  scxc check policies/
  scxc check *.scx --format json
)";
inline constexpr const char* kLintExamples =
    R"(Folders stand for all policies (*.scx) in them and below. A file `.scxlint` in a
policy's folder, or above it, sets the levels of rules:
  level order-decides off;    level tests warning;
  fail-on note;               exclude "imported/*";
A comment in a policy allows what a rule finds, with a reason:
  # scxlint allow order-decides: the small layer is meant to win

Examples:
  scxc lint web.scx
  scxc lint policies/ --fail-on note
  scxc lint policies/ --fix
  scxc lint policies/ --format sarif >scxc.sarif
  scxc lint --rules

Exit codes: 0 nothing at the level of --fail-on or above, 1 findings, 2 usage, 3 environment
)";
inline constexpr const char* kFmtExamples =
    R"(Rewrites the files that are not in the one layout: comments stay where they are,
what a policy means does not change, and there is nothing to choose. Folders stand
for all policies (*.scx) in them and below; `-` is standard input, to standard
output. A file with mistakes in its text is left as it is.

Examples:
  scxc fmt web.scx
  scxc fmt policies/ --check      for CI: lists what would change
  scxc fmt web.scx --diff         shows it, as `patch` takes it
  scxc fmt - <web.scx             for editors

Exit codes: 0 done, 1 a file has errors or, with --check, would change, 2 usage,
3 environment
)";
inline constexpr const char* kTestExamples =
    R"(Each test runs on the reference classifier and on the emitted one, compiled for
this machine; they must agree.
With --coverage it tells which layers the tests reach and which matchers and
tests of attributes they have seen true and false, as far as a test can.
With --generate it runs none: it writes those that are missing, for layers that
no test expects and for values that none has shown.

Examples:
  scxc test web.scx
  scxc test web.scx --format json
  scxc test web.scx --coverage
  scxc test policies/ --coverage-at-least 100
  scxc test web.scx --generate >>web.scx
)";
inline constexpr const char* kDiffExamples =
    R"(Tells what the change from OLD to NEW means, however it is written: layers and
cells that are new, removed or only renamed; the tasks that go somewhere else,
one task of each kind as an example; settings with other values.

Examples:
  scxc diff old.scx web.scx
  git show HEAD:web.scx | scxc diff - web.scx
  scxc diff old.scx new.scx --format json

Exit codes: 0 the policies mean the same, 1 differences, or some that could not
be excluded, 2 usage, 3 nothing was compared: a policy has errors or cannot be read
)";
inline constexpr const char* kExplainExamples =
    R"(With --task or --pid the word is a policy: each layer that is asked for the
task, each test with what it reads, and the layer that takes it. WORDS are
KEY=VALUE,…: comm, leader-comm, cgroup, pid, tgid, ppid, uid, gid, nice, sched,
node, llc, gpu-thread, gpu-process; kthread, pinned, not-full, not-leader stand
alone; gpu-thread and gpu-process may, for device 0. A comma in a value is `\,`,
a user or group a number or a name that the policy has. What is not named is as in a `test` block. --pid reads /proc; it cannot
see what GPUs a thread opened.
With --layer, NAME or CELL/NAME, the layer: its match, tasks that it gets, that
layers before it take and that it takes from layers behind it, its properties.
All three say where the tasks may run; with --host, which CPUs that are at load on
a machine: an hwloc file, a description as 2n4c2t (two nodes of four cores of two
threads), or live for this one.
With --cleanup the words are policies: each scope, what it holds, the event that
takes it away and what is done then, by default or by a line of the policy.

Examples:
  scxc explain E0304
  scxc explain web.scx --task comm=nginx,cgroup=/web.slice,nice=-5
  scxc explain web.scx --pid 4711
  scxc explain web.scx --layer web --host 2n4c2t
  scxc explain --cleanup web.scx
  scxc explain --cleanup web.scx --format json
)";
inline constexpr const char* kVerifyExamples =
    R"(FILE is a policy or an object that scxc made. --host and --vm load it for real
and attach nothing: for each program instructions, what the verifier walked,
states, stack and time. --host needs root; --vm needs QEMU and nothing else.
--btf answers from BTF alone which kernels can take it, and which line of the
policy needs what they lack. Its words stand behind the policies: a file
(/sys/kernel/btf/vmlinux, a vmlinux, a kernel image), a folder of such files, or
series (6.18,7.3); without a word every kernel that was fetched.
--budget compares the figures with bounds that --write-budget wrote; time is
shown and never bounded.

Examples:
  scxc verify web.scx --vm=6.18,7.3
  scxc verify web.scx --host --budget budget.json
  scxc verify web.scx --vm=6.18 --write-budget budget.json
  scxc verify web.scx --btf /sys/kernel/btf/vmlinux
  scxc verify examples/*.scx --btf --format markdown

Exit codes: 0 every kernel takes every policy within its budget, 1 not, 2 usage,
3 a kernel could not be asked: the others' answers are given
)";
inline constexpr const char* kCompletionExamples = R"(Examples:
  scxc completion bash > /usr/share/bash-completion/completions/scxc
  scxc completion zsh > "${fpath[1]}/_scxc"
  scxc completion fish > ~/.config/fish/completions/scxc.fish
)";

}  // namespace scx::driver
