"""Verdicts in both directions: true runs are consistent or undecided, doctored runs are inconsistent, and what is not proved stays undecided."""

import numpy as np
import pytest

import tamecheck as tc
from tamecheck.certification import certify
from tamecheck.flows.evidence import Hypotheses, Observation, judge
from tamecheck.flows.margins import Margins
from tamecheck.flows.promises import Facts, of_loss, of_margins
from tamecheck.flows.system import System
from tamecheck.flows.trajectory import Trajectory

ROWS, LABELS = np.array([[1.0, 2.0], [-4.0, -1.0], [2.0, 3.0]]), [1, -1, 1]
DATA = {"x1": ROWS[:, 0], "x2": ROWS[:, 1]}
LINEAR = {"source": "w1*x1 + w2*x2", "variables": ["w1", "w2"], "data": DATA, "labels": LABELS}
RELU = {"source": "a*relu(w1*x1 + w2*x2) + b*relu(v1*x1 + v2*x2)", "variables": ["a", "w1", "w2", "b", "v1", "v2"], "data": DATA, "labels": LABELS}
DEEP = {"source": "a*(w1*x1 + w2*x2)", "variables": ["a", "w1", "w2"], "data": DATA, "labels": LABELS}
GATES = [0.4, 0.1, 0.2, -0.4, -0.1, -0.2]


def verdicts(run) -> dict[tuple[str, str], str]:
    """Return verdicts by theorem and promise."""
    return {(v["id"], v["promise"].split()[0] + " " + v["promise"].split()[-1]): v["verdict"] for v in run.verdicts}


def by_id(rows: list[dict], name: str) -> list[dict]:
    """Return the records of a theorem."""
    return [v for v in rows if v["id"] == name]


# ------------------------------------------------------------------- true runs


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"source": "(x*y - 1)^2", "initial": [2.0, 1.0], "horizon": 50.0},
         {"decrease": "consistent", "sad-dichotomy-2025": "consistent", "gradient-flow-kurdyka-1998": "consistent", "lojasiewicz-power": "consistent",
          "conserved": "consistent"}),
        ({"source": "(tanh(w) - 1)^2", "initial": [0.5], "horizon": 1e6},
         {"decrease": "consistent", "sad-dichotomy-2025": "consistent", "gradient-flow-kurdyka-1998": "undecided", "kl-bdls-2007": "undecided"}),
        ({"source": "x^4", "initial": [0.5], "horizon": 3.0}, {"decrease": "consistent", "sad-dichotomy-2025": "undecided"}),
        ({"source": "abs(x) + 3*(y - 1)^2", "initial": [0.5, 0.0], "kind": "subgradient", "horizon": 200.0},
         {"decrease": "consistent", "sgd-ddkl-2020": "consistent"}),
        ({"source": "x^2 + y^2", "initial": [1.0, 1.0], "kind": "gd", "step": 0.1, "steps": 3000}, {"gd-josz-2023": "consistent"}),
        ({"source": "abs(x) + y^2/2", "initial": [1.0, 1.0], "kind": "gd", "step": 0.1, "steps": 20_000, "decay": 1.0, "power": 0.75},
         {"sgd-ddkl-2020": "consistent"}),
        ({"source": "abs(x) + y^2/2", "initial": [1.0, 1.0], "kind": "gd", "step": 0.1, "steps": 2000, "decay": 1.0, "power": 0.5},
         {"sgd-ddkl-2020": "undecided"}),
    ],
)  # fmt: skip
def test_flows_of_a_loss(options, expected):
    """What is consistent, and what stays open on a horizon that is too short or with steps that do not fit."""
    found = {v["id"]: v["verdict"] for v in tc.flow(**options).verdicts}
    assert {k: found.get(k) for k in expected} == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({**LINEAR, "initial": [0.1, 0.0], "goal": 1e4}, ["consistent"] * 4),
        ({**DEEP, "initial": [0.1, 0.1, 0.0], "goal": 1e4, "loss": "logistic"}, ["consistent"] * 5),
        ({**RELU, "initial": GATES, "kind": "subgradient", "goal": 1e3}, ["consistent"] * 3 + ["undecided"] + ["consistent"] * 2),
        ({**LINEAR, "initial": [0.1, 0.0], "kind": "sign", "steps": 3000}, ["consistent"]),
        ({**LINEAR, "initial": [0.1, 0.0], "kind": "coordinate", "steps": 3000}, ["consistent"]),
        ({**LINEAR, "initial": [0.1, 0.0], "kind": "gd", "steps": 3000}, ["consistent"]),
        ({**LINEAR, "initial": [0.1, 0.0], "kind": "adam", "steps": 100}, []),
        ({"source": "w^3 + w", "variables": ["w"], "labels": [1], "initial": [2.5], "goal": 1e4}, ["consistent"] * 2),
        ({"source": "w^3 - w", "variables": ["w"], "labels": [1], "initial": [1.1], "goal": 0.5}, ["undecided"]),
        ({"source": "a*tanh(w*x)", "variables": ["a", "w"], "data": {"x": [1.0, 2.0]}, "labels": [1, 1], "initial": [2.5, 1.0], "goal": 50.0},
         ["undecided"]),
        ({**LINEAR, "initial": [-0.1, 0.0], "kind": "gd", "steps": 1, "step": 1e-3}, ["undecided"]),
    ],
)  # fmt: skip
def test_flows_of_margins(options, expected):
    """Margins, KKT residuals, directions, alignment, conservation; degenerate networks and data that are not separated stay open."""
    assert [v["verdict"] for v in tc.flow(**options).verdicts] == expected


def test_late_stochastic_gradients():
    """The margin of a linear model has converged after many steps; after few it has not."""
    long = tc.flow(**LINEAR, initial=[0.1, 0.0], kind="sgd", steps=20_000, step=0.05)
    short = tc.flow(**LINEAR, initial=[0.1, 0.0], kind="sgd", steps=60, step=0.05)
    assert long.verdicts[0]["verdict"] == "consistent" and short.verdicts[0]["verdict"] == "undecided"


def test_hypotheses_are_named():
    """A verdict lists what was proved of this program, what was seen, and what is left to the reader."""
    v = tc.flow(**RELU, initial=GATES, kind="subgradient", goal=100.0).verdicts
    assert any("degree 2" in t for t in v[0]["proved"]) and any("separated" in t for t in v[0]["observed"])
    assert v[3]["missing"] == ["its gradient is locally Lipschitz (proved: C^2)"]
    assert tc.flow(**LINEAR, initial=[0.1, 0.0], kind="sign", steps=3000).verdicts[0]["assumptions"]


# --------------------------------------------------------------- doctored runs


def made(states: np.ndarray, times: np.ndarray | None = None, bar: float | None = 1e-10) -> Trajectory:
    """Return a trajectory that no solver made."""
    times = np.expm1(np.linspace(0, 8, len(states))) if times is None else times
    return Trajectory(times, np.asarray(states, dtype=float), "doctored", 0, bar)


def held(formula: str, names: list[str], states: np.ndarray, kind: str = "gradient", invariances: tuple = (), **options: object) -> dict[str, str]:
    """Return verdicts by theorem for states that are given."""
    s = System.of(formula, names)
    facts = Facts(certify(formula, "both", sharpness=False), invariances=list(invariances))
    return {v["id"]: v["verdict"] for v in of_loss(facts, s, made(states), kind, options)}


def test_a_value_that_rises():
    """The flow of x^2 turned back is inconsistent with decrease."""
    x = np.exp(-np.linspace(0, 3, 40))[:, None]
    assert held("x^2", ["x"], x)["decrease"] == "consistent"
    assert held("x^2", ["x"], x[::-1])["decrease"] == "inconsistent"
    bumped = x.copy()
    bumped[25] += 0.05
    assert held("x^2", ["x"], bumped)["decrease"] == "inconsistent"


def test_rest_at_a_point_that_is_not_critical():
    """States that stand still where the gradient is 2 contradict convergence to a critical point and the dichotomy."""
    still = np.vstack([np.linspace(3, 1, 8)[:, None], np.ones((40, 1))])
    found = held("x^2", ["x"], still)
    assert found["gradient-flow-kurdyka-1998"] == found["sad-dichotomy-2025"] == "inconsistent"
    assert held("abs(x)", ["x"], still, "subgradient")["sgd-ddkl-2020"] == "inconsistent"
    at_kink = np.vstack([np.linspace(3, 0, 8)[:, None], np.zeros((40, 1))])
    assert held("abs(x)", ["x"], at_kink, "subgradient")["sgd-ddkl-2020"] == "consistent"
    assert held("abs(x) + x^2", ["x"], still, "gd", decay=1.0, power=0.75)["sgd-ddkl-2020"] == "inconsistent"
    assert held("x^2", ["x"], still, "gd")["gd-josz-2023"] == "inconsistent"


def test_a_symmetry_that_is_broken():
    """x^2 - y^2 is conserved by (xy - 1)^2; states that converge without conserving it are inconsistent."""
    t = np.exp(-np.linspace(0, 30, 60))
    states = np.stack([1 + t, 1 + 0 * t], axis=1)
    assert held("(x*y - 1)^2", ["x", "y"], states, invariances=({"x": 1, "y": -1},))["conserved"] == "inconsistent"


def test_an_exponent_above_one():
    """States for which |grad F| falls like F^(5/4) contradict an inequality with a power in a polynomially bounded structure."""
    from tamecheck.flows.verdicts import inequality

    class Slow:
        """A function with value v and a gradient of size v^(5/4), as no definable function in a polynomially bounded structure has it."""

        smooth = True

        def value(self, theta: np.ndarray) -> float:
            return float(abs(theta[0]))

        def gradient(self, theta: np.ndarray) -> np.ndarray:
            return np.array([abs(theta[0]) ** 1.25])

    states = np.geomspace(1, 1e-9, 80)[:, None]
    assert inequality(Slow(), made(states), True).kept is False
    assert inequality(Slow(), made(states), False).kept is None
    assert inequality(System.of("x^2", ["x"]), made(states), True).kept is True


def held_margins(options: dict, states: np.ndarray, kind: str = "gradient", loss: str = "exp") -> list[dict]:
    """Return verdicts on margins for states that are given."""
    from tamecheck.flow_report import _prepared_margins

    _, m, facts = _prepared_margins(options["source"], options["variables"], options["data"], options["labels"], None)
    return of_margins(facts, m, made(states, np.arange(len(states), dtype=float)), kind, loss)


def ray(direction: list[float], count: int = 60, largest: float = 1e4) -> np.ndarray:
    """Return states along a ray."""
    return np.geomspace(1, largest, count)[:, None] * np.array(direction)


def test_a_direction_that_is_no_optimum():
    """Along a fixed direction that is no KKT point the margin is constant, but direction and gradient cannot stay apart."""
    found = held_margins(LINEAR, ray([0.4, 0.05]))
    assert [v["verdict"] for v in by_id(found, "margin-ll-2020")] == ["consistent", "inconsistent"]
    assert [v["verdict"] for v in by_id(found, "direction-jt-2020")] == ["consistent", "inconsistent"]
    best = held_margins(LINEAR, ray([1 / 5, 2 / 5]))
    assert "inconsistent" not in [v["verdict"] for v in best]


def test_a_margin_that_falls():
    """States that turn away from the largest margin contradict its growth, in every norm."""
    angle = np.linspace(np.arctan2(2, 1), 0.3, 60)
    states = np.geomspace(2, 2000, 60)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert by_id(held_margins(LINEAR, states), "margin-ll-2020")[0]["verdict"] == "inconsistent"
    assert by_id(held_margins(LINEAR, states, loss="logistic"), "margin-ll-2020")[0]["verdict"] == "inconsistent"
    for kind in ("gd", "sign"):
        assert held_margins(LINEAR, states, kind)[0]["verdict"] == "inconsistent"


def test_a_direction_that_spirals():
    """A direction that goes on turning at the same rate per factor of log 1/L contradicts convergence."""
    m = {**LINEAR, "data": {"x1": np.array([1.0, 1.0]), "x2": np.array([1.0, 1.1])}, "labels": [1, 1]}
    angle = 0.8 + 0.6 * np.sin(2.5 * np.linspace(0, 10, 400))
    states = np.geomspace(3, 1e4, 400)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert by_id(held_margins(m, states), "direction-jt-2020")[0]["verdict"] == "inconsistent"


def test_the_modified_margin_in_both_directions():
    """w^3 + w: growing w is consistent, shrinking w is not (as long as the data stay strongly separated)."""
    options = {"source": "w1^3*x1 + w1 + 0*w2", "variables": ["w1", "w2"], "data": {"x1": np.array([1.0])}, "labels": [1]}
    w = np.geomspace(2, 40, 40)
    turned = np.stack([w * np.cos(np.linspace(0, 0.9, 40)), w * np.sin(np.linspace(0, 0.9, 40))], axis=1)
    assert by_id(held_margins(options, turned), "near-homogeneous-2025")[0]["verdict"] == "inconsistent"
    straight = np.stack([w, 0 * w], axis=1)
    assert by_id(held_margins(options, straight), "near-homogeneous-2025")[0]["verdict"] == "consistent"


def test_nothing_is_consistent_by_default():
    """Too few states, hypotheses that are missing or refuted, conditions that were not seen: undecided, also when the promise is broken."""
    good, bad = Observation(True, "kept"), Observation(False, "broken")
    assert judge("t", "p", Hypotheses(proved=["a"]), [good])["verdict"] == "consistent"
    assert judge("t", "p", Hypotheses(), [])["verdict"] == "undecided"
    assert judge("t", "p", Hypotheses(missing=["a"]), [good])["verdict"] == "undecided"
    assert judge("t", "p", Hypotheses(missing=["a"]), [bad])["verdict"] == "undecided"
    assert judge("t", "p", Hypotheses(refuted=["a"]), [bad])["verdict"] == "undecided"
    assert judge("t", "p", Hypotheses(unseen=["a"]), [good])["verdict"] == "undecided"
    assert judge("t", "p", Hypotheses(), [good, Observation(None, "open")])["verdict"] == "undecided"
    assert judge("t", "p", Hypotheses(), [good, Observation(None, "open"), bad])["verdict"] == "inconsistent"
    assert set(held("x^2", ["x"], np.array([[1.0], [0.5]])).values()) == {"undecided"}


def test_functions_that_are_not_proved_tame_stay_undecided():
    """sin on the line is not definable: its flows settle, but no theorem about definable functions is claimed to have been confirmed."""
    found = {v["id"]: v["verdict"] for v in tc.flow("sin(x) + x^2/20", initial=[0.3], horizon=300.0).verdicts}
    assert set(found.values()) == {"undecided"}


def test_margins_know_their_kinks():
    """A smooth solver refuses a ReLU network and names the flow to use; with a rule of C^1 it is run."""
    with pytest.raises(tc.errors.InputError, match="subgradient"):
        tc.flow(**RELU, initial=GATES)
    squared = {**RELU, "source": "a*relu(w1*x1 + w2*x2)^2 + b*relu(v1*x1 + v2*x2)^2"}
    run = tc.flow(**squared, initial=[0.8, 0.3, 0.4, -0.8, -0.3, -0.4], goal=200.0)
    assert run.verdicts[0]["verdict"] == "consistent" and any("degree 3" in t for t in run.verdicts[0]["proved"])


def test_margins_object():
    """The system of log L has the pull as its negative gradient."""
    m = Margins.of("w1*x1 + w2*x2", ["w1", "w2"], DATA, LABELS)
    theta = np.array([0.3, 0.7])
    assert m.log_system().value(theta) == pytest.approx(m.log_loss(theta)) and m.log_system().gradient(theta) == pytest.approx(-m.pull(theta))
    assert m.log_system().smooth
