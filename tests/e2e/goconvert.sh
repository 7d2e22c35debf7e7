#!/bin/bash
# goconvert: what is in the CSV is in the database, and what is not is named.
set -u
. tests/lib.sh
convert=$BUILD_DIR/goconvert
cd "$TMP" || exit 1
n=0

# fresh: a new empty directory for a database in $db
fresh() { n=$((n + 1)); db=$TMP/db$n; }
# import ARGS...: standard error in $err, exit code in $rc
import() { err=$("$convert" "$@" 2>&1 >/dev/null); rc=$?; }
# the same, with the good rows where others are bad
import_rest() { import -keep-going "$@"; }
# ask SQL: about $db
ask() { GOPROBE_DB=$db sql "$1"; }
# what is in a database, byte for byte
# blocks.index tells when its columns were written, and so is never the same twice.
picture() { (cd "$1" && find . -type f ! -name blocks.index -exec md5sum {} + | sort -k2); }

rows_sql="SELECT bytes_rcvd || ',' || bytes_sent || ',' || dip || ',' || dport || ','
    || l7proto || ',' || packets_rcvd || ',' || packets_sent || ',' || proto || ','
    || sip || ',' || time FROM flows"
good="1,2,10.0.0.1,80,7,3,4,6,10.0.0.2"
small="$good,1456428875
5,6,10.0.0.1,443,8,7,8,17,10.0.0.3,1456428875
9,10,2001:db8::1,53,9,11,12,17,fe80::1,1456429175"
header="bytes_rcvd,bytes_sent,dip,dport,l7_proto,packets_rcvd,packets_sent,proto,sip,tstamp"

# --- Round trips ---------------------------------------------------------------------

awk 'BEGIN { srand(42)
    for (i = 0; i < 5000; i++) {
        v6 = rand() < 0.2
        ip = v6 ? sprintf("2001:db8::%x", 1 + int(rand() * 60000)) \
            : sprintf("10.%d.%d.%d", rand() * 256, rand() * 256, rand() * 256)
        printf "%d,%d,%s,%d,%d,%d,%d,%d,%s,%d\n", rand() * 2147483647, rand() * 1000, ip,
            rand() * 65536, rand() * 300, rand() * 100000, rand() * 9, rand() * 256,
            v6 ? "fe80::1" : "192.168.0.1", 1456358700 + 300 * int(i / 10)
    } }' >random.csv
fresh
import -in random.csv -out "$db" -iface eth0
is "5000 random rows over two days are imported" "$rc $err" \
    "0 goconvert: 5000 rows imported, 0 refused; 500 blocks in 2 day directories of 1 interfaces"
is "every row is in SQL as it was in the file" "$(ask "$rows_sql" | sort | md5sum)" \
    "$(sort random.csv | md5sum)"
is "the last block is there too" "$(ask 'SELECT max(time), count(*) FROM blocks')" \
    "$(tail -n 1 random.csv | cut -d, -f10)|500"

first=$db
fresh
import -in - -out "$db" -iface eth0 <random.csv
is "standard input gives the same database" "$rc $(picture "$db" | md5sum)" \
    "0 $(picture "$first" | md5sum)"
fresh
# A pipe, which cannot be read twice.
# shellcheck disable=SC2002
cat random.csv | "$convert" -in=- --out "$db" -iface=eth0 2>err
is "a pipe does, too" "$(picture "$db" | md5sum)" "$(picture "$first" | md5sum)"
fresh
import -f random.csv -s "$db" -i eth0
is "the flags of 1.05 mean the same" "$(picture "$db" | md5sum)" "$(picture "$first" | md5sum)"
fresh
import -in random.csv -out "$db" -iface eth0 -n 7
is "-n stops after so many rows" "$rc $(ask 'SELECT count(*) FROM flows')" "0 7"

fresh
printf '%s\n' "$small" | sed 's/$/\r/' >crlf.csv
printf '\xef\xbb\xbf# HEADER: %s\r\n' "$header" | cat - crlf.csv >bom.csv
printf '%s' "$small" >cut.csv # no line break at the end
for file in crlf bom cut; do
    fresh
    import -in $file.csv -out "$db" -iface eth0
    is "$file.csv: three rows arrive" "$rc $(ask "$rows_sql" | sort | tr '\n' ' ')" \
        "0 $(sort <<<"$small" | tr '\n' ' ')"
done

# --- Columns ---------------------------------------------------------------------------

fresh
cat >v2.csv <<'END'
Time,iface,sip,dip,dport,proto,l7proto,category,packets received,packets sent,%,data vol. received,data vol. sent,%
1456428875,eth1,10.0.0.2,10.0.0.1,80,TCP,DNS,Services,3,4,10.00,1,2,12.00
1456428875,eth0,fe80::1,2001:db8::1,53,UDP,Unknown_UDP,x,7,8,10.00,5,6,12.00
Received packets,10
Sent packets,12
Received data volume (bytes),6
Sent data volume (bytes),8
Sorting and flow direction,first packet time
Interface,"eth0,eth1"
END
import -in v2.csv -out "$db"
is "an export of goQuery 2.x is imported, its footer passed over" "$rc $err" \
    "0 goconvert: 2 rows imported, 0 refused; 2 blocks in 2 day directories of 2 interfaces"
is "the interfaces are those of the rows" \
    "$(ask 'SELECT iface, sip, proto_name, l7_name, bytes_rcvd, bytes_sent, packets_rcvd,
            packets_sent FROM flows ORDER BY iface')" \
    "eth0|fe80::1|UDP|Unknown_UDP|5|6|7|8
eth1|10.0.0.2|TCP|DNS|1|2|3|4"

fresh
printf 'time,sip,dip,dport,proto,bytes_rcvd,note,bytes_sent,packets_rcvd,packets_sent\n' >noted.csv
printf '1456428875,10.0.0.2,10.0.0.1,80,6,1,"two\nlines, ""quoted""",2,3,4\n' >>noted.csv
printf '1456428875,10.0.0.3,10.0.0.1,80,6,1,,x,3,4\n' >>noted.csv
import_rest -in noted.csv -out "$db" -iface eth0
has "an unknown column is noted" "$err" "noted.csv: column 'note' is ignored: unknown"
has "lines are counted behind a quoted line break" "$err" "noted.csv:4: bytes_sent 'x' is not a number"
is "without layer 7, flows are Unknown" "$(ask 'SELECT l7proto, count(*) FROM flows')" "0|1"

fresh
printf 'time,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd\n' >missing.csv
import -in missing.csv -out "$db" -iface eth0
is "a missing column is named" "$rc $err" \
    "65 goconvert: missing.csv:1: the header has no column packets_sent"
[ ! -e "$db" ]
is "and no database is made" $? 0
import -in crlf.csv -out "$db"
is "without an interface anywhere nothing is imported" "$rc $err" \
    "64 goconvert: crlf.csv has no column iface: give -iface NAME"

# --- Times -------------------------------------------------------------------------------

fresh
for t in 1456428601 1456428602 1456428660 1456428900 1456428901 1456429200; do
    echo "$good,$t"
done >moments.csv
import -in moments.csv -out "$db" -iface eth0
is "moments are gathered into five minutes and stamped at their end" \
    "$(ask 'SELECT time, count(*) FROM flows GROUP BY time')" \
    "1456428900|4
1456429200|2"
fresh
for t in 1456428875 1456428935 1456429000; do echo "$good,$t"; done >stamps.csv
import -in stamps.csv -out "$db" -iface eth0
is "times a minute apart are stamps and stay" "$(ask 'SELECT time FROM blocks')" \
    "1456428875
1456428935
1456429000"
fresh
for ((t = 1456358460; t < 1456358460 + 600 * 60; t += 60)); do echo "$good,$t"; done >minutes.csv
import -in minutes.csv -out "$db" -iface eth0
is "more stamps than a day has room for are gathered" \
    "$rc $(ask 'SELECT count(*), sum(time % 300), min(flow_count), max(flow_count) FROM blocks')" \
    "0 120|0|5|5"
fresh
{
    echo "$header,iface"
    for t in 1456428601 1456428602; do echo "$good,$t,eth0"; done
    for t in 1456428001 1456428875; do echo "$good,$t,eth1"; done
} >two.csv
import -in two.csv -out "$db"
is "each interface's times are judged for themselves" \
    "$rc $(ask 'SELECT iface, time FROM blocks ORDER BY 1, 2' | tr '\n' ' ')" \
    "0 eth0|1456428900 eth1|1456428001 eth1|1456428875 "
fresh
echo "$good,2016-02-25 19:34:35" >date.csv
import -in date.csv -out "$db" -iface eth0
is "a date is a time" "$rc $(ask 'SELECT time FROM blocks')" "0 1456428875"

# --- Appending -----------------------------------------------------------------------------

fresh
import -in cut.csv -out "$db" -iface eth0
printf '%s\n' "$small" "$good,1456429475" >more.csv
before=$(picture "$db" | wc -l)
import -in more.csv -out "$db" -iface eth0
is "rows of blocks that are there are passed over, the later one arrives" \
    "$rc $(ask 'SELECT time, count(*) FROM flows GROUP BY 1' | tr '\n' ' ')" \
    "0 1456428875|2 1456429175|1 1456429475|1 "
is "and are counted" "$err" \
    "goconvert: 1 rows imported, 0 refused, 3 there already; 1 blocks in 1 day directories of 1 interfaces"
echo "$good,1456429000" >between.csv
import -in between.csv -out "$db" -iface eth0
is "a row of a block that is not there and comes too late for it is refused" "$rc $(head -n 1 <<<"$err")" \
    "65 goconvert: between.csv:1: time 1456429000: eth0 in the database already has blocks up to 1456429475"
before=$(picture "$db")
import -in cut.csv -out "$db" -iface eth0
is "a second import of the same file changes nothing" "$rc $(picture "$db" | md5sum)" \
    "0 $(md5sum <<<"$before")"

fresh
for file in 1 2; do
    for ((i = 0; i < 300; i++)); do
        echo "$good,$((1456358460 + 60 * (i + 300 * (file - 1))))"
    done >half$file.csv
done
echo "$good,1456444860" >>half2.csv
import -in half1.csv -out "$db" -iface eth0
import_rest -in half2.csv -out "$db" -iface eth0
is "a day takes 512 blocks, what is more is refused, the next day goes on" \
    "$rc $(tail -n 1 <<<"$err") $(ask 'SELECT count(*), max(time) FROM blocks')" \
    "65 goconvert: 213 rows imported, 88 refused; 213 blocks in 2 day directories of 1 interfaces 513|1456444860"
has "the rows that the day had no room for are named" "$err" "half2.csv:213: 1 rows refused: "

fresh
printf '%s\n' "$good,1456429175" "$good,1456428875" "$good,1456429475" "$good,1456429175" >order.csv
import -in order.csv -out "$db" -iface eth0
is "rows that come late find their block" \
    "$rc $(ask 'SELECT time, count(*) FROM flows GROUP BY 1' | tr '\n' ' ')" \
    "0 1456428875|1 1456429175|2 1456429475|1 "
fresh
import_rest -in order.csv -out "$db" -iface eth0 -window 299
is "but not later than the window" "$rc $(head -n 2 <<<"$err" | sed 's/;.*//')" \
    "65 goconvert: order.csv:2: out of order: time 1456428875 comes after rows of block 1456429175
goconvert: order.csv:4: out of order: time 1456429175 comes after rows of block 1456429475"
is "and the others arrive" "$(ask 'SELECT count(*) FROM flows')" 2
fresh
awk -v row="$good" 'BEGIN { srand(7); for (i = 0; i < 3000; i++)
    print row "," 1456358575 + 300 * int(i / 10 + rand() * 11) }' >shuffled.csv
import -in shuffled.csv -out "$db" -iface eth0
is "a file in disorder gives what the sorted one gives" "$rc $(ask 'SELECT time, count(*) FROM flows GROUP BY 1' | md5sum)" \
    "0 $(sort -t, -k10n shuffled.csv | awk -F, '{ n[$10]++ } END { for (t in n) print t "|" n[t] }' | sort | md5sum)"

# --- Bad rows --------------------------------------------------------------------------------

# refused SENTENCE ROW REASON: between two good rows
refused() {
    fresh
    { echo "$good,1456428875"; printf '%b\n' "$2"; echo "$good,1456429175"; } >bad.csv
    import_rest -in bad.csv -out "$db" -iface eth0
    is "$1 is refused, the rows around it arrive" \
        "$rc $(head -n 1 <<<"$err") $(ask 'SELECT count(*) FROM flows')" \
        "65 goconvert: bad.csv:$3 2"
}
refused "a wrong column count" "1,2,3" "2: 3 columns instead of 10"
refused "a text for a number" "x$good,1456428875" "2: bytes_rcvd 'x1' is not a number"
refused "a port out of range" "1,2,10.0.0.1,65536,7,3,4,6,10.0.0.2,1456428875" \
    "2: dport '65536' is out of range (0 to 65535)"
refused "a bad address" "1,2,10.0.0,80,7,3,4,6,10.0.0.2,1456428875" \
    "2: dip '10.0.0' is not an IP address"
refused "a bad time" "$good,yesterday" "2: time 'yesterday' is not a time"
refused "an empty field" "$good," "2: time is empty"
refused "a NUL byte" "1,2,10.0.0.1\\0000,80,7,3,4,6,10.0.0.2,1456428875" \
    "2: dip '10.0.0.1?' is not an IP address"
refused "invalid UTF-8" "1,2,\\xff\\xfe,80,7,3,4,6,10.0.0.2,1456428875" \
    "2: dip '??' is not an IP address"

fresh
printf '%s\n' "$header,iface" "$good,1456428875,../x" "$good,1456428875,.y" \
    "$good,1456428875,a/b" "$good,1456428875,ok" >names.csv
import_rest -in names.csv -out "$db"
is "interface names that leave the database are refused" "$rc $(ls "$db")" "65 $(printf 'ok\nsummary.json')"

fresh
{ for i in {1..50}; do echo "row,$i"; done; echo "$good,1456428875"; } >many.csv
import_rest -in many.csv -out "$db" -iface eth0
is "fifty bad rows are counted, twenty are named" \
    "$rc $(grep -c 'columns instead' <<<"$err") $(tail -n 2 <<<"$err")" \
    "65 20 goconvert: many.csv: 50 rows refused in all
goconvert: 1 rows imported, 50 refused; 1 blocks in 1 day directories of 1 interfaces"

fresh
printf '%s\n' "$good,1456428875" '"open' "$good,1456429175" >open.csv
import -in open.csv -out "$db" -iface eth0
is "a quote that is left open names the lines that it took" "$rc $(head -n 1 <<<"$err")" \
    "65 goconvert: open.csv:2-3: a quote is never closed"

fresh
printf '%s\n' "$good,1456428875" "nonsense" "$good,1456429175" >bad.csv
import -in bad.csv -out "$db" -iface eth0
is "without -keep-going one bad row keeps all out" "$rc $err" \
    "65 goconvert: bad.csv:2: 1 columns instead of 10
goconvert: nothing imported: 1 rows refused; -keep-going imports the others"
[ ! -e "$db" ]
is "and no database is made" $? 0
import_rest -in many.csv -out "$db" -iface eth0 -rejects rejects.txt
is "-rejects lists them all in a file" "$rc $(wc -l <rejects.txt) $(tail -n 1 rejects.txt) $err" \
    "65 50 many.csv:50: 2 columns instead of 10 goconvert: 1 rows imported, 50 refused; 1 blocks in 1 day directories of 1 interfaces"

# --- Compressed files, schemas, other programs ------------------------------------------------

gzip -k random.csv
fresh
import -in random.csv.gz -out "$db" -iface eth0
is "a .gz gives the same database" "$rc $(picture "$db" | md5sum)" "0 $(picture "$first" | md5sum)"
cat random.csv.gz <(printf '%s,1456999999\n' "$good" | gzip) >joined.csv.gz
fresh
import -in joined.csv.gz -out "$db" -iface eth0
is "two of them, one behind the other, are one file" "$rc $(ask 'SELECT count(*) FROM flows')" "0 5001"
head -c 20000 random.csv.gz >torn.csv.gz
fresh
import -in torn.csv.gz -out "$db" -iface eth0
is "a torn .gz imports nothing" "$rc $err $([ -e "$db" ] || echo none)" \
    "65 goconvert: torn.csv.gz: cannot be decompressed: it ends too early none"
cp random.csv plain.csv.gz
import -in plain.csv.gz -out "$db" -iface eth0
is "what is no .gz is said to be none" "$rc $err" \
    "65 goconvert: plain.csv.gz: cannot be decompressed: incorrect header check"
if command -v zstd >/dev/null; then
    zstd -q -k random.csv
    fresh
    import -in random.csv.zst -out "$db" -iface eth0
    is "a .zst gives the same database" "$rc $(picture "$db" | md5sum)" "0 $(picture "$first" | md5sum)"
    head -c 20000 random.csv.zst >torn.csv.zst
    fresh
    import -in torn.csv.zst -out "$db" -iface eth0
    is "a torn .zst imports nothing" "$rc $err $([ -e "$db" ] || echo none)" \
        "65 goconvert: torn.csv.zst: cannot be decompressed: it ends too early none"
else
    skip ".zst" "no zstd(1)"
fi

fresh
echo "10.0.0.2;x,10.0.0.2,10.0.0.1,80,6,1,2,3,4,1456428875" >schema.csv
import -in schema.csv -out "$db" -iface eth0 \
    -schema "note,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent,time"
is "-schema names the columns" "$rc $(ask 'SELECT sip, dport, bytes_rcvd, packets_sent FROM flows')" \
    "0 10.0.0.2|80|1|4"
fresh
import -f schema.csv -out "$db" -i eth0 \
    -s "note,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent,time"
is "-s does where it is no directory" "$rc $(ask 'SELECT sip FROM flows')" "0 10.0.0.2"
import -in schema.csv -out "$db" -iface eth0 -schema "sip,dip"
is "a schema that lacks a column is refused" "$rc $err" "64 goconvert: -schema: the header has no column time"

fresh
cat >nfdump.csv <<'END'
ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out
2016-02-25 19:34:01,2016-02-25 19:34:35,34.000,10.0.0.2,10.0.0.1,40000,443,TCP,...AP.SF,0,0,3,1500,4,600,1,2
2016-02-25 19:34:05,2016-02-25 19:34:36,31.000,2001:db8::2,2001:db8::1,0,8.0,ICMP6,........,0,0,1,64,0,0,1,2
Summary
flows,bytes,packets,avg_bps,avg_pps,avg_bpp
2,2164,8,1,2,3
END
sed -i 's/ICMP6/IPv6-ICMP/' nfdump.csv
import -from nfdump -in nfdump.csv -out "$db" -iface exporter
is "nfdump's CSV is imported up to its summary" \
    "$rc $(ask 'SELECT time, sip, dport, proto, bytes_rcvd, bytes_sent, packets_rcvd, packets_sent FROM flows' | tr '\n' ' ')" \
    "0 1456428900|10.0.0.2|443|6|1500|600|3|4 1456428900|2001:db8::2|0|58|64|0|1|0 "
import -from nfdump -in random.csv -out "$db" -iface exporter
is "what is not nfdump's is refused" "$rc $err" \
    "65 goconvert: random.csv:1: this is no header of nfdump -o csv: it has no column for time"

# --- Export ------------------------------------------------------------------------------------

fresh
import -in v2.csv -out "$db"
import -in random.csv -out "$db" -iface eth9
err=$("$convert" -export out.csv -db "$db" 2>&1 >/dev/null)
is "-export writes every flow" "$? $err $(wc -l <out.csv)" "0 goconvert: 5002 rows exported 5003"
exported=$db
fresh
import -in out.csv -out "$db"
"$convert" -export - -db "$db" 2>err | cmp - out.csv
is "CSV to goDB to CSV is the same, to the byte" "$rc $?" "0 0"
is "and the databases hold the same" "$(GOPROBE_DB=$exported sql "SELECT * FROM flows" | sort | md5sum)" \
    "$(ask "SELECT * FROM flows" | sort | md5sum)"
"$convert" -export - -db "$db" -iface eth1,eth0 2>err | cut -d, -f2 | sort -u | tr '\n' ' ' >got
is "of some interfaces" "$(cat got)" "eth0 eth1 iface "
"$convert" -export - -db "$db" -iface nosuch >got 2>err
has "an interface that is not there is named" "$? $(cat err)" "no interface 'nosuch' in this database"
"$convert" -export /nonexistent/x.csv -db "$db" 2>err
has "a file that cannot be made is named" "$? $(cat err)" "74 goconvert: /nonexistent/x.csv."
import -export - -db "$db" -in random.csv
has "-export and -in: one at a time" "$rc $err" "64 goconvert: -export takes -db and -iface"

case $BUILD_DIR in
*/asan | */tsan) skip "a line of 500 MB costs no memory" "address space is the sanitizer's" ;;
*)
    fresh
    err=$({ echo "$good,1456428875"; head -c 500000000 /dev/zero | tr '\0' x; echo
        echo "$good,1456429175"; } |
        (ulimit -v 60000; "$convert" -keep-going -in - -out "$db" -iface eth0 2>&1))
    has "a line of 500 MB costs no memory" "$err" "2 rows imported, 1 refused"
    has "and is named" "$err" "standard input:2: the row is longer than 16 KiB"
    ;;
esac

# --- Bad command lines, files and databases -------------------------------------------------

# dies SENTENCE CODE PART ARGS...: one line on standard error, nothing made
dies() {
    local sentence=$1 code=$2 part=$3
    shift 3
    import "$@"
    is "$sentence: exit code and lines" "$rc $(wc -l <<<"$err")" "$code 1"
    has "$sentence: message" "$err" "$part"
}
fresh
dies "no input file given" 64 "-in FILE" -out "$db" -iface eth0
dies "no database given" 64 "-out DIR" -in crlf.csv -iface eth0
dies "an unknown flag" 64 "unknown flag -x" -x
dies "a flag without its value" 64 "-in needs a value" -in
dies "a word too many" 64 "'more' is not a flag" -in crlf.csv -out "$db" -iface eth0 more
dies "a negative -n" 64 "-n: -1 is negative" -in crlf.csv -out "$db" -iface eth0 -n -1
dies "a missing file" 74 "nosuch.csv: No such file" -in nosuch.csv -out "$db" -iface eth0
dies "a directory as a file" 74 "Is a directory" -in . -out "$db" -iface eth0
dies "an interface name with a slash" 64 "a/b" -in crlf.csv -out "$db" -iface a/b
dies "an interface name with a leading dot" 64 ".x" -in crlf.csv -out "$db" -iface .x
dies "a file as a database" 64 "not a directory" -in crlf.csv -out crlf.csv -iface eth0
[ ! -e "$db" ]
is "none of them made a database" $? 0
if [ "$(id -u)" = 0 ]; then
    skip "an unreadable file ends with 77" "root reads everything"
else
    install -m 0 /dev/null secret.csv
    dies "an unreadable file" 77 "Permission denied" -in secret.csv -out "$db" -iface eth0
fi

"$convert" -h >help 2>err
is "-h shows the flags on standard output" "$? $(grep -c -- '^  -in FILE' help) $(wc -c <err)" "0 1 0"
has "-version shows the version" "$("$convert" -version)" "goconvert "

mkfifo pipe
"$convert" -export pipe -db "$exported" 2>/dev/null &
is "-export to a pipe does not put a file in its place" \
    "$(timeout 20 cat pipe | cmp - out.csv && [ -p pipe ] && echo is a pipe)" "is a pipe"
wait
: >target.csv
ln -s target.csv link.csv
"$convert" -export link.csv -db "$exported" 2>/dev/null
is "nor in that of a link" "$([ -L link.csv ] && cmp target.csv out.csv && echo is a link)" "is a link"

# --- What layer 7 numbers mean ------------------------------------------------------------

fresh
cat >l7.csv <<'END'
time,iface,sip,dip,dport,proto,l7proto,l7_name,l7_category,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1456428875,eth0,10.0.0.1,10.0.0.2,443,6,91,TLS,Web,1,2,3,4
1456428875,eth0,10.0.0.1,10.0.0.3,80,6,7,HTTP,Web,1,2,3,4
1456429175,eth0,10.0.0.1,10.0.0.4,80,6,7,"HTTP, proxied",Web,1,2,3,4
1456429175,eth1,10.0.0.1,10.0.0.5,53,17,5,DNS,Network,1,2,3,4
1456429175,eth1,10.0.0.1,10.0.0.6,9,17,0,,,1,2,3,4
END
l7_sql="SELECT dip, l7_name, l7_category FROM flows ORDER BY dip"
import -in l7.csv -out "$db"
is "names of layer 7 protocols are those of the file, also two for one number" "$rc $(ask "$l7_sql")" \
    "0 10.0.0.2|TLS|Web
10.0.0.3|HTTP|Web
10.0.0.4|HTTP, proxied|Web
10.0.0.5|DNS|Network
10.0.0.6|Invalid|Mixed"
was=$(ask "$l7_sql; SELECT l7proto FROM flows ORDER BY dip")
"$convert" -export l7.out -db "$db" 2>/dev/null
fresh
import -in l7.out -out "$db"
is "and the same after an export and an import" "$(ask "$l7_sql; SELECT l7proto FROM flows ORDER BY dip")" "$was"
is "a second import changes nothing" "$(import -in l7.out -out "$db"; echo "$err")" \
    "goconvert: 0 rows imported, 0 refused, 5 there already; 0 blocks in 0 day directories of 0 interfaces"
"$BUILD_DIR/goquery" -d "$db" -i ANY -e csv raw >l7.query 2>&1
fresh
import -in l7.query -out "$db"
is "what goquery prints as csv comes back with its names, too" "$rc $(ask "$l7_sql")" "0 $(head -n 5 <<<"$was")"
fresh
sed 's/,HTTP,/,HT\x01TP,/' l7.csv >control.csv
import -in control.csv -out "$db"
has "a name that would upset a terminal is refused" "$err" "control.csv:3: l7_name 'HT?TP' holds a control character"

# --- Files that are read by several threads ---------------------------------------------

# Six megabytes: fields with quoted line breaks and rows that are refused lie anywhere,
# also on the borders between pieces.  The generator knows the lines.
fresh
python3 -c '
import random
random.seed(7)
line, rows = 1, 0
out, bad = open("pieces.csv", "w"), open("pieces.want", "w")
out.write("\ufeffnote,time,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent\n")
for i in range(40000):
    line += 1
    kind = random.randrange(40)
    note = "x" * random.randrange(200)
    if kind < 4:
        note = "\"" + "y,\n\"\"" * random.randrange(1, 60) + "\""
    first, line = line, line + note.count("\n")
    port = "no" if kind == 9 else i % 65536
    if kind == 9:
        bad.write(f"{first}-{line}\n" if first < line else f"{first}\n")
    else:
        rows += 1
    end = "\r\n" if kind == 5 else "\n"
    out.write(f"{note},{1456358700 + 300 * (i // 1000)},10.0.0.1,10.0.{i >> 8 & 255}.{i & 255},{port},6,{i},2,3,4{end}")
open("pieces.rows", "w").write(f"{rows}")'
import_rest -in pieces.csv -out "$db" -iface eth0 -rejects pieces.bad 2>/dev/null
is "rows are found where they are, whatever the pieces that threads read" \
    "$(ask 'SELECT count(*) FROM flows') $(sed 's/^pieces.csv:\([0-9-]*\):.*/\1/' pieces.bad | md5sum)" \
    "$(cat pieces.rows) $(md5sum <pieces.want)"
first=$db
fresh
taskset -c "$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')" "$convert" -in pieces.csv -out "$db" \
    -iface eth0 -keep-going >/dev/null 2>&1
is "one processor gives the same database" "$(picture "$db" | md5sum)" "$(picture "$first" | md5sum)"
fresh
import -in pieces.csv -out "$db" -iface eth0 -n 30000 -keep-going
is "-n counts refused rows, too, in a file of many pieces" \
    "$(sed -n 's/.* \([0-9]*\) rows imported, \([0-9]*\) refused.*/\1 \2/p' <<<"$err" |
        awk '{ print $1 + $2 }')" 30000
fresh
{ head -c 600000 /dev/zero | tr '\0' '\n'; printf '%s\n' "$header" "$good,1456428875"; } >blank.csv
import -in blank.csv -out "$db" -iface eth0
is "a header far down in the file is one" "$rc $(ask 'SELECT count(*) FROM flows')" "0 1"

# --- Progress -----------------------------------------------------------------------------------

import -in random.csv -out "$TMP/quiet" -iface eth0
is "no progress bar where standard error is no terminal" "$(tr -dc '\r' <<<"$err" | wc -c)" 0
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    script -qec "$convert -in random.csv -out $TMP/loud -iface eth0" /dev/null >"$TMP/screen" </dev/null
    has "a progress bar on a terminal" "$(cat "$TMP/screen")" "importing ["
else
    skip "a progress bar on a terminal" "script(1) cannot make a terminal here"
fi
done_testing
