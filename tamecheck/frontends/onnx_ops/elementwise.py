"""Arithmetic, comparisons, truth values and activations: one entry at a time.

Operations on numbers that are known are carried out exactly; square roots, exponentials
and the like stay nodes, since their values are real numbers and not floats.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, prod

import numpy as np

from tamecheck.frontends.onnx_ops.registry import Call, operator
from tamecheck.frontends.onnx_ops.values import (
    BOOL,
    FLOATS,
    INTEGERS,
    MAXIMAL_STATIC,
    Tensor,
    Unsupported,
    malformed,
    objects,
    single,
)
from tamecheck.programs.definitions import scalar
from tamecheck.programs.definitions.basics import power, reshape

MAXIMAL_WORK = 4_000_000  # entries computed with exactly before the rest is left to nodes


def folded(c, function: Callable, tensors: list[Tensor], dtype: int) -> Tensor | None:
    """Return ``function`` of known entries, entry by entry, or ``None`` when some are not known."""
    for t in tensors:
        if t.node is not None or not c.static(t):
            return None
    if all(t.splat is not None and t.data is None for t in tensors):
        return Tensor(c.common(tensors), dtype, splat=function(*[t.splat for t in tensors]))
    shape = c.common(tensors)
    size = prod(shape)
    if size > MAXIMAL_STATIC or any(t.size > MAXIMAL_STATIC for t in tensors):
        return None
    c.work += size
    if c.work > MAXIMAL_WORK:
        return None
    columns = [np.broadcast_to(t.exact(), shape).ravel().tolist() for t in tensors]
    return Tensor(shape, dtype, data=objects([function(*row) for row in zip(*columns, strict=True)], shape))


def aligned(c, call: Call) -> tuple[Tensor, Tensor]:
    """Return the two operands; before version 7 broadcasting is asked for and says where the second one goes."""
    a, b = call[0], call[1]
    if call.version < 7 and a.shape != b.shape:
        if not call.integer("broadcast", 0):
            raise malformed(f"shapes {list(a.shape)} and {list(b.shape)} differ, and broadcast is not set")
        axis = call.integer("axis")
        if axis is not None and b.shape:
            tail = len(a.shape) - axis % max(len(a.shape), 1) - len(b.shape)
            if tail < 0:
                raise malformed(f"axis {axis} puts shape {list(b.shape)} outside {list(a.shape)}")
            shape = b.shape + (1,) * tail
            b = c.moved(b, lambda v: v.reshape(shape), lambda n: reshape(c.p, n, shape))
    return a, b


def _truncated(a: object, b: object) -> object:
    q = Fraction(a) / Fraction(b)
    return ceil(q) if q < 0 else floor(q)


def _quotient(a: object, b: object) -> object:
    if isinstance(a, float) or isinstance(b, float) or b == 0:
        raise Unsupported("a division of constants by zero or by an infinity")
    return Fraction(a) / Fraction(b)


EXACT = {"Add": python.add, "Sub": python.sub, "Mul": python.mul}
PRIMITIVES = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div"}


@operator("Add Sub Mul Div", "axis broadcast consumed_inputs")
def arithmetic(c, call: Call):
    """``a + b``, ``a - b``, ``a * b``, ``a / b``; a quotient of integers is rounded towards zero."""
    op = call.op
    a, b = aligned(c, call)
    if a.node is None and b.node is None:
        integral = op == "Div" and a.dtype in INTEGERS
        result = folded(c, _truncated if integral else _quotient if op == "Div" else EXACT[op], [a, b], a.dtype)
        if result is not None:
            return result
    if op == "Add" or (op == "Sub" and b.holes is None):
        (m, left), (n, right) = c.finite(a), c.finite(b)
        if op == "Sub" and right is not None:
            raise Unsupported("it subtracts minus infinity, which is no real number")
        holes = left if right is None else right if left is None else either(c, left, right)
        if holes is None:
            return Tensor(c.p.nodes[k := c.p.map(PRIMITIVES[op], m, n)][3], a.dtype, k)
        k = c.p.map(PRIMITIVES[op], m, n)
        holes = c.spread(holes, c.p.shape(k))
        return c.new(k, a.dtype, holes)
    if op in ("Mul", "Div") and (a.holes is not None or b.holes is not None):
        other = b if a.holes is not None else a
        if op == "Mul" and other.node is None and c.static(other) and all(x > 0 for x in other.entries()):
            (m, left), (n, right) = c.finite(a), c.finite(b)
            k = c.p.map("mul", m, n)
            return c.new(k, a.dtype, c.spread(left or right, c.p.shape(k)))
    n = c.p.map(PRIMITIVES[op], c.node(a), c.node(b))
    if op == "Div" and a.dtype in INTEGERS:
        n = scalar.trunc(c.p, n)
    if a.dtype in INTEGERS:
        c.note("integers here are read as real numbers; the machine's integers wrap around")
    return c.new(n, a.dtype)


def either(c, a: Tensor, b: Tensor) -> Tensor:
    """Return the truth of ``a or b`` entry by entry."""
    result = folded(c, lambda x, y: int(bool(x) or bool(y)), [a, b], BOOL)
    return result if result is not None else c.new(c.p.logic("or", c.node(a), c.node(b)), BOOL)


def negated(c, a: Tensor) -> Tensor:
    """Return the truth of ``not a`` entry by entry."""
    result = folded(c, lambda x: int(not x), [a], BOOL)
    return result if result is not None else c.new(c.p.logic("not", c.node(a)), BOOL)


@operator("Sum Mean Max Min", "consumed_inputs")
def variadic(c, call: Call):
    """Sums, means, maxima and minima of any number of tensors."""
    tensors = [call[k] for k in range(len(call.inputs))]
    primitive = {"Sum": "add", "Mean": "add", "Max": "max", "Min": "min"}[call.op]
    function = {"add": python.add, "max": max, "min": min}[primitive]
    result = tensors[0]
    for t in tensors[1:]:
        new = folded(c, function, [result, t], result.dtype)
        if new is None:
            new = _idle_bound(c, primitive, result, t)
        if new is None:
            new = c.new(c.p.map(primitive, c.node(result), c.node(t)), result.dtype)
        result = new
    if call.op == "Mean" and len(tensors) > 1:
        result = c.new(c.p.map("mul", c.node(result), c.p.constant(Fraction(1, len(tensors)))), result.dtype)
    return result


def _idle_bound(c, primitive: str, a: Tensor, b: Tensor) -> Tensor | None:
    """Return the other operand when one of them is an infinite constant that never matters."""
    idle = float("-inf") if primitive == "max" else float("inf") if primitive == "min" else None
    for one, other in ((a, b), (b, a)):
        if idle is not None and one.node is None and one.proto is None and c.static(one) and one.size and one.dtype in FLOATS:
            entries = one.entries()
            if all(isinstance(x, float) and x == idle for x in entries) and c.common([one, other]) == other.shape:
                return other
    return None


@operator("Pow", "axis broadcast")
def power_of(c, call: Call):
    """``a ** b``; a constant exponent is the exact number stored, reported when a short decimal was meant."""
    a, b = aligned(c, call)
    if b.node is None and c.static(b) and b.size:
        exponents = b.entries()
        q = exponents[0]
        whole = all(not isinstance(x, float) and x.denominator == 1 for x in exponents)
        if whole and all(abs(x) <= 64 for x in exponents) and all(x >= 0 for x in exponents):
            result = folded(c, python.pow, [a, b], a.dtype)
            if result is not None:
                return result
        if all(x == q for x in exponents) and not isinstance(q, float):
            c_shape = c.common([a, b])
            x = c.node(c.spread(a, c_shape) if c_shape != a.shape else a)
            _note_exponent(c, q, b.dtype)
            n = power(c.p, x, Fraction(q)) if q != 0 else c.p.map("pow", x, c.p.constant(0))
            return c.new(scalar.trunc(c.p, n) if a.dtype in INTEGERS and not (whole and q >= 0) else n, a.dtype)
    n = c.p.map("pow", c.node(a), c.node(b))
    if a.dtype in INTEGERS and b.dtype not in INTEGERS:
        n = scalar.trunc(c.p, n)
    return c.new(n, a.dtype)


def _note_exponent(c, q: Fraction | int, dtype: int) -> None:
    if isinstance(q, int) or q.denominator <= 64:
        return
    short = Fraction(repr(float(np.float32(float(q))))) if dtype != 11 else Fraction(repr(float(q)))
    text = np.format_float_positional(np.float32(float(q)), unique=True, trim="-") if dtype != 11 else repr(float(q))
    meant = Fraction(text) if "e" not in text else short
    if meant != q:
        c.note(f"the exponent is the stored number {q}; {text} is the decimal it stands for")


@operator("Mod", "fmod")
def modulo(c, call: Call):
    """Remainders: of the floor quotient, or with ``fmod`` of the truncated one."""
    a, b = call[0], call[1]
    truncated = call.integer("fmod", 0) == 1
    if a.dtype in INTEGERS or not truncated:

        def remainder(x, y):
            return x - y * (_truncated(x, y) if truncated else floor(Fraction(x) / Fraction(y)))

        result = folded(c, remainder, [a, b], a.dtype)
        if result is not None:
            return result
    return c.new((scalar.fmod if truncated else scalar.mod)(c.p, c.node(a), c.node(b)), a.dtype)


# ---------------------------------------------------------------- unary primitives

UNARY = {
    "Abs": "abs", "Neg": "neg", "Floor": "floor", "Ceil": "ceil", "Round": "round", "Sign": "sign", "Exp": "exp", "Log": "log",
    "Sqrt": "sqrt", "Sin": "sin", "Cos": "cos", "Tan": "tan", "Asin": "asin", "Acos": "acos", "Atan": "atan", "Erf": "erf",
}  # fmt: skip
EXACT_UNARY = {
    "Abs": abs, "Neg": python.neg, "Floor": floor, "Ceil": ceil, "Round": round, "Sign": lambda x: (x > 0) - (x < 0),
}  # fmt: skip


@operator(" ".join(UNARY), "consumed_inputs")
def unary(c, call: Call):
    """A scalar primitive, entry by entry."""
    x = call[0]
    exact = EXACT_UNARY.get(call.op)
    if exact is not None and x.node is None:
        result = folded(c, exact, [x], x.dtype)
        if result is not None:
            return result
    if call.op == "Exp" and x.holes is not None:
        n, holes = c.finite(x)
        return c.new(c.p.where(c.node(holes), c.p.constant(0), c.p.map("exp", n)), x.dtype)
    return c.new(c.p.map(UNARY[call.op], c.node(x)), x.dtype)


DEFINED = {
    "Sinh": scalar.sinh, "Cosh": scalar.cosh, "Asinh": scalar.asinh, "Acosh": scalar.acosh, "Atanh": scalar.atanh,
    "Tanh": scalar.tanh, "Sigmoid": scalar.sigmoid, "Softplus": scalar.softplus, "Softsign": scalar.softsign,
    "HardSwish": scalar.hardswish, "Mish": scalar.mish, "Relu": scalar.relu,
}  # fmt: skip


@operator(" ".join(DEFINED), "consumed_inputs")
def defined(c, call: Call):
    """A function of one variable with a closed form."""
    x = call[0]
    if call.op == "Relu" and x.node is None:
        result = folded(c, lambda v: max(v, 0), [x], x.dtype)
        if result is not None:
            return result
    if call.op == "Relu":
        n, holes = c.finite(x)
        positive = c.p.add("map", ("max",), (n, c.zero()), x.shape)
        if holes is not None:
            positive = c.p.where(c.node(holes), c.zero(), positive)
        return Tensor(x.shape, x.dtype, positive)
    return c.new(DEFINED[call.op](c.p, c.node(x)), x.dtype)


@operator("Reciprocal", "consumed_inputs")
def reciprocal(c, call: Call):
    """``1 / x``"""
    x = call[0]
    result = folded(c, lambda v: _quotient(1, v), [x], x.dtype) if x.node is None else None
    return result or c.new(c.p.map("div", c.p.constant(1), c.node(x)), x.dtype)


@operator("LeakyRelu", "alpha consumed_inputs")
def leaky_relu(c, call: Call):
    """``max(x, 0) + alpha * min(x, 0)``"""
    return c.new(scalar.leaky_relu(c.p, c.node(call[0]), slope=call.number("alpha", 0.01)), call[0].dtype)


@operator("PRelu", "consumed_inputs")
def prelu(c, call: Call):
    """``max(x, 0) + slope * min(x, 0)`` with a slope per channel."""
    x, slope = call[0], call[1]
    s = c.weight(slope)
    if call.version < 7 and len(slope.shape) == 1 and len(x.shape) > 1:
        s = reshape(c.p, s, slope.shape + (1,) * (len(x.shape) - 2))
    return c.new(scalar.prelu(c.p, c.node(x), s), x.dtype)


@operator("Elu", "alpha consumed_inputs")
def elu(c, call: Call):
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below."""
    return c.new(scalar.elu(c.p, c.node(call[0]), alpha=call.number("alpha", 1.0)), call[0].dtype)


@operator("Celu", "alpha")
def celu(c, call: Call):
    """``x`` above 0, ``alpha * (exp(x / alpha) - 1)`` below."""
    return c.new(scalar.celu(c.p, c.node(call[0]), alpha=call.number("alpha", 1.0)), call[0].dtype)


@operator("Selu", "alpha gamma consumed_inputs")
def selu(c, call: Call):
    """``gamma * (x or alpha * (exp(x) - 1))``"""
    old = call.version < 6
    alpha = call.number("alpha", single(1.6732) if old else single(1.67326319217681884765625))
    gamma = call.number("gamma", single(1.0507) if old else single(1.05070102214813232421875))
    return c.new(scalar.selu(c.p, c.node(call[0]), alpha=alpha, factor=gamma), call[0].dtype)


@operator("HardSigmoid", "alpha beta consumed_inputs")
def hard_sigmoid(c, call: Call):
    """``min(max(alpha * x + beta, 0), 1)``"""
    alpha, beta = call.number("alpha", 0.2), call.number("beta", 0.5)
    return c.new(scalar.hardsigmoid(c.p, c.node(call[0]), slope=alpha, offset=beta), call[0].dtype)


@operator("ThresholdedRelu", "alpha")
def thresholded_relu(c, call: Call):
    """``x`` above alpha, 0 elsewhere."""
    return c.new(scalar.thresholded_relu(c.p, c.node(call[0]), alpha=call.number("alpha", 1.0)), call[0].dtype)


@operator("Shrink", "bias lambd")
def shrink(c, call: Call):
    """``x + bias`` below ``-lambd``, ``x - bias`` above ``lambd``, 0 between."""
    n = scalar.shrink(c.p, c.node(call[0]), threshold=call.number("lambd", 0.5), bias=call.number("bias", 0.0))
    return c.new(n, call[0].dtype)


@operator("Gelu", "approximate")
def gelu(c, call: Call):
    """The Gaussian error linear unit, exact or by tanh."""
    how = call.text("approximate", "none")
    if how not in ("none", "tanh"):
        raise malformed("attribute approximate is neither 'none' nor 'tanh'")
    return c.new(scalar.gelu(c.p, c.node(call[0]), approximate=how), call[0].dtype)


@operator("Swish", "alpha")
def swish(c, call: Call):
    """``x * sigmoid(alpha * x)``"""
    return c.new(scalar.silu(c.p, c.node(call[0]), beta=call.number("alpha", 1.0)), call[0].dtype)


@operator("SwiGLU", "alpha")
def swiglu(c, call: Call):
    """``swish(a) * b``"""
    n = scalar.silu(c.p, c.node(call[0]), beta=call.number("alpha", 1.0))
    return c.new(c.p.map("mul", n, c.node(call[1])), call[0].dtype)


LARGEST = {1: 3.4028234663852886e38, 10: 65504.0, 11: 1.7976931348623157e308, 16: 3.3895313892515355e38}


def _no_bound(c, bound: Tensor, primitive: str) -> bool:
    """Tell whether a known bound is none over the reals: an infinity, or the type's largest number, on its idle side."""
    q = bound.entries()[0]
    if isinstance(q, float):
        return q == (float("-inf") if primitive == "max" else float("inf"))
    largest = LARGEST.get(bound.dtype)
    if largest is None or abs(q) < largest:
        return False
    idle = q < 0 if primitive == "max" else q > 0
    if idle:
        c.note("a bound that is the type's largest number is read as no bound")
    return idle


@operator("Clip", "min max consumed_inputs")
def clip(c, call: Call):
    """``min(max(x, low), high)``; a bound that is infinite or the type's largest number is no bound."""
    x = call[0]
    if call.version < 11:
        bounds: list[Tensor | None] = []
        for name in ("min", "max"):
            q = call.number(name)
            bounds.append(None if q is None else Tensor((), x.dtype, splat=q))
    else:
        bounds = [call.optional(1), call.optional(2)]
    n, kind = c.node(x) if not c.static(x) or x.node is not None else None, x.dtype
    for primitive, function, bound in zip(("max", "min"), (max, min), bounds, strict=True):
        if bound is None:
            continue
        if bound.size != 1:
            raise malformed(f"a bound of shape {list(bound.shape)}")
        if bound.node is None and c.static(bound) and _no_bound(c, bound, primitive):
            continue
        if n is None:
            result = folded(c, function, [x, bound], kind)
            if result is not None:
                x = result
                continue
            n = c.node(x)
        b = c.node(bound)
        n = c.p.map(primitive, n, reshape(c.p, b, ()) if bound.shape else b)
    return x if n is None else c.new(n, kind)


# --------------------------------------------------------- comparisons and truth

COMPARE = {"Equal": "eq", "Less": "lt", "Greater": "gt", "LessOrEqual": "le", "GreaterOrEqual": "ge"}
PYTHON = {"Equal": python.eq, "Less": python.lt, "Greater": python.gt, "LessOrEqual": python.le, "GreaterOrEqual": python.ge}


@operator(" ".join(COMPARE), "axis broadcast")
def compare(c, call: Call):
    """Comparisons; the result is 0 or 1."""
    a, b = aligned(c, call)
    if a.dtype == 8:
        raise Unsupported("text is not a real number")
    if a.node is None and b.node is None:
        test = PYTHON[call.op]
        result = folded(c, lambda x, y: int(test(x, y)), [a, b], BOOL)
        if result is not None:
            return result
    if call.op == "Equal":
        # scores == -inf is how exporters ask for the mask again
        for one, other in ((a, b), (b, a)):
            if other.node is None and c.static(other) and other.size and all(x == float("-inf") for x in other.entries()):
                n, holes = c.finite(one)
                return c.spread(holes or Tensor((), BOOL, splat=0), c.common([a, b]))
    return c.new(c.p.compare(COMPARE[call.op], c.node(a), c.node(b)), BOOL)


TRUTH = {
    "And": lambda x, y: int(bool(x) and bool(y)), "Or": lambda x, y: int(bool(x) or bool(y)), "Xor": lambda x, y: int(bool(x) != bool(y)),
}  # fmt: skip


@operator("And Or Xor", "axis broadcast")
def logic(c, call: Call):
    """Truth values combined."""
    a, b = aligned(c, call)
    result = folded(c, TRUTH[call.op], [a, b], BOOL) if a.node is None and b.node is None else None
    return result or c.new(c.p.logic(call.op.lower(), c.node(a), c.node(b)), BOOL)


@operator("Not")
def negation(c, call: Call):
    """Truth values turned round."""
    return negated(c, call[0])


@operator("Where")
def where(c, call: Call):
    """Entries of the second input where the first is true, of the third elsewhere; minus infinity becomes a mask."""
    test, a, b = call[0], call[1], call[2]
    if test.node is None and a.node is None and b.node is None:
        result = folded(c, lambda t, x, y: x if t else y, [test, a, b], a.dtype)
        if result is not None:
            return result
    if test.node is None and c.static(test) and test.size:
        truths = {bool(x) for x in test.entries()}
        if len(truths) == 1:
            kept = a if truths == {True} else b
            shape = c.common([test, a, b])
            if kept.shape == shape:
                return kept
    condition = c.node(test)
    (m, left), (n, right) = c.finite(a), c.finite(b)
    k = c.p.where(condition, m, n)
    shape = c.p.shape(k)
    if left is None and right is None:
        return c.new(k, a.dtype)
    no = Tensor((), BOOL, splat=0)
    left, right = left or no, right or no
    holes = None
    if test.is_static and left.is_static and right.is_static:
        holes = folded(c, lambda t, x, y: x if t else y, [test, left, right], BOOL)
    if holes is None:
        if left.splat == 0 and _all_true(right):
            holes = negated(c, test)
        elif right.splat == 0 and _all_true(left):
            holes = test
        else:
            holes = c.new(c.p.where(condition, c.node(left), c.node(right)), BOOL)
    return c.new(k, a.dtype, c.spread(holes, shape))


def _all_true(t: Tensor) -> bool:
    return t.node is None and t.is_static and all(bool(x) for x in t.entries())


@operator("IsNaN")
def is_nan(c, call: Call):
    """False everywhere: no real number is not a number."""
    c.note("the test for not-a-number is false over the reals; where the program is undefined, it is undefined here too")
    return Tensor(call[0].shape, BOOL, splat=0)


@operator("IsInf", "detect_negative detect_positive")
def is_inf(c, call: Call):
    """True exactly on the mask of minus infinity: no real number is infinite."""
    x = call[0]
    if x.node is None and c.static(x) and x.dtype in FLOATS:
        signs = [s for s, name in ((1, "detect_positive"), (-1, "detect_negative")) if call.integer(name, 1)]
        infinite = [s * float("inf") for s in signs]
        result = folded(c, lambda v: int(isinstance(v, float) and v in infinite), [x], BOOL)
        if result is not None:
            return result
    holes = x.holes
    if holes is not None and call.integer("detect_negative", 1):
        return c.spread(holes, x.shape)
    c.note("the test for infinity is false over the reals")
    return Tensor(x.shape, BOOL, splat=0)


# ------------------------------------------------------------------- bit patterns


@operator("BitShift", "direction")
def bit_shift(c, call: Call):
    """Shifts of known integers; of computed ones there is no real function."""
    direction = call.text("direction")
    if direction not in ("LEFT", "RIGHT"):
        raise malformed("attribute direction is neither LEFT nor RIGHT")
    low, high = INTEGERS.get(call[0].dtype, (0, 0))

    def shifted(x, n):
        if not 0 <= n < (high - low + 1).bit_length() - 1:
            if call.version < 28:
                raise Unsupported("a shift by a negative or large amount depends on the machine")
            return -1 if x < 0 and direction == "RIGHT" else 0
        y = x << n if direction == "LEFT" else x >> n
        return (y - low) % (high - low + 1) + low

    return _bits(c, call, shifted)


def _bits(c, call: Call, function: Callable):
    tensors = [call[k] for k in range(len(call.inputs))]
    result = folded(c, function, tensors, tensors[0].dtype)
    if result is None:
        raise Unsupported("it works on the bits of an integer, not on real numbers; only constants can be followed")
    return result


@operator("BitwiseAnd BitwiseOr BitwiseXor")
def bitwise(c, call: Call):
    """Bit by bit on known integers."""
    return _bits(c, call, {"BitwiseAnd": python.and_, "BitwiseOr": python.or_, "BitwiseXor": python.xor}[call.op])


@operator("BitwiseNot")
def bitwise_not(c, call: Call):
    """Bit by bit on known integers."""
    high = INTEGERS.get(call[0].dtype, (0, 0))
    return _bits(c, call, lambda x: high[1] - x if high[0] == 0 else ~x)
