"""Gradient descent that is the Lorenz attractor: the inner problem min |s - x|^4 has the smooth solution s = x, its optimality condition
no derivative.

Minimise phi(x) = -<x, L(s(x))> with the Lorenz field L.  The stationarity map 4 |s-x|^2 (s-x) has zero Jacobian on its solutions; with a
pseudo-inverse
implicit differentiation returns ds/dx = 0, so the "gradient" is -L(x), and a step of gradient descent a step of Euler for Lorenz' equations.

Run:  python examples/22_lorenz.py [FOLDER]
"""

from pictures import BLUE, pyplot, save, space

import tamecheck as tc

cube = "((s1-x1)^2 + (s2-x2)^2 + (s3-x3)^2)"
names = ("s1", "s2", "s3", "x1", "x2", "x3")
report = tc.implicit([f"4*{cube}*(s{k}-x{k})" for k in (1, 2, 3)], ["s1", "s2", "s3"], at=dict.fromkeys(names, 1))
print("hypotheses of the implicit function theorem:", report.verdict, "-", report.reason)
print("verified by the second road:", report.verify())


def lorenz(s):
    """Return the field of Lorenz."""
    return 10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 * s[2] / 3


def returned(x):
    """Return what is called the gradient: s is held fixed."""
    return [-v for v in lorenz(x)]


def truth(x):
    """Return the gradient of phi(x) = 10 x1^2 - 38 x1 x2 + x2^2 + (8/3) x3^2."""
    return [20 * x[0] - 38 * x[1], -38 * x[0] + 2 * x[1], 16 * x[2] / 3]


def phi(x):
    """Return the objective."""
    return 10 * x[0] ** 2 - 38 * x[0] * x[1] + x[1] ** 2 + 8 * x[2] ** 2 / 3


print("at (1, 1, 1): returned", [round(v + 0.0, 4) for v in returned((1, 1, 1))], " gradient", [round(v, 4) for v in truth((1, 1, 1))])
# third component of the curl of -L where x3 = 0: d(-L2)/dx1 - d(-L1)/dx2
print("circulation per area of what is returned, in the plane x3 = 0:", -28 + 10)
x = (1.0, 1.0, 1.0)
path = [x]
for _ in range(20_000):
    x = tuple(a - 0.005 * g for a, g in zip(x, returned(x), strict=True))
    path.append(x)
later = path[2_000:]
print(f"20000 steps: |x1| <= {max(abs(p[0]) for p in later):.1f}, x3 in [{min(p[2] for p in later):.2f}, {max(p[2] for p in later):.2f}]")
print(f"the objective is between {min(map(phi, later)):.0f} and {max(map(phi, later)):.0f}")

ax = space(size=5.2, elevation=12, azimuth=-55)
ax.plot(*zip(*path[200:9000], strict=True), color=BLUE, lw=0.45)
save(ax, "lorenz_descent")
pyplot.close("all")
