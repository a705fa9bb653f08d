"""Stored tensors kept outside the model file: read only when asked for, only below one folder.

The path is opened relative to the folder part by part, links are not followed, the file must
be a regular one with a single link, and the range must lie inside it.
"""

from __future__ import annotations

import os
import stat

from tamecheck.errors import InputError
from tamecheck.frontends.onnx_ops.values import shown

MAXIMAL_BYTES = 2**33


def inline(model: object, folder: str) -> None:
    """Replace references to other files by their bytes in every stored tensor of the main graph."""
    budget = MAXIMAL_BYTES
    for proto in model.graph.initializer:
        if proto.data_location != 1:
            continue
        about = {entry.key: entry.value for entry in proto.external_data}
        offset, length = _number(about.get("offset", "0"), proto), about.get("length")
        content = _read(folder, about.get("location", ""), offset, None if length is None else _number(length, proto), budget, proto)
        budget -= len(content)
        proto.ClearField("external_data")
        proto.data_location = 0
        proto.raw_data = content


def _number(text: str, proto: object) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _refused(proto, "its place is no number")
    return int(text)


def _refused(proto: object, why: str) -> InputError:
    return InputError(f"the outside entries of tensor {shown(proto.name)} are not read: {why}", code="TC137")


def _read(folder: str, location: str, offset: int, length: int | None, budget: int, proto: object) -> bytes:
    parts = location.split("/")
    if not location or any(part in ("", ".", "..") for part in parts) or "\\" in location or "\0" in location:
        raise _refused(proto, "its path is not a plain one below the folder")
    follow = getattr(os, "O_NOFOLLOW", 0)
    place = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        for k, part in enumerate(parts):
            last = k == len(parts) - 1
            try:
                step = os.open(part, os.O_RDONLY | follow | (0 if last else getattr(os, "O_DIRECTORY", 0)), dir_fd=place)
            except OSError as error:
                raise _refused(proto, error.strerror or "it cannot be opened") from None
            os.close(place)
            place = step
        about = os.fstat(place)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise _refused(proto, "it is no regular file with a single name")
        length = about.st_size - offset if length is None else length
        if length < 0 or offset + length > about.st_size or length > budget:
            raise _refused(proto, "its range leaves the file or the limit")
        with os.fdopen(os.dup(place), "rb") as stream:
            stream.seek(offset)
            return stream.read(length)
    finally:
        os.close(place)
