"""The third question in one variable: Clarke's subdifferential is the interval between the two one-sided limits of the derivative.

On the line a point p has a left and a right limit L, R of the derivative, exact constants or not known; Clarke's subdifferential is [min, max] of
them, the closure D of the rule adds what is returned at p, and the directional derivatives are R to the right and -L to the left.  So every
question of `tamecheck.autodiff.consequences` is a comparison of constants.
"""

from fractions import Fraction

from tamecheck.autodiff.consequences import Consequences
from tamecheck.autodiff.pieces import Piece, Pieces
from tamecheck.autodiff.semantics import Missing, Undecided
from tamecheck.autodiff.space import Cell
from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.expressions import Expr


def examine(pieces: Pieces, inside: frozenset[int] | None = None, sets: bool = True) -> Consequences:
    """Return all consequences (``sets`` False: Clarke's question only), everywhere or at the points of the cells inside an open set.

    Raises
    ------
    Missing
        The derivative, or what is returned, changes its sign on an interval: cut the line by it and ask again.
    """
    found = Consequences()
    for cell in pieces.space.cells:
        p = pieces.of(cell)
        if p.value is None or p.outside or (inside is not None and cell.number not in inside):
            continue
        if cell.dimension:
            _interval(pieces, found, p, sets)
        else:
            _point(pieces, found, p)
    return found


def _interval(pieces: Pieces, found: Consequences, p: Piece, sets: bool) -> None:
    slope = pieces.derivative(p)[0]
    same = p.defined and not p.unknown and pieces.vanishes(pieces.field.add(slope, p.returned[0], -1), p.cell)
    if not same:
        found.smooth = False if same is False else found.smooth and None
        found.clarke = False if same is False else found.clarke and None
        if same is False:
            found.outside_clarke.append(p.cell)
    if not sets:
        return
    own = _sign(pieces, slope, p.cell)
    returned = _sign(pieces, p.returned[0], p.cell) if p.defined and not p.unknown else None
    _collect(found, p.cell, own == 0 if own is not None else None, _zero(returned), _zero(returned), _product(own, returned, -1))


def _point(pieces: Pieces, found: Consequences, p: Piece) -> None:
    space, cell = pieces.space, p.cell
    limits = []
    for other in space.around(cell):
        q = pieces.of(other)
        limit = None if q.value is None or q.outside else space.limit(pieces.derivative(q)[0], cell, other)
        limits.append(None if isinstance(limit, int) else limit)
    left, right = limits
    returned = space.value(p.returned[0], cell) if p.defined and not p.unknown else None
    signs = [None if v is None else constants.sign(v) for v in (left, right, returned)]
    inside = _between(returned, left, right)
    if p.defined:
        if inside is None:
            found.clarke = found.clarke and None
            found.note(f"whether what is returned where {space.formula(cell)} is a Clarke subgradient")
        elif not inside:
            found.clarke = False
            found.outside_clarke.append(cell)
        smooth = None if None in (left, right, returned) else _same(left, right) and _same(left, returned)
        found.smooth = False if smooth is False else found.smooth and (True if smooth else None)
    critical = _hull(signs[:2])
    ruled = True if critical or signs[2] == 0 else _hull(signs)
    # minus what is returned leads to the left where it is positive: there the slope is -left
    up = None if signs[2] is None else 0 if signs[2] == 0 else _product(signs[2], signs[0 if signs[2] > 0 else 1], -1)
    _collect(found, cell, critical, _zero(signs[2]), ruled, up)


def _sign(pieces: Pieces, a, cell: Cell) -> int | None:
    try:
        return pieces.sign(a[0], cell) * pieces.sign(a[1], cell)
    except Undecided:
        return None
    except Missing:
        raise


def _zero(s: int | None) -> bool | None:
    return None if s is None else s == 0


def _product(a: int | None, b: int | None, factor: int) -> int | None:
    """Return the sign of a product: of the derivative along minus what is returned."""
    return 0 if 0 in (a, b) else None if None in (a, b) else factor * a * b


def _same(a: Expr, b: Expr) -> bool | None:
    s = constants.compare(a, b)
    return None if s is None else s == 0


def _between(v: Expr | None, a: Expr | None, b: Expr | None) -> bool | None:
    if None in (v, a, b):
        return None
    left, right = constants.compare(v, a), constants.compare(v, b)
    if left == 0 or right == 0:
        return True
    return None if None in (left, right) else left != right


def _hull(signs: list[int | None]) -> bool | None:
    """Return whether 0 lies between numbers with these signs."""
    if 0 in signs or (1 in signs and -1 in signs):
        return True
    return None if None in signs else False


def _collect(found: Consequences, cell: Cell, critical: bool | None, still: bool | None, ruled: bool | None, up: int | None) -> None:
    """Put a cell into the sets it belongs to."""
    ruled = True if critical else ruled
    answers = {
        "clarke_critical": critical,
        "rule_critical": ruled,
        "spurious": False if critical or ruled is False else None if critical is None or ruled is None else True,
        "stuck": False if critical or still is False else None if critical is None or still is None else True,
        "restless": False if critical is False or still else None if critical is None or still is None else True,
        "ascent": None if up is None else up > 0,
    }
    for name, answer in answers.items():
        current = getattr(found, name)
        if answer is None:
            setattr(found, name, None)
            found.note(f"the set of {name.replace('_', ' ')} points")
        elif answer and current is not None:
            current.append(cell)


def critical_value(pieces: Pieces, cell: Cell) -> dict:
    """Return the value of the program on a critical cell as text and decimal."""
    from tamecheck.autodiff.line import Place, named
    from tamecheck.autodiff.witnesses import decimal_of
    from tamecheck.geometry.univariate.printing import text

    value = pieces.space.value(pieces.of(cell).value, cell)
    if value is None:
        return {"value": "not known", "decimal": ""}
    q: Fraction | None = value.rational
    if q is not None:
        return {"value": str(q), "decimal": decimal_of(q)}
    ball = Place(value).ball(96)
    return {"value": text(value) if named(value) else ball.str(20, radius=False), "decimal": ball.str(12, radius=False)}
