"""Finding the cases: the pivot of a node, the breakpoints of its switches, the pieces between them."""

from fractions import Fraction

from tamecheck.ground.intervals import Interval, to_text
from tamecheck.ground.numbers import outward
from tamecheck.kernel import images
from tamecheck.kernel.derivation import Derivation
from tamecheck.kernel.judgments import ANALYTIC
from tamecheck.kernel.negation import sample_points
from tamecheck.kernel.piecewise import ENTRYWISE, SWITCHES, Cone, joined_record, pieces_of
from tamecheck.kernel.quotients import Quotient, bounded_by, quotients

LARGEST_CONE = 64
MOST_BREAKS = 40
MOST_PIVOTS = 4
HIGHEST_DEGREE = 12

Coefficients = tuple[Fraction, ...]  # in increasing order, no trailing zero


def by_cases(proof, d: Derivation, n: int) -> bool:
    """Append a ``piecewise`` step about ``n`` when its cone has breakpoints and the result is stronger."""
    return any(_with_pivot(proof, d, n, pivot, nodes) for pivot, nodes in cones(d, n))


def _with_pivot(proof, d: Derivation, n: int, pivot: int, nodes: list[int]) -> bool:
    spread = d.record(pivot)[3]
    breaks = breakpoints(d, n, pivot, nodes, spread)
    breaks, pieces, bounds = _bounded_pieces(d, n, pivot, nodes, spread, breaks)
    if not breaks:
        return False
    points = [derive(d, n, pivot, nodes, (q, q, True, True)) for q in breaks]
    before = d.record(n)
    after, _ = joined_record(before, d.record(pivot), pieces, points, nodes, breaks, bounds)
    if after == before:
        return False
    first = len(proof.instances)
    proof.instances.extend(pieces + points)
    numbers = tuple(range(first, first + len(pieces))), tuple(range(first + len(pieces), first + len(pieces) + len(points)))
    texts = tuple([None if b is None else to_text(b) for b in bounds])
    parameters = (pivot, tuple([str(q) for q in breaks]), *numbers, texts)
    d.conclude("piecewise", n, (d.latest[n], d.latest[pivot]), parameters, after)
    return True


def _bounded_pieces(d: Derivation, n: int, pivot: int, nodes: list[int], spread: Interval, breaks: list[Fraction]):
    """Return (breaks, pieces, bounds); breaks may grow by one so that every piece has a finite end."""
    if not breaks and spread[0] is None and spread[1] is None:
        breaks = [Fraction(0)]
    breaks = _needed(d, n, pivot, nodes, spread, breaks)
    pieces = [derive(d, n, pivot, nodes, part) for part in pieces_of(spread, breaks)]
    bounds = [_bound(c, nodes) for c in pieces]
    return breaks, pieces, bounds


def _needed(d: Derivation, n: int, pivot: int, nodes: list[int], spread: Interval, breaks: list[Fraction]) -> list[Fraction]:
    """Return the breakpoints without those across which no switch of the cone changes."""
    kept = list(breaks)
    for q in breaks:
        if len(kept) == 1:
            break
        rest = [r for r in kept if r != q]
        merged = next(p for p in pieces_of(spread, rest) if (p[0] is None or p[0] < q) and (p[1] is None or q < p[1]))
        if _settled(derive(d, n, pivot, nodes, merged), nodes):
            kept = rest
    return kept


def _settled(c: Cone, nodes: list[int]) -> bool:
    """Tell whether every switch that the cone's value depends on is decided by the ranges."""
    needed = {c.node}
    for n in reversed(nodes):
        if n not in needed or n == c.pivot:
            continue
        kind, parameters, arguments, _ = c.program.nodes[n]
        chosen: tuple[int, ...] | None = arguments
        if kind == "where":
            condition = c.record(arguments[0])[3]
            chosen = None if condition[0] != condition[1] else (arguments[1 if images.excludes_zero(condition) else 2],)
        elif kind == "map" and parameters[0] in SWITCHES:
            extreme = _chosen_extreme(c, parameters[0], arguments)
            chosen = None if extreme is None else (extreme,)
        elif kind in ("compare", "logic") or (kind == "map" and parameters[0] in ("abs", "sign", "floor", "ceil", "round")):
            chosen = arguments if c.record(n)[6] >= min([c.record(a)[6] for a in arguments], default=ANALYTIC) else None
        if chosen is None:
            return False
        needed.update(chosen)
    return True


def _bound(c: Cone, nodes: list[int]) -> Interval | None:
    """Return a proved bound for the node on a piece where its range is unbounded and it is a quotient of polynomials."""
    spread = c.record(c.node)[3]
    if spread[0] is not None and spread[1] is not None:
        return None
    f = quotients(c, c.pivot, nodes)[c.node]
    if f is None or (c.range[0] is None and c.range[1] is None):
        return None
    values = [v for v in (_value(f, t) for t in sample_points(c.range)) if v is not None]
    if not values:
        return None
    limits = [f[0][-1] / f[1][-1]] if f[0] and len(f[0]) == len(f[1]) else [Fraction(0)] if len(f[0]) < len(f[1]) else []
    low = _first_proved(f, c.range, min([*values, *limits]), -1)
    high = _first_proved(f, c.range, max([*values, *limits]), 1)
    return None if low is None and high is None else (low, high, low is not None, high is not None)


def _value(f: Quotient, t: Fraction) -> Fraction | None:
    above, below = (sum((x * t**k for k, x in enumerate(p)), Fraction(0)) for p in f)
    return above / below if below else None


def _first_proved(f: Quotient, piece: Interval, start: Fraction, side: int) -> Fraction | None:
    """Return the first bound on one side, from tight to loose, that signs of coefficients prove."""
    scale = max(abs(start), Fraction(1))
    for slack in (Fraction(0), Fraction(1, 64), Fraction(1, 8), Fraction(1, 2), Fraction(1), Fraction(4), Fraction(32), Fraction(1000)):
        candidate = outward(start + side * slack * scale, side)
        if candidate is not None and bounded_by(f, piece, *((candidate, None) if side < 0 else (None, candidate))):
            return candidate
    return None


def cones(d: Derivation, n: int):
    """Yield (pivot, nodes from the pivot up to n in order), nearest pivot first, a few at most."""
    nodes = d.program.nodes
    frontier, cone, leaves = {n}, [], set()
    found = 0
    while frontier and found < MOST_PIVOTS:
        top = max(frontier)
        if len(frontier) == 1 and top != n:
            if not d.record(top)[0]:
                return
            found += 1
            yield top, sorted([top, *cone, *leaves])
        if nodes[top][0] not in ENTRYWISE or len(cone) > LARGEST_CONE:
            return
        frontier.remove(top)
        cone.append(top)
        for a in nodes[top][2]:
            if nodes[a][0] == "constant":
                if nodes[a][1][0] != "splat":
                    return
                leaves.add(a)
            elif nodes[a][0] == "map" and not nodes[a][2]:
                leaves.add(a)
            else:
                frontier.add(a)


def derive(d: Derivation, n: int, pivot: int, nodes: list[int], spread: Interval) -> Cone:
    """Return the ordinary derivation of the cone with the pivot in ``spread``."""
    from tamecheck.kernel import refinements
    from tamecheck.proofs.definability import REFINABLE

    c = Cone(d.program, d.facts, n, pivot, spread)
    for m in nodes:
        if m == pivot:
            continue
        c.ordinary(m)
        node = d.program.nodes[m]
        if node[0] == "map" and node[1][0] in REFINABLE:
            refinements.refine(c, m)
    return c


def breakpoints(d: Derivation, n: int, pivot: int, nodes: list[int], spread: Interval) -> list[Fraction]:
    """Return the rational points where a switch of the cone changes, in increasing order (possibly not all)."""
    known: set[Fraction] = set()
    todo = [spread]
    while todo and len(known) <= MOST_BREAKS:
        part = todo.pop()
        if part[0] is not None and part[0] == part[1]:
            continue
        new = _open_switch(derive(d, n, pivot, nodes, part), nodes, part)
        if new:
            known.update(new)
            todo.extend(pieces_of((part[0], part[1], False, False), sorted(new)))
    return sorted(known) if len(known) <= MOST_BREAKS else []


def _open_switch(c: Cone, nodes: list[int], part: Interval) -> set[Fraction]:
    """Return rational roots, inside the part, of the first switch that its ranges leave open."""
    found: dict[int, Coefficients | None] = {}
    for n in nodes:
        kind, parameters, arguments, _ = c.program.nodes[n]
        if n == c.pivot:
            found[n] = (Fraction(0), Fraction(1))
            continue
        found[n] = _polynomial(c, n, found)
        difference = None
        if kind == "compare" and c.record(n)[3][0] != c.record(n)[3][1]:
            difference = _minus(found[arguments[0]], found[arguments[1]])
        elif kind == "map" and parameters[0] in SWITCHES:
            if c.record(n)[6] < min(c.record(arguments[0])[6], c.record(arguments[1])[6]):
                difference = _minus(found[arguments[0]], found[arguments[1]])
        elif kind == "map" and parameters[0] in ("abs", "sign"):
            a = c.record(arguments[0])[3]
            one_sided = (a[0] is not None and a[0] >= 0) or (a[1] is not None and a[1] <= 0)
            if not images.excludes_zero(a) and (parameters[0] == "sign" or not one_sided):
                difference = found[arguments[0]]
        elif kind == "map" and parameters[0] in ("floor", "ceil", "round"):
            inside = _step_points(c, parameters[0], arguments[0], found[arguments[0]], part)
            if inside:
                return inside
        if difference:
            inside = {q for q in rational_roots(difference) if _interior(q, part)}
            if inside:
                return inside
    return set()


def _interior(q: Fraction, part: Interval) -> bool:
    return (part[0] is None or part[0] < q) and (part[1] is None or q < part[1])


def _step_points(c: Cone, p: str, argument: int, polynomial: Coefficients | None, part: Interval) -> set[Fraction]:
    image = c.record(argument)[3]
    if polynomial is None or len(polynomial) != 2 or image[0] is None or image[1] is None or image[1] - image[0] > MOST_BREAKS:
        return set()
    shift = Fraction(1, 2) if p == "round" else Fraction(0)
    levels = range((image[0] - shift).__floor__(), (image[1] - shift).__ceil__() + 1)
    points = {(k + shift - polynomial[0]) / polynomial[1] for k in levels}
    return {q for q in points if _interior(q, part)}


def _polynomial(c: Cone, n: int, found: dict[int, Coefficients | None]) -> Coefficients | None:
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind == "constant":
        return _trim([Fraction(parameters[1])])
    if kind == "where":
        condition = c.record(arguments[0])[3]
        return found[arguments[1]] if images.excludes_zero(condition) else found[arguments[2]] if condition[:2] == (0, 0) else None
    if kind != "map" or not arguments:
        return None
    p, values = parameters[0], [found[a] for a in arguments]
    if p in SWITCHES:
        first = _chosen_extreme(c, p, arguments)
        return None if first is None else found[first]
    if any(v is None for v in values):
        return None
    if p == "neg":
        return tuple([-x for x in values[0]])
    if p == "abs":
        a = c.record(arguments[0])[3]
        return values[0] if a[0] is not None and a[0] >= 0 else tuple([-x for x in values[0]]) if a[1] is not None and a[1] <= 0 else None
    if p == "add":
        return _minus(values[0], tuple([-x for x in values[1]]))
    if p == "sub":
        return _minus(*values)
    if p == "mul":
        return _times(*values)
    if p == "div" and len(values[1]) == 1:
        return tuple([x / values[1][0] for x in values[0]])
    if p == "pow" and len(values[1]) == 1 and values[1][0].denominator == 1 and 0 <= values[1][0] <= 8:
        result: Coefficients | None = (Fraction(1),)
        for _ in range(int(values[1][0])):
            result = None if result is None else _times(result, values[0])
        return result
    return None


def _chosen_extreme(c: Cone, p: str, arguments: tuple[int, ...]) -> int | None:
    a, b = (c.record(m)[3] for m in arguments)
    left_above = a[0] is not None and b[1] is not None and b[1] <= a[0]
    right_above = b[0] is not None and a[1] is not None and a[1] <= b[0]
    if not (left_above or right_above):
        return None
    return arguments[0] if left_above == (p == "max") else arguments[1]


def _trim(coefficients: list[Fraction]) -> Coefficients:
    while coefficients and coefficients[-1] == 0:
        coefficients.pop()
    return tuple(coefficients)


def _minus(a: Coefficients | None, b: Coefficients | None) -> Coefficients | None:
    if a is None or b is None:
        return None
    size = max(len(a), len(b))
    return _trim([(a[k] if k < len(a) else Fraction(0)) - (b[k] if k < len(b) else Fraction(0)) for k in range(size)])


def _times(a: Coefficients, b: Coefficients) -> Coefficients | None:
    if len(a) + len(b) > HIGHEST_DEGREE + 2:
        return None
    result = [Fraction(0)] * (max(len(a) + len(b) - 1, 0))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return _trim(result)


def rational_roots(coefficients: Coefficients) -> list[Fraction]:
    """Return the rational roots of a nonzero polynomial with rational coefficients."""
    if len(coefficients) < 2:
        return []
    if len(coefficients) == 2:
        return [-coefficients[0] / coefficients[1]]
    import flint

    polynomial = flint.fmpq_poly([flint.fmpq(x.numerator, x.denominator) for x in coefficients])
    _, factors = polynomial.factor()
    roots = []
    for factor, _ in factors:
        if factor.degree() == 1:
            root = -factor[0] / factor[1]
            roots.append(Fraction(int(root.p), int(root.q)))
    return roots
