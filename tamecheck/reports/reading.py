"""A certificate as people read it: facts by node, words for rules, axioms used.

All renderings take the certificate as a parsed JSON value (``docs/reference/certificate-format.md``)
and look at it through a `Reading`.  Nothing here proves anything: a rendering of a
certificate that the checker refuses is a rendering of nothing.
"""

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from tamecheck.structures import lattice
from tamecheck.structures.primitives import BY_NAME
from tamecheck.structures.table import Structure

LONGEST_TEXT = 96


class Fact(NamedTuple):
    """The nine columns of a fact record, as texts and small integers."""

    varies: int
    homes: str
    local: str
    range: str
    total: int
    bounded: int
    smooth: str
    loclip: int
    lip: str | None


class Axiom(NamedTuple):
    """One statement from the literature that the derivation rests on, and how often it is used."""

    name: str
    statement: str
    references: tuple[str, ...]
    uses: int


# rule: (a few words, the sentence behind it, references)
RULES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "input": ("variable", "A coordinate on a box is semilinear.", ("vdD98",)),
    "constant": ("constant", "Definability is with parameters, so every real constant is definable.", ("vdD98",)),
    "map": ("composition", "A composition of definable functions is definable.", ("vdD98",)),
    "contract": ("sum of products", "Sums and products of definable functions are definable.", ("vdD98",)),
    "reduce": ("finite reduction", "Finite sums, products, maxima and minima of definable functions are definable.", ("vdD98",)),
    "cumulate": ("running reduction", "Each entry is a finite sum, product, maximum or minimum of earlier ones.", ("vdD98",)),
    "reindex": ("selection of entries", "Selecting, permuting or repeating entries composes with coordinate projections.", ("vdD98",)),
    "compare": ("comparison", "The set where a < b, a <= b, a = b is definable.", ("vdD98",)),
    "logic": ("Boolean combination", "Definable sets form a Boolean algebra.", ("vdD98",)),
    "where": ("definition by cases", "A function given by finitely many definable cases is definable.", ("vdD98",)),
    "order": ("ranking", "Sorting and ranking finitely many numbers is first-order definable over the order.", ("vdD98",)),
    "lookup": ("selection by a computed index", "It is a definition by finitely many cases.", ("vdD98",)),
    "linalg": ("first-order formula", "The operation has a first-order defining formula over the real field.", ("Tar51",)),
    "repeat": ("fixed repetition", "A body composed with itself a fixed number of times is a composition.", ("vdD98",)),
    "implicit": ("definable choice", "Minima, minimisers and roots over definable sets are chosen definably.", ("vdD98",)),
    "assume": ("ASSUMED", "Taken from the user, not proved.", ()),
    "share": ("share of a sum", "If a >= 0 then a / sum(a) lies in [0,1].", ()),
    "logsumexp": ("log-sum-exp", "The gradient of log-sum-exp is a probability vector, so it is 1-Lipschitz for the sup norm.", ()),
    "logistic": ("logistic", "The derivative of c/(k + exp w) is bounded by |c|/(4k).", ()),
    "norm": ("norm", "The Euclidean norm is 1-Lipschitz, also where it vanishes.", ()),
    "saturate": ("saturation", "A rounding that is clamped afterwards takes finitely many values, on finitely many intervals.", ("vdD98",)),
    "piecewise": ("pieces", "The function is treated on finitely many intervals, and the pieces join with the stated order.", ("vdD98",)),
    "pivot": ("piece", "The argument ranges over one of the finitely many intervals.", ()),
    "polynomial": ("polynomial along the curve", "Along the curve the node is a polynomial in t.", ()),
    "slope": ("affine along the curve", "Along the curve the node is a t + b with a not 0.", ()),
    "periodic": ("periodic", "Along the curve the node is periodic.", ()),
    "escapes": ("tends to infinity", "Along the curve the node is continuous and tends to infinity.", ()),
    "oscillate": ("oscillation", "A non-constant periodic function takes a value at infinitely many isolated points or intervals; "
                  "no o-minimal structure defines such a set.", ("vdD98",)),
    "axiom": ("theorem", "The primitive is known not to be definable there.", ()),
    "staircase": ("staircase", "A rounding of an unbounded polynomial takes infinitely many isolated values.", ("vdD98",)),
    "signs": ("sign changes", "The sign of the node is that of a periodic function that changes sign.", ("vdD98",)),
    "nothing": ("no rule", "No rule of the calculus speaks about this node.", ()),
    "curvature": ("curvature", "A total analytic function with a nonzero second difference is not piecewise affine.", ("vdD98",)),
    "peel": ("peeling", "If the node were definable, its argument could be recovered from it definably.", ("vdD98",)),
    "level": ("level sets", "An injective function preserves level sets.", ("vdD98",)),
}  # fmt: skip

VERDICTS = {
    "definable": "definable", "definable-under-assumptions": "definable under assumptions",
    "not-definable": "not definable in any o-minimal structure", "unknown": "unknown",
}  # fmt: skip
SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
RELATIONS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}


def clean(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text that is safe to print: no control, format or private characters, one line, not too long."""
    short = str(text)[: 4 * longest]
    kept = "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in short.replace("\n", " ").replace("\t", " "))
    return kept if len(kept) <= longest else kept[: longest - 1] + "~"


def words_of(rule: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the few words, the sentence and the references of a rule; an unknown rule speaks for itself."""
    return RULES.get(rule, (clean(rule, 24), "", ()))


class Reading:
    """One certificate with everything a rendering asks of it.

    Attributes
    ----------
    nodes, names, claim, target : the program, the user's names, the claim and its node
    latest : dict[int, int] — the strongest step of the main derivation about each node
    """

    def __init__(self, document: dict) -> None:
        self.document = document
        self.nodes: list = document["program"]["nodes"]
        self.names = {int(n): clean(name) for n, name in document.get("names", {}).items()}
        self.claim: dict = document["claim"]
        self.target: int = self.claim["node"]
        self.facts = [Fact(*row) for row in document["facts"]]
        self.steps: list = document["steps"]
        self.instances: list = document["instances"]
        self.latest: dict[int, int] = {}
        self.ordinary: dict[int, int] = {}
        for i, step in enumerate(self.steps):
            self.latest[step[1]] = i
            self.ordinary.setdefault(step[1], i)
        self.cone = self._cone()

    def _cone(self) -> list[int]:
        """Return the positions the claimed node depends on, itself included, in order."""
        needed = {self.target}
        for n in range(self.target, -1, -1):
            if n in needed:
                needed.update(self.nodes[n][2])
        return sorted(needed)

    # ------------------------------------------------------------------ facts

    def fact(self, n: int) -> Fact:
        """Return the strongest record proved of a node in the main derivation."""
        return self.facts[self.steps[self.latest[n]][4]]

    @property
    def holds(self) -> Fact:
        """The record that the certificate claims of its node."""
        return Fact(*self.claim["holds"])

    @property
    def homes(self) -> tuple[Structure, ...]:
        """The minimal structures of the claim."""
        return lattice.minimal(lattice.parse(self.holds.homes))

    @property
    def excluded(self) -> tuple[str, ...]:
        """Names of the structures in which the node is proved not to be definable, or ``("any",)``."""
        return tuple(self.claim["not"].split())

    @property
    def assumptions(self) -> list[str]:
        """The assumptions that ``assume`` steps quote."""
        quoted = sorted({s[3][0] for s in self.steps if s[0] == "assume"})
        return [clean(self.document["assumptions"][i], 400) for i in quoted]

    @property
    def verdict(self) -> str:
        """The verdict in the words of the interface."""
        if self.holds.homes:
            return "definable-under-assumptions" if self.assumptions else "definable"
        return "not-definable" if self.excluded == ("any",) else "unknown"

    @property
    def sharp(self) -> bool:
        """Whether every structure outside the up-set of the homes is excluded."""
        proved = 0
        for name in self.excluded:
            proved |= lattice.ALL if name == "any" else lattice.DOWN[name]
        return bool(self.holds.homes) and lattice.parse(self.holds.homes) | proved == lattice.ALL

    @property
    def local_homes(self) -> tuple[Structure, ...]:
        """The minimal structures that define the function on compact boxes inside its domain."""
        return lattice.minimal(lattice.parse(self.holds.local))

    def inputs(self) -> list[int]:
        """Return the positions of all inputs of the program."""
        return [n for n, node in enumerate(self.nodes) if node[0] == "input"]

    def varying(self, n: int) -> bool:
        """Tell whether an input varies under the claim."""
        role = self.nodes[n][1][1]
        return self.claim["about"] == "both" or self.claim["about"] == {"parameter": "parameters", "data": "inputs"}[role]

    # ------------------------------------------------------------------ words

    def rules(self, n: int) -> list[str]:
        """Return the rules of the chain of steps about a node, the ordinary one first."""
        chain, i = [], self.latest[n]
        while True:
            rule, _, premises = self.steps[i][:3]
            chain.append(rule)
            if not premises or self.steps[premises[0]][1] != n:
                break
            i = premises[0]
        return chain[::-1]

    def rule_words(self, n: int) -> str:
        """Return the rules behind a node in a few words."""
        kind, parameters = self.nodes[n][0], self.nodes[n][1]
        words = []
        for rule in self.rules(n):
            if rule == "map":
                words.append(str(parameters[0]))
            elif rule in ("reduce", "reindex", "linalg", "order", "cumulate"):
                words.append(f"{kind} {clean(parameters[0])}")
            else:
                words.append(words_of(rule)[0])
        return " + ".join(words)

    def rule_references(self, n: int) -> tuple[str, ...]:
        """Return the keys of the literature behind the steps about a node."""
        keys: list[str] = []
        fact = self.fact(n)
        if fact.varies == 0 or fact.homes == "R_lin":
            return RULES["constant"][2]
        for rule in self.rules(n):
            source = self._map_references(n) if rule == "map" else words_of(rule)[2]
            keys += [k for k in source if k not in keys]
        return tuple(keys)

    def _map_references(self, n: int) -> tuple[str, ...]:
        p, arguments = self.nodes[n][1][0], self.nodes[n][2]
        varying = [self.fact(a).varies for a in arguments]
        if p in ("mul", "div") and not (varying[1] and (p == "div" or varying[0])):
            return ("vdD98",)
        if p == "pow" and lattice.parse(self.fact(n).homes) & lattice.BIT["R_alg"]:
            return ("Tar51",)
        return BY_NAME[p].references

    def handle(self, n: int) -> str:
        """Return how a node is quoted inside other nodes: a name, a value, or ``#n``."""
        kind, parameters = self.nodes[n][0], self.nodes[n][1]
        if kind == "input":
            return clean(parameters[0], 40)
        if kind == "constant" and parameters[0] == "splat":
            return clean(parameters[1], 24)
        if kind == "constant":
            return f"const{list(self.nodes[n][3])}"
        if kind == "map" and parameters[0] == "pi":
            return "pi"
        return f"#{n}"

    def expression(self, n: int) -> str:
        """Return a node as an expression in the handles of its arguments."""
        return self._written(n, [self.handle(a) for a in self.nodes[n][2]])

    def _written(self, n: int, args: list[str]) -> str:
        kind, parameters = self.nodes[n][0], self.nodes[n][1]
        if kind in ("input", "constant"):
            return self.handle(n)
        head = clean(parameters[0], 24) if parameters else kind
        if kind == "map" and head in SYMBOLS:
            return f"{args[0]} {SYMBOLS[head]} {args[1]}"
        if kind == "map":
            return f"{head}({', '.join(args)})" if args else head
        if kind == "compare":
            return f"{args[0]} {RELATIONS[head]} {args[1]}"
        if kind == "where":
            return f"where({', '.join(args)})"
        if kind == "logic":
            return f"{head}({', '.join(args)})"
        return f"{kind} {head}({', '.join(args[:4])}{', ...' if len(args) > 4 else ''})"

    def formula(self, n: int, longest: int = 160) -> str | None:
        """Return a node written out in full, or ``None`` when that is longer than ``longest`` characters."""
        written: dict[int, str | None] = {}
        for m in self.cone:
            if m > n:
                break
            args = [written.get(a) for a in self.nodes[m][2]]
            if None in args:
                written[m] = None
                continue
            infix = self.nodes[m][0] == "map" and self.nodes[m][1][0] in SYMBOLS
            parts = [f"({a})" if infix and _open(a) else a for a in args]
            text = self._written(m, parts)
            written[m] = text if len(text) <= longest else None
        return written.get(n)

    def title(self, n: int) -> str:
        """Return the user's name of a node, or nothing."""
        name = self.names.get(n, "")
        return "" if self.nodes[n][0] == "input" else name

    # ------------------------------------------------------------------ sources

    def axioms(self) -> list[Axiom]:
        """Return the facts about primitives that the derivation rests on, with the number of uses."""
        uses: dict[tuple[str, str, tuple[str, ...]], int] = {}
        in_cone = set(self.cone)
        for rule, n, premises, _, conclusion in self.steps:
            if rule == "map" and n in in_cone:
                self._use(uses, self.nodes[n][1][0], self.facts[conclusion], [self.steps[p] for p in premises])
        for instance in self._used_instances():
            for rule, n, premises, _, conclusion in instance["steps"]:
                nodes = self.nodes if instance["kind"] != "body" else self.document["program"]["bodies"][instance["body"]]["nodes"]
                if rule == "map":
                    self._use(uses, nodes[n][1][0], self.facts[conclusion], [instance["steps"][p] for p in premises])
        for i, negative in self._negatives():
            self._exclude(uses, i, negative)
        return [Axiom(*key, count) for key, count in uses.items()]

    def _use(self, uses: dict, p: str, fact: Fact, premises: list) -> None:
        row = BY_NAME[p]
        if row.homes == "R_lin" or not fact.varies or row.arity == 0:
            return
        reached = lattice.parse(fact.homes) or lattice.parse(fact.local)
        if p == "pow" and reached & lattice.BIT["R_alg"]:
            statement = "rational powers are semialgebraic"
            key = (p, statement, ("Tar51",))
        elif p in ("mul", "div"):
            varying = [self.facts[s[4]].varies for s in premises]
            if not (varying[1] and (p == "div" or varying[0])):
                return
            key = ("field operations", "sums, products and quotients are semialgebraic", ("Tar51",))
        elif row.compact and reached & ~lattice.parse(row.homes):
            key = (p, f"restricted to a compact piece of {row.region}: {row.reason}", row.references)
        elif reached or fact.homes:
            key = (p, row.reason, row.references)
        else:
            return
        uses[key] = uses.get(key, 0) + 1

    def _negatives(self) -> Iterable[tuple[int, list]]:
        """Yield (instance, step) for every step that a refutation rests on."""
        stack = [tuple(pair) for pair in self.document["refutations"]]
        seen: set[tuple[int, int]] = set()
        while stack:
            i, s = stack.pop()
            if (i, s) in seen:
                continue
            seen.add((i, s))
            step = self.instances[i]["steps"][s]
            yield i, step
            stack += [(i, p) for p in step[2]]
            if self.instances[i].get("escape"):
                stack.append(tuple(self.instances[i]["escape"]))

    def _exclude(self, uses: dict, i: int, step: list) -> None:
        if step[0] != "axiom":
            return
        p = self.nodes[step[1]][1][0]
        names = step[4][1].split()
        left = sum(lattice.BIT[name] for name in names)
        for e in BY_NAME[p].excluded:
            covered = sum({lattice.BIT[s.name] for s in lattice.TABLE for top in e.structures if top != "any"
                           if lattice.expands(lattice.find(top), s)})  # fmt: skip
            if e.rule and left & covered and all(top in names for top in e.structures):
                left &= ~covered
                key = (f"{p}, negative", f"{p} {e.where} is not definable in {', '.join(e.structures)}: {e.reason}", e.references)
                uses[key] = uses.get(key, 0) + 1

    def _used_instances(self) -> list[dict]:
        """Return the cone and body instances that steps of the main derivation use."""
        return [i for i in self.instances if i["kind"] in ("cone", "body")]

    def bibliography(self) -> list[str]:
        """Return the keys of all references that this proof rests on, sorted."""
        keys = {"vdD98"}
        for axiom in self.axioms():
            keys.update(axiom.references)
        for s in self.homes or self.local_homes:
            keys.update(s.references)
        for n in self.cone:
            if self.fact(n).varies:
                for rule in self.rules(n):
                    keys.update(words_of(rule)[2])
        if self.path_differentiable:
            keys.add("BP21")
        return sorted(keys, key=str.lower)

    @property
    def path_differentiable(self) -> bool:
        """Of class C1, or definable on compact boxes and locally Lipschitz: it has a conservative Jacobian [BP21]."""
        h = self.holds
        return bool(h.total and ((h.local and h.loclip) or h.smooth not in ("none", "C0")))


def maximal(names: str) -> tuple[str, ...]:
    """Return the structures of a list that are no reducts of others in it: they say it all."""
    if names == "any":
        return ("any",)
    listed = [lattice.find(name) for name in names.split()]
    return tuple(s.name for s in listed if not any(t is not s and lattice.expands(t, s) for t in listed))


def neither(names: str) -> str:
    """Return ``in R_an_pow, R_G or below`` or ``in any o-minimal structure``."""
    tops = maximal(names)
    if tops == ("any",):
        return "in any o-minimal structure"
    return f"in {', '.join(tops)}" + (" or below" if len(names.split()) > len(tops) else "")


def _open(text: str) -> bool:
    """Tell whether a text has a blank outside all parentheses."""
    depth = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == " " and depth == 0:
            return True
    return False
