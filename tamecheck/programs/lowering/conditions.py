"""What is known on a path: possible signs of polynomials, and whether any point satisfies them.

The signs of a polynomial that are still possible are a mask of `NEGATIVE`, `NULL` and `POSITIVE`.  Whether a set of
conditions has a point is decided exactly where all of them are linear; otherwise monomials are treated as new variables (no
solution of the relaxation means no point), points are tried, and an outside procedure may be asked.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import fmpq, fmpz_mpoly

from tamecheck.ground import linear
from tamecheck.ground.intervals import Interval
from tamecheck.ground.polynomials import Ring, positive

NEGATIVE, NULL, POSITIVE = 1, 2, 4
ANY = 7
RELATION = {1: "lt", 2: "eq", 4: "gt", 3: "le", 6: "ge", 5: "ne"}
SYMBOL = {1: "<", 2: "==", 4: ">", 3: "<=", 6: ">=", 5: "!="}
FACTORED_DEGREE, FACTORED_TERMS = 24, 300
"""Larger polynomials are not factored in search of their sign."""
RELAXED_TERMS = 100
CANDIDATES, CANDIDATE_TERMS = 200, 100_000
Condition = tuple[fmpz_mpoly, int]
"""A polynomial and the mask of its signs."""


def flipped(mask: int) -> int:
    """Return the mask of ``-p`` from that of ``p``."""
    return (mask & NULL) | (POSITIVE if mask & NEGATIVE else 0) | (NEGATIVE if mask & POSITIVE else 0)


def canonical(p: fmpz_mpoly) -> tuple[fmpz_mpoly, bool]:
    """Return the primitive polynomial with positive first coefficient that has the sign of ``p``, or of ``-p`` (then True)."""
    p = p / p.content()
    return (-p, True) if p.coeffs()[0] < 0 else (p, False)


def sign_mask(value: int) -> int:
    """Return the mask of the sign of a number."""
    return POSITIVE if value > 0 else NEGATIVE if value < 0 else NULL


class Domain:
    """Conditions of a path over a ring; copies share nothing that changes.

    Attributes
    ----------
    ring : Ring
    masks : dict[str, int] — by the text of the canonical polynomial
    known : dict[str, fmpz_mpoly]
    implied : texts of polynomials whose signs follow from the other conditions
    boxes : conditions that the variables lie in their intervals
    witness : rational point that satisfies everything, or ``None``
    certain : True if there provably is a point, ``None`` if that was not decided
    """

    __slots__ = ("ring", "masks", "known", "implied", "boxes", "witness", "certain", "oracle", "_rows", "_curved", "_unequal", "_near")

    def __init__(self, ring: Ring, boxes: Sequence[Interval], oracle: Callable | None) -> None:
        self.ring, self.oracle = ring, oracle
        self.masks: dict[str, int] = {}
        self.known: dict[str, fmpz_mpoly] = {}
        self.implied: frozenset[str] = frozenset()
        self.witness: list[fmpq] | None = None
        self.certain: bool | None = True
        self.boxes = [c for k, box in enumerate(boxes) for c in box_conditions(ring, k, box)]
        self._rows: list[linear.Row] = []
        self._curved: list[Condition] = []
        self._unequal: list[fmpz_mpoly] = []
        self._near: list[fmpq] | None = None
        for p, mask in self.boxes:
            self._record(p, mask)

    def copy(self) -> "Domain":
        """Return an independent copy."""
        other = Domain.__new__(Domain)
        other.ring, other.oracle, other.boxes = self.ring, self.oracle, self.boxes
        other.masks, other.known, other.implied = dict(self.masks), self.known, self.implied
        other.witness, other.certain, other._near = self.witness, self.certain, self._near
        other._rows, other._curved, other._unequal = list(self._rows), list(self._curved), list(self._unequal)
        return other

    def conditions(self) -> list[Condition]:
        """Return the conditions in the order in which they were made, without those of the box."""
        return [(self.known[key], mask) for key, mask in self.masks.items() if mask != ANY and key not in self.implied]

    def signs(self, p: fmpz_mpoly) -> int:
        """Return the signs of ``p`` that are still possible by what is known of it and of its factors."""
        if p.is_constant():
            return sign_mask(int(p.leading_coefficient()) if not p.is_zero() else 0)
        q, turned = canonical(p)
        mask = self.masks.get(str(q), ANY)
        if mask == ANY:
            mask = self._structural(q)
        return flipped(mask) if turned else mask

    def _structural(self, q: fmpz_mpoly) -> int:
        if q.total_degree() == 1:
            return ANY
        if positive(q):
            return POSITIVE if q.coeffs()[0] > 0 else NEGATIVE
        if all([c > 0 and not any([e & 1 for e in m]) for m, c in zip(q.monoms(), q.coeffs(), strict=True)]):
            return NULL | POSITIVE
        if q.total_degree() > FACTORED_DEGREE or len(q) > FACTORED_TERMS:
            return ANY
        unit, pairs = self.ring.factors(q)
        mask = sign_mask(unit)
        for f, e in pairs:
            own = self.masks.get(str(f), ANY)
            if positive(f):
                own = POSITIVE if f.coeffs()[0] > 0 else NEGATIVE
            if not e & 1:
                own = (own & NULL) | (POSITIVE if own & ~NULL else 0)
            mask = product(mask, own)
        return mask

    def restrict(self, p: fmpz_mpoly, mask: int, implied: bool = False) -> None:
        """Add the condition that the sign of ``p`` is in the mask; an implied one is remembered, not listed."""
        if p.is_constant():
            return
        q, turned = canonical(p)
        key = str(q)
        self.known[key] = q
        old = self.masks.get(key, ANY)
        self.masks[key] = old & (flipped(mask) if turned else mask)
        if implied and old == ANY:
            self.implied |= {key}
        elif not implied:
            self.implied -= {key}
        if self.masks[key] != old and not implied:
            self._record(q, self.masks[key])

    def _record(self, q: fmpz_mpoly, mask: int) -> None:
        """Keep a condition in the form in which `settle` needs it; a point that violates it is no witness any more."""
        if q.total_degree() > 1:
            self._curved.append((q, mask))
        elif mask == NEGATIVE | POSITIVE:
            self._unequal.append(q)
        elif mask:
            count = len(self.ring.names)
            self._rows += rows([(q, mask)], {tuple([int(i == k) for i in range(max(count, 1))]): k for k in range(count)})
        if self.witness is not None and not mask & sign_mask(evaluate(q, self.witness)):
            self._near, self.witness = self.witness, None

    # ---------------------------------------------------------------- feasibility

    def settle(self) -> bool:
        """Find a witness; return False if there is provably no point.  ``certain`` says whether there provably is one."""
        if not all(self.masks.values()):
            return False
        if self.witness is not None:
            self.certain = True
            return True
        if self._curved:
            return self._nonlinear()
        self.witness = linear_point(self._rows, self._unequal, len(self.ring.names), self._near)
        self.certain = self.witness is not None
        return bool(self.certain)

    def _nonlinear(self) -> bool:
        every, count = self.boxes + self.conditions(), len(self.ring.names)
        point = relaxed_point(every, count)
        if point is None:
            return False
        tries = max(1, min(CANDIDATES, CANDIDATE_TERMS // (1 + sum([len(p) * max(p.total_degree(), 1) for p, _ in every]))))
        for _, candidate in zip(range(tries), candidates(point, count), strict=False):
            if all([mask & sign_mask(evaluate(p, candidate)) for p, mask in every]):
                self.witness, self.certain = candidate, True
                return True
        answer = None if self.oracle is None else self.oracle(self.ring, every)
        self.certain = answer
        return answer is not False


def product(a: int, b: int) -> int:
    """Return the mask of a product from the masks of its factors."""
    mask = (a | b) & NULL
    if (a & POSITIVE and b & POSITIVE) or (a & NEGATIVE and b & NEGATIVE):
        mask |= POSITIVE
    if (a & POSITIVE and b & NEGATIVE) or (a & NEGATIVE and b & POSITIVE):
        mask |= NEGATIVE
    return mask


def evaluate(p: fmpz_mpoly, point: Sequence[fmpq]) -> fmpq:
    """Return the value at a rational point."""
    total = fmpq(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = fmpq(c)
        for x, e in zip(point, exponents, strict=False):
            if e:
                term *= x ** int(e)
        total += term
    return total


def box_conditions(ring: Ring, k: int, box: Interval) -> list[Condition]:
    """Return the conditions that a variable lies in its interval."""
    low, low_closed, high, high_closed = ends(box)
    x, out = ring.variable(ring.names[k]), []
    if low is not None:
        out.append((x * low.denominator - low.numerator, POSITIVE | (NULL if low_closed else 0)))
    if high is not None:
        out.append((x * high.denominator - high.numerator, NEGATIVE | (NULL if high_closed else 0)))
    return out


def ends(box: Interval) -> tuple[Fraction | None, bool, Fraction | None, bool]:
    """Return low end, whether it belongs, high end, whether it belongs."""
    low, high, low_closed, high_closed = box
    return low, low_closed, high, high_closed


def rows(every: Sequence[Condition], columns: dict) -> list[linear.Row]:
    """Return rows over the monomials in ``columns``; disequalities are left out."""
    out = []
    for p, mask in every:
        if mask == NEGATIVE | POSITIVE:
            continue
        a, b = [fmpq(0)] * len(columns), fmpq(0)
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            key = tuple(map(int, exponents))
            if any(key):
                a[columns[key]] = fmpq(c)
            else:
                b = fmpq(c)
        out.append((a, b, RELATION[mask]))
    return out


def linear_point(
    table: Sequence[linear.Row], unequal: Sequence[fmpz_mpoly], count: int, near: Sequence[fmpq] | None = None
) -> list[fmpq] | None:
    """Return a point that satisfies linear rows, where none of some linear polynomials vanishes, or ``None`` if there is none.

    A convex set that lies in none of finitely many hyperplanes does not lie in their union.
    """
    point = linear.solve(table, count, near)
    if point is None or not unequal:
        return point
    columns = {tuple([int(i == k) for i in range(max(count, 1))]): k for k in range(count)}
    points = [point]
    for p in unequal:
        if any([evaluate(p, q) != 0 for q in points]):
            continue
        for side in (POSITIVE, NEGATIVE):
            found = linear.solve([*table, *rows([(p, side)], columns)], count, point)
            if found is not None:
                points.append(found)
                break
        else:
            return None
    return _avoiding(unequal, points)


def _avoiding(unequal: Sequence[fmpz_mpoly], points: list[list[fmpq]]) -> list[fmpq]:
    """Return a convex combination of the points where none of the linear polynomials vanishes; each is nonzero at some point.

    The combination with weights 1, t, t^2, ... is a zero of one of them for finitely many t only.
    """
    t = 1
    while True:
        weights = [fmpq(t) ** k for k in range(len(points))]
        total = sum(weights, fmpq(0))
        mixed = [sum([w * p[k] for w, p in zip(weights, points, strict=True)], fmpq(0)) / total for k in range(len(points[0]))]
        if all([evaluate(p, mixed) != 0 for p in unequal]):
            return mixed
        t += 1


def relaxed_point(every: Sequence[Condition], count: int) -> list[fmpq] | None:
    """Return a point of the relaxation that takes monomials for variables, or ``None`` if it has none (then nothing has).

    Conditions with many monomials are left out.
    """
    every = [(p, mask) for p, mask in every if len(p) <= RELAXED_TERMS]
    found = {tuple([int(i == k) for i in range(max(count, 1))]): None for k in range(count)}
    for p, _ in every:
        found.update(dict.fromkeys([tuple(map(int, m)) for m in p.monoms() if any(m)]))
    columns = {m: k for k, m in enumerate(found)}
    table = rows(every, columns)
    for m, k in columns.items():
        if not any([e & 1 for e in m]):
            table.append(([fmpq(int(i == k)) for i in range(len(columns))], fmpq(0), "ge"))
    point = linear.solve(table, len(columns))
    return None if point is None else point[:count]


def candidates(point: Sequence[fmpq], count: int):
    """Yield points that may be witnesses: the given one and a few small ones."""
    yield [x for x in point]
    values = (0, 1, -1, 2, -2, fmpq(1, 2), fmpq(-1, 2), 3, -3, 5, -5)
    state = 1
    for _ in range(200):
        out = []
        for _ in range(count):
            state = (state * 1103515245 + 12345) % 2**31
            out.append(fmpq(values[(state >> 8) % len(values)]))
        yield out
