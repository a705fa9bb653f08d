"""Gradient flow of losses with exponential tails in logarithmic time, to losses far below the smallest double.

With ds = L dt the flow theta' = -grad L becomes d theta/ds = v = -grad log L, a curve with the same image.  The product tau = t L obeys
d tau/ds = 1 - tau |v|^2, from which log t = log tau - log L is recovered.  The run ends when log 1/L reaches a goal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.margins import Margins
from tamecheck.flows.system import checked
from tamecheck.flows.trajectory import Trajectory


def log_flow(
    margins: Margins, initial: object, goal: float, *, loss: str = "exp", levels: Sequence[float] | None = None, rtol: float = 1e-9,
    atol: float = 1e-11, longest: float = 1e12, smooth: bool = False,
) -> Trajectory:  # fmt: skip
    """Return the gradient flow of the summed loss until log 1/L = goal.

    The trajectory's ``times`` are *logarithmic* times s; ``measured`` holds ``log_inverse_loss``, ``log_time`` (log t), and ``arc`` (the
    length of the curve of directions theta/|theta| so far).

    Parameters
    ----------
    levels : values of log 1/L at which states are kept; by default 65, evenly spaced in log(1 + log 1/L)
    longest : a bound for s
    smooth : the margins are known (certified) to be continuously differentiable although they have operations with kinks

    Raises
    ------
    InputError
        TC183 the margins have kinks (see `tamecheck.flows.filippov.log_subgradient_flow`);
        TC117 the goal is not above the initial value of log 1/L; TC181 values that are not finite.
    """
    from scipy.integrate import solve_ivp

    if margins.kinks and not smooth:
        text = f"the margins have kinks ({', '.join(margins.kinks)}): smooth solvers fail there without notice"
        raise InputError(text, code="TC183", hint='kind = "subgradient"')
    margins.certified_smooth = margins.certified_smooth or smooth
    theta = checked(np.asarray(initial, dtype=np.float64).reshape(-1))
    if theta.size != margins.vector.size:
        raise InputError(f"the initial vector has {theta.size} entries, there are {margins.vector.size} variables", code="TC125")
    first = -margins.log_loss(theta, loss)
    if not np.isfinite(first):
        raise InputError("the loss is not finite at the initial point", code="TC181")
    if goal <= first:
        raise InputError(f"log 1/L is {first:.6g} at the start, the goal is {goal:.6g}", code="TC117", hint="a larger goal")
    wanted = _levels(first, goal) if levels is None else [x for x in levels if first < x <= goal]

    def right(_: float, y: np.ndarray) -> np.ndarray:
        v = margins.pull(y[:-2], loss)
        size = np.linalg.norm(y[:-2])
        radial = (v @ y[:-2]) / size if size else 0.0
        speed = np.sqrt(max(v @ v - radial**2, 0.0)) / size if size else 0.0
        return np.concatenate([v, [1 - y[-2] * (v @ v), speed]])

    stop = _level(margins, loss, goal)
    start = np.concatenate([theta, [0.0, 0.0]])
    with np.errstate(all="ignore"):
        solution = solve_ivp(right, (0.0, longest), start, method="LSODA", rtol=rtol, atol=atol, events=stop, first_step=1e-6, dense_output=True)
    rows = [(0.0, start), *_crossings(margins, loss, solution, wanted)]
    states = np.array([y[:-2] for _, y in rows])
    inverse = np.array([-margins.log_loss(s, loss) for s in states])
    with np.errstate(divide="ignore"):
        log_time = np.log(np.array([max(y[-2], 0.0) for _, y in rows])) + inverse
    measured = {"log_inverse_loss": inverse, "log_time": log_time, "arc": np.array([y[-1] for _, y in rows])}
    complete = bool(solution.status == 1)
    message = "" if complete else f"log 1/L reached {inverse[-1]:.6g} only"
    solver = f"LSODA in logarithmic time, rtol {rtol:g}"
    return Trajectory(np.array([t for t, _ in rows]), states, solver, int(solution.nfev), None, complete, message, [], measured)


def _levels(first: float, goal: float) -> list[float]:
    shift = max(0.0, -first) + 1.0
    return list(np.exp(np.linspace(np.log(first + shift), np.log(goal + shift), 65))[1:] - shift)


def _level(margins: Margins, loss: str, value: float):
    def reached(_: float, y: np.ndarray) -> float:
        return -margins.log_loss(y[:-2], loss) - value

    reached.direction = 1.0
    reached.terminal = True
    return reached


def _crossings(margins: Margins, loss: str, solution, wanted: Sequence[float]) -> list[tuple[float, np.ndarray]]:
    """Return the first state at every level of log 1/L that was reached."""
    from scipy.optimize import brentq

    levels = [-margins.log_loss(y[:-2], loss) for y in solution.y.T]
    found, k = [], 0
    for x in sorted(wanted):
        while k < len(levels) and levels[k] < x * (1 - 1e-12):
            k += 1
        if k == len(levels):
            break
        if k == 0:
            continue
        t = float(solution.t[k])
        if levels[k] > x:
            t = brentq(lambda t, x=x: -margins.log_loss(solution.sol(t)[:-2], loss) - x, solution.t[k - 1], t, rtol=1e-13)
        found.append((t, solution.sol(t)))
    return found
