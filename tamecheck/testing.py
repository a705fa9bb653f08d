"""Assertions for other people's test suites.

>>> from tamecheck.testing import assert_definable
>>> assert_definable("tanh(x)", structure="R_exp")
"""

from tamecheck.errors import Refusal


class NotCertified(Refusal, AssertionError):
    """The asserted property was refuted, or could not be proved; the message says which, and where."""

    code = "TC210"


def _reason(certificate) -> str:
    report = certificate.to_json_report()
    if certificate.verdict == "not-definable":
        return report["witness"]["text"] if report["witness"] else "excluded: " + " ".join(report["excluded"])
    guilty = report["unknown_because"]
    return guilty[0]["reason"] if guilty else "homes proved: " + (", ".join(report["homes"]) or "none")


def assert_definable(source: object, structure: str | None = None, *, about: str = "both", check: bool = True, **options: object) -> None:
    """Raise unless the source is certified definable (in the named structure, if one is given).

    Parameters
    ----------
    source : whatever `tamecheck.certify` takes
    structure : ASCII name of a structure; any home will do when it is ``None``
    check : also run the independent checker on the certificate

    Raises
    ------
    NotCertified
        With the guilty node or the witness; it is an ``AssertionError`` too.
    """
    from tamecheck.certification import certify

    certificate = certify(source, about, structure, sharpness=False, **options)
    where = f" in {structure}" if structure else " in any structure of the table"
    if certificate.verdict != "definable":
        full = certify(source, about, structure, **options)
        raise NotCertified(f"{full.verdict}{where}: {_reason(full)}")
    if check:
        answer = certificate.check()
        if answer["verdict"] != "valid":
            raise NotCertified(f"the checker rejects the certificate: {answer.get('code', '')} {answer.get('reason', '')}")


def assert_locally_lipschitz(source: object, *, about: str = "both", **options: object) -> None:
    """Raise unless the source is proved total and locally Lipschitz."""
    from tamecheck.certification import certify

    certificate = certify(source, about, sharpness=False, **options)
    if certificate.locally_lipschitz is not True:
        raise NotCertified("not proved total and locally Lipschitz")


def assert_smooth(source: object, order: int, *, about: str = "both", **options: object) -> None:
    """Raise unless the source is proved total and C^order."""
    from tamecheck.certification import certify

    certificate = certify(source, about, sharpness=False, **options)
    if not certificate.record[4] or certificate.record[6] < order:
        raise NotCertified(f"not proved C^{order}: {certificate.smoothness}")
