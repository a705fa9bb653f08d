"""Linear algebra around a function: directions in which it does not change, linear spaces, regular leading forms."""

from collections.abc import Sequence
from math import gcd

from flint import fmpz_mat, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.systems import Systems
from tamecheck.geometry.critical_values.critical_graph import Graph
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.ground.polynomials import Ring


def leading_form_is_regular(ring: Ring, p: fmpz_mpoly, budget: Budget | None = None) -> bool:
    """Return whether the gradient of the homogeneous part of highest degree vanishes only at 0 (over the reals).

    Then ``|grad f| >= C |x|^(d-1)`` far away, and there is no critical value at infinity.
    """
    d = p.total_degree()
    if d < 1:
        return False
    form = ring.from_terms([(tuple(map(int, e)), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True) if sum(map(int, e)) == d])
    slopes = [form.derivative(k) for k in range(len(ring.names))]
    systems = Systems(ring, budget)
    try:
        return not any([systems.solve([*slopes, ring.variable(name) - 1]) for name in ring.names])
    except BudgetExceeded as stop:
        if stop.code != "TC306":
            raise
        return False


def idle_direction(ring: Ring, polynomials: Sequence[fmpz_mpoly]) -> int | None:
    """Return a variable with a nonzero coordinate in a direction along which all polynomials are constant, ``None`` if there is no direction."""
    found = idle_vector(ring, polynomials)
    return None if found is None else found[0]


def idle_vector(ring: Ring, polynomials: Sequence[fmpz_mpoly]) -> tuple[int, tuple[int, ...]] | None:
    """Return a direction along which all polynomials are constant and the position of a coordinate that is not 0 in it."""
    n = len(ring.names)
    index: dict[tuple, int] = {}
    entries: list[tuple[int, int, int]] = []
    for number, p in enumerate(polynomials):
        for k in range(n):
            q = p.derivative(k)
            for m, c in zip(q.monoms(), q.coeffs(), strict=True):
                entries.append((index.setdefault((number, *map(int, m)), len(index)), k, int(c)))
    if not index:
        return 0, tuple([int(k == 0) for k in range(n)])
    matrix = fmpz_mat(len(index), n)
    for row, k, c in entries:
        matrix[row, k] = c
    basis, nullity = matrix.nullspace()
    if not nullity:
        return None
    vector = [int(basis[k, 0]) for k in range(n)]
    common = gcd(*vector)
    vector = [v // common for v in vector]
    return next(k for k in range(n) if vector[k]), tuple(vector)


def without(small: Ring, p: fmpz_mpoly, k: int) -> fmpz_mpoly:
    """Return a polynomial with 0 put for the k-th variable, in the other ones."""
    return small.from_terms(
        [(tuple([int(v) for i, v in enumerate(e) if i != k]), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True) if not int(e[k])]
    )


def single(ring: Ring, value: Quotient) -> Pieces:
    """Return a quotient as a function with one piece."""
    pieces = Pieces.__new__(Pieces)
    pieces.graph = Graph(ring.names)
    pieces.ring = ring
    pieces.guards, pieces.turned, pieces.decomposition, pieces.sides, pieces.budget = [], [], None, {}, None
    pieces.faces = [Face((), len(ring.names), [], value)]
    return pieces


def on_a_linear_space(ring: Ring, equations: Sequence[fmpz_mpoly]) -> tuple[Ring, list[fmpz_mpoly] | None] | None:
    """Return coordinates on the linear space of some linear equations with a coefficient 1 or -1, ``None`` if that does not work."""
    if not equations:
        return ring, None
    images = {name: ring.variable(name) for name in ring.names}
    free = list(ring.names)
    rest = list(equations)
    while rest:
        p = rest.pop()
        p = p.compose(*[images[name] for name in ring.names], ctx=ring.context)
        if p.is_zero():
            continue
        if p.total_degree() != 1:
            return None
        chosen = None
        for name in free:
            c = int(ring.coefficients(p, ring.index[name] + 1)[-1].coeffs()[0]) if p.degrees()[ring.index[name]] else 0
            if abs(c) == 1:
                chosen = (name, c)
                break
        if chosen is None:
            return None
        name, c = chosen
        solved = ring.variable(name) - p * c
        step = [solved if other == name else ring.variable(other) for other in ring.names]
        images = {other: q.compose(*step, ctx=ring.context) for other, q in images.items()}
        free.remove(name)
    small = Ring(free)
    place = [ring.index[name] for name in free]
    out = []
    for name in ring.names:
        q = images[name]
        out.append(small.from_terms([(tuple([int(e[k]) for k in place]) or (0,), c) for e, c in zip(q.monoms(), q.coeffs(), strict=True)]))
    return small, out
