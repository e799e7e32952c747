import Budgeting
import Testing
import Vocabulary

@testable import Reporting

/// Sample payments: the same question at 100 s by team a, kept, unless something else is said.
private func payment(
    _ id: Int64 = 1,
    team: String = "a",
    key: UInt64 = 1,
    labels: Int64 = 1,
    schema: Int64 = 1,
    others: Int64? = nil,
    pages: String? = nil,
    model: String = "m",
    at second: Int64 = 100,
    isKept: Bool? = true,
    noStore: Bool = false,
    teamScoped: Bool = false
) -> Payment {
    Payment(
        id: ReservationID(rawValue: id),
        team: TeamID(rawValue: team),
        key: CacheKey(Digest(key, 0, 0, 0)),
        model: model,
        endedAt: Timestamp(seconds: second),
        isKept: isKept,
        parts: Payment.Parts(
            labels: labels,
            schema: schema,
            otherMembers: others,
            pages: pages,
            isNoStore: noStore,
            isTeamScoped: teamScoped
        )
    )
}

/// A payment of which only the key is known.
private func old(_ id: Int64 = 1, key: UInt64 = 1, at second: Int64 = 100) -> Payment {
    let known = payment(id, key: key, at: second)
    return Payment(
        id: known.id,
        team: known.team,
        key: known.key,
        model: known.model,
        endedAt: known.endedAt,
        isKept: nil,
        parts: nil
    )
}

private func later(
    _ payment: Payment = payment(9, at: 201),
    at second: Int64 = 200,
    noCache: Bool = false,
    maxAge: Int64? = nil,
    lifetime: Int64 = 1_000_000_000,
    isThere: Bool = true
) -> LaterPayment {
    LaterPayment(
        payment: payment,
        createdAt: Timestamp(seconds: second),
        noCache: noCache,
        noStore: payment.parts?.isNoStore ?? false,
        maxAgeSeconds: maxAge,
        lifetimeMicroseconds: lifetime,
        isResultThere: isThere
    )
}

@Suite("Why a payment repeats another")
struct RepeatReasonTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let first: Payment
        let again: LaterPayment
        let reason: RepeatReason
        var testDescription: String { name }

        init(_ name: String, _ first: Payment, _ again: LaterPayment, _ reason: RepeatReason) {
            (self.name, self.first, self.again, self.reason) = (name, first, again, reason)
        }
    }

    private static let cases: [Case] = [
        Case("descriptions", payment(key: 2, schema: 2), later(), .schemaText),
        Case("labels, and so the schema", payment(key: 2, labels: 2, schema: 2), later(), .schemaLabels),
        Case("pages", payment(key: 2, pages: "1-3"), later(), .pageRange),
        Case("pages of both", payment(key: 2, pages: "1-3"), later(payment(9, pages: "1")), .pageRange),
        Case("model", payment(key: 2, model: "n"), later(), .model),
        Case("members", payment(key: 2, others: 3), later(), .otherMembers),
        Case("labels before pages", payment(key: 2, labels: 2, schema: 2, pages: "1"), later(), .schemaLabels),
        Case("text before all", payment(key: 2, schema: 2, others: 1, pages: "1", model: "n"), later(), .schemaText),
        Case("pages before model", payment(key: 2, pages: "1", model: "n"), later(), .pageRange),
        Case("model before members", payment(key: 2, others: 1, model: "n"), later(), .model),
        Case("a part before an obstacle", payment(key: 2, schema: 2, noStore: true), later(), .schemaText),
        Case(
            "the earlier one forbade to keep it",
            payment(isKept: false, noStore: true),
            later(isThere: false),
            .noStore
        ),
        Case("the later one forbade to read", payment(), later(payment(9, noStore: true)), .noStore),
        Case("a reply that was not storable", payment(isKept: false), later(isThere: false), .unexplained),
        Case(
            "another team's",
            payment(team: "b", key: 2, teamScoped: true),
            later(payment(9, teamScoped: true), isThere: false),
            .scope
        ),
        Case("from the team's to all", payment(key: 2, teamScoped: true), later(isThere: false), .scope),
        Case("from all to the team's", payment(key: 2), later(payment(9, teamScoped: true)), .scope),
        Case("just too old", payment(), later(lifetime: 100_000_000, isThere: false), .expired),
        Case("just not too old", payment(), later(lifetime: 100_000_001, isThere: false), .purged),
        Case("a lifetime of nothing", payment(), later(lifetime: 0), .expired),
        Case("too old, and not wanted", payment(), later(noCache: true, lifetime: 1), .expired),
        Case("purged, and not wanted", payment(), later(noCache: true, isThere: false), .purged),
        Case("no-cache", payment(), later(noCache: true), .noCache),
        Case("max-age", payment(), later(maxAge: 100), .noCache),
        Case("max-age that was met", payment(), later(maxAge: 101), .unexplained),
        Case("an absurd max-age", payment(), later(maxAge: .max), .unexplained),
        Case("none of all", payment(), later(), .unexplained),
        Case("the same parts under a key of another version", payment(key: 2), later(), .unexplained),
        Case("unknown parts", old(key: 2), later(), .unknown),
        Case("unknown parts of the same question, too old", old(), later(lifetime: 1), .expired),
        Case("unknown parts of the same question, gone", old(), later(isThere: false), .unknown),
        Case("unknown parts of the same question, there", old(), later(noCache: true), .noCache),
        Case("clocks at both ends", payment(at: .min), later(at: .max, lifetime: .max), .expired),
        Case("a clock that went back", payment(at: .max), later(at: .min), .unexplained),
    ]

    @Test(
        "the reason is the first part that differs, else the first obstacle on the way to the later request",
        arguments: cases
    )
    func reasons(_ sample: Case) throws {
        let (first, reason) = try #require(sample.again.repeated(among: [sample.first]))
        #expect(first == sample.first)
        #expect(reason == sample.reason)
    }

    @Test("nothing repeats nothing")
    func none() { #expect(later().repeated(among: []) == nil) }

    private static let choices: [([Payment], Int64)] = [
        ([payment(1, key: 2, schema: 2, at: 150), payment(2, at: 100)], 2),
        ([payment(1, at: 100), payment(2, at: 120), payment(3, at: 110)], 2),
        ([payment(1, at: 100), payment(2, at: 100)], 2),
        ([payment(1, key: 2, schema: 2, pages: "1", at: 190), payment(2, key: 3, model: "n", at: 100)], 2),
        ([payment(1, key: 2, schema: 2, at: 100), payment(2, key: 3, model: "n", at: 110)], 2),
        ([old(1, key: 2, at: 190), payment(2, key: 3, labels: 5, schema: 5, others: 1, pages: "1", model: "n")], 2),
        ([old(1, key: 2, at: 190), old(2, at: 100)], 2),
        // Another scope counts as one part.
        ([payment(1, key: 2, at: 100, teamScoped: true), payment(2, key: 3, schema: 2, at: 110)], 2),
        ([payment(2, key: 2, at: 100, teamScoped: true), payment(1, key: 3, schema: 2, pages: "1", at: 110)], 2),
    ]

    @Test(
        "compared is the same question, else the one with the fewest differing parts, of several the latest",
        arguments: choices
    )
    func closest(_ earlier: [Payment], _ id: Int64) throws {
        #expect(try #require(later().repeated(among: earlier)).first.id.rawValue == id)
        #expect(try #require(later().repeated(among: earlier.reversed())).first.id.rawValue == id)
    }

    @Test("pages and models that only look equal differ")
    func spelling() {
        let (one, other) = (payment(key: 2, model: "\u{E9}"), payment(key: 3, model: "e\u{301}"))
        #expect(one.differingParts(from: other) == [.model])
        #expect(one.differingParts(from: old()) == nil && old().differingParts(from: one) == nil)
    }
}
