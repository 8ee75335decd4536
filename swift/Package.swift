// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "Skiplino",
    platforms: [.iOS(.v16), .macOS(.v13), .tvOS(.v16), .watchOS(.v9), .visionOS(.v1)],
    products: [.library(name: "Skiplino", targets: ["Skiplino"])],
    targets: [
        // The library that the core is in. What is published for Apple's platforms has a binary target in its place, see
        // scripts/swift-xcframework.
        .systemLibrary(name: "SkiplinoNativeFFI"),
        // Generated, and seen by nobody but the target below.
        .target(name: "SkiplinoNative", dependencies: ["SkiplinoNativeFFI"]),
        .target(name: "Skiplino", dependencies: ["SkiplinoNative"]),
        .testTarget(name: "SkiplinoTests", dependencies: ["Skiplino", "SkiplinoNative"]),
    ],
    swiftLanguageModes: [.v6]
)
