"""Deep equilibrium layers z = relu(W z + U x + b): well posed for every b iff I - W is a P-matrix; the Jacobian at an exact solution."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from tamecheck.autodiff.implicit import data, matrices
from tamecheck.autodiff.implicit.families import Matrix, separable
from tamecheck.autodiff.implicit.hypotheses import Hypotheses, examine
from tamecheck.autodiff.implicit.pmatrix import PMatrix, check, contraction

MAXIMAL_UNITS = 12


@dataclass
class Equilibrium:
    """A layer z = relu(W z + U x + b).

    Attributes
    ----------
    well_posed : PMatrix — ``holds`` says: exactly one solution for every b, which is then a Lipschitz function of it
    norms : which norms of W are less than one (sufficient, not necessary)
    """

    W: Matrix
    U: Matrix
    well_posed: PMatrix
    norms: dict[str, bool]

    def solutions(self, b: object, limit: int = 2) -> list[list[Fraction]]:
        """Return up to ``limit`` solutions for a vector b, exactly, by their sets of active units."""
        m = len(self.W)
        data.few(m, MAXIMAL_UNITS, "units")
        v = data.vector(b, "b", m)
        found: list[list[Fraction]] = []
        for active in product((1, 0), repeat=m):
            s = [i for i in range(m) if active[i]]
            z = [Fraction(0)] * m
            if s:
                part = matrices.solve([[int(i == j) - self.W[i][j] for j in s] for i in s], [[v[i]] for i in s])
                if part is None:
                    continue
                for i, r in zip(s, part, strict=True):
                    z[i] = r[0]
            u = self.arguments(z, v)
            if all([x == max(y, 0) for x, y in zip(z, u, strict=True)]) and z not in found:
                found.append(z)
                if len(found) == limit:
                    break
        return found

    def arguments(self, z: list[Fraction], b: list[Fraction]) -> list[Fraction]:
        """Return W z + b."""
        return [sum([w * x for w, x in zip(row, z, strict=True)], c) for row, c in zip(self.W, b, strict=True)]

    def at(self, b: object, z: object = None) -> Hypotheses:
        """Return the hypotheses and the Jacobian with respect to x at a solution; units with argument 0 are free."""
        m, v = len(self.W), data.vector(b, "b", len(self.W))
        if z is None:
            found = self.solutions(v)
            if not found:
                return Hypotheses("fails", reason="there is no solution")
            point = found[0]
        else:
            point = data.vector(z, "z", m)
        u = self.arguments(point, v)
        if any([x != max(y, 0) for x, y in zip(point, u, strict=True)]):
            raise data.InputError("z is no solution of z = relu(W z + b)", code="TC173")
        base = [[Fraction(0)] * len(self.U[0]) + [Fraction(int(i == j)) for j in range(m)] for i in range(m)]
        slopes, texts = [], []
        for i, x in enumerate(u):
            row = [-c for c in self.U[i]] + [-c for c in self.W[i]]
            if x > 0:
                base[i] = [a + c for a, c in zip(base[i], row, strict=True)]
            elif x == 0:
                slopes.append((i, row))
                texts.append(f"unit {i} has argument 0")
        return examine(separable(base, slopes, texts, dict.fromkeys(range(len(slopes)), Fraction(0))))


def equilibrium(W: object, U: object = None, minors: bool = False) -> Equilibrium:
    """Return a deep equilibrium layer with what is known about it.

    Parameters
    ----------
    W : m x m numbers
    U : m x n numbers; ``None``: the identity, so derivatives are with respect to b

    Examples
    --------
    >>> layer = equilibrium([[0, -3], [3, 0]], minors=True)
    >>> layer.well_posed.holds, [str(d) for d in layer.well_posed.minors.values()], layer.norms["euclidean"]
    (True, ['1', '1', '10'], False)
    """
    w = data.square(W, "W")
    m = len(w)
    u = matrices.identity(m) if U is None else data.matrix(U, "U", rows=m)
    return Equilibrium(w, u, check(matrices.combine(matrices.identity(m), w, -1), minors), contraction(w))
