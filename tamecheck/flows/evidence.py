"""Verdicts: what a theorem promises, what of its hypotheses is proved, and what a flow did.

A verdict is *consistent* when every hypothesis that is not left to the reader is proved for exactly this program, every condition on the
trajectory was observed, and the promised behaviour reached a stated criterion; *inconsistent* when hypotheses and conditions hold and the
promise was broken by more than the tolerance; otherwise it is *undecided*, with the reason.  Nothing is consistent by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Observation:
    """What was seen: ``kept`` is True (the criterion is reached), False (the promise is broken) or None (neither)."""

    kept: bool | None
    text: str
    values: dict[str, float] = field(default_factory=dict)
    tolerance: float | None = None


@dataclass
class Hypotheses:
    """Conditions of a theorem: proved, not proved, refuted, and conditions on the trajectory with what was seen of them.

    ``assumed`` are conditions that no finite run can show; they are named and do not count.
    """

    proved: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refuted: list[str] = field(default_factory=list)
    observed: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def want(self, text: str, answer: bool | None) -> Hypotheses:
        """Add a hypothesis that certified facts decide."""
        (self.proved if answer else self.refuted if answer is False else self.missing).append(text)
        return self

    def see(self, text: str, answer: bool) -> Hypotheses:
        """Add a condition on the trajectory."""
        (self.observed if answer else self.unseen).append(text)
        return self

    @property
    def stand(self) -> bool:
        """Every condition is proved or observed."""
        return not (self.missing or self.refuted or self.unseen)


def judge(name: str, promise: str, hypotheses: Hypotheses, seen: Sequence[Observation]) -> dict:
    """Return the record of a verdict.

    >>> judge("t", "x grows", Hypotheses(proved=["C1"]), [Observation(None, "too short")])["verdict"]
    'undecided'
    """
    h = hypotheses
    if not h.stand:
        verdict = "undecided"
        lacking = [f"not proved: {t}" for t in h.missing] + [f"refuted: {t}" for t in h.refuted] + [f"not observed: {t}" for t in h.unseen]
        text = "; ".join(lacking)
    else:
        broken = [o for o in seen if o.kept is False]
        open_ = [o for o in seen if o.kept is None]
        verdict = "inconsistent" if broken else "undecided" if open_ or not seen else "consistent"
        text = "; ".join([o.text for o in (broken or open_ or seen)])
    return {
        "id": name, "verdict": verdict, "promise": promise, "text": f"{promise}: {text}", "proved": h.proved, "missing": [*h.missing, *h.refuted],
        "observed": [*h.observed, *[o.text for o in seen]], "assumptions": h.assumed,
        "values": {k: float(v) for o in seen for k, v in o.values.items()},
        "tolerance": next((o.tolerance for o in seen if o.tolerance is not None), None),
    }  # fmt: skip
