"""The catalogue as tables: primitives, activations, operators of frameworks."""

from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from tamecheck.structures.primitives import PRIMITIVES


class Table(NamedTuple):
    """A table for people: a key for JSON, a title, column names and rows of texts; ``short`` are the columns of a long listing."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    short: tuple[str, ...]


KINDS = ("primitives", "activations", "operators")
WORDS = {True: "yes", False: "no", None: "unknown"}


def tables(name: str | None = None, kind: str | None = None) -> list[Table]:
    """Return the tables of the catalogue, restricted to one of `KINDS` and to rows called ``name``.

    An exact name wins over names that contain the text; case does not matter.
    """
    found = [primitives()]
    if find_spec("tamecheck.structures.atlas.activations") is not None:
        found.append(activations())
    with suppress(ImportError):  # the onnx package is an extra
        found.append(operators())
    if kind is not None:
        found = [t for t in found if t.key == kind]
    if name is not None:
        key = name.casefold()
        exact = [t._replace(rows=[r for r in t.rows if r[0].casefold() == key]) for t in found]
        part = [t._replace(rows=[r for r in t.rows if key in r[0].casefold()]) for t in found]
        found = exact if any(t.rows for t in exact) else part
    return [_with_homes(t) if t.key == "activations" else t for t in found]


def primitives() -> Table:
    """Return the scalar primitives, the axioms of the system."""
    columns = ("name", "domain", "definable in", "on compact pieces in", "not definable in", "smooth", "range", "source")
    rows = []
    for p in PRIMITIVES:
        excluded = "; ".join(f"{_names(e.structures)} {e.where}" for e in p.excluded)
        rows.append((
            p.name, p.domain, p.homes or "none", p.compact, excluded, p.smoothness, p.value_range,
            f"{p.reason} [{', '.join(p.references)}]",
        ))  # fmt: skip
    return Table("primitives", "scalar primitives", columns, rows, columns[:6])


def _names(structures: tuple[str, ...]) -> str:
    return "any o-minimal structure" if structures == ("any",) else ", ".join(structures)


def activations() -> Table:
    """Return the atlas of activations.

    Entries of one variable show the records that the prover wrote and a test proves again (`tamecheck.activation` proves
    them anew); of gates and vectors it is proved where they are definable when the row is shown.
    """
    atlas = import_module("tamecheck.structures.atlas.activations")
    records = atlas.golden()
    rows = []
    for a in atlas.activations():
        parameters = ", ".join(f"{k} = {v}" for k, v in a.parameters.items())
        known = _known(records[a.name]) if a.name in records else ("",) * 7
        rows.append((a.name, a.group, a.formula, parameters, a.domain, *known, a.same_as, a.note, a.reference))
    rows += [(u.name, u.group, "", "", "", "not written as a formula", *("",) * 7, u.reason, "") for u in atlas.unwritten()]
    columns = (
        "name", "group", "formula", "parameters", "domain", "definable in", "smooth", "SAD", "Lipschitz", "zeros", "extrema", "range", "same as",
        "note", "source",
    )  # fmt: skip
    return Table("activations", "activations", columns, rows, ("name", "formula", "definable in", "smooth", "SAD", "Lipschitz"))


def _known(record: dict) -> tuple[str, ...]:
    """Return the cells of a record."""
    from tamecheck.reports.activation_atlas import homes, lipschitz

    where = homes(record)
    if where in ("none", "unknown"):
        local = f"; locally {record['locally_definable']}" if record["locally_definable"] else ""
        where = f"no home{local}" if where == "none" else f"unknown{local}"
    low, high = ("unknown" if end is None else end for end in record["range"])
    counts = (str(record["zeros"]), str(record["extrema"]))
    return (where, str(record["smoothness"]), WORDS[record["sad"]], lipschitz(record), *counts, f"{low} ... {high}")


def census() -> list[str]:
    """Return the census of the atlas as lines of text."""
    from tamecheck.reports.activation_atlas import lines

    return lines(import_module("tamecheck.structures.atlas.activations").golden())


def census_counts() -> dict:
    """Return the census of the atlas as a JSON value: the denominator, and counts by column."""
    from tamecheck.reports.activation_atlas import census as count

    records = import_module("tamecheck.structures.atlas.activations").golden()
    return {"of": len(records), **count(records)}


def _with_homes(table: Table) -> Table:
    """Fill in the homes of the gates and vectors shown, by proving them."""
    from tamecheck.errors import TamecheckError
    from tamecheck.frontends import formula_io
    from tamecheck.proofs.definability import prove
    from tamecheck.structures import lattice

    atlas = import_module("tamecheck.structures.atlas.activations")
    rows = []
    for row in table.rows:
        found = atlas.find(row[0]) if not row[5] else None
        if found is not None:
            try:
                boxes = dict.fromkeys(("x", "y", "z"), found.domain) if found.domain != "(-inf,inf)" else None
                program = formula_io.load(found.formula, constants=found.parameters, boxes=boxes)
                record = prove(program.program, program.outputs["f"]).record
                homes = lattice.text(record[1]) or ("no home; locally " + lattice.text(record[2]) if record[2] else "no home")
            except TamecheckError as problem:
                homes = f"not read: {problem.code}"
            row = (*row[:5], homes, *row[6:])
        rows.append(row)
    return table._replace(rows=rows)


def operators() -> Table:
    """Return the operators of ONNX: how each is translated, or why it is refused."""
    registry = import_module("tamecheck.frontends.onnx_ops.registry")
    registry.load_all()
    rows = []
    for (domain, name), handler in registry.HANDLERS.items():
        attributes = ", ".join(sorted(handler.attributes)) or "-"
        rows.append((name, domain or "ai.onnx", "translated", attributes))
    rows += [(name, domain or "ai.onnx", "by its function body", str(why)) for (domain, name), why in registry.EXPANDED.items()]
    rows += [(name, domain or "ai.onnx", "refused", str(why)) for (domain, name), why in registry.REFUSED.items()]
    columns = ("name", "domain", "translation", "attributes, or reason")
    return Table("operators", "ONNX operators", columns, sorted(rows), columns)
