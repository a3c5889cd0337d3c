// The recurrence of aten_rnn.c in one type of number. The includer defines, before including: REAL, NAME(x), EXP, TANH
// and KIND, what functions are declared; and the struct scan.
KIND REAL NAME(dot)(const REAL *a, const REAL *b, int64_t n) {
  REAL s[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int k = 0; k < 16; k++)
      s[k] += a[i + k] * b[i + k];
  for (int k = 0; i < n; i++, k++)
    s[k] += a[i] * b[i];
  REAL t = 0;
  for (int k = 0; k < 16; k++)
    t += s[k];
  return t;
}
KIND REAL NAME(sigmoid)(REAL x) { return 1 / (1 + EXP(-x)); }

// x: the input's part of the gates; r: the state's. c: cell state (LSTM). h: new state of `hidden` values.
KIND void NAME(step)(int64_t kind, int64_t n, const REAL *x, const REAL *r, REAL *cell, REAL *h) {
  for (int64_t i = 0; i < n; i++) {
    if (kind == MOTE_RNN_LSTM) {
      REAL in = NAME(sigmoid)(x[i] + r[i]), forget = NAME(sigmoid)(x[n + i] + r[n + i]),
           g = TANH(x[2 * n + i] + r[2 * n + i]);
      cell[i] = forget * cell[i] + in * g;
      h[i] = NAME(sigmoid)(x[3 * n + i] + r[3 * n + i]) * TANH(cell[i]);
    } else if (kind == MOTE_RNN_GRU) {
      REAL reset = NAME(sigmoid)(x[i] + r[i]), keep = NAME(sigmoid)(x[n + i] + r[n + i]);
      REAL fresh = TANH(x[2 * n + i] + reset * r[2 * n + i]);
      h[i] = (h[i] - fresh) * keep + fresh;
    } else {
      REAL v = x[i] + r[i];
      h[i] = kind == MOTE_RNN_TANH ? TANH(v) : v > 0 ? v : 0;
    }
  }
}

KIND void NAME(scan_row)(const mote_opctx *c, const scan *s, int64_t b, int64_t row) {
  const rnn_geo *g = &s->g;
  int64_t kind = ((const mote_rnn_attr *)c->attr)->kind, wide = g->gates * g->hidden;
  REAL *h = (REAL *)s->h + b * g->out, *cell = (REAL *)s->cell + b * g->hidden, *gate = s->gate;
  const REAL *seen = (const REAL *)s->seen + b * g->out, *bias = s->b, *w = s->w, *p = s->p,
             *x = (const REAL *)s->x + row * wide;
  for (int64_t i = 0; i < wide; i++)
    gate[i] = NAME(dot)(w + i * g->out, seen, g->out) + (bias != NULL ? bias[i] : 0);
  if (p == NULL) {
    NAME(step)(kind, g->hidden, x, gate, cell, h);
  } else {
    NAME(step)(kind, g->hidden, x, gate, cell, s->fresh);
    for (int64_t i = 0; i < g->out; i++)
      h[i] = NAME(dot)(p + i * g->hidden, s->fresh, g->hidden);
  }
  for (int64_t i = 0; i < g->out; i++)
    mote_store_f64(c->out[0]->data, c->out[0]->dtype, row * g->out + i, h[i]);
}
