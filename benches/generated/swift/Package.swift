// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "GeneratedWorker",
    platforms: [.macOS(.v13)],
    targets: [
        .target(name: "MobileCoreServices"),
        // The output folder of the generator.
        .target(name: "Generated", dependencies: ["MobileCoreServices"]),
        .executableTarget(name: "Worker", dependencies: ["Generated"]),
    ],
    swiftLanguageModes: [.v6]
)
