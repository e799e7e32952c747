import Administration
import TestSupport
import Testing
import Vocabulary

@Suite("The admin side over time")
final class AdminLifecycleTests {
    /// Kept until the test ends: a server stops when it is released.
    private var stands: [AdminStand] = []

    private func open(_ change: (inout AdminSettings) -> Void = { _ in }) throws -> AdminStand {
        var settings = AdminStand.settings()
        change(&settings)
        stands.append(try AdminStand(settings))
        return stands[stands.count - 1]
    }

    private func get(_ target: String, _ token: String? = nil) -> [UInt8] {
        TestRequest("GET", target, fields: token.map { [AdminStand.bearer($0)] } ?? []).bytes
    }

    @Test("a token that a reload revokes is dead on connections that are open, and a new one lives there")
    func replaced() throws {
        let stand = try open()
        let connection = try stand.connect()
        try connection.send(get("/admin/v1/things/a", AdminStand.viewer))
        #expect(try connection.response().status == 200)
        stand.perform { server, _ in server.replace(AdminStand.settings([("new", .viewer, "new-token-0123456789")])) }
        try connection.send(get("/admin/v1/things/a", AdminStand.viewer))
        #expect(try connection.response().status == 401)
        try connection.send(get("/admin/v1/things/a", "new-token-0123456789"))
        #expect(try connection.response().status == 200)
    }

    @Test("limits of a reload hold from the next request on")
    func replacedLimits() throws {
        let stand = try open()
        let connection = try stand.connect()
        try connection.send(get("/healthz"))
        #expect(try connection.response().status == 200)
        stand.perform { server, _ in
            var settings = AdminStand.settings()
            settings.headLimits.fieldsMax = 1
            server.replace(settings)
        }
        try connection.send(get("/admin/v1/things/a", AdminStand.viewer))
        #expect(try connection.response().status == 431)
    }

    @Test("what stands against serving is told by /readyz, which recovers; /healthz is not concerned")
    func readiness() throws {
        let stand = try open()
        stand.perform { _, shelf in shelf.readinessFault = .storeUnavailable(StoreFault(code: .full, detail: "")) }
        let unready = try stand.answer(TestRequest("GET", "/readyz"))
        #expect(unready.status == 503)
        #expect(unready.code == "store_unavailable")
        #expect(unready["retry-after"] == "1")
        #expect(try stand.answer(TestRequest("GET", "/healthz")).status == 200)
        stand.perform { _, shelf in shelf.readinessFault = nil }
        #expect(try stand.answer(TestRequest("GET", "/readyz")).text == "{\"status\": \"ready\"}\n")
    }

    @Test("while it drains it is not ready, and each connection ends after its reply")
    func drained() throws {
        let stand = try open()
        let old = try stand.connect()
        try old.send(get("/readyz"))
        let ready = try old.response()
        #expect(ready.status == 200)
        #expect(!ready.announcesClose)
        stand.perform { server, _ in server.drain() }
        try old.send(get("/readyz"))
        let draining = try old.response()
        #expect(draining.status == 503)
        #expect(draining.code == "draining")
        #expect(draining.announcesClose)
        #expect(try old.receiveToEnd().end == .finished)
        let alive = try stand.answer(TestRequest("GET", "/healthz"))
        #expect(alive.status == 200)
        #expect(alive.announcesClose)
    }

    @Test("more connections than are allowed are told so, and there is room again when others have gone")
    func connectionLimit() throws {
        let stand = try open { $0.connectionsMax = 2 }
        let held = try [stand.connect(), stand.connect()]
        for connection in held {
            try connection.send(get("/admin/v1/things/a", AdminStand.viewer))
            #expect(try connection.response().status == 200)
        }
        let third = try stand.connect()
        let refusal = try third.response()
        #expect(refusal.status == 503)
        #expect(refusal.code == "overloaded")
        #expect(refusal.announcesClose)
        third.close()
        held[0].close()
        let deadline = Deadline.generous
        while true {
            let response = try stand.answer(TestRequest("GET", "/healthz"))
            if response.status == 200 { break }
            try #require(!deadline.hasPassed)
        }
    }

    @Test("the oldest stranger gives way to a new one, whatever it has sent, and one with a token does not")
    func strangers() throws {
        let stand = try open { $0.strangersMax = 3 }
        let known = try stand.connect()
        try known.send(get("/admin/v1/things/a", AdminStand.viewer))
        #expect(try known.response().status == 200)
        let idle = try stand.connect()
        let asked = try stand.connect()
        try asked.send(get("/healthz"))
        #expect(try asked.response().status == 200)
        let wrong = try stand.connect()
        try wrong.send(get("/admin/v1/things/a", "no-such-token"))
        #expect(try wrong.response().status == 401)
        #expect(idle.isOpen && asked.isOpen)
        let half = try stand.connect()
        try half.send("GET /healthz HTTP/1.1\r\nHo")
        #expect(try idle.receiveToEnd().bytes.isEmpty)
        var newest: [RawConnection] = []
        for gone in [asked, wrong, half] {
            newest.append(try stand.connect())
            #expect(try gone.receiveToEnd().bytes.isEmpty)
        }
        try known.send(get("/admin/v1/things/a", AdminStand.viewer))
        #expect(try known.response().status == 200)
    }

    @Test("a request of a stranger that waits for its handler gives way last, and its answer is dropped")
    func busyStranger() throws {
        let stand = try open { $0.strangersMax = 1 }
        let asking = try stand.connect()
        try asking.send(get("/slow"))
        _ = try stand.waitForKept()
        #expect(try stand.answer(TestRequest("GET", "/healthz")).status == 200)
        #expect(try asking.receiveToEnd().bytes.isEmpty)
        stand.perform { _, shelf in shelf.completions.removeFirst()(.noContent) }
        #expect(try stand.answer(TestRequest("GET", "/healthz")).status == 200)
    }

    @Test("a connection whose token is revoked is a stranger again")
    func revoked() throws {
        let stand = try open { $0.strangersMax = 1 }
        let connection = try stand.connect()
        try connection.send(get("/admin/v1/things/a", AdminStand.viewer))
        #expect(try connection.response().status == 200)
        stand.perform { server, _ in
            var settings = AdminStand.settings([("new", .viewer, "new-token-0123456789")])
            settings.strangersMax = 1
            server.replace(settings)
        }
        try connection.send(get("/admin/v1/things/a", AdminStand.viewer))
        #expect(try connection.response().status == 401)
        #expect(try stand.answer(TestRequest("GET", "/healthz")).status == 200)
        #expect(try connection.receiveToEnd().bytes.isEmpty)
    }

    @Test("an answer for a client that has gone is dropped, and others are served")
    func clientGone() throws {
        let stand = try open()
        let connection = try stand.connect()
        try connection.send(get("/admin/v1/kept", AdminStand.viewer) + get("/admin/v1/kept", AdminStand.viewer))
        let count = try stand.waitForKept()
        #expect(count == 1, "one request is in work at a time")
        connection.reset()
        let lines = try stand.lines.wait(for: 1)
        #expect(lines[0].status == 499)
        stand.perform { _, shelf in shelf.completions.removeFirst()(.noContent) }
        #expect(try stand.answer(TestRequest("GET", "/healthz")).status == 200)
        let statuses = try stand.lines.wait(for: 2).map(\.status)
        #expect(statuses == [499, 200])
    }

    @Test("stop ends what is idle and what waits, whose answer is dropped")
    func stopped() throws {
        let stand = try open()
        let idle = try stand.connect()
        try idle.send(get("/healthz"))
        #expect(try idle.response().status == 200)
        let waiting = try stand.connect()
        try waiting.send(get("/admin/v1/kept", AdminStand.viewer))
        _ = try stand.waitForKept()
        stand.perform { server, shelf in
            server.stop()
            shelf.completions.removeFirst()(.noContent)
        }
        let statuses = try stand.lines.wait(for: 1).map(\.status)
        #expect(statuses == [200])
        #expect(try idle.receiveToEnd().end == .finished)
        #expect(try waiting.receiveToEnd().bytes.isEmpty)
        #expect(throws: TestFailure.self) { try stand.connect() }
    }
}
