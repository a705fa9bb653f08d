"""One module per command: ``add`` declares its arguments, ``run`` does the work and returns the exit status.

The modules import nothing heavy until they run.
"""

from importlib import import_module
from types import ModuleType

NAMES = ("certify", "activation", "critical", "strata", "conservative", "check", "explain", "theorems", "flow", "structures", "catalogue")


def modules() -> list[ModuleType]:
    """Return the modules of all commands, in the order of the help page."""
    return [import_module(f"{__name__}.{name}") for name in NAMES]


def module(name: str) -> ModuleType:
    """Return the module of one command."""
    return import_module(f"{__name__}.{name}")
