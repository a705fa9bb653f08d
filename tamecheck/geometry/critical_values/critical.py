"""Critical points and values of piecewise rational functions: on every stratum, smooth, Clarke's, and of automatic differentiation.

Let f be given by pieces on the faces of its guards (`tamecheck.geometry.critical_values.critical_pieces`).

* A *stratum* is the part of a face where the guards that vanish have gradients of rank n - d, d the dimension; what is left is
  of smaller dimension and is treated in the same way.  The critical points of f on a stratum are the points where grad f depends on these
  gradients: minors vanish.
* A point is *smooth critical* if f is differentiable there with derivative 0.
* A point is *Clarke critical* if 0 is in the convex hull of the gradients of the pieces that meet there.  As all pieces agree on the
  stratum, such a point is a critical point of f on its stratum, so only these are tested.
* A point is *AD critical* if what reverse mode returns there is 0, or 0 is in the convex hull of it and of the gradients around.

Critical sets need not be finite.  f is constant on connected pieces of them, and one exact sample per piece is taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.geometry.cad.adjacency import Adjacency, Obstruction
from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.systems import ANY, NONZERO, Condition, Solution, Systems
from tamecheck.geometry.critical_values.clarke import circuit, minors
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.ground.algebraic import AlgebraicNumber

MAXIMAL_ROUNDS = 6
"""Times that equations are added to find the regular part of a face."""


@dataclass
class Critical:
    """A connected piece of a critical set.

    Attributes
    ----------
    face : Face
    solution : Solution — with an exact sample
    value : AlgebraicNumber
    reason : str — for Clarke and AD: which faces prove it
    """

    face: Face
    solution: Solution
    value: AlgebraicNumber
    reason: str = ""
    returned: bool | None = None

    @property
    def dimension(self) -> int:
        return self.solution.dimension


@dataclass
class Sets:
    """All critical sets of a function.

    Attributes
    ----------
    strata : dict — for every face with a value, the critical pieces of f on its strata
    smooth, clarke, ad : list of Critical
    open : list of str — what could not be decided
    """

    strata: dict[str, list[Critical]] = field(default_factory=dict)
    smooth: list[Critical] = field(default_factory=list)
    clarke: list[Critical] = field(default_factory=list)
    ad: list[Critical] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    discontinuous: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember what stays open, once."""
        if text not in self.open:
            self.open.append(text)

    def jump(self, text: str) -> None:
        """Remember where f is not continuous, once."""
        if text not in self.discontinuous:
            self.discontinuous.append(text)


def gradient(value: Quotient) -> list[fmpz_mpoly]:
    """Return the gradient of a quotient times the square of its denominator."""
    top, bottom = value
    n = len(top.degrees())
    if bottom.is_constant():
        return [top.derivative(k) * bottom for k in range(n)]
    return [top.derivative(k) * bottom - top * bottom.derivative(k) for k in range(n)]


def maximal_minors(rows: Sequence[Sequence[fmpz_mpoly]], size: int) -> list[fmpz_mpoly]:
    """Return the minors of a size of a matrix of polynomials."""
    if size == 0 or not rows or size > len(rows) or size > len(rows[0]):
        return []
    out = []
    for chosen in combinations(rows, size):
        for columns in combinations(range(len(rows[0])), size):
            p = _determinant([[row[c] for c in columns] for row in chosen])
            if not p.is_zero():
                out.append(p)
    return out


def _determinant(m: list[list[fmpz_mpoly]]) -> fmpz_mpoly:
    if len(m) == 1:
        return m[0][0]
    total = m[0][0] * 0
    for k, p in enumerate(m[0]):
        if not p.is_zero():
            minor = _determinant([[q for j, q in enumerate(row) if j != k] for row in m[1:]])
            total += p * minor * (1 if k % 2 == 0 else -1)
    return total


class Analysis:
    """The critical sets of a piecewise rational function; results accumulate in ``sets``."""

    def __init__(self, pieces: Pieces, budget: Budget | None = None) -> None:
        self.pieces, self.budget = pieces, budget
        self.ring = pieces.ring
        self.n = len(pieces.ring.names)
        self.systems = Systems(pieces.ring, budget)
        self.sets = Sets()
        self.full = [f for f in pieces.faces if f.dimension == self.n]
        self._adjacency: Adjacency | None = None
        self._obstructed = False
        self._broken: set[frozenset[str]] = set()

    def run(self, kinds: Iterable[str] = ("smooth", "clarke", "ad")) -> Sets:
        """Find everything."""
        kinds = frozenset(kinds)
        self._jumps()
        for face in self.pieces.faces:
            if face.value is None:
                continue
            if face.dimension == self.n:
                found = [Critical(face, s, s.value(*face.value)) for s in self._open_face(face)]
                self.sets.strata[face.key] = found
                self.sets.smooth += found
                self.sets.clarke += [Critical(c.face, c.solution, c.value, "gradient 0") for c in found]
                self.sets.ad += [Critical(c.face, c.solution, c.value, "gradient 0", True) for c in found]
            else:
                self._lower_face(face, kinds)
        return self.sets

    def _jumps(self) -> None:
        """Find the faces of codimension one across which f is not continuous, or on which it is not defined."""
        for face in self.pieces.faces:
            if face.dimension != self.n - 1:
                continue
            sides = [f for f in self._candidates(face) if f.value is not None]
            for side in sides:
                if face.value is not None:
                    different = [(self._difference(side.value, face.value), NONZERO)]
                    pole = [side.value[1]]
                    system = self.pieces.equations(face), self.pieces.conditions(face)
                    if not self.systems.solve(system[0], [*system[1], *different]) and not self.systems.solve([*system[0], *pole], system[1]):
                        continue
                    self.sets.jump(f"f is not continuous on the face {face.key}")
                self._broken.update([frozenset([side.key, other.key]) for other in sides if other is not side])

    # ------------------------------------------------------------------ strata

    def _open_face(self, face: Face) -> list[Solution]:
        return self.systems.solve(gradient(face.value), self.pieces.conditions(face))

    def stratum(self, face: Face, equations: list[fmpz_mpoly], cut: Sequence[Condition]) -> list[Solution]:
        """Return the critical points of f on the strata of a face of smaller dimension."""
        signs = self.pieces.conditions(face)
        derivative = gradient(face.value)
        found: list[Solution] = []
        dimension = face.dimension
        more = self.pieces.equations(face) + equations
        for _ in range(MAXIMAL_ROUNDS):
            if dimension == 0:
                return found + self.systems.solve(more, [*signs, *cut])
            jacobian = [[p.derivative(k) for k in range(self.n)] for p in more]
            codimension = self.n - dimension
            size = codimension
            regular = maximal_minors(jacobian, size)
            while not regular and size > 1:
                size -= 1
                regular = maximal_minors(jacobian, size)
            bad: list[fmpz_mpoly] = []
            if size < codimension:
                # where the rank were that size the set would have a larger dimension: these minors vanish on it
                regular, bad = [], regular
            for k, p in enumerate(regular):
                # regular by the k-th minor and not by those before
                conditions = [*signs, *cut, (p, NONZERO), *[(q, frozenset([0])) for q in regular[:k]]]
                dependent = maximal_minors([*jacobian, derivative], codimension + 1)
                found += self.systems.solve([*more, *dependent, *regular[:k]], conditions)
                bad.append(p)
            rest = self.systems.solve([*more, *bad], signs)
            if not rest:
                return found
            more = more + [p for p in bad if str(p) not in {str(q) for q in more}]
            dimension = max([s.dimension for s in rest])
        self.sets.note(f"the strata of the face {face.key} could not be separated")
        return found

    # ------------------------------------------------------------ lower dimensions

    def _lower_face(self, face: Face, kinds: frozenset[str]) -> None:
        candidates = self._candidates(face)
        vectors = [gradient(f.value) for f in candidates if f.value is not None]
        guards = self.pieces.equations(face)
        jacobian = [[g.derivative(k) for k in range(self.n)] for g in guards]
        independent = maximal_minors(jacobian, len(guards))
        cut: list[Condition] = []
        if face.dimension > 0:
            polynomials = [*minors(vectors), *independent]
            for f in candidates:
                if f.value is not None:
                    polynomials += [f.value[1], self._difference(f.value, face.value)]
            cut = [(p, ANY) for p in self._distinct(polynomials)]
        solutions = self.stratum(face, [], [])
        if any([s.dimension > 0 for s in solutions]):
            solutions = self.stratum(face, [], cut)
        found = []
        for s in solutions:
            c = Critical(face, s, s.value(*face.value))
            found.append(c)
            if kinds & {"clarke", "smooth", "ad"}:
                self._classify(c, candidates, independent)
        self.sets.strata[face.key] = found
        if "ad" in kinds and face.gradient is not None:
            self._returned_zero(face)

    @staticmethod
    def _difference(a: Quotient, b: Quotient) -> fmpz_mpoly:
        return a[0] * b[1] - b[0] * a[1]

    def _distinct(self, polynomials: Iterable[fmpz_mpoly]) -> list[fmpz_mpoly]:
        found: dict[str, fmpz_mpoly] = {}
        for p in polynomials:
            if len(p) and not p.is_constant():
                for q, _ in self.ring.factors(p)[1]:
                    found[str(q)] = q
        return list(found.values())

    def _candidates(self, face: Face) -> list[Face]:
        """Return the full-dimensional faces whose signs agree where the face has no zero."""
        return [f for f in self.full if all([a == b or b == 0 for a, b in zip(f.signs, face.signs, strict=True)])]

    def active(self, face: Face, s: Solution, candidates: list[Face], independent: list[fmpz_mpoly]) -> list[Face] | None:
        """Return the full-dimensional faces with the point in their closure; ``None`` if that cannot be decided."""
        guards = self.pieces.equations(face)
        if len(guards) <= self.n and any([s.sign(p) != 0 for p in independent]):
            # the vanishing guards are coordinates: all signs occur around the point
            return candidates
        if len(guards) == 1 and len(candidates) == 1:
            return candidates
        relation = self._relation()
        if relation is None:
            return None
        if s.dimension == 0:
            numbers = [relation.number(self.pieces.decomposition.locate(s.coordinates()))]
        else:
            numbers = [relation.number(c) for c in face.cells]
        results = []
        for number in numbers:
            around = {id(self._face_of(relation.cell(k))) for k in relation.star(number)}
            results.append([f for f in candidates if id(f) in around])
        if any([[f.key for f in r] != [f.key for f in results[0]] for r in results]):
            return None
        return results[0]

    def _face_of(self, cell) -> Face:
        """Return the face that holds a cell."""
        if not hasattr(self, "_by_path"):
            self._by_path = {c.path: f for f in self.pieces.faces for c in f.cells}
        return self._by_path[cell.path]

    def _relation(self) -> Adjacency | None:
        if self._adjacency is None and not self._obstructed and self.pieces.decomposition is not None:
            try:
                self._adjacency = Adjacency(self.pieces.decomposition, self.budget)
            except Obstruction:
                self._obstructed = True
        return self._adjacency

    def _classify(self, c: Critical, candidates: list[Face], independent: list[fmpz_mpoly]) -> None:
        """Test Clarke's condition at a critical point of f on a stratum."""
        s, face = c.solution, c.face
        active = self.active(face, s, candidates, independent)
        where = f"on the face {face.key} at the value {c.value}"
        if active is None:
            self.sets.note(f"which pieces meet {where} could not be decided")
            return
        if any([f.value is None for f in active]):
            return  # a point of the boundary of the domain: f is not locally Lipschitz on a neighbourhood
        keys = {f.key for f in active}
        if any([pair <= keys for pair in self._broken]):
            return  # f is not continuous near the point
        for f in active:
            if s.sign(f.value[1]) == 0 or s.sign(self._difference(f.value, face.value)) != 0:
                self.sets.jump(f"f is not continuous {where}")
                return
        vectors = [gradient(f.value) for f in active]
        proof = circuit(vectors, s.sign)
        if proof is not None:
            reason = "0 in conv of the gradients on " + ", ".join([active[k].key for k in proof])
            self.sets.clarke.append(Critical(face, s, c.value, reason))
            if all([s.sign(p) == 0 for v in vectors for p in v]):
                self.sets.smooth.append(Critical(face, s, c.value))
        if face.gradient is not None:
            returned = [p for p, _ in self._common(face.gradient)]
            proof_ad = proof if proof is not None else circuit([*vectors, returned], s.sign)
            if proof_ad is not None:
                zero = all([s.sign(p) == 0 for p in returned])
                reason = "AD returns 0" if zero else "0 in conv of the gradients around and what AD returns"
                self.sets.ad.append(Critical(face, s, c.value, reason, zero))

    def _common(self, vector: Sequence[Quotient]) -> list[Quotient]:
        """Return a vector of quotients times a positive function, with denominator 1."""
        total = self.ring.constant(1)
        for _, d in vector:
            total *= d * d
        one = self.ring.constant(1)
        return [(p * (total / (d * d)) * d, one) for p, d in vector]

    # -------------------------------------------------------------------------- AD

    def _returned_zero(self, face: Face) -> None:
        """Add the points of a lower face where AD returns exactly 0 that are no critical points of f on a stratum."""
        equations = self.pieces.equations(face)
        zeros = [p for p, _ in face.gradient if not p.is_zero()]
        conditions = self.pieces.conditions(face)
        known = {(id(c.face), c.value) for c in self.sets.ad if c.returned}
        values: list[AlgebraicNumber] = []
        for _ in range(MAXIMAL_ROUNDS):
            fresh = []
            # f may vary on what is left: what has a value found before is cut away
            for s in self.systems.solve([*equations, *zeros], [*conditions, *[(self._level(face, v), NONZERO) for v in values]]):
                value = s.value(*face.value)
                if (id(face), value) not in known:
                    known.add((id(face), value))
                    self.sets.ad.append(Critical(face, s, value, "AD returns 0", True))
                if value not in values:
                    fresh.append(value)
            if not fresh:
                return
            values += [v for v in fresh if v not in values]
        self.sets.note(f"AD returns 0 on the face {face.key} at infinitely many values: the rules are not conservative there")

    def _level(self, face: Face, value: AlgebraicNumber) -> fmpz_mpoly:
        """Return a polynomial that vanishes where f has the value or a conjugate of it."""
        top, bottom = face.value
        total = self.ring.constant(0)
        coefficients = [int(c) for c in value.polynomial.coeffs()]
        d = len(coefficients) - 1
        for k, c in enumerate(coefficients):
            total += top**k * bottom ** (d - k) * c
        return total


def distinct_values(found: Iterable[Critical]) -> list[AlgebraicNumber]:
    """Return the values in increasing order."""
    return sorted({c.value for c in found})
