"""The files of a task, as text."""

import re
from collections.abc import Mapping
from typing import Any

import jinja2

from pipeline.new import problem as problems
from pipeline.new.findings import Feature, Findings
from pipeline.new.plan import plan
from pipeline.new.source import KINDS
from pipeline.new.source_code import WIDTH, assigned, doc, literal, proto_text

_TEMPLATES = {
    "csv": ("data_csv", "preprocessing_table", "model_table"),
    "tfrecords": ("data_tfrecords", "preprocessing_table", "model_table"),
    "images": ("data_files", "preprocessing_images", "model_files"),
    "audio": ("data_files", "preprocessing_audio", "model_files"),
}
_PATH_PARAMS = {"csv": "csv_path", "images": "images_path", "audio": "audio_path", "tfrecords": ""}
_SUMMARIES = {"csv": "Table", "tfrecords": "Table", "images": "Images", "audio": "Audio"}
_DATA = {
    "csv": "Rows of a CSV as TFRecords.",
    "tfrecords": "TFRecords that are there already.",
    "images": "Pictures by class as TFRecords.",
    "audio": "Sounds by class as TFRecords.",
}
_MOST_SLICES = 10
_MOST_NAMED = 6


def files(findings: Findings) -> dict[str, str]:
    """Returns path to text of every file of a task, relative to the project."""
    name, context = findings.name, _context(findings)
    environment = jinja2.Environment(  # noqa: S701 (what is made is Python, not HTML)
        loader=jinja2.PackageLoader("pipeline.new"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["doc"] = doc
    environment.globals.update(assigned=assigned, literal=literal, proto_text=proto_text)
    data, preprocessing, model = _TEMPLATES[findings.source.kind]
    templates = {
        f"pipeline/tasks/{name}/__init__.py": "init.py",
        f"pipeline/tasks/{name}/data.py": f"{data}.py",
        f"pipeline/tasks/{name}/preprocessing.py": f"{preprocessing}.py",
        f"pipeline/tasks/{name}/model.py": f"{model}.py",
        f"pipeline/tasks/{name}/task.py": "task.py",
        f"schemas/{name}/schema.pbtxt": "schema.pbtxt",
        f"tests/pipeline/tasks/{name}/test_run.py": "test_run.py",
    }
    rendered = {path: environment.get_template(f"{file}.jinja").render(context) for path, file in templates.items()}
    # What a template leaves out may leave its blank lines behind.
    return {path: re.sub(r"\n{4,}", "\n\n\n", text) for path, text in rendered.items()}


def _context(findings: Findings) -> dict[str, Any]:
    kind = findings.source.kind
    return {
        **{name: getattr(findings, name) for name in ("name", "source", "problem", "rows", "eval_rows", "features")},
        **{name: getattr(findings, name) for name in ("left_out", "schema", "size", "channels", "rate", "seconds")},
        **_table(findings),
        **_sound(findings),
        "requires": findings.requires,
        "plan": plan(findings),
        "target": problems.target(findings),
        "eval_share": problems.EVAL_SHARE,
        "path_param": _PATH_PARAMS[kind],
        "path_noqa": _path_noqa(findings.source.path),
        "feature": "image" if kind == "images" else "wav",
        "readers": {"INT": "int", "FLOAT": "float", "BYTES": "str"},
        "scalar": kind in ("images", "audio"),
        "slices": _slices(findings),
    } | sentences(findings)


def _path_noqa(path: str) -> str:
    """Returns the comment without which the linter would complain about where a person's data are."""
    temporary = path.startswith(("/tmp/", "/var/tmp/", "/dev/shm/"))  # noqa: S108 (nothing is written there)
    rules = [*(["E501"] if len(path) > WIDTH - 30 else []), *(["S108"] if temporary else [])]
    return f"  # noqa: {', '.join(rules)}" if rules else ""


def _table(findings: Findings) -> dict[str, Any]:
    roles: dict[str, list[Feature]] = {"number": [], "category": [], "text": []}
    for feature in findings.features:
        roles[feature.role].append(feature)
    optional = tuple(feature.name for feature in roles["number"] if not feature.required)
    texts = {feature.name: f"{_word(feature.name)}_words" for feature in roles["text"]}
    words = {"number": "numbers", "category": "embedded categories", "text": "embedded words"}
    return {
        "roles": roles,
        "numbers": tuple(feature.name for feature in roles["number"]),
        "categories": tuple(feature.name for feature in roles["category"]),
        "texts": texts,
        "optional_numbers": optional,
        "width": sum(feature.width for feature in roles["number"]) + len(optional),
        "rare": max(2, min(10, findings.rows // 200)),
        "part_count": bool(roles["number"]) + bool(roles["category"]) + len(roles["text"]),
        "parts_words": _and([words[role] for role, features in roles.items() if features]),
    }


def _word(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _sound(findings: Findings) -> dict[str, int]:
    step, samples = findings.rate // 100, round(findings.rate * findings.seconds)
    return {"frames": 1 + samples // step if step else 0, "frame": 2 ** round(findings.rate * 0.032).bit_length() // 2}


def _slices(findings: Findings) -> tuple[str, ...]:
    """Returns the feature that evaluation slices by: the class where there are several, else one with few words."""
    if findings.problem.kind == "classes":
        return (
            ("class_name",)
            if "class_name" in {feature.name for feature in findings.schema}
            else (findings.problem.label,)
        )
    few = (feature.name for feature in findings.schema if feature.served and 2 <= len(feature.values) <= _MOST_SLICES)
    return tuple(few)[:1]


def sentences(findings: Findings) -> dict[str, str]:
    """Returns what is said about the data, in the files and on the terminal."""
    problem, kind, target = findings.problem, findings.source.kind, problems.target(findings)
    source = {"csv": "a CSV", "tfrecords": "TFRecords"}.get(kind, f"a folder of {KINDS[kind]}")
    learned = _learned(findings)
    bound = "at least" if target.higher_is_better else "at most"
    stratified = ", in each class," if problem.classes else ""
    return {
        "source_words": source,
        "summary": f"{_SUMMARIES[kind]}: {_question(findings)}",
        "learned": learned,
        "to_beat": (
            f"To beat: {target.sentence}. A model is pushed with {target.metric} {bound} {target.threshold:g}: "
            f"{target.errors} standard errors from there on as many rows, and at most half of the way to perfect. That "
            "is too far for an accident, and not far enough for a good model: say here what you expect once you have "
            "seen several seeds, and raise the threshold."
        ),
        "warnings": " ".join(f"{note}." for note in findings.notes if not note.startswith("left out:")),
        "data_title": _DATA[kind],
        "data_words": _data_words(findings),
        "split_words": (
            f"Of the rows{stratified} those with the lowest hashes of their content evaluate, so the same content is "
            "never in both splits. Where rows belong together, as those of one person do, split by that instead."
        ),
        "schema_words": (
            f"{source[:1].upper()}{source[1:]}, one record a row. Inferred by TensorFlow Data Validation for `slipway "
            "new`, with slack where a sample is no rule: ranges are wider by half, a feature that is sometimes missing "
            "may be missing a little more often, and words are a rule only where they are few. Edit it to say what the "
            f"data are meant to be. `{problem.label}` is the label and does not exist when the model serves."
        ),
    }


def _question(findings: Findings) -> str:
    problem = findings.problem
    if problem.kind == "value":
        return f"what is {problem.column}?"
    if problem.kind == "binary":
        return f"is {problem.column} {problem.classes[1]} rather than {problem.classes[0]}?"
    return f"which of {len(problem.classes)} classes is {problem.column}?"


def _learned(findings: Findings) -> str:
    problem = findings.problem
    if problem.kind == "value":
        return f"A number is learned, as {problem.why}."
    named = ", ".join(problem.classes[:_MOST_NAMED]) + (", ..." if len(problem.classes) > _MOST_NAMED else "")
    if problem.kind == "binary":
        return f"One of two classes is learned, as {problem.why}: the model says how likely {problem.classes[1]} is."
    return f"One of {len(problem.classes)} classes is learned, as {problem.why}: {named}."


def _data_words(findings: Findings) -> str:
    problem, kind = findings.problem, findings.source.kind
    if kind == "tfrecords":
        return f"`{problem.label}` is the label."
    if kind == "csv":
        ids = ": the record has its id, and `class_name` says it in words" if problem.named and problem.classes else ""
        return f"`{problem.column}` is the label{ids}. A value that is missing in the CSV is a missing feature."
    form = "the file as it is" if kind == "images" else "its beginning as a 16-bit WAV file"
    return f"The folder that a file is in is its class; a record holds {form}."


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def paths(name: str) -> Mapping[str, str]:
    """Returns the folders of a task in the order in which they appear, relative to the project; the task comes last."""
    return {
        "schema": f"schemas/{name}",
        "test": f"tests/pipeline/tasks/{name}",
        "task": f"pipeline/tasks/{name}",
    }
