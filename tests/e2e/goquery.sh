#!/bin/bash
# goquery: reports over a small database, and what it says when it cannot.
set -u
. tests/lib.sh
query=$BUILD_DIR/goquery
golden=$PWD/tests/golden/goquery
cd "$TMP" || exit 1

# --- A database that can be added up by hand ----------------------------------------------

# Packets 100 + 300 + 600, 1000 in all; bytes 2048 + 1 MB + 5 MB.
cat >flows.csv <<'END'
time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1456428900,eth0,10.0.0.1,10.0.0.9,53,UDP,DNS,1024,1024,50,50
1456428900,eth0,10.0.0.2,10.0.0.9,443,TCP,SSL/TLS,1000000,48576,200,100
1456429200,eth0,10.0.0.2,10.0.0.9,443,TCP,SSL/TLS,242880,5000000,200,400
1456429200,br-lan,2001:db8::1,2001:db8::2,80,6,HTTP,7,8,1,2
END
"$BUILD_DIR/goconvert" -in flows.csv -out db 2>err || { cat err; exit 1; }
export GOPROBE_DB=$TMP/db

# run ARGS...: standard output in $out, error in $err, exit code in $rc
run() { out=$("$query" "$@" 2>"$TMP/err"; echo "rc $?"); rc=${out##*rc }; out=${out%rc *}; err=$(cat "$TMP/err"); }

# matches SENTENCE FILE ARGS...: output like the stored one, but for the time it took
matches() {
    local sentence=$1 file=$golden/$2
    shift 2
    "$query" "$@" 2>&1 | sed 's/and took [0-9.]*m*s /and took TIME /' >got
    passes "$sentence" cmp "$file" got
}
matches "talk_conv as goQuery 1.05 prints it" talk_conv.txt -i eth0 -n 10 -c proto=TCP talk_conv
matches "agg_talk_port, smallest first" agg_talk_port.txt -i eth0 -a agg_talk_port
matches "packets received, most first" packets_in.txt -i eth0 -in -s packets talk_src
matches "totals alone" totals.txt -i eth0 -n 0 talk_src
matches "time comes first, in order, and whole" raw.txt -i ANY raw
matches "talk_conv as csv" talk_conv.csv -i eth0,br-lan -e csv talk_conv
matches "apps_dpi as json, both directions side by side" apps_dpi.json -i eth0 -e json apps_dpi
matches "apps_dpi as json, both in one" apps_dpi_sum.json -i eth0 -e json -sum apps_dpi
matches "time and port are strings in json" time_dport.json -i eth0 -e json -sum time,dport
matches "json without rows" totals.json -i eth0 -e json -n 0 sip
matches "the interfaces" list.txt -list

# --- One way to ask, several to spell -----------------------------------------------------

same() { # SENTENCE A.. -- B..
    local sentence=$1 a=() want
    shift
    while [ "$1" != -- ]; do a+=("$1"); shift; done
    shift
    run -e csv "${a[@]}"
    want=$out
    run -e csv "$@"
    is "$sentence" "$out$rc" "${want}0"
}
same "-p is -s packets" -i eth0 -p talk_src -- -i eth0 -s packets talk_src
same "-in -out is neither" -i eth0 -in -out talk_src -- -i eth0 talk_src
same "-sum wins" -i eth0 -sum -out talk_src -- -i eth0 talk_src
same "two dashes and equals signs" --i=eth0 --n=0x1 talk_src -- -i eth0 -n 1 talk_src
same "src is sip" -i eth0 src,dst -- -i eth0 sip,dip
same "talk_conv is sip,dip" -i eth0 talk_conv -- -i eth0 sip,dip
same "-d wins over the environment" -d "$TMP/db" -i eth0 sip -- -i eth0 sip
is "a dash in an interface's name is a dash" \
    "$("$query" -i br-lan -e csv sip | sed -n 2p)" "2001:db8::1,3,100.00,15,100.00"
is "-f and -l take the blocks that overlap" \
    "$("$query" -i eth0 -f 1456428900 -l 1456429000 -e csv time | sed -n '2,3p' | cut -d, -f1)" \
    "1456429200
Overall packets"

# --- The SQL -------------------------------------------------------------------------------

for args in "-i eth0 -n 2 talk_conv" "-i ANY -s packets -a agg_talk_port" "-i eth0 -out raw"; do
    # shellcheck disable=SC2086
    run -sql -c "proto = tcp | sip = 10.0.0.1" $args
    pasted=$(sql "$out" | tail -n +4) # behind db, iface, condition
    # shellcheck disable=SC2086
    run -c "proto = tcp | sip = 10.0.0.1" $args
    table=$(sed -n '8,$p' <<<"$out" | sed '/^$/,$d')
    is "-sql $args: pasted into a SQL shell it gives the same rows" \
        "$(awk -F'|' '{ for (i = 1; i <= NF - 3; i++) printf "%s ", $i; print "" }' \
            <<<"$pasted" | tr -s ' ')" \
        "$(sed 's/^ *//; s/$/ /' <<<"$table" | tr -s ' ' | sed '/^ $/d')"
done
run -sql -i "it's" -c "dport = 443" sip
has "what is quoted in the shell is quoted in SQL" "$out" "SELECT goprobe_scope('iface', 'it''s');"
run -list -sql
has "-list has its SQL too" "$(sql "$out")" "eth0|3.00  |"

if getent ahosts localhost | grep -q '^127.0.0.1 '; then
    run -sql -i eth0 -c "host = localhost" sip
    has "a host name in a condition is resolved, for the SQL too" "$out" "127.0.0.1"
else
    skip "a host name in a condition is resolved, for the SQL too" "no localhost here"
fi

# --- Nothing found ----------------------------------------------------------------------------

run -i eth0 -c "dport = 1" talk_conv
is "nothing found is no error" "$rc $out$err" "0 Query returned no results
"
run -i eth0 -c "dport = 1" -e json talk_conv
is "nothing found, in json" "$rc $out" \
    '0 {"status":"empty","statusMessage":"Query returned no results"}
'

# --- Errors --------------------------------------------------------------------------------------

# refuses SENTENCE CODE MESSAGE ARGS...: the first line on standard error; no output
refuses() {
    local sentence=$1 code=$2 message=$3
    shift 3
    run "$@"
    is "$sentence" "$rc $out$(head -n 1 <<<"$err")" "$code goquery: $message"
}
mkdir empty
refuses "no interface" 64 "no interface given: -i NAME, or -i ANY" talk_conv
refuses "no query" 64 "no query given; talk_conv is one, -h has more" -i eth0
refuses "a word behind the query" 64 "the query comes last: '-n' stands behind 'talk_conv'" \
    -i eth0 talk_conv -n
refuses "an unknown flag" 64 "unknown flag -q; -h lists them" -q
refuses "an unknown format" 64 "-e: 'xml' is none of txt, csv, json" -i eth0 -e xml sip
refuses "an unknown sort key" 64 "-s: 'size' is none of bytes, packets, time" -i eth0 -s size sip
refuses "time as the order of what has none" 64 \
    "-s time: 'sip' has no time; ask for time,sip" -i eth0 -s time sip
refuses "negative -n" 64 "-n: -5 is negative" -i eth0 -n -5 sip
refuses "no number after -n" 64 "-n: 'ten' is not an integer" -i eth0 -n ten sip
refuses "a missing database" 1 "nosuch: no such database" -d nosuch -i eth0 sip
refuses "a file as a database" 1 "flows.csv: not a directory, so not a goDB database" \
    -d flows.csv -i eth0 sip
refuses "an empty database" 1 "empty: no interface in this database" -d empty -i ANY sip
refuses "an interface name with a slash" 1 "interface name 'a/b' holds a '/' or a control character" -i a/b sip
refuses "a range upside down" 64 \
    "the time range is upside down: -f (1456429200) is not before -l (1456428900)" \
    -i eth0 -f 1456429200 -l 1456428900 sip
run -i nosuch sip
has "an unknown interface is named" "$rc $err" "no interface 'nosuch' in this database"
run -i eth0,nosuch sip
has "also one of several" "$rc $err" "no interface 'nosuch' in this database"
run -i eth0 nosuch,sip
has "an unknown column is named" "$rc $err" "64 goquery: 'nosuch' is neither a report"
run -i eth0 -f yesterday sip
has "a bad time is named with its flag" "$rc $err" "64 goquery: -f: "
run -i eth0 -c "dport = 443 & dprt = 1" sip
is "a mark stands under what is wrong in a condition" "$rc $(tail -n 2 <<<"$err")" \
    "64   dport = 443 & dprt = 1
                ^"
run -i eth0 -e json nosuch
has "in json mode standard output has the error, too" "$out" '{"status":"error","statusMessage":"'

# --- Damage ------------------------------------------------------------------------------------------

cp -r db broken
size=$(stat -c %s broken/eth0/1456358400/sip.gpf)
truncate -s $((size - 4)) broken/eth0/1456358400/sip.gpf
run -d broken -i eth0 -e json sip
has "a broken block is skipped with a warning" "$err" "goquery: warning: "
has "the answer says that it is not whole" "$out" '"status":"partial","statusMessage":"1 warnings'
is "and it still is an answer" "$rc" 0
before=$(find db -type f -exec md5sum {} + | sort | md5sum)
chmod -R a-w db
"$query" -i ANY -c "sip = 10.0.0.1" raw >/dev/null
is "asking changes nothing" "$(find db -type f -exec md5sum {} + | sort | md5sum)" "$before"

# --- Help -------------------------------------------------------------------------------------------

run -h
has "-h shows the flags on standard output" "$rc $out" "  -i IFACE"
has "and their defaults" "$out" "at most so many rows; 0: only the totals (default 1000)"
run --help
has "-help does, too" "$rc $out" "  -i IFACE"
run -version
has "-version shows the version" "$rc $out" "0 goquery "
if [ -w /dev/full ]; then
    "$query" -i eth0 sip >/dev/full 2>err
    is "output that cannot be written is an error" "$?" 74
else
    skip "output that cannot be written is an error" "no /dev/full"
fi
done_testing
