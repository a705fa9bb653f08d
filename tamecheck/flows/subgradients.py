"""The least element of the subdifferential at a point, over the kinks that the point touches."""

from __future__ import annotations

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.patterns import Patterned, grouped, with_masks
from tamecheck.flows.system import System

TOUCHING = 1e-9


def least_element(system: System, theta: np.ndarray, reach: float = 0.0) -> np.ndarray:
    """Return the least element of the hull of the gradients on all sides of the kinks within ``reach`` of a point.

    Without kinks it is grad F.  Where the kinks are of a kind that flows cannot follow (sorting, rounding) it is what automatic differentiation
    returns.
    """
    if system.smooth or system.certified_smooth:
        return system.gradient(theta)
    f = _patterned(system)
    if f is None:
        return system.gradient(theta)
    mask, h = f.pattern(theta)
    near = TOUCHING * (1 + np.abs(h).max(initial=0.0))
    touched = [k for k in range(f.count) if abs(h[k]) <= near or (reach and abs(h[k]) <= reach * np.linalg.norm(f.normal(theta, mask, k)))]
    groups = grouped(touched, [f.normal(theta, mask, k) for k in touched])
    base = with_masks(mask, groups, [0.0] * len(groups))
    start = f.at(theta, base)[1]
    if not touched:
        return start
    columns = [f.at(theta, with_masks(base, [g], [1.0]))[1] - start for g in groups]
    from scipy.optimize import lsq_linear

    matrix = np.array(columns).T
    return start + matrix @ lsq_linear(matrix, -start, bounds=(0.0, 1.0), tol=1e-14, lsmr_tol="auto").x


def _patterned(system: System) -> Patterned | None:
    """Return the function with masks, compiled once for a system; None when its kinks cannot be followed."""
    if not hasattr(system, "masked"):
        try:
            system.masked = Patterned(system)  # type: ignore[attr-defined]
        except InputError:
            system.masked = None  # type: ignore[attr-defined]
    return system.masked  # type: ignore[attr-defined]
