"""Near-homogeneity: a degree M and polynomials that bound how far a network is from being M-homogeneous.

For a group theta of inputs, r its Euclidean norm, f is *near-M-homogeneous* (Cai, Zhou, Wu, Mei, Lindsey, Bartlett, arXiv 2502.16075)
when for every element h of its Clarke subdifferential

    |<h, theta> - M f| <= p'(r),   |f| <= q(r),   |h| <= g(r)

with polynomials of non-negative coefficients, p' of degree below M.  Then f(r u)/r^M has a limit f_H(u), the homogenisation, and
|f - f_H| <= p_a(r), where p_a is the one polynomial of degree below M with M p_a - r p_a' = p'.

The rules are the kernel's (`tamecheck.kernel.near`); here it is decided where a scalar function ends and which of two bounds is the better one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

from tamecheck.ground.intervals import LINE, from_text
from tamecheck.kernel.gate_bounds import Bounds
from tamecheck.kernel.judgments import Record
from tamecheck.kernel.near import Poly, State, States, gap, least
from tamecheck.kernel.recession import leading
from tamecheck.kernel.scaling import ANY, degrees
from tamecheck.proofs.gates import Gates

LONGEST = 4_000  # digits of a number in a claim
MAXIMAL_QUOTIENTS = 20  # looked at to explain a failure
DEGREE_ZERO = "M = 0: a quotient whose two sides vary (softmax, attention scores, normalisation with eps > 0); the degree must be at least 1"


class Failure(NamedTuple):
    """No bounds; ``node`` is the first for which there are none."""

    node: int
    reason: str


class Near(NamedTuple):
    """The result.

    Attributes
    ----------
    degree, defect, gap, value, gradient : M and the polynomials p', p_a, q, g (coefficients lowest first; ``None``: no bound)
    degenerate : f_H = 0, so that the bound |f| <= p_a says all there is and theorems that ask for a margin beyond p_a are void
    exact : p' = 0
    certified : every scalar function's bounds are verified by the kernel, so that a certificate can claim all this
    limit : program and node of f_H, or None where no rule says what it is
    """

    degree: int
    defect: Poly
    gap: Poly
    value: Poly | None
    gradient: Poly | None
    degenerate: bool
    exact: bool
    certified: bool
    group: tuple[int, ...]
    gates: tuple[Bounds, ...]
    limit: tuple | None

    def claim(self) -> dict:
        """Return the row of the claim's key ``near``."""
        return {
            "defect": _texts(self.defect), "degree": self.degree, "gap": _texts(self.gap), "gradient": _texts(self.gradient),
            "group": list(self.group), "limit": None if self.limit is None else [self.limit[0].digest(), self.limit[1]],
            "value": _texts(self.value), "zero": int(self.degenerate),
        }  # fmt: skip

    def gate_rows(self) -> list[list]:
        """Return the rows of the certificate's key ``gates``."""
        return [
            [g.node, g.root, str(g.defect), str(g.lipschitz), str(g.at_zero), [str(q) for q in g.cuts], _text(g.left), _text(g.right)]
            for g in self.gates
        ]


def _texts(p: Poly | None) -> list[str] | None:
    return None if p is None else [str(c) for c in p]


def _text(q) -> str | None:
    return None if q is None else str(q)


def near(program, target: int, moving: Iterable[int], record: Callable[[int], Record]) -> Near | Failure:
    """Return degree and bounds of a node for the group ``moving`` of inputs, or why there are none.

    Parameters
    ----------
    record : what is proved of a node as a function of the group (and perhaps of more inputs): ranges, totality, local Lipschitz continuity
    """
    group = tuple(sorted(moving))
    for n in group:
        if from_text(program.nodes[n][1][2]) != LINE:
            return Failure(n, "an input that is scaled has a box")
    exact = degrees(program, dict.fromkeys(group, Fraction(1)))
    states = States(program, group, exact, [record(n)[3] for n in range(len(program.nodes))])
    used = _walk(program, target, states)
    found = states.found[target]
    if isinstance(found, str):
        return Failure(*_first(program, target, states, found))
    if exact[target] == ANY:
        return Failure(target, "it is identically zero: every degree fits")
    if found.degree < 1:
        return Failure(target, "degree 0: the theorems ask for a degree of at least 1")
    if found.defect is None:
        return Failure(target, "the defect has no polynomial bound")
    if len(found.defect) > found.degree:
        return Failure(target, f"the defect is bounded by a polynomial of degree {len(found.defect) - 1} only, not below {found.degree}")
    needed = states.needed(target)
    for n in needed:
        if not (record(n)[4] and record(n)[7]):
            return Failure(n, "not proved to be defined and locally Lipschitz everywhere")
    rows = tuple([used[n][0] for n in needed if n in used])
    limit = leading(program, target, states, {g.node: g for g in rows})
    return Near(
        found.degree, found.defect, gap(found.defect, found.degree), found.value, found.gradient, limit is not None and vanishes(limit),
        found.defect == (), all([used[g.node][1] for g in rows]) and _short(found), group, rows, limit,
    )  # fmt: skip


def vanishes(limit: tuple) -> bool:
    """Tell whether the leading part is identically zero by its form."""
    program, node = limit
    return degrees(program, {})[node] == ANY


def _short(s: State) -> bool:
    return all([len(str(c)) <= LONGEST for p in (s.defect, s.value, s.gradient) if p is not None for c in p])


def _walk(program, target: int, states: States) -> dict[int, tuple[Bounds, bool]]:
    """Compute the states; return the gates that were used, by node."""
    gates = Gates(program)
    frontier = gates.frontier(target)
    used: dict[int, tuple[Bounds, bool]] = {}
    for n in range(target + 1):
        found = states.visit(n)
        base = gates.roots[n]
        if n not in frontier or base in (n, -1) or not states.depends[n] or (isinstance(found, State) and found.defect == ()):
            continue
        below = states.found[base]
        if isinstance(below, str) or below.degree < 1 or below.defect is None:
            continue
        gate = gates.of(n)
        if isinstance(gate, str):
            if isinstance(found, str):
                states.found[n] = gate
            continue
        kept = found, states.support[n]
        made = states.visit(n, gate[0])
        if _better(made, kept[0]) or (gate[0].left == gate[0].right == 0 and _nearly(made, kept[0])):
            used[n] = gate
        else:
            states.found[n], states.support[n] = kept
    return used


def _better(a: State | str, b: State | str) -> bool:
    """Tell whether the first has the smaller defect."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(b, str) and not isinstance(a, str)
    return a.degree == b.degree and a.defect is not None and (b.defect is None or (a.defect != b.defect and least(a.defect, b.defect) == a.defect))


def _nearly(a: State | str, b: State | str) -> bool:
    """Tell whether the first has the same defect but for rounding: then it may be taken for the sake of its leading part, which is 0."""
    both = isinstance(a, State) and isinstance(b, State) and a.degree == b.degree and None not in (a.defect, b.defect)
    return both and len(a.defect) <= len(b.defect) and all([x <= y * (1 + Fraction(1, 2**16)) for x, y in zip(a.defect, b.defect, strict=False)])


def _first(program, target: int, states: States, reason: str) -> tuple[int, str]:
    """Return the first node below the target that has no state, and why."""
    cone = program.ancestors([target])
    first = next((n for n in cone if isinstance(states.found[n], str)), target)
    quotients = [n for n in cone if program.nodes[n][:2] == ("map", ("div",)) and isinstance(states.found[n], str)]
    for n in [n for n in quotients if all([states.depends[a] for a in program.nodes[n][2]])][:MAXIMAL_QUOTIENTS]:
        if first == n or first in program.ancestors([program.nodes[n][2][1]]):
            return first, DEGREE_ZERO
    return first, reason


__all__ = ["Failure", "Near", "gap", "near"]
