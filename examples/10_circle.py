"""The circle: a cylindrical decomposition of the plane into 13 cells, one stratum, and how a formula projects.

Run:  python examples/10_circle.py [FOLDER]
"""

import math

import numpy as np
from pictures import DIMENSION, INK, PALE, RED, plane, save

import tamecheck as tc

d = tc.cells(["x^2+y^2-1"], ["x", "y"])
print(d, "by dimension", d.count_by_dimension())
for cell in d.cells:
    print(f"  {cell.index}  dimension {cell.dimension}  sign {cell.signs[0]:+d}  sample {', '.join(str(c) for c in cell.sample)}")
circle = [c for c in d.cells if c.signs == (0,)]
print("the circle is made of", len(circle), "cells, Euler characteristic", sum((-1) ** c.dimension for c in circle))
print("its shadow on the x-axis:", tc.eliminate("exists y: x^2 + y^2 == 1"))

ax = plane((-2, 2), (-1.75, 1.75), 5.2)
t = np.linspace(0, math.pi, 200)
x, y = np.cos(t), np.sin(t)
shades = iter([PALE[0], PALE[1], PALE[2], PALE[3], PALE[4]])
ax.fill_between([-2, -1], -1.6, 1.6, color=next(shades), linewidth=0)
ax.fill_between([1, 2], -1.6, 1.6, color=next(shades), linewidth=0)
ax.fill_between(x, y, 1.6, color=next(shades), linewidth=0)
ax.fill_between(x, -y, y, color=next(shades), linewidth=0)
ax.fill_between(x, -1.6, -y, color=next(shades), linewidth=0)
for side in (-1, 1):
    ax.plot([side, side], [-1.6, 1.6], color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
    ax.plot(x, side * y, color=DIMENSION[1], linewidth=2.4)
    ax.plot([side], [0], "o", color=RED, markersize=7, zorder=5)
where = {1: -1.5, 2: -1, 3: 0, 4: 1, 5: 1.5}
high = {(1, 1): 0, (5, 1): 0, (3, 1): -1.32, (3, 3): 0, (3, 5): 1.32, (2, 1): -0.85, (2, 3): 0.85, (4, 1): -0.85, (4, 3): 0.85}
for cell in d.cells:
    i = cell.index
    shift = 0.0 if cell.dimension == 2 else 0.2 * (-1 if i[0] == 2 else 1)
    place = (where[i[0]] + shift, high.get(i, {2: -0.12, 4: 0.12}.get(i[1], 0)))
    if i in ((3, 2), (3, 4)):
        place = (0, 0.83 if i == (3, 4) else -0.83)
    ax.text(*place, f"{i[0]}{i[1]}", ha="center", va="center", fontsize=9, color=INK)
save(ax, "circle")
