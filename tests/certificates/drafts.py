"""Certificates composed by hand: small documents, step by step, good or deliberately bad.

A `Draft` collects nodes, facts, steps and instances and writes the document.  A step whose
conclusion is left out gets the strongest record that the checker's own rule computes, so a
draft states only what matters to it; whoever wants to cheat writes the conclusion down.
"""

import json
from fractions import Fraction

from tamecheck import checker

LINE = "(-inf,inf)"
NOTHING = [1, "", "", LINE, 0, 0, "none", 0, None]
ABOUT = {"data": "inputs", "parameter": "parameters"}
COLUMNS = ("varies", "homes", "local", "range", "total", "bounded", "smooth", "loclip", "lip")


def record(**columns: object) -> list:
    """Return a fact record that states only the given columns."""
    return [columns.get(name, weak) for name, weak in zip(COLUMNS, NOTHING, strict=True)]


def names_of(mask: int) -> str:
    """Return the minimal structures of an up-set, joined as in a record."""
    inside = [name for name in checker.NAMES if mask & checker.BIT[name]]
    return "|".join(name for name in inside if not any(other != name and other in checker.REDUCTS[name] for other in inside))


def interval_text(a: tuple) -> str:
    """Return an interval as it is written."""
    low, high = "-inf" if a[0] is None else str(a[0]), "inf" if a[1] is None else str(a[1])
    return f"{'[' if a[2] else '('}{low},{high}{']' if a[3] else ')'}"


def row(f: tuple) -> list:
    """Return a record of the checker as it is written."""
    smooth = {checker.ROUGH: "none", checker.INFINITE: "Cinf", checker.ANALYTIC: "analytic"}.get(f[6], f"C{f[6]}")
    lip = None if f[8] is None else str(Fraction(f[8]))
    return [f[0], names_of(f[1]), names_of(f[2]), interval_text(f[3]), f[4], f[5], smooth, f[7], lip]


class Steps:
    """A derivation in the making: the main one, or that of an instance."""

    def __init__(self, draft: "Draft", instance: dict | None) -> None:
        self.draft, self.instance, self.steps = draft, instance, []
        if instance is not None:
            instance["steps"] = self.steps
            draft.instances.append(instance)
            self.number = len(draft.instances) - 1

    def add(self, rule: str, node: int, premises: list = (), parameters: list = (), conclusion: object = None) -> int:
        """Append a step; ``conclusion`` is a record, a list for a negative step, or what the rule computes."""
        step = [rule, node, list(premises), list(parameters), None]
        self.steps.append(step)
        if conclusion is None:
            conclusion = self.draft.computed(self)
        negative = conclusion and isinstance(conclusion[0], str)
        step[4] = conclusion if negative else self.draft.fact(conclusion)
        return len(self.steps) - 1

    def facts(self, *nodes: int) -> dict:
        """Append an ordinary step for each node; return the step about each."""
        found: dict = getattr(self, "latest", {})
        self.latest = found
        for n in nodes:
            node = self.draft.nodes[n]
            found[n] = self.add(node[0], n, [found[a] for a in node[2]] if node[0] != "input" else [])
        return found


class Draft:
    """A document in the making."""

    def __init__(self, about: str = "both") -> None:
        self.about = about
        self.nodes: list = []
        self.bodies: list = []
        self.fact_rows: list = [NOTHING]
        self.instances: list = []
        self.assumptions: list = []
        self.refutations: list = []
        self.jumps: list = []
        self.main = Steps(self, None)

    def node(self, kind: str, parameters: list = (), arguments: list = (), shape: list = ()) -> int:
        """Append a node of the program."""
        self.nodes.append([kind, list(parameters), list(arguments), list(shape)])
        return len(self.nodes) - 1

    def input(self, name: str = "x", box: str = LINE, role: str = "data", shape: list = ()) -> int:
        """Append an input."""
        return self.node("input", [name, role, box], [], shape)

    def constant(self, value: object, shape: list = ()) -> int:
        """Append a tensor of one value."""
        return self.node("constant", ["splat", str(value)], [], shape)

    def map(self, primitive: str, *arguments: int) -> int:
        """Append a primitive of arguments of equal shape."""
        return self.node("map", [primitive], arguments, self.nodes[arguments[0]][3] if arguments else [])

    def fact(self, columns: list) -> int:
        """Return the number of a record, appended when it is new."""
        if columns not in self.fact_rows:
            self.fact_rows.append(list(columns))
        return self.fact_rows.index(columns)

    def curve(self, variable: int, domain: str = LINE, fixed: dict | None = None, exponent: str = "1", escape: list | None = None,
              companions: list = ()) -> Steps:
        """Open a curve."""
        rows = [[n, str(q)] for n, q in (fixed or {}).items()]
        return Steps(self, {"kind": "curve", "variable": variable, "domain": domain, "fixed": rows, "exponent": exponent,
                            "escape": escape, "companions": list(companions)})

    def cone(self, node: int, pivot: int, spread: str) -> Steps:
        """Open a cone."""
        return Steps(self, {"kind": "cone", "node": node, "pivot": pivot, "range": spread})

    def body(self, number: int, inputs: list) -> Steps:
        """Open a derivation over a body; ``inputs`` are intervals of inputs that vary, or whole records."""
        rows = [record(homes="R_lin", local="R_lin", range=i, total=1, bounded=1, smooth="analytic", loclip=1) if isinstance(i, str) else i
                for i in inputs]
        return Steps(self, {"kind": "body", "body": number, "inputs": [self.fact(r) for r in rows]})

    def document(self, node: int | None = None, holds: list | None = None, excluded: str = "", discontinuous: int = 0) -> dict:
        """Return the document; the claim is about the last node unless told."""
        program = json.loads(json.dumps({"bodies": self.bodies, "nodes": self.nodes}))
        claim = {"about": self.about, "discontinuous": discontinuous, "holds": holds or NOTHING, "not": excluded,
                 "node": len(self.nodes) - 1 if node is None else node, "program": checker.canonical_digest(program)}
        return json.loads(json.dumps({
            "assumptions": self.assumptions, "claim": claim, "facts": self.fact_rows, "format": checker.FORMAT, "instances": self.instances,
            "jumps": self.jumps, "names": {}, "program": program, "refutations": self.refutations, "steps": self.main.steps,
        }))

    def computed(self, steps: Steps) -> list:
        """Return the record that the checker computes for the step just added, whose conclusion is still open."""
        steps.steps[-1][4] = 0
        value, place = self.document(), "steps"
        if steps.instance is not None:  # alone, unless it continues an escape
            first = 0 if steps.instance.get("escape") else steps.number
            value["steps"], value["instances"] = [], value["instances"][first : steps.number + 1]
            place = f"instance {steps.number - first}"
        elif steps.steps[-1][0] not in ("piecewise", "repeat", "implicit"):
            value["instances"] = []
        here = (place, len(steps.steps) - 1)
        document, honest, seen = checker.Document(), checker.must_follow, {}
        checker.must_follow = lambda claimed, computed: seen.setdefault((document.where, document.step), computed)
        try:
            document.run(value, None)
        except checker.Reject:  # a draft may be bad on purpose: then the step states nothing
            pass
        finally:
            checker.must_follow = honest
        return row(seen[here]) if here in seen else NOTHING
