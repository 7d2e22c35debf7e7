/* SPDX-License-Identifier: MIT
 *
 * The list of interfaces from answers of the kernel that are torn, late, refused or
 * odd: it is the one that was asked for, or the one before, and the reason.
 */
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture/links.h"
#include "tests/broken.h"

/* --- A kernel ----------------------------------------------------------------------
 */

enum { TURNS_MAX = 16 };

/* What it answers next; each of them is one message that it sends. */
struct turn {
    uint16_t type, flags;
    int late;         /* questions that it lies behind */
    int os_errno;     /* of NLMSG_ERROR */
    const char *name; /* of a link, or NULL */
    unsigned count;   /* links; more than one get their number behind the name */
    bool is_short, has_no_end;
};

static struct kernel {
    struct turn turns[TURNS_MAX];
    size_t turn_count, at;
    unsigned sequence; /* of the question at hand: the first has 1 */
    uint32_t ifindex;
} kernel;

static struct nlmsghdr *
begin_message(void *at, const struct turn *turn)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(at);
    header->nlmsg_type = turn->type;
    header->nlmsg_flags = turn->flags;
    header->nlmsg_seq = kernel.sequence - (unsigned)turn->late;
    return header;
}

static void
put_link(struct nlmsghdr *header, const struct turn *turn, unsigned number)
{
    char name[IF_NAMESIZE];
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(header, sizeof *info);
    info->ifi_index = (int)++kernel.ifindex;
    info->ifi_flags = IFF_UP | IFF_RUNNING;
    mnl_attr_put_u32(header, IFLA_MTU, 1500);
    if (turn->name == NULL) return;
    if (turn->count > 1)
        snprintf(name, sizeof name, "%s%u", turn->name, number);
    else
        snprintf(name, sizeof name, "%s", turn->name);
    mnl_attr_put(header, IFLA_IFNAME, strlen(name) + !turn->has_no_end, name);
}

static ssize_t
answer(void *bytes, size_t room)
{
    uint8_t *at = bytes;
    assert_true(kernel.at < kernel.turn_count);
    const struct turn *turn = &kernel.turns[kernel.at++];
    for (unsigned i = 0; i < (turn->count ? turn->count : 1); i++) {
        struct nlmsghdr *header = begin_message(at, turn);
        if (turn->type == NLMSG_ERROR && !turn->is_short) {
            struct nlmsgerr *error = mnl_nlmsg_put_extra_header(header, sizeof *error);
            error->error = -turn->os_errno;
        } else if (turn->type == RTM_NEWLINK && !turn->is_short) {
            put_link(header, turn, i);
        }
        at += NLMSG_ALIGN(header->nlmsg_len);
    }
    assert_true((size_t)(at - (uint8_t *)bytes) <= room);
    if (turn->type == NLMSG_DONE && turn->late == 0) kernel.sequence++;
    if (turn->type == NLMSG_ERROR) kernel.sequence++;
    return at - (uint8_t *)bytes;
}

static void
will_answer(const struct turn *turns, size_t count)
{
    memcpy(kernel.turns, turns, count * sizeof *turns);
    kernel.turn_count = count;
    kernel.at = 0;
}

#define WILL_ANSWER(...)                                                               \
    do {                                                                               \
        const struct turn turns_[] = {__VA_ARGS__};                                    \
        will_answer(turns_, sizeof turns_ / sizeof turns_[0]);                         \
    } while (0)

#define LINK(iface)                                                                    \
    {                                                                                  \
        .type = RTM_NEWLINK, .name = (iface)                                           \
    }
#define DONE                                                                           \
    {                                                                                  \
        .type = NLMSG_DONE                                                             \
    }

static struct links *
open_links(void)
{
    struct links *links;
    char error[LINKS_ERROR_MAX];
    kernel = (struct kernel){.sequence = 1};
    broken.answer = answer;
    WILL_ANSWER(LINK("eth0"), LINK("eth1"), DONE);
    if (!links_open(&links, error)) fail_msg("%s", error);
    return links;
}

static void
close_links(struct links *links)
{
    links_close(links);
    broken.answer = NULL;
}

/* All that it was to answer was asked for, and these names came of it. */
static void
expect_names(const struct links *links, const char *const *names, size_t name_count)
{
    size_t count;
    const struct link *list = links_list(links, &count);
    assert_int_equal(kernel.at, kernel.turn_count);
    assert_int_equal(count, name_count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list[i].name, names[i]);
}

#define EXPECT_NAMES(links, ...)                                                       \
    do {                                                                               \
        const char *const names_[] = {__VA_ARGS__};                                    \
        expect_names(links, names_, sizeof names_ / sizeof names_[0]);                 \
    } while (0)

static void
expect_refused(struct links *links, const char *why)
{
    char error[LINKS_ERROR_MAX], wanted[LINKS_ERROR_MAX];
    assert_false(links_read(links, error));
    snprintf(wanted, sizeof wanted, "list of interfaces: no answer: %s", why);
    assert_string_equal(error, wanted);
    EXPECT_NAMES(links, "eth0", "eth1"); /* those of before */
}

/* --- Tests ------------------------------------------------------------------------ */

static void
a_list_takes_the_place_of_the_one_before(void **state)
{
    (void)state;
    char error[LINKS_ERROR_MAX];
    struct links *links = open_links();
    EXPECT_NAMES(links, "eth0", "eth1");
    WILL_ANSWER(LINK("wan0"), DONE);
    assert_true(links_read(links, error));
    EXPECT_NAMES(links, "wan0");
    close_links(links);
}

static void
an_answer_to_an_earlier_question_is_passed_over(void **state)
{
    (void)state;
    char error[LINKS_ERROR_MAX];
    struct links *links = open_links();
    WILL_ANSWER({.type = RTM_NEWLINK, .name = "old0", .late = 1},
        {.type = NLMSG_DONE, .late = 1}, LINK("new0"), DONE);
    assert_true(links_read(links, error));
    EXPECT_NAMES(links, "new0");
    close_links(links);
}

static void
a_list_that_changed_while_it_was_read_is_read_again(void **state)
{
    (void)state;
    char error[LINKS_ERROR_MAX];
    struct links *links = open_links();
    WILL_ANSWER({.type = RTM_NEWLINK, .name = "half0", .flags = NLM_F_DUMP_INTR}, DONE,
        LINK("whole0"), LINK("whole1"), DONE);
    assert_true(links_read(links, error));
    EXPECT_NAMES(links, "whole0", "whole1");
    struct turn torn[8];
    for (size_t i = 0; i < 8; i++)
        torn[i] = (struct turn){.type = NLMSG_DONE, .flags = NLM_F_DUMP_INTR};
    WILL_ANSWER(LINK("eth0"), LINK("eth1"), DONE);
    assert_true(links_read(links, error));
    will_answer(torn, 8); /* it never holds still */
    expect_refused(links, "Resource temporarily unavailable");
    close_links(links);
}

static void
a_refusal_of_the_kernel_is_the_reason_that_is_given(void **state)
{
    (void)state;
    struct links *links = open_links();
    WILL_ANSWER({.type = NLMSG_ERROR, .os_errno = EPERM});
    expect_refused(links, "Operation not permitted");
    WILL_ANSWER(LINK("half0"), {.type = NLMSG_ERROR, .os_errno = ENOBUFS});
    expect_refused(links, "No buffer space available");
    WILL_ANSWER({.type = NLMSG_ERROR, .is_short = true});
    expect_refused(links, "Protocol error");
    close_links(links);
}

static void
a_call_that_fails_leaves_the_list_of_before(void **state)
{
    (void)state;
    static const char *const calls[] = {"mnl_socket_sendto", "mnl_socket_recvfrom"};
    struct links *links = open_links();
    for (size_t i = 0; i < 2; i++) {
        broken_once(calls[i], 1, EIO);
        expect_refused(links, "Input/output error");
        assert_true(broken_mend());
        kernel.sequence++;
    }
    WILL_ANSWER({.type = RTM_NEWLINK, .name = "many", .count = 100}, DONE);
    for (int at = 1; at <= 2; at++) {
        kernel.at = 0;
        broken_once("memory", at, ENOMEM);
        char error[LINKS_ERROR_MAX];
        assert_false(links_read(links, error));
        assert_true(broken_mend());
        assert_non_null(strstr(error, "no answer: Cannot allocate memory"));
        kernel.sequence++;
        size_t count;
        assert_string_equal(links_list(links, &count)[1].name, "eth1");
        assert_int_equal(count, 2);
    }
    close_links(links);
}

static void
odd_messages_make_no_interface_of_a_name_that_is_none(void **state)
{
    (void)state;
    char error[LINKS_ERROR_MAX];
    struct links *links = open_links();
    WILL_ANSWER({.type = RTM_NEWLINK, .is_short = true}, {.type = RTM_NEWLINK},
        {.type = RTM_NEWLINK, .name = "endless", .has_no_end = true},
        {.type = RTM_NEWADDR}, LINK("good0"), DONE);
    assert_true(links_read(links, error));
    EXPECT_NAMES(links, "", "", "good0");
    close_links(links);
}

static void
news_that_were_lost_are_news(void **state)
{
    (void)state;
    struct links *links = open_links();
    links_have_changed(links); /* whatever this machine has */
    broken_once("recv", 1, ENOBUFS);
    assert_true(links_have_changed(links));
    assert_true(broken_mend());
    broken_once("recv", 1, EINTR);
    links_have_changed(links);
    assert_true(broken_mend());
    broken_from("recv", 1, EBADF, true);
    assert_false(links_have_changed(links));
    assert_true(broken_mend());
    close_links(links);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_takes_the_place_of_the_one_before),
        cmocka_unit_test(an_answer_to_an_earlier_question_is_passed_over),
        cmocka_unit_test(a_list_that_changed_while_it_was_read_is_read_again),
        cmocka_unit_test(a_refusal_of_the_kernel_is_the_reason_that_is_given),
        cmocka_unit_test(a_call_that_fails_leaves_the_list_of_before),
        cmocka_unit_test(odd_messages_make_no_interface_of_a_name_that_is_none),
        cmocka_unit_test(news_that_were_lost_are_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
