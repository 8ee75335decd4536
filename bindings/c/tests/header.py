"""Parses the declarations of the header, for the generators of tests."""

import re


class Header:
    """`functions` is a list of (result, name, [(type, argument)...]). `structs` maps the name of a struct to its (type, field) list."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"//[^\n]*|/\*.*?\*/", "", file.read(), flags=re.S)
        self.structs = {
            name: [self._declared(field) for field in body.split(";") if field.strip()]
            for body, name in re.findall(r"typedef struct \{(.*?)\} (\w+);", text, re.S)
        }
        self.functions = [
            (result.strip(), name, [] if args.strip() == "void" else [self._declared(arg) for arg in args.split(",")])
            for result, name, args in re.findall(r"^([a-z][\w ]*?[ *]+)(skiplino_\w+)\(([^;{]*)\);", text, re.M)
        ]

    @staticmethod
    def _declared(text):
        return re.match(r"(.*?)(\w+)$", text.strip(), re.S).groups()
