// Operators whose meaning changed between archive versions: what to call instead, written in saved source itself.
// Version 0 stands for today's meaning of everything. Tests: tests/script/test_compile.c
#include "script/front.h"

#include <string.h>

const char mote_upgrader_path[] = "<upgraders>";
const char mote_upgrader_prefix[] = "__upgrade__";

// Overloads are listed in the order of the schemas, so that resolution tries them in the same order.
static const struct {
  const char *op, *overload;
  uint32_t last_version; // archives up to this one mean the old operator
  const char *function;
} rows[] = {
    {"aten::div", "Tensor", 3, "__upgrade__.div_tensor"},
    {"aten::div", "Scalar", 3, "__upgrade__.div_scalar"},
    {"aten::div", "Tensor_mode", 3, "__upgrade__.div_tensor_mode"},
    {"aten::div", "Scalar_mode", 3, "__upgrade__.div_scalar_mode"},
    {"aten::div_", "Tensor", 3, "__upgrade__.div_tensor_inplace"},
    {"aten::div_", "Scalar", 3, "__upgrade__.div_scalar_inplace"},
    {"aten::div_", "Tensor_mode", 3, "__upgrade__.div_tensor_mode_inplace"},
    {"aten::div_", "Scalar_mode", 3, "__upgrade__.div_scalar_mode_inplace"},
    {"aten::full", "", 4, "__upgrade__.full"},
    {"aten::linspace", "", 7, "__upgrade__.linspace"},
    {"aten::logspace", "", 8, "__upgrade__.logspace"},
    {"aten::gelu", "", 9, "__upgrade__.gelu"},
};

static bool applies(size_t row, uint64_t version) { return version != 0 && version <= rows[row].last_version; }

const char *mote_upgrader_name(uint64_t version, const char *name, const char *overload) {
  for (size_t i = 0; i < MOTE_COUNT(rows); i++)
    if (applies(i, version) && strcmp(rows[i].op, name) == 0 && strcmp(rows[i].overload, overload) == 0)
      return rows[i].function;
  return NULL;
}

const char *mote_upgrader_next(uint64_t version, const char *name, size_t *at) {
  while (*at < MOTE_COUNT(rows)) {
    size_t row = (*at)++;
    if (applies(row, version) && strcmp(rows[row].op, name) == 0)
      return rows[row].function;
  }
  return NULL;
}

// div once truncated integers; full gave floats for integers; steps of linspace and logspace could be None (100);
// gelu had no choice of approximation.
const char mote_upgrader_source[] =
    "def div_tensor(self: Tensor, other: Tensor) -> Tensor:\n"
    "  if torch.is_floating_point(self) or torch.is_floating_point(other):\n"
    "    r = torch.true_divide(self, other)\n"
    "  else:\n"
    "    r = torch.divide(self, other, rounding_mode=\"trunc\")\n"
    "  return r\n"
    "def div_scalar(self: Tensor, other: number) -> Tensor:\n"
    "  if torch.is_floating_point(self) or isinstance(other, float):\n"
    "    r = torch.true_divide(self, other)\n"
    "  else:\n"
    "    r = torch.divide(self, other, rounding_mode=\"trunc\")\n"
    "  return r\n"
    "def div_tensor_mode(self: Tensor, other: Tensor, *, rounding_mode: Optional[str]) -> Tensor:\n"
    "  return torch.divide(self, other, rounding_mode=rounding_mode)\n"
    "def div_scalar_mode(self: Tensor, other: number, *, rounding_mode: Optional[str]) -> Tensor:\n"
    "  return torch.divide(self, other, rounding_mode=rounding_mode)\n"
    "def div_tensor_inplace(self: Tensor, other: Tensor) -> Tensor:\n"
    "  if torch.is_floating_point(self) or torch.is_floating_point(other):\n"
    "    r = torch.true_divide_(self, other)\n"
    "  else:\n"
    "    r = torch.divide_(self, other, rounding_mode=\"trunc\")\n"
    "  return r\n"
    "def div_scalar_inplace(self: Tensor, other: number) -> Tensor:\n"
    "  if torch.is_floating_point(self) or isinstance(other, float):\n"
    "    r = torch.true_divide_(self, other)\n"
    "  else:\n"
    "    r = torch.divide_(self, other, rounding_mode=\"trunc\")\n"
    "  return r\n"
    "def div_tensor_mode_inplace(self: Tensor, other: Tensor, *, rounding_mode: Optional[str]) -> Tensor:\n"
    "  return torch.divide_(self, other, rounding_mode=rounding_mode)\n"
    "def div_scalar_mode_inplace(self: Tensor, other: number, *, rounding_mode: Optional[str]) -> Tensor:\n"
    "  return torch.divide_(self, other, rounding_mode=rounding_mode)\n"
    "def full(size: List[int], fill_value: number, *, dtype: Optional[int]=None, layout: Optional[int]=None,\n"
    "    device: Optional[Device]=None, pin_memory: Optional[bool]=None) -> Tensor:\n"
    "  if torch.__is__(dtype, None):\n"
    "    r = torch.full(size, float(fill_value), dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)\n"
    "  else:\n"
    "    r = torch.full(size, fill_value, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)\n"
    "  return r\n"
    "def linspace(start: number, end: number, steps: Optional[int]=None, *, dtype: Optional[int]=None,\n"
    "    layout: Optional[int]=None, device: Optional[Device]=None, pin_memory: Optional[bool]=None) -> Tensor:\n"
    "  if torch.__is__(steps, None):\n"
    "    n = 100\n"
    "  else:\n"
    "    n = unchecked_cast(int, steps)\n"
    "  return torch.linspace(start, end, n, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)\n"
    "def logspace(start: number, end: number, steps: Optional[int]=None, base: float=10., *,\n"
    "    dtype: Optional[int]=None, layout: Optional[int]=None, device: Optional[Device]=None,\n"
    "    pin_memory: Optional[bool]=None) -> Tensor:\n"
    "  if torch.__is__(steps, None):\n"
    "    n = 100\n"
    "  else:\n"
    "    n = unchecked_cast(int, steps)\n"
    "  return torch.logspace(start, end, n, base, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)\n"
    "def gelu(self: Tensor) -> Tensor:\n"
    "  return torch.gelu(self, approximate=\"none\")\n";
