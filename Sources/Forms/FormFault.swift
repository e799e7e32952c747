/// One thing that is wrong with what somebody filled in.
public struct FormFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member's path, `upstream.keys[0].secret`; empty for the whole.
    public let path: String
    /// What is wrong and what to do; holds no secret.
    public let message: String

    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
