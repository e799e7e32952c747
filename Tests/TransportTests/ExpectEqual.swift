import Testing

/// Compares long arrays. `#expect` on `==` would look for all differences and show the arrays, which takes minutes.
func expectEqual(_ received: [UInt8], _ expected: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    guard received != expected else { return }
    let first = zip(received, expected).enumerated().first { $1.0 != $1.1 }?.offset
    Issue.record(
        """
        \(received.count) bytes instead of \(expected.count), different from byte \
        \(first ?? min(received.count, expected.count)) on
        """,
        sourceLocation: sourceLocation
    )
}
