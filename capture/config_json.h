/* SPDX-License-Identifier: MIT
 *
 * config_json.h -- the JSON form of a configuration; see config.h.
 */
#ifndef CAPTURE_CONFIG_JSON_H
#define CAPTURE_CONFIG_JSON_H

#include "capture/config.h"

enum { CONFIG_BUFFER_MIB_MAX = 1024 };

/* Take over what a file's text says; as config_read(). */
bool config_json_read(
    struct config *config, const char *path, const char *text, char *error);

/* Can JSON say this text?  It is in UTF-8 alone, and so are what is printed of a
 * configuration and the database's summary. */
bool config_json_holds(const char *text);

#endif
