#!/bin/bash
# What contributors are given works: the compilation database, the pre-commit hook, and the
# workflow that runs what .ci/run runs.
set -u
. tests/lib.sh
unset GOPROBE_DB

# --- compile_commands.json ------------------------------------------------------------------
commands=$(make -Bn V=1 --no-print-directory BUILD=debug tests-built 2>"$TMP/err" |
    awk -v dir="$PWD" -f packaging/compdb.awk)
is "make compdb knows each source" "$(python3 -c '
import json, sys
print("\n".join(sorted({entry["file"] for entry in json.load(sys.stdin)})))' <<<"$commands")" \
    "$(for file in */*.c tests/*/*.c; do echo "$file"; done | LC_ALL=C sort -u)"
passes "its commands are ones" python3 -c '
import json, shlex, subprocess, sys
with open(sys.argv[1], encoding="utf-8") as file:
    entry = next(e for e in json.load(file) if e["file"] == "shell/report.c")
words = shlex.split(entry["command"])
words = words[:words.index("-c")] + ["-fsyntax-only", entry["file"]]
sys.exit(subprocess.run([w for w in words if w not in ("-MMD", "-MP")], cwd=entry["directory"], check=False).returncode)
' <(echo "$commands")

# --- The hook ---------------------------------------------------------------------------------
if ! command -v clang-format >/dev/null || ! command -v shellcheck >/dev/null; then
    skip "the pre-commit hook" "clang-format or shellcheck is not installed"
else
    clone=$TMP/clone
    mkdir "$clone"
    cp -r packaging tests .clang-format Makefile godb capture vtab shell sql "$clone"
    rm -rf "$clone/tests/golden"
    git -C "$clone" init -q
    stage() { # FILE TEXT
        printf '%s\n' "$2" >"$clone/$1"
        git -C "$clone" add "$1"
    }
    hook() { (cd "$clone" && packaging/pre-commit 2>&1); }
    git -C "$clone" add . && git -C "$clone" -c user.name=me -c user.email=me@example.org commit -q -m all
    passes "the hook lets nothing staged pass" hook
    stage notes.txt 'a line'
    passes "and what is in order" hook
    stage notes.txt 'a blank at the end '
    fails "but no blank at a line's end" hook
    stage notes.txt 'a line'
    # shellcheck disable=SC2016
    stage tests/new.sh $'#!/bin/sh\necho $1'
    fails "no script that shellcheck warns of" hook
    git -C "$clone" rm -q -f --cached tests/new.sh
    stage vtab/new.c 'int  x;'
    fails "no C in another format" hook
    git -C "$clone" rm -q -f --cached vtab/new.c
    rm "$clone/vtab/new.c"
    stage godb/odd.h '#include <sqlite3.h>'
    # It builds before, which other tests have done.
    sed -i 's/^\[ ${#c_files\[@\]} -eq 0 \] || make.*$//' "$clone/packaging/pre-commit"
    fails "no layer that includes what it must not see" hook
    has "and says which" "$(cat "$TMP/out")" "godb/odd.h"
fi

# --- The workflow --------------------------------------------------------------------------------
has "the workflow runs .ci/run" "$(cat .github/workflows/ci.yml)" "run: bash .ci/run"
missing=
for target in $(grep -oE 'run: make .*' .github/workflows/ci.yml | cut -d' ' -f3-; sed -nE 's/^make (-j[^ ]* )?//p' .ci/run); do
    make -n "$target" >/dev/null 2>&1 || missing+=" $target"
done
is "each target of the workflow and of .ci/run is one" "$missing" ""
done_testing
