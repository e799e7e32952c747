/// Takes the vendor's key out of what the vendor says: it must never reach a client, not even in an echoed error.
enum SecretScrubber {
    /// A shorter secret is no secret, and likely to stand in a reply by chance, which must come back byte for byte.
    private static let lengthMin = 8

    /// `bytes` with each occurrence of `secret` replaced by as many asterisks.
    static func scrub(_ bytes: [UInt8], of secret: [UInt8]) -> [UInt8] {
        guard let first = secret.first, secret.count >= lengthMin, bytes.count >= secret.count else { return bytes }
        var scrubbed = bytes
        var index = 0
        while index + secret.count <= scrubbed.count {
            if scrubbed[index] == first, scrubbed[index..<(index + secret.count)].elementsEqual(secret) {
                for position in index..<(index + secret.count) { scrubbed[position] = UInt8(ascii: "*") }
                index += secret.count
            } else {
                index += 1
            }
        }
        return scrubbed
    }
}
