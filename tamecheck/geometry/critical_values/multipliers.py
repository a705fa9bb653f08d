"""Identities that bound the critical values at infinity: P(f) = sum of multipliers times derivatives.

Suppose ``P(f) = sum_i M_i df/dx_i`` identically, where every M_i is a combination of products of one of 1, x_1, ..., x_n with functions
that are bounded wherever f is: values of logistic functions, tanh, erf, atan, and residuals r of a sum of squares ``f = sum c r^2``
(there ``c r^2 <= f``). If |x_k| -> oo, f(x_k) -> c and ``|x_k| |grad f(x_k)| -> 0``, then the right side tends to 0, so P(c) = 0.
(Euler's identity for a homogeneous function is the simplest case.)  The same holds at finite critical points.

Functions and derivatives are polynomials in the variables and in atoms (`tamecheck.geometry.critical_values.atoms`), so such identities
are found by linear algebra over the rationals, and an identity of polynomials is one of functions.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement

from flint import fmpq, fmpq_mat, fmpz_mpoly

from tamecheck.geometry.critical_values.atoms import Atoms, TooLarge
from tamecheck.geometry.critical_values.residuals import residuals
from tamecheck.geometry.critical_values.smooth_programs import Smooth
from tamecheck.ground.algebraic import AlgebraicNumber, real_roots

BOUNDED = frozenset(["sigmoid", "tanh", "erf", "atan"])
MAXIMAL_DEGREE = 3
"""Largest degree of P."""
MAXIMAL_UNKNOWNS = 260
MAXIMAL_MONOMIALS = 700


def values_at_infinity(program: Smooth) -> list[AlgebraicNumber] | None:
    """Return numbers among which all critical values at infinity of the first output are; ``None`` if no identity was found."""
    root = program.outputs[0]
    before = list(program.outputs)
    program.outputs = [root]
    found = residuals(program)
    slopes = program.gradient()
    program.outputs = before
    try:
        atoms = Atoms(program, [root, *slopes, *(found or [])])
        p = identity(atoms, root, slopes, found or [])
    except TooLarge:
        return None
    return None if p is None else [r for r, _ in real_roots(tuple(p))] if len(p) > 1 else []


def identity(atoms: Atoms, root: int, slopes: Sequence[int], squares: Sequence[int]) -> list[int] | None:
    """Return the coefficients of a polynomial P with an identity, of the least degree for which there is one."""
    ring = atoms.ring
    one = ring.constant(1)
    g = atoms.program.graph
    bounded = [ring.variable(name) for k, name in atoms.place.items() if g.operations[k][0] == "function" and g.operations[k][1] in BOUNDED]
    bounded += [atoms.values[k][0] for k in squares]
    weights = [one, *[ring.variable(name) for name in g.names]]
    f, scale = atoms.values[root]
    for size in (0, 1, 2):
        products = [one]
        for count in range(1, size + 1):
            for chosen in combinations_with_replacement(bounded, count):
                p = one
                for q in chosen:
                    p = p * q
                products.append(p)
        if len(products) * len(weights) * len(slopes) > MAXIMAL_UNKNOWNS:
            return None
        columns = [atoms.values[k][0] * w * p for k in slopes for w in weights for p in products]
        columns = [c for c in columns if len(c)]
        for degree in range(MAXIMAL_DEGREE + 1):
            found = _combination(f, columns, degree)
            if found is not None:
                # coefficients are for powers of f times its denominator
                return _whole([c * fmpq(scale) ** d for d, c in enumerate(found)])
    return None


def _combination(f: fmpz_mpoly, columns: list[fmpz_mpoly], degree: int) -> list[fmpq] | None:
    """Return p_0, ..., p_degree = 1 with sum p_d f^d in the span of the columns, if there are such numbers."""
    powers = [f**0 if d == 0 else f**d for d in range(degree + 1)]
    everything = [*columns, *powers[:-1]]
    index: dict[tuple, int] = {}
    for p in [*everything, powers[-1]]:
        for m in p.monoms():
            index.setdefault(tuple(m), len(index))
    if len(index) > MAXIMAL_MONOMIALS:
        raise TooLarge
    matrix = fmpq_mat(len(index), len(everything) + 1)
    for j, p in enumerate([*everything, powers[-1]]):
        for m, c in zip(p.monoms(), p.coeffs(), strict=True):
            matrix[index[tuple(m)], j] = fmpq(int(c))
    reduced, rank = matrix.rref()
    last = len(everything)
    solution = [fmpq(0)] * last
    for i in range(rank):
        pivot = next(j for j in range(last + 1) if reduced[i, j] != 0)
        if pivot == last:
            return None
        solution[pivot] = reduced[i, last]
    return [*[-solution[len(columns) + d] for d in range(degree)], fmpq(1)]


def _whole(coefficients: list[fmpq]) -> list[int]:
    common = 1
    from math import lcm

    for c in coefficients:
        common = lcm(common, int(c.q))
    return [int(c.p) * (common // int(c.q)) for c in coefficients]
