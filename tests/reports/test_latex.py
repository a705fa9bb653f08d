"""The LaTeX page compiles, says the theorem, cites what it uses, and obeys no name."""

import re
import shutil
import subprocess
from fractions import Fraction

import pytest
from report_specimens import FORMULAS, formula, hostile, transformer

from tamecheck.reports import mathematics as m
from tamecheck.reports.latex import to_latex
from tamecheck.structures.table import TABLE

needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def compile_page(text: str, folder) -> str:
    """Compile twice and return the log; fail on any error."""
    (folder / "page.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    for _ in range(2):
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
        assert run.returncode == 0, run.stdout[-1500:]
    return run.stdout


@needs_pdflatex
@pytest.mark.parametrize("name", ["swish", "sum with sine", "elu", "two homes", "jump", "partial"])
def test_small_proofs_compile_without_warnings(name, tmp_path):
    """No error, no undefined reference, no line that sticks out."""
    log = compile_page(to_latex(formula(name)), tmp_path)
    assert "undefined" not in log and "Overfull" not in log


@needs_pdflatex
def test_a_long_proof_compiles(tmp_path):
    """A transformer's proof is grouped, with an appendix."""
    text = to_latex(transformer())
    assert "By induction" in text and "Appendix" in text
    log = compile_page(text, tmp_path)
    assert "undefined" not in log


@needs_pdflatex
def test_hostile_names_are_printed_and_not_obeyed(tmp_path):
    """Names with TeX commands compile to themselves."""
    text = to_latex(hostile())
    assert "\\input{/etc" not in text and text.isascii()
    compile_page(text, tmp_path)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_citations_and_bibliography_agree(name):
    """Every citation has its entry and every entry is of use."""
    text = to_latex(formula(name))
    cited = {key for group in re.findall(r"\\cite\{([^}]*)\}", text) for key in group.split(",")}
    listed = set(re.findall(r"\\bibitem\{([^}]*)\}", text))
    assert cited <= listed
    assert text.count("\\begin{") == text.count("\\end{")


def test_the_theorem_names_the_structures():
    """The statement of arctan."""
    text = to_latex(formula("arctan"))
    assert r"definable, with parameters, in the o-minimal structures $\mathbb{R}_{\mathrm{an}}$ and $\mathbb{R}_{\mathrm{Pfaff}}$" in text
    assert r"not definable in $\mathbb{R}_{\exp}$, nor in any reduct of it" in text
    assert r"\arctan" in text


def test_the_negative_theorem():
    """The statement of x + sin x."""
    text = to_latex(formula("sum with sine"))
    assert "definable in no o-minimal expansion of the real ordered field" in text
    assert r"has the period $2\pi$" in text


@pytest.mark.parametrize("structure", TABLE, ids=str)
def test_every_structure_has_a_symbol(structure):
    """No underscore reaches mathematics as text."""
    assert re.fullmatch(r"\\mathbb\{R\}_\{[\\a-zA-Z{}^*,]+\}", m.structure(structure.name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", "3"), ("-1/2", "-0.5"), ("1/3", r"\tfrac{1}{3}"), ("-1/3", r"-\tfrac{1}{3}"),
        ("110534964875445/70368744177664", r"1.5707\ldots"),
        ("1/100000", r"0.00001"), ("10995117/1099511627776", r"1.0000\ldots\cdot 10^{-5}"), ("123456789012", r"1.2345\ldots\cdot 10^{11}"),
        ("1/1024", r"\tfrac{1}{1024}"),
    ],
)  # fmt: skip
def test_numbers_are_exact_or_marked(text, expected):
    """A cut number shows that it is cut."""
    assert m.number(text) == expected


def test_leading_digits_are_a_truncation():
    """The digits shown are those of the number."""
    for q in (Fraction(1, 7), Fraction(355, 113), Fraction(99999, 100000), Fraction(10**9 + 1, 10**15)):
        shown = m.leading_digits(q)
        digits, _, power = shown.replace(r"\ldots", "").partition(r"\cdot 10^{")
        value = Fraction(digits) * Fraction(10) ** int(power[:-1] or 0) if power else Fraction(digits)
        assert value <= q < value * (1 + Fraction(1, 1000))


@pytest.mark.parametrize("character", [chr(c) for c in range(32, 127)])
def test_every_printable_character_is_escaped(character):
    """Only letters, digits and harmless marks go through as they are."""
    escaped = m.escape(character)
    assert escaped == character if character.isalnum() or character in " !()*+,./:;=?@[]" else escaped != character
