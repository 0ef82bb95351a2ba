"""What the user has chosen once for all modules, and the places that follow from it."""

import os
from dataclasses import dataclass
from pathlib import Path

from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.private_folder import private_folder


@dataclass(frozen=True)
class Settings:
    """Choices; "" and 0 stand for the default. In ephemeral mode nothing is kept after Slicer is closed.

    `cluster_address` is what follows --dask: a scheduler's address or file; "" for this computer alone.
    """

    output_folder: str = ""
    key_file: str = ""
    worker_count: int = 0
    cluster_address: str = ""
    ephemeral: bool = False

    @property
    def workers(self) -> int:
        """Processes to use: as chosen, or one per processor."""
        return self.worker_count or os.cpu_count() or 1

    @property
    def cluster(self) -> str:
        """Where jobs run that can run on a cluster; "" in ephemeral mode, whose folder no other computer sees."""
        return "" if self.ephemeral else self.cluster_address

    def store_folder(self) -> Path:
        """Private folder for jobs and keys; raises DicomSuiteError where it cannot be made."""
        return ephemeral_folder() if self.ephemeral else private_folder()

    def jobs_path(self) -> Path:
        """The database of the jobs."""
        return self.store_folder() / "jobs.sqlite"

    def key_path(self) -> Path:
        """The key of the pseudonyms; an ephemeral one is new at each start, and so are the pseudonyms."""
        if self.key_file and not self.ephemeral:
            return Path(self.key_file)
        return self.store_folder() / "deidentification.key"

    def output_path(self) -> Path:
        """Folder in which results get a folder of their own."""
        if self.ephemeral:
            return self.store_folder() / "Results"
        return Path(self.output_folder) if self.output_folder else Path.home() / "DicomSuite"
