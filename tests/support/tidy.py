#!/usr/bin/env python3
"""tidy.py BUILD_DIRECTORY [JOBS [SECONDS]]: clang-tidy over our own sources, as they are compiled there.

A file whose preprocessed text and configuration passed before is not looked at
again, in any clone: what passed is kept by its hash in the cache directory.
After SECONDS no further file is begun, and the report says how many were left.
Exit 1 when a file has findings. Run by tests/run.sh --ci.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import resource
import shlex
import subprocess
import sys
import time

TIDY = "clang-tidy-19"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def cache_directory():
    """As runtime/vm/cache.h has it."""
    base = os.environ.get("SCX_CACHE_DIR") or (
        os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "scxc"))
    path = pathlib.Path(base, "tidy")
    path.mkdir(parents=True, exist_ok=True)
    return path


def own_commands(build):
    """The compile commands of files of the tree; generated ones lie in the build directory."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(ROOT) and not path.relative_to(ROOT).parts[0].startswith("build"):
            yield path, entry


def preprocessed_hash(path, entry):
    """Of everything that decides what clang-tidy says, but for where the clone lies."""
    words = entry.get("arguments") or shlex.split(entry["command"])
    if os.path.basename(words[0]) == "ccache":
        words = words[1:]
    words = [word for word in words if word not in ("-c", "-MD")]
    for option in ("-o", "-MF", "-MT"):
        while option in words:
            at = words.index(option)
            del words[at:at + 2]
    # Comments stay: NOLINT is one. Line markers, which hold paths, do not.
    result = subprocess.run(words + ["-E", "-P", "-C"], cwd=entry["directory"], capture_output=True, check=False)
    if result.returncode != 0:
        return None
    text = result.stdout.replace(str(ROOT).encode(), b"")
    for folder in reversed(path.relative_to(ROOT).parents):
        config = ROOT / folder / ".clang-tidy"
        if config.exists():
            text += config.read_bytes()
    return hashlib.sha256(text + TIDY.encode()).hexdigest()


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    limit = float(sys.argv[3]) if len(sys.argv) > 3 else float("inf")
    cache = cache_directory()
    started = time.monotonic()
    left = []

    def look_at(item):
        path, entry = item
        if time.monotonic() - started > limit:
            left.append(path)
            return path, False, ""
        digest = preprocessed_hash(path, entry)
        if digest and (cache / digest).exists():
            return path, True, ""
        result = subprocess.run([TIDY, "-quiet", "-p", str(build), str(path)], capture_output=True, text=True,
                                check=False)
        if result.returncode == 0 and digest:
            (cache / digest).touch()
        return path, False, result.stdout if result.returncode != 0 else ""

    items = sorted({path: (path, entry) for path, entry in own_commands(build)}.values(), key=lambda item: item[0])
    known, failed, shown = 0, [], 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done, (path, was_known, findings) in enumerate(pool.map(look_at, items), 1):
            known += was_known
            if findings:
                failed.append(path)
                print(findings, flush=True)
            if time.monotonic() - started - shown > 20:
                shown = time.monotonic() - started
                print(f"clang-tidy: {done} of {len(items)} files", flush=True)
    print(f"clang-tidy: {len(items)} files, {known} of them known from before, {len(failed)} with findings,"
          f" {len(left)} not looked at for lack of time,"
          f" {time.monotonic() - started:.0f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s of CPU")
    for path in failed:
        print(f"  {path.relative_to(ROOT)}")
    return 1 if failed or not items else 0


if __name__ == "__main__":
    sys.exit(main())
