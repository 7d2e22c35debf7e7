# shellcheck shell=bash
# A Debian of one's own in a folder, for tests that need a machine nobody has touched.
#
#     self=/path/of/the/script; . tests/packages/chroot.sh; chroot_alone "$@"
#
# begins the script again where its mounts are its own and end with it, so that nothing
# can be removed through one.  From there on $TMP is an empty folder, and $CHROOT in it
# is where chroot_make puts the Debian.  Both are removed at the end.
: "${self:?}"
chroot_suite=bookworm

chroot_alone() { # ARGUMENTS-OF-THE-SCRIPT
    local status
    if [ -n "${CHROOT_ALONE:-}" ]; then
        CHROOT=$TMP/debian
        return
    fi
    TMP=$(mktemp -d "${TMPDIR:-/tmp}/goprobe-debian.XXXXXX")
    export TMP
    if unshare --mount --propagation private true 2>/dev/null; then
        CHROOT_ALONE=yes unshare --mount --propagation private "$self" "$@"
    else
        CHROOT_ALONE=no "$self" "$@"
    fi
    status=$?
    rm -rf --one-file-system "$TMP"
    exit $status
}

# The mirror that this machine uses itself.
chroot_mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Origin: Debian' 'Created-By: Packages' 2>/dev/null |
        awk -v suite=$chroot_suite '$2 == suite { print $1; exit }'
}

# Why it cannot be made here; nothing where it can.
chroot_problem() {
    [ "$(id -u)" -eq 0 ] || { echo "this needs root"; return; }
    command -v debootstrap >/dev/null || { echo "debootstrap is not installed"; return; }
    [ -n "$(chroot_mirror)" ] || { echo "apt knows no mirror of Debian $chroot_suite"; return; }
    [ "$CHROOT_ALONE" = yes ] || echo "mount namespaces are not allowed here"
}

# The base system; it and what apt fetches are kept in build/chroot, for a week.
chroot_make() {
    local base=build/chroot/$chroot_suite.tar
    mkdir -p build/chroot/archives/partial "$CHROOT"
    find build/chroot -type f -mtime +7 -delete
    if [ ! -e "$base" ]; then
        echo "# debootstrap $chroot_suite"
        debootstrap --variant=minbase --include=ca-certificates "$chroot_suite" "$CHROOT" "$(chroot_mirror)" >"$CHROOT.log" 2>&1 ||
            { tail -n 5 "$CHROOT.log"; return 1; }
        tar -C "$CHROOT" -cf "$base.new" . && mv "$base.new" "$base"
    else
        tar -C "$CHROOT" -xf "$base"
    fi
    cp /etc/resolv.conf "$CHROOT/etc/resolv.conf"
    echo "127.0.0.1 localhost $(uname -n)" >"$CHROOT/etc/hosts"
    mount -t proc none "$CHROOT/proc"
    mount -t sysfs none "$CHROOT/sys"
    mount --bind build/chroot/archives "$CHROOT/var/cache/apt/archives"
    chroot_services no
}

# May packages start services there?  yes or no.  Where nobody says, and no init runs, none are.
chroot_services() {
    local status=101
    [ "$1" = yes ] && status=0
    printf '#!/bin/sh\nexit %d\n' $status | install -m 755 /dev/stdin "$CHROOT/usr/sbin/policy-rc.d"
}

within() {
    chroot "$CHROOT" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

