"""Near-homogeneity: a degree M and polynomials that bound how far a network is from being M-homogeneous.

For a group theta of inputs, r its Euclidean norm, f is *near-M-homogeneous* (Cai, Zhou, Wu, Mei, Lindsey, Bartlett, arXiv 2502.16075)
when for every element h of its Clarke subdifferential

    |<h, theta> - M f| <= p'(r),   |f| <= q(r),   |h| <= g(r)

with polynomials of non-negative coefficients, p' of degree below M.  Then f(r u)/r^M has a limit f_H(u), the homogenisation, and
|f - f_H| <= p_a(r), where p_a is the one polynomial of degree below M with M p_a - r p_a' = p'.

Every node gets a degree and bounds on its entries and on the Euclidean norm of the whole tensor, by rules each of
which is a line of calculus (`tests/proofs/test_near_homogeneity.py` compares them with samples).  Coefficients are
rational upper bounds.  Nodes that are exactly homogeneous have defect 0 whatever they are made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt, prod
from typing import NamedTuple

from tamecheck.kernel.scaling import ANY, degrees
from tamecheck.proofs.gates import Gate, Gates

Poly = tuple[Fraction, ...]
"""Coefficients, lowest first, all >= 0."""

ONE: Poly = (Fraction(1),)
R: Poly = (Fraction(0), Fraction(1))
ZERO: Poly = ()


def plus(*several: Poly | None) -> Poly | None:
    """Return the sum; None, no bound, absorbs."""
    if None in several:
        return None
    size = max(map(len, several), default=0)
    return tuple([sum([p[i] for p in several if i < len(p)], Fraction(0)) for i in range(size)])


def times(a: Poly | None, b: Poly | None) -> Poly | None:
    """Return the product; 0 times no bound is 0."""
    if a == ZERO or b == ZERO:
        return ZERO
    if a is None or b is None:
        return None
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return tuple(result)


def scaled(a: Poly | None, q: Fraction | int) -> Poly | None:
    """Return a multiple."""
    return ZERO if q == 0 else None if a is None else tuple([q * x for x in a])


def upper(a: Poly | None, b: Poly | None) -> Poly | None:
    """Return a polynomial that is above both for r >= 0."""
    if a is None or b is None:
        return None
    return tuple([max(x, y) for x, y in zip(_filled(a, b), _filled(b, a), strict=True)])


def _filled(a: Poly, b: Poly) -> Poly:
    return a + (Fraction(0),) * (len(b) - len(a))


def least(*several: Poly | None) -> Poly | None:
    """Return the best of several bounds: lowest degree, then least leading coefficient."""
    bounds = [_trimmed(p) for p in several if p is not None]
    return min(bounds, key=lambda p: (len(p), tuple(reversed(p))), default=None)


def _trimmed(p: Poly) -> Poly:
    while p and not p[-1]:
        p = p[:-1]
    return p


def root(n: int | Fraction) -> Fraction:
    """Return an upper bound of a square root, exact for squares of rationals."""
    q = Fraction(n)
    top, bottom = isqrt(q.numerator), isqrt(q.denominator)
    if top * top == q.numerator and bottom * bottom == q.denominator:
        return Fraction(top, bottom)
    return Fraction(isqrt(q.numerator * 4**60 // q.denominator) + 1, 2**60)


class State(NamedTuple):
    """What is known of a node: bounds for entries, and (``_norm``) for the Euclidean norm of the whole tensor."""

    degree: int
    defect: Poly | None
    defect_norm: Poly | None
    value: Poly | None
    value_norm: Poly | None
    gradient: Poly | None
    vanishes: bool
    """The homogenisation of this degree is known to be 0."""


class Failure(NamedTuple):
    """No bounds; ``node`` is the first for which there are none."""

    node: int
    reason: str


class Near(NamedTuple):
    """The result.

    ``degenerate`` : f_H = 0, so that the bound |f| <= p_a says all there is and theorems that ask for a margin beyond p_a are void.
    """

    degree: int
    defect: Poly
    gap: Poly
    value: Poly | None
    gradient: Poly | None
    degenerate: bool
    exact: bool


def gap(defect: Poly, degree: int) -> Poly:
    """Return p_a, the solution of M p_a - r p_a' = p'."""
    return tuple([c / (degree - i) for i, c in enumerate(defect)])


def near(program, target: int, moving: Iterable[int], ranges: list | None = None) -> Near | Failure:
    """Return degree and bounds of a node for the group ``moving`` of inputs, or why there are none.

    Parameters
    ----------
    ranges : an interval per node that holds its values (from the prover's records), for nodes that do not depend on the group
    """
    walk = _Walk(program, target, frozenset(moving), ranges)
    for n in program.ancestors([target]):
        walk.visit(n)
    found = walk.states[target]
    if isinstance(found, Failure):
        return found
    if found.degree < 1:
        return Failure(target, "degree 0: the theorems ask for a degree of at least 1")
    if found.defect is None:
        return Failure(target, "the defect has no polynomial bound")
    defect = _trimmed(found.defect)
    if len(defect) > found.degree:
        return Failure(target, f"the defect is bounded by a polynomial of degree {len(defect) - 1} only, not below {found.degree}")
    return Near(found.degree, defect, gap(defect, found.degree), found.value, found.gradient, found.vanishes, defect == ZERO)


class _Walk:
    def __init__(self, program, target: int, moving: frozenset[int], ranges: list | None) -> None:
        self.program = program
        self.moving = moving
        self.ranges = ranges
        self.exact = degrees(program, dict.fromkeys(moving, Fraction(1)))
        self.gates = Gates(program)
        self.frontier = self.gates.frontier(target)
        self.states: dict[int, State | Failure] = {}
        self.depends: dict[int, bool] = {}

    def visit(self, n: int) -> None:
        kind, parameters, arguments, shape = self.program.nodes[n]
        self.depends[n] = n in self.moving or any([self.depends[a] for a in arguments])
        if not self.depends[n]:
            self.states[n] = self.fixed(n)
            return
        if n in self.moving:
            self.states[n] = State(1, ZERO, ZERO, R, R, ONE, False)
            return
        found = self.sharpened(n, self.by_rule(n, kind, parameters, arguments))
        if n in self.frontier and self.gates.roots[n] not in (n, -1) and (isinstance(found, Failure) or found.defect != ZERO):
            found = self.better(found, self.by_gate(n, found))
        self.states[n] = found

    def better(self, a: State | Failure, b: State | Failure) -> State | Failure:
        """Return the state with the smaller defect."""
        if isinstance(a, Failure) or isinstance(b, Failure):
            return b if isinstance(a, Failure) else a
        return b if b.degree == a.degree and b.defect is not None and least(a.defect, b.defect) == _trimmed(b.defect) else a

    # ------------------------------------------------------------- leaves

    def fixed(self, n: int) -> State:
        kind, parameters, _, shape = self.program.nodes[n]
        count = prod(shape)
        bound = norm = None
        if kind == "constant" and parameters[0] == "values":
            entries = [Fraction(t) for t in parameters[1]]
            bound, norm = max(map(abs, entries), default=Fraction(0)), root(sum([e * e for e in entries]))
        else:
            low, high = self.extent(n, kind, parameters)
            if low is not None and high is not None:
                bound = max(abs(low), abs(high))
                norm = bound * root(count)
        value = None if bound is None else _trimmed((bound,))
        return State(0, ZERO, ZERO, value, None if norm is None else _trimmed((norm,)), ZERO, False)

    def extent(self, n: int, kind: str, parameters: tuple) -> tuple:
        from tamecheck.ground.intervals import from_text

        if kind == "constant" and parameters[0] == "splat":
            return (Fraction(parameters[1]),) * 2
        if kind in ("constant", "input"):
            return from_text(parameters[2])[:2]
        return self.ranges[n][:2] if self.ranges else (None, None)

    def zero(self, n: int) -> bool:
        return self.exact[n] == ANY

    # -------------------------------------------------------------- rules

    def sharpened(self, n: int, found: State | Failure) -> State | Failure:
        """Use exact homogeneity: then the defect is 0."""
        d = self.exact[n]
        if d is None or (d != ANY and (d.denominator != 1 or d < 0)):
            return found
        if isinstance(found, Failure):
            return State(0 if d == ANY else int(d), ZERO, ZERO, None, None, None, d == ANY)
        if d == ANY or int(d) == found.degree:
            return found._replace(defect=ZERO, defect_norm=ZERO, vanishes=found.vanishes and d == ANY)
        return State(int(d), ZERO, ZERO, found.value, found.value_norm, found.gradient, False)

    def by_rule(self, n: int, kind: str, parameters: tuple, arguments: tuple[int, ...]) -> State | Failure:
        several = [self.states[a] for a in arguments]
        failed = next((s for s in several if isinstance(s, Failure)), None)
        if failed is not None:
            return failed
        rule = getattr(self, f"_{kind}", None)
        found = rule(n, parameters, arguments, several) if rule else None
        if found is None:
            what = parameters[0] if kind in ("map", "reduce", "linalg", "cumulate") else kind
            return Failure(n, f"{what} of what is not homogeneous of degree 0 has no rule")
        return found

    def by_gate(self, n: int, failure: Failure) -> State | Failure:
        base = self.gates.roots[n]
        below = self.states[base]
        if isinstance(below, Failure):
            return failure
        gate = self.gates.of(n)
        if isinstance(gate, str):
            return Failure(n, gate)
        count = prod(self.program.shape(n))
        repeats = root(Fraction(count, max(prod(self.program.shape(base)), 1)))
        return self.gated(gate, below, count, repeats)

    def gated(self, gate: Gate, s: State, count: int, repeats: Fraction) -> State:
        c, lip, zero = gate.defect * s.degree, gate.lipschitz, gate.at_zero
        vanishes = (gate.left == 0 and gate.right == 0) or s.vanishes
        return State(
            s.degree,
            plus(_constant(c), scaled(s.defect, lip)), plus(_constant(c * root(count)), scaled(s.defect_norm, lip * repeats)),
            plus(_constant(zero), scaled(s.value, lip)), plus(_constant(zero * root(count)), scaled(s.value_norm, lip * repeats)),
            scaled(s.gradient, lip), vanishes,
        )  # fmt: skip

    def promoted(self, s: State, degree: int) -> State:
        """Read a part of lower degree as one of the given degree: its defect grows by (M - k) times its value."""
        missing = degree - s.degree
        if not missing:
            return s
        return s._replace(
            degree=degree, defect=plus(s.defect, scaled(s.value, missing)), defect_norm=plus(s.defect_norm, scaled(s.value_norm, missing)),
            vanishes=True,
        )

    def alike(self, n: int, arguments: tuple[int, ...], several: list[State]) -> list[State]:
        """Return the parts that are not zero, of one degree, with norms for the shape of the result."""
        live = [(a, s) for a, s in zip(arguments, several, strict=True) if not self.zero(a)]
        degree = max([s.degree for _, s in live], default=0)
        result, count = [], prod(self.program.shape(n))
        for a, s in live:
            repeats = root(Fraction(count, max(prod(self.program.shape(a)), 1)))
            s = self.promoted(s, degree)
            result.append(s._replace(defect_norm=scaled(s.defect_norm, repeats), value_norm=scaled(s.value_norm, repeats)))
        return result

    def _map(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        name = parameters[0]
        if name in ("neg", "abs"):
            return several[0]
        if name in ("add", "sub"):
            return self.total(self.alike(n, arguments, several))
        if name in ("max", "min"):
            return self.chosen(self.alike(n, arguments, several))
        if name == "mul":
            return self.product(n, arguments, several)
        if name == "pow":
            return self.power(n, arguments, several)
        if name == "div" and not self.depends[arguments[1]] and self.ranges:
            return self.quotient(arguments, several)
        return None

    def total(self, parts: list[State]) -> State | None:
        if not parts:
            return None
        return State(
            parts[0].degree, plus(*[s.defect for s in parts]), plus(*[s.defect_norm for s in parts]), plus(*[s.value for s in parts]),
            plus(*[s.value_norm for s in parts]), plus(*[s.gradient for s in parts]), all([s.vanishes for s in parts]),
        )  # fmt: skip

    def chosen(self, parts: list[State]) -> State | None:
        """Every entry is an entry of one of the parts, and its subgradients are mixtures of those of active parts."""
        if not parts:
            return None
        result = parts[0]
        for s in parts[1:]:
            result = State(
                result.degree, upper(result.defect, s.defect), plus(result.defect_norm, s.defect_norm), upper(result.value, s.value),
                plus(result.value_norm, s.value_norm), upper(result.gradient, s.gradient), result.vanishes and s.vanishes,
            )  # fmt: skip
        return result

    def product(self, n: int, arguments: tuple[int, ...], several: list[State]) -> State:
        a, b = several
        count = prod(self.program.shape(n))
        ra, rb = (root(Fraction(count, max(prod(self.program.shape(m)), 1))) for m in arguments)
        return State(
            a.degree + b.degree, plus(times(a.defect, b.value), times(a.value, b.defect)),
            plus(least(times(scaled(a.defect_norm, ra), b.value), times(a.defect, scaled(b.value_norm, rb))),
                 least(times(scaled(a.value_norm, ra), b.defect), times(a.value, scaled(b.defect_norm, rb)))),
            times(a.value, b.value), least(times(scaled(a.value_norm, ra), b.value), times(a.value, scaled(b.value_norm, rb))),
            plus(times(a.gradient, b.value), times(a.value, b.gradient)), a.vanishes or b.vanishes,
        )  # fmt: skip

    def power(self, n: int, arguments: tuple[int, ...], several: list[State]) -> State | None:
        kind, parameters, _, _ = self.program.nodes[arguments[1]]
        q = Fraction(parameters[1]) if kind == "constant" and parameters[0] == "splat" else None
        if q is None or q.denominator != 1 or not 1 <= q <= 64:
            return None
        result = s = several[0]
        for _ in range(int(q) - 1):
            result = self.product(n, (arguments[0], arguments[0]), [result, s])
        return result

    def quotient(self, arguments: tuple[int, ...], several: list[State]) -> State | None:
        low, high = self.ranges[arguments[1]][:2]
        if (low is None or low <= 0) and (high is None or high >= 0):
            return None
        factor = 1 / (low if low is not None and low > 0 else -high)
        s = several[0]
        count, inner = prod(self.program.shape(arguments[1])), max(prod(self.program.shape(arguments[0])), 1)
        wide = factor * root(Fraction(max(count, inner), inner))
        return State(
            s.degree, scaled(s.defect, factor), scaled(s.defect_norm, wide), scaled(s.value, factor), scaled(s.value_norm, wide),
            scaled(s.gradient, factor), s.vanishes,
        )  # fmt: skip

    def _contract(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        left, _, right = parameters[0].partition("->")
        operands = left.split(",")
        extents = {c: e for text, a in zip(operands, arguments, strict=True) for c, e in zip(text, self.program.shape(a), strict=True)}
        terms = prod([e for c, e in extents.items() if c not in right])
        if len(arguments) == 1:
            return self.summed(several[0], terms)
        result = several[0]
        for k in range(1, len(arguments)):
            last = k == len(arguments) - 1
            result = self.bilinear(result, several[k], terms if last else 1, prod(self.program.shape(n)) if last else None,
                                   arguments[0] if k == 1 else None, arguments[k])  # fmt: skip
        return result

    def summed(self, s: State, terms: int) -> State:
        return State(
            s.degree, least(scaled(s.defect, terms), scaled(s.defect_norm, root(terms))), scaled(s.defect_norm, root(terms)),
            least(scaled(s.value, terms), scaled(s.value_norm, root(terms))), scaled(s.value_norm, root(terms)),
            scaled(s.gradient, terms), s.vanishes,
        )  # fmt: skip

    def bilinear(self, a: State, b: State, terms: int, count: int | None, first: int | None, second: int) -> State:
        """Sums of ``terms`` products: by the triangle inequality, or by that of Cauchy and Schwarz."""

        def entry(x: Poly | None, x_norm: Poly | None, y: Poly | None, y_norm: Poly | None) -> Poly | None:
            w = root(terms)
            return least(scaled(times(x, y), terms), times(x_norm, y_norm), scaled(times(x_norm, y), w), scaled(times(x, y_norm), w))

        def norm(x_norm: Poly | None, y_norm: Poly | None, one: Poly | None) -> Poly | None:
            return least(times(x_norm, y_norm), None if count is None else scaled(one, root(count)))

        left = entry(a.defect, a.defect_norm, b.value, b.value_norm)
        right = entry(a.value, a.value_norm, b.defect, b.defect_norm)
        value = entry(a.value, a.value_norm, b.value, b.value_norm)
        slope_a = b.value_norm if first in self.moving else None
        slope_b = a.value_norm if second in self.moving else None
        gradient = plus(
            least(entry(a.gradient, None, b.value, b.value_norm), slope_a), least(entry(a.value, a.value_norm, b.gradient, None), slope_b)
        )
        return State(
            a.degree + b.degree, plus(left, right),
            plus(norm(a.defect_norm, b.value_norm, left), norm(a.value_norm, b.defect_norm, right)),
            value, norm(a.value_norm, b.value_norm, value), gradient, a.vanishes or b.vanishes,
        )  # fmt: skip

    def _reduce(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        shape = self.program.shape(arguments[0])
        terms = prod([shape[a] for a in parameters[1]])
        if parameters[0] == "sum":
            return self.summed(several[0], terms)
        return several[0] if parameters[0] in ("max", "min") else None

    def _cumulate(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        extent = self.program.shape(n)[parameters[1]]
        if parameters[0] == "prod":
            return None
        s = several[0] if parameters[0] != "sum" else self.summed(several[0], extent)
        return self.spread(s, prod(self.program.shape(n)))

    def spread(self, s: State, count: int) -> State:
        """Forget the norms: entries may be repeated."""
        return s._replace(defect_norm=scaled(s.defect, root(count)), value_norm=scaled(s.value, root(count)))

    def _reindex(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        how = parameters[0]
        if how in ("concat", "pad"):
            live = [(a, s) for a, s in zip(arguments, several, strict=True) if not self.zero(a)]
            degree = max([s.degree for _, s in live], default=0)
            return self.spread(found, prod(self.program.shape(n))) if (found := self.chosen([self.promoted(s, degree) for _, s in live])) else None
        if how in ("reshape", "transpose", "slice", "diagonal"):
            return several[0]
        return self.spread(several[0], prod(self.program.shape(n)))

    def _where(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        if self.depends[arguments[0]]:
            return None
        return self.chosen(self.alike(n, arguments[1:], several[1:]))

    def _order(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        return several[0] if parameters[0] in ("sort", "topk") else None


def _constant(q: Fraction) -> Poly:
    return (q,) if q else ZERO
