"""Discrete methods: gradient descent, steepest descent in other norms, Adam.

Steepest descent in a norm moves along the direction d of norm 1 with the least <d, g>, times the dual norm of g unless
normalised: l2 (gradient descent), l_inf (sign descent), l1 (coordinate descent), spectral (matrices: -U V' of the
singular value decomposition, vectors: l2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.system import System, Vector, checked
from tamecheck.flows.trajectory import Trajectory

NORMS = {"gd": "l2", "sign": "l_inf", "coordinate": "l1", "spectral": "spectral"}
LARGEST = 1e150


def direction(gradient: np.ndarray, norm: str, vector: Vector | None = None) -> np.ndarray:
    """Return the direction of norm 1 with the least inner product with the gradient; ties go to the first coordinate."""
    if norm == "l2":
        size = np.linalg.norm(gradient)
        return -gradient / size if size else np.zeros_like(gradient)
    if norm == "l_inf":
        return -np.sign(gradient)
    if norm == "l1":
        found = np.zeros_like(gradient)
        k = int(np.argmax(np.abs(gradient)))
        found[k] = -np.sign(gradient[k])
        return found
    if norm == "spectral":
        return _spectral(gradient, vector)
    raise InputError(f"there is no norm {norm!r}", code="TC186", hint="l1, l2, l_inf or spectral")


def _spectral(gradient: np.ndarray, vector: Vector | None) -> np.ndarray:
    if vector is None:
        raise InputError("the spectral norm needs the shapes of the variables", code="TC186")
    found = np.zeros_like(gradient)
    for name, place in vector.places.items():
        part = gradient[place].reshape(vector.shapes[name])
        if part.ndim == 2:
            u, s, v = np.linalg.svd(part, full_matrices=False)
            keep = s > 1e-14 * max(float(s[0]), 1e-300) if len(s) else s > 0
            found[place] = -(u[:, keep] @ v[keep]).reshape(-1)
        elif part.size:
            size = np.linalg.norm(part)
            found[place] = -part.reshape(-1) / size if size else 0.0
    return found


def dual_norm(gradient: np.ndarray, norm: str, vector: Vector | None = None) -> float:
    """Return the dual norm, -<direction, gradient>."""
    return float(-direction(gradient, norm, vector) @ gradient)


def size_in(theta: np.ndarray, norm: str, vector: Vector | None = None) -> float:
    """Return the norm itself: l1, l2, l_inf, or the largest of the spectral norms of the matrices and l2 norms of the vectors."""
    if norm == "spectral":
        if vector is None:
            raise InputError("the spectral norm needs the shapes of the variables", code="TC186")
        parts = [theta[place].reshape(vector.shapes[name]) for name, place in vector.places.items()]
        return max([float(np.linalg.norm(p, 2)) if p.ndim == 2 else float(np.linalg.norm(p)) for p in parts], default=0.0)
    order = {"l1": 1, "l2": 2, "l_inf": np.inf}.get(norm)
    if order is None:
        raise InputError(f"there is no norm {norm!r}", code="TC186", hint="l1, l2, l_inf or spectral")
    return float(np.linalg.norm(theta, order))


def descend(
    system: System, initial: object, kind: str, steps: int, step: float, *, normalised: bool = False, decay: float = 0.0, power: float = 0.5,
    betas: tuple = (0.9, 0.999), epsilon: float = 1e-8, outputs: int = 65, gradient: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Trajectory:  # fmt: skip
    """Return the iterates of a discrete method; the times are step sizes added up.

    Parameters
    ----------
    kind : "gd", "sign", "coordinate", "spectral" or "adam"
    step : step size; with ``decay`` d it is step/(1 + d k)^power at step k
    normalised : move by the step size in the norm, instead of by the step size times the dual norm of the gradient
    outputs : how many iterates are kept, evenly spaced in log(1 + k)
    gradient : what is taken for the gradient of the system, for instance one on samples that are drawn

    Raises
    ------
    InputError
        TC184 a step size or number of steps that is not positive; TC186 an unknown kind; TC187 the iterates ran away: the step is too large.
    """
    if not (step > 0 and np.isfinite(step) and steps >= 1 and 0 <= decay < np.inf and 0 <= power <= 1):
        raise InputError("step size and number of steps must be positive, decay not negative, power from 0 to 1", code="TC184")
    theta = checked(np.asarray(initial, dtype=np.float64).reshape(-1)).copy()
    move = _adam(theta.size, betas, epsilon) if kind == "adam" else _steepest(system, kind, normalised)
    kept = set(np.unique(np.rint(np.expm1(np.linspace(0, np.log1p(steps), outputs)))).astype(int).tolist())
    times, states, time = [0.0], [theta.copy()], 0.0
    for k in range(1, steps + 1):
        size = step / (1 + decay * (k - 1)) ** power if decay else step
        theta += size * move((gradient or system.gradient)(theta))
        time += size
        if not np.all(np.abs(theta) < LARGEST):
            raise InputError(f"the iterates ran away at step {k}", code="TC187", where=f"step size {step:g}", hint="a smaller step")
        if k in kept:
            times.append(time)
            states.append(theta.copy())
    return Trajectory(np.array(times), np.array(states), f"{kind}, {steps} steps of {step:g}", steps)


def _steepest(system: System, kind: str, normalised: bool) -> Callable[[np.ndarray], np.ndarray]:
    norm = NORMS.get(kind)
    if norm is None:
        raise InputError(f"there is no method {kind!r}", code="TC186", hint="one of " + ", ".join([*NORMS, "adam"]))

    def move(g: np.ndarray) -> np.ndarray:
        d = direction(g, norm, system.vector)
        return d if normalised else d * float(-d @ g)

    return move


def _adam(size: int, betas: tuple[float, float], epsilon: float) -> Callable[[np.ndarray], np.ndarray]:
    """Adam (Kingma, Ba 2015) with bias correction; with betas (0, 0) and epsilon 0 it is sign descent."""
    first, second, state = np.zeros(size), np.zeros(size), iter(_powers(betas))

    def move(g: np.ndarray) -> np.ndarray:
        b1, b2 = betas
        first[:] = b1 * first + (1 - b1) * g
        second[:] = b2 * second + (1 - b2) * g * g
        c1, c2 = next(state)
        root = np.sqrt(second / c2) + epsilon
        return -np.divide(first / c1, root, out=np.zeros(size), where=root > 0)

    return move


def _powers(betas: tuple[float, float]) -> Iterator[tuple[float, float]]:
    p = q = 1.0
    while True:
        p, q = p * betas[0], q * betas[1]
        yield 1 - p, 1 - q
