/* Numbers for names; see name_hash.h. */

#include "names/name_hash.h"

#include "base/log.h"

#include <sys/random.h>

void
name_key_init(struct name_key *k)
{
	if (getrandom(k, sizeof(*k), 0) != (ssize_t)sizeof(*k))
		fatal("no random numbers for the key of names");
}

uint64_t
name_hash_labels(const struct name_key *k, struct span labels)
{
	struct name_hash h = { 0 };
	uint8_t pair[16];

	for (; labels.n > 0; labels = span_after(labels, sizeof(pair))) {
		struct span some = span_first(labels, sizeof(pair));

		memset(pair, 0, sizeof(pair));
		memcpy(pair, some.p, some.n);
		name_hash_pair(&h, k, name_word_lower(name_word(pair)),
		    name_word_lower(name_word(pair + 8)));
	}
	return name_hash_end(&h, k);
}

enum name_error
name_hash_wire(const struct name_key *k, struct wire *w, uint64_t *number, bool *root)
{
	uint8_t room[NAME_LABELS_OCTETS];
	struct span labels;
	enum name_error error = name_labels_from_wire(w, room, &labels);

	if (error != NAME_OK)
		return error;
	*number = name_hash_labels(k, labels);
	*root = labels.n == 0;
	return NAME_OK;
}

uint64_t
name_hash(const struct name_key *k, const struct name *n)
{
	uint8_t labels[NAME_LABELS_OCTETS];
	size_t len = name_labels(n, labels);

	return name_hash_labels(k, span_of(labels, len));
}
