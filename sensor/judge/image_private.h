#ifndef JUDGE_IMAGE_PRIVATE_H
#define JUDGE_IMAGE_PRIVATE_H

/* The layout that image.c reads and image_write.c writes. */

#include "base/wire.h"
#include "judge/image.h"
#include "judge/ruleset_private.h"

#define IMAGE_MAGIC "STRAYSET"

enum {
	IMAGE_VERSION = 5,
	IMAGE_BUILD = 96,	  /* octets that tell what made it */
	IMAGE_ORDER = 0x01020304, /* as the machine writes it */
	IMAGE_ALIGN = 64,
	IMAGE_MARKS_MAX = 1 << 24, /* slots of the table of marks */
};

enum image_part {
	PART_SETTINGS,
	PART_SOURCES,
	PART_RULES,
	PART_CHAINS,
	PART_TEXT,
	PART_TLDS,
	PART_MARKS,
	PART_KEYS, /* four parts each: filter, begin, value, tag */
	PART_TLD_KEYS = PART_KEYS + 4,
	PART_ZONE_LIST = PART_TLD_KEYS + 4,
	PART_ZONE_TEXT,
	PART_ZONE_KEYS,
	PARTS_COUNT = PART_ZONE_KEYS + 4
};

struct image_part_at {
	uint64_t at, n; /* octets */
};

struct image_keys {
	uint64_t marks, entries;
};

/*
 * Which file this was written to, and when it was changed last: by us.  Where both still
 * hold, nobody has changed it, and its sum need not be made again, for which all of it
 * would have to be read.
 */
struct image_stamp {
	uint64_t file; /* number of its inode */
	int64_t time_s;
	uint64_t time_ns;
};

struct image_header {
	char magic[8];
	uint32_t order, version;
	uint64_t size; /* of the whole file */
	/* program, its code, size of a word, libraries with their data */
	char build[IMAGE_BUILD];
	struct image_part_at part[PARTS_COUNT];
	struct image_keys keys, tld_keys, zone_keys;
	struct image_stamp stamp;
	uint64_t names;
	uint32_t most_labels, most_letters, min_label, wanted;
	uint32_t kinds, classes, places, scope_any;
	uint64_t nrules;
	uint64_t body_sum;   /* of all behind the header */
	uint64_t header_sum; /* of all before this */
};

struct stat;
/* The stamp of a file as it is. */
struct image_stamp image_stamp(const struct stat *st);
/* A sum that a damaged octet changes; n is a multiple of 8. */
uint64_t image_sum(const void *p, size_t n);
/* Set both sums of a file in memory: for those who make one. */
void image_seal(void *image, size_t n);
void image_build(char build[IMAGE_BUILD]);

/* The set in these octets, which are kept; as image_open. */
struct ruleset *image_over(struct span image, const char *path,
    const struct image_settings *settings, const struct ruleset_options *options,
    struct rule_specs *specs, struct diag *d);
/* All of a file, n a multiple of 8, in memory that the caller frees. */
uint8_t *image_make(
    const struct ruleset *r, const struct image_settings *settings, size_t *n);

/* The rules as octets, and back; false when they are damaged. */
void image_put_rules(struct buf *b, const struct ruleset *r);
bool image_take_rules(struct wire *w, struct ruleset *r, struct rule_specs *specs);

#endif
