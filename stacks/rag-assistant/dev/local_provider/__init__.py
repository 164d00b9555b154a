"""Real servers as supervised processes of this machine, each one a Pulumi resource.

Copied into the program that uses it; needs `pulumi`, `psutil` and `uv`, nothing else.
"""

from local_provider.directory import DataDirectory
from local_provider.go_binary import GoBinary
from local_provider.health import Health
from local_provider.homes import run_directory
from local_provider.job import Job, JobArgs
from local_provider.models import ModelFile
from local_provider.ownership import workspace_directory
from local_provider.password import Password
from local_provider.port import Port
from local_provider.process import Process, ProcessArgs, Step
from local_provider.python_environment import PythonEnvironment
from local_provider.registered_model import RegisteredModel
from local_provider.source import SourceTree
from local_provider.source_environment import SourceEnvironment
from local_provider.supervisor import Supervisor

__all__ = [
    "DataDirectory",
    "GoBinary",
    "Health",
    "Job",
    "JobArgs",
    "ModelFile",
    "Password",
    "Port",
    "Process",
    "ProcessArgs",
    "PythonEnvironment",
    "RegisteredModel",
    "SourceEnvironment",
    "SourceTree",
    "Step",
    "Supervisor",
    "run_directory",
    "workspace_directory",
]
