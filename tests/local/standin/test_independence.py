import subprocess
import sys

FORBIDDEN = ("streams.claude", "streams.classify", "streams.books", "streams.settings", "anthropic")


def test_the_stand_in_shares_no_code_with_the_worker() -> None:
    script = "import sys, streams.local.standin.run; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "streams.local.standin.prices" in loaded
    assert [name for name in loaded if name.startswith(FORBIDDEN)] == []
