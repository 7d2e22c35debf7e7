#!/bin/bash
# docs/ecosystem.md, word by word: each block that has an output is run, and prints that.
set -u
. tests/lib.sh
case $BUILD_DIR in
*/asan | */tsan)
    skip "programs that use SQLite load the extension" "a sanitizer build cannot be loaded by them"
    done_testing
    ;;
esac
python=/usr/bin/python3
[ -x "$python" ] || python=python3
"$python" tests/e2e/ecosystem.py docs/ecosystem.md "$TMP" "$BUILD_DIR"
