"""Scalar functions with a closed form, written in the scalar primitives.

Every function here takes a program, the positions of its arguments and exact rational
parameters, and returns the position of the result; it works entrywise on tensors of any
shape.  Nothing here is trusted: what a prover sees are the primitives.

The forms are chosen so that interval arithmetic alone finds the sharp facts:

* ``tanh x = 1 - 2/(exp(2x) + 1)`` lies in (-1, 1); ``1/(1 + exp(-x))`` in (0, 1);
* ``cosh x = 1 + (exp(x/2) - exp(-x/2))^2/2`` is at least 1;
* ``asinh x = log(1 + u^2) - log 2 - log(1 + x^2)/2`` with ``u = x + sqrt(1 + x^2)``: from
  ``1 + u^2 = 2 u sqrt(1 + x^2)``, so that no logarithm ever sees a difference;
* ``x/(1 + |x|) = 1/(1 + max(-x, 0)) - 1/(1 + max(x, 0))`` lies in (-1, 1);
* piecewise linear functions are sums and compositions of ``max`` and ``min``, which are continuous
  by their form; ``where`` is kept for true definitions by cases.

A parameter may be learnt: wrap the position of a node in `At` where a rational is expected.
"""

from collections.abc import Callable
from fractions import Fraction
from inspect import Parameter, signature
from typing import NamedTuple

from tamecheck.errors import InputError
from tamecheck.programs.program import UNARY, Program


class At(int):
    """The position of a node, given where a rational parameter is usual."""

    __slots__ = ()


Number = Fraction | int | At

# ------------------------------------------------------------------- shorthands


def constant(p: Program, value: Number) -> int:
    """Return the node of a parameter: a constant, or the node itself when it is an `At`."""
    return int(value) if isinstance(value, At) else p.constant(value)


def add(p: Program, a: int, *rest: int) -> int:
    """``a + b + ...`` from left to right."""
    for b in rest:
        a = p.map("add", a, b)
    return a


def sub(p: Program, a: int, b: int) -> int:
    """``a - b``"""
    return p.map("sub", a, b)


def mul(p: Program, a: int, *rest: int) -> int:
    """``a*b*...`` from left to right."""
    for b in rest:
        a = p.map("mul", a, b)
    return a


def div(p: Program, a: int, b: int) -> int:
    """``a/b``, undefined where b = 0"""
    return p.map("div", a, b)


def power(p: Program, a: int, exponent: Number) -> int:
    """``a**exponent``"""
    return p.map("pow", a, constant(p, exponent))


def scale(p: Program, x: int, factor: Number) -> int:
    """``factor*x``, and x itself when the factor is the number 1."""
    return x if not isinstance(factor, At) and factor == 1 else p.map("mul", constant(p, factor), x)


def maximum(p: Program, x: int, *rest: int) -> int:
    """``max(x, y, ...)``"""
    for y in rest:
        x = p.map("max", x, y)
    return x


def minimum(p: Program, x: int, *rest: int) -> int:
    """``min(x, y, ...)``"""
    for y in rest:
        x = p.map("min", x, y)
    return x


def sqrt_of(p: Program, value: Fraction | int) -> int:
    """The number ``sqrt(value)`` as a node."""
    return p.map("sqrt", p.constant(value))


# ------------------------------------------------------ powers, logarithms, rounding


def square(p: Program, x: int) -> int:
    """``x**2``"""
    return power(p, x, 2)


def reciprocal(p: Program, x: int) -> int:
    """``1/x``"""
    return div(p, p.constant(1), x)


def rsqrt(p: Program, x: int) -> int:
    """``1/sqrt(x)``"""
    return div(p, p.constant(1), p.map("sqrt", x))


def cbrt(p: Program, x: int) -> int:
    """``sign(x)*abs(x)**(1/3)``: the real cube root, on the whole line"""
    return mul(p, p.map("sign", x), power(p, p.map("abs", x), Fraction(1, 3)))


def hypot(p: Program, x: int, y: int) -> int:
    """``sqrt(x**2 + y**2)``"""
    return p.map("sqrt", add(p, square(p, x), square(p, y)))


def expm1(p: Program, x: int) -> int:
    """``exp(x) - 1``"""
    return sub(p, p.map("exp", x), p.constant(1))


def exp2(p: Program, x: int) -> int:
    """``exp(x*log(2))``"""
    return p.map("exp", mul(p, x, p.map("log", p.constant(2))))


def log(p: Program, x: int, *base: int) -> int:
    """``log(x)`` natural, ``log(x, b) = log(x)/log(b)``"""
    return div(p, p.map("log", x), p.map("log", base[0])) if base else p.map("log", x)


def log1p(p: Program, x: int) -> int:
    """``log(1 + x)``"""
    return p.map("log", add(p, p.constant(1), x))


def log2(p: Program, x: int) -> int:
    """``log(x)/log(2)``"""
    return log(p, x, p.constant(2))


def log10(p: Program, x: int) -> int:
    """``log(x)/log(10)``"""
    return log(p, x, p.constant(10))


def logaddexp(p: Program, x: int, y: int) -> int:
    """``log(exp(x) + exp(y))``"""
    return logsumexp(p, x, y)


def logsumexp(p: Program, x: int, *rest: int) -> int:
    """``log(exp(x) + exp(y) + ...)``"""
    return p.map("log", add(p, *[p.map("exp", n) for n in (x, *rest)]))


def xlogy(p: Program, x: int, y: int) -> int:
    """``where(x == 0, 0, x*log(y))``"""
    zero = p.constant(0)
    return p.where(p.compare("eq", x, zero), zero, mul(p, x, p.map("log", y)))


def xlog1py(p: Program, x: int, y: int) -> int:
    """``where(x == 0, 0, x*log(1 + y))``"""
    return xlogy(p, x, add(p, p.constant(1), y))


def entr(p: Program, x: int) -> int:
    """``where(x == 0, 0, -x*log(x))``: the entropy term, on x >= 0"""
    return p.map("neg", xlogy(p, x, x))


def logit(p: Program, x: int) -> int:
    """``log(x) - log(1 - x)``"""
    return sub(p, p.map("log", x), p.map("log", sub(p, p.constant(1), x)))


def trunc(p: Program, x: int) -> int:
    """``sign(x)*floor(abs(x))``: rounding towards zero"""
    return mul(p, p.map("sign", x), p.map("floor", p.map("abs", x)))


def frac(p: Program, x: int) -> int:
    """``x - trunc(x)``: the fractional part with the sign of x"""
    return sub(p, x, trunc(p, x))


def mod(p: Program, x: int, y: int) -> int:
    """``x - y*floor(x/y)``: the remainder with the sign of y"""
    return sub(p, x, mul(p, y, floor_divide(p, x, y)))


def floor_divide(p: Program, x: int, y: int) -> int:
    """``floor(x/y)``"""
    return p.map("floor", div(p, x, y))


def fmod(p: Program, x: int, y: int) -> int:
    """``x - y*trunc(x/y)``: the remainder with the sign of x"""
    return sub(p, x, mul(p, y, trunc(p, div(p, x, y))))


def heaviside(p: Program, x: int, value: int) -> int:
    """``where(x > 0, 1, where(x == 0, value, 0))``"""
    zero, one = p.constant(0), p.constant(1)
    return p.where(p.compare("gt", x, zero), one, p.where(p.compare("eq", x, zero), value, zero))


def heaviside_half(p: Program, x: int, *value: int) -> int:
    """``heaviside(x, value)``, where value is 1/2 unless it is given"""
    return heaviside(p, x, value[0] if value else p.constant(Fraction(1, 2)))


# ----------------------------------------- circular and hyperbolic functions


def sec(p: Program, x: int) -> int:
    """``1/cos(x)``"""
    return reciprocal(p, p.map("cos", x))


def csc(p: Program, x: int) -> int:
    """``1/sin(x)``"""
    return reciprocal(p, p.map("sin", x))


def cot(p: Program, x: int) -> int:
    """``cos(x)/sin(x)``"""
    return div(p, p.map("cos", x), p.map("sin", x))


def sinc(p: Program, x: int) -> int:
    """``where(x == 0, 1, sin(pi*x)/(pi*x))``: normalised"""
    return sinc_unnormalised(p, mul(p, p.map("pi"), x))


def sinc_unnormalised(p: Program, x: int) -> int:
    """``where(x == 0, 1, sin(x)/x)``"""
    return p.where(p.compare("eq", x, p.constant(0)), p.constant(1), div(p, p.map("sin", x), x))


def atan2(p: Program, y: int, x: int) -> int:
    """``the angle of the point (x, y), in (-pi, pi]``, and 0 at the origin

    By cases: ``atan(y/x)`` for x > 0, ``atan(y/x) + pi`` for x < 0 <= y, ``atan(y/x) - pi`` for
    x, y < 0, and ``sign(y)*pi/2`` on x = 0.  Discontinuous exactly on the half line y = 0, x <= 0.
    """
    zero, pi = p.constant(0), p.map("pi")
    quotient = p.map("atan", div(p, y, x))
    left = p.where(p.compare("ge", y, zero), add(p, quotient, pi), sub(p, quotient, pi))
    axis = mul(p, p.map("sign", y), div(p, pi, p.constant(2)))
    return p.where(p.compare("gt", x, zero), quotient, p.where(p.compare("lt", x, zero), left, axis))


def deg2rad(p: Program, x: int) -> int:
    """``x*(pi/180)``"""
    return mul(p, x, div(p, p.map("pi"), p.constant(180)))


def rad2deg(p: Program, x: int) -> int:
    """``x*(180/pi)``"""
    return mul(p, x, div(p, p.constant(180), p.map("pi")))


def sinh(p: Program, x: int) -> int:
    """``(exp(x) - exp(-x))/2``"""
    return scale(p, sub(p, p.map("exp", x), p.map("exp", p.map("neg", x))), Fraction(1, 2))


def cosh(p: Program, x: int) -> int:
    """``1 + (exp(x/2) - exp(-x/2))**2/2``, which is (exp(x) + exp(-x))/2"""
    half = scale(p, x, Fraction(1, 2))
    gap = sub(p, p.map("exp", half), p.map("exp", p.map("neg", half)))
    return add(p, p.constant(1), scale(p, square(p, gap), Fraction(1, 2)))


def tanh(p: Program, x: int) -> int:
    """``1 - 2/(exp(2*x) + 1)``"""
    below = add(p, p.map("exp", scale(p, x, 2)), p.constant(1))
    return sub(p, p.constant(1), div(p, p.constant(2), below))


def sech(p: Program, x: int) -> int:
    """``1/cosh(x)``"""
    return reciprocal(p, cosh(p, x))


def csch(p: Program, x: int) -> int:
    """``1/sinh(x)``"""
    return reciprocal(p, sinh(p, x))


def coth(p: Program, x: int) -> int:
    """``1 + 2/(exp(2*x) - 1)``"""
    return add(p, p.constant(1), div(p, p.constant(2), expm1(p, scale(p, x, 2))))


def asinh(p: Program, x: int) -> int:
    """``log(1 + (x + sqrt(1 + x**2))**2) - log(2) - log(1 + x**2)/2``, which is log(x + sqrt(1 + x**2))"""
    one = p.constant(1)
    radicand = add(p, one, square(p, x))
    u = add(p, x, p.map("sqrt", radicand))
    first = sub(p, p.map("log", add(p, one, square(p, u))), p.map("log", p.constant(2)))
    return sub(p, first, scale(p, p.map("log", radicand), Fraction(1, 2)))


def acosh(p: Program, x: int) -> int:
    """``log(x + sqrt(x**2 - 1))``, on x >= 1"""
    return p.map("log", add(p, x, p.map("sqrt", sub(p, square(p, x), p.constant(1)))))


def atanh(p: Program, x: int) -> int:
    """``(log(1 + x) - log(1 - x))/2``"""
    return scale(p, sub(p, log1p(p, x), p.map("log", sub(p, p.constant(1), x))), Fraction(1, 2))


def _of_reciprocal(inner: str) -> Callable[[Program, int], int]:
    def function(p: Program, x: int) -> int:
        argument = reciprocal(p, x)
        return p.map(inner, argument) if inner in UNARY else DEFINITIONS[inner].function(p, argument)

    function.__doc__ = f"``{inner}(1/x)``"
    function.__name__ = f"{inner}_of_reciprocal"
    return function


# ---------------------------------------------------------- special functions


def erfc(p: Program, x: int) -> int:
    """``1 - erf(x)``"""
    return sub(p, p.constant(1), p.map("erf", x))


def erfcx(p: Program, x: int) -> int:
    """``exp(x**2)*(1 - erf(x))``"""
    return mul(p, p.map("exp", square(p, x)), erfc(p, x))


def erfcinv(p: Program, x: int) -> int:
    """``erfinv(1 - x)``"""
    return p.map("erfinv", sub(p, p.constant(1), x))


def phi(p: Program, x: int) -> int:
    """``(1 + erf(x/sqrt(2)))/2``: the normal distribution function"""
    return scale(p, add(p, p.constant(1), p.map("erf", div(p, x, sqrt_of(p, 2)))), Fraction(1, 2))


def log_phi(p: Program, x: int) -> int:
    """``log((1 + erf(x/sqrt(2)))/2)``"""
    return p.map("log", phi(p, x))


def probit(p: Program, x: int) -> int:
    """``sqrt(2)*erfinv(2*x - 1)``: the normal quantile"""
    return mul(p, sqrt_of(p, 2), p.map("erfinv", sub(p, scale(p, x, 2), p.constant(1))))


def lbeta(p: Program, x: int, y: int) -> int:
    """``lgamma(x) + lgamma(y) - lgamma(x + y)``"""
    return sub(p, add(p, p.map("lgamma", x), p.map("lgamma", y)), p.map("lgamma", add(p, x, y)))


def beta(p: Program, x: int, y: int) -> int:
    """``gamma(x)*gamma(y)/gamma(x + y)``"""
    return div(p, mul(p, p.map("gamma", x), p.map("gamma", y)), p.map("gamma", add(p, x, y)))


def factorial(p: Program, x: int) -> int:
    """``gamma(x + 1)``"""
    return p.map("gamma", add(p, x, p.constant(1)))


def _damped(inner: str) -> Callable[[Program, int], int]:
    def function(p: Program, x: int) -> int:
        if inner.startswith("besselk"):
            return mul(p, p.map("exp", x), p.map(inner, x))
        return mul(p, p.map("exp", p.map("neg", p.map("abs", x))), p.map(inner, x))

    function.__doc__ = f"``exp(x)*{inner}(x)``" if inner.startswith("besselk") else f"``exp(-abs(x))*{inner}(x)``"
    function.__name__ = inner[6:] + "e"
    return function


i0e, i1e, k0e, k1e = [_damped(name) for name in ("besseli0", "besseli1", "besselk0", "besselk1")]

# ----------------------------------------------- activations: piecewise linear


def relu(p: Program, x: int) -> int:
    """``max(x, 0)``"""
    return p.map("max", x, p.constant(0))


def relu6(p: Program, x: int) -> int:
    """``min(max(x, 0), 6)``"""
    return p.map("min", relu(p, x), p.constant(6))


def relu_n(p: Program, x: int, *, limit: Number = 1) -> int:
    """``min(max(x, 0), limit)``"""
    return p.map("min", relu(p, x), constant(p, limit))


def leaky_relu(p: Program, x: int, *, slope: Number = Fraction(1, 100)) -> int:
    """``max(x, 0) + slope*min(x, 0)``"""
    return add(p, relu(p, x), mul(p, constant(p, slope), p.map("min", x, p.constant(0))))


def prelu(p: Program, x: int, slope: int) -> int:
    """``max(x, 0) + slope*min(x, 0)`` with a slope that is an argument"""
    return leaky_relu(p, x, slope=At(slope))


def clip(p: Program, x: int, low: int, high: int) -> int:
    """``min(max(x, low), high)``"""
    return p.map("min", p.map("max", x, low), high)


def hardtanh(p: Program, x: int, *, low: Number = -1, high: Number = 1) -> int:
    """``min(max(x, low), high)``"""
    return clip(p, x, constant(p, low), constant(p, high))


def hardsigmoid(p: Program, x: int, *, slope: Number = Fraction(1, 6), offset: Number = Fraction(1, 2)) -> int:
    """``min(max(slope*x + offset, 0), 1)``"""
    return hardtanh(p, add(p, scale(p, x, slope), constant(p, offset)), low=0, high=1)


def softshrink(p: Program, x: int, *, threshold: Number = Fraction(1, 2)) -> int:
    """``max(x - threshold, 0) + min(x + threshold, 0)``, for threshold >= 0"""
    edge, zero = constant(p, threshold), p.constant(0)
    return add(p, p.map("max", sub(p, x, edge), zero), p.map("min", add(p, x, edge), zero))


def hardshrink(p: Program, x: int, *, threshold: Number = Fraction(1, 2)) -> int:
    """``where(abs(x) > threshold, x, 0)``"""
    return p.where(p.compare("gt", p.map("abs", x), constant(p, threshold)), x, p.constant(0))


def shrink(p: Program, x: int, *, threshold: Number = Fraction(1, 2), bias: Number = 0) -> int:
    """``where(x < -threshold, x + bias, where(x > threshold, x - bias, 0))``"""
    edge, shift = constant(p, threshold), constant(p, bias)
    right = p.where(p.compare("gt", x, edge), sub(p, x, shift), p.constant(0))
    return p.where(p.compare("lt", x, p.map("neg", edge)), add(p, x, shift), right)


def threshold(p: Program, x: int, *, threshold: Number = 0, value: Number = 0) -> int:
    """``where(x > threshold, x, value)``"""
    return p.where(p.compare("gt", x, constant(p, threshold)), x, constant(p, value))


def thresholded_relu(p: Program, x: int, *, alpha: Number = 1) -> int:
    """``where(x > alpha, x, 0)``"""
    return threshold(p, x, threshold=alpha)


# -------------------------------------------- activations: rational, algebraic


def softsign(p: Program, x: int) -> int:
    """``1/(1 + max(-x, 0)) - 1/(1 + max(x, 0))``, which is x/(1 + abs(x))"""
    one = p.constant(1)
    left = reciprocal(p, add(p, one, relu(p, p.map("neg", x))))
    return sub(p, left, reciprocal(p, add(p, one, relu(p, x))))


def hardswish(p: Program, x: int) -> int:
    """``x*min(max(x/6 + 1/2, 0), 1)``"""
    return mul(p, x, hardsigmoid(p, x))


def hardmish(p: Program, x: int) -> int:
    """``x*min(max(x/2 + 1, 0), 1)``"""
    return mul(p, x, hardsigmoid(p, x, slope=Fraction(1, 2), offset=1))


def relu_squared(p: Program, x: int) -> int:
    """``max(x, 0)**2``"""
    return square(p, relu(p, x))


def star_relu(p: Program, x: int, *, factor: Number = Fraction("0.8944"), bias: Number = Fraction("-0.4472")) -> int:
    """``factor*max(x, 0)**2 + bias``"""
    return add(p, scale(p, relu_squared(p, x), factor), constant(p, bias))


def squareplus(p: Program, x: int, *, b: Number = 4) -> int:
    """``(x + sqrt(x**2 + b))/2``"""
    return scale(p, add(p, x, p.map("sqrt", add(p, square(p, x), constant(p, b)))), Fraction(1, 2))


def isru(p: Program, x: int, *, alpha: Number = 1) -> int:
    """``x/sqrt(1 + alpha*x**2)``"""
    return div(p, x, p.map("sqrt", add(p, p.constant(1), scale(p, square(p, x), alpha))))


def isrlu(p: Program, x: int, *, alpha: Number = 1) -> int:
    """``where(x >= 0, x, x/sqrt(1 + alpha*x**2))``"""
    return p.where(p.compare("ge", x, p.constant(0)), x, isru(p, x, alpha=alpha))


def smoothstep(p: Program, x: int) -> int:
    """``t**2*(3 - 2*t)`` with ``t = min(max(x, 0), 1)``"""
    t = hardtanh(p, x, low=0, high=1)
    return mul(p, square(p, t), sub(p, p.constant(3), scale(p, t, 2)))


def sparse_plus(p: Program, x: int) -> int:
    """``(t + 1)**2/4 + max(x - 1, 0)`` with ``t = min(max(x, -1), 1)``"""
    one = p.constant(1)
    bent = square(p, add(p, hardtanh(p, x), one))
    return add(p, scale(p, bent, Fraction(1, 4)), relu(p, sub(p, x, one)))


def sparse_sigmoid(p: Program, x: int) -> int:
    """``min(max((x + 1)/2, 0), 1)``"""
    return hardsigmoid(p, x, slope=Fraction(1, 2))


# -------------------------------------------------- activations: exponential


def sigmoid(p: Program, x: int) -> int:
    """``1/(1 + exp(-x))``"""
    return reciprocal(p, add(p, p.constant(1), p.map("exp", p.map("neg", x))))


def logsigmoid(p: Program, x: int) -> int:
    """``-log(1 + exp(-x))``"""
    return p.map("neg", log1p(p, p.map("exp", p.map("neg", x))))


def softplus(p: Program, x: int, *, beta: Number = 1, threshold: Number | None = None) -> int:
    """``log(1 + exp(beta*x))/beta``; with a threshold, x itself where beta*x is above it

    The form with a threshold is what frameworks run; it jumps there.  Without one it is the ideal
    function, analytic on the line.
    """
    inner = scale(p, x, beta)
    ideal = log1p(p, p.map("exp", inner))
    if isinstance(beta, At) or beta != 1:
        ideal = div(p, ideal, constant(p, beta))
    return ideal if threshold is None else p.where(p.compare("gt", inner, constant(p, threshold)), x, ideal)


def silu(p: Program, x: int, *, beta: Number = 1) -> int:
    """``x/(1 + exp(-beta*x))``, as a product"""
    return mul(p, x, sigmoid(p, scale(p, x, beta)))


def gelu(p: Program, x: int, *, approximate: str = "none") -> int:
    """``x/2*(1 + erf(x/sqrt(2)))``; "tanh" and "quick" choose the two approximations

    ``"tanh"``: ``x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))``; ``"quick"``: ``x*sigmoid(1.702*x)``.
    """
    if approximate == "quick":
        return silu(p, x, beta=Fraction("1.702"))
    if approximate == "none":
        gate = p.map("erf", div(p, x, sqrt_of(p, 2)))
    elif approximate == "tanh":
        root = p.map("sqrt", div(p, p.constant(2), p.map("pi")))
        cubic = add(p, x, scale(p, power(p, x, 3), Fraction("0.044715")))
        gate = tanh(p, mul(p, root, cubic))
    else:
        raise InputError(f"gelu knows no approximation {approximate!r}", code="TC113", hint="'none', 'tanh' or 'quick'")
    return mul(p, scale(p, x, Fraction(1, 2)), add(p, p.constant(1), gate))


def gelu_tanh(p: Program, x: int) -> int:
    """``x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))``"""
    return gelu(p, x, approximate="tanh")


def gelu_quick(p: Program, x: int) -> int:
    """``x/(1 + exp(-1.702*x))``, as a product"""
    return gelu(p, x, approximate="quick")


def mish(p: Program, x: int) -> int:
    """``x*(1 - 2/((1 + exp(x))**2 + 1))``, which is x*tanh(log(1 + exp(x)))"""
    one = p.constant(1)
    below = add(p, square(p, add(p, one, p.map("exp", x))), one)
    return mul(p, x, sub(p, one, div(p, p.constant(2), below)))


def elu(p: Program, x: int, *, alpha: Number = 1) -> int:
    """``where(x > 0, x, alpha*(exp(x) - 1))``"""
    return p.where(p.compare("gt", x, p.constant(0)), x, scale(p, expm1(p, x), alpha))


def celu(p: Program, x: int, *, alpha: Number = 1) -> int:
    """``where(x > 0, x, alpha*(exp(x/alpha) - 1))``"""
    if not isinstance(alpha, At) and alpha == 1:
        return elu(p, x)
    inner = div(p, x, constant(p, alpha))
    return p.where(p.compare("gt", x, p.constant(0)), x, scale(p, expm1(p, inner), alpha))


SELU_ALPHA = Fraction("1.6732632423543772848170429916717")
SELU_FACTOR = Fraction("1.0507009873554804934193349852946")


def selu(p: Program, x: int, *, alpha: Number = SELU_ALPHA, factor: Number = SELU_FACTOR) -> int:
    """``factor*where(x > 0, x, alpha*(exp(x) - 1))``"""
    return scale(p, elu(p, x, alpha=alpha), factor)


def tanhshrink(p: Program, x: int) -> int:
    """``x - tanh(x)``"""
    return sub(p, x, tanh(p, x))


def lisht(p: Program, x: int) -> int:
    """``x*tanh(x)``"""
    return mul(p, x, tanh(p, x))


def tanhexp(p: Program, x: int) -> int:
    """``x*tanh(exp(x))``"""
    return mul(p, x, tanh(p, p.map("exp", x)))


def serf(p: Program, x: int) -> int:
    """``x*erf(log(1 + exp(x)))``"""
    return mul(p, x, p.map("erf", softplus(p, x)))


def log_cosh(p: Program, x: int) -> int:
    """``log(cosh(x))``"""
    return p.map("log", cosh(p, x))


def gaussian(p: Program, x: int) -> int:
    """``exp(-x**2)``"""
    return p.map("exp", p.map("neg", square(p, x)))


def gumbel(p: Program, x: int) -> int:
    """``exp(-exp(-x))``: the Gumbel distribution function"""
    return p.map("exp", p.map("neg", p.map("exp", p.map("neg", x))))


def snake(p: Program, x: int, *, a: Number = 1) -> int:
    """``x + sin(a*x)**2/a``"""
    wave = square(p, p.map("sin", scale(p, x, a)))
    return add(p, x, wave if not isinstance(a, At) and a == 1 else div(p, wave, constant(p, a)))


# ------------------------------------------------------------------ the table


class Definition(NamedTuple):
    """A named scalar function of the language of formulas.

    ``arity`` is the least number of node arguments and ``most`` the largest (``None``: no bound);
    ``parameters`` are the names of the rational parameters that may follow them, in order.
    """

    function: Callable[..., int]
    arity: int
    formula: str
    most: int | None
    parameters: tuple[str, ...]

    def expand(self, p: Program, *arguments: int) -> int:
        """Expand a call: the node arguments first, what follows them are parameters (numbers when constant)."""
        count = len(arguments) if self.most is None else min(len(arguments), self.most)
        extra: dict[str, Number] = {}
        for name, n in zip(self.parameters, arguments[count:], strict=False):
            kind, value, _, shape = p.nodes[n]
            extra[name] = Fraction(value[1]) if kind == "constant" and value[0] == "splat" and shape == () else At(n)
        return self.function(p, *arguments[:count], **extra)


def _definition(function: Callable[..., int]) -> Definition:
    given = list(signature(function).parameters.values())[1:]
    fixed = sum([q.kind is Parameter.POSITIONAL_OR_KEYWORD for q in given])
    open_ended = any(q.kind is Parameter.VAR_POSITIONAL for q in given)
    names = tuple([q.name for q in given if q.kind is Parameter.KEYWORD_ONLY and q.name != "approximate"])
    most = 2 if function in (log, heaviside_half) else None if open_ended else fixed
    formula = (function.__doc__ or "").split("\n")[0].replace("``", "")
    return Definition(function, fixed, formula, most, names)


def _primitive(name: str) -> Definition:
    arity = 1 if name in UNARY else 2

    def function(p: Program, *arguments: int) -> int:
        return p.map(name, *arguments)

    function.__name__ = name
    return Definition(function, arity, f"{name}({'x' if arity == 1 else 'x, y'}): a primitive", arity, ())


_ALIASES = {
    maximum: "max Max maximum", minimum: "min Min minimum", log: "log ln",
    square: "square", reciprocal: "reciprocal", rsqrt: "rsqrt", cbrt: "cbrt real_root3", hypot: "hypot",
    expm1: "expm1", exp2: "exp2", log1p: "log1p", log2: "log2", log10: "log10", logaddexp: "logaddexp",
    logsumexp: "logsumexp", xlogy: "xlogy", xlog1py: "xlog1py", entr: "entr", logit: "logit",
    trunc: "trunc fix", frac: "frac", mod: "mod Mod remainder", floor_divide: "floor_divide", fmod: "fmod",
    heaviside: "heaviside", heaviside_half: "Heaviside",
    sec: "sec", csc: "csc", cot: "cot", sinc: "sinc", sinc_unnormalised: "sinc_unnormalised", atan2: "atan2 arctan2",
    deg2rad: "deg2rad radians", rad2deg: "rad2deg degrees", sinh: "sinh", cosh: "cosh", tanh: "tanh", sech: "sech",
    csch: "csch", coth: "coth", asinh: "asinh arcsinh", acosh: "acosh arccosh", atanh: "atanh arctanh",
    erfc: "erfc", erfcx: "erfcx", erfcinv: "erfcinv", phi: "phi ndtr normcdf", log_phi: "log_phi log_ndtr",
    probit: "probit ndtri", lbeta: "lbeta betaln", beta: "beta", factorial: "factorial",
    i0e: "i0e", i1e: "i1e", k0e: "k0e", k1e: "k1e",
    relu: "relu ReLU", relu6: "relu6 ReLU6", relu_n: "relu_n", leaky_relu: "leaky_relu leakyrelu LeakyReLU", prelu: "prelu PReLU",
    clip: "clip clamp", hardtanh: "hardtanh hard_tanh Hardtanh", hardsigmoid: "hardsigmoid hard_sigmoid Hardsigmoid",
    softshrink: "softshrink soft_shrink Softshrink", hardshrink: "hardshrink hard_shrink Hardshrink", shrink: "shrink",
    threshold: "threshold Threshold", thresholded_relu: "thresholded_relu",
    softsign: "softsign soft_sign Softsign", hardswish: "hardswish hard_swish hard_silu Hardswish", hardmish: "hardmish hard_mish",
    relu_squared: "relu_squared relu2 squared_relu", star_relu: "star_relu starrelu", squareplus: "squareplus",
    isru: "isru", isrlu: "isrlu", smoothstep: "smoothstep", sparse_plus: "sparse_plus", sparse_sigmoid: "sparse_sigmoid",
    sigmoid: "sigmoid Sigmoid expit logistic", logsigmoid: "logsigmoid log_sigmoid LogSigmoid log_expit",
    softplus: "softplus Softplus", silu: "silu swish SiLU Swish", gelu: "gelu GELU", gelu_tanh: "gelu_tanh",
    gelu_quick: "gelu_quick quick_gelu", mish: "mish Mish", elu: "elu ELU", celu: "celu CELU", selu: "selu SELU",
    tanhshrink: "tanhshrink tanh_shrink Tanhshrink", lisht: "lisht", tanhexp: "tanhexp", serf: "serf", log_cosh: "log_cosh logcosh",
    gaussian: "gaussian", gumbel: "gumbel", snake: "snake",
}  # fmt: skip

_PRIMITIVES = {
    "abs": "abs Abs fabs absolute", "sign": "sign", "floor": "floor", "ceil": "ceil ceiling", "round": "round rint",
    "exp": "exp", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin arcsin", "acos": "acos arccos",
    "atan": "atan arctan", "erf": "erf", "erfinv": "erfinv", "gamma": "gamma", "lgamma": "lgamma loggamma gammaln",
    "digamma": "digamma psi", "zeta": "zeta", "lambertw": "lambertw LambertW", "pow": "pow Pow power",
    "besselj0": "besselj0 j0", "besselj1": "besselj1 j1", "bessely0": "bessely0 y0", "bessely1": "bessely1 y1",
    "besseli0": "besseli0 i0", "besseli1": "besseli1 i1", "besselk0": "besselk0 k0", "besselk1": "besselk1 k1",
}  # fmt: skip

_RECIPROCALS = {
    "acot": "atan", "asec": "acos", "acsc": "asin", "acoth": "atanh", "asech": "acosh", "acsch": "asinh",
}  # fmt: skip

DEFINITIONS: dict[str, Definition] = {
    **{name: _primitive(kind) for kind, names in _PRIMITIVES.items() for name in names.split()},
    **{name: _definition(function) for function, names in _ALIASES.items() for name in names.split()},
    **{name: _definition(_of_reciprocal(inner)) for name, inner in _RECIPROCALS.items()},
}
"""Every function name of the language of formulas, with NumPy's, PyTorch's and SymPy's spellings."""
