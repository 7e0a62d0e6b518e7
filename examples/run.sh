#!/bin/bash
# run.sh: from a fresh clone to a policy at work. Works from any directory.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tests/support/build.sh"

usage() {
  cat <<'END'
examples/run.sh [POLICY] [OPTIONS]: installs what is missing, builds scxc and scx-run, compiles POLICY
(default: the first example), runs it for some seconds with tasks for every layer, and ends it

  --series S     the kernel of the virtual machine: 6.18, 6.16, 7.3 or another (default 6.18)
  --topology T   its shape: 2s2c2t is two sockets of two cores of two threads (the default)
  --duration D   how long it runs: 10s (the default)
  --host         on this machine, with what runs here, instead of in a virtual machine; needs root and a
                 kernel with sched_ext
  --help

Environment: SCX_BUILD_DIR (./build), SCX_JOBS, SCX_CACHE_DIR (~/.cache/scxc: kernels).
END
}

policy='' series='' topology='' duration=10s host=no
while [ $# -gt 0 ]; do
  case $1 in
    --series) series=${2:?--series needs a value}; shift ;;
    --series=*) series=${1#*=} ;;
    --topology) topology=${2:?--topology needs a value}; shift ;;
    --topology=*) topology=${1#*=} ;;
    --duration) duration=${2:?--duration needs a value}; shift ;;
    --duration=*) duration=${1#*=} ;;
    --host) host=yes ;;
    --help | -h) usage; exit 0 ;;
    -*) echo "examples/run.sh: unknown option \`$1\`" >&2; usage >&2; exit 2 ;;
    *)
      [ -z "$policy" ] || { echo "examples/run.sh: one policy at a time" >&2; exit 2; }
      policy=$1 ;;
  esac
  shift
done
if [ -z "$policy" ]; then
  for policy in "$root"/examples/01-*.scx; do break; done
fi
[ -r "$policy" ] || { echo "examples/run.sh: cannot read \`$policy\`" >&2; exit 2; }
if [ $host = yes ] && [ -n "$series$topology" ]; then
  echo "examples/run.sh: --series and --topology are the virtual machine's; leave them or --host out" >&2
  exit 2
fi
if [ $host = yes ] && [ ! -e /sys/kernel/sched_ext/state ]; then
  echo "examples/run.sh: this machine's kernel has no sched_ext; leave out --host for a virtual machine" >&2
  exit 3
fi

directory=${SCX_BUILD_DIR:-$root/build}
name=$(basename "$policy" .scx)
object=$directory/examples/$name.bpf.o
step=0
next() { echo "== [$((++step))/4] $*"; }

next "set-up"
"$root/tests/support/setup.sh"

next "building scxc and scx-run in $directory"
configure "$directory"
build "$directory" scxc scx-run

next "compiling $policy"
mkdir -p "$directory/examples"
"$directory/bin/scxc" "$policy" -o "$object"
echo "wrote $object ($(wc -c <"$object") bytes)"

if [ $host = yes ]; then
  next "running on this machine for $duration; Ctrl-C ends it earlier"
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  exec "${as_root[@]}" "$directory/bin/scx-run" "$object" --duration "$duration"
fi
next "running in a virtual machine for $duration; Ctrl-C ends it earlier"
exec "$directory/bin/scx-run" "$object" --vm${series:+=$series} ${topology:+--topology "$topology"} --duration "$duration"
