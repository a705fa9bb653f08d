"""The tree on a terminal: complete, bounded, and harmless."""

import unicodedata

import pytest
from report_specimens import FORMULAS, formula, hostile, transformer

from tamecheck.reports.intervals import short_range
from tamecheck.reports.reading import Reading, clean
from tamecheck.reports.terminal import DEEPEST, explain, layout


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_every_node_is_printed_once_with_structure_rule_and_reference(name):
    """A small derivation is shown whole."""
    document = formula(name)
    r = Reading(document)
    text = explain(document, width=200).partition("\nwhy ")[0]
    for n in r.cone:
        lines = [line for line in text.splitlines() if line.lstrip("| ").startswith(f"#{n} ")]
        constant = r.nodes[n][0] == "constant"
        assert len(lines) == (0 if constant and n != r.target else 1), n
        if lines:
            fact = r.fact(n)
            assert (fact.homes if fact.varies and fact.homes else "home" if fact.varies else "constant") in lines[0]
            assert f"by {r.rule_words(n)}" in lines[0]
            assert not r.rule_references(n) or f"[{', '.join(r.rule_references(n))}]" in lines[0]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("swish", "definable in R_exp, as a function of its inputs"),
        ("arctan", "definable in R_an and in R_Pfaff, as a function of its inputs"),
        ("gelu", "definable in R_Pfaff, as a function of its inputs"),
        ("two homes", "definable in R_G_exp, as a function of its inputs"),
        ("sum with sine", "not definable in any o-minimal structure, as a function of its inputs"),
        ("unknown", "unknown, as a function of its inputs"),
        ("staircase", "not definable in any o-minimal structure, as a function of its inputs"),
        ("constant", "definable in R_lin, as a function of its inputs"),
    ],
)
def test_the_first_line_is_the_verdict(name, line):
    """One glance tells the verdict and the structures."""
    assert explain(formula(name)).splitlines()[0] == line


def test_a_refutation_is_told_from_the_curve_to_the_conclusion():
    """The reader sees the curve, the period and why the sum fails."""
    text = explain(formula("sum with sine"), width=200)
    assert "let x = t in every entry, t in (0,inf)" in text
    assert "#1 = sin(x) has the period 2*pi" in text
    assert "#2 = #1 + x determines #1 definably, so it is not definable in any o-minimal structure" in text


def test_an_argument_of_two_nodes_is_printed_once():
    """Shared nodes are quoted by number, not repeated."""
    text = explain(formula("swish"), width=200)
    assert sum(line.lstrip("| ").startswith("#0 x") for line in text.splitlines()) == 1


def test_a_long_derivation_is_summarised_and_cut():
    """Groups and entrances come first, and no more than the asked number of lines follows."""
    document = transformer()
    text = explain(document, limit=30)
    assert "by rule and fact" in text and "where structures enter" in text
    assert "R_Pfaff: 1 x erf, first at" in text
    assert sum(line.lstrip("| ").startswith("#") for line in text.splitlines()) == 30
    assert "more nodes, not shown (--limit)" in text


def test_a_deep_network_is_not_a_staircase():
    """The longest path goes straight down; side branches are shallow."""
    r = Reading(transformer())
    rows = layout(r, 10_000)
    assert max(depth for depth, _ in rows) <= 4 <= DEEPEST
    assert len({n for _, n in rows}) == len(rows)


def test_names_cannot_steer_the_terminal():
    """Escape sequences, line breaks and direction marks of a model file are never printed."""
    text = explain(hostile(), color=False)
    assert all(c == "\n" or unicodedata.category(c)[0] != "C" for c in text)
    assert clean("a\x1b[2Jb\u202ec\nd") == "a?[2Jb?c d"


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        ("[0,1]", "[0,1]"),
        ("(-110534964875445/70368744177664,inf)", "(~-1.5708, inf)"),
        ("[-1,110534964875445/70368744177664]", "[-1, ~1.5708]"),
        ("[1/1000000000000000000000000,2]", "[~0, 2]"),
        ("[0,123456789012345678901234567890]", "[0, ~1235e26]"),
    ],
)
def test_long_ends_are_rounded_outwards(interval, shown):
    """A shortened interval still holds all values."""
    assert short_range(interval) == shown
