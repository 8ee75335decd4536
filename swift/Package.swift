// swift-tools-version: 6.0

import Foundation
import PackageDescription

// The native library: an XCFramework for Apple's platforms if scripts/swift-xcframework built one,
// otherwise a library that the system's linker finds (scripts/swift-bindings).
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
        // Generated; only the target below imports it.
        .target(name: "SkiplinoNative", dependencies: ["SkiplinoNativeFFI"]),
        .target(name: "Skiplino", dependencies: ["SkiplinoNative"], resources: [.copy("PrivacyInfo.xcprivacy")]),
        .testTarget(name: "SkiplinoTests", dependencies: ["Skiplino", "SkiplinoNative"]),
    ],
    swiftLanguageModes: [.v6]
)
