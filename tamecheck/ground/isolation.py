"""Real roots of integer polynomials in one variable: isolation by Descartes' rule, refinement by interval Newton.

The number V of sign variations of (1 + x)^n q(1/(1 + x)) bounds the number of roots of q in (0, 1), with the same
parity; V = 0 and V = 1 are exact (Vincent; Collins and Akritas 1976).  Every polynomial here is irreducible over Q, so no
dyadic number is a root of one of degree at least 2, and every root is simple.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from flint import arb, ctx, fmpq, fmpz, fmpz_poly

from tamecheck.errors import BudgetExceeded

SHIFT = fmpz_poly([1, 1])
MAXIMAL_DEPTH = 20_000
Dyadic = tuple[int, int]
"""The number ``m * 2**e`` as ``(m, e)``."""


def variations(coefficients: Sequence[int]) -> int:
    """Return the number of sign changes in a sequence, zeros left out."""
    count, last = 0, 0
    for c in coefficients:
        if c:
            side = 1 if c > 0 else -1
            if side == -last:
                count += 1
            last = side
    return count


def isolate(p: fmpz_poly) -> list[tuple[Dyadic, Dyadic]]:
    """Return disjoint open dyadic intervals, in increasing order, each with exactly one real root; together they hold all.

    ``p`` is irreducible over Q of degree at least 2.
    """
    coefficients = [int(c) for c in p.coeffs()]
    right = _positive(coefficients)
    even = not any(coefficients[1::2])
    left = right if even else _positive([-c if k & 1 else c for k, c in enumerate(coefficients)])
    return [((-u[0], u[1]), (-l[0], l[1])) for l, u in reversed(left)] + right  # noqa: E741


def count(c: Sequence[int]) -> int | None:
    """Return the number of real roots of an irreducible polynomial of degree 2, 3 or 4, ``None`` for others.

    By the sign of the discriminant, which is not zero; for degree 4 with a positive one all roots are real if 8ac < 3b^2 and
    64a^3e - 16a^2c^2 + 16ab^2c - 16a^2bd - 3b^4 < 0, and none otherwise.

    .. [R22] E. L. Rees, "Graphical discussion of the roots of a quartic equation", Amer. Math. Monthly 29 (1922).
    """
    if len(c) == 3:
        return 2 if c[1] * c[1] > 4 * c[0] * c[2] else 0
    if len(c) == 4:
        d, c1, b, a = c
        return 3 if b * b * c1 * c1 - 4 * a * c1**3 - 4 * b**3 * d - 27 * a * a * d * d + 18 * a * b * c1 * d > 0 else 1
    if len(c) == 5:
        e, d, c2, b, a = c
        # the discriminant from the invariants: 27 disc = 4 I^3 - J^2
        i = 12 * a * e - 3 * b * d + c2 * c2
        j = 72 * a * c2 * e + 9 * b * c2 * d - 27 * a * d * d - 27 * e * b * b - 2 * c2**3
        if 4 * i**3 < j * j:
            return 2
        p = 8 * a * c2 - 3 * b * b
        q = 64 * a**3 * e - 16 * a * a * c2 * c2 + 16 * a * b * b * c2 - 16 * a * a * b * d - 3 * b**4
        return 4 if p < 0 and q < 0 else 0
    return None


def _positive(coefficients: list[int]) -> list[tuple[Dyadic, Dyadic]]:
    v = variations(coefficients)
    if v == 0:
        return []
    bound = positive_bound(coefficients)
    if v == 1:
        return [((0, 0), (1, bound))]
    found: list[tuple[Dyadic, Dyadic]] = []
    n = len(coefficients) - 1
    # scale the roots into (0, 1); a negative bound scales up
    scaled = [c << (bound * k) for k, c in enumerate(coefficients)] if bound >= 0 else [
        c << (-bound * (n - k)) for k, c in enumerate(coefficients)
    ]  # fmt: skip
    pending = [(fmpz_poly(scaled), 0, 0)]
    while pending:
        q, c, k = pending.pop()
        if k > MAXIMAL_DEPTH:
            raise BudgetExceeded("roots too close to be told apart", code="TC306", where="root isolation")
        numbers = q.coeffs()
        v = variations(fmpz_poly(numbers[::-1])(SHIFT).coeffs())
        if v == 1:
            found.append(((c, bound - k), (c + 1, bound - k)))
        elif v > 1:
            half = fmpz_poly([a << (n - i) for i, a in enumerate(numbers)])
            pending.append((half(SHIFT), 2 * c + 1, k + 1))
            pending.append((half, 2 * c, k + 1))
    return found


def positive_bound(coefficients: Sequence[int]) -> int:
    """Return k with every positive root below 2**k (Kioustelidis: twice the largest of |c_i/c_n|^(1/(n-i)) over signs opposite to c_n)."""
    n = len(coefficients) - 1
    top = coefficients[n]
    size = abs(top).bit_length() - 1
    best = -(10**9)
    for i in range(n):
        c = coefficients[i]
        if c and (c > 0) != (top > 0):
            # |c / top| < 2**(bits - size)
            best = max(best, -((size - abs(c).bit_length()) // (n - i)))
    return best + 1


def as_arb(d: Dyadic) -> arb:
    """Return a dyadic number as a ball (exact when the mantissa fits the working precision)."""
    m, e = d
    return arb(m) * arb(2) ** e


def as_fmpq(d: Dyadic) -> fmpq:
    """Return a dyadic number as a rational."""
    m, e = d
    return fmpq(m << e) if e >= 0 else fmpq(m, 1 << -e)


def sign_at(p: fmpz_poly, d: Dyadic) -> int:
    """Return the sign of ``p`` at a dyadic number, exactly."""
    m, e = d
    if e >= 0:
        value = p(fmpz(m << e))
        return (value > 0) - (value < 0)
    value = p(fmpq(m, 1 << -e))
    return (value > 0) - (value < 0)


def halve(p: fmpz_poly, low: Dyadic, high: Dyadic, sign_high: int) -> tuple[Dyadic, Dyadic]:
    """Return the half of an isolating interval that holds the root."""
    e = min(low[1], high[1])
    a, b = low[0] << (low[1] - e), high[0] << (high[1] - e)
    middle = (a + b, e - 1)
    return (low, middle) if sign_at(p, middle) == sign_high else (middle, high)


def refine(p: fmpz_poly, derivative: fmpz_poly, low: Dyadic, high: Dyadic, bits: int) -> tuple[arb, Dyadic, Dyadic]:
    """Return a ball around the root in ``(low, high)``, good to about ``bits`` bits of relative precision.

    Bisection until the derivative is free of zeros on the interval, then interval Newton:
    m - p(m)/p'(X) holds every root in X.  The interval (maybe shortened) comes back too.
    """
    before = ctx.prec
    ctx.prec = bits + 8
    try:
        sign_high = 0
        for attempt in range(1, MAXIMAL_DEPTH):
            if attempt % 32 == 0 and ctx.prec < 1 << 20:
                # neighbouring roots or cancellation: what is rounded now may be what matters
                ctx.prec *= 2
            x = as_arb(low).union(as_arb(high))
            slope = derivative(x)
            if 0 not in slope:
                ball = _newton(p, derivative, x, slope)
                if ball is not None:
                    return ball, low, high
            if not sign_high:
                sign_high = sign_at(p, high)
            low, high = halve(p, low, high, sign_high)
        raise BudgetExceeded("a root could not be refined", code="TC306", where="root isolation")
    finally:
        ctx.prec = before


def _newton(p: fmpz_poly, derivative: fmpz_poly, x: arb, slope: arb) -> arb | None:
    """Iterate interval Newton until it no longer helps; ``None`` if the first steps do not contract."""
    width = x.rad()
    for step in range(200):
        middle = x.mid()
        image = middle - p(middle) / slope
        if not image.overlaps(x):
            return None
        x = x.intersection(image)
        narrower = x.rad()
        if not narrower * 2 < width:
            return x if step else None
        width = narrower
        slope = derivative(x)
        if 0 in slope:
            return x
    return x


def quadratic(c: int, b: int, a: int, bits: int) -> list[arb]:
    """Return balls around the two roots of ax^2 + bx + c in increasing order, or nothing; the discriminant is not zero."""
    d = b * b - 4 * a * c
    if d <= 0:
        return []
    before = ctx.prec
    ctx.prec = bits + 8
    try:
        if a < 0:
            a, b, c = -a, -b, -c
        # avoid cancellation: the root of larger size first, the other from the product c/a
        root = arb(fmpz(d)).sqrt()
        if b > 0:
            q = -(root + b)
            return [q / (2 * a), (2 * c) / q]
        q = root - b
        return [(2 * c) / q, q / (2 * a)] if b else [-root / (2 * a), root / (2 * a)]
    finally:
        ctx.prec = before


def perfect_root(n: int) -> int | None:
    """Return the square root of ``n`` if that is a whole number."""
    if n < 0:
        return None
    root = isqrt(n)
    return root if root * root == n else None


def ends(ball: arb) -> tuple[Dyadic, Dyadic]:
    """Return the exact ends of a finite ball.

    FLINT's ``lower`` and ``upper`` round to the working precision, which may be less than that of the ball.
    """
    m, e = [int(v) for v in ball.mid().man_exp()]
    r, f = [int(v) for v in ball.rad().man_exp()]
    if r == 0:
        return (m, e), (m, e)
    if m == 0:
        return (-r, f), (r, f)
    common = min(e, f)
    m, r = m << (e - common), r << (f - common)
    return (m - r, common), (m + r, common)


def simplest_between(low: Dyadic | None, high: Dyadic | None) -> Fraction:
    """Return a short rational strictly between two dyadic numbers (``None`` is infinite).

    The dyadic rational with the smallest denominator, and among those the smallest in size.  The
    choice commutes with negation.
    """
    if low is None and high is None:
        return Fraction(0)
    if low is None:
        ceiling = -floor(-high[0], high[1])
        return Fraction(min(0, ceiling - 1))
    if high is None:
        return Fraction(max(0, floor(*low) + 1))
    if low[0] < 0 < high[0]:
        return Fraction(0)
    if high[0] <= 0:
        return -simplest_between((-high[0], high[1]), (-low[0], low[1]))
    if not _below(low, high):
        raise BudgetExceeded("two ends that are not in order: this is an error of the program", code="TC399", where="root isolation")
    k = 0
    while True:
        # the smallest m with m / 2**k > low; is it < high?
        m = floor(low[0], low[1] + k) + 1
        shift = high[1] + k
        below = m < high[0] << shift if shift >= 0 else m << -shift < high[0]
        if below:
            return Fraction(m, 1 << k)
        k += 1 if k < 8 else k // 2


def _below(a: Dyadic, b: Dyadic) -> bool:
    e = min(a[1], b[1])
    return a[0] << (a[1] - e) < b[0] << (b[1] - e)


def floor(m: int, e: int) -> int:
    """Return the floor of ``m * 2**e``."""
    return m << e if e >= 0 else m >> -e
