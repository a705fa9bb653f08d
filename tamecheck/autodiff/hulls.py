"""Is a vector in the convex hull of others, on a whole cell?  Linear programs in exact rationals for numbers, signs of minors else."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations

from flint import arb, fmpq, fmpz_mpoly

from tamecheck.autodiff.fields import Quotient
from tamecheck.autodiff.pieces import Pieces
from tamecheck.autodiff.semantics import Undecided
from tamecheck.autodiff.space import Cell
from tamecheck.ground import linear

Vector = Sequence[Quotient]
MAXIMAL_CURVED = 3


def weights(vectors: Sequence[Sequence[Fraction]], target: Sequence[Fraction]) -> list[Fraction] | None:
    """Return convex weights of rational vectors that give the target, ``None`` if there are none."""
    m = len(vectors)
    rows = []
    for i, t in enumerate(target):
        rows.append(([fmpq(v[i].numerator, v[i].denominator) for v in vectors], fmpq(-t.numerator, t.denominator), "eq"))
    rows.append(([fmpq(1)] * m, fmpq(-1), "eq"))
    for j in range(m):
        rows.append(([fmpq(int(i == j)) for i in range(m)], fmpq(0), "ge"))
    found = linear.solve(rows, m)
    return None if found is None else [linear.rational(x) for x in found]


def on_cell(pieces: Pieces, vector: Vector, cell: Cell) -> list[Quotient] | None:
    """Return a vector on a cell in fewer variables (linear guards), or as it is."""
    out = [pieces.space.restrict(a, cell) for a in vector]
    return None if any([a is None for a in out]) else out


def numbers(vector: Vector) -> list[Fraction] | None:
    """Return the entries as rationals, if they are constants."""
    if not all([a.is_constant() and b.is_constant() for a, b in vector]):
        return None
    return [Fraction(int(a.coeffs()[0]) if len(a) else 0, int(b.coeffs()[0])) for a, b in vector]


def contains(pieces: Pieces, vectors: Sequence[Vector], target: Vector, cell: Cell) -> bool | None:
    """Return whether the target is in the convex hull of the vectors at every point of a cell (True), at no point (False), or not known.

    Raises
    ------
    Missing
        A sign is needed that is not constant on the cell: cut the cell by it and ask again.
    """
    f = pieces.field
    vs = [on_cell(pieces, v, cell) for v in vectors]
    t = on_cell(pieces, target, cell)
    if t is None or any([v is None for v in vs]) or not vs:
        return None
    differences = []
    for v in vs:
        d = [f.add(a, b, -1) for a, b in zip(v, t, strict=True)]
        if d not in differences:
            differences.append(d)
    if any([all([pieces.vanishes(a, cell) is True for a in d]) for d in differences]):
        return True
    constant = [numbers(d) for d in differences]
    zero = [Fraction(0)] * f.n
    if all([c is not None for c in constant]):
        if any([not any(c) for c in constant]):
            return True
        if any([all([c[k] > 0 for c in constant]) or all([c[k] < 0 for c in constant]) for k in range(f.n)]):
            return False
        return weights(constant, zero) is not None
    if _constant_weights(pieces, differences):
        return True
    if cell.dimension == 0 or any([f.transcendental(a[0]) or f.transcendental(a[1]) for d in differences for a in d]):
        found = at_sample(pieces, differences, cell)
        if found is not None and cell.dimension == 0:
            return found
    return _by_signs(pieces, differences, cell)


def _constant_weights(pieces: Pieces, differences: Sequence[Vector]) -> bool:
    """Return whether the same weights give zero everywhere: compare coefficients of polynomials."""
    f = pieces.field
    columns: dict[tuple[int, tuple], list] = {}
    for j, d in enumerate(differences):
        for i, (a, b) in enumerate(d):
            if not b.is_constant():
                return False
            for e, c in zip(a.monoms(), a.coeffs(), strict=True):
                columns.setdefault((i, tuple([int(x) for x in e])), [Fraction(0)] * len(differences))[j] = Fraction(int(c), int(b.coeffs()[0]))
    rows = list(columns.values())
    vectors = [[row[j] for row in rows] for j in range(len(differences))]
    return f is not None and weights(vectors, [Fraction(0)] * len(rows)) is not None


def at_sample(pieces: Pieces, differences: Sequence[Vector], cell: Cell) -> bool | None:
    """Return whether 0 is in the hull at the sample of a cell, by enclosures: one variable only."""
    f = pieces.field
    if f.n != 1 or not all([isinstance(x, Fraction) for x in cell.sample]):
        return None
    signs = set()
    for d in differences:
        v = f.substitute(d[0], [f.number(x) for x in cell.sample])
        if v is None:
            return None
        if v[0].is_zero():
            return True
        ball: arb = f.ball(v, cell.sample)
        if not (ball > 0 or ball < 0):
            return None
        signs.add(1 if ball > 0 else -1)
    return len(signs) == 2


def _circuit(vectors: Sequence[Sequence[fmpz_mpoly]], sign: Callable[[fmpz_mpoly], int]) -> bool:
    """Return whether 0 is a positive combination of a minimal dependent subset (`tamecheck.geometry.critical_values.clarke`), asking for few signs.

    A vector that is 0; two that are parallel and opposite; then triples and quadruples.
    """
    from tamecheck.geometry.critical_values.clarke import circuit, cross, dot

    for v in vectors:
        if all([sign(p) == 0 for p in v]):
            return True
    for a, b in combinations(vectors, 2):
        if all([sign(m) == 0 for m in cross(a, b)]) and sign(dot(a, b)) < 0:
            return True
    if len(vectors[0]) == 1:
        return False
    for triple in combinations(vectors, 3):
        if len(vectors[0]) == 2:
            a, b, c = triple
            signs = {sign(cross(p, q)[0]) for p, q in ((b, c), (c, a), (a, b))}
            if len(signs) == 1 and 0 not in signs:
                return True
        elif circuit(list(triple), sign) is not None:
            return True
    return len(vectors[0]) == 3 and any([circuit(list(four), sign) is not None for four in combinations(vectors, 4)])


def _by_signs(pieces: Pieces, differences: Sequence[Vector], cell: Cell) -> bool | None:
    """Return whether 0 is in the hull, by signs on the whole cell."""
    f = pieces.field
    # a vector times a positive function: common denominators, squared, do not change the question
    polynomials = []
    for d in differences:
        total = f.one
        for _, b in d:
            if not b.is_constant() or not b.is_one():
                total = total * b * b
        row = []
        for a, b in d:
            q, rest = divmod(a * total, b)
            if not rest.is_zero():
                return None
            row.append(q)
        polynomials.append(row)
    try:
        if f.n <= MAXIMAL_CURVED:
            return _circuit(polynomials, lambda p: pieces.sign(p, cell))
        for k in range(f.n):
            signs = {pieces.sign(v[k], cell) for v in polynomials}
            if signs in ({1}, {-1}):
                return False
    except Undecided:
        return None
    return None
