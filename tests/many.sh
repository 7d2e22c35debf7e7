# shellcheck shell=bash
# Many veth pairs between two network namespaces, for tests of live capture.  Source it;
# many_up COUNT, then many_down at the end, whatever happened.
#
#      namespace $MANY_PEER               namespace $MANY_HERE
#      v0  10.78.0.1  ------------------  v0  10.78.0.2
#      v1  10.78.1.1  ------------------  v1  10.78.1.2       and so on
#
# There is no IPv6 and no ARP: the kernel would count what is no flow.

MANY_PEER=gmp$$
MANY_HERE=gmh$$

# Why they cannot be made here; nothing where they can.
many_problem() {
    [ "$(id -u)" -eq 0 ] || { echo "this needs root"; return; }
    command -v ip >/dev/null || { echo "iproute2 is not installed"; return; }
    ip netns add "$MANY_PEER" 2>/dev/null || { echo "network namespaces are not allowed here"; return; }
    ip link add "gmx$$" type veth peer name "gmy$$" 2>/dev/null || echo "veth pairs are not allowed here"
    ip link del "gmx$$" 2>/dev/null
    ip netns del "$MANY_PEER"
}

here() { ip netns exec "$MANY_HERE" "$@"; }
peer() { ip netns exec "$MANY_PEER" "$@"; }

# many_link NAME NUMBER: the commands for `ip -batch` that make both ends of one pair
many_link() { # in $MANY_HERE
    cat <<END
link add $1 address 02:00:00:01:00:$(printf %02x "$2") type veth peer name $1 netns $MANY_PEER address 02:00:00:02:00:$(printf %02x "$2")
addr add 10.78.$2.2/24 dev $1
link set $1 up
neigh replace 10.78.$2.1 lladdr 02:00:00:02:00:$(printf %02x "$2") dev $1
END
}
many_end() { # in $MANY_PEER
    cat <<END
addr add 10.78.$2.1/24 dev $1
link set $1 up
neigh replace 10.78.$2.2 lladdr 02:00:00:01:00:$(printf %02x "$2") dev $1
END
}
many_add() { # NAME NUMBER
    many_link "$1" "$2" | ip -n "$MANY_HERE" -batch - && many_end "$1" "$2" | ip -n "$MANY_PEER" -batch -
}

many_up() { # COUNT
    local ns i
    for ns in "$MANY_PEER" "$MANY_HERE"; do
        ip netns add "$ns"
        ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
        ip -n "$ns" link set lo up
    done
    for ((i = 0; i < $1; i++)); do many_link "v$i" "$i"; done | ip -n "$MANY_HERE" -batch -
    for ((i = 0; i < $1; i++)); do many_end "v$i" "$i"; done | ip -n "$MANY_PEER" -batch -
}

# What the kernel counted of the interfaces here whose names begin with $1:
# name|packets received|bytes received|packets sent|bytes sent
many_counters() {
    ip -n "$MANY_HERE" -s -j link show | python3 -c '
import json, sys
for link in json.load(sys.stdin):
    if link["ifname"].startswith(sys.argv[1]):
        rx, tx = link["stats64"]["rx"], link["stats64"]["tx"]
        print(link["ifname"], rx["packets"], rx["bytes"], tx["packets"], tx["bytes"], sep="|")
' "$1" | sort
}

many_down() {
    ip netns del "$MANY_HERE" 2>/dev/null
    ip netns del "$MANY_PEER" 2>/dev/null
    return 0
}
