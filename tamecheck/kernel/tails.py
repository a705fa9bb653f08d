"""Functions of one variable on a half-line [T, inf): a polynomial and a remainder that decays, with its derivative.

A *tail* is ``(p, e, f)``: the function is p(h) + r(h) for h >= T, with |r(h)| <= e[k] h^-k and |h r'(h)| <= f[k] h^-k for every
order k that is listed; ``e`` and ``f`` are empty lists of orders when nothing is known, and ``None`` when r = 0.  Coefficients are exact
rationals (`flint.fmpq`) or balls, so that an exact slope stays exact.  What grows like an exponential is kept by its logarithm, ``Big``.
Every rule is a line of calculus, proved in ``docs/explanation/homogeneity.md``; a function without a rule is ``None``.
"""

from __future__ import annotations

from typing import NamedTuple

ORDERS = 10
MAXIMAL_LENGTH = 64  # coefficients of a polynomial
LONGEST_BITS = 4_096  # of a coefficient, and of the size of a ball


class Tail(NamedTuple):
    """p(h) + r(h); ``e`` and ``f`` bound r and h r' by orders."""

    p: tuple
    e: tuple | None = None
    f: tuple | None = None


class Big(NamedTuple):
    """Plus or minus exp of a tail that tends to infinity."""

    log: Tail
    sign: int = 1


class Tails:
    """The calculus beyond one T, an exact rational: at least 1, or 0 (then only what is homogeneous has a tail)."""

    def __init__(self, flint, start) -> None:
        self.flint, self.start = flint, flint.arb(start)

    # ------------------------------------------------------------- numbers

    def size(self, x):
        """|x| from above."""
        return abs(self.flint.arb(x)).upper()

    def power(self, k: int):
        """T^k from above."""
        return (self.start**k).upper()

    def number(self, q) -> Tail:
        """Return a constant."""
        return Tail(()) if q == 0 else Tail((q,))

    def exact(self, q) -> bool:
        """Tell whether a coefficient is a rational."""
        return isinstance(q, self.flint.fmpq)

    def tidy(self, p: list, e: list | None, f: list | None) -> Tail | None:
        """Drop leading zeros; without any order nothing is known."""
        while p and p[-1] == 0:
            p.pop()
        if len(p) > MAXIMAL_LENGTH:
            return None
        p = [self.flint.arb(c) if self.exact(c) and max(int(c.p).bit_length(), int(c.q).bit_length()) > LONGEST_BITS else c for c in p]
        limit = self.flint.arb(2) ** LONGEST_BITS
        if not all([abs(x) < limit for x in (*[c for c in p if not self.exact(c)], *(e or ()), *(f or ()))]):
            return None
        return Tail(tuple(p)) if e is None else Tail(tuple(p), tuple(e), tuple(f)) if e else None

    def below(self, u: Tail):
        """Return m > 0 with |u| >= m h^d, d the degree of p, or None."""
        d = len(u.p) - 1
        if d < 0:
            return None
        m = abs(self.flint.arb(u.p[d])).lower() - (0 if u.e is None else u.e[0] / self.start**d)
        for i in range(d):
            m = m if u.p[i] == 0 else m - self.size(u.p[i]) / self.start ** (d - i)
        m = self.flint.arb(m).lower()
        return m if m > 0 else None

    def slope(self, u: Tail):
        """Return a bound of |h u'| / h^d, d the degree."""
        d = len(u.p) - 1
        total = self.flint.arb(0) if u.f is None else u.f[0] / self.start**d
        for i in range(1, d + 1):
            total = total + i * self.size(u.p[i]) / self.start ** (d - i)
        return self.flint.arb(total).upper()

    def sign(self, u: Tail | Big | None) -> int | None:
        """Return the sign on the whole half-line, if it is one."""
        if isinstance(u, Big):
            return u.sign
        if u is None:
            return None
        if not u.p and u.e is None:
            return 0
        return None if self.below(u) is None else 1 if self.flint.arb(u.p[-1]) > 0 else -1

    # ---------------------------------------------------------- arithmetic

    def joined(self, parts: list) -> tuple:
        """Add remainders: the orders that all have."""
        known = [x for x in parts if x[0] is not None]
        if not known:
            return None, None
        n = min([len(e) for e, _ in known])
        return tuple([[sum([x[k] for x in column], self.flint.arb(0)).upper() for k in range(n)] for column in zip(*known, strict=True)])

    def add(self, u, v, sign: int = 1):
        """Return u + v or u - v."""
        if isinstance(u, Big) or isinstance(v, Big):
            return self.add_big(u, v, sign)
        if u is None or v is None:
            return None
        n = max(len(u.p), len(v.p))
        zero = self.flint.fmpq(0)
        p = [(u.p[i] if i < len(u.p) else zero) + sign * (v.p[i] if i < len(v.p) else zero) for i in range(n)]
        return self.tidy(p, *self.joined([(u.e, u.f), (v.e, v.f)]))

    def add_big(self, u, v, sign: int):
        """s exp(L) + v = s exp(L + log(1 + s v exp(-L)))."""
        if not isinstance(u, Big):
            u, v, sign = self.scale(v, self.flint.fmpq(sign)), u, 1
        if v is None:
            return None
        ratio = self.div(v, Big(u.log))
        if isinstance(ratio, Big):
            return self.add_big(self.scale(v, self.flint.fmpq(sign)), u, 1)
        if ratio is None:
            return None
        inner = self.unary("log", self.add(self.number(self.flint.fmpq(1)), ratio, sign * u.sign))
        log = self.add(u.log, inner)
        return None if log is None else Big(log, u.sign)

    def scale(self, u, q):
        """Return a multiple."""
        if isinstance(u, Big) and q in (1, -1):
            return self.signed(u, int(q.p))
        return self.mul(self.number(q), u)

    def shifted(self, p: tuple, e: tuple | None, f: tuple | None) -> tuple:
        """Return bounds of a polynomial times a remainder: h^i r takes i orders."""
        places = [i for i, c in enumerate(p) if not (c == 0)]  # noqa: SIM201 - a ball around 0 is neither equal nor unequal to 0
        if e is None or not places:
            return None, None
        n = max(len(e) - places[-1], 0)
        zero = self.flint.arb(0)
        return ([sum([self.size(p[i]) * e[k + i] for i in places], zero).upper() for k in range(n)],
                [sum([self.size(p[i]) * (i * e[k + i] + f[k + i]) for i in places], zero).upper() for k in range(n)])  # fmt: skip

    def mul(self, u, v):
        """Return the product."""
        if isinstance(u, Big) or isinstance(v, Big):
            return self.mul_big(u, v)
        if u is None or v is None:
            return None
        p = [self.flint.fmpq(0)] * max(len(u.p) + len(v.p) - 1, 0)
        for i, a in enumerate(u.p):
            for j, b in enumerate(v.p):
                p[i + j] = p[i + j] + a * b
        parts = [self.shifted(u.p, v.e, v.f), self.shifted(v.p, u.e, u.f)]
        if u.e is not None and v.e is not None:
            if len(u.e) < len(v.e):
                u, v = v, u
            parts.append(([(x * v.e[0]).upper() for x in u.e], [(x * v.f[0] + y * v.e[0]).upper() for x, y in zip(u.e, u.f, strict=True)]))
        return self.tidy(p, *self.joined(parts))

    def mul_big(self, u, v):
        """exp(L) v = exp(L + log v) for v > 0."""
        if not isinstance(u, Big):
            u, v = v, u
        if v == Tail(()):
            return v
        s = self.sign(v)
        if s is None:
            return None
        log = v.log if isinstance(v, Big) else self.unary("log", self.scale(v, self.flint.fmpq(s))) if len(v.p) == 1 else None
        return self.signed(self.exp(self.add(u.log, log)), s * u.sign)

    def signed(self, u, s: int):
        """Return s u for s = 1 or -1."""
        return u if s > 0 or u is None else u._replace(sign=-u.sign) if isinstance(u, Big) else self.scale(u, self.flint.fmpq(-1))

    def inverse(self, u):
        """Return 1/u."""
        if isinstance(u, Big):
            return self.signed(self.exp(self.scale(u.log, self.flint.fmpq(-1))), u.sign)
        m = None if u is None else self.below(u)
        if m is None:
            return None
        d = len(u.p) - 1
        if d == 0:
            b = u.p[0]
            if u.e is None:
                return self.number(1 / b)
            return self.tidy([1 / b], [(x / m**2).upper() for x in u.e], [(x / m**2).upper() for x in u.f])
        slope = self.slope(u)
        return self.tidy([], [(self.start ** (k - d) / m).upper() for k in range(d + 1)],
                         [(slope * self.start ** (k - d) / m**2).upper() for k in range(d + 1)])  # fmt: skip

    def div(self, u, v):
        """Return u/v: the polynomial part by long division, the rest over v."""
        if isinstance(u, Big) and isinstance(v, Big):
            return self.signed(self.exp(self.add(u.log, v.log, -1)), u.sign * v.sign)
        if isinstance(u, Big) or isinstance(v, Big) or u is None or v is None or len(v.p) < 2:
            return self.mul(u, self.inverse(v))
        rest, quotient, d = list(u.p), [], len(v.p) - 1
        if not self.flint.arb(v.p[d]) > 0 and not self.flint.arb(v.p[d]) < 0:
            return None
        for k in range(len(rest) - 1, d - 1, -1):
            q = rest[k] / v.p[d]
            quotient.insert(0, q)
            for i in range(d):
                rest[k - d + i] = rest[k - d + i] - q * v.p[i]
            rest.pop()
        whole = self.tidy(quotient, None, None)
        above = self.tidy(rest, *self.joined([(u.e, u.f), self.shifted(whole.p, v.e, v.f)]))
        return self.add(whole, self.mul(above, self.inverse(v)))

    # ----------------------------------------------------------- functions

    def exp(self, u):
        """Return exp u: it converges, decays faster than every power, or is Big."""
        if u is None or isinstance(u, Big):
            return None
        d = len(u.p) - 1
        if d < 1:
            return self.converging("exp", u)
        lead = self.flint.arb(u.p[d])
        if self.start == 0:
            return None
        if lead > 0:
            return Big(u)
        sums, running = [], self.flint.arb(0)
        for i in range(d, 0, -1):
            running = running + i * self.flint.arb(u.p[i]) * self.start**i
            sums.append(running.upper())
        if not all([s <= 0 for s in sums]):
            return None
        top = sum([self.flint.arb(c) * self.start**i for i, c in enumerate(u.p)], self.flint.arb(0)) + (0 if u.e is None else u.e[0])
        values = []
        for k in range(ORDERS + d):
            if not sums[-1] + k <= 0:
                break
            values.append((self.start**k * top.exp()).upper())
        n, extra = len(values) - d, self.flint.arb(0) if u.f is None else u.f[0]
        f = [(sum([i * self.size(u.p[i]) * values[k + i] for i in range(1, d + 1)], self.flint.arb(0)) + extra * values[k]).upper() for k in range(n)]
        return self.tidy([], values[: max(n, 0)], f)

    def converging(self, name: str, u: Tail):
        """Return g(b + r) for a smooth g: |g(b + r) - g(b)| <= sup|g'| |r|."""
        b = u.p[0] if u.p else self.flint.fmpq(0)
        value = self.known(name, b)
        if u.e is None:
            return None if value is None else self.number(value)
        wide = self.flint.arb(b) + self.flint.arb(0, u.e[0])
        series = _series(self.flint, name, self.flint.arb_series([wide, 1], 2))
        if value is None or series is None:
            return None
        g = self.size(series[1])
        return self.tidy([value], [(g * x).upper() for x in u.e], [(g * x).upper() for x in u.f])

    def known(self, name: str, b):
        """Return g(b), exactly where it is 0 or 1 for a simple reason."""
        if self.exact(b) and ((name, b) in (("exp", 0), ("cos", 0), ("log", 1)) or (b == 0 and name in ("sin", "tan", "atan", "erf", "asin"))):
            return self.flint.fmpq(int(name in ("exp", "cos")))
        series = _series(self.flint, name, self.flint.arb_series([self.flint.arb(b), 1], 2))
        return None if series is None else series[0]

    def unary(self, name: str, u):
        """Return a primitive of one argument."""
        if name == "exp":
            return self.exp(u)
        if isinstance(u, Big):
            if name in ("neg", "abs"):
                return self.signed(u, -1) if name == "neg" else Big(u.log)
            if u.sign < 0 or name not in ("log", "sqrt"):
                return self.number(self.flint.fmpq(u.sign)) if name == "sign" else None
            return u.log if name == "log" else Big(self.scale(u.log, self.flint.fmpq(1, 2)))
        if u is None:
            return None
        if name in ("neg", "abs", "sign"):
            s = -1 if name == "neg" else self.sign(u)
            return None if s is None else self.scale(u, self.flint.fmpq(s)) if name != "sign" else self.number(self.flint.fmpq(s))
        if name == "sqrt":
            return self.sqrt(u)
        if len(u.p) < 2:
            return self.converging(name, u)
        return self.saturated(name, u) if name in ("erf", "atan") else None

    def sqrt(self, u: Tail):
        """Return the square root of what tends to a positive number, or grows like h^2."""
        flint, d, m = self.flint, len(u.p) - 1, self.below(u)
        if not u.p and u.e is None:
            return u
        if m is None or d not in (0, 2) or self.sign(u) != 1:
            return None
        lead = self.root(u.p[d])
        if d == 0:
            low = flint.arb(m).sqrt()
            if u.e is None:
                return self.number(lead)
            return self.tidy([lead], [(x / (flint.arb(lead) + low)).upper() for x in u.e], [(x / (2 * low)).upper() for x in u.f])
        beta = u.p[1] / (2 * lead)
        room = (flint.arb(lead) - (0 if beta == 0 else self.size(beta) / self.start)).lower()
        if not room > 0:
            return None
        top = self.size(u.p[0] - beta * beta) + (0 if u.e is None else u.e[0])
        e = [(top / (room * self.start)).upper(), (top / room).upper()]
        low = (room - e[1] / self.start**2).lower()
        if not low > 0:
            return None
        rise = (0 if u.f is None else u.f[0]) + 2 * self.size(lead) * e[1]
        if top == 0 and u.e is None:
            return Tail((beta, lead)) if beta != 0 else Tail((flint.fmpq(0), lead))
        return self.tidy([beta, lead], e, [(rise / (2 * low * self.start)).upper(), (rise / (2 * low)).upper()])

    def root(self, q):
        """Return a square root, exact for squares of rationals."""
        if self.exact(q):
            top, bottom = q.p.isqrt(), q.q.isqrt()
            if top * top == q.p and bottom * bottom == q.q:
                return self.flint.fmpq(top, bottom)
        return self.flint.arb(q).sqrt()

    def saturated(self, name: str, u: Tail):
        """Return erf or atan of what tends to plus or minus infinity."""
        flint, d, m, s = self.flint, len(u.p) - 1, self.below(u), self.sign(u)
        if m is None:
            return None
        slope = self.slope(u)
        if name == "atan":  # atan(u) = s pi/2 - atan(1/u)
            e = [(self.start ** (k - d) / m).upper() for k in range(d + 1)]
            return self.tidy([s * flint.arb.pi() / 2], e, [(slope * self.start ** (k - d) / m**2).upper() for k in range(d + 1)])
        rate = (m**2 * self.start ** (2 * d)).lower()  # |erf(u) - s| <= exp(-u^2) <= exp(-m^2 h^2d)
        values = [(self.start**k * (-rate).exp()).upper() for k in range(ORDERS + d) if 2 * d * rate >= k]
        n = max(len(values) - d, 0)
        two = 2 / flint.arb.pi().sqrt()
        return self.tidy([flint.fmpq(s)], values[:n], [(two * slope * values[k + d]).upper() for k in range(n)])

    def power_of(self, u, q):
        """Return u^q for a rational q."""
        if q.q == 1 and 0 <= q.p <= 8:
            found = self.number(self.flint.fmpq(1))
            for _ in range(int(q.p)):
                found = self.mul(found, u) if not isinstance(u, Big) or isinstance(found, Big) else u
            return found
        if q.q == 1 and -8 <= q.p < 0:
            return self.inverse(self.power_of(u, -q))
        if q == self.flint.fmpq(1, 2):
            return self.unary("sqrt", u)
        if isinstance(u, Big):
            return self.exp(self.scale(u.log, q)) if u.sign > 0 else None
        return self.exp(self.scale(self.unary("log", u), q)) if self.sign(u) == 1 and len(u.p) == 1 else None


def _series(flint, name: str, x):
    """Return the truncated series of a primitive, or None where it is not finite."""
    if name not in ("exp", "log", "sqrt", "sin", "cos", "tan", "atan", "erf", "asin", "acos"):
        return None
    try:
        found = getattr(x, name)()
    except (ValueError, ZeroDivisionError):
        return None
    return found if all([found[k].is_finite() for k in range(x.prec)]) else None
