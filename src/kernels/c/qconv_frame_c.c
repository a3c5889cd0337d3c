// Packing, tiling and gathering shared by the vector rows of quantised convolution (contract: qconv_frame.h).
// Knows no instruction set. Tests: tests/kernels/check_qconv.c
#include "kernels/qconv_frame.h"

#include <string.h>

#include "base/checked.h"

// A packed filter: this head, then groups * panels panels.
typedef struct head {
  int32_t w_zp; // of the signed code
  int32_t pad[15];
} head;

static bool words(const mote_qconv_isa *isa) { return isa->input == MOTE_QCONV_WORDS; }

// 0x80 where the codes' signedness is not the one that the row multiplies.
static uint8_t flip_of(const mote_qconv_isa *isa, mote_dtype type) {
  return !words(isa) && (isa->input == MOTE_QCONV_SIGNED) != (type == MOTE_I8) ? 0x80 : 0;
}

static uint32_t group_of(const mote_qconv_isa *isa) { return words(isa) ? 2 : 4; }

static size_t panel_count(const mote_qconv_isa *isa, uint32_t oc) { return ((size_t)oc + isa->width - 1) / isa->width; }

// Steps of a row: k rounded up to whole groups; 0 when something overflows (a group is 4 bytes in both forms).
static size_t step_count(const mote_qconv_isa *isa, uint32_t ic, uint32_t kh, uint32_t kw) {
  size_t k, bytes;
  if (!mote_mul_size(ic, kh, &k) || !mote_mul_size(k, kw, &k) || !mote_add_size(k, 3, &bytes) ||
      !mote_mul_size(bytes, (size_t)isa->width * 4, &bytes))
    return 0;
  return (k + group_of(isa) - 1) / group_of(isa);
}

static size_t block_size(const mote_qconv_isa *isa) { return (size_t)isa->width * MOTE_QCOLS_WORDS * 4; }

static size_t panel_size(const mote_qconv_isa *isa, size_t steps) { return block_size(isa) + steps * isa->width * 4; }

size_t mote_qconv_frame_packed_size(const mote_qconv_isa *isa, const mote_qconv_weights *w) {
  size_t steps = step_count(isa, w->ic, w->kh, w->kw), size, panels;
  if (steps == 0 || !mote_add_size(block_size(isa), steps * isa->width * 4, &size) ||
      !mote_mul_size(panel_count(isa, w->oc), w->groups, &panels) || !mote_mul_size(size, panels, &size) ||
      !mote_add_size(size, sizeof(head), &size))
    return 0;
  return size;
}

typedef struct packing {
  const mote_qconv_isa *isa;
  const mote_qconv_weights *w;
  size_t size; // of a panel
  mote_qcols cols;
  char *codes;
} packing;

static int32_t signed_zp(const mote_qconv_weights *w) { return w->type == MOTE_U8 ? w->zp - 128 : w->zp; }

// Codes of a filter that are packed at once: their places in a panel stay in L1 from one column to the next.
enum { CODES = 256 };

// Codes k to k + n of a channel, k running over rows, pixels and channels of input, as they are stored.
static void read_codes(const mote_qconv_weights *w, const uint8_t *channel, size_t k, size_t n, uint8_t *to) {
  for (size_t run; n; k += run, n -= run, to += run) {
    size_t pixel = k / w->ic, i = k % w->ic;
    const uint8_t *from = channel + (ptrdiff_t)(pixel / w->kw) * w->w_y + (ptrdiff_t)(pixel % w->kw) * w->w_x;
    from += (ptrdiff_t)i * w->w_i;
    run = MOTE_MIN(n, w->ic - i);
    if (w->w_i == 1)
      memcpy(to, from, run);
    else
      for (size_t r = 0; r < run; r++)
        to[r] = from[(ptrdiff_t)r * w->w_i];
  }
}

// U8 codes move down by 128; the sum of the codes, as signed ones. Eight at a time: n is rounded up to 8.
static int32_t to_signed(mote_dtype type, uint8_t *codes, size_t n) {
  const uint64_t each = 0x0101010101010101u, flip = type == MOTE_U8 ? each * 0x80 : 0, low = 0x00ff00ff00ff00ffu;
  uint64_t eight, sums = 0; // four sums of codes + 128, each below 2^16
  size_t i = 0;
  for (; i < n; i += 8) {
    memcpy(&eight, codes + i, 8);
    eight ^= flip;
    memcpy(codes + i, &eight, 8);
    eight ^= each * 0x80;
    sums += (eight & low) + (eight >> 8 & low);
  }
  return (int32_t)(sums * 0x0001000100010001u >> 48) - 128 * (int32_t)i;
}

// Codes k to k + n of a channel as the panel holds them, with zeros up to a whole group; adds to the column's sum
// where the row wants one.
static void prepare_codes(const packing *p, size_t channel, size_t k, size_t n, int16_t *to, int32_t *sum) {
  uint8_t codes[CODES], *bytes = (uint8_t *)to;
  const mote_qconv_weights *w = p->w;
  const uint8_t *from = (const uint8_t *)w->w + (ptrdiff_t)channel * w->w_o;
  if (words(p->isa)) {
    read_codes(w, from, k, n, codes);
    p->isa->widen(w->type, w->zp, codes, to, n);
    to[n] = 0;
    return;
  }
  read_codes(w, from, k, n, bytes);
  memset(bytes + n, w->type == MOTE_U8 ? 0x80 : 0, 8); // zeros as signed codes
  *sum = (int32_t)((uint32_t)*sum + (uint32_t)to_signed(w->type, bytes, n) - (uint32_t)n * (uint32_t)signed_zp(w));
}

// Codes k to k + n of `count` channels from `channel` on: columns 0 to count of the panel.
static void pack_codes(const packing *p, size_t channel, size_t count, size_t k, size_t n) {
  int16_t codes[CODES + 4];
  const size_t group = group_of(p->isa), groups = (n + group - 1) / group, step = (size_t)p->isa->width * 4;
  char *to = p->codes + k / group * step;
  for (size_t j = 0; j < count; j++, to += 4) {
    prepare_codes(p, channel + j, k, n, codes, &p->cols.wsum[j]);
    for (size_t i = 0; i < groups; i++)
      memcpy(to + i * step, codes + 2 * i, 4);
  }
}

static void pack_panel(packing *p, size_t channel, size_t count, char *panel) {
  mote_qcols_source src = {p->w->bias, p->w->float_bias, p->w->scale, p->w->scale_count};
  p->cols = mote_qcols_at(panel, p->isa->width);
  p->codes = panel + block_size(p->isa);
  if (count < p->isa->width)
    memset(p->codes, 0, p->size - block_size(p->isa));
  mote_qcols_fill(p->cols, p->isa->width, count, &src, channel);
  size_t size = (size_t)p->w->kh * p->w->kw * p->w->ic;
  for (size_t k = 0; k < size; k += CODES)
    pack_codes(p, channel, count, k, MOTE_MIN(size - k, (size_t)CODES));
}

void mote_qconv_frame_pack(const mote_qconv_isa *isa, const mote_qconv_weights *w, void *packed) {
  packing p = {.isa = isa, .w = w, .size = panel_size(isa, step_count(isa, w->ic, w->kh, w->kw))};
  *(head *)packed = (head){.w_zp = words(isa) ? 0 : signed_zp(w)};
  char *panel = (char *)packed + sizeof(head);
  for (uint32_t g = 0; g < w->groups; g++)
    for (uint32_t o = 0; o < w->oc; o += isa->width, panel += p.size)
      pack_panel(&p, (size_t)g * w->oc + o, MOTE_MIN(w->oc - o, isa->width), panel);
}

// How the product [rows x k] * [k x oc] of a group is cut: m_tiles x n_tiles, from the shape alone.
typedef struct cut {
  size_t rows, steps, m_tiles, m_rows, n_tiles, n_panels;
} cut;

// About 24 KiB of input a tile, so that it stays in L1 beside a panel; at least eight tiles where the panels allow it.
MOTE_SMALL static cut cut_of(const mote_qconv_isa *isa, const mote_qconv_args *a) {
  cut c;
  size_t panels = panel_count(isa, a->oc);
  c.rows = (size_t)a->n * a->oh * a->ow;
  c.steps = step_count(isa, a->ic, a->kh, a->kw);
  size_t most = 24576 / (c.steps * 4 + 1) / 24 * 24;
  most = MOTE_MIN(MOTE_MAX(most, (size_t)24), (size_t)MOTE_QCONV_ROWS);
  c.m_tiles = (c.rows + most - 1) / most;
  c.m_rows = c.m_tiles ? (c.rows + c.m_tiles - 1) / c.m_tiles : 0;
  size_t want = c.m_tiles && c.m_tiles < 8 ? 8 / c.m_tiles : 1;
  c.n_panels = (panels + want - 1) / want;
  c.n_panels = (c.n_panels + 3) / 4 * 4;
  c.n_tiles = (panels + c.n_panels - 1) / c.n_panels;
  return c;
}

uint32_t mote_qconv_frame_tiles(const mote_qconv_isa *isa, const mote_qconv_args *a) {
  cut c = cut_of(isa, a);
  return (uint32_t)(c.m_tiles * c.n_tiles * a->groups);
}

// Whether the input can be read in place: pixels a constant step apart, whole groups of 4.
MOTE_SMALL static bool in_place(const mote_qconv_isa *isa, const mote_qconv_args *a) {
  if (words(isa) || a->kh != 1 || a->kw != 1 || a->ic % 4 != 0 || a->pad_top != 0 || a->pad_left != 0)
    return false;
  if (a->oh > a->ih || a->ow > a->iw || (a->oh > 1 && a->sh != 1) || (a->ow > 1 && a->sw != 1))
    return false;
  bool rows_join = a->oh == 1 || a->ow == 1 || a->in_y == (ptrdiff_t)a->ow * a->in_x;
  if (a->n == 1)
    return rows_join && (a->ow > 1 || a->oh >= 1);
  return a->oh == 1 && a->ow == 1 ? true : rows_join && a->ow > 1 && a->in_n == (ptrdiff_t)a->oh * a->ow * a->in_x;
}

// Bytes between rows read in place.
static ptrdiff_t pixel_step(const mote_qconv_args *a) {
  if (a->ow > 1)
    return a->in_x;
  return a->oh > 1 ? a->in_y : a->in_n;
}

typedef struct place {
  uint32_t n, y, x;
} place;

static place place_of(const mote_qconv_args *a, size_t row) {
  size_t line = row / a->ow;
  place p = {(uint32_t)(line / a->oh), (uint32_t)(line % a->oh), (uint32_t)(row % a->ow)};
  return p;
}

static void step(const mote_qconv_args *a, place *p) {
  if (++p->x < a->ow)
    return;
  p->x = 0;
  if (++p->y == a->oh) {
    p->y = 0;
    p->n++;
  }
}

// Short runs are the rule here, and a call of memcpy for each would cost more than the copy. `room` bytes may be read
// at `from`, and COPY bytes written at `to`, which later runs overwrite.
enum { COPY = 16 };

MOTE_INLINE void copy_bytes(char *to, const char *from, size_t count, size_t room) {
  if (count <= COPY && room >= COPY) {
    memcpy(to, from, COPY);
    return;
  }
  if (count >= 64) {
    memcpy(to, from, count);
    return;
  }
  for (; count >= 8; count -= 8, to += 8, from += 8)
    memcpy(to, from, 8);
  for (; count; count--)
    *to++ = *from++;
}

// How the rows of a tile are gathered.
typedef struct gather {
  const mote_qconv_isa *isa;
  const mote_qconv_args *a;
  bool joined;         // the pixels of a kernel row are adjacent bytes
  bool small;          // bytes, joined, a kernel row of at most COPY
  size_t channel, run; // first channel of the group; bytes of a joined kernel row
} gather;

// One run of adjacent input bytes, or `from` NULL for padding, which is the zero point and so adds nothing.
MOTE_INLINE char *put(const gather *g, int32_t zp, char *to, const char *from, size_t count, size_t room) {
  if (!words(g->isa)) {
    if (from)
      copy_bytes(to, from, count, room);
    else
      memset(to, (uint8_t)zp, count);
    return to + count;
  }
  if (from)
    g->isa->widen(g->a->in_type, zp, from, (int16_t *)to, count);
  else
    memset(to, 0, count * 2);
  return to + count * 2;
}

// Copies the kw pixels of one kernel row; `line` NULL: the row is padding.
MOTE_INLINE char *gather_line(const gather *g, int32_t zp, const char *line, int64_t x0, char *to) {
  const mote_qconv_args *a = g->a;
  if (line && g->joined && x0 >= 0 && x0 + a->kw <= a->iw)
    return put(g, zp, to, line + x0 * a->in_x, g->run, (size_t)(a->iw - x0) * a->ic);
  for (uint32_t kx = 0; kx < a->kw; kx++) {
    int64_t x = x0 + (int64_t)kx * a->dw;
    bool inside = line && x >= 0 && x < a->iw;
    to = put(g, zp, to, inside ? line + x * a->in_x : NULL, a->ic, 0);
  }
  return to;
}

// Kernel rows of at most COPY bytes that lie inside the image with COPY bytes to read: nearly all of a first layer with
// 3 channels. False: not such a place.
MOTE_INLINE bool gather_short(const gather *g, const char *image, int64_t y, int64_t x, char *to) {
  const mote_qconv_args *a = g->a;
  if (!g->small || y < 0 || y + (int64_t)(a->kh - 1) * a->dh >= a->ih || x < 0 || (a->iw - x) * a->ic < COPY)
    return false;
  const char *line = image + y * a->in_y + x * a->in_x;
  for (uint32_t ky = 0; ky < a->kh; ky++, to += g->run, line += a->dh * a->in_y)
    memcpy(to, line, COPY);
  memset(to, flip_of(g->isa, a->in_type), 3);
  return true;
}

static void gather_row(const gather *g, place p, char *to, size_t size) {
  const mote_qconv_args *a = g->a;
  int32_t zp = a->image_zp ? a->image_zp[p.n] : a->in_zp;
  int64_t y = (int64_t)p.y * a->sh - a->pad_top, x0 = (int64_t)p.x * a->sw - a->pad_left;
  char *end = to + size;
  const char *image = (const char *)a->in + p.n * a->in_n + (ptrdiff_t)g->channel;
  if (gather_short(g, image, y, x0, to))
    return;
  for (uint32_t ky = 0; ky < a->kh; ky++, y += a->dh)
    to = gather_line(g, zp, y >= 0 && y < a->ih ? image + y * a->in_y : NULL, x0, to);
  // Meets zero weights, and must be 0 after the flip: row sums count it.
  if (to < end)
    memset(to, flip_of(g->isa, a->in_type), 3); // of 1 to 3; what is too much is overwritten or COPY
}

size_t mote_qconv_frame_scratch(const mote_qconv_isa *isa, const mote_qconv_args *a) {
  cut c = cut_of(isa, a);
  return in_place(isa, a) ? 0 : c.m_rows * c.steps * 4 + COPY;
}

static void run_tile(const mote_qconv_isa *isa, const mote_qconv_args *a, const cut *c, const char *packed,
                     uint32_t t) {
  char *out[MOTE_QCONV_ROWS];
  size_t panels = panel_count(isa, a->oc), n_tile = t % c->n_tiles, m_tile = t / c->n_tiles % c->m_tiles;
  uint32_t group = (uint32_t)(t / c->n_tiles / c->m_tiles);
  size_t row = m_tile * c->m_rows, first = n_tile * c->n_panels, last = MOTE_MIN(panels, first + c->n_panels);
  mote_qconv_strip s = {.args = a, .steps = c->steps, .first_row = row, .panel_size = panel_size(isa, c->steps)};
  if (row >= c->rows)
    return;
  s.rows = MOTE_MIN(c->m_rows, c->rows - row);
  s.flip = flip_of(isa, a->in_type);
  s.shift = s.flip == 0 ? 0 : a->in_type == MOTE_I8 ? 128 : -128;
  s.w_zp = ((const head *)packed)->w_zp;
  s.panels = packed + sizeof(head) + (group * panels + first) * s.panel_size;
  s.columns = MOTE_MIN(last * isa->width, (size_t)a->oc) - first * isa->width;
  s.out = out;
  bool direct = in_place(isa, a);
  gather g = {isa, a, a->dw == 1 && a->in_x == (ptrdiff_t)a->ic, false, (size_t)group * a->ic, (size_t)a->kw * a->ic};
  g.small = g.joined && !words(isa) && g.run <= COPY;
  s.a_stride = direct ? pixel_step(a) : (ptrdiff_t)(c->steps * 4);
  s.a = direct ? (const char *)a->in + (ptrdiff_t)row * s.a_stride + (ptrdiff_t)((size_t)group * a->ic) : a->scratch;
  ptrdiff_t size = (ptrdiff_t)mote_qtype_size(a->out_type),
            column = (ptrdiff_t)((size_t)group * a->oc + first * isa->width);
  place p = place_of(a, row);
  for (size_t r = 0; r < s.rows; r++, step(a, &p)) {
    out[r] = (char *)a->out + (p.n * a->out_n + p.y * a->out_y + p.x * a->out_x + column) * size;
    if (!direct)
      gather_row(&g, p, (char *)a->scratch + r * c->steps * 4, c->steps * 4);
  }
  isa->strip(&s);
}

void mote_qconv_frame_run(const mote_qconv_isa *isa, const mote_qconv_args *a, const void *packed, uint32_t t0,
                          uint32_t t1) {
  cut c = cut_of(isa, a);
  for (uint32_t t = t0; t < t1; t++)
    run_tile(isa, a, &c, packed, t);
}

void mote_qconv_finish(const mote_qconv_strip *s, const char *panel, uint32_t width, bool words, size_t row,
                       size_t first, int32_t row_sum, const int32_t *dot, size_t count) {
  const mote_qconv_args *a = s->args;
  mote_qstore store = {a->out_type, a->round, a->out_zp, a->lo, a->hi, a->flo, a->fhi};
  mote_qcols cols = mote_qcols_at(panel, width);
  size_t image = (s->first_row + row) / ((size_t)a->oh * a->ow);
  int32_t zero = (a->image_zp ? a->image_zp[image] : a->in_zp) + s->shift, sum[64];
  for (size_t j = 0; j < count; j++) {
    uint32_t v = (uint32_t)dot[j] + (uint32_t)cols.bias[j];
    if (!words)
      v -= (uint32_t)zero * (uint32_t)cols.wsum[j] + (uint32_t)s->w_zp * (uint32_t)row_sum;
    sum[j] = (int32_t)v;
  }
  mote_qstore_run(&store, &cols, 0, sum, count, a->image_scale ? a->image_scale[image] : 1.0f,
                  s->out[row] + first * mote_qtype_size(a->out_type));
}
