#!/usr/bin/env python3
"""Fits the polynomials of src/kernels/tmpl/vmath.h and prints them as C constants with their error bounds.

Each is a weighted least-squares fit on Chebyshev nodes, reweighted towards the minimax solution (Lawson), with the
coefficients rounded to float32 from the lowest order on and the rest refitted. Needs numpy and mpmath.
"""
import numpy as np
from mpmath import mp, mpf

mp.dps = 40


def fit(name, f, lo, hi, powers, weight):
    """f(x) ~ sum c_i x^powers[i] on [lo, hi]; the error is weighted by weight(x)."""
    n = 2000
    x = (lo + hi) / 2 + (hi - lo) / 2 * np.cos(np.pi * (np.arange(n) + 0.5) / n)
    y = np.array([float(f(mpf(float(t)))) for t in x], dtype=np.longdouble)
    w = np.array([float(weight(t)) for t in x])
    done = {}
    for p in powers:
        rest = [q for q in powers if q not in done]
        target = y - sum(np.longdouble(c) * x.astype(np.longdouble) ** q for q, c in done.items())
        lawson = np.ones(n)
        a = np.stack([x ** q for q in rest], 1) * w[:, None]
        for _ in range(60):
            s = np.sqrt(lawson)
            c = np.linalg.lstsq(a * s[:, None], (target * w).astype(float) * s, rcond=None)[0]
            e = np.abs(a @ c - (target * w).astype(float))
            lawson = lawson * (e + 1e-30)
            lawson /= lawson.mean()
        done[p] = float(np.float32(c[0]))
    total = sum(np.longdouble(c) * x.astype(np.longdouble) ** q for q, c in done.items())
    error = float(np.max(np.abs((total - y) * w)))
    print(f"// {name} on [{lo}, {hi}], weighted error {error:.2e}")
    print(", ".join(f"{float(np.float32(c)).hex()}f" for c in done.values()))


one = lambda t: 1.0
# exp(r) = 1 + r + r^2 q(r); relative to 1
fit("exp q", lambda t: (mp.exp(t) - 1 - t) / t**2 if t else mpf(0.5), -0.3475, 0.3475, range(5), lambda t: t * t)
# expm1(r) = r + r^2 q(r), relative to expm1
fit("expm1 q", lambda t: (mp.expm1(t) - t) / t**2 if t else mpf(0.5), -0.3475, 0.3475, range(6), lambda t: abs(t))
# log(1+f) = f - f^2/2 + f^3 p(f), relative
fit("log p", lambda t: (mp.log(1 + t) - t + t * t / 2) / t**3, 0.5**0.5 - 1, 2**0.5 - 1, range(9), lambda t: t * t)
# erf(x) = x + x p(x^2) on [0, 0.93]
fit("erf near", lambda t: mp.erf(mp.sqrt(t)) / mp.sqrt(t) - 1 if t else 2 / mp.sqrt(mp.pi) - 1, 0.0, 0.93**2, range(6), one)
# erfc(x) = exp(x q(x)) on [0.92, 4]; the error counts by erfc against erf
fit("erf far", lambda t: mp.log(mp.erfc(t)) / t, 0.92, 4.0, range(9),
    lambda t: t * float(mp.erfc(t) / mp.erf(t)))
