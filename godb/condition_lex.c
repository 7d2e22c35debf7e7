/* SPDX-License-Identifier: MIT
 *
 * condition_lex.c -- see condition_lex.h.
 */
#include "godb/condition_lex.h"

#include <string.h>

static const char BLANKS[] = " \t\r\n\v\f";
/* What ends a word.  `*` and `+` are among them: goQuery knows them as AND and OR. */
static const char SIGNS[] = "!=<>&|()[]{}*+\"'";

static const struct {
    const char *text;
    enum token_kind kind;
} signs[] = {
    /* The longer ones first. */
    {"===", TOKEN_EQ},
    {"==", TOKEN_EQ},
    {"=", TOKEN_EQ},
    {"!=", TOKEN_NE},
    {"!", TOKEN_NOT},
    {"<=", TOKEN_LE},
    {"<", TOKEN_LT},
    {">=", TOKEN_GE},
    {">", TOKEN_GT},
    {"&&", TOKEN_AND},
    {"&", TOKEN_AND},
    {"*", TOKEN_AND},
    {"||", TOKEN_OR},
    {"|", TOKEN_OR},
    {"+", TOKEN_OR},
    {"(", TOKEN_OPEN},
    {"[", TOKEN_OPEN},
    {"{", TOKEN_OPEN},
    {")", TOKEN_CLOSE},
    {"]", TOKEN_CLOSE},
    {"}", TOKEN_CLOSE},
};

static struct token
quoted(const char *text, size_t at, size_t *next)
{
    const char *start = text + at + 1;
    const char *end = strchr(start, text[at]);
    if (end == NULL) {
        *next = at + 1 + strlen(start);
        return (struct token){TOKEN_BAD, start, strlen(start), at};
    }
    *next = (size_t)(end + 1 - text);
    return (struct token){TOKEN_TEXT, start, (size_t)(end - start), at};
}

struct token
condition_token(const char *text, size_t from, size_t *next)
{
    const size_t at = from + strspn(text + from, BLANKS);
    const char *start = text + at;
    *next = at;
    if (*start == '\0') return (struct token){TOKEN_END, start, 0, at};
    if (*start == '"' || *start == '\'') return quoted(text, at, next);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const size_t length = strlen(signs[i].text);
        if (strncmp(start, signs[i].text, length) != 0) continue;
        *next = at + length;
        return (struct token){signs[i].kind, start, length, at};
    }
    size_t length = 0;
    while (start[length] && !strchr(BLANKS, start[length]) &&
           !strchr(SIGNS, start[length]))
        length++;
    *next = at + length;
    return (struct token){TOKEN_WORD, start, length, at};
}
