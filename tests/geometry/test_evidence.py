"""Evidence of decompositions: right documents are accepted, corrupted ones refused, and every guard of the checker has an enemy."""

import ast
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import bank
import decomposition_enemies as enemies
import pytest
import random_formulas

import tamecheck as tc
from tamecheck import cell_checker
from tamecheck.budget import Budget
from tamecheck.errors import BudgetExceeded, CertificateRejected, InputError
from tamecheck.geometry.cad import evidence
from tamecheck.geometry.cad.evidence import Evidence
from tamecheck.ground.algebraic import real_roots

MULTIPLIER = int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
LARGE = ("x_axis_ellipse_polys", "hong90_reduced_polys", "solotareff_polys")
SOURCE = Path(cell_checker.__file__)
GUARDS = sorted({n.lineno for n in ast.walk(ast.parse(SOURCE.read_text())) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "need"})


@pytest.mark.parametrize("name", [*enemies.DECOMPOSITIONS, *enemies.SENTENCES])
def test_right_documents_are_accepted(name):
    """What the engine writes is accepted."""
    answer = cell_checker.verify(enemies.right(name))
    assert answer["verdict"] == "valid", answer
    if name in enemies.DECOMPOSITIONS:
        polynomials, variables, _ = enemies.DECOMPOSITIONS[name]
        assert answer["cells"] == enemies.right(name)["cells"] and str(len(variables)) in answer["proved"]


@pytest.mark.parametrize("problem", [pytest.param(p, id=p.name, marks=[pytest.mark.slow] if p.name in LARGE else []) for p in bank.CAD])
def test_the_bank_has_evidence(problem):
    """Every decomposition of the bank is verified, cell by cell."""
    d = tc.cells(list(problem.polynomials), problem.variables.split())
    answer = d.evidence().verify()
    assert (answer["verdict"], answer["cells"]) == ("valid", len(d)), answer


def test_coefficients_without_common_real_zero():
    """Complex common zeros of the coefficients do no harm: where x = 0 the other one is 2*y^2 + 3, which is positive."""
    d = tc.cells(["3+3*x*v-x^2+2*y^2", "5*x^2+3*x*y"], ["x", "y", "z", "w", "v"])
    assert len(d) == 21
    answer = d.evidence().verify()
    assert (answer["verdict"], answer["cells"]) == ("valid", 21), answer


@pytest.mark.parametrize("bits", [500, 4_000])
def test_roots_that_are_known_sharply(bits):
    """Other computations may have refined a number before: the interval that is written is short, and accepted all the same."""
    for root, _ in real_roots((-2, 0, 1)):
        root.ball(bits)
    answer = tc.cells(["x^2-2", "y^2-x-3"], ["x", "y"]).evidence().verify()
    assert answer["verdict"] == "valid", answer


@pytest.mark.parametrize("projection", ["auto", "mccallum", "lazard"])
def test_random_decompositions_have_evidence(projection):
    """Polynomials with planted nullification and multiplicity: whatever is decomposed is verified, with every projection."""
    checked = 0
    for seed in range(25 * MULTIPLIER):
        r = random.Random(f"evidence {projection} {seed}")
        names = random_formulas.NAMES[: r.choice((2, 3, 3))]
        made = [(random_formulas.planted if r.random() < 0.7 else random_formulas.sparse)(r, names) for _ in range(r.randint(1, 2))]
        try:
            d = tc.cells(made, names, projection=projection, budget=Budget(steps=300))
        except Exception as reason:  # noqa: BLE001
            assert getattr(reason, "code", "") in ("TC302", "TC211"), f"seed {seed}: {made}"
            continue
        answer = d.evidence().verify()
        assert answer["verdict"] == "valid", f"seed {seed}: {made}: {answer}"
        checked += 1
    assert checked > 12 * MULTIPLIER


def test_random_sentences_have_evidence():
    """The truth value is that of `decide`, and the document is verified."""
    for seed in range(40 * MULTIPLIER):
        prefix, body = random_formulas.statement(seed)
        text = random_formulas.text(prefix, body)
        try:
            e = tc.evidence(text, budget=Budget(steps=400))
        except BudgetExceeded:
            continue
        answer = e.verify()
        assert answer["verdict"] == "valid", f"seed {seed}: {text}: {answer}"
        assert e.verdict == tc.decide(text).verdict, f"seed {seed}: {text}"


@pytest.mark.parametrize(("name", "document", "corruption", "code"), enemies.ENEMIES, ids=[e[0] for e in enemies.ENEMIES])
def test_corrupted_documents_are_refused(name, document, corruption, code):
    """Every planted corruption is refused, with its own code."""
    answer = cell_checker.answer(enemies.corrupted(document, corruption), 20)
    assert (answer["verdict"], answer["code"]) == ("unreadable" if name == "no JSON" else "invalid", code), answer


def test_every_guard_has_an_enemy(monkeypatch):
    """Taking out any one condition of the checker lets a corrupted document through, or to another end."""
    honest = cell_checker.need
    stops: dict[int, list[str]] = {}
    state = {"without": 0, "line": 0}

    def need(condition, code, reason):
        line = sys._getframe(1).f_lineno
        if not condition and line != state["without"]:
            state["line"] = line
            honest(condition, code, reason)

    monkeypatch.setattr(cell_checker, "need", need)

    def outcome(text):
        try:
            answer = cell_checker.answer(text, 20)
        except Exception as failure:  # noqa: BLE001
            return type(failure).__name__
        return answer["verdict"], answer.get("code")

    for _, document, corruption, _ in enemies.ENEMIES:
        text = enemies.corrupted(document, corruption)
        state["line"] = 0
        outcome(text)
        stops.setdefault(state["line"], []).append(text)
    idle = []
    for line in GUARDS:
        if any(word in SOURCE.read_text().splitlines()[line - 1] for word in ("MAXIMAL_BYTES", "total_degree() * e")):
            continue  # limits of size, see `test_limits`
        ends = []
        for text in stops.get(line, ()):
            state["without"] = 0
            before = outcome(text)
            state["without"] = line
            ends.append(outcome(text) != before)
        if not any(ends):
            idle.append(f"line {line}: {SOURCE.read_text().splitlines()[line - 1].strip()}")
    assert not idle, "\n" + "\n".join(idle)


def test_every_code_has_an_enemy():
    """The codes of the checker are those that are tested."""
    written = {node.value for node in ast.walk(ast.parse(SOURCE.read_text())) if isinstance(node, ast.Constant) and type(node.value) is str
               and node.value.startswith("TC8") and len(node.value) == 5}  # fmt: skip
    limits = {"TC860", "TC861", "TC863", "TC864"}
    assert written == {code for *_, code in enemies.ENEMIES} | limits


def test_limits(monkeypatch):
    """What is too large is not decided (or not read), and never accepted."""
    for limit, value, document, code in (
        ("MAXIMAL_WORK", 0, "triple", "TC860"),
        ("MAXIMAL_FIELD", 1, "triple", "TC861"),
        ("MAXIMAL_BITS", 3, "conics", "TC863"),
        ("MAXIMAL_BYTES", 10, "cubic", "TC804"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(cell_checker, limit, value)
            if limit == "MAXIMAL_BITS":
                patch.setattr(cell_checker, "FIRST_BITS", 2)
            answer = cell_checker.verify(enemies.right(document))
            assert (answer["verdict"], answer.get("code")) == ("invalid" if code == "TC804" else "budget", code), answer
    started = time.process_time()
    answer = cell_checker.answer(enemies.corrupted("cubic", lambda d: enemies.put(d["products"][0][1][0], 1, 2000)))
    assert answer["code"] == "TC811" and time.process_time() - started < 1, "a power is not computed before its degree is compared"
    answer = cell_checker.verify(enemies.right("conics"), seconds=-1)
    assert (answer["verdict"], answer["code"]) == ("budget", "TC864")


def test_the_checker_knows_nothing_of_the_engine(tmp_path):
    """It imports the standard library and python-flint, and runs as a plain file in an isolated interpreter."""
    modules = set()
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])
    assert modules <= set(sys.stdlib_module_names) | {"flint"}
    path = tmp_path / "e.json"
    path.write_text(json.dumps(enemies.right("conics")))
    code = (
        f"import runpy, sys; sys.argv = ['checker', {str(path)!r}, '--json']\n"
        f"try: runpy.run_path({str(SOURCE)!r}, run_name='__main__')\n"
        "except SystemExit as end: print(end.code, ','.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    answer, end = run.stdout.strip().splitlines()
    assert json.loads(answer)["verdict"] == "valid" and end.startswith("0 ")
    assert {"tamecheck", "sympy", "networkx", "z3"} & set(end.split(" ")[1].split(",")) == set()


def test_check_recognises_the_document(tmp_path):
    """`tamecheck check FILE` verifies evidence of decompositions and of sentences."""
    for name, status, expected in (("conics", 0, "53 cells decompose R^2"), ("square", 0, "the sentence forall x: exists y:")):
        path = tmp_path / "e.json"
        Evidence(enemies.right(name)).write(path)
        run = subprocess.run([sys.executable, "-m", "tamecheck", "check", str(path), "--json"], capture_output=True, text=True, check=False)
        answer = json.loads(run.stdout)
        assert run.returncode == status and answer["verdict"] == "valid" and expected in answer["proved"]
    path.write_text(enemies.corrupted("cubic", lambda d: d["factors"][0].pop()))
    run = subprocess.run([sys.executable, "-m", "tamecheck", "check", str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 1 and "TC8" in run.stdout


def test_evidence_as_an_object():
    """`check` runs the checker apart and raises with its code; a sentence knows its verdict."""
    e = tc.cells(["x^2+y^2-1"], ["x", "y"]).evidence()
    assert e.check()["cells"] == 13 and e.verdict is None and repr(e) == "Evidence(13 cells of R^2)"
    e.document["root"]["over"][2]["signs"][0] = "0"
    with pytest.raises(CertificateRejected, match="TC840"):
        e.check()
    assert tc.evidence("exists x: x^2 == 2").verdict == "true"
    assert tc.evidence("forall x: x^2 != 2").verdict == "false"


def test_bad_input():
    """A free variable, nothing to decide, an unfinished decomposition: clear errors."""
    with pytest.raises(InputError, match="TC153"):
        tc.evidence("x > 0")
    with pytest.raises(InputError, match="TC101"):
        tc.evidence("1 > 0")
    with pytest.raises(BudgetExceeded) as stop:
        tc.cells(["x^2+y^2-1"], ["x", "y"], budget=Budget(steps=2))
    with pytest.raises(InputError, match="not finished"):
        stop.value.partial.evidence()


def test_numbers_that_were_narrowed_before_are_written_shortly(monkeypatch):
    """An algebraic number is shared; that somebody needed it to thousands of bits does not make the evidence longer, or impossible."""
    for root in tc.cells(["x^2 - 2"], ["x"]).lifting.root.stack.roots:
        root.coordinate.ball(30_000)
    d = tc.cells(["x^2 - 2", "y^2 - x - 3"], ["x", "y"])
    e = d.evidence()
    assert e.check()["verdict"] == "valid" and len(json.dumps(e.document)) < 20_000
    monkeypatch.setattr(evidence, "shortened", lambda low, high, *_: (low, high))
    with pytest.raises(BudgetExceeded, match="TC306"):
        d.evidence()
