"""Double entry: two independent checkers compute the same record for every rule and random premises.

Homes, smoothness and flags must be equal.  Ranges and Lipschitz constants may be enclosed differently, but exact
arithmetic must agree to the last digit and enclosures must overlap.
"""

import os
import random
from collections.abc import Callable
from fractions import Fraction

import pytest
import second_checker as second

from tamecheck import checker as first

ROUNDS = 1_500 * int(os.environ.get("TAMECHECK_TEST_MULTIPLIER", "1"))
SMOOTHNESS = {second.NONE: first.ROUGH, second.SMOOTH: first.INFINITE, second.ANALYTIC: first.ANALYTIC}
NUMBERS = "0 1 -1 1/2 -1/2 2 -2 3 9/10 -9/10 1/3 -1/3 4 10 -3 -367/1000 -368/1000 100 3/2 5/2 1/100 22/7".split()
ENDS = [None] * 4 + [Fraction(q) for q in NUMBERS]
HOMES = [second.upset(t) for t in ("R_lin", "R_alg", "R_exp", "R_an", "R_an|R_Pfaff", "", "R_pow", "R_G_exp", "R_exp|R_an")]
ENCLOSED = {*second.PRIMITIVES, "pow", "cumulate prod"} - {"neg", "abs", "sign", "floor", "ceil", "round"}
LOOSE_LIP = {*second.PRIMITIVES, "pow", "div", "cumulate prod"}  # one of the two may know a better bound, or none


def random_range(rng: random.Random) -> second.Range:
    """Return an interval with corners that matter: zero, one, poles, branch points, half integers, points."""
    while True:
        low, high = rng.choice(ENDS), rng.choice(ENDS)
        if low is not None and high is not None and low > high:
            low, high = high, low
        r = (low, high, low is not None and rng.random() < 0.5, high is not None and rng.random() < 0.5)
        if rng.random() < 0.15:
            r = second.just(Fraction(rng.choice(NUMBERS)))
        if not second.empty(r):
            return r


def random_record(rng: random.Random) -> second.Record:
    """Return a settled record."""
    homes, smooth = rng.choice(HOMES), rng.choice([second.NONE, 0, 1, 2, second.SMOOTH, second.ANALYTIC, second.ANALYTIC])
    flags = [int(rng.random() < p) for p in (0.75, 0.7, 0.6, 0.6)]
    lip = rng.choice([None, Fraction(0), Fraction(1), Fraction(3, 2)])
    return second.settle(flags[0], homes, homes | rng.choice(HOMES), random_range(rng), flags[1], flags[2], smooth, flags[3], lip)


def as_first(r: second.Record) -> tuple:
    """Return a record in the form of the first checker."""
    return (*r[:6], SMOOTHNESS.get(r.smooth, r.smooth), *r[7:])


def compare(name: str, premises: list[second.Record], mine: second.Record, theirs: tuple) -> None:
    """Refuse two records that differ in what must not differ."""
    ours = as_first(mine)
    for k, column in enumerate(second.COLUMNS):
        where = f"{name}: {column} of {[p._asdict() for p in premises]}: {ours[k]} against {theirs[k]}"
        if column == "range" and name in ENCLOSED:
            assert second.meet(ours[3], theirs[3]) is not None, where
        elif column == "lip" and name in LOOSE_LIP:
            both = ours[8] is not None and theirs[8] is not None and ours[8] > 0
            assert not both or abs(ours[8] - theirs[8]) <= ours[8], where
        elif not (column == "bounded" and name in ("gamma", "lgamma", "lambertw")):  # follows from a range that one may have found
            assert ours[k] == theirs[k], where


def entrywise(rng: random.Random, p: list, f: list) -> tuple:
    """A primitive of one or two arguments."""
    if rng.random() < 0.6:
        name = rng.choice(sorted(second.PRIMITIVES))
        return name, p[:1], second.rule_map(name, False, p[:1]), first.unary(name, f[0])
    name, same = rng.choice(sorted(second.BINARY)), rng.random() < 0.1
    q, g = ([p[0], p[0]], [f[0], f[0]]) if same else (p[:2], f[:2])
    return name, q, second.rule_map(name, same, q), first.binary(name, *g, same)


def reductions(rng: random.Random, p: list, f: list) -> tuple:
    """A reduction or running reduction."""
    name, n = rng.choice(["sum", "prod", "max", "min"]), rng.choice([1, 2, 3, 7])
    if rng.random() < 0.5:
        return f"reduce {name}", p[:1], second.rule_reduce(name, n, p[:1]), first.reduction(name, f[0], n)
    exclusive = name in ("sum", "prod") and rng.random() < 0.5
    return f"cumulate {name}", p[:1], second.rule_cumulate(name, n, exclusive, p[:1]), first.running(name, f[0], n, int(exclusive))


def contractions(rng: random.Random, p: list, f: list) -> tuple:
    """A contraction of one to three tensors, or of one with itself."""
    n, many = rng.choice([0, 1, 2, 7]), rng.choice([1, 2, 3])
    if rng.random() < 0.2:
        return "contract", [p[0], p[0]], second.rule_contract(n, True, [p[0], p[0]]), first.contraction((f[0], f[0]), n, True)
    return "contract", p[:many], second.rule_contract(n, False, p[:many]), first.contraction(tuple(f[:many]), n, False)


def truths(rng: random.Random, p: list, f: list) -> tuple:
    """A comparison, a connective, a selection."""
    kind = rng.random()
    if kind < 0.4:
        name, same = rng.choice(["lt", "le", "eq", "ne"]), rng.random() < 0.1
        q, g = ([p[0], p[0]], [f[0], f[0]]) if same else (p[:2], f[:2])
        return name, q, second.rule_compare(name, same, q), first.comparison(name, *g, same)
    if kind < 0.6:
        name = rng.choice(["and", "or", "xor", "not"])
        many = 1 if name == "not" else 2
        return name, p[:many], second.rule_logic(name, p[:many]), first.connective(name, tuple(f[:many]))
    same = rng.random() < 0.1
    q, g = ([p[0], p[1], p[1]], [f[0], f[1], f[1]]) if same else (p, f)
    return "where", q, second.rule_where(same, q), first.choice(*g, same)


def tensors(rng: random.Random, p: list, f: list) -> tuple:
    """Selection of entries, ranking, lookup, linear algebra."""
    kind = rng.random()
    if kind < 0.25:
        return "reindex", p[:2], second.rule_reindex(p[:2]), first.selection(tuple(f[:2]))
    if kind < 0.5:
        name, n = rng.choice(sorted(second.ORDERINGS)), rng.choice([1, 2, 5])
        return name, p[:1], second.rule_order(name in ("sort", "topk"), n, p[:1]), first.ordering(name, f[0], n)
    if kind < 0.75:
        certain = rng.random() < 0.5
        return "lookup", p[:2], second.rule_lookup(certain, p[:2]), first.look_up(*f[:2], certain)
    name = rng.choice(sorted(second.LINALG))
    many = 2 if name == "solve" else 1
    return name, p[:many], second.rule_linalg(name, p[:many]), first.linear_algebra(name, tuple(f[:many]))


@pytest.mark.parametrize("family", [entrywise, reductions, contractions, truths, tensors])
def test_two_checkers_compute_the_same_records(family: Callable):
    """Whatever the premises, both checkers draw the same conclusion."""
    rng = random.Random(7)
    for _ in range(ROUNDS):
        premises = [random_record(rng) for _ in range(3)]
        compare(*family(rng, premises, [as_first(p) for p in premises]))


def test_two_tables_of_structures():
    """Both checkers have the same structures, in the same order, with the same inclusions."""
    assert second.NAMES == first.NAMES
    assert second.UP == first.UP
    assert second.DOWN == first.DOWN


@pytest.mark.parametrize("name", sorted(second.EXCLUDED))
def test_two_tables_of_exclusions(name):
    """Both checkers exclude the same structures for each primitive."""
    anywhere, far, only_up, _ = first.NEGATIVE_AXIOMS[name]
    on_intervals, unbounded, unbounded_above, _ = second.EXCLUDED[name]
    assert second.below(on_intervals) == anywhere
    assert second.below(f"{unbounded} {unbounded_above}") | anywhere == far | anywhere
    assert bool(only_up) or not unbounded_above
