"""The language of formulas: precedences, exact numbers, forms, limits, messages."""

import random
from fractions import Fraction

import pytest

from tamecheck.errors import InputError
from tamecheck.ground.grammar import FormulaError, Limits, parse
from tamecheck.ground.printing import to_text

PRECEDENCE = [
    ("-x**2", "-(x**2)"), ("-x^2", "-(x**2)"), ("2**-x", "2**(-x)"), ("2**-x**2*3", "(2**(-(x**2)))*3"), ("x**y**z", "x**(y**z)"),
    ("x - y - z", "(x - y) - z"), ("x - (y - z)", "x - (y - z)"), ("x/y/z", "(x/y)/z"), ("x/y*z", "(x/y)*z"), ("x + y*z", "x + (y*z)"),
    ("-x*y", "(-x)*y"), ("-x - -y", "(-x) - (-y)"), ("x % y * z", "(x % y)*z"), ("x // y ** z", "x // (y**z)"), ("+x", "x"),
    ("x < y and y < z or z < 1", "(x < y and y < z) or (z < 1)"), ("not x < y and y < z", "(not (x < y)) and (y < z)"),
    ("x < y < z", "And(x < y, y < z)"), ("x + 1 < y * 2", "(x + 1) < (y*2)"),
    ("(x < 1) | (y < 1) & (z < 1)", "(x < 1) | ((y < 1) & (z < 1))"),
    ("~(x < 1) & (y < 1)", "(not x < 1) and y < 1"), ("x < 1 implies y < 1 implies z < 1", "x < 1 implies (y < 1 implies z < 1)"),
    ("x < 1 or y < 1 implies z < 1", "(x < 1 or y < 1) implies z < 1"), ("x < 1 iff y < 1 and z < 1", "x < 1 iff (y < 1 and z < 1)"),
    ("exists t: t < x and x < y", "exists t: (t < x and x < y)"),
    ("x < 1 and exists t: t < x or x < y", "x < 1 and (exists t: t < x or x < y)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meaning"), PRECEDENCE)
def test_precedences_are_those_of_python(text, meaning):
    """A formula means what its fully parenthesised form means."""
    assert to_text(parse(text)) == to_text(parse(meaning))


SAME = [
    ("x > y", "y < x"), ("x >= y", "y <= x"), ("Piecewise((1, x > 0), (2, True))", "where(x > 0, 1, 2)"),
    ("piecewise((1, x > 0), (2, x < -1), 3)", "where(x > 0, 1, where(x < -1, 2, 3))"), ("let u = x + 1; u*u", "(x + 1)*(x + 1)"),
    ("let u = x; let v = u*u; v + u", "x*x + x"), ("Ne(x, 0)", "x != 0"), ("And(x > 0, y > 0, x < y)", "And(x > 0, y > 0, x < y)"),
    ("1.50", "1.5"), ("1e3", "1000"), ("1E-2", "0.01"), (".5", "0.5"), ("5.", "5"), ("007", "7"), ("E", "e"),
    ("detach(x)", "stop_gradient(x)"),
    ("piecewise(x)", "x"), ("Piecewise((x, True))", "x"), ("x\n + \t1", "x+1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "same"), SAME)
def test_spellings(text, same):
    """Several spellings are one tree."""
    assert to_text(parse(text)) == to_text(parse(same))


NUMBERS = [
    ("0.1", Fraction(1, 10)), ("3.25e2", 325), ("1e-400", Fraction(1, 10**400)),
    ("12345678901234567890.5", Fraction(24691357802469135781, 2)),
    ("0e99999", None), ("1e4000", None), ("1e3999", 10**3999),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_decimals_are_exact(text, expected):
    """A decimal is the rational it denotes; no float is ever made; huge ones are refused."""
    if expected is None:
        with pytest.raises(FormulaError, match="TC112"):
            parse(text)
    else:
        assert parse(text).nodes[0] == ("number", Fraction(expected), ())


MESSAGES = [
    ("", "TC101 the formula is empty"), ("x +", "ends where a value is expected; in the formula at column 4"),
    ("2x", "expected an operator before 'x'"),
    ("(x", "this parenthesis is never closed; in the formula at column 1"), ("x)", "never opened; in the formula at column 2"),
    ("x = 3", "try: == compares"), ("sinn(x)", "TC102 unknown function 'sinn'; .* did you mean 'sin'"),
    ("where(x, 1, 2)", "must be a condition"),
    ("x > 0 & y > 1", "use 'and', 'or'"), ("max()", r"TC113 max\(\) needs arguments"), ("sin(x, y)", "TC113 sin takes 1 argument, got 2"),
    ("where(x > 0, 1)", "TC113 where takes 3 arguments, got 2"), ("inf", "no number of the reals is infinite"), ("1e9999", "TC112"),
    ("x if x > 0 else 1", "before 'if'"), ("lambda: 1", "'lambda' is not part of formulas"), ("x.real", "no attributes"),
    ("'x'", "no strings"),
    ("π*x", "write pi"), ("x ≤ 1", "write <="), ("x²", "write "), ("Piecewise((1, x > 0))", "no value where every condition fails"),
    ("(x, y)", "belong into piecewise"), ("x, y", "decimal numbers have a point"), ("sin + 1", "'sin' is a function"),
    ("x**", "a value is expected"),
    ("let x = 1", "must end with ';'"), ("let sin = 1; 2; 3", "unexpected ';'"), ("let u = 1; let u = 2; u", "already in use"),
    ("exists t: t", "must be a condition"), ("exists 3: x > 0", "needs names"),
    ("(exists t: t > 0) and t < 1", "outside of its quantifier"),
    ("t > 0 and exists t: t < 1", "already in use"), ("a == not b", "in parentheses"), ("()", "empty parentheses"),
    ("x(y)", "unknown function 'x'"),
    ("piecewise((1, x > 0), 2, 3)", "every case of piecewise but the last is a pair"),
    ("piecewise((1, True), (2, x > 0), 3)", "never in question"),
    ("a" * 101, "TC111 a name of 101 characters"), ("x + 'a'", "no strings"), ("_x", "start with a letter"), ("I*x", "I is not real"),
]  # fmt: skip
FUNCTIONS = {"sin": (1, 1), "max": (1, None), "relu": (1, 1), "softplus": (1, 3)}


@pytest.mark.parametrize(("text", "message"), MESSAGES)
def test_refusals_say_what_where_and_what_to_try(text, message):
    """A refusal is one line with a code, a place and advice."""
    with pytest.raises(FormulaError, match=message) as caught:
        parse(text, functions=FUNCTIONS)
    assert "\n" not in str(caught.value)
    assert caught.value.caret().splitlines()[1].strip() == "^"


def test_message_for_depth():
    """Nesting beyond the limit is refused at the parenthesis that exceeds it, with a way out."""
    with pytest.raises(FormulaError) as caught:
        parse("x + " + "(" * 100_000)
    assert str(caught.value) == (
        "TC110 formula too deep: nesting 201, limit 200; in the formula at column 205; "
        "try: name subexpressions (let u = ...; u*u), or raise limits.nesting if you trust the text"
    )
    assert parse("(" * 200 + "x" + ")" * 200).nodes == [("name", "x", ())]
    assert parse("(" * 5000 + "x" + ")" * 5000, limits=Limits(nesting=5000)).root == 0


def test_caret_points_at_the_column():
    """The caret stands under the guilty character, also in a long formula and on a later line."""
    with pytest.raises(FormulaError) as caught:
        parse("x + " * 100 + "$ + " + "x + " * 100 + "x")
    shown, caret = caught.value.caret().splitlines()
    assert shown[caret.index("^")] == "$"
    with pytest.raises(FormulaError, match="column 3 of line 2"):
        parse("x +\n  $")


def test_declared_names_only():
    """With declared names every other name is refused; a declared name hides a constant or a function."""
    with pytest.raises(FormulaError, match="TC102 unknown name 'weigth'; .* did you mean 'weight'"):
        parse("weigth*x", names=["weight", "x"])
    assert parse("e*x", names=["e", "x"]).names() == ["e", "x"]
    assert parse("gamma*x", names=["gamma", "x"], functions={"gamma": (1, 1)}).names() == ["gamma", "x"]
    with pytest.raises(FormulaError, match="is a variable, not a function"):
        parse("x(3)", names=["x"], functions={})


def test_names_are_in_order_and_free():
    """Free names are listed as they appear; quantified ones are not free."""
    assert parse("z*a + where(exists t: t < b, a, 1)").names() == ["z", "a", "b"]


def test_a_condition_may_be_a_number_but_not_the_other_way_round():
    """x*(x > 0) is allowed; not x is refused."""
    assert parse("x*(x > 0)").nodes[-1][0] == "mul"
    with pytest.raises(FormulaError, match="condition"):
        parse("not x")


def test_long_flat_formulas_are_fine():
    """A sum of 10^5 terms, a tower of 10^5 powers and 10^5 signs are parsed without recursion."""
    assert len(parse("+".join(f"x{k}" for k in range(100_000))).nodes) == 199_999
    assert len(parse("**".join(["x"] * 100_000)).nodes) == 100_000
    assert len(parse("-" * 100_000 + "x").nodes) == 100_001


def test_doubling_is_shared():
    """Two hundred doublings by let are four hundred nodes, and print in linear space."""
    text = "let u0 = x + 1; " + "".join(f"let u{k + 1} = u{k}*u{k} + 1; " for k in range(200)) + "u200"
    tree = parse(text)
    assert len(tree.nodes) < 500
    assert len(to_text(tree)) < 20_000
    assert parse(to_text(tree)).nodes == tree.nodes


def test_only_text_is_parsed():
    """Anything but a str is refused."""
    for thing in (b"x", 3, None, ["x"]):
        with pytest.raises(InputError, match="TC101 a formula is a text"):
            parse(thing)


def random_text(rng: random.Random, size: int) -> str:
    """Return a random formula, biased to operators that interact."""
    if size <= 0:
        return rng.choice(["x", "y", "1", "0.25", "1/3", "pi", "e", "2"])
    a, b = random_text(rng, size - 1 - rng.randrange(3)), random_text(rng, size - 1 - rng.randrange(3))
    c = f"({a}) < {b}" if rng.random() < 0.7 else f"not ({a} == {b} or {b} <= 1)"
    return rng.choice([
        f"({a}) + {b}", f"{a} - ({b})", f"({a})*({b})", f"({a})/({b})", f"({a})**({b})", f"-({a})", f"({a})**-({b})", f"-({a})**2",
        f"max({a}, {b}, 1)", f"where({c}, {a}, {b})", f"({a})*({c})", f"stop_gradient({a})", f"({a}) % ({b})", f"sin({a})", f"let_({a})",
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_print_then_parse_is_the_identity(seed):
    """The printed text of a tree parses to the same tree."""
    tree = parse(random_text(random.Random(seed), 6), limits=Limits(nesting=2000))
    text = to_text(tree)
    again = parse(text)
    assert to_text(again) == text
    kinds = sorted([tree.nodes[n][0] for n in tree.needed()])
    assert sorted([again.nodes[n][0] for n in again.needed()]) == kinds


def test_greek_letters_are_variables_without_brackets():
    """x*beta has a parameter called beta; tanh without brackets stays an error."""
    from tamecheck.frontends.sources import read

    found = read("x*beta + gamma(x) + zeta")
    assert [found.program.nodes[n][1][0] for n in found.program.inputs()] == ["x", "beta", "zeta"]
    with pytest.raises(FormulaError, match="is a function"):
        read("x*tanh")
