#ifndef NAMES_SUFFIX_H
#define NAMES_SUFFIX_H

/*
 * Public suffixes (publicsuffix.org, by libpsl) and the delegated top-level
 * domains.  A set is immutable once loaded and may be used by many threads.
 */

#include "base/diag.h"
#include "names/name.h"

struct suffixes;

/*
 * psl_file: a public suffix list, or NULL for the system's newest.  tld_file: the
 * delegated TLDs, one a line in A-label form, "#" comments.  NULL with an error in d.
 */
struct suffixes *suffixes_load(
    const char *psl_file, const char *tld_file, struct diag *d);
/*
 * Much is going to be asked: prepare for that.  What is answered stays the same; before
 * the set is shared.
 */
void suffixes_quicken(struct suffixes *s);
/* Which list of public suffixes is built in, and the file of the newer, or NULL. */
const char *suffixes_version(void);
const char *suffixes_file(void);
void suffixes_free(struct suffixes *s);

/*
 * Where the public suffix of a canonical name begins, in characters from its
 * start: 0 when the whole name is one.  icann_only leaves the private section
 * (blogspot.com and the like) out.
 */
size_t suffix_at(const struct suffixes *s, struct span name, bool icann_only);

/* suffix_at would be 0: the whole name is a public suffix. */
bool is_public_suffix(const struct suffixes *s, struct span name, bool icann_only);

/*
 * The name is a public suffix, but only as all names below its parent are (*.np), and
 * its own label is no usual second level such as com or gov: somebody's name may have
 * been meant.
 */
bool suffix_by_wildcard(const struct suffixes *s, struct span name);

/* Where its registrable domain (suffix and one label) begins; name.n when the name is a suffix. */
size_t registrable_at(const struct suffixes *s, struct span name, bool icann_only);

/* The last label of a name is a delegated TLD; tld without dots. */
bool tld_delegated(const struct suffixes *s, struct span tld);
/* All of them, one after the other; start with *at = 0.  NULL at the end. */
const char *tld_next(const struct suffixes *s, size_t *at);

#endif
