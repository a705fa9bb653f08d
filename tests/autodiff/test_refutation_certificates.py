"""Refutations of rules are certificates: every witness is accepted by both checkers, and by nobody when it is about right rules."""

import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "quality"), str(Path(__file__).resolve().parent)]

import second_checker  # noqa: E402
import test_conservative_facts as facts  # noqa: E402
import test_properties as properties  # noqa: E402
import test_random_programs as random_programs  # noqa: E402

from tamecheck import checker  # noqa: E402
from tamecheck.autodiff.refutation_documents import refutation  # noqa: E402
from tamecheck.conservative_report import conservative  # noqa: E402
from tamecheck.kernel.certificate import canonical  # noqa: E402
from tamecheck.programs.definitions.scalar import DEFINITIONS  # noqa: E402

BLOWUPS = [
    "sqrt(x)", "log(x)", "x*log(x)", "abs(x)^(1/2)", "abs(x)^(9/10)", "cbrt(x)", "sqrt(relu(x))", "where(x > 0, sqrt(x), 0)", "1/x", "asin(x)",
    "acos(x)", "atanh(x)", "logit(x)", "entr(x)", "rsqrt(x)", "log1p(x)", "x + sqrt(x)", "exp(sqrt(x))", "coth(x)", "csch(x)", "sqrt(relu(tanh(x)))",
    "log(sin(x) - x + x^2)", "(cos(x) - 1)/x^3",
]  # fmt: skip
IRRATIONAL = [
    "where(exp(x) > 2, 1, 0)", "sqrt(abs(exp(x) - 2))", "where(x^2 > 2, 1, 0)", "sqrt(abs(x^2 - 2))", "where(x^2 + y^2 > 3, x, y)",
    "where(x + y > log(2), 1, 0)", "sqrt(relu(exp(x) - 2))", "where(log(x^2 + 1) < 1, x, 2)", "log(abs(x^2 - 3))",
]  # fmt: skip
TICKS = ["softplus(x, 1, 20)", "round(x) + y", "floor(x)*y", "where(x > 0 and y > 0, x, 0)", "where(x > 0, 1/x, 0)", "where(x == 0, 0, x/abs(x))"]


def wrong_everywhere(name: str) -> tuple[str, str]:
    """Return an operator with the derivative 7."""
    count = 2 if name in ("max", "min") else DEFINITIONS[name].arity if name in DEFINITIONS else 1
    arguments = ["x", "y", "z", "w"][:count]
    shown = ", ".join(['"7"'] * count)
    return f"{name}({', '.join(arguments)})", f'[[rule]]\noperator = "{name}"\nvalue = [{shown}]\n'


SEVENS = [
    wrong_everywhere(n)
    for n in (
        "max min relu abs exp sin cos atan erf tanh sigmoid silu softplus gelu elu selu celu mish hardtanh hardswish hardsigmoid softsign square "
        "logsigmoid leaky_relu relu6 log1p expm1 sinh cosh asinh acosh exp2 log2 hypot cbrt round sign floor softshrink"
    ).split()
]
CASES = (
    [(p, r, v) for _, p, v, r, _ in facts.WRONG]
    + [(p, r, ["x", "y"]) for p, r in properties.PLANTED]
    + [(p, r, None) for p, r in SEVENS]
    + [(p, "torch", None) for p in BLOWUPS + TICKS + IRRATIONAL]
    + [("(x^2)*y", '[[rule]]\noperator = "mul"\nbackward = ["clamp(g*x1, -1, 1)", "clamp(g*x0, -1, 1)"]\n', ["x", "y"])]
    + [("-log(p)", '[[rule]]\noperator = "log"\nvalue = ["1/max(x0, 10^-12)"]\n', ["p"])]
)
PLANTED = len(properties.PLANTED) + len(SEVENS)


def test_seventy_five_rules_are_planted():
    """Wrong rules that are planted: in the list of the properties, and the derivative 7 for forty operators."""
    assert PLANTED >= 75


@pytest.mark.parametrize(("program", "rules", "variables"), CASES)
def test_every_witness_is_accepted_by_both_checkers(program, rules, variables):
    """Program, rules, curve and numbers are one document; nothing else is needed to see that the rule is wrong."""
    report = conservative(program, rules, variables=variables)
    assert report.verdict in ("not-conservative", "conservative-for-other")
    value = refutation(report.decision)
    data, claim = canonical(value), canonical(value["claim"])
    for module in (checker, second_checker):
        answer = module.check(data, claim)
        assert answer.verdict == "valid", f"{module.__name__}: {answer}"


@pytest.mark.parametrize("seed", range(40))
def test_random_refutations_are_accepted(seed):
    """Whatever random program and rules are refuted along a curve: the checkers see it, too."""
    r = random.Random(seed)
    report = conservative(random_programs.program(r, 2) + " + x", random_programs.rule(r), variables=["x", "y"])
    if report.verdict in ("not-conservative", "conservative-for-other") and report.witness["kind"] != "stratum-direction":
        data = canonical(refutation(report.decision))
        assert checker.check(data).verdict == second_checker.check(data).verdict == "valid", data


def test_a_fresh_interpreter_accepts_it():
    """`check` hands claim and certificate to the checker, as a plain file, in an isolated interpreter."""
    report = conservative("max(x, y)", properties.ties(1, 1), variables=["x", "y"])
    answer = report.certificate.check()
    assert answer.verdict == "valid" and "circulation" in answer.proved and answer.exit == 0


def test_the_same_input_gives_the_same_bytes():
    """Certificates are canonical."""
    one, two = (conservative("x*stop_gradient(y)", variables=["x", "y"]).certificate.to_bytes() for _ in range(2))
    assert one == two == canonical(json.loads(one))


@pytest.mark.parametrize(("program", "names"), properties.CONSERVATIVE)
def test_what_is_conservative_is_not_refuted(program, names):
    """A positive verdict on a rule book has the certificate about all admissible rules, or says why not."""
    report = conservative(program, variables=names)
    assert (report.certificate is None) != (report.certificate_obstacle is None)
    if report.certificate is not None:
        assert json.loads(report.certificate.claim_bytes())["conservative"] == 1


def test_rules_of_a_file_leave_no_positive_certificate():
    """The compositional certificate is about admissible rules; a file may hold any."""
    report = conservative("max(x, y)", properties.ties("1/2", "1/2"), variables=["x", "y"])
    assert report.certificate is None and "leaves no certificate" in report.certificate_obstacle


def test_unknown_has_no_certificate():
    """No verdict, no document."""
    report = conservative("relu(lgamma(x^2 + 1) - y)", variables=["x", "y"])
    assert report.certificate is None and report.certificate_obstacle == "the verdict is unknown"


def right_rules() -> list[tuple[str, str]]:
    """Rules that are conservative for max(x, y), abs(x) + y and relu(x)*y."""
    found = [("max(x, y)", properties.ties(a, 1 - Fraction(a))) for a in ("1/2", "0", "1", "3", "-1/7")]
    for operator, program in (("abs", "abs(x) + y"), ("relu", "relu(x)*y")):
        found += [(program, f'[[rule]]\noperator = "{operator}"\nwhere = "x0 == 0"\nvalue = ["{q}"]\n') for q in (0, 1, -5)]
    return found


@pytest.mark.parametrize(("program", "rules"), right_rules())
@pytest.mark.parametrize("seed", range(3))
def test_no_curve_refutes_a_right_rule(program, rules, seed):
    """Random curves and loops with the numbers that are found along them: right rules survive all, in both checkers."""
    from tamecheck.autodiff.decision import Decision
    from tamecheck.autodiff.refutation_documents import Writer
    from tamecheck.kernel.certificate import document
    from tamecheck.kernel.judgments import NOTHING, to_json

    r = random.Random(seed)
    decision: Decision = conservative(program, rules, variables=["x", "y"]).decision
    writer = Writer(decision.code, decision.rules, True)
    for because in ("curve", "loop"):
        corners = [tuple(r.choice([0, 0, 1, -1, 2]) for _ in range(2)) for _ in range(1 if because == "curve" else 3)]
        corners = [*corners, (1, 1)] if because == "curve" else [*corners, corners[0]]
        curves = [[[[str(p), *([str(q - p)] if q != p else [])] if p or q != p else [], ["1"]] for p, q in zip(a, b, strict=True)]
                  for a, b in zip(corners, corners[1:], strict=False)]  # fmt: skip
        numbers = ["(-inf,0)", "(0,inf)"] if because == "curve" else ["(0,inf)", *["[0,0]"] * 2]
        claim = {"about": "both", "conservative": {"because": because, "rules": writer.rows, "verdict": "not"}, "discontinuous": 0,
                 "holds": to_json(NOTHING), "node": writer.node, "not": "", "program": writer.program.digest()}  # fmt: skip
        value = {**document(writer.program, claim, [NOTHING], [], [], [], []), "witness": {"curves": curves, "numbers": numbers}}
        for module in (checker, second_checker):
            assert module.check(canonical(value)).verdict == "invalid"


EVIL = ["0", "1", "-1", "1/2", "[0,0]", "[1,1]", "[-1,2]", 0, 1, 2, None, [], "max", "min", "abs", "lt", "eq", "mul", "backward"]
DAMAGE = ["numbers", "curves", "rules", "program"]


@pytest.mark.parametrize("seed", range(240))
def test_damaged_refutations_do_not_divide_the_checkers(seed):
    """One number, coefficient, rule or node is changed: whatever the verdict, it is a verdict, and the same twice."""
    r = random.Random(seed)
    report = REPORTS[seed % len(REPORTS)]()
    value = json.loads(report)
    place = {"numbers": value["witness"]["numbers"], "curves": value["witness"]["curves"], "rules": value["claim"]["conservative"]["rules"],
             "program": value["program"]["nodes"]}[r.choice(DAMAGE)]  # fmt: skip
    leaves = []
    waiting = [place]
    while waiting:
        item = waiting.pop()
        for key in item if isinstance(item, dict) else range(len(item)):
            (waiting if isinstance(item[key], (dict, list)) and item[key] else leaves).append(
                item[key] if isinstance(item[key], (dict, list)) and item[key] else (item, key)
            )
    if leaves:
        item, key = r.choice(leaves)
        item[key] = r.choice(EVIL)
    value["claim"]["program"] = checker.canonical_digest(value["program"])
    data = canonical(value)
    one, two = checker.check(data), second_checker.check(data)
    assert {one.verdict, two.verdict} <= {"valid", "invalid", "unreadable", "budget"}
    assert (one.verdict == "valid") == (two.verdict == "valid"), f"{one} {two} {data!r}"


def _bytes(program: str, rules: str, variables: list[str]):
    cache: list[bytes] = []

    def made() -> bytes:
        if not cache:
            cache.append(canonical(refutation(conservative(program, rules, variables=variables).decision)))
        return cache[0]

    return made


REPORTS = [
    _bytes("max(x, y)", properties.ties(1, 1), ["x", "y"]),
    _bytes("x*stop_gradient(x)", "torch", ["x"]),
    _bytes("where(y == x^2, stop_gradient(x), x)", "torch", ["x", "y"]),
    _bytes("x*y", '[[rule]]\noperator = "mul"\nbackward = ["clamp(g*x1, -1, 1)", "g*x0"]\n', ["x", "y"]),
    _bytes("floor(x)*y", "torch", ["x", "y"]),
    _bytes("x*log(x)", "torch", ["x"]),
    _bytes("x/(1 + y^2)", '[[rule]]\noperator = "div"\nvalue = ["1/x1", "x0/x1"]\n', ["x", "y"]),
]


def test_command_line(tmp_path):
    """`tamecheck conservative FORMULA --out` writes what `tamecheck check` accepts; both say so in JSON."""
    rules, path = tmp_path / "rules.toml", tmp_path / "cert.json"
    rules.write_text(properties.ties(1, 1))
    command = [sys.executable, "-m", "tamecheck"]
    asked = [*command, "conservative", "max(x, y)", "--rules", str(rules), "--out", str(path), "--json"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=ROOT)
    assert said.returncode == 1
    assert (json.loads(said.stdout)["checked"], json.loads(said.stdout)["certificate"]) == ("valid", str(path))
    checked = subprocess.run([*command, "check", str(path), "--json"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (checked.returncode, json.loads(checked.stdout)["verdict"]) == (0, "valid")
