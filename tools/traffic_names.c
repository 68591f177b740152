/*
 * The names: a few that the shipped rules flag, then many made of syllables, which
 * are nobody's typo.  How often each comes up follows Zipf's law: the k-th has
 * weight 1/k, counted in integers.
 */

#include "traffic.h"

static const char *const strays[] = { "navy.ml", "army.ml", "us.af.ml", "mail.usmc.ml",
	"gmial.com", "gamil.com", "hotmial.com", "army.il", "mx1.navy.ml" };

enum { N_STRAYS = sizeof(strays) / sizeof(strays[0]) };

_Static_assert((int)N_STRAYS < (int)MAIL_NAMES, "a stray name has a mailbox too");

static void
syllables(char *out, struct rng *r)
{
	static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";

	for (int i = 0; i < 5; i++) {
		*out++ = consonants[rng_below(r, sizeof(consonants) - 1)];
		*out++ = vowels[rng_below(r, sizeof(vowels) - 1)];
	}
	*out = '\0';
}

static void
make_text(struct name *name, struct rng *r)
{
	static const char *const hosts[] = { "", "", "", "www.", "mail.", "cdn.",
		"api." };
	static const char *const ends[] = { "com", "net", "org", "de", "fr", "io",
		"info", "co.uk" };
	const char *host = hosts[rng_below(r, sizeof(hosts) / sizeof(hosts[0]))];
	const char *end = ends[rng_below(r, sizeof(ends) / sizeof(ends[0]))];
	char label[16];

	syllables(label, r);
	snprintf(name->text, sizeof(name->text), "%s%s.%s", host, label, end);
}

static void
make_wire(struct name *name)
{
	const char *label = name->text;
	uint8_t *out = name->wire;

	for (;;) {
		size_t n = strcspn(label, ".");

		*out++ = (uint8_t)n;
		memcpy(out, label, n);
		out += n;
		label += n;
		if (*label == '\0')
			break;
		label++;
	}
	*out++ = 0;
	name->n_wire = (uint8_t)(out - name->wire);
}

void
names_init(struct names *names)
{
	struct rng own = { 1 }; /* the names are the same for all seeds */
	uint64_t sum = 0;

	names->n_strays = N_STRAYS;
	for (size_t i = 0; i < NAMES_MOST; i++) {
		struct name *name = &names->at[i];

		name->stray = i < N_STRAYS;
		if (name->stray) {
			snprintf(name->text, sizeof(name->text), "%s", strays[i]);
		} else {
			make_text(name, &own);
			sum += (UINT64_C(1) << 40) / (i - N_STRAYS + 1);
		}
		make_wire(name);
		names->below[i] = sum;
	}
}

/* The first of n names whose sum of weights is above at. */
static uint32_t
find(const struct names *names, uint64_t at, size_t n)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (names->below[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return (uint32_t)low;
}

static uint32_t
pick(const struct names *names, struct rng *r, uint32_t rare, size_t n)
{
	if (rare != 0 && rng_below(r, rare) == 0)
		return rng_below(r, N_STRAYS);
	return find(names, rng_next(r) % names->below[n - 1], n);
}

uint32_t
names_pick(const struct names *names, struct rng *r, uint32_t rare)
{
	return pick(names, r, rare, NAMES_MOST);
}

uint32_t
names_pick_mail(const struct names *names, struct rng *r, uint32_t rare)
{
	return pick(names, r, rare, MAIL_NAMES);
}
