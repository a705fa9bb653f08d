"""Near-homogeneous networks (Cai, Zhou, Wu, Mei, Lindsey, Bartlett, arXiv 2502.16075): the modified margin is monotone where the plain one is not.

First f = w^3 + w with one sample, where everything is explicit: M = 3, p' = 2r, p_a = r, and the plain margin *decreases* to 1. Then two layers of
softplus and of GELU, started strongly separable: the certified polynomials enter the modified margin, which never decreases.
"""

import numpy as np
from common import figure, save

import tamecheck as tc
from tamecheck.flows.log_flow import log_flow
from tamecheck.flows.margins import Margins
from tamecheck.flows.stationarity import margins_of
from tamecheck.programs.definitions import scalar
from tamecheck.programs.program import Program

ROWS = np.array([[1.0, 2.0], [-4.0, -1.0], [2.0, 3.0]])
LABELS = np.array([1.0, -1.0, 1.0])


def cubic() -> tuple[Margins, object]:
    """Return the margin of w^3 + w, and its certified bounds."""
    p = Program()
    w = p.input("w", (1,), "parameter")
    f = p.map("add", p.map("pow", w, p.constant(3)), w)
    return Margins.batch((p, {"f": f}), {}, [1]), tc.homogeneity((p, {"f": f})).near


def two_layers(gate: str, units: int = 4) -> tuple[Margins, object]:
    """Return margins and bounds of two layers with a gate."""
    p = Program()
    w, a, x = p.input("W", (units, 2), "parameter"), p.input("a", (units,), "parameter"), p.input("x", (3, 2))
    h = getattr(scalar, gate)(p, p.contract("mi,bi->bm", w, x))
    f = p.contract("bm,m->b", h, a)
    return Margins.batch((p, {"f": f}), {"x": ROWS}, LABELS), tc.homogeneity((p, {"f": f}), input_box=(-4, 4)).near


def start(scale: float) -> np.ndarray:
    """Return two pairs of units along the largest margin, scaled."""
    w = np.array([[0.45, 0.9], [0.4, 0.95], [-0.45, -0.9], [-0.5, -0.8]])
    return scale * np.concatenate([w.reshape(-1), [1.0, 0.9, -1.0, -0.9]])


def followed(m: Margins, near, theta: np.ndarray, goal: float) -> dict:
    """Return the margins along the flow from the moment of strong separability."""
    run = log_flow(m, theta, goal, levels=np.geomspace(max(1.0, -m.log_loss(theta) * 1.01), goal, 80))
    rows, kept = [], []
    for state in run.states:
        row = margins_of(m, state, near.degree, gap=near.gap)
        if row["modified"] > 0:
            rows.append(row)
            kept.append(row["log_inverse_loss"])
    table = {k: np.array([r[k] for r in rows]) for k in ("normalised", "smoothed", "modified")}
    increments = {"increment": float(np.diff(table["modified"]).min()), "plain_increment": float(np.diff(table["smoothed"]).min())}
    return {"at": np.array(kept), **table, **increments}


def main() -> None:
    """Run the three cases."""
    cases = {
        "cubic": (*cubic(), np.array([2.5])), "softplus": (*two_layers("softplus"), start(2.5)), "gelu": (*two_layers("gelu"), start(1.5)),
    }  # fmt: skip
    result, curves = {}, {}
    for name, (m, near, theta) in cases.items():
        found = followed(m, near, theta, 1e4)
        curves[name] = found
        result[name] = {
            "degree": near.degree, "p_prime": [float(c) for c in near.defect], "p_a": [float(c) for c in near.gap],
            "modified_margin": [found["modified"][0], found["modified"][-1]], "smoothed_margin": [found["smoothed"][0], found["smoothed"][-1]],
            "modified_never_decreases": found["increment"] >= -1e-12, "smoothed_never_decreases": found["plain_increment"] >= -1e-12,
        }  # fmt: skip
    save("near_homogeneous_margins", result, (
        f"The modified margins never decrease ({', '.join([str(r['modified_never_decreases']) for r in result.values()])}); "
        f"the plain smoothed margin of w^3 + w falls from {result['cubic']['smoothed_margin'][0]:.3f} to {result['cubic']['smoothed_margin'][1]:.3f}."
    ), 5)  # fmt: skip

    def draw(axes) -> None:
        for name, color in (("cubic", "#0072b2"), ("softplus", "#d55e00"), ("gelu", "#009e73")):
            axes.semilogx(curves[name]["at"], curves[name]["modified"], color=color, label=f"{name}, modified")
            axes.semilogx(curves[name]["at"], curves[name]["smoothed"], color=color, ls=":", label=f"{name}, plain")
        axes.set_xlabel("log of one over the loss")
        axes.set_ylabel("margin")
        axes.legend(frameon=False, ncols=3, fontsize=8)

    figure("near_homogeneous_margins", draw)


if __name__ == "__main__":
    main()
