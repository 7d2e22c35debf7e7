/* SPDX-License-Identifier: MIT
 *
 * options.c -- see options.h.
 */
#include "capture/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/log.h"
#include "capture/source.h"

enum {
    BUFFER_MIB_MAX = 1024,
    SNAPLEN_DPI = 2048,    /* nDPI wants whole packets */
    SNAPLEN_NO_DPI = 256,  /* room for VLANs, options and extension headers */
    FLOW_BYTES = 512,      /* of a flow, while its interval is written and viewed */
    FLOWS_SMALL = 1 << 16, /* by default at least, and at most */
    FLOWS_LARGE = 1 << 24
};

/* What the command line says; what it does not say is NULL, 0 or false. */
struct words {
    const char *db_path, *iface, *config_path, *user, *pid_file, *socket, *log;
    int buffer_mib, max_flows;
    bool no_dpi, no_promiscuous, no_socket, seccomp;
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
        "       goprobe [options] [-config FILE]\n"
        "       goprobe [options] -r FILE [-i NAME]\n"
        "       goprobe -status [-config FILE] [-d DIR] [-socket PATH]\n"
        "               [-e txt|json|prometheus]\n"
        "\n"
        "Captures on all interfaces at once and writes the flows of each as a block\n"
        "every five minutes.  IFACE is a name, a pattern ('eth*'), or ANY.  SIGTERM "
        "or\n"
        "SIGINT write the last block, SIGHUP reads the configuration again.\n"
        "\n"
        "  -config FILE         interfaces and settings (%s)\n"
        "  -d, --db DIR         database, made if missing (%s)\n"
        "  -f, --filter FILTER  BPF filter, as tcpdump takes it\n"
        "  -r, --read FILE      read a pcap or pcapng file instead\n"
        "  -i, --iface NAME     the interface that the file's flows are stored under\n"
        "                       (the file's name without its ending)\n"
        "  -B, --buffer MIB     size of the kernel's ring (64)\n"
        "      --max-flows N    flows held at a time; without it, by the machine's\n"
        "                       memory (%zu)\n"
        "  -socket PATH         where to answer -status and questions for live flows\n"
        "                       (%s in the database)\n"
        "      --no-socket      do not\n"
        "      --no-dpi         do not look for layer 7 protocols\n"
        "      --no-promisc     do not set the interfaces promiscuous\n"
        "  -n                   check the configuration and print it\n"
        "  -D                   detach once it captures\n"
        "  -user NAME           become this user once it captures (goprobe, if there "
        "is)\n"
        "  -pidfile FILE        hold this file while running (-D: %s)\n"
        "  -log WHERE           stderr, syslog, udp or udp:HOST:PORT\n"
        "      --seccomp        allow only the system calls that capture needs\n"
        "  -h, --help           this text\n"
        "  -V, -version         the version\n",
        GOPROBE_CONFIG_PATH, GOPROBE_DB_PATH, options_flows_for(machine_bytes()),
        GODB_LIVE_SOCKET, OPTIONS_PID_FILE);
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
parse_flows(const char *text, int *out)
{
    char *end;
    const long value = strtol(text, &end, 10);
    *out = (int)value;
    return end != text && *end == '\0' && value >= CONFIG_FLOWS_LEAST &&
           value <= CONFIG_FLOWS_MOST;
}

/* What one option says; an exit code, or -1. */
static int
read_option(struct options *o, struct words *words, int option)
{
    switch (option) {
    case 'd':
        words->db_path = optarg;
        return -1;
    case 'f':
        o->filter = optarg;
        return -1;
    case 'r':
        o->file = optarg;
        return -1;
    case 'i':
        words->iface = optarg;
        return -1;
    case 'n':
        o->check_only = true;
        return -1;
    case 'D':
        o->detach = true;
        return -1;
    case 'B':
        if (parse_buffer(optarg, &words->buffer_mib)) return -1;
        return usage_error("--buffer takes 1 to 1024 MiB, not ", optarg);
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

enum {
    LONG_CONFIG = 256,
    LONG_USER,
    LONG_PIDFILE,
    LONG_LOG,
    LONG_MAX_FLOWS,
    LONG_SOCKET,
    LONG_NO_SOCKET,
    LONG_NO_DPI,
    LONG_NO_PROMISC,
    LONG_SECCOMP
};

/* Those without a letter; an exit code, or -1. */
static int
read_long_option(struct words *words, int option)
{
    switch (option) {
    case LONG_CONFIG:
        words->config_path = optarg;
        return -1;
    case LONG_USER:
        words->user = optarg;
        return -1;
    case LONG_PIDFILE:
        words->pid_file = optarg;
        return -1;
    case LONG_SOCKET:
        words->socket = optarg;
        return -1;
    case LONG_NO_SOCKET:
        words->no_socket = true;
        return -1;
    case LONG_LOG:
        words->log = optarg;
        return -1;
    case LONG_MAX_FLOWS:
        if (parse_flows(optarg, &words->max_flows)) return -1;
        return usage_error("--max-flows takes 1024 to 268435456, not ", optarg);
    case LONG_NO_DPI:
        words->no_dpi = true;
        return -1;
    case LONG_NO_PROMISC:
        words->no_promiscuous = true;
        return -1;
    default:
        words->seccomp = true;
        return -1;
    }
}

/* All options; an exit code, or -1.  Words that are none are behind optind afterwards.
 */
static int
read_words(struct options *o, struct words *words)
{
    static const struct option known[] = {
        {"db", required_argument, NULL, 'd'},
        {"filter", required_argument, NULL, 'f'},
        {"read", required_argument, NULL, 'r'},
        {"iface", required_argument, NULL, 'i'},
        {"buffer", required_argument, NULL, 'B'},
        {"config", required_argument, NULL, LONG_CONFIG},
        {"user", required_argument, NULL, LONG_USER},
        {"pidfile", required_argument, NULL, LONG_PIDFILE},
        {"log", required_argument, NULL, LONG_LOG},
        {"max-flows", required_argument, NULL, LONG_MAX_FLOWS},
        {"socket", required_argument, NULL, LONG_SOCKET},
        {"no-socket", no_argument, NULL, LONG_NO_SOCKET},
        {"no-dpi", no_argument, NULL, LONG_NO_DPI},
        {"no-promisc", no_argument, NULL, LONG_NO_PROMISC},
        {"seccomp", no_argument, NULL, LONG_SECCOMP},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option, exit_code = -1;
    optind = 0; /* from the start, also when it is read again */
    while (exit_code < 0 && (option = getopt_long_only(o->argc, o->argv,
                                 "d:f:r:i:B:nDhV", known, NULL)) != -1)
        exit_code = option >= LONG_CONFIG ? read_long_option(words, option)
                                          : read_option(o, words, option);
    return exit_code;
}

/* --- The configuration ----------------------------------------------------- */

static int
no_memory(void)
{
    log_line("out of memory");
    return EXIT_FAILURE;
}

/* udp:HOST:PORT; the address of IPv6 stands between brackets. */
static bool
set_log_address(struct config *config, const char *text)
{
    const char *colon = strrchr(text, ':');
    const bool is_bracketed = *text == '[';
    char host[256], *end;
    if (is_bracketed && colon != NULL && colon[-1] != ']') colon = NULL;
    const size_t length = colon ? (size_t)(colon - text) : strlen(text);
    if (length == 0 || length >= sizeof host) return false;
    snprintf(host, sizeof host, "%.*s", (int)length, text);
    if (is_bracketed && (length < 3 || host[length - 1] != ']')) return false;
    if (is_bracketed) host[length - 1] = '\0';
    if (colon != NULL) {
        const long port = strtol(colon + 1, &end, 10);
        if (end == colon + 1 || *end != '\0' || port < 1 || port > 65535) return false;
        config->log_port = (int)port;
    }
    return config_set(&config->log_host, host + is_bracketed);
}

static int
set_log(struct config *config, const char *text)
{
    const bool has_address = strncmp(text, "udp:", 4) == 0;
    if (!has_address && strcmp(text, "udp") != 0 && strcmp(text, "syslog") != 0 &&
        strcmp(text, "stderr") != 0)
        return usage_error(
            "-log takes stderr, syslog, udp or udp:HOST:PORT, not ", text);
    if (has_address && !set_log_address(config, text + 4))
        return usage_error("no host and port: ", text);
    return config_set(&config->log, has_address ? "udp" : text) ? -1 : no_memory();
}

/* The command line says it last. */
static int
apply_words(struct options *o, const struct words *words)
{
    struct config *config = &o->config;
    if (words->buffer_mib > 0) config->buffer_mib = words->buffer_mib;
    if (words->max_flows > 0) config->max_flows = words->max_flows;
    if (config->max_flows == 0)
        config->max_flows = (int)options_flows_for(machine_bytes());
    if (words->no_dpi) config->dpi = false;
    if (words->seccomp) config->seccomp = true;
    o->no_socket = words->no_socket;
    if ((words->db_path && !config_set(&config->db_path, words->db_path)) ||
        (words->socket && !config_set(&config->socket, words->socket)) ||
        (words->user && !config_set(&config->user, words->user)) ||
        (words->pid_file && !config_set(&config->pid_file, words->pid_file)))
        return no_memory();
    if (o->detach && config->pid_file == NULL &&
        !config_set(&config->pid_file, OPTIONS_PID_FILE))
        return no_memory();
    return words->log ? set_log(config, words->log) : -1;
}

/* What no one has said of an interface. */
static int
complete_rules(struct options *o, const struct words *words)
{
    char error[CONFIG_ERROR_MAX];
    for (size_t i = 0; i < o->config.rule_count; i++) {
        struct iface_rule *rule = &o->config.rules[i];
        if (words->no_promiscuous) rule->promiscuous = false;
        if (rule->snaplen == 0)
            rule->snaplen = o->config.dpi ? SNAPLEN_DPI : SNAPLEN_NO_DPI;
        if (rule->filter != NULL || o->filter == NULL || o->file != NULL) continue;
        if (config_set_filter(rule, o->filter, error)) continue;
        log_line("%s", error);
        return EXIT_USAGE_;
    }
    return -1;
}

/* Interfaces that are arguments, in place of the file's; of those that the file has
 * too, what it says of them holds. */
static int
take_arguments(struct options *o, int count, char **words)
{
    char error[CONFIG_ERROR_MAX];
    struct iface_rule *rule, *from_file = o->config.rules;
    const size_t from_file_count = o->config.rule_count;
    int exit_code = -1;
    o->has_arguments = true;
    o->config.rules = NULL;
    o->config.rule_count = 0;
    for (int i = 0; i < count && exit_code < 0; i++) {
        if (!config_add_rule(&o->config, words[i], &rule, error)) {
            exit_code = usage_error(error, "");
            break;
        }
        for (size_t k = 0; k < from_file_count; k++) {
            if (strcmp(from_file[k].name, words[i]) != 0) continue;
            *rule = from_file[k];
            from_file[k] =
                (struct iface_rule){.filter = NULL}; /* it is the rule's now */
        }
    }
    config_free_rules(from_file, from_file_count);
    return exit_code;
}

static int
read_config(struct options *o, const char *path)
{
    char error[CONFIG_ERROR_MAX];
    o->config_path = path;
    if (config_read(&o->config, path, error)) return -1;
    log_line("%s", error);
    return EXIT_CONFIG_;
}

/* Live: the configuration's file, and the words that are left. */
static int
read_live(struct options *o, const struct words *words)
{
    const int count = o->argc - optind;
    const char *path = words->config_path;
    if (words->iface)
        return usage_error("-i names the interface of a file (-r) only", "");
    if (path == NULL && count == 0) path = GOPROBE_CONFIG_PATH;
    if (path != NULL && words->config_path == NULL && access(path, F_OK) != 0)
        return usage_error("no interface given, and there is no ", path);
    int exit_code = path ? read_config(o, path) : -1;
    if (exit_code < 0 && count > 0)
        exit_code = take_arguments(o, count, o->argv + optind);
    return exit_code;
}

/* A recorded file has one interface, named or made from the file's name. */
static int
read_recorded(struct options *o, const struct words *words)
{
    struct godb_err err;
    if (optind < o->argc)
        return usage_error(
            "either interfaces or a file (-r), not both: ", o->argv[optind]);
    if (o->detach) return usage_error("-D is for interfaces, not for a file (-r)", "");
    int exit_code = words->config_path ? read_config(o, words->config_path) : -1;
    if (exit_code >= 0) return exit_code;
    iface_of_file(o);
    if (words->iface) snprintf(o->file_iface, sizeof o->file_iface, "%s", words->iface);
    if (godb_iface_check(o->file_iface, &err) == GODB_OK) return -1;
    log_line("%s%s", err.msg, words->iface ? "" : "; -i names the interface of a file");
    return EXIT_USAGE_;
}

/* -n: the configuration as the file could say it. */
static int
print_config(const struct options *o)
{
    char *text = config_print(&o->config);
    if (text == NULL) return no_memory();
    const bool is_printed = puts(text) >= 0 && fflush(stdout) == 0;
    if (!is_printed) log_line("standard output: %s", strerror(errno));
    free(text);
    return is_printed ? EXIT_SUCCESS : EXIT_IO;
}

enum options_verdict
options_read(struct options *out, int argc, char **argv, int *out_exit_code)
{
    struct words words = {.db_path = NULL};
    *out = (struct options){.argc = argc, .argv = argv};
    int exit_code = config_init(&out->config) ? -1 : no_memory();
    if (exit_code < 0) exit_code = read_words(out, &words);
    if (exit_code < 0)
        exit_code = out->file ? read_recorded(out, &words) : read_live(out, &words);
    if (exit_code < 0) exit_code = apply_words(out, &words);
    if (exit_code < 0) exit_code = complete_rules(out, &words);
    if (exit_code < 0 && out->check_only) exit_code = print_config(out);
    *out_exit_code = exit_code;
    return exit_code < 0 ? OPTIONS_RUN : OPTIONS_EXIT;
}

void
options_free(struct options *options)
{
    config_free(&options->config);
}
