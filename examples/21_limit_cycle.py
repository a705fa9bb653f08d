"""Gradient descent through a linear-programming layer: its formal derivative is 0 almost everywhere, and the iterates run around a cycle for ever.

Minimise (x - s1)^2 + 4 (y - s2)^2, where s maximises (a + b)(-3x + y + 2) over 0 <= a <= 3, 0 <= b <= 5.  The solution s jumps on a line,
so the objective
has no conservative field; off the line what is returned is (2 (x - s1), 8 (y - s2)).

Run:  python examples/21_limit_cycle.py [FOLDER]
"""

import math

from pictures import BLUE, GOLD, INK, RED, plane, pyplot, save

# closed form: q + 1/q = (5 + sqrt 97)/4
half = (5 + math.sqrt(97)) / 8
q = half - math.sqrt(half * half - 1)
crossings = [(3 * q / (1 + q), 5 * q**4 / (1 + q**4)), (3 / (1 + q), 5 / (1 + q**4))]
period = -math.log(q)


def objective(x, y, s):
    """Return the objective for a solution of the inner problem."""
    return (x - s[0]) ** 2 + 4 * (y - s[1]) ** 2


low, high = (0, 0), (3, 5)
jump = objective(*crossings[0], high) - objective(*crossings[0], low)
print(f"q = {q:.12f}, root of 2q^4-5q^3-5q^2-5q+2: {2 * q**4 - 5 * q**3 - 5 * q**2 - 5 * q + 2:.1e}")
for x, y in crossings:
    print(f"crossing ({x:.12f}, {y:.12f})  on the line: {-3 * x + y + 2:.1e}")
print(f"period of the gradient flow {period:.12f}")
print(f"jump at a crossing {jump:.9f}; on an arc from {objective(*crossings[0], high):.6f} to {objective(*crossings[0], low):.6f}")

paths = []
for start in [(-4, 4), (4.5, -3), (0.5, 4.8), (-2, -4)]:
    x, y = start
    path = [start]
    for _ in range(20_000):
        s = high if -3 * x + y + 2 > 0 else low
        x, y = x - 0.01 * 2 * (x - s[0]), y - 0.01 * 8 * (y - s[1])
        path.append((x, y))
    paths.append(path)
    xs, ys = zip(*path[-2_000:], strict=True)
    print(f"from {start}: x in [{min(xs):.5f}, {max(xs):.5f}], y in [{min(ys):.5f}, {max(ys):.5f}]")

ax = plane(x=(-4.6, 5.2), y=(-4.6, 6.2), size=5.2)
for path in paths:
    ax.plot(*zip(*path[:180], strict=True), color=BLUE, lw=0.9, alpha=0.75)
    ax.plot(*path[0], "o", color=BLUE, ms=4)
t = [k * period / 200 for k in range(201)]
(x0, y0), (x1, y1) = crossings
ax.plot([3 + (x0 - 3) * math.exp(-2 * s / 2) for s in t], [5 + (y0 - 5) * math.exp(-8 * s / 2) for s in t], color=RED, lw=2.2)
ax.plot([x1 * math.exp(-2 * s / 2) for s in t], [y1 * math.exp(-8 * s / 2) for s in t], color=RED, lw=2.2)
ax.plot([-0.87, 2.73], [-4.61, 6.19], color=INK, lw=1, ls="--")
for x, y in crossings:
    ax.plot(x, y, "o", color=GOLD, ms=7, mec=INK)
for (x, y), name, shift in ((low, "s for $\\ell<0$", (-48, -20)), (high, "s for $\\ell>0$", (8, -12))):
    ax.plot(x, y, "x", color=INK, ms=8, mew=2)
    ax.annotate(name, (x, y), textcoords="offset points", xytext=shift, color=INK)
ax.annotate("$\\ell=-3x+y+2=0$", (-0.75, -4.25), textcoords="offset points", xytext=(10, 0), color=INK)
save(ax, "limit_cycle")
pyplot.close("all")
