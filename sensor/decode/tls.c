/*
 * One side of a TLS connection: records, and the handshake messages in them; see
 * tls.h.
 *
 *	record		type(1) version(2) length(2) payload	(RFC 8446, 5.1)
 *	message		type(1) length(3) body			(RFC 8446, 4)
 *
 * Which version it is shows in each stream by itself.  Up to TLS 1.2 each side's
 * change_cipher_spec is followed by Finished, a short record of type handshake.  In
 * TLS 1.3 nothing but hellos is of that type: what follows, Finished included, is of
 * type application_data.  There Finished is known by its length, where it has a
 * record of its own; some put all messages into one record, so the first one never
 * counts.
 */

#include "decode/tls.h"

#include "base/wire.h"

enum {
	RECORD_MAX = 16384 + 2048, /* octets of a payload (RFC 5246, 6.2.3) */
	/* TLS 1.2: Finished, encrypted, is shorter than this, every hello longer. */
	FINISHED_MAX = 100,
	/* What encryption adds: tag and type; before TLS 1.3 mostly nonce and tag. */
	ADDED_TLS13 = 16 + 1,
	ADDED_TLS12 = 8 + 16,
	PADDING = 8, /* its mean; blocks are of 16 octets */
	/* TLS 1.3: Finished with SHA-256 and with SHA-384. */
	FINISHED_SHA256 = TLS_MESSAGE_HEADER + 32 + ADDED_TLS13,
	FINISHED_SHA384 = TLS_MESSAGE_HEADER + 48 + ADDED_TLS13,
	/* EncryptedExtensions, CertificateRequest, Certificate, its proof, Finished. */
	HIDDEN_MAX = 5,
};

/*
 * Before TLS 1.3 the message Finished is of 16 octets, and its record's length tells the
 * cipher: AES-GCM and CCM, ChaCha20-Poly1305 (RFC 7905), RC4, and of CBC the MAC, whether
 * it is encrypted or not (RFC 7366), and if there is an initialization vector.
 */
static const struct {
	uint8_t finished, added;
} ciphers[] = {
	{ 40, ADDED_TLS12 },
	{ 32, 16 },
	{ 36, 20 },
	{ 48, 20 + PADDING },
	{ 64, 16 + 20 + PADDING },
	{ 68, 16 + 20 + PADDING },
	{ 80, 16 + 32 + PADDING },
	{ 96, 16 + 48 + PADDING },
};

/* A handshake message that is not whole yet. */
struct tls_message {
	size_t n;
	uint8_t body[TLS_MESSAGE_MAX];
};

void
tls_init(struct tls *t, size_t buffers,
    void (*name)(void *arg, enum side side, struct span name, uint32_t seq),
    struct stats *s)
{
	pool_init(&t->messages, sizeof(struct tls_message), buffers);
	t->name = name;
	t->stats = s;
}

void
tls_fini(struct tls *t)
{
	pool_fini(&t->messages);
}

void
tls_open(struct tls_reader *r, enum side side)
{
	*r = (struct tls_reader){ .side = (uint8_t)side, .reading = true };
}

/* No more names are to be had of this side. */
static void
stop_reading(struct tls *t, struct tls_reader *r)
{
	r->reading = false;
	if (r->message == NULL)
		return;
	pool_put(&t->messages, r->message);
	r->message = NULL;
}

void
tls_close(struct tls *t, struct tls_reader *r)
{
	stop_reading(t, r);
}

/* ---- handshake messages ---- */

static void
read_names(struct tls *t, const struct tls_reader *r, struct span body, void *arg)
{
	struct span names[TLS_NAMES_MAX];
	size_t n;

	if (r->side == SIDE_RESPONDER) {
		n = tls_certificate_names(body, names);
	} else {
		names[0] = tls_server_name(body);
		n = names[0].n > 0;
	}
	for (size_t i = 0; i < n; i++)
		t->name(arg, (enum side)r->side, names[i], r->seq);
}

/* Copy as much of part as there is room for; false when there is no buffer at all. */
static bool
message_keep(struct tls *t, struct tls_reader *r, struct span part)
{
	struct tls_message *message = r->message;

	if (message == NULL) {
		message = pool_get(&t->messages);
		if (message == NULL) {
			stats_inc(t->stats, STAT_TLS_NO_BUFFER);
			return false;
		}
		message->n = 0;
		r->message = message;
	}
	part = span_first(part, TLS_MESSAGE_MAX - message->n);
	memcpy(message->body + message->n, part.p, part.n);
	message->n += part.n;
	return true;
}

/* Part of the message that has names in it; it is read when whole, or cut at the most. */
static void
message_wanted(struct tls *t, struct tls_reader *r, struct span part, void *arg)
{
	bool whole = r->message_left == 0;

	if (whole && r->message == NULL) {
		read_names(t, r, part, arg);
		stop_reading(t, r);
	} else if (!message_keep(t, r, part)) {
		stop_reading(t, r);
	} else if (whole || r->message->n == TLS_MESSAGE_MAX) {
		read_names(t, r, span_of(r->message->body, r->message->n), arg);
		stop_reading(t, r);
	}
}

static void
message_header(struct tls_reader *r, struct wire *w, uint32_t seq)
{
	struct wire header;

	if (r->nmessage_header == 0)
		r->seq = seq;
	r->message_header[r->nmessage_header++] = wire_u8(w);
	header = wire_over(span_of(r->message_header, TLS_MESSAGE_HEADER));
	wire_skip(&header, 1);
	r->message_left = wire_u24(&header);
}

static void
message_body(struct tls *t, struct tls_reader *r, struct wire *w, void *arg)
{
	uint8_t wanted = r->side == SIDE_RESPONDER ? TLS_CERTIFICATE : TLS_CLIENT_HELLO;
	struct span part = span_first(wire_rest(w), r->message_left);

	wire_skip(w, part.n);
	r->message_left -= (uint32_t)part.n;
	if (r->message_header[0] == wanted)
		message_wanted(t, r, part, arg);
}

static void
handshake_bytes(
    struct tls *t, struct tls_reader *r, struct span octets, uint32_t seq, void *arg)
{
	struct wire w = wire_over(octets);

	while (r->reading && wire_left(&w) > 0) {
		if (r->nmessage_header < TLS_MESSAGE_HEADER)
			message_header(r, &w, seq + (uint32_t)w.pos);
		else
			message_body(t, r, &w, arg);
		if (r->nmessage_header == TLS_MESSAGE_HEADER && r->message_left == 0)
			r->nmessage_header = 0;
	}
}

/* ---- records ---- */

/* Finished begins, of TLS 1.2 or before. */
static void
finished_begins(struct tls_reader *r)
{
	r->tls12 = r->settled = true;
	r->added = ADDED_TLS12;
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (ciphers[i].finished == r->left)
			r->added = ciphers[i].added;
}

/* A record of type application_data begins: is it that? */
static void
data_begins(struct tls_reader *r)
{
	bool finished = r->left == FINISHED_SHA256 || r->left == FINISHED_SHA384;

	r->is_data = true;
	if (!r->greeted)
		r->settled = true;
	if (!r->settled) {
		r->is_data = r->hidden > 0 && !finished;
		/* All before Finished was handshake too. */
		if (finished)
			r->bytes = 0;
		r->settled = finished || ++r->hidden == HIDDEN_MAX;
	}
	r->skip = r->tls12 ? r->added : ADDED_TLS13;
}

static bool
header_parse(struct span octets, uint8_t *type, uint16_t *length)
{
	struct wire w = wire_over(octets);
	uint8_t major;

	*type = wire_u8(&w);
	major = wire_u8(&w);
	wire_skip(&w, 1);
	*length = wire_u16(&w);
	return !w.bad && *type >= TLS_CHANGE_CIPHER_SPEC && *type <= TLS_HEARTBEAT &&
	    major == 3 && *length <= RECORD_MAX;
}

/* Where records begin is not known any more: all octets count from here. */
static void
lose(struct tls *t, struct tls_reader *r)
{
	stop_reading(t, r);
	r->lost = r->settled = true;
	r->nheader = 0;
	r->left = 0;
}

static void
record_begins(struct tls *t, struct tls_reader *r)
{
	if (!header_parse(span_of(r->header, sizeof(r->header)), &r->type, &r->left)) {
		lose(t, r);
		return;
	}
	r->is_data = false;
	if (r->type == TLS_HANDSHAKE) {
		r->greeted = true;
		if (!r->tls12 && r->ciphers_on && r->left < FINISHED_MAX)
			finished_begins(r);
	}
	if (r->type == TLS_CHANGE_CIPHER_SPEC)
		r->ciphers_on = true;
	if (r->type == TLS_APPLICATION_DATA)
		data_begins(r);
	/* What may come after these is encrypted. */
	if (r->type == TLS_CHANGE_CIPHER_SPEC || r->type == TLS_APPLICATION_DATA)
		stop_reading(t, r);
}

static void
record_header(struct tls *t, struct tls_reader *r, struct wire *w)
{
	struct span part =
	    span_first(wire_rest(w), (size_t)TLS_RECORD_HEADER - r->nheader);

	memcpy(r->header + r->nheader, part.p, part.n);
	r->nheader = (uint8_t)(r->nheader + part.n);
	wire_skip(w, part.n);
	if (r->nheader == TLS_RECORD_HEADER)
		record_begins(t, r);
}

/* n octets of the record have passed. */
static void
record_passed(struct tls_reader *r, size_t n)
{
	size_t skip = n < r->skip ? n : r->skip;

	r->left = (uint16_t)(r->left - n);
	if (!r->is_data)
		return;
	r->skip = (uint16_t)(r->skip - skip);
	r->bytes += n - skip;
}

static void
record_payload(
    struct tls *t, struct tls_reader *r, struct wire *w, uint32_t seq, void *arg)
{
	struct span part = span_first(wire_rest(w), r->left);

	wire_skip(w, part.n);
	record_passed(r, part.n);
	if (r->type == TLS_HANDSHAKE)
		handshake_bytes(t, r, part, seq, arg);
}

/* Where a segment begins, a record often does. */
static bool
found_again(struct span octets)
{
	uint8_t type;
	uint16_t length;

	return header_parse(octets, &type, &length);
}

void
tls_bytes(
    struct tls *t, struct tls_reader *r, struct span octets, uint32_t seq, void *arg)
{
	struct wire w = wire_over(octets);

	if (r->lost)
		r->lost = !found_again(octets);
	while (!r->lost && wire_left(&w) > 0) {
		if (r->nheader < TLS_RECORD_HEADER)
			record_header(t, r, &w);
		else
			record_payload(t, r, &w, seq + (uint32_t)w.pos, arg);
		if (r->nheader == TLS_RECORD_HEADER && r->left == 0)
			r->nheader = 0;
	}
	r->bytes += wire_left(&w);
}

void
tls_gap(struct tls *t, struct tls_reader *r, uint32_t n)
{
	stop_reading(t, r);
	if (n > 0 && n <= r->left) {
		record_passed(r, n);
		if (r->left == 0)
			r->nheader = 0;
		return;
	}
	if (r->bytes > 0)
		r->bytes += n;
	lose(t, r);
}
