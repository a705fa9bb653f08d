"""Directional convergence and rates (Lyu, Li, arXiv 1906.05890; Ji, Telgarsky, arXiv 2006.06657) on deep linear networks.

Exponential loss, three samples, depths 1, 2, 3: the normalised margin approaches gamma/depth^(depth/2) with gamma = sqrt 5, t L (log 1/L)^(2-2/depth)
approaches 1/(depth^2 gbar^(2/depth)), the curve of directions has finite length, the smoothed margin never decreases.
"""

import numpy as np
from common import figure, save

import tamecheck as tc
from tamecheck.flows.log_flow import log_flow
from tamecheck.flows.margins import Margins
from tamecheck.flows.stationarity import margins_of, stationarity
from tamecheck.programs.program import Program

ROWS, LABELS = np.array([[1.0, 2.0], [-4.0, -1.0], [2.0, 3.0]]), [1, -1, 1]
LEVELS = np.geomspace(2, 1e4, 60)


def network(depth: int) -> tuple[Program, int]:
    """Return a product of matrices with four hidden units applied to the samples."""
    p = Program()
    x = p.input("x", ROWS.shape)
    for k in range(depth):
        shape = (1 if k == depth - 1 else 4, 2 if k == 0 else 4)
        x = p.contract("ji,bi->bj", p.input(f"W{k}", shape, "parameter"), x)
    return p, x


def main() -> None:
    """Run the three depths."""
    rng = np.random.default_rng(0)
    starts = {1: np.zeros(2), 2: rng.normal(0, 0.5, 12)}
    starts[3] = rng.normal(0, 0.5, 28)
    result, curves = {}, {}
    for depth in (1, 2, 3):
        p, node = network(depth)
        degree = tc.homogeneity((p, {"f": node})).degree
        m = Margins.batch((p, {"f": node}), {"x": ROWS}, LABELS)
        run = log_flow(m, starts[depth], 1e4, levels=LEVELS)
        rows = [margins_of(m, theta, float(degree)) for theta in run.states[1:]]
        inverse, log_time = run.measured["log_inverse_loss"][1:], run.measured["log_time"][1:]
        rate = np.exp(log_time - inverse) * inverse ** (2 - 2 / depth)
        limit = np.sqrt(5) / depth ** (depth / 2)
        smoothed = np.array([r["smoothed"] for r in rows])
        curves[depth] = (inverse, np.array([r["normalised"] for r in rows]) / limit)
        result[f"depth {depth}"] = {
            "certified_degree": int(degree), "margin": rows[-1]["normalised"], "margin_limit": limit, "rate": rate[-1],
            "rate_limit": 1 / (depth**2 * limit ** (2 / depth)), "arc_length": run.measured["arc"][-1],
            "alignment": stationarity(m, run.last, depth)["alignment"], "smoothed_margin_never_decreases": bool(np.all(np.diff(smoothed) > 0)),
        }  # fmt: skip
    worst = max(abs(r["rate"] / r["rate_limit"] - 1) for r in result.values())
    save("deep_linear_margins", result, (
        f"At log 1/L = 10^4 the rates agree with the theorem to {worst:.1e}, the smoothed margins never decrease, and the directions have moved by "
        f"{', '.join([format(r['arc_length'], '.3f') for r in result.values()])} in all."
    ), 5)  # fmt: skip

    def draw(axes) -> None:
        for depth, color in ((1, "#0072b2"), (2, "#d55e00"), (3, "#009e73")):
            axes.semilogx(*curves[depth], color=color, label=f"depth {depth}")
        axes.axhline(1, color="k", lw=0.8, ls="--")
        axes.set_xlabel("log of one over the loss")
        axes.set_ylabel("normalised margin / its limit")
        axes.legend(frameon=False)

    figure("deep_linear_margins", draw)


if __name__ == "__main__":
    main()
