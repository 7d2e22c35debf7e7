# shellcheck shell=bash
# A Debian of one's own in a folder, for tests that need a machine nobody has touched.
# Source it; CHROOT is the folder.
: "${CHROOT:?}"
chroot_suite=bookworm

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
    mkdir -p "$CHROOT"
    mount -t tmpfs none "$CHROOT" 2>/dev/null || { echo "mounting is not allowed here"; return; }
    umount "$CHROOT"
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
    mount -t proc none "$CHROOT/proc"
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

chroot_remove() {
    umount "$CHROOT/var/cache/apt/archives" "$CHROOT/proc" 2>/dev/null
    if grep -q " $CHROOT/" /proc/mounts; then echo "# $CHROOT is still mounted, and stays"; else rm -rf --one-file-system "$CHROOT"; fi
}
