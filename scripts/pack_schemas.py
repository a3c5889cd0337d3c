#!/usr/bin/env python3
"""Writes src/script/schemas_packed.def, the small form of the rows of src/script/schemas/*.def that the library holds.

The names go into one deflated stream, what stands behind them into another. Of a name only that is kept in which it
differs from the one before. In the rest the most frequent pairs of neighbours become words ("byte pair" coding), each
one byte, which leaves less to inflate at load. The plain rows stay the source: edit those, then run:
python3 scripts/pack_schemas.py. tests/script/test_types.c compares the two files.
"""
import collections
import pathlib
import re

from pack_definitions import array, deflate

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "src" / "script"
WORDS = 128  # codes from 128 on
NEW_NAME = "\x01"  # before the first row of a name


def plain_rows():
    parts = re.findall(r'^#include "script/(.*)"$', (SCRIPT / "schemas.def").read_text(), re.M)
    text = "".join((SCRIPT / part).read_text() for part in parts)
    rows = re.findall(r'^MOTE_SCHEMA\("((?:[^"\\]|\\.)*)"\)$', text, re.M)
    return [re.sub(r"\\(.)", r"\1", r) for r in rows]


def name_of(row):
    return re.match(r"[^.(]*", row).group()


def shorten(row):
    """What stands behind the name: "Tensor(Tensor self,int dim" for ".Tensor(Tensor self, int dim) -> Tensor"."""
    rest = row[len(name_of(row)) :].lstrip(".")
    assert not re.search(r",[^ ]", rest) and rest.count(") -> ") == 1
    rest = rest.replace(", ", ",").replace(") -> ", ">")
    assert rest.count(">") == 1
    return re.sub(">Tensor$", "", rest)


def pack_names(names):
    out, before = b"", ""
    for name in names:
        same = 0
        while same < len(name) and name[same] == before[same : same + 1]:
            same += 1
        out += bytes([128 + same]) + name[same:].encode()
        before = name
    return out


def pair_up(row, pair):
    out = []
    for symbol in row:
        if out and (out[-1], symbol) == pair:
            out[-1] = symbol = "".join(pair)
        else:
            out.append(symbol)
    return out


def learn(rows):
    """Rows as lists of words and characters; no more than WORDS words are left in use."""
    rows, best = [list(r) for r in rows], None
    while True:
        words = {s for row in rows for s in row if len(s) > 1}
        if len(words) <= WORDS:
            best = rows
        if len(words) > WORDS:
            return best
        counts = collections.Counter()
        for row in rows:
            counts.update(pair for pair in zip(row, row[1:]) if pair[0] != NEW_NAME)
        pair = max(counts.items(), key=lambda item: (item[1], item[0]))[0]
        rows = [pair_up(row, pair) for row in rows]


def pack_rests(rests):
    rows = learn(rests)
    words = list(dict.fromkeys(s for row in rows for s in row if len(s) > 1))
    code = {w: 128 + n for n, w in enumerate(words)}
    lines = [w.encode() for w in words] + [bytes(code.get(s, ord(s[0])) for s in row) for row in rows]
    return len(words), b"".join(line + b"\n" for line in lines)


def main():
    rows = plain_rows()
    names = list(dict.fromkeys(map(name_of, rows)))
    marks = [NEW_NAME if n == 0 or name_of(rows[n - 1]) != name_of(row) else "" for n, row in enumerate(rows)]
    plain_names = pack_names(names)
    n_words, plain_rests = pack_rests([mark + shorten(row) for mark, row in zip(marks, rows)])
    packed_names, packed_rests = deflate(plain_names), deflate(plain_rests)
    counts = {
        "NEW_NAME": ord(NEW_NAME),
        "ROWS": len(rows),
        "NAMES": len(names),
        "WORDS": n_words,
        "NAMES_SIZE": len(plain_names),
        "NAMES_FULL": sum(len(name) + 1 for name in names),
        "RESTS_SIZE": len(plain_rests),
        "LONGEST": max(map(len, rows)),
    }
    text = "// The rows of schemas.def in small form; schema.c expands them. Made by scripts/pack_schemas.py; not for editing.\n"
    text += "// clang-format off\n"
    text += "enum { " + ", ".join(f"PACKED_{k} = {v}" for k, v in counts.items()) + " };\n"
    text += array("packed_names", packed_names) + array("packed_rests", packed_rests)
    (SCRIPT / "schemas_packed.def").write_text(text)
    print(f"{len(rows)} rows: {sum(map(len, rows))} bytes as {len(packed_names)} + {len(packed_rests)}")


if __name__ == "__main__":
    main()
