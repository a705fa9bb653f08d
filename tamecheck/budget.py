"""Budgets: wall time, memory and steps, and children that can be killed.

Python code is budgeted by counting steps, which stops at the same point on every run.  A
call into a C library cannot be interrupted from inside, so whatever may not return is run
in a child process of its own, watched from outside, and killed together with everything it
has started.  Never a thread, never an alarm.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tamecheck.errors import BudgetExceeded, InputError

POLL = 0.02  # seconds between two looks at a child
MEBIBYTE = 1 << 20


@dataclass
class Budget:
    """What may be spent.

    Attributes
    ----------
    seconds : wall time from the moment the object is made, or ``None``
    mebibytes : resident memory of a child, or ``None``
    steps : number of calls of `spend`, or ``None``
    """

    seconds: float | None = None
    mebibytes: int | None = None
    steps: int | None = None
    started: float = field(default_factory=time.monotonic)
    spent: int = 0

    def __post_init__(self) -> None:
        self.seconds = None if self.seconds is None else float(self.seconds)  # a fraction has no format for messages

    def spend(self, steps: int = 1, where: str = "") -> None:
        """Count steps.

        Raises
        ------
        BudgetExceeded
            If the steps, or every 1024 steps the seconds, are used up.
        """
        self.spent += steps
        if self.steps is not None and self.spent > self.steps:
            raise BudgetExceeded(f"step budget of {self.steps} used up", code="TC302", where=where)
        if self.seconds is not None and self.spent % 1024 < steps and self.remaining() <= 0:
            raise BudgetExceeded(f"time budget of {self.seconds:g} s used up", code="TC301", where=where)

    def remaining(self) -> float | None:
        """Return the seconds that are left, or ``None`` when time is not limited."""
        return None if self.seconds is None else self.seconds - (time.monotonic() - self.started)


@dataclass(frozen=True)
class Outcome:
    """How a child ended: ``done``, ``time``, ``memory``, ``interrupt`` or ``signal``; its exit status; the seconds it took."""

    how: str
    status: int
    seconds: float


def run(command: Sequence[str], budget: Budget, environment: dict[str, str] | None = None) -> Outcome:
    """Run a command as a child of its own session within a budget; standard streams are inherited.

    Memory is watched from outside where the system tells it (Linux), and limited as address
    space elsewhere; the child dumps no core.
    """
    started = time.monotonic()
    child = subprocess.Popen(
        list(command), env=None if environment is None else {**os.environ, **environment}, start_new_session=True,
        preexec_fn=_limits(budget) if os.name == "posix" else None,
    )
    how = "done"
    try:
        while child.poll() is None:
            left = budget.remaining()
            if left is not None and left <= 0:
                how = "time"
            elif budget.mebibytes is not None and _resident(child.pid) > budget.mebibytes * MEBIBYTE:
                how = "memory"
            if how != "done":
                break
            try:
                child.wait(POLL if left is None else min(POLL, max(left, 0.001)))
            except subprocess.TimeoutExpired:
                continue
    except KeyboardInterrupt:  # an interrupt is a budget of zero
        how = "interrupt"
    finally:
        if child.poll() is None:
            _kill(child)
    status = child.wait()
    if how == "done" and status < 0:
        how = "signal"
    return Outcome(how, status, time.monotonic() - started)


def _limits(budget: Budget):
    """Return what the child does before it becomes the command."""

    def prepare() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if budget.mebibytes is not None and not sys.platform.startswith("linux"):
            size = (budget.mebibytes + 1024) * MEBIBYTE
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

    return prepare


def _resident(pid: int) -> int:
    """Return the resident memory of a process in bytes, or 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _kill(child: subprocess.Popen) -> None:
    """Kill a child and everything in its session."""
    try:
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except ProcessLookupError:
        pass


def seconds_from_text(text: str) -> float:
    """Return a positive number of seconds: ``30``, ``2.5``, ``90s``, ``5m``, ``1h``."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in "smh" and text else (text, "s")
    return _positive(number, "duration", text, "30, 90s, 5m or 1h") * {"s": 1, "m": 60, "h": 3600}[unit]


def mebibytes_from_text(text: str) -> int:
    """Return a positive number of MiB: ``512``, ``512M``, ``4G``."""
    number, unit = (text[:-1], text[-1].upper()) if text[-1:] in "mMgG" and text else (text, "M")
    return max(1, int(_positive(number, "size of memory", text, "512M or 4G") * {"M": 1, "G": 1024}[unit]))


def _positive(number: str, what: str, text: str, example: str) -> float:
    whole, _, fraction = number.partition(".")
    if not number.isascii() or len(number) > 12 or not (whole + fraction).isdigit() or float(number) <= 0:
        raise InputError(f"{text[:30]!r} is no {what}", code="TC101", hint=example)
    return float(number)
