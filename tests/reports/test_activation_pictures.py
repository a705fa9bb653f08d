"""Pictures of activations: everything certified is visible, labels do not overlap, files are the same every time and small."""

import re
import sys

import pytest

from tamecheck.activation_report import activation
from tamecheck.errors import InputError
from tamecheck.reports import activation_curve as curve
from tamecheck.reports import activation_picture as picture

pytest.importorskip("matplotlib")
HOSTILE = [
    "gelu(x)", "hardswish(x)", "x*log(x)", "where(x > 0, x + 1, where(x == 0, 1/2, -x^2))", "sin(x)", "tan(x)", "relu(sin(x))", "exp(exp(x))",
    "1/x", "x^3 - x", "where(abs(x) < 1, exp(-1/(1 - x^2)), 0)", "x/(exp(x) - 1)", "gamma(x)", "floor(x)", "sqrt(1 - x^2)", "tanh(1000*x)",
    "(x - 1)*(x - 1.001)*(x - 1.002)", "1e6*x^2", "where(x > 1e6, x - 1e6, min(x, 0))", "relu(x - 1000) - relu(x - 1001)", "0*x", "1e-9*tanh(x)",
    "max(1 - x, 0)^2 + x/1000", "log(x^2 - 1)",
]  # fmt: skip


@pytest.fixture(scope="module")
def reports():
    """Return the reports of the specimens."""
    return {f: activation(f) for f in HOSTILE}


@pytest.mark.parametrize("formula", HOSTILE)
def test_every_certified_feature_is_visible(reports, formula):
    """Features lie inside the first window, and two that are close there are apart in a detail, as far as there are details."""
    points = curve.feature_points(reports[formula].shape)
    windows = curve.clusters(points)
    left, right = windows[0]
    assert all(left < p < right for p in points) and len(windows) <= curve.MOST_PANELS
    for a, b in zip(points, points[1:], strict=False):
        best = max((b - a) / (high - low) for low, high in windows if low <= a and b <= high)
        assert best > 1 / 60 or len(windows) == curve.MOST_PANELS or len(points) > 20


SOME = HOSTILE[:8]
MANY = [*SOME, *[pytest.param(f, marks=pytest.mark.slow) for f in HOSTILE[8:]]]


@pytest.mark.parametrize("formula", MANY)
def test_pictures_are_small_accessible_and_always_the_same(reports, formula):
    """An SVG below 60 kB with title and description, without dates, identical when drawn again; a small thumbnail."""
    first = picture.draw(reports[formula])
    text = first.decode()
    assert first == picture.draw(reports[formula]) and len(first) < 60_000
    assert 'role="img"' in text and "<title>Graph of " in text and "<desc>" in text
    assert not re.search(r"<dc:date>|\b20[2-9]\d-\d\d", text) and "<script" not in text and "href=\"http" not in text
    assert len(picture.thumbnail(reports[formula])) < 25_000


@pytest.mark.parametrize("formula", MANY)
def test_labels_do_not_overlap(reports, formula, monkeypatch):
    """No two texts beside points of one panel share a pixel."""
    placed = []
    old = picture.Placer.put
    monkeypatch.setattr(picture.Placer, "put", lambda self, label: (placed.append(self), old(self, label))[1])
    picture.draw(reports[formula])
    for placer in {id(p): p for p in placed}.values():
        for i, a in enumerate(placer.boxes):
            for b in placer.boxes[i + 1 :]:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_the_curve_is_drawn_through_certified_values(reports):
    """The points of a certified piece are enclosed values of the function."""
    import math

    panel = curve.panel(reports["gelu(x)"].shape, (-4.0, 4.0), [0.0], lambda xs: xs)
    assert [p.kind for p in panel.pieces] == ["decreasing", "increasing"] and all(p.certified for p in panel.pieces)
    for p in panel.pieces:
        for x, y in zip(p.x, p.y, strict=True):
            assert panel.high < y or abs(y - x * (1 + math.erf(x / math.sqrt(2))) / 2) < 1e-12


def test_what_is_open_is_drawn_as_open(reports):
    """Beyond the analysed part the curve is grey on hatching and the cells say so; inside it is certified."""
    windows = curve.clusters(curve.feature_points(reports["sin(x)"].shape))
    panel = curve.panel(reports["sin(x)"].shape, windows[0], [-1.0, 1.0], lambda xs: xs)
    assert {p.kind for p in panel.pieces} == {"unknown", "increasing", "decreasing"}
    assert "<pattern" in picture.draw(reports["sin(x)"]).decode()


def test_asymptotes_are_exact():
    """softplus approaches 0 on the left and x on the right; log(cosh x) approaches |x| - log 2."""
    lines = [(side, str(a), str(b)) for side, a, b in picture.lines_at_infinity(activation("log(cosh(x))").shape)]
    assert lines == [(-1, "-1", "-log(2)"), (1, "1", "-log(2)")]


def test_texts_are_escaped_and_no_mathematics_is_run():
    """Comparison signs of the formula are escaped; dollars do not occur in formulas, and texts are not parsed."""
    text = picture.draw(activation("where(x < 0, 0, x)")).decode()
    assert "where(x &lt; 0, 0, x)" in text and "where(x < 0" not in text


@pytest.mark.parametrize(("name", "code"), [("a.gif", "TC155"), ("a", "TC155"), ("missing/a.svg", "TC128")])
def test_bad_names_are_refused(tmp_path, reports, name, code):
    """The kind of file is told by its ending; a folder must exist."""
    with pytest.raises(InputError, match=code):
        reports["gelu(x)"].plot(tmp_path / name)


def test_without_matplotlib_the_error_names_the_extra(reports, monkeypatch):
    """Drawing is an extra; the report itself needs none."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"TC156 drawing needs matplotlib; try: pip install 'tamecheck\[plot\]'"):
        reports["gelu(x)"].plot()
    assert "<img" not in reports["gelu(x)"].to_html() and "in R_Pfaff" in reports["gelu(x)"].to_html()


def test_a_png_is_a_png(tmp_path, reports):
    """The ending decides."""
    reports["gelu(x)"].plot(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
