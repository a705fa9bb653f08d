"""Rigorous enclosures of gradient flows: where the flow is, as a theorem.

Over a step of length h the numerical path z is the Taylor polynomial of the flow at its start, with exact dyadic coefficients.
Ball arithmetic bounds the defect |z' + grad F(z)| on the whole step, and the least eigenvalue m of the Hessian of F on a tube of
radius R around z. If rho is a bound of |theta - z| at the start of the step then

    |theta - z| <= exp(-m s) rho + d (1 - exp(-m s))/m,   0 <= s <= h,

as long as the right-hand side stays below R, by Gronwall's inequality for |theta - z|^2; so theta never leaves the tube.  Nothing is wrapped in
boxes, and the cost is that of Taylor series and one Hessian per step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_series

from tamecheck.errors import BudgetExceeded, InputError
from tamecheck.flows.balls import Balls, Length
from tamecheck.flows.enclosing import Field, ball, boxed, coefficient, down, dyadic, exact_sum, shifted, split, up, value
from tamecheck.flows.system import System, checked

BITS = 106
ORDER = 18
SMALLEST = 2.0**-30
LONG_BITS = 128
TOLERANCE = 1e-17
"""Defect times step of an implicit step, relative to 1 + |theta|: what one step may add to the radius."""


@dataclass
class Enclosure:
    """The flow at some times: |theta(t_k) - centres_k| <= radii_k in the Euclidean norm.

    ``norm`` and ``value`` return certified lower and upper bounds.
    """

    times: list[float]
    centres: list[list[arb]]
    radii: list[float]
    steps: int
    system: System

    @property
    def radius(self) -> float:
        """The largest radius."""
        return max(self.radii)

    def norm(self, k: int = -1) -> tuple[float, float]:
        """Return bounds of |theta(t_k)|."""
        with Length(1, BITS):
            size = sum([c * c for c in self.centres[k]], arb(0)).sqrt()
            return max(down(size - ball(self.radii[k])), 0.0), up(size + ball(self.radii[k]))

    def value(self, k: int = -1) -> tuple[float, float]:
        """Return bounds of F(theta(t_k))."""
        with Length(1, BITS):
            box = boxed(self.centres[k], self.radii[k])
            found = Balls(self.system.graph, [self.system.target])(split(self.system, box), False)[0]
            return down(found.item()), up(found.item())

    def mid(self, k: int = -1) -> np.ndarray:
        """Return the centre in doubles."""
        return np.array([float(c.mid()) for c in self.centres[k]])


def enclose(
    system: System, initial: Sequence[float], times: Sequence[float], *, step: float | None = None, stop: Callable[[Enclosure], bool] | None = None,
    longest: int = 200_000, stiff: bool = False,
) -> Enclosure:  # fmt: skip
    """Return enclosures of the gradient flow at the given times.

    Parameters
    ----------
    initial : doubles, taken as exact
    times : increasing, positive; doubles, taken as exact
    step : the largest step; chosen from the curvature if not given
    stop : is asked after every given time; the flow ends when it says so
    stiff : implicit steps, as long as the solution allows (see `tamecheck.flows.long_steps`): for flows that creep along a valley for very long

    Raises
    ------
    InputError
        TC145 operations without enclosures (kinks); TC181 values that are not finite.
    BudgetExceeded
        TC302 more steps than ``longest``; ``partial`` is the enclosure so far.
    """
    theta = checked(np.asarray(initial, dtype=np.float64).reshape(-1))
    if theta.size != system.size:
        raise InputError(f"the initial vector has {theta.size} entries, there are {system.size} variables", code="TC125")
    run = _Long(system, step) if stiff else _Run(system, step)
    if not len(times) or not all(np.isfinite(t) and t > 0 for t in times) or any(a >= b for a, b in zip(times, times[1:], strict=False)):
        raise InputError("the times must be positive, finite and increasing", code="TC184")
    with Length(ORDER + 1, BITS):
        centre, radius, now = [arb(float(x)) for x in theta], 0.0, 0.0
        found = Enclosure([0.0], [centre], [0.0], 0, system)
        for goal in times:
            while now < goal:
                if found.steps >= longest:
                    raise BudgetExceeded(f"{longest} steps reach t = {now:.6g}", found, code="TC302")
                h = min(run.suggested(), goal - now)
                h, centre, radius = run.advance(centre, radius, h)
                now = goal if h == goal - now else exact_sum(now, h)
                found.steps += 1
            found.times.append(float(goal))
            found.centres.append(centre)
            found.radii.append(radius)
            if stop is not None and stop(found):
                break
    return found


class _Run:
    def __init__(self, system: System, step: float | None) -> None:
        self.field = Field(system)
        self.step = step
        self._last = step if step is not None else 1.0

    def suggested(self) -> float:
        return self._last

    def taylor(self, centre: list[arb]) -> list[list[arb]]:
        """Return, for every component, exact dyadic coefficients next to those of the flow from the centre."""
        coefficients = [[c.mid()] for c in centre]
        for k in range(ORDER - 1):
            with Length(k + 1, BITS):
                z = [arb_series(list(c)) for c in coefficients]
                f = self.field(z, True)
            for c, s in zip(coefficients, f, strict=True):
                c.append((coefficient(s, k) / (k + 1)).mid())
        return coefficients

    def advance(self, centre: list[arb], radius: float, h: float) -> tuple[float, list[arb], float]:
        """Return the step taken, the next centre and the next radius."""
        coefficients = self.taylor(centre)
        h = self._fitting(coefficients, h)
        while True:
            h = dyadic(h)
            defect = self._defect(coefficients, h)
            found = None if defect is None else self._radius(coefficients, h, radius, defect)
            if found is not None:
                break
            h /= 2
            if h < SMALLEST:
                raise InputError("the enclosure was lost: the field grows too fast", code="TC146", hint="a shorter horizon")
        self._last = 2 * h if self.step is None else min(2 * h, self.step)
        last = [value(c, arb(h)) for c in coefficients]
        slack = sum([x.rad() ** 2 for x in last], arb(0)).upper().sqrt()
        return h, [x.mid() for x in last], up(ball(found) + slack)

    def _fitting(self, coefficients: list[list[arb]], h: float) -> float:
        """Return a step for which the last Taylor terms are below 1e-20."""
        last = max([float(abs(c[-1]).mid()) for c in coefficients])
        return h if last == 0 else min(h, (1e-20 / last) ** (1 / (ORDER - 1)))

    def _defect(self, coefficients: list[list[arb]], h: float) -> float | None:
        """Return a bound of |z' - field(z)| on [0, h]: the coefficients of low order at 0, and one of high order over the step."""
        with Length(ORDER, BITS):
            at_start = self.field([arb_series(list(c)) for c in coefficients], True)
            spread = arb(h / 2, h / 2)
            moved = [arb_series(shifted(c, spread)) for c in coefficients]
            over = self.field(moved, True)
        total = arb(0)
        for c, s, r in zip(coefficients, at_start, over, strict=True):
            size = arb(0)
            for k in range(ORDER - 1):
                own = (k + 1) * c[k + 1] if k + 1 < len(c) else arb(0)
                size += abs(own - coefficient(s, k)) * arb(h) ** k
            size += abs(coefficient(r, ORDER - 1)) * arb(h) ** (ORDER - 1)
            total += size.abs_upper() ** 2
        found = total.upper().sqrt()
        return up(found) if found.is_finite() else None

    def _radius(self, coefficients: list[list[arb]], h: float, radius: float, defect: float) -> float | None:
        """Return the radius at the end of the step, or None when the tube is too narrow."""
        tube = 2 * (radius + defect * h) + 1e-30
        z = [value(c, arb(h / 2, h / 2)) for c in coefficients]
        box = [x + arb(0, tube) for x in z]
        m = self._least_eigenvalue(box)
        if m is None:
            return None
        rate, length = -ball(m), arb(h)
        growth = (rate * length).exp()
        gain = (growth - 1) / rate if not rate.contains(0) else length * growth.union(arb(1))
        end = growth * ball(radius) + ball(defect) * gain
        largest = growth.union(arb(1))
        during = largest * ball(radius) + ball(defect) * length * largest
        return up(end) if up(during) < tube else None

    def _least_eigenvalue(self, box: list[arb]) -> float | None:
        """Return a lower bound of the least eigenvalue of the Hessian over a box, by discs after a rotation."""
        with Length(1, BITS):
            n = len(box)
            hessian = []
            for k in range(n):
                hessian.append(self.field.product(box, k, False))
            if not all(x.is_finite() for row in hessian for x in row):
                return None
            middle = np.array([[float(x.mid()) for x in row] for row in hessian])
            if n == 1:
                return down(hessian[0][0])
            vectors = np.linalg.eigh((middle + middle.T) / 2)[1]
            return _discs(hessian, vectors)


class _Long:
    """The same interface for implicit steps: a step that fails is shortened, one that follows a success is longer."""

    def __init__(self, system: System, step: float | None) -> None:
        from tamecheck.flows.long_steps import LongSteps

        self.steps = LongSteps(Field(system), LONG_BITS)
        self.largest = np.inf if step is None else step
        self._last = min(self.largest, 2.0**-4)
        self._grow = 1.5

    def suggested(self) -> float:
        return self._last

    def advance(self, centre: list[arb], radius: float, h: float) -> tuple[float, list[arb], float]:
        """Return the step taken, the next centre and the next radius."""
        while True:
            h = dyadic(h)
            found = self.steps.advance(centre, radius, h, TOLERANCE * (1 + max(float(abs(c).mid()) for c in centre)))
            if found is not None:
                self._last = min(self._grow * h, self.largest)
                self._grow = min(1.5, self._grow + 0.05)
                return h, found[0], found[1]
            h, self._grow = 0.75 * h, 1.1
            if h < SMALLEST:
                raise InputError("the enclosure was lost: the field grows too fast", code="TC146", hint="a shorter horizon")


def _discs(hessian: list[list[arb]], vectors: np.ndarray) -> float | None:
    """Bound the least eigenvalue of H by that of B = Q' H Q: x' H x = y' B y with x = Q y, and |x|, |y| differ little."""
    n = len(hessian)
    q = [[arb(float(vectors[i, j])) for j in range(n)] for i in range(n)]
    hq = [[sum([hessian[i][k] * q[k][j] for k in range(n)], arb(0)) for j in range(n)] for i in range(n)]
    least = None
    for i in range(n):
        row = [sum([q[k][i] * hq[k][j] for k in range(n)], arb(0)) for j in range(n)]
        low = row[i] - sum([abs(row[j]) for j in range(n) if j != i], arb(0))
        least = low if least is None else least.min(low)
    spread = arb(0)  # |Q'Q - 1| in the maximum row sum
    for i in range(n):
        total = arb(0)
        for j in range(n):
            total += abs(sum([q[k][i] * q[k][j] for k in range(n)], arb(0)) - (1 if i == j else 0))
        spread = spread.max(total)
    if not spread < 1:
        return None
    low = arb(down(least))
    return down(low / (1 + spread) if low > 0 else low / (1 - spread))
