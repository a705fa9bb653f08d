"""Truth of conditions at rational points, for tests: computed term by term from the polynomials, without any of the rules tested."""

from fractions import Fraction

from tamecheck.ground.algebraic import real_roots


def value(p, point) -> Fraction:
    """Return a polynomial at a point."""
    total = Fraction(0)
    for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
        term = Fraction(int(c))
        for x, e in zip(point, exponents, strict=False):
            term *= Fraction(x) ** int(e)
        total += term
    return total


def sign(x) -> int:
    """Return -1, 0 or 1."""
    return (x > 0) - (x < 0)


def inside(s: int, mask: int) -> bool:
    """Return whether a sign belongs to a sign set."""
    return bool(mask >> (s + 1) & 1)


def true(node, point) -> bool:
    """Return whether a node is true at a point."""
    if node[0] == "atom":
        s = 1
        for f, e in node[1]:
            s *= sign(value(f.p, point)) ** e
        return inside(s, node[2])
    return (all if node[0] == "and" else any)([true(child, point) for child in node[1]])


def evaluated(coefficients, x) -> Fraction:
    """Return c_0 + c_1 x + ... at a rational number."""
    return sum([Fraction(c) * Fraction(x) ** i for i, c in enumerate(coefficients)], Fraction(0))


def samples(lines) -> list:
    """Return a number from every cell of the line that polynomials with rational coefficients cut: rational ones and roots."""
    roots = []
    for c in lines:
        common = 1
        for q in c:
            common = common * Fraction(q).denominator
        whole = [int(Fraction(q) * common) for q in c]
        while whole and whole[-1] == 0:
            whole.pop()
        if len(whole) > 1:
            roots += [r for r, _ in real_roots(tuple(whole)) if r not in roots]
    roots.sort()
    out = list(roots)
    bounds = [Fraction(round(float(str(r.ball(64).mid().str(15, radius=False))) * 10**9), 10**9) for r in roots]
    out += [(a + b) / 2 for a, b in zip(bounds, bounds[1:], strict=False)]
    return [*out, *([bounds[0] - 1, bounds[-1] + 1] if bounds else [Fraction(0)])]


def sign_at(coefficients, x) -> int:
    """Return the sign of a polynomial with rational coefficients at a rational number or a real algebraic one."""
    if isinstance(x, Fraction):
        return sign(evaluated(coefficients, x))
    from flint import fmpz_poly

    common = 1
    for q in coefficients:
        common = common * Fraction(q).denominator
    return x.sign_of(fmpz_poly([int(Fraction(q) * common) for q in coefficients]))


def some(conditions) -> bool:
    """Return whether some real number gives all polynomials (coefficients, sign set) their signs."""
    return any([all([inside(sign_at(c, x), mask) for c, mask in conditions]) for x in samples([c for c, _ in conditions])])
