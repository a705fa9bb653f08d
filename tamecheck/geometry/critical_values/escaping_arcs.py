"""Arcs to infinity as certificates: x_i(s) = s^e_i (a_0 + a_1 s + ... + a_K s^K), s -> 0+.

If along such an arc f -> c and ``|x| |grad f| -> 0``, then c is an asymptotic critical value: f and its derivatives become quotients of
polynomials in s, whose limits are exact.  The search fixes the exponents, writes the conditions as polynomial equations in the coefficients
and solves these (`tamecheck.geometry.cad.systems`).  The dominating variable can be taken as ``s^-m`` or ``-s^-m`` itself.

The search is not complete; what it finds is proved, by `Arc.verify`, which computes all lower coefficients again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.systems import NONZERO, Condition, Solution, Systems
from tamecheck.geometry.critical_values.critical import gradient
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.ground.algebraic import AlgebraicNumber, polynomial_text
from tamecheck.ground.polynomials import Ring

Series = dict[int, fmpz_mpoly]
"""Coefficients of powers of s, polynomials in the unknown coefficients."""
Shape = tuple[int | None, ...]
"""The exponents; ``None`` for a coordinate that is 0."""
MAXIMAL_TERMS = 400
Charts = Callable[[int, AlgebraicNumber], bool]
"""Whether a value is possible where the i-th coordinate dominates."""


@dataclass
class Arc:
    """An arc with exact coefficients.

    Attributes
    ----------
    exponents : tuple of int or None
    series : list of Series — the coordinates
    solution : Solution — the coefficients
    value : AlgebraicNumber — the limit of f
    """

    exponents: Shape
    series: list[Series] = field(repr=False)
    solution: Solution = field(repr=False)
    value: AlgebraicNumber

    def text(self, names: Sequence[str]) -> dict[str, str]:
        """Return every coordinate as a text in s."""
        return text_of(self.series, self.solution, names)

    def verify(self, value: Quotient, conditions: Sequence[Condition] = ()) -> bool:
        """Return whether f tends to ``self.value`` and ``|x| |grad f|`` to 0 along the arc, and the conditions hold for small s > 0."""
        s = self.solution
        orders = [_order(x, s) for x in self.series]
        weight = min([o for o in orders if o is not None], default=0)
        if weight >= 0:
            return False
        top, bottom = [substituted(p, self.series, s.source) for p in value]
        low = _order(bottom, s)
        if low is None:
            return False
        for power in sorted(top):
            if power < low and s.sign(top[power]) != 0:
                return False
        zero = s.source.constant(0)
        if s.value(top.get(low, zero), bottom[low]) != self.value:
            return False
        for p in gradient(value):
            order = _order(substituted(p, self.series, s.source), s)
            if order is not None and order - 2 * low + weight <= 0:
                return False
        return all(leading_sign(p, self.series, s) in allowed for p, allowed in conditions)

    def trivial(self, value: Quotient) -> bool:
        """Return whether the gradient is zero along the whole arc."""
        s = self.solution
        return all([_order(substituted(p, self.series, s.source), s) is None for p in gradient(value)])


def text_of(series: Sequence[Series], solution: Solution, names: Sequence[str]) -> dict[str, str]:
    """Return every coordinate as a text in s, with exact coefficients."""
    out = {}
    for name, x in zip(names, series, strict=True):
        parts = []
        for power in sorted(x):
            c = solution.value(x[power])
            if c.rational != 0:
                parts.append(_term(c, power))
        out[name] = "".join([p if k == 0 or p.startswith("-") else "+" + p for k, p in enumerate(parts)]) or "0"
    return out


def leading_sign(p: fmpz_mpoly, series: Sequence[Series], s: Solution) -> int:
    """Return the sign of a polynomial along an arc for small s > 0."""
    x = substituted(p, series, s.source)
    order = _order(x, s)
    return 0 if order is None else s.sign(x[order])


def _term(c: AlgebraicNumber, power: int) -> str:
    text = str(c) if c.rational is not None else f"root({polynomial_text(c.polynomial, 'c')}, {c.index + 1}, c)"
    s = "s" if abs(power) == 1 else f"s^{abs(power)}"
    if power == 0:
        return text
    if power > 0:
        return s if text == "1" else f"-{s}" if text == "-1" else f"{text}*{s}"
    if c.rational is not None and c.rational.q != 1:
        return f"{int(c.rational.p)}/({int(c.rational.q)}*{s})"
    return f"{text}/{s}"


def _order(x: Series, s: Solution) -> int | None:
    """Return the least power with a coefficient that is not zero at the sample."""
    for power in sorted(x):
        if s.sign(x[power]) != 0:
            return power
    return None


def multiply(a: Series, b: Series) -> Series:
    """Return the product."""
    out: Series = {}
    for i, p in a.items():
        for j, q in b.items():
            r = p * q
            out[i + j] = out[i + j] + r if i + j in out else r
    return {k: p for k, p in out.items() if not p.is_zero()}


def substituted(p: fmpz_mpoly, series: Sequence[Series], ring: Ring) -> Series:
    """Return a polynomial along an arc."""
    one: Series = {0: ring.constant(1)}
    powers: list[list[Series]] = []
    for k, x in enumerate(series):
        table = [one]
        for _ in range(int(p.degrees()[k]) if len(p) else 0):
            table.append(multiply(table[-1], x))
        powers.append(table)
    total: Series = {}
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term: Series = {0: ring.constant(int(c))}
        for k, table in enumerate(powers):
            if int(exponents[k]):
                term = multiply(term, table[int(exponents[k])])
        for power, q in term.items():
            total[power] = total[power] + q if power in total else q
    return {k: q for k, q in total.items() if not q.is_zero()}


class Search:
    """Search for arcs of one piece of a function."""

    def __init__(
        self, pieces: Pieces, face: Face, budget: Budget | None = None, conditions: Sequence[Condition] = (), possible: Charts | None = None
    ) -> None:
        self.pieces, self.face, self.budget, self.possible = pieces, face, budget, possible
        self.n = len(pieces.ring.names)
        self.derivative = gradient(face.value)
        self.conditions = [*pieces.conditions(face), *conditions]
        self.found: dict[AlgebraicNumber, Arc] = {}

    def try_all(self, wanted: Iterable[AlgebraicNumber] | None, reach: int, terms: int) -> bool:
        """As `run`; what was found is in ``found`` also when the budget ends the search (then the result is ``False``)."""
        try:
            self.run(wanted, reach, terms)
        except BudgetExceeded:
            return False
        return True

    def run(self, wanted: Iterable[AlgebraicNumber] | None = None, reach: int = 3, terms: int = 2) -> dict[AlgebraicNumber, Arc]:
        """Return arcs by value; the search ends when all wanted values have one.

        Parameters
        ----------
        wanted : values, ``None`` for whatever is found
        reach : largest size of an exponent of the dominating variable (others go up to twice that)
        terms : largest K
        """
        targets = None if wanted is None else set(wanted)
        found = self.found
        for count in range(terms + 1):
            for shape, dominant in shapes(self.n, reach):
                for sign in (1, -1):
                    if targets is not None and targets <= set(found):
                        return found
                    if targets is not None and not self._hopeful(shape, targets - set(found)):
                        continue
                    if self.budget is not None:
                        self.budget.spend(1, "arcs to infinity")
                    for arc in self._try(shape, dominant, sign, count):
                        if arc.value not in found:
                            found[arc.value] = arc
        return found

    def _hopeful(self, shape: Shape, targets: set[AlgebraicNumber]) -> bool:
        """Return whether some target is possible in all charts in which an arc of this shape ends."""
        if self.possible is None:
            return True
        least = min([e for e in shape if e is not None])
        ends = [i for i, e in enumerate(shape) if e == least]
        return any([all([self.possible(i, value) for i in ends]) for value in targets])

    def _try(self, shape: Shape, dominant: int, sign: int, count: int) -> Iterator[Arc]:
        names = [f"a{i}_{k}" for i, e in enumerate(shape) if e is not None and i != dominant for k in range(count + 1)]
        ring = Ring(names)
        series: list[Series] = []
        for i, e in enumerate(shape):
            if e is None:
                series.append({})
            elif i == dominant:
                series.append({e: ring.constant(sign)})
            else:
                series.append({e + k: ring.variable(f"a{i}_{k}") for k in range(count + 1)})
        weight = shape[dominant]
        top, bottom = [substituted(p, series, ring) for p in self.face.value]
        if not bottom:
            return
        low = min(bottom)
        equations = [p for power, p in top.items() if power < low]
        for p in self.derivative:
            equations += [c for power, c in substituted(p, series, ring).items() if power - 2 * low + weight <= 0]
        nonzero: list[Condition] = [(ring.variable(f"a{i}_0"), NONZERO) for i, e in enumerate(shape) if e is not None and i != dominant]
        nonzero.append((bottom[low], NONZERO))
        if any([len(p) == 1 and not any(_hidden(p, shape, dominant, count, names)) for p in equations]):
            return  # a monomial in leading coefficients cannot vanish
        if sum([len(p) for p in equations]) > MAXIMAL_TERMS:
            return
        try:
            solutions = Systems(ring, self.budget).solve(equations, nonzero)
        except BudgetExceeded as stop:
            if stop.code != "TC306":
                raise
            return
        for s in solutions:
            value = s.value(top.get(low, ring.constant(0)), bottom[low])
            arc = Arc(shape, series, s, value)
            if arc.verify(self.face.value, self.conditions):
                yield arc


def _hidden(p: fmpz_mpoly, shape: Shape, dominant: int, count: int, names: Sequence[str]) -> list[bool]:
    """Return for the variables of a monomial whether they may be zero."""
    return [int(e) > 0 and not name.endswith("_0") for e, name in zip(p.monoms()[0], names, strict=False)]


def shapes(n: int, reach: int) -> list[tuple[Shape, int]]:
    """Return exponents with the position of the least one, simple ones first."""
    found: dict[Shape, int] = {}
    rest: list[int | None] = [None, *range(-reach, 2 * reach + 1)]
    for m in range(1, reach + 1):
        for dominant in range(n):
            for others in product(rest, repeat=n - 1):
                shape: Shape = (*others[:dominant], -m, *others[dominant:])
                known = [e for e in shape if e is not None]
                if min(known) == -m and _coprime(known) and shape not in found:
                    found[shape] = dominant
    size = {shape: sum([abs(e) if e is not None else 0 for e in shape]) for shape in found}
    return sorted(found.items(), key=lambda item: (size[item[0]], str(item[0])))


def _coprime(values: Sequence[int]) -> bool:
    from math import gcd

    return gcd(*values) == 1


__all__ = ["Arc", "Search", "leading_sign", "shapes", "substituted", "text_of"]
