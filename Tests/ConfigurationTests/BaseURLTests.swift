import Testing

@testable import Configuration

@Suite("BaseURL")
struct BaseURLTests {
    struct Row: Sendable {
        let text: String
        let isTLS: Bool
        let host: String
        let port: UInt16
        let prefix: String
    }

    @Test(
        "scheme, host, port and path prefix are told apart",
        arguments: [
            Row(text: "https://api.documentpro.ai", isTLS: true, host: "api.documentpro.ai", port: 443, prefix: ""),
            Row(text: "https://api.documentpro.ai/", isTLS: true, host: "api.documentpro.ai", port: 443, prefix: ""),
            Row(text: "http://localhost", isTLS: false, host: "localhost", port: 80, prefix: ""),
            Row(text: "http://127.0.0.1:8081/api//", isTLS: false, host: "127.0.0.1", port: 8081, prefix: "/api"),
            Row(text: "https://[::1]", isTLS: true, host: "::1", port: 443, prefix: ""),
            Row(text: "https://api.vendor.test.", isTLS: true, host: "api.vendor.test.", port: 443, prefix: ""),
            Row(text: "https://[::1]:8443/a/b", isTLS: true, host: "::1", port: 8443, prefix: "/a/b"),
        ]
    )
    func parts(_ row: Row) throws {
        let url = try BaseURL(parsing: row.text)
        #expect(url.isTLS == row.isTLS && url.host == row.host && url.port == row.port && url.pathPrefix == row.prefix)
    }

    private static let noName = "has a host that is no name: between its dots stand 1 to 63 characters"

    @Test(
        "anything else is refused with its reason",
        arguments: [
            ("", "must begin with https:// or http://"), ("ftp://host", "must begin with https:// or http://"),
            ("HTTPS://host", "must begin with https:// or http://"), ("//host", "must begin with https:// or http://"),
            ("https://host/a b", "has a character no URL has"), ("https://host/\r\nx: y", "has a character no URL has"),
            ("https://h\u{f6}st", "has a character no URL has"), ("https://host?x", "must have no query or fragment"),
            ("https://host/#x", "must have no query or fragment"),
            ("https://user:pass@host", "must have no user name; keys stand in upstream.keys"),
            ("https://", "has no host, or a port that is none"),
            ("https:///path", "has no host, or a port that is none"),
            ("https://host:", "has no host, or a port that is none"),
            ("https://host:0", "has no host, or a port that is none"),
            ("https://host:65536", "has no host, or a port that is none"),
            ("https://::1", "has no host, or a port that is none"),
            ("https://[zz]:1", "has no host, or a port that is none"),
            ("https://ho*st", "has no host, or a port that is none"), ("https://.", Self.noName),
            ("https://host..", Self.noName), ("https://.host", Self.noName), ("https://a..b:443/", Self.noName),
            ("https://\(String(repeating: "a", count: 64)).test", Self.noName),
        ]
    )
    func refused(_ text: String, _ reason: String) {
        do throws(BaseURL.Fault) {
            let url = try BaseURL(parsing: text)
            Issue.record("taken as \(url)")
        } catch {
            #expect(error.reason == reason)
        }
    }

    @Test(
        "loopback is this machine by name or address, and no name that looks like it",
        arguments: [
            ("http://localhost", true), ("http://LocalHost:1", true), ("http://127.0.0.1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]", true), ("http://127.example.com", false), ("http://127.0.0.1.example.com", false),
            ("http://localhost.example.com", false), ("http://128.0.0.1", false), ("http://[::2]", false),
        ]
    )
    func loopback(_ text: String, _ isLoopback: Bool) throws {
        #expect(try BaseURL(parsing: text).isLoopback == isLoopback)
    }
}
