import Budgeting
import Caching
import Synchronization
import Vocabulary

@testable import Storage

/// Far above the identifiers that tests give.
private let lastReservation = Atomic<Int64>(1_000_000)

/// A reservation with an identifier of its own, unless one is given.
func reservation(
    id: Int64? = nil,
    day: Int32 = 20_000,
    team: String = "accounts-payable",
    key: String = "11111111",
    account: String = "default",
    upstreamKey: String = "main",
    document: UInt64 = 1,
    model: String = "gpt-4o-mini",
    estimate: Int64 = 3_000_000,
    requestID: String = "0123456789abcdef"
) -> Reservation {
    let ask = ReservationAsk(
        team: TeamID(rawValue: team),
        key: TeamKeyID(rawValue: key),
        account: AccountID(rawValue: account),
        upstreamKey: UpstreamKeyID(rawValue: upstreamKey),
        documentID: "0b13c9f2-5148-4ffb-bb7b-00000000000\(document % 10)",
        model: model,
        pages: nil,
        cacheKey: StorageTests.key(document),
        requestID: requestID
    )
    return Reservation(
        id: ReservationID(rawValue: id ?? lastReservation.add(1, ordering: .relaxed).newValue),
        day: BudgetDay(number: day),
        ask: ask,
        estimate: MicroCredits(micros: estimate),
        createdAt: Timestamp(seconds: 1_728_000_000)
    )
}

func ending(
    _ reservation: Reservation,
    _ outcome: ReservationEnding.Outcome,
    lesson: Lesson = Lesson()
) -> ReservationEnding {
    ReservationEnding(
        reservation: reservation,
        outcome: outcome,
        endedAt: Timestamp(seconds: 1_728_000_001),
        lesson: lesson
    )
}

func settlement(of reservation: Reservation, credits: Int64 = 2_500_000) -> ReservationEnding {
    ending(reservation, .settled(MicroCredits(micros: credits)))
}

func digest(_ number: UInt64) -> Digest {
    Digest(number &* 0x9E37_79B9_7F4A_7C15, number &* 0xBF58_476D_1CE4_E5B9, number, ~number)
}

func key(_ number: UInt64) -> CacheKey { CacheKey(digest(number)) }

func result(
    _ number: UInt64,
    storedAt: Timestamp = Timestamp(seconds: 1_000),
    bodyBytes: Int = 300,
    team: String = "accounts-payable",
    classifier: String? = nil
) -> CachedResult {
    CachedResult(
        key: key(number),
        status: 200,
        body: Array("{\"credits_used\":2.5}".utf8) + [UInt8](repeating: UInt8(ascii: " "), count: bodyBytes),
        creditsRange: 16..<19,
        credits: MicroCredits(micros: 2_500_000),
        storedAt: storedAt,
        account: AccountID(rawValue: "default"),
        team: TeamID(rawValue: team),
        documentID: "0b13c9f2-5148-4ffb-bb7b-00000000000\(number % 10)",
        model: "gpt-4o-mini",
        pageRange: number % 2 == 0 ? nil : "1-3,5",
        classification: "rechnung\u{308}",
        classifier: classifier
    )
}
