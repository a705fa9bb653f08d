"""Flows and descents of the sum of exponential or logistic losses of labelled samples, and what is measured on them.

================ ==================================================================
log_inverse_loss log 1/L
log_time         log t (gradient flow only; the times of a trajectory are logarithmic, ds = L dt)
norm             |theta|
normalised       q_min/|theta|^M, M the degree
smoothed         l^{-1}(L)/|theta|^M
modified         (l^{-1}(L) - p_a(|theta|))/|theta|^M, for near-homogeneous networks
arc              length of the curve of directions theta/|theta|
misalignment     1 - <theta, -grad L>/(|theta||grad L|)
================ ==================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.log_flow import log_flow
from tamecheck.flows.margin_descent import adam, normalised_descent, stochastic
from tamecheck.flows.margins import Margins
from tamecheck.flows.stationarity import margins_of
from tamecheck.flows.steepest import NORMS
from tamecheck.flows.trajectory import Trajectory, arc_length

KINDS = ("gradient", "subgradient", *NORMS, "adam", "sgd")


def run_labelled(
    m: Margins, theta: np.ndarray, kind: str, *, loss: str = "exp", goal: float = 1e3, steps: int = 10_000, step: float = 0.05, hold: float = 2000.0,
    batch: int = 1, seed: int = 0, smooth: bool = False, rtol: float = 1e-9, atol: float = 1e-11,
) -> Trajectory:  # fmt: skip
    """Return the run of one kind; flows end when log 1/L reaches the goal, descents after the steps.

    Raises
    ------
    InputError
        TC186 another kind, TC116 a loss for which the kind is not made; otherwise as the flows and descents themselves.
    """
    if kind == "gradient":
        return log_flow(m, theta, goal, loss=loss, smooth=smooth, rtol=rtol, atol=atol)
    if kind == "subgradient":
        from tamecheck.flows.filippov import log_subgradient_flow

        if loss != "exp":
            raise InputError("the subgradient flow is made for the exponential loss", code="TC116", hint='loss = "exp"')
        return log_subgradient_flow(m, theta, goal, rtol=rtol, atol=atol)
    if kind in NORMS:
        return normalised_descent(m, theta, NORMS[kind], steps, step, hold=hold, loss=loss)
    if kind == "adam":
        return adam(m, theta, steps, step, hold=hold, loss=loss)
    if kind == "sgd":
        return stochastic(m, theta, steps, step, batch=batch, seed=seed, loss=loss)
    raise InputError(f"there is no flow {kind!r} of margins", code="TC186", hint="one of " + ", ".join(KINDS))


def measured(m: Margins, run: Trajectory, degree: float | None, gap: Sequence[float], loss: str) -> dict[str, np.ndarray]:
    """Return the measurements, one entry per time; margins only where a degree is known."""
    found: dict[str, np.ndarray] = {
        "log_inverse_loss": np.array([-m.log_loss(theta, loss) for theta in run.states]), "norm": np.linalg.norm(run.states, axis=1),
        "arc": run.measured.get("arc", arc_length(run.states)),
    }  # fmt: skip
    if "log_time" in run.measured:
        found["log_time"] = run.measured["log_time"]
    if degree is not None and degree > 0:
        good = found["norm"] > 0
        rows = [margins_of(m, theta, degree, loss, tuple(gap)) if g else None for theta, g in zip(run.states, good, strict=True)]
        for name in ("normalised", "smoothed", *(["modified"] if any(gap) else [])):
            found[name] = np.array([np.nan if row is None else row[name] for row in rows])
    found["misalignment"] = np.array([_misalignment(m, theta, loss) for theta in run.states])
    return found


def _misalignment(m: Margins, theta: np.ndarray, loss: str) -> float:
    v = m.combined(theta, m.weights(theta, loss))
    size = float(np.linalg.norm(theta) * np.linalg.norm(v))
    return 1 - float(theta @ v) / size if size else float("nan")
