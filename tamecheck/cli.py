"""The command line: arguments and exit codes, nothing else.

Exit status: 0 positive verdict, 1 negative, 2 unknown (or definable only under assumptions), 3 bad
input, 4 budget used up.  ``check``: 0 every step good, 1 a bad step, 2 holey, 3 unreadable, 4 budget.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tamecheck import __version__, commands
from tamecheck.commands.common import Parser, print_json
from tamecheck.commands.proving import PARTIAL
from tamecheck.errors import BudgetExceeded, Refusal, TamecheckError

DEFINABILITY = ("certify", "activation", "explain", "theorems")



def parser() -> Parser:
    """Return the parser of all commands."""
    top = Parser(prog="tamecheck", description="Certify that a model or loss is definable in an o-minimal structure.")
    top.add_argument("--version", action="version", version=f"tamecheck {__version__}")
    choices = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for module in commands.modules():
        module.add(choices)
    return top


# ------------------------------------------------------------------------ main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json, command = "--json" in words, words[0] if words and not words[0].startswith("-") else None
    try:
        options = parser().parse_args(words)
        if options.timeout or options.memory:
            return _supervised(options, words)
        return commands.module(options.command).run(options)
    except BudgetExceeded as stop:
        return _failure(stop, 4, as_json, command)
    except Refusal as no:
        return _failure(no, 1, as_json, command)
    except TamecheckError as bad:
        return _failure(bad, 3, as_json, command)
    except MemoryError:
        return _failure(BudgetExceeded("memory used up", code="TC303"), 4, as_json, command)
    except KeyboardInterrupt:
        return _failure(BudgetExceeded("interrupted", code="TC304"), 4, as_json, command)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _failure(error: TamecheckError, status: int, as_json: bool, command: str | None) -> int:
    """Print an error: one line, and one more per problem when a model has several."""
    from tamecheck.reports.reading import clean

    problems = getattr(error, "problems", [])
    print(clean(str(error), 600), file=sys.stderr)
    for problem in problems:
        where = f"{problem.get('node', '')} ({problem.get('op', '')})" if problem.get("op") else problem.get("node", "")
        print(f"  {clean(problem.get('code', ''), 8)} {clean(where, 80)}: {clean(problem.get('reason', ''), 300)}", file=sys.stderr)
    if as_json:
        negative = "not-definable" if command in DEFINABILITY else "refused"
        verdict = {1: negative, 4: "unknown"}.get(status, "bad-input")
        detail = {"code": error.code, "message": error.message, "where": error.where, "hint": error.hint, "problems": problems}
        print_json(command, verdict, {"error": detail, "partial": getattr(error, "partial", None)})
    return status


def _supervised(options: argparse.Namespace, words: list[str]) -> int:
    """Run the same command without its budget in a child that can be killed."""
    import tempfile

    from tamecheck import budget

    seconds = budget.seconds_from_text(options.timeout) if options.timeout else None
    memory = budget.mebibytes_from_text(options.memory) if options.memory else None
    plain = _without(words, ("--timeout", "--memory"))
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "partial.json"
        command = [sys.executable, "-m", "tamecheck", *plain]
        outcome = budget.run(command, budget.Budget(seconds, memory), {PARTIAL: str(note)})
        if outcome.how == "done":
            return outcome.status
        partial = json.loads(note.read_text()) if note.exists() else None
    what = {"time": f"time budget of {options.timeout} used up", "memory": f"memory budget of {options.memory} used up",
            "interrupt": "interrupted", "signal": f"the child was ended by signal {-outcome.status}"}[outcome.how]  # fmt: skip
    code = {"time": "TC301", "memory": "TC303", "interrupt": "TC304", "signal": "TC305"}[outcome.how]
    kept = f"kept: {partial['text']}" if partial else "nothing was established before"
    raise BudgetExceeded(f"{what}; {kept}", partial, code=code)


def _without(words: list[str], flags: tuple[str, ...]) -> list[str]:
    """Return the words without these flags and their values (argparse's abbreviations included)."""
    kept, skip = [], False
    for word in words:
        head = word.split("=", 1)[0]
        if skip:
            skip = False
        elif len(head) > 2 and any(flag.startswith(head) for flag in flags):
            skip = "=" not in word
        else:
            kept.append(word)
    return kept
