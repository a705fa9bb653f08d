"""The rules that make negative steps along a curve: periodic, oscillate, axiom, curvature, peel, level, escapes.

Each function appends a step to the curve when its premises are there, and returns whether
it did.  Specification: ``docs/reference/certificate-format.md``, section 7.
"""

from fractions import Fraction
from math import lcm

from tamecheck.ground.intervals import Interval, bounded
from tamecheck.kernel import curves, images
from tamecheck.kernel.curves import EVERYTHING, Curve, affine, side_conditions, unbounded_on
from tamecheck.kernel.derivation import contraction_count, reduction_count
from tamecheck.kernel.judgments import ANALYTIC
from tamecheck.kernel.primitives import R_ALG
from tamecheck.structures.lattice import BIT, DOWN

EXPONENTIAL = DOWN["R_an_pow"] | DOWN["R_G"]
ALGEBRAIC = BIT["R_alg"]


def try_polynomial(c: Curve, n: int) -> bool:
    """Append ``polynomial`` when the node is a generalised polynomial in t."""
    if _polynomial_through(c, n):
        return True
    found = curves.polynomial(c, n)
    if found is None:
        return False
    arguments = c.program.nodes[n][2] if n not in c.moving else ()
    premises = tuple([c.polynomials[a][0] for a in arguments])
    conclusion = ("polynomial", *[(str(a), str(e)) for a, e in found])
    c.polynomials[n] = (c.negative("polynomial", n, premises, (), conclusion), found)
    return True


def _polynomial_through(c: Curve, n: int) -> bool:
    """Append ``polynomial`` for what where, max or min decidedly take, or for abs on one side of 0."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if n in c.moving or (kind != "where" and (kind != "map" or not parameters or parameters[0] not in ("max", "min", "abs"))):
        return False
    for position, f in enumerate(arguments):
        if f not in c.polynomials:
            continue
        step, p = c.polynomials[f]
        if kind == "map" and parameters[0] == "abs":
            a = c.record(f)[3]
            sign = 1 if a[0] is not None and a[0] >= 0 else -1 if a[1] is not None and a[1] <= 0 else 0
            if not sign:
                return False
            premises, p = (step, c.latest[f]), tuple([(sign * x, e) for x, e in p])
        else:
            choice = _chosen(c, kind, parameters, arguments, position)
            if choice is None:
                continue
            premises = (step, *choice)
        conclusion = ("polynomial", *[(str(a), str(e)) for a, e in p])
        c.polynomials[n] = (c.negative("polynomial", n, premises, (), conclusion), p)
        return True
    return False


def try_slope(c: Curve, n: int) -> bool:
    """Append ``slope``: a t + b with real a, b, and a not 0."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind != "map" or n in c.moving or parameters[0] not in ("neg", "add", "sub", "mul", "div") or len(set(arguments)) != len(arguments):
        return False
    for position, f in enumerate(arguments[:1] if parameters[0] == "div" else arguments):
        if f in c.slopes:
            step = c.slopes[f]
        elif f in c.polynomials and affine(c.polynomials[f][1]) is not None:
            step = c.polynomials[f][0]
        else:
            continue
        premises: tuple[int, ...] = (step,)
        if parameters[0] != "neg":
            other = c.record(arguments[1 - position])
            if other[0] or not other[4] or (parameters[0] in ("mul", "div") and not images.excludes_zero(other[3])):
                continue
            premises = (step, c.latest[arguments[1 - position]])
        c.slopes[n] = c.negative("slope", n, premises, (), ("slope",))
        return True
    return False


def try_periodic(c: Curve, n: int) -> bool:
    """Append ``periodic`` by one of its three forms."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if n in c.moving or not arguments or n not in c.uniform:
        return False
    found = _periodic_base(c, kind, parameters, arguments) or _periodic_closure(c, kind, arguments)
    if found is None:
        return False
    premises, unit, period = found
    step = c.negative("periodic", n, premises, (), ("periodic", unit, str(period)))
    c.periods[n] = (step, unit, period)
    return True


def _periodic_base(c: Curve, kind: str, parameters: tuple, arguments: tuple[int, ...]):
    if kind != "map":
        return None
    if parameters[0] in ("sin", "cos", "tan"):
        step, p = c.polynomials.get(arguments[0], (0, ()))
        slope = affine(p)
        if slope is None and arguments[0] in c.slopes:
            return (c.slopes[arguments[0]],), f"at {arguments[0]}", Fraction(1)
        return None if slope is None else ((step,), "pi", 2 / abs(slope))
    if parameters[0] == "sub":
        u, f = arguments
        node = c.program.nodes[f]
        if node[0] != "map" or node[1][0] not in ("floor", "ceil", "round") or node[2][0] != u:
            return None
        step, p = c.polynomials.get(u, (0, ()))
        slope = affine(p)
        return None if slope is None else ((step,), "1", (2 if node[1][0] == "round" else 1) / abs(slope))
    return None


def _periodic_closure(c: Curve, kind: str, arguments: tuple[int, ...]):
    if kind not in ("map", "compare", "logic", "where", "contract", "reduce", "reindex", "order"):
        return None
    premises, unit, period = [], None, None
    for a in arguments:
        known = c.periods.get(a)
        if known is None:
            if c.record(a)[0]:
                return None
            premises.append(c.latest[a])
            continue
        step, own_unit, own = known
        if unit not in (None, own_unit):
            return None
        unit, period = own_unit, own if period is None else _common(period, own)
        if period.numerator > 10**6:
            return None
        premises.append(step)
    return None if unit is None else (tuple(premises), unit, period)


def _common(a: Fraction, b: Fraction) -> Fraction:
    """Return the least common multiple of two positive rationals."""
    return Fraction(lcm(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)


def try_oscillate(c: Curve, n: int) -> bool:
    """Append ``oscillate``: a periodic node with two certainly different values on an unbounded T."""
    if n not in c.periods or bounded(c.domain):
        return False
    points = sample_points(c.domain)
    seen = []
    for t in points:
        ball = curves.value(c, n, t)
        if ball is None:
            continue
        for earlier, other in seen:
            if ball < other or other < ball:
                step = c.negative("oscillate", n, (c.periods[n][0],), (str(earlier), str(t)), ("not", "any"))
                c.negatives[n] = (step, EVERYTHING, True)
                return True
        seen.append((t, ball))
    return False


def sample_points(domain: Interval) -> list[Fraction]:
    """Return a few rationals of the domain; where to look, never a proof."""
    low, high = domain[0], domain[1]
    raw = [Fraction(p, 7) for p in (1, 2, 3, 5, 8, 11, 16, 20)]
    if low is not None and high is not None:
        return [low + (high - low) * Fraction(k, 9) for k in range(1, 9)]
    if low is not None:
        return [low + r for r in raw]
    return [high - r for r in raw] if high is not None else raw


AXIOMS = {  # primitive: (excluded on any interval, excluded when the argument is unbounded, both ends count)
    "exp": (DOWN["R_alg"], EXPONENTIAL), "log": (DOWN["R_alg"], EXPONENTIAL),
    "sin": (DOWN["R_exp"], 0), "cos": (DOWN["R_exp"], 0), "tan": (DOWN["R_exp"], 0),
    "asin": (DOWN["R_exp"], 0), "acos": (DOWN["R_exp"], 0), "atan": (DOWN["R_exp"], 0),
    "erf": (0, DOWN["R_an_exp"]), "lambertw": (0, EXPONENTIAL),
    "gamma": (DOWN["R_Pfaff"], DOWN["R_anstar_exp"]), "lgamma": (DOWN["R_Pfaff"], DOWN["R_anstar_exp"]),
    "digamma": (DOWN["R_Pfaff"], DOWN["R_anstar_exp"]), "zeta": (0, DOWN["R_an_exp"]),
}
STAIRS = frozenset(["floor", "ceil", "round"])
POLES = frozenset(["gamma", "lgamma", "digamma"])
UPWARD_ONLY = frozenset(["log", "gamma", "lgamma", "digamma", "zeta", "lambertw"])


def try_axiom(c: Curve, n: int) -> bool:
    """Append ``axiom``: a primitive of a nonconstant polynomial in t."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind != "map" or not c.record(n)[4]:
        return False
    if parameters[0] == "pow":
        return _exponential_axiom(c, n, *arguments)
    if parameters[0] not in AXIOMS or len(arguments) != 1:
        return False
    if arguments[0] not in c.polynomials:
        return _axiom_at_infinity(c, n, parameters[0], arguments[0])
    step, p = c.polynomials[arguments[0]]
    if not curves.varies(p) or c.domain[0] == c.domain[1]:
        return False
    anywhere, far = AXIOMS[parameters[0]]
    up, down = unbounded_on(p, c.domain)
    mask = anywhere | (far if up or (down and parameters[0] not in UPWARD_ONLY) else 0)
    if not mask:
        return False
    c.negatives[n] = (c.negative("axiom", n, (step,), (), ("not", curves.names(mask))), mask, False)
    return True


def try_signs(c: Curve, n: int) -> bool:
    """Append ``signs``: a periodic factor of both signs times something that never vanishes."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if len(arguments) != 2 or bounded(c.domain) or n not in c.uniform:
        return False
    if kind == "contract":
        if contraction_count(c.program, c.program.nodes[n]) < 1:
            return False
    elif kind != "map" or parameters[0] not in ("mul", "div"):
        return False
    orders = [(0, 1)] if parameters[0] == "div" else [(0, 1), (1, 0)]
    for i, j in orders:
        f, a = arguments[i], arguments[j]
        if f not in c.periods or not c.record(a)[4] or not images.excludes_zero(c.record(a)[3]):
            continue
        values = [(t, curves.value(c, f, t)) for t in sample_points(c.domain)]
        above = [t for t, v in values if v is not None and v > 0]
        below = [t for t, v in values if v is not None and v < 0]
        if above and below:
            premises = (c.periods[f][0], c.latest[a])
            c.negatives[n] = (c.negative("signs", n, premises, (str(above[0]), str(below[0])), ("not", "any")), EVERYTHING, False)
            return True
    return False


def try_escape(c: Curve, n: int) -> bool:
    """Append ``escapes``: total, continuous, and tending to infinity with t."""
    if c.domain[1] is not None or n not in c.uniform:
        return False
    record = c.record(n)
    if not record[4] or record[6] < 0:
        return False
    premises = _escape_premises(c, n)
    if premises is None:
        return False
    up, rest = premises
    c.escapes[n] = (c.negative("escapes", n, (c.latest[n], *rest), (), ("escapes",)), up)
    return True


def _escape_premises(c: Curve, n: int) -> tuple[bool, tuple[int, ...]] | None:
    """Return (tends to +infinity, premises after the first) or ``None``."""
    if n in c.polynomials:
        step, p = c.polynomials[n]
        return (p[-1][0] > 0, (step,)) if p and p[-1][1] > 0 else None
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind == "map" and parameters[0] in ("neg", "abs", "sqrt") and arguments[0] in c.escapes:
        step, up = c.escapes[arguments[0]]
        return (up if parameters[0] == "sqrt" else parameters[0] == "abs" or not up), (step,)
    if kind == "map" and parameters[0] == "div" and arguments[0] in c.escapes:
        step, up = c.escapes[arguments[0]]
        below = c.record(arguments[1])
        return (up == images.positive(below[3]), (step, c.latest[arguments[1]])) if bounded(below[3]) and below[4] else None
    if kind == "map" and parameters[0] == "exp":
        known = c.polynomials.get(arguments[0])
        if known and known[1] and known[1][-1][1] > 0 and known[1][-1][0] > 0:
            return True, (known[0],)
        return None
    if kind != "map" or parameters[0] not in ("add", "mul"):
        return None
    for u, a in (arguments, arguments[::-1]):
        if u in c.escapes and u != a:
            step, up = c.escapes[u]
            spread = c.record(a)[3]
            if parameters[0] == "add" and bounded(spread):
                return up, (step, c.latest[a])
            if parameters[0] == "mul" and ((spread[0] or 0) > 0 or (spread[1] or 0) < 0):
                return up == ((spread[0] or 0) > 0), (step, c.latest[a])
    return None


def try_staircase(c: Curve, n: int) -> bool:
    """Append ``staircase``: a rounding takes infinitely many integers, or infinitely many poles are met."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if kind != "map" or parameters[0] not in STAIRS | POLES or arguments[0] not in c.polynomials:
        return False
    step, p = c.polynomials[arguments[0]]
    up, down = unbounded_on(p, c.domain)
    if not curves.varies(p) or not (down or (up and parameters[0] in STAIRS)):
        return False
    c.negatives[n] = (c.negative("staircase", n, (step,), (), ("not", "any")), EVERYTHING, True)
    return True


def _exponential_axiom(c: Curve, n: int, base: int, u: int) -> bool:
    """Append ``axiom`` for b**u with a fixed base certainly positive and different from 1: it is exp(u log b)."""
    b = c.record(base)
    if b[0] or u not in c.polynomials or not images.positive(b[3]) or (b[3][0] <= 1 and (b[3][1] is None or b[3][1] >= 1)):
        return False
    step, p = c.polynomials[u]
    if not curves.varies(p) or c.domain[0] == c.domain[1]:
        return False
    mask = AXIOMS["exp"][0] | (AXIOMS["exp"][1] if any(unbounded_on(p, c.domain)) else 0)
    c.negatives[n] = (c.negative("axiom", n, (step, c.latest[base]), (), ("not", curves.names(mask))), mask, False)
    return True


def _axiom_at_infinity(c: Curve, n: int, p: str, u: int) -> bool:
    """Append ``axiom`` for a semialgebraic argument that tends to infinity."""
    if u not in c.escapes or not c.record(u)[1] & ALGEBRAIC:
        return False
    anywhere, far = AXIOMS[p]
    mask = anywhere | far
    c.negatives[n] = (c.negative("axiom", n, (c.escapes[u][0], c.latest[u]), (), ("not", curves.names(mask))), mask, False)
    return True


def try_curvature(c: Curve, n: int) -> int | None:
    """Append ``curvature``: an analytic node with a nonzero second difference is not semilinear; return the step."""
    record = c.record(n)
    if c.exponent != 1 or c.escape is not None:
        return None  # only a straight line is semilinear
    if not record[4] or record[6] != ANALYTIC or n not in c.uniform or c.domain[0] == c.domain[1]:
        return None
    points = sorted(sample_points(c.domain))
    for low, high in zip(points, points[2:], strict=False):
        triple = (low, (low + high) / 2, high)
        values = [curves.value(c, n, t) for t in triple]
        if None in values:
            continue
        second = values[0] - 2 * values[1] + values[2]
        if second > 0 or second < 0:
            return c.negative("curvature", n, (c.latest[n],), tuple([str(t) for t in triple]), ("not", "R_lin"))
    return None


def negative_of(c: Curve, f: int) -> tuple[int, int, bool] | None:
    """Return (step, mask, level) of a node's strongest negative fact, trying ``oscillate`` on demand."""
    if f not in c.negatives and f in c.periods:
        try_oscillate(c, f)
    return c.negatives.get(f)


def try_peel(c: Curve, n: int) -> bool:
    """Append ``peel`` or ``level``: undo the outermost operation."""
    kind, parameters, arguments, _ = c.program.nodes[n]
    if n not in c.uniform or n in c.moving:
        return False
    for position, f in enumerate(arguments):
        found = negative_of(c, f)
        if found is None:
            continue
        result = _peel_from(c, n, kind, parameters, arguments, position, found)
        if result is not None:
            rule, premises, mask, level = result
            if mask:
                c.negatives[n] = (c.negative(rule, n, premises, (), ("not", curves.names(mask))), mask, level)
                return True
    return False


def _peel_from(c: Curve, n: int, kind: str, parameters: tuple, arguments: tuple[int, ...], position: int, found: tuple):
    step, mask, level = found
    f = arguments[position]
    rule = "level" if level else "peel"
    if _transparent(c, n, kind, parameters, arguments):
        return rule, (step,), mask, level
    if kind in ("where", "map") and (choice := _chosen(c, kind, parameters, arguments, position)) is not None:
        return rule, (step, *choice), mask, level
    if kind == "map" and len(arguments) == 1 and c.record(f)[4]:
        h = curves.injective_homes(parameters[0], c.record(f)[3])
        if h is None:
            return None
        if level:
            return "level", (step, c.latest[f]), EVERYTHING, True
        return "peel", (step, c.latest[f]), side_conditions(mask, h), False
    if len(arguments) != 2 or kind not in ("map", "contract"):
        return None
    return _peel_pair(c, n, kind, parameters, arguments, position, found)


def _transparent(c: Curve, n: int, kind: str, parameters: tuple, arguments: tuple[int, ...]) -> bool:
    node = c.program.nodes[n]
    if kind == "map":
        return parameters[0] == "neg"
    if kind == "reindex":
        return len(set(arguments)) == 1
    if kind == "order":
        return parameters[0] in ("sort", "topk")
    if kind == "reduce":
        return parameters[0] in ("max", "min") or (parameters[0] == "sum" and reduction_count(c.program, node) >= 1)
    return kind == "contract" and len(arguments) == 1 and contraction_count(c.program, node) >= 1


def _chosen(c: Curve, kind: str, parameters: tuple, arguments: tuple[int, ...], position: int) -> tuple[int, ...] | None:
    if kind == "where":
        condition = c.record(arguments[0])
        if not condition[4] or position == 0:
            return None
        picked = 1 if images.excludes_zero(condition[3]) else 2 if condition[3][:2] == (0, 0) else 0
        return (c.latest[arguments[0]],) if picked == position else None
    if parameters[0] not in ("max", "min") or arguments[0] == arguments[1]:
        return None
    other = arguments[1 - position]
    mine, theirs = c.record(arguments[position])[3], c.record(other)[3]
    if not c.record(other)[4]:
        return None
    if parameters[0] == "min":
        mine, theirs = theirs, mine
    decided = theirs[1] is not None and mine[0] is not None and theirs[1] <= mine[0]
    return (c.latest[other], c.latest[arguments[position]]) if decided else None


def _peel_pair(c: Curve, n: int, kind: str, parameters: tuple, arguments: tuple[int, ...], position: int, found: tuple):
    step, mask, level = found
    f, a = arguments[position], arguments[1 - position]
    p = parameters[0] if kind == "map" else "mul"
    if kind == "contract" and contraction_count(c.program, c.program.nodes[n]) < 1:
        return None
    if p == "pow" and position == 0:
        return _peel_power(c, f, a, found)
    if a == f:
        if p != "mul" or not c.record(f)[4] or not _nonnegative(c.record(f)[3]):
            return None
        premises = (step, c.latest[f])
        return ("level", premises, EVERYTHING, True) if level else ("peel", premises, side_conditions(mask, R_ALG), False)
    if p not in ("add", "sub", "mul", "div"):
        return None
    side = c.record(a)
    if not side[4]:
        return None
    kept = side_conditions(mask, side[1])
    if p == "div" and position == 1:
        return _peel_denominator(c, step, f, a, kept, level)
    if level and not side[0] and (p in ("add", "sub") or images.excludes_zero(side[3])):
        return "level", (step, c.latest[a]), EVERYTHING, True
    if p in ("add", "sub"):
        return "peel", (step, c.latest[a]), kept, False
    if images.excludes_zero(side[3]):
        return "peel", (step, c.latest[a]), kept, False
    known = c.polynomials.get(a)
    if known is None or not known[1]:
        return None
    return "peel", (step, c.latest[a], known[0]), kept, False


def _peel_denominator(c: Curve, step: int, f: int, a: int, kept: int, level: bool):
    """Undo a/f: f is recovered where it is not 0; the rest is known when f is total or never 0."""
    record, side = c.record(f), c.record(a)
    if not record[4] and not images.excludes_zero(record[3]):
        return None
    if level and not side[0] and images.excludes_zero(side[3]):
        return "level", (step, c.latest[a], c.latest[f]), EVERYTHING, True
    if images.excludes_zero(side[3]):
        return "peel", (step, c.latest[a], c.latest[f]), kept, False
    known = c.polynomials.get(a)
    if known is None or not known[1]:
        return None
    return "peel", (step, c.latest[a], known[0], c.latest[f]), kept, False


def _nonnegative(a: Interval) -> bool:
    return a[0] is not None and a[0] >= 0


def _peel_power(c: Curve, f: int, exponent: int, found: tuple):
    step, mask, level = found
    q, record = c.record(exponent)[3], c.record(f)
    if q[0] is None or q[0] != q[1] or not record[4] or not c.record(exponent)[4]:
        return None
    h = curves.injective_homes("pow", record[3], q[0])
    if h is None:
        return None
    premises = (step, c.latest[f], c.latest[exponent])
    return ("level", premises, EVERYTHING, True) if level else ("peel", premises, side_conditions(mask, h), False)
