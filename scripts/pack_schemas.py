#!/usr/bin/env python3
"""Writes src/script/schemas_packed.def, the small form of the rows of src/script/schemas.def that the library holds.

Repeatedly the most frequent pair of neighbouring symbols becomes a new symbol ("byte pair" coding). A symbol is a
character or a pair of symbols; the more frequent ones have codes of one byte, the others of two. The plain rows stay
the source: edit those, then run: python3 scripts/pack_schemas.py (half a minute). tests/script/test_types.c compares
the two files.
"""
import collections
import pathlib
import re

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "src" / "script"
PAIRS = 1200  # more shrink the rows by hardly more than they take themselves
LEADS = 5  # codes from 256-LEADS on take two bytes, of which the first is 256-LEADS or above
LEAF = 0xFFFF  # second half of a symbol that is a character


def plain_rows():
    text = (SCRIPT / "schemas.def").read_text()
    rows = re.findall(r'^MOTE_SCHEMA\("((?:[^"\\]|\\.)*)"\)$', text, re.M)
    return [re.sub(r"\\(.)", r"\1", r) for r in rows]


def replace(row, pair, symbol):
    out, i = [], 0
    while i < len(row):
        if i + 1 < len(row) and (row[i], row[i + 1]) == pair:
            out.append(symbol)
            i += 2
        else:
            out.append(row[i])
            i += 1
    return out


def learn(rows, limit):
    """Rows as lists of symbols (a character or the number of a pair), and the pairs."""
    rows, pairs = [list(r) for r in rows], []
    counts, where = collections.Counter(), collections.defaultdict(set)
    for n, row in enumerate(rows):
        for p in zip(row, row[1:]):
            counts[p] += 1
            where[p].add(n)
    while len(pairs) < limit:
        pair, count = max(counts.items(), key=lambda item: (item[1], str(item[0])))
        if count < 4:
            break
        for n in sorted(where[pair]):
            for p in zip(rows[n], rows[n][1:]):
                counts[p] -= 1
            rows[n] = replace(rows[n], pair, len(pairs))
            for p in zip(rows[n], rows[n][1:]):
                counts[p] += 1
                where[p].add(n)
        del counts[pair]
        pairs.append(pair)
    return rows, pairs


def code_bytes(code):
    one = 256 - LEADS
    return [code] if code < one else [one + (code - one) // 256, (code - one) % 256]


def depth(pairs):
    """Symbols that wait at most while a code is expanded: one a level, and the one at hand."""
    levels = []
    for a, b in pairs:
        levels.append(1 + max(levels[s] if isinstance(s, int) else 0 for s in (a, b)))
    return max(levels) + 1


def array(kind, name, values):
    lines, line = [f"static const {kind} {name}[] = {{"], " "
    for v in values:
        if len(line) + len(str(v)) + 2 > 118:
            lines.append(line)
            line = " "
        line += f" {v},"
    return "\n".join(lines + [line, "};", ""])


def main():
    plain = plain_rows()
    rows, pairs = learn(plain, PAIRS)
    uses = collections.Counter(s for row in rows for s in row)
    for pair in pairs:
        uses.update(pair)
    order = [s for s, _ in sorted(uses.items(), key=lambda item: (-item[1], str(item[0])))]
    code = {s: n for n, s in enumerate(order)}
    assert len(order) <= 256 - LEADS + LEADS * 256
    symbols = []
    for s in order:
        symbols += [code[pairs[s][0]], code[pairs[s][1]]] if isinstance(s, int) else [ord(s), LEAF]
    packed, starts = [], [0]
    for row in rows:
        for s in row:
            packed += code_bytes(code[s])
        starts.append(len(packed))
    text = "// The rows of schemas.def in small form; schema.c expands them. Made by scripts/pack_schemas.py; not for editing.\n"
    text += "// clang-format off\n"
    text += f"enum {{ PACKED_ONE_BYTE = {256 - LEADS}, PACKED_LEAF = {LEAF}, PACKED_DEPTH = {depth(pairs)}, PACKED_LONGEST = {max(map(len, plain))} }};\n"
    text += array("uint16_t", "packed_symbols", symbols) + array("uint8_t", "packed_rows", packed)
    text += array("uint16_t", "packed_starts", starts)
    (SCRIPT / "schemas_packed.def").write_text(text)
    print(f"{len(plain)} rows: {sum(map(len, plain))} bytes as {len(packed) + 2 * len(symbols) + 2 * len(starts)}")


if __name__ == "__main__":
    main()
