internal import COpenSSL
public import Vocabulary

/// SHA-256 (FIPS 180-4) with OpenSSL. Confined to one thread at a time; reused, since making one allocates.
@safe
public final class SHA256Hasher {
    private let context: OpaquePointer  // EVP_MD_CTX *, owned: freed in deinit
    private let algorithm: OpaquePointer  // EVP_MD *, owned: fetched once, since a fetch for each digest takes a lock

    public init() {
        guard let context = unsafe EVP_MD_CTX_new(), let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("OpenSSL has no memory or no SHA-256")
        }
        unsafe self.context = context
        unsafe self.algorithm = algorithm
        reset()
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_free(algorithm)
    }

    /// Begins a new digest and forgets what was added.
    public func reset() {
        let done = unsafe EVP_DigestInit_ex2(context, algorithm, nil)
        precondition(done == 1, "EVP_DigestInit_ex2")
    }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        let done = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(done == 1, "EVP_DigestUpdate")
    }

    public func update(_ bytes: borrowing Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    public func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// The digest of what was added since `reset`; resets again.
    public func finalize() -> Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { output in
            let start = unsafe output.baseAddress!.assumingMemoryBound(to: UInt8.self)
            let done = unsafe EVP_DigestFinal_ex(context, start, nil)
            precondition(done == 1, "EVP_DigestFinal_ex")
        }
        reset()
        return Digest(words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    }

    /// The digest of `bytes` alone.
    public func digest(_ bytes: borrowing Span<UInt8>) -> Digest {
        reset()
        update(bytes)
        return finalize()
    }

    /// The digest of `bytes` alone.
    public func digest(_ bytes: [UInt8]) -> Digest {
        reset()
        update(bytes)
        return finalize()
    }
}
