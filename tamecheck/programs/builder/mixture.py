"""Mixtures of experts with top-k routing, and layers of one-variable splines."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, factorial

from tamecheck.errors import InputError
from tamecheck.programs.builder import activations
from tamecheck.programs.builder.dense import Linear, one_hot
from tamecheck.programs.builder.hyperparameters import Number, at_least, number, one_of
from tamecheck.programs.builder.leaves import Parameter
from tamecheck.programs.builder.module import Layer, Module, as_layer, einsum, stack, where
from tamecheck.programs.builder.tensor import Tensor


class MixtureOfExperts(Module):
    """``sum_e w_e(x) expert_e(x)`` with weights that vanish outside the ``top_k`` best scores.

    The scores are ``gate(x)``; the best are chosen by rank (ties to the first expert), which is
    definable over the order alone.  All experts are written down; the weights select.

    Parameters
    ----------
    experts : sequence of layers — on ``(…, dim)``
    top_k : int
    weights : "selected" — softmax over the chosen scores (Mixtral); "all" — the entries of the softmax
        over all scores (Switch); "sigmoid" — their sigmoids, divided by the sum over the chosen
    """

    def __init__(
        self, dim: int, experts: Sequence[Layer], top_k: int = 2, weights: str = "selected", bias: bool = False, shared: Layer | None = None
    ) -> None:
        self.gate = Linear(dim, len(experts), bias)
        self.experts = [as_layer(e) for e in experts]
        self.shared = shared
        self.top_k = at_least(top_k, 1, "top_k")
        self.weights = one_of(weights, ("selected", "all", "sigmoid"), "weights")
        if top_k > len(experts):
            raise InputError(f"top_k {top_k} of {len(experts)} experts", code="TC124")

    def extra_repr(self) -> str:
        """Return the counts."""
        return f"experts={len(self.experts)}, top_k={self.top_k}, weights={self.weights!r}"

    def routing(self, x: Tensor) -> Tensor:
        """Return the weights of all experts, ``(…, experts)``: zero outside the chosen ones."""
        scores = self.gate(x)
        values, places = scores.topk(self.top_k, -1)
        chosen = one_hot(places, len(self.experts))
        if self.weights == "selected":
            shares = activations.softmax(values, -1)
        elif self.weights == "all":
            return activations.softmax(scores, -1) * chosen.sum(-2)
        else:
            raw = activations.sigmoid(values)
            shares = raw / raw.sum(-1, keepdim=True)
        return (shares.unsqueeze(-1) * chosen).sum(-2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the weighted sum of the experts."""
        weights = self.routing(x)
        results = stack([expert(x) for expert in self.experts], -2)
        total = (weights.unsqueeze(-1) * results).sum(-2)
        return total if self.shared is None else total + self.shared(x)


class SplineLinear(Module):
    """A Kolmogorov-Arnold layer: a learnt spline on every edge, plus a base function.

    ``y_o = sum_i a_oi silu(x_i) + sum_i sum_j c_oij B_j(x_i)`` with the B-splines of a uniform grid on
    ``[low, high]`` with ``intervals`` cells.  The splines are sums of truncated powers
    ``max(x - t, 0)^k``, so that their smoothness is visible; outside the grid they vanish.
    """

    def __init__(
        self, in_features: int, out_features: int, intervals: int = 5, degree: int = 3, low: Number = -1, high: Number = 1,
        base: Layer | str | None = "silu",
    ) -> None:  # fmt: skip
        self.in_features, self.degree = in_features, at_least(degree, 1, "degree")
        self.intervals = at_least(intervals, 1, "intervals")
        self._low, self._high = number(low, "low"), number(high, "high")
        if self._low >= self._high:
            raise InputError("the grid of a spline layer is empty", code="TC124")
        self.base = None if base is None else as_layer(base)
        self.base_weight = None if base is None else Parameter((out_features, in_features))
        self.spline_weight = Parameter((out_features, in_features, intervals + degree))

    def extra_repr(self) -> str:
        """Return the extents and the grid."""
        out, width, _ = self.spline_weight.shape
        return f"{width}, {out}, intervals={self.intervals}, degree={self.degree}"

    def basis(self, x: Tensor) -> Tensor:
        """Return all B-splines of every entry, in a new last axis of extent ``intervals + degree``.

        With the step h and u = (x - t_j)/h: ``B_j = sum_i (-1)^i C(k+1, i) max(u - i, 0)^k / k!``.
        """
        k, step = self.degree, (self._high - self._low) / self.intervals
        u = ((x - self._low) * (1 / step)).unsqueeze(-1)
        knots = [Fraction(m - k) for m in range(self.intervals + 2 * k + 1)]
        above = u - knots
        ramps = activations.relu(above) if k == 1 else where(above > 0, above**k, 0)  # C^(k-1) either way, and visibly so
        count = self.intervals + k
        weights = [(-1) ** i * Fraction(comb(k + 1, i), factorial(k)) for i in range(k + 2)]
        total = ramps[..., 0:count] * weights[0]
        for i in range(1, k + 2):
            total = total + ramps[..., i : i + count] * weights[i]
        return total

    def forward(self, x: Tensor) -> Tensor:
        """Apply all edges and add."""
        self.expect(x.ndim > 0 and x.shape[-1] == self.in_features, f"a last axis of extent {self.in_features}", x)
        lead = "abcdefgh"[: x.ndim - 1]
        y = einsum(f"{lead}ij,oij->{lead}o", self.basis(x), self.spline_weight)
        if self.base is None or self.base_weight is None:
            return y
        return y + einsum(f"{lead}i,oi->{lead}o", self.base(x), self.base_weight)


class FourierFeatures(Module):
    """``sin(2 pi B x), cos(2 pi B x)`` with a static matrix ``B`` of shape ``(features, dim)``, or a learnt one.

    Definable in no o-minimal structure unless ``x`` and ``B`` are bounded.
    """

    def __init__(self, matrix: object | None = None, dim: int = 1, features: int = 8) -> None:
        self.matrix = Parameter((features, dim)) if matrix is None else None
        self._static = matrix

    def forward(self, x: Tensor) -> Tensor:
        """Return the features, sines first."""
        from tamecheck.programs.builder.dense import linear
        from tamecheck.programs.builder.module import cat
        from tamecheck.programs.builder.tensor import apply

        two_pi = apply(lambda p: p.map("mul", p.constant(2), p.map("pi")))
        waves = linear(x, self._static if self.matrix is None else self.matrix) * two_pi
        return cat([waves.sin(), waves.cos()], -1)


class Siren(Module):
    """``sin(omega (W x + b))``: the layer of sine networks (Sitzmann et al. 2020)."""

    def __init__(self, in_features: int, out_features: int, omega: Number = 30) -> None:
        self.linear = Linear(in_features, out_features)
        self._omega = number(omega, "omega")

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        return (self.linear(x) * self._omega).sin()
