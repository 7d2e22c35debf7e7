/* SPDX-License-Identifier: MIT
 *
 * csv_reader.c -- libcsv, with line numbers and a limit.
 *
 *      bytes --> lines --> csv_parse() --> fields --> record --> caller's function
 *                  |
 *                  +-- longer than RECORD_BYTES: told as a problem, skipped to the
 *                      next line break
 *
 * libcsv is fed one line at a time.  That is what tells on which line a record begins
 * although a quoted field may hold line breaks, and it keeps libcsv's buffer, which
 * would take a gigabyte without a line break as one field, at RECORD_BYTES.
 *
 * Nearly all lines hold no quote and no blank at a field's end, which is all that
 * libcsv would look for: those are parted at their commas right here, eight bytes at a
 * time.  libcsv looks at each byte in turn and copies it twice.
 *
 * It does not know what the columns mean, and refuses nothing that libcsv takes: CRLF,
 * blanks around fields, a quote in the middle of a field.
 */
#include "shell/csv_reader.h"

#include <csv.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { PARSER_OPTIONS = CSV_APPEND_NULL | CSV_REPALL_NL };

static const char too_long[] = "the row is longer than 16 KiB; is a quote left open?";

struct csv_reader {
    struct csv_parser parser;
    csv_reader_fn *fn;
    void *arg;
    bool is_stopped; /* fn wants no more */
    bool is_skipping;
    bool is_out_of_memory;
    uint64_t line;       /* from 1; that the next byte belongs to */
    uint64_t fed_line;   /* that the last bytes fed belong to */
    size_t record_bytes; /* fed of the record that is being read */
    size_t text_length;
    struct csv_reader_record record;
    char text[CSV_READER_RECORD_BYTES + CSV_READER_FIELDS];
};

/* --- Records ---------------------------------------------------------------------- */

static void
start_record(struct csv_reader *reader)
{
    reader->record.field_count = 0;
    reader->record.problem = NULL;
    reader->record.first_line = reader->fed_line;
    reader->record_bytes = 0;
    reader->text_length = 0;
}

static void
tell_record(struct csv_reader *reader, const char *problem)
{
    reader->record.last_line = reader->fed_line;
    if (problem) reader->record.problem = problem;
    if (!reader->is_stopped)
        reader->is_stopped = !reader->fn(reader->arg, &reader->record);
    start_record(reader);
}

/* libcsv's field.  Records that end in a bare CR are fed together with what follows on
 * the line, so that one of them can be longer than what feed() lets through. */
static void
take_field(void *data, size_t length, void *arg)
{
    struct csv_reader *reader = arg;
    struct csv_reader_record *record = &reader->record;
    if (length >= sizeof reader->text - reader->text_length) {
        record->problem = too_long;
    } else if (record->field_count < CSV_READER_FIELDS) {
        char *text = reader->text + reader->text_length;
        memcpy(text, data, length);
        text[length] = '\0';
        record->fields[record->field_count] = (struct csv_reader_field){text, length};
        reader->text_length += length + 1;
    }
    record->field_count++;
}

/* libcsv's end of a record, or, as CSV_REPALL_NL asks, of a line without one. */
static void
take_end(int terminator, void *arg)
{
    struct csv_reader *reader = arg;
    if (reader->record.field_count > 0)
        tell_record(reader, NULL);
    else
        start_record(reader);
    /* Behind a bare CR the next record begins on this line, not where feed() is called
     * next. */
    if (terminator == '\r') reader->record_bytes = 1;
}

/* --- Lines ------------------------------------------------------------------------ */

static void
refuse_record(struct csv_reader *reader, const char *problem)
{
    csv_free(&reader->parser);
    csv_init(&reader->parser, PARSER_OPTIONS);
    tell_record(reader, problem);
}

static void
feed(struct csv_reader *reader, const char *bytes, size_t length)
{
    if (reader->record_bytes == 0) reader->record.first_line = reader->line;
    reader->fed_line = reader->line;
    reader->record_bytes += length;
    if (reader->record_bytes > CSV_READER_RECORD_BYTES) {
        refuse_record(reader, too_long);
        reader->is_skipping = true;
        return;
    }
    if (csv_parse(&reader->parser, bytes, length, take_field, take_end, reader) !=
        length)
        reader->is_out_of_memory = true;
}

/* --- Lines without quotes --------------------------------------------------------- */

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The high bit of each byte that is a comma. */
static uint64_t
find_commas(const char *at)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word) ^ UINT64_C(0x0101010101010101) * ',';
    return ~(((word & low) + low) | word | low);
}

/* False where the field has blanks that do not count. */
static bool
part_field(struct csv_reader_record *record, char *text, char *end)
{
    if (end > text && (is_blank(*text) || is_blank(end[-1]))) return false;
    *end = '\0';
    if (record->field_count < CSV_READER_FIELDS)
        record->fields[record->field_count] =
            (struct csv_reader_field){text, (size_t)(end - text)};
    record->field_count++;
    return true;
}

/* Part the line at its commas; false where that is not all. */
static bool
part_fields(struct csv_reader *reader, size_t length)
{
    struct csv_reader_record *record = &reader->record;
    char *text = reader->text, *end = reader->text + length, *field = text;
    memset(end, 0, sizeof(uint64_t)); /* no comma behind the end */
    for (; text < end; text += sizeof(uint64_t))
        for (uint64_t commas = find_commas(text); commas; commas &= commas - 1) {
            char *comma = text + __builtin_ctzll(commas) / 8;
            if (!part_field(record, field, comma)) return false;
            field = comma + 1;
        }
    return part_field(record, field, end);
}

/* Tell about the line, which has no quote, without libcsv; false where it needs that.
 * Its length is without the line break. */
static bool
take_plain(struct csv_reader *reader, const char *line, size_t length, bool has_cr)
{
    if (has_cr && length > 0 && line[length - 1] == '\r') length--;
    if (reader->record_bytes > 0 || length == 0 || length >= CSV_READER_RECORD_BYTES)
        return false;
    if (has_cr && memchr(line, '\r', length)) return false;
    memcpy(reader->text, line, length);
    if (!part_fields(reader, length)) {
        reader->record.field_count = 0;
        return false;
    }
    reader->record.first_line = reader->fed_line = reader->line;
    tell_record(reader, NULL);
    return true;
}

/* --- Bytes ------------------------------------------------------------------------ */

static void
feed_lines(struct csv_reader *reader, const char *at, const char *end)
{
    const bool has_quote = memchr(at, '"', (size_t)(end - at)) != NULL;
    const bool has_cr = memchr(at, '\r', (size_t)(end - at)) != NULL;
    while (at < end && !reader->is_stopped && !reader->is_out_of_memory) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        const size_t length = (size_t)((newline ? newline : end) - at);
        const bool is_plain = newline && !(has_quote && memchr(at, '"', length));
        if (!reader->is_skipping &&
            !(is_plain && take_plain(reader, at, length, has_cr)))
            feed(reader, at, (size_t)(next - at));
        if (newline) {
            reader->line++;
            reader->is_skipping = false;
        }
        at = next;
    }
}

static int
end_call(struct csv_reader *reader)
{
    reader->fn = NULL;
    reader->arg = NULL;
    return reader->is_out_of_memory ? GODB_ENOMEM : GODB_OK;
}

int
csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t length,
    csv_reader_fn *fn, void *arg)
{
    reader->fn = fn;
    reader->arg = arg;
    feed_lines(reader, bytes, bytes + length);
    return end_call(reader);
}

/* An open quote is no end. */
int
csv_reader_finish(struct csv_reader *reader, csv_reader_fn *fn, void *arg)
{
    reader->fn = fn;
    reader->arg = arg;
    if (!reader->is_stopped && !reader->is_skipping && !reader->is_out_of_memory) {
        csv_set_opts(&reader->parser, PARSER_OPTIONS | CSV_STRICT | CSV_STRICT_FINI);
        if (csv_fini(&reader->parser, take_field, take_end, reader) != 0)
            refuse_record(reader, "a quote is never closed");
    }
    return end_call(reader);
}

/* --- Readers ---------------------------------------------------------------------- */

void
csv_reader_reset(struct csv_reader *reader)
{
    csv_free(&reader->parser);
    csv_init(&reader->parser, PARSER_OPTIONS);
    reader->is_stopped = reader->is_skipping = reader->is_out_of_memory = false;
    reader->line = reader->fed_line = 1;
    start_record(reader);
}

struct csv_reader *
csv_reader_new(void)
{
    struct csv_reader *reader = malloc(sizeof *reader);
    if (reader == NULL) return NULL;
    csv_init(&reader->parser, PARSER_OPTIONS);
    csv_reader_reset(reader);
    return reader;
}

void
csv_reader_free(struct csv_reader *reader)
{
    if (reader == NULL) return;
    csv_free(&reader->parser);
    free(reader);
}

bool
csv_reader_is_inside(const struct csv_reader *reader)
{
    return reader->is_skipping || reader->record_bytes > 0;
}

uint64_t
csv_reader_line_count(const struct csv_reader *reader)
{
    return reader->line - 1;
}
