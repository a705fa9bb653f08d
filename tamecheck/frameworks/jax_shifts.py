"""Values that leave the derivative and change nothing: shifts that cancel, as the maximum in ``logsumexp`` does.

Let c be the result of ``stop_gradient``.  If no result of the program depends on c, as a function of the other values and of c as one more
variable, then dF/dc = 0, and the derivative without c is the derivative of the program.  Independence is proved by weights: a value is of the
form ``v + k c`` (a sum of weight k) or ``v exp(k c)`` (a product of weight k), with v independent of c.  An operation without a rule loses a
value of weight other than 0, and a lost value must not reach a result.
"""

from __future__ import annotations

from dataclasses import dataclass

from jax.extend import core

NAMES_OF_CALLS = ("jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint")
HANDED_ON = ("copy", "copy_p", "convert_element_type", "optimization_barrier")


@dataclass(frozen=True)
class Weight:
    """How a value depends on c: a sum or a product, the weight, and the axes along which c does not vary in it."""

    product: bool
    k: int
    constant: frozenset[int]


LOST = object()
"""The mark of a value about whose dependence on c nothing is known."""


def cancels(jaxpr, place: int) -> bool:
    """Return whether no result of a jaxpr depends on the result of its equation at `place`."""
    eqn = jaxpr.eqns[place]
    found = _through(jaxpr.eqns[place + 1 :], {eqn.outvars[0]: Weight(False, 1, _thin(eqn.outvars[0]))})
    return not [v for v in jaxpr.outvars if not isinstance(v, core.Literal) and v in found]


def _thin(var) -> frozenset[int]:
    return frozenset([k for k, n in enumerate(var.aval.shape) if n == 1])


def _through(equations, known: dict) -> dict:
    """Return the values that depend on c, with their weights, after some equations."""
    for eqn in equations:
        weights = [None if isinstance(a, core.Literal) else known.get(a) for a in eqn.invars]
        if not [w for w in weights if w is not None]:
            continue
        for var, weight in zip(eqn.outvars, _after(eqn, weights), strict=True):
            if weight is not None and (weight is LOST or weight.k):
                known[var] = weight
    return known


def _after(eqn, weights) -> list:
    """Return the weights of the results of one equation; ``None`` is independent."""
    name = eqn.primitive.name
    inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr")
    if name in NAMES_OF_CALLS and inner is not None:
        body = getattr(inner, "jaxpr", inner)
        found = _through(body.eqns, {v: w for v, w in zip(body.invars, weights, strict=True) if w is not None})
        return [None if isinstance(v, core.Literal) else found.get(v) for v in body.outvars]
    if LOST in weights:
        return [LOST] * len(eqn.outvars)
    rule = RULES.get(name)
    if rule is None or len(eqn.outvars) != 1:
        return [LOST] * len(eqn.outvars)
    return [rule(eqn, weights)]


def _combined(eqn, weights, product: bool, sign: int):
    """Sums of sums, products of products; the axes are those that c leaves constant in the result."""
    rank = len(eqn.outvars[0].aval.shape)
    total, constant = 0, frozenset(range(rank))
    for atom, w, s in zip(eqn.invars, weights, (1, sign), strict=True):
        if w is None:
            continue
        if w.product != product:
            return LOST
        shape = atom.aval.shape
        total += s * w.k
        if len(shape) == rank:
            constant &= w.constant | _thin(atom)
        elif shape:
            return LOST
    return Weight(product, total, constant)


def _first(product: bool, becomes: bool):
    """A function of one operand that turns sums into products or back."""

    def rule(eqn, weights):
        w = weights[0]
        return Weight(becomes, w.k, w.constant) if w.product == product else LOST

    return rule


def _same(eqn, weights):
    return weights[0]


def _negated(eqn, weights):
    w = weights[0]
    return LOST if w.product else Weight(False, -w.k, w.constant)


def _sign(eqn, weights):
    return None if weights[0].product else LOST


def _reduced(product: bool):
    """A sum of products, or a maximum of sums, along axes where c is constant."""

    def rule(eqn, weights):
        w, axes = weights[0], eqn.params["axes"]
        if w.product != product or not set(axes) <= w.constant:
            return LOST
        left = [k for k in range(len(eqn.invars[0].aval.shape)) if k not in axes]
        return Weight(product, w.k, frozenset([n for n, k in enumerate(left) if k in w.constant]))

    return rule


def _broadcast(eqn, weights):
    w, places = weights[0], eqn.params["broadcast_dimensions"]
    new = frozenset(range(len(eqn.outvars[0].aval.shape))) - frozenset(places)
    return Weight(w.product, w.k, new | {place for k, place in enumerate(places) if k in w.constant})


def _reshaped(eqn, weights):
    """Only axes of length 1 may come or go."""
    w, before, after = weights[0], eqn.invars[0].aval.shape, eqn.outvars[0].aval.shape
    if [n for n in before if n != 1] != [n for n in after if n != 1]:
        return LOST
    thick = [k for k, n in enumerate(before) if n != 1]
    kept = [k for k, n in enumerate(after) if n != 1]
    carried = frozenset([k for k, o in zip(kept, thick, strict=True) if o in w.constant])
    return Weight(w.product, w.k, _thin(eqn.outvars[0]) | carried)


RULES = {
    "add": lambda eqn, w: _combined(eqn, w, False, 1),
    "sub": lambda eqn, w: _combined(eqn, w, False, -1),
    "mul": lambda eqn, w: _combined(eqn, w, True, 1),
    "div": lambda eqn, w: _combined(eqn, w, True, -1),
    "neg": _negated,
    "exp": _first(False, True),
    "log": _first(True, False),
    "abs": lambda eqn, w: w[0] if w[0].product else LOST,
    "sign": _sign,
    "reduce_sum": _reduced(True),
    "reduce_max": _reduced(False),
    "reduce_min": _reduced(False),
    "broadcast_in_dim": _broadcast,
    "reshape": _reshaped,
    "squeeze": _reshaped,
    "expand_dims": _reshaped,
    **dict.fromkeys(HANDED_ON, _same),
}


def unused(jaxpr) -> set[int]:
    """Return the equations whose results reach no result of the jaxpr except through ``stop_gradient``."""
    live = {v for v in jaxpr.outvars if not isinstance(v, core.Literal)}
    idle = set()
    for place in range(len(jaxpr.eqns) - 1, -1, -1):
        eqn = jaxpr.eqns[place]
        if not [v for v in eqn.outvars if v in live]:
            idle.add(place)
        elif eqn.primitive.name != "stop_gradient":
            live.update([a for a in eqn.invars if not isinstance(a, core.Literal)])
    return idle
