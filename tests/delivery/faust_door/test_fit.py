"""The check that the overrides of Faust still fit what is installed."""

from importlib import metadata

import pytest

from streams.delivery.faust_door import fit
from streams.delivery.faust_door.fit import PRIVATE_NAMES, misfits


def test_what_is_installed_fits() -> None:
    assert misfits() == []


@pytest.mark.parametrize("package", fit.PINNED)
def test_another_version_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = metadata.version
    monkeypatch.setattr(fit, "version", lambda name: "9.9.9" if name == package else real(name))
    [misfit] = misfits()
    assert package in misfit
    assert "9.9.9" in misfit
    assert fit.PINNED[package] in misfit


@pytest.mark.parametrize("name", sorted({name for _, name in PRIVATE_NAMES}))
def test_a_private_name_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    [entry] = [entry for entry in PRIVATE_NAMES if entry[1] == name]
    monkeypatch.setattr(fit, "PRIVATE_NAMES", [(entry[0], name + "_of_old")])
    [misfit] = misfits()
    assert f"{name}_of_old is gone" in misfit
