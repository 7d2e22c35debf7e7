#!/bin/bash
# Where goprobe's lines go: datagrams that a real rsyslogd takes, in both formats; syslog(3)
# where it is in the background; standard error in the foreground.
set -u
. tests/lib.sh
. tests/many.sh
goprobe=$BUILD_DIR/goprobe

problem=$(many_problem)
[ -z "$problem" ] && [ -z "$(command -v rsyslogd)" ] && problem="rsyslogd is not installed"
if [ -n "$problem" ]; then
    skip "a real rsyslogd takes the datagrams" "$problem"
    done_testing
fi
pids=()
clean_up() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
    many_down
}
trap clean_up EXIT
# A namespace has its own loopback, so that port 514 is free.
many_up 1
ip netns exec "$MANY_HERE" sysctl -qw net.ipv6.conf.lo.disable_ipv6=0

cat >"$TMP/rsyslog.conf" <<END
global(workDirectory="$TMP")
module(load="imudp")
template(name="fields" type="string"
    string="%syslogfacility-text%|%syslogseverity-text%|%hostname%|%programname%|%procid%|%timereported:::date-rfc3339%|%msg%\n")
ruleset(name="write") { action(type="omfile" file="$TMP/messages" template="fields") }
input(type="imudp" address="127.0.0.1" port="514" ruleset="write")
input(type="imudp" address="::1" port="1514" ruleset="write")
END
ip netns exec "$MANY_HERE" rsyslogd -n -f "$TMP/rsyslog.conf" -i "$TMP/rsyslogd.pid" 2>"$TMP/rsyslogd.err" &
pids+=($!)
listens() { ip netns exec "$MANY_HERE" ss -Hlun | grep -q ':514 '; }
if ! wait_for 20 listens; then
    not_ok "rsyslogd listens"
    sed 's/^/#  /' "$TMP/rsyslogd.err"
    done_testing
fi

# run ARGUMENTS...: a run that tells of an interface that comes, and that is not there
run() {
    ip netns exec "$MANY_HERE" "$goprobe" -user root -d "$TMP/db" "$@" 2>"$TMP/err" &
    probe=$!
    pids+=("$probe")
}
ends() { kill -TERM "$probe"; wait "$probe"; }
logged() { grep -cE "^daemon\|$1\|[^|]+\|goprobe\|$probe\|[0-9T:.+-]+Z?\|$2" "$TMP/messages"; }
heard() { [ "$(logged "$1" "$2")" -gt 0 ]; }
since() { # seconds between now and the time that the last message claims
    echo $(($(date +%s) - $(date -d "$(tail -n 1 "$TMP/messages" | cut -d'|' -f6)" +%s)))
}

# --- RFC 3164, to 127.0.0.1:514 ----------------------------------------------------------
run -log udp v0 x0
passes "rsyslogd hears of the start at 127.0.0.1:514" wait_for 20 heard info ' ?capturing on 1 interface'
is "its host is this one" "$(head -n 1 "$TMP/messages" | cut -d'|' -f3)" "$(hostname)"
age=$(since)
is "its time is now" "$([ "$age" -ge -1 ] && [ "$age" -le 60 ] && echo yes)" yes
is "nothing of it is on standard error" "$(cat "$TMP/err")" ""
many_add x0 9
passes "an interface that appears is told" wait_for 20 heard info ' ?x0: captured from now on'
kill -HUP "$probe"
passes "each line is a message" wait_for 20 heard info ' ?configuration read again'
ends

# --- RFC 5424, to an address of one's own ---------------------------------------------------
cat >"$TMP/goprobe.conf" <<END
{ "db_path": "$TMP/db", "log": "udp", "log_host": "::1", "log_port": 1514, "log_format": "rfc5424",
  "interfaces": { "v0": {}, "x1": {} } }
END
run -config "$TMP/goprobe.conf"
passes "rsyslogd hears RFC 5424 over IPv6" wait_for 20 heard info 'x1: not there yet'
age=$(since)
is "its time is now too" "$([ "$age" -ge -1 ] && [ "$age" -le 60 ] && echo yes)" yes
echo '{' >"$TMP/goprobe.conf"
kill -HUP "$probe"
passes "a warning is one" wait_for 20 heard warning 'warning: the configuration is as before'
ends

# --- A log host that is away ------------------------------------------------------------------
run -log udp:127.0.0.1:9 v0
sleep 0.2
kill -HUP "$probe"
ends
is "nobody listening is no error" "$?" 0

# --- syslog(3) -----------------------------------------------------------------------------------
# The library's socket is /dev/log: here that of a mount namespace.
cat >"$TMP/devlog.py" <<'PY'
import os, socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("/dev/log")
os.chmod("/dev/log", 0o666)
while True:
    print(sock.recv(4096).decode(), flush=True)
PY
# What tests write may lie in /dev/shm, which stays.
cat >"$TMP/own_dev.sh" <<'END'
if [ -d /dev/shm ]; then mount --bind /dev/shm /mnt || exit 1; fi
mount -t tmpfs none /dev || exit 1
mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && mkdir /dev/shm || exit 1
if mountpoint -q /mnt; then mount --bind /mnt /dev/shm || exit 1; fi
END
cat >"$TMP/in_mounts.sh" <<END
. "$TMP/own_dev.sh"
python3 "$TMP/devlog.py" >"$TMP/devlog" &
echo \$! >"$TMP/devlog.pid"
until [ -S /dev/log ]; do sleep 0.05; done
"$goprobe" -D -pidfile "$TMP/goprobe.pid" -user root -d "$TMP/db" v0
echo \$? >"$TMP/status"
wait
END
ip netns exec "$MANY_HERE" unshare -m --propagation private timeout 120 bash "$TMP/in_mounts.sh" 2>"$TMP/err" &
mounts=$!
pids+=("$mounts")
if wait_for 30 test -s "$TMP/status"; then
    is "in the background it starts" "$(cat "$TMP/status")" 0
    passes "and logs with syslog(3), facility daemon, severity info" \
        wait_for 20 grep -qE '^<30>.*goprobe\[[0-9]+\]: capturing on 1 interface' "$TMP/devlog"
    probe=$(cat "$TMP/goprobe.pid")
    kill -TERM "$probe"
    gone() { [ ! -e "/proc/$probe" ]; }
    passes "and ends" wait_for 20 gone
    kill "$(cat "$TMP/devlog.pid")"
    wait "$mounts"
else
    skip "in the background it logs with syslog(3)" "no mount namespace: $(cat "$TMP/err")"
fi

# --- The journal, and no log at all -----------------------------------------------------------
cat >"$TMP/in_mounts2.sh" <<END
. "$TMP/own_dev.sh"
run() {
    local name=\$1 probe
    shift
    "$goprobe" -user root -d "$TMP/\$name.db" "\$@" v0 2>"$TMP/\$name" &
    probe=\$!
    until [ -S "$TMP/\$name.db/goprobe.sock" ]; do sleep 0.05; done
    sleep 0.2
    kill -TERM \$probe
    wait \$probe
    echo \$? >>"$TMP/\$name.status"
}
run nolog -log syslog
python3 "$TMP/devlog.py" >"$TMP/devlog2" &
devlog=\$!
until [ -S /dev/log ]; do sleep 0.05; done
touch "$TMP/journal" "$TMP/other"
JOURNAL_STREAM=\$(stat -c %d:%i "$TMP/journal") run journal
JOURNAL_STREAM=\$(stat -c %d:%i "$TMP/journal") run other
JOURNAL_STREAM=garbage run garbage
JOURNAL_STREAM=\$(stat -c %d:0 "$TMP/journal") run device
kill \$devlog
END
if ip netns exec "$MANY_HERE" unshare -m --propagation private timeout 120 bash "$TMP/in_mounts2.sh" 2>"$TMP/err"; then
    is "without a syslog it captures all the same" "$(cat "$TMP/nolog.status") $(cat "$TMP/nolog")" "0 "
    is "where standard error is the journal, syslog has it" "$(cat "$TMP/journal.status") $(cat "$TMP/journal")" "0 "
    is "once" "$(grep -c 'capturing on 1 interface' "$TMP/devlog2")" 1
    for name in other garbage device; do
        has "where it is another file ($name), that has it" "$(cat "$TMP/$name")" "goprobe: capturing on 1 interface"
    done
else
    skip "standard error that is the journal" "no mount namespace: $(cat "$TMP/err")"
fi

# --- Standard error ---------------------------------------------------------------------------------
run v0
passes "in the foreground it is standard error" wait_for 20 grep -q '^goprobe: capturing on 1 interface' "$TMP/err"
ends
run -log stderr v0
passes "and where that is asked for" wait_for 20 grep -q '^goprobe: capturing on 1 interface' "$TMP/err"
ends
done_testing
