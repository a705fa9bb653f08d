"""The kind ``reindex``: entries of arrays taken to new places, for arrays of numbers and of anything else.

Nothing is computed here, so one piece of code serves evaluation and every lowering.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def select(parameters: tuple, arguments: Sequence, shape: tuple, filler: object) -> np.ndarray:
    """Return the entries that a node of kind ``reindex`` selects.

    Parameters
    ----------
    parameters : as in the node: what is done, and with which axes
    arguments : arrays of shape as in the program
    shape : of the result
    filler : what ``pad`` fills with, as an entry
    """
    import numpy as np

    how, x = parameters[0], arguments[0]
    if how == "reshape":
        return x.reshape(shape)
    if how == "transpose":
        return x.transpose(parameters[1])
    if how == "expand":
        return np.broadcast_to(x, shape)
    if how == "slice":
        for axis, (start, step, length) in enumerate(parameters[1]):
            if (start, step, length) != (0, 1, x.shape[axis]):
                x = np.take(x, np.arange(length) * step + start, axis)
        return x
    if how == "gather":
        return np.take(x, np.array(parameters[2], dtype=np.int64).reshape(parameters[3]), axis=parameters[1])
    if how == "pad":
        return np.pad(x, parameters[1], constant_values=filler)
    if how == "concat":
        return np.concatenate(arguments, axis=parameters[1])
    if how == "windows":
        return windows(x, *parameters[1:])
    return np.diagonal(x, axis1=-2, axis2=-1)


def windows(x: np.ndarray, axes: tuple, sizes: tuple, strides: tuple, dilations: tuple) -> np.ndarray:
    """Return all windows along some axes: positions in place of these axes, offsets behind all others."""
    import numpy as np

    reach = [d * (s - 1) + 1 for s, d in zip(sizes, dilations, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, reach, axis=axes)
    pick: list[slice] = [slice(None)] * view.ndim
    for k, a in enumerate(axes):
        pick[a], pick[x.ndim + k] = slice(None, None, strides[k]), slice(None, None, dilations[k])
    return view[tuple(pick)]
