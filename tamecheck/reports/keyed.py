"""A report whose JSON keys are attributes; the activation, critical and conservative reports are of this kind."""

from __future__ import annotations


class Keyed:
    """What is known, as a dictionary that can be read by attribute; it is no truth value."""

    NO_TRUTH = "a verdict has three values; compare .verdict"

    def __init__(self, content: dict) -> None:
        self._content = content

    def __getattr__(self, name: str) -> object:
        content = self.__dict__.get("_content", {})
        if name in content:
            return content[name]
        raise AttributeError(f"the report has no {name!r}; it has {', '.join(sorted(content))}")

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self._content])

    def __bool__(self) -> bool:
        raise TypeError(self.NO_TRUTH)

    def __str__(self) -> str:
        return self.to_text()

    def to_json(self) -> dict:
        """Return the report as a JSON value, with the keys of the interface."""
        return dict(self._content)

    def to_text(self, width: int = 80) -> str:
        """Return the report as plain text."""
        raise NotImplementedError
