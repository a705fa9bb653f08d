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
each derivative kept.

Two kinds of degeneracy are resolved.  Along a linear form it is removed by a linear change of coordinates, which does not change the
values.  Where all
solutions lie on a translated subtorus ``x^v = k`` with some v_j = 1, the arcs have ``x_j = k (1 + u) x^-v'`` with u -> 0: in the
coordinates u and the other x_i everything is a Laurent polynomial again, and the same analysis is made with e_u > 0 (or u = 0).

.. [NZ90] A. Nemethi, A. Zaharia, "On the bifurcation set of a polynomial function and Newton boundary", Publ. RIMS 26 (1990).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from math import comb, gcd, lcm

from flint import fmpq, fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.systems import NONZERO, Systems
from tamecheck.ground import linear
from tamecheck.ground.algebraic import AlgebraicNumber, number
from tamecheck.ground.polynomials import Ring

Exponent = tuple[int, ...]
Laurent = dict[Exponent, Fraction]
MAXIMAL_NORMALS = 150
MAXIMAL_CHANGES = 4
MAXIMAL_DEPTH = 3
"""Blow-ups on top of each other."""


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


@dataclass
class Chart:
    """Coordinates with exponents e, a function and weighted derivatives in them.

    Attributes
    ----------
    names : tuple of str
    f : Laurent
    derivatives : list of Laurent — all of them times |x| tend to 0
    weights : list of Exponent — |x| has the order min of W.e over these
    small : frozenset of int — coordinates that tend to 0
    depth : int
    """

    names: tuple[str, ...]
    f: Laurent
    derivatives: list[Laurent]
    weights: list[Exponent]
    small: frozenset[int] = frozenset()
    depth: int = 0


def bound(ring: Ring, p: fmpz_mpoly, denominator: int = 1, budget: Budget | None = None) -> Bound:
    """Return the candidates for p/denominator in at most three variables."""
    result = Bound()
    for _ in range(MAXIMAL_CHANGES):
        run = _Newton(ring, p, denominator, budget)
        result = run.run()
        if not result.degenerate or run.change is None:
            return result
        p = run.change
    return result


def laurent(p: fmpz_mpoly, denominator: int = 1) -> Laurent:
    """Return a polynomial as a table."""
    return {tuple(map(int, e)): Fraction(int(c), denominator) for e, c in zip(p.monoms(), p.coeffs(), strict=True)}


class _Newton:
    def __init__(self, ring: Ring, p: fmpz_mpoly, denominator: int, budget: Budget | None) -> None:
        self.ring, self.p, self.budget = ring, p, budget
        self.n = len(ring.names)
        self.denominator = denominator
        self.change: fmpz_mpoly | None = None
        self.result = Bound()

    def run(self) -> Bound:
        """Visit all coordinate subspaces and cones."""
        f = laurent(self.p, self.denominator)
        derivatives = [laurent(self.p.derivative(i), self.denominator) for i in range(self.n)]
        unit = [tuple([int(j == i) for j in range(self.n)]) for i in range(self.n)]
        self._subspaces(Chart(self.ring.names, f, derivatives, unit))
        return self.result

    def _subspaces(self, chart: Chart) -> None:
        """Visit a chart and its coordinate subspaces (only those where coordinates may be zero: none has a negative power)."""
        n = len(chart.names)
        for size in range(1, n + 1):
            for chosen in combinations(range(n), size):
                dropped = [k for k in range(n) if k not in chosen]
                if chart.depth and any([k not in chart.small for k in dropped]):
                    continue  # the other coordinates of a blow-up are not zero
                self._chart(_restricted(chart, chosen))

    def _chart(self, chart: Chart) -> None:
        if self._free(chart):
            self._add_constant(chart)
        seen: set[tuple] = set()
        for e in _cones(chart):
            if min([_order(w, e) for w in chart.weights]) < 0 and all([e[k] > 0 for k in chart.small]):
                if self.budget is not None:
                    self.budget.spend(1, "cones at infinity")
                self._cone(chart, e, seen)

    def _add_constant(self, chart: Chart) -> None:
        self.result.candidates.add(number(chart.f.get((0,) * len(chart.names), Fraction(0))))

    def _free(self, chart: Chart) -> bool:
        """Return whether an arc exists along which every monomial of f and of the weighted derivatives tends to 0."""
        n = len(chart.names)
        for j, w in enumerate(chart.weights):
            rows: list = [([fmpq(v) for v in w], fmpq(0), "lt")]
            for i, other in enumerate(chart.weights):
                if i != j:
                    rows.append(([fmpq(a - b) for a, b in zip(other, w, strict=True)], fmpq(0), "ge"))
            for k in chart.small:
                rows.append(([fmpq(int(i == k)) for i in range(n)], fmpq(0), "gt"))
            for m in chart.f:
                if any(m):
                    rows.append(([fmpq(v) for v in m], fmpq(0), "gt"))
            for d in chart.derivatives:
                for m in d:
                    rows.append(([fmpq(a + b) for a, b in zip(m, w, strict=True)], fmpq(0), "gt"))
            if linear.solve(rows, n) is not None:
                return True
        return False

    def _cone(self, chart: Chart, e: Exponent, seen: set) -> None:
        weight = min([_order(w, e) for w in chart.weights])
        required: list[Laurent] = []
        for d in chart.derivatives:
            if d:
                order, form = _initial(d, e)
                if order + weight <= 0:
                    required.append(form)
        order, form = _initial({m: c for m, c in chart.f.items() if any(m)}, e)
        if order is None or order > 0:
            order, form = 1, {}
        elif order == 0:
            _, form = _initial(chart.f, e)
        if order <= 0:
            required += [{m: c * m[k] for m, c in form.items() if m[k]} for k in range(len(chart.names))]
        if order < 0:
            required.append(form)
        ring = Ring(chart.names)
        equations = [_polynomial(ring, q) for q in required if q]
        key = (order > 0) - (order < 0), str(sorted(form.items())), tuple(sorted([str(q) for q in equations]))
        if key in seen:
            return
        seen.add(key)
        if any([len(q) == 1 for q in equations]):
            return
        torus = [(ring.variable(name), NONZERO) for name in ring.names]
        systems = Systems(ring, self.budget)
        solutions = systems.solve(equations, torus)
        if not solutions:
            return
        if order > 0:
            self._add_constant(chart)
        elif order == 0:
            top, bottom = _quotient(ring, form)
            for s in solutions:
                self.result.candidates.add(s.value(top, bottom))
        elif not self._blow_up(chart, ring, form, equations, systems, torus):
            self.result.degenerate.append((chart.names, e))
            if self.change is None and not chart.depth:
                self._straighten(ring, _polynomial(ring, form))

    # ------------------------------------------------------------------- degenerate

    def _blow_up(self, chart: Chart, ring: Ring, form: Laurent, equations: list, systems: Systems, torus: list) -> bool:
        """Analyse the arcs near a subtorus that holds all solutions; return whether that was possible."""
        if chart.depth >= MAXIMAL_DEPTH:
            return False
        for q, e in ring.factors(_polynomial(ring, form))[1]:
            if e < 2 or len(q) != 2 or systems.solve(equations, [*torus, (q, NONZERO)]):
                continue
            (m, a), (n, b) = laurent(q).items()
            difference = tuple([x - y for x, y in zip(m, n, strict=True)])
            for v, kappa in ((difference, -b / a), (tuple([-x for x in difference]), -a / b)):
                for j, vj in enumerate(v):
                    if vj == 1 and j not in chart.small and all([t[j] >= 0 for p in [chart.f, *chart.derivatives] for t in p]):
                        # what stays degenerate up there is reported there, in its own coordinates
                        self._subspaces(_blown(chart, v, kappa, j))
                        return True
        return False

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


def _blown(chart: Chart, v: Exponent, kappa: Fraction, j: int) -> Chart:
    """Return the chart with u in the place of x_j, where ``x_j = kappa (1 + u) x^-v'``."""
    name = f"u{chart.depth + 1}"
    while name in chart.names:
        name += "_"

    def moved(p: Laurent) -> Laurent:
        out: Laurent = {}
        for m, c in p.items():
            t = m[j]
            for i in range(t + 1):
                key = tuple([i if k == j else a - t * v[k] for k, a in enumerate(m)])
                out[key] = out.get(key, Fraction(0)) + c * kappa**t * comb(t, i)
        return {m: c for m, c in out.items() if c}

    weights = [tuple([0 if k == j else a - w[j] * v[k] for k, a in enumerate(w)]) for w in chart.weights]
    names = tuple([name if k == j else old for k, old in enumerate(chart.names)])
    return Chart(names, moved(chart.f), [moved(d) for d in chart.derivatives], weights, chart.small | {j}, chart.depth + 1)


def _restricted(chart: Chart, chosen: Sequence[int]) -> Chart:
    """Return the chart on the subspace where the coordinates that are not chosen are 0."""
    dropped = [k for k in range(len(chart.names)) if k not in chosen]

    def kept(p: Laurent) -> Laurent:
        return {tuple([m[k] for k in chosen]): c for m, c in p.items() if not any([m[k] for k in dropped])}

    small = frozenset([i for i, k in enumerate(chosen) if k in chart.small])
    weights = list(dict.fromkeys([tuple([w[k] for k in chosen]) for w in chart.weights if chart.depth or not any([w[k] for k in dropped])]))
    return Chart(tuple([chart.names[k] for k in chosen]), kept(chart.f), [kept(d) for d in chart.derivatives], weights, small, chart.depth)


def _order(m: Exponent, e: Exponent) -> int:
    return sum([a * b for a, b in zip(m, e, strict=True)])


def _initial(p: Laurent, e: Exponent) -> tuple[int | None, Laurent]:
    """Return the least order of the monomials and their sum."""
    if not p:
        return None, {}
    orders = {m: _order(m, e) for m in p}
    least = min(orders.values())
    return least, {m: c for m, c in p.items() if orders[m] == least}


def _polynomial(ring: Ring, p: Laurent) -> fmpz_mpoly:
    """Return a Laurent polynomial times a monomial and a number: the same zeros on the torus."""
    n = len(ring.names)
    least = [min([m[k] for m in p], default=0) for k in range(n)]
    common = lcm(*[c.denominator for c in p.values()]) if p else 1
    return ring.from_terms([(tuple([a - b for a, b in zip(m, least, strict=True)]), int(c * common)) for m, c in p.items()])


def _quotient(ring: Ring, p: Laurent) -> tuple[fmpz_mpoly, fmpz_mpoly]:
    """Return a Laurent polynomial as a quotient."""
    n = len(ring.names)
    least = [min([0, *[m[k] for m in p]]) for k in range(n)]
    common = lcm(*[c.denominator for c in p.values()]) if p else 1
    top = ring.from_terms([(tuple([a - b for a, b in zip(m, least, strict=True)]), int(c * common)) for m, c in p.items()])
    return top, ring.from_terms([(tuple([-b for b in least]), common)])


def _cones(chart: Chart) -> list[Exponent]:
    """Return a vector in every cone of positive codimension of the arrangement on which initial forms and weights may change."""
    n = len(chart.names)
    if n == 1:
        return [(-1,), (1,)]
    normals: set[Exponent] = set()
    for support in [[(0,) * n, *chart.f], *[list(d) for d in chart.derivatives]]:
        for a, b in combinations(support, 2):
            _note(normals, [x - y for x, y in zip(a, b, strict=True)])
    for d in chart.derivatives:
        for m in d:
            for w in chart.weights:
                _note(normals, [a + b for a, b in zip(m, w, strict=True)])
    for a, b in combinations(chart.weights, 2):
        _note(normals, [x - y for x, y in zip(a, b, strict=True)])
    for w in chart.weights:
        _note(normals, w)
    for i in range(n):
        _note(normals, [int(k == i) for k in range(n)])
    listed = sorted(normals)
    if n > 3 or len(listed) > MAXIMAL_NORMALS:
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
