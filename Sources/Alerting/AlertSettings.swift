/// Where alerts go and what is worth one. Immutable; a reload replaces it whole.
public struct AlertSettings: Sendable, Equatable {
    /// The webhook that alerts are posted to.
    public struct Receiver: Sendable, Equatable {
        public let isTLS: Bool
        /// Without brackets.
        public let host: String
        public let port: UInt16
        /// For the Host field (RFC 9110 §7.2).
        public let authority: String
        /// The path with its query (RFC 9112 §3.2.1).
        public let target: String

        public init(isTLS: Bool, host: String, port: UInt16, authority: String, target: String) {
            self.isTLS = isTLS
            self.host = host
            self.port = port
            self.authority = authority
            self.target = target
        }
    }

    public var receiver: Receiver
    /// What alerts are signed with.
    public var secret: [UInt8]
    /// How long before its end a key or certificate is told of.
    public var expiryNotice: Duration
    /// The share of the credits of the last days that may be unconfirmed, in millionths.
    public var unconfirmedShare: Int64
    /// The share of a bill by which it may differ from the ledger, in millionths.
    public var driftShare: Int64

    public init(
        receiver: Receiver,
        secret: [UInt8],
        expiryNotice: Duration = .seconds(7 * 86_400),
        unconfirmedShare: Int64 = 50_000,
        driftShare: Int64 = 10_000
    ) {
        self.receiver = receiver
        self.secret = secret
        self.expiryNotice = expiryNotice
        self.unconfirmedShare = unconfirmedShare
        self.driftShare = driftShare
    }
}
