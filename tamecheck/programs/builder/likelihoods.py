"""Negative log-likelihoods, divergences and the loss of sequence alignment.

Where a parameter of a distribution has to be positive it is used as given: make it so with
``softplus`` or ``exp``, and the prover sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tamecheck.errors import InputError, ShapeError
from tamecheck.programs.builder.activations import lbeta, log_softmax, logsumexp, softplus, xlogy
from tamecheck.programs.builder.hyperparameters import Number, at_least, number
from tamecheck.programs.builder.indexing import static_indices
from tamecheck.programs.builder.losses import reduced
from tamecheck.programs.builder.module import cat, maximum, stack, where
from tamecheck.programs.builder.tensor import Arithmetic, Operand, Tensor, apply, as_tensor
from tamecheck.programs.definitions import scalar

HALF = Fraction(1, 2)


def log_two_pi() -> Tensor:
    """Return the constant ``log(2 pi)``."""
    return apply(lambda p: p.map("log", p.map("mul", p.constant(2), p.map("pi"))))


def kl_div(input: Arithmetic, target: Operand, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Return ``y (log y - x)`` for log-probabilities ``x``; ``y log y`` is 0 at 0; ``log_target``: the target is ``log y``.

    The reductions are PyTorch's, with ``"batchmean"``: the sum divided by the first extent.
    """
    y = as_tensor(target)
    loss = y.exp() * (y - input) if log_target else xlogy(y, y) - input * y
    return loss.sum() * Fraction(1, loss.shape[0]) if reduction == "batchmean" else reduced(loss, reduction)


def poisson_nll_loss(
    input: Arithmetic, target: Operand, log_input: bool = True, full: bool = False, eps: Number = "1e-8", reduction: str = "mean"
) -> Tensor:
    """Return ``exp(x) - y x``, or ``x - y log(x + eps)``; ``full`` adds Stirling's ``y log y - y + log(2 pi y)/2`` where ``y > 1``."""
    loss = input.exp() - input * target if log_input else input - (input + number(eps)).log() * target
    if full:
        y = as_tensor(target)
        safe = maximum(y, 1)
        stirling = safe * safe.log() - safe + (log_two_pi() + safe.log()) * HALF
        loss = loss + where(y > 1, stirling, 0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Arithmetic, target: Operand, var: Operand, full: bool = False, eps: Number = "1e-6", reduction: str = "mean"
) -> Tensor:
    """Return ``(log v + (x - y)^2/v)/2`` with ``v = max(var, eps)`` (``v = var`` for eps 0); ``full`` adds ``log(2 pi)/2``."""
    least = number(eps, "eps")
    v = maximum(var, least) if least else as_tensor(var)
    loss = (v.log() + (input - target).square() / v) * HALF
    return reduced(loss + log_two_pi() * HALF if full else loss, reduction)


def laplace_nll_loss(input: Arithmetic, target: Operand, scale: Operand, reduction: str = "mean") -> Tensor:
    """Return ``log(2 b) + |x - y|/b``."""
    b = as_tensor(scale)
    return reduced((b * 2).log() + abs(input - target) / b, reduction)


def student_t_nll_loss(input: Arithmetic, target: Operand, scale: Operand, df: Operand, reduction: str = "mean") -> Tensor:
    """Return ``-log`` of the Student t density at ``y`` with location ``x``, a scale and degrees of freedom, all of which may be learnt.

    ``log Z = log s + log(nu)/2 + log(pi)/2 + lgamma(nu/2) - lgamma((nu+1)/2)``, and the loss is
    ``log Z + (nu+1)/2 log(1 + ((y-x)/s)^2/nu)``.
    """
    s, nu = as_tensor(scale), as_tensor(df)
    half_log_pi = apply(lambda p: p.map("mul", p.map("log", p.map("pi")), p.constant(HALF)))
    z = s.log() + nu.log() * HALF + half_log_pi + (nu * HALF).lgamma() - ((nu + 1) * HALF).lgamma()
    ratio = ((target - input) / s).square() / nu
    return reduced(z + (nu + 1) * HALF * (ratio + 1).log(), reduction)


def gamma_nll_loss(shape: Operand, rate: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``-log`` of the Gamma density at ``y > 0``."""
    a, b, y = as_tensor(shape), as_tensor(rate), as_tensor(target)
    return reduced(a.lgamma() - a * b.log() - (a - 1) * y.log() + b * y, reduction)


def beta_nll_loss(a: Operand, b: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``-log`` of the Beta density at ``y`` in (0, 1)."""
    first, second, y = as_tensor(a), as_tensor(b), as_tensor(target)
    return reduced(lbeta(first, second) - (first - 1) * y.log() - (second - 1) * (1 - y).log(), reduction)


def dirichlet_nll_loss(concentration: Arithmetic, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``-log`` of the Dirichlet density at a point of the open simplex; the last axis is the simplex."""
    y = as_tensor(target)
    log_b = concentration.lgamma().sum(-1) - concentration.sum(-1).lgamma()
    return reduced(log_b - ((concentration - 1) * y.log()).sum(-1), reduction)


def negative_binomial_nll_loss(total_count: Operand, logits: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return ``-log`` of the negative binomial probability of ``y``; ``logits`` are those of a success, as in PyTorch."""
    r, z, y = as_tensor(total_count), as_tensor(logits), as_tensor(target)
    normalisation = (r + y).lgamma() - (y + 1).lgamma() - r.lgamma()
    return reduced(-normalisation + r * softplus(z) + y * softplus(-z), reduction)


def evidential_loss(
    gamma: Operand, nu: Operand, alpha: Operand, beta: Operand, target: Operand, weight: Number = "0.01", reduction: str = "mean"
) -> Tensor:
    """Return the evidential regression loss (Amini et al. 2020): a Student t likelihood plus ``weight |y - gamma| (2 nu + alpha)``.

    ``nu, beta > 0`` and ``alpha > 1`` are the parameters of the normal-inverse-gamma distribution.
    """
    mean, v, a, b, y = [as_tensor(t) for t in (gamma, nu, alpha, beta, target)]
    omega = b * 2 * (v + 1)
    half_log = (apply(lambda p: p.map("log", p.map("pi"))) - v.log()) * HALF
    fit = half_log - a * omega.log() + (a + HALF) * ((y - mean).square() * v + omega).log() + a.lgamma() - (a + HALF).lgamma()
    return reduced(fit + abs(y - mean) * (v * 2 + a) * number(weight), reduction)


def vae_loss(reconstruction: Arithmetic, mean: Arithmetic, log_var: Arithmetic, beta: Number = 1, reduction: str = "mean") -> Tensor:
    """Return a reconstruction term plus ``beta`` times ``KL(N(mean, exp(log_var)) | N(0, 1))``, summed over the last axis."""
    kl = ((mean.square() + log_var.exp() - log_var - 1) * HALF).sum(-1)
    return reduced(reconstruction + kl * number(beta), reduction)


# -------------------------------------------------------------- connectionist alignment


def ctc_loss(
    log_probs: Arithmetic, targets: Sequence, input_lengths: Sequence[int] | None = None, target_lengths: Sequence[int] | None = None,
    blank: int = 0, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Return ``-log`` of the sum over all alignments of the product of their probabilities.

    ``log_probs`` is ``(time, batch, classes)`` or ``(time, classes)``, log-probabilities; ``targets`` are
    static labels: one sequence, a list of sequences, or one padded row per sample with
    ``target_lengths``.  The sum is finite and is written out by dynamic programming, in
    probabilities, over the states that an alignment can reach; the logarithm comes last.  The
    mean divides by the lengths of the targets first, as in PyTorch.
    """
    single = len(log_probs.shape) == 2
    x = log_probs.unsqueeze(1) if single else log_probs
    if len(x.shape) != 3:
        raise ShapeError(f"ctc_loss of shape {list(log_probs.shape)}: expected (time, batch, classes)")
    time, batch, classes = x.shape
    rows = _label_rows(targets, target_lengths, batch, single)
    lengths = [time] * batch if input_lengths is None else [at_least(n, 1, "input length") for n in input_lengths]
    if len(rows) != batch or len(lengths) != batch or max(lengths) > time:
        raise ShapeError(f"{len(rows)} targets and {len(lengths)} lengths for {batch} samples of {time} steps")
    if not 0 <= blank < classes:
        raise InputError(f"blank {blank} is not a class from 0 to {classes - 1}", code="TC124")
    probabilities = x.exp()
    losses = []
    for k, row in enumerate(rows):
        labels = static_indices(list(row), classes, "label")[0] if len(row) else ()
        if blank in labels:
            raise InputError("the blank occurs in a target", code="TC124")
        loss = -_alignments(probabilities[:, k], labels, lengths[k], blank).log()
        losses.append(loss * Fraction(1, max(len(labels), 1)) if reduction == "mean" else loss)
    total = stack(losses, 0)
    return total[0] if single and reduction == "none" else reduced(total, reduction)


def _label_rows(targets: Sequence, lengths: Sequence[int] | None, batch: int, single: bool) -> list[list]:
    rows = targets.tolist() if hasattr(targets, "tolist") else list(targets)
    flat = not rows or not isinstance(rows[0], (list, tuple))
    if flat and lengths is not None and not single:
        ends = [sum([int(n) for n in lengths[: k + 1]]) for k in range(len(lengths))]
        return [rows[end - int(n) : end] for end, n in zip(ends, lengths, strict=True)]
    if flat:
        rows = [rows]
    if lengths is None:
        return [list(r) for r in rows]
    sizes = [lengths] if hasattr(lengths, "__index__") else lengths
    return [list(r)[: int(n)] for r, n in zip(rows, sizes, strict=True)]


def _alignments(probabilities: Tensor, labels: Sequence[int], time: int, blank: int) -> Tensor:
    """Return the total probability of the alignments of one sample; ``probabilities`` is ``(time, classes)``.

    State ``2 j`` is the blank before label ``j`` and ``2 j + 1`` is label ``j``.  A vector holds the states
    that are reachable and from which the end can still be reached; each sum has a term that is
    positive, so that positivity is visible.
    """
    states = [blank if s % 2 == 0 else labels[s // 2] for s in range(2 * len(labels) + 1)]
    before = [
        [q for q in (s, s - 1, s - 2) if q >= 0 and (q != s - 2 or (s % 2 == 1 and states[s] != states[q]))] for s in range(len(states))
    ]
    final = {len(states) - 1, max(len(states) - 2, 0)}
    useful = [set(final)]
    for _ in range(time - 1):
        useful.append({q for s in useful[-1] for q in before[s]})
    useful.reverse()
    alive = sorted({0, 1} & useful[0] & set(range(len(states))))
    if not alive:
        raise InputError(f"no alignment of {len(labels)} labels fits in {time} steps: the loss is infinite", code="TC124")
    alpha = probabilities[0][[states[s] for s in alive]]
    for t in range(1, time):
        place = {s: k for k, s in enumerate(alive)}
        alive = [s for s in sorted(useful[t]) if any(q in place for q in before[s])]
        spare = len(place)
        sources = [[place[q] for q in before[s] if q in place] for s in alive]
        total = alpha[[s[0] for s in sources]]
        if max(map(len, sources)) > 1:
            padded = cat([alpha, _zero()], 0)
            for k in range(1, max(map(len, sources))):
                total = total + padded[[s[k] if k < len(s) else spare for s in sources]]
        alpha = total * probabilities[t][[states[s] for s in alive]]
    return alpha[[k for k, s in enumerate(alive) if s in final]].sum()


def _zero() -> Tensor:
    return apply(lambda p: p.constant(0, (1,)))


def gaussian_mixture_nll_loss(
    logits: Arithmetic, means: Arithmetic, scales: Arithmetic, target: Operand, reduction: str = "mean"
) -> Tensor:
    """Return ``-log sum_k softmax(logits)_k N(y; mean_k, scale_k^2)``; the last axis is the mixture."""
    y = as_tensor(target).unsqueeze(-1)
    logs = -(((y - means) / scales).square() + log_two_pi()) * HALF - scales.log()
    return reduced(-logsumexp(log_softmax(logits, -1) + logs, -1), reduction)


def entropy(probabilities: Arithmetic, dim: int = -1) -> Tensor:
    """Return ``-sum p log p``, with 0 at ``p = 0``."""
    return apply(scalar.entr, probabilities).sum(dim)
