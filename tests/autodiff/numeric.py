"""Trees of `brute` with exp, log, roots, ... run at points in forty digits: another road to the pieces of a program, away from kinks."""

import mpmath
from brute import ARITY, COMPARE

mpmath.mp.dps = 40
SMOOTH = {
    "exp": (mpmath.exp, lambda x, v: v),
    "tanh": (mpmath.tanh, lambda x, v: 1 - v * v),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), lambda x, v: v * (1 - v)),
    "softplus": (lambda x: mpmath.log(1 + mpmath.exp(x)), lambda x, v: 1 / (1 + mpmath.exp(-x))),
    "silu": (lambda x: x / (1 + mpmath.exp(-x)), lambda x, v: 1 / (1 + mpmath.exp(-x)) + v * (1 - 1 / (1 + mpmath.exp(-x)))),
    "gelu": (
        lambda x: x * (1 + mpmath.erf(x / mpmath.sqrt(2))) / 2,
        lambda x, v: (1 + mpmath.erf(x / mpmath.sqrt(2))) / 2 + x * mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi),
    ),
    "atan": (mpmath.atan, lambda x, v: 1 / (1 + x * x)),
    "erf": (mpmath.erf, lambda x, v: 2 * mpmath.exp(-x * x) / mpmath.sqrt(mpmath.pi)),
    "log": (lambda x: mpmath.log(x) if x > 0 else None, lambda x, v: 1 / x),
    "sqrt": (lambda x: mpmath.sqrt(x) if x >= 0 else None, lambda x, v: 1 / (2 * v) if v else None),
}
ARITY |= dict.fromkeys(SMOOTH, 1)


class Numbers:
    """Values and what reverse mode returns at a point that is on no kink."""

    def __init__(self, point, names):
        self.inputs = dict(zip(names, [mpmath.mpf(q.numerator) / q.denominator for q in point], strict=True))
        self.values, self.near = {}, mpmath.mpf(10)
        """``near``: how near to 0 something was that was compared with 0."""

    def compared(self, x):
        self.near = min(self.near, abs(x))
        return (x > 0) - (x < 0)

    def value(self, e):
        if e not in self.values:
            self.values[e] = self._value(e)
        return self.values[e]

    def _value(self, e):
        kind = e[0]
        if kind == "x":
            return self.inputs[e[1]]
        if kind == "number":
            return mpmath.mpf(e[1].numerator) / e[1].denominator
        v = [self.value(c) for c in e[1:] if isinstance(c, tuple)]
        if kind == "where":
            return None if v[0] is None else v[1] if COMPARE[e[4]](self.compared(v[0])) else v[2]
        if any(x is None for x in v):
            return None
        if kind in SMOOTH:
            return SMOOTH[kind][0](v[0])
        if kind in ("add", "sub", "mul", "div"):
            if kind == "div":
                return v[0] / v[1] if self.compared(v[1]) else None
            return v[0] + v[1] if kind == "add" else v[0] - v[1] if kind == "sub" else v[0] * v[1]
        if kind in ("neg", "stop"):
            return -v[0] if kind == "neg" else v[0]
        if kind in ("max", "min"):
            return v[0] if (self.compared(v[0] - v[1]) >= 0) == (kind == "max") else v[1]
        s = self.compared(v[0])
        return mpmath.mpf(s) if kind == "sign" else v[0] * s if kind == "abs" else v[0] if s > 0 else mpmath.mpf(0)

    def gradient(self, e):
        """Return what reverse mode returns by name, ``None`` where it is no number."""
        out = dict.fromkeys(self.inputs, mpmath.mpf(0))
        stack = [(e, mpmath.mpf(1))]
        while stack:
            node, g = stack.pop()
            kind = node[0]
            if kind == "x":
                out[node[1]] = None if g is None or out[node[1]] is None else out[node[1]] + g
            elif kind == "where":
                c = self.value(node[1])
                yes = None if c is None else COMPARE[node[4]]((c > 0) - (c < 0))
                for child, here in ((node[2], yes), (node[3], None if yes is None else not yes)):
                    stack.append((child, None if here is None else g if here else mpmath.mpf(0)))
            elif kind not in ("number", "stop"):
                children = [c for c in node[1:] if isinstance(c, tuple)]
                for child, d in zip(children, self._partials(node, [self.value(c) for c in children]), strict=True):
                    if kind == "relu" and g is None and d == 0:
                        stack.append((child, mpmath.mpf(0)))
                    else:
                        stack.append((child, None if g is None or d is None else g * d))
        return out

    def _partials(self, e, v):
        kind = e[0]
        if kind == "log" and v[0] is not None and v[0]:
            return [1 / v[0]]
        if any(x is None for x in v) or self.value(e) is None:
            return [None] * len(v)
        if kind in SMOOTH:
            return [SMOOTH[kind][1](v[0], self.value(e))]
        if kind in ("add", "sub"):
            return [1, 1 if kind == "add" else -1]
        if kind == "neg":
            return [-1]
        if kind == "mul":
            return [v[1], v[0]]
        if kind == "div":
            return [1 / v[1], -v[0] / v[1] ** 2]
        if kind in ("max", "min"):
            return [1, 0] if (v[0] > v[1]) == (kind == "max") else [0, 1]
        return [0 if kind == "sign" else 1 if v[0] > 0 else -1 if kind == "abs" else 0]
