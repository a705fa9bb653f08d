"""Cylindrical decomposition and quantifier elimination against QEPCAD-B, and z3 and cvc5 where they answer.

Run: ``python benchmarks/cad_bank.py [--only TEXT] [--repeat N] [--no-peers] [--json FILE]`` (QEPCAD from the Debian package
``qepcad``).  Our times are in process, each from the text with empty caches; QEPCAD's are those of a process minus those of a trivial
problem with the same memory.  All are processor times (user and system, children included), which other jobs on the machine disturb
less than wall times (``--wall``); of the repetitions the least counts on both sides.
"""

import argparse
import gc
import json
import math
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "geometry"))

import bank  # noqa: E402
import random_formulas as peers  # noqa: E402

import tamecheck as tc  # noqa: E402
from tamecheck.budget import Budget  # noqa: E402
from tamecheck.errors import TamecheckError  # noqa: E402
from tamecheck.ground import algebraic, statements  # noqa: E402

MEMORY = {"x_axis_ellipse_polys": 100_000_000, "solotareff_polys": 100_000_000, "hong90_reduced_polys": 100_000_000}
LIMIT = 60.0
TICK = 0.002
"""Seconds: a difference of times below this is noise of process start, and counts as this much."""


def dense(r: random.Random, names: str, degree: int) -> str:
    """Return a dense polynomial with coefficients from -9 to 9."""
    terms = [()]
    for name in names.split():
        terms = [(*t, (name, e)) for t in terms for e in range(degree + 1)]
    out = []
    for t in terms:
        if sum([e for _, e in t]) <= degree:
            out.append("*".join([str(r.randint(-9, 9)), *[f"{name}^{e}" for name, e in t if e]]))
    return " + ".join(out)


def families() -> list[bank.Cad]:
    """Return random problems: dense and sparse, two to five variables."""
    r = random.Random(2026)
    out = [bank.Cad(f"dense_2_{d}", "x y", (dense(r, "x y", d),)) for d in (3, 5, 6, 7)]
    out += [bank.Cad(f"dense_2_pair_{d}", "x y", (dense(r, "x y", d), dense(r, "x y", d))) for d in (2, 3, 4)]
    out += [bank.Cad("dense_3_2_pair", "x y z", (dense(r, "x y z", 2), dense(r, "x y z", 2)))]
    out += [bank.Cad("dense_3_2", "x y z", (dense(r, "x y z", 2),)), bank.Cad("dense_4_2", "x y z w", (dense(r, "x y z w", 2),))]
    for n, count in ((2, 3), (3, 2), (3, 3), (4, 2), (5, 2)):
        for k in range(2):
            names = peers.NAMES[:n] if n < 5 else (*peers.NAMES, "v")
            polynomials = tuple([peers.sparse(r, names, 2 if n > 3 else 3) for _ in range(count)])
            out.append(bank.Cad(f"sparse_{n}_{count}_{k}", " ".join(names), polynomials))
    for n in (3, 4):
        for k in range(2):
            names = peers.NAMES[:n]
            out.append(bank.Cad(f"planted_{n}_{k}", " ".join(names), tuple([peers.planted(r, names) for _ in range(2)])))
    return out


def sheared(problem: bank.Cad) -> bank.Cad:
    """Return a problem in three variables in generic coordinates."""
    x, y, z = problem.variables.split()
    change = {x: f"({x}+2*{y}-{z})", y: f"({y}+3*{z})"}
    polynomials = tuple(["".join([change.get(c, c) for c in p]) for p in problem.polynomials])
    return bank.Cad(problem.name + "_sheared", problem.variables, polynomials)


def forget() -> None:
    """Empty the caches of algebraic numbers, so that repetitions do not profit from each other."""
    for cached in (algebraic.rational, algebraic.irreducible_roots, algebraic.real_roots):
        cached.cache_clear()
    gc.collect()


def timed(action, repeat: int) -> tuple[object, float]:
    """Return the last result and the median time of ``action()``."""
    times, result = [], None
    for _ in range(repeat):
        forget()
        start = CLOCK()
        result = action()
        times.append(CLOCK() - start)
        if times[-1] > 3:
            break
    return result, min(times)


def clock() -> float:
    """Return the processor time of this process and its finished children, in seconds."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


CLOCK = clock


def child_clock() -> float:
    """Return the processor time of the finished children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


CHILD_CLOCK = child_clock


def qepcad_time(script: str, memory: int, repeat: int) -> tuple[str, float]:
    """Return what QEPCAD prints and its least time, ``inf`` beyond the limit."""
    best, said = math.inf, ""
    for _ in range(repeat):
        start = CHILD_CLOCK()
        try:
            said = peers.qepcad(script, LIMIT, memory)
        except subprocess.TimeoutExpired:
            return "", math.inf
        best = min(best, CHILD_CLOCK() - start)
        if best > 3:
            break
    return said, best


_FLOORS: dict[tuple[int, bool], float] = {}


def floor(memory: int, full: bool) -> float:
    """Return the least time of a trivial problem with the same commands."""
    if (memory, full) not in _FLOORS:
        ending = "full-cad\ngo\ngo\ngo\nquit\n" if full else "go\ngo\ngo\nfinish\n"
        script = f"[ ]\n(x)\n1\n[ x = 0 ].\n{ending}"
        _FLOORS[memory, full] = min([qepcad_time(script, memory, 1)[1] for _ in range(25)])
    return _FLOORS[memory, full]


def qepcad_cells(problem: bank.Cad, repeat: int) -> tuple[int | None, float]:
    """Return the number of cells of QEPCAD's full decomposition and its net time."""
    ring = statements.read(" or ".join([f"{p} == 0" for p in problem.polynomials]), problem.variables.split())
    memory = MEMORY.get(problem.name, 10_000_000)
    body = peers.qepcad_formula(ring)
    names = ring.ring.names
    script = f"[ ]\n({','.join(names)})\n{len(names)}\n[ {body} ].\nfull-cad\ngo\ngo\ngo\n"
    _, seconds = qepcad_time(script + "quit\n", memory, repeat)
    said, _ = qepcad_time(script + "d-fpc-stat\nquit\n", memory, 1)
    rows = [line.split() for line in said.splitlines() if line.startswith("total")]
    return (int(rows[-1][-1]) if rows else None), seconds - floor(memory, True)


def qepcad_answer(formula, repeat: int) -> tuple[str, float]:
    """Return QEPCAD's quantifier-free formula and its net time."""
    said, seconds = qepcad_time(peers.qepcad_script(formula), 10_000_000, repeat)
    answer = said.rpartition("An equivalent quantifier-free formula:")[2].split("=====")[0].strip()
    return " ".join(answer.split()), (seconds - floor(10_000_000, False) if answer else math.inf)


def ratio(ours: float, theirs: float) -> float:
    """Return our time over the peer's net time, neither counted below a fifth of the noise."""
    return max(ours, TICK / 5) / max(theirs, TICK)


def decompose(problem: bank.Cad, repeat: int) -> dict:
    """Run one decomposition problem."""

    def action():
        return tc.cells(list(problem.polynomials), problem.variables.split(), budget=Budget(seconds=LIMIT))

    row = {"name": problem.name, "kind": "cad"}
    try:
        d, seconds = timed(action, repeat)
        alternating = d.euler_characteristic()
        row |= {"cells": len(d), "method": d.method, "seconds": seconds, "euler": alternating == (-1) ** len(d.variables)}
    except TamecheckError as stop:
        row |= {"cells": None, "seconds": math.inf, "method": stop.code, "euler": None}
    if peers.QEPCAD:
        row["qepcad_cells"], row["qepcad_seconds"] = qepcad_cells(problem, repeat)
        row["ratio"] = ratio(row["seconds"], row["qepcad_seconds"]) if math.isfinite(row["qepcad_seconds"]) else None
    return row


def eliminate(problem: bank.Elimination, repeat: int, others: bool) -> dict:
    """Run one elimination problem, compare the answer, and ask the solvers for the closed ones."""
    formula = statements.read(problem.formula)
    row = {"name": problem.name, "kind": "qe"}

    def action():
        return tc.eliminate(problem.formula, budget=Budget(seconds=LIMIT))

    try:
        found, seconds = timed(action, repeat)
        row |= {"seconds": seconds, "stacks": found.stacks, "method": found.method, "answer": found.formula}
        difference = f"not (({found.formula}) iff ({problem.answer}))"
        closed = f"exists {', '.join(found.variables)}: {difference}" if found.variables else difference
        row["agrees"] = tc.decide(closed, budget=Budget(seconds=LIMIT)).verdict == "false"
        if others:
            row["z3_agrees"] = {"false": True, "true": False}.get(peers.z3_verdict(statements.read(closed).smtlib(), 3_000))
    except TamecheckError as stop:
        row |= {"seconds": math.inf, "method": stop.code, "answer": str(stop), "agrees": None}
    if peers.QEPCAD:
        row["qepcad_answer"], row["qepcad_seconds"] = qepcad_answer(formula, repeat)
        row["ratio"] = ratio(row["seconds"], row["qepcad_seconds"]) if math.isfinite(row["qepcad_seconds"]) else None
    if others:
        for name, verdict in (("z3", peers.z3_verdict), ("cvc5", peers.cvc5_verdict)):
            start = time.perf_counter()
            try:
                said = verdict(formula.smtlib(), 3_000)
            except (RuntimeError, ImportError):
                continue
            row[name] = (said, round(time.perf_counter() - start, 4))
    return row


def critical_values(problem: bank.Critical) -> bank.Elimination:
    """Return the elimination problem of the real critical values of a function."""
    ring = statements.read(f"{problem.function} == 0", problem.variables.split()).ring
    from tamecheck.ground.polynomials import read

    p, d = read(ring, problem.function)
    parts = [f"{ring.text(p)} == {d}*t"] + [f"{ring.text(p.derivative(k))} == 0" for k in range(len(ring.names))]
    names = ", ".join(problem.variables.split())
    return bank.Elimination("values_" + problem.name, f"exists {names}: {' and '.join(parts)}", problem.values)


def shown(value: object) -> str:
    """Return a number for a column."""
    if isinstance(value, float):
        return f"{value * 1000:9.2f}" if math.isfinite(value) else "        -"
    return f"{'-' if value is None else value:>9}"


def report(rows: list[dict]) -> dict:
    """Print the summary and return it."""
    ratios = [r["ratio"] for r in rows if r.get("ratio")]
    summary: dict[str, object] = {}
    if ratios:
        summary["geometric mean of time ratios"] = round(math.exp(sum(map(math.log, ratios)) / len(ratios)), 4)
        worst = max([r for r in rows if r.get("ratio")], key=lambda r: r["ratio"])
        summary["worst time ratio"] = (worst["name"], round(worst["ratio"], 2))
        summary["problems slower than 3 times QEPCAD"] = [r["name"] for r in rows if (r.get("ratio") or 0) > 3]
        summary["solved by us, not by QEPCAD in 60 s"] = [
            r["name"] for r in rows if math.isfinite(r["seconds"]) and not math.isfinite(r["qepcad_seconds"])
        ]
    counts = [(r["name"], r["cells"] / r["qepcad_cells"]) for r in rows if r.get("cells") and r.get("qepcad_cells")]
    if counts:
        summary["largest ratio of cell counts"] = max(counts, key=lambda t: t[1])
        summary["geometric mean of cell ratios"] = round(math.exp(sum([math.log(c) for _, c in counts]) / len(counts)), 4)
        summary["more than 13 % more cells"] = [name for name, c in counts if c > 1.13]
    summary["not solved"] = [r["name"] for r in rows if not math.isfinite(r["seconds"])]
    summary["alternating sum wrong"] = [r["name"] for r in rows if r.get("euler") is False]
    summary["answers that differ"] = [r["name"] for r in rows if r.get("agrees") is False or r.get("z3_agrees") is False]
    for key, value in summary.items():
        print(f"{key}: {value}")
    return summary


def main() -> None:
    """Run the bank."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="a part of the name of the problems to run")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true", help="QEPCAD only")
    parser.add_argument("--json", default="")
    parser.add_argument("--kind", choices=("cad", "qe", "both"), default="both", help="decompositions, eliminations, or both")
    parser.add_argument("--wall", action="store_true", help="wall times")
    options = parser.parse_args()
    if options.wall:
        globals().update(CLOCK=time.perf_counter, CHILD_CLOCK=time.perf_counter)
    tc.decide("exists x: x^2 == 2")  # imports
    named = {p.name: p for p in bank.CAD + bank.LITERATURE}
    cads = [*bank.CAD, *bank.LITERATURE, *families()]
    cads += [sheared(named[n]) for n in ("torus", "steiner_roman", "sphere_and_catastrophe", "whitney_umbrella_xyz", "cayley_symmetroid")]
    eliminations = [*bank.ELIMINATION, *bank.LITERATURE_ELIMINATION, *[critical_values(c) for c in bank.CRITICAL]]
    rows = []
    print(f"{'decomposition':34}{'cells':>9}{'QEPCAD':>9}{'ms':>10}{'QEPCAD':>10}  ratio")
    for problem in cads:
        if options.only in problem.name and options.kind != "qe":
            row = decompose(problem, options.repeat)
            rows.append(row)
            tail = f"{row['ratio']:7.3f}" if row.get("ratio") else "      -"
            seconds, theirs = shown(row["seconds"]), shown(row.get("qepcad_seconds"))
            print(f"{row['name']:34}{shown(row['cells'])}{shown(row.get('qepcad_cells'))} {seconds} {theirs}{tail} {row['method']}", flush=True)
    print(f"{'elimination':34}{'ms':>10}{'QEPCAD':>10}  ratio  z3, cvc5")
    for problem in eliminations:
        if options.only in problem.name and options.kind != "cad":
            row = eliminate(problem, options.repeat, not options.no_peers)
            rows.append(row)
            tail = f"{row['ratio']:7.3f}" if row.get("ratio") else "      -"
            agreed = {True: "agrees", False: "DIFFERS", None: "unknown"}[row["agrees"]]
            others = " ".join([f"{n} {row[n][0]} {row[n][1] * 1000:.1f}" for n in ("z3", "cvc5") if n in row])
            print(f"{row['name']:34} {shown(row['seconds'])} {shown(row.get('qepcad_seconds'))}{tail} {agreed} {row['method']} {others}", flush=True)
    print()
    summary = report(rows)
    if options.json:
        Path(options.json).write_text(json.dumps({"rows": rows, "summary": summary}, indent=1, default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
