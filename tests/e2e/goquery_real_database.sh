#!/bin/bash
# goquery over a database that the original goProbe wrote, against the answers that its
# own test suite expects.  Those have both directions side by side, so each question is
# asked three times: received, sent, and both in one.
set -u
. tests/lib.sh
query=$BUILD_DIR/goquery
data=$PWD/../shared/data
if [ ! -d "$data/testdb" ]; then
    skip "answers over a real database" "no ../shared/data/testdb"
    done_testing
fi
cd "$TMP" || exit 1
json() { sqlite3 -batch :memory: "$1"; }

# The keys of a row of table T, whatever columns it has.
keys() {
    local name list=
    for name in time iface sip dip dport proto l7proto category; do
        list+=",json_extract($1.value, '\$.$name')"
    done
    echo "json_array(${list#,})"
}

# compare TYPE WANTED: rows that are not in both, and whether the totals are the same
compare() {
    json "
    CREATE TABLE want AS SELECT value FROM json_each(readfile('$2'), '\$.\"$1\"');
    CREATE TABLE both AS SELECT value FROM json_each(readfile('sum.json'), '\$.\"$1\"');
    CREATE TABLE rcvd AS SELECT value FROM json_each(readfile('in.json'), '\$.\"$1\"');
    CREATE TABLE sent AS SELECT value FROM json_each(readfile('out.json'), '\$.\"$1\"');
    CREATE TABLE a AS SELECT $(keys want) AS key,
        coalesce(value->>'bytes', value->>'bytes_rcvd' + value->>'bytes_sent') AS bytes,
        coalesce(value->>'packets', value->>'packets_rcvd' + value->>'packets_sent') AS packets,
        value->>'bytes_percent' AS bytes_percent, value->>'packets_percent' AS packets_percent,
        value->>'bytes_rcvd' AS br, value->>'bytes_sent' AS bs,
        value->>'packets_rcvd' AS pr, value->>'packets_sent' AS ps FROM want;
    CREATE TABLE i AS SELECT $(keys rcvd) AS key, value FROM rcvd;
    CREATE TABLE o AS SELECT $(keys sent) AS key, value FROM sent;
    CREATE INDEX i_key ON i(key);
    CREATE INDEX o_key ON o(key);
    CREATE TABLE b AS SELECT $(keys both) AS key, both.value->>'bytes' AS bytes,
        both.value->>'packets' AS packets, both.value->>'bytes_percent' AS bytes_percent,
        both.value->>'packets_percent' AS packets_percent,
        i.value->>'bytes' AS br, o.value->>'bytes' AS bs, i.value->>'packets' AS pr,
        o.value->>'packets' AS ps
        FROM both JOIN i ON i.key = $(keys both) JOIN o ON o.key = $(keys both);
    -- Where the answer has no directions, there is nothing to compare them with.
    UPDATE b SET br = NULL, bs = NULL, pr = NULL, ps = NULL WHERE EXISTS
        (SELECT 1 FROM a WHERE br IS NULL);
    SELECT (SELECT count(*) FROM a) = (SELECT count(*) FROM b),
        (SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT * FROM b)),
        (SELECT count(*) FROM (SELECT * FROM b EXCEPT SELECT * FROM a)),
        coalesce(w->>'total_bytes', w->>'total_bytes_rcvd' + w->>'total_bytes_sent')
            = s->>'total_bytes',
        coalesce(w->>'total_packets', w->>'total_packets_rcvd' + w->>'total_packets_sent')
            = s->>'total_packets',
        ifnull(w->>'total_bytes_rcvd' = r->>'total_bytes', 1),
        ifnull(w->>'total_packets_sent' = t->>'total_packets', 1)
        FROM (SELECT readfile('$2')->'summary' AS w, readfile('sum.json')->'summary' AS s,
            readfile('in.json')->'summary' AS r, readfile('out.json')->'summary' AS t);
    "
}

for args in "$data"/examples/*.args.json; do
    name=$(basename "$args" .args.json)
    for number in $(json "SELECT key FROM json_each(readfile('$args'))"); do
        mapfile -t words < <(json "SELECT replace(value, '\$TESTDB', '$data/testdb')
            FROM json_each(readfile('$args'), '\$[$number]')
            WHERE value NOT IN ('-in', '-out', '-sum')")
        "$query" "${words[@]}" >sum.json
        "$query" -in "${words[@]}" >in.json
        "$query" -out "${words[@]}" >out.json
        type=${words[-1]}
        answer="$data/examples/$name.correctOutput.json"
        # apps_dpi and l7proto are one question with one answer.
        sed "s/\"apps_dpi\":/\"$type\":/" "$answer" >want.json
        is "$name, question $((number + 1)): every row, percentage and total" \
            "$(compare "$type" want.json)" "1|0|0|1|1|1|1"
    done
done
done_testing
