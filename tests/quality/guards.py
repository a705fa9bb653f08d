"""Guards of the checker, found in its source, and taken out one at a time.

A guard is a call of ``refuse`` or ``need``, a ``raise`` of a refusal, or one column of the comparison in
``must_follow``.  To take a guard out, the function around it is compiled without it, and the code object of the
running function is exchanged; everything else of the checker stays as it is.
"""

import ast
import copy
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple


class Guard(NamedTuple):
    """One guard: its code, its line, and the path of indices from the module to the statement."""

    code: str
    line: int
    owner: tuple[str, ...]
    path: tuple
    column: int | None = None


def code_of(node: ast.stmt) -> str | None:
    """Return the code of a statement that refuses, or None."""
    call = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    place = {"refuse": 0, "Unreadable": 0, "need": 1}.get(call.func.id)
    if place is None or not isinstance(call.args[place], ast.Constant):
        return None
    return call.args[place].value


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
            found += [Guard(f"TC43{k}", e.lineno, owner, path, k) for k, e in enumerate(node.value.elts)]
        if isinstance(node, ast.stmt) and (code := code_of(node)):
            found.append(Guard(code, node.lineno, owner, path))
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
