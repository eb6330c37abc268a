"""A training as a run of Weights & Biases."""

from collections.abc import Mapping
from pathlib import Path

import wandb

from components.trainer.tracker_config import WandbConfig
from components.trainer.trackers.execution import TrackedRun
from components.trainer.trackers.tracker import RunInfo


class WandbRun:
    """A run that has been started.

    Nothing is kept but what is logged here: not the machine, its packages, the code, the Git remote or the output.

    Args:
        config: Where it is kept.
        info: What it is started with. The tags become entries of the run's config: its own tags have no names.
    """

    def __init__(self, config: WandbConfig, info: RunInfo) -> None:
        self._run = wandb.init(
            project=config.project or info.group,
            name=info.name,
            dir=config.location,
            mode=config.mode,
            config={**info.parameters, **info.tags},
            # Whatever run the model's code may have open is another one.
            reinit="create_new",
            settings=wandb.Settings(
                console="off",
                silent=True,
                disable_code=True,
                disable_git=True,
                disable_job_creation=True,
                save_code=False,
                x_disable_machine_info=True,
                x_disable_meta=True,
                x_disable_stats=True,
                x_save_requirements=False,
            ),
        )
        place = self._run.url if config.mode == "online" else Path(self._run.dir).parent
        self.run = TrackedRun("wandb", self._run.id, str(place))

    def log_metrics(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See the protocol."""
        self._run.log(dict(metrics), step=epoch)

    def log_picture(self, path: Path) -> None:
        """See the protocol."""
        self._run.log({path.stem: wandb.Image(str(path))})

    def finish(self, failed: bool) -> None:
        """See the protocol."""
        self._run.finish(exit_code=int(failed))
