/* SPDX-License-Identifier: MIT
 *
 * csv_reader.c -- libcsv, with line numbers and a limit.
 *
 *      csv_source --> lines --> csv_parse() --> fields --> record --> caller's function
 *                       |
 *                       +-- longer than RECORD_BYTES: told as a problem, skipped to the
 *                           next line break
 *
 * libcsv is fed one line at a time.  That is what tells on which line a record begins
 * although a quoted field may hold line breaks, and it keeps libcsv's buffer, which
 * would take a gigabyte without a line break as one field, at RECORD_BYTES.
 *
 * Nearly all lines hold no quote, blank or CR, which is all that libcsv would look for:
 * those are parted at their commas right here, which takes a third of the time.
 *
 * It does not know what the columns mean, and refuses nothing that libcsv takes: CRLF,
 * a BOM, blanks around fields, a quote in the middle of a field.
 */
#include "shell/csv_reader.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "shell/shell_err.h"

enum { CHUNK_BYTES = 1 << 17, PARSER_OPTIONS = CSV_APPEND_NULL | CSV_REPALL_NL };

static const char too_long[] = "the row is longer than 16 KiB; is a quote left open?";

struct reader {
    struct csv_parser parser;
    csv_reader_fn *fn;
    void *arg;
    bool is_stopped; /* fn wants no more */
    bool is_skipping;
    bool is_out_of_memory;
    uint64_t line;       /* from 1; that the next byte belongs to */
    uint64_t fed_line;   /* that the last bytes fed belong to */
    size_t record_bytes; /* fed of the record that is being read */
    bool is_begun;       /* something is read */
    size_t text_length;
    struct csv_reader_record record;
    char text[CSV_READER_RECORD_BYTES + CSV_READER_FIELDS];
    char chunk[CHUNK_BYTES];
};

/* --- Records ---------------------------------------------------------------------- */

static void
start_record(struct reader *reader)
{
    reader->record.field_count = 0;
    reader->record.problem = NULL;
    reader->record.first_line = reader->fed_line;
    reader->record_bytes = 0;
    reader->text_length = 0;
}

static void
tell_record(struct reader *reader, const char *problem)
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
    struct reader *reader = arg;
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
    struct reader *reader = arg;
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
refuse_record(struct reader *reader, const char *problem)
{
    csv_free(&reader->parser);
    csv_init(&reader->parser, PARSER_OPTIONS);
    tell_record(reader, problem);
}

static void
feed(struct reader *reader, const char *bytes, size_t length)
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

/* Is the line a record that needs no libcsv?  Its length is without the line break. */
static bool
is_plain(const struct reader *reader, const char *line, size_t length)
{
    static const char special[] = "\"\r \t";
    if (reader->record_bytes > 0 || length == 0 || length >= CSV_READER_RECORD_BYTES)
        return false;
    for (const char *c = special; *c; c++)
        if (memchr(line, *c, length)) return false;
    return true;
}

static void
part_line(struct reader *reader, const char *line, size_t length)
{
    struct csv_reader_record *record = &reader->record;
    char *at = memcpy(reader->text, line, length), *end = at + length;
    *end = '\0';
    record->first_line = reader->fed_line = reader->line;
    for (;;) {
        char *comma = memchr(at, ',', (size_t)(end - at));
        char *field_end = comma ? comma : end;
        *field_end = '\0';
        if (record->field_count < CSV_READER_FIELDS)
            record->fields[record->field_count] =
                (struct csv_reader_field){at, (size_t)(field_end - at)};
        record->field_count++;
        if (comma == NULL) break;
        at = comma + 1;
    }
    tell_record(reader, NULL);
}

static void
feed_chunk(struct reader *reader, size_t length)
{
    const char *at = reader->chunk, *end = reader->chunk + length;
    while (at < end && !reader->is_stopped) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        if (!reader->is_skipping) {
            if (newline && is_plain(reader, at, (size_t)(newline - at)))
                part_line(reader, at, (size_t)(newline - at));
            else
                feed(reader, at, (size_t)(next - at));
        }
        if (newline) {
            reader->line++;
            reader->is_skipping = false;
        }
        at = next;
    }
}

/* The last line may lack its line break; an open quote is no end. */
static void
feed_end(struct reader *reader)
{
    if (reader->is_stopped || reader->is_skipping) return;
    csv_set_opts(&reader->parser, PARSER_OPTIONS | CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(&reader->parser, take_field, take_end, reader) != 0)
        refuse_record(reader, "a quote is never closed");
}

/* --- Reading ---------------------------------------------------------------------- */

static void
skip_bom(struct reader *reader, size_t got)
{
    const bool has_bom =
        !reader->is_begun && got >= 3 && memcmp(reader->chunk, "\xef\xbb\xbf", 3) == 0;
    if (has_bom) memset(reader->chunk, ' ', 3);
    reader->is_begun = true;
}

static int
read_all(struct reader *reader, struct csv_source *source, struct godb_err *err)
{
    while (!reader->is_stopped && !reader->is_out_of_memory) {
        size_t got;
        int rc = csv_source_read(source, reader->chunk, CHUNK_BYTES, &got, err);
        if (rc != GODB_OK) return rc;
        if (got == 0) break;
        skip_bom(reader, got);
        feed_chunk(reader, got);
    }
    if (!reader->is_out_of_memory) feed_end(reader);
    if (reader->is_out_of_memory)
        return shell_err(
            err, GODB_ENOMEM, "%s: out of memory", csv_source_name(source));
    return GODB_OK;
}

int
csv_reader_run(
    struct csv_source *source, csv_reader_fn *fn, void *arg, struct godb_err *err)
{
    struct reader *reader = malloc(sizeof *reader);
    if (reader == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    reader->fn = fn;
    reader->arg = arg;
    reader->is_stopped = reader->is_skipping = reader->is_out_of_memory = false;
    reader->line = reader->fed_line = 1;
    reader->is_begun = false;
    start_record(reader);
    csv_init(&reader->parser, PARSER_OPTIONS);
    int rc = read_all(reader, source, err);
    csv_free(&reader->parser);
    free(reader);
    return rc;
}
