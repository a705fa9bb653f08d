"""Hostile formulas (threats T1, T6, T7 and T12): refused with a code, quickly, and nothing runs."""

import sys
import time

import pytest

from tamecheck.errors import InputError
from tamecheck.frontends.formula_io import load

PAYLOAD = "__import__('sys').__dict__.__setitem__('_tamecheck_canary', True)"

CODE = [  # T1: attempts to execute
    PAYLOAD, "__import__('os')", "__import__('os').system('true')", "eval('1')", "eval(x)", "exec(x)", "compile(x)", "open('f')", "open(x)",
    "x.__class__", "x.__class__.__mro__", "().__class__.__bases__", "(1).__class__", "1 .real", "x.real", "().x", "sin.func_globals",
    "[1]*10",
    "[x for x in y]", "{x}", "{x: 1}", "lambda: 1", "lambda x: x", "a=b", "x:=3", "(x:=3)", "x; y", "import os", "from os import x",
    "def f(): 1",
    "class A: x", "print(x)", "input()", "getattr(x, y)", "globals()", "vars(x)", "x if x else y", "yield x", "await x", "assert x",
    "del x",
    "raise x", "return x", "global x", "`x`", "f'{x}'", "'%s' % x", '"x"', "'x'", '"""x"""', "x\\\ny", "@x", "x@y", "$x", "${x}", "$(x)",
    "#x", "x # y", "x?y", "x!", "!x", "x->y", "x|>y", "x<>y", "x=>y", "...", "x...", "*x", "**x", "f(*x)", "f(**x)", "f(x=1)",
    "Symbol(x)", "Function(x)", "sympify(x)", "S(1)", "parse_expr(x)", "N(x)", "Lambda(x, x)", "numpy(x)", "np.sin(x)", "torch.relu(x)",
    "math.exp(x)", "os.system(x)", "subprocess(x)", "breakpoint()", "exit()", "quit()", "help(x)", "type(x)", "object()",
    "setattr(x, y, 1)",
    "(echo x)", "(set-option :x y)", "(assert (> x 0))", "\\input{x}", "\\write18{x}", "<script>alert(1)</script>", "x <script> y", "&lt;",
    "%s", "%n",
]  # fmt: skip
NUMBERS = [  # T6: huge and odd numbers
    "1e1000000000", "1e-1000000000", "1e99999999999999999999", "0e1000000000", "9" * 4001, "9" * 1_000_000, "0." + "0" * 10_000 + "1",
    "1e4000",
    "x*1e100000", "1_000", "0x10", "0b1", "0o7", "1j", "1e", "1e+", "1.2.3", "1..2", "..1", ".", "-.", "1e1.5", "NaN", "nan", "inf", "-inf",
    "Infinity", "oo", "zoo", "I", "١", "३", "１", "x + ２", "⅓", "½", "1e५", "−1", "1–2", "∞", "1,5", "1'000", "0x1p-3",
]  # fmt: skip
STRUCTURE = [  # T7: depth, length, syntax
    "(" * 100_000, "(" * 100_000 + "x" + ")" * 100_000, "sin(" * 100_000 + "x" + ")" * 100_000, "max(x," * 100_000, ")" * 100_000,
    "[" * 100_000,
    "((((((((((" * 30 + "x" + "))))))))))" * 30, "x" * 3_000_000, "x" * 101, "f" * 101 + "(x)", " " * 3_000_000, "x+" * 1_500_000, "", " ",
    "\n\n",
    "\t", "()", "(())", "x()", "()()", "x y", "x 1", "1 x", "x(", "x)", "(x", ")x(", "x+", "+", "x*/y", "x**", "**", "x<", "<x", "x<<y",
    "x>>y", "x==",
    "==", "x=<y", "x&&y", "x||y", "&", "|", "~", "not", "and", "x and", "or x", "x and y", "not x", "x & y", "where", "where()", "where(x)",
    "where(x, 1, 2)", "where(x > 0, 1)", "where(x > 0, 1, 2, 3)", "piecewise()", "piecewise((x, y), 1)",
    "piecewise((1, x > 0))",
    "Piecewise(((1, x > 0), (2, True)))", "(x, x > 0)", "max((x, x > 0), 1)", "max()", "min()", "sin()", "sin(x, y)", "sin(,)", "sin(x,)",
    "sin(,x)",
    "let", "let x", "let x =", "let x = 1", "let x = 1;", "let x = 1; ;", "let 1 = x; 1", "let sin(x) = x; x", "let u = u; u",
    "let let = 1; 1",
    "let pi = 3; pi", "let u = 1; let u = 2; u", "1 let", "forall", "forall x", "forall x:", "exists x: x > 0", "exists x x: x > 0",
    "forall : x > 0",
    "exists 1: x > 0", "exists x, x: x > 0", "x > 0 and forall", "True(x)", "pi(x)", "pi()", "e(x)", "x'", "x''", "d/dx", "x,y", ",", ";",
    ":", "=",
]  # fmt: skip
CHARACTERS = [  # T12 and encodings
    "\x00", "x\x00", "x\x1b[2J", "\x7f", "\ufeffx", "x\u200by", "x\u202ey", "\ud800", "x\udfff", "é", "ß+1", "x\xa0+ 1", "𝑥", "α", "λx",
    "x\x0b+1", "x\x0c+1",
    "x\u2028y", "sіn(x)", "ехр(x)", "ﬁ", "x²", "√x", "∑x", "∀x", "x̄", "🙂",
]  # fmt: skip
EMBEDDED = [f"x + {text}" for text in CODE] + [f"let u = 1; u + max(x, {text})" for text in CODE[:60]]
ALL = [*CODE, *EMBEDDED, *NUMBERS, *STRUCTURE, *CHARACTERS]


@pytest.fixture
def nothing_runs():
    """Raise on compile, exec, import of new modules, files, processes and sockets while the fixture is active."""
    watched = {"active": False, "seen": []}
    families = ("compile", "exec", "open", "os", "subprocess", "socket", "import", "ctypes", "pickle")

    def hook(event: str, arguments: tuple) -> None:
        if watched["active"] and event.split(".")[0] in families:
            watched["seen"].append(event)

    sys.addaudithook(hook)
    yield watched
    watched["active"] = False


def test_hostile_formulas_are_refused_and_nothing_runs(nothing_runs):
    """Every hostile text is refused with a TC1xx code, in about a second, and the interpreter does nothing else."""
    assert len(ALL) >= 300
    wrong = []
    for text in ALL:
        start = time.monotonic()
        nothing_runs["active"] = True
        try:
            load(text, variables=["x", "y"])
            answer = "accepted"
        except InputError as error:
            answer = error.code
            message = str(error)
        finally:
            nothing_runs["active"] = False
        seconds = time.monotonic() - start
        if answer not in ("TC101", "TC102", "TC110", "TC111", "TC112", "TC113") or seconds > 2:
            wrong.append((text[:60], answer, seconds))
        elif "\n" in message or len(message) > 400 or any(not (" " <= c <= "~") for c in message if c not in text):
            wrong.append((text[:60], message[:80], "is not one short line"))
    assert wrong == []
    assert nothing_runs["seen"] == []
    assert not hasattr(sys, "_tamecheck_canary")


def test_the_watch_works(nothing_runs):
    """The hook sees code being compiled: the test above can fail."""
    nothing_runs["active"] = True
    compile("1", "text", "eval")
    nothing_runs["active"] = False
    assert nothing_runs["seen"]
