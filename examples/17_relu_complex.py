"""The polyhedral complex of a small ReLU net: regions, edges, vertices, the decision boundary, exact numbers about all of them.

Run:  python examples/17_relu_complex.py [FOLDER]
"""

import random
from fractions import Fraction

from pictures import plane, pyplot, save

import tamecheck as tc
from tamecheck import nn

rng = random.Random(11)
weights = {}
for name, rows, columns in (("0", 9, 2), ("2", 7, 9), ("4", 1, 7)):
    weights[f"{name}.weight"] = [[Fraction(rng.randint(-32, 32), 16) for _ in range(columns)] for _ in range(rows)]
    weights[f"{name}.bias"] = [Fraction(rng.randint(-24, 24), 16) for _ in range(rows)]
net = nn.Network(nn.Sequential(nn.Linear(2, 9), nn.ReLU(), nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 1))(nn.Input("x", (1, 2))))

c = tc.polyhedral_complex(net, values=weights)
print(c, " Euler characteristic", c.euler_characteristic())
boundary = c.decision_boundary()
print("decision boundary:", boundary, " Betti numbers", boundary.betti(), " parts below and above", boundary.sides)
print("Lipschitz constants:", c.lipschitz(1), c.lipschitz(2), c.lipschitz("inf"), sep="\n  ")
box = tc.polyhedral_complex(net, values=weights, box=(-1, 1))
print("range over [-1, 1]^2:", *[str(v) for v in box.range()])
print("local minima:", c.minima())
print("a vertex:", c.of_dimension(0)[0], {k: v for k, v in c.of_dimension(0)[0].pattern().items() if v == "tie"})

_, ax = pyplot.subplots(figsize=(5.4, 5.4))
c.plot(ax=ax, window=(-2, 2))
plane(ax=ax, x=(-2, 2), y=(-2, 2))
ax.set_xlabel("")
ax.set_ylabel("")
save(ax, "relu_complex")
