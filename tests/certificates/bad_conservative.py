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
about(
    "moving_row",
    "TC673",
    "A row selected by an index that varies.",
    lambda d, x: d.node("lookup", [0], [vector(d, x), d.node("order", ["argmax", 0, 1, 1], [vector(d, x)], [1])], [1]),
)
about("position", "TC674", "The position of the largest entry.", lambda d, x: d.node("order", ["argmax", 0, 1, 1], [vector(d, x)], [1]))
about("exponential_of_a_matrix", "TC674", "expm: there is no lemma for it.", lambda d, x: d.node("linalg", ["expm"], [matrix(d, x)], [2, 2]))
about("pseudoinverse", "TC674", "The pseudoinverse jumps.", lambda d, x: d.node("linalg", ["pinv"], [matrix(d, x)], [2, 2]))


about(
    "hidden_root",
    "TC674",
    "0*sqrt(|x|) is constant, and its derivative multiplies 0 by infinity.",
    lambda d, x: d.map("mul", d.constant(0), d.map("sqrt", d.map("abs", x))),
)


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


def node(kind: str, parameters: list, *arguments: int) -> list:
    """A scalar node of a body."""
    return [kind, parameters, list(arguments), []]


H, Z = node("input", ["h", "data", "(-inf,inf)"]), node("input", ["z", "data", "(-inf,inf)"])


def rounds(
    nodes: list, outputs: list, arguments: Callable, ranges: list = ("(-inf,inf)", "(-inf,inf)"), carries: int = 1, assumed: bool = False
) -> Callable:
    """Seven rounds of a body, with ordinary steps about all of its nodes, and the claim about the first carry."""

    def make() -> dict:
        d = Draft()
        given = arguments(d)
        d.bodies.append({"bodies": [], "nodes": nodes})
        n = d.node("repeat", [0, 7, carries, 0, outputs], given)
        b, latest = d.body(0, list(ranges)), []
        for k, (kind, _, arguments_, _) in enumerate(nodes):
            latest.append(b.add(kind, k, [latest[a] for a in arguments_]))
        found = d.main.facts(*range(n))
        if assumed:
            d.assumptions.append("the loop ends")
            d.main.add("assume", n, (), [0], record(total=1))
        else:
            d.main.add("repeat", n, [found[a] for a in given], [0, [latest[o] for o in outputs]])
        document = d.document()
        document["claim"]["conservative"] = 1
        return document

    return make


def loops(name: str, code: str, why: str, *how: object, **more: object) -> None:
    """Register rounds."""
    add(f"conservative_rounds_{name}", code, why, rounds(*how, **more))


def both(d: Draft) -> list:
    """Two inputs that vary."""
    return [d.input("x"), d.input("w")]


def still(d: Draft) -> list:
    """A carry that starts at a number, and an input that varies."""
    return [d.constant(0), d.input("w")]


loops(
    "that_are_assumed",
    "TC677",
    "What the rounds compute is assumed; nothing says that they have derivatives.",
    [H, Z, node("map", ["abs"], 0)],
    [2],
    both,
    assumed=True,
)
loops("that_jump", "TC674", "h becomes round(h).", [H, Z, node("map", ["round"], 0)], [2], both)
loops("with_a_root", "TC674", "h becomes sqrt(|h|).", [H, Z, node("map", ["abs"], 0), node("map", ["sqrt"], 2)], [3], both)
loops(
    "with_a_hidden_root",
    "TC674",
    "h becomes z + 0*sqrt(|h|): the root moves, its multiple does not.",
    [
        H,
        Z,
        node("map", ["abs"], 0),
        node("map", ["sqrt"], 2),
        node("constant", ["splat", "0"]),
        node("map", ["mul"], 4, 3),
        node("map", ["add"], 1, 5),
    ],
    [6],
    both,
)
loops(
    "on_a_still_carry",
    "TC674",
    "The carry starts at 0 and moves from the second round on: h becomes z + round(h).",
    [H, Z, node("map", ["round"], 0), node("map", ["add"], 1, 2)],
    [3],
    still,
)
loops(
    "of_what_is_not_carried",
    "TC674",
    "h becomes h + floor(z): not the carry jumps.",
    [H, Z, node("map", ["floor"], 1), node("map", ["add"], 0, 2)],
    [3],
    both,
)
loops(
    "of_another_carry",
    "TC674",
    "The other carry jumps, and becomes the first in the next round.",
    [H, Z, node("map", ["floor"], 1)],
    [1, 2],
    both,
    carries=2,
)


def normed(name: str, code: str, why: str, build: Callable, listed: list | None = None, verdict: str = "conservative", **limits: int) -> None:
    """Register a program of x whose last root is listed as a norm."""

    def make() -> dict:
        d = Draft()
        n = build(d, d.input())
        return claimed(d, {"norms": [n] if listed is None else listed, "verdict": verdict})

    add(f"conservative_norm_{name}", code, why, make, **limits)


def root(d: Draft, u: int) -> int:
    """A square root."""
    return d.map("sqrt", u)


def length(d: Draft, x: int) -> int:
    """sqrt(x*x): good."""
    return root(d, d.map("mul", x, x))


def shifted(d: Draft, x: int) -> int:
    """sqrt(x*x + 1 - 1)."""
    return root(d, d.map("add", d.map("add", d.map("mul", x, x), d.constant(1)), d.constant(-1)))


def padded(d: Draft, x: int) -> int:
    """Roots of squares, padded with the number 2*|x|, which is no square."""
    squares = d.node("reindex", ["expand"], [d.map("mul", x, x)], [2])
    return root(d, d.node("reindex", ["pad", [[1, 0]]], [squares, d.map("abs", x)], [3]))


normed("without_nodes", "TC669", "No norm is listed: then the claim is 1.", length, [])
normed("listed_twice", "TC669", "The norms are not increasing.", length, [2, 2])
normed("that_may_be", "TC669", "Another verdict.", length, verdict="perhaps")
normed("of_a_kink", "TC678", "|x| is no root; it needs no list.", lambda d, x: d.map("abs", x))
normed("of_an_absolute_value", "TC667", "sqrt(|x|): |x| is no square, and the root of it is not Lipschitz.", lambda d, x: root(d, d.map("abs", x)))
normed("of_a_fourth_root", "TC667", "sqrt(sqrt(x*x)).", lambda d, x: root(d, length(d, x)))
normed("of_a_maximum", "TC667", "sqrt(max(x*x, |x|)).", lambda d, x: root(d, d.map("max", d.map("mul", x, x), d.map("abs", x))))
normed(
    "of_a_product",
    "TC667",
    "sqrt(|x| * |x|*2): the factor 2*|x| is no constant.",
    lambda d, x: root(d, d.map("mul", d.map("abs", x), d.map("add", d.map("abs", x), d.map("abs", x)))),
)
normed(
    "of_a_square_and_a_distance",
    "TC667",
    "sqrt(x*x + |x|) grows like the root of |x|.",
    lambda d, x: root(d, d.map("add", d.map("mul", x, x), d.map("abs", x))),
)
normed("of_what_is_padded", "TC667", "A fill that is no square.", padded)
normed("of_cubes", "TC667", "sqrt(|x|^3) is differentiable, and no norm.", lambda d, x: root(d, d.map("pow", d.map("abs", x), d.constant(3))))
normed("minus_one", "TC769", "sqrt(x*x + 1 - 1): a term is negative, so that others may be large where the root is 0.", shifted)
normed("of_too_many_terms", "TC679", "More terms than are followed.", length, MAXIMAL_SQUARES=0)


@enemy("TC668")
def conservative_norm_without_a_step():
    """The root is assumed to be total; there is no step about what is squared."""
    d = Draft()
    x = d.input()
    n = d.map("sqrt", d.map("mul", x, x))
    d.assumptions.append("the root is total")
    d.main.add("assume", n, (), [0], record(total=1))
    document = d.document()
    document["claim"]["conservative"] = {"norms": [n], "verdict": "conservative"}
    return document
