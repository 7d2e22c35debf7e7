#!/bin/bash
# What reaches the engine, and what stays with SQLite: golden lines of EXPLAIN QUERY PLAN.
# The number after INDEX is the set of columns that are used; it may change.
set -u
. tests/lib.sh

db=$TMP/db
"$BUILD_DIR/tests/host/mkdb" "$db" || exit 1

# plan SENTENCE STATEMENT WANTED
plan() {
    is "$1" "$(sql "SELECT goprobe_scope('db', '$db')" "EXPLAIN QUERY PLAN $2" |
        sed -nE 's/^.*(SCAN|SEARCH|USE) /\1 /; s/INDEX [0-9]+/INDEX N/; /^(SCAN|SEARCH|USE) /p')" "$3"
}

plan 'a report sorts and stops in the engine' \
    'SELECT * FROM talk_conv LIMIT 5' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes desc limit ?'
plan 'an offset too' \
    'SELECT * FROM talk_src LIMIT 5 OFFSET 2' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes desc limit ? offset ?'
plan 'WHERE on a report reaches the engine' \
    'SELECT * FROM apps_port WHERE dport < 1024 LIMIT 5' \
    'SCAN traffic VIRTUAL TABLE INDEX N:dport<? order by bytes desc limit ?'
plan 'apps_dpi groups by name and category' \
    'SELECT * FROM apps_dpi LIMIT 5' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes desc limit ?'
plan 'so does ip_in' \
    "SELECT * FROM agg_talk_port WHERE ip_in(sip, '10.0.0.0/8')" \
    'SCAN traffic VIRTUAL TABLE INDEX N:ip_in(sip,?) order by bytes desc'
plan 'raw takes times and lists of interfaces' \
    "SELECT * FROM raw WHERE time >= 1 AND iface IN ('eth0', 'eth1')" \
    'SCAN flows VIRTUAL TABLE INDEX N:time>=? and iface in ?'
plan 'a list of ports; the name of a protocol stays with SQLite' \
    "SELECT * FROM raw WHERE dport IN (443, 80) AND proto = 'TCP' LIMIT 5" \
    'SCAN flows VIRTUAL TABLE INDEX N:dport in ?'
plan 'GROUP BY needs no sorting by SQLite' \
    'SELECT sip, sum(bytes) FROM traffic GROUP BY sip' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by sip'
plan 'arguments of the table' \
    "SELECT sip, bytes FROM traffic('dport = 443', '2023-11-14', 1700006400)
        ORDER BY bytes DESC LIMIT 3" \
    'SCAN traffic VIRTUAL TABLE INDEX N:condition=? and first=? and last=? order by bytes desc limit ?'
plan 'a term on a sum stays with SQLite, and so does the limit' \
    'SELECT sip, bytes FROM traffic WHERE bytes > 10 ORDER BY bytes LIMIT 3' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes'
plan 'another collation stays with SQLite' \
    "SELECT sip FROM traffic WHERE sip COLLATE NOCASE = 'a' LIMIT 3" \
    'SCAN traffic VIRTUAL TABLE INDEX N:all'
plan 'names of protocols are sorted by SQLite' \
    'SELECT proto_name, bytes FROM traffic ORDER BY proto_name LIMIT 3' \
    'SCAN traffic VIRTUAL TABLE INDEX N:all
USE TEMP B-TREE FOR ORDER BY'
plan 'a list of times stays with SQLite' \
    'SELECT time FROM flows WHERE time IN (1, 2)' \
    'SCAN flows VIRTUAL TABLE INDEX N:all'
plan 'the last flows are read from the end' \
    'SELECT * FROM flows ORDER BY time DESC LIMIT 10' \
    'SCAN flows VIRTUAL TABLE INDEX N:order by time desc'
plan 'so are the last time and the first' \
    "SELECT (SELECT min(time) FROM flows WHERE iface = 'eth0'), (SELECT max(time) FROM flows)" \
    'SCAN CONSTANT ROW
SEARCH flows VIRTUAL TABLE INDEX N:iface=? order by time
SEARCH flows VIRTUAL TABLE INDEX N:order by time desc'
plan 'flows come by time and interface, and by nothing else' \
    'SELECT * FROM flows ORDER BY iface, time DESC; EXPLAIN QUERY PLAN SELECT * FROM flows ORDER BY time, sip' \
    'SCAN flows VIRTUAL TABLE INDEX N:order by iface, time desc
SCAN flows VIRTUAL TABLE INDEX N:all
USE TEMP B-TREE FOR ORDER BY'
plan 'GROUP BY time needs no sorting' \
    'SELECT time, sum(bytes) FROM flows GROUP BY time ORDER BY time DESC' \
    'SCAN flows VIRTUAL TABLE INDEX N:order by time desc'
done_testing
