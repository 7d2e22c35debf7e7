#!/usr/bin/env python3
"""Run the examples of a document, and compare what they print with what it says.

    docs.py check|update BUILD_DIR FILE...

An example is a fence of sql or sh with a fence of text below it:

    ```sql
    SELECT human_bytes(1234567);
    ```
    ```text
    human_bytes(1234567)
    --------------------
    1.18 MB
    ```

All sql of a file goes to one session of the sqlite3 shell with the extension loaded, in
column mode; sh to bash, with the programs in $PATH.  What has no text below it must not
fail.  The database is that of tests/host/mkoffice, and the clock stands at 03:02 in its
second night.  Results are TAP; update writes them into the file instead."""

import os
import re
import subprocess
import sys

NOW = "@2026-11-24 03:02:00"
FENCE = re.compile(r"^```(sql|sh)\n(.*?)^```\n(\n*```text\n(.*?)^```\n)?", re.M | re.S)
MARK = "--- example %d ---"


def environment(build):
    env = dict(os.environ, GOPROBE_DB="office", TZ="UTC", LC_ALL="C.UTF-8")
    env["PATH"] = f"{build}:{env['PATH']}"
    env.pop("NO_COLOR", None)
    return env


def run(command, env, text):
    done = subprocess.run(["faketime", "-f", NOW] + command, input=text, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout


def answers(build, examples):
    """What each (kind, text) prints, in their order."""
    env = environment(build)
    script = f".load {build}/goprobe\n.mode column\n.headers on\n"
    for number, (kind, text) in enumerate(examples):
        if kind == "sql":
            script += f".print {MARK % number}\n{text}\n"
    printed = run(["sqlite3", "-batch", ":memory:"], env, script)
    parts = re.split(r"--- example (\d+) ---\n", printed)
    by_number = dict(zip(map(int, parts[1::2]), parts[2::2]))
    return [by_number.get(number, "(nothing: an example before it failed)\n")
            if kind == "sql" else run(["bash"], env, text)
            for number, (kind, text) in enumerate(examples)]


def trim(text):
    """Without blanks at the end of lines, and without the time that it took here."""
    text = re.sub(r"took [0-9.]+m?s", "took 4ms", text)
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def main():
    mode, build = sys.argv[1], os.path.abspath(sys.argv[2])
    count, failed = 0, False
    for path in sys.argv[3:]:
        with open(path, encoding="utf-8") as file:
            document = file.read()
        found = list(FENCE.finditer(document))
        got = answers(build, [(match[1], match[2]) for match in found])
        if mode == "update":
            for match, answer in reversed(list(zip(found, got))):
                if match[3]:
                    start, end = match.span(4)
                    document = document[:start] + trim(answer) + document[end:]
            with open(path, "w", encoding="utf-8") as file:
                file.write(document)
            continue
        for match, answer in zip(found, got):
            count += 1
            first = match[2].strip().splitlines()[0]
            if match[3]:
                good = trim(answer) == match[4]
            else:
                good = "rror" not in answer
            print(f"{'ok' if good else 'not ok'} {count} - {os.path.basename(path)}: {first}")
            if not good:
                failed = True
                print("".join(f"#  got:    {line}\n" for line in trim(answer).splitlines()), end="")
                print("".join(f"#  wanted: {line}\n" for line in (match[4] or "").splitlines()),
                      end="")
    if mode == "check":
        print(f"1..{count}")
    return failed


sys.exit(main())
