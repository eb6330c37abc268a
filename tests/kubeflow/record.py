"""Writes the golden files anew, to be read with `git diff`: python -m tests.kubeflow.record"""

import json

from pipeline.kubeflow_code import make_importable


def main() -> None:
    make_importable()
    from kubeflow.tfx_compiler import compile_with_tfx
    from tests.kubeflow import recorded, small_pipeline

    job = compile_with_tfx(small_pipeline.create(), recorded.IMAGE).job
    (recorded.GOLDEN / "stock.json").write_text(json.dumps(job, indent=1, sort_keys=True) + "\n")
    for name in recorded.ADAPTED:
        (recorded.GOLDEN / name).write_text(recorded.adapted_text(name))


if __name__ == "__main__":
    main()
