#!/usr/bin/env python3
"""Writes src/script/definitions_packed.def, the deflated text of src/script/definitions/*.py that the library holds.

The text is Python; what the language of saved files lacks is rewritten here: "x += y", loops over lists and over
range(a, b, step), list comprehensions (over range: of ints, else of tensors). Comments and blanks go, parameters and
locals become letters, torch.add(x, y) becomes x+y, "torch." goes where the name alone means the same.
Run after each change of the text: python3 scripts/pack_definitions.py. tests/script/test_define.c compiles all.
With the package zopfli (pip install zopfli) the deflated text is 4 percent smaller; it is written with zlib otherwise.
"""
import ast
import collections
import json
import pathlib
import re
import string
import zlib

try:
    import zopfli.zlib as zopfli
except ImportError:
    zopfli = None

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "src" / "script"


def is_range(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def parse(text):
    return ast.parse(text).body


class Lower(ast.NodeTransformer):
    """Statements become lists of simpler ones; comprehensions move in front of the statement that holds them."""

    def __init__(self):
        self.count, self.before = 0, []

    def fresh(self):
        self.count += 1
        return f"_{self.count}"

    def statement(self, node):
        outer, self.before = self.before, []
        node = self.generic_visit(node)
        out, self.before = self.before, outer
        return out + [node]

    visit_Assign = visit_Expr = visit_Return = visit_If = visit_While = statement

    def visit_AugAssign(self, node):
        load = ast.parse(ast.unparse(node.target)).body[0].value
        return self.statement(ast.Assign([node.target], ast.BinOp(load, node.op, node.value), lineno=0))

    def visit_For(self, node):
        outer, self.before = self.before, []
        it = self.visit(node.iter)
        before, self.before = self.before, outer
        node.body = [s for b in node.body for s in self.visit(b)]
        if is_range(it) and len(it.args) == 1:
            node.iter = it
            return before + [node]
        i = self.fresh()
        if is_range(it):
            a, b = (ast.unparse(v) for v in it.args[:2])
            step = ast.unparse(it.args[2]) if len(it.args) > 2 else "1"
            # (b - a) / step rounded up, whatever the sign of step; a loop over a negative range does nothing.
            count, value = f"-((({a})-({b}))//({step}))", f"({a})+{i}*({step})"
            if step == "1":
                count, value = f"({b})-({a})", f"({a})+{i}"
        else:
            seq = self.fresh()
            before += parse(f"{seq} = {ast.unparse(it)}")
            count, value = f"len({seq})", f"{seq}[{i}]"
        loop = parse(f"for {i} in range({count}):\n  {ast.unparse(node.target)} = {value}")[0]
        loop.body += node.body
        return before + [loop]

    def visit_ListComp(self, node):
        gen, out = node.generators[0], self.fresh()
        kind = "int" if is_range(gen.iter) else "Tensor"
        body = f"torch.append({out}, {ast.unparse(node.elt)})"
        for cond in gen.ifs:
            body = f"if {ast.unparse(cond)}:\n    {body}"
        text = f"{out} = annotate(List[{kind}], [])\nfor {ast.unparse(gen.target)} in {ast.unparse(gen.iter)}:\n  {body}"
        for s in parse(text):
            self.before += self.visit(s)
        return ast.Name(out)


# Names that mean something else, or nothing, without "torch.".
OWN_NAMES = {"annotate", "unchecked_cast", "uninitialized", "isinstance", "getattr", "fork", "awaitable", "int", "float",
             "bool", "str", "complex", "print", "device", "range"}


BINARY = {"add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div, "matmul": ast.MatMult}
COMPARE = {"lt": ast.Lt, "gt": ast.Gt, "le": ast.LtE, "ge": ast.GtE, "eq": ast.Eq, "ne": ast.NotEq}


class Symbols(ast.NodeTransformer):
    """torch.add(x, y) becomes x + y, and so on."""

    def visit_Call(self, node):
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Attribute(ast.Name("torch"), name), [left, right], []) if name in BINARY:
                return ast.BinOp(left, BINARY[name](), right)
            case ast.Call(ast.Attribute(ast.Name("torch"), name), [left, right], []) if name in COMPARE:
                return ast.Compare(left, [COMPARE[name]()], [right])
        return node


class Shorten(ast.NodeTransformer):
    """Gives a function's parameters and locals the names a, b, c, ... in the order in which they appear."""

    def __init__(self, function):
        args = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        own = [a.arg for a in args]
        # Calls may name the arguments of an old operator.
        self.names = {n: n for n in own} if function.name.startswith("old_") else {}
        stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        free = iter(c for c in string.ascii_letters if c not in self.names)
        for name in own + stored:
            if name not in self.names:
                self.names[name] = next(free)

    def visit_arg(self, node):
        node.arg = self.names[node.arg]
        return node  # an annotation names types

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_Call(self, node):
        function, node.func = node.func, None  # a parameter may be named range
        self.generic_visit(node)
        node.func = function if isinstance(function, ast.Name) else self.visit(function)
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        is_torch = isinstance(node.value, ast.Name) and node.value.id == "torch"
        plain = is_torch and node.attr not in OWN_NAMES and node.attr not in self.names.values()
        return ast.Name(node.attr) if plain else node


class Writer(ast._Unparser):
    def visit_Constant(self, node):
        self.write(json.dumps(node.value) if isinstance(node.value, str) else repr(node.value))


def short(line):
    """One blank a level of indentation, none around punctuation outside strings."""
    indent = (len(line) - len(line.lstrip(" "))) // 4
    parts = re.split(r'("(?:[^"\\]|\\.)*")', line.strip())
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r" *(==|!=|<=|>=|//|->|[-+*/=,<>%:]) *", r"\1", parts[i])
        parts[i] = parts[i].replace("->", " -> ")
    return " " * indent + "".join(parts)


def compact():
    lines = []
    text = "\n".join(p.read_text() for p in sorted((SCRIPT / "definitions").glob("*.py")))
    twice = [n for n, k in collections.Counter(re.findall(r"^def (\w+)", text, re.M)).items() if k > 1]
    if twice:
        raise SystemExit(f"defined twice: {', '.join(twice)}")
    for node in parse(text):
        lower = Lower()
        node.body = [s for b in node.body for s in lower.visit(b)]
        node = parse(Writer().visit(node).strip())[0]
        lines += Writer().visit(Shorten(node).visit(Symbols().visit(node))).strip().splitlines()
    return "\n".join(short(line) for line in lines if line.strip()) + "\n"


def deflate(data):
    """Raw, without the two bytes in front and the four behind that zlib's form has."""
    if zopfli is not None:
        return zopfli.compress(data, numiterations=50)[2:-4]
    coders = [zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
              for level in range(1, 10) for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED)]
    return min((c.compress(data) + c.flush() for c in coders), key=len)


def array(name, values):
    """A C array of bytes."""
    lines, line = [f"static const uint8_t {name}[] = {{"], "  "
    for v in values:
        if len(line) + len(str(v)) + 1 > 120:
            lines.append(line)
            line = "  "
        line += f"{v},"
    return "\n".join(lines + [line, "};", ""])


def main():
    text = compact().encode()
    packed = deflate(text)
    (SCRIPT / "definitions_packed.def").write_text(
        "// The text of definitions/, deflated. Made by scripts/pack_definitions.py; not for editing.\n// clang-format off\n"
        f"enum {{ DEFINITIONS_SIZE = {len(text)} }};\n" + array("definitions_packed", packed))
    print(f"{text.count(b'def ')} definitions: {len(text)} bytes as {len(packed)}")


if __name__ == "__main__":
    main()
