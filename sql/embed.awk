# Turn SQL files into C string literals, one a file, for vtab/extension.c.
BEGIN { print "/* Generated from sql/ by embed.awk. */\nstatic const char *const sql_views[] = {" }
FNR == 1 { if (NR > 1) print "    ,"; print "    /* " FILENAME " */" }
{
    gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
    print "    \"" $0 "\\n\""
}
END { print "};" }
