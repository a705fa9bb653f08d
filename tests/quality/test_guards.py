"""Every guard of the checker has a named enemy: without the guard, the enemy's verdict or its code is another."""

import ast
import json
from contextlib import contextmanager
from pathlib import Path

import guards
import pytest

from tamecheck import checker

FOLDER = Path(__file__).resolve().parent.parent / "certificates" / "bad"
INDEX = json.loads((FOLDER / "index.json").read_text(encoding="ascii"))
SOURCE = Path(checker.__file__).read_text(encoding="utf-8")
TREE = ast.parse(SOURCE)
GUARDS = guards.guards_of(SOURCE)
ENEMIES: dict[str, list[str]] = {}
for _name, _row in INDEX.items():
    ENEMIES.setdefault(_row["code"], []).append(_name)

# Without these no enemy changes its verdict, for the reason given: defence in depth.
SPARE: dict[str, str] = {}


@contextmanager
def limits(row: dict):
    """Lower the limits that an enemy needs lowered."""
    kept = {name: getattr(checker, name) for name in row.get("limits", {})}
    for name, value in row.get("limits", {}).items():
        setattr(checker, name, value)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(checker, name, value)


def answer(name: str) -> tuple[str, str]:
    """Return verdict and code for an enemy; a crash is an answer, too."""
    claim = FOLDER / f"{name}.claim.json"
    with limits(INDEX[name]):
        try:
            result = checker.check((FOLDER / f"{name}.json").read_bytes(), claim.read_bytes() if claim.exists() else None)
        except Exception as failure:
            return "crash", type(failure).__name__
    return result.verdict, result.code


def test_every_guard_has_a_code_of_its_own():
    """Two guards never share a code, so a code says which guard spoke."""
    codes = [g.code for g in GUARDS]
    assert len(codes) > 200
    assert sorted({c for c in codes if codes.count(c) > 1}) == []


@pytest.mark.parametrize("name", INDEX)
def test_every_enemy_is_refused_with_its_code(name):
    """Refused, with the code that the table names."""
    verdict, code = answer(name)
    assert (verdict in ("invalid", "unreadable"), code) == (True, INDEX[name]["code"])


def test_every_guard_has_a_named_enemy():
    """Each guard in turn is taken out of the running checker: 100 % change the verdict or the code of one of their enemies."""
    idle, accepted = [], 0
    for guard in GUARDS:
        before = {name: ("", INDEX[name]["code"]) for name in ENEMIES.get(guard.code, [])}
        with guards.removed(checker, TREE, guard):
            after = {name: answer(name) for name in before}
        if all(after[name][1] == before[name][1] for name in before):
            idle.append(f"{guard.code} (line {guard.line})")
        accepted += any(verdict in ("valid", "holey") for verdict, _ in after.values())
    assert sorted(set(idle) - set(SPARE)) == []
    assert accepted >= 0.6 * len(GUARDS), "for many guards the enemy is a certificate that would pass without it"


def test_the_page_of_codes_is_up_to_date():
    """The documentation lists every guard with its enemies (``python tests/quality/guards.py`` writes it)."""
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "checker-codes.md"
    assert page.read_text(encoding="utf-8") == guards.page(SOURCE, INDEX)


def test_the_test_of_the_guards_can_fail():
    """A guard that nothing reaches is found out."""
    source = "def read(x):\n    if x is None:\n        refuse('TC999', 'never')\n    need(True, 'TC998', 'never')\n"
    assert [g.code for g in guards.guards_of(source)] == ["TC999", "TC998"]
    assert ast.unparse(guards.without(ast.parse(source), guards.guards_of(source)[0])).count("refuse") == 0
