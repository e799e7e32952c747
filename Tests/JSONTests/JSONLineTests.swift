import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite("JSONLine")
struct JSONLineTests {
    private func text(_ line: borrowing JSONLine) -> String { String(decoding: line.bytes, as: UTF8.self) }

    @Test("builds an object of strings, numbers and raw values on one line")
    func members() {
        var line = JSONLine()
        line.begin()
        line.member("ours", "as it is" as StaticString)
        line.member("text", "a \"b\"\n" as String)
        line.member("bytes", [0x61, 0xFF] as [UInt8])
        line.member("span", Array("c".utf8).span)
        line.member("number", -12)
        line.member("raw", raw: "[1,null]")
        line.member(escapedName: "a \"name\"\n", "x")
        line.end()
        #expect(
            text(line)
                == #"{"ours":"as it is","text":"a \"b\"\u000a","bytes":"a\ufffd","span":"c","number":-12,"#
                + #""raw":[1,null],"a \"name\"\u000a":"x"}"# + "\n"
        )
    }

    @Test("begin forgets the line before; a line without members is an empty object")
    func begin() {
        var line = JSONLine()
        line.begin()
        line.member("old", 1)
        line.begin()
        line.end()
        #expect(text(line) == "{}\n")
    }

    @Test("whole numbers are decimal", arguments: [0, 9, 10, 99, 100, -1, -10, 1_000_000_007, .max, .min] as [Int64])
    func numbers(value: Int64) {
        var line = JSONLine()
        line.begin()
        line.member("n", value)
        line.end()
        #expect(text(line) == "{\"n\":\(value)}\n")
    }

    @Test(
        "numbers with decimals are written with all of them",
        arguments: [
            (1_234_567, 6, "1.234567"), (1, 6, "0.000001"), (0, 3, "0.000"), (1_000, 3, "1.000"), (42, 1, "4.2"),
            (-1_500, 3, "-1.500"), (-1, 3, "-0.001"), (.max, 6, "9223372036854.775807"),
        ] as [(Int64, Int, String)]
    )
    func decimals(value: Int64, decimals: Int, expected: String) {
        var line = JSONLine()
        line.begin()
        line.member("n", value, decimals: decimals)
        line.end()
        #expect(text(line) == "{\"n\":\(expected)}\n")
    }

    @Test("whatever the values are, a line parses, holds no control and ends once")
    func random() throws {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        var line = JSONLine()
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            line.begin()
            line.member("bytes", bytes)
            line.member("text", String(decoding: bytes, as: UTF8.self))
            line.member(escapedName: "\(String(decoding: bytes, as: UTF8.self))!", "value")
            line.end()
            #expect(line.bytes.last == 0x0A)
            #expect(line.bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "seed \(seed): \(bytes)")
            let object = try JSONSerialization.jsonObject(with: Data(line.bytes)) as? [String: Any]
            #expect(object?["text"] as? String == String(decoding: bytes, as: UTF8.self), "seed \(seed): \(bytes)")
            #expect(object?.count == 3, "seed \(seed): \(bytes)")
        }
    }
}
