#!/bin/bash
# The views that answer more than goQuery did: each with what it must say of a small
# database whose last block is of now, since some ask about the last day.
set -u
. tests/lib.sh
cd "$TMP" || exit 1
now=$(($(date +%s) / 300 * 300)) day=86400
{
    echo time,iface,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
    # the day before yesterday's end, yesterday, the last day
    echo "$((now - 2 * day + 3600)),eth0,10.0.0.1,10.0.0.9,53,UDP,1000,100,10,10"
    echo "$((now - 2 * day + 3600)),eth0,10.0.0.2,10.0.0.9,443,TCP,500,50,5,5"
    echo "$((now - 3600)),eth0,10.0.0.1,10.0.0.9,53,UDP,200,20,2,2"
    echo "$((now - 3600)),eth0,10.0.0.3,10.0.0.9,443,TCP,7000,700,70,70"
    echo "$((now - 3600)),eth1,10.0.0.2,10.0.0.9,443,TCP,900,0,30,3"
    echo "$((now - 3600)),eth1,10.0.0.2,10.0.0.8,443,TCP,900,0,31,3"
} >now.csv
"$BUILD_DIR/goconvert" -in now.csv -out now 2>err || { cat err; exit 1; }
{
    # The same every time, over midnight and over the end of an hour (1456444800).
    echo time,iface,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
    for time in 1456440900 1456441200 1456444800 1456445100; do
        echo "$time,eth0,10.0.0.1,10.0.0.9,53,UDP,100,10,2,1"
        echo "$time,eth0,10.0.0.2,10.0.0.9,53,UDP,50,5,1,1"
    done
    for time in 1456440900 1456441200; do echo "$time,eth1,10.0.0.1,10.0.0.9,53,UDP,4,0,1,0"; done
} >old.csv
"$BUILD_DIR/goconvert" -in old.csv -out old 2>err || { cat err; exit 1; }
of() { sql "SELECT goprobe_scope('db', '$1'); $2" | tail -n +2; }

is "traffic_5min" "$(of old "SELECT * FROM traffic_5min")" \
    "1456440900|2016-02-25 22:55:00|4|2|154|15|3
1456441200|2016-02-25 23:00:00|4|2|154|15|3
1456444800|2016-02-26 00:00:00|3|2|150|15|2
1456445100|2016-02-26 00:05:00|3|2|150|15|2"
is "traffic_hourly: the end of an hour is in it" "$(of old "SELECT * FROM traffic_hourly")" \
    "2016-02-25 22:00|8|4|308|30|6
2016-02-25 23:00|3|2|150|15|2
2016-02-26 00:00|3|2|150|15|2"
is "traffic_daily: midnight is in the day before" "$(of old "SELECT * FROM traffic_daily")" \
    "2016-02-25|11|6|458|45|8
2016-02-26|3|2|150|15|2"
is "traffic over time of what the scope says" \
    "$(of old "SELECT goprobe_scope('condition', 'sip = 10.0.0.2'); SELECT day, bytes_rcvd FROM traffic_daily" | tail -2)" \
    "2016-02-25|150
2016-02-26|50"
is "iface_summary" "$(of old "SELECT * FROM iface_summary")" \
    "eth0|2016-02-25 22:50:00|2016-02-26 00:05:00|8|12|8|600|60|98.8|1|
eth1|2016-02-25 22:50:00|2016-02-25 23:00:00|2|2|0|8|0|1.2|0|"
is "new_talkers" "$(of now "SELECT * FROM new_talkers")" "10.0.0.3|1|140|7700"
is "top_growth" "$(of now "SELECT * FROM top_growth")" \
    "10.0.0.3|7700|0|7700
10.0.0.2|1800|550|1250
10.0.0.1|220|1100|-880"
is "asymmetric: more than ten to one" "$(of now "SELECT * FROM asymmetric")" \
    "10.0.0.2|10.0.0.8|443|TCP|31|3|900|0"
{
    head -1 old.csv
    for i in $(seq 99); do echo "1456440900,eth0,10.9.9.9,10.1.0.$i,22,TCP,0,60,0,1"; done
    for i in $(seq 120); do echo "1456440900,eth0,10.9.9.8,10.1.0.1,$i,TCP,0,60,0,1"; done
} >scan.csv
"$BUILD_DIR/goconvert" -in scan.csv -out scan 2>err || { cat err; exit 1; }
is "scanners: of ports" "$(of scan "SELECT * FROM scanners")" "10.9.9.8|1|120|120|120|7200"
echo "1456441200,eth0,10.9.9.9,10.1.1.1,22,TCP,0,60,0,1" >>scan.csv
"$BUILD_DIR/goconvert" -in scan.csv -out scan2 2>err || { cat err; exit 1; }
is "scanners: of hosts" "$(of scan2 "SELECT sip, hosts, ports FROM scanners")" \
    "10.9.9.8|1|120
10.9.9.9|100|1"
# Every view has its question, an example that runs, and its columns on top.
cd "$OLDPWD" || exit 1
explains() { # FILE NAME
    local example
    example=$(sed -n 's/^--  *\(SELECT .*;\)$/\1/p' "$1" | head -1)
    grep -q "^-- $2: .*[?.]" "$1" && [ -n "$example" ] && [ "$(grep -c '^--' "$1")" -ge 3 ] &&
        sql "SELECT goprobe_scope('db', '$TMP/now'); $example" >/dev/null
}
for file in sql/*.sql; do
    name=$(basename "$file" .sql)
    name=${name#[0-9]*_}
    passes "$name says what it is, and its example runs" explains "$file" "$name"
done
done_testing
