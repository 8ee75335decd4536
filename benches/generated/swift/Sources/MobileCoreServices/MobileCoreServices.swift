// What the generated client imports wherever it is not macOS. On Linux there is no such module: this one brings the part of Foundation that
// the client forgets to import there, and knows no types of files.
@_exported import Foundation
#if canImport(FoundationNetworking)
    @_exported import FoundationNetworking
#endif

public let kUTTagClassFilenameExtension = ""
public let kUTTagClassMIMEType = ""

public func UTTypeCreatePreferredIdentifierForTag(_: Any?, _: Any?, _: Any?) -> Unmanaged<NSString>? { nil }

public func UTTypeCopyPreferredTagWithClass(_: Any?, _: Any?) -> Unmanaged<NSString>? { nil }
