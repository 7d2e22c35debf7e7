#!/bin/bash
# A database that goProbe 4.x wrote, beside the same flows as goProbe 2.x has them: the
# same tables, the same numbers, but for layer 7, which 4.x does not keep.
set -u
. tests/lib.sh
new=$PWD/../shared/data/testdb-v4 old=$PWD/../shared/data/testdb
if [ ! -d "$new" ]; then
    skip "a database of goProbe 4.x" "no ../shared/data/testdb-v4"
    done_testing
fi
of() { sql "SELECT goprobe_scope('db', '$1'); $2" | tail -n +2; }
same() { is "$1" "$(of "$new" "$2" | md5sum)" "$(of "$old" "$2" | md5sum)"; }
has "it has flows" "$(of "$new" "SELECT count(*) FROM flows")" 23373
same "every flow, summed over layer 7" \
    "SELECT time, iface, sip, dip, dport, proto, sum(bytes_rcvd), sum(bytes_sent), sum(packets_rcvd),
        sum(packets_sent) FROM flows GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6"
same "sums of traffic" "SELECT sip, dip, bytes, packets FROM traffic ORDER BY bytes DESC, sip, dip LIMIT 100"
same "a condition" "SELECT dport, bytes FROM traffic('snet = 154.0.0.0/8 & proto = tcp') ORDER BY dport"
same "a range of time" "SELECT time, iface, bytes FROM traffic(NULL, '1456440000', '1456450000') ORDER BY 1, 2"
same "blocks, their stamps and bytes" "SELECT iface, time, traffic_bytes FROM blocks ORDER BY 1, 2"
same "the order of time" "SELECT DISTINCT time FROM flows ORDER BY time DESC LIMIT 5"
same "interfaces" "SELECT iface, traffic_bytes, first, last, block_count FROM interfaces"
before=$(find "$new" | sort | md5sum)
fails "nothing is imported into it" "$BUILD_DIR/goconvert" -in /dev/stdin -out "$new" -iface eth0 <<END
1,2,10.0.0.1,80,7,3,4,6,10.0.0.2,1795465800
END
is "and it stays as it was" "$(find "$new" | sort | md5sum)" "$before"
"$BUILD_DIR/goconvert" -export "$TMP/v4.csv" -db "$new" 2>"$TMP/err" &&
    "$BUILD_DIR/goconvert" -in "$TMP/v4.csv" -out "$TMP/db" 2>"$TMP/err"
is "exported and imported it is a database of this version" \
    "$(of "$TMP/db" "SELECT iface, time, sip, dip, dport, proto, bytes, packets FROM flows" | sort | md5sum)" \
    "$(of "$new" "SELECT iface, time, sip, dip, dport, proto, bytes, packets FROM flows" | sort | md5sum)"
done_testing
