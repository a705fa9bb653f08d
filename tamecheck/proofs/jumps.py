"""Finding jumps: two neighbouring pieces of a line along which the claimed node keeps a distance."""

from fractions import Fraction
from math import prod

from tamecheck.ground.intervals import Interval, from_text
from tamecheck.kernel.curves import Curve
from tamecheck.kernel.judgments import ROUGH
from tamecheck.proofs import cases
from tamecheck.proofs.definability import Proof, varying_roles
from tamecheck.proofs.refutation import follow, inside

WIDTHS = (Fraction(1), Fraction(1, 64), Fraction(1, 2**16), Fraction(1, 2**32))
GUESSES = (Fraction(0), Fraction(1, 2), Fraction(1))


def find_jump(proof: Proof) -> bool:
    """Append a jump of the claimed node to the proof when one is found along a varying input."""
    if proof.record[6] != ROUGH or not proof.record[0] or not prod(proof.program.nodes[proof.node][3]):
        return False
    d, program, roles = proof.derivation, proof.program, varying_roles(proof.about)
    for pivot, nodes in cases.cones(d, proof.node):
        node = program.nodes[pivot]
        if node[0] != "input" or node[1][1] not in roles:
            continue
        box = from_text(node[1][2])
        fixed = {n: inside(from_text(program.nodes[n][1][2]), Fraction(1)) for n in program.inputs() if n != pivot}
        found = cases.breakpoints(d, proof.node, pivot, nodes, box)
        for q in [*found, *[g for g in GUESSES if g not in found and _interior(g, box)]]:
            if _jump_at(proof, pivot, fixed, q, box):
                return True
    return False


def _interior(q: Fraction, box: Interval) -> bool:
    return (box[0] is None or box[0] < q) and (box[1] is None or q < box[1])


def _jump_at(proof: Proof, variable: int, fixed: dict[int, Fraction], q: Fraction, box: Interval) -> bool:
    for width in WIDTHS:
        left = (q - width if box[0] is None else max(q - width, box[0]), q, False, False)
        right = (q, q + width if box[1] is None else min(q + width, box[1]), False, False)
        at = (q, q, True, True)
        for first, second in ((left, at), (at, right)):
            pair = [_piece(proof, variable, domain, fixed) for domain in (first, second)]
            a, b = (c.record(proof.node) for c in pair)
            if a[4] and b[4] and _apart(a[3], b[3]):
                start = len(proof.instances)
                proof.instances.extend(pair)
                proof.jumps = [[(start + k, c.latest[proof.node]) for k, c in enumerate(pair)]]
                return True
    return False


def _piece(proof: Proof, variable: int, domain: Interval, fixed: dict[int, Fraction]) -> Curve:
    c = Curve(proof.program, proof.derivation.facts, variable, domain, Fraction(1), fixed)
    follow(c, proof.node)
    return c


def _apart(a: Interval, b: Interval) -> bool:
    """Tell whether two intervals have a positive distance."""
    return (a[1] is not None and b[0] is not None and a[1] < b[0]) or (b[1] is not None and a[0] is not None and b[1] < a[0])
