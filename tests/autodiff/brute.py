"""An independent, slow and simple road to the same answers: programs as trees, run on germs of curves with exact rational functions of t.

Nothing here uses the exact decision.  A *germ* is a curve p + t*u for small t > 0; along it every quantity of a program made of +, *, /, max, min,
abs, relu, sign, where and detach is a rational function of t, whose sign for small t > 0 is that of its lowest coefficient.  Differentiation
is reverse mode on the tree with a table of rules.
"""

from fractions import Fraction
from itertools import combinations, product

Poly = list
ARITY = {"add": 2, "sub": 2, "mul": 2, "div": 2, "neg": 1, "max": 2, "min": 2, "abs": 1, "relu": 1, "sign": 1, "where": 3, "stop": 1}
COMPARE = {"<": lambda s: s < 0, "<=": lambda s: s <= 0, "==": lambda s: s == 0, "!=": lambda s: s != 0, ">": lambda s: s > 0, ">=": lambda s: s >= 0}


# ---------------------------------------------------------------- rational functions of t


def trim(p):
    p = list(p)
    while p and not p[-1]:
        p.pop()
    return p


def add(p, q, f=1):
    n = max(len(p), len(q))
    return trim([(p[k] if k < len(p) else 0) + f * (q[k] if k < len(q) else 0) for k in range(n)])


def mul(p, q):
    out = [Fraction(0)] * max(len(p) + len(q) - 1, 0)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            out[i + j] += a * b
    return trim(out)


def diff(p):
    return trim([k * c for k, c in enumerate(p)][1:])


def low(p):
    return next((c for c in p if c), 0)


class R:
    """A rational function of t, as a germ at 0+."""

    __slots__ = ("a", "b")

    def __init__(self, a, b=(Fraction(1),)):
        a, b = trim(a), trim(b)
        while a and b and not a[0] and not b[0]:
            a, b = a[1:], b[1:]
        self.a, self.b = a, b if a else [Fraction(1)]

    def __add__(self, o):
        return R(add(mul(self.a, o.b), mul(o.a, self.b)), mul(self.b, o.b)) if self.b != o.b else R(add(self.a, o.a), self.b)

    def __sub__(self, o):
        return self + R([-c for c in o.a], o.b)

    def __mul__(self, o):
        return R(mul(self.a, o.a), mul(self.b, o.b))

    def __truediv__(self, o):
        return R(mul(self.a, o.b), mul(self.b, o.a))

    def sign(self):
        s = low(self.a) * low(self.b)
        return (s > 0) - (s < 0)

    def same(self, o):
        return not add(mul(self.a, o.b), mul(o.a, self.b), -1)

    def derivative(self):
        return R(add(mul(diff(self.a), self.b), mul(self.a, diff(self.b)), -1), mul(self.b, self.b))

    def limit(self):
        """Return the limit at 0, ``None`` if it is infinite."""
        if not self.b[0]:
            return None
        return (self.a[0] if self.a else Fraction(0)) / self.b[0]


def number(q):
    return R([Fraction(q)])


# ------------------------------------------------------------------------------- programs


def text(e):
    """Return a tree in the language of formulas."""
    kind = e[0]
    if kind == "x":
        return e[1]
    if kind == "number":
        return f"({e[1]})"
    a = [text(c) for c in e[1:] if isinstance(c, tuple)]
    if kind in ("add", "sub", "mul", "div"):
        return f"({a[0]} {dict(add='+', sub='-', mul='*', div='/')[kind]} {a[1]})"
    if kind == "neg":
        return f"(-{a[0]})"
    if kind == "where":
        return f"where({a[0]} {e[4]} 0, {a[1]}, {a[2]})"
    return f"{'stop_gradient' if kind == 'stop' else kind}({', '.join(a)})"


class Machine:
    """A tree with rules on a germ (or at a point: a germ with u = 0).

    ``rules``: operator to list of (condition, values): the condition is ``"kink"`` or ``"everywhere"``, the values are functions of the arguments.
    ``forms`` collects what was compared with 0.
    """

    def __init__(self, rules, point, direction, names):
        self.rules, self.forms = rules, []
        self.inputs = {n: R([Fraction(p), Fraction(u)]) for n, p, u in zip(names, point, direction, strict=True)}
        self.values = {}

    def compared(self, r):
        self.forms.append(r)
        return r.sign()

    def value(self, e):
        """Return the value of a tree, ``None`` where it has none."""
        if e not in self.values:
            self.values[e] = self._value(e)
        return self.values[e]

    def _value(self, e):
        kind = e[0]
        if kind == "x":
            return self.inputs[e[1]]
        if kind == "number":
            return number(e[1])
        v = [self.value(c) for c in e[1:] if isinstance(c, tuple)]
        if kind == "where":
            return None if v[0] is None else v[1] if COMPARE[e[4]](self.compared(v[0])) else v[2]
        if any(x is None for x in v):
            return None
        if kind in ("add", "sub", "mul"):
            return v[0] + v[1] if kind == "add" else v[0] - v[1] if kind == "sub" else v[0] * v[1]
        if kind == "div":
            return v[0] / v[1] if self.compared(v[1]) else None
        if kind == "neg":
            return number(0) - v[0]
        if kind == "stop":
            return v[0]
        if kind in ("max", "min"):
            s = self.compared(v[0] - v[1])
            return v[0] if (s >= 0) == (kind == "max") else v[1]
        s = self.compared(v[0])
        return number(s) if kind == "sign" else v[0] * number(s) if kind == "abs" else v[0] if s > 0 else number(0)

    def partials(self, e):
        """Return what an operator multiplies by, one entry per argument; ``None`` is no number."""
        kind = e[0]
        v = [self.value(c) for c in e[1:] if isinstance(c, tuple)]
        if any(x is None for x in v):
            return [None] * len(v)
        s = (v[0] - v[1]).sign() if kind in ("max", "min") else v[0].sign()
        for condition, values in self.rules.get(kind, ()):
            if condition == "everywhere" or s == 0:
                return [None if c is None else c(*v) for c in values]
        one, zero = number(1), number(0)
        if kind in ("max", "min"):
            return [one, zero] if (s > 0) == (kind == "max") else [zero, one]
        if kind == "add":
            return [one, one]
        if kind == "sub":
            return [one, number(-1)]
        if kind == "neg":
            return [number(-1)]
        if kind == "mul":
            return [v[1], v[0]]
        if kind == "div":
            return [None, None] if not v[1].sign() else [one / v[1], zero - v[0] / (v[1] * v[1])]
        return [number(s) if kind == "abs" else number(max(s, 0)) if kind == "relu" else zero]

    def gradient(self, e):
        """Return what reverse mode returns, by name; ``None`` is no number."""
        out = {n: number(0) for n in self.inputs}
        stack = [(e, number(1))]
        while stack:
            node, g = stack.pop()
            kind = node[0]
            if kind == "x":
                out[node[1]] = None if g is None or out[node[1]] is None else out[node[1]] + g
            elif kind == "where":
                c = self.value(node[1])
                yes = None if c is None else COMPARE[node[4]](c.sign())
                for child, here in ((node[2], yes), (node[3], None if yes is None else not yes)):
                    stack.append((child, None if here is None else g if here else number(0)))
            elif kind not in ("number", "stop"):
                for child, d in zip([c for c in node[1:] if isinstance(c, tuple)], self.partials(node), strict=True):
                    if kind == "relu" and g is None and d is not None and not d.sign():
                        stack.append((child, number(0)))
                    else:
                        stack.append((child, None if g is None or d is None else g * d))
        return out


# ---------------------------------------------------------------------------- chain rule


def along(e, rules, point, direction, names):
    """Return (value, integrand) on a germ: the value and <d, u> as rational functions of t, ``None`` where there is no number."""
    m = Machine(rules, point, direction, names)
    f, d = m.value(e), m.gradient(e)
    if f is None or None in d.values():
        return f, None
    total = number(0)
    for n, u in zip(names, direction, strict=True):
        total = total + d[n] * number(u)
    return f, total


def obeys(e, rules, point, direction, names):
    """Return whether the chain rule holds on a germ; ``None`` where something is no number."""
    f, total = along(e, rules, point, direction, names)
    return None if f is None or total is None else f.derivative().same(total)


def forms_of(e, names, probes):
    """Return the affine forms (tuple of coefficients, constant) that are compared with 0 somewhere near the probes; piecewise linear programs only.

    Each form is found from its values at p and its slopes along the axes, on one and the same germ.
    """
    found = {}
    for p in probes:
        base = Machine({}, p, [0] * len(names), names)
        base.value(e)
        steps = [Machine({}, p, [int(i == k) for i in range(len(names))], names) for k in range(len(names))]
        for m in steps:
            m.value(e)
        for i, r in enumerate(base.forms):
            slopes = [m.forms[i] if i < len(m.forms) else None for m in steps]
            if any(s is None or len(s.a) > 2 or len(s.b) > 1 for s in slopes) or len(r.a) > 1:
                continue
            c = [(s.a[1] / s.b[0]) if len(s.a) > 1 else Fraction(0) for s in slopes]
            constants = [(s.a[0] / s.b[0]) if s.a else Fraction(0) for s in slopes]
            if not any(c) or any(q != (r.a[0] / r.b[0] if r.a else 0) for q in constants):
                continue  # a number, or another branch on one of the germs
            constant = (r.a[0] / r.b[0] if r.a else Fraction(0)) - sum(a * Fraction(x) for a, x in zip(c, p, strict=True))
            scale = next(a for a in c if a)
            found[tuple([a / scale for a in c]), constant / scale] = None
    return list(found)


def all_forms(e, names, limit=60):
    """Return all forms, by looking at probes again on the strata that were found."""
    n = len(names)
    grid = enumerate(product((-3, -1, 0, 2), repeat=n))
    probes = [tuple([Fraction(a, 1) + Fraction(k + 1, 101 + 7 * j) for j, a in enumerate(p)]) for k, p in grid]
    known = []
    while True:
        forms = forms_of(e, names, probes)
        if len(forms) == len(known) or len(forms) > limit:
            return forms
        known, probes = forms, probes + (inside_points(forms) if n == 2 else [])


# -------------------------------------------------------------------- two variables, all faces


def vertices(forms):
    out = {}
    for (a, c), (b, d) in combinations(forms, 2):
        det = a[0] * b[1] - a[1] * b[0]
        if det:
            out[(-c * b[1] + d * a[1]) / det, (-a[0] * d + b[0] * c) / det] = None
    return list(out)


def edges(forms):
    """Return (point inside an edge, direction, form) for all edges of an arrangement of lines."""
    points, out = vertices(forms), []
    for a, c in forms:
        u = (-a[1], a[0])
        own = [p for p in points if a[0] * p[0] + a[1] * p[1] + c == 0]
        norm = a[0] ** 2 + a[1] ** 2
        base = (-c * a[0] / norm, -c * a[1] / norm)
        ts = sorted({((p[0] - base[0]) * u[0] + (p[1] - base[1]) * u[1]) / norm for p in own})
        ends = [ts[0] - 2, *ts, ts[-1] + 2] if ts else [Fraction(-1), Fraction(2)]
        # some points of every edge: a condition may hold on a part of it only
        parts = [Fraction(q) for q in ("1/7", "2/5", "7/9", "19/20")]
        middles = [s + (t - s) * q for s, t in zip(ends, ends[1:], strict=False) for q in parts]
        out += [((base[0] + t * u[0], base[1] + t * u[1]), u, (a, c)) for t in middles]
    return out


def inside_points(forms):
    """Return a point in every open cell that has an edge, and the origin of an empty arrangement."""
    if not forms:
        return [(Fraction(1, 3), Fraction(1, 7))]
    out = {}
    for p, _, (a, _) in edges(forms):
        for s in (1, -1):
            h = Fraction(1)
            others = [(b, d) for b, d in forms if b[0] * p[0] + b[1] * p[1] + d]
            for b, d in others:
                # stay on the same side of every other line
                value, slope = b[0] * p[0] + b[1] * p[1] + d, abs(b[0] * a[0] + b[1] * a[1])
                if slope:
                    h = min(h, abs(value) / (2 * slope))
            q = (p[0] + s * h * a[0], p[1] + s * h * a[1])
            out[tuple([(v > 0) - (v < 0) for v in (b[0] * q[0] + b[1] * q[1] + d for b, d in forms)])] = q
    return list(out.values())


def plane(e, rules, names):
    """Return "undefined", "discontinuous", "wrong" or "right" for a piecewise linear program in two variables, and a place; all faces are visited."""
    forms = all_forms(e, names)
    cells, lines, points = inside_points(forms), edges(forms), vertices(forms)
    axes = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    places = [*[(p, [(1, 0), (0, 1), (2, 3), (-3, 1)]) for p in cells], *[(p, [u]) for p, u, _ in lines], *[(p, []) for p in points]]
    answer = None
    for p, _ in places:
        f, d = along(e, rules, p, (0, 0), names)
        if f is None or d is None:
            answer = answer or ("undefined", p)
    for p, _ in places[len(cells) :]:
        here = Machine(rules, p, (0, 0), names).value(e)
        around = [(a - b, c - d) for a, c in cells for b, d in [p]] + axes + [u for _, u, _ in lines] + [(-u[0], -u[1]) for _, u, _ in lines]
        for u in around:
            f = Machine(rules, p, u, names).value(e)
            if here is not None and f is not None and f.limit() != here.limit():
                return "discontinuous", p
    for p, directions in places:
        for u in directions:
            if obeys(e, rules, p, u, names) is False:
                return "wrong", p
    return answer or ("right", None)


# ----------------------------------------------------------------------------------- one variable


def breakpoints(e, name="x"):
    """Return (rational breakpoints, approximations of all breakpoints): zeros of what is compared with 0, on all branches that are met."""
    import numpy

    exact, near = {}, []
    probes = [Fraction(a) + Fraction(1, 1009) for a in range(-6, 7)]
    for _ in range(4):
        found = {}
        for p in probes:
            m = Machine({}, (p,), (1,), (name,))
            m.value(e)
            for r in m.forms:
                for poly in (r.a, r.b):
                    if len(poly) > 1:
                        # coefficients in x, scaled: the same polynomial from another probe is the same key
                        shifted = shift(poly, -p)
                        found[tuple([c / shifted[-1] for c in shifted])] = None
        near = []
        for poly in found:
            for z in numpy.roots([float(c) for c in reversed(poly)]):
                if abs(z.imag) < 1e-5:
                    q = Fraction(float(z.real)).limit_denominator(60)
                    if sum([c * q**k for k, c in enumerate(poly)], Fraction(0)) == 0:
                        exact[q] = None
                        near.append(float(q))
                    else:
                        near.append(float(z.real))
        near = sorted(near)
        distinct = [z for i, z in enumerate(near) if not i or z - near[i - 1] > 1e-9]
        ends = [(distinct[0] if distinct else 0.0) - 1.0, *distinct, (distinct[-1] if distinct else 0.0) + 1.0]
        middles = [Fraction((a + b) / 2).limit_denominator(10**9) for a, b in zip(ends, ends[1:], strict=False)]
        if set(middles) <= set(probes):
            break
        probes = middles
    return sorted(exact), distinct, middles


def shift(poly, p):
    """Return the polynomial q(x) = poly(x + p)."""
    out = []
    for c in reversed(poly):
        out = add(mul(out, [p, Fraction(1)]), [c])
    return out


def line(e, rules, name="x"):
    """Return (answer, whether all breakpoints are rational); the answers are those of `plane`, and "blow-up", "unbounded"."""
    exact, near, middles = breakpoints(e, name)
    complete = len(exact) == len(near) and all([b - a > 1e-6 for a, b in zip(near, near[1:], strict=False)])
    answer = None
    for p in middles:
        f, d = along(e, rules, (p,), (1,), (name,))
        if f is None or d is None:
            answer = answer or ("undefined", p)
        elif not f.derivative().same(d):
            return ("wrong", p), complete
    for p in exact:
        here, d = along(e, rules, (p,), (0,), (name,))
        value = Machine(rules, (p,), (0,), (name,)).value(e)
        g = Machine(rules, (p,), (1,), (name,)).gradient(e)[name] if value is not None else None
        at = Machine(rules, (p,), (0,), (name,)).gradient(e)[name] if value is not None else None
        if value is None or at is None:
            answer = answer or ("undefined", p)
        for u in (1, -1):
            f = Machine(rules, (p,), (u,), (name,)).value(e)
            if f is None:
                continue
            if f.derivative().limit() is None:
                return ("blow-up", p), complete
            if value is not None and f.limit() != value.limit():
                return ("discontinuous", p), complete
        if g is not None and g.limit() is None:
            answer = answer or ("unbounded", p)
    return answer or ("right", None), complete


# ------------------------------------------------------------------------- consequences, plane


def cross(a, b):
    return a[0] * b[1] - a[1] * b[0]


def zero_in_hull(vectors):
    """Return whether (0, 0) is in the convex hull of vectors of the plane: a zero, two opposite ones, or a triangle around it."""
    if any(not any(v) for v in vectors):
        return True
    for a, b in combinations(vectors, 2):
        if cross(a, b) == 0 and a[0] * b[0] + a[1] * b[1] < 0:
            return True
    return any(len({(w > 0) - (w < 0) for w in (cross(a, b), cross(b, c), cross(c, a))} & {1, -1}) == 1
               and 0 not in (cross(a, b), cross(b, c), cross(c, a)) for a, b, c in combinations(vectors, 3))  # fmt: skip


def returned(e, rules, point, direction, names):
    """Return the limit of what is returned on a germ, ``None`` where there is none."""
    d = Machine(rules, point, direction, names).gradient(e)
    values = [None if d[n] is None else d[n].limit() for n in names]
    return None if None in values else tuple(values)


def slopes(e, point, names):
    """Return the gradient of the program at a point where it is affine."""
    out = []
    for k in range(len(names)):
        f = Machine({}, point, [int(i == k) for i in range(len(names))], names).value(e)
        out.append(f.derivative().limit())
    return tuple(out)


def facts_of_plane(e, rules, names):
    """Yield (point, Clarke?, spurious?, stuck?, restless?, ascent?) at vertices and points of edges of a piecewise linear program."""
    forms = all_forms(e, names)
    cells = inside_points(forms)
    gradients = {p: slopes(e, p, names) for p in cells}
    for p in [*vertices(forms), *[p for p, _, _ in edges(forms)]]:
        d = returned(e, rules, p, (0, 0), names)
        if d is None:
            continue
        values = [b[0] * p[0] + b[1] * p[1] + c for b, c in forms]
        near = [q for q in cells if all(not v or v * (b[0] * q[0] + b[1] * q[1] + c) > 0 for v, (b, c) in zip(values, forms, strict=True))]
        around = [gradients[q] for q in near]
        lower = []
        for (a, _), v in zip(forms, values, strict=True):
            if not v:
                lower += [returned(e, rules, p, u, names) for u in ((-a[1], a[0]), (a[1], -a[0]))]
        shifted = [tuple([x - y for x, y in zip(g, d, strict=True)]) for g in around]
        critical = zero_in_hull(around)
        ruled = zero_in_hull([*around, d, *[v for v in lower if v is not None]])
        still = not any(d)
        f = Machine(rules, p, tuple([-x for x in d]), names).value(e)
        yield p, zero_in_hull(shifted), ruled and not critical, still and not critical, critical and not still, f.derivative().limit() > 0


def circulation(e, rules, corners, forms, names):
    """Return the exact integral of what is returned around a polygon, split where a form vanishes; ``None`` if it is no number somewhere."""
    total = Fraction(0)
    for p, q in zip(corners, [*corners[1:], corners[0]], strict=True):
        u = tuple([b - a for a, b in zip(p, q, strict=True)])
        cuts = {Fraction(0), Fraction(1)}
        for a, c in forms:
            speed, value = sum([x * y for x, y in zip(a, u, strict=True)]), sum([x * y for x, y in zip(a, p, strict=True)]) + c
            if speed and 0 < -value / speed < 1:
                cuts.add(-value / speed)
        ordered = sorted(cuts)
        for s, t in zip(ordered, ordered[1:], strict=False):
            middle = (s + t) / 2
            _, d = along(e, rules, tuple([x + middle * v for x, v in zip(p, u, strict=True)]), u, names)
            if d is None or len(d.b) > 1:
                return None
            h = (t - s) / 2
            total += sum([c * (h ** (k + 1) - (-h) ** (k + 1)) / (k + 1) for k, c in enumerate(d.a)], Fraction(0)) / d.b[0]
    return total
