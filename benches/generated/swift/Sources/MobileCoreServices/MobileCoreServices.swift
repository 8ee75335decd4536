// A stand-in for the module that the generated client imports everywhere except on macOS. Linux has
// no such module. This one exports the part of Foundation that the client forgets to import there.
@_exported import Foundation
#if canImport(FoundationNetworking)
    @_exported import FoundationNetworking
#endif

public let kUTTagClassFilenameExtension = ""
public let kUTTagClassMIMEType = ""

public func UTTypeCreatePreferredIdentifierForTag(_: Any?, _: Any?, _: Any?) -> Unmanaged<NSString>? { nil }

public func UTTypeCopyPreferredTagWithClass(_: Any?, _: Any?) -> Unmanaged<NSString>? { nil }
