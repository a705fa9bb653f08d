"""What is said of a program's homogeneity, and the scalings that a certificate claims.

>>> from tamecheck.frontends.sources import read
>>> found = read("a*max(w*x + b, 0)")
>>> facts = examine(found.program, found.outputs["value"], "both")
>>> facts.inputs, facts.weights[1]
(Fraction(2, 1), Fraction(2, 1))
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from tamecheck.kernel.scaling import ANY, Degree, degrees
from tamecheck.proofs.definability import varying_roles
from tamecheck.proofs.homogeneity import Space, scalings
from tamecheck.proofs.quasi_homogeneity import positive

Weights = dict[int, Fraction]
LONGEST = 4_000  # digits of a number in a claim


@dataclass
class Facts:
    """The homogeneity of one node.

    Attributes
    ----------
    parameters, inputs : Fraction or None — degree when all parameters (all data inputs) are multiplied by one positive number
    weights : (weights, degree) or None — a quasi-homogeneity of the inputs in question, weights at least 1 where that is possible
    space : Space or None — all scalings of the inputs in question that the calculus accepts; None when it was too large
    """

    parameters: Fraction | None
    inputs: Fraction | None
    weights: tuple[Weights, Fraction] | None
    space: Space | None = field(repr=False)

    def claims(self, program) -> list[list]:
        """Return the rows of the claim's key ``scalings``."""
        rows = []
        for role, degree in (("parameters", self.parameters), ("inputs", self.inputs)):
            if degree is not None:
                rows.append(row({n: Fraction(1) for n in group(program, role)}, degree))
        if self.weights is not None:
            rows.append(row(*self.weights))
        distinct = [r for k, r in enumerate(rows) if r not in rows[:k]]
        return [r for r in distinct if all(len(text) <= LONGEST for _, text in r[0]) and len(r[1]) <= LONGEST]


def row(weights: Weights, degree: Fraction) -> list:
    """Return a row of the claim."""
    return [[[n, str(weights[n])] for n in sorted(weights)], str(degree)]


def group(program, role: str) -> list[int]:
    """Return the inputs that are parameters, data inputs, or both."""
    return [n for n in program.inputs() if program.nodes[n][1][1] in varying_roles(role)]


def degree_of(program, target: int, inputs: Iterable[int]) -> Fraction | None:
    """Return the degree when these inputs are multiplied by one positive number; None if there is none or nothing to scale."""
    weights = dict.fromkeys(inputs, Fraction(1))
    if not weights:
        return None
    found = degrees(program, weights)[target]
    return Fraction(0) if found == ANY else found


def examine(program, target: int, about: str) -> Facts:
    """Return what the calculus says of a node's homogeneity."""
    space = scalings(program, target, group(program, about))
    weights = None if space is None else positive(space)
    if weights is not None and not confirmed(program, target, weights):
        weights = None
    return Facts(
        degree_of(program, target, group(program, "parameters")), degree_of(program, target, group(program, "inputs")), weights, space
    )


def confirmed(program, target: int, scaling: tuple[Weights, Fraction]) -> bool:
    """Tell whether the forward pass gives the same degree."""
    found = degrees(program, scaling[0])[target]
    return found in (ANY, scaling[1])


def obstacle(program, target: int, inputs: Iterable[int]) -> tuple[int, str] | None:
    """Return the first node without a degree when these inputs are multiplied by one number, and why."""
    found = degrees(program, dict.fromkeys(inputs, Fraction(1)))
    needed = program.ancestors([target])
    for n in needed:
        if found[n] is None:
            return n, _reason(program, n, [found[a] for a in program.nodes[n][2]])
    return None


def _reason(program, n: int, d: list[Degree]) -> str:
    kind, parameters, _, _ = program.nodes[n]
    what = parameters[0] if kind in ("map", "reduce", "reindex", "cumulate", "linalg", "compare") else kind
    if kind == "input":
        return f"the box {parameters[2]} of an input that is scaled is not mapped onto itself"
    several = sorted({str(x) for x in d if x != ANY})
    if len(several) > 1 and (what in ("add", "sub", "max", "min") or kind in ("where", "reindex", "compare")):
        return f"{what} of parts of degree {' and '.join(several)}"
    return f"{what} of an argument of degree {', '.join(str(x) for x in d)}, where only degree 0 would do"
