"""What is known of the zeros of an expression on an interval: the zeros with their orders, and what stayed open."""

from __future__ import annotations

from typing import NamedTuple

from tamecheck.geometry.univariate.expressions import Expr

Limits = tuple[Expr | None, Expr | None]


class Zero(NamedTuple):
    """A zero and its order."""

    point: Expr
    order: int


class Open(NamedTuple):
    """An interval about which nothing is claimed; an end ``None`` is infinite.

    ``infinite``: it is proved that there are infinitely many zeros in it, so that no list can be given.
    """

    low: Expr | None
    high: Expr | None
    reason: str
    infinite: bool = False


class ZeroSet(NamedTuple):
    """The zeros in increasing order; complete when nothing is open.  ``identical``: the expression is zero throughout."""

    zeros: tuple[Zero, ...]
    open: tuple[Open, ...]
    identical: bool = False


NONE = ZeroSet((), ())
