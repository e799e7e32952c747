import EventLoops
import Gateway
import Registry
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// The keeper's contract: a change is decided in turn, durable, in memory, in effect, and only then answered.
@Suite("The registry's keeper")
struct RegistryKeeperTests {
    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private static let diskFull = StoreFault(code: .full, detail: "")

    private func teamIDs() -> [String] { rooms.perform { $0.registry.teamIDs.map(\.rawValue) } }

    @Test("nothing holds and nothing is answered before the change is durable")
    func durableFirst() throws {
        rooms.store.become(.slow)
        let creating = try rooms.ask("POST", "/teams", #"{"id": "sales"}"#)
        try rooms.waitForHeld(1)
        #expect(teamIDs() == ["filed"])
        #expect(try rooms.answer("GET", "/teams/sales").status == 404)
        rooms.store.release()
        #expect(try creating.response().status == 201)
        #expect(try rooms.answer("GET", "/teams/sales").status == 200)
    }

    @Test("a change that the store does not take is a 503, changes nothing, and the next one is made")
    func storeFails() throws {
        rooms.store.become(.failing(Self.diskFull))
        let refused = try rooms.answer("POST", "/teams", #"{"id": "sales"}"#)
        #expect(refused.status == 503)
        #expect(refused.code == "store_unavailable")
        #expect(teamIDs() == ["filed"])
        rooms.store.become(.well)
        #expect(try rooms.answer("POST", "/teams", #"{"id": "sales"}"#).status == 201)
        let entries = try rooms.answer("GET", "/audit").json["items"].items
        #expect(entries.map { $0["target"].string } == ["team/sales"], "a refused change is not in the audit log")
    }

    @Test("each change is decided from what the one before left")
    func decidedInTurn() throws {
        rooms.store.become(.slow)
        let first = try rooms.ask("POST", "/teams", #"{"id": "sales"}"#)
        try rooms.waitForHeld(1)
        // If both were decided now, both would be made.
        let second = try rooms.ask("POST", "/teams", #"{"id": "sales"}"#)
        let deleting = try rooms.ask("DELETE", "/teams/sales")
        #expect(try rooms.answer("GET", "/teams/sales").status == 404)
        #expect(rooms.store.heldCount == 1, "one change is under way at a time")
        rooms.store.release()
        #expect(try first.response().status == 201)
        // The two requests use connections of their own, so they may arrive in either order.
        let statuses = [try second.response().status, try deleting.response().status]
        #expect(statuses == [409, 204] || statuses == [201, 204])
        #expect(teamIDs() == (statuses[0] == 409 ? ["filed"] : ["filed", "sales"]))
    }

    @Test("the thousand and first change that waits is refused, and those before it are made")
    func bounded() throws {
        rooms.store.become(.slow)
        let first = try rooms.ask("POST", "/teams", #"{"id": "sales"}"#)
        try rooms.waitForHeld(1)
        let faults = rooms.perform { keeper in
            let actor = RegistryKeeper.Actor(name: "ada", role: .admin, address: "127.0.0.1")
            let faults = Faults()
            for _ in 0..<1_001 {
                keeper.change(by: actor) { _ in
                    nil
                } then: { result in
                    if case .failure(let fault) = result { faults.append(fault) }
                }
            }
            return faults
        }
        #expect(faults.all == [.overloaded])
        rooms.store.release()
        #expect(try first.response().status == 201)
        #expect(try rooms.answer("POST", "/teams", #"{"id": "other"}"#).status == 201)
        #expect(faults.all == [.overloaded])
    }

    @Test("a reload takes its turn: what a change before it made stays, and what it cannot make changes nothing")
    func reload() throws {
        #expect(try rooms.answer("POST", "/teams", #"{"id": "sales"}"#).status == 201)
        let refused = reload(AdminRooms.file(teams: ["other"])) { _ in throw TestFailure("a certificate is missing") }
        #expect(refused == "a certificate is missing")
        #expect(Set(teamIDs()) == ["filed", "sales"])
        #expect(reload(AdminRooms.file(teams: ["other"])) { AdminRooms.settings($0) } == nil)
        #expect(Set(teamIDs()) == ["other", "sales"])
    }

    @Test("what a reload could not make durable goes with the next change")
    func overdue() throws {
        let draining = try rooms.answer("PATCH", "/upstream-keys/primary", #"{"state": "draining"}"#)
        #expect(draining.status == 200)
        rooms.store.become(.failing(Self.diskFull))
        // Another secret for the key ends the ruling on it.
        #expect(reload(AdminRooms.file(upstreamSecret: "vendor-secret-2")) { AdminRooms.settings($0) } == nil)
        #expect(try rooms.answer("GET", "/upstream-keys/primary").json["state"] == "active")
        #expect(try rooms.sqlite.registry().rulings.count == 1)
        rooms.store.become(.well)
        #expect(try rooms.answer("POST", "/teams", #"{"id": "sales"}"#).status == 201)
        #expect(try rooms.sqlite.registry().rulings.isEmpty)
    }

    /// The reason for the refusal; nil when the file is in use.
    private func reload(
        _ file: FileRegistry,
        _ makeSettings: @escaping @Sendable (Registry) throws -> GatewaySettings
    ) -> String? {
        let done = Handover<String?>()
        rooms.perform { keeper in
            keeper.reload(
                RegistryReload(file: file, cause: .signal, makeSettings: makeSettings) { result in
                    switch result {
                    case .success: done.give(nil)
                    case .failure(let error): done.give("\(error)")
                    }
                }
            )
        }
        return done.take()
    }
}

/// Guarded.
private final class Faults: Sendable {
    private let faults = Guarded<[AdminFault]>([])

    var all: [AdminFault] { faults.withLock { $0 } }

    func append(_ fault: AdminFault) { faults.withLock { $0.append(fault) } }
}
