"""A piecewise rational function as a list of faces: sign conditions, the quotient of polynomials there, and what AD returns there.

The *guards* are the irreducible factors of everything whose sign matters: arguments of ``relu``, ``abs``, ``max``, conditions of ``where``,
denominators.  They are found by evaluating the formula on every face of the guards found before, until no sign is missing.
A face is the set of points with one vector of signs; only faces that exist are listed, each with exact samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from flint import fmpz_mpoly

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.geometry.cad.algebraic_values import Quotient
from tamecheck.geometry.cad.cells import Cell, Decomposition
from tamecheck.geometry.critical_values.critical_graph import Graph
from tamecheck.geometry.critical_values.critical_rules import Rules, as_rules
from tamecheck.ground.polynomials import MAXIMAL_TERMS, Ring, positive

MAXIMAL_GUARDS = 40
MAXIMAL_FACES = 5_000
MAXIMAL_DEGREE = 60


class NotAlgebraic(Exception):
    """The formula holds a function that is not algebraic."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Missing(Exception):
    """A sign is needed that is not known on this face."""

    def __init__(self, factor: fmpz_mpoly, turned: bool) -> None:
        super().__init__(str(factor))
        self.factor, self.turned = factor, turned


def one_sided(graph: Graph, argument: int, inner: int, rule: str | tuple) -> dict[Fraction, Fraction]:
    """Return the derivatives that a rule by sides gives at the (rational) kinks of a function of one argument."""
    small = Graph(["t"])
    place = {argument: small.add("variable", 0)}
    for n in _below(graph, inner, argument):
        op = graph.operations[n]
        kept = [c if isinstance(c, str | Fraction) or k not in children_of(op) else place[c] for k, c in enumerate(op)]
        place[n] = small.add(*kept)
    small.root = place[inner]
    pieces = Pieces(small, Rules())
    lines = sorted([f for f in pieces.faces], key=lambda f: f.cells[0].index if f.cells else (0,))
    found: dict[Fraction, Fraction] = {}
    for left, middle, right in zip(lines, lines[1:], lines[2:], strict=False):
        if middle.dimension or left.value is None or right.value is None or len(middle.cells) != 1:
            continue
        x = middle.cells[0].sample[0]
        if not isinstance(x, Fraction):
            continue
        sides = []
        for f in (left, right):
            top, bottom = f.value
            slope = (top.derivative(0) * bottom - top * bottom.derivative(0), bottom * bottom)
            sides.append(_at(slope[0], x) / _at(slope[1], x))
        chosen = rule if isinstance(rule, str) else rule[len(found)] if len(found) < len(rule) else None
        if isinstance(chosen, Fraction):
            found[x] = chosen
        elif chosen is not None:
            values = {"left": sides[0], "right": sides[1], "mean": sum(sides) / 2, "largest": max(sides), "smallest": min(sides)}
            found[x] = values[chosen]
    return found


def _at(p: fmpz_mpoly, x: Fraction) -> Fraction:
    return sum([int(c) * x ** int(e[0]) for e, c in zip(p.monoms(), p.coeffs(), strict=True)], Fraction(0))


def _below(graph: Graph, root: int, stop: int) -> list[int]:
    """Return the operations that a root depends on, without going below ``stop``."""
    wanted = {root}
    out = []
    for n in range(root, -1, -1):
        if n in wanted and n != stop:
            out.append(n)
            wanted.update(_arguments(graph.operations[n]))
    return out[::-1]


def children_of(op: tuple) -> range:
    """Return the positions in an operation that hold other operations."""
    kind = op[0]
    if kind in ("number", "variable"):
        return range(0)
    if kind in ("named", "compare", "function"):
        return range(2, 4 if kind == "named" else len(op))
    return range(1, 2) if kind == "power" else range(1, len(op))


@dataclass
class Face:
    """The points with one vector of signs of the guards.

    Attributes
    ----------
    signs : tuple of int — one per guard, in the orientation in which the formula uses it
    dimension : int
    cells : list of Cell — of the decomposition of the guards; together they are the face
    value : (numerator, denominator) or None — where the function is defined
    gradient : list of quotients or None — what AD returns
    """

    signs: tuple[int, ...]
    dimension: int
    cells: list[Cell] = field(repr=False)
    value: Quotient | None = None
    gradient: list[Quotient] | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """The signs as text, ``"all"`` where there are no guards."""
        return "".join(["0+-"[s] for s in self.signs]) or "all"


class Pieces:
    """A piecewise rational function.

    Attributes
    ----------
    ring : Ring
    guards : list of fmpz_mpoly — irreducible, primitive, positive first coefficient
    turned : list of bool — whether the formula uses the guard with the opposite sign
    faces : list of Face
    decomposition : Decomposition or None — of space by the guards, if there are any
    """

    def __init__(self, graph: Graph, rules: Rules | None = None, budget: Budget | None = None) -> None:
        self.graph = graph
        self.rules = as_rules(rules)
        self.budget = budget
        self.ring = Ring(graph.names)
        self.guards: list[fmpz_mpoly] = []
        self.turned: list[bool] = []
        self.decomposition: Decomposition | None = None
        self.faces: list[Face] = []
        self.sides: dict[tuple, dict[Fraction, Fraction]] = {}
        self._run()

    def __repr__(self) -> str:
        return f"Pieces({len(self.faces)} faces of {len(self.guards)} guards in {', '.join(self.ring.names)})"

    def _run(self) -> None:
        while True:
            self._split()
            missing: dict[str, _Missing] = {}
            for face in self.faces:
                try:
                    self._evaluate(face)
                except _Missing as need:
                    missing.setdefault(str(need.factor), need)
            if not missing:
                break
            for need in missing.values():
                self.guards.append(need.factor)
                self.turned.append(need.turned)
            if len(self.guards) > MAXIMAL_GUARDS:
                raise BudgetExceeded(f"more than {MAXIMAL_GUARDS} breakpoint functions", code="TC306", where="piecewise functions")
        self._drop_idle()

    def _split(self) -> None:
        """Make the faces of the guards known so far."""
        n = len(self.ring.names)
        if not self.guards:
            self.faces = [Face((), n, [])]
            return
        d = Decomposition(self.ring, self.guards, [self.ring.text(g) for g in self.guards])
        d.prepare("auto")
        d.resume(self.budget)
        self.decomposition = d
        found: dict[tuple[int, ...], Face] = {}
        for cell in d:
            signs = tuple([-s if t else s for s, t in zip(cell.signs, self.turned, strict=True)])
            face = found.get(signs)
            if face is None:
                face = found[signs] = Face(signs, 0, [])
                if len(found) > MAXIMAL_FACES:
                    raise BudgetExceeded(f"more than {MAXIMAL_FACES} faces", code="TC306", where="piecewise functions")
            face.cells.append(cell)
            face.dimension = max(face.dimension, cell.dimension)
        self.faces = list(found.values())

    def _drop_idle(self) -> None:
        """Forget guards with one sign everywhere."""
        keep = [k for k in range(len(self.guards)) if len({f.signs[k] for f in self.faces}) > 1]
        if len(keep) < len(self.guards):
            self.guards = [self.guards[k] for k in keep]
            self.turned = [self.turned[k] for k in keep]
            for f in self.faces:
                f.signs = tuple([f.signs[k] for k in keep])

    # ------------------------------------------------------------------ evaluation

    def conditions(self, face: Face) -> list:
        """Return the strict conditions of a face (without its equations) as (polynomial, signs)."""
        out = []
        for g, t, s in zip(self.guards, self.turned, face.signs, strict=True):
            if s:
                out.append((g, frozenset([-s if t else s])))
        return out

    def equations(self, face: Face) -> list[fmpz_mpoly]:
        """Return the guards that vanish on a face."""
        return [g for g, s in zip(self.guards, face.signs, strict=True) if s == 0]

    def guard_text(self, k: int) -> str:
        """Return a guard in the orientation in which the formula uses it."""
        return self.ring.text(-self.guards[k] if self.turned[k] else self.guards[k])

    def _evaluate(self, face: Face) -> None:
        known = {str(g): (-s if t else s) for g, t, s in zip(self.guards, self.turned, face.signs, strict=True)}
        run = _Run(self, known)
        run.evaluate()
        face.value, face.gradient = run.result()


UNDEFINED = None


class _Run:
    """The evaluation of all operations on one face: (numerator, denominator) with AD's gradient, a truth value, or undefined."""

    def __init__(self, pieces: Pieces, known: dict[str, int]) -> None:
        self.pieces, self.known = pieces, known
        self.ring, self.rules = pieces.ring, pieces.rules
        self.n = len(self.ring.names)
        self.values: list = []
        self.one, self.zero = self.ring.constant(1), self.ring.constant(0)
        self.flat: list[Quotient] = [(self.zero, self.one)] * self.n

    def result(self) -> tuple[Quotient | None, list[Quotient] | None]:
        """Return the value and the gradient at the root."""
        v = self.values[self.pieces.graph.root]
        if isinstance(v, bool):
            return self._number(Fraction(int(v)))
        return (None, None) if v is UNDEFINED else v

    def sign(self, p: fmpz_mpoly) -> int:
        """Return the sign of a polynomial on the face."""
        if p.is_zero():
            return 0
        if p.is_constant():
            return 1 if p.coeffs()[0] > 0 else -1
        unit, factors = self.ring.factors(p)
        sign = 1 if unit > 0 else -1
        odd = [q for q, e in factors if e & 1]
        missing = None
        for q, e in factors:
            if positive(q):
                sign *= (1 if q.coeffs()[0] > 0 else -1) if e & 1 else 1
                continue
            s = self.known.get(str(q))
            if s is None:
                missing = missing if missing is not None else q
            elif s == 0:
                return 0
            elif e & 1:
                sign *= s
        if missing is not None:
            turned = len(odd) == 1 and unit < 0 and str(odd[0]) == str(missing)
            raise _Missing(missing, turned)
        return sign

    def quotient_sign(self, v) -> int:
        top, bottom = v[0]
        return self.sign(top) * self.sign(bottom)

    def reduce(self, top: fmpz_mpoly, bottom: fmpz_mpoly) -> Quotient:
        """Return a quotient in lowest terms."""
        if top.is_zero():
            return self.zero, self.one
        if not bottom.is_one():
            common = top.gcd(bottom)
            if not common.is_one():
                top, bottom = top / common, bottom / common
            if bottom.coeffs()[0] < 0:
                top, bottom = -top, -bottom
        if len(top) > MAXIMAL_TERMS or (len(top) and max(top.degrees()) > MAXIMAL_DEGREE * 4):
            raise InputError("a piece of the function is a polynomial of too large a degree", code="TC151")
        return top, bottom

    def _number(self, q: Fraction):
        return (self.ring.constant(q.numerator), self.ring.constant(q.denominator)), list(self.flat)

    def plus(self, a: Quotient, b: Quotient, sign: int = 1) -> Quotient:
        """Return a + b or a - b."""
        if a[1] == b[1]:
            return self.reduce(a[0] + b[0] * sign, a[1])
        return self.reduce(a[0] * b[1] + b[0] * a[1] * sign, a[1] * b[1])

    def times(self, a: Quotient, b: Quotient) -> Quotient:
        """Return ab."""
        return self.reduce(a[0] * b[0], a[1] * b[1])

    def evaluate(self) -> None:
        """Evaluate everything the root depends on, in order."""
        operations = self.pieces.graph.operations
        root = self.pieces.graph.root
        wanted = bytearray(len(operations))
        wanted[root] = 1
        for k in range(root, -1, -1):
            if wanted[k]:
                for c in _arguments(operations[k]):
                    wanted[c] = 1
        self.values = [None] * len(operations)
        for k, op in enumerate(operations):
            if wanted[k]:
                self.values[k] = self._operation(op)

    def _operation(self, op: tuple):
        kind = op[0]
        if kind == "number":
            return self._number(op[1])
        if kind == "variable":
            gradient = list(self.flat)
            gradient[op[1]] = (self.one, self.one)
            return (self.ring.variable(self.ring.names[op[1]]), self.one), gradient
        if kind == "where":
            c = self.truth(self.values[op[1]])
            return UNDEFINED if c is None else self.values[op[2] if c else op[3]]
        if kind == "named":
            return self._named(op)
        if kind == "function":
            return self._function(op)
        arguments = [self.values[c] for c in _arguments(op)]
        if any([a is UNDEFINED for a in arguments]):
            return UNDEFINED
        if kind in ("and", "or", "xor", "not"):
            t = [self.truth(a) for a in arguments]
            return {"and": all(t), "or": any(t), "xor": t[0] != t[-1], "not": not t[0]}[kind]
        arguments = [self._number(Fraction(int(a))) if isinstance(a, bool) else a for a in arguments]
        if kind == "compare":
            s = self._difference_sign(arguments)
            return {"lt": s < 0, "le": s <= 0, "eq": s == 0, "ne": s != 0, "gt": s > 0, "ge": s >= 0}[op[1]]
        return getattr(self, f"_{kind}")(*arguments, *([op[2]] if kind == "power" else []))

    def truth(self, v) -> bool | None:
        """Return whether a value is not zero."""
        if v is UNDEFINED or isinstance(v, bool):
            return v
        return self.quotient_sign(v) != 0

    def _difference_sign(self, arguments: list) -> int:
        top, bottom = self.plus(arguments[0][0], arguments[1][0], -1)
        return self.sign(top) * self.sign(bottom)

    # ----------------------------------------------------------------- operations

    def _add(self, a, b):
        return self.plus(a[0], b[0]), [self.plus(x, y) for x, y in zip(a[1], b[1], strict=True)]

    def _sub(self, a, b):
        return self.plus(a[0], b[0], -1), [self.plus(x, y, -1) for x, y in zip(a[1], b[1], strict=True)]

    def _neg(self, a):
        return (-a[0][0], a[0][1]), [(-x, y) for x, y in a[1]]

    def _mul(self, a, b):
        gradient = [self.plus(self.times(x, b[0]), self.times(y, a[0])) for x, y in zip(a[1], b[1], strict=True)]
        return self.times(a[0], b[0]), gradient

    def _div(self, a, b):
        if self.sign(b[0][0]) == 0:
            return UNDEFINED
        inverse = self.reduce(b[0][1], b[0][0])
        value = self.times(a[0], inverse)
        gradient = [self.times(self.plus(x, self.times(value, y), -1), inverse) for x, y in zip(a[1], b[1], strict=True)]
        return value, gradient

    def _power(self, a, e: int):
        (top, bottom), gradient = a
        if len(top) > 1 and len(top) ** min(e, 4) > MAXIMAL_TERMS or max(top.degrees(), default=0) * e > MAXIMAL_DEGREE * 4:
            raise InputError("a power in this formula is too large", code="TC151")
        factor = self.times((top ** (e - 1), bottom ** (e - 1)), (self.ring.constant(e), self.one))
        return self.reduce(top**e, bottom**e), [self.times(factor, x) for x in gradient]

    def _scale(self, a, q: Fraction):
        return [self.times(x, (self.ring.constant(q.numerator), self.ring.constant(q.denominator))) for x in a]

    def _abs(self, a):
        s = self.quotient_sign(a)
        if s == 0:
            return (self.zero, self.one), self._scale(a[1], self.rules.absolute)
        return a if s > 0 else self._neg(a)

    def _sign(self, a):
        return self._number(Fraction(self.quotient_sign(a)))

    def _max(self, a, b):
        return self._extremum("max", a, b)

    def _min(self, a, b):
        return self._extremum("min", a, b)

    def _extremum(self, name: str, a, b):
        s = self._difference_sign([a, b])
        if s == 0:
            x, y = self.rules.ties[name]
            return a[0], [self.plus(p, q) for p, q in zip(self._scale(a[1], x), self._scale(b[1], y), strict=True)]
        return a if (s > 0) == (name == "max") else b

    def _stop(self, a):
        return a[0], list(self.flat)

    def _named(self, op: tuple):
        """Return a call: the value of its definition; at a kink that a rule names, the rule's derivative."""
        name, u, inner = op[1], self.values[op[2]], self.values[op[3]]
        table = self.rules.kink(name)
        if isinstance(table, str | tuple):
            cache = self.pieces.sides
            if op not in cache:
                cache[op] = one_sided(self.pieces.graph, op[2], op[3], table)
            table = cache[op]
        if not table or u is UNDEFINED or inner is UNDEFINED or isinstance(u, bool) or isinstance(inner, bool):
            return inner
        for place, derivative in table.items():
            top, bottom = self.plus(u[0], (self.ring.constant(place.numerator), self.ring.constant(place.denominator)), -1)
            if self.sign(top) == 0 and self.sign(bottom) != 0:
                return inner[0], self._scale(u[1], derivative)
        return inner

    def _function(self, op: tuple):
        """Return an exact root of a number that has one, or refuse."""
        name = op[1]
        if name == "root":
            a = self.values[op[2]]
            if a is not UNDEFINED and not isinstance(a, bool) and a[0][0].is_constant() and a[0][1].is_constant():
                root = _exact_root(Fraction(int(a[0][0].coeffs()[0]) if len(a[0][0]) else 0, int(a[0][1].coeffs()[0])), op[3])
                if root is not None:
                    return self._number(root)
        raise NotAlgebraic("sqrt" if name == "root" and op[3] == Fraction(1, 2) else name)


def _exact_root(q: Fraction, exponent: Fraction) -> Fraction | None:
    from math import isqrt

    if exponent != Fraction(1, 2) or q < 0:
        return None
    a, b = isqrt(q.numerator), isqrt(q.denominator)
    return Fraction(a, b) if a * a == q.numerator and b * b == q.denominator else None


def _arguments(op: tuple) -> Sequence[int]:
    kind = op[0]
    if kind in ("number", "variable"):
        return ()
    if kind == "named":
        return op[2:4]
    if kind in ("compare", "function"):
        return tuple([c for c in op[2:] if isinstance(c, int)])
    if kind == "power":
        return op[1:2]
    return op[1:]
