#!/usr/bin/env python3
"""Writes src/script/schemas/*.def, which schemas.def joins: the operator schemas that saved TorchScript can name.

Needs PyTorch (made with 2.13). The facts come from torch._C._jit_get_all_schemas(); the choice is made here: what
inference code can call. Left out are gradients, out= forms, sparse, nested, device libraries and test operators, save
those named in KEEP (seen in real models). Run: python3 scripts/make_schemas.py; then pack_schemas.py.
"""
import pathlib
import re
import sys

import torch

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "src" / "script" / "schemas"
# Files, and the names from which and before which they hold the rows.
PARTS = [("aten_to_f", "", "aten::g"), ("aten_g_to_q", "aten::g", "aten::r"), ("aten_r_and_others", "aten::r", "~")]
NAMESPACES = {"aten", "prim", "quantized"}
# Operators that the wheel does not register: packed operators of mobile builds, and torchvision's.
EXTRA = """
prepacked::conv2d_clamp_prepack(Tensor W, Tensor? B, int[2] stride, int[2] padding, int[2] dilation, int groups, Scalar? output_min=None, Scalar? output_max=None) -> __torch__.torch.classes.xnnpack.Conv2dOpContext
prepacked::conv2d_clamp_run(Tensor X, __torch__.torch.classes.xnnpack.Conv2dOpContext W_prepack) -> Tensor
prepacked::conv2d_transpose_clamp_prepack(Tensor W, Tensor? B, int[2] stride, int[2] padding, int[2] output_padding, int[2] dilation, int groups, Scalar? output_min=None, Scalar? output_max=None) -> __torch__.torch.classes.xnnpack.TransposeConv2dOpContext
prepacked::conv2d_transpose_clamp_run(Tensor X, __torch__.torch.classes.xnnpack.TransposeConv2dOpContext W_prepack) -> Tensor
prepacked::linear_clamp_prepack(Tensor W, Tensor? B=None, Scalar? output_min=None, Scalar? output_max=None) -> __torch__.torch.classes.xnnpack.LinearOpContext
prepacked::linear_clamp_run(Tensor X, __torch__.torch.classes.xnnpack.LinearOpContext W_prepack) -> Tensor
prepacked::unpack_prepacked_sizes_conv2d(Any W_prepack) -> Any
prepacked::unpack_prepacked_sizes_linear(Any W_prepack) -> Any
prim::ModuleContainerIndex.list(Any self, int ind) -> Any
prim::ModuleContainerIndex.dict(Any self, str ind) -> Any
prim::tolist(...) -> Any
prim::shape(Tensor a) -> int[]
prim::is_nested(Tensor a) -> bool
torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor
torchvision::roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, int sampling_ratio, bool aligned) -> Tensor
torchvision::deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, int stride_h, int stride_w, int pad_h, int pad_w, int dilation_h, int dilation_w, int groups, int offset_groups, bool use_mask) -> Tensor
torchvision::roi_pool(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width) -> (Tensor, Tensor)
torchvision::ps_roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, int sampling_ratio) -> (Tensor, Tensor)
torchvision::ps_roi_pool(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width) -> (Tensor, Tensor)
""".strip().splitlines()

DROP_NAME = re.compile(
    r"backward|_foreach|_fused_|cuda|cudnn|miopen|mkldnn|mps|nested|jagged|padded_tensor|fbgemm|_test_|_cslt|_jvp|onednn|"
    r"sparse|_coo|coo_|csr|csc|bsr|bsc|crow_|ccol_|col_indices|row_indices|functional|_amp_|_assert_tensor|"
    r"_batch_dim|_scaled_(mm|grouped)|_flash|_efficient|_fft_|_cufft|_triton|_transformer|_dual|"
    r"sym_|_dist|vulkan|_local_scalar_dense_|_thnn|retain_grad|names?_|_autograd|_record_function|Broadcasting|"
    r"Autograd|MKLDNN|Python|Fusion|Static|TypeCheck|TensorExpr|rpc_|RRef|to_here|BatchSide|TreeReduce|StatValue|Bailout|"
    r"FallbackGraph|BroadcastSizes|ChunkSizes|ReductionSizes|GradCheck|oneDNN|VarConcat|VarStack|confirmed_by|is_owner|owner|Differentiable|profile|BailOut|Guard|FusedConcat|Constant[A-Z]|_cast_(Byte|Char|Double|Short|Half)$|"
    r"chunked|_group_norm_gelu|static_runtime|_version|set_data|_neg_view|_conj_physical$|"
    r"_validate|_debug_has|embedding_renorm|fake_quant|_choose_qparams|_histogramdd|segment_reduce|_use_|_unsafe_view_|"
    r"batch_norm_(stats|elemt|gather|update)|^_[a-z]"
)
KEEP = set("""
aten::_add_relu_.Tensor aten::_aminmax aten::_cast_Long aten::_chunk_cat aten::_conj aten::_convolution
aten::_convolution.deprecated aten::_convolution_mode aten::_infer_size aten::_lu_with_info
aten::_make_per_tensor_quantized_tensor aten::_native_batch_norm_legit aten::_native_multi_head_attention
aten::_nested_tensor_from_mask aten::_nested_tensor_from_mask_left_aligned aten::_pack_padded_sequence
aten::_pad_packed_sequence aten::_reshape_from_tensor aten::_safe_softmax aten::_set_item.int aten::_set_item.str
aten::_set_item.t aten::_shape_as_tensor aten::_softmax_backward_data aten::_transformer_encoder_layer_fwd
aten::_unique2 aten::_unsafe_masked_index aten::_unsafe_masked_index_put_accumulate aten::_upsample_bicubic2d_aa.vec
aten::_upsample_bilinear2d_aa aten::_upsample_bilinear2d_aa.vec aten::_upsample_lanczos2d_aa.vec
aten::_upsample_nearest_exact1d.vec aten::_upsample_nearest_exact2d aten::_upsample_nearest_exact2d.vec
aten::_upsample_nearest_exact3d aten::_upsample_nearest_exact3d.vec aten::_weight_norm aten::add.out aten::backward
aten::backward.TensorList aten::embedding_renorm_ aten::fake_quantize_per_channel_affine
aten::fake_quantize_per_tensor_affine aten::frobenius_norm.out aten::is_grad_enabled
aten::linalg_matrix_norm.str_ord_out aten::linalg_vector_norm.out aten::logical_and.out aten::logical_not.out
aten::logical_or.out aten::logical_xor.out aten::mul.out aten::native_dropout_backward aten::norm.dtype_out
aten::norm.out aten::nuclear_norm.dim_out aten::nuclear_norm.out aten::pairwise_distance aten::requires_grad_
aten::segment_reduce aten::sparse_resize_and_clear_ aten::to_padded_tensor aten::zeros.out prim::is_cuda
prim::is_mkldnn prim::is_sparse
""".split())


def overload_is_out(schema):
    return any(a.is_out for a in schema.arguments)


def wanted(schema):
    full = schema.name + ("." + schema.overload_name if schema.overload_name else "")
    space, name = schema.name.split("::")
    if full in KEEP:
        return True
    if space not in NAMESPACES or overload_is_out(schema) or "Dimname" in str(schema):
        return False
    return not DROP_NAME.search(name)


def text(schema):
    s = str(schema)
    s = re.sub(r"\(([a-z])!( -> [^)]*)?\)", "(!)", s)          # written arguments keep a mark
    s = re.sub(r"(?<!Future)(?<!Await)(?<!RRef)\((\*|[a-z*|]+|[a-z*|]+ -> \*|[a-z*|]+ -> [a-z*|]+)\)(?=[\[\]?, )]|$)", "", s)  # other alias sets go
    return s.replace("SymInt", "int").replace("ScalarType", "int").replace("MemoryFormat", "int").replace("Layout", "int")


def main():
    rows, seen = [], set()
    for schema in torch._C._jit_get_all_schemas():
        if schema.name in seen:
            continue
        seen.add(schema.name)
        rows += [text(s) for s in torch._C._jit_get_schemas_for_operator(schema.name) if wanted(s)]
    known = {re.split(r"[.(]", r)[0] for r in rows}
    rows += [r for r in EXTRA if re.split(r"[.(]", r)[0] not in known]
    rows.sort(key=lambda r: re.split(r"[.(]", r)[0])  # stable: overloads keep PyTorch's order
    rows = list(dict.fromkeys(rows))
    for name, first, behind in PARTS:
        with open(SCHEMAS / (name + ".def"), "w", encoding="utf-8") as f:
            f.write("// See ../schemas.def. Made by scripts/make_schemas.py.\n// clang-format off\n")
            for r in rows:
                if first <= r < behind:
                    f.write('MOTE_SCHEMA("%s")\n' % r.replace("\\", "\\\\").replace('"', '\\"'))
    print("%d rows, %d bytes" % (len(rows), sum(len(r) + 1 for r in rows)), file=sys.stderr)


if __name__ == "__main__":
    main()
