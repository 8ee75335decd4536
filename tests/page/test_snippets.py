"""Checks the code snippets of the page with the libraries that they use."""

import json
import os
import re
import subprocess
import sys

import pytest
from conftest import ticket
from playwright.sync_api import expect

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


def run(command, **settings):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, cwd=ROOT, check=False, timeout=120, **pipes, **settings)
    assert done.returncode == 0, done.stdout
    return done.stdout


def curl(path):
    return json.loads(run(["sh", "-c", f"{path.read_text(encoding='utf-8').strip()} --silent --show-error --fail"]))


def rust(path):
    run(["rustc", "--edition=2024", "--crate-type=bin", "--emit=metadata", "-Dwarnings", "--extern=skiplino=target/debug/libskiplino.rlib",
         "-Ldependency=target/debug/deps", "-o", path.with_suffix(".rmeta"), path])  # fmt: skip


def python(path):
    settings = os.environ | {"MYPYPATH": "python/src"}
    run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", path.parent / "mypy", "--follow-imports=silent", path], env=settings)


def c(path):
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-Ibindings/c/include"]
    run(["cc", *flags, "-x", "c", path])


CHECKS = {"curl": curl, "rust": rust, "python": python, "c": c}


@pytest.fixture(scope="module", autouse=True)
def library():
    run(["cargo", "build", "--quiet", "--locked", "-p", "skiplino-cli", "-p", "skiplino"])


@pytest.mark.parametrize("kind", ["book", "follow"])
def test_the_snippets_compile_and_run(counter, tmp_path, kind):
    if kind == "follow":
        ticket(counter, "Q017").click()
        expect(counter.locator("#code")).to_contain_text("k7m2p9x4q1")
    code = {}
    for tab in counter.locator("#languages [role=tab]").all():
        tab.click()
        host = tab.get_attribute("data-tab")
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(counter.locator("#code")).not_to_have_text(list(code.values())[-1] if code else "")
        code[host] = counter.inner_text("#code")
    assert list(code) == ["curl", "rust", "python", "swift", "kotlin", "c"]
    for host, check in CHECKS.items():
        path = tmp_path / f"snippet_{host}"
        path.write_text(code[host], encoding="utf-8")
        output = check(path)
        if host == "curl":
            assert output["data"]["ticketNumber"] == ("Q018" if kind == "book" else "Q017")
    # Without a compiler for these: every called function exists in the package, if the package is
    # here.
    for host, folder in {"swift": "swift/Sources/Skiplino", "kotlin": "kotlin/skiplino/src/main/kotlin"}.items():
        sources = read_all(os.path.join(ROOT, folder))
        # Without imports and string literals.
        text = re.sub(r'import .*|"[^"$]*"', "", code[host])
        called = set(re.findall(r"(?:\.|\b(?=\w+\())(\w+)", text)) - {"URL", "collect", "init", "main", "print", "println", "use"}
        assert {"book" if kind == "book" else "watch", "SkiplinoClient", "ticketNumber"} <= called
        for name in called if sources else ():
            assert re.search(rf"\b(func|fun|class|struct|let|var|val) {name}\b", sources), f"{host}: {name}"


def read_all(folder):
    texts = []
    for parent, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(parent, name), encoding="utf-8") as file:
                texts.append(file.read())
    return "\n".join(texts)
