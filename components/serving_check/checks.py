"""The rules: from what a clean process has said of a model to a row per check."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from components import op_error, tensors
from components.serving_check.cases import (
    ALL_MISSING,
    DEFAULT,
    EMPTY,
    EXAMPLES,
    FEATURES,
    MISSING,
    SIGNATURES,
    SINGLE,
    UNSEEN,
    Case,
)
from components.serving_check.compare import differences
from components.serving_check.config import ServingCheckConfig
from components.serving_check.expected import Expected, Sides, dtype_name
from components.serving_check.process import Answers
from components.serving_check.result import LOAD_TIME, MEDIAN, MEMORY, P95, Check, not_run, whether

# Cases that the Trainer has no prediction for, and why they may not be there.
_MADE_UP = {
    UNSEEN: "no raw feature is a word",
    MISSING: "no raw feature may be missing",
    ALL_MISSING: "no raw feature may be missing",
}


def check(answers: Answers, cases: Sequence[Case], expected: Expected, limits: ServingCheckConfig) -> list[Check]:
    """Returns a row per check, in the order in which a person asks: does it load, does it answer, is it right and fast.

    Args:
        answers: What the process said.
        cases: What was sent.
        expected: What is right.
        limits: How slow and how large the model may be.
    """
    rows = list(_alive(answers, limits))
    described = {event["signature"]: event for event in answers.of("signature")}
    if answers.of("loaded"):
        for signature in SIGNATURES:
            rows += _signature(signature, described, expected)
    given = {(event["signature"], event["case"]): event for event in answers.of("answer")}
    outputs = {key: tensors.decode(event["outputs"]) for key, event in given.items() if "outputs" in event}
    for case in cases:
        for signature in SIGNATURES:
            if event := given.get((signature, case.name)):
                rows += _answer(signature, case, event, outputs, expected, described[signature])
        rows += _agreement(case, outputs, expected)
    rows += [
        not_run("answers", why, case=name) for name, why in _MADE_UP.items() if name not in {c.name for c in cases}
    ]
    return [*rows, *_measured(answers, limits)]


def _alive(answers: Answers, limits: ServingCheckConfig) -> Iterator[Check]:
    """Yields whether the model could be loaded in time, and whether its process came to its end."""
    allowed = f"an end within {limits.timeout_s:g} s"
    loaded = answers.of("loaded")
    if not answers.of("imported"):
        yield Check("", "", "TensorFlow starts", answers.end, allowed, passed=False)
    elif not loaded:
        seen = [_told(event) for event in answers.of("broken")]
        yield whether("loads", seen or [answers.end], allowed, "")
    else:
        last = (answers.of("asking") or [{"signature": "", "case": ""}])[-1] if answers.end else {}
        where = {"signature": last.get("signature", ""), "case": last.get("case", "")}
        seconds = loaded[0]["seconds"]
        yield _limit(LOAD_TIME, seconds, f"{seconds:.2f} s", limits.max_load_s, "s")
        yield whether("survives", [answers.end] if answers.end else [], allowed, "came to its end", **where)


def _signature(signature: str, described: Mapping[str, Any], expected: Expected) -> Iterator[Check]:
    """Yields whether a signature is there, and takes and gives what it should."""
    names = ", ".join(described)
    if signature not in described:
        yield Check(signature, "", "exists", f"only {names or 'none'}", "all three signatures", passed=False)
        return
    yield Check(signature, "", "exists", names, "all three signatures", passed=True)
    sides = {side: {name: (spec[0], spec[1]) for name, spec in described[signature][side].items()} for side in _SIDES}
    inputs = expected.inputs(signature)
    yield _names("input names", sides["inputs"], inputs, signature)
    yield _specs("input dtypes and shapes", sides["inputs"], inputs, signature)
    if outputs := expected.outputs(signature):
        yield _names("output names", sides["outputs"], outputs, signature)
        dtypes = {name: dtype_name(array) for name, array in outputs.items()}
        wrong = [
            f"{name} is {dtype}, not {dtypes[name]}"
            for name, (dtype, _) in sides["outputs"].items()
            if dtypes.get(name, dtype) != dtype
        ]
        yield whether("output dtypes", wrong, _listed(dtypes), "the same", signature)


_SIDES = ("inputs", "outputs")


def _names(rule: str, seen: Mapping[str, Any], expected: Mapping[str, Any], signature: str) -> Check:
    problems = [f"no {name}" for name in expected if name not in seen]
    problems += [f"{name} is too many" for name in seen if name not in expected]
    return whether(rule, problems, ", ".join(sorted(expected)), "the same", signature)


def _specs(rule: str, seen: Sides, expected: Sides, signature: str) -> Check:
    shared = [name for name in expected if name in seen]
    wrong = [
        f"{name} is {_spec(seen[name])}, not {_spec(expected[name])}"
        for name in shared
        if tuple(seen[name]) != tuple(expected[name])
    ]
    return whether(rule, wrong, _listed({name: _spec(spec) for name, spec in expected.items()}), "the same", signature)


def _spec(spec: tuple[str, list[int | None] | None]) -> str:
    dtype, shape = spec
    return f"{dtype} {'of any rank' if shape is None else shape}"


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in sorted(values.items()))


def _answer(
    signature: str,
    case: Case,
    event: Mapping[str, Any],
    outputs: Mapping[tuple[str, str], Mapping[str, np.ndarray]],
    expected: Expected,
    described: Mapping[str, Any],
) -> Iterator[Check]:
    """Yields what is wrong with the answer of a signature to a case."""
    where = {"signature": signature, "case": case.name}
    yield whether("answers", [_told(event)] if "error" in event else [], "an answer", "an answer", **where)
    if "error" in event:
        return
    arrays = outputs[signature, case.name]
    reference = expected.outputs(signature)
    yield _shapes(arrays, len(case.examples), reference, described["outputs"], where)
    if case.name == EMPTY:
        return
    # A transformed feature may be NaN where it was so in training.
    strange = {name for name, array in reference.items() if signature == FEATURES and not _is_finite(array)}
    infinite = [name for name, array in arrays.items() if name not in strange and not _is_finite(array)]
    yield whether("finite", [f"{name} is not" for name in infinite], "finite numbers", "finite", **where)
    if case.name not in _MADE_UP:
        yield _equality(signature, case, arrays, expected, where)


def _shapes(
    arrays: Mapping[str, np.ndarray],
    rows: int,
    reference: Mapping[str, np.ndarray],
    declared: Mapping[str, Any],
    where: dict[str, str],
) -> Check:
    problems = []
    for name, array in arrays.items():
        wanted: list[int | None] = [rows, *reference[name].shape[1:]] if name in reference else [rows, *array.shape[1:]]
        # Another batch may have longer lists.
        free = [size is None for size in declared[name][1] or []]
        if len(free) == len(wanted):
            wanted = [wanted[0], *(None if any_ else size for any_, size in zip(free[1:], wanted[1:], strict=True))]
        fits = array.ndim == len(wanted) and all(
            size in (None, found) for size, found in zip(wanted, array.shape, strict=True)
        )
        if not fits:
            problems.append(f"{name} is {list(array.shape)}, not {wanted}")
    return whether("shapes", problems, f"{rows} rows, as in training", "the same", **where)


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype == object or bool(np.isfinite(array.astype(np.float64)).all())


def _equality(
    signature: str, case: Case, arrays: Mapping[str, np.ndarray], expected: Expected, where: dict[str, str]
) -> Check:
    rule, allowed = "equals the Trainer's", expected.allowed
    known, predictions = expected.predictions(signature, case.examples)
    if not known:
        return whether(rule, ["the Trainer has kept no prediction of these rows"], allowed, "", **where)
    ours = {name: array[known] for name, array in arrays.items() if len(array) == len(case.examples)}
    wrong = differences(ours, predictions, expected.allowed_difference)
    return whether(rule, wrong, allowed, f"equal in {len(known)} of {len(case.examples)} rows", **where)


def _agreement(
    case: Case, outputs: Mapping[tuple[str, str], Mapping[str, np.ndarray]], expected: Expected
) -> Iterator[Check]:
    """Yields whether both ways to a prediction give the same where there is none of the Trainer's."""
    ours, theirs = outputs.get((DEFAULT, case.name)), outputs.get((EXAMPLES, case.name))
    if case.name in _MADE_UP and ours is not None and theirs is not None:
        wrong = differences(ours, theirs, expected.allowed_difference)
        yield whether(f"equals {EXAMPLES}", wrong, expected.allowed, "equal", DEFAULT, case.name)


def _measured(answers: Answers, limits: ServingCheckConfig) -> Iterator[Check]:
    for event in answers.of("latency"):
        where = {"signature": event["signature"], "case": SINGLE}
        for rule, key, limit in (
            (MEDIAN, "median_ms", limits.max_latency_ms),
            (P95, "p95_ms", limits.max_p95_ms),
        ):
            yield _limit(rule, event[key], f"{event[key]:.2f} ms in {event['calls']} calls", limit, "ms", **where)
    for event in answers.of("done"):
        alone = answers.of("imported")[0]["memory_mib"]
        seen = f"{event['memory_mib']:.0f} MiB, TensorFlow alone {alone:.0f}"
        yield _limit(MEMORY, event["memory_mib"], seen, limits.max_memory_mib, "MiB")


def _limit(rule: str, value: float, seen: str, limit: float | None, unit: str, **where: str) -> Check:
    allowed = "any" if limit is None else f"up to {limit:g} {unit}"
    return whether(rule, [seen] if limit is not None and value > limit else [], allowed, seen, **where)


def _told(event: Mapping[str, Any]) -> str:
    """Returns what an error said."""
    return ": ".join(filter(None, [event["kind"], op_error.gist(event["error"])]))
