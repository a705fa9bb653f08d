"""Fact records: what is proved of one node, in nine columns.

``(varies, homes, local, range, total, bounded, smooth, loclip, lip)``; the meaning of each
column is specified in ``docs/reference/certificate-format.md``, section 3.  Up-sets are
bitmasks over the table of structures, smoothness is an integer (-1 nothing, k for C^k,
`INFINITE` for C^infinity, `ANALYTIC`).
"""

from fractions import Fraction
from functools import lru_cache

from tamecheck.ground.intervals import LINE, Interval, from_text, meet, to_text
from tamecheck.structures import lattice

Record = tuple[int, int, int, Interval, int, int, int, int, Fraction | None]

ROUGH = -1
INFINITE = 10**6
ANALYTIC = INFINITE + 1
HIGHEST_ORDER = 9999  # C^k is claimed up to here, so that k never runs over the marks
R_LIN = lattice.UP["R_lin"]
NOTHING: Record = (1, 0, 0, LINE, 0, 0, ROUGH, 0, None)
ZERO = Fraction(0)


def settle(record: Record) -> Record:
    """Apply the closing rules (section 3): constants are constants, bounded ranges are bounded."""
    varies, homes, local, spread, total, bounded, smooth, loclip, lip = record
    low, high = spread[0], spread[1]
    if varies and total and low is not None and low == high:
        varies = 0
    if not varies:
        return (0, R_LIN, R_LIN, spread, total, 1, ANALYTIC, 1, ZERO if total else None)
    if (low is not None and high is not None) or (total and smooth >= 0):
        bounded = 1
    return (varies, homes, local, spread, total, bounded, smooth, loclip, lip if total else None)


def combine(a: Record, b: Record) -> Record:
    """Return the record that states everything both records state about one node."""
    spread = meet(a[3], b[3])
    lips = [lip for lip in (a[8], b[8]) if lip is not None]
    return settle((
        min(a[0], b[0]), a[1] | b[1], a[2] | b[2], a[3] if spread is None else spread, max(a[4], b[4]), max(a[5], b[5]),
        max(a[6], b[6]), max(a[7], b[7]), min(lips) if lips else None,
    ))


def smoothness_text(smooth: int) -> str:
    """Return ``none``, ``C0``, ..., ``Cinf`` or ``analytic``."""
    return {ROUGH: "none", INFINITE: "Cinf", ANALYTIC: "analytic"}.get(smooth) or f"C{smooth}"


def smoothness_from_text(text: str) -> int:
    """Return the integer behind a smoothness text."""
    named = {"none": ROUGH, "Cinf": INFINITE, "analytic": ANALYTIC}
    return named[text] if text in named else int(text[1:])


@lru_cache(maxsize=65_536)
def to_json(record: Record) -> tuple:
    """Return a record as it stands in a certificate."""
    varies, homes, local, spread, total, bounded, smooth, loclip, lip = record
    return (
        varies, lattice.text(homes), lattice.text(local), to_text(spread), total, bounded, smoothness_text(smooth), loclip,
        None if lip is None else str(lip),
    )


def from_json(row: list | tuple) -> Record:
    """Return the record behind its JSON form (our own certificates only; the checker has its own reader)."""
    varies, homes, local, spread, total, bounded, smooth, loclip, lip = row
    return (
        varies, lattice.parse(homes), lattice.parse(local), from_text(spread), total, bounded, smoothness_from_text(smooth), loclip,
        None if lip is None else Fraction(lip),
    )
