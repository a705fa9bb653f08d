"""Discrete descents of losses with exponential tails: normalised steepest descent in a norm, Adam, stochastic (sub)gradients.

Steps are taken along the gradient of log L, so they do not vanish with the loss.  A step of size eta_k = eta/sqrt(1 + k/hold) in the norm
belongs to the flow theta' = argmin <d, g> over |d| <= 1 of Tsilivis, Gronich, Vardi, Kempe (arXiv 2410.22069).
"""

from __future__ import annotations

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.margins import Margins
from tamecheck.flows.steepest import _adam, direction
from tamecheck.flows.system import checked
from tamecheck.flows.trajectory import Trajectory


def normalised_descent(
    m: Margins, initial: object, norm: str, steps: int, step: float, *, hold: float = 2000.0, loss: str = "exp", outputs: int = 33
) -> Trajectory:  # fmt: skip
    """Return the iterates of normalised steepest descent in l1, l2, l_inf or the spectral norm.

    Raises
    ------
    InputError
        TC184 a step that is not positive, TC186 another norm, TC181 numbers that are not finite.
    """
    return _iterate(m, initial, steps, step, hold, outputs, loss, lambda g: direction(g, norm, m.vector), f"steepest descent in {norm}")


def adam(
    m: Margins, initial: object, steps: int, step: float, *, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 0.0, hold: float = 2000.0,
    loss: str = "exp", outputs: int = 33,
) -> Trajectory:  # fmt: skip
    """Return the iterates of Adam on the gradient of log L; with betas (0, 0) and epsilon 0 it is sign descent."""
    return _iterate(m, initial, steps, step, hold, outputs, loss, _adam(m.vector.size, betas, epsilon), f"Adam {betas}")


def _iterate(m: Margins, initial: object, steps: int, step: float, hold: float, outputs: int, loss: str, move, name: str) -> Trajectory:
    if not (step > 0 and np.isfinite(step) and steps >= 1 and hold > 0):
        raise InputError("step size, number of steps and hold must be positive", code="TC184")
    theta = _start(m, initial)
    kept = _kept(steps, outputs)
    times, states = [0.0], [theta.copy()]
    for k in range(steps):
        theta += step / np.sqrt(1 + k / hold) * move(-m.pull(theta, loss))
        if k + 1 in kept:
            times.append(float(k + 1))
            states.append(theta.copy())
    return Trajectory(np.array(times), np.array(states), f"{name}, {steps} steps of {step:g}", steps)


def stochastic(
    m: Margins, initial: object, steps: int, step: float, *, batch: int = 1, seed: int = 0, loss: str = "exp", outputs: int = 33
) -> Trajectory:  # fmt: skip
    """Return the iterates of theta <- theta - step/batch * sum over a random batch of grad l(q_i), with constant steps.

    The derivative at kinks is that of the rule of ``m``.  Batches are drawn without replacement within a batch; the run depends on the seed only.

    Raises
    ------
    InputError
        TC184 a step or batch that is not positive or too large, TC187 the iterates ran away.
    """
    if not (step > 0 and np.isfinite(step) and steps >= 1 and 1 <= batch <= m.count):
        raise InputError(f"step and steps must be positive, the batch from 1 to {m.count}", code="TC184")
    from tamecheck.flows.margins import log_slopes

    theta, rng, kept = _start(m, initial), np.random.default_rng(seed), _kept(steps, outputs)
    times, states = [0.0], [theta.copy()]
    for k in range(1, steps + 1):
        chosen = rng.integers(m.count, size=1) if batch == 1 else rng.choice(m.count, batch, replace=False)
        weights = np.zeros(m.count)
        weights[chosen] = np.exp(np.minimum(log_slopes(m.q(theta)[chosen], loss), 300.0)) / batch
        theta += step * m.combined(theta, weights)
        if k in kept:
            if not np.all(np.isfinite(theta)) or np.abs(theta).max() > 1e150:
                raise InputError(f"the iterates ran away by step {k}", code="TC187", where=f"step size {step:g}", hint="a smaller step")
            times.append(float(k))
            states.append(theta.copy())
    return Trajectory(np.array(times), np.array(states), f"stochastic gradient, batch {batch}, {steps} steps of {step:g}", steps)


def _start(m: Margins, initial: object) -> np.ndarray:
    theta = checked(np.asarray(initial, dtype=np.float64).reshape(-1)).copy()
    if theta.size != m.vector.size:
        raise InputError(f"the initial vector has {theta.size} entries, there are {m.vector.size} variables", code="TC125")
    return theta


def _kept(steps: int, outputs: int) -> set[int]:
    return set(np.unique(np.rint(np.expm1(np.linspace(0, np.log1p(steps), outputs)))).astype(int).tolist())
