import HTTPMessages
import Testing

@Suite("Media types")
struct MediaTypeTests {
    @Test(
        "a type is JSON by its name, whatever its parameters and letter case",
        arguments: [
            ("application/json", true), ("Application/JSON; charset=utf-8", true), ("text/json", true),
            ("application/problem+json", true), ("application/json\t;a", true), ("text/html", false), ("", false),
            ("application/jsonp", false), ("application/xml; a=application/json", false),
        ]
    )
    func json(value: String, isJSON: Bool) {
        #expect(MediaType.isJSON(Array(value.utf8).span) == isJSON)
    }

    @Test(
        "JSON may be under text, a plain form or no type, not under a file's",
        arguments: [
            ("application/json", true), ("application/problem+json", true), ("", true), (" ;charset=utf-8", true),
            ("text/plain; charset=utf-8", true), ("Application/X-WWW-Form-Urlencoded", true),
            ("multipart/form-data; boundary=a", false), ("application/octet-stream", false), ("application/pdf", false),
            ("image/png", false), ("application/jsonp", false), ("text", false),
        ]
    )
    func mayBeJSON(value: String, may: Bool) {
        #expect(MediaType.mayBeJSON(Array(value.utf8)) == may)
    }
}
