"""The loss of a 1-2-1 ReLU net with two data: four smooth pieces, nine strata, and all its critical values.

The net is relu(u*x) + relu(v*x), the data (1, 1) and (-1, 2), the loss the sum of squared errors.

Run:  python examples/16_one_two_one_net.py [FOLDER]
"""

import numpy as np
from pictures import BLUE, GOLD, INK, RED, plane, save

import tamecheck as tc
from tamecheck import nn

x, y = nn.Input("x", (2, 1)), nn.Input("y", (2, 1))
hidden = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU())
loss = nn.Loss(((hidden(x).sum(1, keepdim=True) - y) ** 2).sum())
data = {"x": [[1], [-1]], "y": [[1], [2]]}

f = tc.lower(loss, "parameters", data)
print(f)
print("with ties:", len(tc.lower(loss, "parameters", data, ties="split")), "strata")
u, v = f.variables
formula = f.to_formula().replace(u, "u").replace(v, "v")
report = tc.critical(formula)
print(report)

grid = np.linspace(-3.4, 3.4, 137)
a, b = np.meshgrid(grid, grid)
value = (np.maximum(a, 0) + np.maximum(b, 0) - 1) ** 2 + (np.maximum(-a, 0) + np.maximum(-b, 0) - 2) ** 2
ax = plane((-3.4, 3.4), (-3.4, 3.4), 5.2)
levels = [0, 0.25, 0.6, 1, 1.6, 2.5, 4, 5, 7, 10, 14, 20, 30, 45, 70]
ax.contourf(a, b, value, levels=levels, cmap="Blues", norm="symlog", alpha=0.75, zorder=0)
ax.contour(a, b, value, levels=levels, colors="#ffffff", linewidths=0.5, zorder=1)
ax.axhline(0, color=INK, linewidth=1.4, zorder=2)
ax.axvline(0, color=INK, linewidth=1.4, zorder=2)
ax.plot([0, 1], [1, 0], color=GOLD, linewidth=3, zorder=4, solid_capstyle="round")
ax.plot([0, -2], [-2, 0], color=BLUE, linewidth=3, zorder=4, solid_capstyle="round")
ax.plot([-2, 1], [1, -2], "o", color=RED, markersize=8, zorder=5)
ax.plot([0], [0], "o", markerfacecolor="white", markeredgecolor=RED, markeredgewidth=2, markersize=8, zorder=5)
box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
for px, py, text, colour in (
    (-2, 1.35, "minimum 0", RED), (1.05, -2.4, "minimum 0", RED), (0.62, 0.95, "critical value 4", GOLD), (-2.05, -1.25, "critical value 1", BLUE),
    (0.15, -0.4, "Clarke critical value 5", RED),
):  # fmt: skip
    ax.text(px, py, text, color=colour, fontsize=9, bbox=box, zorder=6, ha="left" if px > 0 else "center")
ax.text(3.3, 0.1, "$u$", ha="right", fontsize=11)
ax.text(0.08, 3.2, "$v$", va="top", fontsize=11)
save(ax, "one_two_one_net")
