import HTTPMessages
import Testing

@testable import Gateway

@Suite("Paths of saved classifiers")
struct ClassifierPathTests {
    private static let uuid = "7D0c5c1e-5148-4ffb-bb7b-de03bb071ca8"

    private static let asked: [(String, String?)] = [
        ("/v1/classifiers/\(uuid)/classify", uuid), ("/v1/classifiers/a/classify", "a"),
        ("/v1/classifiers/A.b_c~d-9/classify", "A.b_c~d-9"), ("/v1/classifiers/classify/classify", "classify"),
        ("/v1/classifiers/\(String(repeating: "a", count: 128))/classify", String(repeating: "a", count: 128)),
        ("/v1/classifiers/\(String(repeating: "a", count: 129))/classify", nil),
        ("/v1/classifiers/\(String(repeating: "a", count: 8_192))/classify", nil),
        ("/v1/classifiers//classify", nil), ("/v1/classifiers/classify", nil), ("/v1/classifiers/a/classify/", nil),
        ("/v1/classifiers/a/Classify", nil), ("/v1/Classifiers/a/classify", nil), ("/v1/classifiers/a", nil),
        ("/v1/classifiers/a/b/classify", nil), ("/v1/classifiers/a%62/classify", nil),
        ("/v1/classifiers/a%20b/classify", nil), ("/v1/classifiers/a:b/classify", nil),
        ("/v1/classifiers/a;b/classify", nil), ("/v1/classifiers/a/classify;x", nil), ("/v1/classify", nil), ("", nil),
        ("/v2/classifiers/a/classify", nil), ("/v1/classifiers/é/classify", nil),
    ]

    @Test("a question is recognized in one spelling", arguments: asked)
    func questions(path: String, identifier: String?) {
        #expect(ClassifierPath.asked(Array(path.utf8).span) == identifier)
    }

    private static let changed: [(HTTPMethod, String, String?)] = [
        (.put, "/v1/classifiers/a", "a"), (.delete, "/v1/classifiers/a", "a"), (.patch, "/v1/classifiers/a", "a"),
        (.post, "/v1/classifiers/a", "a"), (.post, "/v1/classifiers/a/labels", "a"),
        (.put, "/v1/classifiers/a/labels/7", "a"), (.put, "/v1/classifiers/a/classify", "a"),
        (.post, "/v1/classifiers/a/classify/batch", "a"),
        // Spellings that the vendor may take for the same.
        (.put, "/v1/classifiers/a/", "a"), (.put, "/V1/Classifiers/a", "a"), (.put, "/v1/classifiers/a;v=1", "a"),
        (.put, "/v1/classifiers;x/a", "a"), (.put, "/v1/classifiers/%61", "a"), (.put, "/v1/%63lassifiers/a", "a"),
        (.put, "/v1/classifiers/a%2Fb", "a"), (.put, "/v1%2fclassifiers/a", "a"), (.put, "/v1/classifiers/a%3Bb", "a"),
        (.put, "//v1//classifiers//a", "a"),
        // Questions and safe methods.
        (.post, "/v1/classifiers/a/classify", nil), (.post, "/v1/classifiers/a/classify/", nil),
        (.post, "/v1/classifiers/a/Classify", nil), (.get, "/v1/classifiers/a", nil), (.head, "/v1/classifiers/a", nil),
        (.options, "/v1/classifiers/a", nil),
        // Nothing that has results.
        (.post, "/v1/classifiers", nil), (.post, "/v1/classifiers/", nil), (.put, "/v1/documents/a", nil),
        (.put, "/v1", nil), (.put, "/", nil), (.put, "/v1/classifiers/a%20b", nil), (.put, "/v1/classifiers/%", nil),
        (.put, "/v1/classifiers/%zz", nil), (.put, "/v1/classifiers/\(String(repeating: "a", count: 8_192))", nil),
    ]

    @Test("a change is recognized in every spelling", arguments: changed.indices)
    func changes(index: Int) {
        let (method, path, identifier) = Self.changed[index]
        #expect(ClassifierPath.changed(method, Array(path.utf8).span) == identifier, "\(method) \(path)")
    }

    @Test("whatever path is a question of a classifier is changed by a PUT below it")
    func consistent() {
        for (path, identifier) in Self.asked where identifier != nil {
            #expect(ClassifierPath.changed(.put, Array(path.utf8).span) == identifier)
        }
    }

    @Test(
        "a question has a route of its own while results are cached; with a query, or spelled otherwise, it is passed on",
        arguments: [
            ("POST", "/v1/classifiers/a/classify", true, "classifier"),
            ("POST", "/v1/classifiers/a/classify", false, "passthrough"),
            ("POST", "/v1/classifiers/a/classify?b", true, "passthrough"),
            ("POST", "/v1/classifiers/a/classify?", true, "passthrough"),
            ("POST", "/v1/classifiers/a/classify/", true, "passthrough"),
            ("GET", "/v1/classifiers/a/classify", true, "passthrough"),
            ("PUT", "/v1/classifiers/a", true, "passthrough"),
            ("POST", "/v1/classifiers/../classify", true, "400"),
            ("POST", "/v1/classifiers/%2e%2e/classify", true, "400"),
            ("POST", "/v1/classifiers/%00/classify", true, "400"),
            ("POST", "/v1/classifiers/%61/classify", true, "400"),
            ("POST", "/v1/classifiers/a%2fb/classify", true, "400"),
            ("POST", "/v1/classifiers/%2E/classify", true, "400"),
            ("POST", "/v1/classifiers/a%20b/classify", true, "passthrough"),
        ]
    )
    func routes(method: String, target: String, isCached: Bool, expected: String) throws {
        let bytes = Array("\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        var parser = RequestParser(limits: HeadLimits())
        try #require(parser.parse(bytes.span) == .complete)
        let settings = PassthroughSettingsTests.settings
        var found: String
        do throws(ErrorReply) {
            found = "\(try Route.find(parser.head, in: bytes.span, settings, cachesClassifiers: isCached))"
        } catch {
            found = "\(error.status)"
        }
        #expect(found == expected)
        do throws(ErrorReply) {
            found = "\(try Route.find(parser.head, in: bytes.span, .off, cachesClassifiers: isCached))"
        } catch {
            found = "\(error.status)"
        }
        #expect(found == (expected == "400" && !target.contains("%61") ? "400" : "404"), "without pass-through")
    }

    @Test("a question spends, listed or not, and under the name that it has by default")
    func spends() {
        let unlisted = PassthroughSettings(isEnabled: true, prefixes: ["/v1/"], bodyBytesMax: 1, spending: [])
        for path in ["/v1/classifiers/a/classify", "/v1/classifiers/a/classify/", "/V1/classifiers/%20/Classify"] {
            let route = unlisted.spendingRoute(.post, Array(path.utf8).span)
            #expect(route?.name == "POST /v1/classifiers/{id}/classify")
        }
        #expect(unlisted.spendingRoute(.put, Array("/v1/classifiers/a/classify".utf8).span) == nil)
        #expect(unlisted.spendingRoute(.post, Array("/v1/classifiers/a".utf8).span) == nil)
    }
}
