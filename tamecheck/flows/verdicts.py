"""What theorems promise about flows and descents of a loss, held against a run.

==================== ===================================================================================
decrease             F does not increase along its (sub)gradient flow: dF/dt = -|v|^2, v the element of least norm
convergence          a bounded trajectory converges to a critical point (Kurdyka 1998; with kinks Davis and others 2020): it
                     has settled, and the least element of the subdifferential near its end is small
dichotomy            it settles at a critical point, or the norm grows for good while |theta||grad F| -> 0
inequality           |grad F| >= c (F - F_inf)^s with s < 1 near a limit, s a power where the structure is polynomially bounded
conserved            for every certified scaling of the variables that leaves F as it is (weights w_i), sum of w_i |theta_i|^2 stays
==================== ===================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from tamecheck.flows.evidence import Observation
from tamecheck.flows.observations import power_fit
from tamecheck.flows.subgradients import least_element
from tamecheck.flows.system import System
from tamecheck.flows.trajectory import Trajectory

SETTLED = 1e-6
"""Movement over the last half of logarithmic time, relative to 1 + |theta|, below which a trajectory has settled."""
CRITICAL = 1e-5
"""Length of the least subgradient, relative to 1 + the largest gradient met, below which a point counts as critical."""
GROWTH = 1.2
"""Factor by which the norm grows over the second half of logarithmic time when it counts as growing for good."""
FALL = 0.5
"""Factor by which |theta||grad F| falls over the same time."""


def error_of(run: Trajectory) -> float:
    """Return the error bar of the states; rounding when there was no second solver."""
    return run.error_bar if run.error_bar is not None else 1e-8 * (1 + float(np.abs(run.last).max(initial=0.0)))


def decrease(system: System, run: Trajectory) -> Observation:
    """F at every kept time is not above F at the one before, up to the error bar times the gradient."""
    values = np.array([system.value(theta) for theta in run.states])
    if len(values) < 3:
        return Observation(None, "fewer than three states are kept")
    steep = np.array([np.linalg.norm(system.gradient(theta)) for theta in run.states])
    bar = error_of(run)
    allowed = 1e-12 * (1 + np.abs(values[1:])) + 2 * bar * (steep[1:] + steep[:-1]) + 10 * bar**2
    rise = np.diff(values)
    worst = int(np.argmax(rise - allowed))
    found = {"largest_rise": float(rise.max()), "fall": float(values[0] - values[-1])}
    if rise[worst] > allowed[worst]:
        return Observation(False, f"it rose by {rise[worst]:.3g} at t = {run.times[worst + 1]:.6g}", found, float(allowed[worst]))
    if not run.complete:
        return Observation(None, "the run stopped early", found)
    return Observation(True, f"it fell from {values[0]:.6g} to {values[-1]:.6g}, no rise beyond the error bar", found, float(allowed.max()))


def middle(run: Trajectory) -> int:
    """Return the number of the state at half of the logarithmic time."""
    return int(np.searchsorted(np.log1p(run.times), np.log1p(run.times[-1]) / 2))


def movement(run: Trajectory) -> float:
    """Return the largest distance from the last state over the second half of logarithmic time, relative to 1 + |theta|."""
    late = run.states[middle(run) :]
    return float(np.linalg.norm(late - run.last, axis=1).max() / (1 + np.linalg.norm(run.last)))


def least_subgradient(system: System, theta: np.ndarray, reach: float = 0.0) -> float:
    """Return the length of the least element of the subdifferential (see `tamecheck.flows.subgradients`)."""
    return float(np.linalg.norm(least_element(system, theta, reach)))


def settled(system: System, run: Trajectory, reach: float = 0.0) -> Observation:
    """The trajectory has settled and the place is critical; a place where it rests without being critical breaks the promise."""
    if len(run.states) < 5:
        return Observation(None, "fewer than five states are kept")
    moved = movement(run)
    least = least_subgradient(system, run.last, reach)
    first = max(float(np.linalg.norm(system.gradient(theta))) for theta in run.states[:3])
    values = {"movement": moved, "least_subgradient": least}
    bound = CRITICAL * (1 + first)
    if not run.complete or moved > SETTLED:
        return Observation(None, f"it still moves (by {moved:.2g} over the last half of logarithmic time)", values, SETTLED)
    if least <= bound:
        return Observation(True, f"it has settled at a point with |g| = {least:.2g}", values, bound)
    rest = float(run.times[-1] - run.times[middle(run)]) * least
    if rest > 1e3 * (moved * (1 + np.linalg.norm(run.last)) + error_of(run)):
        return Observation(False, f"it rests where |g| = {least:.2g}, which is not critical", values, bound)
    return Observation(None, f"it has settled, but |g| = {least:.2g} is not small", values, bound)


def dichotomy(system: System, run: Trajectory) -> Observation:
    """It settles at a critical point, or its norm grows for good while |theta||grad F| falls."""
    rest = settled(system, run)
    if rest.kept is not None or len(run.states) < 5 or not run.complete:
        return rest
    half = middle(run)
    norms = np.linalg.norm(run.states, axis=1)
    cerami = [float(norms[k] * np.linalg.norm(system.gradient(run.states[k]))) for k in (half, len(norms) - 1)]
    grows, falls = norms[-1] / norms[half], cerami[1] / cerami[0] if cerami[0] else 1.0
    values = {**rest.values, "growth_of_norm": float(grows), "fall_of_norm_times_gradient": float(falls)}
    if grows >= GROWTH and falls <= FALL and np.all(np.diff(norms[half:]) > 0):
        text = f"its norm grew by {grows:.3g} over the last half of logarithmic time while |theta||grad F| fell to {falls:.2g} of what it was"
        return Observation(True, text, values)
    return Observation(None, "neither has it settled, nor does its norm grow clearly, on this horizon", values)


def inequality(system: System, run: Trajectory, power: bool) -> Observation:
    """Fit |grad F| ~ (F - F_inf)^s on the approach to a limit; s >= 1 would contradict the inequality with a power.

    With kinks |grad F| is the length of the least subgradient.
    """
    if movement(run) > 1e-3 or not run.complete:
        return Observation(None, "the trajectory has no limit on this horizon")
    values = np.array([system.value(theta) for theta in run.states])
    steep = np.array([least_subgradient(system, theta) for theta in run.states])
    above = values - values[-1]
    floor = max(1e-11 * (1 + abs(values[-1])), 1e3 * float(values[-2] - values[-1]), 1e-7 * float(above[0]))
    good = np.flatnonzero((above > floor) & (steep > 0) & (above < 0.1 * above[0]))
    if len(good) < 6:
        return Observation(None, "too few states near the limit", {"states": float(len(good))})
    fit = power_fit(above[good], steep[good])
    found = {"exponent": fit.slope, "scatter": fit.scatter}
    if fit.scatter > 0.5:
        return Observation(None, f"the gradient follows no power (scatter {fit.scatter:.2g})", found)
    if fit.slope > 1.02 and power:
        return Observation(False, f"|grad F| ~ (F - F_inf)^{fit.slope:.3f}, an exponent of at least 1", found, 0.02)
    if fit.slope < 0.98:
        return Observation(True, f"|grad F| ~ (F - F_inf)^{fit.slope:.3f}, an exponent below 1", found, 0.02)
    return Observation(None, f"the exponent {fit.slope:.3f} is too near to 1", found, 0.02)


def conserved(run: Trajectory, places: Mapping[str, slice], weights: Mapping[str, Fraction]) -> Observation:
    """Sum of w_i |theta_i|^2 is the same at all times, up to the error bar."""
    size = np.zeros(len(run.states))
    total = np.zeros(len(run.states))
    for name, w in weights.items():
        part = np.sum(run.states[:, places[name]] ** 2, axis=1)
        total, size = total + float(w) * part, size + abs(float(w)) * part
    drift = np.abs(total - total[0])
    bar = error_of(run) if run.error_bar is not None else 1e-7 * (1 + float(np.sqrt(size.max())))
    allowed = 1e-12 * (1 + size) + 4 * bar * np.sqrt(size * max(abs(float(w)) for w in weights.values())) + 10 * bar**2
    worst = float(np.max(drift / allowed))
    law = written(weights)
    found = {"drift": float(drift.max())}
    if len(run.states) < 3:
        return Observation(None, "fewer than three states are kept", found)
    if worst > 1:
        return Observation(False, f"{law} drifted by {drift.max():.3g}", found, float(allowed.max()))
    return Observation(True, f"{law} drifted by {drift.max():.2g} only", found, float(allowed.max()))


def written(weights: Mapping[str, Fraction]) -> str:
    """Return a conserved quantity as text, positive weights first.

    >>> written({"x": -1, "y": 2})
    '2|y|^2 - |x|^2'
    """
    rows = sorted(weights.items(), key=lambda row: row[1] < 0)
    terms = [("- " if w < 0 else "+ ") + ("" if abs(w) == 1 else str(abs(w))) + f"|{n}|^2" for n, w in rows]
    return " ".join(terms).removeprefix("+ ")
