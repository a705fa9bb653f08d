"""Critical values at infinity of a piecewise rational function: which method, and what stays open.

One variable: limits.  Two variables: the complete answer of `tamecheck.geometry.critical_values.asymptotic`.  Three variables: a finite
set that holds all values (`tamecheck.geometry.critical_values.newton_at_infinity`) against arcs that prove values
(`tamecheck.geometry.critical_values.escaping_arcs`); what has no arc stays open. More variables: arcs only.

For a piecewise function with linear guards in space the candidates are those of every piece on the whole space, and of f on the linear
span of every face of smaller dimension.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.systems import Systems
from tamecheck.geometry.critical_values.algebraic_values import Quotient
from tamecheck.geometry.critical_values.asymptotic import Plane, on_the_line
from tamecheck.geometry.critical_values.critical_graph import Graph
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.geometry.critical_values.escaping_arcs import Search
from tamecheck.geometry.critical_values.multipliers import values_at_infinity
from tamecheck.geometry.critical_values.newton_at_infinity import bound
from tamecheck.geometry.critical_values.smooth_programs import Smooth
from tamecheck.ground.algebraic import AlgebraicNumber
from tamecheck.ground.polynomials import Ring


@dataclass
class Value:
    """A value at infinity.

    Attributes
    ----------
    value : AlgebraicNumber
    face : str — signs of the guards along the arc
    arc : dict — variables as texts in s -> 0+, or as a root of a polynomial in the variables
    certificate : ``"arc"`` (limits computed along an explicit arc) or ``"branch"`` (a real branch of an algebraic curve)
    trivial : bool or None — critical points go to infinity at this value
    kind : ``"piece"``, ``"guard"``, ``"stratum"``
    """

    value: AlgebraicNumber
    face: str
    arc: dict[str, str]
    certificate: str
    trivial: bool | None
    kind: str


@dataclass
class AtInfinity:
    """All values found, whether these are all, and what stays open."""

    values: list[Value] = field(default_factory=list)
    complete: bool = True
    open: list[str] = field(default_factory=list)

    def distinct(self) -> list[AlgebraicNumber]:
        """Return the values in Clarke's sense in increasing order."""
        return sorted({v.value for v in self.values if v.kind != "stratum"})


def at_infinity(pieces: Pieces, unbounded: Iterable[AlgebraicNumber] = (), budget: Budget | None = None) -> AtInfinity:
    """Return the critical values at infinity.

    Parameters
    ----------
    unbounded : values of critical sets of positive dimension: in space they are candidates for trivial values
    """
    n = len(pieces.ring.names)
    result = AtInfinity()
    if n == 1:
        for e in on_the_line(pieces):
            result.values.append(Value(e.value, e.face.key, e.arc, "arc", e.trivial, e.kind))
    elif n == 2:
        (first, *others) = pieces.faces
        try:
            if not others and first.value is not None and _tame(pieces, first, budget):
                return result
            try:
                _plane(pieces, result, budget)
            except BudgetExceeded as stop:
                if stop.code != "TC306":
                    raise
                # a resultant is too large: the methods of space, which do without them
                result = AtInfinity()
                _space(pieces, result, set(unbounded), budget)
        except BudgetExceeded as stop:
            _stopped(result, stop)
    else:
        try:
            _space(pieces, result, set(unbounded), budget)
        except BudgetExceeded as stop:
            _stopped(result, stop)
    return result


def _share(budget: Budget | None) -> Budget:
    """Return a part of a budget for a search, at most three seconds."""
    left = None if budget is None else budget.remaining()
    return Budget(seconds=3 if left is None else max(min(3, left / 3), 0.01))


def _stopped(result: AtInfinity, stop: BudgetExceeded) -> None:
    result.complete = False
    result.open.append(f"critical values at infinity: {stop.message}")


def _plane(pieces: Pieces, result: AtInfinity, budget: Budget | None) -> None:
    found = Plane(pieces, budget).run()
    for e in sorted(found, key=lambda e: (e.trivial, e.kind)):
        if any([v.value == e.value and (v.kind == e.kind and v.trivial == e.trivial or e.kind == "stratum") for v in result.values]):
            continue
        arc, certificate = e.arc, "branch"
        if e.kind == "piece":
            nice = _arc(pieces, e.face, e.value)
            if e.value in nice:
                arc, certificate = nice[e.value].text(pieces.ring.names), "arc"
        result.values.append(Value(e.value, e.face.key, arc, certificate, e.trivial, e.kind))


def _arc(pieces: Pieces, face: Face, value: AlgebraicNumber) -> dict:
    """Look for a short arc for a value that is already proved."""
    try:
        return Search(pieces, face, Budget(seconds=1)).run([value], reach=2, terms=2)
    except BudgetExceeded:
        return {}


def _space(pieces: Pieces, result: AtInfinity, unbounded: set[AlgebraicNumber], budget: Budget | None) -> None:
    n = len(pieces.ring.names)
    full = [f for f in pieces.faces if f.dimension == n and f.value is not None]
    candidates: set[AlgebraicNumber] = set()
    if n > 3:
        result.complete = False
        result.open.append(f"critical values at infinity in {n} variables: only arcs are searched, more values may exist")
    else:
        for face in pieces.faces:
            if face.value is not None:
                candidates |= _candidates(pieces, face, result, budget)
    if n > 3 and len(pieces.faces) == 1 and not pieces.guards and _tame(pieces, full[0], budget):
        result.complete, result.open = True, []
        return
    if not result.complete and not pieces.guards:
        bounded = values_at_infinity(Smooth.of(pieces.graph))
        if bounded is not None:
            result.complete, result.open = True, []
            candidates = set(bounded)
    missing = candidates | unbounded
    proved: set[AlgebraicNumber] = set()
    for face in full:
        search = Search(pieces, face, _share(budget))
        if missing - proved:
            search.try_all(missing - proved, reach=3, terms=2)
        if not result.complete:
            # what the candidates do not cover
            search.try_all(None, reach=1 if n > 3 else 2, terms=0 if n > 3 else 1)
        for value, arc in search.found.items():
            if value not in proved:
                proved.add(value)
                result.values.append(Value(value, face.key, arc.text(pieces.ring.names), "arc", arc.trivial(face.value), "piece"))
    for value in sorted(candidates - proved):
        result.complete = False
        result.open.append(f"whether {value} is a critical value at infinity")


def _tame(pieces: Pieces, face: Face, budget: Budget | None) -> bool:
    """Return whether the leading form of a polynomial has no real critical point but 0: then ``|x| |grad f|`` tends to infinity."""
    top, bottom = face.value
    return bottom.is_constant() and leading_form_is_regular(pieces.ring, top, budget)


def leading_form_is_regular(ring: Ring, p: fmpz_mpoly, budget: Budget | None = None) -> bool:
    """Return whether the gradient of the homogeneous part of highest degree vanishes only at 0 (over the reals).

    Then ``|grad f| >= C |x|^(d-1)`` far away, and there is no critical value at infinity.
    """
    d = p.total_degree()
    if d < 1:
        return False
    form = ring.from_terms([(tuple(map(int, e)), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True) if sum(map(int, e)) == d])
    slopes = [form.derivative(k) for k in range(len(ring.names))]
    systems = Systems(ring, budget)
    try:
        return not any([systems.solve([*slopes, ring.variable(name) - 1]) for name in ring.names])
    except BudgetExceeded as stop:
        if stop.code != "TC306":
            raise
        return False


def _candidates(pieces: Pieces, face: Face, result: AtInfinity, budget: Budget | None) -> set[AlgebraicNumber]:
    """Return numbers that hold all values at infinity of f on the span of a face."""
    equations = pieces.equations(face)
    flat = _flat(pieces.ring, equations)
    if flat is None:
        result.complete = False
        result.open.append(f"critical values at infinity along the face {face.key}, which is not in a linear space")
        return set()
    top, bottom = face.value
    if not bottom.is_constant():
        result.complete = False
        result.open.append(f"critical values at infinity on the face {face.key}: the function is not a polynomial there")
        return set()
    ring, images = flat
    p = top.compose(*images, ctx=ring.context) if images is not None else top
    if len(ring.names) == 0 or face.dimension == 0:
        return set()
    return _everywhere(ring, p, int(bottom.coeffs()[0]), face, result, budget, len(pieces.ring.names) > 2)


def _everywhere(
    ring: Ring, p: fmpz_mpoly, d: int, face: Face, result: AtInfinity, budget: Budget | None, plane: bool
) -> set[AlgebraicNumber]:
    """Return candidates for a polynomial over a number on a whole space."""
    n = len(ring.names)
    if leading_form_is_regular(ring, p, budget):
        return set()
    k = _idle_direction(ring, p)
    if k is not None and n > 1:
        # f is h, constant along a line: the values of f at infinity are those of h and its critical values
        small = Ring([name for i, name in enumerate(ring.names) if i != k])
        terms = [(tuple([int(v) for i, v in enumerate(e) if i != k]), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True) if not int(e[k])]
        h = small.from_terms(terms)
        found = Systems(small, budget).solve([h.derivative(i) for i in range(n - 1)])
        values = {s.value(h, small.constant(d)) for s in found}
        return values | _everywhere(small, h, d, face, result, budget, True)
    if n == 2 and plane:
        return {e.value for e in Plane(_single(ring, (p, ring.constant(d))), budget).run()}
    if n == 1:
        return {e.value for e in on_the_line(_single(ring, (p, ring.constant(d))))}
    found = bound(ring, p, d, budget)
    if found.degenerate:
        names, e = found.degenerate[0]
        directions = ", ".join([f"{name} ~ s^{k}" for name, k in zip(names, e, strict=True)])
        text = f"more critical values at infinity on the face {face.key} (degenerate cone {directions})"
        if text not in result.open:
            result.open.append(text)
        result.complete = False
    return found.candidates


def _idle_direction(ring: Ring, p: fmpz_mpoly) -> int | None:
    """Return a variable with a nonzero coordinate in some direction along which the polynomial is constant, ``None`` if there is no direction."""
    from flint import fmpz_mat

    slopes = [p.derivative(k) for k in range(len(ring.names))]
    index: dict[tuple, int] = {}
    for q in slopes:
        for m in q.monoms():
            index.setdefault(tuple(m), len(index))
    if not index:
        return 0
    matrix = fmpz_mat(len(index), len(slopes))
    for j, q in enumerate(slopes):
        for m, c in zip(q.monoms(), q.coeffs(), strict=True):
            matrix[index[tuple(m)], j] = c
    basis, nullity = matrix.nullspace()
    if not nullity:
        return None
    return next(k for k in range(len(slopes)) if basis[k, 0] != 0)


def _single(ring: Ring, value: Quotient) -> Pieces:
    """Return a polynomial as a function with one piece."""
    pieces = Pieces.__new__(Pieces)
    pieces.graph = Graph(ring.names)
    pieces.ring = ring
    pieces.guards, pieces.turned, pieces.decomposition, pieces.sides, pieces.budget = [], [], None, {}, None
    pieces.faces = [Face((), len(ring.names), [], value)]
    return pieces


def _flat(ring: Ring, equations: Sequence[fmpz_mpoly]) -> tuple[Ring, list[fmpz_mpoly] | None] | None:
    """Return coordinates on the linear space of some linear equations with a coefficient 1 or -1, ``None`` if that does not work."""
    if not equations:
        return ring, None
    images = {name: ring.variable(name) for name in ring.names}
    free = list(ring.names)
    rest = list(equations)
    while rest:
        p = rest.pop()
        p = p.compose(*[images[name] for name in ring.names], ctx=ring.context)
        if p.is_zero():
            continue
        if p.total_degree() != 1:
            return None
        chosen = None
        for name in free:
            c = int(ring.coefficients(p, ring.index[name] + 1)[-1].coeffs()[0]) if p.degrees()[ring.index[name]] else 0
            if abs(c) == 1:
                chosen = (name, c)
                break
        if chosen is None:
            return None
        name, c = chosen
        solved = ring.variable(name) - p * c
        step = [solved if other == name else ring.variable(other) for other in ring.names]
        images = {other: q.compose(*step, ctx=ring.context) for other, q in images.items()}
        free.remove(name)
    small = Ring(free)
    place = [ring.index[name] for name in free]
    out = []
    for name in ring.names:
        q = images[name]
        out.append(small.from_terms([(tuple([int(e[k]) for k in place]) or (0,), c) for e, c in zip(q.monoms(), q.coeffs(), strict=True)]))
    return small, out
