import Cryptography
import EventLoops
import Foundation
import Registry
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// The keeper where other nodes change the registry as well.
@Suite("The registry's keeper and other nodes")
struct RegistryNodesTests {
    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private static func team(_ id: String, name: String = "") -> TeamRecord {
        TeamRecord(id: TeamID(rawValue: id), name: name, account: AccountID(rawValue: "default"))
    }

    private func teamIDs(_ rooms: AdminRooms? = nil) -> Set<String> {
        (rooms ?? self.rooms).perform { Set($0.registry.teamIDs.map(\.rawValue)) }
    }

    private func hear(_ number: Int64) { rooms.perform { $0.hears(number) } }

    private func wait(for ids: Set<String>, in rooms: AdminRooms? = nil) throws {
        let deadline = Deadline.generous
        while teamIDs(rooms) != ids { try #require(!deadline.hasPassed, "\(teamIDs(rooms))") }
    }

    @Test("what another node made is known once it is heard of, and what it took away is not")
    func heard() throws {
        let secret = TeamKeySecret.make()
        let key = TeamKeyRecord(
            id: TeamKeyID(rawValue: "k"),
            team: TeamID(rawValue: "sales"),
            secretDigest: secret.digest
        )
        try rooms.store.applyElsewhere([.saveTeam(Self.team("sales")), .saveTeamKey(key)], number: 1)
        #expect(teamIDs() == ["filed"])
        hear(1)
        try wait(for: ["filed", "sales"])
        #expect(rooms.perform { $0.isSecret(secret.digest) })
        try rooms.store.applyElsewhere([.removeTeam(TeamID(rawValue: "sales"))], number: 2)
        hear(2)
        try wait(for: ["filed"])
        #expect(!rooms.perform { $0.isSecret(secret.digest) })
        #expect(rooms.store.readingsCount == 2)
        hear(1)
        #expect(try rooms.answer("POST", "/teams", #"{"id": "other"}"#).status == 201)
        #expect(rooms.store.readingsCount == 2, "what is known already is not read again")
    }

    @Test("a change that another node has overtaken is decided again from what there is then")
    func overtaken() throws {
        try rooms.store.applyElsewhere([.saveTeam(Self.team("sales"))], number: 4)
        #expect(try rooms.answer("POST", "/teams", #"{"id": "sales"}"#).status == 409)
        #expect(teamIDs() == ["filed", "sales"])
        try rooms.store.applyElsewhere([.saveTeam(Self.team("elsewhere"))], number: 5)
        #expect(try rooms.answer("PATCH", "/teams/sales", #"{"name": "Sales"}"#).status == 200)
        #expect(try rooms.answer("GET", "/teams/sales").json["name"] == "Sales")
        #expect(teamIDs() == ["filed", "sales", "elsewhere"])
    }

    @Test("when more is heard of while the rows are read, they are read once more")
    func during() throws {
        try rooms.store.applyElsewhere([.saveTeam(Self.team("one"))], number: 1)
        rooms.store.onReading.withLock { hook in
            hook = { [rooms] in
                guard rooms.store.readingsCount == 1 else { return }
                do {
                    try rooms.store.applyElsewhere([.saveTeam(Self.team("two"))], number: 2)
                } catch {
                    Issue.record(error)
                }
                rooms.perform { $0.hears(2) }
            }
        }
        hear(1)
        try wait(for: ["filed", "one", "two"])
        #expect(rooms.store.readingsCount == 2)
    }

    @Test("while the rows cannot be read no change is decided; then all goes on")
    func unread() throws {
        try rooms.store.applyElsewhere([.saveTeam(Self.team("sales"))], number: 1)
        rooms.store.become(.failing(StoreFault(code: .unavailable, detail: "")))
        hear(1)
        #expect(try rooms.answer("POST", "/teams", #"{"id": "other"}"#).status == 503)
        rooms.store.become(.well)
        #expect(try rooms.answer("POST", "/teams", #"{"id": "third"}"#).status == 503, "the rows are not read yet")
        try wait(for: ["filed", "sales"])
        #expect(try rooms.answer("POST", "/teams", #"{"id": "third"}"#).status == 201)
    }

    @Test("of a hundred changes on each of two nodes at a time none is lost")
    func noLostUpdate() throws {
        let server = try PostgreSQLServer.shared
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        let nodes = [
            try AdminRooms(url: server.socketURL(database: String(name))),
            try AdminRooms(url: server.socketURL(database: String(name))),
        ]
        #expect(try nodes[0].answer("POST", "/teams", #"{"id": "counted", "name": "0"}"#).status == 201)
        let faults = Guarded<[AdminFault]>([])
        let ends = DispatchGroup()
        for node in nodes {
            node.perform { keeper in
                let actor = RegistryKeeper.Actor(name: "ada", role: .admin, address: "127.0.0.1")
                for _ in 0..<100 {
                    ends.enter()
                    keeper.change(by: actor) { (registry) throws(AdminFault) in
                        // One that is decided before this node has heard of the team is overtaken.
                        var team = registry.team(TeamID(rawValue: "counted"))?.record ?? Self.team("counted", name: "0")
                        team.name = String(Int(team.name)! + 1)
                        return RegistryChange(
                            writes: [.saveTeam(team)],
                            action: "team.update",
                            target: "team/counted",
                            before: nil,
                            after: nil
                        )
                    } then: { result in
                        if case .failure(let fault) = result { faults.withLock { $0.append(fault) } }
                        ends.leave()
                    }
                }
            }
        }
        ends.wait()
        #expect(faults.withLock { $0 } == [])
        #expect(try nodes[0].sqlite.registry().teams.map(\.name) == ["200"])
        let deadline = Deadline.generous
        for node in nodes {
            while node.perform({ $0.registry.team(TeamID(rawValue: "counted"))?.record.name }) != "200" {
                try #require(!deadline.hasPassed, "a node does not know of it")
            }
        }
    }
}
