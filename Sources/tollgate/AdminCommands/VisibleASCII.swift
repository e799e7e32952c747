/// Texts that stand in a field line as they are: tokens, secrets, idempotency keys.
enum VisibleASCII {
    /// Whether there is at least one character, and each is printed and no space.
    static func isSound(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
