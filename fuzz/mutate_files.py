#!/usr/bin/env python3
"""Spoils good model files in ways that get past their containers, and holds the command to its promise: each run ends in
success, or in exit status 1 with one message, within a second of CPU time and 256 MiB (memory: not under sanitizers).

    fuzz/mutate_files.py build-asan/mote OUT_DIR CASE_DIR... [--count N] [--seed S] [--sanitized]

Case folders are searched for below CASE_DIR. What breaks the promise is kept in OUT_DIR with a line in OUT_DIR/report.
"""
import argparse
import glob
import io
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import zipfile

NUMBERS = [b"0", b"1", b"-1", b"2", b"-2", b"3", b"1000000", b"2147483647", b"-2147483648", b"4294967296", b"9223372036854775807",
           b"-9223372036854775808", b"0.", b"1e308", b"True", b"None", b"[]", b"[1, -1]", b"'x'"]
WORDS32 = [0, 1, 2, 3, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE]


def flip(data, r):
    out = bytearray(data)
    for _ in range(r.randint(1, 6)):
        if out:
            out[r.randrange(len(out))] = r.choice([r.randrange(256), 0, 255, 1, 128])
    return bytes(out)


def cut(data, r):
    at = r.randrange(len(data) + 1)
    return r.choice([data[:at], data[:at] + data[r.randrange(at, len(data) + 1):], data[:at] + data[at:at + 64] + data[at:]])


def source(data, r):
    """Words and numbers change places; lines are dropped, doubled or moved."""
    words = list(re.finditer(rb"[A-Za-z_0-9.]+", data))
    lines = data.split(b"\n")
    for _ in range(r.randint(1, 3)):
        what = r.randrange(6)
        if what < 4 and words:
            m = r.choice(words)
            new = r.choice(NUMBERS) if m[0][:1].isdigit() and what < 3 else r.choice(words)[0]
            return data[:m.start()] + new + data[m.end():]
        i, k = r.randrange(len(lines)), r.randrange(len(lines))
        if what == 4:
            lines[i], lines[k] = lines[k], lines[i]
        elif r.random() < 0.5:
            lines.insert(i, lines[k])
        elif len(lines) > 1:
            del lines[i]
    return b"\n".join(lines)


def pickle_bytes(data, r):
    out = bytearray(data)
    kind = r.randrange(3)
    texts = list(re.finditer(rb"X(....)", data, re.S))
    if kind == 0 and texts:  # a string for another
        a, b = r.choice(texts), r.choice(texts)
        na, nb = struct.unpack("<I", a[1])[0], struct.unpack("<I", b[1])[0]
        if na < 200 and nb < 200:
            return data[:a.start()] + data[b.start():b.end() + nb] + data[a.end() + na:]
    if kind == 1:  # a small number for another
        at = [i for i in range(len(out) - 1) if out[i] == ord("K")]
        if at:
            out[r.choice(at) + 1] = r.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 64, 127, 128, 255])
            return bytes(out)
    return flip(data, r)


def archive(data, r):
    z = zipfile.ZipFile(io.BytesIO(data))
    records = [[i.filename, z.read(i)] for i in z.infolist()]
    pick = [i for i, (n, b) in enumerate(records) if b and "debug_pkl" not in n] or [0]
    i, k = r.choice(pick), r.choice(pick)
    name, body = records[i]
    what = r.randrange(12)
    if what == 0:
        records[i][1], records[k][1] = records[k][1], records[i][1]
    elif what == 1:
        del records[i]
    elif what == 2:
        records[i][1] = cut(body, r)
    elif name.endswith(".py"):
        records[i][1] = source(body, r)
    elif name.endswith(".pkl"):
        records[i][1] = pickle_bytes(body, r)
    else:
        records[i][1] = flip(body, r)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", r.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as z:
        for n, b in records:
            z.writestr(zipfile.ZipInfo(n), b)
    return out.getvalue()


def buffer(data, r):
    """A FlatBuffer with fields, offsets or numbers exchanged. Large constants are left alone: they are seldom looked at."""
    out = bytearray(data)
    tables = [t for t in range(4, len(out) - 4, 4) if 0 <= t - struct.unpack_from("<i", out, t)[0] < len(out) - 8 and
              4 <= struct.unpack_from("<H", out, t - struct.unpack_from("<i", out, t)[0])[0] <= 80]
    for _ in range(r.randint(1, 3)):
        kind, table = r.randrange(4), r.choice(tables or [4])
        vtable = table - struct.unpack_from("<i", out, table)[0]
        n = (struct.unpack_from("<H", out, vtable)[0] - 4) // 2 if 0 <= vtable < len(out) - 2 else 0
        fields = [vtable + 4 + 2 * i for i in range(n) if vtable + 6 + 2 * i <= len(out)]
        if kind == 0 and len(fields) > 1:  # two fields of one table
            a, b = r.sample(fields, 2)
            out[a:a + 2], out[b:b + 2] = out[b:b + 2], out[a:a + 2]
        elif kind < 3 and fields:  # a field's value, or its offset
            at = table + struct.unpack_from("<H", out, r.choice(fields))[0]
            if at + 4 <= len(out):
                out[at:at + r.choice([1, 4])] = struct.pack("<I", r.choice(WORDS32))[:1 if r.random() < 0.5 else 4]
        else:
            a, b = (4 * r.randrange(len(out) // 4) for _ in range(2))
            out[a:a + 4], out[b:b + 4] = out[b:b + 4], out[a:a + 4]
    return bytes(out)


def mutate(data, path, r):
    if r.random() < 0.15:
        return r.choice([flip, cut])(data, r)
    try:
        return buffer(data, r) if path.endswith(".tflite") else archive(data, r)
    except (zipfile.BadZipFile, struct.error, IndexError, ValueError):
        return flip(data, r)


def run(command, sanitized):
    """What was wrong with a run, or None."""
    child = subprocess.Popen(["timeout", "60"] + command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             env=dict(os.environ, ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1"))
    text = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status = os.waitstatus_to_exitcode(status)
    if status not in (0, 1) or b"Sanitizer" in text or b"runtime error" in text:
        return f"status {status}: {text[:300]!r}"
    if (status == 1) != (text.count(b"mote: ") >= 1):
        return f"status {status} with {text[:300]!r}"
    seconds = usage.ru_utime + usage.ru_stime
    if seconds > (10 if sanitized else 1):
        return f"takes {seconds:.1f} s"
    if not sanitized and usage.ru_maxrss > 256 << 10:
        return f"takes {usage.ru_maxrss >> 10} MiB"
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("mote")
    p.add_argument("out")
    p.add_argument("dirs", nargs="+")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--sanitized", action="store_true")
    a = p.parse_args()
    files = [f for d in a.dirs for f in sorted(glob.glob(os.path.join(d, "**", "model.*"), recursive=True))
             if os.path.exists(os.path.join(os.path.dirname(f), "case.json")) and os.path.getsize(f) < 1 << 20]
    if not files:
        sys.exit("no cases")
    os.makedirs(a.out, exist_ok=True)
    found = 0
    for n in range(a.count):
        r = random.Random(a.seed * 1000003 + n)
        path = r.choice(files)
        with open(path, "rb") as f:
            data = mutate(f.read(), path, r)
        model = os.path.join(a.out, "now" + os.path.splitext(path)[1])
        with open(model, "wb") as f:
            f.write(data)
        case, results = os.path.join(os.path.dirname(path), "case.json"), os.path.join(a.out, "results")
        wrong = run([a.mote, "run", model, "--case", case, "--out", results], a.sanitized)
        if wrong:
            found += 1
            kept = os.path.join(a.out, f"bad{a.seed}_{n}{os.path.splitext(path)[1]}")
            shutil.copy(model, kept)
            line = f"{kept} from {path}: {wrong}"
            print(line, flush=True)
            with open(os.path.join(a.out, "report"), "a", encoding="utf-8") as f:
                f.write(line + "\n")
    print(f"{a.count} files, {found} broke the promise")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
