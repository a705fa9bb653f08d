"""The certificate checker: one file that one person can read, and that trusts nothing else.

It imports the standard library, and python-flint when a step needs the value of a
transcendental function.  It recomputes every conclusion of a certificate from the
premises, by the rules of ``docs/reference/certificate-format.md``, and compares.  It is
started as a plain file:

    python -I checker.py CERTIFICATE.json [--claim CLAIM.json] [--json] [--timeout SECONDS] [--memory MIB]

Exit status: 0 every step is good, 1 something is wrong (with the step and the reason),
2 *holey*: good, but resting on assumptions that are named, 3 unreadable, 4 out of budget.

The claim is best passed separately: then the certificate does not choose what it proves.

Reading order: numbers and intervals; structures; axioms of the scalar primitives; records
and how one follows from another; the rules, node by node; refinements; functions by cases;
curves and the negative rules; the document.
"""

import gc
import hashlib
import json
import math
import re
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

FORMAT = "tamecheck certificate 1"
MAXIMAL_BYTES = 4 * 2**30
MAXIMAL_COUNT = 10**7
MAXIMAL_RANK = 32
MAXIMAL_EXTENT = 2**62
MAXIMAL_DIGITS = 4000
MAXIMAL_POWER = 10**6
MAXIMAL_CONE = 4096
MAXIMAL_BITS = 400_000  # of an end while powers are computed: beyond it the range is unbounded
WRITABLE_BITS = 13_000  # of a coefficient: within the 4 300 digits that Python writes
PRECISION = 192
HUGE = 5000  # bits: no enclosure is turned into a rational beyond 2^HUGE


class Reject(Exception):
    """A certificate is refused: a stable code, the reason, and where."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def refuse(code: str, reason: str) -> None:
    """Refuse the certificate."""
    raise Reject(code, reason)


def need(condition: bool, code: str, reason: str) -> None:
    """Refuse the certificate unless a condition holds."""
    if not condition:
        raise Reject(code, reason)


# ------------------------------------------------------------------ numbers and intervals
#
# An interval is (low, high, low_closed, high_closed); None is infinite.

LINE = (None, None, False, False)
ZERO, ONE = Fraction(0), Fraction(1)
NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:/([1-9][0-9]*))?", re.ASCII)


def number(text: object) -> Fraction:
    """Read ``p`` or ``p/q`` in lowest terms."""
    return _number(text if type(text) is str else "")


@lru_cache(maxsize=200_000)
def _number(text: str) -> Fraction:
    found = NUMBER.fullmatch(text) if len(text) <= 2 * MAXIMAL_DIGITS + 2 else None
    if found is None or max(len(found[2]), len(found[3] or "")) > MAXIMAL_DIGITS:
        refuse("TC410", f"not a rational number written as text: {text[:40]!r}")
    value = Fraction(int(found[2]), int(found[3] or 1))
    if found[1]:
        value = -value
    if str(value) != text:
        refuse("TC411", f"a number that is not in lowest terms: {text[:40]!r}")
    return value


def interval(text: object) -> tuple:
    """Read ``[0,1)``, ``(-inf,inf)`` and the like; never empty, infinite ends open."""
    return _interval(text if type(text) is str else "")


@lru_cache(maxsize=200_000)
def _interval(text: str) -> tuple:
    if len(text) < 5 or text[0] not in "[(" or text[-1] not in "])" or text.count(",") != 1:
        refuse("TC412", f"not an interval: {text[:40]!r}")
    left, right = text[1:-1].split(",")
    low = None if left == "-inf" else number(left)
    high = None if right == "inf" else number(right)
    closed = (text[0] == "[", text[-1] == "]")
    if (low is None and closed[0]) or (high is None and closed[1]):
        refuse("TC413", f"an infinite end is closed: {text[:40]!r}")
    if low is not None and high is not None and (low > high or (low == high and closed != (True, True))):
        refuse("TC414", f"the interval {text[:40]!r} is empty")
    return (low, high, *closed)


def bits(x: Fraction | None) -> int:
    """How long a number is; an infinite end and 0 count nothing."""
    return max(x.numerator.bit_length(), x.denominator.bit_length()) if x else 0


def hull(a: tuple, b: tuple) -> tuple:
    """The smallest interval that holds both."""
    low, low_closed, high, high_closed = None, False, None, False
    if a[0] is not None and b[0] is not None:
        low = min(a[0], b[0])
        low_closed = (a[0] == low and a[2]) or (b[0] == low and b[2])
    if a[1] is not None and b[1] is not None:
        high = max(a[1], b[1])
        high_closed = (a[1] == high and a[3]) or (b[1] == high and b[3])
    return (low, high, low_closed, high_closed)


def inside(a: tuple, b: tuple) -> bool:
    """Whether a is a subset of b."""
    if b[0] is not None and (a[0] is None or a[0] < b[0] or (a[0] == b[0] and a[2] and not b[2])):
        return False
    return not (b[1] is not None and (a[1] is None or a[1] > b[1] or (a[1] == b[1] and a[3] and not b[3])))


def meet(a: tuple, b: tuple) -> tuple | None:
    """The intersection, or None when it is empty."""
    low, low_closed = a[0], a[2]
    if b[0] is not None and (low is None or b[0] > low or (b[0] == low and not b[2])):
        low, low_closed = b[0], b[2]
    high, high_closed = a[1], a[3]
    if b[1] is not None and (high is None or b[1] < high or (b[1] == high and not b[3])):
        high, high_closed = b[1], b[3]
    if low is not None and high is not None and (low > high or (low == high and not (low_closed and high_closed))):
        return None
    return (low, high, low_closed, high_closed)


def point(q: Fraction) -> tuple:
    """The interval [q,q]."""
    return (q, q, True, True)


def is_point(a: tuple) -> bool:
    """Whether an interval is one number."""
    return a[0] is not None and a[0] == a[1]


def bounded(a: tuple) -> bool:
    """Whether both ends are finite."""
    return a[0] is not None and a[1] is not None


def above_zero(a: tuple) -> bool:
    """Whether a lies in (0,inf)."""
    return a[0] is not None and (a[0] > 0 or (a[0] == 0 and not a[2]))


def below_zero(a: tuple) -> bool:
    """Whether a lies in (-inf,0)."""
    return a[1] is not None and (a[1] < 0 or (a[1] == 0 and not a[3]))


def without_zero(a: tuple) -> bool:
    """Whether 0 is not in a."""
    return above_zero(a) or below_zero(a)


def size(a: tuple) -> Fraction | None:
    """sup |x| over a, None when infinite."""
    return max(abs(a[0]), abs(a[1])) if bounded(a) else None


def distance(a: tuple) -> Fraction | None:
    """A positive lower bound of |x| over a, or None."""
    if a[0] is not None and a[0] > 0:
        return a[0]
    return -a[1] if a[1] is not None and a[1] < 0 else None


def minus(a: tuple) -> tuple:
    """{-x}."""
    return (None if a[1] is None else -a[1], None if a[0] is None else -a[0], a[3], a[2])


def plus(a: tuple, b: tuple) -> tuple:
    """{x + y}."""
    low = None if a[0] is None or b[0] is None else a[0] + b[0]
    high = None if a[1] is None or b[1] is None else a[1] + b[1]
    return (low, high, low is not None and a[2] and b[2], high is not None and a[3] and b[3])


def _end_product(x: Fraction | None, x_sign: int, x_closed: bool, y: Fraction | None, y_sign: int, y_closed: bool) -> tuple:
    """The product of two ends as (infinity sign, value, closed)."""
    if x == 0 or y == 0:
        return 0, ZERO, (x == 0 and x_closed) or (y == 0 and y_closed)
    if x is None or y is None:
        return x_sign * y_sign, None, False
    return 0, x * y, x_closed and y_closed


@lru_cache(maxsize=200_000)
def times(a: tuple, b: tuple) -> tuple:
    """{x y}."""
    ends = []
    for k in (0, 1):
        for m in (0, 1):
            x, y = a[k], b[m]
            x_sign = (-1, 1)[k] if x is None else (x > 0) - (x < 0)
            y_sign = (-1, 1)[m] if y is None else (y > 0) - (y < 0)
            ends.append(_end_product(x, x_sign, a[2 + k], y, y_sign, b[2 + m]))
    low = high = None
    if all(e[0] != -1 for e in ends):
        low = min(e[1] for e in ends if e[0] == 0)
    if all(e[0] != 1 for e in ends):
        high = max(e[1] for e in ends if e[0] == 0)
    low_closed = low is not None and any(e[0] == 0 and e[1] == low and e[2] for e in ends)
    high_closed = high is not None and any(e[0] == 0 and e[1] == high and e[2] for e in ends)
    return (low, high, low_closed, high_closed)


@lru_cache(maxsize=200_000)
def inverse(b: tuple) -> tuple | None:
    """{1/y} over the nonzero part of b; None when b is [0,0]."""
    if b[0] == 0 and b[1] == 0:
        return None
    if b[0] is not None and b[0] >= 0:
        low = ZERO if b[1] is None else 1 / b[1]
        high = None if b[0] == 0 else 1 / b[0]
        return (low, high, b[3], high is not None and b[2])
    if b[1] is not None and b[1] <= 0:
        return minus(inverse(minus(b)))
    return LINE


@lru_cache(maxsize=200_000)
def whole_power(a: tuple, n: int) -> tuple:
    """{x^n} for an integer n >= 0."""
    if n == 0:
        return point(ONE)
    if n > MAXIMAL_POWER or any(bits(e) * n > MAXIMAL_BITS for e in a[:2]):
        return (ZERO, None, True, False) if n % 2 == 0 else LINE
    low = None if a[0] is None else a[0] ** n
    high = None if a[1] is None else a[1] ** n
    if n % 2 == 1 or (a[0] is not None and a[0] >= 0):
        return (low, high, a[2], a[3])
    if a[1] is not None and a[1] <= 0:
        return (high, low, a[3], a[2])
    if low is None or high is None:
        return (ZERO, None, True, False)
    top = max(low, high)
    return (ZERO, top, True, (low == top and a[2]) or (high == top and a[3]))


def larger(a: tuple, b: tuple) -> tuple:
    """{max(x, y)}."""
    if a[0] is None or b[0] is None:
        low, low_closed = (b[0], b[2]) if a[0] is None else (a[0], a[2])
    elif a[0] == b[0]:
        low, low_closed = a[0], a[2] and b[2]
    else:
        low, low_closed = (a[0], a[2]) if a[0] > b[0] else (b[0], b[2])
    if a[1] is None or b[1] is None:
        return (low, None, low_closed, False)
    high = max(a[1], b[1])
    return (low, high, low_closed, (a[1] == high and a[3]) or (b[1] == high and b[3]))


def smaller(a: tuple, b: tuple) -> tuple:
    """{min(x, y)}."""
    return minus(larger(minus(a), minus(b)))


def not_above(a: tuple, b: tuple) -> bool:
    """Whether every x of a is <= every y of b."""
    return a[1] is not None and b[0] is not None and a[1] <= b[0]


def under(a: tuple, b: tuple) -> bool:
    """Whether every x of a is < every y of b."""
    return not_above(a, b) and (a[1] < b[0] or not (a[3] and b[2]))


# ------------------------------------------------------------------ values of functions, by balls


@lru_cache(maxsize=100_000)
def enclosure(function: str, x: Fraction, q: Fraction | None = None) -> tuple:
    """(low, high) with low <= function(x) <= high, equal when exact; None where there is no finite bound.

    ``power`` is x^q for x > 0; ``bessel?n`` are Bessel functions; the rest are methods of `arb`.
    """
    if max(bits(x), bits(q)) > HUGE:
        return (None, None)
    return _ball_ends(_flint_value(function, x, x, q))


@lru_cache(maxsize=100_000)
def enclosure_over(function: str, low: Fraction, high: Fraction) -> tuple:
    """(low, high) that bound the function over the whole interval."""
    if max(bits(low), bits(high)) > HUGE:
        return (None, None)
    return _ball_ends(_flint_value(function, low, high, None))


def _flint_value(function: str, low: Fraction, high: Fraction, q: Fraction | None):
    import flint

    flint.ctx.prec = PRECISION
    x = flint.arb(flint.fmpq(low.numerator, low.denominator))
    if low != high:
        x = x.union(flint.arb(flint.fmpq(high.numerator, high.denominator)))
    if function == "pi":
        return flint.arb.pi()
    if function == "power":
        return x ** flint.arb(flint.fmpq(q.numerator, q.denominator))
    return apply_ball(function, x)


def apply_ball(function: str, x):
    """The ball of a primitive at a ball."""
    import flint

    if function.startswith("bessel"):
        method = {"j": "bessel_j", "y": "bessel_y", "i": "bessel_i", "k": "bessel_k"}[function[6]]
        return getattr(x, method)(flint.arb(int(function[7])))
    return getattr(x, function)()


def _ball_ends(ball) -> tuple:
    if not ball.is_finite():
        return (None, None)
    return _rational_end(ball.lower(), -1), _rational_end(ball.upper(), 1)


def _rational_end(end, side: int) -> Fraction | None:
    """The exact rational value of an end, widened when its exponent is huge."""
    mantissa, exponent = (int(part) for part in end.man_exp())
    if mantissa == 0:
        return ZERO
    magnitude = abs(mantissa).bit_length() + exponent
    if magnitude > HUGE:
        if (mantissa > 0) == (side > 0):
            return None
        return Fraction(2**HUGE if mantissa > 0 else -(2**HUGE))
    if magnitude < -HUGE:
        return ZERO if (mantissa > 0) == (side < 0) else Fraction(side, 2**HUGE)
    return Fraction(mantissa) * (Fraction(2) ** exponent)


# ------------------------------------------------------------------ structures

EXPANDS = {
    "R_lin": (), "R_alg": ("R_lin",), "R_pow": ("R_alg",), "R_exp": ("R_pow",), "R_an": ("R_alg",), "R_an_pow": ("R_an", "R_pow"),
    "R_an_exp": ("R_an_pow", "R_exp"), "R_anstar_exp": ("R_an_exp",), "R_G": ("R_an",), "R_G_exp": ("R_G", "R_an_exp"),
    "R_Gstar_exp": ("R_G_exp", "R_anstar_exp"), "R_Pfaff": ("R_exp",), "R_Pfaff_an": ("R_Pfaff", "R_an_exp"),
    "R_Pfaff_G": ("R_Pfaff_an", "R_G_exp"),
}
NAMES = tuple(EXPANDS)


def _reducts(name: str) -> frozenset:
    found = {name}
    for other in EXPANDS[name]:
        found |= _reducts(other)
    return frozenset(found)


REDUCTS = {name: _reducts(name) for name in NAMES}
BIT = {name: 1 << k for k, name in enumerate(NAMES)}
UP = {name: sum(BIT[other] for other in NAMES if name in REDUCTS[other]) for name in NAMES}
DOWN = {name: sum(BIT[other] for other in REDUCTS[name]) for name in NAMES}
ALL, NONE, ANY = UP["R_lin"], 0, 1 << len(NAMES)
R_ALG, R_POW, R_EXP, R_AN, R_PFAFF = (UP[name] for name in ("R_alg", "R_pow", "R_exp", "R_an", "R_Pfaff"))


def up_set(text: object) -> int:
    """Read an up-set by its minimal structures, ``R_exp|R_an``."""
    return _up_set(text if type(text) is str else "?")


@lru_cache(maxsize=4096)
def _up_set(text: str) -> int:
    if text == "":
        return NONE
    names = text.split("|")
    if any(name not in BIT for name in names):
        refuse("TC415", f"not a set of structures: {text[:40]!r}")
    mask = 0
    for name in names:
        mask |= UP[name]
    return mask


def excluded_set(text: object) -> int:
    """Read the structures of a negative conclusion: ``any``, or names separated by spaces, closed downwards."""
    return _excluded_set(text if type(text) is str else "?")


@lru_cache(maxsize=4096)
def _excluded_set(text: str) -> int:
    if text == "any":
        return ANY | ALL
    names = text.split(" ")
    if any(name not in BIT for name in names):
        refuse("TC416", f"not a list of structures: {text[:40]!r}")
    mask = sum({BIT[name] for name in names})
    if any(DOWN[name] & ~mask for name in names):
        refuse("TC417", f"the excluded structures {text!r} are not closed downwards")
    return mask


# ------------------------------------------------------------------ axioms of the scalar primitives
#
# name: (homes on the domain, open set U of analyticity as (low, high) or None, homes on compact parts of U, reference)

EVERYWHERE = (None, None)
POSITIVE = (ZERO, None)
W_START = ("-1/e", None)
TARSKI = "Tarski 1951"
WILKIE = "Wilkie 1996; on compact intervals Gabrielov 1968, van den Dries 1986"
SPEISSEGGER = "Speissegger 1999; on compact intervals van den Dries 1986"
DMM = "van den Dries, Speissegger 2000"

AXIOMS = {
    "neg": (ALL, None, NONE, "linear"), "abs": (ALL, None, NONE, "semilinear"), "sign": (ALL, None, NONE, "semilinear"),
    "floor": (NONE, EVERYWHERE, ALL, "finitely many steps"), "ceil": (NONE, EVERYWHERE, ALL, "finitely many steps"),
    "round": (NONE, EVERYWHERE, ALL, "finitely many steps"),
    "exp": (R_EXP, EVERYWHERE, R_AN | R_EXP, WILKIE), "log": (R_EXP, POSITIVE, R_AN | R_EXP, WILKIE), "sqrt": (R_ALG, None, NONE, TARSKI),
    "sin": (NONE, EVERYWHERE, R_AN | R_PFAFF, SPEISSEGGER), "cos": (NONE, EVERYWHERE, R_AN | R_PFAFF, SPEISSEGGER),
    "tan": (NONE, EVERYWHERE, R_AN | R_PFAFF, SPEISSEGGER), "asin": (R_AN | R_PFAFF, None, NONE, SPEISSEGGER),
    "acos": (R_AN | R_PFAFF, None, NONE, SPEISSEGGER), "atan": (R_AN | R_PFAFF, None, NONE, SPEISSEGGER),
    "erf": (R_PFAFF, EVERYWHERE, R_AN | R_PFAFF, SPEISSEGGER), "erfinv": (R_PFAFF, (-ONE, ONE), R_AN | R_PFAFF, SPEISSEGGER),
    "gamma": (UP["R_G_exp"], POSITIVE, R_AN, DMM), "lgamma": (UP["R_G_exp"], POSITIVE, R_AN, DMM),
    "digamma": (UP["R_G_exp"], POSITIVE, R_AN, DMM),
    "zeta": (UP["R_anstar_exp"], (ONE, None), R_AN, "van den Dries, Speissegger 1998"), "lambertw": (R_EXP, W_START, R_AN | R_EXP, WILKIE),
    "besselj0": (NONE, EVERYWHERE, R_AN, "van den Dries 1986"), "besselj1": (NONE, EVERYWHERE, R_AN, "van den Dries 1986"),
    "bessely0": (NONE, POSITIVE, R_AN, "van den Dries 1986"), "bessely1": (NONE, POSITIVE, R_AN, "van den Dries 1986"),
    "besseli0": (R_PFAFF, EVERYWHERE, R_AN | R_PFAFF, SPEISSEGGER), "besseli1": (R_PFAFF, EVERYWHERE, R_AN | R_PFAFF, SPEISSEGGER),
    "besselk0": (R_PFAFF, POSITIVE, R_AN | R_PFAFF, SPEISSEGGER), "besselk1": (R_PFAFF, POSITIVE, R_AN | R_PFAFF, SPEISSEGGER),
}
KEEPS_BOUNDED = {"neg", "abs", "sign", "floor", "ceil", "round", "exp", "sqrt", "sin", "cos", "asin", "acos", "atan", "erf", "lambertw",
                 "besselj0", "besselj1", "besseli0", "besseli1"}
DOMAIN = {
    "log": (ZERO, None, False, False), "sqrt": (ZERO, None, True, False), "asin": (-ONE, ONE, True, True), "acos": (-ONE, ONE, True, True),
    "erfinv": (-ONE, ONE, False, False), "bessely0": (ZERO, None, False, False), "bessely1": (ZERO, None, False, False),
    "besselk0": (ZERO, None, False, False), "besselk1": (ZERO, None, False, False),
}
NO_FACT_OUTSIDE = {
    "gamma": (ZERO, None, False, False), "lgamma": (ZERO, None, False, False), "digamma": (ZERO, None, False, False),
    "zeta": (ONE, None, False, False),
}
EXPONENTIAL = DOWN["R_an_pow"] | DOWN["R_G"]
NEGATIVE_AXIOMS = {  # name: (excluded on any interval, excluded when the argument is unbounded, only upwards, reference)
    "exp": (DOWN["R_alg"], EXPONENTIAL, False, "Miller 1994"), "log": (DOWN["R_alg"], EXPONENTIAL, True, "Miller 1994"),
    "sin": (DOWN["R_exp"], 0, False, "Bianconi 1997"), "cos": (DOWN["R_exp"], 0, False, "Bianconi 1997"),
    "tan": (DOWN["R_exp"], 0, False, "Bianconi 1997"), "asin": (DOWN["R_exp"], 0, False, "Bianconi 1997"),
    "acos": (DOWN["R_exp"], 0, False, "Bianconi 1997"), "atan": (DOWN["R_exp"], 0, False, "Bianconi 1997"),
    "erf": (0, DOWN["R_an_exp"], False, "van den Dries, Macintyre, Marker 1997"), "lambertw": (0, EXPONENTIAL, True, "Miller 1994"),
    "gamma": (DOWN["R_Pfaff"], DOWN["R_anstar_exp"], True, "Hoelder 1887; Rolin, Servi, Speissegger 2024"),
    "lgamma": (DOWN["R_Pfaff"], DOWN["R_anstar_exp"], True, "Hoelder 1887; Rolin, Servi, Speissegger 2024"),
    "digamma": (DOWN["R_Pfaff"], DOWN["R_anstar_exp"], True, "Hoelder 1887; Rolin, Servi, Speissegger 2024"),
    "zeta": (0, DOWN["R_an_exp"], True, "van den Dries, Macintyre, Marker 1997"),
}


def in_open(a: tuple, region: tuple) -> bool:
    """Whether a lies in the open region."""
    low, high = region
    if low == "-1/e":
        return a[0] is not None and beyond_minus_inverse_e(a[0])
    return inside(a, (low, high, False, False))


def beyond_minus_inverse_e(x: Fraction) -> bool:
    """Whether -1/e < x is certain."""
    bound = enclosure("exp", -ONE)[0]
    return bound is not None and -bound < x


def compact_in(a: tuple, region: tuple) -> bool:
    """Whether a is bounded and its closure lies in the open region."""
    return bounded(a) and in_open((a[0], a[1], True, True), region)


def primitive_homes(p: str, a: tuple) -> int:
    """The up-set H of a unary primitive on the argument range a."""
    if p in NO_FACT_OUTSIDE and not inside(a, NO_FACT_OUTSIDE[p]):
        return NONE
    everywhere, region, compact, _ = AXIOMS[p]
    return everywhere | compact if region is not None and compact_in(a, region) else everywhere


# ------------------------------------------------------------------ records
#
# (varies, homes, local, range, total, bounded, smooth, loclip, lip); smooth: -1 none, k, INFINITE, ANALYTIC

ROUGH, INFINITE, ANALYTIC = -1, 10**6, 10**6 + 1
MAXIMAL_ORDER = 9999  # the largest order that can be written down, and far from the two marks above
NOTHING = (1, NONE, NONE, LINE, 0, 0, ROUGH, 0, None)
SMOOTH = re.compile(r"C(0|[1-9][0-9]{0,3})", re.ASCII)
COLUMNS = ("varies", "homes", "local", "range", "total", "bounded", "smooth", "loclip", "lip")


def read_record(row: object) -> tuple:
    """Read a fact record."""
    if type(row) is not list or len(row) != 9:
        refuse("TC420", "a fact record does not have nine columns")
    varies, homes, local, spread, total, bound, smooth, loclip, lip = row
    if any(type(flag) is not int or flag not in (0, 1) for flag in (varies, total, bound, loclip)):
        refuse("TC421", "a flag of a fact record is neither 0 nor 1")
    order = {"none": ROUGH, "Cinf": INFINITE, "analytic": ANALYTIC}.get(smooth) if type(smooth) is str else None
    if order is None:
        found = SMOOTH.fullmatch(smooth) if type(smooth) is str else None
        if found is None:
            refuse("TC422", f"not a smoothness: {str(smooth)[:40]!r}")
        order = int(found[1])
    slope = None if lip is None else number(lip)
    if slope is not None and slope < 0:
        refuse("TC423", "a Lipschitz constant is negative")
    return (varies, up_set(homes), up_set(local), interval(spread), total, bound, order, loclip, slope)


def settle(varies, homes, local, spread, total, bound, smooth, loclip, lip) -> tuple:
    """The closing rules of section 3."""
    if total and is_point(spread):
        varies = 0
    if not varies:
        return (0, ALL, ALL, spread, total, 1, ANALYTIC, 1, ZERO if total else None)
    if bounded(spread) or (total and smooth >= 0):
        bound = 1
    return (varies, homes, local, spread, total, bound, smooth, loclip, lip if total else None)


def must_follow(claimed: tuple, computed: tuple) -> None:
    """Refuse unless every column of the claimed record is equal to or weaker than the computed one."""
    fine = (
        claimed[0] >= computed[0], claimed[1] & ~computed[1] == 0, claimed[2] & ~computed[2] == 0, inside(computed[3], claimed[3]),
        claimed[4] <= computed[4], claimed[5] <= computed[5], claimed[6] <= computed[6], claimed[7] <= computed[7],
        claimed[8] is None or (computed[8] is not None and claimed[8] >= computed[8]),
    )
    for k, ok in enumerate(fine):
        if not ok:
            refuse(f"TC43{k}", f"the column {COLUMNS[k]!r} of the conclusion does not follow")


def meet_records(a: tuple, b: tuple) -> tuple:
    """What both records state about one node."""
    lips = [lip for lip in (a[8], b[8]) if lip is not None]
    return settle(min(a[0], b[0]), a[1] | b[1], a[2] | b[2], meet(a[3], b[3]) or a[3], max(a[4], b[4]), max(a[5], b[5]), max(a[6], b[6]),
                  max(a[7], b[7]), min(lips) if lips else None)


def gain(**columns: object) -> tuple:
    """A record that states only the given columns."""
    return tuple(columns.get(name, weak) for name, weak in zip(COLUMNS, NOTHING))


def add_lip(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    """The sum of two bounds."""
    return None if a is None or b is None else a + b


def mul_lip(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    """The product of two bounds; zero times infinity is zero."""
    if a == 0 or b == 0:
        return ZERO
    return None if a is None or b is None else a * b


def together(premises: tuple) -> tuple:
    """The default columns of a rule: varies, homes, local, total, bounded, smooth, loclip."""
    homes = local = ALL
    for f in premises:
        homes &= f[1]
        local &= f[2]
    return (max((f[0] for f in premises), default=0), homes, local, min((f[4] for f in premises), default=1),
            min((f[5] for f in premises), default=1), min((f[6] for f in premises), default=ANALYTIC),
            min((f[7] for f in premises), default=1))


# ------------------------------------------------------------------ scalar primitives


def unary(p: str, f: tuple) -> tuple:
    """The record of a unary primitive (section 5.1)."""
    varies, homes, local, a, total, bound, smooth, loclip, lip = f
    if p in NO_FACT_OUTSIDE and not inside(a, NO_FACT_OUTSIDE[p]):
        return settle(varies, *NOTHING[1:])
    image, contained = unary_image(p, a)
    h = primitive_homes(p, a)
    _, region, compact, _ = AXIOMS[p]
    near = h
    if region is not None:
        whole = region == EVERYWHERE
        if (whole or in_open(a, region)) and ((whole and bound) or (total and smooth >= 0) or compact_in(a, region)):
            near |= compact
    order, steady, slope = regularity(p, a, image)
    return settle(varies, homes & h, local & near, image, int(total and contained), int(bound and p in KEEPS_BOUNDED), min(smooth, order),
                  int(loclip and steady), None if lip is None else None if slope is None else slope * lip)


@lru_cache(maxsize=100_000)
def unary_image(p: str, a: tuple) -> tuple:
    """(image of the part of a inside the domain, whether a lies in the domain)."""
    if p == "lambertw":
        contained = a[0] is not None and beyond_minus_inverse_e(a[0])
        return (increasing(p, a) if contained else (-ONE, None, True, False)), contained
    part = meet(a, DOMAIN.get(p, LINE))
    if part is None:
        return LINE, False
    contained = part == a
    if p == "neg":
        return minus(a), True
    if p == "abs":
        return absolute(a), True
    if p == "sign":
        return sign_image(a), True
    if p in ("floor", "ceil", "round"):
        low = None if a[0] is None else Fraction(step_limit(p, a[0], not a[2], 1))
        high = None if a[1] is None else Fraction(step_limit(p, a[1], not a[3], -1))
        return (low, high, low is not None, high is not None), True
    if p in ("sin", "cos", "besselj0", "besselj1"):
        return by_ball(p, part, (-ONE, ONE, True, True)), contained
    if p == "tan":
        return (by_ball(p, a, LINE), True) if one_branch(a) else (LINE, False)
    if p == "gamma":
        return by_ball(p, part, (Fraction(22, 25), None, True, False)), contained
    if p == "lgamma":
        return by_ball(p, part, (Fraction(-61, 500), None, True, False)), contained
    if p in ("bessely0", "bessely1"):
        return (by_ball(p, part, LINE) if part[0] > 0 else LINE), contained
    if p == "besseli0":
        top = size(part)
        high = None if top is None else enclosure(p, top)[1]
        return (ONE, high, True, high is not None), contained
    if p in ("acos", "besselk0", "besselk1", "zeta"):
        return decreasing(p, part), contained
    return increasing(p, part), contained


def absolute(a: tuple) -> tuple:
    """{|x|}."""
    if a[0] is not None and a[0] >= 0:
        return a
    if a[1] is not None and a[1] <= 0:
        return minus(a)
    if not bounded(a):
        return (ZERO, None, True, False)
    top = max(-a[0], a[1])
    return (ZERO, top, True, (a[1] == top and a[3]) or (-a[0] == top and a[2]))


def sign_image(a: tuple) -> tuple:
    """The hull of the signs."""
    low = ONE if above_zero(a) else ZERO if a[0] is not None and a[0] >= 0 else -ONE
    high = -ONE if below_zero(a) else ZERO if a[1] is not None and a[1] <= 0 else ONE
    return (low, high, True, True)


def step_limit(p: str, x: Fraction, open_end: bool, direction: int) -> int:
    """floor, ceil or round at x, or the limit at x from the right (direction 1) or the left (-1) at an open end."""
    if p == "floor":
        return math.floor(x) - (1 if open_end and direction < 0 and x.denominator == 1 else 0)
    if p == "ceil":
        return math.ceil(x) + (1 if open_end and direction > 0 and x.denominator == 1 else 0)
    if x.denominator == 2 and open_end:
        return math.ceil(x) if direction > 0 else math.floor(x)
    return round(x)


def by_ball(p: str, a: tuple, known: tuple) -> tuple:
    """known met with one ball evaluation over a bounded closed range."""
    if not bounded(a):
        return known
    low, high = enclosure_over(p, a[0], a[1])
    return meet(known, (low, high, low is not None, high is not None)) or known


def one_branch(a: tuple) -> bool:
    """Whether tan has no pole on the closure of a."""
    if not bounded(a) or a[1] - a[0] >= 4:
        return False
    quarter = enclosure("pi", ZERO)[0] / 2
    low, high = enclosure_over("cos", a[0], a[1])
    return (low is not None and low > 0) or (high is not None and high < 0) or (-quarter < a[0] and a[1] < quarter)


UPPER_LIMIT = {"erf": ONE}
LOWER_LIMIT = {"exp": ZERO, "erf": -ONE}


def end_value(p: str, x: Fraction | None, closed: bool, side: int, limit: Fraction | None) -> tuple:
    """(bound, closed) for the image's end that comes from the end x."""
    if x is None:
        if p == "atan":
            half = enclosure("pi", ZERO)[1] / 2
            return half * side, True
        return limit, False
    low, high = enclosure(p, x)
    bound = low if side < 0 else high
    if bound is None:
        return (ZERO, False) if p == "exp" and side < 0 else (None, False)
    if low == high:
        return bound, closed
    return (ZERO, False) if p == "exp" and bound <= 0 else (bound, True)


def increasing(p: str, a: tuple) -> tuple:
    """The image under an increasing primitive."""
    low, low_closed = end_value(p, a[0], a[2], -1, LOWER_LIMIT.get(p))
    high, high_closed = end_value(p, a[1], a[3], 1, UPPER_LIMIT.get(p))
    return (low, high, low_closed, high_closed)


def decreasing(p: str, a: tuple) -> tuple:
    """The image under a decreasing primitive."""
    high, high_closed = end_value(p, a[0], a[2], 1, None)
    low, low_closed = end_value(p, a[1], a[3], -1, {"besselk0": ZERO, "besselk1": ZERO, "zeta": ONE}.get(p))
    return (low, high, low_closed, high_closed)


def regularity(p: str, a: tuple, image: tuple) -> tuple:
    """(smoothness on the range, locally Lipschitz there, bound of the derivative or None)."""
    smooth = (ANALYTIC, True)
    if p in ("neg", "sin", "cos", "atan", "besselj0", "besselj1"):
        return (*smooth, ONE)
    if p == "abs":
        flat = (a[0] is not None and a[0] >= 0) or (a[1] is not None and a[1] <= 0)
        return (ANALYTIC if flat else 0), True, ONE
    if p == "sign":
        return (*smooth, ZERO) if without_zero(a) or a == point(ZERO) else (ROUGH, False, None)
    if p in ("floor", "ceil", "round"):
        return (*smooth, ZERO) if is_point(image) else (ROUGH, False, None)
    if p == "exp":
        return (*smooth, image[1])
    if p == "erf":
        return (*smooth, Fraction(1128379168, 10**9))  # 2/sqrt(pi) = 1.12837916709...
    if p == "log":
        return (*smooth, 1 / a[0] if a[0] is not None and a[0] > 0 else None)
    if p == "sqrt":
        if not above_zero(a):
            return 0, False, None
        return (*smooth, 1 / (2 * image[0]) if a[0] > 0 and image[0] > 0 else None)
    if p in ("asin", "acos"):
        if not inside(a, (-ONE, ONE, False, False)):
            return 0, False, None
        r = size(a)
        root = enclosure("sqrt", 1 - r * r)[0] if r is not None and r < 1 else None
        return (*smooth, 1 / root if root is not None and root > 0 else None)
    if p == "lambertw" and not in_open(a, W_START):
        return 0, False, None
    return (*smooth, None)


def binary(p: str, a: tuple, b: tuple, same: bool) -> tuple:
    """The record of a binary primitive."""
    if p == "pow":
        return power(a, b)
    varies, homes, local, total, bound, smooth, loclip = together((a, b))
    if p == "add":
        return settle(varies, homes, local, plus(a[3], b[3]), total, bound, smooth, loclip, add_lip(a[8], b[8]))
    if p == "sub":
        return settle(varies, homes, local, plus(a[3], minus(b[3])), total, bound, smooth, loclip, add_lip(a[8], b[8]))
    if p == "mul":
        image = whole_power(a[3], 2) if same else times(a[3], b[3])
        own = R_ALG if a[0] and b[0] else ALL
        lip = add_lip(mul_lip(size(b[3]), a[8]), mul_lip(size(a[3]), b[8]))
        return settle(varies, homes & own, local & own, image, total, bound, smooth, loclip, lip)
    if p == "div":
        own = R_ALG if b[0] else ALL
        reciprocal = inverse(b[3])
        image = LINE if reciprocal is None else times(a[3], reciprocal)
        m = distance(b[3])
        lip = None
        if m is not None:
            lip = add_lip(mul_lip(1 / m, a[8]), mul_lip(mul_lip(size(a[3]), 1 / (m * m)), b[8]))
        return settle(varies, homes & own, local & own, image, int(total and without_zero(b[3])), 0, smooth, loclip, lip)
    image = larger(a[3], b[3]) if p == "max" else smaller(a[3], b[3])
    if not (not_above(a[3], b[3]) or not_above(b[3], a[3])):
        smooth = min(smooth, 0)
    lip = None if a[8] is None or b[8] is None else max(a[8], b[8])
    return settle(varies, homes, local, image, total, bound, smooth, loclip, lip)


def power(a: tuple, b: tuple) -> tuple:
    """The record of a^b."""
    if is_point(b[3]) and b[4]:
        q = b[3][0]
        return whole_exponent(a, int(q)) if q.denominator == 1 else fractional_exponent(a, q)
    if not above_zero(a[3]):
        if b[0]:
            return settle(1, *NOTHING[1:])
        return settle(a[0], a[1] & R_POW, a[2] & R_POW, LINE, 0, 0, ROUGH, 0, None)
    varies, homes, local, total, _, smooth, loclip = together((a, b))
    compact_base = bounded(a[3]) and a[3][0] > 0
    if not b[0]:
        own = R_POW | R_AN if compact_base else R_POW
    elif not a[0]:
        own = R_AN | R_EXP if bounded(b[3]) else R_EXP
    else:
        own = R_AN | R_EXP if compact_base and bounded(b[3]) else R_EXP
    return settle(varies, homes & own, local & own, (ZERO, None, False, False), total, 0, smooth, loclip, None)


def whole_exponent(a: tuple, n: int) -> tuple:
    """The record of a^n for an integer n."""
    varies, homes, local, spread, total, bound, smooth, loclip, lip = a
    own = ALL if n in (0, 1) else R_ALG
    if n >= 0:
        slope = ZERO if n == 0 else ONE
        if n > 1:
            top = size(spread)
            largest = None if top is None or n > MAXIMAL_POWER else whole_power((ZERO, top, True, True), n - 1)[1]
            slope = None if largest is None else n * largest
        return settle(varies, homes & own, local & own, whole_power(spread, n), total, bound, smooth, loclip, mul_lip(slope, lip))
    image = inverse(whole_power(spread, -n))
    m = distance(spread)
    slope = None
    if m is not None and -n <= MAXIMAL_POWER:
        slope = -n * (1 / m ** (1 - n) if bits(m) * -n < MAXIMAL_BITS else enclosure("power", m, Fraction(n - 1))[1] or 0) or None
    return settle(varies, homes & own, local & own, LINE if image is None else image, int(total and without_zero(spread)), 0, smooth, loclip,
                  mul_lip(slope, lip))


def fractional_exponent(a: tuple, q: Fraction) -> tuple:
    """The record of a^q for a rational q that is no integer."""
    varies, homes, local, spread, total, bound, smooth, loclip, lip = a
    strict = above_zero(spread)
    contained = strict or (q > 0 and spread[0] is not None and spread[0] >= 0)
    part = meet(spread, (ZERO, None, q > 0, False))
    image = LINE if part is None else fractional_image(part, q)
    if not strict:
        if q > 0:
            smooth = min(smooth, math.floor(q), MAXIMAL_ORDER)
        loclip = int(loclip and (q > 1 or q < 0))
    slope = None
    if contained and q > 1 and spread[1] is not None:
        top = positive_power(spread[1], q - 1)[1]
        slope = None if top is None else q * top
    elif contained and q < 1 and spread[0] > 0:
        top = positive_power(spread[0], q - 1)[1]
        slope = None if top is None else abs(q) * top
    return settle(varies, homes & R_ALG, local & R_ALG, image, int(total and contained), int(bound and q > 0), smooth, loclip, mul_lip(slope, lip))


def positive_power(x: Fraction, q: Fraction) -> tuple:
    """(low, high) of x^q for x >= 0 (x > 0 if q < 0)."""
    if x in (0, 1):
        return x, x
    low, high = enclosure("power", x, q)
    return (ZERO if low is None else max(low, ZERO)), high


def fractional_image(a: tuple, q: Fraction) -> tuple:
    """The image of a in [0,inf) under x^q."""

    def end(x: Fraction | None, closed: bool, side: int, at_infinity: Fraction | None, at_zero: tuple) -> tuple:
        if x is None:
            return at_infinity, False
        if x == 0:
            return at_zero
        low, high = positive_power(x, q)
        bound = low if side < 0 else high
        return bound, bound is not None and (closed if low == high else True)

    if q > 0:
        low, high = end(a[0], a[2], -1, None, (ZERO, a[2])), end(a[1], a[3], 1, None, (ZERO, a[3]))
    else:
        high, low = end(a[0], a[2], 1, None, (None, False)), end(a[1], a[3], -1, ZERO, (None, False))
    return (low[0], high[0], low[1], high[1])


# ------------------------------------------------------------------ the other kinds of nodes


def repeated_product(a: tuple, k: int) -> tuple:
    """The products of k independent factors from a."""
    if k > MAXIMAL_POWER:
        return LINE
    result, base = point(ONE), a
    while k:
        if k & 1:
            result = times(result, base)
        k >>= 1
        if k:
            base = times(base, base)
        if any(bits(e) > MAXIMAL_BITS for e in (*result[:2], *base[:2])):
            return LINE
    return result


def scaled(a: tuple, k: int) -> tuple:
    """k a."""
    return point(ZERO) if k == 0 else times(a, point(Fraction(k)))


def contraction(premises: tuple, count: int, squared: bool) -> tuple:
    """The record of a contraction that sums ``count`` products."""
    varies, homes, local, total, bound, smooth, loclip = together(premises)
    image = whole_power(premises[0][3], 2) if squared else premises[0][3]
    if not squared:
        for f in premises[1:]:
            image = times(image, f[3])
    own = R_ALG if sum(f[0] for f in premises) > 1 else ALL
    lip = ZERO
    for i, f in enumerate(premises):
        part = f[8]
        for j, g in enumerate(premises):
            part = part if i == j else mul_lip(part, size(g[3]))
        lip = add_lip(lip, part)
    return settle(varies, homes & own, local & own, scaled(image, count), total, bound, smooth, loclip, mul_lip(Fraction(count), lip))


def reduction(operation: str, f: tuple, count: int) -> tuple:
    """The record of a reduction of ``count`` entries."""
    varies, homes, local, a, total, bound, smooth, loclip, lip = f
    if operation == "sum":
        return settle(varies, homes, local, scaled(a, count), total, bound, smooth, loclip, mul_lip(Fraction(count), lip))
    if operation == "prod":
        own = R_ALG if count > 1 else ALL
        slope = mul_lip(Fraction(count), magnitude_power(a, count - 1)) if count <= MAXIMAL_POWER else None
        return settle(varies, homes & own, local & own, repeated_product(a, count), total, bound, smooth, loclip, mul_lip(slope, lip))
    return settle(varies, homes, local, a, total, bound, min(smooth, 0) if count > 1 else smooth, loclip, lip)


def magnitude_power(a: tuple, n: int) -> Fraction | None:
    """sup |x|^n for n >= 0 (1 for n <= 0)."""
    if n <= 0:
        return ONE
    top = size(a)
    return None if top is None else repeated_product((ZERO, top, True, True), n)[1]


def running(operation: str, f: tuple, extent: int, exclusive: int) -> tuple:
    """The record of a running reduction along an axis."""
    varies, homes, local, a, total, bound, smooth, loclip, lip = f
    if extent == 0:
        return f
    if operation == "sum":
        image = hull(a, scaled(a, extent))
        if exclusive:
            image = hull(image, point(ZERO))
        return settle(varies, homes, local, image, total, bound, smooth, loclip, mul_lip(Fraction(extent), lip))
    if operation == "prod":
        top = size(a)
        capped = None if top is None or extent > MAXIMAL_POWER else (ZERO, max(top, ONE), True, True)
        largest = None if capped is None else repeated_product(capped, extent)[1]
        slope = None if capped is None else magnitude_power(capped, extent - 1)
        if a[0] is not None and a[0] >= 0:
            low = ZERO if extent > MAXIMAL_POWER else repeated_product(point(min(a[0], ONE)), extent)[0] or ZERO
            image = (low, largest, True, largest is not None)
        else:
            image = LINE if largest is None else (-largest, largest, True, True)
        own = R_ALG if extent > 1 else ALL
        return settle(varies, homes & own, local & own, image, total, bound, smooth, loclip, mul_lip(mul_lip(Fraction(extent), slope), lip))
    return settle(varies, homes, local, a, total, bound, min(smooth, 0) if extent > 1 else smooth, loclip, lip)


def selection(premises: tuple) -> tuple:
    """The record of a static selection of entries."""
    if len(premises) == 1:
        return premises[0]
    varies, homes, local, total, bound, smooth, loclip = together(premises)
    image = premises[0][3]
    for f in premises[1:]:
        image = hull(image, f[3])
    lips = [f[8] for f in premises]
    return settle(varies, homes, local, image, total, bound, smooth, loclip, None if None in lips else max(lips))


def comparison(relation: str, a: tuple, b: tuple, same: bool) -> tuple:
    """The record of a comparison, decided by the ranges when they allow."""
    x, y = a[3], b[3]
    apart = under(x, y) or under(y, x)
    truth = None
    if same:
        truth = relation in ("le", "eq")
    elif relation in ("eq", "ne"):
        if apart or (is_point(x) and x == y):
            truth = (relation == "ne") == apart
    elif relation == "lt":
        truth = True if under(x, y) else False if not_above(y, x) else None
    else:
        truth = True if not_above(x, y) else False if under(y, x) else None
    return truth_record((a, b), truth)


def truth_record(premises: tuple, truth: bool | None) -> tuple:
    """The record of a 0/1-valued node."""
    varies, homes, local, total, _, smooth, loclip = together(premises)
    if truth is None:
        return settle(varies, homes, local, (ZERO, ONE, True, True), total, 1, ROUGH, 0, None)
    return settle(varies, homes, local, point(Fraction(int(truth))), total, 1, ANALYTIC, 1, None)


def connective(name: str, premises: tuple) -> tuple:
    """The record of a propositional connective."""
    values = [False if f[3] == point(ZERO) else True if without_zero(f[3]) else None for f in premises]
    truth = None
    if name == "not":
        truth = None if values[0] is None else not values[0]
    elif name == "and":
        truth = False if False in values else True if None not in values else None
    elif name == "or":
        truth = True if True in values else False if None not in values else None
    elif None not in values:
        truth = values[0] != values[1]
    return truth_record(premises, truth)


def choice(c: tuple, a: tuple, b: tuple, same: bool) -> tuple:
    """The record of a selection between two branches."""
    if c[4] and (same or without_zero(c[3])):
        return a
    if c[4] and c[3] == point(ZERO):
        return b
    varies, homes, local, total, _, _, _ = together((c, a, b))
    image, bound = hull(a[3], b[3]), a[5] & b[5]
    if c[0]:
        return settle(varies, homes, local, image, total, bound, ROUGH, 0, None)
    lip = None if a[8] is None or b[8] is None else max(a[8], b[8])
    return settle(varies, homes, local, image, total, bound, min(a[6], b[6]), a[7] & b[7], lip)


def ordering(what: str, f: tuple, extent: int) -> tuple:
    """The record of sorting, or of ranks."""
    varies, homes, local, a, total, bound, smooth, loclip, lip = f
    if what in ("sort", "topk"):
        return f if extent <= 1 else settle(varies, homes, local, a, total, bound, min(smooth, 0), loclip, lip)
    return settle(varies, homes, local, (ZERO, Fraction(max(extent - 1, 0)), True, True), total, 1, ROUGH, 0, None)


def look_up(table: tuple, index: tuple, certain: bool) -> tuple:
    """The record of rows by a computed index."""
    varies, homes, local, total, _, _, _ = together((table, index))
    if index[0]:
        return settle(varies, homes, local, table[3], int(total and certain), table[5], ROUGH, 0, None)
    return settle(varies, homes, local, table[3], int(total and certain), table[5], table[6], table[7], table[8])


def linear_algebra(what: str, premises: tuple) -> tuple:
    """The record of a linear-algebra node."""
    varies, homes, local, total, _, smooth, loclip = together(premises)
    own = R_EXP if what == "logabsdet" else NONE if what == "expm" else R_ALG
    image = (ZERO, None, True, False) if what == "svdvals" else LINE
    if what in ("inverse", "solve", "cholesky", "logabsdet"):
        total = 0
    if what in ("eigvalsh", "svdvals"):
        smooth = min(smooth, 0)
    if what == "pinv":
        smooth, loclip = ROUGH, 0
    return settle(varies, homes & own, local & own, image, total, 0, smooth, loclip, None)


# ------------------------------------------------------------------ programs

UNARY = frozenset(AXIOMS)
BINARY = frozenset(["add", "sub", "mul", "div", "pow", "max", "min"])
ARITY = dict.fromkeys(UNARY, 1) | dict.fromkeys(BINARY, 2) | {"pi": 0}
LINALG = frozenset(["det", "inverse", "solve", "cholesky", "eigvalsh", "svdvals", "logabsdet", "pinv", "expm"])
ORDERINGS = frozenset(["sort", "argsort", "topk", "topk_index", "argmax", "argmin", "argmax_last", "argmin_last"])
REDUCTIONS = ("sum", "prod", "max", "min")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def count(value: object, low: int = 0, high: int = MAXIMAL_EXTENT) -> int:
    """Read an integer in a range; truth values are not integers here."""
    if type(value) is not int or not low <= value <= high:
        refuse("TC440", f"not an integer from {low} to {high}: {str(value)[:40]!r}")
    return value


def counts(value: object, low: int = 0, high: int = MAXIMAL_EXTENT) -> list:
    """Read a list of integers."""
    if type(value) is not list:
        refuse("TC441", "a list of integers is expected")
    for v in value:
        if type(v) is not int or not low <= v <= high:
            refuse("TC439", f"not an integer from {low} to {high}: {str(v)[:40]!r}")
    return value


class Program:
    """A checked program: nodes as (kind, parameters, arguments, shape), and sub-programs."""

    def __init__(self, value: object, depth: int = 0) -> None:
        if type(value) is not dict or set(value) != {"bodies", "nodes"} or type(value["nodes"]) is not list or type(value["bodies"]) is not list:
            refuse("TC442", "a program has exactly the keys bodies and nodes")
        if depth > 4 or len(value["nodes"]) > MAXIMAL_COUNT:
            refuse("TC443", "too many nodes, or bodies too deep")
        self.bodies = [Program(body, depth + 1) for body in value["bodies"]]
        self.nodes: list = []
        self.inputs: list = []
        self.known_shapes: dict = {}
        names = set()
        for n, node in enumerate(value["nodes"]):
            if type(node) is not list or len(node) != 4:
                refuse("TC444", f"node {n} is not [kind, parameters, arguments, shape]")
            kind, parameters, arguments, shape = node
            if type(kind) is not str or type(parameters) is not list or type(arguments) is not list:
                refuse("TC452", f"node {n} is not [kind, parameters, arguments, shape]")
            for a in arguments:
                if type(a) is not int or not 0 <= a < n:
                    refuse("TC445", f"node {n} has an argument that is no earlier node")
            if len(counts(shape)) > MAXIMAL_RANK or math.prod(shape) > MAXIMAL_EXTENT:
                refuse("TC446", f"the shape of node {n} is too large")
            rule = SHAPE_RULES.get(kind)
            if rule is None:
                refuse("TC447", f"node {n} is of unknown kind {kind[:40]!r}")
            shapes = [self.nodes[a][3] for a in arguments]
            found = rule(self, parameters, arguments, shapes, shape)
            if found != shape:
                refuse("TC448", f"the shape of node {n} is {shape}, its arguments give {found}")
            if kind == "input":
                if parameters[0] in names:
                    refuse("TC449", f"two inputs are called {parameters[0][:40]!r}")
                names.add(parameters[0])
                self.inputs.append(n)
            self.nodes.append((kind, parameters, arguments, shape))


def broadcast(shapes: list) -> list:
    """The common shape of entrywise arguments."""
    if len(shapes) == 1 or (len(shapes) == 2 and shapes[0] == shapes[1]):
        return shapes[0]
    rank = max((len(s) for s in shapes), default=0)
    result = [1] * rank
    for s in shapes:
        for k, extent in enumerate(s, rank - len(s)):
            if result[k] == 1:
                result[k] = extent
            elif extent not in (1, result[k]):
                refuse("TC451", f"shapes {shapes} do not broadcast")
    return result


def _input(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 3 and not arguments and all(type(x) is str for x in parameters), "TC700", "an input is [name, role, interval]")
    need(parameters[1] in ("parameter", "data"), "TC701", "the role of an input is parameter or data")
    interval(parameters[2])
    return shape


def _constant(p, parameters, arguments, shapes, shape):
    how = parameters[0] if parameters else None
    need(not arguments and type(how) is str, "TC702", "a constant is splat, values or opaque")
    if how == "splat":
        need(len(parameters) == 2, "TC703", "a splat has one value")
        number(parameters[1])
    elif how == "values":
        need(len(parameters) == 2 and type(parameters[1]) is list and len(parameters[1]) == math.prod(shape), "TC704", "values do not fit the shape")
        for text in parameters[1]:
            number(text)
    else:
        need(how == "opaque" and len(parameters) == 3 and type(parameters[1]) is str, "TC705", "a constant is splat, values or opaque")
        interval(parameters[2])
    return shape


def _map(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 1 and type(parameters[0]) is str, "TC706", "a map has one primitive")
    need(ARITY.get(parameters[0]) == len(arguments), "TC707", "no primitive of this name and number of arguments")
    return broadcast(shapes)


def _contract(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 1 and type(parameters[0]) is str and arguments != [], "TC708", "a contraction has a specification")
    operands, output, extents = specification(parameters[0], tuple(map(tuple, shapes)))
    return [extents[c] for c in output]


@lru_cache(maxsize=100_000)
def specification(text: str, shapes: tuple) -> tuple:
    """(operands, output, extent of each letter) of a contraction."""
    left, arrow, output = text.partition("->")
    operands = left.split(",")
    need(arrow == "->" and len(operands) == len(shapes), "TC709", "the specification does not fit the arguments")
    extents: dict = {}
    for letters, s in zip(operands, shapes):
        need(len(letters) == len(s) and set(letters) <= LETTERS, "TC710", "the letters do not fit the shape")
        for letter, extent in zip(letters, s):
            need(extents.setdefault(letter, extent) == extent, "TC711", "a letter has two extents")
    need(len(set(output)) == len(output) and set(output) <= set(extents), "TC712", "the output letters are not right")
    return operands, output, extents


def _reduce(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 3 and len(arguments) == 1 and parameters[0] in REDUCTIONS, "TC713", "a reduction is [operation, axes, keep]")
    axes, keep = counts(parameters[1]), count(parameters[2], 0, 1)
    s = shapes[0]
    need(axes == sorted(set(axes)) and axes != [] and axes[-1] < len(s), "TC714", "the axes are not right")
    need(parameters[0] in ("sum", "prod") or all(s[a] > 0 for a in axes), "TC715", "a maximum over nothing")
    return [1 if k in axes else e for k, e in enumerate(s) if keep or k not in axes]


def _cumulate(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 4 and len(arguments) == 1 and parameters[0] in REDUCTIONS, "TC716", "a running reduction has four parameters")
    count(parameters[1], 0, len(shapes[0]) - 1)
    exclusive = count(parameters[2], 0, 1)
    count(parameters[3], 0, 1)
    need(not exclusive or parameters[0] in ("sum", "prod"), "TC717", "an exclusive maximum has no value")
    return shapes[0]


def _reindex(p, parameters, arguments, shapes, shape):
    need(len(parameters) >= 1 and type(parameters[0]) is str and arguments != [], "TC718", "a reindexing names what it does")
    how, rest = parameters[0], parameters[1:]
    need(len(arguments) == (2 if how == "pad" else len(arguments) if how == "concat" else 1), "TC719", "the number of arguments is not right")
    s = shapes[0]
    if how == "reshape":
        need(rest == [] and math.prod(shape) == math.prod(s), "TC720", "a reshape changes the number of entries")
        return shape
    if how == "expand":
        need(rest == [] and broadcast([s, shape]) == shape, "TC721", "the shape does not expand")
        return shape
    if how == "transpose":
        need(len(rest) == 1 and sorted(counts(rest[0])) == list(range(len(s))), "TC722", "not a permutation")
        return [s[a] for a in rest[0]]
    if how == "slice":
        return _slice(rest, s)
    if how == "gather":
        need(len(rest) == 3, "TC723", "a gather is [axis, indices, shape]")
        axis = count(rest[0], 0, len(s) - 1)
        indices, index_shape = counts(rest[1], 0, max(s[axis] - 1, 0)), counts(rest[2])
        need(len(indices) == math.prod(index_shape) and (s[axis] > 0 or not indices), "TC724", "the indices do not fit")
        return s[:axis] + index_shape + s[axis + 1:]
    if how == "pad":
        need(len(rest) == 1 and type(rest[0]) is list and len(rest[0]) == len(s) and shapes[1] == [], "TC725", "the pads do not fit")
        return [e + sum(_pair(pair)) for e, pair in zip(s, rest[0])]
    if how == "concat":
        need(len(rest) == 1, "TC726", "a concatenation has an axis")
        axis = count(rest[0], 0, len(s) - 1)
        need(all(len(t) == len(s) and t[:axis] + t[axis + 1:] == s[:axis] + s[axis + 1:] for t in shapes), "TC727", "the shapes do not concatenate")
        return s[:axis] + [sum(t[axis] for t in shapes)] + s[axis + 1:]
    if how == "diagonal":
        need(rest == [] and len(s) >= 2, "TC728", "there is no diagonal")
        return s[:-2] + [min(s[-2:])]
    need(how == "windows", "TC729", f"unknown reindexing {how[:40]!r}")
    return _windows(rest, s)


def _pair(pair: object) -> list:
    need(type(pair) is list and len(pair) == 2, "TC730", "a pad is a pair")
    return counts(pair)


def _slice(rest, s):
    need(len(rest) == 1 and type(rest[0]) is list and len(rest[0]) == len(s), "TC731", "a slice has one triple per axis")
    for triple, extent in zip(rest[0], s):
        need(type(triple) is list and len(triple) == 3, "TC732", "a slice has one triple per axis")
        start, step, length = counts(triple, -MAXIMAL_EXTENT)
        need(length >= 0 and step != 0, "TC733", "a slice has a step")
        need(length == 0 or (0 <= start < extent and 0 <= start + step * (length - 1) < extent), "TC734", "a slice leaves its axis")
    return [triple[2] for triple in rest[0]]


def _windows(rest, s):
    need(len(rest) == 4, "TC735", "windows are [axes, sizes, strides, dilations]")
    axes, sizes, strides, dilations = counts(rest[0]), *(counts(r, 1) for r in rest[1:])
    need(len(set(axes)) == len(axes) == len(sizes) == len(strides) == len(dilations) and all(a < len(s) for a in axes),
         "TC736", "the windows do not fit")
    result = list(s)
    for a, extent, stride, dilation in zip(axes, sizes, strides, dilations):
        reach = dilation * (extent - 1) + 1
        need(reach <= s[a], "TC737", "a window is larger than its axis")
        result[a] = (s[a] - reach) // stride + 1
    return result + sizes


def _compare(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 1 and parameters[0] in ("lt", "le", "eq", "ne") and len(arguments) == 2, "TC738", "not a comparison")
    return broadcast(shapes)


def _logic(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 1 and type(parameters[0]) is str, "TC739", "not a connective")
    need({"and": 2, "or": 2, "xor": 2, "not": 1}.get(parameters[0]) == len(arguments), "TC740", "not a connective")
    return broadcast(shapes)


def _where(p, parameters, arguments, shapes, shape):
    need(parameters == [] and len(arguments) == 3, "TC741", "where has three arguments")
    return broadcast(shapes)


def _order(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 4 and len(arguments) == 1 and type(parameters[0]) is str and parameters[0] in ORDERINGS, "TC742", "not an ordering")
    what, s = parameters[0], shapes[0]
    axis = count(parameters[1], 0, len(s) - 1)
    taken = count(parameters[2], 0, s[axis])
    count(parameters[3], 0, 1)
    need(what in ("topk", "topk_index") or taken == (s[axis] if what in ("sort", "argsort") else 1),
         "TC743", "an ordering takes the wrong number of entries")
    return s[:axis] + [taken] + s[axis + 1:]


def _lookup(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 1 and len(arguments) == 2, "TC744", "a lookup is [axis] of a table and an index")
    axis = count(parameters[0], 0, len(shapes[0]) - 1)
    return shapes[0][:axis] + shapes[1] + shapes[0][axis + 1:]


def _linalg(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 1 and type(parameters[0]) is str and parameters[0] in LINALG, "TC745", "not a linear-algebra node")
    what = parameters[0]
    need(len(arguments) == (2 if what == "solve" else 1), "TC746", "the number of arguments is not right")
    s = shapes[0]
    need(len(s) >= 2 and (what in ("svdvals", "pinv") or s[-1] == s[-2]), "TC747", "the matrices are not right")
    if what == "solve":
        need(len(shapes[1]) == len(s) and shapes[1][-2] == s[-1] and shapes[1][:-2] == s[:-2], "TC748", "the right-hand side does not fit")
        return shapes[1]
    if what in ("det", "logabsdet"):
        return s[:-2]
    if what in ("eigvalsh", "svdvals"):
        return s[:-2] + [min(s[-2:])]
    return s[:-2] + [s[-1], s[-2]] if what == "pinv" else s


def _repeat(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 5, "TC749", "repeat is [body, count, carries, which, outputs]")
    body = p.bodies[count(parameters[0], 0, len(p.bodies) - 1)]
    count(parameters[1])
    carries = count(parameters[2], 1, len(body.inputs))
    which = count(parameters[3], 0, carries - 1)
    outputs = counts(parameters[4], 0, len(body.nodes) - 1)
    need(len(outputs) == carries and len(arguments) == len(body.inputs), "TC750", "repeat: the carries do not match")
    need(shapes == [body.nodes[i][3] for i in body.inputs], "TC751", "repeat: an argument has the wrong shape")
    need([body.nodes[o][3] for o in outputs] == shapes[:carries], "TC752", "repeat: a carry changes its shape")
    return shapes[which]


def _implicit(p, parameters, arguments, shapes, shape):
    need(len(parameters) == 4 and parameters[0] in ("min", "max", "argmin", "root"), "TC753", "implicit is [mode, body, bound, output]")
    body = p.bodies[count(parameters[1], 0, len(p.bodies) - 1)]
    bound = count(parameters[2], 1, len(body.inputs))
    output = count(parameters[3], 0, len(body.nodes) - 1)
    need(shapes == [body.nodes[i][3] for i in body.inputs[bound:]], "TC754", "implicit: an argument has the wrong shape")
    need(parameters[0] == "root" or body.nodes[output][3] == [], "TC755", "implicit: the objective is no scalar")
    return [] if parameters[0] in ("min", "max") else body.nodes[body.inputs[0]][3]


SHAPE_RULES = {
    "input": _input, "constant": _constant, "map": _map, "contract": _contract, "reduce": _reduce, "cumulate": _cumulate,
    "reindex": _reindex, "compare": _compare, "logic": _logic, "where": _where, "order": _order, "lookup": _lookup, "linalg": _linalg,
    "repeat": _repeat, "implicit": _implicit,
}


# ------------------------------------------------------------------ derivations


class Derivation:
    """A list of checked steps: step k is about ``about[k]`` and concludes ``results[k]``.

    A result is the index of a fact record, or a tuple for a negative step.
    """

    def __init__(self, document: "Document", program: Program) -> None:
        self.document = document
        self.program = program
        self.about: list = []
        self.results: list = []
        self.rules: list = []
        self.bodies: dict = {}  # of a repeat node: the instance that its last `repeat` step uses

    def check(self, steps: object) -> None:
        """Check every step in order."""
        if type(steps) is not list or len(steps) > MAXIMAL_COUNT:
            refuse("TC460", "the steps are not a list")
        document, nodes, about, results, rules = self.document, self.program.nodes, self.about, self.results, self.rules
        facts, known, size_, total = document.facts, document.known, len(nodes), len(document.facts)
        for k, step in enumerate(steps):
            document.step = k
            if type(step) is not list or len(step) != 5:
                refuse("TC461", "a step is not [rule, node, premises, parameters, conclusion]")
            rule, n, premises, parameters, conclusion = step
            if type(rule) is not str or type(premises) is not list or type(parameters) is not list:
                refuse("TC473", "a step is not [rule, node, premises, parameters, conclusion]")
            if type(n) is not int or not 0 <= n < size_:
                refuse("TC462", "a step is about no node of the program")
            for q in premises:
                if type(q) is not int or not 0 <= q < k:
                    refuse("TC463", "a premise is no earlier step")
            if type(conclusion) is list:
                results.append(self.negative(rule, n, premises, parameters, conclusion))
                about.append(n)
                rules.append(rule)
                continue
            if type(conclusion) is not int or not 0 <= conclusion < total:
                refuse("TC464", "a conclusion is no fact of the document")
            node = nodes[n]
            if rule == node[0] and rule in ORDINARY:
                arguments = node[2]
                if parameters or len(premises) != len(arguments):
                    refuse("TC465", f"the rule {rule} has one premise per argument and no parameters")
                ids = []
                for q, a in zip(premises, arguments):
                    if about[q] != a or type(results[q]) is not int:
                        refuse("TC466", "a premise is not a fact about the argument in its place")
                    ids.append(results[q])
                key = ORDINARY[rule](self, node, ids)
                if known.get(key) != conclusion:
                    must_follow(facts[conclusion], self.compute(rule, node, [facts[i] for i in ids]))
                    known[key] = conclusion
            else:
                must_follow(facts[conclusion], self.special(rule, n, premises, parameters, conclusion))
            about.append(n)
            results.append(conclusion)
            rules.append(rule)
        document.count += len(steps)

    def compute(self, rule: str, node: tuple, f: list) -> tuple:
        """The record of an ordinary step."""
        kind, parameters, arguments, _ = node
        shapes = [self.program.nodes[a][3] for a in arguments]
        if rule == "map":
            name = parameters[0]
            self.document.used.add(name)
            if not arguments:
                low, high = enclosure("pi", ZERO)
                return settle(0, ALL, ALL, (low, high, True, True), 1, 1, ANALYTIC, 1, ZERO)
            if len(arguments) == 1:
                return unary(name, f[0])
            return binary(name, f[0], f[1], arguments[0] == arguments[1])
        if rule == "contract":
            return contraction(tuple(f), contracted(parameters[0], shapes), multiplies_itself(node))
        if rule == "reduce":
            return reduction(parameters[0], f[0], math.prod(shapes[0][a] for a in parameters[1]))
        if rule == "cumulate":
            return running(parameters[0], f[0], shapes[0][parameters[1]], parameters[2])
        if rule == "reindex":
            return selection(tuple(f))
        if rule == "compare":
            return comparison(parameters[0], f[0], f[1], arguments[0] == arguments[1])
        if rule == "logic":
            return connective(parameters[0], tuple(f))
        if rule == "where":
            return choice(f[0], f[1], f[2], arguments[1] == arguments[2])
        if rule == "order":
            return ordering(parameters[0], f[0], shapes[0][parameters[1]])
        if rule == "lookup":
            return look_up(f[0], f[1], self.certain_index(node))
        if rule == "linalg":
            return linear_algebra(parameters[0], tuple(f))
        return self.constant(parameters)

    def constant(self, parameters: list) -> tuple:
        """The record of a constant."""
        if parameters[0] == "splat":
            spread = point(number(parameters[1]))
        elif parameters[0] == "values":
            values = [number(text) for text in parameters[1]]
            spread = (min(values), max(values), True, True) if values else point(ZERO)
        else:
            spread = interval(parameters[2])
        return settle(0, ALL, ALL, spread, 1, 1, ANALYTIC, 1, ZERO)

    def certain_index(self, node: tuple) -> bool:
        """Whether the index of a lookup is certainly an integer inside the table's axis."""
        table, index = (self.program.nodes[a] for a in node[2])
        extent = table[3][node[1][0]]
        if index[0] == "order" and index[1][0] not in ("sort", "topk"):
            return self.program.nodes[index[2][0]][3][index[1][1]] <= extent
        if index[0] == "constant" and index[1][0] in ("splat", "values"):
            values = [index[1][1]] if index[1][0] == "splat" else index[1][1]
            return all(number(text).denominator == 1 and 0 <= number(text) < extent for text in values)
        return False

    def fact(self, premise: int, node: int) -> tuple:
        """The record of a premise that must be an ordinary fact about a node."""
        if self.about[premise] != node or type(self.results[premise]) is not int:
            refuse("TC475", "a premise is not a fact about the node that the rule needs")
        return self.document.facts[self.results[premise]]

    def facts_of(self, premises: list, nodes: list) -> list:
        """The records of premises about given nodes, one each."""
        if len(premises) != len(nodes):
            refuse("TC467", f"the rule needs {len(nodes)} premises, not {len(premises)}")
        return [self.fact(q, n) for q, n in zip(premises, nodes)]

    def special(self, rule: str, n: int, premises: list, parameters: list, conclusion: int) -> tuple:
        """The record of a step that is not ordinary."""
        if rule == "input" and self.program.nodes[n][0] == "input":
            if premises or parameters:
                refuse("TC474", "the rule input has no premises and no parameters")
            return self.input(n)
        if rule == "assume":
            return self.document.assume(premises, parameters, conclusion)
        if rule == "nothing":
            return NOTHING
        refinement = REFINEMENTS.get(rule)
        if refinement is not None:
            return refinement(self, n, premises, parameters)
        return self.structural(rule, n, premises, parameters)

    def input(self, n: int) -> tuple:
        """The record of an input."""
        _, role, box = self.program.nodes[n][1]
        varies = int(role in self.document.roles)
        return settle(varies, ALL, ALL, interval(box), 1, 1, ANALYTIC, 1, Fraction(varies))

    def structural(self, rule: str, n: int, premises: list, parameters: list) -> tuple:
        """Rules that use instances: only the main derivation has them."""
        refuse("TC476", f"no rule {rule[:40]!r} for this node inside an instance")

    def negative(self, rule, n, premises, parameters, conclusion) -> tuple:
        """Negative steps live on curves only."""
        refuse("TC469", "a negative step outside a curve")


class Main(Derivation):
    """The main derivation: it alone uses instances."""

    def structural(self, rule: str, n: int, premises: list, parameters: list) -> tuple:
        """Functions by cases, loops and choices."""
        if rule == "piecewise":
            return by_pieces(self, n, premises, parameters)
        if rule == "repeat" and self.program.nodes[n][0] == "repeat":
            return by_rounds(self, n, premises, parameters)
        if rule == "implicit" and self.program.nodes[n][0] == "implicit":
            return by_choice(self, n, premises, parameters)
        refuse("TC468", f"no rule {rule[:40]!r} for a node of kind {self.program.nodes[n][0]}")


def contracted(text: str, shapes: list) -> int:
    """How many products a contraction sums."""
    _, output, extents = specification(text, tuple(map(tuple, shapes)))
    return math.prod(extent for letter, extent in extents.items() if letter not in output)


def multiplies_itself(node: tuple) -> bool:
    """Whether a contraction multiplies each entry of a tensor by itself."""
    if len(node[2]) != 2 or node[2][0] != node[2][1]:
        return False
    left, right = node[1][0].partition("->")[0].split(",")
    return left == right


def _key_pair(d, node, ids):
    return (node[0], node[1][0], len(ids) == 2 and node[2][0] == node[2][1], *ids)


def _key_where(d, node, ids):
    return ("where", node[2][1] == node[2][2], *ids)


def _key_reindex(d, node, ids):
    return ("reindex", *ids)


def _key_constant(d, node, ids):
    return ("constant", node[1][0], node[1][-1] if node[1][0] != "values" else id(node))


def _key_reduce(d, node, ids):
    s = d.program.nodes[node[2][0]][3]
    return ("reduce", node[1][0], math.prod(s[a] for a in node[1][1]), *ids)


def _key_contract(d, node, ids):
    shapes = tuple(tuple(d.program.nodes[a][3]) for a in node[2])
    return ("contract", node[1][0], shapes, multiplies_itself(node), *ids)


def _key_node(d, node, ids):
    return (id(node), *ids)


ORDINARY = {
    "map": _key_pair, "compare": _key_pair, "logic": _key_pair, "where": _key_where, "reindex": _key_reindex, "constant": _key_constant,
    "reduce": _key_reduce, "contract": _key_contract, "cumulate": _key_node, "order": _key_node, "lookup": _key_node, "linalg": _key_node,
}


# ------------------------------------------------------------------ refinements


def is_map(d: Derivation, n: int, name: str) -> bool:
    """Whether a node is a map of a primitive."""
    node = d.program.nodes[n]
    return node[0] == "map" and node[1][0] == name


def share(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """a / sum(a) lies in [0,1] when a >= 0; with a = exp(w) it is Lw/2-Lipschitz."""
    nodes = d.program.nodes
    need(is_map(d, n, "div") and parameters == [], "TC640", "share: the node does not have the shape of the rule")
    a, s = nodes[n][2]
    if nodes[s][0] == "reindex" and nodes[s][1][0] == "expand":
        s = nodes[s][2][0]
    need(nodes[s][0] == "reduce" and nodes[s][1][0] == "sum" and nodes[s][1][2] == 1 and nodes[s][2][0] == a,
         "TC641", "share: the node does not have the shape of the rule")
    exponential = len(premises) == 3
    if exponential:
        need(is_map(d, a, "exp"), "TC642", "share: the node does not have the shape of the rule")
    f = d.facts_of(premises, [n, a, nodes[a][2][0]] if exponential else [n, a])
    need(f[1][3][0] is not None and f[1][3][0] >= 0 and f[1][4] == 1 and f[0][4] == 1, "TC643", "share: the numerator is not proved total and >= 0")
    lip = f[2][8] / 2 if exponential and f[2][8] is not None else None
    return meet_records(f[0], gain(range=(ZERO, ONE, True, True), lip=lip))


def leaves(d: Derivation, root: int, recognise) -> tuple:
    """(recognised leaves, other leaves) of a tree of additions, left to right."""
    found, others, todo = [], [], [root]
    while todo:
        u = todo.pop()
        if is_map(d, u, "add"):
            todo.extend(reversed(d.program.nodes[u][2]))
        else:
            leaf = recognise(d, u)
            (others if leaf is None else found).append(u if leaf is None else leaf)
        if len(todo) + len(found) + len(others) > 64:
            refuse("TC472", "a sum of more than 64 terms")
    return found, others


def exponential_leaf(d: Derivation, u: int) -> int | None:
    """w, when the node is exp(w) or a sum of entries of it."""
    node = d.program.nodes[u]
    if node[0] == "reduce" and node[1][0] == "sum":
        if math.prod(d.program.nodes[node[2][0]][3][a] for a in node[1][1]) < 1:
            return None
        u = node[2][0]
    return d.program.nodes[u][2][0] if is_map(d, u, "exp") else None


def fixed_leaves(rule: str, records: list) -> None:
    """Refuse unless the other leaves are total, fixed and >= 0."""
    for f in records:
        need(f[0] == 0 and f[4] == 1 and f[3][0] is not None and f[3][0] >= 0, "TC644", f"{rule}: a term is not fixed, total and >= 0")


def logsumexp(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """log of a sum of exponentials and fixed numbers >= 0 is as Lipschitz as the worst exponent."""
    need(is_map(d, n, "log") and parameters == [], "TC645", "logsumexp: the node does not have the shape of the rule")
    arguments, others = leaves(d, d.program.nodes[n][2][0], exponential_leaf)
    need(arguments != [], "TC646", "logsumexp: the node does not have the shape of the rule")
    f = d.facts_of(premises, [n, *arguments, *others])
    fixed_leaves("logsumexp", f[1 + len(arguments):])
    lips = [g[8] for g in f[1:1 + len(arguments)]]
    lip = None if None in lips or not f[0][4] else max(lips)
    return meet_records(f[0], gain(lip=lip, loclip=min(g[7] for g in f[1:1 + len(arguments)])))


def logistic(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """c / (k + exp(w)) is sup|c| Lw / (4 inf k)-Lipschitz."""
    nodes = d.program.nodes
    need(is_map(d, n, "div") and parameters == [] and len(premises) == 4, "TC647", "logistic: the node does not have the shape of the rule")
    c, s = nodes[n][2]
    need(is_map(d, s, "add"), "TC648", "logistic: the node does not have the shape of the rule")
    k = d.about[premises[2]]
    left, right = nodes[s][2]
    need(k in (left, right), "TC649", "logistic: the node does not have the shape of the rule")
    e = right if k == left else left
    need(is_map(d, e, "exp"), "TC650", "logistic: the node does not have the shape of the rule")
    f = d.facts_of(premises, [n, c, k, nodes[e][2][0]])
    need(f[0][4] == 1 and f[1][0] == 0 and f[2][0] == 0 and f[2][3][0] is not None and f[2][3][0] > 0, "TC651", "logistic: c and k > 0 must be fixed")
    top = size(f[1][3])
    lip = None if top is None or f[3][8] is None else top * f[3][8] / (4 * f[2][3][0])
    return meet_records(f[0], gain(lip=lip))


def square_leaf(d: Derivation, u: int) -> tuple | None:
    """(K, a), when the node is a sum of K squares of entries of a."""
    nodes, many = d.program.nodes, 1
    node = nodes[u]
    if node[0] == "contract" and multiplies_itself(node):
        return contracted(node[1][0], [nodes[a][3] for a in node[2]]), node[2][0]
    if node[0] == "reduce" and node[1][0] == "sum":
        many = math.prod(nodes[node[2][0]][3][a] for a in node[1][1])
        node = nodes[node[2][0]]
    if node[0] == "map" and node[1][0] == "mul" and node[2][0] == node[2][1]:
        return many, node[2][0]
    if node[0] == "map" and node[1][0] == "pow" and nodes[node[2][1]][:2] == ("constant", ["splat", "2"]):
        return many, node[2][0]
    return None


def norm(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """sqrt of a sum of K squares is sqrt(K)-Lipschitz for the sup norm."""
    need(is_map(d, n, "sqrt") and len(parameters) == 1, "TC652", "norm: the node does not have the shape of the rule")
    squares, others = leaves(d, d.program.nodes[n][2][0], square_leaf)
    need(squares != [], "TC653", "norm: the node does not have the shape of the rule")
    f = d.facts_of(premises, [n, *(a for _, a in squares), *others])
    fixed_leaves("norm", f[1 + len(squares):])
    root = number(parameters[0])
    need(root >= 0 and root * root >= sum(k for k, _ in squares), "TC654", "norm: the constant is too small")
    bases = f[1:1 + len(squares)]
    lips = [g[8] for g in bases]
    lip = None if None in lips or not all(g[4] for g in bases) else mul_lip(root, max(lips))
    return meet_records(f[0], gain(loclip=min(g[7] for g in bases), lip=lip))


def saturate(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """A rounding followed by clamps and fixed shifts takes finitely many values, with thresholds in its argument."""
    nodes = d.program.nodes
    chain = counts(parameters, 0, len(nodes) - 1)
    need(2 <= len(chain) <= 32 and chain[0] == n, "TC655", "saturate: the node does not have the shape of the rule")
    others = []
    for above, below in zip(chain, chain[1:]):
        kind, names, arguments, _ = nodes[above]
        need(kind == "map" and names[0] in ("max", "min", "add", "sub") and below in arguments,
             "TC656", "saturate: the node does not have the shape of the rule")
        need(arguments[0] == below if names[0] == "sub" else True, "TC657", "saturate: the node does not have the shape of the rule")
        others.append(arguments[1] if arguments[0] == below else arguments[0])
    last = nodes[chain[-1]]
    need(last[0] == "map" and last[1][0] in ("floor", "ceil", "round"), "TC659", "saturate: the node does not have the shape of the rule")
    f = d.facts_of(premises, [n, last[2][0], *others])
    need(bounded(f[0][3]), "TC660", "saturate: the range of the node is not bounded")
    need(all(g[0] == 0 for g in f[2:]), "TC661", "saturate: a clamp or a shift is not fixed")
    return meet_records(f[0], gain(homes=f[1][1], local=f[1][2]))


REFINEMENTS = {"share": share, "logsumexp": logsumexp, "logistic": logistic, "norm": norm, "saturate": saturate}


# ------------------------------------------------------------------ sub-programs


class Body(Derivation):
    """A derivation over a sub-program whose inputs carry given records."""

    def __init__(self, document: "Document", value: dict) -> None:
        need_keys(value, {"body", "inputs", "kind", "steps"})
        bodies = document.program.bodies
        self.number = count(value["body"], 0, len(bodies) - 1)
        super().__init__(document, bodies[self.number])
        indices = counts(value["inputs"], 0, len(document.facts) - 1)
        slots = self.program.inputs
        if len(indices) != len(slots):
            refuse("TC480", "a body instance has one record per input")
        self.given = [document.facts[i] for i in indices]
        for f, slot in zip(self.given, slots):
            if f != settle(f[0], ALL, ALL, f[3], 1, 1, ANALYTIC, 1, None):
                refuse("TC481", "a body's input says more than its range")
            if not inside(f[3], interval(self.program.nodes[slot][1][2])):
                refuse("TC482", "a body's input leaves its box")
        self.check(value["steps"])

    def input(self, n: int) -> tuple:
        """The record given to the instance."""
        return self.given[self.program.inputs.index(n)]


def need_keys(value: object, keys: set) -> None:
    """Refuse an object whose keys are not exactly the expected ones."""
    if type(value) is not dict or set(value) != keys:
        refuse("TC483", f"the keys are not exactly {sorted(keys)}")


def instance_of(d: Derivation, number_: object, kind: type) -> Derivation:
    """An instance of a kind by its number."""
    document = d.document
    k = count(number_, 0, len(document.instances) - 1)
    if type(document.instances[k]) is not kind:
        refuse("TC484", f"instance {k} is of the wrong kind")
    return document.instances[k]


def result_of(c: Derivation, step: object, node: int) -> tuple:
    """The record of an instance's step about a node."""
    return c.fact(count(step, 0, len(c.about) - 1), node)


def by_rounds(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """A body run a fixed number of times, with an invariant interval per carry."""
    _, (number_, rounds, carries, which, outputs), arguments, _ = d.program.nodes[n]
    if len(parameters) != 2 or type(parameters[1]) is not list or len(parameters[1]) != len(outputs):
        refuse("TC485", "repeat: parameters are [instance, steps]")
    c = instance_of(d, parameters[0], Body)
    if c.number != number_:
        refuse("TC486", "repeat: the instance is about another body")
    given = d.facts_of(premises, arguments)
    ends = [result_of(c, step, o) for step, o in zip(parameters[1], outputs)]
    for k, (f, slot) in enumerate(zip(given, c.given)):
        if slot[0] == 0 and (f[0] == 1 or k < carries):
            refuse("TC487", "repeat: an input that varies is taken as fixed")
    varies, homes, local, total, _, smooth, loclip = together(tuple(given))
    _, end_homes, _, end_total, _, end_smooth, end_loclip = together(tuple(ends))
    fits = all(inside(f[3], slot[3]) for f, slot in zip(given, c.given)) and all(inside(e[3], slot[3]) for e, slot in zip(ends, c.given))
    if not fits:
        refuse("TC488", "repeat: a range leaves the interval it must stay in")
    d.bodies[n] = c
    image = given[which][3] if rounds == 0 else ends[which][3]
    return settle(varies, homes & end_homes, local & end_homes, image, int(total and end_total), 0, min(smooth, end_smooth),
                  int(loclip and end_loclip), None)


def by_choice(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """A definable choice over a body: minimum, maximum, minimiser, zero."""
    _, (mode, number_, bound, output), arguments, _ = d.program.nodes[n]
    if len(parameters) != 2:
        refuse("TC495", "implicit: parameters are [instance, step]")
    c = instance_of(d, parameters[0], Body)
    if c.number != number_:
        refuse("TC496", "implicit: the instance is about another body")
    given = d.facts_of(premises, arguments)
    end = result_of(c, parameters[1], output)
    if any(slot[0] == 0 and not is_point(slot[3]) for slot in c.given):
        refuse("TC497", "implicit: an input is taken as fixed")
    for slot, node in zip(c.given[:bound], c.program.inputs):
        if slot[3] != interval(c.program.nodes[node][1][2]):
            refuse("TC498", "implicit: a bound variable does not range over its box")
    if not all(inside(f[3], slot[3]) for f, slot in zip(given, c.given[bound:])):
        refuse("TC499", "implicit: a range leaves the interval it must stay in")
    homes = end[1]
    for f in given:
        homes &= f[1]
    image = end[3] if mode in ("min", "max") else LINE
    return settle(max((f[0] for f in given), default=0), homes, NONE, image, 0, 0, ROUGH, 0, None)


# ------------------------------------------------------------------ functions by cases


class Cone(Derivation):
    """A derivation about the nodes between a node and one pivot below it, the pivot free in an interval."""

    def __init__(self, document: "Document", value: dict) -> None:
        need_keys(value, {"kind", "node", "pivot", "range", "steps"})
        super().__init__(document, document.program)
        last = len(self.program.nodes) - 1
        self.node, self.pivot, self.range = count(value["node"], 0, last), count(value["pivot"], 0, last), interval(value["range"])
        self.nodes = self.members()
        self.check(value["steps"])
        self.latest = {n: r for n, r in zip(self.about, self.results)}
        if not self.about or self.about[-1] != self.node:
            refuse("TC490", "the last step of a cone is not about its node")

    def members(self) -> list:
        """The nodes of the cone in order, the pivot first; refuse what is not entrywise or escapes the pivot."""
        nodes, seen, todo = self.program.nodes, {self.pivot}, [self.node]
        while todo:
            n = todo.pop()
            if n in seen:
                continue
            kind, parameters, arguments, _ = nodes[n]
            leaf = (kind == "constant" and parameters[0] == "splat") or (kind == "map" and not arguments)
            if not leaf and (kind not in ("map", "compare", "logic", "where") or n < self.pivot):
                refuse("TC491", "a path of the cone misses its pivot, or leaves the entrywise nodes")
            seen.add(n)
            if len(seen) > MAXIMAL_CONE:
                refuse("TC492", f"a cone of more than {MAXIMAL_CONE} nodes")
            todo.extend(arguments)
        if self.node == self.pivot:
            refuse("TC489", "a cone's node is its pivot")
        return sorted(seen)

    def special(self, rule, n, premises, parameters, conclusion) -> tuple:
        """The pivot's step; no other rule about the pivot, none about nodes outside."""
        if n not in set(self.nodes):
            refuse("TC493", "a step about a node outside the cone")
        if rule == "pivot" and n == self.pivot and not premises and not parameters:
            return settle(1, ALL, ALL, self.range, 1, 1, ANALYTIC, 1, ONE)
        return super().special(rule, n, premises, parameters, conclusion)

    def input(self, n: int) -> tuple:
        """Inputs enter a cone only as its pivot."""
        refuse("TC494", "an input inside a cone")

    def record(self, n: int) -> tuple:
        """The last record proved of a node."""
        result = self.latest.get(n)
        return NOTHING if result is None else self.document.facts[result]


ORDER = 6


def decided_branch(c: Cone, n: int) -> int | None:
    """The argument that a where, max or min takes on this piece; None when its ranges leave it open."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind == "where":
        f = c.record(arguments[0])
        if not f[4]:
            return None
        return arguments[1] if without_zero(f[3]) else arguments[2] if f[3] == point(ZERO) else None
    a, b = (c.record(m)[3] for m in arguments)
    if not_above(b, a):
        return arguments[0] if parameters[0] == "max" else arguments[1]
    if not_above(a, b):
        return arguments[1] if parameters[0] == "max" else arguments[0]
    return None


def sign_on(a: tuple) -> int | None:
    """1 when a >= 0, -1 when a <= 0, None when open."""
    return 1 if a[0] is not None and a[0] >= 0 else -1 if a[1] is not None and a[1] <= 0 else None


def taylor(c: Cone, q: Fraction) -> list | None:
    """The Taylor coefficients at q, exact, of what the cone is on this piece; None when they are not all rational."""
    found: dict = {}
    for n in c.nodes:
        series = [q, ONE] + [ZERO] * (ORDER - 1) if n == c.pivot else taylor_of(c, n, found)
        found[n] = None if series is None or max(map(bits, series)) > WRITABLE_BITS else series
    return found[c.node]


def flat(value: Fraction) -> list:
    """A constant series."""
    return [value] + [ZERO] * ORDER


def taylor_of(c: Cone, n: int, found: dict) -> list | None:
    """The series of one node from its arguments'."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind == "constant":
        return flat(number(parameters[1]))
    f = c.record(n)
    if f[4] and is_point(f[3]):
        return flat(f[3][0])
    if kind == "where" or (kind == "map" and parameters[0] in ("max", "min")):
        taken = decided_branch(c, n)
        return None if taken is None else found[taken]
    if kind != "map" or not arguments or any(found[a] is None for a in arguments):
        return None
    name, x = parameters[0], found[arguments[0]]
    if name == "abs":
        sign = sign_on(c.record(arguments[0])[3])
        return None if sign is None else [sign * v for v in x]
    if len(arguments) == 1:
        return series_function(name, x)
    y = found[arguments[1]]
    if name in ("add", "sub"):
        return [u + v if name == "add" else u - v for u, v in zip(x, y)]
    if name == "mul":
        return series_product(x, y)
    if name == "div":
        return None if y[0] == 0 else series_quotient(x, y)
    exponent = c.record(arguments[1])
    return series_power(x, exponent[3][0]) if name == "pow" and exponent[4] and is_point(exponent[3]) else None


def series_product(x: list, y: list) -> list:
    """The product."""
    return [sum((x[i] * y[k - i] for i in range(k + 1)), ZERO) for k in range(ORDER + 1)]


def series_quotient(x: list, y: list) -> list:
    """The quotient by a series with nonzero constant term."""
    out: list = []
    for k in range(ORDER + 1):
        out.append((x[k] - sum((out[i] * y[k - i] for i in range(k)), ZERO)) / y[0])
    return out


def series_from_slope(start: Fraction, x: list, slope: list) -> list:
    """g with g(0) = start and g' = x' slope."""
    out = [start]
    for k in range(1, ORDER + 1):
        out.append(sum((i * x[i] * slope[k - i] for i in range(1, k + 1)), ZERO) / k)
    return out


def series_function(name: str, x: list) -> list | None:
    """The series of a smooth primitive where it has rational coefficients."""
    if name == "neg":
        return [-v for v in x]
    if name == "sqrt":
        return series_power(x, Fraction(1, 2))
    if name == "log" and x[0] == 1:
        return series_from_slope(ZERO, x, series_quotient(flat(ONE), x))
    if x[0] != 0:
        return None
    if name == "exp":
        out = [ONE]
        for k in range(1, ORDER + 1):
            out.append(sum((i * x[i] * out[k - i] for i in range(1, k + 1)), ZERO) / k)
        return out
    if name in ("sin", "cos", "tan"):
        sine, cosine = [ZERO], [ONE]
        for k in range(1, ORDER + 1):
            s = sum((i * x[i] * cosine[k - i] for i in range(1, k + 1)), ZERO) / k
            cosine.append(-sum((i * x[i] * sine[k - i] for i in range(1, k + 1)), ZERO) / k)
            sine.append(s)
        return sine if name == "sin" else cosine if name == "cos" else series_quotient(sine, cosine)
    one_plus = [ONE + v if k == 0 else v for k, v in enumerate(series_product(x, x))]
    if name == "atan":
        return series_from_slope(ZERO, x, series_quotient(flat(ONE), one_plus))
    if name == "asin":
        root = series_power([ONE - v if k == 0 else -v for k, v in enumerate(series_product(x, x))], Fraction(1, 2))
        return series_from_slope(ZERO, x, series_quotient(flat(ONE), root))
    return None


def series_power(x: list, q: Fraction) -> list | None:
    """x^q: q an integer with |q| <= 64, or a positive constant term with a rational root."""
    if q.denominator == 1:
        if abs(q) > 64 or (q < 0 and x[0] == 0):
            return None
        base = x if q >= 0 else series_quotient(flat(ONE), x)
        out = flat(ONE)
        for _ in range(abs(int(q))):
            out = series_product(out, base)
        return out
    if x[0] <= 0 or q.denominator > 16 or abs(q.numerator) > 64:
        return None
    root = exact_root(x[0], q.denominator)
    if root is None:
        return None
    out = [root ** q.numerator]
    for k in range(1, ORDER + 1):
        out.append(sum(((q * i - (k - i)) * x[i] * out[k - i] for i in range(1, k + 1)), ZERO) / (k * x[0]))
    return out


def exact_root(x: Fraction, n: int) -> Fraction | None:
    """The positive n-th root of x > 0 when it is rational."""
    parts = []
    for value in (x.numerator, x.denominator):
        low, high = 0, 1 << (value.bit_length() // n + 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**n <= value else (low, middle - 1)
        if low**n != value:
            return None
        parts.append(low)
    return Fraction(parts[0], parts[1])


def by_pieces(d: Derivation, n: int, premises: list, parameters: list) -> tuple:
    """A function of one pivot by cases: pieces, points between them, joins, bounds."""
    if len(parameters) != 5 or any(type(p) is not list for p in parameters[1:]):
        refuse("TC500", "piecewise: parameters are [pivot, breaks, pieces, points, bounds]")
    pivot = count(parameters[0], 0, len(d.program.nodes) - 1)
    before, at_pivot = d.facts_of(premises, [n, pivot])
    breaks = [number(text) for text in parameters[1]]
    spread = at_pivot[3]
    if any(x >= y for x, y in zip(breaks, breaks[1:])) or not all(inside(point(q), (spread[0], spread[1], False, False)) for q in breaks):
        refuse("TC501", "piecewise: the breakpoints are not increasing inside the range")
    if len(parameters[2]) != len(breaks) + 1 or len(parameters[3]) != len(breaks) or len(parameters[4]) != len(breaks) + 1:
        refuse("TC507", "piecewise: one piece more than breakpoints, a point for each, a bound for each piece")
    pieces, points = ([instance_of(d, k, Cone) for k in part] for part in parameters[2:4])
    ends = [spread[0], *breaks, spread[1]]
    for k, c in enumerate(pieces):
        own = (ends[k], ends[k + 1], k == 0 and spread[2], k == len(breaks) and spread[3])
        if (c.node, c.pivot, c.range) != (n, pivot, own):
            refuse("TC502", "piecewise: an instance is not about this piece")
    for q, c in zip(breaks, points):
        if (c.node, c.pivot, c.range) != (n, pivot, point(q)):
            refuse("TC508", "piecewise: an instance is not about this point")
    homes, total, smooth, loclip, lip, image = at_pivot[1], at_pivot[4], at_pivot[6], at_pivot[7], ZERO, None
    for c, text in zip(pieces, parameters[4]):
        f = c.record(n)
        part = f[3] if text is None else meet(f[3], proved_bound(c, interval(text))) or f[3]
        image = part if image is None else hull(image, part)
        homes, total, smooth, loclip = homes & f[1], total & f[4], min(smooth, f[6]), loclip & f[7]
        lip = None if lip is None or f[8] is None else max(lip, f[8])
    for k, q in enumerate(breaks):
        f = points[k].record(n)
        image, total = hull(image, f[3]), total & f[4]
        order = join(pieces[k], pieces[k + 1], f, q)
        smooth, loclip = min(smooth, order), loclip if order >= 0 else 0
    lip = mul_lip(lip, at_pivot[8]) if lip is not None and loclip and total else None
    return meet_records(before, settle(1, homes, NONE, image, total, 0, smooth, loclip, lip))


def join(left: Cone, right: Cone, at: tuple, q: Fraction) -> int:
    """The order to which two pieces and the value at q agree; -1 when they do not, or it is not known."""
    if not at[4] or not is_point(at[3]):
        return ROUGH
    a, b = taylor(left, q), taylor(right, q)
    if a is None or b is None or a[0] != at[3][0]:
        return ROUGH
    order = ROUGH
    while order < ORDER and a[order + 1] == b[order + 1]:
        order += 1
    return order


# Quotients of polynomials on a piece: polynomials are lists of coefficients in increasing order.


def poly_sum(a: list, b: list, factor: Fraction = ONE) -> list:
    """a + factor b, without trailing zeros."""
    out = [(a[k] if k < len(a) else ZERO) + (factor * b[k] if k < len(b) else ZERO) for k in range(max(len(a), len(b)))]
    while out and out[-1] == 0:
        out.pop()
    return out


def poly_product(a: list, b: list) -> list:
    """a b."""
    if not a or not b:
        return []
    if len(a) + len(b) > 200:
        refuse("TC503", "piecewise: polynomials of too high a degree")
    out = [ZERO] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] += x * y
    return out


def quotient_of(c: Cone, n: int, found: dict) -> tuple | None:
    """(P, Q) of one node from its arguments', resolving switches by this piece's records."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind == "constant":
        return poly_sum([number(parameters[1])], []), [ONE]
    if kind == "where" or (kind == "map" and parameters[0] in ("max", "min")):
        taken = decided_branch(c, n)
        return None if taken is None else found[taken]
    if kind != "map" or not arguments or any(found[a] is None for a in arguments):
        return None
    name, (p, q) = parameters[0], found[arguments[0]]
    if name == "neg":
        return poly_sum([], p, -ONE), q
    if name == "abs":
        sign = sign_on(c.record(arguments[0])[3])
        return None if sign is None else (poly_sum([], p, Fraction(sign)), q)
    if len(arguments) == 1:
        return None
    u, v = found[arguments[1]]
    if name in ("add", "sub"):
        factor = ONE if name == "add" else -ONE
        if q == v:
            return poly_sum(p, u, factor), q
        return poly_sum(poly_product(p, v), poly_product(u, q), factor), poly_product(q, v)
    if name == "mul":
        return poly_product(p, u), poly_product(q, v)
    if name == "div":
        return (poly_product(p, v), poly_product(q, u)) if u else None
    if name == "pow" and v == [ONE] and len(u) <= 1:
        exponent = u[0] if u else ZERO
        if exponent.denominator != 1 or abs(exponent) > 8 or (exponent < 0 and not p):
            return None
        base = (p, q) if exponent >= 0 else (q, p)
        top, bottom = [ONE], [ONE]
        for _ in range(abs(int(exponent))):
            top, bottom = poly_product(top, base[0]), poly_product(bottom, base[1])
        return top, bottom
    return None


def proved_bound(c: Cone, bound: tuple) -> tuple:
    """Refuse unless the bound for the piece shows in the signs of coefficients; return it closed."""
    found: dict = {}
    for n in c.nodes:
        f = ([ZERO, ONE], [ONE]) if n == c.pivot else quotient_of(c, n, found)
        found[n] = None if f is None or max(map(bits, [ZERO, *f[0], *f[1]])) > WRITABLE_BITS else f
    f = found[c.node]
    if f is None or (c.range[0] is None and c.range[1] is None):
        refuse("TC504", "piecewise: no quotient of polynomials on this piece")
    degree = max(len(f[0]), len(f[1])) - 1
    if degree > 64:
        refuse("TC509", "piecewise: polynomials of too high a degree")
    for end, closed in ((c.range[0], c.range[2]), (c.range[1], c.range[3])):
        if closed and sum((x * end**k for k, x in enumerate(f[1])), ZERO) == 0:
            refuse("TC505", "piecewise: the denominator vanishes at a closed end")
    top, bottom = (to_half_line(p, c.range, degree) for p in f)
    if all(x <= 0 for x in bottom):
        top, bottom = poly_sum([], top, -ONE), poly_sum([], bottom, -ONE)
    low, high = bound[0], bound[1]
    fine = bottom != [] and all(x >= 0 for x in bottom)
    fine = fine and (high is None or never_negative(poly_sum(poly_sum([], bottom, high), top, -ONE)))
    fine = fine and (low is None or never_negative(poly_sum(top, bottom, -low)))
    if not fine:
        refuse("TC506", "piecewise: the bound does not show in the signs of the coefficients")
    return (low, high, low is not None, high is not None)


def to_half_line(p: list, piece: tuple, degree: int) -> list:
    """The polynomial in s in (0,inf) for x = low + s, high - s or (low + high s)/(1 + s), times (1 + s)^degree in the last case."""
    low, high = piece[0], piece[1]
    both = low is not None and high is not None
    x = [low, high] if both else [low, ONE] if low is not None else [high, -ONE]
    out: list = []
    power_ = [ONE]
    for k, coefficient in enumerate(p):
        term = power_
        if both:
            for _ in range(degree - k):
                term = poly_product(term, [ONE, ONE])
        out = poly_sum(out, term, coefficient)
        power_ = poly_product(power_, x)
    return out


POLYA = [Fraction(math.comb(32, k)) for k in range(33)]


def never_negative(p: list) -> bool:
    """Whether p >= 0 on (0,inf) shows in its coefficients or in those of (1+s)^32 p."""
    return all(x >= 0 for x in p) or (p[0] >= 0 and p[-1] >= 0 and all(x >= 0 for x in poly_product(p, POLYA)))


# ------------------------------------------------------------------ curves and negative steps
#
# A polynomial in t is a dict {exponent: coefficient} without zero coefficients.


class Curve(Derivation):
    """A derivation along a curve: every input fixed, but one (and companions), all of whose entries are t^e, t in an interval."""

    def __init__(self, document: "Document", value: dict) -> None:
        need_keys(value, {"companions", "domain", "escape", "exponent", "fixed", "kind", "steps", "variable"})
        super().__init__(document, document.program)
        nodes = self.program.nodes
        self.domain, self.exponent = interval(value["domain"]), number(value["exponent"])
        self.variable = count(value["variable"], 0, len(nodes) - 1)
        self.fixed = self.read_fixed(value["fixed"])
        self.escape = value["escape"] is not None
        companions = counts(value["companions"], 0, len(nodes) - 1)
        self.moved = {self.variable, *companions}
        if companions != sorted(set(companions) - {self.variable}) or (self.escape and companions):
            refuse("TC519", "the companions of the variable are not increasing, or escape with it")
        for n in sorted(self.moved):
            self.check_variable(n, value["escape"])
        self.uniform: set = set()
        self.done = -1
        self.balls: dict = {}
        self.check(value["steps"])

    def read_fixed(self, rows: object) -> dict:
        """The fixed inputs with their values, inside their boxes."""
        if type(rows) is not list:
            refuse("TC520", "the fixed inputs are not a list")
        fixed: dict = {}
        for row in rows:
            if type(row) is not list or len(row) != 2 or type(row[0]) is not int or row[0] not in self.program.inputs or row[0] in fixed:
                refuse("TC517", "a fixed input is not a pair of an input and a number")
            fixed[row[0]] = number(row[1])
            if not inside(point(fixed[row[0]]), interval(self.program.nodes[row[0]][1][2])):
                refuse("TC521", "a fixed input leaves its box")
        return fixed

    def check_variable(self, n: int, escape: object) -> None:
        """A variable is a varying input whose values stay in its box, or a node that escaped along an earlier curve."""
        if self.exponent == 0 or max(abs(self.exponent.numerator), self.exponent.denominator) > 10**4:
            refuse("TC522", "the exponent of the curve is 0 or too large")
        if self.exponent != 1 and not inside(self.domain, (ZERO, None, False, False)):
            refuse("TC523", "a bent curve needs t > 0")
        if escape is None:
            node = self.program.nodes[n]
            if node[0] != "input" or node[1][1] not in self.document.roles or n in self.fixed:
                refuse("TC524", "the variable of a curve is not a varying input")
            if not inside(self.moving()[3], interval(node[1][2])):
                refuse("TC525", "the curve leaves the box of its variable")
            return
        if type(escape) is not list or len(escape) != 2:
            refuse("TC526", "an escape is [instance, step]")
        c = instance_of(self, escape[0], Curve)
        step = count(escape[1], 0, len(c.results) - 1)
        if c.results[step] != ("escapes",) or c.about[step] != self.variable or c.fixed != self.fixed:
            refuse("TC527", "the escape does not say that this variable tends to infinity")
        if self.exponent != 1 or self.domain != LINE:
            refuse("TC528", "an escaping variable ranges over the line")

    def moving(self) -> tuple:
        """The record of the variable."""
        e, t = self.exponent, self.domain
        if e == 1:
            return settle(1, ALL, ALL, t, 1, 1, ANALYTIC, 1, ONE)
        if e.denominator != 1:
            image = fractional_image(t, e)
        else:
            image = whole_power(t, abs(int(e)))
            image = image if e > 0 else inverse(image)
        return settle(1, R_ALG, R_ALG, image, 1, 1, ANALYTIC, 1, None)

    def special(self, rule, n, premises, parameters, conclusion) -> tuple:
        """The inputs along the curve; refinements; nothing with instances."""
        if rule == "input":
            if premises or parameters:
                refuse("TC518", "the rule input has no premises and no parameters")
            if n in self.moved:
                return self.moving()
            if n not in self.fixed:
                refuse("TC529", "an input that the curve does not fix")
            return settle(0, ALL, ALL, point(self.fixed[n]), 1, 1, ANALYTIC, 1, ZERO)
        return super().special(rule, n, premises, parameters, conclusion)

    # ---- uniform nodes and their values

    def is_uniform(self, n: int) -> bool:
        """Whether all entries of a node are equal along the curve, and there is one."""
        nodes, uniform = self.program.nodes, self.uniform
        while self.done < n:
            self.done += 1
            kind, parameters, arguments, shape = nodes[self.done]
            if self.done in self.moved:
                fine = True
            elif kind == "input":
                fine = self.done in self.fixed
            elif kind == "constant":
                fine = parameters[0] == "splat"
            elif not all(a in uniform for a in arguments):
                fine = False
            elif kind == "reindex":
                fine = parameters[0] != "pad" and (parameters[0] != "concat" or len(set(arguments)) == 1)
            elif kind == "cumulate":
                fine = parameters[0] in ("max", "min")
            elif kind == "order":
                fine = parameters[0] in ("sort", "topk")
            else:
                fine = kind in ("map", "compare", "logic", "where", "contract", "reduce")
            if fine and math.prod(shape) >= 1:
                uniform.add(self.done)
        return n in uniform

    def value(self, n: int, t: Fraction):
        """A finite ball that holds the uniform node's value at t; refuse when there is none."""
        if not inside(point(t), self.domain) or max(abs(t.numerator), t.denominator).bit_length() > HUGE:
            refuse("TC530", "a sample point is outside the domain of the curve")
        import flint

        flint.ctx.prec = 256
        balls = self.balls.setdefault(t, {})
        todo = [n]
        while todo:
            m = todo[-1]
            if m in balls:
                todo.pop()
                continue
            missing = [] if m in self.moved else [a for a in self.program.nodes[m][2] if a not in balls]
            if missing:
                todo.extend(missing)
            else:
                balls[m] = self.ball(flint, m, t, balls)
                todo.pop()
        if balls[n] is None:
            refuse("TC531", "a value at a sample point is undefined or undecided")
        return balls[n]

    def ball(self, flint, n: int, t: Fraction, balls: dict):
        """The ball of one node from its arguments'."""
        kind, parameters, arguments, _ = self.program.nodes[n]

        def exact(q: Fraction):
            return flint.arb(flint.fmpq(q.numerator, q.denominator))

        if n in self.moved:
            return exact(t) if self.exponent == 1 else exact(t) ** exact(self.exponent)
        if kind == "input":
            return exact(self.fixed[n]) if n in self.fixed else None
        if not self.is_uniform(n):
            return None
        if kind == "constant":
            return exact(number(parameters[1]))
        x = [balls[a] for a in arguments]
        if kind == "where":
            truth = ball_truth(x[0])
            return None if truth is None else x[1] if truth else x[2]
        if any(v is None for v in x):
            return None
        out = self.combine(flint, n, kind, parameters, x)
        return out if out is not None and out.is_finite() else None

    def combine(self, flint, n: int, kind: str, parameters: list, x: list):
        """The ball of an operation."""
        node = self.program.nodes[n]
        shapes = [self.program.nodes[a][3] for a in node[2]]
        if kind == "map":
            return ball_map(flint, parameters[0], x)
        if kind in ("reindex", "order", "cumulate"):
            return x[0]
        if kind == "reduce":
            many = math.prod(shapes[0][a] for a in parameters[1])
            if parameters[0] == "sum":
                return x[0] * many
            if parameters[0] == "prod":
                return x[0] ** many if many <= MAXIMAL_POWER else None
            return x[0]
        if kind == "contract":
            out = flint.arb(contracted(parameters[0], shapes))
            for v in x:
                out = out * v
            return out
        if kind == "compare":
            return ball_compare(flint, parameters[0], x[0], x[1])
        truths = [ball_truth(v) for v in x]
        if None in truths:
            return None
        name = parameters[0]
        answer = all(truths) if name == "and" else any(truths) if name == "or" else not truths[0] if name == "not" else truths[0] != truths[1]
        return flint.arb(int(answer))

    # ---- negative steps

    def negative(self, rule, n, premises, parameters, conclusion) -> tuple:
        """Check a negative step; return its conclusion as a tuple."""
        check = NEGATIVE.get(rule)
        if check is None:
            refuse("TC540", f"no negative rule {rule[:40]!r}")
        if not self.is_uniform(n):
            refuse("TC541", "a negative step about a node that is not uniform")
        self.read = 0
        proved = check(self, n, premises, parameters, conclusion)
        need(len(premises) <= self.read + 1, "TC599", "a negative step has a premise that its rule does not read")
        return proved

    def premise(self, premises: list, k: int, node: int | None = None) -> tuple:
        """The k-th premise's conclusion, about a given node."""
        if k >= len(premises):
            refuse("TC542", "a negative step lacks a premise")
        self.read = max(self.read, k)
        q = premises[k]
        if node is not None and self.about[q] != node:
            refuse("TC543", "a premise of a negative step is about another node")
        return self.results[q]

    def fact_at(self, premises: list, k: int, node: int) -> tuple:
        """The record of the k-th premise, about a given node."""
        if type(self.premise(premises, k, node)) is not int:
            refuse("TC544", "a premise of a negative step is no fact record")
        return self.document.facts[self.results[premises[k]]]

    def polynomial_at(self, premises: list, k: int, node: int) -> dict:
        """The polynomial of the k-th premise."""
        result = self.premise(premises, k, node)
        if type(result) is not tuple or result[0] != "polynomial":
            refuse("TC545", "a premise of a negative step is no polynomial")
        return dict(result[1])


def ball_truth(x) -> bool | None:
    """Whether a ball is certainly not 0, or certainly 0."""
    if x is None:
        return None
    if x > 0 or x < 0:
        return True
    return False if x.is_exact() and x == 0 else None


def ball_compare(flint, relation: str, a, b):
    """0 or 1 when the comparison of two balls is certain."""
    if a < b:
        return flint.arb(int(relation in ("lt", "le", "ne")))
    if a > b:
        return flint.arb(int(relation == "ne"))
    if a.is_exact() and b.is_exact() and a == b:
        return flint.arb(int(relation in ("le", "eq")))
    return None


def ball_map(flint, name: str, x: list):
    """The ball of a primitive."""
    if name == "pi":
        return flint.arb.pi()
    a = x[0]
    if len(x) == 2:
        b = x[1]
        if name == "pow":
            whole = b.unique_fmpz() if b.is_exact() and abs(b) <= MAXIMAL_POWER else None
            if whole is not None:
                return a ** int(whole) if int(whole) >= 0 or a > 0 or a < 0 else None
            return a**b if a > 0 else None
        if name in ("max", "min"):
            return a.max(b) if name == "max" else a.min(b)
        return a + b if name == "add" else a - b if name == "sub" else a * b if name == "mul" else a / b
    if name == "neg":
        return -a
    if name == "abs":
        return abs(a)
    if name == "sign":
        return flint.arb(1) if a > 0 else flint.arb(-1) if a < 0 else flint.arb(0) if a.is_exact() and a == 0 else None
    if name in ("floor", "ceil", "round"):
        if not abs(a) < flint.arb(2) ** HUGE:
            return None
        moved = a + flint.arb(flint.fmpq(1, 2)) if name == "round" else a
        whole = (a.ceil() if name == "ceil" else moved.floor()).unique_fmpz()
        if whole is None or (name == "round" and not moved > flint.arb(whole)):  # halves go to the even neighbour
            return None
        return flint.arb(whole)
    return apply_ball(name, a) if name != "zeta" or a > 1 else None


def claimed(conclusion: list, proved: tuple) -> tuple:
    """Refuse unless the conclusion is written as the proved one."""
    if conclusion != list(proved):
        refuse("TC546", "a negative conclusion is not what the rule gives")
    return proved


def poly_clean(terms: dict) -> dict:
    """A polynomial without zero coefficients, refused when it is too large."""
    out = {e: c for e, c in terms.items() if c != 0}
    if len(out) > 64 or any(max(abs(e.numerator), e.denominator) > 10**4 for e in out):
        refuse("TC550", "a polynomial has too many terms or too large exponents")
    if any(bits(c) > WRITABLE_BITS for c in out.values()):
        refuse("TC535", "a polynomial has too large coefficients")
    return out


def poly_mul(a: dict, b: dict) -> dict:
    """The product of polynomials in t."""
    out: dict = {}
    for e, x in a.items():
        for f, y in b.items():
            out[e + f] = out.get(e + f, ZERO) + x * y
    return poly_clean(out)


def rule_polynomial(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """The node is a polynomial in powers of t."""
    if parameters:
        refuse("TC547", "the rule has no parameters")
    terms = polynomial_of(c, n, premises)
    rows = sorted(terms.items())
    claimed(conclusion, ("polynomial", *[[str(x), str(e)] for e, x in rows]))
    return ("polynomial", tuple(rows))


def polynomial_of(c: Curve, n: int, premises: list) -> dict:
    """The polynomial of a node from its arguments'."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if n in c.moved:
        arguments = []
    through = polynomial_through(c, n, premises)
    if through is not None:
        return through
    if len(premises) != len(arguments):
        refuse("TC532", "a polynomial step has one premise per argument")
    if n in c.moved:
        return {c.exponent: ONE}
    if kind == "input":
        return poly_clean({ZERO: c.fixed[n]})
    if kind == "constant":
        return poly_clean({ZERO: number(parameters[1])})
    p = [c.polynomial_at(premises, k, a) for k, a in enumerate(arguments)]
    shapes = [c.program.nodes[a][3] for a in arguments]
    if kind == "map" and p:
        return polynomial_map(c, parameters[0], p)
    if kind == "reindex":
        return p[0]
    if kind == "reduce" and parameters[0] in ("sum", "max", "min"):
        many = math.prod(shapes[0][a] for a in parameters[1])
        return poly_mul(p[0], {ZERO: Fraction(many)}) if parameters[0] == "sum" else p[0]
    if kind == "contract":
        out = {ZERO: Fraction(contracted(parameters[0], shapes))}
        for q in p:
            out = poly_mul(out, q)
        return out
    refuse("TC552", "no polynomial rule for this node")


def polynomial_through(c: Curve, n: int, premises: list) -> dict | None:
    """The polynomial of what where, max or min decidedly take, or of abs on one side of 0; None when it is none of these."""
    kind, names, arguments, _ = c.program.nodes[n]
    if n in c.moved or (kind != "where" and (kind != "map" or names[0] not in ("max", "min", "abs"))):
        return None
    f = c.about[premises[0]] if premises else -1
    if kind == "map" and names[0] == "abs":
        p, sign = c.polynomial_at(premises, 0, arguments[0]), sign_on(c.fact_at(premises, 1, arguments[0])[3])
        if sign is None:
            refuse("TC548", "the sign under an absolute value is open")
        return {e: sign * x for e, x in p.items()}
    if f not in arguments or not chosen(c, n, f, premises):
        refuse("TC549", "it is open which argument is taken")
    return c.polynomial_at(premises, 0, f)


def polynomial_map(c: Curve, name: str, p: list) -> dict:
    """The polynomial of an entrywise operation."""
    a = p[0]
    if name == "neg":
        return {e: -x for e, x in a.items()}
    if name in ("add", "sub"):
        out = dict(a)
        for e, x in p[1].items():
            out[e] = out.get(e, ZERO) + (x if name == "add" else -x)
        return poly_clean(out)
    if name == "mul":
        return poly_mul(a, p[1])
    if name == "div" and len(p[1]) == 1:
        (f, y), = p[1].items()
        if f > 0 and not inside(c.domain, (ZERO, None, False, False)):
            refuse("TC553", "division by a power of t that may vanish")
        return poly_clean({e - f: x / y for e, x in a.items()})
    if name == "pow" and set(p[1]) <= {ZERO}:
        q = p[1].get(ZERO, ZERO)
        if q.denominator == 1 and 0 <= q <= 64:
            out = {ZERO: ONE}
            for _ in range(int(q)):
                out = poly_mul(out, a)
            return out
    refuse("TC536", "no polynomial rule for this node")


def affine_slope(p: dict) -> Fraction:
    """|a| for a t + b with a nonzero."""
    if not set(p) <= {ZERO, ONE} or p.get(ONE, ZERO) == 0:
        refuse("TC554", "the argument is not a t + b")
    return abs(p[ONE])


def unbounded_ends(p: dict, t: tuple) -> tuple:
    """(tends to +inf, tends to -inf) at some end of the interval."""
    if not p:
        return False, False
    top, bottom = max(p), min(p)
    signs = []
    if t[1] is None and top > 0:
        signs.append(p[top])
    if t[0] is None and top > 0:
        signs.append(p[top] * (-1 if top.numerator % 2 else 1))
    if t[0] == 0 and not t[2] and bottom < 0:
        signs.append(p[bottom])
    return any(s > 0 for s in signs), any(s < 0 for s in signs)


def rule_periodic(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """The node has a period in t."""
    kind, names, arguments, _ = c.program.nodes[n]
    if parameters or len(conclusion) != 3 or conclusion[0] != "periodic" or type(conclusion[1]) is not str or n in c.moved:
        refuse("TC555", "a periodic conclusion is [periodic, unit, period]")
    unit, period = conclusion[1], number(conclusion[2])
    if period <= 0:
        refuse("TC537", "a period is positive")
    base = None
    if kind == "map" and names[0] in ("sin", "cos", "tan") and len(premises) == 1 and c.premise(premises, 0, arguments[0]) == ("slope",):
        base = (f"at {arguments[0]}", ONE)  # the unit is 2 pi over the slope of that node
    elif kind == "map" and names[0] in ("sin", "cos", "tan") and len(premises) == 1 and type(c.premise(premises, 0)) is tuple \
            and c.premise(premises, 0)[0] == "polynomial":
        base = ("pi", 2 / affine_slope(c.polynomial_at(premises, 0, arguments[0])))
    elif kind == "map" and names[0] == "sub" and len(premises) == 1:
        u, f = arguments
        step = c.program.nodes[f]
        if step[0] != "map" or step[1][0] not in ("floor", "ceil", "round") or step[2] != [u]:
            refuse("TC556", "not a number minus its rounding")
        base = ("1", (2 if step[1][0] == "round" else 1) / affine_slope(c.polynomial_at(premises, 0, u)))
    if base is not None:
        if base[0] != unit or (period / base[1]).denominator != 1:
            refuse("TC557", "the period is not a multiple of the argument's")
        return ("periodic", unit, period)
    if kind not in ("map", "compare", "logic", "where", "contract", "reduce", "reindex", "order") or not arguments:
        refuse("TC558", "no rule for the period of this node")
    if len(premises) != len(arguments):
        refuse("TC533", "a periodic step has one premise per argument")
    for k, a in enumerate(arguments):
        result = c.premise(premises, k, a)
        if type(result) is int:
            if c.document.facts[result][0] != 0:
                refuse("TC559", "an argument is neither periodic nor fixed")
        elif result[0] != "periodic" or result[1] != unit or (period / result[2]).denominator != 1:
            refuse("TC538", "an argument is neither periodic nor fixed")
    return ("periodic", unit, period)


def rule_escapes(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """The node is total, continuous and tends to infinity as t does."""
    claimed(conclusion, ("escapes",))
    if c.escape:
        refuse("TC597", "beyond an escape the direction of t is not known")
    f = c.fact_at(premises, 0, n)
    if parameters or c.domain[1] is not None or f[4] != 1 or f[6] < 0:
        refuse("TC560", "an escape needs a total continuous node and an unbounded t")
    kind, names, arguments, _ = c.program.nodes[n]
    result = c.premise(premises, 1)
    if type(result) is tuple and result[0] == "polynomial" and c.about[premises[1]] == n:
        if max(dict(result[1]), default=ZERO) > 0:
            return ("escapes",)
        refuse("TC561", "the polynomial does not tend to infinity")
    if kind != "map":
        refuse("TC562", "no rule for the escape of this node")
    name = names[0]
    if name == "exp":
        p = c.polynomial_at(premises, 1, arguments[0])
        if p and max(p) > 0 and p[max(p)] > 0:
            return ("escapes",)
        refuse("TC539", "the exponent does not tend to +infinity")
    u = c.about[premises[1]]
    if result != ("escapes",) or u not in arguments:
        refuse("TC563", "no argument escapes")
    if name in ("neg", "abs", "sqrt"):
        return ("escapes",)
    if name not in ("add", "mul", "div") or arguments[0] == arguments[1] or (name == "div" and u != arguments[0]):
        refuse("TC511", "no rule for the escape of this node")
    other = arguments[1] if u == arguments[0] else arguments[0]
    g = c.fact_at(premises, 2, other)
    fine = distance(g[3]) is not None if name == "mul" else bounded(g[3])
    if not fine or g[4] != 1:
        refuse("TC564", "the other argument may undo the escape")
    return ("escapes",)


def rule_slope(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """The node is a t + b with real numbers a, b, a not 0."""
    claimed(conclusion, ("slope",))
    kind, names, arguments, _ = c.program.nodes[n]
    if parameters or n in c.moved or kind != "map":
        refuse("TC595", "no rule for the slope of this node")
    f = c.about[premises[0]] if premises else -1
    result = c.premise(premises, 0)
    if f not in arguments or type(result) is not tuple or len(set(arguments)) != len(arguments):
        refuse("TC593", "no rule for the slope of this node")
    if result != ("slope",):
        affine_slope(c.polynomial_at(premises, 0, f))
    if names[0] == "neg":
        return ("slope",)
    if names[0] not in ("add", "sub", "mul", "div") or (names[0] == "div" and f != arguments[0]):
        refuse("TC594", "no rule for the slope of this node")
    g = c.fact_at(premises, 1, arguments[1] if f == arguments[0] else arguments[0])
    if g[0] != 0 or g[4] != 1 or (names[0] in ("mul", "div") and not without_zero(g[3])):
        refuse("TC596", "the other argument is not fixed and total, or may be 0")
    return ("slope",)


def points_of(parameters: list, how_many: int) -> list:
    """The sample points of a negative step."""
    if len(parameters) != how_many:
        refuse("TC565", f"the rule needs {how_many} sample points")
    return [number(text) for text in parameters]


def unbounded_domain(c: Curve) -> None:
    """Refuse when t stays bounded."""
    if bounded(c.domain):
        refuse("TC566", "the domain of the curve is bounded")


def periodic_premise(c: Curve, premises: list, node: int) -> None:
    """Refuse unless premise 0 is a period of the node."""
    result = c.premise(premises, 0, node)
    if type(result) is not tuple or result[0] != "periodic":
        refuse("TC567", "a premise is no period")


NOT_ANY = ("not", "any")


def rule_oscillate(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """Periodic and not constant: no o-minimal structure defines it."""
    periodic_premise(c, premises, n)
    unbounded_domain(c)
    a, b = (c.value(n, t) for t in points_of(parameters, 2))
    if not (a < b or b < a):
        refuse("TC568", "the two values are not certainly different")
    return claimed(conclusion, NOT_ANY)


def factor_pair(c: Curve, n: int) -> tuple:
    """(f, a) pairs in which a node is a product f*a or a quotient f/a."""
    kind, names, arguments, _ = c.program.nodes[n]
    shapes = [c.program.nodes[a][3] for a in arguments]
    if len(arguments) == 2 and kind == "contract" and contracted(names[0], shapes) >= 1:
        return "mul", arguments
    if len(arguments) == 2 and kind == "map":
        return names[0], arguments
    return "", arguments


def rule_signs(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """A periodic factor of both signs, times or over something that never vanishes."""
    name, arguments = factor_pair(c, n)
    if name not in ("mul", "div") or len(premises) != 2:
        refuse("TC569", "the node is no product or quotient")
    f = c.about[premises[0]]
    if f not in arguments or (name == "div" and f != arguments[0]) or arguments[0] == arguments[1]:
        refuse("TC512", "the node is no product or quotient")
    periodic_premise(c, premises, f)
    g = c.fact_at(premises, 1, arguments[1] if f == arguments[0] else arguments[0])
    unbounded_domain(c)
    if g[4] != 1 or not without_zero(g[3]):
        refuse("TC570", "the other factor may vanish")
    up, down = (c.value(f, t) for t in points_of(parameters, 2))
    if not (up > 0 and down < 0):
        refuse("TC571", "the two values are not certainly positive and negative")
    return claimed(conclusion, NOT_ANY)


def rule_staircase(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """A rounding of an unbounded polynomial takes infinitely many integer values."""
    kind, names, arguments, _ = c.program.nodes[n]
    if kind == "map" and names[0] in ("gamma", "lgamma", "digamma") and not parameters:
        # its natural domain misses infinitely many isolated points of t
        if not unbounded_ends(c.polynomial_at(premises, 0, arguments[0]), c.domain)[1]:
            refuse("TC573", "the argument does not reach infinitely many poles")
        return claimed(conclusion, NOT_ANY)
    if kind != "map" or names[0] not in ("floor", "ceil", "round") or parameters:
        refuse("TC572", "the node is no rounding")
    p = c.polynomial_at(premises, 0, arguments[0])
    if not any(e != 0 for e in p) or not any(unbounded_ends(p, c.domain)):
        refuse("TC513", "the argument is bounded")
    return claimed(conclusion, NOT_ANY)


def rule_curvature(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """Analytic along a straight line and not affine: not semilinear."""
    if c.exponent != 1 or c.escape:
        refuse("TC574", "only a straight line counts against R_lin")
    f = c.fact_at(premises, 0, n)
    if f[4] != 1 or f[6] != ANALYTIC:
        refuse("TC575", "the node is not total and analytic along the line")
    a, b, d = points_of(parameters, 3)
    if not (a < d and b == (a + d) / 2):
        refuse("TC576", "the points are not equally spaced")
    second = c.value(n, a) - 2 * c.value(n, b) + c.value(n, d)
    if not (second > 0 or second < 0):
        refuse("TC577", "the second difference is not certainly different from 0")
    return claimed(conclusion, ("not", "R_lin"))


def rule_axiom(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """A primitive that certain structures do not define, of an argument that sweeps an interval."""
    kind, names, arguments, _ = c.program.nodes[n]
    if kind != "map" or parameters or is_point(c.domain):
        refuse("TC580", "the node is no primitive of one moving argument")
    name = names[0]
    if name == "pow":
        p = c.polynomial_at(premises, 0, arguments[1])
        base = c.fact_at(premises, 1, arguments[0])
        if base[0] != 0 or base[4] != 1 or not (inside(base[3], (ZERO, ONE, False, False)) or inside(base[3], (ONE, None, False, False))):
            refuse("TC581", "the base is not fixed, positive and different from 1")
        name = "exp"
    elif name not in NEGATIVE_AXIOMS or len(arguments) != 1:
        refuse("TC514", "the node is no primitive of one moving argument")
    elif c.premise(premises, 0, arguments[0]) == ("escapes",):
        f = c.fact_at(premises, 1, arguments[0])
        if not f[1] & BIT["R_alg"] or not in_domain(name, f[3]):
            refuse("TC582", "the argument is not semialgebraic inside the domain")
        anywhere, far, _, reference = NEGATIVE_AXIOMS[name]
        c.document.used.add("not " + name)
        return negative_names(conclusion, anywhere | far)
    else:
        p = c.polynomial_at(premises, 0, arguments[0])
    if not any(e != 0 for e in p):
        refuse("TC583", "the argument does not move")
    if not polynomial_in_domain(name, p, c.domain):
        refuse("TC515", "the argument is not inside the domain")
    anywhere, far, only_up, _ = NEGATIVE_AXIOMS[name]
    up, down = unbounded_ends(p, c.domain)
    c.document.used.add("not " + name)
    return negative_names(conclusion, anywhere | (far if up or (down and not only_up) else 0))


def in_domain(name: str, a: tuple) -> bool:
    """Whether a range lies in the domain of a primitive."""
    if name == "lambertw":
        return a[0] is not None and beyond_minus_inverse_e(a[0])
    return inside(a, NO_FACT_OUTSIDE.get(name) or DOMAIN.get(name, LINE))


def polynomial_in_domain(name: str, p: dict, t: tuple) -> bool:
    """Whether the primitive is defined on some interval of the curve's tail or throughout: by a monomial range, or no condition."""
    if name in ("exp", "sin", "cos", "atan", "erf", "tan"):
        return True
    image = point(ZERO)
    for e, x in p.items():
        if e == 0:
            part = point(ONE)
        elif e.denominator == 1 and e > 0:
            part = whole_power(t, int(e))
        elif e.denominator == 1:
            part = inverse(whole_power(t, int(-e))) or LINE
        else:
            part = fractional_image(t, e)
        image = plus(image, times(part, point(x)))
    return in_domain(name, image)


def negative_names(conclusion: list, mask: int) -> tuple:
    """Refuse unless the conclusion names structures of the mask, closed downwards."""
    if len(conclusion) != 2 or conclusion[0] != "not":
        refuse("TC584", "a negative conclusion is [not, structures]")
    names = excluded_set(conclusion[1])
    if names & ~mask:
        refuse("TC585", "a negative conclusion excludes more than the rule gives")
    return ("not", conclusion[1])


def surviving(mask: int, homes: int) -> int:
    """What stays excluded after undoing an operation definable in ``homes``."""
    kept = (ANY | ALL) if mask & ANY and homes & BIT["R_alg"] else 0
    for name in NAMES:
        if name != "R_lin" and mask & BIT[name] and homes & BIT[name]:
            kept |= DOWN[name]
    return kept


def chosen(c: Curve, n: int, f: int, premises: list) -> bool:
    """Whether where, max or min decidedly take f."""
    kind, names, arguments, _ = c.program.nodes[n]
    if kind == "where":
        if f not in arguments[1:] or len(premises) != 2:
            return False
        g = c.fact_at(premises, 1, arguments[0])
        taken = arguments[1] if without_zero(g[3]) else arguments[2] if g[3] == point(ZERO) else None
        return g[4] == 1 and taken == f
    if kind != "map" or names[0] not in ("max", "min") or f not in arguments or len(premises) != 3 or arguments[0] == arguments[1]:
        return False
    other = arguments[1] if f == arguments[0] else arguments[0]
    g, h = c.fact_at(premises, 1, other), c.fact_at(premises, 2, f)
    return g[4] == 1 and (not_above(g[3], h[3]) if names[0] == "max" else not_above(h[3], g[3]))


def transparent(c: Curve, n: int, f: int, premises: list) -> bool:
    """Whether the node is f up to a nonzero factor and a selection of entries."""
    kind, names, arguments, _ = c.program.nodes[n]
    shapes = [c.program.nodes[a][3] for a in arguments]
    if len(premises) != 1 or set(arguments) != {f}:
        return False
    if kind == "map":
        return names[0] == "neg"
    if kind == "reindex":
        return names[0] != "pad"
    if kind == "order":
        return names[0] in ("sort", "topk")
    if kind == "reduce":
        return names[0] in ("max", "min") or (names[0] == "sum" and math.prod(shapes[0][a] for a in names[1]) >= 1)
    return kind == "contract" and len(arguments) == 1 and contracted(names[0], shapes) >= 1


def injective(c: Curve, n: int, f: int, premises: list) -> int | None:
    """The homes of g when the node is g(f), g injective on the range of f and total there; None otherwise."""
    kind, names, arguments, _ = c.program.nodes[n]
    if kind not in ("map", "contract") or f not in arguments:
        return None
    if len(arguments) == 2 and arguments[0] == arguments[1]:
        name, _ = factor_pair(c, n)
        g = c.fact_at(premises, 1, f)
        return R_ALG if name == "mul" and len(premises) == 2 and g[4] == 1 and g[3][0] is not None and g[3][0] >= 0 else None
    if kind != "map":
        return None
    name = names[0]
    if name == "pow" and f == arguments[0] and len(premises) == 3:
        g, e = c.fact_at(premises, 1, f), c.fact_at(premises, 2, arguments[1])
        if g[4] != 1 or e[4] != 1 or not is_point(e[3]) or e[3][0] == 0:
            return None
        q = e[3][0]
        odd = q.denominator == 1 and q > 0 and q.numerator % 2 == 1
        half = above_zero(g[3]) if q < 0 else g[3][0] is not None and g[3][0] >= 0
        return R_ALG if odd or half else None
    if len(arguments) != 1 or len(premises) != 2 or name not in ("exp", "log", "sqrt", "atan", "asin", "acos", "erf", "erfinv", "lambertw"):
        return None
    g = c.fact_at(premises, 1, f)
    return primitive_homes(name, g[3]) if g[4] == 1 and in_domain(name, g[3]) else None


def rule_peel(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """Undo the outermost operation of a node: what excluded its argument excludes it."""
    if parameters:
        refuse("TC534", "the rule has no parameters")
    f, mask = negative_argument(c, n, premises)
    if transparent(c, n, f, premises) or chosen(c, n, f, premises):
        kept = mask
    else:
        homes = injective(c, n, f, premises)
        kept = surviving(mask, homes) if homes is not None else peel_pair(c, n, f, mask, premises)
    proved = negative_names(conclusion, kept)
    if not excluded_set(proved[1]) & (ANY | BIT["R_alg"]):
        refuse("TC586", "peeling keeps nothing against R_lin alone")
    return proved


def negative_argument(c: Curve, n: int, premises: list) -> tuple:
    """(argument, excluded structures) of premise 0."""
    result = c.premise(premises, 0)
    f = c.about[premises[0]]
    if type(result) is not tuple or result[0] != "not" or f not in c.program.nodes[n][2] or n in c.moved:
        refuse("TC587", "premise 0 does not exclude an argument of the node")
    return f, excluded_set(result[1])


def peel_pair(c: Curve, n: int, f: int, mask: int, premises: list) -> int:
    """Sums, products and quotients with something definable."""
    name, arguments = factor_pair(c, n)
    if name not in ("add", "sub", "mul", "div") or len(set(arguments)) != 2 or len(premises) < 2:
        refuse("TC588", "no rule peels this node")
    premises = known_denominator(c, f, name, arguments, premises)
    other = arguments[1] if f == arguments[0] else arguments[0]
    g = c.fact_at(premises, 1, other)
    if g[4] != 1:
        refuse("TC589", "the other argument is not total")
    if name in ("mul", "div") and not without_zero(g[3]) and not (len(premises) == 3 and c.polynomial_at(premises, 2, other)):
        refuse("TC590", "the other argument may vanish")
    return surviving(mask, g[1])


def known_denominator(c: Curve, f: int, name: str, arguments: list, premises: list) -> list:
    """The premises without the last, which says of a denominator f that it is total or never 0: where a/f has no value, f is then known."""
    if name != "div" or f != arguments[1]:
        return premises
    g = c.fact_at(premises, len(premises) - 1, f)
    if g[4] != 1 and not without_zero(g[3]):
        refuse("TC598", "the denominator is neither total nor certainly not 0")
    return premises[:-1]


def rule_level(c: Curve, n: int, premises: list, parameters: list, conclusion: list) -> tuple:
    """An injective function of something whose level sets, or whose countable image, no structure defines."""
    f, _ = negative_argument(c, n, premises)
    if parameters or c.results[premises[0]] != NOT_ANY or c.rules[premises[0]] not in ("oscillate", "staircase", "level"):
        refuse("TC591", "premise 0 is no argument by level sets or by a countable image")
    if not transparent(c, n, f, premises) and not chosen(c, n, f, premises) and injective(c, n, f, premises) is None:
        name, arguments = factor_pair(c, n)
        premises = known_denominator(c, f, name, arguments, premises)
        if name not in ("add", "sub", "mul", "div") or len(set(arguments)) != 2 or len(premises) != 2:
            refuse("TC516", "no rule peels this node")
        g = c.fact_at(premises, 1, arguments[1] if f == arguments[0] else arguments[0])
        if g[0] != 0 or g[4] != 1 or (name in ("mul", "div") and not without_zero(g[3])):
            refuse("TC592", "the other argument is not fixed, or may vanish")
    return claimed(conclusion, NOT_ANY)


NEGATIVE = {
    "polynomial": rule_polynomial, "slope": rule_slope, "periodic": rule_periodic, "escapes": rule_escapes,
    "oscillate": rule_oscillate, "signs": rule_signs, "staircase": rule_staircase, "curvature": rule_curvature,
    "axiom": rule_axiom, "peel": rule_peel, "level": rule_level,
}


# ------------------------------------------------------------------ scalings

ANY_DEGREE = "any"  # what is zero wherever it is defined has every degree
MAXIMAL_DEGREE_BITS = 4_096
MAXIMAL_ROUNDS = 16
MAXIMAL_VISITS = 10_000_000


def is_cone(a: tuple) -> bool:
    """Every positive factor maps the interval onto itself."""
    return a[0] in (None, 0) and a[1] in (None, 0)


def same_degree(several: list):
    """The degree that all have, or None; zeros have it anyway."""
    found = ANY_DEGREE
    for d in several:
        if d is None or (d != ANY_DEGREE and found not in (ANY_DEGREE, d)):
            return None
        if d != ANY_DEGREE:
            found = d
    return found


class Scaling:
    """The degrees of nodes when the inputs are multiplied by powers of one positive number."""

    def __init__(self) -> None:
        self.visits = 0
        self.known: dict = {}

    def degrees(self, program: Program, given: list) -> list:
        """One pass: a number, ANY_DEGREE, or None where no rule applies."""
        found: list = []
        place = iter(given)
        for node in program.nodes:
            if node[0] == "input":
                d = next(place)
                found.append(d if d in (0, ANY_DEGREE) or is_cone(interval(node[1][2])) else None)
                continue
            before = [found[a] for a in node[2]]
            d = None if None in before else self.degree(program, node, before)
            if d is not None and d != ANY_DEGREE and bits(d) > MAXIMAL_DEGREE_BITS:
                d = None
            elif d is None and all(b in (0, ANY_DEGREE) for b in before):
                d = Fraction(0)  # nothing it is computed from changes
            found.append(d)
        return found

    def degree(self, program: Program, node: tuple, d: list):
        """The degree of one node whose arguments all have one."""
        kind, parameters, arguments, _ = node
        if kind == "constant":
            return ANY_DEGREE if parameters[0] == "splat" and number(parameters[1]) == 0 else Fraction(0)
        if kind in ("compare", "logic"):
            return Fraction(0) if kind == "logic" or same_degree(d) is not None else None
        if kind in ("reindex", "where"):
            return same_degree(d[1:] if kind == "where" else d)
        if kind == "map" and parameters[0] == "sub" and arguments[0] == arguments[1]:
            return ANY_DEGREE
        if kind == "contract":
            return ANY_DEGREE if ANY_DEGREE in d else sum(d, Fraction(0))
        if kind in ("reduce", "cumulate"):
            if parameters[0] != "prod":
                return d[0]
            if kind == "cumulate":
                return None
            factors = math.prod(program.nodes[arguments[0]][3][a] for a in parameters[1])
            return d[0] * factors if d[0] != ANY_DEGREE else ANY_DEGREE if factors else None
        if kind == "order":
            return d[0] if parameters[0] in ("sort", "topk") else Fraction(0)
        if kind == "lookup":
            return d[0] if d[1] in (0, ANY_DEGREE) else None
        if kind == "linalg":
            return self.of_matrices(parameters[0], program.nodes[arguments[0]][3][-1], d)
        if kind == "repeat":
            return self.of_rounds(program, parameters, d)
        return self.of_map(parameters[0], program.nodes[arguments[1]] if len(arguments) == 2 else None, d) if kind == "map" else None

    def of_map(self, name: str, second: tuple | None, d: list):
        """Scalar primitives; ``second`` is the node of the second argument."""
        if name in ("neg", "abs"):
            return d[0]
        if name in ("sign", "sqrt"):
            return ANY_DEGREE if d[0] == ANY_DEGREE else Fraction(0) if name == "sign" else d[0] / 2
        if name in ("add", "sub", "max", "min"):
            return same_degree(d)
        if name == "mul":
            return ANY_DEGREE if ANY_DEGREE in d else d[0] + d[1]
        if name == "div":
            return None if d[1] == ANY_DEGREE else ANY_DEGREE if d[0] == ANY_DEGREE else d[0] - d[1]
        if name != "pow" or second[0] != "constant" or second[1][0] != "splat":
            return None
        q = number(second[1][1])
        return d[0] * q if d[0] != ANY_DEGREE else ANY_DEGREE if q > 0 else None

    def of_matrices(self, what: str, size_: int, d: list):
        """Linear algebra on the last two axes."""
        if d[0] == ANY_DEGREE or what in ("logabsdet", "expm"):
            return None
        if what == "solve":
            return ANY_DEGREE if d[1] == ANY_DEGREE else d[1] - d[0]
        return d[0] * {"det": size_, "inverse": -1, "pinv": -1, "cholesky": Fraction(1, 2)}.get(what, 1)

    def of_rounds(self, program: Program, parameters: list, d: list):
        """A carry keeps its degree in every round; one that starts at zero takes it from the first."""
        number_, _, carries, which, outputs = parameters
        now = list(d)
        for _ in range(MAXIMAL_ROUNDS):
            key = (id(program.bodies[number_]), *now)
            if key not in self.known:
                self.visits += len(program.bodies[number_].nodes)
                if self.visits > MAXIMAL_VISITS:
                    return None
                self.known[key] = self.degrees(program.bodies[number_], now)
            after = [same_degree([now[k], self.known[key][o]]) for k, o in enumerate(outputs)]
            if None in after:
                return None
            if after == now[:carries]:
                return now[which]
            now[:carries] = after
        return None


def prove_scaling(program: Program, n: int, row: object) -> None:
    """One claimed scaling: [[[input, weight], ...], degree]."""
    need(type(row) is list and len(row) == 2 and type(row[0]) is list, "TC630", "a scaling is [[[input, weight], ...], degree]")
    weights: dict = {}
    last = -1
    for pair in row[0]:
        need(type(pair) is list and len(pair) == 2, "TC635", "a weight is [input, weight]")
        last = count(pair[0], last + 1, len(program.nodes) - 1)
        need(program.nodes[last][0] == "input", "TC631", "a weight belongs to no input")
        weights[last] = number(pair[1])
        need(weights[last] != 0, "TC632", "a weight is 0; inputs without a weight are left out")
    found = Scaling().degrees(program, [weights.get(i, Fraction(0)) for i in program.inputs])[n]
    need(found == ANY_DEGREE or (found is not None and found == number(row[1])), "TC633", f"the degree that follows is {found}")


# ------------------------------------------------------------------ near-homogeneity: functions beyond a point
#
# A tail (p, e, f) is p(h) + r(h) for h >= T: |r| <= e[k] h^-k and |h r'| <= f[k] h^-k for the orders k that are listed; no e: r = 0.

TAIL_ORDERS = 10
MAXIMAL_LENGTH = 64  # coefficients of a polynomial
LONGEST_BITS = 4_096  # of a coefficient, and of the size of a ball


class Tail(NamedTuple):
    """p(h) + r(h); ``e`` and ``f`` bound r and h r' by orders."""

    p: tuple
    e: tuple | None = None
    f: tuple | None = None


class Big(NamedTuple):
    """Plus or minus exp of a tail that tends to infinity."""

    log: Tail
    sign: int = 1


class Tails:
    """The calculus beyond one T, an exact rational: at least 1, or 0 (then only what is homogeneous has a tail)."""

    def __init__(self, flint, start) -> None:
        self.flint, self.start = flint, flint.arb(start)

    # ------------------------------------------------------------- numbers

    def size(self, x):
        """|x| from above."""
        return abs(self.flint.arb(x)).upper()

    def power(self, k: int):
        """T^k from above."""
        return (self.start**k).upper()

    def number(self, q) -> Tail:
        """Return a constant."""
        return Tail(()) if q == 0 else Tail((q,))

    def exact(self, q) -> bool:
        """Tell whether a coefficient is a rational."""
        return isinstance(q, self.flint.fmpq)

    def tidy(self, p: list, e: list | None, f: list | None) -> Tail | None:
        """Drop leading zeros; without any order nothing is known."""
        while p and p[-1] == 0:
            p.pop()
        if len(p) > MAXIMAL_LENGTH:
            return None
        p = [self.flint.arb(c) if self.exact(c) and max(int(c.p).bit_length(), int(c.q).bit_length()) > LONGEST_BITS else c for c in p]
        limit = self.flint.arb(2) ** LONGEST_BITS
        if not all([abs(x) < limit for x in (*[c for c in p if not self.exact(c)], *(e or ()), *(f or ()))]):
            return None
        return Tail(tuple(p)) if e is None else Tail(tuple(p), tuple(e), tuple(f)) if e else None

    def below(self, u: Tail):
        """Return m > 0 with |u| >= m h^d, d the degree of p, or None."""
        d = len(u.p) - 1
        if d < 0:
            return None
        m = abs(self.flint.arb(u.p[d])).lower() - (0 if u.e is None else u.e[0] / self.start**d)
        for i in range(d):
            m = m if u.p[i] == 0 else m - self.size(u.p[i]) / self.start ** (d - i)
        m = self.flint.arb(m).lower()
        return m if m > 0 else None

    def slope(self, u: Tail):
        """Return a bound of |h u'| / h^d, d the degree."""
        d = len(u.p) - 1
        total = self.flint.arb(0) if u.f is None else u.f[0] / self.start**d
        for i in range(1, d + 1):
            total = total + i * self.size(u.p[i]) / self.start ** (d - i)
        return self.flint.arb(total).upper()

    def sign(self, u: Tail | Big | None) -> int | None:
        """Return the sign on the whole half-line, if it is one."""
        if isinstance(u, Big):
            return u.sign
        if u is None:
            return None
        if not u.p and u.e is None:
            return 0
        return None if self.below(u) is None else 1 if self.flint.arb(u.p[-1]) > 0 else -1

    # ---------------------------------------------------------- arithmetic

    def joined(self, parts: list) -> tuple:
        """Add remainders: the orders that all have."""
        known = [x for x in parts if x[0] is not None]
        if not known:
            return None, None
        n = min([len(e) for e, _ in known])
        return tuple([[sum([x[k] for x in column], self.flint.arb(0)).upper() for k in range(n)] for column in zip(*known, strict=True)])

    def add(self, u, v, sign: int = 1):
        """Return u + v or u - v."""
        if isinstance(u, Big) or isinstance(v, Big):
            return self.add_big(u, v, sign)
        if u is None or v is None:
            return None
        n = max(len(u.p), len(v.p))
        zero = self.flint.fmpq(0)
        p = [(u.p[i] if i < len(u.p) else zero) + sign * (v.p[i] if i < len(v.p) else zero) for i in range(n)]
        return self.tidy(p, *self.joined([(u.e, u.f), (v.e, v.f)]))

    def add_big(self, u, v, sign: int):
        """s exp(L) + v = s exp(L + log(1 + s v exp(-L)))."""
        if not isinstance(u, Big):
            u, v, sign = self.scale(v, self.flint.fmpq(sign)), u, 1
        if v is None:
            return None
        ratio = self.div(v, Big(u.log))
        if isinstance(ratio, Big):
            return self.add_big(self.scale(v, self.flint.fmpq(sign)), u, 1)
        if ratio is None:
            return None
        inner = self.unary("log", self.add(self.number(self.flint.fmpq(1)), ratio, sign * u.sign))
        log = self.add(u.log, inner)
        return None if log is None else Big(log, u.sign)

    def scale(self, u, q):
        """Return a multiple."""
        if isinstance(u, Big) and q in (1, -1):
            return self.signed(u, int(q.p))
        return self.mul(self.number(q), u)

    def shifted(self, p: tuple, e: tuple | None, f: tuple | None) -> tuple:
        """Return bounds of a polynomial times a remainder: h^i r takes i orders."""
        places = [i for i, c in enumerate(p) if not (c == 0)]  # noqa: SIM201 - a ball around 0 is neither equal nor unequal to 0
        if e is None or not places:
            return None, None
        n = max(len(e) - places[-1], 0)
        zero = self.flint.arb(0)
        return ([sum([self.size(p[i]) * e[k + i] for i in places], zero).upper() for k in range(n)],
                [sum([self.size(p[i]) * (i * e[k + i] + f[k + i]) for i in places], zero).upper() for k in range(n)])  # fmt: skip

    def mul(self, u, v):
        """Return the product."""
        if isinstance(u, Big) or isinstance(v, Big):
            return self.mul_big(u, v)
        if u is None or v is None:
            return None
        p = [self.flint.fmpq(0)] * max(len(u.p) + len(v.p) - 1, 0)
        for i, a in enumerate(u.p):
            for j, b in enumerate(v.p):
                p[i + j] = p[i + j] + a * b
        parts = [self.shifted(u.p, v.e, v.f), self.shifted(v.p, u.e, u.f)]
        if u.e is not None and v.e is not None:
            if len(u.e) < len(v.e):
                u, v = v, u
            parts.append(([(x * v.e[0]).upper() for x in u.e], [(x * v.f[0] + y * v.e[0]).upper() for x, y in zip(u.e, u.f, strict=True)]))
        return self.tidy(p, *self.joined(parts))

    def mul_big(self, u, v):
        """exp(L) v = exp(L + log v) for v > 0."""
        if not isinstance(u, Big):
            u, v = v, u
        if v == Tail(()):
            return v
        s = self.sign(v)
        if s is None:
            return None
        log = v.log if isinstance(v, Big) else self.unary("log", self.scale(v, self.flint.fmpq(s))) if len(v.p) == 1 else None
        return self.signed(self.exp(self.add(u.log, log)), s * u.sign)

    def signed(self, u, s: int):
        """Return s u for s = 1 or -1."""
        return u if s > 0 or u is None else u._replace(sign=-u.sign) if isinstance(u, Big) else self.scale(u, self.flint.fmpq(-1))

    def inverse(self, u):
        """Return 1/u."""
        if isinstance(u, Big):
            return self.signed(self.exp(self.scale(u.log, self.flint.fmpq(-1))), u.sign)
        m = None if u is None else self.below(u)
        if m is None:
            return None
        d = len(u.p) - 1
        if d == 0:
            b = u.p[0]
            if u.e is None:
                return self.number(1 / b)
            return self.tidy([1 / b], [(x / m**2).upper() for x in u.e], [(x / m**2).upper() for x in u.f])
        slope = self.slope(u)
        return self.tidy([], [(self.start ** (k - d) / m).upper() for k in range(d + 1)],
                         [(slope * self.start ** (k - d) / m**2).upper() for k in range(d + 1)])  # fmt: skip

    def div(self, u, v):
        """Return u/v: the polynomial part by long division, the rest over v."""
        if isinstance(u, Big) and isinstance(v, Big):
            return self.signed(self.exp(self.add(u.log, v.log, -1)), u.sign * v.sign)
        if isinstance(u, Big) or isinstance(v, Big) or u is None or v is None or len(v.p) < 2:
            return self.mul(u, self.inverse(v))
        rest, quotient, d = list(u.p), [], len(v.p) - 1
        if not self.flint.arb(v.p[d]) > 0 and not self.flint.arb(v.p[d]) < 0:
            return None
        for k in range(len(rest) - 1, d - 1, -1):
            q = rest[k] / v.p[d]
            quotient.insert(0, q)
            for i in range(d):
                rest[k - d + i] = rest[k - d + i] - q * v.p[i]
            rest.pop()
        whole = self.tidy(quotient, None, None)
        above = self.tidy(rest, *self.joined([(u.e, u.f), self.shifted(whole.p, v.e, v.f)]))
        return self.add(whole, self.mul(above, self.inverse(v)))

    # ----------------------------------------------------------- functions

    def exp(self, u):
        """Return exp u: it converges, decays faster than every power, or is Big."""
        if u is None or isinstance(u, Big):
            return None
        d = len(u.p) - 1
        if d < 1:
            return self.converging("exp", u)
        lead = self.flint.arb(u.p[d])
        if self.start == 0:
            return None
        if lead > 0:
            return Big(u)
        sums, running = [], self.flint.arb(0)
        for i in range(d, 0, -1):
            running = running + i * self.flint.arb(u.p[i]) * self.start**i
            sums.append(running.upper())
        if not all([s <= 0 for s in sums]):
            return None
        top = sum([self.flint.arb(c) * self.start**i for i, c in enumerate(u.p)], self.flint.arb(0)) + (0 if u.e is None else u.e[0])
        values = []
        for k in range(TAIL_ORDERS + d):
            if not sums[-1] + k <= 0:
                break
            values.append((self.start**k * top.exp()).upper())
        n, extra = len(values) - d, self.flint.arb(0) if u.f is None else u.f[0]
        f = [(sum([i * self.size(u.p[i]) * values[k + i] for i in range(1, d + 1)], self.flint.arb(0)) + extra * values[k]).upper() for k in range(n)]
        return self.tidy([], values[: max(n, 0)], f)

    def converging(self, name: str, u: Tail):
        """Return g(b + r) for a smooth g: |g(b + r) - g(b)| <= sup|g'| |r|."""
        b = u.p[0] if u.p else self.flint.fmpq(0)
        value = self.known(name, b)
        if u.e is None:
            return None if value is None else self.number(value)
        wide = self.flint.arb(b) + self.flint.arb(0, u.e[0])
        series = ball_series(self.flint, name, self.flint.arb_series([wide, 1], 2))
        if value is None or series is None:
            return None
        g = self.size(series[1])
        return self.tidy([value], [(g * x).upper() for x in u.e], [(g * x).upper() for x in u.f])

    def known(self, name: str, b):
        """Return g(b), exactly where it is 0 or 1 for a simple reason."""
        if self.exact(b) and ((name, b) in (("exp", 0), ("cos", 0), ("log", 1)) or (b == 0 and name in ("sin", "tan", "atan", "erf", "asin"))):
            return self.flint.fmpq(int(name in ("exp", "cos")))
        series = ball_series(self.flint, name, self.flint.arb_series([self.flint.arb(b), 1], 2))
        return None if series is None else series[0]

    def unary(self, name: str, u):
        """Return a primitive of one argument."""
        if name == "exp":
            return self.exp(u)
        if isinstance(u, Big):
            if name in ("neg", "abs"):
                return self.signed(u, -1) if name == "neg" else Big(u.log)
            if u.sign < 0 or name not in ("log", "sqrt"):
                return self.number(self.flint.fmpq(u.sign)) if name == "sign" else None
            return u.log if name == "log" else Big(self.scale(u.log, self.flint.fmpq(1, 2)))
        if u is None:
            return None
        if name in ("neg", "abs", "sign"):
            s = -1 if name == "neg" else self.sign(u)
            return None if s is None else self.scale(u, self.flint.fmpq(s)) if name != "sign" else self.number(self.flint.fmpq(s))
        if name == "sqrt":
            return self.sqrt(u)
        if len(u.p) < 2:
            return self.converging(name, u)
        return self.saturated(name, u) if name in ("erf", "atan") else None

    def sqrt(self, u: Tail):
        """Return the square root of what tends to a positive number, or grows like h^2."""
        flint, d, m = self.flint, len(u.p) - 1, self.below(u)
        if not u.p and u.e is None:
            return u
        if m is None or d not in (0, 2) or self.sign(u) != 1:
            return None
        lead = self.root(u.p[d])
        if d == 0:
            low = flint.arb(m).sqrt()
            if u.e is None:
                return self.number(lead)
            return self.tidy([lead], [(x / (flint.arb(lead) + low)).upper() for x in u.e], [(x / (2 * low)).upper() for x in u.f])
        beta = u.p[1] / (2 * lead)
        room = (flint.arb(lead) - (0 if beta == 0 else self.size(beta) / self.start)).lower()
        if not room > 0:
            return None
        top = self.size(u.p[0] - beta * beta) + (0 if u.e is None else u.e[0])
        e = [(top / (room * self.start)).upper(), (top / room).upper()]
        low = (room - e[1] / self.start**2).lower()
        if not low > 0:
            return None
        rise = (0 if u.f is None else u.f[0]) + 2 * self.size(lead) * e[1]
        if top == 0 and u.e is None:
            return Tail((beta, lead)) if beta != 0 else Tail((flint.fmpq(0), lead))
        return self.tidy([beta, lead], e, [(rise / (2 * low * self.start)).upper(), (rise / (2 * low)).upper()])

    def root(self, q):
        """Return a square root, exact for squares of rationals."""
        if self.exact(q):
            top, bottom = q.p.isqrt(), q.q.isqrt()
            if top * top == q.p and bottom * bottom == q.q:
                return self.flint.fmpq(top, bottom)
        return self.flint.arb(q).sqrt()

    def saturated(self, name: str, u: Tail):
        """Return erf or atan of what tends to plus or minus infinity."""
        flint, d, m, s = self.flint, len(u.p) - 1, self.below(u), self.sign(u)
        if m is None:
            return None
        slope = self.slope(u)
        if name == "atan":  # atan(u) = s pi/2 - atan(1/u)
            e = [(self.start ** (k - d) / m).upper() for k in range(d + 1)]
            return self.tidy([s * flint.arb.pi() / 2], e, [(slope * self.start ** (k - d) / m**2).upper() for k in range(d + 1)])
        rate = (m**2 * self.start ** (2 * d)).lower()  # |erf(u) - s| <= exp(-u^2) <= exp(-m^2 h^2d)
        values = [(self.start**k * (-rate).exp()).upper() for k in range(TAIL_ORDERS + d) if 2 * d * rate >= k]
        n = max(len(values) - d, 0)
        two = 2 / flint.arb.pi().sqrt()
        return self.tidy([flint.fmpq(s)], values[:n], [(two * slope * values[k + d]).upper() for k in range(n)])

    def power_of(self, u, q):
        """Return u^q for a rational q."""
        if q.q == 1 and 0 <= q.p <= 8:
            found = self.number(self.flint.fmpq(1))
            for _ in range(int(q.p)):
                found = self.mul(found, u) if not isinstance(u, Big) or isinstance(found, Big) else u
            return found
        if q.q == 1 and -8 <= q.p < 0:
            return self.inverse(self.power_of(u, -q))
        if q == self.flint.fmpq(1, 2):
            return self.unary("sqrt", u)
        if isinstance(u, Big):
            return self.exp(self.scale(u.log, q)) if u.sign > 0 else None
        return self.exp(self.scale(self.unary("log", u), q)) if self.sign(u) == 1 and len(u.p) == 1 else None


def ball_series(flint, name: str, x):
    """Return the truncated series of a primitive, or None where it is not finite."""
    if name not in ("exp", "log", "sqrt", "sin", "cos", "tan", "atan", "erf", "asin", "acos"):
        return None
    try:
        found = getattr(x, name)()
    except (ValueError, ZeroDivisionError):
        return None
    return found if all([found[k].is_finite() for k in range(x.prec)]) else None


# ------------------------------------------------------------------ near-homogeneity: scalar functions

GATE_KINDS = ("map", "compare", "logic", "where")
MAXIMAL_MEMBERS = 200
MAXIMAL_PIECES = 4_096
MAXIMAL_CUTS = 64
MAXIMAL_GATE_BITS = 256


class GateClaim(NamedTuple):
    """What is claimed: node and root, c, L, z, where to cut, and the slopes at minus and plus infinity (None: not stated)."""

    node: int
    root: int
    defect: Fraction
    lipschitz: Fraction
    at_zero: Fraction
    cuts: tuple[Fraction, ...]
    left: Fraction | None
    right: Fraction | None


def gate_members(nodes: list, n: int, root: int) -> list[int] | None:
    """Return the nodes from the root (exclusive) to ``n``, in order, when n is an entrywise function of the root and of numbers."""
    waiting, found, touched = [n], set(), False
    while waiting:
        m = waiting.pop()
        if m == root:
            touched = True
            continue
        if m in found:
            continue
        kind, parameters, arguments, _ = nodes[m]
        if kind not in GATE_KINDS and not (kind == "constant" and parameters[0] == "splat"):
            return None
        found.add(m)
        if len(found) > MAXIMAL_MEMBERS:
            return None
        waiting.extend(arguments)
    return sorted(found) if touched and n != root else None


def gate_key(nodes: list, rows: list, root: int) -> tuple:
    """Return what two equal functions have in common, wherever they stand."""
    place = {m: k for k, m in enumerate(rows)} | {root: -1}
    return tuple([(nodes[m][0], tuple(nodes[m][1]), tuple([place[a] for a in nodes[m][2]])) for m in rows])


def gate_verified(nodes: list, claim: GateClaim) -> bool:
    """Tell whether all that is claimed of the function is proved."""
    cuts = claim.cuts
    rows = gate_members(nodes, claim.node, claim.root)
    numbers = (claim.defect, claim.lipschitz, claim.at_zero, *cuts)
    if rows is None or max([bits(q) for q in numbers]) > MAXIMAL_GATE_BITS:
        return False
    if not cuts:
        return claim.defect == 0 and claim.at_zero == 0 and gate_homogeneous(nodes, rows, claim)
    ordered = 3 <= len(cuts) <= MAXIMAL_CUTS and list(cuts) == sorted(set(cuts)) and 0 in cuts and cuts[0] <= -1 and cuts[-1] >= 1
    if not ordered or not 0 <= claim.at_zero <= claim.defect:
        return False
    import flint

    flint.ctx.prec = PRECISION
    gate = Gate(flint, nodes, rows, claim)
    return gate.beyond(-1, claim.left) and gate.beyond(1, claim.right) and gate.between()


def gate_homogeneous(nodes: list, rows: list[int], claim: GateClaim) -> bool:
    """Tell whether s(h) = a h for h > 0 and b h for h < 0, with slopes at most L in size."""
    import flint

    flint.ctx.prec = PRECISION
    gate = Gate(flint, nodes, rows, claim)
    return gate.straight_side(-1, claim.left) and gate.straight_side(1, claim.right) and gate.value_at(ZERO)


class GateValue(NamedTuple):
    """Ball series (value, slope, half the curvature); ``rough``: a choice was open, and the series are hulls without curvature."""

    series: object
    rough: bool


class Gate:
    """A scalar function under examination."""

    def __init__(self, flint, nodes: list, rows: list[int], claim: GateClaim) -> None:
        self.flint, self.nodes, self.rows, self.claim = flint, nodes, rows, claim
        self.c, self.lip, self.zero = (flint.arb(self.q(x)) for x in (claim.defect, claim.lipschitz, claim.at_zero))
        self.lines = self.straight()

    def q(self, x: Fraction):
        """Return a rational of the ball library."""
        return self.flint.fmpq(x.numerator, x.denominator)

    def straight(self) -> dict:
        """Return a and b of the nodes that are a h + b by their form: choices between them are decided exactly."""
        found: dict = {self.claim.root: (Fraction(1), Fraction(0))}
        for m in self.rows:
            kind, parameters, arguments, _ = self.nodes[m]
            if kind == "constant":
                found[m] = (Fraction(0), number(parameters[1]))
            elif kind == "map" and all([a in found for a in arguments]):
                line = straight_line(parameters[0], [found[a] for a in arguments])
                if line is not None:
                    found[m] = line
        return found

    # --------------------------------------------------------- beyond the cuts

    def beyond(self, side: int, slope: Fraction | None) -> bool:
        """Prove the bounds beyond the last cut (side 1) or before the first (-1)."""
        start = self.claim.cuts[-1] if side > 0 else -self.claim.cuts[0]
        tails = Tails(self.flint, self.q(start))
        found = self.tail(tails, side)
        if found is None or isinstance(found, Big) or len(found.p) > 2:
            return False
        found_bounds = self.far(tails, found)
        if slope is not None and not (tails.exact(found_bounds[0]) and found_bounds[0] == self.q(slope) * side):
            return False
        _, steep, defect, value = found_bounds
        return bool(steep <= self.lip and defect <= self.c and value - self.lip * tails.start <= self.zero)

    def straight_side(self, side: int, slope: Fraction | None) -> bool:
        """Prove s(h) = a h on one side of 0, with |a| <= L."""
        tails = Tails(self.flint, self.flint.fmpq(0))
        found = self.tail(tails, side)
        if not isinstance(found, Tail) or found.e is not None or len(found.p) > 2:
            return False
        if found.p and not (found.p[0] == 0):  # noqa: SIM201 - a ball around 0 is neither equal nor unequal to 0
            return False
        a = (*found.p, *[self.flint.fmpq(0)] * 2)[1]
        if not tails.exact(a):
            return slope is None and bool(tails.size(a) <= self.lip)
        return abs(a) <= self.q(self.claim.lipschitz) and (slope is None or a == self.q(slope) * side)

    def far(self, tails: Tails, found) -> tuple:
        """Return the slope at infinity, and bounds of |s'|, of |h s' - s|, and of |s| at the start (from where it grows no faster than L)."""
        b, a = (*found.p, *[self.flint.fmpq(0)] * 2)[:2]
        e, f = (self.flint.arb(0),) * 2 if found.e is None else (found.e[0], found.f[0])
        reach, constant, here = abs(self.flint.arb(a)), abs(self.flint.arb(b)), abs(self.flint.arb(a) * tails.start + self.flint.arb(b))
        if not constant <= reach.lower() * tails.start:  # else a h + b has the sign of a
            here = reach * tails.start + constant
        return a, reach + f / tails.start, constant + e + f, here + e

    def tail(self, tails: Tails, side: int):
        """Return the function of h = side x on the half-line of large h."""
        fmpq = self.flint.fmpq
        found: dict = {self.claim.root: tails.scale(Tail((fmpq(0), fmpq(1))), fmpq(side))}
        for m in self.rows:
            kind, parameters, arguments, _ = self.nodes[m]
            u = [found[a] for a in arguments]
            found[m] = tails.number(self.q(number(parameters[1]))) if kind == "constant" else tail_rule(tails, kind, parameters, u, self, m)
        return found[self.claim.node]

    # --------------------------------------------------------- between the cuts

    def between(self) -> bool:
        """Prove the bounds between the first and the last cut."""
        cuts = self.claim.cuts
        waiting, pieces = list(zip(cuts, cuts[1:], strict=False)), 0
        if not all([self.value_at(q) for q in cuts]):
            return False
        while waiting:
            low, high = waiting.pop()
            pieces += 1
            if pieces > MAXIMAL_PIECES:
                return False
            if not self.over(low, high):
                middle = (low + high) / 2
                if not self.value_at(middle):
                    return False
                waiting += [(low, middle), (middle, high)]
        return True

    def value_at(self, q: Fraction) -> bool:
        """Prove |s(q)| <= z + L|q| at one point."""
        found = self.at(q, q, {})
        return found is not None and bool(abs(found.series[0]) <= self.zero + self.lip * abs(self.flint.arb(self.q(q))))

    def over(self, low: Fraction, high: Fraction) -> bool:
        """Prove the bounds in the interior of one interval on one side of 0."""
        near = self.flint.arb(self.q(min(abs(low), abs(high))))
        for found in (self.by_balls(low, high), self.by_tail(low, high)):
            if found is not None and found[0] <= self.c and found[1] <= self.lip and found[2] <= self.zero + self.lip * near:
                return True
        return False

    def by_tail(self, low: Fraction, high: Fraction) -> tuple | None:
        """Return the bounds on the half-line that holds the interval."""
        near, side = min(abs(low), abs(high)), 1 if low > 0 else -1
        if near < 2:
            return None
        tails = Tails(self.flint, self.q(near))
        found = self.tail(tails, side)
        if found is None or isinstance(found, Big) or len(found.p) > 2:
            return None
        _, steep, defect, value = self.far(tails, found)
        return defect.upper(), steep.upper(), value.upper()

    def by_balls(self, low: Fraction, high: Fraction) -> tuple | None:
        """Return bounds of |h s' - s|, of |s'|, and of |s| at the end next to 0 (everywhere, when a choice was open)."""
        choices: dict = {}
        found = self.at(low, high, choices)
        if found is None:
            return None
        x = self.flint.arb(self.q(low)).union(self.flint.arb(self.q(high)))
        s, slope = found.series[0], found.series[1]
        defect, steep = ball_size(x * slope - s), ball_size(slope)
        if found.rough:
            return defect, steep, ball_size(s)
        middle, curve = (low + high) / 2, 2 * found.series[2]
        inner, foot = self.at(middle, middle, choices), self.at(*[low if low >= 0 else high] * 2, choices)
        if inner is None or foot is None:
            return None
        m = self.flint.arb(self.q(middle))
        value, rise = inner.series[0], inner.series[1]  # the mean value form: (h s' - s)' = h s''
        defect = min(defect, ball_size(m * rise - value + (x - m) * x * curve))
        return defect, min(steep, ball_size(rise + (x - m) * curve)), ball_size(foot.series[0])

    def at(self, low: Fraction, high: Fraction, choices: dict) -> GateValue | None:
        """Return value, slope and curvature over [low, high]; ``choices`` holds, or receives, what was chosen in its interior."""
        flint = self.flint
        x = flint.arb(self.q(low)).union(flint.arb(self.q(high)))
        found: dict = {self.claim.root: GateValue(flint.arb_series([x, 1], 3), False)}
        for m in self.rows:
            kind, parameters, arguments, _ = self.nodes[m]
            if kind == "constant":
                found[m] = GateValue(flint.arb_series([flint.arb(self.q(number(parameters[1])))], 3), False)
                continue
            u = [found[a] for a in arguments]
            chosen = self.decision(m, kind, parameters, arguments, u, low, high, choices)
            found[m] = self.value(kind, parameters, u, chosen)
        return found[self.claim.node]

    def decision(self, m: int, kind: str, parameters: list, arguments: list, u: list, low: Fraction, high: Fraction, choices: dict):
        """Return what is chosen: an index of an argument, a sign, a truth value; None when it is open."""
        name = parameters[0] if parameters else ""
        choosing = kind in ("compare", "where", "logic") or name in ("abs", "sign", "max", "min")
        if not choosing:
            return None
        if m not in choices:
            choices[m] = self.decided(kind, name, arguments, u, low, high)
        return choices[m]

    def decided(self, kind: str, name: str, arguments: list, u: list, low: Fraction, high: Fraction):
        """Decide a choice over one interval."""
        if kind == "where":
            t = ball_sign_truth(u[0])
            return None if t is None else 1 if t else 2
        if kind == "logic":
            return connected(name, [ball_sign_truth(v) for v in u])
        s = self.order(arguments, u, low, high)
        if kind == "compare":
            return None if s is None else int({"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[name])
        if name in ("max", "min"):
            return None if s is None else int((s < 0) == (name == "max"))
        return s

    def order(self, arguments: list, u: list, low: Fraction, high: Fraction) -> int | None:
        """Return the sign of the first argument (minus the second) in the interior of the interval, or None."""
        lines = [self.lines.get(a) for a in arguments]
        if None not in lines:
            a, b = lines[0] if len(lines) == 1 else (lines[0][0] - lines[1][0], lines[0][1] - lines[1][1])
            ends = [(v > 0) - (v < 0) for v in (a * low + b, a * high + b)]
            return ends[0] or ends[1] if ends[0] * ends[1] >= 0 else None
        if None in u:
            return None
        d = u[0].series[0] if len(u) == 1 else u[0].series[0] - u[1].series[0]
        return 1 if d > 0 else -1 if d < 0 else None

    def value(self, kind: str, parameters: list, u: list, chosen) -> GateValue | None:
        """Return the series of a node from those of its arguments."""
        flint = self.flint
        if kind in ("compare", "logic"):
            return self.hull([self.number(0), self.number(1)]) if chosen is None else self.number(chosen)
        if kind == "where":
            return self.hull(u[1:]) if chosen is None else u[chosen]
        if None in u:
            return None
        name = parameters[0]
        rough = any([v.rough for v in u])
        if name in ("max", "min"):
            return u[chosen] if chosen is not None else self.between_two(u, name)
        if name in ("abs", "sign"):
            down = GateValue(-u[0].series, rough)
            if name == "abs":
                return self.between_two([u[0], down], "max") if chosen is None else u[0] if chosen >= 0 else down
            return self.number(chosen) if chosen is not None else self.hull([self.number(-1), self.number(1)])
        made = series_map(flint, name, [v.series for v in u])
        limit = flint.arb(2) ** LONGEST_BITS
        if made is None or not all([abs(made[k]) < limit for k in range(2 if rough else 3)]):
            return None
        return GateValue(made, rough)

    def number(self, k: int) -> GateValue:
        """Return a constant."""
        return GateValue(self.flint.arb_series([self.flint.arb(k)], 3), False)

    def hull(self, u: list) -> GateValue | None:
        """Return what holds two functions and their slopes."""
        if None in u:
            return None
        a, b = u[0].series, u[1].series
        return GateValue(self.flint.arb_series([a[0].union(b[0]), a[1].union(b[1])], 3), True)

    def between_two(self, u: list, name: str) -> GateValue:
        """Return the larger or smaller of two: the slope is one of the two."""
        a, b = u[0].series, u[1].series
        value = a[0].max(b[0]) if name == "max" else a[0].min(b[0])
        return GateValue(self.flint.arb_series([value, a[1].union(b[1])], 3), True)


def ball_size(x):
    """Return |x| from above."""
    return abs(x).upper()


def straight_line(name: str, u: list) -> tuple[Fraction, Fraction] | None:
    """Return slope and constant of a sum, a negative, a multiple."""
    if name == "neg":
        return -u[0][0], -u[0][1]
    if name in ("add", "sub"):
        s = 1 if name == "add" else -1
        return u[0][0] + s * u[1][0], u[0][1] + s * u[1][1]
    if name == "mul" and 0 in (u[0][0], u[1][0]):
        (_, q), (a, b) = sorted(u, key=lambda v: v[0] != 0)
        return a * q, b * q
    if name == "div" and u[1][0] == 0 and u[1][1] != 0:
        return u[0][0] / u[1][1], u[0][1] / u[1][1]
    return None


def ball_sign_truth(v: GateValue | None) -> bool | None:
    """Tell whether a number is certainly not 0, or certainly 0."""
    if v is None:
        return None
    x = v.series[0]
    return True if x > 0 or x < 0 else False if x == 0 else None


def connected(name: str, truths: list) -> int | None:
    """Return the truth of a connective."""
    if name in ("and", "or"):
        decisive = name == "or"
        if decisive in truths:
            return int(decisive)
    if None in truths:
        return None
    if name == "not":
        return int(not truths[0])
    return int(truths[0] != truths[1]) if name == "xor" else int(name == "and")


def series_map(flint, name: str, u: list):
    """Return the series of a primitive, or None."""
    try:
        if name == "neg":
            return -u[0]
        if name == "pi":
            return flint.arb_series([flint.arb.pi()], 3)
        if name in ("add", "sub", "mul", "div"):
            return u[0] + u[1] if name == "add" else u[0] - u[1] if name == "sub" else u[0] * u[1] if name == "mul" else u[0] / u[1]
        if name == "pow":
            return series_power_of(flint, u[0], u[1])
        return ball_series(flint, name, u[0])
    except (ValueError, ZeroDivisionError):
        return None


def series_power_of(flint, u, exponent):
    """The series of a power with a constant exponent."""
    q = exponent[0]
    if not (exponent[1] == 0 and exponent[2] == 0):
        return None
    whole = q.unique_fmpz() if q.is_exact() and abs(q) <= 64 else None
    if whole is None:
        return (exponent * u.log()).exp() if u[0] > 0 else None
    found, base = flint.arb_series([flint.arb(1)], 3), u
    for _ in range(abs(int(whole))):
        found = found * base
    return found if whole >= 0 else 1 / found


def tail_rule(tails: Tails, kind: str, parameters: list, u: list, gate: Gate, m: int):
    """Return a node on the half-line from its arguments."""
    fmpq = tails.flint.fmpq
    if kind == "where":
        s = tails.sign(u[0])
        return None if s is None else u[2] if s == 0 else u[1]
    if kind == "logic":
        t = connected(parameters[0], [None if (s := tails.sign(v)) is None else s != 0 for v in u])
        return None if t is None else tails.number(fmpq(t))
    name = parameters[0]
    if kind == "compare" or name in ("max", "min"):
        s = tails.sign(tails.add(u[0], u[1], -1))
        if s is None:
            return None
        if kind == "compare":
            return tails.number(fmpq(int({"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0}[name])))
        return u[int((s < 0) == (name == "max"))]
    if name in ("add", "sub"):
        return tails.add(u[0], u[1], 1 if name == "add" else -1)
    if name in ("mul", "div"):
        return tails.mul(u[0], u[1]) if name == "mul" else tails.div(u[0], u[1])
    if name == "pow":
        line = gate.lines.get(gate.nodes[m][2][1])
        return tails.power_of(u[0], gate.q(line[1])) if line is not None and line[0] == 0 and u[0] is not None else None
    if name == "pi":
        return tails.number(tails.flint.arb.pi())
    return tails.unary(name, u[0])


# ------------------------------------------------------------------ near-homogeneity: degrees and polynomials

R_POLY = (ZERO, ONE)
KEPT_BITS = 64
MAXIMAL_NEAR_DEGREE = 64
MAXIMAL_ENTRIES = 4_096
KEEPING = ("reshape", "transpose", "slice", "diagonal")  # no entry occurs twice


def round_up(q: Fraction) -> Fraction:
    """Round up to 64 binary digits; short numbers stay."""
    top, bottom = q.numerator.bit_length(), q.denominator.bit_length()
    if top <= KEPT_BITS and bottom <= KEPT_BITS:
        return q
    shift = KEPT_BITS - (top - bottom)
    scale = Fraction(2) ** shift
    return Fraction(-(-(q.numerator * scale.numerator) // (q.denominator * scale.denominator))) / scale


def root_above(q: Fraction | int) -> Fraction:
    """Return an upper bound of a square root, exact for squares of rationals."""
    q = round_up(Fraction(q))
    top, bottom = math.isqrt(q.numerator), math.isqrt(q.denominator)
    if top * top == q.numerator and bottom * bottom == q.denominator:
        return Fraction(top, bottom)
    return Fraction(math.isqrt(q.numerator * 4**60 // q.denominator) + 1, 2**60)


def p_tidy(p: list) -> tuple:
    """Round up and drop leading zeros."""
    found = [round_up(c) for c in p]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def p_sum(*several: tuple | None) -> tuple | None:
    """Return the sum; None, no bound, absorbs."""
    if None in several:
        return None
    size = max(map(len, several), default=0)
    return p_tidy([sum([p[i] for p in several if i < len(p)], ZERO) for i in range(size)])


def p_product(*several: tuple | None) -> tuple | None:
    """Return the product; 0 times no bound is 0."""
    if () in several:
        return ()
    if None in several:
        return None
    result = several[0]
    for p in several[1:]:
        product = [ZERO] * (len(result) + len(p) - 1)
        for i, x in enumerate(result):
            for j, y in enumerate(p):
                product[i + j] += x * y
        result = p_tidy(product)
    return result


def p_multiple(a: tuple | None, q: Fraction | int) -> tuple | None:
    """Return a multiple."""
    return () if q == 0 or a == () else None if a is None else a if q == 1 else p_tidy([q * x for x in a])


def p_upper(a: tuple | None, b: tuple | None) -> tuple | None:
    """Return a polynomial that is above both for r >= 0."""
    if a is None or b is None:
        return None
    a, b = (a, b) if len(a) >= len(b) else (b, a)
    return tuple([max(x, b[i]) if i < len(b) else x for i, x in enumerate(a)])


def p_least(*several: tuple | None) -> tuple | None:
    """Return the best of several bounds: lowest degree, then least coefficients from the highest down."""
    return min([p for p in several if p is not None], key=lambda p: (len(p), p[::-1]), default=None)


def p_constant(q: Fraction) -> tuple:
    """Return a constant polynomial."""
    return (q,) if q else ()


class State(NamedTuple):
    """What is known of a node."""

    degree: int
    defect: tuple | None
    defect_norm: tuple | None
    value: tuple | None
    value_norm: tuple | None
    gradient: tuple | None


ZERO_STATE = State(0, (), (), (), (), ())
INPUT_STATE = State(1, (), (), R_POLY, R_POLY, (ONE,))


class States:
    """The states of a program's nodes, one after the other.

    Attributes
    ----------
    found : State, or the reason (a text) why there is none, by node
    support : the nodes whose states a node's state was computed from
    """

    def __init__(self, program, moving: list, exact: list, ranges: list) -> None:
        self.program, self.moving, self.exact, self.ranges = program, frozenset(moving), exact, ranges
        self.found: dict[int, State | str] = {}
        self.support: dict[int, tuple[int, ...]] = {}
        self.depends: list[bool] = []
        for n, node in enumerate(program.nodes):
            self.depends.append(n in self.moving or any([self.depends[a] for a in node[2]]))

    def shape(self, n: int) -> list:
        """The shape of a node."""
        return self.program.nodes[n][3]

    def visit(self, n: int, gate: GateClaim | None = None) -> State | str:
        """Compute the state of one node from those of its arguments, or of the gate's root."""
        kind, parameters, arguments, _ = self.program.nodes[n]
        self.support[n] = ()
        if gate is not None:
            self.support[n] = (gate.root,)
            self.found[n] = self.gated(n, gate)
        elif not self.depends[n]:
            self.found[n] = self.fixed(n)
        elif n in self.moving:
            self.found[n] = INPUT_STATE
        elif self.exact[n] == ANY_DEGREE:
            self.found[n] = ZERO_STATE
        else:
            state = self.by_rule(n, kind, parameters, arguments)
            self.support[n] = arguments if isinstance(state, State) else ()
            self.found[n] = self.sharpened(n, state)
        if self.depends[n] and isinstance(self.found[n], State):
            self.found[n] = self.bounded(n, self.found[n])
        return self.found[n]

    def bounded(self, n: int, s: State) -> State:
        """Use the range of a node, when it is bounded."""
        low, high = self.ranges[n][:2]
        if low is None or high is None:
            return s
        bound = round_up(max(abs(low), abs(high)))
        norm = p_constant(round_up(bound * root_above(math.prod(self.shape(n)))))
        return s._replace(value=p_least(s.value, p_constant(bound)), value_norm=p_least(s.value_norm, norm))

    def needed(self, target: int) -> list[int]:
        """Return the nodes that must be total and locally Lipschitz: those that depend on the group and that the target rests on."""
        waiting, seen = [target], set()
        while waiting:
            n = waiting.pop()
            if n not in seen and self.depends[n]:
                seen.add(n)
                waiting.extend(self.support[n])
        return sorted(seen)

    # -------------------------------------------------------------- rules

    def fixed(self, n: int) -> State:
        """A node that does not depend on the group: its range bounds it."""
        kind, parameters, _, shape = self.program.nodes[n]
        count = math.prod(shape)
        if kind == "constant" and parameters[0] == "values" and count <= MAXIMAL_ENTRIES:
            entries = [number(t) for t in parameters[1]]
            bound, norm = round_up(max(map(abs, entries), default=ZERO)), root_above(sum([e * e for e in entries], ZERO))
            return State(0, (), (), p_constant(bound), p_constant(norm), ())
        low, high = self.ranges[n][:2]
        if low is None or high is None:
            return State(0, (), (), None, None, ())
        bound = round_up(max(abs(low), abs(high)))
        return State(0, (), (), p_constant(bound), p_constant(round_up(bound * root_above(count))), ())

    def sharpened(self, n: int, state: State | str) -> State | str:
        """A node of exact degree d has defect 0, by Euler's identity."""
        d = self.exact[n]
        if d is None or d.denominator != 1 or not 0 <= d <= MAXIMAL_NEAR_DEGREE:
            return state
        if isinstance(state, str):
            return State(int(d), (), (), None, None, None)
        return state._replace(degree=int(d), defect=(), defect_norm=())

    def by_rule(self, n: int, kind: str, parameters: tuple, arguments: tuple[int, ...]) -> State | str:
        """The rule of a node's kind, or the reason why there is none."""
        several = [self.found[a] for a in arguments]
        failed = next((a for a, s in zip(arguments, several, strict=True) if isinstance(s, str)), None)
        if failed is not None:
            return self.found[failed]
        rule = getattr(self, f"_{kind}", None)
        state = rule(n, parameters, arguments, several) if rule else None
        what = parameters[0] if kind in ("map", "reduce", "linalg", "cumulate") else kind
        if state is None:
            return f"{what} of what is not homogeneous of degree 0 has no rule"
        return state if state.degree <= MAXIMAL_NEAR_DEGREE else f"the degree of {what} is beyond {MAXIMAL_NEAR_DEGREE}"

    def copies(self, n: int, a: int) -> Fraction:
        """Return the square root of how often the entries of an argument occur in a broadcast result."""
        return root_above(Fraction(math.prod(self.shape(n)), max(math.prod(self.shape(a)), 1)))

    def gated(self, n: int, gate: GateClaim) -> State | str:
        """A scalar function: |D s(u)| <= k c + L |D u|."""
        s = self.found[gate.root]
        if isinstance(s, str) or s.degree < 1:
            return s if isinstance(s, str) else "a scalar function of what has degree 0"
        c, lip, zero = gate.defect * s.degree, gate.lipschitz, gate.at_zero
        wide, repeats = root_above(math.prod(self.shape(n))), lip * self.copies(n, gate.root)
        return State(
            s.degree, p_sum(p_constant(c), p_multiple(s.defect, lip)), p_sum(p_constant(c * wide), p_multiple(s.defect_norm, repeats)),
            p_sum(p_constant(zero), p_multiple(s.value, lip)), p_sum(p_constant(zero * wide), p_multiple(s.value_norm, repeats)),
            p_multiple(s.gradient, lip),
        )  # fmt: skip

    def promoted(self, s: State, degree: int) -> State:
        """Read a part of lower degree as one of the given degree: its defect grows by (M - k) times its value."""
        missing = degree - s.degree
        if not missing:
            return s
        return s._replace(
            degree=degree, defect=p_sum(s.defect, p_multiple(s.value, missing)),
            defect_norm=p_sum(s.defect_norm, p_multiple(s.value_norm, missing))
        )

    def alike(self, n: int, arguments: list, several: list) -> list[State]:
        """Return the parts that are not identically zero, of one degree, with norms for the shape of the result."""
        live = [(a, s) for a, s in zip(arguments, several, strict=True) if self.exact[a] != ANY_DEGREE]
        degree = max([s.degree for _, s in live], default=0)
        parts = [(self.copies(n, a), self.promoted(s, degree)) for a, s in live]
        return [s._replace(defect_norm=p_multiple(s.defect_norm, k), value_norm=p_multiple(s.value_norm, k)) for k, s in parts]

    def _map(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        name = parameters[0]
        if name in ("neg", "abs"):
            return several[0]
        if name in ("add", "sub"):
            return states_sum(self.alike(n, arguments, several))
        if name in ("max", "min"):
            return states_choice(self.alike(n, arguments, several))
        if name == "mul":
            return self.product(n, arguments, several)
        if name == "pow":
            return self.power(n, arguments, several)
        return self.quotient(n, arguments, several) if name == "div" and not self.depends[arguments[1]] else None

    def product(self, n: int, arguments: list, several: list) -> State:
        """An entrywise product."""
        a, b = several
        ka, kb = (self.copies(n, m) for m in arguments)
        return State(
            a.degree + b.degree, p_sum(p_product(a.defect, b.value), p_product(a.value, b.defect)),
            p_sum(p_least(p_multiple(p_product(a.defect_norm, b.value), ka), p_multiple(p_product(a.defect, b.value_norm), kb)),
                 p_least(p_multiple(p_product(a.value_norm, b.defect), ka), p_multiple(p_product(a.value, b.defect_norm), kb))),
            p_product(a.value, b.value), p_least(p_multiple(p_product(a.value_norm, b.value), ka), p_multiple(p_product(a.value, b.value_norm), kb)),
            p_sum(p_product(a.gradient, b.value), p_product(a.value, b.gradient)),
        )  # fmt: skip

    def power(self, n: int, arguments: tuple[int, ...], several: list[State]) -> State | None:
        """A power with a constant whole exponent."""
        kind, parameters, _, _ = self.program.nodes[arguments[1]]
        q = number(parameters[1]) if kind == "constant" and parameters[0] == "splat" else None
        if q is None or q.denominator != 1 or not 1 <= q <= MAXIMAL_NEAR_DEGREE or q * several[0].degree > MAXIMAL_NEAR_DEGREE:
            return None
        result, k = several[0], self.copies(n, arguments[0])
        if q == 1:
            return result._replace(defect_norm=p_multiple(result.defect_norm, k), value_norm=p_multiple(result.value_norm, k))
        for _ in range(int(q) - 1):
            result = self.product(n, (arguments[0],) * 2, [result, several[0]])
        return result

    def quotient(self, n: int, arguments: tuple[int, ...], several: list[State]) -> State | None:
        """Division by what does not depend on the group and keeps a distance from 0."""
        low, high = self.ranges[arguments[1]][:2]
        if (low is None or low <= 0) and (high is None or high >= 0):
            return None
        factor = round_up(1 / (low if low is not None and low > 0 else -high))
        s, wide = several[0], factor * self.copies(n, arguments[0])
        return State(s.degree, p_multiple(s.defect, factor), p_multiple(s.defect_norm, wide), p_multiple(s.value, factor),
                     p_multiple(s.value_norm, wide),
                     p_multiple(s.gradient, factor))  # fmt: skip

    def _contract(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        left, _, right = parameters[0].partition("->")
        operands = left.split(",")
        extents = {c: e for text, a in zip(operands, arguments, strict=True) for c, e in zip(text, self.shape(a), strict=True)}
        summed = {c: e for c, e in extents.items() if c not in right}
        terms = math.prod(summed.values())
        if len(arguments) == 1:
            return states_summed(several[0], terms)
        again = [math.prod([e for c, e in summed.items() if c not in text]) for text in operands]
        return self.multilinear(arguments, several, terms, again, math.prod(self.shape(n)))

    def multilinear(self, arguments: tuple[int, ...], several: list[State], terms: int, again: list[int], count: int) -> State:
        """Sums of ``terms`` products; entry k of an operand occurs ``again[k]`` times in one sum."""
        both = root_above(math.prod(again))
        pair = len(several) == 2

        def entry(x: list, y: list) -> tuple | None:
            mixed = [p_multiple(p_product(x[k], y[1 - k]), root_above(terms * again[1 - k])) for k in (0, 1)] if pair else []
            return p_least(p_multiple(p_product(*x), terms), p_multiple(p_product(*y), both), *mixed)

        def norm(y: list, one: tuple | None) -> tuple | None:
            return p_least(p_multiple(p_product(*y), both), p_multiple(one, root_above(count)))

        values, norms = [s.value for s in several], [s.value_norm for s in several]
        defect, defect_norm, gradient = (), (), ()
        for k, s in enumerate(several):
            x, y = [*values[:k], s.defect, *values[k + 1 :]], [*norms[:k], s.defect_norm, *norms[k + 1 :]]
            one = entry(x, y)
            defect, defect_norm = p_sum(defect, one), p_sum(defect_norm, norm(y, one))
            others = [v for j, v in enumerate(values) if j != k]
            slope = p_multiple(p_product(s.gradient, *others), terms)
            if pair:
                other, spread = norms[1 - k], root_above(terms * again[1 - k])
                alone = p_multiple(other, both) if arguments[k] in self.moving else None
                slope = p_least(slope, p_multiple(p_product(s.gradient, other), spread), alone)
            gradient = p_sum(gradient, slope)
        value = entry(values, norms)
        return State(sum([s.degree for s in several]), defect, defect_norm, value, norm(norms, value), gradient)

    def _reduce(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        shape = self.shape(arguments[0])
        if parameters[0] == "sum":
            return states_summed(several[0], math.prod([shape[a] for a in parameters[1]]))
        return several[0] if parameters[0] in ("max", "min") else None

    def _cumulate(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        if parameters[0] == "prod":
            return None
        extent = self.shape(n)[parameters[1]]
        return self.spread(n, several[0] if parameters[0] != "sum" else states_summed(several[0], extent))

    def spread(self, n: int, s: State) -> State:
        """Forget the norms: entries may be repeated."""
        wide = root_above(math.prod(self.shape(n)))
        return s._replace(defect_norm=p_multiple(s.defect, wide), value_norm=p_multiple(s.value, wide))

    def _reindex(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        if parameters[0] in KEEPING:
            return several[0]
        live = [s for a, s in zip(arguments, several, strict=True) if self.exact[a] != ANY_DEGREE]
        degree = max([s.degree for s in live], default=0)
        return self.spread(n, states_choice([self.promoted(s, degree) for s in live]))

    def _where(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        return None if self.depends[arguments[0]] else states_choice(self.alike(n, arguments[1:], several[1:]))

    def _order(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        return several[0] if parameters[0] in ("sort", "topk") else None

    def _lookup(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        return None if self.depends[arguments[1]] else self.spread(n, several[0])


def states_sum(parts: list[State]) -> State | None:
    """The sum of parts of one degree."""
    if not parts:
        return None
    return State(parts[0].degree, *[p_sum(*[s[k] for s in parts]) for k in range(1, 6)])


def states_choice(parts: list[State]) -> State | None:
    """Every entry is an entry of one of the parts, and almost everywhere its gradient is that one's."""
    if not parts:
        return None
    result = parts[0]
    for s in parts[1:]:
        result = State(result.degree, p_upper(result.defect, s.defect), p_sum(result.defect_norm, s.defect_norm), p_upper(result.value, s.value),
                       p_sum(result.value_norm, s.value_norm), p_upper(result.gradient, s.gradient))  # fmt: skip
    return result


def states_summed(s: State, terms: int) -> State:
    """Sums of so many entries."""
    w = root_above(terms)
    return State(s.degree, p_least(p_multiple(s.defect, terms), p_multiple(s.defect_norm, w)),
                 p_multiple(s.defect_norm, w),
                 p_least(p_multiple(s.value, terms), p_multiple(s.value_norm, w)), p_multiple(s.value_norm, w),
                 p_multiple(s.gradient, terms))  # fmt: skip




def prove_gate(program: Program, row: object, known: dict) -> GateClaim:
    """One scalar function with its bounds: [node, root, c, L, z, cuts, left slope or null, right slope or null]."""
    need(type(row) is list and len(row) == 8 and type(row[5]) is list, "TC771", "a gate is [node, root, c, L, z, cuts, left, right]")
    node, base = count(row[0], 1, len(program.nodes) - 1), count(row[1], 0, len(program.nodes) - 1)
    c, lip, zero = (number(text) for text in row[2:5])
    slopes = [None if text is None else number(text) for text in row[6:]]
    claim = GateClaim(node, base, c, lip, zero, tuple([number(text) for text in row[5]]), *slopes)
    rows = gate_members(program.nodes, node, base)
    need(rows is not None, "TC772", f"node {node} is no scalar function of node {base}")
    key = (gate_key(program.nodes, rows, base), claim[2:])
    if key not in known:
        known[key] = gate_verified(program.nodes, claim)
    need(known[key], "TC773", f"the bounds of the scalar function at node {node} are not proved")
    return claim


def read_polynomial(value: object) -> tuple:
    """A list of coefficients, lowest first, none of them negative."""
    need(type(value) is list and len(value) <= MAXIMAL_NEAR_DEGREE + 1, "TC774", "a polynomial is a list of at most 65 coefficients")
    found = tuple([number(text) for text in value])
    need(all([c >= 0 for c in found]), "TC775", "a coefficient is negative")
    return found


def covers(claimed: tuple, proved: tuple | None) -> bool:
    """Whether every coefficient that is claimed is at least the proved one."""
    return proved is not None and all([c <= (claimed[i] if i < len(claimed) else 0) for i, c in enumerate(proved)])


NEAR_KEYS = {"defect", "degree", "gap", "gradient", "group", "limit", "value", "zero"}


def prove_near(main: Derivation, n: int, row: object, gate_rows: object, facts: dict, known: dict) -> None:
    """One claim of near-homogeneity: degree, polynomials, and the leading part."""
    program, nodes = main.program, main.program.nodes
    need_keys(row, NEAR_KEYS)
    group = counts(row["group"], 0, n)
    need(group == sorted(set(group)) and group != [], "TC776", "the group is no increasing list of inputs")
    for i in group:
        need(nodes[i][0] == "input" and nodes[i][1][1] in main.document.roles, "TC777", f"node {i} of the group is no input that varies")
        need(interval(nodes[i][1][2]) == LINE, "TC778", f"input {i} of the group has a box")
    exact = Scaling().degrees(program, [Fraction(i in group) for i in program.inputs])
    states = States(program, group, exact, [facts[m][3] if m in facts else LINE for m in range(len(nodes))])
    need(type(gate_rows) is list, "TC779", "the gates of a claim are not a list")
    gates: dict = {}
    for gate_row in gate_rows:
        claim = prove_gate(program, gate_row, known)
        need(claim.node not in gates and states.depends[claim.root], "TC780", "a gate is given twice, or its root does not move")
        gates[claim.node] = claim
    for m in range(n + 1):
        states.visit(m, gates.get(m))
    found = states.found[n]
    need(isinstance(found, State), "TC781", f"no bounds follow: {found}")
    degree = count(row["degree"], 1, MAXIMAL_NEAR_DEGREE)
    need(found.degree == degree, "TC782", f"the degree that follows is {found.degree}")
    defect, gap = read_polynomial(row["defect"]), read_polynomial(row["gap"])
    need(covers(defect, found.defect) and len(defect) <= degree, "TC783", "the defect does not follow, or its degree is not below that of the claim")
    need([c * (degree - i) for i, c in enumerate(gap)] == list(defect), "TC784", "M p_a - r p_a' is not p'")
    need(row["value"] is None or covers(read_polynomial(row["value"]), found.value), "TC785", "the bound of the value does not follow")
    need(row["gradient"] is None or covers(read_polynomial(row["gradient"]), found.gradient), "TC786", "the bound of the gradient does not follow")
    for m in states.needed(n):
        need(m in facts and facts[m][4] == 1 and facts[m][7] == 1, "TC787", f"node {m} is not proved to be total and locally Lipschitz")
    zero = count(row["zero"], 0, 1)
    if row["limit"] is not None or zero:
        made = leading_part(program, main.document.bodies, n, states, gates, [nodes[i][1][0] for i in group])
        need(made is not None and row["limit"] == [canonical_digest(made[0]), made[1]], "TC788", "the program of the leading part is another one")
        need(not zero or made[2] == ANY_DEGREE, "TC789", "the leading part is not identically zero by its form")


class Maker:
    """A program in the making; equal nodes are one."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.known: dict = {}

    def add(self, kind: str, parameters: list, arguments: list, shape: list) -> int:
        """Add a node or find it."""
        key = (kind, repr(parameters), *arguments, None, *shape)
        if key not in self.known:
            self.known[key] = len(self.nodes)
            self.nodes.append([kind, parameters, arguments, shape])
        return self.known[key]

    def splat(self, q: Fraction, shape: list) -> int:
        """A tensor of one value."""
        return self.add("constant", ["splat", str(q)], [], shape)


SAME_IN_THE_LIMIT = ("neg", "abs", "add", "sub", "mul", "max", "min", "pow")
KINDS_IN_THE_LIMIT = ("contract", "reindex", "where", "lookup", "order")


def leading_part(program: Program, bodies: list, target: int, states: States, gates: dict, names: list) -> tuple | None:
    """lim f(r theta)/r^M as (program, node, degree): lower degrees become 0, scalar functions their slopes at infinity."""
    made = Maker()
    plain: list = []
    leads: list = []
    for m in range(target + 1):
        kind, parameters, arguments, shape = program.nodes[m]
        plain.append(made.add(kind, parameters, [plain[a] for a in arguments], shape))
        leads.append(lead_of(made, program, m, states, gates.get(m), plain, leads))
    if leads[target] is None:
        return None
    kept = {leads[target]}
    for m in range(leads[target], -1, -1):
        if m in kept:
            kept.update(made.nodes[m][2])
    place = {m: k for k, m in enumerate(sorted(kept))}
    nodes = [[made.nodes[m][0], made.nodes[m][1], [place[a] for a in made.nodes[m][2]], made.nodes[m][3]] for m in sorted(kept)]
    made = {"bodies": bodies, "nodes": nodes}
    degree = degree_in(made, place[leads[target]], names)
    return (made, place[leads[target]], degree) if degree in (ANY_DEGREE, states.found[target].degree) else None


def lead_of(made: Maker, program: Program, m: int, states: States, gate: GateClaim | None, plain: list, leads: list) -> int | None:
    """The leading part of one node."""
    kind, parameters, arguments, shape = program.nodes[m]
    state = states.found[m]
    if not isinstance(state, State):
        return None
    if gate is not None:
        return recession(made, gate, leads[gate.root], shape)
    if not states.depends[m] or m in states.moving or states.exact[m] in (ANY_DEGREE, state.degree):
        return plain[m]
    name = parameters[0] if parameters else ""
    good = kind in KINDS_IN_THE_LIMIT or (kind in ("reduce", "cumulate") and name != "prod") or \
        (kind == "map" and (name in SAME_IN_THE_LIMIT or (name == "div" and not states.depends[arguments[1]])))
    if not good:
        return None
    together = (1, 2) if kind == "where" else range(len(arguments)) if kind == "reindex" or name in ("add", "sub", "max", "min") else ()
    parts = []
    for k, a in enumerate(arguments):
        none = states.exact[a] == ANY_DEGREE or (k in together and states.found[a].degree < state.degree)
        parts.append(made.splat(ZERO, program.nodes[a][3]) if none else leads[a])
    return None if None in parts else made.add(kind, parameters, parts, shape)


def recession(made: Maker, gate: GateClaim, h: int | None, shape: list) -> int | None:
    """right * max(h, 0) - left * max(-h, 0)."""
    if h is None or gate.left is None or gate.right is None:
        return None
    inner = made.nodes[h][3]
    zero = made.splat(ZERO, [])
    if gate.left == 0 and gate.right == 0:
        return made.splat(ZERO, shape)
    rise = made.add("map", ["max"], [h, zero], inner)
    fall = made.add("map", ["max"], [made.add("map", ["neg"], [h], inner), zero], inner)
    sides = [made.add("map", ["mul"], [made.splat(q, []), m], inner) for q, m in ((gate.right, rise), (gate.left, fall))]
    found = made.add("map", ["sub"], sides, inner)
    return found if inner == shape else made.add("map", ["add"], [found, made.splat(ZERO, shape)], shape)


def degree_in(value: dict, n: int, names: list):
    """The degree of a program's node in the inputs with these names."""
    program = Program(value)
    weights = [Fraction(program.nodes[i][1][0] in names) for i in program.inputs]
    return Scaling().degrees(program, weights)[n]


# ------------------------------------------------------------------ automatic differentiation

KINKED = ("neg", "abs", "add", "sub", "mul", "max", "min", "pi")  # legitimate on every range
DIFFERENTIABLE = {  # open sets with a continuous derivative; tan is total only between poles
    **dict.fromkeys(["exp", "sin", "cos", "tan", "atan", "erf", "besselj0", "besselj1", "besseli0", "besseli1"], EVERYWHERE),
    **dict.fromkeys(["log", "sqrt", "gamma", "lgamma", "digamma", "bessely0", "bessely1", "besselk0", "besselk1"], POSITIVE),
    "asin": (-ONE, ONE), "acos": (-ONE, ONE), "erfinv": (-ONE, ONE), "zeta": (ONE, None), "lambertw": (Fraction(-36787944, 10**8), None),
}


def records_by_node(main: Derivation) -> dict:
    """The meet of all main steps about each node."""
    facts: dict = {}
    for about, result in zip(main.about, main.results):
        record = main.document.facts[result]
        facts[about] = meet_records(facts[about], record) if about in facts else record
    return facts


def prove_conservative(main: Derivation, n: int, norms: tuple = ()) -> None:
    """Every node that carries a derivative to the claimed one has a lemma of section 10; ``norms`` are differentiated as one operator each."""
    facts = records_by_node(main)
    chain_of_lemmas(main, [n], facts, [i for i in main.program.inputs if i not in facts or facts[i][0] == 1], norms)


def chain_of_lemmas(d: Derivation, waiting: list, facts: dict, starts: list, norms: tuple) -> None:
    """From some nodes down to the inputs: each is total, and has a lemma when it is computed from an input that moves."""
    nodes, moving, seen = d.program.nodes, set(starts), set()
    for m, node in enumerate(nodes):  # a node whose value does not change is differentiated through all the same
        if not moving.isdisjoint(node[2]):
            moving.add(m)
    while waiting:
        m = waiting.pop()
        if m in seen:
            continue
        seen.add(m)
        need(m in facts and facts[m][4] == 1, "TC670", f"node {m} carries a derivative and is not total")
        if m in moving:
            waiting += rounds(d, m, moving) if nodes[m][0] == "repeat" else \
                bases(nodes, m, facts, moving) if m in norms else carriers(nodes, m, facts)


def rounds(d: Derivation, m: int, moving: set) -> list:
    """A body in rounds is a composition: every node of it has a lemma, for inputs in intervals that no round leaves."""
    _, (_, _, carries, _, outputs), arguments, _ = d.program.nodes[m]
    need(m in d.bodies, "TC677", f"no step says what the rounds of node {m} are")
    c = d.bodies[m]
    starts = [i for k, (i, a) in enumerate(zip(c.program.inputs, arguments)) if k < carries or a in moving]
    key = (id(c), tuple(starts), tuple(outputs))
    if key not in d.document.rounds:
        chain_of_lemmas(c, list(outputs), records_by_node(c), starts, ())
        d.document.rounds.add(key)
    return arguments


def is_square(nodes: list, node: tuple) -> bool:
    """Whether every entry is a square, or a sum of squares, of entries of the first argument."""
    kind, parameters, arguments, _ = node
    if kind == "map" and parameters[0] == "mul":
        return arguments[0] == arguments[1]
    if kind == "map" and parameters[0] == "pow":
        return nodes[arguments[1]][:2] == ("constant", ["splat", "2"])
    return kind == "contract" and multiplies_itself(node)


def bases(nodes: list, m: int, facts: dict, moving: set) -> list:
    """A norm: the square root of a sum of squares, with positive factors, and of what does not move and is >= 0; the nodes that are squared."""
    need(nodes[m][:2] == ("map", ["sqrt"]), "TC678", f"node {m} is no square root")
    found, waiting, visits = [], list(nodes[m][2]), 0
    while waiting:
        u = waiting.pop()
        kind, parameters, arguments, _ = nodes[u]
        visits += 1
        if u not in moving:
            need(u in facts and facts[u][4] == 1 and facts[u][3][0] is not None and facts[u][3][0] >= 0, "TC769", f"node {u} is not >= 0")
            continue
        need(visits <= MAXIMAL_SQUARES, "TC679", f"the norm of node {m} has too many terms")
        factor = [k for k, a in enumerate(arguments) if nodes[a][0] == "constant" and nodes[a][1][0] == "splat" and number(nodes[a][1][1]) > 0]
        name = parameters[0] if parameters else ""
        if is_square(nodes, nodes[u]):
            found.append(arguments[0])
        elif (kind, name) == ("map", "mul") and factor or (kind, name) == ("map", "div") and factor == [1]:
            waiting.append(arguments[1 - factor[0]])
        else:
            sums = (kind, name) in (("map", "add"), ("reduce", "sum")) or (kind == "reindex" and name != "pad")
            need(sums, "TC667", f"node {u} is no sum of squares")
            waiting += arguments
    need(all(a in facts for a in found), "TC668", f"a node that is squared for node {m} has no step")
    return found


def carriers(nodes: list, m: int, facts: dict) -> list:
    """The arguments through which a varying node is differentiated; refused when its kind has no lemma there."""
    kind, parameters, arguments, _ = nodes[m]
    need(all(a in facts for a in arguments), "TC671", f"an argument of node {m} has no step")
    if kind == "where":
        need(facts[m][6] >= 0 or facts[arguments[0]][0] == 0, "TC672", f"the choice of node {m} is not continuous")
        return arguments[1:]
    if kind == "lookup":
        need(facts[arguments[1]][0] == 0, "TC673", f"the index of node {m} varies")
        return arguments[:1]
    good = kind in ("input", "contract", "reduce", "cumulate", "reindex") or \
        (kind, parameters[0]) in (("order", "sort"), ("order", "topk"), ("linalg", "det"), ("linalg", "eigvalsh"), ("linalg", "svdvals")) or \
        (kind == "map" and differentiable(parameters[0], [facts[a][3] for a in arguments]))
    need(good, "TC674", f"there is no lemma for node {m}")
    return arguments


def differentiable(name: str, ranges: list) -> bool:
    """Whether a primitive obeys the chain rule on these ranges, with any admissible rule."""
    if name in KINKED:
        return True
    if name in DIFFERENTIABLE:
        return inside(ranges[0], (*DIFFERENTIABLE[name], False, False))
    if name == "div":
        return without_zero(ranges[1])
    if name != "pow":
        return False
    base, exponent = ranges
    if above_zero(base):
        return True
    if not is_point(exponent):
        return False
    q = exponent[0]
    return q > 1 or (q.denominator == 1 and (q >= 0 or without_zero(base)))


# ------------------------------------------------------------------ rules of differentiation that are refuted
#
# Along a curve c(t), 0 <= t <= 1, a value of a scalar program is *exact*, a quotient of polynomials in t in lowest terms (two lists of
# coefficients), or something coarser: `Along` has balls over short intervals of t, `Germ` has orders of growth as t tends to 0 from above.
# None is what is not known, or does not exist.

MAXIMAL_DEGREE = 32
MAXIMAL_CURVE_BITS = 2_000  # bits of a coefficient
MAXIMAL_LEGS = 64
MAXIMAL_RULES = 1_000
MAXIMAL_SQUARES = 256
PARTS = 512
NIL, UNIT = ([], [ONE]), ([ONE], [ONE])
SWITCHES = frozenset(["abs", "sign", "max", "min", "floor", "ceil", "round"])
FIELD = frozenset(["neg", "add", "sub", "mul", "div"])
KNOWN_VALUES = {
    "exp": (0, 1), "cos": (0, 1), "sin": (0, 0), "tan": (0, 0), "atan": (0, 0), "asin": (0, 0), "erf": (0, 0), "log": (1, 0), "acos": (1, 0),
}
REFUTED = {
    "curve": "is not differentiated conservatively by the rules of the claim: along a curve its change is not the integral of what they return",
    "growth": "is not locally Lipschitz, so that no rules are conservative for it: its derivative grows like t^a log(1/t)^b",
    "jump": "is discontinuous, so that no rules are conservative for it: its value is not its limit along a curve",
    "loop": "is not differentiated conservatively by the rules of the claim: around a loop, what they return has a circulation",
}


def poly_times(a: list, b: list) -> list:
    """a b."""
    out = [ZERO] * max(len(a) + len(b) - 1, 0) if a and b else []
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] += x * y
    return out


def poly_divide(a: list, b: list) -> tuple:
    """(quotient, remainder) of a by b."""
    rest, out = list(a), [ZERO] * max(len(a) - len(b) + 1, 0)
    while len(rest) >= len(b):
        factor, shift = rest[-1] / b[-1], len(rest) - len(b)
        out[shift] = factor
        rest = poly_sum(rest, [ZERO] * shift + b, -factor)
    return out, rest


def poly_at(p: list, t: Fraction) -> Fraction:
    """p(t)."""
    total = ZERO
    for c in reversed(p):
        total = total * t + c
    return total


def poly_slope(p: list) -> list:
    """p'."""
    return [k * c for k, c in enumerate(p)][1:]


def exact(top: list, bottom: list) -> tuple | None:
    """A quotient in lowest terms with a monic denominator; None when it is too long."""
    if not top:
        return NIL
    a, b = top, bottom
    while b and len(bottom) > 1:
        a, b = b, poly_divide(a, b)[1]
    if len(bottom) > 1 and len(a) > 1:
        top, bottom = poly_divide(top, a)[0], poly_divide(bottom, a)[0]
    top, bottom = [c / bottom[-1] for c in top], [c / bottom[-1] for c in bottom]
    if max(len(top), len(bottom)) > MAXIMAL_DEGREE + 1 or max(map(bits, top + bottom)) > MAXIMAL_CURVE_BITS:
        return None
    return top, bottom


def constant_ratio(q: Fraction) -> tuple:
    """A number as an exact value."""
    return ([q], [ONE]) if q else NIL


def ratio_slope(x: tuple) -> tuple | None:
    """The derivative of an exact value."""
    top = poly_sum(poly_times(poly_slope(x[0]), x[1]), poly_times(x[0], poly_slope(x[1])), -ONE)
    return exact(top, poly_times(x[1], x[1]))


def root_within(p: list) -> bool:
    """Whether p, not zero, has a root with 0 < t < 1, by Sturm's theorem."""
    for end in (ZERO, ONE):
        while p and poly_at(p, end) == 0:
            p = poly_divide(p, [-end, ONE])[0]
    chain = [p, poly_slope(p)]
    while chain[-1]:
        rest = poly_divide(chain[-2], chain[-1])[1]
        size_ = max(map(abs, rest), default=ONE)
        chain.append([-c / size_ for c in rest])  # a positive factor changes no sign
    changes = []
    for end in (ZERO, ONE):
        signs = [v > 0 for v in (poly_at(s, end) for s in chain[:-1]) if v]
        changes.append(sum(a != b for a, b in zip(signs, signs[1:])))
    return changes[0] != changes[1]


def sign_within(p: list) -> int | None:
    """The sign of p for 0 < t < 1, or None when it changes or p has a root there."""
    if not p:
        return 0
    if root_within(p):
        return None
    return 1 if poly_at(p, Fraction(1, 2)) > 0 else -1


def exact_map(name: str, x: list) -> tuple | None:
    """The exact value of a rational operation on exact values, None when there is none."""
    if name == "neg":
        return [-c for c in x[0][0]], x[0][1]
    if name in ("add", "sub"):
        top = poly_sum(poly_times(x[0][0], x[1][1]), poly_times(x[1][0], x[0][1]), ONE if name == "add" else -ONE)
        return exact(top, poly_times(x[0][1], x[1][1]))
    (p, q), (r, s) = x
    if name == "div":
        r, s = s, r
    return exact(poly_times(p, r), poly_times(q, s)) if s else None


def whole_power_of(x: tuple, n: int) -> tuple | None:
    """The n-th power of an exact value, None when there is none."""
    if n < 0:
        x, n = (x[1], x[0]) if x[0] else None, -n
    if x is None or n > MAXIMAL_DEGREE:
        return None
    out: tuple | None = UNIT
    for _ in range(n):
        out = None if out is None else exact_map("mul", [out, x])
    return out


def number_of(x: object) -> Fraction | None:
    """The number that an exact value always is."""
    return None if type(x) is not tuple or max(map(len, x)) > 1 else sum(x[0], ZERO) / x[1][0]


class Space:
    """Values along a curve, exact ones and coarser ones: what `Along` and `Germ` share."""

    visits = 0

    def map(self, name: str, x: list):
        """The value of a primitive."""
        if None in x:
            return None
        if name in SWITCHES:
            return self.switch(name, x)
        exactly = all(type(a) is tuple for a in x)
        if name in FIELD and exactly:
            return exact_map(name, x)
        if name == "sqrt":
            name, x = "pow", [x[0], constant_ratio(Fraction(1, 2))]
        if name == "pow":
            return self.power(x[0], number_of(x[1]))
        if exactly and name in KNOWN_VALUES and number_of(x[0]) == KNOWN_VALUES[name][0]:
            return constant_ratio(Fraction(KNOWN_VALUES[name][1]))
        return self.coarse(name, x) if self.defined(name, x) else None

    def defined(self, name: str, x: list) -> bool:
        """Whether the arguments certainly stay where the primitive has a value."""
        if name == "div":
            return self.sign(x[1]) in (1, -1)
        if name == "tan":
            return self.sign(self.map("cos", x)) in (1, -1)
        if name in ("asin", "acos"):
            return self.sign(self.map("sub", [UNIT, self.map("mul", [x[0], x[0]])])) in (0, 1)
        return name != "log" or self.sign(x[0]) == 1

    def switch(self, name: str, x: list):
        """Primitives that choose by a sign."""
        if name in ("floor", "ceil", "round"):
            k = self.step(name, x[0]) if type(x[0]) is tuple else None
            return None if k is None else constant_ratio(Fraction(k))
        s = self.sign(self.map("sub", x) if len(x) == 2 else x[0])
        if s is None or name == "sign":
            return None if s is None else constant_ratio(Fraction(s))
        if name == "abs":
            return x[0] if s >= 0 else self.map("neg", x)
        return x[0] if (s >= 0) == (name == "max") else x[1]

    def power(self, x, q: Fraction | None):
        """x to the power q, a number."""
        if q is None or bits(q) > 32:
            return None
        if q.denominator == 1 and type(x) is tuple:
            return whole_power_of(x, int(q))
        s = self.sign(x)
        if s == 0 and q > 0:
            return NIL
        return self.coarse_power(x, q) if s == 1 or (q.denominator == 1 and (s == -1 or q >= 1)) else None

    def truth(self, x) -> bool | None:
        """Whether a value is not zero."""
        s = None if x is None else self.sign(x)
        return None if s is None else s != 0

    def run(self, program: Program, inputs: list, last: int) -> list:
        """The values of all nodes up to the last."""
        self.visits += last + 1
        need(self.visits <= MAXIMAL_VISITS, "TC768", "a refutation visits too many nodes")
        found: list = []
        given = iter(inputs)
        for kind, parameters, arguments, _ in program.nodes[:last + 1]:
            x = [found[a] for a in arguments]
            if kind == "input":
                found.append(next(given))
            elif kind == "constant" and parameters[0] == "splat":
                q = number(parameters[1])
                found.append(constant_ratio(q) if bits(q) <= MAXIMAL_CURVE_BITS else None)
            elif kind == "map":
                found.append(self.map(parameters[0], x))
            elif kind == "compare":
                s = self.sign(self.map("sub", x))
                relation = {"lt": (-1,), "le": (-1, 0), "eq": (0,), "ne": (-1, 1)}[parameters[0]]
                found.append(None if s is None else constant_ratio(Fraction(int(s in relation))))
            elif kind == "logic":
                found.append(self.connective(parameters[0], [self.truth(a) for a in x]))
            elif kind == "where":
                c = self.truth(x[0])
                found.append(None if c is None else x[1] if c else x[2])
            elif kind == "repeat" and parameters[1:4] == [1, 1, 0] and unbounded_inputs(program.bodies[parameters[0]]):
                found.append(self.run(program.bodies[parameters[0]], x, parameters[4][0])[-1])
            else:
                found.append(None)
        return found

    def connective(self, name: str, t: list):
        """A truth value, from truth values that are all known."""
        if None in t:
            return None
        return constant_ratio(Fraction(int({"and": all(t), "or": any(t), "xor": t[0] != t[-1], "not": not t[0]}[name])))


class Along(Space):
    """Values for 0 < t < 1; what is not exact has balls: over intervals of t that cover [0, 1], then at t = 0 and at t = 1."""

    def __init__(self, parts: int) -> None:
        import flint

        flint.ctx.prec = PRECISION
        ends = [flint.arb(k) / parts for k in range(parts + 1)] if parts else []
        self.times = [a.union(b) for a, b in zip(ends, ends[1:])] + [flint.arb(0), flint.arb(1)]
        self.parts = parts
        self.flint = flint

    def sign(self, x) -> int | None:
        """The sign for 0 < t < 1, None when it is not certainly constant."""
        if type(x) is tuple:
            above, below = sign_within(x[0]), sign_within(x[1])
            return None if above is None or below is None else above * below
        if x is None:
            return None
        return 1 if all(b > 0 for b in x) else -1 if all(b < 0 for b in x) else None

    def balls(self, x) -> list:
        """The balls of a value."""
        return [self.ball_at(x[0], t) / self.ball_at(x[1], t) for t in self.times] if type(x) is tuple else x

    def ball_at(self, p: list, t):
        """A polynomial at a ball."""
        total = self.flint.arb(0)
        for c in reversed(p):
            total = total * t + self.flint.arb(self.flint.fmpq(c.numerator, c.denominator))
        return total

    def step(self, name: str, x: tuple) -> int | None:
        """The integer that floor, ceil or round is for 0 < t < 1."""
        if poly_at(x[1], Fraction(1, 2)) == 0:
            return None
        middle = poly_at(x[0], Fraction(1, 2)) / poly_at(x[1], Fraction(1, 2))
        k = {"floor": math.floor, "ceil": math.ceil, "round": round}[name](middle)
        if number_of(x) is None:
            low = k - {"floor": 0, "ceil": 1, "round": Fraction(1, 2)}[name]
            above, below = (self.sign(exact_map("sub", [x, constant_ratio(Fraction(q))])) for q in (low, low + 1))
            return k if (above, below) == (1, -1) else None
        return k

    def coarse(self, name: str, x: list):
        """Balls of a primitive."""
        if name not in (*FIELD, *KNOWN_VALUES, "pi"):
            return None
        rows = zip(*map(self.balls, x)) if x else [()] * len(self.times)
        return [ball_map(self.flint, name, list(row)) for row in rows]

    def coarse_power(self, x, q: Fraction):
        """Balls of a power of what has a constant sign, or of anything for whole q >= 1."""
        if q.denominator == 1:
            return [b ** int(q) for b in self.balls(x)]
        exponent = self.flint.arb(self.flint.fmpq(q.numerator, q.denominator))
        # what is positive inside may be 0 at an end, where a ball reaches below 0
        return [b**exponent if b > 0 or q < 0 else self.flint.arb(0).union(max(b.upper(), self.flint.arb(0)) ** exponent) for b in self.balls(x)]

    def change(self, x) -> tuple:
        """Bounds of the difference of the limits at t = 1 and at t = 0."""
        if type(x) is tuple:
            ends = [poly_at(x[1], end) for end in (ONE, ZERO)]
            if 0 in ends:
                return None, None
            q = poly_at(x[0], ONE) / ends[0] - poly_at(x[0], ZERO) / ends[1]
            return q, q
        return _ball_ends(x[-1] - x[-2])

    def integral(self, x) -> tuple:
        """Bounds of the integral over t, equal ones when it is a polynomial."""
        if type(x) is tuple and len(x[1]) == 1:
            q = sum((c / (k + 1) for k, c in enumerate(x[0])), ZERO) / x[1][0]
            return q, q
        if type(x) is tuple:
            return self.rational_integral(x)
        return _ball_ends(sum(x[:self.parts], self.flint.arb(0)) / self.parts)

    def rational_integral(self, x: tuple) -> tuple:
        """Bounds of the integral of a quotient without poles: on a short interval, midpoint and second derivative."""
        total, width = self.flint.arb(0), self.flint.arb(1) / self.parts
        first = ratio_slope(x)
        second = None if first is None else ratio_slope(first)
        if second is None or root_within(x[1]) or 0 in (poly_at(x[1], ZERO), poly_at(x[1], ONE)):
            return None, None
        for k, t in enumerate(self.times[:self.parts]):
            middle = self.flint.arb(2 * k + 1) / (2 * self.parts)
            value = self.ball_at(x[0], middle) / self.ball_at(x[1], middle)
            bend = self.ball_at(second[0], t) / self.ball_at(second[1], t)
            total += value * width + bend * width**3 / 24
        return _ball_ends(total)


class Germ(Space):
    """Values as t tends to 0 from above; what is not exact is [exact part, term of the rest, term of the derivative of the rest].

    A term (a, b, c) is c t^a log(1/t)^b (1 + o(1)) with a ball c without 0; (a, b, None) is O(t^a log(1/t)^b); NOUGHT is zero.
    """

    def __init__(self) -> None:
        import flint

        flint.ctx.prec = PRECISION
        self.flint = flint

    def sign(self, x) -> int | None:
        """The sign for small t > 0."""
        c = None if x is None else self.pair(x)[0]
        if c == NOUGHT:
            return 0
        return None if c is None or c[2] is None else 1 if c[2] > 0 else -1

    def ball(self, q: Fraction):
        """A number as a ball."""
        return self.flint.arb(self.flint.fmpq(q.numerator, q.denominator))

    def lowest(self, x: tuple) -> tuple:
        """The term of an exact value."""
        if not x[0]:
            return NOUGHT
        i, j = (next(k for k, c in enumerate(p) if c) for p in x)
        return Fraction(i - j), ZERO, self.ball(x[0][i] / x[1][j])

    def pair(self, x) -> list | None:
        """Value and derivative as terms."""
        main, v, d = (x, NOUGHT, NOUGHT) if type(x) is tuple else x
        slope = ratio_slope(main)
        return [term_sum(self.lowest(main), v), None if slope is None or d is None else term_sum(self.lowest(slope), d)]

    def step(self, name: str, x: tuple) -> int | None:
        """The integer that floor, ceil or round is for small t > 0."""
        if not x[1][0]:
            return None
        q = (x[0] or [ZERO])[0] / x[1][0]
        s = self.sign(exact_map("sub", [x, constant_ratio(q)]))
        if name == "round":
            half = q.denominator == 2
            return round(q) if not half or s == 0 else math.floor(q) if s < 0 else math.ceil(q)
        if q.denominator == 1:
            return int(q) + (-1 if name == "floor" and s < 0 else 1 if name == "ceil" and s > 0 else 0)
        return math.floor(q) if name == "floor" else math.ceil(q)

    def coarse(self, name: str, x: list):
        """The terms of a primitive."""
        if name == "pi":
            return [NIL, (ZERO, ZERO, self.flint.arb.pi()), NOUGHT]
        u = [self.pair(a) for a in x]
        if any(p is None or None in p for p in u):
            return None
        if name == "div":
            return self.divided(x[0], x[1])
        if name in FIELD:
            return self.combined(name, x)
        v, d = u[0]
        near = self.expanded(name, x[0]) if type(x[0]) is tuple else None
        if near is not None:
            return near
        return self.logarithm(v, d) if name == "log" else self.smooth(name, x[0], v, d)

    def combined(self, name: str, x: list):
        """neg, add, sub and mul, with exact parts that may cancel."""
        parts = [(a, NOUGHT, NOUGHT) if type(a) is tuple else a for a in x]
        main = exact_map(name, [p[0] for p in parts])
        if main is None:
            return None
        (m, v, d), (k, w, e) = parts[0], parts[-1]
        if name == "neg":
            return [main, term_times(MINUS, v), term_times(MINUS, d)]
        if name in ("add", "sub"):
            w, e = (w, e) if name == "add" else (term_times(MINUS, w), term_times(MINUS, e))
            return [main, term_sum(v, w), term_sum(d, e)]
        (p, s), (q, t) = self.pair(m), self.pair(k)
        rest = term_sum(term_sum(term_times(p, w), term_times(q, v)), term_times(v, w))
        slope = NOUGHT
        for f, g in ((s, w), (p, e), (t, v), (q, d), (d, w), (v, e)):
            slope = term_sum(slope, term_times(f, g))
        return [main, rest, slope]

    def divided(self, x, y):
        """A quotient x/y = K + (x - K y)/y, with K the quotient of the exact parts."""
        main = y if type(y) is tuple else y[0]
        k = exact_map("div", [x if type(x) is tuple else x[0], main]) if main[0] else NIL
        rest = None if k is None else self.map("sub", [x, self.map("mul", [k, y])])
        if rest is None:
            return None
        (v, d), (w, e) = self.pair(rest), self.pair(y)
        if d is None or e is None:
            return None
        inverse_ = (-w[0], -w[1], 1 / w[2])
        value = term_times(v, inverse_)
        return [k, value, term_times(term_sum(d, term_times(MINUS, term_times(value, e))), inverse_)]

    def expanded(self, name: str, x: tuple):
        """A Taylor polynomial, exactly, and what is left of the series, when an exact argument tends to the centre."""
        centre, coefficients, order = SERIES.get(name, (ZERO, (), 0))
        u = exact_map("sub", [x, constant_ratio(centre)])
        first, slope = (None, None) if u is None or not order else self.pair(u)
        if first is None or slope is None or first == NOUGHT or first[0] <= 0:
            return None
        total: tuple | None = NIL
        for c in reversed(coefficients):
            total = None if total is None else exact_map("mul", [total, u])
            total = None if total is None else exact_map("add", [total, constant_ratio(c)])
        if total is None:
            return None
        return [total, (first[0] * order, ZERO, None), (first[0] * (order - 1) + slope[0] if slope != NOUGHT else ZERO, ZERO, None)]

    def coarse_power(self, x, q: Fraction):
        """The terms of a power of what has a sign."""
        (a, b, c), d = self.pair(x)
        if d is None:
            return None  # its derivative is too long
        top, below = (None if c is None else c ** int(r) if q.denominator == 1 else c ** self.ball(r) for r in (q, q - 1))
        return [NIL, (a * q, b * q, top), term_times((a * (q - 1), b * (q - 1), None if c is None else self.ball(q) * below), d)]

    def logarithm(self, v: tuple, d: tuple):
        """The terms of a logarithm of what is positive."""
        a, b, c = v
        value = (ZERO, ONE, self.ball(-a)) if a else (ZERO, ZERO if b == 0 else ONE, None)
        if a == b == 0 and (c.log() > 0 or c.log() < 0):
            value = (ZERO, ZERO, c.log())
        return [NIL, value, term_times(d, (-a, -b, 1 / c))]

    def limit(self, v: tuple):
        """The limit of a term, a ball; None when it is infinite or not known."""
        if v == NOUGHT or v[0] > 0:
            return self.flint.arb(0)
        return v[2] if v[:2] == (0, 0) else None

    def smooth(self, name: str, x, v: tuple, d: tuple):
        """The terms of a differentiable function at an argument with a limit."""
        at = self.limit(v)
        if at is None or name not in KNOWN_VALUES or name == "log":
            return None
        if name in ("asin", "acos"):
            root = self.map("pow", [self.map("sub", [UNIT, self.map("mul", [x, x])]), constant_ratio(Fraction(-1, 2))])
            root = None if root is None else self.pair(root)[0]
            factor = root if name == "asin" or root is None else term_times(MINUS, root)
        else:
            one = self.flint.arb(1)
            factor = self.fixed({
                "exp": lambda: at.exp(), "sin": lambda: at.cos(), "cos": lambda: -at.sin(), "tan": lambda: one + at.tan() ** 2,
                "atan": lambda: one / (one + at * at), "erf": lambda: 2 * (-at * at).exp() / self.flint.arb.pi().sqrt(),
            }[name]())
        value = self.fixed(apply_ball(name, at))
        if factor is None or value is None:
            return None
        if name not in ("exp", "cos", "acos") and (v == NOUGHT or v[0] > 0):
            value = term_times(v, factor)  # the function vanishes at 0
        return [NIL, value, term_times(d, factor)]

    def fixed(self, c) -> tuple | None:
        """The term of a constant in a ball."""
        return (ZERO, ZERO, c if c > 0 or c < 0 else None) if c.is_finite() else None


class Crossing(Germ):
    """A curve on which the first value whose sign does not show vanishes once, at a time s: germs to the right of s, or (``here``) values at s.

    What is not exact is [NIL, term of the value, term of the derivative, balls over the curve and at its ends, (name, arguments)].
    """

    def __init__(self, here: bool) -> None:
        super().__init__()
        self.here, self.over = here, Along(1)
        self.zero: object = None
        self.direction = 0

    def balls(self, x) -> list:
        """The balls of a value: over the curve, at its start, at its end."""
        return self.over.balls(x) if type(x) is tuple else x[3]

    def around(self, x: tuple | None) -> tuple | None:
        """The term of an exact value at s."""
        if x is None or x == NIL:
            return NOUGHT if x == NIL else None
        c = self.balls(x)[0]
        if not c.is_finite() and len(x[1]) > 1:  # a pole, perhaps at s
            top, bottom = (self.around((p, [ONE])) for p in x)
            return None if bottom is None or bottom[2] is None else term_times(top, (-bottom[0], -bottom[1], 1 / bottom[2]))
        if not (c > 0 or c < 0) and type(self.zero) is tuple and len(x[1]) == 1:
            p, z, m = x[0], self.zero[0], 0
            quotient_, rest = poly_divide(p, z)
            while not rest and len(p) > 1:
                p, m = quotient_, m + 1
                quotient_, rest = poly_divide(p, z)
            first, steep = self.balls((p, x[1]))[0], self.balls((poly_slope(z), [ONE]))[0]
            if m and (first > 0 or first < 0) and (steep > 0 or steep < 0):
                return Fraction(m), ZERO, first * steep**m
        return self.fixed(c)

    def pair(self, x) -> list | None:
        """Value and derivative as terms."""
        return [self.around(x), self.around(ratio_slope(x))] if type(x) is tuple else x[1:3]

    def related(self, x) -> int:
        """1 or -1 when a value is a positive or negative multiple of the one that vanishes at s, else 0."""
        if type(x) is tuple and type(self.zero) is tuple:
            q = number_of(exact_map("div", [x, self.zero]))
            return 0 if not q else 1 if q > 0 else -1
        if type(x) is tuple or type(self.zero) is not list:
            return 0
        if x is self.zero:
            return 1
        (f, a), (g, b) = x[4], self.zero[4]
        return 0 if f != g or f != "sub" or len(a) != len(b) else 1 if same_values(a, b) else -1 if same_values(a, b[::-1]) else 0

    def sign(self, x) -> int | None:
        """The sign at s, or beside it."""
        if x is None or x == NIL:
            return None if x is None else 0
        if type(x) is list and x[4][0] == "neg":
            s = self.sign(x[4][1][0])
            return None if s is None else -s
        over, start, end = self.balls(x)
        if over > 0 or over < 0:
            return 1 if over > 0 else -1
        d = self.pair(x)[1]
        steep = d is not None and d != NOUGHT and d[2] is not None and d[:2] == (0, 0)
        if self.zero is None and steep and ((start < 0 and end > 0) or (start > 0 and end < 0)):
            self.zero, self.direction = x, 1 if d[2] > 0 else -1
            if type(x) is list:
                x[1] = (ONE, ZERO, d[2])
        r = 0 if self.zero is None else self.related(x)
        return None if r == 0 else 0 if self.here else r * self.direction

    def map(self, name: str, x: list):
        """The value of a primitive; nothing is added to what is added to 0."""
        if name in ("add", "sub") and x[1] == NIL:
            return x[0]
        return super().map("neg", x[1:]) if name == "sub" and x[0] == NIL else super().map(name, x)

    def step(self, name: str, x: tuple) -> int | None:
        """The integer that floor, ceil or round is on the whole curve."""
        return self.over.step(name, x)

    def coarse(self, name: str, x: list):
        """Terms and balls of a primitive."""
        u = [self.pair(a) for a in x]
        if any(None in p for p in u):
            return None
        return self.enclosed(self.terms(name, x, u), self.over.coarse(name, [a if type(a) is tuple else a[3] for a in x]), name, x)

    def enclosed(self, terms: list | None, balls: list | None, name: str, x: list):
        """A value with its term: that of a number when its ball does not hold 0."""
        if terms is None or balls is None:
            return None
        v = self.fixed(balls[0])
        found = [NIL, terms[0] if v is None or v[2] is None else v, terms[1], balls, (name, x)]
        if (v is None or v[2] is None) and self.zero is not None and self.related(found):
            found[1] = (ONE, ZERO, terms[1][2])
        return found

    def terms(self, name: str, x: list, u: list) -> list | None:
        """The terms of value and derivative."""
        if name == "pi":
            return [(ZERO, ZERO, self.flint.arb.pi()), NOUGHT]
        (v, d), (w, e) = u[0], u[-1]
        if name == "neg":
            return [term_times(MINUS, v), term_times(MINUS, d)]
        if name in ("add", "sub"):
            w, e = (w, e) if name == "add" else (term_times(MINUS, w), term_times(MINUS, e))
            return [term_sum(v, w), term_sum(d, e)]
        if name == "mul":
            return [term_times(v, w), term_sum(term_times(d, w), term_times(v, e))]
        if name == "div":
            inverse_ = None if w == NOUGHT or w[2] is None else (-w[0], -w[1], 1 / w[2])
            if inverse_ is None:
                return None
            value = term_times(v, inverse_)
            return [value, term_times(term_sum(d, term_times(MINUS, term_times(value, e))), inverse_)]
        found = self.logarithm(v, d) if name == "log" else self.smooth(name, x[0], v, d)
        return None if found is None else found[1:3]

    def coarse_power(self, x, q: Fraction):
        """Terms and balls of a power."""
        if None in self.pair(x) or self.pair(x)[0] == NOUGHT:
            return None
        return self.enclosed(super().coarse_power(x, q)[1:3], self.over.coarse_power(self.balls(x), q), "pow", [x])


def same_values(a: list, b: list) -> bool:
    """Whether values are the same: equal exact ones, one and the same otherwise."""
    return all(x == y if type(x) is type(y) is tuple else x is y for x, y in zip(a, b))


NOUGHT = ("zero",)
MINUS = (ZERO, ZERO, -1)
SERIES = {  # centre, coefficients of the Taylor polynomial, order of the rest
    name: (Fraction(centre), tuple(map(Fraction, texts.split())), order) for name, centre, texts, order in (
        ("exp", 0, "1 1 1/2 1/6", 4), ("cos", 0, "1 0 -1/2", 4), ("log", 1, "0 1 -1/2 1/3", 4), ("sin", 0, "0 1 0 -1/6", 5),
        ("tan", 0, "0 1 0 1/3", 5), ("atan", 0, "0 1 0 -1/3", 5), ("asin", 0, "0 1 0 1/6", 5))
}


def term_times(x: tuple, y: tuple) -> tuple:
    """The product of two terms."""
    if NOUGHT in (x, y):
        return NOUGHT
    return x[0] + y[0], x[1] + y[1], None if None in (x[2], y[2]) else x[2] * y[2]


def term_sum(x: tuple, y: tuple) -> tuple:
    """The sum of two terms: the larger one, or an upper bound when they may cancel."""
    if NOUGHT in (x, y):
        return y if x == NOUGHT else x
    if (x[0], -x[1]) != (y[0], -y[1]):
        return min(x, y, key=lambda t: (t[0], -t[1]))
    c = None if None in (x[2], y[2]) else x[2] + y[2]
    return x[0], x[1], c if c is not None and (c > 0 or c < 0) else None


class Rule:
    """One row of a table of rules: what an operator passes on where a condition holds."""

    def __init__(self, row: object, program: Program) -> None:
        need(type(row) is list and len(row) == 4, "TC681", "a rule is [operator, condition, how, formulas]")
        self.operator, condition, self.how, formulas = row
        if type(self.operator) is int:
            count(self.operator, 0, len(program.bodies) - 1)
            arity = len(program.bodies[self.operator].inputs)
        else:
            need(type(self.operator) is str and self.operator in ARITY, "TC682", "a rule is about no operator")
            arity = ARITY[self.operator]
        need(self.how in ("value", "backward"), "TC683", "a rule says value or backward")
        need(type(formulas) is list and len(formulas) == arity, "TC684", "a rule has one formula for each argument")
        self.condition = None if condition is None else formula(condition, arity)
        self.formulas = [None if f is None else formula(f, arity + (self.how == "backward")) for f in formulas]


def formula(value: object, arity: int) -> Program:
    """A formula: a scalar program whose value is its last node."""
    found = Program(value, 3)
    scalar = found.nodes != [] and all(node[3] == [] for node in found.nodes) and unbounded_inputs(found)
    need(scalar and len(found.inputs) == arity, "TC685", f"a formula of a rule has a value and {arity} inputs, all of them numbers of any size")
    return found


def unbounded_inputs(program: Program) -> bool:
    """Whether every input may be any number."""
    return all(interval(program.nodes[i][1][2]) == LINE for i in program.inputs)


class Reverse:
    """What differentiation returns along a curve: derivatives from the claimed node back to the inputs."""

    def __init__(self, space: Along, rules: list) -> None:
        self.space, self.rules = space, rules

    def gradient(self, program: Program, values: list, n: int, start) -> list:
        """What arrives at the inputs, None where it is not known to be a number."""
        space, arrived = self.space, {n: start}
        for m in range(n, -1, -1):
            if m in arrived:
                for a, g in zip(program.nodes[m][2], self.passed(program, values, m, arrived[m])):
                    arrived[a] = space.map("add", [arrived[a], g]) if a in arrived else g
        return [arrived.get(i, NIL) for i in program.inputs]

    def passed(self, program: Program, values: list, m: int, g) -> list:
        """What a node passes on to its arguments."""
        space = self.space
        kind, parameters, arguments, _ = program.nodes[m]
        if kind in ("compare", "logic"):
            return [NIL] * len(arguments)
        x = [values[a] for a in arguments]
        if g is None or None in x or values[m] is None or kind not in ("map", "where", "repeat"):
            return [None] * len(arguments)
        if kind == "where":
            c = space.truth(x[0])
            return [NIL, *((None, None) if c is None else (g, NIL) if c else (NIL, g))]
        for rule in self.rules:
            if rule.operator == parameters[0]:
                holds = True if rule.condition is None else space.truth(self.apply(rule.condition, x))
                if holds is None:
                    return [None] * len(x)
                if holds:
                    found = [None if f is None else self.apply(f, [*x, g] if rule.how == "backward" else x) for f in rule.formulas]
                    return found if rule.how == "backward" else [space.map("mul", [g, f]) for f in found]
        if kind == "map":
            return [space.map("mul", [g, d]) for d in self.slopes(parameters[0], x, values[m])]
        body, output = program.bodies[parameters[0]], parameters[4][0]
        return Reverse(space, []).gradient(body, space.run(body, x, output), output, g)

    def apply(self, formula_: Program, x: list):
        """The value of a formula."""
        return self.space.run(formula_, x, len(formula_.nodes) - 1)[-1]

    def slopes(self, name: str, x: list, v) -> list:
        """The partial derivatives of a primitive where it has them; None where it has none, or has a kink."""
        f, u = self.space.map, x[0] if x else None
        if name in ("add", "sub", "neg"):
            return [UNIT if name != "neg" else ([-ONE], [ONE]), UNIT if name == "add" else ([-ONE], [ONE])][:len(x)]
        if name == "mul":
            return [x[1], x[0]]
        if name == "div":
            return [f("div", [UNIT, x[1]]), f("neg", [f("div", [v, x[1]])])]
        if name in SWITCHES:
            return self.slopes_of_switch(name, x)
        square = f("mul", [u, u])
        if name == "pow":
            q = number_of(x[1])
            first = None if q is None else f("mul", [constant_ratio(q), f("pow", [u, constant_ratio(q - 1)])]) if q else NIL
            return [first, f("mul", [v, f("log", [u])])]
        if name in ("asin", "acos"):
            d = f("pow", [f("sub", [UNIT, square]), constant_ratio(Fraction(-1, 2))])
            return [d if name == "asin" else f("neg", [d])]
        if name == "erf":
            return [f("div", [f("mul", [constant_ratio(Fraction(2)), f("exp", [f("neg", [square])])]), f("sqrt", [f("pi", [])])])]
        return [{
            "exp": lambda: v, "log": lambda: f("div", [UNIT, u]), "sqrt": lambda: f("div", [UNIT, f("add", [v, v])]),
            "sin": lambda: f("cos", [u]), "cos": lambda: f("neg", [f("sin", [u])]), "tan": lambda: f("add", [UNIT, f("mul", [v, v])]),
            "atan": lambda: f("div", [UNIT, f("add", [UNIT, square])]),
        }.get(name, lambda: None)() for _ in x]

    def slopes_of_switch(self, name: str, x: list) -> list:
        """The partial derivatives of a primitive that chooses, None at its kinks and steps."""
        space = self.space
        if name in ("floor", "ceil", "round"):
            q = number_of(x[0]) if type(x[0]) is tuple else None
            at_step = q is not None and (q + (Fraction(1, 2) if name == "round" else 0)).denominator == 1
            return [None if at_step else NIL]
        s = space.sign(space.map("sub", x) if len(x) == 2 else x[0])
        if not s:
            return [None] * len(x)
        if name in ("abs", "sign"):
            return [NIL if name == "sign" else constant_ratio(Fraction(s))]
        return [UNIT, NIL] if (s > 0) == (name == "max") else [NIL, UNIT]


class Refutation:
    """A curve, or several that form a loop, along which a table of rules is no conservative field of the claimed node."""

    def __init__(self, document: "Document", claim: dict, witness: object) -> None:
        said = claim["conservative"]
        need_keys(said, {"because", "rules", "verdict"})
        need(type(said["because"]) is str and said["because"] in REFUTED, "TC680", "a refutation says because of what")
        need(type(said["rules"]) is list and len(said["rules"]) <= MAXIMAL_RULES, "TC686", "the rules are not a list")
        self.document, self.program, self.node = document, document.program, claim["node"]
        self.because = said["because"]
        need(all(node[3] == [] for node in self.program.nodes), "TC687", "a refutation is about a program of scalars")
        self.rules = [Rule(row, self.program) for row in said["rules"]]
        need(self.because in ("curve", "loop") or self.rules == [], "TC688", "a jump and a growth are about every rule: none is listed")
        self.inside = type(witness) is dict and "inside" in witness
        need_keys(witness, {"curves", "numbers", "inside"} if self.inside else {"curves", "numbers"})
        good = not self.inside or (type(witness["inside"]) is int and witness["inside"] == 1 and self.because in ("growth", "jump"))
        need(good, "TC662", "only a jump and a growth may be inside of a curve: 1")
        curves = witness["curves"]
        several = self.because == "loop"
        need(type(curves) is list and 1 <= len(curves) <= (MAXIMAL_LEGS if several else 1), "TC689", "the number of curves is not right")
        self.curves = [self.curve(c) for c in curves]
        self.numbers = witness["numbers"]
        amounts = (len(curves),) if several else (0, 2) if self.because == "growth" else (2,)
        need(type(self.numbers) is list and len(self.numbers) in amounts, "TC690", "the number of numbers is not right")
        {"curve": self.chain_rule, "growth": self.growth, "jump": self.jump, "loop": self.loop}[self.because]()

    def curve(self, rows: object) -> list:
        """Read a curve: a quotient of polynomials for each input, inside its box; inputs that are fixed stay."""
        need(type(rows) is list and len(rows) == len(self.program.inputs), "TC691", "a curve has one component for each input")
        found = []
        for row, i in zip(rows, self.program.inputs):
            need(type(row) is list and len(row) == 2 and all(type(p) is list and len(p) <= MAXIMAL_DEGREE + 1 for p in row),
                 "TC692", "a component is [numerator, denominator]")
            top, bottom = ([number(text) for text in p] for p in row)
            need(bottom != [] and all(p == [] or p[-1] != 0 for p in (top, bottom)), "TC693", "a polynomial ends with 0, or a denominator is zero")
            need(not root_within(bottom) and poly_at(bottom, ZERO) != 0 and poly_at(bottom, ONE) != 0, "TC694", "a curve has a pole")
            x = exact(top, bottom)
            need(x is not None, "TC695", "a component is too long")
            _, role, box = self.program.nodes[i][1]
            need(role in self.document.roles or number_of(x) is not None, "TC696", "an input that is fixed moves")
            need(stays_inside(x, interval(box)), "TC697", "a curve leaves the box of an input")
            found.append(x)
        return found

    def ends(self, curve: list) -> list:
        """Where a curve starts and where it ends."""
        return [[poly_at(top, t) / poly_at(bottom, t) for top, bottom in curve] for t in (ZERO, ONE)]

    def value(self, space: Space, curve: list) -> object:
        """The value of the claimed node along a curve."""
        found = space.run(self.program, curve, self.node)
        need(found[-1] is not None, "TC698", "the value of the program is not known along a curve")
        return found

    def circulation(self, curve: list) -> tuple:
        """Bounds of (change of the value, integral of <what is returned, the velocity>) along a curve."""
        space = Along(PARTS)
        values = self.value(space, curve)
        total: object = NIL
        returned = Reverse(space, self.rules).gradient(self.program, values, self.node, UNIT)
        for g, x, i in zip(returned, curve, self.program.inputs):
            if self.program.nodes[i][1][1] in self.document.roles:
                total = space.map("add", [total, space.map("mul", [g, ratio_slope(x)])])
        need(total is not None, "TC699", "what is returned along a curve is not known to be a number")
        return space.change(values[-1]), space.integral(total)

    def hold(self, text: object, bounds: tuple) -> tuple:
        """A claimed interval, which must hold the computed bounds."""
        claimed_ = interval(text)
        need(None not in bounds and inside((*bounds, True, True), claimed_), "TC760", "a claimed number is not the computed one")
        return claimed_

    def chain_rule(self) -> None:
        """The change of the program along the curve is not the integral of what is returned."""
        change, total = self.circulation(self.curves[0])
        a, b = self.hold(self.numbers[0], change), self.hold(self.numbers[1], total)
        need(meet(a, b) is None, "TC761", "change and integral are not certainly different")

    def loop(self) -> None:
        """The integrals of what is returned along a closed chain of curves do not add up to 0."""
        ends = [self.ends(c) for c in self.curves]
        need(all(a[1] == b[0] for a, b in zip(ends, [*ends[1:], ends[0]])), "TC762", "the curves are not a loop")
        total = point(ZERO)
        for curve, text in zip(self.curves, self.numbers):
            total = plus(total, self.hold(text, self.circulation(curve)[1]))
        need(without_zero(total), "TC763", "the circulation is not certainly different from 0")

    def jump(self) -> None:
        """The value at the start of a curve, or where something vanishes inside of it, is not the limit from there on."""
        if self.inside:
            self.jump_inside()
            return
        start = [constant_ratio(q) for q in self.ends(self.curves[0])[0]]
        here = self.value(Along(0), start)[-1]
        a = self.hold(self.numbers[0], (number_of(here),) * 2 if type(here) is tuple else _ball_ends(here[0]))
        germ = Germ()
        there = self.value(germ, self.curves[0])[-1]
        v = germ.pair(there)[0]
        if self.numbers[1] == "unbounded":
            need(v != NOUGHT and v[2] is not None and unbounded_term(v), "TC764", "the value is not certainly unbounded")
            return
        at = germ.limit(v)
        if at is not None and type(there) is tuple:
            bounds = (poly_at(there[0], ZERO) / poly_at(there[1], ZERO),) * 2
        else:
            bounds = (None, None) if at is None else _ball_ends(at)
        need(meet(a, self.hold(self.numbers[1], bounds)) is None, "TC765", "value and limit are not certainly different")

    def jump_inside(self) -> None:
        """The same at the only zero of the first value whose sign does not show."""
        here, beside = Crossing(True), Crossing(False)
        at, there = (self.value(space, self.curves[0])[-1] for space in (here, beside))
        need(here.zero is not None and beside.zero is not None, "TC663", "nothing vanishes once inside of the curve")
        a = self.hold(self.numbers[0], self.spread(here, at))
        if self.numbers[1] == "unbounded":
            v = beside.pair(there)[0]
            need(v is not None and v != NOUGHT and v[2] is not None and unbounded_term(v), "TC664", "the value is not certainly unbounded inside")
            return
        need(meet(a, self.hold(self.numbers[1], self.spread(beside, there))) is None, "TC665", "value and limit inside may be equal")

    def spread(self, space: Crossing, x) -> tuple:
        """Bounds of a value on the whole curve."""
        q = number_of(x)
        return _ball_ends(space.balls(x)[0]) if q is None else (q, q)

    def growth(self) -> None:
        """The derivative of the value along the curve is unbounded at its start, or where something vanishes inside."""
        germ = Crossing(False) if self.inside else Germ()
        d = germ.pair(self.value(germ, self.curves[0])[-1])[1]
        need(not self.inside or germ.zero is not None, "TC666", "nothing vanishes once inside of the curve that grows")
        known = d is not None and d != NOUGHT and d[2] is not None
        need(known and self.numbers in ([], [str(q) for q in d[:2]]), "TC766", "the order of growth is another")
        need(unbounded_term(d), "TC767", "the derivative is bounded")


def unbounded_term(v: tuple) -> bool:
    """Whether t^a log(1/t)^b is unbounded as t tends to 0."""
    return v[0] < 0 or (v[0] == 0 and v[1] > 0)


def stays_inside(x: tuple, box: tuple) -> bool:
    """Whether a component of a curve is certainly in an interval for 0 <= t <= 1."""
    for end, closed, side in ((box[0], box[2], 1), (box[1], box[3], -1)):
        if end is None:
            continue
        apart = exact_map("sub", [x, constant_ratio(end)])
        s = None if apart is None else sign_within(poly_times(*apart))
        corners = [side * poly_at(x[0], t) / poly_at(x[1], t) - side * end for t in (ZERO, ONE)]
        if s is None or s * side < 0 or min(corners) < 0 or (not closed and 0 in (s, *corners)):
            return False
    return True


# ------------------------------------------------------------------ the document

KEYS = {"assumptions", "claim", "facts", "format", "instances", "jumps", "names", "program", "refutations", "steps"}
OPTIONAL_KEYS = {"conservative", "near", "scalings"}
CLAIM_KEYS = {"about", "discontinuous", "holds", "node", "not", "program"}
ROLES = {"parameters": ("parameter",), "inputs": ("data",), "both": ("parameter", "data")}


def canonical_digest(program: object) -> str:
    """The identity of a program."""
    text = json.dumps(program, separators=(",", ":"), sort_keys=True, ensure_ascii=True, check_circular=False)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass
class Result:
    """The checker's answer."""

    verdict: str
    code: str = ""
    reason: str = ""
    step: int | None = None
    where: str = ""
    steps: int = 0
    proved: str = ""
    claim: dict | None = None
    assumptions: list = field(default_factory=list)
    axioms: list = field(default_factory=list)


class Document:
    """A certificate under examination."""

    def __init__(self) -> None:
        self.step: int | None = None
        self.where = "document"
        self.count = 0
        self.known: dict = {}
        self.used: set = set()
        self.holes: set = set()
        self.rounds: set = set()  # rounds of which every node has a lemma
        self.instances: list = []

    def run(self, value: object, claim: object | None) -> dict:
        """Check everything; return the claim."""
        need_keys(value, KEYS | ({"gates", "witness"} & set(value) if type(value) is dict else set()))
        if value["format"] != FORMAT:
            refuse("TC401", f"the format is not {FORMAT!r}")
        self.texts = value["assumptions"]
        if type(self.texts) is not list or any(type(t) is not str or len(t) > 2000 for t in self.texts):
            refuse("TC402", "the assumptions are not a list of texts")
        if type(value["names"]) is not dict or any(type(t) is not str for t in value["names"].values()):
            refuse("TC403", "the names are not texts")
        self.claim(value["claim"])
        if claim is not None and claim != value["claim"]:
            refuse("TC404", "the certificate does not prove the claim that was asked for")
        if canonical_digest(value["program"]) != value["claim"]["program"]:
            refuse("TC405", "the program is not the one that the claim is about")
        self.program = Program(value["program"])
        self.bodies = value["program"]["bodies"]
        self.roles = ROLES[value["claim"]["about"]]
        if type(value["facts"]) is not list or len(value["facts"]) > MAXIMAL_COUNT:
            refuse("TC406", "the facts are not a list")
        self.facts = [read_record(row) for row in value["facts"]]
        self.read_instances(value["instances"])
        self.where = "steps"
        main = Main(self, self.program)
        main.check(value["steps"])
        self.where, self.step = "claim", None
        self.conclude(value, main)
        return value["claim"]

    def claim(self, claim: object) -> None:
        """Check the form of a claim."""
        need_keys(claim, CLAIM_KEYS | (OPTIONAL_KEYS & set(claim) if type(claim) is dict else set()))
        if claim["about"] not in ("parameters", "inputs", "both"):
            refuse("TC407", "a claim is about parameters, inputs or both")
        count(claim["discontinuous"], 0, 1)
        read_record(claim["holds"])
        if claim["not"] != "":
            excluded_set(claim["not"])

    def read_instances(self, rows: object) -> None:
        """Check the instances in order."""
        if type(rows) is not list or len(rows) > MAXIMAL_COUNT:
            refuse("TC408", "the instances are not a list")
        kinds = {"body": Body, "cone": Cone, "curve": Curve}
        for k, row in enumerate(rows):
            self.where, self.step = f"instance {k}", None
            kind = kinds.get(row.get("kind")) if type(row) is dict and type(row.get("kind")) is str else None
            if kind is None:
                refuse("TC418", "an instance is no body, cone or curve")
            self.instances.append(kind(self, row))

    def assume(self, premises: list, parameters: list, conclusion: int) -> tuple:
        """A step that rests on a named assumption."""
        if premises or len(parameters) != 1:
            refuse("TC409", "an assumption has no premises and names its text")
        self.holes.add(count(parameters[0], 0, len(self.texts) - 1))
        return self.facts[conclusion]

    def conclude(self, value: dict, main: Derivation) -> None:
        """The claim must follow from the steps, the refutations and the jumps."""
        claim = value["claim"]
        n = count(claim["node"], 0, len(self.program.nodes) - 1)
        proved = NOTHING
        for about, result in zip(main.about, main.results):
            if about == n:
                proved = self.facts[result] if proved == NOTHING else meet_records(proved, self.facts[result])
        must_follow(read_record(claim["holds"]), proved)
        if type(value["refutations"]) is not list:
            refuse("TC600", "the refutations are not a list")
        mask = 0
        for pair in value["refutations"]:
            if type(pair) is not list or len(pair) != 2:
                refuse("TC608", "a refutation is [instance, step]")
            c = instance_of(main, pair[0], Curve)
            k = count(pair[1], 0, len(c.results) - 1)
            result = c.results[k]
            if c.about[k] != n or type(result) is not tuple or result[0] != "not":
                refuse("TC601", "a refutation is no negative step about the claimed node")
            if c.escape and c.rules[k] != "oscillate":
                refuse("TC602", "beyond an escape only an oscillation counts")
            mask |= excluded_set(result[1])
        if claim["not"] != "" and excluded_set(claim["not"]) & ~mask:
            refuse("TC603", "the refutations do not exclude what is claimed")
        if claim["discontinuous"] or value["jumps"] != []:
            self.jump(value["jumps"], main, n)
        said = claim.get("conservative")
        refuted = type(said) is dict and said.get("verdict") == "not"
        need(refuted == ("witness" in value), "TC676", "a witness without a refutation, or a refutation without a witness")
        if refuted:
            self.refutation = Refutation(self, claim, value["witness"])
        elif type(said) is dict:
            need_keys(said, {"norms", "verdict"})
            listed = counts(said["norms"], 0, len(self.program.nodes) - 1)
            need(said["verdict"] == "conservative" and listed == sorted(set(listed)) != [], "TC669", "the norms are not nodes in increasing order")
            prove_conservative(main, n, tuple(listed))
        elif "conservative" in claim:
            need(type(claim["conservative"]) is int and claim["conservative"] == 1, "TC675", "the claim's conservative is not 1")
            prove_conservative(main, n)
        rows = claim.get("scalings", [])
        need(type(rows) is list and len(rows) <= 64, "TC634", "the scalings are not a list of at most 64")
        for row in rows:
            prove_scaling(self.program, n, row)
        rows, gates = claim.get("near", []), value.get("gates", [])
        fits = type(rows) is list and len(rows) <= 8 and type(gates) is list and len(gates) == len(rows)
        need(fits, "TC770", "not one list of gates for each near claim")
        facts, known = records_by_node(main) if rows else {}, {}
        for row, several in zip(rows, gates):
            prove_near(main, n, row, several, facts, known)

    def jump(self, rows: object, main: Derivation, n: int) -> None:
        """Two neighbouring pieces of a line, one a point, whose values keep a distance."""
        if type(rows) is not list or len(rows) != 2 or any(type(r) is not list or len(r) != 2 for r in rows):
            refuse("TC604", "a jump is a pair of [instance, step]")
        a, b = (instance_of(main, r[0], Curve) for r in rows)
        f, g = (result_of(c, r[1], n) for c, r in zip((a, b), rows))
        if (a.moved, a.fixed, a.exponent, a.escape) != (b.moved, b.fixed, ONE, False) or b.exponent != 1 or b.escape:
            refuse("TC605", "a jump compares two different lines")
        s, t = a.domain, b.domain
        if is_point(t):
            s, t = t, s
        touching = is_point(s) and not is_point(t) and ((t[0] == s[0] and not t[2]) or (t[1] == s[0] and not t[3]))
        if not touching or math.prod(self.program.nodes[n][3]) < 1:
            refuse("TC606", "a jump is not at the end of an interval")
        apart = (f[3][1] is not None and g[3][0] is not None and f[3][1] < g[3][0]) or \
                (g[3][1] is not None and f[3][0] is not None and g[3][1] < f[3][0])
        if not (f[4] and g[4] and apart):
            refuse("TC607", "the values on the two sides are not certainly apart")


# ------------------------------------------------------------------ reading


class Unreadable(Reject):
    """The bytes are no JSON of the kind that we read."""


def unique_keys(pairs: list) -> dict:
    """Refuse an object with a key twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("TC610", "an object has a key twice")
    return found


def no_floats(text: str) -> None:
    """Refuse floats, NaN and infinities."""
    raise Unreadable("TC611", f"a number that is no integer: {text[:40]}")


def parse(data: bytes) -> object:
    """Parse JSON: ASCII, no duplicate keys, no floats; the parser itself refuses deep nesting."""
    if len(data) > MAXIMAL_BYTES:
        raise Unreadable("TC612", "the file is too large")
    if not data.isascii():
        raise Unreadable("TC613", "the file is not ASCII")
    try:
        return json.loads(data.decode("ascii"), object_pairs_hook=unique_keys, parse_float=no_floats, parse_constant=no_floats)
    except ValueError as failure:
        raise Unreadable("TC614", f"not JSON: {str(failure)[:80]}") from None


def check(certificate: bytes, claim: bytes | None = None) -> Result:
    """Check a certificate, against a claim passed separately if there is one."""
    document = Document()
    try:
        value = parse(certificate)
        asked = None if claim is None else parse(claim)
        if claim is not None and type(asked) is not dict:  # `null` is no claim, and not the absence of one
            raise Unreadable("TC619", "the claim that was asked for is not an object")
        proved = document.run(value, asked)
    except Unreadable as failure:
        return Result("unreadable", failure.code, failure.reason)
    except RecursionError:
        return Result("unreadable", "TC615", "brackets are nested too deeply")
    except Reject as failure:
        return Result("invalid", failure.code, failure.reason, document.step, document.where, document.count)
    holes = [document.texts[k] for k in sorted(document.holes)]
    return Result("holey" if holes else "valid", steps=document.count, proved=in_words(document, proved), claim=proved,
                  assumptions=holes, axioms=references(document, proved))


def in_words(document: Document, claim: dict) -> str:
    """What was proved, in a sentence or two."""
    varies, homes, local, spread, total, _, smooth, loclip, lip = claim["holds"]
    parts = [f"node {claim['node']} as a function of its {claim['about'] if claim['about'] != 'both' else 'parameters and inputs'}"]
    if homes:
        parts.append("is definable in " + " and in ".join(homes.split("|")))
    if claim["not"]:
        parts.append("is definable in no o-minimal structure" if claim["not"] == "any" else "is not definable in " + claim["not"].replace(" ", ", "))
    if total:
        parts.append("is defined everywhere")
    if smooth != "none":
        parts.append("is " + ("continuous" if smooth == "C0" else smooth))
    if claim["discontinuous"]:
        parts.append("is discontinuous")
    if loclip and total:
        parts.append("is locally Lipschitz")
    if lip is not None:
        parts.append(f"is Lipschitz with constant {lip} in the maximum norm")
    if spread != "(-inf,inf)" or type(claim.get("conservative")) is not dict:
        parts.append(f"takes values in {spread}")
    if type(claim.get("conservative")) is dict and "norms" in claim["conservative"]:
        parts.append(f"is differentiated automatically by a selection of a conservative field, whatever admissible rules say at kinks and ties and "
                     f"what the Euclidean norms at nodes {', '.join(map(str, claim['conservative']['norms']))[:100]}, one operator each, say at 0")
    elif type(claim.get("conservative")) is dict:
        parts.append(REFUTED[claim["conservative"]["because"]] + " (" + ", ".join(document.refutation.numbers)[:200] + ")")
    elif "conservative" in claim:
        parts.append("is differentiated automatically by a selection of a conservative field, whatever admissible rules say at kinks and ties")
    for weights, degree in claim.get("scalings", []):
        named = [f"{document.program.nodes[i][1][0][:60]!r} with weight {w}" for i, w in weights]
        parts.append(f"is homogeneous of degree {degree} under the scaling of {', '.join(named) or 'nothing'}")
    for row in claim.get("near", []):
        named = ", ".join([repr(document.program.nodes[i][1][0][:60]) for i in row["group"]])
        parts.append(f"is near-homogeneous of degree {row['degree']} in {named}" + (", with leading part 0" if row["zero"] else ""))
    return "; ".join(parts)


def references(document: Document, claim: dict) -> list:
    """The axioms that the certificate rests on."""
    rows = [{"name": name, "reference": AXIOMS[name][3]} for name in sorted(document.used & set(AXIOMS))]
    rows += [{"name": name, "reference": NEGATIVE_AXIOMS[name[4:]][3]} for name in sorted(document.used) if name.startswith("not ")]
    return rows


def main(arguments: list) -> int:
    """The command line."""
    import argparse

    parser = argparse.ArgumentParser(prog="checker.py", description="Check a certificate by recomputing every step.")
    parser.add_argument("certificate")
    parser.add_argument("--claim", help="the claim, passed separately")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--timeout", type=int, help="seconds of processor time")
    parser.add_argument("--memory", type=int, help="MiB of address space")
    options = parser.parse_args(arguments)
    limit(options.timeout, options.memory)
    gc.disable()  # nothing here forms cycles, and looking for them takes half the time
    try:
        with open(options.certificate, "rb") as f:
            data = f.read(MAXIMAL_BYTES + 1)
        claim = None
        if options.claim:
            with open(options.claim, "rb") as f:
                claim = f.read(MAXIMAL_BYTES + 1)
        result = check(data, claim)
    except OSError as failure:
        result = Result("unreadable", "TC400", f"cannot read the file: {failure.strerror}")
    except (OutOfTime, MemoryError):
        result = Result("budget", "TC301", "the budget of time or memory ran out")
    if options.json:
        print(json.dumps(result.__dict__))
    else:
        print(plain(f"{result.verdict} {result.code} {result.reason or result.proved}"))
        if result.step is not None:
            print(f"at step {result.step} of {result.where}")
        for row in result.axioms:
            print(f"  relying on {row['name']}: {row['reference']}")
        for text in result.assumptions:
            print(plain(f"  assuming: {text}"))
    return {"valid": 0, "invalid": 1, "holey": 2, "unreadable": 3, "budget": 4}[result.verdict]


def plain(text: str) -> str:
    """Text from a file without control characters, and in ASCII."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)


class OutOfTime(Exception):
    """The budget of processor time ran out."""


def limit(seconds: int | None, mebibytes: int | None) -> None:
    """Limit processor time and address space of this process, where the system offers it."""
    if seconds is None and mebibytes is None:
        return
    import resource
    import signal

    def stop(number_: int, frame: object) -> None:
        raise OutOfTime

    if seconds is not None:
        signal.signal(signal.SIGXCPU, stop)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    if mebibytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (mebibytes * 2**20, mebibytes * 2**20))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
