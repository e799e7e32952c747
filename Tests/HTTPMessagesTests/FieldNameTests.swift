import Testing

@testable import HTTPMessages

@Suite("Names of field lines")
struct FieldNameTests {
    /// Where the parser sees the end of a name in a line that begins with these bytes; nil if it refuses the line.
    private func nameEnd(_ line: [UInt8]) -> Int? {
        let bytes = line + wire(": a value of some length\r\n")
        return bytes.withUnsafeBufferPointer { bytes in
            guard case .field(let field, _) = LineScanner.fieldLine(bytes, at: 0, .shared) else { return nil }
            return Int(field.name.upper)
        }
    }

    @Test("each byte in each place of a name is judged as RFC 9110 §5.6.2 says", arguments: [1, 7, 8, 9, 16, 23])
    func bytes(count: Int) {
        for place in 0..<count {
            for byte in 0...255 as ClosedRange<UInt8> where byte != UInt8(ascii: ":") {
                var name = (0..<count).map { $0 % 5 == 4 ? UInt8(ascii: "-") : UInt8(0x61 + $0) }
                name[place] = byte
                #expect(nameEnd(name) == (CharacterClass.token.contains(byte) ? count : nil), "\(byte) at \(place)")
            }
        }
    }

    @Test("a name ends at the first colon, with less than a word behind it or more", arguments: 1..<20)
    func colon(count: Int) {
        let line = [UInt8](repeating: 0x7A, count: count) + wire(":\r\n")
        line.withUnsafeBufferPointer { bytes in
            guard case .field(let field, let next) = LineScanner.fieldLine(bytes, at: 0, .shared) else {
                Issue.record("no field line")
                return
            }
            #expect(field.name.upper == count && next == line.count)
        }
    }
}
