// swift-tools-version: 6.0

import Foundation
import PackageDescription

// The library that the core is in: where scripts/swift-xcframework has been, for all of Apple's platforms, else the system's linker
// finds it (scripts/swift-bindings).
let framework = "SkiplinoNativeFFI.xcframework"
let library: Target =
    FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(framework)")
    ? .binaryTarget(name: "SkiplinoNativeFFI", path: framework)
    : .systemLibrary(name: "SkiplinoNativeFFI")

let package = Package(
    name: "Skiplino",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "Skiplino", targets: ["Skiplino"])],
    targets: [
        library,
        // Generated, and seen by nobody but the target below.
        .target(name: "SkiplinoNative", dependencies: ["SkiplinoNativeFFI"]),
        .target(name: "Skiplino", dependencies: ["SkiplinoNative"], resources: [.copy("PrivacyInfo.xcprivacy")]),
        .testTarget(name: "SkiplinoTests", dependencies: ["Skiplino", "SkiplinoNative"]),
    ],
    swiftLanguageModes: [.v6]
)
