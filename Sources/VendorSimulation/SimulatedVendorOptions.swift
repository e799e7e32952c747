public import Transport

/// The start options of a simulated vendor. Immutable once the server has them.
public struct SimulatedVendorOptions: Sendable {
    /// The certificate chain and the private key, both PEM files.
    public struct TLSFiles: Sendable {
        public var certificate: String
        public var privateKey: String

        public init(certificate: String, privateKey: String) {
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    /// Where it listens; port 0 lets the system choose one.
    public var address = SocketAddress(ip: [127, 0, 0, 1], port: 0)
    /// A second address, always without TLS, for control calls.
    public var controlAddress: SocketAddress?
    /// Nil for plain HTTP.
    public var tls: TLSFiles?
    /// The settings until a control call changes them.
    public var settings = VendorSettings()
    /// The faults that the first calls meet.
    public var faults: [Fault] = []
    /// The file that every charge is written to, one JSON line each, on disk before the reply goes out.
    public var chargeLog: String?

    public init() {}
}
