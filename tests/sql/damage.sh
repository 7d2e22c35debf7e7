#!/bin/bash
# Damaged files through SQL: a warning that names the file, everything else is answered,
# and nothing in the database changes.
set -u
. tests/lib.sh

# eth0 has 20 flows before midnight and 2 blocks of 20 after, eth1 one block of 10.
db=$TMP/db
day=$db/eth0/1700006400
fresh() { rm -rf "$db" && "$BUILD_DIR/tests/host/mkdb" "$db" || exit 1; }
patch() { printf '%b' "$3" | dd of="$day/$1" bs=1 seek="$2" conv=notrunc status=none; }
ask_with() { sql "SELECT goprobe_scope('db', '$db')" "SELECT goprobe_scope('on_corrupt', '$1')" "${@:2}" 2>"$TMP/err" | tail -n +3; }
ask() { ask_with skip "$@"; }
sums() { find "$db" -type f -exec cksum {} + | sort; }

# costs SENTENCE FILE COUNT STATEMENT: it gives COUNT, and a warning that names FILE.
costs() {
    local before got
    before=$(sums)
    got=$(ask "$4" "SELECT goprobe_scope('warnings') > 0")
    is "$1: the rest answers" "$got" "$3
1"
    has "$1: it is told" "$(cat "$TMP/err")" 'goprobe: warning: '
    has "$1: it is named" "$(cat "$TMP/err")" "$2"
    got=$(ask_with error "$4")
    is "$1: no answer unless it is skipped" "$got" ''
    has "$1: an error names it" "$(cat "$TMP/err")" "$2"
    has "$1: and says what to do" "$(cat "$TMP/err")" "goprobe_scope('on_corrupt', 'skip')"
    is "$1: nothing is touched" "$(sums)" "$before"
}

fresh
echo garbage >"$day/sip.gpf"
costs 'a file of a few bytes' sip.gpf 30 'SELECT count(sip) FROM flows'
costs 'a file of a few bytes under traffic' sip.gpf 30 "SELECT sum(flows) FROM traffic WHERE sip <> ''"
is 'other interfaces are not missing' \
    "$(ask 'SELECT iface, count(sip) FROM flows GROUP BY iface ORDER BY iface')" 'eth0|20
eth1|10'
is 'the list of blocks names the file, and no other' \
    "$(ask "SELECT DISTINCT status FROM blocks WHERE time >= 1700006400 AND iface = 'eth0'")" \
    "$day: sip.gpf: 8 bytes, shorter than its header of 12288"
is 'what does not need the column is not missing' "$(ask 'SELECT flows, bytes FROM traffic')" \
    '70|2439360'
is 'and not warned about' "$(cat "$TMP/err")" ''

fresh
: >"$day/dport.gpf"
costs 'an empty file' dport.gpf 30 'SELECT count(dport) FROM flows'

fresh
rm "$day/proto.gpf"
costs 'a missing file' proto.gpf 30 'SELECT count(proto) FROM flows'

fresh
truncate -s 12300 "$day/bytes_rcvd.gpf"
costs 'a truncated file' bytes_rcvd.gpf 30 'SELECT count(bytes_rcvd) FROM flows'

fresh
head -c 50000 /dev/urandom >"$day/bytes_rcvd.gpf"
costs 'a file of noise' bytes_rcvd.gpf 30 'SELECT count(bytes_rcvd) FROM flows'

# Slot 0 of the three tables of a header: where the block ends at 0, ...
fresh
patch bytes_sent.gpf 0 '\x00\x00\x01\x00\x00\x00\x00\x00'
costs 'a slot that points outside the file' 'bytes_sent.gpf: slot' 30 \
    'SELECT count(bytes_sent) FROM flows'
has 'the list of blocks names it' "$(ask "SELECT status FROM blocks WHERE status <> 'ok' LIMIT 1")" \
    'bytes_sent.gpf: slot'

# ... its length before compression at 8192, ...
fresh
patch bytes_sent.gpf 8192 '\x00\xff\xff\xff\xff\xff\xff\xf8'
costs 'a huge claimed length' 'bytes_sent.gpf: slot 0' 50 'SELECT count(bytes_sent) FROM flows'

# ... and behind the header the first block.
fresh
patch bytes_rcvd.gpf 12290 '\xff\xff\xff\xff'
costs 'a garbage block' 'bytes_rcvd.gpf: slot 0' 50 'SELECT count(bytes_rcvd) FROM flows'
is 'the list of blocks looks at headers alone' "$(ask 'SELECT DISTINCT status FROM blocks')" ok

fresh
echo garbage >"$day/meta.json"
is 'a garbage meta.json does not hurt flows' "$(ask 'SELECT count(*) FROM flows')" 70
is 'and is missed in the list of blocks only' \
    "$(ask 'SELECT count(*), count(traffic_bytes) FROM blocks')" '4|2'

fresh
echo '{"version":1,"name_spaces":[{"from":1,"library":"x","protocols":[[4,"",""]]}]}' >"$day/l7proto.json"
is 'a garbage l7proto.json does not hurt what needs no names' "$(ask 'SELECT count(*) FROM flows')" 70
costs 'a garbage l7proto.json' l7proto.json 30 'SELECT count(l7_name) FROM flows'
done_testing
