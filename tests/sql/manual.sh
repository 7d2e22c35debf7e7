#!/bin/bash
# The examples of goprobe-sql(7) run, and it knows every table, column and view.
set -u
. tests/lib.sh
manual=docs/goprobe-sql.7
"$BUILD_DIR/tests/host/mkdb" "$TMP/db" >/dev/null
examples=$(sed -n '/^.Sh EXAMPLES/,/^.Sh SEE ALSO/p' "$manual" |
    awk '/^.Bd/ { on = 1; next } /^.Ed/ { on = 0; next } on')
is "there are examples" "$([ "$(grep -c ';$' <<<"$examples")" -ge 6 ] && echo yes)" yes
passes "all of them run" sql "SELECT goprobe_scope('db', '$TMP/db'); $examples"
for table in flows traffic blocks interfaces; do
    missing=
    for column in $(sql "SELECT name FROM pragma_table_xinfo('$table') WHERE hidden = 0"); do
        grep -qw "$column" "$manual" || missing+=" $column"
    done
    is "it knows the columns of $table" "$missing" ""
done
missing=
for view in $(sql "SELECT name FROM sqlite_temp_schema WHERE type = 'view'"); do
    grep -qw "$view" "$manual" docs/sql.md || missing+=" $view"
done
is "it knows the views" "$missing" ""
done_testing
