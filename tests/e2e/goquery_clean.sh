#!/bin/bash
# goquery -clean and -wipe: what is deleted, what stays, and who is asked.
set -u
. tests/lib.sh
query=$BUILD_DIR/goquery
pty=$PWD/tests/terminal.py
cd "$TMP" || exit 1

# Three days of eth0, one of eth1; 1456358400 and 1456444800 are days.
{
    echo time,iface,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
    for time in 1456428900 1456429200 1456444800 1456531200; do
        echo "$time,eth0,10.0.0.1,10.0.0.9,53,UDP,100,20,1,1"
    done
    echo "1456428900,eth1,10.0.0.1,10.0.0.9,53,UDP,7,0,1,1"
} >flows.csv
fresh() { rm -rf db; "$BUILD_DIR/goconvert" -in flows.csv -out db 2>err || { cat err; exit 1; }; }
days() { (cd db && find . -mindepth 1 -maxdepth 2 -type d | sort | xargs); }
summary() { cat db/summary.json; }
export GOPROBE_DB=$TMP/db
fresh

before=$(find db -type f -exec md5sum {} + | sort | md5sum)
"$query" -wipe >out 2>err
is "where nobody can be asked nothing is deleted" "$? $(cat out err)" \
    "64 goquery: -wipe: nobody can be asked here; with -yes it deletes without asking"
"$query" -clean 1456531200 </dev/null >out 2>&1
is "by -clean neither" "$?$(find db -type f -exec md5sum {} + | sort | md5sum)" "64$before"

is "the days that end at or before the time go" "$("$query" -clean 1456531199 -yes 2>&1 | sed 's/, [0-9].*//')" \
    "deleted 2 days with 3 flows"
is "and nothing else, but an interface without days" "$(days)" \
    "./eth0 ./eth0/1456444800 ./eth0/1456531200"
is "summary.json follows" "$(summary)" \
    '{"interfaces":{"eth0":{"flowcount":2,"traffic":240,"begin":1456444800,"end":1456531200}}}'
is "the rest still answers" "$("$query" -i ANY -q 'SELECT flows, bytes FROM traffic' -e csv | tail -1)" 2,240
has "a second time there is nothing to do" "$("$query" -clean 1456531199 -yes)" "deleted 0 days"
"$query" -clean "2016-02-27 00:00" -yes >out
is "every notation of a time is taken" "$(days)" "./eth0 ./eth0/1456531200"
"$query" -clean 9999999999 -yes >out 2>err
is "a time to come is refused" "$? $(cat err)" "64 goquery: -clean: 9999999999 lies in the future"

# What is not goDB's.
fresh
echo mine >db/eth0/1456358400/notes.txt
mkdir -p db/eth0/2016 db/eth0/0 db/photos/86400 && touch db/eth0/2016/a db/photos/86400/b.jpg db/README
ln -s "$TMP/db/eth0/1456444800" db/eth0/86400
"$query" -wipe -yes >out 2>err
is "files and directories of others stay" "$(cd db && find . -mindepth 1 | sort | xargs)" \
    "./README ./eth0 ./eth0/0 ./eth0/1456358400 ./eth0/1456358400/notes.txt ./eth0/2016 ./eth0/2016/a ./eth0/86400 ./photos ./photos/86400 ./photos/86400/b.jpg ./summary.json"
has "and are told" "$(cat err)" "1456358400: holds files that are not goDB's, which stay"
is "after -wipe the summary is empty" "$(summary)" '{"interfaces":{}}'
has "no flow is left" "$("$query" -i ANY sip)" "Query returned no results"

# A crash after the first step, and after the second.
fresh
mv db/eth0/1456358400 db/eth0/.deleted-1456358400
is "a day that is being deleted is not read" \
    "$("$query" -i eth0 -q 'SELECT flows FROM traffic' -e csv | tail -1)" 2
"$query" -clean 1456358400 -yes >out 2>err
is "the next -clean takes up what a crash left" "$(days) $(summary)" \
    './eth0 ./eth0/1456444800 ./eth0/1456531200 ./eth1 ./eth1/1456358400 {"interfaces":{"eth0":{"flowcount":2,"traffic":240,"begin":1456444800,"end":1456531200},"eth1":{"flowcount":1,"traffic":7,"begin":1456428900,"end":1456428900}}}'

# A writer at work: it holds the lock, and may have its newest day open.
fresh
if command -v flock >/dev/null; then
    flock db/eth0 "$query" -wipe -yes >out 2>err
    is "a writer's newest day stays" "$(days) $(sed 's/.*; //' out)" \
        "./eth0 ./eth0/1456531200 1 days left to their writers"
    has "and its totals" "$(summary)" '"eth0":{"flowcount":1,"traffic":120,"begin":1456531200,"end":1456531200}'
else
    skip "a writer's newest day stays" "no flock(1)"
fi
echo "1456531500,eth0,10.0.0.1,10.0.0.9,53,17,0,1,1,1,1" >more.csv
fresh
"$query" -wipe -yes >out
"$BUILD_DIR/goconvert" -in flows.csv -out db 2>err
is "what was wiped can be written again" "$("$query" -i ANY -q 'SELECT flows FROM traffic' -e csv | tail -1)" 5

# On a terminal it asks.
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    has "the question says how much it is" \
        "$(python3 "$pty" 80 n "$query" -wipe)" "db: delete 4 days with 5 flows, "
    is "no is no" "$(days)" "./eth0 ./eth0/1456358400 ./eth0/1456444800 ./eth0/1456531200 ./eth1 ./eth1/1456358400"
    python3 "$pty" 80 y "$query" -wipe >out
    is "yes is yes" "$(days)" ""
else
    skip "on a terminal it asks" "no pseudo terminal here"
fi
"$query" -d nosuch -wipe -yes >out 2>err
is "no database, nothing to delete" "$? $(cat err)" "1 goquery: nosuch: no such database"
done_testing
