"""The polyhedral complex of a piecewise linear network in the space of its inputs.

The smallest complex that contains the bent hyperplane of every unit: faces of all dimensions, bounded or not, with exact rational
vertices; on every face each unit has one sign and the network is affine.  It is built unit by unit: each cuts the faces that are
there by its own affine restriction, as in [GL22]_, [M22]_ and [B23]_, but exactly, and with directions of unbounded faces
as vertices at infinity (see `tamecheck.geometry.polyhedral.polyhedral_cells`).

.. [GL22] J. E. Grigsby, K. Lindsey, "On transversality of bent hyperplane arrangements and the topological expressiveness of ReLU
   neural networks", SIAM J. Appl. Algebra Geom. 6 (2022).
.. [M22] M. Masden, "Algorithmic determination of the combinatorial structure of the linear regions of ReLU neural networks" (2022).
.. [B23] A. Berzins, "Polyhedral complex extraction from ReLU networks using edge subdivision", ICML 2023.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from math import gcd

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.polyhedral import polyhedral_forms as forms
from tamecheck.geometry.polyhedral.polyhedral_cells import Faces, Row
from tamecheck.geometry.polyhedral.polyhedral_columns import combination, extend, post, scale
from tamecheck.geometry.polyhedral.polyhedral_faces import Affine, Face, Vector, inside
from tamecheck.geometry.polyhedral.polyhedral_forms import Form, Kink, NormalForm
from tamecheck.ground.intervals import Interval
from tamecheck.programs.lowering.pieces import CHOICES
from tamecheck.programs.lowering.tape import Tape

MAXIMAL_DIMENSION = 6
MAXIMAL_FACES = 400_000


class PolyhedralComplex:
    """The faces of a piecewise linear network, exactly.

    Attributes
    ----------
    variables : tuple of str
    faces : list of Face — by dimension
    vertices : list of points; rays : list of primitive integer directions
    lineality : list of integer directions along which nothing happens; then "vertices" are points of the minimal faces
    normal : NormalForm — the kinks
    boxes : the intervals to which the inputs were restricted
    labels : names of kinks that were added by a refinement
    """

    def __init__(self, normal: NormalForm, faces: Faces, boxes: Sequence[Interval], labels: dict[int, str] | None = None) -> None:
        self.normal, self.boxes = normal, list(boxes)
        self.boxed = any([end is not None for box in self.boxes for end in box[:2]])
        self.labels = dict(labels or {})
        self.variables = normal.tape.variables
        self._cells = faces
        self._read()

    def _read(self) -> None:
        cells, n = self._cells, self.normal.dimension
        spans = cells.spans()
        extra = len(cells.lineality)
        self.lineality = [_primitive(row[1 : n + 1]) for row in cells.lineality]
        finite = {v: k for k, v in enumerate([v for v in cells.rays.values() if cells.generators[v][0]])}
        infinite = {v: k for k, v in enumerate([v for v in cells.rays.values() if not cells.generators[v][0]])}
        self.vertices: list[Vector] = [tuple([Fraction(c, cells.generators[v][0]) for c in cells.generators[v][1 : n + 1]]) for v in finite]
        self.rays: list[tuple[int, ...]] = [_primitive(cells.generators[v][1 : n + 1]) for v in infinite]
        self._rows = [cells.generators[v] for v in finite]
        self._directions = [cells.generators[v] for v in infinite]
        kept = [f for f in sorted(spans, key=lambda f: (cells.rank[f], f)) if any(v in finite for v in spans[f])]
        place = {f: k for k, f in enumerate(kept)}
        self.faces: list[Face] = []
        for f in kept:
            vertices = tuple(sorted([finite[v] for v in spans[f] if v in finite]))
            rays = tuple(sorted([infinite[v] for v in spans[f] if v in infinite]))
            facets = tuple(sorted([place[g] for g in cells.facets[f] if g in place]))
            self.faces.append(Face(self, len(self.faces), cells.rank[f] - 1 + extra, vertices, rays, facets))

    def __repr__(self) -> str:
        counts = self.count_by_dimension()
        shown = ", ".join([f"{c} of dimension {d}" for d, c in enumerate(counts) if c])
        return f"PolyhedralComplex({', '.join(self.variables)}: {shown})"

    def _repr_html_(self) -> str:
        head = "<tr><th>dimension</th><th>faces</th><th>bounded</th></tr>"
        rows = "".join(
            f"<tr><td>{d}</td><td>{c}</td><td>{sum(f.bounded for f in self.of_dimension(d))}</td></tr>"
            for d, c in enumerate(self.count_by_dimension())
        )
        return f"<table><caption>polyhedral complex in {', '.join(self.variables)}</caption>{head}{rows}</table>"

    def __len__(self) -> int:
        return len(self.faces)

    def __iter__(self):
        return iter(self.faces)

    @property
    def dimension(self) -> int:
        """The number of inputs."""
        return self.normal.dimension

    @property
    def regions(self) -> list[Face]:
        """The faces of full dimension."""
        return self.of_dimension(self.dimension)

    def of_dimension(self, d: int) -> list[Face]:
        """Return the faces of a dimension."""
        return [f for f in self.faces if f.dimension == d]

    def count_by_dimension(self) -> list[int]:
        """Return the numbers of faces of dimension 0, 1, ..., n."""
        counts = [0] * (self.dimension + 1)
        for f in self.faces:
            counts[f.dimension] += 1
        return counts

    def euler_characteristic(self) -> int:
        """Return the sum of (-1)^dimension over all faces, unbounded ones included: (-1)^n for a complex that covers R^n."""
        return sum([1 if f.dimension % 2 == 0 else -1 for f in self.faces])

    @cached_property
    def cofaces(self) -> list[tuple[int, ...]]:
        """For every face the faces of one dimension more that it bounds."""
        out: list[list[int]] = [[] for _ in self.faces]
        for f in self.faces:
            for g in f.facets:
                out[g].append(f.number)
        return [tuple(c) for c in out]

    # ------------------------------------------------------------------- functions

    def place(self, output: str | None, entry: int) -> int:
        """Return the place of an output entry among all entries."""
        known = [(name, k) for name, k, _ in self.normal.outputs]
        if not known:
            raise InputError("an unfinished complex has no outputs", code="TC169", hint="build it again with a larger budget")
        key = (known[0][0] if output is None else output, entry)
        if key not in known:
            listed = ", ".join([f"{a}[{b}]" for a, b in known])
            raise InputError(f"there is no output {output!r} entry {entry}", code="TC102", hint=f"one of {listed}")
        return known.index(key)

    def value(self, vertex: int, output: str | None = None, entry: int = 0) -> Fraction:
        """Return the exact value of an output at a vertex."""
        row = self._rows[vertex]
        return self._apply(self.normal.outputs[self.place(output, entry)][2], row) / row[0]

    def slope(self, ray: int, output: str | None = None, entry: int = 0) -> Fraction:
        """Return the growth of an output per unit of a primitive direction."""
        row = self._directions[ray]
        first = next(k for k in range(1, self.dimension + 1) if row[k])
        factor = Fraction(row[first], self.rays[ray][first - 1])
        return self._apply(self.normal.outputs[self.place(output, entry)][2], row) / factor

    def lineality_slopes(self, output: str | None = None, entry: int = 0) -> list[Fraction]:
        """Return the growth of an output along the basis of the lineality space."""
        return [self._apply(self.normal.outputs[self.place(output, entry)][2], row) for row in self._cells.lineality]

    def _apply(self, form: Form, row: Row) -> Fraction:
        return sum([q * post(self.normal, row, c) / scale(self.normal, c) for c, q in form.items()], Fraction(0))

    def signs_of(self, vertices: Sequence[int], rays: Sequence[int]) -> tuple[int, ...]:
        """Return the sign of every kink on the relative interior of the hull of vertices and rays."""
        n = self.dimension
        rows = [self._rows[v] for v in vertices] + [self._directions[r] for r in rays]
        out = []
        for k in range(len(self.normal.kinks)):
            column = [row[1 + n + k] for row in rows]
            out.append(1 if any([x > 0 for x in column]) else -1 if any([x < 0 for x in column]) else 0)
        return tuple(out)

    def affine(self, signs: Sequence[int]) -> list[Affine]:
        """Return gradient and constant of every output entry where the kinks have these signs."""
        n = self.dimension
        columns: list[list[Fraction]] = [[Fraction(int(i == k)) for i in range(n + 1)] for k in range(n + 1)]
        zero = [Fraction(0)] * (n + 1)
        for k, kink in enumerate(self.normal.kinks):
            active = signs[k] > 0 if kink.kind == "relu" else kink.kind == "select" and forms.truth(self.normal, kink.condition, signs)
            columns.append(combination(kink.form, columns, zero) if active else zero)
        out = []
        for _, _, form in self.normal.outputs:
            total = combination([(c, q / scale(self.normal, c)) for c, q in form.items()], columns, zero)
            out.append((tuple(total[1:]), total[0]))
        return out

    def pattern(self, signs: Sequence[int]) -> dict[str, str]:
        """Return what the program does at every kink where the kinks have these signs."""
        tape, out = self.normal.tape, {}
        for slot in sorted([*self.normal.places, *self.normal.constants]):
            if slot in self.normal.places:
                k, turned = self.normal.places[slot]
                sign = -signs[k] if turned else signs[k]
            else:
                sign = self.normal.constants[slot]
            kink = tape.kink(slot)
            name = kink.name
            text = CHOICES[kink.operator][1 - sign]
            while name in out and out[name] != text:
                name += "'"
            out[name] = text
        return out

    def locate(self, point: Sequence[object]) -> Face:
        """Return the face whose relative interior holds a rational point."""
        q = [Fraction(c) for c in point]
        if len(q) != self.dimension:
            raise InputError(f"a point here has {self.dimension} coordinates, got {len(q)}", code="TC162")
        wanted = self.kink_signs(q)
        for face in self._by_signs.get(wanted, ()):
            if not self.boxed or inside(face, q):
                return face
        raise InputError("the point is outside the box", code="TC163", where=", ".join([str(c) for c in q]))

    @cached_property
    def _by_signs(self) -> dict[tuple[int, ...], list[Face]]:
        out: dict[tuple[int, ...], list[Face]] = {}
        for face in self.faces:
            out.setdefault(face.signs, []).append(face)
        return out

    def kink_signs(self, point: Sequence[Fraction]) -> tuple[int, ...]:
        """Return the signs of the kinks at a point, computed from the kinks themselves."""
        values: list[Fraction] = [Fraction(1), *point]
        signs: list[int] = []
        for kink in self.normal.kinks:
            v = sum([c * values[j] for j, c in kink.form], Fraction(0))
            signs.append((v > 0) - (v < 0))
            if kink.kind == "relu":
                values.append(max(v, Fraction(0)))
            else:
                holds = kink.kind == "select" and forms.truth(self.normal, kink.condition, signs)
                values.append(v if holds else Fraction(0))
                if kink.kind == "select":
                    signs[-1] = (values[-1] > 0) - (values[-1] < 0)
        return tuple(signs)

    # ------------------------------------------------------------------ refinement

    def cut_along(self, form: Form, label: str, budget: Budget | None = None) -> "PolyhedralComplex":
        """Return the complex cut along the zeros of an affine form in the columns; the new kink is the last."""
        cells = self._cells.copy()
        cells.budget = budget
        old = self.normal
        normal = NormalForm(old.tape, list(old.kinks), list(old.outputs), dict(old.places), dict(old.constants))
        scaled = {c: q / scale(normal, c) for c, q in form.items()}
        common = _common(scaled.values())
        kink = Kink("cut", tuple([(c, int(q * common)) for c, q in sorted(scaled.items())]))
        extend(cells, normal, kink)
        return PolyhedralComplex(normal, cells, self.boxes, {**self.labels, len(normal.kinks) - 1: label})

    # ---------------------------------------------------------------------- going out

    def to_networkx(self):
        """Return the face poset as a directed graph: an edge from every face to the faces that bound it."""
        import networkx as nx

        graph = nx.DiGraph()
        for f in self.faces:
            graph.add_node(f.number, dimension=f.dimension, vertices=f.points, rays=f.directions, bounded=f.bounded, signs=f.signs)
        graph.add_edges_from([(f.number, g) for f in self.faces for g in f.facets])
        return graph

    def to_json(self) -> dict:
        """Return the complex as JSON; numbers are exact texts."""
        return {
            "variables": list(self.variables), "dimension": self.dimension, "count_by_dimension": self.count_by_dimension(),
            "euler": self.euler_characteristic(), "lineality": [list(d) for d in self.lineality],
            "vertices": [[str(c) for c in v] for v in self.vertices], "rays": [list(r) for r in self.rays],
            "faces": [
                {"dimension": f.dimension, "vertices": list(f.vertices), "rays": list(f.rays), "facets": list(f.facets), "bounded": f.bounded}
                for f in self.faces
            ],
            "regions": [
                {"face": f.number, "affine": [{"gradient": [str(c) for c in g], "constant": str(b)} for g, b in self.affine(f.signs)],
                 "pattern": f.pattern()} for f in self.regions
            ],
        }  # fmt: skip

    def plot(self, output: str | None = None, entry: int = 0, level: object = 0, ax: object = None, window: object = None) -> object:
        """Draw a complex in two inputs: regions, edges, vertices and the level set (the decision boundary); return the axes."""
        from tamecheck.geometry.polyhedral.polyhedral_pictures import draw

        return draw(self, output, entry, level, ax, window)

    # The questions about a complex live in `polyhedral_topology` and `polyhedral_bounds`; these are their names.

    def level_set(self, level: object = 0, output: str | None = None, entry: int = 0):
        """Return the set where an output has a value, as a subcomplex of a refinement; see `polyhedral_topology`."""
        from tamecheck.geometry.polyhedral.polyhedral_topology import level_set

        return level_set(self, Fraction(level), self.place(output, entry))

    def decision_boundary(self, budget: Budget | None = None):
        """Return where a single output vanishes, or where the largest of several outputs is a tie."""
        from tamecheck.geometry.polyhedral.polyhedral_topology import decision_boundary

        return decision_boundary(self, budget)

    def bounded_faces(self):
        """Return the subcomplex of bounded faces."""
        from tamecheck.geometry.polyhedral.polyhedral_topology import Subcomplex

        return Subcomplex(self, [f.number for f in self.faces if f.bounded])

    def lipschitz(self, norm: object = 2):
        """Return the exact Lipschitz constant of the network in l1, l2 or linf; see `polyhedral_bounds`."""
        from tamecheck.geometry.polyhedral.polyhedral_bounds import lipschitz

        return lipschitz(self, norm)

    def range(self, output: str | None = None, entry: int = 0) -> tuple[Fraction | None, Fraction | None]:
        """Return exact least and largest value, ``None`` where the output is unbounded."""
        from tamecheck.geometry.polyhedral.polyhedral_bounds import output_range

        return output_range(self, output, entry)

    def minima(self, output: str | None = None, entry: int = 0):
        """Return the connected sets of local minima; see `polyhedral_bounds`."""
        from tamecheck.geometry.polyhedral.polyhedral_bounds import minima

        return minima(self, output, entry)

    def linear_pieces(self, output: str | None = None, entry: int = 0) -> list[list[Face]]:
        """Return the connected unions of regions, joined across facets, on which an output is one affine function."""
        from tamecheck.geometry.polyhedral.polyhedral_bounds import linear_pieces

        return linear_pieces(self, output, entry)

    def verify(self) -> int:
        """Evaluate the program itself, exactly, at a point of every face, compare with the face's affine map, and return the number of faces.

        Raises
        ------
        ArithmeticError
            If a value differs: an error of this module.
        """
        from tamecheck.programs.lowering.exact import evaluate

        for f in self.faces:
            values = evaluate(self.normal.tape, f.sample)
            maps = self.affine(f.signs)
            for (name, k, _), (gradient, constant) in zip(self.normal.outputs, maps, strict=True):
                if name in values and values[name][k] != sum([a * x for a, x in zip(gradient, f.sample, strict=True)], constant):
                    raise ArithmeticError(f"the affine map of {f!r} is not that of the program")
        return len(self.faces)

    def flat_regions(self, output: str | None = None, entry: int = 0) -> list[Face]:
        """Return the regions on which an output is constant."""
        k = self.place(output, entry)
        return [f for f in self.regions if not any(self.affine(f.signs)[k][0])]


# ------------------------------------------------------------------------------ building


def build(tape: Tape, boxes: Sequence[Interval] | None = None, budget: Budget | None = None, limit: int = MAXIMAL_FACES) -> PolyhedralComplex:
    """Return the polyhedral complex of a tape.

    Parameters
    ----------
    tape : Tape
    boxes : closed intervals of the coordinates (open ends are closed); those of the tape if not given
    budget : Budget — one step per cut edge
    limit : the largest number of faces

    Raises
    ------
    Refusal
        TC231 not piecewise linear, TC232 it jumps.
    InputError
        TC167 no input or too many.
    BudgetExceeded
        TC313 more faces than the limit, TC301 and TC302; ``partial`` is the complex of the kinks so far.
    """
    n = len(tape.coordinates)
    if not 1 <= n <= MAXIMAL_DIMENSION:
        raise InputError(f"the network has {n} scalar inputs", code="TC167", hint=f"from 1 to {MAXIMAL_DIMENSION}; fix others by values=")
    boxes = tape.boxes if boxes is None else boxes
    for coordinate, (low, high, _, _) in zip(tape.coordinates, boxes, strict=True):
        if low is not None and low == high:
            raise InputError(f"the interval of {coordinate} is one point", code="TC121", hint="fix it by values=")
    normal = forms.normal_form(tape)
    cells = Faces(n, budget)
    restrict(cells, boxes)
    whole = NormalForm(tape, [], normal.outputs, normal.places, normal.constants)
    for kink in normal.kinks:
        try:
            if len(cells.rank) > limit:
                raise BudgetExceeded(f"more than {limit} faces", code="TC313", where="polyhedral complex", hint="a box, or a larger limit")
            extend(cells, whole, kink)
        except BudgetExceeded as stop:
            stop.partial = _unfinished(whole, cells, boxes)
            raise
    return PolyhedralComplex(whole, cells, boxes)


def _unfinished(normal: NormalForm, cells: Faces, boxes: Sequence[Interval]) -> PolyhedralComplex:
    """Return the complex of the kinks that are cut; it has no outputs."""
    done = len(normal.kinks)
    if cells.generators and len(cells.generators[0]) == 1 + normal.dimension + done:
        done -= 1  # the last column is there, its cut is not
    for row in [*cells.generators, *cells.lineality]:
        del row[1 + normal.dimension + done :]
    places = {s: (k, turned) for s, (k, turned) in normal.places.items() if k < done}
    return PolyhedralComplex(NormalForm(normal.tape, normal.kinks[:done], [], places, normal.constants), cells, boxes)


def restrict(cells: Faces, boxes: Sequence[Interval]) -> None:
    """Restrict to closed boxes."""
    for k, (low, high, _, _) in enumerate(boxes):
        for end, side in ((low, 1), (high, -1)):
            if end is None:
                continue
            cells.append(lambda row, k=k, end=end: end.denominator * row[1 + k] - end.numerator * row[0])
            cells.cut()
            cells.keep(side)
            for row in [*cells.generators, *cells.lineality]:
                row.pop()


def _primitive(row: Sequence[int]) -> tuple[int, ...]:
    common = gcd(*row)
    return tuple([x // common for x in row]) if common > 1 else tuple(row)


def _common(values) -> int:
    from math import lcm

    return lcm(*[q.denominator for q in values])
