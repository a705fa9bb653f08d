"""The ordinary rules: one function per kind of node, from the arguments' records to the node's.

A rule is a total function of the node's parameters, the extents involved and the premises'
records; it never looks at anything else, so equal situations are computed once.
Specification: ``docs/reference/certificate-format.md``, section 5.
"""

from fractions import Fraction
from functools import lru_cache

from tamecheck.ground.intervals import LINE, Interval, from_text, hull, magnitude
from tamecheck.kernel import images
from tamecheck.kernel.binary import power_rule, quotient
from tamecheck.kernel.judgments import ANALYTIC, R_LIN, ROUGH, ZERO, Record, settle
from tamecheck.kernel.primitives import NONE, R_ALG, R_EXP, nullary, unary

BIT: Interval = (Fraction(0), Fraction(1), True, True)
FALSE: Interval = (Fraction(0), Fraction(0), True, True)
TRUE: Interval = (Fraction(1), Fraction(1), True, True)


def input_record(box: Interval, varies: bool) -> Record:
    """Return the record of an input whose entries lie in ``box``."""
    return settle((int(varies), R_LIN, R_LIN, box, 1, 1, ANALYTIC, 1, Fraction(int(varies))))


@lru_cache(maxsize=65_536)
def constant_record(parameters: tuple) -> Record:
    """Return the record of a constant node."""
    how = parameters[0]
    if how == "splat":
        value = Fraction(parameters[1])
        spread: Interval = (value, value, True, True)
    elif how == "values":
        numbers = [Fraction(t) for t in parameters[1]]
        spread = (min(numbers), max(numbers), True, True) if numbers else FALSE
    else:
        spread = from_text(parameters[2])
    return settle((0, R_LIN, R_LIN, spread, 1, 1, ANALYTIC, 1, ZERO))


def map_rule(p: str, premises: tuple[Record, ...], same: bool = False) -> Record:
    """Return the record of a scalar primitive applied entrywise; ``same``: both arguments are one node."""
    if len(premises) == 1:
        return unary(p, premises[0])
    if not premises:
        return nullary(p)
    a, b = premises
    if p == "pow":
        return power_rule(a, b)
    if p == "div":
        return quotient(a, b)
    varies, homes, local, total, bound, smooth, loclip = gather(premises)
    if p == "add":
        return settle((varies, homes, local, images.add(a[3], b[3]), total, bound, smooth, loclip, plus(a[8], b[8])))
    if p == "sub":
        spread = images.add(a[3], images.negate(b[3]))
        return settle((varies, homes, local, spread, total, bound, smooth, loclip, plus(a[8], b[8])))
    if p == "mul":
        spread = images.square(a[3]) if same else images.multiply(a[3], b[3])
        if a[0] and b[0]:
            homes, local = homes & R_ALG, local & R_ALG
        lip = plus(times(magnitude(b[3]), a[8]), times(magnitude(a[3]), b[8]))
        return settle((varies, homes, local, spread, total, bound, smooth, loclip, lip))
    spread = images.maximum(a[3], b[3]) if p == "max" else images.minimum(a[3], b[3])
    if not (_below(a[3], b[3]) or _below(b[3], a[3])):
        smooth = min(smooth, 0)
    lip = None if a[8] is None or b[8] is None else max(a[8], b[8])
    return settle((varies, homes, local, spread, total, bound, smooth, loclip, lip))


def gather(premises: tuple[Record, ...]) -> tuple[int, int, int, int, int, int, int]:
    """Return the default columns: varies, homes, local, total, bounded, smooth, loclip."""
    varies, homes, local, total, bound, smooth, loclip = 0, R_LIN, R_LIN, 1, 1, ANALYTIC, 1
    for f in premises:
        varies |= f[0]
        homes &= f[1]
        local &= f[2]
        total &= f[4]
        bound &= f[5]
        loclip &= f[7]
        if f[6] < smooth:
            smooth = f[6]
    return varies, homes, local, total, bound, smooth, loclip


def plus(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    """Return the sum of two bounds, infinite when one is."""
    return None if a is None or b is None else images.outward(a + b, 1)


def times(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    """Return the product of two bounds; zero times infinity is zero."""
    if a == 0 or b == 0:
        return ZERO
    return None if a is None or b is None else images.outward(a * b, 1)


def _below(a: Interval, b: Interval) -> bool:
    return a[1] is not None and b[0] is not None and a[1] <= b[0]


def _strictly_below(a: Interval, b: Interval) -> bool:
    return a[1] is not None and b[0] is not None and (a[1] < b[0] or (a[1] == b[0] and not (a[3] and b[2])))


def contract_rule(premises: tuple[Record, ...], count: int, squared: bool) -> Record:
    """Return the record of a contraction that sums ``count`` products."""
    varies, homes, local, total, bound, smooth, loclip = gather(premises)
    if squared:
        spread = images.square(premises[0][3])
    else:
        spread = premises[0][3]
        for f in premises[1:]:
            spread = images.multiply(spread, f[3])
    if sum([f[0] for f in premises]) >= 2:
        homes, local = homes & R_ALG, local & R_ALG
    lip: Fraction | None = ZERO
    for i, f in enumerate(premises):
        part = f[8]
        for j, g in enumerate(premises):
            if j != i:
                part = times(part, magnitude(g[3]))
        lip = plus(lip, part)
    return settle((varies, homes, local, images.scale(spread, count), total, bound, smooth, loclip, times(Fraction(count), lip)))


def reduce_rule(operation: str, f: Record, count: int) -> Record:
    """Return the record of a reduction over ``count`` entries."""
    varies, homes, local, spread, total, bound, smooth, loclip, lip = f
    if operation == "sum":
        spread, lip = images.scale(spread, count), times(Fraction(count), lip)
    elif operation == "prod":
        lip = None if count > images.MAXIMAL_POWER else times(times(Fraction(count), _power(magnitude(spread), max(count - 1, 0))), lip)
        spread = images.product_power(spread, count)
        if count > 1:
            homes, local = homes & R_ALG, local & R_ALG
    elif count > 1:
        smooth = min(smooth, 0)
    return settle((varies, homes, local, spread, total, bound, smooth, loclip, lip))


def _power(base: Fraction | None, n: int) -> Fraction | None:
    if n == 0:
        return Fraction(1)
    if base is None:
        return None
    top = images.product_power((ZERO, base, True, True), n)
    return top[1]


def cumulate_rule(operation: str, f: Record, extent: int, exclusive: bool) -> Record:
    """Return the record of a running reduction along an axis of the given extent."""
    varies, homes, local, spread, total, bound, smooth, loclip, lip = f
    if extent == 0:
        return f
    if operation == "sum":
        lip = times(Fraction(extent), lip)
        spread = hull(spread, images.scale(spread, extent))
        if exclusive:
            spread = hull(spread, FALSE)
    elif operation == "prod":
        top = magnitude(spread)
        largest = None if top is None or extent > images.MAXIMAL_POWER else _power(max(top, Fraction(1)), extent)
        slope = None if top is None or extent > images.MAXIMAL_POWER else _power(max(top, Fraction(1)), extent - 1)
        lip = times(times(Fraction(extent), slope), lip)
        if spread[0] is not None and spread[0] >= 0:
            low = min(spread[0], Fraction(1))
            bottom = ZERO if extent > images.MAXIMAL_POWER else images.product_power((low, low, True, True), extent)[0]
            spread = (bottom, largest, True, largest is not None)
        else:
            spread = LINE if largest is None else (-largest, largest, True, True)
        if extent > 1:
            homes, local = homes & R_ALG, local & R_ALG
    elif extent > 1:
        smooth = min(smooth, 0)
    return settle((varies, homes, local, spread, total, bound, smooth, loclip, lip))


def reindex_rule(premises: tuple[Record, ...]) -> Record:
    """Return the record of a static selection among the premises' entries."""
    if len(premises) == 1:
        return premises[0]
    varies, homes, local, total, bound, smooth, loclip = gather(premises)
    spread, lip = premises[0][3], premises[0][8]
    for f in premises[1:]:
        spread = hull(spread, f[3])
        lip = None if lip is None or f[8] is None else max(lip, f[8])
    return settle((varies, homes, local, spread, total, bound, smooth, loclip, lip))


def compare_rule(relation: str, a: Record, b: Record, same: bool) -> Record:
    """Return the record of a comparison, decided by the ranges when they allow."""
    decided = _decide(relation, a[3], b[3], same)
    return _truth(gather((a, b)), decided)


def _decide(relation: str, a: Interval, b: Interval, same: bool) -> bool | None:
    if same:
        return relation in ("le", "eq")
    apart = _strictly_below(a, b) or _strictly_below(b, a)
    equal = a == b and a[0] is not None and a[0] == a[1]
    if relation in ("eq", "ne"):
        return (relation == "ne") if apart else (relation == "eq") if equal else None
    if relation == "lt":
        return True if _strictly_below(a, b) else False if _below(b, a) else None
    return True if _below(a, b) else False if _strictly_below(b, a) else None


def _truth(defaults: tuple, decided: bool | None) -> Record:
    varies, homes, local, total, _, smooth, loclip = defaults
    if decided is None:
        return settle((varies, homes, local, BIT, total, 1, ROUGH, 0, None))
    return settle((varies, homes, local, TRUE if decided else FALSE, total, 1, ANALYTIC, 1, None))


def logic_rule(connective: str, premises: tuple[Record, ...]) -> Record:
    """Return the record of a connective over truth values."""
    values = [False if f[3] == FALSE else True if images.excludes_zero(f[3]) else None for f in premises]
    decided: bool | None = None
    if connective == "not":
        decided = None if values[0] is None else not values[0]
    elif connective == "and":
        decided = False if False in values else True if values == [True, True] else None
    elif connective == "or":
        decided = True if True in values else False if values == [False, False] else None
    elif None not in values:
        decided = values[0] != values[1]
    return _truth(gather(premises), decided)


def where_rule(c: Record, a: Record, b: Record, same: bool) -> Record:
    """Return the record of a selection between two branches."""
    if c[4]:
        if same or images.excludes_zero(c[3]):
            return a
        if c[3] == FALSE:
            return b
    varies, homes, local, total, _, _, _ = gather((c, a, b))
    spread, bound = hull(a[3], b[3]), a[5] & b[5]
    if c[0]:
        return settle((varies, homes, local, spread, total, bound, ROUGH, 0, None))
    lip = None if a[8] is None or b[8] is None else max(a[8], b[8])
    return settle((varies, homes, local, spread, total, bound, min(a[6], b[6]), a[7] & b[7], lip))


def order_rule(what: str, f: Record, extent: int) -> Record:
    """Return the record of sorting or ranking along an axis of the given extent."""
    varies, homes, local, spread, total, bound, smooth, loclip, lip = f
    if what in ("sort", "topk"):
        return f if extent <= 1 else settle((varies, homes, local, spread, total, bound, min(smooth, 0), loclip, lip))
    ranks: Interval = (ZERO, Fraction(max(extent - 1, 0)), True, True)
    return settle((varies, homes, local, ranks, total, 1, ROUGH, 0, None))


def lookup_rule(table: Record, index: Record, index_total: bool) -> Record:
    """Return the record of rows selected by a computed index."""
    varies, homes, local, total, _, _, _ = gather((table, index))
    total = int(total and index_total)
    if index[0]:
        return settle((varies, homes, local, table[3], total, table[5], ROUGH, 0, None))
    return settle((varies, homes, local, table[3], total, table[5], table[6], table[7], table[8]))


def linalg_rule(what: str, premises: tuple[Record, ...]) -> Record:
    """Return the record of a linear-algebra node."""
    varies, homes, local, total, _, smooth, loclip = gather(premises)
    own = {"logabsdet": R_EXP, "expm": NONE}.get(what, R_ALG)
    spread = images.NONNEGATIVE if what == "svdvals" else LINE
    if what in ("inverse", "solve", "cholesky", "logabsdet"):
        total = 0
    if what in ("eigvalsh", "svdvals"):
        smooth = min(smooth, 0)
    if what == "pinv":
        smooth, loclip = ROUGH, 0
    return settle((varies, homes & own, local & own, spread, total, 0, smooth, loclip, None))

