"""What the state of a run on KFP means here: an error with the project's exit code, or none.

KFP hands on neither what a step has said nor its exit code, only which steps failed and which were skipped.
"""

from components.errors import ComponentFailed, DataRefused, NotBlessed, SlipwayError
from kubeflow.rewrite.names import kebab
from kubeflow.spec import Spec, tasks
from kubeflow.submit.watch import FAILED, SKIPPED, SUCCEEDED, RunStatus

DATA_GATE = kebab("DataGate")


def error_of(run: RunStatus, spec: Spec) -> SlipwayError | None:
    """Returns the error that a run which has ended stands for; None if it succeeded and pushed.

    Args:
        run: The run.
        spec: What it ran.
    """
    gated = {name for name, task in tasks(spec) if "condition" in task.get("triggerPolicy", {})}
    skipped = [step.name for step in run.steps if step.state == SKIPPED and step.name in gated]
    failed = [step for step in run.steps if step.state == FAILED]
    if run.state == SUCCEEDED:
        if not skipped:
            return None
        received = f"{', '.join(skipped)} skipped in run {run.id}"
        return NotBlessed("The model must be blessed to be pushed.", received=received, fix="See the Evaluator's step.")
    told = next((step.message for step in failed if step.message), None) or run.message
    received = f"{', '.join(step.name for step in failed) or 'the run'} {run.state}, run {run.id}"
    received += f": {told.rstrip('.')}" if told else ""
    if any(step.name == DATA_GATE for step in failed):
        fix = "The log of the step says what is wrong with them."
        return DataRefused("DataGate must let the data pass.", received=received, fix=fix)
    return ComponentFailed("Every step must succeed.", received=received, fix="The log of the step says why.")
