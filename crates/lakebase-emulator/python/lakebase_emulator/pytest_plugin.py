"""Gives tests an emulator: the fixture `lakebase_emulator`, empty for each test.

The fixture sets DATABRICKS_HOST and DATABRICKS_TOKEN for the test. The option
`lakebase_emulator_options` in pytest's configuration holds options of the program.
"""

import shlex

import pytest

from . import Emulator


def pytest_addoption(parser):
    parser.addini("lakebase_emulator_options", "options of lakebase-emulator", default="")


@pytest.fixture
def lakebase_emulator(request, monkeypatch):
    """A running emulator, whose variables are set for the test."""
    options = shlex.split(request.config.getini("lakebase_emulator_options"))
    with Emulator(*options) as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        yield emulator
