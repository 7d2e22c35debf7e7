/* SPDX-License-Identifier: MIT
 *
 * replay.c -- a main() for fuzz targets that runs stored inputs instead of making new
 * ones.
 *
 * Every file of the directories in argv goes to LLVMFuzzerTestOneInput(), by name, one
 * TAP line each.  A target that finds a fault dies, and the line that is missing says
 * on which input: so the name is printed as a comment first.  A directory without
 * inputs is a failure, as it would otherwise look like a pass.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_BYTES = 4 << 20 };

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The bytes of a file in a buffer of exactly that size, so that a sanitizer sees a read
 * behind the end; NULL: it cannot be read. */
static uint8_t *
load(const char *path, size_t *out_size)
{
    static uint8_t bytes[INPUT_MAX_BYTES];
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    const bool is_whole = !ferror(file) && fgetc(file) == EOF;
    fclose(file);
    uint8_t *copy = is_whole ? malloc(size ? size : 1) : NULL;
    for (size_t i = 0; copy && i < size; i++)
        copy[i] = bytes[i];
    *out_size = size;
    return copy;
}

static bool
replay_file(const char *directory, const char *name)
{
    char path[4096];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    printf("# %s\n", path);
    fflush(stdout);
    uint8_t *input = load(path, &size);
    if (input == NULL) return false;
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    return true;
}

/* False where an input could not be read, or there is none; *ran counts on. */
static bool
replay_directory(const char *directory, unsigned *ran)
{
    struct dirent **entries;
    const int count = scandir(directory, &entries, is_visible, alphasort);
    bool ok = count > 0;
    for (int i = 0; i < count; i++) {
        const bool passed = replay_file(directory, entries[i]->d_name);
        printf("%s %u - %s survives\n", passed ? "ok" : "not ok", ++*ran,
            entries[i]->d_name);
        ok = ok && passed;
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    if (count <= 0) printf("not ok %u - %s has inputs\n", ++*ran, directory);
    return ok;
}

int
main(int argc, char **argv)
{
    unsigned ran = 0;
    bool ok = argc > 1;
    for (int i = 1; i < argc; i++)
        ok = replay_directory(argv[i], &ran) && ok;
    printf("1..%u\n", ran);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
