#!/bin/bash
# goprobe.conf in both its forms, checked and printed with -n; what is wrong in it is
# named with file, line and key.  No privileges are needed for any of it.
set -u
. tests/lib.sh
goprobe=$BUILD_DIR/goprobe
conf=$TMP/goprobe.conf
# key PATH FILE: one value of JSON
key() { python3 -c 'import json, sys
value = json.load(open(sys.argv[2]))
for part in sys.argv[1].split("/"): value = value[part]
print(value)' "$1" "$2"; }

# --- The form of 1.05: names between blanks -----------------------------------------------
printf 'eth0 eth1\n  ppp0\n' >"$conf"
passes "the form of goProbe 1.05 is read" "$goprobe" -n -config "$conf"
cp "$TMP/out" "$TMP/list.json"
is "all its interfaces are there" \
    "$(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1]))["interfaces"])' "$TMP/list.json")" "eth0 eth1 ppp0"
is "promiscuous, as there" "$(key interfaces/ppp0/promisc "$TMP/list.json")" True

# --- The form of 2.x: JSON ------------------------------------------------------------------
cat >"$conf" <<'END'

  { "db_path": "/opt/ntm/goProbe/db",
    "syslog_flows": false,
    "interfaces": {
        "eth0": { "bpf_filter": "not arp and not icmp", "buf_size": 2097152, "promisc": false },
        "ppp*": { "snaplen": 128, "promisc": true },
        "ANY": {}
    },
    "user": "nobody", "log": "udp", "log_host": "192.0.2.1", "log_port": 1514, "log_format": "rfc5424",
    "buffer_mib": 2, "max_flows": 100000, "dpi": false, "pid_file": "/run/x.pid"
  }
END
passes "the form of goProbe 2.x is read" "$goprobe" -n -config "$conf"
cp "$TMP/out" "$TMP/first.json"
is "with its keys and ours" "$(for k in db_path interfaces/eth0/bpf_filter interfaces/eth0/buf_size \
    interfaces/eth0/promisc interfaces/ppp\*/snaplen interfaces/ANY/promisc interfaces/ANY/snaplen user log log_host log_port log_format \
    buffer_mib max_flows dpi pid_file; do key "$k" "$TMP/first.json"; done | tr '\n' ' ')" \
    "/opt/ntm/goProbe/db not arp and not icmp 2097152 False 128 False 256 nobody udp 192.0.2.1 1514 rfc5424 2 100000 False /run/x.pid "
cp "$TMP/first.json" "$conf"
is "what is printed reads back as the same" "$("$goprobe" -n -config "$conf")" "$(cat "$TMP/first.json")"
is "the command line says it last" \
    "$("$goprobe" -n -config "$conf" -d /db -B 8 --max-flows 2000 -user root -log syslog >"$TMP/o"; for k in db_path buffer_mib max_flows user log; do key $k "$TMP/o"; done | tr '\n' ' ')" \
    "/db 8 2000 root syslog "
"$goprobe" -n -config "$conf" -f 'tcp port 80' --no-promisc eth0 wlan0 >"$TMP/o"
is "arguments take the place of its interfaces, with what it says of them" \
    "$(key interfaces/eth0/bpf_filter "$TMP/o") / $(key interfaces/wlan0/bpf_filter "$TMP/o") / $(key interfaces/wlan0/promisc "$TMP/o")" \
    "not arp and not icmp / tcp port 80 / False"
is "log hosts may be written as address and port" \
    "$("$goprobe" -n -log 'udp:[::1]:10514' lo >"$TMP/o"; key log_host "$TMP/o"; key log_port "$TMP/o")" "::1
10514"

# --- What is wrong ------------------------------------------------------------------------------
# wrong SENTENCE MESSAGE TEXT
wrong() {
    printf '%s' "$3" >"$conf"
    "$goprobe" -n -config "$conf" >"$TMP/out" 2>"$TMP/err"
    is "$1: status 78" "$?" 78
    is "$1: in one line" "$(cat "$TMP/err")" "goprobe: $conf:$2"
    is "$1: nothing is printed" "$(wc -c <"$TMP/out")" 0
}
wrong "no JSON" "2: string or '}' expected near ','" '{
,}'
wrong "a key twice" "2: duplicate object key near '\"user\"'" '{ "user": "a",
"user": "b" }'
wrong "an unknown key" "2: colour: there is no such key" '{ "interfaces": { "eth0": {} },
  "colour": 1 }'
wrong "an unknown key of an interface" "3: interfaces.eth0.snap: there is no such key" '{
  "interfaces": { "eth0":
     { "snap": 1 } } }'
wrong "a text for a number" "1: interfaces.eth0.snaplen: it takes a whole number" '{ "interfaces": { "eth0": { "snaplen": "64" } } }'
wrong "a ring that is too small" "1: interfaces.eth0.buf_size: 1023 is not between 1024 and 1073741824" \
    '{ "interfaces": { "eth0": { "buf_size": 1023 } } }'
wrong "a number for a boolean" "1: interfaces.eth0.promisc: it takes true or false" '{ "interfaces": { "eth0": { "promisc": 1 } } }'
wrong "a filter with an error" "3: interfaces.eth1.bpf_filter: filter 'port http https': can't parse filter expression: syntax error" '{ "interfaces": {
   "eth0": { "bpf_filter": "" },
   "eth1": { "bpf_filter": "port http https" } } }'
wrong "a filter on link headers" "1: interfaces.e.bpf_filter: filter 'link[12] = 1': it reads link headers, which are not there" \
    '{ "interfaces": { "e": { "bpf_filter": "link[12] = 1" } } }'
long=$(printf 'port 1'; printf ' or port %d' {1000..1400})
wrong "a filter that is too long" "1: interfaces.e.bpf_filter: filter '${long:0:200}': it is longer than 4096 bytes" \
    "{ \"interfaces\": { \"e\": { \"bpf_filter\": \"$long\" } } }"
wrong "a log that is none" "1: log: 'tty' is not known" '{ "log": "tty", "interfaces": { "eth0": {} } }'
wrong "an empty path" "1: db_path: it is empty" '{ "db_path": "", "interfaces": { "eth0": {} } }'
wrong "flows to a log" "1: syslog_flows: this is not offered; it takes false" '{ "syslog_flows": true, "interfaces": { "eth0": {} } }'
wrong "no interface" "1: interfaces: there is none" '{ "interfaces": {} }'
wrong "no interfaces" "1: interfaces: there is no such key" '{ "user": "root" }'
wrong "an interface that is no object" "1: interfaces.eth0: it takes an object" '{ "interfaces": { "eth0": true } }'
wrong "a name that is too long" "1: interfaces.aninterfacename16: interface name 'aninterfacename16' is longer than 15 bytes" \
    '{ "interfaces": { "aninterfacename16": {} } }'
wrong "a name that is none" "2: interface name 'a/b' holds a '/' or a control character" 'eth0
eth1 a/b'
wrong "a name twice" "2: interface given twice: eth0" 'eth0
eth0'
wrong "an empty file" "1: no interface" ''
wrong "a fraction for a number" "1: buffer_mib: it takes a whole number" '{ "buffer_mib": 1.5, "interfaces": { "e": {} } }'
wrong "a number for a text" "1: user: it takes a text" '{ "user": 0, "interfaces": { "e": {} } }'
wrong "nothing for a text" "1: socket: it takes a text" '{ "socket": null, "interfaces": { "e": {} } }'
wrong "a text for a boolean" "1: dpi: it takes true or false" '{ "dpi": "no", "interfaces": { "e": {} } }'
wrong "nothing for a boolean" "1: seccomp: it takes true or false" '{ "seccomp": null, "interfaces": { "e": {} } }'
wrong "a number for a filter" "1: interfaces.e.bpf_filter: it takes a text" '{ "interfaces": { "e": { "bpf_filter": 1 } } }'
wrong "interfaces as a list" "1: interfaces: it takes an object" '{ "interfaces": [ "eth0" ] }'
wrong "a log format that is none" "1: log_format: 'cef' is not known" '{ "log_format": "cef", "interfaces": { "e": {} } }'
# bounds KEY LEAST MOST: the file takes both, and neither less nor more
bounds() {
    local key=$1 least=$2 most=$3 value
    for value in "$least" "$most"; do
        printf '{ "%s": %s, "interfaces": { "e": {} } }' "$key" "$value" >"$conf"
        is "$key may be $value" "$("$goprobe" -n -config "$conf" | key "$key" /dev/stdin)" "$value"
    done
    for value in $((least - 1)) $((most + 1)) 9223372036854775807; do
        wrong "$key $value" "1: $key: $value is not between $least and $most" "{ \"$key\": $value, \"interfaces\": { \"e\": {} } }"
    done
}
bounds log_port 1 65535
bounds buffer_mib 1 1024
bounds max_flows 1024 268435456
wrong "a snap length that is too long" "1: interfaces.e.snaplen: 65536 is not between 64 and 65535" '{ "interfaces": { "e": { "snaplen": 65536 } } }'
wrong "of two mistakes" "2: interfaces.e.snap: there is no such key" '{ "interfaces": {
  "e": { "snap": 1, "promisc": 1 },
  "f": 1 },
  "user": 1 }'
wrong "behind quotes, brackets and keys that begin alike" "4: log: 'tty' is not known" '{ "log_host": "[}\"{\\",
  "interfaces": { "e": { "bpf_filter": "" } },
  "log_port": 514,
  "log": "tty" }'
wrong "control characters in a key" "1: a?b?c: there is no such key" "$(printf '{ "a\\tb\177c": 1 }')"
refused() { # SENTENCE STATUS MESSAGE ARGUMENTS...
    local sentence=$1 status=$2 message=$3
    shift 3
    "$goprobe" "$@" >"$TMP/out" 2>"$TMP/err"
    is "$sentence: status $status" "$?" "$status"
    has "$sentence: says why" "$(cat "$TMP/err")" "$message"
}
refused "a file that is not there" 78 "$TMP/none: No such file or directory" -n -config "$TMP/none"
head -c 2000000 /dev/zero | tr '\0' x >"$conf"
refused "a file that is too large" 78 "$conf: this is no configuration" -n -config "$conf"
refused "a directory for a file" 78 "$TMP: Is a directory" -n -config "$TMP"
printf 'eth0\0 eth1' >"$conf"
refused "a file with a NUL" 78 "$conf: this is no configuration" -n -config "$conf"
mkdir "$TMP/empty"
for value in 0 -1 1025 8x '' x 99999999999999999999; do
    refused "a ring of '$value'" 64 "--buffer takes 1 to 1024 MiB, not $value" -n -B "$value" lo
done
for value in 0 1023 268435457 2000x '' x 99999999999999999999; do
    refused "a table of '$value' flows" 64 "--max-flows takes 1024 to 268435456, not $value" -n --max-flows "$value" lo
done
for value in '[::1' '[]:514' '[::1]x:5' '[' host: host:0 host:65536 host:1x host:x: '' "$(printf 'h%.0s' {1..300})"; do
    refused "the log host '${value:0:20}'" 64 "no host and port: udp:$value" -n -log "udp:$value" lo
done
"$goprobe" -n -log 'udp:[2001:db8::1]' lo >"$TMP/o"
is "a log host of IPv6 needs no port" "$(key log_host "$TMP/o") $(key log_port "$TMP/o")" "2001:db8::1 514"
refused "an option that is none" 64 "unrecognized option" --frobnicate lo
refused "an option without its value" 64 "requires an argument" lo -config
refused "a file and interfaces" 64 "either interfaces or a file (-r), not both: lo" -r demo/traffic.pcap lo
refused "a name for interfaces" 64 "-i names the interface of a file (-r) only" -i eth0 lo
refused "a file whose name is no interface's" 64 "-i names the interface of a file" -r "$TMP/.."
refused "a name for a file that is none" 64 "interface name" -r demo/traffic.pcap -i a/b
refused "a file with a configuration that is wrong" 78 "$conf: this is no configuration" -r demo/traffic.pcap -config "$conf"
echo 'eth0' >"$conf"
passes "a file with a configuration" "$goprobe" -config "$conf" -n -r demo/traffic.pcap -i eth0 -f udp
passes "a file here, without an ending" "$goprobe" -n -r traffic
if "$goprobe" -n >"$TMP/out" 2>"$TMP/err"; then
    skip "no interface anywhere" "there is a goprobe.conf on this machine"
else
    has "no interface anywhere" "$(cat "$TMP/err")" "no interface given, and there is no "
fi
refused "a name that is none" 64 "interface name 'a/b' holds a '/'" -n eth0 a/b eth1
passes "-D has a pid file of its own" "$goprobe" -n -D lo
is "which is said" "$(key pid_file "$TMP/out")" /run/goprobe.pid
passes "-version" "$goprobe" -V
has "it is one" "$(cat "$TMP/out")" "goprobe "
passes "-help" "$goprobe" --help
has "it names options" "$(cat "$TMP/out")" "--max-flows"
refused "a log that is none, on the command line" 64 "-log takes stderr, syslog, udp or udp:HOST:PORT, not tcp" -n -log tcp lo
refused "a log host without a name" 64 "no host and port: udp::514" -n -log udp::514 lo
refused "a filter with an error, before anything is opened" 64 "filter 'port port'" -n -f 'port port' lo
refused "-D with a file" 64 "-D is for interfaces" -D -r "$TMP/x.pcap"
printf 'eth0\n' >"$conf"
if [ -w /dev/full ]; then
    "$goprobe" -n -config "$conf" >/dev/full 2>"$TMP/err"
    is "a configuration that cannot be printed is an error" "$?" 74
    has "and why" "$(cat "$TMP/err")" "standard output: No space left on device"
else
    skip "a configuration that cannot be printed is an error" "no /dev/full"
fi
if [ "$(id -u)" -eq 0 ]; then
    refused "a user that is not there" 67 "there is no user 'nosuchuser'" -d "$TMP/db" -user nosuchuser lo
    refused "a log host that is not there" 78 "log host a..b: " -d "$TMP/db" -log udp:a..b lo
fi
done_testing
