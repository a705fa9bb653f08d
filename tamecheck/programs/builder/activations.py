"""Activations, as functions of tensors and as modules, by class and by name.

The formulas are those of `definitions.scalar`.  A hyper-parameter may be a number, which
is static, or a `Parameter`, which is learnt: the two live in different structures
(``LeakyReLU(0.1)`` is piecewise linear, ``LeakyReLU(Parameter(()))`` is not).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tamecheck.errors import InputError
from tamecheck.programs.builder.hyperparameters import Number, at_least, number, one_of
from tamecheck.programs.builder.leaves import Leaf, Parameter
from tamecheck.programs.builder.module import Module, cat
from tamecheck.programs.builder.tensor import Arithmetic, Operand, Tensor, apply, common_trace, place
from tamecheck.programs.definitions import basics, normalisation, scalar

Slope = Number | Arithmetic


def entrywise(function: Callable[..., int], x: Operand, **parameters: Slope | None) -> Tensor:
    """Apply a scalar definition; its parameters are numbers, or tensors where they are learnt."""
    trace = common_trace([x, *parameters.values()])
    n = place(trace, x)
    exact: dict[str, Fraction | scalar.At | None] = {}
    for name, value in parameters.items():
        learnt = isinstance(value, Arithmetic)
        exact[name] = None if value is None else scalar.At(place(trace, value)) if learnt else number(value, name)
    return Tensor(trace, function(trace.program, n, **exact))


def _function(name: str) -> Callable[[Operand], Tensor]:
    definition = scalar.DEFINITIONS[name]

    def function(*operands: Operand) -> Tensor:
        return apply(definition.expand, *operands)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return ``{definition.formula}``, entrywise."
    return function


# entrywise functions without parameters
exp = _function("exp")
log = _function("log")
sqrt = _function("sqrt")
sin = _function("sin")
cos = _function("cos")
tan = _function("tan")
asin = _function("asin")
acos = _function("acos")
atan = _function("atan")
sinh = _function("sinh")
cosh = _function("cosh")
tanh = _function("tanh")
asinh = _function("asinh")
acosh = _function("acosh")
atanh = _function("atanh")
erf = _function("erf")
erfc = _function("erfc")
lgamma = _function("lgamma")
digamma = _function("digamma")
floor = _function("floor")
ceil = _function("ceil")
sign = _function("sign")
log1p = _function("log1p")
expm1 = _function("expm1")
square = _function("square")
reciprocal = _function("reciprocal")
rsqrt = _function("rsqrt")
sigmoid = _function("sigmoid")
logsigmoid = _function("logsigmoid")
relu = _function("relu")
relu6 = _function("relu6")
softsign = _function("softsign")
hardswish = _function("hardswish")
hardmish = _function("hardmish")
mish = _function("mish")
tanhshrink = _function("tanhshrink")
selu = _function("selu")
gaussian = _function("gaussian")
lisht = _function("lisht")
serf = _function("serf")
log_cosh = _function("log_cosh")
relu_squared = _function("relu_squared")
sinc = _function("sinc")
phi = _function("phi")
log_phi = _function("log_phi")
xlogy = _function("xlogy")
logaddexp = _function("logaddexp")
lbeta = _function("lbeta")
atan2 = _function("atan2")
hypot = _function("hypot")


# entrywise functions with parameters


def gelu(x: Operand, approximate: str = "none") -> Tensor:
    """Return GELU: exact (with erf), or its ``"tanh"`` or ``"quick"`` (``x*sigmoid(1.702x)``) approximation."""
    one_of(approximate, ("none", "tanh", "quick"), "approximate")
    return apply(scalar.gelu, x, approximate=approximate)


def silu(x: Operand, beta: Slope = 1) -> Tensor:
    """Return ``x*sigmoid(beta*x)``, also called swish."""
    return entrywise(scalar.silu, x, beta=beta)


def leaky_relu(x: Operand, negative_slope: Slope = "0.01") -> Tensor:
    """Return ``max(x, 0) + negative_slope*min(x, 0)``."""
    return entrywise(scalar.leaky_relu, x, slope=negative_slope)


def elu(x: Operand, alpha: Slope = 1) -> Tensor:
    """Return ``x`` where positive, ``alpha*(exp(x) - 1)`` elsewhere."""
    return entrywise(scalar.elu, x, alpha=alpha)


def celu(x: Operand, alpha: Slope = 1) -> Tensor:
    """Return ``x`` where positive, ``alpha*(exp(x/alpha) - 1)`` elsewhere."""
    return entrywise(scalar.celu, x, alpha=alpha)


def softplus(x: Operand, beta: Slope = 1, threshold: Number | None = None) -> Tensor:
    """Return ``log(1 + exp(beta*x))/beta``.

    PyTorch returns ``x`` itself where ``beta*x > 20``, which jumps by 2e-9: give ``threshold=20``
    for that literal program; without one it is the function on paper, analytic.
    """
    return entrywise(scalar.softplus, x, beta=beta, threshold=threshold)


def hardtanh(x: Operand, min_val: Slope = -1, max_val: Slope = 1) -> Tensor:
    """Return ``min(max(x, min_val), max_val)``."""
    return entrywise(scalar.hardtanh, x, low=min_val, high=max_val)


def hardsigmoid(x: Operand) -> Tensor:
    """Return ``min(max(x/6 + 1/2, 0), 1)``."""
    return apply(scalar.hardsigmoid, x)


def hardshrink(x: Operand, lambd: Slope = "0.5") -> Tensor:
    """Return ``x`` where ``|x| > lambd``, 0 elsewhere."""
    return entrywise(scalar.hardshrink, x, threshold=lambd)


def softshrink(x: Operand, lambd: Slope = "0.5") -> Tensor:
    """Return ``max(x - lambd, 0) + min(x + lambd, 0)``."""
    return entrywise(scalar.softshrink, x, threshold=lambd)


def threshold(x: Operand, threshold: Slope, value: Slope) -> Tensor:
    """Return ``x`` where it is above the threshold, ``value`` elsewhere."""
    return entrywise(scalar.threshold, x, threshold=threshold, value=value)


def squareplus(x: Operand, b: Slope = 4) -> Tensor:
    """Return ``(x + sqrt(x**2 + b))/2``."""
    return entrywise(scalar.squareplus, x, b=b)


def snake(x: Operand, a: Slope = 1) -> Tensor:
    """Return ``x + sin(a*x)**2/a``; definable in no o-minimal structure on an unbounded domain."""
    return entrywise(scalar.snake, x, a=a)


def prelu(x: Operand, weight: Arithmetic) -> Tensor:
    """Return ``max(x, 0) + weight*min(x, 0)`` with one learnt slope, or one per channel (axis 1)."""

    def write(p, n: int, w: int) -> int:
        rank = len(p.shape(n))
        slope = w if p.shape(w) in ((), (1,)) else basics.along(p, w, 1 if rank > 1 else 0, rank)
        if p.shape(w) == (1,):
            slope = basics.reshape(p, w, ())
        return scalar.prelu(p, n, slope)

    return apply(write, x, weight)


# functions of a whole axis


def softmax(x: Operand, dim: int = -1) -> Tensor:
    """Return ``exp(x)/sum exp(x)`` along an axis."""
    return apply(normalisation.softmax, x, axis=dim)


def softmin(x: Operand, dim: int = -1) -> Tensor:
    """Return the softmax of ``-x``."""
    return softmax(apply(lambda p, n: p.map("neg", n), x), dim)


def log_softmax(x: Operand, dim: int = -1) -> Tensor:
    """Return ``x - log sum exp(x)`` along an axis."""
    return apply(normalisation.log_softmax, x, axis=dim)


def logsumexp(x: Operand, dim: int = -1, keepdim: bool = False) -> Tensor:
    """Return ``log sum exp(x)`` along an axis."""
    return apply(normalisation.logsumexp, x, axis=dim, keep=keepdim)


def sparsemax(x: Arithmetic, dim: int = -1) -> Tensor:
    """Return the nearest point of the probability simplex, which is piecewise linear.

    It is ``max(x - t, 0)`` with ``t = max_k (x_(1) + ... + x_(k) - 1)/k`` over the sorted entries
    (Martins and Astudillo 2016; the maximum is attained at the size of the support).
    """
    extent = x.shape[dim]
    sums = x.sort(dim, descending=True).cumsum(dim)
    tail = [1] * (len(x.shape) - 1 - dim % len(x.shape))
    reciprocals = apply(lambda p, n: p.map("mul", n, p.values([Fraction(1, k + 1) for k in range(extent)], (extent, *tail))), sums - 1)
    return relu(x - reciprocals.max(dim, keepdim=True))


def gumbel_softmax(logits: Arithmetic, noise: Operand, tau: Slope = 1, dim: int = -1) -> Tensor:
    """Return ``softmax((logits + noise)/tau)`` for fixed noise."""
    return softmax((logits + noise) / (tau if isinstance(tau, Arithmetic) else number(tau, "tau")), dim)


def glu(x: Arithmetic, dim: int = -1) -> Tensor:
    """Return ``a*sigmoid(b)`` for the two halves of an axis."""
    a, b = halves(x, dim)
    return a * sigmoid(b)


def halves(x: Arithmetic, dim: int = -1) -> tuple[Tensor, Tensor]:
    """Return the first and the second half along an axis of even extent."""
    axis = dim % len(x.shape)
    if x.shape[axis] % 2:
        raise InputError(f"axis {dim} of shape {list(x.shape)} has no two halves", code="TC120")
    half = x.shape[axis] // 2
    before = (slice(None),) * axis
    return x[(*before, slice(half))], x[(*before, slice(half, None))]


def maxout(x: Arithmetic, pieces: int, dim: int = 1) -> Tensor:
    """Return the maximum over groups of ``pieces`` consecutive entries of an axis."""
    axis = dim % len(x.shape)
    return x.unflatten(axis, (x.shape[axis] // pieces, pieces)).max(axis + 1)


def crelu(x: Arithmetic, dim: int = 1) -> Tensor:
    """Return ``relu(x)`` and ``relu(-x)`` side by side."""
    return cat([relu(x), relu(-x)], dim)


def group_sort(x: Arithmetic, group_size: int = 2, dim: int = -1) -> Tensor:
    """Return the entries sorted inside consecutive groups of an axis."""
    axis = dim % len(x.shape)
    grouped = x.unflatten(axis, (x.shape[axis] // group_size, group_size)).sort(axis + 1)
    return grouped.reshape(*x.shape)


# ------------------------------------------------------------------------- modules


class Activation(Module):
    """A function of a tensor with its options, as a module; the options may be learnt parameters."""

    function: Callable[..., Tensor]

    def __init__(self, **options: object) -> None:
        self.options = list(options)
        for name, value in options.items():
            setattr(self, name, value)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function."""
        return type(self).function(x, **{name: getattr(self, name) for name in self.options})

    def extra_repr(self) -> str:
        """Return the options."""
        shown = [(name, getattr(self, name)) for name in self.options]
        return ", ".join(f"{name}={'learnt' if isinstance(v, Leaf) else v}" for name, v in shown)


def _plain(title: str, function: Callable[[Tensor], Tensor]) -> type[Activation]:
    def construct(self, inplace: bool = False) -> None:
        Activation.__init__(self)

    construct.__name__ = "__init__"
    body = {"__doc__": f"{(function.__doc__ or '').splitlines()[0]}", "__init__": construct, "function": staticmethod(function)}
    return type(title, (Activation,), {**body, "__module__": __name__})


ReLU, ReLU6, Sigmoid, LogSigmoid, Tanh, Softsign, Hardswish, Hardsigmoid, Hardmish, Mish, Tanhshrink, SELU, Erf, Sin, Exp, Gaussian = [
    _plain(title, function)
    for title, function in {
        "ReLU": relu, "ReLU6": relu6, "Sigmoid": sigmoid, "LogSigmoid": logsigmoid, "Tanh": tanh, "Softsign": softsign,
        "Hardswish": hardswish, "Hardsigmoid": hardsigmoid, "Hardmish": hardmish, "Mish": mish, "Tanhshrink": tanhshrink,
        "SELU": selu, "Erf": erf, "Sin": sin, "Exp": exp, "Gaussian": gaussian,
    }.items()
]  # fmt: skip
ReLUSquared, LiSHT, Serf, Arctan, LogCosh = [
    _plain(title, function)
    for title, function in {"ReLUSquared": relu_squared, "LiSHT": lisht, "Serf": serf, "Arctan": atan, "LogCosh": log_cosh}.items()
]


class GELU(Activation):
    """GELU, exact unless an approximation is asked for."""

    function = staticmethod(gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=one_of(approximate, ("none", "tanh", "quick"), "approximate"))


class SiLU(Activation):
    """``x*sigmoid(beta*x)``; ``beta`` may be a `Parameter` (Swish)."""

    function = staticmethod(silu)

    def __init__(self, beta: Slope = 1, inplace: bool = False) -> None:
        super().__init__(beta=beta)


Swish = SiLU


class LeakyReLU(Activation):
    """``max(x, 0) + negative_slope*min(x, 0)``."""

    function = staticmethod(leaky_relu)

    def __init__(self, negative_slope: Slope = "0.01", inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope)


class RReLU(Activation):
    """LeakyReLU with a random slope, in its evaluation form: the mean slope."""

    function = staticmethod(leaky_relu)

    def __init__(self, lower: Number = "1/8", upper: Number = "1/3", inplace: bool = False) -> None:
        super().__init__(negative_slope=(number(lower) + number(upper)) / 2)


class PReLU(Module):
    """LeakyReLU with a learnt slope, one for all or one per channel."""

    def __init__(self, num_parameters: int = 1) -> None:
        self.weight = Parameter((at_least(num_parameters, 1, "num_parameters"),))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the slopes along axis 1."""
        count = self.weight.shape[0]
        self.expect(count == 1 or (x.ndim > 1 and x.shape[1] == count), f"{count} channels on axis 1", x)
        return prelu(x, self.weight)


class ELU(Activation):
    """``x`` where positive, ``alpha*(exp(x) - 1)`` elsewhere."""

    function = staticmethod(elu)

    def __init__(self, alpha: Slope = 1, inplace: bool = False) -> None:
        super().__init__(alpha=alpha)


class CELU(Activation):
    """``x`` where positive, ``alpha*(exp(x/alpha) - 1)`` elsewhere."""

    function = staticmethod(celu)

    def __init__(self, alpha: Slope = 1, inplace: bool = False) -> None:
        super().__init__(alpha=alpha)


class Softplus(Activation):
    """``log(1 + exp(beta*x))/beta``; with ``threshold=20`` what PyTorch runs, see `softplus`."""

    function = staticmethod(softplus)

    def __init__(self, beta: Slope = 1, threshold: Number | None = None) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Hardtanh(Activation):
    """``min(max(x, min_val), max_val)``."""

    function = staticmethod(hardtanh)

    def __init__(self, min_val: Slope = -1, max_val: Slope = 1, inplace: bool = False) -> None:
        super().__init__(min_val=min_val, max_val=max_val)


class Hardshrink(Activation):
    """``x`` where ``|x| > lambd``, 0 elsewhere."""

    function = staticmethod(hardshrink)

    def __init__(self, lambd: Slope = "0.5") -> None:
        super().__init__(lambd=lambd)


class Softshrink(Activation):
    """``max(x - lambd, 0) + min(x + lambd, 0)``."""

    function = staticmethod(softshrink)

    def __init__(self, lambd: Slope = "0.5") -> None:
        super().__init__(lambd=lambd)


class Threshold(Activation):
    """``x`` where it is above the threshold, ``value`` elsewhere."""

    function = staticmethod(threshold)

    def __init__(self, threshold: Slope, value: Slope, inplace: bool = False) -> None:
        super().__init__(threshold=threshold, value=value)


class Squareplus(Activation):
    """``(x + sqrt(x**2 + b))/2``."""

    function = staticmethod(squareplus)

    def __init__(self, b: Slope = 4) -> None:
        super().__init__(b=b)


class Snake(Activation):
    """``x + sin(a*x)**2/a``."""

    function = staticmethod(snake)

    def __init__(self, a: Slope = 1) -> None:
        super().__init__(a=a)


class Softmax(Activation):
    """``exp(x)/sum exp(x)`` along an axis."""

    function = staticmethod(softmax)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class Softmin(Activation):
    """The softmax of ``-x``."""

    function = staticmethod(softmin)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class LogSoftmax(Activation):
    """``x - log sum exp(x)`` along an axis."""

    function = staticmethod(log_softmax)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class Softmax2d(Activation):
    """The softmax over the channels of ``(batch, channels, height, width)``."""

    function = staticmethod(softmax)

    def __init__(self) -> None:
        super().__init__(dim=-3)


class Sparsemax(Activation):
    """The nearest point of the probability simplex."""

    function = staticmethod(sparsemax)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class GLU(Activation):
    """``a*sigmoid(b)`` for the two halves of an axis."""

    function = staticmethod(glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class Maxout(Activation):
    """The maximum over groups of consecutive entries of an axis."""

    function = staticmethod(maxout)

    def __init__(self, pieces: int, dim: int = 1) -> None:
        super().__init__(pieces=at_least(pieces, 1, "pieces"), dim=dim)


class CReLU(Activation):
    """``relu(x)`` and ``relu(-x)`` side by side."""

    function = staticmethod(crelu)

    def __init__(self, dim: int = 1) -> None:
        super().__init__(dim=dim)


class GroupSort(Activation):
    """The entries sorted inside consecutive groups of an axis."""

    function = staticmethod(group_sort)

    def __init__(self, group_size: int = 2, dim: int = -1) -> None:
        super().__init__(group_size=at_least(group_size, 1, "group_size"), dim=dim)


class Rational(Module):
    """A learnt rational function ``P(x)/(1 + |Q(x)|)``, entrywise: the safe Padé unit.

    ``P`` has the given numerator degree, ``Q`` has no constant term (Molina, Schramowski, Kersting 2020).
    """

    def __init__(self, numerator: int = 5, denominator: int = 4) -> None:
        self.numerator = Parameter((numerator + 1,))
        self.denominator = Parameter((denominator,))

    def forward(self, x: Tensor) -> Tensor:
        """Evaluate both polynomials by Horner's rule."""
        top: Tensor = self.numerator[-1] + 0 * x
        for k in reversed(range(self.numerator.shape[0] - 1)):
            top = top * x + self.numerator[k]
        bottom: Tensor = self.denominator[-1] * x
        for k in reversed(range(self.denominator.shape[0] - 1)):
            bottom = (bottom + self.denominator[k]) * x
        return top / (1 + abs(bottom))


_CLASSES: dict[str, type[Module]] = {
    "relu": ReLU, "relu6": ReLU6, "leaky_relu": LeakyReLU, "prelu": PReLU, "rrelu": RReLU, "elu": ELU, "celu": CELU, "selu": SELU,
    "gelu": GELU, "silu": SiLU, "swish": SiLU, "mish": Mish, "softplus": Softplus, "squareplus": Squareplus, "sigmoid": Sigmoid,
    "logsigmoid": LogSigmoid, "tanh": Tanh, "hardtanh": Hardtanh, "hardsigmoid": Hardsigmoid, "hardswish": Hardswish,
    "hardshrink": Hardshrink, "softshrink": Softshrink, "softsign": Softsign, "tanhshrink": Tanhshrink, "snake": Snake, "softmax": Softmax,
    "log_softmax": LogSoftmax, "softmin": Softmin, "sparsemax": Sparsemax, "glu": GLU, "maxout": Maxout,
}  # fmt: skip


def activation(name: str, **options: object) -> Module:
    """Return the activation of that name as a module.

    Any name of the language of formulas will do, in PyTorch's or NumPy's spelling.

    >>> activation("gelu", approximate="tanh"), activation("arctan")
    (GELU(approximate=tanh), Named('arctan'))
    """
    if name in ("identity", "linear", "none"):
        from tamecheck.programs.builder.module import Identity

        return Identity()
    found = _CLASSES.get(name)
    if found is not None:
        return found(**options)
    if name not in scalar.DEFINITIONS or scalar.DEFINITIONS[name].arity != 1:
        raise InputError(f"no activation is called {name!r}", code="TC123", hint="gelu, relu, tanh, ... or any function of one variable")
    return Named(name, **options)


class Named(Module):
    """A function of one variable by its name in the language of formulas."""

    def __init__(self, function: str, **parameters: Slope) -> None:
        self.function = function
        self.parameters_of = tuple(parameters)
        for key, value in parameters.items():
            setattr(self, key, value)

    def extra_repr(self) -> str:
        """Return the name."""
        return repr(self.function)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function."""
        return entrywise(scalar.DEFINITIONS[self.function].function, x, **{k: getattr(self, k) for k in self.parameters_of})
