"""Report on every activation of the atlas, and say how long it took and how much was certified.

Usage: ``python benchmarks/activation_atlas.py [--processes 2] [--check] [--write] [--only TEXT]``

Every entry of one variable is read, proved definable or not, and analysed on its whole domain
(`tamecheck.activation`); ``--check`` also hands every certificate to the independent checker.  ``--write`` writes the records
that the package ships (``tamecheck/structures/atlas/activations_golden.json``); without it they are compared with the file.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent.parent / "tamecheck" / "structures" / "atlas" / "activations_golden.json"
WITHIN = {"whole atlas, seconds": 240.0, "median, seconds": 0.5, "closed, share": 0.95}


def one_variable() -> list[str]:
    """Return the names of the entries of one variable, in the order of the atlas."""
    from tamecheck.frontends.formula_io import load
    from tamecheck.structures.atlas.activations import activations

    return [a.name for a in activations() if load(a.formula, constants=a.parameters).variables == ("x",)]


def report(name: str):
    """Return the report of an entry at its default parameters, on its domain."""
    from tamecheck.activation_report import activation
    from tamecheck.structures.atlas.activations import find

    entry = find(name)
    return activation(entry.formula, domain=entry.domain, parameters=entry.parameters)


def measure(name: str, check: bool = False) -> tuple[str, dict, float, bool | None, float]:
    """Return name, record, seconds, whether the checker accepted (``None``: not asked, or no certificate to accept), its seconds."""
    from tamecheck.reports.activation_atlas import record

    started = time.perf_counter()
    found = report(name)
    seconds = time.perf_counter() - started
    accepted, started = None, time.perf_counter()
    if check:
        certificate = found.certificate
        accepted = bool(certificate.check())
    return name, record(found.to_json()), seconds, accepted, time.perf_counter() - started


def text(entries: dict[str, dict]) -> str:
    """Return the file of records: one line per entry."""
    body = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    return '{"schema": "tamecheck activation records 1", "entries": {\n' + body + "\n}}\n"


def differences(old: dict[str, dict], new: dict[str, dict]) -> list[str]:
    """Return one line per difference between two files of records, restricted to the names of the second."""
    out = []
    for name, entry in new.items():
        before = old.get(name)
        if before is None:
            out.append(f"{name}: new")
        else:
            out += [f"{name}: {key}: was {before.get(key)}, is {entry.get(key)}" for key in {**before, **entry} if before.get(key) != entry.get(key)]
    return out


def main(arguments: list[str] | None = None) -> int:
    """Run; exit status 1 if a figure is missed, the checker refuses, or the shipped records differ."""
    from tamecheck.reports.activation_atlas import lines, listed, settled
    from tamecheck.structures.atlas.activations import LINE, find

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="hand every certificate to the independent checker")
    parser.add_argument("--write", action="store_true", help="write the records that the package ships")
    parser.add_argument("--only", default="", help="entries whose name contains this")
    options = parser.parse_args(arguments)
    names = [n for n in one_variable() if options.only.casefold() in n.casefold()]
    started = time.perf_counter()
    with ProcessPoolExecutor(options.processes) as pool:
        rows = list(pool.map(measure, names, [options.check] * len(names), chunksize=4))
    total = time.perf_counter() - started
    entries = {name: entry for name, entry, *_ in rows}
    seconds = sorted(s for _, _, s, *_ in rows)
    whole = [e for e in entries.values() if e["total"]]
    figures = {
        "whole atlas, seconds": total, "median, seconds": seconds[len(seconds) // 2],
        "closed, share": sum(map(settled, whole)) / max(1, len(whole)),
    }  # fmt: skip
    print("\n".join(lines(entries)))
    slowest = sorted(((s, n) for n, _, s, *_ in rows), reverse=True)[:5]
    print(f"{len(rows)} reports in {total:.1f} s with {options.processes} processes; median {figures['median, seconds']:.3f} s, "
          f"99th percentile {seconds[int(len(seconds) * 0.99)]:.2f} s, slowest {', '.join(f'{n} {s:.1f} s' for s, n in slowest)}")  # fmt: skip
    line = [e for n, e in entries.items() if e["total"] and find(n).domain == LINE]
    print(f"defined on the whole line: {len(line)}; zeros and extrema all listed: {sum(map(listed, line))} "
          f"({sum(map(listed, line)) / len(line):.1%}), or infinitely many by proof: {sum(map(settled, line))} "
          f"({sum(map(settled, line)) / len(line):.1%})")  # fmt: skip
    print("open: " + "; ".join(n for n, e in entries.items() if not settled(e)))
    print(f"defined everywhere on their domain: {len(whole)}; zeros and extrema all listed: {sum(map(listed, whole))}, "
          f"or infinitely many by proof: {sum(map(settled, whole))} ({figures['closed, share']:.1%})")  # fmt: skip
    bad = [f"{k}: {figures[k]:.3g}, not {'at least' if k.startswith('closed') else 'below'} {v}"
           for k, v in WITHIN.items() if (figures[k] < v if k.startswith("closed") else figures[k] > v)]  # fmt: skip
    if options.check:
        definable = [r for r in rows if r[1]["verdict"] == "definable"]
        refused = [r[0] for r in rows if r[3] is False]
        spent = sorted(r[4] for r in rows)
        print(f"independent checker: {sum(r[3] is True for r in rows)} of {len(rows)} certificates accepted, "
              f"{sum(r[3] is True for r in definable)} of {len(definable)} definable ones; "
              f"median {spent[len(spent) // 2] * 1000:.1f} ms, total {sum(spent):.1f} s")  # fmt: skip
        bad += [f"the checker refuses {n}" for n in refused]
    if options.write:
        GOLDEN.write_text(text(entries), encoding="utf-8")
        print(f"{len(entries)} records, {GOLDEN.stat().st_size / 1000:.0f} kB, written")
    else:
        old = json.loads(GOLDEN.read_text(encoding="utf-8"))["entries"] if GOLDEN.exists() else {}
        bad += differences(old, entries)
    print("\n".join(bad) if bad else "as expected")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
