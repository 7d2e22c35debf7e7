#!/bin/bash
# goprobe under a real systemd: the unit is sound, start waits until it captures, it is
# watched, reloads, comes back after a crash, and stops with its last block written.
set -u
. tests/lib.sh
. tests/systemd.sh

problem=$(systemd_problem)
case $BUILD_DIR in */tsan) problem="ThreadSanitizer does not start under LockPersonality=" ;; esac
if [ -n "$problem" ]; then
    skip "goprobe runs under systemd" "$problem"
    done_testing
fi
trap systemd_down EXIT
if ! systemd_up; then
    skip "goprobe runs under systemd" "systemd does not start in namespaces here"
    done_testing
fi
root=/proc/$systemd_pid/root
units=$root/etc/systemd/system
ctl() { systemd_in systemctl "$@"; }
show() { ctl show -P "$1" goprobe; }
journal() { systemd_in journalctl --no-pager -o cat -u goprobe; }
configure() { printf '{"db_path":"/var/lib/goprobe/db","interfaces":{%s}}' "$1" >"$root/etc/goprobe.conf"; }

install -m 755 "$BUILD_DIR/goprobe" "$root/usr/sbin/goprobe"
sed -e 's|@SBINDIR@|/usr/sbin|; s|@CONFIG_PATH@|/etc/goprobe.conf|; s|@DATA_DIR@|/var/lib/goprobe|' packaging/goprobe.service >"$units/goprobe.service"
install -D -m 644 packaging/goprobe.sysusers "$root/usr/lib/sysusers.d/goprobe.conf"
mkdir "$units/goprobe.service.d"
case $BUILD_DIR in
*/asan) printf '[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n' >"$units/goprobe.service.d/asan.conf" ;;
esac
systemd_in ip link add w0 type veth peer name w1
systemd_in ip link set w0 up
systemd_in ip link set w1 up
configure '"lo":{}'
systemd_in systemd-sysusers goprobe.conf
ctl daemon-reload

# --- The unit -------------------------------------------------------------------------------
passes "systemd-analyze verify finds nothing wrong" systemd_in systemd-analyze verify --man=no goprobe.service
is "and says nothing of it" "$(grep goprobe "$TMP/err" "$TMP/out")" ""
passes "systemd-analyze security: at most 2.5 of 10 are exposed" \
    systemd_in systemd-analyze security --offline=true --threshold=25 --no-pager goprobe.service

# --- Start ----------------------------------------------------------------------------------
passes "start waits until it captures" ctl start goprobe
is "it is active, and says at what" "$(show ActiveState), $(show StatusText)" "active, capturing on 1 interface(s)"
main=$(show MainPID)
state() { sed -n "s/^$1:[[:space:]]*//p" "$root/proc/$main/status" | tr '\t' ' '; }
user=$(systemd_in id -u goprobe)
is "as its own user" "$(state Uid)" "$user $user $user $user"
is "without capabilities" "$(state CapEff) $(state CapPrm) $(state CapAmb)" "0000000000000000 0000000000000000 0000000000000000"
is "and without a way to new ones" "$(state NoNewPrivs) $(state Seccomp)" "1 2"
has "the journal has its lines" "$(journal)" "capturing on 1 interface(s), next block at"
has "-status is answered" "$(systemd_in goprobe -status -config /etc/goprobe.conf)" "lo              up"
pinged() { [ "$(show WatchdogTimestampMonotonic)" -gt "$1" ]; }
passes "the watchdog is fed" wait_for 10 pinged "$(show WatchdogTimestampMonotonic)"

# --- Reload ---------------------------------------------------------------------------------
configure '"lo":{},"w0":{}'
passes "reload" ctl reload goprobe
captures() { [ "$(show StatusText)" = "capturing on $1 interface(s)" ]; }
passes "takes the new configuration" wait_for 20 captures 2
configure '"lo":{},"w0":{"snaplen":1}'
ctl reload goprobe
says() { journal | grep -qF "$1"; }
passes "a wrong one is named in the journal" wait_for 20 says "/etc/goprobe.conf:1: interfaces.w0.snaplen: 1 is not between"
# Not before its READY=1 has come through, too.
active() { [ "$(show ActiveState)" = active ]; }
passes "which ends the reload" wait_for 20 active
is "and changes nothing" "$(show ActiveState), $(show StatusText), $(show MainPID)" "active, capturing on 2 interface(s), $main"
configure '"lo":{},"w0":{}'

# --- Crashes --------------------------------------------------------------------------------
is_back() { [ "$(show NRestarts)" = "$1" ] && [ "$(show ActiveState)" = active ]; }
ctl kill -s KILL goprobe
passes "killed, it is started again" wait_for 20 is_back 1
passes "and captures as before" wait_for 20 captures 2
printf '[Service]\nWatchdogSec=2\n' >"$units/goprobe.service.d/watchdog.conf"
ctl daemon-reload
ctl restart goprobe
ctl kill -s STOP goprobe
passes "hung, the watchdog has it started again" wait_for 30 is_back 1
has "it was the watchdog" "$(journal)" "Watchdog timeout (limit 2s)"

# --- Stop -----------------------------------------------------------------------------------
systemd_in bash -c "for i in 1 2 3; do echo >/dev/udp/127.0.0.1/4711; done" 2>/dev/null
passes "stop" ctl stop goprobe
is "with success" "$(show Result), $(show ActiveState)" "success, inactive"
is "and its last block is written" "$(sql "SELECT goprobe_scope('db','$root/var/lib/goprobe/db')" \
    "SELECT sum(packets_rcvd) FROM flows WHERE iface = 'lo' AND dport = 4711" | tail -n +2)" 3
is "as the user's" "$(stat -c %u "$root/var/lib/goprobe/db/lo")" "$user"

# --- What another start does not mend ---------------------------------------------------------
configure '"lo":{"snaplen":1}'
fails "a wrong configuration does not start" ctl start goprobe
sleep 1.5
is "and is not tried again" "$(show ActiveState), $(show NRestarts), $(show ExecMainStatus)" "failed, 0, 78"
done_testing
