/* SPDX-License-Identifier: MIT
 *
 * godb.h -- read, append to and aggregate a goDB flow database.
 *
 * A database is a directory:   <root>/<iface>/<day>/<column>.gpf  (+ meta.json)
 *
 *      flow    one row: who talked to whom, and how much
 *      block   every flow of one interface in one interval, one array per column
 *      day     the blocks whose stamps fall into one UTC day: one directory
 *
 * A block's stamp is the END of its interval: block S holds the traffic of
 * (S - GODB_INTERVAL_S, S].  docs/format.md gives the bytes.
 *
 * Ownership.  Handles that come back through an `out` parameter belong to the
 * caller, who gives them to the matching _close/_free (each takes NULL).  Every
 * other pointer is borrowed, and its comment says until when.
 *
 * Errors.  Functions that can fail return an enum godb_status: GODB_OK,
 * GODB_DONE (nothing left; not an error) or a negative error.  They fill *err on
 * error only, and err may be NULL.  No global and no thread-local error exists.
 *
 * Damage.  Every byte read from disk is untrusted.  A block that cannot be read
 * is told to the caller's godb_warn_fn, skipped, and the rest still answers.
 *
 * Units are in names: _s is seconds since the epoch (UTC), _bytes is bytes.
 * Integers are in host byte order everywhere above this header.
 *
 * Threads.  Any number of readers beside one writer per interface, in one process
 * or many; one handle belongs to one thread at a time.  The library prints
 * nothing, never exits, and opens nothing for writing when asked to read.
 */
#ifndef GODB_GODB_H
#define GODB_GODB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GODB_VERSION "0.1.0"

enum {
    GODB_DAY_S = 86400,    /* length of a day directory */
    GODB_INTERVAL_S = 300, /* length of a block's interval */
    GODB_DAY_BLOCKS = 512, /* slots in a column file's header */
    GODB_IP_BYTES = 16,    /* IPv4 sits in the first four, the rest is zero */
    GODB_IP_TEXT = 46,     /* longest address as text, with its NUL */
    GODB_IFACE_MAX = 64,   /* interface name, with its NUL */
    GODB_PATH_MAX = 4096,  /* any path inside a database, with its NUL */
};

/* --- Errors ------------------------------------------------------------------- */

enum godb_status {
    GODB_DONE = 1, /* an iteration has nothing left */
    GODB_OK = 0,
    GODB_EARG = -1, /* the caller's argument: a name, a condition, a time */
    GODB_ENOMEM = -2,
    GODB_EIO = -3,       /* the system refused; os_errno says why */
    GODB_ENOTFOUND = -4, /* no such database, interface or day */
    GODB_ECORRUPT = -5,  /* bytes on disk break docs/format.md */
    GODB_EBUSY = -6,     /* another writer holds the lock */
    GODB_EFULL = -7,     /* the day already has GODB_DAY_BLOCKS blocks */
    GODB_ECANCELLED = -8 /* the caller's godb_stop_fn said so */
};

struct godb_err {
    enum godb_status status;
    int os_errno;  /* 0 where no system call failed */
    char msg[512]; /* one line, no newline: which file or option, what, why */
};

/* A short lower-case name of the status.  Static string; never NULL. */
const char *godb_status_name(enum godb_status status);

/* Told about each thing that was skipped; *warning is borrowed for the call. */
typedef void godb_warn_fn(void *arg, const struct godb_err *warning);

/* Asked between blocks; true ends the operation with GODB_ECANCELLED.  May be called
 * from other threads than the operation's, but in that one every few milliseconds. */
typedef bool godb_stop_fn(void *arg);

/* --- Columns and flows -------------------------------------------------------- */

enum godb_column {
    GODB_SIP,
    GODB_DIP,
    GODB_PROTO,
    GODB_DPORT,
    GODB_L7PROTO,
    GODB_BYTES_RCVD,
    GODB_BYTES_SENT,
    GODB_PACKETS_RCVD,
    GODB_PACKETS_SENT,
    GODB_COLUMN_COUNT
};

#define GODB_COLUMN_BIT(col) (1u << (col))
#define GODB_COLUMNS_ALL     ((1u << GODB_COLUMN_COUNT) - 1)

struct godb_column_def {
    const char *name;    /* as in SQL: "packets_rcvd" */
    const char *file;    /* as on disk: "pkts_rcvd.gpf" */
    uint8_t width_bytes; /* of one value: 16, 8, 2 or 1 */
};

/* Indexed by enum godb_column, whose order is the order of writing. */
extern const struct godb_column_def godb_columns[GODB_COLUMN_COUNT];

/* One flow as a row: what capture and import produce. */
struct godb_flow {
    uint8_t sip[GODB_IP_BYTES], dip[GODB_IP_BYTES];
    uint16_t dport;
    uint16_t l7proto; /* in the name space that the writer was opened with */
    uint8_t proto;    /* IANA protocol number */
    uint64_t bytes_rcvd, bytes_sent, packets_rcvd, packets_sent;
};

/* --- Addresses and names ------------------------------------------------------- */

/* An address is IPv4 when its last 12 bytes are zero.  The format has no other mark,
 * so the IPv6 addresses for which that holds (`::` among them) read as IPv4. */
static inline bool
godb_ip_is_v4(const uint8_t ip[GODB_IP_BYTES])
{
    uint64_t last;
    uint32_t before;
    memcpy(&before, ip + 4, sizeof before);
    memcpy(&last, ip + 8, sizeof last);
    return (before | last) == 0;
}

/* Canonical text: dotted quad, or IPv6 by RFC 5952 with mapped addresses in hex
 * groups.  Returns the length. */
size_t godb_ip_format(char out[GODB_IP_TEXT], const uint8_t ip[GODB_IP_BYTES]);

/* Accepts what inet_pton(3) does; a mapped address with dots (::ffff:1.2.3.4) is
 * IPv4.  False, and *out untouched, for anything else. */
bool godb_ip_parse(uint8_t out[GODB_IP_BYTES], const char *text);

/* A network.  Families never mix: an IPv4 network holds IPv4 addresses only, an IPv6
 * network IPv6 addresses only. */
struct godb_net {
    uint8_t addr[GODB_IP_BYTES]; /* host bits are zero */
    uint8_t prefix_bits;         /* of the first 4, or of all 16 bytes */
    bool is_v4;
};

/* "10.0.0.0/8", "2001:db8::/32", or an address alone; host bits are masked away.
 * False, and *out untouched, for anything else. */
bool godb_net_parse(struct godb_net *out, const char *text);
bool godb_net_holds(const struct godb_net *net, const uint8_t ip[GODB_IP_BYTES]);

/* IANA protocol name in upper case ("TCP"), or NULL where none is assigned.  Static. */
const char *godb_proto_name(uint8_t proto);

/* The number of a protocol name in any letter case, or -1. */
int godb_proto_number(const char *name);

/* A layer 7 name space: the id -> name -> category table of one detection library.
 * Ids mean nothing without it: libraries reuse them from release to release. */
struct godb_l7_names;

struct godb_l7_entry {
    uint16_t id;
    const char *name, *category;
};

/* The name space of every block that says nothing else.  Static. */
const struct godb_l7_names *godb_l7_libprotoident(void);

/* Copies everything.  `library` is name and version, "nDPI 4.2.0".  Ids must be
 * unique, names not empty.  GODB_EARG, GODB_ENOMEM. */
int godb_l7_names_new(struct godb_l7_names **out, const char *library,
    const struct godb_l7_entry *entries, size_t count, struct godb_err *err);
void godb_l7_names_free(struct godb_l7_names *names);

/* Borrowed from names.  Ids outside the table have a name and a category too
 * ("Unknown" and "Uncategorised"): never NULL. */
const char *godb_l7_library(const struct godb_l7_names *names);
const char *godb_l7_name(const struct godb_l7_names *names, uint16_t id);
const char *godb_l7_category(const struct godb_l7_names *names, uint16_t id);

/* The lowest id with this name, in any letter case, or -1. */
int godb_l7_id(const struct godb_l7_names *names, const char *name);

/* --- Times --------------------------------------------------------------------- */

/* Every notation that goquery's -f and -l take: epoch seconds, relative to now_s
 * ("-1d", "-15d:04h:05m"), and the absolute ones listed in docs/sql.md; without a
 * zone they are local time.  GODB_EARG names the text. */
int godb_time_parse(
    int64_t *out_s, const char *text, int64_t now_s, struct godb_err *err);

/* --- Sizes --------------------------------------------------------------------- */

/* "1073741824", "1048576KiB", "1024 M" or "1g": units are powers of 1024, up to TiB.
 * GODB_EARG, naming the text, for anything else, 0, and what is 2^64 or more. */
int godb_size_parse(uint64_t *out_bytes, const char *text, struct godb_err *err);

/* --- Database ------------------------------------------------------------------ */

struct godb;

enum godb_open_flags {
    GODB_READ = 0,
    GODB_WRITE = 1, /* append to an existing database */
    GODB_CREATE = 3 /* GODB_WRITE, and make the directory if it is missing */
};

/* GODB_ENOTFOUND, GODB_EIO where root is no readable directory. */
int godb_open(
    struct godb **out, const char *root, unsigned flags, struct godb_err *err);
void godb_close(struct godb *db);

/* The path given to godb_open(); borrowed until godb_close(). */
const char *godb_root(const struct godb *db);

/* May this be an interface's name?  Names are directory names and come from
 * strangers: empty, longer than GODB_IFACE_MAX - 1, a leading dot, '/', control
 * characters are GODB_EARG. */
int godb_iface_check(const char *name, struct godb_err *err);

/* Does the database have this interface?  False for names that cannot be one; true too
 * for a symbolic link, which is told when it is opened. */
bool godb_has_iface(const struct godb *db, const char *name);

/* Its place among the database's interfaces by name, from 0; -1 where it is not there.
 */
int godb_iface_number(const struct godb *db, const char *name);

struct godb_iface_info {
    char name[GODB_IFACE_MAX];
    int64_t begin_s, end_s; /* stamps of the first and last block; 0 where none */
    uint64_t flow_count, block_count;
    uint64_t traffic_bytes; /* sum of bytes_rcvd and bytes_sent, from meta.json */
    bool has_traffic;       /* false: some day has no meta.json to say */
    uint64_t disk_bytes;    /* of all column files */
};

/* Interfaces of the database ordered by name, found by listing its directories, from
 * headers and metadata only.  Give *out to godb_ifaces_free().  An empty database is
 * no error.  Unreadable days go to warn; it and stop may be NULL. */
int godb_ifaces(struct godb *db, struct godb_iface_info **out, size_t *out_count,
    godb_warn_fn *warn, void *warn_arg, godb_stop_fn *stop, void *stop_arg,
    struct godb_err *err);
void godb_ifaces_free(struct godb_iface_info *ifaces);

/* --- Selecting ----------------------------------------------------------------- */

/* Which blocks: those of the interfaces with first_s <= stamp <= last_s. */
struct godb_selection {
    const char *const *ifaces; /* NULL: every interface */
    size_t iface_count;
    int64_t first_s, last_s; /* inclusive stamps */
};

#define GODB_STAMP_MIN INT64_C(1)
#define GODB_STAMP_MAX (INT64_MAX - INT64_C(2) * GODB_DAY_S)

/* Narrow *sel to the blocks whose interval overlaps the open interval (from_s, to_s),
 * as goquery's -f and -l mean it.  GODB_EARG where from_s >= to_s. */
int godb_selection_overlap(
    struct godb_selection *sel, int64_t from_s, int64_t to_s, struct godb_err *err);

struct godb_size {
    int64_t flow_count;
    size_t iface_count;
    int64_t begin_s, end_s; /* stamps of the first and the last block */
};

/* About how much there is of the selection's interfaces, at all times: what
 * summary.json says, unchecked, so for estimates alone.  GODB_ENOTFOUND where it says
 * nothing of them. */
int godb_size(struct godb_size *out, const struct godb *db,
    const struct godb_selection *sel, struct godb_err *err);

/* --- Conditions ---------------------------------------------------------------- */

/* A parsed condition: a predicate over one flow, evaluated on whole column blocks.
 * Immutable once built, so that threads may share it. */
struct godb_filter;

/* Turns a host name in a condition into addresses; writes up to max of them into out
 * and returns how many there are, or -1 when the name does not resolve. */
typedef int godb_resolve_fn(
    void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max);

/* Parse a goQuery condition (grammar in docs/sql.md).  resolve may be NULL: host names
 * are then errors.  An empty or blank text gives a filter that takes every flow.
 *
 * GODB_EARG: err->msg is one line that names the column, counted from 1, and what was
 * expected there; *error_at (may be NULL) gets its byte offset, from 0. */
int godb_filter_parse(struct godb_filter **out, const char *text,
    godb_resolve_fn *resolve, void *resolve_arg, size_t *error_at,
    struct godb_err *err);
void godb_filter_free(struct godb_filter *filter);

enum godb_cmp { GODB_EQ, GODB_NE, GODB_LT, GODB_GT, GODB_LE, GODB_GE };

/* Build filters from parts, for callers that have no text.  Each GODB_OK or
 * GODB_ENOMEM; `values` and `ips` are copied.
 *
 * _number: column is any but SIP and DIP.  _numbers and _ips: the column's value is
 * one of those; an empty list takes no flow.  _net: SIP or DIP lies in
 * addr/prefix_bits; families never mix: an IPv4 network holds IPv4 addresses only.
 * _const: every flow or none. */
int godb_filter_number(struct godb_filter **out, enum godb_column column,
    enum godb_cmp cmp, uint64_t value);
int godb_filter_numbers(struct godb_filter **out, enum godb_column column,
    const uint64_t *values, size_t count);
int godb_filter_ips(struct godb_filter **out, enum godb_column column,
    const uint8_t (*ips)[GODB_IP_BYTES], size_t count);
int godb_filter_net(
    struct godb_filter **out, enum godb_column column, const struct godb_net *net);
int godb_filter_const(struct godb_filter **out, bool takes_all);

/* Both, in this order.  Takes a and b (either may be NULL: takes every flow) whatever
 * it returns; *out may be NULL where both are. */
int godb_filter_and(
    struct godb_filter **out, struct godb_filter *a, struct godb_filter *b);

/* Bits of the columns that it looks at; filter may be NULL. */
unsigned godb_filter_columns(const struct godb_filter *filter);

/* Canonical text, which parses back to an equal filter where it came from a text,
 * unless shorthands made it longer than the 64 KiB that a condition may have; the
 * caller frees it with free(3).  NULL: out of memory. */
char *godb_filter_text(const struct godb_filter *filter);

/* --- Blocks: metadata only ------------------------------------------------------ */

/* Why packets were not counted to any flow. */
enum godb_undecoded {
    GODB_NOT_IP,     /* ARP, LLDP, ... */
    GODB_TRUNCATED,  /* too little of them was captured */
    GODB_BAD_HEADER, /* an IP header contradicts itself */
    GODB_TOO_DEEP,   /* too many VLAN tags or MPLS labels */
    GODB_UNDECODED_COUNT
};

/* What an interface's packets came to in one interval; -1 in a field: not known. */
struct godb_pcap_stats {
    int64_t received, dropped, if_dropped;
    int64_t undecoded[GODB_UNDECODED_COUNT];
};

#define GODB_PCAP_STATS_UNKNOWN                                                        \
    {                                                                                  \
        -1, -1, -1,                                                                    \
        {                                                                              \
            -1, -1, -1, -1                                                             \
        }                                                                              \
    }

struct godb_block_info {
    const char *iface; /* borrowed until the list is closed */
    int64_t time_s;
    uint64_t flow_count;
    int64_t traffic_bytes, packets_logged; /* -1: meta.json does not say */
    struct godb_pcap_stats pcap;
    uint64_t compressed_bytes, raw_bytes; /* of all columns */
    char status[256]; /* "ok", or what is wrong as far as headers can tell */
};

struct godb_block_list;

/* Walk blocks by interface, day and slot.  sel is copied.  GODB_ENOTFOUND where sel
 * names an interface that the database does not have. */
int godb_block_list_open(struct godb_block_list **out, struct godb *db,
    const struct godb_selection *sel, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err);
int godb_block_list_next(
    struct godb_block_list *list, struct godb_block_info *out, struct godb_err *err);
void godb_block_list_close(struct godb_block_list *list);

/* --- Live: flows that are not written yet ---------------------------------------- */

/* What a goprobe has counted of the interval at hand and not written yet, at one
 * moment: one block for each of its interfaces.  Immutable, so that threads may share
 * it. */
struct godb_live;

/* The socket's name where nobody says another; in the database's directory. */
#define GODB_LIVE_SOCKET "goprobe.sock"

/* Ask the goprobe that captures into the database; path is its socket's, NULL for the
 * usual place.  stop (may be NULL) is asked several times a second.  GODB_ENOTFOUND
 * where none answers there: then none has anything that is not written.  GODB_EIO where
 * it may not be asked, or fails to answer; GODB_ECORRUPT, GODB_ECANCELLED. */
int godb_live_open(struct godb_live **out, const struct godb *db, const char *path,
    godb_stop_fn *stop, void *stop_arg, struct godb_err *err);
void godb_live_free(struct godb_live *live);

/* --- Scan: flows, block by block ------------------------------------------------- */

enum godb_block_key { GODB_BLOCK_TIME, GODB_BLOCK_IFACE };

struct godb_block_order {
    enum godb_block_key key;
    bool descending;
};

struct godb_scan_spec {
    struct godb_selection sel;
    unsigned columns;                 /* bits of the columns to decode */
    const struct godb_filter *filter; /* NULL: every flow; borrowed until close */
    /* Flows that are not stored yet come with the stored ones, each once: as the last
     * block of their interface, in no day.  NULL: stored ones alone; borrowed until
     * close. */
    const struct godb_live *live;
    /* Blocks come by these; what they leave equal by interface, day and slot as
     * written, which is the order without them.  With them all headers of the selection
     * are read first.  An aggregation ignores them. */
    struct godb_block_order block_order[2];
    size_t block_order_count;
    godb_warn_fn *warn; /* may be NULL */
    void *warn_arg;
    godb_stop_fn *stop; /* may be NULL */
    void *stop_arg;
};

/* In place of a slot: the block is of a running capture, and not stored. */
#define GODB_SLOT_LIVE UINT32_MAX

/* The wanted columns of one block, as arrays in host byte order, and which rows passed
 * the filter.  Borrowed until the next godb_scan_next() or godb_scan_close(). */
struct godb_chunk {
    const char *iface;
    int64_t time_s;
    uint32_t slot; /* of the block in its day, or GODB_SLOT_LIVE */
    const struct godb_l7_names *l7_names; /* what the block's l7proto ids mean */
    uint32_t row_count;                   /* in the block */
    uint32_t selected_count;              /* passed the filter; never 0 */
    const uint32_t *selected;             /* row numbers, rising; NULL: all rows */
    /* NULL where the column was not asked for.  Values before the first and behind
     * the last selected row are undefined. */
    const uint8_t (*sip)[GODB_IP_BYTES], (*dip)[GODB_IP_BYTES];
    const uint8_t *proto;
    const uint16_t *dport, *l7proto;
    const uint64_t *counters[4]; /* bytes_rcvd, bytes_sent, packets_rcvd, _sent */
};

struct godb_scan;

/* GODB_ENOTFOUND where the selection names an interface that the database does not
 * have; GODB_ECANCELLED. */
int godb_scan_open(struct godb_scan **out, struct godb *db,
    const struct godb_scan_spec *spec, struct godb_err *err);

/* The next block with at least one selected row.  Reads and decompresses the filter's
 * columns, and the others only where a row passed; with no columns and no filter it
 * reads headers only. */
int godb_scan_next(
    struct godb_scan *scan, struct godb_chunk *out, struct godb_err *err);
void godb_scan_close(struct godb_scan *scan);

/* --- Index ------------------------------------------------------------------------ */

/* Each day may have a blocks.index, which tells what its blocks hold: questions about
 * few addresses or ports then skip blocks, and stored bytes are checked by their hash.
 * Writers keep it; days that came otherwise can be given one.  It can be deleted at any
 * time: answers stay the same. */
struct godb_index_counts {
    uint64_t day_count;     /* of days that were looked at */
    uint64_t block_count;   /* in them */
    uint64_t indexed_count; /* of blocks: have a record */
    uint64_t bad_count;     /* of blocks: cannot be read, or not as they were written */
    uint64_t built_count;   /* of days: got a new index */
    uint64_t busy_count;    /* of days: left alone, as a writer is at work there */
};

enum godb_index_mode {
    GODB_INDEX_CHECK,   /* count, change nothing */
    GODB_INDEX_MISSING, /* build what is missing or does not fit its columns */
    GODB_INDEX_ALL      /* build all, and take the stored bytes for right */
};

/* Over the days of the selection.  warn (may be NULL) hears of what cannot be read, and
 * of days that cannot be indexed.  GODB_EIO where an index could not be written. */
int godb_index(struct godb_index_counts *out, struct godb *db,
    const struct godb_selection *sel, enum godb_index_mode mode, godb_warn_fn *warn,
    void *warn_arg, struct godb_err *err);

/* --- Checking ----------------------------------------------------------------------
 */

enum godb_severity {
    GODB_NOTE,    /* nothing is wrong; better to know, or to tidy up */
    GODB_WARNING, /* answers are right; something beside the flows is not */
    GODB_DAMAGE   /* flows or what they mean cannot be read, or not as written */
};

enum godb_repair {
    GODB_NOT_REPAIRABLE,
    GODB_REPAIRABLE, /* without loss, by a check with does_repair */
    GODB_REPAIRED,
    GODB_REPAIR_FAILED /* reason says why, too */
};

/* Texts are borrowed for the call. */
struct godb_problem {
    enum godb_severity severity;
    const char *kind;  /* a short name that stays: "hash", "link", "mode" */
    const char *path;  /* of the file or directory, below the root */
    const char *iface; /* NULL: it is none's */
    int64_t time_s;    /* of the block; 0: of no single one */
    enum godb_repair repair;
    const char *reason; /* one line */
};

typedef void godb_problem_fn(void *arg, const struct godb_problem *problem);

struct godb_check_counts {
    uint64_t iface_count, day_count, block_count, flow_count;
    uint64_t bad_block_count;
    uint64_t note_count, warning_count, damage_count; /* repaired ones included */
    uint64_t repaired_count;                          /* of warnings and damages */
    uint64_t busy_count; /* of interfaces that a program is writing to */
};

struct godb_check_spec {
    const char *const *ifaces; /* NULL: every interface, and the root's own files */
    size_t iface_count;
    bool does_repair;
    godb_problem_fn *problem; /* may be NULL */
    /* Told before each day; may be NULL. */
    void (*progress)(void *arg, uint64_t day, uint64_t day_count, uint64_t flow_count);
    void *arg;
    godb_stop_fn *stop; /* may be NULL */
    void *stop_arg;
};

/* Read all there is, and tell each problem.  With does_repair, what can be put right
 * without losing anything is: nothing is deleted, what has to go is moved to
 * .quarantine/<time>/ in the database, which no reader looks into.  GODB_EBUSY, with
 * nothing changed, where it is to repair an interface that a program is writing to;
 * GODB_ENOTFOUND where an interface is not there; GODB_EIO, GODB_ECANCELLED. */
int godb_check(struct godb_check_counts *out, struct godb *db,
    const struct godb_check_spec *spec, struct godb_err *err);

/* --- Deleting --------------------------------------------------------------------- */

struct godb_clean_counts {
    uint64_t day_count, block_count, flow_count; /* deleted, or would be */
    uint64_t disk_bytes;                         /* of their columns */
    uint64_t iface_count; /* of interfaces that had nothing left and are gone too */
    uint64_t busy_count;  /* of days: left alone, as a writer may be at work there */
    uint64_t kept_count;  /* of directories: hold files that are not goDB's */
};

/* Delete the days of all interfaces that end at or before before_s; GODB_STAMP_MAX for
 * all there are.  Each is gone at once or not at all, also after a crash; summary.json
 * follows.  What is not goDB's stays, and is told to warn (may be NULL), as is what
 * could not be deleted.  is_dry: only count. */
int godb_clean(struct godb_clean_counts *out, struct godb *db, int64_t before_s,
    bool is_dry, godb_warn_fn *warn, void *warn_arg, struct godb_err *err);

/* --- Aggregation ------------------------------------------------------------------ */

/* What rows are grouped by. */
enum godb_dim {
    GODB_DIM_TIME,
    GODB_DIM_IFACE,
    GODB_DIM_SIP,
    GODB_DIM_DIP,
    GODB_DIM_DPORT,
    GODB_DIM_PROTO,
    GODB_DIM_L7PROTO,     /* the number, whatever name space it is from */
    GODB_DIM_L7_NAME,     /* the name it has in its block's name space */
    GODB_DIM_L7_CATEGORY, /* likewise */
    GODB_DIM_COUNT
};

#define GODB_DIM_BIT(dim) (1u << (dim))

/* What is summed.  Sums stop at UINT64_MAX instead of wrapping. */
enum godb_measure {
    GODB_SUM_BYTES_RCVD,
    GODB_SUM_BYTES_SENT,
    GODB_SUM_PACKETS_RCVD,
    GODB_SUM_PACKETS_SENT,
    GODB_SUM_BYTES,   /* both directions */
    GODB_SUM_PACKETS, /* likewise */
    GODB_SUM_FLOWS,   /* stored rows */
    GODB_SUM_COUNT
};

#define GODB_SUM_BIT(sum) (1u << (sum))
#define GODB_SUMS_ALL     ((1u << GODB_SUM_COUNT) - 1)

/* A sort key: a dimension or a sum. */
enum godb_key {
    GODB_KEY_DIM = 0,  /* + enum godb_dim */
    GODB_KEY_SUM = 32, /* + enum godb_measure */
};

struct godb_order {
    unsigned key; /* enum godb_key plus offset */
    bool descending;
};

enum { GODB_ORDER_MAX = 12 };

struct godb_aggregate_spec {
    struct godb_scan_spec scan; /* its columns are ignored: dims and sums say */
    unsigned dims;              /* GODB_DIM_BITs; 0: one row with the totals */
    unsigned sums;              /* GODB_SUM_BITs; the others come out as 0 */
    /* Sorted by these, addresses by their text; what they leave equal comes in the
     * order of the dimensions' bytes, so that the same question always gives the same
     * rows in the same order. */
    struct godb_order order[GODB_ORDER_MAX];
    size_t order_count;
    int64_t limit; /* rows to give; -1: all */
    int threads;   /* to work with, at most 64; 0: one a core */
    /* Of the process, about: groups that do not fit go to a temporary file in the
     * directory that SQLITE_TMPDIR or TMPDIR names, or else in /var/tmp, and the answer
     * is the same.  8 MiB and 6 MiB a thread of it, but at most half, are left to
     * what else is needed; blocks of more than some ten thousand flows come on top.
     * 0: half of the machine's memory or of what control groups allow, but no more than
     * three quarters of what is available. */
    uint64_t memory_bytes;
};

struct godb_result;

/* One group; fields of dimensions that were not asked for are zero or NULL. */
struct godb_row {
    int64_t time_s;
    const char *iface, *l7_name, *l7_category; /* borrowed from the result */
    uint8_t sip[GODB_IP_BYTES], dip[GODB_IP_BYTES];
    uint16_t dport, l7proto;
    uint8_t proto;
    uint64_t sums[GODB_SUM_COUNT];
};

/* Filter, group, sum, sort and cut.  With dims == 0 there is one row, even where
 * nothing was selected.  GODB_EIO, naming the directory, where a temporary file is
 * needed and cannot be made or written. */
int godb_aggregate(struct godb_result **out, struct godb *db,
    const struct godb_aggregate_spec *spec, struct godb_err *err);
void godb_result_free(struct godb_result *result);

/* The next row in the order asked for; GODB_DONE after the last.  GODB_EIO where it
 * cannot be read back from the temporary file. */
int godb_result_next(
    struct godb_result *result, struct godb_row *out, struct godb_err *err);

/* How many groups there are, whatever the limit. */
uint64_t godb_result_group_count(const struct godb_result *result);

/* A number for the row's dimensions: the same for equal ones in any result of any
 * question, different (but for chance, 1 in 2^64) for others. */
uint64_t godb_row_id(const struct godb_row *row);

/* Sums over everything that was selected, GODB_SUM_COUNT of them; borrowed. */
const uint64_t *godb_result_totals(const struct godb_result *result);

/* a + b, or UINT64_MAX where that does not fit. */
static inline uint64_t
godb_sum(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* --- Writing ---------------------------------------------------------------------- */

/* A block being built: rows in, columns out. */
struct godb_block;

int godb_block_new(struct godb_block **out); /* or ENOMEM */
int godb_block_add(struct godb_block *block, const struct godb_flow *flow); /* same */
void godb_block_reset(struct godb_block *block); /* empty, memory kept */
void godb_block_free(struct godb_block *block);
size_t godb_block_count(const struct godb_block *block);

/* How much time a smaller block is worth. */
enum godb_effort {
    GODB_EFFORT_SMALL, /* milliseconds for a block of some thousand flows */
    GODB_EFFORT_QUICK  /* a quarter of that; 4 % larger */
};

/* What packing needs, for one thread at a time; or ENOMEM. */
struct godb_packer;
int godb_packer_new(struct godb_packer **out, enum godb_effort effort);
void godb_packer_free(struct godb_packer *packer);

/* Sort and compress a block that will be stamped time_s, in any thread, so that
 * godb_writer_append() has only to write it.  Rows that are added later undo it.
 * GODB_EARG where the rows are too many, GODB_ENOMEM. */
int godb_block_pack(struct godb_packer *packer, struct godb_block *block,
    int64_t time_s, struct godb_err *err);

struct godb_writer;

/* Append blocks to one interface; makes its directory.  l7_names is what the flows'
 * l7proto ids mean, NULL for libprotoident's; borrowed until close.  Waits a bounded
 * time for another writer of the same interface, then GODB_EBUSY.  warn (may be NULL)
 * hears of what was mended, and of side files that could not be brought up to date. */
int godb_writer_open(struct godb_writer **out, struct godb *db, const char *iface,
    const struct godb_l7_names *l7_names, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err);

struct godb_block_stats {
    struct godb_pcap_stats pcap;
    /* Packets decoded and counted; -1: the sum of the block's packets. */
    int64_t packets_logged;
};

/* Stage one block, stamped time_s, all columns or nothing.  It becomes visible with the
 * next commit; a step to another day commits the day before by itself.  stats may be
 * NULL: not known.  A block that is not packed for this stamp is packed here: its rows
 * are sorted by sip, dip, proto and dport, which makes it smaller on disk and faster to
 * scan; nothing else in it changes.
 *
 * GODB_EARG where time_s is not later than the interface's last block; GODB_EFULL;
 * GODB_EIO.  After an error nothing of this block will be seen by anyone. */
int godb_writer_append(struct godb_writer *writer, int64_t time_s,
    struct godb_block *block, const struct godb_block_stats *stats,
    struct godb_err *err);

/* Make what is staged durable and visible: each block with all its columns, or, after
 * a crash at any point, without any.  Then meta.json and summary.json follow. */
int godb_writer_commit(struct godb_writer *writer, struct godb_err *err);

/* The stamp of the interface's last block, staged ones included; 0 where none. */
int64_t godb_writer_last_s(const struct godb_writer *writer);

/* Drops what was not committed. */
void godb_writer_close(struct godb_writer *writer);

#endif /* GODB_GODB_H */
