/* SPDX-License-Identifier: MIT
 *
 * csv_intake.c -- see csv_intake.h.
 *
 *      source --> pieces of whole lines --> workers: reader, batch --> batches, in
 * order
 *
 * A piece that begins inside a quoted field cannot be told from one that does not: all
 * are read as if a record began there.  Where the piece before turns out to end inside
 * a record, its reader goes on with this one, and what the worker made of it is thrown
 * away.  So any file is read as by one reader; only one whose pieces all end inside
 * quotes is read by one thread.
 */
#include "shell/csv_intake.h"

#include <stdlib.h>
#include <string.h>

#include "shell/conveyor.h"
#include "shell/shell_err.h"

/* A piece is a millisecond's work or two, and in the cache. */
enum { PIECE_BYTES = 1 << 18, PIECES_A_WORKER = 3 };

struct piece {
    struct csv_reader *reader;
    struct csv_batch batch;
    const struct csv_batch_source *rows;
    size_t length;
    int rc;
    char bytes[PIECE_BYTES];
};

struct intake {
    struct csv_source *source;
    const struct csv_batch_source *rows;
    const struct csv_intake_calls *calls;
    struct godb_err *err;
    struct conveyor *conveyor;

    struct piece **pieces; /* as many as the conveyor has places */
    size_t piece_count, next_piece;
    struct piece *here;        /* that is read in this thread */
    struct csv_reader *spare;  /* or, where is_inside, the one that goes on */
    bool is_inside, is_begun;  /* begun: `begin` was called */
    bool is_filled, is_at_end; /* a piece; the source is */
    int rc;                    /* of `begin` */
    uint64_t line_base, lines; /* of the reader's reset; before the next piece */
    size_t rest_length;        /* of a line that goes on in the next piece */
    char rest[PIECE_BYTES];
};

/* --- Pieces ----------------------------------------------------------------------- */

static bool
take_record(void *arg, const struct csv_reader_record *record)
{
    struct piece *piece = arg;
    return csv_batch_take(&piece->batch, piece->rows, record);
}

static void
read_piece(struct piece *piece)
{
    piece->rc =
        csv_reader_feed(piece->reader, piece->bytes, piece->length, take_record, piece);
    if (piece->batch.is_short) piece->rc = GODB_ENOMEM;
}

static void
work(void *arg, unsigned worker, void *item)
{
    struct piece *piece = item;
    (void)arg;
    (void)worker;
    csv_batch_reset(&piece->batch);
    csv_reader_reset(piece->reader);
    read_piece(piece);
}

/* A byte order mark; blanks in front of a field do not count. */
static void
skip_bom(struct piece *piece)
{
    if (piece->length >= 3 && memcmp(piece->bytes, "\xef\xbb\xbf", 3) == 0)
        memset(piece->bytes, ' ', 3);
}

/* Fill a piece up to its last line break; a line that is longer than a piece is cut,
 * and will be refused.  An empty one is the end. */
static int
fill(struct intake *intake, struct piece *piece)
{
    size_t got = 1;
    memcpy(piece->bytes, intake->rest, intake->rest_length);
    piece->length = intake->rest_length;
    intake->rest_length = 0;
    while (got > 0 && piece->length < PIECE_BYTES) {
        int rc = csv_source_read(intake->source, piece->bytes + piece->length,
            PIECE_BYTES - piece->length, &got, intake->err);
        if (rc != GODB_OK) return rc;
        piece->length += got;
    }
    if (!intake->is_filled) skip_bom(piece);
    intake->is_filled = true;
    intake->is_at_end = got == 0;
    const char *newline = memrchr(piece->bytes, '\n', piece->length);
    if (got == 0 || newline == NULL) return GODB_OK;
    const size_t whole = (size_t)(newline + 1 - piece->bytes);
    intake->rest_length = piece->length - whole;
    memcpy(intake->rest, newline + 1, intake->rest_length);
    piece->length = whole;
    return GODB_OK;
}

/* --- In order --------------------------------------------------------------------- */

/* A record that is read here and not by a worker: the first one may be a header. */
static bool
take_here(void *arg, const struct csv_reader_record *record)
{
    struct intake *intake = arg;
    bool is_row = true;
    if (!intake->is_begun)
        intake->rc = intake->calls->begin(intake->calls->arg, record, &is_row);
    intake->is_begun = true;
    if (intake->rc != GODB_OK) return false;
    return !is_row || take_record(intake->here, record);
}

static void
swap_reader(struct intake *intake, struct piece *piece)
{
    struct csv_reader *reader = piece->reader;
    piece->reader = intake->spare;
    intake->spare = reader;
}

/* Go on with the reader of the piece before; at the end of the file, finish. */
static void
read_here(struct intake *intake, struct piece *piece)
{
    swap_reader(intake, piece);
    csv_batch_reset(&piece->batch);
    intake->here = piece;
    piece->rc = piece->length > 0 ? csv_reader_feed(piece->reader, piece->bytes,
                                        piece->length, take_here, intake)
                                  : csv_reader_finish(piece->reader, take_here, intake);
    if (piece->batch.is_short) piece->rc = GODB_ENOMEM;
}

static int
hand_over(struct intake *intake, struct piece *piece)
{
    if (intake->rc != GODB_OK) return intake->rc;
    if (piece->rc != GODB_OK)
        return shell_err(intake->err, piece->rc, "%s: out of memory",
            csv_source_name(intake->source));
    const bool is_over = piece->batch.is_over;
    int rc = intake->calls->take(intake->calls->arg, &piece->batch, intake->line_base);
    return rc == GODB_OK && is_over ? GODB_DONE : rc;
}

/* The next piece in the file's order, which has been read. */
static int
settle(struct intake *intake, struct piece *piece)
{
    if (intake->is_inside)
        read_here(intake, piece);
    else
        intake->line_base = intake->lines;
    intake->lines = intake->line_base + csv_reader_line_count(piece->reader);
    int rc = hand_over(intake, piece);
    /* Until there was a record, no other thread can know the columns. */
    intake->is_inside = csv_reader_is_inside(piece->reader) || !intake->is_begun;
    if (intake->is_inside) swap_reader(intake, piece);
    return rc;
}

/* Until a record has told the columns. */
static int
read_beginning(struct intake *intake)
{
    struct piece *piece = intake->pieces[0];
    int rc = GODB_OK;
    intake->is_inside = true;
    while (rc == GODB_OK && !intake->is_begun && !intake->is_at_end) {
        rc = fill(intake, piece);
        if (rc == GODB_OK && piece->length > 0) rc = settle(intake, piece);
    }
    return rc;
}

static int
read_rest(struct intake *intake)
{
    int rc = GODB_OK;
    for (;;) {
        while (!intake->is_at_end && conveyor_has_room(intake->conveyor)) {
            struct piece *piece =
                intake->pieces[intake->next_piece++ % intake->piece_count];
            if ((rc = fill(intake, piece)) != GODB_OK) return rc;
            if (piece->length > 0) conveyor_put(intake->conveyor, piece);
        }
        struct piece *piece = conveyor_take(intake->conveyor);
        if (piece == NULL) return GODB_OK;
        if ((rc = settle(intake, piece)) != GODB_OK) return rc;
    }
}

static int
read_end(struct intake *intake)
{
    struct piece *piece = intake->pieces[0];
    if (!intake->is_inside) return GODB_OK;
    piece->length = 0;
    return settle(intake, piece);
}

/* --- The whole -------------------------------------------------------------------- */

static int
make_piece(struct intake *intake)
{
    struct piece *piece = calloc(1, sizeof *piece);
    if (piece == NULL) return GODB_ENOMEM;
    intake->pieces[intake->piece_count++] = piece;
    piece->rows = intake->rows;
    piece->reader = csv_reader_new();
    return piece->reader ? GODB_OK : GODB_ENOMEM;
}

static int
make_all(struct intake *intake)
{
    const unsigned workers = conveyor_processors();
    const size_t count = (size_t)workers * PIECES_A_WORKER;
    intake->pieces = calloc(count, sizeof(struct piece *));
    intake->spare = csv_reader_new();
    intake->conveyor = conveyor_new(workers, count, work, NULL);
    int rc =
        intake->pieces && intake->spare && intake->conveyor ? GODB_OK : GODB_ENOMEM;
    while (rc == GODB_OK && intake->piece_count < count)
        rc = make_piece(intake);
    return rc;
}

static void
free_all(struct intake *intake)
{
    conveyor_free(intake->conveyor);
    for (size_t i = 0; i < intake->piece_count; i++) {
        csv_batch_free(&intake->pieces[i]->batch);
        csv_reader_free(intake->pieces[i]->reader);
        free(intake->pieces[i]);
    }
    free(intake->pieces);
    csv_reader_free(intake->spare);
    free(intake);
}

int
csv_intake_run(struct csv_source *source, const struct csv_batch_source *rows,
    const struct csv_intake_calls *calls, struct godb_err *err)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    intake->source = source;
    intake->rows = rows;
    intake->calls = calls;
    intake->err = err;
    int rc = make_all(intake);
    if (rc != GODB_OK) shell_err(err, rc, "out of memory");
    if (rc == GODB_OK) rc = read_beginning(intake);
    if (rc == GODB_OK) rc = read_rest(intake);
    if (rc == GODB_OK) rc = read_end(intake);
    free_all(intake);
    return rc == GODB_DONE ? GODB_OK : rc;
}
