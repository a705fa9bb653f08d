"""Regularisers: functions of the parameters of a module, of one tensor, or of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import prod

from tamecheck.errors import InputError
from tamecheck.programs.builder.hyperparameters import Number, number
from tamecheck.programs.builder.module import Module
from tamecheck.programs.builder.normalisation import singular_values
from tamecheck.programs.builder.tensor import Arithmetic, Tensor, apply, as_tensor, common_trace, place
from tamecheck.programs.builder.trace import Trace

Source = Module | Arithmetic | Iterable[Arithmetic]


def tensors(source: Source) -> list[Tensor]:
    """Return handles on the parameters of a module under their own names, or on the given tensors."""
    if isinstance(source, Module):
        trace = Trace()
        trace.register(source)
        return [Tensor(trace, place(trace, leaf)) for leaf in source.parameters()]
    found = [source] if isinstance(source, Arithmetic) else list(source)
    trace = common_trace(found)
    return [Tensor(trace, place(trace, v)) for v in found]


def _total(source: Source, term: Callable[[Tensor], Tensor], least_rank: int = 0) -> Tensor:
    chosen = [t for t in tensors(source) if t.ndim >= least_rank]
    if not chosen:
        raise InputError("there is nothing to regularise", code="TC127", hint=f"tensors with at least {least_rank} axes are needed")
    total = term(chosen[0])
    for t in chosen[1:]:
        total = total + term(t)
    return total


def l1(source: Source) -> Tensor:
    """Return ``sum |w|``."""
    return _total(source, lambda w: abs(w).sum())


def l2(source: Source) -> Tensor:
    """Return ``sum w^2`` (weight decay)."""
    return _total(source, lambda w: w.square().sum())


def lp(source: Source, p: Number) -> Tensor:
    """Return ``sum |w|^p`` for a positive rational ``p``; below 1 it is not convex."""
    q = number(p, "p")
    if q <= 0:
        raise InputError(f"exponent {q} is not positive", code="TC124")
    from tamecheck.programs.builder.tensor import power

    return _total(source, lambda w: power(abs(w), q).sum())


def elastic_net(source: Source, l1_ratio: Number = "0.5") -> Tensor:
    """Return ``r sum |w| + (1 - r)/2 sum w^2``."""
    r = number(l1_ratio, "l1_ratio")
    return _total(source, lambda w: abs(w).sum() * r + w.square().sum() * ((1 - r) / 2))


def frobenius(source: Source) -> Tensor:
    """Return the sum over tensors of ``sqrt(sum w^2)``."""
    return _total(source, lambda w: w.square().sum().sqrt())


def nuclear(source: Source) -> Tensor:
    """Return the sum of the singular values of every tensor with at least two axes, seen as a matrix."""
    return _total(source, lambda w: singular_values(w).sum(), 2)


def spectral(source: Source) -> Tensor:
    """Return the sum over matrices of the largest singular value."""
    return _total(source, lambda w: singular_values(w)[..., 0].sum(), 2)


def schatten(source: Source, p: Number) -> Tensor:
    """Return the sum over matrices of ``(sum sigma^p)^(1/p)``."""
    return _total(source, lambda w: singular_values(w).norm(p), 2)


def group_lasso(source: Source, dim: int = 0) -> Tensor:
    """Return ``sum_g sqrt(n_g) |w_g|_2``, the groups being the slices along ``dim`` of every tensor with two axes or more."""

    def term(w: Tensor) -> Tensor:
        axes = tuple([k for k in range(w.ndim) if k != dim % w.ndim])
        size = prod([w.shape[k] for k in axes])
        return w.norm(2, axes).sum() * apply(lambda p: p.map("sqrt", p.constant(size)))

    return _total(source, term, 2)


def total_variation(source: Source, dims: int | Iterable[int] = -1, p: Number = 1) -> Tensor:
    """Return the sum over the axes of ``|difference of neighbours|^p``: anisotropic total variation."""
    from tamecheck.programs.builder.tensor import power

    chosen = [dims] if isinstance(dims, int) else list(dims)

    def term(x: Tensor) -> Tensor:
        parts = []
        for d in chosen:
            before = (slice(None),) * (d % x.ndim)
            gap = abs(x[(*before, slice(1, None))] - x[(*before, slice(None, -1))])
            parts.append(power(gap, number(p, "p")).sum())
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    return _total(source, term, 1)


def orthogonality(source: Source) -> Tensor:
    """Return ``|W W^T - I|^2`` summed over matrices (rows of ``W`` are the first axis)."""

    def term(w: Tensor) -> Tensor:
        m = w.reshape(w.shape[0], -1)
        eye = [[int(i == j) for j in range(m.shape[0])] for i in range(m.shape[0])]
        return (m @ m.T - eye).square().sum()

    return _total(source, term, 2)


def log_barrier(source: Source) -> Tensor:
    """Return ``-sum log w`` on the positive orthant."""
    return _total(source, lambda w: -w.log().sum())


def entropy_bonus(logits: Arithmetic, dim: int = -1) -> Tensor:
    """Return the mean negative entropy of ``softmax(logits)``: ``sum p log p`` with ``log p`` a log-softmax."""
    from tamecheck.programs.builder.activations import log_softmax, softmax

    return (softmax(logits, dim) * log_softmax(logits, dim)).sum(dim).mean()


def activity(x: Arithmetic, p: Number = 1) -> Tensor:
    """Return the mean of ``|x|^p`` over the entries of an activation."""
    from tamecheck.programs.builder.tensor import power

    return power(abs(as_tensor(x)), number(p, "p")).mean()


class Regulariser(Module):
    """A regulariser with a weight, as a module: ``nn.L2(1e-4)(model)``."""

    function: Callable[..., Tensor]

    def __init__(self, weight: Number = 1, **options: object) -> None:
        self._weight, self._options = number(weight, "weight"), options

    def extra_repr(self) -> str:
        """Return the weight."""
        return f"weight={self._weight}"

    def __call__(self, source: Source) -> Tensor:
        """Return the weighted regulariser of a module or of tensors."""
        return type(self).function(source, **self._options) * Fraction(self._weight)


def _regulariser(title: str, function: Callable[..., Tensor]) -> type[Regulariser]:
    doc = (function.__doc__ or "").splitlines()[0]
    return type(title, (Regulariser,), {"function": staticmethod(function), "__doc__": doc, "__module__": __name__})


CLASSES: dict[str, type[Regulariser]] = {
    title: _regulariser(title, function)
    for title, function in {
        "L1": l1, "L2": l2, "Lp": lp, "ElasticNet": elastic_net, "Frobenius": frobenius, "Nuclear": nuclear, "Spectral": spectral,
        "Schatten": schatten, "GroupLasso": group_lasso, "TotalVariation": total_variation, "Orthogonality": orthogonality,
    }.items()
}  # fmt: skip
