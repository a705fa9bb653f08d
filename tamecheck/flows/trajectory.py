"""What a flow leaves behind: times, states, what was measured on the way, and how far two solvers agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


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
