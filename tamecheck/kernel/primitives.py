"""What the kernel knows of each scalar primitive: the rule `map`, row by row.

Section 5.1 of ``docs/reference/certificate-format.md`` is the specification; the public
table with references is ``tamecheck.structures.primitives``, and the independent checker
holds a third copy typed separately.  Tests compare the three.
"""

from fractions import Fraction
from functools import lru_cache

from tamecheck.ground.intervals import LINE, Interval, bounded, magnitude, meet
from tamecheck.ground.numbers import enclose
from tamecheck.kernel import images
from tamecheck.kernel.judgments import ANALYTIC, NOTHING, R_LIN, ROUGH, Record, settle
from tamecheck.structures.lattice import UP

ALL = R_LIN
NONE = 0
R_ALG, R_POW, R_EXP, R_AN, R_PFAFF = UP["R_alg"], UP["R_pow"], UP["R_exp"], UP["R_an"], UP["R_Pfaff"]
AN_EXP = R_AN | R_EXP
AN_PFAFF = R_AN | R_PFAFF

ZERO, ONE = Fraction(0), Fraction(1)
EVERYWHERE = (None, None)
POSITIVE = (ZERO, None)

# primitive: (homes on the whole domain, analytic open set U or None, homes on compact pieces of U)
HOMES: dict[str, tuple[int, tuple | None, int]] = {
    "neg": (ALL, None, NONE), "abs": (ALL, None, NONE), "sign": (ALL, None, NONE), "sqrt": (R_ALG, None, NONE),
    "floor": (NONE, EVERYWHERE, R_LIN), "ceil": (NONE, EVERYWHERE, R_LIN), "round": (NONE, EVERYWHERE, R_LIN),
    "exp": (R_EXP, EVERYWHERE, AN_EXP), "log": (R_EXP, POSITIVE, AN_EXP),
    "sin": (NONE, EVERYWHERE, AN_PFAFF), "cos": (NONE, EVERYWHERE, AN_PFAFF), "tan": (NONE, EVERYWHERE, AN_PFAFF),
    "asin": (AN_PFAFF, None, NONE), "acos": (AN_PFAFF, None, NONE), "atan": (AN_PFAFF, None, NONE),
    "erf": (R_PFAFF, EVERYWHERE, AN_PFAFF), "erfinv": (R_PFAFF, (-ONE, ONE), AN_PFAFF),
    "gamma": (UP["R_G_exp"], POSITIVE, R_AN), "lgamma": (UP["R_G_exp"], POSITIVE, R_AN), "digamma": (UP["R_G_exp"], POSITIVE, R_AN),
    "zeta": (UP["R_anstar_exp"], (ONE, None), R_AN), "lambertw": (R_EXP, ("-1/e", None), AN_EXP),
    "besselj0": (NONE, EVERYWHERE, R_AN), "besselj1": (NONE, EVERYWHERE, R_AN),
    "bessely0": (NONE, POSITIVE, R_AN), "bessely1": (NONE, POSITIVE, R_AN),
    "besseli0": (R_PFAFF, EVERYWHERE, AN_PFAFF), "besseli1": (R_PFAFF, EVERYWHERE, AN_PFAFF),
    "besselk0": (R_PFAFF, POSITIVE, AN_PFAFF), "besselk1": (R_PFAFF, POSITIVE, AN_PFAFF),
}
LOCALLY_BOUNDED = frozenset([
    "neg", "abs", "sign", "floor", "ceil", "round", "exp", "sqrt", "sin", "cos", "asin", "acos", "atan", "erf", "lambertw",
    "besselj0", "besselj1", "besseli0", "besseli1",
])
DOMAINS: dict[str, Interval] = {
    "log": images.POSITIVE, "sqrt": images.NONNEGATIVE, "asin": images.SIGNED_UNIT, "acos": images.SIGNED_UNIT,
    "erfinv": (-ONE, ONE, False, False), "bessely0": images.POSITIVE, "bessely1": images.POSITIVE,
    "besselk0": images.POSITIVE, "besselk1": images.POSITIVE,
}
STRICT_DOMAINS: dict[str, Interval] = {
    "gamma": images.POSITIVE, "lgamma": images.POSITIVE, "digamma": images.POSITIVE, "zeta": (ONE, None, False, False),
}
STEPS = frozenset(["floor", "ceil", "round", "sign"])


@lru_cache(maxsize=65_536)
def minus_inverse_e_below(x: Fraction) -> bool:
    """Tell whether ``-1/e < x`` is certain."""
    high = enclose("exp", Fraction(-1))[0]
    return -high < x


def _inside_open(a: Interval, region: tuple) -> bool:
    """Tell whether the interval lies in the open region (low, high)."""
    low, high = region
    if low == "-1/e":
        return a[0] is not None and minus_inverse_e_below(a[0])
    ok_low = low is None or (a[0] is not None and (a[0] > low or (a[0] == low and not a[2])))
    ok_high = high is None or (a[1] is not None and (a[1] < high or (a[1] == high and not a[3])))
    return ok_low and ok_high


def _compact_in(a: Interval, region: tuple) -> bool:
    """Tell whether the range is bounded with its closure inside the open region."""
    return bounded(a) and _inside_open((a[0], a[1], True, True), region)


def homes_on(p: str, a: Interval) -> int:
    """Return the up-set H of a unary primitive on the argument range ``a`` (0 when it proves nothing)."""
    everywhere, region, compact = HOMES[p]
    if p in STRICT_DOMAINS and meet(a, STRICT_DOMAINS[p]) != a:
        return NONE
    return everywhere | compact if region is not None and _compact_in(a, region) else everywhere


def unary(p: str, f: Record) -> Record:
    """Return the record of ``p`` applied entrywise to a node with record ``f``."""
    varies, homes, local, a, total, bound, smooth, loclip, lip = f
    if p in STRICT_DOMAINS and meet(a, STRICT_DOMAINS[p]) != a:
        return settle((varies, *NOTHING[1:]))
    spread, inside = _image(p, a)
    everywhere, region, compact = HOMES[p]
    h = homes_on(p, a)
    local_h = h
    if region is not None and (region == EVERYWHERE or _inside_open(a, region)) and (
        (region == EVERYWHERE and bound) or (total and smooth >= 0) or _compact_in(a, region)
    ):
        local_h |= compact
    order, lipschitz, derivative = _regularity(p, a, spread)
    return settle((
        varies, homes & h, local & local_h, spread, int(total and inside), int(bound and p in LOCALLY_BOUNDED),
        min(smooth, order), int(loclip and lipschitz), None if lip is None or derivative is None else _product(derivative, lip),
    ))


def _product(derivative: Fraction, lip: Fraction) -> Fraction:
    return images.outward(derivative * lip, 1)


def _image(p: str, a: Interval) -> tuple[Interval, bool]:
    """Return the image of ``a`` met with the domain, and whether ``a`` lies in the domain."""
    if p == "lambertw":
        inside = a[0] is not None and minus_inverse_e_below(a[0])
        return (images.monotone(p, a) if inside else (-ONE, None, True, False)), inside
    domain = DOMAINS.get(p, LINE)
    part = meet(a, domain)
    if part is None:
        return LINE, False
    inside = part == a
    if p == "neg":
        return images.negate(a), True
    if p == "abs":
        return images.absolute(a), True
    if p in STEPS:
        return images.stepwise(p, a), True
    if p in ("sin", "cos"):
        return images.ball_image(p, part, images.SIGNED_UNIT), True
    if p == "tan":
        if not _one_branch(a):
            return LINE, False
        return images.ball_image(p, a, LINE), True
    if p in ("gamma", "lgamma"):
        return images.ball_image(p, part, (Fraction(22, 25) if p == "gamma" else Fraction(-61, 500), None, True, False)), inside
    if p in ("besselj0", "besselj1"):
        return images.ball_image(p, part, images.SIGNED_UNIT), inside
    if p in ("bessely0", "bessely1"):
        return images.ball_image(p, part, LINE) if part[0] > 0 else LINE, inside
    if p == "besseli0":
        size = magnitude(part)
        return (ONE, None if size is None else images.monotone(p, (ZERO, size, True, True))[1], True, size is not None), inside
    return images.monotone(p, part), inside


@lru_cache(maxsize=65_536)
def _one_branch(a: Interval) -> bool:
    """Tell whether the tangent has no pole in the closure of ``a``: its cosine excludes 0 over a short interval."""
    if not bounded(a) or a[1] - a[0] >= 4:
        return False
    cosine = images.ball_image("cos", (a[0], a[1], True, True), images.SIGNED_UNIT)
    if images.excludes_zero(cosine):
        return True
    quarter = enclose("pi", ZERO)[0] / 2
    return -quarter < a[0] and a[1] < quarter


def _regularity(p: str, a: Interval, spread: Interval) -> tuple[int, bool, Fraction | None]:
    """Return (smoothness on the range, locally Lipschitz there, sup of the derivative or None)."""
    if p in ("neg", "sin", "cos", "atan", "besselj0", "besselj1"):
        return ANALYTIC, True, ONE
    if p == "abs":
        one_sided = (a[0] is not None and a[0] >= 0) or (a[1] is not None and a[1] <= 0)
        return (ANALYTIC if one_sided else 0), True, ONE
    if p == "sign":
        flat = images.excludes_zero(a) or a == (ZERO, ZERO, True, True)
        return (ANALYTIC, True, ZERO) if flat else (ROUGH, False, None)
    if p in STEPS:
        flat = spread[0] is not None and spread[0] == spread[1]
        return (ANALYTIC, True, ZERO) if flat else (ROUGH, False, None)
    if p == "exp":
        return ANALYTIC, True, spread[1]
    if p == "log":
        return ANALYTIC, True, 1 / a[0] if a[0] is not None and a[0] > 0 else None
    if p == "sqrt":
        if not images.positive(a):
            return 0, False, None
        return ANALYTIC, True, 1 / (2 * spread[0]) if a[0] > 0 and spread[0] > 0 else None
    if p in ("asin", "acos"):
        return _arc_regularity(a)
    if p == "erf":
        return ANALYTIC, True, Fraction(1128379168, 10**9)
    if p == "lambertw" and not _inside_open(a, ("-1/e", None)):
        return 0, False, None
    return ANALYTIC, True, None


def _arc_regularity(a: Interval) -> tuple[int, bool, Fraction | None]:
    if not _inside_open(a, (-ONE, ONE)):
        return 0, False, None
    size = magnitude(a)
    if size is None or size >= 1:
        return ANALYTIC, True, None
    root = enclose("sqrt", 1 - size * size)[0]
    return ANALYTIC, True, 1 / root if root > 0 else None


def nullary(p: str) -> Record:
    """Return the record of the constant ``pi``."""
    low, high, _ = enclose("pi", ZERO)
    return settle((0, ALL, ALL, (low, high, True, True), 1, 1, ANALYTIC, 1, ZERO))
