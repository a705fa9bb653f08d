"""Every code block of the documentation runs, and prints what the page shows.

In a page, ``console`` blocks hold commands after ``$`` and their output, ``python`` blocks are run from top to
bottom in one namespace (lines after ``>>>`` are compared), ``text`` blocks are not run.  ``...`` in an output
stands for anything.  Each page runs in an empty folder that holds ``resnet50.onnx``, the light
ResNet-50 of the onnx package.
"""

import doctest
import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tamecheck import cli

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LANGUAGES = {"console", "python", "text", "toml", "json", "latex", ""}
HAS_CHECKER = (ROOT / "tamecheck" / "checker.py").exists()


def blocks(page: Path) -> list[tuple[str, str, int]]:
    """Return (language, text, line) of every block of a page."""
    source = page.read_text(encoding="utf-8")
    return [(m.group(1), m.group(2), source.count("\n", 0, m.start()) + 1) for m in BLOCK.finditer(source)]


def commands(text: str) -> list[tuple[str, str]]:
    """Return (command, expected output) pairs of a console block."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def installed(text: str) -> bool:
    """Return whether the frameworks that a block imports are there; each such block imports what it needs."""
    return all([find_spec(name) is not None for name in re.findall(r"^(?:import|from) (torch|jax|tensorflow)\b", text, re.MULTILINE)])


def run_console(text: str, capfd, where: str) -> None:
    """Run commands and compare their output and, if a comment ``# exit N`` says so, their status."""
    for command, expected in commands(text):
        plain, _, comment = command.partition("  # exit ")
        words = shlex.split(plain)
        assert words[0] in ("tamecheck", "make"), f"{where}: {plain}"
        if words[0] == "make" or (not HAS_CHECKER and ("check" in words or "--check" in words)):
            continue
        capfd.readouterr()
        status = cli.main(words[1:])
        out = capfd.readouterr()
        assert status == int(comment or 0), f"{where}: {plain} exits with {status}: {out.err}"
        got = out.out + out.err
        if expected.strip():
            assert doctest.OutputChecker().check_output(expected, got, FLAGS), f"{where}: {plain}\nexpected\n{expected}\ngot\n{got}"


def run_python(text: str, namespace: dict, where: str) -> None:
    """Run a block; a session with prompts is compared with its output."""
    if ">>>" not in text:
        exec(compile(text, where, "exec"), namespace)  # noqa: S102 (documentation of our own)
        return
    test = doctest.DocTestParser().get_doctest(text, namespace, where, where, 0)
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    report: list[str] = []
    runner.run(test, out=report.append, clear_globs=False)
    namespace.update(test.globs)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_page_runs(page, tmp_path, monkeypatch, capfd):
    """What the page shows is what happens."""
    onnx = pytest.importorskip("onnx")
    shutil.copy(Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / "light_resnet50.onnx", tmp_path / "resnet50.onnx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    namespace: dict = {"__name__": "page"}
    for language, text, line in blocks(page):
        where = f"{page.name}:{line}"
        assert language in LANGUAGES, f"{where}: a block of unknown language {language!r}"
        if language == "console":
            run_console(text, capfd, where)
        elif language == "python" and (HAS_CHECKER or "check()" not in text) and installed(text):
            run_python(text, namespace, where)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    """A link to a file of the tree is a file, and an anchor is a heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ +(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{page.name} links to {target}"


def test_every_page_can_be_reached_from_the_index():
    """No page is lost."""
    seen, stack = set(), [ROOT / "docs" / "index.md"]
    while stack:
        page = stack.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        stack += [(page.parent / t.partition("#")[0]).resolve() for t in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
                  if "://" not in t and t.partition("#")[0]]  # fmt: skip
    assert [p.name for p in PAGES if p not in seen and p.name != "README.md"] == []


def test_a_wrong_page_is_noticed(tmp_path, capfd):
    """The test of the documentation can fail."""
    with pytest.raises(AssertionError, match="expected"):
        run_console('$ tamecheck certify "tanh(x)"\ndefinable in R_alg\n', capfd, "wrong.md:1")
