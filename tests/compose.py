"""The services of compose.yaml as processes on the loopback, for tests that have no containers.

Commands, environment, order and health checks are those of compose.yaml; working directory, files and variables those
of the Dockerfile. Names of hosts, ports and folders are others, and the PostgreSQL is Debian's. No image is built.
"""

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import REPOSITORY
from tests.postgresql import program_of_postgresql, running_postgresql
from tests.prefect_server import free_port

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
_SECONDS_FOR_HEALTH = 120
_SECONDS_TO_STOP = 60


def instructions(name: str, text: str = DOCKERFILE) -> list[str]:
    """The arguments of each instruction of a Dockerfile that is called so."""
    return re.findall(rf"^{name} (.+)$", text, flags=re.MULTILINE)


class Compose:
    """The services, none of them started.

    Args:
        folder: Where an operator has compose.yaml, `.env` and `catalog.toml`.
        stack: Ends what is started.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._port = free_port()
        self._postgresql = stack.enter_context(running_postgresql())
        self._image = folder / "image"
        self._image.mkdir()
        self._make_image()

    def run(self, command: str, **environment: str) -> str:
        """Do a line of a shell that may call `docker compose`; gives what it prints."""
        if command == "docker compose up --detach":
            self._up()
            return ""
        line = re.sub(
            r"docker compose (?:exec|run)((?: --?[\w-]+)*) (\w+) ",
            lambda call: self._as_process(call[2], environment),
            command,
        )
        done = subprocess.run(
            ["sh", "-c", line], cwd=self._folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def _as_process(self, service: str, further: dict[str, str]) -> str:
        variables = self._environment(service) | further
        return shlex.join(["env", "-i", f"--chdir={self._image}", *(f"{k}={v}" for k, v in variables.items())]) + " "

    def _make_image(self) -> None:
        """What the last stage of the Dockerfile copies from the repository, and the folder of the volume."""
        (last,) = re.findall(r"^FROM [^\n]+ AS build$.*^FROM [^\n]+\n(.*)", DOCKERFILE, flags=re.MULTILINE | re.DOTALL)
        for source, target in (
            arguments.split() for arguments in instructions("COPY", last) if "--from" not in arguments
        ):
            (self._image / target).mkdir(exist_ok=True)
            shutil.copy(REPOSITORY / source, self._image / target)
        (self._image / "warehouse" / "data").mkdir(parents=True)

    def _environment(self, service: str) -> dict[str, str]:
        image = dict(word.split("=", 1) for line in instructions("ENV") for word in shlex.split(line))
        environment = {**image, **SERVICES[service].get("environment", {})}
        here = {name: self._here(value) for name, value in environment.items()}
        return {**here, "HOME": str(self._folder / f"home-of-{service}")}

    def _here(self, value: str) -> str:
        """A value of compose.yaml or of the Dockerfile, with the names of this machine."""
        whole = {"database": "127.0.0.1", "5432": str(self._postgresql.port), "4200": str(self._port)}
        parts = {
            "/opt/wcda": sys.prefix,
            "//server:4200": f"//127.0.0.1:{self._port}",
            "127.0.0.1:4200": f"127.0.0.1:{self._port}",
            "0.0.0.0": "127.0.0.1",
        }
        if variable := re.fullmatch(r"\$\{(\w+):\?.*\}", value):
            (value,) = re.findall(rf"^{variable[1]}=(.+)$", (self._folder / ".env").read_text(), flags=re.MULTILINE)
        for former, present in parts.items():
            value = value.replace(former, present)
        return whole.get(value, value)

    def _up(self) -> None:
        """Start all, each when that on which it depends is as far as it asks."""
        started: dict[str, subprocess.Popen[bytes] | None] = {}
        while waiting := [name for name in SERVICES if name not in started]:
            name = next(one for one in waiting if set(SERVICES[one].get("depends_on", {})) <= set(started))
            for other, how in SERVICES[name].get("depends_on", {}).items():
                self._wait(other, started[other], how["condition"])
            started[name] = self._start(name)

    def _start(self, name: str) -> "subprocess.Popen[bytes] | None":
        service = SERVICES[name]
        if service["image"].startswith("postgres:"):
            variables = self._environment(name)
            user, password, database = (variables[f"POSTGRES_{part}"] for part in ("USER", "PASSWORD", "DB"))
            self._postgresql.administer("psql", "-c", f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
            self._postgresql.administer("createdb", "--owner", user, database)
            return None
        for volume in service.get("volumes", []):
            if isinstance(volume, dict):
                source = (self._folder / volume["source"]).resolve(strict=True)
                (self._image / Path(volume["target"]).relative_to(instructions("WORKDIR")[-1])).symlink_to(source)
        return self._stack.enter_context(self._running(name, [self._here(word) for word in service["command"]]))

    @contextmanager
    def _running(self, name: str, command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
        environment = self._environment(name)
        program = shutil.which(command[0], path=environment["PATH"])
        assert program, command
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [program, *command[1:]], cwd=self._image, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_SECONDS_TO_STOP)

    def _wait(self, name: str, process: "subprocess.Popen[bytes] | None", condition: str) -> None:
        if condition == "service_completed_successfully":
            assert process is not None
            assert process.wait(_SECONDS_FOR_HEALTH) == 0, (self._folder / f"{name}.log").read_text()
            return
        assert condition == "service_healthy"
        check, *arguments = map(self._here, SERVICES[name]["healthcheck"]["test"][1:])
        environment = self._environment(name)
        program = shutil.which(check, path=environment["PATH"]) or program_of_postgresql(check)
        if SERVICES[name]["image"].startswith("postgres:"):
            environment["PGPORT"] = str(self._postgresql.port)
        end = time.monotonic() + _SECONDS_FOR_HEALTH
        while subprocess.run([program, *arguments], env=environment, stderr=subprocess.DEVNULL, check=False).returncode:
            assert time.monotonic() < end, (self._folder / f"{name}.log").read_text()
            time.sleep(0.5)
