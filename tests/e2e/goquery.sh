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
    "$query" "$@" 2>&1 | sed -E 's/(and took|hits in) [0-9.]*m*s/\1 TIME/' >got
    passes "$sentence" cmp "$file" got
}
matches "talk_conv as goQuery 1.05 prints it" talk_conv.txt -i eth0 -n 10 -c proto=TCP talk_conv
matches "agg_talk_port, smallest first" agg_talk_port.txt -i eth0 -a agg_talk_port
matches "packets received, most first" packets_in.txt -i eth0 -in -s packets talk_src
matches "totals alone" totals.txt -i eth0 -n 0 talk_src
matches "time comes first, in order, and whole" raw.txt -i ANY raw
matches "talk_conv as csv" talk_conv.csv -i eth0,br-lan -n 10 -e csv -sum talk_conv
matches "talk_conv as csv, both directions side by side" talk_conv_both.csv \
    -i eth0,br-lan -n 10 -e csv talk_conv
matches "apps_dpi as json, both directions side by side" apps_dpi.json \
    -i eth0 -n 10 -e json apps_dpi
matches "apps_dpi as json, both in one" apps_dpi_sum.json -i eth0 -n 10 -e json -sum apps_dpi
matches "talk_conv as text, both directions side by side" talk_conv_both.txt \
    -i eth0,br-lan -n 1 -c "dport != 1" -in -out talk_conv
matches "with time, both directions side by side" time_both.txt -i eth0 -in -out time,src
matches "totals alone, both directions" totals_both.txt -i eth0 -in -out -n 0 talk_src
matches "without -n, the rows that make up 95 %" share.txt -i eth0 talk_src
matches "bars" bars.txt -i eth0 -bars -n 10 talk_src
matches "points of InfluxDB" raw.influxdb -i ANY -e influxdb raw
matches "points of InfluxDB, one direction" dport_in.influxdb -i eth0 -in -e influxdb dport
matches "a picture over time" plot.txt -i eth0 -plot time
matches "a picture of packets, each direction" plot_both.txt -i eth0 -plot -p -in -out time,sip
matches "1.05's text" compat.txt -i eth0 -compat 1.05 -n 1 talk_conv
matches "1.05's csv" compat.csv -i eth0 -compat 1.05 -e csv talk_conv
matches "1.05's json" compat.json -i eth0 -compat 1.05 -e json apps_port
matches "1.05's json for other programs" compat_x.json -i eth0 -x -compat 1.05 -e json agg_talk_port
matches "-x puts both directions in one" external.json -i eth0 -x -n 1 -e json sip
matches "the interfaces as json" list.json -list -x
matches "SQL as text" statement.txt -i eth0 -q "SELECT dip, sum(bytes) AS bytes FROM flows GROUP BY dip"
matches "SQL as csv" statement.csv -e csv -q "SELECT 'a,b' AS \"x y\", 1.5, NULL"
matches "SQL as json" statement.json -e json -q "SELECT 'a\"b' AS x, 1.5 AS y, NULL AS z; SELECT 1 WHERE 0"
matches "time and port are strings in json" time_dport.json -i eth0 -e json -sum time,dport
matches "json without rows" totals.json -i eth0 -e json -n 0 sip
matches "the interfaces" list.txt -list
matches "and with -e json" list.json -list -e json
out=$("$query" -list -x -compat 1.05; echo "|")
size=$(find db -name '*.gpf' -exec stat -c %s {} + | awk '{ n += $1 } END { printf "%.6f", n / 1048576 - 5e-7 }')
has "1.05's list has the sizes of files in MB" "$out" "{\"Total Size\":$size"
has "and days, without a line break" "$out" '"DaysCovered":1}}|'

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
same "-sum wins" -i eth0 -sum -out talk_src -- -i eth0 -sum talk_src
same "two dashes and equals signs" --i=eth0 --n=0x1 talk_src -- -i eth0 -n 1 talk_src
same "long names" --iface eth0 --db "$TMP/db" --condition "dport=443" --limit 1 --sort packets \
    --ascending --first 1 --last 1456430000 talk_src -- \
    -i eth0 -c "dport=443" -n 1 -s packets -a -f 1 -l 1456430000 talk_src
same "a report's name in a list of columns" -i eth0 dport,talk_conv -- -i eth0 dport,sip,dip
same "-mem and -m are heard" -mem 60 -m 1 -i eth0 sip -- -i eth0 sip
is "ANY in any letter case, or each once" "$("$query" -i aNy -e csv sip | sed '$d')" \
    "$("$query" -i eth0,br-lan,eth0 -e csv sip | sed '$d')"
same "src is sip" -i eth0 src,dst -- -i eth0 sip,dip
same "talk_conv is sip,dip" -i eth0 talk_conv -- -i eth0 sip,dip
same "-d wins over the environment" -d "$TMP/db" -i eth0 sip -- -i eth0 sip
is "a dash in an interface's name is a dash" \
    "$("$query" -i br-lan -sum -e csv sip | sed -n 2p)" "2001:db8::1,3,100.00,15,100.00"
is "-f and -l take the blocks that overlap" \
    "$("$query" -i eth0 -sum -f 1456428900 -l 1456429000 -e csv time | sed -n '2,3p' | cut -d, -f1)" \
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
refuses "an unknown flag" 64 "unknown flag -zz; -h lists them" -zz
refuses "an unknown format" 64 "-e: 'xml' is none of txt, json, csv, influxdb" -i eth0 -e xml sip
refuses "an unknown sort key" 64 "-s: 'size' is none of bytes, packets, time" -i eth0 -s size sip
refuses "time as the order of what has none" 64 \
    "-s time: 'sip' has no time; ask for time,sip" -i eth0 -s time sip
refuses "negative -n" 64 "-n: -5 is negative" -i eth0 -n -5 sip
refuses "no number after -n" 64 "-n: 'ten' is not an integer" -i eth0 -n ten sip
refuses "an order that contradicts another" 64 "-p sorts by packets, and -s by bytes: choose one" \
    -i eth0 -p -s bytes sip
refuses "a statement that is none" 64 "-q: there is no statement in it" -q " -- nothing"
refuses "two things at a time" 64 "-list and -shell: one at a time" -list -shell
refuses "-yes without anything to say yes to" 64 "-yes belongs to -clean and -wipe" -yes -i eth0 sip
refuses "a picture without time" 64 "-plot: 'sip' has no time; ask for time" -i eth0 -plot sip
refuses "a picture in another format" 64 "-plot draws; drop -e csv" -i eth0 -plot -e csv time
refuses "an unknown version" 64 \
    "-compat: '2.1' is not 1.05; without it output is 2.x's but for txt" -compat 2.1 -i eth0 sip
refuses "what 1.05 had not" 64 "-compat 1.05: goQuery 1.05 had no -e influxdb, -plot and -bars" \
    -compat 1.05 -bars -i eth0 sip
refuses "a time to wait that is none" 64 \
    "-resolve-timeout: 'soon' is no time like 1s or 500ms, up to an hour" -resolve-timeout soon -i eth0 sip
refuses "negative -resolve-rows" 64 "-resolve-rows: -1 is negative" -resolve -resolve-rows -1 -i eth0 sip
refuses "a percentage above 100" 64 "-mem: 101 is no percentage from 1 to 100" -mem 101 -i eth0 sip
refuses "a query behind -q" 64 "-q takes no query" -q "SELECT 1" sip
refuses "SQL that is none" 1 'near "SELEKT": syntax error' -q "SELEKT 1"
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
run -x -i nosuch sip
is "-x hides the details" "$rc $out$err" \
    "1 goquery: An error occurred while retrieving the requested information"
run -i eth0 -e json nosuch
has "in json mode standard output has the error, too" "$out" '{"status":"error","statusMessage":"'

# --- The SQL shell ---------------------------------------------------------------------------

# Hostile words stay words.
run -q "SELECT count(*) FROM flows" -i "x'); DROP TABLE flows; --"
has "an interface's name is no SQL" "$rc $err" "1 goquery: "
case $BUILD_DIR in
*/asan | */tsan) skip "-shell" "a stock shell cannot load a sanitized extension" ;;
*)
    is "-shell is sqlite3 with the tables and the scope" \
        "$(echo "SELECT sip, bytes FROM talk_src;" | "$query" -shell -i eth0 -c "dport = 53")" \
        "sip       bytes
--------  -----
10.0.0.1  2048 "
    is "-shell without sqlite3 says so" \
        "$(PATH=/nonexistent "$query" -shell 2>&1)" \
        "goquery: -shell: sqlite3: No such file or directory"
    ;;
esac

# --- Broken pipes, full disks --------------------------------------------------------------

"$query" -q "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000)
    SELECT i FROM n" -e csv 2>err | head -n 1 >out
is "a reader that leaves ends it silently" "$(cat out err)" "i"

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
has "-h shows the flags on standard output" "$rc $out" "  -i, --iface IFACE"
has "and their defaults" "$out" "how many rows get names (default 25)"
run --help
has "-help does, too" "$rc $out" "  -i, --iface IFACE"
run -help-admin
has "-help-admin shows what looks after a database" "$rc $out" "  -clean TIME"
run -version
has "-version shows the version" "$rc $out" "0 goquery "
if [ -w /dev/full ]; then
    "$query" -i eth0 sip >/dev/full 2>err
    is "output that cannot be written is an error" "$?" 74
else
    skip "output that cannot be written is an error" "no /dev/full"
fi
done_testing
