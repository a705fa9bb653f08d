"""Bugs that random comparisons of critical values brought to light, in their smallest form."""

from tamecheck.geometry.cad.back_substitution import between
from tamecheck.ground.algebraic import real_roots


def test_a_number_between_two_close_irrational_ones():
    """Where the denominator needs more bits than the precision in force, the integer part was not certain and the decision ended in an error."""
    low = real_roots((-2, 0, 1))[1][0]
    high = real_roots((-(2 * 10**60 + 1), 0, 10**60))[1][0]
    x = between([(low, 1), (high, 1)], 1)
    assert low < x < high
