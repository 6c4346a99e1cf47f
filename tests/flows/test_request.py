"""A request is stated once: the command line and the flow show its fields, with the same words."""

import json
import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest
import typer.main

from flows.cli import app
from flows.request import HarvestRequest, parameters

PARAMETERS = {parameter.name: parameter for parameter in parameters()}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
TYPED_FOR_ONE_CALL = {"since", "until", "accept_loss"}
ASK_THE_FLOW = """
import json
from flows.prefect_flows import harvest_flow
from flows.request import HarvestRequest
given = {"source": "samples", "warehouse": "w", "since": "2025-03-01", "keep": 2}
request = HarvestRequest(**harvest_flow.validate_parameters(given))
print(json.dumps([harvest_flow.parameters.model_dump(), repr(request)]))
"""


@pytest.fixture(scope="module")
def flow() -> list[Any]:
    """The parameters of the flow as Prefect shows them, and a request made from some; from a process of its own."""
    done = subprocess.run([sys.executable, "-c", ASK_THE_FLOW], capture_output=True, text=True, check=True)
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", [field.name for field in fields(HarvestRequest)])
def test_each_field_is_an_option_and_a_parameter_of_the_flow_with_the_same_words(name: str, flow: list[Any]) -> None:
    (option,) = (option for option in COMMANDS["harvest"].params if option.name == name)
    described = flow[0]["properties"][name]["description"]

    assert option.help == described == PARAMETERS[name].about.help


def test_a_schedule_cannot_be_given_what_is_meant_for_one_call() -> None:
    served = {option.name for option in COMMANDS["serve"].params}

    assert PARAMETERS.keys() - served == TYPED_FOR_ONE_CALL


def test_the_flow_requires_what_has_no_default_and_takes_values_as_json_has_them(flow: list[Any]) -> None:
    shown, request = flow

    assert shown["required"] == ["source", "warehouse"]
    assert "warehouse=PosixPath('w')" in request
    assert "since=datetime.date(2025, 3, 1)" in request
