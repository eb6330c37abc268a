"""What the Evaluator computes, and what it demands. No TensorFlow here."""

from dataclasses import dataclass, field

from components.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Threshold:
    """When a metric blesses the model.

    Args:
        lower: The value must be at least this.
        upper: The value must be at most this.
        min_improvement: The value must beat the baseline model's by at least this much: 0 lets an equal one pass, a
            negative number allows a loss. Not checked without a baseline.
        higher_is_better: The direction of an improvement.
    """

    lower: float | None = None
    upper: float | None = None
    min_improvement: float | None = None
    higher_is_better: bool = True

    def check(self, key: str) -> None:
        """Raises a UsageError that names `key` if no value could meet the threshold, or any could."""
        if (self.lower, self.upper, self.min_improvement) == (None, None, None):
            raise UsageError(
                "A threshold must demand something.",
                received=f"{key} without lower, upper or min_improvement",
            )
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise UsageError(
                "A threshold's lower bound must not be above its upper bound.",
                received=f"{key}: lower={self.lower}, upper={self.upper}",
            )


@dataclass(frozen=True)
class OutputEvaluation:
    """What the Evaluator computes and demands of one output of a model.

    Args:
        label: The raw feature that holds the target.
        metrics: Names of TFMA or Keras metric classes.
        thresholds: Metric name to threshold, for the whole split.
        slice_thresholds: Metric name to threshold, for every slice with enough examples.
    """

    label: str
    metrics: tuple[str, ...]
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    slice_thresholds: dict[str, Threshold] = field(default_factory=dict)

    def check(self, where: str) -> None:
        """Raises a UsageError that begins with `where` if something is missing or a threshold makes no sense."""
        for name in ("label", "metrics"):
            if not getattr(self, name):
                raise UsageError(f"`{where}.{name}` must be given.", received=f"{name}={getattr(self, name)!r}")
        for group in ("thresholds", "slice_thresholds"):
            for name, threshold in getattr(self, group).items():
                key = f"{where}.{group}.{name}"
                if name not in self.metrics:
                    raise UsageError(
                        "A threshold must be on a metric that is computed.",
                        received=key,
                        fix=did_you_mean(name, self.metrics),
                    )
                threshold.check(key)


@dataclass(frozen=True)
class EvaluationConfig:
    """What the Evaluator computes and demands.

    Args:
        label: The raw feature that holds the target.
        metrics: Names of TFMA or Keras metric classes.
        outputs: For a model of several outputs, the name of each that is evaluated to what is computed and demanded of
            it, in place of `label`, `metrics`, `thresholds` and `slice_thresholds`.
        slices: Raw features to slice by; each item is one slicing over one or more features. The whole split is always
            there.
        thresholds: Metric name to threshold, for the whole split.
        slice_thresholds: Metric name to threshold, for every slice of `slices` with `min_slice_examples`.
        min_slice_examples: A slice with fewer examples than this is shown and not judged. The default judges all.
        split: The split that is evaluated.
    """

    label: str = ""
    metrics: tuple[str, ...] = ()
    slices: tuple[tuple[str, ...], ...] = ()
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    slice_thresholds: dict[str, Threshold] = field(default_factory=dict)
    min_slice_examples: int = 1
    split: str = "eval"
    outputs: dict[str, OutputEvaluation] = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, OutputEvaluation]:
        """Each output and what is computed and demanded of it; the only output of a model has no name here."""
        only = OutputEvaluation(self.label, self.metrics, self.thresholds, self.slice_thresholds)
        return self.outputs or {"": only}

    @property
    def labels(self) -> tuple[str, ...]:
        """The raw features that are targets, each once."""
        return tuple(dict.fromkeys(target.label for target in self.targets.values()))

    def check(self) -> None:
        """Raises a UsageError if something is missing, or a threshold is on no metric or demands nothing possible."""
        if self.min_slice_examples < 1:
            raise UsageError(
                "`evaluation.min_slice_examples` must be at least 1.",
                received=f"min_slice_examples={self.min_slice_examples}",
            )
        alone = {name for name in ("label", "metrics", "thresholds", "slice_thresholds") if getattr(self, name)}
        if self.outputs and alone:
            raise UsageError(
                "Either one output is evaluated or several.",
                received=f"evaluation.{min(alone)} beside evaluation.outputs",
                fix=f"Set it in evaluation.outputs.<output>.{min(alone)}.",
            )
        for name, target in self.targets.items():
            target.check(f"evaluation.outputs.{name}" if name else "evaluation")
