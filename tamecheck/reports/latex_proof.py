"""The proof part of the LaTeX page: step by step when short, by groups when long, and what is not definable."""

from collections.abc import Iterator

from tamecheck.reports import mathematics as m
from tamecheck.reports.mathematics import cite, count
from tamecheck.reports.reading import Reading, maximal, words_of
from tamecheck.reports.refutations import runs
from tamecheck.reports.terminal import entrances, groups

SHORT_PROOF = 40  # varying nodes that are written out one by one
APPENDIX = 250
SHOWN_INPUTS = 12
SHOWN_GROUPS = 60


def varying(r: Reading) -> list[int]:
    """Return the nodes of the derivation that are neither inputs nor constant."""
    return [n for n in r.cone if r.nodes[n][0] != "input" and r.fact(n).varies]


def proof(r: Reading) -> Iterator[str]:
    """Yield the proof: the positive part, then one paragraph per refutation."""
    yield r"\section*{Proof}"
    nodes = varying(r)
    yield from short_proof(r, nodes) if len(nodes) <= SHORT_PROOF else long_proof(r, nodes)
    yield from negative_proof(r)
    yield r"\hfill$\square$"


def short_proof(r: Reading, nodes: list[int]) -> Iterator[str]:
    """Yield one item per node."""
    if not nodes:
        yield "The node is constant in the varying inputs."
        return
    yield (
        "We go through the operations in order and write $f_k$ for the value of node $k$. "
        "Each line states where the function is definable, what its values are, and by which rule."
    )
    yield r"\begin{longtable}{@{}>{\raggedright\arraybackslash}p{0.42\textwidth}>{\raggedright\arraybackslash}p{0.55\textwidth}@{}}"
    for n in nodes:
        yield rf"{m.definition(r, n)} & {sentence(r, n)} \\[3pt]"
    yield r"\end{longtable}"
    yield rf"The last line, $f = f_{{{r.target}}}$, is the theorem, except for what is not definable."


def sentence(r: Reading, n: int) -> str:
    """Return what is known of one node, and why."""
    f = r.fact(n)
    where = f"definable in {m.structures(f.homes)}" if f.homes else "no common home is known"
    if not f.homes and f.local:
        where += f"; on compact boxes in {m.structures(f.local)}"
    parts = [f"{where}, by {m.rule_words(r, n)}{cite(r.rule_references(n))}"]
    if f.range != "(-inf,inf)":
        parts.append(rf"values in ${m.interval(f.range)}$")
    if not f.total:
        parts.append("defined where its arguments allow it")
    if f.smooth != "analytic":
        parts.append(m.smooth(f.smooth) or "perhaps not continuous")
    if "piecewise" in r.rules(n):
        parts.append(pieces(r, n))
    return "; ".join(parts) + "."


def pieces(r: Reading, n: int) -> str:
    """Return how a node is treated by pieces."""
    step = next(s for s in r.steps if s[1] == n and s[0] == "piecewise")
    pivot, cuts = step[3][0], step[3][1]
    shown = ", ".join(f"${m.number(str(q))}$" for q in cuts[:6])
    return f"treated separately on the pieces of ${m.handle(r, pivot)}$ cut at {shown}, whose Taylor polynomials at the cuts are compared"


def long_proof(r: Reading, nodes: list[int]) -> Iterator[str]:
    """Yield a proof by induction, with one line per group of equal nodes."""
    known = groups(r)
    yield (
        f"The node depends on {count(len(r.cone), 'node')}, of which {count(len(nodes), 'node')} vary with the inputs and are no inputs "
        f"themselves. They are treated in order, each after its arguments; equal rule and equal facts make {count(len(known), 'group')}. "
        "By induction, every node of a group has the properties of its line, because its arguments have theirs and the rule named there "
        "applies; the certificate lists the arguments of each."
    )
    yield (
        r"\begin{longtable}{@{}r>{\raggedright\arraybackslash}p{0.33\textwidth}>{\raggedright\arraybackslash}p{0.19\textwidth}"
        r"l>{\raggedright\arraybackslash}p{0.2\textwidth}@{}}"
    )
    yield r"\toprule nodes & rule & definable in & regularity & first \\ \midrule \endhead \bottomrule \endfoot"
    for (rule, homes, smooth, total), members in known[:SHOWN_GROUPS]:
        where = "no home" if homes == "-" else m.structures(homes)
        regular = {"none": "--", "analytic": "analytic"}.get(smooth) or f"$C^{{{smooth[1:].replace('inf', chr(92) + 'infty')}}}$"
        first = m.code(r.title(members[0]), 36) if r.title(members[0]) else f"node {members[0]}"
        yield rf"{len(members)} & {m.worded(rule)} & {where} & {regular}{'' if total == 'total' else ', partial'} & {first} \\"
    if len(known) > SHOWN_GROUPS:
        yield rf"\multicolumn{{5}}{{@{{}}l}}{{and {count(len(known) - SHOWN_GROUPS, 'smaller group')}}} \\"
    yield r"\end{longtable}"
    yield from growth(r)
    last = [n for n in nodes if n in set(r.nodes[r.target][2])] + [r.target]
    yield "The last steps are:"
    yield r"\begin{itemize}\setlength{\itemsep}{1pt}"
    for n in last[-6:]:
        yield rf"\item {m.definition(r, n)}: {sentence(r, n)}"
    yield r"\end{itemize}"


def growth(r: Reading) -> Iterator[str]:
    """Yield where the structure of a node is larger than those of its arguments."""
    changes: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
    for n in entrances(r):
        changes.setdefault((r.fact(n).homes, r.rule_words(n), r.rule_references(n)), []).append(n)
    if not changes:
        return
    yield "The structure is enlarged at the following nodes only; all other rules stay inside the structures of their arguments."
    yield r"\begin{itemize}\setlength{\itemsep}{1pt}"
    for (homes, rule, keys), members in sorted(changes.items(), key=lambda item: -len(item[1]))[:20]:
        where = f"to {m.structures(homes)}" if homes else "beyond every structure of the table"
        name = f" ({m.code(r.title(members[0]), 48)})" if r.title(members[0]) else ""
        yield rf"\item {where}: {count(len(members), 'node')} by {m.worded(rule)}{cite(keys)}, the first being node {members[0]}{name}."
    yield r"\end{itemize}"


def negative_proof(r: Reading) -> Iterator[str]:
    """Yield one paragraph per refutation."""
    for number, (instance, step) in enumerate(r.document["refutations"], 1):
        yield rf"\par\textbf{{{'What is not definable' if number == 1 else 'Further'}.}}"
        escape = r.instances[instance].get("escape")
        if escape:
            yield from curve(r, escape[0], escape[1])
            node = m.handle(r, r.instances[instance]["variable"])
            yield rf"Now let $t$ be the value of ${node}$ itself, which runs through an unbounded interval."
        yield from curve(r, instance, step, bool(escape))
    if r.document["jumps"]:
        yield jump(r, *r.document["jumps"])


def curve(r: Reading, instance: int, step: int, continued: bool = False) -> Iterator[str]:
    """Yield the sentences of one curve up to one negative step."""
    c = r.instances[instance]
    if not continued:
        moved = "t" if c["exponent"] == "1" else f"t^{{{m.escape(c['exponent'])}}}"
        fixed = [(n, q) for n, q in c["fixed"] if n != c["variable"]]
        shown = ", ".join(f"${m.handle(r, n)} = {m.number(str(q))}$" for n, q in fixed[:6])
        more = f", and {count(len(fixed) - 6, 'more input')} likewise" if len(fixed) > 6 else ""
        rest = f", every entry of the other inputs being fixed at {shown}{more}" if fixed else ""
        yield (
            rf"Put ${_variables(r, c)} = {moved}$ in every entry, $t \in {m.interval(c['domain'])}${rest}. "
            "A definable function stays definable along this semialgebraic curve."
        )
    yield " ".join(text for run in runs(r, instance, step) if (text := run_sentence(r, instance, run)))


def _variables(r: Reading, c: dict) -> str:
    """Return the inputs that move along a curve, joined by equality signs."""
    moving = [c["variable"], *c["companions"]]
    return " = ".join(m.handle(r, n) for n in moving[:4]) + (r" = \cdots" if len(moving) > 4 else "")


def run_sentence(r: Reading, instance: int, run: list[int]) -> str:
    """Return a run of steps as one sentence."""
    if len(run) == 1:
        return negative_sentence(r, instance, run[0])
    steps = r.instances[instance]["steps"]
    nodes = [m.definition(r, steps[i][1]) for i in run]
    if len(nodes) > 12:
        nodes = [*nodes[:6], r"\ldots", *nodes[-4:]]
    where = excluded_words(str(steps[run[-1]][4][1]))
    return f"In turn, {', '.join(nodes)} determine the one before definably, so none of them is definable {where}."


def excluded_words(names: str) -> str:
    """Return ``in X or in Y`` for the maximal structures of a list."""
    tops = maximal(names)
    return "in any o-minimal structure" if tops == ("any",) else f"in {m.structures(' '.join(tops), ' or in ')}"


def negative_sentence(r: Reading, instance: int, i: int) -> str:
    """Return one negative step as a sentence."""
    steps = r.instances[instance]["steps"]
    rule, n, premises, parameters, conclusion = steps[i]
    if not isinstance(conclusion, (list, tuple)):
        return ""
    leaf = r.nodes[n][0] in ("input", "constant") or n == r.instances[instance]["variable"]
    it = f"${m.handle(r, n)}$" if leaf else m.definition(r, n)
    if conclusion[0] == "polynomial":
        return "" if leaf else f"Along it, {it} is ${m.polynomial(list(conclusion[1:]))}$."
    if conclusion[0] == "slope":
        return f"{it} is $at+b$ with $a\\neq 0$."
    if conclusion[0] == "periodic" and str(conclusion[1]).startswith("at "):
        return f"{it} is periodic, its argument being affine in $t$."
    if conclusion[0] == "periodic":
        unit, p = conclusion[1], m.number(str(conclusion[2]))
        return f"{it} has the period ${p if unit == '1' else chr(92) + 'pi' if p == '1' else p + chr(92) + 'pi'}$."
    if conclusion[0] == "escapes":
        return f"{it} is continuous and tends to infinity."
    where = excluded_words(str(conclusion[1]))
    if rule == "oscillate":
        at = " and ".join(f"$t={m.number(str(q))}$" for q in parameters)
        return (
            f"{it} takes different values at {at}, so it is not constant; being periodic on an unbounded interval, it takes some value on "
            f"infinitely many components, and it is not definable {where}."
        )
    if rule == "axiom":
        return f"{it} is not definable {where}, by the facts quoted above."
    if rule == "curvature":
        at = ", ".join(f"${m.number(str(q))}$" for q in parameters)
        return f"{it} is real analytic with a nonzero second difference at {at}, hence not piecewise affine and not definable {where}."
    if rule == "staircase":
        what = "takes infinitely many integer values" if r.nodes[n][1][0] in ("floor", "ceil", "round") else "meets infinitely many poles"
        return f"{it} {what}, so it is not definable {where}."
    if rule in ("peel", "level", "signs"):
        f = m.handle(r, steps[premises[0]][1])
        how = {"level": "has the level sets of", "signs": "has, up to one constant sign, the sign of"}.get(rule, "determines definably")
        return f"{it} {how} ${f}$, so it is not definable {where}."
    return f"{it} is not definable {where} ({m.escape(words_of(rule)[0])})."


def jump(r: Reading, first: list, second: list) -> str:
    """Return the proof of a discontinuity."""
    (i, s), (j, u) = first, second
    left, right = r.instances[i], r.instances[j]
    ranges = [r.facts[c["steps"][k][4]].range for c, k in ((left, s), (right, u))]
    return (
        rf"\textbf{{Discontinuity.}} Put ${m.handle(r, left['variable'])} = t$. For $t \in {m.interval(left['domain'])}$ the values lie in "
        rf"${m.interval(ranges[0])}$, and for $t \in {m.interval(right['domain'])}$ in ${m.interval(ranges[1])}$; these sets have "
        "a positive distance, although the two sets of parameters touch."
    )


def appendix(r: Reading) -> Iterator[str]:
    """Yield the first nodes of a long derivation, and where the others are."""
    nodes = varying(r)
    yield r"\section*{Appendix: the derivation}"
    if len(nodes) > APPENDIX:
        yield f"The first {APPENDIX} of {count(len(nodes), 'node')}; the JSON certificate has every step, and a checker recomputes each."
    yield r"\begingroup\footnotesize"
    if len(r.inputs()) > SHOWN_INPUTS:
        yield from inputs_list(r)
    yield (
        r"\begin{longtable}{@{}>{\raggedright\arraybackslash}p{0.44\textwidth}>{\raggedright\arraybackslash}p{0.19\textwidth}"
        r">{\raggedright\arraybackslash}p{0.3\textwidth}@{}}"
    )
    yield r"\toprule node & definable in & rule \\ \midrule \endhead \bottomrule \endfoot"
    for n in nodes[:APPENDIX]:
        f = r.fact(n)
        yield rf"{m.definition(r, n)} & {m.structures(f.homes) or 'no home'} & {m.rule_words(r, n)} \\"
    yield r"\end{longtable}\endgroup"


def inputs_list(r: Reading) -> Iterator[str]:
    """Yield all inputs with their symbols (as far as there is room)."""
    yield r"\begin{longtable}{@{}l>{\raggedright\arraybackslash}p{0.55\textwidth}ll@{}}"
    yield r"\toprule input & name & role & shape \\ \midrule \endhead \bottomrule \endfoot"
    for n in r.inputs()[:APPENDIX]:
        name, role, _ = r.nodes[n][1]
        yield rf"${m.variable(r, n)}$ & {m.code(name, 80)} & {role} & $[{', '.join(str(e) for e in r.nodes[n][3])}]$ \\"
    yield r"\end{longtable}"
