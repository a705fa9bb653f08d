"""Ensembles: the same results over every executor, resumed after a kill, refused for another function."""

import json
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from tamecheck.errors import InputError
from tamecheck.flows.ensemble import ensemble
from tamecheck.flows.system import System

FORMULA = "(x*y - 1)^2 + (x - y)^2/10"


def starts(count: int) -> np.ndarray:
    """Return initial states."""
    return np.random.default_rng(7).normal(size=(count, 2))


def test_every_executor_gives_the_same_results():
    """Serial, threads of one worker, processes: equal bit by bit, in the order of the initial states."""
    s = System.of(FORMULA, ["x", "y"])
    serial = ensemble(s, starts(12), horizon=5.0)
    with ProcessPoolExecutor(2) as pool:
        assert ensemble(s, starts(12), horizon=5.0, executor=pool, chunk=2) == serial
    with ThreadPoolExecutor(1) as pool:
        assert ensemble(s, starts(12), horizon=5.0, executor=pool, chunk=5) == serial
    assert [row["member"] for row in serial] == list(range(12)) and all(row["complete"] for row in serial)


def test_a_store_is_resumed(tmp_path):
    """Finished members are not run again; a line that was cut is run again; the results are those of one run."""
    s, path = System.of(FORMULA, ["x", "y"]), tmp_path / "members.jsonl"
    whole = ensemble(s, starts(9), horizon=3.0, store=path, chunk=1)
    lines = path.read_text().splitlines()
    marked = json.loads(lines[3])
    marked["message"] = "from the store"
    path.write_text("\n".join([*lines[:3], json.dumps(marked), lines[4][:20]]))
    again = ensemble(s, starts(9), horizon=3.0, store=path, chunk=1)
    assert [row["message"] for row in again].count("from the store") == 1
    assert [row["last"] for row in again] == [row["last"] for row in whole]
    assert len(path.read_text().splitlines()) == 10


def test_a_killed_run_keeps_what_was_finished(tmp_path):
    """The process is killed in the middle; a second run completes the file."""
    path = tmp_path / "members.jsonl"
    script = textwrap.dedent(f"""
        import os, sys
        import numpy as np
        from tamecheck.flows import ensemble as module
        from tamecheck.flows.system import System
        append, seen = module._append, []
        def counted(path, rows):
            append(path, rows)
            seen.extend(rows)
            if len(seen) >= 4:
                os.kill(os.getpid(), 9)
        module._append = counted
        starts = np.random.default_rng(7).normal(size=(9, 2))
        module.ensemble(System.of({FORMULA!r}, ["x", "y"]), starts, horizon=3.0, store={str(path)!r}, chunk=1)
    """)
    run = subprocess.run([sys.executable, "-c", script], check=False)
    assert run.returncode == -9 and len(path.read_text().splitlines()) == 5
    found = ensemble(System.of(FORMULA, ["x", "y"]), starts(9), horizon=3.0, store=path, chunk=1)
    assert found == ensemble(System.of(FORMULA, ["x", "y"]), starts(9), horizon=3.0)


def test_another_ensemble_is_refused(tmp_path):
    """A store is about one function, one set of options, one list of initial states."""
    s, path = System.of(FORMULA, ["x", "y"]), tmp_path / "members.jsonl"
    ensemble(s, starts(2), horizon=1.0, store=path)
    for other in (
        lambda: ensemble(System.of("(x*y - 2)^2", ["x", "y"]), starts(2), horizon=1.0, store=path),
        lambda: ensemble(s, starts(2), horizon=2.0, store=path),
        lambda: ensemble(s, starts(3), horizon=1.0, store=path),
        lambda: ensemble(s, starts(2), horizon=1.0, rtol=1e-6, store=path),
    ):
        with pytest.raises(InputError) as caught:
            other()
        assert caught.value.code == "TC147"


def test_a_member_that_fails_does_not_end_the_others():
    """A start on a repelling kink is reported; the others are run."""
    found = ensemble(System.of("-abs(x) + x^2"), [[0.0], [0.2]], horizon=20.0, kind="subgradient")
    assert found[0]["complete"] is False and "TC114" in found[0]["message"]
    assert found[1]["last"] == pytest.approx([0.5], abs=1e-7)


def test_bad_initial_states():
    """Wrong sizes and numbers are refused before anything runs."""
    s = System.of(FORMULA, ["x", "y"])
    for initials, code in (([[1.0]], "TC125"), ([[1.0, np.nan]], "TC181")):
        with pytest.raises(InputError) as caught:
            ensemble(s, initials, horizon=1.0)
        assert caught.value.code == code
