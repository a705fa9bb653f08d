"""Real half-branches of plane algebraic curves at the origin, as exact Puiseux series.

A half-branch over x > 0 is ``y = c_1 x^m_1 + c_2 x^m_2 + ...`` with rational 0 < m_1 < m_2 < ... and real algebraic c_k.  Newton's algorithm:
the edges of the lower hull of the points (j, i) of the terms x^i y^j give the exponents, the nonzero real roots of the edge polynomials the
coefficients; then
``y = x^m (c + y')`` and again.  Where a root is multiple and its edge polynomial has irrational coefficients, `Unsupported` is raised: nothing is
approximated.

.. [W50] R. J. Walker, Algebraic Curves, chapter IV.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from flint import fmpz_mpoly

from tamecheck.ground.algebraic import AlgebraicNumber, irreducible_factors, irreducible_roots, number, rational, real_roots

Terms = dict[tuple[int, int], AlgebraicNumber]
"""Coefficients by exponents of x and y."""
Series = list[tuple[Fraction, AlgebraicNumber]]
"""Pairs (exponent, coefficient), exponents increasing, coefficients not zero."""
MAXIMAL_TERMS = 24
ZERO = rational(0)


class Unsupported(Exception):
    """A step needs the roots of a polynomial with irrational coefficients."""


@dataclass
class Branch:
    """A half-branch over x > 0.

    Attributes
    ----------
    series : Series — the first terms of y
    exact : bool — there are no more terms
    """

    series: Series
    exact: bool
    state: tuple[Terms, int, Fraction] | None = None

    def extended(self) -> "Branch":
        """Return the branch with one more term; only for branches that no longer split."""
        if self.exact:
            return self
        found = list(_next(self))
        if len(found) != 1:
            raise Unsupported("a branch splits further")
        return found[0]


def terms_of(p: fmpz_mpoly, at: Sequence[AlgebraicNumber] = (ZERO, ZERO), mirrored: bool = False, swapped: bool = False) -> Terms:
    """Return a polynomial of two variables around a point; mirrored: x -> -x, swapped: x and y exchanged first."""
    out: Terms = {}
    for e, c in zip(p.monoms(), p.coeffs(), strict=True):
        for i, a in enumerate(_binomial(at[0], int(e[0]))):
            for j, b in enumerate(_binomial(at[1], int(e[1]))):
                if a.rational == 0 or b.rational == 0:
                    continue
                key = (j, i) if swapped else (i, j)
                value = a * b * int(c)
                if mirrored and key[0] & 1:
                    value = -value
                out[key] = out[key] + value if key in out else value
    return {k: v for k, v in out.items() if v.rational != 0}


def _binomial(a: AlgebraicNumber, e: int) -> list[AlgebraicNumber]:
    """Return the coefficients of (a + t)^e."""
    if a.rational == 0:
        return [ZERO] * e + [rational(1)]
    row = [rational(1)]
    for _ in range(e):
        row = [(row[k] * a if k < len(row) else ZERO) + (row[k - 1] if k else ZERO) for k in range(len(row) + 1)]
    return row


def half_branches(curve: Terms) -> list[Branch]:
    """Return all half-branches over x > 0 that tend to the origin, each expanded until it is alone.

    The curve must be squarefree; its component x = 0, if there is one, is left out.
    """
    shift = min([i for i, _ in curve], default=0)
    curve = {(i - shift, j): c for (i, j), c in curve.items()}
    todo = [Branch([], False, (curve, 1, Fraction(0)))]
    done: list[Branch] = []
    while todo:
        b = todo.pop()
        if b.exact or (b.series and _alone(b)):
            done.append(b)
            continue
        if len(b.series) > MAXIMAL_TERMS:
            raise Unsupported(f"branches agree in more than {MAXIMAL_TERMS} terms")
        todo += _next(b)
    return sorted(done, key=lambda b: [(m, _Key(c)) for m, c in b.series])


class _Key:
    def __init__(self, c: AlgebraicNumber) -> None:
        self.c = c

    def __lt__(self, other: "_Key") -> bool:
        return self.c < other.c

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.c == other.c


def _alone(b: Branch) -> bool:
    """Return whether the rest of the equation is linear in y at the origin: exactly one branch goes on."""
    curve, _, _ = b.state
    return (0, 1) in curve


def _next(b: Branch) -> Iterator[Branch]:
    """Yield the branches with one more term."""
    curve, ramification, reached = b.state
    if not any([j == 0 for _, j in curve]):
        yield Branch(b.series, True)  # y divides what is left: y = 0 goes on
        least = min([j for _, j in curve])
        curve = {(i, j - least): c for (i, j), c in curve.items()}
        if not any([j for _, j in curve]):
            return
    for slope, edge in _edges(curve):
        for c in _edge_roots(edge):
            p, q = slope.numerator, slope.denominator
            new = _substituted(curve, p, q, c)
            exponent = reached + slope / ramification
            yield Branch([*b.series, (exponent, c)], False, (new, ramification * q, exponent))


def _edges(curve: Terms) -> list[tuple[Fraction, list[AlgebraicNumber]]]:
    """Return (m, coefficients of the edge polynomial from y^0 on) for the edges of the lower hull with m > 0."""
    lowest: dict[int, int] = {}
    for i, j in curve:
        lowest[j] = min(i, lowest.get(j, i))
    points = sorted(lowest.items())
    out = []
    start = 0
    while start < len(points) - 1:
        j0, i0 = points[start]
        slopes = [(Fraction(i - i0, j - j0), k) for k, (j, i) in enumerate(points) if k > start]
        best = min([s for s, _ in slopes])
        if best >= 0:
            break
        last = max([k for s, k in slopes if s == best])
        width = points[last][0] - j0
        edge = []
        for j in range(j0, j0 + width + 1):
            i = i0 + best * (j - j0)
            edge.append(curve.get((int(i), j), ZERO) if i.denominator == 1 else ZERO)
        out.append((-best, edge))
        start = last
    return out


def _edge_roots(edge: list[AlgebraicNumber]) -> list[AlgebraicNumber]:
    """Return the nonzero real roots of an edge polynomial, each once."""
    if all([c.rational is not None for c in edge]):
        common = lcm(*[int(c.rational.q) for c in edge])
        return [r for r, _ in real_roots(tuple([int(c.rational.p) * (common // int(c.rational.q)) for c in edge])) if r.rational != 0]
    nonzero = [k for k, c in enumerate(edge) if c.rational != 0]
    if len(nonzero) == 2:
        k = nonzero[1] - nonzero[0]
        return roots_of_number(-edge[nonzero[0]] / edge[nonzero[1]], k)
    raise Unsupported("an edge polynomial with irrational coefficients")


def roots_of_number(a: AlgebraicNumber, k: int) -> list[AlgebraicNumber]:
    """Return the real k-th roots of a real algebraic number that is not zero."""
    if k == 1:
        return [a]
    sign = a.sign()
    if k % 2 == 0 and sign < 0:
        return []
    dense = []
    for c in a.polynomial.coeffs():
        dense += [int(c)] + [0] * (k - 1)
    dense = dense[: len(dense) - k + 1]
    found = []
    for key, _ in irreducible_factors(tuple(dense)):
        for r in irreducible_roots(key):
            power = r
            for _ in range(k - 1):
                power = power * r
            if power == a:
                found.append(r)
    return sorted(found)


def _substituted(curve: Terms, p: int, q: int, c: AlgebraicNumber) -> Terms:
    """Return the equation for y' after x = t^q, y = t^p (c + y'), divided by the power of t."""
    out: Terms = {}
    for (i, j), a in curve.items():
        for k, b in enumerate(_binomial(c, j)):
            if b.rational == 0:
                continue
            key = (q * i + p * j, k)
            v = a * b
            out[key] = out[key] + v if key in out else v
    out = {k: v for k, v in out.items() if v.rational != 0}
    shift = min([i for i, _ in out])
    return {(i - shift, j): v for (i, j), v in out.items()}


def leading_term(g: Terms, branch: Branch) -> tuple[Fraction, AlgebraicNumber] | None:
    """Return order and leading coefficient of a polynomial along a branch; ``None`` if it is zero there as far as `MAXIMAL_TERMS` tell.

    The truncation is accounted for: the term is returned only if no omitted term of the branch can change it.
    """
    for _ in range(MAXIMAL_TERMS):
        found = _along(g, branch)
        if found is not None:
            return found
        if branch.exact:
            return None
        branch = branch.extended()
    return None


def _along(g: Terms, b: Branch) -> tuple[Fraction, AlgebraicNumber] | None:
    degree = max([j for _, j in g], default=0)
    powers: list[dict[Fraction, AlgebraicNumber]] = [{Fraction(0): rational(1)}]
    for _ in range(degree):
        powers.append(_product(powers[-1], dict(b.series)))
    # the coefficients of z^k in g(x, y + z)
    orders: list[dict[Fraction, AlgebraicNumber]] = [{} for _ in range(degree + 1)]
    for (i, j), c in g.items():
        choose = 1
        for k in range(j + 1):
            for m, a in powers[j - k].items():
                v = a * c * choose
                key = m + i
                orders[k][key] = orders[k][key] + v if key in orders[k] else v
            choose = choose * (j - k) // (k + 1)
    known = {m: v for m, v in orders[0].items() if v.rational != 0}
    if not known:
        return None
    least = min(known)
    if not b.exact:
        last = b.series[-1][0] if b.series else Fraction(0)
        for k in range(1, degree + 1):
            rest = [m for m, v in orders[k].items() if v.rational != 0]
            if rest and least > min(rest) + k * last:
                return None
    return least, known[least]


def _product(a: dict[Fraction, AlgebraicNumber], b: dict[Fraction, AlgebraicNumber]) -> dict[Fraction, AlgebraicNumber]:
    out: dict[Fraction, AlgebraicNumber] = {}
    for m, x in a.items():
        for n, y in b.items():
            v = x * y
            out[m + n] = out[m + n] + v if m + n in out else v
    return {m: v for m, v in out.items() if v.rational != 0}


def as_number(value: object) -> AlgebraicNumber:
    """Return a whole number or fraction as an algebraic number."""
    found = number(value)
    if found is None:
        raise TypeError("no exact number")
    return found
