"""The activation report in LaTeX and HTML: what is printed is what was proved, escaped, self-contained, and compiles."""

import re
import shutil
import subprocess

import pytest

from tamecheck import cli
from tamecheck.activation_report import activation

SPECIMENS = [
    "gelu(x)", "hardswish(x)", "x*tanh(log(1 + exp(x)))", "x*log(x)", "elu(x)", "sin(x)", "tan(x)", "floor(x)", "gamma(x)", "sign(x)",
    "where(abs(x) < 1, exp(-1/(1 - x^2)), 0)", "x/(exp(x) - 1)", "sqrt(abs(x))*asinh(x)/12", "1/(x^2 - 2)", "x^5 - x - 1", "exp(exp(x))", "0*x",
]  # fmt: skip


@pytest.fixture(scope="module")
def pages():
    """Return the LaTeX pages of the specimens."""
    return {f: activation(f).to_latex() for f in SPECIMENS}


@pytest.mark.parametrize("formula", SPECIMENS)
def test_every_citation_has_its_entry_and_braces_match(pages, formula):
    """The page is complete in itself: citations, environments, braces."""
    page = pages[formula]
    cited = {key for keys in re.findall(r"\\cite\{([^}]*)\}", page) for key in keys.split(",")}
    assert cited <= set(re.findall(r"\\bibitem\{([^}]*)\}", page))
    plain = re.sub(r"\\[{}]", "", page)
    assert plain.count("{") == plain.count("}")
    assert sorted(re.findall(r"\\begin\{(\w+\*?)\}", page)) == sorted(re.findall(r"\\end\{(\w+\*?)\}", page))
    assert "None" not in page and r"\square" in page


@pytest.mark.parametrize(
    ("formula", "statements"),
    [
        ("gelu(x)", [r"strictly concave on $(-\infty,\,\allowbreak -\sqrt{2})$", r"a global minimum $-0.1699712074\ldots$ at $-0.7517915246\ldots$",
                     r"definable, with parameters, in the o-minimal structure $\mathbb{R}_{\mathrm{Pfaff}}$", r"f'' > 0"]),
        ("hardswish(x)", [r"$-3$ ($C^{0}$; $f'$ from the left $0$, from the right $-\tfrac{1}{2}$)", r"all of $(-\infty,\,\allowbreak -3)$"]),
        ("elu(x)", [r"So the joint is of class $C^{1}$ and not of class $C^{2}$"]),
        ("sin(x)", [r"$f$ is definable in no o-minimal expansion of the real field.", r"\paragraph{Not claimed.}"]),
        ("x*log(x)", [r"a global minimum $-e^{-1} = -0.3678794411\ldots$ at $e^{-1} = 0.3678794411\ldots$", r"$f$ is not globally Lipschitz."]),
        ("sign(x)", [r"It has a jump at $0$ (limits $-1$ and $1$).", "discontinuous"]),
    ],
)  # fmt: skip
def test_the_proposition_states_what_was_proved(pages, formula, statements):
    """Exact points, enclosures by their certain digits, one-sided derivatives, refusals."""
    for statement in statements:
        assert statement in pages[formula]


def test_an_open_list_is_not_called_complete(pages):
    """Where zeros are open the page does not say that it has all of them."""
    assert "Among the zeros of $f$ are" in pages["sin(x)"] and "The zeros of $f$ are" not in pages["sin(x)"]


def test_hostile_names_print_and_do_nothing_else():
    """A variable and a formula with underscores and hats come out escaped."""
    page = activation("a_b^2 + a_b", variable="a_b").to_latex()
    assert r"a\_\allowbreak{}b\textasciicircum{}2" in page and "a_b^2" not in page


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
@pytest.mark.parametrize("formula", SPECIMENS[:3])
def test_pages_compile(tmp_path, pages, formula):
    """pdflatex accepts the page, without further files."""
    compiled(tmp_path, pages[formula])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_pages_of_many_formulas_compile(tmp_path, pages):
    """The same for every specimen."""
    for page in pages.values():
        compiled(tmp_path, page)


def compiled(folder, page):
    """Run pdflatex and stop at the first error."""
    (folder / "page.tex").write_text(page)
    run = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:]


def test_html_is_self_contained_and_escaped():
    """No script, nothing from elsewhere, comparison signs escaped, a policy that forbids everything but styles and the picture."""
    page = activation("where(x < 0, 0, x)").to_html()
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert "where(x &lt; 0, 0, x)" in page and "default-src 'none'" in page
    assert re.search(r"in R_lin, and in no smaller named one", page)


def test_notebooks_show_a_fragment():
    """The representation of a report is a piece of a page; several of them do not share identifiers."""
    piece = activation("relu(x)")._repr_html_()
    assert piece.startswith("<style>") and "<html" not in piece and ' id="' not in piece


def test_long_lists_fold():
    """More than ten lines of a section are behind a summary in HTML, and cut on the screen."""
    report = activation("tan(x)")
    assert "<details><summary>" in report.to_html()
    assert all(len(line) <= 80 for line in report.to_text().splitlines())


def test_the_command_writes_what_was_asked_for(tmp_path, capsys):
    """Picture, page and proposition by options; JSON names the files."""
    import json

    pytest.importorskip("matplotlib")
    files = {name: str(tmp_path / f"out.{kind}") for name, kind in (("plot", "svg"), ("latex", "tex"), ("html", "html"))}
    words = [word for name, path in files.items() for word in (f"--{name}", path)]
    assert cli.main(["activation", "tanh(x)", "--json", *words]) == 0
    assert {k: json.loads(capsys.readouterr().out)[k] for k in ()} == {}
    assert all((tmp_path / f"out.{kind}").stat().st_size > 1000 for kind in ("svg", "tex", "html"))
    assert cli.main(["activation", "tanh(x)", "--plot", files["plot"]]) == 0
    assert f"plot written to {files['plot']}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "first"),
    [
        (("elu(x, a)", "--parameter", "a=1"), 0, ""),
        (("elu(x, a)",), 0, "note: no value is given for a, so this is about the family; --parameter a=1 reports on one member"),
        (("elu(x, a)", "--range", "a=0,inf"), 0, ""),
        (("elu(x, a)", "--learnt", "a"), 0, ""),
        (("elu(x, a)", "--range", "b=0,1"), 3, "TC154 'b' is no parameter of the formula; in elu(x, a); try: the parameters are a"),
        (("elu(x, a)", "--range", "a=1"), 3, "TC105 not a parameter: 'a=1'"),
        (("elu(x, a)", "--range", "a=0,1", "--parameter", "a=1"), 3, "TC105 'a' is given twice"),
        (("elu(x, a)", "--plot", "a.svg"), 3, "TC157 a family has no single graph"),
        (("tanh(y)",), 3, "TC153 the formula does not contain the variable 'x'; in tanh(y); try: --var NAME with one of y"),
        (("3",), 3, "TC153 the formula does not contain the variable 'x'"),
        (("0/0*x",), 3, "TC152 the function is defined nowhere"),
        (("tanh(x)", "--domain=1"), 3, "TC101 '1' is no box; try: --domain=-1,1"),
        (("tanh(x)", "--plot", "a.gif"), 3, "TC155 cannot draw a file of kind '.gif'"),
    ],
)
def test_the_command_and_its_messages(capsys, words, status, first):
    """Families by option, and one clear line for everything bad."""
    assert cli.main(["activation", *words]) == status
    assert capsys.readouterr().err.startswith(first)
