import Cryptography
import Foundation
import Registry
import Reporting
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// `/backup`, with a real store and real sockets.
@Suite("Backups through the admin side")
struct BackupResourceTests {
    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private func audited() throws -> [JSON] {
        try rooms.answer("GET", "/audit").json["items"].items.filter { $0["action"] == "store.backup" }
    }

    /// Fills the store with more than sockets hold by themselves.
    private func fill() throws {
        for _ in 1...24 {
            let entry = AuditEntry(
                at: Timestamp(seconds: 1),
                actor: "ada",
                role: "admin",
                action: "fill",
                target: "store",
                address: "",
                before: nil,
                after: [UInt8](repeating: UInt8(ascii: "0"), count: 1 << 20)
            )
            try rooms.sqlite.applyAndWait([], audit: entry)
        }
    }

    @Test("a backup says its length and digest, has a dated name, and is in the audit log with both")
    func download() throws {
        let answer = try rooms.answer("GET", "/backup")
        #expect(answer.status == 200 && answer["content-type"] == "application/vnd.sqlite3")
        #expect(answer["content-length"] == "\(answer.body.count)" && answer["cache-control"] == "no-store")
        let digest = SHA256Hasher().digest(answer.body)
        #expect(answer["repr-digest"] == "sha-256=:\(Data(digest.bytes).base64EncodedString()):")
        let name = try #require(answer["content-disposition"])
        #expect(name.wholeMatch(of: /attachment; filename="tollgate-\d{8}T\d{6}Z\.db"/) != nil, "\(name)")
        let entries = try audited()
        #expect(entries.count == 1)
        #expect(entries.first?["actor"] == "ada" && entries.first?["target"] == "store")
        #expect(entries.first?["after"]["sha256"].string == digest.description)
        #expect(entries.first?["after"]["bytes"].int == answer.body.count)
        let folder = try TemporaryFolder()
        try Data(answer.body).write(to: URL(fileURLWithPath: folder.file("copy.db")))
        #expect(try StoreInspection.inspect(folder.file("copy.db")).sumFaults == [])
        // The next one follows at once, on the same connection too.
        let connection = try rooms.ask("GET", "/backup")
        #expect(try connection.response().status == 200)
        let request = TestRequest("GET", "/admin/v1/backup", fields: [AdminStand.bearer(AdminStand.admin)])
        try connection.send(request.bytes)
        #expect(try connection.response().status == 200)
    }

    @Test("only the role admin gets one, and HEAD makes none")
    func roles() throws {
        for token in [AdminStand.viewer, AdminStand.operatorToken] {
            #expect(try rooms.answer("GET", "/backup", token: token).code == "forbidden")
        }
        #expect(try rooms.answer("GET", "/backup?all=1").status == 422)
        let head = try rooms.ask(
            TestRequest("HEAD", "/admin/v1/backup", fields: [AdminStand.bearer(AdminStand.admin)])
        )
        #expect(head.status == 200 && head["content-type"] == "application/vnd.sqlite3")
        #expect(head["content-length"] == nil && head["repr-digest"] == nil)
        #expect(try audited().isEmpty)
    }

    @Test(
        "what prevents one is told with what is missing and what to do",
        arguments: [
            (BackupFault.underWay, 409, "conflict", "A backup is under way"),
            (.elsewhere("The store is in PostgreSQL: use pg_dump."), 409, "conflict", "pg_dump"),
            (.noRoom(needed: 300, free: 100), 503, "store_unavailable", "200 are missing"),
            (.noRoom(needed: .max, free: -1), 503, "store_unavailable", "must be free"),
            (.logGrown(bytes: 7), 503, "overloaded", "grew by 7 bytes"),
            (.failed(StoreFault(code: .full, detail: "x")), 503, "store_unavailable", "its disk is full"),
        ] as [(BackupFault, Int, String, String)]
    )
    func refusals(_ fault: BackupFault, _ status: Int, _ code: String, _ words: String) throws {
        rooms.store.copyRefusal.withLock { $0 = fault }
        let answer = try rooms.answer("GET", "/backup")
        #expect(answer.status == status && answer.code == code)
        #expect(answer.json["message"].string?.contains(words) == true, "\(answer.text)")
        #expect((answer["retry-after"] != nil) == (status == 503))
    }

    @Test("nothing is sent that the audit log cannot have")
    func auditFails() throws {
        rooms.store.become(.failing(StoreFault(code: .full, detail: "no room")))
        #expect(try rooms.answer("GET", "/backup").code == "store_unavailable")
        rooms.store.become(.well)
        // The copy was given up.
        #expect(try rooms.answer("GET", "/backup").status == 200)
    }

    @Test("a second one is refused while a slow client reads the first, which is whole in the end")
    func slowReader() throws {
        try fill()
        let slow = try rooms.ask("GET", "/backup")
        while !slow.received.starts(with: Array("HTTP/1.1 200".utf8)) { try #require(slow.receiveMore()) }
        let refused = try rooms.answer("GET", "/backup")
        #expect(refused.status == 409 && refused.code == "conflict")
        // Others are answered meanwhile.
        #expect(try rooms.answer("GET", "/status").status == 200)
        let answer = try slow.response()
        #expect(answer["content-length"] == "\(answer.body.count)" && answer.body.count > 24 << 20)
        #expect(try rooms.answer("GET", "/backup").status == 200)
    }

    @Test("a client that leaves in the middle makes room for the next")
    func leaver() throws {
        try fill()
        let leaver = try rooms.ask("GET", "/backup")
        while leaver.received.count < 1_000 { try #require(leaver.receiveMore()) }
        leaver.reset()
        let deadline = Deadline.generous
        while try rooms.answer("GET", "/backup").status != 200 { try #require(!deadline.hasPassed) }
    }

    @Test("a copy that cannot be read on ends the connection, so that the file never looks whole")
    func brokenOff() throws {
        try fill()
        let connection = try rooms.ask("GET", "/backup")
        while connection.received.count < 1_000 { try #require(connection.receiveMore()) }
        rooms.sqlite.close()
        let (bytes, end) = try connection.receiveToEnd()
        #expect(end == .reset && bytes.count < 24 << 20)
    }
}
