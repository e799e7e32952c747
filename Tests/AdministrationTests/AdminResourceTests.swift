import TestSupport
import Testing
import Vocabulary

/// The resources of the API over HTTP, with real rooms behind them.
@Suite("Resources of the admin side")
struct AdminResourceTests {
    /// One request to send.
    struct Ask: Sendable, CustomTestStringConvertible {
        let method, path, body: String
        let status: Int

        init(_ method: String, _ path: String, _ body: String = "", gives status: Int) {
            (self.method, self.path, self.body, self.status) = (method, path, body, status)
        }

        var testDescription: String { "\(method) \(path) \(body)" }
    }

    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private static let document = "0b13c9f2-5148-4ffb-bb7b-0123456789ab"

    /// Every change that the API makes, each with the initial content of its store.
    private static let changes = [
        Ask("POST", "/teams", #"{"id": "new"}"#, gives: 201),
        Ask("PATCH", "/teams/sales", #"{"name": "Sales"}"#, gives: 200),
        Ask("DELETE", "/teams/sales", gives: 204), Ask("POST", "/teams/sales/keys", #"{"id": "second"}"#, gives: 201),
        Ask("POST", "/teams/sales/keys/first/rotate", gives: 200), Ask("DELETE", "/teams/sales/keys/first", gives: 204),
        Ask("POST", "/upstream-keys", #"{"id": "spare", "secret": "vendor-secret-3"}"#, gives: 201),
        Ask("PATCH", "/upstream-keys/primary", #"{"state": "draining"}"#, gives: 200),
        Ask("PATCH", "/upstream-keys/second", #"{"weight": 3}"#, gives: 200),
        Ask("POST", "/upstream-keys/second/rotate", #"{"secret": "vendor-secret-4"}"#, gives: 200),
        Ask("DELETE", "/upstream-keys/second", gives: 204), Ask("DELETE", "/lessons?model=gpt-4o", gives: 204),
        Ask("DELETE", "/lessons?document_id=\(document)", gives: 204),
        Ask(
            "POST",
            "/statements",
            #"{"account": "default", "from": "2026-01-01", "to": "2026-01-31", "credits": 1}"#,
            gives: 201
        ),
    ]

    /// Every path that can be read, with the store in its initial state.
    private static let readings = [
        Ask("GET", "/teams", gives: 200), Ask("GET", "/teams/sales", gives: 200),
        Ask("GET", "/teams/nobody", gives: 404),
        Ask("GET", "/teams/sales/keys", gives: 200), Ask("GET", "/teams/sales/keys/first", gives: 200),
        Ask("GET", "/teams/filed/keys/first", gives: 404), Ask("GET", "/teams/nobody/keys", gives: 404),
        Ask("GET", "/upstream-keys", gives: 200), Ask("GET", "/upstream-keys/primary", gives: 200),
        Ask("GET", "/upstream-keys/nobody", gives: 404), Ask("GET", "/audit", gives: 200),
        Ask("GET", "/lessons", gives: 200), Ask("GET", "/ledger", gives: 200), Ask("GET", "/ledger/7", gives: 404),
        Ask("GET", "/statements", gives: 200), Ask("GET", "/statements/7", gives: 404),
        Ask("GET", "/status", gives: 200), Ask("GET", "/teams?limit=0", gives: 422),
        Ask("GET", "/audit?cursor=-1", gives: 422),
        Ask("GET", "/status?x=1", gives: 422),
    ]

    private func fill() throws {
        #expect(try rooms.answer("POST", "/teams", #"{"id": "sales"}"#).status == 201)
        #expect(try rooms.answer("POST", "/teams/sales/keys", #"{"id": "first"}"#).status == 201)
        let key = #"{"id": "second", "secret": "vendor-secret-2"}"#
        #expect(try rooms.answer("POST", "/upstream-keys", key).status == 201)
    }

    /// Everything that the API shows about teams and keys, as text.
    private func shown() throws -> String {
        try ["/teams", "/teams/sales/keys", "/upstream-keys"].map { try rooms.answer("GET", $0).text }.joined()
    }

    private func auditCount() throws -> Int { try rooms.answer("GET", "/audit").json["items"].items.count }

    @Test("a change that is made is in the audit log once", arguments: changes)
    func made(change: Ask) throws {
        try fill()
        let count = try auditCount()
        let response = try rooms.answer(change.method, change.path, change.body)
        #expect(response.status == change.status, "\(response.text)")
        #expect(try auditCount() == count + 1)
    }

    @Test("a change that the store does not take is a 503 and leaves nothing behind", arguments: changes)
    func notTaken(change: Ask) throws {
        try fill()
        let before = try shown()
        let count = try auditCount()
        rooms.store.become(.failing(StoreFault(code: .readOnly, detail: "")))
        let response = try rooms.answer(change.method, change.path, change.body)
        #expect(response.status == 503)
        #expect(response.code == "store_unavailable")
        #expect(response["retry-after"] == "1")
        #expect(try shown() == before)
        #expect(try auditCount() == count)
    }

    @Test("a viewer reads everything and changes nothing", arguments: readings)
    func read(reading: Ask) throws {
        try fill()
        let response = try rooms.answer(reading.method, reading.path, token: AdminStand.viewer)
        #expect(response.status == reading.status, "\(response.text)")
    }

    @Test("no reading shows a secret", arguments: readings)
    func noSecret(reading: Ask) throws {
        try fill()
        let secret = try #require(
            try rooms.answer("POST", "/teams/sales/keys", #"{"id": "shown-once"}"#).json["secret"].string
        )
        let text = try rooms.answer(reading.method, reading.path).text
        for secret in [secret, "vendor-secret-1", "vendor-secret-2"] { #expect(!text.contains(secret)) }
    }

    @Test("a second change under way waits for the first, whichever resource it concerns")
    func oneAfterTheOther() throws {
        try fill()
        rooms.store.become(.slow)
        let deleting = try rooms.ask("DELETE", "/teams/sales")
        try rooms.waitForHeld(1)
        let issuing = try rooms.ask("POST", "/teams/sales/keys", #"{"id": "second"}"#)
        #expect(try rooms.answer("GET", "/teams/sales").status == 200)
        rooms.store.release()
        #expect(try deleting.response().status == 204)
        #expect(try issuing.response().status == 404, "its team went while it waited")
    }
}
