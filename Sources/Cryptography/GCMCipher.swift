internal import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with OpenSSL, with a nonce of 96 bits and a tag of 128. Confined to the call that made
/// it; it takes one message: first what is only authenticated, then the content, then the tag.
@safe
final class GCMCipher {
    /// As EVP_CipherInit_ex2(3) counts them.
    enum Direction: Int32 { case opening, sealing }

    static let keyBytes = 32
    static let nonceBytes = 12
    static let tagBytes = 16

    private let context: OpaquePointer  // EVP_CIPHER_CTX *, owned: freed in deinit, which clears the key

    init(_ direction: Direction, key: [UInt8], nonce: [UInt8]) {
        precondition(key.count == Self.keyBytes && nonce.count == Self.nonceBytes, "a key or a nonce of another length")
        guard let context = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("OpenSSL has no memory") }
        unsafe self.context = context
        let done = unsafe EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key, nonce, direction.rawValue, nil)
        precondition(done == 1, "EVP_CipherInit_ex2")
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Adds what the tag vouches for without being sealed.
    func authenticate(_ bytes: [UInt8]) {
        var written: Int32 = 0
        let done = unsafe EVP_CipherUpdate(context, nil, &written, bytes, Int32(bytes.count))
        precondition(done == 1, "EVP_CipherUpdate")
    }

    /// Gives the ciphertext of the whole content, or the content of the whole ciphertext, which is not to be believed
    /// before its tag was found right.
    func transform(_ bytes: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: bytes.count)
        var written: Int32 = 0
        let done = unsafe EVP_CipherUpdate(context, &output, &written, bytes, Int32(bytes.count))
        precondition(done == 1 && Int(written) == bytes.count, "EVP_CipherUpdate")
        return output
    }

    /// Ends a sealing.
    func makeTag() -> [UInt8] {
        precondition(finish(), "EVP_CipherFinal_ex")
        var tag = [UInt8](repeating: 0, count: Self.tagBytes)
        let done = unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag)
        precondition(done == 1, "EVP_CTRL_AEAD_GET_TAG")
        return tag
    }

    /// Ends an opening: whether this is the message's tag, compared in constant time.
    func accepts(tag: [UInt8]) -> Bool {
        precondition(tag.count == Self.tagBytes, "a tag of another length")
        var tag = tag
        let done = unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag)
        precondition(done == 1, "EVP_CTRL_AEAD_SET_TAG")
        return finish()
    }

    private func finish() -> Bool {
        // GCM leaves nothing over for the end, but may be given a place for it.
        var rest = [UInt8](repeating: 0, count: Self.tagBytes)
        var written: Int32 = 0
        return unsafe EVP_CipherFinal_ex(context, &rest, &written) == 1
    }
}
