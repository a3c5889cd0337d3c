// Matrix products. Tests: tests/models/{tflite/mlp_*,torch/mlp_traced}
#ifndef MOTE_OPS_MATMUL_H
#define MOTE_OPS_MATMUL_H

#include "ops/opkit.h"

typedef struct mote_linear_attr {
  mote_act_attr act;
  int64_t weights_format; // 0: [n, k]
  bool keep_dims;         // output keeps all dims but the last; else it is [m, n]
  mote_out_quant quant;
} mote_linear_attr;
typedef struct mote_matmul_attr {
  bool transpose_a, transpose_b;
} mote_matmul_attr;

// inputs: x [..., k], weight [n, k], bias (optional) [n]
extern const mote_op mote_op_linear;
// inputs: a [..., m, k], b [..., k, n]; leading dims broadcast
extern const mote_op mote_op_batch_matmul;

#endif
