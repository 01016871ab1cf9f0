"""A Slurm of one machine, run from a temporary folder, and what stands in for it where it is not installed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from waiting import wait_until

STAND_IN = Path(__file__).parent / "queue_stand_in"

SLURM_CONF = """
ClusterName=tests
SlurmctldHost={host}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPort={port}
SlurmdPort={worker_port}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
NodeName={host} CPUs=4 State=UNKNOWN
PartitionName=tests Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
"""

JOBQUEUE = """
jobqueue:
  slurm:
    cores: 1
    memory: 1GB
    walltime: '00:30:00'
    worker-extra-args: {arguments}
    job-directives-skip: ['--mem']
    log-directory: {folder}
    scheduler-options:
      host: 127.0.0.1
      dashboard_address: null
"""


def is_installed() -> bool:
    """Return True if a Slurm can be started here."""
    return os.geteuid() == 0 and all(shutil.which(command) for command in ("munged", "slurmctld", "slurmd", "sbatch"))


def jobqueue(folder: Path, *arguments: str) -> dict[str, str]:
    """Return the environment of a command with a configuration of dask-jobqueue for Slurm, with arguments for the workers."""
    configuration = folder / "dask"
    configuration.mkdir()
    (configuration / "jobqueue.yaml").write_text(JOBQUEUE.format(folder=folder, arguments=list(arguments)))
    return os.environ | {"DASK_CONFIG": str(configuration)}


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Run Slurm, and yield the variables that its commands need."""
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    port, worker_port = _free_port(), _free_port()
    configuration = folder / "slurm.conf"
    configuration.write_text(SLURM_CONF.format(folder=folder, host=host, port=port, worker_port=worker_port))
    munge = {"key-file": key, "socket": folder / "munge/socket", "pid-file": folder / "munge/pid"}
    munge |= {"log-file": folder / "munge/log", "seed-file": folder / "munge/seed"}
    variables = {"SLURM_CONF": str(configuration)}
    with ExitStack() as daemons:
        for command in (
            ["munged", "--foreground", "--force", *(f"--{name}={value}" for name, value in munge.items())],
            ["slurmctld", "-D", "-f", str(configuration)],
            ["slurmd", "-D", "-f", str(configuration)],
        ):
            log = daemons.enter_context((folder / f"{command[0]}.out").open("w"))
            daemon = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | variables)
            daemons.callback(daemon.wait)
            daemons.callback(daemon.terminate)
            if command[0] == "munged":
                wait_until((folder / "munge/socket").exists)

        def ready() -> bool:
            told = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, env=os.environ | variables)
            return told.stdout.strip() == "idle"

        wait_until(ready)
        yield variables


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
