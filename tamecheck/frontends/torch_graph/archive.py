"""The ``.pt2`` archive: a zip of JSON and raw bytes, read without running anything of it.

Nothing is unpacked to disk and nothing is unpickled.  Entries of these archives are stored,
not compressed, so a compressed entry is refused: sizes cannot be inflated.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from tamecheck.errors import InputError

if TYPE_CHECKING:
    import numpy as np

MAXIMAL_BYTES = 2**31
MAXIMAL_JSON = 2**26
MAXIMAL_ENTRIES = 200_000
SCHEMA = 8
DTYPES = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f2", 7: "<f4", 8: "<f8", 12: "?", 13: "bf16"}
INTEGERS = frozenset([1, 2, 3, 4, 5])
FLOATS = frozenset([6, 7, 8, 13])
BOOL = 12
HINT = "save the model again with torch.export.save"


@dataclass
class Archive:
    """A parsed archive: the exported program's JSON value and the tensors it names, by kind and name."""

    model: dict
    tensors: dict[str, dict]
    content: dict[str, bytes]

    def array(self, name: str) -> np.ndarray:
        """Return the stored tensor of a parameter, buffer or lifted constant."""
        entry = self.tensors.get(name)
        if entry is None:
            raise InputError(f"the tensor {name[:80]!r} is not stored in the archive", code="TC134", hint=HINT)
        return tensor(entry, self.content[entry["path"]], name)


def read_archive(content: bytes, where: str = "") -> Archive:
    """Return the archive of the bytes of a ``.pt2`` file.

    Raises
    ------
    InputError
        TC132 no such archive or cut off; TC133 unknown schema; TC136 too large; TC137 pickled tensors.
    """
    entries = _entries(content, where)
    models = [n for n in entries if n.startswith("models/") and n.endswith(".json")]
    if len(models) != 1:
        raise InputError(f"the archive holds {len(models)} exported programs, not one", code="TC132", where=where, hint=HINT)
    if entries.get("byteorder", b"little").strip() != b"little":
        raise InputError("the archive is not little-endian", code="TC133", where=where)
    stem = models[0][len("models/") : -len(".json")]
    model = _json(entries[models[0]], where)
    version = model.get("schema_version") if isinstance(model, dict) else None
    major = version.get("major") if isinstance(version, dict) else None
    if major != SCHEMA:
        raise InputError(f"schema version {str(major)[:20]} is not known; {SCHEMA} is", code="TC133", where=where, hint=HINT)
    tensors: dict[str, dict] = {}
    for kind in ("weights", "constants"):
        config = entries.get(f"data/{kind}/{stem}_{kind}_config.json")
        if config is None:
            continue
        for name, about in _json(config, where)["config"].items():
            path = f"data/{kind}/{about['path_name']}"
            if about.get("use_pickle") is not False:
                raise InputError(f"the tensor {name[:80]!r} is pickled; pickles run code and are not read", code="TC137", where=where)
            if name in tensors or path not in entries:
                raise InputError(f"the tensor {name[:80]!r} is missing or stored twice", code="TC134", where=where, hint=HINT)
            tensors[name] = {"path": path, "meta": about["tensor_meta"]}
    return Archive(model, tensors, entries)


def _entries(content: bytes, where: str) -> dict[str, bytes]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        listed = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise InputError("this is no .pt2 archive, or it is cut off", code="TC132", where=where, hint=HINT) from None
    if len(listed) > MAXIMAL_ENTRIES or sum(i.file_size for i in listed) > min(MAXIMAL_BYTES, len(content)):
        raise InputError("the archive declares more bytes than it has", code="TC136", where=where, hint=HINT)
    found: dict[str, bytes] = {}
    for i in listed:
        parts = i.filename.split("/")
        if ".." in parts or "\\" in i.filename or i.filename.startswith("/") or ":" in parts[0]:
            raise InputError(f"the archive names a file outside itself: {i.filename[:80]!r}", code="TC132", where=where)
        if i.compress_type != zipfile.ZIP_STORED or i.file_size != i.compress_size or i.flag_bits & 1:
            raise InputError(f"the entry {i.filename[:80]!r} is compressed or encrypted", code="TC136", where=where, hint=HINT)
        name = i.filename.partition("/")[2]
        if name in found:
            raise InputError(f"the archive holds {name[:80]!r} twice", code="TC132", where=where)
        try:
            found[name] = archive.read(i)
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
            raise InputError(f"the entry {name[:80]!r} is damaged", code="TC132", where=where, hint=HINT) from None
    return found


def _json(text: bytes, where: str) -> dict:
    if len(text) > MAXIMAL_JSON:
        raise InputError(f"{len(text)} bytes of JSON, the limit is {MAXIMAL_JSON}", code="TC136", where=where)
    try:
        return json.loads(text)
    except RecursionError:
        raise InputError("the program is nested too deeply", code="TC136", where=where) from None
    except ValueError:
        raise InputError("the program is no JSON", code="TC132", where=where, hint=HINT) from None


def extents(sizes: list) -> tuple[int, ...]:
    """Return static extents; a symbolic one is refused."""
    result = []
    for e in sizes:
        known = e.get("as_int")
        if type(known) is not int or not 0 <= known < 2**62:
            raise InputError("an extent is symbolic", code="TC138", hint="export with static shapes (no dynamic_shapes)")
        result.append(known)
    if len(result) > 32 or prod(result) > 2**62:
        raise InputError(f"a tensor has shape {result[:8]}", code="TC136")
    return tuple(result)


def tensor(entry: dict, stored: bytes, name: str) -> np.ndarray:
    """Return a strided tensor out of its storage's bytes, every place checked to lie inside."""
    import numpy as np

    meta = entry["meta"]
    code = DTYPES.get(meta["dtype"])
    if code is None or meta.get("layout", 7) != 7:
        raise InputError(f"the tensor {name[:80]!r} has an element type or layout that is not read", code="TC135")
    shape, strides, (offset,) = extents(meta["sizes"]), extents(meta["strides"]), extents([meta["storage_offset"]])
    if code == "bf16":
        flat = (np.frombuffer(stored, dtype="<u2").astype("<u4") << 16).view("<f4")
    else:
        flat = np.frombuffer(stored, dtype=code)
    if len(strides) != len(shape) or (prod(shape) and offset + sum((e - 1) * s for e, s in zip(shape, strides, strict=True)) >= flat.size):
        raise InputError(f"the tensor {name[:80]!r} reaches beyond its bytes", code="TC135", hint=HINT)
    if prod(shape) > flat.size:
        raise InputError(f"the tensor {name[:80]!r} repeats its entries", code="TC136", hint="make it contiguous before exporting")
    width = flat.itemsize
    return np.lib.stride_tricks.as_strided(flat[offset:], shape, [s * width for s in strides]).copy()
