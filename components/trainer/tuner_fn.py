"""The Tuner's `tuner_fn`: trials of the Trainer's own training, chosen by KerasTuner."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from components import progress
from components.errors import ComponentFailed, UsageError
from components.settings import from_dict
from components.trainer import callbacks, hyperparameters
from components.trainer.config import TrainingConfig
from components.trainer.history import best_epoch
from components.trainer.run_fn import train
from components.trainer.search_config import Choices, Range, TuningConfig, is_whole
from components.trainer.validate import validate

_EPOCHS = "tuner/epochs"


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Returns the search that `custom_config["tuning"]` asks for, over the training of `custom_config["training"]`.

    Args:
        fn_args: What TFX's Tuner gives.
    """
    training = from_dict(TrainingConfig, fn_args.custom_config["training"])
    tuning = from_dict(TuningConfig, fn_args.custom_config["tuning"])
    # TFX fills this in for the Trainer only.
    fn_args.transform_output = fn_args.transform_graph_path
    return TunerFnResult(tuner=Search(training, tuning, fn_args), fit_kwargs={})


class Search(BaseTuner):
    """A search in which a trial is a training.

    Emits `trial` at the start and at the end of each one, and `epoch` in between.

    Args:
        training: The training, with the values that are not searched for.
        tuning: The search.
        fn_args: Names the transformed examples, and a `working_dir` for KerasTuner's own files.
    """

    def __init__(self, training: TrainingConfig, tuning: TuningConfig, fn_args: FnArgs) -> None:
        self._training, self._trials, self._fn_args = training, tuning.trials, fn_args
        self._failures: dict[str, str] = {}
        super().__init__(oracle(training, tuning), directory=fn_args.working_dir, overwrite=True)

    def on_trial_begin(self, trial: Trial) -> None:
        self._emit(trial)

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """Trains with the values of a trial.

        Returns:
            The monitored metric's value of the best epoch.

        Raises:
            FailedTrialError: These values do not go together, or the loss is not finite: the search goes on.
            FatalError: Anything else went wrong.
        """
        try:
            config = self._config(trial)
            validate(config)
            course = train(config, self._fn_args, callbacks.create(config.callbacks, Path(self.directory))).course
        except (ComponentFailed, UsageError) as error:
            self._failures[trial.trial_id] = str(error)
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        except Exception as error:
            # KerasTuner would take an interrupt, too, for a trial that failed.
            raise keras_tuner.errors.FatalError(str(error)) from error
        values = course.history[config.callbacks.monitor]
        best = best_epoch(course.history, config.callbacks.monitor, config.callbacks.mode, course.stages[-1])
        return {config.callbacks.monitor: float(values[best])}

    def on_trial_end(self, trial: Trial) -> None:
        super().on_trial_end(trial)
        self._emit(self.oracle.get_trial(trial.trial_id))

    def on_search_end(self) -> None:
        # Where none has come to its end, KerasTuner takes one that failed for the best.
        if all(trial.score is None for trial in self.oracle.get_best_trials()):
            raise ComponentFailed(
                "One trial at least must come to its end.",
                received=f"{len(self._failures)} that failed, the last with: {[*self._failures.values()][-1]}",
                fix="Change tuning.space.",
            )

    def _config(self, trial: Trial) -> TrainingConfig:
        values = trial.hyperparameters.values
        budget = {"epochs": values[_EPOCHS]} if _EPOCHS in values else {}
        found = hyperparameters.found(trial.hyperparameters.get_config())
        config = hyperparameters.applied(self._training, {**found, **budget})
        watching = dataclasses.replace(config.callbacks, tensorboard=False, checkpoint=False)
        return dataclasses.replace(config, callbacks=watching)

    def _emit(self, trial: Trial) -> None:
        [best] = self.oracle.get_best_trials() or [None]
        progress.emit(
            "trial",
            trial=int(trial.trial_id) + 1,
            trials=self._trials,
            state=trial.status.lower(),
            metric=self.oracle.objective.name,
            value=trial.score,
            best=best and best.score,
            hyperparameters=hyperparameters.found(trial.hyperparameters.get_config()),
            message=self._failures.get(trial.trial_id),
        )


def oracle(training: TrainingConfig, tuning: TuningConfig) -> keras_tuner.Oracle:
    """Returns what chooses the values of each trial.

    Args:
        training: The training; it says what is monitored.
        tuning: The search.
    """
    options: dict[str, Any] = {
        "objective": keras_tuner.Objective(training.callbacks.monitor, training.callbacks.mode),
        "hyperparameters": space(training, tuning),
        "seed": tuning.seed,
        # A trial that fails is a result, too; whether there is any other is seen at the end.
        "max_consecutive_failed_trials": tuning.trials + 1,
    }
    if tuning.algorithm == "random":
        return keras_tuner.oracles.RandomSearchOracle(max_trials=tuning.trials, **options)
    if tuning.algorithm == "bayesian":
        return keras_tuner.oracles.BayesianOptimizationOracle(max_trials=tuning.trials, **options)
    # Each iteration has a trial at least, so it is the number of trials that ends the search.
    chooser = keras_tuner.oracles.HyperbandOracle(
        max_epochs=training.total_epochs, hyperband_iterations=tuning.trials, **options
    )
    chooser.max_trials = tuning.trials
    return chooser


def space(training: TrainingConfig, tuning: TuningConfig) -> keras_tuner.HyperParameters:
    """Returns the search space as KerasTuner has it.

    Args:
        training: Says of which type the values are.
        tuning: The search.
    """
    parameters = keras_tuner.HyperParameters()
    for key, values in tuning.space.items():
        if isinstance(values, Range):
            number, add = (int, parameters.Int) if is_whole(training, key) else (float, parameters.Float)
            step = None if values.step is None else number(values.step)
            add(key, number(values.low), number(values.high), step=step, sampling=values.sampling)
        else:
            parameters.Choice(key, _of_one_type(values))
    return parameters


def _of_one_type(values: Choices) -> list[Any]:
    """Returns values that KerasTuner can choose from: all of one type, and without lists."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float} and len(kinds) > 1:
        return [float(value) for value in values]
    if len(kinds) == 1 and kinds <= {bool, int, float, str}:
        return list(values)
    return [value if isinstance(value, str) else json.dumps(value) for value in values]
