/* SPDX-License-Identifier: MIT
 *
 * column.c -- the nine columns, in the order in which they are written.
 *
 * goDB 2.x writes them in this order too, so packets_sent is the last one there as
 * well; see day.h for why that matters.
 */
#include "godb/godb.h"

const struct godb_column_def godb_columns[GODB_COLUMN_COUNT] = {
    [GODB_SIP] = {"sip", "sip.gpf", GODB_IP_BYTES},
    [GODB_DIP] = {"dip", "dip.gpf", GODB_IP_BYTES},
    [GODB_PROTO] = {"proto", "proto.gpf", 1},
    [GODB_DPORT] = {"dport", "dport.gpf", 2},
    [GODB_L7PROTO] = {"l7proto", "l7proto.gpf", 2},
    [GODB_BYTES_RCVD] = {"bytes_rcvd", "bytes_rcvd.gpf", 8},
    [GODB_BYTES_SENT] = {"bytes_sent", "bytes_sent.gpf", 8},
    [GODB_PACKETS_RCVD] = {"packets_rcvd", "pkts_rcvd.gpf", 8},
    [GODB_PACKETS_SENT] = {"packets_sent", "pkts_sent.gpf", 8},
};
