import ContentCodings
import Testing

@Suite("ContentCoding")
struct ContentCodingTests {
    @Test(
        "a list of codings is read in order, in any letter case; one that is not known makes all of it unknown",
        arguments: [
            ("", []), ("identity", []), ("gzip", [.gzip]), ("X-GZip", [.gzip]), ("deflate", [.deflate]),
            (" gzip ,\tdeflate, ,identity", [.gzip, .deflate]),
            ("gzip, gzip, gzip, gzip", [.gzip, .gzip, .gzip, .gzip]),
            ("gzip, gzip, gzip, gzip, gzip", nil), ("br", nil), ("gzip, br", nil), ("gzip deflate", nil),
            ("gzip;q=1", nil), ("\"gzip\"", nil),
        ] as [(String, [ContentCoding]?)]
    )
    func list(_ field: String, _ codings: [ContentCoding]?) {
        #expect(ContentCoding.list(Array(field.utf8)) == codings)
    }
}
