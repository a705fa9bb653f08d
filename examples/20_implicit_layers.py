"""Implicit layers: hypotheses of the nonsmooth implicit function theorem, the Jacobian as a set, and where each hypothesis is needed.

Run:  python examples/20_implicit_layers.py
"""

import tamecheck as tc
from tamecheck.autodiff.implicit.equilibrium import equilibrium
from tamecheck.autodiff.implicit.lasso import lasso

print(tc.implicit("z - relu(z/2 + b)", "z", at={"b": 0, "z": 0}), "\n")
print(tc.implicit("abs(y) - x", "y", at={"x": 0, "y": 0}), "\n")
print(tc.implicit("y^3 - x", "y", at={"x": 0, "y": 0}), "\n")

# the inverse of (|x| + y, 2x + |y|): all elements invertible, the set of inverses not convex
print(tc.implicit(["abs(x) + y - u", "2*x + abs(y) - v"], ["x", "y"], at={"x": 0, "y": 0, "u": 0, "v": 0}), "\n")

layer = equilibrium([[0, -3], [3, 0]], minors=True)
print("I - W is a P-matrix:", layer.well_posed.holds, " principal minors", [str(d) for d in layer.well_posed.minors.values()])
print("norms of W less than one:", layer.norms)
beta, there = lasso([[1]], [2], 2)
print("lasso at lambda = 2: beta", *beta, " d beta/d lambda in", [str(x) for x in there.jacobian.range()[0][0]])
