"""What DataGate finds. No TensorFlow here."""

from dataclasses import dataclass

ERROR, WARNING = "ERROR", "WARNING"
EVERYTHING = "(all)"


@dataclass(frozen=True)
class Offender:
    """An example that breaks a rule.

    Args:
        record: Which one of its file, counted from 0.
        file: The file, inside the Examples artifact.
        text: The example, the offending feature first, cut to a readable length; what would upset a
            terminal is escaped.
    """

    record: int
    file: str
    text: str


@dataclass(frozen=True)
class Finding:
    """One broken rule.

    Args:
        split: Where.
        feature: The feature, `(all)` where it is about the split.
        rule: Which rule, by TFDV's name.
        seen: What the data are.
        allowed: What the schema allows; "" where TFDV's words in `detail` are all there is.
        detail: TFDV's description.
        severity: `ERROR` stops the run, `WARNING` does not.
        kind: TFDV's type of the anomaly.
        examples: Up to three examples that break the rule; none for a rule about a distribution.
    """

    split: str
    feature: str
    rule: str
    seen: str
    allowed: str
    detail: str
    severity: str
    kind: str
    examples: tuple[Offender, ...] = ()
