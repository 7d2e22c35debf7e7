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

# What is not written yet is asked for below: no interval may end in between.
left=$((300 - $(date +%s) % 300))
[ "$left" -ge 45 ] || sleep "$((left + 1))"

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
field() { echo "$kernel" | grep -o "\"$1\":{[^}]*}" | grep -o "\"$2\":[0-9]*" | head -1 | cut -d: -f2; }

# --- What has not been written yet -----------------------------------------------------------
status() { "$BUILD_DIR/goprobe" -status -d "$db" "$@"; }
live() { sql "SELECT goprobe_scope('db','$db')" "SELECT goprobe_scope('live', 1)" "$1" | tail -n +3; }
is "nothing is on disk yet" "$(ask 'SELECT count(*) FROM blocks')" 0
is "live flows have the kernel's counts, to the byte" "$(live 'SELECT bytes_rcvd, bytes_sent, packets_rcvd, packets_sent FROM traffic')" \
    "$(field rx bytes)|$(field tx bytes)|$(field rx packets)|$(field tx packets)"
is "and names" "$(live "SELECT DISTINCT l7_name, dport FROM traffic WHERE dport IN (80, 443) AND l7_name IN ('HTTP', 'TLS') ORDER BY 2")" "HTTP|80
TLS|443"
is "they are one block, that is to come" "$(live "SELECT count(DISTINCT time), min(time) % 300, min(time) > unixepoch() FROM flows")" "1|0|1"
live 'SELECT iface, sip, dip, dport, proto, l7proto, bytes_rcvd, bytes_sent, packets_rcvd, packets_sent FROM flows ORDER BY 1, 2, 3, 4, 5, 6' >"$TMP/live_flows"

is "the socket is for user and group" "$(stat -c '%a' "$db/goprobe.sock")" 660
has "-status is for a person" "$(status)" "gp0             "
is "-status -e json has the kernel's counts" "$(status -e json | python3 -c '
import json, sys
s = json.load(sys.stdin)
i = s["interfaces"][0]
print(i["bytes_rcvd"], i["bytes_sent"], i["packets_rcvd"], i["packets_sent"], i["name"], i["last_block"],
      s["ring"]["dropped"], i["dropped"], sum(i["undecoded"].values()), s["next_block"] % 300,
      i["flows"] == s["flows"]["count"] > 5, 80 <= s["flows"]["memory_bytes"] / i["flows"] < 40000, i["interval"]["bytes_rcvd"] == i["bytes_rcvd"],
      0 < s["ring"]["longest_pause_us"] <= s["ring"]["longest_pause_ever_us"])')" \
    "$(field rx bytes) $(field tx bytes) $(field rx packets) $(field tx packets) gp0 0 0 0 0 0 True True True True"
status -e prometheus >"$TMP/metrics"
is "-status -e prometheus too" "$(grep -E '^goprobe_bytes_total' "$TMP/metrics")" \
    "goprobe_bytes_total{iface=\"gp0\",direction=\"rcvd\"} $(field rx bytes)
goprobe_bytes_total{iface=\"gp0\",direction=\"sent\"} $(field tx bytes)"
is "each line of it is a comment or a number with its name" \
    "$(grep -vcE '^(# (HELP|TYPE) goprobe_[a-z0-9_]+ .+|goprobe_[a-z0-9_]+(\{[a-z0-9_]+="[^"]*"(,[a-z0-9_]+="[^"]*")*\})? [0-9]+(\.[0-9]+)?)$' "$TMP/metrics")" 0
is "and has a type" "$(grep -oE '^goprobe_[a-z0-9_]+' "$TMP/metrics" | sort -u)" \
    "$(sed -n 's/^# TYPE \(goprobe_[a-z0-9_]*\) .*/\1/p' "$TMP/metrics" | sort)"
printf '{"db_path":"%s","interfaces":{"gp0":{}}}' "$db" >"$TMP/goprobe.conf"
has "the configuration says where to ask" "$("$BUILD_DIR/goprobe" -status -config "$TMP/goprobe.conf")" "gp0             "
printf '{"db_path":"/nowhere","socket":"%s/goprobe.sock","interfaces":{"gp0":{}}}' "$db" >"$TMP/goprobe.conf"
has "also where the socket is elsewhere" "$("$BUILD_DIR/goprobe" -status -config "$TMP/goprobe.conf")" "gp0             "
echo '{"db_path":1}' >"$TMP/goprobe.conf"
fails "a wrong one is refused" "$BUILD_DIR/goprobe" -status -config "$TMP/goprobe.conf"
has "and its key is named" "$(cat "$TMP/err")" "db_path: it takes a text"
if [ -w /dev/full ]; then
    status >/dev/full 2>"$TMP/err"
    has "an answer that cannot be printed is an error" "$? $(cat "$TMP/err")" "74 goprobe: standard output: No space left on device"
fi
fails "another format is refused" status -e xml
has "and named" "$(cat "$TMP/err")" "-e takes txt, json or prometheus, not xml"

# Clients that do not behave cost nobody else an answer.
passes "misbehaving clients are survived" python3 - "$db/goprobe.sock" <<'PY'
import os, random, socket, sys
path = sys.argv[1]
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(30)
    s.connect(path)
    return s
def answer(request):
    s = connect()
    try:
        s.sendall(request)
        s.shutdown(socket.SHUT_WR)
        return b''.join(iter(lambda: s.recv(65536), b''))
    except (ConnectionResetError, BrokenPipeError):
        return b''
    finally:
        s.close()
random.seed(5)
for request in [b'\n', b'status\n', b'status xml\n', b'flows\nflows\n', b'FLOWS\n', b'x' * 64, b'flows\0\n'] + \
        [bytes(random.randrange(256) for _ in range(random.randrange(1, 200))) for _ in range(50)]:
    got = answer(request)
    assert got in (b'', b'ERROR there is no such request\n'), (request, got)
assert answer(b'') == b''
for _ in range(5):           # gone before the answer
    s = connect()
    s.sendall(b'flows\n')
    s.close()
silent = connect()                       # never asks
half = connect()                         # and never end the question
half.sendall(b'sta')
assert answer(b'status json\n').startswith(b'OK ')
whole = answer(b'flows\n')
size = int(whole.split(b'\n', 1)[0].split()[1])
assert len(whole) == len(b'OK %d\n' % size) + size
PY
mkdir "$TMP/other"
in_server "$BUILD_DIR/goprobe" --no-dpi -d "$TMP/other/db" --socket "$db/goprobe.sock" lo >"$TMP/out" 2>"$TMP/err"
is "a socket where a goprobe answers is not taken" "$?" 74
has "and it is said" "$(cat "$TMP/err")" "another goprobe answers there"
touch "$TMP/other/file"
in_server "$BUILD_DIR/goprobe" --no-dpi -d "$TMP/other/db" --socket "$TMP/other/file" lo >"$TMP/out" 2>"$TMP/err"
has "nor is a file" "$(cat "$TMP/err")" "there is a file of that name, which is no socket"

kill -TERM "$probe"
wait "$probe"
is "SIGTERM ends it with status 0" "$?" 0
ask 'SELECT iface, sip, dip, dport, proto, l7proto, bytes_rcvd, bytes_sent, packets_rcvd, packets_sent FROM flows ORDER BY 1, 2, 3, 4, 5, 6' >"$TMP/stored_flows"
is "what is stored is what was live" "$(diff "$TMP/live_flows" "$TMP/stored_flows")" ""
live 'SELECT bytes FROM traffic' >"$TMP/out" 2>"$TMP/err"
is "live flows and stored ones are not counted twice" "$(cat "$TMP/out")" "$(ask 'SELECT bytes FROM traffic')"
has "without a goprobe a warning says so" "$(cat "$TMP/err")" "no goprobe answers"
fails "-status says so too" status
has "and where it looked" "$(cat "$TMP/err")" "goprobe.sock: no goprobe answers"
if [ -e "$db/goprobe.sock" ]; then not_ok "the socket is gone"; else ok "the socket is gone"; fi

# A socket that a killed one left is taken over, in another place as well; strangers are refused.
# The leak checker of a sanitizer build wants to trace the process, which the sandbox refuses.
leaky=${ASAN_OPTIONS:-}:detect_leaks=0
place=$(mktemp -d /tmp/goprobe-socket.XXXXXX)
chmod 755 "$place"
ASAN_OPTIONS=$leaky ip netns exec "$NET_SERVER" "$BUILD_DIR/goprobe" --seccomp --no-dpi -user root -d "$TMP/other/db" --socket "$place/s" lo 2>"$TMP/second.log" &
second=$!
passes "a socket can be elsewhere" wait_for 20 "$BUILD_DIR/goprobe" -status --socket "$place/s"
kill -KILL "$second"
wait "$second" 2>"$TMP/out"
ASAN_OPTIONS=$leaky ip netns exec "$NET_SERVER" "$BUILD_DIR/goprobe" --seccomp --no-dpi -user root -d "$TMP/other/db" --socket "$place/s" lo 2>"$TMP/second.log" &
second=$!
passes "one that is left is taken over, and answers in a sandbox too" wait_for 20 "$BUILD_DIR/goprobe" -status --socket "$place/s"
stranger() { echo 'status json' | setpriv --reuid 65534 --regid 65534 --clear-groups nc -N -U -w 5 "$place/s" 2>&1; }
has "a stranger cannot open it" "$(stranger)" "Permission denied"
chmod 666 "$place/s"
is "and is not answered if he could" "$(stranger)" "ERROR not permitted"
is "with its flows" "$(sql "SELECT goprobe_scope('db','$TMP/other/db')" "SELECT goprobe_scope('live', '$place/s')" "SELECT count(*) FROM flows WHERE iface <> 'lo'" 2>&1 | tail -1)" 0
kill -TERM "$second"
wait "$second"
is "it ends with status 0" "$?" 0
rmdir "$place"
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
