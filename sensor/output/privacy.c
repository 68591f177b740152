/* What of a mail address leaves the sensor; see privacy.h. */

#include "output/privacy.h"

#include <sha256.h>
#include <stdio.h>

enum { HASH_OCTETS = 8 }; /* of the digest shown: enough to tell people apart */

static void
hmac(const char *key, struct span text, uint8_t digest[SHA256_DIGEST_LENGTH])
{
	uint8_t block[SHA256_BLOCK_LENGTH] = { 0 }, pad[SHA256_BLOCK_LENGTH];
	SHA256_CTX hash;

	if (strlen(key) > sizeof(block)) {
		SHA256Init(&hash);
		SHA256Update(&hash, (const uint8_t *)key, strlen(key));
		SHA256Final(block, &hash);
	} else {
		memcpy(block, key, strlen(key));
	}
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = block[i] ^ 0x36;
	SHA256Init(&hash);
	SHA256Update(&hash, pad, sizeof(pad));
	SHA256Update(&hash, text.p, text.n);
	SHA256Final(digest, &hash);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = block[i] ^ 0x5c;
	SHA256Init(&hash);
	SHA256Update(&hash, pad, sizeof(pad));
	SHA256Update(&hash, digest, SHA256_DIGEST_LENGTH);
	SHA256Final(digest, &hash);
}

/* The hash of an address does not depend on its case. */
static size_t
local_hash(const char *key, struct span address, char *text)
{
	uint8_t digest[SHA256_DIGEST_LENGTH], folded[PRIVACY_TEXT_MAX];
	size_t n = address.n < sizeof(folded) ? address.n : sizeof(folded);

	for (size_t i = 0; i < n; i++)
		folded[i] = ascii_lower(address.p[i]);
	hmac(key, span_of(folded, n), digest);
	for (size_t i = 0; i < HASH_OCTETS; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return 2 * HASH_OCTETS;
}

/* The address, of which the domain begins at `domain` and may be empty. */
static size_t
shown(const struct output_context *c, struct span address, size_t domain, char *text)
{
	struct span of = span_of(address.p + domain, address.n - domain);
	size_t n = 0;

	if (c->privacy == PRIVACY_HASH)
		n = local_hash(c->privacy_key, address, text);
	if (of.n > 0)
		text[n++] = '@';
	memcpy(text + n, of.p, of.n);
	return n + of.n;
}

size_t
privacy_address(const struct output_context *c, const struct smtp_path *p,
    char text[PRIVACY_TEXT_MAX])
{
	/* The null path names nobody. */
	if (c->privacy == PRIVACY_FULL || p->len == 0) {
		memcpy(text, p->text, p->len);
		return p->len;
	}
	return shown(c, span_of(p->text, p->len), p->domain, text);
}

struct span
privacy_name(
    const struct output_context *c, struct span name, char text[PRIVACY_TEXT_MAX])
{
	size_t domain = name.n;

	while (domain > 0 && name.p[domain - 1] != '@')
		domain--;
	if (c->privacy == PRIVACY_FULL || domain == 0)
		return name;
	return span_of(text, shown(c, name, domain, text));
}

struct span
privacy_reply(const struct output_context *c, const struct smtp_reply *r)
{
	size_t codes;

	if (c->privacy == PRIVACY_FULL)
		return span_of(r->text, r->len);
	codes = strspn(r->text, "0123456789 .-");
	while (codes > 0 && (r->text[codes - 1] == ' ' || r->text[codes - 1] == '-'))
		codes--;
	return span_of(r->text, codes < r->len ? codes : r->len);
}
