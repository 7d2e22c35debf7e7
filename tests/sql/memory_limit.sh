#!/bin/bash
# goprobe_scope('memory_limit', ...): the same answers from little memory.
set -u
. tests/lib.sh

# 864,000 flows of a day, in 518,000 groups by both addresses, port and protocol.
db=$TMP/db
mkdir "$TMP/spill"
"$BUILD_DIR/tests/bench/shell_make_flows" "$db" 1 3000 2>"$TMP/err" || { cat "$TMP/err"; exit 1; }
groups='SELECT sip, dip, dport, proto, bytes_rcvd, bytes_sent, packets, flows, total_groups FROM traffic'

# ask LIMIT STATEMENT
ask() { sql "SELECT goprobe_scope('db', '$db')" "SELECT goprobe_scope('memory_limit', '$1')" "$2" 2>"$TMP/err"; }
# same SENTENCE STATEMENT: with little memory as with all, and not nothing.
same() {
    local limited plenty
    plenty=$(ask 4G "$2" | tail -n +3 | cksum)
    limited=$(SQLITE_TMPDIR=$TMP/spill ask 5MiB "$2" | tail -n +3 | cksum)
    is "$1" "$limited" "$plenty"
    if [ "${plenty#* }" -gt 100 ]; then ok "$1: is an answer"; else not_ok "$1: is an answer"; fi
}
same 'the first by bytes' "$groups ORDER BY bytes DESC LIMIT 100"
same 'the last by address' "$groups ORDER BY sip DESC, bytes LIMIT 20 OFFSET 1000"
same 'more rows than fit' "$groups ORDER BY flows DESC LIMIT 200000"
same 'all rows in their own order' "$groups"
same 'a report' 'SELECT * FROM talk_conv LIMIT 50'
same 'groups that SQLite groups again' 'SELECT dport, sum(bytes), max(total_groups) FROM traffic
    WHERE sip IS NOT NULL AND dip IS NOT NULL GROUP BY dport'
is 'the temporary file is gone' "$(ls -A "$TMP/spill")" ''

# --- How much memory
peak_kib() { # LIMIT
    GOPROBE_DB=$db /usr/bin/time -f %M -o "$TMP/peak" sqlite3 -batch -bail :memory: \
        ".load $BUILD_DIR/goprobe" "SELECT goprobe_scope('threads', 2)" \
        "SELECT goprobe_scope('memory_limit', '$1')" "$groups" >/dev/null || return
    cat "$TMP/peak"
}
case $BUILD_DIR in
*/asan | */tsan) skip 'memory stays below the limit' 'a sanitizer needs more of it' ;;
*)
    plenty=$(peak_kib 4G)
    limited=$(peak_kib 20MiB)
    sentence="without a limit it takes more than three times as much ($plenty KiB)"
    if [ "$plenty" -gt $((3 * 20 * 1024)) ]; then ok "$sentence"; else not_ok "$sentence"; fi
    sentence="memory stays below the limit ($limited of 20480 KiB)"
    if [ "$limited" -le $((20 * 1024)) ]; then ok "$sentence"; else not_ok "$sentence"; fi
    ;;
esac

# --- Values
is 'the default has no number' "$(sql "SELECT goprobe_scope('memory_limit') IS NULL")" 1
is 'it says what was set' \
    "$(sql "SELECT goprobe_scope('memory_limit', '256 MiB'); SELECT goprobe_scope('memory_limit')" | tail -1)" '256 MiB'
is 'a number is bytes' \
    "$(sql "SELECT goprobe_scope('memory_limit', 268435456); SELECT goprobe_scope('memory_limit')" | tail -1)" 268435456
is 'NULL and nothing reset it' "$(sql "SELECT goprobe_scope('memory_limit', '1G');
    SELECT goprobe_scope('memory_limit', NULL); SELECT goprobe_scope('memory_limit') IS NULL" | tail -1)" 1
passes 'nothing is the default' ask '' 'SELECT count(*) FROM (SELECT sip FROM traffic)'
for size in 0 -1 1.5G 1GB 18446744073709551616 lots; do
    fails "'$size' is refused" ask "$size" 'SELECT 1'
    has "'$size' is named" "$(cat "$TMP/err")" "goprobe_scope('memory_limit'): '$size' is no size"
done

# --- The temporary directory
export SQLITE_TMPDIR=$TMP/none
fails 'a temporary directory that is not there is an error' ask 5MiB "$groups"
has 'which names it' "$(cat "$TMP/err")" "cannot make a temporary file in $TMP/none: No such file"
has 'and says what to do' "$(cat "$TMP/err")" 'SQLITE_TMPDIR names another directory, a larger memory_limit needs none'
passes 'but not where it is not needed' ask 1G "$groups LIMIT 3"
done_testing
