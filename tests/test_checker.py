"""The checker as users run it: a plain file, alone, with exit codes; and files made to hurt it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tamecheck as tc
from tamecheck import checker, nn
from tamecheck.programs.program import Program

FILE = Path(checker.__file__)
STRANGERS = ("tamecheck", "sympy", "z3", "networkx", "numpy", "scipy", "onnx", "torch")


@pytest.fixture(scope="module")
def good() -> tuple[bytes, bytes]:
    """A certificate and its claim."""
    certificate = tc.certify("exp(x)*sin(tanh(x))")
    return certificate.to_bytes(), certificate.claim_bytes()


def run(folder: Path, data: bytes, *options: str, claim: bytes | None = None) -> subprocess.CompletedProcess:
    """Run the file in an isolated interpreter."""
    path = folder / "c.json"
    path.write_bytes(data)
    if claim is not None:
        (folder / "claim.json").write_bytes(claim)
        options += ("--claim", str(folder / "claim.json"))
    return subprocess.run([sys.executable, "-I", str(FILE), str(path), *options], capture_output=True, text=True, check=False, timeout=60)


# ------------------------------------------------------------------ exit codes


def test_exit_0_for_a_certificate_of_the_claim_that_was_asked_for(good, tmp_path):
    """Valid: what was proved is said in words, with the axioms that it rests on."""
    answer = run(tmp_path, good[0], "--json", claim=good[1])
    found = json.loads(answer.stdout)
    assert (answer.returncode, found["verdict"], found["code"]) == (0, "valid", "")
    assert "definable in R_an_exp" in found["proved"]
    assert {"exp", "sin"} <= {row["name"] for row in found["axioms"]}
    assert "valid" in run(tmp_path, good[0]).stdout


def test_exit_1_with_the_step_and_the_reason(good, tmp_path):
    """Invalid: code, step, place and reason."""
    document = json.loads(good[0])
    document["steps"][2][2] = [-1]
    answer = run(tmp_path, json.dumps(document).encode(), "--json")
    found = json.loads(answer.stdout)
    assert (answer.returncode, found["verdict"], found["code"], found["step"], found["where"]) == (1, "invalid", "TC463", 2, "steps")
    assert "at step 2 of steps" in run(tmp_path, json.dumps(document).encode()).stdout


def test_exit_1_for_another_claim(good, tmp_path):
    """A good certificate of something else does not pass."""
    answer = run(tmp_path, good[0], "--json", claim=tc.certify("exp(x)").claim_bytes())
    assert (answer.returncode, json.loads(answer.stdout)["code"]) == (1, "TC404")


def test_exit_2_for_a_certificate_with_an_assumption(good, tmp_path):
    """Holey: everything else is good, and the assumption is named; it is never exit 0."""
    document = json.loads(good[0])
    node = document["claim"]["node"]
    document["assumptions"] = ["x is not 7\u001b[2J\ud800"]
    document["steps"].append(["assume", node, [], [0], document["steps"][-1][4]])
    answer = run(tmp_path, json.dumps(document).encode())
    assert answer.returncode == 2
    assert "assuming: x is not 7\\x1b[2J\\ud800" in answer.stdout


def test_exit_3_for_what_cannot_be_read(tmp_path):
    """No JSON, no file."""
    assert run(tmp_path, b"certificate").returncode == 3
    absent = subprocess.run([sys.executable, "-I", str(FILE), str(tmp_path / "absent")], capture_output=True, text=True, check=False)
    assert absent.returncode == 3 and "TC400" in absent.stdout


def test_exit_4_when_the_time_or_the_memory_runs_out(tmp_path):
    """Budgets end the run with status 4, not with a crash."""
    p = Program()
    n = p.input("x", ())
    for k in range(20_000):
        n = p.map("add", n, p.constant(k))
    data = tc.certify((p, {"y": n}), sharpness=False).to_bytes()
    answer = run(tmp_path, data, "--json", "--memory", "40")
    assert (answer.returncode, json.loads(answer.stdout)["code"]) == (4, "TC301")
    answer = run(tmp_path, slow(), "--json", "--timeout", "1")
    assert (answer.returncode, json.loads(answer.stdout)["code"]) == (4, "TC301")


def slow() -> bytes:
    """A curve that asks for values of nested sines at thousands of points."""
    p = Program()
    n = p.input("x", ())
    for _ in range(12):
        n = p.map("sin", n)
    document = json.loads(tc.certify((p, {"y": n})).to_bytes())
    curve = next(i for i in document["instances"] if any(s[0] == "oscillate" for s in i["steps"]))
    last = next(s for s in curve["steps"] if s[0] == "oscillate")
    curve["steps"] += [["oscillate", last[1], last[2], [str(k), last[3][1]], last[4]] for k in range(2, 40_000)]
    return json.dumps(document).encode()


# ------------------------------------------------------------------ alone


def loaded(code: str, *arguments: str) -> set[str]:
    """Return the top-level modules in an isolated interpreter after some code."""
    code += "\nprint(); print(','.join(sorted({m.split('.')[0] for m in sys.modules})))"
    answer = subprocess.run([sys.executable, "-I", "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(answer.stdout.strip().splitlines()[-1].split(","))


CHECKING = "import runpy, sys\ntry: runpy.run_path({path!r}, run_name='__main__')\nexcept SystemExit: pass"


def test_checking_a_certificate_loads_no_stranger(good, tmp_path):
    """Neither the package nor any mathematics library but FLINT is loaded while a certificate is checked."""
    path = tmp_path / "c.json"
    path.write_bytes(good[0])
    modules = loaded(CHECKING.format(path=str(FILE)), str(path))
    assert modules & set(STRANGERS) == set()
    assert "flint" in modules, "this certificate needs the value of a transcendental function"


def test_the_test_of_loneliness_can_fail(tmp_path):
    """A checker that loads networkx is found out."""
    friend = tmp_path / "friend.py"
    friend.write_text("import networkx\n")
    assert "networkx" in loaded(CHECKING.format(path=str(friend)))


def test_the_checker_writes_and_executes_nothing(good, tmp_path):
    """While bytes are checked, no file but FLINT's own is opened, nothing is compiled, no process or connection is begun."""
    code = (
        "import sys, importlib.util, json\n"
        "spec = importlib.util.spec_from_file_location('stranger', sys.argv[1]); m = importlib.util.module_from_spec(spec)\n"
        "sys.modules['stranger'] = m; spec.loader.exec_module(m)\n"
        "import flint\nflint.arb(1).exp()\n"
        "data = open(sys.argv[2], 'rb').read()\nseen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(event) if event.split('.')[0] in"
        " ('open', 'exec', 'compile', 'subprocess', 'socket', 'os', 'shutil', 'pickle') else None)\n"
        "verdict = m.check(data).verdict\nprint(verdict, seen)\n"
    )
    path = tmp_path / "c.json"
    path.write_bytes(good[0])
    answer = subprocess.run([sys.executable, "-I", "-c", code, str(FILE), str(path)], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "valid []"


# ------------------------------------------------------------------ hostile files


def refused(data: bytes, claim: bytes | None = None) -> checker.Result:
    """Check, and see that the answer is a refusal with code and reason, within a second of processor time."""
    started = time.process_time()
    answer = checker.check(data, claim)
    assert answer.verdict in ("invalid", "unreadable") and answer.code and answer.reason
    assert answer.verdict == "unreadable" or answer.where
    assert time.process_time() - started < 1
    return answer


def test_truncated_at_every_byte(good):
    """Every proper beginning of a certificate is refused (each 7th byte, and the last 50)."""
    data = good[0]
    for length in [*range(0, len(data) - 50, 7), *range(len(data) - 50, len(data))]:
        assert refused(data[:length]).verdict == "unreadable"


HOSTILE = {
    "brackets": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "brackets that the parser survives": b'{"program":' + b"[" * 900 + b"]" * 900 + b"}",
    "an integer of 100 000 digits": b'{"format":' + b"9" * 100_000 + b"}",
    "an exponent of 10^9": b'{"format":1e1000000000}',
    "minus infinity": b'{"format":-Infinity}',
    "UTF-16": '{"format":"tamecheck certificate 1"}'.encode("utf-16-le"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a null": b"null",
    "a list": b"[]",
    "a text": b'"tamecheck certificate 1"',
    "nothing": b"",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes(name):
    """Refused in a second, whatever the bytes."""
    refused(HOSTILE[name])


def replaced(good: bytes, change) -> bytes:
    """Return a certificate after a change of its document."""
    document = json.loads(good)
    change(document)
    return json.dumps(document).encode()


CHANGES = {
    "true for one": lambda d: d["steps"][1].__setitem__(1, True),
    "a premise of minus one": lambda d: d["steps"][-1][2].__setitem__(0, -1),
    "unicode digits": lambda d: d["facts"][1].__setitem__(8, "\u0661"),
    "a number of 4001 digits": lambda d: d["facts"][1].__setitem__(8, "1" * 4001),
    "a fact that is a number": lambda d: d["facts"].__setitem__(1, 7),
    "a huge extent": lambda d: d["program"]["nodes"][0].__setitem__(3, [2**62, 2**62]),
    "a huge integer": lambda d: d["program"]["nodes"][0].__setitem__(3, [10**4000]),
    "no steps": lambda d: d.__setitem__("steps", []),
    "another node": lambda d: d["claim"].__setitem__("node", 0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_hostile_changes(name, good):
    """A good certificate with one thing changed, checked against its claim, is refused."""
    refused(replaced(good[0], CHANGES[name]), good[1])


def test_a_certificate_of_another_model(good):
    """The program is part of what is claimed."""
    other = json.loads(tc.certify("exp(x)*sin(tanh(2*x))").to_bytes())
    document = json.loads(good[0])
    document["program"] = other["program"]
    assert refused(json.dumps(document).encode()).code == "TC405"
    assert refused(json.dumps(other).encode(), good[1]).code == "TC404"


# ------------------------------------------------------------------ size


def doubling(levels: int) -> tuple[bytes, bytes]:
    """A graph with 2^levels paths."""
    p = Program()
    n = p.input("x", ())
    for k in range(levels):
        n = p.map(("add", "max")[k % 2], n, n)
    certificate = tc.certify((p, {"y": n}), sharpness=False)
    return certificate.to_bytes(), certificate.claim_bytes()


def test_doubling_5000_times_takes_less_than_a_second():
    """Shared nodes are checked once."""
    data, claim = doubling(5000)
    started = time.process_time()
    assert checker.check(data, claim).verdict == "valid"
    assert time.process_time() - started < 1


def test_squares_of_squares_do_not_grow_without_end():
    """x^(2^5000) on (0,1): numbers that double their length are given up, in main steps and inside cases."""
    p = Program()
    n = p.input("x", (), box=(0, 2, True, True))
    for _ in range(3000):
        n = p.map("mul", n, n)
    n = p.where(p.compare("lt", n, p.constant(1)), n, p.constant(1))
    data = tc.certify((p, {"y": n}), sharpness=False).to_bytes()
    started = time.process_time()
    assert checker.check(data).verdict == "valid"
    assert time.process_time() - started < 5


def test_the_time_is_linear():
    """Eight times the layers take about eight times the time."""
    spent = []
    for layers in (40, 320):
        block = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.GELU()) for _ in range(layers)])
        data = tc.certify(block(nn.Input("x", (2, 4))), sharpness=False).to_bytes()
        best = []
        for _ in range(3):
            started = time.process_time()
            assert checker.check(data).verdict == "valid"
            best.append(time.process_time() - started)
        spent.append(min(best))
    assert spent[1] < 8 * 2.5 * spent[0]


def test_memory_of_a_hundred_thousand_steps(tmp_path):
    """100 000 steps are checked within 500 MiB."""
    p = Program()
    n = p.input("x", ())
    for k in range(50_000):
        n = p.map("add", p.map("atan", n), p.constant(k % 100))
    path = tmp_path / "c.json"
    path.write_bytes(tc.certify((p, {"y": n}), sharpness=False).to_bytes())
    alone = (  # an interpreter of its own, whose only child is the checker
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", alone, sys.executable, "-I", str(FILE), str(path), "--json"]
    shown, kibibytes = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.strip().rsplit("\n", 1)
    answer = json.loads(shown)
    assert (answer["verdict"], answer["steps"] > 100_000) == ("valid", True)
    assert int(kibibytes) < 500 * 1024
