internal import COpenSSL

/// Takes certificates and keys out of a text in PEM. Confined to one reading; never asks for a passphrase.
@safe
struct PEMReader: ~Copyable {
    private let source: OpaquePointer  // BIO *, owned: BIO_free in deinit; reads `text`
    private let text: UnsafeMutableBufferPointer<UInt8>  // owned: deallocated in deinit

    /// What was found in place of something to read.
    enum Failure: Error {
        /// No more of it, or nothing at all.
        case nothing
        /// It is there, and only a passphrase would open it.
        case encrypted
        case broken
    }

    init(_ pem: PEMText) {
        unsafe text = UnsafeMutableBufferPointer.allocate(capacity: max(1, pem.bytes.count))
        _ = unsafe text.initialize(fromContentsOf: pem.bytes)
        guard let source = unsafe BIO_new_mem_buf(text.baseAddress, Int32(clamping: pem.bytes.count)) else {
            preconditionFailure("BIO_new_mem_buf: no memory")
        }
        unsafe self.source = source
    }

    deinit {
        _ = unsafe BIO_free(source)
        // It may have been a private key.
        unsafe OPENSSL_cleanse(text.baseAddress, text.count)
        unsafe text.deallocate()
    }

    /// The next certificate; anything else before it is passed over.
    ///
    /// - Returns: `X509 *`, the caller's to free.
    mutating func certificate() throws(Failure) -> OpaquePointer {
        try unsafe take { unsafe PEM_read_bio_X509_AUX(source, nil, refusePassphrase, $0) }
    }

    /// The first private key.
    ///
    /// - Returns: `EVP_PKEY *`, the caller's to free.
    mutating func privateKey() throws(Failure) -> OpaquePointer {
        try unsafe take { unsafe PEM_read_bio_PrivateKey(source, nil, refusePassphrase, $0) }
    }

    private func take(_ read: (UnsafeMutableRawPointer) -> OpaquePointer?) throws(Failure) -> OpaquePointer {
        ERR_clear_error()
        var wasAsked = false
        let found = unsafe withUnsafeMutablePointer(to: &wasAsked) { unsafe read($0) }
        if let found = unsafe found { return unsafe found }
        if wasAsked { throw .encrypted }
        throw tollgate_ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? .nothing : .broken
    }
}

/// Answers OpenSSL's question for a passphrase: there is none, and the question is noted. Without an answer of the
/// program's own OpenSSL would ask at the terminal, and wait.
private func refusePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int32,
    _ isWriting: Int32,
    _ wasAsked: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe wasAsked?.assumingMemoryBound(to: Bool.self).pointee = true
    return -1
}
