#!/bin/bash
# goquery -report: the page says what its statements say, stands alone, and looks whole in
# a browser, where there is one.
set -u
. tests/lib.sh
checker=$PWD/tests/e2e/report_page.py
query=$BUILD_DIR/goquery
"$BUILD_DIR/tests/host/mkoffice" "$TMP/office" || exit 1
cat >"$TMP/run-sql" <<END
BUILD_DIR=$BUILD_DIR TMP=$TMP
. $PWD/tests/lib.sh
sql "\$1"
END
cd "$TMP" || exit 1
export GOPROBE_DB=$TMP/office

# --- Numbers --------------------------------------------------------------------------------

parts="figures: the same
time: the same
conversations: the same
sources: the same
destinations: the same
applications: the same
ports: the same
interfaces: the same"
shows() { # SENTENCE PAGE PART
    is "$1" "$(grep -cF -- "$3" "$2" | sed 's/^[1-9].*/shown/')" shown
}
check() { python3 "$checker" "$1" bash "$TMP/run-sql" 2>&1 | cut -c1-400; }
same() { # SENTENCE ARGS...
    local sentence=$1
    shift
    "$query" -report page.html "$@" 2>err
    is "$sentence" "$? $(cat err)$(check page.html)" "0 $parts"
}
same "every number is what its statement says"
sed 's/<data value="\([0-9]*\)1"/<data value="\12"/' page.html >wrong.html
fails "a number that is not would be found" test "$(check wrong.html)" = "$parts"
same "also of one interface, some time, a condition, and another number of rows" \
    -i eth0 -f "2026-11-23 08:00" -l "2026-11-24" -c "proto = TCP" -n 3
shows "its title says what it is of" page.html "<title>Network traffic, eth0, 24 Nov</title>"
(cd office && "$query" -d . -report ../elsewhere.html)
is "a path that is relative works elsewhere, too" "$(check elsewhere.html)" "$parts"
shows "the scope stands on top" page.html \
    "<b>eth0</b> <i>·</i> Mon 23 Nov 2026 08:00 – Tue 24 Nov 2026 00:00 UTC"
is "-n rows a list" "$(sed -n '/id="sources"/,/<.tbody>/p' page.html | grep -c '<tr><td')" 3
shows "the peak is of its step" page.html "Mean of every 5 min"
"$query" -report - >stdout.html
is "- is standard output" "$(check stdout.html)" "$parts"
"$query" -report weeks.html -f 0 -l 2524608000 >/dev/null
is "years without blocks are not drawn" "$(grep -c 'Mean of every 10 min' weeks.html)" 1

# --- Words that are not ours -------------------------------------------------------------------

cat >hostile.csv <<'END'
time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1456428900,"<script>alert(1)<",10.0.0.1,10.0.0.9,53,UDP,DNS,1024,1024,50,50
1456428900,"""' onload='x""",10.0.0.1,10.0.0.9,53,UDP,DNS,1024,1024,50,50
1456428900,"&amp;]]>‮evil",10.0.0.1,10.0.0.9,53,UDP,DNS,2048,1024,50,50
END
"$BUILD_DIR/goconvert" -in hostile.csv -out hostile 2>err || cat err
"$query" -d hostile -report hostile.html -c "sip = 10.0.0.1"
is "names of interfaces stay text" "$(grep -cE '<script|<[a-z]+ [^>]*onload=' hostile.html)" 0
shows "and are shown" hostile.html "<bdi>&lt;script&gt;alert(1)&lt;</bdi>"
shows "what turns the direction of text is not" hostile.html "&amp;amp;]]&gt;�evil"
"$BUILD_DIR/tests/host/mkoffice" tagged "</td><script>alert(3)</script>\" onclick=\"x" || exit 1
"$query" -d tagged -report tagged.html
is "names of protocols stay text" "$(grep -cE '<script|<[a-z]+ [^>]*onclick=' tagged.html)" 0
shown='<bdi>&lt;/td&gt;&lt;script&gt;alert(3)&lt;/script&gt;&quot; onclick=&quot;x</bdi>'
is "and are shown, too, in legend and tables, categories likewise" "$(grep -oF "$shown" tagged.html | wc -l)" 4
is "nothing is loaded from anywhere" \
    "$(grep -cE 'https?://|<script|<link rel="stylesheet|@import|url\(' page.html)" 0

# --- Nothing to show ------------------------------------------------------------------------------

mkdir empty
"$query" -d empty -report empty.html
is "an empty database has a page" "$? $(grep -c 'nothing was captured yet' empty.html)" "0 1"
"$query" -report none.html -c "dport = 9999"
is "so has a condition that nothing matches" "$? $(grep -c 'no flow in them' none.html)" "0 1"
cp -r office damaged
truncate -s 100 damaged/eth0/*/bytes_rcvd.gpf
"$query" -d damaged -report damaged.html 2>err
shows "damage is told" damaged.html 'class="alert"'

{
    head -1 hostile.csv
    for time in 600 253402299900 400000000000; do
        echo "$time,eth0,10.0.0.1,10.0.0.9,53,UDP,DNS,1024,1024,50,50"
    done
} >years.csv
"$BUILD_DIR/goconvert" -in years.csv -out years 2>err || cat err
"$query" -d years -report years.html -l 300000000000 2>err
is "eight thousand years are drawn" "$? $(cat err)$(check years.html)" "0 $parts"
is "but not those that no calendar has" "$("$query" -d years -report years.html 2>&1)" \
    "goquery: -report: a block has the time 400000000000, which is beyond the year 9999; -l leaves it out"

# --- The file is whole or not there ----------------------------------------------------------------

refuses() { # SENTENCE CODE MESSAGE ARGS...
    local sentence=$1 code=$2 message=$3 out
    shift 3
    out=$("$query" "$@" 2>&1)
    is "$sentence" "$? $out" "$code goquery: $message"
}
echo before >kept.html
refuses "an error leaves the file before" 1 "nosuch: no such database" -d nosuch -report kept.html
is "as it was" "$(cat kept.html)" before
refuses "a directory that is not there" 74 "-report: no/p.html: No such file or directory" -report no/p.html
refuses "a directory in its place" 74 "-report: empty: Is a directory" -report empty
if [ -w /dev/full ]; then
    refuses "a full disk" 74 "-report: /dev/full: No space left on device" -report /dev/full
    is "a device stays one" "$([ -c /dev/full ] && echo yes)" yes
    "$query" -report - >/dev/full 2>err
    is "standard output that cannot be written is an error" $? 74
else
    skip "a full disk" "no /dev/full"
fi
chmod 640 kept.html
ln -s kept.html link.html
"$query" -report link.html
is "a link is followed, and the file keeps its mode" \
    "$(readlink link.html) $(stat -c %a kept.html) $(head -c 15 kept.html)" "kept.html 640 <!DOCTYPE html>"
(umask 027 && "$query" -report fresh.html)
is "a new file has the mode of new files" "$(stat -c %a fresh.html)" 640
is "nothing is left over" "$(find . -maxdepth 1 -name '*.html.*')" ""
refuses "a query" 64 "-report takes no query" -report p.html talk_conv
refuses "another format" 64 "-report prints HTML alone; drop -plot and other formats" -e csv -report p.html
refuses "an order" 64 "-report does not know -s; drop one" -s packets -report p.html
refuses "no rows" 64 "-report: lists of 0 rows; -n 1 is the least" -n 0 -report p.html
refuses "no name" 64 "-report: no file given; - is standard output" -report ""

# --- In a browser ------------------------------------------------------------------------------------

browser=$(command -v chromium)
browse() { # OPTIONS... URL
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-extensions \
        --enable-logging=stderr --user-data-dir="$TMP/profile" --allow-file-access-from-files "$@" 2>>browser.log
}
# Pages at the width of a phone, and how wide they are there.
frames() { # PAGE...
    local page
    echo "<body><pre></pre>"
    for page; do
        echo "<iframe src=\"$page.html\" style=\"width:360px;height:900px;border:0\"></iframe>"
    done
    cat <<END
<script>
for (const f of document.querySelectorAll("iframe")) f.onload = () => {
  const e = f.contentDocument.documentElement, name = f.getAttribute("src");
  document.querySelector("pre").textContent += [name, e.scrollWidth, "of", e.clientWidth].join(" ") + "\\n"; }
</script>
END
}
png_size() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }
if [ -z "$browser" ] || [[ $BUILD_DIR == */tsan ]]; then
    skip "in a browser" "no chromium here"
else
    {
        echo time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
        for i in $(seq 64); do
            echo "1456428900,a-rather-long-name-of-one-$i,2001:db8:1111:2222:3333:4444:5555:$i,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,443,TCP,SSL/TLS,99999999$i,1024,500000,500000"
        done
    } >many.csv
    "$BUILD_DIR/goconvert" -in many.csv -out many 2>err || cat err
    "$query" -d many -report many.html -n 20
    is "64 interfaces: 64 rows" "$(grep -c '<th scope="row">' many.html)" 64
    "$query" -report page.html
    frames empty hostile many page >frames.html
    is "pages are no wider than a phone" \
        "$(browse --virtual-time-budget=3000 --dump-dom "file://$TMP/frames.html" | grep -o '[a-z]*.html [0-9]* of [0-9]*' | sort)" \
        "empty.html 360 of 360
hostile.html 360 of 360
many.html 360 of 360
page.html 360 of 360"
    browse --window-size=1200,2600 --screenshot=desktop.png "file://$TMP/page.html"
    browse --window-size=500,2600 --screenshot=phone.png "file://$TMP/page.html"
    browse --window-size=1200,2600 --blink-settings=preferredColorScheme=0 --screenshot=dark.png \
        "file://$TMP/page.html"
    browse --no-pdf-header-footer --print-to-pdf=page.pdf "file://$TMP/page.html"
    is "screenshots" "$(for i in desktop phone dark; do png_size $i.png; done)" \
        "1200x2600
500x2600
1200x2600"
    fails "dark is another picture" cmp -s desktop.png dark.png
    is "it prints" "$(head -c 5 page.pdf)" "%PDF-"
    is "the console has nothing to say" "$(grep CONSOLE browser.log)" ""
    echo '<script>console.error("heard")</script>' >frames.html
    browse --dump-dom "file://$TMP/frames.html" >/dev/null
    has "and would have been heard" "$(grep CONSOLE browser.log)" heard
fi
done_testing
