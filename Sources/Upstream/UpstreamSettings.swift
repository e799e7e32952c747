public import UpstreamKeys

/// Where the vendor is and how long it may take. Immutable; replaced whole by a reload.
public struct UpstreamSettings: Sendable, Equatable {
    public var isTLS: Bool
    /// A name or an IP literal without brackets. A dot at its end makes a name absolute for the look-up, where search
    /// domains are not tried then; it is no part of the name beyond that.
    public var host: String
    public var port: UInt16
    /// What stands before `/v1/classify` in the path; empty or beginning with a slash, without one at its end.
    public var pathPrefix: String
    /// For connecting, over all addresses and repetitions, the look-up of the name and the TLS handshake included.
    public var connectTimeout: Duration
    /// From the request's last byte to the reply's last byte.
    public var responseTimeout: Duration
    /// How long an idle connection is kept; less than the vendor keeps it.
    public var idleTimeout: Duration
    /// The longest body of a reply.
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

    /// The name that SNI, the certificate and the Host field have: the same one, and without the dot (RFC 6066 §3), since
    /// servers refuse a request whose Host field is not the name in SNI (421, RFC 9110 §7.4).
    var serverName: String { host.hasSuffix(".") ? String(host.dropLast()) : host }

    /// The Host field: the port stands there only when it is not the scheme's own (RFC 9110 §7.2).
    var hostField: String {
        let name = serverName.utf8.contains(UInt8(ascii: ":")) ? "[\(serverName)]" : serverName
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }
}
