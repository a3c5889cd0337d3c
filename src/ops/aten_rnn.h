// Recurrent layers of PyTorch. Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_RNN_H
#define MOTE_OPS_ATEN_RNN_H

#include "ops/aten_kit.h"

enum { MOTE_RNN_LSTM, MOTE_RNN_GRU, MOTE_RNN_TANH, MOTE_RNN_RELU };

typedef struct mote_rnn_attr {
  int64_t kind;
  bool reverse;      // from the last step to the first
  bool round8;       // the state is rounded to 8 bits of its range before its products
  bool reduce_range; // to 7
} mote_rnn_attr;

// inputs: x times its weights [time, batch, gates*hidden] (or [rows, ..] with batch sizes), h0 [batch, out], c0
// [batch, hidden] (LSTM only), recurrent weights [gates*hidden, out], their bias (optional), batch sizes [time]
// (optional), projection [out, hidden] (optional)
// outputs: y, last h, last c
extern const mote_op mote_op_rnn_scan;

// Weights of one cell of a layer and direction; -1 where there is none. `round8`: what meets them is rounded to 8 bits.
typedef struct mote_rnn_weights {
  mote_vid ih, hh, b_ih, b_hh, project;
  bool round8, reduce_range;
} mote_rnn_weights;
// Weights of cell i of `cells` out of the call's parameters.
typedef mote_rnn_weights mote_rnn_weights_fn(mote_low *w, const mote_arg *params, int64_t i, int64_t cells);
// Lowers layers of recurrent cells, and one cell, as PyTorch's calls have them.
mote_status mote_aten_rnn_layers(mote_lowering *l, int64_t kind, mote_rnn_weights_fn *weights_of);
mote_status mote_aten_rnn_cell(mote_lowering *l, int64_t kind, const mote_rnn_weights *p);

// Numbers rounded to the 8 bits of their own range (7 with `reduce`), as dynamic quantisation does (aten_quant.c).
mote_vid mote_aten_rounded(mote_low *w, mote_vid x, bool reduce);
// Values rounded to 8 bits (7 with reduce_range) of their own range: dynamic quantisation (aten_quant.c).
void mote_aten_round8(float *x, int64_t n, bool reduce_range);

#endif
