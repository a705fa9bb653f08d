"""Leaves of an expression: inputs, parameters, buffers.

A leaf has no trace of its own; it becomes an input node of whatever program it is used
in.  Two uses of the same `Parameter` object are the same indeterminates.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.ground.intervals import LINE, Interval, interval
from tamecheck.programs.builder.hyperparameters import Number, number
from tamecheck.programs.builder.tensor import Arithmetic
from tamecheck.programs.program import check_shape

Box = tuple[Number | None, Number | None] | Interval | None


def read_box(box: Box) -> Interval:
    """Return the interval of a box: ``None``, a pair ``(low, high)``, or an `Interval`.

    Infinite ends are ``None`` or the floats ``inf`` and ``-inf``; finite ends are closed.
    """
    if box is None:
        return LINE
    if isinstance(box, tuple) and len(box) == 4:
        return box
    try:
        low, high = box
    except (TypeError, ValueError):
        raise InputError(f"box {box!r} is not a pair (low, high)", code="TC121") from None
    return interval(_end(low, float("-inf")), _end(high, float("inf")))


def _end(value: Number | None, infinite: float) -> Fraction | None:
    return None if value is None or (isinstance(value, float) and value == infinite) else number(value, "end of a box")


class Leaf(Arithmetic):
    """What becomes an input node: a name, a shape, a role and the interval of its entries."""

    __slots__ = ("name", "_shape", "interval")
    role = "data"
    by_name = False  # the name is the identity; else it is made unique

    def __init__(self, name: str, shape: Iterable[int] | int, box: Box = None) -> None:
        self.name = str(name)
        self._shape = check_shape((shape,) if isinstance(shape, int) else shape)
        self.interval = read_box(box)

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the axes."""
        return self._shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, shape={list(self.shape)})"


class Input(Leaf):
    """A real tensor of data that varies in its box.

    >>> Input("x", (32, 4), box=(-1, 1))
    Input('x', shape=[32, 4])
    """

    __slots__ = ()
    by_name = True


class Parameter(Leaf):
    """A real tensor that is learnt.

    Inside a `Module` the attribute path names it; a parameter used on its own is called by
    its ``name``, made unique.

    >>> Parameter((8, 4)).shape, Parameter("W", (8, 4)).name
    ((8, 4), 'W')
    """

    __slots__ = ()
    role = "parameter"

    def __init__(self, name: str | Iterable[int] | int, shape: Iterable[int] | int | None = None, *, box: Box = None) -> None:
        if shape is None and not isinstance(name, str):
            name, shape = "", name
        super().__init__(name, () if shape is None else shape, box)


class Buffer(Leaf):
    """Data that a module keeps or makes, such as running statistics or a mask; named by its attribute path."""

    __slots__ = ()

    def __init__(self, shape: Iterable[int] | int, *, box: Box = None, name: str = "") -> None:
        super().__init__(name, shape, box)
