/// A failure of a test's own machinery: a process that did not start, a reply that did not come.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
