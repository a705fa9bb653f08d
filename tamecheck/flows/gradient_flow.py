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
MAXIMAL_EVALUATIONS = 5_000_000
STILL = 100
"""Steps without progress in time after which a run ends."""
LARGEST = 1e140


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
        jumps = [k for k in system.kinks if k in ("rint", "floor", "ceil", "sign")]
        text = f"the function has {'jumps' if jumps else 'kinks'} ({', '.join(jumps or system.kinks)}): smooth solvers fail there without notice"
        raise InputError(text, code="TC183", hint="a function without rounding and signs" if jumps else 'kind = "subgradient"')
    if not (0 < horizon < np.inf and rtol > 0 and atol >= 0):
        raise InputError("horizon and tolerances must be positive and finite", code="TC184")
    start = checked(np.asarray(initial, dtype=np.float64).reshape(-1))
    if start.size != system.size:
        raise InputError(f"the initial vector has {start.size} entries, there are {system.size} variables", code="TC125")
    system.certified_smooth = system.certified_smooth or smooth
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
    """Step one of SciPy's solvers by hand: runs that blow up or stand still end with a message instead of hanging."""
    import warnings

    from scipy import integrate

    options = {"jac": lambda t, theta: -system.hessian(theta)} if system.size <= LARGEST_DENSE else {}
    states, times, message, still = [start.copy()], [float(at[0])], "", 0
    waiting = [float(t) for t in at[1:]]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            solver = getattr(integrate, method)(
                lambda t, theta: -system.gradient(theta), float(at[0]), start, float(at[-1]), rtol=rtol, atol=atol, **options
            )
            while waiting and not message:
                message = _stepped(solver)
                still = still + 1 if solver.t == solver.t_old else 0
                if still > STILL or solver.nfev > MAXIMAL_EVALUATIONS:
                    message = "the steps became too short" if still > STILL else f"more than {MAXIMAL_EVALUATIONS} evaluations"
                if waiting[0] <= solver.t and not message:
                    dense = solver.dense_output()
                    while waiting and waiting[0] <= solver.t:
                        times.append(waiting.pop(0))
                        states.append(np.array(dense(times[-1])))
            evaluations = int(solver.nfev)
        except ValueError as bad:  # LAPACK refuses matrices that are not finite
            message, evaluations = str(bad), 0
    good = int(np.argmin([*[bool(np.all(np.isfinite(x))) for x in states], False]))
    complete = good == len(at)
    if not complete:
        reached = times[good - 1] if good else float(at[0])
        message = f"{method} stopped after t = {reached:.6g}: {message or 'the state is not finite'}"
    name = f"{method}, rtol {rtol:g}, atol {atol:g}"
    return Trajectory(np.array(times[:good]), np.array(states[:good]), name, evaluations, None, complete, "" if complete else message)


def _stepped(solver) -> str:
    """Make a step; return why no other can follow, or nothing."""
    text = solver.step()
    if solver.status == "failed":
        return text or "the solver failed"
    size = float(np.abs(solver.y).max(initial=0.0))
    return "" if size < LARGEST else f"the state ran away, the largest entry is {size:.3g}"
