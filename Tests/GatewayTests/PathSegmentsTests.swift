import Testing

@testable import Gateway

@Suite("The segments of a path")
struct PathSegmentsTests {
    @Test(
        "they stand between slashes, and a slash at the end makes none",
        arguments: [
            ("", []), ("/", []), ("*", []), ("no-slash", []), ("/v1", ["v1"]), ("/v1/", ["v1"]),
            ("/v1/a/b", ["v1", "a", "b"]),
            ("//", [""]), ("/v1//a", ["v1", "", "a"]), ("/v1//", ["v1", ""]), ("x/y", ["y"]),
        ] as [(String, [String])]
    )
    func walk(path: String, expected: [String]) {
        let bytes = Array(path.utf8)
        var (rest, found) = (PathSegments(bytes.span), [String]())
        while let range = rest.next(in: bytes.span) { found.append(String(decoding: bytes[range], as: UTF8.self)) }
        #expect(found == expected)
        #expect(rest.next(in: bytes.span) == nil)
    }
}
