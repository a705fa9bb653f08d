"""Which theorems a run is held against: their hypotheses as certified facts of exactly this program, and their observations.

Hypotheses come from the catalogue (`tamecheck.proofs.theorems`); homogeneity is that of the network in the variables of the flow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from tamecheck.flows import margin_verdicts as margin
from tamecheck.flows import verdicts
from tamecheck.flows.evidence import Hypotheses, Observation, judge
from tamecheck.flows.margins import Margins
from tamecheck.flows.steepest import size_in
from tamecheck.flows.system import System
from tamecheck.flows.trajectory import Trajectory
from tamecheck.proofs.theorems import C2, HOMOGENEOUS, NEAR_HOMOGENEOUS, THEOREMS
from tamecheck.structures import lattice

RECORDS = {t.id: t for t in THEOREMS}
NORM_OF = {"gd": "l2", "sign": "l_inf", "coordinate": "l1", "spectral": "spectral"}


@dataclass
class Facts:
    """What is certified of the program of a flow.

    Attributes
    ----------
    certificate : of the loss, or of the output of the network
    degree : of exact positive homogeneity of the network in the variables, or None
    near : bounds of near-homogeneity (``degree``, ``gap``, ``degenerate``), or None
    invariances : scalings that leave the function as it is, weights by name of variable
    limit : margins of the homogenisation, or None
    """

    certificate: object
    degree: Fraction | None = None
    near: object = None
    invariances: list[dict[str, Fraction]] = field(default_factory=list)
    limit: Margins | None = None


def hypotheses_of(name: str, facts: Facts) -> Hypotheses:
    """Return the hypotheses of a theorem of the catalogue, decided by the facts."""
    h = Hypotheses()
    for condition in RECORDS[name].hypotheses:
        if condition is HOMOGENEOUS:
            positive = facts.degree is not None and facts.degree > 0
            h.want(condition.text + (f" (degree {facts.degree})" if positive else ""), positive or None)
        elif condition is NEAR_HOMOGENEOUS:
            good = facts.near is not None and not facts.near.degenerate  # type: ignore[attr-defined]
            h.want(condition.text + (f" (degree {facts.near.degree})" if good else ""), good or None)  # type: ignore[attr-defined]
        else:
            h.want(condition.text, condition.holds(facts.certificate))
    return h


# ------------------------------------------------------------ flows of a loss


def of_loss(facts: Facts, system: System, run: Trajectory, kind: str, options: dict) -> list[dict]:
    """Return the verdicts of a flow or descent of a loss."""
    certificate = facts.certificate
    found = []
    if kind == "gradient":
        found.append(judge("decrease", "F does not increase along its gradient flow", hypotheses_of("gradient-flow-kurdyka-1998", facts),
                           [verdicts.decrease(system, run)]))  # fmt: skip
        promise = "converges to a critical point or leaves every bounded set"
        found.append(judge("sad-dichotomy-2025", promise, hypotheses_of("sad-dichotomy-2025", facts), [verdicts.dichotomy(system, run)]))
        bounded = hypotheses_of("gradient-flow-kurdyka-1998", facts).see("the trajectory is bounded on this horizon", not _escapes(run))
        found.append(judge("gradient-flow-kurdyka-1998", "a bounded trajectory converges to a critical point", bounded,
                           [verdicts.settled(system, run)]))  # fmt: skip
    elif kind == "subgradient":
        chain = Hypotheses().want("it is path-differentiable", certificate.path_differentiable)
        found.append(judge("decrease", "F does not increase along its subgradient flow", chain, [verdicts.decrease(system, run)]))
        bounded = hypotheses_of("sgd-ddkl-2020", facts).see("the trajectory is bounded on this horizon", not _escapes(run))
        found.append(judge("sgd-ddkl-2020", "limits of the subgradient flow are Clarke critical", bounded, [verdicts.settled(system, run, 1e-7)]))
    elif kind == "gd":
        found += _descent(facts, system, run, options)
    if kind in ("gradient", "subgradient"):
        power = bool(certificate.polynomially_bounded)
        name = "lojasiewicz-power" if power else "kl-bdls-2007"
        promise = "|grad F| >= c (F - F_inf)^s near the limit, s < 1" if power else "a desingularising function exists at the limit"
        found.append(judge(name, promise, hypotheses_of(name, facts), [verdicts.inequality(system, run, power)]))
        found += _conserved(facts, system.vector.places, run, kind)
    return found


def _escapes(run: Trajectory) -> bool:
    sizes = np.linalg.norm(run.states, axis=1)
    return bool(sizes[-1] > 1.5 * (1 + sizes[verdicts.middle(run)]))


def _descent(facts: Facts, system: System, run: Trajectory, options: dict) -> list[dict]:
    h = hypotheses_of("gd-josz-2023", facts)
    h.assumed.append("every continuous gradient trajectory is bounded, and the steps are small enough")
    constant = not options.get("decay")
    found = []
    if constant and not options.get("normalised"):
        found.append(judge("gd-josz-2023", "gradient descent with small steps converges", h, [verdicts.settled(system, run)]))
    h = hypotheses_of("sgd-ddkl-2020", facts)
    power = float(options.get("power", 0.5))
    h.want("the step sizes are not summable, their squares are", not constant and 0.5 < power <= 1 and not options.get("normalised"))
    h.see("the iterates are bounded so far", not _escapes(run))
    last = float(run.times[-1] - run.times[-2]) if len(run.times) > 1 else 0.0
    promise = "limits of the subgradient method are Clarke critical"
    if not constant or not system.smooth:
        found.append(judge("sgd-ddkl-2020", promise, h, [_near_critical(system, run, min(last, 0.01))]))
    return found


def _near_critical(system: System, run: Trajectory, reach: float) -> Observation:
    """The values have settled and there is a short subgradient within reach of the last iterate."""
    values = np.array([system.value(theta) for theta in run.states])
    late = values[verdicts.middle(run) :]
    spread = float(late.max() - late.min())
    least = verdicts.least_subgradient(system, run.last, reach)
    first = 1 + float(np.linalg.norm(system.gradient(run.states[0])))
    seen = {"least_subgradient": least, "spread_of_values": spread}
    moved = verdicts.movement(run)
    if least <= 0.02 * first and spread <= 0.02 * (1 + float(np.ptp(values))):
        return Observation(True, f"near the last iterate there is a subgradient of length {least:.2g}", seen, 0.02 * first)
    if moved < 1e-9 and least > 0.1 * first:
        return Observation(False, f"the iterates rest where every subgradient has length {least:.2g} at least", seen, 0.1 * first)
    return Observation(None, f"the shortest subgradient near the last iterate has length {least:.2g}", seen, 0.02 * first)


def _conserved(facts: Facts, places: dict, run: Trajectory, kind: str) -> list[dict]:
    found = []
    for weights in facts.invariances:
        h = Hypotheses()
        law = ", ".join([f"{n}: {w}" for n, w in weights.items()])
        h.want(f"F is invariant under the scaling with weights {law}", True)
        smooth = facts.certificate.record[6] >= 1 if kind == "gradient" else facts.certificate.path_differentiable  # type: ignore[attr-defined]
        h.want("it is continuously differentiable" if kind == "gradient" else "it is path-differentiable", smooth or None)
        promise = f"{verdicts.written(weights)} is conserved"
        found.append(judge("conserved", promise, h, [verdicts.conserved(run, places, weights)]))
    return found


# ---------------------------------------------- flows of losses with exponential tails


def of_margins(facts: Facts, m: Margins, run: Trajectory, kind: str, loss: str) -> list[dict]:
    """Return the verdicts of a flow or descent of the sum of the losses of labelled samples."""
    if kind in ("gradient", "subgradient"):
        found = _flow_of_margins(facts, m, run, loss)
        if kind == "gradient" or m.kinks:
            found += _conserved(facts, m.vector.places, run, kind)
        return found
    if kind in NORM_OF:
        return [_steepest(facts, m, run, kind, loss)]
    if kind == "sgd":
        return [_late(facts, m, run)]
    return []


def _flow_of_margins(facts: Facts, m: Margins, run: Trajectory, loss: str) -> list[dict]:
    start = margin.separated_from(m, run, loss)
    found = []
    seen = "the data are separated: the sum of the losses is below the threshold"
    at = start if start is not None else 0
    homogeneous = facts.degree is not None and facts.degree > 0
    if homogeneous:
        degree = float(facts.degree)  # type: ignore[arg-type]
        h = hypotheses_of("margin-ll-2020", facts).see(seen, start is not None)
        values = margin.smoothed(m, run, at, degree, loss) if start is not None else []
        found.append(judge("margin-ll-2020", "the smoothed margin does not decrease", h, [margin.monotone(values, "smoothed margin", 1e-6)]))
        h = hypotheses_of("margin-ll-2020", facts).see(seen, start is not None)
        rows = [margin.stationary(m, run, at, degree, loss)] if start is not None else []
        found.append(judge("margin-ll-2020", "limit directions are KKT points of the margin problem", h, rows))
        h = _with_exp(hypotheses_of("direction-jt-2020", facts), facts).see(seen, start is not None)
        found.append(judge("direction-jt-2020", "the parameters converge in direction", h, [margin.direction(m, run, loss)]))
        h = _with_exp(hypotheses_of("direction-jt-2020", facts), facts).want(C2.text, C2.holds(facts.certificate)).see(seen, start is not None)
        rows = [margin.aligned(m, run, at, degree, loss)] if start is not None else []
        found.append(judge("direction-jt-2020", "parameters and gradient align", h, rows))
        return found
    return [*found, *_near(facts, m, run, loss)]


def _with_exp(h: Hypotheses, facts: Facts) -> Hypotheses:
    """Add: one structure defines the network and exp."""
    together = facts.certificate.record[1] & lattice.UP["R_exp"]  # type: ignore[attr-defined]
    return h.want("the network and exp are definable in one structure", bool(together) or None)


def _near(facts: Facts, m: Margins, run: Trajectory, loss: str) -> list[dict]:
    near = facts.near
    h = hypotheses_of("near-homogeneous-2025", facts)
    if near is None or near.degenerate:  # type: ignore[attr-defined]
        return [judge("near-homogeneous-2025", "the modified margin does not decrease", h, [])]
    start = margin.strongly_separated_from(m, run, near.gap, loss)  # type: ignore[attr-defined]
    h.see("the data are strongly separated: l^{-1}(L) > p_a(|theta|)", start is not None)
    degree = float(near.degree)  # type: ignore[attr-defined]
    rows = []
    if start is not None:
        rows.append(margin.monotone(margin.modified(m, run, start, degree, near.gap, loss), "modified margin", 1e-6))  # type: ignore[attr-defined]
    found = [judge("near-homogeneous-2025", "the modified margin does not decrease", h, rows)]
    if start is not None and facts.limit is not None:
        h = hypotheses_of("near-homogeneous-2025", facts).see("the data are strongly separated", True)
        rows = [margin.stationary(m, run, start, degree, loss, facts.limit)]
        found.append(judge("near-homogeneous-2025", "limit directions are KKT points for the homogenisation", h, rows))
    return found


def _steepest(facts: Facts, m: Margins, run: Trajectory, kind: str, loss: str) -> dict:
    norm = NORM_OF[kind]
    h = hypotheses_of("steepest-descent-tvk-2024", facts)
    start = margin.separated_from(m, run, loss)
    h.see("the data are separated: the sum of the losses is below the threshold", start is not None)
    h.assumed.append("the steps are small enough to follow the steepest-descent flow")
    rows = []
    if start is not None and facts.degree is not None:
        values = margin.smoothed(m, run, start, float(facts.degree), loss, lambda theta: size_in(theta, norm, m.vector))
        rows.append(margin.monotone(values, f"smoothed margin in {norm}", 1e-2))
    return judge("steepest-descent-tvk-2024", f"steepest descent in {norm} raises the margin in {norm}", h, rows)


def _late(facts: Facts, m: Margins, run: Trajectory) -> dict:
    h = hypotheses_of("late-sgd-ss-2025", facts)
    late = [k for k, t in enumerate(run.times) if t >= run.times[-1] / 10]
    h.see("the margin stays positive over the last nine tenths of the steps", all(m.q(run.states[k]).min() > 0 for k in late))
    rows = []
    if facts.degree is not None and not h.unseen:
        rows.append(margin.levelled(m, run, float(facts.degree)))
    return judge("late-sgd-ss-2025", "the normalised margin of stochastic gradient descent converges", h, rows)
