"""Exact numbers of a piecewise linear network: Lipschitz constants, range, minima.

On a region the network is affine, so its Lipschitz constant there is the operator norm of its matrix; on a convex set the largest of
them is the constant of the whole network.  An affine function takes its least value on a face at a vertex, or falls for ever along a
direction.  A vertex is a local minimum if the function falls along none of its edges: near the vertex every face is the hull of
its edges.

.. [M14] G. Montufar, R. Pascanu, K. Cho, Y. Bengio, "On the number of linear regions of deep neural networks", NeurIPS 2014.
.. [M17] G. Montufar, "Notes on the number of linear regions of deep neural networks", 2017.
.. [Z75] T. Zaslavsky, "Facing up to arrangements", Mem. AMS 154 (1975).
"""

from fractions import Fraction
from math import comb, lcm, prod

from tamecheck.errors import InputError
from tamecheck.geometry.polyhedral.complexes import Face, PolyhedralComplex
from tamecheck.ground.algebraic import AlgebraicNumber, number, real_roots

Value = Fraction | AlgebraicNumber
NORMS = {1: 1, 2: 2, "1": 1, "2": 2, "l1": 1, "l2": 2, "inf": "inf", "linf": "inf", float("inf"): "inf"}


class Lipschitz:
    """A Lipschitz constant, exactly: a rational, or an algebraic number.

    Attributes
    ----------
    value : Fraction or AlgebraicNumber
    norm : 1, 2 or "inf" — on inputs and outputs
    region : Face — where it is attained
    regions : dict[int, value] — the constant on every region, by the number of the face
    """

    __slots__ = ("value", "norm", "region", "regions")

    def __init__(self, value: Value, norm: object, region: Face, regions: dict[int, Value]) -> None:
        self.value, self.norm, self.region, self.regions = value, norm, region, regions

    def __repr__(self) -> str:
        return f"Lipschitz({self.value} in l{self.norm}, attained on face {self.region.number})"


def lipschitz(complex: PolyhedralComplex, norm: object = 2) -> Lipschitz:
    """Return the Lipschitz constant of all outputs together, with the same norm on inputs and outputs.

    For one output the constant in l1 is the largest entry of the gradient, in linf the sum of their sizes, in l2 its length.
    """
    if norm not in NORMS:
        raise InputError(f"norm {norm!r}", code="TC164", hint="1, 2 or 'inf'")
    kind = NORMS[norm]
    rule = {1: _columns, "inf": _rows, 2: _spectral}[kind]
    memo: dict[tuple, Value] = {}
    regions: dict[int, Value] = {}
    for f in complex.regions:
        matrix = tuple([g for g, _ in complex.affine(f.signs)])
        if matrix not in memo:
            memo[matrix] = rule(matrix)
        regions[f.number] = memo[matrix]
    best = None
    for k, v in regions.items():
        if best is None or number(regions[best]) < number(v):
            best = k
    return Lipschitz(regions[best], kind, complex.faces[best], regions)


def _columns(matrix: tuple) -> Fraction:
    return max([sum([abs(x) for x in column], Fraction(0)) for column in zip(*matrix, strict=True)])


def _rows(matrix: tuple) -> Fraction:
    return max([sum([abs(x) for x in row], Fraction(0)) for row in matrix])


def _spectral(matrix: tuple) -> Value:
    """Return the largest singular value: the square root of the largest root of the characteristic polynomial of A A^T."""
    from flint import fmpq, fmpq_mat

    rows = [[fmpq(x.numerator, x.denominator) for x in row] for row in matrix]
    a = fmpq_mat(rows) if len(rows) <= len(rows[0]) else fmpq_mat(rows).transpose()
    coefficients = [Fraction(int(c.p), int(c.q)) for c in (a * a.transpose()).charpoly().coeffs()]
    common = lcm(*[c.denominator for c in coefficients])
    spread = [0] * (2 * len(coefficients) - 1)
    spread[::2] = [int(c * common) for c in coefficients]
    top = real_roots(tuple(spread))[-1][0]
    return top if top.rational is None else Fraction(int(top.rational.p), int(top.rational.q))


def output_range(complex: PolyhedralComplex, output: str | None, entry: int) -> tuple[Fraction | None, Fraction | None]:
    """Return least and largest value over all faces; ``None`` where there is none because the output is unbounded."""
    slopes = [complex.slope(r, output, entry) for r in range(len(complex.rays))]
    lines = complex.lineality_slopes(output, entry)
    values = [complex.value(v, output, entry) for v in range(len(complex.vertices))]
    low = None if any([s < 0 for s in slopes]) or any(lines) else min(values)
    high = None if any([s > 0 for s in slopes]) or any(lines) else max(values)
    return low, high


class Minimum:
    """A connected set of local minima: a union of faces on which the function has one value, below all values nearby.

    Attributes
    ----------
    value : Fraction
    faces : list of Face — closed
    strict : whether it is a single point
    globally : whether the value is the least of all
    """

    __slots__ = ("value", "faces", "strict", "globally")

    def __init__(self, value: Fraction, faces: list[Face], strict: bool, globally: bool) -> None:
        self.value, self.faces, self.strict, self.globally = value, faces, strict, globally

    def __repr__(self) -> str:
        kind = "global" if self.globally else "local"
        where = "at (" + ", ".join([str(c) for c in self.faces[0].sample]) + ")" if self.strict else f"on {len(self.faces)} faces"
        return f"Minimum({self.value}, {kind}, {where})"


def minima(complex: PolyhedralComplex, output: str | None = None, entry: int = 0) -> list[Minimum]:
    """Return the local minima of an output, as connected components of flat faces without descent, by value.

    A flat component counts when from none of its vertices an edge descends.
    """
    from tamecheck.geometry.polyhedral.polyhedral_topology import components

    if any(complex.lineality_slopes(output, entry)):
        return []
    values = [complex.value(v, output, entry) for v in range(len(complex.vertices))]
    slopes = [complex.slope(r, output, entry) for r in range(len(complex.rays))]
    falling: set[int] = set()
    for f in complex.faces:
        if f.dimension - len(complex.lineality) != 1:
            continue
        if f.rays:
            if slopes[f.rays[0]] < 0:
                falling.add(f.vertices[0])
        elif values[f.vertices[0]] != values[f.vertices[1]]:
            falling.add(max(f.vertices, key=values.__getitem__))
    flat = [f.number for f in complex.faces if len({values[v] for v in f.vertices}) == 1 and not any([slopes[r] for r in f.rays])]
    low, _ = output_range(complex, output, entry)
    out = []
    for component in components(complex, flat):
        faces = [complex.faces[k] for k in component]
        if not any([v in falling for f in faces for v in f.vertices]):
            value = values[faces[0].vertices[0]]
            out.append(Minimum(value, faces, len(faces) == 1 and faces[0].dimension == 0, value == low))
    return sorted(out, key=lambda m: m.value)


def linear_pieces(complex: PolyhedralComplex, output: str | None = None, entry: int = 0) -> list[list[Face]]:
    """Return the connected unions of regions, joined across facets, on which an output is one affine function.

    These are at most as many as the regions: a kink that the output does not feel separates regions, not pieces.
    """
    place = complex.place(output, entry)
    maps = {f.number: complex.affine(f.signs)[place] for f in complex.regions}
    parent = {k: k for k in maps}

    def find(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for f in complex.of_dimension(complex.dimension - 1):
        sides = complex.cofaces[f.number]
        if len(sides) == 2 and maps[sides[0]] == maps[sides[1]]:
            parent[find(sides[0])] = find(sides[1])
    out: dict[int, list[Face]] = {}
    for k in maps:
        out.setdefault(find(k), []).append(complex.faces[k])
    return list(out.values())


def region_bounds(inputs: int, widths: list[int]) -> tuple[int, int]:
    """Return what theory knows of the largest number of regions of a ReLU net: a number that some net reaches, one that none exceeds.

    For one layer of k units both are Zaslavsky's sum of C(k, j) over j <= n [Z75]_.  In general the lower one is
    ``prod over l < L of floor(n_l/n)^n`` times that sum for the last layer [M14]_, the upper one the product over the layers of the sums of
    C(n_l, j) over j <= min(n, n_1, ..., n_l) [M17]_.

    >>> region_bounds(2, [3]), region_bounds(2, [4, 4])
    ((7, 7), (44, 121))
    """
    least = inputs
    upper = 1
    for width in widths:
        least = min(least, width)
        upper *= sum([comb(width, j) for j in range(least + 1)])
    folds = prod([(width // inputs) ** inputs for width in widths[:-1]])
    return folds * sum([comb(widths[-1], j) for j in range(inputs + 1)]), upper
