"""Run the blocks of a Markdown file in order and compare what they print, as TAP.

    ecosystem.py FILE.md DIRECTORY BUILD_DIR

A block ```sh, ```python, ... is run in DIRECTORY; a block ```text behind it is what it
prints.  One whose interpreter or driver is not installed is skipped.
"""
import os
import re
import shutil
import subprocess
import sys

document, directory, build = sys.argv[1:]
with open(document, encoding="utf-8") as file:
    text = file.read()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.M | re.S)

# How a block is run, and what has to succeed for it to be there.
RUNS = {
    "sh": (["sh", "-eu"], None),
    "python": ([sys.executable, "-"], "import sqlite3; sqlite3.Connection.enable_load_extension"),
    "perl": (["perl", "-w"], "use DBD::SQLite;"),
    "php": (["php", "-d", "sqlite3.extension_dir=" + build], "<?php new SQLite3(':memory:');"),
    "tcl": (["tclsh"], "package require sqlite3"),
}
# Programs in sh blocks that a machine need not have.
OPTIONAL = ("isql", "sqlite-utils")


def run(command, source, **more):
    return subprocess.run(command, input=source, text=True, cwd=directory, timeout=60, **more)


def has_driver(name):
    listed = subprocess.run(["odbcinst", "-q", "-d"], text=True, capture_output=True, check=False)
    return "[" + name + "]" in listed.stdout


def missing(language, source):
    """Why the block cannot be run here, or None."""
    command, probe = RUNS[language]
    if shutil.which(command[0]) is None:
        return command[0] + " is not installed"
    if probe is not None:
        try:
            if run(command, probe, capture_output=True).returncode != 0:
                return command[0] + " has no SQLite that loads extensions"
        except OSError as error:
            return str(error)
    for word in OPTIONAL:
        if re.search(r"\b" + word + r"\b", source) and shutil.which(word) is None:
            return word + " is not installed"
    if "isql" in source and not has_driver("SQLite3"):
        return "unixODBC has no driver SQLite3"
    return None


environment = dict(os.environ, HOME=directory, GOPROBE_DB=os.path.join(directory, "lab"), LD_LIBRARY_PATH=build,
                   PATH=build + os.pathsep + os.environ["PATH"])
count = failed = 0
section = ""
for match in BLOCK.finditer(text):
    language, source, wanted = match.groups()
    if language not in RUNS:
        continue
    count += 1
    section = text[:match.start()].rsplit("\n## ", 1)[-1].split("\n", 1)[0] if "\n## " in text[:match.start()] else "the lab"
    sentence = "%s: %s" % (section, source.strip().split("\n", 1)[0])
    why = missing(language, source)
    if why is not None:
        print("ok %d - %s # SKIP %s" % (count, sentence, why))
        continue
    done = run(RUNS[language][0], source, capture_output=True, env=environment)
    good = done.returncode == 0 and done.stderr == "" and done.stdout == (wanted or "")
    print("%s %d - %s" % ("ok" if good else "not ok", count, sentence))
    if not good:
        failed += 1
        for name, what in (("got", done.stdout), ("errors", done.stderr), ("wanted", wanted or "")):
            for line in what.split("\n"):
                print("#  %s: %s" % (name, line))
print("1..%d" % count)
sys.exit(failed > 0 or count < 10)
