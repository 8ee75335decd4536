"""Makes those checks of the package for Apple's platforms that need no Mac.

python3 -m tools.apple_package privacy FILE
swift package dump-package | python3 -m tools.apple_package targets
"""

from __future__ import annotations

import json
import plistlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FRAMEWORK = "SkiplinoNativeFFI"
TARGETS = {FRAMEWORK, "SkiplinoNative", "Skiplino"}
DATA = "NSPrivacyCollectedDataType"
API = "NSPrivacyAccessedAPI"
KEYS = {"NSPrivacyTracking", "NSPrivacyTrackingDomains", f"{DATA}s", f"{API}Types"}


def privacy_faults(manifest: Any) -> Iterator[str]:
    """The errors of a privacy manifest: unknown keys, and claims that are wrong for the package."""
    if set(manifest) != KEYS:
        yield f"its keys are {sorted(manifest)}"
        return
    if manifest["NSPrivacyTracking"] is not False or manifest["NSPrivacyTrackingDomains"] != []:
        yield "it says that the package tracks people"
    for data in manifest[f"{DATA}s"]:
        name = data[DATA]
        if not name.startswith(DATA):
            yield f"{name} is no type of data"
        if data[f"{DATA}Linked"] is not True or data[f"{DATA}Tracking"] is not False:
            yield f"{name} has to be linked to the user, and not used to track"
        if data[f"{DATA}Purposes"] != [f"{DATA}PurposeAppFunctionality"]:
            yield f"{name} has another purpose than the app's function"
    for accessed in manifest[f"{API}Types"]:
        name = accessed[f"{API}Type"]
        if not name.startswith(f"{API}Category"):
            yield f"{name} is no category of APIs"
        if not accessed[f"{API}TypeReasons"]:
            yield f"{name} has no reason"


def target_faults(package: Any) -> Iterator[str]:
    """The faults of the targets of the published package."""
    targets = {target["name"]: target for target in package["targets"]}
    if set(targets) != TARGETS:
        yield f"its targets are {sorted(targets)}"
        return
    framework = targets[FRAMEWORK]
    if framework["type"] != "binary" or framework["path"] != f"{FRAMEWORK}.xcframework":
        yield f"{FRAMEWORK} is not the binary target {FRAMEWORK}.xcframework"


def main() -> int:
    """Checks a manifest or a package."""
    what, *files = sys.argv[1:]
    if what == "privacy":
        faults = list(privacy_faults(plistlib.loads(Path(files[0]).read_bytes())))
    elif what == "targets":
        faults = list(target_faults(json.load(sys.stdin)))
    else:
        sys.exit(f"apple_package checks no {what}")
    for fault in faults:
        print(f"{what}: {fault}", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
