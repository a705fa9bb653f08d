"""The derivation as a tree on a terminal: every node with its structure, rule and reference.

A program is a graph, so a shared node is printed once and quoted elsewhere by its number,
``#12``.  The longest path goes straight down and only side branches are indented.  A
derivation longer than ``limit`` nodes is first summarised in groups of equal rule and equal
facts, with the nodes where a larger structure enters; then its last nodes are shown.
"""

from collections.abc import Iterator

from tamecheck.reports.intervals import short_range
from tamecheck.reports.reading import VERDICTS, Fact, Reading, clean, neither
from tamecheck.structures import lattice

LIMIT = 200
DEEPEST = 24
SMALL = 40  # programs up to this size have a line for each input
SHOWN_GROUPS = 40


def explain(document: dict, limit: int = LIMIT, width: int = 120, color: bool = False) -> str:
    """Return the derivation as text.

    Parameters
    ----------
    document : the certificate as a JSON value
    limit : nodes printed in the tree
    width : columns
    color : with terminal colours
    """
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=width, force_terminal=color, no_color=not color, highlight=False, legacy_windows=False)
    show(document, console, limit)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def show(document: dict, console: object, limit: int = LIMIT) -> None:
    """Print the derivation on a ``rich`` console."""
    r = Reading(document)
    console.print(headline(r))
    if len(r.cone) > limit:
        for part in overview(r):
            console.print(part)
    console.print(tree(r, limit), soft_wrap=True)
    for part in negatives(r):
        console.print(part)
    for part in sources(r):
        console.print(part)


# ------------------------------------------------------------------- headline


def headline(r: Reading) -> object:
    """Return the verdict and the facts of the claimed node."""
    from rich.text import Text

    text = Text()
    style = {"definable": "bold green", "not-definable": "bold red"}.get(r.verdict, "bold yellow")
    text.append(VERDICTS[r.verdict], style)
    if r.homes:
        text.append(" in " + " and in ".join(s.name for s in r.homes), style)
    text.append(f", as a function of {varying_words(r)}")
    for line in fact_lines(r):
        text.append("\n  " + line)
    return text


def varying_words(r: Reading) -> str:
    """Return which inputs vary, in words."""
    if r.claim["about"] == "both":
        return "the parameters and the inputs" if any(r.nodes[n][1][1] == "parameter" for n in r.inputs()) else "its inputs"
    return "the parameters, the inputs being fixed" if r.claim["about"] == "parameters" else "the inputs, the parameters being fixed"


def fact_lines(r: Reading) -> Iterator[str]:
    """Yield the claimed facts, one sentence each."""
    h = r.holds
    if r.sharp:
        yield "sharp: definable in no structure of the table outside these"
    elif r.homes and r.excluded:
        yield "not definable " + neither(r.claim["not"])
    if not r.homes and h.local:
        yield f"definable on every compact box inside the domain in {' and in '.join(h.local.split('|'))}"
    if r.homes and h.local != h.homes and h.local:
        yield f"on compact boxes already in {' and in '.join(h.local.split('|'))}"
    yield "defined everywhere" if h.total else "perhaps not defined everywhere"
    yield f"values in {short_range(h.range)}"
    if r.claim["discontinuous"]:
        yield "discontinuous"
    elif h.smooth != "none":
        yield "analytic" if h.smooth == "analytic" else f"of class {h.smooth}"
    if h.loclip and h.total:
        yield "locally Lipschitz" + ("; path-differentiable" if r.path_differentiable else "")
    if h.lip is not None:
        yield f"Lipschitz with constant {clean(h.lip, 40)} for the sup norm"
    for text in r.assumptions:
        yield f"ASSUMED: {text}"


# ----------------------------------------------------------------------- tree


def tree(r: Reading, limit: int = LIMIT) -> object:
    """Return the derivation of the claimed node as text, at most ``limit`` nodes of it."""
    from rich.text import Text

    text = Text("derivation: each line uses lines below it or numbers; side branches are indented")
    rows = layout(r, limit)
    for depth, n in rows:
        text.append("\n" + "| " * min(depth, DEEPEST), "dim")
        text.append_text(line(r, n))
    left = sum(not inline(r, n) for n in r.cone) - len(rows)
    if left > 0:
        text.append(f"\n... and {left} more nodes, not shown (--limit)", "dim")
    return text


def layout(r: Reading, limit: int) -> list[tuple[int, int]]:
    """Return (depth, node) rows from the claimed node down, every node once.

    The longest path of a node goes on at its own depth; another argument is a side branch, one
    deeper, up to where it meets that path.  So a residual network is one column and a deep network
    has no deep indentation.
    """
    window = _window(r, 4 * limit)
    place = {n: i for i, n in enumerate(window)}
    reach, height = [0] * len(window), [0] * len(window)
    for i, n in enumerate(window):
        reach[i] = 1 << i
        for a in r.nodes[n][2]:
            if a in place:
                reach[i] |= reach[place[a]]
                height[i] = max(height[i], height[place[a]] + 1)
    rows: list[tuple[int, int]] = []
    printed, stack = 0, [(0, r.target, 0)]  # (depth, node, nodes reserved for the paths this branch hangs on)
    while stack and len(rows) < limit:
        depth, n, reserved = stack.pop()
        i = place[n]
        if (printed | reserved) >> i & 1:
            continue
        printed |= 1 << i
        rows.append((depth, n))
        below = [a for a in dict.fromkeys(r.nodes[n][2]) if a in place and not (printed | reserved) >> place[a] & 1]
        below.sort(key=lambda a: height[place[a]], reverse=True)
        if below:
            main = reach[place[below[0]]]
            stack.append((depth, below[0], reserved))
            stack += [(depth + 1, a, reserved | main) for a in reversed(below[1:])]
    return rows


def _window(r: Reading, size: int) -> list[int]:
    """Return up to ``size`` nodes of the derivation, the last ones, in order."""
    import heapq

    heap, seen, found = [-r.target], {r.target}, []
    while heap and len(found) < size:
        n = -heapq.heappop(heap)
        found.append(n)
        for a in r.nodes[n][2]:
            if a not in seen and not inline(r, a):
                seen.add(a)
                heapq.heappush(heap, -a)
    return found[::-1]


def inline(r: Reading, n: int) -> bool:
    """Tell whether a node is written inside its users: a constant, or an input of a large program."""
    kind, parameters = r.nodes[n][0], r.nodes[n][1]
    if n == r.target:
        return False
    return kind == "constant" or (kind == "map" and parameters[0] == "pi") or (kind == "input" and len(r.cone) > SMALL)


def line(r: Reading, n: int) -> object:
    """Return one node of the tree: position, name, expression, structures, rule, reference, range."""
    from rich.text import Text

    f = r.fact(n)
    text = Text(f"#{n} ", "dim")
    if r.title(n):
        text.append(r.title(n) + ": ", "cyan")
    text.append(r.expression(n))
    if r.nodes[n][3]:
        text.append(f" {list(r.nodes[n][3])}", "dim")
    text.append("  " + _homes(f), "green" if f.homes else "red")
    text.append(f"  by {r.rule_words(n)}")
    if r.rule_references(n):
        text.append(f" [{', '.join(r.rule_references(n))}]", "dim")
    if f.range != "(-inf,inf)":
        text.append(f"  in {short_range(f.range)}", "dim")
    if not f.total:
        text.append("  partial", "yellow")
    return text


def _homes(f: Fact) -> str:
    if not f.varies:
        return "constant"
    return f.homes or "no home" + (f" (locally {f.local})" if f.local else "")


# ----------------------------------------------------------------- long proofs


def groups(r: Reading) -> list[tuple[tuple[str, str, str, str], list[int]]]:
    """Return the varying nodes grouped by rule, homes, smoothness and totality, largest groups first."""
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for n in r.cone:
        f = r.fact(n)
        if f.varies and r.nodes[n][0] != "input":
            key = (r.rule_words(n), f.homes or "-", f.smooth, "total" if f.total else "partial")
            found.setdefault(key, []).append(n)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def entrances(r: Reading) -> list[int]:
    """Return the nodes where a structure enters: the up-set is smaller than that of all arguments together."""
    found = []
    for n in r.cone:
        f = r.fact(n)
        if not f.varies or r.nodes[n][0] == "input":
            continue
        before = lattice.ALL
        for a in r.nodes[n][2]:
            before &= lattice.parse(r.fact(a).homes)
        if lattice.parse(f.homes) != before:
            found.append(n)
    return found


def overview(r: Reading) -> Iterator[object]:
    """Yield the groups of a long derivation and the nodes where structures enter."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{len(r.cone)} nodes, {len(r.steps)} steps, by rule and fact", box=box.SIMPLE, title_justify="left")
    for column in ("nodes", "rule", "definable in", "smooth", "defined", "for example"):
        table.add_column(column, justify="right" if column == "nodes" else "left")
    known = groups(r)
    for (rule, homes, smooth, total), members in known[:SHOWN_GROUPS]:
        example = f"#{members[0]} {r.title(members[0])}"
        table.add_row(*[Text(clean(t, 48)) for t in (len(members), rule, homes, smooth, total, example)])
    if len(known) > SHOWN_GROUPS:
        table.add_row("", Text(f"and {len(known) - SHOWN_GROUPS} smaller groups"))
    yield table
    by_change: dict[tuple[str, str], list[int]] = {}
    for n in entrances(r):
        by_change.setdefault((_homes(r.fact(n)), r.rule_words(n)), []).append(n)
    if by_change:
        yield Text("where structures enter")
    for (homes, rule), members in sorted(by_change.items(), key=lambda item: -len(item[1]))[:SHOWN_GROUPS]:
        title = f" '{r.title(members[0])}'" if r.title(members[0]) else ""
        yield Text(f"  {homes}: {len(members)} x {rule}, first at #{members[0]}{title}")


# ----------------------------------------------------------- negatives, sources


def negatives(r: Reading) -> Iterator[object]:
    """Yield one paragraph per refutation."""
    from rich.text import Text

    from tamecheck.reports.refutations import jump_sentence, sentences

    for number, lines in enumerate(sentences(r), 1):
        text = Text(f"{'why no smaller structure' if r.homes else 'why not'} ({number})", "bold")
        for item in lines:
            text.append("\n  " + item, "not bold")
        yield text
    jump = jump_sentence(r)
    if jump:
        yield Text("why it is discontinuous\n  ", "bold").append(jump, "not bold")


def sources(r: Reading) -> Iterator[object]:
    """Yield the axioms used and their literature."""
    from rich.text import Text

    from tamecheck.structures.references import REFERENCES

    axioms = r.axioms()
    if axioms:
        text = Text("relying on", "bold")
        for a in axioms:
            text.append(f"\n  {a.name} ({a.uses}x): {a.statement} [{', '.join(a.references)}]", "not bold")
        yield text
    text = Text("references", "bold")
    for key in r.bibliography():
        text.append(f"\n  [{key}] {REFERENCES[key]}", "not bold")
    yield text
