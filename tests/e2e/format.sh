#!/bin/bash
# docs/format.md is true: its example is what is written, byte by byte, and a reader that
# was made from it alone sees the flows that SQL sees.
set -u
. tests/lib.sh
unset GOPROBE_DB
columns='time, iface, sip, dip, dport, proto, l7proto, bytes_rcvd, bytes_sent, packets_rcvd, packets_sent'

cat >"$TMP/flows.csv" <<'CSV'
iface,time,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
eth0,1700006700,10.0.0.1,192.0.2.7,443,TCP,0,1000,200,5,3
eth0,1700006700,10.0.0.1,192.0.2.53,53,UDP,0,120,60,1,1
CSV
passes "the example's flows are written" "$BUILD_DIR/goconvert" -in "$TMP/flows.csv" -out "$TMP/example"
written=$TMP/example/eth0/1700006400/dport.gpf
grep -E '^    ([0-9a-f]{8}: |\*)' docs/format.md >"$TMP/dump"
passes "there is a dump" python3 tests/e2e/format_reader.py -u "$TMP/dump" "$TMP/dport.gpf"
is "as long as the text says" "$(stat -c %s "$TMP/dport.gpf")" 12310
passes "and it is the file" cmp "$written" "$TMP/dport.gpf"

# same SENTENCE DATABASE ROWS
same() {
    local read asked
    read=$(python3 tests/e2e/format_reader.py "$2" 2>&1 | sort)
    asked=$(sql "SELECT goprobe_scope('db', '$2')" "SELECT $columns FROM flows" | tail -n +2 | sort)
    is "$1: rows" "$(grep -c . <<<"$read")" "$3"
    if [ "$read" = "$asked" ]; then ok "$1: both read the same"; else
        not_ok "$1: both read the same"
        diff <(echo "$read") <(echo "$asked") | head -n 10 | sed 's/^/#  /'
    fi
}
same "the example" "$TMP/example" 2
"$BUILD_DIR/tests/host/mkdb" "$TMP/db" || not_ok "mkdb"
same "two interfaces over midnight, IPv4 and IPv6" "$TMP/db" 70
if [ -d ../shared/data/testdb ]; then
    same "a database of the original" ../shared/data/testdb 24472
else
    skip "a database of the original" "no ../shared/data/testdb"
fi
done_testing
