#!/bin/bash
# libgodb for other programs: the examples build with nothing but the installed header and
# godb.pc, without a warning, and do what they say.
set -u
. tests/lib.sh
if ! command -v "${PKG_CONFIG:-pkg-config}" >/dev/null; then
    skip "programs link with libgodb" "pkg-config is not installed"
    done_testing
fi
prefix=$TMP/prefix
passes "libgodb is installed" make -s install-files BUILD="$(basename "$BUILD_DIR")" CONFIG_MK="$TMP/none.mk" PREFIX="$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
is "its version is the library's" "$(pkg-config --modversion godb)" "$(sed -n 's/^#define GODB_VERSION "\(.*\)"/\1/p' godb/godb.h)"

# What the library needs of a sanitizer or of gcov is the program's to link.
built_with=()
case $BUILD_DIR in
*/asan) built_with=(-fsanitize=address -fsanitize=undefined) ;;
*/tsan) built_with=(-fsanitize=thread) ;;
*/cover) built_with=(--coverage) ;;
esac
for source in "$prefix"/share/doc/goprobe/examples/*.c; do
    name=$(basename "$source" .c)
    # shellcheck disable=SC2046
    passes "$name builds from what is installed" env -C "$TMP" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$source" \
        $(pkg-config --cflags --libs godb) "${built_with[@]}" -o "$name"
done
is "there are examples" "$(find "$TMP" -maxdepth 1 -type f -executable | wc -l)" 3

cd "$TMP" || exit 1
cat >flows <<'END'
10.0.0.1 192.0.2.7 443 6 1000 5 200 3
10.0.0.2 192.0.2.7 443 6 700 5 100 3
2001:db8::1 2001:db8::2 53 17 80 1 60 1
END
passes "append_block appends" ./append_block db lab0 1700006700 <flows
fails "append_block refuses a stamp that is not later" ./append_block db lab0 1700006700 <flows
has "with the reason" "$(cat err)" "append_block: lab0: "
fails "append_block refuses what is no flow" ./append_block db lab0 1700007000 <<<"10.0.0.1 nobody 443 6 1 1 1 1"
is "with the line" "$(cat err)" "append_block: line 1 is no flow"
is "print_flows prints them" "$(./print_flows db lab0)" \
"1700006700 10.0.0.1 > 192.0.2.7 port 443 Invalid 1000 200
1700006700 10.0.0.2 > 192.0.2.7 port 443 Invalid 700 100
1700006700 2001:db8::1 > 2001:db8::2 port 53 Invalid 80 60"
is "print_flows hears times" "$(./print_flows db lab0 -1d)" ""
is "top_talkers sums" "$(./top_talkers db)" \
"10.0.0.1                                        1200 bytes  56.1 %
10.0.0.2                                         800 bytes  37.4 %
2001:db8::1                                      140 bytes   6.5 %"
is "top_talkers hears conditions" "$(./top_talkers db 'dport = 53')" \
"2001:db8::1                                      140 bytes 100.0 %"
fails "top_talkers says what is wrong with one" ./top_talkers db 'dport ='
has "in words" "$(cat err)" "top_talkers: "
is "SQL sees what they stored" "$(cd "$OLDPWD" && sql "SELECT goprobe_scope('db', '$TMP/db')" "SELECT count(*), sum(bytes) FROM flows" | tail -n 1)" "3|2140"
done_testing
