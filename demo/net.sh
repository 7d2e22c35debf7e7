# shellcheck shell=bash
# Two network namespaces joined by a veth pair, with servers in one and clients in the
# other: real traffic for the demo and for the live test.  Source it; call net_up, then
# net_traffic, and net_down at the end, whatever happened.
#
#      namespace $NET_CLIENT                 namespace $NET_SERVER
#      gp0  10.77.0.1  fd77::1  ----------   gp0  10.77.0.2  fd77::2
#                                            web :80, :443   DNS :53   stream :9999

NET_CLIENT=gpc$$
NET_SERVER=gps$$
NET_PIDS=()

# Why namespaces cannot be made here; nothing where they can.
net_problem() {
    [ "$(id -u)" -eq 0 ] || { echo "this needs root"; return; }
    command -v ip >/dev/null || { echo "iproute2 is not installed"; return; }
    if ! ip netns add "$NET_CLIENT" 2>/dev/null; then
        echo "network namespaces are not allowed here"
        return
    fi
    if ! ip netns exec "$NET_CLIENT" true 2>/dev/null; then
        ip netns del "$NET_CLIENT"
        echo "network namespaces cannot be entered here"
        return
    fi
    ip link add "gpp$$" type veth peer name "gpq$$" 2>/dev/null ||
        echo "veth pairs are not allowed here"
    ip link del "gpp$$" 2>/dev/null
    ip netns del "$NET_CLIENT"
}

in_client() { ip netns exec "$NET_CLIENT" "$@"; }
in_server() { ip netns exec "$NET_SERVER" "$@"; }

# Namespaces and the pair, still down: what captures from here on sees every packet.
net_up() {
    ip netns add "$NET_CLIENT"
    ip netns add "$NET_SERVER"
    ip link add gp0 netns "$NET_CLIENT" address 02:00:00:00:00:01 type veth \
        peer name gp0 netns "$NET_SERVER" address 02:00:00:00:00:02
    local ns
    for ns in "$NET_CLIENT" "$NET_SERVER"; do
        ip netns exec "$ns" sysctl -qw net.ipv6.conf.gp0.accept_dad=0 \
            net.ipv6.conf.gp0.router_solicitations=0
        ip -n "$ns" link set lo up
    done
}

# Links and addresses.  Neighbours are told to each other, so that no ARP is needed: the
# kernel counts it, and it is no IP.
net_connect() {
    ip -n "$NET_CLIENT" link set gp0 up
    ip -n "$NET_SERVER" link set gp0 up
    ip -n "$NET_CLIENT" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev gp0
    ip -n "$NET_SERVER" neigh replace 10.77.0.1 lladdr 02:00:00:00:00:01 dev gp0
    ip -n "$NET_CLIENT" addr add 10.77.0.1/24 dev gp0
    ip -n "$NET_SERVER" addr add 10.77.0.2/24 dev gp0
    ip -n "$NET_CLIENT" addr add fd77::1/64 dev gp0 nodad
    ip -n "$NET_SERVER" addr add fd77::2/64 dev gp0 nodad
}

# Servers, with their files in directory $1.
net_serve() {
    local dir=$1
    mkdir -p "$dir/www"
    head -c 300000 /dev/zero >"$dir/www/big"
    echo hello >"$dir/www/index.html"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/key.pem" -out "$dir/cert.pem" \
        -days 2 -subj /CN=www.example.org >/dev/null 2>&1
    ip netns exec "$NET_SERVER" python3 "$NET_HOME/servers.py" "$dir" >"$dir/servers.log" 2>&1 &
    NET_PIDS+=($!)
    local left=200
    until [ -e "$dir/ready" ]; do
        left=$((left - 1))
        if [ $left -eq 0 ] || ! kill -0 "${NET_PIDS[0]}" 2>/dev/null; then
            cat "$dir/servers.log" >&2
            return 1
        fi
        sleep 0.05
    done
}

# Clients: web, encrypted web, DNS, and a stream that is nothing in particular.
net_traffic() {
    local address
    for address in 10.77.0.2 '[fd77::2]'; do
        in_client curl -sf -o /dev/null -H 'Host: www.example.org' "http://$address/big"
        in_client curl -sf -o /dev/null "http://$address/index.html"
        in_client curl -skf -o /dev/null --resolve "www.example.org:443:$address" \
            "https://www.example.org/big"
    done
    in_client python3 "$NET_HOME/clients.py" 10.77.0.2 fd77::2
}

net_down() {
    local pid
    for pid in "${NET_PIDS[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${NET_PIDS[@]}"; do wait "$pid" 2>/dev/null; done
    NET_PIDS=()
    ip netns del "$NET_CLIENT" 2>/dev/null
    ip netns del "$NET_SERVER" 2>/dev/null
    return 0
}
