"""Whitney's umbrella x^2 = y^2 z: two sheets, two half-lines, and one point that condition (a) insists on.

Run:  python examples/12_whitney_umbrella.py [FOLDER]
"""

import numpy as np
from pictures import BLUE, GOLD, GREEN, RED, save, space

import tamecheck as tc

s = tc.strata("x^2 == y^2*z", ["x", "y", "z"])
print(s)
for stratum in s.strata:
    print(f"  dimension {stratum.dimension}: {stratum.formula}   {stratum.reason}")
for refinement in s.refinements:
    print(f"({', '.join(str(c) for c in refinement.point)}) is a stratum of its own: {refinement.reason}")
    print(f"  condition ({refinement.arc.condition}) fails along ({', '.join(refinement.arc.curve)}): the normal is {refinement.arc.normal} there,")
    print(f"  and the double line has the direction {refinement.arc.direction}")

ax = space(5.4, 22, -75)
# (u, v) -> (u v, u, v^2); the sheet y > 0 is u > 0
for side, colour, edge, order in ((1, "#a9cdec", "#6f9fc9", 1), (-1, "#f7d3a6", "#d9a35c", 4)):
    u, v = np.meshgrid(np.linspace(0, 1, 21), np.linspace(-1, 1, 41))
    style = {"color": colour, "alpha": 1 if side > 0 else 0.82, "edgecolor": edge, "linewidth": 0.35, "zorder": order, "shade": False}
    ax.plot_surface(side * u * v, side * u, v**2, rstride=2, cstride=2, **style)
ax.plot([0, 0], [0, 0], [0, 1.1], color=GREEN, linewidth=3, zorder=6)
ax.plot([0, 0], [0, 0], [-0.75, 0], color=GOLD, linewidth=3, zorder=6)
ax.plot([0], [0], [0], "o", color=RED, markersize=8, zorder=7)
ax.text(0.1, 0, -0.62, "handle, $z<0$", color=GOLD, zorder=8)
label = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
ax.text(0.0, 0, 1.2, "double line, $z>0$", color=GREEN, ha="center", zorder=8, bbox=label)
ax.text(0.12, 0, -0.1, "origin", color=RED, zorder=8)
ax.text(0.85, 1.2, 0.55, "$y>0$", color=BLUE, zorder=8)
ax.text(-0.75, -1.2, 0.15, "$y<0$", color="#b9772c", zorder=8)
ax.set_box_aspect((1, 1, 1), zoom=1.3)
save(ax, "whitney_umbrella")
