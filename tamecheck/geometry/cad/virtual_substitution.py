"""Virtual substitution: a quantified variable of degree at most two is replaced by finitely many test points.

The set of x with a Boolean combination, without negation, of conditions ``g rel 0`` is a finite union of intervals.  If it is not empty, it is
unbounded below, or its lowest component begins at a point e where one of the conditions turns from false to true: at e (the condition holds at e, not
below), or immediately after e (it does not hold at e).  So ``exists x`` is the disjunction of the matrix at minus infinity, at the points e of the
first kind, and at e + epsilon for those of the second kind, epsilon a positive infinitesimal [LW93]_, [W97]_.  Upper ends do as well; the
side with fewer points is taken.

Where a condition has its ends is read from the signs of g along the line: s, 0, -s, 0, s for a g of degree two with leading coefficient of
sign s and positive discriminant D; s, 0, s for D = 0; -s, 0, s for degree one.  The points are not terms but *places*, and a
condition at a place is a condition on coefficients:

* at e = -d/c: the sign of c^n g(e), times that of c where n is odd;
* at e = (-b + v sqrt D) / (2a), v = 1 or -1: the remainder of g by a x^2 + b x + c is linear there, and its value (A + B sqrt D) / (2a).  With
  N = A^2 - B^2 D:  A + B sqrt D = 0 is (A B <= 0 and N = 0);  < 0 is (A < 0 and N > 0) or (B <= 0 and (A < 0 or N < 0)); <= 0 is
  (A <= 0 and N >= 0) or (B <= 0 and N <= 0); != 0 is (N != 0 or A B > 0), the signs turned for > and >=;
* at e + epsilon: the sign of the first derivative of g that does not vanish at e;
* at minus infinity: the sign of the first of c_2, -c_1, c_0 that is not zero.

.. [LW93] R. Loos, V. Weispfenning, "Applying linear quantifier elimination", The Computer Journal 36 (1993).
.. [W97] V. Weispfenning, "Quantifier elimination for real algebra: the quadratic case and beyond", AAECC 8 (1997).
.. [K16] M. Kosta, "New concepts for real quantifier elimination by virtual substitution", Saarbruecken 2016.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from flint import fmpz_mpoly

from tamecheck.geometry.cad.branches import Branch
from tamecheck.geometry.cad.factors import Factor, Table
from tamecheck.geometry.cad.sign_conditions import (
    ANY,
    FALSE,
    FLIP,
    NEGATIVE,
    NONNEGATIVE,
    NONPOSITIVE,
    NONZERO,
    POSITIVE,
    TRUE,
    ZERO,
    Node,
    conjunction,
    disjunction,
)  # fmt: skip

Line = Sequence[fmpz_mpoly]
"""Coefficients c_0, c_1, ... of a polynomial in the variable that is eliminated."""
_BIT = {-1: NEGATIVE, 0: ZERO, 1: POSITIVE}


def discriminant(g: Line) -> fmpz_mpoly:
    """Return c_1^2 - 4 c_0 c_2."""
    return g[1] * g[1] - 4 * g[0] * g[2]


def root_sign(table: Table, a: fmpz_mpoly, b: fmpz_mpoly, w: fmpz_mpoly, norm: fmpz_mpoly, mask: int) -> Node:
    """Return the condition that a + b sqrt(w) has a sign of a set, where w >= 0; ``norm`` has the sign of a^2 - b^2 w."""
    if mask == ANY:
        return TRUE
    atom = table.atom
    if mask == ZERO:
        return conjunction([table.combined([table.split(a), table.split(b)], NONPOSITIVE), atom(norm, ZERO)])
    if mask == NONZERO:
        return disjunction([atom(norm, NONZERO), table.combined([table.split(a), table.split(b)], POSITIVE)])
    if mask & POSITIVE:
        a, b, mask = -a, -b, FLIP[mask]
    if mask == NEGATIVE:
        inner = disjunction([atom(a, NEGATIVE), atom(norm, NEGATIVE)])
        return disjunction([conjunction([atom(a, NEGATIVE), atom(norm, POSITIVE)]), conjunction([atom(b, NONPOSITIVE), inner])])
    first = conjunction([atom(a, NONPOSITIVE), atom(norm, NONNEGATIVE)])
    return disjunction([first, conjunction([atom(b, NONPOSITIVE), atom(norm, NONPOSITIVE)])])


Value = Callable[[int], Node]
"""What is known of the sign of a polynomial at a place: the condition that it is in a sign set."""


class LinearPlace:
    """The point -d/c, where c has the known sign ``side`` (0: nonzero, of unknown sign)."""

    def __init__(self, table: Table, c: fmpz_mpoly, d: fmpz_mpoly, side: int) -> None:
        self.table, self.c, self.d, self.side = table, c, d, side

    def at(self, g: Line) -> Value:
        """Return the sign of g there; g may have any degree."""
        table = self.table
        if len(g) == 1:
            return lambda mask: table.atom(g[0], mask)
        # c^n g(-d/c) by Horner's rule
        total, power = g[-1], self.c
        for coefficient in reversed(g[:-1]):
            total = coefficient * power - total * self.d
            power = power * self.c
        if len(g) % 2 or self.side > 0:
            return lambda mask: table.atom(total, mask)
        if self.side < 0:
            return lambda mask: table.atom(total, FLIP[mask])
        return lambda mask: table.combined([table.split(total), table.split(self.c)], mask)


class RootPlace:
    """The root (-b + v sqrt D)/(2a) of f = c + b x + a x^2, where D >= 0 and a has the known sign ``side``.

    With ``side`` 0 the sign of a is unknown, and v is 1 or -1 times that sign: enough where both roots are tried.
    """

    def __init__(self, table: Table, f: Line, v: int, side: int, square: fmpz_mpoly | None = None) -> None:
        self.table, self.f, self.v, self.side = table, f, v, side
        self.square = discriminant(f) if square is None else square

    def at(self, g: Line) -> Value:
        """Return the sign of g, of degree at most two, there."""
        table = self.table
        if len(g) == 1:
            return lambda mask: table.atom(g[0], mask)
        c, b, a = self.f
        turned = False
        if len(g) == 3:
            # a g - g_2 f has the sign of a g
            g, turned = (a * g[0] - g[2] * c, a * g[1] - g[2] * b), self.side < 0
            if self.side == 0:
                g = (a * g[0], a * g[1])
            if g[1].is_zero():
                return lambda mask: table.atom(g[0], FLIP[mask] if turned else mask)
        h, k = g
        left, right = 2 * a * h - b * k, k if self.v > 0 else -k
        norm = a * (a * h * h - b * h * k + c * k * k)
        if self.side == 0:
            left, right = a * left, a * right
        elif (self.side < 0) != turned:
            left, right = -left, -right
        return lambda mask: root_sign(table, left, right, self.square, norm, mask)


Place = LinearPlace | RootPlace


def first_sign(values: Sequence[Value], mask: int) -> Node:
    """Return the condition that the first nonzero of a sequence has a sign of a set; all zero counts as zero."""
    if mask == ANY:
        return TRUE
    if mask == ZERO:
        return conjunction([value(ZERO) for value in values])
    if mask == NONZERO:
        return disjunction([value(NONZERO) for value in values])
    strict = mask & NONZERO
    out = values[-1](mask)
    for value in reversed(values[:-1]):
        if out == TRUE:
            out = value(strict | ZERO)
        elif out == FALSE:
            out = value(strict)
        else:
            out = disjunction([value(strict), conjunction([value(ZERO), out])])
    return out


def _number(table: Table, h: fmpz_mpoly) -> Value:
    return lambda mask: table.atom(h, mask)


def beyond(place: Place, g: Line, mask: int) -> Node:
    """Return the condition that g has a sign of a set immediately after a place."""
    if mask in (ZERO, NONZERO):
        return first_sign([_number(place.table, h) for h in g], mask)
    derivatives = [list(g)]
    while len(derivatives[-1]) > 1:
        derivatives.append([h * i for i, h in enumerate(derivatives[-1])][1:])
    return first_sign([place.at(h) for h in derivatives], mask)


def at_minus_infinity(table: Table, g: Line, mask: int) -> Node:
    """Return the condition that g has a sign of a set for all sufficiently small x."""
    return first_sign([_number(table, h if i % 2 == 0 else -h) for i, h in reversed(list(enumerate(g)))], mask)


class End(NamedTuple):
    """A point where a condition may turn true: under ``guard`` at ``place``, or (``after``) immediately after it."""

    place: Place
    guard: Node
    after: bool


def lower_ends(table: Table, g: Line, mask: int, sign_of) -> list[End]:
    """Return where ``g`` in ``mask`` may turn from false to true, for g of degree at most two; ``sign_of`` gives what is known of coefficients."""
    out: list[End] = []
    guards: list[Node] = []
    if len(g) == 3:
        known = sign_of(g[2])
        for s in (1, -1):
            if known & _BIT[s]:
                side = [] if known == _BIT[s] else [table.atom(g[2], _BIT[s])]
                out += _quadratic_ends(table, g, mask, s, side)
        if not known & ZERO:
            return out
        guards = [table.atom(g[2], ZERO)]
        g = g[:2]
    if len(g) == 2:
        known = sign_of(g[1])
        for s in (1, -1):
            if known & _BIT[s]:
                closed = mask & ZERO and not mask & _BIT[-s]
                opened = mask & _BIT[s] and not mask & ZERO
                if closed or opened:
                    side = [] if known == _BIT[s] else [table.atom(g[1], _BIT[s])]
                    out.append(End(LinearPlace(table, g[1], g[0], s), conjunction([*guards, *side]), bool(opened)))
    return out


def _quadratic_ends(table: Table, g: Line, mask: int, s: int, side: list[Node]) -> list[End]:
    """Return the ends for a leading coefficient of sign s: the signs along the line are s, 0, -s, 0, s."""
    out = []
    zero, outer, inner = mask & ZERO, mask & _BIT[s], mask & _BIT[-s]
    square = discriminant(g)
    if zero and not outer:
        out.append(End(RootPlace(table, g, -s, s, square), conjunction([*side, table.atom(square, NONNEGATIVE)]), False))
    if inner and not zero:
        out.append(End(RootPlace(table, g, -s, s, square), conjunction([*side, table.atom(square, POSITIVE)]), True))
    if zero and not inner:
        out.append(End(RootPlace(table, g, s, s, square), conjunction([*side, table.atom(square, POSITIVE)]), False))
    if outer and not zero:
        out.append(End(RootPlace(table, g, s, s, square), conjunction([*side, table.atom(square, NONNEGATIVE)]), True))
    return [e for e in out if e.guard != FALSE]


Condition = tuple[Factor, int]
"""A factor that contains the variable, and its sign set."""


def mirrored(g: Line) -> list[fmpz_mpoly]:
    """Return the coefficients of g(-x)."""
    return [h if i % 2 == 0 else -h for i, h in enumerate(g)]


def eliminate(branch: Branch, conditions: Sequence[Condition], k: int) -> list[Branch]:
    """Return branches whose disjunction says that the branch is true and some value of the variable at place ``k`` satisfies all conditions.

    All factors have degree at most two in that variable, which does not occur in the branch.  If one test point is as good as the whole branch, it
    is the only one.
    """
    table = branch.table
    lines = [(f.coefficients(k), mask) for f, mask in conditions]
    # conditions of degree two have as many lower ends as upper ones
    slopes = [(branch.sign_of(g[1]), mask) for g, mask in lines if len(g) == 2]
    if sum([_count(FLIP[known], mask) for known, mask in slopes]) < sum([_count(known, mask) for known, mask in slopes]):
        lines = [(mirrored(g), mask) for g, mask in lines]
    ends = [(end, own) for own, (g, mask) in enumerate(lines) for end in lower_ends(table, g, mask, branch.sign_of)]
    out = []
    first = (at_minus_infinity(table, g, mask) for g, mask in lines)
    for parts in (first, *[_at_end(end, own, lines) for end, own in ends]):
        part = branch.copy()
        if all(map(part.assume, parts)) and part.settle():
            if part.facts == branch.facts and part.clauses == branch.clauses:
                return [branch]
            out.append(part)
    return out


def _count(known: int, mask: int) -> int:
    """Return how many lower ends a linear condition may have, whose slope has a sign of the set ``known``."""
    return sum([1 for s in (1, -1) if known & _BIT[s] and ((mask & ZERO and not mask & _BIT[-s]) or (mask & _BIT[s] and not mask & ZERO))])


def _at_end(end: End, own: int, lines: Sequence[tuple[Line, int]]) -> Iterable[Node]:
    """Yield the conditions at an end, one by one; the condition that begins there holds there."""
    yield end.guard
    for i, (g, mask) in enumerate(lines):
        if i != own:
            yield beyond(end.place, g, mask) if end.after else end.place.at(g)(mask)


def pairs(branch: Branch, conditions: Sequence[Condition], k: int) -> list[Node] | None:
    """Return conditions without the variable for linear conditions whose coefficients have known signs (Fourier and Motzkin).

    Every lower bound is below every upper bound, strictly if one of them is strict; ``None`` where this is not the situation.
    A condition ``!= 0`` excludes one point, which matters only if the other bounds may coincide: if one on each side is weak.
    """
    table = branch.table
    lower, upper, excluded = [], [], False
    for f, mask in conditions:
        if f.degrees[k] != 1 or mask == ZERO:
            return None
        d, c = f.coefficients(k)
        sign = branch.sign_of(c)
        if mask == NONZERO and not sign & ZERO:
            excluded = True
            continue
        if sign not in (POSITIVE, NEGATIVE) or mask == NONZERO:
            return None
        if sign == NEGATIVE:
            c, d, mask = -c, -d, FLIP[mask]
        (lower if mask & POSITIVE else upper).append((c, d, bool(mask & ZERO)))
    if excluded and any([w for _, _, w in lower]) and any([w for _, _, w in upper]):
        return None
    return [table.atom(d * a - b * c, NONNEGATIVE if weak and also else POSITIVE) for c, d, weak in lower for a, b, also in upper]


def alone(branch: Branch, g: Line, mask: int) -> Node:
    """Return the condition that some x gives g, of degree at most two, a sign of a set: no other condition on x."""
    atom = branch.table.atom
    if mask == ANY:
        return TRUE
    if mask == NONZERO:
        return disjunction([atom(h, NONZERO) for h in g])
    if mask & POSITIVE:
        g, mask = [-h for h in g], FLIP[mask]
    if len(g) == 2:
        return disjunction([atom(g[1], NONZERO), atom(g[0], mask)])
    square, lead = discriminant(g), branch.sign_of(g[2])
    if lead == NEGATIVE and mask & NEGATIVE:
        return TRUE
    if not lead & (ZERO if mask == ZERO else NONPOSITIVE):
        return atom(square, POSITIVE if mask == NEGATIVE else NONNEGATIVE)
    # for g_2 = 0 the discriminant is g_1^2
    if mask == NEGATIVE:
        return disjunction([atom(g[2], NEGATIVE), atom(square, POSITIVE), atom(g[0], NEGATIVE)])
    side = NONZERO if mask == ZERO else POSITIVE
    double = conjunction([atom(g[2], side), atom(square, NONNEGATIVE)])
    parts = [atom(g[0], mask), double, atom(square, POSITIVE)]
    return disjunction(parts if mask == ZERO else [atom(g[2], NEGATIVE), *parts])
