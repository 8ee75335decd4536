"""Checks the output of the Maven build of the Kotlin package.

python3 -m tools.kotlin_package tests REPORT...    JUnit's reports: enough tests ran, and all passed
python3 -m tools.kotlin_package jar FILE           Android accepts the jar
python3 -m tools.kotlin_package pom FILE           the POM has what Maven Central requires
python3 -m tools.kotlin_package xml FILE           the file is well-formed XML
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

# An exit status does not say that the tests ran at all.
FEWEST_TESTS = 250
# The class files of Java 8, for Android.
CLASS_VERSION = 52
POM = {"m": "http://maven.apache.org/POM/4.0.0"}
REQUIRED = (
    "groupId",
    "artifactId",
    "version",
    "name",
    "description",
    "url",
    "licenses/license/name",
    "developers/developer/name",
    "scm/url",
)


def report_faults(*reports: str) -> Iterator[str]:
    """Too few tests, or tests that did not pass."""
    suites = [ElementTree.parse(path).getroot() for path in reports]
    total = {
        name: sum(int(suite.get(name, "0")) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    }
    print(", ".join(f"{count} {name}" for name, count in total.items()))
    if total["tests"] < FEWEST_TESTS:
        yield f"only {total['tests']} tests ran"
    for name in ("failures", "errors", "skipped"):
        if total[name]:
            yield f"{total[name]} {name}"


def jar_faults(path: str) -> Iterator[str]:
    """Classes that Android does not accept, and missing files."""
    with zipfile.ZipFile(path) as jar:
        names = jar.namelist()
        versions = {jar.read(name)[7] for name in names if name.endswith(".class")}
    if versions != {CLASS_VERSION}:
        yield f"its classes have the versions {sorted(versions)}"
    if "META-INF/proguard/skiplino.pro" not in names:
        yield "it has no rules for shrinkers"
    if not any(name.endswith("/libskiplino_uniffi.so") for name in names):
        yield "it has no native library"


def pom_faults(path: str) -> Iterator[str]:
    """Missing elements, and a parent, which is not published."""
    pom = ElementTree.parse(path).getroot()
    for required in REQUIRED:
        if not pom.findtext("/".join(f"m:{name}" for name in required.split("/")), None, POM):
            yield f"it has no {required}"
    if pom.find("m:parent", POM) is not None:
        yield "it has a parent, which is not published"


def xml_faults(path: str) -> Iterator[str]:
    """XML that cannot be parsed."""
    try:
        ElementTree.parse(path)
    except ElementTree.ParseError as error:
        yield str(error)


CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "tests": report_faults,
    "jar": jar_faults,
    "pom": pom_faults,
    "xml": xml_faults,
}


def main() -> int:
    """Runs the check that the command line names."""
    what, *files = sys.argv[1:]
    faults = list(CHECKS[what](*files))
    for fault in faults:
        print(f"{' '.join(files) if what != 'tests' else what}: {fault}", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
