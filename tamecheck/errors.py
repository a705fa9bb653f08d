"""Every error a user can meet, with a stable code.

Four families, told apart by the first digit of the code:

* ``TC1xx`` *input*: the text, file or program is malformed;
* ``TC2xx`` *refusal*: a true negative, with its guilty node;
* ``TC3xx`` *budget*: time, memory or steps ran out, with what was kept;
* ``TC4xx`` *rejected*: a certificate did not pass the checker.

An error is a short letter: what happened, where, why, what to try.  "Unknown" is a
result, never an error.
"""


class TamecheckError(Exception):
    """Base of all errors: ``code`` is stable, ``where`` and ``hint`` are for people."""

    code = "TC000"

    def __init__(self, message: str, *, code: str | None = None, where: str = "", hint: str = "") -> None:
        self.code = code or type(self).code
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: code, what, where, what to try."""
        parts = [f"{self.code} {self.message}"]
        if self.where:
            parts.append(f"in {self.where}")
        if self.hint:
            parts.append(f"try: {self.hint}")
        return "; ".join(parts)


class InputError(TamecheckError):
    """The text or file is bad (exit status 3)."""

    code = "TC100"


class ShapeError(InputError):
    """Shapes of a tensor operation do not fit."""

    code = "TC120"


class UnsupportedModel(InputError):
    """A model file holds operators or attributes that have no translation; lists *all* of them."""

    code = "TC130"

    def __init__(self, message: str, problems: list[dict] | None = None, **rest: str) -> None:
        self.problems = problems or []
        super().__init__(message, **rest)


class Refusal(TamecheckError):
    """A true negative with the guilty node (exit status 1)."""

    code = "TC200"


class BudgetExceeded(TamecheckError):
    """Time, memory or steps ran out (exit status 4); ``partial`` holds what was established."""

    code = "TC300"

    def __init__(self, message: str, partial: object = None, **rest: str) -> None:
        self.partial = partial
        super().__init__(message, **rest)


class CertificateRejected(TamecheckError):
    """The independent checker refused a certificate."""

    code = "TC400"
