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
                 clang-tidy, the compiler's tests under address and undefined-behaviour sanitizers
  --help

Environment: SCX_BUILD_DIR (./build), SCX_JOBS, SCX_CACHE_DIR (~/.cache/scxc: kernels).
END
}

all_labels=(unit golden policy object vm fuzz)
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
  expression="^($(IFS='|'; echo "$*"))\$"
  ctest --test-dir "$where" -j "$(nproc)" --output-on-failure --no-tests=error -L "$expression" "${only[@]}"
}

next "set-up"
"$root/tests/support/setup.sh"

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
  # Findings are shown and do not fail: the tree as a whole has not been looked at yet.
  next "clang-tidy, for 15 minutes at most"
  "$root/tests/support/tidy.py" "$directory" "$(build_jobs)" 900 || echo "clang-tidy has findings, see above"

  # The text side of the compiler; the suites that run LLVM or fork are not in here yet.
  next "building the compiler's tests with sanitizers in $sanitized"
  checked=(syntax_test sema_test diagnostics_test automata_pattern_test automata_dfa_test automata_build_test
    abi_manifest_test classify_test analysis_policy_test)
  configure "$sanitized" "${strict[@]}" -DSCX_SANITIZE=address,undefined -DCMAKE_CXX_FLAGS=-fno-sanitize=vptr
  build "$sanitized" "${checked[@]}"
  next "the compiler's tests with sanitizers"
  only=(-R "^($(IFS='|'; echo "${checked[*]}"))\$")
  run_tests "$sanitized" unit
  echo "== all took $((SECONDS - started)) s"
fi
