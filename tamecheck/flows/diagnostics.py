"""What is measured along a trajectory of theta' = -grad F; each with its formula.

grad F is the least element of the subdifferential at kinks.

========= =====================================================================
loss      F(theta)
norm      |theta|
gradient  |grad F(theta)|
cerami    |theta| |grad F(theta)|: tends to 0 along some sequence when theta runs to infinity (asymptotic critical value)
growth    d log|theta| / d log t = t <theta, theta'> / |theta|^2: the exponent k of |theta| ~ t^k
decay     d log F / d log t = -t |grad F|^2 / F: the exponent of F
sharpness largest eigenvalue of the Hessian; gradient descent with step h is unstable where it exceeds 2/h
========= =====================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.subgradients import least_element
from tamecheck.flows.system import System
from tamecheck.flows.trajectory import Trajectory

DEFAULT = ("loss", "norm", "gradient", "cerami", "growth", "decay")
ALL = (*DEFAULT, "sharpness")


def known(names: Sequence[str]) -> None:
    """Refuse names that are no diagnostics.

    Raises
    ------
    InputError
        TC185 an unknown diagnostic.
    """
    unknown = [n for n in names if n not in ALL]
    if unknown:
        raise InputError(f"there is no diagnostic {unknown[0]!r}", code="TC185", hint="one of " + ", ".join(ALL))


def measure(system: System, trajectory: Trajectory, names: Sequence[str] = DEFAULT) -> dict[str, np.ndarray]:
    """Return diagnostics by name, one entry per time; they are stored in the trajectory, too."""
    known(names)
    rows = [_at(system, t, theta, names) for t, theta in zip(trajectory.times, trajectory.states, strict=True)]
    found = {name: np.array([row[name] for row in rows]) for name in names}
    trajectory.measured.update(found)
    return found


def _at(system: System, t: float, theta: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    value, slope = system.value(theta), least_element(system, theta)
    norm, steep = float(np.linalg.norm(theta)), float(np.linalg.norm(slope))
    with np.errstate(all="ignore"):
        row = {
            "loss": value, "norm": norm, "gradient": steep, "cerami": norm * steep,
            "growth": float(-t * (theta @ slope) / norm**2) if norm else 0.0, "decay": float(-t * steep**2 / value) if value else 0.0,
        }  # fmt: skip
    if "sharpness" in names:
        row["sharpness"] = sharpness(system, theta)
    return row


def sharpness(system: System, theta: np.ndarray) -> float:
    """Return the largest eigenvalue of the Hessian: all of it for few parameters, Lanczos' method for many."""
    if system.size <= 64:
        return float(np.linalg.eigvalsh(system.hessian(theta))[-1])
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((system.size, system.size), matvec=lambda v: system.hessian_product(theta, v), dtype=np.float64)
    return float(eigsh(operator, k=1, which="LA", return_eigenvectors=False, v0=np.ones(system.size))[0])
