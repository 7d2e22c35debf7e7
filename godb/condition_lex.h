/* SPDX-License-Identifier: MIT
 *
 * condition_lex.h -- a condition's text as tokens.
 *
 * goQuery rewrites synonyms in the text before it parses, in random order, and so loses
 * `and not`.  Here the text is cut into tokens first, and words like `and` or `neq` get
 * their meaning from where they stand.
 */
#ifndef GODB_CONDITION_LEX_H
#define GODB_CONDITION_LEX_H

#include <stddef.h>

enum token_kind {
    TOKEN_END,
    TOKEN_WORD, /* anything that is no sign: names, values, and, or, not, eq, ... */
    TOKEN_TEXT, /* in quotes: a value */
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_OPEN,  /* ( [ { */
    TOKEN_CLOSE, /* ) ] } */
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_GT,
    TOKEN_LE,
    TOKEN_GE,
    TOKEN_BAD /* a quote without its end */
};

struct token {
    enum token_kind kind;
    const char *start; /* in the text; of a TOKEN_TEXT, behind the quote */
    size_t length;     /* without quotes */
    size_t at;         /* byte offset of the token in the text */
};

/* The token at or behind text + from; *next gets the offset behind it. */
struct token condition_token(const char *text, size_t from, size_t *next);

#endif
