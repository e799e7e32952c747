import TestSupport
import Testing

@testable import HTTPMessages

@Suite("Queries")
struct QueryDecoderTests {
    private func members(_ query: [UInt8]) -> [String]? {
        QueryDecoder.members(query.span)?.map { "\($0.name)→\($0.value)" }
    }

    @Test(
        "names and values are decoded once",
        arguments: [
            ("", []), ("a=1", ["a→1"]), ("a=1&b=2&a=3", ["a→1", "b→2", "a→3"]), ("a", ["a→"]), ("a=", ["a→"]),
            ("=1", ["→1"]), ("&&a=1&", ["a→1"]), ("a=b=c", ["a→b=c"]), ("a+b=c+d", ["a b→c d"]),
            ("a=%2B%26%3d", ["a→+&="]), ("%61=%C3%A9", ["a→é"]), ("a=%2561", ["a→%61"]), ("a=1;b=2", ["a→1;b=2"]),
            ("a=%00", ["a→\u{0}"]),
        ]
    )
    func decoded(query: String, expected: [String]) {
        #expect(members(Array(query.utf8)) == expected)
    }

    @Test(
        "what cannot be decoded is refused",
        arguments: ["a=%", "a=%4", "a=%4g", "%zz=1", "a=%ff", "a=%C3", "a=% 41"]
    )
    func refused(query: String) {
        #expect(members(Array(query.utf8)) == nil)
    }

    @Test("members that can be read are found beside some that cannot")
    func readable() {
        let members = QueryDecoder.readableMembers(Array("%=1&a=%41&b=%&c=2".utf8).span)
        #expect(members.map { "\($0.name)→\($0.value)" } == ["a→A", "c→2"])
        #expect(QueryDecoder.readableMembers([UInt8]().span).isEmpty)
    }

    @Test("raw bytes that are no UTF-8 are refused")
    func rawBytes() {
        #expect(members([0x61, 0x3D, 0xFF]) == nil)
    }

    @Test("whatever is encoded comes back")
    func random() {
        var generator = SeededGenerator()
        let digits = Array("0123456789abcdefABCDEF".utf8)
        for _ in 0..<500 {
            let value = String(
                (0..<8).map { _ in Character(generator.pick(["a", "é", "&", "=", "+", "%", " ", "漢"])) }
            )
            let encoded = value.utf8.flatMap { byte -> [UInt8] in
                generator.chance(1, in: 2) || byte > 0x7F || "&=+% ".utf8.contains(byte)
                    ? [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]] : [byte]
            }
            #expect(members(Array("x=".utf8) + encoded) == ["x→\(value)"], "\(generator)")
        }
    }
}
