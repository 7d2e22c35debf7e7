#!/bin/bash
# Sixty-four interfaces at once, while some of them go down, vanish, appear, are made anew,
# and while the configuration is read again: under traffic on all of them, what goprobe
# counts is what the kernel counts, to the byte, in each direction.
set -u
. tests/lib.sh
. tests/many.sh
count=64

problem=$(many_problem)
if [ -n "$problem" ]; then
    skip "64 interfaces agree with the kernel" "$problem"
    done_testing
fi
pids=()
clean_up() {
    touch "$TMP/enough"
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
    many_down
}
trap clean_up EXIT

db=$TMP/db
log=$TMP/goprobe.log
conf=$TMP/goprobe.conf
ask() { sql "SELECT goprobe_scope('db','$db')" "$1" | tail -n +2; }
said() { grep -cF -- "$1" "$log"; }
counted() { ask "SELECT iface, packets_rcvd, bytes_rcvd, packets_sent, bytes_sent FROM traffic $1" | sort; }
# write_conf KEYS-OF-v11 MORE: the JSON form, with the pattern for most.
write_conf() {
    cat >"$conf" <<END
{
    "db_path": "$db",
    "interfaces": {
        "v1": { "bpf_filter": "not udp port 9", "promisc": false },
        "v2": { "snaplen": 64, "promisc": true },
        "v11": { $1 },
        "w0": { "promisc": true }$2
    }
}
END
}

many_up $count
mapfile -t peers < <(for ((i = 0; i < count; i++)); do echo "10.78.$i.1"; done)
mapfile -t heres < <(for ((i = 0; i < count; i++)); do echo "10.78.$i.2"; done)
write_conf '"promisc": false' ', "v*": { "promisc": true }, "x0": {}'
ip netns exec "$MANY_HERE" "$BUILD_DIR/goprobe" -user root -config "$conf" 2>"$log" &
probe=$!
pids+=("$probe")
if wait_for 20 grep -q 'capturing on 64 interface' "$log"; then
    ok "goprobe captures on 64 interfaces"
else
    not_ok "goprobe captures on 64 interfaces"
    sed 's/^/#  /' "$log"
    done_testing
fi
is "what is not there is said" "$(said 'w0: not there yet')$(said 'x0: not there yet')" 11
promiscuous() { ip -n "$MANY_HERE" -d -j link show "$1" | grep -o '"promiscuity":[0-9]*'; }
is "an interface is promiscuous where its rule says so" \
    "$(promiscuous v0) $(promiscuous v1) $(promiscuous v2)" '"promiscuity":1 "promiscuity":0 "promiscuity":1'

# --- Traffic on all, on and on ----------------------------------------------------------
ip netns exec "$MANY_HERE" python3 tests/e2e/send_udp.py --until "$TMP/enough" 53 "${peers[@]}" >/dev/null &
pids+=($!)
ip netns exec "$MANY_PEER" python3 tests/e2e/send_udp.py --until "$TMP/enough" 53 "${heres[@]}" >/dev/null &
pids+=($!)
peer python3 tests/e2e/send_udp.py 100 9 10.78.1.2 10.78.3.2 >/dev/null

# --- Interfaces that come and go ----------------------------------------------------------
passes "an interface appears" many_add w0 200
passes "it is followed" wait_for 10 grep -q 'w0: captured from now on' "$log"
peer python3 tests/e2e/send_udp.py 50 53 10.78.200.2 >/dev/null
ip -n "$MANY_HERE" link del w0
passes "it vanishes" wait_for 10 grep -q 'w0: it has vanished' "$log"
many_add w0 200
is_back() { [ "$(said 'w0: captured from now on')" -eq 2 ]; }
passes "and comes back" wait_for 10 is_back
peer python3 tests/e2e/send_udp.py 30 53 10.78.200.2 >/dev/null
ip -n "$MANY_PEER" link set v5 down
passes "one goes down" wait_for 10 grep -q 'v5: down' "$log"
ip -n "$MANY_PEER" link set v5 up
passes "and up again" wait_for 10 grep -q 'v5: up again' "$log"

# --- The configuration is read again --------------------------------------------------------
echo '{ "interfaces": { "v0": { "buf_size": 12 } } }' >"$conf"
kill -HUP "$probe"
passes "a configuration that is wrong is refused" wait_for 10 grep -q 'the configuration is as before' "$log"
has "with file, line and key" "$(cat "$log")" "goprobe.conf:1: interfaces.v0.buf_size: 12 is not between 1024 and 1073741824"
many=$(for i in {20..59}; do
    printf ', "v%s": { "bpf_filter": "port %s%s" }' "$i" "$i" "$(printf ' or port %d' {100..150})"
done)
write_conf '"promisc": false' "$many"
kill -HUP "$probe"
refused_twice() { [ "$(said 'the configuration is as before')" -eq 2 ]; }
passes "one that the kernel cannot take is refused too" wait_for 10 refused_twice
has "and why" "$(cat "$log")" "those of all interfaces together are too long for the kernel"
is "and touches nothing" "$(said 'removed, no longer captured')" 0
write_conf '"bpf_filter": "udp port 9"' ', "v*": { "promisc": true }'
kill -HUP "$probe"
passes "a better one is taken with SIGHUP" wait_for 10 grep -q 'configuration read again' "$log"
is "what is removed is said" "$(said 'x0: removed, no longer captured')" 1
peer python3 tests/e2e/send_udp.py 40 9 10.78.11.2 >/dev/null
write_conf '"bpf_filter": "udp port 9"' ', "v?": {}, "v[1-5]*": {}, "v60": {}, "v61": {}, "v62": {}'
kill -USR2 "$probe"
passes "and with SIGUSR2" wait_for 10 grep -q 'v63: removed, no longer captured' "$log"
kill -USR1 "$probe"
passes "SIGUSR1 tells what was counted" wait_for 10 grep -qE '[0-9]+ packets received and 0 lost since the start, [0-9]+ flows held' "$log"

# --- What was counted ---------------------------------------------------------------------------
touch "$TMP/enough"
for pid in "${pids[@]:1}"; do wait "$pid"; done
kernel=$(many_counters v)
kill -TERM "$probe"
wait "$probe"
is "SIGTERM ends it with status 0" "$?" 0
pids=()
# v1, v11 and v63 were not captured whole; v5 forgot its neighbour and sent ARP, no IP.
others='^(v1|v11|v63|v5)\|'
is "60 interfaces: packets and bytes are the kernel's, received and sent" \
    "$(counted "WHERE iface LIKE 'v%'" | grep -vE "$others")" "$(grep -vE "$others" <<<"$kernel")"
is "there was some of it" "$(counted "WHERE packets_rcvd > 100 AND packets_sent > 100 AND iface LIKE 'v%'" | wc -l)" 64
is "v1's own filter: all but port 9" "$(ask "SELECT count(*) FROM flows WHERE iface = 'v1' AND dport = 9")" 0
is "which others have" "$(ask "SELECT sum(packets_rcvd) FROM flows WHERE iface = 'v3' AND dport = 9")" 100
is "a filter that was loaded holds from then on" \
    "$(ask "SELECT sum(packets_rcvd) FROM flows WHERE iface = 'v11' AND dport = 9")" 40
is "an interface made anew goes on where it was" \
    "$(ask "SELECT sum(packets_rcvd) FROM flows WHERE iface = 'w0' AND proto = 17")" 80
is "nothing was lost" "$(ask 'SELECT sum(pcap_dropped) FROM blocks')" 0

# --- ANY -------------------------------------------------------------------------------------------
db=$TMP/any
ip netns exec "$MANY_HERE" "$BUILD_DIR/goprobe" -user root -d "$db" ANY 2>"$TMP/any.log" &
probe=$!
pids=("$probe")
passes "ANY captures all there are" wait_for 20 grep -q 'capturing on 65 interface' "$TMP/any.log"
many_add y0 210
peer python3 tests/e2e/send_udp.py 70 53 10.78.210.2 >/dev/null
here python3 tests/e2e/send_udp.py 50 53 10.78.210.1 127.0.0.1 >/dev/null
kernel=$(many_counters y)
kill -TERM "$probe"
wait "$probe"
pids=()
is "one that appears is counted from its first packet on" "$(counted "WHERE iface = 'y0'")" "$kernel"
is "loopback is not among them" "$(ask "SELECT count(*) FROM flows WHERE iface = 'lo'")" 0
done_testing
