"""Analytic functions of several variables along curves of one parameter: exact limits, and critical points on the whole space.

Along a curve ``x_i = x_i(t)`` with x_i(t) a constant, ``t``, ``-t``, ``1/t``, ``exp(-t)``, or the solution of an equation that is linear in x_i, a
function of several variables is one of one variable, whose limits as t -> oo are exact (`tamecheck.geometry.univariate`).  If f -> c and all
products ``x_j df/dx_i`` -> 0, then c is a critical value at infinity, with the curve as certificate.

Critical points on the whole space: a partial derivative that depends on one variable only is solved on the whole line, its zeros are put
in, and so on.  Where that does not close, only a box is searched (`tamecheck.geometry.critical_values.krawczyk`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from tamecheck.geometry.critical_values.infimum import interval_of
from tamecheck.geometry.critical_values.linear_variables import reduce
from tamecheck.geometry.critical_values.smooth_programs import NotSmooth, Smooth
from tamecheck.geometry.univariate import constants
from tamecheck.geometry.univariate.asymptotics import Unknown, leading
from tamecheck.geometry.univariate.expressions import Algebra, Expr, TooLarge, Undefined
from tamecheck.geometry.univariate.isolation import zeros
from tamecheck.geometry.univariate.regions import compare_limits, limit_of

INFINITY = (None, -1)
"""The end t -> oo of the one-variable engine."""
CURVES = ("0", "t", "-t", "1", "-1", "1/t", "-1/t", "exp(-t)", "-exp(-t)")


@dataclass
class Escape:
    """A critical value at infinity with its curve (texts in t -> oo)."""

    value: Expr
    curve: dict[str, str]
    trivial: bool


def expressions(program: Smooth, point: Sequence[Expr], algebra: Algebra) -> list[Expr]:
    """Return the outputs of a program with expressions of one variable put for its variables.

    Raises
    ------
    NotSmooth
        For an operation without an expression, or a division by zero.
    """
    values: dict[int, Expr] = {}
    k = algebra
    for n in program.order():
        op = program.graph.operations[n]
        kind = op[0]
        try:
            values[n] = _one(k, op, kind, values, point)
        except (Undefined, TooLarge, ZeroDivisionError) as reason:
            raise NotSmooth(str(reason)) from reason
    return [values[n] for n in program.outputs]


def _one(k: Algebra, op: tuple, kind: str, v: dict[int, Expr], point: Sequence[Expr]) -> Expr:
    if kind == "number":
        return k.number(op[1])
    if kind == "variable":
        return point[op[1]]
    if kind in ("add", "sub", "mul", "div"):
        return getattr(k, kind)(v[op[1]], v[op[2]])
    if kind == "neg":
        return k.neg(v[op[1]])
    if kind == "power":
        return k.power(v[op[1]], op[2])
    name = op[1]
    one = k.number(1)
    if name == "pi":
        return k.pi
    if name == "2/sqrt(pi)":
        return k.div(k.number(2), k.sqrt(k.pi))
    a = v[op[2]]
    if name == "exp":
        return k.exp(a)
    if name in ("log", "sqrt"):
        if not _positive_far_out(a):
            raise NotSmooth(f"{name} of what is not positive along the curve")
        return k.log(a) if name == "log" else k.sqrt(a)
    if name == "sigmoid":
        return k.div(one, k.add(one, k.exp(k.neg(a))))
    if name == "bump":
        return k.mul(a, k.sub(one, a))
    if name == "tanh":
        e = k.exp(k.scale(-2, a))
        return k.div(k.sub(one, e), k.add(one, e))
    if name == "softplus":
        return k.log(k.add(one, k.exp(a)))
    if name in ("atan", "erf"):
        return k.function(name, a)
    raise NotSmooth(name)


def entire(program: Smooth) -> bool:
    """Return whether all operations are certainly analytic on the whole space: no logarithm, no root, denominators with a positive lower bound."""
    lows: list = []
    highs: list = []
    for op in program.graph.operations:
        low, high = interval_of(op, lows, highs)
        lows.append(low)
        highs.append(high)
        if op[0] == "function" and op[1] in ("log", "sqrt"):
            return False
        if op[0] == "div" and not (lows[op[2]] is not None and lows[op[2]] > 0):
            return False
    return True


def _positive_far_out(e: Expr) -> bool:
    """Return whether an expression is certainly positive for all large t."""
    try:
        return constants.sign(e) == 1 if not e.varies else leading(e, INFINITY).sign == 1
    except Unknown:
        return False


class Space:
    """A function of several variables with its gradient as a program, and what is known about it on the whole space."""

    def __init__(self, program: Smooth) -> None:
        self.names = program.graph.names
        self.n = program.n
        f = program.outputs[0]
        self.program = program
        program.outputs = [f, *program.gradient()]
        self.algebra = Algebra()

    def with_outputs(self, outputs: Sequence[int]) -> Smooth:
        """Return the program with other outputs."""
        self.program.outputs = list(outputs)
        return self.program

    def curve(self, text: str) -> Expr:
        """Return one of the standard curves."""
        k = self.algebra
        t = k.x
        sign = -1 if text.startswith("-") else 1
        body = text.lstrip("-")
        e = t if body == "t" else k.div(k.number(1), t) if body == "1/t" else k.exp(k.neg(t)) if body == "exp(-t)" else k.number(int(body))
        return e if sign > 0 else k.neg(e)

    # ------------------------------------------------------------------- infinity

    def escapes(self) -> list[Escape]:
        """Return critical values at infinity along standard curves, each once."""
        outputs = list(self.program.outputs)
        found: list[Escape] = []
        for texts in product(CURVES, repeat=self.n):
            if not any([t in ("t", "-t") for t in texts]):
                continue
            self._try([self.curve(t) for t in texts], dict(zip(self.names, texts, strict=True)), found, outputs)
        for point, texts in self._valleys(outputs):
            self._try(point, texts, found, outputs)
        self.program.outputs = outputs
        return found

    def unbounded_below(self) -> bool:
        """Return whether f tends to -oo along one of the standard curves."""
        outputs = list(self.program.outputs)
        self.program.outputs = outputs[:1]
        try:
            for texts in product(CURVES[:7], repeat=self.n):
                try:
                    (f,) = expressions(self.program, [self.curve(t) for t in texts], self.algebra)
                except NotSmooth:
                    continue
                if limit_of(f, INFINITY) == -1:
                    return True
            return False
        finally:
            self.program.outputs = outputs

    def _valleys(self, outputs: list[int]) -> Iterator[tuple[list[Expr], dict[str, str]]]:
        """Return curves on which variables that occur linearly in a derivative are solved for."""
        self.program.outputs = outputs[1:]
        reduced = reduce(self.program)
        self.program.outputs = outputs
        if not reduced.eliminated:
            return
        reduced.program.outputs = reduced.solutions
        for texts in product(CURVES[:5], repeat=len(reduced.kept)):
            if not any([t in ("t", "-t") for t in texts]):
                continue
            small = [self.curve(t) for t in texts]
            try:
                solved = expressions(reduced.program, small, self.algebra)
            except NotSmooth:
                continue
            point: list[Expr] = [self.algebra.zero] * self.n
            shown: dict[str, str] = {}
            for k, e, t in zip(reduced.kept, small, texts, strict=True):
                point[k], shown[self.names[k]] = e, t
            for k, e in zip(reduced.eliminated, solved, strict=True):
                from tamecheck.geometry.univariate.printing import text

                point[k], shown[self.names[k]] = e, text(e).replace("x", "t").replace("etp", "exp")
            yield point, shown

    def _try(self, point: Sequence[Expr], texts: dict[str, str], found: list[Escape], outputs: list[int]) -> None:
        self.program.outputs = outputs
        k = self.algebra
        try:
            f, *slopes = expressions(self.program, point, k)
        except NotSmooth:
            return
        value = limit_of(f, INFINITY)
        if not isinstance(value, Expr) or any([compare_limits(value, e.value) == 0 for e in found]):
            return
        for d in slopes:
            for x in point:
                weighted = limit_of(k.mul(x, d), INFINITY)
                if not isinstance(weighted, Expr) or compare_limits(weighted, k.zero) != 0:
                    return
        trivial = all([d is k.zero for d in slopes])
        found.append(Escape(value, texts, trivial))

    # ------------------------------------------------------------- the whole space

    def everywhere(self) -> list[tuple[list[Expr], int]] | None:
        """Return all critical points on the whole space as (point, dimension), ``None`` if the equations do not separate.

        A curve of critical points is given by one of its points.
        """
        if not entire(self.program):
            return None
        points = self._separated()
        if points is not None:
            return [(p, 0) for p in points]
        return self._on_a_line()

    def _on_a_line(self) -> list[tuple[list[Expr], int]] | None:
        """Solve for the variables that occur linearly; if one is left, the one-variable engine finds all its zeros."""
        outputs = list(self.program.outputs)
        self.program.outputs = outputs[1:]
        reduced = reduce(self.program)
        self.program.outputs = outputs
        if len(reduced.kept) != 1:
            return None
        k = self.algebra
        try:
            small = reduced.program
            equations = expressions(small, [k.x], k)
            small.outputs = reduced.slopes
            for slope in expressions(small, [k.x], k):
                found = zeros(slope, None, None)
                if found.zeros or found.open or found.identical:
                    return None
            small.outputs = reduced.solutions
            solved = expressions(small, [k.x], k)
        except NotSmooth:
            return None
        results = [zeros(e, None, None) for e in equations]
        if any([r.open for r in results]):
            return None
        nonzero = [(e, r) for e, r in zip(equations, results, strict=True) if not r.identical]
        at, dimension = ([k.zero], 1) if not nonzero else ([z.point for z in nonzero[0][1].zeros], 0)
        out = []
        for t in at:
            signs = [compare_limits(k.at(e, t), k.zero) for e, _ in nonzero[1:]]
            if None in signs:
                return None
            if any(signs):
                continue
            point: list[Expr] = [t] * self.n
            for i, e in zip(reduced.eliminated, solved, strict=True):
                point[i] = k.at(e, t)
            out.append((point, dimension))
        return out

    def _separated(self) -> list[list[Expr]] | None:
        outputs = list(self.program.outputs)
        points: list[dict[int, Expr]] = [{}]
        equations = list(range(1, self.n + 1))
        support = self.program.depends()
        try:
            while equations:
                chosen = None
                for e in equations:
                    left = [k for k in range(self.n) if support[outputs[e]] >> k & 1 and k not in points[0]] if points else []
                    if len(left) <= 1:
                        chosen = (e, left)
                        break
                if not points:
                    return []
                if chosen is None:
                    return None
                e, left = chosen
                equations.remove(e)
                more: list[dict[int, Expr]] = []
                for p in points:
                    some = self._solve(outputs[e], left, p)
                    if some is None:
                        return None
                    more += some
                points = more
                if not points:
                    return []
            if any([len(p) < self.n for p in points]):
                return None
            return [[p[k] for k in range(self.n)] for p in points]
        except NotSmooth:
            return None
        finally:
            self.program.outputs = outputs

    def _solve(self, equation: int, left: list[int], known: dict[int, Expr]) -> list[dict[int, Expr]] | None:
        """Return the extensions of a partial point that satisfy an equation with at most one unknown."""
        k = self.algebra
        self.program.outputs = [equation]
        point = [known.get(i, k.x) for i in range(self.n)]
        (e,) = expressions(self.program, point, k)
        if not left:
            s = compare_limits(e, k.zero)
            return None if s is None else [known] if s == 0 else []
        found = zeros(e, None, None)
        if found.identical or found.open:
            return None
        return [{**known, left[0]: z.point} for z in found.zeros]

    def value(self, point: Sequence[Expr]) -> Expr:
        """Return f at a point."""
        outputs = list(self.program.outputs)
        self.program.outputs = outputs[:1]
        (v,) = expressions(self.program, point, self.algebra)
        self.program.outputs = outputs
        return v
