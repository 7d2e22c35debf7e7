#!/bin/bash
# goquery over a database that the original goProbe wrote, against the answers that its
# own test suite expects: the same words on the command line, every number of the answer.
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

# members EXPRESSION NAME...: those of a JSON object as columns; NULL where it lacks one
members() {
    local object=$1 name list=
    shift
    for name; do list+=", $object->>'$name' AS $name"; done
    echo "${list#, }"
}
row=$(members value time iface sip dip dport proto l7proto category bytes packets bytes_rcvd \
    bytes_sent packets_rcvd packets_sent bytes_percent packets_percent)
total=$(members "readfile(file)->'summary'" total_bytes total_packets total_bytes_rcvd \
    total_bytes_sent total_packets_rcvd total_packets_sent)

# compare TYPE WANTED GOT: how many rows, rows that are in one alone, different totals,
# and the status
compare() {
    json "
    CREATE TABLE want AS SELECT $row FROM json_each(readfile('$2'), '\$.\"$1\"');
    CREATE TABLE got AS SELECT $row FROM json_each(readfile('$3'), '\$.\"$1\"');
    CREATE TABLE totals AS SELECT DISTINCT $total
        FROM (SELECT '$2' AS file UNION ALL SELECT '$3');
    SELECT (SELECT count(*) > 0 FROM want),
        (SELECT count(*) FROM got) - (SELECT count(*) FROM want),
        (SELECT count(*) FROM (SELECT * FROM want EXCEPT SELECT * FROM got)),
        (SELECT count(*) FROM (SELECT * FROM got EXCEPT SELECT * FROM want)),
        (SELECT count(*) FROM totals) - 1, readfile('$3')->>'status'"
}

for args in "$data"/examples/*.args.json; do
    name=$(basename "$args" .args.json)
    for number in $(json "SELECT key FROM json_each(readfile('$args'))"); do
        mapfile -t words < <(json "SELECT replace(value, '\$TESTDB', '$data/testdb')
            FROM json_each(readfile('$args'), '\$[$number]')")
        "$query" "${words[@]}" >got.json
        type=${words[-1]}
        # apps_dpi and l7proto are one question with one answer.
        sed "s/\"apps_dpi\":/\"$type\":/" "$data/examples/$name.correctOutput.json" >want.json
        is "$name, question $((number + 1)): every row, percentage and total" \
            "$(compare "$type" want.json got.json)" "1|0|0|0|0|ok"
    done
done
done_testing
