"""Roots of a polynomial whose coefficients are balls, with certified number and multiplicities.

Balls can show that roots are different, never that they are equal.  So the number of *distinct* complex roots comes in from
outside, as an upper bound proved by algebra, and the numerics is done when it has found that many disjoint discs which
together hold all roots with multiplicity (Pellet's test).  Each disc then holds exactly one root.
"""

from itertools import pairwise

from flint import acb, acb_poly, arb, arb_mat, arb_poly, ctx

DEFLATED = 500
"""Bits from which on multiple roots are divided out before approximating."""
Ball = arb | int
Reals = list[tuple[Ball, int]]
Complexes = list[tuple[acb, int]]
"""Roots off the real axis, with multiplicities."""


def certainly_nonzero(c: Ball) -> bool:
    """Return True if a coefficient is certainly not zero."""
    return c != 0 if c.__class__ is int else 0 not in c


def exactly_zero(c: Ball) -> bool:
    """Return True if a coefficient is the exact number 0."""
    return c == 0 if c.__class__ is int else c.is_zero()


def solve(c: list[Ball], distinct: int, off_axis: bool = False, patient: bool = True) -> tuple[Reals, Complexes] | None:
    """Return real and other roots with multiplicities, or ``None`` if the balls are too wide.

    Parameters
    ----------
    c : coefficients c_0, ..., c_d, the last one certainly not zero
    distinct : an upper bound for the number of distinct complex roots; if it is not attained no precision suffices
    off_axis : whether roots off the real axis are wanted (they may be left out otherwise)
    patient : whether slow methods are tried, too
    """
    d = len(c) - 1
    if d == 0:
        return [], []
    if d == 1:
        return [(-(arb(c[0]) if c[0].__class__ is int else c[0]) / c[1], 1)], []
    zeros = 0
    while exactly_zero(c[zeros]):
        zeros += 1
    if zeros:
        if not certainly_nonzero(c[zeros]):
            return None
        rest = solve(c[zeros:], distinct - 1, off_axis, patient)
        return None if rest is None else _with_zero(rest, zeros)
    if d == 2:
        return _quadratic(c, distinct, off_axis)
    if all([exactly_zero(x) for x in c[1::2]]) and certainly_nonzero(c[0]):
        return _even(c, distinct, patient)
    if distinct == d:
        return _simple(c, off_axis)
    if distinct == 1:
        return [(-(arb(c[-2]) if c[-2].__class__ is int else c[-2]) / (d * c[-1]), d)], []
    found = _double(c, off_axis) if distinct == d - 1 else _multiple(c, distinct)
    return _clusters(c, distinct) if found is None and patient else found


def _with_zero(rest: tuple[Reals, Complexes], multiplicity: int) -> tuple[Reals, Complexes] | None:
    reals, complexes = rest
    before = []
    after = []
    for x, m in reals:
        if x < 0:
            before.append((x, m))
        elif x > 0:
            after.append((x, m))
        else:
            return None
    return [*before, (0, multiplicity), *after], complexes


def _quadratic(c: list[Ball], distinct: int, off_axis: bool) -> tuple[Reals, Complexes] | None:
    c0, c1, c2 = c
    if distinct < 2:
        return [(-(arb(c1) if c1.__class__ is int else c1) / (2 * c2), 2)], []
    if exactly_zero(c1):
        square = -(arb(c0) if c0.__class__ is int else c0) / c2
        if square > 0:
            root = square.sqrt()
            return [(-root, 1), (root, 1)], []
        if square < 0:
            return [], _pair(arb(0), (-square).sqrt()) if off_axis else []
        return None
    discriminant = c1 * c1 - 4 * c0 * c2
    if discriminant.__class__ is int:
        discriminant = arb(discriminant)
    if discriminant > 0:
        root = discriminant.sqrt()
        a = 2 * c2
        low, high = (-c1 - root) / a, (root - c1) / a
        return [(low, 1), (high, 1)] if c2 > 0 else [(high, 1), (low, 1)], []
    if discriminant < 0:
        return [], _pair(-(arb(c1) if c1.__class__ is int else c1) / (2 * c2), (-discriminant).sqrt() / (2 * c2)) if off_axis else []
    return None


def _pair(real: arb, imaginary: arb) -> Complexes:
    return [(acb(real, imaginary), 1), (acb(real, -imaginary), 1)]


def _even(c: list[Ball], distinct: int, patient: bool) -> tuple[Reals, Complexes] | None:
    """Solve g(x^2) with g(0) not zero: the roots are the two square roots of each root of g."""
    found = solve(c[::2], distinct // 2, True, patient)
    if found is None:
        return None
    left, right, complexes = [], [], []
    for w, m in found[0]:
        if w > 0:
            root = w.sqrt()
            left.append((-root, m))
            right.append((root, m))
        elif w < 0:
            root = (-w).sqrt()
            complexes += [(acb(0, root), m), (acb(0, -root), m)]
        else:
            return None
    for w, m in found[1]:
        root = w.sqrt()
        complexes += [(root, m), (-root, m)]
    return left[::-1] + right, complexes


def _simple(c: list[Ball], off_axis: bool) -> tuple[Reals, Complexes] | None:
    """Isolate by FLINT's certified method; all roots are simple.

    Where only the real ones count, they are made accurate by Newton's method, which is faster.
    """
    if not off_axis:
        found = _isolated(c, arb(2) ** -(ctx.prec // 8))
        if found is not None:
            small = _tolerance()
            sharp = [_sharpen(c, x, 1) for x, _ in found[0]]
            if all([x.rad() < small * (1 + abs(x.mid())) for x in sharp]):
                return [(x, 1) for x in sharp], []
    return _isolated(c, _tolerance())


def _isolated(c: list[Ball], tolerance: arb) -> tuple[Reals, Complexes] | None:
    try:
        roots = acb_poly(c).roots(tol=tolerance, maxprec=2 * ctx.prec)
    except ValueError:
        return None
    reals: list[arb] = []
    complexes: list[acb] = []
    for z in roots:
        (reals if 0 in z.imag else complexes).append(z)
    for k, z in enumerate(reals):
        # the conjugate of a root is a root: if its ball meets no other ball, the root is its own conjugate
        mirror = z.conjugate()
        if any([mirror.overlaps(w) for w in complexes]) or any([mirror.overlaps(w) for i, w in enumerate(reals) if i != k]):
            return None
    return _ordered([(z.real, 1) for z in reals]), [(z, 1) for z in complexes]


def _double(c: list[Ball], off_axis: bool) -> tuple[Reals, Complexes] | None:
    """Solve a polynomial that is known to have a multiple root, if balls show that it is one double root.

    Then the greatest common divisor with the derivative is linear.  Its root is the double root r; all other roots are simple ones of
    the quotient by (x - r)^2, whose coefficients balls enclose as well.
    """
    d = len(c) - 1
    found = common_divisor(c, 1)
    if found is None:
        return None
    r = -found[0] / found[1]
    if d > 3:
        # divisions lose accuracy; r is a simple root of the derivative
        r = _sharpen(c, r, 2)
    rest = list(c)
    for _ in range(2):
        for k in range(len(rest) - 2, 0, -1):
            rest[k] = rest[k] + r * rest[k + 1]
        del rest[0]
    others = solve(rest, d - 2, off_axis)
    return None if others is None else _in_order([*others[0], (r, 2)], others[1])


def _multiple(c: list[Ball], distinct: int) -> tuple[Reals, Complexes] | None:
    """Solve a polynomial with several multiple roots, or a triple one.

    The quotient by the greatest common divisor with the derivative has the same roots, all simple.  A derivative of order m that is not
    zero at a root shows that its multiplicity is m at most; where these bounds add up to the degree, they are the multiplicities.
    """
    d = len(c) - 1
    common = common_divisor(c, d - distinct)
    if common is None:
        return None
    rest, quotient = list(c), []
    for k in range(distinct, -1, -1):
        top = rest.pop() / common[-1]
        quotient.append(top)
        for i, x in enumerate(common[:-1], k):
            rest[i] = rest[i] - top * x
    found = solve(quotient[::-1], distinct, True)
    if found is None:
        return None
    derivatives = [acb_poly(c)]
    for _ in range(d - distinct + 1):
        derivatives.append(derivatives[-1].derivative())

    def bound(x: Ball | acb) -> int:
        return next((m for m, p in enumerate(derivatives) if m and 0 not in p(acb(x))), d)

    reals, complexes = [(x, bound(x)) for x, _ in found[0]], [(z, bound(z)) for z, _ in found[1]]
    if sum([m for _, m in reals + complexes]) != d:
        return None
    return _in_order([(_sharpen(c, x if x.__class__ is arb else arb(x), m), m) for x, m in reals], complexes)


def _in_order(reals: Reals, complexes: Complexes) -> tuple[Reals, Complexes] | None:
    """Return the roots with the real ones in order, ``None`` if their balls do not show it."""
    reals = [(arb(x) if x.__class__ is int else x, m) for x, m in reals]
    reals.sort(key=lambda pair: pair[0].mid())
    return None if any([not a < b for (a, _), (b, _) in pairwise(reals)]) else (reals, complexes)


def common_divisor(c: list[Ball], degree: int) -> list[arb] | None:
    """Return enclosures of the coefficients of the greatest common divisor of a polynomial and its derivative.

    ``degree`` is a lower bound for its degree.  By Euclid's algorithm every remainder is a multiple of the common divisors; one of this degree
    is the greatest of them.  ``None`` if balls do not show the degrees of the remainders.
    """
    a = [arb(x) if x.__class__ is int else x for x in c]
    b = [k * x for k, x in enumerate(a)][1:]
    while len(b) > degree + 1:
        lead = b[-1]
        if 0 in lead:
            return None
        b = [x / lead for x in b[:-1]]
        # the remainder of a by the monic polynomial with these coefficients
        for _ in range(len(a) - len(b)):
            top = a.pop()
            shift = len(a) - len(b)
            for i, x in enumerate(b, shift):
                a[i] -= top * x
        while a and a[-1].is_zero():
            a.pop()
        a, b = [*b, arb(1)], a
    return b if len(b) == degree + 1 and 0 not in b[-1] else None


def _tolerance() -> arb:
    return arb(2) ** -(ctx.prec // 2)


def _ordered(reals: Reals) -> Reals | None:
    reals.sort(key=lambda pair: pair[0].mid())
    return reals


def _clusters(c: list[Ball], distinct: int) -> tuple[Reals, Complexes] | None:
    """Group approximate roots into ``distinct`` clusters and certify each by Pellet's test."""
    groups = group(_one_double(c) if distinct == len(c) - 2 else _approximate(c), distinct)
    found = None if groups is None else _certified(c, groups)
    if found is None and ctx.prec > DEFLATED:
        # clusters closer together than a disturbance of the coefficients: divide the multiple roots out first
        groups = _deflated(c, distinct)
        found = None if groups is None else _certified(c, groups)
    return found


def _certified(c: list[Ball], groups: list[list[acb]]) -> tuple[Reals, Complexes] | None:
    polynomial = acb_poly(c)
    centres = [_centre(g) for g in groups]
    discs: list[tuple[acb, arb, int, bool]] = []
    for k, (centre, spread, real) in enumerate(centres):
        gap = min([abs(centre - other).lower() for i, (other, _, _) in enumerate(centres) if i != k], default=arb(1) + abs(centre))
        if not real:
            gap = gap.min(abs(centre.imag).lower())
        radius = _radius(polynomial, centre, spread, gap / 3, len(groups[k]))
        if radius is None:
            return None
        discs.append((centre, radius, len(groups[k]), real))
    reals: Reals = []
    complexes: Complexes = []
    for centre, radius, multiplicity, real in discs:
        if real:
            x = centre.real + arb(0, radius)
            reals.append((_sharpen(c, x, multiplicity), multiplicity))
        else:
            complexes.append((acb(centre.real + arb(0, radius), centre.imag + arb(0, radius)), multiplicity))
    reals.sort(key=lambda pair: pair[0].mid())
    # radii are at most a third of every distance, so the discs are disjoint; the real balls lie in them
    if any([not a < b for (a, _), (b, _) in pairwise(reals)]):
        return None
    return reals, complexes


def _one_double(c: list[Ball]) -> list[acb]:
    """Return approximate roots (no proof) of a polynomial with one double root: it is a simple root of the derivative."""
    middle = [arb(x) if x.__class__ is int else x.mid() for x in c]
    p = acb_poly(middle)
    try:
        double = min([z.mid() for z in p.derivative().roots(maxprec=4 * ctx.prec)], key=lambda z: abs(p(z)).mid())
        # divide by (x - double)^2 numerically
        rest = [acb(x) for x in middle]
        for _ in range(2):
            for k in range(len(rest) - 2, 0, -1):
                rest[k] = (rest[k] + double * rest[k + 1]).mid()
            rest = rest[1:]
        return [double, double, *([z.mid() for z in acb_poly(rest).roots(maxprec=4 * ctx.prec)] if len(rest) > 1 else [])]
    except ValueError:
        return _approximate(c)


def _approximate(c: list[Ball]) -> list[acb]:
    """Return approximate roots (no proof) of the polynomial with the middles of the balls as coefficients."""
    middle = [x if x.__class__ is int else x.mid() for x in c]
    before = ctx.prec
    try:
        for k in range(3):
            try:
                # without a tolerance FLINT stops as soon as the roots are apart, which may be too soon for the discs
                return [z.mid() for z in acb_poly(middle).roots(tol=_tolerance() if k == 0 else arb(2) ** -(before // 8), maxprec=8 * before)]
            except ValueError:
                # a multiple root: disturb, this is only an approximation.  By too little and the iteration does not converge
                ctx.prec = 2 * before
                low = [i for i, x in enumerate(middle) if not exactly_zero(x)][k % 2]
                middle[low] = middle[low] * (1 + arb(2) ** -(before // 8 + k))
    finally:
        ctx.prec = before
    return []


def _deflated(c: list[Ball], distinct: int) -> list[list[acb]] | None:
    """Return approximations (no proof) of the distinct roots, each repeated as often as its multiplicity.

    The greatest common divisor with the derivative is the subresultant of degree m = degree - distinct; the quotient by it has the same
    roots, all simple.
    """
    d = len(c) - 1
    m = d - distinct
    f = [arb(x) if x.__class__ is int else x.mid() for x in c]
    g = [x * k for k, x in enumerate(f)][1:]
    common = _subresultant(f, g, m)
    if common is None:
        return None
    rest, quotient = list(f), []
    for k in range(d - m, -1, -1):
        lead = (rest[k + m] / common[m]).mid()
        quotient.append(lead)
        for i in range(m + 1):
            rest[k + i] = (rest[k + i] - lead * common[i]).mid()
    try:
        roots = [z.mid() for z in acb_poly(quotient[::-1]).roots(tol=arb(2) ** -(ctx.prec // 4), maxprec=8 * ctx.prec)]
    except ValueError:
        return None
    polynomial = acb_poly(c)
    groups = []
    for i, z in enumerate(roots):
        centre, spread, real = _centre([z])
        gap = min([abs(centre - w).lower() for j, w in enumerate(roots) if j != i], default=arb(1) + abs(centre))
        if not real:
            gap = gap.min(abs(centre.imag).lower())
        fitting = [k for k in range(1, m + 2) if _radius(polynomial, centre, spread, gap / 3, k) is not None]
        if len(fitting) != 1:
            return None
        groups.append([z] * fitting[0])
    return groups if sum([len(g) for g in groups]) == d else None


def _subresultant(f: list[arb], g: list[arb], m: int) -> list[arb] | None:
    """Return approximate coefficients of the subresultant of degree ``m`` of a polynomial and its derivative."""
    d = len(f) - 1
    rows = [[arb(0)] * (d - 2 - m - k) + f[::-1] + [arb(0)] * k for k in range(d - 2 - m, -1, -1)]
    rows += [[arb(0)] * (d - 1 - m - k) + g[::-1] + [arb(0)] * k for k in range(d - 1 - m, -1, -1)]
    size = len(rows)
    width = len(rows[0])
    found = []
    for j in range(m + 1):
        chosen = [*range(size - 1), width - 1 - j]
        found.append(arb_mat([[row[i] for i in chosen] for row in rows]).det().mid())
    return found if abs(found[m]) > 0 else None


def group(roots: list[acb], count: int) -> list[list[acb]] | None:
    """Return ``count`` groups of points, made by joining the closest ones (single linkage)."""
    if len(roots) < count or count < 1:
        return None
    groups = [[z] for z in roots]
    pairs = []
    for i in range(len(roots)):
        for j in range(i):
            pairs.append((abs(roots[i] - roots[j]).mid(), i, j))
    pairs.sort(key=lambda t: t[0])
    owner = list(range(len(roots)))
    left = len(roots)
    for _, i, j in pairs:
        if left == count:
            break
        a, b = owner[i], owner[j]
        if a != b:
            groups[a] += groups[b]
            groups[b] = []
            owner = [a if o == b else o for o in owner]
            left -= 1
    return [g for g in groups if g]


def _centre(g: list[acb]) -> tuple[acb, arb, bool]:
    """Return the middle of a group, how far its points are from it, and whether it counts as real."""
    total = acb(0)
    for z in g:
        total += z
    centre = (total / len(g)).mid()
    spread = arb(0)
    for z in g:
        spread = spread.max(abs(z - centre).upper())
    tiny = (abs(centre).upper() + arb(2) ** -ctx.prec) * arb(2) ** -(ctx.prec // 2)
    real = not abs(centre.imag).lower() > spread + tiny
    return (acb(centre.real), spread + abs(centre.imag).upper(), True) if real else (centre, spread, False)


def _radius(polynomial: acb_poly, centre: acb, spread: arb, limit: arb, multiplicity: int) -> arb | None:
    """Return r below ``limit`` such that the disc around ``centre`` provably holds exactly ``multiplicity`` roots."""
    shifted = polynomial(acb_poly([centre, 1]))
    sizes = [abs(shifted[i]) for i in range(polynomial.degree() + 1)]
    largest = [s.upper() for s in sizes]
    own = sizes[multiplicity].lower()
    if not own > 0 or not limit > 0:
        return None
    # the cluster's own radius is about 2 max |a_i/a_m|^(1/(m-i)); try that, then larger ones
    guess = spread
    for i in range(multiplicity):
        ratio = (largest[i] / own).upper()
        guess = guess.max((ratio.root(multiplicity - i) * 2).upper() if ratio > 0 else ratio)
    # radii are exact numbers, so that the disc returned is the one tested
    r = guess.mid() * 2 if guess > 0 else (limit.mid() / 1024).mid()
    for _ in range(40):
        if not r < limit:
            r = limit.lower()
        power = arb(1)
        rest = arb(0)
        value = arb(0)
        for i, s in enumerate(largest):
            if i == multiplicity:
                value = own * power
            else:
                rest += s * power
            power *= r
        if value > rest:
            return r
        if not r < limit:
            return None
        r = r.mid() * 8
    return None


def _sharpen(c: list[Ball], x: arb, multiplicity: int) -> arb:
    """Return a smaller ball for the only real root in ``x``: it is a zero of the derivative of order multiplicity - 1."""
    p = arb_poly(c)
    for _ in range(multiplicity - 1):
        p = p.derivative()
    slope = p.derivative()
    for _ in range(60):
        s = slope(x)
        if 0 in s:
            return x
        middle = x.mid()
        image = middle - p(middle) / s
        if not image.overlaps(x):
            return x
        better = x.intersection(image)
        if not better.rad() * 2 < x.rad():
            return better
        x = better
    return x
