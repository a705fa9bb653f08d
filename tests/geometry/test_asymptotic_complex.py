"""Complex values at infinity: the published ones, two independent routes; the eliminations behind; what this closes in space."""

import random
import time

import pytest
from flint import fmpz_mpoly_ctx, fmpz_mpoly_vec

from tamecheck.critical_report import critical
from tamecheck.errors import InputError
from tamecheck.geometry.critical_values import infinity, projective_charts, upper_bounds
from tamecheck.geometry.critical_values.critical_graph import graph
from tamecheck.geometry.critical_values.critical_pieces import Pieces
from tamecheck.geometry.critical_values.groebner import Basis, Limits
from tamecheck.geometry.critical_values.projective_charts import Values, complex_values, plane_values
from tamecheck.geometry.critical_values.upper_bounds import face_bound
from tamecheck.ground.algebraic import rational
from tamecheck.ground.grammar import parse
from tamecheck.ground.polynomials import Ring, read

# formula, variables, K_0 over the reals, complex K_inf as a polynomial, real K_inf
FUNCTIONS = [
    ("x^2*y+x", "x,y", [], "c", ["0"]),
    ("x^2+(x*y-1)^2", "x,y", ["1"], "c", ["0"]),
    ("-y*(2*x^2*y^2-9*x*y+12)", "x,y", [], "c", ["0"]),
    ("x+x^2*y+x^4*y*z", "x,y,z", [], "c", ["0"]),
    ("x-3*x^3*y^2+2*x^4*y^3+y*z", "x,y,z", [], "1", []),
    ("x-3*x^5*y^2+2*x^7*y^3+y*z", "x,y,z", [], "c", ["0"]),
    ("x^4*y^2+x^2*y^4-3*x^2*y^2+1", "x,y", ["0", "1"], "c-1", ["1"]),
    ("(u*v*w-1)^2", "u,v,w", ["0", "1"], "c^2-c", ["0", "1"]),
    ("(a*w^2-1)^2+(4*a*w^2-2)^2", "a,w", ["4/17", "5"], "17*c^2-89*c+20", ["4/17", "5"]),
    ("(v*b-1)^2+(v*(w+b)+1)^2", "v,w,b", ["0", "2"], "c^2-2*c", ["0", "2"]),
    ("x*(x*y+1)^2", "x,y", ["0"], "c", ["0"]),
    ("x*(1+x^2*y)^2+y*0", "x,y", ["0"], "c", ["0"]),
    ("x^2*y^2+(y*z-1)^2", "x,y,z", ["0", "1"], "c^2-c", ["0", "1"]),
    ("x^3*y^2+x", "x,y", [], "c", []),
    ("x^3*y^2-3*x^2*y+3*x+3*x^4*y", "x,y", None, "c", ["0"]),
    ("x*(x*y+x*z-1)^2+y*z", "x,y,z", ["1/3"], "c", ["0"]),
    pytest.param("x*(x^2*y^2*z-1)^2+z", "x,y,z", [], "c", ["0"], marks=pytest.mark.slow),
    ("(x*y-1)^2", "x,y", ["0", "1"], "c", ["0"]),
    ("(x^2+y-11)^2+(x+y^2-7)^2", "x,y", None, "1", []),
    ("x^2+y^2", "x,y", ["0"], "1", []),
    ("x/(1+y^2)", "x,y", [], "c", ["0"]),
    ("x*y/(1+x^2+y^2)", "x,y", ["0"], "4*c^2-1", ["-1/2", "1/2"]),
    ("(x*y)^3+3*x*y", "x,y", ["0"], "c^2+4", []),
]


@pytest.mark.parametrize(("formula", "names", "finite", "over_complex", "infinite"), FUNCTIONS)
def test_published_values_over_both_fields(formula, names, finite, over_complex, infinite):
    """K_0, the complex and the real K_inf, exact and complete; the real values are complex ones."""
    report = critical(formula, names.split(","))
    assert report.complete, report.open
    assert finite is None or report.values("smooth") == finite
    assert sorted({v["value"] for v in report.asymptotic}) == sorted(infinite)
    assert report.asymptotic_complex["complete"] and report.asymptotic_complex["polynomial"] == over_complex
    assert set(infinite) <= {v["value"] for v in report.asymptotic_complex["values"] if v["real"]}


def test_values_that_are_not_real():
    """With h = xy the values of h^3 + 3h at h = i and h = -i are 2i and -2i: they are enclosed, and the text names them."""
    report = critical("(x*y)^3+3*x*y")
    found = sorted([v["enclosure"] for v in report.asymptotic_complex["values"]], key=lambda e: e[1])
    for (re, im), expected in zip(found, (-2, 2), strict=True):
        assert re[0] <= 0 <= re[1] and im[0] <= expected <= im[1] and im[1] - im[0] < 1e-9
    assert "over the complex numbers also" in report.to_text()
    assert "over the complex" not in critical("x^2*y+x").to_text()


def sparse(source, names, terms, degree=3):
    """Return a random sparse polynomial."""
    parts = []
    for _ in range(terms):
        powers = "".join([f"*{name}^{source.randint(0, degree)}" for name in names])
        parts.append(f"{source.choice([-2, -1, 1, 2, 3])}{powers}")
    return "+".join(parts).replace("+-", "-")


def compare_routes(seed, count):
    """Compare charts and the discriminant for random polynomials of two variables."""
    source, ring = random.Random(seed), Ring(("x", "y"))
    nonempty = exact = 0
    for _ in range(count):
        text = sparse(source, "xy", 3)
        if source.random() < 0.4:
            text = f"x^{source.randint(0, 2)}*(x^{source.randint(1, 2)}*y-{source.randint(1, 2)})^2+{sparse(source, 'xy', 1)}"
        p, d = read(ring, text)
        if d != 1 or p.is_constant():
            continue
        charts, plane = complex_values(ring, (p, ring.constant(1)), Limits(0.3)), plane_values(ring, p)
        if charts.exact:
            exact += 1
            nonempty += plane.degree() > 0
            assert charts.polynomial in (plane, -plane), text
        elif charts.polynomial is not None:
            # an unfinished basis bounds the values
            assert charts.polynomial % plane == 0, text
    return exact, nonempty


def test_two_routes_over_the_complex_plane():
    """Projective charts and the drop of the discriminant's degree (the theorem of Ha and Nguyen) agree."""
    exact, nonempty = compare_routes(5, 20)
    assert exact > 12 and nonempty > 5


@pytest.mark.slow
def test_two_routes_over_the_complex_plane_at_length():
    """As above, on many more."""
    exact, nonempty = compare_routes(6, 600)
    assert exact > 500 and nonempty > 150


def test_real_values_lie_among_the_complex_ones():
    """Law: on random functions the real route finds nothing that the complex one excludes."""
    source, checked = random.Random(8), 0
    for _ in range(12):
        f = sparse(source, "xy", 3, 2)
        f = source.choice([f, f"({f})/(1+x^2+y^2)", f"({f})/(1+y^2)", f"({f})^2+x^2"])
        report = critical(f, ["x", "y"], kind="asymptotic")
        if report.complete and report.asymptotic_complex and report.asymptotic_complex["complete"]:
            checked += 1
            assert set(report.values("asymptotic")) <= {v["value"] for v in report.asymptotic_complex["values"]}, f
    assert checked > 5


def test_a_contradiction_between_the_routes_is_reported(monkeypatch):
    """Guard: a real value that the complex route excludes makes the report incomplete."""
    monkeypatch.setattr(infinity, "complex_values", lambda *rest: Values(projective_charts.fmpz_poly([5, 1]), True))
    report = critical("x^2+(x*y-1)^2")
    assert not report.complete and any("contradicts the complex values" in text for text in report.open)


@pytest.mark.parametrize("guard", ["saturation", "points with v = 0"])
def test_both_steps_of_the_elimination_are_needed(monkeypatch, guard):
    """Guards: without saturation, or without v = 0, too many values would be left."""
    ring = Ring(("x", "y"))
    p, _ = read(ring, "x^2*y+x")
    if guard == "saturation":
        original = Basis.__init__
        monkeypatch.setattr(Basis, "__init__", lambda self, *rest, saturated=False, **more: original(self, *rest, saturated=False, **more))
        assert complex_values(ring, (p, ring.constant(1))).polynomial is None
    else:
        assert projective_charts.limits_at_infinity(ring, (p, ring.constant(1)), []).polynomial is None


# ----------------------------------------------------------------------------------------------- Groebner bases


def ideals(source, count):
    """Return random small ideals."""
    context = fmpz_mpoly_ctx.get(("x", "y", "z"), "degrevlex")
    for _ in range(count):
        generators = []
        for _ in range(source.randint(2, 3)):
            table = {tuple([source.randint(0, 2) for _ in range(3)]): source.choice([-2, -1, 1, 3]) for _ in range(source.randint(2, 3))}
            generators.append(context.from_dict(table))
        yield context, [g for g in generators if not g.is_zero()]


def test_bases_are_groebner_bases():
    """FLINT's own test accepts each basis, and each generator reduces to 0: nothing of the ideal is lost by the criteria for pairs."""
    for context, generators in ideals(random.Random(2), 40):
        basis = Basis(context, generators, limits=Limits(2))
        assert basis.run()
        vector = fmpz_mpoly_vec(basis.elements(), context)
        assert vector.is_groebner()
        assert all([g.reduction_primitive_part(vector).is_zero() for g in generators])


def test_saturation():
    """Every element times a power of z lies in the ideal, no element is divisible by z, and dividing by z leads nowhere new."""
    z = None
    for context, generators in ideals(random.Random(3), 25):
        z = context.gen(2)
        homogeneous = [homogenised(context, g) for g in generators]
        plain = Basis(context, homogeneous, limits=Limits(2))
        full = Basis(context, homogeneous, saturated=True, limits=Limits(2))
        if not (plain.run() and full.run()):
            continue
        vector = fmpz_mpoly_vec(plain.elements(), context)
        assert fmpz_mpoly_vec(full.elements(), context).is_groebner()
        for p in full.elements():
            assert min([int(m[2]) for m in p.monoms()]) == 0
            assert any([(p * z**k).reduction_primitive_part(vector).is_zero() for k in range(12)])
        inside = fmpz_mpoly_vec(full.elements(), context)
        for p in plain.elements():
            assert p.reduction_primitive_part(inside).is_zero()


def homogenised(context, p):
    """Return a polynomial of x and y (z put to 1) made homogeneous with z."""
    table = {}
    d = max([int(m[0]) + int(m[1]) for m in p.monoms()])
    for m, c in zip(p.monoms(), p.coeffs(), strict=True):
        key = (int(m[0]), int(m[1]), d - int(m[0]) - int(m[1]))
        table[key] = table.get(key, 0) + int(c)
    return context.from_dict({k: v for k, v in table.items() if v})


def test_hostile_eliminations_end_in_time():
    """Large coefficients and degrees end at the limit, with processor time near it, also where FLINT alone would not return."""
    ring = Ring(("x", "y", "z"))
    p, _ = read(ring, "(7*x^9*y^3-5*y^11*z+3*z^7+x*y*z-8)^2*x+(9*x^5-4*y^4*z^2+z^3*x-3)^3")
    started = time.process_time()
    found = complex_values(ring, (p, ring.constant(1)), Limits(0.4))
    assert time.process_time() - started < 4
    assert not found.exact


# -------------------------------------------------------------------------------------------------------- space

SPACE = [
    ("x/(1+y^2+z^2)", ["0"]), ("x*y/(1+x^2+y^2+z^2)", ["-1/2", "0", "1/2"]), ("1/(1+(x*y-z)^2)", ["0", "1"]), ("x^2/(1+x^2+y^2)+z^2", ["0", "1"]),
    ("abs(z)/(1+x^2+y^2)", ["0"]), ("relu(1-x^2-y^2)+z^2", ["0"]), ("max(x^2-y,z)", []), ("max(x*y,z)", ["0"]), ("abs(x)*y+z^2", ["0"]),
    ("(abs(x)*z-1)^2+y^2", ["0", "1"]), ("abs(x*y-z)", ["0"]), ("abs(x*y*z-1)", ["0", "1"]), ("abs(x^2+y^2-z^2)", ["0"]),
    ("relu(x*y-1)+relu(z)^2", ["0"]), ("abs(x*y-1)+abs(z)", ["0"]), ("(z*relu(x+y)-1)^2+(z*relu(x-y)+1)^2", ["1", "2"]),
    ("abs(v)+1/(1+u^2)+w^2", ["0"]), ("max(x/(1+y^2),z)", ["0"]), ("(x^2+y^2-z^2)^2+x", []), ("x^3*y^2+x+z^2", []),
    pytest.param("abs(x*y*z-1)-2*x^2*y", ["0", "1"], marks=pytest.mark.slow),
    ("2*z-2*x*y+abs(x*y-z)+1/(1+x^2)", []), ("(relu(x+z)-1)^2+(z-x-y+1)^2", ["0", "1"]),
    pytest.param("max(-2*t*u*l^2,-u-1)", ["-1", "0"], marks=pytest.mark.slow),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "infinite"), SPACE)
def test_pieces_quotients_and_curved_faces_in_space(formula, infinite):
    """Three variables: pieces, quotients and curved breakpoints are closed, each value with its arc."""
    report = critical(formula, parse(formula).names())
    assert report.complete, report.open
    assert sorted({v["value"] for v in report.asymptotic if v["sense"] == "clarke"}) == infinite
    assert all([set(v["arc"]) == set(report.variables) for v in report.asymptotic])


def test_more_than_three_variables():
    """Deep linear nets with four weights, and a unit with a kink."""
    for formula, values in (("(a*b*c*d-1)^2", ["0", "1"]), ("relu(x*y*z*w-1)", ["0"])):
        report = critical(formula)
        assert report.complete and sorted(report.values("asymptotic")) == values


def test_an_arc_along_a_polar_curve():
    """x(xy+xz-1)^2+yz: on the curve where f_y = f_z = 0, y = z = 2x^2/(4x^3+1), f tends to 0."""
    (found,) = critical("x*(x*y+x*z-1)^2+y*z", ["x", "y", "z"], kind="asymptotic").asymptotic
    assert found["arc"] == {"x": "1/s", "y": "2*x^2/(4*x^3+1)", "z": "2*x^2/(4*x^3+1)"} and found["certificate"] == "arc"


def bounds(formula, names):
    """Return the bounds of all faces."""
    p = Pieces(graph(parse(formula), list(names)))
    return {f.key: face_bound(p, f) for f in p.faces if f.value is not None}


def test_values_of_other_regions_are_excluded():
    """0 is a value at infinity of the smooth function on one side only outside of that side: f has no value near 0 there."""
    found = bounds("(z*relu(x+y)-1)^2+(z*relu(x-y)+1)^2", "xyz")
    suspects = [b for b in found.values() if rational(0) in b.values and b.face.dimension == 3]
    assert suspects
    for b in suspects:
        b.refine({rational(0)})
        assert rational(0) not in b.values


def test_only_one_side_of_a_curved_face_is_critical():
    """max(-2xyz^2, -y-1) near y = 0 on the face: the derivatives across it have opposite signs for y < 0 only."""
    found = {(v["value"], v["sense"]): v["arc"]["y"] for v in critical("max(-2*x*y*z^2,-y-1)", ["x", "y", "z"], kind="asymptotic").asymptotic}
    assert found["-1", "clarke"].startswith("-") and not found["-1", "stratum"].startswith("-")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "name", "values"),
    [
        ("2*z-2*x*y+abs(x*y-z)+1/(1+x^2)", "_far_points", {"0", "1"}), ("abs(x*y*z-1)-2*x^2*y", "_by_guards", {"-1"}),
    ],
)  # fmt: skip
def test_exclusions_are_needed(monkeypatch, formula, name, values):
    """Guards: without real points, signs of guards, or ranges, some candidates would stay open."""
    full = critical(formula, parse(formula).names(), kind="asymptotic")
    assert full.complete
    monkeypatch.setattr(upper_bounds.FaceBound, name, lambda self, suspects: set())
    report = critical(formula, parse(formula).names(), kind="asymptotic")
    assert not report.complete and {text.split()[1] for text in report.open} == values


def test_names_of_variables_are_checked():
    """An empty or impossible name is an error, not a variable."""
    for names in (["x", "", "y"], ["x", "y", "1z"], ["x", "y", 3]):
        with pytest.raises(InputError) as error:
            critical("x*y", names)
        assert error.value.code == "TC102"
