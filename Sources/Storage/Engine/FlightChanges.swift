internal import Budgeting
internal import Caching
import Vocabulary

/// What a transaction does to the flights that several nodes share.
struct FlightChanges {
    private(set) var begun: [(id: ReservationID, claim: QuestionClaim)] = []
    /// Those that a request of this node waits for.
    private(set) var followed: Set<ReservationID> = []
    private(set) var ended: [ReservationID] = []
    private(set) var landings: [(id: ReservationID, landing: Landing)] = []
    /// Questions that are free again, with the flights that had claimed them.
    private(set) var unclaimed: [(key: CacheKey, flight: ReservationID)] = []

    var isEmpty: Bool { begun.isEmpty && followed.isEmpty && ended.isEmpty && unclaimed.isEmpty }

    mutating func begin(_ id: ReservationID, _ claim: QuestionClaim) { begun.append((id, claim)) }

    mutating func follow(_ id: ReservationID) { followed.insert(id) }

    mutating func unclaim(_ key: CacheKey, of flight: ReservationID) { unclaimed.append((key, flight)) }

    /// Ends the flight of an answer, and leaves its landing if another node may wait for it.
    mutating func add(_ gathered: GatheredEnding, _ reading: SharedReading) {
        guard let answer = gathered.answer, let landing = answer.landing else { return }
        let id = gathered.ending.reservation.id
        ended.append(id)
        unclaim(answer.key, of: id)
        if reading.flights[id]?.isAwaited ?? true { landings.append((id, landing)) }
    }
}
