"""What do torch, JAX and TensorFlow return at kinks and ties?  Probe the installed framework; write a rule book, or compare with the stored one.

    python benchmarks/rulebooks.py torch --write      probe and store
    python benchmarks/rulebooks.py torch              probe and list the differences from what is stored (exit status 1 if there are any)

Every row is one operator at one point where it has no derivative, in reverse and in forward mode, float64, on the CPU.  Numbers are written as
the rational with the least denominator that the float is nearest to; ``nan`` and ``inf`` are no values.  The script needs the
framework and nothing else, so it runs in an environment of its own.
"""

import argparse
import json
import math
import os
import sys
from fractions import Fraction
from pathlib import Path

BOOKS = Path(__file__).resolve().parent.parent / "tamecheck" / "autodiff" / "rulebooks"
STEP = 2.0**-20  # far enough from the kink to be on the other side, near enough for the first digits of one-sided derivatives

# operator, parameters, the condition, the point; one-variable operators are also differentiated left and right of the point
SCALAR = [
    ("relu", {}, "x0 == 0", 0),
    ("abs", {}, "x0 == 0", 0),
    ("relu6", {}, "x0 == 0", 0),
    ("relu6", {}, "x0 == 6", 6),
    *[("leaky_relu", {"slope": s}, "x0 == 0", 0) for s in (Fraction(1, 100), Fraction(2), Fraction(-1))],
    *[("elu", {"alpha": a}, "x0 == 0", 0) for a in (Fraction(1), Fraction(2), Fraction(1, 2))],
    *[("celu", {"alpha": a}, "x0 == 0", 0) for a in (Fraction(1), Fraction(2))],
    ("selu", {}, "x0 == 0", 0),
    ("softsign", {}, "x0 == 0", 0),
    *[("hardtanh", {"low": lo, "high": hi}, "x0 == low", lo) for lo, hi in ((-1, 1), (-2, 3))],
    *[("hardtanh", {"low": lo, "high": hi}, "x0 == high", hi) for lo, hi in ((-1, 1), (-2, 3))],
    ("hardsigmoid", {}, "x0 == -3", -3),
    ("hardsigmoid", {}, "x0 == 3", 3),
    ("hardswish", {}, "x0 == -3", -3),
    ("hardswish", {}, "x0 == 3", 3),
    *[
        ("softshrink", {"threshold": t}, w, s * t)
        for t in (Fraction(1, 2), Fraction(2))
        for w, s in (("x0 == threshold", 1), ("x0 == -threshold", -1))
    ],
    *[
        ("hardshrink", {"threshold": t}, w, s * t)
        for t in (Fraction(1, 2), Fraction(2))
        for w, s in (("x0 == threshold", 1), ("x0 == -threshold", -1))
    ],
    *[("threshold", {"threshold": t, "value": v}, "x0 == threshold", t) for t, v in ((0, 0), (1, 0))],
    ("sqrt", {}, "x0 == 0", 0),
    ("rsqrt", {}, "x0 == 0", 0),
    ("cbrt", {}, "x0 == 0", 0),
    ("log", {}, "x0 == 0", 0),
    ("log1p", {}, "x0 == -1", -1),
    ("acosh", {}, "x0 == 1", 1),
    ("asin", {}, "x0 == 1", 1),
    ("asin", {}, "x0 == -1", -1),
    ("acos", {}, "x0 == 1", 1),
    ("acos", {}, "x0 == -1", -1),
    ("atanh", {}, "x0 == 1", 1),
    ("atanh", {}, "x0 == -1", -1),
    ("logit", {}, "x0 == 0", 0),
    ("logit", {}, "x0 == 1", 1),
    ("entr", {}, "x0 == 0", 0),
    ("sign", {}, "x0 == 0", 0),
    ("round", {}, "x0 == 1/2", Fraction(1, 2)),
    ("round", {}, "x0 == 3/2", Fraction(3, 2)),
    ("floor", {}, "x0 == 1", 1),
    ("ceil", {}, "x0 == 1", 1),
    ("trunc", {}, "x0 == 1", 1),
    ("trunc", {}, "x0 == -1", -1),
    ("frac", {}, "x0 == 1", 1),
    *[("pow", {"exponent": e}, "x0 == 0", 0) for e in (0, Fraction(1, 2), 1, Fraction(3, 2), 2, 3)],
    ("square", {}, "x0 == 0", 0),
    ("reciprocal", {}, "x0 == 0", 0),
    ("logsigmoid", {}, "x0 == 0", 0),
    ("softplus", {}, "x0 == 0", 0),
]
PLANE = [
    ("max", "x0 == x1", (1, 1)),
    ("min", "x0 == x1", (1, 1)),
    ("fmax", "x0 == x1", (1, 1)),
    ("fmin", "x0 == x1", (1, 1)),
    ("hypot", "x0 == 0 and x1 == 0", (0, 0)),
    ("atan2", "x0 == 0 and x1 == 0", (0, 0)),
    ("xlogy", "x0 == 0 and x1 == 0", (0, 0)),
    ("logaddexp", "x0 == x1", (1, 1)),
    ("prelu", "x0 == 0", (0, Fraction(1, 4))),
    ("prelu", "x0 == 0", (0, -2)),
    ("mod", "x0 == x1", (1, 1)),
    ("fmod", "x0 == x1", (1, 1)),
    ("heaviside", "x0 == 0", (0, Fraction(1, 2))),
    ("copysign", "x0 == 0", (0, 1)),
]
CLAMP = [
    ("clamp", "x0 == x1", (-1, -1, 1)),
    ("clamp", "x0 == x2", (1, -1, 1)),
    ("clamp_min", "x0 == x1", (0, 0)),
    ("clamp_max", "x0 == x1", (0, 0)),
]
TENSOR = [
    ("max over three", "maximum(a, maximum(b, c))", (1, 1, 1)),
    ("max all", "largest entry", (1, 1, 1)),
    ("max all", "largest entry", (1, 1, 0)),
    ("max axis", "largest entry along an axis", (1, 1, 1)),
    ("amax", "largest entry", (1, 1, 1)),
    ("argmax", "x[argmax x]", (1, 1, 1)),
    ("topk", "first of the top entries", (1, 1, 1)),
    ("sort first", "smallest entry", (1, 1, 1)),
    ("sort last", "largest entry", (1, 1, 1)),
    ("cummax last", "running maximum, last entry", (1, 1, 1)),
    ("max_pool 2", "one window", (1, 1)),
    ("max_pool 3", "one window", (1, 1, 1)),
    ("max_pool overlapping", "sum of windows of 2", (1, 1, 1)),
    ("median", "median", (1, 1, 1)),
    ("median axis", "median", (1, 1, 1)),
    ("median even", "median", (1, 2, 3, 4)),
    ("norm 1", "sum |x|", (0, 0)),
    ("norm 1", "sum |x|", (0, 1)),
    ("norm 2", "sqrt(sum x^2)", (0, 0)),
    ("norm 3", "(sum |x|^3)^(1/3)", (0, 0)),
    ("norm inf", "max |x|", (0, 0)),
    ("norm inf", "max |x|", (1, -1)),
    ("sqrt of sum of squares", "sqrt(sum x^2)", (0, 0)),
    ("std", "standard deviation", (1, 1, 1)),
    ("prod", "product of entries", (0, 2)),
    ("cumprod last", "running product, last entry", (0, 2)),
    ("cumprod last", "running product, last entry", (2, 0)),
    ("relu of sqrt", "sqrt(relu(x))", (0,)),
    ("where sqrt", "where(x > 0, sqrt(x), 0)", (0,)),
    ("abs as max", "max(x, -x)", (0,)),
    ("abs as where", "where(x > 0, x, -x)", (0,)),
    ("abs as sqrt", "sqrt(x^2)", (0,)),
    ("relu as where", "where(x > 0, x, 0)", (0,)),
    ("relu as where", "where(x >= 0, x, 0)", (0,)),
    ("x*sign(x)", "x*sign(x)", (0,)),
]


def written(value: object) -> str:
    """Return a float as text: the simplest rational that it is nearest to."""
    if value is None:
        return "none"
    x = float(value)
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    q = Fraction(x)
    simple = q.limit_denominator(10_000)
    return str(simple if abs(float(simple) - x) <= math.ulp(x or 1.0) else q)


class Framework:
    """What is needed of a framework: its functions, gradients and directional derivatives."""

    name = ""

    def scalar(self, operator: str, parameters: dict):
        """Return (text of the call, function of one number), or ``None`` if the framework has no such operator."""
        return None

    def plane(self, operator: str):
        """Return (text, function of two or three numbers)."""
        return None

    def tensor(self, name: str, form: str):
        """Return (text, function of a vector)."""
        return None

    def reverse(self, function, point):
        """Return the gradient."""
        raise NotImplementedError

    def forward(self, function, point):
        """Return the derivatives along the axes."""
        raise NotImplementedError


class Torch(Framework):
    """PyTorch, ``backward`` and ``torch.func.jvp``."""

    name = "torch"

    def __init__(self) -> None:
        import torch

        torch.manual_seed(0)
        self.t, self.f, self.version = torch, torch.nn.functional, torch.__version__.split("+")[0]

    def scalar(self, operator, parameters):
        t, f = self.t, self.f
        v = {k: float(x) for k, x in parameters.items()}
        plain = {
            "relu": (f.relu, "F.relu(x)"),
            "abs": (t.abs, "torch.abs(x)"),
            "relu6": (f.relu6, "F.relu6(x)"),
            "selu": (f.selu, "F.selu(x)"),
            "softsign": (f.softsign, "F.softsign(x)"),
            "hardsigmoid": (f.hardsigmoid, "F.hardsigmoid(x)"),
            "hardswish": (f.hardswish, "F.hardswish(x)"),
            "sqrt": (t.sqrt, "torch.sqrt(x)"),
            "rsqrt": (t.rsqrt, "torch.rsqrt(x)"),
            "log": (t.log, "torch.log(x)"),
            "log1p": (t.log1p, "torch.log1p(x)"),
            "acosh": (t.acosh, "torch.acosh(x)"),
            "asin": (t.asin, "torch.asin(x)"),
            "acos": (t.acos, "torch.acos(x)"),
            "atanh": (t.atanh, "torch.atanh(x)"),
            "logit": (t.logit, "torch.logit(x)"),
            "entr": (t.special.entr, "torch.special.entr(x)"),
            "sign": (t.sign, "torch.sign(x)"),
            "round": (t.round, "torch.round(x)"),
            "floor": (t.floor, "torch.floor(x)"),
            "ceil": (t.ceil, "torch.ceil(x)"),
            "trunc": (t.trunc, "torch.trunc(x)"),
            "frac": (t.frac, "torch.frac(x)"),
            "square": (t.square, "torch.square(x)"),
            "reciprocal": (t.reciprocal, "torch.reciprocal(x)"),
            "logsigmoid": (f.logsigmoid, "F.logsigmoid(x)"),
            "softplus": (f.softplus, "F.softplus(x)"),
        }
        if operator in plain:
            function, text = plain[operator]
            return text, function
        made = {
            "leaky_relu": ("F.leaky_relu(x, slope)", lambda x: f.leaky_relu(x, v["slope"])),
            "elu": ("F.elu(x, alpha)", lambda x: f.elu(x, v["alpha"])),
            "celu": ("F.celu(x, alpha)", lambda x: f.celu(x, v["alpha"])),
            "hardtanh": ("F.hardtanh(x, low, high)", lambda x: f.hardtanh(x, v["low"], v["high"])),
            "softshrink": ("F.softshrink(x, threshold)", lambda x: f.softshrink(x, v["threshold"])),
            "hardshrink": ("F.hardshrink(x, threshold)", lambda x: f.hardshrink(x, v["threshold"])),
            "threshold": ("F.threshold(x, threshold, value)", lambda x: f.threshold(x, v["threshold"], v["value"])),
            "pow": ("torch.pow(x, exponent)", lambda x: t.pow(x, v["exponent"])),
        }
        return made.get(operator)

    def plane(self, operator):
        t, f = self.t, self.f
        return {
            "max": ("torch.maximum(a, b)", t.maximum),
            "min": ("torch.minimum(a, b)", t.minimum),
            "fmax": ("torch.fmax(a, b)", t.fmax),
            "fmin": ("torch.fmin(a, b)", t.fmin),
            "hypot": ("torch.hypot(a, b)", t.hypot),
            "atan2": ("torch.atan2(a, b)", t.atan2),
            "xlogy": ("torch.xlogy(a, b)", t.xlogy),
            "logaddexp": ("torch.logaddexp(a, b)", t.logaddexp),
            "prelu": ("F.prelu(a, b)", lambda a, b: f.prelu(a.reshape(1), b.reshape(1)).sum()),
            "mod": ("torch.remainder(a, b)", t.remainder),
            "fmod": ("torch.fmod(a, b)", t.fmod),
            "copysign": ("torch.copysign(a, b)", t.copysign),
            "clamp": ("torch.clamp(a, b, c) with tensors", lambda a, b, c: t.clamp(a, b, c)),
            "clamp_min": ("torch.clamp(a, min=b)", lambda a, b: t.clamp(a, min=b)),
            "clamp_max": ("torch.clamp(a, max=b)", lambda a, b: t.clamp(a, max=b)),
        }.get(operator)

    def clamp_number(self):
        """Return torch.clamp with numbers for bounds, which is another kernel."""
        t = self.t
        return [
            ("clamp", "torch.clamp(x, -1, 1)", lambda x: t.clamp(x, -1.0, 1.0), (-1, 1)),
            ("clamp_min", "torch.clamp(x, min=0)", lambda x: t.clamp(x, min=0.0), (0,)),
            ("clamp_max", "torch.clamp(x, max=0)", lambda x: t.clamp(x, max=0.0), (0,)),
        ]

    def tensor(self, name, form):
        t, f = self.t, self.f
        pool = lambda k: lambda x: f.max_pool1d(x.reshape(1, 1, -1), k, 1).sum()  # noqa: E731
        named = {
            "max over three": lambda x: t.maximum(x[0], t.maximum(x[1], x[2])),
            "max all": lambda x: x.max(),
            "max axis": lambda x: x.max(0).values,
            "amax": lambda x: x.amax(0),
            "argmax": lambda x: x[x.argmax()],
            "topk": lambda x: x.topk(1).values[0],
            "sort first": lambda x: x.sort(stable=True).values[0],
            "sort last": lambda x: x.sort(stable=True).values[-1],
            "cummax last": lambda x: x.cummax(0).values[-1],
            "max_pool 2": pool(2),
            "max_pool 3": pool(3),
            "max_pool overlapping": pool(2),
            "median": lambda x: x.median(),
            "median axis": lambda x: x.median(0).values,
            "median even": lambda x: x.median(),
            "norm 1": lambda x: t.linalg.vector_norm(x, 1),
            "norm 2": lambda x: t.linalg.vector_norm(x),
            "norm 3": lambda x: t.linalg.vector_norm(x, 3),
            "norm inf": lambda x: t.linalg.vector_norm(x, float("inf")),
            "sqrt of sum of squares": lambda x: (x * x).sum().sqrt(),
            "std": lambda x: x.std(),
            "prod": lambda x: x.prod(),
            "cumprod last": lambda x: x.cumprod(0)[-1],
            "relu of sqrt": lambda x: f.relu(x[0]).sqrt(),
            "where sqrt": lambda x: t.where(x[0] > 0, x[0].sqrt(), 0 * x[0].detach()),
            "abs as max": lambda x: t.maximum(x[0], -x[0]),
            "abs as where": lambda x: t.where(x[0] > 0, x[0], -x[0]),
            "abs as sqrt": lambda x: (x[0] ** 2).sqrt(),
            "x*sign(x)": lambda x: x[0] * x[0].sign(),
        }
        if name == "relu as where":
            return form, (lambda x: t.where(x[0] >= 0, x[0], 0 * x[0].detach())) if ">=" in form else (
                lambda x: t.where(x[0] > 0, x[0], 0 * x[0].detach())
            )
        return (form, named[name]) if name in named else None

    def reverse(self, function, point):
        x = self.t.tensor([float(c) for c in point], dtype=self.t.float64, requires_grad=True)
        y = function(x)
        if not y.requires_grad:
            return [None] * len(point)
        (g,) = self.t.autograd.grad(y, x, allow_unused=True)
        return [None] * len(point) if g is None else g.tolist()

    def forward(self, function, point):
        x = self.t.tensor([float(c) for c in point], dtype=self.t.float64)
        out = []
        for k in range(len(point)):
            e = self.t.zeros_like(x)
            e[k] = 1
            out.append(self.t.func.jvp(function, (x,), (e,))[1].item())
        return out


class Jax(Framework):
    """JAX with 64-bit floats, ``jax.grad`` and ``jax.jvp``."""

    name = "jax"

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.j, self.n, self.nn, self.version = jax, jax.numpy, jax.nn, jax.__version__

    def scalar(self, operator, parameters):
        n, nn = self.n, self.nn
        v = {k: float(x) for k, x in parameters.items()}
        sp = self.j.scipy.special
        plain = {
            "relu": (nn.relu, "jax.nn.relu(x)"),
            "abs": (n.abs, "jnp.abs(x)"),
            "relu6": (nn.relu6, "jax.nn.relu6(x)"),
            "selu": (nn.selu, "jax.nn.selu(x)"),
            "softsign": (nn.soft_sign, "jax.nn.soft_sign(x)"),
            "hardsigmoid": (nn.hard_sigmoid, "jax.nn.hard_sigmoid(x)"),
            "hardswish": (nn.hard_swish, "jax.nn.hard_swish(x)"),
            "sqrt": (n.sqrt, "jnp.sqrt(x)"),
            "rsqrt": (self.j.lax.rsqrt, "jax.lax.rsqrt(x)"),
            "cbrt": (n.cbrt, "jnp.cbrt(x)"),
            "log": (n.log, "jnp.log(x)"),
            "log1p": (n.log1p, "jnp.log1p(x)"),
            "acosh": (n.arccosh, "jnp.arccosh(x)"),
            "asin": (n.arcsin, "jnp.arcsin(x)"),
            "acos": (n.arccos, "jnp.arccos(x)"),
            "atanh": (n.arctanh, "jnp.arctanh(x)"),
            "logit": (sp.logit, "logit(x)"),
            "entr": (sp.entr, "entr(x)"),
            "sign": (n.sign, "jnp.sign(x)"),
            "round": (n.round, "jnp.round(x)"),
            "floor": (n.floor, "jnp.floor(x)"),
            "ceil": (n.ceil, "jnp.ceil(x)"),
            "trunc": (n.trunc, "jnp.trunc(x)"),
            "square": (n.square, "jnp.square(x)"),
            "reciprocal": (n.reciprocal, "jnp.reciprocal(x)"),
            "logsigmoid": (nn.log_sigmoid, "jax.nn.log_sigmoid(x)"),
            "softplus": (nn.softplus, "jax.nn.softplus(x)"),
        }
        if operator in plain:
            function, text = plain[operator]
            return text, function
        if operator == "hardtanh" and (v["low"], v["high"]) == (-1.0, 1.0):
            return "jax.nn.hard_tanh(x)", nn.hard_tanh
        return {
            "leaky_relu": ("jax.nn.leaky_relu(x, slope)", lambda x: nn.leaky_relu(x, v["slope"])),
            "elu": ("jax.nn.elu(x, alpha)", lambda x: nn.elu(x, v["alpha"])),
            "celu": ("jax.nn.celu(x, alpha)", lambda x: nn.celu(x, v["alpha"])),
            "pow": ("jnp.power(x, exponent)", lambda x: n.power(x, v["exponent"])),
        }.get(operator)

    def plane(self, operator):
        n = self.n
        return {
            "max": ("jnp.maximum(a, b)", n.maximum),
            "min": ("jnp.minimum(a, b)", n.minimum),
            "fmax": ("jnp.fmax(a, b)", n.fmax),
            "fmin": ("jnp.fmin(a, b)", n.fmin),
            "hypot": ("jnp.hypot(a, b)", n.hypot),
            "atan2": ("jnp.arctan2(a, b)", n.arctan2),
            "xlogy": ("xlogy(a, b)", self.j.scipy.special.xlogy),
            "logaddexp": ("jnp.logaddexp(a, b)", n.logaddexp),
            "mod": ("jnp.mod(a, b)", n.mod),
            "fmod": ("jnp.fmod(a, b)", n.fmod),
            "heaviside": ("jnp.heaviside(a, b)", n.heaviside),
            "copysign": ("jnp.copysign(a, b)", n.copysign),
            "clamp": ("jnp.clip(a, b, c)", lambda a, b, c: n.clip(a, b, c)),
            "clamp_min": ("jnp.clip(a, min=b)", lambda a, b: n.clip(a, min=b)),
            "clamp_max": ("jnp.clip(a, max=b)", lambda a, b: n.clip(a, max=b)),
        }.get(operator)

    def clamp_number(self):
        n = self.n
        return [
            ("clamp", "jnp.clip(x, -1, 1)", lambda x: n.clip(x, -1.0, 1.0), (-1, 1)),
            ("clamp_min", "jnp.clip(x, min=0)", lambda x: n.clip(x, min=0.0), (0,)),
            ("clamp_max", "jnp.clip(x, max=0)", lambda x: n.clip(x, max=0.0), (0,)),
        ]

    def tensor(self, name, form):
        n, lax = self.n, self.j.lax

        def pool(k):
            return lambda x: lax.reduce_window(x, -float("inf"), lax.max, (k,), (1,), "VALID").sum()

        named = {
            "max over three": lambda x: n.maximum(x[0], n.maximum(x[1], x[2])),
            "max all": n.max,
            "max axis": lambda x: n.max(x, axis=0),
            "amax": lambda x: n.amax(x, axis=0),
            "argmax": lambda x: x[n.argmax(x)],
            "topk": lambda x: lax.top_k(x, 1)[0][0],
            "sort first": lambda x: n.sort(x)[0],
            "sort last": lambda x: n.sort(x)[-1],
            "cummax last": lambda x: lax.cummax(x)[-1],
            "max_pool 2": pool(2),
            "max_pool 3": pool(3),
            "max_pool overlapping": pool(2),
            "median": n.median,
            "median even": n.median,
            "norm 1": lambda x: n.linalg.norm(x, 1),
            "norm 2": lambda x: n.linalg.norm(x),
            "norm 3": lambda x: n.linalg.norm(x, 3),
            "norm inf": lambda x: n.linalg.norm(x, n.inf),
            "sqrt of sum of squares": lambda x: n.sqrt((x * x).sum()),
            "std": lambda x: n.std(x, ddof=1),
            "prod": n.prod,
            "cumprod last": lambda x: n.cumprod(x)[-1],
            "relu of sqrt": lambda x: n.sqrt(self.nn.relu(x[0])),
            "where sqrt": lambda x: n.where(x[0] > 0, n.sqrt(x[0]), 0.0),
            "abs as max": lambda x: n.maximum(x[0], -x[0]),
            "abs as where": lambda x: n.where(x[0] > 0, x[0], -x[0]),
            "abs as sqrt": lambda x: n.sqrt(x[0] ** 2),
            "x*sign(x)": lambda x: x[0] * n.sign(x[0]),
        }
        if name == "relu as where":
            return form, (lambda x: n.where(x[0] >= 0, x[0], 0.0)) if ">=" in form else (lambda x: n.where(x[0] > 0, x[0], 0.0))
        return (form, named[name]) if name in named else None

    def reverse(self, function, point):
        return self.j.grad(function)(self.n.array([float(c) for c in point])).tolist()

    def forward(self, function, point):
        x = self.n.array([float(c) for c in point])
        return [float(self.j.jvp(function, (x,), (self.n.eye(len(point))[k],))[1]) for k in range(len(point))]


class TensorFlow(Framework):
    """TensorFlow, ``GradientTape`` and ``ForwardAccumulator``."""

    name = "tensorflow"

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow

        self.t, self.m, self.nn, self.version = tensorflow, tensorflow.math, tensorflow.nn, tensorflow.__version__

    def scalar(self, operator, parameters):
        t, m, nn = self.t, self.m, self.nn
        v = {k: float(x) for k, x in parameters.items()}
        keras = t.keras.activations
        plain = {
            "relu": (nn.relu, "tf.nn.relu(x)"),
            "abs": (t.abs, "tf.abs(x)"),
            "relu6": (nn.relu6, "tf.nn.relu6(x)"),
            "selu": (nn.selu, "tf.nn.selu(x)"),
            "softsign": (nn.softsign, "tf.nn.softsign(x)"),
            "hardsigmoid": (keras.hard_sigmoid, "keras.activations.hard_sigmoid(x)"),
            "hardswish": (keras.hard_silu, "keras.activations.hard_silu(x)"),
            "sqrt": (t.sqrt, "tf.sqrt(x)"),
            "rsqrt": (m.rsqrt, "tf.math.rsqrt(x)"),
            "log": (m.log, "tf.math.log(x)"),
            "log1p": (m.log1p, "tf.math.log1p(x)"),
            "acosh": (m.acosh, "tf.math.acosh(x)"),
            "asin": (m.asin, "tf.math.asin(x)"),
            "acos": (m.acos, "tf.math.acos(x)"),
            "atanh": (m.atanh, "tf.math.atanh(x)"),
            "sign": (t.sign, "tf.sign(x)"),
            "round": (t.round, "tf.round(x)"),
            "floor": (t.floor, "tf.floor(x)"),
            "ceil": (m.ceil, "tf.math.ceil(x)"),
            "square": (t.square, "tf.square(x)"),
            "reciprocal": (m.reciprocal, "tf.math.reciprocal(x)"),
            "logsigmoid": (m.log_sigmoid, "tf.math.log_sigmoid(x)"),
            "softplus": (m.softplus, "tf.math.softplus(x)"),
        }
        if operator in plain:
            function, text = plain[operator]
            return text, function
        if operator == "elu" and v["alpha"] == 1.0:
            return "tf.nn.elu(x)", nn.elu
        if operator == "hardtanh" and (v["low"], v["high"]) == (-1.0, 1.0):
            return "keras.activations.hard_tanh(x)", keras.hard_tanh
        return {
            "leaky_relu": ("tf.nn.leaky_relu(x, slope)", lambda x: nn.leaky_relu(x, v["slope"])),
            "celu": ("keras.activations.celu(x, alpha)", lambda x: keras.celu(x, v["alpha"])),
            "softshrink": ("keras.activations.soft_shrink(x, threshold)", lambda x: keras.soft_shrink(x, v["threshold"])),
            "hardshrink": ("keras.activations.hard_shrink(x, threshold)", lambda x: keras.hard_shrink(x, v["threshold"])),
            "threshold": ("keras.activations.threshold(x, threshold, value)", lambda x: keras.threshold(x, v["threshold"], v["value"])),
            "pow": ("tf.pow(x, exponent)", lambda x: t.pow(x, t.constant(v["exponent"], t.float64))),
        }.get(operator)

    def plane(self, operator):
        t, m = self.t, self.m
        return {
            "max": ("tf.maximum(a, b)", t.maximum),
            "min": ("tf.minimum(a, b)", t.minimum),
            "atan2": ("tf.math.atan2(a, b)", m.atan2),
            "xlogy": ("tf.math.xlogy(a, b)", m.xlogy),
            "mod": ("tf.math.floormod(a, b)", m.floormod),
            "clamp": ("tf.clip_by_value(a, b, c)", t.clip_by_value),
        }.get(operator)

    def clamp_number(self):
        t = self.t
        return [("clamp", "tf.clip_by_value(x, -1, 1)", lambda x: t.clip_by_value(x, -1.0, 1.0), (-1, 1))]

    def tensor(self, name, form):
        t = self.t

        def pool(k):
            return lambda x: t.reduce_sum(t.nn.max_pool1d(t.reshape(x, (1, -1, 1)), k, 1, "VALID"))

        named = {
            "max over three": lambda x: t.maximum(x[0], t.maximum(x[1], x[2])),
            "max all": t.reduce_max,
            "max axis": lambda x: t.reduce_max(x, 0),
            "amax": lambda x: t.reduce_max(x, 0),
            "argmax": lambda x: x[t.argmax(x)],
            "topk": lambda x: t.math.top_k(x, 1)[0][0],
            "sort first": lambda x: t.sort(x)[0],
            "sort last": lambda x: t.sort(x)[-1],
            "max_pool 2": pool(2),
            "max_pool 3": pool(3),
            "max_pool overlapping": pool(2),
            "norm 1": lambda x: t.norm(x, 1),
            "norm 2": lambda x: t.norm(x),
            "norm 3": lambda x: t.norm(x, 3),
            "norm inf": lambda x: t.norm(x, float("inf")),
            "sqrt of sum of squares": lambda x: t.sqrt(t.reduce_sum(x * x)),
            "std": t.math.reduce_std,
            "prod": t.reduce_prod,
            "cumprod last": lambda x: t.math.cumprod(x)[-1],
            "relu of sqrt": lambda x: t.sqrt(t.nn.relu(x[0])),
            "where sqrt": lambda x: t.where(x[0] > 0, t.sqrt(x[0]), 0.0 * t.stop_gradient(x[0])),
            "abs as max": lambda x: t.maximum(x[0], -x[0]),
            "abs as where": lambda x: t.where(x[0] > 0, x[0], -x[0]),
            "abs as sqrt": lambda x: t.sqrt(x[0] ** 2),
            "x*sign(x)": lambda x: x[0] * t.sign(x[0]),
        }
        if name == "relu as where":
            zero = lambda x: t.zeros_like(x[0])  # noqa: E731
            return form, (lambda x: t.where(x[0] >= 0, x[0], zero(x))) if ">=" in form else (lambda x: t.where(x[0] > 0, x[0], zero(x)))
        return (form, named[name]) if name in named else None

    def reverse(self, function, point):
        x = self.t.constant([float(c) for c in point], dtype=self.t.float64)
        with self.t.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        g = tape.gradient(y, x)
        if g is None:
            return [None] * len(point)
        return self.t.convert_to_tensor(g).numpy().tolist()

    def forward(self, function, point):
        x = self.t.constant([float(c) for c in point], dtype=self.t.float64)
        out = []
        for k in range(len(point)):
            e = self.t.one_hot(k, len(point), dtype=self.t.float64)
            with self.t.autodiff.ForwardAccumulator(x, e) as accumulator:
                y = function(x)
            v = accumulator.jvp(y)
            out.append(None if v is None else float(v.numpy()))
        return out


FRAMEWORKS = {"torch": Torch, "jax": Jax, "tensorflow": TensorFlow}


def both(framework: Framework, function, point) -> dict:
    """Return what reverse and forward mode say at a point; a mode that refuses is ``null``."""
    out = {}
    for mode in ("reverse", "forward"):
        try:
            out[mode] = [written(v) for v in getattr(framework, mode)(function, point)]
        except Exception as failure:  # whatever a framework raises: the mode has no answer
            out[mode] = None
            out[f"{mode}_refusal"] = type(failure).__name__
    return out


def sides(framework: Framework, function, at) -> dict:
    """Return the derivatives left and right of a point, or ``null`` where they are not near a simple number."""
    found = {}
    for side, step in (("left", -STEP), ("right", STEP)):
        try:
            value = framework.reverse(function, (float(at) + step,))[0]
        except Exception:
            value = None
        found[side] = None if value is None or not math.isfinite(value) else value
    return found


def label(value: str, side: dict) -> str | None:
    """Return which one-sided derivative a value is, if it is one of two different ones."""
    if value in ("nan", "inf", "-inf", "none") or side["left"] is None or side["right"] is None:
        return None
    x = float(Fraction(value))
    near = [k for k in ("left", "right") if abs(x - side[k]) < 1e-4 * max(1.0, abs(side[k]))]
    return near[0] if len(near) == 1 else "both" if near else "mean" if abs(2 * x - side["left"] - side["right"]) < 1e-4 else None


def probe(framework: Framework) -> dict:
    """Return the rule book of an installed framework."""
    scalar, plane, tensor = [], [], []
    for operator, parameters, where, at in SCALAR:
        found = framework.scalar(operator, parameters)
        if found is None:
            continue
        text, function = found
        one = lambda x, g=function: g(x)[0]  # noqa: E731
        row = {
            "operator": operator,
            "parameters": {k: str(Fraction(v)) for k, v in parameters.items()},
            "where": where,
            "point": [str(Fraction(at))],
            "call": text,
        }
        row.update(both(framework, one, (at,)))
        if row["reverse"] is not None:
            row["side"] = label(row["reverse"][0], sides(framework, one, at))
        scalar.append(row)
    for operator, text, function, places in framework.clamp_number():
        for at in places:
            one = lambda x, g=function: g(x)[0]  # noqa: E731
            row = {
                "operator": f"{operator} number",
                "parameters": {},
                "where": f"x0 == {at}",
                "point": [str(at)],
                "call": text,
                **both(framework, one, (at,)),
            }
            row["side"] = label(row["reverse"][0], sides(framework, one, at))
            scalar.append(row)
    for operator, where, at in [*PLANE, *CLAMP]:
        found = framework.plane(operator)
        if found is not None:
            text, function = found
            size = len(at)
            spread = lambda x, g=function, n=size: g(*[x[k] for k in range(n)])  # noqa: E731
            plane.append({"operator": operator, "where": where, "point": [str(Fraction(c)) for c in at], "call": text, **both(framework, spread, at)})
    for name, form, at in TENSOR:
        found = framework.tensor(name, form)
        if found is not None:
            tensor.append({"operator": name, "program": form, "point": [str(c) for c in at], **both(framework, found[1], at)})
    return {
        "format": 1,
        "framework": framework.name,
        "version": framework.version,
        "dtype": "float64",
        "device": "cpu",
        "made_by": f"benchmarks/rulebooks.py {framework.name} --write",
        "scalar": scalar,
        "several": plane,
        "tensors": tensor,
    }


def text_of(book: dict) -> str:
    """Return a rule book as text: one row per line."""
    head = {k: v for k, v in book.items() if k not in ("scalar", "several", "tensors")}
    parts = [json.dumps(head)[:-1]]
    for key in ("scalar", "several", "tensors"):
        rows = ",\n".join(["  " + json.dumps(row) for row in book[key]])
        parts.append(f',\n "{key}": [\n{rows}\n ]')
    return "".join(parts) + "\n}\n"


def differences(old: dict, new: dict) -> list[str]:
    """Return what changed, row by row."""
    out = [f"version: stored {old['version']}, installed {new['version']}"] if old["version"] != new["version"] else []
    for key in ("scalar", "several", "tensors"):
        index = lambda rows: {json.dumps([r["operator"], r.get("parameters"), r.get("where", r.get("program")), r["point"]]): r for r in rows}  # noqa: E731
        a, b = index(old[key]), index(new[key])
        out += [f"gone: {k}" for k in a if k not in b] + [f"new: {k}" for k in b if k not in a]
        out += [
            f"{k} {m}: stored {a[k].get(m)}, found {b[k].get(m)}"
            for k in a
            if k in b
            for m in ("reverse", "forward", "side")
            if a[k].get(m) != b[k].get(m)
        ]
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("framework", choices=FRAMEWORKS)
    parser.add_argument("--write", action="store_true", help="store what is found")
    options = parser.parse_args()
    book = probe(FRAMEWORKS[options.framework]())
    place = BOOKS / f"{options.framework}.json"
    if options.write:
        place.write_text(text_of(book), encoding="utf-8")
        print(f"{place.name}: {sum(len(book[k]) for k in ('scalar', 'several', 'tensors'))} rows, {book['framework']} {book['version']}")
        return 0
    found = differences(json.loads(place.read_text(encoding="utf-8")), book)
    print("\n".join(found) or f"{book['framework']} {book['version']}: no difference from the stored rule book")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
