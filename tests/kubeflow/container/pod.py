"""Starts a step in the image as a Kubernetes node does under the `restricted` pod security standard, by crun."""

import json
import os
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path

UID = 1000
# What KFP mounts as emptyDir (KFP/v2/compiler/argocompiler/container.go), and the pod's own /tmp.
_STORES = ("gcs", "s3", "minio")
# Some of the system calls that the default profiles of Docker and containerd refuse.
_REFUSED = ("mount", "umount2", "pivot_root", "unshare", "setns", "bpf", "ptrace", "keyctl", "reboot", "kexec_load")


@dataclass(frozen=True)
class Image:
    """An image whose files lie in a folder.

    Args:
        root: The folder.
        environment: What the image sets, `NAME=value` each.
        folder: Its working directory.
    """

    root: Path
    environment: list[str]
    folder: str


@dataclass
class Pods:
    """Starts commands in the image; what `kubeflow.harness.run.Run` takes for `start`.

    Args:
        image: The image.
        volume: The folder that is mounted at `/slipway`.
        bundles: Gets the description of each container.
    """

    image: Image
    volume: Path
    bundles: Path
    started: list[list[str]] = field(default_factory=list)

    def __call__(self, command: list[str], root: Path, log: Path) -> int:
        # The harness names places below the folder that stands for the pod's root; here they are the pod's own.
        inside = [part.replace(f"{root}/", "/") for part in command]
        self.started.append(inside)
        with log.open("w") as file:
            return self.run(inside, root, file)

    def run(self, command: list[str], root: Path, output: object, timeout: float = 420) -> int:
        """Returns the exit code of a command; the container is gone afterwards, however it ended."""
        mounts = [_bind(_own(root / name), f"/{name}") for name in _STORES]
        mounts += [_bind(_own(root / "tmp"), "/tmp"), _bind(self.volume, "/slipway")]
        bundle, name = self.bundles / uuid.uuid4().hex, f"slipway-{uuid.uuid4().hex}"
        bundle.mkdir(parents=True)
        (bundle / "config.json").write_text(json.dumps(description(self.image, command, mounts)))
        # crun refuses machines whose first and second control groups are mixed, though it is told to leave them alone.
        groups = "umount -lR /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup"
        alone = ["unshare", "--mount", "sh", "-c", f'{groups}; exec "$@"', "sh"]
        state = ["crun", "--root", str(self.bundles / "state"), "--cgroup-manager=disabled"]
        try:
            return subprocess.run(
                [*alone, *state, "run", "--bundle", str(bundle), name],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=timeout,
            ).returncode
        finally:
            subprocess.run([*state, "delete", "--force", name], capture_output=True, check=False)


def description(image: Image, command: list[str], mounts: list[dict[str, object]]) -> dict[str, object]:
    """Returns the container as the OCI runtime specification describes it."""
    nothing: dict[str, list[str]] = {
        kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")
    }
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": UID, "gid": UID},
            "args": command,
            "env": image.environment,
            "cwd": image.folder,
            "capabilities": nothing,
            "noNewPrivileges": True,
        },
        "root": {"path": str(image.root), "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "nodev", "mode=1777"]},
            *mounts,
        ],
        "linux": {
            # A network of its own, in which nothing is but a loopback that is down.
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")],
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            "seccomp": {
                "defaultAction": "SCMP_ACT_ALLOW",
                "architectures": ["SCMP_ARCH_X86_64"],
                "syscalls": [{"names": list(_REFUSED), "action": "SCMP_ACT_ERRNO"}],
            },
        },
    }


def _bind(source: Path, target: str) -> dict[str, object]:
    return {"destination": target, "type": "bind", "source": str(source), "options": ["rbind", "rw", "nosuid", "nodev"]}


def _own(folder: Path) -> Path:
    """Gives a folder and all in it to the pod's user: the launcher that makes them is a process of the pod."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, UID, UID, follow_symlinks=False)
    return folder
