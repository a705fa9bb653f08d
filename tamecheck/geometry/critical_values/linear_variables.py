"""Variables that occur linearly in one equation of a system are solved for and leave it.

If ``F_k = A + B x_k`` with A and B free of x_k, then where B is not zero the system is equivalent to ``x_k = -A/B`` and the other equations with this
put in.  A gradient of a sum of squares has this form for output weights and biases: three variables become two or one.  Boxes on which
B may vanish are never discarded on the strength of this: there the quotient is not defined, and they stay open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.geometry.critical_values.smooth_programs import Smooth


@dataclass
class Reduced:
    """A system in fewer variables.

    Attributes
    ----------
    program : Smooth — its outputs are the remaining equations
    kept : list of int — the original positions of the variables left
    eliminated : list of int — those of the others
    solutions : list of int — operations of the program: the eliminated variables as functions of the others
    slopes : list of int — operations that must not vanish: what was divided by
    """

    program: Smooth
    kept: list[int]
    eliminated: list[int]
    solutions: list[int]
    slopes: list[int]


def reduce(program: Smooth) -> Reduced:
    """Return an equivalent system with the variables that occur linearly in an equation eliminated."""
    equations = list(program.outputs)
    solved: dict[int, int] = {}
    slopes: list[int] = []
    kept = list(range(program.n))
    while len(kept) > 1:
        step = _one(program, equations, kept)
        if step is None:
            break
        e, k, quotient, slope = step
        slopes = [*[substitute(program, f, k, quotient) for f in slopes], slope]
        equations = [substitute(program, f, k, quotient) for i, f in enumerate(equations) if i != e]
        solved = {j: substitute(program, f, k, quotient) for j, f in solved.items()}
        solved[k] = quotient
        kept.remove(k)
    eliminated = sorted(solved)
    small = Smooth([program.graph.names[k] for k in kept])
    place = {k: i for i, k in enumerate(kept)}
    copied: dict[int, int] = {}
    outputs = [*equations, *[solved[k] for k in eliminated], *slopes]
    program.outputs = outputs
    for k in program.order():
        op = program.graph.operations[k]
        if op[0] == "variable":
            copied[k] = small.graph.add("variable", place[op[1]])
        else:
            copied[k] = _copied(small, op, copied)
    small.outputs = [copied[k] for k in equations]
    return Reduced(small, kept, eliminated, [copied[solved[k]] for k in eliminated], [copied[k] for k in slopes])


def _one(program: Smooth, equations: Sequence[int], kept: Sequence[int]) -> tuple[int, int, int, int] | None:
    """Return (equation, variable, quotient, slope) for a variable that occurs linearly in an equation."""
    before = program.outputs
    for e, f in enumerate(equations):
        support = program.depends()[f]
        for k in kept:
            if not support >> k & 1:
                continue
            program.outputs = [f]
            slope = program.gradient()[k]
            program.outputs = before
            if program.depends()[slope] >> k & 1:
                slope = substitute(program, slope, k, program.graph.add("number", Fraction(0))) if _free(program, slope, k) else None
            if slope is None:
                continue
            rest = substitute(program, f, k, program.graph.add("number", Fraction(0)))
            return e, k, program.make("neg", program.make("div", rest, slope)), slope
    return None


def _free(program: Smooth, f: int, k: int) -> bool:
    """Return whether the second derivative of a function is 0 as it is written: then the first does not depend on the variable."""
    before = program.outputs
    program.outputs = [f]
    second = program.gradient()[k]
    program.outputs = before
    return program.graph.number(second) == 0


def substitute(program: Smooth, root: int, k: int, replacement: int) -> int:
    """Return an operation with another one put for a variable."""
    g = program.graph
    support = program.depends()
    variable = g.add("variable", k)
    place: dict[int, int] = {variable: replacement}
    if not support[root] >> k & 1:
        return root
    before = program.outputs
    program.outputs = [root]
    order = program.order()
    program.outputs = before
    for n in order:
        if n in place:
            continue
        op = g.operations[n]
        place[n] = n if not support[n] >> k & 1 else _copied(program, op, place)
    return place[root]


def _copied(program: Smooth, op: tuple, place: dict[int, int]) -> int:
    kind = op[0]
    if kind in ("add", "sub", "mul", "div", "neg"):
        return program.make(kind, *[place[c] for c in op[1:]])
    if kind == "power":
        a = place[op[1]]
        q = program.graph.number(a)
        return program.graph.add("power", a, op[2]) if q is None else program.graph.add("number", q ** op[2])
    if kind == "function" and len(op) > 2:
        return program.graph.add("function", op[1], place[op[2]])
    return program.graph.add(*op)
