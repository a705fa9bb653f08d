"""Enemies of the claim about automatic differentiation: programs at whose kinks and jumps no lemma holds."""

from collections.abc import Callable

from certificates.drafts import Draft, record
from certificates.enemies import add, enemy


def claimed(d: Draft, value: object = 1) -> dict:
    """Return the draft's document, with ordinary steps about every node, and the claim about its last node."""
    d.main.facts(*range(len(d.nodes)))
    document = d.document()
    document["claim"]["conservative"] = value
    return document


def about(name: str, code: str, why: str, build: Callable, box: str = "(-inf,inf)") -> None:
    """Register a program of the input x (and what ``build`` adds)."""

    def make() -> dict:
        d = Draft()
        build(d, d.input("x", box))
        return claimed(d)

    add(f"conservative_{name}", code, why, make)


def vector(d: Draft, x: int) -> int:
    """Three copies of an entry."""
    return d.node("reindex", ["expand"], [x], [3])


def matrix(d: Draft, x: int) -> int:
    """The matrix (1 + x*x) I, nearly: all entries."""
    return d.node("reindex", ["expand"], [x], [2, 2])


def positive_jump(d: Draft, x: int) -> None:
    """where(x < 0, 1, 2)."""
    d.node("where", [], [d.node("compare", ["lt"], [x, d.constant(0)]), d.constant(1), d.constant(2)])


def loop(d: Draft, x: int) -> None:
    """Two rounds of h -> |h|: no lemma for rounds."""
    d.bodies.append({"bodies": [], "nodes": [["input", ["h", "data", "(-inf,inf)"], [], []], ["map", ["abs"], [0], []]]})
    d.node("repeat", [0, 2, 1, 0, [1]], [x])


about("rounding", "TC674", "round(x) has derivative 0 and jumps.", lambda d, x: d.map("round", x))
about("step", "TC674", "sign(x) jumps.", lambda d, x: d.map("sign", x))
about("floor_of_a_product", "TC674", "x - floor(x): the kink is inside a sum.", lambda d, x: d.map("sub", x, d.map("floor", x)))
about("choice_that_jumps", "TC672", "where(x < 0, 1, 2).", positive_jump)
about("truth_value", "TC674", "x < 1 as a number.", lambda d, x: d.node("compare", ["lt"], [x, d.constant(1)]))
about("connective", "TC674", "not x as a number.", lambda d, x: d.node("logic", ["not"], [x]))
about("root_at_zero", "TC674", "sqrt(x) on [0,inf): the derivative is not bounded at 0.", lambda d, x: d.map("sqrt", x), "[0,inf)")
about("root_of_a_square", "TC674", "sqrt(x*x) = |x|, but the rule multiplies infinity by 0.", lambda d, x: d.map("sqrt", d.map("mul", x, x)))
about("arcsine_at_the_end", "TC674", "asin on [-1,1].", lambda d, x: d.map("asin", x), "[-1,1]")
about("logarithm_of_anything", "TC670", "log(x) is not total.", lambda d, x: d.map("log", x))
about("quotient_by_zero", "TC670", "1/x is not total.", lambda d, x: d.map("div", d.constant(1), x))
about("inverse_power", "TC670", "x^-1 is not total.", lambda d, x: d.map("pow", x, d.constant(-1)))
about("small_power", "TC674", "x^(1/2) on [0,inf).", lambda d, x: d.map("pow", x, d.constant("1/2")), "[0,inf)")
about("partial_part", "TC670", "0 * log(x): a part is not total.", lambda d, x: d.map("mul", d.constant(0), d.map("log", x)))
about("moving_row", "TC673", "A row selected by an index that varies.",
      lambda d, x: d.node("lookup", [0], [vector(d, x), d.node("order", ["argmax", 0, 1, 1], [vector(d, x)], [1])], [1]))
about("position", "TC674", "The position of the largest entry.", lambda d, x: d.node("order", ["argmax", 0, 1, 1], [vector(d, x)], [1]))
about("eigenvalues", "TC674", "Eigenvalues: there is no lemma for them.", lambda d, x: d.node("linalg", ["eigvalsh"], [matrix(d, x)], [2]))
about("singular_values", "TC674", "Singular values: there is no lemma for them.", lambda d, x: d.node("linalg", ["svdvals"], [matrix(d, x)], [2]))


about("hidden_root", "TC674", "0*sqrt(|x|) is constant, and its derivative multiplies 0 by infinity.",
      lambda d, x: d.map("mul", d.constant(0), d.map("sqrt", d.map("abs", x))))


@enemy("TC670")
def conservative_without_steps():
    """No step is about the claimed node."""
    d = Draft()
    d.map("abs", d.input())
    document = d.document()
    document["claim"]["conservative"] = 1
    return document


@enemy("TC675")
def conservative_maybe():
    """The claim says 0: it states nothing and is not written."""
    d = Draft()
    d.map("abs", d.input())
    return claimed(d, 0)


@enemy("TC675")
def conservative_true():
    """The claim says true, which equals 1 in some languages."""
    d = Draft()
    d.map("abs", d.input())
    return claimed(d, True)


@enemy("TC671")
def conservative_assumed_about_an_argument():
    """A node's facts are assumed; there is no step about its argument."""
    d = Draft()
    x = d.input()
    n = d.map("abs", x)
    d.assumptions.append("abs is total")
    d.main.add("assume", n, (), [0], record(total=1))
    document = d.document()
    document["claim"]["conservative"] = 1
    return document
