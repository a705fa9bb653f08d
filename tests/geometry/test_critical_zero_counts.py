"""The ten systems with exponentials whose numbers of zeros are known: certified, none lost, none invented."""

import time
from fractions import Fraction as Q

import pytest

from tamecheck.critical_report import critical
from tamecheck.frontends.formula_io import load
from tamecheck.geometry.critical_values.critical_graph import graph
from tamecheck.geometry.critical_values.krawczyk import zeros as zeros_in_a_box
from tamecheck.geometry.critical_values.smooth_programs import Smooth, _needed
from tamecheck.geometry.univariate.expressions import Algebra
from tamecheck.geometry.univariate.isolation import zeros
from tamecheck.geometry.univariate.lowering import lower
from tamecheck.geometry.univariate.points import enclosure
from tamecheck.ground.grammar import parse

LINE = [
    ("2^x - x^2", [("-0.766664695962123093111204422510", 1), ("2", 1), ("4", 1)]),
    ("x^3 - exp(x)", [("1.85718386020783533645698098206", 1), ("4.53640365497352742169021903422", 1)]),
    ("x - exp(-x)", [("0.56714329040978387299996866221", 1)]),
    ("tanh(2*x) - x", [("-0.957504024077268740676501530502", 1), ("0", 1), ("0.957504024077268740676501530502", 1)]),
    ("1/(1+exp(4-8*x)) - x", [("0.0212479879613656296617492347488", 1), ("1/2", 1), ("0.978752012038634370338250765251", 1)]),
    ("1/(1+exp(2-4*x)) - x", [("1/2", 3)]),
    ("exp(2*x) - 3*exp(x) + 2", [("0", 1), ("0.693147180559945309417232121458", 1)]),
]
PLANE = [
    (["exp(x)-y-2", "x^2+y^2-4"], 2, [("-1.103225312662688", "-1.668200800113797"), ("1.266381652825669", "1.547991443576652")]),
    (
        ["exp(x*y)+x-2*y", "x^2*y-exp(x-y)+1/2"], 3,
        [("-1.401435144923734", "-0.1140553337757339"), ("-0.3479662672402182", "0.279654127966773"), ("0.3539975781638574", "0.8533317240109062")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("equation", "expected"), LINE, ids=[row[0] for row in LINE])
def test_equations_on_the_whole_line(equation, expected):
    """All zeros on the line with their orders, the triple one included, and nothing open; the digits are those of other programs."""
    found = load(equation, variables=["x"])
    pieces = lower(found.program, found.outputs["f"], Algebra())
    result = zeros(pieces.between[0], None, None)
    assert not result.open
    assert [z.order for z in result.zeros] == [order for _, order in expected]
    for z, (place, _) in zip(result.zeros, expected, strict=True):
        low, high = enclosure(z.point)
        slack = Q(0) if "." not in place else Q(1, 10 ** (len(place.partition(".")[2]) - 3))
        assert low - slack <= Q(place) <= high + slack and high - low < Q(1, 10**8)


@pytest.mark.parametrize(("equations", "count", "points"), PLANE, ids=[row[0][0] for row in PLANE])
def test_systems_in_a_box(equations, count, points):
    """Two equations in [-3, 3]^2: the number of zeros is certified."""
    program = Smooth(["x", "y"])
    outputs = []
    for text in equations:
        g = graph(parse(text), ["x", "y"])
        place = {}
        for k in _needed(g):
            place[k] = program._copy(g.operations[k], place)
        outputs.append(place[g.root])
    program.outputs = outputs
    result = zeros_in_a_box(program, [(Q(-3), Q(3))] * 2)
    assert result.complete and len(result.zeros) == count
    for z, expected in zip(result.zeros, points, strict=True):
        for (low, high), x in zip(z.ends(), expected, strict=True):
            assert abs((low + high) / 2 - Q(x)) < Q(1, 10**12) and high - low < Q(1, 10**20)


NEURON = "(u/(1+exp(-b))-1/4)^2+(u/(1+exp(-w-b))-1/2)^2+(u/(1+exp(-2*w-b))-9/10)^2"


def test_the_neuron_with_three_parameters_in_two_seconds():
    """One critical point in [1/5, 3] x [1/10, 3] x [-3, 3], at u = 5/2, w = log(9/4), b = -log 9, within 2 s of the processor."""
    started = time.process_time()
    report = critical(NEURON, ["u", "w", "b"], kind="smooth", box={"u": (Q(1, 5), 3), "w": (Q(1, 10), 3), "b": (-3, 3)})
    seconds = time.process_time() - started
    assert report.complete, report.open
    (entry,) = report.smooth
    (point,) = entry["points"]
    for (low, high), x in zip(point, (2.5, 0.8109302162163288, -2.1972245773362196), strict=True):
        assert low - 1e-12 <= x <= high + 1e-12 and high - low < 1e-9
    assert entry["enclosure"][0] <= 0 <= entry["enclosure"][1] and seconds < 2
