"""Certify: from a source (network, formula, model file, expression) to a certificate.

The function `certify` finds the proof, `Certificate` holds it; whoever does not trust
either runs `Certificate.check`, which hands claim and certificate, as two files, to the
independent checker in a fresh interpreter.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tamecheck.errors import InputError
from tamecheck.frontends.sources import Source, read
from tamecheck.ground.intervals import Interval, from_text, interval
from tamecheck.kernel import certificate as documents
from tamecheck.kernel.chain_rule import obstacle
from tamecheck.kernel.curves import ANY, names
from tamecheck.kernel.judgments import ROUGH, Record, smoothness_text
from tamecheck.proofs.definability import Proof, culprits, prove
from tamecheck.proofs.jumps import find_jump
from tamecheck.proofs.near_homogeneity import Failure, Near, near
from tamecheck.proofs.partiality import find_undefined
from tamecheck.proofs.refutation import refute
from tamecheck.proofs.scaling_claims import Facts, examine
from tamecheck.proofs.scaling_claims import group as scaled_group
from tamecheck.structures import lattice

CHECKER = Path(__file__).with_name("checker.py")


class CheckResult(dict):
    """The checker's answer; true exactly when every step is good ("holey" is not).

    Keys, also readable as attributes: ``verdict`` ("valid", "invalid", "holey", "unreadable",
    "budget"), ``code``, ``step``, ``reason``, ``proved``, ``assumptions``, ``axioms``, ``exit``.
    """

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the checker's answer has no {name!r}") from None

    def __bool__(self) -> bool:
        return self.get("verdict") == "valid"

    def __repr__(self) -> str:
        rest = " ".join(str(self[k]) for k in ("code", "reason") if self.get(k))
        return f"<check: {self.get('verdict')}{': ' + rest if rest else ''}>"


class Certificate:
    """What was proved of one output, with the document that proves it.

    Attributes
    ----------
    verdict : str — "definable", "not-definable", "unknown" or "definable-under-assumptions"
    homes : tuple of Structure — the minimal named structures proved
    sharp : bool or None — True: proved not definable in any named structure outside the up-set of the homes
    record : the fact record of the claimed node
    """

    def __init__(self, proof: Proof, source: Source, output: str, structure: str | None, seconds: dict[str, float],
                 undefined: dict[str, str] | None = None) -> None:
        self.proof = proof
        self.source = source
        self.output = output
        self.asked = structure
        self.seconds = seconds
        self.undefined = undefined
        self.record: Record = proof.record
        self.homes = lattice.minimal(self.record[1])
        self._document: dict | None = None
        self.checked: CheckResult | None = None
        self._scalings: Facts | None = None
        self.more_scalings: list[list] = []
        self.near_claims: list[Near] = []

    def __repr__(self) -> str:
        homes = ", ".join(s.name for s in self.homes) or "no home"
        return f"<Certificate: {self.output} is {self.verdict} ({homes}); {len(self.proof.derivation.steps)} steps>"

    def __bool__(self) -> bool:
        raise TypeError("a verdict has three values; compare .verdict")

    @property
    def verdict(self) -> str:
        """The answer to the question asked: about any structure, or about the one named."""
        homes, excluded = self.record[1], self.proof.excluded
        if self.asked is not None:
            bit = lattice.BIT[self.asked]
            return "definable" if homes & bit else "not-definable" if excluded & (bit | ANY) else "unknown"
        return "definable" if homes else "not-definable" if excluded & ANY else "unknown"

    @property
    def sharp(self) -> bool | None:
        """True when every named structure outside the up-set of the homes is excluded by proof."""
        outside = lattice.ALL & ~self.record[1]
        if not self.record[1]:
            return None
        return True if outside & ~self.proof.excluded == 0 else None

    @property
    def smoothness(self) -> str:
        """The proved smoothness: "C0", "Cinf", "analytic", "discontinuous" or "unknown"."""
        if self.proof.jumps:
            return "discontinuous"
        return "unknown" if self.record[6] == ROUGH else smoothness_text(self.record[6])

    @property
    def locally_lipschitz(self) -> bool | None:
        """True when proved; False when a jump is proved; else None."""
        return True if self.record[7] and self.record[4] else False if self.proof.jumps else None

    @property
    def path_differentiable(self) -> bool | None:
        """Definable and locally Lipschitz functions are path-differentiable (Bolte, Pauwels 2021), and so are C^1 ones."""
        total = bool(self.record[4])
        tame = self.record[1] or self.record[2]
        return True if total and ((tame and self.record[7]) or self.record[6] >= 1) else False if self.proof.jumps else None

    @property
    def polynomially_bounded(self) -> bool | None:
        """True when some home is polynomially bounded; False when all such structures are excluded."""
        bounded = sum(lattice.BIT[s.name] for s in lattice.TABLE if lattice.polynomially_bounded(lattice.BIT[s.name]))
        if self.record[1] & bounded:
            return True
        return False if self.proof.excluded & ANY or bounded & ~self.proof.excluded == 0 else None

    @property
    def scalings(self) -> Facts:
        """What is known of positive homogeneity and quasi-homogeneity."""
        if self._scalings is None:
            self._scalings = examine(self.proof.program, self.proof.node, self.proof.about)
        return self._scalings

    @property
    def conservative_obstacle(self) -> tuple[int, str] | None:
        """A node at which no lemma says that automatic differentiation obeys the chain rule; None: it does, for all admissible rules."""
        return obstacle(self.proof.program, self.proof.node, self.proof.derivation.record, self._rounds)

    @property
    def norms_as_operators(self) -> tuple[int, ...] | None:
        """The nodes that have to be Euclidean norms, with any bounded numbers at 0, for differentiation to be legitimate; None: it is not."""
        norms: set[int] = set()
        stop = obstacle(self.proof.program, self.proof.node, self.proof.derivation.record, self._rounds, norms)
        return None if stop is not None else tuple(sorted(norms))

    def _conservative(self) -> object:
        """Return what the claim says about automatic differentiation (certificate format, section 10), or nothing."""
        norms = self.norms_as_operators
        return 0 if norms is None else {"norms": list(norms), "verdict": "conservative"} if norms else 1

    def _rounds(self, n: int) -> object | None:
        """Return the derivation over the body of a loop."""
        d = self.proof.derivation
        rule, _, _, parameters, _ = d.steps[d.latest[n]]
        return self.proof.instances[parameters[0]] if rule == "repeat" else None

    @property
    def unknown_because(self) -> list[dict]:
        """The smallest nodes without a home, with the reason."""
        return [{"node": n, "name": self.proof.program.names.get(n, ""), "reason": text} for n, text in culprits(self.proof)]

    # ------------------------------------------------------------- documents

    @property
    def document(self) -> dict:
        """The certificate as a JSON value."""
        if self._document is None:
            p = self.proof
            instances = [i.to_json() for i in p.instances]
            claim = documents.claim_document(
                p.program.digest(), p.about, p.node, self.record, names(p.excluded) if p.excluded else "", bool(p.jumps),
                self.scaling_rows(), self._conservative(),
            )
            if self.near_claims:
                claim["near"] = [found.claim() for found in self.near_claims]
            self._document = documents.document(
                p.program, claim, p.derivation.facts.records, p.derivation.steps, instances, p.refutations,
                p.jumps[0] if p.jumps else [],
            )
            if self.near_claims:
                self._document["gates"] = [found.gate_rows() for found in self.near_claims]
        return self._document

    def scaling_rows(self) -> list:
        """Return the rows of the claim's key ``scalings``."""
        rows = [*self.scalings.claims(self.proof.program), *self.more_scalings]
        return [row for k, row in enumerate(rows) if row not in rows[:k]][:64]

    def near(self, group: Iterable[int] | None = None) -> Near | Failure:
        """Return degree and bounds of near-homogeneity in some inputs (the parameters); claim them, when the kernel verified them.

        What is claimed is part of the document from then on.
        """
        p = self.proof
        chosen = scaled_group(p.program, "parameters") if group is None else list(group)
        if not set(chosen) <= set(scaled_group(p.program, p.about)):
            return Failure(p.node, "the certificate is about other inputs")
        found = near(p.program, p.node, chosen, p.derivation.record)
        if isinstance(found, Near) and found.certified and found not in self.near_claims and len(self.near_claims) < 8:
            self.near_claims.append(found)
            self._document = self.checked = None
        return found

    def to_bytes(self) -> bytes:
        """Return the certificate in canonical form: the same input gives the same bytes."""
        return documents.canonical(self.document)

    def claim_bytes(self) -> bytes:
        """Return the claim alone, as it is handed to the checker."""
        return documents.canonical(self.document["claim"])

    def save(self, path: str | Path) -> None:
        """Write the certificate."""
        Path(path).write_bytes(self.to_bytes())

    def check(self, timeout: float | None = None) -> CheckResult:
        """Run the independent checker on claim and certificate in a fresh isolated interpreter; return its answer."""
        self.checked = check_bytes(self.to_bytes(), self.claim_bytes(), timeout)
        return self.checked

    # ------------------------------------------------------------ renderings

    def to_latex(self) -> str:
        """Return a compilable page: theorem, proof, bibliography."""
        from tamecheck.reports.latex import to_latex

        return to_latex(self.document)

    def to_html(self) -> str:
        """Return one self-contained page."""
        from tamecheck.reports.html import to_html

        return to_html(self.document)

    def to_smtlib(self) -> str:
        """Return the graph of the function in SMT-LIB 2."""
        from tamecheck.reports.smtlib import to_smtlib

        return to_smtlib(self.document)

    def to_networkx(self):
        """Return the derivation as a ``networkx.DiGraph``."""
        from tamecheck.reports.graph import to_networkx

        return to_networkx(self.document)

    def explain(self) -> str:
        """Return the derivation as a text tree."""
        from tamecheck.reports.terminal import explain

        return explain(self.document)

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_json_report(self) -> dict:
        """Return the report of the command line (`docs`: reference/json)."""
        from tamecheck.reports.summary import summary

        return summary(self)


class Written:
    """A certificate that is a document and nothing else: a refutation of rules of differentiation.

    Attributes
    ----------
    document : dict — the certificate as a JSON value
    checked : CheckResult or None — the checker's last answer
    """

    def __init__(self, document: dict) -> None:
        self.document = document
        self.checked: CheckResult | None = None

    def __repr__(self) -> str:
        return f"<certificate: {len(self.to_bytes())} bytes about node {self.document['claim']['node']}>"

    def to_bytes(self) -> bytes:
        """Return the certificate in canonical form."""
        return documents.canonical(self.document)

    def claim_bytes(self) -> bytes:
        """Return the claim alone, as it is handed to the checker."""
        return documents.canonical(self.document["claim"])

    def save(self, path: str | Path) -> None:
        """Write the certificate."""
        Path(path).write_bytes(self.to_bytes())

    def check(self, timeout: float | None = None) -> CheckResult:
        """Run the independent checker on claim and certificate in a fresh isolated interpreter; return its answer."""
        self.checked = check_bytes(self.to_bytes(), self.claim_bytes(), timeout)
        return self.checked


def check_bytes(certificate: bytes, claim: bytes, timeout: float | None = None) -> CheckResult:
    """Run the checker on a certificate and the claim it must prove, both as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "certificate.json", Path(folder) / "claim.json"]
        paths[0].write_bytes(certificate)
        paths[1].write_bytes(claim)
        return run_checker(paths[0], paths[1], timeout)


def run_checker(certificate: Path, claim: Path | None = None, timeout: float | None = None) -> CheckResult:
    """Run ``checker.py`` as a plain file in a fresh isolated interpreter and return its JSON answer."""
    command = [sys.executable, "-I", str(CHECKER), str(certificate), "--json"]
    if claim is not None:
        command += ["--claim", str(claim)]
    if timeout is not None:
        command += ["--timeout", str(timeout)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer = json.loads(run.stdout)
    except ValueError:
        answer = {"verdict": "unreadable", "reason": (run.stderr or "the checker printed nothing").strip()[-300:]}
    return CheckResult(answer, exit=run.returncode)


def certify(
    source: object,
    about: str = "both",
    structure: str | None = None,
    *,
    output: str | None = None,
    input_box: tuple | str | None = None,
    parameters: str | None = None,
    constants: str | None = None,
    sharpness: bool = True,
    near: bool = False,
    **options: object,
) -> Certificate:
    """Return the certificate of an output of a network, loss, formula, model file or expression.

    Parameters
    ----------
    source : a builder network or loss, a sympy expression, a path or SOURCE text, an imported model, or
        ``(program, outputs)``
    about : "parameters", "inputs" or "both" — which inputs vary; the others are fixed, arbitrary in their boxes
    structure : ask for one named structure instead of the smallest
    output : which output; the only one, or the one called ``loss``, by default
    input_box : (low, high) for every data input that has no box
    sharpness : also look for proofs that no smaller structure will do
    near : also claim near-homogeneity in the parameters, with its polynomials (`tamecheck.homogeneity` says more of them)

    Raises
    ------
    InputError
        If the source cannot be read, or holds several outputs and none was named.
    """
    started = time.perf_counter()
    name = None if structure is None else lattice.find(str(structure)).name
    box = _box(input_box)
    found = read(source, box=box, parameters=parameters, constants=constants, **options)
    imported = time.perf_counter()
    chosen = _output(found, output)
    proof = prove(found.program, found.outputs[chosen], about)
    wanted = _wanted(proof.record, name)
    if wanted and sharpness:
        refute(proof, wanted)
    find_jump(proof)
    undefined = find_undefined(proof)
    seconds = {"import": imported - started, "prove": time.perf_counter() - imported}
    certificate = Certificate(proof, found, chosen, name, seconds, undefined)
    if near and scaled_group(found.program, "parameters"):
        certificate.near()
    return certificate


def _wanted(record: Record, structure: str | None) -> int:
    """Return the mask of structures whose exclusion would complete the answer."""
    if structure is not None and not record[1] & lattice.BIT[structure]:
        return lattice.BIT[structure]
    return lattice.ALL & ~record[1] if record[1] else ANY


def _box(input_box: tuple | str | None) -> Interval | None:
    if input_box is None or isinstance(input_box, str):
        return None if input_box is None else from_text(input_box)
    return interval(*input_box)


def _output(source: Source, output: str | None) -> str:
    names_ = list(source.outputs)
    if output is not None:
        if output not in source.outputs:
            raise InputError(f"there is no output {output!r}", code="TC125", hint="one of " + ", ".join(names_))
        return output
    if "loss" in source.outputs:
        return "loss"
    if len(names_) != 1:
        raise InputError(f"the source has {len(names_)} outputs", code="TC125", hint="choose one of " + ", ".join(names_[:12]))
    return names_[0]
