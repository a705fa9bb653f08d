"""Refutations at points of the line that are not rational, by limits of the exact engine for one variable."""

from fractions import Fraction

from tamecheck.autodiff.line import Line, Place
from tamecheck.autodiff.orders import along, order
from tamecheck.autodiff.pieces import Pieces
from tamecheck.autodiff.space import Cell
from tamecheck.autodiff.witnesses import Number, Witness, around, rational
from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.expressions import Expr
from tamecheck.geometry.univariate.points import between

APPROACHES = 4


def jump(pieces: Pieces, cell: Cell, other: Cell) -> Witness | None:
    """Return the value at a point and the different limit from one side."""
    space: Line = pieces.space
    value, limit = space.value(pieces.of(cell).value, cell), space.limit(pieces.of(other).value, cell, other)
    if value is None or limit is None:
        return None
    infinite = isinstance(limit, int)
    if not infinite and constants.compare(value, limit) in (0, None):
        return None
    place, side = _shown(space.ends[cell.number][0]), "right" if other.number > cell.number else "left"
    tends = ("infinity" if limit > 0 else "-infinity") if infinite else _shown(limit)
    more = {"at": [place], "at_decimal": [_decimal(cell)], "side": side, "value": _shown(value), "limit": tends}
    if not infinite:
        difference = space.algebra.sub(limit, value)
        more |= {"jump": _shown(difference), "jump_decimal": Place(difference).ball(64).mid().str(12, radius=False)}
    text = f"at {space.formula(cell)} the program is {_shown(value)} and tends to {tends} from the {side}: it is not continuous"
    numbers = (_number(value), None if infinite else _number(limit))
    return Witness("jump-curve", [], None, None, None, text, more, numbers=numbers, segment=_segment(space.ends[cell.number][0], side))


def blowup(pieces: Pieces, cell: Cell, other: Cell) -> Witness | None:
    """Return the limit of the derivative, which is infinite, with values of the derivative at points that approach."""
    space: Line = pieces.space
    slope = pieces.derivative(pieces.of(other))[0]
    limit = space.limit(slope, cell, other)
    if not isinstance(limit, int):
        return None
    k, low = space.algebra, space.ends[cell.number][0]
    side = "right" if other.number > cell.number else "left"
    x: Fraction = other.sample[0]
    slopes = []
    for _ in range(APPROACHES):
        slopes.append([str(x), pieces.field.ball(slope, [x]).mid().str(8, radius=False)])
        ends = (low, k.number(x)) if side == "right" else (k.number(x), low)
        x = between(*ends)
    tends = "infinity" if limit > 0 else "-infinity"
    text = (
        f"at {space.formula(cell)} the derivative {pieces.field.text(slope)} tends to {tends} from the {side}: "
        "the program is not locally Lipschitz, so no conservative field exists"
    )
    more = {"at": [_shown(low)], "at_decimal": [_decimal(cell)], "side": side}
    more |= {"derivative": pieces.field.text(slope), "growth": tends, "slopes": slopes}
    numbers = _orders(pieces, other, low.rational, side)
    return Witness("blow-up", [], None, None, None, text, more, numbers=numbers, segment=_segment(low, side))


def _orders(pieces: Pieces, other: Cell, start: Fraction | None, side: str) -> tuple[Number, ...]:
    """Return the exponents of t and of log(1/t) of the derivative beside a rational point, nothing if they do not show."""
    if start is None:
        return ()
    on = along(pieces.field, pieces.of(other).value, (start,), (Fraction(1 if side == "right" else -1),))
    found = None if on is None else order(pieces.field, pieces.field.derivative(on, 0))
    return () if found is None else (rational(found[0]), rational(found[1]))


def _segment(e: Expr, side: str) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None:
    """Return a short segment with rational ends through a point that is not rational, towards a side."""
    if e.rational is not None:
        return None
    low, high = around(Place(e).ball(128))
    return ((low,), (high,)) if side == "right" else ((high,), (low,))


def _number(e: Expr) -> Number:
    return rational(e.rational) if e.rational is not None else Number(None, str(Place(e)), Place(e).ball(192))


def _decimal(cell: Cell) -> str:
    x = cell.sample[0]
    return str(x) if isinstance(x, Fraction) else x.ball(64).mid().str(15, radius=False)


def _shown(e: Expr) -> str:
    return str(e.rational) if e.rational is not None else str(Place(e))
