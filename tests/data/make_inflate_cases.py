#!/usr/bin/env python3
"""Writes tests/data/inflate_cases.h: small deflate streams made by zlib, whose contents test_inflate.c computes again.

Run from the root of the repository: python3 tests/data/make_inflate_cases.py > tests/data/inflate_cases.h
"""
import zlib


def words(size):
    """Text of words drawn by a linear congruential generator; ORDER test_inflate.c words()"""
    table = [b"tensor ", b"graph ", b"plan ", b"kernel ", b"arena ", b"view\n", b"x", b"0123456789"]
    state, out = 1, b""
    while len(out) < size:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        out += table[state >> 16 & 7]
    return out[:size]


def noise(size):
    """Bytes that do not compress well; ORDER test_inflate.c noise()"""
    state, out = 1, bytearray()
    for _ in range(size):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(state >> 16 & 127)
    return bytes(out)


def deflate(data, level=9, strategy=zlib.Z_DEFAULT_STRATEGY, flush_every=0):
    c = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    out = b""
    step = flush_every or len(data) or 1
    for i in range(0, len(data), step):
        out += c.compress(data[i : i + step])
        if flush_every:
            out += c.flush(zlib.Z_FULL_FLUSH)
    return out + c.flush()


CASES = [
    ("empty", "words", 0, deflate(b"")),
    ("stored", "noise", 300, deflate(noise(300), 0)),
    ("fixed", "words", 60, deflate(words(60), 9, zlib.Z_FIXED)),
    ("dynamic_text", "words", 20000, deflate(words(20000))),
    ("dynamic_noise", "noise", 1500, deflate(noise(1500), 9, zlib.Z_HUFFMAN_ONLY)),
    ("runs", "zeros", 40000, deflate(bytes(40000))),
    ("many_blocks", "words", 3000, deflate(words(3000), 6, flush_every=500)),
]


def main():
    print("// Made by tests/data/make_inflate_cases.py with zlib; do not edit.\n#include <stdint.h>\n")
    for name, _, _, data in CASES:
        print(f"static const uint8_t inflate_{name}[] = {{")
        for i in range(0, len(data), 20):
            print("    " + ", ".join(f"{b}" for b in data[i : i + 20]) + ",")
        print("};")
    print("\nstatic const inflate_case inflate_cases[] = {")
    for name, content, size, _ in CASES:
        print(f'    {{"{name}", {content}, {size}, inflate_{name}, sizeof(inflate_{name})}},')
    print("};")


main()
