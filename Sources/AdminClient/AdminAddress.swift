public import Configuration

/// Where the admin API answers: `http://127.0.0.1:9090`, with a path prefix when a proxy before it adds one.
public struct AdminAddress: Sendable, CustomStringConvertible {
    public let url: BaseURL
    /// As it was given; a URL with a user's name or password in it is refused.
    public let description: String

    public init?(parsing text: String) {
        guard let url = try? BaseURL(parsing: text) else { return nil }
        self.url = url
        description = text
    }

    /// For the Host field, RFC 9110 §7.2: the port is left out where the scheme implies it.
    var authority: String {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        return url.port == (url.isTLS ? 443 : 80) ? host : "\(host):\(url.port)"
    }
}
