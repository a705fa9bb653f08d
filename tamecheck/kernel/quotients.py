"""Quotients of polynomials in one variable, exactly, and bounds for them by signs of coefficients.

A polynomial is a tuple of rationals in increasing order without trailing zeros; a quotient
is a pair (P, Q).  A bound ``low <= P/Q <= high`` on an interval is proved by carrying the
interval to (0, inf) and looking at signs: a polynomial with coefficients >= 0 is >= 0 there.
"""

from fractions import Fraction
from math import comb

from tamecheck.ground.intervals import Interval
from tamecheck.kernel import images
from tamecheck.kernel.derivation import Derivation

Polynomial = tuple[Fraction, ...]
Quotient = tuple[Polynomial, Polynomial]
HIGHEST = 48
MOST_BITS = 4000
ONE: Polynomial = (Fraction(1),)
SWITCHES = frozenset(["max", "min"])


POLYA = tuple([Fraction(comb(32, k)) for k in range(33)])


def trim(coefficients: list[Fraction]) -> Polynomial:
    """Return the polynomial without trailing zeros."""
    while coefficients and coefficients[-1] == 0:
        coefficients.pop()
    return tuple(coefficients)


def plus(a: Polynomial, b: Polynomial, factor: Fraction = Fraction(1)) -> Polynomial:
    """Return a + factor * b."""
    size = max(len(a), len(b))
    return trim([(a[k] if k < len(a) else Fraction(0)) + (factor * b[k] if k < len(b) else 0) for k in range(size)])


def times(a: Polynomial, b: Polynomial) -> Polynomial | None:
    """Return the product, or ``None`` when it is too large."""
    if len(a) + len(b) > HIGHEST + 2 or any(abs(x).numerator.bit_length() > MOST_BITS for x in (*a, *b)):
        return None
    result = [Fraction(0)] * max(len(a) + len(b) - 1, 0)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return trim(result)


def quotients(c: Derivation, pivot: int, nodes: list[int]) -> dict[int, Quotient | None]:
    """Return, for the nodes of a cone, the quotient of polynomials in the pivot that each is on this piece."""
    found: dict[int, Quotient | None] = {pivot: ((Fraction(0), Fraction(1)), ONE)}
    for n in nodes:
        if n != pivot:
            found[n] = _quotient(c, n, found)
    return found


def _quotient(c: Derivation, n: int, found: dict[int, Quotient | None]) -> Quotient | None:
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind == "constant":
        return trim([Fraction(parameters[1])]), ONE
    if kind == "where":
        chosen = chosen_branch(c, arguments)
        return None if chosen is None else found[chosen]
    if kind != "map" or not arguments:
        return None
    p, values = parameters[0], [found[a] for a in arguments]
    if p in SWITCHES:
        chosen = chosen_extreme(c, p, arguments)
        return None if chosen is None else found[chosen]
    if any(v is None for v in values):
        return None
    if p == "neg":
        return plus((), values[0][0], Fraction(-1)), values[0][1]
    if p == "abs":
        a = c.record(arguments[0])[3]
        if a[0] is not None and a[0] >= 0:
            return values[0]
        return (plus((), values[0][0], Fraction(-1)), values[0][1]) if a[1] is not None and a[1] <= 0 else None
    return _arithmetic(p, values)


def chosen_branch(c: Derivation, arguments: tuple[int, ...]) -> int | None:
    """Return the branch that a where takes, when its condition is total and decided by its range."""
    condition = c.record(arguments[0])
    if not condition[4]:
        return None
    return arguments[1] if images.excludes_zero(condition[3]) else arguments[2] if condition[3][:2] == (0, 0) else None


def chosen_extreme(c: Derivation, p: str, arguments: tuple[int, ...]) -> int | None:
    """Return the argument that max or min takes, when the ranges decide."""
    a, b = (c.record(m)[3] for m in arguments)
    left_above = a[0] is not None and b[1] is not None and b[1] <= a[0]
    right_above = b[0] is not None and a[1] is not None and a[1] <= b[0]
    if not (left_above or right_above):
        return None
    return arguments[0] if left_above == (p == "max") else arguments[1]


def _arithmetic(p: str, values: list[Quotient]) -> Quotient | None:
    if len(values) != 2:
        return None
    (a, b), (u, v) = values
    if p in ("add", "sub"):
        if b == v:
            return plus(a, u, Fraction(1 if p == "add" else -1)), b
        left, right, below = times(a, v), times(u, b), times(b, v)
        return None if None in (left, right, below) else (plus(left, right, Fraction(1 if p == "add" else -1)), below)
    if p == "mul" or (p == "div" and u):
        above, below = (times(a, u), times(b, v)) if p == "mul" else (times(a, v), times(b, u))
        return None if None in (above, below) else (above, below)
    if p == "pow" and len(u) <= 1 and v == ONE:
        q = u[0] if u else Fraction(0)
        return _power((a, b), int(q)) if q.denominator == 1 and -8 <= q <= 8 and (q >= 0 or a) else None
    return None


def _power(f: Quotient, n: int) -> Quotient | None:
    a, b = f if n >= 0 else (f[1], f[0])
    above: Polynomial | None = ONE
    below: Polynomial | None = ONE
    for _ in range(abs(n)):
        above, below = (None, None) if above is None or below is None else (times(above, a), times(below, b))
    return None if above is None or below is None else (above, below)


def carried(p: Polynomial, piece: Interval, degree: int) -> Polynomial:
    """Return the coefficients in s of p(x), times (1+s)^degree for a bounded piece."""
    low, high = piece[0], piece[1]
    if low is not None and high is not None:
        return _homogeneous(p, (low, high), (Fraction(1), Fraction(1)), degree)
    start, slope = (low, Fraction(1)) if low is not None else (high, Fraction(-1))
    return _homogeneous(p, (start, slope), (Fraction(1),), degree)


def _homogeneous(p: Polynomial, x: Polynomial, w: Polynomial, degree: int) -> Polynomial:
    """Return sum p_k x^k w^(degree-k) as a polynomial in s."""
    result: Polynomial = ()
    powers = [ONE]
    for _ in range(degree):
        powers.append(_product(powers[-1], w))
    x_power = ONE
    for k, coefficient in enumerate(p):
        result = plus(result, _product(x_power, powers[degree - k]), coefficient)
        x_power = _product(x_power, x)
    return result


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    result = [Fraction(0)] * max(len(a) + len(b) - 1, 0)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return trim(result)


def bounded_by(f: Quotient, piece: Interval, low: Fraction | None, high: Fraction | None) -> bool:
    """Tell whether ``low <= P/Q <= high`` on the piece is proved by signs of coefficients."""
    if piece[0] is None and piece[1] is None:
        return False
    degree = max(len(f[0]), len(f[1]), 1) - 1
    above, below = (carried(p, piece, degree) for p in f)
    if all(x <= 0 for x in below):
        above, below = plus((), above, Fraction(-1)), plus((), below, Fraction(-1))
    if not below or any(x < 0 for x in below):
        return False
    for end, closed in ((piece[0], piece[2]), (piece[1], piece[3])):
        if closed and sum((x * end**k for k, x in enumerate(f[1])), Fraction(0)) == 0:
            return False
    if high is not None and not _nonnegative(plus(plus((), below, high), above, Fraction(-1))):
        return False
    return low is None or _nonnegative(plus(above, below, -low))


def _nonnegative(p: Polynomial) -> bool:
    """Tell whether p >= 0 on (0, inf) shows in its coefficients, or in those of (1+s)^32 p (Polya's theorem)."""
    if not p or all(x >= 0 for x in p):
        return True
    return p[-1] >= 0 and p[0] >= 0 and all(x >= 0 for x in _product(p, POLYA))
