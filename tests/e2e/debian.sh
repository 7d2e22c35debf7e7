#!/bin/bash
# What the Debian packages are made from fits together; make deb-test tries them for real.
set -u
. tests/lib.sh
debian=packaging/debian
root=$TMP/root

# The places of debian/rules, with this machine's triplet.
# shellcheck disable=SC2016
places=$(sed -n '/^places = /,/[^\\]$/p' $debian/rules | sed 's/^places = //; s/\\$//; s/\$(DEB_HOST_MULTIARCH)/any-linux-gnu/' | tr '\n' ' ')
# shellcheck disable=SC2086
passes "files go where debian/rules wants them" make -s install-files BUILD="$(basename "$BUILD_DIR")" DESTDIR="$root" $places

# Files that debian/rules takes itself.
taken='^(etc/init.d/goprobe.init|usr/lib/sysusers.d/goprobe.conf|usr/share/doc/goprobe/.*)$'
mv "$root/usr/lib/any-linux-gnu/libgoprobe.so" "$root/usr/lib/any-linux-gnu/goprobe.so"
claimed=$TMP/claimed
for list in "$debian"/*.install; do
    while read -r pattern; do
        # shellcheck disable=SC2086
        found=$(cd "$root" && find $pattern ! -type d 2>/dev/null)
        echo "${found:-nothing is $pattern}"
    done <"$list"
done | sort >"$claimed"
is "every pattern finds a file" "$(grep '^nothing is' "$claimed")" ""
is "every file is in one package" "$(uniq "$claimed")" "$(cd "$root" && find . ! -type d | cut -c 3- | grep -vE "$taken" | sort)"
is "and in no second one" "$(uniq -d "$claimed")" ""

control=$(cat $debian/control)
needed=$(sed "/^Package:/,\$d" $debian/control)
missing=
while read -r package; do
    grep -qE "[ ,]${package}(,|\$)" <<<"$needed" || missing+=" $package"
done < <(sed -n '/^DEPS := /,/[^\\]$/p' Makefile | grep -oE '[a-z0-9.+-]+-dev\b' | grep -v libc6-dev)
is "what the build needs is in Build-Depends" "$missing" ""
missing=
while read -r library; do
    grep -qE "^Depends:.*lib${library#lib}-dev" <<<"$(sed -n '/^Package: libgodb-dev/,$p' <<<"$control")" || missing+=" $library"
done < <(sed -n 's/^Requires: //p' godb/godb.pc.in | tr ' ' '\n')
is "what godb.pc requires comes with libgodb-dev" "$missing" ""
done_testing
