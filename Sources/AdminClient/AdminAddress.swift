public import Configuration

/// The address of the admin API: `http://127.0.0.1:9090`, with a path prefix if a proxy in front of it adds one.
public struct AdminAddress: Sendable, CustomStringConvertible {
    public let url: BaseURL
    /// As given; a URL that contains a user name or password is refused.
    public let description: String

    public init?(parsing text: String) {
        guard let url = try? BaseURL(parsing: text) else { return nil }
        self.url = url
        description = text
    }
}
