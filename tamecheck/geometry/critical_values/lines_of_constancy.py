"""Functions that are constant along a direction, pieces included: their values at infinity from one variable less.

If f(x + s v) = f(x) and v_k != 0, let h be f on {x_k = 0}.  Every critical point of h stands for a line of critical points of f, so its value
is one at infinity, and what tends to infinity in R^n modulo v is a matter of h: K_inf(f) is the union of K_0(h) and K_inf(h), in Clarke's sense.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.budget import Budget
from tamecheck.geometry.critical_values.critical import Analysis, Critical, Sets
from tamecheck.geometry.critical_values.critical_graph import Graph
from tamecheck.geometry.critical_values.critical_pieces import Pieces, children_of
from tamecheck.geometry.critical_values.linear_spaces import idle_vector


@dataclass
class Slice:
    """A function with one variable less, and the direction in which nothing changes.

    Attributes
    ----------
    pieces : Pieces — of h
    sets : Sets — its critical sets
    position : int — the variable that is 0 there
    vector : tuple of int — the direction
    """

    pieces: Pieces
    sets: Sets
    position: int
    vector: tuple[int, ...]

    def arc(self, c: Critical, names: Sequence[str]) -> dict[str, str]:
        """Return a line of critical points, in s -> 0+."""
        point = [str(x) for x in c.solution.coordinates()]
        point.insert(self.position, "0")
        out = {}
        for name, x, v in zip(names, point, self.vector, strict=True):
            moved = "" if not v else f"{v}/s" if x == "0" else f"{'+' if v > 0 else ''}{v}/s"
            out[name] = moved if x == "0" and v else x + moved
        return out

    def inside(self, arc: dict[str, str], names: Sequence[str]) -> dict[str, str]:
        """Return an arc of h as one of f."""
        return {name: "0" if k == self.position else arc[name] for k, name in enumerate(names)}


def slice_of(pieces: Pieces, budget: Budget | None = None) -> Slice | None:
    """Return the function with one variable less, ``None`` if no direction is idle."""
    polynomials = [*pieces.guards, *[p for f in pieces.faces if f.value is not None for p in f.value]]
    found = idle_vector(pieces.ring, polynomials)
    if found is None or len(pieces.ring.names) < 2 or any([f.value is None for f in pieces.faces]):
        return None
    k, vector = found
    smaller = Pieces(_without(pieces.graph, k), None, budget)
    analysis = Analysis(smaller, budget)
    return Slice(smaller, analysis.run(("clarke",)), k, vector)


def _without(graph: Graph, k: int) -> Graph:
    """Return the operations with 0 put for the k-th variable."""
    small = Graph([name for j, name in enumerate(graph.names) if j != k])
    place: dict[int, int] = {}
    for n, op in enumerate(graph.operations):
        if op[0] == "variable":
            place[n] = small.add("number", Fraction(0)) if op[1] == k else small.add("variable", op[1] - (op[1] > k))
        else:
            positions = children_of(op)
            place[n] = small.add(*[place[c] if j in positions else c for j, c in enumerate(op)])
    small.root = place[graph.root]
    return small
