"""All scalings under which a program is homogeneous: an exact linear system, solved in one pass.

The degree of a node is a linear form in the unknown weights of the inputs.  Sums ask that forms be equal, functions
such as exp that a form vanish; these equations are solved as they appear, so that what is left at the end is a
parametrisation of *all* the scalings that the calculus of `tamecheck.kernel.scaling` accepts for the target, as a
rational vector space.  Its elements are checked again by the kernel's pass, and by the checker.

>>> from tamecheck.frontends.sources import read
>>> found = read("a*max(w*x + b, 0)")
>>> space = scalings(found.program, found.outputs["value"])
>>> space.dimension, len(space.invariances())
(3, 2)
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from tamecheck.ground.intervals import from_text
from tamecheck.kernel.scaling import MAXIMAL_ROUNDS, VALUES, is_cone

Form = dict[int, Fraction]
"""A linear form in the unknowns; the empty form is 0."""

MAXIMAL_WORK = 20_000_000
"""Terms of forms that are written down before the search is given up."""


class TooLong(Exception):
    """The forms have too many terms."""


class System:
    """Linear equations between unknowns, in solved form: some unknowns are forms in the free ones."""

    def __init__(self) -> None:
        self.solved: dict[int, Form] = {}
        self.unknowns = 0
        self.work = 0

    def unknown(self) -> int:
        """Return a new unknown."""
        self.unknowns += 1
        return self.unknowns - 1

    def reduced(self, form: Form) -> Form:
        """Return the form in free unknowns."""
        if not any(v in self.solved for v in form):
            return form
        result: Form = {}
        pending = [(1, form)]
        while pending:
            factor, part = pending.pop()
            self.work += len(part)
            if self.work > MAXIMAL_WORK:
                raise TooLong
            for v, c in part.items():
                inner = self.solved.get(v)
                if inner is None:
                    result[v] = result.get(v, 0) + factor * c
                else:
                    pending.append((factor * c, inner))
        return {v: c for v, c in result.items() if c}

    def vanish(self, form: Form) -> None:
        """Ask that a form be 0."""
        form = self.reduced(form)
        if form:
            v = max(form)  # the newest unknown: what came first stays free
            c = form[v]
            self.solved[v] = {u: -d / c for u, d in form.items() if u != v}

    def combine(self, terms: Iterable[tuple[Fraction | int, Form]]) -> Form:
        """Return a linear combination of forms."""
        result: Form = {}
        for factor, form in terms:
            form = self.reduced(form)
            self.work += len(form)
            if self.work > MAXIMAL_WORK:
                raise TooLong
            for v, c in form.items():
                result[v] = result.get(v, 0) + factor * c
        return {v: c for v, c in result.items() if c}


class Space:
    """The scalings under which a node is homogeneous.

    Attributes
    ----------
    inputs : list of int — the input nodes
    basis : list of (weights, degree) — one scaling per free unknown; weights are keyed by input node
    zero : bool — the node is identically zero
    """

    def __init__(self, inputs: list[int], basis: list[tuple[dict[int, Fraction], Fraction]], zero: bool) -> None:
        self.inputs = inputs
        self.basis = basis
        self.zero = zero

    @property
    def dimension(self) -> int:
        """The number of independent scalings."""
        return len(self.basis)

    def invariances(self) -> list[dict[int, Fraction]]:
        """Return a basis of the scalings that leave the value as it is."""
        found = [w for w, d in self.basis if d == 0]
        moving = [(w, d) for w, d in self.basis if d != 0]
        for w, d in moving[1:]:
            first, degree = moving[0]
            found.append(_sum(w, first, -d / degree))
        return found

    def point(self, coordinates: Sequence[Fraction]) -> tuple[dict[int, Fraction], Fraction]:
        """Return the scaling with these coordinates, and the degree."""
        weights: dict[int, Fraction] = {}
        degree = Fraction(0)
        for c, (w, d) in zip(coordinates, self.basis, strict=True):
            weights = _sum(weights, w, c)
            degree += c * d
        return weights, degree


def _sum(a: dict[int, Fraction], b: dict[int, Fraction], factor: Fraction) -> dict[int, Fraction]:
    result = dict(a)
    for k, v in b.items():
        result[k] = result.get(k, 0) + factor * v
    return {k: v for k, v in result.items() if v}


def scalings(program, target: int, moving: Iterable[int] | None = None) -> Space | None:
    """Return all scalings of the inputs ``moving`` (all by default) under which the target is homogeneous.

    ``None`` when the forms grow too long.
    """
    chosen = set(program.inputs() if moving is None else moving)
    needed = set(program.ancestors([target]))
    system = System()
    place = {n: system.unknown() for n in program.inputs() if n in chosen}
    try:
        given = [{place[n]: Fraction(1)} if n in place else {} for n in program.inputs()]
        form = _Walk(system).run(program, given, needed)[target]
        return _space(system, place, form)
    except (TooLong, RecursionError):
        return None


def _space(system: System, place: dict[int, int], form: Form | None) -> Space:
    forms = {n: system.reduced({v: Fraction(1)}) for n, v in place.items()}
    free = sorted({v for f in forms.values() for v in f})
    columns: dict[int, dict[int, Fraction]] = {v: {} for v in free}
    for n, f in forms.items():
        for v, c in f.items():
            columns[v][n] = c
    degree = {} if form is None else system.reduced(form)
    return Space(list(place), [(columns[v], degree.get(v, Fraction(0))) for v in free], form is None)


class _Walk:
    """The forward pass over forms; ``None`` stands for a node that is identically zero."""

    def __init__(self, system: System) -> None:
        self.system = system

    def run(self, program, given: list[Form | None], needed: set[int]) -> dict[int, Form | None]:
        found: dict[int, Form | None] = {}
        rest = iter(given)
        for n, (kind, parameters, arguments, _) in enumerate(program.nodes):
            if kind == "input":
                form = next(rest)
                if form and not is_cone(from_text(parameters[2])):
                    self.system.vanish(form)
                    form = {}
                found[n] = form
            elif n in needed:
                found[n] = self.node(program, kind, parameters, arguments, [found[a] for a in arguments])
        return found

    def common(self, several: Sequence[Form | None]) -> Form | None:
        """Ask that all forms be equal; return the one."""
        proper = [f for f in several if f is not None]
        if not proper:
            return None
        for other in proper[1:]:
            if other != proper[0]:
                self.system.vanish(self.system.combine([(1, other), (-1, proper[0])]))
        return self.system.reduced(proper[0])

    def fixed(self, several: Sequence[Form | None]) -> Form:
        """Ask that nothing change."""
        for f in several:
            if f:
                self.system.vanish(f)
        return {}

    def node(self, program, kind: str, parameters: tuple, arguments: tuple[int, ...], f: list[Form | None]) -> Form | None:
        combine = self.system.combine
        if kind == "constant":
            return None if parameters[0] == "splat" and Fraction(parameters[1]) == 0 else {}
        if kind == "map":
            return self.map(program, parameters[0], arguments, f)
        if kind == "contract":
            return None if None in f else combine([(1, g) for g in f])
        if kind == "reduce" and parameters[0] == "prod":
            count = 1
            for axis in parameters[1]:
                count *= program.nodes[arguments[0]][3][axis]
            return combine([(count, f[0])]) if f[0] is not None else None if count else {}
        if kind == "reduce" or (kind == "cumulate" and parameters[0] != "prod") or (kind == "order" and parameters[0] in VALUES):
            return f[0]
        if kind == "reindex":
            return self.common(f)
        if kind == "compare":
            self.common(f)
            return {}
        if kind in ("logic", "order"):
            return {}
        if kind == "where":
            return self.common(f[1:])
        if kind == "lookup":
            self.fixed(f[1:])
            return f[0]
        if kind == "linalg" and parameters[0] not in ("logabsdet", "expm"):
            return self.linalg(parameters[0], program.nodes[arguments[0]][3], f)
        if kind == "repeat":
            return self.repeat(program, parameters, f)
        return self.fixed(f)

    def map(self, program, name: str, arguments: tuple[int, ...], f: list[Form | None]) -> Form | None:
        combine = self.system.combine
        if name in ("neg", "abs"):
            return f[0]
        if name == "sign":
            return None if f[0] is None else {}
        if name == "sqrt":
            return None if f[0] is None else combine([(Fraction(1, 2), f[0])])
        if name == "sub" and arguments[0] == arguments[1]:
            return None
        if name in ("add", "sub", "max", "min"):
            return self.common(f)
        if name == "mul":
            return None if None in f else combine([(1, f[0]), (1, f[1])])
        if name == "div" and f[1] is not None:
            return None if f[0] is None else combine([(1, f[0]), (-1, f[1])])
        if name == "pow":
            kind, parameters = program.nodes[arguments[1]][:2]
            if kind == "constant" and parameters[0] == "splat":
                q = Fraction(parameters[1])
                if f[0] is not None:
                    return combine([(q, f[0])])
                return None if q > 0 else {}
        return self.fixed(f)

    def linalg(self, what: str, shape: tuple[int, ...], f: list[Form | None]) -> Form | None:
        if f[0] is None:
            return self.fixed(f)
        if what == "solve":
            return None if f[1] is None else self.system.combine([(1, f[1]), (-1, f[0])])
        factor = {"det": shape[-1], "inverse": -1, "pinv": -1, "cholesky": Fraction(1, 2)}.get(what, 1)
        return self.system.combine([(factor, f[0])])

    def repeat(self, program, parameters: tuple, f: list[Form | None]) -> Form | None:
        """The carries keep their forms: the body's outputs are asked to have those of its inputs."""
        number, _, carries, which, outputs = parameters
        body = program.bodies[number]
        needed = set(body.ancestors(outputs))
        now = list(f)
        for _ in range(MAXIMAL_ROUNDS):
            ends = self.run(body, now, needed)
            joined = [self.common((a, ends[o])) for a, o in zip(now, outputs, strict=False)]
            if [a is None for a in joined] == [a is None for a in now[:carries]]:
                return joined[which]
            now[:carries] = joined
        return self.fixed(now)
