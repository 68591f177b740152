#ifndef CAPTURE_BPF_CODE_H
#define CAPTURE_BPF_CODE_H

/*
 * Programs of the classic Berkeley packet filter (bpf(4) of BSD, socket(7)), as they
 * are written down: instructions one after the other, and labels to jump to.  The
 * machine jumps forward only and has an accumulator A, an index X and 16 cells of
 * memory; a conditional jump reaches 255 instructions, so each one here is followed
 * by an unconditional one that reaches anywhere.
 */

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BPF_CODE_MAX = BPF_MAXINSNS, BPF_LABELS_MAX = 512, BPF_JUMPS_MAX = 2048 };

struct bpf_code {
	struct sock_filter insn[BPF_CODE_MAX];
	size_t n;
	size_t place[BPF_LABELS_MAX]; /* of labels, SIZE_MAX until known */
	size_t labels;
	struct {
		size_t at;
		unsigned label;
	} jump[BPF_JUMPS_MAX];
	size_t jumps;
	bool full; /* something did not fit: the program is of no use */
};

void bpf_init(struct bpf_code *c);
/* A new label; bpf_here says that it stands before the next instruction. */
unsigned bpf_label(struct bpf_code *c);
void bpf_here(struct bpf_code *c, unsigned label);
/* Sets every jump.  0, or -1 when the program does not fit or a label has no place. */
int bpf_link(struct bpf_code *c);

void bpf_put(struct bpf_code *c, unsigned code, uint32_t k);
void bpf_go(struct bpf_code *c, unsigned label);
/* If A is k, or has a bit of k, or is at least k. */
void bpf_if_is(struct bpf_code *c, uint32_t k, unsigned label);
void bpf_if_bits(struct bpf_code *c, uint32_t k, unsigned label);
void bpf_if_least(struct bpf_code *c, uint32_t k, unsigned label);

/* The machine's instructions by what they do; offsets are from X. */
static inline void
bpf_load8(struct bpf_code *c, uint32_t at)
{
	bpf_put(c, BPF_LD | BPF_B | BPF_IND, at);
}

static inline void
bpf_load16(struct bpf_code *c, uint32_t at)
{
	bpf_put(c, BPF_LD | BPF_H | BPF_IND, at);
}

static inline void
bpf_load32(struct bpf_code *c, uint32_t at)
{
	bpf_put(c, BPF_LD | BPF_W | BPF_IND, at);
}

/* Something that the kernel knows of the packet: SKF_AD_... */
static inline void
bpf_load_known(struct bpf_code *c, int what)
{
	bpf_put(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + what));
}

static inline void
bpf_load_cell(struct bpf_code *c, uint32_t cell)
{
	bpf_put(c, BPF_LD | BPF_MEM, cell);
}

static inline void
bpf_store_cell(struct bpf_code *c, uint32_t cell)
{
	bpf_put(c, BPF_ST, cell);
}

static inline void
bpf_set_x(struct bpf_code *c, uint32_t k)
{
	bpf_put(c, BPF_LDX | BPF_IMM, k);
}

static inline void
bpf_and(struct bpf_code *c, uint32_t k)
{
	bpf_put(c, BPF_ALU | BPF_AND | BPF_K, k);
}

static inline void
bpf_add(struct bpf_code *c, uint32_t k)
{
	bpf_put(c, BPF_ALU | BPF_ADD | BPF_K, k);
}

static inline void
bpf_left(struct bpf_code *c, uint32_t k)
{
	bpf_put(c, BPF_ALU | BPF_LSH | BPF_K, k);
}

static inline void
bpf_right(struct bpf_code *c, uint32_t k)
{
	bpf_put(c, BPF_ALU | BPF_RSH | BPF_K, k);
}

/* X += A, A is lost. */
static inline void
bpf_skip_a(struct bpf_code *c)
{
	bpf_put(c, BPF_ALU | BPF_ADD | BPF_X, 0);
	bpf_put(c, BPF_MISC | BPF_TAX, 0);
}

/* X += k, A is lost. */
static inline void
bpf_skip(struct bpf_code *c, uint32_t k)
{
	bpf_put(c, BPF_MISC | BPF_TXA, 0);
	bpf_add(c, k);
	bpf_put(c, BPF_MISC | BPF_TAX, 0);
}

#endif
