"""The configuration of docs/hub, and what a Hub does before a learner's server starts."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader
from traitlets.utils.importstring import import_item

from hello_helpers.cli.hub import UnpreparedError, preparing
from hello_helpers.cli.lesson_kernels import LessonKernels

RECIPE = Path(__file__).parents[2] / "docs" / "hub"


class OwnProcess:
    """JupyterHub's spawner, where the learner's account is that of the tests."""

    def __init__(self, home: Path) -> None:
        self.user = SimpleNamespace(name="ada")
        self.environment: dict[str, str] = {"LANG": "C"}
        self.home = home

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        return {**env, "HOME": str(self.home)}

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        assert name == "ada"
        return lambda: os.chdir(self.home)


@pytest.fixture
def config() -> Config:
    """The recipe as JupyterHub reads it."""
    return PyFileConfigLoader("jupyterhub_config.py", str(RECIPE)).load_config()


def test_the_recipe_names_what_there_is(config: Config) -> None:
    python, _, singleuser = config.Spawner.cmd
    assert python == sys.executable
    options = dict(option.split("=", 1) for option in config.Spawner.args)
    assert import_item(options["--ServerApp.kernel_spec_manager_class"]) is LessonKernels
    front = Path(config.Spawner.default_url).name
    assert (RECIPE.parents[1] / "notebooks" / front).exists()
    assert set(config.Spawner.environment) == {"PATH", "JUPYTER_CONFIG_PATH"}
    if importlib.util.find_spec("jupyterhub"):
        assert importlib.util.find_spec(singleuser)
        for section, traits in config.items():
            known: Any = import_item(f"jupyterhub.{MODULES[section]}.{section}")
            assert set(traits) <= set(known.class_traits(config=True)), section


MODULES = {"JupyterHub": "app", "Spawner": "spawner", "LocalAuthenticator": "auth"}
"""Where the classes are that the recipe sets something of."""


def test_a_learner_finds_a_copy_of_the_lessons(config: Config, tmp_path: Path) -> None:
    spawner = OwnProcess(tmp_path)
    asyncio.run(config.Spawner.pre_spawn_hook(spawner))
    assert (tmp_path / "hello-armonik" / "00_welcome.ipynb").exists()
    assert spawner.environment == {"LANG": "C"}


def test_what_hinders_a_learners_server_is_told_to_the_learner(tmp_path: Path) -> None:
    (tmp_path / "hello-armonik").write_text("")
    with pytest.raises(UnpreparedError, match=r"cannot be copied to .*hello-armonik: "):
        asyncio.run(preparing()(OwnProcess(tmp_path)))
    (tmp_path / "hello-armonik").unlink()
    learners = tmp_path / "class" / "learners"
    learners.mkdir(parents=True)
    (learners / "ada.env").write_text("AK_ENDPOINT=http://127.0.0.1:9\n")
    with pytest.raises(UnpreparedError, match=r"127\.0\.0\.1:9"):
        asyncio.run(preparing(str(tmp_path / "class"))(OwnProcess(tmp_path)))
    own = tmp_path / ".hello-armonik-class.env"
    assert own.stat().st_mode & 0o777 == 0o600
