/* SPDX-License-Identifier: MIT
 *
 * csv_columns.c -- see csv_columns.h.  A table of names, and how a header is read by
 * it.
 */
#include "shell/csv_columns.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shell/shell_err.h"

enum { DERIVED = -1, UNKNOWN = -2 };

/* What a field is called.  A second choice counts only where its first choice is
 * missing: SELECT * FROM flows gives both proto and proto_name.  Derived columns hold
 * nothing that the others do not. */
static const struct {
    const char *name;
    int field;
    bool is_second_choice;
} names[] = {
    {"time", CSV_FIELD_TIME, false},
    {"tstamp", CSV_FIELD_TIME, false},
    {"timestamp", CSV_FIELD_TIME, false},
    {"iface", CSV_FIELD_IFACE, false},
    {"interface", CSV_FIELD_IFACE, false},
    {"sip", CSV_FIELD_SIP, false},
    {"src", CSV_FIELD_SIP, false},
    {"dip", CSV_FIELD_DIP, false},
    {"dst", CSV_FIELD_DIP, false},
    {"dport", CSV_FIELD_DPORT, false},
    {"proto", CSV_FIELD_PROTO, false},
    {"proto_name", CSV_FIELD_PROTO, true},
    {"l7proto", CSV_FIELD_L7PROTO, false},
    {"l7_proto", CSV_FIELD_L7PROTO, false},
    {"l7_name", CSV_FIELD_L7_NAME, false},
    {"bytes_rcvd", CSV_FIELD_BYTES_RCVD, false},
    {"data vol. received", CSV_FIELD_BYTES_RCVD, false},
    {"bytes_sent", CSV_FIELD_BYTES_SENT, false},
    {"data vol. sent", CSV_FIELD_BYTES_SENT, false},
    {"packets_rcvd", CSV_FIELD_PACKETS_RCVD, false},
    {"pkts_rcvd", CSV_FIELD_PACKETS_RCVD, false},
    {"packets received", CSV_FIELD_PACKETS_RCVD, false},
    {"packets_sent", CSV_FIELD_PACKETS_SENT, false},
    {"pkts_sent", CSV_FIELD_PACKETS_SENT, false},
    {"packets sent", CSV_FIELD_PACKETS_SENT, false},
    {"category", CSV_FIELD_L7_CATEGORY, false},
    {"l7_category", CSV_FIELD_L7_CATEGORY, false},
    {"bytes", DERIVED, false},
    {"bytes_percent", DERIVED, false},
    {"data vol.", DERIVED, false},
    {"packets", DERIVED, false},
    {"packets_percent", DERIVED, false},
    {"%", DERIVED, false},
};

enum { NAME_COUNT = sizeof names / sizeof names[0] };

const char *
csv_columns_name(enum csv_field field)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (names[i].field == (int)field) return names[i].name;
    return "";
}

/* The row of the table above, or NAME_COUNT. */
static size_t
find_name(const char *text)
{
    size_t i = 0;
    while (i < NAME_COUNT && strcasecmp(names[i].name, text) != 0)
        i++;
    return i;
}

struct csv_columns
csv_columns_default(void)
{
    return (struct csv_columns){
        .count = 10,
        .at =
            {
                [CSV_FIELD_BYTES_RCVD] = 0,
                [CSV_FIELD_BYTES_SENT] = 1,
                [CSV_FIELD_DIP] = 2,
                [CSV_FIELD_DPORT] = 3,
                [CSV_FIELD_L7PROTO] = 4,
                [CSV_FIELD_PACKETS_RCVD] = 5,
                [CSV_FIELD_PACKETS_SENT] = 6,
                [CSV_FIELD_PROTO] = 7,
                [CSV_FIELD_SIP] = 8,
                [CSV_FIELD_TIME] = 9,
                [CSV_FIELD_IFACE] = -1,
                [CSV_FIELD_L7_NAME] = -1,
                [CSV_FIELD_L7_CATEGORY] = -1,
            },
    };
}

/* --- Headers ---------------------------------------------------------------------- */

/* Column `column` of a header, without the mark that the first one may carry. */
static const char *
header_name(const struct csv_reader_record *record, size_t column)
{
    static const char mark[] = "HEADER:";
    const char *text = record->fields[column].text;
    if (column > 0 || *text != '#') return text;
    text += 1 + strspn(text + 1, " \t");
    if (strncasecmp(text, mark, strlen(mark)) == 0) text += strlen(mark);
    return text + strspn(text, " \t");
}

static size_t
kept_fields(const struct csv_reader_record *record)
{
    return record->field_count < CSV_READER_FIELDS ? record->field_count
                                                   : CSV_READER_FIELDS;
}

bool
csv_columns_is_header(const struct csv_reader_record *record)
{
    bool has_name = false;
    if (record->problem) return false;
    if (record->fields[0].text[0] == '#') return true;
    for (size_t i = 0; i < kept_fields(record); i++) {
        if (isdigit((unsigned char)record->fields[i].text[0])) return false;
        has_name |= find_name(record->fields[i].text) < NAME_COUNT;
    }
    return has_name;
}

static void
note_column(csv_columns_note_fn *note, void *arg, const char *name, bool is_twice)
{
    if (note) note(arg, name, is_twice);
}

static bool
is_layer7(int field)
{
    return field == CSV_FIELD_L7PROTO || field == CSV_FIELD_L7_NAME ||
           field == CSV_FIELD_L7_CATEGORY;
}

/* Names say what numbers mean; where there are none, they stand for them. */
static void
settle_layer7(int16_t at[CSV_FIELD_COUNT])
{
    if (at[CSV_FIELD_L7PROTO] < 0) {
        at[CSV_FIELD_L7PROTO] = at[CSV_FIELD_L7_NAME];
        at[CSV_FIELD_L7_NAME] = -1;
    }
    if (at[CSV_FIELD_L7PROTO] < 0) at[CSV_FIELD_L7_CATEGORY] = -1;
}

static int
check_complete(const struct csv_columns *columns, struct godb_err *err)
{
    for (int field = 0; field < CSV_FIELD_COUNT; field++)
        if (columns->at[field] < 0 && field != CSV_FIELD_IFACE && !is_layer7(field))
            return shell_err(err, GODB_EARG, "the header has no column %s",
                csv_columns_name((enum csv_field)field));
    return GODB_OK;
}

int
csv_columns_read(struct csv_columns *out, const struct csv_reader_record *record,
    csv_columns_note_fn *note, void *note_arg, struct godb_err *err)
{
    bool is_second[CSV_FIELD_COUNT] = {false};
    if (record->field_count > CSV_READER_FIELDS)
        return shell_err(err, GODB_EARG, "the header has %zu columns; %d are possible",
            record->field_count, CSV_READER_FIELDS);
    out->count = record->field_count;
    out->is_nfdump = false;
    memset(out->at, -1, sizeof out->at);
    for (size_t column = 0; column < record->field_count; column++) {
        const char *text = header_name(record, column);
        const size_t name = find_name(text);
        const int field = name < NAME_COUNT ? names[name].field : UNKNOWN;
        if (field == UNKNOWN) note_column(note, note_arg, text, false);
        if (field < 0) continue;
        const bool is_new =
            out->at[field] < 0 || (is_second[field] && !names[name].is_second_choice);
        if (is_new) {
            out->at[field] = (int16_t)column;
            is_second[field] = names[name].is_second_choice;
        } else if (is_second[field] == names[name].is_second_choice) {
            note_column(note, note_arg, text, true);
        }
    }
    settle_layer7(out->at);
    return check_complete(out, err);
}

int
csv_columns_schema(struct csv_columns *out, const char *schema,
    csv_columns_note_fn *note, void *note_arg, struct godb_err *err)
{
    struct csv_reader_record record = {.field_count = 1};
    char *text = strdup(schema), *at = text;
    if (text == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    record.fields[0].text = at;
    while ((at = strchr(at, ',')) != NULL) {
        *at++ = '\0';
        if (record.field_count < CSV_READER_FIELDS)
            record.fields[record.field_count].text = at;
        record.field_count++;
    }
    struct godb_err why;
    int rc = csv_columns_read(out, &record, note, note_arg, &why);
    if (rc != GODB_OK) shell_err(err, GODB_EARG, "-schema: %.400s", why.msg);
    free(text);
    return rc;
}

/* --- nfdump ----------------------------------------------------------------------- */

/* A flow there has a source and a destination and no interface's view: what came into
 * the exporter counts as received.  Of two times the end counts, as that of a block. */
static const struct {
    const char *name;
    int field;
    bool is_second_choice;
} nfdump_names[] = {
    {"te", CSV_FIELD_TIME, false},
    {"lastSeen", CSV_FIELD_TIME, false},
    {"ts", CSV_FIELD_TIME, true},
    {"firstSeen", CSV_FIELD_TIME, true},
    {"sa", CSV_FIELD_SIP, false},
    {"srcAddr", CSV_FIELD_SIP, false},
    {"da", CSV_FIELD_DIP, false},
    {"dstAddr", CSV_FIELD_DIP, false},
    {"dp", CSV_FIELD_DPORT, false},
    {"dstPort", CSV_FIELD_DPORT, false},
    {"pr", CSV_FIELD_PROTO, false},
    {"proto", CSV_FIELD_PROTO, false},
    {"ibyt", CSV_FIELD_BYTES_RCVD, false},
    {"bytes", CSV_FIELD_BYTES_RCVD, false},
    {"obyt", CSV_FIELD_BYTES_SENT, false},
    {"ipkt", CSV_FIELD_PACKETS_RCVD, false},
    {"packets", CSV_FIELD_PACKETS_RCVD, false},
    {"opkt", CSV_FIELD_PACKETS_SENT, false},
};

int
csv_columns_read_nfdump(struct csv_columns *out, const struct csv_reader_record *record,
    struct godb_err *err)
{
    *out = (struct csv_columns){.count = record->field_count, .is_nfdump = true};
    memset(out->at, -1, sizeof out->at);
    for (size_t name = 0; name < sizeof nfdump_names / sizeof nfdump_names[0]; name++)
        for (size_t column = 0; column < kept_fields(record); column++) {
            const int field = nfdump_names[name].field;
            if (strcmp(record->fields[column].text, nfdump_names[name].name) == 0 &&
                (out->at[field] < 0 || !nfdump_names[name].is_second_choice))
                out->at[field] = (int16_t)column;
        }
    /* Flows of one direction have no columns for the other. */
    for (int field = 0; field < CSV_FIELD_COUNT; field++)
        if (out->at[field] < 0 && field != CSV_FIELD_IFACE && !is_layer7(field) &&
            field != CSV_FIELD_BYTES_SENT && field != CSV_FIELD_PACKETS_SENT)
            return shell_err(err, GODB_EARG,
                "this is no header of nfdump -o csv: it has no column for %s",
                csv_columns_name((enum csv_field)field));
    return GODB_OK;
}

bool
csv_columns_is_nfdump_end(const struct csv_reader_record *record)
{
    return !record->problem && record->field_count == 1 &&
           (strcmp(record->fields[0].text, "Summary") == 0 ||
               strcmp(record->fields[0].text, "No matching flows") == 0);
}

bool
csv_columns_is_footer(const struct csv_reader_record *record)
{
    static const char *const first[] = {
        "Overall packets",
        "Overall data volume (bytes)",
        "Received packets",
        "Sent packets",
        "Received data volume (bytes)",
        "Sent data volume (bytes)",
        "Sorting and flow direction",
        "Interface",
    };
    if (record->problem || record->field_count != 2) return false;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        if (strcmp(record->fields[0].text, first[i]) == 0) return true;
    return false;
}
