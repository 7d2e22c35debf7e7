#!/bin/bash
# goprobe -r: recorded files in, blocks out; and every way in which that can be asked
# wrongly, which must cost one clear line and leave the database alone.
set -u
. tests/lib.sh
goprobe=$BUILD_DIR/goprobe
db=$TMP/db
ask() { sql "SELECT goprobe_scope('db','$db')" "$1" | tail -n +2; }

# A pcap file of raw IPv4 UDP packets: make_pcap FILE TIME...; 10.0.0.1 asks 10.0.0.2:53.
le32() { printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"; }
make_pcap() {
    local file=$1 time
    shift
    {
        printf '\xd4\xc3\xb2\xa1\x02\x00\x04\x00'
        le32 0; le32 0; le32 65535; le32 101
        for time in "$@"; do
            le32 "$time"; le32 0; le32 32; le32 32
            printf '\x45\x00\x00\x20\x00\x01\x00\x00\x40\x11\x00\x00'
            printf '\x0a\x00\x00\x01\x0a\x00\x00\x02'
            printf '\x9c\x40\x00\x35\x00\x0c\x00\x00abcd'
        done
    } >"$file"
}

# --- Blocks by the packets' times -----------------------------------------------------------
make_pcap "$TMP/wan.pcap" 1700006100 1700006399 1700006400 1700006401 1700007000
passes "a file is read" "$goprobe" -d "$db" -r "$TMP/wan.pcap"
is "its name is the interface, packets' times drive the blocks, also over midnight" \
    "$(ask 'SELECT iface, time, packets_rcvd FROM flows')" "wan|1700006100|1
wan|1700006400|2
wan|1700006700|1
wan|1700007000|1"
is "a new day has its directory" "$(ls "$db/wan")" "1699920000
1700006400"
is "bytes are those of the frame" "$(ask 'SELECT bytes, packets, dport, proto_name FROM traffic')" "160|5|53|UDP"
make_pcap "$TMP/later.pcap" 1700007100
passes "a second run appends" "$goprobe" -d "$db" -r "$TMP/later.pcap" -i wan
is "and both are there" "$(ask 'SELECT count(*), max(time) FROM flows')" "5|1700007300"
before=$(find "$db" -type f -exec cksum {} + | sort)
fails "an older file is refused" "$goprobe" -d "$db" -r "$TMP/wan.pcap"
has "with both times" "$(cat "$TMP/err")" "block 1700006100 is not later than the last one, 1700007300"
is "and touches nothing" "$(find "$db" -type f -exec cksum {} + | sort)" "$before"

make_pcap "$TMP/around.pcap" 1700007001 1700008000
fails "a file that begins before the last block is refused" "$goprobe" -d "$db" -r "$TMP/around.pcap" -i wan
is "whole: nothing of it is stored" "$(find "$db" -type f -exec cksum {} + | sort)" "$before"
cp "$TMP/later.pcap" "$TMP/eth0.100.pcapng"
passes "a file's name may hold dots" "$goprobe" -d "$db" -r "$TMP/eth0.100.pcapng"
is "and loses its ending alone" "$(ask "SELECT count(*) FROM flows WHERE iface = 'eth0.100'")" 1

# --- The recorded traffic of the demo -------------------------------------------------------
db=$TMP/demo
passes "cooked captures are read" "$goprobe" -d "$db" -r demo/traffic.pcap -i gp0
is "they know what was sent" "$(ask "SELECT bytes_rcvd, bytes_sent FROM traffic WHERE sip = 'fd77::1' AND dport = 80")" "1471|21527"
is "nDPI names what is in it" "$(ask "SELECT DISTINCT l7_name FROM traffic WHERE dport IN (53, 80, 443) ORDER BY 1")" "DNS
HTTP
TLS"
is "the day says whose numbers they are" \
    "$(grep -c '"library":"nDPI [0-9.]*"' "$db"/gp0/*/l7proto.json)" 1
passes "it can do without" "$goprobe" --no-dpi -d "$TMP/nodpi" -r demo/traffic.pcap -i gp0
is "and then knows none" "$(sql "SELECT goprobe_scope('db','$TMP/nodpi')" "SELECT DISTINCT l7proto FROM flows" | tail -n +2)" 0
passes "a filter is heard" "$goprobe" -f 'udp port 53' -d "$TMP/dns" -r demo/traffic.pcap -i gp0
is "only what it lets through is there" "$(sql "SELECT goprobe_scope('db','$TMP/dns')" "SELECT DISTINCT dport FROM flows" | tail -n +2)" 53

# --- Bad input -------------------------------------------------------------------------------
db=$TMP/none
# refused SENTENCE STATUS PART-OF-MESSAGE ARGUMENTS...
refused() {
    local sentence=$1 status=$2 part=$3
    shift 3
    "$goprobe" "$@" >"$TMP/out" 2>"$TMP/err"
    is "$sentence: status $status" "$?" "$status"
    has "$sentence: says why" "$(cat "$TMP/err")" "$part"
    is "$sentence: in one line" "$(wc -l <"$TMP/err")" 1
    if [ -e "$db" ]; then not_ok "$sentence: makes no database"; else ok "$sentence: makes no database"; fi
}
echo "this is no capture file" >"$TMP/garbage.pcap"
: >"$TMP/empty.pcap"
refused "a file that is not there" 66 "$TMP/nope.pcap: No such file" -d "$db" -r "$TMP/nope.pcap"
refused "a garbage file" 66 "garbage.pcap: unknown file format" -d "$db" -r "$TMP/garbage.pcap"
refused "an empty file" 66 "empty.pcap" -d "$db" -r "$TMP/empty.pcap"
make_pcap "$TMP/ieee.pcap" 1700006100
printf '\x69' | dd of="$TMP/ieee.pcap" bs=1 seek=20 conv=notrunc 2>"$TMP/err"
refused "a file of another link type" 66 "ieee.pcap: link type IEEE802_11 (105) is not supported" -d "$db" -r "$TMP/ieee.pcap"
refused "a filter with an error" 64 "filter 'port http https'" -d "$db" -r "$TMP/wan.pcap" -f 'port http https'
refused "an interface name with a slash" 64 "'a/b' holds a '/'" -d "$db" -r "$TMP/wan.pcap" -i a/b
refused "an interface name with a leading dot" 64 "'.x' starts with a dot" -d "$db" -r "$TMP/wan.pcap" -i .x
long=$(printf 'x%.0s' {1..70})
cp "$TMP/wan.pcap" "$TMP/$long.pcap"
refused "a file's name too long for an interface" 64 "-i names the interface" -d "$db" -r "$TMP/$long.pcap"
refused "no interface" 64 "no interface given" -d "$db"
refused "an interface given twice" 64 "given twice" -d "$db" lo lo
refused "a file and an interface" 64 "not both" -d "$db" -r "$TMP/wan.pcap" lo
refused "a ring of no size" 64 "--buffer" -d "$db" -B 0 lo
if [ "$(id -u)" -eq 0 ]; then
    refused "an interface that is not there" 1 "nosuchif0: no such interface" -d "$db" nosuchif0
else
    skip "an interface that is not there" "needs root"
fi

# A file cut off in the middle: what came before is kept, and it is said.
db=$TMP/cut
head -c $(($(wc -c <"$TMP/wan.pcap") - 10)) "$TMP/wan.pcap" >"$TMP/cut.pcap"
"$goprobe" -d "$db" -r "$TMP/cut.pcap" 2>"$TMP/err"
is "a truncated file has status 1" "$?" 1
has "and is named" "$(cat "$TMP/err")" "cut.pcap: truncated"
is "what came before is kept" "$(ask 'SELECT sum(packets) FROM flows')" 4

# A file whose clock goes back, and one without packets.
db=$TMP/back
make_pcap "$TMP/back.pcap" 1700006101 1700006500 1700006102 1700006103 1700006501
passes "a file whose clock goes back is read" "$goprobe" -d "$db" -r "$TMP/back.pcap"
has "and said" "$(cat "$TMP/err")" "back.pcap: its clock goes back; 2 packets count in a later interval"
is "its packets are all counted, in blocks that rise" \
    "$(ask 'SELECT time, packets FROM flows')" "1700006400|1
1700006700|4"
db=$TMP/nothing
make_pcap "$TMP/nothing.pcap"
passes "a file without packets is read" "$goprobe" -d "$db" -r "$TMP/nothing.pcap"
has "and said" "$(cat "$TMP/err")" "nothing.pcap: holds no packets"
is "and gives no blocks" "$(ask 'SELECT count(*) FROM blocks')" 0

# --- What cannot be counted is told by its reason ------------------------------------------------
python3 - "$TMP/odd.pcap" <<'PY'
import struct, sys
ether = bytes(12)
ip = bytes.fromhex('45000020000100004011000 00a0000010a000002'.replace(' ', ''))
udp = bytes.fromhex('9c400035000c0000') + b'abcd'
arp = ether + b'\x08\x06' + bytes(28)
good = ether + b'\x08\x00' + ip + udp
bad = ether + b'\x08\x00' + b'\x44' + ip[1:] + udp
deep = ether + b'\x81\x00\x00\x01' * 5 + b'\x08\x00' + ip + udp
with open(sys.argv[1], 'wb') as out:
    out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for frame, captured in [(arp, 42), (good, 46), (good, 30), (bad, 46), (deep, 66), (good, 46), (good, 20)]:
        frame = frame.ljust(captured, b'\0')
        out.write(struct.pack('<IIII', 1700006100, 0, captured, len(frame)) + frame[:captured])
PY
db=$TMP/odd
passes "a file of odd packets is read" "$goprobe" --no-dpi -d "$db" -r "$TMP/odd.pcap"
has "it is said what was not counted" "$(cat "$TMP/err")" \
    "odd: packets not counted: 2 cut off, 1 with a bad IP header, 1 with too many tags or labels"
is "and stands in the block, by reason" "$(ask 'SELECT pcap_received, packets_logged, not_ip, truncated, bad_header, too_deep FROM blocks')" "7|2|1|2|1|1"
is "what was lost before is not known" "$(ask 'SELECT pcap_dropped IS NULL, pcap_if_dropped IS NULL FROM blocks')" "1|1"
is "and in meta.json, behind what goProbe knows" "$(grep -o '"traffic".*' "$db"/odd/*/meta.json)" \
    '"traffic":92,"packets_not_ip":1,"packets_truncated":2,"packets_bad_header":1,"packets_too_deep":1}]}'

# --- More flows than there is room for ------------------------------------------------------------
db=$TMP/full
passes "a capture of many flows is made" "$BUILD_DIR/tests/bench/capture_make_packets" "$TMP/many.pcap" 20000 60000 128
passes "it is read with a small table" "$goprobe" --no-dpi --max-flows 2000 -d "$db" -r "$TMP/many.pcap"
has "and said" "$(cat "$TMP/err")" "packets counted without addresses, the table of 2000 flows is full"
is "no packet is lost" "$(ask 'SELECT packets FROM traffic')" 60000
is "flows without room are one for each protocol" "$(ask "
    SELECT sip, dip, dport, proto_name, packets > 1000 FROM traffic WHERE sip = '0.0.0.0' ORDER BY proto")" \
    "0.0.0.0|0.0.0.0|0|TCP|1
0.0.0.0|0.0.0.0|0|UDP|1"
db=$TMP/none
refused "a table of no size" 64 "--max-flows takes 1024 to 268435456, not 0" -d "$db" --max-flows 0 lo
rm "$TMP/many.pcap"

# --- Real captures ------------------------------------------------------------------------------
if [ -d ../shared/data/pcaps ]; then
    db=$TMP/real
    bad=0
    for file in ../shared/data/pcaps/*; do
        "$goprobe" -d "$db" -r "$file" 2>>"$TMP/err" || bad=$((bad + 1))
    done
    is "real captures of all kinds are read" "$bad" 0
    is "their protocols are named" "$(ask "SELECT group_concat(l7_name) FROM (SELECT DISTINCT l7_name FROM flows WHERE iface IN ('mqtt', 'irc', 'whois', 'quic-29', 'dns_dot') AND l7_name IN ('MQTT', 'IRC', 'Whois-DAS', 'QUIC', 'DoH_DoT') ORDER BY 1)")" "DoH_DoT,IRC,MQTT,QUIC,Whois-DAS"
else
    skip "real captures of all kinds are read" "no ../shared/data/pcaps"
fi
done_testing
