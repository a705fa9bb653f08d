"""The cusp y^2 = x^3: nine cells, three strata, and the point that is no manifold point.

Run:  python examples/11_cusp.py [FOLDER]
"""

import numpy as np
from pictures import BLUE, INK, PALE, RED, plane, save

import tamecheck as tc

d = tc.cells(["y^2-x^3"], ["x", "y"])
cusp = [c for c in d.cells if c.signs == (0,)]
print(d, "of which", len(cusp), "make the cusp:", [(c.index, c.dimension) for c in cusp])
s = tc.strata("y^2 == x^3", ["x", "y"])
print(s, [stratum.formula for stratum in s.strata])
print("critical values of y^2 - x^3:", [v["value"] for v in tc.critical("y^2-x^3").smooth])
near = "forall d: d > 0 implies exists x, y: y {} 0 and y^2 == x^3 and x^2 + y^2 < d"
print("is the tip a limit of the upper branch?", tc.decide(near.format(">")).verdict, " of the lower?", tc.decide(near.format("<")).verdict)

ax = plane((-1.3, 1.9), (-1.7, 1.7), 4.8)
x = np.linspace(0, 1.42, 300)
y = x**1.5
ax.fill([-1.3, 1.9, 1.9, -1.3], [-1.7, -1.7, 1.7, 1.7], color=PALE[1], linewidth=0)
ax.fill([*x, 1.9, 1.9, *x[::-1]], [*y, 1.7, -1.7, *-y[::-1]], color=PALE[0], linewidth=0)
ax.plot(x, y, color=BLUE, linewidth=2.4)
ax.plot(x, -y, color=BLUE, linewidth=2.4)
ax.plot([0], [0], "o", color=RED, markersize=8, zorder=5)
ax.text(-0.1, 0.16, "0-stratum", color=RED, ha="right")
ax.text(0.62, 0.9, "$y=x^{3/2}$", color=BLUE, ha="right")
ax.text(0.62, -0.97, "$y=-x^{3/2}$", color=BLUE, ha="right")
ax.text(1.2, 0, "$y^2<x^3$", color=INK, ha="center", va="center")
ax.text(-0.7, -1.1, "$y^2>x^3$", color=INK, ha="center", va="center")
save(ax, "cusp")
