"""Random small statements about real numbers, half of them with planted degeneracies, and three peers that decide them.

Planted: polynomials that vanish identically over points and lines (nullification), squares and sums of squares (multiplicity),
polynomials that share factors, tangent curves.  Everything is seeded.
"""

import multiprocessing
import random
import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction

NAMES = ("x", "y", "z", "w")
RELATIONS = ("<", "<=", "==", "!=", ">=", ">")
QEPCAD = shutil.which("qepcad")


def linear(r: random.Random, names: tuple[str, ...]) -> str:
    """Return a random linear form with few terms."""
    parts = [f"{r.choice((-2, -1, 1, 1, 2))}*{name}" for name in names if r.random() < 0.7]
    return "(" + " + ".join([*parts, str(r.randint(-2, 2))]) + ")"


def sparse(r: random.Random, names: tuple[str, ...], degree: int = 3, terms: int = 3) -> str:
    """Return a random sparse polynomial."""
    out = [str(r.randint(-3, 3))]
    for _ in range(r.randint(1, terms)):
        left = degree
        factors = [str(r.choice((-3, -2, -1, 1, 2, 3)))]
        for name in names:
            e = r.randint(0, min(2, left))
            left -= e
            if e:
                factors.append(f"{name}^{e}")
        out.append("*".join(factors))
    return "(" + " + ".join(out) + ")"


def planted(r: random.Random, names: tuple[str, ...]) -> str:
    """Return a polynomial with a degeneracy on purpose."""
    below, last = names[:-1] or names, names[-1]
    a, b = r.choice(below), r.choice(below)
    form = linear(r, names)
    choices = [
        lambda: f"({a}*{last} + {b}*{linear(r, below)})",  # vanishes over a = b = 0 or a = 0
        lambda: f"({a}*{last}^2 + {b}*{last} + {a}*{b})",
        lambda: f"({linear(r, below)}*{last} - {linear(r, below)}*{r.choice(below)})",
        lambda: f"({a}^2*{last}^2 - {b}^3)",
        lambda: f"({form}^2*{linear(r, names)})",
        lambda: f"({form}^2 + {linear(r, names)}^2)",
        lambda: f"({form}*{linear(r, names)} - {r.randint(0, 1)})",
        lambda: f"(({a}^2 + {last}^2 - 1)*({last} - {r.randint(-1, 1)}))",  # tangent line
        lambda: f"({a}^2 - {b}^2*{last})",
        lambda: f"({last}^3 - {a}*{last} + {b})",
        lambda: f"(({a}^2 - 2)*{last} - {sparse(r, below, 2, 2)})",
        lambda: f"(({a}^2 + {b}^2)*{last} - {a}*{b})",
    ]
    return r.choice(choices)()


def matrix(r: random.Random, names: tuple[str, ...], degenerate: bool) -> str:
    """Return a random Boolean combination of one to three comparisons; all mention the names in use."""
    atoms = []
    for _ in range(r.randint(1, 3)):
        p = planted(r, names) if degenerate and r.random() < 0.8 else sparse(r, names)
        atoms.append(f"{p} {r.choice(RELATIONS)} 0")
    out = atoms[0]
    for atom in atoms[1:]:
        out = f"({out}) {r.choice(('and', 'and', 'or', 'implies'))} ({atom})"
    return f"not ({out})" if r.random() < 0.15 else out


def statement(seed: int) -> tuple[list[tuple[str, str]], str]:
    """Return (quantifiers, matrix) of a random sentence in two or three variables; half the seeds are degenerate."""
    r = random.Random(f"statement {seed}")
    names = NAMES[: r.choice((2, 2, 3))]
    body = matrix(r, names, seed % 2 == 1)
    shape = r.choice(("exists", "forall", "mixed", "mixed"))
    prefix = [(shape if shape != "mixed" else r.choice(("exists", "forall")), name) for name in names]
    return prefix, body


def text(prefix: list[tuple[str, str]], body: str) -> str:
    """Return a sentence in the language of formulas."""
    return "".join([f"{kind} {name}: " for kind, name in prefix]) + f"({body})"


# ------------------------------------------------------------------------------------------------------------------ peers


def z3_verdict(smtlib: str, milliseconds: int = 2_000) -> str:
    """Return ``true``, ``false`` or ``unknown`` for an SMT-LIB script that asks whether a sentence holds."""
    import z3

    solver = z3.Solver()
    solver.set("timeout", milliseconds)
    solver.from_string(smtlib.replace("(check-sat)", ""))
    return {"sat": "true", "unsat": "false"}.get(str(solver.check()), "unknown")


def cvc5_verdict(smtlib: str, milliseconds: int = 2_000) -> str:
    """Return cvc5's verdict for an SMT-LIB script."""
    import cvc5

    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(milliseconds))
    solver.setOption("nl-cov", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, smtlib, "statement")
    symbols = parser.getSymbolManager()
    said = ""
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        said += str(command.invoke(solver, symbols))
    said = said.strip()
    return {"sat": "true", "unsat": "false"}.get(said, "unknown")


class Apart:
    """A peer in a process of its own, which is killed when it does not answer in time: cvc5 does not always keep its own limit."""

    def __init__(self, verdict: Callable[[str, int], str], milliseconds: int, patience: float = 4.0) -> None:
        self.verdict, self.milliseconds, self.patience = verdict, milliseconds, patience
        self.killed = 0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, self.verdict, self.milliseconds), daemon=True)
        self.process.start()
        # the first answer may wait for the import
        self.ready = False

    def __call__(self, smtlib: str) -> str:
        """Return the verdict, ``unknown`` if the process had to be killed."""
        self.line.send(smtlib)
        if self.line.poll(self.patience if self.ready else self.patience + 30):
            self.ready = True
            return self.line.recv()
        self.close()
        self.killed += 1
        self._start()
        return "unknown"

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


def _serve(line, verdict: Callable[[str, int], str], milliseconds: int) -> None:
    while True:
        line.send(verdict(line.recv(), milliseconds))


def qepcad_formula(formula) -> str:
    """Return the matrix of a formula in QEPCAD's language."""
    relation = {"lt": "<", "le": "<=", "eq": "=", "ne": "/=", "ge": ">=", "gt": ">"}

    def polynomial(p) -> str:
        terms = []
        for exponents, c in zip(p.monoms(), p.coeffs(), strict=True):
            names = [f"{name}^{int(e)}" for name, e in zip(formula.ring.names, exponents, strict=False) if e]
            terms.append(" ".join([f"({c})" if c < 0 else str(c), *names]))
        return " + ".join(terms)

    parts: dict[int, str] = {}
    for n in formula.needed():
        node = formula.nodes[n]
        if node[0] == "atom":
            parts[n] = f"{polynomial(formula.atoms[node[1]])} {relation[node[2]]} 0"
        elif node[0] in ("true", "false"):
            parts[n] = "0 = 0" if node[0] == "true" else "0 = 1"
        else:
            joiner = " /\\ " if node[0] == "and" else " \\/ "
            parts[n] = "[ " + joiner.join([parts[c] for c in node[1]]) + " ]"
    return parts[formula.root]


def qepcad(script: str, seconds: float = 30, cells: int = 20_000_000) -> str:
    """Return what QEPCAD prints for a script."""
    done = subprocess.run(
        [QEPCAD, "-noecho", f"+N{cells}", "-t", str(int(seconds))], input=script, capture_output=True, text=True, timeout=seconds + 10, check=False
    )
    return done.stdout


def qepcad_script(formula, commands: str = "go\ngo\ngo\n", ending: str = "") -> str:
    """Return the input that makes QEPCAD eliminate the quantifiers of a formula."""
    names = ",".join(formula.ring.names)
    prefix = "".join([f"({'E' if kind == 'exists' else 'A'} {name})" for kind, name in formula.prefix])
    return f"[ ]\n({names})\n{len(formula.free)}\n{prefix}[ {qepcad_formula(formula)} ].\n{commands}{ending}finish\n"


def qepcad_verdict(formula) -> str:
    """Return QEPCAD's verdict on a sentence; ``unknown`` if it gives up."""
    said = qepcad(qepcad_script(formula))
    answer = said.rpartition("An equivalent quantifier-free formula:")[2].split("=====")[0].strip()
    return {"TRUE": "true", "FALSE": "false"}.get(answer, "unknown")


def rational(r: random.Random, size: int = 4) -> Fraction:
    """Return a random rational of small size."""
    return Fraction(r.randint(-12 * size, 12 * size), r.choice((1, 2, 3, 4, 5, 7, 12)))
