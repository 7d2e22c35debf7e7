# shellcheck shell=bash
# A systemd of the test's own, which runs as process 1 of its own namespaces over a copy
# of this machine's files that is thrown away.  Source it after tests/lib.sh.
#
#   systemd_problem     why there can be none; nothing: there can
#   systemd_up          false where it does not come up
#   systemd_in CMD...   runs a command where it runs; $SYSTEMD_ROOT is its root from there
#   systemd_down
systemd_pid='' systemd_unshare='' systemd_cgroup=''

systemd_problem() {
    local tool
    [ "$(id -u)" = 0 ] || { echo "it takes root"; return; }
    [ -x /lib/systemd/systemd ] || { echo "systemd is not installed"; return; }
    for tool in unshare nsenter systemctl systemd-analyze; do
        command -v $tool >/dev/null || { echo "$tool is not there"; return; }
    done
    grep -qw overlay /proc/filesystems || { echo "the kernel has no overlay files"; return; }
    grep -qw cgroup2 /proc/filesystems || { echo "the kernel has no cgroup2"; return; }
    mkdir -p "$TMP/cgroup"
    mount -t cgroup2 none "$TMP/cgroup" 2>/dev/null || { echo "cgroup2 cannot be mounted"; return; }
    umount "$TMP/cgroup"
}

# Run inside of the namespaces: the files, then systemd in place of this shell.
systemd_first() { # SCRATCH
    set -e
    local root=$1/root node
    mount --make-rprivate /
    mount -t tmpfs none "$1"
    mkdir "$1/upper" "$1/work" "$root"
    mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" none "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    for node in run tmp dev var/log var/lib etc/systemd/system; do
        mount -t tmpfs none "$root/$node"
    done
    mkdir "$root/dev/shm" "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666 none "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    mknod -m 666 "$root/dev/null" c 1 3
    mknod -m 666 "$root/dev/zero" c 1 5
    mknod -m 666 "$root/dev/full" c 1 7
    mknod -m 666 "$root/dev/random" c 1 8
    mknod -m 666 "$root/dev/urandom" c 1 9
    : >"$root/etc/fstab"
    printf '[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service\n' \
        >"$root/etc/systemd/system/test.target"
    ip link set lo up
    # A unit's own view of the files begins with a copy of what is mounted at the root.
    mkdir "$root/run/before"
    cd "$root"
    pivot_root . run/before
    umount -l run/before
    exec env -i container=goprobe-test PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TZ=UTC \
        /lib/systemd/systemd --system --unit=test.target --show-status=false
}

systemd_in() { timeout 60 nsenter -t "$systemd_pid" -m -p -u -i -n -C -r -w "$@"; }

systemd_is_up() {
    systemd_pid=$(cat "/proc/$systemd_unshare/task/$systemd_unshare/children" 2>/dev/null)
    systemd_pid=${systemd_pid%% *}
    [ -n "$systemd_pid" ] && [ "$(cat "/proc/$systemd_pid/comm")" = systemd ] &&
        systemd_in systemctl is-active test.target systemd-journald.service
}

systemd_up() {
    mkdir -p "$TMP/cgroup" "$TMP/scratch"
    mount -t cgroup2 none "$TMP/cgroup"
    systemd_cgroup=$TMP/cgroup/goprobe-test.$$
    mkdir "$systemd_cgroup"
    export -f systemd_first
    # shellcheck disable=SC2016
    bash -c 'echo $$ >"$1/cgroup.procs" && exec unshare --mount --pid --fork --uts --ipc \
        --net --cgroup --kill-child bash -c "systemd_first \"\$1\"" _ "$2"' \
        _ "$systemd_cgroup" "$TMP/scratch" >"$TMP/systemd.log" 2>&1 &
    systemd_unshare=$!
    wait_for 20 systemd_is_up
}

systemd_down() {
    [ -n "$systemd_unshare" ] && kill -KILL "$systemd_unshare" 2>/dev/null
    [ -n "$systemd_unshare" ] && wait "$systemd_unshare" 2>/dev/null
    if [ -n "$systemd_cgroup" ]; then
        wait_for 10 bash -c "find '$systemd_cgroup' -depth -type d -exec rmdir {} +"
        umount "$TMP/cgroup"
    fi
}
