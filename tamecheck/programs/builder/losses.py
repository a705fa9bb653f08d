"""Losses of regression and classification, as functions of tensors.

Every function follows PyTorch's definition of the same name, in ideal real arithmetic:
nothing is clamped unless the definition on paper clamps.  ``reduction`` is ``"mean"``, ``"sum"``
or ``"none"``.  Class labels are static integers (a list or an array), or a tensor of
integers that the program receives; probabilities are tensors or arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder import activations
from tamecheck.programs.builder.activations import log_softmax, softplus
from tamecheck.programs.builder.dense import cosine_similarity, one_hot, pairwise_distance
from tamecheck.programs.builder.hyperparameters import Number, array_entries, number, one_of
from tamecheck.programs.builder.module import cat, maximum, minimum, stack, where
from tamecheck.programs.builder.tensor import Arithmetic, Operand, Tensor, apply, as_tensor, power

Labels = Sequence | Arithmetic


def reduced(loss: Arithmetic, reduction: str = "mean") -> Tensor:
    """Return the mean, the sum or the entries themselves."""
    one_of(reduction, ("mean", "sum", "none"), "reduction")
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else +loss


def weighted(loss: Arithmetic, weight: Operand | None) -> Arithmetic:
    """Return the loss times a weight, if there is one."""
    return loss if weight is None else loss * weight


def same_shape(input: Arithmetic, target: Operand, what: str) -> None:
    """Refuse shapes that only broadcast: in a loss that is almost always a mistake."""
    shape = target.shape if hasattr(target, "shape") else array_entries(target, "target")[1]
    if tuple(shape) not in ((), tuple(input.shape)):
        raise ShapeError(f"{what} of shape {list(input.shape)} against a target of shape {list(shape)}", hint="reshape the target")


# ------------------------------------------------------------------------ regression


def mse_loss(input: Arithmetic, target: Operand, reduction: str = "mean", weight: Operand | None = None) -> Tensor:
    """Return ``(x - y)^2``."""
    same_shape(input, target, "mse_loss")
    return reduced(weighted((input - target).square(), weight), reduction)


def l1_loss(input: Arithmetic, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``|x - y|``."""
    same_shape(input, target, "l1_loss")
    return reduced(abs(input - target), reduction)


def huber_loss(input: Arithmetic, target: Operand, reduction: str = "mean", delta: Number = 1) -> Tensor:
    """Return ``m^2/2 + delta (|d| - m)`` with ``d = x - y`` and ``m = min(|d|, delta)``: quadratic, then linear."""
    same_shape(input, target, "huber_loss")
    edge = _positive(delta, "delta")
    d = abs(input - target)
    m = minimum(d, edge)
    return reduced(m.square() * Fraction(1, 2) + (d - m) * edge, reduction)


def smooth_l1_loss(input: Arithmetic, target: Operand, reduction: str = "mean", beta: Number = 1) -> Tensor:
    """Return the Huber loss divided by its threshold; ``beta = 0`` gives ``|x - y|``."""
    edge = number(beta, "beta")
    return l1_loss(input, target, reduction) if edge == 0 else huber_loss(input, target, reduction, edge) * (1 / edge)


def log_cosh_loss(input: Arithmetic, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``log cosh(x - y)``."""
    same_shape(input, target, "log_cosh_loss")
    return reduced(activations.log_cosh(input - target), reduction)


def quantile_loss(input: Arithmetic, target: Operand, quantile: Number = "0.5", reduction: str = "mean") -> Tensor:
    """Return ``max(q (y - x), (q - 1)(y - x))``: the pinball loss, whose minimiser is the quantile."""
    same_shape(input, target, "quantile_loss")
    q = number(quantile, "quantile")
    if not 0 < q < 1:
        raise InputError(f"quantile {q} is not between 0 and 1", code="TC124")
    d = as_tensor(target) - input
    return reduced(maximum(d * q, d * (q - 1)), reduction)


def expectile_loss(input: Arithmetic, target: Operand, tau: Number = "0.5", reduction: str = "mean") -> Tensor:
    """Return ``tau max(d, 0)^2 + (1 - tau) min(d, 0)^2`` with ``d = y - x``."""
    t = number(tau, "tau")
    d = as_tensor(target) - input
    return reduced(maximum(d, 0).square() * t + minimum(d, 0).square() * (1 - t), reduction)


def _positive(value: Number, what: str) -> Fraction:
    q = number(value, what)
    if q <= 0:
        raise InputError(f"{what} {q} is not positive", code="TC124")
    return q


# ------------------------------------------------------- margins, labels are -1 and 1


def hinge_loss(input: Arithmetic, target: Operand, margin: Number = 1, reduction: str = "mean") -> Tensor:
    """Return ``max(margin - y x, 0)`` for labels ``y`` in {-1, 1}."""
    return reduced(activations.relu(number(margin) - input * target), reduction)


def squared_hinge_loss(input: Arithmetic, target: Operand, margin: Number = 1, reduction: str = "mean") -> Tensor:
    """Return ``max(margin - y x, 0)^2``."""
    return reduced(activations.relu(number(margin) - input * target).square(), reduction)


def soft_margin_loss(input: Arithmetic, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``log(1 + exp(-y x))``: the logistic loss for labels in {-1, 1}."""
    return reduced(softplus(-(input * target)), reduction)


logistic_loss = soft_margin_loss


def exponential_loss(input: Arithmetic, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``exp(-y x)``."""
    return reduced((-(input * target)).exp(), reduction)


def hinge_embedding_loss(input: Arithmetic, target: Operand, margin: Number = 1, reduction: str = "mean") -> Tensor:
    """Return ``x`` where ``y = 1`` and ``max(margin - x, 0)`` where ``y = -1``."""
    other = activations.relu(number(margin) - input)
    return reduced(where(_equals(target, -1), other, 0) + where(_equals(target, 1), input, 0), reduction)


def _equals(x: Operand, value: int) -> Tensor:
    return apply(lambda p, n: p.compare("eq", n, p.constant(value)), x)


def multi_margin_loss(
    input: Arithmetic, target: Labels, p: int = 1, margin: Number = 1, weight: Operand | None = None, reduction: str = "mean"
) -> Tensor:
    """Return ``sum_{j != y} max(margin - x_y + x_j, 0)^p / C``, times the weight of the class ``y``."""
    classes = input.shape[-1]
    hot = one_hot(target, classes)
    own = (input * hot).sum(-1, keepdim=True)
    terms = power(activations.relu(number(margin) - own + input), p)
    if weight is not None:
        terms = terms * (hot * weight).sum(-1, keepdim=True)
    return reduced((terms * (1 - hot)).sum(-1) * Fraction(1, classes), reduction)


def multilabel_margin_loss(input: Arithmetic, target: Sequence, reduction: str = "mean") -> Tensor:
    """Return ``sum_{j in y, i not in y} max(1 - (x_j - x_i), 0)/C`` for static lists of labels, each ended by -1 or its length."""
    rows = target.tolist() if hasattr(target, "tolist") else list(target)
    classes = input.shape[-1]
    single = not isinstance(rows[0], (list, tuple))
    scores = input.reshape(1, -1) if single else input
    losses = []
    for k, row in enumerate([rows] if single else rows):
        own = [c for n, c in enumerate(row) if -1 not in row[: n + 1]]
        others = [c for c in range(classes) if c not in own]
        if any(not 0 <= c < classes for c in own):
            raise InputError(f"label {max(own)} is not an integer from 0 to {classes - 1}", code="TC124")
        gaps = scores[k][own].unsqueeze(-1) - scores[k][others]
        losses.append(activations.relu(1 - gaps).sum() * Fraction(1, classes))
    total = stack(losses)
    return reduced(total[0] if single else total, reduction)


def multilabel_soft_margin_loss(input: Arithmetic, target: Operand, weight: Operand | None = None, reduction: str = "mean") -> Tensor:
    """Return the mean over classes of the binary cross entropies with logits."""
    return reduced(weighted(binary_cross_entropy_with_logits(input, target, reduction="none"), weight).mean(-1), reduction)


def margin_ranking_loss(input1: Arithmetic, input2: Arithmetic, target: Operand, margin: Number = 0, reduction: str = "mean") -> Tensor:
    """Return ``max(-y (x1 - x2) + margin, 0)``."""
    return reduced(activations.relu(-(target * (input1 - input2)) + number(margin)), reduction)


# ----------------------------------------------------------------------------- binary


def binary_cross_entropy(
    input: Arithmetic, target: Operand, weight: Operand | None = None, reduction: str = "mean", floor: Number | None = None
) -> Tensor:
    """Return ``-(y log p + (1 - y) log(1 - p))`` for probabilities ``p`` in (0, 1).

    PyTorch clamps both logarithms at -100: give ``floor=-100`` for that literal program.
    """
    same_shape(input, target, "binary_cross_entropy")
    target = as_tensor(target)
    first, second = input.log(), (1 - input).log()
    if floor is not None:
        first, second = maximum(first, number(floor)), maximum(second, number(floor))
    return reduced(weighted(-(target * first + (1 - target) * second), weight), reduction)


def binary_cross_entropy_with_logits(
    input: Arithmetic, target: Operand, weight: Operand | None = None, reduction: str = "mean", pos_weight: Operand | None = None
) -> Tensor:
    """Return ``(1 - y) x + (1 + (w - 1) y) log(1 + exp(-x))``, the cross entropy of ``sigmoid(x)``; ``w`` weighs the label 1."""
    same_shape(input, target, "binary_cross_entropy_with_logits")
    target = as_tensor(target)
    scale = 1 if pos_weight is None else target * (as_tensor(pos_weight) - 1) + 1
    return reduced(weighted((1 - target) * input + scale * softplus(-input), weight), reduction)


def sigmoid_focal_loss(
    input: Arithmetic, target: Operand, alpha: Number | None = "0.25", gamma: Number | Arithmetic = 2, reduction: str = "mean"
) -> Tensor:
    """Return ``alpha_t (1 - p_t)^gamma * cross entropy`` for logits; ``gamma`` may be learnt (Lin et al. 2017)."""
    target = as_tensor(target)
    ce = binary_cross_entropy_with_logits(input, target, reduction="none")
    p = activations.sigmoid(input)
    q = (1 - p) * target + p * (1 - target)
    loss = ce * power(q, gamma)
    if alpha is not None:
        a = number(alpha, "alpha")
        loss = loss * (target * (2 * a - 1) + (1 - a))
    return reduced(loss, reduction)


# ---------------------------------------------------------------------- classification


class StaticLabels:
    """Labels that are known integers: rows of scores, which of them count, and their classes.

    Entries are selected, not multiplied by zeros and ones, so that what is positive stays visibly so.
    """

    def __init__(self, target: Sequence, classes: int, ignore_index: int) -> None:
        entries, self.shape = array_entries(target, "labels")
        self.classes = classes
        self.rows = [k for k, e in enumerate(entries) if e != ignore_index]
        if not self.rows:
            raise InputError("every label is ignored, so the loss is 0/0", code="TC124")
        self.labels = [entries[k] for k in self.rows]
        for e in self.labels:
            if e.denominator != 1 or not 0 <= e < classes:
                raise InputError(f"label {e} is not an integer from 0 to {classes - 1}", code="TC124")

    def table(self, x: Arithmetic) -> Tensor:
        """Return the rows that count, ``(rows, classes)``, of scores with their classes on the class axis."""
        axis = _class_axis(x)
        last = x.permute([*[k for k in range(len(x.shape)) if k != axis], axis]) if axis != len(x.shape) - 1 else +x
        rows = last.reshape(-1, self.classes)
        return rows if len(self.rows) == rows.shape[0] else rows[self.rows]

    def own(self, table: Tensor) -> Tensor:
        """Return the entry of its label from each row."""
        return table.reshape(-1)[[k * self.classes + int(e) for k, e in enumerate(self.labels)]]

    def others(self, table: Tensor) -> Tensor:
        """Return the entries of all other classes, ``(rows, classes - 1)``."""
        places = [[k * self.classes + c for c in range(self.classes) if c != e] for k, e in enumerate(self.labels)]
        return table.reshape(-1)[places]

    def weights(self, weight: Operand | None) -> list[Fraction] | Tensor | None:
        """Return the weight of each label: exact numbers, or a tensor when the weights are one."""
        if weight is None:
            return None
        if isinstance(weight, Arithmetic):
            return weight[[int(e) for e in self.labels]]
        entries, shape = array_entries(weight, "weight")
        if shape != (self.classes,):
            raise ShapeError(f"weights of shape {list(shape)} for {self.classes} classes")
        return [entries[int(e)] for e in self.labels]

    def reduce(self, loss: Tensor, weights: list[Fraction] | Tensor | None, reduction: str) -> Tensor:
        """Return the sum, the sum over the total weight, or all entries with 0 where a label does not count."""
        one_of(reduction, ("mean", "sum", "none"), "reduction")
        if reduction == "sum":
            return loss.sum()
        if reduction == "mean":
            total = len(self.labels) if weights is None else sum(weights) if isinstance(weights, list) else weights.sum()
            if not isinstance(total, Arithmetic) and total == 0:
                raise InputError("the weights of all labels are 0, so the loss is 0/0", code="TC124")
            return loss.sum() / total if isinstance(total, Arithmetic) else loss.sum() * (1 / Fraction(total))
        if len(self.rows) < prod(self.shape):
            place = {row: k for k, row in enumerate(self.rows)}
            padded = apply(lambda p, n: p.reindex(("pad", ((0, 1),)), n, p.constant(0)), loss)
            loss = padded[[place.get(k, len(self.rows)) for k in range(prod(self.shape))]]
        return loss.reshape(self.shape)


def nll_loss(input: Arithmetic, target: Labels, weight: Operand | None = None, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """Return ``-w_y x_y`` for log-probabilities ``x`` with the classes on axis 1 (the last axis of a vector).

    The mean divides by the sum of the weights of the labels; labels equal to ``ignore_index`` do not count.
    """
    return _label_loss(input, target, weight, ignore_index, reduction, Fraction(0))


def cross_entropy(
    input: Arithmetic, target: Labels, weight: Operand | None = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: Number = 0,
) -> Tensor:  # fmt: skip
    """Return ``-sum_c q_c log softmax(x)_c`` with the classes on axis 1 (the last axis of a vector).

    ``target``: static integer labels; a tensor of integer labels without the class axis; or class
    probabilities of the shape of ``input``.  With label smoothing ``e`` the distribution ``q`` becomes
    ``(1 - e) q + e/C``.  Weights and means are PyTorch's.
    """
    axis = _class_axis(input)
    e = number(label_smoothing, "label_smoothing")
    logs = log_softmax(input, axis)
    if not _is_soft(input, target):
        return _label_loss(logs, target, weight, ignore_index, reduction, e)
    q = target * (1 - e) + e / input.shape[axis] if e else target
    terms = logs * q
    loss = -(terms if weight is None else terms * _along(weight, axis, len(input.shape))).sum(axis)
    return reduced(loss, reduction)


def focal_loss(
    input: Arithmetic, target: Labels, gamma: Number | Arithmetic = 2, weight: Operand | None = None, reduction: str = "mean"
) -> Tensor:
    """Return ``-w_y (1 - p_y)^gamma log p_y`` with ``p = softmax(x)`` and static labels; ``gamma`` may be learnt.

    ``1 - p_y`` is written as the sum of the other probabilities, which is positive.
    """
    axis = _class_axis(input)
    if _is_soft(input, target) or isinstance(target, Arithmetic):
        raise ShapeError(f"focal_loss of scores of shape {list(input.shape)} needs static integer labels")
    known = StaticLabels(target, input.shape[axis], -100)
    rest = known.others(known.table(activations.softmax(input, axis))).sum(-1)
    loss = -(power(rest, gamma) * known.own(known.table(log_softmax(input, axis))))
    weights = known.weights(weight)
    return known.reduce(loss if weights is None else loss * weights, None, reduction)


def _label_loss(logs: Arithmetic, target: Labels, weight: Operand | None, ignore_index: int, reduction: str, smoothing: Fraction) -> Tensor:
    """Return the loss of integer labels: the label's log-probability, mixed with the mean over all classes."""
    axis = _class_axis(logs)
    classes = logs.shape[axis]
    if _is_soft(logs, target):
        raise ShapeError(f"labels of the shape {list(logs.shape)} of the scores", hint="integer labels have no class axis")
    if isinstance(target, Arithmetic):
        return _computed_labels(logs, target, weight, ignore_index, reduction, smoothing)
    known = StaticLabels(target, classes, ignore_index)
    table = known.table(logs)
    weights = known.weights(weight)
    loss = -known.own(table) if weights is None else -(known.own(table) * weights)
    if smoothing:
        every = -(table if weight is None else table * weight).sum(-1)
        loss = loss * (1 - smoothing) + every * (smoothing / classes)
    return known.reduce(loss, weights, reduction)


def _computed_labels(
    logs: Arithmetic, target: Arithmetic, weight: Operand | None, ignore_index: int, reduction: str, smoothing: Fraction
) -> Tensor:
    """Return the loss of labels that the program receives: a case split by comparing with each class."""
    axis = _class_axis(logs)
    classes = logs.shape[axis]
    kept = apply(lambda p, n: p.compare("ne", n, p.constant(ignore_index)), target)
    counted = 0 <= ignore_index < classes
    hot = one_hot(target, classes) * kept.unsqueeze(-1) if counted else one_hot(target, classes)
    hot = hot.permute([*range(axis), hot.ndim - 1, *range(axis, hot.ndim - 1)])
    column = None if weight is None else _along(weight, axis, hot.ndim)
    own = hot.sum(axis) if column is None else (hot * column).sum(axis)
    loss = -(logs * (hot if column is None else hot * column)).sum(axis)
    if smoothing:
        every = -(logs if column is None else logs * column).sum(axis)
        loss = loss * (1 - smoothing) + (every * kept if counted else every) * (smoothing / classes)
    if reduction != "mean" or (weight is None and not counted):
        return reduced(loss, reduction)
    return loss.sum() / own.sum()


def _class_axis(x: Arithmetic) -> int:
    return 0 if len(x.shape) == 1 else 1


def _is_soft(input: Arithmetic, target: Labels) -> bool:
    shape = target.shape if isinstance(target, Arithmetic) else array_entries(target, "target")[1]
    if tuple(shape) == tuple(input.shape):
        return True
    bare = input.shape[: _class_axis(input)] + input.shape[_class_axis(input) + 1 :]
    if tuple(shape) != tuple(bare):
        raise ShapeError(f"labels of shape {list(shape)} for scores of shape {list(input.shape)}", hint=f"expected {list(bare)}")
    return False


def _along(weight: Operand, axis: int, rank: int) -> Tensor:
    return apply(lambda p, n: p.reindex(("reshape", (p.shape(n)[0], *[1] * (rank - 1 - axis))), n), weight)


# ---------------------------------------------------------------- metric learning


def cosine_embedding_loss(input1: Arithmetic, input2: Arithmetic, target: Operand, margin: Number = 0, reduction: str = "mean") -> Tensor:
    """Return ``1 - cos`` where ``y = 1`` and ``max(cos - margin, 0)`` where ``y = -1``.

    As in PyTorch the cosine is ``x.y / sqrt((|x|^2 + e)(|y|^2 + e))`` with ``e = 1e-12``.
    """
    eps = Fraction(1, 10**12)
    energy = (input1.square().sum(-1) + eps) * (input2.square().sum(-1) + eps)
    c = (input1 * input2).sum(-1) / energy.sqrt()
    far = activations.relu(c - number(margin))
    return reduced(where(_equals(target, 1), 1 - c, 0) + where(_equals(target, -1), far, 0), reduction)


def triplet_margin_loss(
    anchor: Arithmetic, positive: Arithmetic, negative: Arithmetic, margin: Number = 1, p: Number = 2, eps: Number = "1e-6",
    swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Return ``max(d(a, p) - d(a, n) + margin, 0)`` with ``d = |x - y + eps|_p``."""
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(activations.relu(near - far + number(margin)), reduction)


def contrastive_loss(x1: Arithmetic, x2: Arithmetic, target: Operand, margin: Number = 1, reduction: str = "mean") -> Tensor:
    """Return ``y d^2 + (1 - y) max(margin - d, 0)^2`` for labels ``y`` in {0, 1} (Hadsell, Chopra, LeCun 2006)."""
    target = as_tensor(target)
    square = (x1 - x2).square().sum(-1)
    far = activations.relu(number(margin) - square.sqrt()).square()
    return reduced(square * target + far * (1 - target), reduction)


def info_nce_loss(query: Arithmetic, keys: Arithmetic, temperature: Number | Arithmetic = "0.1", reduction: str = "mean") -> Tensor:
    """Return the cross entropy of ``cos(q_i, k_j)/t`` with the label ``i`` in row ``i``: the pairs are positives."""
    scores = cosine_similarity(query.unsqueeze(1), keys.unsqueeze(0), -1, "1e-8")
    t = temperature if isinstance(temperature, Arithmetic) else _positive(temperature, "temperature")
    return cross_entropy(scores / t, list(range(query.shape[0])), reduction=reduction)


def nt_xent_loss(z1: Arithmetic, z2: Arithmetic, temperature: Number = "0.5") -> Tensor:
    """Return the normalised temperature-scaled cross entropy of SimCLR over both views."""
    n = z1.shape[0]
    z = cat([z1, z2], 0)
    scores = cosine_similarity(z.unsqueeze(1), z.unsqueeze(0), -1, "1e-8") / _positive(temperature, "temperature")
    others = [[i * 2 * n + j for j in range(2 * n) if j != i] for i in range(2 * n)]
    labels = [(i + n) % (2 * n) - ((i + n) % (2 * n) > i) for i in range(2 * n)]
    return cross_entropy(scores.reshape(-1)[others], labels)


# ------------------------------------------------------------------- overlap of masks


def dice_loss(input: Arithmetic, target: Operand, smooth: Number = 1, dims: int | Sequence[int] | None = None) -> Tensor:
    """Return ``1 - (2 sum p y + s)/(sum p + sum y + s)``, averaged over what is not summed."""
    return tversky_loss(input, target, "1/2", "1/2", number(smooth) / 2, dims)


def jaccard_loss(input: Arithmetic, target: Operand, smooth: Number = 1, dims: int | Sequence[int] | None = None) -> Tensor:
    """Return ``1 - (sum p y + s)/(sum p + sum y - sum p y + s)``: one minus the intersection over the union."""
    return tversky_loss(input, target, 1, 1, smooth, dims)


iou_loss = jaccard_loss


def tversky_loss(
    input: Arithmetic, target: Operand, alpha: Number = "0.5", beta: Number = "0.5", smooth: Number = 1,
    dims: int | Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """Return ``1 - (t + s)/(t + alpha f + beta m + s)``: true positives, false positives, misses."""
    target = as_tensor(target)
    hit = (input * target).sum(dims)
    false, missed = (input * (1 - target)).sum(dims), ((1 - input) * target).sum(dims)
    s = number(smooth, "smooth")
    return (1 - (hit + s) / (hit + false * number(alpha) + missed * number(beta) + s)).mean()
