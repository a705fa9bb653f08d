"""What theorems promise about flows and descents of losses with exponential tails, held against a run.

============ ==================================================================================================
monotone     a margin (smoothed, modified, or smoothed in another norm) does not decrease once the data are separated
stationary   the residual of the KKT conditions of min 1/2 |theta|^2 with q_i >= 1 falls to 0 (with subdifferentials at kinks)
direction    theta/|theta| converges: the arc per factor of log 1/L shrinks
aligned      <theta, -grad L>/(|theta||grad L|) tends to 1
============ ==================================================================================================

Directions converge like one over log 1/L, so criteria are about rates of decrease, not about small numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.evidence import Observation
from tamecheck.flows.margins import Margins, inverse_loss
from tamecheck.flows.stationarity import margins_of, stationarity
from tamecheck.flows.trajectory import Trajectory

THRESHOLD = {"exp": 0.0, "logistic": float(np.log(np.log(2.0)))}
"""log L below which the data count as separated: L < 1, and L < log 2."""
ENOUGH = 6
RESIDUAL = 0.1
"""Residual, relative to |theta~|, that counts as small."""
SHRINK = 0.7


def separated_from(m: Margins, run: Trajectory, loss: str) -> int | None:
    """Return the number of the first state from which on the loss stays below the threshold; None if the last is not."""
    below = [m.log_loss(theta, loss) < THRESHOLD[loss] for theta in run.states]
    if not below[-1]:
        return None
    k = len(below) - 1
    while k > 0 and below[k - 1]:
        k -= 1
    return k


def monotone(values: Sequence[float], name: str, tolerance: float) -> Observation:
    """No value is below an earlier one by more than the tolerance, relative to the largest."""
    v = np.asarray(values)
    if len(v) < ENOUGH:
        return Observation(None, f"only {len(v)} states after the threshold")
    scale = float(np.abs(v).max())
    drop = float(np.max(np.maximum.accumulate(v) - v))
    found = {f"{name}_first": float(v[0]), f"{name}_last": float(v[-1]), f"{name}_largest_drop": drop}
    if drop > 10 * tolerance * scale:
        return Observation(False, f"the {name} dropped by {drop:.3g} (of {scale:.3g})", found, tolerance * scale)
    if drop > tolerance * scale:
        return Observation(None, f"the {name} dropped by {drop:.3g}, about the tolerance", found, tolerance * scale)
    return Observation(True, f"the {name} went from {v[0]:.6g} to {v[-1]:.6g} and never dropped", found, tolerance * scale)


def smoothed(m: Margins, run: Trajectory, start: int, degree: float, loss: str, order: Callable[[np.ndarray], float] | None = None) -> list[float]:
    """Return l^{-1}(L)/|theta|^degree from a state on, in the l2 norm or another."""
    size = order or (lambda theta: float(np.linalg.norm(theta)))
    return [inverse_loss(m.log_loss(theta, loss), loss) / size(theta) ** degree for theta in run.states[start:]]


def strongly_separated_from(m: Margins, run: Trajectory, gap: Sequence[float], loss: str) -> int | None:
    """Return the first state from which on l^{-1}(L) > p_a(|theta|); None if the last one is not so."""

    def slack(theta: np.ndarray) -> float:
        r = float(np.linalg.norm(theta))
        return inverse_loss(m.log_loss(theta, loss), loss) - sum([float(c) * r**i for i, c in enumerate(gap)])

    good = [slack(theta) > 0 for theta in run.states]
    if not good[-1]:
        return None
    k = len(good) - 1
    while k > 0 and good[k - 1]:
        k -= 1
    return k


def modified(m: Margins, run: Trajectory, start: int, degree: float, gap: Sequence[float], loss: str) -> list[float]:
    """Return (l^{-1}(L) - p_a(|theta|))/|theta|^M from a state on."""
    return [margins_of(m, theta, degree, loss, tuple(gap))["modified"] for theta in run.states[start:]]


def stationary(m: Margins, run: Trajectory, start: int, degree: float, loss: str, limit: Margins | None = None) -> Observation:
    """The KKT residual at the end is small, or a good part below what it was; ``limit`` are the margins of f_H for near-homogeneous networks."""
    of = limit or m
    chosen = np.unique(np.linspace(start, len(run.states) - 1, 5).astype(int))
    rows = []
    for k in chosen:
        try:
            rows.append(relative_residual(of, run.states[k], degree, loss))
        except InputError as refused:
            return Observation(None, f"the KKT residual is not known: {refused.message}")
    found = {"kkt_residual_first": rows[0], "kkt_residual_last": rows[-1]}
    turned = turning(run)
    if rows[-1] > 3 * RESIDUAL and turned < 1e-3:
        return Observation(False, f"the direction stands still, and the KKT residual is {rows[-1]:.3g}", found, 3 * RESIDUAL)
    if rows[-1] <= RESIDUAL:
        return Observation(True, f"the KKT residual is {rows[-1]:.2g} at the end", found, RESIDUAL)
    return Observation(None, f"the KKT residual, {rows[-1]:.2g}, is not small yet", found, RESIDUAL)


def relative_residual(m: Margins, theta: np.ndarray, degree: float, loss: str) -> float:
    """Return the residual of the KKT conditions, complementary slackness included, divided by |theta~|."""
    row = stationarity(m, theta, degree, loss)
    least = float(m.q(theta).min())
    return float(row["kkt"] / (np.linalg.norm(theta) * least ** (-1 / degree)))


def turning(run: Trajectory) -> float:
    """Return |du / d log|theta|| over the last two kept states that differ in norm by at least 1%.

    Along the flow this is the tangent of the angle between theta and -grad L.
    """
    sizes = np.linalg.norm(run.states, axis=1)
    last = len(sizes) - 1
    before = [k for k in range(last) if sizes[last] > 1.01 * sizes[k] > 0]
    if not before:
        return np.inf
    k = before[-1]
    a, b = run.states[k] / sizes[k], run.states[last] / sizes[last]
    return float(np.linalg.norm(b - a) / np.log(sizes[last] / sizes[k]))


def direction(m: Margins, run: Trajectory, loss: str) -> Observation:
    """The arc of theta/|theta| over equal factors of log 1/L shrinks; an arc that does not is against convergence only when it is long."""
    inverse = np.array([-m.log_loss(theta, loss) for theta in run.states])
    start = int(np.argmax(inverse > 2.0))
    if inverse[-1] < 16 * max(inverse[start], 1.0) or len(inverse) - start < 12:
        return Observation(None, f"log 1/L has only reached {inverse[-1]:.4g}")
    edges = np.geomspace(max(inverse[start], 2.0), inverse[-1], 5)
    places = [int(np.argmin(np.abs(inverse - e))) for e in edges]
    sizes = np.linalg.norm(run.states, axis=1)
    u = run.states / sizes[:, None]
    steps = np.linalg.norm(np.diff(u, axis=0), axis=1)
    arcs = [float(steps[a:b].sum()) for a, b in zip(places, places[1:], strict=False)]
    found = {f"arc_{k + 1}": a for k, a in enumerate(arcs)}
    text = "the arcs of the direction over four equal factors of log 1/L are " + ", ".join([f"{a:.2g}" for a in arcs])
    if arcs[-1] <= 1e-9 or arcs[-1] <= SHRINK * max(arcs[:-1]) and arcs[-1] <= 1.05 * arcs[-2] and arcs[-1] < 0.2:
        return Observation(True, text, found, SHRINK)
    if min(arcs) > 0.3 and arcs[-1] >= 0.8 * max(arcs) and inverse[-1] >= 500 * max(inverse[start], 2.0):
        return Observation(False, text + ", which do not shrink", found, SHRINK)
    return Observation(None, text, found, SHRINK)


def aligned(m: Margins, run: Trajectory, start: int, degree: float, loss: str) -> Observation:
    """1 - beta falls, and is small at the end."""
    rows = []
    for k in np.unique(np.linspace(start, len(run.states) - 1, 5).astype(int)):
        theta = run.states[k]
        v = m.combined(theta, m.weights(theta, loss))
        rows.append(1 - float(theta @ v / (np.linalg.norm(theta) * np.linalg.norm(v))))
    found = {"misalignment_first": rows[0], "misalignment_last": rows[-1]}
    if rows[-1] > 0.1 and turning(run) < 1e-3:
        return Observation(False, f"the direction stands still, and 1 - beta is {rows[-1]:.3g}", found, 0.01)
    if rows[-1] <= 0.01 and rows[-1] <= max(rows[0], 1e-9):
        return Observation(True, f"1 - beta is {rows[-1]:.2g} at the end", found, 0.01)
    return Observation(None, f"1 - beta is {rows[-1]:.2g}", found, 0.01)


def levelled(m: Margins, run: Trajectory, degree: float) -> Observation:
    """The normalised margin of a constant-step stochastic method has converged: it changes by less than 2% over the last tenth of the steps."""
    late = [k for k, t in enumerate(run.times) if t >= run.times[-1] / 10]
    values = [margins_of(m, run.states[k], degree)["normalised"] for k in late]
    if len(values) < 4 or values[-1] <= 0:
        return Observation(None, "too few states with a positive margin")
    spread = (max(values) - min(values)) / values[-1]
    found = {"margin": values[-1], "spread": spread}
    if spread <= 0.02:
        text = f"the normalised margin is {values[-1]:.5g} and changed by {spread:.2%} over the last nine tenths of the steps"
        return Observation(True, text, found, 0.02)
    return Observation(None, f"the normalised margin still changes (by {spread:.1%})", found, 0.02)
