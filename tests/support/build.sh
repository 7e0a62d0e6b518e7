# build.sh: configures and builds. Sourced by tests/run.sh and examples/run.sh,
# after `root` is set to the project's root. Bash.

# The number of jobs: $SCX_JOBS, else the CPUs, bounded by memory (a file that
# includes clang needs up to 1.5 GB).
build_jobs() {
  local cpus memory
  cpus=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1536 / 1024) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo "${SCX_JOBS:-$((cpus < memory ? cpus : memory))}"
}

# configure DIRECTORY CMAKE-ARGUMENTS…: quick when nothing has changed.
configure() {
  local directory=$1
  shift
  local log
  log=$(mktemp "${TMPDIR:-/tmp}/scx-configure.XXXXXX.log")
  if ! cmake -S "$root" -B "$directory" -G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
    -DCMAKE_BUILD_TYPE=Release "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# build DIRECTORY TARGETS…: ninja, with a line every few seconds where the output is no terminal.
build() {
  local directory=$1
  shift
  # The compiler's cache is shared by clones in different places.
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  export NINJA_STATUS="[%f/%t, %e s] "
  if [ -t 1 ]; then
    ninja -C "$directory" -j "$(build_jobs)" "$@"
  else
    # Progress lines are thinned out; what a compiler says is not.
    ninja -C "$directory" -j "$(build_jobs)" "$@" 2>&1 | awk '
      /^\[[0-9]+\/[0-9]+, / { split($0, part, /[[\/,]/); if (part[2] - shown >= 25 || part[2] == part[3]) { print; shown = part[2]; fflush() } next }
      { print; fflush() }'
  fi
}
