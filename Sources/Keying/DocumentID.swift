/// The text form of a UUID, RFC 9562 §4: 8-4-4-4-12 hexadecimal digits.
public enum DocumentID {
    /// The UUID in lower case; nil when it is not one. The version is not checked: the vendor assigns the identifiers.
    public static func canonical(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 36 else { return nil }
        var lowered = text
        for (index, byte) in text.enumerated() {
            switch index {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return nil }
            default:
                switch byte {
                case 0x30...0x39, 0x61...0x66: break
                case 0x41...0x46: lowered[index] = byte | 0x20
                default: return nil
                }
            }
        }
        return lowered
    }
}
