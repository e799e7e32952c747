internal import COpenSSL
import Glibc
public import Vocabulary

/// Why certificates or keys could not be loaded: names the file and what is wrong with it.
public struct TLSConfigurationFault: Error, Sendable, CustomStringConvertible {
    /// What of a configuration it is about.
    public enum Part: Sendable {
        case certificate, privateKey, clientAuthorities
        /// Those that a vendor's certificate is checked against.
        case authorities
        /// A file that could not be read at all.
        case unreadable
    }

    public let part: Part
    public let description: String

    init(_ part: Part, _ what: String) {
        self.part = part
        let error = ERR_peek_last_error()
        let reason = unsafe ERR_reason_error_string(error).map { unsafe String(cString: $0) }
        description = reason.map { "\(what): \($0)" } ?? what
        ERR_clear_error()
    }

    init(_ part: Part, _ failure: PEMReader.Failure, _ pem: PEMText, wanted: String) {
        switch failure {
        case .nothing:
            ERR_clear_error()
            self.init(part, "\(pem.file): no \(wanted) in PEM")
        case .encrypted:
            ERR_clear_error()
            let remedy = "write it without one: openssl pkey -in \(pem.file) -out NEW"
            self.init(part, "\(pem.file): has a passphrase, which the gateway cannot ask for; \(remedy)")
        case .broken: self.init(part, "\(pem.file): no \(wanted) in PEM")
        }
    }
}

/// The settings that client and server contexts share: TLS 1.2 or later, buffers given back when idle.
private func makeContext(_ method: OpaquePointer?) -> OpaquePointer {
    guard let context = unsafe SSL_CTX_new(method) else { preconditionFailure("SSL_CTX_new: no memory") }
    _ = unsafe tollgate_SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
    let partial = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    _ = unsafe tollgate_SSL_CTX_set_mode(context, Int(partial | SSL_MODE_RELEASE_BUFFERS))
    // With it, SSL_write could have to read first, and no one side of a connection would know what to wait for.
    unsafe tollgate_SSL_CTX_forbid_renegotiation(context)
    // One read(2) takes the header of a record together with the record.
    unsafe tollgate_SSL_CTX_set_read_ahead(context, 1)
    return unsafe context
}

/// How the gateway proves itself to its clients. Immutable; a reload makes a new one, sessions keep the old.
///
/// Sendable because OpenSSL counts references to a context atomically and nothing changes it once it is made.
@safe
public final class TLSServerContext: @unchecked Sendable {
    let context: OpaquePointer  // SSL_CTX *, owned: SSL_CTX_free in deinit

    /// What TLS 1.2 is served with, the best first: forward secrecy by ECDHE and an AEAD (RFC 9325 §4.2), no CBC. The
    /// order is this side's; TLS 1.3 has suites of its own, which are all AEADs.
    private static let ciphers = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ].joined(separator: ":")

    /// - Parameters:
    ///   - certificate: the server's certificate first, then the chain.
    ///   - clientAuthorities: when given, clients must show a certificate that one of these signed.
    /// - Throws: the first of `faults`.
    public init(
        certificate: PEMText,
        privateKey: PEMText,
        clientAuthorities: PEMText?
    ) throws(TLSConfigurationFault) {
        unsafe context = unsafe makeContext(TLS_server_method())
        let faults = unsafe loadServer(context, certificate, privateKey, clientAuthorities)
        if let fault = faults.first { throw fault }
        unsafe SSL_CTX_set_alpn_select_cb(context, selectHTTP11, nil)
        let identifier = Array("tollgate".utf8)
        _ = unsafe SSL_CTX_set_session_id_context(context, identifier, UInt32(identifier.count))
        guard unsafe SSL_CTX_set_cipher_list(context, Self.ciphers) == 1 else {
            throw TLSConfigurationFault(.certificate, "OpenSSL has none of the ciphers that TLS 1.2 is served with")
        }
        unsafe tollgate_SSL_CTX_prefer_server_ciphers(context)
        // Sessions are resumed by tickets (RFC 5077, RFC 8446 §2.2), which the clients keep: nothing is kept here.
        _ = unsafe tollgate_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        // One to a connection, where OpenSSL gives two: a client that resumes with it is given another. Each is a
        // write(2) more.
        _ = unsafe SSL_CTX_set_num_tickets(context, 1)
        guard clientAuthorities != nil else { return }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }

    /// Reads files that are trusted to be some and to answer. Blocks.
    public convenience init(
        certificateFile: String,
        privateKeyFile: String,
        clientCAFile: String?
    ) throws(TLSConfigurationFault) {
        var clientAuthorities: PEMText?
        if let clientCAFile { clientAuthorities = try PEMText(reading: clientCAFile) }
        try self.init(
            certificate: PEMText(reading: certificateFile),
            privateKey: PEMText(reading: privateKeyFile),
            clientAuthorities: clientAuthorities
        )
    }

    /// Everything that is wrong with what a context would be made of; nil for a part that was not given.
    public static func faults(
        certificate: PEMText?,
        privateKey: PEMText?,
        clientAuthorities: PEMText?
    ) -> [TLSConfigurationFault] {
        let context = unsafe makeContext(TLS_server_method())
        defer { unsafe SSL_CTX_free(context) }
        return unsafe loadServer(context, certificate, privateKey, clientAuthorities)
    }

    /// When the server's own certificate ends (RFC 5280 §4.1.2.5); nil if it does not say so readably.
    public var certificateEnd: Timestamp? {
        guard let certificate = unsafe SSL_CTX_get0_certificate(context) else { return nil }
        var end = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1 else { return nil }
        return Timestamp(seconds: Int64(unsafe timegm(&end)))
    }

    deinit { unsafe SSL_CTX_free(context) }
}

/// Chooses `http/1.1` of what a client offers by ALPN (RFC 7301 §3.2); a client that offers only others goes without.
private func selectHTTP11(
    _ ssl: OpaquePointer?,
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenLength: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredLength: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    let wanted = "http/1.1".utf8
    let offer = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
    var position = 0
    while position < offer.count {
        let length = Int(unsafe offer[position])
        guard position + 1 + length <= offer.count else { break }
        let name = unsafe UnsafeBufferPointer(rebasing: offer[(position + 1)..<(position + 1 + length)])
        if unsafe name.elementsEqual(wanted) {
            unsafe chosen?.pointee = name.baseAddress
            unsafe chosenLength?.pointee = UInt8(length)
            return SSL_TLSEXT_ERR_OK
        }
        position += 1 + length
    }
    return SSL_TLSEXT_ERR_NOACK
}

/// What a client trusts, and what it proves itself with. Immutable; a reload makes a new one, sessions keep the old.
///
/// Chain and name are always verified; there is no setting that turns it off. Sessions are not resumed, since then
/// neither would be looked at again: connections to the vendor are kept, so that handshakes are rare.
/// Sendable because OpenSSL counts references to a context atomically and nothing changes it once it is made.
@safe
public final class TLSClientContext: @unchecked Sendable {
    /// What servers that ask for a certificate are shown.
    public struct Identity: Sendable {
        let certificate: PEMText
        let privateKey: PEMText

        /// - Parameter certificate: the client's own first, then the chain.
        public init(certificate: PEMText, privateKey: PEMText) {
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    let context: OpaquePointer  // SSL_CTX *, owned: SSL_CTX_free in deinit

    /// - Parameter authorities: trusted instead of the system's roots.
    public init(authorities: PEMText?, identity: Identity? = nil) throws(TLSConfigurationFault) {
        unsafe context = unsafe makeContext(TLS_client_method())
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        let alpn: [UInt8] = [8] + Array("http/1.1".utf8)
        _ = unsafe SSL_CTX_set_alpn_protos(context, alpn, UInt32(alpn.count))
        if let authorities {
            if let fault = unsafe loadAuthorities(context, authorities, .authorities) { throw fault }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw TLSConfigurationFault(.authorities, "the system's certificate roots cannot be loaded")
            }
        }
        guard let identity else { return }
        let faults = unsafe loadIdentity(context, identity.certificate, identity.privateKey)
        if let fault = faults.first { throw fault }
    }

    /// Reads a file that is trusted to be one and to answer. Blocks.
    public convenience init(caFile: String?) throws(TLSConfigurationFault) {
        var authorities: PEMText?
        if let caFile { authorities = try PEMText(reading: caFile) }
        try self.init(authorities: authorities)
    }

    deinit { unsafe SSL_CTX_free(context) }
}
