"""The compiled C library of a release, as a Conan package."""

from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get


class Skiplino(ConanFile):
    """Downloads the archive of the platform: the SDK is written in Rust, which Conan has no package of."""

    name = "skiplino"
    description = "The Skiplino SDK for C: queues, tickets, appointments and customers"
    homepage = "https://skiplino.com"
    license = "MIT OR Apache-2.0"
    package_type = "shared-library"
    settings = "os", "arch"

    def archive(self):
        """The address and the checksum of the platform's archive, if there is one."""
        platforms = self.conan_data["sources"][self.version].get(str(self.settings.os), {})
        return platforms.get(str(self.settings.arch))

    def validate(self):
        """Fails for other platforms."""
        if self.archive() is None:
            raise ConanInvalidConfiguration(
                f"there is no archive for {self.settings.os} on {self.settings.arch}"
            )

    def build(self):
        """Downloads and unpacks the archive."""
        get(self, **self.archive(), strip_root=True)

    def package(self):
        """Keeps the licences, the header and the library."""
        copy(self, "LICENSE-*", self.build_folder, str(Path(self.package_folder) / "licenses"))
        for folder in ("include", "lib", "bin"):
            copy(self, f"{folder}/*", self.build_folder, self.package_folder)

    def package_info(self):
        """Has CMake use the package's own files, so the targets are those of every other installation."""
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/skiplino"]
        self.cpp_info.libs = ["skiplino"]
