// mote: runs TensorFlow Lite (.tflite) and TorchScript (.pt, .ptl) models on the CPU.
//
// Ownership: every mote_X_create/open gives a handle that mote_X_destroy/release ends; destroy takes NULL, other
// functions only where they say so. Sessions and results of calls keep their model alive; the context must outlive all.
// Threads: a context and a model may be used by many threads at once; a session, a value and an error belong to one
// thread at a time. Errors: every call that can fail returns a mote_status; the mote_error, which may be NULL, tells
// what, where and why. Out-parameters are set only on success, and what failed can be called again. Nothing aborts,
// nothing prints, nothing reads the environment. Structs begin with their size: fill them with their init function.
#ifndef MOTE_MOTE_H
#define MOTE_MOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define MOTE_API __declspec(dllexport)
#elif defined(__GNUC__)
#define MOTE_API __attribute__((visibility("default")))
#else
#define MOTE_API
#endif

#define MOTE_VERSION_MAJOR 0
#define MOTE_VERSION_MINOR 1
#define MOTE_VERSION_PATCH 0

// "0.1.0"; static storage.
MOTE_API const char *mote_version(void);

// ---------------------------------------------------------------------------------------------------- errors

// Numbers are part of the ABI and never change.
typedef enum mote_status {
  MOTE_OK = 0,
  MOTE_ERR_NOMEM = 1,       // the allocator returned NULL
  MOTE_ERR_ARGUMENT = 2,    // the caller passed something impossible
  MOTE_ERR_IO = 3,          // the operating system refused a file
  MOTE_ERR_FORMAT = 4,      // the file breaks its format's rules
  MOTE_ERR_UNSUPPORTED = 5, // well formed, but names something mote does not have; the message says what and where
  MOTE_ERR_SHAPE = 6,       // shapes do not fit
  MOTE_ERR_TYPE = 7,        // dtypes or value kinds do not fit
  MOTE_ERR_LIMIT = 8,       // a bound on size, depth or work was reached
  MOTE_ERR_DATA = 9,        // an index or value found in the data is out of range
  MOTE_ERR_RAISED = 10,     // the program raised an exception; the message is the exception's
  MOTE_ERR_CANCELLED = 11,  // mote_session_cancel was called
  MOTE_ERR_INTERNAL = 12    // a bug in mote; please report
} mote_status;

// Static name such as "MOTE_ERR_SHAPE".
MOTE_API const char *mote_status_name(mote_status status);

// Caller-owned detail of the first failure. Initialise with mote_error_init; read with the functions below; one
// object may serve many calls (each call that fails overwrites what an earlier call left).
typedef struct mote_error {
  size_t struct_size;
  mote_status status;
  int32_t node;    // node of the graph, or -1
  uint64_t offset; // byte offset in the file, or UINT64_MAX
  uint32_t item_count;
  uint32_t text_len;  // bytes used in `text`
  uint32_t place_len; // internal: bytes of the place in front of the message
  char text[4076];    // place, message and items; read through the functions
} mote_error;

MOTE_API void mote_error_init(mote_error *error);
// The text belongs to the error and stays until its next use. One line: "model.tflite: node 3 CONV_2D: filter has 4
// input channels, input has 3". Empty when nothing failed.
MOTE_API const char *mote_error_message(const mote_error *error);
// What comes with the error, a line each: missing operators, or the Python traceback, innermost last. NULL past the
// end.
MOTE_API const char *mote_error_item(const mote_error *error, uint32_t index);

// ---------------------------------------------------------------------------------------------------- types

// Numbers are part of the ABI and never change.
typedef enum mote_dtype {
  MOTE_NONE = 0,
  MOTE_F32 = 1,
  MOTE_F16 = 2,
  MOTE_BF16 = 3,
  MOTE_F64 = 4,
  MOTE_I8 = 5,
  MOTE_U8 = 6,
  MOTE_I16 = 7,
  MOTE_U16 = 8,
  MOTE_I32 = 9,
  MOTE_U32 = 10,
  MOTE_I64 = 11,
  MOTE_U64 = 12,
  MOTE_BOOL = 13, // one byte, 0 or 1
  MOTE_C64 = 14,  // two f32
  MOTE_C128 = 15, // two f64
  MOTE_I4 = 16,   // two a byte, low nibble first
  MOTE_I2 = 17,   // four a byte, low bits first
  MOTE_STRING = 18,
  MOTE_RESOURCE = 19, // handle of a variable or table
  MOTE_QI8 = 20,      // PyTorch qint8: codes of i8 with a quantiser
  MOTE_QU8 = 21,      // PyTorch quint8
  MOTE_QI32 = 22,     // PyTorch qint32
  MOTE_DTYPE_COUNT = 23
} mote_dtype;

#define MOTE_MAX_RANK 8

// "float32", "int8", ...; static storage. Any number is taken.
MOTE_API const char *mote_dtype_name(mote_dtype dtype);
// Bits of one element: 4 for MOTE_I4, 2 for MOTE_I2, 0 for MOTE_STRING, MOTE_RESOURCE and MOTE_NONE.
MOTE_API uint32_t mote_dtype_bits(mote_dtype dtype);

// Affine quantisation: real = scale * (code - zero_point). The arrays belong to whoever owns the struct around them.
typedef struct mote_quant {
  double scale; // of channel 0 when per channel
  int32_t zero_point;
  int32_t axis;               // channel axis, -1 when one scale serves all
  int32_t count;              // number of scales; 0 = not quantised
  const double *scales;       // [count], NULL when count <= 1
  const int32_t *zero_points; // [count], NULL when all equal zero_point
} mote_quant;

// ---------------------------------------------------------------------------------------------------- context

// Where all memory comes from. alloc returns NULL when short; both are called from any thread. `align` is a power of
// two.
typedef struct mote_allocator {
  void *ctx;
  void *(*alloc)(void *ctx, size_t size, size_t align);
  void (*free)(void *ctx, void *ptr, size_t size);
} mote_allocator;

// A caller's thread pool: must call fn(arg, i) for each i in [0, n), all n at the same time, and return when all
// returned.
typedef struct mote_threads {
  void *ctx;
  void (*parallel)(void *ctx, void (*fn)(void *arg, uint32_t index), void *arg, uint32_t n);
} mote_threads;

typedef enum mote_precision {
  MOTE_PRECISION_F32 = 0, // float32 arithmetic, fastest order
  // To become the same bits on every CPU. For now: float32 convolutions without Winograd's transform; of a .tflite,
  // 8-bit convolutions, fully connected layers, sums and differences in the fixed point of TensorFlow Lite's reference
  MOTE_PRECISION_STRICT = 1,
  MOTE_PRECISION_FAST = 2 // for bf16 or f16 arithmetic to come; the same as F32 for now
} mote_precision;

typedef struct mote_context mote_context;

typedef struct mote_context_options {
  size_t struct_size;
  const mote_allocator *allocator; // NULL: libc. Copied; its ctx must outlive the context
  const char *cpu_cap;             // highest CPU level used, such as "c" or "avx2"; NULL: what the CPU has
  // Lines that programs print and warn with; called from the thread of the call. NULL: silent
  void (*log)(void *log_ctx, const char *line);
  void *log_ctx;
  size_t memory_limit; // bytes that one model's loading, and what one session holds, may take; 0: 4 GiB
  uint64_t step_limit; // VM instructions a call may execute, 0: 2^40
} mote_context_options;

MOTE_API void mote_context_options_init(mote_context_options *options);
// `options` may be NULL. The context must outlive everything made from it.
MOTE_API mote_status mote_context_create(const mote_context_options *options, mote_context **out, mote_error *error);
MOTE_API void mote_context_destroy(mote_context *context);
// CPU features in use, such as "avx2 avx512 avx512vnni". Valid as long as the context.
MOTE_API const char *mote_context_cpu(const mote_context *context);

// ---------------------------------------------------------------------------------------------------- values

typedef enum mote_kind {
  MOTE_KIND_NONE = 0,
  MOTE_KIND_BOOL = 1,
  MOTE_KIND_INT = 2,
  MOTE_KIND_FLOAT = 3,
  MOTE_KIND_COMPLEX = 4,
  MOTE_KIND_STRING = 5,
  MOTE_KIND_TENSOR = 6,
  MOTE_KIND_LIST = 7,
  MOTE_KIND_TUPLE = 8,
  MOTE_KIND_DICT = 9,
  MOTE_KIND_OBJECT = 10 // an instance of a script class, opaque
} mote_kind;

// A reference-counted value: made with one reference, ended by mote_value_release. Lists, dicts and tensors are shared
// by reference, as in Python: a method may change them. A value made from one context may be used with its models only.
typedef struct mote_value mote_value;

MOTE_API mote_status mote_value_none(mote_context *context, mote_value **out, mote_error *error);
MOTE_API mote_status mote_value_bool(mote_context *context, bool v, mote_value **out, mote_error *error);
MOTE_API mote_status mote_value_int(mote_context *context, int64_t v, mote_value **out, mote_error *error);
MOTE_API mote_status mote_value_float(mote_context *context, double v, mote_value **out, mote_error *error);
MOTE_API mote_status mote_value_complex(mote_context *context, double re, double im, mote_value **out,
                                        mote_error *error);
// `len` bytes of UTF-8, copied; they may hold zeros.
MOTE_API mote_status mote_value_string(mote_context *context, const char *text, size_t len, mote_value **out,
                                       mote_error *error);
// Empty list, dict; tuple of `count` values (each retained).
MOTE_API mote_status mote_value_list(mote_context *context, mote_value **out, mote_error *error);
MOTE_API mote_status mote_value_dict(mote_context *context, mote_value **out, mote_error *error);
MOTE_API mote_status mote_value_tuple(mote_context *context, mote_value *const *items, size_t count, mote_value **out,
                                      mote_error *error);
// Appends (retains) to a list. A list or dict must not be put into itself, however deep: nothing would end it.
MOTE_API mote_status mote_value_append(mote_value *list, mote_value *item, mote_error *error);
// Adds a pair to a dict, in the place of one with an equal key. Key: string, int, float or bool, else MOTE_ERR_TYPE.
MOTE_API mote_status mote_value_put(mote_value *dict, mote_value *key, mote_value *item, mote_error *error);

// What a tensor is: filled by mote_value_view, taken by mote_value_tensor and mote_session_invoke.
// `stride` counts elements and is not negative; all 0 means C order. For sub-byte dtypes the tensor is contiguous and
// stride is ignored. `bytes` must cover all elements that dims and strides reach.
typedef struct mote_view {
  size_t struct_size;
  mote_dtype dtype;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  int64_t stride[MOTE_MAX_RANK];
  void *data;       // element [0,...,0]
  size_t bytes;     // size of the memory behind `data`
  mote_quant quant; // quant.count 0: not quantised
} mote_view;

MOTE_API void mote_view_init(mote_view *view);
// New tensor. view->data NULL: zeroed memory of its own, C order. Else, with `borrow`, the tensor uses the caller's
// memory, which must stay until the value is released; without it the elements are copied into C order. MOTE_STRING:
// data is NULL, fill with mote_value_set_string.
MOTE_API mote_status mote_value_tensor(mote_context *context, const mote_view *view, bool borrow, mote_value **out,
                                       mote_error *error);
// Copies `len` bytes to flat index (C order) of a MOTE_STRING tensor that mote_value_tensor made.
MOTE_API mote_status mote_value_set_string(mote_value *tensor, int64_t index, const char *text, size_t len,
                                           mote_error *error);
// The string at flat index (C order) of a MOTE_STRING tensor; valid until the tensor changes. NULL when `tensor` is no
// such tensor or the index is outside. `len` may be NULL.
MOTE_API const char *mote_value_get_string(const mote_value *tensor, int64_t index, size_t *len);

MOTE_API mote_kind mote_value_kind(const mote_value *value);
// Numbers convert (a float to an int by cutting off, 0 when it does not fit); other kinds give 0, false or NULL.
MOTE_API bool mote_value_as_bool(const mote_value *value);
MOTE_API int64_t mote_value_as_int(const mote_value *value);
MOTE_API double mote_value_as_float(const mote_value *value);
MOTE_API void mote_value_as_complex(const mote_value *value, double *re, double *im);
MOTE_API const char *mote_value_as_string(const mote_value *value, size_t *len); // `len` may be NULL
// Fills `view`, which needs no init, from a tensor; its memory belongs to the value and may be written. Valid until the
// value is released or goes into a call. False when the value is no tensor.
MOTE_API bool mote_value_view(const mote_value *value, mote_view *view);
// True when two tensors share storage.
MOTE_API bool mote_value_shares_storage(const mote_value *a, const mote_value *b);
// Items of a list or tuple, or pairs of a dict in the order they were put; 0 for other kinds. Items are borrowed: valid
// until the container is released or changed, unless retained. NULL past the end, or when memory is short.
MOTE_API size_t mote_value_count(const mote_value *value);
MOTE_API mote_value *mote_value_item(const mote_value *value, size_t index);     // dict: the value
MOTE_API mote_value *mote_value_item_key(const mote_value *value, size_t index); // dict only
// Field name of a NamedTuple, else NULL; valid as long as the value.
MOTE_API const char *mote_value_field(const mote_value *value, size_t index);
MOTE_API mote_value *mote_value_retain(mote_value *value); // one reference more; gives `value`
MOTE_API void mote_value_release(mote_value *value);       // NULL is fine

// ---------------------------------------------------------------------------------------------------- model

typedef struct mote_model mote_model;

typedef enum mote_format {
  MOTE_FORMAT_TFLITE = 1,
  MOTE_FORMAT_TORCHSCRIPT = 2,
  MOTE_FORMAT_TORCH_LITE = 3
} mote_format;

// Opens and checks a file; the kind is found from its content. The file is mapped: it must not change while in use.
// A graph (.tflite) is refused here with all operators that are missing as items of the error; a program (.pt, .ptl)
// loads and lists them in mote_model_missing.
MOTE_API mote_status mote_model_open(mote_context *context, const char *path, mote_model **out, mote_error *error);
// The same from memory, which must stay, unchanged, until the model is destroyed. `name` is used in messages.
MOTE_API mote_status mote_model_from_memory(mote_context *context, const void *data, size_t size, const char *name,
                                            mote_model **out, mote_error *error);
// Ends the caller's hold; sessions and results of calls keep the model alive.
MOTE_API void mote_model_destroy(mote_model *model);
MOTE_API mote_format mote_model_format(const mote_model *model);

// Methods: the signatures of a .tflite (its primary subgraph is method 0, named after its signature, else "main"), the
// methods of a TorchScript module.
MOTE_API size_t mote_model_method_count(const mote_model *model);
MOTE_API const char *mote_model_method_name(const mote_model *model, size_t method);
// Index by name; NULL gives the default method ("forward", or the primary subgraph). False when there is none.
MOTE_API bool mote_model_find_method(const mote_model *model, const char *name, size_t *out);

// What a method takes and gives. dim -1: any. dtype MOTE_NONE: not known before running, or not a tensor.
typedef struct mote_port {
  size_t struct_size;
  const char *name; // valid as long as the model
  mote_kind kind;
  mote_dtype dtype;
  int32_t rank; // -1: unknown
  int64_t dim[MOTE_MAX_RANK];
  mote_quant quant;
  bool optional; // has a default
} mote_port;
MOTE_API void mote_port_init(mote_port *port);
MOTE_API size_t mote_model_input_count(const mote_model *model, size_t method);
MOTE_API size_t mote_model_output_count(const mote_model *model, size_t method); // TorchScript: 1 (the returned value)
MOTE_API bool mote_model_input(const mote_model *model, size_t method, size_t index, mote_port *port);
MOTE_API bool mote_model_output(const mote_model *model, size_t method, size_t index, mote_port *port);

// Operators that a program names and mote lacks, "aten::foo.bar (model.py:12)"; calling a method that reaches one fails
// with MOTE_ERR_UNSUPPORTED. NULL past the end; valid as long as the model.
MOTE_API const char *mote_model_missing(const mote_model *model, size_t index);
// Files stored inside or metadata attached: gives the key and sets `*data` and `*size` (bytes) to the contents, all
// valid as long as the model. NULL past the end.
MOTE_API const char *mote_model_metadata(const mote_model *model, size_t index, const void **data, size_t *size);
// Text of the model for people: operators of each graph, or the compiled program. Owned by the caller: release the
// value.
MOTE_API mote_status mote_model_describe(mote_model *model, mote_value **out_text, mote_error *error);

// ---------------------------------------------------------------------------------------------------- session

typedef struct mote_session mote_session;

typedef enum mote_record {
  MOTE_RECORD_ON = 0,  // tensor operators are recorded and run as plans
  MOTE_RECORD_OFF = 1, // each operator runs when the program meets it
  MOTE_RECORD_EACH = 2 // recorded, but flushed after each operator (finds recorder bugs)
} mote_record;

typedef struct mote_session_options {
  size_t struct_size;
  uint32_t threads;         // including the caller, at most 256; 0: 1. Results have the same bits for any number
  const mote_threads *pool; // caller's pool, NULL: own threads. Must stay as long as the session
  mote_precision precision;
  mote_record record;
  const char *const *no_passes; // names of passes left out (mote_pass_name), NULL terminated; NULL: none
  bool profile;                 // keep per-step times for mote_session_profile
} mote_session_options;

MOTE_API void mote_session_options_init(mote_session_options *options);
// A session holds state (variables, module attributes as changed), plans and the arena. `options` may be NULL; it is
// copied, as are the names of passes.
MOTE_API mote_status mote_session_create(mote_model *model, const mote_session_options *options, mote_session **out,
                                         mote_error *error);
MOTE_API void mote_session_destroy(mote_session *session);

// Calls a method with values in the order of its inputs; trailing ones with defaults may be left out. A NULL name calls
// the default method. The result is the returned value (one tensor, or a tuple of the outputs, for a .tflite); release
// it. A new shape replans; the same shapes reuse the plan. Inputs may share memory, and a program may change them.
// Failures: MOTE_ERR_ARGUMENT for an unknown method or a wrong count, MOTE_ERR_TYPE and MOTE_ERR_SHAPE for what does
// not fit, MOTE_ERR_RAISED for the program's own exception, MOTE_ERR_LIMIT, MOTE_ERR_DATA, MOTE_ERR_CANCELLED. After a
// failure the session may be called again; attributes that the program had changed by then stay changed.
MOTE_API mote_status mote_session_call(mote_session *session, const char *method, mote_value *const *inputs,
                                       size_t count, mote_value **result, mote_error *error);

// The same for methods from tensors to tensors without making values, at most 32 each way: `in` describes the caller's
// memory; each `out` whose data is NULL is set to memory of the session, valid until its next call, else the elements
// are written to the caller's memory (C order; bytes must suffice). An `out` is otherwise filled as by mote_value_view.
// After the first call with these shapes a static plan of a .tflite allocates nothing.
MOTE_API mote_status mote_session_invoke(mote_session *session, const char *method, const mote_view *in,
                                         size_t in_count, mote_view *out, size_t out_count, mote_error *error);

// Makes the plan for the shapes of `in` (data ignored) without running: mote_session_stats then tells the memory that
// the first run takes. A program is planned by its first call; here only the number of inputs is checked.
MOTE_API mote_status mote_session_prepare(mote_session *session, const char *method, const mote_view *in,
                                          size_t in_count, mote_error *error);
// Puts variables and module attributes back to what the file holds.
MOTE_API mote_status mote_session_reset(mote_session *session, mote_error *error);
// From any thread: the running call returns MOTE_ERR_CANCELLED at the next step. Nothing happens when none is running.
MOTE_API void mote_session_cancel(mote_session *session);

typedef struct mote_stats { // since the session was created, unless told otherwise; times in nanoseconds
  size_t struct_size;
  uint64_t plan_ns;         // making plans, packing aside
  uint64_t pack_ns;         // packing weights
  uint64_t run_ns;          // inside plans
  uint64_t plans;           // plans made
  uint64_t plan_hits;       // plans found in the cache
  uint64_t vm_instructions; // executed in the last call
  size_t arena_bytes;       // memory for activations, scratch and outputs that the plans need
  size_t weights_bytes;     // packed weights held by the model
} mote_stats;
// Fills `stats`, which needs no init.
MOTE_API void mote_session_stats(const mote_session *session, mote_stats *stats);

typedef struct mote_profile_row { // one step of a plan, summed over the session's runs
  size_t struct_size;
  const char *op;     // operators it covers, such as "conv2d+relu"
  const char *name;   // value or source line it computes
  const char *kernel; // kernel that ran, such as "f32_gemm_14x32__avx512"
  const char *isa;
  uint64_t ns;
  uint64_t calls;
} mote_profile_row;
// Fills `row`, which needs no init; none without mote_session_options.profile. False past the end. Strings are valid
// until the session's next call.
MOTE_API bool mote_session_profile(const mote_session *session, size_t index, mote_profile_row *row);

// Names of the passes that no_passes accepts; NULL past the end.
MOTE_API const char *mote_pass_name(size_t index);

#ifdef __cplusplus
}
#endif
#endif
