"""tamecheck: certify that a model or loss is definable in an o-minimal structure.

The public names are resolved on first use, so that importing the package costs nothing.
"""

__version__ = "0.1.0"

_PUBLIC = {
    "certify": ("tamecheck.certification", "certify"),
    "Certificate": ("tamecheck.certification", "Certificate"),
    "Program": ("tamecheck.programs.program", "Program"),
    "flow": ("tamecheck.flow_report", "flow"),
    "homogeneity": ("tamecheck.homogeneity_report", "homogeneity"),
    "activation": ("tamecheck.activation_report", "activation"),
    "cells": ("tamecheck.geometry.cad.cells", "cells"),
    "evidence": ("tamecheck.geometry.cad.evidence", "evidence"),
    "decide": ("tamecheck.geometry.cad.quantifiers", "decide"),
    "strata": ("tamecheck.strata_report", "strata"),
    "region": ("tamecheck.geometry.topology.regions", "region"),
    "eliminate": ("tamecheck.geometry.cad.solutions", "eliminate"),
    "lower": ("tamecheck.networks", "lower"),
    "polyhedral_complex": ("tamecheck.networks", "polyhedral_complex"),
    "critical": ("tamecheck.critical_report", "critical"),
    "conservative": ("tamecheck.conservative_report", "conservative"),
    "implicit": ("tamecheck.implicit_report", "implicit"),
    "structures": ("tamecheck.structures", None),
    "nn": ("tamecheck.programs.builder", None),
    "torch": ("tamecheck.frameworks.torch_models", None),
    "jax": ("tamecheck.frameworks.jax_models", None),
    "testing": ("tamecheck.testing", None),
    "errors": ("tamecheck.errors", None),
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tamecheck' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _PUBLIC[name]
    value = import_module(module)
    if attribute is not None:
        value = getattr(value, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
