"""The command line: exit codes, one-line errors, one JSON object, budgets that hold."""

import json
import os
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from tamecheck import __version__, cli
from tamecheck.commands import check, common
from tamecheck.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
CHECKER = ROOT / "tamecheck" / "checker.py"
needs_checker = pytest.mark.skipif(not CHECKER.exists(), reason="the checker is not written yet")


def run(capsys, *words: str) -> tuple[int, str, str]:
    """Run a command in this process; return status, output, errors."""
    status = cli.main(list(words))
    out = capsys.readouterr()
    return status, out.out, out.err


@pytest.mark.parametrize(
    ("words", "status", "first"),
    [
        (("certify", "tanh(x)"), 0, "definable in R_exp, as a function of its inputs"),
        (("certify", "sin(x)"), 1, "not definable in any o-minimal structure, as a function of its inputs"),
        (("certify", "sin(x)", "--input-box=-1,1"), 0, "definable in R_an and in R_Pfaff, as a function of its inputs"),
        (("certify", "sin(3*exp(x) + x)"), 2, "unknown, as a function of its inputs"),
        (("certify", "tanh(x)", "--structure", "R_exp"), 0, "definable in R_exp, as a function of its inputs"),
        (("certify", "tanh(x)", "--structure", "R_an"), 1, "not definable in R_an, as a function of its inputs"),
        (("activation", "tanh(x)"), 0, "tanh(x)   on (-inf,inf)"),
        (("activation", "elu(y, a)", "--var", "y", "--parameter", "a=1/2"), 0, "elu(y, a)   on (-inf,inf)   with a = 1/2"),
        (("explain", "tanh(x)"), 0, "definable in R_exp, as a function of its inputs"),
        (("structures",), 0, "Named o-minimal structures, in the table's order"),
        (("catalogue", "exp"), 0, "scalar primitives"),
    ],
)
def test_verdicts_are_exit_codes(capsys, words, status, first):
    """0 certified, 1 refuted, 2 unknown; the first line says so."""
    found, out, err = run(capsys, *words)
    assert (found, out.splitlines()[0].strip(), err) == (status, first, "")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "TC100 the following arguments are required: COMMAND; try: tamecheck --help"),
        (("certify",), "TC100 the following arguments are required: SOURCE; try: tamecheck certify --help"),
        (("dance", "x"), "TC100 argument COMMAND: invalid choice: 'dance'"),
        (("certify", "x", "--about", "weather"), "TC100 argument --about: invalid choice: 'weather'"),
        (("certify", "x +"), "TC1"),
        (("certify", "foo(x)"), "TC102 unknown function 'foo'"),
        (("certify", "missing.onnx"), "TC128 no such file; in missing.onnx; try: check the path"),
        (("certify", "x", "--structure", "R_everything"), "TC140 no structure is called 'R_everything'; try: one of R_lin, R_alg"),
        (("certify", "x", "--input-box", "3"), "TC101 '3' is no box; try: --input-box=-1,1"),
        (("certify", "x", "--input-box=a,b"), "TC101 'a' is no end of a box; in --input-box=a,b; try: --input-box=-1,1"),
        (("certify", "x", "--input-box=2,1"), "TC121 the interval from 2 to 1 is empty; try: give the lower end first"),
        (("certify", "x", "--timeout", "soon"), "TC101 'soon' is no duration; try: 30, 90s, 5m or 1h"),
        (("certify", "x", "--memory", "-4"), "TC101 '-4' is no size of memory; try: 512M or 4G"),
        (("certify", "x", "--memory", "1e9"), "TC101 '1e9' is no size of memory"),
        (("certify", "x", "-o", "/no/such/place/c.json"), "TC128 cannot write: No such file or directory; in /no/such/place/c.json"),
        (("check", "nothing.json"), "TC128 no such file; in nothing.json; try: check the path"),
        (("catalogue", "zzzz"), "TC141 the catalogue has no row called 'zzzz'; try: tamecheck catalogue"),
        (("explain", "x", "--limit", "many"), "TC100 argument --limit: 'many' is no natural number"),
    ],
)
def test_bad_input_is_one_line_and_status_3(capsys, words, line):
    """What, where, what to try: on standard error, nothing on standard output."""
    status, out, err = run(capsys, *words)
    assert status == 3 and out == ""
    assert err.startswith(line) and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "command", "verdict", "status"),
    [
        (("certify", "tanh(x)", "--json"), "certify", "definable", 0),
        (("certify", "sin(x)", "--json"), "certify", "not-definable", 1),
        (("certify", "sin(3*exp(x) + x)", "--json"), "certify", "unknown", 2),
        (("explain", "tanh(x)", "--json"), "explain", "definable", 0),
        (("structures", "--json"), "structures", "ok", 0),
        (("catalogue", "exp", "--json"), "catalogue", "ok", 0),
        (("certify", "foo(x)", "--json"), "certify", "bad-input", 3),
        (("certify", "--json"), "certify", "bad-input", 3),
    ],
)
def test_json_is_one_object_with_version_command_and_verdict(capsys, words, command, verdict, status):
    """Nothing else is printed on standard output."""
    found, out, _ = run(capsys, *words)
    report = json.loads(out)
    assert found == status
    assert (report["tamecheck"], report["command"], report["verdict"]) == (__version__, command, verdict)


KEYS = [
    "verdict", "homes", "structure", "sharp", "locally_definable", "literal", "polynomially_bounded", "total", "smoothness",
    "locally_lipschitz", "path_differentiable", "lipschitz", "homogeneity", "witness", "assumptions", "axioms", "theorems",
    "certificate", "seconds",
]


def test_certify_json_has_the_keys_of_the_interface(capsys):
    """People and notebooks rely on these names."""
    report = json.loads(run(capsys, "certify", "tanh(x)", "--json")[1])
    assert [k for k in KEYS if k not in report] == []
    assert report["homes"] == ["R_exp"] and report["structure"] == "R_exp" and report["sharp"] is True
    assert report["lipschitz"] >= 1 and report["locally_definable"] == "R_an" and report["polynomially_bounded"] is False
    assert all(set(a) >= {"name", "reference"} for a in report["axioms"])
    negative = json.loads(run(capsys, "certify", "sin(x)", "--json")[1])
    assert set(negative["witness"]) >= {"rule", "curve", "base", "text"}
    assert negative["homes"] == [] and negative["structure"] is None


def test_files_are_written(capsys, tmp_path):
    """Certificate, LaTeX, HTML, SMT-LIB and the picture of the structures."""
    suffixes = {"-o": ".json", "--latex": ".tex", "--html": ".html", "--smt2": ".smt2"}
    paths = {flag: tmp_path / f"out{suffix}" for flag, suffix in suffixes.items()}
    words = [word for flag, path in paths.items() for word in (flag, str(path))]
    status, out, _ = run(capsys, "certify", "max(x, 0)", *words)
    assert status == 0 and all(path.stat().st_size > 100 for path in paths.values())
    assert "certificate written to" in out
    assert json.loads(paths["-o"].read_text())["format"] == "tamecheck certificate 1"
    assert run(capsys, "structures", "--svg", str(tmp_path / "poset.svg"))[0] == 0
    assert (tmp_path / "poset.svg").read_text().startswith("<svg")


def test_the_same_input_gives_the_same_bytes(capsys, tmp_path):
    """Certificates are reproducible across runs and hash seeds."""
    texts = []
    for seed in ("0", "7"):
        path = tmp_path / f"{seed}.json"
        subprocess.run([sys.executable, "-m", "tamecheck", "certify", "x*tanh(log(1 + exp(x)))", "-o", str(path)], check=True, cwd=ROOT,
                       capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed})  # fmt: skip
        texts.append(path.read_bytes())
    assert texts[0] == texts[1]


@needs_checker
def test_check_accepts_what_certify_wrote(capsys, tmp_path):
    """Exit status 0 and the statement."""
    path = tmp_path / "c.json"
    assert run(capsys, "certify", "tanh(x)", "-o", str(path))[0] == 0
    status, out, _ = run(capsys, "check", str(path))
    assert status == 0 and out.startswith("certificate accepted")
    assert json.loads(run(capsys, "check", str(path), "--json")[1])["verdict"] == "valid"


@needs_checker
def test_check_compares_the_model(capsys, tmp_path):
    """A certificate cannot be passed off for another model, nor for another box."""
    path = tmp_path / "c.json"
    run(capsys, "certify", "tanh(x)", "-o", str(path))
    assert run(capsys, "check", str(path), "--model", "tanh(x)")[0] == 0
    status, out, _ = run(capsys, "check", str(path), "--model", "tanh(2*x)")
    assert status == 1 and "TC405 the certificate is about another program than tanh(2*x)" in out
    assert run(capsys, "check", str(path), "--model", "tanh(x)", "--input-box=0,1")[0] == 1


@needs_checker
@pytest.mark.parametrize(("content", "status"), [(b"", 3), (b"{", 3), (b"\x00\xff", 3), (b"[]", 1)])
def test_garbage_is_never_accepted(capsys, tmp_path, content, status):
    """What is no JSON is unreadable; what is no certificate is rejected."""
    path = tmp_path / "c.json"
    path.write_bytes(content)
    assert run(capsys, "check", str(path))[0] == status


@needs_checker
def test_a_changed_certificate_is_rejected(capsys, tmp_path):
    """A stronger claim than the steps prove is refused."""
    path = tmp_path / "c.json"
    run(capsys, "certify", "exp(x)", "-o", str(path))
    document = json.loads(path.read_text())
    document["claim"]["holds"][1] = "R_alg"
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    assert run(capsys, "check", str(path))[0] == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"verdict": "valid", "exit": 0}, 0), ({"verdict": "valid", "exit": 1}, 3), ({"verdict": "holey", "exit": 2}, 2), ({"exit": 0}, 3),
        ({"verdict": "unreadable", "exit": 2}, 3), ({"verdict": "invalid", "exit": 1}, 1), ({"verdict": "budget", "exit": 4}, 4),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_its_status_is_unreadable(answer, status):
    """A checker that crashed has accepted nothing."""
    assert check._status(answer) == status


def test_a_budget_of_time_stops_a_long_proof(tmp_path):
    """Status 4 within a second of the budget, and what was established is printed."""
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)\nmodel = None\n")
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "tamecheck", "certify", f"{slow}:model", "--timeout", "1", "--json"], capture_output=True,
                          text=True, check=False, cwd=ROOT)  # fmt: skip
    assert done.returncode == 4 and time.monotonic() - started < 4
    assert done.stderr.startswith("TC301 time budget of 1 used up; nothing was established before")
    assert json.loads(done.stdout)["verdict"] == "unknown"


def test_a_budget_of_memory_stops_a_greedy_source(tmp_path):
    """The child is killed, the parent answers."""
    greedy = tmp_path / "greedy.py"
    greedy.write_text("import time\nx = bytearray(900 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(30)\nmodel = None\n")
    done = subprocess.run([sys.executable, "-m", "tamecheck", "certify", f"{greedy}:model", "--memory", "300M"], capture_output=True,
                          text=True, check=False, cwd=ROOT)  # fmt: skip
    assert done.returncode == 4 and done.stderr.startswith("TC303 memory budget of 300M used up")


def test_within_its_budget_a_command_is_itself(capfd):
    """Output and status are those of the command without a budget."""
    done = subprocess.run([sys.executable, "-m", "tamecheck", "certify", "sin(x)", "--timeout=60s", "--memory", "2G"], capture_output=True,
                          text=True, check=False, cwd=ROOT)  # fmt: skip
    assert done.returncode == 1 and done.stdout.startswith("not definable in any o-minimal structure")


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["certify", "x", "--timeout", "3"], ["certify", "x"]), (["--timeout=3", "certify", "x"], ["certify", "x"]),
        (["certify", "--mem", "1G", "x", "--json"], ["certify", "x", "--json"]), (["certify", "--", "-x"], ["certify", "--", "-x"]),
    ],
)  # fmt: skip
def test_the_child_gets_the_command_without_its_budget(words, kept):
    """Abbreviated flags and both spellings are taken out."""
    assert cli._without(words, ("--timeout", "--memory")) == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [("-1,1", (-1, 1)), ("-inf,3/4", (None, Fraction(3, 4))), ("0.1,inf", (Fraction(1, 10), None)), (" -.5 , +2 ", (Fraction(-1, 2), 2))],
)
def test_boxes_are_exact(text, expected):
    """Decimals are decimals, not binary approximations."""
    assert common.box(text) == expected


@pytest.mark.parametrize("text", ["1e9999,2", "nan,1", "1/0,2", "0,1/000", "1.5/2,3", "inf,1", "0,-inf", "\u0663,4", "0," + "9" * 500])
def test_odd_numbers_are_no_ends_of_boxes(text):
    """Only plain ASCII numbers of bearable length."""
    with pytest.raises(InputError, match="TC101"):
        common.box(text)


def test_names_of_files_cannot_steer_the_terminal(capsys):
    """Escape sequences in arguments are not echoed."""
    status, _, err = run(capsys, "certify", "\x1b[2Jmissing.onnx")
    assert status == 3 and "\x1b" not in err


def test_theorems_are_sorted_by_whether_they_apply(capsys):
    """A logistic loss: what applies comes first, with what is proved, assumed and missing."""
    status, text, _ = run(capsys, "theorems", "log(1+exp(-x))")
    assert status == 0
    order = ["applies: kl-bdls-2007", "applies under assumptions: sgd-ddkl-2020", "open: artificial-critical-points-2020"]
    places = [text.index(line) for line in order]
    assert places == sorted(places)
    status, out, _ = run(capsys, "theorems", "sin(x)", "--json")
    report = json.loads(out)
    assert (status, report["command"], report["verdict"]) == (1, "theorems", "not-definable")
    kl = next(entry for entry in report["theorems"] if entry["id"] == "kl-bdls-2007")
    assert kl["applies"] == "no" and kl["refuted"]
