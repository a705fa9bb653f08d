"""Broughton's polynomial x(xy - 1): no critical point, and yet the fibre changes at 0. A critical value at infinity.

Run:  python examples/15_broughton.py [FOLDER]
"""

import numpy as np
from pictures import BLUE, GOLD, INK, PALE, RED, plane, save

import tamecheck as tc

report = tc.critical("x*(x*y - 1)")
print(report)
for t in ("-1", "-1/4", "0", "1/4", "1"):
    d = tc.cells([f"4*x*(x*y - 1) - 4*({t})"], ["x", "y"])
    chi = d.euler_characteristic(lambda cell: cell.signs[0] == 0)
    print(f"  fibre over {t:>4}: Euler characteristic with compact supports {chi}, so {-chi} lines")

arc = report.asymptotic[0]["arc"]
print("along", arc, "the function tends to", report.asymptotic[0]["value"])

ax = plane((-3, 3), (-4, 4), 4.4)
ax.fill([-3, 3, 3, -3], [-4, -4, 4, 4], color=PALE[4], alpha=0.5, linewidth=0)
for t, colour in ((-1, BLUE), (-0.5, "#6f9fd8"), (-0.2, "#a8c5e8"), (0.2, "#ecca92"), (0.5, "#deab55"), (1, GOLD)):
    for side in (-1, 1):
        x = side * np.geomspace(0.004, 3, 900)
        y = (t + x) / x**2
        y[np.abs(y) > 4.4] = np.nan
        ax.plot(x, y, color=colour, linewidth=1.3)
for side in (-1, 1):
    x = side * np.geomspace(0.2, 3, 200)
    ax.plot(x, 1 / x, color=RED, linewidth=2.2, zorder=4)
ax.plot([0, 0], [-4, 4], color=RED, linewidth=2.2, zorder=4)
s = np.geomspace(0.26, 2.4, 60)
ax.plot(s / 2, 1 / s, color=INK, linewidth=1.4, linestyle=(0, (1.5, 1.8)), zorder=5)
ax.annotate("", (0.123, 3.95), (0.14, 3.45), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.2}, zorder=6)
ax.text(0.5, 3.5, "$(s/2,\\,1/s)$, $s\\to0$:\n$f\\to0$, $|p|\\,|\\nabla f|\\to0$", fontsize=8.5, color=INK, va="center", zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2})  # fmt: skip
ax.text(2.95, 0.62, "$f=0$: three lines", color=RED, ha="right", fontsize=9, zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5})  # fmt: skip
ax.text(-2.9, -3.7, "$f=t\\neq0$: two lines", color=BLUE, fontsize=9)
save(ax, "broughton")
