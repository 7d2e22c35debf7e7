#!/bin/bash
# goquery -resolve: names from a server that answers, and none from one that does not.
# Both are in a network namespace of their own, with its own resolv.conf.
set -u
. tests/lib.sh
query=$BUILD_DIR/goquery
cd "$TMP" || exit 1
cat >flows.csv <<'END'
time,iface,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1456428900,eth0,10.0.0.1,10.0.0.9,53,UDP,300,0,50,50
1456428900,eth0,2001:db8::5,10.0.0.9,443,TCP,200,0,200,100
1456429200,eth0,10.0.0.3,10.0.0.9,443,TCP,100,0,200,400
END
"$BUILD_DIR/goconvert" -in flows.csv -out db 2>err || { cat err; exit 1; }
export GOPROBE_DB=$TMP/db

# A DNS server: every address is named host-<last part>.test, web.test has two addresses.
cat >dns.py <<'END'
import socket, struct, sys
mute = sys.argv[1] == "mute"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
open("ready", "w").close()

def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"

while True:
    query, peer = server.recvfrom(512)
    if mute:
        continue
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += query[at] + 1
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    answers = []
    if kind == 12:
        answers = [name("host-%s.test" % labels[0])]
    if kind == 1 and labels == ["web", "test"]:
        answers = [bytes([10, 0, 0, 1]), bytes([10, 0, 0, 3])]
    reply = query[:2] + struct.pack(">HHHHH", 0x8180 if answers or kind != 1 else 0x8183, 1, len(answers), 0, 0)
    reply += query[12:at + 5]
    for data in answers:
        reply += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
    server.sendto(reply, peer)
END
cat >inside.sh <<'END'
ip link set lo up || exit 9
echo "nameserver 127.0.0.1" >resolv.conf
mount --bind resolv.conf /etc/resolv.conf || exit 9
rm -f ready
python3 dns.py "$1" & server=$!
trap 'kill $server' EXIT
for _ in $(seq 200); do [ -e ready ] && break; sleep 0.05; done
shift
"$@"
END
inside() { timeout 60 unshare -rmn sh inside.sh "$@"; }
if ! inside mute true 2>/dev/null; then
    skip "names of hosts" "no network namespace with a resolv.conf of its own"
    done_testing
fi

# An answer may take long on a busy machine, so the waits are generous where one comes.
out=$(inside answers "$query" -i eth0 -n 10 -resolve -resolve-timeout 30s -e csv -sum talk_conv)
has "addresses become names" "$out" "host-1.test,host-9.test,100,"
has "IPv6 addresses too" "$out" "host-5.test,host-9.test,300,"
out=$(inside answers "$query" -i eth0 -n 10 -resolve -resolve-timeout 30s -resolve-rows 1 -e csv -sum sip)
is "those of the first rows" "$(sed -n '2,4s/,.*//p' <<<"$out" | xargs)" "host-1.test 2001:db8::5 10.0.0.3"
out=$(inside answers "$query" -i eth0 -n 10 -resolve -resolve-timeout 30s -in -out sip)
has "the footer says how long it took" "$out" ", timeout was 30.0s"
out=$(inside answers "$query" -i eth0 -n 10 -resolve-timeout 30s -e csv -sum -c "src = web.test" sip)
is "a name in a condition is all its addresses" "$(sed -n '2,3s/,.*//p' <<<"$out" | xargs)" "10.0.0.1 10.0.0.3"
out=$(inside answers "$query" -i eth0 -n 10 -resolve-timeout 30s -e csv -sum -c "src != web.test" sip)
is "and not it is none of them" "$(sed -n '2,3s/,.*//p' <<<"$out" | xargs)" "2001:db8::5 Overall packets"
out=$(inside answers "$query" -i eth0 -resolve-timeout 30s -c "src = nobody.test" sip 2>&1)
has "a name without an address is an error" "$out" "nobody.test"

out=$(inside mute "$query" -i eth0 -n 10 -resolve -resolve-timeout 200ms -e csv -sum sip; echo "rc $?")
is "a server that does not answer costs the time and no answer" \
    "$(sed -n '2,4s/,.*//p' <<<"$out" | xargs) ${out##*$'\n'}" "10.0.0.1 2001:db8::5 10.0.0.3 rc 0"
out=$(inside mute "$query" -i eth0 -resolve-timeout 200ms -c "src = web.test" sip 2>&1)
has "in a condition it is an error, in bounded time" "$out" "-c: condition: column 7: "
done_testing
