"""Lifting over any executor: stacks are built by workers and come back as plain numbers.

A worker gets the text of the input and some positions of the first stack, projects again (cheap and deterministic), builds all stacks over
these positions, and returns them as tuples of integers, without any object of ours.  The caller installs them where its own lifting asks for
a stack with the same path; what is missing (stacks with derivatives of factors, a worker that died) it builds itself, so the result
does not depend on the workers.  The executor is any `concurrent.futures.Executor`.
"""

from collections.abc import Sequence
from concurrent.futures import Executor

from flint import arb, fmpz_poly

from tamecheck.budget import Budget
from tamecheck.errors import TamecheckError
from tamecheck.geometry.cad.lifting import Lifting
from tamecheck.geometry.cad.points import Fibre, Point, Sheet
from tamecheck.geometry.cad.projection import project
from tamecheck.geometry.cad.stacks import NotWellOriented, Root, Stack
from tamecheck.ground.algebraic import AlgebraicNumber, rational
from tamecheck.ground.polynomials import Ring, read

PARTS = 4
"""Pieces of work per worker, so that uneven pieces even out."""
Record = tuple


def pack(ball: arb) -> tuple[int, int, int, int]:
    """Return a ball as four integers."""
    m, e = ball.mid().man_exp()
    r, f = ball.rad().man_exp()
    return int(m), int(e), int(r), int(f)


def unpack(record: tuple[int, int, int, int]) -> arb:
    """Return the ball, or one that holds it."""
    m, e, r, f = record
    # exact: a pair (mantissa, exponent) is not rounded
    return arb((m, e), (r, f))


def write(stack: Stack, known: frozenset[int]) -> Record | None:
    """Return a stack as plain numbers, ``None`` if it depends on factors that are not in the projection."""
    roots, fibres = [], {}
    for root in stack.roots:
        if any([id(f) not in known for f, _ in root.factors]):
            return None
        x = root.coordinate
        if x.rational is not None:
            coordinate: tuple = ("q", int(x.rational.p), int(x.rational.q))
        elif isinstance(x, AlgebraicNumber):
            coordinate = ("a", tuple([int(c) for c in x.polynomial.coeffs()]), x.index, x._low, x._high)
        else:
            f = x.fibre
            if id(f.factor) not in known:
                return None
            coordinate = ("s", f.factor.number, x.index)
            if f.factor.number not in fibres:
                reals = tuple([(None if b.__class__ is int else pack(b), m) for b, m in f.at()[0]])
                fibres[f.factor.number] = (f.degree, f.sign, f.distinct, tuple(sorted(f._zeros)), f._bits, reals)
        roots.append((coordinate, pack(root.ball), root.bits, tuple([(f.number, m) for f, m in root.factors])))
    return tuple(roots), stack.null, tuple(sorted(stack.ends.items())), tuple(sorted(fibres.items()))


def install(record: Record, point: Point, lifting: Lifting) -> Stack:
    """Return the stack that a record describes, over a point."""
    factors = lifting.projection.factors
    packed, null, ends, fibres = record
    for number, (degree, sign, distinct, zeros, bits, reals) in fibres:
        f = Fibre.__new__(Fibre)
        f.point, f.factor, f.degree, f.sign, f.distinct = point, factors[number], degree, sign, distinct
        f._zeros, f._bits, f._off_axis, f.dropped = set(zeros), bits, False, factors[number].degree - degree
        f._found = ([(0 if b is None else unpack(b), m) for b, m in reals], [])
        point.fibres()[id(factors[number])] = f
    roots = []
    for coordinate, ball, bits, held in packed:
        if coordinate[0] == "q":
            x = rational(coordinate[1], coordinate[2])
        elif coordinate[0] == "a":
            x = AlgebraicNumber(fmpz_poly(list(coordinate[1])), *coordinate[2:])
        else:
            x = Sheet(point.fibres()[id(factors[coordinate[1]])], coordinate[2])
        root = Root(x, unpack(ball), factors[held[0][0]], held[0][1])
        root.bits = bits
        root.factors = [(factors[n], m) for n, m in held]
        roots.append(root)
    return Stack(roots, null, dict(ends))


def work(texts: Sequence[str], names: Sequence[str], method: str, positions: Sequence[int]) -> dict[tuple[int, ...], Record]:
    """Build all stacks over some cells of the line and return them by their paths (in a worker)."""
    ring = Ring(names)
    lifting = Lifting(project(ring, [p for p in [read(ring, t)[0] for t in texts] if not p.is_zero()], method)[0])
    known = frozenset([id(f) for f in lifting.projection.factors])
    out: dict[tuple[int, ...], Record] = {}
    lifting.stack(lifting.root)
    last, seen = lifting.dimension - 1, set()
    todo = [((p,), lifting.child(lifting.root, p)) for p in positions] if last else []
    while todo:
        path, point = todo.pop()
        if id(point) in seen:
            continue
        seen.add(id(point))
        try:
            stack = lifting.stack(point)
        except (NotWellOriented, TamecheckError):
            # the caller meets the same and decides what to do
            continue
        record = None if point.replaced else write(stack, known)
        if record is not None:
            out[path] = record
        if len(path) < last:
            todo += [((*path, p), lifting.child(point, p)) for p in range(len(stack))]
    return out


def distribute(lifting: Lifting, texts: Sequence[str], executor: Executor, budget: Budget | None = None) -> None:
    """Have the stacks of a fresh lifting built by an executor, and install them; the lifting is then run as usual."""
    ring, method = lifting.projection.ring, lifting.projection.method
    if lifting.dimension < 2:
        return
    stack = lifting.stack(lifting.root)
    # one position for every different point
    first: dict[int, int] = {}
    for position in range(len(stack)):
        first.setdefault(id(lifting.child(lifting.root, position)), position)
    positions = list(first.values())
    size = max(1, len(positions) // (PARTS * (getattr(executor, "_max_workers", None) or 4)))
    chunks = [positions[k : k + size] for k in range(0, len(positions), size)]
    pending = [executor.submit(work, list(texts), list(ring.names), method, chunk) for chunk in chunks]
    for future in pending:
        try:
            found = future.result(None if budget is None else budget.remaining())
        except Exception:  # a worker or its machine is gone, or time is over: the caller builds these stacks itself
            future.cancel()
            continue
        for path in sorted(found, key=len):
            point = lifting.root
            for p in path:
                point = lifting.child(point, p)
            if point.stack is None and not point.replaced:
                point.stack = install(found[path], point, lifting)
                point.children = [None] * len(point.stack)
