#!/bin/bash
# Real traffic between two network namespaces, captured live: what goprobe counts is what
# the kernel counts, to the byte, in each direction; nDPI names what it was.
set -u
. tests/lib.sh
NET_HOME=$PWD/demo
. demo/net.sh

problem=$(net_problem)
if [ -n "$problem" ]; then
    skip "live capture agrees with the kernel" "$problem"
    done_testing
fi
trap net_down EXIT

db=$TMP/db
ask() { sql "SELECT goprobe_scope('db','$db')" "$1" | tail -n +2; }

net_up
ip netns exec "$NET_SERVER" "$BUILD_DIR/goprobe" -user root -d "$db" gp0 2>"$TMP/goprobe.log" &
probe=$!
if wait_for 20 grep -q 'capturing on' "$TMP/goprobe.log"; then
    ok "goprobe starts on an interface that is down"
else
    not_ok "goprobe starts on an interface that is down"
    cat "$TMP/goprobe.log"
    done_testing
fi
net_connect
passes "servers start" net_serve "$TMP/srv"
passes "web, TLS, DNS and a stream over IPv4 and IPv6 work" net_traffic
# Until the closing handshakes are through: the counters stand still.
settled() {
    local before
    before=$(ip -n "$NET_SERVER" -s link show gp0)
    sleep 0.3
    [ "$before" = "$(ip -n "$NET_SERVER" -s link show gp0)" ]
}
passes "the link gets quiet" wait_for 30 settled
ip -n "$NET_CLIENT" link set gp0 down
kernel="$(ip -n "$NET_SERVER" -s -j link show gp0 | tr -d '\n')"
kill -TERM "$probe"
wait "$probe"
is "SIGTERM ends it with status 0" "$?" 0

field() { echo "$kernel" | grep -o "\"$1\":{[^}]*}" | grep -o "\"$2\":[0-9]*" | head -1 | cut -d: -f2; }
is "bytes received are the kernel's" \
    "$(ask 'SELECT bytes_rcvd FROM traffic')" "$(field rx bytes)"
is "bytes sent are the kernel's" \
    "$(ask 'SELECT bytes_sent FROM traffic')" "$(field tx bytes)"
is "packets received are the kernel's" \
    "$(ask 'SELECT packets_rcvd FROM traffic')" "$(field rx packets)"
is "packets sent are the kernel's" \
    "$(ask 'SELECT packets_sent FROM traffic')" "$(field tx packets)"

is "nDPI names HTTP, TLS and DNS, over IPv4 and IPv6" "$(ask "
    SELECT DISTINCT l7_name, dport, sip LIKE '%:%' FROM traffic
     WHERE dport IN (80, 443, 53) AND l7_name IN ('HTTP', 'TLS', 'DNS')
     ORDER BY 1, 3")" "DNS|53|0
DNS|53|1
HTTP|80|0
HTTP|80|1
TLS|443|0
TLS|443|1"
is "flows run from the client to the server" "$(ask "
    SELECT count(*) FROM flows WHERE dport IN (80, 443, 53, 9999)
       AND sip NOT IN ('10.77.0.1', 'fd77::1')")" 0
is "the stream is one flow a family, with its bytes" "$(ask "
    SELECT count(*), min(bytes_rcvd) > 1048576 FROM flows WHERE dport = 9999")" "2|1"
is "the block knows what pcap received, and that nothing was dropped" "$(ask "
    SELECT sum(pcap_received) = (SELECT packets FROM traffic), sum(pcap_dropped) FROM blocks")" "1|0"
done_testing
