import Budgeting
import Testing

@testable import Storage

@Suite("What a look for landings is about")
struct FlightWatchTests {
    private func ids(_ numbers: some Sequence<Int>) -> [ReservationID] {
        numbers.map { ReservationID(rawValue: Int64($0)) }
    }

    @Test("all flights, up to a thousand", arguments: [0, 1, 1_000])
    func all(count: Int) {
        let flights = ids(0..<count)
        #expect(FlightWatch.next(of: flights, after: nil).sorted() == flights)
        #expect(FlightWatch.next(of: flights, after: ReservationID(rawValue: 5)).sorted() == flights)
    }

    @Test("of more, each has its turn, while some end and others begin")
    func turns() {
        var flights = ids((1...2_500).reversed())
        let first = FlightWatch.next(of: flights, after: nil)
        #expect(first == ids(1...1_000))
        flights.removeAll { $0.rawValue == 1_000 || $0.rawValue == 1_001 }
        let second = FlightWatch.next(of: flights, after: first.last)
        #expect(second == ids(1_002...2_001))
        flights += ids([2_501])
        let third = FlightWatch.next(of: flights, after: second.last)
        #expect(third == ids(2_002...2_501) + ids(1...500))
        #expect(FlightWatch.next(of: flights, after: ReservationID(rawValue: 9_999)) == first.dropLast() + ids([1_002]))
    }
}
