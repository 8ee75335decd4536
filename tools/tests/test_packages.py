"""The checks of the Kotlin and Apple packages, and the search for built files."""

from __future__ import annotations

import json
import plistlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tools.apple_package import privacy_faults, target_faults
from tools.cargo_artifact import artifact
from tools.code_blocks import code_blocks, section
from tools.kotlin_package import jar_faults, pom_faults, report_faults, xml_faults
from tools.workspace import ROOT


def manifest() -> Any:
    return plistlib.loads((ROOT / "swift/Sources/Skiplino/PrivacyInfo.xcprivacy").read_bytes())


def test_the_privacy_manifest() -> None:
    assert list(privacy_faults(manifest())) == []
    tracking = manifest() | {"NSPrivacyTracking": True}
    assert list(privacy_faults(tracking)) == ["it says that the package tracks people"]
    data = manifest()
    data["NSPrivacyCollectedDataTypes"][0]["NSPrivacyCollectedDataTypeLinked"] = False
    assert len(list(privacy_faults(data))) == 1
    del data["NSPrivacyTrackingDomains"]
    assert "its keys are" in next(privacy_faults(data))


def test_the_targets_of_the_apple_package() -> None:
    targets = [
        {"name": "SkiplinoNativeFFI", "type": "binary", "path": "SkiplinoNativeFFI.xcframework"},
        {"name": "SkiplinoNative"},
        {"name": "Skiplino"},
    ]
    assert list(target_faults({"targets": targets})) == []
    assert len(list(target_faults({"targets": targets[:2]}))) == 1
    targets[0]["type"] = "regular"
    assert len(list(target_faults({"targets": targets}))) == 1


def report(path: Path, tests: int, failures: int, skipped: int) -> str:
    counts = f'tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}"'
    path.write_text(f"<testsuite {counts}/>")
    return str(path)


@pytest.mark.parametrize(
    ("tests", "failures", "skipped", "faults"),
    [
        (200, 0, 0, []),
        (100, 0, 0, ["only 200 tests ran"]),
        (200, 1, 2, ["1 failures", "2 skipped"]),
    ],
)
def test_junit_reports(
    tmp_path: Path, tests: int, failures: int, skipped: int, faults: list[str]
) -> None:
    reports = report(tmp_path / "a", 100, 0, 0), report(tmp_path / "b", tests, failures, skipped)
    assert list(report_faults(*reports)) == faults


def test_jars(tmp_path: Path) -> None:
    path = tmp_path / "a.jar"
    files = {
        "A.class": bytes([0, 0, 0, 0, 0, 0, 0, 52]),
        "META-INF/proguard/skiplino.pro": b"",
        "linux-x86-64/libskiplino_uniffi.so": b"",
    }

    def pack() -> list[str]:
        with zipfile.ZipFile(path, "w") as jar:
            for name, content in files.items():
                jar.writestr(name, content)
        return list(jar_faults(str(path)))

    assert pack() == []
    files["B.class"] = bytes([0, 0, 0, 0, 0, 0, 0, 61])
    del files["META-INF/proguard/skiplino.pro"], files["linux-x86-64/libskiplino_uniffi.so"]
    assert len(pack()) == 3


def test_poms(tmp_path: Path) -> None:
    path = tmp_path / "pom.xml"
    path.write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><groupId>a</groupId><artifactId>b</artifactId>'
        "<version>1</version><name>n</name><description>d</description><url>u</url>"
        "<licenses><license><name>MIT</name></license></licenses>"
        "<developers><developer><name>n</name></developer></developers><scm><url>u</url></scm></project>"
    )
    assert list(pom_faults(str(path))) == []
    assert list(xml_faults(str(path))) == []
    path.write_text(path.read_text().replace("<url>u</url></scm>", "</scm><parent/>"))
    assert list(pom_faults(str(path))) == [
        "it has no scm/url",
        "it has a parent, which is not published",
    ]
    path.write_text("<project>")
    assert len(list(xml_faults(str(path)))) == 1


def test_the_last_artifact_of_a_kind() -> None:
    def message(reason: str, kind: str, *files: str) -> str:
        return json.dumps({"reason": reason, "target": {"kind": [kind]}, "filenames": files})

    messages = [
        message("compiler-artifact", "bin", "target/debug/uniffi-bindgen"),
        message("compiler-artifact", "cdylib", "libuniffi.a", "libuniffi.so", "libother.so"),
        json.dumps({"reason": "build-finished", "success": True}),
    ]
    assert artifact(messages, "cdylib", ".so") == "libuniffi.so"
    assert artifact(messages, "bin", "") == "target/debug/uniffi-bindgen"
    assert artifact(messages, "cdylib", ".dylib") is None


def test_code_blocks() -> None:
    text = (
        "```sh\nmake\n```\n## C\n```sh\ncc\n```\n### More\n```sh\nld\n```\n## D\n```sh\ndd\n```\n"
    )
    assert code_blocks(text, "sh") == ["make\n", "cc\n", "ld\n", "dd\n"]
    assert code_blocks(section(text, "C"), "sh") == ["cc\n", "ld\n"]
    assert code_blocks(section(text, "E"), "sh") == []


def test_the_description_of_an_installed_package() -> None:
    program = str(ROOT / "tools/code_blocks.py")
    command = [sys.executable, program, "pytest", "no-such-language", "--package", "--first"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "pytest has no code block of no-such-language\n")
