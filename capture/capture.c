/* SPDX-License-Identifier: MIT
 *
 * capture.c -- see capture.h.
 *
 *      source --> pipeline      packets become flows
 *                    |
 *                    |          every 300 s of wall clock, or of a file's packets
 *                    v
 *                 writeout      blocks, in a thread of its own
 */
#include "capture/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "capture/capture_state.h"
#include "capture/log.h"
#include "capture/privileges.h"
#include "capture/sandbox.h"

enum { DPI_BYTES = 128 << 20 /* for detection states */ };

/* --- Opening ----------------------------------------------------------------- */

static int
exit_code_of(enum source_status status)
{
    switch (status) {
    case SOURCE_OK:
        return EXIT_SUCCESS;
    case SOURCE_EPERMISSION:
        return EXIT_NO_PERMISSION;
    case SOURCE_EFILTER:
        return EXIT_USAGE_;
    case SOURCE_EFILE:
        return EXIT_NO_INPUT;
    case SOURCE_EFAILED:
        break;
    }
    return EXIT_FAILURE;
}

static int
open_source(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    const struct options *o = c->options;
    const long ring_bytes = config_ring_bytes(&o->config);
    const struct source_options options = {
        .file = o->file,
        .filter = o->filter,
        .buffer_mib = (int)((ring_bytes + (1 << 20) - 1) >> 20),
    };
    const enum source_status status = source_open(&c->source, &options, error);
    if (status != SOURCE_OK) log_line("%s", error);
    return exit_code_of(status);
}

/* Interfaces that were typed and are not there, not one of them, are a mistake; those
 * of a file may come later. */
static int
check_present(const struct capture *c)
{
    const struct config *config = &c->options->config;
    if (!c->options->has_arguments || ifaces_count_present(c->ifaces) > 0)
        return EXIT_SUCCESS;
    for (size_t i = 0; i < config->rule_count; i++)
        if (!iface_rule_is_pattern(&config->rules[i])) {
            log_line(
                "%s: no such interface; `ip link` lists them", config->rules[i].name);
            return EXIT_FAILURE;
        }
    return EXIT_SUCCESS;
}

static int
open_ifaces(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    const struct config *config = &c->options->config;
    c->ifaces =
        c->options->file ? ifaces_new_file(c->options->file_iface) : ifaces_new();
    if (c->ifaces == NULL) {
        log_line("out of memory");
        return EXIT_FAILURE;
    }
    if (c->options->file != NULL) return EXIT_SUCCESS;
    const enum source_status status = follow_open(
        &c->follow, c->source, c->ifaces, config->rules, config->rule_count, error);
    if (status != SOURCE_OK) log_line("%s", error);
    return status == SOURCE_OK ? check_present(c) : exit_code_of(status);
}

static int
open_classify(struct capture *c)
{
    struct godb_err err = {GODB_ENOMEM, 0, "out of memory"};
    if (!c->options->config.dpi) return EXIT_SUCCESS;
    c->classify = classify_new(DPI_BYTES);
    if (c->classify && classify_names(c->classify, &c->l7_names, &err) == GODB_OK)
        return EXIT_SUCCESS;
    log_line("%s", err.msg);
    return EXIT_FAILURE;
}

static void
learn(void *arg, uint32_t ifindex)
{
    struct capture *c = arg;
    follow_learn(c->follow, ifindex);
}

static int
open_pipeline(struct capture *c)
{
    const struct pipeline_options options = {
        .link = source_link(c->source),
        .ifaces = c->ifaces,
        .max_flows = (size_t)c->options->config.max_flows,
        .classify = c->classify,
        .learn = c->options->file ? NULL : learn,
        .done = capture_submit,
        .arg = c,
    };
    c->pipeline = pipeline_new(&options);
    if (c->pipeline) return EXIT_SUCCESS;
    log_line("out of memory");
    return EXIT_FAILURE;
}

/* What interfaces had lost before is not ours. */
static int
open_misses(struct capture *c)
{
    if (c->options->file != NULL) return EXIT_SUCCESS;
    c->misses = misses_new(c->ifaces);
    if (c->misses != NULL) return EXIT_SUCCESS;
    log_line("out of memory");
    return EXIT_FAILURE;
}

static size_t
list_ifaces(const struct capture *c, const char **out)
{
    size_t count = 0;
    for (int i = 0; i < ifaces_slot_count(c->ifaces); i++) {
        const struct iface_view view = ifaces_view(c->ifaces, i);
        if (view.is_wanted) out[count++] = view.name;
    }
    return count;
}

static int
open_writeout(struct capture *c)
{
    struct godb_err err;
    const char *ifaces[IFACES_MAX];
    const struct writeout_options options = {
        .db_path = c->options->config.db_path,
        .ifaces = ifaces,
        .iface_count = list_ifaces(c, ifaces),
        .l7_names = c->l7_names,
        .is_strict = c->options->file != NULL,
        .max_waiting = (size_t)c->options->config.max_flows,
    };
    if (writeout_open(&c->writeout, &options, &err) == GODB_OK) return EXIT_SUCCESS;
    const bool is_forbidden = err.os_errno == EACCES || err.os_errno == EPERM;
    log_line("%s%s", err.msg,
        is_forbidden ? "; the database has to be writable for the user that goprobe "
                       "runs as, see -user"
                     : "");
    return is_forbidden ? EXIT_NO_PERMISSION : EXIT_IO;
}

static int
open_viewer(struct capture *c)
{
    if (c->options->file != NULL) return EXIT_SUCCESS;
    c->exchange = exchange_new();
    const struct viewer_options options = {
        .exchange = c->exchange,
        .pipeline = c->pipeline,
        .source = c->source,
        .classify = c->classify,
        .ifaces = c->ifaces,
        .misses = c->misses,
        .max_flows = (uint64_t)c->options->config.max_flows,
    };
    if (c->exchange) c->viewer = viewer_new(&options);
    if (c->viewer) return EXIT_SUCCESS;
    log_line("live view: %s", strerror(errno));
    return EXIT_FAILURE;
}

/* A place that was asked for has to do; without the usual one there is no live view. */
static int
open_control(struct capture *c)
{
    char error[CONTROL_ERROR_MAX];
    const struct config *config = &c->options->config;
    if (c->options->file != NULL || c->options->no_socket) return EXIT_SUCCESS;
    options_socket_path(
        c->socket_path, sizeof c->socket_path, config->db_path, config->socket);
    const struct control_options options = {
        .path = c->socket_path,
        .exchange = c->exchange,
        .writeout = c->writeout,
        .l7_names = c->l7_names,
    };
    if (control_open(&c->control, &options, error)) return EXIT_SUCCESS;
    log_line("%s%s", config->socket ? "" : "warning: no live view: ", error);
    return config->socket ? EXIT_IO : EXIT_SUCCESS;
}

/* --- Closing ----------------------------------------------------------------- */

/* One that is under way comes too late. */
static void
drop_reload(struct capture *c)
{
    struct options unused;
    if (c->reload == NULL) return;
    (void)reload_end(c->reload, &unused);
    options_free(&unused);
}

static void
close_all(struct capture *c)
{
    drop_reload(c);
    viewer_free(c->viewer);
    exchange_free(c->exchange);
    pipeline_free(c->pipeline);
    classify_free(c->classify);
    godb_l7_names_free(c->l7_names);
    follow_close(c->follow);
    source_close(c->source);
    ifaces_free(c->ifaces);
    misses_free(c->misses);
}

/* --- Running ----------------------------------------------------------------- */

static int
drop_privileges(const struct capture *c)
{
    const struct config *config = &c->options->config;
    const int exit_code = privileges_drop(
        config->db_path, config->user, c->options->file ? NULL : PRIVILEGES_USER);
    return exit_code < 0 ? EXIT_SUCCESS : exit_code;
}

/* Each interface that is written to holds its directory open. */
static void
raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int
enter_sandbox(const struct capture *c)
{
    char error[256];
    if (!c->options->config.seccomp || sandbox_enter(error)) return EXIT_SUCCESS;
    log_line("%s", error);
    return EXIT_FAILURE;
}

int
capture_run(
    struct options *options, struct capture_signals *signals, struct service *service)
{
    struct capture c = {.options = options, .signals = signals, .service = service};
    raise_file_limit();
    /* The source first: a file that is none must not leave a database behind.  Files of
     * the database are made by the user that it runs as. */
    int exit_code = open_source(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_ifaces(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_classify(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_pipeline(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_misses(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_viewer(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = drop_privileges(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_writeout(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_control(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = enter_sandbox(&c);
    if (exit_code == EXIT_SUCCESS)
        exit_code = options->file ? capture_run_file(&c) : capture_run_live(&c);
    control_close(c.control);
    if (c.writeout && writeout_close(c.writeout) != 0) exit_code = EXIT_IO;
    close_all(&c);
    return exit_code;
}
