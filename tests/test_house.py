"""The house rules: floors, the stranger beside the house, no dangerous word on the proof path, a cheap import."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tamecheck"
FILES = sorted(PACKAGE.rglob("*.py"))
FLOORS = {
    "errors": 0, "budget": 0, "cell_checker": 0, "ground": 1, "structures": 2, "programs": 3, "kernel": 4, "proofs": 5, "geometry": 5, "autodiff": 5,
    "frontends": 7, "reports": 7, "flows": 7, "certification": 8, "networks": 8,
    **{f"{name}_report": 9 for name in ("activation", "strata", "critical", "conservative", "implicit", "homogeneity", "flow")},
    "critical_certified": 9, "critical_boxes": 9, "conservative_models": 9, "activation_families": 9, "frameworks": 9, "testing": 9,
    "commands": 9, "cli": 9, "__main__": 9,
}  # fmt: skip
PROOF_PATH = ("ground", "structures", "programs", "kernel", "proofs", "checker.py", "cell_checker.py")
EVIDENCE = {"tamecheck/programs/evaluate.py"}  # numbers that prove nothing, in floating point
DEBTS: set[tuple[str, str]] = set()  # exceptions to the floors; a paid debt must be struck off
STRANGERS = ("tamecheck", "sympy", "z3", "networkx", "numpy", "onnx", "torch")
HEAVY = ("sympy", "z3", "networkx", "numpy", "scipy", "onnx", "torch", "rich", "flint", "jax", "keras")
FORBIDDEN = re.compile(r"\b(?:claude|chatgpt|copilot|openai|anthropic|llm|ai-generated|language model wrote)\b", re.IGNORECASE)
MACHINE = re.compile(r"/(?:work|root|home/[a-z]+|tmp)/|pypi\.org|files\.pythonhosted", re.IGNORECASE)


def name_of(path: Path) -> str:
    """Return the path as the messages show it."""
    return path.relative_to(ROOT).as_posix()


def floor_of(module: str) -> int | None:
    """Return the floor of a dotted module name of the package."""
    parts = module.split(".")
    return FLOORS.get(parts[1]) if len(parts) > 1 and parts[0] == "tamecheck" else None


def imports_of(tree: ast.AST) -> list[str]:
    """Return the dotted names that a file imports, wherever in the file."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def typing_only(tree: ast.AST) -> set[str]:
    """Return what is imported only under ``TYPE_CHECKING``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            found.update(imports_of(node))
    return found


@pytest.mark.parametrize("path", [p for p in FILES if p.name not in ("__init__.py", "checker.py") or p.parent != PACKAGE], ids=name_of)
def test_data_flows_upward_only(path):
    """A file imports from its own floor or from below."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = floor_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert own is not None, f"{name_of(path)} stands on no floor"
    later = typing_only(tree)
    for module in imports_of(tree):
        floor = floor_of(module)
        if module in later or floor is None or (name_of(path), module) in DEBTS:
            continue
        assert floor <= own, f"{name_of(path)} (floor {own}) imports {module} (floor {floor})"


def test_debts_are_struck_off_when_paid():
    """An exception that is no longer needed is an error."""
    for name, module in DEBTS:
        assert module in imports_of(ast.parse((ROOT / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", [p for p in FILES if p.relative_to(PACKAGE).parts[0] in PROOF_PATH], ids=name_of)
def test_nothing_dangerous_on_the_proof_path(path):
    """No assert (python -O removes it), no float literal or cast, no eval, exec, compile or pickle."""
    if name_of(path) in EVIDENCE:
        pytest.skip("floating point by purpose")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spelling = {id(k.value) for n in ast.walk(tree) if isinstance(n, ast.Call) for k in n.keywords if k.arg == "cutoff"}
    for node in ast.walk(tree):
        if id(node) in spelling:  # how alike two names must be for "did you mean"
            continue
        where = f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.Assert), f"assert in {where}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"float literal in {where}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile", "__import__"), f"{node.func.id} in {where}"
    for module in imports_of(tree):
        assert module.split(".")[0] not in ("pickle", "marshal", "shelve", "dill", "cloudpickle"), f"{module} in {name_of(path)}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_string_is_handed_to_sympy_or_a_solver(path):
    """Their functions evaluate text: any text can be a program."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = node.func.value.id if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) else ""
        text = any(isinstance(a, (ast.JoinedStr,)) or (isinstance(a, ast.Constant) and isinstance(a.value, str)) for a in node.args)
        if called in ("sympify", "parse_expr", "parse_smt2_string", "parse_smt2_file"):
            pytest.fail(f"{called} in {name_of(path)}:{node.lineno}")
        if owner == "sympy" and text and called not in ("Symbol", "Dummy", "Function"):  # these name, and do not read
            pytest.fail(f"a text handed to sympy.{called} in {name_of(path)}:{node.lineno}")


@pytest.mark.parametrize(
    ("door", "library"), [("sympy_io.py", "sympy"), ("onnx", "onnx"), ("frameworks/torch_", "torch"), ("jax_", "jax")]
)
def test_heavy_libraries_have_one_door(door, library):
    """sympy, onnx and torch are imported in their own reader and nowhere else."""
    for path in FILES:
        if any(module.split(".")[0] == library for module in imports_of(ast.parse(path.read_text(encoding="utf-8")))):
            assert door in name_of(path), f"{name_of(path)} imports {library}"


def top_level_imports(tree: ast.Module) -> list[str]:
    """Return what a file imports when it is imported."""
    return imports_of(ast.Module([n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))], []))


@pytest.mark.skipif(not (PACKAGE / "checker.py").exists(), reason="the checker is not written yet")
def test_the_checker_is_a_stranger():
    """It imports nothing of the package, neither when parsed nor when run."""
    modules = {m.split(".")[0] for m in imports_of(ast.parse((PACKAGE / "checker.py").read_text(encoding="utf-8")))}
    assert modules <= set(sys.stdlib_module_names) | {"flint", "__future__"}
    assert loaded_by(PACKAGE / "checker.py") & set(STRANGERS) == set()


def loaded_by(path: Path) -> set[str]:
    """Return the top-level modules that are loaded when a file runs as a plain file in isolated mode."""
    code = (
        "import runpy, sys\n"
        f"try: runpy.run_path({str(path)!r}, run_name='not_main')\n"
        "finally: print(','.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.strip().splitlines()[-1].split(","))


def test_the_test_of_the_stranger_can_fail(tmp_path):
    """A file that imports networkx is found out."""
    friend = tmp_path / "friend.py"
    friend.write_text("import networkx\n")
    assert "networkx" in loaded_by(friend)


def test_importing_the_package_is_cheap():
    """No heavy module is loaded until it is used."""
    code = "import sys, tamecheck, tamecheck.structures, tamecheck.errors; print(','.join(sorted({m.split('.')[0] for m in sys.modules})))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(run.stdout.strip().split(",")) & set(HEAVY) == set()


def test_the_parser_and_the_structures_are_light_too():
    """`tamecheck structures --json` and `--help` need no mathematics."""
    code = (
        "import sys\nfrom tamecheck import cli\n"
        "try: cli.main(['structures', '--json'])\nexcept SystemExit: pass\n"
        "print('\\n' + ','.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(run.stdout.strip().splitlines()[-1].split(",")) & (set(HEAVY) - {"rich"}) == set()


def test_the_public_names_stay_what_they_are():
    """`tamecheck.certify` is the function, also after its module or a frontend was imported."""
    code = "import tamecheck, tamecheck.frontends.sources; print(callable(tamecheck.certify))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "True"


TEXTS = [p for p in sorted(ROOT.rglob("*")) if p.suffix in (".py", ".md", ".toml", ".yml", ".tex", ".csv", "") and p.is_file()
         and not {".git", ".venv", "__pycache__", "build", "dist", "out", ".pytest_cache", ".ruff_cache", ".hypothesis"} & set(p.parts)
         and not any(part.endswith(".egg-info") for part in p.parts) and p != Path(__file__)]  # fmt: skip


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_texts_speak_of_the_subject_only(path):
    """No word about who or what wrote a file, no path of one machine, no host of a registry."""
    text = path.read_text(encoding="utf-8", errors="replace")
    assert not FORBIDDEN.search(text), FORBIDDEN.search(text)
    found = MACHINE.search(text) if "hostile" not in name_of(path) else None
    assert not found, found


@pytest.mark.parametrize("path", [p for p in FILES if p.name != "__init__.py" or p.stat().st_size], ids=name_of)
def test_every_module_and_public_function_is_documented(path):
    """A file opens with what and why; public names have a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{name_of(path)} has no docstring"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name_of(path)}: {node.name} has no docstring"


@pytest.mark.parametrize("path", [p for p in sorted((ROOT / "tests").rglob("test_*.py"))], ids=name_of)
def test_every_test_states_its_promise(path):
    """The docstring of a test is a sentence that a user understands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), f"{name_of(path)}: {node.name} promises nothing"


def test_helpers_of_tests_have_names_of_their_own():
    """Two modules of one name: which one a test gets, or whether it runs at all, would depend on the order of the tests."""
    folder = ROOT / "tests"
    helpers = [p for p in folder.rglob("*.py") if p.name != "__init__.py"]
    names = [p.name for p in helpers if not (p.parent / "__init__.py").exists()]
    assert sorted(names) == sorted(set(names))


def test_the_package_is_found_where_it_is_tested():
    """The tests run against this tree."""
    assert Path(importlib.util.find_spec("tamecheck").origin).parent == PACKAGE
