import Forms
import Transport

/// Where the vendor's API begins: `https://api.documentpro.ai`, with a path prefix if need be.
public struct BaseURL: Sendable, Equatable {
    public let isTLS: Bool
    /// Without brackets.
    public let host: String
    public let port: UInt16
    /// Empty, or beginning with a slash and not ending with one.
    public let pathPrefix: String

    /// Why a text is no base URL.
    public struct Fault: Error {
        let reason: String
    }

    public init(parsing text: String) throws(Fault) {
        let rest: Substring
        if text.hasPrefix("https://") {
            isTLS = true
            rest = text.dropFirst(8)
        } else if text.hasPrefix("http://") {
            isTLS = false
            rest = text.dropFirst(7)
        } else {
            throw Fault(reason: "must begin with https:// or http://")
        }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Fault(reason: "has a character no URL has")
        }
        guard text.utf8.count <= FormLimits.addressCharacters else {
            throw Fault(reason: "must have at most \(FormLimits.addressCharacters) characters")
        }
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw Fault(reason: "must have no query or fragment")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.contains("@") else {
            throw Fault(reason: "must have no user name; keys stand in upstream.keys")
        }
        var prefix = rest[slash...]
        while prefix.hasSuffix("/") { prefix = prefix.dropLast() }
        pathPrefix = String(prefix)
        let hasPort = !authority.hasSuffix("]") && authority.contains(":")
        let whole = hasPort ? String(authority) : "\(authority):\(isTLS ? 443 : 80)"
        guard let address = ListenAddress(parsing: whole), address.port != 0 else {
            throw Fault(reason: "has no host, or a port that is none")
        }
        host = address.host
        port = address.port
        // One dot at the end makes a name absolute; an empty label elsewhere makes it none (RFC 1035 §2.3.1).
        let isLiteral = SocketAddress(literal: host, port: port) != nil
        let labels = (host.hasSuffix(".") ? host.dropLast() : host[...]).split(
            separator: ".",
            omittingEmptySubsequences: false
        )
        guard isLiteral || labels.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 63 }) else {
            throw Fault(reason: "has a host that is no name: between its dots stand 1 to 63 characters")
        }
    }

    /// By the name `localhost` or by an address; `127.example.com` is somewhere else.
    public var isLoopback: Bool {
        ["localhost", "localhost."].contains(host.lowercased())
            || SocketAddress(literal: host, port: port)?.isLoopback == true
    }

    /// For the Host field, RFC 9110 §7.2: the scheme's default port is left out.
    public var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? host : "\(host):\(port)"
    }
}
