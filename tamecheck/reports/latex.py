"""A certificate as a LaTeX page: a theorem, the facts it rests on, a proof, a bibliography.

Short derivations are written out step by step.  Long ones are proved by induction over the
nodes: nodes with equal rule and equal facts form one line of a table ("the 53 contractions
..."), the places where a larger structure enters are named, and an appendix lists the first
few hundred nodes; the JSON certificate has them all.
"""

from collections.abc import Iterator
from math import prod

from tamecheck.reports import mathematics as m
from tamecheck.reports.latex_proof import SHORT_PROOF, SHOWN_INPUTS, appendix, proof, varying
from tamecheck.reports.mathematics import cite, count, plain
from tamecheck.reports.reading import RULES, Reading, maximal, words_of
from tamecheck.reports.refutations import relevant
from tamecheck.structures import lattice
from tamecheck.structures.references import REFERENCES

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath,amssymb,amsthm}
\usepackage[margin=27mm]{geometry}
\usepackage{booktabs,longtable,array}
\newtheorem{theorem}{Theorem}
\newtheorem{lemma}[theorem]{Lemma}
\theoremstyle{definition}
\newtheorem*{definition}{Definition}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\emergencystretch=3em
\begin{document}
"""


def to_latex(document: dict) -> str:
    """Return the whole page; ``pdflatex`` compiles it without further files."""
    r = Reading(document)
    parts = [PREAMBLE, *title(r), *setting(r), *theorem(r), *facts_used(r), *proof(r), *bibliography(r)]
    if len(varying(r)) > SHORT_PROOF:
        parts += appendix(r)
    return "\n".join([*parts, r"\end{document}", ""])


# --------------------------------------------------------------- what is claimed


def title(r: Reading) -> Iterator[str]:
    """Yield the heading."""
    name = r.title(r.target)
    yield r"\begin{center}{\Large\bfseries A statement about definability}\\[4pt]"
    yield (rf"for {m.code(name)}, " if name else "") + rf"read from a certificate over the program \\ {m.code(r.claim['program'])}"
    yield r"\end{center}"


def setting(r: Reading) -> Iterator[str]:
    """Yield the definition of the function."""
    yield r"\section*{The function}"
    inputs = r.inputs()
    formula = m.formula(r, r.target)
    if formula is not None and not r.nodes[r.target][3]:
        yield rf"Let \[ f({', '.join(m.handle(r, n) for n in inputs)}) = {formula} \,. \]"
    else:
        shape = list(r.nodes[r.target][3])
        value = f"a tensor of shape {shape}" if shape else "a real number"
        yield (
            f"Let $f$ be the function computed by node {r.target} of a program of {count(len(r.nodes), 'node')}; its value is {value}. "
            "The program is a finite directed acyclic graph of tensor operations over the real numbers; "
            "it is part of the certificate and identified by the digest above."
        )
    yield inputs_sentence(r, inputs)
    if len(inputs) > 3 or any(r.nodes[n][3] or "_{" in m.variable(r, n) for n in inputs):
        yield from inputs_table(r, inputs)


def inputs_sentence(r: Reading, inputs: list[int]) -> str:
    """Return which inputs vary and over which domain."""
    fixed = [n for n in inputs if not r.varying(n)]
    text = "Its domain is the set of points of the product of the boxes of its inputs where all operations are defined. "
    boxed = [n for n in inputs if r.nodes[n][1][2] != "(-inf,inf)"]
    if not boxed:
        text = "Its inputs range over all real numbers, as far as all operations are defined. "
    elif len(inputs) <= 3:
        text += "Here " + " and ".join(rf"${m.handle(r, n)} \in {m.interval(r.nodes[n][1][2])}$" for n in inputs) + ". "
    if fixed:
        what = "inputs" if r.claim["about"] == "parameters" else "parameters"
        text += f"We regard it as a function of the {r.claim['about']}; the {what} are fixed, at arbitrary values."
    elif any(r.nodes[n][1][1] == "parameter" for n in inputs):
        text += "We regard it as a function of its parameters and inputs together."
    return text


def inputs_table(r: Reading, inputs: list[int]) -> Iterator[str]:
    """Yield the inputs, the first ones one by one, the rest summed up."""
    yield r"\begin{center}\small\begin{tabular}{@{}lllll@{}}\toprule input & name & role & shape & entries in \\ \midrule"
    for n in inputs[:SHOWN_INPUTS]:
        name, role, box = r.nodes[n][1]
        role = role if r.varying(n) else f"{role}, fixed"
        shape = ", ".join(str(e) for e in r.nodes[n][3])
        yield rf"${m.variable(r, n)}$ & {m.code(name, 60)} & {role} & $[{shape}]$ & ${m.interval(box)}$ \\"
    rest = inputs[SHOWN_INPUTS:]
    if rest:
        entries = sum(prod(r.nodes[n][3]) for n in rest)
        yield rf"\multicolumn{{5}}{{@{{}}l}}{{and {count(len(rest), 'more tensor')} with {count(entries, 'entry', 'entries')}}} \\"
    yield r"\bottomrule\end{tabular}\end{center}"


def theorem(r: Reading) -> Iterator[str]:
    """Yield the theorem: every claimed column in words."""
    h = r.holds
    yield r"\begin{theorem}"
    if r.assumptions:
        yield "Assume that " + "; and that ".join(m.escape(a, 400) for a in r.assumptions) + ". Then:"
    items = []
    homes = m.structures(h.homes)
    if h.homes:
        many = len(r.homes) > 1
        items.append(
            f"The graph of $f$ is definable, with parameters, in the o-minimal structure{'s' if many else ''} {homes}"
            f"{', in each of them' if many else ''}; hence also in every expansion of {'these' if many else 'it'}."
        )
    if r.claim["not"] == "any":
        items.append("$f$ is definable in no o-minimal expansion of the real ordered field.")
    elif r.claim["not"]:
        tops = maximal(r.claim["not"])
        below = ", nor in any reduct of " + ("these" if len(tops) > 1 else "it") if len(r.claim["not"].split()) > len(tops) else ""
        text = f"$f$ is not definable in {m.structures(' '.join(tops), ', nor in ')}{below}."
        items.append(text + (" Among the structures named in this page, (1) is therefore best possible." if r.sharp else ""))
    if h.local and h.local != h.homes:
        items.append(f"The restriction of $f$ to every compact box inside its domain is definable in {m.structures(h.local)}.")
    items += value_sentences(r)
    yield r"\begin{enumerate}\renewcommand{\theenumi}{(\arabic{enumi})}\renewcommand{\labelenumi}{\theenumi}\setlength{\itemsep}{1pt}"
    yield from (rf"\item {item}" for item in items)
    yield r"\end{enumerate}\end{theorem}"


def value_sentences(r: Reading) -> list[str]:
    """Return the claimed range, domain and regularity as sentences."""
    h, items = r.holds, []
    where = "$f$ is defined on the whole domain" if h.total else "On its natural domain $f$"
    entry = "its values" if not r.nodes[r.target][3] else "all its entries"
    if h.range != "(-inf,inf)":
        items.append(f"{where}{', and' if h.total else ' is such that'} {entry} lie in ${m.interval(h.range)}$.")
    elif h.total:
        items.append(f"{where}.")
    regularity = m.smooth(h.smooth)
    if r.claim["discontinuous"]:
        items.append("$f$ is not continuous.")
    elif regularity:
        local = " and locally Lipschitz" if h.loclip and h.smooth == "C0" else ""
        items.append(rf"$f$ is {'continuous' if h.smooth == 'C0' else regularity}{local}.")
    if h.lip is not None:
        items.append(rf"Every entry of $f$ is Lipschitz with constant ${m.number(h.lip)}$ for the supremum norm of the varying inputs.")
    if r.path_differentiable and h.loclip:
        why = "of class $C^1$" if h.smooth not in ("none", "C0") else "locally Lipschitz and definable"
        items.append(f"$f$ is path-differentiable, being {why}{cite(['BP21'])}.")
    return items


# --------------------------------------------------------------- what it rests on


def facts_used(r: Reading) -> Iterator[str]:
    """Yield the definitions, structures, axioms and rules that the proof uses, and no others."""
    yield r"\section*{Definitions and facts used}"
    yield (
        r"A \emph{structure} on $\mathbb{R}$ is a family of subsets of the spaces $\mathbb{R}^n$, called definable, closed under Boolean "
        r"operations, products and coordinate projections, and containing the diagonals; here it contains the graphs of "
        r"the order and of addition, and every point is definable. It is \emph{o-minimal} when every definable subset of $\mathbb{R}$ "
        r"is a finite union of points and intervals. A function is definable when its graph is"
        + cite(["vdD98"]) + ". A structure \\emph{expands} another when it has at least its definable sets."
    )
    yield r"\begin{itemize}\setlength{\itemsep}{1pt}"
    for s in mentioned(r):
        yield rf"\item ${m.structure(s.name)}$: {plain(s.generators)}; o-minimal by {m.escape(s.o_minimal_by)}{cite(s.references)}."
    yield r"\end{itemize}"
    axioms = r.axioms()
    if axioms:
        yield "The proof takes the following from the literature (with the number of uses)."
        yield r"\begin{enumerate}\renewcommand{\labelenumi}{(A\arabic{enumi})}\setlength{\itemsep}{1pt}"
        for a in axioms:
            yield rf"\item {plain(a.name)}: {plain(a.statement)}{cite(a.references)}. ({a.uses}$\times$)"
        yield r"\end{enumerate}"
    yield "Rules of the calculus; each is a property of every o-minimal structure named above that expands what it mentions."
    yield r"\begin{description}\setlength{\itemsep}{1pt}"
    for rule in rules_used(r):
        words, sentence, keys = words_of(rule)
        yield rf"\item[{m.escape(words)}] {plain(sentence)}{cite(keys)}"
    yield r"\end{description}"


def mentioned(r: Reading) -> list:
    """Return the structures that the statement or the derivation names, in table order."""
    names = set(r.claim["not"].split()) if r.claim["not"] != "any" else set()
    names = set(maximal(" ".join(s.name for s in lattice.TABLE if s.name in names))) if names else set()
    for n in r.cone:
        f = r.fact(n)
        if f.varies:
            names.update(f.homes.split("|"))
    names.update(r.holds.homes.split("|"), r.holds.local.split("|"))
    return [s for s in lattice.TABLE if s.name in names]


def rules_used(r: Reading) -> list[str]:
    """Return the rules behind the derivation of the claimed node, in the order of their table."""
    used = {rule for n in r.cone if r.fact(n).varies or r.nodes[n][0] == "constant" for rule in r.rules(n)}
    for instance, step in r.document["refutations"]:
        used.update(r.instances[instance]["steps"][i][0] for i in relevant(r, instance, step)
                    if isinstance(r.instances[instance]["steps"][i][4], (list, tuple)))  # fmt: skip
    known = [rule for rule in RULES if rule in used]
    return known + sorted(used - set(known))


def bibliography(r: Reading) -> Iterator[str]:
    """Yield the literature that this proof rests on."""
    keys = set(r.bibliography())
    for s in mentioned(r):
        keys.update(s.references)
    for rule in rules_used(r):
        keys.update(words_of(rule)[2])
    yield r"\begin{thebibliography}{99}\small\setlength{\itemsep}{1pt}"
    for key in sorted(keys, key=str.lower):
        yield rf"\bibitem{{{key}}} {m.escape(REFERENCES[key], 600)}."
    yield r"\end{thebibliography}"
