/* SPDX-License-Identifier: MIT
 *
 * config_json.c -- see config_json.h.
 *
 * Keys are a table each for the file and for an interface: name, kind, where the value
 * goes, and what it may be.
 */
#include "capture/config_json.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/json_line.h"

enum { DEPTH_MAX = 3 /* interfaces, eth0, snaplen */ };

/* --- Messages -------------------------------------------------------------- */

/* A JSON text at hand, and the way to the key at hand. */
struct reading {
    struct config *config;
    const char *path, *text;
    const char *keys[DEPTH_MAX];
    size_t depth;
    char *error;
};

static bool __attribute__((format(printf, 2, 3)))
refuse(const struct reading *r, const char *format, ...)
{
    char key[256] = "", why[CONFIG_ERROR_MAX / 2];
    size_t used = 0;
    va_list args;
    for (size_t i = 0; i < r->depth && used < sizeof key; i++)
        used += (size_t)snprintf(
            key + used, sizeof key - used, "%s%s", i > 0 ? "." : "", r->keys[i]);
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    snprintf(r->error, CONFIG_ERROR_MAX, "%.300s:%zu: %s%s%.400s", r->path,
        json_line(r->text, r->keys, r->depth), key, r->depth > 0 ? ": " : "", why);
    return false;
}

/* --- Values ---------------------------------------------------------------- */

enum kind { KIND_TEXT, KIND_NUMBER, KIND_BOOL, KIND_NOTHING };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    long min, max;             /* of a number */
    const char *const *choice; /* of a text: one of these, up to NULL; NULL: any */
};

static bool
take_text(struct reading *r, const struct key *key, json_t *value, char **to)
{
    const char *text = json_string_value(value);
    if (text == NULL) return refuse(r, "it takes a text");
    if (*text == '\0') return refuse(r, "it is empty");
    bool is_known = key->choice == NULL;
    for (size_t i = 0; !is_known && key->choice[i] != NULL; i++)
        is_known = strcmp(text, key->choice[i]) == 0;
    if (!is_known) return refuse(r, "'%s' is not known", text);
    return config_set(to, text) || refuse(r, "out of memory");
}

static bool
take_number(struct reading *r, const struct key *key, json_t *value, int *to)
{
    const json_int_t number = json_integer_value(value);
    if (!json_is_integer(value)) return refuse(r, "it takes a whole number");
    if (number < key->min || number > key->max)
        return refuse(r, "%" JSON_INTEGER_FORMAT " is not between %ld and %ld", number,
            key->min, key->max);
    *to = (int)number;
    return true;
}

static bool
take_value(struct reading *r, const struct key *key, json_t *value, void *base)
{
    char *const to = (char *)base + key->offset;
    switch (key->kind) {
    case KIND_TEXT:
        return take_text(r, key, value, (char **)(void *)to);
    case KIND_NUMBER:
        return take_number(r, key, value, (int *)(void *)to);
    case KIND_BOOL:
        if (!json_is_boolean(value)) return refuse(r, "it takes true or false");
        *(bool *)(void *)to = json_is_true(value);
        return true;
    case KIND_NOTHING:
        break;
    }
    return json_is_false(value) || refuse(r, "this is not offered; it takes false");
}

/* NULL: there is no such key. */
static const struct key *
find_key(const struct key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

/* --- Interfaces ------------------------------------------------------------ */

static bool
take_filter(struct reading *r, struct iface_rule *rule, json_t *value)
{
    char error[CONFIG_ERROR_MAX];
    const char *text = json_string_value(value);
    if (text == NULL) return refuse(r, "it takes a text");
    if (*text == '\0' || config_set_filter(rule, text, error)) return true;
    return refuse(r, "%s", error);
}

static bool
take_iface_key(
    struct reading *r, struct iface_rule *rule, const char *name, json_t *value)
{
    static const struct key keys[] = {
        {"buf_size", KIND_NUMBER, offsetof(struct iface_rule, buffer_bytes), 1024,
            1 << 30, NULL},
        {"promisc", KIND_BOOL, offsetof(struct iface_rule, promiscuous), 0, 0, NULL},
        {"snaplen", KIND_NUMBER, offsetof(struct iface_rule, snaplen), 64, 65535, NULL},
    };
    if (strcmp(name, "bpf_filter") == 0) return take_filter(r, rule, value);
    const struct key *key = find_key(keys, sizeof keys / sizeof keys[0], name);
    if (key == NULL) return refuse(r, "there is no such key");
    return take_value(r, key, value, rule);
}

static bool
take_iface(struct reading *r, const char *name, json_t *value)
{
    struct iface_rule *rule;
    char error[CONFIG_ERROR_MAX];
    const char *key;
    json_t *of_key;
    bool ok = true;
    if (!json_is_object(value)) return refuse(r, "it takes an object");
    if (!config_add_rule(r->config, name, &rule, error)) return refuse(r, "%s", error);
    rule->promiscuous = false; /* as in the original, where it is not given */
    r->depth++;
    json_object_foreach(value, key, of_key)
    {
        r->keys[r->depth - 1] = key;
        if (ok) ok = take_iface_key(r, rule, key, of_key);
    }
    r->depth--;
    return ok;
}

static bool
take_ifaces(struct reading *r, json_t *value)
{
    const char *name;
    json_t *of_iface;
    bool ok = true;
    if (!json_is_object(value)) return refuse(r, "it takes an object");
    if (json_object_size(value) == 0) return refuse(r, "there is none");
    r->depth++;
    json_object_foreach(value, name, of_iface)
    {
        r->keys[r->depth - 1] = name;
        if (ok) ok = take_iface(r, name, of_iface);
    }
    r->depth--;
    return ok;
}

/* --- The file -------------------------------------------------------------- */

static bool
take_file_key(struct reading *r, const char *name, json_t *value)
{
    static const char *const logs[] = {"stderr", "syslog", "udp", NULL};
    static const char *const formats[] = {"rfc3164", "rfc5424", NULL};
    static const struct key keys[] = {
        {"db_path", KIND_TEXT, offsetof(struct config, db_path), 0, 0, NULL},
        {"user", KIND_TEXT, offsetof(struct config, user), 0, 0, NULL},
        {"pid_file", KIND_TEXT, offsetof(struct config, pid_file), 0, 0, NULL},
        {"socket", KIND_TEXT, offsetof(struct config, socket), 0, 0, NULL},
        {"log", KIND_TEXT, offsetof(struct config, log), 0, 0, logs},
        {"log_host", KIND_TEXT, offsetof(struct config, log_host), 0, 0, NULL},
        {"log_port", KIND_NUMBER, offsetof(struct config, log_port), 1, 65535, NULL},
        {"log_format", KIND_TEXT, offsetof(struct config, log_format), 0, 0, formats},
        {"buffer_mib", KIND_NUMBER, offsetof(struct config, buffer_mib), 1,
            CONFIG_BUFFER_MIB_MAX, NULL},
        {"max_flows", KIND_NUMBER, offsetof(struct config, max_flows),
            CONFIG_FLOWS_LEAST, CONFIG_FLOWS_MOST, NULL},
        {"dpi", KIND_BOOL, offsetof(struct config, dpi), 0, 0, NULL},
        {"seccomp", KIND_BOOL, offsetof(struct config, seccomp), 0, 0, NULL},
        /* of goProbe 2.1: flows as log lines */
        {"syslog_flows", KIND_NOTHING, 0, 0, 0, NULL},
    };
    if (strcmp(name, "interfaces") == 0) return take_ifaces(r, value);
    const struct key *key = find_key(keys, sizeof keys / sizeof keys[0], name);
    if (key == NULL) return refuse(r, "there is no such key");
    return take_value(r, key, value, r->config);
}

bool
config_json_read(struct config *config, const char *path, const char *text, char *error)
{
    struct reading r = {.config = config, .path = path, .text = text, .error = error};
    json_error_t why;
    const char *name;
    json_t *value;
    bool ok = true;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        snprintf(error, CONFIG_ERROR_MAX, "%.300s:%d: %s", path, why.line, why.text);
        return false;
    }
    r.depth = 1;
    json_object_foreach(root, name, value)
    {
        r.keys[0] = name;
        if (ok) ok = take_file_key(&r, name, value);
    }
    r.depth = 0;
    if (ok && config->rule_count == 0)
        ok = refuse(&r, "interfaces: there is no such key");
    json_decref(root);
    return ok;
}

bool
config_json_holds(const char *text)
{
    json_t *json = json_string(text);
    json_decref(json);
    return json != NULL;
}

/* --- Printing -------------------------------------------------------------- */

static json_t *
rule_as_json(const struct iface_rule *rule)
{
    json_t *json = json_pack("{s:s, s:b}", "bpf_filter",
        rule->filter ? rule->filter : "", "promisc", (int)rule->promiscuous);
    if (json && rule->snaplen > 0)
        json_object_set_new(json, "snaplen", json_integer(rule->snaplen));
    if (json && rule->buffer_bytes > 0)
        json_object_set_new(json, "buf_size", json_integer(rule->buffer_bytes));
    return json;
}

/* Keys that were not given are left out: their defaults depend on the machine. */
char *
config_print(const struct config *config)
{
    json_t *rules = json_object();
    for (size_t i = 0; i < config->rule_count; i++)
        json_object_set_new(
            rules, config->rules[i].name, rule_as_json(&config->rules[i]));
    json_t *json = json_pack(
        "{s:s, s:s*, s:s*, s:s*, s:s*, s:s, s:i, s:s, s:i, s:o*, s:b, s:b, s:o}",
        "db_path", config->db_path, "user", config->user, "pid_file", config->pid_file,
        "socket", config->socket, "log", config->log, "log_host", config->log_host,
        "log_port", config->log_port, "log_format", config->log_format, "buffer_mib",
        config->buffer_mib, "max_flows",
        config->max_flows > 0 ? json_integer(config->max_flows) : NULL, "dpi",
        (int)config->dpi, "seccomp", (int)config->seccomp, "interfaces", rules);
    char *text = json ? json_dumps(json, JSON_INDENT(4)) : NULL;
    json_decref(json);
    return text;
}
