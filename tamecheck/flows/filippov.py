"""Subgradient flow theta' in -conv dF(theta) of functions with kinks: smooth pieces, crossings, slides.

Between events the activation pattern is fixed and the field is smooth.  When a switching function changes sign, the time is located on
the dense output; there, the velocity is the element of least norm of the convex hull of the neighbouring fields (which is what a
solution does for almost every time, for path-differentiable functions), and its normal speeds tell which kinks are crossed and along
which the flow slides.  While it slides, the masks of the sliding kinks are such that the normal speeds vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tamecheck.errors import InputError
from tamecheck.flows.margins import Margins
from tamecheck.flows.patterns import Group, Patterned, grouped, with_masks
from tamecheck.flows.system import System, checked
from tamecheck.flows.trajectory import Trajectory, arc_length, checked_times, output_times

TOUCHING = 1e-11
"""|h| below this times its scale counts as on the kink."""
MAXIMAL_EVENTS = 20_000
INSIDE = 1e-9


class Regime(NamedTuple):
    """A pattern, and the groups of kinks along which the flow slides."""

    mask: np.ndarray
    sliding: tuple[Group, ...]

    @property
    def kinks(self) -> list[int]:
        """The kinks along which it slides."""
        return [k for group in self.sliding for k, _ in group]


def subgradient_flow(
    system: System, initial: object, horizon: float, *, times: Sequence[float] | None = None, rtol: float = 1e-10, atol: float = 1e-12,
    second: bool = True,
) -> Trajectory:  # fmt: skip
    """Return the subgradient flow up to the horizon; the second run, for the error bar, has tolerances 30 times larger.

    Raises
    ------
    InputError
        TC189 operations whose kinks cannot be followed; TC114 the start lies on a kink that repels on both sides, so that
        solutions are not unique; TC115 events accumulate.
    """
    start = checked(np.asarray(initial, dtype=np.float64).reshape(-1))
    if start.size != system.size:
        raise InputError(f"the initial vector has {start.size} entries, there are {system.size} variables", code="TC125")
    if not (0 < horizon < np.inf and rtol > 0):
        raise InputError("horizon and tolerances must be positive and finite", code="TC184")
    at = checked_times(horizon, times)
    found = _Run(Patterned(system), rtol, atol).run(start, at)
    if second:
        other = _Run(Patterned(system), 30 * rtol, 30 * atol).run(start, at)
        shared = min(len(found.states), len(other.states))
        found.error_bar = float(np.max(np.linalg.norm(found.states[:shared] - other.states[:shared], axis=1)))
    return found


def log_subgradient_flow(
    margins: Margins, initial: object, goal: float, *, rtol: float = 1e-9, atol: float = 1e-11, longest: float = 1e6, outputs: int = 400,
) -> Trajectory:  # fmt: skip
    """Return the subgradient flow of the exponential loss of networks with kinks until log 1/L = goal, in the time ds = L dt.

    ``measured`` holds ``log_inverse_loss`` and ``arc``, the length of the polygon of the directions theta/|theta| that are kept.

    Raises
    ------
    InputError
        TC117 the goal is not above the initial value of log 1/L; otherwise as `subgradient_flow`.
    """
    system = margins.log_system()
    start = checked(np.asarray(initial, dtype=np.float64).reshape(-1))
    if start.size != system.size:
        raise InputError(f"the initial vector has {start.size} entries, there are {system.size} variables", code="TC125")
    first = -system.value(start)
    if not first < goal < np.inf:
        raise InputError(f"log 1/L is {first:.6g} at the start, the goal is {goal:.6g}", code="TC117", hint="a larger goal")
    found = _Run(Patterned(system), rtol, atol).run(start, output_times(longest, outputs), lambda theta: -system.value(theta) >= goal)
    inverse = np.array([-system.value(theta) for theta in found.states])
    found.complete = bool(inverse[-1] >= goal)
    if not found.complete:
        found.message = found.message or f"log 1/L reached {inverse[-1]:.6g} only"
    found.measured.update(log_inverse_loss=inverse, arc=arc_length(found.states))
    return found


class _Run:
    def __init__(self, f: Patterned, rtol: float, atol: float) -> None:
        self.f = f
        self.rtol, self.atol = rtol, atol
        self.evaluations = 0
        self.events: list[dict] = []

    # ------------------------------------------------------------------ fields

    def field(self, theta: np.ndarray, mask: np.ndarray) -> np.ndarray:
        self.evaluations += 1
        return -self.f.at(theta, mask)[1]

    def frame(self, theta: np.ndarray, mask: np.ndarray, groups: Sequence[Group]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the field with the masks of the groups 0, the columns that the masks add, and the normals."""
        base = with_masks(mask, groups, [0.0] * len(groups))
        f0 = self.field(theta, base)
        columns = [self.field(theta, with_masks(base, [g], [1.0])) - f0 for g in groups]
        normals = [self.f.normal(theta, base, g[0][0]) for g in groups]
        return f0, np.array(columns).T, np.array(normals)

    def weights(self, theta: np.ndarray, regime: Regime) -> np.ndarray:
        """Return the masks of the sliding groups for which their normal speeds vanish."""
        f0, columns, normals = self.frame(theta, regime.mask, regime.sliding)
        return np.linalg.lstsq(normals @ columns, -normals @ f0, rcond=None)[0]

    def velocity(self, theta: np.ndarray, regime: Regime) -> np.ndarray:
        if not regime.sliding:
            return self.field(theta, regime.mask)
        return self.field(theta, with_masks(regime.mask, regime.sliding, np.clip(self.weights(theta, regime), -0.5, 1.5)))

    # ----------------------------------------------------------------- deciding

    def decide(self, theta: np.ndarray, mask: np.ndarray, touched: Sequence[int], time: float) -> Regime:
        """Return the regime after the kinks in ``touched`` are met."""
        from scipy.optimize import lsq_linear

        if not touched:
            return Regime(mask.copy(), ())
        groups = grouped(touched, [self.f.normal(theta, mask, k) for k in touched])
        f0, columns, normals = self.frame(theta, mask, groups)
        size = np.linalg.norm(columns)
        if size <= 1e-300:
            return Regime(with_masks(mask, groups, (normals @ f0 > 0).astype(float)), ())
        alpha = lsq_linear(columns, -f0, bounds=(0.0, 1.0), tol=1e-14, lsmr_tol="auto").x if len(groups) > 1 else _single(columns[:, 0], f0)
        v = f0 + columns @ alpha
        speeds = normals @ v
        scale = np.linalg.norm(normals, axis=1) * max(float(np.linalg.norm(f0)), size) + 1e-300
        sliding, chosen = [], []
        for j, group in enumerate(groups):
            inside = INSIDE < alpha[j] < 1 - INSIDE
            if inside and abs(speeds[j]) <= 1e-7 * scale[j] and np.linalg.norm(columns[:, j]) > 1e-13 * size:
                if normals[j] @ columns[:, j] > 0:
                    text = f"solutions are not unique: a kink repels on both sides at t = {time:.6g}"
                    raise InputError(text, code="TC114", hint="another initial state")
                sliding.append(group)
                chosen.append(alpha[j])
            else:
                chosen.append(float(speeds[j] > 0) if abs(speeds[j]) > 1e-12 * scale[j] else float(alpha[j] > 0.5))
        return Regime(with_masks(mask, groups, chosen), tuple(sliding))

    def project(self, theta: np.ndarray, mask: np.ndarray, kinks: Sequence[int]) -> np.ndarray:
        """Return the point moved onto the kinks, by Newton steps of least length."""
        theta = theta.copy()
        for _ in range(3):
            h = self.f.at(theta, mask)[2][list(kinks)]
            if not len(h) or np.max(np.abs(h)) <= 1e-15:
                break
            normals = np.array([self.f.normal(theta, mask, k) for k in kinks])
            theta -= np.linalg.lstsq(normals, h, rcond=None)[0]
        return theta

    def guards(self, theta: np.ndarray, regime: Regime) -> np.ndarray:
        """Return functions that stay positive within the regime: s h for free kinks, alpha and 1 - alpha for sliding ones."""
        signs = 2 * regime.mask - 1
        h = self.f.at(theta, self._settled(theta, regime))[2]
        free = signs * h
        if regime.sliding:
            free[regime.kinks] = 1.0
            alpha = self.weights(theta, regime)
            return np.concatenate([free, alpha, 1 - alpha])
        return free

    def _settled(self, theta: np.ndarray, regime: Regime) -> np.ndarray:
        if not regime.sliding:
            return regime.mask
        return with_masks(regime.mask, regime.sliding, [0.5] * len(regime.sliding))

    # ------------------------------------------------------------------ running

    def run(self, theta: np.ndarray, at: np.ndarray, stop: Callable[[np.ndarray], bool] | None = None) -> Trajectory:
        mask, h = self.f.pattern(theta)
        scale = 1 + np.abs(h).max(initial=0.0)
        time, end = float(at[0]), float(at[-1])
        regime = self.decide(theta, mask, [int(k) for k in np.flatnonzero(np.abs(h) <= TOUCHING * scale)], time)
        states = [theta.copy()]
        pending = list(at[1:])
        while time < end:
            if len(self.events) > MAXIMAL_EVENTS:
                return self._finish(at, states, False, f"more than {MAXIMAL_EVENTS} events before t = {time:.6g}")
            time, theta, hit = self.piece(time, theta, regime, end, pending, states, stop)
            if hit is None:
                break
            theta, regime = self.switch(time, theta, regime, hit)
        return self._finish(at, states, True, "")

    def _finish(self, at: np.ndarray, states: list[np.ndarray], complete: bool, message: str) -> Trajectory:
        solver = f"events on DOP853, rtol {self.rtol:g}, atol {self.atol:g}"
        return Trajectory(at[: len(states)], np.array(states), solver, self.evaluations, None, complete, message, self.events)

    def piece(self, time: float, theta: np.ndarray, regime: Regime, end: float, pending: list[float], states: list[np.ndarray],
              stop: Callable[[np.ndarray], bool] | None = None) -> tuple:  # fmt: skip
        """Integrate within a regime to the first event or the end; return time, state and the guards that fail."""
        from scipy.integrate import DOP853

        solver = DOP853(lambda t, y: self.velocity(y, regime), time, theta, end, rtol=self.rtol, atol=self.atol)
        before = self.guards(theta, regime)
        while solver.status == "running":
            message = solver.step()
            if solver.status == "failed":
                raise InputError(f"the solver failed at t = {solver.t:.6g}: {message}", code="TC115", hint="other tolerances")
            dense = solver.dense_output()
            crossing = self.first(dense, solver.t_old, solver.t, regime, before)
            reached = solver.t if crossing is None else crossing[0]
            while pending and pending[0] <= reached:
                states.append(dense(pending.pop(0)))
                if stop is not None and stop(states[-1]):
                    return reached, states[-1], None
            if crossing is not None:
                return crossing[0], dense(crossing[0]), crossing[1]
            before = self.guards(solver.y, regime)
        return solver.t, solver.y, None

    def first(self, dense, start: float, end: float, regime: Regime, before: np.ndarray) -> tuple[float, list[int]] | None:
        """Return the first time in a step at which a guard that was not negative becomes negative, and all guards that do so then."""
        from scipy.optimize import brentq

        low, values = start, before
        for part in range(1, 5):
            high = start + (end - start) * part / 4
            following = self.guards(dense(high), regime)
            broken = [int(k) for k in np.flatnonzero((following < 0) & ((values > 0) | (following < -1e-9)))]
            if broken:
                found = []
                for k in broken:
                    def guard(t: float, k=k) -> float:
                        return float(self.guards(dense(t), regime)[k])
                    found.append((brentq(guard, low, high, xtol=1e-15 * (1 + abs(high)), rtol=8.9e-16) if guard(low) > 0 else low, k))
                earliest = min(found)[0]
                return earliest, [k for t, k in found if t <= earliest + 1e-13 * (1 + abs(earliest))]
            low, values = high, following
        return None

    def switch(self, time: float, theta: np.ndarray, regime: Regime, hit: list[int]) -> tuple[np.ndarray, Regime]:
        """Return the state on the kinks and the regime after an event."""
        count, m = self.f.count, len(regime.sliding)
        touched = {k for k in hit if k < count}
        leaving = {regime.sliding[(k - count) % m] for k in hit if k >= count}
        candidates = sorted(touched | set(regime.kinks))
        theta = self.project(theta, self._settled(theta, regime), candidates)
        candidates = self.companions(theta, regime, candidates)
        new = self.decide(theta, regime.mask, candidates, time)
        for group in [g for g in new.sliding if g in leaving]:  # alpha has reached 0 or 1: it must leave
            alpha = self.weights(theta, new)[new.sliding.index(group)]
            mask = with_masks(new.mask, [group], [float(alpha > 0.5)])
            new = Regime(mask, tuple([g for g in new.sliding if g != group]))
        self.record(time, regime, new, touched)
        return theta, new

    def companions(self, theta: np.ndarray, regime: Regime, kinks: list[int]) -> list[int]:
        """Return the kinks and those others that the point touches on the same surfaces."""
        mask = self._settled(theta, regime)
        h = self.f.at(theta, mask)[2]
        near = [int(k) for k in np.flatnonzero(np.abs(h) <= TOUCHING * (1 + np.abs(h).max(initial=0.0))) if int(k) not in kinks]
        if not near or not kinks:
            return kinks
        groups = grouped([*kinks, *near], [self.f.normal(theta, mask, k) for k in [*kinks, *near]])
        return sorted({k for g in groups if any(j in kinks for j, _ in g) for k, _ in g})

    def record(self, time: float, old: Regime, new: Regime, touched: set[int]) -> None:
        begun, ended = sorted(set(new.kinks) - set(old.kinks)), sorted(set(old.kinks) - set(new.kinks))
        parts = []
        if begun:
            parts.append(f"slides along kinks {', '.join(map(str, begun))}")
        if ended:
            parts.append(f"leaves kinks {', '.join(map(str, ended))}")
        crossed = sorted(touched - set(begun))
        if crossed:
            parts.append(f"crosses kinks {', '.join(map(str, crossed))}")
        self.events.append({"time": time, "text": "; ".join(parts) or "touches a kink", "sliding": new.kinks})


def _single(column: np.ndarray, f0: np.ndarray) -> np.ndarray:
    """Return the minimiser of |f0 + alpha column| over [0, 1]."""
    return np.clip(np.array([-(column @ f0) / (column @ column)]), 0.0, 1.0)
