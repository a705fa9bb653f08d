"""A finite set that holds all asymptotic critical values of a polynomial, from the initial forms of the polynomial and its derivatives.

By curve selection an asymptotic critical value is a limit along an arc ``x_i(s) = a_i s^e_i + ...`` with a_i != 0 for i in I and x_i = 0
otherwise, min e < 0.  Let w = min e, and d the least order of the monomials of f (without its constant term) along the arc.

* Where ``ord_e(df/dx_i) + w <= 0``, the initial form of df/dx_i vanishes at a: otherwise ``|x| |df/dx_i|`` would not tend to 0.
* If d < 0, the initial form of f and all its logarithmic derivatives ``x_i d/dx_i`` vanish at a: f is *degenerate* for e.
* If d = 0, the limit is the value of the initial form (with the constant term) at a, a critical point of it on the torus: finitely many values.
* If d > 0, the limit is f(0).

The initial forms depend on e through the cone of a hyperplane arrangement that holds it.  On an open cone they are monomials and do not vanish, so
there only d > 0 is left, without conditions on a: a system of linear inequalities in e.  All cones of smaller dimension are visited.  So
without degenerate cones the answer is complete; it is the real version of the theorem of Nemethi and Zaharia [NZ90]_ with the weights of
each derivative kept.  Degeneracy along a linear form is removed by a linear change of coordinates, which does not change the values.

.. [NZ90] A. Nemethi, A. Zaharia, "On the bifurcation set of a polynomial function and Newton boundary", Publ. RIMS 26 (1990).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import gcd

from flint import fmpq, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.geometry.systems import NONZERO, Systems
from tamecheck.ground import linear
from tamecheck.ground.algebraic import AlgebraicNumber, rational
from tamecheck.ground.polynomials import Ring

Exponent = tuple[int, ...]
MAXIMAL_NORMALS = 150
MAXIMAL_CHANGES = 4


@dataclass
class Bound:
    """Values that hold all asymptotic critical values, if nothing is degenerate.

    Attributes
    ----------
    candidates : set of AlgebraicNumber
    degenerate : list of (variables that are not zero, exponents) — cones for which nothing is known
    """

    candidates: set[AlgebraicNumber] = field(default_factory=set)
    degenerate: list[tuple[tuple[str, ...], Exponent]] = field(default_factory=list)


def bound(ring: Ring, p: fmpz_mpoly, denominator: int = 1, budget: Budget | None = None) -> Bound:
    """Return the candidates for p/denominator in at most three variables."""
    for _ in range(MAXIMAL_CHANGES):
        run = _Newton(ring, p, denominator, budget)
        result = run.run()
        change = run.change
        if not result.degenerate or change is None:
            return result
        p = change
    return result


class _Newton:
    def __init__(self, ring: Ring, p: fmpz_mpoly, denominator: int, budget: Budget | None) -> None:
        self.ring, self.p, self.denominator, self.budget = ring, p, denominator, budget
        self.n = len(ring.names)
        self.change: fmpz_mpoly | None = None
        self.result = Bound()

    def run(self) -> Bound:
        """Visit all coordinate subspaces and cones."""
        for size in range(1, self.n + 1):
            for chosen in combinations(range(self.n), size):
                self._subspace(chosen)
        return self.result

    def _subspace(self, chosen: tuple[int, ...]) -> None:
        ring = Ring([self.ring.names[k] for k in chosen])
        f = _restricted(self.p, chosen, ring)
        derivatives = [_restricted(self.p.derivative(i), chosen, ring) for i in range(self.n)]
        if self._free(f, derivatives, len(chosen)):
            self._add_constant(f)
        seen: set[tuple] = set()
        for e in _cones(f, derivatives, len(chosen)):
            if min(e) < 0:
                if self.budget is not None:
                    self.budget.spend(1, "cones at infinity")
                self._cone(ring, f, derivatives, e, seen)

    def _add_constant(self, f: fmpz_mpoly) -> None:
        c = dict(zip([tuple(map(int, e)) for e in f.monoms()], f.coeffs(), strict=True)).get(tuple([0] * len(f.degrees())), 0)
        self.result.candidates.add(rational(int(c), 1) / rational(self.denominator, 1))

    def _free(self, f: fmpz_mpoly, derivatives: Sequence[fmpz_mpoly], n: int) -> bool:
        """Return whether an arc exists along which every monomial of f and of the weighted derivatives tends to 0."""
        for j in range(n):
            unit = [fmpq(int(k == j)) for k in range(n)]
            rows: list = [(unit, fmpq(0), "lt")]
            rows += [([fmpq(int(k == i)) - fmpq(int(k == j)) for k in range(n)], fmpq(0), "ge") for i in range(n) if i != j]
            for m in f.monoms():
                if any(m):
                    rows.append(([fmpq(int(v)) for v in m], fmpq(0), "gt"))
            for d in derivatives:
                for m in d.monoms():
                    rows.append(([fmpq(int(v) + int(k == j)) for k, v in enumerate(m)], fmpq(0), "gt"))
            if linear.solve(rows, n) is not None:
                return True
        return False

    def _cone(self, ring: Ring, f: fmpz_mpoly, derivatives: Sequence[fmpz_mpoly], e: Exponent, seen: set) -> None:
        n = len(ring.names)
        weight = min(e)
        required: list[fmpz_mpoly] = []
        for d in derivatives:
            if len(d):
                order, form = _initial(d, e, ring)
                if order + weight <= 0:
                    required.append(form)
        order, form = _initial(f, e, ring, constant=False)
        if order is None or order > 0:
            order, form = 1, ring.constant(0)
        elif order == 0:
            _, form = _initial(f, e, ring)
        if order <= 0:
            required += [ring.variable(name) * form.derivative(k) for k, name in enumerate(ring.names)]
        if order < 0:
            required.append(form)
        key = (order > 0) - (order < 0), str(form), tuple(sorted([str(q) for q in required]))
        if key in seen:
            return
        seen.add(key)
        if any([len(q) == 1 for q in required]):
            return
        solutions = Systems(ring, self.budget).solve(required, [(ring.variable(name), NONZERO) for name in ring.names])
        if not solutions:
            return
        if order > 0:
            self._add_constant(f)
        elif order == 0:
            for s in solutions:
                self.result.candidates.add(s.value(form, ring.constant(self.denominator)))
        else:
            self.result.degenerate.append((ring.names, e))
            if self.change is None and n <= self.n:
                self._straighten(ring, form)

    def _straighten(self, ring: Ring, form: fmpz_mpoly) -> None:
        """Prepare a linear change of coordinates that makes a repeated linear factor of an initial form a coordinate."""
        for q, e in ring.factors(form)[1]:
            if e < 2 or len(q) < 2 or q.total_degree() != 1:
                continue
            for name in ring.names:
                k = ring.index[name]
                unit = tuple([int(j == k) for j in range(len(ring.names))])
                table = {tuple(map(int, m)): int(c) for m, c in zip(q.monoms(), q.coeffs(), strict=True)}
                if abs(table.get(unit, 0)) != 1 or (0,) * len(unit) in table:
                    continue
                sign = table[unit]
                replaced = self.ring.variable(name)
                for m, c in table.items():
                    if m != unit:
                        replaced -= c * self.ring.variable(ring.names[m.index(1)])
                replaced = replaced * sign
                images = [replaced if other == name else self.ring.variable(other) for other in self.ring.names]
                self.change = self.p.compose(*images, ctx=self.ring.context)
                return


def _restricted(p: fmpz_mpoly, chosen: Sequence[int], ring: Ring) -> fmpz_mpoly:
    """Return a polynomial with the variables that are not chosen put to 0."""
    kept = set(chosen)
    terms = []
    for m, c in zip(p.monoms(), p.coeffs(), strict=True):
        if not any([int(v) for k, v in enumerate(m) if k not in kept]):
            terms.append((tuple([int(m[k]) for k in chosen]), c))
    return ring.from_terms(terms)


def _initial(p: fmpz_mpoly, e: Exponent, ring: Ring, constant: bool = True) -> tuple[int | None, fmpz_mpoly]:
    """Return the least order of the monomials and their sum."""
    terms = [(tuple(map(int, m)), c) for m, c in zip(p.monoms(), p.coeffs(), strict=True)]
    if not constant:
        terms = [(m, c) for m, c in terms if any(m)]
    if not terms:
        return None, ring.constant(0)
    orders = [sum([a * b for a, b in zip(m, e, strict=True)]) for m, _ in terms]
    least = min(orders)
    return least, ring.from_terms([t for t, o in zip(terms, orders, strict=True) if o == least])


def _cones(f: fmpz_mpoly, derivatives: Sequence[fmpz_mpoly], n: int) -> list[Exponent]:
    """Return a vector in every cone of positive codimension of the arrangement on which initial forms and weights may change."""
    if n == 1:
        return [(-1,)]
    normals: set[Exponent] = set()
    supports = [[(0,) * n, *[tuple(map(int, m)) for m in f.monoms()]], *[[tuple(map(int, m)) for m in d.monoms()] for d in derivatives]]
    for support in supports:
        for a, b in combinations(support, 2):
            _note(normals, [x - y for x, y in zip(a, b, strict=True)])
    for d in derivatives:
        for m in d.monoms():
            for j in range(n):
                _note(normals, [int(v) + int(k == j) for k, v in enumerate(m)])
    for i, j in combinations(range(n), 2):
        _note(normals, [int(k == i) - int(k == j) for k in range(n)])
    for i in range(n):
        _note(normals, [int(k == i) for k in range(n)])
    listed = sorted(normals)
    if len(listed) > MAXIMAL_NORMALS and n == 3:
        from tamecheck.errors import BudgetExceeded

        raise BudgetExceeded(f"{len(listed)} hyperplanes of exponents", code="TC306", where="cones at infinity")
    if n == 2:
        return [r for a, b in listed for r in ((-b, a), (b, -a))]
    out: dict[Exponent, None] = {}
    for h in listed:
        rays: dict[Exponent, None] = {}
        for g in listed:
            r = (h[1] * g[2] - h[2] * g[1], h[2] * g[0] - h[0] * g[2], h[0] * g[1] - h[1] * g[0])
            if any(r):
                r = _primitive(r)
                rays[r] = None
                rays[tuple([-v for v in r])] = None
        ordered = _around(list(rays), h)
        for a, b in zip(ordered, ordered[1:] + ordered[:1], strict=True):
            out[a] = None
            total = tuple([x + y for x, y in zip(a, b, strict=True)])
            if any(total):
                out[_primitive(total)] = None
    return list(out)


def _note(normals: set[Exponent], v: Sequence[int]) -> None:
    if any(v):
        p = _primitive(v)
        normals.add(max(p, tuple([-x for x in p])))


def _primitive(v: Sequence[int]) -> Exponent:
    g = gcd(*v)
    return tuple([x // g for x in v])


def _around(rays: list[Exponent], h: Exponent) -> list[Exponent]:
    """Return rays of a plane in the order of their angle, exactly."""
    from functools import cmp_to_key

    def turn(a: Exponent, b: Exponent) -> int:
        c = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
        return sum([x * y for x, y in zip(c, h, strict=True)])

    first = rays[0]

    def half(a: Exponent) -> int:
        t = turn(first, a)
        if t > 0:
            return 0
        if t < 0:
            return 1
        return 0 if sum([x * y for x, y in zip(first, a, strict=True)]) > 0 else 1

    def compare(a: Exponent, b: Exponent) -> int:
        if half(a) != half(b):
            return half(a) - half(b)
        t = turn(a, b)
        return -1 if t > 0 else 1 if t < 0 else 0

    return sorted(rays, key=cmp_to_key(compare))
