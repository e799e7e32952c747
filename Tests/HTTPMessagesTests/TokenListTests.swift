import Testing

@testable import HTTPMessages

@Suite("TokenList")
struct TokenListTests {
    private func elements(_ list: String) -> [String] {
        wire(list).withUnsafeBufferPointer { bytes in
            var walker = TokenList.Walker(bytes[...])
            var elements: [String] = []
            while let element = walker.next() { elements.append(String(decoding: element, as: UTF8.self)) }
            return elements
        }
    }

    private func equals(_ bytes: [UInt8], _ name: StaticString) -> Bool { TokenList.equals(bytes.span, name) }

    private func isJSON(_ value: String) -> Bool {
        TokenList.isMediaType(wire(value).span, "application/json")
    }

    private func contains(_ text: String) -> Bool {
        wire(text).withUnsafeBufferPointer { TokenList.contains($0[...], "chunked") }
    }

    @Test(
        "the elements of a list come without the white space around them, and empty ones not at all",
        arguments: [
            ("", []), (",", []), (" \t", []), (" , ,\t,", []), ("a", ["a"]), ("a,b", ["a", "b"]),
            (" a\t, b ,,c d , ", ["a", "b", "c d"]), (",a", ["a"]), ("a,", ["a"]), ("a;b=\"c,d\"", ["a;b=\"c", "d\""]),
        ]
    )
    func walk(list: String, expected: [String]) { #expect(elements(list) == expected) }

    @Test(
        "a name is told from any other that differs in one byte",
        arguments: ["close", "trailers", "keep-alive", "application/json", "proxy-authentication-info"]
            as [StaticString]
    )
    func oneByteOff(name: StaticString) {
        let original = Array(name.description.utf8)
        for place in original.indices {
            for byte in 0...255 as ClosedRange<UInt8> {
                var bytes = original
                bytes[place] = byte
                let isLetter = (0x41...0x5A).contains(byte)
                #expect(
                    equals(bytes, name) == ((isLetter ? byte | 0x20 : byte) == original[place]),
                    "\(byte) at \(place)"
                )
            }
        }
    }

    @Test("names are compared in any letter case, and whole")
    func equality() {
        #expect(equals(wire("chunked"), "chunked"))
        #expect(equals(wire("CHUnked"), "chunked"))
        #expect(equals(wire(""), ""))
        for other in ["", "chunke", "chunkedd", " chunked", "chunkeD\u{0}", "ch\u{55}nke\u{24}"] {
            #expect(!equals(wire(other), "chunked"))
        }
    }

    @Test("only letters have a case")
    func letterCase() {
        // Each differs from the name in bit 5 alone, as a capital letter does from its small one.
        #expect(!equals([0x1A], ":"))
        #expect(!equals([0x0D], "-"))
        #expect(!equals([0x40], "`"))
        #expect(!equals([0x5B], "{"))
        #expect(equals([0x5A], "z"))
        #expect(equals([0x41], "a"))
    }

    @Test("a media type is compared in any letter case, whatever its parameters, and whole")
    func mediaType() {
        for value in [
            "application/json", "Application/JSON", "application/json;charset=utf-8", "application/json \t; a=\"b\"",
            "application/json;",
        ] {
            #expect(isJSON(value), "\(value)")
        }
        for value in [
            "", ";", " application/json", "application/jso", "application/json-seq", "application/json charset=utf-8",
            "application/json, text/html", "text/html;application/json", "application/json\u{0}",
        ] {
            #expect(!isJSON(value), "\(value)")
        }
    }

    @Test("a name is found at the begin, in the middle and at the end of a text")
    func containment() {
        for text in ["chunked", "xChunked", "chunkedx", "a, CHUNKED, b", "chchunked", "chunkchunked"] {
            #expect(contains(text))
        }
        for text in ["", "chunke", "chun ked", "hunked", "chunkchunke"] { #expect(!contains(text)) }
    }
}
