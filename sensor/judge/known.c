/*
 * Names behind which other names stand, so that those are no slips of a person:
 * reverse zones; TLDs that no mail goes to (RFC 6761, RFC 7686, RFC 9476); what
 * routers and private networks append (RFC 6762, RFC 8375, and what is met in the
 * field); and services that put whole names of others in front of their own, as
 * content delivery networks (www.irs.gov.edgekey.net) and block lists do.
 */

#include "judge/zones.h"

/* clang-format off */
static const char *const unusable[] = {
	"localhost", "invalid", "test", "onion", "alt", NULL
};

static const char *const appended[] = {
	"local", "localdomain", "lan", "home", "home.arpa", "internal", "intranet",
	"private", "corp", "workgroup",
	/* registered names that routers hand out */
	"fritz.box", "attlocal.net", "gateway.2wire.net", "myfiosgateway.com", "ts.net",
	NULL
};

static const char *const reverse[] = { "in-addr.arpa", "ip6.arpa", NULL };

static const char *const carriers[] = {
	/* content delivery and hosting, behind their customers' names */
	"akadns.net", "akamai.net", "akamaiedge.net", "akamaihd.net", "akamaized.net",
	"edgekey.net", "edgesuite.net", "srip.net",
	"cdn.cloudflare.net", "cdn.cloudflareanycast.net",
	"fastly.net", "fastlylb.net",
	"amazonaws.com", "amazonaws.com.cn", "elasticbeanstalk.com", "cloudfront.net",
	"acm-validations.aws",
	"azureedge.net", "azurefd.net", "azurewebsites.net", "cloudapp.net",
	"trafficmanager.net", "msedge.net",
	"incapdns.net", "impervadns.net", "footprint.net", "llnwd.net", "lldns.net",
	"edgecastcdn.net", "v0cdn.net", "hwcdn.net", "stackpathdns.com", "cdn77.org",
	"b-cdn.net", "cachefly.net", "cdnetworks.net", "gcdn.co", "wpeproxy.com",
	"herokudns.com", "herokussl.com", "zenedge.net", "netlifyglobalcdn.com",
	"alikunlun.com", "kunlunca.com", "kunlunaq.com", "kunluncan.com", "kunlunar.com",
	"kunlungr.com", "kunlunhuf.com", "kunlunsl.com", "cdngslb.com", "tbcache.com",
	"wscdns.com", "wsdvs.com", "wsglb0.com", "lxdns.com", "chinacache.net",
	"ccgslb.com", "ccgslb.com.cn", "chinanetcenter.com", "dnsv1.com", "tdnsv5.com",
	"tdnsv6.com", "qiniudns.com", "bdydns.com", "jomodns.com", "yunjiasu-cdn.net",
	"cdnhwc1.com", "ourdvsss.com", "qbox.me",
	/* block and allow lists, asked about names */
	"spamhaus.org", "spamhaus.net", "surbl.org", "uribl.com", "sorbs.net",
	"spameatingmonkey.net", "spamcop.net", "dnswl.org", "invaluement.com",
	"abusix.zone", "mailspike.net", "mailspike.org", "barracudacentral.org",
	"support-intelligence.net", "nordspam.com", "senderbase.org", "senderscore.com",
	"rspamd.com", "0spam.org", "dnsbl.info",
	/* reputation of names, asked by mail gateways and virus scanners */
	"sophosxl.net", "avqs.mcafee.com", "avts.mcafee.com", "e5.sk", "webcfs00.com",
	"fortiguard.net", "zvelo.com", "barracudabrts.com", "url.trendmicro.com",
	NULL
};
/* clang-format on */

static const struct {
	enum zone_kind kind;
	const char *const *names;
} known[] = {
	{ ZONE_UNUSABLE, unusable },
	{ ZONE_SPECIAL, appended },
	{ ZONE_SEARCH, carriers },
	{ ZONE_REVERSE, reverse },
};

void
zones_add_known(struct zones *z)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		for (size_t k = 0; known[i].names[k] != NULL; k++)
			zones_add(z, known[i].kind, 0, known[i].names[k]);
}
