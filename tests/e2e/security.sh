#!/bin/bash
# What the programs make is for their user and group; nothing in a database leads out of
# it; hostile texts in options stay texts; and the binaries are hardened.
set -u
. tests/lib.sh
data=$PWD
cd "$TMP" || exit 1

# --- Modes

umask 0
cat >flows.csv <<'C'
time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1700006700,eth0,10.0.0.1,10.0.0.2,443,TCP,0,100,200,1,2
1700006700,eth1,10.0.0.3,10.0.0.4,53,UDP,0,10,20,1,2
C
modes() { find "$1" -mindepth 0 -type "$2" -printf '%m\n' | sort -u | tr '\n' ' '; }
"$BUILD_DIR/goconvert" -in flows.csv -out made/db 2>err || cat err
is "goconvert's files are for user and group" "$(modes made f)" '640 '
is "and so are its directories" "$(modes made/db d)" '750 '
find made -name blocks.index -delete
"$BUILD_DIR/goprobe-index" made/db >/dev/null
is "goprobe-index's too" "$(modes made f)" '640 '
"$BUILD_DIR/goprobe" -r "$data/demo/traffic.pcap" -i cap -d captured >/dev/null 2>err || cat err
is "goprobe's files are for user and group" "$(modes captured f)" '640 '
is "goprobe's directories, too" "$(modes captured d)" '750 '
echo rest >>made/db/eth0/1700006400/sip.gpf
"$BUILD_DIR/goprobe-check" -repair -q made/db >/dev/null
is "and those of a repair" "$(modes made f)$(modes made/db d)" '640 750 '
umask 022

# --- Links

ask() { sql "SELECT goprobe_scope('db', '$PWD/$1')" "SELECT goprobe_scope('on_corrupt', 'skip')" "$2" 2>err | tail -n +3; }
outside() { find secret -type f -exec cksum {} + | sort; ls -A secret; }
mkdir secret && cp -r made/db/eth0/1700006400 secret/day && cp -r made/db/eth1 secret/iface
before=$(outside)
cp -r made/db linked && ln -s "$PWD/secret/iface" linked/eth7 && ln -s "$PWD/secret/day" linked/eth0/86400
is "flows behind a link are not read" "$(ask linked 'SELECT count(*) FROM flows')" 2
has "the link of an interface is told" "$(cat err)" 'eth7/0: is a symbolic link, which is not followed'
has "the link of a day is told" "$(cat err)" 'eth0/86400: is a symbolic link'
sed 's/eth0/eth7/; s/1700006700/1700009700/' flows.csv >linked.csv
"$BUILD_DIR/goconvert" -in linked.csv -out linked >out 2>&1
has "nothing is written behind a link" "$?$(cat out)" 'eth7: is a symbolic link'
"$BUILD_DIR/goprobe-index" -rebuild linked >out 2>&1
"$BUILD_DIR/goprobe-check" -repair linked >out 2>&1
has "a check tells of it" "$(cat out)" 'damage: eth7: is a symbolic link'
"$BUILD_DIR/goquery" -d linked -clean -1d -yes >out 2>&1
is "what lies behind a link is as it was" "$(outside)" "$before"
rm -rf linked && cp -r made/db linked && day=linked/eth0/1700006400
for file in sip.gpf pkts_sent.gpf meta.json blocks.index l7proto.json summary.json; do
    at=$day/$file && [ $file = summary.json ] && at=linked/$file
    echo "keep me" >secret/target && rm -f "$at" && ln -s "$PWD/secret/target" "$at"
    sed 's/1700006700/1700009700/' flows.csv >more.csv
    "$BUILD_DIR/goconvert" -in more.csv -out linked >out 2>&1
    "$BUILD_DIR/goprobe-index" -rebuild linked >out 2>&1
    "$BUILD_DIR/goprobe-check" -repair linked >out 2>&1
    is "a link in place of $file is not written through" "$(cat secret/target)" "keep me"
    rm -rf linked && cp -r made/db linked
done

for name in ../out .hidden a/b '' "$(printf 'a\nb')" "$(printf '\033[2J')" "$(printf '%070d' 0)"; do
    fails "no interface is called '${name@Q}'" "$BUILD_DIR/goconvert" -in flows.csv -out names -iface "$name" -schema sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent,time
done
is "nothing was made for them" "$(find names -mindepth 1 -type d 2>/dev/null)" ''

# --- Hostile texts in every option

long=$(head -c 100000 /dev/zero | tr '\0' a)
# shellcheck disable=SC2016 # they are to stay as they are
hostile=("'" '"' "'); DROP TABLE flows; --" "x' OR '1'='1" ';.shell touch pwned' $'a\n.shell touch pwned'
    '$(touch pwned)' '`touch pwned`' $'\033[2J\033]0;x\007' $'\302\2332J' '%s%n%x' $'\377\376' '-' "$long")
db=made/db
sums() { find made -type f -exec cksum {} + | sort; }
before=$(sums)
crashed='' controls='' leaked=''
try() { # WORDS...: a terminal's format must be free of control characters whatever comes
    timeout 20 "$BUILD_DIR/goquery" "$@" >out 2>&1 </dev/null
    local code=$?
    case $code in 0 | 1 | 6[4-9] | 7[0-8]) ;; *) crashed+=" $code:${*@Q}" ;; esac
    LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' out && controls+=" ${*@Q}"
}
for text in "${hostile[@]}"; do
    for flag in -i -c -f -l -n -e -s -mem -resolve-timeout -clean; do
        try -d $db -i eth0 $flag "$text" talk_conv
    done
    try -d "$text" -i eth0 talk_conv
    try -d $db -i eth0 "$text"
    try -d $db -q "SELECT '${text:0:2000}"
    # A name that is not there has no flows, whatever is in it.
    timeout 20 "$BUILD_DIR/goquery" -d $db -i "$text" -e csv talk_conv >out 2>/dev/null </dev/null
    grep -q 10.0.0 out && leaked+=" ${text@Q}"
done
is "hostile texts end no program" "${crashed:0:500}" ''
is "hostile texts bring no control character to a terminal" "${controls:0:500}" ''
is "hostile texts select no flows" "${leaked:0:500}" ''
fails "hostile texts start no command" test -e pwned
is "hostile texts change no file" "$(sums)" "$before"
# What -sql prints is the same question when it is pasted.
for text in "'" "'); DROP TABLE flows; --" "x' OR '1'='1"; do
    is "-sql quotes ${text@Q}" "$("$BUILD_DIR/goquery" -d $db -i "$text" -sql talk_conv 2>/dev/null | grep -c "goprobe_scope('iface', '${text//\'/\'\'}')")" 1
done
printf '{"version":1,"name_spaces":[{"from":1,"library":"x","protocols":[[0,"\\u001b[2Jred","a"],[1,"\\u009b2J","b"]]}]}' >made/db/eth0/1700006400/l7proto.json
rm -f made/db/eth0/1700006400/blocks.index
try -d $db -i eth0 apps_dpi
is "names of protocols bring no control character to a terminal" "$controls" ''
has "they are shown" "$(cat out)" '?[2Jred'

# --- Binaries

release=$data/build/release
[ -e "$release/goprobe" ] || release=$BUILD_DIR
case $release in
*/asan | */tsan) skip "binaries are hardened" "a sanitizer build" ;;
*)
    for name in goprobe goquery goconvert goprobe-index goprobe-check goprobe.so; do
        file=$release/$name
        has "$name lies anywhere" "$(readelf -h "$file")" 'DYN'
        has "$name: tables are read-only once it runs" "$(readelf -Wl "$file")" 'GNU_RELRO'
        has "$name: all of them" "$(readelf -d "$file")" 'BIND_NOW'
        is "$name: its stack is not executable" "$(readelf -Wl "$file" | grep GNU_STACK | grep -c RWE)" 0
        has "$name: stacks are guarded" "$(nm -D "$file")" '__stack_chk_fail'
        has "$name: copies are bounded" "$(nm -D "$file" | tr '\n' ' ')" '_chk'
        is "$name: nothing runs a shell" "$(nm -D "$file" | grep -cwE 'system|popen|wordexp')" 0
        case $(uname -m) in
        x86_64) is "$name: functions begin where jumps may go" \
            "$(objdump -d --no-show-raw-insn "$file" | awk '/endbr64/ { n++ } END { print (n > 50) }')" 1 ;;
        esac
    done
    ;;
esac
done_testing
