import Testing

@testable import Administration

@Suite("Places on the admin side")
struct ConnectionPlacesTests {
    private func surplus(_ places: ConnectionPlaces, _ strangers: Int, _ all: Int, busy: Set<UInt64> = []) -> UInt64? {
        places.surplus(strangersMax: strangers, connectionsMax: all) { busy.contains($0) }
    }

    private func filled(_ ids: ClosedRange<UInt64>) -> ConnectionPlaces {
        var places = ConnectionPlaces()
        for id in ids { places.enter(id) }
        return places
    }

    @Test("the oldest stranger gives way when there are too many strangers, and nobody before")
    func strangers() {
        #expect(surplus(filled(1...3), 3, 10) == nil)
        #expect(surplus(filled(1...4), 3, 10) == 1)
        #expect(surplus(filled(1...4), 10, 3) == 1)
    }

    @Test("one whose request is in work gives way last, and the newest never does")
    func busy() {
        #expect(surplus(filled(1...4), 3, 10, busy: [1, 2]) == 3)
        #expect(surplus(filled(1...4), 3, 10, busy: [1, 2, 3]) == 1)
        #expect(surplus(filled(1...1), 0, 10) == nil)
    }

    @Test("a connection that has shown a token is no stranger: it never gives way and takes none of their places")
    func known() {
        var places = filled(1...4)
        places.recognise(1)
        #expect(surplus(places, 3, 10) == nil)
        #expect(surplus(places, 2, 10) == 2)
        #expect(surplus(places, 10, 3) == 2)
        for id in 2...3 as ClosedRange<UInt64> { places.recognise(id) }
        #expect(surplus(places, 10, 3) == nil, "only the newest is left")
        #expect(places.isOverfull(strangersMax: 10, connectionsMax: 3))
        places.leave(1, isStranger: false)
        #expect(!places.isOverfull(strangersMax: 10, connectionsMax: 3))
        places.leave(4, isStranger: true)
        #expect(places.strangers == [] && places.knownCount == 2)
    }

    @Test("one whose token is not good any more is the newest stranger")
    func forgotten() {
        var places = filled(1...3)
        places.recognise(1)
        places.forget(1)
        #expect(places.strangers == [2, 3, 1])
        #expect(surplus(places, 2, 10) == 2)
    }
}
