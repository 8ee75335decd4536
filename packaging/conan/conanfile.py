"""A Conan package of the compiled C library of a release."""

from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get


class Skiplino(ConanFile):
    """Downloads the archive of the platform, because Conan has no Rust to compile the SDK."""

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
        """Fails if there is no archive for the platform."""
        if self.archive() is None:
            raise ConanInvalidConfiguration(
                f"skiplino has no archive for {self.settings.os} on {self.settings.arch}"
            )

    def build(self):
        """Downloads and unpacks the archive."""
        get(self, **self.archive(), strip_root=True)

    def package(self):
        """Packs the licences, the header and the library."""
        copy(self, "LICENSE-*", self.build_folder, str(Path(self.package_folder) / "licenses"))
        for folder in ("include", "lib", "bin"):
            copy(self, f"{folder}/*", self.build_folder, self.package_folder)

    def package_info(self):
        """Makes CMake use the package's own files, which have the usual targets."""
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/skiplino"]
        self.cpp_info.libs = ["skiplino"]
