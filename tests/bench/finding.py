"""One measured figure with the target that it is held against."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`value` is None where it could not be measured, and `note` says why. At most one of the two limits is given."""

    what: str
    value: float | None
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    @property
    def verdict(self) -> str:
        """met, missed, or nothing where there is no target or no figure."""
        if self.value is None or not self.target:
            return ""
        above = self.at_least is None or self.value >= self.at_least
        below = self.at_most is None or self.value <= self.at_most
        return "met" if above and below else "missed"

    def record(self) -> dict:
        return {
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "verdict": self.verdict,
            "note": self.note,
        }
