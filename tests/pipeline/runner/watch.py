"""A watcher to send signals to: python watch.py SCENARIO RUN_FOLDER [PATIENCE]. Prints the outcome."""

import signal
import sys
from pathlib import Path

from pipeline.runner.supervise import supervise

FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))

if __name__ == "__main__":
    scenario, folder, patience = sys.argv[1], Path(sys.argv[2]), float([*sys.argv, "30"][3])
    # Whoever runs the tests may ignore it, as nohup does, and that is inherited.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    command = [sys.executable, FAKE_WORKER, scenario, str(folder)]
    state = supervise(command, folder, lambda *_: None, interval=0.02, patience=patience)
    print(state.outcome)
    sys.exit(state.exit_code)
