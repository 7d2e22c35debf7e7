#!/bin/bash
# goprobe and goconvert are killed while they write; make kill KILL_ROUNDS=1000 for more.
set -u
. tests/lib.sh
mkdir -p "$TMP/kill"
if "$BUILD_DIR/tests/host/godb_kill" "$BUILD_DIR" "$TMP/kill" "${KILL_ROUNDS:-20}" >"$TMP/out" 2>&1; then
    ok "no committed block is lost, $(tail -n 1 "$TMP/out")"
else
    not_ok "no committed block is lost"
    sed 's/^/#  /' "$TMP/out"
fi
done_testing
