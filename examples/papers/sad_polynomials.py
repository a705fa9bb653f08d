"""SAD networks on a polynomial target (Kranz, Gallon, Dereich, Jentzen, arXiv 2505.09572): the true gradient flow of a 1-10-20-10-1 GELU network.

The target is x^10 - 2x^8 + 2x^5 + 3x^3 - 2x^2 + 5 on [-1,1], the integral of the squared error is a Gauss-Legendre sum with 64 nodes, weights are
Xavier-uniform and biases zero. The paper's gradient descent covers 500 units of flow time, with norms 5.5 at the start and 8.04 at the end for GELU
(mean of 20 runs); the flow goes on growing by a few tenths per decade, far too slowly to be seen on that horizon.
"""

import numpy as np
from common import figure, save

from tamecheck import nn
from tamecheck.flows.diagnostics import measure
from tamecheck.flows.gradient_flow import gradient_flow
from tamecheck.flows.system import System

LAYERS = (1, 10, 20, 10, 1)
HORIZON = 1e8


def system() -> System:
    """Return the loss as a function of the 461 parameters."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    target = nodes**10 - 2 * nodes**8 + 2 * nodes**5 + 3 * nodes**3 - 2 * nodes**2 + 5
    x, y, w = (nn.Input(name, (64, 1)) for name in ("x", "y", "w"))
    layers = []
    for k, (a, b) in enumerate(zip(LAYERS, LAYERS[1:], strict=False)):
        layers += [nn.Linear(a, b), nn.GELU()] if k < len(LAYERS) - 2 else [nn.Linear(a, b)]
    error = nn.Sequential(*layers)(x) - y
    loss = nn.Network((w * error * error).sum())
    return System.of(loss, None, {"x": nodes[:, None], "y": target[:, None], "w": weights[:, None] / 2})


def xavier(s: System, seed: int) -> np.ndarray:
    """Return Xavier-uniform weights and zero biases."""
    rng = np.random.default_rng(seed)
    theta = np.zeros(s.size)
    for name, shape in s.vector.shapes.items():
        if len(shape) == 2:
            bound = np.sqrt(6 / sum(shape))
            theta[s.vector.places[name]] = rng.uniform(-bound, bound, shape).reshape(-1)
    return theta


def main() -> None:
    """Run one seed."""
    s = system()
    times = [0.0, *np.geomspace(0.1, HORIZON, 41), 500.0]
    times = sorted(set(times))
    run = gradient_flow(s, xavier(s, 0), HORIZON, times=times, rtol=1e-6, atol=1e-8, second=False)
    measured = measure(s, run, ("loss", "norm", "cerami"))
    at = times.index(500.0)
    result = {
        "parameters": s.size, "norm": [measured["norm"][0], measured["norm"][at], measured["norm"][-1]], "times": [0.0, 500.0, HORIZON],
        "loss": [measured["loss"][at], measured["loss"][-1]], "cerami": [measured["cerami"][at], measured["cerami"][-1]],
        "norm_in_the_paper_at_500": 8.043,
    }  # fmt: skip
    save("sad_polynomials", result, (
        f"At t = 500 the norm is {measured['norm'][at]:.2f} (paper, mean of 20 runs of gradient descent: 8.04), "
        f"at t = {HORIZON:g} it is {measured['norm'][-1]:.2f}; "
        f"|theta||grad L| falls from {measured['cerami'][at]:.1e} to {measured['cerami'][-1]:.1e}."
    ), 3)  # fmt: skip

    def draw(axes) -> None:
        axes.semilogx(run.times[1:], measured["norm"][1:], color="#0072b2")
        axes.axvline(500, color="k", lw=0.8, ls="--")
        axes.text(520, measured["norm"][1], "horizon of the paper", fontsize=9)
        axes.set_xlabel("time")
        axes.set_ylabel("norm of the parameters")

    figure("sad_polynomials", draw)


if __name__ == "__main__":
    main()
