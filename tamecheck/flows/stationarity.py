"""How close a direction is to a KKT point of the margin problem min 1/2 |theta|^2 subject to q_i(theta) >= 1.

For an L-homogeneous network, r = |theta|, theta~ = theta/q_min^(1/L), h~_i = grad q_i(theta~):

=============== =================================================================
normalised      gbar = q_min / r^L
smoothed        gtil = l^{-1}(L(theta)) / r^L, between gbar - log(n)/r^L and gbar for the exponential loss
modified        (l^{-1}(L(theta)) - p_a(r)) / r^M, for near-M-homogeneous networks
alignment       beta = <theta, v> / (r |v|), v the pull
epsilon, delta  |theta~ - sum lam_i h~_i| and sum lam_i (q_i/q_min - 1) with lam_i = q_min^(1-2/L) r p_i/|v|
residual        min over lam >= 0, and over the subdifferentials at kinks, of |theta~ - sum lam_i h~_i|
kkt             the same with complementary slackness: min of sqrt(epsilon^2 + delta^2), both with the same lam; 0 exactly at KKT points
fenchel_young   1/2 |a|^2 + 1/2 |b|_*^2 - <a, b>, a = theta~, b = sum lam_i h~_i: 0 exactly when b is in the subdifferential of 1/2|.|^2 at a
=============== =================================================================

At kinks one gradient is not enough: a network can be at a KKT point where no choice of automatic differentiation shows it.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.margins import Margins, inverse_loss
from tamecheck.flows.patterns import Patterned
from tamecheck.flows.separation import DUAL, ORDER

LARGEST_ZONOTOPE = 12
"""Kinks per sample for which all vertices of the subdifferential are listed."""


def margins_of(m: Margins, theta: np.ndarray, degree: float, loss: str = "exp", gap: tuple = ()) -> dict[str, float]:
    """Return the normalised, smoothed and modified margins, and log 1/L."""
    q, r = m.q(theta), float(np.linalg.norm(theta))
    log_loss = m.log_loss(theta, loss)
    smooth = inverse_loss(log_loss, loss)
    correction = sum([float(c) * r**i for i, c in enumerate(gap)])
    return {
        "normalised": float(q.min() / r**degree), "smoothed": smooth / r**degree, "modified": (smooth - correction) / r**degree,
        "log_inverse_loss": -log_loss,
    }  # fmt: skip


def stationarity(m: Margins, theta: np.ndarray, degree: float, loss: str = "exp", tolerance: float = 1e-3) -> dict[str, float]:
    """Return alignment, epsilon, delta and the residual with the best multipliers.

    Parameters
    ----------
    tolerance : a kink counts as touched when |h| <= tolerance times the largest |h| of its sample

    Raises
    ------
    InputError
        TC119 the data are not separated (q_min <= 0), so that no statement about margins applies.
    """
    q, r = m.q(theta), float(np.linalg.norm(theta))
    least = float(q.min())
    if least <= 0:
        hint = "run the flow until all margins are positive"
        raise InputError(f"the data are not separated: the smallest margin is {least:.6g}", code="TC119", hint=hint)
    p = m.weights(theta, loss)
    v = m.combined(theta, p)
    size = float(np.linalg.norm(v))
    scale = least ** (-1 / degree)
    point = theta * scale
    lam = least ** (1 - 2 / degree) * r * p / size
    slopes = m.jacobian(theta) * scale ** (degree - 1)
    combined = lam @ slopes
    columns = _columns(m, theta, tolerance, scale ** (degree - 1))
    best, residual = _best(columns, point)
    slack = [[q[i] / least - 1] * len(part) for i, part in enumerate(columns)]
    extended = [[np.append(c, x) for c, x in zip(part, row, strict=True)] for part, row in zip(columns, slack, strict=True)]
    whole = _best(extended, np.append(point, 0.0))
    return {
        "alignment": float(theta @ v / (r * size)), "epsilon": float(np.linalg.norm(point - combined)), "delta": float(lam @ (q / least - 1)),
        "residual": residual, "kkt": whole[1], "kinks": float(sum([len(c) > 1 for c in columns])), "largest_multiplier": float(best.max(initial=0.0)),
    }  # fmt: skip


def _best(columns: list[list[np.ndarray]], point: np.ndarray) -> tuple[np.ndarray, float]:
    from scipy.optimize import nnls

    matrix = np.array([c for part in columns for c in part]).T
    multipliers, residual = nnls(matrix, point, maxiter=100 * matrix.shape[1] + 1000)
    return multipliers, float(residual)


def _columns(m: Margins, theta: np.ndarray, tolerance: float, factor: float) -> list[list[np.ndarray]]:
    """Return, for every sample, the vertices of the subdifferential of its margin."""
    f = Patterned.of_weighted(m)
    mask, h = f.pattern(theta)
    found = []
    for i in range(m.count):
        weight = np.eye(m.count)[i]
        owned = f.owned_by(theta, mask, weight)
        largest = np.abs(h[owned]).max(initial=0.0)
        touched = [k for k in owned if abs(h[k]) <= tolerance * largest]
        if len(touched) > LARGEST_ZONOTOPE:
            raise InputError(f"sample {i} touches {len(touched)} kinks at once", code="TC144", hint="a smaller tolerance")
        vertices = []
        for choice in product((0.0, 1.0), repeat=len(touched)):
            mask[touched] = choice
            vertices.append(factor * f.weighted(theta, mask, weight))
        mask[touched] = (h[touched] > 0).astype(float)
        found.append(vertices)
    return found


def fenchel_young(a: np.ndarray, b: np.ndarray, norm: str = "l2") -> float:
    """Return 1/2 |a|^2 + 1/2 |b|_*^2 - <a, b>."""
    if norm not in ORDER:
        raise InputError(f"there is no norm {norm!r}", code="TC186", hint="l1, l2 or l_inf")
    return float(0.5 * np.linalg.norm(a, ORDER[norm]) ** 2 + 0.5 * np.linalg.norm(b, DUAL[norm]) ** 2 - a @ b)


def tangent_margin(m: Margins, theta: np.ndarray) -> float:
    """Return the margin of the tangent features: the least norm of a convex combination of the gradients of the margins."""
    from tamecheck.flows.separation import largest_margin

    return largest_margin(m.jacobian(theta), "l2").margin
