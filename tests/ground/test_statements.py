"""From text to prenex formulas: cases, quantifiers, names."""

import pytest

from tamecheck.errors import InputError
from tamecheck.ground import statements


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [
        ("exists u, v: (max(u,0)+max(v,0)-1)^2+(max(-u,0)+max(-v,0)-2)^2 <= c", 4),  # not 16: u and -u are split alike
        ("relu(x)-relu(-x) == 1", 2), ("abs(x)+abs(-x) < 1", 2), ("max(x,y)+min(x,y) == 1", 2), ("sign(x) == 1", 3), ("x > 0", 1),
    ],
)  # fmt: skip
def test_cases_that_contradict_each_other_are_dropped(text, alternatives):
    """Conditions about one polynomial are joined."""
    f = statements.read(text)
    root = f.nodes[f.root]
    found = len(root[1]) if root[0] == "or" else 1
    # cases that are decided at once may disappear, none is added
    assert found <= alternatives


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("forall x: exists y: y > x", [("forall", "x"), ("exists", "y")]),
        ("not (exists x: x > y)", [("forall", "x")]),
        ("(exists x: x > 0) and (exists x: x < 0)", [("exists", "x"), ("exists", "x_1")]),
        ("(exists x: x > y) implies y > 0", [("forall", "x")]),
        ("x > 0", []),
    ],
)
def test_quantifiers_move_to_the_front(text, prefix):
    """Each has a variable of its own."""
    assert list(statements.read(text).prefix) == prefix


@pytest.mark.parametrize(
    "text", ["x^2+y <= 0 and x*y != 1", "forall x: x^2+b*x+c >= 0", "x == 1 or (x < 0 and y >= 2)", "exists x: x^2 == 2 and y < x"]
)
def test_printing_and_reading_again_is_the_identity(text):
    """The language prints itself."""
    f = statements.read(text)
    again = statements.read(f.text(), f.ring.names)
    assert again.text() == f.text() and again.prefix == f.prefix


def test_free_variables_must_be_listed_if_a_list_is_given():
    """TC102 and the name."""
    with pytest.raises(InputError, match="TC102.*'c'"):
        statements.read("x + c > 0", ["x"])
