# What `make -n` says of compiling, as a JSON compilation database.
/ -c -o [^ ]+\.o [^ ]+\.c$/ {
    command = $0
    gsub(/^[ \t]+/, "", command)
    gsub(/\\/, "\\\\", command)
    gsub(/"/, "\\\"", command)
    printf "%s\n  {\"directory\": \"%s\", \"file\": \"%s\",\n   \"command\": \"%s\"}", count++ ? "," : "[", dir, $NF, command
}
END { print count ? "\n]" : "[]" }
