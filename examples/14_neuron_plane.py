"""The parameter plane of one ReLU neuron: n data cut it into 4n + 1 strata.

A neuron relu(w*x + b) sees the data x_1, ..., x_n. Datum x_i switches it on the line w*x_i + b = 0; the n lines through the
origin make 2n sectors, 2n rays and one point.  `tc.lower` finds them as the sign vectors of the program.

Run:  python examples/14_neuron_plane.py [FOLDER]
"""

from fractions import Fraction

import numpy as np
from pictures import BLUE, INK, PALE, RED, plane, save

import tamecheck as tc

for n in (2, 3, 4, 5):
    f = tc.lower(" + ".join(f"relu({x}*w + b)" for x in range(n)), ties="split")
    kinds = [2 - sum(mask == 2 for _, mask in p.conditions) for p in f]
    print(f"n = {n}: {len(f)} strata = {kinds.count(2)} sectors + {kinds.count(1)} rays + {kinds.count(0)} point;  4n + 1 = {4 * n + 1}")

data = [Fraction(-1), Fraction(0), Fraction(3, 2)]
f = tc.lower(" + ".join(f"relu({x}*w + b)" for x in data), ties="split")
for p in f:
    print(f"  {', '.join(p.texts()):<32} sum of outputs {p.expressions()['f']:<14} pattern {' '.join(p.pattern().values())}")

ax = plane((-1.55, 1.6), (-1.55, 1.35), 5.4)
lines = [np.array([1.0, -float(x)]) for x in data]
angles = sorted({float(np.arctan2(s * v[1], s * v[0])) for v in lines for s in (1, -1)})
corners = [*angles, angles[0] + 2 * np.pi]
for k, (a, b) in enumerate(zip(corners, corners[1:], strict=False)):
    t = np.linspace(a, b, 40)
    ax.fill(np.append(1.08 * np.cos(t), 0), np.append(1.08 * np.sin(t), 0), color=PALE[k % len(PALE)], linewidth=0)
    m = (a + b) / 2
    w, c = np.cos(m), np.sin(m)
    on = [f"$x_{i}$" for i, x in enumerate(data, 1) if w * float(x) + c > 0]
    label = ", ".join(on) + " on" if on else "all off"
    ax.text(0.7 * w, 0.7 * c, label, ha="center", va="center", fontsize=9, color=INK)
for a in angles:
    ax.plot([0, 1.08 * np.cos(a)], [0, 1.08 * np.sin(a)], color=BLUE, linewidth=2.2, solid_capstyle="round", zorder=3)
for k, (x, v) in enumerate(zip(data, lines, strict=True), 1):
    u = v / np.linalg.norm(v) * 1.36
    name = {-1: "-w", 0: "", Fraction(3, 2): r"\frac{3}{2}w+"}[x] + ("b" if x >= 0 else "+b")
    ax.text(u[0], u[1], f"$x_{k}={x}$:\n${name}=0$", color=BLUE, ha="center", va="center", fontsize=8.5)
ax.plot([0], [0], "o", color=RED, markersize=8, zorder=5)
ax.text(-1.5, -1.42, "3 data: 6 sectors, 6 rays, 1 point", fontsize=9.5, color=INK)
for end, name in (((-1.05, -1.15), "$w$"), ((-1.4, -0.8), "$b$")):
    ax.annotate("", end, (-1.4, -1.15), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1, "shrinkA": 0})
    ax.text(end[0] + 0.07, end[1] + 0.05, name, color=INK, fontsize=11)
save(ax, "neuron_plane")
