"""Is there a direction that separates the touched kinks as backward chooses?  Then what it returns is a limit of gradients.

**Lemma.** Let the touched kinks have preactivations u_i(theta) = 0, and let backward use the one-sided derivative of sign s_i at each.  If some
direction z has s_i <grad u_i, z> > 0 for all i, gradients taken with these choices, then what is returned is the limit of the gradients at
theta + t z, t -> 0+: it lies in the B-subdifferential.  *Proof.* Let g be the program in which every kink is replaced by the branch that
backward takes.  It is continuously differentiable at theta; in the order of execution u_i(theta + t z) agrees with its branch and has the
sign s_i for small t > 0, so that g and the program agree near theta + t z.  (Ties: the winner minus a rival in place of u_i.)

Biases are such a direction in layers that own them (Park, Chun and Lee, ICLR 2024, for the cases of own and of shared biases); in general a
linear program over the Gram matrix of the gradients finds one, or there is none.  All of this is computed in the floating point of the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tamecheck.frameworks.combinations import separating_weights

SMALL = 64  # this many constraints at most for the linear program: one backward pass each


@dataclass
class Group:
    """Constraints of one call: entries of x at `plus` minus those of y (or of x) at `minus`, with the signs wanted."""

    x: torch.Tensor
    plus: torch.Tensor
    minus: torch.Tensor | None
    y: torch.Tensor | None
    sign: torch.Tensor

    def values(self) -> torch.Tensor:
        """Return the signed differences, with derivatives."""
        u = self.x.reshape(-1)[self.plus]
        if self.y is not None:
            u = u - self.y.reshape(-1)[self.plus]
        elif self.minus is not None:
            u = u - self.x.reshape(-1)[self.minus]
        return u * self.sign


def _gradients(u, params, weights=None, graph=False):
    g = torch.autograd.grad(u, params, weights, allow_unused=True, retain_graph=True, create_graph=graph)
    return list(g)


def _along(groups, params, direction):
    """Return derivatives of the constraints along a direction: two backward passes."""
    moved = [k for k, d in enumerate(direction) if d is not None]
    params, direction = [params[k] for k in moved], [direction[k] for k in moved]
    us = [g.values() for g in groups]
    if not moved:
        return [torch.zeros_like(u) for u in us]
    weights = [torch.zeros_like(u, requires_grad=True) for u in us]
    pulled = _gradients(us, params, weights, graph=True)
    total = sum([(p * d).sum() for p, d in zip(pulled, direction, strict=True) if p is not None and d is not None and p.requires_grad])
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return [torch.zeros_like(u) for u in us]
    found = torch.autograd.grad(total, weights, allow_unused=True)
    return [torch.zeros_like(u) if f is None else f for f, u in zip(found, us, strict=True)]


def separate(groups: list[Group], params: list[torch.Tensor], biases: set[int]) -> tuple[bool | None, str]:
    """Return whether a direction separates all constraints, and how that was found.

    Parameters
    ----------
    biases : positions of the parameters that are tried first

    Returns
    -------
    ``True`` with the method; ``False`` if for few constraints the linear program has no solution; ``None`` if none was found.
    """
    count = sum([g.sign.numel() for g in groups])
    if count == 0:
        return True, "nothing to separate"
    found = _own_steps(groups, params, biases)
    if found is None:
        direction, only = _layer_by_layer(groups, params, biases)
        found = (direction, only) if direction is not None and _margin(groups, params, direction) > 0 else None
    if found is not None:
        only = found[1]
        what = "biases" if only else "parameters"
        return True, f"moving the {what} of each layer separates all {count} touched entries as backward chooses" + (
            " (own or shared biases, Park, Chun and Lee 2024)" if only else ""
        )
    if count > SMALL:
        return None, f"no direction was found for {count} touched entries that separates them as backward chooses"
    direction = _by_program(groups, params)
    if direction is None:
        return False, f"a linear program finds no direction that separates the {count} touched entries as backward chooses"
    if _margin(groups, params, direction) > 0:
        return True, f"a linear program found a direction that separates the {count} touched entries as backward chooses (kink qualification)"
    return None, f"the direction of the linear program for {count} touched entries fails by rounding"


def _margin(groups, params, direction) -> float:
    """Return the least derivative, zero if it is within rounding."""
    values = torch.cat([v.reshape(-1) for v in _along(groups, params, direction)])
    size = float(values.abs().max())
    least = float(values.min())
    return least if torch.isfinite(values).all() and least > 1e3 * torch.finfo(values.dtype).eps * max(size, 1e-30) else 0.0


GROWTH = (1.0, 8.0)
"""How much larger the step of each group is tried than that of the group before."""


def _own_steps(groups, params, biases):
    """Return a direction in which every group is moved by the parameters that no earlier group depends on.

    One pass in pieces finds the steps, and one derivative of all constraints decides about the whole direction.  ``None``: try more slowly.
    """
    steps: list = [None] * len(params)
    level = [0] * len(params)
    seen: set = set()
    places = {id(p): k for k, p in enumerate(params)}
    for number, group in enumerate(groups):
        u = group.values()
        fresh = sorted(_newly_reached(u, places, seen))
        few = [k for k in fresh if k in biases] or [k for k in fresh if params[k].dim() == 1] or fresh
        if not few:
            return None
        for k, pulled in zip(few, _gradients(u.sum(), [params[k] for k in few]), strict=True):
            steps[k], level[k] = None if pulled is None else torch.sign(pulled), number
    for growth in GROWTH:
        direction = [None if s is None else s * growth**n for s, n in zip(steps, level, strict=True)]
        if _margin(groups, params, direction) > 0:
            return direction, all([k in biases for k, s in enumerate(steps) if s is not None])
    return None


def _newly_reached(u: torch.Tensor, places: dict[int, int], seen: set) -> set[int]:
    """Return the parameters that u depends on and nothing seen before does; the graph is walked, nothing is computed."""
    found, stack = set(), [u.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if variable is not None and id(variable) in places:
            found.add(places[id(variable)])
        stack += [following for following, _ in node.next_functions]
    return found


def _layer_by_layer(groups, params, biases):
    """Return a direction made of steps that do not disturb earlier layers."""
    direction: list = [None] * len(params)
    used: set[int] = set()
    only_biases = True
    for group in groups:
        u = group.values()
        pulled = _gradients(u.sum(), params)
        reached = {k for k, p in enumerate(pulled) if p is not None}
        fresh = [k for k in sorted(reached) if k not in used]
        used |= reached
        base = _along([group], params, direction)[0] if any([d is not None for d in direction]) else torch.zeros_like(u)
        if bool((base > 0).all()):
            continue
        for choice in ([k for k in fresh if k in biases], [k for k in fresh if params[k].dim() == 1], fresh):
            step: list = [torch.sign(pulled[k]) if k in choice else None for k in range(len(params))]
            gain = _along([group], params, step)[0] if choice else torch.zeros_like(u)
            if bool((gain > 0).all()):
                break
        else:
            return None, False
        only_biases = only_biases and all([k in biases for k in choice])
        scale = 1 + 2 * float(torch.clamp(-base / gain, min=0).max())
        for k in choice:
            direction[k] = scale * step[k]
    return direction, only_biases


def _by_program(groups, params):
    """Return a combination of the constraints' gradients with positive products, or ``None``."""
    rows = []
    for g in groups:
        for u in g.values():
            rows.append(_gradients(u, params))
    n = len(rows)
    gram = torch.zeros(n, n, dtype=torch.float64)
    for i in range(n):
        for j in range(i + 1):
            pairs = [(a, b) for a, b in zip(rows[i], rows[j], strict=True) if a is not None and b is not None]
            gram[i, j] = gram[j, i] = sum([float((a.double() * b.double()).sum()) for a, b in pairs])
    weights = separating_weights(gram.tolist())
    if weights is None:
        return None
    direction: list = [None] * len(params)
    for weight, row in zip(weights, rows, strict=True):
        for k, r in enumerate(row):
            if r is not None:
                direction[k] = weight * r + (0 if direction[k] is None else direction[k])
    return direction
