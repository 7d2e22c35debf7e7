#!/bin/bash
# goquery on a terminal: width, colours, bars, and in a file none of them.
set -u
. tests/lib.sh
query=$BUILD_DIR/goquery
pty=$PWD/tests/terminal.py
golden=$PWD/tests/golden/goquery
cd "$TMP" || exit 1
if ! python3 -c 'import pty, termios; pty.openpty()' 2>/dev/null; then
    skip "goquery on a terminal" "no pseudo terminal here"
    done_testing
fi
cat >flows.csv <<'END'
time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1456428900,uplink-to-the-provider-with-a-name-as-long-as-it-may-be,10.0.0.1,10.0.0.9,53,UDP,DNS,75,0,50,50
1456428900,eth0,10.0.0.2,10.0.0.9,443,TCP,SSL/TLS,20,0,200,100
1456429200,eth0,2001:db8:1111:2222:3333:4444:5555:6666,2001:db8:1111:2222:3333:4444:5555:7777,443,TCP,SSL/TLS,5,0,200,400
END
"$BUILD_DIR/goconvert" -in flows.csv -out db 2>err || { cat err; exit 1; }
export GOPROBE_DB=$TMP/db TERM=xterm
unset NO_COLOR

# on COLUMNS ARGS...: what it prints on a terminal; the size is set before it can ask
on() { local columns=$1; shift; python3 "$pty" "$columns" "" sh -c 'sleep 0.2; exec "$@"' sh "$query" "$@"; }
plain() { sed 's/\x1b\[[0-9;]*m//g'; }
widest() { plain | wc -L; }

out=$(on 80 -i ANY -n 10 -c "sip = 10.0.0.0" talk_src)
has "nothing found is said on a terminal too" "$out" "Query returned no results"
out=$(on 80 -i ANY -n 10 -c "net = 10.0.0.0/8" talk_conv)
has "the head stands out" "$out" $'\e[1m'
has "bars are in colour" "$out" $'\e[36m'
has "the longest bar is whole, others in proportion" "$(plain <<<"$out")" "75.00  B   78.95  █████████████"
is "lines keep to 80 columns" "$([ "$(widest <<<"$out")" -le 80 ] && echo yes)" yes
out=$(on 64 -i ANY -n 10 -c "net = 10.0.0.0/8" talk_conv | plain)
has "where room is short, bars take it from the blanks" "$out" "  10.0.0.1  10.0.0.9  100.00    25.00   75.00  B  78.95  ███"
is "and lines keep to it" "$([ "$(widest <<<"$out")" -le 64 ] && echo yes)" yes
out=$(on 80 -i ANY -n 10 -c "net = 10.0.0.0/8" iface,sip,dip)
is "where names are long, they are cut" "$([ "$(widest <<<"$out")" -le 80 ] && echo yes)" yes
has "with a mark" "$out" "…"
out=$(on 80 -i ANY -n 10 raw | plain)
has "addresses are never cut" "$out" "2001:db8:1111:2222:3333:4444:5555:7777"
out=$(NO_COLOR=1 on 80 -i ANY -n 10 talk_src)
is "NO_COLOR: no colours" "$(grep -c $'\e' <<<"$out")" 0
out=$(TERM=dumb on 80 -i ANY -n 10 talk_src)
is "a dumb terminal: no colours" "$(grep -c $'\e' <<<"$out")" 0
out=$(LC_ALL=C on 80 -i ANY -n 10 -c "net = 10.0.0.0/8" talk_src | plain)
has "without UTF-8 bars are of ASCII" "$out" "####"
is "and there is nothing else" "$(LC_ALL=C grep -c '[^ -~]' <<<"$out")" 0
out=$(on 200 -i ANY -n 10 -bars=false talk_src)
is "-bars=false: no bars" "$(grep -c '█' <<<"$out")" 0
out=$(on 60 -i ANY -plot time)
is "a picture keeps to the width" "$([ "$(widest <<<"$out")" -le 60 ] && echo yes)" yes
# --- 80 columns: nothing wraps, and nothing but shares is left out --------------------

cat >wide.csv <<'END'
time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1456428900,eth0,110.100.100.111,110.100.200.109,53,UDP,DNS,7511111,23440,50,503222
1456428900,eth0,10.0.0.2,10.0.0.9,443,TCP,SSL/TLS,2000000000,123,200,100
1456429200,eth1,2001:db8:1111:2222:3333:4444:5555:6666,2001:db8:1111:2222:3333:4444:5555:7777,443,TCP,SSL/TLS,5,0,200,400
END
"$BUILD_DIR/goconvert" -in wide.csv -out wide 2>err || { cat err; exit 1; }
for type in talk_conv agg_talk_port raw; do
    for iface in eth0 ANY; do
        for sides in "-in -out" -sum; do
            echo "\$ goquery -i $iface $sides $type"
            # shellcheck disable=SC2086
            NO_COLOR=1 on 80 -d wide -i $iface -n 10 $sides $type | tr -d '\r' | grep -v -e '^Query' -e ^Timespan
        done
    done
done >columns_80.txt
is "wide reports read well at 80 columns" "$(cat columns_80.txt)" "$(cat "$golden/columns_80.txt")"
is "every line keeps to them" "$(widest <columns_80.txt)" 80
is "every number is there" "$(grep -c '503.22 k' columns_80.txt)" 6
is "1.05's text has no colours and bars" \
    "$(on 80 -i ANY -compat 1.05 talk_src | grep -c -e $'\e' -e '█')" 0
"$query" -i ANY -n 10 talk_src >file
is "in a file there are no colours and bars" "$(grep -c -e $'\e' -e '█' file)" 0
done_testing
