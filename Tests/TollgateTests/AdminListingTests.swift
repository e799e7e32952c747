import AdminClient
import Forms
import Glibc
import JSON
import TestSupport
import Testing

@testable import tollgate

@Suite("Lists, followed from page to page")
struct AdminListingTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    private func client(_ server: ScriptedServer, itemsMax: Int = 100, pageItems: Int = 2) throws -> AdminCaller {
        var limits = AdminCallLimits()
        limits.itemsMax = itemsMax
        limits.pageItems = pageItems
        return AdminCaller(address: try #require(AdminAddress(parsing: server.url)), token: "token", limits: limits)
    }

    private static func page(_ items: String, next: String?) -> ScriptedReply {
        .json(200, #"{"items": [\#(items)], "next_cursor": \#(next.map { "\"\($0)\"" } ?? "null")}"#)
    }

    private func text(_ listing: AdminListing) -> String {
        String(decoding: JSONValue.array(listing.items).text, as: UTF8.self)
    }

    /// The request targets that the server received.
    private func targets(_ server: ScriptedServer) -> [String] {
        server.requests.map { String($0.split(separator: " ")[1]) }
    }

    @Test("a list is followed to its end, and its items keep their order")
    func pages() throws {
        let server = try ScriptedServer([
            Self.page("1, 2", next: "a b"), Self.page("3, 4", next: "c"), Self.page("5", next: nil),
        ])
        let listing = try client(server).items(of: ["teams"])
        #expect(text(listing) == "[1, 2, 3, 4, 5]")
        #expect(!listing.isCut)
        let start = "/admin/v1/teams?limit=2"
        #expect(targets(server) == [start, start + "&cursor=a%20b", start + "&cursor=c"])
    }

    @Test("a limit ends it earlier and asks for no more than is wanted")
    func limit() throws {
        let server = try ScriptedServer([Self.page("1, 2", next: "a"), Self.page("3", next: "b")])
        let listing = try client(server).items(of: ["audit"], limit: 3)
        #expect(text(listing) == "[1, 2, 3]")
        #expect(!listing.isCut, "who sets a limit knows that there may be more")
        #expect(targets(server) == ["/admin/v1/audit?limit=2", "/admin/v1/audit?limit=1&cursor=a"])
    }

    @Test("a list that never ends is cut at the bound, and that is said")
    func bound() throws {
        let server = try ScriptedServer([Self.page("1, 2", next: "a"), Self.page("3, 4", next: "a")])
        let listing = try client(server, itemsMax: 3).items(of: ["teams"])
        #expect(text(listing) == "[1, 2, 3]")
        let remark = AdminOutput.list(listing, .team).remark
        #expect(remark == "these are only the first 3 items; there are more")
    }

    @Test("a page that brings nothing is followed by the next one; a cursor that stays ends the command")
    func emptyPage() throws {
        let server = try ScriptedServer([
            Self.page("", next: "a"), Self.page("", next: "b"), Self.page("1", next: "c"), Self.page("", next: nil),
        ])
        #expect(text(try client(server).items(of: ["ledger"])) == "[1]")
        let stubborn = try client(ScriptedServer([Self.page("", next: "a"), Self.page("", next: "a")]))
        let fault = #expect(throws: AdminCallFault.self) { try stubborn.items(of: ["teams"]) }
        #expect(fault?.code == .foreign)
    }

    @Test(
        "what is no list is not taken for an empty one",
        arguments: ["{}", #"{"items": {}}"#, #"{"items": [], "next_cursor": 5}"#]
    )
    func noList(_ body: String) throws {
        let client = try client(ScriptedServer([.json(200, body)]))
        let fault = #expect(throws: AdminCallFault.self) { try client.items(of: ["teams"]) }
        #expect(fault?.code == .foreign)
    }

    @Test("without a team, the keys of all teams are listed, within one limit")
    func keysOfAllTeams() throws {
        let server = try ScriptedServer([
            Self.page(#"{"id": "one"}, {"id": "two"}"#, next: nil), Self.page(#"{"id": "k1"}"#, next: nil),
            Self.page(#"{"id": "k2"}, {"id": "k3"}"#, next: "more"),
        ])
        let command = try KeysCommand.List.parse(["--limit", "2"])
        let output = try command.answer(of: client(server))
        #expect(output.text(.json) == #"[{"id": "k1"}, {"id": "k2"}]"# + "\n")
        let lists = targets(server).map { $0.split(separator: "?")[0] }
        #expect(lists == ["/admin/v1/teams", "/admin/v1/teams/one/keys", "/admin/v1/teams/two/keys"])
    }

    @Test("a team that is deleted while the keys of all teams are listed is left out, and the list goes on")
    func deletedMeanwhile() throws {
        let gone = #"{"success": false, "error": "not_found", "message": "There is no team two here."}"#
        let server = try ScriptedServer([
            Self.page(#"{"id": "one"}, {"id": "two"}, {"id": "three"}"#, next: nil),
            Self.page(#"{"id": "k1"}"#, next: nil), .json(404, gone), Self.page(#"{"id": "k3"}"#, next: nil),
        ])
        let output = try KeysCommand.List.parse([]).answer(of: client(server, pageItems: 5))
        #expect(output.text(.json) == #"[{"id": "k1"}, {"id": "k3"}]"# + "\n")
    }

    @Test("a team that is deleted between two pages of its keys is left out as far as it was not listed")
    func deletedBetweenPages() throws {
        let gone = #"{"success": false, "error": "not_found", "message": "There is no team one here."}"#
        let server = try ScriptedServer([
            Self.page(#"{"id": "one"}, {"id": "two"}"#, next: nil), Self.page(#"{"id": "k1"}"#, next: "k1"),
            .json(404, gone), Self.page(#"{"id": "k2"}"#, next: nil),
        ])
        let output = try KeysCommand.List.parse([]).answer(of: client(server))
        #expect(output.text(.json) == #"[{"id": "k1"}, {"id": "k2"}]"# + "\n")
    }

    @Test("a team that was named and is not there is told, and so is any other refusal of the list of all")
    func refusals() throws {
        let gone = #"{"success": false, "error": "not_found", "message": "There is no team two here."}"#
        let one = try client(ScriptedServer([.json(404, gone)]))
        let missing = #expect(throws: AdminCallFault.self) { try KeysCommand.List.parse(["two"]).answer(of: one) }
        #expect(missing?.description.hasPrefix("404 not_found") == true)
        let busy = #"{"success": false, "error": "store_unavailable", "message": "The store does not work."}"#
        let all = try client(ScriptedServer([Self.page(#"{"id": "one"}"#, next: nil), .json(503, busy)]))
        let refused = #expect(throws: AdminCallFault.self) { try KeysCommand.List.parse([]).answer(of: all) }
        #expect(refused?.description.hasPrefix("503 ") == true)
    }
}
