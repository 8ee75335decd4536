/// Prints its id and nothing of the person it is about, whether it is printed, debugged or dumped.
protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    /// As `description`.
    public var debugDescription: String { description }
    /// Nothing but the type.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
