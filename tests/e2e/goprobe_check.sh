#!/bin/bash
# goprobe-check: every kind of problem is told with its file, what can be repaired is,
# nothing is lost by it, and a second run finds nothing more.
set -u
. tests/lib.sh
check=$BUILD_DIR/goprobe-check
cd "$TMP" || exit 1
umask 027

"$BUILD_DIR/tests/host/mkdb" whole || exit 1
late=1700006400 day=db/eth0/$late
rows() { sql "SELECT goprobe_scope('db', '$PWD/$1')" "SELECT time, iface, sip, dip, dport, proto, l7proto, bytes_rcvd, bytes_sent, packets_rcvd, packets_sent FROM flows ORDER BY 1,2,3,4,5,6,7,8" 2>&1 | tail -n +2; }
wanted=$(rows whole)
fresh() { rm -rf db && cp -a whole db; }
patch() { printf '%b' "$3" | dd of="$day/$1" bs=1 seek="$2" conv=notrunc status=none; }
run() { out=$("$check" "$@" 2>&1); code=$?; }
# All files that are there now were there before, or stand in the quarantine.
content() { find "$1" -path '*/.quarantine' -prune -o -type f -exec cksum {} + | sort; }

run whole
is "a sound database is clean" "$code $out" \
    "0 2 interfaces, 3 days, 4 blocks, 70 flows: 0 damages, 0 warnings, 0 notes"
run -q whole
is "and, quietly, says nothing" "$code $out" "0 "

# finds SENTENCE SEVERITY CODE PART: the check tells it, and changes nothing.
finds() {
    local before
    before=$(content db)
    run db
    is "$1: exit code" "$code" "$3"
    has "$1" "$out" "$2: $4"
    is "$1: a check changes nothing" "$(content db)" "$before"
    run -e json db
    is "$1: as JSON" "$(printf '%s' "$out" | python3 -c 'import json,sys
d = json.load(sys.stdin)
print(any(p["severity"] == sys.argv[1] for p in d["problems"]))' "$2")" True
}
# mends SENTENCE: -repair does, the rows are those of before, and it stays so.
mends() {
    run -repair db
    is "$1: -repair" "$code" "${2:-1}"
    has "$1: is told" "$out" '[repaired]'
    run db
    is "$1: then it is clean" "$code" 0
    run -repair db
    is "$1: and there is nothing more to repair" "$(grep -c repaired <<<"$out")" 0
    is "$1: the flows are those of before" "$(rows db)" "$wanted"
}
keeps() {
    run -repair db
    is "$1: is not repaired" "$code" 2
}

# --- Headers, which the index knows

fresh; patch pkts_sent.gpf 4104 '\x00\x00\x00\x00\x00\x00\x00\x00'
finds 'a lost slot of the commit column' damage 2 "eth0/$late/pkts_sent.gpf: the header"
mends 'a lost slot of the commit column'
is 'the header of before is in the quarantine' "$(find db/.quarantine -name pkts_sent.gpf.header | wc -l)" 1
fresh; patch sip.gpf 0 '\xff\xff\xff\xff\xff\xff\xff\xff'
finds 'an absurd end' damage 2 "eth0/$late/sip.gpf: the header"
mends 'an absurd end'
fresh; patch dport.gpf 8192 '\x00\xff\xff\xff\xff\xff\xff\xf8'
finds 'a huge length' damage 2 "eth0/$late/dport.gpf: the header"
mends 'a huge length'
fresh; for f in "$day"/*.gpf; do dd if=/dev/zero of="$f" bs=12288 count=1 conv=notrunc status=none; done
finds 'all headers gone' damage 2 "eth0/$late/pkts_sent.gpf: the header"
mends 'all headers gone'
fresh; rm $day/blocks.index; patch sip.gpf 0 '\xff\xff\xff\xff\xff\xff\xff\xff'
finds 'a header without an index' damage 2 "eth0/$late/sip.gpf: block 1700006400: slot 0"
keeps 'a header without an index'
# A third slot, which neither the index nor the commit column has: where it ends, its stamp, its length.
slot() { patch sip.gpf 16 "$1"; patch sip.gpf 4112 '\x00\x00\x00\x00\x65\x54\x0c\x58'; patch sip.gpf 8208 "$2"; }
fresh; slot '\x7f\xff\xff\xff\xff\xff\xff\xff' '\x00\x00\x00\x00\x00\x00\x00\x20'
finds 'a slot far behind the end of its file' damage 2 "eth0/$late/sip.gpf: the header"
mends 'a slot far behind the end of its file'
is 'a slot far behind the end of its file: the column is that of before' "$(cksum <$day/sip.gpf)" "$(cksum <whole/eth0/$late/sip.gpf)"
fresh; slot '\x00\x00\x00\x00\x00\x00\x30\x01' '\x00\x00\x00\x00\x00\x00\x00\x20'
finds 'a slot that ends before it begins' damage 2 "eth0/$late/sip.gpf: the header"
mends 'a slot that ends before it begins'
fresh; echo junk >>$day/sip.gpf; slot "$(printf '\\x%02x' 0 0 0 0 0 0 $(($(stat -c %s $day/sip.gpf) / 256)) $(($(stat -c %s $day/sip.gpf) % 256)))" '\x7f\xff\xff\xff\xff\xff\xff\xff'
finds 'a slot of an absurd size' warning 1 "eth0/$late/sip.gpf: has 1 block(s) that were never finished"
mends 'a slot of an absurd size'
is 'a slot of an absurd size: the column is that of before' "$(cksum <$day/sip.gpf)" "$(cksum <whole/eth0/$late/sip.gpf)"
fresh; rm $day/blocks.index; dd if=/dev/zero of=$day/sip.gpf bs=12288 count=1 conv=notrunc status=none; before=$(cksum <$day/sip.gpf)
finds 'a header gone without an index' damage 2 "eth0/$late/sip.gpf: block 1700006400: no block"
keeps 'a header gone without an index'
is 'a header gone without an index: its bytes stay in place' "$(cksum <$day/sip.gpf)" "$before"
fresh; patch sip.gpf 8000 '\x01'
finds 'a slot behind an unused one' damage 2 "eth0/$late/sip.gpf: a slot that is not used"

# --- Columns

fresh; rm $day/proto.gpf
finds 'a missing column' damage 2 "eth0/$late/proto.gpf: "
keeps 'a missing column'
fresh; rm $day/pkts_sent.gpf
finds 'a missing commit column' damage 2 "eth0/$late/pkts_sent.gpf: "
fresh; echo short >$day/sip.gpf
finds 'a file shorter than its header' damage 2 "eth0/$late/sip.gpf: 6 bytes"
fresh; patch bytes_rcvd.gpf 12330 '\xff'
finds 'a turned byte' damage 2 "eth0/$late/bytes_rcvd.gpf: block 1700006400: slot 0: the block is not the one"
keeps 'a turned byte'
has 'a turned byte: its kind' "$("$check" -e json db)" '"kind":"hash"'
fresh; find db -name blocks.index -delete; patch bytes_rcvd.gpf 12288 '\xff\xff\xff\xff'
finds 'what LZ4 cannot decode' damage 2 "eth0/$late/bytes_rcvd.gpf: block 1700006400: slot 0: the block does not decompress"
fresh; truncate -s -1 $day/dip.gpf
finds 'a torn block' damage 2 "eth0/$late/dip.gpf: block 1700006700: slot 1: block ends at"
fresh; cp db/eth1/$late/proto.gpf $day/proto.gpf
finds 'a column of another interface' damage 2 "eth0/$late/proto.gpf"
fresh; echo rest >>$day/sip.gpf
finds 'bytes behind the last block' warning 1 "eth0/$late/sip.gpf: 5 bytes behind its last block"
mends 'bytes behind the last block'
is 'they are in the quarantine' "$(cat db/.quarantine/*/eth0/$late/sip.gpf.tail)" rest
# A third slot that the commit column does not have: end, stamp and length.
fresh; size=$(stat -c %s $day/proto.gpf)
patch proto.gpf 16 "$(printf '\\x00\\x00\\x00\\x00\\x00\\x00\\x%02x\\x%02x' $(((size + 5) / 256)) $(((size + 5) % 256)))"
patch proto.gpf 4112 '\x00\x00\x00\x00\x65\x54\x0c\x58'; patch proto.gpf 8208 '\x00\x00\x00\x00\x00\x00\x00\x11'
echo junk >>$day/proto.gpf
finds 'a block that was never finished' warning 1 "eth0/$late/proto.gpf: has 1 block(s) that were never finished"
mends 'a block that was never finished'
fresh; mv db/eth0/$late db/eth0/86400
finds 'a day of another date' damage 2 'eth0/86400/pkts_sent.gpf: block 1700006400: '

# --- Side files

fresh; rm $day/meta.json
finds 'a missing meta.json' note 0 "eth0/$late/meta.json: is missing"
mends 'a missing meta.json' 0
fresh; echo '{"blocks":[{"timest' >$day/meta.json
finds 'a meta.json that is no JSON' warning 1 "eth0/$late/meta.json: "
mends 'a meta.json that is no JSON'
has 'it is in the quarantine' "$(cat db/.quarantine/*/eth0/$late/meta.json)" '{"timest'
fresh; sed -i 's/"traffic":[0-9]*/"traffic":7/' $day/meta.json
finds 'a wrong traffic' warning 1 "eth0/$late/meta.json: block 1700006400: has another traffic"
mends 'a wrong traffic'
is 'a wrong traffic: is the one of before' "$(cat $day/meta.json)" "$(cat whole/eth0/$late/meta.json)"
fresh; sed -i 's/"flowcount":20/"flowcount":21/' $day/meta.json
finds 'a wrong number of flows' warning 1 "eth0/$late/meta.json: block 1700006400: has another number"
mends 'a wrong number of flows'
fresh; sed -i 's/"pcap_packets_received":-1/"pcap_packets_received":7/' $day/meta.json
finds 'a wrong count of packets' warning 1 "eth0/$late/meta.json: block 1700006400: has other counts of packets"
mends 'a wrong count of packets'
is 'a wrong count of packets: is unknown, as before' "$(cat $day/meta.json)" "$(cat whole/eth0/$late/meta.json)"
fresh; sed -i 's/"timestamp":1700006400/"timestamp":1700006401/' $day/meta.json
finds 'a block that is not there' warning 1 "eth0/$late/meta.json: block 1700006401: has a block that is not there"
mends 'a block that is not there'
fresh; echo '{"version":1,"name_spaces":7}' >$day/l7proto.json
finds 'names that make no sense' damage 2 "eth0/$late/l7proto.json: "
# What a block's numbers mean stays known to be missing, whoever builds the index.
rm -rf db; printf 'time,iface,sip,dip,dport,proto,l7proto,l7_name,l7_category,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent\n%s,eth0,10.0.0.1,10.0.0.2,443,6,91,TLS,Web,1,2,3,4\n' $late >l7.csv
"$BUILD_DIR/goconvert" -in l7.csv -out db 2>/dev/null
names() { sql "SELECT goprobe_scope('db', '$PWD/db')" 'SELECT l7_name FROM flows' 2>&1 | grep -v "^$PWD/db\$"; }
is 'a name of layer 7 is there' "$(names)" TLS
mv $day/l7proto.json names.json; touch $day/sip.gpf
finds 'missing names' damage 2 "eth0/$late/l7proto.json: is missing, the one of block $late"
keeps 'missing names'
has 'missing names: the index is built anew' "$out" "eth0/$late/blocks.index: is not as new as the columns [repaired]"
finds 'names that are missing after a repair' damage 2 "eth0/$late/l7proto.json: is missing, the one of block $late"
has 'and no question takes the number for that of another library' "$(names)" l7proto.json
mv names.json $day/l7proto.json
run db
is 'with its names the database is clean' "$code" 0
is 'and the name is that of before' "$(names)" TLS
fresh; rm $day/blocks.index
finds 'a missing index' note 0 "eth0/$late/blocks.index: is missing"
mends 'a missing index' 0
fresh; patch blocks.index 4100 '\xff'
finds 'a damaged index' warning 1 "eth0/$late/blocks.index: has no record"
mends 'a damaged index'
fresh; cp db/eth0/1699920000/blocks.index $day/blocks.index
finds 'the index of another day' warning 1 "eth0/$late/blocks.index: has no record"
mends 'the index of another day'
fresh; touch $day/sip.gpf
finds 'an index older than its columns' note 0 "eth0/$late/blocks.index: is not as new"
fresh; rm db/summary.json
finds 'a missing summary' warning 1 "summary.json: has no 'eth0'"
mends 'a missing summary'
fresh; echo garbage >db/summary.json
finds 'a garbage summary' warning 1 'summary.json: summary.json: line 1'
mends 'a garbage summary'
fresh; sed -i 's/"flowcount":60/"flowcount":61/; s/"eth1"/"eth7"/' db/summary.json
finds 'totals of a summary' warning 1 "summary.json: has of 'eth0' other totals"
finds 'an interface of a summary' warning 1 "summary.json: has 'eth7', which is no interface"
mends 'totals of a summary'

# --- Names, kinds, modes

fresh; touch -d '1 hour ago' $day/.meta.json.4711 $day/blocks.index.new db/summary.lock; mkdir db/eth0/.deleted-86400; touch -d '1 hour ago' db/eth0/.deleted-86400
finds 'a leftover of a side file' warning 1 "eth0/$late/.meta.json.4711: was left behind"
finds 'a leftover of an index' warning 1 "eth0/$late/blocks.index.new: was left behind"
finds 'a leftover of a deleted day' warning 1 'eth0/.deleted-86400: was left behind'
finds 'a leftover lock' warning 1 'summary.lock: was left behind'
mends 'leftovers'
is 'leftovers are in the quarantine' "$(find db/.quarantine -name '.meta.json.4711' -o -name blocks.index.new -o -name .deleted-86400 -o -name summary.lock | wc -l)" 4
fresh; touch $day/notes.txt db/README; mkdir db/eth0/x
finds 'a foreign file' note 0 "eth0/$late/notes.txt: is not goDB's"
finds 'a foreign file in the root' note 0 "README: is not goDB's"
finds 'a foreign directory' note 0 "eth0/x: is not goDB's"
fresh; mv $day/sip.gpf away && ln -s "$PWD/away" $day/sip.gpf
finds 'a column that is a link' damage 2 "eth0/$late/sip.gpf: is a symbolic link"
fresh; mv db/eth1 away.d && ln -s "$PWD/away.d" db/eth1
finds 'an interface that is a link' damage 2 'eth1: is a symbolic link'
rm -rf away.d
fresh; ln -s . db/eth0/86400
finds 'a cycle' damage 2 'eth0/86400: is a symbolic link'
fresh; rm $day/sip.gpf; mkfifo $day/sip.gpf
finds 'a FIFO' damage 2 "eth0/$late/sip.gpf: is a FIFO"
fresh; rm $day/meta.json; mkdir $day/meta.json
finds 'a directory' damage 2 "eth0/$late/meta.json: is a directory"
fresh; chmod o+w $day/sip.gpf; chmod o+rx db/eth0
finds 'a file for everybody' warning 1 "eth0/$late/sip.gpf: can be changed by everybody"
finds 'a directory for everybody' note 1 'eth0: can be read by everybody'
mends 'modes'
is 'modes: as they are made' "$(stat -c %a db/eth0 $day/sip.gpf | tr '\n' ' ')" '750 640 '

# --- Beside a writer, and what cannot be done

fresh; echo rest >>$day/sip.gpf; before=$(content db)
exec 9<db/eth0; flock -x 9
run -repair db
is "a writer's interface is not repaired" "$code" 3
has "and it is told" "$out" 'eth0: a program is writing to this interface'
is "nothing is touched" "$(content db)" "$before"
run db
is "what a writer has under way is no problem" "$code" 0
has "it is told what was left out" "$out" '1 interfaces are being written to'
run -repair db eth1
is "another interface is" "$code" 0
exec 9<&-

cannot() { local sentence=$1 part=$2; shift 2; run "$@"; is "$sentence: exit code" "$code" 3; has "$sentence" "$out" "$part"; }
cannot "no database" "no database given"
cannot "one that is not there" "nowhere" nowhere
cannot "an interface that is not there" "eth7" db eth7
cannot "one outside" "starts with a dot" db ../db/eth0
cannot "one below" "holds a '/'" db eth0/..
cannot "an unknown format" "neither txt nor json" -e xml db
cannot "an unknown flag" "-x" -x db
has "-h shows the usage" "$("$check" -h)" "usage: goprobe-check [-repair]"
has "-version" "$("$check" -version)" "goprobe-check "
done_testing
