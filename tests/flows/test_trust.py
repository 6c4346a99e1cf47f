"""Nothing in a folder of data decides how a program runs: no warehouse, no working directory that somebody sent."""

from pathlib import Path

import pytest

from tests.conftest import Command

NO_API = "http://127.0.0.1:9/api"
MARKS = "marks"


def logging_of(marker: Path) -> str:
    """Settings for logging that make a folder when they are loaded."""
    return f'''version: 1
handlers:
  stranger:
    (): os.mkdir
    path: "{marker}"
loggers:
  prefect: {{handlers: [stranger]}}
'''


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def hostile_files(folder: Path, marks: Path) -> dict[str, str]:
    """What a stranger may put into a folder, by name; each that takes effect leaves a folder in `marks`."""
    elsewhere = f"http://127.0.0.1:11/api/{marks.name}"
    logging, profiles = folder / "stranger-logging.yml", folder / "stranger-profiles.toml"
    return {
        "stranger-logging.yml": logging_of(marks / "logging-named"),
        "stranger-profiles.toml": f'active = "x"\n[profiles.x]\nPREFECT_API_URL = "{elsewhere}"\n',
        "logging.yml": logging_of(marks / "logging"),
        "profiles.toml": f'active = "x"\n[profiles.x]\nPREFECT_API_URL = "{elsewhere}"\n',
        ".env": f"PREFECT_LOGGING_SETTINGS_PATH={logging}\nPREFECT_PROFILES_PATH={profiles}\nPREFECT_HOME={folder}\n",
        "prefect.toml": f'profiles_path = "{profiles}"\n[logging]\nconfig_path = "{logging}"\n',
        "pyproject.toml": f'[tool.prefect]\napi.url = "{elsewhere}"\nlogging.config_path = "{logging}"\n',
        "prefect.yaml": f"build:\n- prefect.deployments.steps.run_shell_script:\n    script: mkdir {marks / 'yaml'}\n",
        "dask.yaml": f"distributed:\n  worker:\n    preload: [{folder / 'pandas.py'}]\n",
        ".pdbrc": f"import os; os.mkdir({str(marks / 'pdbrc')!r})\n",
        ".netrc": "default login stranger password stranger\n",
        **{
            f"{module}.py": f"import os\nos.mkdir({str(marks / module)!r})\n"
            for module in (
                "prefect",
                "uvicorn",
                "sitecustomize",
                "usercustomize",
                "pandas",
                "yaml",
                "logging",
                "multiprocessing",
            )
        },
    }


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Where what a stranger gets to run leaves a mark."""
    folder = tmp_path / MARKS
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", hostile_files(Path(), Path()))
def test_no_file_of_a_working_directory_or_a_warehouse_is_run_or_obeyed(
    name: str, tmp_path: Path, marks: Path, wcda: Command
) -> None:
    warehouse = tmp_path / "warehouse"
    for folder in (tmp_path / "work", warehouse, warehouse / "prefect"):
        texts = hostile_files(folder, marks)
        for each in {name, "stranger-logging.yml", "stranger-profiles.toml"}:
            write(folder / each, texts[each])

    done = wcda("harvest", "--from", "samples", "--warehouse", warehouse, PREFECT_API_URL=NO_API)

    assert done.returncode == 1
    assert f"Prefect's API at {NO_API} does not answer" in done.stderr
    assert list(marks.iterdir()) == []


def test_processes_that_parse_run_no_module_of_the_working_directory(
    tmp_path: Path, warehouse: Path, marks: Path, wcda: Command
) -> None:
    again = wcda("harvest", "--from", "samples", "--direct", "--warehouse", warehouse)  # a segment for each process
    for name, text in hostile_files(tmp_path / "work", marks).items():
        write(tmp_path / "work" / name, text)

    done = wcda("rebuild", "--direct", "--processes", "2", "--warehouse", warehouse)

    assert (again.returncode, done.returncode) == (0, 0), done.stderr
    assert list(marks.iterdir()) == []
