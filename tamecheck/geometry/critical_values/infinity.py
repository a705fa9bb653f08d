"""Critical values at infinity of a piecewise rational function: which method, and what stays open.

One variable: limits.  Two variables: the complete answer of `tamecheck.geometry.critical_values.asymptotic`.  More variables: for each face a
finite set that holds all values (`tamecheck.geometry.critical_values.upper_bounds`) against arcs that prove values
(`tamecheck.geometry.critical_values.escaping_arcs`); candidates that are neither proved nor excluded stay open.

For a function with one piece the complex values (`tamecheck.geometry.critical_values.projective_charts`) stand beside the real ones, which
have to be among them: if they were not, one of two independent routes would be wrong, and nothing is called complete.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flint import fmpz_poly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.critical_values.asymptotic import Plane, on_the_line
from tamecheck.geometry.critical_values.critical import Critical
from tamecheck.geometry.critical_values.critical_pieces import Face, Pieces
from tamecheck.geometry.critical_values.escaping_arcs import Search
from tamecheck.geometry.critical_values.faces_at_infinity import along_faces
from tamecheck.geometry.critical_values.infimum import lower_bound
from tamecheck.geometry.critical_values.linear_spaces import leading_form_is_regular
from tamecheck.geometry.critical_values.lines_of_constancy import slice_of
from tamecheck.geometry.critical_values.multipliers import values_at_infinity
from tamecheck.geometry.critical_values.polar_arcs import polar_arcs
from tamecheck.geometry.critical_values.projective_charts import Values, complex_values, plane_values
from tamecheck.geometry.critical_values.smooth_programs import Smooth
from tamecheck.geometry.critical_values.unbounded_sets import trivial_values
from tamecheck.geometry.critical_values.upper_bounds import chart_limits, face_bound, share
from tamecheck.ground.algebraic import AlgebraicNumber

COMPLEX_SECONDS = 0.5
"""For each chart, where the real values are known from another route."""
SEARCH = 6
"""Seconds for one search of arcs."""


@dataclass
class Value:
    """A value at infinity.

    Attributes
    ----------
    value : AlgebraicNumber
    face : str — signs of the guards along the arc
    arc : dict — variables as texts in s -> 0+, or as a root of a polynomial in the variables
    certificate : ``"arc"`` (limits computed along an explicit arc), ``"branch"`` (a real branch of an algebraic curve) or ``"critical set"``
        (an unbounded cell of critical points)
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
    over_complex: Values | None = None

    def note(self, text: str) -> None:
        """Remember what stays open, once."""
        if text not in self.open:
            self.open.append(text)

    def distinct(self) -> list[AlgebraicNumber]:
        """Return the values in Clarke's sense in increasing order."""
        return sorted({v.value for v in self.values if v.kind != "stratum"})


def at_infinity(pieces: Pieces, sets: Iterable[Critical] = (), budget: Budget | None = None) -> AtInfinity:
    """Return the critical values at infinity.

    Parameters
    ----------
    sets : pieces of Clarke's critical set: in space, those that go to infinity prove trivial values, and others of positive dimension
        are looked at
    """
    n = len(pieces.ring.names)
    result = AtInfinity()
    if n == 1:
        for e in on_the_line(pieces):
            result.values.append(Value(e.value, e.face.key, e.arc, "arc", e.trivial, e.kind))
    try:
        if n == 2:
            _two_variables(pieces, result, sets, budget)
        elif n > 2:
            _space(pieces, result, sets, budget)
        if n < 3 and len(pieces.faces) == 1:
            result.over_complex = _over_complex(pieces, budget)
    except BudgetExceeded as stop:
        _stopped(result, stop)
    _compare(result)
    return result


def _two_variables(pieces: Pieces, result: AtInfinity, sets: Iterable[Critical], budget: Budget | None) -> None:
    (first, *others) = pieces.faces
    if not others and first.value is not None and _tame(pieces, first, budget):
        return
    try:
        _plane(pieces, result, budget)
    except BudgetExceeded as stop:
        if stop.code != "TC306":
            raise
        # a resultant is too large: the methods of space, which do without them
        result.values.clear()
        _space(pieces, result, sets, budget)


def _over_complex(pieces: Pieces, budget: Budget | None) -> Values | None:
    """Return the complex values of a function with one piece in one or two variables."""
    (face,) = pieces.faces
    if face.value is None:
        return None
    found = complex_values(pieces.ring, face.value, chart_limits(budget, COMPLEX_SECONDS))
    top, bottom = face.value
    if not found.exact and len(pieces.ring.names) == 2 and bottom.is_constant():
        try:
            d = int(bottom.coeffs()[0])
            p = plane_values(pieces.ring, top)
            # top has the values d c
            return Values(fmpz_poly([int(c) * d**k for k, c in enumerate(p.coeffs())]), True)
        except BudgetExceeded as stop:
            if stop.code != "TC306":
                raise
    return found


def _compare(result: AtInfinity) -> None:
    """Check that proved values are complex values, too."""
    bound = result.over_complex
    if bound is None or bound.polynomial is None:
        return
    for v in result.values:
        if v.value.sign_of(bound.polynomial) != 0:
            result.complete = False
            result.note(f"the value {v.value} at infinity contradicts the complex values; one of the two routes is wrong, please report this")


def _stopped(result: AtInfinity, stop: BudgetExceeded) -> None:
    result.complete = False
    result.note(f"critical values at infinity: {stop.message}")


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


def _from_a_slice(pieces: Pieces, result: AtInfinity, budget: Budget | None) -> bool:
    """Reduce a function that is constant along a direction to fewer variables; return whether it is."""
    found = slice_of(pieces, budget)
    if found is None:
        return False
    if len(pieces.faces) == 1:
        result.over_complex = complex_values(pieces.ring, pieces.faces[0].value, chart_limits(budget, COMPLEX_SECONDS))
    names = pieces.ring.names
    inner = at_infinity(found.pieces, found.sets.clarke, budget)
    result.complete = inner.complete and not found.sets.open
    result.open += [text for text in [*inner.open, *found.sets.open] if text not in result.open]
    seen: set[AlgebraicNumber] = set()
    for c in found.sets.clarke:
        if c.value not in seen:
            seen.add(c.value)
            result.values.append(Value(c.value, c.face.key, found.arc(c, names), "critical set", True, "piece"))
    for v in inner.values:
        if v.value not in seen:
            result.values.append(Value(v.value, v.face, found.inside(v.arc, names), v.certificate, v.trivial, v.kind))
    return True


def _space(pieces: Pieces, result: AtInfinity, sets: Iterable[Critical], budget: Budget | None) -> None:
    n = len(pieces.ring.names)
    if _from_a_slice(pieces, result, budget):
        return
    positive = [c for c in sets if c.dimension > 0]
    proved: set[AlgebraicNumber] = set()
    for t in trivial_values(positive):
        proved.add(t.value)
        result.values.append(Value(t.value, t.face, t.arc, "critical set", True, "piece"))
    full = [f for f in pieces.faces if f.dimension == n and f.value is not None]
    bounds = [face_bound(pieces, face, budget) for face in pieces.faces if face.value is not None]
    if len(pieces.faces) == 1 and len(bounds) == 1:
        result.over_complex = bounds[0].over_complex
    if any([b.reason for b in bounds]) and not pieces.guards:
        bounded = values_at_infinity(Smooth.of(pieces.graph))
        if bounded is not None:
            bounds[0].replace(set(bounded))
    for b in bounds:
        if b.reason:
            result.complete = False
            result.note(b.reason)
    low = lower_bound(pieces.graph)
    for b in bounds:
        b.values = {v for v in b.values if low is None or not v < low}
    wanted = {c.value for c in positive}

    def missing() -> set[AlgebraicNumber]:
        return wanted.union(*[b.values for b in bounds]) - proved

    if n == 3:
        for face in full:
            _add(result, proved, polar_arcs(pieces, face, missing(), share(budget, SEARCH)), face)
    for b in bounds:
        b.refine(missing())
    for b in bounds:
        if b.face.dimension == n:
            search = Search(pieces, b.face, share(budget, SEARCH), possible=b.possible)
            _add(result, proved, _arcs(search, missing(), not result.complete, n), b.face)
    for e in along_faces(pieces, bounds, proved, share(budget, SEARCH)):
        result.values.append(Value(e.value, e.face, e.arc, "arc", False, e.kind))
        if e.kind == "guard":
            proved.add(e.value)
    for b in bounds:
        b.refine(missing(), thorough=True)
    for value in sorted(set().union(*[b.values for b in bounds]) - proved):
        result.complete = False
        result.note(f"whether {value} is a critical value at infinity")


def _add(result: AtInfinity, proved: set[AlgebraicNumber], found: Iterable[tuple[AlgebraicNumber, dict[str, str], bool]], face: Face) -> None:
    for value, arc, trivial in found:
        if value not in proved:
            proved.add(value)
            result.values.append(Value(value, face.key, arc, "arc", trivial, "piece"))


def _arcs(search: Search, wanted: set[AlgebraicNumber], more: bool, n: int) -> Iterator[tuple[AlgebraicNumber, dict[str, str], bool]]:
    """Search arcs for candidates, and for anything where these are not all."""
    if wanted:
        search.try_all(wanted, reach=3, terms=2)
    if more:
        search.try_all(None, reach=1 if n > 3 else 2, terms=0 if n > 3 else 1)
    for value, arc in search.found.items():
        yield value, arc.text(search.pieces.ring.names), arc.trivial(search.face.value)


def _tame(pieces: Pieces, face: Face, budget: Budget | None) -> bool:
    """Return whether the leading form of a polynomial has no real critical point but 0: then ``|x| |grad f|`` tends to infinity."""
    top, bottom = face.value
    return bottom.is_constant() and leading_form_is_regular(pieces.ring, top, budget)
