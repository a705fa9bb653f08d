"""One unknown real parameter: constants that depend on it, and a partition of its line on which all their signs are fixed.

The parameter is an atom of the algebra.  Whenever the analysis asks for the sign of a constant that contains it, the constant is
read as a function of the parameter and *its* zeros on the current interval are isolated, with proof, by the same engine.
If there are none, the sign holds on the whole open interval; if there are some, the interval is split there (`Split`) and the
analysis starts again on the parts.  So no answer about an interval rests on a sample, and every special value is exact.

A constant is read only where all its parts are defined: bases of negative powers must not vanish on the interval, and
arguments of roots and logarithms must be positive there.
"""

from __future__ import annotations

from fractions import Fraction

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.constants import Unresolved
from tamecheck.geometry.univariate.expressions import Algebra, Expr, Undefined, factors, terms

TRIALS = (Fraction(0), Fraction(1), Fraction(-1), Fraction(7, 3), Fraction(-5, 2), Fraction(1, 3))
ENTIRE = frozenset(["exp", "sin", "cos", "atan", "erf", "besseli", "besselj"])
POSITIVE = frozenset(["log", "gamma", "lgamma", "polygamma", "besselk", "bessely"])


class Split(Exception):
    """The sign of a constant changes inside the interval, at these points (constants of the parameter's own algebra)."""

    def __init__(self, points: list[Expr]) -> None:
        self.points = points
        super().__init__("the interval of the parameter has to be split")


class Symbol:
    """The atom: a name and the open interval of its values, ends in the parameter's own algebra."""

    __slots__ = ("name", "low", "high")

    def __init__(self, name: str, low: Expr | None, high: Expr | None) -> None:
        self.name, self.low, self.high = name, low, high

    def ball(self, bits: int):
        """Return a ball that holds all values; not a finite one when the interval is not finite."""
        if self.low is None or self.high is None:
            return balls.ball(0).nan()
        with balls.precision(bits + 64):
            return balls.value(self.low, bits).union(balls.value(self.high, bits))


class Oracle:
    """Decides signs of constants that depend on one parameter, uniformly on an open interval of its values."""

    def __init__(self, algebra: Algebra, name: str, low: Expr | None, high: Expr | None, line: Algebra) -> None:
        self.algebra = algebra
        self.line = line
        self.low, self.high = low, high
        self.atom = algebra.atom("parameter", Symbol(name, low, high))
        self.known: dict[int, int | None] = {}

    def concerns(self, e: Expr) -> bool:
        """Tell whether an expression contains the parameter."""
        if "parameter" not in e.memo:
            e.memo["parameter"] = any(p is self.atom for p in e.ancestors())
        return e.memo["parameter"]

    def sign(self, e: Expr) -> int | None:
        """Return the sign of a constant at every value of the parameter, ``None`` when it is not decided.

        Raises
        ------
        Split
            If the sign is not the same everywhere.
        """
        if e.id not in self.known:
            self.known[e.id] = self._sign(e)
        return self.known[e.id]

    def _sign(self, e: Expr) -> int | None:
        from tamecheck.geometry.univariate.isolation import zeros
        from tamecheck.geometry.univariate.piecewise import sign_between

        if not self.defined(e):
            return None
        try:
            there = transfer(e, self.line, {self.atom: self.line.x})
            if not there.varies:
                return constants.sign(there)
            found = zeros(there, self.low, self.high)
            if found.identical:
                return 0
            if found.open:
                return None
            if found.zeros:
                raise Split([z.point for z in found.zeros])
            return sign_between(there, self.low, self.high)
        except (Unresolved, Undefined):
            return None

    def defined(self, e: Expr) -> bool:
        """Tell whether every part of a constant is defined, and analytic in the parameter, on the whole interval."""
        for p in e.ancestors():
            if "defined" in p.memo or not self.concerns(p):
                continue
            if p.kind == "prod":
                for b, q in zip(p.args, p.data, strict=True):  # type: ignore[arg-type]
                    if q.denominator != 1 and constants.sign(b) != 1 or q < 0 and not constants.sign(b):
                        return False
            elif p.kind in POSITIVE:
                if constants.sign(p.args[0]) != 1:
                    return False
            elif p.args and p.kind not in ENTIRE and p.kind not in ("sum", "seal"):
                return False
            p.memo["defined"] = True
        return True

    def never_vanishes(self, e: Expr, low: Expr | None, high: Expr | None) -> bool:
        """Tell whether for no value of the parameter an expression is zero on the whole interval ``(low, high)`` of the variable.

        The expression is taken at some places x0; the values of the parameter at which it is zero there are isolated, and for
        each of them another place must do.
        """
        if independent_and_nonzero(e):
            return True
        places = _places(self.algebra, low, high)
        values = [self._at(e, p) for p in places]
        values = [v for v in values if v is not None]
        left: list[Expr] | None = None
        for v in values:
            if left is None:
                try:
                    if self.sign(v):
                        return True
                    continue
                except Split as split:
                    left = split.points
            left = [p for p in left if _is_zero_at(self, v, p) is not False]
            if not left:
                return True
        if left:
            raise Split(left)
        return False

    def _at(self, e: Expr, place: Expr) -> Expr | None:
        try:
            v = e.algebra.at(e, place)
        except Undefined:
            return None
        return v if self.defined(v) else None


def independent_and_nonzero(e: Expr) -> bool:
    """Tell whether ``e`` is a sum of different functions ``x^q exp(r x)``, which are linearly independent, with a nonzero coefficient."""
    from tamecheck.geometry.univariate.exponentials import by_varying_part

    k, groups = e.algebra, by_varying_part(e)
    kinds = set()
    for varying in groups:
        power, rate = Fraction(0), k.zero
        for b, q in () if varying is k.one else factors(varying):
            if b is k.x:
                power = q
            elif b.kind == "exp" and q == 1 and b.args[0].kind in ("x", "sum") and set(terms_of(b.args[0])) == {k.x}:
                rate = b.args[0]
            else:
                return False
        if (power, rate) in kinds:
            return False
        kinds.add((power, rate))
    for coefficient in groups.values():
        try:
            if constants.sign(coefficient):
                return True
        except Split:
            continue
    return False


def terms_of(e: Expr) -> list[Expr]:
    """Return the expressions that a sum adds, without coefficients."""
    return [t for _, t in terms(e)]


def _places(k: Algebra, low: Expr | None, high: Expr | None) -> list[Expr]:
    """Return constants inside an interval."""
    if low is None and high is None:
        return [k.number(q) for q in TRIALS]
    if low is None or high is None:
        end, side = (high, -1) if low is None else (low, 1)
        return [k.add(end, k.number(side * q)) for q in (Fraction(1), Fraction(1, 2), Fraction(3))]  # type: ignore[arg-type]
    width = k.sub(high, low)
    return [k.add(low, k.scale(q, width)) for q in (Fraction(1, 2), Fraction(1, 3), Fraction(5, 7))]


def _is_zero_at(oracle: Oracle, v: Expr, point: Expr) -> bool | None:
    """Tell whether a constant is zero at a value of the parameter."""
    try:
        there = oracle.line.at(transfer(v, oracle.line, {oracle.atom: oracle.line.x}), point)
    except Undefined:
        return None
    return constants.is_zero(there)


def transfer(e: Expr, target: Algebra, replace: dict[Expr, Expr]) -> Expr:
    """Return an expression rebuilt in another algebra, with some atoms replaced."""
    from tamecheck.geometry.univariate.points import isolated

    image: dict[Expr, Expr] = {}
    for p in e.ancestors():
        if p in replace:
            image[p] = replace[p]
        elif p.kind == "number":
            image[p] = target.number(p.data)  # type: ignore[arg-type]
        elif p.kind == "x":
            image[p] = target.x
        elif p.kind == "pi":
            image[p] = target.pi
        elif p.kind == "root":
            z = p.data
            inner = [transfer(g, target, {}) for g in z.tape.outputs]  # type: ignore[union-attr]
            image[p] = isolated(target, inner[0], inner[1], z.low, z.high, z.minimal)  # type: ignore[union-attr]
        elif p.kind == "parameter":
            raise Unresolved("another parameter")
        else:
            image[p] = _again(target, p, [image[a] for a in p.args])
    return image[e]


def _again(k: Algebra, e: Expr, args: list[Expr]) -> Expr:
    if e.kind == "sum":
        return k.linear(zip(e.data[1], args, strict=True), e.data[0])  # type: ignore[index]
    if e.kind == "prod":
        return k.product(zip(args, e.data, strict=True))  # type: ignore[arg-type]
    if e.kind == "seal":
        return k._sealed(args[0]) if args[0].kind == "prod" and args[0].varies else args[0]  # noqa: SLF001
    return k.function(e.kind, args[0], e.data)  # type: ignore[arg-type]


def analytic_structurally(e: Expr, p: Expr) -> bool:
    """Tell whether every part of an expression is analytic at the exact value of its arguments at ``p``."""
    k = e.algebra
    for part in e.ancestors():
        if not part.varies or part.kind in ("x", "sum") or part.kind in ENTIRE:
            continue
        try:
            if part.kind == "prod":
                for b, q in zip(part.args, part.data, strict=True):  # type: ignore[arg-type]
                    if b.varies and (q.denominator != 1 and constants.sign(k.at(b, p)) != 1 or q < 0 and not constants.sign(k.at(b, p))):
                        return False
            elif part.kind not in POSITIVE or constants.sign(k.at(part.args[0], p)) != 1:
                return False
        except Undefined:
            return False
    return True


def order_by_taylor(left: Expr, right: Expr, p: Expr, most: int) -> int | None:
    """Return the order of a joint of two expressions that are analytic at p: one less than the first derivative that differs."""
    from tamecheck.geometry.univariate.derivatives import derivative

    k = left.algebra
    difference = k.sub(right, left)
    for n in range(1, most + 1):
        difference = derivative(difference)
        try:
            s = constants.sign(k.at(difference, p))
        except Undefined:
            return None
        if s is None:
            return None
        if s:
            return n - 1
    return None


def limit_by_terms(e: Expr, end: tuple) -> Expr | int | None:
    """Return the limit of ``sum c_i(a) m_i(x)`` from the limits of the m_i, which must not hold the parameter.

    All finite: the sum.  One infinite, with a coefficient of known sign: that infinity.  Otherwise ``None``.
    """
    from tamecheck.geometry.univariate.regions import limit_of

    k = e.algebra
    oracle = k.oracle
    groups: dict[Expr, list[Expr]] = {}
    for c, t in terms(e):
        parts = factors(t)
        varying = k.product([(b, q) for b, q in parts if b.varies])
        groups.setdefault(varying, []).append(k.scale(c, k.product([(b, q) for b, q in parts if not b.varies])))
    total, infinite = k.zero, []
    for varying, pieces in groups.items():
        front = k.add(*pieces)
        held = oracle is not None and oracle.concerns(varying)
        limit = _limit_of_exponential(varying, end) if held else limit_of(varying, end) if varying.varies else varying
        if limit is None:
            return None
        if isinstance(limit, int):
            s = constants.sign(front)
            if s is None:
                return None
            infinite += [s * limit] if s else []
        else:
            total = k.add(total, k.mul(front, limit))
    if infinite:
        return infinite[0] if len(infinite) == 1 else None
    return total


def _limit_of_exponential(e: Expr, end: tuple) -> Expr | int | None:
    """Return the limit of a product of exponentials and powers of the variable, where that is positive, by that of its logarithm."""
    k, exponent = e.algebra, []
    positive = end[0] is None and end[1] < 0 or end[0] is k.zero and end[1] > 0
    for b, q in factors(e):
        if b.kind == "exp":
            exponent.append(k.scale(q, b.args[0]))
        elif b is k.x and positive:
            exponent.append(k.scale(q, k.log(k.x)))
        else:
            return None
    total = k.add(*exponent) if len(exponent) > 1 else exponent[0]
    found = limit_by_terms(total, end) if total is not e else None
    if isinstance(found, int):
        return 1 if found > 0 else k.zero
    return None if found is None else k.exp(found)
