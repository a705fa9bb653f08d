"""Jumps on surfaces without rational points, such as x + y = log(2): the two values at one exact point, told apart by enclosures."""

from fractions import Fraction

from tamecheck.autodiff.function import smooth_at
from tamecheck.autodiff.pieces import Pieces
from tamecheck.autodiff.space import Cell
from tamecheck.autodiff.witnesses import Number, Witness, around


def jump(pieces: Pieces, cell: Cell, other: Cell) -> Witness | None:
    """Return the value at the sample of a cell and the different limit from an open cell beside it."""
    f = pieces.field
    own, there = pieces.of(cell), pieces.of(other)
    if smooth_at(pieces, there.value, cell) is not True:
        return None
    value, limit = (f.ball(v, cell.sample) for v in (own.value, there.value))
    if not value.is_finite() or not limit.is_finite() or value.overlaps(limit):
        return None
    at = [str(x) if isinstance(x, Fraction) else f"{x}" for x in cell.sample]
    decimals = [str(x) if isinstance(x, Fraction) else x.ball(64).mid().str(15, radius=False) for x in cell.sample]
    shown = [v.str(12, radius=False) for v in (value, limit, limit - value)]
    text = (
        f"at ({', '.join(at)}) the program is {shown[0]} and tends to {shown[1]} from where {pieces.space.formula(other)}: "
        "it is not continuous"
    )
    more = {"at": at, "at_decimal": decimals, "value": shown[0], "limit": shown[1]}
    more |= {"jump": f.text(f.add(there.value, own.value, -1)), "jump_decimal": shown[2]}
    numbers = (Number(None, shown[0], value), Number(None, shown[1], limit))
    return Witness("jump-curve", [], None, None, None, text, more, numbers=numbers, segment=_segment(pieces, cell, other))


def _segment(pieces: Pieces, cell: Cell, other: Cell) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None:
    """Return a short segment through the sample, along the only coordinate that is not rational, into an open cell."""
    moving = [k for k, x in enumerate(cell.sample) if not isinstance(x, Fraction)]
    if len(moving) != 1:
        return None
    ends = [tuple([q if k == moving[0] else x for k, x in enumerate(cell.sample)]) for q in around(cell.sample[moving[0]].ball(128))]
    towards = [end for end in ends if pieces.space.contains(other, end)]
    return (ends[0] if towards[0] == ends[1] else ends[1], towards[0]) if towards else None
