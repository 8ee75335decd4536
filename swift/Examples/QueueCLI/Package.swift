// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "QueueCLI",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "Skiplino", path: "../..")],
    targets: [.executableTarget(name: "QueueCLI", dependencies: ["Skiplino"])],
    swiftLanguageModes: [.v6]
)
