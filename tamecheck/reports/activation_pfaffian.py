"""The Pfaffian section of the activation report: format, chain and bound for the number of zeros, piece by piece."""

from __future__ import annotations

from tamecheck.proofs.pfaffian import Piece, pieces
from tamecheck.proofs.pfaffian_polynomials import shown
from tamecheck.reports.activation_numbers import interval


def section(shape, variable: str) -> tuple[dict, list[dict]]:
    """Return the section, and what contradicts it (nothing, unless the zeros or the bound are wrong).

    ``order`` and ``degrees`` (of the chain, in the chain) are the largest over the pieces, ``None`` when a piece has no chain; ``chain``
    and ``function`` are those of the only piece, or ``None`` (see ``pieces``); ``zeros_bound`` bounds the isolated zeros of the function.
    """
    found = pieces(shape) if not shape.hidden else []
    entries = [_piece(p, variable) for p in found]
    known = bool(found) and all(p.chain is not None for p in found)
    formats = [p.chain.format for p in found if p.chain is not None]
    joints = sum([1 for b in shape.breaks if b.kind not in ("isolated",)])
    reasons = [p.reason for p in found if p.chain is None] or ([] if found else ["the function is not analysed everywhere"])
    total = sum([p.chain.zeros_bound for p in found if p.chain is not None]) + joints if known else None
    result = {
        "order": max([f[0] for f in formats]) if known else None,
        "degrees": [max([f[i] for f in formats]) for i in (1, 2)] if known else None,
        "chain": entries[0]["chain"] if known and len(entries) == 1 else None,
        "function": entries[0]["function"] if known and len(entries) == 1 else None,
        "zeros_bound": total,
        "pieces": entries,
        "reason": reasons[0] if reasons else "",
    }
    wrong = [
        {"interval": interval(p.low, p.high), "question": "zeros", "reason": "more zeros than Khovanskii's bound allows", "infinitely_many": False}
        for p in found if not p.consistent
    ]  # fmt: skip
    return result, wrong


def _piece(p: Piece, variable: str) -> dict:
    entry: dict = {"interval": interval(p.low, p.high), "zeros_found": p.isolated}
    if p.chain is None:
        return entry | {"order": None, "degrees": None, "chain": None, "function": None, "zeros_bound": None, "reason": p.reason}
    from tamecheck.geometry.univariate.printing import text

    order, alpha, beta = p.chain.format
    names = [variable, *[f"y{i}" for i in range(1, order + 1)]]
    chain = [
        {"name": name, "function": text(y, variable), "derivative": shown(d, names)}
        for name, y, d in zip(names[1:], p.chain.functions, p.chain.derivatives, strict=True)
    ]
    return entry | {
        "order": order, "degrees": [alpha, beta], "chain": chain, "function": shown(p.chain.outer, names),
        "zeros_bound": p.chain.zeros_bound, "reason": "",
    }  # fmt: skip


def lines(content: dict) -> list[str]:
    """Return the section as lines of text."""
    if content["order"] is None:
        return [f"no chain was found: {content['reason']}"]
    alpha, beta = content["degrees"]
    bound = content["zeros_bound"]
    size = str(bound) if bound < 10**12 else f"10^{len(str(bound)) - 1}"
    result = [f"format ({content['order']}, {alpha}, {beta}); at most {size} isolated zeros (Khovanskii)"]
    if content["chain"] is not None:
        result += [f"{c['name']} = {c['function']},  {c['name']}' = {c['derivative']}" for c in content["chain"]]
        result += [f"f = {content['function']}"] if content["chain"] else []
    return [line if len(line) < 130 else line[:126] + " ..." for line in result]
