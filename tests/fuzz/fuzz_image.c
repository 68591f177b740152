/*
 * A compiled rule set with octets changed and its sums set right again, as a forger
 * would: three octets of place and one of value each.  It is refused or it judges;
 * what it judges may be nonsense, but every name and rule told of must be there.
 */

#include "judge/image_private.h"

#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *meant[] = { "army.mil", "us.army.mil", "pentagon.mil",
	"example.gov.uk", "rolls-royce.co.uk", "lockheedmartin.com", "navy.mil" };
static const char *const seen[] = { "army.ml", "www.army.mil.com", "pentagno.mil",
	"example.goc.uk", "example.uk", "rollsroyce.co.uk", "1ockheedmartin.com",
	"wwwnavy.mil", "us-army.mil", "xn--rmy-5cd.mil", "bad.example", "a.nvay.mil",
	"popular.ml", "other.mi", "x.y.z.example.org" };

enum { COUNT = sizeof(meant) / sizeof(meant[0]), EDIT = 4 };

static const struct image_settings settings = { .text = "" };
static struct ruleset_options options;
static uint8_t *image;
static size_t size;

static void
make_image(void)
{
	static const char *bad[] = { "bad.example" }, *good[] = { "popular.ml" };
	static struct tld_row row = { "mil", { good, 1 } };
	static struct ip_net net = { { { 10 }, 4 }, 8, false };
	static struct rule_spec rule = { .id = 1,
		.name = "all",
		.enabled = true,
		.on = (1u << PLACE_OTHER) - 1,
		.from = &net,
		.nfrom = 1,
		.tags = { bad, 1 },
		.match = { bad, 1 },
		.meant = "navy.mil",
		.allow = { good, 1 },
		.file = "a file" };
	static struct rule_spec scope = { .id = 2,
		.name = "any",
		.enabled = true,
		.on = 1,
		.protect = { meant, 1 },
		.file = "a file" };
	static struct rule_spec *rules[] = { &rule, &scope };
	static struct rule_specs specs = { .rules = rules, .n = 2 };
	struct ruleset *set;
	struct diag d = { 0 };

	for (int t = 0; t < TYPO_LISTED; t++)
		rule.detect.on[t] = true;
	scope.detect.on[TYPO_TLD_CONFUSION] = scope.detect.scope_any = true;
	scope.detect.tlds = &row;
	scope.detect.ntlds = 1;
	rule.protect = (struct name_list){ meant, COUNT };
	options.suffixes = scratch_suffixes("mil\nml\nil\ncom\nco\ncm\nom\nuk\norg\n");
	set = ruleset_new(&specs, &options, &d);
	image = image_make(set, &settings, &size);
	ruleset_free(set);
}

static void
judge(const struct ruleset *set, const char *text)
{
	struct judge_context c = { .place = PLACE_RCPT };
	struct judgement j;
	struct name n;

	for (int i = 0; i < 2; i++, c.place = PLACE_A) {
		ruleset_match_text(set, span_str(text), &c, &j);
		for (unsigned k = 0; k < j.n; k++) {
			size_t length = strlen(j.match[k].rule->name);

			for (unsigned m = 0; m < j.match[k].nmeant; m++)
				length += strlen(j.match[k].meant[m]);
			if (length == SIZE_MAX)
				abort();
		}
	}
	if (name_parse(&n, span_str(text)) == NAME_OK)
		(void)ruleset_dull(set, &n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rule_specs specs;
	struct ruleset *set;
	struct diag d = { 0 };
	uint8_t *copy;

	if (image == NULL)
		make_image();
	copy = aligned_alloc(IMAGE_ALIGN, size);
	memcpy(copy, image, size);
	for (size_t i = 0; i + EDIT <= n; i += EDIT)
		copy[(data[i] << 16 | data[i + 1] << 8 | data[i + 2]) % size] =
		    data[i + 3];
	image_seal(copy, size);
	rule_specs_init(&specs);
	set = image_over(span_of(copy, size), "image", &settings, &options, &specs, &d);
	if (set == NULL && (d.errors == 0 || n < EDIT))
		abort();
	for (size_t i = 0; set != NULL && i < sizeof(seen) / sizeof(seen[0]); i++)
		judge(set, seen[i]);
	ruleset_free(set);
	rule_specs_fini(&specs);
	diag_fini(&d);
	free(copy);
	return 0;
}
