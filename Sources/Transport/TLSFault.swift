/// Why a TLS connection could not be made or kept. No fault is ever answered with less security.
public struct TLSFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case certificateExpired = "certificate_expired"
        case certificateWrongHost = "certificate_wrong_host"
        case certificateUntrusted = "certificate_untrusted"
        case protocolVersion = "tls_protocol_version"
        /// Anything else the peer or the network did: a bad record, an alert, an end without close_notify.
        case protocolError = "tls_protocol_error"
    }

    public let code: Code
    /// OpenSSL's words, for the log.
    public let detail: String

    public var description: String { "\(code.rawValue): \(detail)" }
}
