/* SPDX-License-Identifier: MIT
 *
 * csv_row.c -- see csv_row.h.  Pure: no files, no state.
 *
 * Fields come from strangers.  A number is decimal digits and nothing else, so that
 * "-1", "1e3", "" and "12 " (which strtoull(3) would take or make something of) are
 * refused; a text that holds a NUL is refused wherever it is, because no reader of
 * C strings would look behind it.
 */
#include "shell/csv_row.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv_reader_field text_field;

enum { L7_TEXT_MAX = 63, SURE_DIGITS = 19, MADE_UP_IDS = 16384 };

/* --- Reasons ---------------------------------------------------------------------- */

/* A field's beginning for a message: one line, printable, short. */
static void
quote(char out[40], const text_field *field)
{
    size_t length = field->length < 36 ? field->length : 33;
    for (size_t i = 0; i < length; i++)
        out[i] = field->text[i];
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)out[i] < ' ' || (unsigned char)out[i] >= 0x7f) out[i] = '?';
    memcpy(out + length, field->length < 36 ? "" : "...", field->length < 36 ? 1 : 4);
}

static bool
refuse(char reason[CSV_ROW_REASON], enum csv_field field, const text_field *text,
    const char *why)
{
    char quoted[40];
    quote(quoted, text);
    if (text->length == 0)
        snprintf(reason, CSV_ROW_REASON, "%s is empty", csv_columns_name(field));
    else
        snprintf(
            reason, CSV_ROW_REASON, "%s '%s' %s", csv_columns_name(field), quoted, why);
    return false;
}

/* --- Fields ----------------------------------------------------------------------- */

enum number { NUMBER_OK, NUMBER_NONE, NUMBER_TOO_BIG };

static enum number
parse_number(uint64_t *out, const text_field *text)
{
    uint64_t value = 0;
    bool fits = true;
    if (text->length == 0) return NUMBER_NONE;
    if (text->length <= SURE_DIGITS) {
        for (size_t i = 0; i < text->length; i++) {
            const unsigned digit = (unsigned)(unsigned char)text->text[i] - '0';
            if (digit > 9) return NUMBER_NONE;
            value = value * 10 + digit;
        }
        *out = value;
        return NUMBER_OK;
    }
    for (size_t i = 0; i < text->length; i++) {
        const unsigned digit = (unsigned)(unsigned char)text->text[i] - '0';
        if (digit > 9) return NUMBER_NONE;
        fits = fits && !__builtin_mul_overflow(value, 10u, &value) &&
               !__builtin_add_overflow(value, digit, &value);
    }
    *out = value;
    return fits ? NUMBER_OK : NUMBER_TOO_BIG;
}

static bool
is_text(const text_field *text)
{
    return text->length > 0 && memchr(text->text, '\0', text->length) == NULL;
}

static bool
parse_counter(uint64_t *out, enum csv_field field, const text_field *text, char *reason)
{
    switch (parse_number(out, text)) {
    case NUMBER_OK:
        return true;
    case NUMBER_NONE:
        return refuse(reason, field, text, "is not a number");
    default:
        return refuse(
            reason, field, text, "is out of range (0 to 18446744073709551615)");
    }
}

static bool
parse_port(uint16_t *out, const text_field *text, char *reason)
{
    uint64_t value;
    const enum number got = parse_number(&value, text);
    if (got == NUMBER_NONE)
        return refuse(reason, CSV_FIELD_DPORT, text, "is not a number");
    if (got == NUMBER_TOO_BIG || value > UINT16_MAX)
        return refuse(reason, CSV_FIELD_DPORT, text, "is out of range (0 to 65535)");
    *out = (uint16_t)value;
    return true;
}

static bool
parse_proto(uint8_t *out, const text_field *text, char *reason)
{
    uint64_t value;
    switch (parse_number(&value, text)) {
    case NUMBER_NONE:
        break;
    case NUMBER_OK:
        *out = (uint8_t)value;
        if (value <= UINT8_MAX) return true;
        /* fall through */
    default:
        return refuse(reason, CSV_FIELD_PROTO, text, "is out of range (0 to 255)");
    }
    const int number = is_text(text) ? godb_proto_number(text->text) : -1;
    if (number < 0)
        return refuse(reason, CSV_FIELD_PROTO, text, "is not a protocol's name");
    *out = (uint8_t)number;
    return true;
}

/* Names are written into the database for others to print. */
static bool
parse_l7_text(
    const char **out, enum csv_field field, const text_field *text, char *reason)
{
    if (text->length == 0) return true;
    if (text->length > L7_TEXT_MAX)
        return refuse(reason, field, text, "is too long for a name");
    for (size_t i = 0; i < text->length; i++)
        if ((unsigned char)text->text[i] < ' ' || text->text[i] == 0x7f)
            return refuse(reason, field, text, "holds a control character");
    *out = text->text;
    return true;
}

/* For a name that libprotoident has not: the same one in every file, above those that
 * libraries give. */
static uint16_t
made_up_id(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return (uint16_t)(UINT16_MAX - hash % MADE_UP_IDS);
}

/* "-1" or "1e3" is a number gone wrong, "1kxun" is a name. */
static bool
looks_like_number(const char *text)
{
    char *end;
    (void)strtod(text, &end);
    return *end == '\0' || !isalnum((unsigned char)*text);
}

static bool
parse_l7_name(struct csv_row *row, const text_field *text, char *reason)
{
    if (!is_text(text) || looks_like_number(text->text))
        return refuse(
            reason, CSV_FIELD_L7PROTO, text, "is neither a number nor a name");
    const int id = godb_l7_id(godb_l7_libprotoident(), text->text);
    row->flow.l7proto = id < 0 ? made_up_id(text->text) : (uint16_t)id;
    if (id < 0) return parse_l7_text(&row->l7_name, CSV_FIELD_L7PROTO, text, reason);
    row->l7_name = godb_l7_name(godb_l7_libprotoident(), row->flow.l7proto);
    return true;
}

static bool
parse_l7proto(struct csv_row *row, const text_field *text, char *reason)
{
    uint64_t value;
    switch (parse_number(&value, text)) {
    case NUMBER_NONE:
        return parse_l7_name(row, text, reason);
    case NUMBER_OK:
        row->flow.l7proto = (uint16_t)value;
        if (value <= UINT16_MAX) return true;
        /* fall through */
    default:
        return refuse(reason, CSV_FIELD_L7PROTO, text, "is out of range (0 to 65535)");
    }
}

static bool
parse_ip(uint8_t out[GODB_IP_BYTES], enum csv_field field, const text_field *text,
    char *reason)
{
    if (is_text(text) && godb_ip_parse(out, text->text)) return true;
    return refuse(reason, field, text, "is not an IP address");
}

/* Epoch seconds, or an absolute notation.  Relative ones would say another time with
 * every run. */
static bool
parse_time(int64_t *out_s, const text_field *text, char *reason)
{
    uint64_t epoch_s;
    const enum number got = parse_number(&epoch_s, text);
    bool is_time = got == NUMBER_OK;
    *out_s = is_time && epoch_s <= GODB_STAMP_MAX ? (int64_t)epoch_s : 0;
    if (got == NUMBER_NONE && is_text(text) && *text->text != '-')
        is_time = godb_time_parse(out_s, text->text, 0, NULL) == GODB_OK;
    if (got == NUMBER_NONE && !is_time)
        return refuse(reason, CSV_FIELD_TIME, text, "is not a time");
    if (*out_s < GODB_STAMP_MIN || *out_s > GODB_STAMP_MAX - GODB_INTERVAL_S)
        return refuse(reason, CSV_FIELD_TIME, text, "is out of range");
    return true;
}

static bool
parse_iface(const char **out, const text_field *text, char *reason)
{
    struct godb_err err;
    if (text->length == 0) return true; /* the command line's counts */
    if (!is_text(text))
        return refuse(reason, CSV_FIELD_IFACE, text, "holds a NUL byte");
    *out = text->text;
    if (godb_iface_check(text->text, &err) == GODB_OK) return true;
    return refuse(reason, CSV_FIELD_IFACE, text, "cannot be an interface's name");
}

static bool
parse_field(
    struct csv_row *row, enum csv_field field, const text_field *text, char *reason)
{
    struct godb_flow *flow = &row->flow;
    switch (field) {
    case CSV_FIELD_TIME:
        return parse_time(&row->time_s, text, reason);
    case CSV_FIELD_IFACE:
        return parse_iface(&row->iface, text, reason);
    case CSV_FIELD_SIP:
        return parse_ip(flow->sip, field, text, reason);
    case CSV_FIELD_DIP:
        return parse_ip(flow->dip, field, text, reason);
    case CSV_FIELD_DPORT:
        return parse_port(&flow->dport, text, reason);
    case CSV_FIELD_PROTO:
        return parse_proto(&flow->proto, text, reason);
    case CSV_FIELD_L7PROTO:
        return parse_l7proto(row, text, reason);
    case CSV_FIELD_L7_NAME:
        return parse_l7_text(&row->l7_name, field, text, reason);
    case CSV_FIELD_L7_CATEGORY:
        return parse_l7_text(&row->l7_category, field, text, reason);
    case CSV_FIELD_BYTES_RCVD:
        return parse_counter(&flow->bytes_rcvd, field, text, reason);
    case CSV_FIELD_BYTES_SENT:
        return parse_counter(&flow->bytes_sent, field, text, reason);
    case CSV_FIELD_PACKETS_RCVD:
        return parse_counter(&flow->packets_rcvd, field, text, reason);
    case CSV_FIELD_PACKETS_SENT:
        return parse_counter(&flow->packets_sent, field, text, reason);
    case CSV_FIELD_COUNT:
        break;
    }
    return true;
}

/* --- Rows ------------------------------------------------------------------------- */

/* nfdump has type and code of ICMP, "8.0", where others have a port. */
static bool
is_icmp_code(const text_field *text)
{
    const size_t digits = strspn(text->text, "0123456789");
    return digits > 0 && text->text[digits] == '.';
}

bool
csv_row_parse(struct csv_row *out, const struct csv_columns *columns,
    const struct csv_reader_record *record, char reason[CSV_ROW_REASON])
{
    if (record->problem) {
        snprintf(reason, CSV_ROW_REASON, "%s", record->problem);
        return false;
    }
    if (record->field_count != columns->count) {
        snprintf(reason, CSV_ROW_REASON, "%zu columns instead of %zu",
            record->field_count, columns->count);
        return false;
    }
    out->iface = NULL;
    out->l7_name = columns->at[CSV_FIELD_L7PROTO] < 0 ? NULL : "";
    out->l7_category = "";
    out->flow.l7proto = 0;
    out->flow.bytes_sent = out->flow.packets_sent = 0;
    for (int field = 0; field < CSV_FIELD_COUNT; field++) {
        const int column = columns->at[field];
        if (field == CSV_FIELD_DPORT && columns->is_nfdump &&
            is_icmp_code(&record->fields[column]))
            out->flow.dport = 0;
        else if (column >= 0 && !parse_field(out, (enum csv_field)field,
                                    &record->fields[column], reason))
            return false;
    }
    return true;
}
