"""When automatic differentiation obeys the chain rule: the lemma that every node needs, read off the proved facts.

A *rule* gives every node partial derivatives with respect to its arguments; automatic differentiation multiplies and adds
them.  Rules are *admissible* when they are derivatives where those exist and, at kinks and ties, locally bounded numbers of the
kind that section 10 of the certificate format allows: anything at 0 for abs, weights of sum 1 on the tied entries of a
maximum or a sorted value, the selected branch of a choice.  A body in rounds is a composition.  If `obstacle` finds
nothing, then for every admissible rule the result d satisfies (f o c)'(t) = <d(c(t)), c'(t)> for almost every t, along
every absolutely continuous curve c in the domain.

Sources: Bolte, Pauwels, Math. Program. 188 (2021), for composition; the lemmas about kinks, ties and choices are proved in
the documentation (explanation/conservative).
"""

from collections.abc import Callable
from fractions import Fraction

from tamecheck.ground.intervals import Interval
from tamecheck.kernel.judgments import Record

SMOOTH_ANYWHERE = frozenset(["neg", "abs", "add", "sub", "mul", "max", "min"])
HALF_LINE = (Fraction(0), None)
REGION: dict[str, tuple] = {
    **dict.fromkeys(["exp", "sin", "cos", "tan", "atan", "erf", "besselj0", "besselj1", "besseli0", "besseli1"], (None, None)),
    **dict.fromkeys(["log", "sqrt", "gamma", "lgamma", "digamma", "bessely0", "bessely1", "besselk0", "besselk1"], HALF_LINE),
    **dict.fromkeys(["asin", "acos", "erfinv"], (Fraction(-1), Fraction(1))),
    "zeta": (Fraction(1), None), "lambertw": (Fraction(-36787944, 10**8), None),
}
"""Open sets on which the primitive has a continuous derivative; -0.36787944 is above -1/e; tan needs its poles excluded, which totality does."""


def obstacle(
    program, node: int, fact: Callable[[int], Record], rounds: Callable[[int], object | None] = lambda _: None, norms: set[int] | None = None
) -> tuple[int, str] | None:
    """Return a node for which no lemma holds, with the reason, or ``None`` when automatic differentiation of ``node`` is legitimate.

    Parameters
    ----------
    fact : the strongest record proved of a node
    norms : nodes that have to be differentiated as Euclidean norms are added; ``None``: none may be
    rounds : the derivation over the body of a ``repeat`` node, with ``program`` and ``record``; its inputs range over intervals that no round leaves
    """
    starts = {n for n, row in enumerate(program.nodes) if row[0] == "input" and n <= node and fact(n)[0]}
    return _chain(program, [node], _moving(program, [node], starts), fact, rounds, norms)


def _chain(program, waiting: list[int], moving: set[int], fact: Callable, rounds: Callable, norms: set[int] | None) -> tuple[int, str] | None:
    """Follow derivatives from some nodes down to the inputs; return the first obstacle."""
    seen: set[int] = set()
    while waiting:
        n = waiting.pop()
        if n in seen:
            continue
        seen.add(n)
        record = fact(n)
        if not record[4]:
            return n, "it is not proved to be defined everywhere"
        if n in moving:
            repeated = program.nodes[n][0] == "repeat"
            following: list[int] = []
            reason = _rounds(program, n, moving, rounds(n), following) if repeated else _needs(program, n, fact, following)
            if reason and norms is not None:
                squared = _squared(program, n, moving, fact)
                if squared is not None:
                    norms.add(n)
                    reason, following = "", squared
            if reason:
                return n, reason
            waiting.extend(following)
    return None


def _moving(program, nodes: list[int], starts: set[int]) -> set[int]:
    """Return the nodes that are computed from certain inputs, even if their values do not change: derivatives pass through them."""
    moving: set[int] = set()
    for n in program.ancestors(nodes):
        if n in starts or any([a in moving for a in program.nodes[n][2]]):
            moving.add(n)
    return moving


def _rounds(program, n: int, moving: set[int], body, waiting: list[int]) -> str:
    """A body in rounds is a composition: all of its nodes need their lemma, on intervals that no round leaves."""
    _, (_, _, carries, _, outputs), arguments, _ = program.nodes[n]
    if body is None:
        return "there is no derivation over the body of a loop"
    starts = {i for k, (i, a) in enumerate(zip(body.program.inputs(), arguments, strict=True)) if k < carries or a in moving}
    stop = _chain(body.program, list(outputs), _moving(body.program, list(outputs), starts), body.record, lambda _: None, None)
    waiting.extend(arguments)
    return "" if stop is None else f"in a round, at node {stop[0]} of the body: {stop[1]}"


MAXIMAL_SQUARES = 256


def _squared(program, n: int, moving: set[int], fact: Callable[[int], Record]) -> list[int] | None:
    """Return what is squared if a node is the root of a sum of squares, with positive factors, and of terms >= 0 that do not move."""
    if program.nodes[n][:2] != ("map", ("sqrt",)):
        return None
    found: list[int] = []
    queue = list(program.nodes[n][2])
    for count, u in enumerate(queue):  # grows while it is read
        kind, parameters, a, _ = program.nodes[u]
        name = parameters[0] if parameters else ""
        factors = [k for k, b in enumerate(a) if program.nodes[b][0] == "constant" and program.nodes[b][1][0] == "splat" and _positive(fact(b)[3])]
        if u not in moving:
            if not fact(u)[4] or fact(u)[3][0] is None or fact(u)[3][0] < 0:
                return None
        elif count >= MAXIMAL_SQUARES:
            return None
        elif _square(program, program.nodes[u]):
            found.append(a[0])
        elif (kind, name) == ("map", "mul") and factors or (kind, name) == ("map", "div") and factors == [1]:
            queue.append(a[1 - factors[0]])
        elif (kind, name) in (("map", "add"), ("reduce", "sum")) or (kind == "reindex" and name != "pad"):
            queue.extend(a)
        else:
            return None
    return found


def _positive(a: Interval) -> bool:
    return a[0] is not None and a[0] > 0


def _square(program, node) -> bool:
    """Return whether every entry is a square, or a sum of squares, of entries of the first argument."""
    kind, parameters, a, _ = node
    if kind == "map" and parameters[0] == "mul":
        return a[0] == a[1]
    if kind == "map" and parameters[0] == "pow":
        return program.nodes[a[1]][:2] == ("constant", ("splat", "2"))
    letters = parameters[0].partition("->")[0].split(",") if kind == "contract" else []
    return len(a) == 2 and len(letters) == 2 and a[0] == a[1] and letters[0] == letters[1]


def _needs(program, n: int, fact: Callable[[int], Record], waiting: list[int]) -> str:
    """Append the arguments that must be legitimate; return the reason why the node has no lemma, or nothing."""
    kind, parameters, arguments, _ = program.nodes[n]
    if kind in ("input", "constant"):
        return ""
    if kind == "where":
        if fact(n)[6] < 0 and fact(arguments[0])[0]:
            return "a choice that is not proved to be continuous"
        waiting.extend(arguments[1:])
        return ""
    if kind == "lookup":
        waiting.append(arguments[0])
        return "rows are selected by an index that varies" if fact(arguments[1])[0] else ""
    if kind == "map":
        reason = _map(parameters[0], [fact(a)[3] for a in arguments])
    elif kind in ("contract", "reduce", "cumulate", "reindex"):
        reason = ""
    elif kind == "order":
        reason = "" if parameters[0] in ("sort", "topk") else "a position in an order jumps"
    elif kind == "linalg":
        reason = "" if parameters[0] in ("det", "eigvalsh", "svdvals") else f"there is no lemma for {parameters[0]}"
    else:
        reason = "a truth value jumps" if kind in ("compare", "logic") else f"there is no lemma for {kind}"
    waiting.extend(arguments)
    return reason


def _map(name: str, ranges: list[Interval]) -> str:
    if name in SMOOTH_ANYWHERE or name == "pi":
        return ""
    if name in REGION:
        good = _inside(ranges[0], *REGION[name])
        return "" if good else f"{name} is not differentiable, or has no bounded derivative, on the whole range of its argument"
    if name == "div":
        return "" if _nonzero(ranges[1]) else "the denominator is not proved to be away from 0"
    if name == "pow":
        return _power(*ranges)
    return f"{name} jumps"


def _power(base: Interval, exponent: Interval) -> str:
    q = exponent[0] if exponent[0] is not None and exponent[0] == exponent[1] else None
    if q is not None and q.denominator == 1 and (q >= 0 or _nonzero(base)):
        return ""
    if (q is not None and q > 1) or _inside(base, *HALF_LINE):
        return ""
    return "the base of a power is not proved to be positive"


def _inside(a: Interval, low: Fraction | None, high: Fraction | None) -> bool:
    above = low is None or (a[0] is not None and (a[0] > low or (a[0] == low and not a[2])))
    below = high is None or (a[1] is not None and (a[1] < high or (a[1] == high and not a[3])))
    return above and below


def _nonzero(a: Interval) -> bool:
    return _inside(a, Fraction(0), None) or _inside(a, None, Fraction(0))
