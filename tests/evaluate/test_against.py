from pathlib import Path

import pytest

from streams.evaluate.against import LONGEST_NAME, AgainstError, changes, name


def test_values_are_read_as_in_the_settings_file() -> None:
    given = ["model=claude-opus-5-5", "BATCH_SIZE = 1", "escalation_threshold=0.5", 'app_id="x"']
    assert changes(given) == {
        "model": "claude-opus-5-5",
        "batch_size": 1,
        "escalation_threshold": 0.5,
        "app_id": "x",
    }


def test_a_file_and_single_settings_go_together(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text('model = "a"\nbatch_size = 2\n')
    assert changes([str(path), "batch_size=3"]) == {"model": "a", "batch_size": 3}
    assert name([str(path), "batch_size=3"]) == "other.toml, batch_size=3"


def test_a_long_name_is_cut() -> None:
    assert len(name(["model=" + "x" * 100])) == LONGEST_NAME


def test_what_names_no_settings_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(AgainstError, match=r"nowhere.toml: No such file .* KEY=VALUE"):
        changes(["nowhere.toml"])
    broken = tmp_path / "broken.toml"
    broken.write_text("model = ")
    with pytest.raises(AgainstError, match="no TOML"):
        changes([str(broken)])
