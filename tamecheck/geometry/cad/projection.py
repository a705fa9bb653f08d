"""Projection: which polynomials in fewer variables must have constant sign so that roots move without meeting.

Three operators on a set of irreducible polynomials with main variable x_k, all of them with discriminants and pairwise
resultants; they differ in the coefficients that are kept:

``mccallum``  all coefficients from the leading one down to the first that shows, with those before it, no common real zero
``brown``     the leading coefficient, and only if the polynomial may vanish identically somewhere, enough further
              coefficients to know where
``lazard``    the leading and the trailing coefficient; valid for every input together with Lazard's lifting

The first two are valid if no polynomial below the top level vanishes identically on a cell of positive dimension;
lifting detects that and says so.  ``open`` (leading coefficient only) serves decompositions of which only the cells of full
dimension are used.

.. [M98] S. McCallum, "An improved projection operation for cylindrical algebraic decomposition", in: Quantifier Elimination
   and Cylindrical Algebraic Decomposition, Springer 1998.
.. [B01] C. W. Brown, "Improved projection for cylindrical algebraic decomposition", J. Symbolic Comput. 32 (2001).
.. [MPP19] S. McCallum, A. Parusinski, L. Paunescu, "Validity proof of Lazard's method for CAD construction", J. Symbolic
   Comput. 92 (2019).
.. [M93] S. McCallum, "Solving polynomial strict inequalities using cylindrical algebraic decomposition", Comput. J. 36 (1993).
"""

from collections.abc import Iterable, Sequence
from math import gcd

from flint import fmpz_mpoly

from tamecheck.errors import InputError
from tamecheck.ground.polynomials import Ring, positive

METHODS = ("mccallum", "brown", "lazard", "open")
Step = tuple[int, tuple[tuple[tuple[int, int], ...], ...]]
"""The degree in a variable, and for each coefficient after its substitution the (place, exponent) pairs of coefficients before."""


class TooCostly(Exception):
    """A projection is larger than one that is already known."""


class Factor:
    """An irreducible polynomial of the projection, with what lifting needs to know about it.

    Attributes
    ----------
    number, bit : its place in the list of all factors, and 2 to that power
    polynomial : fmpz_mpoly
    level, degree : main variable (from 1) and degree in it
    occurs : int — bit k is set if x_k occurs
    even : int — bit k is set if only even powers of x_k occur
    monomials, numbers : lists — exponents and coefficients of the terms, as Python's integers
    coefficients : list of fmpz_mpoly — c_0, ..., c_d in the main variable (made when they are asked for)
    masks : list — for each coefficient the bits of its factors, or None if it was not factored
    discriminant : int or None — bits of the factors of the discriminant
    resultants : dict — for another factor's number the bits of the factors of the resultant
    nullable : bool — False if a coefficient is a number other than 0, so that the polynomial vanishes identically nowhere
    known : bool — False for derivatives made in lifting, whose discriminant is not in the projection
    """

    __slots__ = (
        "number", "bit", "polynomial", "level", "degree", "occurs", "even", "masks", "discriminant", "resultants",
        "nullable", "known", "monomials", "numbers", "plan", "degrees", "weight", "solved", "_ring", "_coefficients",
    )  # fmt: skip

    def __init__(self, ring: Ring, polynomial: fmpz_mpoly, number: int, level: int | None = None, known: bool = True) -> None:
        self.number, self.bit = number, 1 << number
        self.polynomial = polynomial
        # FLINT's own integers would make every product with a power one of them
        self.monomials = [tuple(map(int, e)) for e in polynomial.monoms()]
        self.numbers = list(map(int, polynomial.coeffs()))
        columns = list(zip(*self.monomials, strict=True))
        self.degrees = tuple(map(max, columns))
        self.level = level = max([k for k, d in enumerate(self.degrees, 1) if d]) if level is None else level
        self.weight = sum(map(sum, columns))
        self.degree = self.degrees[level - 1]
        occurs = even = 0
        for k in range(1, level + 1):
            if self.degrees[k - 1]:
                occurs |= 1 << k
                if not any([e & 1 for e in columns[k - 1]]):
                    even |= 1 << k
            else:
                even |= 1 << k
        self.occurs, self.even = occurs, even
        self.masks: list[int | None] = [None] * (self.degree + 1)
        self.discriminant: int | None = None
        self.resultants: dict[int, int] = {}
        self.nullable = level > 1 and not self.constants()
        self.known = known
        self.plan: list[Step | None] | None = None
        # filled by lifting: for coefficients that are integers the real roots, and the sign below them
        self.solved: dict[tuple[int, ...], tuple] = {}
        self._ring = ring
        self._coefficients: list[fmpz_mpoly | None] = [None] * (self.degree + 1)

    def __repr__(self) -> str:
        return f"Factor({self.polynomial})"

    def constants(self) -> list[int]:
        """Return the powers of the main variable whose coefficient is a number other than 0."""
        terms: dict[int, int] = {}
        pure = []
        for e in self.monomials:
            power = e[self.level - 1]
            terms[power] = terms.get(power, 0) + 1
            if sum(e) == power:
                pure.append(power)
        return [power for power in pure if terms[power] == 1]

    def coefficient(self, i: int) -> fmpz_mpoly:
        """Return the coefficient of a power of the main variable."""
        found = self._coefficients[i]
        if found is None:
            k = self.level - 1
            found = self._ring.from_terms(
                [((*e[:k], 0, *e[k + 1 :]), c) for e, c in zip(self.monomials, self.numbers, strict=True) if e[k] == i]
            )
            self._coefficients[i] = found
        return found

    @property
    def coefficients(self) -> list[fmpz_mpoly]:
        return [self.coefficient(i) for i in range(self.degree + 1)]

    def step(self) -> int:
        """Return the greatest common divisor of the exponents of the main variable."""
        return gcd(*[e[self.level - 1] for e in self.monomials])

    def steps(self) -> list[Step | None]:
        """Return how to substitute x_1, x_2, ... one after the other; ``None`` where a variable does not occur.

        The first array holds the coefficients of the monomials, the last one those of 1, x_k, ..., x_k^d.
        """
        if self.plan is None:
            tails = [e[: self.level] for e in self.monomials]
            plan: list[Step | None] = []
            # the array before any substitution is that of the coefficients, dense if there is one variable only
            for k in range(1, self.level):
                last = k == self.level - 1
                if not self.occurs >> k & 1 and not last:
                    plan.append(None)
                    tails = [t[1:] for t in tails]
                    continue
                places: dict[tuple[int, ...], list[tuple[int, int]]] = {}
                if last:
                    places = {(i,): [] for i in range(self.degree + 1)}
                for index, t in enumerate(tails):
                    places.setdefault(t[1:], []).append((index, t[0]))
                plan.append((self.degrees[k - 1], tuple([tuple(group) for group in places.values()])))
                tails = list(places)
            self.plan = plan
        return self.plan


class Projection:
    """Projection factors by level.

    Attributes
    ----------
    ring : Ring — the variables in order
    factors : list of Factor
    levels : list of lists of Factor — ``levels[k]`` has main variable x_k; ``levels[0]`` is empty
    method : str
    designated : dict — for a level the factors (their numbers) of the equation that was projected there
    equations : list — for each equation that was given the numbers of its factors
    guards : list — sets of factors, of each of which one vanishes wherever the formula holds
    """

    def __init__(self, ring: Ring, method: str) -> None:
        if method not in METHODS:
            raise InputError(f"no projection is called {method[:40]!r}", code="TC101", hint=", ".join(METHODS))
        self.ring = ring
        self.method = method
        self.factors: list[Factor] = []
        self.levels: list[list[Factor]] = [[] for _ in range(len(ring.names) + 1)]
        self.designated: dict[int, frozenset[int]] = {}
        self.guards: list[frozenset[int]] = []
        self.equations: list[frozenset[int]] = []
        self._numbers: dict[str, Factor] = {}

    def register(self, p: fmpz_mpoly) -> tuple[int, tuple[tuple[Factor, int], ...]]:
        """Return the sign of the constant and the irreducible factors (with exponents) of a nonzero polynomial, adding new ones."""
        unit, pairs = self.ring.named_factors(p)
        found = []
        for q, e, key in pairs:
            factor = self._numbers.get(key)
            if factor is None:
                factor = self._numbers[key] = Factor(self.ring, q, len(self.factors))
                self.factors.append(factor)
                self.levels[factor.level].append(factor)
            found.append((factor, e))
        return (1 if unit > 0 else -1), tuple(found)

    def bit_of(self, q: fmpz_mpoly) -> int | None:
        """Return the bit of an irreducible polynomial that is in the projection."""
        factor = self._numbers.get(str(q))
        return None if factor is None else factor.bit

    def mask(self, p: fmpz_mpoly) -> int:
        """Register the factors of a nonzero polynomial and return their bits."""
        if p.is_constant():
            return 0
        bits = 0
        for factor, _ in self.register(p)[1]:
            bits |= factor.bit
        return bits

    def close(self, equations: Sequence[fmpz_mpoly] = (), free: int = 0, limit: int | None = None) -> None:
        """Add all projections, level by level.

        ``equations`` are implied by the formula (see `tamecheck.geometry.cad.constraints`): at the level of the first variable to be
        eliminated only one of them is projected, with its resultants against all others; below, resultants without it are left out,
        except at the first ``free`` levels, whose sign vectors make the answer and must be complete.
        Raises `TooCostly` as soon as the cost exceeds the limit.
        """
        top = len(self.levels) - 1
        implied = [frozenset([f.number for f, _ in self.register(e)[1]]) for e in equations]
        self.equations = list(implied)
        for k in range(top, 0, -1):
            usable = [e for e in implied if e and all([self.factors[n].level == k for n in e])]
            if usable:
                chosen = min(usable, key=lambda e: (sum([self.factors[n].polynomial.total_degree() for n in e]), sorted(e)))
                if k > free:
                    self.designated[k] = chosen
                # the equations of this level, besides the chosen one, meet it where the resultant vanishes
                others = [e for e in usable if not e & chosen]
            if limit is not None and self.cost() > limit:
                raise TooCostly
            if k > 1:
                self.check_time()
                constraint = [self.factors[n] for n in sorted(self.designated.get(k, ()))]
                if constraint and k == top:
                    self._project(k, constraint, self.levels[k])
                else:
                    self._project(k, self.levels[k], self.levels[k], self.designated.get(k))
                if usable:
                    implied += [e for e in [self._meeting(chosen, other) for other in others] if e is not None]
        self.guards = [e for e in implied if e]

    def _meeting(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int] | None:
        """Return the factors of the resultants of two products, one of which vanishes where both products do."""
        found = 0
        for n in first:
            for m in second:
                mask = self.factors[n].resultants.get(m)
                if mask is None:
                    return None
                found |= mask
        return frozenset([n for n in range(len(self.factors)) if found >> n & 1])

    def cost(self) -> int:
        """Return the sum of the degrees of all monomials of all factors."""
        return sum([f.weight for f in self.factors])

    def check_time(self) -> None:
        """Stop if the time for the projection is over."""
        self.ring.check_time("projection")

    def _project(self, k: int, chosen: Sequence[Factor], everything: Sequence[Factor], pivots: frozenset[int] | None = None) -> None:
        """Add coefficients and discriminants of the chosen factors, and their resultants with everything.

        With ``pivots`` only resultants with one of these are added.
        """
        ring = self.ring
        # a copy: registering may not add to this level, but to lower ones
        for f in list(chosen):
            self._coefficients(f)
            f.discriminant = 0
            for part in ring.discriminant_parts(f.polynomial, k, f.step()) if f.degree > 1 else ():
                f.discriminant |= self.mask(part)
        restricted = len(chosen) < len(everything)
        for i, f in enumerate(chosen):
            for g in everything if restricted else chosen[i + 1 :]:
                if g is f or g.number in f.resultants or (pivots is not None and f.number not in pivots and g.number not in pivots):
                    continue
                root = ring.resultant_root(f.polynomial, g.polynomial, k, gcd(f.step(), g.step()))
                f.resultants[g.number] = g.resultants[f.number] = self.mask(root)

    def _coefficients(self, f: Factor) -> None:
        """Register the coefficients that the method needs."""
        wanted: Iterable[int]
        if self.method == "lazard":
            wanted = [f.degree, 0] if f.degree else [0]
        elif self.method == "open":
            wanted = [f.degree]
        elif self.method == "mccallum":
            wanted = self._down(f)
        else:
            wanted = [f.degree] if self._never_nullified(f) else self._locating(f)
        for i in f.constants():
            f.masks[i] = 0
        for i in wanted:
            if f.masks[i] is None and not f.coefficient(i).is_zero():
                f.masks[i] = self.mask(f.coefficient(i))

    def _down(self, f: Factor) -> list[int]:
        """Return the places from the leading coefficient down until no common real zero is left."""
        chosen: list[int] = []
        for i in range(f.degree, -1, -1):
            part = f.coefficient(i)
            if part.is_zero():
                continue
            chosen.append(i)
            if part.is_constant() or self._disjoint([f.coefficient(j) for j in chosen], f.level):
                break
        return chosen

    def _never_nullified(self, f: Factor) -> bool:
        """Return True if the coefficients provably have no common real zero."""
        # irreducible polynomials have coprime coefficients, and coprime polynomials in one variable no common zero
        return f.level == 2 or not f.nullable or self._disjoint([c for c in f.coefficients if not c.is_zero()], f.level)

    def _disjoint(self, parts: list[fmpz_mpoly], level: int) -> bool:
        if any([positive(c) for c in parts]):
            return True
        if level == 2:
            common = parts[0]
            for c in parts[1:]:
                common = common.gcd(c)
            return common.is_constant()
        return self.ring.without_common_zero(parts)

    def _locating(self, f: Factor) -> list[int]:
        """Return the leading coefficient and further ones with the same common zeros as all; one is skipped if a chosen one divides
        its power, that is, vanishes only where it does."""
        chosen = [f.degree]
        c = f.coefficients
        radicals = [frozenset([key for _, _, key in self.ring.named_factors(c[f.degree])[1]])]
        rest = [i for i in range(f.degree - 1, -1, -1) if not c[i].is_zero()]
        for i in sorted(rest, key=lambda i: (c[i].total_degree(), len(c[i]), -i)):
            radical = frozenset([key for _, _, key in self.ring.named_factors(c[i])[1]])
            if not any([r <= radical for r in radicals]):
                chosen.append(i)
                radicals.append(radical)
        return chosen


Factored = tuple[int, tuple[tuple[Factor, int], ...]]
"""A polynomial as the sign of its constant factor and its irreducible factors with exponents."""


def project(
    ring: Ring, polynomials: Sequence[fmpz_mpoly], method: str, equations: Sequence[fmpz_mpoly] = (), free: int = 0, limit: int | None = None
) -> tuple[Projection, list[Factored]]:
    """Return the projection of some nonzero polynomials, and each of them as (sign of constant, factors with exponents).

    ``equations`` that a formula implies make it smaller, above the first ``free`` variables (see `Projection.close`).
    """
    projection = Projection(ring, method)
    inputs = [projection.register(p) for p in polynomials]
    projection.close(equations, free, limit)
    return projection, inputs
