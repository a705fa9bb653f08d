"""Draw the picture of the tutorial on flows: normalised margins against log 1/L.

Run: ``python examples/flow_pictures.py`` (needs matplotlib, the extra ``plot``); writes docs/tutorials/flows.svg.
"""

from pathlib import Path

import matplotlib
import numpy as np

import tamecheck as tc

DATA = {"x1": [1.0, -4.0, 2.0], "x2": [2.0, -1.0, 3.0]}
LABELS = [1, -1, 1]
TARGET = Path(__file__).resolve().parent.parent / "docs" / "tutorials" / "flows.svg"


def main() -> None:
    """Run three flows and draw."""
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "flows"
    import matplotlib.pyplot as plt

    relu = tc.flow("a*relu(w1*x1 + w2*x2) + b*relu(v1*x1 + v2*x2)", variables=["a", "w1", "w2", "b", "v1", "v2"], data=DATA, labels=LABELS,
                   initial=[0.4, 0.1, 0.2, -0.4, -0.1, -0.2], kind="subgradient", goal=1e3)  # fmt: skip
    deep = tc.flow("a*(w1*x1 + w2*x2)", variables=["a", "w1", "w2"], data=DATA, labels=LABELS, initial=[0.1, 0.1, 0.0], goal=1e3)
    cubic = tc.flow("w^3 + w", variables=["w"], labels=[1], initial=[1.2], goal=1e3)
    figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    rows = (("two ReLU units", relu, 0.7249011454, "#0072b2"), ("two linear layers", deep, np.sqrt(5) / 2, "#d55e00"),
            ("w^3 + w", cubic, 1.0, "#009e73"))  # fmt: skip
    for name, run, limit, color in rows:
        at = run.diagnostics["log_inverse_loss"]
        good = at > 0.3
        axes.semilogx(at[good], run.diagnostics["normalised"][good] / limit, color=color, label=name)
        if "modified" in run.diagnostics:
            axes.semilogx(at[good], run.diagnostics["modified"][good] / limit, ":", color=color, lw=2)
    axes.axhline(1, color="k", lw=0.7, ls="--")
    axes.set_xlabel("log of one over the loss")
    axes.set_ylabel("margin / its limit")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(TARGET, metadata={"Date": None})


if __name__ == "__main__":
    main()
