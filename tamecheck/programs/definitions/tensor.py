"""Tensor layers as definitions: one door to the functions of four rooms.

* `basics`: means, padding, matrix products;
* `windows`: convolutions and pools;
* `normalisation`: softmax, batch, layer, group and other norms, attention;
* `selection`: one-hot, gather and scatter, resampling.

Each is a plain function ``name(p, x, ...) -> int`` that adds kernel nodes to the program ``p``
and returns the position of the result.
"""

from tamecheck.programs.definitions.basics import (
    along,
    cut,
    gemm,
    matmul,
    mean,
    pad,
    power,
    reshape,
    scaled,
    shifted,
    square,
    stack,
    transpose,
    variance,
)
from tamecheck.programs.definitions.normalisation import (
    attention,
    batch_norm,
    causal_mask,
    group_norm,
    instance_norm,
    inverse_root,
    layer_norm,
    local_response_norm,
    log_softmax,
    logsumexp,
    masked_softmax,
    norm,
    normalize,
    rms_norm,
    softmax,
    standardize,
)
from tamecheck.programs.definitions.selection import (
    cumsum,
    gather_along,
    interpolate,
    one_hot,
    resample,
    scatter_along,
    scatter_flat,
    wrapped,
)
from tamecheck.programs.definitions.windows import (
    avg_pool,
    conv,
    conv_transpose,
    lp_pool,
    max_pool,
    max_pool_index,
    sum_pool,
)
from tamecheck.programs.program import Program

__all__ = [
    "along", "attention", "avg_pool", "batch_norm", "causal_mask", "conv", "conv_transpose", "cumsum", "cut", "gather_along", "gemm",
    "global_avg_pool", "global_max_pool", "group_norm", "instance_norm", "interpolate", "inverse_root", "layer_norm",
    "local_response_norm", "log_softmax", "logsumexp", "lp_pool", "masked_softmax", "matmul", "max_pool", "max_pool_index", "mean",
    "norm", "normalize", "one_hot", "pad", "power", "resample", "reshape", "rms_norm", "scaled", "scatter_along", "scatter_flat",
    "shifted", "softmax", "square", "stack", "standardize", "sum_pool", "transpose", "variance", "wrapped",
]  # fmt: skip


def global_avg_pool(p: Program, x: int, keep: bool = True) -> int:
    """Return the mean over all spatial axes of ``(batch, channels, *spatial)``."""
    return mean(p, x, range(2, len(p.shape(x))), keep)


def global_max_pool(p: Program, x: int, keep: bool = True) -> int:
    """Return the maximum over all spatial axes of ``(batch, channels, *spatial)``."""
    return p.reduce("max", x, range(2, len(p.shape(x))), keep)
