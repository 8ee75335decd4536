// Printing records without personal data.
/// A record whose printed, debug and dump forms have its id and no personal data.
protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    /// The same as `description`.
    public var debugDescription: String { description }
    /// Only the type.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
