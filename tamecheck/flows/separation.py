"""Largest margins of linear problems: max over |w| <= 1 of min_i <z_i, w>, in the l1, l2 and l_inf norms, with dual certificates.

The margin gamma equals the least dual norm of a convex combination sum p_i z_i; p is the certificate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tamecheck.errors import InputError

DUAL = {"l1": np.inf, "l2": 2, "l_inf": 1}
ORDER = {"l1": 1, "l2": 2, "l_inf": np.inf}


class Separation(NamedTuple):
    """``margin`` gamma, ``direction`` w with |w| = 1, ``dual`` p, ``gap``: how far the bound of p is above the margin of w."""

    margin: float
    direction: np.ndarray
    dual: np.ndarray
    gap: float


def largest_margin(rows: np.ndarray, norm: str = "l2") -> Separation:
    """Return the largest margin of the rows z_i.

    Raises
    ------
    InputError
        TC118 the rows are not separable (no w has a positive margin), TC186 another norm.
    """
    z = np.asarray(rows, dtype=np.float64)
    if norm not in ORDER:
        raise InputError(f"there is no norm {norm!r}", code="TC186", hint="l1, l2 or l_inf")
    w = _l2(z) if norm == "l2" else _linear(z, norm)
    size = 0.0 if w is None else float(np.linalg.norm(w, ORDER[norm]))
    if size > 0:
        w = w / size
    margin = float((z @ w).min()) if size > 0 else 0.0
    if not margin > 1e-13 * np.abs(z).max(initial=0.0):
        raise InputError("the data are not separable: no direction has a positive margin", code="TC118")
    p = _dual(z, w, margin, norm)
    bound = float(np.linalg.norm(p @ z, DUAL[norm]))
    return Separation(margin, w, p, bound - margin)


def _l2(z: np.ndarray) -> np.ndarray | None:
    """Least distance programming (Lawson, Hanson, 1974, chapter 23): min |w| with z w >= 1."""
    from scipy.optimize import nnls

    e = np.vstack([z.T, np.ones(len(z))])
    f = np.zeros(len(e))
    f[-1] = 1.0
    u, _ = nnls(e, f, maxiter=200 * len(z) + 1000)
    r = e @ u - f
    return None if abs(r[-1]) < 1e-14 else -r[:-1] / r[-1]


def _linear(z: np.ndarray, norm: str) -> np.ndarray | None:
    from scipy.optimize import linprog

    n, d = z.shape
    if norm == "l_inf":
        cost = np.zeros(d + 1)
        cost[-1] = -1.0
        found = linprog(cost, np.hstack([-z, np.ones((n, 1))]), np.zeros(n), bounds=[(-1, 1)] * d + [(None, None)])
        return found.x[:d] if found.success else None
    cost = np.zeros(2 * d + 1)
    cost[-1] = -1.0
    total = np.hstack([np.ones((1, 2 * d)), [[0.0]]])
    rows = np.vstack([np.hstack([-z, z, np.ones((n, 1))]), total])
    found = linprog(cost, rows, np.append(np.zeros(n), 1.0), bounds=[(0, None)] * (2 * d) + [(None, None)])
    return found.x[:d] - found.x[d : 2 * d] if found.success else None


def _dual(z: np.ndarray, w: np.ndarray, margin: float, norm: str) -> np.ndarray:
    """Return weights of the convex combination with the least dual norm."""
    from scipy.optimize import linprog, nnls

    n, d = z.shape
    if norm == "l2":
        active = np.flatnonzero(z @ w <= margin * (1 + 1e-7) + 1e-12)
        system = np.vstack([z[active].T, 1e3 * np.ones(len(active))])
        u, _ = nnls(system, np.append(margin * w, 1e3))
        p = np.zeros(n)
        p[active] = u / u.sum()
        return p
    extra = d if norm == "l_inf" else 1
    cost = np.concatenate([np.zeros(n), np.ones(extra)])
    spread = -np.eye(d) if extra == d else -np.ones((d, 1))
    bound = np.vstack([np.hstack([z.T, spread]), np.hstack([-z.T, spread])])
    simplex = np.concatenate([np.ones(n), np.zeros(extra)])[None]
    return linprog(cost, bound, np.zeros(2 * d), simplex, [1.0], bounds=[(0, None)] * (n + extra)).x[:n]
