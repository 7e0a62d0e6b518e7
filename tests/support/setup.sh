#!/bin/bash
# setup.sh: installs from the distribution's packages what building, testing and
# running need and this machine lacks. One dpkg-query when nothing is missing.
# Run by tests/run.sh and examples/run.sh; can be run by itself, again and again.
#
#   tests/support/setup.sh [--tests] [--check]
#
#   --tests   also what only tests need
#   --check   only say what is missing (exit 1)
#
# Debian 12 takes libbpf and QEMU from its backports, through an apt of its own:
# the machine's apt configuration stays as it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

packages=(
  cmake ninja-build ccache g++ clang-19 lld-19 llvm-19-dev libclang-19-dev libpolly-19-dev # build
  libclang-rt-19-dev clang-tidy-19 clang-format-19 python3                               # checks
  antlr4 libantlr4-runtime-dev libfmt-dev libcli11-dev nlohmann-json3-dev libhwloc-dev   # libraries
  libelf-dev zlib1g-dev libzstd-dev libarchive-dev
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev hyperfine                 # tests
  busybox-static                                                                         # the guest
)
# Package, least version, why. The suite that has it is release-dependent.
floors=(
  "libbpf-dev 1.4.6 sched_ext's structures need it"
  "qemu-system-x86 8 earlier ones make kernels from 6.18 on panic under emulation"
)

only_check=no
for word in "$@"; do
  case $word in
    --check) only_check=yes ;;
    --tests)
      packages+=(python3-jsonschema python3-yaml pre-commit)
      # Fetches the validator of SARIF files. Distributions cut it into hundreds of packages: any will do.
      command -v npm >/dev/null || packages+=(npm)
      ;;
    *) echo "set-up: unknown option \`$word\`; there are --tests and --check" >&2; exit 2 ;;
  esac
done

say() { echo "set-up: $*"; }
die() {
  echo "set-up: $*" >&2
  exit 2
}

release=unknown pretty="this system"
if [ -r /etc/os-release ]; then
  release=$(. /etc/os-release && echo "${ID:-}-${VERSION_ID:-${VERSION_CODENAME:-}}")
  pretty=$(. /etc/os-release && echo "${PRETTY_NAME:-this system}")
fi

# Fills missing=(…) and too_old=(…) from one dpkg-query.
find_missing() {
  local floored=() entry name version found
  declare -A have=()
  for entry in "${floors[@]}"; do floored+=("${entry%% *}"); done
  while read -r status name version; do
    [ "$status" = installed ] && have[$name]=$version
  done < <(dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' \
    "${packages[@]}" "${floored[@]}" 2>/dev/null)
  missing=() too_old=()
  for name in "${packages[@]}"; do
    [ -n "${have[$name]:-}" ] || missing+=("$name")
  done
  for entry in "${floors[@]}"; do
    read -r name version _ <<<"$entry"
    # The epoch is the distribution's, not the program's.
    found=${have[$name]:-}
    dpkg --compare-versions "${found#*:}" ge "$version" 2>/dev/null || too_old+=("$name")
  done
}

# Runs apt-get with the options given, shows a line for every tenth package,
# keeps everything in $log and shows its end when apt-get fails.
apt_install() {
  say "  $(("$#")) packages and what they depend on; the full log is $log"
  if ! DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 -y --no-install-recommends "${options[@]}" install "$@" 2>&1 </dev/null |
    tee -a "$log" | awk '
      /^[0-9]+ upgraded/ { total = $1 + $3; print "set-up:   " total " packages to unpack and set up" }
      /^Need to get/ { sub(/^Need to get /, ""); print "set-up:   downloading " $1 " " $2; fflush() }
      /^Unpacking / { if (++n % 10 == 0) { print "set-up:   unpacked " n " of " total " (" $2 ")"; fflush() } }
      /^Setting up / { if (++m % 10 == 0) { print "set-up:   set up " m " of " total " (" $3 ")"; fflush() } }'; then
    tail -n 30 "$log" >&2
    die "apt-get failed"
  fi
}

find_missing
if [ ${#missing[@]} -eq 0 ] && [ ${#too_old[@]} -eq 0 ]; then
  say "all packages are there"
  exit 0
fi
say "missing: ${missing[*]} ${too_old[*]}"
[ $only_check = yes ] && exit 1

case $release in
  debian-12 | debian-13 | ubuntu-24.04) ;;
  debian-* | ubuntu-*) say "$pretty is not one of Debian 12, Debian 13, Ubuntu 24.04; trying all the same" ;;
  *) die "$pretty is neither Debian nor Ubuntu; install these yourself: ${missing[*]} ${floors[*]/%/;}" ;;
esac
command -v apt-get >/dev/null || die "there is no apt-get here"
as_root=(env)
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "packages are missing, and this is neither root nor is there sudo"
  as_root=(sudo env)
fi
[ -r /proc/self/stat ] || die "/proc is not mounted; the Java of antlr4 cannot be installed without it"
log=$(mktemp "${TMPDIR:-/tmp}/scx-set-up.XXXXXX.log")
started=$SECONDS
backports=()
if [ "$release" = debian-12 ]; then backports=("${too_old[@]}"); else missing+=("${too_old[@]}"); fi
steps=$(((${#missing[@]} > 0) + 2 * (${#backports[@]} > 0) + 1)) step=0
next() { say "[$((++step))/$steps] $*"; }

next "reading the package lists of $pretty"
"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -qq update >>"$log" 2>&1 ||
  say "  some lists could not be read (see $log); going on with the others"

if [ ${#missing[@]} -gt 0 ]; then
  next "installing from $pretty"
  unknown=()
  for name in "${missing[@]}"; do
    apt-cache show --no-all-versions "$name" >/dev/null 2>&1 || unknown+=("$name")
  done
  [ ${#unknown[@]} -eq 0 ] || die "$pretty has no package for: ${unknown[*]}"
  # Said before hundreds of megabytes are fetched.
  for entry in "${floors[@]}"; do
    read -r name version why <<<"$entry"
    case " ${missing[*]} " in *" $name "*) ;; *) continue ;; esac
    found=$(apt-cache policy "$name" | sed -n 's/^ *Candidate: *//p')
    dpkg --compare-versions "${found#*:}" ge "$version" ||
      die "$pretty offers \`$name\` $found; $version or later is needed: $why"
  done
  options=()
  apt_install "${missing[@]}"
fi

if [ ${#backports[@]} -gt 0 ]; then
  # shellcheck source=../../runtime/vm/apt_suite.sh
  . "$here/../../runtime/vm/apt_suite.sh"
  suite=bookworm-backports
  own=$(mktemp -d "${TMPDIR:-/tmp}/scx-apt.XXXXXX")
  trap 'rm -rf "$own"' EXIT
  next "reading the package lists of $suite"
  scx_apt_prepare "$own" "$suite" || die "cannot reach $suite"
  # Dependencies come from the release as the machine's own sources have it.
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] && ln -s "$file" "$own/parts/machine-${file##*/}"
  done
  cp -r /var/lib/apt/lists/. "$own/lists/" 2>/dev/null || true
  "${as_root[@]}" apt-get $scx_apt_options -qq update >>"$log" 2>&1 || say "  some lists could not be read (see $log)"
  next "installing from $suite"
  options=($scx_apt_options -t "$suite")
  apt_install "${backports[@]}"
  "${as_root[@]}" rm -rf "$own"
fi

find_missing
for name in "${missing[@]}" "${too_old[@]}"; do
  for entry in "${floors[@]}"; do
    if [ "${entry%% *}" = "$name" ]; then
      read -r _ version why <<<"$entry"
      found=$(dpkg-query -W -f '${Version}' "$name" 2>/dev/null || echo none)
      echo "set-up: $pretty has \`$name\` $found; $version or later is needed: $why" >&2
    fi
  done
done
[ ${#missing[@]} -eq 0 ] && [ ${#too_old[@]} -eq 0 ] || die "still missing: ${missing[*]} ${too_old[*]}"
say "done in $((SECONDS - started)) s"
rm -f "$log"
