#!/usr/bin/env python3
"""objects.py BIN POLICY…: how large a policy's scheduler is before it is loaded.

Instructions of the whole object, of the classifier (the function that finds a
task's domain, all of it: it reads the task, decides, moves its figures), of what in
it comes from the policy's own lines (the decision), and bytes of constants. Then a sweep over the number of
layers and of tests. It measures and does not judge.
"""
import pathlib
import subprocess
import sys
import tempfile

INSTRUCTION = 8  # bytes


def compile_policy(scxc, policy, folder):
    out = pathlib.Path(folder, "x.bpf.o")
    subprocess.run([scxc, policy, "-o", out], check=True, stderr=subprocess.DEVNULL)
    return out


def decision(obj):
    """Instructions of the classifier whose line is one of the policy."""
    text = subprocess.run(["llvm-objdump-19", "-d", "-l", "--no-show-raw-insn", "--disassemble-symbols=pol_classify", obj],
                          check=True, capture_output=True, text=True).stdout
    count, ours = 0, False
    for line in text.splitlines():
        if line.startswith("; "):
            ours = line.rsplit(":", 1)[0].endswith(".scx")
        elif ours and ":\t" in line:
            count += 2 if line.endswith(" ll") else 1
    return count


def sizes(obj):
    """Instructions, those of the classifier and of its decision, bytes of constants."""
    instructions = constants = classifier = 0
    for line in subprocess.run(["llvm-objdump-19", "-h", obj], check=True, capture_output=True, text=True).stdout.splitlines():
        words = line.split()
        if "TEXT" in words:
            instructions += int(words[2], 16) // INSTRUCTION
        elif len(words) > 2 and words[1].startswith(".rodata"):
            constants += int(words[2], 16)
    for line in subprocess.run(["llvm-nm-19", "-S", obj], check=True, capture_output=True, text=True).stdout.splitlines():
        words = line.split()
        if words[-1] == "pol_classify":
            classifier = int(words[1], 16) // INSTRUCTION
    return instructions, classifier, decision(obj), constants


def print_row(name, figures):
    print(f"{name:<28}{figures[0]:>14}{figures[1]:>14}{figures[2]:>14}{figures[3]:>18}")


def many(layers, tests):
    """A policy of so many layers, each with its share of so many tests of names."""
    text = "language 1;\npolicy sweep { }\n"
    for layer in range(layers - 1):
        names = [f'comm "w{layer}-{k}"' for k in range(max(1, tests // layers))]
        text += f"layer l{layer} open {{ match {' or '.join(names)}; }}\n"
    return text + "layer rest open { match *; }\n"


def main():
    scxc, policies = pathlib.Path(sys.argv[1], "scxc"), sys.argv[2:]
    print(f"{'policy':<28}{'instructions':>14}{'classifier':>14}{'decision':>14}{'constants, bytes':>18}")
    with tempfile.TemporaryDirectory() as folder:
        for policy in policies:
            print_row(pathlib.Path(policy).stem, sizes(compile_policy(scxc, policy, folder)))
        for layers, tests in [(1, 1), (4, 4), (16, 16), (64, 64), (256, 256), (4, 100), (4, 1000)]:
            policy = pathlib.Path(folder, "sweep.scx")
            policy.write_text(many(layers, tests))
            print_row(f"{layers} layers, {tests} tests", sizes(compile_policy(scxc, policy, folder)))


if __name__ == "__main__":
    main()
