/* SPDX-License-Identifier: MIT
 *
 * condition_parse.c -- goQuery's conditions, from text to a filter.
 *
 *      disjunction : conjunction ( OR conjunction )*
 *      conjunction : negation ( AND negation )*
 *      negation    : NOT* primary
 *      primary     : OPEN disjunction CLOSE | attribute comparison value
 *
 * A recursive descent with a bounded depth.  Shorthands become what they stand for:
 * host is sip or dip, net is snet or dnet, and `!=` on them means neither.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "godb/condition_lex.h"
#include "godb/error.h"
#include "godb/filter_node.h"

enum { VALUE_MAX = 256, HOST_ADDRESSES_MAX = 64 };

struct parser {
    const char *text;
    struct token token; /* the next one */
    size_t next;
    unsigned depth;
    godb_resolve_fn *resolve;
    void *resolve_arg;
    size_t *error_at;
    struct godb_err *err;
    bool failed;
};

static struct godb_filter *parse_disjunction(struct parser *p);

/* --- Tokens and errors ----------------------------------------------------------- */

static void
advance(struct parser *p)
{
    p->token = condition_token(p->text, p->next, &p->next);
}

static bool
is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && strlen(word) == token->length &&
           strncasecmp(token->start, word, token->length) == 0;
}

/* Only the first thing that goes wrong is told. */
static struct godb_filter *
fail_at(struct parser *p, size_t at, const char *what, const char *value)
{
    if (p->failed) return NULL;
    p->failed = true;
    if (p->error_at) *p->error_at = at;
    err_set(p->err, GODB_EARG, "condition: column %zu: %s%s%.60s%s", at + 1, what,
        value ? " '" : "", value ? value : "", value ? "'" : "");
    return NULL;
}

static struct godb_filter *
expected(struct parser *p, const char *what)
{
    char message[160];
    if (p->failed) return NULL;
    if (p->token.kind == TOKEN_BAD)
        return fail_at(p, p->token.at, "a quote that is never closed", NULL);
    if (p->token.kind == TOKEN_END) {
        snprintf(message, sizeof message, "expected %s, found the end", what);
    } else {
        snprintf(message, sizeof message, "expected %s, found '%.*s'", what,
            (int)(p->token.length > 40 ? 40 : p->token.length), p->token.start);
    }
    return fail_at(p, p->token.at, message, NULL);
}

static struct godb_filter *
no_memory(struct parser *p)
{
    if (!p->failed) err_nomem(p->err);
    p->failed = true;
    return NULL;
}

/* A node, or the failure to make one. */
static struct godb_filter *
made(struct parser *p, struct godb_filter *node)
{
    return node ? node : no_memory(p);
}

/* --- Comparisons ----------------------------------------------------------------- */

static const struct {
    const char *word;
    enum godb_cmp cmp;
} comparison_words[] = {
    {"eq", GODB_EQ},
    {"-eq", GODB_EQ},
    {"equals", GODB_EQ},
    {"neq", GODB_NE},
    {"-neq", GODB_NE},
    {"ne", GODB_NE},
    {"-ne", GODB_NE},
    {"le", GODB_LE},
    {"-le", GODB_LE},
    {"leq", GODB_LE},
    {"-leq", GODB_LE},
    {"ge", GODB_GE},
    {"-ge", GODB_GE},
    {"geq", GODB_GE},
    {"-geq", GODB_GE},
    {"l", GODB_LT},
    {"-l", GODB_LT},
    {"lt", GODB_LT},
    {"-lt", GODB_LT},
    {"less", GODB_LT},
    {"g", GODB_GT},
    {"-g", GODB_GT},
    {"gt", GODB_GT},
    {"-gt", GODB_GT},
    {"greater", GODB_GT},
};

static bool
parse_comparison(struct parser *p, enum godb_cmp *out)
{
    switch (p->token.kind) {
    case TOKEN_EQ:
        *out = GODB_EQ;
        return true;
    case TOKEN_NE:
        *out = GODB_NE;
        return true;
    case TOKEN_LT:
        *out = GODB_LT;
        return true;
    case TOKEN_GT:
        *out = GODB_GT;
        return true;
    case TOKEN_LE:
        *out = GODB_LE;
        return true;
    case TOKEN_GE:
        *out = GODB_GE;
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof comparison_words / sizeof comparison_words[0]; i++)
        if (is_word(&p->token, comparison_words[i].word)) {
            *out = comparison_words[i].cmp;
            return true;
        }
    return false;
}

/* --- Values ---------------------------------------------------------------------- */

struct test {
    enum godb_cmp cmp;
    size_t at; /* of the value */
    char value[VALUE_MAX];
};

static struct godb_filter *
both_ends(struct parser *p, const struct test *test, struct godb_filter *sip,
    struct godb_filter *dip)
{
    struct godb_filter *either = made(p, filter_join(FILTER_OR, sip, dip));
    if (either) either->negated = test->cmp == GODB_NE;
    return either;
}

/* Every address that a name stands for: `=` is one of them, `!=` none. */
static int
addresses_of(struct parser *p, const struct test *test, uint8_t (*ips)[GODB_IP_BYTES])
{
    if (godb_ip_parse(ips[0], test->value)) return 1;
    const bool is_number = strspn(test->value, "0123456789.") == strlen(test->value);
    int count = -1;
    if (p->resolve && !is_number && strchr(test->value, ':') == NULL)
        count = p->resolve(p->resolve_arg, test->value, ips, HOST_ADDRESSES_MAX);
    if (count > 0) return count;
    fail_at(p, test->at,
        p->resolve && !is_number ? "no address, and no host of that name:"
                                 : "not an IP address:",
        test->value);
    return 0;
}

static struct godb_filter *
parse_ips(struct parser *p, const struct test *test, unsigned columns)
{
    uint8_t ips[HOST_ADDRESSES_MAX][GODB_IP_BYTES];
    struct godb_filter *sip = NULL, *dip = NULL;
    const int count = addresses_of(p, test, ips);
    if (count == 0) return NULL;
    const uint8_t(*list)[GODB_IP_BYTES] = (const uint8_t(*)[GODB_IP_BYTES])ips;
    if (columns & GODB_COLUMN_BIT(GODB_SIP))
        godb_filter_ips(&sip, GODB_SIP, list, (size_t)count);
    if (columns & GODB_COLUMN_BIT(GODB_DIP))
        godb_filter_ips(&dip, GODB_DIP, list, (size_t)count);
    if (sip == NULL && dip == NULL) return no_memory(p);
    if (columns == (GODB_COLUMN_BIT(GODB_SIP) | GODB_COLUMN_BIT(GODB_DIP)))
        return both_ends(p, test, sip, dip);
    struct godb_filter *one = sip ? sip : dip;
    one->negated = test->cmp == GODB_NE;
    return one;
}

static struct godb_filter *
parse_net(struct parser *p, const struct test *test, unsigned columns)
{
    struct godb_net net;
    if (!godb_net_parse(&net, test->value))
        return fail_at(p, test->at,
            "not a network like 10.0.0.0/8 or 2001:db8::/32:", test->value);
    if (columns == (GODB_COLUMN_BIT(GODB_SIP) | GODB_COLUMN_BIT(GODB_DIP)))
        return both_ends(
            p, test, filter_net(GODB_SIP, &net), filter_net(GODB_DIP, &net));
    const bool is_sip = columns == GODB_COLUMN_BIT(GODB_SIP);
    struct godb_filter *one = made(p, filter_net(is_sip ? GODB_SIP : GODB_DIP, &net));
    if (one) one->negated = test->cmp == GODB_NE;
    return one;
}

/* Decimal digits alone, not above max. */
static bool
parse_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0') return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > max) return false;
    }
    *out = value;
    return true;
}

static struct godb_filter *
parse_port(struct parser *p, const struct test *test, unsigned columns)
{
    uint64_t port;
    (void)columns;
    if (!parse_number(test->value, UINT16_MAX, &port))
        return fail_at(p, test->at, "not a port from 0 to 65535:", test->value);
    return made(p, filter_range(GODB_DPORT, test->cmp, port));
}

static struct godb_filter *
parse_proto(struct parser *p, const struct test *test, unsigned columns)
{
    uint64_t number;
    (void)columns;
    if (!parse_number(test->value, UINT8_MAX, &number)) {
        const int named = godb_proto_number(test->value);
        if (named < 0)
            return fail_at(p, test->at,
                "not a protocol's name or number from 0 to 255:", test->value);
        number = (uint64_t)named;
    }
    return made(p, filter_range(GODB_PROTO, test->cmp, number));
}

/* What a name means depends on the block; see filter_unknown_l7_name(). */
static struct godb_filter *
parse_l7proto(struct parser *p, const struct test *test, unsigned columns)
{
    uint64_t number;
    (void)columns;
    if (parse_number(test->value, UINT16_MAX, &number))
        return made(p, filter_range(GODB_L7PROTO, test->cmp, number));
    if (strspn(test->value, "0123456789") == strlen(test->value))
        return fail_at(p, test->at,
            "not a layer 7 protocol's name or number from 0 to 65535:", test->value);
    return made(p, filter_l7_name(test->cmp, test->value));
}

/* --- Attributes ------------------------------------------------------------------ */

#define SIP GODB_COLUMN_BIT(GODB_SIP)
#define DIP GODB_COLUMN_BIT(GODB_DIP)

static const struct attribute {
    const char *name;
    bool has_order; /* else `=` and `!=` alone */
    unsigned columns;
    struct godb_filter *(*parse)(
        struct parser *p, const struct test *test, unsigned columns);
} attributes[] = {
    {"sip", false, SIP, parse_ips},
    {"src", false, SIP, parse_ips},
    {"dip", false, DIP, parse_ips},
    {"dst", false, DIP, parse_ips},
    {"host", false, SIP | DIP, parse_ips},
    {"snet", false, SIP, parse_net},
    {"dnet", false, DIP, parse_net},
    {"net", false, SIP | DIP, parse_net},
    {"dport", true, 0, parse_port},
    {"port", true, 0, parse_port},
    {"proto", true, 0, parse_proto},
    {"l7proto", true, 0, parse_l7proto},
};

static const struct attribute *
find_attribute(const struct token *token)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (is_word(token, attributes[i].name)) return &attributes[i];
    return NULL;
}

static bool
take_value(struct parser *p, struct test *out)
{
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_TEXT) {
        expected(p, "a value");
        return false;
    }
    if (p->token.length >= sizeof out->value) {
        fail_at(p, p->token.at, "this value is too long", NULL);
        return false;
    }
    memcpy(out->value, p->token.start, p->token.length);
    out->value[p->token.length] = '\0';
    out->at = p->token.at;
    advance(p);
    return true;
}

static struct godb_filter *
parse_test(struct parser *p)
{
    const struct attribute *attribute = find_attribute(&p->token);
    struct test test;
    if (attribute == NULL)
        return expected(
            p, "one of sip, dip, host, snet, dnet, net, dport, proto, l7proto");
    advance(p);
    if (!parse_comparison(p, &test.cmp))
        return expected(p, "a comparison (=, !=, <, >, <=, >=)");
    if (!attribute->has_order && test.cmp != GODB_EQ && test.cmp != GODB_NE)
        return fail_at(p, p->token.at, "only = and != can compare", attribute->name);
    advance(p);
    return take_value(p, &test) ? attribute->parse(p, &test, attribute->columns) : NULL;
}

/* --- The grammar ----------------------------------------------------------------- */

static struct godb_filter *
parse_brackets(struct parser *p)
{
    const size_t at = p->token.at;
    const char open = *p->token.start;
    const char *close = open == '(' ? ")" : open == '[' ? "]" : "}";
    if (++p->depth > FILTER_DEPTH_MAX)
        return fail_at(p, at, "brackets are nested too deeply", NULL);
    advance(p);
    struct godb_filter *inside = parse_disjunction(p);
    if (inside == NULL) return NULL;
    p->depth--;
    if (p->token.kind == TOKEN_CLOSE && *p->token.start == *close) {
        advance(p);
        return inside;
    }
    char what[64];
    snprintf(what, sizeof what, "and, or, or the '%s' that closes column %zu", close,
        at + 1);
    godb_filter_free(inside);
    return expected(p, what);
}

static struct godb_filter *
parse_negation(struct parser *p)
{
    bool negated = false;
    while (p->token.kind == TOKEN_NOT || is_word(&p->token, "not")) {
        negated = !negated;
        advance(p);
    }
    struct godb_filter *node =
        p->token.kind == TOKEN_OPEN ? parse_brackets(p) : parse_test(p);
    if (node && negated) node->negated = !node->negated;
    return node;
}

static bool
at_and(const struct parser *p)
{
    return p->token.kind == TOKEN_AND || is_word(&p->token, "and");
}

static bool
at_or(const struct parser *p)
{
    return p->token.kind == TOKEN_OR || is_word(&p->token, "or");
}

/* Join a side that is already there with the next one. */
static struct godb_filter *
join_next(struct parser *p, enum filter_kind kind, struct godb_filter *left,
    struct godb_filter *(*parse)(struct parser *p))
{
    const size_t at = p->token.at;
    advance(p);
    struct godb_filter *right = parse(p);
    if (right == NULL) {
        godb_filter_free(left);
        return NULL;
    }
    struct godb_filter *join = made(p, filter_join(kind, left, right));
    if (join == NULL || join->depth <= FILTER_DEPTH_MAX) return join;
    godb_filter_free(join);
    return fail_at(p, at, "and and or are nested too deeply", NULL);
}

static struct godb_filter *
parse_conjunction(struct parser *p)
{
    struct godb_filter *left = parse_negation(p);
    while (left && at_and(p))
        left = join_next(p, FILTER_AND, left, parse_negation);
    return left;
}

static struct godb_filter *
parse_disjunction(struct parser *p)
{
    struct godb_filter *left = parse_conjunction(p);
    while (left && at_or(p))
        left = join_next(p, FILTER_OR, left, parse_conjunction);
    return left;
}

int
godb_filter_parse(struct godb_filter **out, const char *text, godb_resolve_fn *resolve,
    void *resolve_arg, size_t *error_at, struct godb_err *err)
{
    /* Its own, so that the status is known where the caller has no use for it. */
    struct godb_err why = {GODB_ENOMEM, 0, ""};
    struct parser p = {.text = text,
        .resolve = resolve,
        .resolve_arg = resolve_arg,
        .error_at = error_at,
        .err = &why};
    if (strnlen(text, FILTER_TEXT_MAX) == FILTER_TEXT_MAX) {
        if (error_at) *error_at = FILTER_TEXT_MAX - 1;
        return err_set(err, GODB_EARG, "condition: column %d: longer than %d bytes",
            FILTER_TEXT_MAX, FILTER_TEXT_MAX - 1);
    }
    advance(&p);
    if (p.token.kind == TOKEN_END) {
        int rc = godb_filter_const(out, true);
        return rc == GODB_OK ? rc : err_nomem(err);
    }
    struct godb_filter *filter = parse_disjunction(&p);
    if (filter && p.token.kind != TOKEN_END) {
        godb_filter_free(filter);
        filter = expected(&p, "and, or, or the end");
    }
    if (filter == NULL) {
        if (err) *err = why;
        return why.status;
    }
    *out = filter;
    return GODB_OK;
}
