"""basic-pitch: a published pitch tracker that ships as a SavedModel; it is copied as it is.

It hears 2 s at 22,050 Hz, samples of shape [N, 43844, 1] in -1..1, and says for each of 172 frames which of 88 notes
sound (`note`), which begin (`onset`), both [N, 172, 88], and how the pitch moves (`contour`, [N, 172, 264]). See
https://arxiv.org/abs/2203.09893. It knows notes; what kind of drum was hit it was never asked.
"""

import shutil
from pathlib import Path

from components.trainer.hub import archive
from components.trainer.hub.converters import package_file


def build(folder: Path) -> Path:
    """Copies the module and returns its folder.

    Raises:
        UsageError: The package that ships it is not installed.
    """
    file = package_file.find("basic_pitch", "saved_models/icassp_2022/nmp/saved_model.pb", "basic-pitch==0.4.0")
    with archive.beside(folder) as part:
        shutil.copytree(file.parent, part, dirs_exist_ok=True)
    return folder
