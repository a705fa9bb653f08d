"""Bad input: a code, what and where, and what to try, within a second, for everything a caller can get wrong."""

import json
import time

import numpy as np
import pytest

import tamecheck as tc
from tamecheck import cli, nn
from tamecheck.errors import InputError
from tamecheck.flows.ensemble import ensemble
from tamecheck.flows.system import System

X, Y = np.arange(8.0).reshape(4, 2), np.zeros((4, 1))
SQUARE = {"source": "x^2", "initial": [1.0]}
LINE = {"source": "w*x", "variables": ["w"], "data": {"x": [1.0, -1.0]}, "labels": [1, -1], "initial": [0.5]}


def relu() -> nn.Network:
    """Return the loss of a small ReLU network."""
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    return nn.Network(nn.MSELoss()(net(nn.Input("x", (4, 2))), nn.Input("y", (4, 1))))


def network(x: object) -> dict:
    """Return options for the flow of a ReLU network with these data."""
    return {"source": relu(), "data": {"x": x, "y": Y}, "initial": [0.1] * 13, "kind": "subgradient"}


BAD = [
    (network(X * np.nan), "TC181"),
    (network(X + np.inf), "TC181"),
    (network("abc"), "TC125"),
    (network([[1, 2], [3]]), "TC125"),
    (network(X[:2]), "TC125"),
    ({**network(X), "initial": None}, "TC125"),
    ({**network(X), "kind": "gradient"}, "TC183"),
    ({**SQUARE, "data": [1]}, "TC188"),
    ({**SQUARE, "horizon": -3}, "TC184"),
    ({**SQUARE, "horizon": float("nan")}, "TC184"),
    ({**SQUARE, "horizon": float("inf")}, "TC184"),
    ({**SQUARE, "horizon": "10"}, "TC188"),
    ({**SQUARE, "rtol": 0.0}, "TC184"),
    ({**SQUARE, "atol": -1.0}, "TC184"),
    ({**SQUARE, "kind": "gd", "steps": -5}, "TC184"),
    ({**SQUARE, "kind": "gd", "steps": 10**12}, "TC184"),
    ({**SQUARE, "kind": "gd", "steps": 1e4}, "TC188"),
    ({**SQUARE, "kind": "gd", "step": 5.0}, "TC187"),
    ({**SQUARE, "kind": "gd", "step": True}, "TC188"),
    ({**SQUARE, "kind": "gd", "decay": -0.1}, "TC184"),
    ({**SQUARE, "kind": "gd", "power": 2.0}, "TC184"),
    ({**SQUARE, "times": [0.0, 2.0, 1.0]}, "TC184"),
    ({**SQUARE, "times": [0.0]}, "TC184"),
    ({**SQUARE, "times": [-1.0, 1.0]}, "TC184"),
    ({**SQUARE, "times": "abc"}, "TC184"),
    ({"source": "x*y", "variables": "xy", "initial": [1.0, 1.0]}, "TC188"),
    ({"source": "x*y", "variables": ["x", "x"], "initial": [1.0, 1.0]}, "TC182"),
    ({"source": "x*y", "variables": ["x"], "initial": [1.0]}, "TC182"),
    ({"source": "x*y", "variables": ["x", "y", "z"], "initial": [1.0] * 3}, "TC182"),
    ({**SQUARE, "diagnostics": ["foo"]}, "TC185"),
    ({**SQUARE, "diagnostics": "loss"}, "TC188"),
    ({**SQUARE, "kind": None}, "TC186"),
    ({**SQUARE, "kind": "sgd"}, "TC186"),
    ({**SQUARE, "solver": "euler"}, "TC186"),
    ({"source": "1/x", "initial": [0.0]}, "TC181"),
    ({"source": "3", "initial": []}, "TC182"),
    ({**SQUARE, "data": {"x": 1.0}}, "TC182"),
    ({"source": "round(x)*x", "initial": [1.3]}, "TC183"),
    ({"source": "round(x)*x", "initial": [1.3], "kind": "subgradient"}, "TC189"),
    ({"source": "-abs(x)", "initial": [0.0], "kind": "subgradient"}, "TC114"),
    ({"source": nn.Network(nn.Linear(2, 3)(nn.Input("x", (4, 2)))), "data": {"x": X}, "initial": [0.0] * 9}, "TC182"),
    ({**SQUARE, "initial": [[1.0, 2.0]]}, "TC125"),
    ({**SQUARE, "initial": "abc"}, "TC125"),
    ({**SQUARE, "initial": [np.nan]}, "TC181"),
    ({**SQUARE, "initial": [1 + 2j]}, "TC125"),
    ({**SQUARE, "initial": {"z": 1.0}}, "TC125"),
    ({"source": "x^4", "initial": [1e200]}, "TC181"),
    ({**LINE, "labels": [1, 2]}, "TC116"),
    ({**LINE, "labels": [1]}, "TC116"),
    ({**LINE, "labels": "ab"}, "TC116"),
    ({**LINE, "labels": 3}, "TC116"),
    ({**LINE, "labels": [], "data": {"x": []}}, "TC116"),
    ({**LINE, "data": {"x": [1.0, 1.0]}}, "TC118"),
    ({**LINE, "initial": [9.0], "goal": 1.0}, "TC117"),
    ({**LINE, "goal": float("inf")}, "TC184"),
    ({**LINE, "loss": "hinge"}, "TC116"),
    ({**LINE, "kind": "sgd", "batch": 7}, "TC184"),
    ({**LINE, "kind": "sgd", "seed": -1}, "TC184"),
    ({**LINE, "data": {"x": ["a", "b"]}}, "TC116"),
    ({**LINE, "data": {"z": [1.0, 2.0]}}, "TC182"),
    ({**LINE, "variables": ["w", "v"]}, "TC182"),
    ({**LINE, "source": "relu(w)*x"}, "TC183"),
    ({**LINE, "source": "relu(w)*x", "kind": "subgradient", "loss": "logistic"}, "TC116"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code"), BAD, ids=[str(k) for k in range(len(BAD))])
def test_flows_refuse_within_a_second(options, code):
    """Numbers, shapes, names, kinds, labels: each mistake has its code, and nothing runs for long before it is found."""
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        tc.flow(**options)
    assert caught.value.code == code and len(str(caught.value).splitlines()) == 1
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"executor": 3}, "TC188"), ({"horizon": -1.0}, "TC184"), ({"horizon": "a"}, "TC184"), ({"foo": 3}, "TC188"), ({"kind": "gd"}, "TC186"),
        ({"chunk": 0}, "TC188"), ({"store": "."}, "TC147"), ({"store": "no/such/folder.jsonl"}, "TC147"),
    ],
)  # fmt: skip
def test_ensembles_refuse_before_they_run(options, code):
    """Options that would make every member fail are refused at once."""
    with pytest.raises(InputError) as caught:
        ensemble(System.of("x^2"), [[1.0]], **{"horizon": 1.0, **options})
    assert caught.value.code == code
    with pytest.raises(InputError) as caught:
        ensemble(System.of("abs(x)"), [[1.0]], horizon=1.0)
    assert caught.value.code == "TC183"


def test_a_store_that_was_damaged(tmp_path):
    """Lines that are no results are dropped and run again."""
    path = tmp_path / "s.jsonl"
    s = System.of("x^2")
    whole = ensemble(s, [[1.0], [2.0]], horizon=1.0, store=path)
    with path.open("a") as f:
        f.write('3\n[1]\n{"member": "x"}\n\x00\n{"member"')
    assert ensemble(s, [[1.0], [2.0]], horizon=1.0, store=path) == whole
    path.write_text("nonsense\n")
    with pytest.raises(InputError) as caught:
        ensemble(s, [[1.0], [2.0]], horizon=1.0, store=path)
    assert caught.value.code == "TC147"


@pytest.mark.parametrize(
    ("source", "start", "horizon"), [("-x^4", 1.0, 10.0), ("log(x)", 1.0, 10.0), ("-exp(x)", 0.0, 5.0), ("sqrt(x)", 1.0, 10.0), ("1/x", -1.0, 5.0)]
)
def test_runs_that_end_early_say_so(source, start, horizon):
    """Blow-up in finite time, and the boundary of the domain: the run ends, is incomplete, and nothing is consistent."""
    started = time.process_time()
    run = tc.flow(source, initial=[start], horizon=horizon)
    assert not run.complete and "stopped after t" in run.message and np.all(np.isfinite(run.states))
    assert run.verdict == "undecided" and time.process_time() - started < 4


def test_data_that_are_not_separated():
    """Margins have no meaning yet: the verdicts say that separation was not observed."""
    run = tc.flow("w*x + v*x", variables=["w", "v"], data={"x": [1.0, -1.0, 2.0]}, labels=[1, 1, 1], initial=[0.5, 0.1], goal=50.0)
    assert not run.complete and {v["verdict"] for v in run.verdicts if v["id"] != "conserved"} == {"undecided"}
    assert "not observed" in run.verdicts[0]["text"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["flow", "x^2"], "TC125"), (["flow", "x^2", "--initial=a"], "TC101"), (["flow", "x^2", "--initial=1", "--steps", "-4"], "TC100"),
        (["flow", "x^2", "--initial=1", "--horizon", "-4"], "TC184"), (["flow", "x^2", "--initial=1", "--solver", "magic"], "TC186"),
        (["flow", "missing.toml"], "TC128"), (["flow", "missing.toml", "--initial=1"], "TC100"), (["flow", "abs(x)", "--initial=1"], "TC183"),
    ],
)  # fmt: skip
def test_the_command_line(words, code, capsys):
    """One line on standard error, exit status 3."""
    assert cli.main(words) == 3
    assert capsys.readouterr().err.startswith(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("program = 3", "TC188"), ("program = 'x^2'\nfoo = 1", "TC188"), ("x = [", "TC188"), ("initial = [1.0]", "TC188"),
        ("program = 'x^2'\ninitial = [1.0]\nhorizon = 'long'", "TC188"), ("program = 'x^2'\ninitial = [1.0]\nsteps = 1.5", "TC188"),
        ("program = 'x^2'\ninitial = ['a']", "TC125"), ("program = 'x^2'\ninitial = [1.0]\ndata = 3", "TC188"),
        ("program = 'w*x'\nvariables = ['w']\ninitial = [1.0]\nlabels = 'ab'\ndata = {x = [1, 2]}", "TC116"),
    ],
)  # fmt: skip
def test_configurations(tmp_path, text, code):
    """A configuration that is wrong names the key."""
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        tc.flow(str(path))
    assert caught.value.code == code


def test_a_configuration_with_labels(tmp_path):
    """Everything a call can say, a file can say."""
    path = tmp_path / "c.toml"
    path.write_text('program = "w1*x1 + w2*x2"\nvariables = ["w1", "w2"]\ninitial = [0.1, 0.0]\nlabels = [1, -1]\ngoal = 200\n'
                    "[data]\nx1 = [1.0, -4.0]\nx2 = [2.0, -1.0]\n")  # fmt: skip
    run = tc.flow(str(path))
    text = json.dumps(run.to_json(), allow_nan=False)
    assert json.loads(text)["diagnostics"]["log_time"][0] is None
    assert run.complete and run.verdict == "consistent" and run.diagnostics["log_inverse_loss"][-1] == pytest.approx(200)
