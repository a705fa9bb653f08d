"""Refinements: short theorems about patterns of nodes that the ordinary rules cannot see.

Each function takes the derivation and the node, and appends a step when the pattern is
there and the result is stronger.  Specification: ``docs/reference/certificate-format.md``,
section 5.2.
"""


from tamecheck.ground.numbers import square_root_above
from tamecheck.kernel import images
from tamecheck.kernel.derivation import Derivation, contraction_count, reduction_count
from tamecheck.kernel.judgments import NOTHING, Record, combine
from tamecheck.kernel.rules import times

ROUNDINGS = frozenset(["floor", "ceil", "round"])
LONGEST_CHAIN = 16
LONGEST_SUM = 64


def refine(d: Derivation, n: int) -> None:
    """Apply every refinement whose pattern starts at a map node ``n``."""
    p = d.program.nodes[n][1][0]
    if p == "div":
        share(d, n)
        logistic(d, n)
    elif p == "log":
        logsumexp(d, n)
    elif p == "sqrt":
        norm(d, n)
    elif p in ("max", "min"):
        saturate(d, n)


def _improve(d: Derivation, rule: str, n: int, premises: tuple[int, ...], parameters: tuple, **columns: object) -> None:
    before = d.record(n)
    names = ("varies", "homes", "local", "range", "total", "bounded", "smooth", "loclip", "lip")
    gain = tuple([columns.get(name, weak) for name, weak in zip(names, NOTHING, strict=True)])
    after: Record = combine(before, gain)
    if after != before:
        d.conclude(rule, n, (d.latest[n], *premises), parameters, after)


def _is(d: Derivation, n: int, kind: str, name: str) -> bool:
    """Tell whether a node, of which this derivation speaks, is of a kind."""
    if n not in d.latest:
        return False
    node = d.program.nodes[n]
    return node[0] == kind and node[1][0] == name


def share(d: Derivation, n: int) -> None:
    """a / sum(a) lies in [0, 1] when a >= 0; and a softmax is Lw/2-Lipschitz for the sup norm."""
    nodes = d.program.nodes
    a, s = nodes[n][2]
    if nodes[s][0] == "reindex" and nodes[s][1][0] == "expand":
        s = nodes[s][2][0]
    if a not in d.latest or not _is(d, s, "reduce", "sum") or nodes[s][2][0] != a or not nodes[s][1][2]:
        return
    f = d.record(a)
    if f[3][0] is None or f[3][0] < 0 or not f[4] or not d.record(n)[4]:
        return
    if _is(d, a, "map", "exp") and nodes[a][2][0] in d.latest:
        w = nodes[a][2][0]
        lip = d.record(w)[8]
        _improve(d, "share", n, (d.latest[a], d.latest[w]), (), range=images.UNIT, lip=None if lip is None else lip / 2)
    else:
        _improve(d, "share", n, (d.latest[a],), (), range=images.UNIT)


def _shifted_exponential(d: Derivation, s: int) -> tuple[int, int] | None:
    """Return (k, w) when node s is k + exp(w), in either order."""
    if not _is(d, s, "map", "add"):
        return None
    left, right = d.program.nodes[s][2]
    for k, e in ((left, right), (right, left)):
        if _is(d, e, "map", "exp") and k in d.latest and not d.record(k)[0] and d.program.nodes[e][2][0] in d.latest:
            return k, d.program.nodes[e][2][0]
    return None


def logistic(d: Derivation, n: int) -> None:
    """c / (k + exp(w)) is sup|c| Lw / (4 inf k)-Lipschitz for fixed c and fixed k > 0."""
    c, s = d.program.nodes[n][2]
    found = _shifted_exponential(d, s)
    if found is None or c not in d.latest or d.record(c)[0] or not d.record(n)[4]:
        return
    k, w = found
    low, size, lip = d.record(k)[3][0], images.sup(d.record(c)[3]), d.record(w)[8]
    if low is None or low <= 0 or size is None or lip is None:
        return
    _improve(d, "logistic", n, (d.latest[c], d.latest[k], d.latest[w]), (), lip=images.outward(size * lip / (4 * low), 1))


def logsumexp(d: Derivation, n: int) -> None:
    """log of a sum of exp(w), exp(v), ... and fixed numbers >= 0 is as Lipschitz as the worst of w, v, ..."""
    found = _leaves(d, d.program.nodes[n][2][0], _exponential_of)
    if found is None:
        return
    arguments, fixed = found
    records = [d.record(w) for w in arguments]
    lips = [f[8] for f in records]
    lip = None if None in lips or not d.record(n)[4] else max(lips)
    premises = tuple([d.latest[w] for w in (*arguments, *fixed)])
    _improve(d, "logsumexp", n, premises, (), lip=lip, loclip=int(all(f[7] for f in records)))


def _exponential_of(d: Derivation, u: int) -> int | None:
    """Return w when node u is exp(w) or a sum of entries of exp(w)."""
    if _is(d, u, "reduce", "sum") and reduction_count(d.program, d.program.nodes[u]) >= 1:
        u = d.program.nodes[u][2][0]
    return d.program.nodes[u][2][0] if _is(d, u, "map", "exp") else None


def _leaves(d: Derivation, root: int, recognise) -> tuple[list, list[int]] | None:
    """Return (recognised leaves, fixed leaves >= 0) of a tree of additions, from left to right, or ``None``."""
    found, fixed, todo = [], [], [root]
    while todo:
        u = todo.pop()
        if len(found) + len(fixed) + len(todo) > LONGEST_SUM or u not in d.latest:
            return None
        if _is(d, u, "map", "add"):
            todo.extend(reversed(d.program.nodes[u][2]))
            continue
        leaf = recognise(d, u)
        if leaf is not None:
            found.append(leaf)
            continue
        record = d.record(u)
        if record[0] or record[3][0] is None or record[3][0] < 0 or not record[4]:
            return None
        fixed.append(u)
    if not found or any((leaf[1] if isinstance(leaf, tuple) else leaf) not in d.latest for leaf in found):
        return None
    return found, fixed


def norm(d: Derivation, n: int) -> None:
    """sqrt of a sum of K squares of a, b, ... (and fixed numbers >= 0) is sqrt(K) max(La, Lb, ...)-Lipschitz for the sup norm."""
    found = _leaves(d, d.program.nodes[n][2][0], _squares_of)
    if found is None:
        return
    squares, fixed = found
    records = [d.record(a) for _, a in squares]
    lips = [f[8] for f in records]
    root = square_root_above(sum([k for k, _ in squares]))
    lip = None if None in lips or not all(f[4] for f in records) else times(root, max(lips))
    premises = tuple([d.latest[a] for a in (*[a for _, a in squares], *fixed)])
    _improve(d, "norm", n, premises, (str(root),), loclip=int(all(f[7] for f in records)), lip=lip)


def _squares_of(d: Derivation, u: int) -> tuple[int, int] | None:
    """Return (K, a) when node u is a sum of K squares of entries of a."""
    nodes, count = d.program.nodes, 1
    if _is(d, u, "reduce", "sum"):
        count, u = reduction_count(d.program, nodes[u]), nodes[u][2][0]
    elif nodes[u][0] == "contract" and len(nodes[u][2]) == 2 and nodes[u][2][0] == nodes[u][2][1]:
        left, right = nodes[u][1][0].partition("->")[0].split(",")
        return (contraction_count(d.program, nodes[u]), nodes[u][2][0]) if left == right else None
    node = nodes[u]
    if _is(d, u, "map", "mul") and node[2][0] == node[2][1]:
        return count, node[2][0]
    if _is(d, u, "map", "pow") and nodes[node[2][1]][:2] == ("constant", ("splat", "2")):
        return count, node[2][0]
    return None


def saturate(d: Derivation, n: int) -> None:
    """A rounding that is clamped afterwards takes finitely many values, with thresholds in its argument."""
    nodes = d.program.nodes
    before = d.record(n)
    if before[3][0] is None or before[3][1] is None or before[1]:
        return
    chain, others, node = [n], [], n
    while len(chain) <= LONGEST_CHAIN:
        kind, parameters, arguments, _ = nodes[node]
        if kind != "map" or any(a not in d.latest for a in arguments):
            return
        if parameters[0] in ROUNDINGS:
            break
        down = _chain_argument(d, parameters[0], arguments)
        if down is None:
            return
        node, other = down
        chain.append(node)
        others.append(d.latest[other])
    else:
        return
    v = nodes[node][2][0]
    f = d.record(v)
    _improve(d, "saturate", n, (d.latest[v], *others), tuple(chain), homes=f[1], local=f[2])


def _chain_argument(d: Derivation, p: str, arguments: tuple[int, ...]) -> tuple[int, int] | None:
    if p not in ("max", "min", "add", "sub"):
        return None
    a, b = arguments
    if not d.record(b)[0]:
        return a, b
    if p != "sub" and not d.record(a)[0]:
        return b, a
    return None


