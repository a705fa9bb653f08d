"""Evidence of a decomposition, and of the truth of a sentence: documents that `tamecheck.cell_checker` verifies without this package.

>>> from tamecheck.geometry.cad.cells import cells
>>> e = cells(["x^2+y^2-1"], ["x", "y"]).evidence()
>>> e, e.verify()["verdict"]
(Evidence(13 cells of R^2), 'valid')

A document lists the polynomials, the factors of the projection level by level, and the stacks, nested as the cylinders are: for each
section a coordinate (a rational, an irreducible polynomial with an isolating interval, or one of the polynomials of the stack, of which it
is a root) and the polynomials that vanish there with their multiplicities; for each sector a rational sample; over algebraic points
discs with numbers of roots; on the last level the signs of the given polynomials.  The format is described in ``docs/reference/cell-evidence.md``.

Stacks that the decomposition shares are written out wherever they stand: every cell has its own sample point.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from flint import fmpq, fmpz_mpoly

from tamecheck import cell_checker
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, CertificateRejected, InputError
from tamecheck.geometry.cad import order
from tamecheck.geometry.cad.cells import Decomposition
from tamecheck.geometry.cad.discs import Roots, discs
from tamecheck.geometry.cad.lifting import derived, partials
from tamecheck.geometry.cad.points import Coordinate, Point
from tamecheck.geometry.cad.projection import Factor
from tamecheck.geometry.cad.stacks import Stack
from tamecheck.ground import statements
from tamecheck.ground.formulas import HOLDS, Formula
from tamecheck.ground.isolation import ends

CHECKER = Path(cell_checker.__file__)
MAXIMAL_CELLS = 400_000
"""Cells that are written; each is written with its own stack."""


class Evidence:
    """A document with the evidence of a decomposition or of the truth of a sentence.

    Attributes
    ----------
    document : dict — what is written as JSON
    verdict : ``"true"`` or ``"false"`` for a sentence, ``None`` for a decomposition
    """

    def __init__(self, document: dict) -> None:
        self.document = document
        sentence = document.get("sentence")
        self.verdict = None if sentence is None else str(sentence["value"]).lower()

    def __repr__(self) -> str:
        if self.verdict is not None:
            return f"Evidence(a sentence is {self.verdict})"
        return f"Evidence({self.document['cells']} cells of R^{len(self.document['variables'])})"

    def to_json(self) -> str:
        """Return the document as text."""
        return json.dumps(self.document, separators=(",", ":"))

    def write(self, path: str | Path) -> None:
        """Write the document to a file; ``tamecheck check FILE`` verifies it."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    def verify(self, seconds: float | None = None) -> dict:
        """Return the checker's answer, computed in this process: ``verdict`` is ``valid``, ``invalid`` or ``budget``."""
        return cell_checker.answer(self.to_json(), seconds)

    def check(self, seconds: int | None = None) -> dict:
        """Return the answer of the checker, run as a plain file in a fresh isolated interpreter.

        Raises
        ------
        CertificateRejected
            With the checker's code.
        BudgetExceeded
            The checker could not decide within its limits.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "evidence.json"
            self.write(path)
            answer = run_checker(path, seconds)
        if answer["verdict"] == "budget":
            raise BudgetExceeded(answer["reason"], code=answer["code"], where="the checker of decompositions")
        if answer["verdict"] != "valid":
            raise CertificateRejected(answer["reason"], code=answer["code"], where=f"cell {tuple(answer.get('where', ()))}")
        return answer


def run_checker(path: Path, seconds: int | None = None) -> dict:
    """Run ``cell_checker.py`` on a file in a fresh isolated interpreter and return its answer."""
    command = [sys.executable, "-I", str(CHECKER), str(path), "--json", *(["--timeout", str(seconds)] if seconds else [])]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=None if seconds is None else seconds + 30)
        return json.loads(run.stdout)
    except (ValueError, subprocess.TimeoutExpired):
        return {"verdict": "budget", "code": "TC864", "reason": "the checker ended without an answer"}


def evidence(subject: object, *, projection: str = "auto", budget: Budget | None = None) -> Evidence:
    """Return the evidence of a decomposition, or of the truth value of a sentence.

    Parameters
    ----------
    subject : Decomposition, or a sentence such as ``"forall x: exists y: y > x^2"``
    projection : for a sentence, as for `tamecheck.geometry.cad.cells.cells`

    A sentence is decided by a decomposition of the whole space for all polynomials in it; of every stack only what decides is written: one cell
    for an existential quantifier that holds or a universal one that fails, all cells otherwise.

    Raises
    ------
    InputError
        TC101 an unfinished decomposition, TC153 a free variable.
    BudgetExceeded
        The budget; TC306 more cells than are written.
    """
    if isinstance(subject, Decomposition):
        return of_decomposition(subject)
    return of_sentence(subject, projection, budget)


def of_decomposition(d: Decomposition) -> Evidence:
    """Return the evidence of a complete decomposition."""
    if not d.complete:
        raise InputError("this decomposition is not finished", code="TC101", hint="resume it first")
    if not d.variables:
        raise InputError("a decomposition of a point needs no evidence", code="TC101")
    writer = Writer(d)
    document = writer.head()
    document["root"], _ = writer.stack(d.lifting.root, (), {}, None)
    document["cells"] = writer.cells
    return Evidence(document)


def of_sentence(formula: object, projection: str = "auto", budget: Budget | None = None) -> Evidence:
    """Return the evidence of the truth value of a sentence."""
    given = formula if isinstance(formula, Formula) else statements.read(formula)
    if given.free:
        raise InputError(f"the variable {given.free[0]!r} is free", code="TC153", hint="bind it with forall or exists")
    if not given.prefix:
        raise InputError("a sentence without variables needs no evidence", code="TC101")
    ring = order.best(_blocks(given), given.atoms, given.ring, "brown")[0]
    kinds = {name: kind for kind, name in given.prefix}
    moved = [order.moved(p, given.ring, ring) for p in given.atoms]
    d = Decomposition(ring, moved, [ring.text(p) for p in moved])
    d.prepare(projection)
    d.resume(budget)
    writer = Writer(d)
    sentence = Sentence(given, [kinds[name] for name in ring.names])
    document = writer.head()
    document["root"], value = writer.stack(d.lifting.root, (), {}, sentence)
    document["cells"] = writer.cells
    prefix = [[kinds[name], name] for name in ring.names]
    document["sentence"] = {"prefix": prefix, "nodes": sentence.nodes, "value": value}
    return Evidence(document)


def _blocks(f: Formula) -> list[list[str]]:
    blocks: list[list[str]] = []
    last = None
    for kind, name in f.prefix:
        if kind == last:
            blocks[-1].append(name)
        else:
            blocks.append([name])
        last = kind
    return blocks


class Sentence:
    """The matrix of a sentence as a table of nodes, its root last, and the quantifiers of the variables."""

    def __init__(self, f: Formula, kinds: Sequence[str]) -> None:
        self.kinds = kinds
        needed = f.needed()
        place = {n: i for i, n in enumerate(needed)}
        self.nodes: list[list] = []
        for n in needed:
            node = f.nodes[n]
            self.nodes.append([node[0], [place[c] for c in node[1]]] if node[0] in ("and", "or") else list(node))

    def holds(self, signs: Sequence[int]) -> bool:
        """Return the truth of the matrix."""
        truth: list[bool] = []
        for node in self.nodes:
            if node[0] == "atom":
                truth.append(signs[node[1]] in HOLDS[node[2]])
            elif node[0] in ("and", "or"):
                parts = [truth[c] for c in node[1]]
                truth.append(all(parts) if node[0] == "and" else any(parts))
            else:
                truth.append(node[0] == "true")
        return truth[-1]


class Writer:
    """Writes the stacks of a decomposition."""

    def __init__(self, d: Decomposition) -> None:
        self.d = d
        self.projection = d.lifting.projection
        self.variables = len(d.variables)
        self.cells = 0
        self.numbers: dict[int, int] = {}
        for level in self.projection.levels[1:]:
            for f in level:
                self.numbers[f.number] = len(self.numbers)

    def terms(self, p: fmpz_mpoly) -> list:
        """Return a polynomial as a list of terms."""
        n = self.variables
        return [[str(int(c)), [int(x) for x in e][:n]] for e, c in zip(p.monoms(), p.coeffs(), strict=True)]

    def head(self) -> dict:
        """Return the document without its stacks."""
        products = []
        for p, factored in zip(self.d._given, self.d._inputs, strict=True):
            if factored is None:
                products.append(["0", []])
            else:
                unit = self.projection.ring.factors(p)[0]
                products.append([str(int(unit)), [[self.numbers[f.number], e] for f, e in factored[1]]])
        return {
            "format": cell_checker.FORMAT, "variables": list(self.d.variables),
            "projection": "lazard" if self.d.method == "lazard" else "mccallum",
            "polynomials": [self.terms(p) for p in self.d._given],
            "factors": [[self.terms(f.polynomial) for f in level] for level in self.projection.levels[1:]],
            "products": products,
        }  # fmt: skip

    # ----------------------------------------------------------------- stacks

    def stack(self, point: Point, path: tuple[Coordinate, ...], signs: dict[int, int], sentence: Sentence | None) -> tuple[dict, bool | None]:
        """Return the stack over a point with all over it, and the truth of a sentence there."""
        stack = point.stack
        part = _Part(self, point, path)
        document = part.document()
        k = len(path)
        values: list[bool | None] = []
        if k + 1 == self.variables:
            shown = []
            for position in range(len(stack)):
                found = self.d.signs_of({**signs, **stack.signs(position)})
                shown.append("".join(["-0+"[s + 1] for s in found]))
                values.append(None if sentence is None else sentence.holds(found))
            document["signs"] = shown
            self.cells += len(stack)
            if self.cells > MAXIMAL_CELLS:
                raise BudgetExceeded(f"more than {MAXIMAL_CELLS} cells are not written", code="TC306", where="evidence")
        else:
            over: list[dict | None] = []
            for position in range(len(stack)):
                x = stack.coordinate(position)
                below, value = self.stack(point.children[position], (*path, x), {**signs, **stack.signs(position)}, sentence)
                over.append(below)
                values.append(value)
                if sentence is not None and value == (sentence.kinds[k] == "exists"):
                    # this cell decides: the others need not be written
                    over = [*[None] * position, below, *[None] * (len(stack) - position - 1)]
                    break
            document["over"] = over
        if sentence is None:
            return document, None
        return document, (any if sentence.kinds[k] == "exists" else all)(values)


class _Part:
    """One stack as it is written."""

    def __init__(self, writer: Writer, point: Point, path: tuple[Coordinate, ...]) -> None:
        self.writer, self.point, self.path = writer, point, path
        self.stack: Stack = point.stack
        self.level = len(path) + 1
        mask = sum([1 << k for k, x in enumerate(path, 1) if x.rational is None])
        self.plain = [f for f in writer.projection.levels[self.level] if not self.stack.null & f.bit]
        self.null = [f for f in writer.projection.levels[self.level] if self.stack.null & f.bit]
        self.cuts = self._cuts()
        self.named: dict[int, int] = {id(f): writer.numbers[f.number] for f in self.plain}
        self.named.update({id(g): -1 - i for i, (_, g) in enumerate(self.cuts)})
        self.numeric = any([f.occurs & mask for f in [*self.plain, *[g for _, g in self.cuts]]])

    def _cuts(self) -> list[tuple[int | None, Factor]]:
        """Return what cuts the stack besides the factors, with the number of the factor in whose place it stands."""
        found: list[tuple[int | None, Factor]] = [(None, f) for f in self.point.extra]
        for f in self.null:
            g = self.point.replaced.get(f.number)
            for root in self.stack.roots:
                for h, _ in root.factors:
                    if g is None and h.number == f.number:
                        g = h
            if g is None and self.level < self.writer.variables and self.point.rigid == self.level - 1:
                g = self._without_roots(f)
            if g is not None:
                found.append((self.writer.numbers[f.number], g))
        return found

    def _without_roots(self, f: Factor) -> Factor | None:
        """Return a partial derivative of the least order that does not vanish on the line over the point, without a real root there."""
        order_ = 0
        alive: list[Factor] = []
        while not alive:
            order_ += 1
            for p in partials(f.polynomial, f.level, order_):
                g = derived(self.writer.projection, p, f)
                if Roots(self.point, g).degree >= 0:
                    alive.append(g)
        for g in alive:
            if not Roots(self.point, g).reals(64):
                return g
        return None

    def _number(self, f: Factor) -> int:
        found = self.named.get(id(f))
        # the same derivative may have been made twice
        return self.named[[i for i in self.named if self._same(i, f)][0]] if found is None else found

    def _same(self, i: int, f: Factor) -> bool:
        return any([id(g) == i and g.polynomial == f.polynomial for g in [*self.plain, *[g for _, g in self.cuts]]])

    def document(self) -> dict:
        """Return the stack without what is over it."""
        stack = self.stack
        samples = [stack.coordinate(2 * i).rational for i in range(len(stack.roots) + 1)]
        zero = [[[self._number(f), m] for f, m in root.factors] for root in stack.roots]
        out: dict = {"sections": [], "samples": [_text(x) for x in samples]}
        if self.null:
            out["null"] = [self.writer.numbers[f.number] for f in self.null]
        if self.cuts:
            out["cuts"] = [[owner, self.writer.terms(g.polynomial)] for owner, g in self.cuts]
        bits = 64
        if self.numeric:
            given = [*self.plain, *[g for _, g in self.cuts]]
            roots, bits = discs(self.point, given, samples)
            out["roots"] = [[self.named[id(f)], *r] for f, r in zip(given, roots, strict=True)]
        for i, (root, vanishing) in enumerate(zip(stack.roots, zero, strict=True)):
            between = (samples[i], samples[i + 1])
            out["sections"].append({"at": self._at(root.coordinate, root, vanishing, bits, between), "zero": vanishing})
        return out

    def _at(self, x: Coordinate, root: object, vanishing: list, bits: int, between: tuple[fmpq, fmpq]) -> object:
        """Return a coordinate as it is written, between the samples on both sides."""
        if x.rational is not None:
            return _text(x.rational)
        if x.polynomial is not None:
            ball = x.ball(bits) if self.numeric else root.ball
            low, high = shortened(*[fmpq(m) * fmpq(2) ** e for m, e in ends(ball)], bits, *between)
            return {"root": [str(int(c)) for c in x.polynomial.coeffs()], "in": [_text(low), _text(high)]}
        own = self.named.get(id(x.fibre.factor))
        mentioned = [n for n, _ in vanishing]
        return {"of": own if own in mentioned else mentioned[0]}


def shortened(low: fmpq, high: fmpq, bits: int, before: fmpq, after: fmpq) -> tuple[fmpq, fmpq]:
    """Return an interval around ``[low, high]`` with shorter ends, still strictly between two numbers.

    Numbers are shared: an earlier computation may have narrowed one to thousands of bits, which nobody needs here.
    """
    for places in (bits + 32, 2 * bits + 64, 4 * bits + 128):
        unit = fmpq(1, 1 << places)
        if int(max(low.q, high.q)).bit_length() <= places:
            break
        a, b = (low / unit).floor() * unit, (high / unit).ceil() * unit
        if before < a and b < after:
            return a, b
    return low, high


def _text(x: fmpq) -> str:
    text = str(x)
    if len(text) > cell_checker.MAXIMAL_DIGITS:
        raise BudgetExceeded("a number has too many digits to be written", code="TC306", where="evidence")
    return text
