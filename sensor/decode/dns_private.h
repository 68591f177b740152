#ifndef DECODE_DNS_PRIVATE_H
#define DECODE_DNS_PRIVATE_H

/* What the files of the DNS decoder share. */

#include "decode/dns.h"

enum { DNS_HEADER_LEN = 12, DNS_MESSAGE_MAX = 65535 };

/* The fewest octets that a message with m's counts can have. */
size_t dns_least_size(const struct dns_msg *m);

/* Count a message and hand it to the sink. */
void dns_report(const struct dns_sink *sink, struct stats *s, const struct origin *o,
    struct dns_msg *m);

#endif
