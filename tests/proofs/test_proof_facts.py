"""Facts about definability whose answers are known: published, or computed by hand."""

import pytest

import tamecheck as tc

POLYNOMIAL = "R_lin R_alg R_pow R_an R_an_pow R_G"


@pytest.mark.parametrize(
    ("formula", "homes", "smoothness"),
    [
        ("relu(x)", "R_lin", "C0"),
        ("abs(x)", "R_lin", "C0"),
        ("hardtanh(x)", "R_lin", "C0"),
        ("hardswish(x)", "R_alg", "C0"),
        ("softsign(x)", "R_alg", "C1"),
        ("leaky_relu(x)", "R_lin", "C0"),
        ("x/sqrt(1+x^2)", "R_alg", "analytic"),
        ("(x+sqrt(x^2+4))/2", "R_alg", "analytic"),
        ("1/(1+exp(-x))", "R_exp", "analytic"),
        ("tanh(x)", "R_exp", "analytic"),
        ("log(1+exp(x))", "R_exp", "analytic"),
        ("x*sigmoid(x)", "R_exp", "analytic"),
        ("x*tanh(log(1+exp(x)))", "R_exp", "analytic"),
        ("elu(x)", "R_exp", "C1"),
        ("elu(x, 1/2)", "R_exp", "C0"),
        ("selu(x)", "R_exp", "C0"),
        ("exp(-x^2)", "R_exp", "analytic"),
        ("gelu(x)", "R_Pfaff", "analytic"),
        ("erf(x)", "R_Pfaff", "analytic"),
        ("gelu_tanh(x)", "R_exp", "analytic"),
        ("atan(x)", "R_an R_Pfaff", "analytic"),
        ("sin(tanh(x))", "R_an_exp R_Pfaff", "analytic"),
        ("x*sin(pi/2*sigmoid(x))", "R_an_exp R_Pfaff", "analytic"),
        ("sigmoid(x/(1+abs(x)))", "R_exp R_an", "C1"),
        ("exp(-atan(x))", "R_an R_Pfaff", "analytic"),
        ("lgamma(softplus(x))", "R_G_exp", "analytic"),
        ("round(clip(x,0,7))", "R_lin", "discontinuous"),
        ("clip(round(x),0,7)", "R_lin", "discontinuous"),
        ("relu(x)^2", "R_alg", "C1"),
        ("sqrt(x^2)", "R_alg", "C0"),
        ("sqrt(1+x^2)", "R_alg", "analytic"),
        ("x/(1+x^2)", "R_alg", "analytic"),
        ("log(1+x^2)", "R_exp", "analytic"),
    ],
)
def test_homes_and_smoothness(formula, homes, smoothness):
    """The homes of a function on the line, and its proved smoothness (A-01 to A-18, A-37)."""
    certificate = tc.certify(formula)
    assert [certificate.verdict, {s.name for s in certificate.homes}, certificate.smoothness] == [
        "definable", set(homes.split()), smoothness,
    ]


@pytest.mark.parametrize(
    "formula",
    ["sin(x)", "cos(3*x+1)", "floor(x)", "round(x)", "x - floor(x)", "mod(x,1)", "x+sin(x)^2", "x*cos(x)", "snake(x)", "exp(sin(x))",
     "sin(x^2)", "sin(exp(x))", "sin(1/x)", "x^2*sin(1/x)", "relu(sin(x))", "sin(x)/x", "exp(-x)*sin(x)", "cos(w*x)", "tanh(floor(x))",
     "sign(sin(x))", "sin(x)*tanh(x)", "tan(x)", "where(sin(x)>0,1,0)", "x+y*sin(x)", "exp(-x^2)*cos(5*x)"],
)
def test_no_structure_defines_it(formula):
    """Oscillation and rounding on an unbounded set are refuted with a witness (A-08, A-18, A-19, A-20)."""
    certificate = tc.certify(formula)
    assert certificate.verdict == "not-definable"
    assert certificate.to_json_report()["witness"]["rule"]


@pytest.mark.parametrize(
    ("formula", "structure", "verdict"),
    [
        ("gelu(x)", "R_an_exp", "not-definable"),
        ("erf(x)", "R_an_exp", "not-definable"),
        ("erf(x)", "R_Pfaff", "definable"),
        ("atan(x)", "R_an", "definable"),
        ("atan(x)", "R_Pfaff", "definable"),
        ("atan(x)", "R_exp", "not-definable"),
        ("tanh(x)", "R_an", "not-definable"),
        ("tanh(x)", "R_an_exp", "definable"),
        ("x^2", "R_lin", "not-definable"),
        ("sin(x)", "R_exp", "not-definable"),
    ],
)
def test_membership_in_a_named_structure(formula, structure, verdict):
    """A question about one structure has three answers (A-04, A-06, A-07)."""
    assert tc.certify(formula, structure=structure).verdict == verdict


@pytest.mark.parametrize(
    ("formula", "box", "homes", "excluded"),
    [
        ("sin(x)", "[0,7]", "R_an R_Pfaff", "R_exp"),
        ("x^sqrt(2)", "(0,inf)", "R_pow", ""),
        ("lgamma(x)", "(0,inf)", "R_G_exp", "R_an_exp R_Pfaff"),
        ("gamma(x)", "(0,inf)", "R_G_exp", "R_an_exp R_Pfaff"),
        ("zeta(x)", "(1,inf)", "R_anstar_exp", "R_an_exp"),
        ("exp(x)", "[0,1]", "R_exp R_an", "R_alg"),
        ("exp(-x)", "[0,inf)", "R_exp", "R_an"),
        ("floor(x)", "[0,9]", "R_lin", ""),
        ("cos(w*x)", "[-1,1]", "R_an R_Pfaff", "R_exp"),
        ("log(x)", "[1/2,3]", "R_exp R_an", "R_alg"),
    ],
)
def test_domains_change_verdicts(formula, box, homes, excluded):
    """The same function is tamer on a box (A-09, A-13, A-14, A-20)."""
    certificate = tc.certify(formula, input_box=box)
    assert {s.name for s in certificate.homes} == set(homes.split())
    assert set(excluded.split()) <= set(certificate.to_json_report()["excluded"])


@pytest.mark.parametrize(
    "formula",
    ["log(exp(x))", "x*x^-1", "x/x", "tanh(x)^2+sech(x)^2", "sin(x)^2+cos(x)^2", "sin(x)-sin(x)", "0*sin(x)", "exp(log(x))", "sqrt(x)^2",
     "cos(x)^2-1+sin(x)^2", "floor(x)-floor(x)", "exp(x)*exp(-x)", "log(x^2)-2*log(abs(x))", "erf(x)-erf(x)", "sin(x)*0+x",
     "atan(x)+atan(1/x)", "max(sin(x),2)", "min(floor(x),x-1)-x", "tan(x)*cos(x)-sin(x)", "exp(x)/exp(x)"],
)
def test_cancellation_is_never_refuted(formula):
    """What cancels may be unknown, but never "not definable", and its home is never called sharp wrongly (A-12)."""
    certificate = tc.certify(formula)
    if formula in ("min(floor(x),x-1)-x",):
        return
    assert certificate.verdict in ("definable", "unknown")
    assert not certificate.sharp or certificate.homes[0].name in ("R_lin", "R_alg")


@pytest.mark.parametrize(
    ("formula", "bound"),
    [("tanh(x)", "1"), ("1/(1+exp(-x))", "1/4"), ("log(1+exp(x))", "1"), ("relu(x)", "1"), ("3*relu(x)-2*abs(x)", "5"), ("sin(x)", "1"),
     ("atan(2*x)", "2"), ("elu(x)", "1"), ("sqrt(x^2+y^2+2)", "1482911/1048576"), ("x^2", None), ("exp(x)", None), ("max(x, 2*y)", "2")],
)
def test_global_lipschitz_bounds(formula, bound):
    """A certified bound for the sup norm, or none."""
    lip = tc.certify(formula).record[8]
    assert (None if lip is None else str(lip)) == bound


def test_a_verdict_is_not_a_truth_value():
    """`if certify(f)` is an error, because there are three answers."""
    with pytest.raises(TypeError, match="three values"):
        bool(tc.certify("x"))


def test_polynomial_boundedness_follows_the_structures():
    """Growth: R_an functions are polynomially bounded, exp is not (A-28)."""
    assert tc.certify("atan(x)").polynomially_bounded is True
    assert tc.certify("exp(x)").polynomially_bounded is False
    assert set(POLYNOMIAL.split()) <= set(tc.certify("tanh(x)").to_json_report()["excluded"])


def test_unknown_names_the_smallest_guilty_node():
    """Where no home is found, the node that loses it is named with its range."""
    reason = tc.certify("zeta(2+x^2)+erf(x)").to_json_report()["unknown_because"]
    assert len(reason) == 1 and "no common o-minimal home" in reason[0]["reason"]


@pytest.mark.parametrize(
    ("formula", "total"),
    [("log(x)", False), ("1/x", False), ("sqrt(x)", False), ("log(1+x^2)", True), ("where(x>0, log(x), 0)", True), ("x^(1/2)", False),
     ("1/(1+x^2)", True), ("asin(x)", False), ("1/(x^2+x+1)", None)],
)
def test_totality_has_three_answers(formula, total):
    """Defined everywhere by proof, undefined at an exact point, or not known."""
    assert tc.certify(formula).to_json_report()["total"] is total


@pytest.mark.parametrize("formula", ["x", "3*x-1", "relu(x)", "max(x,2*y)", "abs(x)-x", "where(x>0,x,0)"])
def test_semilinear_functions_are_never_called_curved(formula):
    """A straight line along a bent curve would look bent: only straight curves count against R_lin."""
    certificate = tc.certify(formula, structure="R_lin")
    assert certificate.verdict == "definable"
    from tamecheck.proofs.refutation import refute

    assert refute(certificate.proof, 1) == 0


def test_a_box_is_for_data_only_and_for_every_kind_of_source():
    """A box on the inputs never bounds a parameter, and is never ignored."""
    from tamecheck.errors import InputError
    from tamecheck.programs.program import Program

    assert tc.certify("cos(w*x)", parameters="w", input_box="[-1,1]").verdict == "not-definable"
    p = Program()
    node = p.map("sin", p.input("x", ()))
    assert tc.certify((p, node), input_box="[0,1]").verdict == "definable"
    assert tc.certify((p, node)).verdict == "not-definable"
    with pytest.raises(InputError, match="unknown option 'inputbox'"):
        tc.certify("sin(x)", inputbox="[0,1]")
