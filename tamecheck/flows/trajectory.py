"""What a flow leaves behind: times, states, what was measured on the way, and how far two solvers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tamecheck.errors import InputError


@dataclass
class Trajectory:
    """A solution at chosen times.

    Attributes
    ----------
    times : array (T,)
    states : array (T, P)
    solver : str — method and tolerances
    evaluations : int — of the right-hand side
    error_bar : float or None — largest distance, over all times, from a second solver of another kind
    complete : bool — the horizon was reached
    message : str — why it was not
    events : list of dicts — what happened on the way (kinks met, slides, stops)
    measured : dict of arrays (T,) — diagnostics by name
    """

    times: np.ndarray
    states: np.ndarray
    solver: str
    evaluations: int
    error_bar: float | None = None
    complete: bool = True
    message: str = ""
    events: list[dict] = field(default_factory=list)
    measured: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def last(self) -> np.ndarray:
        """The last state."""
        return self.states[-1]


def output_times(horizon: float, count: int = 65) -> np.ndarray:
    """Return times for output: 0, then spaced evenly in log(1 + t)."""
    return np.expm1(np.linspace(0.0, np.log1p(horizon), count))


def checked_times(horizon: float, times: Sequence[float] | None) -> np.ndarray:
    """Return the output times: those given, if they increase from 0 to at most the horizon, or those of `output_times`.

    Raises
    ------
    InputError
        TC184 times that do not.
    """
    if times is None:
        return output_times(horizon)
    try:
        at = np.asarray(times, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as bad:
        raise InputError("the output times are no list of numbers", code="TC184") from bad
    if len(at) < 2 or not np.all(np.isfinite(at)) or np.any(np.diff(at) <= 0) or at[0] < 0:
        raise InputError("the output times must be at least two, finite, not negative and increasing", code="TC184", hint="times = [0, 1, 10]")
    return at


def arc_length(states: np.ndarray) -> np.ndarray:
    """Return the length so far of the polygon of the directions theta/|theta|, one entry per state."""
    sizes = np.linalg.norm(states, axis=1, keepdims=True)
    u = states / np.where(sizes > 0, sizes, 1.0)
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(u, axis=0), axis=1))])
