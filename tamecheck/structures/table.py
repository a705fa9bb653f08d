"""The named structures: what is known of each, with its source.  Data only.

A structure *expands* another when it defines everything the other defines.  The table is
closed on purpose: it holds the structures that published theorems let us use, and every
inclusion in it, and every failure of one, has a reason and a reference.  Definability is
always with parameters.

One name needs care.  ``R_anstar_exp`` stands here for the real field with exp and the
convergent generalised power series *with natural support* (finitely many exponents below
every bound).  It is a reduct of the structure of [vdDS98]_ with exp, so what is definable here is
definable there; and what we quote as not definable is not definable there.  The restriction
is what makes its inclusion in ``R_Gstar_exp`` a theorem [RSS23]_.
"""

from dataclasses import dataclass

POLYNOMIALLY, EXPONENTIALLY = "polynomially bounded", "exponentially bounded"


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """An o-minimal structure on the reals.

    Attributes
    ----------
    name : str — the ASCII name, the same everywhere
    expands : tuple of Structure — immediate reducts in the table
    o_minimal_by : str — who proved it
    growth : str — polynomially or exponentially bounded
    exponents : str — the field {r : t^r definable}; ``0, 1`` for R_lin, which expands no field
    generators : str — what is added to the order
    references : tuple of str — keys of `tamecheck.structures.references`
    notes : str
    """

    name: str
    expands: tuple["Structure", ...]
    o_minimal_by: str
    growth: str
    exponents: str
    generators: str
    references: tuple[str, ...]
    notes: str = ""

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


R_lin = Structure(
    "R_lin", (), "Fourier-Motzkin elimination", POLYNOMIALLY, "0, 1", "addition, order, multiplication by each real number",
    ("vdD98",), "semilinear sets: finite unions of relatively open polyhedra",
)
R_alg = Structure(
    "R_alg", (R_lin,), "Tarski, Seidenberg", POLYNOMIALLY, "Q", "addition, multiplication, order", ("Tar51", "Sei54"),
    "semialgebraic sets",
)
R_pow = Structure(
    "R_pow", (R_alg,), "Miller", POLYNOMIALLY, "R", "the real field and t^r on (0,inf) for every real r", ("Mil94b",),
    "a reduct of R_an_pow and of R_exp",
)
R_exp = Structure(
    "R_exp", (R_pow,), "Wilkie", EXPONENTIALLY, "R", "the real field and exp on R", ("Wil96",),
    "t^r = exp(r log t); defines no sine on any interval",
)
R_an = Structure(
    "R_an", (R_alg,), "Gabrielov, van den Dries", POLYNOMIALLY, "Q", "the real field and all restricted analytic functions",
    ("Gab68", "vdD86", "DvdD88"), "globally subanalytic sets; defines arctan on R",
)
R_an_pow = Structure(
    "R_an_pow", (R_an, R_pow), "Miller", POLYNOMIALLY, "R", "R_an and t^r on (0,inf) for every real r", ("Mil94b",),
)
R_an_exp = Structure(
    "R_an_exp", (R_an_pow, R_exp), "van den Dries, Miller", EXPONENTIALLY, "R", "R_an and exp on R", ("vdDM94", "DMM94"),
)
R_anstar_exp = Structure(
    "R_anstar_exp", (R_an_exp,), "van den Dries, Speissegger", EXPONENTIALLY, "R",
    "R_an_exp and convergent generalised power series with natural support", ("vdDS98",), "defines zeta on (1,inf)",
)
R_G = Structure(
    "R_G", (R_an,), "van den Dries, Speissegger", POLYNOMIALLY, "Q", "the real field and multisummable power series", ("vdDS00",),
    "convergent series are multisummable, hence R_an is a reduct",
)
R_G_exp = Structure(
    "R_G_exp", (R_G, R_an_exp), "van den Dries, Speissegger", EXPONENTIALLY, "R", "R_G and exp on R", ("vdDS00",),
    "defines the Gamma function on (0,inf)",
)
R_Gstar_exp = Structure(
    "R_Gstar_exp", (R_G_exp, R_anstar_exp), "Rolin, Servi, Speissegger", EXPONENTIALLY, "R",
    "multisums of generalised power series with natural support, and exp on R", ("RSS23",), "defines both Gamma and zeta",
)
R_Pfaff = Structure(
    "R_Pfaff", (R_exp,), "Speissegger, Wilkie", EXPONENTIALLY, "R", "the Pfaffian closure of the real field",
    ("Spe99", "Wil99", "LMS03"), "closed under antiderivatives in one variable; defines erf, arctan, exp",
)
R_Pfaff_an = Structure(
    "R_Pfaff_an", (R_Pfaff, R_an_exp), "Speissegger", EXPONENTIALLY, "R", "the Pfaffian closure of R_an", ("Spe99", "LMS03"),
)
R_Pfaff_G = Structure(
    "R_Pfaff_G", (R_Pfaff_an, R_G_exp), "Speissegger", EXPONENTIALLY, "R", "the Pfaffian closure of R_G", ("Spe99", "LMS03"),
    "one home for restricted analytic functions, exp, erf and Gamma",
)

TABLE: tuple[Structure, ...] = (
    R_lin, R_alg, R_pow, R_exp, R_an, R_an_pow, R_an_exp, R_anstar_exp, R_G, R_G_exp, R_Gstar_exp, R_Pfaff, R_Pfaff_an, R_Pfaff_G,
)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """``big`` expands ``small`` because of ``reason``."""

    big: Structure
    small: Structure
    reason: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Separation:
    """``big`` does not expand ``small``: ``witness`` is definable in ``small`` and not in ``big``."""

    big: Structure
    small: Structure
    witness: str
    reason: str
    references: tuple[str, ...]


INCLUSIONS: tuple[Inclusion, ...] = (
    Inclusion(R_alg, R_lin, "addition and scalar multiplication are polynomial", ("Tar51",)),
    Inclusion(R_pow, R_alg, "by definition", ("Mil94b",)),
    Inclusion(R_exp, R_pow, "t^r = exp(r log t)", ("Wil96",)),
    Inclusion(R_an, R_alg, "by definition", ("vdD86",)),
    Inclusion(R_an_pow, R_an, "by definition", ("Mil94b",)),
    Inclusion(R_an_pow, R_pow, "by definition", ("Mil94b",)),
    Inclusion(R_an_exp, R_an_pow, "t^r = exp(r log t)", ("vdDM94",)),
    Inclusion(R_an_exp, R_exp, "by definition", ("vdDM94",)),
    Inclusion(R_anstar_exp, R_an_exp, "convergent power series are convergent generalised power series", ("vdDS98",)),
    Inclusion(R_G, R_an, "convergent power series are multisummable", ("vdDS00",)),
    Inclusion(R_G_exp, R_G, "by definition", ("vdDS00",)),
    Inclusion(R_G_exp, R_an_exp, "R_G expands R_an, and exp is added", ("vdDS00",)),
    Inclusion(R_Gstar_exp, R_G_exp, "power series have natural support", ("RSS23",)),
    Inclusion(R_Gstar_exp, R_anstar_exp, "convergent generalised power series with natural support are multisummable", ("RSS23",)),
    Inclusion(R_Pfaff, R_exp, "exp solves y' = y", ("Spe99",)),
    Inclusion(R_Pfaff_an, R_Pfaff, "the Pfaffian closure is monotone", ("Spe99",)),
    Inclusion(R_Pfaff_an, R_an_exp, "exp solves y' = y over R_an", ("Spe99",)),
    Inclusion(R_Pfaff_G, R_Pfaff_an, "R_G expands R_an", ("Spe99", "vdDS00")),
    Inclusion(R_Pfaff_G, R_G_exp, "exp solves y' = y over R_G", ("Spe99",)),
)

SEPARATIONS: tuple[Separation, ...] = (
    Separation(R_lin, R_alg, "t^2", "unary functions of R_lin are piecewise affine", ("vdD98",)),
    Separation(R_an, R_pow, "t^sqrt(2)", "the field of exponents of R_an is Q", ("vdD86", "Mil94b")),
    Separation(R_G, R_pow, "t^sqrt(2)", "the field of exponents of R_G is Q", ("vdDS00",)),
    Separation(R_an_pow, R_exp, "exp on R", "R_an_pow is polynomially bounded", ("Mil94a", "Mil94b")),
    Separation(R_G, R_exp, "exp on R", "R_G is polynomially bounded", ("Mil94a", "vdDS00")),
    Separation(R_exp, R_an, "sin on [0, 2 pi]", "no restriction of sine to an interval is definable in R_exp", ("Bia97",)),
    Separation(R_pow, R_an, "sin on [0, 2 pi]", "R_pow is a reduct of R_exp", ("Bia97",)),
    Separation(
        R_Pfaff, R_an, "Gamma on [1, 2]",
        "functions of R_Pfaff solve algebraic differential equations on an interval, Gamma solves none", ("Hol87", "Spe99"),
    ),
    Separation(R_an_exp, R_Pfaff, "erf on R", "the antiderivative of exp(-t^2) is not definable in R_an_exp", ("DMM97",)),
    Separation(R_an_exp, R_anstar_exp, "zeta on (1,inf)", "zeta is not definable in R_an_exp", ("DMM97",)),
    Separation(
        R_anstar_exp, R_G, "the Stirling remainder",
        "with exp it would define Gamma on (0,inf), which R_anstar_exp does not", ("RSS24",),
    ),
)
