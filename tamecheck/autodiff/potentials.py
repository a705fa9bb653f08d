"""Is what differentiation returns a conservative field of *another* function than the program?  Exact integration, then the same criterion.

On every open cell what is returned is integrated in closed form: polynomials by Euler's identity, other functions when they are a rational multiple
of the gradient of something the program computes there, plus a polynomial.  The constants are chosen so that neighbours agree on the faces between
them.  What comes out is a function by cases g, and g with the rule goes through the questions that were asked about the program: g is continuous
and locally Lipschitz, the chain rule holds on every cell, what is returned is bounded.  So nothing is claimed that was not decided.

In one variable every bounded rule is the derivative of its integral; there the answer says which function descends, not that the rule is good.
"""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from tamecheck.autodiff import criterion, function
from tamecheck.autodiff.fields import Field, Quotient
from tamecheck.autodiff.pieces import Piece, Pieces
from tamecheck.autodiff.semantics import Missing, Run, Undecided
from tamecheck.autodiff.sets import formula
from tamecheck.autodiff.space import Cell
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.univariate.points import simplest

MAXIMAL_CELLS = 400
LARGEST_DENOMINATOR = 10_000


@dataclass
class Other:
    """A function for which the rule is conservative.

    Attributes
    ----------
    pieces : Pieces — the function by cases, with the rule
    text : str — the function in the language of formulas
    """

    pieces: Pieces
    text: str


def other(pieces: Pieces) -> Other | None:
    """Return a function of which what is returned is a conservative field, ``None`` if none was found in closed form."""
    if len(pieces.pieces) > MAXIMAL_CELLS or any([p.value is None and not p.outside for p in pieces.pieces]):
        return None
    try:
        return _found(pieces)
    except (Undecided, Missing, BudgetExceeded):
        return None


def _found(pieces: Pieces) -> Other | None:
    returned = [_returned(pieces, p) for p in pieces.pieces]
    if None in returned:
        return None
    space = pieces.space
    primitives: dict[int, Quotient] = {}
    for cell in space.cells:
        if cell.dimension == space.n:
            g = primitive(pieces, pieces.of(cell), returned[cell.number])
            if g is None:
                return None
            primitives[cell.number] = g
    if not _joined(pieces, primitives):
        return None
    made = []
    for p, d in zip(pieces.pieces, returned, strict=True):
        source = p.cell if p.cell.number in primitives else next(iter(space.open_around(p.cell)), None)
        if source is None:
            return None
        made.append(Piece(p.cell, primitives[source.number], d))
    found = _with(pieces, made)
    return Other(found, _text(found)) if _conservative(found) else None


def _with(pieces: Pieces, made: list[Piece]) -> Pieces:
    """Return the same cells and rule with another function."""
    out = object.__new__(Pieces)
    out.__dict__.update(pieces.__dict__)
    out.pieces, out.jumping, out._gradients = made, True, {}
    return out


def _conservative(pieces: Pieces) -> bool:
    facts = function.examine(pieces)
    if not (facts.continuous and facts.lipschitz) or facts.obligations or facts.jumps or facts.blowups:
        return False
    rule = criterion.examine(pieces)
    return bool(rule.bounded) and not (rule.violations or rule.undefined or rule.obligations)


# ------------------------------------------------------------------------- what is returned


def _returned(pieces: Pieces, p: Piece) -> list[Quotient] | None:
    return p.returned if p.returned and p.defined and not p.unknown else None


# ------------------------------------------------------------------------------ integration


def primitive(pieces: Pieces, p: Piece, vector: list[Quotient]) -> Quotient | None:
    """Return a function with the given gradient on an open cell."""
    f = pieces.field
    simple = polynomial_primitive(f, vector)
    if simple is not None:
        return simple
    if p.outside:
        return None
    for v in _computed(pieces, p.cell):
        gradient = [f.derivative(v, k) for k in range(f.n)]
        for a in _ratios(f, vector, gradient):
            rest = [f.add(d, f.scale(g, a), -1) for d, g in zip(vector, gradient, strict=True)]
            simple = polynomial_primitive(f, rest)
            if simple is not None:
                return f.add(simple, f.scale(v, a))
    return None


def polynomial_primitive(f: Field, vector: list[Quotient]) -> Quotient | None:
    """Return the polynomial with the given gradient: x . d = sum of deg(m) m over the monomials m of the primitive (Euler)."""
    total = (f.zero, f.one)
    for k, d in enumerate(vector):
        if not d[1].is_constant() or f.transcendental(d[0]):
            return None
        total = f.add(total, f.mul(d, f.variable(k)))
    out = (f.zero, f.one)
    for e, c in zip(total[0].monoms(), total[0].coeffs(), strict=True):
        monomial = f.ring.context.from_dict({tuple([int(x) for x in e]): c})
        out = f.add(out, f.scale((monomial, total[1]), Fraction(1, sum([int(x) for x in e]))))
    exact = all([f.add(f.derivative(out, k), d, -1)[0].is_zero() for k, d in enumerate(vector)])
    return out if exact else None


def _computed(pieces: Pieces, cell: Cell) -> list[Quotient]:
    """Return what the operations of the program compute on a cell, the result first."""
    f = pieces.field
    run = Run(pieces.code, f, [f.variable(k) for k in range(f.n)], lambda q: pieces.sign(q, cell), pieces.rules)
    out: dict[str, Quotient] = {}
    for n in reversed(run.order):
        v = run.values[n]
        if isinstance(v, tuple) and not v[0].is_zero():
            out.setdefault(f"{v[0]}/{v[1]}", v)
    return list(out.values())


def _ratios(f: Field, a: list[Quotient], b: list[Quotient]) -> list[Fraction]:
    """Return rational candidates for a = ratio*b up to polynomials, from the first coefficients."""
    out = []
    for x, y in zip(a, b, strict=True):
        if x[0].is_zero() or y[0].is_zero() or not (f.transcendental(x[0]) or not x[1].is_constant()):
            continue
        top, bottom = f.mul(x, f.inverse(y))
        q = Fraction(int(top.coeffs()[0]), int(bottom.coeffs()[0]))
        out += [r for r in (q, Fraction(1), Fraction(-1)) if r not in out]
    return out


# -------------------------------------------------------------------------------- constants


def _joined(pieces: Pieces, primitives: dict[int, Quotient]) -> bool:
    """Add constants so that primitives agree on the faces between open cells; False if some constant is not found."""
    space = pieces.space
    faces: dict[int, list[tuple[int, Cell]]] = {}
    for face in space.cells:
        if face.dimension == space.n - 1:
            sides = [c.number for c in space.open_around(face)]
            for a in sides:
                faces.setdefault(a, []).extend([(b, face) for b in sides if b != a])
    # the constant is such that the simplest formula holds around the origin
    start = min(primitives, key=lambda k: sum([abs(x) for x in space.cells[k].sample if isinstance(x, Fraction)]))
    seen, todo = {start}, deque([start])
    while todo:
        a = todo.popleft()
        for b, face in faces.get(a, ()):
            if b in seen:
                continue
            constant = _difference(pieces, primitives[a], primitives[b], face)
            if constant is None:
                return False
            primitives[b] = pieces.field.add(primitives[b], constant)
            seen.add(b)
            todo.append(b)
    return len(seen) == len(primitives)


def _difference(pieces: Pieces, a: Quotient, b: Quotient, face: Cell) -> Quotient | None:
    """Return what the difference of two functions should be on a face, from one point; whether it is constant is decided later."""
    f = pieces.field
    d = f.add(a, b, -1)
    if d[0].is_constant() and d[1].is_constant():
        return d
    if all([isinstance(x, Fraction) for x in face.sample]):
        return f.substitute(d, [f.number(x) for x in face.sample])
    ball = f.ball(d, face.sample)
    if not ball.is_finite():
        return None
    low, high = [Fraction(int(q.p), int(q.q)) for q in (ball.lower().fmpq(), ball.upper().fmpq())]
    guess = simplest(low, high)
    return f.number(guess) if guess.denominator <= LARGEST_DENOMINATOR else None


# ------------------------------------------------------------------------------------- text


def _text(pieces: Pieces) -> str:
    f, groups = pieces.field, {}
    for p in pieces.pieces:
        groups.setdefault(f.text(p.value), []).append(p.cell)
    shown = sorted(groups, key=lambda t: len(groups[t]))
    out = shown[-1]
    for t in reversed(shown[:-1]):
        out = f"where({formula(pieces.space, groups[t])}, {t}, {out})"
    return out
