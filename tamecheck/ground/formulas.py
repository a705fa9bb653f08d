"""First-order formulas about real numbers whose atoms compare polynomials with zero.

A `Formula` is in prenex form: a list of quantifiers, and a quantifier-free matrix, which is a table of interned nodes with
children before parents.  Negations are pushed into the atoms.  Nothing recurses over a formula.  `tamecheck.ground.statements`
reads them from text.

Nodes of the matrix are ``("true",)``, ``("false",)``, ``("atom", number, relation)``, ``("and", children)``, ``("or", children)``.
"""

from collections.abc import Callable, Iterable, Sequence

from flint import fmpz_mpoly

from tamecheck.ground.polynomials import Ring

Node = tuple

HOLDS: dict[str, frozenset[int]] = {
    "lt": frozenset([-1]), "le": frozenset([-1, 0]), "eq": frozenset([0]), "ne": frozenset([-1, 1]), "ge": frozenset([0, 1]),
    "gt": frozenset([1]),
}  # fmt: skip
"""The signs of the polynomial for which a relation to zero holds."""
NEGATED = {"lt": "ge", "le": "gt", "eq": "ne", "ne": "eq", "ge": "lt", "gt": "le"}
TURNED = {"lt": "gt", "le": "ge", "eq": "eq", "ne": "ne", "ge": "le", "gt": "lt"}
SIGNS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "ge": ">=", "gt": ">"}
OPEN = frozenset(["lt", "gt", "ne"])


class Formula:
    """A prenex formula.

    Attributes
    ----------
    ring : Ring — free variables first, then the quantified ones, outermost first
    prefix : tuple of (``"exists"`` or ``"forall"``, name)
    atoms : list of fmpz_mpoly — the polynomials compared with zero
    nodes : list of nodes
    root : int
    """

    __slots__ = ("ring", "prefix", "atoms", "nodes", "root", "_index", "_atom_index", "_order")

    def __init__(self, ring: Ring, prefix: Sequence[tuple[str, str]]) -> None:
        self.ring = ring
        self.prefix = tuple(prefix)
        self.atoms: list[fmpz_mpoly] = []
        self.nodes: list[Node] = []
        self.root = -1
        self._index: dict[Node, int] = {}
        self._atom_index: dict[str, int] = {}
        self._order: tuple[int, int, list[int]] = (-1, -1, [])

    def __repr__(self) -> str:
        return f"Formula({self.text()!r})"

    @property
    def free(self) -> tuple[str, ...]:
        """The free variables."""
        return self.ring.names[: len(self.ring.names) - len(self.prefix)]

    # ------------------------------------------------------------------- making

    def node(self, node: Node) -> int:
        """Intern a node."""
        found = self._index.get(node)
        if found is None:
            found = self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    def truth(self, value: bool) -> int:
        """Return the node of a truth value."""
        return self.node(("true",) if value else ("false",))

    def atom(self, p: fmpz_mpoly, relation: str) -> int:
        """Return the node for ``p relation 0``; numbers are decided, positive factors of a number removed."""
        if p.is_constant():
            c = int(p.coeffs()[0]) if len(p) else 0
            return self.truth(((c > 0) - (c < 0)) in HOLDS[relation])
        if p.coeffs()[0] < 0:
            p, relation = -p, TURNED[relation]
        content = p.content()
        if content != 1:
            p = p / content
        key = str(p)
        number = self._atom_index.get(key)
        if number is None:
            number = self._atom_index[key] = len(self.atoms)
            self.atoms.append(p)
        return self.node(("atom", number, relation))

    def join(self, kind: str, children: Iterable[int]) -> int:
        """Return the conjunction or disjunction of nodes: truth values absorbed, repetitions removed."""
        absorbing, neutral = self.truth(kind == "or"), self.truth(kind != "or")
        flat: dict[int, None] = {}
        for child in children:
            if child == absorbing:
                return absorbing
            if self.nodes[child][0] == kind:
                flat.update(dict.fromkeys(self.nodes[child][1]))
            elif child != neutral:
                flat[child] = None
        if not flat:
            return neutral
        if len(flat) == 1:
            return next(iter(flat))
        return self.node((kind, tuple(flat)))

    # -------------------------------------------------------------------- using

    def needed(self) -> list[int]:
        """Return the nodes that the root depends on, children first."""
        if self._order[:2] == (self.root, len(self.nodes)):
            return self._order[2]
        wanted = bytearray(len(self.nodes))
        wanted[self.root] = 1
        for n in range(self.root, -1, -1):
            if wanted[n] and self.nodes[n][0] in ("and", "or"):
                for child in self.nodes[n][1]:
                    wanted[child] = 1
        self._order = (self.root, len(self.nodes), [n for n, flag in enumerate(wanted) if flag])
        return self._order[2]

    def evaluate(self, sign_of: Callable[[int], int | None]) -> bool | None:
        """Return the truth value of the matrix; ``sign_of(atom)`` may be ``None``, and then so may the result."""
        value: dict[int, bool | None] = {}
        for n in self.needed():
            kind = self.nodes[n][0]
            if kind == "atom":
                s = sign_of(self.nodes[n][1])
                value[n] = None if s is None else s in HOLDS[self.nodes[n][2]]
            elif kind in ("true", "false"):
                value[n] = kind == "true"
            else:
                decisive = kind == "or"
                found = [value[c] for c in self.nodes[n][1]]
                value[n] = decisive if decisive in found else None if None in found else not decisive
        return value[self.root]

    def relations(self) -> set[str]:
        """Return the relations that occur in the matrix."""
        return {self.nodes[n][2] for n in self.needed() if self.nodes[n][0] == "atom"}

    def map(self, atom: Callable[[fmpz_mpoly, str], str], also: str = " and ", either: str = " or ", truth=str) -> str:
        """Return a text of the matrix, given the text of an atom."""
        text: dict[int, str] = {}
        for n in self.needed():
            node = self.nodes[n]
            if node[0] == "atom":
                text[n] = atom(self.atoms[node[1]], node[2])
            elif node[0] in ("true", "false"):
                text[n] = truth(node[0] == "true")
            else:
                parts = [f"({text[c]})" if self.nodes[c][0] in ("and", "or") else text[c] for c in node[1]]
                text[n] = (also if node[0] == "and" else either).join(parts)
        return text[self.root]

    def text(self) -> str:
        """Return the formula in its own language; reading it again gives an equal formula."""
        body = self.map(lambda p, relation: f"{self.ring.text(p)} {SIGNS[relation]} 0")
        return "".join([f"{kind} {name}: " for kind, name in self.prefix]) + body

    def smtlib(self) -> str:
        """Return an SMT-LIB script that asks whether the formula is satisfiable (for the free variables)."""
        body = smt_matrix(self)
        for kind, name in reversed(self.prefix):
            body = f"({kind} (({name} Real)) {body})"
        declared = "".join([f"(declare-const {name} Real)\n" for name in self.free])
        return f"(set-logic {'NRA' if self.prefix else 'QF_NRA'})\n{declared}(assert {body})\n(check-sat)\n"

    def with_order(self, names: Sequence[str]) -> "Formula":
        """Return the same formula with another order of the variables (the prefix stays as it is)."""
        place = [self.ring.index[name] for name in names]
        ring = Ring(names)
        kinds = {name: kind for kind, name in self.prefix}
        out = Formula(ring, [(kinds[name], name) for name in names if name in kinds])

        def convert(p: fmpz_mpoly) -> fmpz_mpoly:
            return ring.from_terms([(tuple([e[i] for i in place]), c) for e, c in zip(p.monoms(), p.coeffs(), strict=True)])

        copied: dict[int, int] = {}
        for n in self.needed():
            node = self.nodes[n]
            if node[0] == "atom":
                copied[n] = out.atom(convert(self.atoms[node[1]]), node[2])
            elif node[0] in ("true", "false"):
                copied[n] = out.truth(node[0] == "true")
            else:
                copied[n] = out.join(node[0], [copied[c] for c in node[1]])
        out.root = copied[self.root]
        return out


def smt_matrix(f: Formula) -> str:
    """Return the matrix as a term of SMT-LIB."""
    relation = {"lt": "<", "le": "<=", "eq": "=", "ge": ">=", "gt": ">"}

    def atom(p: fmpz_mpoly, r: str) -> str:
        terms = []
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            factors = [str(c) if c >= 0 else f"(- {-c})"]
            for name, e in zip(f.ring.names, exponents, strict=False):
                factors += [name] * int(e)
            terms.append(f"(* {' '.join(factors)})" if len(factors) > 1 else factors[0])
        value = f"(+ {' '.join(terms)})" if len(terms) > 1 else terms[0]
        return f"(not (= {value} 0))" if r == "ne" else f"({relation[r]} {value} 0)"

    text: dict[int, str] = {}
    for n in f.needed():
        node = f.nodes[n]
        if node[0] == "atom":
            text[n] = atom(f.atoms[node[1]], node[2])
        elif node[0] in ("true", "false"):
            text[n] = node[0]
        else:
            text[n] = f"({node[0]} {' '.join([text[c] for c in node[1]])})"
    return text[f.root]
