"""`documents.py FILE...`: the Swift of each document as a function, for the compiler to look at."""

import re
import sys
from pathlib import Path

imports, functions = {"import Foundation"}, []
for number, name in enumerate(sys.argv[1:]):
    blocks = re.findall(r"^```swift\n(.*?)^```", Path(name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    imports.update(line for line in lines if line.startswith("import "))
    body = "\n".join(f"    {line}" for line in lines if not line.startswith("import "))
    functions.append(f"// {name}\nfunc document{number}() async throws {{\n{body}\n}}\n")
print("\n".join([*sorted(imports), "", *functions]))
