"""Formulas for unions of cells, in the coordinates of the user.

Signs of projection factors are tried first, the polynomials of the user before others and short ones before long ones; where signs do not tell the
cells from others, cells are described with roots, or the union is named as a component.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.geometry.cad.cells import cell_text
from tamecheck.geometry.cad.projection import Factor
from tamecheck.geometry.cad.shear import Frame
from tamecheck.geometry.cad.solutions import RELATIONS, Chooser, _bits
from tamecheck.ground.algebraic import AlgebraicNumber, polynomial_text
from tamecheck.ground.formulas import HOLDS, Formula

MAXIMAL_CELLS = 40
"""Up to so many cells are described with roots."""


@dataclass(frozen=True)
class Description:
    """A formula; if not ``exact`` it describes a set of which the union of cells is one connected component."""

    text: str
    exact: bool
    extended: bool = False


class Describer:
    """Writes formulas for unions of cells of one frame."""

    def __init__(self, found: Frame) -> None:
        self.frame = found
        projection = found.decomposition.projection
        inputs = {pair[0].number for factored in found.decomposition._inputs if factored for pair in factored[1]}
        self.factors: list[Factor] = sorted(
            projection.factors, key=lambda f: (f.number not in inputs, sum([sum(e) + 1 for e in f.monomials]), f.number)
        )
        self._vectors: list[tuple[int, ...]] | None = None

    def vectors(self) -> list[tuple[int, ...]]:
        """Return for every cell the signs of the factors, in the order of the factors."""
        if self._vectors is None:
            out = []
            for node in self.frame.adjacency.cells:
                signs: dict[int, int] = {}
                for stack, position in zip(node.stacks, node.path, strict=True):
                    signs.update(stack.signs(position))
                out.append(tuple([signs[f.number] for f in self.factors]))
            self._vectors = out
        return self._vectors

    def describe(self, members: frozenset[int]) -> Description:
        """Return a formula for a union of cells, as far as the signs of the factors tell it from the rest."""
        vectors = self.vectors()
        if len(members) == len(vectors):
            return Description("True", True)
        true = {vectors[i] for i in members}
        false = {v for i, v in enumerate(vectors) if i not in members}
        clash = true & false
        return Description(self._by_signs(true, false - clash), not clash)

    def by_roots(self, members: frozenset[int]) -> Description | None:
        """Return a formula with roots for the cells that signs do not tell apart, if they are few.

        In a sheared frame the formula speaks of its variables and says what they are.
        """
        vectors = self.vectors()
        true = {vectors[i] for i in members}
        false = {v for i, v in enumerate(vectors) if i not in members}
        ambiguous = [i for i in sorted(members) if vectors[i] in false]
        if len(ambiguous) > MAXIMAL_CELLS:
            return None
        parts = [self._by_signs(true - false, false)] if true - false else []
        for i in ambiguous:
            node = self.frame.adjacency.cells[i]
            parts.append(cell_text(self.frame.chart.new, node.stacks, node.path))
        text = " or ".join([f"({p})" if len(parts) > 1 else p for p in parts])
        return Description(text if self.frame.chart.trivial else f"{text}, with {self.frame.chart}", True, True)

    def _by_signs(self, true: set[tuple[int, ...]], false: set[tuple[int, ...]]) -> str:
        used = self._enough(true, false)
        chooser = Chooser.__new__(Chooser)
        chosen = [self.factors[k] for k in used]
        chooser.factors = {f.number: f for f in chosen}
        chooser.true = [{f.number: v[k] for f, k in zip(chosen, used, strict=True)} for v in _distinct(true, used)]
        chooser.false = [{f.number: v[k] for f, k in zip(chosen, used, strict=True)} for v in _distinct(false, used)]
        if not chooser.false:
            return "True"
        chooser.covers, chooser.excludes = {}, {}
        for f in chosen:
            for relation in RELATIONS:
                holds = HOLDS[relation]
                chooser.covers[(f.number, relation)] = _bits([v[f.number] in holds for v in chooser.true])
                chooser.excludes[(f.number, relation)] = _bits([v[f.number] not in holds for v in chooser.false])
        ring = self.frame.source
        out = Formula(ring, ())
        back = self.frame.chart.back(ring, self.frame.decomposition.ring)
        parts = []
        for literals in chooser.run():
            sharper = _sharpened(literals, chooser.true)
            parts.append(out.join("and", [out.atom(back(chooser.factors[number].polynomial), relation) for number, relation in sharper]))
        out.root = out.join("or", parts)
        return out.text()

    def _enough(self, true: set[tuple[int, ...]], false: set[tuple[int, ...]]) -> list[int]:
        """Return places of factors whose signs tell true from false, taken in order; superfluous ones are left out again."""

        def apart(used: Sequence[int]) -> bool:
            return not {tuple([v[k] for k in used]) for v in true} & {tuple([v[k] for k in used]) for v in false}

        used: list[int] = []
        for k in range(len(self.factors)):
            if apart(used):
                break
            used.append(k)
        for k in list(reversed(used)):
            rest = [j for j in used if j != k]
            if apart(rest):
                used = rest
        return used


def _distinct(vectors: set[tuple[int, ...]], used: Sequence[int]) -> list[tuple[int, ...]]:
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    for v in sorted(vectors):
        found.setdefault(tuple([v[k] for k in used]), v)
    return list(found.values())


def _sharpened(literals: Sequence[tuple[int, str]], true: Sequence[dict[int, int]]) -> list[tuple[int, str]]:
    """Return the strongest relations that hold wherever the conjunction does: equations rather than inequalities."""
    covered = [v for v in true if all([v[n] in HOLDS[r] for n, r in literals])]
    by_signs = {signs: r for r, signs in HOLDS.items()}
    found = [(n, by_signs.get(frozenset([v[n] for v in covered]), r)) for n, r in literals]
    return [pair for _, pair in sorted(enumerate(found), key=lambda t: (t[1][1] != "eq", t[0]))]


def point_text(names: Sequence[str], point: Sequence[object]) -> str | None:
    """Return the equations of a point with rational and algebraic coordinates."""
    parts = []
    for name, x in zip(names, point, strict=True):
        if isinstance(x, Fraction):
            parts.append(f"{name} == {x}")
        elif isinstance(x, AlgebraicNumber):
            parts.append(f"{name} == root({polynomial_text(x.polynomial, name)}, {x.index + 1}, {name})")
        else:
            return None
    return " and ".join(parts)


def decimal(x: object) -> float:
    """Return an exact coordinate as a double, for the eye."""
    if isinstance(x, Fraction):
        return float(x)
    rational = getattr(x, "rational", None)
    return float(Fraction(int(rational.p), int(rational.q))) if rational is not None else float(x.ball(64).mid())
