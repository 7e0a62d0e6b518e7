#!/usr/bin/env python3
"""Runs what examples/ci/ holds, as far as that goes without the services: the scripts of the
GitHub action, the workflow and the GitLab job on a repository with policies, and pre-commit.

    ci_examples.py FOLDER_OF_SCXC SOURCE_FOLDER
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

programs, source = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
examples = source / "examples/ci"
failures = []

RIGHT = """\
language 1;

policy p { }

layer web  confined { match comm "nginx*"; }
layer rest open     { match *; }

test "nginx" {
    task { comm "nginx"; }
    expect layer web in root;
}
test "others" {
    task { }
    expect layer rest in root;
}
"""
WRONG = RIGHT.replace("web  confined", "web  confinde")
FAILING = RIGHT.replace('comm "nginx"; }', 'comm "bash"; }')
UGLY = RIGHT.replace("policy p { }", "policy   p {\n\n\n}")


def expect(condition, message):
    print(f"{'ok' if condition else 'FAILED'}: {message}")
    if not condition:
        failures.append(message)


class Repository:
    """A repository with one policy."""

    def __init__(self, policy):
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "policies").mkdir()
        (self.folder / "policies/p.scx").write_text(policy)
        self.run("git init -q . && git config user.email a@b && git config user.name a && git add -A && git commit -qm a")

    def run(self, script, **variables):
        path = f"{programs}:{os.environ['PATH']}"
        home = {"HOME": str(self.folder), "PRE_COMMIT_HOME": str(self.folder / ".cache")}
        return subprocess.run(["bash", "-c", script], cwd=self.folder, text=True, capture_output=True,
                              env={**os.environ, **home, "PATH": path, **variables})

    def text(self, name):
        return (self.folder / name).read_text()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def github_action(repository, **given):
    """The steps of the action with its inputs, as the runner does them."""
    action = yaml.safe_load((examples / "github-action/action.yml").read_text())
    inputs = {name: given.get(name.replace("-", "_"), what["default"]) for name, what in action["inputs"].items()}
    for step in action["runs"]["steps"]:
        expect("${{" not in step["run"], "no input is part of a script")
        variables = {name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda m: inputs[m[1]], value)
                     for name, value in step["env"].items()}
        done = repository.run(step["run"], **variables)
        if done.returncode != 0:
            break
    return done


def scripts_of_workflow():
    workflow = yaml.safe_load((examples / "github-workflow.yml").read_text())
    return [step["run"] for step in workflow["jobs"]["policies"]["steps"] if "run" in step]


def gitlab_script():
    # The lines of a job run in one shell that ends at the first that fails.
    return "set -eo pipefail\n" + "\n".join(yaml.safe_load((examples / "gitlab-ci.yml").read_text())["policies"]["script"])


with Repository(RIGHT) as repository:
    done = github_action(repository, paths="policies")
    expect(done.returncode == 0, f"the action accepts a right policy {done.stderr}")
    expect(json.loads(repository.text("scxc.sarif"))["version"] == "2.1.0", "and writes SARIF")
    expect(github_action(repository, paths="policies", fail_on="note").returncode == 0, "and with a level")
    expect(github_action(repository, paths="nowhere").returncode == 3, "a folder that is not there is a failure")
    for script in scripts_of_workflow():
        done = repository.run(script)
        expect(done.returncode == 0, f"the workflow's `{script[:40]}…` accepts it {done.stdout}{done.stderr}")
    done = repository.run(gitlab_script())
    expect(done.returncode == 0, f"the GitLab job accepts it {done.stdout}{done.stderr}")
    shutil.copy(examples / "pre-commit-config.yaml", repository.folder / ".pre-commit-config.yaml")
    done = repository.run("git add -A && pre-commit run --all-files")
    expect(done.returncode == 0, f"pre-commit accepts it {done.stdout}{done.stderr}")
    expect(done.stdout.count("Passed") == 3, "and ran three hooks")

with Repository(WRONG) as repository:
    done = github_action(repository, paths="policies")
    expect(done.returncode == 1, "the action refuses a wrong policy")
    expect("::error file=policies/p.scx,line=5," in done.stdout, "with an annotation at the line")
    expect(len(json.loads(repository.text("scxc.sarif"))["runs"][0]["results"]) > 0, "and has it in the SARIF file")
    done = repository.run(gitlab_script())
    expect(done.returncode == 1, "the GitLab job refuses it")
    expect('failures="1"' in repository.text("scxc.xml"), "with a failed case in its report")
    shutil.copy(examples / "pre-commit-config.yaml", repository.folder / ".pre-commit-config.yaml")
    done = repository.run("git add -A && pre-commit run --all-files")
    expect(done.returncode == 1 and "E0111" in done.stdout, "pre-commit refuses it")

with Repository(FAILING) as repository:
    results = [repository.run(script).returncode for script in scripts_of_workflow()]
    expect(results == [1, 0], f"a failing test of a policy fails the workflow {results}")
    expect(repository.run(gitlab_script()).returncode == 1, "and the GitLab job")

with Repository(UGLY) as repository:
    results = [repository.run(script).returncode for script in scripts_of_workflow()]
    expect(results == [0, 1], f"a policy in another layout fails the workflow {results}")
    shutil.copy(examples / "pre-commit-config.yaml", repository.folder / ".pre-commit-config.yaml")
    expect(repository.run("git add -A && pre-commit run --all-files").returncode == 1, "and pre-commit")
    expect(repository.run("git add -A && pre-commit run --all-files").returncode == 0, "which has mended it by then")

sys.exit(1 if failures else 0)
