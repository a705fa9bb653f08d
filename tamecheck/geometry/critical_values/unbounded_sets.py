"""Critical sets that go to infinity: the trivial values at infinity, without any search.

A piece of a critical set is the image of a cell.  If the cell is the last (or first) sector over its base at some level, it holds points with that
coordinate arbitrarily large; 0 is in Clarke's subdifferential at all of them and f is constant.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flint import fmpz_mpoly

from tamecheck.geometry.cad.systems import Solution
from tamecheck.geometry.critical_values.critical import Critical
from tamecheck.ground.algebraic import AlgebraicNumber
from tamecheck.ground.polynomials import Ring


@dataclass
class Trivial:
    """A value whose critical points go to infinity, with a description of some of these points."""

    value: AlgebraicNumber
    face: str
    arc: dict[str, str]


def trivial_values(found: Iterable[Critical]) -> list[Trivial]:
    """Return the values of unbounded critical sets, each with the piece that can be written most simply."""
    out: dict[AlgebraicNumber, tuple[int, Trivial]] = {}
    for c in found:
        s = c.solution
        levels = [k for k, sides in enumerate(s.ends) if sides]
        if not levels:
            continue
        k = levels[-1]
        side = max(s.ends[k])
        entry = (len(s.ends) - 1 - k, Trivial(c.value, c.face.key, _arc(s, k, side)))
        if c.value not in out or entry[0] < out[c.value][0]:
            out[c.value] = entry
    return [t for _, t in out.values()]


def _arc(s: Solution, k: int, side: int) -> dict[str, str]:
    """Return every variable as a text: the one that goes to infinity as 1/s or -1/s, eliminated ones in terms of the others."""
    names = s.ring.names
    out = {}
    for name, (top, bottom) in zip(s.source.names, s.image, strict=True):
        if name not in names:
            out[name] = quotient_text(s.ring, top, bottom)
            continue
        j = names.index(name)
        if j == k:
            out[name] = "1/s" if side > 0 else "-1/s"
        elif j < k:
            x = s.coordinate(s.source.index[name])
            out[name] = str(x)
        else:
            out[name] = "on the critical set"
    return out


def quotient_text(ring: Ring, top: fmpz_mpoly, bottom: fmpz_mpoly) -> str:
    """Return a quotient as a text, in lowest terms."""
    common = top.gcd(bottom) if len(top) else bottom
    top, bottom = top / common, bottom / common
    a = ring.text(top)
    if bottom.is_constant() and abs(int(bottom.coeffs()[0])) == 1:
        return ring.text(-top) if int(bottom.coeffs()[0]) < 0 else a
    b = ring.text(bottom)
    return f"{a if len(top) < 2 else f'({a})'}/{b if b in ring.names else f'({b})'}"
