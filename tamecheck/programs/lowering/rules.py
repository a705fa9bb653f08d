"""The rules of the operations of a tape on a path: one function per operation.

A rule gets the executor, the path, the slot, its payload and the values of its arguments, and returns a quotient of polynomials; where a sign
is needed it asks the executor, which may split the path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING

from flint import fmpz_mpoly

from tamecheck.errors import BudgetExceeded, Refusal
from tamecheck.ground.intervals import Interval
from tamecheck.ground.polynomials import MAXIMAL_BITS, MAXIMAL_DEGREE, MAXIMAL_TERMS
from tamecheck.programs.lowering.branches import Dead, Quotient, Root, Split, Undefined
from tamecheck.programs.lowering.conditions import NEGATIVE, NULL, POSITIVE
from tamecheck.programs.lowering.tape import root

if TYPE_CHECKING:
    from tamecheck.programs.lowering.paths import Executor, Path

MAXIMAL_STEPS = 256
"""Whole numbers that a rounded value may take."""
SPLITS = {
    "max": (NULL | POSITIVE, NEGATIVE), "min": (NEGATIVE | NULL, POSITIVE), "abs": (NULL | POSITIVE, NEGATIVE),
    "sign": (POSITIVE, NULL, NEGATIVE), "lt": (NEGATIVE, NULL | POSITIVE), "le": (NEGATIVE | NULL, POSITIVE),
    "eq": (NULL, NEGATIVE | POSITIVE), "ne": (NEGATIVE | POSITIVE, NULL),
}  # fmt: skip
TIES = (POSITIVE, NULL, NEGATIVE)
CONTINUOUS = frozenset(["max", "min", "abs"])
"""Kinks whose two branches agree where they meet."""


def _sum(x: Executor, _path: Path, _slot: int, _payload: object, given: list[Quotient]) -> Quotient:
    total = x.number(Fraction(0))
    for v in given:
        total = x.add(total, v)
    return total


def _quotient(x: Executor, path: Path, _slot: int, _payload: object, given: list[Quotient]) -> Quotient:
    (n, d), (m, e) = given
    if x.ask(path, m, (NEGATIVE | POSITIVE, NULL)) == NULL:
        raise Undefined("division by zero")
    return x.multiply((n, d), _inverse((m, e)))


def _inverse(v: Quotient) -> Quotient:
    return (-v[1], -v[0]) if v[0].coeffs()[0] < 0 else (v[1], v[0])


def _power(x: Executor, path: Path, _slot: int, exponent: Fraction, given: list[Quotient]) -> Quotient:
    v = given[0]
    if exponent.denominator > 1:
        v, exponent = _root(x, path, v, exponent), Fraction(exponent.numerator)
    if exponent < 0:
        if x.ask(path, v[0], (NEGATIVE | POSITIVE, NULL)) == NULL:
            raise Undefined("division by zero")
        v, exponent = _inverse(v), -exponent
    k = int(exponent)
    for p in v:
        check_power(p, k)
    return x.reduced(v[0] ** k, v[1] ** k)


def check_power(p: fmpz_mpoly, k: int) -> None:
    """Refuse a power that would be too large, before it is computed."""
    count, degree = len(p), p.total_degree() * k
    bits = k * (max([abs(int(c)).bit_length() for c in p.coeffs()], default=0) + count.bit_length())
    if degree > MAXIMAL_DEGREE or bits > MAXIMAL_BITS or (count > 1 and comb(k + min(count, 64) - 1, min(count, 64) - 1) > MAXIMAL_TERMS):
        raise BudgetExceeded(f"the power {k} of {count} terms", code="TC306", where="lowering", hint="smaller exponents")


def _root(x: Executor, path: Path, v: Quotient, exponent: Fraction) -> Quotient:
    """Return the root of order ``exponent.denominator``: rational if it can be, else a new variable with its definition."""
    degree = exponent.denominator
    mask = x.sign(path, v, (NULL | POSITIVE, NEGATIVE))
    if mask == NEGATIVE:
        raise Undefined("a root of a negative number")
    if mask == NULL:
        return x.number(Fraction(0))
    tops, bottoms = _whole_root(x, v[0], degree), _whole_root(x, v[1], degree)
    if tops is not None and bottoms is not None:
        w = x.reduced(tops, bottoms)
        return w if degree & 1 or x.sign(path, w, (NULL | POSITIVE, NEGATIVE)) != NEGATIVE else (-w[0], w[1])
    key = (str(v[0]), str(v[1]), degree)
    k = path.places.get(key)
    if k is None:
        k = path.places[key] = len(path.roots)
        if k >= len(x.auxiliary):
            raise BudgetExceeded(f"more than {len(x.auxiliary)} different roots on one path", code="TC312", where="lowering")
        path.roots.append(Root(x.auxiliary[k], degree, v))
        r = x.ring.variable(x.auxiliary[k])
        path.domain.restrict(v[1] * r**degree - v[0], NULL)
        path.domain.restrict(r, POSITIVE if mask == POSITIVE else NULL | POSITIVE)
        path.domain.witness = None
    return x.ring.variable(x.auxiliary[k]), x.one


def _whole_root(x: Executor, p: fmpz_mpoly, degree: int) -> fmpz_mpoly | None:
    """Return q with q**degree == p, up to sign for even degrees, if there is one over the integers."""
    unit, pairs = x.ring.factors(p)
    if unit < 0 and not degree & 1:
        return None
    whole = root(abs(unit), degree)
    if whole is None or any([e % degree for _, e in pairs]):
        return None
    result = x.ring.constant(-whole if unit < 0 else whole)
    for f, e in pairs:
        result = result * f ** (e // degree)
    return result


def _kink(operation: str) -> Callable:
    """Return the rule of a slot that depends on a sign."""

    def rule(x: Executor, path: Path, slot: int, _payload: object, given: list[Quotient]) -> Quotient:
        if len(given) > 2:
            return _entries(x, path, slot, given, operation == "max")
        a, b = given[0], given[-1]
        d = a if operation in ("abs", "sign") else x.difference(a, b)
        mask = x.sign(path, d, TIES if x.split else SPLITS[operation], not x.split and operation in CONTINUOUS)
        path.choices[slot] = mask
        if operation in CONTINUOUS:
            high = mask & ~NULL != NEGATIVE  # at a tie both branches agree
            if operation == "abs":
                return a if high else (-a[0], a[1])
            return a if high == (operation == "max") else b
        if operation == "sign":
            return x.number(Fraction({POSITIVE: 1, NULL: 0, NEGATIVE: -1}[mask]))
        return x.number(Fraction(int(bool(mask & SPLITS[operation][0]))))

    return rule


def _entries(x: Executor, path: Path, slot: int, given: list[Quotient], largest: bool) -> Quotient:
    """Return the extreme one of three or more values: one branch for each that can be it, the first at a tie."""
    if not all([v[1].is_constant() for v in given]):
        best = given[0]
        for v in given[1:]:
            high = x.sign(path, x.difference(best, v), SPLITS["max"], True) & ~NULL != NEGATIVE
            best = best if high == largest else v
        return best
    leads = [[x.difference(*((v, w) if largest else (w, v)))[0] for w in given] for v in given]
    for i, row in enumerate(leads):
        if not any([path.domain.signs(p) & NEGATIVE for p in row]):
            path.choices[slot] = -1 - i
            return given[i]
    found = []
    for i, row in enumerate(leads):
        if any([p.is_zero() for p in row[:i]]):
            continue  # equal to an earlier entry
        branch = path.domain.copy()
        for j, p in enumerate(row):
            if branch.signs(p) & NEGATIVE or (j < i and branch.signs(p) & NULL):
                branch.restrict(p, POSITIVE if j < i else NULL | POSITIVE)
        if all([branch.signs(p) & (NULL | POSITIVE) for p in row]) and branch.settle():
            found.append((i, branch))
    if not found:
        raise Dead
    if len(found) > 1:
        raise Split([branch for _, branch in found])
    i, branch = found[0]
    for p in leads[i]:
        path.domain.restrict(p, NULL | POSITIVE, implied=True)
    path.domain.witness, path.domain.certain = branch.witness, branch.certain
    path.choices[slot] = -1 - i
    return given[i]


def _connective(operation: str) -> Callable:
    def rule(x: Executor, path: Path, _slot: int, _payload: object, given: list[Quotient]) -> Quotient:
        truths = [x.true(path, v) for v in given]
        known = {"and": all(truths), "or": any(truths), "xor": truths[0] != truths[-1], "not": not truths[0]}
        return x.number(Fraction(int(known[operation])))

    return rule


def _undefined(_x: Executor, _path: Path, _slot: int, reason: object, _given: list[Quotient]) -> Quotient:
    raise Undefined(str(reason))


HINTS = {
    **dict.fromkeys(("floor", "ceil", "round"), "a box (box=) on which its argument is bounded and takes few whole numbers"),
    "pow": "a constant rational exponent", "exp": "a piecewise algebraic replacement (hard_sigmoid, hardtanh, hardswish, squareplus)",
}  # fmt: skip


def _steps(x: Executor, path: Path, primitive: str, v: Quotient) -> Quotient | None:
    """Return floor, ceil or round (halves to even) of a value that is bounded in the box, or ``None`` if it is not.

    One branch per whole number k, under the conditions k <= v < k + 1, k - 1 < v <= k, or |v - k| <= 1/2 (strictly for odd k).
    """
    if not v[1].is_constant():
        return None
    bounds = enclosure(v[0], x.tape.boxes)
    if bounds is None:
        return None
    d = int(v[1].leading_coefficient())
    first, last = bounds[0] // d, -(-bounds[1] // d)
    if last - first > MAXIMAL_STEPS:
        return None
    low, high = {"floor": (0, 2), "ceil": (-2, 0), "round": (-1, 1)}[primitive]
    found = []
    for k in range(int(first), int(last) + 1):
        closed = {"floor": (True, False), "ceil": (False, True), "round": (k % 2 == 0,) * 2}[primitive]
        ends = [(2 * v[0] - d * (2 * k + low), POSITIVE, closed[0]), (2 * v[0] - d * (2 * k + high), NEGATIVE, closed[1])]
        wanted = [(p, mask | (NULL if included else 0)) for p, mask, included in ends]
        if not any([path.domain.signs(p) & ~mask for p, mask in wanted]):
            return x.number(Fraction(k))
        branch = path.domain.copy()
        for p, mask in wanted:
            branch.restrict(p, mask)
        if all([branch.signs(p) & mask for p, mask in wanted]) and branch.settle():
            found.append(branch)
    if not found:
        raise Dead
    raise Split(found)


def enclosure(p: fmpz_mpoly, boxes: Sequence[Interval]) -> tuple[Fraction, Fraction] | None:
    """Return rational bounds of a polynomial over the boxes by interval arithmetic, ``None`` if a variable in it is unbounded."""
    low = high = Fraction(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        a = b = Fraction(int(c))
        for k, e in enumerate(exponents):
            if not e:
                continue
            if k >= len(boxes) or boxes[k][0] is None or boxes[k][1] is None:
                return None
            ends = [boxes[k][0] ** int(e), boxes[k][1] ** int(e)]
            if e % 2 == 0 and boxes[k][0] < 0 < boxes[k][1]:
                ends.append(Fraction(0))
            products = [u * w for u in (a, b) for w in ends]
            a, b = min(products), max(products)
        low, high = low + a, high + b
    return low, high


def _opaque(x: Executor, path: Path, slot: int, primitive: object, given: list[Quotient]) -> Quotient:
    if primitive in ("floor", "ceil", "round"):
        value = _steps(x, path, str(primitive), given[0])
        if value is not None:
            return value
    node, _ = x.tape.origin[slot]
    name = x.tape.names.get(node)
    raise Refusal(
        f"{primitive} at node {node} is not piecewise algebraic", code="TC230", where=x.tape.place(slot) if name else f"node {node}",
        hint=HINTS.get(str(primitive), "a piecewise algebraic replacement, or fix what it is applied to"),
    )  # fmt: skip


RULES: dict[str, Callable] = {
    "variable": lambda x, _p, _s, k, _g: (x.ring.variable(x.ring.names[k]), x.one),
    "number": lambda x, _p, _s, q, _g: x.number(q),
    "sum": _sum,
    "product": lambda x, _p, _s, _q, given: x.multiply(*given),
    "quotient": _quotient, "power": _power, "undefined": _undefined, "opaque": _opaque,
    **{name: _kink(name) for name in SPLITS}, **{name: _connective(name) for name in ("and", "or", "xor", "not")},
}  # fmt: skip
