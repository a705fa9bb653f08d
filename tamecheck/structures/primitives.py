"""The scalar primitives: the axioms of the whole system, one row each.

Everything else (tanh, softplus, GELU, ...) is a definition in terms of these.  A row says where
the function is defined, which structures define it on the whole domain, which ones define its
restriction to a compact piece of the open set ``region`` (where it is analytic; ``R_an`` then
defines it by definition), which structures are known *not* to define it, and its regularity.
The prover holds its own copy as code and the independent checker a third one; tests compare
them.  Structures are written as in a certificate: ``R_an|R_Pfaff`` is the up-set that both
generate, ``""`` the empty one, ``R_lin`` all structures.
"""

from dataclasses import dataclass

INTERVAL, UNBOUNDED, UNBOUNDED_ABOVE = "on any interval", "on an unbounded set", "on a set unbounded above"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The function, restricted as ``where`` says, is not definable in ``structures`` (``any``: in no o-minimal one).

    ``rule`` tells whether a refutation may use it as an axiom; the others are knowledge that
    refutations reach by other rules (periodicity) or not at all.
    """

    where: str
    structures: tuple[str, ...]
    reason: str
    references: tuple[str, ...]
    rule: bool = True


@dataclass(frozen=True, slots=True)
class Primitive:
    """One scalar primitive.

    Attributes
    ----------
    name, arity : its name in programs and its number of arguments
    latex : how it is printed, with ``#1`` and ``#2`` for the arguments
    domain : interval, or a phrase where the domain is no interval
    homes : structures that define it on the whole domain
    region : open set of analyticity on which compact restrictions are considered, or ``""``
    compact : structures that define its restriction to compact pieces of ``region``
    excluded : structures known not to define it
    smoothness : on the domain; ``inside`` on the interior of the domain where it differs
    value_range : an interval that holds all values
    monotone : increasing, decreasing, or ``""``
    derivative : sup of the derivative's absolute value, as text; ``""`` where it is infinite or unused
    bounded : bounded on every compact box inside the domain
    reason : one sentence: why it is definable there
    references : keys of `tamecheck.structures.references`
    """

    name: str
    arity: int
    latex: str
    domain: str
    homes: str
    region: str
    compact: str
    smoothness: str
    inside: str
    value_range: str
    monotone: str
    derivative: str
    bounded: bool
    reason: str
    references: tuple[str, ...]
    excluded: tuple[Exclusion, ...] = ()


LINE, POSITIVE, NONNEGATIVE = "(-inf,inf)", "(0,inf)", "[0,inf)"
BOTH = "R_an|R_Pfaff"
FIELD = "graph given by polynomial equations and inequalities"

_EXP = Exclusion(UNBOUNDED, ("R_an_pow", "R_G"), "it grows faster, or its inverse slower, than every power", ("Mil94a",))
_TRANSCENDENTAL = Exclusion(INTERVAL, ("R_alg",), "it satisfies no polynomial equation on an interval", ("vdD98",))
_SINE = Exclusion(INTERVAL, ("R_exp",), "it would define sine on an interval", ("Bia97",))
_OSCILLATES = Exclusion(UNBOUNDED, ("any",), "it takes one value at infinitely many isolated points", ("vdD98",), rule=False)
_STEPS = Exclusion(UNBOUNDED, ("any",), "it would define infinitely many isolated jumps", ("vdD98",), rule=False)
_ERF = Exclusion(UNBOUNDED, ("R_an_exp",), "the antiderivative of exp(-t^2) is not definable there", ("DMM97",))
_GAMMA = (
    Exclusion(UNBOUNDED_ABOVE, ("R_anstar_exp", "R_Pfaff"), "the Stirling series diverges", ("DMM97", "RSS24")),
    Exclusion(INTERVAL, ("R_Pfaff",), "it solves no algebraic differential equation", ("Hol87", "Spe99")),
)
_ZETA = (Exclusion(UNBOUNDED_ABOVE, ("R_an_exp",), "its expansion in powers of n^-s has natural, not finite, support", ("DMM97",)),)
_LAMBERT = Exclusion(UNBOUNDED, ("R_an_pow", "R_G"), "it grows like the logarithm", ("Mil94a",))

_SINE_COMPACT = "on (-pi,pi) it is rational in tan(x/2), a Pfaffian chain; restricted to a compact interval it is analytic"
_GAMMA_WHY = "the remainder of Stirling's formula is a multisum in 1/x; on compact pieces of (0,inf) it is analytic"
_BESSEL_J = "analytic on the line; it oscillates, so only its restrictions to compact intervals are definable"
_BESSEL_I = "I1/I0 solves the scalar equation y' = 1 - y/x - y^2 and I0' = I1: two steps in the Pfaffian closure"
_BESSEL_K = "K1/K0 solves the scalar equation y' = y^2 - y/x - 1 and K0' = -K1: two steps in the Pfaffian closure"


def _row(name, latex, domain, homes, region, compact, smoothness, inside, value_range, monotone, derivative, bounded, reason, references,
         excluded=(), arity=1) -> Primitive:  # fmt: skip
    return Primitive(
        name, arity, latex, domain, homes, region, compact, smoothness, inside or smoothness, value_range, monotone, derivative, bounded,
        reason, references, excluded,
    )


UP, DOWN, MIXED = "increasing", "decreasing", ""

PRIMITIVES: tuple[Primitive, ...] = (
    _row("pi", r"\pi", "none", "R_lin", "", "", "analytic", "", "[3,4]", MIXED, "0", True, "a real constant", ("vdD98",), arity=0),
    _row("neg", "-#1", LINE, "R_lin", "", "", "analytic", "", LINE, DOWN, "1", True, "linear", ("vdD98",)),
    _row("abs", r"|#1|", LINE, "R_lin", "", "", "C0", "", NONNEGATIVE, MIXED, "1", True, "piecewise linear", ("vdD98",)),
    _row("sign", r"\operatorname{sign}(#1)", LINE, "R_lin", "", "", "none", "", "[-1,1]", UP, "", True, "piecewise constant", ("vdD98",)),
    _row("floor", r"\lfloor #1\rfloor", LINE, "", LINE, "R_lin", "none", "", LINE, UP, "", True,
         "finitely many steps on a bounded range", ("vdD98",), (_STEPS,)),
    _row("ceil", r"\lceil #1\rceil", LINE, "", LINE, "R_lin", "none", "", LINE, UP, "", True,
         "finitely many steps on a bounded range", ("vdD98",), (_STEPS,)),
    _row("round", r"\operatorname{round}(#1)", LINE, "", LINE, "R_lin", "none", "", LINE, UP, "", True,
         "half to even; finitely many steps on a bounded range", ("vdD98",), (_STEPS,)),
    _row("exp", r"\exp(#1)", LINE, "R_exp", LINE, "R_an|R_exp", "analytic", "", POSITIVE, UP, "exp(sup)", True,
         "exp generates R_exp; its restriction to a compact interval is analytic", ("Wil96", "vdD86"), (_EXP, _TRANSCENDENTAL)),
    _row("log", r"\log(#1)", POSITIVE, "R_exp", POSITIVE, "R_an|R_exp", "analytic", "", LINE, UP, "1/inf", False,
         "the inverse of exp", ("Wil96", "vdD86"), (_EXP, _TRANSCENDENTAL)),
    _row("sqrt", r"\sqrt{#1}", NONNEGATIVE, "R_alg", "", "", "C0", "analytic", NONNEGATIVE, UP, "1/(2 sqrt(inf))", True, FIELD, ("Tar51",)),
    _row("sin", r"\sin(#1)", LINE, "", LINE, BOTH, "analytic", "", "[-1,1]", MIXED, "1", True, _SINE_COMPACT, ("vdD86", "Spe99"),
         (_SINE, _OSCILLATES)),
    _row("cos", r"\cos(#1)", LINE, "", LINE, BOTH, "analytic", "", "[-1,1]", MIXED, "1", True, _SINE_COMPACT, ("vdD86", "Spe99"),
         (_SINE, _OSCILLATES)),
    _row("tan", r"\tan(#1)", "all reals but pi/2 + k pi", "", LINE, BOTH, "analytic", "", LINE, MIXED, "", False,
         "a quotient of restricted sine and cosine", ("vdD86", "Spe99"), (_SINE, _OSCILLATES)),
    _row("asin", r"\arcsin(#1)", "[-1,1]", BOTH, "", "", "C0", "analytic", "[-2,2]", UP, "1/sqrt(1-sup^2)", True,
         "the inverse of sine on [-pi/2, pi/2]", ("vdD86", "Spe99"), (_SINE,)),
    _row("acos", r"\arccos(#1)", "[-1,1]", BOTH, "", "", "C0", "analytic", "[0,4]", DOWN, "1/sqrt(1-sup^2)", True,
         "the inverse of cosine on [0, pi]", ("vdD86", "Spe99"), (_SINE,)),
    _row("atan", r"\arctan(#1)", LINE, BOTH, "", "", "analytic", "", "(-2,2)", UP, "1", True,
         "restricted analytic on [-1,1] and arctan x = sign(x) pi/2 - arctan(1/x) beyond; an antiderivative of 1/(1+x^2)",
         ("vdD86", "Spe99"), (_SINE,)),
    _row("erf", r"\operatorname{erf}(#1)", LINE, "R_Pfaff", LINE, BOTH, "analytic", "", "(-1,1)", UP, "2/sqrt(pi)", True,
         "an antiderivative of 2 exp(-x^2)/sqrt(pi)", ("Spe99", "vdD86"), (_ERF,)),
    _row("erfinv", r"\operatorname{erf}^{-1}(#1)", "(-1,1)", "R_Pfaff", "(-1,1)", BOTH, "analytic", "", LINE, UP, "", False,
         "the inverse of erf", ("Spe99", "vdD86")),
    _row("gamma", r"\Gamma(#1)", POSITIVE, "R_G_exp", POSITIVE, "R_an", "analytic", "", "[22/25,inf)", MIXED, "", False,
         _GAMMA_WHY, ("vdDS00", "vdD86"), _GAMMA),
    _row("lgamma", r"\log\Gamma(#1)", POSITIVE, "R_G_exp", POSITIVE, "R_an", "analytic", "", "[-61/500,inf)", MIXED, "", False,
         _GAMMA_WHY, ("vdDS00", "vdD86"), _GAMMA),
    _row("digamma", r"\psi(#1)", POSITIVE, "R_G_exp", POSITIVE, "R_an", "analytic", "", LINE, UP, "", False,
         "the derivative of log Gamma", ("vdDS00", "vdD86"), _GAMMA),
    _row("zeta", r"\zeta(#1)", "(1,inf)", "R_anstar_exp", "(1,inf)", "R_an", "analytic", "", "(1,inf)", DOWN, "", False,
         "zeta(-log t) is the sum of t^(log n), a convergent generalised power series with natural support", ("vdDS98", "vdD86"), _ZETA),
    _row("lambertw", r"W(#1)", "[-1/e,inf)", "R_exp", "(-1/e,inf)", "R_an|R_exp", "C0", "analytic", "[-1,inf)", UP, "", True,
         "the inverse of x exp(x) on [-1,inf)", ("Wil96", "vdD86"), (_LAMBERT,)),
    _row("besselj0", r"J_0(#1)", LINE, "", LINE, "R_an", "analytic", "", "[-1,1]", MIXED, "1", True, _BESSEL_J, ("vdD86", "DLMF"),
         (_OSCILLATES,)),
    _row("besselj1", r"J_1(#1)", LINE, "", LINE, "R_an", "analytic", "", "[-1,1]", MIXED, "1", True, _BESSEL_J, ("vdD86", "DLMF"),
         (_OSCILLATES,)),
    _row("bessely0", r"Y_0(#1)", POSITIVE, "", POSITIVE, "R_an", "analytic", "", LINE, MIXED, "", False, _BESSEL_J, ("vdD86", "DLMF"),
         (_OSCILLATES,)),
    _row("bessely1", r"Y_1(#1)", POSITIVE, "", POSITIVE, "R_an", "analytic", "", LINE, MIXED, "", False, _BESSEL_J, ("vdD86", "DLMF"),
         (_OSCILLATES,)),
    _row("besseli0", r"I_0(#1)", LINE, "R_Pfaff", LINE, BOTH, "analytic", "", "[1,inf)", MIXED, "", True, _BESSEL_I,
         ("Spe99", "vdD86", "DLMF")),
    _row("besseli1", r"I_1(#1)", LINE, "R_Pfaff", LINE, BOTH, "analytic", "", LINE, UP, "", True, _BESSEL_I, ("Spe99", "vdD86", "DLMF")),
    _row("besselk0", r"K_0(#1)", POSITIVE, "R_Pfaff", POSITIVE, BOTH, "analytic", "", POSITIVE, DOWN, "", False, _BESSEL_K,
         ("Spe99", "vdD86", "DLMF")),
    _row("besselk1", r"K_1(#1)", POSITIVE, "R_Pfaff", POSITIVE, BOTH, "analytic", "", POSITIVE, DOWN, "", False, _BESSEL_K,
         ("Spe99", "vdD86", "DLMF")),
    _row("add", "#1+#2", LINE, "R_lin", "", "", "analytic", "", LINE, MIXED, "", True, "linear", ("vdD98",), arity=2),
    _row("sub", "#1-#2", LINE, "R_lin", "", "", "analytic", "", LINE, MIXED, "", True, "linear", ("vdD98",), arity=2),
    _row("mul", r"#1\cdot #2", LINE, "R_alg", "", "", "analytic", "", LINE, MIXED, "", True, FIELD + "; linear if one factor is fixed",
         ("Tar51",), arity=2),
    _row("div", r"#1/#2", "nonzero second argument", "R_alg", "", "", "analytic", "", LINE, MIXED, "", False,
         FIELD + "; linear if the divisor is fixed", ("Tar51",), arity=2),
    _row("max", r"\max(#1,#2)", LINE, "R_lin", "", "", "C0", "", LINE, MIXED, "1", True, "piecewise linear", ("vdD98",), arity=2),
    _row("min", r"\min(#1,#2)", LINE, "R_lin", "", "", "C0", "", LINE, MIXED, "1", True, "piecewise linear", ("vdD98",), arity=2),
    _row("pow", r"#1^{#2}", "positive base; every base if the exponent is a natural number, nonzero if an integer, "
         "nonnegative if a positive rational", "R_exp", POSITIVE, "R_an|R_exp", "analytic", "", LINE, MIXED, "", False,
         "R_alg for a rational exponent, R_pow for a fixed one, exp(y log x) else", ("Tar51", "Mil94b", "Wil96", "vdD86"), arity=2),
)

BY_NAME: dict[str, Primitive] = {row.name: row for row in PRIMITIVES}
