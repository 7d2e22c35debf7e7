/* SPDX-License-Identifier: MIT
 *
 * clones.h -- GODB_CLONES before a function: compiled for newer processors too.
 *
 * The loader takes the version that fits the machine.  Sanitizers cannot stand what it
 * takes to choose one, and other machines have one version.
 */
#ifndef GODB_CLONES_H
#define GODB_CLONES_H

#include <features.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GODB_IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GODB_IS_SANITIZED 1
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(GODB_IS_SANITIZED)
#define GODB_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define GODB_CLONES
#endif

#endif
