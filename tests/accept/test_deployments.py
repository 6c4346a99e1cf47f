"""Runs on a schedule, as docs/operations.md says: a real server, pool, worker and browser, on the loopback."""

import datetime as dt
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from extractors.wilson_center import SAMPLES
from schemas.tables import TABLES
from tests.browser import open_browser
from tests.conftest import REPOSITORY, WCDA, run_wcda
from tests.flows.live import write_catalog_for
from tests.flows.test_main_job import lasting, read_tables
from tests.flows.test_readme import commands
from tests.postgresql import running_postgresql
from tests.prefect_server import FINAL, RUN_SECONDS, PrefectServer, prefect_server, until
from tests.replica import ReplicaSite, replica
from warehouse.folder import WarehouseFolder

pytestmark = [pytest.mark.operations, pytest.mark.usefixtures("place", "worker")]

DOCS = (REPOSITORY / "docs" / "operations.md").read_text()
NIGHTLY = "harvest/nightly"
SERVED = "harvest/served"
SLOW = {"requests_per_second": 6.0, "timeout_seconds": 30.0}
"""Some ten seconds for the whole replica."""


def shell(heading: str) -> list[str]:
    """The commands of a section of the docs."""
    section = DOCS.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return commands("".join(re.findall(r"^```sh\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)))


@pytest.fixture(scope="module", autouse=True)
def interruptible() -> Iterator[None]:
    """Tests that a shell started in the background ignore Ctrl-C, and so would all that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A server whose state is in a PostgreSQL that was made ready as the docs say."""
    *preparations, export = shell("Its database")
    with running_postgresql() as database:
        for command in preparations:
            assert command.startswith("sudo -u postgres ")
            database.administer(*shlex.split(command)[3:])
        url = export.partition("=")[2].replace(":5432/", f":{database.port}/")
        with prefect_server(tmp_path_factory.mktemp("server"), url) as running:
            yield running


@pytest.fixture(scope="module")
def site() -> Iterator[ReplicaSite]:
    with replica(documents=500, collections=2, items_per_page_ignored=True) as running:
        yield running


@pytest.fixture(scope="module")
def place(server: PrefectServer, site: ReplicaSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the deployments, made as the docs say; its site is slow, so that a run can be met in the middle."""
    folder = tmp_path_factory.mktemp("operations")
    (folder / "docs").mkdir()
    shutil.copy(REPOSITORY / "prefect.yaml", folder)
    shutil.copy(REPOSITORY / "docs" / "automations.yaml", folder / "docs")
    write_catalog_for(site, folder / "catalog.toml", **SLOW)
    for command in [*shell("A work pool")[:3], *shell("Notifications")]:
        program, *arguments = shlex.split(command)
        assert program == "prefect"
        done = server.prefect(*arguments, cwd=folder)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return folder


@pytest.fixture(scope="module")
def worker(server: PrefectServer, place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker of the pool that the folder has made."""
    assert place.is_dir()
    with server.worker("wcda") as process:
        yield process


@pytest.fixture(scope="module")
def undisturbed(site: ReplicaSite, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What lasts of the tables of a harvest that nothing befell."""
    folder = tmp_path_factory.mktemp("undisturbed")
    catalog = write_catalog_for(site, folder / "catalog.toml", timeout_seconds=30.0)
    assert run_wcda(folder, "harvest", "--catalog", catalog, "--warehouse", folder / "w", "--direct").returncode == 0
    return lasting(read_tables(folder / "w"))


def require_sound(place: Path, name: str, undisturbed: dict[str, Any]) -> None:
    """The warehouse is proved, and its tables are those of a run that nothing befell."""
    assert run_wcda(place, "check", "--warehouse", place / name).returncode == 0
    assert lasting(read_tables(place / name)) == undisturbed


def runs_of(worker: "subprocess.Popen[bytes]") -> list[int]:
    """The process groups of the runs that a worker has started."""
    return [int(child) for child in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]


def said(server: PrefectServer, run: str) -> list[str]:
    """What our own modules have logged of a run; it comes some seconds late."""
    return [log["message"] for log in server.logs(run) if log["name"].startswith("flows.")]


def begun(server: PrefectServer, **parameters: Any) -> str:
    """Trigger a nightly run, and wait until it fetches."""
    run = server.trigger(NIGHTLY, **parameters)
    until(lambda: said(server, run))
    return run


def test_every_command_of_the_docs_is_run_by_these_tests() -> None:
    others = {
        *shell("Its database"),
        *shell("In containers"),
        *shell("A work pool")[:3],
        shell("A work pool")[-1],
        *shell("Notifications"),
    }

    assert {*commands("".join(re.findall(r"^```sh\n(.*?)^```", DOCS, flags=re.MULTILINE | re.DOTALL)))} - others == {
        "export DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false",  # the environment of all tests
        "prefect server start",  # by the fixture, on another port
        "export PREFECT_API_URL=http://127.0.0.1:4200/api",
        "prefect worker start --pool wcda --limit 1",  # by the fixture, until it is stopped
        'wcda serve --cron "0 3 * * *" --timezone America/New_York --catalog catalog.toml --contact you@example.org',
    }


def test_the_deployments_are_those_that_the_docs_list(server: PrefectServer) -> None:
    listed = re.findall(r"^\| `(\w+/\w+)` \|", DOCS, flags=re.MULTILINE)
    found = {name: server.call(f"/deployments/name/{name}") for name in listed}
    schedules = {
        name: [(one["schedule"]["cron"], one["schedule"]["timezone"]) for one in deployment["schedules"]]
        for name, deployment in found.items()
    }

    assert schedules == {
        "harvest/nightly": [("0 3 * * *", "America/New_York")],
        "rebuild/monthly": [("0 12 1 * *", "America/New_York")],
        "harvest/backfill": [],
    }
    assert server.call("/work_pools/wcda")["concurrency_limit"] == 1
    assert {deployment["work_pool_name"] for deployment in found.values()} == {"wcda"}
    for name, deployment in found.items():
        parameters = deployment["parameter_openapi_schema"]["properties"]
        assert set(deployment["parameters"]) <= set(parameters)
        assert [key for key, value in parameters.items() if not value.get("description")] == [], name


def test_a_run_shows_an_operator_what_it_did(server: PrefectServer, place: Path, undisturbed: dict[str, Any]) -> None:
    state = server.final(run := server.trigger(NIGHTLY))

    name = server.run(run)["name"]
    artifacts = server.artifacts(run)
    assert (state["type"], state["name"], name) == ("COMPLETED", "Complete", "harvest every collection from site")
    assert "500 documents in snapshot" in state["message"]
    assert (artifacts["wcda-progress"]["type"], artifacts["wcda-progress"]["data"]) == ("progress", 100)
    coverage = json.loads(artifacts["wcda-coverage"]["data"])
    assert coverage[0] == {"collection": "(no name)", "id": "all", "reported": "500", "seen": "500", "coverage": "100%"}
    snapshot = (place / "warehouse" / "data" / "current").resolve().name
    assert f"# Snapshot {snapshot}: complete" in artifacts["wcda-report"]["data"]
    assert f"`warehouse/data/snapshots/{snapshot}/`" in artifacts["wcda-report"]["data"]
    until(lambda: [line.rpartition(" ")[2] for line in said(server, run)] == ["begins", "documents"])

    def made() -> dict[str, Any]:
        """What was reported of each table, by its key."""
        return {
            event["resource"]["prefect.resource.id"]: event["payload"]
            for event in server.events("prefect.asset.materialization.succeeded")
            if any(related["prefect.resource.id"] == f"prefect.flow-run.{run}" for related in event["related"])
        }

    until(lambda: set(made()) == {f"wcda://data/{table}" for table in TABLES})
    assert made()["wcda://data/documents"] == {"rows": 500, "snapshot": snapshot}
    require_sound(place, "warehouse/data", undisturbed)


def test_the_monthly_run_makes_the_tables_again_and_checks_them(
    server: PrefectServer, place: Path, harvested_samples: Path
) -> None:
    shutil.copytree(harvested_samples, place / "samples", symlinks=True)

    run = server.trigger("rebuild/monthly", warehouse="samples")

    assert server.final(run)["name"] == "Complete"
    assert server.run(run)["name"] == "rebuild samples"
    tasks = server.call("/task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
    assert {re.sub("-[^-]*$", "", task["name"]) for task in tasks} >= {"publish tables", "check warehouse"}


def test_a_schedule_that_fires_while_a_run_is_going_waits_for_its_end(
    server: PrefectServer, place: Path, undisturbed: dict[str, Any]
) -> None:
    deployment = server.call(f"/deployments/name/{NIGHTLY}")["id"]
    schedule = {"schedule": {"interval": 5}, "parameters": {"warehouse": "overlap"}}
    (made,) = server.call(f"/deployments/{deployment}/schedules", [schedule])

    def fired(*states: str) -> list[dict[str, Any]]:
        """Runs of the schedule that are due, in such a state, the first first."""
        found = server.call("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
        now = dt.datetime.now(dt.UTC).isoformat()
        mine = [run for run in found if run["parameters"].get("warehouse") == "overlap"]
        return [run for run in mine if run["expected_start_time"] < now and run["state_type"] in states]

    waiting = until(lambda: fired("RUNNING") and fired("SCHEDULED"))[0]["id"]
    until(lambda: waiting in [run["id"] for run in fired("RUNNING")])
    server.delete(f"/deployments/{deployment}/schedules/{made['id']}")
    for run in fired("SCHEDULED"):  # those that came due meanwhile, one every five seconds
        server.delete(f"/flow_runs/{run['id']}")
    until(lambda: not fired("SCHEDULED", "PENDING", "RUNNING"))
    first, second = fired("COMPLETED")[:2]
    assert (first["state_name"], second["state_name"], second["id"]) == ("Complete", "Complete", waiting)
    assert first["end_time"] < second["start_time"]
    require_sound(place, "overlap", undisturbed)


def test_a_run_that_is_killed_is_crashed_and_the_next_goes_on_from_it(
    server: PrefectServer, place: Path, worker: "subprocess.Popen[bytes]", undisturbed: dict[str, Any]
) -> None:
    run = begun(server, warehouse="killed")
    os.killpg(runs_of(worker)[0], signal.SIGKILL)

    assert server.final(run)["name"] == "Crashed"
    assert run_wcda(place, "check", "--warehouse", place / "killed").returncode == 0
    again = server.trigger(NIGHTLY, warehouse="killed")
    assert server.final(again)["name"] == "Complete"
    until(lambda: any("goes on" in line for line in said(server, again)))
    require_sound(place, "killed", undisturbed)


def test_a_run_goes_on_while_the_server_is_restarted(
    server: PrefectServer, place: Path, undisturbed: dict[str, Any]
) -> None:
    run = begun(server, warehouse="restarted")

    server.stop()
    server.start()

    assert server.final(run)["name"] == "Complete"
    assert set(server.artifacts(run)) == {"wcda-progress", "wcda-coverage", "wcda-report"}
    require_sound(place, "restarted", undisturbed)


def test_a_run_that_finds_the_warehouse_locked_is_skipped(server: PrefectServer, place: Path) -> None:
    with WarehouseFolder(place / "warehouse" / "data").locked():
        state = server.final(server.trigger(NIGHTLY))

    assert (state["type"], state["name"]) == ("COMPLETED", "Skipped")
    assert "another run is writing to this warehouse" in state["message"]


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    """The URL of a server that receives messages, and the messages so far."""
    messages: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            messages.append(json.loads(body)["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as web_server:
        thread = threading.Thread(target=web_server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web_server.server_port}/hook", messages
        web_server.shutdown()
        thread.join()


def test_an_operator_is_notified_of_failed_and_of_incomplete_runs(
    server: PrefectServer, site: ReplicaSite, receiver: tuple[str, list[str]]
) -> None:
    url, messages = receiver
    (snippet,) = re.findall(r"^```python\n(.*?)^```", DOCS, flags=re.MULTILINE | re.DOTALL)
    snippet = snippet.replace("https://chat.example.org/hook", url)
    subprocess.run([sys.executable, "-c", snippet], env=server.environment, check=True)

    failed = server.final(server.trigger(NIGHTLY, catalog="nowhere.toml"))
    assert (failed["type"], failed["message"]) == ("FAILED", "catalog nowhere.toml: No such file or directory")
    site.set_fault("http-500", match=r"^/search\?page=4$")
    try:
        short = server.final(server.trigger(NIGHTLY, warehouse="short"))
    finally:
        site.clear_faults()
    assert (short["type"], short["name"]) == ("COMPLETED", "Incomplete")
    assert "HTTP 500" in short["message"]

    until(lambda: len(messages) == 2)
    assert "catalog nowhere.toml: No such file or directory" in messages[0]
    assert "harvest every collection from site: 49" in messages[1]
    assert "HTTP 500" in messages[1]


def test_the_pages_of_the_server_show_the_form_and_the_run(server: PrefectServer, place: Path) -> None:
    shutil.copytree(SAMPLES, place / "saved-pages")
    done = server.prefect(*shlex.split(shell("A work pool")[-1])[1:], "--param", "warehouse=backfilled")
    assert done.returncode == 0, done.stdout
    (found,) = server.runs_named("harvest every collection from saved-pages")
    run = found["id"]
    deployment = server.call("/deployments/name/harvest/backfill")["id"]
    elsewhere: list[str] = []
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1300})
        page.on("request", lambda request: elsewhere.append(request.url))

        page.goto(f"{server.url}/deployments/deployment/{deployment}/run")
        page.get_by_text("TOML file that names the collections").wait_for()
        assert page.get_by_text("site, wayback, samples, or a path").is_visible()
        page.goto(f"{server.url}/runs/flow-run/{run}")
        page.get_by_text("harvest every collection from saved-pages").first.wait_for()
        page.get_by_text("Artifacts", exact=True).first.click()
        page.get_by_text("wcda-report").first.wait_for()
        assert page.get_by_text("wcda-coverage").first.is_visible()
        (shown,) = (one["id"] for key, one in server.artifacts(run).items() if key == "wcda-report")
        page.goto(f"{server.url}/artifacts/artifact/{shown}")
        page.get_by_text("19 documents, 1 of them in more than one collection").wait_for()
    assert [url for url in elsewhere if not url.startswith((server.url, "data:", "blob:"))] == []


def test_serving_runs_one_harvest_at_a_time_and_ctrl_c_pauses_its_schedule(
    server: PrefectServer, place: Path, undisturbed: dict[str, Any]
) -> None:
    (command,) = shell("One machine")
    with subprocess.Popen(
        [WCDA, *shlex.split(command)[1:], "--warehouse", "served"],
        cwd=place,
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"serving {SERVED} at '0 3 * * *' (America/New_York); Ctrl-C ends it\n"
            until(lambda: any(one["name"] == "served" for one in server.call("/deployments/filter", {})))
            first, second = (server.trigger(SERVED) for _ in range(2))
            assert {server.final(run)["name"] for run in (first, second)} == {"Complete"}
            os.killpg(process.pid, signal.SIGINT)
            out, _ = process.communicate(timeout=RUN_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0
    assert out == "serving has ended; the schedule is paused until it is served again\n"
    one, other = sorted((server.run(run) for run in (first, second)), key=lambda run: str(run["start_time"]))
    assert one["end_time"] < other["start_time"]
    assert server.call(f"/deployments/name/{SERVED}")["paused"]
    require_sound(place, "served", undisturbed)


def test_a_run_publishes_though_the_server_stays_away(
    server: PrefectServer, place: Path, undisturbed: dict[str, Any]
) -> None:
    run = begun(server, warehouse="away")

    server.stop()
    try:
        until(lambda: run_wcda(place, "status", "--warehouse", place / "away").returncode == 0)
    finally:
        server.start()

    require_sound(place, "away", undisturbed)
    if server.run(run)["state_type"] not in FINAL:  # then it is for a person to say that it has ended
        crashed = {"state": {"type": "CRASHED"}, "force": True}
        server.call(f"/flow_runs/{run}/set_state", crashed)
    assert server.final(server.trigger(NIGHTLY, warehouse="away"))["name"] == "Complete"


def test_a_machine_that_dies_is_noticed_and_what_came_late_runs_or_is_cancelled(
    server: PrefectServer,
    place: Path,
    worker: "subprocess.Popen[bytes]",
    undisturbed: dict[str, Any],
) -> None:
    """The automations of the docs, with shorter times. The worker is gone in the end, so this test is the last."""
    (place / "soon.yaml").write_text(
        (place / "docs" / "automations.yaml")
        .read_text()
        .replace("within: 600", "within: 60")
        .replace("within: 21600", "within: 10")
        .replace("name: wcda-", "name: soon-")
    )
    assert server.prefect("automation", "create", "--from-file", place / "soon.yaml").returncode == 0
    run = begun(server, warehouse="died")
    for group in (worker.pid, *runs_of(worker)):
        os.killpg(group, signal.SIGKILL)

    late = server.trigger(NIGHTLY, warehouse="late")
    assert server.final(late)["type"] == "CANCELLED"
    assert server.run(run)["state_type"] == "RUNNING"
    assert server.final(run)["message"] == "It has sent no heartbeat for ten minutes."
    assert server.run(run)["state_type"] == "CRASHED"
    # A worker can take longer to start than the ten seconds after which the automation cancels what is late.
    assert server.prefect("automation", "pause", "soon-late").returncode == 0
    with server.worker("wcda"):
        assert server.final(server.trigger(NIGHTLY, warehouse="died"))["name"] == "Complete"
    require_sound(place, "died", undisturbed)
