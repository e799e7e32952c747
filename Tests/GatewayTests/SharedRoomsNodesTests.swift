import Authentication
import Caching
import Cryptography
import TestSupport
import Testing
import UpstreamKeys
import Vocabulary

@testable import Gateway

@Suite("What other nodes did, in the rooms of this one")
struct SharedRoomsNodesTests {
    private let pipe: TestPipe
    private let rooms: GatewayRooms

    init() throws {
        pipe = try TestPipe()
        rooms = try GatewayRooms(log: pipe.writing)
    }

    @Test("a purge empties memory, and what was looked up before it does not fill memory again")
    func purge() throws {
        let cache = rooms.rooms.cache
        let before = cache.purges.stamp()
        try rooms.keep(SampleRequests.about(), storedAt: GatewayRooms.now)
        #expect(cache.statistics.entries == 1)
        let result = try GatewayRooms.result(SampleRequests.about(), storedAt: GatewayRooms.now)
        rooms.rooms.note(purgeOf: .document(result.documentID))
        cache.insert(StampedResult(result, asked: before))
        #expect(cache.find(result.key) == nil)
        cache.insert(StampedResult(result, asked: cache.purges.stamp()))
        #expect(cache.find(result.key) != nil, "what was asked after it is kept")
    }

    @Test("an epoch counts from then on, and results from before it are not kept")
    func epoch() throws {
        let classifier = ClassifierKey(account: FlightSamples.account, folding: "a")
        let before = rooms.rooms.cache.purges.stamp()
        rooms.rooms.note(epoch: 7, of: classifier)
        #expect(rooms.rooms.classifiers.epoch(of: classifier) == 7)
        let result = try GatewayRooms.result(SampleRequests.about(), storedAt: GatewayRooms.now)
        #expect(before.isPurged(result.key, documentID: "", team: TeamID(rawValue: "x"), classifier: classifier))
    }

    @Test("an upstream key that was quarantined elsewhere is given to no request until it is active there")
    func upstreamKey() throws {
        let id = FlightSamples.upstreamKey
        let digest = SHA256Hasher().digest(Array("vendor-secret-1".utf8))
        func states() -> [String] {
            rooms.rooms.upstreamStatus.flatMap(\.keys).map { "\($0.state)" }
        }
        let active = states()
        rooms.rooms.note(UpstreamKeyRecord(id: id, secretDigest: digest, state: .quarantined(.unauthorized)), of: id)
        #expect(states() != active)
        rooms.rooms.note(nil, of: id)
        #expect(states() == active)
    }
}
