// Recurrent layers of PyTorch. Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_RNN_H
#define MOTE_OPS_ATEN_RNN_H

#include "ops/opkit.h"

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
// Values rounded to 8 bits (7 with reduce_range) of their own range: dynamic quantisation (aten_quant.c).
void mote_aten_round8(float *x, int64_t n, bool reduce_range);

#endif
