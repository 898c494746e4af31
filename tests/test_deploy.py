"""What deploy/ promises, as far as it can be seen without an engine; `make test-image` tries it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import SECRETS, Settings
from bot.telegram import application, intake
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
COMPOSE = ["compose.yaml", "compose.postgres.yaml"]


def compose(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text("utf-8"))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    """All of both files, the second put over the first as compose does."""
    alone, beside = (compose(name)["services"] for name in COMPOSE)
    return {**beside, "baoda": {**beside["baoda"], **alone["baoda"]}}


def final_stage() -> str:
    return DOCKERFILE.rpartition("\nFROM ")[2]


def test_what_the_dockerfile_copies_is_there_and_let_in() -> None:
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", DOCKERFILE, re.M)
    names = [name for line in copied for name in line.split()]
    assert {"bot", "retrieval", "prompts", "corpus", "requirements.lock"} <= set(names)
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert {f"!{name}" for name in names} <= set(IGNORED)


def test_the_image_takes_in_nothing_but_what_is_named() -> None:
    rules = [line for line in IGNORED if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert not {"!.env", "!.git", "!.", "!*", "!tests", "!bench", "!.baoda"} & set(rules)
    assert "**/.env*" in rules[[rule.startswith("!") for rule in rules].index(True) :]


def test_packages_are_installed_by_their_hashes_from_no_named_index() -> None:
    assert "--require-hashes --requirement requirements.lock" in DOCKERFILE
    assert "index-url" not in DOCKERFILE
    assert "extra-index" not in DOCKERFILE


def test_the_image_runs_as_a_fixed_user_who_is_not_root() -> None:
    assert re.search(r"^USER 10001:10001$", final_stage(), re.M)
    assert "root" not in re.findall(r"^USER (\S+)", DOCKERFILE, re.M)


def test_every_base_has_a_tag() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert len(bases) == 2
    assert [
        base for base in bases if not re.fullmatch(r"[\w/.-]+:[\w.-]+(@sha256:\w+)?", base)
    ] == []


def test_commands_are_lists_so_that_signals_arrive() -> None:
    for name in ("ENTRYPOINT", "CMD", "VOLUME"):
        assert re.search(rf"^{name} \[", final_stage(), re.M)
    assert "STOPSIGNAL SIGTERM" in final_stage()


def test_the_health_check_asks_the_bot_itself() -> None:
    check = final_stage().partition("HEALTHCHECK")[2].partition("\nENTRYPOINT")[0]
    source = re.search(r'"-c", "(.+)"\]', check)
    assert source is not None
    compile(source[1], "health check", "exec")
    assert "/healthz" in check
    assert "METRICS_PORT" in check


def test_no_secret_is_named_but_by_its_file() -> None:
    text = "".join((DEPLOY / name).read_text("utf-8") for name in ("Dockerfile", *COMPOSE))
    for name in [*SECRETS, "POSTGRES_PASSWORD"]:
        assert not re.search(rf"\b{name}\b(?!_FILE)\s*[:=]", text)


@pytest.mark.parametrize("name", COMPOSE)
def test_every_secret_and_volume_that_is_used_is_declared(name: str) -> None:
    loaded = compose(name)
    declared = {**compose(COMPOSE[0])["secrets"], **loaded["secrets"]}
    volumes = set(loaded["volumes"])
    for service in loaded["services"].values():
        assert set(service.get("secrets", ())) <= set(declared)
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
        assert {one.partition(":")[0] for one in service.get("volumes", ())} <= volumes
        assert set(service.get("networks", ())) <= {"default", *loaded.get("networks", ())}
    for secret in declared.values():
        assert secret["file"].startswith("secrets/")


@pytest.mark.parametrize("name", ["baoda", "postgres"])
def test_every_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert "mem_limit" in service
    assert "ports" not in service
    assert "privileged" not in service


def test_the_bot_is_given_time_to_finish() -> None:
    needed = intake._GRACE_SECONDS + intake._IN_FLIGHT_SECONDS + application._CANCEL_AGAIN_SECONDS
    assert int(services()["baoda"]["stop_grace_period"].removesuffix("s")) > needed


def test_the_bot_waits_for_a_database_that_answers() -> None:
    assert compose(COMPOSE[1])["services"]["baoda"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"}
    }
    assert "healthcheck" in services()["postgres"]
    assert compose(COMPOSE[1])["networks"]["database"] == {"internal": True}


def test_the_environment_of_the_bot_names_settings_only() -> None:
    known = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
    alone, beside = (compose(name)["services"]["baoda"]["environment"] for name in COMPOSE)
    assert {*alone, *beside} <= known


def test_secrets_of_an_operator_stay_out_of_the_repository() -> None:
    ignored = Path(ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {"deploy/secrets/", "deploy/settings.env", ".env"} <= set(ignored)
