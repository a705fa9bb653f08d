"""Positive homogeneity under a scaling of the inputs: one forward pass gives every node its degree.

A *scaling* gives every input tensor x_i a rational weight w_i and acts by x_i -> t^(w_i) x_i for t > 0.  A node f is
*homogeneous of degree d* under it when f(scaled x) is defined exactly where f(x) is and equals t^d f(x), in every entry.
With all weights 1 this is positive homogeneity, with different weights quasi-homogeneity, with d = 0 invariance.

The pass is specified in section 9 of the certificate format and repeated by the checker; nothing but the weights
and the degree of the claimed node is stored.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from tamecheck.ground.intervals import Interval, from_text

ANY = "any"
"""The degree of what is identically zero where it is defined: it has every degree."""

Degree = Fraction | str | None
"""A degree, `ANY`, or ``None``: not homogeneous as far as the rules reach."""

ZERO = Fraction(0)
VALUES = frozenset(["sort", "topk"])
MAXIMAL_BITS = 4_096
MAXIMAL_ROUNDS = 16
MAXIMAL_VISITS = 10**7


def is_cone(box: Interval) -> bool:
    """Tell whether an interval is mapped onto itself by every positive factor."""
    return box[0] in (None, 0) and box[1] in (None, 0)


def degrees(program, weights: dict[int, Fraction]) -> list[Degree]:
    """Return the degree of every node when input ``i`` is scaled with weight ``weights.get(i, 0)``."""
    return Pass().run(program, [weights.get(i, ZERO) for i in program.inputs()])


class Pass:
    """The forward pass, with the results for bodies that were met before."""

    def __init__(self) -> None:
        self.visits = 0
        self._known: dict[tuple, list[Degree]] = {}

    def run(self, program, given: Sequence[Degree]) -> list[Degree]:
        """Return the degrees of all nodes for given degrees of the inputs, in order."""
        found: list[Degree] = []
        rest = iter(given)
        for kind, parameters, arguments, _ in program.nodes:
            if kind == "input":
                degree = next(rest)
                found.append(degree if degree in (0, ANY) or is_cone(from_text(parameters[2])) else None)
                continue
            d = [found[a] for a in arguments]
            degree = self._repeat(program, parameters, d) if kind == "repeat" else _node(program, kind, parameters, arguments, d)
            if degree is None:
                degree = invariant(d)
            elif degree != ANY and max(degree.numerator.bit_length(), degree.denominator.bit_length()) > MAXIMAL_BITS:
                degree = None
            found.append(degree)
        return found

    def _body(self, body, given: list[Degree]) -> list[Degree] | None:
        key = (id(body), *given)
        if key not in self._known:
            self.visits += len(body.nodes)
            if self.visits > MAXIMAL_VISITS:
                return None
            self._known[key] = self.run(body, given)
        return self._known[key]

    def _repeat(self, program, parameters: tuple, d: list[Degree]) -> Degree:
        """Return the degree of a carry: one that every round keeps; a carry that starts at zero takes it from the first round."""
        number, _, carries, which, outputs = parameters
        now = list(d)
        for _ in range(MAXIMAL_ROUNDS):
            found = None if None in now else self._body(program.bodies[number], now)
            if found is None or any(found[o] is None for o in outputs):
                return None
            joined = [common((a, found[o])) for a, o in zip(now, outputs, strict=False)]
            if None in joined:
                return None
            if joined == now[:carries]:
                return now[which]
            now[:carries] = joined
        return None


def common(several: Sequence[Degree]) -> Degree:
    """Return the one degree that all have; zeros have it anyway."""
    proper = {d for d in several if d != ANY}
    if not proper:
        return ANY
    return proper.pop() if len(proper) == 1 else None


def total(several: Sequence[Degree]) -> Degree:
    """Return the degree of a product."""
    if None in several:
        return None
    return ANY if ANY in several else sum(several, ZERO)


def invariant(several: Sequence[Degree]) -> Degree:
    """Return 0 when no argument changes: then nothing computed from them does."""
    return ZERO if all([d in (0, ANY) for d in several]) else None


def _node(program, kind: str, parameters: tuple, arguments: tuple[int, ...], d: list[Degree]) -> Degree:
    if kind == "constant":
        return ANY if parameters[0] == "splat" and Fraction(parameters[1]) == 0 else ZERO
    if None in d:
        return None
    if kind == "map":
        return _map(program, parameters[0], arguments, d)
    if kind == "contract":
        return total(d)
    if kind == "reduce":
        return d[0] if parameters[0] != "prod" else _product(d[0], [program.nodes[arguments[0]][3][a] for a in parameters[1]])
    if kind == "cumulate":
        return d[0] if parameters[0] != "prod" else None
    if kind == "reindex":
        return common(d)
    if kind == "compare":
        return None if common(d) is None else ZERO
    if kind == "logic":
        return ZERO
    if kind == "where":
        return common(d[1:])
    if kind == "order":
        return d[0] if parameters[0] in VALUES else ZERO
    if kind == "lookup":
        return d[0] if d[1] in (0, ANY) else None
    return _linalg(parameters[0], program.nodes[arguments[0]][3], d) if kind == "linalg" else None


def _product(d: Degree, extents: list[int]) -> Degree:
    count = prod(extents)
    if d == ANY:
        return ANY if count else None
    return d * count


def _map(program, name: str, arguments: tuple[int, ...], d: list[Degree]) -> Degree:
    if name in ("neg", "abs"):
        return d[0]
    if name == "sign":
        return ANY if d[0] == ANY else ZERO
    if name == "sqrt":
        return ANY if d[0] == ANY else d[0] / 2
    if name == "sub" and arguments[0] == arguments[1]:
        return ANY
    if name in ("add", "sub", "max", "min"):
        return common(d)
    if name == "mul":
        return total(d)
    if name == "div" and d[1] != ANY:
        return ANY if d[0] == ANY else d[0] - d[1]
    return _power(program.nodes[arguments[1]], d[0]) if name == "pow" else None


def _power(exponent: tuple, d: Degree) -> Degree:
    if exponent[0] != "constant" or exponent[1][0] != "splat":
        return None
    q = Fraction(exponent[1][1])
    if d == ANY:
        return ANY if q > 0 else None
    return d * q


def _linalg(what: str, shape: tuple[int, ...], d: list[Degree]) -> Degree:
    if d[0] == ANY:
        return None
    if what == "solve":
        return ANY if d[1] == ANY else d[1] - d[0]
    factor = {"det": shape[-1], "inverse": -1, "pinv": -1, "eigvalsh": 1, "svdvals": 1, "cholesky": Fraction(1, 2)}.get(what)
    return None if factor is None else d[0] * factor
