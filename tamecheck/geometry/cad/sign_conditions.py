"""Conjunctions of sign conditions, kept simple while quantifiers are eliminated.

A *sign set* is a set of signs that a polynomial may have, as three bits: `NEGATIVE`, `ZERO`, `POSITIVE`.  Polynomials are split into irreducible
factors at once (`Table.split`), and each factor is one object, so that what is known about it is found by identity.  A `Branch` is a
conjunction: *facts* give a sign set for single factors, *clauses* are disjunctions (or products of several factors) that are not settled yet.
Simplification is that of Dolzmann and Sturm [DS97]_: factors of known sign disappear, even powers only say whether
they vanish, polynomials that are sums of monomials of one sign are definite, conditions that differ by a constant are compared, and a clause
with one alternative left becomes a fact.

.. [DS97] A. Dolzmann, T. Sturm, "Simplification of quantifier-free formulae over ordered fields", J. Symbolic Comput. 24 (1997).
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.geometry.cad.definite import Square, square
from tamecheck.ground.polynomials import Ring

NEGATIVE, ZERO, POSITIVE = 1, 2, 4
NONZERO, NONPOSITIVE, NONNEGATIVE, ANY = 5, 3, 6, 7
FLIP = (0, 4, 2, 6, 1, 5, 3, 7)
"""The sign set of -p, by that of p."""
SETS = {"lt": NEGATIVE, "le": NONPOSITIVE, "eq": ZERO, "ne": NONZERO, "ge": NONNEGATIVE, "gt": POSITIVE}
RELATIONS = {mask: relation for relation, mask in SETS.items()}
PRODUCT = [
    [sum({(NEGATIVE, ZERO, POSITIVE)[s * t + 1] for s in (-1, 0, 1) if a >> (s + 1) & 1 for t in (-1, 0, 1) if b >> (t + 1) & 1}) for b in range(8)]
    for a in range(8)
]
"""The sign set of a product, by those of its factors."""

MAXIMAL_DEGREE = 16
MAXIMAL_TERMS = 160
MAXIMAL_BITS = 400
SMALL_DEGREE = 28
"""Total degree up to which FLINT factors at once (see `tamecheck.ground.factoring`)."""


class TooLarge(Exception):
    """The formula is not small, or has ceased to be: a decomposition is the better method."""


class Factor:
    """An irreducible polynomial, primitive, with positive first coefficient; equal ones of one table are identical.

    Attributes
    ----------
    p : fmpz_mpoly
    number : int — in the order of appearance
    degrees : tuple of int — in each variable
    uses : int — bit k is set if the variable at place k (from 0) occurs
    direction, value : text and rational — the polynomial is a positive number times q - value, where q is primitive without constant term
    quadratic : bool — whether its total degree is two and no variable occurs to the first power only
    line : int — the place of the variable if q is a variable, -1 otherwise
    """

    __slots__ = ("p", "number", "degrees", "uses", "terms", "direction", "value", "line", "quadratic", "_shape", "_coefficients", "_square")

    def __init__(self, p: fmpz_mpoly, number: int) -> None:
        self.p, self.number = p, number
        self.degrees = tuple([int(d) for d in p.degrees()])
        self.uses = sum([1 << k for k, d in enumerate(self.degrees) if d])
        self.terms = last = len(p)
        c = int(p.coefficient(last - 1)) if p.monomial(last - 1) == (0,) * len(self.degrees) else 0
        rest = p - c if c else p
        content = int(rest.content())
        self.direction = str(rest / content if content > 1 else rest)
        self.value: int | Fraction = -c if content == 1 else Fraction(-c, content)
        self.line = self.uses.bit_length() - 1 if last - (c != 0) == 1 and sum(self.degrees) == 1 else -1
        self.quadratic = last > 2 and p.total_degree() == 2 and 1 not in self.degrees
        self._shape: tuple | None = None
        self._square: Square | None = None
        self._coefficients: dict[int, list[fmpz_mpoly]] = {}

    def __repr__(self) -> str:
        return f"<{self.p}>"

    def shape(self) -> tuple:
        """Return for every monomial its sign and the places of the variables with odd and with even exponents; empty if it is never definite."""
        if self._shape is None:
            rows = []
            for e, c in zip(self.p.monoms(), self.p.coeffs(), strict=True):
                odd = tuple([k for k, d in enumerate(e) if d & 1])
                rows.append((1 if c > 0 else -1, odd, tuple([k for k, d in enumerate(e) if d and not d & 1])))
            rows.sort(key=lambda r: -len(r[1]))
            self._shape = tuple(rows) if len({sign for sign, odd, _ in rows if not odd}) < 2 else ()
        return self._shape

    def square(self) -> Square:
        """Return what completing squares says, for total degree two."""
        if self._square is None:
            self._square = square(self.p)
        return self._square

    def coefficients(self, k: int) -> list[fmpz_mpoly]:
        """Return c_0, ..., c_d as a polynomial in the variable at place ``k``."""
        found = self._coefficients.get(k)
        if found is None:
            found = self._coefficients[k] = coefficients(self.p, k, self.degrees[k])
        return found


def coefficients(p: fmpz_mpoly, k: int, degree: int) -> list[fmpz_mpoly]:
    """Return the coefficients of a polynomial in the variable at place ``k``, by repeated derivatives."""
    if degree == 0:
        return [p]
    x = p.context().gen(k)
    out: list[fmpz_mpoly] = []
    rest = p
    for d in range(degree, 0, -1):
        top, factorial = rest, 1
        for i in range(d):
            top, factorial = top.derivative(k), factorial * (i + 1)
        top = top if factorial == 1 else top / factorial
        out.append(top)
        rest = rest - top * x**d
    return [rest, *reversed(out)]


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


Node = tuple
"""``("atom", factors with exponents 1 or 2, sign set)``, ``("and", nodes)``, ``("or", nodes)``."""
TRUE: Node = ("and", ())
FALSE: Node = ("or", ())


class Table:
    """The factors that occur, over one ring."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.context = ring.context
        self.factors: list[Factor] = []
        self._variables: dict[int, Factor] = {}
        self._interned: dict[str, Factor] = {}
        self._split: dict[str, tuple[int, tuple[tuple[Factor, int], ...]]] = {}

    def factor(self, p: fmpz_mpoly) -> Factor:
        """Return the object of an irreducible polynomial that is primitive with positive first coefficient."""
        key = str(p)
        found = self._interned.get(key)
        if found is None:
            found = self._interned[key] = Factor(p, len(self.factors))
            self.factors.append(found)
        return found

    def variable(self, k: int) -> Factor:
        """Return the variable at place ``k``."""
        found = self._variables.get(k)
        if found is None:
            found = self._variables[k] = self.factor(self.context.gen(k))
        return found

    def split(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[Factor, int], ...]]:
        """Return the sign of the number and the factors, with exponent 1 if it is odd and 2 if it is even; sign 0 for zero."""
        if p.is_constant():
            c = p.leading_coefficient() if len(p) else 0
            return (c > 0) - (c < 0), ()
        key = str(p)
        found = self._split.get(key)
        if found is None:
            found = self._split[key] = self._factored(p)
        return found

    def _factored(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[Factor, int], ...]]:
        if len(p) > MAXIMAL_TERMS or p.total_degree() > SMALL_DEGREE:
            raise TooLarge
        sign, out = 1, []
        monomial = p.term_content()
        if not monomial.is_constant():
            for k, e in enumerate(monomial.degrees()):
                if e:
                    out.append((self.factor(self.context.gen(k)), 2 - int(e) % 2))
        rest = p / monomial
        if rest.is_constant():
            return (1 if rest.leading_coefficient() > 0 else -1), tuple(out)
        if rest.leading_coefficient() < 0:
            rest, sign = -rest, -1
        for q, e in self._parts(rest):
            if q.leading_coefficient() < 0:
                q, sign = -q, sign if e % 2 == 0 else -sign
            out.append((self.factor(q), 2 - e % 2))
        if max([abs(c) for c in rest.coeffs()]).bit_length() > MAXIMAL_BITS:
            raise TooLarge
        return sign, tuple(out)

    def _parts(self, p: fmpz_mpoly) -> list[tuple[fmpz_mpoly, int]]:
        """Return the irreducible factors of a polynomial without a factor that is a monomial, and their exponents."""
        degrees = p.degrees()
        if 1 in degrees:
            k = degrees.index(1)
            c = p.derivative(k)
            if c.is_constant():
                return [(p, 1)]
            # p = c x + d is irreducible up to the common divisor of c and d
            common = c.gcd(p - c * self.context.gen(k))
            if common.is_constant():
                return [(p, 1)]
            return [*self._parts(common / common.content()), (p / common, 1)]
        try:
            return [(q, int(e)) for q, e in p.factor()[1]]
        except OverflowError:  # python-flint 0.9 cannot sort factors with long coefficients
            raise TooLarge from None

    def atom(self, p: fmpz_mpoly, mask: int) -> Node:
        """Return the node that says that ``p`` has a sign of a set."""
        sign, factors = self.split(p)
        if not factors:
            return TRUE if mask >> (sign + 1) & 1 else FALSE
        return "atom", factors, mask if sign > 0 else FLIP[mask]

    def combined(self, parts: Iterable[tuple[int, Sequence[tuple[Factor, int]]]], mask: int) -> Node:
        """Return the node that says that a product of split polynomials has a sign of a set."""
        sign = 1
        exponents: dict[Factor, int] = {}
        for s, factors in parts:
            sign *= s
            for f, e in factors:
                exponents[f] = exponents.get(f, 0) + e
        if sign == 0 or not exponents:
            return TRUE if mask >> (sign + 1) & 1 else FALSE
        return "atom", tuple([(f, 2 - e % 2) for f, e in exponents.items()]), mask if sign > 0 else FLIP[mask]

    def product(self, factors: Sequence[tuple[Factor, int]]) -> fmpz_mpoly:
        """Return the polynomial of a list of factors."""
        out = self.context.constant(1)
        for f, e in factors:
            out = out * f.p**e
        return out


def conjunction(nodes: Iterable[Node]) -> Node:
    """Return the conjunction of nodes: flat, conditions on the same product as one."""
    flat: list[Node] = []
    for n in nodes:
        if n[0] == "and":
            flat += n[1]
        elif n == FALSE:
            return FALSE
        else:
            flat.append(n)
    if len(flat) < 2:
        return flat[0] if flat else TRUE
    out: dict = {}
    for n in flat:
        if n[0] == "atom":
            mask = out[n[1]][2] & n[2] if n[1] in out else n[2]
            if not mask:
                return FALSE
            out[n[1]] = ("atom", n[1], mask)
        else:
            out[n] = n
    return next(iter(out.values())) if len(out) == 1 else ("and", tuple(out.values()))


def disjunction(nodes: Iterable[Node]) -> Node:
    """Return the disjunction of nodes: flat, conditions on the same product as one."""
    flat: list[Node] = []
    for n in nodes:
        if n[0] == "or":
            flat += n[1]
        elif n == TRUE:
            return TRUE
        else:
            flat.append(n)
    if len(flat) < 2:
        return flat[0] if flat else FALSE
    out: dict = {}
    for n in flat:
        if n[0] == "atom":
            mask = out[n[1]][2] | n[2] if n[1] in out else n[2]
            if mask == ANY:
                return TRUE
            out[n[1]] = ("atom", n[1], mask)
        else:
            out[n] = n
    return next(iter(out.values())) if len(out) == 1 else ("or", tuple(out.values()))


def uses(node: Node) -> int:
    """Return the variables that occur in a node, as bits."""
    out, stack = 0, [node]
    while stack:
        n = stack.pop()
        if n[0] == "atom":
            for f, _ in n[1]:
                out |= f.uses
        else:
            stack += n[1]
    return out


def atoms(node: Node) -> list[Node]:
    """Return the atoms of a node."""
    out, stack = [], [node]
    while stack:
        n = stack.pop()
        if n[0] == "atom":
            out.append(n)
        else:
            stack += n[1]
    return out


class Branch:
    """A conjunction: ``facts`` are sign sets of factors, ``clauses`` what is not settled.

    ``assume`` and ``settle`` return False when the branch is contradictory.  ``bounds`` are intervals for directions of factors, ``signs`` the sign
    sets of variables: both follow from the facts.
    """

    __slots__ = ("table", "facts", "clauses", "bounds", "signs", "moved", "turned", "fresh")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.facts: dict[Factor, int] = {}
        self.bounds: dict[str, Bounds] = {}
        self.signs: dict[int, int] = {}
        self.clauses: list[Node] = []
        self.moved = 0
        self.turned: set[str] = set()
        self.fresh = True

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
        directions = set()
        for f in gone:
            del out.facts[f]
            directions.add(f.direction)
            if f.line >= 0:
                directions.add(f.line)
        out.bounds = {d: b for d, b in self.bounds.items() if d not in directions}
        out.signs = {k: m for k, m in self.signs.items() if k not in directions}
        if directions:
            for f, m in out.facts.items():
                if f.direction in directions or f.line in directions:
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
        if mask == ANY and f.quadratic:
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
        rows = f.shape()
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
            if e == 2 and (m == NONZERO or m == ZERO):
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


Mapping = Callable[[tuple, int], Node]


def mapped(node: Node, bits: int, change: Mapping) -> Node:
    """Return a node with the atoms that use a variable (bit in ``bits``) replaced."""
    if node[0] == "atom":
        return change(node[1], node[2]) if any([f.uses & bits for f, _ in node[1]]) else node
    joined = conjunction if node[0] == "and" else disjunction
    return joined([mapped(child, bits, change) for child in node[1]])


def separate(factors: Sequence[tuple[Factor, int]], mask: int) -> Node:
    """Return a condition on a product as a combination of conditions on its factors."""
    if mask == ANY:
        return TRUE
    if mask == ZERO:
        return disjunction([("atom", ((f, 1),), ZERO) for f, _ in factors])
    if mask == NONZERO:
        return conjunction([("atom", ((f, 1),), NONZERO) for f, _ in factors])
    (f, e), rest = factors[0], factors[1:]
    if not rest:
        if e == 1:
            return "atom", ((f, 1),), mask
        if mask == NEGATIVE:
            return FALSE
        return TRUE if mask == NONNEGATIVE else ("atom", ((f, 1),), NONZERO if mask == POSITIVE else ZERO)
    if e == 2:
        other = separate(rest, mask)
        own = ("atom", ((f, 1),), ZERO if mask & ZERO else NONZERO)
        return disjunction([own, other]) if mask & ZERO else conjunction([own, other])
    up = conjunction([("atom", ((f, 1),), NONNEGATIVE if mask & ZERO else POSITIVE), separate(rest, mask)])
    down = conjunction([("atom", ((f, 1),), NONPOSITIVE if mask & ZERO else NEGATIVE), separate(rest, FLIP[mask])])
    return disjunction([up, down])
