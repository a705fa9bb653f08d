"""The HTML page is one harmless file; the graph is the derivation; the poset is the table."""

import re
from html.parser import HTMLParser
from xml.dom import minidom

import networkx
import pytest
from report_specimens import FORMULAS, formula, hostile, transformer

from tamecheck.reports import poset
from tamecheck.reports.graph import to_networkx
from tamecheck.reports.html import to_html
from tamecheck.reports.reading import Reading
from tamecheck.structures import lattice
from tamecheck.structures.table import TABLE


class Tags(HTMLParser):
    """Collect tags, and see that they nest."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("rect", "line"):
            return
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_pages_are_well_formed_and_self_contained(name):
    """Tags nest; nothing is loaded from elsewhere."""
    page = to_html(formula(name))
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {tag for tag, _ in tags.seen} & {"script", "img", "link", "iframe", "object"}
    assert not any({"src", "href", "onload", "onclick"} & set(attributes) for _, attributes in tags.seen)


def test_hostile_names_are_text():
    """A name cannot close a tag or open a script."""
    page = to_html(hostile())
    tags = Tags()
    tags.feed(page)
    assert "script" not in {tag for tag, _ in tags.seen}
    assert "\x1b" not in page and "\u202e" not in page


def test_a_large_page_lists_every_node():
    """The derivation of a transformer is whole."""
    document = transformer()
    page = to_html(document)
    assert len(re.findall(r'<tr id="n\d+">', page)) > 100
    assert "Where structures enter" in page


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_the_graph_is_the_program_of_the_claim(name):
    """One vertex per node, edges from arguments, acyclic, one sink."""
    document = formula(name)
    graph, r = to_networkx(document), Reading(document)
    assert networkx.is_directed_acyclic_graph(graph)
    assert sorted(graph) == r.cone
    assert [n for n in graph if graph.out_degree(n) == 0] == [r.target]
    assert graph.nodes[r.target]["homes"] == tuple(r.holds.homes.split("|") if r.holds.homes else ())


def test_homes_never_grow_along_an_edge_of_swish():
    """A node's up-set lies in those of its varying arguments."""
    graph = to_networkx(formula("swish"))
    for a, b in graph.edges:
        up_a = lattice.parse("|".join(graph.nodes[a]["homes"]))
        up_b = lattice.parse("|".join(graph.nodes[b]["homes"]))
        assert up_b & ~up_a == 0


def test_the_picture_draws_every_structure_and_every_inclusion():
    """The SVG is well formed and lines lead upwards."""
    picture = minidom.parseString(poset.poset_svg(lattice.UP["R_exp"]))
    assert len(picture.getElementsByTagName("line")) == sum(len(s.expands) for s in TABLE)
    assert len(picture.getElementsByTagName("g")) == len(TABLE)
    for line in picture.getElementsByTagName("line"):
        assert int(line.getAttribute("y1")) < int(line.getAttribute("y2"))
    assert set(poset.PLACES) == {s.name for s in TABLE}
    assert len(set(poset.PLACES.values())) == len(TABLE)


def test_the_text_picture_names_every_structure():
    """So does the one made of characters."""
    words = re.findall(r"R_[A-Za-z_]+", poset.poset_text())
    assert sorted(words) == sorted(s.name for s in TABLE)
    assert poset.table_text().splitlines()[0].startswith("structure")
    assert "R_exp does not expand R_an: sin on [0, 2 pi]" in poset.separations_text()
    assert "R_anstar_exp: R_Pfaff and above" in poset.open_text()
