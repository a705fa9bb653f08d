"""The command, its JSON, its pictures and its errors; the generated table of kinks."""

import importlib.util
import json
from pathlib import Path

import pytest

from tamecheck import cli
from tamecheck.autodiff import rules
from tamecheck.conservative_report import conservative
from tamecheck.errors import InputError

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = {
    "verdict",
    "function",
    "clarke",
    "spurious",
    "stuck",
    "critical_values",
    "witness",
    "undefined_at",
    "obligations",
    "operators",
    "tamecheck",
    "command",
}
TIES = '[[rule]]\noperator = "max"\nwhere = "x0 == x1"\nvalue = ["1", "1"]\n'


@pytest.mark.parametrize(
    ("arguments", "status", "verdict"),
    [
        (["relu(x) - relu(-x)"], 0, "conservative"),
        (["relu(x)", "--rules", "jax"], 0, "clarke"),
        (["x^2"], 0, "exact-c1"),
        (["round(x)"], 1, "not-conservative"),
        (["sqrt(x^2)"], 1, "undefined"),
        (["relu(exp(x) - 2)"], 0, "clarke"),
        (["relu(lgamma(x^2 + 1))"], 2, "unknown"),
        (["max(x, y)", "--vars", "x,y", "--rules", "tensorflow"], 0, "clarke"),
        (["relu(x)", "--mode", "forward"], 0, "clarke"),
    ],
)
def test_exit_status_and_json(arguments, status, verdict, capsys):
    """0 for the first three verdicts, 2 for unknown, 1 else; one JSON object with the keys of the interface."""
    assert cli.main(["conservative", *arguments, "--json"]) == status
    content = json.loads(capsys.readouterr().out)
    assert content["verdict"] == verdict and content["command"] == "conservative"
    assert not KEYS - set(content)
    assert set(content["function"]) >= {"continuous", "locally_lipschitz", "path_differentiable", "homes"}
    assert set(content["critical_values"]) == {"ad", "clarke"}


def test_a_file_of_rules(tmp_path, capsys):
    """The file of the interface, and the witness with both exact numbers."""
    place = tmp_path / "rules.toml"
    place.write_text(TIES)
    assert cli.main(["conservative", "max(x, y)", "--rules", str(place), "--json"]) == 1
    witness = json.loads(capsys.readouterr().out)["witness"]
    assert witness["kind"] == "stratum-hugging-loop" and witness["circulation"] == "1" and witness["verified"] is True
    assert [leg["from"] for leg in witness["curve"]] == [["0", "0"], ["1", "1"], ["1", "0"]]


@pytest.mark.parametrize("width", ["80", "100"])
def test_the_screen_fits(width, capsys, monkeypatch):
    """No line is longer than the terminal."""
    monkeypatch.setenv("COLUMNS", width)
    cli.main(["conservative", "(relu(w + b) - relu(-w - b) - 1)^2/2"])
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= int(width)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rule]]\noperator = 3\n", "names no operator"),
        ('[[rule]]\noperator = "nothing"\nvalue = ["1"]\n', "no operator 'nothing'"),
        ('[[rule]]\noperator = "abs"\n', "exactly one of"),
        ('[[rule]]\noperator = "abs"\nvalue = [0.5]\n', "holds float, not text"),
        ('[[rule]]\noperator = "abs"\nvalue = ["1", "2"]\n', "2 entries in 'value'"),
        ('[[rule]]\noperator = "abs"\nvalue = ["__import__(1)"]\n', "names start with a letter"),
        ('[[rule]]\noperator = "abs"\nvalue = ["y"]\n', "'y' is not among the variables"),
        ('[[rule]]\noperator = "abs"\nhow = 1\nvalue = ["1"]\n', "unknown key 'how'"),
        ("[[rule]\n", "not TOML"),
        ('base = "theano"\n', "no rule book for 'theano'"),
        ("rules = 1\n", "unknown key 'rules'"),
    ],
)
def test_bad_files_of_rules(text, message):
    """Every mistake is one line with a code, before any work is done."""
    with pytest.raises(InputError, match=message):
        rules.load(text if "\n" in text else text + "\n")


@pytest.mark.parametrize(
    ("program", "options", "message"),
    [
        ("relu(x", {}, "never closed"),
        ("3", {}, "no variable"),
        ("x + y", {"variables": ["x"]}, "'y' is not listed"),
        ("glu(x)", {}, "not a function"),
        ("x", {"rulebook": "mxnet"}, "no rule book and no file"),
        ("x", {"mode": "sideways"}, "no mode"),
        ("forall x: x > 0", {"variables": ["x"]}, "statement"),
        ("+".join([f"x{k}" for k in range(20)]), {}, "20 variables"),
        ("x^999", {}, "larger than 64"),
    ],
)
def test_bad_input(program, options, message):
    """Bad programs, names and rule books are input errors."""
    with pytest.raises(InputError, match=message):
        conservative(program, **options)


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("+".join(["relu(x)"] * 5_000), "clarke"),
        ("+".join([f"relu(x - {k})" for k in range(400)]), "unknown"),
        ("+".join([f"relu(x{k} - x{(k + 1) % 12})" for k in range(12)]), "unknown"),
        ("relu(" * 150 + "x" + ")" * 150, "clarke"),
        ("relu(" * 400 + "x" + ")" * 400, "TC110"),
        ("relu(" * 40_000 + "x", "TC110"),
        ("foo(x)", "TC150"),
        ("relu(" + "9" * 3_000 + "*x - 1)", "clarke"),
        ("exp(exp(exp(exp(exp(exp(x))))))", "exact-c1"),
        ("max(x*y, z*w)", "unknown"),
        ("relu(lgamma(x))", "unknown"),
        ("x + 1/0", "undefined"),
        ("((x + y)^60)^60", "unknown"),
        ("", "TC101"),
        ("x;;y", "TC101"),
        ("inf*x", "TC101"),
        ("'x'", "TC101"),
    ],
)
def test_hostile_programs(program, answer):
    """Huge, deep, unknown, malformed: an error with its code, an unknown, or the answer, in a second of processor time."""
    import time

    conservative("relu(x)")
    started = time.process_time()
    try:
        found = conservative(program).verdict
    except InputError as error:
        found = error.code
    assert found == answer
    assert time.process_time() - started < 1.5


MODEL = """
from tamecheck import nn

net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
loss = nn.Network(nn.MSELoss()(net(nn.Input("x", (4, 2))), nn.Input("y", (4, 1))))
smooth = nn.Network(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))(nn.Input("x", (4, 2))))
rounded = nn.Network(nn.Linear(2, 1)(nn.Input("x", (4, 2))).round())
"""


@pytest.mark.parametrize(("name", "status", "verdict"), [("loss", 0, "conservative"), ("smooth", 0, "exact-c1"), ("rounded", 2, "unknown")])
def test_models_get_the_compositional_certificate(tmp_path, capsys, name, status, verdict):
    """A file with an object: a verdict from the lemmas for every node, or the node where they stop."""
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    assert cli.main(["conservative", f"{path}:{name}", "--json"]) == status
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == verdict and bool(report["obligations"]) == (verdict == "unknown")
    assert cli.main(["conservative", f"{path}:{name}"]) == status
    assert f"verdict   {verdict}" in capsys.readouterr().out


def test_models_take_no_options_of_formulas(capsys):
    """--vars is about formulas."""
    assert cli.main(["conservative", "model.onnx", "--vars", "x"]) == 3
    assert "TC194" in capsys.readouterr().err


def test_the_certificate_of_a_model_is_checked():
    """The claim of the certificate behind a positive verdict has the key, and the independent checker accepts it."""
    from tamecheck.conservative_models import conservative_model

    certificate = conservative_model("abs(x)*tanh(y) + max(x, y)", about="both")["certificate"]
    assert certificate.document["claim"]["conservative"] == 1 and certificate.check().verdict == "valid"


def test_a_report_is_no_truth_value():
    """`if report:` would hide that a verdict has more than two values."""
    with pytest.raises(TypeError, match="three values"):
        bool(conservative("relu(x)"))


@pytest.mark.parametrize(("program", "given"), [("max(x, y)", TIES), ("x*stop_gradient(x)", "torch"), ("round(x)", "torch"), ("sqrt(x)", "torch")])
def test_pictures(program, given, tmp_path):
    """Loops on surfaces, curves on lines."""
    pytest.importorskip("matplotlib")
    place = tmp_path / "picture.svg"
    conservative(program, given).plot(str(place))
    assert place.read_text(encoding="utf-8").count("<path") > 10


def test_pictures_look_at_the_right_piece():
    """The program is drawn on its own side of a kink that is not rational."""
    from tamecheck.reports.conservative_picture import _value

    report = conservative("where(exp(x) > 2, 1, 0)")
    assert (_value(report, [0.6]), _value(report, [0.7])) == (0.0, 1.0)
    report = conservative("where(exp(x + y) > 2, x + y, 0)", variables=["x", "y"])
    assert (_value(report, [0.3, 0.3]), _value(report, [0.5, 0.5])) == (0.0, 1.0)


def test_pictures_of_many_variables_are_refused(tmp_path):
    """There is no picture of three variables."""
    with pytest.raises(InputError, match="one or two variables"):
        conservative("relu(x + y + z)").plot(str(tmp_path / "p.svg"))


def test_the_table_of_kinks_is_what_the_books_say():
    """The page is generated, not typed."""
    specification = importlib.util.spec_from_file_location("kink_table", ROOT / "benchmarks" / "kink_table.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page()
