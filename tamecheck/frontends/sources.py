"""SOURCE: whatever a user hands to `certify`, turned into a program with outputs.

A text is ``model.onnx``, ``file.py:object`` (that file is *run*, by definition) or a formula;
objects are builder networks (anything with ``to_program``), sympy expressions, imported
models and ``(program, outputs)`` pairs.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from tamecheck.errors import InputError
from tamecheck.ground.intervals import LINE, Interval, to_text
from tamecheck.programs.program import Program


@dataclass
class Source:
    """A program with its outputs, wherever it came from."""

    program: Program
    outputs: dict[str, int]
    literal: list[dict] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    description: str = ""


OPTIONS = {"dimensions", "fixed", "external", "inputs"}
UNREAD = {".pt": "pickled torch files", ".pth": "pickled torch files", ".h5": "Keras files",
          ".keras": "Keras files", ".pb": "TensorFlow graphs", ".safetensors": "weights without a graph"}


def read(source: object, box: Interval | None = None, parameters: str | None = None, constants: str | None = None,
         **options: object) -> Source:
    """Return the program behind a source.

    Raises
    ------
    InputError
        If the file is missing or unreadable, the object is of no known kind, or the text is no formula.
    """
    unknown = sorted(set(options) - OPTIONS)
    if unknown:
        raise InputError(f"unknown option {unknown[0]!r}", code="TC126", hint="options are " + ", ".join(sorted(OPTIONS)))
    if isinstance(source, Source):
        return boxed(source, box)
    if isinstance(source, Path):
        return _file(source, box, parameters, constants, options)
    if isinstance(source, str):
        return _text(source, box, parameters, constants, options)
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[0], Program):
        outputs = source[1] if isinstance(source[1], dict) else {"output": source[1]}
        return boxed(Source(source[0], outputs), box)
    if hasattr(source, "to_program"):
        program, outputs = source.to_program()
        return boxed(Source(program, outputs, description=type(source).__name__), box)
    if isinstance(getattr(source, "program", None), Program):
        return boxed(_imported(source), box)
    kind = type(source).__module__.partition(".")[0]
    if kind == "sympy":
        from tamecheck.frontends import sympy_io

        return boxed(_imported(sympy_io.load(source)), box)
    if kind == "torch" or any(k.__module__.partition(".")[0] == "torch" for k in type(source).__mro__):
        return _torch(source, box, parameters, constants, options)
    if kind == "onnx":
        return _onnx(source, box, parameters, constants, options)
    raise InputError(
        f"cannot certify an object of type {type(source).__name__}", code="TC126",
        hint="a builder network, an ONNX model, a sympy expression, a formula, or (program, outputs)",
    )


def boxed(source: Source, box: Interval | None) -> Source:
    """Return the source with the box put on every data input that has none of its own."""
    if box is None:
        return source
    p, text = Program(), to_text(box)
    p.bodies, p.data, p.names = source.program.bodies, source.program.data, dict(source.program.names)
    place = []
    for kind, parameters, arguments, shape in source.program.nodes:
        if kind == "input" and parameters[1] == "data" and parameters[2] == to_text(LINE):
            parameters = (parameters[0], "data", text)
        place.append(p.add(kind, parameters, tuple([place[a] for a in arguments]), shape))
    return replace(source, program=p, outputs={name: place[n] for name, n in source.outputs.items()})


def _text(source: str, box: Interval | None, parameters: str | None, constants: str | None, options: dict) -> Source:
    name, colon, attribute = source.rpartition(":")
    if colon and name.endswith(".py") and attribute.isidentifier():
        return read(_run(Path(name), attribute), box, parameters, constants, **options)
    suffix = Path(source).suffix.lower() if len(source) < 4096 and "\n" not in source else ""
    if suffix in (".onnx", ".pt2") or suffix in UNREAD:
        return _file(Path(source), box, parameters, constants, options)
    if suffix == ".py":
        raise InputError(f"{source!r} names a file but no object in it", code="TC126", hint=f"write {source}:NAME; the file is run")
    return _formula(source, box, parameters)


def _file(path: Path, box: Interval | None, parameters: str | None, constants: str | None, options: dict) -> Source:
    suffix = path.suffix.lower()
    if suffix in UNREAD:
        raise InputError(f"{UNREAD[suffix]} are not read", code="TC127", where=str(path), hint="export the model to ONNX")
    if not path.is_file():
        raise InputError("no such file", code="TC128", where=str(path), hint="check the path")
    if suffix == ".pt2":
        return _torch(path, box, parameters, constants, options)
    return _onnx(path, box, parameters, constants, options)


def _onnx(model: object, box: Interval | None, parameters: str | None, constants: str | None, options: dict) -> Source:
    try:
        from tamecheck.frontends import onnx_io
    except ImportError as missing:
        raise InputError("reading ONNX needs the onnx package", code="TC129", hint="pip install 'tamecheck[onnx]'") from missing
    if "inputs" in options:
        raise InputError("inputs= is for torch modules", code="TC126", hint="an ONNX model knows its inputs")
    return _imported(onnx_io.load(model, parameters=parameters, constants=constants, input_box=box, **options))


def _torch(model: object, box: Interval | None, parameters: str | None, constants: str | None, options: dict) -> Source:
    from tamecheck.frontends import torch_io

    if parameters or constants or set(options) - {"inputs"}:
        raise InputError("torch programs take inputs= and a box only; parameters are the exported ones", code="TC126")
    return boxed(_imported(torch_io.load(model, **options)), box)


def _formula(text: str, box: Interval | None, parameters: str | None) -> Source:
    from tamecheck.frontends import formula_io

    chosen = tuple(p.strip() for p in parameters.split(",")) if parameters else None
    if box is None:
        return _imported(formula_io.load(text, parameters=chosen))
    first = formula_io.load(text, parameters=chosen)
    data = [name for name in first.variables if name not in (chosen or ())]
    return _imported(formula_io.load(text, parameters=chosen, boxes=dict.fromkeys(data, box)))


def _imported(found: object) -> Source:
    return Source(found.program, dict(found.outputs), list(getattr(found, "literal", [])), list(getattr(found, "choices", [])))


def _run(path: Path, attribute: str) -> object:
    """Run a Python file and return an object of it: the user asked for exactly that."""
    import runpy

    if not path.is_file():
        raise InputError("no such file", code="TC128", where=str(path), hint="check the path")
    try:
        namespace = runpy.run_path(str(path))
    except Exception as failure:
        raise InputError(f"running the file failed: {type(failure).__name__}: {failure}", code="TC128", where=str(path)) from failure
    if attribute not in namespace:
        raise InputError(f"the file defines no {attribute!r}", code="TC128", where=str(path))
    return namespace[attribute]
