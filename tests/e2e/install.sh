#!/bin/bash
# make install: a tree of its own that works where it was put, the places of the system that
# point to it, and uninstall, which leaves data and configuration.  Nothing is built here.
set -u
. tests/lib.sh
unset GOPROBE_DB
put() { make -s install-files BUILD="$(basename "$BUILD_DIR")" DESTDIR="$root" CONFIG_MK="$TMP/none.mk" "$@"; }
take() { make -s uninstall DESTDIR="$root" CONFIG_MK="$TMP/none.mk" "$@"; }
# files of $root but for those below the folders that are given
files() { (cd "$root" && find . ! -type d | LC_ALL=C sort | cut -c 2-); }

# --- The tree -----------------------------------------------------------------------------
root=$TMP/root
tree=$root/usr/local/goProbe
passes "make install into DESTDIR" put
is "the tree has goProbe's folders" "$(cd "$tree" && echo bin lib etc share data/d[b])" "bin lib etc share data/db"
is "what is outside of it" "$(files | grep -v '^/usr/local/goProbe/' | sed 's|/share/man/.*|/share/man/...|' | uniq)" \
"/etc/init.d/goprobe.init
/etc/ld.so.conf.d/goprobe.conf
/etc/systemd/system/goprobe-clean.service
/etc/systemd/system/goprobe-clean.timer
/etc/systemd/system/goprobe.service
/usr/local/bin/goconvert
/usr/local/bin/goprobe
/usr/local/bin/goprobe-check
/usr/local/bin/goprobe-index
/usr/local/bin/goquery
/usr/local/lib/pkgconfig/godb.pc
/usr/local/share/bash-completion/completions/goconvert
/usr/local/share/bash-completion/completions/goprobe
/usr/local/share/bash-completion/completions/goprobe-check
/usr/local/share/bash-completion/completions/goquery
/usr/local/share/man/...
/usr/local/share/zsh/site-functions/_goquery"
dangling=
while read -r link; do
    target=$(readlink "$link")
    case $target in /*) target=$root$target ;; *) target=$(dirname "$link")/$target ;; esac
    [ -e "$target" ] || dangling+=" $link"
done < <(find "$root" -type l)
is "every link has its target" "$dangling" ""
is "no path was left out" "$(grep -rlE '@[A-Z_]+@' "$root" --include='*.[1578]' --include='goprobe*' --include='*.pc')" ""
has "its configuration names its database" "$(cat "$tree/etc/goprobe.conf")" '"db_path": "/usr/local/goProbe/data/db"'
passes "the configuration is one" "$tree/bin/goprobe" -n -config "$tree/etc/goprobe.conf"
has "the manual names it too" "$(cat "$tree/share/man/man5/goprobe.conf.5")" "/usr/local/goProbe/etc/goprobe.conf"

echo '7,8,10.0.0.2,443,0,1,2,TCP,10.0.0.1,1700000100' >"$TMP/flows.csv"
passes "goconvert runs from there" "$tree/bin/goconvert" -in "$TMP/flows.csv" -out "$tree/data/db" -iface eth0
is "goquery runs from there" "$("$tree/bin/goquery" -d "$tree/data/db" -e csv -q 'SELECT sip, bytes FROM flows' | tail -n 1)" "10.0.0.1,15"
has "without a database it looks into its own" "$("$tree/bin/goquery" -h 2>&1)" "/usr/local/goProbe/data/db"
case $BUILD_DIR in
*/asan | */tsan) ;;
*)
    is "its shell finds its extension" \
        "$(echo 'SELECT bytes FROM traffic;' | "$tree/bin/goquery" -d "$tree/data/db" -shell | tail -n 1 | tr -d ' ')" 15
    ;;
esac
passes "the init script is one" sh -n "$root/etc/init.d/goprobe.init"
is "the init script starts its goprobe" "$(sed -n 's/^DAEMON=//p' "$root/etc/init.d/goprobe.init")" /usr/local/goProbe/bin/goprobe
if command -v systemd-analyze >/dev/null; then
    mkdir "$TMP/units"
    for unit in goprobe.service goprobe-clean.service goprobe-clean.timer; do
        sed "s|=/usr/local/goProbe/bin|=$tree/bin|" "$root/etc/systemd/system/$unit" >"$TMP/units/$unit"
    done
    passes "systemd takes the units" systemd-analyze verify --man=no "$TMP"/units/*
    is "and has nothing to say of them" "$(cat "$TMP/err")" ""
else
    skip "systemd takes the units" "systemd-analyze is not installed"
fi

# --- Retention ------------------------------------------------------------------------------
is "no old flows are deleted unless it is asked for" "$(find "$root/etc" -path '*cron*')" ""
fails "days that are no number are refused" put RETENTION_DAYS=soon
has "with the reason" "$(cat "$TMP/err")" "RETENTION_DAYS=soon is not a number of days"
passes "days for the nightly job" put RETENTION_DAYS=7
job=$(sed -n 's/^3 3 \* \* \* goprobe //p' "$root/etc/cron.d/goprobe")
is "it is goquery's" "$job" "/usr/local/goProbe/bin/goquery -d /usr/local/goProbe/data/db -yes -clean -7d >/dev/null"
passes "the job runs" sh -c "${job//\/usr\/local\/goProbe/$tree}"
is "and old flows are gone" "$("$tree/bin/goquery" -d "$tree/data/db" -e csv -q 'SELECT count(*) FROM flows' | tail -n 1)" 0
# shellcheck disable=SC2016
unit=$(sed -n 's/^ExecStart=//p' "$root/etc/systemd/system/goprobe-clean.service")
# shellcheck disable=SC2016
is "the timer's is the same with its own number" "$unit" '/usr/local/goProbe/bin/goquery -d ${GOPROBE_DB} -yes -clean -${KEEP_DAYS}d'

# --- Again, and away --------------------------------------------------------------------------
"$tree/bin/goconvert" -in "$TMP/flows.csv" -out "$tree/data/db" -iface eth0 2>/dev/null
echo '{ "interfaces": { "mine0": {} } }' >"$tree/etc/goprobe.conf"
passes "installing again" put
is "leaves the configuration" "$(cat "$tree/etc/goprobe.conf")" '{ "interfaces": { "mine0": {} } }'
data=$(cd "$tree/data" && find . -type f | wc -l)
passes "make uninstall" take
is "leaves the configuration and the data, and nothing else" "$(files | sed 's|/data/db/.*|/data/db/...|' | uniq)" \
"/usr/local/goProbe/data/db/...
/usr/local/goProbe/etc/goprobe.conf"
is "all of the data" "$(cd "$tree/data" && find . -type f | wc -l)" "$data"

# --- Prefixes -----------------------------------------------------------------------------------
root=$TMP/own
passes "a prefix of one's own" put PREFIX=/home/me/probe RETENTION_DAYS=1
is "has all of it" "$(files | grep -vc '^/home/me/probe/')" 0
passes "make uninstall from there" take PREFIX=/home/me/probe
is "leaves its configuration" "$(files)" /home/me/probe/etc/goprobe.conf

passes "make configure" make -s configure CONFIG_MK="$TMP/config.mk" PREFIX=/opt/probe DB_PATH=/srv/flows
is "keeps what it was given" "$(cat "$TMP/config.mk")" "PREFIX ?= /opt/probe
DB_PATH ?= /srv/flows"
is "for install, too" "$(make -s -n install-files CONFIG_MK="$TMP/config.mk" | grep -c 'install -D.* /opt/probe/bin/')" 5
is "and says so where something is missing" "$(packaging/configure no-such-library 2>&1 >/dev/null)" \
    "missing: no-such-library; on Debian and Ubuntu, sudo make deps installs them"
done_testing
