#!/bin/bash
# goprobe as a service: which privileges are left, in the background with its pid file,
# under a manager that wants to hear from it, and by its init script.
set -u
. tests/lib.sh
. tests/many.sh
goprobe=$BUILD_DIR/goprobe

problem=$(many_problem)
[ -z "$problem" ] && [ -z "$(command -v setpriv)" ] && problem="util-linux has no setpriv here"
if [ -n "$problem" ]; then
    skip "goprobe runs as a service" "$problem"
    done_testing
fi
# $TMP is root's own; the unprivileged have to get to this one.
open=$(mktemp -d "${TMPDIR:-/tmp}/goprobe-service.XXXXXX")
chmod 755 "$open"
clean_up() {
    local pid
    for pid in $(jobs -p) $(cat "$TMP"/*.pid 2>/dev/null); do kill "$pid" 2>/dev/null; done
    many_down
    rm -rf "$open"
}
trap clean_up EXIT
many_up 2
inside() { ip netns exec "$MANY_HERE" "$@"; }
ready() { wait_for 20 grep -q 'capturing on' "$1"; }
state() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '; }
nobody=$(id -u nobody)

# rights SENTENCE PID UID CAPABILITIES: of all its threads
rights() {
    local task got=
    for task in /proc/"$2"/task/*/status; do
        # TSan has a thread of its own, from before.
        case $BUILD_DIR in */tsan) [ "$task" = "/proc/$2/task/$2/status" ] || continue ;; esac
        got+=$(sed -nE 's/^(Uid|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs):[[:space:]]*/ /p' "$task" | tr '\t\n' '  ' | tr -s ' ')
        got+=$'\n'
    done
    is "$1: user, and capabilities in all threads" "$(sort -u <<<"$got" | grep .)" \
        " $3 $3 $3 $3 0000000000000000 $4 $4 0000000000000000 1 "
}
# works SENTENCE DATABASE: sends, ends the process $probe, and asks
works() {
    ip netns exec "$MANY_PEER" python3 tests/e2e/send_udp.py 20 53 10.78.0.2 >/dev/null
    kill -TERM "$probe"
    wait "$probe"
    is "$1: ends with status 0" "$?" 0
    is "$1: it has captured, and written" \
        "$(sql "SELECT goprobe_scope('db','$2')" "SELECT sum(packets_rcvd) FROM flows WHERE dport = 53" | tail -n +2)" 20
}

# --- Privileges --------------------------------------------------------------------------
none=0000000000000000
ip netns exec "$MANY_HERE" "$goprobe" -user nobody -d "$open/made/db" v0 'w*' 2>"$TMP/1.log" &
probe=$!
passes "root becomes another user" ready "$TMP/1.log"
rights "as nobody" "$probe" "$nobody" $none
is "as nobody: no bounding set is left" "$(state "$probe" CapBnd)" $none
is "as nobody: the user's groups, not root's" "$(state "$probe" Groups | tr -d ' ')" "$(id -G nobody)"
passes "an interface appears" many_add w7 207
passes "it is followed without privileges" wait_for 10 grep -q 'w7: captured from now on' "$TMP/1.log"
is "and is promiscuous" "$(ip -n "$MANY_HERE" -d -j link show w7 | grep -o '"promiscuity":[0-9]*')" '"promiscuity":1'
works "as nobody" "$open/made/db"
is "the one that appeared too" \
    "$(sql "SELECT goprobe_scope('db','$open/made/db')" "SELECT count(*) FROM blocks WHERE iface = 'w7'" | tail -n +2)" 1
is "the database is that user's" "$(find "$open/made/db" ! -user nobody | wc -l)" 0

install -d -o nobody "$open/own"
ip netns exec "$MANY_HERE" setpriv --reuid nobody --regid nogroup --clear-groups \
    --inh-caps=+net_raw,+net_admin --ambient-caps=+net_raw,+net_admin --bounding-set=-all,+net_raw,+net_admin \
    "$goprobe" -d "$open/own/db" v0 2>"$TMP/2.log" &
probe=$!
passes "a user with two capabilities captures, as under systemd" ready "$TMP/2.log"
rights "with two capabilities" "$probe" "$nobody" $none
works "with two capabilities" "$open/own/db"

ip netns exec "$MANY_HERE" "$goprobe" -user root -d "$TMP/db" v0 2>"$TMP/3.log" &
probe=$!
passes "root may stay root" ready "$TMP/3.log"
rights "as root" "$probe" 0 $none
works "as root" "$TMP/db"

# The leak checker of a sanitizer build wants to trace the process, which is refused.
echo 'v0' >"$open/list.conf"
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 ip netns exec "$MANY_HERE" "$goprobe" --seccomp -user nobody \
    -config "$open/list.conf" -d "$open/box/db" -log stderr 2>"$TMP/5.log" &
probe=$!
passes "goprobe captures in a sandbox" ready "$TMP/5.log"
is "all its threads are in it" \
    "$(sed -n 's/^Seccomp:[[:space:]]*//p' /proc/"$probe"/task/*/status | sort -u)" 2
passes "where it answers" "$goprobe" -status -d "$open/box/db"
has "what it is at" "$(cat "$TMP/out")" v0
echo 'v0 v1' >"$open/list.conf"
kill -HUP "$probe"
passes "where it reloads" wait_for 10 grep -q 'capturing on 2 interface' "$TMP/5.log"
works "in a sandbox" "$open/box/db"
is "a recorded file is read in it too" "$(ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$goprobe" --seccomp \
    -d "$TMP/recorded" -r demo/traffic.pcap 2>&1; echo $?)" 0

inside "$goprobe" -user nobody -d "$TMP/db" v0 2>"$TMP/err"
is "a database that the user cannot write to: status 77" "$?" 77
has "is named" "$(cat "$TMP/err")" "Permission denied; the database has to be writable for the user that goprobe runs as"
inside setpriv --reuid nobody --regid nogroup --clear-groups "$goprobe" -d "$open/own/db" v0 2>"$TMP/err"
is "without capabilities: status 77" "$?" 77
has "which one is needed is said" "$(cat "$TMP/err")" "CAP_NET_RAW"

# --- In the background ----------------------------------------------------------------------
pidfile=$TMP/goprobe.pid
inside "$goprobe" -D -pidfile "$pidfile" -user nobody -d "$open/made/db" -log udp v0 2>"$TMP/err" </dev/null
is "-D comes back with status 0 once it captures" "$?" 0
is "and has nothing to say" "$(cat "$TMP/err")" ""
pid=$(cat "$pidfile")
is "the pid file holds the process" "$(cat "/proc/$pid/comm")" goprobe
is "which has left the terminal" "$(for fd in 0 1 2; do readlink "/proc/$pid/fd/$fd"; done | sort -u)" /dev/null
is "and has a session of its own" "$(ps -o sid= -p "$pid" | tr -d ' ')" "$pid"
rights "in the background" "$pid" "$nobody" $none
inside "$goprobe" -D -pidfile "$pidfile" -user nobody -d "$open/other" v1 2>"$TMP/err"
is "a second one is refused: status 1" "$?" 1
has "and told of the first" "$(cat "$TMP/err")" "it runs already, as process $pid"
gone() { [ ! -e "/proc/$pid" ]; }
kill -TERM "$pid"
passes "SIGTERM ends it" wait_for 20 gone
is "and empties the pid file" "$(wc -c <"$pidfile")" 0
echo 1 >"$pidfile"
inside "$goprobe" -D -pidfile "$pidfile" -user nobody -d "$open/made/db" -log udp v0
is "a pid file that was left behind stops nobody" "$?" 0
pid=$(cat "$pidfile")
kill -TERM "$pid"
wait_for 20 gone
inside "$goprobe" -D -pidfile "$pidfile" -d "$open/other" nosuchif0 2>"$TMP/err"
is "what goes wrong at the start is the status of -D" "$?" 1
has "and is said" "$(cat "$TMP/err")" "nosuchif0: no such interface"

# --- Under a manager -----------------------------------------------------------------------------
cat >"$TMP/manager.py" <<'PY'
import socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1])
while True:
    for line in sock.recv(4096).decode().split("\n"):
        print(line, flush=True)
PY
python3 "$TMP/manager.py" "$TMP/notify" >"$TMP/told" &
wait_for 10 test -S "$TMP/notify"
echo v0 >"$TMP/list.conf"
NOTIFY_SOCKET=$TMP/notify WATCHDOG_USEC=5000000 ip netns exec "$MANY_HERE" \
    "$goprobe" -user root -config "$TMP/list.conf" -d "$TMP/db" -log stderr 2>"$TMP/4.log" &
probe=$!
told() { wait_for 20 grep -q "$1" "$TMP/told"; }
passes "the manager hears that it is ready" told '^READY=1'
passes "and on what" told '^STATUS=capturing on 1 interface'
passes "and that it lives" told '^WATCHDOG=1'
echo 'v0 v1' >"$TMP/list.conf"
kill -HUP "$probe"
passes "that it reloads" told '^RELOADING=1'
passes "with the time" told '^MONOTONIC_USEC=[0-9]'
passes "and is ready again" told '^STATUS=capturing on 2 interface'
kill -TERM "$probe"
wait "$probe"
passes "and that it stops" told '^STOPPING=1'

# --- The init script ------------------------------------------------------------------------------
sed -e "s|@SBINDIR@|$BUILD_DIR|; s|@CONFIG_PATH@|$TMP/list.conf|" packaging/goprobe.init >"$TMP/goprobe.init"
cat >"$TMP/defaults" <<END
PIDFILE=$pidfile
DAEMON_ARGS="-config $TMP/list.conf -user root -d $TMP/db -log udp:127.0.0.1:1514"
END
init() { GOPROBE_DEFAULTS=$TMP/defaults inside sh "$TMP/goprobe.init" "$@" 2>&1; }
# init_is WORD STATUS OUTPUT
init_is() {
    local out
    out=$(init "$1")
    is "init script: $1 has status $2" "$?" "$2"
    is "init script: $1 says so" "$out" "$3"
}
init_is status 1 "goprobe: FAIL"
init_is reload 1 "Reloading goprobe: FAIL"
init_is stop 0 "Stopping goprobe: OK, it does not run"
init_is start 0 "Starting goprobe: OK"
pid=$(cat "$pidfile")
init_is start 0 "Starting goprobe: OK, it runs already"
init_is status 0 "goprobe: OK"
init_is reload 0 "Reloading goprobe: OK"
init_is force-reload 0 "Reloading goprobe: OK"
is "a reload leaves the process" "$(cat "$pidfile")" "$pid"
init_is restart 0 "Stopping goprobe: OK
Starting goprobe: OK"
is "a restart does not" "$([ "$(cat "$pidfile")" != "$pid" ] && echo another)" another
init_is stop 0 "Stopping goprobe: OK"
init_is status 1 "goprobe: FAIL"
is "init script: another word prints the usage, status 3" "$(init frobnicate; echo $?)" \
    "Usage: $TMP/goprobe.init {start|stop|status|restart|reload|force-reload}
3"

# --- The unit ------------------------------------------------------------------------------------
if command -v systemd-analyze >/dev/null; then
    sed -e "s|@SBINDIR@|$BUILD_DIR|; s|@CONFIG_PATH@|$TMP/list.conf|; s|@DATA_DIR@|$TMP|" packaging/goprobe.service >"$TMP/goprobe.service"
    passes "systemd takes the unit" systemd-analyze verify --man=no "$TMP/goprobe.service"
    is "and has nothing to say of it" "$(cat "$TMP/err")" ""
else
    skip "systemd takes the unit" "systemd-analyze is not installed"
fi
done_testing
