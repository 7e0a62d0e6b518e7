#!/usr/bin/env python3
"""What `scxc lint` writes for tools, judged by tools: SARIF by the SARIF Multitool, JSON
by its own schema, JUnit's XML by a reader of XML, GitHub's annotations line by line.

    formats.py SCXC SOURCE_FOLDER

The Multitool comes from npm, in the version that tests/support/sarif pins, into the cache.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import jsonschema

scxc, source = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
failures = []


def expect(condition, message):
    if not condition:
        failures.append(message)
        print(f"FAILED: {message}")


def lint(*words, cwd):
    done = subprocess.run([scxc, "lint", *words], cwd=cwd, capture_output=True, text=True)
    expect(done.returncode in (0, 1, 3), f"scxc lint {' '.join(words)}: exit {done.returncode}: {done.stderr[:500]}")
    return done.stdout


def multitool():
    """The program, fetched if need be."""
    pinned = source / "tests/support/sarif"
    version = json.loads((pinned / "package.json").read_text())["dependencies"]["@microsoft/sarif-multitool"]
    cache = Path(os.environ.get("SCX_CACHE_DIR") or Path.home() / ".cache/scxc")
    folder = cache / f"sarif-multitool-{version}"
    program = folder / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(pinned / name, fresh)
            # The lock file holds the hashes; no script of a package runs.
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=fresh, check=True)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(fresh, folder)
    program.chmod(0o755)
    return program


def check_sarif(name, text, scratch):
    file, report = Path(scratch) / f"{name}.sarif", Path(scratch) / f"{name}.report.sarif"
    file.write_text(text)
    # The tool is a .NET program: without ICU it wants to be told so.
    subprocess.run([str(multitool()), "validate", str(file), "--output", str(report), "--log", "ForceOverwrite"],
                   env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}, stdout=subprocess.DEVNULL)
    found = [result for run in json.loads(report.read_text())["runs"] for result in run.get("results", [])]
    # That a tool names no home page is a matter of taste.
    found = [result for result in found if result["ruleId"] != "SARIF2005"]
    for result in found[:5]:
        expect(False, f"{name}: the Multitool says {result['ruleId']} {result['message']}")
    print(f"SARIF of {name}: {len(json.loads(text)['runs'][0]['results'])} results, accepted by the Multitool")
    return json.loads(text)


def check_json(name, text):
    schema = json.loads(subprocess.run([scxc, "lint", "--schema"], capture_output=True, text=True, check=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    lines = text.splitlines()
    for line in lines:
        for error in validator.iter_errors(json.loads(line)):
            expect(False, f"{name}: {error.message} in {line[:200]}")
    print(f"JSON of {name}: {len(lines)} lines, as the schema says")
    return len(lines)


def check_junit(name, text):
    root = xml.fromstring(text)
    cases, failed = root.findall(".//testcase"), root.findall(".//failure")
    expect(int(root.get("tests")) == len(cases), f"{name}: JUnit counts {root.get('tests')} tests, has {len(cases)}")
    expect(int(root.get("failures")) == len(failed), f"{name}: JUnit counts {root.get('failures')} failures, has {len(failed)}")
    print(f"JUnit of {name}: {len(cases)} cases, {len(failed)} failures")


def check_github(name, text):
    form = re.compile(r"::(error|warning|notice) (file=[^,]*,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,title=[^,:]*|file=[^,]*)::.")
    lines = text.splitlines()
    for line in lines:
        expect(form.match(line), f"{name}: no annotation: {line[:200]}")
    return len(lines)


with tempfile.TemporaryDirectory() as scratch:
    tree = Path(scratch) / "policies"
    # Every wrong and every right policy of the transcripts, paths with characters that need escapes, and a file
    # that cannot be read.
    for part in ("syntax", "sema", "lint", "analysis", "cleanup", "limits"):
        shutil.copytree(source / "tests/golden" / part, tree / part)
    shutil.copytree(source / "examples", tree / "examples of 100% {braces}, ü", ignore=shutil.ignore_patterns("*.sh"))
    (tree / "dangling.scx").symlink_to("nowhere.scx")
    words = [str(file.relative_to(tree)) for file in sorted(tree.rglob("*.scx"))]
    sarif = check_sarif("everything", lint(*words, "--format", "sarif", cwd=tree), scratch)
    results = sarif["runs"][0]["results"]
    expect(len(results) > 300, f"only {len(results)} results")
    expect(not sarif["runs"][0]["invocations"][0]["executionSuccessful"], "a file that cannot be read is no success")
    check_sarif("absolute paths", lint(str(tree / "examples of 100% {braces}, ü"), "--format", "sarif", "--fail-on", "note", cwd=tree), scratch)
    allowed = check_sarif("allowances", lint("lint_settings", "--format", "sarif", cwd=source / "tests/golden"), scratch)
    expect(any("suppressions" in result for result in allowed["runs"][0]["results"]), "no result is suppressed")
    # The same findings in every format.
    told = len([r for r in results if "suppressions" not in r])
    expect(check_json("everything", lint(*words, "--format", "json", cwd=tree)) == told, "JSON and SARIF differ in number")
    check_junit("everything", lint(*words, "--format", "junit", cwd=tree))
    annotations = check_github("everything", lint(*words, "--format", "github", cwd=tree))
    troubles = len(sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"])
    expect(annotations == told + troubles, f"{annotations} annotations, {told} results, {troubles} troubles")

sys.exit(1 if failures else 0)
