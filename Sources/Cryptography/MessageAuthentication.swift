internal import COpenSSL
public import Vocabulary

/// HMAC-SHA256 (RFC 2104, FIPS 198-1) with OpenSSL. Any thread.
public enum MessageAuthentication {
    /// The authentication code of a message.
    ///
    /// - Parameter key: of any length; an empty one is as good as none.
    public static func sha256(of message: [UInt8], key: [UInt8]) -> Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var length = 0
        // OpenSSL refuses a null pointer, which an empty array may give. Keys are padded with zeros (RFC 2104 §2).
        let padded = key.isEmpty ? [0] : key
        unsafe withUnsafeMutableBytes(of: &words) { output in
            let start = unsafe output.baseAddress!.assumingMemoryBound(to: UInt8.self)
            let done = unsafe EVP_Q_mac(
                nil,
                "HMAC",
                nil,
                "SHA256",
                nil,
                padded,
                key.count,
                message,
                message.count,
                start,
                32,
                &length
            )
            precondition(unsafe done != nil && length == 32, "EVP_Q_mac")
        }
        return Digest(words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    }
}
