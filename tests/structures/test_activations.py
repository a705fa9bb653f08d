"""The atlas of activations: every entry is a formula of the language, distinct, right where a framework ships it, and proved as recorded."""

import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tamecheck.frontends.formula_io import load
from tamecheck.programs.evaluate import evaluate
from tamecheck.structures.atlas.activations import LINE, activations, find, golden, unwritten

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
import activation_atlas  # noqa: E402

POINTS = (-43.5, -7.3, -3.1, -2, -1.7, -1, -0.9, -0.5, -0.45, -0.2, -0.004, 0, 0.004, 0.13, 0.31, 0.5, 0.55, 0.83, 1, 1.37, 2, 2.9, 6.1, 20.5, 43.5)


def value(entry, x):
    """Return the value of an entry of one variable in floating point; not a number where it has none."""
    f = load(entry.formula, constants=entry.parameters)
    try:
        return float(evaluate(f.program, [f.outputs["f"]], {"x": x})[0])
    except (ArithmeticError, ValueError):
        return math.nan


def family(entry):
    """Return the program of the formula with its parameters numbered in the order of the text."""
    found = list(dict.fromkeys(w for w in re.findall(r"[A-Za-z_]\w*", entry.formula) if w in entry.parameters))
    text = re.sub(r"[A-Za-z_]\w*", lambda m: f"p{found.index(m[0])}" if m[0] in found else m[0], entry.formula)
    f = load(text)
    return tuple(map(repr, f.program.nodes)), f.outputs["f"]


@pytest.fixture(scope="module")
def single():
    """Return the entries of one variable."""
    return [find(name) for name in activation_atlas.one_variable()]


@pytest.mark.parametrize("entry", activations(), ids=[a.name for a in activations()])
def test_every_entry_is_a_formula(entry):
    """Every entry parses; with its default parameters it is a function of x, y, z; all its parameters occur."""
    with_parameters = load(entry.formula)
    assert set(entry.parameters) <= set(with_parameters.variables)
    f = load(entry.formula, constants=entry.parameters, boxes=None)
    assert set(f.variables) <= {"x", "y", "z"}
    inside = 1.625 if entry.domain.startswith("[1,") else 0.625
    assert np.isfinite(evaluate(f.program, [f.outputs["f"]], dict.fromkeys(f.variables, inside))[0])


def test_names_are_unique():
    """No two entries, written or not, share a name."""
    names = [a.name.casefold() for a in (*activations(), *unwritten())]
    assert len(set(names)) == len(names)


def test_every_addition_names_a_source():
    """An entry that answers no row of the catalogue and is not a framework's says where it comes from."""
    assert all(a.reference for a in activations() if not a.row and a.group != "framework")


def test_what_is_missing_has_a_reason():
    """Entries without a formula say why."""
    assert all(u.reason for u in unwritten())


def test_no_two_entries_are_one_function(single):
    """Entries of one formula up to names, or of equal values everywhere we look, name the one they repeat; 550 remain."""
    representative = {a.name: a.same_as or a.name for a in single}
    assert all(find(a.same_as) and not find(a.same_as).same_as for a in single if a.same_as)
    families: dict = {}
    for a in single:
        families.setdefault(family(a), []).append(a.name)
    for names in families.values():
        assert len({representative[n] for n in names}) == 1, names
    with np.errstate(all="ignore"):
        table = np.array([[value(a, x) for x in POINTS] for a in single])
        for i, a in enumerate(single):
            equal = np.isclose(table, table[i], rtol=1e-11, atol=1e-13, equal_nan=True).all(axis=1)
            names = [single[j].name for j in np.nonzero(equal)[0]]
            assert len({representative[n] for n in names}) == 1, (a.name, names)
    assert sum(not a.same_as for a in single) >= 550


def test_find_ignores_case():
    """An entry is found by its name in any letter case."""
    assert find("gelu").name == "GELU"
    assert find("no such unit") is None


VALUES = [
    ("Binary step (Heaviside)", 0.0, 1.0), ("Sign (bipolar step)", 0.0, 0.0), ("SQNL", 3.0, 1.0), ("SQNL", -1.0, -0.75),
    ("Smooth step", -0.5, 0.0),
    ("Hat", 1.5, 0.5), ("Hardshrink", 0.5, 0.0), ("Sinc", 0.0, 1.0), ("Haar wavelet", 0.5, -1.0), ("EUAF", 2.0, 0.0), ("EUAF", -1.0, -0.5),
    ("Quantised ReLU (k levels, saturating)", 9.5, 7.0), ("B-spline (KAN edge)", 3.0, 3 / (1 + np.exp(-3.0))),
    ("Triangular wave", 3.0, 1.0),
    ("GELU", 1.0, 0.8413447460685429), ("Bump", 1.0, 0.0), ("exp(-1/x) gate", 0.0, 0.0), ("Softplus (PyTorch program)", 21.0, 21.0),
    ("Thin plate spline", 0.0, 0.0), ("Langevin function", 0.0, 0.0), ("Bernoulli function", 0.0, 1.0), ("Haar wavelet", 1.0, 0.0),
    ("Tukey biweight", 9.0, 4.685**2 / 6), ("Hampel loss", 8.0, 10.0), ("Hampel loss", 4.0, 6.0), ("Wendland C2", 0.0, 1.0),
    ("Mitchell-Netravali kernel", 1.0, 1 / 18), ("Mitchell-Netravali kernel", 0.0, 8 / 9), ("Keys cubic convolution kernel", 1.0, 0.0),
    ("Kaiser window", 0.0, 1.0), ("Planck taper", 0.5, 0.5), ("LIF rate", 1.0, 0.0), ("SCAD", 3.7, 2.35), ("Lanczos kernel", 1.0, 0.0),
    ("Student distribution function, 3 degrees", 1.0, 0.8044988905221147), ("Moyal distribution function", 0.0, 0.31731050786291415),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point", "expected"), VALUES)
def test_values_at_kinks_and_jumps(name, point, expected):
    """Cases are read in their order, with the values meant at jumps."""
    assert value(find(name), point) == pytest.approx(expected, abs=1e-12)


def _torch():
    torch = pytest.importorskip("torch")
    import torch.nn.functional as F

    one = {
        "ReLU": F.relu, "Leaky ReLU": F.leaky_relu, "ELU": F.elu, "CELU": lambda x: F.celu(x, 2.0), "SELU": F.selu, "Logistic sigmoid": torch.sigmoid,
        "Tanh": torch.tanh, "Log sigmoid": F.logsigmoid, "SiLU": F.silu, "Mish": F.mish, "GELU": F.gelu, "Softsign": F.softsign,
        "GELU (tanh form)": lambda x: F.gelu(x, approximate="tanh"), "Softplus (PyTorch program)": F.softplus, "Hardtanh": F.hardtanh,
        "Hard sigmoid (six)": F.hardsigmoid, "Hard swish": F.hardswish, "Tanhshrink": F.tanhshrink, "ReLU6": F.relu6,
        "Softshrink": F.softshrink, "Hardshrink": F.hardshrink, "Threshold": lambda x: F.threshold(x, 0.1, 20.0), "expm1": torch.expm1,
        "exp2": torch.exp2, "log1p": torch.log1p, "log": torch.log, "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal, "cosh": torch.cosh,
        "asin": torch.asin, "acos": torch.acos, "acosh": torch.acosh, "erfc": torch.erfc, "erfcx": torch.special.erfcx,
        "log_ndtr": torch.special.log_ndtr, "erfinv": torch.erfinv, "i0": torch.i0, "i1": torch.special.i1, "i1e": torch.special.i1e,
        "lgamma": torch.lgamma, "digamma": torch.digamma, "tan": torch.tan,
        "frac": torch.frac, "trunc": torch.trunc, "round": torch.round, "ceil": torch.ceil,
        "Floor activation": torch.floor, "Sinc": torch.sinc, "Logit": torch.logit, "Probit": torch.special.ndtri, "Fisher z": torch.atanh,
        "Erf": torch.erf, "Modified Bessel I0e unit": torch.special.i0e, "Arctan": torch.atan, "Arcsinh": torch.asinh, "Sinh": torch.sinh,
        "Normal distribution function": torch.special.ndtr, "x log x": lambda x: torch.special.xlogy(x, x), "Square": torch.square,
        "Shannon entropy term": torch.special.entr, "logaddexp with its negative": lambda x: torch.logaddexp(x, -x), "Sine": torch.sin,
        "hypot with one": lambda x: torch.hypot(x, torch.ones_like(x)), "Square root link": torch.sqrt, "Sign (bipolar step)": torch.sign,
        "Exponential (positive)": torch.exp, "Absolute error": torch.abs,
        "Tied GLU": lambda x: F.glu(torch.cat([x, x]), 0),
        "Poisson negative log-likelihood": lambda x: F.poisson_nll_loss(x, torch.full_like(x, 2.0), reduction="none"),
        "Huber": lambda x: F.huber_loss(x, torch.zeros_like(x), delta=1.345, reduction="none"),
        "Smooth L1": lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), beta=0.5, reduction="none"),
        "Hinge": lambda x: F.multi_margin_loss(torch.stack([x, 0 * x], 1), torch.zeros(len(x), dtype=torch.long), reduction="none") * 2,
        "Logistic loss": lambda x: F.binary_cross_entropy_with_logits(x, torch.ones_like(x), reduction="none"),
    }  # fmt: skip
    return torch, one


def test_formulas_agree_with_torch():
    """What a framework ships is compared at 25 points: our formula, in floating point, against their kernel in double precision."""
    torch, functions = _torch()
    for name, theirs in functions.items():
        entry = find(name)
        if entry.domain == LINE:
            points = [x for x in POINTS if x not in (20.5,)] if "PyTorch" not in name else POINTS
        else:
            low = {"[0": 0.0, "(0": 0.0, "[1": 1.0}.get(entry.domain[:2], -1.0)
            high = 1.0 if entry.domain.endswith(("1)", "1]")) else 44.0
            points = [x for x in POINTS if low < x < high]
        if name in ("erfcx", "log_ndtr"):  # written with exp(x^2)*erfc(x) or log(erfc(x)), which our floating-point evaluator loses far out
            points = [x for x in points if abs(x) < 5]
        with np.errstate(all="ignore"):
            ours = [value(entry, x) for x in points]
        expected = theirs(torch.tensor(points, dtype=torch.float64)).tolist()
        pairs = [(x, a, b) for x, a, b in zip(points, ours, expected, strict=True) if math.isfinite(a) and math.isfinite(b)]
        assert len(pairs) >= max(6, len(points) - 4), name
        for x, a, b in pairs:
            assert a == pytest.approx(b, rel=2e-7, abs=1e-12), (name, x)


def test_formulas_agree_with_distributions():
    """Distribution functions, densities and Bessel functions (torch's bessel_j0(6.1) is off by 4e-8), against another library."""
    stats = pytest.importorskip("scipy.stats")
    from scipy import special

    laws = {
        "Cauchy distribution function": stats.cauchy.cdf, "Laplace distribution function": stats.laplace.cdf,
        "Hyperbolic secant distribution function": lambda x: stats.hypsecant.cdf(x * np.pi / 2), "Exponential distribution function": stats.expon.cdf,
        "Student distribution function, 2 degrees": stats.t(2).cdf, "Student distribution function, 3 degrees": stats.t(3).cdf,
        "Rayleigh distribution function": stats.rayleigh.cdf, "Weibull distribution function": stats.weibull_min(1.5).cdf,
        "Frechet distribution function": stats.invweibull(2).cdf, "Pareto distribution function": stats.pareto(2).cdf,
        "Lomax distribution function": stats.lomax(1.5).cdf, "Burr distribution function": stats.burr12(2, 1.5).cdf,
        "Hill function": stats.fisk(3).cdf, "Log-normal distribution function": stats.lognorm(1).cdf, "Levy distribution function": stats.levy.cdf,
        "Moyal distribution function": stats.moyal.cdf, "Half-normal distribution function": stats.halfnorm.cdf,
        "Maxwell distribution function": stats.maxwell.cdf, "Triangular distribution function": stats.triang(0.5, -1, 2).cdf,
        "Epanechnikov distribution function": stats.rdist(4).cdf, "Richards curve": stats.genlogistic(0.5).cdf, "Gumbel density": stats.gumbel_r.pdf,
        "besselj0": special.j0, "besselj1": special.j1,
        "Log-normal density": stats.lognorm(1).pdf, "Maxwell density": stats.maxwell.pdf, "Rayleigh density": stats.rayleigh.pdf,
        "Skew normal density": stats.skewnorm(4).pdf,
    }  # fmt: skip
    x = np.array(POINTS)
    with np.errstate(all="ignore"):
        for name, law in laws.items():
            ours = np.array([value(find(name), p) for p in POINTS])
            wanted = law(x)
            known = np.isfinite(ours)
            assert known.sum() >= len(x) - 3, name
            assert ours[known] == pytest.approx(wanted[known], rel=1e-8, abs=1e-12), name


# ------------------------------------------------------------------------------------------ the records


def test_every_entry_has_a_record():
    """The shipped file has a record for each entry of one variable, and no others."""
    assert list(golden()) == activation_atlas.one_variable()


QUICK = (
    "ReLU", "GELU", "ELU", "Mish", "Sine", "Sinc", "Bump", "Log-normal distribution function", "LIF rate", "Tukey biweight", "SBAF (Saha-Bora)",
    "GLN (sin + tanh mixture)",
)  # fmt: skip


def check_record(name):
    """Prove an entry again and compare with its record; the certificate must pass the independent checker."""
    _, found, _, accepted, _ = activation_atlas.measure(name, check=True)
    assert activation_atlas.differences(golden(), {name: found}) == []
    assert accepted is True


@pytest.mark.parametrize("name", QUICK)
def test_records_are_what_is_proved(name):
    """A fixed choice of kinds: kinked, analytic, oscillating, flat, on a half line."""
    check_record(name)


def test_some_records_each_time():
    """One in sixty of all entries, another sixtieth for each version of the files of formulas."""
    names = activation_atlas.one_variable()
    start = sum(len(a.formula) for a in activations()) % 60
    for name in names[start::60]:
        if golden()[name]["open"] == []:
            assert activation_atlas.differences(golden(), {name: activation_atlas.measure(name)[1]}) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", activation_atlas.one_variable())
def test_all_records_are_what_is_proved(name):
    """Every record is proved again."""
    check_record(name)


def test_a_changed_record_is_seen():
    """Every single change of a record is a difference."""
    record = dict(golden()["GELU"])
    for key, old in record.items():
        changed = {"GELU": {**record, key: "changed"}}
        assert activation_atlas.differences(golden(), changed) == [f"GELU: {key}: was {old}, is changed"]


def test_the_file_is_written_as_read():
    """Writing the records again gives the shipped file."""
    assert activation_atlas.GOLDEN.read_text(encoding="utf-8") == activation_atlas.text(json.loads(json.dumps(golden())))


# ------------------------------------------------------------------------------------------ the page


def test_the_page_is_what_the_script_writes():
    """docs/reference/activations.md comes from the atlas and its records, and every function has its own thumbnail."""
    import activation_page

    assert activation_page.main(["--check"]) == 0
    files = {activation_page.slug(name) for name in golden()}
    assert len(files) == len(golden())
    assert {p.stem for p in activation_page.PICTURES.glob("*.svg")} == files
    assert sum(p.stat().st_size for p in activation_page.PICTURES.glob("*.svg")) < 8_000_000


def test_a_thumbnail_is_drawn_again():
    """One thumbnail, byte for byte."""
    pytest.importorskip("matplotlib")
    import activation_page

    name, svg = activation_page.picture("Mish")
    assert (activation_page.PICTURES / f"{name}.svg").read_text(encoding="utf-8") == svg


def test_every_difference_from_the_catalogue_is_settled_on_the_page():
    """Settlements name entries of the atlas, and the page prints each of them."""
    import activation_disagreements

    page = activation_disagreements.PAGE.read_text(encoding="utf-8")
    for (name, column), why in activation_disagreements.SETTLED.items():
        assert find(name)
        assert f"| {name} | {column} |" in page
        assert why.replace("|", "\\|") in page
    assert "NOT SETTLED" not in page


def test_differences_are_seen():
    """Each column of a catalogue row is compared: a row that says the contrary of everything differs in every column."""
    import activation_disagreements

    row = dict.fromkeys(["locally_lipschitz", "globally_lipschitz", "sublinear", "SAD", "path_differentiable", "non_affine"], "no")
    row |= {"expected_smallest_structure": "R_alg", "C_k": "C^1", "lipschitz_constant_approx": "2.5", "homogeneity": "1"}
    found = activation_disagreements.differences(row, golden()["Mish"])
    assert set(found) == set(row) - {"expected_smallest_structure", "lipschitz_constant_approx"} | {"homes", "constant"}
    assert found["constant"] == ("1.0885", "2.5")


# ------------------------------------------------------------------------------------------ the command


def run(capsys, *words):
    """Run the command line, return what it prints."""
    from tamecheck import cli

    assert cli.main(["catalogue", *words]) == 0
    return capsys.readouterr().out


def test_the_command_prints_census_and_records(capsys):
    """The listing ends with the census; one entry shows its record; JSON has the same cells and the counts."""
    listing = run(capsys, "activations")
    assert f"{len(golden())} functions of one variable" in listing
    assert "zeros and extrema" in listing
    one = run(capsys, "activations", "Phish")
    assert "R_Pfaff" in one
    assert "1.29831" in one
    assert "census" not in one
    content = json.loads(run(capsys, "activations", "--json"))
    assert len(content["activations"]) == len(activations()) + len(unwritten())
    assert content["census"]["of"] == len(golden())
    for title, counts in content["census"].items():
        assert title == "of" or sum(counts.values()) == len(golden())
    assert set(content) == {"tamecheck", "command", "verdict", "activations", "census"}


def test_a_name_needs_a_known_table(capsys):
    """Two words of which the first is no table are refused."""
    from tamecheck import cli

    assert cli.main(["catalogue", "gelu", "gelu"]) != 0
    assert "TC141" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------ the judge of the peers


CONTENT = {
    "open": [], "zero_intervals": [], "zeros": [{"point": "0", "crossing": False}], "extrema": [{"point": "0"}],
    "pieces": [{"kind": "decreasing"}, {"kind": "increasing"}], "discontinuities": [],
    "limits": [{"at": "-inf", "limit": "inf"}, {"at": "inf", "limit": "inf"}],
    "range": {"low": "0", "low_attained": True, "low_exact_bound": True, "high": "inf", "high_attained": False, "high_exact_bound": True},
}  # fmt: skip
ANSWERS = [
    ("grid: zeros", [0.0], "right"), ("grid: zeros", [], "wrong"), ("grid: zeros", [0.0, 2.0], "wrong"), ("sympy: minimum", 0.0, "right"),
    ("sympy: minimum", 1.0, "wrong"), ("sympy: minimum", -1.0, "disputed"), ("sympy: maximum", "inf", "right"), ("sympy: maximum", 5.0, "wrong"),
    ("sympy: limits", ["inf", "inf"], "right"), ("sympy: limits", ["inf", 3.0], "wrong"), ("sympy: monotone", True, "wrong"),
    ("sympy: monotone", False, "right"), ("grid: extrema", [0.0], "right"), ("grid: extrema", [], "wrong"), ("grid: extrema", [0.0, 3.0], "wrong"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "answer", "expected"), ANSWERS)
def test_a_peer_is_wrong_only_if_a_third_reading_says_so(question, answer, expected):
    """The answers of peers about x^2/2, against a report: a claim that only the report contradicts is disputed."""
    pytest.importorskip("sympy")
    pytest.importorskip("mpmath")
    import activation_peers

    assert activation_peers.judge(find("Squared error"), CONTENT, question, answer)[0] == expected


def test_a_wrong_report_does_not_convict_a_peer():
    """If the report were wrong (a zero at 1 that is none), a right peer is disputed, never wrong."""
    pytest.importorskip("sympy")
    import activation_peers

    content = {**CONTENT, "zeros": [{"point": "1", "crossing": True}]}
    assert activation_peers.judge(find("Squared error"), content, "grid: zeros", [0.0])[0] == "disputed"
