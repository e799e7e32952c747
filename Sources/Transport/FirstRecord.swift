/// How long the first record of a TLS connection is, RFC 8446 §5.1: until all of it has come, nothing about the client
/// need be kept but its socket. Pure.
enum FirstRecord {
    private static let headerByteCount = 5
    private static let handshake: UInt8 = 22
    private static let fragmentByteCountMax = 1 << 14

    /// How many bytes must arrive before the handshake can begin; 0 for what is no handshake, which TLS then refuses.
    ///
    /// - Parameter bytes: the first ones of the connection, as far as they have come.
    static func byteCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let type = unsafe bytes.first else { return headerByteCount }
        guard type == handshake else { return 0 }
        guard bytes.count >= headerByteCount else { return headerByteCount }
        let length = unsafe Int(bytes[3]) << 8 | Int(bytes[4])
        return length <= fragmentByteCountMax ? headerByteCount + length : 0
    }
}
