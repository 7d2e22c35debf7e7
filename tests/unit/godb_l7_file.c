/* SPDX-License-Identifier: MIT
 *
 * l7proto.json: what a day's numbers mean, read from files of any content.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/l7_file.h"
#include "godb/l7_names.h"
#include "tests/store.h"

struct fixture {
    char *root;
    int dir_fd;
};

static int
set_up(void **state)
{
    static struct fixture fixture;
    fixture.root = store_new();
    fixture.dir_fd = open(fixture.root, O_RDONLY | O_DIRECTORY);
    *state = &fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    close(f->dir_fd);
    free(f->root);
    return 0;
}

static void
put_text(const struct fixture *f, const char *text)
{
    const int fd =
        openat(f->dir_fd, "l7proto.json", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* A file of version 1 with these name spaces. */
static void
put_spaces(const struct fixture *f, const char *spaces)
{
    char *text = NULL;
    if (asprintf(&text, "{\"version\":1,\"name_spaces\":%s}", spaces) < 0) abort();
    put_text(f, text);
    free(text);
}

#define SPACE(from, protocols)                                                         \
    "{\"from\":" #from ",\"library\":\"nDPI\",\"protocols\":" protocols "}"

static void
names_hold_from_their_stamp_on(void **state)
{
    struct fixture *f = *state;
    struct l7_spaces spaces;
    put_spaces(f,
        "[" SPACE(100, "[[7,\"HTTP\",\"Web\"]]") ","
                                                 "{\"from\":200,\"library\":"
                                                 "\"libprotoident\"}," SPACE(300,
                                                     "[[65535,\"Last\",\"Web\"],["
                                                     "0,\"First\",\"\"]]") "]");
    assert_int_equal(l7_file_read(&spaces, f->dir_fd, NULL), GODB_OK);
    assert_int_equal(spaces.count, 3);
    assert_ptr_equal(l7_spaces_at(&spaces, 99), godb_l7_libprotoident());
    assert_string_equal(godb_l7_name(l7_spaces_at(&spaces, 100), 7), "HTTP");
    assert_string_equal(godb_l7_name(l7_spaces_at(&spaces, 199), 7), "HTTP");
    assert_ptr_equal(l7_spaces_at(&spaces, 299), godb_l7_libprotoident());
    assert_string_equal(godb_l7_name(l7_spaces_at(&spaces, 300), 65535), "Last");
    assert_string_equal(godb_l7_name(l7_spaces_at(&spaces, 300), 0), "First");
    l7_spaces_free(&spaces);
}

static void
what_is_no_name_space_is_told(void **state)
{
    static const struct {
        const char *spaces, *message;
    } cases[] = {
        {"[]", "no array of a sensible length"},
        {"{}", "no array of a sensible length"},
        {"[3]", "lacks \"from\" or \"library\""},
        {"[{\"from\":1}]", "lacks \"from\" or \"library\""},
        {"[{\"from\":\"1\",\"library\":\"x\"}]", "lacks \"from\" or \"library\""},
        {"[" SPACE(1, "[7]") "]", "is not [id, name, category]"},
        {"[" SPACE(1, "[[7,\"HTTP\"]]") "]", "is not [id, name, category]"},
        {"[" SPACE(1, "[[\"7\",\"HTTP\",\"Web\"]]") "]", "is not [id, name, category]"},
        {"[" SPACE(1, "[[7,null,\"Web\"]]") "]", "is not [id, name, category]"},
        {"[" SPACE(1, "[[-1,\"HTTP\",\"Web\"]]") "]", "is not [id, name, category]"},
        {"[" SPACE(1, "[[65536,\"HTTP\",\"Web\"]]") "]", "is not [id, name, category]"},
        {"[" SPACE(1, "[[1,\"A\",\"\"],[7],[2,\"B\",\"\"]]") "]",
            "is not [id, name, category]"},
        {"[" SPACE(1, "[[7,\"A\",\"\"],[7,\"B\",\"\"]]") "]", "not unique or empty"},
        {"[" SPACE(1, "[[7,\"\",\"Web\"]]") "]", "not unique or empty"},
        {"[{\"from\":1,\"library\":\"\"}]", "not unique or empty"},
        {"[" SPACE(1, "[[7,\"HTTP\",\"Web\"]]") ",7]", "lacks \"from\""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct l7_spaces spaces;
        struct godb_err err;
        put_spaces(f, cases[i].spaces);
        const int rc = l7_file_read(&spaces, f->dir_fd, &err);
        if (rc != GODB_ECORRUPT || strstr(err.msg, cases[i].message) == NULL ||
            strncmp(err.msg, "l7proto.json: ", 14) != 0)
            fail_msg("%s: %d %s", cases[i].spaces, rc, rc == GODB_OK ? "" : err.msg);
        assert_null(spaces.spaces);
    }
}

/* A library may have no names at all. */
static void
a_library_may_have_no_names(void **state)
{
    struct fixture *f = *state;
    struct l7_spaces spaces;
    put_spaces(f, "[" SPACE(1, "[]") "]");
    assert_int_equal(l7_file_read(&spaces, f->dir_fd, NULL), GODB_OK);
    assert_string_equal(godb_l7_library(l7_spaces_at(&spaces, 1)), "nDPI");
    assert_string_equal(godb_l7_name(l7_spaces_at(&spaces, 1), 7), "Unknown");
    l7_spaces_free(&spaces);
}

/* More changes than a day has blocks. */
static void
too_many_name_spaces_are_refused(void **state)
{
    struct fixture *f = *state;
    for (int count = GODB_DAY_BLOCKS; count <= GODB_DAY_BLOCKS + 1; count++) {
        struct l7_spaces spaces;
        char *text = NULL;
        size_t length;
        FILE *to = open_memstream(&text, &length);
        for (int i = 0; i < count; i++)
            fprintf(to, "%c{\"from\":%d,\"library\":\"libprotoident\"}", i ? ',' : '[',
                i + 1);
        fputc(']', to);
        fclose(to);
        put_spaces(f, text);
        free(text);
        assert_int_equal(l7_file_read(&spaces, f->dir_fd, NULL),
            count <= GODB_DAY_BLOCKS ? GODB_OK : GODB_ECORRUPT);
        l7_spaces_free(&spaces);
    }
}

static void
other_versions_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {
        "{\"version\":3,\"name_spaces\":[{\"from\":1,\"library\":\"libprotoident\"}]}",
        "{\"version\":2,\"name_spaces\":[{\"from\":1,\"library\":\"libprotoident\"}]}",
        "{}"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct l7_spaces spaces;
        struct godb_err err;
        put_text(f, files[i]);
        assert_int_equal(l7_file_read(&spaces, f->dir_fd, &err), GODB_ECORRUPT);
        assert_string_equal(err.msg, "l7proto.json: not of version 1 or 2");
    }
}

/* What was declared before keeps its place and its names. */
static void
a_declaration_adds_to_the_earlier_ones(void **state)
{
    static const struct godb_l7_entry one[] = {{7, "HTTP", "Web"}},
                                      other[] = {{7, "HTTP", "Net"}};
    struct fixture *f = *state;
    struct godb_l7_names *a, *b;
    struct l7_spaces spaces;
    assert_int_equal(godb_l7_names_new(&a, "nDPI 4", one, 1, NULL), GODB_OK);
    assert_int_equal(godb_l7_names_new(&b, "nDPI 4", other, 1, NULL), GODB_OK);
    assert_int_equal(
        l7_file_declare(f->dir_fd, 50, godb_l7_libprotoident(), NULL), GODB_OK);
    assert_int_equal(faccessat(f->dir_fd, "l7proto.json", F_OK, 0), -1);
    for (int again = 0; again < 2; again++)
        assert_int_equal(l7_file_declare(f->dir_fd, 100 + again, a, NULL), GODB_OK);
    assert_int_equal(l7_file_declare(f->dir_fd, 200, b, NULL), GODB_OK);
    assert_int_equal(
        l7_file_declare(f->dir_fd, 300, godb_l7_libprotoident(), NULL), GODB_OK);
    assert_int_equal(l7_file_read(&spaces, f->dir_fd, NULL), GODB_OK);
    assert_int_equal(spaces.count, 3);
    assert_true(l7_names_equal(l7_spaces_at(&spaces, 199), a));
    assert_string_equal(godb_l7_category(l7_spaces_at(&spaces, 200), 7), "Net");
    assert_ptr_equal(l7_spaces_at(&spaces, 300), godb_l7_libprotoident());
    l7_spaces_free(&spaces);
    godb_l7_names_free(a);
    godb_l7_names_free(b);
}

/* Nothing is thrown away that might still be read by somebody. */
static void
a_file_that_cannot_be_read_is_not_replaced(void **state)
{
    static const struct godb_l7_entry entry = {7, "HTTP", "Web"};
    struct fixture *f = *state;
    struct godb_l7_names *names;
    struct godb_err err;
    assert_int_equal(godb_l7_names_new(&names, "nDPI 4", &entry, 1, NULL), GODB_OK);
    put_text(f, "{");
    assert_int_equal(l7_file_declare(f->dir_fd, 100, names, &err), GODB_ECORRUPT);
    assert_non_null(strstr(err.msg, "l7proto.json: line 1"));
    char *text = store_file(f->root, "l7proto.json");
    assert_string_equal(text, "{");
    free(text);
    godb_l7_names_free(names);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_hold_from_their_stamp_on),
        TEST(what_is_no_name_space_is_told),
        TEST(a_library_may_have_no_names),
        TEST(too_many_name_spaces_are_refused),
        TEST(other_versions_are_refused),
        TEST(a_declaration_adds_to_the_earlier_ones),
        TEST(a_file_that_cannot_be_read_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
