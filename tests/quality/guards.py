"""Guards of the checker, found in its source, and taken out one at a time.

A guard is a call of ``refuse`` or ``need``, a ``raise`` of a refusal, or one column of the comparison in
``must_follow``.  To take a guard out, the function around it is compiled without it, and the code object of the
running function is exchanged; everything else of the checker stays as it is.

``python tests/quality/guards.py`` writes the page of codes, ``docs/reference/checker-codes.md``.
"""

import ast
import copy
import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple


class Guard(NamedTuple):
    """One guard: its code, its line, and the path of indices from the module to the statement."""

    code: str
    line: int
    owner: tuple[str, ...]
    path: tuple
    column: int | None = None
    reason: str = ""


def code_of(node: ast.stmt) -> tuple[str, str] | None:
    """Return code and reason of a statement that refuses, or None."""
    call = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    place = {"refuse": 0, "Unreadable": 0, "need": 1}.get(call.func.id)
    if place is None or not isinstance(call.args[place], ast.Constant):
        return None
    text = call.args[place + 1]
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return call.args[place].value, "".join([str(p.value) if isinstance(p, ast.Constant) else "…" for p in parts])


def guards_of(source: str) -> list[Guard]:
    """Return every guard of a module."""
    tree = ast.parse(source)
    found: list[Guard] = []
    todo: list[tuple[ast.AST, tuple, tuple[str, ...]]] = [(tree, (), ())]
    while todo:
        node, path, owner = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            owner = (*owner, node.name)
        if owner == ("must_follow",) and isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            reason = "this column of a conclusion does not follow: "
            found += [Guard(f"TC43{k}", e.lineno, owner, path, k, reason + ast.unparse(e)) for k, e in enumerate(node.value.elts)]
        if isinstance(node, ast.stmt) and (said := code_of(node)):
            found.append(Guard(said[0], node.lineno, owner, path, None, said[1]))
        for field, value in ast.iter_fields(node):
            for k, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST):
                    todo.append((child, (*path, (field, k)), owner))
    return sorted(found, key=lambda g: g.line)


def without(tree: ast.Module, guard: Guard) -> ast.stmt:
    """Return the top-level statement around a guard, without the guard."""
    (field, k), *rest = guard.path
    top = copy.deepcopy(getattr(tree, field)[k])
    node: ast.AST = top
    for field, k in rest[:-1]:
        node = getattr(node, field) if k is None else getattr(node, field)[k]
    field, k = rest[-1]
    old = getattr(node, field)[k]
    if guard.column is None:
        new: ast.stmt = ast.Pass()
    else:
        new = copy.deepcopy(old)
        new.value.elts[guard.column] = ast.Constant(True)
    getattr(node, field)[k] = ast.copy_location(new, old)
    return ast.fix_missing_locations(top)


def code_object(code: CodeType, names: tuple[str, ...]) -> CodeType:
    """Return the code object of a function by its names from outside."""
    for name in names:
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
    return code


def function(module: ModuleType, owner: tuple[str, ...]) -> FunctionType:
    """Return the running function, without its cache."""
    found = functools.reduce(getattr, owner, module)
    return getattr(found, "__wrapped__", found)


@contextmanager
def removed(module: ModuleType, tree: ast.Module, guard: Guard) -> Iterator[None]:
    """Run the module without one guard."""
    live = function(module, guard.owner)
    kept = live.__code__
    code = compile(ast.Module([without(tree, guard)], []), module.__file__, "exec")
    forget(module)
    live.__code__ = code_object(code, guard.owner)
    try:
        yield
    finally:
        live.__code__ = kept
        forget(module)


def forget(module: ModuleType) -> None:
    """Empty every cache of the module."""
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def page(source: str, index: dict) -> str:
    """Return the page of codes: code, reason, where, and the names of the enemies."""
    lines = [
        "# Codes of the checker",
        "",
        "Every guard of `tamecheck/checker.py` has a code of its own, and at least one named enemy in `tests/certificates/bad`: a small bad",
        "certificate that is refused with this code, and that gets another verdict or another code when the guard is taken out",
        "(`tests/quality/test_guards.py`).",
        "TC301 says that the budget ran out, TC400 that a file cannot be opened, TC615 that brackets are nested too deeply.",
        "",
        "| code | refused because | in | enemies |",
        "|---|---|---|---|",
    ]
    for guard in sorted(guards_of(source), key=lambda g: g.code):
        enemies = ", ".join(name.replace("_", " ") for name, row in index.items() if row["code"] == guard.code)
        reason = guard.reason.replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| {guard.code} | {reason} | `{'.'.join(guard.owner)}` | {enemies} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    root = Path(__file__).resolve().parents[2]
    source = (root / "tamecheck" / "checker.py").read_text(encoding="utf-8")
    index = json.loads((root / "tests" / "certificates" / "bad" / "index.json").read_text(encoding="ascii"))
    (root / "docs" / "reference" / "checker-codes.md").write_text(page(source, index), encoding="utf-8")


if __name__ == "__main__":
    main()
