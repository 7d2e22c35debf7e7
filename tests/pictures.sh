#!/bin/bash
# make pictures: those of README.md, anew, from the database that the documents ask.
set -eu
cd "$(dirname "$0")/.."
build=${1:?usage: tests/pictures.sh BUILD_DIR}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC
"$build/tests/host/mkoffice" "$work/office"
"$build/goquery" -d "$work/office" -f "2026-11-23 03:00" -n 5 -report "$work/page.html"
shoot() { # FILE OPTIONS...
    local file=$1
    shift
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
        --window-size=1120,930 "$@" --screenshot="$PWD/$file" "file://$work/page.html" 2>/dev/null
}
shoot docs/report.png
shoot docs/report-dark.png --blink-settings=preferredColorScheme=0
