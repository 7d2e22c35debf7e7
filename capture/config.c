/* SPDX-License-Identifier: MIT
 *
 * config.c -- see config.h.
 */
#include "capture/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/config_json.h"
#include "capture/source.h"

enum {
    FILE_MAX = 1 << 20, /* no configuration is larger */
    LOG_PORT = 514,
    BUFFER_MIB = 64
};

/* --- Life ------------------------------------------------------------------ */

bool
config_set(char **to, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL) return false;
    free(*to);
    *to = copy;
    return true;
}

bool
config_init(struct config *config)
{
    *config =
        (struct config){.log_port = LOG_PORT, .buffer_mib = BUFFER_MIB, .dpi = true};
    return config_set(&config->db_path, GOPROBE_DB_PATH) &&
           config_set(&config->log_host, "127.0.0.1") &&
           config_set(&config->log_format, "rfc3164");
}

void
config_free_rules(struct iface_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        source_filter_free(rules[i].compiled);
        free(rules[i].filter);
    }
    free(rules);
}

void
config_free(struct config *config)
{
    config_free_rules(config->rules, config->rule_count);
    free(config->db_path);
    free(config->user);
    free(config->pid_file);
    free(config->socket);
    free(config->log);
    free(config->log_host);
    free(config->log_format);
    *config = (struct config){.rules = NULL};
}

/* --- Rules ----------------------------------------------------------------- */

static bool
check_name(const char *name, char *error)
{
    struct godb_err err;
    if (godb_iface_check(name, &err) != GODB_OK) {
        snprintf(error, CONFIG_ERROR_MAX, "%s", err.msg);
        return false;
    }
    if (!config_json_holds(name)) {
        snprintf(error, CONFIG_ERROR_MAX, "interface name '%s' is not UTF-8", name);
        return false;
    }
    if (strpbrk(name, "*?[") != NULL || strlen(name) < IF_NAMESIZE) return true;
    snprintf(error, CONFIG_ERROR_MAX, "interface name '%s' is longer than %d bytes",
        name, IF_NAMESIZE - 1);
    return false;
}

bool
config_add_rule(
    struct config *config, const char *name, struct iface_rule **out_rule, char *error)
{
    if (!check_name(name, error)) return false;
    for (size_t i = 0; i < config->rule_count; i++) {
        if (strcmp(config->rules[i].name, name) != 0) continue;
        snprintf(error, CONFIG_ERROR_MAX, "interface given twice: %s", name);
        return false;
    }
    if (config->rule_count >= IFACES_MAX) {
        snprintf(error, CONFIG_ERROR_MAX, "too many interfaces: %s", name);
        return false;
    }
    struct iface_rule *rules =
        reallocarray(config->rules, config->rule_count + 1, sizeof *rules);
    if (rules == NULL) {
        snprintf(error, CONFIG_ERROR_MAX, "out of memory");
        return false;
    }
    config->rules = rules;
    struct iface_rule *rule = &rules[config->rule_count++];
    *rule = (struct iface_rule){.promiscuous = true};
    snprintf(rule->name, sizeof rule->name, "%s", name);
    *out_rule = rule;
    return true;
}

bool
config_set_filter(struct iface_rule *rule, const char *text, char *error)
{
    char why[SOURCE_ERROR_MAX];
    if (source_filter_new(&rule->compiled, text, why) != SOURCE_OK) {
        snprintf(error, CONFIG_ERROR_MAX, "%s", why);
        return false;
    }
    rule->filter = strdup(text);
    if (rule->filter == NULL) snprintf(error, CONFIG_ERROR_MAX, "out of memory");
    return rule->filter != NULL;
}

long
config_ring_bytes(const struct config *config)
{
    const long wanted = config->buffer_mib * 1024L * 1024;
    const long max = CONFIG_BUFFER_MIB_MAX * 1024L * 1024;
    long shares = 0;
    for (size_t i = 0; i < config->rule_count; i++)
        shares += config->rules[i].buffer_bytes;
    if (shares > max) shares = max;
    return shares > wanted ? shares : wanted;
}

/* --- The file -------------------------------------------------------------- */

static bool
read_list(struct config *config, const char *path, char *text, char *error)
{
    struct iface_rule *rule;
    char why[CONFIG_ERROR_MAX], *line_rest = text, *line;
    for (size_t number = 1; (line = strsep(&line_rest, "\n")) != NULL; number++) {
        char *word_rest = line, *word;
        while ((word = strsep(&word_rest, " \t\r")) != NULL) {
            if (*word == '\0' || config_add_rule(config, word, &rule, why)) continue;
            snprintf(error, CONFIG_ERROR_MAX, "%.300s:%zu: %.600s", path, number, why);
            return false;
        }
    }
    if (config->rule_count > 0) return true;
    snprintf(error, CONFIG_ERROR_MAX, "%.300s:1: no interface", path);
    return false;
}

/* The whole file with a NUL behind it, for free(). */
static char *
read_file(const char *path, char *error)
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(FILE_MAX + 1) : NULL;
    const size_t count = text ? fread(text, 1, FILE_MAX, file) : 0;
    const bool is_read = text != NULL && !ferror(file);
    const bool is_good =
        is_read && count < FILE_MAX && memchr(text, '\0', count) == NULL;
    const char *why = is_read ? "this is no configuration" : strerror(errno);
    if (file != NULL) fclose(file);
    if (is_good) {
        text[count] = '\0';
        return text;
    }
    snprintf(error, CONFIG_ERROR_MAX, "%.300s: %s", path, why);
    free(text);
    return NULL;
}

/* What is wrong in a file may be a line's end, and is quoted. */
static void
keep_to_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

bool
config_read(struct config *config, const char *path, char *error)
{
    char *text = read_file(path, error);
    if (text == NULL) return false;
    const bool is_json = text[strspn(text, " \t\r\n")] == '{';
    const bool ok = is_json ? config_json_read(config, path, text, error)
                            : read_list(config, path, text, error);
    free(text);
    if (!ok) keep_to_one_line(error);
    return ok;
}

/* --- Another one ----------------------------------------------------------- */

static bool
is_same(const char *one, const char *two)
{
    return one == two || (one && two && strcmp(one, two) == 0);
}

bool
config_needs_restart(const struct config *now, const struct config *wanted)
{
    return !is_same(now->db_path, wanted->db_path) ||
           !is_same(now->user, wanted->user) ||
           !is_same(now->pid_file, wanted->pid_file) ||
           !is_same(now->socket, wanted->socket) || !is_same(now->log, wanted->log) ||
           !is_same(now->log_host, wanted->log_host) ||
           !is_same(now->log_format, wanted->log_format) ||
           now->log_port != wanted->log_port || now->dpi != wanted->dpi ||
           now->seccomp != wanted->seccomp || now->max_flows != wanted->max_flows ||
           config_ring_bytes(now) != config_ring_bytes(wanted);
}

void
config_swap_rules(struct config *one, struct config *two)
{
    struct iface_rule *const rules = one->rules;
    const size_t count = one->rule_count;
    one->rules = two->rules;
    one->rule_count = two->rule_count;
    two->rules = rules;
    two->rule_count = count;
}
