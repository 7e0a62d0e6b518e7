#!/bin/bash
# run.sh: set-up, build, tests. Works from a fresh clone and from any directory.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tests/support/build.sh"

usage() {
  cat <<'END'
tests/run.sh [OPTIONS]: installs what is missing, builds into ./build, runs the tests

  --label NAME   only tests of this label; can be repeated:
                 unit golden policy object vm fuzz (the default is all of these), soak, bench
  --soak         the long loads in the virtual machines (label soak)
  --bench        the measurements (label bench)
  --only REGEX   only tests whose names match
  --no-build     take what is built
  --ci           what CI runs: format, build with warnings as errors, all tests,
                 all tests but those in virtual machines under address and undefined-behaviour
                 sanitizers, clang-tidy
  --help

Environment: SCX_BUILD_DIR (./build), SCX_JOBS, SCX_CACHE_DIR (~/.cache/scxc: kernels).
END
}

local_labels=(unit golden policy object fuzz) # without a virtual machine
all_labels=("${local_labels[@]}" vm)
# Seconds that clang-tidy may take; what it does not get to is looked at by a later run, and the report says so.
tidy_limit=1200
labels=() only=() build_first=yes ci=no
while [ $# -gt 0 ]; do
  case $1 in
    --label) labels+=("${2:?--label needs a name}"); shift ;;
    --label=*) labels+=("${1#*=}") ;;
    --soak) labels+=(soak) ;;
    --bench) labels+=(bench) ;;
    --only) only=(-R "${2:?--only needs an expression}"); shift ;;
    --only=*) only=(-R "${1#*=}") ;;
    --no-build) build_first=no ;;
    --ci) ci=yes ;;
    --help | -h) usage; exit 0 ;;
    *) echo "tests/run.sh: unknown option \`$1\`" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
for label in "${labels[@]}"; do
  case " ${all_labels[*]} soak bench " in
    *" $label "*) ;;
    *) echo "tests/run.sh: unknown label \`$label\`; there are: ${all_labels[*]} soak bench" >&2; exit 2 ;;
  esac
done
[ ${#labels[@]} -gt 0 ] || labels=("${all_labels[@]}")

directory=${SCX_BUILD_DIR:-$root/build}
sanitized=${directory}-asan
strict=()
[ $ci = no ] || strict=(-DSCX_WERROR=ON)
# The series that are tested, as runtime/vm/kernel.h has them.
series=$(sed -n 's/.*kTestedSeries\[\] = {\(.*\)};.*/\1/p' "$root/runtime/vm/kernel.h" | tr -d '",')

step=0 steps=4
[ $ci = no ] || steps=8
started=$SECONDS
next() { echo "== [$((++step))/$steps] $* (at $((SECONDS - started)) s)"; }
needs_vm() { case " ${labels[*]} " in *" vm "* | *" soak "* | *" bench "*) return 0 ;; esac; return 1; }

# Our own C++ files, ending in a zero byte each.
sources() {
  find "$root/runtime" "$root/compiler" "$root/tests" \( -name '*.cpp' -o -name '*.h' \) -print0
}

# run_tests DIRECTORY LABEL…: ctest, one test a core; tests in virtual machines run alone by themselves.
run_tests() {
  local where=$1 expression
  shift
  local show=--output-on-failure
  # Measurements are there to be read.
  [ "$*" != bench ] || show=--verbose
  expression="^($(IFS='|'; echo "$*"))\$"
  ctest --test-dir "$where" -j "$(nproc)" "$show" --no-tests=error -L "$expression" "${only[@]}"
}

next "set-up"
"$root/tests/support/setup.sh" --tests

if [ $ci = yes ]; then
  next "clang-format"
  sources | xargs -0 clang-format-19 --dry-run --Werror
fi

if [ $build_first = yes ]; then
  next "configuring and building in $directory"
  configure "$directory" "${strict[@]}"
  build "$directory"
else
  next "taking what is built in $directory"
fi

next "kernels for the virtual machines"
if needs_vm; then
  for one in $series; do "$directory/bin/scx-vm-boot" --series "$one" --fetch; done
else
  echo "not needed for: ${labels[*]}"
fi

next "tests: ${labels[*]}"
tests_started=$SECONDS
status=0
run_tests "$directory" "${labels[@]}" || status=$?
echo "== tests took $((SECONDS - tests_started)) s, all took $((SECONDS - started)) s"
[ $status -eq 0 ] || exit $status

if [ $ci = yes ]; then
  next "building with sanitizers in $sanitized"
  configure "$sanitized" "${strict[@]}" -DSCX_SANITIZE=address,undefined
  build "$sanitized" scx-local-tests
  next "tests with sanitizers: ${local_labels[*]}"
  run_tests "$sanitized" "${local_labels[@]}"

  next "clang-tidy"
  "$root/tests/support/tidy.py" "$directory" "$(build_jobs)" "$tidy_limit"
  echo "== all took $((SECONDS - started)) s"
fi
