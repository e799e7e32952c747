import TestSupport
import Testing
import Vocabulary

@Suite("ByteWriter")
struct ByteWriterTests {
    private func text(_ write: (inout ByteWriter) -> Void) -> String {
        var writer = ByteWriter(capacity: 1)
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("what is appended stands there in order, whatever its form, and however often the memory has to grow")
    func order() {
        let long = String(repeating: "0123456789", count: 50)
        let written = text {
            $0.append("static-" as StaticString)
            $0.append("string-é-" as String)
            $0.append(Array("array-".utf8))
            $0.append(Array("span-".utf8).span)
            $0.append(UInt8(ascii: "b"))
            $0.append([UInt8]())
            $0.append(long)
        }
        #expect(written == "static-string-é-array-span-b" + long)
    }

    @Test("removeAll forgets, and count says how much is there")
    func reuse() {
        var writer = ByteWriter(capacity: 4)
        writer.append("first and long" as StaticString)
        #expect(writer.count == 14)
        writer.removeAll()
        #expect(writer.count == 0)
        writer.append("x" as StaticString)
        #expect(writer.withBytes { $0.count == 1 && $0[0] == UInt8(ascii: "x") })
    }

    @Test("decimal numbers are written to both ends", arguments: [0, 9, 10, 99, 100, -1, -10, .max, .min] as [Int64])
    func decimal(number: Int64) { #expect(text { $0.append(decimal: number) } == "\(number)") }

    @Test("decimal numbers of every length are written")
    func decimalLengths() {
        var random = SeededGenerator()
        for _ in 0..<5_000 {
            let number = Int64(bitPattern: random.next()) >> Int64(random.next() % 64)
            #expect(text { $0.append(decimal: number) } == "\(number)", "\(random)")
        }
    }

    @Test(
        "the last digits of a number, with zeros before it",
        arguments: [(3, 0, "000"), (3, 7, "007"), (3, 1_234, "234"), (1, 10, "0"), (0, 5, ""), (6, 250_000, "250000")]
            as [(Int, UInt64, String)]
    )
    func lastDigits(digits: Int, number: UInt64, expected: String) {
        #expect(text { $0.append(lastDigits: digits, of: number) } == expected)
    }
}
