import Testing

@testable import Configuration

@Suite("The digest of a configuration")
struct ConfigurationSourceTests {
    private func digest(_ text: String) -> String {
        ConfigurationSource(path: "file", bytes: Array(text.utf8), othersMayRead: false).digest.description
    }

    @Test("addresses of its own and white space leave it as it is, all else changes it")
    func addresses() {
        let text = #"{"listen": {"address": "a:1", "workers": 2}, "admin": {"address": "b:2"}, "store": {"url": "c"}}"#
        for same in [
            #"{"listen": {"address": "d:9", "workers": 2}, "admin": {"address": "e:8"}, "store": {"url": "c"}}"#,
            #"{"listen":{"workers":2},"admin":{},"store":{"url":"c"}}"#,
        ] {
            #expect(digest(same) == digest(text))
        }
        for other in [
            #"{"listen": {"address": "a:1", "workers": 3}, "admin": {"address": "b:2"}, "store": {"url": "c"}}"#,
            #"{"listen": {"address": "a:1", "workers": 2}, "store": {"url": "c"}}"#,
            #"{"listen": {"address": "a:1", "workers": 2}, "admin": {"address": "b:2"}, "store": {"url": "d"}}"#,
            #"{"listen": {"address": "a:1", "workers": 2}, "admin": {"address": "b:2"}, "store": {"address": "c"}}"#,
        ] {
            #expect(digest(other) != digest(text))
        }
        #expect(digest(#"{"store": {"address": "c"}}"#) != digest(#"{"store": {"address": "d"}}"#))
    }

    @Test("a text that is no JSON, or no object, has one as well")
    func unread() {
        #expect(Set(["", "{", "[1]", "[2]", #"{"listen": 1}"#, #"{"listen": 2}"#].map(digest)).count == 6)
    }
}
