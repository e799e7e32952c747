/// Why some bytes are not strict JSON, and where. Holds nothing of the bytes themselves.
public struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, in a clause that fits behind "at line 3, column 5: ".
    public let reason: String
    /// Bytes before the fault.
    public let offset: Int
    /// Counted from 1; the column counts bytes.
    public let line: Int
    public let column: Int

    init(_ reason: String, at offset: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        self.reason = reason
        self.offset = offset
        var line = 1
        var lineStart = 0
        for index in 0..<min(offset, bytes.count) where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        column = offset - lineStart + 1
    }

    public var description: String { "line \(line), column \(column): \(reason)" }
}
