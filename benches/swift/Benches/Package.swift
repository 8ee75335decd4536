// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "SkiplinoBenches",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "Skiplino", path: "../../../swift")],
    targets: [
        .executableTarget(name: "Benches", dependencies: ["Skiplino"]),
        .executableTarget(name: "Worker", dependencies: ["Skiplino"]),
    ],
    swiftLanguageModes: [.v6]
)
