"""The second checker agrees with the first on what the prover writes, and is as hard to hurt."""

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import second_checker

import tamecheck as tc
from tamecheck import checker, nn
from tamecheck.ground.intervals import interval
from tamecheck.programs.program import Program

FILE = Path(second_checker.__file__)
FORMULAS = [
    "gelu(x)",
    "silu(x)",
    "softplus(x)",
    "mish(x)",
    "elu(x)",
    "hardtanh(x)",
    "tanh(x)-x",
    "sin(w*x+b)",
    "max(x,y)^2",
    "x*y-1",
    "erf(x)+besselj0(atan(x))",
    "lgamma(1+x^2)",
    "sqrt(x^2+y^2+1)",
    "where(x<0,0,x^3)",
    "round(x)-x",
    "cos(pi*x)*exp(-x)",
    "log(1+x^2)/(1+abs(x))",
    "floor(sin(x))",
    "x^y",
    "atan(1/x)",
]


def agree(certificate: tc.Certificate) -> None:
    """Both checkers accept, and count the same steps."""
    data, claim = certificate.to_bytes(), certificate.claim_bytes()
    one, two = checker.check(data, claim), second_checker.check(data, claim)
    assert (one.verdict, two.verdict) == ("valid", "valid"), f"{one} {two}"
    assert one.steps == two.steps


@pytest.mark.parametrize("formula", FORMULAS)
def test_both_accept_certificates_of_formulas(formula):
    """What the prover proves of a formula passes two independent checkers."""
    agree(tc.certify(formula))


def network() -> tc.Certificate:
    """A transformer block with a cross-entropy loss."""
    h = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu")(nn.Input("x", (2, 4, 8)))
    return tc.certify(nn.Loss(nn.cross_entropy(h.transpose(1, 2), [[0, 1, 2, 3], [4, 5, 6, 7]])), about="parameters")


def loop() -> tc.Certificate:
    """A body with an invariant interval, seven times."""
    body = Program()
    out = body.map("sin", body.input("h", ()))
    p = Program()
    p.repeat(p.body(body), [out], 7, [p.input("x", (), box=interval(-1, 1))], 1, 0)
    return tc.certify((p, {"h": len(p) - 1}))


def choice() -> tc.Certificate:
    """A proximal map's value: a minimum over a definable set."""
    body = Program()
    y, x = body.input("y", ()), body.input("x", ())
    d = body.map("sub", x, y)
    out = body.map("add", body.map("mul", d, d), body.map("abs", y))
    p = Program()
    p.implicit("min", p.body(body), out, [p.input("x", ())], 1)
    return tc.certify((p, {"prox": len(p) - 1}))


@pytest.mark.parametrize("build", [network, loop, choice])
def test_both_accept_certificates_of_programs(build):
    """Tensors, loops and implicit values pass both checkers."""
    agree(build())


HOSTILE = {
    "empty": b"",
    "truncated": b'{"steps":[',
    "deep": b"[" * 100_000,
    "deep in a string": b'"' + b"[" * 100_000 + b'"',
    "not ascii": b'{"\xc3\xa9":1}',
    "float": b'{"a":1.5}',
    "infinity": b'{"a":Infinity}',
    "nan": b"[NaN]",
    "twice": b'{"a":1,"a":1}',
    "long integer": b"[" + b"7" * 10_000 + b"]",
    "list": b"[]",
    "null": b"null",
    "text": b'"claim"',
    "exponent": b"[1e400]",
    "byte order mark": b"\xef\xbb\xbf{}",
    "zero bytes": b"\0" * 100,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_neither_is_hurt_by_bytes(name):
    """Whatever the bytes, the answer is a verdict, and never "valid"."""
    for module in (checker, second_checker):
        for arguments in ((HOSTILE[name],), (tc.certify("x").to_bytes(), HOSTILE[name])):
            assert module.check(*arguments).verdict in ("unreadable", "invalid")


def run(*arguments: str) -> subprocess.CompletedProcess:
    """Run the second checker as a plain file in an isolated interpreter."""
    return subprocess.run([sys.executable, "-I", str(FILE), *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_command_line(tmp_path):
    """Exit 0 for a good certificate, 1 for another claim, 3 for what is no certificate, 4 when time is up."""
    certificate, claim = tmp_path / "c.json", tmp_path / "claim.json"
    certificate.write_bytes(tc.certify("gelu(x)").to_bytes())
    claim.write_bytes(tc.certify("exp(x)").claim_bytes())
    good = run(str(certificate), "--json", "--timeout", "50")
    assert good.returncode == 0, good.stderr
    assert {"gelu", "verdict"} & set(json.loads(good.stdout)) == {"verdict"}
    assert run(str(certificate), "--claim", str(claim)).returncode == 1
    assert run(str(tmp_path / "none.json")).returncode == 3
    assert run(str(certificate), "--timeout", "0.001").returncode == 4


def test_the_second_checker_is_a_stranger_too():
    """It loads nothing of the package and nothing of its peers."""
    code = f"import runpy, sys; runpy.run_path({str(FILE)!r}); print(sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert not any(f"'{name}'" in loaded for name in ("tamecheck", "sympy", "z3", "networkx", "numpy", "flint"))


@pytest.mark.parametrize("module", [checker, second_checker], ids=["first", "second"])
def test_no_name_is_defined_twice(module):
    """In a file of thousands of lines a second definition would silently replace the first."""
    found: Counter = Counter()
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] += 1
        elif isinstance(node, ast.Assign):
            found.update([name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)])
    assert [name for name, count in found.items() if count > 1] == []


BAD = FILE.parents[1] / "certificates" / "bad"
ONLY_THE_FIRST = {  # reason: a limit of the first checker, a stricter form, or a file that is bad only beside another one
    "a_cone_over_itself": "the identity of the pivot is a function of the pivot",
    "a_quotient_of_polynomials_that_cancels": "equal wherever the node is defined",
    "bodies_in_bodies": "a limit",
    "too_large": "a limit",
    "too_many_nodes": "a limit",
    "asked_for_null": "bad beside a claim",
    "near_gate_too_many_cuts": "a limit",
    "near_gate_too_many_members": "a limit",
    "near_gate_too_many_pieces": "a limit",
    "conservative_norm_of_too_many_terms": "a limit",
    "refutation_too_many_curves": "a limit",
    "refutation_too_many_rules": "a limit",
    "refutation_too_many_visits": "a limit",
    "scaling_degree_too_long": "a limit",
    "scaling_too_many_rounds": "a limit",
    "scaling_too_many_visits": "a limit",
    "the_claim_that_was_asked_for_is_another": "bad beside a claim",
}


@pytest.mark.skipif(not BAD.exists(), reason="the bad certificates are not written yet")
def test_the_second_checker_refuses_what_is_bad():
    """No certificate made to deceive the first checker deceives the second."""
    accepted = [p.stem for p in sorted(BAD.iterdir()) if second_checker.check(p.read_bytes()).verdict == "valid"]
    assert set(accepted) <= set(ONLY_THE_FIRST)
