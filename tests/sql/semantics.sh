#!/bin/bash
# What the tables, arguments, scopes and functions mean, statement by statement.
set -u
. tests/lib.sh
db=$TMP/db
cat >"$TMP/flows.csv" <<'CSV'
iface,time,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
eth0,1700006700,10.0.0.1,10.0.1.1,443,TCP,4,100,10,4,3
eth0,1700006700,10.0.0.2,10.0.1.1,443,TCP,4,200,20,5,4
eth0,1700006700,10.0.0.1,10.0.1.2,53,UDP,152,30,3,2,1
eth0,1700007000,10.0.0.1,10.0.1.1,443,TCP,4,400,40,6,5
eth0,1700007000,2001:db8::1,2001:db8::2,22,TCP,12,50,5,1,1
eth1,1700007000,10.0.0.1,10.0.1.1,443,TCP,4,1000,0,9,0
CSV
"$BUILD_DIR/goconvert" -in "$TMP/flows.csv" -out "$db" 2>"$TMP/err" || { cat "$TMP/err"; not_ok "goconvert"; done_testing; }
export GOPROBE_DB=$db

is "traffic sums by the dimensions that are named" \
    "$(sql 'SELECT sip, bytes, packets, flows FROM traffic ORDER BY bytes DESC')" \
"10.0.0.1|1583|30|4
10.0.0.2|220|9|1
2001:db8::1|55|2|1"
is "without one there is one row" "$(sql 'SELECT bytes, flows, count(*) FROM traffic')" "1858|6|1"
is "a filter by = changes nothing" "$(sql 'SELECT bytes FROM traffic WHERE dport = 443')" 1770
is "a filter by IN splits, as it is documented" \
    "$(sql 'SELECT bytes FROM traffic WHERE dport IN (443, 53) ORDER BY 1')" "33
1770"
is "and a condition does not" "$(sql "SELECT bytes FROM traffic('dport = 443 | dport = 53')")" 1803
is "derived dimensions group too" "$(sql 'SELECT proto_name, bytes FROM traffic ORDER BY bytes')" "UDP|33
TCP|1825"
is "categories group by category" "$(sql 'SELECT l7_category, flows FROM traffic ORDER BY 1')" \
"Remote_Access|1
Services|1
Web|4"
is "totals are in every row, and the number of groups" \
    "$(sql 'SELECT sip, total_bytes, total_packets, total_flows, total_groups FROM traffic ORDER BY bytes DESC LIMIT 2')" \
"10.0.0.1|1858|41|6|3
10.0.0.2|1858|41|6|3"
is "a dimension that the outer statement does not need is none" \
    "$(sql 'SELECT bytes FROM talk_src; SELECT max(bytes) FROM (SELECT sip, bytes FROM traffic)')" "1858
1858"
is "but GROUP BY needs it" \
    "$(sql 'SELECT count(*), max(b) FROM (SELECT sip, sum(bytes) AS b FROM traffic GROUP BY sip)')" "3|1583"
# Before 3.38 SQLite asks for an IN value by value, as if by =.
is "an argument compared otherwise than by = is none" \
    "$(sql "SELECT count(*) FROM flows WHERE condition IN ('dport = 53', 'dport = 22')" \
        'SELECT count(*) FROM flows WHERE condition IS NULL')" "$(sqlite_since 3.38 && echo 0 || echo 2)
6"
is "LIMIT 0 gives nothing" "$(sql 'SELECT sip FROM traffic LIMIT 0')" ""
is "a negative LIMIT gives all" "$(sql 'SELECT count(*) FROM (SELECT sip FROM traffic LIMIT -1)')" 3

is "count(*) of flows" "$(sql 'SELECT count(*) FROM flows')" 6
is "first and last overlap intervals" \
    "$(sql "SELECT DISTINCT time FROM flows(NULL, 1700006700, 1700006701)")" 1700007000
is "a block's interval ends with its stamp" \
    "$(sql "SELECT DISTINCT time FROM flows(NULL, 1700006400, 1700006700)")" 1700006700
is "time compares stamps exactly" "$(sql 'SELECT count(*) FROM flows WHERE time = 1700006700')" 3
is "an interface that is not there is an empty answer in WHERE" \
    "$(sql "SELECT count(*) FROM flows WHERE iface = 'nope'")" 0
is "texts must be the very text" "$(sql "SELECT count(*) FROM flows WHERE sip IN ('2001:DB8::1', '010.0.0.2')")" 0
is "IPv6 is found by its text" "$(sql "SELECT dport FROM flows WHERE sip = '2001:db8::1'")" 22
is "ip_in as a term" "$(sql "SELECT count(*) FROM flows WHERE ip_in(dip, '10.0.1.2/31')")" 1
is "ip_in and families" "$(sql "SELECT ip_in('10.0.0.1', '::/0'), ip_in('::1', '0.0.0.0/0'), ip_in('x', '::/0'), ip_in(NULL, '::/0')")" "0|0||"
is "1.05's conditions" "$(sql "SELECT count(*) FROM flows('proto=TCP AND dport=443')")" 4

is "the scope is heard by tables and views" "$(sql "
    SELECT goprobe_scope('iface', 'eth0'), goprobe_scope('condition', 'dport = 443')" \
    'SELECT * FROM talk_src')" "eth0|dport = 443
10.0.0.1|18|66.67|550|71.43
10.0.0.2|9|33.33|220|28.57"
is "a scope can be read and reset" "$(sql "SELECT goprobe_scope('iface', 'eth0,eth1')" \
    "SELECT goprobe_scope('iface')" "SELECT goprobe_scope('iface', NULL)" "SELECT goprobe_scope('iface') IS NULL")" "eth0,eth1
eth0,eth1

1"
is "ANY is all" "$(sql "SELECT goprobe_scope('iface', 'ANY')" 'SELECT count(*) FROM flows')" "ANY
6"
is "the argument takes the place of the scope's condition" \
    "$(sql "SELECT goprobe_scope('condition', 'dport = 22')" "SELECT count(*) FROM flows('dport = 53')")" "dport = 22
1"
is "times narrow blocks too" "$(sql "SELECT goprobe_scope('last', '1700006700')" 'SELECT count(*), sum(flow_count) FROM blocks')" "1700006700
1|3"
is "the database is the environment's by default" "$(sql "SELECT goprobe_scope('db')")" "$db"
is "a table can have a database of its own" "$(GOPROBE_DB=/nonexistent sql "CREATE VIRTUAL TABLE temp.lab USING flows('$db')" 'SELECT count(*) FROM lab')" 6
is "so can traffic, blocks and interfaces" "$(GOPROBE_DB=/nonexistent sql "CREATE VIRTUAL TABLE temp.a USING traffic('$db')" "CREATE VIRTUAL TABLE temp.b USING blocks(\"$db\")" "CREATE VIRTUAL TABLE temp.c USING interfaces(\"$db\")" 'SELECT (SELECT bytes FROM a), (SELECT count(*) FROM b), (SELECT count(*) FROM c)')" "1858|3|2"

is "human_bytes as goQuery prints it" "$(sql 'SELECT human_bytes(0), human_bytes(1024), human_bytes(1025), human_bytes(123456789), human_bytes(NULL)')" "0.00  B|1024.00  B|1.00 kB|117.74 MB|"
is "human_count likewise" "$(sql 'SELECT human_count(5), human_count(1000), human_count(1001), human_count(2500000)')" "5.00  |1000.00  |1.00 k|2.50 M"
is "interfaces" "$(sql 'SELECT iface, flow_count, traffic_bytes, first, last, block_count FROM interfaces')" "eth0|5|858|1700006700|1700007000|2
eth1|1|1000|1700007000|1700007000|1"
is "blocks" "$(sql 'SELECT iface, time, flow_count, traffic_bytes, packets_logged, pcap_received IS NULL, status FROM blocks')" "eth0|1700006700|3|363|19|1|ok
eth0|1700007000|2|495|13|1|ok
eth1|1700007000|1|1000|9|1|ok"

plan() { sql "EXPLAIN QUERY PLAN $1" | sed -n 's/.*INDEX [0-9]*://p'; }
# Before 3.38 SQLite says nothing of LIMIT and lists, and sorts a sorted view again.
limit=' limit ?' list='dport in ?' sorted='sip=? order by packets limit ? offset ?'
sqlite_since 3.38 || { limit='' list='dport=?' sorted='sip=? order by bytes desc'; }
is "the plan of a report" "$(plan 'SELECT * FROM talk_conv LIMIT 10')" "order by bytes desc$limit"
is "terms on a view reach the engine" "$(plan "SELECT dip FROM talk_conv WHERE sip = '10.0.0.1' ORDER BY packets LIMIT 3 OFFSET 2")" "$sorted"
is "ranges and lists" "$(plan "SELECT count(*) FROM flows WHERE time >= 1 AND dport IN (1, 2) AND proto < 9 AND iface = 'x'")" "time>=? and $list and proto<? and iface=?"
is "arguments" "$(plan "SELECT bytes FROM traffic('dport = 1', '-1d', '-1h')")" "condition=? and first=? and last=?"
is "networks" "$(plan "SELECT count(*) FROM flows WHERE ip_in(sip, '10.0.0.0/8')")" "ip_in(sip,?)"
is "GROUP BY needs no sorter" "$(plan 'SELECT sip, sum(bytes) FROM traffic GROUP BY sip')" "order by sip"
is "what is not the engine's is not taken" "$(plan "SELECT count(*) FROM flows WHERE sip LIKE '10.%' AND dport = 1 COLLATE NOCASE")" "all"
done_testing
