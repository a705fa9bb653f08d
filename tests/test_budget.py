"""Budgets: steps stop at the same point, children are killed with everything they started."""

import subprocess
import sys
import time

import pytest

from tamecheck import budget
from tamecheck.errors import BudgetExceeded, InputError


def test_steps_stop_at_the_same_point():
    """The same work ends at the same step on every run."""
    counts = []
    for _ in range(2):
        b = budget.Budget(steps=100)
        done = 0
        with pytest.raises(BudgetExceeded, match="TC302 step budget of 100 used up"):
            while True:
                b.spend(where="a loop")
                done += 1
        counts.append(done)
    assert counts == [100, 100]


def test_seconds_are_seen_by_a_counting_loop():
    """A loop that counts its steps notices the clock."""
    b = budget.Budget(seconds=0.05)
    with pytest.raises(BudgetExceeded, match="TC301 time budget of 0.05 s used up"):
        while True:
            b.spend()


def test_without_limits_nothing_stops():
    """No budget, no limit."""
    b = budget.Budget()
    for _ in range(5000):
        b.spend()
    assert b.remaining() is None


@pytest.mark.parametrize(
    ("code", "limits", "how"),
    [("pass", {}, "done"), ("raise SystemExit(7)", {}, "done"), ("import time; time.sleep(30)", {"seconds": 0.3}, "time"),
     ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", {}, "signal"),
     ("x = bytearray(200 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nimport time; time.sleep(30)", {"mebibytes": 100}, "memory")],
)  # fmt: skip
def test_how_a_child_ends_is_told(code, limits, how):
    """Done, out of time, out of memory, or killed by a signal: the parent survives all."""
    outcome = budget.run([sys.executable, "-c", code], budget.Budget(**limits))
    assert outcome.how == how
    assert outcome.seconds < 10
    assert outcome.status == (7 if "7" in code and how == "done" else 0 if how == "done" else outcome.status)


def test_grandchildren_die_with_the_child(tmp_path):
    """Nothing that a child started outlives its budget."""
    note = tmp_path / "alive"
    grandchild = f"import time\nwhile True: open({str(note)!r}, 'a').write('x'); time.sleep(0.05)"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {grandchild!r}]); time.sleep(30)"
    budget.run([sys.executable, "-c", code], budget.Budget(seconds=0.8))
    time.sleep(0.2)
    size = note.stat().st_size
    time.sleep(0.3)
    assert note.stat().st_size == size > 0


@pytest.mark.parametrize(("text", "seconds"), [("30", 30), ("2.5", 2.5), ("90s", 90), ("5m", 300), ("1h", 3600)])
def test_durations(text, seconds):
    """Seconds, minutes and hours."""
    assert budget.seconds_from_text(text) == seconds


@pytest.mark.parametrize(("text", "mebibytes"), [("512", 512), ("512M", 512), ("4G", 4096), ("0.5G", 512)])
def test_sizes(text, mebibytes):
    """MiB and GiB."""
    assert budget.mebibytes_from_text(text) == mebibytes


@pytest.mark.parametrize("text", ["", "s", "-3", "0", "1e9", "nan", "inf", "1_000", "\u0663"])
def test_odd_amounts_are_refused(text):
    """No surprises from float()."""
    with pytest.raises(InputError, match="TC101"):
        budget.seconds_from_text(text)
    with pytest.raises(InputError, match="TC101"):
        budget.mebibytes_from_text(text or "G")


def test_an_interrupted_parent_leaves_no_child():
    """Ctrl-C is a budget of zero."""
    code = (
        "import os, signal, sys, threading\nfrom tamecheck import budget\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job starts with it ignored
        "threading.Timer(2.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "print(budget.run([sys.executable, '-c', 'import time; time.sleep(30)'], budget.Budget()).how)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.strip() == "interrupt"


def test_a_fraction_of_a_second_can_be_said():
    """Budgets are given as exact fractions, too; the message that they ran out is text all the same."""
    from fractions import Fraction

    from tamecheck.budget import Budget
    from tamecheck.errors import BudgetExceeded

    budget = Budget(seconds=Fraction(-1, 10))
    with pytest.raises(BudgetExceeded, match=r"time budget of -0.1 s"):
        for _ in range(2_000):
            budget.spend(1)
