"""The swallowtail: where x^4 + a x^2 + b x + c has a multiple root, and its nine strata.

Run:  python examples/13_swallowtail.py [FOLDER]
"""

import numpy as np
from pictures import BLUE, GOLD, GREEN, RED, save, space

import tamecheck as tc

SWALLOWTAIL = "256*c^3 - 128*a^2*c^2 + 144*a*b^2*c + 16*a^4*c - 27*b^4 - 4*a^3*b^2"
s = tc.strata(f"{SWALLOWTAIL} == 0", ["a", "b", "c"])
print(s)
for stratum in s.strata:
    print(f"  dimension {stratum.dimension}, for example at ({', '.join(str(c) for c in stratum.sample)})")
print("the same surface by elimination, at a = -1, b = 0:")
print("  ", tc.eliminate("exists x: x^4 - x^2 + c == 0 and 4*x^3 - 2*x == 0"))

# (t - d)^2 (t^2 + 2 d t + e): a = e - 3 d^2, b = 2 d^3 - 2 d e, c = d^2 e, for a double root d and any e
LOW, HIGH = -1.6, 0.45
ax = space(5.6, 20, -152)


def sheet(low, high, colour, edge, order):
    """Draw the sheet of double roots d with low(d) < e < high(d), where a is between LOW and HIGH and c below 0.72."""
    d, k = np.meshgrid(np.linspace(-0.86, 0.86, 87), np.linspace(0, 1, 25))
    bottom, top = np.maximum(low(d), 3 * d**2 + LOW), np.minimum(high(d), 3 * d**2 + HIGH)
    top = np.minimum(top, 0.72 / np.maximum(d**2, 1e-9))
    e = bottom + k * (top - bottom)
    a, b, c = e - 3 * d**2, 2 * d**3 - 2 * d * e, d**2 * e
    gap = bottom > top
    for grid in (a, b, c):
        grid[gap] = np.nan
    ax.plot_surface(a, b, c, color=colour, alpha=0.9, rstride=3, cstride=3, linewidth=0.35, edgecolor=edge, zorder=order, shade=False)


far = 99
sheet(lambda d: np.where(d > 0, d**2, far), lambda d: 0 * d + far, "#a9cdec", "#6f9fc9", 1)
sheet(lambda d: -3 * d**2, lambda d: d**2, "#f7d3a6", "#d9a35c", 2)
sheet(lambda d: 0 * d - far, lambda d: -3 * d**2, "#b9dfb9", "#71a871", 3)
sheet(lambda d: np.where(d < 0, d**2, far), lambda d: 0 * d + far, "#a9cdec", "#6f9fc9", 4)
t = np.linspace(0, np.sqrt(-LOW / 6), 60)
for side in (1, -1):
    d = side * t
    ax.plot(-6 * d**2, 8 * d**3, -3 * d**4, color=BLUE, linewidth=2.4, zorder=6)
t = np.linspace(0, np.sqrt(-LOW / 2), 60)
ax.plot(-2 * t**2, 0 * t, t**4, color=GREEN, linewidth=2.6, zorder=6)
t = np.linspace(0, HIGH, 20)
ax.plot(t, 0 * t, t**2 / 4, color=GOLD, linewidth=2.6, zorder=6)
ax.plot([0], [0], [0], "o", color=RED, markersize=8, zorder=7)
ax.set_box_aspect((1.5, 1.3, 0.9), zoom=1.2)
save(ax, "swallowtail")
