"""Operations of an analytic program as polynomials in its variables and in *atoms*: the values of its transcendental functions.

With s for the logistic function of x, its derivative is s (1 - s); with t for tanh x it is 1 - t^2; with e for exp x it is e.  So gradients
of networks are
polynomials in parameters and atoms, which FLINT can factor.  A determinant whose enclosure holds zero only because of a common factor that
is positive excludes zero as a product of factors.
"""

from collections.abc import Sequence

from flint import fmpz_mpoly

from tamecheck.geometry.critical_values.critical_graph import Graph
from tamecheck.geometry.critical_values.smooth_programs import Smooth
from tamecheck.ground.polynomials import Rational, Ring

MAXIMAL_TERMS = 4_000


class TooLarge(Exception):
    """A polynomial in atoms is too large."""


class Atoms:
    """The atoms below some operations, and the ring of polynomials in variables and atoms."""

    def __init__(self, program: Smooth, roots: Sequence[int]) -> None:
        self.program = program
        before = program.outputs
        program.outputs = list(roots)
        self.order = program.order()
        program.outputs = before
        g: Graph = program.graph
        self.names = list(g.names)
        self.place: dict[int, str] = {}
        for k in self.order:
            op = g.operations[k]
            transcendental = op[0] == "function" and op[1] != "bump"
            if transcendental or op[0] == "div" and g.number(op[2]) is None:
                name = f"atom{k}"
                while name in self.names:
                    name += "_"
                self.place[k] = name
                self.names.append(name)
        self.ring = Ring(self.names)
        self.values: dict[int, Rational] = {}
        for k in self.order:
            self.values[k] = self._polynomial(k, g.operations[k])

    def _polynomial(self, k: int, op: tuple) -> Rational:
        ring, kind = self.ring, op[0]
        if kind == "number":
            return ring.constant(op[1].numerator), op[1].denominator
        if kind == "variable":
            return ring.variable(self.program.graph.names[op[1]]), 1
        if k in self.place:
            return ring.variable(self.place[k]), 1
        arguments = [self.values[c] for c in (op[2:] if kind == "function" else op[1:2] if kind == "power" else op[1:])]
        p, d = arguments[0]
        if kind == "neg":
            return -p, d
        if kind == "function":  # s (1 - s)
            return p * (d - p), d * d
        if kind == "power":
            if len(p) ** min(op[2], 4) > MAXIMAL_TERMS:
                raise TooLarge
            return p ** op[2], d ** op[2]
        q, e = arguments[1]
        if len(p) * len(q) > MAXIMAL_TERMS:
            raise TooLarge
        if kind == "mul":
            return p * q, d * e
        if kind == "div":  # by a number
            c = int(q.coeffs()[0])
            return (p * e, d * c) if c > 0 else (-p * e, -d * c)
        return (p * e + q * d if kind == "add" else p * e - q * d), d * e

    def operation(self, p: fmpz_mpoly) -> int:
        """Return a polynomial as an operation of the program."""
        from fractions import Fraction

        g = self.program.graph
        inverse = {name: k for k, name in self.place.items()}
        for i, name in enumerate(g.names):
            inverse[name] = g.add("variable", i)
        total = g.add("number", Fraction(0))
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            term = g.add("number", Fraction(int(c)))
            for name, e in zip(self.names, exponents, strict=True):
                if int(e):
                    base = inverse[name]
                    term = self.program.make("mul", term, base if int(e) == 1 else g.add("power", base, int(e)))
            total = self.program.make("add", total, term)
        return total
