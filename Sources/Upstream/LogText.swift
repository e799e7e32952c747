/// The vendor's field values in the form that may be logged: printable ASCII of bounded length. The caller has removed
/// any secrets.
enum LogText {
    private static let bytesMax = 256

    static func cleaned(_ value: [UInt8]) -> String {
        let printable = value.prefix(bytesMax).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: printable, as: UTF8.self) + (value.count > bytesMax ? "..." : "")
    }
}
