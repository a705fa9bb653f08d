"""Syntax trees back to text: fewest parentheses, sharing written with ``let``.

``parse(to_text(e))`` is the tree ``e`` again, node by node.  The text is assembled from pieces with
an explicit stack, so that its length is linear in the number of nodes however much they are shared.
"""

from fractions import Fraction

from tamecheck.ground.grammar import COMPARE, NOT, RIGHT, UNARY, Expression, Syntax

_SIGNS = {
    "add": (9, "+"), "sub": (9, "-"), "mul": (10, "*"), "div": (10, "/"), "floordiv": (10, "//"), "mod": (10, "%"), "pow": (12, "**"),
    "and": (4, "and"), "or": (3, "or"), "implies": (2, "implies"), "iff": (1, "iff"),
}  # fmt: skip
_RELATION_SIGNS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
ATOM = 20


def _decimal(q: Fraction) -> tuple[str, int]:
    """Return a literal that reads back as ``q`` (finite decimals only come from literals)."""
    if q.denominator == 1:
        return str(q.numerator), ATOM
    twos = fives = 0
    rest = q.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{q.numerator}/{q.denominator}", 10
    places = max(twos, fives)
    digits = str(q.numerator * 10**places // q.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}", ATOM


def to_text(expression: Expression) -> str:
    """Return a text whose parse is the same tree.

    Large shared subterms and deep nesting are written with ``let``, so the text is never much
    longer than the tree has nodes.
    """
    nodes, order = expression.nodes, expression.needed()
    uses = dict.fromkeys(order, 0)
    for n in order:
        for child in nodes[n][2]:
            uses[child] += 1
    parts: dict[int, list[str | int]] = {}
    level: dict[int, int] = {}
    size: dict[int, int] = {}
    depth: dict[int, int] = {}
    lets: dict[int, str] = {}
    taken = {str(node[1]) for node in nodes if node[0] in ("name", "call")}
    taken |= {name for node in nodes if node[0] in ("forall", "exists") for name in node[1]}
    quantified = any(nodes[n][0] in ("forall", "exists") for n in order)
    fresh = (name for k in range(1, len(nodes) + len(taken) + 2) if (name := f"t{k}") not in taken)
    for n in order:
        parts[n], level[n], inner = _layout(nodes, n, level)
        size[n] = 1 + sum([size[c] for c in nodes[n][2]])
        depth[n] = max([depth[c] + (c in inner) for c in nodes[n][2]], default=0)
        # a term under a quantifier may hold its variable, which no let in front can name
        if not quantified and n != expression.root and ((uses[n] > 1 and size[n] > 12) or depth[n] > 60):
            lets[n], level[n], size[n], depth[n] = next(fresh), ATOM, 1, 0
    text: list[str] = []
    for n, name in lets.items():
        text.append(f"let {name} = ")
        _flatten(parts, lets, n, text)
        text.append("; ")
    _flatten(parts, lets, expression.root, text)
    return "".join(text)


def _layout(nodes: list[Syntax], n: int, level: dict[int, int]) -> tuple[list[str | int], int, set[int]]:
    """Return the pieces of a node (texts and children), its precedence, and the children put in parentheses."""
    kind, payload, children = nodes[n]
    inner: set[int] = set()

    def child(c: int, least: int) -> list[str | int]:
        if level[c] >= least:
            return [c]
        inner.add(c)
        return ["(", c, ")"]

    if kind == "number":
        literal, precedence = _decimal(payload)
        return [literal], precedence, inner
    if kind in ("name", "constant", "truth"):
        return [str(payload)], ATOM, inner
    if kind == "neg":
        return ["-", *child(children[0], UNARY)], UNARY, inner
    if kind == "not":
        return ["not ", *child(children[0], NOT)], NOT, inner
    if kind == "compare":
        a, b = children
        return [*child(a, COMPARE + 1), f" {_RELATION_SIGNS[payload]} ", *child(b, COMPARE + 1)], COMPARE, inner
    if kind in ("forall", "exists"):
        return [f"{kind} {', '.join(payload)}: ", children[0]], 0, inner
    if kind in _SIGNS and len(children) == 2:
        precedence, sign = _SIGNS[kind]
        sign = sign if precedence > 9 else f" {sign} "
        right = kind in RIGHT
        # the exponent of ** may be a bare unary minus
        behind = UNARY if kind == "pow" else precedence + (not right)
        return [*child(children[0], precedence + right), sign, *child(children[1], behind)], precedence, inner
    name = {"call": payload, "and": "And", "or": "Or"}.get(kind, kind)
    inner.update(children)
    pieces: list[str | int] = [f"{name}("]
    for k, c in enumerate(children):
        pieces += [", ", c] if k else [c]
    return [*pieces, ")"], ATOM, inner


def _flatten(parts: dict[int, list[str | int]], lets: dict[int, str], n: int, text: list[str]) -> None:
    stack: list[str | int] = list(reversed(parts[n]))
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            text.append(piece)
        elif piece in lets:
            text.append(lets[piece])
        else:
            stack.extend(reversed(parts[piece]))
