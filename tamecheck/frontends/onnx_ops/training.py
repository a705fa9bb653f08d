"""One step of an optimiser as an operator: a formula in the rate, the count, the values and the gradients."""

from __future__ import annotations

from fractions import Fraction

from tamecheck.frontends.onnx_ops.registry import Call, operator
from tamecheck.frontends.onnx_ops.values import Tensor, malformed
from tamecheck.programs.definitions.basics import reshape, scaled, shifted, square

TRAINING = "ai.onnx.preview.training"


def _groups(call: Call, kinds: int) -> list[list[Tensor]]:
    """Return the tensors after the rate and the count, one list per kind (values, gradients, states)."""
    tensors = [call[k] for k in range(2, len(call.inputs))]
    if not tensors or len(tensors) % kinds:
        raise malformed(f"{len(tensors)} tensors in groups of {kinds}")
    count = len(tensors) // kinds
    return [tensors[k * count : (k + 1) * count] for k in range(kinds)]


def _scalar(c, t: Tensor) -> int:
    return reshape(c.p, c.node(t), ())


def _regularised(c, x: Tensor, g: Tensor, factor: Fraction) -> int:
    return c.node(g) if factor == 0 else c.p.map("add", scaled(c.p, c.node(x), factor), c.node(g))


@operator("Adagrad", "decay_factor epsilon norm_coefficient", TRAINING)
def adagrad(c, call: Call):
    """``x - r g / (sqrt(h + g^2) + eps)`` and ``h + g^2``, the rate decayed with the count."""
    p = c.p
    rate, count = _scalar(c, call[0]), _scalar(c, call[1])
    decay, eps, ridge = call.number("decay_factor", 0), call.number("epsilon", 1e-6), call.number("norm_coefficient", 0)
    if decay:
        rate = p.map("div", rate, shifted(p, scaled(p, count, decay), 1))
    news, states = [], []
    for x, g, h in zip(*_groups(call, 3), strict=True):
        slope = _regularised(c, x, g, ridge)
        state = p.map("add", c.node(h), square(p, slope))
        step = p.map("div", p.map("mul", rate, slope), shifted(p, p.map("sqrt", state), eps))
        news.append(c.new(p.map("sub", c.node(x), step), x.dtype))
        states.append(c.new(state, h.dtype))
    return (*news, *states)


@operator("Adam", "alpha beta epsilon norm_coefficient norm_coefficient_post", TRAINING)
def adam(c, call: Call):
    """Moments of the gradient, corrected by the powers ``alpha^t`` and ``beta^t`` once the count is positive."""
    p = c.p
    rate, count = _scalar(c, call[0]), _scalar(c, call[1])
    alpha, beta, eps = call.number("alpha", 0.9), call.number("beta", 0.999), call.number("epsilon", 1e-6)
    ridge, late = call.number("norm_coefficient", 0), call.number("norm_coefficient_post", 0)
    one = p.constant(1)
    fading = [p.map("sub", one, p.map("pow", p.constant(base), count)) for base in (alpha, beta)]
    corrected = p.map("div", p.map("mul", rate, p.map("sqrt", fading[1])), fading[0])
    rate = p.where(p.compare("gt", count, p.constant(0)), corrected, rate)
    news, firsts, seconds = [], [], []
    for x, g, v, h in zip(*_groups(call, 4), strict=True):
        slope = _regularised(c, x, g, ridge)
        first = p.map("add", scaled(p, c.node(v), alpha), scaled(p, slope, 1 - alpha))
        second = p.map("add", scaled(p, c.node(h), beta), scaled(p, square(p, slope), 1 - beta))
        step = p.map("mul", rate, p.map("div", first, shifted(p, p.map("sqrt", second), eps)))
        news.append(c.new(scaled(p, p.map("sub", c.node(x), step), 1 - late), x.dtype))
        firsts.append(c.new(first, v.dtype))
        seconds.append(c.new(second, h.dtype))
    return (*news, *firsts, *seconds)


@operator("Momentum", "alpha beta mode norm_coefficient", TRAINING)
def momentum(c, call: Call):
    """``v' = alpha v + beta g`` (beta is 1 at the first step) and ``x - r v'``, or Nesterov's ``x - r (g + alpha v')``."""
    p = c.p
    rate, count = _scalar(c, call[0]), _scalar(c, call[1])
    alpha, beta, ridge = call.number("alpha"), call.number("beta"), call.number("norm_coefficient")
    mode = call.text("mode")
    if alpha is None or beta is None or ridge is None or mode not in ("standard", "nesterov"):
        raise malformed("an attribute is missing, or mode is not known")
    gain = p.where(p.compare("gt", count, p.constant(0)), p.constant(beta), p.constant(1))
    news, states = [], []
    for x, g, v in zip(*_groups(call, 3), strict=True):
        slope = _regularised(c, x, g, ridge)
        state = p.map("add", scaled(p, c.node(v), alpha), p.map("mul", gain, slope))
        step = state if mode == "standard" else p.map("add", slope, scaled(p, state, alpha))
        news.append(c.new(p.map("sub", c.node(x), p.map("mul", rate, step)), x.dtype))
        states.append(c.new(state, v.dtype))
    return (*news, *states)
