"""Families of matrices: entries are polynomials, affine in each of the multipliers q_1, ..., q_k in [0, 1].

A polynomial is a mapping from the set of its multipliers (a sorted tuple of positions) to a rational coefficient.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

Poly = dict[tuple[int, ...], Fraction]
Matrix = list[list[Fraction]]


def constant(q: Fraction | int) -> Poly:
    """Return a constant polynomial."""
    return {(): Fraction(q)} if q else {}


def plus(a: Poly, b: Poly, factor: Fraction | int = 1) -> Poly:
    """Return a + factor*b."""
    out = dict(a)
    for m, c in b.items():
        total = out.get(m, Fraction(0)) + factor * c
        if total:
            out[m] = total
        else:
            out.pop(m, None)
    return out


def times(a: Poly, b: Poly) -> Poly:
    """Return a*b; multipliers may be repeated in the product."""
    out: Poly = {}
    for m, c in a.items():
        for n, d in b.items():
            k = tuple(sorted(m + n))
            out[k] = out.get(k, Fraction(0)) + c * d
    return {m: c for m, c in out.items() if c}


def value(a: Poly, q: Sequence[Fraction]) -> Fraction:
    """Return the value at a choice of multipliers."""
    total = Fraction(0)
    for m, c in a.items():
        for k in m:
            c = c * q[k]
        total += c
    return total


def multipliers(a: Poly) -> set[int]:
    """Return the multipliers that occur."""
    return {k for m in a for k in m}


@dataclass(frozen=True)
class Multiplier:
    """What a multiplier stands for.

    Attributes
    ----------
    kind : ``"kink"`` — every value in [0, 1] gives an element of the set; ``"enclosure"`` — it covers the values of a smooth derivative
    text : the operation
    chosen : what the rules of differentiation take, ``None`` if they do not say
    """

    kind: str
    text: str
    chosen: Fraction | None = None


@dataclass
class Family:
    """The matrices [A B], A of shape (m, n), B of shape (m, m).

    Attributes
    ----------
    rows : m rows of n + m polynomials
    free : one `Multiplier` per multiplier
    """

    rows: list[list[Poly]]
    free: list[Multiplier] = field(default_factory=list)

    @property
    def m(self) -> int:
        """The number of equations and of unknowns."""
        return len(self.rows)

    @property
    def n(self) -> int:
        """The number of parameters."""
        return len(self.rows[0]) - self.m

    def at(self, q: Sequence[Fraction]) -> tuple[Matrix, Matrix]:
        """Return A and B at a choice of multipliers."""
        full = [[value(p, q) for p in row] for row in self.rows]
        return [row[: self.n] for row in full], [row[self.n :] for row in full]

    def used(self, block: str = "AB") -> list[int]:
        """Return the multipliers that occur in a block: ``"B"``, or both."""
        found: set[int] = set()
        for row in self.rows:
            for p in row[self.n if block == "B" else 0 :]:
                found |= multipliers(p)
        return sorted(found)

    def vertices(self, block: str = "AB") -> Iterator[tuple[Fraction, ...]]:
        """Return the choices of 0 and 1 for the multipliers of a block (0 for the others)."""
        places = self.used(block)
        for bits in product((0, 1), repeat=len(places)):
            q = [Fraction(0)] * len(self.free)
            for k, b in zip(places, bits, strict=True):
                q[k] = Fraction(b)
            yield tuple(q)

    @property
    def affine(self) -> bool:
        """Whether the entries are affine in all multipliers together; the set is convex then."""
        return all([len(m) <= 1 for row in self.rows for p in row for m in p])

    @property
    def exact(self) -> bool:
        """Whether every element belongs to the conservative Jacobian (no enclosure of a smooth derivative occurs)."""
        return all([self.free[k].kind == "kink" for k in self.used()])

    def to_json(self) -> dict:
        """Return the family as JSON: per entry a list of [multipliers, coefficient]."""
        entries = [[[[list(m), str(c)] for m, c in sorted(p.items())] for p in row] for row in self.rows]
        return {"entries": entries, "multipliers": [{"kind": f.kind, "text": f.text} for f in self.free]}


def separable(
    constant_part: Matrix, slopes: Sequence[tuple[int, Sequence[Fraction]]], texts: Sequence[str], chosen: Mapping[int, Fraction] | None = None,
) -> Family:
    """Return the family in which multiplier k adds ``q_k`` times a vector to one row: rank one per multiplier.

    Parameters
    ----------
    constant_part : [A B] at q = 0
    slopes : pairs (row, vector of n + m numbers), one per multiplier
    texts : what each multiplier stands for
    """
    rows = [[constant(x) for x in row] for row in constant_part]
    for k, (i, vector) in enumerate(slopes):
        rows[i] = [plus(p, {(k,): Fraction(x)} if x else {}) for p, x in zip(rows[i], vector, strict=True)]
    return Family(rows, [Multiplier("kink", t, (chosen or {}).get(k)) for k, t in enumerate(texts)])
