" Highlighting for scheduling policies (*.scx).
if exists('b:current_syntax') | finish | endif

syntax iskeyword @,48-57,_,-
syntax keyword scxDeclaration language include policy let match layer layers cell cells root cleanup test
syntax keyword scxLogic and or not child of
syntax keyword scxKind confined grouped open
syntax keyword scxAttribute cgroup comm leader pid tgid ppid uid gid nice sched kthread pidns affinity gpu
syntax keyword scxAttribute joined runtime hint system direct dispatch ratio
syntax keyword scxWord under prefix suffix matches within for except in from else with by to
syntax keyword scxWord return
" As a keyword it would be taken for vim's own argument.
syntax match scxWord "\<contains\>"
syntax keyword scxProperty slice watchdog kernel irq memory hints partial cgroup-limits cpus weight order
syntax keyword scxProperty preempt util min-run yield exclusive protected idle-confined count-open-time
syntax keyword scxProperty placement grow nodes llcs place prefer no-open-after no-preempt-after
syntax keyword scxProperty migrate-after cross-node skip-remote-node memory-bandwidth perf resume-latency
syntax keyword scxProperty peak-hold member-for histogram max min align borrow lend rebalance share
syntax keyword scxProperty overflow threshold every smoothing cooldown on drain restore task expect host
syntax keyword scxProperty owner mode

syntax match scxNumber "\v(\k)@<!-?\d+(\.\d+)*(ns|us|ms|s|m|h|KiB|MiB|GiB/s|GiB|\%| ?core>)?"
syntax match scxOperator "==\|!=\|<=\|>=\|<\|>\|\.\.\|\*"
syntax match scxEscape contained "\\\(["\\ntr]\|x\x\x\)"
syntax match scxBadEscape contained "\\[^"\\ntrx]"
syntax region scxString start=+"+ skip=+\\.+ end=+"+ oneline contains=scxEscape,scxBadEscape
syntax match scxComment "#.*$"

highlight default link scxDeclaration Keyword
highlight default link scxLogic Operator
highlight default link scxKind StorageClass
highlight default link scxAttribute Identifier
highlight default link scxWord Statement
highlight default link scxProperty Type
highlight default link scxNumber Number
highlight default link scxOperator Operator
highlight default link scxEscape SpecialChar
highlight default link scxBadEscape Error
highlight default link scxString String
highlight default link scxComment Comment

let b:current_syntax = 'scx'
