"""Directions that separate touched kinks of a JAX function as its derivative rules choose; the lemma stands in `torch_directions`.

The run of the `Walk` is repeated under ``jax.vjp`` and ``jax.jvp``, with the differences u_i of all touched kinks as results.  Operations with a
forward rule of their own keep it: their values go on from the rule, and the differences are read inside of their bodies.
"""

from __future__ import annotations

from fractions import Fraction

import jax
from jax import numpy as jnp

from tamecheck.frameworks.combinations import separating_weights
from tamecheck.frameworks.jax_walk import Constraint, Walk, alone, given

SMALL = 64  # at most this many entries for the linear program: one reverse derivative each
GROWTH = (1.0, 8.0)  # how much larger the step of each group is tried than that of the group before
FADING = 1e-3  # weight of each group against the one before, when all are pulled back at once


class Replay(Walk):
    """The same run once more, for the differences at the touched kinks.

    Attributes
    ----------
    differences : list of arrays — touched entries, with the signs wanted
    """

    def __init__(self, wanted: dict[int, list[tuple[Constraint, float]]]) -> None:
        super().__init__()
        self.wanted = wanted
        self.differences: list = []

    def _look(self, eqn, name, values, active, path) -> None:
        for c, sign in self.wanted.get(self.operations, ()):
            one, other = c.operands
            u = jnp.asarray(values[one])
            if other is not None:
                u = u - values[other]
            self.differences.append(sign * jnp.broadcast_to(u, c.mask.shape)[c.mask])

    def _rule(self, eqn, values, active, found, path) -> None:
        """Nothing is measured again."""

    def _inner(self, eqn, name, inner, values, active, path) -> list[tuple]:
        results = super()._inner(eqn, name, inner, values, active, path)
        if not name.startswith("custom_jvp"):
            return results
        own = alone(eqn)(*given(eqn, values))
        return [(value, mask) for value, (_, mask) in zip(own, results, strict=True)]

    def _note(self, path, name, kind, note) -> None:
        """Nothing is reported again."""


def wanted_sign(c: Constraint) -> tuple[float, float | None] | None:
    """Return the sign of the side whose slope is returned, and the weight of the left slope if both are mixed; ``None``: neither."""
    values = [float(Fraction(v)) for v in c.finding.returned.split(", ") if v]
    if c.finding.kind == "tie":
        values = values[:1]
    if len(values) != 1 or c.left == c.right:
        return None
    share = (c.right - values[0]) / (c.right - c.left)
    if abs(share - 1) < 1e-5:
        return -1.0, None
    if abs(share) < 1e-5:
        return 1.0, None
    return (1.0, share) if 0 < share < 1 else None


def qualify(walk: Walk, closed, values: list, real: list[bool]) -> tuple[bool | None, str]:
    """Return whether a direction separates all touched kinks as backward chooses, and how that was found or what prevents it."""
    live = [f for f in walk.findings if not f.harmless]
    held = {id(c.finding) for c in walk.constraints}
    for f in live:
        if id(f) not in held:
            return None, f"{f.kind}s of {f.operator}{' in ' + f.module if f.module else ''} are not separated one by one"
    chosen = [(c, wanted_sign(c)) for c in walk.constraints]
    if [c for c, sign in chosen if sign is None]:
        return None, "the value returned at a kink is not the same everywhere, or lies outside of its one-sided slopes"
    mixed = [sign[1] for _, sign in chosen if sign[1] is not None]
    if mixed and len(chosen) > 1:
        return None, "a mean of one-sided slopes is returned and another operation is touched too"
    verdict, why = _separate(chosen, closed, values, real)
    if verdict and mixed:
        why += f"; the rule returns the mean with weight {mixed[0]:.3g} of the gradients on both sides"
    return verdict, why


def _separate(chosen, closed, values, real):
    wanted: dict = {}
    for c, (sign, _) in chosen:
        wanted.setdefault(c.operation, []).append((c, sign))
    places = [k for k, r in enumerate(real) if r]

    def differences(*moving):
        full = list(values)
        for k, v in zip(places, moving, strict=True):
            full[k] = v
        replay = Replay(wanted)
        replay.run(closed.jaxpr, closed.consts, full, [1 << k if r else 0 for k, r in enumerate(real)], "")
        return replay.differences

    point = [values[k] for k in places]
    us, pull = jax.vjp(differences, *point)
    count = sum([u.size for u in us])

    def margin(direction) -> float:
        slopes = jnp.concatenate([v.reshape(-1) for v in jax.jvp(differences, point, direction)[1]])
        size, least = float(jnp.abs(slopes).max()), float(slopes.min())
        return least if least > 1e3 * float(jnp.finfo(slopes.dtype).eps) * max(size, 1e-30) else 0.0

    for direction in _steps([c for c, _ in chosen], us, pull, point, places):
        if margin(direction) > 0:
            return True, f"moving the arguments of each layer separates all {count} touched entries as the rules choose"
    if count > SMALL:
        return None, f"no direction was found for {count} touched entries that separates them as the rules choose"
    rows = _rows(us, pull)
    gram = [[sum([float(jnp.vdot(a, b)) for a, b in zip(x, y, strict=True)]) for y in rows] for x in rows]
    weights = separating_weights(gram)
    if weights is None:
        return False, f"a linear program finds no direction that separates the {count} touched entries as the rules choose"
    direction = [sum([w * row[k] for w, row in zip(weights, rows, strict=True)]).astype(p.dtype) for k, p in enumerate(point)]
    if margin(direction) > 0:
        return True, f"a linear program found a direction that separates the {count} touched entries as the rules choose (kink qualification)"
    return None, f"the direction of the linear program for {count} touched entries fails by rounding"


def _steps(constraints, us, pull, point, places):
    """Yield directions made of one step per operation, in arguments that no earlier touched operation depends on: vectors first."""
    weights = [jnp.full_like(u, max(FADING**n, 1e-30)) for n, u in enumerate(us)]
    pulled = pull(weights)
    used, steps = 0, {}
    for number, c in enumerate(constraints):
        fresh = [j for j, k in enumerate(places) if c.reached >> k & 1 and not used >> k & 1]
        used |= c.reached
        few = [j for j in fresh if point[j].ndim == 1] or fresh
        for j in few:
            steps[j] = number
    for growth in GROWTH:
        yield [jnp.sign(pulled[j]) * growth ** steps[j] if j in steps else jnp.zeros_like(p) for j, p in enumerate(point)]


def _rows(us, pull) -> list:
    """Return the gradient of every touched entry."""
    rows = []
    for i, u in enumerate(us):
        for k in range(u.size):
            rows.append(pull([jnp.zeros_like(v).at[k].set(1) if j == i else jnp.zeros_like(v) for j, v in enumerate(us)]))
    return rows
