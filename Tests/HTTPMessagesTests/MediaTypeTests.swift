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
        #expect(MediaType.isJSON(Array(value.utf8)) == isJSON)
    }
}
