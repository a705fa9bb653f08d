"""Critical values against peers: which solutions are lost, and how long it takes.

    python benchmarks/critical_values.py

Peers, where they are installed: ``sympy.solve`` on the gradient system, z3 (asked for one point after another with f equal to a new value),
QEPCAD (quantifier elimination of ``exists x: t = f and grad f = 0``, wall time net of the time of a trivial problem); for the complex values
at infinity Singular (the same ideals, ``sat`` and ``eliminate`` of its library, net of its start).  A peer that is stopped after ``LIMIT``
seconds counts as that.
"""

import multiprocessing
import shutil
import subprocess
import time

LIMIT = 20
FUNCTIONS = [
    ("himmelblau", "(x^2+y-11)^2+(x+y^2-7)^2", "x,y"),
    ("inf_not_attained", "x^2+(x*y-1)^2", "x,y"),
    ("broughton", "x^2*y+x", "x,y"),
    ("motzkin", "x^4*y^2+x^2*y^4-3*x^2*y^2+1", "x,y"),
    ("quadact_data2", "(a*w^2-1)^2+(4*a*w^2-2)^2", "a,w"),
    ("dense cubic", "x^3+2*x^2*y-3*x*y^2+y^3-4*x^2+x*y+5*y^2-x+2*y", "x,y"),
    ("dense quartic", "x^4-2*x^3*y+3*x^2*y^2+x*y^3+2*y^4-x^3+4*x*y^2-5*y^2+x-3*y", "x,y"),
    ("deep_linear_3", "(u*v*w-1)^2", "u,v,w"),
    ("linear_2_data_bias", "(v*b-1)^2+(v*(w+b)+1)^2", "v,w,b"),
]


def ours(formula: str, names: list[str]) -> tuple[float, list, list[str], bool, float]:
    """Return seconds for the finite values, these, the values at infinity, whether all is complete, and seconds for everything; best of three."""
    from tamecheck.critical_report import critical

    best = {}
    for kind in ("smooth", "all") * 3:
        started = time.perf_counter()
        report = critical(formula, names, kind=kind)
        best[kind] = min(best.get(kind, LIMIT), time.perf_counter() - started)
    return best["smooth"], report.smooth, report.values("asymptotic"), report.complete, best["all"]


def in_child(function, *arguments) -> tuple[float, object]:
    """Return seconds and result of a function in a child that is stopped after the limit."""
    queue = multiprocessing.Queue()
    child = multiprocessing.Process(target=_send, args=(queue, function, arguments))
    child.start()
    try:
        seconds, result = queue.get(timeout=LIMIT + 5)
    except Exception:
        seconds, result = LIMIT, None
    child.terminate()
    child.join()
    return seconds, result


def _send(queue, function, arguments) -> None:
    started = time.perf_counter()
    result = function(*arguments)
    queue.put((time.perf_counter() - started, result))


def by_sympy(formula: str, names: list[str]) -> int:
    """Return how many different real critical values sympy's solutions have (parametric solutions count as their value)."""
    import sympy

    symbols = sympy.symbols(names)
    f = sympy.sympify(formula.replace("^", "**"), locals=dict(zip(names, symbols, strict=True)))
    solutions = sympy.solve([sympy.diff(f, s) for s in symbols], symbols, dict=True)
    values = set()
    for s in solutions:
        if all([v.is_real is not False for v in s.values()]):
            value = sympy.N(sympy.simplify(f.subs(s)), 12)
            values.add(str(sympy.re(value))[:9])
    return len(values)


def by_z3(formula: str, names: list[str]) -> int:
    """Return how many critical values z3 finds by asking for one that is different from those before."""
    import z3

    variables = [z3.Real(n) for n in names]
    scope = dict(zip(names, variables, strict=True))
    from tamecheck.ground.polynomials import Ring, read

    ring = Ring(names)
    p, d = read(ring, formula)

    def term(q):
        total = z3.RealVal(0)
        for e, c in zip(q.monoms(), q.coeffs(), strict=True):
            t = z3.RealVal(int(c))
            for name, k in zip(names, e, strict=True):
                for _ in range(int(k)):
                    t = t * scope[name]
            total = total + t
        return total

    solver = z3.Tactic("qfnra-nlsat").solver()
    for k in range(len(names)):
        solver.add(term(p.derivative(k)) == 0)
    t = z3.Real("t_value")
    solver.add(t * d == term(p))
    count = 0
    while solver.check() == z3.sat:
        count += 1
        solver.add(t != solver.model()[t])
    return count


def by_qepcad(formula: str, names: list[str]) -> float | None:
    """Return QEPCAD's wall time for the finite critical values, ``None`` if it is not installed."""
    if shutil.which("qepcad") is None:
        return None
    from tamecheck.ground.polynomials import Ring, read

    ring = Ring(names)
    p, d = read(ring, formula)

    def text(q):
        return str(q).replace("*", " ")

    equations = [f"{text(p.derivative(k))} = 0" for k in range(len(names))]
    matrix = " /\\ ".join([f"{d} t = {text(p)}", *equations])
    lines = ["[]", f"(t,{','.join(names)})", "1", "".join([f"(E {n})" for n in names]) + f"[{matrix}].", "finish", ""]
    started = time.perf_counter()
    try:
        subprocess.run(["qepcad", "+N8000000"], input="\n".join(lines), capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return float(LIMIT)
    return time.perf_counter() - started


def start_of_qepcad() -> float:
    """Return the time of a trivial problem: QEPCAD's start."""
    started = time.perf_counter()
    subprocess.run(["qepcad", "+N8000000"], input="[]\n(x)\n0\n(E x)[x=0].\nfinish\n", capture_output=True, text=True, timeout=LIMIT, check=False)
    return time.perf_counter() - started


AT_INFINITY = [
    ("broughton", "x^2*y+x", "x,y"), ("inf_not_attained", "x^2+(x*y-1)^2", "x,y"), ("king", "-y*(2*x^2*y^2-9*x*y+12)", "x,y"),
    ("motzkin", "x^4*y^2+x^2*y^4-3*x^2*y^2+1", "x,y"), ("quadact_data2", "(a*w^2-1)^2+(4*a*w^2-2)^2", "a,w"), ("rabier", "x*(x*y+1)^2", "x,y"),
    ("nemethi_zaharia", "x*(1+x^2*y)^2", "x,y"), ("x3y2_plus_x", "x^3*y^2+x", "x,y"), ("parusinski3", "x+x^2*y+x^4*y*z", "x,y,z"),
    ("deep_linear_3", "(u*v*w-1)^2", "u,v,w"), ("linear_2_data_bias", "(v*b-1)^2+(v*(w+b)+1)^2", "v,w,b"),
    ("kinf_from_noncompact", "x^2*y^2+(y*z-1)^2", "x,y,z"), ("paunescu_zaharia_11", "x-3*x^3*y^2+2*x^4*y^3+y*z", "x,y,z"),
    ("paunescu_zaharia_21", "x-3*x^5*y^2+2*x^7*y^3+y*z", "x,y,z"), ("three terms squared", "x*(x*y+x*z-1)^2+y*z", "x,y,z"),
    ("deg 11", "x*(x^2*y^2*z-1)^2+z", "x,y,z"),
]  # fmt: skip


def singular(script: str, limit: float = LIMIT) -> tuple[float, str | None]:
    """Return wall time and output of Singular."""
    started = time.perf_counter()
    try:
        done = subprocess.run(["Singular", "-q", "--no-rc"], input=script + "quit;\n", capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return limit, None
    return time.perf_counter() - started, done.stdout


def chart_for_singular(formula: str, names: list[str], i: int) -> str:
    """Return the elimination of one projective chart as a script."""
    from tamecheck.ground.polynomials import Ring, read

    ring = Ring(names)
    p, denominator = read(ring, formula)
    d = int(p.total_degree())
    others = [k for k in range(len(names)) if k != i]

    def at(q, degree: int) -> str:
        parts = []
        for m, c in zip(q.monoms(), q.coeffs(), strict=True):
            powers = [f"w{k}^{int(m[k])}" for k in others if int(m[k])]
            parts.append("*".join([f"({int(c)})", f"e^{degree - sum(map(int, m))}", *powers]))
        return "+".join(parts) or "0"

    variables = ["e", *[f"w{k}" for k in others], *[f"v{k}" for k in range(len(names))]]
    equations = [f"{denominator}*e^{d}*t-({at(p, d)})"]
    equations += [f"{denominator}*e^{d}*v{k}-({at(p.derivative(k), d - 1)})" for k in range(len(names))]
    dead = ",".join(["e", *[f"v{k}" for k in range(len(names))]])
    return (
        f'LIB "elim.lib"; ring r=0,({",".join(variables)},t),dp; ideal J={",".join(equations)}; list L=sat(J,ideal(e)); ideal S=L[1];'
        f'ideal K=S,{dead}; ideal E=eliminate(K,{"*".join(variables)}); print(E[1]);\n'
    )


def complex_values_at_infinity() -> None:
    """Print processor time against Singular's wall time, net of its start, for the complex values at infinity; the answers are compared."""
    from flint import fmpz_mpoly

    from tamecheck.geometry.critical_values.groebner import Limits
    from tamecheck.geometry.critical_values.projective_charts import complex_values, squarefree
    from tamecheck.ground.polynomials import Ring, read
    from tamecheck.ground.towers import as_univariate

    peer = shutil.which("Singular") is not None
    start = min([singular('LIB "elim.lib"; ring r=0,x,dp;\n')[0] for _ in range(3)]) if peer else 0
    print(f"\n{'complex values at infinity':<28}{'ours ms':>9}{'Singular net ms':>17}  zeros of")
    ratios = []
    for name, formula, variables in AT_INFINITY:
        names = variables.split(",")
        ring = Ring(names)
        p, d = read(ring, formula)
        seconds = LIMIT
        for _ in range(3):
            started = time.process_time()
            found = complex_values(ring, (p, ring.constant(d)), Limits(LIMIT))
            seconds = min(seconds, time.process_time() - started)
        text = str(found.polynomial).replace("x", "c") if found.exact else "not exact"
        column, verdict = "-", ""
        if peer:
            results = [singular(chart_for_singular(formula, names, i)) for i in range(len(names))]
            net = sum([max(s - start, 0.001) for s, _ in results])
            stopped = any([out is None for _, out in results])
            column = f"{'> ' if stopped else ''}{net * 1000:.0f}"
            ratios.append(seconds / net)
            if not stopped:
                small = Ring(("t",))
                product = None
                for _, out in results:
                    q = read(small, out.strip().splitlines()[-1])[0]
                    product = q if product is None else product * q
                same = isinstance(product, fmpz_mpoly) and squarefree(as_univariate(product, 1)) in (found.polynomial, -found.polynomial)
                verdict = "" if same else "  DISAGREE"
        print(f"{name:<28}{seconds * 1000:>9.1f}{column:>17}  {text}{verdict}", flush=True)
    if ratios:
        mean = 1.0
        for r in ratios:
            mean *= r ** (1 / len(ratios))
        print(f"geometric mean of ours against Singular: {mean:.2f}")


def main() -> None:
    """Print one line per function."""
    critical_warm()
    floor = start_of_qepcad() if shutil.which("qepcad") else 0
    print(f"{'function':<20}{'values':>7}{'ours ms':>9}{'all ms':>8}{'sympy':>14}{'z3':>14}{'QEPCAD net ms':>15}  at infinity")
    for name, formula, variables in FUNCTIONS:
        names = variables.split(",")
        seconds, finite, infinite, complete, everything = ours(formula, names)
        sympy_seconds, found = in_child(by_sympy, formula, names)
        z3_seconds, some = in_child(by_z3, formula, names)
        q = by_qepcad(formula, names)
        q_text = "-" if q is None else f"{max(q - floor, 0) * 1000:.0f}"
        s_text = f"{_count(found)} in {sympy_seconds * 1000:.0f}"
        z_text = f"{_count(some)} in {z3_seconds * 1000:.0f}"
        at = ", ".join(infinite) + ("" if complete else " (open)")
        print(f"{name:<20}{len(finite):>7}{seconds * 1000:>9.1f}{everything * 1000:>8.1f}{s_text:>14}{z_text:>14}{q_text:>15}  {at}")

    neuron()
    complex_values_at_infinity()


NEURON = "(u/(1+exp(-b))-1/4)^2+(u/(1+exp(-(w+b)))-1/2)^2+(u/(1+exp(-(2*w+b)))-9/10)^2"


def neuron() -> None:
    """Print boxes and time for all critical points of a logistic neuron with three parameters in a box (published: 149 004 boxes, 11 s)."""
    from fractions import Fraction

    from tamecheck.critical_boxes import certified
    from tamecheck.geometry.critical_values.critical_graph import graph
    from tamecheck.ground.grammar import parse

    ends = [(Fraction(1, 5), Fraction(3)), (Fraction(1, 10), Fraction(3)), (Fraction(-3), Fraction(3))]
    started, clock = time.process_time(), time.perf_counter()
    result, points = certified(graph(parse(NEURON), ["u", "w", "b"]), ends)
    seconds, wall = time.process_time() - started, time.perf_counter() - clock
    found = f"{len(points)} critical point, {len(result.open)} open"
    print(f"logistic neuron: {found}, {result.boxes} boxes, {seconds:.2f} s of the processor ({wall:.2f} s)")


def _count(found: object) -> str:
    return "-" if found is None else str(found)


def critical_warm() -> None:
    """Import everything before anything is timed."""
    from tamecheck.critical_report import critical

    critical("x^2+y^2")


if __name__ == "__main__":
    main()
