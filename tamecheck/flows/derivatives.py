"""Reverse differentiation of a graph: the adjoints are nodes of the same graph, so that derivatives can be differentiated again.

At kinks and ties the numbers are those of `Rule`; everywhere else they are the derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tamecheck.errors import InputError
from tamecheck.flows.graph import Graph


class Rule(NamedTuple):
    """What automatic differentiation returns at kinks and ties (the defaults are PyTorch's).

    ``relu``: derivative of max(x, c), c constant, at x = c; ``maximum``: weight of the first argument at a tie of two
    that both vary; ``abs``: derivative of the absolute value at 0; ties of a maximum over axes are split evenly.
    """

    relu: float = 0.0
    maximum: float = 0.5
    abs: float = 0.0


TORCH = Rule()


def gradient(g: Graph, target: int, wrt: Sequence[int], rule: Rule = TORCH) -> list[int]:
    """Return nodes of the partial derivatives of a scalar node with respect to the nodes ``wrt``.

    Raises
    ------
    InputError
        TC180 an operation without a derivative; TC182 the target is no scalar.
    """
    if g.shape(target) != ():
        raise InputError(f"the target has shape {list(g.shape(target))}, not a scalar", code="TC182")
    order = g.ancestors([target])
    reached = set(wrt)
    for n in order:
        if any(a in reached for a in g.nodes[n][2]):
            reached.add(n)
    adjoint: dict[int, int] = {target: g.constant(1.0)}
    backward = _Backward(g, rule)
    for n in reversed(order):
        if n not in adjoint or n not in reached:
            continue
        _, _, arguments, _ = g.nodes[n]
        for position, a in enumerate(arguments):
            if a not in reached:
                continue
            part = backward.part(n, position, adjoint[n])
            if part is not None:
                part = g.lowered(part, g.shape(a))
                adjoint[a] = part if a not in adjoint else g.binary("add", adjoint[a], part)
    return [adjoint[n] if n in adjoint else g.zeros(g.shape(n)) for n in wrt]


def directional(g: Graph, target: int, wrt: Sequence[int], directions: Sequence[int], rule: Rule = TORCH) -> list[int]:
    """Return nodes of the product of the Hessian of a scalar node with a direction."""
    slopes = gradient(g, target, wrt, rule)
    terms = [g.sum(g.binary("mul", s, d), range(len(g.shape(s)))) for s, d in zip(slopes, directions, strict=True)]
    total = terms[0]
    for t in terms[1:]:
        total = g.binary("add", total, t)
    return gradient(g, total, wrt, rule)


class _Backward:
    def __init__(self, g: Graph, rule: Rule) -> None:
        self.g = g
        self.rule = rule

    def part(self, n: int, position: int, out: int) -> int | None:
        """Return the contribution of node ``n`` to the adjoint of one of its arguments, before it is summed to its shape."""
        operation, parameters, arguments, shape = self.g.nodes[n]
        rule = getattr(self, f"_{operation}", None)
        if rule is None:
            if operation in FLAT:
                return None
            raise InputError(f"{operation} has no derivative here", code="TC180", where=f"node {n} of the graph")
        return rule(n, parameters, arguments, shape, position, out)

    # --------------------------------------------------------------- entrywise

    def times(self, a: int, b: int) -> int:
        return self.g.binary("mul", a, b)

    def number(self, q: float) -> int:
        return self.g.constant(q)

    def _neg(self, n, p, a, shape, k, out):
        return self.g.unary("neg", out)

    def _abs(self, n, p, a, shape, k, out):
        slope = self.g.unary("sign", a[0])
        if self.rule.abs:
            at_zero = self.g.add_node("equal", (), (a[0], self.number(0.0)), shape)
            slope = self.g.binary("add", slope, self.times(at_zero, self.number(self.rule.abs)))
        return self.times(out, slope)

    def _exp(self, n, p, a, shape, k, out):
        return self.times(out, n)

    def _log(self, n, p, a, shape, k, out):
        return self.g.binary("div", out, a[0])

    def _sqrt(self, n, p, a, shape, k, out):
        return self.g.binary("div", out, self.times(self.number(2.0), n))

    def _sin(self, n, p, a, shape, k, out):
        return self.times(out, self.g.unary("cos", a[0]))

    def _cos(self, n, p, a, shape, k, out):
        return self.g.unary("neg", self.times(out, self.g.unary("sin", a[0])))

    def _tan(self, n, p, a, shape, k, out):
        return self.times(out, self.g.binary("add", self.number(1.0), self.times(n, n)))

    def _arctan(self, n, p, a, shape, k, out):
        return self.g.binary("div", out, self.g.binary("add", self.number(1.0), self.times(a[0], a[0])))

    def _arcsin(self, n, p, a, shape, k, out):
        return self.g.binary("div", out, self.g.unary("sqrt", self.g.binary("sub", self.number(1.0), self.times(a[0], a[0]))))

    def _arccos(self, n, p, a, shape, k, out):
        return self.g.unary("neg", self._arcsin(n, p, a, shape, k, out))

    def _tanh(self, n, p, a, shape, k, out):
        return self.times(out, self.g.binary("sub", self.number(1.0), self.times(n, n)))

    def _sigmoid(self, n, p, a, shape, k, out):
        return self.times(out, self.times(n, self.g.binary("sub", self.number(1.0), n)))

    def _softplus(self, n, p, a, shape, k, out):
        return self.times(out, self.g.add_node("sigmoid", (), a, shape))

    def _erf(self, n, p, a, shape, k, out):
        bell = self.g.unary("exp", self.g.unary("neg", self.times(a[0], a[0])))
        return self.times(out, self.times(bell, self.g.named("2/sqrt(pi)")))

    def _erfinv(self, n, p, a, shape, k, out):
        return self.times(out, self.times(self.g.unary("exp", self.times(n, n)), self.g.named("sqrt(pi)/2")))

    def _gammaln(self, n, p, a, shape, k, out):
        return self.times(out, self.g.add_node("digamma", (), a, shape))

    def _gamma(self, n, p, a, shape, k, out):
        return self.times(out, self.times(n, self.g.add_node("digamma", (), a, shape)))

    def _digamma(self, n, p, a, shape, k, out):
        return self.times(out, self.g.add_node("polygamma", (1,), a, shape))

    def _polygamma(self, n, p, a, shape, k, out):
        return self.times(out, self.g.add_node("polygamma", (p[0] + 1,), a, shape))

    def _lambertw(self, n, p, a, shape, k, out):
        return self.g.binary("div", out, self.times(self.g.unary("exp", n), self.g.binary("add", self.number(1.0), n)))

    def _j0(self, n, p, a, shape, k, out):
        return self.g.unary("neg", self.times(out, self.g.add_node("j1", (), a, shape)))

    def _y0(self, n, p, a, shape, k, out):
        return self.g.unary("neg", self.times(out, self.g.add_node("y1", (), a, shape)))

    def _i0(self, n, p, a, shape, k, out):
        return self.times(out, self.g.add_node("i1", (), a, shape))

    def _k0(self, n, p, a, shape, k, out):
        return self.g.unary("neg", self.times(out, self.g.add_node("k1", (), a, shape)))

    def _j1(self, n, p, a, shape, k, out):
        return self.times(out, self.g.binary("sub", self.g.add_node("j0", (), a, shape), self.g.binary("div", n, a[0])))

    def _y1(self, n, p, a, shape, k, out):
        return self.times(out, self.g.binary("sub", self.g.add_node("y0", (), a, shape), self.g.binary("div", n, a[0])))

    def _i1(self, n, p, a, shape, k, out):
        return self.times(out, self.g.binary("sub", self.g.add_node("i0", (), a, shape), self.g.binary("div", n, a[0])))

    def _k1(self, n, p, a, shape, k, out):
        return self.g.unary("neg", self.times(out, self.g.binary("add", self.g.add_node("k0", (), a, shape), self.g.binary("div", n, a[0]))))

    def _add(self, n, p, a, shape, k, out):
        return out

    def _sub(self, n, p, a, shape, k, out):
        return out if k == 0 else self.g.unary("neg", out)

    def _mul(self, n, p, a, shape, k, out):
        return self.times(out, a[1 - k])

    def _div(self, n, p, a, shape, k, out):
        return self.g.binary("div", out, a[1]) if k == 0 else self.g.unary("neg", self.times(out, self.g.binary("div", n, a[1])))

    def _pow(self, n, p, a, shape, k, out):
        if k == 1:
            return self.times(out, self.times(n, self.g.unary("log", a[0])))
        return self.times(out, self.times(a[1], self.g.binary("pow", a[0], self.g.binary("sub", a[1], self.number(1.0)))))

    def _max(self, n, p, a, shape, k, out):
        return self.times(out, self.weight(a, shape, k, "greater"))

    def _min(self, n, p, a, shape, k, out):
        return self.times(out, self.weight(a, shape, k, "less"))

    def weight(self, a, shape, k, relation: str) -> int:
        """Return the weight of argument ``k`` of a maximum (minimum) of two."""
        g = self.g
        constant = g.value_of(a[1 - k]) is not None
        tie = self.rule.relu if constant else self.rule.maximum if k == 0 else 1.0 - self.rule.maximum
        mine = g.add_node(relation, (), (a[k], a[1 - k]), shape)
        if not tie:
            return mine
        return g.binary("add", mine, self.times(g.add_node("equal", (), (a[k], a[1 - k]), shape), self.number(tie)))

    def _where(self, n, p, a, shape, k, out):
        if k == 0:
            return None
        zero = self.g.zeros(())
        return self.g.where(a[0], out, zero) if k == 1 else self.g.where(a[0], zero, out)

    # ----------------------------------------------------------------- tensors

    def _einsum(self, n, p, a, shape, k, out):
        left, _, right = p[0].partition("->")
        operands = left.split(",")
        others = [(t, x) for j, (t, x) in enumerate(zip(operands, a, strict=True)) if j != k]
        mine = operands[k]
        available = set(right).union(*[set(t) for t, _ in others]) if others else set(right)
        made = "".join([c for c in mine if c in available])
        part = self.g.einsum(",".join([right, *[t for t, _ in others]]) + "->" + made, out, *[x for _, x in others])
        own = self.g.shape(a[k])
        return self.g.expand(self.g.reshape(part, [e if c in available else 1 for c, e in zip(mine, own, strict=True)]), own)

    def _sum(self, n, p, a, shape, k, out):
        return self.g.expand(out, self.g.shape(a[0]))

    def _amax(self, n, p, a, shape, k, out):
        own = self.g.shape(a[0])
        ties = self.g.add_node("equal", (), (a[0], n), own)
        return self.times(self.g.binary("div", out, self.g.sum(ties, p, keep=True)), ties)

    def _reshape(self, n, p, a, shape, k, out):
        return self.g.reshape(out, self.g.shape(a[0]))

    def _expand(self, n, p, a, shape, k, out):
        return out

    def _take(self, n, p, a, shape, k, out):
        return self.g.put(out, self.g.positions[p[0]], self.g.shape(a[0]))

    def _put(self, n, p, a, shape, k, out):
        return self.g.take(out, self.g.positions[p[0]])

    def _gather(self, n, p, a, shape, k, out):
        return self.g.scatter(out, a[1], self.g.shape(a[0])) if k == 0 else None

    def _scatter(self, n, p, a, shape, k, out):
        return self.g.gather(out, a[1]) if k == 0 else None

    def _inverse(self, n, p, a, shape, k, out):
        b = "abcdefgh"[: len(shape) - 2]
        return self.g.unary("neg", self.g.einsum(f"{b}ki,{b}kl,{b}jl->{b}ij", n, out, n))

    def _det(self, n, p, a, shape, k, out):
        b = "abcdefgh"[: len(shape)]
        scale = self.times(out, n)
        return self.g.einsum(f"{b},{b}ji->{b}ij", scale, self.g.add_node("inverse", (), a, self.g.shape(a[0])))


FLAT = frozenset(["sign", "floor", "ceil", "rint", "greater", "equal", "less", "less_equal", "not_equal", "argsort", "freeze"])
"""Operations with derivative 0 (``freeze`` passes a value whose derivative cancels)."""
