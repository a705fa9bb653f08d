"""Classification losses: the class of each sample selects a logarithm, by comparison with each class."""

from __future__ import annotations

from tamecheck.frontends.onnx_ops.registry import Call, operator
from tamecheck.frontends.onnx_ops.values import Tensor, malformed
from tamecheck.programs.definitions.basics import mean, reshape
from tamecheck.programs.definitions.normalisation import log_softmax
from tamecheck.programs.definitions.selection import one_hot


def _likelihood(c, call: Call, logs: int, target: Tensor, weight: Tensor | None, kind: int) -> Tensor:
    """Return the weighted negative logarithm at each target, reduced."""
    p = c.p
    shape = p.shape(logs)
    if len(shape) < 2 or target.shape != (shape[0], *shape[2:]):
        raise malformed(f"targets of shape {list(target.shape)} for scores of shape {list(shape)}")
    ignored = call.integer("ignore_index")
    reduction = call.text("reduction", "mean")
    if reduction not in ("none", "mean", "sum"):
        raise malformed("attribute reduction is not known")
    t = c.node(target)
    classes = shape[1]
    hit = one_hot(p, t, classes, 1)
    loss = p.map("neg", p.reduce("sum", p.where(hit, logs, p.constant(0)), [1]))
    weights = None
    if weight is not None:
        if weight.shape != (classes,):
            raise malformed(f"weights of shape {list(weight.shape)} for {classes} classes")
        own = reshape(p, c.node(weight), (classes,) + (1,) * (len(shape) - 2))
        weights = p.reduce("sum", p.map("mul", hit, own), [1])
    if ignored is not None:
        kept = p.compare("ne", t, p.constant(ignored))
        weights = kept if weights is None else p.map("mul", weights, kept)
        loss = p.where(kept, loss, p.constant(0))
    elif target.node is not None:
        c.note("a target outside the classes is an error in the framework; here it selects nothing and costs 0")
    if weights is not None:
        loss = p.map("mul", loss, weights)
    axes = range(len(shape) - 1)
    if reduction == "none":
        return c.new(loss, kind)
    if reduction == "sum":
        return c.new(p.reduce("sum", loss, axes), kind)
    if weights is None:
        return c.new(mean(p, loss, axes), kind)
    return c.new(p.map("div", p.reduce("sum", loss, axes), p.reduce("sum", weights, axes)), kind)


@operator("NegativeLogLikelihoodLoss", "ignore_index reduction")
def negative_log_likelihood(c, call: Call):
    """``-x[target]`` weighted, for logarithms of probabilities."""
    return _likelihood(c, call, c.node(call[0]), call[1], call.optional(2), call[0].dtype)


@operator("SoftmaxCrossEntropyLoss", "ignore_index reduction")
def cross_entropy(c, call: Call):
    """``log sum exp(x) - x[target]`` weighted."""
    logs = log_softmax(c.p, c.node(call[0]), 1)
    return _likelihood(c, call, logs, call[1], call.optional(2), call[0].dtype), c.new(logs, call[0].dtype)


