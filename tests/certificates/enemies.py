"""The register of bad certificates: each has a name, a reason, the code that refuses it, and sometimes smaller limits."""

import json
from collections.abc import Callable
from typing import NamedTuple


class Enemy(NamedTuple):
    """A bad certificate; ``build`` returns its document, its bytes, or a pair (document, claim asked for)."""

    name: str
    code: str
    why: str
    limits: dict
    build: Callable[[], object]


REGISTER: dict[str, Enemy] = {}


def enemy(code: str, **limits: int) -> Callable:
    """Register the function below as a bad certificate; its docstring says what is wrong with it."""

    def register(build: Callable[[], object]) -> Callable:
        add(build.__name__, code, build.__doc__.strip(), build, **limits)
        return build

    return register


def add(name: str, code: str, why: str, build: Callable[[], object], **limits: int) -> None:
    """Register one bad certificate under a new name."""
    if name in REGISTER:
        raise KeyError(f"two enemies are called {name}")
    REGISTER[name] = Enemy(name, code, why, limits, build)


def files(found: Enemy) -> tuple[bytes, bytes | None]:
    """Return certificate and, if it has one, the claim asked for, as bytes."""
    built = found.build()
    value, claim = built if isinstance(built, tuple) else (built, None)
    return as_bytes(value), None if claim is None else as_bytes(claim)


def as_bytes(value: object) -> bytes:
    """Return canonical JSON; bytes stay as they are."""
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii")
