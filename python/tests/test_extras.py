"""What needs a package that is not always installed says so, and costs nothing before."""

from __future__ import annotations

import subprocess
import sys

from conftest import STRICT


def ran(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *STRICT, "-c", program], capture_output=True, text=True, check=False)


def test_the_package_does_not_import_the_data_source_of_spark() -> None:
    program = "import sys, skiplino, skiplino.testing; print([name for name in sys.modules if 'spark' in name])"
    assert ran(program).stdout == "[]\n"


def test_the_data_source_without_pyspark_says_what_to_install() -> None:
    failed = ran("import sys; sys.modules['pyspark'] = None; import skiplino.spark")
    expected = 'ImportError: skiplino.spark needs PySpark 4.1 or later: pip install "skiplino[spark]"'
    assert failed.stderr.splitlines()[-1] == expected
