/* SPDX-License-Identifier: MIT
 *
 * options.c -- see options.h.
 */
#include "capture/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/log.h"

enum {
    BUFFER_MIB = 64,
    BUFFER_MIB_MAX = 1024,
    FLOW_BYTES = 512, /* of a flow, while its interval is written and viewed */
    FLOWS_LEAST = 1 << 10,
    FLOWS_SMALL = 1 << 16, /* by default at least, and at most */
    FLOWS_LARGE = 1 << 24,
    FLOWS_MOST = 1 << 28
};

/* Options without a letter. */
enum {
    OPTION_NO_DPI = 256,
    OPTION_NO_PROMISC,
    OPTION_MAX_FLOWS,
    OPTION_SOCKET,
    OPTION_NO_SOCKET
};

size_t
options_flows_for(uint64_t memory_bytes)
{
    const uint64_t flows = memory_bytes / 4 / FLOW_BYTES;
    if (flows < FLOWS_SMALL) return FLOWS_SMALL;
    return flows > FLOWS_LARGE ? FLOWS_LARGE : (size_t)flows;
}

void
options_socket_path(char *out, size_t size, const char *db_path, const char *socket)
{
    if (socket)
        snprintf(out, size, "%s", socket);
    else
        snprintf(out, size, "%s/%s", db_path, GODB_LIVE_SOCKET);
}

static uint64_t
machine_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

static void
print_help(FILE *to)
{
    fprintf(to,
        "usage: goprobe [options] IFACE...\n"
        "       goprobe [options] -r FILE [-i NAME]\n"
        "       goprobe -status [-d DIR] [--socket PATH] [-e txt|json|prometheus]\n"
        "\n"
        "Captures on all interfaces at once and writes the flows of each as a block\n"
        "every five minutes.  SIGTERM or SIGINT write the last block.\n"
        "\n"
        "  -d, --db DIR         database, made if missing (%s)\n"
        "  -f, --filter FILTER  BPF filter, as tcpdump takes it\n"
        "  -r, --read FILE      read a pcap or pcapng file instead\n"
        "  -i, --iface NAME     the interface that the file's flows are stored under\n"
        "                       (the file's name without its ending)\n"
        "  -B, --buffer MIB     size of the kernel's ring (%d)\n"
        "      --max-flows N    flows held at a time; without it, by the machine's\n"
        "                       memory (%zu)\n"
        "      --socket PATH    where to answer -status and questions for live flows\n"
        "                       (%s in the database)\n"
        "      --no-socket      do not\n"
        "      --no-dpi         do not look for layer 7 protocols\n"
        "      --no-promisc     do not set the interfaces promiscuous\n"
        "  -h, --help           this text\n"
        "  -V, --version        the version\n",
        GOPROBE_DB_PATH, BUFFER_MIB, options_flows_for(machine_bytes()),
        GODB_LIVE_SOCKET);
}

static int
usage_error(const char *what, const char *which)
{
    log_line("%s%s; see goprobe --help", what, which);
    return EXIT_USAGE_;
}

/* "dir/eth0.pcapng" --> "eth0".  What is too long stays so, for the check to refuse. */
static void
iface_of_file(struct options *o)
{
    const char *slash = strrchr(o->file, '/');
    const char *name = slash ? slash + 1 : o->file;
    const char *dot = strrchr(name, '.');
    const size_t length = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    snprintf(o->file_iface, sizeof o->file_iface, "%.*s", (int)length, name);
}

static bool
parse_buffer(const char *text, int *out)
{
    char *end;
    const long value = strtol(text, &end, 10);
    *out = (int)value;
    return end != text && *end == '\0' && value >= 1 && value <= BUFFER_MIB_MAX;
}

static bool
parse_flows(const char *text, size_t *out)
{
    char *end;
    const long value = strtol(text, &end, 10);
    *out = (size_t)value;
    return end != text && *end == '\0' && value >= FLOWS_LEAST && value <= FLOWS_MOST;
}

/* What one option says; an exit code, or -1. */
static int
read_option(struct options *o, int option, const char **iface)
{
    switch (option) {
    case 'd':
        o->db_path = optarg;
        return -1;
    case 'f':
        o->filter = optarg;
        return -1;
    case 'r':
        o->file = optarg;
        return -1;
    case 'i':
        *iface = optarg;
        return -1;
    case OPTION_NO_DPI:
        o->no_dpi = true;
        return -1;
    case OPTION_NO_PROMISC:
        o->no_promiscuous = true;
        return -1;
    case 'B':
        if (parse_buffer(optarg, &o->buffer_mib)) return -1;
        return usage_error("--buffer takes 1 to 1024 MiB, not ", optarg);
    case OPTION_SOCKET:
        o->socket = optarg;
        return -1;
    case OPTION_NO_SOCKET:
        o->no_socket = true;
        return -1;
    case OPTION_MAX_FLOWS:
        if (parse_flows(optarg, &o->max_flows)) return -1;
        return usage_error("--max-flows takes 1024 to 268435456, not ", optarg);
    case 'h':
        print_help(stdout);
        return 0;
    case 'V':
        printf("goprobe %s\n", GODB_VERSION);
        return 0;
    default:
        return EXIT_USAGE_; /* getopt has said it */
    }
}

/* hint says where a name came from that the user did not type. */
static int
check_ifaces(const struct options *o, const char *hint)
{
    struct godb_err err;
    for (size_t i = 0; i < o->iface_count; i++) {
        if (godb_iface_check(o->ifaces[i], &err) != GODB_OK) {
            log_line("%s%s", err.msg, hint);
            return EXIT_USAGE_;
        }
        for (size_t k = 0; k < i; k++)
            if (strcmp(o->ifaces[i], o->ifaces[k]) == 0)
                return usage_error("interface given twice: ", o->ifaces[i]);
    }
    return -1;
}

/* Interfaces: the words that are left, or the one of the file. */
static int
read_ifaces(struct options *o, int count, char **words, const char *iface)
{
    if (o->file == NULL) {
        if (iface) return usage_error("-i names the interface of a file (-r) only", "");
        if (count == 0) return usage_error("no interface given", "");
        if (count > OPTIONS_IFACES_MAX) return usage_error("too many interfaces", "");
        for (int i = 0; i < count; i++)
            o->ifaces[o->iface_count++] = words[i];
        return check_ifaces(o, "");
    }
    if (count > 0)
        return usage_error("either interfaces or a file (-r), not both: ", words[0]);
    iface_of_file(o);
    o->ifaces[o->iface_count++] = iface ? iface : o->file_iface;
    return check_ifaces(o, iface ? "" : "; -i names the interface of a file");
}

enum options_verdict
options_read(struct options *out, int argc, char **argv, int *out_exit_code)
{
    static const struct option known[] = {
        {"db", required_argument, NULL, 'd'},
        {"filter", required_argument, NULL, 'f'},
        {"read", required_argument, NULL, 'r'},
        {"iface", required_argument, NULL, 'i'},
        {"buffer", required_argument, NULL, 'B'},
        {"max-flows", required_argument, NULL, OPTION_MAX_FLOWS},
        {"socket", required_argument, NULL, OPTION_SOCKET},
        {"no-socket", no_argument, NULL, OPTION_NO_SOCKET},
        {"no-dpi", no_argument, NULL, OPTION_NO_DPI},
        {"no-promisc", no_argument, NULL, OPTION_NO_PROMISC},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *iface = NULL;
    int option, exit_code = -1;
    memset(out, 0, sizeof *out);
    out->db_path = GOPROBE_DB_PATH;
    out->buffer_mib = BUFFER_MIB;
    out->max_flows = options_flows_for(machine_bytes());
    while (exit_code < 0 &&
           (option = getopt_long(argc, argv, "d:f:r:i:B:hV", known, NULL)) != -1)
        exit_code = read_option(out, option, &iface);
    if (exit_code < 0)
        exit_code = read_ifaces(out, argc - optind, argv + optind, iface);
    *out_exit_code = exit_code;
    return exit_code < 0 ? OPTIONS_RUN : OPTIONS_EXIT;
}
