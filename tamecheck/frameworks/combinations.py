"""A combination of vectors that has positive products with all of them, from their Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence


def separating_weights(gram: Sequence[Sequence[float]]) -> list[float] | None:
    """Return weights w with ``sum_j w_j <v_i, v_j> > 0`` for all i, or ``None`` if the linear program has no solution.

    Whoever uses the weights checks the products again: the program runs in floating point.
    """
    import numpy as np
    from scipy.optimize import linprog

    products = np.asarray(gram, dtype=float)
    size = float(products.diagonal().max()) if products.size else 0.0
    if not (size > 0 and np.isfinite(products).all()):
        return None
    n = len(products)
    solved = linprog([0.0] * n, A_ub=-products / size, b_ub=[-1.0] * n, bounds=[(-1e6, 1e6)] * n, method="highs")
    return list(map(float, solved.x)) if solved.status == 0 else None
