internal import COpenSSL
import Glibc

/// TLS on one connected socket, `SSL_read(3)` and `SSL_write(3)` on the descriptor itself. Confined to the connection.
///
/// `ERR_clear_error` goes before every call that `SSL_get_error` judges, since that looks into the thread's queue of
/// errors, where another connection may have left one.
@safe
final class TLSSession {
    /// What a handshake takes that waits for the client's second flight, and what a connection takes between two
    /// requests, as measured with OpenSSL 3.0 (39 and 15 KiB), whose buffers are given back when they are empty.
    static let handshakeBytes = 40 * 1024
    static let idleBytes = 16 * 1024

    enum HandshakeResult { case done, wantsRead, wantsWrite, failed(TLSFault) }

    private let ssl: OpaquePointer  // SSL *, owned: SSL_free in deinit
    private(set) var lastFault: TLSFault?
    private var isEstablished = false

    /// - Parameters:
    ///   - context: an `SSL_CTX *`, of which the session takes a reference of its own.
    ///   - serverName: for clients, the name that the certificate must bear; an IP literal is one too.
    init?(context: OpaquePointer, descriptor: Int32, serverName: String?) {
        guard let ssl = unsafe SSL_new(context) else { return nil }
        unsafe self.ssl = ssl
        guard unsafe SSL_set_fd(ssl, descriptor) == 1 else { return nil }
        guard let serverName else {
            unsafe SSL_set_accept_state(ssl)
            return
        }
        unsafe SSL_set_connect_state(ssl)
        guard expect(serverName) else { return nil }
    }

    deinit { unsafe SSL_free(ssl) }

    /// Makes the handshake fail unless the certificate is for `name` (RFC 9525); SNI is for names only (RFC 6066 §3).
    ///
    /// The dot at the end of an absolute name belongs to the look-up: SNI goes without it, and so do certificates.
    private func expect(_ name: String) -> Bool {
        let name = name.hasSuffix(".") ? String(name.dropLast()) : name
        if SocketAddress(literal: name, port: 0) != nil {
            return unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1
        }
        unsafe SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return unsafe tollgate_SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1
    }

    func handshake() -> HandshakeResult {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            return .done
        }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        default:
            let fault = readFault()
            lastFault = fault
            return .failed(fault)
        }
    }

    /// Whether bytes were decrypted already, or received and not yet decrypted, that no descriptor will tell of.
    var hasPending: Bool { unsafe SSL_has_pending(ssl) == 1 }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        var count = 0
        let result = unsafe SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        return result == 1 ? .bytes(count) : judge(result)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        if unsafe bytes.isEmpty { return .bytes(0) }
        ERR_clear_error()
        var count = 0
        let result = unsafe SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
        return result == 1 ? .bytes(count) : judge(result)
    }

    /// Writes both, as one record when they fit into `scratch`.
    func write(
        _ head: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer,
        gatheringIn scratch: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        if unsafe body.isEmpty { return unsafe write(head) }
        if head.count + body.count <= scratch.count {
            unsafe scratch.copyMemory(from: head)
            unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[head.count...]).copyMemory(from: body)
            return unsafe write(UnsafeRawBufferPointer(rebasing: scratch[..<(head.count + body.count)]))
        }
        let first = unsafe write(head)
        guard first == .bytes(head.count) else { return first }
        guard case .bytes(let count) = unsafe write(body) else { return first }
        return .bytes(head.count + count)
    }

    /// Tells the peer that nothing more comes (RFC 8446 §6.1). Its own close_notify is not waited for.
    ///
    /// False when the kernel takes no more for now: then, and only then, it must be called again.
    func sendCloseNotify() -> Bool {
        guard isEstablished, lastFault == nil else { return true }
        ERR_clear_error()
        let result = unsafe SSL_shutdown(ssl)
        return unsafe result >= 0 || SSL_get_error(ssl, result) != SSL_ERROR_WANT_WRITE
    }

    private func judge(_ result: Int32) -> TransferResult {
        let error = errno
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .end
        case SSL_ERROR_SYSCALL where error != 0:
            // A plain reset of the connection below, told as on a connection without TLS.
            return .failed(error)
        default:
            lastFault = readFault()
            return .failed(EPROTO)
        }
    }

    /// Takes the oldest error of the thread's queue, and the verdict on the certificate if there is one.
    private func readFault() -> TLSFault {
        let verdict = unsafe SSL_get_verify_result(ssl)
        if verdict != Int(X509_V_OK) {
            let detail = unsafe String(cString: X509_verify_cert_error_string(verdict))
            return TLSFault(code: TLSSession.code(ofVerdict: Int32(verdict)), detail: detail)
        }
        let error = ERR_get_error()
        guard error != 0 else {
            return TLSFault(code: .protocolError, detail: "the connection ended within TLS")
        }
        let reason = unsafe ERR_reason_error_string(error).map { unsafe String(cString: $0) } ?? "unknown"
        return TLSFault(code: TLSSession.code(ofError: error), detail: reason)
    }

    /// Whether the sides have no version of TLS in common, or one of them speaks something else, by what OpenSSL says.
    private static func code(ofError error: UInt) -> TLSFault.Code {
        guard tollgate_ERR_GET_LIB(error) == ERR_LIB_SSL else { return .protocolError }
        return switch tollgate_ERR_GET_REASON(error) {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
            SSL_R_WRONG_VERSION_NUMBER, SSL_R_WRONG_SSL_VERSION, SSL_R_UNKNOWN_PROTOCOL, SSL_R_UNKNOWN_SSL_VERSION,
            SSL_R_UNSUPPORTED_SSL_VERSION, SSL_R_BAD_PROTOCOL_VERSION_NUMBER, SSL_R_BAD_LEGACY_VERSION,
            SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH:
            .protocolVersion
        default: .protocolError
        }
    }

    private static func code(ofVerdict verdict: Int32) -> TLSFault.Code {
        switch verdict {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: .certificateExpired
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .certificateWrongHost
        default: .certificateUntrusted
        }
    }
}

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
