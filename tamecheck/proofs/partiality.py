"""Points where a program has no value: a proof that it is not total.

At a point every input is one rational; ranges of nodes are then points or short balls, and
an argument that certainly leaves a primitive's domain makes the node undefined there.
"""

from fractions import Fraction
from math import prod

from tamecheck.ground.intervals import Interval, from_text, meet
from tamecheck.kernel import rules
from tamecheck.kernel.derivation import Derivation
from tamecheck.kernel.primitives import DOMAINS
from tamecheck.proofs.definability import Proof
from tamecheck.proofs.refutation import inside

VALUES = (Fraction(0), Fraction(-1), Fraction(2), Fraction(-7, 2), Fraction(1))
LARGEST = 20_000


def find_undefined(proof: Proof) -> dict[str, str] | None:
    """Return an input point at which the claimed node certainly has no value, or ``None`` when none was found."""
    program = proof.program
    if proof.record[4] or len(program.nodes) > LARGEST:
        return None
    if any(node[0] in ("repeat", "implicit") for node in program.nodes):
        return None
    inputs = program.inputs()
    for q in VALUES:
        point = {n: inside(from_text(program.nodes[n][1][2]), q) for n in inputs}
        if _undefined_at(proof, point):
            return {program.names.get(n, f"node {n}"): str(value) for n, value in point.items()}
    return None


def _undefined_at(proof: Proof, point: dict[int, Fraction]) -> bool:
    d = Derivation(proof.program, proof.derivation.facts)
    lost: set[int] = set()
    for n, node in enumerate(proof.program.nodes[: proof.node + 1]):
        if node[0] == "input":
            d.conclude("input", n, (), (), rules.input_record((point[n], point[n], True, True), False))
            continue
        d.ordinary(n)
        if _lost(d, node, lost):
            lost.add(n)
    return proof.node in lost


def _lost(d: Derivation, node: tuple, lost: set[int]) -> bool:
    kind, parameters, arguments, shape = node
    if kind == "where":
        c = arguments[0]
        if c in lost:
            return bool(prod(shape))
        condition = d.record(c)[3]
        if condition[0] is None or condition[0] != condition[1]:
            return False
        return bool(prod(shape)) and arguments[1 if condition[0] != 0 else 2] in lost
    if any(a in lost for a in arguments):
        return _keeps_entries(kind, parameters, shape)
    return bool(prod(shape)) and kind == "map" and _outside(parameters[0], [d.record(a)[3] for a in arguments])


def _keeps_entries(kind: str, parameters: tuple, shape: tuple[int, ...]) -> bool:
    """Tell whether every entry of an argument enters some entry of the node."""
    if not prod(shape):
        return False
    if kind == "reindex":
        return parameters[0] in ("reshape", "transpose", "expand", "pad", "concat")
    if kind == "contract":
        operands = parameters[0].partition("->")[0].split(",")
        return all(len(set(letters)) == len(letters) for letters in operands)
    return kind in ("map", "compare", "logic", "reduce")


def _outside(p: str, ranges: list[Interval]) -> bool:
    """Tell whether the arguments certainly lie outside the primitive's domain."""
    if p == "div":
        return ranges[1][:2] == (0, 0)
    if p == "lambertw":
        return ranges[0][1] is not None and ranges[0][1] < Fraction(-1, 2)
    if p == "pow":
        base, exponent = ranges
        if exponent[0] is None or exponent[0] != exponent[1]:
            return False
        q = exponent[0]
        negative = base[1] is not None and base[1] < 0
        return (base[:2] == (0, 0) and q < 0) or (negative and q.denominator != 1)
    return p in DOMAINS and meet(ranges[0], DOMAINS[p]) is None
