"""Behaviour of an expression at an end of an interval: leading term, limit, and the sign on a whole neighbourhood.

An *end* is ``(point, side)``: the variable tends to the point from the right (side 1) or the left (side -1); the point
``None`` is minus infinity for side 1 and plus infinity for side -1.  With ``X`` tending to infinity the variable is
``point + side/X``, and ``-side*X`` at infinity.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from tamecheck.geometry.univariate import balls, constants
from tamecheck.geometry.univariate.expansions import expand_function
from tamecheck.geometry.univariate.expressions import Algebra, Expr, TooLarge, Undefined
from tamecheck.geometry.univariate.germs import IDENTITY, Frame, Germ, LargerStart, MoreTerms, Undecided, Unsupported
from tamecheck.geometry.univariate.monomials import ONE, Monomial, Scale
from tamecheck.geometry.univariate.normal_forms import identically_zero

End = tuple[Expr | None, int]

STARTS = tuple([Fraction(n) for n in (4, 6, 10, 16, 32, 64, 256, 1024, 2**14, 2**20, 2**40, 2**80, 2**160)])
COUNTS = (5, 10, 18)
DEEPEST = 6


class Leading(NamedTuple):
    """``f = c*m*(1 + small)`` near an end; where ``X >= start`` the sign of f is that of c.

    ``monomial`` is ``None`` when f is exactly zero near the end.  ``tame``: no oscillating part was bounded away, so that
    f lies in a Hardy field and the expansion may be differentiated.
    """

    monomial: Monomial | None
    coefficient: Expr
    sign: int
    start: Fraction
    germ: Germ
    tame: bool = True


class Unknown(Exception):
    """The behaviour at an end is not established; the text says why."""

    tries = 0


def _scale(algebra: Algebra) -> Scale:
    found = algebra.x.memo.get("scale")
    if found is None:
        found = algebra.x.memo["scale"] = Scale(algebra)
    return found


def germ_of(e: Expr, end: End, frame: Frame) -> Germ:
    """Return the germ of an expression at an end in a frame."""
    if nesting(e) > DEEPEST:
        raise Unsupported("nested too deeply for an expansion")
    k = e.algebra
    point, side = end
    if point is None:
        variable = Germ(((IDENTITY, k.number(-side)),), None)
    else:
        step = (frame.scale.power(IDENTITY, Fraction(-1)), k.number(side))
        variable = frame.germ([(ONE, point), step], [])
    known: dict[int, Germ] = {}
    for part in e.ancestors():
        known[part.id] = _step(part, known, frame, variable)
    return known[e.id]


def _step(e: Expr, known: dict[int, Germ], frame: Frame, variable: Germ) -> Germ:
    if not e.varies:
        return frame.constant(e)
    if e.kind == "x":
        return variable
    if e.kind == "seal":
        return known[e.args[0].id]
    k = e.algebra
    if e.kind == "sum":
        start, coefficients = e.data  # type: ignore[misc]
        return frame.linear(k.number(start), [(k.number(c), known[a.id]) for c, a in zip(coefficients, e.args, strict=True)])
    if e.kind == "prod":
        total = None
        for b, q in zip(e.args, e.data, strict=True):  # type: ignore[arg-type]
            part = frame.power(known[b.id], q)
            total = part if total is None else frame.mul(total, part)
        return total  # type: ignore[return-value]
    return expand_function(frame, e, known[e.args[0].id])


def leading(e: Expr, end: End, tries: int = len(COUNTS)) -> Leading:
    """Return the certified leading term of an expression at an end.

    Parameters
    ----------
    tries : how many of the numbers of terms `COUNTS` are tried

    Raises
    ------
    Unknown
        If there is no expansion, or a sign could not be decided.
    """
    found = e.memo.get(("leading", end))
    if found is None or (isinstance(found, Unknown) and tries > found.tries):
        try:
            found = _leading(e, end, tries)
        except (Unsupported, Undecided, Undefined, TooLarge) as reason:
            found = Unknown(str(reason) or "no expansion")
            found.tries = tries if isinstance(reason, _Exhausted) else len(COUNTS)
        e.memo[("leading", end)] = found
    if isinstance(found, Unknown):
        raise found
    return found


def nesting(e: Expr) -> int:
    """Return how deeply functions of the variable are nested."""
    if "nesting" not in e.memo:
        for p in e.ancestors():
            inner = max([a.memo["nesting"] for a in p.args], default=0)
            p.memo["nesting"] = inner + (p.varies and p.kind not in ("x", "sum", "prod", "seal"))
    return e.memo["nesting"]


class _Exhausted(Unsupported):
    """More terms might do."""


def _leading(e: Expr, end: End, tries: int) -> Leading:
    k = e.algebra
    if not e.varies:
        s = constants.sign(e)
        if s is None:
            raise Undecided(f"the sign of {e}")
        germ = Germ(((ONE, e),), None) if s else Germ((), None)
        return Leading(ONE if s else None, e, s, STARTS[0], germ)
    scale = _scale(k)
    position, more, oscillates = 0, 0, False
    with balls.precision(balls.BASE):
        while position < len(STARTS) and more < tries:
            frame = Frame(scale, STARTS[position], COUNTS[more])
            try:
                germ = germ_of(e, end, frame)
                oscillates = frame.oscillates
                if germ.exactly_zero:
                    return Leading(None, k.zero, 0, STARTS[position], germ)
                if not germ.terms:
                    if oscillates:
                        break
                    raise MoreTerms
                if frame.dominated(germ):
                    m, c = germ.terms[0]
                    s = constants.sign(c)
                    if not s:
                        raise Undecided(f"the sign of {c}")
                    return Leading(m, c, s, STARTS[position], germ, not oscillates)
                raise LargerStart
            except LargerStart:
                position += 1
            except MoreTerms:
                more += 1
    if identically_zero(e):
        return Leading(None, k.zero, 0, STARTS[0], Germ((), None))
    if oscillates:
        raise Unsupported("it oscillates: a sine or cosine of something unbounded is not outweighed")
    if more >= tries:
        raise _Exhausted("everything that was expanded cancelled")
    raise Unsupported("no term of the expansion was seen to dominate")


def limit(e: Expr, end: End) -> Expr | int:
    """Return the limit at an end: a constant, or 1 and -1 for plus and minus infinity."""
    try:
        found = leading(e, end)
    except Unknown:
        if bounded_by(e, end, ONE, strictly=True):
            return e.algebra.zero
        raise
    if found.monomial is None:
        return e.algebra.zero
    order = _scale(e.algebra).compare(found.monomial, ONE)
    return found.sign if order > 0 else found.coefficient if order == 0 else e.algebra.zero


def size_at(e: Expr, end: End) -> int:
    """Return the sign of ``log|e|`` in the order of growth: -1 tends to 0, 0 to a number that is not 0, 1 to infinity."""
    try:
        found = leading(e, end)
    except Unknown:
        if bounded_by(e, end, ONE, strictly=True):
            return -1
        raise
    return -1 if found.monomial is None else _scale(e.algebra).compare(found.monomial, ONE)


def cut(end: End, start: Fraction) -> Fraction:
    """Return a rational point between the end and the point where ``X = start``, so that X >= start beyond it."""
    from tamecheck.geometry.univariate.points import enclosure, simplest

    point, side = end
    if point is None:
        return -side * start
    for bits in balls.LADDER:
        low, high = enclosure(point, bits)
        step = 1 / start
        near, far = (high, low + step) if side > 0 else (high - step, low)
        gap = far - near
        if gap > 0 and 8 * (high - low) < step:
            return simplest(near + gap * 3 / 4, far - gap / 16) if side > 0 else simplest(near + gap / 16, far - gap * 3 / 4)
    raise Unknown("a point could not be enclosed")


def bounded_by(e: Expr, end: End, monomial: Monomial, strictly: bool = False) -> bool | None:
    """Tell whether ``|e| <= C*m`` near an end (``strictly``: for a smaller monomial), for oscillating expressions too."""
    scale = _scale(e.algebra)
    least = 0 if strictly else 1
    try:
        found = leading(e, end)
        return found.monomial is None or scale.compare(found.monomial, monomial) < least
    except Unknown:
        pass
    with balls.precision(balls.BASE):
        for start in STARTS[2:6]:
            frame = Frame(scale, start, COUNTS[0])
            try:
                lead = frame.size(germ_of(e, end, frame))[1]
                return True if scale.compare(lead, monomial) < least else None
            except (LargerStart, MoreTerms):
                continue
            except (Unsupported, Undecided, Undefined):
                return None
    return None
