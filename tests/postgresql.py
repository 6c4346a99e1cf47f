"""A PostgreSQL of Debian's package on the loopback, in a temporary folder, for Prefect servers of tests."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.prefect_server import free_port, until

PROGRAMS = os.pathsep.join(
    [os.environ["PATH"], *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
)
"""Debian keeps most of its programs in a folder of the release."""
SUPERUSER = "postgres"
PASSWORD = "the superuser's own"
INITDB = ("-D", "data", "-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync")


@dataclass(frozen=True)
class PostgreSQL:
    """A server that runs."""

    port: int

    def administer(self, *command: str) -> None:
        """Run one of its programs as its superuser, as an operator would on its machine."""
        address = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": SUPERUSER, "PGPASSWORD": PASSWORD}
        done = subprocess.run(
            [program_of_postgresql(command[0]), *command[1:]],
            env=os.environ | address,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    def listens(self) -> bool:
        """It takes connections."""
        done = subprocess.run(
            [program_of_postgresql("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
            timeout=30,
            check=False,
        )
        return done.returncode == 0


def program_of_postgresql(name: str) -> str:
    """Where one of its programs is."""
    found = shutil.which(name, path=PROGRAMS)
    assert found, f"{name} is not installed: apt-get install postgresql"
    return found


def _unprivileged(folder: Path) -> dict[str, Any]:
    """How to start what refuses to run as root, and give it the folder: as the user of Debian's package."""
    if os.geteuid() != 0:
        return {"cwd": folder}
    shutil.chown(folder, SUPERUSER, SUPERUSER)
    return {"cwd": folder, "user": SUPERUSER, "group": SUPERUSER, "extra_groups": []}


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A running server, while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as name:  # not pytest's, which only its own user may enter
        folder = Path(name)
        as_user = _unprivileged(folder)
        password = folder / "password"
        password.write_text(PASSWORD)
        subprocess.run(
            [program_of_postgresql("initdb"), *INITDB, "--pwfile", password],
            **as_user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        running = PostgreSQL(free_port())
        options = {"listen_addresses": "127.0.0.1", "port": running.port, "unix_socket_directories": "", "fsync": "off"}
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                [
                    program_of_postgresql("postgres"),
                    "-D",
                    "data",
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                **as_user,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                until(running.listens, 60)
                yield running
            finally:
                process.send_signal(signal.SIGINT)  # ends what is connected, and then itself
                process.wait(60)
