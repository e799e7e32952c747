import JSON

/// Members that may be null where somebody takes a value away again.
extension ObjectReader {
    /// Whether the member is there, null, and may be; it counts as asked for then.
    public func isNull(_ name: String) -> Bool {
        guard report.takesNull, isSet(name), case .null? = take(name) else { return false }
        return true
    }
}
