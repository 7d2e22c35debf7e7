#!/bin/bash
# The documents: every example of the SQL reference, the cookbook and the README prints
# what stands below it, and the reference leaves nothing out.
set -u
. tests/lib.sh
root=$PWD
for name in $(sql "SELECT name FROM pragma_table_xinfo('flows') WHERE hidden = 0
        UNION SELECT name FROM pragma_table_xinfo('traffic') WHERE name NOT LIKE '%ndition' UNION
        SELECT name FROM pragma_table_xinfo('blocks') UNION SELECT name FROM pragma_table_xinfo('interfaces')"); do
    grep -q "\`$name\`" docs/sql.md || missing="${missing:-} $name"
done
is "the reference has every column" "${missing:-}" ""
# What is run there, fences of sql alone.
examples=$(awk '/^```sql/ { on = 1; next } /^```/ { on = 0 } on' docs/sql.md)
missing=
for name in flows traffic blocks interfaces goprobe_scope ip_in human_bytes human_count \
    $(sql "SELECT name FROM sqlite_temp_schema WHERE type = 'view'"); do
    grep -qw "$name" <<<"$examples" || missing+=" $name"
done
is "every table, view and function has an example" "$missing" ""
is "the cookbook has twenty questions" "$(grep -c '^### [0-9]*\. .*[?)]$' docs/cookbook.md)" 20
# What the README tells people to type, beyond its examples.
missing=
while read -r target; do
    grep -qE "^$target:" Makefile || missing+=" $target"
done < <(grep -oE 'make [a-z]+( [a-z]+)?' README.md | sed 's/^make //' | tr ' ' '\n')
is "every make target of the README is one" "$missing" ""
while read -r path; do
    [ -s "$path" ] || missing+=" $path"
done < <(grep -oE 'docs/[a-z-]+[.][a-z]+' README.md)
is "and every file of docs/" "$missing" ""
fails "its pictures are small" test "$(find docs -name '*.png' -size +199k)"

case $BUILD_DIR in
*/asan | */tsan) skip "examples" "a stock shell cannot load a sanitized extension"; done_testing ;;
esac
command -v faketime >/dev/null || { skip "examples" "faketime is not installed"; done_testing; }
"$BUILD_DIR/tests/host/mkoffice" "$TMP/office" || exit 1
cd "$TMP" || exit 1
results=$(python3 "$root/tests/docs.py" check "$BUILD_DIR" "$root/docs/sql.md" "$root/docs/cookbook.md" "$root/README.md")
while IFS= read -r line; do
    case $line in
    "ok "*) ok "${line#ok * - }" ;;
    "not ok "*) not_ok "${line#not ok * - }" ;;
    "#"*) echo "$line" ;;
    esac
done <<<"$results"
has "there are examples" "$results" "ok 55 - "
sed 's/^10.1.0.23 /10.1.0.24 /' "$root/docs/cookbook.md" >wrong.md
fails "an output that is not would be found" python3 "$root/tests/docs.py" check "$BUILD_DIR" wrong.md
done_testing
