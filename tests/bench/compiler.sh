#!/bin/bash
# compiler.sh BIN EXAMPLES [RESULTS]: how fast and how large scxc is, by hyperfine (medians) and the kernel's
# account of peak memory, for every example. Prints a table; RESULTS/compiler.json keeps hyperfine's own figures.
# It measures and does not judge: goals stand in the heading, a busy machine fails nothing.
set -euo pipefail
bin=$1 examples=$2 results=${3:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$results"

# median_ms COMMAND: the median wall time of a shell-free command.
median_ms() {
  hyperfine --shell=none --warmup 3 --runs 20 --style none --export-json "$work/one.json" "$1" >/dev/null 2>&1
  cat "$work/one.json" >>"$results/compiler.json"
  sed -n 's/.*"median": \([0-9.e-]*\).*/\1/p' "$work/one.json" | awk '{ printf "%.1f", $1 * 1000 }'
}
peak_mib() { "$bin/scx-peak" "$@" | awk '{ printf "%.0f", $1 / 1024 }'; }

: >"$results/compiler.json"
printf '%-28s %14s %14s %14s %14s\n' example 'scxc ms' 'scxc MiB' 'check ms' 'check MiB'
printf '%-28s %14s %14s %14s %14s\n' '(goal)' '<= 150' '<= 200' '<= 20' ''
for policy in "$examples"/[0-9]*.scx; do
  printf '%-28s %14s %14s %14s %14s\n' "$(basename "$policy" .scx)" \
    "$(median_ms "$bin/scxc $policy -o $work/x.bpf.o")" "$(peak_mib "$bin/scxc" "$policy" -o "$work/x.bpf.o")" \
    "$(median_ms "$bin/scxc check $policy")" "$(peak_mib "$bin/scxc" check "$policy")"
done
printf '%-28s %14s\n' 'scxc --version' "$(median_ms "$bin/scxc --version")"
printf '%-28s %14s\n' 'scxc, size in MiB' "$(stat -c %s "$bin/scxc" | awk '{ printf "%.0f", $1 / 1048576 }')"
