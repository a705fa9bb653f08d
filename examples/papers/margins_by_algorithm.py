"""Every steepest descent maximises its own margin (Tsilivis, Gronich, Vardi, Kempe, arXiv 2410.22069).

First a linear model, where the largest margins are known in closed form, then two layers of ReLU: the table of l2, l_inf and l1 margins of the
iterates of gradient, sign and coordinate descent. A method is expected to win in its own column.
"""

import numpy as np
from common import figure, save

from tamecheck.flows.margin_descent import normalised_descent
from tamecheck.flows.margins import Margins
from tamecheck.flows.separation import ORDER, largest_margin
from tamecheck.programs.program import Program

METHODS = {"gradient": "l2", "sign": "l_inf", "coordinate": "l1"}


def linear() -> tuple[dict, dict]:
    """Return the table of the linear model, and the largest margins."""
    rows = np.array([[1.0, 2.0], [4.0, 1.0], [2.0, 3.0]])
    p = Program()
    f = p.contract("i,bi->b", p.input("w", (2,), "parameter"), p.input("x", rows.shape))
    m = Margins.batch((p, {"f": f}), {"x": rows}, np.ones(3))
    table = {name: margins(m, normalised_descent(m, [0.0, 0.0], norm, 30_000, 0.05).last, 1) for name, norm in METHODS.items()}
    return table, {norm: largest_margin(rows, norm).margin for norm in ORDER}


def relu(seed: int, units: int = 12, inputs: int = 6, samples: int = 12) -> tuple[dict, bool]:
    """Return the table of two layers of ReLU labelled by a teacher, and whether all three runs have separated the data."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, inputs))
    teacher = rng.normal(size=(3, inputs))
    y = np.sign(np.maximum(x @ teacher.T, 0) @ np.array([1.0, -1.0, 0.5]) - 0.2)
    p = Program()
    w, a = p.input("W", (units, inputs), "parameter"), p.input("a", (units,), "parameter")
    h = p.map("max", p.contract("mi,bi->bm", w, p.input("x", x.shape)), p.constant(0))
    m = Margins.batch((p, {"f": p.contract("bm,m->b", h, a)}), {"x": x}, y)
    start = rng.normal(0, 0.3, m.vector.size)
    steps = {"gradient": 0.05, "sign": 0.01, "coordinate": 0.1}
    runs = {name: normalised_descent(m, start, norm, 20_000, steps[name]) for name, norm in METHODS.items()}
    table = {name: margins(m, run.last, 2) for name, run in runs.items()}
    return table, all(m.log_loss(run.last) < 0 for run in runs.values())


def margins(m: Margins, theta: np.ndarray, degree: int) -> dict:
    """Return the normalised margins in the three norms."""
    least = float(m.q(theta).min())
    return {norm: least / float(np.linalg.norm(theta, order)) ** degree for norm, order in ORDER.items()}


def main() -> None:
    """Print both tables."""
    table, largest = linear()
    separated = []
    for seed in range(8):
        found, good = relu(seed)
        if good:
            separated.append((seed, found))
        if len(separated) == 2:
            break
    wins = [name for _, t in separated for name, norm in METHODS.items() if t[name][norm] == max(row[norm] for row in t.values())]
    gap = max(1 - table[name][norm] / largest[norm] for name, norm in METHODS.items())
    result = {"linear": table, "largest": largest, "relu": {f"seed {s}": t for s, t in separated}, "columns_won_by_their_own_method": len(wins)}
    save("margins_by_algorithm", result, (
        f"In the linear model each method reaches the largest margin of its norm within {gap:.1%}; with ReLU units, "
        f"{len(wins)} of {3 * len(separated)} columns are won by their own method."
    ), 4)  # fmt: skip

    def draw(axes) -> None:
        width = 0.25
        for k, (name, color) in enumerate(zip(METHODS, ("#0072b2", "#d55e00", "#009e73"), strict=True)):
            heights = [table[name][norm] / largest[norm] for norm in ORDER]
            axes.bar(np.arange(3) + (k - 1) * width, heights, width, color=color, label=f"{name} descent")
        axes.set_xticks(range(3), [f"{norm} margin" for norm in ORDER])
        axes.set_ylabel("margin / largest margin (linear model)")
        axes.set_ylim(0, 1.25)
        axes.legend(frameon=False, ncols=3, loc="upper center")

    figure("margins_by_algorithm", draw)


if __name__ == "__main__":
    main()
