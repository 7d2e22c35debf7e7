#!/usr/bin/env python3
"""Print the branch coverage of each folder and file, from a build with BUILD=cover.

usage: tests/cover.py BUILD_DIR             all files, and whether each folder has what is wanted
       tests/cover.py BUILD_DIR --reached   the files that were reached at all
       tests/cover.py BUILD_DIR FILE        its branches that were not taken

Branches of a source that was compiled twice (vtab/) are taken if either was.  The
counts come from gcov; a branch is one way out of a condition, as gcov has it.
"""
import collections
import json
import os
import subprocess
import sys

FOLDERS = {"godb": 95, "capture": 85, "vtab": 85, "shell": 85}  # percent to reach


def data_files(build):
    for layer in [*FOLDERS, "vtab_core"]:
        for folder, _, names in os.walk(os.path.join(build, layer)):
            for name in names:
                if name.endswith(".gcno"):
                    yield os.path.join(folder, name)


def reports(build):
    """What gcov says of each object file."""
    for path in data_files(build):
        out = subprocess.run(
            ["gcov", "--json-format", "--stdout", "--branch-counts", "--branch-probabilities", path],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        for line in out.splitlines():
            yield json.loads(line)


def collect(build):
    """{file: {(line, number): times taken}}"""
    taken = collections.defaultdict(lambda: collections.defaultdict(int))
    root = os.getcwd() + "/"
    for report in reports(build):
        for source in report["files"]:
            name = source["file"].removeprefix(root)
            if name.split("/")[0] not in FOLDERS:
                continue
            for line in source["lines"]:
                for number, branch in enumerate(line["branches"]):
                    taken[name][line["line_number"], number] += branch["count"]
    return taken


def percent(branches):
    return 100 * sum(count > 0 for count in branches) / max(len(branches), 1)


def print_missed(name, branches):
    for (line, number), count in sorted(branches.items()):
        if count == 0:
            print(f"{name}:{line}: way {number}")


def print_files(taken):
    for name, branches in sorted(taken.items(), key=lambda item: percent(list(item[1].values()))):
        print(f"{percent(list(branches.values())):6.1f} %  {len(branches):5}  {name}")


def print_folders(taken):
    """Whether all have what is wanted."""
    is_enough = True
    for folder, wanted in FOLDERS.items():
        branches = [count for name, of in taken.items() if name.split("/")[0] == folder for count in of.values()]
        print(f"{folder}/: {percent(branches):.1f} % of {len(branches)} branches; wanted: {wanted} %")
        is_enough &= percent(branches) >= wanted
    return is_enough


def main():
    taken = collect(sys.argv[1])
    if sys.argv[2:] == ["--reached"]:
        print_files({name: branches for name, branches in taken.items() if any(branches.values())})
    elif len(sys.argv) > 2:
        print_missed(sys.argv[2], taken[sys.argv[2]])
    else:
        print_files(taken)
        return 0 if print_folders(taken) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
