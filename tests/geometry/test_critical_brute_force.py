"""Random piecewise rational functions against other routes: exact statements, and numbers from subdivision and from far away.

Disagreements with exact statements (`tamecheck.decide`) fail at once; numbers are evidence, and a number that the report does not have fails, too,
with the function in the message so that it can be looked at.
"""

import random
from fractions import Fraction

import numpy as np
import pytest
from brute_force import Function, clusters, least_norm, near_critical_values, random_function, values_far_away

from tamecheck import decide
from tamecheck.budget import Budget
from tamecheck.critical_report import critical
from tamecheck.errors import BudgetExceeded, InputError

NEAR, FAR = 2e-3, 5e-2
"""Relative distance up to which a number from subdivision, or from far away, is taken for a value of the report."""


def asked(sentence: str) -> str | None:
    """Return the verdict on a sentence, ``None`` if it takes long."""
    try:
        return decide(sentence, budget=Budget(seconds=6)).verdict
    except BudgetExceeded:
        return None


def infimum_complaints(f: Function, names: str, infimum: dict) -> list[str]:
    """Compare the infimum with exact statements."""
    points, value, found = ",".join(names), infimum["value"], []
    if value is None:
        return []
    if value == "-inf":
        return ["it is bounded below"] if asked(f"forall t: exists {points}: {f.below('t')}") == "false" else []
    if "(" in value:
        low, high = [Fraction(e) for e in infimum["enclosure"]]
        if asked(f"exists {points}: {f.below(str(low))}") == "true":
            found.append("a value below the infimum")
        if asked(f"exists {points}: {f.below(str(high))}") == "false":
            found.append("no value near the infimum")
        return found
    if asked(f"exists {points}: {f.below(value)}") == "true":
        found.append("a value below the infimum")
    reached = asked(f"exists {points}: {f.below(value, '==')}")
    if None not in (reached, infimum["attained"]) and (reached == "true") != infimum["attained"]:
        found.append(f"attained is {reached}")
    if asked(f"forall h: exists {points}: h <= 0 or {f.below(f'({value})+h')}") == "false":
        found.append("no value near the infimum")
    return found


def middle(entry: dict) -> float:
    """Return a double near a value."""
    return sum(entry["enclosure"]) / 2


def missing(numbers: list[float], entries: list[dict], slack: float) -> list[float]:
    """Return the numbers that are near no value of a list."""
    return [c for c in numbers if not any([abs(c - middle(e)) <= slack * (1 + abs(c)) for e in entries])]


def number_complaints(f: Function, names: str, report, source: random.Random) -> list[str]:
    """Compare values and points with numbers."""
    n, found = len(names), []
    near = clusters(near_critical_values(f, n, source), 1e-6)
    found += [f"critical near {c}" for c in missing(near, report.clarke, NEAR)]
    if report.complete:
        found += [f"critical at infinity near {c}" for c in missing(clusters(values_far_away(f, n, source), 1e-3), report.asymptotic, FAR)]
    for entry in report.clarke:
        for point in entry["points"][:6]:
            if not any(["(" in x for x in point]):
                found += point_complaints(f, entry, [float(Fraction(x)) for x in point])
    return found


def point_complaints(f: Function, entry: dict, point: list[float]) -> list[str]:
    """Check that f has the value at a reported point, and that 0 comes near the convex hull of gradients around it."""
    place = np.array([point])
    value = f.at(place)[0][0]
    if abs(value - middle(entry)) > 1e-6 * (1 + abs(value)):
        return [f"f{tuple(point)} is {value}, not {entry['value']}"]
    distances = []
    for h in (1e-3, 1e-5):
        draws = np.random.default_rng(1).uniform(-1, 1, size=(160, len(point))) * h
        slopes = f.at(place + draws)[1].reshape(4, 40, len(point))
        distances.append(least_norm(slopes).min())
    return [f"{tuple(point)} is not critical"] if distances[1] > 1e-3 and distances[1] > 0.2 * distances[0] else []


def compare(seeds: range, names: str, seconds: float) -> tuple[int, list[str]]:
    """Return how many reports were complete, and all complaints."""
    complete, complaints = 0, []
    for seed in seeds:
        source = random.Random(seed)
        f = random_function(source, names)
        try:
            report = critical(f.text, list(names), budget=Budget(seconds=seconds))
        except BudgetExceeded:
            continue
        except InputError as refused:
            assert refused.code == "TC102", f.text  # a constant
            continue
        complete += report.complete
        with np.errstate(all="ignore"):
            found = infimum_complaints(f, names, report.infimum) + number_complaints(f, names, report, source)
        complaints += [f"seed {seed}: {f.text}: {text}" for text in found]
    return complete, complaints


def test_functions_of_one_variable():
    """Infimum, attained or not, critical values and limits of random functions on the line agree with all other routes."""
    complete, complaints = compare(range(40), "x", 10)
    assert complaints == [] and complete >= 38


def test_functions_of_two_variables():
    """The same in the plane."""
    complete, complaints = compare(range(1012, 1017), "xy", 10)
    assert complaints == [] and complete >= 4


@pytest.mark.slow
def test_many_functions_of_one_variable():
    """As above, at length."""
    complete, complaints = compare(range(40, 1000), "x", 20)
    assert complaints == [] and complete > 940


@pytest.mark.slow
def test_many_functions_of_two_variables():
    """As above, at length."""
    complete, complaints = compare(range(1017, 1160), "xy", 30)
    assert complaints == [] and complete > 125


class Forged:
    """A report with some keys replaced."""

    def __init__(self, report, **changes) -> None:
        self.report, self.changes = report, changes

    def __getattr__(self, key: str):
        return self.changes[key] if key in self.changes else getattr(self.report, key)


def example(top: str, at) -> Function:
    """Return a function without a denominator."""
    return Function(top, top, "1", at)


def saddle(points):
    """x^2 + (x y - 1)^2 with its gradient."""
    x, y = points[:, 0], points[:, 1]
    r = x * y - 1
    return x**2 + r**2, np.stack([2 * x + 2 * r * y, 2 * r * x], axis=1)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"infimum": {"value": "1/10", "attained": False}}, "a value below the infimum"),
        ({"infimum": {"value": "-1", "attained": False}}, "no value near the infimum"),
        ({"infimum": {"value": "0", "attained": True}}, "attained is false"),
        ({"infimum": {"value": "-inf", "attained": False}}, "it is bounded below"),
        ({"clarke": []}, "critical near 1"), ({"asymptotic": []}, "critical at infinity near"),
        ({"clarke": [{"value": "1", "enclosure": [1, 1], "points": [["2", "1"]]}]}, "f(2.0, 1.0) is 5.0"),
        ({"clarke": [{"value": "1", "enclosure": [1, 1], "points": [["0", "0"], ["-1", "-1"]]}]}, "(-1.0, -1.0) is not critical"),
        ({}, ""),
    ],
)  # fmt: skip
def test_wrong_reports_are_noticed(changes, complaint):
    """Guard: each kind of wrong answer raises its complaint, and the right one raises none."""
    f = example("(x^2+(x*y-1)^2)", saddle)
    report = Forged(critical(f.text, ["x", "y"]), **changes)
    found = infimum_complaints(f, "xy", report.infimum) + number_complaints(f, "xy", report, random.Random(1))
    assert any([complaint in text for text in found]) if complaint else found == []
