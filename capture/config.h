/* SPDX-License-Identifier: MIT
 *
 * config.h -- what goprobe.conf says, and what holds where it says nothing.
 *
 * Two forms, told apart by the first character that is no blank: JSON, as goProbe 2.x
 * has it, with more keys; or the names of interfaces between blanks, as 1.05 has it.
 */
#ifndef CAPTURE_CONFIG_H
#define CAPTURE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/ifaces.h"

enum {
    CONFIG_ERROR_MAX = 1024,
    CONFIG_FLOWS_LEAST = 1 << 10,
    CONFIG_FLOWS_MOST = 1 << 28
};

struct config {
    char *db_path;
    char *user;       /* NULL: not given */
    char *pid_file;   /* NULL: not given */
    char *socket;     /* NULL: not given */
    char *log;        /* "stderr", "syslog" or "udp"; NULL: not given */
    char *log_host;   /* of "udp" */
    char *log_format; /* of "udp": "rfc3164" or "rfc5424" */
    int log_port;
    int buffer_mib; /* of the ring, at least */
    int max_flows;  /* held at a time; 0: not given */
    bool dpi;
    bool seccomp;
    struct iface_rule *rules; /* their filters are owned; snaplen 0: not given */
    size_t rule_count;
};

/* Defaults.  False: out of memory. */
bool config_init(struct config *config);
void config_free(struct config *config);

/* Take over what the file says.  False: it says something that is wrong, and error has
 * a line with the file, the line and the key. */
bool config_read(struct config *config, const char *path, char *error);

/* Add a rule; promiscuous, without filter.  *out_rule is good until the next.  False:
 * the name is none or is there already, and error says so. */
bool config_add_rule(
    struct config *config, const char *name, struct iface_rule **out_rule, char *error);

/* Give a rule this filter.  False: it is wrong, and error says why. */
bool config_set_filter(struct iface_rule *rule, const char *text, char *error);

/* Free what rules own. */
void config_free_rules(struct iface_rule *rules, size_t count);

/* Replace a string.  False: out of memory. */
bool config_set(char **to, const char *value);

/* The whole in the JSON form, for free(); it reads back as the same.  NULL: out of
 * memory. */
char *config_print(const struct config *config);

/* Whether two differ in more than their rules, ... */
bool config_needs_restart(const struct config *now, const struct config *wanted);

/* ... which can be exchanged while they are in use. */
void config_swap_rules(struct config *one, struct config *two);

/* Bytes of the ring: buffer_mib, or all the rules' shares where they are more. */
long config_ring_bytes(const struct config *config);

#endif
