#!/bin/bash
# Bad input through SQL: one clear line that names the culprit, and damage costs only what
# is damaged.
set -u
. tests/lib.sh
db=$TMP/db
mkdir -p "$TMP/empty"
for time in 1700006700 1700007000 1700007300; do
    echo "100,10,10.0.1.1,443,4,4,3,6,10.0.0.1,$time"
done >"$TMP/flows.csv"
"$BUILD_DIR/goconvert" -in "$TMP/flows.csv" -out "$db" -iface eth0 2>"$TMP/err" || { cat "$TMP/err"; not_ok "goconvert"; done_testing; }

# error_is SENTENCE PART SQL...
error_is() {
    local sentence=$1 part=$2
    shift 2
    if sql "$@" >"$TMP/out" 2>"$TMP/err"; then not_ok "$sentence: fails"; else ok "$sentence: fails"; fi
    has "$sentence: says what" "$(cat "$TMP/err")" "$part"
    # The shell adds two lines of its own, which point into the statement.
    is "$sentence: in one line" "$(grep -cvE '^  (SELECT|.*error here)' "$TMP/err")" 1
}
use="SELECT goprobe_scope('db', '$db')"
count='SELECT count(*) FROM flows'

error_is "a database that is not there" "$TMP/nope: no such database" "SELECT goprobe_scope('db', '$TMP/nope')" "$count"
error_is "a database that is a file" "flows.csv: not a directory" "SELECT goprobe_scope('db', '$TMP/flows.csv')" "$count"
error_is "an interface that is not there" "no interface 'eth9'" "$use" "SELECT goprobe_scope('iface', 'eth9')" "$count"
error_is "an interface that is a path" "'../x' " "$use" "SELECT goprobe_scope('iface', '../x')" "$count"
error_is "a scope that is not there" "no scope 'colour'" "SELECT goprobe_scope('colour', 'red')"
error_is "a malformed condition in the scope" "column 9: " "SELECT goprobe_scope('condition', 'dport = = 3')"
error_is "a malformed condition" "condition: column 9: not a port" "$use" "SELECT * FROM flows('dport = 70000')"
error_is "an unknown attribute" "condition: column 1: expected one of sip, dip" "$use" "SELECT * FROM traffic('colour = red')"
error_is "an unknown layer 7 protocol" "no layer 7 protocol is called 'nosuch'" "$use" "SELECT bytes FROM traffic('l7proto = nosuch')"
error_is "a bad time" "'yesterday-ish' is no time" "$use" "SELECT * FROM flows(NULL, 'yesterday-ish')"
error_is "a time range upside down" "upside down" "$use" "SELECT * FROM flows(NULL, 2000, 1000)"
error_is "a bad network" "'10.0.0.0/99' is not a network" "$use" "SELECT count(*) FROM flows WHERE ip_in(sip, '10.0.0.0/99')"
error_is "a table with two databases" "takes one argument" "CREATE VIRTUAL TABLE temp.x USING flows('a', 'b')"
error_is "an unknown report" "no such table: talk_nobody" "SELECT * FROM talk_nobody"
error_is "an unknown column" "no such column: colour" "$use" "SELECT colour FROM flows"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    skip "an unreadable database" "root reads everything"
else
    mkdir -p "$TMP/closed" && chmod 000 "$TMP/closed"
    error_is "an unreadable database" "$TMP/closed" "SELECT goprobe_scope('db', '$TMP/closed')" "$count"
fi
is "an empty database is no error" "$(sql "SELECT goprobe_scope('db', '$TMP/empty')" "$count" 'SELECT bytes FROM traffic' 'SELECT * FROM talk_conv' 'SELECT * FROM interfaces' | tail -n +2)" "0
0"

# Damage: told, skipped, the rest answers, and no file changes.
day=$db/eth0/1700006400
damaged() { # SENTENCE PART WANTED-COUNT
    local before got
    before=$(find "$db" -type f -exec cksum {} + | sort)
    got=$(sql "$use" 'SELECT count(*), sum(bytes) FROM flows' "SELECT goprobe_scope('warnings') > 0" 2>"$TMP/err" | tail -n +2)
    is "$1: the rest answers" "$got" "$3"
    has "$1: it is told" "$(cat "$TMP/err")" "goprobe: warning: "
    has "$1: it is named" "$(cat "$TMP/err")" "$2"
    is "$1: nothing is touched" "$(find "$db" -type f -exec cksum {} + | sort)" "$before"
}
patch() { printf '%b' "$3" | dd of="$day/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }
keep() { rm -rf "$TMP/kept"; cp -a "$db" "$TMP/kept"; }
put_back() { rm -rf "$db"; cp -a "$TMP/kept" "$db"; }
keep
patch bytes_rcvd.gpf 12290 '\xff\xff\xff\xff'
damaged "a garbage block" "bytes_rcvd.gpf: slot 0" "2|220
1"
has "the list of blocks names headers only" "$(sql "$use" "SELECT DISTINCT status FROM blocks" | tail -n +2)" ok
put_back
patch bytes_sent.gpf 16 '\x00\x00\x01\x00\x00\x00\x00\x00'
damaged "a slot that points outside the file" "bytes_sent.gpf: slot 2" "2|220
1"
has "the list of blocks names it" "$(sql "$use" "SELECT status FROM blocks WHERE status <> 'ok'" | tail -n +2)" "bytes_sent.gpf: slot 2"
put_back
patch bytes_sent.gpf 8200 '\x00\xff\xff\xff\xff\xff\xff\xf8'
damaged "a huge claimed length" "bytes_sent.gpf: slot 1" "2|220
1"
put_back
truncate -s 12300 "$day/bytes_rcvd.gpf"
damaged "a truncated file" "bytes_rcvd.gpf" "0|
1"
put_back
head -c 50000 /dev/urandom >"$day/bytes_rcvd.gpf"
damaged "a garbage file" "bytes_rcvd.gpf" "0|
1"
put_back
echo garbage >"$day/meta.json"
is "a garbage meta.json does not hurt flows" "$(sql "$use" "$count" | tail -n +2)" 3
is "and is missed in the list of blocks only" "$(sql "$use" 'SELECT count(*), count(traffic_bytes) FROM blocks' 2>/dev/null | tail -n +2)" "3|0"
put_back
echo '{"version":1,"name_spaces":[{"from":1,"library":"x","protocols":[[4,"",""]]}]}' >"$day/l7proto.json"
damaged_names=$(sql "$use" 'SELECT count(*) FROM flows' 'SELECT count(l7_name) FROM flows' 2>"$TMP/err" | tail -n +2)
is "a garbage l7proto.json costs what needs names" "$damaged_names" "3
0"
has "and is named" "$(cat "$TMP/err")" "l7proto.json"
done_testing
