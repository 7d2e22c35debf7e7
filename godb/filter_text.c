/* SPDX-License-Identifier: MIT
 *
 * filter_text.c -- a filter as text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/filter_node.h"

/* The name of a column in a condition; counters are no attributes, but have one too. */
static const char *
name_of(const struct godb_filter *node)
{
    if (node->kind == FILTER_NET) return node->column == GODB_SIP ? "snet" : "dnet";
    return godb_columns[node->column].name;
}

static void
put_range(FILE *to, const struct godb_filter *node, bool negated)
{
    const char *name = name_of(node);
    if (node->low == node->high)
        fprintf(to, "%s %s %" PRIu64, name, negated ? "!=" : "=", node->low);
    else if (node->high == UINT64_MAX)
        fprintf(to, "%s %s %" PRIu64, name, negated ? "<" : ">=", node->low);
    else
        fprintf(to, "%s %s %" PRIu64, name, negated ? ">" : "<=", node->high);
}

static void
put_l7_name(FILE *to, const struct godb_filter *node, bool negated)
{
    static const char *const signs[] = {"=", "!=", "<", ">", "<=", ">="};
    const char quote = strchr(node->name, '"') ? '\'' : '"';
    if (negated) fputc('!', to);
    fprintf(to, "l7proto %s %c%s%c", signs[node->cmp], quote, node->name, quote);
}

static void
put_net(FILE *to, const struct godb_filter *node, bool negated)
{
    char text[GODB_IP_TEXT + 2];
    godb_ip_format(text, node->net.addr);
    if (!node->net.is_v4 && strchr(text, ':') == NULL) {
        /* Zeros behind the first groups look like IPv4, and are not. */
        const uint8_t *a = node->net.addr;
        snprintf(text, sizeof text, "%x:%x::", (unsigned)(a[0] << 8 | a[1]),
            (unsigned)(a[2] << 8 | a[3]));
    }
    fprintf(to, "%s %s %s/%u", name_of(node), negated ? "!=" : "=", text,
        (unsigned)node->net.prefix_bits);
}

static void
put_value(FILE *to, const struct godb_filter *node, size_t i)
{
    char text[GODB_IP_TEXT];
    if (node->kind == FILTER_LIST) {
        fprintf(to, "%" PRIu64, node->numbers[i]);
        return;
    }
    godb_ip_format(text, node->ips[i]);
    fputs(text, to);
}

/* One of several values is a disjunction, none of them a conjunction. */
static void
put_values(FILE *to, const struct godb_filter *node, bool negated)
{
    if (node->count == 0) fputs(negated ? "true" : "false", to);
    if (node->count > 1) fputc('(', to);
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0) fputs(negated ? " & " : " | ", to);
        fprintf(to, "%s %s ", name_of(node), negated ? "!=" : "=");
        put_value(to, node, i);
    }
    if (node->count > 1) fputc(')', to);
}

static void
put_node(FILE *to, const struct godb_filter *node)
{
    const bool negated = node->negated;
    switch (node->kind) {
    case FILTER_CONST:
        fputs(negated ? "false" : "", to);
        return;
    case FILTER_RANGE:
        put_range(to, node, negated);
        return;
    case FILTER_NET:
        put_net(to, node, negated);
        return;
    case FILTER_L7NAME:
        put_l7_name(to, node, negated);
        return;
    case FILTER_LIST:
    case FILTER_IPS:
        put_values(to, node, negated);
        return;
    case FILTER_AND:
    case FILTER_OR:
        break;
    }
    fputs(negated ? "!(" : "(", to);
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0) fputs(node->kind == FILTER_AND ? " & " : " | ", to);
        put_node(to, node->children[i]);
    }
    fputc(')', to);
}

char *
godb_filter_text(const struct godb_filter *filter)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    if (to == NULL) return NULL;
    put_node(to, filter);
    if (fclose(to) == 0) return text;
    free(text);
    return NULL;
}
