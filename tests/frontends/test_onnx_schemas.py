"""Nothing of the ONNX standard is forgotten: every operator and attribute is translated or refused with a reason."""

import pytest

onnx = pytest.importorskip("onnx")

from tamecheck.frontends.onnx_ops import registry  # noqa: E402

registry.load_all()
SCHEMAS = onnx.defs.get_all_schemas_with_history()
OPERATORS = sorted({(s.domain, s.name) for s in SCHEMAS})


def test_every_operator_of_the_standard_has_a_row():
    """Each operator is translated, expanded by the standard's own body, or refused with a reason."""
    bodies = {(s.domain, s.name) for s in SCHEMAS if s.has_function or s.has_context_dependent_function}
    missing = [o for o in OPERATORS if o not in registry.HANDLERS and o not in registry.REFUSED and o not in registry.EXPANDED]
    assert missing == []
    assert set(registry.EXPANDED) <= bodies


def test_rows_do_not_contradict_each_other():
    """No operator is both translated and refused, and no row is about an operator that does not exist."""
    tables = [set(registry.HANDLERS), set(registry.REFUSED), set(registry.EXPANDED)]
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert set().union(*tables) <= set(OPERATORS)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda o: f"{o[0]}:{o[1]}")
def test_every_attribute_of_every_version_is_read(operator):
    """A handler declares each attribute that any version of its operator has; others would be refused when met."""
    handler = registry.HANDLERS.get(operator)
    if handler is None:
        return
    known = {name for s in SCHEMAS if (s.domain, s.name) == operator and not s.deprecated for name in s.attributes}
    assert known <= handler.attributes


@pytest.mark.parametrize("operator", sorted(registry.REFUSED), ids=lambda o: o[1])
def test_every_refusal_says_why(operator):
    """A refusal is a sentence about the operator, not a shrug."""
    reason = registry.REFUSED[operator]
    assert len(reason) > 30
    assert reason[0].islower()


def test_the_counts_of_rows():
    """How much of the standard is covered; a new version of the package shows here."""
    assert len(OPERATORS) == len(registry.HANDLERS) + len(registry.REFUSED) + len(registry.EXPANDED)
