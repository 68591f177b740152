/* Writing programs of the packet filter; see bpf_code.h. */

#include "capture/bpf_code.h"

#include <string.h>

void
bpf_init(struct bpf_code *c)
{
	c->n = c->labels = c->jumps = 0;
	c->full = false;
}

unsigned
bpf_label(struct bpf_code *c)
{
	if (c->labels == BPF_LABELS_MAX) {
		c->full = true;
		return 0;
	}
	c->place[c->labels] = SIZE_MAX;
	return (unsigned)c->labels++;
}

void
bpf_here(struct bpf_code *c, unsigned label)
{
	c->place[label] = c->n;
}

void
bpf_put(struct bpf_code *c, unsigned code, uint32_t k)
{
	if (c->n == BPF_CODE_MAX) {
		c->full = true;
		return;
	}
	c->insn[c->n++] = (struct sock_filter){ .code = (uint16_t)code, .k = k };
}

void
bpf_go(struct bpf_code *c, unsigned label)
{
	if (c->jumps == BPF_JUMPS_MAX) {
		c->full = true;
		return;
	}
	c->jump[c->jumps].at = c->n;
	c->jump[c->jumps++].label = label;
	bpf_put(c, BPF_JMP | BPF_JA, 0);
}

/* The jump that follows is taken when the test holds, else passed over. */
static void
test(struct bpf_code *c, unsigned how, uint32_t k, unsigned label)
{
	bpf_put(c, BPF_JMP | how | BPF_K, k);
	if (!c->full)
		c->insn[c->n - 1].jf = 1;
	bpf_go(c, label);
}

void
bpf_if_is(struct bpf_code *c, uint32_t k, unsigned label)
{
	test(c, BPF_JEQ, k, label);
}

void
bpf_if_bits(struct bpf_code *c, uint32_t k, unsigned label)
{
	test(c, BPF_JSET, k, label);
}

void
bpf_if_least(struct bpf_code *c, uint32_t k, unsigned label)
{
	test(c, BPF_JGE, k, label);
}

int
bpf_link(struct bpf_code *c)
{
	if (c->full)
		return -1;
	for (size_t i = 0; i < c->jumps; i++) {
		size_t at = c->jump[i].at, to = c->place[c->jump[i].label];

		if (to == SIZE_MAX || to <= at || to >= c->n)
			return -1;
		c->insn[at].k = (uint32_t)(to - at - 1);
	}
	return 0;
}
