// Which options table each builtin operator takes, a fact of the schema. Knows no operator's meaning.
// Tests: tests/unit/test_tflite.c
#include "formats/tflite/tflite_reader.h"

// ORDER: BuiltinOperator 0..161. Numbers of the BuiltinOptions union; 0: no options.
static const uint8_t options_first[] = {
    11,  5,   10,  1,   2,   94,  38,  0,   0,   8,   0,   12,  5,   13,  0,   4,   14,  5,   21,  0,  0,
    0,   17,  15,  7,   9,   19,  6,   0,   3,   18,  16,  0,   20,  22,  31,  23,  24,  25,  26,  27, 28,
    29,  30,  71,  32,  70,  33,  34,  35,  36,  0,   69,  37,  0,   39,  40,  39,  41,  42,  43,  44, 45,
    46,  47,  48,  0,   49,  50,  51,  52,  53,  54,  0,   27,  0,   0,   55,  56,  57,  58,  27,  27, 59,
    60,  61,  62,  63,  64,  27,  65,  27,  66,  67,  68,  72,  73,  74,  75,  76,  77,  78,  79,  80, 0,
    81,  82,  83,  84,  85,  86,  0,   87,  88,  89,  90,  0,   91,  92,  93,  95,  96,  97,  98,  99, 100,
    101, 0,   102, 103, 104, 105, 106, 0,   0,   0,   107, 108, 109, 110, 27,  106, 111, 112, 113, 0,  114,
    115, 114, 114, 116, 117, 0,   118, 119, 121, 122, 120, 123, 124, 125, 126,
};

uint8_t tfl_options_type(int32_t builtin, bool *second) {
  *second = builtin >= 162;
  if (builtin >= 0 && (size_t)builtin < MOTE_COUNT(options_first))
    return options_first[builtin];
  switch (builtin) { // numbers of the BuiltinOptions2 union
  case 190:
    return 7;
  case 195:
    return 10;
  case 198:
    return 13;
  case 201:
    return 16;
  case 203:
    return 18;
  case 204:
    return 19;
  case 205:
    return 20;
  case 206:
    return 21;
  case 207:
    return 22;
  case 209:
    return 23;
  default:
    return 0;
  }
}
