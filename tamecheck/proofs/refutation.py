"""The negative search: choose curves, follow them through the program, undo operations from the outside.

Where to look is heuristic; what is found is made of kernel steps and is checked.
"""

from fractions import Fraction

from tamecheck.ground.intervals import LINE, Interval, bounded, contains, from_text, meet
from tamecheck.kernel import negation, refinements
from tamecheck.kernel.curves import ANY, EVERYTHING, Curve, is_uniform, variable_record
from tamecheck.proofs.definability import REFINABLE, Proof, varying_roles

RIGHT: Interval = (Fraction(0), None, False, False)
LEFT: Interval = (None, Fraction(0), False, False)
UNIT: Interval = (Fraction(0), Fraction(1), False, False)
FAR_RIGHT: Interval = (Fraction(32), None, False, False)
FAR_LEFT: Interval = (None, Fraction(-32), False, False)
CHOICES = (Fraction(1), Fraction(1, 2), Fraction(-1), Fraction(2), Fraction(3, 7), Fraction(0))
SEMILINEAR = 1
WORK_FOR_A_VERDICT = 400_000  # nodes visited, about 10 microseconds each
WORK_FOR_SHARPNESS = 750
MAXIMAL_CURVES = 48
MOST_ESCAPES = 3


def refute(proof: Proof, wanted: int) -> int:
    """Search curves along which the claimed node is not definable in the structures of ``wanted``.

    ``wanted`` is a mask of named structures, or contains `ANY`.  Successful instances are
    appended to the proof; the mask of everything excluded is returned and stored.
    """
    size = len(proof.program.nodes)
    if any(node[0] in ("repeat", "implicit") for node in proof.program.nodes):
        return proof.excluded
    work, limit = 0, WORK_FOR_A_VERDICT if wanted & ANY or not proof.record[1] else max(WORK_FOR_SHARPNESS, size)
    for variable, domain, exponent, fixed, companions in candidates(proof):
        if proof.excluded & wanted == wanted or work > limit:
            break
        work += (size + 8) * (1 + MOST_ESCAPES if wanted & ANY else 1)
        try_curve(proof, variable, domain, exponent, fixed, wanted, companions)
    return proof.excluded


def try_curve(proof: Proof, variable: int, domain: Interval, exponent: Fraction, fixed: dict[int, Fraction], wanted: int,
              companions: tuple[int, ...] = ()) -> bool:
    """Follow one curve; keep it when it excludes something new of ``wanted``."""
    c = Curve(proof.program, proof.derivation.facts, variable, domain, exponent, fixed, companions)
    follow(c, proof.node, True)
    found = negation.negative_of(c, proof.node)
    mask = found[1] if found else 0
    news = []
    if mask & wanted & ~proof.excluded:
        news.append(found[0])
    if SEMILINEAR & wanted & ~(proof.excluded | mask):
        step = negation.try_curvature(c, proof.node)
        if step is not None:
            news.append(step)
            mask |= SEMILINEAR
    if news:
        keep(proof, c, news, mask)
        return True
    return bool(wanted & ANY) and _through_escape(proof, c)


def keep(proof: Proof, c: Curve, steps: list[int], mask: int) -> None:
    """Append a curve and its final steps to the proof."""
    proof.instances.append(c)
    k = len(proof.instances) - 1
    proof.refutations.extend([(k, step) for step in steps])
    proof.excluded |= mask


def _through_escape(proof: Proof, c: Curve) -> bool:
    """Follow the program again with a node that tends to infinity as the variable."""
    places = [u for u in sorted(c.escapes, reverse=True) if u not in c.polynomials and u != proof.node]
    for u in places[:MOST_ESCAPES]:
        second = Curve(proof.program, proof.derivation.facts, u, LINE, Fraction(1), c.fixed)
        follow(second, proof.node)
        if proof.node in second.uniform and proof.node in second.periods and negation.try_oscillate(second, proof.node):
            proof.instances.append(c)
            second.escape = (len(proof.instances) - 1, c.escapes[u][0])
            keep(proof, second, [second.negatives[proof.node][0]], EVERYTHING)
            return True
    return False


def follow(c: Curve, target: int, escapes: bool = False) -> None:
    """Append ordinary and negative steps for every node up to the target that the curve determines."""
    for n, node in enumerate(c.program.nodes[: target + 1]):
        if n in c.moving or node[0] == "input":
            if n not in c.moving and n not in c.fixed:
                continue
            c.start(n)
        elif all(a in c.latest for a in node[2]):
            c.ordinary(n)
            if node[0] == "map" and node[1][0] in REFINABLE:
                refinements.refine(c, n)
        else:
            continue
        if is_uniform(c, n):
            c.uniform.add(n)
            _negative_steps(c, n, escapes)


def _negative_steps(c: Curve, n: int, escapes: bool) -> None:
    polynomial = negation.try_polynomial(c, n)
    if not polynomial and c.record(n)[0]:
        negation.try_slope(c, n)
    if escapes and c.record(n)[0]:
        negation.try_escape(c, n)
    if polynomial or not c.record(n)[0] or (negation.try_periodic(c, n) and not bounded(c.domain)):
        return
    for attempt in (negation.try_axiom, negation.try_staircase, negation.try_signs, negation.try_peel):
        if attempt(c, n):
            return


def candidates(proof: Proof):
    """Yield (variable, domain, exponent, fixed) in the order in which they are worth trying."""
    program = proof.program
    roles = varying_roles(proof.about)
    inputs = program.inputs()
    moving = [n for n in inputs if program.nodes[n][1][1] in roles]
    boxes = {n: from_text(program.nodes[n][1][2]) for n in inputs}
    moving = sorted(moving, key=lambda n: (len(program.nodes[n][3]) > 0, -n))
    count = 0
    if len(moving) > 1:
        yield from _all_together(moving, inputs, boxes)
    for values in _assignments(inputs, boxes):
        for exponent in (Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(-1)):
            for variable in moving[:8]:
                for domain in _domains(boxes[variable], exponent):
                    count += 1
                    if count > MAXIMAL_CURVES * 8:
                        return
                    yield variable, domain, exponent, {n: q for n, q in values.items() if n != variable}, ()


def _all_together(moving: list[int], inputs: list[int], boxes: dict[int, Interval]):
    """Yield curves along which every varying input moves, so that products of two of them bend."""
    for domain in (RIGHT, LEFT, UNIT):
        shared: Interval | None = domain
        for n in moving:
            shared = None if shared is None else meet(shared, boxes[n])
        if shared is None or shared[0] == shared[1]:
            continue
        fixed = {n: inside(boxes[n], Fraction(1, 2)) for n in inputs if n not in moving}
        first = min(moving)
        yield first, shared, Fraction(1), fixed, tuple(sorted(n for n in moving if n != first))
        return


def _domains(box: Interval, exponent: Fraction) -> list[Interval]:
    """Return domains of t whose image under t**exponent lies in the box."""
    found = []
    for domain in (LINE, RIGHT, LEFT, UNIT, FAR_RIGHT, FAR_LEFT):
        if exponent != 1:
            if domain != RIGHT or not contains(box, variable_record(domain, exponent)[3]):
                continue
            found.append(domain)
            continue
        part = meet(domain, box)
        if part is not None and part[0] != part[1] and part not in found:
            found.append(part)
    return found


def _assignments(inputs: list[int], boxes: dict[int, Interval]):
    """Yield values for all inputs: the same number everywhere, then a few distinct ones."""
    for q in CHOICES:
        yield {n: inside(boxes[n], q) for n in inputs}
    yield {n: inside(boxes[n], Fraction(k % 7 + 1, 3)) for k, n in enumerate(inputs)}
    yield {n: inside(boxes[n], Fraction((-1) ** k * (k % 5 + 1), 4)) for k, n in enumerate(inputs)}


def inside(box: Interval, q: Fraction) -> Fraction:
    """Return q when it lies in the box, else a point of the box."""
    if contains(box, (q, q, True, True)):
        return q
    low, high = box[0], box[1]
    if low is not None and high is not None:
        return (low + high) / 2
    return low + 1 if low is not None else high - 1


