"""Truncated Taylor series with exact rational coefficients, for joining the pieces of a function.

A series is a tuple of `ORDER` + 1 rationals, coefficients of (x - q)^k.  Every operation is
exact; what has no rational coefficients (exp at 1, say) has no series here (``None``).
"""

from fractions import Fraction
from math import isqrt

ORDER = 6
Series = tuple[Fraction, ...]
ZERO, ONE = Fraction(0), Fraction(1)
MAXIMAL_BITS = 4096


def constant(c: Fraction) -> Series:
    """Return the series of a constant."""
    return (c, *[ZERO] * ORDER)


def identity(q: Fraction) -> Series:
    """Return the series of x itself at q."""
    return (q, ONE, *[ZERO] * (ORDER - 1))


def add(a: Series, b: Series) -> Series:
    """Return the sum."""
    return tuple([x + y for x, y in zip(a, b, strict=True)])


def scale(a: Series, c: Fraction) -> Series:
    """Return c times a series."""
    return tuple([c * x for x in a])


def multiply(a: Series, b: Series) -> Series:
    """Return the truncated product."""
    return tuple([sum((a[i] * b[k - i] for i in range(k + 1)), ZERO) for k in range(ORDER + 1)])


def divide(a: Series, b: Series) -> Series | None:
    """Return the quotient, when the divisor does not vanish at the point."""
    if b[0] == 0:
        return None
    result: list[Fraction] = []
    for k in range(ORDER + 1):
        result.append((a[k] - sum((result[i] * b[k - i] for i in range(k)), ZERO)) / b[0])
    return tuple(result)


def derivative(a: Series) -> Series:
    """Return the derivative, with a zero in the place that is not known."""
    return tuple([(k + 1) * a[k + 1] for k in range(ORDER)] + [ZERO])


def integral(c: Fraction, a: Series) -> Series:
    """Return the antiderivative with value c at the point."""
    return (c, *[a[k] / (k + 1) for k in range(ORDER)])


def integer_power(a: Series, n: int) -> Series | None:
    """Return a**n for an integer n."""
    if abs(n) > 64:
        return None
    base = a if n >= 0 else divide(constant(ONE), a)
    if base is None:
        return None
    result = constant(ONE)
    for _ in range(abs(n)):
        result = multiply(result, base)
    return result


def rational_root(c: Fraction, n: int) -> Fraction | None:
    """Return the positive rational n-th root of c > 0, when there is one."""
    parts = []
    for value in (c.numerator, c.denominator):
        root = isqrt(value) if n == 2 else _integer_root(value, n)
        if root**n != value:
            return None
        parts.append(root)
    return Fraction(*parts)


def _integer_root(value: int, n: int) -> int:
    low, high = 0, 1 << (value.bit_length() // n + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**n <= value else (low, middle - 1)
    return low


def power(a: Series, q: Fraction) -> Series | None:
    """Return a**q for a rational q at a point with a > 0 and a rational root, by a f' = q a' f."""
    if q.denominator == 1:
        return integer_power(a, int(q))
    if a[0] <= 0 or q.denominator > 16 or abs(q.numerator) > 64:
        return None
    root = rational_root(a[0], q.denominator)
    if root is None:
        return None
    result = [root**q.numerator]
    for k in range(1, ORDER + 1):
        total = sum(((q * i - (k - i)) * a[i] * result[k - i] for i in range(1, k + 1)), ZERO)
        result.append(total / (k * a[0]))
    return tuple(result)


def exp(a: Series) -> Series | None:
    """Return exp(a) where a vanishes, by f' = a' f."""
    if a[0] != 0:
        return None
    result = [ONE]
    for k in range(1, ORDER + 1):
        result.append(sum((i * a[i] * result[k - i] for i in range(1, k + 1)), ZERO) / k)
    return tuple(result)


def log(a: Series) -> Series | None:
    """Return log(a) where a is 1."""
    slope = divide(derivative(a), a)
    return integral(ZERO, slope) if a[0] == 1 and slope is not None else None


def sine_cosine(a: Series) -> tuple[Series, Series] | None:
    """Return sin(a) and cos(a) where a vanishes."""
    if a[0] != 0:
        return None
    sine, cosine = [ZERO], [ONE]
    for k in range(1, ORDER + 1):
        sine.append(sum((i * a[i] * cosine[k - i] for i in range(1, k + 1)), ZERO) / k)
        cosine.append(-sum((i * a[i] * sine[k - i] for i in range(1, k + 1)), ZERO) / k)
    return tuple(sine), tuple(cosine)


def apply(p: str, a: Series) -> Series | None:
    """Return the series of a smooth unary primitive, or ``None`` when it is not rational here."""
    if p == "neg":
        return scale(a, -ONE)
    if p in ("exp", "log"):
        return exp(a) if p == "exp" else log(a)
    if p == "sqrt":
        return power(a, Fraction(1, 2))
    if p in ("sin", "cos", "tan"):
        both = sine_cosine(a)
        if both is None:
            return None
        return both[0] if p == "sin" else both[1] if p == "cos" else divide(*both)
    if p == "atan" and a[0] == 0:
        slope = divide(derivative(a), add(constant(ONE), multiply(a, a)))
        return None if slope is None else integral(ZERO, slope)
    if p == "asin" and a[0] == 0:
        root = power(add(constant(ONE), scale(multiply(a, a), -ONE)), Fraction(1, 2))
        slope = None if root is None else divide(derivative(a), root)
        return None if slope is None else integral(ZERO, slope)
    return None


def agreement(a: Series, b: Series) -> int:
    """Return the largest order up to which two series agree, -1 when the values differ."""
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        if x != y:
            return k - 1
    return ORDER
