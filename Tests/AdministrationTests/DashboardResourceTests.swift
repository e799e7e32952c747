import Dashboard
import Foundation
import TestSupport
import Testing

@testable import Administration

@Suite("The dashboard as it is served")
struct DashboardResourceTests {
    private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    private static let folder = root.appendingPathComponent("Sources/Dashboard/Page")

    private func source(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Self.folder.appendingPathComponent(name)))
    }

    @Test("every file of the folder is in the program, as it is")
    func files() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(names) == Set(DashboardFile.assets.map(\.name) + ["page.html"]))
        #expect(DashboardFile.assets.map(\.name) == DashboardFile.assets.map(\.name).sorted())
        for file in DashboardFile.assets { #expect(try source(file.name) == file.bytes, "\(file.name)") }
        #expect(try source("page.html") == DashboardFile.page)
    }

    @Test("the page is kept nowhere and confined; its files are kept for good under the digest of all of them")
    func served() throws {
        let rooms = try AdminRooms()
        let page = try rooms.ask(TestRequest("GET", "/"))
        #expect(page.status == 200 && page["content-type"] == "text/html; charset=utf-8")
        #expect(page["cache-control"] == "no-store" && page["referrer-policy"] == "no-referrer")
        #expect(page["cross-origin-opener-policy"] == "same-origin")
        let policy = page["content-security-policy"]?.split(separator: ";").map { $0.drop { $0 == " " } } ?? []
        #expect(
            Set(policy) == [
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
                "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
            ]
        )
        let asked = page.text.matches(of: /(?:href|src)="(assets\/[^"]+)"/).map { String($0.1) }
        #expect(asked.count == 3 && !page.text.contains(DashboardFile.folderInPage))
        let folder = DashboardResource().folder
        #expect(folder.wholeMatch(of: /assets\/[0-9a-f]{16}\//) != nil)
        #expect(asked.allSatisfy { $0.hasPrefix(folder) })
        for file in DashboardFile.assets {
            let asset = try rooms.ask(TestRequest("GET", "/\(folder)\(file.name)"))
            #expect(asset.status == 200 && asset.body == file.bytes && asset["content-type"] == file.type.rawValue)
            #expect(asset["cache-control"] == "public, max-age=31536000, immutable")
            #expect(asset["x-content-type-options"] == "nosniff")
            #expect(asset["cross-origin-resource-policy"] == "same-origin")
        }
        #expect(try rooms.ask(TestRequest("GET", "/assets/0000000000000000/app.js")).status == 404)
        #expect(try rooms.ask(TestRequest("GET", "/\(folder)page.html")).status == 404)
        #expect(try rooms.ask(TestRequest("POST", "/")).status == 405)
    }

    @Test("answers of the API tell browsers to keep nothing, to guess no type, and to show them to no other origin")
    func answers() throws {
        let rooms = try AdminRooms()
        for path in ["/admin/v1/status", "/healthz", "/nowhere"] {
            let answer = try rooms.ask(TestRequest("GET", path, fields: [AdminStand.bearer(AdminStand.viewer)]))
            #expect(answer["cache-control"] == "no-store" && answer["x-content-type-options"] == "nosniff")
            #expect(answer["cross-origin-resource-policy"] == "same-origin")
            #expect(answer["content-security-policy"] == nil)
        }
    }

    @Test("nothing of the page turns a text into markup, a style or a script, or goes elsewhere")
    func sources() throws {
        let forbidden = [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc",
            "localStorage", "document.cookie", " style=", "'style'", "onclick=\"", "javascript:",
        ]
        for file in DashboardFile.assets {
            let text = String(decoding: file.bytes, as: UTF8.self)
            for word in forbidden { #expect(!text.contains(word), "\(word) in \(file.name)") }
            let elsewhere = text.matches(of: /https?:\/\/[^'" ]+/).map { String($0.0) }
            #expect(elsewhere.allSatisfy { $0.hasPrefix("http://www.w3.org/2000/svg") }, "\(file.name): \(elsewhere)")
        }
        let page = String(decoding: DashboardFile.page, as: UTF8.self)
        #expect(!page.contains(" style=") && !page.contains("<style") && !page.contains("://"))
        #expect(page.matches(of: /<script[^>]*>/).allSatisfy { $0.0.contains(" src=") })
    }

    @Test("status tells whose token was shown and which zone's days count")
    func token() throws {
        let rooms = try AdminRooms()
        for (token, name, role) in AdminStand.tokens.map({ ($0.2, $0.0, $0.1) }) {
            let status = try rooms.answer("GET", "/status", token: token).json
            #expect(status["token"]["name"].string == name && status["token"]["role"].string == role.name)
            #expect(status["time_zone"] == "UTC")
        }
    }
}
