"""Functions that tend to infinity: a polynomial with a positive definite leading form, plus terms that are bounded below.

Such a function has no critical value at infinity, and its infimum is attained.
"""

from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded
from tamecheck.geometry.cad.quantifiers import decide
from tamecheck.geometry.critical_values.atoms import Atoms, TooLarge
from tamecheck.geometry.critical_values.infimum import interval_of
from tamecheck.geometry.critical_values.smooth_programs import Smooth
from tamecheck.ground.polynomials import Ring

SECONDS = 3


def coercive(program: Smooth) -> bool:
    """Return whether the first output certainly tends to +oo as |x| -> oo."""
    g = program.graph
    lows: list = []
    highs: list = []
    for op in g.operations:
        low, high = interval_of(op, lows, highs)
        lows.append(low)
        highs.append(high)
    polynomial: list[tuple[int, int]] = []
    todo = [(program.outputs[0], 1)]
    transcendental = _transcendental(program)
    while todo:
        k, sign = todo.pop()
        op = g.operations[k]
        if not transcendental[k]:
            polynomial.append((k, sign))
        elif op[0] == "add":
            todo += [(op[1], sign), (op[2], sign)]
        elif op[0] == "sub":
            todo += [(op[1], sign), (op[2], -sign)]
        elif (lows[k] if sign > 0 else highs[k]) is None:
            return False
    if not polynomial:
        return False
    try:
        atoms = Atoms(program, [k for k, _ in polynomial])
    except TooLarge:
        return False
    total, scale = atoms.ring.constant(0), 1
    for k, sign in polynomial:
        p, d = atoms.values[k]
        total, scale = total * d + p * (sign * scale), scale * d
    return definite(atoms.ring, total)


def definite(ring: Ring, p) -> bool:
    """Return whether the leading form is positive away from 0."""
    d = p.total_degree()
    if d < 2 or d % 2 or len(ring.occurring(p)) < len(ring.names):
        return False
    form = ring.from_terms([(tuple(map(int, e)), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True) if sum(map(int, e)) == d])
    names = ", ".join(ring.names)
    sphere = " + ".join([f"{name}^2" for name in ring.names])
    try:
        return decide(f"exists {names}: {ring.text(form)} <= 0 and {sphere} == 1", budget=Budget(seconds=SECONDS)).verdict == "false"
    except BudgetExceeded:
        return False


def _transcendental(program: Smooth) -> list[bool]:
    from tamecheck.geometry.critical_values.smooth_programs import _children

    out: list[bool] = []
    for op in program.graph.operations:
        own = op[0] == "function" or op[0] == "div" and program.graph.number(op[2]) is None
        out.append(own or any([out[c] for c in _children(op)]))
    return out
