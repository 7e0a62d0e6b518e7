#!/bin/bash
# phases.sh BIN [RESULTS]: medians of the phases that scx-bench-phases measures, and how often the time of the
# first argument each further one takes. It measures and does not judge. RESULTS/phases.csv keeps all figures.
set -euo pipefail
bin=$1 results=${2:-.}
mkdir -p "$results"
"$bin/scx-bench-phases" --benchmark_format=csv --benchmark_repetitions=7 --benchmark_min_time=0.1 \
  --benchmark_report_aggregates_only=true >"$results/phases.csv" 2>/dev/null
printf '%-28s %12s %4s %10s\n' phase/argument 'median (CPU)' '' 'times first'
awk -F, '
  /_median"/ {
    gsub(/"/, "")
    name = $1; sub(/_median$/, "", name)
    family = name; sub(/\/.*/, "", family)
    if (!(family in first)) first[family] = $4
    printf "%-28s %12.3f %4s %10.1f\n", name, $4, $5, $4 / first[family]
  }' "$results/phases.csv"
