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
plan 'DISTINCT flows that were seen are dropped in the engine' \
    'SELECT DISTINCT sip, proto_name FROM flows WHERE dport = 443' \
    'SCAN flows VIRTUAL TABLE INDEX N:dport=? distinct
USE TEMP B-TREE FOR DISTINCT'
plan 'not where counters are asked for' \
    'SELECT DISTINCT sip, bytes FROM flows' \
    'SCAN flows VIRTUAL TABLE INDEX N:all
USE TEMP B-TREE FOR DISTINCT'
plan 'blocks of some times and interfaces' \
    "SELECT * FROM blocks WHERE time > 5 AND iface IN ('eth0', 'eth1') AND flow_count > 7" \
    'SCAN blocks VIRTUAL TABLE INDEX N:time>? and iface in ?'

# The seven questions of tests/bench/run.
middle=1701302400
plan 'Q1, who talks to whom, sorts and cuts in the engine' \
    'SELECT * FROM talk_conv LIMIT 10' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes desc limit ?'
plan 'Q2, over which ports, too' \
    'SELECT * FROM apps_port LIMIT 10' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes desc limit ?'
plan 'Q3 leaves a condition to the engine' \
    "SELECT sip, dip, packets, bytes FROM traffic('proto = TCP & dport = 443') ORDER BY bytes DESC LIMIT 10" \
    'SCAN traffic VIRTUAL TABLE INDEX N:condition=? order by bytes desc limit ?'
plan 'Q3 as terms of a WHERE, too' \
    "SELECT sip, dip, bytes FROM traffic WHERE proto = 6 AND dport = 443 ORDER BY bytes DESC LIMIT 10" \
    'SCAN traffic VIRTUAL TABLE INDEX N:proto=? and dport=? order by bytes desc limit ?'
plan 'Q4 finds one address in the engine' \
    "SELECT dip, packets, bytes FROM traffic WHERE sip = '10.0.0.50' ORDER BY bytes DESC LIMIT 10" \
    'SCAN traffic VIRTUAL TABLE INDEX N:sip=? order by bytes desc limit ?'
plan 'Q5 reads one hour' \
    "SELECT sip, packets, bytes FROM traffic(NULL, $middle, $((middle + 3600))) ORDER BY bytes DESC LIMIT 10" \
    'SCAN traffic VIRTUAL TABLE INDEX N:condition=? and first=? and last=? order by bytes desc limit ?'
plan 'Q6 reads one day' \
    "SELECT time, bytes FROM traffic(NULL, $middle, $((middle + 86400)))" \
    'SCAN traffic VIRTUAL TABLE INDEX N:condition=? and first=? and last=?'
plan 'Q7 groups by all four' \
    'SELECT * FROM agg_talk_port LIMIT 10' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes desc limit ?'

# Estimates come from summary.json alone, so let it speak of a month of flows.
echo '{"interfaces":{"eth0":{"flowcount":17280000,"traffic":1,"begin":1700006700,"end":1702598400}}}' >"$db/summary.json"
# join SENTENCE STATEMENT WANTED: beside a table of unknown size.
join() {
    is "$1" "$(sql "SELECT goprobe_scope('db', '$db')" \
        'CREATE TABLE asset(ip TEXT PRIMARY KEY, name TEXT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO asset SELECT i, i FROM n;
            CREATE TABLE event(stamp INTEGER, ip TEXT); INSERT INTO event VALUES(1701302400, 1), (1701302700, 2);' \
        "${4:-}" "EXPLAIN QUERY PLAN $2" |
        sed -nE 's/^.*(SCAN|SEARCH|USE) /\1 /; s/INDEX [0-9]+/INDEX N/; /^(SCAN|SEARCH|USE) /p')" "$3"
}
join 'a join sums the month up once, not once an asset' \
    'SELECT name, sum(bytes) FROM asset JOIN traffic ON sip = ip GROUP BY name' \
    'SCAN traffic VIRTUAL TABLE INDEX N:all
SEARCH asset USING INDEX sqlite_autoindex_asset_1 (ip=?)
USE TEMP B-TREE FOR GROUP BY'
join 'also where the table is known to be small' \
    'SELECT name, bytes FROM traffic JOIN asset ON sip = ip ORDER BY bytes DESC' \
    'SCAN traffic VIRTUAL TABLE INDEX N:order by bytes desc
SEARCH asset USING INDEX sqlite_autoindex_asset_1 (ip=?)' 'ANALYZE'
join 'flows of a few addresses are looked for in the engine' \
    'SELECT ip, sum(bytes) FROM event JOIN flows ON sip = ip' \
    'SCAN event
SCAN flows VIRTUAL TABLE INDEX N:sip=?' 'ANALYZE'
join 'flows of one hour come first' \
    'SELECT name, sum(bytes) FROM asset JOIN flows ON sip = ip WHERE time BETWEEN 1701302400 AND 1701306000' \
    'SCAN flows VIRTUAL TABLE INDEX N:time>=? and time<=?
SEARCH asset USING INDEX sqlite_autoindex_asset_1 (ip=?)' 'ANALYZE'
join 'so they do where the scope says the hour' \
    'SELECT name, sum(bytes) FROM asset JOIN flows ON sip = ip' \
    'SCAN flows VIRTUAL TABLE INDEX N:all
SEARCH asset USING INDEX sqlite_autoindex_asset_1 (ip=?)' \
    "ANALYZE; SELECT goprobe_scope('first', '1701302400'), goprobe_scope('last', '1701306000')"
join 'events look up the blocks of their times' \
    'SELECT ip, sum(bytes) FROM event JOIN flows ON time = stamp GROUP BY ip' \
    'SCAN event
SCAN flows VIRTUAL TABLE INDEX N:time=?
USE TEMP B-TREE FOR GROUP BY' 'ANALYZE'
join 'a LEFT JOIN that can add but one row, and is not used, is not made' \
    'SELECT name FROM asset LEFT JOIN traffic ON sip = ip' 'SCAN asset'
join 'one that can add several is made' \
    'SELECT name FROM asset LEFT JOIN traffic ON sip = ip AND dport > 5' \
    'SCAN asset
SCAN traffic VIRTUAL TABLE INDEX N:sip=? and dport>? LEFT-JOIN'
done_testing
