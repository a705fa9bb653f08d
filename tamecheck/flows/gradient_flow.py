"""Gradient flow theta' = -grad F(theta) of smooth functions, to long times, with an error bar from a second solver.

The default solver is LSODA, which turns implicit by itself when the flow becomes stiff: explicit methods need steps in
proportion to the horizon.  The second solver is Radau with the exact Hessian, a method of another family.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.system import System, checked
from tamecheck.flows.trajectory import Trajectory, checked_times

RELATIVE, ABSOLUTE = 1e-10, 1e-12
LARGEST_DENSE = 512
"""Parameters up to which a dense Hessian is handed to the implicit solver."""
MAXIMAL_STEPS = 2_000_000


def gradient_flow(
    system: System, initial: object, horizon: float, *, times: Sequence[float] | None = None, rtol: float = RELATIVE,
    atol: float = ABSOLUTE, smooth: bool = False, second: bool = True, solver: str = "scipy",
) -> Trajectory:  # fmt: skip
    """Return the gradient flow from an initial vector up to the horizon.

    Parameters
    ----------
    times : output times, increasing, from 0 to at most the horizon; 65 by default, evenly spaced in log(1 + t)
    smooth : the function is known (certified) to be continuously differentiable although it has operations with kinks
    second : solve again with another method, for the error bar
    solver : "scipy" (LSODA, checked by Radau), "heyoka" or "diffrax" (extras, checked by LSODA)

    Raises
    ------
    InputError
        TC183 the function has kinks, so that no smooth solver can be trusted; TC181 values that are not finite; TC184 a horizon or
        tolerance that is not positive, or output times that do not increase; TC186 another solver; TC148 a solver that is not installed.
    """
    if not system.smooth and not smooth:
        raise InputError(
            f"the function has kinks ({', '.join(system.kinks)}): smooth solvers fail there without notice", code="TC183",
            hint='kind = "subgradient"',
        )  # fmt: skip
    if not (0 < horizon < np.inf and rtol > 0 and atol >= 0):
        raise InputError("horizon and tolerances must be positive and finite", code="TC184")
    start = checked(np.asarray(initial, dtype=np.float64).reshape(-1))
    if start.size != system.size:
        raise InputError(f"the initial vector has {start.size} entries, there are {system.size} variables", code="TC125")
    first_value, slope = system.value_and_gradient(start)
    if not (np.isfinite(first_value) and np.all(np.isfinite(slope))):
        raise InputError("the function or its gradient is not finite at the initial point", code="TC181")
    at = checked_times(horizon, times)
    found = _first(system, start, at, solver, rtol, atol)
    if second:
        if solver == "scipy":
            other = _solve(system, start, at, "Radau", max(rtol * 10, 1e-12), max(atol * 10, 1e-14))
        else:
            other = _solve(system, start, at, "LSODA", max(rtol, 1e-12), max(atol, 1e-14))
        shared = min(len(found.times), len(other.times))
        found.error_bar = float(np.max(np.linalg.norm(found.states[:shared] - other.states[:shared], axis=1)))
        found.evaluations += other.evaluations
    return found


def _first(system: System, start: np.ndarray, at: np.ndarray, solver: str, rtol: float, atol: float) -> Trajectory:
    if solver == "scipy":
        return _solve(system, start, at, "LSODA", rtol, atol)
    if solver == "heyoka":
        from tamecheck.flows import heyoka_solver

        return heyoka_solver.solve(system, start, at, rtol)
    if solver == "diffrax":
        from tamecheck.flows import jax_solver

        return jax_solver.solve(system, start, at, rtol, atol)
    raise InputError(f"there is no solver {solver!r}", code="TC186", hint="scipy, heyoka or diffrax")


def _solve(system: System, start: np.ndarray, at: np.ndarray, method: str, rtol: float, atol: float) -> Trajectory:
    from scipy.integrate import solve_ivp

    options = {}
    if system.size <= LARGEST_DENSE:
        options["jac"] = lambda t, theta: -system.hessian(theta)
    with np.errstate(all="ignore"):
        solution = solve_ivp(
            lambda t, theta: -system.gradient(theta), (float(at[0]), float(at[-1])), start, method=method, t_eval=at, rtol=rtol, atol=atol, **options
        )
    states = solution.y.T
    good = np.all(np.isfinite(states), axis=1)
    complete = solution.status == 0 and bool(np.all(good)) and len(states) == len(at)
    message = "" if complete else f"{method} stopped at t = {solution.t[-1] if len(solution.t) else at[0]:.6g}: {solution.message}"
    return Trajectory(at[: len(states)][good], states[good], f"{method}, rtol {rtol:g}, atol {atol:g}", int(solution.nfev), None, complete, message)
