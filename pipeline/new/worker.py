"""The process that holds TensorFlow: looks at what only it can read, and infers the schema through TFDV."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

from components.settings import from_dict, to_dict
from pipeline.new import inference, survey_images, survey_tfrecords
from pipeline.new.findings import Findings
from pipeline.new.records import records
from pipeline.new.request import NewRequest
from pipeline.runner.answer import answer


def look(request: NewRequest) -> Findings:
    """Returns everything about the data that a task is made of.

    Raises:
        SlipwayError: The data cannot be read, or nothing can be learned from them.
    """
    findings = request.findings
    if findings is None:
        findings = survey_tfrecords.survey(request.source, request.name, request.label, request.leave_out)
    elif findings.source.kind == "images":
        findings = survey_images.complete(findings)
    schema = inference.infer(inference.sampled(records(findings)))
    return dataclasses.replace(findings, schema=inference.curate(schema, findings))


def _looked(question: dict[str, Any]) -> dict[str, Any]:
    return to_dict(look(from_dict(NewRequest, question)))


if __name__ == "__main__":
    sys.exit(answer(Path(sys.argv[1]), _looked))
