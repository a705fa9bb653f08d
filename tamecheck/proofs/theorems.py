"""The theorem engine: which published theorems apply to what was certified.

A theorem is data.  Each hypothesis is either a *predicate* over certified facts, which the
prover must have proved, or an *assumption* that is named and left to the user, never
granted.  The verdict is ``yes``, ``under-assumptions``, ``no`` (a hypothesis is refuted)
or ``unknown`` (a hypothesis could not be decided).  The statements are in our own words
and follow secondary texts where the original could not be consulted; the records say so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tamecheck.kernel.curves import ANY

Predicate = Callable[[object], bool | None]


@dataclass(frozen=True)
class Hypothesis:
    """A condition that the certified facts decide: True, False or None (not decided)."""

    text: str
    holds: Predicate


@dataclass(frozen=True)
class Theorem:
    """A published theorem as a record."""

    id: str
    reference: str
    statement: str
    hypotheses: tuple[Hypothesis, ...]
    assumptions: tuple[str, ...] = ()
    source: str = "from secondary text"


def _definable(c: object) -> bool | None:
    if c.homes:
        return True
    return False if c.proof.excluded & ANY else None


def _smooth(order: int) -> Predicate:
    def holds(c: object) -> bool | None:
        if c.record[4] and c.record[6] >= order:
            return True
        return False if c.proof.jumps else None

    return holds


def _undecided(c: object) -> None:
    return None


DEFINABLE = Hypothesis("the function is definable in an o-minimal structure", _definable)
LIPSCHITZ = Hypothesis("it is locally Lipschitz", lambda c: c.locally_lipschitz)
CONTINUOUS = Hypothesis("it is continuous", _smooth(0))
C1 = Hypothesis("it is continuously differentiable", _smooth(1))
C2 = Hypothesis("its gradient is locally Lipschitz (proved: C^2)", lambda c: True if _smooth(2)(c) else None)
POLYNOMIAL = Hypothesis("it lives in a polynomially bounded structure", lambda c: c.polynomially_bounded)
CONSERVATIVE = Hypothesis(
    "automatic differentiation returns a conservative field of it (for all admissible rules at kinks and ties)",
    lambda c: True if c.homes and c.conservative_obstacle is None else None,
)
ELEMENTARY = Hypothesis("the rule of automatic differentiation is an elementary selection", _undecided)
HOMOGENEOUS = Hypothesis(
    "the network is positively homogeneous in the parameters",
    lambda c: True if c.scalings.parameters is not None and c.scalings.parameters > 0 else None,
)
NEAR_HOMOGENEOUS = Hypothesis("the network is near-homogeneous, with its polynomial bounds", _undecided)
SAD = Hypothesis("the activation is sublinear, analytic, definable and not affine; the target is a polynomial of degree at least 2", _undecided)
INVERTIBLE = Hypothesis("every element of the partial conservative Jacobian is invertible", _undecided)
CHAIN = Hypothesis("a Pfaffian chain of the function is found and checked", _undecided)
PATH = Hypothesis("it is path-differentiable", lambda c: c.path_differentiable)

BOUNDED_ITERATES = "the iterates stay bounded"
STEPS = "the step sizes are not summable, their squares are"
NOISE = "the noise is a martingale difference with second moments bounded on bounded sets"
CLASSIFIED = "at some time the training data are classified with a positive margin"

THEOREMS = (
    Theorem("sgd-ddkl-2020", "Davis, Drusvyatskiy, Kakade, Lee, Found. Comput. Math. 20 (2020)",
            "Every limit point of the stochastic subgradient method is Clarke critical, and the function values converge.",
            (DEFINABLE, LIPSCHITZ), (STEPS, BOUNDED_ITERATES, NOISE)),
    Theorem("sgd-bp-2021", "Bolte, Pauwels, Math. Program. 188 (2021)",
            "Accumulation points of SGD with backpropagation are critical for the conservative field.",
            (DEFINABLE, LIPSCHITZ, CONSERVATIVE), (STEPS, BOUNDED_ITERATES)),
    Theorem("artificial-critical-points-2020", "Bolte, Pauwels, NeurIPS (2020)",
            "For almost every initialisation and step scale the iterates meet only true gradients, and accumulation points are Clarke critical.",
            (DEFINABLE, LIPSCHITZ, ELEMENTARY), ("the initialisation is drawn from a density",)),
    Theorem("kl-bdls-2007", "Bolte, Daniilidis, Lewis, Shiota, SIAM J. Optim. 18 (2007)",
            "The function satisfies the nonsmooth Kurdyka-Lojasiewicz inequality at every point and has finitely many Clarke critical values.",
            (DEFINABLE, CONTINUOUS)),
    Theorem("lojasiewicz-power", "Kurdyka, Ann. Inst. Fourier 48 (1998); van den Dries, Miller, Duke Math. J. 84 (1996)",
            "The desingularising function may be taken as a power c s^(1-theta).",
            (DEFINABLE, CONTINUOUS, POLYNOMIAL)),
    Theorem("gradient-flow-kurdyka-1998", "Kurdyka, Ann. Inst. Fourier 48 (1998)",
            "A bounded gradient trajectory has finite length and converges to a critical point.",
            (DEFINABLE, C1), ("the trajectory is bounded",)),
    Theorem("gd-josz-2023", "Josz, Math. Program. 202 (2023)",
            "If continuous gradient trajectories are bounded, gradient descent with small steps is bounded and converges.",
            (DEFINABLE, C1, C2), ("every continuous gradient trajectory is bounded",)),
    Theorem("proximal-abs-2013", "Attouch, Bolte, Svaiter, Math. Program. 137 (2013)",
            "Bounded sequences of proximal and forward-backward methods converge to critical points.",
            (DEFINABLE, CONTINUOUS), ("the smooth part has a Lipschitz gradient", BOUNDED_ITERATES)),
    Theorem("sad-dichotomy-2025", "Kranz, Gallon, Dereich, Jentzen, arXiv 2505.09572 (2025)",
            "A gradient flow converges to a critical point, or leaves every bounded set while the loss tends to an asymptotic critical value.",
            (DEFINABLE, C1)),
    Theorem("sad-divergence-2025", "Kranz, Gallon, Dereich, Jentzen, arXiv 2505.09572 (2025)",
            "The infimum 0 of the loss is not attained and flows that start with small loss diverge.",
            (DEFINABLE, C1, SAD), ("there are enough data points for the architecture, and the architecture is large enough",)),
    Theorem("direction-jt-2020", "Ji, Telgarsky, NeurIPS (2020)",
            "Under gradient flow the parameters converge in direction.",
            (DEFINABLE, LIPSCHITZ, HOMOGENEOUS), ("the loss is exponential-tailed", CLASSIFIED)),
    Theorem("margin-ll-2020", "Lyu, Li, ICLR (2020)",
            "The smoothed normalised margin does not decrease and limit directions are KKT points of the margin problem.",
            (LIPSCHITZ, PATH, HOMOGENEOUS), (CLASSIFIED,)),
    Theorem("near-homogeneous-2025", "Cai, Zhou, Wu, Mei, Lindsey, Bartlett (2025)",
            "The results on margins and directions extend to near-homogeneous networks, with a modified margin.",
            (DEFINABLE, LIPSCHITZ, NEAR_HOMOGENEOUS), ("the data are separated strongly enough",)),
    Theorem("steepest-descent-tvk-2024", "Tsilivis, Vardi, Kempe (2024)",
            "Steepest descent in any norm increases the corresponding margin and finds KKT points of it.",
            (DEFINABLE, LIPSCHITZ, HOMOGENEOUS), (CLASSIFIED, "the step size obeys the stated rule")),
    Theorem("late-sgd-ss-2025", "Schechtman, Schreuder (2025)",
            "Normalised SGD approaches the critical points of the normalised margin, also in the nonsmooth case.",
            (DEFINABLE, HOMOGENEOUS, CONSERVATIVE), ("the margin stays positive",)),
    Theorem("implicit-blps-2021", "Bolte, Le, Pauwels, Silveti-Falls, NeurIPS (2021)",
            "The implicit function is path-differentiable, with an explicit conservative Jacobian.",
            (PATH, INVERTIBLE)),
    Theorem("sard-generalized-dacunto-2000", "D'Acunto, Ann. Polon. Math. 75 (2000)",
            "The function has finitely many generalised (asymptotic) critical values.",
            (DEFINABLE, C1)),
    Theorem("bounded-betti-khovanskii", "Khovanskii, Fewnomials (1991)",
            "The number of zeros, of critical points and of connected components is bounded by an explicit function of the Pfaffian format.",
            (CHAIN,)),
)


def applications(certificate: object) -> list[dict]:
    """Return, for every theorem, whether it applies and what the reader must add as assumptions.

    Each entry has ``id``, ``reference``, ``statement``, ``applies`` ("yes", "under-assumptions",
    "no" or "unknown"), ``refuted`` and ``missing`` (hypotheses refuted, or not proved) and ``assumptions``.
    """
    return [_apply(theorem, certificate) for theorem in THEOREMS]


def _apply(theorem: Theorem, certificate: object) -> dict:
    answers = [(h.text, h.holds(certificate)) for h in theorem.hypotheses]
    refuted = [text for text, answer in answers if answer is False]
    missing = [text for text, answer in answers if answer is None]
    applies = "no" if refuted else "unknown" if missing else "under-assumptions" if theorem.assumptions else "yes"
    return {
        "id": theorem.id, "reference": theorem.reference, "statement": theorem.statement, "statement_source": theorem.source,
        "applies": applies, "proved": [text for text, answer in answers if answer is True], "refuted": refuted, "missing": missing,
        "assumptions": list(theorem.assumptions),
    }
