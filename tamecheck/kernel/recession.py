"""The homogenisation f_H(theta) = lim f(r theta)/r^M of a near-homogeneous node, as a program: rules for the leading parts.

Parts of lower degree are replaced by zeros, and every scalar gate s by its recession function right * max(h, 0) - left * max(-h, 0); what is
exactly homogeneous stays.  The construction is specified in section 11 of the certificate format, so that all who build the program get the
same one; a claim names it by its digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tamecheck.kernel.gate_bounds import Bounds
from tamecheck.kernel.near import State, States
from tamecheck.kernel.scaling import ANY, degrees
from tamecheck.programs.program import Program

SAME = ("neg", "abs", "add", "sub", "mul", "max", "min")
TOGETHER = ("add", "sub", "max", "min")


def leading(program: Program, target: int, states: States, gates: Mapping[int, Bounds]) -> tuple[Program, int] | None:
    """Return the program and node of the leading part, or ``None`` where no rule says what it is."""
    made = Program()
    made.bodies = program.bodies
    plain: list[int] = []  # the node itself, where it is exactly homogeneous or fixed, or below such a node
    leads: list[int | None] = []
    for n in range(target + 1):
        kind, parameters, arguments, shape = program.nodes[n]
        plain.append(made.add(kind, parameters, tuple([plain[a] for a in arguments]), shape))
        if kind == "input":
            made._inputs[parameters[0]] = plain[n]
        leads.append(_lead(made, program, n, states, gates.get(n), plain, leads))
    found = leads[target]
    if found is None:
        return None
    result, place = _pruned(made, found)
    names = {program.nodes[i][1][0] for i in states.moving}
    weights = {i: Fraction(1) for i in result.inputs() if result.nodes[i][1][0] in names}
    exact = degrees(result, weights)[place]
    return (result, place) if exact in (ANY, states.found[target].degree) else None


def _lead(made: Program, program: Program, n: int, states: States, gate: Bounds | None, plain: list, leads: list) -> int | None:
    kind, parameters, arguments, shape = program.nodes[n]
    state = states.found.get(n)
    if not isinstance(state, State):
        return None
    if gate is not None:
        return _recession(made, gate, leads[gate.root], shape)
    if not states.depends[n] or n in states.moving or states.exact[n] == ANY or states.exact[n] == state.degree:
        return plain[n]
    name = parameters[0] if parameters else ""
    good = (kind == "map" and (name in SAME or (name == "div" and not states.depends[arguments[1]]) or name == "pow")) or (
        kind in ("contract", "reindex", "where", "lookup") or (kind in ("reduce", "cumulate") and name != "prod") or kind == "order")  # fmt: skip
    if not good:
        return None
    together = range(len(arguments)) if (kind == "map" and name in TOGETHER) or kind == "reindex" else (1, 2) if kind == "where" else ()
    parts: list[int | None] = []
    for k, a in enumerate(arguments):
        lower = states.exact[a] == ANY or (k in together and states.found[a].degree < state.degree)
        parts.append(made.constant(0, program.shape(a)) if lower else leads[a])
    return None if None in parts else made.add(kind, parameters, tuple(parts), shape)


def _recession(made: Program, gate: Bounds, h: int | None, shape: Sequence[int]) -> int | None:
    """right * max(h, 0) - left * max(-h, 0), in the shape of the gate."""
    if h is None or gate.left is None or gate.right is None:
        return None
    inner, zero = made.shape(h), made.constant(0)
    if gate.left == 0 and gate.right == 0:
        return made.constant(0, shape)
    up = made.add("map", ("max",), (h, zero), inner)
    down = made.add("map", ("max",), (made.add("map", ("neg",), (h,), inner), zero), inner)
    sides = [made.add("map", ("mul",), (made.constant(q), m), inner) for q, m in ((gate.right, up), (gate.left, down))]
    found = made.add("map", ("sub",), tuple(sides), inner)
    return found if inner == tuple(shape) else made.add("map", ("add",), (found, made.constant(0, shape)), tuple(shape))


def _pruned(made: Program, target: int) -> tuple[Program, int]:
    """Return the program of what the target is computed from."""
    result, place = Program(), {}
    result.bodies = made.bodies
    for n in made.ancestors([target]):
        kind, parameters, arguments, shape = made.nodes[n]
        place[n] = result.add(kind, parameters, tuple([place[a] for a in arguments]), shape)
        if kind == "input":
            result._inputs[parameters[0]] = place[n]
            result.names[place[n]] = parameters[0]
    return result, place[target]

