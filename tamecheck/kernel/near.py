"""Near-homogeneity: a degree and polynomials for every node, by rules of calculus with exact rational coefficients.

For a group theta of inputs with r its Euclidean norm, a *state* of a node u holds a degree k and polynomials in r, with coefficients >= 0, for
almost every theta and all values of the other inputs in their boxes:

    defect   |<grad u_i, theta> - k u_i|     for every entry, and ``defect_norm`` for the Euclidean norm of the tensor of these
    value    |u_i|                           and ``value_norm`` for that of u
    gradient |grad u_i|                      Euclidean norm of the gradient in theta

``None`` is no bound.  Section 11 of the certificate format specifies every rule and every rounding, so that all who compute a state get the
same one; the proofs are in ``docs/explanation/homogeneity.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import isqrt, prod
from typing import NamedTuple

from tamecheck.kernel.gate_bounds import Bounds
from tamecheck.kernel.scaling import ANY, Degree

Poly = tuple[Fraction, ...]
"""Coefficients, lowest first, all >= 0, the last one not 0."""

ONE: Poly = (Fraction(1),)
R: Poly = (Fraction(0), Fraction(1))
ZERO: Poly = ()
KEPT_BITS = 64
MAXIMAL_DEGREE = 64
MAXIMAL_ENTRIES = 4_096
KEEPING = ("reshape", "transpose", "slice", "diagonal")


def up(q: Fraction) -> Fraction:
    """Round up to 64 binary digits; short numbers stay."""
    top, bottom = q.numerator.bit_length(), q.denominator.bit_length()
    if top <= KEPT_BITS and bottom <= KEPT_BITS:
        return q
    shift = KEPT_BITS - (top - bottom)
    scale = Fraction(2) ** shift
    return Fraction(-(-(q.numerator * scale.numerator) // (q.denominator * scale.denominator))) / scale


def root(q: Fraction | int) -> Fraction:
    """Return an upper bound of a square root, exact for squares of rationals."""
    q = up(Fraction(q))
    top, bottom = isqrt(q.numerator), isqrt(q.denominator)
    if top * top == q.numerator and bottom * bottom == q.denominator:
        return Fraction(top, bottom)
    return Fraction(isqrt(q.numerator * 4**60 // q.denominator) + 1, 2**60)


def tidy(p: Sequence[Fraction]) -> Poly:
    """Round up and drop leading zeros."""
    found = [up(c) for c in p]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def plus(*several: Poly | None) -> Poly | None:
    """Return the sum; None, no bound, absorbs."""
    if None in several:
        return None
    size = max(map(len, several), default=0)
    return tidy([sum([p[i] for p in several if i < len(p)], Fraction(0)) for i in range(size)])


def times(*several: Poly | None) -> Poly | None:
    """Return the product; 0 times no bound is 0."""
    if ZERO in several:
        return ZERO
    if None in several:
        return None
    result = several[0]
    for p in several[1:]:
        product = [Fraction(0)] * (len(result) + len(p) - 1)
        for i, x in enumerate(result):
            for j, y in enumerate(p):
                product[i + j] += x * y
        result = tidy(product)
    return result


def scaled(a: Poly | None, q: Fraction | int) -> Poly | None:
    """Return a multiple."""
    return ZERO if q == 0 or a == ZERO else None if a is None else a if q == 1 else tidy([q * x for x in a])


def upper(a: Poly | None, b: Poly | None) -> Poly | None:
    """Return a polynomial that is above both for r >= 0."""
    if a is None or b is None:
        return None
    a, b = (a, b) if len(a) >= len(b) else (b, a)
    return tuple([max(x, b[i]) if i < len(b) else x for i, x in enumerate(a)])


def least(*several: Poly | None) -> Poly | None:
    """Return the best of several bounds: lowest degree, then least coefficients from the highest down."""
    return min([p for p in several if p is not None], key=lambda p: (len(p), p[::-1]), default=None)


def constant(q: Fraction) -> Poly:
    """Return a constant polynomial."""
    return (q,) if q else ZERO


class State(NamedTuple):
    """What is known of a node."""

    degree: int
    defect: Poly | None
    defect_norm: Poly | None
    value: Poly | None
    value_norm: Poly | None
    gradient: Poly | None


NOTHING = State(0, ZERO, ZERO, ZERO, ZERO, ZERO)
INPUT = State(1, ZERO, ZERO, R, R, ONE)


class States:
    """The states of a program's nodes, one after the other.

    Attributes
    ----------
    found : State, or the reason (a text) why there is none, by node
    support : the nodes whose states a node's state was computed from
    """

    def __init__(self, program, moving: Iterable[int], exact: Sequence[Degree], ranges: Sequence[tuple]) -> None:
        self.program, self.moving, self.exact, self.ranges = program, frozenset(moving), exact, ranges
        self.found: dict[int, State | str] = {}
        self.support: dict[int, tuple[int, ...]] = {}
        self.depends: list[bool] = []
        for n, node in enumerate(program.nodes):
            self.depends.append(n in self.moving or any([self.depends[a] for a in node[2]]))

    def visit(self, n: int, gate: Bounds | None = None) -> State | str:
        """Compute the state of one node from those of its arguments, or of the gate's root."""
        kind, parameters, arguments, _ = self.program.nodes[n]
        self.support[n] = ()
        if gate is not None:
            self.support[n] = (gate.root,)
            self.found[n] = self.gated(n, gate)
        elif not self.depends[n]:
            self.found[n] = self.fixed(n)
        elif n in self.moving:
            self.found[n] = INPUT
        elif self.exact[n] == ANY:
            self.found[n] = NOTHING
        else:
            state = self.by_rule(n, kind, parameters, arguments)
            self.support[n] = arguments if isinstance(state, State) else ()
            self.found[n] = self.sharpened(n, state)
        if self.depends[n] and isinstance(self.found[n], State):
            self.found[n] = self.bounded(n, self.found[n])
        return self.found[n]

    def bounded(self, n: int, s: State) -> State:
        """Use the range of a node, when it is bounded."""
        low, high = self.ranges[n][:2]
        if low is None or high is None:
            return s
        bound = up(max(abs(low), abs(high)))
        norm = constant(up(bound * root(prod(self.program.shape(n)))))
        return s._replace(value=least(s.value, constant(bound)), value_norm=least(s.value_norm, norm))

    def needed(self, target: int) -> list[int]:
        """Return the nodes that must be total and locally Lipschitz: those that depend on the group and that the target rests on."""
        waiting, seen = [target], set()
        while waiting:
            n = waiting.pop()
            if n not in seen and self.depends[n]:
                seen.add(n)
                waiting.extend(self.support[n])
        return sorted(seen)

    # -------------------------------------------------------------- rules

    def fixed(self, n: int) -> State:
        """A node that does not depend on the group: its range bounds it."""
        kind, parameters, _, shape = self.program.nodes[n]
        count = prod(shape)
        if kind == "constant" and parameters[0] == "values" and count <= MAXIMAL_ENTRIES:
            entries = [Fraction(t) for t in parameters[1]]
            bound, norm = up(max(map(abs, entries), default=Fraction(0))), root(sum([e * e for e in entries], Fraction(0)))
            return State(0, ZERO, ZERO, constant(bound), constant(norm), ZERO)
        low, high = self.ranges[n][:2]
        if low is None or high is None:
            return State(0, ZERO, ZERO, None, None, ZERO)
        bound = up(max(abs(low), abs(high)))
        return State(0, ZERO, ZERO, constant(bound), constant(up(bound * root(count))), ZERO)

    def sharpened(self, n: int, state: State | str) -> State | str:
        """A node of exact degree d has defect 0, by Euler's identity."""
        d = self.exact[n]
        if d is None or d.denominator != 1 or not 0 <= d <= MAXIMAL_DEGREE:
            return state
        if isinstance(state, str):
            return State(int(d), ZERO, ZERO, None, None, None)
        return state._replace(degree=int(d), defect=ZERO, defect_norm=ZERO)

    def by_rule(self, n: int, kind: str, parameters: tuple, arguments: tuple[int, ...]) -> State | str:
        """The rule of a node's kind, or the reason why there is none."""
        several = [self.found[a] for a in arguments]
        failed = next((a for a, s in zip(arguments, several, strict=True) if isinstance(s, str)), None)
        if failed is not None:
            return self.found[failed]
        rule = getattr(self, f"_{kind}", None)
        state = rule(n, parameters, arguments, several) if rule else None
        what = parameters[0] if kind in ("map", "reduce", "linalg", "cumulate") else kind
        if state is None:
            return f"{what} of what is not homogeneous of degree 0 has no rule"
        return state if state.degree <= MAXIMAL_DEGREE else f"the degree of {what} is beyond {MAXIMAL_DEGREE}"

    def copies(self, n: int, a: int) -> Fraction:
        """Return the square root of how often the entries of an argument occur in a broadcast result."""
        return root(Fraction(prod(self.program.shape(n)), max(prod(self.program.shape(a)), 1)))

    def gated(self, n: int, gate: Bounds) -> State | str:
        """A scalar function: |D s(u)| <= k c + L |D u|."""
        s = self.found[gate.root]
        if isinstance(s, str) or s.degree < 1:
            return s if isinstance(s, str) else "a scalar function of what has degree 0"
        c, lip, zero = gate.defect * s.degree, gate.lipschitz, gate.at_zero
        wide, repeats = root(prod(self.program.shape(n))), lip * self.copies(n, gate.root)
        return State(
            s.degree, plus(constant(c), scaled(s.defect, lip)), plus(constant(c * wide), scaled(s.defect_norm, repeats)),
            plus(constant(zero), scaled(s.value, lip)), plus(constant(zero * wide), scaled(s.value_norm, repeats)), scaled(s.gradient, lip),
        )  # fmt: skip

    def promoted(self, s: State, degree: int) -> State:
        """Read a part of lower degree as one of the given degree: its defect grows by (M - k) times its value."""
        missing = degree - s.degree
        if not missing:
            return s
        return s._replace(
            degree=degree, defect=plus(s.defect, scaled(s.value, missing)), defect_norm=plus(s.defect_norm, scaled(s.value_norm, missing))
        )

    def alike(self, n: int, arguments: Sequence[int], several: Sequence[State]) -> list[State]:
        """Return the parts that are not identically zero, of one degree, with norms for the shape of the result."""
        live = [(a, s) for a, s in zip(arguments, several, strict=True) if self.exact[a] != ANY]
        degree = max([s.degree for _, s in live], default=0)
        parts = [(self.copies(n, a), self.promoted(s, degree)) for a, s in live]
        return [s._replace(defect_norm=scaled(s.defect_norm, k), value_norm=scaled(s.value_norm, k)) for k, s in parts]

    def _map(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        name = parameters[0]
        if name in ("neg", "abs"):
            return several[0]
        if name in ("add", "sub"):
            return _total(self.alike(n, arguments, several))
        if name in ("max", "min"):
            return _chosen(self.alike(n, arguments, several))
        if name == "mul":
            return self.product(n, arguments, several)
        if name == "pow":
            return self.power(n, arguments, several)
        return self.quotient(n, arguments, several) if name == "div" and not self.depends[arguments[1]] else None

    def product(self, n: int, arguments: Sequence[int], several: Sequence[State]) -> State:
        """An entrywise product."""
        a, b = several
        ka, kb = (self.copies(n, m) for m in arguments)
        return State(
            a.degree + b.degree, plus(times(a.defect, b.value), times(a.value, b.defect)),
            plus(least(scaled(times(a.defect_norm, b.value), ka), scaled(times(a.defect, b.value_norm), kb)),
                 least(scaled(times(a.value_norm, b.defect), ka), scaled(times(a.value, b.defect_norm), kb))),
            times(a.value, b.value), least(scaled(times(a.value_norm, b.value), ka), scaled(times(a.value, b.value_norm), kb)),
            plus(times(a.gradient, b.value), times(a.value, b.gradient)),
        )  # fmt: skip

    def power(self, n: int, arguments: tuple[int, ...], several: list[State]) -> State | None:
        """A power with a constant whole exponent."""
        kind, parameters, _, _ = self.program.nodes[arguments[1]]
        q = Fraction(parameters[1]) if kind == "constant" and parameters[0] == "splat" else None
        if q is None or q.denominator != 1 or not 1 <= q <= MAXIMAL_DEGREE or q * several[0].degree > MAXIMAL_DEGREE:
            return None
        result, k = several[0], self.copies(n, arguments[0])
        if q == 1:
            return result._replace(defect_norm=scaled(result.defect_norm, k), value_norm=scaled(result.value_norm, k))
        for _ in range(int(q) - 1):
            result = self.product(n, (arguments[0],) * 2, [result, several[0]])
        return result

    def quotient(self, n: int, arguments: tuple[int, ...], several: list[State]) -> State | None:
        """Division by what does not depend on the group and keeps a distance from 0."""
        low, high = self.ranges[arguments[1]][:2]
        if (low is None or low <= 0) and (high is None or high >= 0):
            return None
        factor = up(1 / (low if low is not None and low > 0 else -high))
        s, wide = several[0], factor * self.copies(n, arguments[0])
        return State(s.degree, scaled(s.defect, factor), scaled(s.defect_norm, wide), scaled(s.value, factor), scaled(s.value_norm, wide),
                     scaled(s.gradient, factor))  # fmt: skip

    def _contract(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        left, _, right = parameters[0].partition("->")
        operands = left.split(",")
        extents = {c: e for text, a in zip(operands, arguments, strict=True) for c, e in zip(text, self.program.shape(a), strict=True)}
        summed = {c: e for c, e in extents.items() if c not in right}
        terms = prod(summed.values())
        if len(arguments) == 1:
            return _summed(several[0], terms)
        again = [prod([e for c, e in summed.items() if c not in text]) for text in operands]
        return self.multilinear(arguments, several, terms, again, prod(self.program.shape(n)))

    def multilinear(self, arguments: tuple[int, ...], several: list[State], terms: int, again: list[int], count: int) -> State:
        """Sums of ``terms`` products; entry k of an operand occurs ``again[k]`` times in one sum."""
        both = root(prod(again))
        pair = len(several) == 2

        def entry(x: list, y: list) -> Poly | None:
            mixed = [scaled(times(x[k], y[1 - k]), root(terms * again[1 - k])) for k in (0, 1)] if pair else []
            return least(scaled(times(*x), terms), scaled(times(*y), both), *mixed)

        def norm(y: list, one: Poly | None) -> Poly | None:
            return least(scaled(times(*y), both), scaled(one, root(count)))

        values, norms = [s.value for s in several], [s.value_norm for s in several]
        defect, defect_norm, gradient = ZERO, ZERO, ZERO
        for k, s in enumerate(several):
            x, y = [*values[:k], s.defect, *values[k + 1 :]], [*norms[:k], s.defect_norm, *norms[k + 1 :]]
            one = entry(x, y)
            defect, defect_norm = plus(defect, one), plus(defect_norm, norm(y, one))
            others = [v for j, v in enumerate(values) if j != k]
            slope = scaled(times(s.gradient, *others), terms)
            if pair:
                other, spread = norms[1 - k], root(terms * again[1 - k])
                slope = least(slope, scaled(times(s.gradient, other), spread), scaled(other, both) if arguments[k] in self.moving else None)
            gradient = plus(gradient, slope)
        value = entry(values, norms)
        return State(sum([s.degree for s in several]), defect, defect_norm, value, norm(norms, value), gradient)

    def _reduce(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        shape = self.program.shape(arguments[0])
        if parameters[0] == "sum":
            return _summed(several[0], prod([shape[a] for a in parameters[1]]))
        return several[0] if parameters[0] in ("max", "min") else None

    def _cumulate(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        if parameters[0] == "prod":
            return None
        extent = self.program.shape(n)[parameters[1]]
        return self.spread(n, several[0] if parameters[0] != "sum" else _summed(several[0], extent))

    def spread(self, n: int, s: State) -> State:
        """Forget the norms: entries may be repeated."""
        wide = root(prod(self.program.shape(n)))
        return s._replace(defect_norm=scaled(s.defect, wide), value_norm=scaled(s.value, wide))

    def _reindex(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        if parameters[0] in KEEPING:
            return several[0]
        live = [s for a, s in zip(arguments, several, strict=True) if self.exact[a] != ANY]
        degree = max([s.degree for s in live], default=0)
        return self.spread(n, _chosen([self.promoted(s, degree) for s in live]))

    def _where(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        return None if self.depends[arguments[0]] else _chosen(self.alike(n, arguments[1:], several[1:]))

    def _order(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        return several[0] if parameters[0] in ("sort", "topk") else None

    def _lookup(self, n: int, parameters: tuple, arguments: tuple[int, ...], several: list[State]) -> State | None:
        return None if self.depends[arguments[1]] else self.spread(n, several[0])


def _total(parts: list[State]) -> State | None:
    """The sum of parts of one degree."""
    if not parts:
        return None
    return State(parts[0].degree, *[plus(*[s[k] for s in parts]) for k in range(1, 6)])


def _chosen(parts: list[State]) -> State | None:
    """Every entry is an entry of one of the parts, and almost everywhere its gradient is that one's."""
    if not parts:
        return None
    result = parts[0]
    for s in parts[1:]:
        result = State(result.degree, upper(result.defect, s.defect), plus(result.defect_norm, s.defect_norm), upper(result.value, s.value),
                       plus(result.value_norm, s.value_norm), upper(result.gradient, s.gradient))  # fmt: skip
    return result


def _summed(s: State, terms: int) -> State:
    """Sums of so many entries."""
    w = root(terms)
    return State(s.degree, least(scaled(s.defect, terms), scaled(s.defect_norm, w)), scaled(s.defect_norm, w),
                 least(scaled(s.value, terms), scaled(s.value_norm, w)), scaled(s.value_norm, w), scaled(s.gradient, terms))  # fmt: skip


def gap(defect: Poly, degree: int) -> Poly:
    """Return p_a, the solution of M p_a - r p_a' = p'."""
    return tuple([c / (degree - i) for i, c in enumerate(defect)])

