"""Witnesses: data that shows a rule wrong, to be checked again by `tamecheck.autodiff.verify` and by people.

A witness is a list of *legs*, segments or curves on which the program keeps to one cell, with what it computes and what differentiation returns along
them as functions of the parameter t in [0, 1], and two exact numbers that would be equal if the rule were a conservative field.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from flint import arb

KINDS = ("jump-curve", "blow-up", "open-cell-curve", "open-cell-loop", "stratum-curve", "stratum-hugging-loop", "stratum-direction")


@dataclass(frozen=True)
class Number:
    """An exact number: rational, or an expression with an enclosure."""

    rational: Fraction | None
    text: str
    ball: arb | None = None

    def decimal(self) -> str:
        """Return a decimal beside it."""
        if self.rational is not None:
            return decimal_of(self.rational)
        return self.ball.str(10, radius=False) if self.ball is not None else ""

    def shown(self) -> str:
        """Return the number for people."""
        if self.rational is not None or not self.text:
            return self.text or self.decimal()
        return f"{self.decimal()} (= {self.text})" if len(self.text) < 60 else self.decimal()


def rational(q: Fraction) -> Number:
    """Return a rational number."""
    return Number(Fraction(q), str(q))


def decimal_of(q: Fraction) -> str:
    """Return a rational to ten digits."""
    if q.denominator == 1 and abs(q) < 10**12:
        return str(q)
    x = arb(q.numerator) / q.denominator
    return x.mid().str(10, radius=False)


GRID = 2**44


def around(ball: arb) -> tuple[Fraction, Fraction]:
    """Return two rational numbers with small denominators close to both sides of a number in a sharp ball."""
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    near = (Fraction(mantissa) * Fraction(2) ** exponent * GRID).__floor__()
    return Fraction(near - 7, GRID), Fraction(near + 9, GRID)


@dataclass(frozen=True)
class Leg:
    """One leg.

    Attributes
    ----------
    components : tuple of str — the curve as functions of t, t from 0 to 1
    start, end : tuple of Fraction
    value, returned : str, tuple of str — the program and what is returned along the curve, as functions of t (for 0 < t < 1)
    delta_f, integral : Number
    where : str — the conditions of the cell
    """

    components: tuple[str, ...]
    start: tuple[Fraction, ...]
    end: tuple[Fraction, ...]
    value: str
    returned: tuple[str, ...]
    delta_f: Number
    integral: Number
    where: str

    def to_json(self) -> dict:
        """Return the leg as JSON."""
        return {
            "components": list(self.components),
            "t": ["0", "1"],
            "from": [str(x) for x in self.start],
            "to": [str(x) for x in self.end],
            "value": self.value,
            "returned": list(self.returned),
            "delta_f": self.delta_f.text,
            "integral": self.integral.text,
            "where": self.where,
        }


@dataclass
class Witness:
    """A refutation; see the module.

    ``numbers``, as a certificate states them: for a jump the value and the limit (``None``: unbounded), for a blow-up the exponents of t
    and log(1/t).
    ``segment``: for a jump or a blow-up at a point that is not rational, the ends of a short segment through it, towards the side of the limit.
    """

    kind: str
    legs: list[Leg]
    delta_f: Number | None = None
    integral: Number | None = None
    circulation: Number | None = None
    text: str = ""
    more: dict = field(default_factory=dict)
    verified: bool | None = None
    numbers: tuple[Number | None, ...] = ()
    segment: tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None = None

    def to_json(self) -> dict:
        """Return the witness as JSON."""
        out: dict = {"kind": self.kind, "curve": [leg.to_json() for leg in self.legs]}
        for name in ("delta_f", "integral", "circulation"):
            number: Number | None = getattr(self, name)
            if number is not None:
                out[name] = number.text or number.decimal()
                out[f"{name}_decimal"] = number.decimal()
        return {**out, **self.more, "verified": self.verified, "text": self.text}

    def corners(self) -> list[tuple[Fraction, ...]]:
        """Return the ends of the legs in order."""
        return [leg.start for leg in self.legs] + [self.legs[-1].end] if self.legs else []
