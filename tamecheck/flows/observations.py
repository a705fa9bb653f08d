"""Diagnostics over whole trajectories: layers, rotation, escape valleys, empirical exponents.

=================== =================================================================
alignment           |<u, v>| of the top right singular vector of W_(k+1) and the top left singular vector of W_k
imbalance           |W_(k+1)' W_(k+1) - W_k W_k'| in the Frobenius norm; constant along gradient flow of linear networks
rotation            angles between the first and the last weight vectors of units, in radians
valley              exponents a, b with |theta| ~ t^a, F - F_inf ~ t^(-b), by least squares over the last part of a trajectory; in a valley
                    F - F_inf ~ C |theta|^(-k) theory says a = 1/(k+2), b = k/(k+2), so k = b/a
kl exponent         the slope of log|grad F| against log(F - F_inf): |grad F| ~ (F - F_inf)^s, so (F - F_inf)^(1-s) desingularises
direction speed     |v - <v, u> u| / |theta| for the velocity v and u = theta/|theta|
=================== =================================================================

Fits are evidence, never proofs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.system import System
from tamecheck.flows.trajectory import Trajectory


class Fit(NamedTuple):
    """A slope by least squares, the scatter around the line (largest deviation of a logarithm), and the points used."""

    slope: float
    scatter: float
    points: int


def layer_alignment(layers: Sequence[np.ndarray]) -> list[float]:
    """Return the alignment of consecutive layers, first to last; matrices act from the left."""
    found = []
    for low, high in zip(layers, layers[1:], strict=False):
        if high.shape[1] != low.shape[0]:
            raise InputError(f"layers of shapes {low.shape} and {high.shape} do not follow each other", code="TC116")
        left = np.linalg.svd(low)[0][:, 0]
        right = np.linalg.svd(high)[2][0]
        found.append(float(abs(left @ right)))
    return found


def imbalance(layers: Sequence[np.ndarray]) -> list[float]:
    """Return |W_(k+1)' W_(k+1) - W_k W_k'| for consecutive layers."""
    return [float(np.linalg.norm(high.T @ high - low @ low.T)) for low, high in zip(layers, layers[1:], strict=False)]


def rotation(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the angles by which the rows of a matrix have turned."""
    cosine = np.sum(first * last, axis=1) / (np.linalg.norm(first, axis=1) * np.linalg.norm(last, axis=1))
    return np.arccos(np.clip(cosine, -1.0, 1.0))


def direction_speed(theta: np.ndarray, velocity: np.ndarray) -> float:
    """Return the speed of the direction theta/|theta|."""
    size = float(np.linalg.norm(theta))
    u = theta / size
    return float(np.linalg.norm(velocity - (velocity @ u) * u) / size)


def power_fit(x: np.ndarray, y: np.ndarray) -> Fit:
    """Return the exponent of y ~ x^slope.

    Raises
    ------
    InputError
        TC116 fewer than four points, or values that are not positive.
    """
    if len(x) < 4 or np.any(x <= 0) or np.any(y <= 0):
        raise InputError("a power is fitted to at least four positive points", code="TC116")
    a, b = np.log(x), np.log(y)
    slope, constant = np.polyfit(a, b, 1)
    return Fit(float(slope), float(np.abs(b - slope * a - constant).max()), len(x))


class Valley(NamedTuple):
    """Fits of norm and value, and the k of the valley law F - F_inf ~ C |theta|^(-k)."""

    norm: Fit
    value: Fit
    k: float


def valley(system: System, run: Trajectory, limit: float = 0.0, last: float = 0.3) -> Valley:
    """Return the exponents over the last part (in log t) of a trajectory; ``limit`` is F_inf."""
    chosen = _late(run, last)
    norms = np.linalg.norm(run.states[chosen], axis=1)
    values = np.array([system.value(theta) for theta in run.states[chosen]]) - limit
    growth, decay = power_fit(run.times[chosen], norms), power_fit(run.times[chosen], values)
    return Valley(growth, decay, -decay.slope / growth.slope)


def kl_exponent(system: System, run: Trajectory, limit: float, last: float = 0.5) -> Fit:
    """Return the slope of log|grad F| against log(F - limit) over the last part of a trajectory."""
    chosen = _late(run, last)
    pairs = [system.value_and_gradient(theta) for theta in run.states[chosen]]
    above = np.array([v - limit for v, _ in pairs])
    steep = np.array([np.linalg.norm(g) for _, g in pairs])
    good = (above > 1e-13 * max(1.0, abs(limit))) & (steep > 0)
    return power_fit(above[good], steep[good])


def _late(run: Trajectory, last: float) -> np.ndarray:
    times = run.times
    start = np.log1p(times[-1]) * (1 - last)
    return np.flatnonzero((np.log1p(times) >= start) & (times > 0))
