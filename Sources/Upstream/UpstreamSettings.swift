public import UpstreamKeys

/// Where the vendor is and how long it may take. Immutable; a reload replaces it as a whole.
public struct UpstreamSettings: Sendable, Equatable {
    public var isTLS: Bool
    /// A name or an IP literal without brackets. A trailing dot makes the name absolute: the look-up then tries no
    /// search domains. Elsewhere the dot is not part of the name.
    public var host: String
    public var port: UInt16
    /// The path before `/v1/classify`; either empty, or with a leading and without a trailing slash.
    public var pathPrefix: String
    /// For connecting, over all addresses and retries, including name resolution and the TLS handshake.
    public var connectTimeout: Duration
    /// From the request's last byte to the reply's last byte.
    public var responseTimeout: Duration
    /// How long an idle connection is kept; must be less than the vendor's own idle timeout.
    public var idleTimeout: Duration
    /// The maximum length of a reply's body.
    public var responseBytesMax: Int
    public var gate: UpstreamGate.Limits
    public var queueTimeout: Duration

    public init(
        isTLS: Bool,
        host: String,
        port: UInt16,
        pathPrefix: String,
        connectTimeout: Duration,
        responseTimeout: Duration,
        idleTimeout: Duration,
        responseBytesMax: Int,
        gate: UpstreamGate.Limits,
        queueTimeout: Duration
    ) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.pathPrefix = pathPrefix
        self.connectTimeout = connectTimeout
        self.responseTimeout = responseTimeout
        self.idleTimeout = idleTimeout
        self.responseBytesMax = responseBytesMax
        self.gate = gate
        self.queueTimeout = queueTimeout
    }

    /// The name for SNI, the certificate and the Host field, without the trailing dot (RFC 6066 §3). One name for all:
    /// servers refuse a request whose Host field differs from SNI (421, RFC 9110 §7.4).
    var serverName: String { host.hasSuffix(".") ? String(host.dropLast()) : host }

    /// The value of the Host field; it has the port only when that is not the scheme's default (RFC 9110 §7.2).
    var hostField: String {
        let name = serverName.utf8.contains(UInt8(ascii: ":")) ? "[\(serverName)]" : serverName
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }
}

/// The settings in one object: each call keeps them by one reference. Immutable.
final class SharedUpstreamSettings: Sendable {
    let values: UpstreamSettings

    init(_ values: UpstreamSettings) { self.values = values }
}
