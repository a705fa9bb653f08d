"""Scalar functions inside a network: how far each is from being positively homogeneous of degree 1.

For a function s of one variable that the network applies entrywise: the defect c = sup |h s'(h) - s(h)|, the
Lipschitz constant, s(0), and the recession slopes lim s(h)/h; all certified by the analysis of functions of one variable.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from tamecheck.errors import TamecheckError
from tamecheck.kernel.gate_bounds import Bounds, key, members, verified
from tamecheck.programs.program import Program
from tamecheck.proofs import gate_search

ENTRYWISE = frozenset(["map", "compare", "logic", "where"])


class Gate(NamedTuple):
    """Upper bounds; a slope is None when it is not a known rational; ``breaks`` are its rational kinks."""

    defect: Fraction
    lipschitz: Fraction
    at_zero: Fraction
    left: Fraction | None
    right: Fraction | None
    breaks: tuple[Fraction, ...]


def roots(program: Program) -> list[int]:
    """Return for every node the node that it is an entrywise function of: itself, or one below it; -1 for numbers.

    A node is a function of the root when it and everything down to the root is entrywise, and everything else that it uses
    is a number: a constant all of whose entries are equal, or computed from such.
    """
    found: list[int] = []
    for n, (kind, parameters, arguments, _) in enumerate(program.nodes):
        below = {found[a] for a in arguments} - {-1}
        if (kind == "constant" and parameters[0] == "splat") or (kind in ENTRYWISE and not below):
            found.append(-1)
        else:
            found.append(below.pop() if kind in ENTRYWISE and len(below) == 1 else n)
    return found


def scalar(program: Program, n: int, root: int) -> tuple[Program, int]:
    """Return the function of one variable by which node ``n`` depends on its root."""
    small = Program()
    place = {root: small.input("x")}
    waiting, members = [n], set()
    while waiting:
        m = waiting.pop()
        if m not in members and m != root:
            members.add(m)
            waiting.extend(program.nodes[m][2])
    for m in sorted(members):
        kind, parameters, arguments, _ = program.nodes[m]
        place[m] = small.add(kind, parameters, tuple([place[a] for a in arguments]), ())
    return small, place[n]


class Gates:
    """The gates of a program, each analysed once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.roots = roots(program)
        self._known: dict[tuple, tuple[Bounds, bool] | str] = {}

    def frontier(self, target: int) -> set[int]:
        """Return the nodes where a function of one variable ends: the target, and what is used by a node with another root."""
        found = {target}
        for n, node in enumerate(self.program.nodes):
            found.update([a for a in node[2] if self.roots[a] != self.roots[n]])
        return found

    def of(self, n: int) -> tuple[Bounds, bool] | str:
        """Return bounds of the function by which node ``n`` depends on its root, and whether the kernel verified them; or why there are none."""
        base = self.roots[n]
        rows = members(self.program.nodes, n, base)
        if rows is None:
            return "a scalar function in it is too long"
        found = key(self.program.nodes, rows, base)
        if found not in self._known:
            self._known[found] = self._bounded(n, base)
        known = self._known[found]
        return known if isinstance(known, str) else (known[0]._replace(node=n, root=base), known[1])

    def _bounded(self, n: int, base: int) -> tuple[Bounds, bool] | str:
        small, target = scalar(self.program, n, base)
        try:
            gate = _analysed(small, target)
        except TamecheckError as reason:
            return reason.message
        if isinstance(gate, str):
            return gate
        place = small.inputs()[0]
        straight = Bounds(target, place, Fraction(0), gate.lipschitz, Fraction(0), (), gate.left, gate.right)
        if gate.defect == 0 and verified(small.nodes, straight):
            return straight, True
        for slopes in dict.fromkeys([(gate.left, gate.right), (None, None)]):
            wanted = Bounds(target, place, gate.defect, gate.lipschitz, gate.at_zero, (), *slopes)
            found = gate_search.verified_bounds(small.nodes, wanted, gate.breaks)
            if found is not None:
                return found, True
        return Bounds(target, place, gate.defect, gate.lipschitz, gate.at_zero, (), gate.left, gate.right), False


def _analysed(small: Program, target: int) -> Gate | str:
    from tamecheck.geometry.univariate import sizes
    from tamecheck.geometry.univariate.expressions import Algebra
    from tamecheck.geometry.univariate.lowering import lower
    from tamecheck.geometry.univariate.piecewise import value_at
    from tamecheck.geometry.univariate.shapes import Shape

    algebra = Algebra()
    f = lower(small, target, algebra)
    shape = Shape.of(f)
    lipschitz = _upper(sizes.lipschitz(shape).value)
    if lipschitz is None:
        return "a scalar function in it has no certified Lipschitz constant"
    defect = _upper(sizes.defect(shape).value)
    if defect is None:
        return "h s'(h) - s(h) has no certified bound for a scalar function s in it"
    zero = _at_zero(f, algebra, value_at)
    if zero is None:
        return "the value at 0 of a scalar function in it is not known"
    slopes = [_slope(sizes, shape, side) for side in (-1, 1)]
    breaks = [b.point.rational for b in shape.breaks if b.point.rational is not None]
    return Gate(defect, lipschitz, zero, *slopes, tuple(breaks))


def _upper(value: object) -> Fraction | None:
    """Return a rational that is not smaller than a supremum of absolute values."""
    from tamecheck.geometry.univariate import constants

    if value is None or isinstance(value, int):
        return None
    if value.rational is not None:
        return abs(value.rational)
    found = constants.bounds(value)
    return None if found is None else _short(max(abs(found[0]), abs(found[1])))


def _short(q: Fraction) -> Fraction:
    """Return a slightly larger number with 60 binary digits after the point."""
    return Fraction(-(-q.numerator * 2**60 // q.denominator), 2**60)


def _at_zero(f, algebra, value_at) -> Fraction | None:
    from tamecheck.geometry.univariate import constants

    zero = algebra.number(Fraction(0))
    for i, at in enumerate(f.points):
        if constants.compare(at, zero) == 0:
            return _upper(f.at[i]) if hasattr(f.at[i], "rational") else None
    for i, e in enumerate(f.between):
        low, high = f.interval(i)
        if (low is None or constants.compare(low, zero) == -1) and (high is None or constants.compare(high, zero) == 1):
            return _upper(value_at(e, zero) if e.varies else e) if hasattr(e, "varies") else None
    return None


def _slope(sizes, shape, side: int) -> Fraction | None:
    from tamecheck.geometry.univariate import asymptotics

    try:
        value = sizes.slope_at(shape, side)
    except asymptotics.Unknown:
        return None
    return value.rational if hasattr(value, "rational") else None
