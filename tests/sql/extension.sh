#!/bin/bash
# The extension in the stock shell: loads by path and by name, also when installed, exports
# one symbol, and leaves the user's own tables alone.
set -u
. tests/lib.sh
case $BUILD_DIR in
*/asan | */tsan)
    skip "the stock shell loads the extension" "a sanitizer build cannot be loaded by it"
    done_testing
    ;;
esac
so=$BUILD_DIR/goprobe.so
shell() { sqlite3 -batch -bail :memory: "$@" 2>&1; }

is "it exports one symbol" "$(nm -D --defined-only "$so" | awk '$3 !~ /^(__gcov|mangle_path)/ { print $3 }')" sqlite3_goprobe_init
is "it needs neither pcap nor nDPI" "$(ldd "$so" | grep -cE 'pcap|ndpi')" 0
is "it loads by its path" "$(shell ".load $so" "SELECT human_bytes(1)")" "1.00  B"
is "it loads by its bare name" "$(LD_LIBRARY_PATH=$BUILD_DIR shell '.load goprobe' 'SELECT human_count(1)')" "1.00  "
is "tables, functions and views are there" "$(shell ".load $so" "
    SELECT count(*) FROM pragma_module_list WHERE name IN ('flows', 'traffic', 'blocks', 'interfaces');
    SELECT group_concat(name) FROM (SELECT name FROM temp.sqlite_schema ORDER BY 1)")" \
"4
agg_talk_port,apps_dpi,apps_port,asymmetric,iface_summary,new_talkers,raw,report,scanners,talk_conv,talk_dst,talk_src,top_growth,traffic_5min,traffic_daily,traffic_hourly"
is "loading it twice does no harm" "$(shell ".load $so" ".load $so" 'SELECT 1')" 1
is "a user's own table of the same name is the user's" \
    "$(shell 'CREATE TABLE flows(a); INSERT INTO flows VALUES(7)' ".load $so" 'SELECT * FROM flows')" 7
mkdir "$TMP/db"
is "a database file is left alone" "$(GOPROBE_DB=$TMP/db sqlite3 -batch "$TMP/file.db" ".load $so" \
    'SELECT count(*) FROM raw' 'SELECT count(*) FROM main.sqlite_schema' 2>&1)" "0
0"
is "it loads with load_extension()" "$(shell "SELECT load_extension('$so')" 'SELECT human_count(1)')" "
1.00  "
has "tables cannot be written to" "$(shell ".load $so" 'DELETE FROM flows')" "may not be modified"

passes "make install puts it where DESTDIR says" make -s install-files BUILD="$(basename "$BUILD_DIR")" DESTDIR="$TMP/root" PREFIX=/usr
for file in lib/libgoprobe.so lib/goprobe.so bin/goquery bin/goconvert sbin/goprobe share/goprobe/sql/00_report.sql share/man/man8/goprobe.8; do
    if [ -e "$TMP/root/usr/$file" ]; then ok "$file is installed"; else not_ok "$file is installed"; fi
done
is "the installed one loads by name" "$(LD_LIBRARY_PATH=$TMP/root/usr/lib shell '.load goprobe' 'SELECT 1')" 1
passes "make uninstall takes it away" make -s uninstall DESTDIR="$TMP/root" PREFIX=/usr
is "only the configuration is left" "$(find "$TMP/root" ! -type d)" "$TMP/root/etc/goprobe.conf"
done_testing
