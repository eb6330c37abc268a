"""TFX's own taxi example, from the installed wheel, run by TFX's own LocalDagRunner: the baseline of `local_run.py`.

    python benchmarks/stock_taxi.py FOLDER

Nothing of the example is changed: its pipeline function and module file are taken as they are, with Beam in memory,
which on two cores is faster than the `multi_processing` that the example asks for.
"""

import shutil
import sys
from pathlib import Path

from tfx.examples.chicago_taxi_pipeline import taxi_pipeline_native_keras
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

EXAMPLE = Path(taxi_pipeline_native_keras.__file__).parent


def main(folder: Path) -> None:
    """Runs the example with everything it writes below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    module_file = shutil.copy(EXAMPLE / "taxi_utils_native_keras.py", folder)
    LocalDagRunner().run(
        taxi_pipeline_native_keras._create_pipeline(
            pipeline_name="chicago_taxi_native_keras",
            pipeline_root=str(folder / "pipeline"),
            data_root=str(EXAMPLE / "data" / "simple"),
            module_file=str(module_file),
            serving_model_dir=str(folder / "serving"),
            metadata_path=str(folder / "metadata.db"),
            beam_pipeline_args=["--runner=FnApiRunner", "--direct_running_mode=in_memory"],
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
