"""Conjunctions of sign conditions, kept simple while quantifiers are eliminated.

Simplification is that of Dolzmann and Sturm [DS97]_: factors of known sign disappear from products, even powers only say whether they vanish,
polynomials that are sums of monomials of one sign, or completed squares, are definite, conditions that differ by a constant are compared, and a
disjunction with one alternative left becomes a fact.

.. [DS97] A. Dolzmann, T. Sturm, "Simplification of quantifier-free formulae over ordered fields", J. Symbolic Comput. 24 (1997).
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from flint import fmpz_mpoly

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
    PRODUCT,
    TRUE,
    ZERO,
    Node,
    conjunction,
    disjunction,
)  # fmt: skip

Rational = int | Fraction
Bounds = tuple[Rational | None, bool, Rational | None, bool]
"""An interval: lower end, whether it belongs to it, upper end, whether it belongs to it; ``None`` is infinite."""
UNBOUNDED: Bounds = (None, False, None, False)


def narrowed(bounds: Bounds, mask: int, value: Rational) -> Bounds:
    """Return the part of an interval where the sign of q - value is in a sign set (not `NONZERO`)."""
    low, with_low, high, with_high = bounds
    if not mask & NEGATIVE:
        closed = bool(mask & ZERO)
        if low is None or value > low or (value == low and not closed):
            low, with_low = value, closed
    if not mask & POSITIVE:
        closed = bool(mask & ZERO)
        if high is None or value < high or (value == high and not closed):
            high, with_high = value, closed
    return low, with_low, high, with_high


def side(bounds: Bounds, value: Rational) -> int:
    """Return the sign set of q - value for q in an interval."""
    low, with_low, high, with_high = bounds
    out = ANY
    if low is not None and value <= low:
        out &= POSITIVE if value < low or not with_low else NONNEGATIVE
    if high is not None and value >= high:
        out &= NEGATIVE if value > high or not with_high else NONPOSITIVE
    return out


class Branch:
    """A conjunction: ``facts`` are sign sets of factors, ``clauses`` what is not settled.

    ``assume`` and ``settle`` return False when the branch is contradictory.  ``bounds`` are intervals for directions of factors, ``signs`` the sign
    sets of variables: both follow from the facts.  The history of a branch is its ``parent``, the place of a variable that has got another meaning
    since (``renamed``), and for a component that was settled apart the branch where that ended (``inner``).
    """

    __slots__ = ("table", "facts", "clauses", "bounds", "signs", "moved", "turned", "fresh", "parent", "renamed", "inner")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.facts: dict[Factor, int] = {}
        self.bounds: dict[int, Bounds] = {}
        self.signs: dict[int, int] = {}
        self.clauses: list[Node] = []
        self.moved = 0
        self.turned: set[int] = set()
        self.fresh = True
        self.parent: Branch | None = None
        self.renamed = -1
        self.inner: Branch | None = None

    def copy(self) -> "Branch":
        """Return an independent branch."""
        out = Branch(self.table)
        out.facts = dict(self.facts)
        out.bounds = dict(self.bounds)
        out.signs = dict(self.signs)
        out.clauses = list(self.clauses)
        out.moved, out.turned, out.fresh = self.moved, set(self.turned), self.fresh
        return out

    def without(self, gone: Iterable[Factor], clauses: list[Node]) -> "Branch":
        """Return a branch without some facts, and with other clauses."""
        out = Branch(self.table)
        out.facts = dict(self.facts)
        directions, lines = set(), set()
        for f in gone:
            del out.facts[f]
            directions.add(f.direction)
            if f.line >= 0:
                lines.add(f.line)
        out.bounds = {d: b for d, b in self.bounds.items() if d not in directions}
        out.signs = {k: m for k, m in self.signs.items() if k not in lines}
        if directions:
            for f, m in out.facts.items():
                if f.direction in directions or f.line in lines:
                    out.put(f, m)
        out.clauses = clauses
        return out

    # ------------------------------------------------------------------ what is known

    def known(self, f: Factor) -> int:
        """Return the sign set of a factor, from its fact, the signs of its monomials, and conditions that differ by a constant."""
        mask = self.facts.get(f, ANY)
        return mask if mask in (NEGATIVE, ZERO, POSITIVE) else mask & self._possible(f)

    def _possible(self, f: Factor) -> int:
        mask = ANY if f.terms == 1 else self._definite(f)
        if f.quadratic and mask == ANY:
            mask = self._square(f)
        found = self.bounds.get(f.direction)
        return mask if found is None else mask & side(found, f.value)

    def _square(self, f: Factor) -> int:
        """Return the sign set of a quadratic polynomial, from completed squares; it does not vanish if its only zero is excluded."""
        found = f.square()
        if not found.side:
            return ANY
        strict = found.strict
        for k, value in found.zero or ():
            bounds = self.bounds.get(self.table.variable(k).direction)
            if (bounds is not None and not side(bounds, value) & ZERO) or (value == 0 and not self.signs.get(k, ANY) & ZERO):
                strict = True
        if found.side > 0:
            return POSITIVE if strict else NONNEGATIVE
        return NEGATIVE if strict else NONPOSITIVE

    def sign_of(self, p: fmpz_mpoly) -> int:
        """Return the sign set of a polynomial."""
        sign, factors = self.table.split(p)
        if sign == 0:
            return ZERO
        return self._product(factors) if sign > 0 else FLIP[self._product(factors)]

    def _product(self, factors: Sequence[tuple[Factor, int]]) -> int:
        out = POSITIVE
        for f, e in factors:
            m = self.known(f)
            if e == 2:
                m = POSITIVE if not m & ZERO else ZERO if m == ZERO else NONNEGATIVE
            out = PRODUCT[out][m]
        return out

    def _definite(self, f: Factor) -> int:
        """Return the sign set that follows from all monomials having one sign (weakly; strictly if one does)."""
        rows = f.shape
        if not rows:
            return ANY
        side, strict, signs = 0, False, self.signs
        for sign, odd, even in rows:
            certain = True
            for k in odd:
                m = signs.get(k, ANY)
                if m == POSITIVE:
                    continue
                if m == NONNEGATIVE:
                    certain = False
                elif m == NEGATIVE:
                    sign = -sign
                elif m == NONPOSITIVE:
                    sign, certain = -sign, False
                else:
                    return ANY
            if certain and not strict:
                for k in even:
                    if signs.get(k, ANY) & ZERO:
                        certain = False
                        break
            if side and sign != side:
                return ANY
            side, strict = sign, strict or certain
        if strict:
            return POSITIVE if side > 0 else NEGATIVE
        return NONNEGATIVE if side > 0 else NONPOSITIVE

    # ---------------------------------------------------------------------- assuming

    def restrict(self, f: Factor, mask: int) -> bool:
        """Add a fact about one factor."""
        before = self.facts.get(f, ANY)
        after = before & mask & self._possible(f)
        if not after:
            return False
        if after != before:
            self.fresh = True
            self.turned.add(f.direction)
            if f.line >= 0:
                self.moved |= f.uses
            self.put(f, after)
        return True

    def put(self, f: Factor, mask: int) -> None:
        """Add a fact of a branch that is known to be consistent."""
        self.facts[f] = mask
        if mask != NONZERO:
            direction = f.direction
            bounds = self.bounds[direction] = narrowed(self.bounds.get(direction, UNBOUNDED), mask, f.value)
            if f.line >= 0:
                self.signs[f.line] = self.facts.get(self.table.variable(f.line), ANY) & side(bounds, 0)
        elif f.terms == 1:
            self.signs[f.line] = self.signs.get(f.line, ANY) & NONZERO

    def assume(self, node: Node) -> bool:
        """Add a node."""
        stack = [node]
        while stack:
            n = stack.pop()
            if n[0] == "and":
                stack += n[1]
            elif n[0] == "or":
                if not n[1]:
                    return False
                if len(n[1]) == 1:
                    stack.append(n[1][0])
                else:
                    self.clauses.append(n)
                    self.fresh = True
            elif not self._atom(n):
                return False
        return True

    def _atom(self, n: Node) -> bool:
        """Add an atom: a fact if one factor is left, a clause otherwise."""
        n = self.reduced(n)
        if n[0] != "atom":
            return n == TRUE
        factors, mask = n[1], n[2]
        if mask == NONZERO:
            return all([self.restrict(f, NONZERO) for f, _ in factors])
        if len(factors) == 1:
            return self.restrict(factors[0][0], mask)
        if not mask & ZERO:
            for f, _ in factors:
                if not self.restrict(f, NONZERO):
                    return False
        self.clauses.append(n)
        self.fresh = True
        return True

    def reduced(self, n: Node) -> Node:
        """Return an atom without the factors of known sign; `TRUE` or `FALSE` if it is settled."""
        mask = n[2]
        out = []
        for f, e in n[1]:
            m = self.known(f)
            if m == ZERO:
                return TRUE if mask & ZERO else FALSE
            if m == POSITIVE:
                continue
            if m == NEGATIVE:
                if e == 1:
                    mask = FLIP[mask]
                continue
            if e == 2 and m == NONZERO:
                continue
            out.append((f, e))
        if not out:
            return TRUE if mask & POSITIVE else FALSE
        if mask in (ZERO, NONZERO):
            out = [(f, 1) for f, _ in out]
        elif len(out) == 1 and out[0][1] == 2:
            # the square of one factor
            mask = ZERO if mask == NONPOSITIVE else NONZERO if mask == POSITIVE else 0 if mask == NEGATIVE else ANY
            out = [(out[0][0], 1)]
        signs = self._product(out)
        if not signs & mask:
            return FALSE
        if not signs & ~mask:
            return TRUE
        return "atom", tuple(out), mask

    def simplified(self, node: Node) -> Node:
        """Return a node as far as the facts settle it."""
        if node[0] == "atom":
            return self.reduced(node)
        joined = conjunction if node[0] == "and" else disjunction
        stop = FALSE if node[0] == "and" else TRUE
        parts: list[Node] = []
        for child in node[1]:
            s = self.simplified(child)
            if s == stop:
                return stop
            if s not in parts:
                parts.append(s)
        return joined(parts)

    def settle(self) -> bool:
        """Simplify until nothing changes."""
        while self.fresh:
            self.fresh = False
            moved, self.moved = self.moved, 0
            turned, self.turned = self.turned, set()
            for f, mask in list(self.facts.items()):
                if (f.uses & moved or f.direction in turned) and not self.restrict(f, mask):
                    return False
            before, self.clauses = self.clauses, []
            for c in before:
                n = self.simplified(c)
                if n[0] == "or" and len(n[1]) > 1 or n[0] == "atom" and len(n[1]) > 1 and n[2] != NONZERO:
                    if n not in self.clauses:
                        self.clauses.append(n)
                elif not self.assume(n):
                    return False
        return True

    def nodes(self) -> list[Node]:
        """Return the facts and clauses as nodes."""
        return [*[("atom", ((f, 1),), m) for f, m in self.facts.items()], *self.clauses]


