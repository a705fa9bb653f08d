"""A network of sines is definable in no o-minimal structure; see why, and what repairs it.

Run:  python examples/05_sine_network_fails.py
"""

from __future__ import annotations

import tamecheck as tc
from tamecheck import nn

x = nn.Input("x", (16, 2), box=(-1, 1))
y = nn.Input("y", (16, 1))
siren = nn.Sequential(nn.Siren(2, 8), nn.Siren(8, 8), nn.Linear(8, 1))
loss = nn.Loss(nn.mse_loss(siren(x), y))


def show(title: str, certificate: tc.Certificate) -> None:
    """Print the verdict and, for a negative one, the smallest guilty node."""
    homes = ", ".join(map(str, certificate.homes)) or "none"
    print(f"{title:<58}{certificate.verdict:<16}homes: {homes}")
    for guilty in certificate.unknown_because[:1]:
        print(f"    smallest guilty node: {guilty['node']} {guilty['name']!r}: {guilty['reason']}")


certificate = tc.certify(loss, about="parameters")
show("sine network, all parameters free", certificate)
print("    independent checker:", certificate.check()["verdict"])

# Repair 1: parameters in a box. Then every sine sees a bounded argument.


def bounded(rows: int, columns: int, name: str) -> nn.Parameter:
    """Return a matrix of parameters with entries between -1 and 1."""
    return nn.Parameter(name, (rows, columns), box=(-1, 1))


h = nn.sin(30 * nn.linear(x, bounded(8, 2, "W")))
show("one sine layer, parameters in [-1, 1]", tc.certify(nn.mse_loss(nn.linear(h, nn.Parameter("V", (1, 8))), y)))

# Repair 2: another activation that is as wavy where it matters.
squashed = nn.Sequential(nn.Linear(2, 8), nn.Lambda(lambda t: nn.sin(3 * nn.tanh(t))), nn.Linear(8, 1))
show("sin(3 tanh(.)) instead of sin", tc.certify(nn.mse_loss(squashed(x), y)))

# Repair 3: static Fourier features of bounded inputs.
features = nn.Sequential(nn.FourierFeatures([[1, 0], [0, 1], [2, 1]]), nn.MLP(6, 8, 1, activation="silu"))
show("static Fourier features of inputs in [-1, 1]", tc.certify(nn.mse_loss(features(x), y)))
