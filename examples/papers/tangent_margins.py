"""Feature selection (Telgarsky, arXiv 2208.02789): margins of the tangent kernel and the global margin of two layers of ReLU on XOR.

With inputs of norm 1 and Gaussian weights the margin of the tangent features of both layers, divided by sqrt(m), tends to
sqrt(1/8 + (1/2 - 1/pi)/4) = 0.4128; the gradient flow starts there and reaches the global margin 1/8 (normalised by the squared norm), which no
tangent kernel sees; the first-layer neurons turn towards the data.
"""

import numpy as np
from common import figure, save

from tamecheck.flows.margin_descent import normalised_descent
from tamecheck.flows.margins import Margins
from tamecheck.flows.stationarity import margins_of, tangent_margin
from tamecheck.programs.program import Program

X = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]) / np.sqrt(2)
LIMIT = float(np.sqrt(1 / 8 + (1 / 2 - 1 / np.pi) / 4))


def network(units: int) -> Margins:
    """Return the margins on XOR with inputs of norm 1."""
    p = Program()
    w, a = p.input("W", (units, 2), "parameter"), p.input("a", (units,), "parameter")
    h = p.map("max", p.contract("mi,bi->bm", w, p.input("x", X.shape)), p.constant(0))
    return Margins.batch((p, {"f": p.contract("bm,m->b", h, a)}), {"x": X}, np.sign(X[:, 0] * X[:, 1]))


def rotation(first: np.ndarray, last: np.ndarray, units: int) -> np.ndarray:
    """Return the angles by which the neurons have turned, in degrees."""
    a, b = (v[: 2 * units].reshape(units, 2) for v in (first, last))
    cosine = np.sum(a * b, axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def main() -> None:
    """Tangent margins over widths, then a flow of moderate width."""
    widths, tangent = [10, 30, 100, 300, 1000], []
    for units in widths:
        rng = np.random.default_rng(0)
        m = network(units)
        tangent.append(tangent_margin(m, rng.normal(size=m.vector.size)) / np.sqrt(units))
    units = 32
    m = network(units)
    start = 0.3 * np.random.default_rng(1).normal(size=m.vector.size)
    run = normalised_descent(m, start, "l2", 20_000, 0.05, outputs=60)
    margins = [margins_of(m, theta, 2)["normalised"] for theta in run.states]
    turned = rotation(start, run.last, units)
    result = {
        "tangent_margin_by_width": dict(zip(map(str, widths), tangent, strict=True)), "tangent_limit": LIMIT,
        "margin": margins[-1], "global_margin": 1 / 8,
        "median_rotation_degrees": float(np.median(turned)), "largest_rotation_degrees": float(turned.max()),
    }  # fmt: skip
    save("tangent_margins", result, (
        f"The tangent margin at width 1000 is {tangent[-1]:.4f} (limit {LIMIT:.4f}); descent reaches the margin {margins[-1]:.4f}, "
        f"the global one is 0.1250, while the median neuron turns by {np.median(turned):.0f} degrees."
    ), 3)  # fmt: skip

    def draw(axes) -> None:
        axes.semilogx(run.times[1:], margins[1:], color="#0072b2", label="margin of the iterates, width 32")
        axes.axhline(1 / 8, color="k", lw=0.8, ls="--", label="global margin 1/8")
        axes.set_xlabel("step")
        axes.set_ylabel("normalised margin")
        axes.legend(frameon=False, loc="lower right")

    figure("tangent_margins", draw)


if __name__ == "__main__":
    main()
