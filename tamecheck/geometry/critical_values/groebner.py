"""Groebner bases for eliminations: Buchberger's algorithm with the criteria of Gebauer and Moeller, and saturation on the way.

FLINT does the arithmetic (S-polynomials and reductions); which pairs are looked at is decided here.

*Saturation.*  Let J be homogeneous and x the last variable in the degree reverse lexicographic order.  An element is divisible by x if and
only if its leading monomial is (Bayer).  So every element may be divided by x as soon as that is possible: all stay in
(J : x^oo), and what is a Groebner basis at the end, without an element that is divisible by x, is one of (J : x^oo).

FLINT's reduction cannot be interrupted; it is called for small polynomials only, and others are reduced step by step with an eye on the clock.

Every element of an unfinished basis lies in the ideal that is asked for, too: so its zeros hold all zeros.

.. [GM88] R. Gebauer, H. M. Moeller, "On an installation of Buchberger's algorithm", J. Symbolic Comput. 6 (1988).
.. [BS87] D. Bayer, M. Stillman, "A criterion for detecting m-regularity", Invent. Math. 87 (1987).
"""

import heapq
import time
from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

from flint import fmpz_mpoly, fmpz_mpoly_ctx, fmpz_mpoly_vec

Monomial = tuple[int, ...]
SMALL = (30, 320, 500)
"""Degree, terms and bits of polynomials and bases up to which FLINT reduces in one piece (five times faster); measured: below 0.1 s each."""


@dataclass(frozen=True)
class Limits:
    """When a computation ends without a result.

    Attributes
    ----------
    seconds : processor time
    bits : length of a coefficient
    terms : of an element
    elements : of a basis
    """

    seconds: float = 3.0
    bits: int = 6_000
    terms: int = 4_000
    elements: int = 1_500


class Basis:
    """A basis under way; ``finished`` tells whether it is a Groebner basis.

    Parameters
    ----------
    context : of the polynomials, with the order of monomials
    generators : homogeneous, if ``saturated``
    saturated : whether elements are divided by the last variable (then the order has to be degrevlex)
    """

    def __init__(self, context: fmpz_mpoly_ctx, generators: Iterable[fmpz_mpoly], *, saturated: bool = False, limits: Limits | None = None) -> None:
        self.context, self.saturated, self.limits = context, saturated, limits or Limits()
        self.finished = False
        self.stopped = ""
        self._elements: list[fmpz_mpoly] = []
        self._leading: list[Monomial] = []
        self._alive: list[bool] = []
        self._count = self._largest = 0
        self._queue: list[tuple] = []
        self._end = time.process_time() + self.limits.seconds
        for p in generators:
            if not p.is_zero():
                self._push((int(p.total_degree()), 0, self._count, None, None, p))

    def __repr__(self) -> str:
        return f"Basis({len(self.elements())} elements, {'finished' if self.finished else 'unfinished'})"

    def elements(self) -> list[fmpz_mpoly]:
        """Return the elements whose leading monomials are minimal."""
        return [p for p, alive in zip(self._elements, self._alive, strict=True) if alive]

    def run(self, additions: int | None = None) -> bool:
        """Go on until the basis is finished or a limit is reached, or for so many new elements; return whether it is finished."""
        left = additions
        while self._queue and not self.stopped:
            if left is not None and left <= 0:
                return False
            if time.process_time() > self._end:
                self.stopped = f"{self.limits.seconds:g} s"
                return False
            _, _, _, i, j, payload = heapq.heappop(self._queue)
            p = payload if i is None else self._elements[i].spoly(self._elements[j])
            if not p.is_zero() and self._insert(p) and left is not None:
                left -= 1
        self.finished = not self._queue and not self.stopped
        return self.finished

    # --------------------------------------------------------------------- elements

    def _push(self, entry: tuple) -> None:
        heapq.heappush(self._queue, entry)
        self._count += 1

    def _insert(self, p: fmpz_mpoly) -> bool:
        """Add what is left of a polynomial after reduction; return whether something is left."""
        while True:
            p = self._divided(p)
            if not self._admitted(p):
                return False
            q = self._reduced(p)
            if self.stopped or q.is_zero():
                return False
            divided = self._divided(q)
            if len(divided) == len(q) and divided.total_degree() == q.total_degree():
                break
            p = divided
        if not self._admitted(divided):
            return False
        self._update(divided)
        return True

    def _reduced(self, p: fmpz_mpoly) -> fmpz_mpoly:
        """Return the remainder of a number times a polynomial."""
        if not any(self._alive):
            return p
        if self._largest <= SMALL[2] and p.total_degree() <= SMALL[0] and len(p) <= SMALL[1] and bits(p) <= SMALL[2]:
            return p.reduction_primitive_part(fmpz_mpoly_vec(self.elements(), self.context))
        divisors = [(m, q) for m, q, alive in zip(self._leading, self._elements, self._alive, strict=True) if alive]
        place = steps = 0
        while place < len(p):
            lead = tuple(map(int, p.monomial(place)))
            found = next(((m, q) for m, q in divisors if _divides(m, lead)), None)
            if found is None:
                place += 1
                continue
            if time.process_time() > self._end or not self._admitted(p):
                self.stopped = self.stopped or f"{self.limits.seconds:g} s"
                return p
            m, q = found
            a, b = int(p.coefficient(place)), int(q.leading_coefficient())
            common = gcd(a, b)
            factor = self.context.from_dict({tuple([x - y for x, y in zip(lead, m, strict=True)]): a // common})
            p = p * (b // common) - q * factor
            steps += 1
            if steps % 4 == 0 and len(p):
                p = p / p.content()
        return p

    def _admitted(self, p: fmpz_mpoly) -> bool:
        """Return whether a polynomial is within the limits; otherwise the computation has ended."""
        if len(p) > self.limits.terms or len(self._elements) > self.limits.elements:
            self.stopped = f"{len(p)} terms, {len(self._elements)} elements"
        elif bits(p) > self.limits.bits:
            self.stopped = f"{self.limits.bits} bits"
        return not self.stopped

    def _divided(self, p: fmpz_mpoly) -> fmpz_mpoly:
        """Return a polynomial without content and, if the ideal is saturated, without the last variable as a factor."""
        content = p.content()
        if content != 1:
            p = p / content
        if not self.saturated:
            return p
        monomials = [tuple(map(int, m)) for m in p.monoms()]
        least = min([m[-1] for m in monomials])
        if not least:
            return p
        return self.context.from_dict({(*m[:-1], m[-1] - least): c for m, c in zip(monomials, p.coeffs(), strict=True)})

    # ------------------------------------------------------------------------ pairs

    def _update(self, p: fmpz_mpoly) -> None:
        """Make an element part of the basis, with the pairs that the criteria leave."""
        lead = tuple(map(int, p.monomial(0)))
        place = len(self._elements)
        chosen: list[tuple[Monomial, int, bool]] = []
        candidates = sorted([(_lcm(m, lead), i) for i, m in enumerate(self._leading) if self._alive[i]], key=lambda c: (sum(c[0]), c))
        for common, i in candidates:
            coprime = all([a == 0 or b == 0 for a, b in zip(self._leading[i], lead, strict=True)])
            divisor = next((k for k, (other, _, _) in enumerate(chosen) if _divides(other, common)), None)
            if divisor is None:
                chosen.append((common, i, coprime))
            elif coprime and chosen[divisor][0] == common:
                # pairs with the same least common multiple: one with coprime leading monomials stands for all
                chosen[divisor] = (common, chosen[divisor][1], True)
        self._queue = [entry for entry in self._queue if entry[3] is None or not self._superfluous(entry, lead)]
        heapq.heapify(self._queue)
        for common, i, coprime in chosen:
            if not coprime:
                self._push((sum(common), 1, self._count, i, place, common))
        for i, m in enumerate(self._leading):
            if self._alive[i] and _divides(lead, m):
                self._alive[i] = False
        self._largest = max(self._largest, bits(p) if len(p) <= SMALL[1] else SMALL[2] + 1)
        self._elements.append(p)
        self._leading.append(lead)
        self._alive.append(True)

    def _superfluous(self, entry: tuple, lead: Monomial) -> bool:
        """Return whether a pair follows from its two pairs with a new element."""
        common = entry[5]
        return (
            _divides(lead, common) and _lcm(self._leading[entry[3]], lead) != common and _lcm(self._leading[entry[4]], lead) != common
        )


def bits(p: fmpz_mpoly) -> int:
    """Return the length of the largest coefficient."""
    return max([int(c).bit_length() for c in p.coeffs()], default=0)


def _lcm(a: Monomial, b: Monomial) -> Monomial:
    return tuple([max(x, y) for x, y in zip(a, b, strict=True)])


def _divides(a: Monomial, b: Monomial) -> bool:
    return all([x <= y for x, y in zip(a, b, strict=True)])
